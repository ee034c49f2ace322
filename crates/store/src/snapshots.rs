//! Counts that were frozen. Once taken, a snapshot is never changed.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::db::Result;
use crate::schema::snapshot;

/// A frozen count with every child in it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = snapshot)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// The year in which the period ends.
    pub period_ends: i32,
    /// What was received and decided by then.
    pub known_at: DateTime<Utc>,
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
    /// By whom.
    pub taken_by: String,
    /// The rules of counting.
    pub rules: String,
    /// The counts.
    pub counts: serde_json::Value,
    /// CSV of all children that count, compressed with zstd.
    pub extract: Vec<u8>,
    /// SHA-256 of the CSV.
    pub sha256: Vec<u8>,
}

/// Keeps a snapshot. `false` if there is one of that name; it is left as it is.
pub fn keep(connection: &mut PgConnection, new: &Snapshot) -> Result<bool> {
    let kept = diesel::insert_into(snapshot::table)
        .values(new)
        .on_conflict_do_nothing()
        .execute(connection)?;
    Ok(kept == 1)
}

/// The snapshot of a name.
pub fn named(connection: &mut PgConnection, name: &str) -> Result<Option<Snapshot>> {
    Ok(snapshot::table
        .find(name)
        .select(Snapshot::as_select())
        .first(connection)
        .optional()?)
}

/// Name, the year in which the period ends, known at, taken at.
pub type Listed = (String, i32, DateTime<Utc>, DateTime<Utc>);

/// All snapshots, the newest first.
pub fn list(connection: &mut PgConnection) -> Result<Vec<Listed>> {
    Ok(snapshot::table
        .order(snapshot::taken_at.desc())
        .select((
            snapshot::name,
            snapshot::period_ends,
            snapshot::known_at,
            snapshot::taken_at,
        ))
        .load(connection)?)
}
