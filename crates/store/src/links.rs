//! Which student is which person. `link_event` is the truth, append-only; `link` is its current state.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use mde::{PersonId, StateCode};
use uuid::Uuid;

use crate::db::{Error, Result};
use crate::schema::{link, link_decision, link_queue, person, person_alias};

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
    let numbers: Vec<Number> =
        sql_query("select nextval('person_number') as number from generate_series(1, $1)")
            .bind::<BigInt, _>(count as i64)
            .load(connection)?;
    let ids: Vec<i64> = numbers.iter().map(|n| scatter(n.number)).collect();
    sql_query("insert into person (person_id, created_at) select unnest($1::bigint[]), $2")
        .bind::<Array<BigInt>, _>(&ids)
        .bind::<Timestamptz, _>(now)
        .execute(connection)?;
    ids.into_iter()
        .map(|id| {
            PersonId::new(id).map_err(|e| Error::Corrupt {
                what: "person id",
                why: e.to_string(),
            })
        })
        .collect()
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

/// Writes link changes: one event each, and the current state.
pub fn apply(connection: &mut PgConnection, changes: &[LinkChange], now: DateTime<Utc>) -> Result<()> {
    for chunk in changes.chunks(5_000) {
        let students: Vec<Uuid> = chunk.iter().map(|c| c.student_id).collect();
        let from: Vec<Option<i64>> = chunk.iter().map(|c| c.from.map(PersonId::number)).collect();
        let to: Vec<i64> = chunk.iter().map(|c| c.to.number()).collect();
        let decided: Vec<&str> = chunk.iter().map(|c| c.decided.name()).collect();
        let by: Vec<&str> = chunk.iter().map(|c| c.decided_by.as_str()).collect();
        let evidence: Vec<&serde_json::Value> = chunk.iter().map(|c| &c.evidence).collect();
        sql_query(
            "with change as (select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::jsonb[])
                    as c (student_id, from_id, to_id, decided, decided_by, evidence)),
                event as (insert into link_event (student_id, from_person_id, to_person_id, decided, decided_at, decided_by, evidence)
                    select student_id, from_id, to_id, decided, $7, decided_by, evidence from change)
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

/// Retires a person in favour of its survivor. Numbers retired earlier in favour of it follow.
pub fn retire(
    connection: &mut PgConnection,
    retired: PersonId,
    survivor: PersonId,
    now: DateTime<Utc>,
) -> Result<()> {
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
    number
        .map(|n| {
            PersonId::new(n).map_err(|e| Error::Corrupt {
                what: "person id",
                why: e.to_string(),
            })
        })
        .transpose()
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

/// What people decided about pairs.
#[derive(Debug, Clone, Queryable)]
pub struct Decision {
    /// The smaller student id.
    pub student_a: Uuid,
    /// The larger student id.
    pub student_b: Uuid,
    /// Whether they are the same child.
    pub same: bool,
}

/// Every decision of people about a pair.
pub fn decisions(connection: &mut PgConnection) -> Result<Vec<Decision>> {
    Ok(link_decision::table
        .select((
            link_decision::student_a,
            link_decision::student_b,
            link_decision::same,
        ))
        .load(connection)?)
}

/// Remembers a decision of people about a pair; a later one replaces it.
pub fn decide(
    connection: &mut PgConnection,
    (a, b): (Uuid, Uuid),
    same: bool,
    by: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let (a, b) = if a < b { (a, b) } else { (b, a) };
    let values = (
        link_decision::same.eq(same),
        link_decision::decided_at.eq(now),
        link_decision::decided_by.eq(by),
        link_decision::reason.eq(reason),
    );
    diesel::insert_into(link_decision::table)
        .values((
            link_decision::student_a.eq(a),
            link_decision::student_b.eq(b),
            values,
        ))
        .on_conflict((link_decision::student_a, link_decision::student_b))
        .do_update()
        .set(values)
        .execute(connection)?;
    Ok(())
}

/// Students that changed and that the linker has not seen, oldest first, each with the batch that changed it.
pub fn queued(connection: &mut PgConnection, limit: i64) -> Result<Vec<(Uuid, i64)>> {
    Ok(link_queue::table
        .order((link_queue::queued_at, link_queue::student_id))
        .limit(limit)
        .select((link_queue::student_id, link_queue::batch_id))
        .load(connection)?)
}

/// Lets the linker look at students whose content did not change: people have decided something about them. Batch 0
/// stands for that.
pub fn queue(connection: &mut PgConnection, ids: &[Uuid], now: DateTime<Utc>) -> Result<()> {
    let rows: Vec<_> = ids
        .iter()
        .map(|id| {
            (
                link_queue::student_id.eq(id),
                link_queue::queued_at.eq(now),
                link_queue::batch_id.eq(0),
            )
        })
        .collect();
    diesel::insert_into(link_queue::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(connection)?;
    Ok(())
}

/// The linker has seen these students as these batches left them; one that a later batch changed stays queued.
pub fn unqueue(connection: &mut PgConnection, seen: &[(Uuid, i64)]) -> Result<()> {
    let (students, batches): (Vec<Uuid>, Vec<i64>) = seen.iter().copied().unzip();
    sql_query(
        "delete from link_queue q using unnest($1::uuid[], $2::bigint[]) as s (student_id, batch_id)
         where q.student_id = s.student_id and q.batch_id = s.batch_id",
    )
    .bind::<Array<SqlUuid>, _>(students)
    .bind::<Array<BigInt>, _>(batches)
    .execute(connection)?;
    Ok(())
}

/// Number of students that wait for the linker, of one state or of all.
pub fn queue_length(connection: &mut PgConnection, state: Option<StateCode>) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Count = sql_query(
        "select count(*) as count from link_queue q join student_status t using (student_id) where $1 is null or t.state = $1",
    )
    .bind::<Nullable<Text>, _>(state.map(|s| s.to_string()))
    .get_result(connection)?;
    Ok(row.count)
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
