//! Facilities: schools, sites and offices, as their states name them. No personal data.

use std::collections::{HashMap, HashSet};

use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Jsonb, Text, Timestamptz};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use mde::{Facility, Part as _, StateCode};

use crate::db::{Error, Result};
use crate::students::Source;

/// Adds facilities of a state, or replaces them where this batch is at least as new.
pub fn upsert(connection: &mut PgConnection, source: Source, facilities: &[Facility]) -> Result<()> {
    let columns: Vec<&str> = Facility::FIELDS.iter().map(|f| f.column).collect();
    let list = columns.join(", ");
    if facilities.is_empty() {
        return Ok(());
    }
    let held = columns
        .iter()
        .map(|c| format!("facility.{c}"))
        .collect::<Vec<_>>()
        .join(", ");
    let sent = columns
        .iter()
        .map(|c| format!("excluded.{c}"))
        .collect::<Vec<_>>()
        .join(", ");
    let sets = columns
        .iter()
        .filter(|c| **c != "code")
        .map(|c| format!("{c} = excluded.{c}"))
        .collect::<Vec<_>>()
        .join(", ");
    let json = serde_json::to_value(facilities).map_err(|e| Error::Corrupt {
        what: "facility",
        why: e.to_string(),
    })?;
    sql_query(format!(
        "insert into facility (state, {list}, raw_codes, as_of, batch_id)
         select $1, {list}, raw_codes, $3, $4 from jsonb_populate_recordset(null::facility, $2)
         on conflict (state, code) do update set {sets}, raw_codes = excluded.raw_codes, as_of = excluded.as_of, batch_id = excluded.batch_id
         where facility.as_of <= excluded.as_of and ({held}) is distinct from ({sent})"
    ))
    .bind::<Text, _>(source.state.as_str())
    .bind::<Jsonb, _>(json)
    .bind::<Timestamptz, _>(source.as_of)
    .bind::<BigInt, _>(source.batch_id)
    .execute(connection)?;
    Ok(())
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
            let facility: Facility = serde_json::from_value(row.data).map_err(|e| Error::Corrupt {
                what: "facility",
                why: e.to_string(),
            })?;
            Ok(((state, facility.code.to_string()), facility))
        })
        .collect()
}

/// Codes of all facilities that a state has sent.
pub fn codes(connection: &mut PgConnection, state: StateCode) -> Result<HashSet<String>> {
    #[derive(QueryableByName)]
    struct Code {
        #[diesel(sql_type = Text)]
        code: String,
    }
    let rows: Vec<Code> = sql_query("select code from facility where state = $1")
        .bind::<Text, _>(state.as_str())
        .load(connection)?;
    Ok(rows.into_iter().map(|row| row.code).collect())
}
