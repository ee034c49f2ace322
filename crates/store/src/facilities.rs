//! Facilities: schools, sites and offices, as their states name them. No personal data.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::pg::{CopyFormat, PgConnection};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Jsonb, Text, Timestamptz};
use mde::{Facility, StateCode};

use crate::copy::{Rows, copy_into};
use crate::db::{Error, Result};
use crate::schema::facility;
use crate::students::{Said, Source};

/// A facility as it is held, and who said so.
#[derive(Debug, Clone)]
pub struct HeldFacility {
    /// The facility.
    pub facility: Facility,
    /// When it was said.
    pub said: Said,
}

/// Those of these facilities of a state that are held, by code.
pub fn held(
    connection: &mut PgConnection,
    state: StateCode,
    codes: &[&str],
) -> Result<HashMap<String, HeldFacility>> {
    if codes.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<HeldRow> = sql_query(
        "select as_of, batch_id, to_jsonb(f) as data from facility f where state = $1 and code = any($2)",
    )
    .bind::<Text, _>(state.as_str())
    .bind::<Array<Text>, _>(codes)
    .load(connection)?;
    rows.into_iter()
        .map(|row| {
            let facility = decode(row.data)?;
            let said = (row.as_of, row.batch_id);
            Ok((facility.code.to_string(), HeldFacility { facility, said }))
        })
        .collect()
}

/// Writes facilities of a state, no code twice, in place of what is held under their codes. The caller holds the
/// state's lock and has decided that they are new or newer.
pub fn replace(connection: &mut PgConnection, source: Source, facilities: &[&Facility]) -> Result<()> {
    if facilities.is_empty() {
        return Ok(());
    }
    let codes: Vec<&str> = facilities.iter().map(|f| f.code.as_str()).collect();
    sql_query("delete from facility where state = $1 and code = any($2)")
        .bind::<Text, _>(source.state.as_str())
        .bind::<Array<Text>, _>(codes)
        .execute(connection)?;
    let mut rows = Rows::default();
    for facility in facilities {
        rows.part(3, *facility, |row| {
            row.string(source.state.as_str());
        })
        .instant(source.as_of)
        .bigint(source.batch_id);
    }
    copy_into!(connection, facility, &rows);
    Ok(())
}

pub(crate) fn decode(data: serde_json::Value) -> Result<Facility> {
    serde_json::from_value(data).map_err(|e| Error::Corrupt {
        what: "facility",
        why: e.to_string(),
    })
}

#[derive(QueryableByName)]
struct HeldRow {
    #[diesel(sql_type = Timestamptz)]
    as_of: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    batch_id: i64,
    #[diesel(sql_type = Jsonb)]
    data: serde_json::Value,
}

#[derive(QueryableByName)]
struct FacilityRow {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Jsonb)]
    data: serde_json::Value,
}

/// The facilities of these (state, code) pairs; those that are not known are absent. No personal data.
pub fn of(
    connection: &mut PgConnection,
    keys: &[(StateCode, String)],
) -> Result<HashMap<(StateCode, String), Facility>> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let (states, codes): (Vec<String>, Vec<String>) =
        keys.iter().map(|(s, c)| (s.to_string(), c.clone())).unzip();
    let rows: Vec<FacilityRow> = sql_query(
        "select f.state, to_jsonb(f) as data from unnest($1::text[], $2::text[]) as k (state, code) join facility f using (state, code)",
    )
    .bind::<Array<Text>, _>(states)
    .bind::<Array<Text>, _>(codes)
    .load(connection)?;
    rows.into_iter()
        .map(|row| {
            let state = StateCode::new(&row.state).map_err(|e| Error::Corrupt {
                what: "facility",
                why: e.to_string(),
            })?;
            let facility = decode(row.data)?;
            Ok(((state, facility.code.to_string()), facility))
        })
        .collect()
}

/// Which of these codes of a state are known.
pub fn known(connection: &mut PgConnection, state: StateCode, codes: &[&str]) -> Result<HashSet<String>> {
    let known: Vec<String> = facility::table
        .filter(facility::state.eq(state.as_str()))
        .filter(facility::code.eq_any(codes))
        .select(facility::code)
        .load(connection)?;
    Ok(known.into_iter().collect())
}
