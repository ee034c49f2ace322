//! Students: what the hub holds of each. Loading is in [`load`], reading in [`read`], what was in [`versions`].

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Integer;
use mde::StateCode;
use uuid::Uuid;

use crate::db::Result;
use crate::schema::{student, student_status};

mod load;
mod read;
mod versions;

pub use load::{Prepared, UNKNOWN_BIRTH_DATE, confirm, mark, replace, tokens};
pub use read::{read, read_parts, read_statement};
pub(crate) use versions::unpacked;
pub use versions::{Version, keep_late, kept, versions, versions_of_all};

/// The order of what is said of a student: the instant that it speaks of, then its receipt (the batch's number).
pub type Said = (DateTime<Utc>, i64);

/// What the hub holds of a student, as far as loading needs it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = student_status)]
pub struct Held {
    /// Its key.
    pub student_id: Uuid,
    /// Hash of the current content.
    pub content_hash: Vec<u8>,
    /// Number of the current version.
    pub version: i32,
    /// Of the newest content or statement about this student.
    pub as_of: DateTime<Utc>,
    /// The batch of that.
    pub as_of_batch_id: i64,
    /// The batch of the current version.
    pub batch_id: i64,
    /// When that was received.
    pub received_at: DateTime<Utc>,
    /// `live`, `not_reported` or `deleted`.
    pub status: String,
}

impl Held {
    /// When the newest content or statement was said. A live student may have been confirmed since by a full upload,
    /// which does not touch it.
    #[must_use]
    pub fn said(&self) -> Said {
        (self.as_of, self.as_of_batch_id)
    }

    /// Whether the state still reports it.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.status == "live"
    }
}

/// What the hub holds of these students.
pub fn held(connection: &mut PgConnection, ids: &[Uuid]) -> Result<HashMap<Uuid, Held>> {
    let rows: Vec<Held> = student_status::table
        .filter(student_status::student_id.eq_any(ids))
        .select(Held::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.student_id, row)).collect())
}

/// The identifiers that their states know these students by.
pub fn identifiers(connection: &mut PgConnection, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    let rows: Vec<(Uuid, String)> = student::table
        .filter(student::student_id.eq_any(ids))
        .select((student::student_id, student::state_student_id))
        .load(connection)?;
    Ok(rows.into_iter().collect())
}

/// What the hub holds of the students of a state about which one of these batches said the newest.
pub fn stated_by(
    connection: &mut PgConnection,
    state: StateCode,
    batches: &[i64],
) -> Result<HashMap<Uuid, Held>> {
    let rows: Vec<Held> = student_status::table
        .filter(student_status::state.eq(state.as_str()))
        .filter(student_status::as_of_batch_id.eq_any(batches))
        .select(Held::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.student_id, row)).collect())
}

/// A live student: what a full upload may miss.
#[derive(Debug, Clone, Copy, Queryable, Selectable)]
#[diesel(table_name = student_status)]
pub struct Live {
    /// Its key.
    pub student_id: Uuid,
    /// Of the newest content or statement about this student.
    pub as_of: DateTime<Utc>,
    /// The batch of that.
    pub as_of_batch_id: i64,
}

/// Every live student of a state.
pub fn live(connection: &mut PgConnection, state: StateCode) -> Result<Vec<Live>> {
    Ok(student_status::table
        .filter(student_status::state.eq(state.as_str()))
        .filter(student_status::status.eq("live"))
        .select(Live::as_select())
        .load(connection)?)
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

impl Source {
    /// Its place in the order of what is said.
    #[must_use]
    pub fn said(&self) -> Said {
        (self.as_of, self.batch_id)
    }
}

/// Takes the lock under which one state's students change. It is held to the end of the transaction, which is one
/// chunk of a load and short, so that a small batch can overtake a large one of the same state.
pub fn lock_state(connection: &mut PgConnection, state: StateCode) -> Result<()> {
    sql_query("select pg_advisory_xact_lock(1, $1)")
        .bind::<Integer, _>(i32::from(state.number()))
        .execute(connection)?;
    Ok(())
}
