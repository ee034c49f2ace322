//! What a state is told of the rows of other states' students, and what it was told before.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Binary, Date, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use mde::{PersonId, StateCode};
use uuid::Uuid;

use crate::db::{Error, Result};
use crate::persons::{self, Numbered};

/// What of another state's student is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// Its enrollments.
    Enrollment,
    /// Its courses.
    Course,
    /// Its assessments.
    Assessment,
    /// Its immunizations.
    Immunization,
    /// The last day of its eligibility.
    Eligibility,
    /// What a school says of it at its departure, until that is replaced, taken back or confirmed.
    HandOff,
}

impl About {
    /// All of it.
    pub const ALL: [Self; 6] = [
        Self::Enrollment,
        Self::Course,
        Self::Assessment,
        Self::Immunization,
        Self::Eligibility,
        Self::HandOff,
    ];

    /// Its name in the feed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Enrollment => "enrollment",
            Self::Course => "course",
            Self::Assessment => "assessment",
            Self::Immunization => "immunization",
            Self::Eligibility => "eligibility",
            Self::HandOff => "hand_off",
        }
    }
}

/// What a state was told of another state's student.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Whose rows.
    pub student_id: Uuid,
    /// Who was told.
    pub state: StateCode,
    /// Which rows.
    pub about: About,
    /// As whose.
    pub person_id: i64,
    /// The rows, each by the first eight bytes of its hash, in order.
    pub rows: Vec<u64>,
}

/// An entry of the feed about another state's student.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Who is told.
    pub state: StateCode,
    /// Of what.
    pub about: About,
    /// Of which child.
    pub person_id: i64,
    /// Its student in the state that is told.
    pub own: Option<Uuid>,
    /// Who says it.
    pub from_state: Option<StateCode>,
    /// Rows that were not told before.
    pub added: i64,
    /// Rows that were told and are not there any more.
    pub removed: i64,
    /// Last day of eligibility.
    pub ends_on: Option<NaiveDate>,
}

/// Which of these persons can have something to tell: students of several states, or something that was told before.
pub fn candidates(connection: &mut PgConnection, ids: &[PersonId]) -> Result<Vec<PersonId>> {
    let rows: Vec<Numbered> = sql_query(
        "select l.person_id from link l join student_status t using (student_id) where l.person_id = any($1)
         group by l.person_id having count(distinct t.state) > 1
         union
         select person_id from change_told where person_id = any($1)
         order by person_id",
    )
    .bind::<Array<BigInt>, _>(persons::numbers(ids))
    .load(connection)?;
    persons::ids(rows)
}

/// What was told of a person, or of these students under another number.
pub fn told(connection: &mut PgConnection, person_id: i64, students: &[Uuid]) -> Result<Vec<Told>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        student_id: Uuid,
        #[diesel(sql_type = Text)]
        state: String,
        #[diesel(sql_type = Text)]
        kind: String,
        #[diesel(sql_type = BigInt)]
        person_id: i64,
        #[diesel(sql_type = Binary)]
        rows: Vec<u8>,
    }
    let rows: Vec<Row> = sql_query(
        "select student_id, state, kind, person_id, rows from change_told
         where person_id = $1 or student_id = any($2)",
    )
    .bind::<BigInt, _>(person_id)
    .bind::<Array<SqlUuid>, _>(students)
    .load(connection)?;
    let corrupt = |why: String| Error::Corrupt {
        what: "note of what was told",
        why,
    };
    let mut told = rows
        .into_iter()
        .map(|row| {
            let about = About::ALL.into_iter().find(|about| about.name() == row.kind);
            Ok(Told {
                student_id: row.student_id,
                state: StateCode::new(&row.state).map_err(|error| corrupt(error.to_string()))?,
                about: about.ok_or_else(|| corrupt(format!("{} is not known", row.kind)))?,
                person_id: row.person_id,
                rows: row
                    .rows
                    .as_chunks()
                    .0
                    .iter()
                    .map(|bytes| u64::from_be_bytes(*bytes))
                    .collect(),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    told.sort_unstable_by_key(|told| (told.student_id, told.state, told.about));
    Ok(told)
}

/// Notes what was told, in place of what was noted before.
pub fn remember(connection: &mut PgConnection, told: &[Told]) -> Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    sql_query(
        "insert into change_told (student_id, state, kind, person_id, rows)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bytea[])
         on conflict (student_id, state, kind) do update set person_id = excluded.person_id, rows = excluded.rows",
    )
    .bind::<Array<SqlUuid>, _>(told.iter().map(|t| t.student_id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(told.iter().map(|t| t.state.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(told.iter().map(|t| t.about.name()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(told.iter().map(|t| t.person_id).collect::<Vec<_>>())
    .bind::<Array<Binary>, _>(told.iter().map(bytes).collect::<Vec<_>>())
    .execute(connection)?;
    Ok(())
}

fn bytes(told: &Told) -> Vec<u8> {
    told.rows.iter().flat_map(|row| row.to_be_bytes()).collect()
}

/// Takes away the notes of what is not to be told any more.
pub fn forget(connection: &mut PgConnection, told: &[&Told]) -> Result<()> {
    let mut by_state: HashMap<(StateCode, About), Vec<Uuid>> = HashMap::new();
    for one in told {
        by_state
            .entry((one.state, one.about))
            .or_default()
            .push(one.student_id);
    }
    for ((state, about), students) in by_state {
        sql_query("delete from change_told where student_id = any($1) and state = $2 and kind = $3")
            .bind::<Array<SqlUuid>, _>(students)
            .bind::<Text, _>(state.as_str())
            .bind::<Text, _>(about.name())
            .execute(connection)?;
    }
    Ok(())
}

/// Writes entries of the feed in their order. The caller's transaction holds [`crate::links::lock`].
pub fn write(connection: &mut PgConnection, entries: &[Entry], now: DateTime<Utc>) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    crate::links::lock(connection)?;
    sql_query(
        "insert into change (state, kind, at, person_id, student_id, from_state, added, removed, ends_on)
         select state, kind, $9, person_id, own, from_state, added, removed, ends_on
         from unnest($1::text[], $2::text[], $3::bigint[], $4::uuid[], $5::text[], $6::bigint[], $7::bigint[], $8::date[])
            with ordinality as e (state, kind, person_id, own, from_state, added, removed, ends_on, n) order by n",
    )
    .bind::<Array<Text>, _>(entries.iter().map(|e| e.state.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(entries.iter().map(|e| e.about.name()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(entries.iter().map(|e| e.person_id).collect::<Vec<_>>())
    .bind::<Array<Nullable<SqlUuid>>, _>(entries.iter().map(|e| e.own).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(
        entries
            .iter()
            .map(|e| e.from_state.map(|state| state.to_string()))
            .collect::<Vec<_>>(),
    )
    .bind::<Array<BigInt>, _>(entries.iter().map(|e| e.added).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(entries.iter().map(|e| e.removed).collect::<Vec<_>>())
    .bind::<Array<Nullable<Date>>, _>(entries.iter().map(|e| e.ends_on).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}
