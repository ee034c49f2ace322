//! A state's notices: what it received, what it sent, and its answers.

use chrono::{DateTime, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use mde::StateCode;
use serde::{Deserialize, Serialize};
use store::notices::{self, NewAnswer, Notice};

use crate::error::Error;
use crate::life::{self, Changed};
use crate::sender::text;

/// What the recipient says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The child is here, or has left as told.
    Arrived,
    /// The child has not come, or has not left.
    NotArrived,
    /// The notice went to the wrong state.
    NotOurs,
    /// Something must be known before it can be said.
    NeedsData,
}

impl Answer {
    /// Its name in the tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::NotArrived => "not_arrived",
            Self::NotOurs => "not_ours",
            Self::NeedsData => "needs_data",
        }
    }
}

/// Notices addressed to a state, newest first, with numbers below `before`; only those that wait for its answer if `open`. What is listed for the first time is received at `now`: that time stays.
pub fn inbox(
    connection: &mut PgConnection,
    state: StateCode,
    open: bool,
    before: Option<i64>,
    limit: i64,
    now: DateTime<Utc>,
) -> store::Result<Vec<Notice>> {
    connection.transaction(|connection| {
        let mut list = notices::list(connection, state, notices::Box::Inbox, open, before, limit)?;
        let unseen: Vec<&mut Notice> = list.iter_mut().filter(|n| n.received_at.is_none()).collect();
        let ids: Vec<i64> = unseen.iter().map(|notice| notice.move_notice_id).collect();
        notices::mark_received(connection, &ids, now)?;
        for notice in unseen {
            notice.received_at = Some(now);
        }
        Ok(list)
    })
}

/// Notices sent by a state by hand, newest first, with numbers below `before`.
pub fn sent(
    connection: &mut PgConnection,
    state: StateCode,
    open: bool,
    before: Option<i64>,
    limit: i64,
) -> store::Result<Vec<Notice>> {
    notices::list(connection, state, notices::Box::Sent, open, before, limit)
}

/// A notice that a state received or sent; `None` for any other. What its recipient reads first at `now` is received then.
pub fn read(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
    now: DateTime<Utc>,
) -> store::Result<Option<Notice>> {
    connection.transaction(|connection| {
        let found = notices::find(connection, id)?;
        if found
            .as_ref()
            .is_some_and(|notice| notice.recipient == state.as_str())
        {
            notices::mark_received(connection, &[id], now)?;
            return notices::find(connection, id);
        }
        Ok(found.filter(|notice| notice.sender.as_deref() == Some(state.as_str())))
    })
}

/// Answers a notice; that the child arrived, or left as told, closes it. `None` if there is no such notice in the state's
/// inbox. A note has at most 500 characters.
pub fn acknowledge(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
    by: &str,
    answer: Answer,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<Changed>, Error> {
    let note = text("note", note, 500)?;
    connection.transaction(|connection| {
        let new = NewAnswer {
            answer: answer.name(),
            note: note.as_deref(),
            by,
            closes: answer == Answer::Arrived,
        };
        let recorded = notices::acknowledge(connection, id, state, new, now)?;
        let notice = notices::find(connection, id)?.filter(|notice| notice.recipient == state.as_str());
        if let Some(notice) = notice
            .as_ref()
            .filter(|notice| recorded && notice.sender.is_some())
        {
            life::look(connection, notice, now)?;
        }
        Ok(notice.map(|notice| Changed { notice, recorded }))
    })
}
