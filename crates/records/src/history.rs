//! The historical view: every submission of every student, and what changed from one to the next.

use chrono::{DateTime, Utc};
use mde::{StateCode, StudentId};
use serde::Serialize;
use store::persons::PersonRecord;
use store::students::Version;
use utoipa::ToSchema;

/// Every submission of one student, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StudentHistory {
    /// Its state.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The state's identifier.
    pub state_student_id: String,
    /// Newest first.
    pub submissions: Vec<SubmissionEntry>,
}

/// One content of a student.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubmissionEntry {
    /// Number of the version; 0 for content that came too late to be current.
    pub version: i32,
    /// Whether it is what the hub holds now.
    pub current: bool,
    /// Whether it came too late to be current.
    pub late: bool,
    /// What it speaks of.
    pub as_of: DateTime<Utc>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// The batch that brought it.
    pub batch_id: i64,
    /// What is not as in the submission before; empty for the first one.
    pub changes: Vec<Change>,
}

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The row is new.
    Added,
    /// The row is gone.
    Removed,
    /// A value of the row changed.
    Changed,
}

/// A difference of one data element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    /// The part: `student`, `enrollment`.
    pub part: String,
    /// Which row of the part, in words; `null` for the identity.
    pub row: Option<String>,
    /// What happened to the row.
    pub kind: ChangeKind,
    /// Number of the data element.
    pub element: String,
    /// Its stable name.
    pub column: String,
    /// Its name in the dictionary.
    pub name: String,
    /// The value before.
    pub old: Option<String>,
    /// The value after.
    pub new: Option<String>,
}

/// The historical view of a person: `versions` are the earlier versions as `store::persons::read_versions` gives them.
#[must_use]
pub fn history(_record: &PersonRecord, _versions: &[(StudentId, Vec<Version>)]) -> Vec<StudentHistory> {
    Vec::new()
}
