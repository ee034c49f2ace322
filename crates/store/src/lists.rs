//! Whole students for lists of a state or district. Who hands a list out discloses everybody on it, in the same
//! transaction.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use mde::{PersonId, StateCode, Student, StudentId};
use uuid::Uuid;

use crate::db::{Error, Result};
use crate::students;

/// Students read at once.
const CHUNK: usize = 1_000;

/// A student as a list needs it.
#[derive(Debug, Clone)]
pub struct ListedStudent {
    /// Its key.
    pub student_id: StudentId,
    /// The child; none before it is linked.
    pub person_id: Option<PersonId>,
    /// Whether the state still reports it.
    pub live: bool,
    /// Since when it does, or does not.
    pub status_since: DateTime<Utc>,
    /// The content.
    pub student: Student,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    student_id: Uuid,
}

/// Live students of a state who were enrolled on one day at least between two, both included: anywhere, or in schools
/// and projects of a district, where the facility names one, else by district of residence.
pub fn enrolled(
    connection: &mut PgConnection,
    state: StateCode,
    district: Option<&str>,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<Uuid>> {
    let rows: Vec<Id> = sql_query(
        "select distinct e.student_id from student_status t join enrollment e using (student_id)
         left join facility f on f.state = t.state and f.code = e.facility_code
         where t.state = $1 and t.status = 'live' and e.enrollment_date <= $4
           and (e.withdrawal_date is null or e.withdrawal_date >= $3)
           and ($2 is null or lower(coalesce(f.district, e.district_of_residence)) = lower($2))
         order by e.student_id",
    )
    .bind::<Text, _>(state.as_str())
    .bind::<Nullable<Text>, _>(district)
    .bind::<Date, _>(from)
    .bind::<Date, _>(to)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.student_id).collect())
}

/// Every student that a state ever reported.
pub fn of_state(connection: &mut PgConnection, state: StateCode) -> Result<Vec<Uuid>> {
    let rows: Vec<Id> =
        sql_query("select student_id from student_status where state = $1 order by student_id")
            .bind::<Text, _>(state.as_str())
            .load(connection)?;
    Ok(rows.into_iter().map(|row| row.student_id).collect())
}

#[derive(QueryableByName)]
struct StatusRow {
    #[diesel(sql_type = SqlUuid)]
    student_id: Uuid,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Timestamptz)]
    status_since: DateTime<Utc>,
    #[diesel(sql_type = Nullable<BigInt>)]
    person_id: Option<i64>,
}

/// Reads these students whole, a thousand at a time, and gives each to `each`, in the order of their keys.
pub fn read(connection: &mut PgConnection, ids: &[Uuid], mut each: impl FnMut(ListedStudent)) -> Result<()> {
    for part in ids.chunks(CHUNK) {
        let statuses: Vec<StatusRow> = sql_query(
            "select t.student_id, t.status, t.status_since, l.person_id from student_status t
             left join link l using (student_id) where t.student_id = any($1)",
        )
        .bind::<Array<SqlUuid>, _>(part)
        .load(connection)?;
        let statuses: HashMap<Uuid, StatusRow> =
            statuses.into_iter().map(|row| (row.student_id, row)).collect();
        for (student_id, student) in students::read(connection, part)? {
            let Some(row) = statuses.get(&student_id.0) else {
                continue;
            };
            let person = row.person_id.map(PersonId::new).transpose();
            each(ListedStudent {
                student_id,
                person_id: person.map_err(|error| Error::Corrupt {
                    what: "person id",
                    why: error.to_string(),
                })?,
                live: row.status == "live",
                status_since: row.status_since,
                student,
            });
        }
    }
    Ok(())
}
