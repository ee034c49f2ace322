//! Move notices: written once per cause, listed and acknowledged by their recipient.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Text};
use mde::{PersonId, StateCode};
use serde::Serialize;
use uuid::Uuid;

use crate::db::Result;
use crate::deliveries::{self, Event};
use crate::persons::{self, Numbered};
use crate::schema::move_notice;

mod arrivals;
mod life;

pub use arrivals::{Arrival, arrivals};
pub use life::{
    NewAnswer, Step, Taking, Waited, Waiting, acknowledge, close, expect_answers, mark_received, mark_seen,
    reopen, steps, wait,
};

/// The hub or a state tells of a move.
const CREATED: &str = "move_notice.created";
/// What was told is not so any more.
const WITHDRAWN: &str = "move_notice.withdrawn";

/// A notice to be written.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = move_notice)]
pub struct NewNotice {
    /// `arrival`, `departure` or `inquiry`.
    pub kind: String,
    /// The state to which it is addressed.
    pub recipient: String,
    /// The state that sends it by hand; `None`: the hub noticed.
    pub sender: Option<String>,
    /// The child.
    pub person_id: i64,
    /// Whose change raised it.
    pub student_id: Option<Uuid>,
    /// Where the child was.
    pub from_state: Option<String>,
    /// Where it is or goes.
    pub to_state: Option<String>,
    /// District in the state of arrival.
    pub district: Option<String>,
    /// City in the state of arrival.
    pub city: Option<String>,
    /// `enrollment`, `residency`, `qualifying_move` or `manual`.
    pub event: String,
    /// Day of the event.
    pub event_date: Option<NaiveDate>,
    /// Day on which the child is expected.
    pub expected_date: Option<NaiveDate>,
    /// Whom to ask.
    pub contact: Option<String>,
    /// What else to say; nothing sensitive.
    pub note: Option<String>,
    /// What raised it: the same cause raises one notice, ever.
    pub cause: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: String,
}

/// A notice with its times.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = move_notice)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct Notice {
    pub move_notice_id: i64,
    pub kind: String,
    pub recipient: String,
    pub sender: Option<String>,
    pub person_id: i64,
    pub student_id: Option<Uuid>,
    pub from_state: Option<String>,
    pub to_state: Option<String>,
    pub district: Option<String>,
    pub city: Option<String>,
    pub event: String,
    pub event_date: Option<NaiveDate>,
    pub expected_date: Option<NaiveDate>,
    pub contact: Option<String>,
    pub note: Option<String>,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub received_at: Option<DateTime<Utc>>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub acknowledged_by: Option<String>,
    pub answer: Option<String>,
    pub answer_note: Option<String>,
    pub withdrawn_at: Option<DateTime<Utc>>,
    pub seen_at: Option<DateTime<Utc>>,
    pub due_on: Option<NaiveDate>,
    pub reminded_at: Option<DateTime<Utc>>,
    pub returned_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
}

/// Writes notices and tells their recipients; those whose cause has raised one before are left out. Returns the numbers
/// of the new ones.
pub fn write(connection: &mut PgConnection, notices: &[NewNotice]) -> Result<Vec<i64>> {
    let mut ids = Vec::with_capacity(notices.len());
    for chunk in notices.chunks(500) {
        let new = connection.transaction(|connection| -> Result<Vec<(i64, String)>> {
            let new: Vec<(i64, String)> = diesel::insert_into(move_notice::table)
                .values(chunk)
                .on_conflict_do_nothing()
                .returning((move_notice::move_notice_id, move_notice::recipient))
                .get_results(connection)?;
            tell(connection, CREATED, &new, chunk[0].created_at)?;
            Ok(new)
        })?;
        ids.extend(new.into_iter().map(|(id, _)| id));
    }
    Ok(ids)
}

