//! What happened when, over all states.

use chrono::NaiveDate;
use mde::StateCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::source::Source;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A qualifying arrival.
    QualifyingMove,
    /// An enrollment began.
    Enrollment,
    /// An enrollment ended.
    Withdrawal,
    /// Graduation or high school equivalency.
    Graduation,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TimelineEvent {
    /// The day.
    pub date: NaiveDate,
    /// What happened.
    pub kind: EventKind,
    /// The state whose report is shown.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// What happened, in words: `Enrolled at Rio Vista Elementary, Mission; grade 4`.
    pub text: String,
    /// Who reports it.
    pub sources: Vec<Source>,
}
