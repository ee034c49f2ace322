//! Schools, sites and project offices, resolved.

use mde::StateCode;
use serde::Serialize;
use utoipa::ToSchema;

/// A facility as far as the state's data tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FacilityInfo {
    /// Code in the sending state; `null` where only a name was sent.
    pub code: Option<String>,
    /// Name of the school or project.
    pub name: Option<String>,
    /// City.
    pub city: Option<String>,
    /// District.
    pub district: Option<String>,
    /// State in which it lies.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// Telephone number.
    pub phone: Option<String>,
    /// NCES identifier of the school.
    pub nces_school_id: Option<String>,
    /// NCES identifier of the district.
    pub nces_district_id: Option<String>,
}
