//! The home page: the work at a glance.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use askama::Template;
use store::batches::Batch;
use store::new_children::{Alert, Told};
use store::{Purpose, batches, contacts, new_children, notices, webhooks, work_items};

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::batches::status_tag;
use crate::pages::bulletin::Bulletin;
use crate::pages::new_children::{reason, who};
use crate::pages::notices::{Child, children};
use crate::pages::search::SearchForm;
use crate::state::Portal;
use crate::user::{Allowed, Permission, SignedIn};
use crate::view::{self, Cell, Chrome, Mistakes, Table};
use crate::words;

/// New children that are named.
const NEW: i64 = 5;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    chrome: Chrome,
    /// Whether it may search.
    reads: bool,
    number: Field,
    first: Field,
    last: Field,
    birth: Field,
    purpose: Field,
    bulletin: Bulletin,
    /// Why the state's system is told nothing any more.
    disabled_webhook: Option<String>,
    near_matches: Option<String>,
    inbox: Option<String>,
    /// Children who are new in the user's districts: how many, and the oldest of them.
    new_children: Option<(String, Table)>,
    /// How many of the user's districts have gone to another one.
    gone_children: Option<String>,
    /// Contacts that its administrator has to verify again.
    contacts: Option<String>,
    batches: Option<Table>,
    nothing: bool,
}

/// `GET /`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SignedIn>,
) -> Result<HttpResponse, Failure> {
    if user.roles.is_empty() && user.choices.len() > 1 {
        return Err(Failure::ChooseState);
    }
    let state = user.acts_in;
    let decides = user.may(Permission::DecideMatches);
    let inbox_of = state.filter(|_| user.may(Permission::SendNotices));
    let batches_of = state.filter(|_| user.may(Permission::SeeBatches));
    let place = user.place().ok().filter(|_| user.may(Permission::SeeStudents));
    let (access, now) = (user.access(Purpose::Program, &portal), portal.now());
    let keeps = crate::pages::contacts::kept_by(&user)
        .ok()
        .filter(|_| user.may(Permission::ManageState));
    let administered = state.filter(|_| user.may_everywhere(Permission::ManageState));
    let (reader, of) = (user.clone(), portal.clone());
    let (bulletin, webhook, near_matches, inbox, recent, new, unverified) = portal
        .run(move |c| {
            let bulletin = Bulletin::read(c, &reader, &of)?;
            let webhook = match administered {
                None => None,
                Some(state) => webhooks::of_state(c, state)?,
            };
            let near = if decides {
                Some(work_items::count_open(c, "near_match", state)?)
            } else {
                None
            };
            let inbox = inbox_of.map(|state| notices::count_open(c, state)).transpose()?;
            let recent = batches_of
                .map(|state| batches::of_state(c, state, None, 5))
                .transpose()?;
            let new = match place {
                None => None,
                Some(place) => {
                    let waiting = new_children::count_open(c, &place)?;
                    let oldest = new_children::open(c, &place, Told::New, now, 0, NEW)?;
                    let persons: Vec<i64> = oldest.iter().map(|alert| alert.person_id).collect();
                    let known = children(c, &access, place.state, &persons)?;
                    Some((waiting, oldest, known))
                }
            };
            let unverified = match keeps {
                None => 0,
                Some(place) => contacts::count_unverified(c, &place, now)?,
            };
            Ok((bulletin, webhook, near, inbox, recent, new, unverified))
        })
        .await?;
    let [number, first, last, birth, purpose, ..] = SearchForm::default().fields(&Mistakes::default());
    view::page(&HomePage {
        chrome: Chrome::of(&user, "Home", "/"),
        reads: user.may(Permission::ReadRecords),
        number,
        first,
        last,
        birth,
        purpose,
        bulletin,
        disabled_webhook: webhook.and_then(|webhook| webhook.disabled).map(|(since, why)| {
            format!(
                "Nothing is sent to its webhook since {}: {why}.",
                words::instant(since)
            )
        }),
        near_matches: near_matches.map(words::count),
        inbox: inbox.map(words::count),
        gone_children: new
            .as_ref()
            .filter(|(waiting, ..)| waiting.gone > 0)
            .map(|(waiting, ..)| words::count(waiting.gone)),
        new_children: new
            .filter(|(waiting, ..)| waiting.new > 0)
            .map(|(waiting, oldest, known)| (words::count(waiting.new), new_table(&oldest, &known))),
        contacts: (unverified > 0).then(|| words::count(unverified)),
        batches: recent.map(|recent| batch_table(&recent)),
        nothing: user.roles.is_empty(),
    })
}

fn new_table(oldest: &[Alert], known: &HashMap<i64, Child>) -> Table {
    let mut table =
        Table::new("New children, oldest first", &["Child", "Why", "District"], "").under_heading();
    for alert in oldest.iter().filter(|alert| alert.withdrawn_at.is_none()) {
        table.row(
            "",
            [
                Cell::new(who(known.get(&alert.person_id)))
                    .link(format!("/persons/{}?purpose=program", alert.person_id)),
                words::sentence(&reason(alert)).into(),
                alert.district.clone().into(),
            ],
        );
    }
    table
}

fn batch_table(recent: &[Batch]) -> Table {
    let mut table = Table::new(
        "Recent uploads",
        &["Upload", "~Received", "Status", "#Students", "#Errors"],
        "Your state has not uploaded anything yet.",
    )
    .under_heading();
    for batch in recent {
        table.row(
            "",
            [
                Cell::new(format!("No. {}, {}", batch.batch_id, batch.kind))
                    .link(format!("/batches/{}", batch.batch_id)),
                words::instant(batch.received_at).into(),
                Cell::default().tag(status_tag(&batch.status)),
                words::count(batch.students_read).into(),
                words::count(batch.findings_errors).into(),
            ],
        );
    }
    table
}
