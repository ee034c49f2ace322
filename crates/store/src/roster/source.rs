//! What a list is made from: the students of persons as far as it needs them, many persons in three round trips.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use mde::{EligibilityRules, Facility, PartKind, PersonId, StateCode, Student, StudentId};
use serde::Deserialize as _;
use uuid::Uuid;

use crate::db::{Error, Result};
use crate::prepared::prepared;
use crate::{facilities, students};

/// A student of a person: who it is, its moves, enrollments and alerts.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its key.
    pub student_id: StudentId,
    /// The child.
    pub person_id: PersonId,
    /// The state.
    pub state: StateCode,
    /// Whether the state still reports it.
    pub live: bool,
    /// Whether the state has deleted it: it tells nothing, not even where the child was.
    pub deleted: bool,
    /// Of when the state's word is.
    pub as_of: DateTime<Utc>,
    /// Today in the state.
    pub today: NaiveDate,
    /// How the state counts eligibility.
    pub rules: EligibilityRules,
    /// The content; other parts are empty.
    pub student: Student,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    person_id: i64,
    #[diesel(sql_type = SqlUuid)]
    student_id: Uuid,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Bool)]
    live: bool,
    #[diesel(sql_type = Bool)]
    deleted: bool,
    #[diesel(sql_type = Timestamptz)]
    as_of: DateTime<Utc>,
    #[diesel(sql_type = Date)]
    today: NaiveDate,
    #[diesel(sql_type = Nullable<Jsonb>)]
    rules: Option<serde_json::Value>,
}

/// The facilities of students, by state and code.
pub type Facilities = HashMap<(StateCode, String), Facility>;

/// Reads the students of these persons, by person, and the facilities of their enrollments. For the hub's own work:
/// nothing of it is handed out. Keeps others who lock these persons from working on them until the transaction ends.
pub fn held(
    connection: &mut PgConnection,
    persons: &[i64],
    now: DateTime<Utc>,
) -> Result<(Vec<Held>, Facilities)> {
    prepared("select from person where person_id = any($1) order by person_id for no key update")
        .bind::<Array<BigInt>, _>(persons)
        .execute(connection)?;
    let rows: Vec<Row> = prepared(
        "select l.person_id, l.student_id, t.state, t.status = 'live' as live, t.status = 'deleted' as deleted,
                case when t.status = 'live' then greatest(t.as_of, p.full_as_of) else t.as_of end as as_of,
                ($2 at time zone coalesce(p.time_zone, 'UTC'))::date as today, p.eligibility_rules as rules
         from link l join student_status t using (student_id) left join participant p on p.state = t.state
         where l.person_id = any($1) order by l.person_id, l.student_id",
    )
    .bind::<Array<BigInt>, _>(persons)
    .bind::<Timestamptz, _>(now)
    .load(connection)?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.student_id).collect();
    let parts = [PartKind::QualifyingMove, PartKind::Enrollment, PartKind::Alert];
    let mut content: HashMap<StudentId, Student> = students::read_parts(connection, &ids, &parts)?
        .into_iter()
        .collect();
    let mut held = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(student) = content.remove(&StudentId(row.student_id)) else {
            continue;
        };
        let corrupt = |what: &'static str, why: String| Error::Corrupt { what, why };
        let rules = match &row.rules {
            Some(rules) => EligibilityRules::deserialize(rules)
                .map_err(|error| corrupt("eligibility rules", error.to_string()))?,
            None => EligibilityRules::default(),
        };
        held.push(Held {
            student_id: StudentId(row.student_id),
            person_id: PersonId::new(row.person_id).map_err(|e| corrupt("person id", e.to_string()))?,
            state: StateCode::new(&row.state).map_err(|e| corrupt("state", e.to_string()))?,
            live: row.live,
            deleted: row.deleted,
            as_of: row.as_of,
            today: row.today,
            rules,
            student,
        });
    }
    let mut codes: Vec<(StateCode, String)> = held
        .iter()
        .flat_map(|held| held.student.enrollments.iter().map(|e| (held.state, e)))
        .filter_map(|(state, e)| Some((state, e.facility_code.as_ref()?.to_string())))
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let facilities = facilities::of(connection, &codes)?;
    Ok((held, facilities))
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    person_id: i64,
}

/// The next persons with students, or on the list, by number, after `after`.
pub fn next_persons(
    connection: &mut PgConnection,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<PersonId>> {
    let rows: Vec<Number> = prepared(
        "(select distinct person_id from link where person_id > $1 order by person_id limit $2)
         union
         (select distinct person_id from roster where person_id > $1 order by person_id limit $2)
         order by person_id limit $2",
    )
    .bind::<BigInt, _>(after.map_or(0, PersonId::number))
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    let number = |row: Number| {
        PersonId::new(row.person_id).map_err(|error| Error::Corrupt {
            what: "person id",
            why: error.to_string(),
        })
    };
    rows.into_iter().map(number).collect()
}
