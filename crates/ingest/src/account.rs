//! What became of every row: counted where it happens, added up by the program itself, kept with the batch.

use chrono::{DateTime, Utc};
use formats::Summary;
use mde::Causes;
use serde::{Deserialize, Serialize};
use store::batches::Batch;

/// What became of the rows of a batch in detail, kept with it. See [`store::batches::account`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Rows as they were read: kept, refused, ignored and why.
    pub rows: formats::Counts,
    /// Facilities.
    pub facilities: Facilities,
    /// Since when the upload holds changes, as its header says.
    pub effective_from: Option<DateTime<Utc>>,
    /// Until when.
    pub effective_to: Option<DateTime<Utc>>,
    /// All findings by cause, with the first ones of each.
    pub causes: Causes,
}

/// What became of the rows of facilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Facilities {
    /// Written: new or changed.
    pub stored: u64,
    /// As they are held, or as something newer is.
    pub unchanged: u64,
    /// Followed by another row of the same code, which holds.
    pub repeated: u64,
}

impl Facilities {
    /// All rows of facilities.
    #[must_use]
    pub fn all(self) -> u64 {
        self.stored + self.unchanged + self.repeated
    }
}

/// Sums that do not agree: a fault of the hub, by which no batch is reported as loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} do not add up: {whole} in all, {parts} accounted for")]
pub struct Disagreement {
    /// Of what.
    what: &'static str,
    /// How many there are.
    whole: i64,
    /// How many are accounted for.
    parts: i64,
}

fn equal(what: &'static str, whole: i64, parts: i64) -> Result<(), Disagreement> {
    if whole == parts {
        Ok(())
    } else {
        Err(Disagreement { what, whole, parts })
    }
}

/// Holds what was read against what was handed over: `students` rows of students and `facilities` rows of facilities.
pub(crate) fn check_read(summary: &Summary, students: u64, facilities: u64) -> Result<(), Disagreement> {
    let rows = &summary.rows;
    let ignored: u64 = rows.ignored_rows.values().sum();
    equal(
        "rows read",
        rows.read as i64,
        (rows.kept + rows.refused + ignored) as i64,
    )?;
    equal(
        "rows handed over",
        rows.kept as i64,
        (students + facilities) as i64,
    )
}

/// Holds what a batch counts as done against what was read: every student and every row ends in exactly one place.
pub(crate) fn check_done(batch: &Batch) -> Result<(), Disagreement> {
    let students = batch.students_inserted
        + batch.students_updated
        + batch.students_unchanged
        + batch.students_late
        + batch.students_deleted;
    equal("students", batch.students_read, students)?;
    let rows = batch.rows_stored + batch.rows_unchanged + batch.rows_refused + batch.rows_ignored;
    equal("rows", batch.rows_read, rows)
}
