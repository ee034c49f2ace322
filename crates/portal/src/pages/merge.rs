//! Asking for records to be joined, or for one to be taken apart.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use linking::review;
use mde::PersonId;
use serde::Deserialize;
use store::persons::PersonRecord;
use store::{Purpose, persons};
use uuid::Uuid;

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::near_match::REASON;
use crate::pages::near_matches::name;
use crate::pages::requests;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, StartMerges, User};
use crate::view::{self, Choice, Chrome, Mistakes};
use crate::words;

#[derive(Template)]
#[template(path = "merge.html")]
struct MergePage {
    chrome: Chrome,
    id: String,
    child: String,
    mistakes: Mistakes,
    others: Field,
    master: Field,
    reason: Field,
}

/// The form for joining records.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct MergeForm {
    #[serde(default)]
    others: String,
    #[serde(default)]
    master: String,
    #[serde(default)]
    reason: String,
}

/// Reads the record that is about to be joined or taken apart; that it is shown is disclosed.
async fn read(portal: &Portal, user: &User, id: &str) -> Result<PersonRecord, Failure> {
    let id = PersonId::parse(id).map_err(|_| Failure::NotFound)?;
    let access = user.access(Purpose::Program, portal);
    portal
        .run(move |c| persons::read(c, &access, id, &["identity"])?.ok_or(Failure::NotFound))
        .await
}

fn child(record: &PersonRecord) -> String {
    let identity = record.students.first().map(|s| &s.student.identity);
    identity.map_or_else(String::new, |identity| {
        let born = words::day_or(identity.birth_date.map(mde::Date::day), "on an unknown date");
        format!("{}, born {born}", name(identity))
    })
}

fn reason(text: &str, mistakes: &Mistakes) -> Field {
    Field::area("reason", "Reason", text)
        .hint("Others will read it. Nothing sensitive")
        .maximum(REASON)
        .judged(mistakes)
}

/// `GET /merges/{id}`, with the number of a record
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<StartMerges>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let record = read(&portal, &user, &id).await?;
    merge_page(&user, &record, &MergeForm::default(), Mistakes::default())
}

fn merge_page(
    user: &User,
    record: &PersonRecord,
    form: &MergeForm,
    mistakes: Mistakes,
) -> Result<HttpResponse, Failure> {
    let own = record.person_id.to_string();
    let master = if form.master.is_empty() {
        own.as_str()
    } else {
        form.master.trim()
    };
    view::page_with(
        status(&mistakes),
        &MergePage {
            chrome: Chrome::of(user, title("Join records", &mistakes), "/search"),
            child: child(record),
            others: Field::text(
                "others",
                "Numbers of the other records of this child",
                &form.others,
            )
            .hint("Twelve digits each, with spaces between several")
            .required()
            .judged(&mistakes),
            master: Field::text("master", "Number that stays", master)
                .hint("The others are retired and lead to it")
                .maximum(12)
                .required()
                .judged(&mistakes),
            reason: reason(&form.reason, &mistakes),
            id: own,
            mistakes,
        },
    )
}

