//! Move notices: inbox, sent, answering, sending by hand.

use std::collections::HashMap;

use ::notices::{Answer, Kind, ManualNotice, Sender};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use mde::{PersonId, StateCode, StudentId};
use serde::Deserialize;
use store::notices::Notice;
use store::{Access, Purpose, links, participants, persons};

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::near_matches;
use crate::state::Portal;
use crate::user::{Allowed, AnswerNotices, Guarded, Permission, SendNotices};
use crate::view::{self, Choice, Chrome, Mistakes, Tag};
use crate::words;

/// Notices on a page.
const NOTICES: i64 = 30;

/// Most characters of a note.
const NOTE: usize = 500;

/// What a state can answer: in the words of the form, and as it is shown.
const ANSWERS: [(Answer, &str, &str); 4] = [
    (
        Answer::Arrived,
        "Yes: the child is here, or has left as told",
        "✓ Confirmed",
    ),
    (
        Answer::NotArrived,
        "No: the child has not come, or has not left",
        "– Not so",
    ),
    (Answer::NotOurs, "The notice is not for our state", "– Not ours"),
    (
        Answer::NeedsData,
        "We need more data to tell",
        "? Needs more data",
    ),
];

/// What a state can say in a notice.
const KINDS: [(Kind, &str); 3] = [
    (Kind::Arrival, "The child is going there"),
    (Kind::Departure, "The child came from there to us"),
    (Kind::Inquiry, "We ask whether the child is there"),
];

struct Child {
    name: String,
    birth_date: Option<NaiveDate>,
}

/// The children of these persons, for a list; that they are shown is disclosed.
fn children(
    c: &mut PgConnection,
    access: &Access,
    own: StateCode,
    persons: &[i64],
) -> Result<HashMap<i64, Child>, Failure> {
    let mut members = links::members(c, persons)?;
    // A state knows the child by the name that it sent itself.
    members.sort_by_key(|(_, student)| StudentId(*student).state_number() != own.number());
    let ids: Vec<StudentId> = members.iter().map(|(_, student)| StudentId(*student)).collect();
    let students: HashMap<_, _> = persons::read_students(c, access, &ids)?.into_iter().collect();
    let mut children = HashMap::new();
    for (person, student) in members {
        if let Some(student) = students.get(&StudentId(student)) {
            let identity = &student.identity;
            let birth_date = identity.birth_date.map(mde::Date::day);
            children.entry(person).or_insert_with(|| Child {
                name: near_matches::name(identity),
                birth_date,
            });
        }
    }
    Ok(children)
}

/// Which box, and where the page starts.
#[derive(Debug, Deserialize)]
pub(crate) struct Ask {
    #[serde(default, rename = "box")]
    which: String,
    before: Option<i64>,
    #[serde(default)]
    done: String,
}

struct Item {
    id: i64,
    title: String,
    child: String,
    href: String,
    facts: Vec<String>,
    note: String,
    answer: Tag,
    answered: String,
    open: bool,
}

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesPage {
    chrome: Chrome,
    state: &'static str,
    sent: bool,
    items: Vec<Item>,
    answers: Vec<Choice>,
    may_answer: bool,
    older: Option<i64>,
}

/// `GET /notices?box=inbox|sent`: notes that the inbox was seen.
pub(crate) async fn list(
    portal: web::Data<Portal>,
    user: Allowed<SendNotices>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let state = user.state()?;
    let sent = ask.which == "sent";
    let access = user.access(Purpose::Program, &portal);
    let (before, now) = (ask.before, portal.now());
    let (found, children) = portal
        .run(move |c| {
            let found = if sent {
                ::notices::sent(c, state, false, before, NOTICES)?
            } else {
                ::notices::inbox(c, state, false, before, NOTICES, now)?
            };
            let persons: Vec<i64> = found.iter().map(|n| n.person_id).collect();
            let children = children(c, &access, state, &persons)?;
            Ok((found, children))
        })
        .await?;
    let done = match ask.done.as_str() {
        "answered" => Some("Your answer was saved. The sender can see it."),
        "late" => Some("This notice was answered or withdrawn before. Nothing was changed."),
        _ => None,
    };
    view::page(&NoticesPage {
        chrome: Chrome::of(
            &user,
            if sent { "Sent move notices" } else { "Move notices" },
            "/notices",
        )
        .done(done),
        state: state.name(),
        sent,
        older: found
            .last()
            .filter(|_| found.len() as i64 == NOTICES)
            .map(|n| n.move_notice_id),
        items: found
            .iter()
            .map(|notice| item(notice, children.get(&notice.person_id)))
            .collect(),
        answers: ANSWERS
            .iter()
            .map(|(answer, words, _)| Choice::new(answer.name(), *words, ""))
            .collect(),
        may_answer: !sent && user.may(Permission::AnswerNotices),
    })
}

