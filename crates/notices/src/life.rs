//! What becomes of a notice after it was sent: answered, reopened, closed; reminded of, and returned when nobody answers.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use mde::{PersonId, StateCode};
use serde::Serialize;
use store::jobs;
use store::notices::{self, NewNotice, Notice, Step, Taking, Waited, Waiting};
use store::participants;

use crate::driver;
use crate::duty::Limit;
use crate::error::Error;
use crate::sender::text;
use crate::state_days::StateDays;

/// Name of the job that looks for notices that nobody answers.
pub const JOB: &str = "notice.unanswered";

/// In how many working days of the recipient a notice or a request is answered. No regulation says so: it is the patience
/// of the exchange, and as long as 34 CFR 200.85 leaves for a reply about a correction.
pub const PATIENCE: Limit = Limit::WorkingDays(10);

/// After how many the recipient is reminded.
const REMINDER: Limit = Limit::WorkingDays(5);

/// How a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The recipient's answer is waited for.
    Open,
    /// It went back to its sender without an answer.
    Returned,
    /// The recipient has answered, and whoever asked has not closed it.
    Answered,
    /// Nobody waits for anything more.
    Closed,
    /// What it told is not so any more.
    Withdrawn,
}

impl Standing {
    /// Of a notice.
    #[must_use]
    pub fn of(notice: &Notice) -> Self {
        if notice.withdrawn_at.is_some() {
            Self::Withdrawn
        } else if notice.closed_at.is_some() {
            Self::Closed
        } else if notice.acknowledged_at.is_some() {
            Self::Answered
        } else if notice.returned_at.is_some() {
            Self::Returned
        } else {
            Self::Open
        }
    }

    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Returned => "returned",
            Self::Answered => "answered",
            Self::Closed => "closed",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether the recipient can answer.
    #[must_use]
    pub fn takes_an_answer(self) -> bool {
        matches!(self, Self::Open | Self::Returned)
    }

    /// Whether either side can have it looked at again.
    #[must_use]
    pub fn can_be_reopened(self) -> bool {
        matches!(self, Self::Returned | Self::Answered | Self::Closed)
    }
}

/// The state that closes a notice when nothing more is to be done: its sender, and the recipient of what the hub noticed.
#[must_use]
pub fn closer(notice: &Notice) -> &str {
    notice.sender.as_deref().unwrap_or(&notice.recipient)
}

/// Writes notices, each of which waits for an answer from now on. Returns the numbers of the new ones.
pub(crate) fn write(
    connection: &mut PgConnection,
    new: &[NewNotice],
    now: DateTime<Utc>,
) -> store::Result<Vec<i64>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    connection.transaction(|connection| {
        let ids = notices::write(connection, new)?;
        let recipients: BTreeSet<&str> = new.iter().map(|notice| notice.recipient.as_str()).collect();
        let mut waiting = Vec::new();
        for state in recipients.iter().filter_map(|state| StateCode::new(state).ok()) {
            if let Some(days) = StateDays::of(connection, state)? {
                waiting.push((state, until(&days, now)));
            }
        }
        notices::expect_answers(connection, &ids, &waiting)?;
        Ok(ids)
    })
}

fn until(days: &StateDays, now: DateTime<Utc>) -> Waiting {
    Waiting {
        remind_on: days.due(REMINDER, now),
        due_on: days.due(PATIENCE, now),
    }
}

/// A notice that a state received or sent, with its steps; `None` for any other. What its recipient reads first at `now` is
/// received then, and seen, if it is one of its people (`by`) who opens it.
pub fn open(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
    by: Option<&str>,
    now: DateTime<Utc>,
) -> store::Result<Option<(Notice, Vec<Step>)>> {
    connection.transaction(|connection| {
        let Some(notice) = crate::mailbox::read(connection, id, state, now)? else {
            return Ok(None);
        };
        if let Some(by) = by {
            notices::mark_seen(connection, id, state, by, now)?;
        }
        let notice = notices::find(connection, id)?.unwrap_or(notice);
        Ok(Some((notice, notices::steps(connection, id)?)))
    })
}

