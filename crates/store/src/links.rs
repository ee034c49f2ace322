//! Which student is which person. `link_event` is the truth, append-only; `link` is its current state.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use mde::PersonId;
use uuid::Uuid;

use crate::changes;
use crate::db::{Error, Result};
use crate::prepared::prepared;
use crate::schema::{link, link_event, person, person_alias};

mod decisions;
mod queue;
mod replay;

pub use decisions::{Decision, Different, decide, decisions, decisions_of, different_of, set_weights};
pub use queue::{Queued, queue, queue_length, queued, unqueue};
pub use replay::{disagreements, replay};

/// Key of the advisory lock under which one transaction at a time changes links.
const LOCK: i64 = 0x6d61_7269_6c69_6e6b;

/// Lets one transaction at a time change links and what is decided about them, until its end. Whoever also locks other
/// rows takes this first. The feed of changes relies on it for its order.
pub fn lock(connection: &mut PgConnection) -> Result<()> {
    prepared("select pg_advisory_xact_lock($1)")
        .bind::<BigInt, _>(LOCK)
        .execute(connection)?;
    Ok(())
}

/// Key of the advisory lock of the one linker of a database.
const LINKER: i64 = 0x6d61_7269_6c69_6e72;

/// Takes the place of the linker of this database, for this connection, until [`leave_linker`] or the connection's end.
/// Only who has it takes students from the queue: the index that it holds in memory would miss what another one took.
/// `false` if another connection has it.
pub fn be_linker(connection: &mut PgConnection) -> Result<bool> {
    advisory(connection, "select pg_try_advisory_lock($1) as done")
}

/// Gives the place of the linker free. `false` if this connection did not have it.
pub fn leave_linker(connection: &mut PgConnection) -> Result<bool> {
    advisory(connection, "select pg_advisory_unlock($1) as done")
}

fn advisory(connection: &mut PgConnection, statement: &str) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Done {
        #[diesel(sql_type = Bool)]
        done: bool,
    }
    let row: Done = sql_query(statement)
        .bind::<BigInt, _>(LINKER)
        .get_result(connection)?;
    Ok(row.done)
}

/// How a link was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// The student is the first of a new person.
    New,
    /// The engine was sure.
    Automatic,
    /// People decided.
    Reviewed,
}

impl Decided {
    /// Its name in the tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Automatic => "automatic",
            Self::Reviewed => "reviewed",
        }
    }
}

/// Numbers of `count` new persons. The sequence is scattered over the twelve digits by a permutation, so that a number
/// says nothing about when or next to whom a child was first seen, and two can never be the same.
pub fn new_persons(connection: &mut PgConnection, count: usize, now: DateTime<Utc>) -> Result<Vec<PersonId>> {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    if count == 0 {
        return Ok(Vec::new());
    }
    let numbers: Vec<Number> =
        sql_query("select nextval('person_number') as number from generate_series(1, $1)")
            .bind::<BigInt, _>(count as i64)
            .load(connection)?;
    let ids: Vec<i64> = numbers.iter().map(|n| scatter(n.number)).collect();
    sql_query("insert into person (person_id, created_at) select unnest($1::bigint[]), $2")
        .bind::<Array<BigInt>, _>(&ids)
        .bind::<Timestamptz, _>(now)
        .execute(connection)?;
    ids.into_iter().map(crate::persons::id).collect()
}

/// How many numbers of twelve digits do not start with a zero.
const RANGE: i128 = 900_000_000_000;
/// Shares no divisor with `RANGE` (2, 3 and 5), or two persons would meet.
const FACTOR: i128 = 556_230_491_837;

/// A permutation of 0..9·10^11 shifted to twelve digits: multiplication by a number without a common divisor.
fn scatter(number: i64) -> i64 {
    (100_000_000_000 + (i128::from(number) * FACTOR) % RANGE) as i64
}

/// A change of one link, to be written with its reason.
#[derive(Debug, Clone)]
pub struct LinkChange {
    /// The student.
    pub student_id: Uuid,
    /// Its person before, if it had one.
    pub from: Option<PersonId>,
    /// Its person now.
    pub to: PersonId,
    /// How it was decided.
    pub decided: Decided,
    /// By which model or account.
    pub decided_by: String,
    /// What explains it.
    pub evidence: serde_json::Value,
}

