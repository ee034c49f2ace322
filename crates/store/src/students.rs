//! Students: what the hub holds of each. Loading is in [`load`], reading in [`read`], what was in [`versions`].

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use mde::StateCode;
use uuid::Uuid;

use crate::db::Result;

/// Writes rows into a table with binary `COPY`; none is no statement.
macro_rules! copy_into {
    ($connection:expr, $table:ident, $rows:expr) => {{
        let rows: $crate::copy::Rows = $rows;
        if !rows.is_empty() {
            let bytes = rows.finish();
            diesel::copy_from($crate::schema::$table::table)
                .from_raw_data($crate::schema::$table::table, |copy| {
                    std::io::Write::write_all(copy, &bytes)
                        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
                })
                .with_format(CopyFormat::Binary)
                .execute($connection)?;
        }
    }};
}

mod load;
mod read;
mod versions;

pub use load::{UNKNOWN_BIRTH_DATE, confirm, mark, replace, tokens};
pub use read::{read, read_statement};
pub use versions::{Version, keep_late, kept_late, versions};

/// What the hub holds of a student, as far as loading needs it.
#[derive(Debug, Clone, QueryableByName)]
pub struct Held {
    /// Its key.
    #[diesel(sql_type = SqlUuid)]
    pub student_id: Uuid,
    /// Hash of the current content.
    #[diesel(sql_type = Binary)]
    pub content_hash: Vec<u8>,
    /// Number of the current version.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// Of the newest content or statement about this student.
    #[diesel(sql_type = Timestamptz)]
    pub as_of: DateTime<Utc>,
    /// The batch of the current version.
    #[diesel(sql_type = BigInt)]
    pub batch_id: i64,
    /// When that was received.
    #[diesel(sql_type = Timestamptz)]
    pub received_at: DateTime<Utc>,
    /// `live`, `not_reported` or `deleted`.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// The identifier behind the key, to tell a collision.
    #[diesel(sql_type = diesel::sql_types::Nullable<Text>)]
    pub state_student_id: Option<String>,
}

/// What the hub holds of these students.
pub fn held(connection: &mut PgConnection, ids: &[Uuid]) -> Result<HashMap<Uuid, Held>> {
    let rows: Vec<Held> = sql_query(
        "select t.student_id, t.content_hash, t.version, t.as_of, t.batch_id, t.received_at, t.status, s.state_student_id
         from student_status t left join student s using (student_id) where t.student_id = any($1)",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.student_id, row)).collect())
}

/// Key and as-of of every live student of a state, with its content hash: what a full upload is compared with.
#[derive(Debug, Clone, QueryableByName)]
pub struct Live {
    /// Its key.
    #[diesel(sql_type = SqlUuid)]
    pub student_id: Uuid,
    /// Of the newest content or statement about this student.
    #[diesel(sql_type = Timestamptz)]
    pub as_of: DateTime<Utc>,
}

/// Every live student of a state.
pub fn live(connection: &mut PgConnection, state: StateCode) -> Result<Vec<Live>> {
    Ok(
        sql_query("select student_id, as_of from student_status where state = $1 and status = 'live'")
            .bind::<Text, _>(state.as_str())
            .load(connection)?,
    )
}

/// Where content comes from.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The uploading state.
    pub state: StateCode,
    /// The batch.
    pub batch_id: i64,
    /// What the batch speaks of.
    pub as_of: DateTime<Utc>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
}

/// Takes the lock under which one state's students change. It is held to the end of the transaction, which is one
/// chunk of a load and short, so that a small batch can overtake a large one of the same state.
pub fn lock_state(connection: &mut PgConnection, state: StateCode) -> Result<()> {
    sql_query("select pg_advisory_xact_lock(1, $1)")
        .bind::<Integer, _>(i32::from(state.number()))
        .execute(connection)?;
    Ok(())
}
