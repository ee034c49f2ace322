//! What a record needs beside its students, in one round trip: the facilities that they name, what their states require
//! for graduation, what families have stated against them, and what schools say of a child that leaves.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, Jsonb, Text, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl as _};
use mde::code::Grade;
use mde::{Facility, StateCode, StudentId};
use serde::Deserialize;

use super::StudentRecord;
use crate::db::{Error, Result};
use crate::hand_offs::{self, HandOff};
use crate::prepared::prepared;
use crate::requirements::Requirement;
use crate::{facilities, requirements};

/// A family's statement of disagreement with a student's record, kept after its request for a correction was declined
/// (34 CFR 99.21(b)(2)); it is shown wherever the record is (34 CFR 99.21(c)).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Statement {
    /// Whose record.
    pub student_id: StudentId,
    /// Number of the data element, where it is about one.
    pub element: Option<String>,
    /// What the record says, as the family put it.
    pub says: String,
    /// The statement, in the family's words.
    pub statement: String,
    /// When it was kept.
    pub stated_at: DateTime<Utc>,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// By state and code.
    pub(super) facilities: HashMap<(StateCode, String), Facility>,
    /// By state, place and subject.
    pub(super) requirements: Vec<Requirement>,
    /// Oldest first.
    pub(super) statements: Vec<Statement>,
    /// Those that hold, oldest first.
    pub(super) hand_offs: Vec<HandOff>,
}

/// The statement that reads what stands beside students: facilities by states and codes, requirements by states, what
/// families have stated and what schools have handed off by students.
pub const BESIDE: &str = "
    select 'facility' as what, f.state, to_jsonb(f) as data
    from unnest((select $1::text[]), (select $2::text[])) as k (state, code) join facility f using (state, code)
    union all
    select 'requirement', r.state, to_jsonb(r) || jsonb_build_object('units', r.units::text)
    from requirement_set r where r.state = any($3)
    union all
    select 'statement', c.owner, to_jsonb(c) from correction c
    where c.student_id = any($4) and c.statement is not null
    union all
    select 'hand_off', h.state, to_jsonb(h) from hand_off h join student_status t using (student_id)
    where h.student_id = any($4) and h.ended is null and t.received_at <= h.written_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Jsonb)]
    data: serde_json::Value,
}

impl Beside {
    /// What stands beside one person's students.
    pub(super) fn of(&self, students: &[StudentRecord]) -> Self {
        let asked = states_to_ask(students);
        let own = |id: StudentId| students.iter().any(|record| record.student_id == id);
        Self {
            facilities: named(students.iter())
                .into_iter()
                .filter_map(|key| self.facilities.get_key_value(&key))
                .map(|(key, facility)| (key.clone(), facility.clone()))
                .collect(),
            requirements: self
                .requirements
                .iter()
                .filter(|requirement| asked.contains(&requirement.state))
                .cloned()
                .collect(),
            statements: self
                .statements
                .iter()
                .filter(|statement| own(statement.student_id))
                .cloned()
                .collect(),
            hand_offs: self
                .hand_offs
                .iter()
                .filter(|hand_off| own(hand_off.student_id))
                .cloned()
                .collect(),
        }
    }
}

/// Reads all of it for the students of these persons.
pub(super) fn read(
    connection: &mut PgConnection,
    persons: &HashMap<i64, Vec<StudentRecord>>,
) -> Result<Beside> {
    let mut beside = Beside::default();
    if persons.is_empty() {
        return Ok(beside);
    }
    let (states, codes): (Vec<String>, Vec<String>) = named(persons.values().flatten())
        .into_iter()
        .map(|(state, code)| (state.to_string(), code))
        .unzip();
    let asked: BTreeSet<StateCode> = persons
        .values()
        .flat_map(|students| states_to_ask(students))
        .collect();
    let rows: Vec<Row> = prepared(BESIDE)
        .bind::<Array<Text>, _>(states)
        .bind::<Array<Text>, _>(codes)
        .bind::<Array<Text>, _>(asked.iter().map(StateCode::as_str).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(
            persons
                .values()
                .flatten()
                .map(|s| s.student_id.0)
                .collect::<Vec<_>>(),
        )
        .load(connection)?;
    for row in rows {
        match row.what.as_str() {
            "facility" => {
                let state = StateCode::new(&row.state).map_err(|e| corrupt("facility", &e))?;
                let facility = facilities::decode(row.data)?;
                beside
                    .facilities
                    .insert((state, facility.code.to_string()), facility);
            }
            "requirement" => beside.requirements.push(requirements::decode(row.data)?),
            "hand_off" => beside.hand_offs.push(hand_offs::decode(row.data)?),
            _ => {
                let statement =
                    serde_json::from_value(row.data).map_err(|e| corrupt("statement of disagreement", &e))?;
                beside.statements.push(statement);
            }
        }
    }
    beside.requirements.sort_by(|a, b| {
        let key = |r: &Requirement| (r.state, r.place.clone(), r.cohorts.0, r.subject_area.clone());
        key(a).cmp(&key(b))
    });
    beside.statements.sort_by_key(|statement| statement.stated_at);
    beside.hand_offs.sort_by_key(|hand_off| hand_off.hand_off_id);
    Ok(beside)
}

fn corrupt(what: &'static str, why: &dyn std::fmt::Display) -> Error {
    Error::Corrupt {
        what,
        why: why.to_string(),
    }
}

/// The facilities that students name.
fn named<'a>(students: impl Iterator<Item = &'a StudentRecord>) -> Vec<(StateCode, String)> {
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
