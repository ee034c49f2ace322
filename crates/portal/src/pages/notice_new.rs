//! Sending a move notice by hand.

use std::collections::HashMap;

use ::notices::{Kind, ManualNotice, Sender};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;
use mde::{PersonId, StateCode};
use serde::Deserialize;
use store::{Purpose, families, links, participants};

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::data_requests;
use crate::pages::family::because;
use crate::pages::notices::{NOTE, children};
use crate::state::Portal;
use crate::user::{Allowed, Guarded, SendNotices};
use crate::view::{self, Choice, Chrome, Mistakes};
use crate::words;

/// What a state can say in a notice.
const KINDS: [(Kind, &str); 3] = [
    (Kind::Arrival, "The child is going there"),
    (Kind::Departure, "The child came from there to us"),
    (Kind::Inquiry, "We ask whether the child is there"),
];

/// A notice as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NoticeForm {
    /// Made with the page, so that a form sent twice writes one notice.
    once: String,
    person: String,
    kind: String,
    state: String,
    city: String,
    district: String,
    date: String,
    contact: String,
    note: String,
    /// A box `also-` and the number of each brother or sister about whom it is too.
    #[serde(flatten)]
    more: HashMap<String, String>,
}

/// What begins the name of a box that is ticked.
const BOX: &str = "also-";

/// A brother or sister that can be ticked.
struct Also {
    id: String,
    child: String,
    because: String,
    ticked: bool,
}

#[derive(Template)]
#[template(path = "notice_new.html")]
struct NewNoticePage {
    chrome: Chrome,
    mistakes: Mistakes,
    once: String,
    person: String,
    child: String,
    kind: Field,
    state: Field,
    city: Field,
    district: Field,
    date: Field,
    contact: Field,
    note: Field,
    family: Vec<Also>,
}

/// Which child, and whether its whole family.
#[derive(Debug, Deserialize)]
pub(crate) struct Of {
    #[serde(default)]
    person: String,
    #[serde(default)]
    family: bool,
}

async fn new_page(
    portal: &Portal,
    user: &crate::user::User,
    form: &NoticeForm,
    all: bool,
    mistakes: Mistakes,
) -> Result<HttpResponse, Failure> {
    let own = user.state()?;
    let person = PersonId::parse(&form.person).map_err(|_| Failure::NotFound)?;
    let access = user.access(Purpose::Program, portal);
    let (child, states, siblings, named) = portal
        .run(move |c| {
            let survivor = links::survivor(c, person)?.ok_or(Failure::NotFound)?;
            let siblings = families::siblings(c, &access, survivor)?;
            let numbers: Vec<i64> = std::iter::once(survivor)
                .chain(siblings.iter().map(|sibling| sibling.person_id))
                .map(PersonId::number)
                .collect();
            let mut named = children(c, &access, own, &numbers)?;
            let child = named.remove(&survivor.number()).ok_or(Failure::NotFound)?;
            let states: Vec<String> = participants::all(c)?.into_iter().map(|p| p.state).collect();
            Ok((child, states, siblings, named))
        })
        .await?;
    let ticked = form.others();
    let family = siblings
        .iter()
        .map(|sibling| Also {
            id: sibling.person_id.to_string(),
            child: data_requests::named(named.get(&sibling.person_id.number()), sibling.person_id.number()),
            because: because(sibling),
            ticked: all || ticked.contains(&sibling.person_id),
        })
        .collect();
    let mut others: Vec<Choice> = states
        .iter()
        .filter(|state| state.as_str() != own.as_str())
        .map(|state| Choice::new(state.clone(), words::state_name(state), &form.state))
        .collect();
    others.sort_by(|a, b| a.label.cmp(&b.label));
    let kinds = KINDS
        .iter()
        .map(|(kind, words)| Choice::new(kind.name(), *words, &form.kind))
        .collect();
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let title = if mistakes.is_empty() {
        "Send a move notice"
    } else {
        "Error: send a move notice"
    };
    view::page_with(
        status,
        &NewNoticePage {
            chrome: Chrome::of(user, title, "/notices"),
            once: portal.secret(),
            person: person.to_string(),
            child: format!(
                "{}, born {}",
                child.name,
                words::day_or(child.birth_date, "on an unknown date")
            ),
            kind: Field::select("kind", "What do you want to say?", "Choose", kinds)
                .required()
                .judged(&mistakes),
            state: Field::select("state", "To which state?", "Choose a state", others)
                .required()
                .judged(&mistakes),
            city: Field::text("city", "City (if known)", &form.city)
                .maximum(50)
                .judged(&mistakes),
            district: Field::text("district", "School district (if known)", &form.district)
                .maximum(60)
                .judged(&mistakes),
            date: Field::text("date", "Date expected (if known)", &form.date)
                .hint("For example 9/1/2026")
                .maximum(20)
                .judged(&mistakes),
            contact: Field::text("contact", "Whom to ask", &form.contact)
                .hint("Name and phone or e-mail of a colleague")
                .maximum(200)
                .judged(&mistakes),
            note: Field::area("note", "Anything else?", &form.note)
                .hint(
                    "At most 500 characters. Nothing about health, immigration, family trouble or discipline",
                )
                .maximum(NOTE)
                .class("whole")
                .judged(&mistakes),
            family,
            mistakes,
        },
    )
}

