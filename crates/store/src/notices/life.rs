//! What becomes of a notice: each step is written once, with its time, and told to the state that did not take it.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz};
use mde::StateCode;
use serde::Serialize;

use super::tell;
use crate::db::Result;
use crate::schema::{move_notice, notice_step};

/// The recipient has answered.
const ANSWERED: &str = "move_notice.answered";
/// One side wants it looked at again.
const REOPENED: &str = "move_notice.reopened";
/// Nobody waits for anything more.
const CLOSED: &str = "move_notice.closed";
/// Nobody has answered yet.
const REMINDED: &str = "move_notice.reminder";
/// Nobody has answered in time.
const RETURNED: &str = "move_notice.returned";

/// A step of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Serialize)]
#[diesel(table_name = notice_step)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct Step {
    pub what: String,
    pub at: DateTime<Utc>,
    pub state: Option<String>,
    pub done_by: Option<String>,
    pub answer: Option<String>,
    pub note: Option<String>,
}

/// A step as it is to be written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NewStep<'a> {
    pub(super) what: &'static str,
    pub(super) state: Option<&'a str>,
    pub(super) by: Option<&'a str>,
    pub(super) answer: Option<&'a str>,
    pub(super) note: Option<&'a str>,
    /// The state to which the feed tells it.
    pub(super) tells: Option<&'a str>,
}

/// Writes the same step of several notices.
pub(super) fn note(
    connection: &mut PgConnection,
    ids: &[i64],
    new: NewStep<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    sql_query(
        "insert into notice_step (move_notice_id, what, at, state, done_by, answer, note, tells)
         select id, $2, $3, $4, $5, $6, $7, $8 from unnest($1) as noted (id) order by id",
    )
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Text, _>(new.what)
    .bind::<Timestamptz, _>(now)
    .bind::<Nullable<Text>, _>(new.state)
    .bind::<Nullable<Text>, _>(new.by)
    .bind::<Nullable<Text>, _>(new.answer)
    .bind::<Nullable<Text>, _>(new.note)
    .bind::<Nullable<Text>, _>(new.tells)
    .execute(connection)?;
    Ok(())
}

/// The steps of a notice, oldest first; that it was sent is none of them.
pub fn steps(connection: &mut PgConnection, id: i64) -> Result<Vec<Step>> {
    Ok(notice_step::table
        .filter(notice_step::move_notice_id.eq(id))
        .order((notice_step::at, notice_step::notice_step_id))
        .select(Step::as_select())
        .load(connection)?)
}

/// Notes when these notices first reached their recipient's list; the first time stays.
pub fn mark_received(connection: &mut PgConnection, ids: &[i64], now: DateTime<Utc>) -> Result<()> {
    sql_query(
        "with got as (
            update move_notice set received_at = $2 where move_notice_id = any($1) and received_at is null
            returning move_notice_id, recipient)
         insert into notice_step (move_notice_id, what, at, state)
         select move_notice_id, 'received', $2, recipient from got order by 1",
    )
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// Notes who of the recipient's people opened a notice first. In the caller's transaction.
pub fn mark_seen(
    connection: &mut PgConnection,
    id: i64,
    recipient: StateCode,
    by: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let seen = diesel::update(move_notice::table.find(id))
        .filter(move_notice::recipient.eq(recipient.as_str()))
        .filter(move_notice::seen_at.is_null())
        .set(move_notice::seen_at.eq(now))
        .execute(connection)?;
    if seen == 0 {
        return Ok(());
    }
    let step = NewStep {
        what: "seen",
        state: Some(recipient.as_str()),
        by: Some(by),
        ..NewStep::default()
    };
    note(connection, &[id], step, now)
}

/// An answer as it is to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewAnswer<'a> {
    /// `arrived`, `not_arrived`, `not_ours` or `needs_data`.
    pub answer: &'a str,
    /// What else is said.
    pub note: Option<&'a str>,
    /// The account or certificate.
    pub by: &'a str,
    /// Whether nobody waits for anything more after it.
    pub closes: bool,
}