/// Writes link changes: one event each, the current state, and an entry in the feed of the student's state.
/// [`Error::LinkMoved`] if a student is no longer where the change says it was.
pub fn apply(connection: &mut PgConnection, changes: &[LinkChange], now: DateTime<Utc>) -> Result<()> {
    #[derive(QueryableByName)]
    struct Moved {
        #[diesel(sql_type = BigInt)]
        moved: i64,
    }
    if changes.is_empty() {
        return Ok(());
    }
    lock(connection)?;
    for chunk in changes.chunks(5_000) {
        let students: Vec<Uuid> = chunk.iter().map(|c| c.student_id).collect();
        let from: Vec<Option<i64>> = chunk.iter().map(|c| c.from.map(PersonId::number)).collect();
        let to: Vec<i64> = chunk.iter().map(|c| c.to.number()).collect();
        let decided: Vec<&str> = chunk.iter().map(|c| c.decided.name()).collect();
        let by: Vec<&str> = chunk.iter().map(|c| c.decided_by.as_str()).collect();
        let there: Moved = sql_query(
            "select count(*) as moved from unnest($1::uuid[], $2::bigint[]) as c (student_id, from_id)
             left join link l using (student_id) where l.person_id is distinct from c.from_id",
        )
        .bind::<Array<SqlUuid>, _>(&students)
        .bind::<Array<Nullable<BigInt>>, _>(&from)
        .get_result(connection)?;
        if there.moved > 0 {
            return Err(Error::LinkMoved);
        }
        let evidence: Vec<&serde_json::Value> = chunk.iter().map(|c| &c.evidence).collect();
        sql_query(
            "with change as (select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::jsonb[])
                    as c (student_id, from_id, to_id, decided, decided_by, evidence)),
                event as (insert into link_event (student_id, from_person_id, to_person_id, decided, decided_at, decided_by, evidence)
                    select student_id, from_id, to_id, decided, $7, decided_by, evidence from change),
                feed as (insert into change (state, kind, at, student_id, person_id, former_person_id)
                    select t.state, 'link', $7, c.student_id, c.to_id, c.from_id from change c join student_status t using (student_id))
             insert into link (student_id, person_id, decided, decided_at) select student_id, to_id, decided, $7 from change
             on conflict (student_id) do update set person_id = excluded.person_id, decided = excluded.decided, decided_at = excluded.decided_at",
        )
        .bind::<Array<SqlUuid>, _>(students)
        .bind::<Array<Nullable<BigInt>>, _>(from)
        .bind::<Array<BigInt>, _>(to)
        .bind::<Array<Text>, _>(decided)
        .bind::<Array<Text>, _>(by)
        .bind::<Array<Jsonb>, _>(evidence)
        .bind::<Timestamptz, _>(now)
        .execute(connection)?;
    }
    Ok(())
}

/// Retires a person in favour of its survivor. Numbers retired earlier in favour of it follow, and so do the open
/// questions about it and what holds it. The states of both persons are told.
pub fn retire(
    connection: &mut PgConnection,
    retired: PersonId,
    survivor: PersonId,
    now: DateTime<Utc>,
) -> Result<()> {
    retire_for(connection, retired, survivor, None, now)
}

/// The same by the decision of people that has this number.
pub fn retire_for(
    connection: &mut PgConnection,
    retired: PersonId,
    survivor: PersonId,
    work_item_id: Option<i64>,
    now: DateTime<Utc>,
) -> Result<()> {
    lock(connection)?;
    changes::tell(
        connection,
        changes::Kind::Merge,
        survivor,
        Some(retired),
        work_item_id,
        now,
    )?;
    crate::work_items::follow(connection, retired.number(), survivor.number())?;
    diesel::update(person_alias::table.filter(person_alias::person_id.eq(retired.number())))
        .set(person_alias::person_id.eq(survivor.number()))
        .execute(connection)?;
    diesel::insert_into(person_alias::table)
        .values((
            person_alias::retired_id.eq(retired.number()),
            person_alias::person_id.eq(survivor.number()),
            person_alias::since.eq(now),
        ))
        .on_conflict(person_alias::retired_id)
        .do_update()
        .set(person_alias::person_id.eq(survivor.number()))
        .execute(connection)?;
    Ok(())
}

/// What retired numbers resolve to, of those that lead to one of these persons: pairs of retired number and survivor.
pub fn aliases(connection: &mut PgConnection, survivors: &[i64]) -> Result<Vec<(i64, i64)>> {
    Ok(person_alias::table
        .filter(person_alias::person_id.eq_any(survivors))
        .order(person_alias::retired_id)
        .select((person_alias::retired_id, person_alias::person_id))
        .load(connection)?)
}

/// Lets a retired number live again: its merge is undone.
pub fn revive(connection: &mut PgConnection, id: PersonId) -> Result<()> {
    diesel::delete(person_alias::table.find(id.number())).execute(connection)?;
    Ok(())
}

/// Lets a number that is retired lead to another person. A number that lives is left alone.
pub fn redirect(connection: &mut PgConnection, retired: i64, survivor: PersonId) -> Result<()> {
    diesel::update(person_alias::table.find(retired))
        .set(person_alias::person_id.eq(survivor.number()))
        .execute(connection)?;
    Ok(())
}