/// Tells states of notices.
fn tell(
    connection: &mut PgConnection,
    kind: &'static str,
    notices: &[(i64, String)],
    now: DateTime<Utc>,
) -> Result<()> {
    let event = |(id, state): &(i64, String)| Event::of_notice(state, kind, *id);
    let events: Vec<Event> = notices.iter().map(event).collect();
    deliveries::tell(connection, &events, now)?;
    Ok(())
}

/// Writes what the hub did to notices.
fn note_hub(
    connection: &mut PgConnection,
    what: &'static str,
    notices: &[(i64, String)],
    now: DateTime<Utc>,
) -> Result<()> {
    let ids: Vec<i64> = notices.iter().map(|(id, _)| *id).collect();
    let step = life::NewStep {
        what,
        ..life::NewStep::default()
    };
    life::note(connection, &ids, step, now)
}

/// Which box of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Box {
    /// Addressed to it.
    Inbox,
    /// Sent by it.
    Sent,
}

/// Notices of a state, newest first, older than `before`; if `open`, only those that wait for an answer. The recipient is
/// not waited for any more after a notice was returned; its sender has it still to settle.
pub fn list(
    connection: &mut PgConnection,
    state: StateCode,
    which: Box,
    open: bool,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Notice>> {
    let mut query = move_notice::table
        .filter(move_notice::move_notice_id.lt(before.unwrap_or(i64::MAX)))
        .order(move_notice::move_notice_id.desc())
        .limit(limit)
        .select(Notice::as_select())
        .into_boxed();
    query = match which {
        Box::Inbox => query.filter(move_notice::recipient.eq(state.to_string())),
        Box::Sent => query.filter(move_notice::sender.eq(state.to_string())),
    };
    if open {
        query = query
            .filter(move_notice::acknowledged_at.is_null())
            .filter(move_notice::withdrawn_at.is_null())
            .filter(move_notice::closed_at.is_null());
    }
    if open && which == Box::Inbox {
        query = query.filter(move_notice::returned_at.is_null());
    }
    Ok(query.load(connection)?)
}

/// A notice by its number.
pub fn find(connection: &mut PgConnection, id: i64) -> Result<Option<Notice>> {
    Ok(move_notice::table
        .find(id)
        .select(Notice::as_select())
        .first(connection)
        .optional()?)
}

/// The notice that a cause raised.
pub fn find_by_cause(connection: &mut PgConnection, cause: &str) -> Result<Option<Notice>> {
    Ok(move_notice::table
        .filter(move_notice::cause.eq(cause))
        .select(Notice::as_select())
        .first(connection)
        .optional()?)
}

/// Takes back notices that nobody has answered: what raised them is not so any more. They stay readable.
pub fn withdraw(connection: &mut PgConnection, ids: &[i64], now: DateTime<Utc>) -> Result<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    connection.transaction(|connection| {
        let withdrawn: Vec<(i64, String)> =
            diesel::update(move_notice::table.filter(move_notice::move_notice_id.eq_any(ids)))
                .filter(move_notice::acknowledged_at.is_null())
                .filter(move_notice::withdrawn_at.is_null())
                .set(move_notice::withdrawn_at.eq(now))
                .returning((move_notice::move_notice_id, move_notice::recipient))
                .get_results(connection)?;
        note_hub(connection, "withdrawn", &withdrawn, now)?;
        tell(connection, WITHDRAWN, &withdrawn, now)?;
        Ok(withdrawn.len())
    })
}

/// Makes notices of these causes valid again that had been withdrawn, for the person of whom they are true now.
pub fn restore(
    connection: &mut PgConnection,
    causes: &[&str],
    person_id: i64,
    now: DateTime<Utc>,
) -> Result<usize> {
    if causes.is_empty() {
        return Ok(0);
    }
    connection.transaction(|connection| {
        let restored: Vec<(i64, String)> =
            diesel::update(move_notice::table.filter(move_notice::cause.eq_any(causes)))
                .filter(move_notice::withdrawn_at.is_not_null())
                .set((
                    move_notice::withdrawn_at.eq(None::<DateTime<Utc>>),
                    move_notice::person_id.eq(person_id),
                ))
                .returning((move_notice::move_notice_id, move_notice::recipient))
                .get_results(connection)?;
        note_hub(connection, "restored", &restored, now)?;
        tell(connection, CREATED, &restored, now)?;
        Ok(restored.len())
    })
}

