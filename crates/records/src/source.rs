//! Where a value comes from.

use chrono::{DateTime, NaiveDate, Utc};
use mde::{StateCode, code::Codes, value::Value};
use serde::Serialize;
use utoipa::ToSchema;

/// The student of one state that said something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Source {
    /// Postal code of the state.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The state's identifier of the student (data element 2).
    pub state_student_id: String,
    /// What the content speaks of.
    pub as_of: DateTime<Utc>,
    /// Whether the state still reports the student. One that is not live counts nowhere.
    pub live: bool,
}

/// One data element as a student holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ElementValue {
    /// Number of the data element.
    pub element: String,
    /// Its stable name, as in the upload's JSON: `birth_date`.
    pub column: String,
    /// Its name in the dictionary: `Birth Date`.
    pub name: String,
    /// The value; dates as `YYYY-MM-DD`, codes as stored.
    pub value: String,
    /// What the code means, where the value is a code.
    pub label: Option<String>,
}

/// A code and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Coded {
    /// The code as stored (the current list's, where it has one).
    pub code: String,
    /// What it means, in words.
    pub label: String,
}

/// One student of the person, as its state sent it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SourceStudent {
    /// Which student, and its time.
    #[serde(flatten)]
    pub source: Source,
    /// Key of the student in the hub.
    #[schema(value_type = String, format = "uuid")]
    pub student_id: mde::StudentId,
    /// `live`, `not_reported` or `deleted`.
    pub status: String,
    /// Since when.
    pub status_since: DateTime<Utc>,
    /// The status in words: `reported`, `no longer reported since 2026-03-01`.
    pub status_text: String,
    /// When the content was received.
    pub received_at: DateTime<Utc>,
    /// The batch that brought it.
    pub batch_id: i64,
    /// Number of its current version.
    pub version: i32,
    /// How it was linked: `new`, `automatic` or `reviewed`; `null` while the linker has not seen it.
    pub decided: Option<String>,
    /// Everything that it says of who the child is.
    pub identity: Vec<ElementValue>,
    /// Its other identifiers, each with the meaning of its type.
    pub alternate_ids: Vec<AlternateIdentifier>,
    /// Rows of each part: enrollments, courses and so on, by name of the part.
    pub rows: std::collections::BTreeMap<String, usize>,
}

/// Another identifier of the child in the same state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlternateIdentifier {
    /// The identifier.
    pub identifier: String,
    /// Its type.
    pub identifier_type: Option<Coded>,
}

/// A state of the person, and how fresh its data are.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StateSummary {
    /// Postal code.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// English name.
    pub name: String,
    /// Whether it has a live student of the person.
    pub live: bool,
    /// What its newest content speaks of.
    pub as_of: DateTime<Utc>,
    /// Whole days from then to today (UTC day of `as_of`), 0 when it is later than today.
    pub days_since: i64,
    /// Latest day up to today of an enrollment, withdrawal, residency or qualifying arrival that it reports.
    pub last_activity: Option<NaiveDate>,
}

/// A coded value with its meaning.
pub(crate) fn coded<C: Codes + Value>(code: C) -> Coded {
    Coded { code: code.row().stored.to_owned(), label: code.label().to_owned() }
}
