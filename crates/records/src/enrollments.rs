//! Enrollments of all states, each once.

use chrono::NaiveDate;
use mde::StateCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::facility::FacilityInfo;
use crate::source::{Coded, Source};

/// One enrollment, reported by one state or by several.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EnrollmentEntry {
    /// The state whose report is shown.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// First day (data element 54).
    pub start: NaiveDate,
    /// Last day (21); `null` while it is open.
    pub end: Option<NaiveDate>,
    /// Whether no withdrawal is known.
    pub open: bool,
    /// The school or project; `null` for residency only.
    pub facility: Option<FacilityInfo>,
    /// Type (55).
    pub enrollment_type: Option<Coded>,
    /// `school`, `project` or `residency`; an enrollment without a type counts as `school`.
    pub class: String,
    /// Grade level (20).
    pub grade: Option<Coded>,
    /// MEP project type (X08).
    pub project_type: Option<Coded>,
    /// English learner (X11).
    pub english_learner: Option<bool>,
    /// Individualized education program (X12).
    pub iep: Option<bool>,
    /// Med alert indicator (X13): that there is one, never what.
    pub med_alert: Option<Coded>,
    /// Priority for services (X14).
    pub priority_for_services: Option<bool>,
    /// Whether the school holds an immunization record (X15).
    pub immunization_record: Option<bool>,
    /// District of residence (X16).
    pub district_of_residence: Option<String>,
    /// Residency date (37).
    pub residency_date: Option<NaiveDate>,
    /// Residency verification date (X17).
    pub residency_verification_date: Option<NaiveDate>,
    /// Whether it is marked as the designated school for graduation (56).
    pub graduation_school: Option<bool>,
    /// Graduation or high school equivalency (X19).
    pub graduation_indicator: Option<Coded>,
    /// Its date (X20).
    pub graduation_date: Option<NaiveDate>,
    /// Out-of-state transcript at hand (X21).
    pub out_of_state_transcript: Option<bool>,
    /// Continuation of services reason (X22).
    pub continuation_reason: Option<Coded>,
    /// Algebra 1 or equivalent (X23).
    pub algebra_1: Option<bool>,
    /// Comment (X24).
    pub comment: Option<String>,
    /// Why it ended (X36).
    pub exit_reason: Option<Coded>,
    /// Where the child went (X37 to X39), in words.
    pub destination: Option<String>,
    /// When out-of-state records were obtained (X40).
    pub out_of_state_records_date: Option<NaiveDate>,
    /// Who reports it; the first is the one shown.
    pub sources: Vec<Source>,
    /// Where the sources differ, in words.
    pub notes: Vec<String>,
}
