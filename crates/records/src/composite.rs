//! The composite view: one resolved value of each data element of who the child is, with what others said.

use serde::Serialize;
use utoipa::ToSchema;

use crate::source::Source;

/// A data element resolved over all counted students.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Composite {
    /// Number of the data element.
    pub element: String,
    /// Its stable name: `birth_date`.
    pub column: String,
    /// Its name in the dictionary.
    pub name: String,
    /// The resolved value.
    pub value: String,
    /// What the code means, where the value is a code.
    pub label: Option<String>,
    /// The student that it was taken from.
    pub source: Source,
    /// Why that one, in words.
    pub rule: String,
    /// Further students that say the same.
    pub confirmed_by: Vec<Source>,
    /// What other students say.
    pub others: Vec<OtherValue>,
}

/// A value that was not chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OtherValue {
    /// The value.
    pub value: String,
    /// What the code means, where the value is a code.
    pub label: Option<String>,
    /// Whether only case, accents, hyphens or spaces differ from the resolved value.
    pub spelling_only: bool,
    /// Who says it.
    pub sources: Vec<Source>,
}