fn status(mistakes: &Mistakes) -> StatusCode {
    if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

fn title(title: &str, mistakes: &Mistakes) -> String {
    if mistakes.is_empty() {
        title.to_owned()
    } else {
        format!("Error: {title}")
    }
}

/// `POST /merges/{id}`
pub(crate) async fn ask(
    portal: web::Data<Portal>,
    id: web::Path<String>,
    guarded: Guarded<StartMerges, MergeForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let record = read(&portal, &user, &id).await?;
    let mut mistakes = Mistakes::default();
    let mut all = vec![record.person_id];
    for number in form.others.split([' ', ',', ';']).filter(|n| !n.is_empty()) {
        match PersonId::parse(number) {
            Ok(number) => all.push(number),
            Err(_) => mistakes.add("others", "A record number has twelve digits. Check the numbers."),
        }
    }
    if all.len() < 2 && mistakes.is_empty() {
        mistakes.add("others", "Enter the number of at least one other record.");
    }
    let master = PersonId::parse(form.master.trim()).ok();
    if master.is_none() {
        mistakes.add("master", "Enter which of the numbers stays.");
    }
    if mistakes.is_empty() {
        let (judge, now, reason) = (user.judge(), portal.now(), form.reason.clone());
        let done = portal
            .run(move |c| Ok(review::request_merge(c, &judge, &all, master, &reason, now)))
            .await?;
        match done {
            Ok(outcome) => return Ok(requests::next(outcome, "approve")),
            Err(review::Error::NotFound) => {
                mistakes.add("others", "There is no record with one of these numbers.");
            }
            Err(error) => mistakes = requests::mistakes(error)?,
        }
    }
    merge_page(&user, &record, &form, mistakes)
}

struct Leaving {
    what: String,
    field: Field,
}

#[derive(Template)]
#[template(path = "split.html")]
struct SplitPage {
    chrome: Chrome,
    id: String,
    child: String,
    mistakes: Mistakes,
    records: Vec<Leaving>,
    reason: Field,
}

/// The most records of a person that the form takes apart; each has a field of its own.
const FIELDS: [&str; 12] = [
    "record1", "record2", "record3", "record4", "record5", "record6", "record7", "record8", "record9",
    "record10", "record11", "record12",
];

/// The form for taking a record apart: by field, which child the record is of.
pub(crate) type SplitForm = BTreeMap<String, String>;

/// `GET /splits/{id}`, with the number of a record
pub(crate) async fn show_split(
    portal: web::Data<Portal>,
    user: Allowed<StartMerges>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let record = read(&portal, &user, &id).await?;
    split_page(&user, &record, &SplitForm::new(), Mistakes::default())
}

fn split_page(
    user: &User,
    record: &PersonRecord,
    form: &SplitForm,
    mistakes: Mistakes,
) -> Result<HttpResponse, Failure> {
    let said = |field: &str| form.get(field).map_or("", String::as_str);
    let records = record.students.iter().zip(FIELDS).map(|(student, field)| {
        let identity = &student.student.identity;
        let born = words::day_or(identity.birth_date.map(mde::Date::day), "on an unknown date");
        let choices = vec![
            Choice::new("2", "Leaves: is a second child", said(field)),
            Choice::new("3", "Leaves: is a third child", said(field)),
        ];
        Leaving {
            what: format!(
                "{}, student {}: {}, born {born}",
                student.state.name(),
                identity.state_student_id,
                name(identity)
            ),
            field: Field::select(field, "This record", "Stays and keeps the number", choices)
                .judged(&mistakes),
        }
    });
    view::page_with(
        status(&mistakes),
        &SplitPage {
            chrome: Chrome::of(user, title("Take a record apart", &mistakes), "/search"),
            id: record.person_id.to_string(),
            child: child(record),
            records: records.collect(),
            reason: reason(said("reason"), &mistakes),
            mistakes,
        },
    )
}

/// `POST /splits/{id}`
pub(crate) async fn ask_split(
    portal: web::Data<Portal>,
    id: web::Path<String>,
    guarded: Guarded<StartMerges, SplitForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let record = read(&portal, &user, &id).await?;
    let mut parts: BTreeMap<&str, Vec<Uuid>> = BTreeMap::new();
    for (student, field) in record.students.iter().zip(FIELDS) {
        match form.get(field).map(String::as_str) {
            Some(part @ ("2" | "3")) => parts.entry(part).or_default().push(student.student_id.0),
            None | Some("") => {}
            Some(_) => return Err(Failure::BadRequest),
        }
    }
    let parts: Vec<Vec<Uuid>> = parts.into_values().collect();
    let (judge, now, person) = (user.judge(), portal.now(), record.person_id);
    let reason = form.get("reason").cloned().unwrap_or_default();
    let done = portal
        .run(move |c| Ok(review::request_split(c, &judge, person, &parts, &reason, now)))
        .await?;
    match done {
        Ok(outcome) => Ok(requests::next(outcome, "approve")),
        Err(error) => split_page(&user, &record, &form, requests::mistakes(error)?),
    }
}
