//! A school hands a child off that leaves: what it says is kept as its state's unconfirmed note until the state's next
//! upload, and can be told at once to the state to which the child goes.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use mde::{Hours, PersonId, StateCode, Value as _, ValueContext};
use serde::{Deserialize, Serialize};
use store::hand_offs::{self, HandOff, HandedCourse, NewHandOff};
use store::{data_requests, links, persons};

use crate::driver;
use crate::error::Error;
use crate::manual::{self, Kind, ManualNotice};
use crate::sender::{Sender, once, text};

/// Most courses of a hand-off.
pub const COURSES: usize = 20;

/// Work under way as somebody writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourseSoFar {
    /// Title, 1 to 100 characters.
    pub title: String,
    /// Grade to date, at most 10 characters.
    #[serde(default)]
    pub grade_to_date: Option<String>,
    /// Clock hours to date, 0 to 2000 with at most two decimals.
    #[serde(default)]
    pub clock_hours: Option<String>,
}

/// A hand-off as somebody writes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Leaving {
    /// The child, by its number or a retired one.
    pub person_id: PersonId,
    /// The last day that it attends or attended; within a year of today.
    pub last_day: Option<NaiveDate>,
    /// Where the family says that it goes; the sender's own state, if it stays there.
    pub to_state: Option<StateCode>,
    /// The place there, or a country, at most 100 characters.
    pub to_place: Option<String>,
    /// Whom to ask, at most 200 characters.
    pub contact: Option<String>,
    /// What else to say, at most 500 characters; nothing sensitive.
    pub note: Option<String>,
    /// Work under way, at most [`COURSES`].
    pub courses: Vec<CourseSoFar>,
    /// Whether to send the other state a move notice at once.
    pub tell: bool,
}

/// Keeps a hand-off, in the place of the one before about the same student, and tells the other state of it if that is
/// asked for; all or nothing. Without a key, the same hand-off at the same instant is the same one.
/// [`Error::HoldsNothing`] if the sender's state holds no record of the child.
pub fn hand_off(
    connection: &mut PgConnection,
    sender: Sender<'_>,
    leaving: &Leaving,
    now: DateTime<Utc>,
) -> Result<HandOff, Error> {
    let to_place = text("to_place", leaving.to_place.as_deref(), 100)?;
    let contact = text("contact", leaving.contact.as_deref(), 200)?;
    let note = text("note", leaving.note.as_deref(), 500)?;
    let courses = leaving
        .courses
        .iter()
        .enumerate()
        .map(|(at, of)| {
            let invalid = |why| Error::Invalid {
                member: "courses",
                why: format!("are not valid: no. {} {why}", at + 1),
            };
            course(of).map_err(invalid)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let invalid = |member, why: &str| Error::Invalid {
        member,
        why: why.to_owned(),
    };
    if courses.len() > COURSES {
        return Err(invalid(
            "courses",
            "are more than 20; leave out those that matter least",
        ));
    }
    let far = |day: NaiveDate| (day - now.date_naive()).abs() > TimeDelta::days(366);
    if leaving.last_day.is_some_and(far) {
        return Err(invalid("last_day", "is more than a year away; correct the date"));
    }
    let says_nothing = courses.is_empty() && leaving.last_day.is_none() && leaving.to_state.is_none();
    if says_nothing && to_place.is_none() && note.is_none() {
        return Err(invalid(
            "last_day",
            "is missing, and nothing else is said; say at least when the child leaves, where it goes, or a grade",
        ));
    }
    if leaving.tell && leaving.to_state.is_none() {
        return Err(invalid(
            "to_state",
            "is needed to tell that state; name it or do not tell",
        ));
    }
    connection.transaction(|connection| {
        let person = links::survivor(connection, leaving.person_id)?.ok_or(Error::UnknownPerson)?;
        let student = data_requests::student_of(connection, person.number(), sender.state)?
            .ok_or(Error::HoldsNothing(sender.state))?;
        let new = NewHandOff {
            student,
            state: sender.state,
            last_day: leaving.last_day,
            to_state: leaving.to_state,
            to_place: to_place.as_deref(),
            contact: contact.as_deref(),
            note: note.as_deref(),
            courses: &courses,
            cause: &once(connection, sender, leaving, now)?,
            by: sender.by,
        };
        let (id, is_new) = hand_offs::write(connection, &new, now)?;
        if is_new {
            // Other states that have the child are told in the feed.
            driver::look_at(connection, person, now)?;
        }
        if let Some(to_state) = leaving.to_state.filter(|_| leaving.tell && is_new) {
            let notice = ManualNotice {
                kind: Kind::Arrival,
                person_id: person,
                to_state,
                district: None,
                // A notice has room for a city; the hand-off has the whole of it.
                city: to_place.as_ref().map(|place| place.chars().take(50).collect()),
                expected_date: leaving.last_day,
                contact: contact.clone(),
                note: note.clone(),
            };
            let sender = Sender {
                idempotency_key: None,
                ..sender
            };
            let sent = manual::send(connection, sender, &notice, now)?;
            hand_offs::sent_with(connection, id, sent.move_notice_id)?;
        }
        Ok(
            hand_offs::find(connection, id, sender.state)?.ok_or_else(|| store::Error::Corrupt {
                what: "hand-off",
                why: "it is gone right after it was written".into(),
            })?,
        )
    })
}

/// A course as it is kept, or what is wrong with it and would be right, as the end of a sentence.
pub fn course(of: &CourseSoFar) -> Result<HandedCourse, String> {
    let given = |text: &Option<String>| {
        let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    let title = match of.title.trim() {
        "" => return Err("has no title; write how the school calls it".to_owned()),
        title => mde::text::Line::new(title)
            .map_err(|error| format!("has a title that {error}; write 1 to 100 characters"))?,
    };
    let grade_to_date = given(&of.grade_to_date)
        .map(|grade| mde::Text::<10>::new(&grade))
        .transpose()
        .map_err(|error| format!("has a grade that {error}; write it as the school does, such as B+"))?;
    let clock_hours = given(&of.clock_hours)
        .map(|hours| Hours::parse(&hours, ValueContext::default()))
        .transpose()
        .map_err(|_| {
            "has hours that are no number from 0 to 2000 with at most two decimals; write such as 45.5"
                .to_owned()
        })?;
    if grade_to_date.is_none() && clock_hours.is_none() {
        return Err("has neither a grade nor hours; give one of them or leave the course out".to_owned());
    }
    Ok(HandedCourse {
        title,
        grade_to_date,
        clock_hours,
    })
}

/// What comes of taking a hand-off back.
#[derive(Debug, Clone)]
pub struct TakenBack {
    /// The hand-off as it stands.
    pub hand_off: HandOff,
    /// Whether it was taken back now.
    pub recorded: bool,
}

/// Takes a state's hand-off back: it was wrong, or the child stays. The notice that was sent with it stays, and can be
/// closed. `None` if it is not the state's.
pub fn take_back(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Option<TakenBack>, Error> {
    connection.transaction(|connection| {
        let recorded = hand_offs::take_back(connection, id, state, by, now)?;
        let found = hand_offs::find(connection, id, state)?;
        if let Some(of) = found.as_ref().filter(|_| recorded) {
            for (_, person) in links::of_students(connection, &[of.student_id.0])? {
                driver::look_at(connection, persons::id(person)?, now)?;
            }
        }
        Ok(found.map(|hand_off| TakenBack { hand_off, recorded }))
    })
}