/// Makes withdrawn notices of these numbers valid again.
pub fn reinstate(connection: &mut PgConnection, ids: &[i64]) -> Result<usize> {
    Ok(
        diesel::update(move_notice::table.filter(move_notice::move_notice_id.eq_any(ids)))
            .filter(move_notice::withdrawn_at.is_not_null())
            .set(move_notice::withdrawn_at.eq(None::<DateTime<Utc>>))
            .execute(connection)?,
    )
}

/// Which of these persons can have a move to tell: they have students in several states, a student that left for a
/// named state, or a notice that the hub raised of them or of one of their students.
pub fn candidates(connection: &mut PgConnection, ids: &[PersonId]) -> Result<Vec<PersonId>> {
    let rows: Vec<Numbered> = sql_query(
        "select l.person_id from link l join student_status t using (student_id) where l.person_id = any($1)
         group by l.person_id having count(distinct t.state) > 1
         union
         select l.person_id from link l join enrollment e using (student_id)
         where l.person_id = any($1) and e.withdrawal_date is not null
           and (e.destination_state is not null or e.destination_country is not null)
         union
         select person_id from move_notice where person_id = any($1) and sender is null and withdrawn_at is null
         union
         select l.person_id from link l join move_notice n using (student_id)
         where l.person_id = any($1) and n.sender is null and n.person_id <> l.person_id
         order by person_id",
    )
    .bind::<Array<BigInt>, _>(persons::numbers(ids))
    .load(connection)?;
    persons::ids(rows)
}

/// Notices about a person, newest first.
pub fn of_person(connection: &mut PgConnection, person_id: i64) -> Result<Vec<Notice>> {
    of_persons(connection, &[person_id])
}

/// The same about any of these persons.
pub fn of_persons(connection: &mut PgConnection, persons: &[i64]) -> Result<Vec<Notice>> {
    Ok(move_notice::table
        .filter(move_notice::person_id.eq_any(persons))
        .order(move_notice::move_notice_id.desc())
        .select(Notice::as_select())
        .load(connection)?)
}

/// Notices of a person move with it into its survivor.
pub fn follow(connection: &mut PgConnection, retired: i64, survivor: i64) -> Result<()> {
    diesel::update(move_notice::table.filter(move_notice::person_id.eq(retired)))
        .set(move_notice::person_id.eq(survivor))
        .execute(connection)?;
    Ok(())
}

/// What the hub noticed of a student is about the person that the student is: after a split its notices go with it.
pub fn go_with_students(connection: &mut PgConnection, persons: &[i64]) -> Result<()> {
    sql_query(
        "update move_notice n set person_id = l.person_id from link l
         where l.person_id = any($1) and n.student_id = l.student_id and n.sender is null and n.person_id <> l.person_id",
    )
    .bind::<Array<BigInt>, _>(persons)
    .execute(connection)?;
    Ok(())
}

/// Lets notices be about another person: its merge was undone.
pub fn give_back(connection: &mut PgConnection, notices: &[i64], person: i64) -> Result<()> {
    diesel::update(move_notice::table.filter(move_notice::move_notice_id.eq_any(notices)))
        .set(move_notice::person_id.eq(person))
        .execute(connection)?;
    Ok(())
}

/// Number of open notices in a state's inbox.
pub fn count_open(connection: &mut PgConnection, state: StateCode) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Count = sql_query(
        "select count(*) as count from move_notice where recipient = $1 and acknowledged_at is null and withdrawn_at is null
         and returned_at is null and closed_at is null",
    )
    .bind::<Text, _>(state.as_str())
    .get_result(connection)?;
    Ok(row.count)
}
