//! Requests to merge, split or undo: what is asked, by whom, and the second person's word.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use linking::review::{self, Error, Outcome};
use mde::{PersonId, Student, StudentId};
use serde::Deserialize;
use store::work_items::{self, Owner, WorkItem};
use store::{Purpose, links, persons};
use uuid::Uuid;

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::near_match::REASON;
use crate::pages::near_matches::{name, state_of};
use crate::state::Portal;
use crate::user::{Allowed, Guarded, Permission, StartMerges, User};
use crate::view::{self, Cell, Chrome, Mistakes, Table};
use crate::words;

#[derive(Template)]
#[template(path = "request.html")]
struct RequestPage {
    chrome: Chrome,
    id: i64,
    mistakes: Mistakes,
    heading: &'static str,
    asked: String,
    why: String,
    effect: String,
    earlier: String,
    status: String,
    where_it_is: Vec<String>,
    records: Table,
    /// It is open, and the user may say yes or no.
    judges: bool,
    /// It is open and the user's own.
    own: bool,
    /// It can be undone.
    undoes: bool,
    reason: Field,
}

struct Read {
    item: WorkItem,
    owners: Vec<Owner>,
    students: Vec<(StudentId, Student)>,
    persons: HashMap<Uuid, i64>,
}

/// Reads a request that concerns the user, and the students in it; that they are shown is disclosed.
async fn read(portal: &Portal, user: &User, id: i64) -> Result<Read, Failure> {
    let (scope, access) = (user.judge().scope, user.access(Purpose::Program, portal));
    portal
        .run(move |c| {
            let item = work_items::find_in(c, id, &scope)?
                .filter(|item| matches!(item.kind.as_str(), "merge" | "split" | "undo"))
                .ok_or(Failure::NotFound)?;
            let mut current = Vec::new();
            for person in &item.persons {
                let person = PersonId::new(*person).map_err(|_| Failure::Internal)?;
                current.extend(links::survivor(c, person)?.map(PersonId::number));
            }
            let members = links::members(c, &current)?;
            let ids: Vec<StudentId> = members.iter().map(|(_, student)| StudentId(*student)).collect();
            Ok(Read {
                owners: work_items::owners(c, id)?,
                students: persons::read_students(c, &access, &ids)?,
                persons: members
                    .into_iter()
                    .map(|(person, student)| (student, person))
                    .collect(),
                item,
            })
        })
        .await
}

/// `GET /requests/{id}`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<StartMerges>,
    id: web::Path<i64>,
) -> Result<HttpResponse, Failure> {
    let read = read(&portal, &user, *id).await?;
    view::page(&page(&user, &read, "", Mistakes::default()))
}

fn page(user: &User, read: &Read, reason: &str, mistakes: Mistakes) -> RequestPage {
    let item = &read.item;
    let asker = item
        .requested_by
        .as_deref()
        .map(review::human)
        .unwrap_or_default();
    let own = asker == review::human(&user.label());
    let open = item.status == "open";
    let (heading, effect) = said(item);
    let from = item
        .requested_state
        .as_deref()
        .map_or_else(|| "the arbiter".to_owned(), words::state_name);
    RequestPage {
        chrome: Chrome::of(user, heading, "/worklist"),
        id: item.work_item_id,
        heading,
        asked: format!(
            "Asked by {asker}, {from}, on {}.",
            words::day(item.opened_at.date_naive())
        ),
        why: item.reason.clone(),
        effect,
        earlier: earlier(item),
        status: status(item),
        where_it_is: if open {
            whereabouts(item, &read.owners)
        } else {
            Vec::new()
        },
        records: records(read),
        judges: open && !own && user.may(Permission::DecideMatches),
        own: open && own,
        undoes: item.decision.as_deref() == Some("approved")
            && item.kind != "undo"
            && item.undone_by.is_none(),
        reason: Field::area("reason", "Reason", reason)
            .hint("Needed to disagree. Others will read it. Nothing sensitive")
            .maximum(REASON)
            .judged(&mistakes),
        mistakes,
    }
}

/// What is asked for, as a heading and in a sentence.
fn said(item: &WorkItem) -> (&'static str, String) {
    let number = |number: i64| PersonId::new(number).map_or_else(|_| number.to_string(), |id| id.to_string());
    match item.kind.as_str() {
        "merge" => {
            let master = item.request["master"].as_i64().unwrap_or_default();
            let others: Vec<String> = item
                .persons
                .iter()
                .filter(|p| **p != master)
                .map(|p| number(*p))
                .collect();
            (
                "Join records into one",
                format!(
                    "Record no. {} keeps its number. No. {} would be retired and lead to it.",
                    number(master),
                    others.join(", ")
                ),
            )
        }
        "split" => (
            "Take a record apart",
            format!(
                "The records marked below would leave record no. {} and get numbers of their own. The rest keeps the number.",
                item.persons.first().map(|p| number(*p)).unwrap_or_default()
            ),
        ),
        _ => (
            "Undo a decision",
            format!(
                "Request no. {} would be undone. The numbers become as they were before.",
                item.request["item"].as_i64().unwrap_or_default()
            ),
        ),
    }
}

/// The decision that stands against it.
pub(crate) fn earlier(item: &WorkItem) -> String {
    let Some(earlier) = &item.earlier else {
        return String::new();
    };
    let by = earlier["decided_by"]
        .as_str()
        .map(review::human)
        .unwrap_or_default();
    let on = earlier["decided_at"]
        .as_str()
        .unwrap_or_default()
        .get(..10)
        .unwrap_or_default();
    let reason = earlier["reason"].as_str().unwrap_or_default();
    format!(
        "On {} {by} decided: different children. Reason: {reason}",
        words::value(on)
    )
}

