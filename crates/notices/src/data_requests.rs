//! A state asks another one for what it holds of a child, and is answered; what then arrives is seen by itself.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use mde::{PersonId, StateCode};
use serde::{Deserialize, Serialize};
use store::data_requests::{self, DataRequest, NewAnswer, NewDataRequest};
use store::notices::Box;
use store::{corrections, db, links, persons};

use crate::driver;
use crate::duty::Duty;
use crate::error::Error;
use crate::life::PATIENCE;
use crate::sender::{Sender, once, text};
use crate::state_days::StateDays;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// All that the state holds of the child.
    Record,
    /// Courses, grades to date and credits.
    Grades,
    /// Dates and vaccines.
    Immunizations,
    /// Qualifying moves and the dates of the certificate of eligibility.
    Certificate,
    /// The official transcript, as a document.
    Transcript,
    /// The official immunization certificate, as a document.
    ImmunizationCertificate,
    /// A copy of the certificate of eligibility, as a document.
    CertificateCopy,
}

impl What {
    /// Everything that can be asked for.
    pub const ALL: [Self; 7] = [
        Self::Record,
        Self::Grades,
        Self::Immunizations,
        Self::Certificate,
        Self::Transcript,
        Self::ImmunizationCertificate,
        Self::CertificateCopy,
    ];

    /// Whether it is a document, which no upload of data can bring.
    #[must_use]
    pub fn is_document(self) -> bool {
        data_requests::DOCUMENTS.contains(&self.name())
    }

    /// Its name in tables and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Grades => "grades",
            Self::Immunizations => "immunizations",
            Self::Certificate => "certificate",
            Self::Transcript => "transcript",
            Self::ImmunizationCertificate => "immunization_certificate",
            Self::CertificateCopy => "certificate_copy",
        }
    }

    /// What has this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.name() == name)
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Record => "the whole record",
            Self::Grades => "courses, grades to date and credits",
            Self::Immunizations => "immunizations",
            Self::Certificate => "moves and dates of the certificate of eligibility",
            Self::Transcript => "the official transcript",
            Self::ImmunizationCertificate => "the official immunization certificate",
            Self::CertificateCopy => "a copy of the certificate of eligibility",
        }
    }
}

/// What the recipient says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It was sent, or goes with the next upload.
    Sent,
    /// The state does not hold it.
    NotHeld,
    /// It cannot be sent before a day.
    NotYet,
}

impl Reply {
    /// Its name in the tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::NotHeld => "not_held",
            Self::NotYet => "not_yet",
        }
    }
}

/// A request as somebody makes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ask {
    /// The child, by its number or a retired one.
    pub person_id: PersonId,
    /// The state that holds a record of it.
    pub to_state: StateCode,
    /// What for.
    pub what: What,
    /// What else to say, at most 500 characters; nothing sensitive.
    #[serde(default)]
    pub note: Option<String>,
    /// The correction for which it is needed, which the asking state handles.
    #[serde(default)]
    pub for_correction: Option<i64>,
}

/// Asks another state for data of a child that it holds. Without a key, the same request at the same instant is the same
/// one.
pub fn ask(
    connection: &mut PgConnection,
    sender: Sender<'_>,
    ask: &Ask,
    now: DateTime<Utc>,
) -> Result<DataRequest, Error> {
    let note = text("note", ask.note.as_deref(), 500)?;
    if ask.to_state == sender.state {
        return Err(Error::OwnState);
    }
    let days = StateDays::of(connection, ask.to_state)?.ok_or(Error::NotAParticipant(ask.to_state))?;
    connection.transaction(|connection| {
        let person = links::survivor(connection, ask.person_id)?.ok_or(Error::UnknownPerson)?;
        let student = data_requests::student_of(connection, person.number(), ask.to_state)?
            .ok_or(Error::HoldsNothing(ask.to_state))?;
        let limit = match ask.for_correction {
            Some(id) => {
                let known = corrections::of_persons(connection, &[person.number()])?;
                let own = known.iter().any(|k| {
                    k.work_item_id == id
                        && [&k.owner, &k.taken_in]
                            .iter()
                            .any(|s| *s == sender.state.as_str())
                });
                if !own {
                    return Err(Error::Invalid {
                        member: "for_correction",
                        why: "is not a correction of this child that your state handles".into(),
                    });
                }
                Duty::CorrectionReply.limit()
            }
            None => PATIENCE,
        };
        let new = NewDataRequest {
            person: person.number(),
            student,
            sender: sender.state,
            recipient: ask.to_state,
            what: ask.what.name(),
            secondary: ask.what == What::Transcript,
            note: note.as_deref(),
            for_correction: ask.for_correction,
            due_on: days.due(limit, now),
            cause: &once(connection, sender, ask, now)?,
            by: sender.by,
        };
        let id = data_requests::open(connection, &new, now)?;
        driver::look_at(connection, person, now)?;
        data_requests::find(connection, id, sender.state)?.ok_or_else(|| {
            Error::Database(store::Error::Corrupt {
                what: "data request",
                why: "it is gone right after it was written".into(),
            })
        })
    })
}