fn item(notice: &Notice, child: Option<&Child>) -> Item {
    let place = |code: &Option<String>| code.as_deref().map(words::state_name);
    let to = place(&notice.to_state).unwrap_or_else(|| "another state".to_owned());
    let from = place(&notice.from_state).unwrap_or_else(|| "another state".to_owned());
    let title = match notice.kind.as_str() {
        "arrival" => format!("A child from {from} arrives in {to}"),
        "departure" => format!("A child of {from} has gone to {to}"),
        _ => format!(
            "Do you know this child? Asked by {}",
            place(&notice.sender).unwrap_or(from)
        ),
    };
    let event = match notice.event.as_str() {
        "enrollment" => "New enrollment",
        "residency" => "New residency",
        "qualifying_move" => "New qualifying move",
        _ => "Sent by hand",
    };
    let city = [notice.city.as_deref(), notice.district.as_deref()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ");
    let dated =
        |label: &str, date: Option<NaiveDate>| date.map(|date| format!("{label} {}", words::day(date)));
    let facts = [
        Some(match notice.event_date {
            Some(date) => format!("{event} on {}", words::day(date)),
            None => event.to_owned(),
        }),
        (!city.is_empty()).then_some(city),
        dated("Expected", notice.expected_date),
        notice
            .contact
            .as_ref()
            .map(|contact| format!("Contact: {contact}")),
        Some(match &notice.sender {
            Some(sender) => format!(
                "Sent by {} on {}",
                words::state_name(sender),
                words::instant(notice.created_at)
            ),
            None => format!("Raised by the exchange on {}", words::instant(notice.created_at)),
        }),
        Some(notice.received_at.map_or_else(
            || "Not seen yet".to_owned(),
            |at| format!("First seen {}", words::instant(at)),
        )),
    ];
    let known = ANSWERS
        .iter()
        .find(|(answer, ..)| Some(answer.name()) == notice.answer.as_deref());
    let (answer, open) = match (notice.withdrawn_at, notice.acknowledged_at) {
        (Some(_), _) => (Tag::new("Withdrawn", ""), false),
        (None, Some(_)) => (
            Tag::new(known.map_or("✓ Answered", |(_, _, shown)| *shown), "agree"),
            false,
        ),
        (None, None) => (Tag::new("… Waits for an answer", "wait"), true),
    };
    Item {
        id: notice.move_notice_id,
        title,
        child: child.map_or_else(
            || format!("Record no. {}", notice.person_id),
            |child| {
                format!(
                    "{}, born {}",
                    child.name,
                    words::day_or(child.birth_date, "on an unknown date")
                )
            },
        ),
        href: format!("/persons/{}?purpose=program", notice.person_id),
        facts: facts.into_iter().flatten().collect(),
        note: notice.note.clone().unwrap_or_default(),
        answer,
        answered: notice.acknowledged_at.map_or_else(String::new, |at| {
            let note = notice
                .answer_note
                .as_deref()
                .map(|note| format!(": {note}"))
                .unwrap_or_default();
            format!("Answered {}{note}", words::instant(at))
        }),
        open,
    }
}

/// An answer as a form sends it.
#[derive(Debug, Deserialize)]
pub(crate) struct AnswerForm {
    answer: Answer,
    #[serde(default)]
    note: String,
}

/// `POST /notices/{id}/acknowledge`
pub(crate) async fn acknowledge(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<AnswerNotices, AnswerForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let (state, by, now) = (user.state()?, user.label(), portal.now());
    let note: String = form.note.chars().take(NOTE).collect();
    let answered = portal
        .run(move |c| {
            let answered = ::notices::acknowledge(c, *id, state, &by, form.answer, Some(&note), now);
            answered.map_err(|error| match error {
                ::notices::Error::Database(error) => error.into(),
                _ => Failure::BadRequest,
            })
        })
        .await?
        .ok_or(Failure::NotFound)?;
    Ok(view::see_other(if answered.recorded {
        "/notices?done=answered"
    } else {
        "/notices?done=late"
    }))
}

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
}

/// Which child.
#[derive(Debug, Deserialize)]
pub(crate) struct Of {
    #[serde(default)]
    person: String,
}

async fn new_page(
    portal: &Portal,
    user: &crate::user::User,
    form: &NoticeForm,
    mistakes: Mistakes,
) -> Result<HttpResponse, Failure> {
    let own = user.state()?;
    let person = PersonId::parse(&form.person).map_err(|_| Failure::NotFound)?;
    let access = user.access(Purpose::Program, portal);
    let (child, states) = portal
        .run(move |c| {
            let survivor = links::survivor(c, person)?.ok_or(Failure::NotFound)?;
            let child = children(c, &access, own, &[survivor.number()])?
                .remove(&survivor.number())
                .ok_or(Failure::NotFound)?;
            let states: Vec<String> = participants::all(c)?.into_iter().map(|p| p.state).collect();
            Ok((child, states))
        })
        .await?;
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
            mistakes,
        },
    )
}

/// `GET /notices/new?person=`
pub(crate) async fn new(
    portal: web::Data<Portal>,
    user: Allowed<SendNotices>,
    of: web::Query<Of>,
) -> Result<HttpResponse, Failure> {
    let form = NoticeForm {
        person: of.person.clone(),
        ..NoticeForm::default()
    };
    new_page(&portal, &user, &form, Mistakes::default()).await
}

impl NoticeForm {
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
        ::notices::Error::NotAParticipant(_) | ::notices::Error::OwnState => {
            mistakes.add("state", "Choose another state that takes part in the exchange.");
        }
        ::notices::Error::Invalid { member, why } => {
            let (field, label) = match member {
                "district" => ("district", "The district"),
                "city" => ("city", "The city"),
                "contact" => ("contact", "The contact"),
                "expected_date" => ("date", "The date"),
                _ => ("note", "The note"),
            };
            mistakes.add(field, format!("{label} {why}."));
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
        Err(mistakes) => return new_page(&portal, &user, &form, mistakes).await,
    };
    let (by, once, now) = (user.label(), form.once.clone(), portal.now());
    let sent = portal
        .run(move |c| {
            let sender = Sender {
                state: own,
                by: &by,
                idempotency_key: Some(&once).filter(|o| !o.is_empty()).map(String::as_str),
            };
            match ::notices::send(c, sender, &notice, now) {
                Ok(notice) => Ok(Ok(notice.person_id)),
                Err(error) => mistakes_of(error).map(Err),
            }
        })
        .await?;
    match sent {
        Ok(person) => Ok(view::see_other(&format!(
            "/persons/{person}?purpose=program&sent=true"
        ))),
        Err(mistakes) => new_page(&portal, &user, &form, mistakes).await,
    }
}
