//! What the child needs to graduate, and where.

use mde::StateCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::facility::FacilityInfo;
use crate::source::Source;

/// Carnegie units required in a subject area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RequirementEntry {
    /// The state that requires them.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The school, where it is the school's requirement.
    pub facility: Option<FacilityInfo>,
    /// Subject area (61).
    pub subject_area: String,
    /// Carnegie units (59), an exact decimal.
    pub units: String,
    /// Who reports it.
    pub source: Source,
}

/// The school from which the child is to graduate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GraduationSchool {
    /// The school.
    pub facility: FacilityInfo,
    /// Who says so.
    pub source: Source,
}