/// Writes the recipient's answer and tells the sender, if a state sent it. `false` if it was answered, closed or
/// withdrawn before, or is not the recipient's. What was returned without an answer can be answered still.
pub fn acknowledge(
    connection: &mut PgConnection,
    id: i64,
    recipient: StateCode,
    new: NewAnswer<'_>,
    now: DateTime<Utc>,
) -> Result<bool> {
    connection.transaction(|connection| {
        let sender: Option<Option<String>> = diesel::update(move_notice::table.find(id))
            .filter(move_notice::recipient.eq(recipient.as_str()))
            .filter(move_notice::acknowledged_at.is_null())
            .filter(move_notice::withdrawn_at.is_null())
            .filter(move_notice::closed_at.is_null())
            .set((
                move_notice::acknowledged_at.eq(now),
                move_notice::acknowledged_by.eq(new.by),
                move_notice::answer.eq(new.answer),
                move_notice::answer_note.eq(new.note),
                move_notice::closed_at.eq(new.closes.then_some(now)),
            ))
            .returning(move_notice::sender)
            .get_result(connection)
            .optional()?;
        let Some(sender) = sender else { return Ok(false) };
        mark_received(connection, &[id], now)?;
        let step = NewStep {
            what: "answered",
            state: Some(recipient.as_str()),
            by: Some(new.by),
            answer: Some(new.answer),
            note: new.note,
            tells: sender.as_deref(),
        };
        step_and_tell(connection, id, step, ANSWERED, now)?;
        Ok(true)
    })
}

/// Writes a step of one notice, and tells the state that it names outside too.
fn step_and_tell(
    connection: &mut PgConnection,
    id: i64,
    step: NewStep<'_>,
    kind: &'static str,
    now: DateTime<Utc>,
) -> Result<()> {
    note(connection, &[id], step, now)?;
    let told: Vec<(i64, String)> = step
        .tells
        .map(|state| (id, state.to_owned()))
        .into_iter()
        .collect();
    tell(connection, kind, &told, now)
}

/// The days on which an answer is asked for again and on which it is waited for no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The day of the reminder.
    pub remind_on: NaiveDate,
    /// The last day for an answer.
    pub due_on: NaiveDate,
}

/// From when on an answer to these notices is waited for, by the state to which they are addressed.
pub fn expect_answers(
    connection: &mut PgConnection,
    ids: &[i64],
    waiting: &[(StateCode, Waiting)],
) -> Result<()> {
    let column = |pick: fn(&Waiting) -> NaiveDate| -> Vec<NaiveDate> {
        waiting.iter().map(|(_, days)| pick(days)).collect()
    };
    sql_query(
        "update move_notice m set remind_on = w.remind_on, due_on = w.due_on
         from unnest($2, $3, $4) as w (state, remind_on, due_on)
         where m.move_notice_id = any($1) and m.recipient = w.state",
    )
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Text>, _>(
        waiting
            .iter()
            .map(|(state, _)| state.as_str())
            .collect::<Vec<_>>(),
    )
    .bind::<Array<Date>, _>(column(|days| days.remind_on))
    .bind::<Array<Date>, _>(column(|days| days.due_on))
    .execute(connection)?;
    Ok(())
}

/// Who takes a step, and why.
#[derive(Debug, Clone, Copy)]
pub struct Taking<'a> {
    /// The state that takes it.
    pub state: StateCode,
    /// The other one, if there is one.
    pub other: Option<&'a str>,
    /// The account or certificate.
    pub by: &'a str,
    /// Why.
    pub why: Option<&'a str>,
}

