//! Sets of graduation requirements that states keep at the hub, by district or school and by entry cohort.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Text};
use mde::{Decimal, StateCode};
use serde::Deserialize;

use crate::db::{Error, Result};

/// One subject of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The state that keeps it.
    pub state: StateCode,
    /// Facility code or district; empty for the whole state.
    pub place: String,
    /// First and last year in which the grade 9 began that it is for.
    pub cohorts: (i32, i32),
    /// Subject area as the state names it.
    pub subject_area: String,
    /// Carnegie units.
    pub units: Decimal,
    /// The statute, rule or handbook.
    pub source: String,
    /// Its date.
    pub dated: NaiveDate,
}

/// That a state keeps requirements, and since when.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Kept {
    /// Postal code.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// Number of sets.
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub sets: i64,
    /// When they were entered.
    #[diesel(sql_type = diesel::sql_types::Timestamptz)]
    pub kept_at: DateTime<Utc>,
    /// By whom.
    #[diesel(sql_type = Text)]
    pub kept_by: String,
}

/// The states that keep requirements, by postal code.
pub fn kept(connection: &mut PgConnection) -> Result<Vec<Kept>> {
    Ok(sql_query(
        "select state, count(distinct (place, cohort_from)) as sets, max(kept_at) as kept_at, max(kept_by) as kept_by
         from requirement_set group by state order by state",
    )
    .load(connection)?)
}

#[derive(QueryableByName, Deserialize)]
struct Row {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = diesel::sql_types::Integer)]
    cohort_from: i32,
    #[diesel(sql_type = diesel::sql_types::Integer)]
    cohort_to: i32,
    #[diesel(sql_type = Text)]
    subject_area: String,
    #[diesel(sql_type = Text)]
    units: String,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = diesel::sql_types::Date)]
    dated: NaiveDate,
}

fn corrupt(error: impl std::fmt::Display) -> Error {
    Error::Corrupt {
        what: "requirement set",
        why: error.to_string(),
    }
}

/// All requirements that these states keep, by state, place, cohort and subject.
pub fn of_states(connection: &mut PgConnection, states: &[StateCode]) -> Result<Vec<Requirement>> {
    let codes: Vec<&str> = states.iter().map(StateCode::as_str).collect();
    let rows: Vec<Row> = sql_query(
        "select state, place, cohort_from, cohort_to, subject_area, units::text, source, dated from requirement_set
         where state = any($1) order by state, place, cohort_from, subject_area",
    )
    .bind::<Array<Text>, _>(codes)
    .load(connection)?;
    rows.into_iter().map(Requirement::try_from).collect()
}

impl TryFrom<Row> for Requirement {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            state: StateCode::new(&row.state).map_err(corrupt)?,
            place: row.place,
            cohorts: (row.cohort_from, row.cohort_to),
            subject_area: row.subject_area,
            units: row.units.parse::<Decimal>().map_err(corrupt)?.normalize(),
            source: row.source,
            dated: row.dated,
        })
    }
}

/// A requirement from its row as JSON, with the units as text.
pub(crate) fn decode(row: serde_json::Value) -> Result<Requirement> {
    serde_json::from_value::<Row>(row).map_err(corrupt)?.try_into()
}

/// Puts these requirements in the place of all that the state kept, and writes that down.
pub fn replace(
    connection: &mut PgConnection,
    state: StateCode,
    requirements: &[Requirement],
    by: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    connection.transaction(|connection| {
        sql_query("delete from requirement_set where state = $1")
            .bind::<Text, _>(state.as_str())
            .execute(connection)?;
        for requirement in requirements.iter().filter(|r| r.state == state) {
            sql_query(
                "insert into requirement_set
                   (state, place, cohort_from, cohort_to, subject_area, units, source, dated, kept_at, kept_by)
                 values ($1, $2, $3, $4, $5, $6::numeric, $7, $8, $9, $10)",
            )
            .bind::<Text, _>(state.as_str())
            .bind::<Text, _>(&requirement.place)
            .bind::<diesel::sql_types::Integer, _>(requirement.cohorts.0)
            .bind::<diesel::sql_types::Integer, _>(requirement.cohorts.1)
            .bind::<Text, _>(&requirement.subject_area)
            .bind::<Text, _>(requirement.units.to_string())
            .bind::<Text, _>(&requirement.source)
            .bind::<diesel::sql_types::Date, _>(requirement.dated)
            .bind::<diesel::sql_types::Timestamptz, _>(now)
            .bind::<Text, _>(by)
            .execute(connection)?;
        }
        let detail = serde_json::json!({ "requirements": requirements.len() });
        crate::access::audit(connection, now, by, "requirements.replace", state.as_str(), &detail)
    })
}
