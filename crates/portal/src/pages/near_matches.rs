//! The worklist of near matches.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use askama::Template;
use mde::{Identity, StateCode, Student, StudentId};
use serde::Deserialize;
use store::work_items::WorkItem;
use store::{Purpose, persons, work_items};
use uuid::Uuid;

use crate::failure::Failure;
use crate::state::Portal;
use crate::user::{Allowed, DecideMatches};
use crate::view::{self, Cell, Chrome, Table};
use crate::words;

/// Items on the page, the most probable first.
const ITEMS: i64 = 50;

/// The kind of work item that this list holds.
pub(crate) const KIND: &str = "near_match";

/// What was just decided.
#[derive(Debug, Deserialize)]
pub(crate) struct Done {
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "near_matches.html")]
struct NearMatchesPage {
    chrome: Chrome,
    place: String,
    requests: Table,
    table: Table,
    full: bool,
}

/// The students of a work item, smaller id first.
pub(crate) fn pair(item: &WorkItem) -> Option<(StudentId, StudentId)> {
    Some((StudentId(item.student_a?), StudentId(item.student_b?)))
}

/// The state of a student, whose number its key begins with.
pub(crate) fn state_of(id: StudentId) -> String {
    let state = StateCode::all().find(|state| state.number() == id.state_number());
    state.map_or_else(|| "another state".to_owned(), |state| state.name().to_owned())
}

/// The names of a student as sent.
pub(crate) fn name(identity: &Identity) -> String {
    let names = [
        Some(identity.first_name.as_str()),
        identity.middle_name.as_ref().map(mde::text::Name::as_str),
        Some(identity.last_name_1.as_str()),
        identity.last_name_2.as_ref().map(mde::text::Name::as_str),
        identity.generation.as_ref().map(mde::text::Text::as_str),
    ];
    names.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// `GET /near-matches`: who is shown in it is disclosed.
pub(crate) async fn list(
    portal: web::Data<Portal>,
    user: Allowed<DecideMatches>,
    done: web::Query<Done>,
) -> Result<HttpResponse, Failure> {
    let state = user.acts_in;
    let access = user.access(Purpose::Program, &portal);
    let scope = user.judge().scope;
    let (items, asked, students) = portal
        .run(move |c| {
            let items = work_items::worklist(c, &scope, &[KIND], ITEMS)?;
            let asked = work_items::worklist(c, &scope, &["merge", "split", "undo"], ITEMS)?;
            let ids: Vec<StudentId> = items.iter().filter_map(pair).flat_map(|(a, b)| [a, b]).collect();
            let students: HashMap<Uuid, Student> = persons::read_students(c, &access, &ids)?
                .into_iter()
                .map(|(id, s)| (id.0, s))
                .collect();
            Ok((items, asked, students))
        })
        .await?;
    let mut table = Table::new(
        "Most probable first",
        &[
            "First record",
            "Second record",
            "How likely",
            "Why it is asked",
            "Opened",
        ],
        "There is nothing to review. Well done.",
    );
    for item in &items {
        let Some((a, b)) = pair(item) else { continue };
        let side = |id: StudentId| {
            let identity = students.get(&id.0).map(|student| &student.identity);
            let born = identity.and_then(|i| i.birth_date).map(mde::Date::day);
            Cell::new(identity.map_or_else(|| "Record not available".into(), name)).note(format!(
                "{} · born {}",
                state_of(id),
                words::day_or(born, "on an unknown date")
            ))
        };
        table.row(
            "",
            [
                side(a).link(format!("/near-matches/{}", item.work_item_id)),
                side(b),
                words::sentence(words::likelihood(item.probability)).into(),
                words::sentence(&item.reason).into(),
                words::day(item.opened_at.date_naive()).into(),
            ],
        );
    }
    let message = match done.done.as_str() {
        "same" => Some("Decided: the same child. The records stay together."),
        "different" => {
            Some("Decided: different children. It is asked again only if much more evidence comes.")
        }
        "approve" => Some("Approved. The change is made and can be undone."),
        "reject" => Some("Refused. That is remembered."),
        "withdraw" => Some("The request is withdrawn."),
        "arbiter" => Some("You disagree. The arbiter decides."),
        "late" => Some(
            "Somebody else decided this pair before you, or it no longer needs a decision. Nothing was changed.",
        ),
        _ => None,
    };
    view::page(&NearMatchesPage {
        chrome: Chrome::of(&user, "Near matches", "/near-matches").done(message),
        place: state.map_or_else(|| "all states".to_owned(), |state| state.name().to_owned()),
        full: items.len() as i64 == ITEMS,
        requests: requests(&asked),
        table,
    })
}

/// Requests that wait for a second person or for the arbiter.
fn requests(asked: &[WorkItem]) -> Table {
    let mut table = Table::new(
        "Waiting for a second person",
        &["Request", "Reason", "States", "~Asked", "With"],
        "No request waits.",
    );
    for item in asked {
        let what = match item.kind.as_str() {
            "merge" => "Join records",
            "split" => "Take a record apart",
            _ => "Undo a decision",
        };
        let states: Vec<String> = item.states.iter().map(|s| words::state_name(s)).collect();
        let with = if item.arbiter_since.is_some() {
            "The arbiter"
        } else {
            "The states"
        };
        table.row(
            "",
            [
                Cell::new(format!("{what}, no. {}", item.work_item_id))
                    .link(format!("/requests/{}", item.work_item_id)),
                words::sentence(&item.reason).into(),
                states.join(", ").into(),
                words::day(item.opened_at.date_naive()).into(),
                with.into(),
            ],
        );
    }
    table
}