/// Lets a notice wait for an answer again that was answered, closed or returned; the answer stays among its steps.
/// `false` if it waits already or is withdrawn.
pub fn reopen(
    connection: &mut PgConnection,
    id: i64,
    taking: Taking<'_>,
    waiting: Waiting,
    now: DateTime<Utc>,
) -> Result<bool> {
    connection.transaction(|connection| {
        let done = diesel::update(move_notice::table.find(id))
            .filter(move_notice::withdrawn_at.is_null())
            .filter(
                move_notice::acknowledged_at
                    .is_not_null()
                    .or(move_notice::closed_at.is_not_null())
                    .or(move_notice::returned_at.is_not_null()),
            )
            .set((
                (
                    move_notice::acknowledged_at.eq(None::<DateTime<Utc>>),
                    move_notice::acknowledged_by.eq(None::<String>),
                    move_notice::answer.eq(None::<String>),
                    move_notice::answer_note.eq(None::<String>),
                ),
                (
                    move_notice::closed_at.eq(None::<DateTime<Utc>>),
                    move_notice::returned_at.eq(None::<DateTime<Utc>>),
                    move_notice::reminded_at.eq(None::<DateTime<Utc>>),
                    move_notice::remind_on.eq(waiting.remind_on),
                    move_notice::due_on.eq(waiting.due_on),
                ),
            ))
            .execute(connection)?;
        if done == 1 {
            step_and_tell(connection, id, taking.step("reopened"), REOPENED, now)?;
        }
        Ok(done == 1)
    })
}

/// Closes a notice: nobody waits for anything more. `false` if it is closed or withdrawn already.
pub fn close(connection: &mut PgConnection, id: i64, taking: Taking<'_>, now: DateTime<Utc>) -> Result<bool> {
    connection.transaction(|connection| {
        let done = diesel::update(move_notice::table.find(id))
            .filter(move_notice::withdrawn_at.is_null())
            .filter(move_notice::closed_at.is_null())
            .set(move_notice::closed_at.eq(now))
            .execute(connection)?;
        if done == 1 {
            step_and_tell(connection, id, taking.step("closed"), CLOSED, now)?;
        }
        Ok(done == 1)
    })
}

impl<'a> Taking<'a> {
    fn step(&'a self, what: &'static str) -> NewStep<'a> {
        NewStep {
            what,
            state: Some(self.state.as_str()),
            by: Some(self.by),
            answer: None,
            note: self.why,
            tells: self.other,
        }
    }
}

/// What a look at the notices of a state did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waited {
    /// The recipient was reminded of so many.
    pub reminded: usize,
    /// So many went back to their senders.
    pub returned: usize,
}

#[derive(QueryableByName)]
struct Addressed {
    #[diesel(sql_type = BigInt)]
    move_notice_id: i64,
    #[diesel(sql_type = Text)]
    state: String,
}

/// Returns to their senders what a state has not answered by the day before `today`, a day there, and reminds it of what
/// is to be answered soon; each once. What the hub noticed goes back to nobody: it is reminded of and stays.
pub fn wait(
    connection: &mut PgConnection,
    recipient: StateCode,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Waited> {
    const WAITING: &str =
        "recipient = $1 and acknowledged_at is null and withdrawn_at is null and returned_at is null
        and closed_at is null";
    connection.transaction(|connection| {
        let mut look = |what: &str, set: &str, due: &str, tells: &str, kind: &'static str| -> Result<usize> {
            let found: Vec<Addressed> = sql_query(format!(
                "with found as (
                    update move_notice set {set} = $3 where {WAITING} and {due} returning move_notice_id, {tells} as state),
                 noted as (
                    insert into notice_step (move_notice_id, what, at, tells)
                    select move_notice_id, '{what}', $3, state from found order by move_notice_id)
                 select move_notice_id, state from found order by move_notice_id"
            ))
            .bind::<Text, _>(recipient.as_str())
            .bind::<Date, _>(today)
            .bind::<Timestamptz, _>(now)
            .load(connection)?;
            let told: Vec<(i64, String)> = found.into_iter().map(|a| (a.move_notice_id, a.state)).collect();
            tell(connection, kind, &told, now)?;
            Ok(told.len())
        };
        let late = "sender is not null and due_on < $2";
        let returned = look("returned", "returned_at", late, "sender", RETURNED)?;
        let soon = "remind_on <= $2 and reminded_at is null";
        let reminded = look("reminded", "reminded_at", soon, "recipient", REMINDED)?;
        Ok(Waited { reminded, returned })
    })
}
