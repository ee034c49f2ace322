//! Qualifying moves, and the eligibility that follows from them in each state.

use chrono::NaiveDate;
use mde::StateCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::source::{Coded, Source};

/// A qualifying move, as the certifying state reports it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MoveEntry {
    /// Qualifying arrival date (data element 31).
    pub qualifying_arrival_date: NaiveDate,
    /// Where from (32 to 34), in words.
    pub from: Option<String>,
    /// Where to (35, 36), in words.
    pub to: Option<String>,
    /// Residency date (37).
    pub residency_date: Option<NaiveDate>,
    /// End of eligibility as the state states it (X06).
    pub eligibility_expiration_date: Option<NaiveDate>,
    /// Number of the certificate of eligibility (X32).
    pub certificate_number: Option<String>,
    /// When it was approved (X33).
    pub certificate_approval_date: Option<NaiveDate>,
    /// When it was voided (X34); a void move makes nobody eligible.
    pub void_date: Option<NaiveDate>,
    /// Why (X35).
    pub void_reason: Option<Coded>,
    /// Who reports it.
    pub source: Source,
}

/// Eligibility of the person in one state, from that state's own moves.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Eligibility {
    /// The state.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The latest qualifying arrival date that is not void and not after today.
    pub qualifying_arrival_date: NaiveDate,
    /// Last day of eligibility by the rule.
    pub ends: NaiveDate,
    /// The rule, in words.
    pub rule: String,
    /// The state's own end date (X06 of that move).
    pub stated_end: Option<NaiveDate>,
    /// The state's termination date (38), if it is not before the arrival.
    pub termination_date: Option<NaiveDate>,
    /// Why eligibility was terminated (39).
    pub termination_reason: Option<Coded>,
    /// Whether the child is eligible in this state today.
    pub eligible_today: bool,
    /// What is to be looked at, in words.
    pub warnings: Vec<String>,
    /// The student whose move it is.
    pub source: Source,
}
