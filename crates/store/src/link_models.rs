//! The models that the linker has gone by, and its nightly checks.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Float, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::db::Result;
use crate::prepared::prepared;

/// A model as it was applied.
#[derive(Debug, Clone, QueryableByName)]
pub struct Applied {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub version: String,
    /// Its figures.
    #[diesel(sql_type = Jsonb)]
    pub model: serde_json::Value,
    /// When it was applied.
    #[diesel(sql_type = Timestamptz)]
    pub applied_at: DateTime<Utc>,
    /// By whom.
    #[diesel(sql_type = Text)]
    pub applied_by: String,
}

/// The model in force: the one applied last; `None` for the one that is shipped.
pub fn in_force(connection: &mut PgConnection) -> Result<Option<Applied>> {
    Ok(sql_query(
        "select version, model, applied_at, applied_by from link_model order by applied_at desc, version limit 1",
    )
    .get_result(connection)
    .optional()?)
}

/// Puts a model in force. One of the same name is replaced.
pub fn apply(
    connection: &mut PgConnection,
    version: &str,
    model: &serde_json::Value,
    report: &serde_json::Value,
    by: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sql_query(
        "insert into link_model (version, model, report, applied_at, applied_by) values ($1, $2, $3, $4, $5)
         on conflict (version) do update set model = excluded.model, report = excluded.report,
            applied_at = excluded.applied_at, applied_by = excluded.applied_by",
    )
    .bind::<Text, _>(version)
    .bind::<Jsonb, _>(model)
    .bind::<Jsonb, _>(report)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(by)
    .execute(connection)?;
    Ok(())
}

/// Notes a check of all students: how many there were, links changed, near matches new.
pub fn checked(
    connection: &mut PgConnection,
    (students, links, near_matches): (usize, usize, usize),
    now: DateTime<Utc>,
) -> Result<()> {
    sql_query("insert into link_check (at, students, links, near_matches) values ($1, $2, $3, $4) on conflict do nothing")
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(students as i64)
        .bind::<BigInt, _>(links as i64)
        .bind::<BigInt, _>(near_matches as i64)
        .execute(connection)?;
    Ok(())
}

/// What the last check did: students there were, links changed, near matches new; `None` before the first.
pub fn last_check(connection: &mut PgConnection) -> Result<Option<(i64, i64, i64)>> {
    #[derive(QueryableByName)]
    struct Check {
        #[diesel(sql_type = BigInt)]
        students: i64,
        #[diesel(sql_type = BigInt)]
        links: i64,
        #[diesel(sql_type = BigInt)]
        near_matches: i64,
    }
    let row: Option<Check> =
        sql_query("select students, links, near_matches from link_check order by at desc limit 1")
            .get_result(connection)
            .optional()?;
    Ok(row.map(|check| (check.students, check.links, check.near_matches)))
}

/// Whether there are links that have not been checked since an instant.
pub fn check_is_due(connection: &mut PgConnection, since: DateTime<Utc>) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Due {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        due: bool,
    }
    let row: Due = sql_query(
        "select exists (select from link) and not exists (select from link_check where at >= $1) as due",
    )
    .bind::<Timestamptz, _>(since)
    .get_result(connection)?;
    Ok(row.due)
}

/// An open near match: what the check compares with what it finds.
#[derive(Debug, Clone, QueryableByName)]
pub struct OpenQuestion {
    /// The item.
    #[diesel(sql_type = BigInt)]
    pub work_item_id: i64,
    /// One student of its strongest pair: the smaller id.
    #[diesel(sql_type = SqlUuid)]
    pub student_a: Uuid,
    /// The other.
    #[diesel(sql_type = SqlUuid)]
    pub student_b: Uuid,
    /// Weight of the evidence, in bits.
    #[diesel(sql_type = Nullable<Float>)]
    pub weight: Option<f32>,
}

/// All open near matches.
pub fn open_questions(connection: &mut PgConnection) -> Result<Vec<OpenQuestion>> {
    Ok(sql_query(
        "select work_item_id, student_a, student_b, weight from work_item
         where kind = 'near_match' and status = 'open' and student_a is not null and student_b is not null",
    )
    .load(connection)?)
}

/// Students of persons that people are about to merge or split: pairs of person and student.
pub fn locked(connection: &mut PgConnection) -> Result<Vec<(i64, Uuid)>> {
    #[derive(QueryableByName)]
    struct Locked {
        #[diesel(sql_type = BigInt)]
        person_id: i64,
        #[diesel(sql_type = SqlUuid)]
        student_id: Uuid,
    }
    let rows: Vec<Locked> = prepared(
        "select l.person_id, l.student_id from person_lock k join link l using (person_id) order by 1, 2",
    )
    .load(connection)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.person_id, row.student_id))
        .collect())
}
