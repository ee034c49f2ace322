//! Reading students whole: all parts of all of them in one round trip.

use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::pg::{Pg, PgConnection, PgValue};
use diesel::sql_types::{Array, Integer, Json, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl as _};
use mde::{PartKind, Student, StudentId};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::db::{Error, Result};
use crate::prepared::prepared;
use crate::tables::PART_TABLES;

/// The statement that reads students whole: one round trip for all parts of all of them. Its keys stand in a `select`, so
/// that no plan is cheaper for knowing how many they are: PostgreSQL would plan it for the given keys at every call.
#[must_use]
pub fn read_statement() -> String {
    statement(PART_TABLES)
}

/// The same for these parts, and the identity.
fn statement(parts: &[PartKind]) -> String {
    let mut sql = "select 0 as part, student_id, 0 as ordinal, to_json(t) as data from student t where student_id = any((select $1)::uuid[])".to_owned();
    for (index, part) in PART_TABLES
        .iter()
        .enumerate()
        .filter(|(_, part)| parts.contains(part))
    {
        sql.push_str(&format!(
            " union all select {}, student_id, ordinal, to_json(t) from {} t where student_id = any((select $1)::uuid[])",
            index + 1,
            part.name()
        ));
    }
    sql.push_str(" order by student_id, part, ordinal");
    sql
}

#[derive(QueryableByName)]
struct PartRow {
    #[diesel(sql_type = Integer)]
    part: i32,
    #[diesel(sql_type = SqlUuid)]
    student_id: Uuid,
    #[diesel(sql_type = Json)]
    data: RawJson,
}

/// JSON as text, read straight into a part without a tree of values in between.
#[derive(Debug, FromSqlRow)]
struct RawJson(Vec<u8>);

impl FromSql<Json, Pg> for RawJson {
    fn from_sql(value: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        Ok(Self(value.as_bytes().to_vec()))
    }
}

impl RawJson {
    fn decode<T: DeserializeOwned>(&self, what: &'static str) -> Result<T> {
        serde_json::from_slice(&self.0).map_err(|error| Error::Corrupt {
            what,
            why: error.to_string(),
        })
    }
}

/// The current content of students, in the order of their ids. For the hub's own work: what shows a record to
/// somebody goes through [`crate::persons`], which writes the disclosure.
pub fn read(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<(StudentId, Student)>> {
    read_parts(connection, ids, PART_TABLES)
}

/// The same with these parts alone; the others are empty, whatever the store holds.
pub fn read_parts(
    connection: &mut PgConnection,
    ids: &[Uuid],
    parts: &[PartKind],
) -> Result<Vec<(StudentId, Student)>> {
    let rows: Vec<PartRow> = prepared(statement(parts))
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)?;
    let mut students: Vec<(StudentId, Student)> = Vec::with_capacity(ids.len());
    for row in rows {
        if row.part == 0 {
            students.push((
                StudentId(row.student_id),
                Student::new(row.data.decode("student")?),
            ));
            continue;
        }
        let Some((_, student)) = students.last_mut().filter(|(id, _)| id.0 == row.student_id) else {
            return Err(Error::Corrupt {
                what: "part",
                why: "it has no student".into(),
            });
        };
        match row.part {
            1 => student.alternate_ids.push(row.data.decode("alternate id")?),
            2 => student.qualifying_moves.push(row.data.decode("qualifying move")?),
            3 => student.enrollments.push(row.data.decode("enrollment")?),
            4 => student.courses.push(row.data.decode("course")?),
            5 => student.assessments.push(row.data.decode("assessment")?),
            6 => student.immunizations.push(row.data.decode("immunization")?),
            7 => student.alerts.push(row.data.decode("alert")?),
            _ => student
                .graduation_requirements
                .push(row.data.decode("graduation requirement")?),
        }
    }
    Ok(students)
}
