//! Counts that were frozen. Once taken, a snapshot is never changed.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use mde::StateCode;

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
    /// By which state it was taken; none: by the hub, for all states.
    pub state: Option<String>,
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

/// A snapshot without what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = snapshot)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// The year in which the period ends.
    pub period_ends: i32,
    /// What was received and decided by then.
    pub known_at: DateTime<Utc>,
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
    /// By which state; none: by the hub.
    pub state: Option<String>,
    /// SHA-256 of the extract.
    pub sha256: Vec<u8>,
}

impl From<Snapshot> for Listed {
    fn from(whole: Snapshot) -> Self {
        Self {
            name: whole.name,
            period_ends: whole.period_ends,
            known_at: whole.known_at,
            taken_at: whole.taken_at,
            state: whole.state,
            sha256: whole.sha256,
        }
    }
}

/// The snapshots that a state may see, its own and the hub's (all for `None`), the newest first.
pub fn list(connection: &mut PgConnection, state: Option<StateCode>) -> Result<Vec<Listed>> {
    let all = snapshot::table
        .order((snapshot::taken_at.desc(), snapshot::name))
        .select(Listed::as_select());
    Ok(match state {
        None => all.load(connection)?,
        Some(state) => all
            .filter(
                snapshot::state
                    .is_null()
                    .or(snapshot::state.eq(state.to_string())),
            )
            .load(connection)?,
    })
}