/// `GET /notices/new?person=`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SendNotices>,
    of: web::Query<Of>,
) -> Result<HttpResponse, Failure> {
    let form = NoticeForm {
        person: of.person.clone(),
        ..NoticeForm::default()
    };
    new_page(&portal, &user, &form, of.family, Mistakes::default()).await
}

impl NoticeForm {
    /// The brothers and sisters that are ticked.
    fn others(&self) -> Vec<PersonId> {
        let mut others: Vec<PersonId> = self
            .more
            .keys()
            .filter_map(|key| PersonId::parse(key.strip_prefix(BOX)?).ok())
            .collect();
        others.sort_unstable();
        others
    }

    /// The notice, if nothing is wrong with the form.
    fn understand(&self, person_id: PersonId, own: StateCode) -> Result<ManualNotice, Mistakes> {
        let mut mistakes = Mistakes::default();
        let kind = KINDS
            .iter()
            .find(|(kind, _)| kind.name() == self.kind)
            .map(|(kind, _)| *kind);
        if kind.is_none() {
            mistakes.add("kind", "Choose what you want to say.");
        }
        let to_state = StateCode::new(&self.state).ok().filter(|state| *state != own);
        if to_state.is_none() {
            mistakes.add("state", "Choose the state to which the notice goes.");
        }
        let date = self.date.trim();
        let expected_date = ["%m/%d/%Y", "%Y-%m-%d"]
            .iter()
            .find_map(|f| NaiveDate::parse_from_str(date, f).ok());
        if expected_date.is_none() && !date.is_empty() {
            mistakes.add(
                "date",
                "Enter the date as month/day/year, such as 9/1/2026, or leave it empty.",
            );
        }
        if self.note.chars().count() > NOTE {
            mistakes.add("note", "Keep the note under 500 characters.");
        }
        match (kind, to_state) {
            (Some(kind), Some(to_state)) if mistakes.is_empty() => Ok(ManualNotice {
                kind,
                person_id,
                to_state,
                district: Some(self.district.clone()),
                city: Some(self.city.clone()),
                expected_date,
                contact: Some(self.contact.clone()),
                note: Some(self.note.clone()),
            }),
            _ => Err(mistakes),
        }
    }
}

/// What is wrong with the form, where the fault is the form's.
fn mistakes_of(error: ::notices::Error) -> Result<Mistakes, Failure> {
    let mut mistakes = Mistakes::default();
    match error {
        ::notices::Error::Database(error) => return Err(error.into()),
        ::notices::Error::UnknownPerson => return Err(Failure::NotFound),
        ::notices::Error::KeyReused => mistakes.add("note", words::SENT_BEFORE),
        ::notices::Error::NotAParticipant(_)
        | ::notices::Error::OwnState
        | ::notices::Error::HoldsNothing(_) => {
            mistakes.add("state", "Choose another state that takes part in the exchange.");
        }
        ::notices::Error::Invalid { member, why } => {
            let (field, label) = match member {
                "district" => ("district", "The district"),
                "city" => ("city", "The city"),
                "contact" => ("contact", "The contact"),
                "expected_date" => ("date", "The date"),
                "person_ids" => ("family", "The notice"),
                _ => ("note", "The note"),
            };
            mistakes.add(field, format!("{label} {why}."));
        }
        error @ (::notices::Error::Conflict(_) | ::notices::Error::Damaged) => {
            mistakes.add("note", format!("{}.", words::sentence(&error.to_string())));
        }
    }
    Ok(mistakes)
}

/// `POST /notices/new`
pub(crate) async fn send(
    portal: web::Data<Portal>,
    guarded: Guarded<SendNotices, NoticeForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let own = user.state()?;
    let person = PersonId::parse(&form.person).map_err(|_| Failure::NotFound)?;
    let notice = match form.understand(person, own) {
        Ok(notice) => notice,
        Err(mistakes) => return new_page(&portal, &user, &form, false, mistakes).await,
    };
    let (by, once, now, others) = (user.label(), form.once.clone(), portal.now(), form.others());
    let sent = portal
        .run(move |c| {
            let sender = Sender {
                state: own,
                by: &by,
                idempotency_key: Some(&once).filter(|o| !o.is_empty()).map(String::as_str),
            };
            match ::notices::send_family(c, sender, &notice, &others, now) {
                Ok(sent) => Ok(Ok(sent.len())),
                Err(error) => mistakes_of(error).map(Err),
            }
        })
        .await?;
    match sent {
        Ok(sent) => Ok(view::see_other(&format!(
            "/persons/{person}?purpose=program&sent={sent}#main"
        ))),
        Err(mistakes) => new_page(&portal, &user, &form, false, mistakes).await,
    }
}
