//! Assessments, latest first.

use serde::Serialize;
use utoipa::ToSchema;

use crate::source::{Coded, Source};

/// An assessment, with the state's own scale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AssessmentEntry {
    /// Name (71).
    pub name: String,
    /// Type (72).
    pub assessment_type: Option<Coded>,
    /// Content (X27).
    pub content: Option<String>,
    /// Month (73), `YYYY-MM`.
    pub month: Option<String>,
    /// Result (74).
    pub result: Option<String>,
    /// Type of result (75).
    pub result_type: Option<Coded>,
    /// Interpretation (X28).
    pub interpretation: Option<String>,
    /// Who reports it.
    pub sources: Vec<Source>,
}
