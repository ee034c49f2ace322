//! Which persons hold statements that contradict each other, by state and kind. The statements themselves are read
//! with the record.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
use mde::{PersonId, StateCode};

use crate::db::Result;
use crate::persons::{self, Numbered};
use crate::prepared::prepared;
use crate::work_items::Scope;

/// How many persons of a state hold a kind of contradiction.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Tally {
    /// The kind.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Persons.
    #[diesel(sql_type = BigInt)]
    pub persons: i64,
}

/// Those of these persons who have several students, or of whom something was found before. What one state alone says
/// wrongly of a child its findings tell.
pub fn candidates(connection: &mut PgConnection, persons: &[PersonId]) -> Result<Vec<PersonId>> {
    let numbers = persons::numbers(persons);
    let rows: Vec<Numbered> = prepared(
        "select person_id from unnest($1) as p (person_id)
         where (select count(*) from link l where l.person_id = p.person_id) > 1
            or exists (select from disagreement d where d.person_id = p.person_id)
         order by person_id",
    )
    .bind::<Array<BigInt>, _>(numbers)
    .load(connection)?;
    persons::ids(rows)
}

/// The next such persons of all, by number, after `after`.
pub fn next_candidates(
    connection: &mut PgConnection,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<PersonId>> {
    let rows: Vec<Numbered> = prepared(
        "(select person_id from link where person_id > $1 group by person_id having count(*) > 1 order by person_id limit $2)
         union
         (select distinct person_id from disagreement where person_id > $1 order by person_id limit $2)
         order by person_id limit $2",
    )
    .bind::<BigInt, _>(after.map_or(0, PersonId::number))
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    persons::ids(rows)
}

/// Puts what was found of these persons, as person, state and kind, in the place of what was found before. What is found
/// again keeps its time.
pub fn replace(
    connection: &mut PgConnection,
    persons: &[PersonId],
    found: &[(PersonId, StateCode, &str)],
    now: DateTime<Utc>,
) -> Result<()> {
    let numbers = persons::numbers(persons);
    let of: Vec<i64> = found.iter().map(|(id, ..)| id.number()).collect();
    let states: Vec<&str> = found.iter().map(|(_, state, _)| state.as_str()).collect();
    let kinds: Vec<&str> = found.iter().map(|(.., kind)| *kind).collect();
    prepared(
        "with found as (select distinct * from unnest($2::bigint[], $3::text[], $4::text[]) as f (person_id, state, kind)),
              gone as (delete from disagreement d where d.person_id = any((select $1)::bigint[])
                         and not exists (select from found f where f.person_id = d.person_id and f.state = d.state and f.kind = d.kind))
         insert into disagreement (person_id, state, kind, found_at) select person_id, state, kind, $5 from found
         on conflict do nothing",
    )
    .bind::<Array<BigInt>, _>(numbers)
    .bind::<Array<BigInt>, _>(of)
    .bind::<Array<Text>, _>(states)
    .bind::<Array<Text>, _>(kinds)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// Whether a person `d.person_id` of the state `$1` is on the list of the districts `$2`: by its latest enrollment
/// there, as work items are given to districts. All persons are on the state's own list.
macro_rules! in_scope {
    () => {
        "($2::text[] is null or (
             select coalesce(f.district, e.district_of_residence)
             from link l join student_status t using (student_id)
             left join enrollment e on e.student_id = l.student_id
             left join facility f on f.state = t.state and f.code = e.facility_code
             where l.person_id = d.person_id and t.state = $1 and t.status = 'live'
             order by e.enrollment_date desc nulls last, l.student_id, e.ordinal desc limit 1) = any($2))"
    };
}

/// How many persons of a state, or of some districts of it, hold each kind. Nobody is of no state.
pub fn tally(connection: &mut PgConnection, scope: &Scope) -> Result<Vec<Tally>> {
    let (state, districts) = scope.parts();
    Ok(sql_query(concat!(
        "select kind, count(*) as persons from disagreement d where state = $1 and ",
        in_scope!(),
        " group by kind order by kind",
    ))
    .bind::<Nullable<Text>, _>(state)
    .bind::<Nullable<Array<Text>>, _>(districts)
    .load(connection)?)
}

/// The next persons of a state, or of some districts of it, that hold a kind (or any), by number, after `after`. What was
/// found under a number that has been retired since is left out: the survivor has its own.
pub fn persons(
    connection: &mut PgConnection,
    scope: &Scope,
    kind: Option<&str>,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<PersonId>> {
    let (state, districts) = scope.parts();
    let rows: Vec<Numbered> = sql_query(concat!(
        "select distinct person_id from disagreement d
         where state = $1 and ($3::text is null or kind = $3) and person_id > $4
           and not exists (select from person_alias a where a.retired_id = d.person_id) and ",
        in_scope!(),
        " order by person_id limit $5",
    ))
    .bind::<Nullable<Text>, _>(state)
    .bind::<Nullable<Array<Text>>, _>(districts)
    .bind::<Nullable<Text>, _>(kind)
    .bind::<BigInt, _>(after.map_or(0, PersonId::number))
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    persons::ids(rows)
}