/// A notice after somebody took a step.
#[derive(Debug, Clone, Serialize)]
pub struct Changed {
    /// The notice as it is now.
    pub notice: Notice,
    /// Whether this call changed it. `false`: it was so before, or is withdrawn, and stays as it was.
    pub recorded: bool,
}

/// Lets a notice wait for an answer again, with the whole patience from now on: by either side, with a reason of at most
/// 500 characters. `None` if the state neither received nor sent it.
pub fn reopen(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
    by: &str,
    why: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<Changed>, Error> {
    let why = text("reason", why, 500)?.ok_or_else(|| Error::Invalid {
        member: "reason",
        why: "is missing; say why it is to be looked at again".into(),
    })?;
    connection.transaction(|connection| {
        let Some(notice) = own(connection, id, state)? else {
            return Ok(None);
        };
        let recipient = crate::keeper::state_code(&notice.recipient)?;
        let days = StateDays::of(connection, recipient)?.ok_or(Error::NotAParticipant(recipient))?;
        let taking = taking(&notice, state, by, Some(&why));
        let recorded = notices::reopen(connection, id, taking, until(&days, now), now)?;
        changed(connection, &notice, recorded, now)
    })
}

/// Closes a notice: nobody waits for anything more. Whoever sent it does, and the recipient of what the hub noticed
/// ([`closer`]); with a note of at most 500 characters. `None` if it is not the state that closes it.
pub fn close(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
    by: &str,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<Changed>, Error> {
    let note = text("note", note, 500)?;
    connection.transaction(|connection| {
        let Some(notice) = own(connection, id, state)?.filter(|notice| closer(notice) == state.as_str())
        else {
            return Ok(None);
        };
        let taking = taking(&notice, state, by, note.as_deref());
        let recorded = notices::close(connection, id, taking, now)?;
        changed(connection, &notice, recorded, now)
    })
}

fn own(connection: &mut PgConnection, id: i64, state: StateCode) -> store::Result<Option<Notice>> {
    let found = notices::find(connection, id)?;
    Ok(found.filter(|n| n.recipient == state.as_str() || n.sender.as_deref() == Some(state.as_str())))
}

fn taking<'a>(notice: &'a Notice, state: StateCode, by: &'a str, why: Option<&'a str>) -> Taking<'a> {
    let sides = [Some(notice.recipient.as_str()), notice.sender.as_deref()];
    Taking {
        state,
        other: sides.into_iter().flatten().find(|side| *side != state.as_str()),
        by,
        why,
    }
}

fn changed(
    connection: &mut PgConnection,
    before: &Notice,
    recorded: bool,
    now: DateTime<Utc>,
) -> Result<Option<Changed>, Error> {
    if recorded {
        look(connection, before, now)?;
    }
    let found = notices::find(connection, before.move_notice_id)?;
    Ok(found.map(|notice| Changed { notice, recorded }))
}

/// Asks for the look that tells the feed.
pub(crate) fn look(connection: &mut PgConnection, notice: &Notice, now: DateTime<Utc>) -> store::Result<()> {
    let person: PersonId = store::persons::id(notice.person_id)?;
    driver::look_at(connection, person, now)
}

/// Asks for the look at what nobody answers; once, however often it is asked for before it is done.
pub fn ask_for_sweep(connection: &mut PgConnection, now: DateTime<Utc>) -> store::Result<()> {
    jobs::enqueue_once(connection, JOB, 0, now)
}

/// Reminds states of what they have not answered for five of their working days, and returns to its sender what they have
/// not answered in ten; each once, however often it is looked. What the hub noticed is reminded of and stays. State by
/// state, so that a look that is killed has done whole states.
pub fn sweep(connection: &mut PgConnection, now: DateTime<Utc>) -> store::Result<Waited> {
    let mut all = Waited::default();
    for participant in participants::all(connection)? {
        let state = crate::keeper::state_code(&participant.state)?;
        let today = StateDays::kept(connection, state, &participant)?.day(now);
        let done = notices::wait(connection, state, today, now)?;
        all.reminded += done.reminded;
        all.returned += done.returned;
    }
    Ok(all)
}
