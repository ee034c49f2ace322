//! What the child needs to graduate, and where.

use std::cmp::Reverse;

use chrono::Datelike as _;
use mde::code::Grade;
use mde::{Enrollment, StateCode};
use serde::Serialize;
use store::requirements::Requirement;
use utoipa::ToSchema;

use crate::disagreement::{Disagreement, DisagreementKind, states};
use crate::facility::{Facilities, FacilityInfo, resolve};
use crate::plan::RequirementSet;
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
/// a closed one), and the others where another counted student names another school.
pub(crate) fn school(
    reports: &[Report<'_>],
    facilities: &Facilities,
) -> (Option<GraduationSchool>, Vec<Disagreement>) {
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
    let mut others: Vec<Disagreement> = named
        .filter(|(order, other, by)| order.0 && *by != source && !other.is_same(&facility))
        .map(|(_, other, by)| Disagreement {
            kind: DisagreementKind::GraduationSchool,
            element: Some("56".to_owned()),
            states: states([source, by]),
            text: format!(
                "Designated graduation school: {} names {}, {} names {}",
                source.state,
                facility.title(),
                by.state,
                other.title()
            ),
            rule: format!("{} is taken: of the newest open enrollment.", facility.title()),
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

/// The enrollments of counted students, the newest first, an open one before a closed one.
fn newest<'a>(reports: &'a [Report<'a>]) -> Vec<Row<'a, Enrollment>> {
    let mut of: Vec<_> = rows(reports, |student| student.enrollments.as_slice())
        .into_iter()
        .filter(|row| row.report.counted)
        .collect();
    of.sort_by_key(|row| Reverse((row.item.withdrawal_date.is_none(), row.item.enrollment_date)));
    of
}

/// The grade of the newest enrollment that has one.
pub(crate) fn grade(reports: &[Report<'_>]) -> Option<Grade> {
    newest(reports).iter().find_map(|row| row.item.grade)
}

/// Whether a state says that Algebra 1 or an equivalent is done (X23).
pub(crate) fn algebra_1(reports: &[Report<'_>]) -> bool {
    newest(reports).iter().any(|row| row.item.algebra_1 == Some(true))
}

/// The year in which the child's grade 9 began: that of its enrollment in grade 9, else counted back from its grade.
pub(crate) fn cohort(reports: &[Report<'_>]) -> Option<i32> {
    let years = |grade: Grade| match grade {
        Grade::G9 => Some(0),
        Grade::G10 => Some(1),
        Grade::G11 => Some(2),
        Grade::G12 => Some(3),
        _ => None,
    };
    let began = |row: &Row<'_, Enrollment>| {
        let start = row.item.enrollment_date.day();
        // A school year begins in July at the earliest.
        let year = start.year() - i32::from(start.month() < 7);
        Some((year, years(row.item.grade?)?))
    };
    let of: Vec<(i32, i32)> = newest(reports).iter().filter_map(began).collect();
    let first = of
        .iter()
        .filter(|(_, years)| *years == 0)
        .map(|(year, _)| *year)
        .min();
    first.or_else(|| of.first().map(|(year, years)| year - years))
}

/// The set that a state keeps for this child: of the school from which it is to graduate, of its district, of the whole
/// state; where no school is designated, of its home base, which is the state of its newest enrollment in high school.
pub(crate) fn kept_set(
    kept: &[Requirement],
    reports: &[Report<'_>],
    school: Option<&GraduationSchool>,
) -> Option<RequirementSet> {
    let state = match school {
        Some(school) => school.facility.state,
        None => {
            newest(reports)
                .into_iter()
                .find(|row| row.item.grade.is_some_and(Grade::is_secondary))?
                .report
                .source
                .state
        }
    };
    set_of_state(kept, reports, school, state)
}

/// The set of one state that is for this child's cohort: of the designated school if it is in that state, else of the
/// whole state, which is then only assumed.
pub(crate) fn set_of_state(
    kept: &[Requirement],
    reports: &[Report<'_>],
    school: Option<&GraduationSchool>,
    state: StateCode,
) -> Option<RequirementSet> {
    let cohort = cohort(reports)?;
    let school = school.filter(|school| school.facility.state == state);
    let places = school.map_or([None, None], |school| {
        [school.facility.code.clone(), school.facility.district.clone()]
    });
    let fits = |r: &&Requirement| r.state == state && r.cohorts.0 <= cohort && cohort <= r.cohorts.1;
    let places = places.into_iter().flatten().chain([String::new()]);
    for place in places {
        let of: Vec<&Requirement> = kept.iter().filter(fits).filter(|r| r.place == place).collect();
        // Where sets of two spans of years fit, the one that begins last holds.
        let Some(from) = of.iter().map(|r| r.cohorts.0).max() else {
            continue;
        };
        let set: Vec<&&Requirement> = of.iter().filter(|r| r.cohorts.0 == from).collect();
        return Some(RequirementSet {
            state,
            place: Some(place).filter(|p| !p.is_empty()),
            units: set.iter().map(|r| (r.subject_area.clone(), r.units)).collect(),
            source: set[0].source.clone(),
            assumed: school.is_none(),
        });
    }
    None
}