/// Requests addressed to a state or sent by it, newest first, with numbers below `before`; only those that wait for an
/// answer if `open`.
pub fn list(
    connection: &mut PgConnection,
    state: StateCode,
    which: Box,
    open: bool,
    before: Option<i64>,
    limit: i64,
) -> store::Result<Vec<DataRequest>> {
    data_requests::list(connection, state, which, open, before, limit)
}

/// A request of which the state is the sender or the recipient. That somebody of the recipient opened it is noted, once.
pub fn open(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
    by: &str,
    now: DateTime<Utc>,
) -> store::Result<Option<DataRequest>> {
    db::write(connection, |connection| {
        data_requests::mark_seen(connection, id, state, by, now)?;
        data_requests::find(connection, id, state)
    })
}

/// A request after somebody answered it or took it back.
#[derive(Debug, Clone, Serialize)]
pub struct Changed {
    /// The request as it is now.
    pub request: DataRequest,
    /// Whether this call changed it. `false`: it was answered, taken back or met before, and stays as it was.
    pub recorded: bool,
}

/// What is answered to a request.
#[derive(Debug, Clone)]
pub struct Answering<'a> {
    /// The answer.
    pub reply: Reply,
    /// The day until which it is to be waited: of [`Reply::NotYet`] and only of it, after today and within a year.
    pub until: Option<NaiveDate>,
    /// What else to say, at most 500 characters; nothing sensitive.
    pub note: Option<&'a str>,
}

/// Answers a request in the state's inbox; `None` if there is none of this number. After [`Reply::NotYet`] it stays open
/// and is due on the day that was named.
pub fn answer(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
    by: &str,
    answer: &Answering<'_>,
    now: DateTime<Utc>,
) -> Result<Option<Changed>, Error> {
    let note = text("note", answer.note, 500)?;
    let today = StateDays::of(connection, state)?.map_or_else(|| now.date_naive(), |days| days.day(now));
    let wrong = |why: &str| Error::Invalid {
        member: "until",
        why: why.into(),
    };
    match (answer.reply, answer.until) {
        (Reply::NotYet, None) => return Err(wrong("is missing; say until which day it is to be waited")),
        (Reply::NotYet, Some(day)) if day <= today || day - today > TimeDelta::days(366) => {
            return Err(wrong("is not a day of the coming year; correct the date"));
        }
        (Reply::Sent | Reply::NotHeld, Some(_)) => {
            return Err(wrong("belongs to the answer not_yet; leave it out"));
        }
        _ => {}
    }
    connection.transaction(|connection| {
        let new = NewAnswer {
            answer: answer.reply.name(),
            not_until: answer.until,
            note: note.as_deref(),
            by,
        };
        let recorded = data_requests::answer(connection, id, state, &new, now)?;
        changed(connection, id, state, recorded, |r| &r.recipient, now)
    })
}

/// Takes a request of the state back; `None` if it has sent none of this number.
pub fn take_back(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Option<Changed>, Error> {
    connection.transaction(|connection| {
        let recorded = data_requests::withdraw(connection, id, state, by, now)?;
        changed(connection, id, state, recorded, |r| &r.sender, now)
    })
}

fn changed(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
    recorded: bool,
    side: impl Fn(&DataRequest) -> &String,
    now: DateTime<Utc>,
) -> Result<Option<Changed>, Error> {
    let found = data_requests::find(connection, id, state)?.filter(|r| *side(r) == state.as_str());
    if let Some(request) = found.as_ref().filter(|_| recorded) {
        driver::look_at(connection, persons::id(request.person_id)?, now)?;
    }
    Ok(found.map(|request| Changed { request, recorded }))
}
