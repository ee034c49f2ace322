//! What the child needs to graduate, and where.

use mde::StateCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::facility::{Facilities, FacilityInfo, resolve};
use crate::source::{Report, Row, Source, rows};

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

/// Requirements that all students carry, by state and subject area.
pub(crate) fn requirements(reports: &[Report<'_>], facilities: &Facilities) -> Vec<RequirementEntry> {
    let mut entries: Vec<RequirementEntry> =
        rows(reports, |student| student.graduation_requirements.as_slice())
            .into_iter()
            .map(|Row { report, item }| RequirementEntry {
                state: item.state.unwrap_or(report.source.state),
                facility: resolve(facilities, report.source.state, item.facility_code.as_ref(), None),
                subject_area: item.subject_area.to_string(),
                units: item.units.number().normalize().to_string(),
                source: report.source.clone(),
            })
            .collect();
    entries.sort_by(|a, b| (a.state, &a.subject_area, &a.source).cmp(&(b.state, &b.subject_area, &b.source)));
    entries
}

/// The school of graduation that the newest enrollment of a counted student names (56, X18; an open enrollment before
/// a closed one), and in words the others where another counted student names another school.
pub(crate) fn school(
    reports: &[Report<'_>],
    facilities: &Facilities,
) -> (Option<GraduationSchool>, Vec<String>) {
    let mut named: Vec<_> = rows(reports, |student| student.enrollments.as_slice())
        .into_iter()
        .filter(|row| row.report.counted)
        .filter_map(|row| {
            let state = row.report.source.state;
            let item = row.item;
            let designated = item.designated_graduation_school.as_ref();
            let facility = match (designated, item.graduation_school) {
                (Some(code), _) => resolve(facilities, state, Some(code), None),
                (None, Some(true)) => resolve(
                    facilities,
                    state,
                    item.facility_code.as_ref(),
                    item.school_or_project_name.as_ref(),
                ),
                _ => None,
            }?;
            Some((
                (item.withdrawal_date.is_none(), item.enrollment_date),
                facility,
                &row.report.source,
            ))
        })
        .collect();
    // The reports come most recent first, and the sort is stable.
    named.sort_by_key(|(order, ..)| std::cmp::Reverse(*order));
    let mut named = named.into_iter();
    let Some((_, facility, source)) = named.next() else {
        return (None, Vec::new());
    };
    let mut others: Vec<String> = named
        .filter(|(order, other, by)| order.0 && *by != source && !other.is_same(&facility))
        .map(|(_, other, by)| {
            format!(
                "Designated graduation school: {} names {}, {} names {}",
                source.state,
                facility.title(),
                by.state,
                other.title()
            )
        })
        .collect();
    others.dedup();
    (
        Some(GraduationSchool {
            facility,
            source: source.clone(),
        }),
        others,
    )
}