/// The survivor of a number: itself, the person it was merged into, or `None` for a number that never was.
pub fn survivor(connection: &mut PgConnection, id: PersonId) -> Result<Option<PersonId>> {
    let alias: Option<i64> = person_alias::table
        .find(id.number())
        .select(person_alias::person_id)
        .first(connection)
        .optional()?;
    let number = match alias {
        Some(number) => Some(number),
        None => person::table
            .find(id.number())
            .select(person::person_id)
            .first(connection)
            .optional()?,
    };
    number.map(crate::persons::id).transpose()
}

/// Current persons of students: pairs of student and person; students without a link are absent.
pub fn of_students(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<(Uuid, i64)>> {
    Ok(link::table
        .filter(link::student_id.eq_any(ids))
        .select((link::student_id, link::person_id))
        .load(connection)?)
}

/// All current links: student and person.
pub fn all(connection: &mut PgConnection) -> Result<Vec<(Uuid, i64)>> {
    Ok(link::table
        .select((link::student_id, link::person_id))
        .load(connection)?)
}

/// Students of persons: pairs of person and student.
pub fn members(connection: &mut PgConnection, persons: &[i64]) -> Result<Vec<(i64, Uuid)>> {
    Ok(link::table
        .filter(link::person_id.eq_any(persons))
        .order((link::person_id, link::student_id))
        .select((link::person_id, link::student_id))
        .load(connection)?)
}

/// A line of the open export of links.
#[derive(Debug, Clone, QueryableByName)]
pub struct ExportedLink {
    /// Postal code.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// The state's identifier.
    #[diesel(sql_type = Text)]
    pub state_student_id: String,
    /// Its person; `None` while the linker has not seen it.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub person_id: Option<i64>,
    /// Whether the state still reports it.
    #[diesel(sql_type = Bool)]
    pub live: bool,
}

/// Every student with its person, by state and identifier.
pub fn export(connection: &mut PgConnection) -> Result<Vec<ExportedLink>> {
    Ok(sql_query(
        "select s.state, s.state_student_id, l.person_id, t.status = 'live' as live
         from student s join student_status t using (student_id) left join link l using (student_id)
         order by s.state, s.state_student_id",
    )
    .load(connection)?)
}

/// One entry of the history of a student's links.
#[derive(Debug, Clone, QueryableByName, serde::Serialize)]
pub struct LinkEvent {
    /// The student.
    #[diesel(sql_type = SqlUuid)]
    pub student_id: Uuid,
    /// Its person before.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub from_person_id: Option<i64>,
    /// Its person after.
    #[diesel(sql_type = BigInt)]
    pub to_person_id: i64,
    /// How it was decided.
    #[diesel(sql_type = Text)]
    pub decided: String,
    /// When.
    #[diesel(sql_type = Timestamptz)]
    pub decided_at: DateTime<Utc>,
    /// By which model or account.
    #[diesel(sql_type = Text)]
    pub decided_by: String,
    /// What explains it.
    #[diesel(sql_type = Jsonb)]
    pub evidence: serde_json::Value,
}

/// The history of links of these students, oldest first.
pub fn events(connection: &mut PgConnection, students: &[Uuid]) -> Result<Vec<LinkEvent>> {
    Ok(sql_query(
        "select student_id, from_person_id, to_person_id, decided, decided_at, decided_by, evidence from link_event
         where student_id = any($1) order by link_event_id",
    )
    .bind::<Array<SqlUuid>, _>(students)
    .load(connection)?)
}

/// The number of the last entry of the log; 0 while there is none. Numbers are drawn under [`lock`], so whoever holds it
/// and finds the number that it has read to has read everything.
pub fn last_event(connection: &mut PgConnection) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = BigInt)]
        last: i64,
    }
    let row: Last =
        prepared("select coalesce(max(link_event_id), 0) as last from link_event").get_result(connection)?;
    Ok(row.last)
}

/// What the log says after its entry of this number, oldest first: number, student, and its person from then on.
pub fn events_after(connection: &mut PgConnection, last: i64) -> Result<Vec<(i64, Uuid, i64)>> {
    Ok(link_event::table
        .filter(link_event::link_event_id.gt(last))
        .order(link_event::link_event_id)
        .select((
            link_event::link_event_id,
            link_event::student_id,
            link_event::to_person_id,
        ))
        .load(connection)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn person_numbers_have_twelve_digits_and_never_meet() {
        let ids: HashSet<i64> = (1..200_000).map(scatter).collect();
        assert_eq!(ids.len(), 199_999);
        assert!(ids.iter().all(|id| PersonId::new(*id).is_ok()));
        let divisor = |mut a: i128, mut b: i128| {
            while b != 0 {
                (a, b) = (b, a % b);
            }
            a
        };
        assert_eq!(divisor(RANGE, FACTOR), 1);
    }
}
