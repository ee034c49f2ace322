//! What a record needs beside its students, in one round trip: the facilities that they name, and what their states
//! require for graduation.

use std::collections::HashMap;

use diesel::pg::PgConnection;
use diesel::sql_types::{Array, Bool, Jsonb, Text};
use diesel::{QueryableByName, RunQueryDsl as _};
use mde::code::Grade;
use mde::{Facility, StateCode};

use super::StudentRecord;
use crate::db::{Error, Result};
use crate::prepared::prepared;
use crate::requirements::Requirement;
use crate::{facilities, requirements};

/// Facilities by state and code, and requirements.
type Beside = (HashMap<(StateCode, String), Facility>, Vec<Requirement>);

/// The statement that reads what stands beside students: facilities by states and codes, requirements by states.
pub const BESIDE: &str = "
    select true as is_facility, f.state, to_jsonb(f) as data
    from unnest((select $1::text[]), (select $2::text[])) as k (state, code) join facility f using (state, code)
    union all
    select false, r.state, to_jsonb(r) || jsonb_build_object('units', r.units::text)
    from requirement_set r where r.state = any($3)";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Bool)]
    is_facility: bool,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Jsonb)]
    data: serde_json::Value,
}

/// Reads both.
pub(super) fn read(connection: &mut PgConnection, students: &[StudentRecord]) -> Result<Beside> {
    let (keys, asked) = (named(students), states_to_ask(students));
    let (mut of, mut required) = Beside::default();
    if keys.is_empty() && asked.is_empty() {
        return Ok((of, required));
    }
    let (states, codes): (Vec<String>, Vec<String>) = keys
        .into_iter()
        .map(|(state, code)| (state.to_string(), code))
        .unzip();
    let rows: Vec<Row> = prepared(BESIDE)
        .bind::<Array<Text>, _>(states)
        .bind::<Array<Text>, _>(codes)
        .bind::<Array<Text>, _>(asked.iter().map(StateCode::as_str).collect::<Vec<_>>())
        .load(connection)?;
    for row in rows {
        if row.is_facility {
            let state = StateCode::new(&row.state).map_err(|e| Error::Corrupt {
                what: "facility",
                why: e.to_string(),
            })?;
            let facility = facilities::decode(row.data)?;
            of.insert((state, facility.code.to_string()), facility);
        } else {
            required.push(requirements::decode(row.data)?);
        }
    }
    required.sort_by(|a, b| {
        let key = |r: &Requirement| (r.state, r.place.clone(), r.cohorts.0, r.subject_area.clone());
        key(a).cmp(&key(b))
    });
    Ok((of, required))
}

/// The facilities that students name.
fn named(students: &[StudentRecord]) -> Vec<(StateCode, String)> {
    let mut keys: Vec<(StateCode, String)> = Vec::new();
    for record in students {
        let student = &record.student;
        let enrollments = student
            .enrollments
            .iter()
            .flat_map(|e| [&e.facility_code, &e.designated_graduation_school]);
        let courses = student.courses.iter().map(|c| &c.facility_code);
        let requirements = student.graduation_requirements.iter().map(|r| &r.facility_code);
        let codes = enrollments.chain(courses).chain(requirements).flatten();
        keys.extend(codes.map(|code| (record.state, code.to_string())));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The states whose requirements matter: where a student of high school brought none of its own.
fn states_to_ask(students: &[StudentRecord]) -> Vec<StateCode> {
    let own = students
        .iter()
        .any(|s| !s.student.graduation_requirements.is_empty());
    let secondary = students
        .iter()
        .flat_map(|s| &s.student.enrollments)
        .any(|e| e.grade.is_some_and(Grade::is_secondary));
    if own || !secondary {
        return Vec::new();
    }
    students.iter().map(|s| s.state).collect()
}
