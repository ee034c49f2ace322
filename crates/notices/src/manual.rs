//! Notices that a state's people or systems send by hand.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use mde::{PersonId, StateCode};
use serde::{Deserialize, Serialize};
use store::notices::{self, NewNotice, Notice};
use store::{links, participants};

use crate::error::Error;
use crate::life;
use crate::sender::{Sender, once, text};

/// What the sender tells the recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The child is on its way from the sender's state to the recipient's.
    Arrival,
    /// The child has come from the recipient's state to the sender's.
    Departure,
    /// Is the child with the recipient?
    Inquiry,
}

impl Kind {
    /// Its name in the tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Arrival => "arrival",
            Self::Departure => "departure",
            Self::Inquiry => "inquiry",
        }
    }
}

/// A notice as somebody writes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ManualNotice {
    /// What it tells.
    pub kind: Kind,
    /// The child, by its number or a retired one.
    pub person_id: PersonId,
    /// The state to which it is addressed.
    pub to_state: StateCode,
    /// District in the state of arrival, at most 60 characters.
    #[serde(default)]
    pub district: Option<String>,
    /// City in the state of arrival, at most 50 characters.
    #[serde(default)]
    pub city: Option<String>,
    /// Day on which the child is expected, or came; within a year of today.
    #[serde(default)]
    pub expected_date: Option<NaiveDate>,
    /// Whom to ask, at most 200 characters.
    #[serde(default)]
    pub contact: Option<String>,
    /// What else to say, at most 500 characters; nothing sensitive.
    #[serde(default)]
    pub note: Option<String>,
}

/// Sends a notice. Without a key, the same notice at the same instant is the same one.
pub fn send(
    connection: &mut PgConnection,
    sender: Sender<'_>,
    notice: &ManualNotice,
    now: DateTime<Utc>,
) -> Result<Notice, Error> {
    let district = text("district", notice.district.as_deref(), 60)?;
    let city = text("city", notice.city.as_deref(), 50)?;
    let contact = text("contact", notice.contact.as_deref(), 200)?;
    let note = text("note", notice.note.as_deref(), 500)?;
    let far = |day: NaiveDate| (day - now.date_naive()).abs() > TimeDelta::days(366);
    if notice.expected_date.is_some_and(far) {
        return Err(Error::Invalid {
            member: "expected_date",
            why: "is more than a year away; correct the date".into(),
        });
    }
    if notice.to_state == sender.state {
        return Err(Error::OwnState);
    }
    if participants::of_state(connection, notice.to_state)?.is_none() {
        return Err(Error::NotAParticipant(notice.to_state));
    }
    let person = links::survivor(connection, notice.person_id)?.ok_or(Error::UnknownPerson)?;
    let (from, to) = match notice.kind {
        Kind::Arrival => (Some(sender.state), Some(notice.to_state)),
        Kind::Departure => (Some(notice.to_state), Some(sender.state)),
        Kind::Inquiry => (None, None),
    };
    let mut new = NewNotice {
        kind: notice.kind.name().to_owned(),
        recipient: notice.to_state.to_string(),
        sender: Some(sender.state.to_string()),
        person_id: person.number(),
        student_id: None,
        from_state: from.map(|s| s.to_string()),
        to_state: to.map(|s| s.to_string()),
        district,
        city,
        event: "manual".to_owned(),
        event_date: None,
        expected_date: notice.expected_date,
        contact,
        note,
        cause: String::new(),
        created_at: now,
        created_by: sender.by.to_owned(),
    };
    connection.transaction(|connection| {
        new.cause = once(connection, sender, notice, now)?;
        match life::write(connection, std::slice::from_ref(&new), now)?.first() {
            Some(id) => notices::find(connection, *id)?,
            None => notices::find_by_cause(connection, &new.cause)?,
        }
        .ok_or_else(|| {
            Error::Database(store::Error::Corrupt {
                what: "notice",
                why: "it is gone right after it was written".into(),
            })
        })
    })
}

/// Most children of one family.
const FAMILY: usize = 20;

/// Sends the same notice about each of several children, the notice's own first, all or none: one notice each. The same
/// key sends once for each child. Returns them in the order of the children.
pub fn send_family(
    connection: &mut PgConnection,
    sender: Sender<'_>,
    notice: &ManualNotice,
    others: &[PersonId],
    now: DateTime<Utc>,
) -> Result<Vec<Notice>, Error> {
    if others.len() >= FAMILY {
        return Err(Error::Invalid {
            member: "person_ids",
            why: format!("names more than {FAMILY} children; send several notices"),
        });
    }
    connection.transaction(|connection| {
        let mut children: Vec<PersonId> = Vec::with_capacity(others.len() + 1);
        for number in std::iter::once(&notice.person_id).chain(others) {
            let child = links::survivor(connection, *number)?.ok_or(Error::UnknownPerson)?;
            if !children.contains(&child) {
                children.push(child);
            }
        }
        children
            .into_iter()
            .map(|person_id| {
                let key = sender.idempotency_key.map(|key| format!("{key}|{person_id}"));
                let sender = Sender {
                    idempotency_key: key.as_deref(),
                    ..sender
                };
                let notice = ManualNotice {
                    person_id,
                    ..notice.clone()
                };
                send(connection, sender, &notice, now)
            })
            .collect()
    })
}