fn status(item: &WorkItem) -> String {
    let by = item.decided_by.as_deref().map(review::human).unwrap_or_default();
    let on = item
        .decided_at
        .map(|at| words::day(at.date_naive()))
        .unwrap_or_default();
    let note = item.note.as_deref().unwrap_or_default();
    match (item.decision.as_deref(), item.undone_by) {
        (Some("approved"), Some(undo)) => {
            format!("Approved by {by} on {on}, and undone by request no. {undo}.")
        }
        (Some("approved"), None) => format!("Approved by {by} on {on}. {note}"),
        (Some("rejected"), _) => format!("Refused by the arbiter on {on}: {note}"),
        (Some("withdrawn"), _) => format!("Withdrawn on {on}."),
        _ if item.status == "closed" => format!("Closed on {on}: {note}"),
        _ => String::new(),
    }
}

/// With whom an open item is.
pub(crate) fn whereabouts(item: &WorkItem, owners: &[Owner]) -> Vec<String> {
    if let Some(since) = item.arbiter_since {
        let why = match (item.arbiter_why.as_deref(), &item.objection) {
            (Some("disagreement"), Some(objection)) => format!("because of disagreement: {objection}"),
            _ => "because nobody answered in time".to_owned(),
        };
        let since = words::day(since.date_naive());
        return vec![format!("With the arbiter since {since}, {why}")];
    }
    let place = |owner: &Owner| match (owner.level.as_str(), &owner.district, &owner.region) {
        ("district", Some(district), _) => format!("{district}, "),
        ("region", _, Some(region)) => format!("{region}, "),
        _ => String::new(),
    };
    owners
        .iter()
        .map(|owner| {
            format!(
                "{}{} since {}",
                place(owner),
                words::state_name(&owner.state),
                words::day(owner.since.date_naive())
            )
        })
        .collect()
}

fn records(read: &Read) -> Table {
    let parts: Vec<Vec<Uuid>> =
        serde_json::from_value(read.item.request["parts"].clone()).unwrap_or_default();
    let mut table = Table::new(
        "The records in it",
        &[
            "Child",
            "State",
            "State’s student number",
            "Record no. now",
            "What would happen",
        ],
        "There is none any more.",
    );
    for (id, student) in &read.students {
        let identity = &student.identity;
        let person = read.persons.get(&id.0).and_then(|p| PersonId::new(*p).ok());
        let part = parts.iter().position(|part| part.contains(&id.0));
        let happens = match (read.item.kind.as_str(), part) {
            ("split", Some(part)) => format!("Leaves, as child {}", part + 2),
            ("split", None) => "Stays".to_owned(),
            _ => String::new(),
        };
        let born = words::day_or(identity.birth_date.map(mde::Date::day), "on an unknown date");
        let number = person.map(|p| p.to_string()).unwrap_or_default();
        table.row(
            "",
            [
                Cell::new(name(identity)).note(format!("born {born}")),
                state_of(*id).into(),
                identity.state_student_id.as_str().into(),
                Cell::new(&*number).link(format!("/persons/{number}?purpose=program")),
                happens.into(),
            ],
        );
    }
    table
}

/// The second person's word, or the first one's that it takes it back.
#[derive(Debug, Deserialize)]
pub(crate) struct Word {
    decision: String,
    #[serde(default)]
    reason: String,
}

/// `POST /requests/{id}`
pub(crate) async fn decide(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<StartMerges, Word>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let read = read(&portal, &user, *id).await?;
    let (id, judge, now, reason) = (
        read.item.work_item_id,
        user.judge(),
        portal.now(),
        form.reason.clone(),
    );
    let word = form.decision.clone();
    if !matches!(word.as_str(), "approve" | "reject" | "withdraw" | "undo") {
        return Err(Failure::BadRequest);
    }
    if matches!(word.as_str(), "approve" | "reject") && !user.may(Permission::DecideMatches) {
        return Err(Failure::Forbidden);
    }
    let done = portal
        .run(move |c| {
            Ok(match word.as_str() {
                "withdraw" => review::withdraw(c, id, &judge, now).map(|()| Outcome::Decided),
                "undo" => review::request_undo(c, &judge, id, &reason, now),
                word => review::validate(c, id, &judge, word == "approve", &reason, now),
            })
        })
        .await?;
    match done {
        Ok(outcome) => Ok(next(outcome, &form.decision)),
        Err(error) => {
            let mistakes = mistakes(error)?;
            let mut page = page(&user, &read, form.reason.trim(), mistakes);
            page.chrome.title = format!("Error: {}", page.chrome.title);
            view::page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// Where to go after a decision.
pub(crate) fn next(outcome: Outcome, done: &str) -> HttpResponse {
    match outcome {
        Outcome::Requested(id) => view::see_other(&format!("/requests/{id}")),
        Outcome::WithArbiter => view::see_other("/worklist?done=arbiter"),
        Outcome::Decided => view::see_other(&format!("/worklist?done={}", crate::failure::encode(done))),
    }
}

/// Why a decision was not taken, for who sent the form.
pub(crate) fn mistakes(error: Error) -> Result<Mistakes, Failure> {
    let mut mistakes = Mistakes::default();
    let said = match error {
        Error::Store(error) => return Err(error.into()),
        Error::NotFound => return Err(Failure::NotFound),
        Error::ReasonMissing => "Say in a few words why. Others will rely on it.".to_owned(),
        Error::Locked {
            person,
            work_item,
            by,
            state,
        } => format!(
            "Record no. {person} is held by request no. {work_item} of {by}, {}. It can be joined or taken apart when that is decided.",
            words::state_name(&state)
        ),
        error => format!("{}.", words::sentence(&error.to_string())),
    };
    mistakes.add("reason", said);
    Ok(mistakes)
}
