//! Move notices: inbox and sent.

use std::collections::HashMap;

use ::notices::Answer;
use ::notices::life::Standing;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use mde::{StateCode, StudentId};
use serde::Deserialize;
use store::notices::Notice;
use store::{Access, Purpose, contacts, links, persons};

use crate::failure::Failure;
use crate::pages::data_requests::named;
use crate::pages::near_matches;
use crate::state::Portal;
use crate::user::{Allowed, SendNotices};
use crate::view::{self, Chrome, Tag};
use crate::words;

/// Notices on a page.
const NOTICES: i64 = 30;

/// Most characters of a note.
pub(crate) const NOTE: usize = 500;

/// What a state can answer: in the words of the form, and as it is shown.
pub(crate) const ANSWERS: [(Answer, &str, &str); 4] = [
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

pub(crate) struct Child {
    pub(crate) name: String,
    pub(crate) birth_date: Option<NaiveDate>,
}

/// The children of these persons, for a list; that they are shown is disclosed.
pub(crate) fn children(
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
}

/// A notice in words.
pub(crate) struct Item {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) child: String,
    /// The child's record.
    pub(crate) child_href: String,
    pub(crate) facts: Vec<String>,
    pub(crate) note: String,
    standing: Tag,
    answered: String,
}

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesPage {
    chrome: Chrome,
    state: &'static str,
    sent: bool,
    here: &'static str,
    items: Vec<Item>,
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
    let today = portal.today(Some(state));
    let (found, children, calls) = portal
        .run(move |c| {
            let found = if sent {
                ::notices::sent(c, state, false, before, NOTICES)?
            } else {
                ::notices::inbox(c, state, false, before, NOTICES, now)?
            };
            let persons: Vec<i64> = found.iter().map(|n| n.person_id).collect();
            let children = children(c, &access, state, &persons)?;
            let calls = found
                .iter()
                .map(|notice| Ok(call(c, notice, state, today)?))
                .collect::<Result<Vec<_>, Failure>>()?;
            Ok((found, children, calls))
        })
        .await?;
    view::page(&NoticesPage {
        chrome: Chrome::of(
            &user,
            if sent { "Sent move notices" } else { "Move notices" },
            "/notices",
        ),
        state: state.name(),
        sent,
        here: if sent { "sent" } else { "inbox" },
        older: found
            .last()
            .filter(|_| found.len() as i64 == NOTICES)
            .map(|n| n.move_notice_id),
        items: found
            .iter()
            .zip(calls)
            .map(|(notice, call)| item(notice, children.get(&notice.person_id), call, today))
            .collect(),
    })
}

/// Whom to call on the other side of a notice: its district's contact, where that is known and names one, else its
/// state's.
pub(crate) fn call(
    c: &mut PgConnection,
    notice: &Notice,
    own: StateCode,
    day: NaiveDate,
) -> store::Result<Option<String>> {
    let code = |code: &Option<String>| code.as_deref().and_then(|code| StateCode::new(code).ok());
    let (from, to) = (code(&notice.from_state), code(&notice.to_state));
    let place = match to.filter(|to| *to != own) {
        Some(to) => (to, notice.district.clone(), None),
        None => match from.filter(|from| *from != own) {
            Some(from) => (from, None, None),
            None => return Ok(None),
        },
    };
    let state = place.0.name();
    let found = contacts::nearest(c, &[place], None)?;
    Ok(found.first().map(|contact| {
        let (name, phone, email) = contact.on(day);
        let how: Vec<&str> = [phone, email].into_iter().flatten().collect();
        format!("Call in {state}: {name}, {}", how.join(", "))
    }))
}

/// How a notice stands on a day of the reader's state.
pub(crate) fn standing(notice: &Notice, today: NaiveDate) -> Tag {
    let answer = ANSWERS
        .iter()
        .find(|(answer, ..)| Some(answer.name()) == notice.answer.as_deref());
    match Standing::of(notice) {
        Standing::Withdrawn => Tag::new("Withdrawn", ""),
        Standing::Closed | Standing::Answered if notice.answer.is_some() => {
            Tag::new(answer.map_or("✓ Answered", |(_, _, shown)| *shown), "agree")
        }
        Standing::Closed | Standing::Answered => Tag::new("Closed", ""),
        Standing::Returned => Tag::new("! Returned: no answer", "differ"),
        Standing::Open if notice.due_on.is_some_and(|due| due < today) => Tag::new("! No answer", "differ"),
        Standing::Open => Tag::new("… Waits for an answer", "wait"),
    }
}

/// A notice in words, on a day of the reader's state.
pub(crate) fn item(notice: &Notice, child: Option<&Child>, call: Option<String>, today: NaiveDate) -> Item {
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
        "withdrawal" => "Announced when it left",
        "return" => "Back from abroad",
        "missed_enrollment" => "Left, and reported nowhere since,",
        _ => "Sent by hand",
    };
    let city = [notice.city.as_deref(), notice.district.as_deref()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ");
    let dated =
        |label: &str, date: Option<NaiveDate>| date.map(|date| format!("{label} {}", words::day(date)));
    let waits = Standing::of(notice).takes_an_answer();
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
        Some(match (notice.seen_at, notice.received_at) {
            (Some(at), _) => format!("Opened {}", words::instant(at)),
            (None, Some(at)) => format!("On their list since {}, not opened", words::instant(at)),
            (None, None) => "Not seen yet".to_owned(),
        }),
        waits.then(|| dated("Answer due", notice.due_on)).flatten(),
        call,
    ];
    Item {
        id: notice.move_notice_id,
        title,
        child: named(child, notice.person_id),
        child_href: format!("/persons/{}?purpose=program", notice.person_id),
        facts: facts.into_iter().flatten().collect(),
        note: notice.note.clone().unwrap_or_default(),
        standing: standing(notice, today),
        answered: notice.acknowledged_at.map_or_else(String::new, |at| {
            let note = notice
                .answer_note
                .as_deref()
                .map(|note| format!(": {note}"))
                .unwrap_or_default();
            format!("Answered {}{note}", words::instant(at))
        }),
    }
}
