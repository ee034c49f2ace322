//! Enrollments of all states, each once.

use std::cmp::Reverse;

use chrono::NaiveDate;
use mde::code::EnrollmentType;
use mde::{Date, Enrollment, StateCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::facility::{Facilities, FacilityInfo, resolve};
use crate::source::{Report, Row, Source, group, rows};
use crate::words::{Coded, coded, same_spelled, texts};

/// One enrollment, reported by one state or by several.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EnrollmentEntry {
    /// The state whose report is shown.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// First day (data element 54).
    pub start: NaiveDate,
    /// Last day (21); `null` while it is open, or where the only one sent is before the first day.
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

struct Reported<'a> {
    row: Row<'a, Enrollment>,
    facility: Option<FacilityInfo>,
    class: &'static str,
}

impl Reported<'_> {
    /// A state's word on its own schools is worth more than another's, and the newer more than the older. Where one
    /// state lists an enrollment twice, the values decide, so that the order of its rows does not.
    fn order(&self) -> impl Ord + use<> {
        let source = &self.row.report.source;
        let own = self.facility.as_ref().is_none_or(|f| f.state == source.state);
        let best = Reverse((self.row.report.counted, own, source.as_of));
        (best, source.state, texts(self.row.item))
    }
}

/// Enrollments of all students, newest first; reports of the same facility, type class and first day are one.
pub(crate) fn enrollments(reports: &[Report<'_>], facilities: &Facilities) -> Vec<EnrollmentEntry> {
    let reported = rows(reports, |student| student.enrollments.as_slice())
        .into_iter()
        .map(|row| Reported {
            facility: resolve(
                facilities,
                row.report.source.state,
                row.item.facility_code.as_ref(),
                row.item.school_or_project_name.as_ref(),
            ),
            class: row.item.enrollment_type.map_or("school", EnrollmentType::class),
            row,
        })
        .collect();
    let mut entries: Vec<EnrollmentEntry> = group(reported, |a, b| is_same(a, b).then_some(0))
        .into_iter()
        .map(entry)
        .collect();
    entries.sort_by(|a, b| {
        (b.start, b.open, b.end)
            .cmp(&(a.start, a.open, a.end))
            .then_with(|| a.sources.cmp(&b.sources))
    });
    entries
}

fn is_same(a: &Reported<'_>, b: &Reported<'_>) -> bool {
    if a.class != b.class || a.row.item.enrollment_date != b.row.item.enrollment_date {
        return false;
    }
    match (&a.facility, &b.facility) {
        (Some(one), Some(two)) => one.is_same(two),
        // Without a facility only the state and the district of residence say where.
        (None, None) => {
            a.row.report.source.state == b.row.report.source.state
                && a.row.item.district_of_residence == b.row.item.district_of_residence
        }
        _ => false,
    }
}

fn entry(mut group: Vec<Reported<'_>>) -> EnrollmentEntry {
    group.sort_by_cached_key(Reported::order);
    let first = &group[0];
    let rows: Vec<&Enrollment> = group.iter().map(|r| r.row.item).collect();
    let day = |pick: fn(&Enrollment) -> Option<Date>| rows.iter().find_map(|e| pick(e)).map(Date::day);
    let flag = |pick: fn(&Enrollment) -> Option<bool>| rows.iter().find_map(|e| pick(e));
    // An end before the start is no end: the next report's is taken, and the note says so.
    let possible = |e: &Enrollment| e.withdrawal_date.filter(|end| *end >= e.enrollment_date);
    let end = day(possible);
    let mut sources: Vec<Source> = group.iter().map(|r| r.row.report.source.clone()).collect();
    sources.dedup();
    EnrollmentEntry {
        state: first.row.report.source.state,
        start: first.row.item.enrollment_date.day(),
        end,
        open: rows.iter().all(|e| e.withdrawal_date.is_none()),
        facility: first.facility.clone(),
        enrollment_type: rows.iter().find_map(|e| e.enrollment_type).map(coded),
        class: first.class.to_owned(),
        grade: rows.iter().find_map(|e| e.grade).map(coded),
        project_type: rows.iter().find_map(|e| e.project_type).map(coded),
        english_learner: flag(|e| e.english_learner),
        iep: flag(|e| e.iep),
        med_alert: rows.iter().find_map(|e| e.med_alert).map(coded),
        priority_for_services: flag(|e| e.priority_for_services),
        immunization_record: flag(|e| e.immunization_record),
        district_of_residence: rows
            .iter()
            .find_map(|e| e.district_of_residence.as_ref())
            .map(ToString::to_string),
        residency_date: day(|e| e.residency_date),
        residency_verification_date: day(|e| e.residency_verification_date),
        graduation_school: flag(|e| e.graduation_school),
        graduation_indicator: rows.iter().find_map(|e| e.graduation_indicator).map(coded),
        graduation_date: day(|e| e.graduation_date),
        out_of_state_transcript: flag(|e| e.out_of_state_transcript),
        continuation_reason: rows.iter().find_map(|e| e.continuation_reason).map(coded),
        algebra_1: flag(|e| e.algebra_1),
        comment: rows
            .iter()
            .find_map(|e| e.comment.as_ref())
            .map(ToString::to_string),
        exit_reason: rows.iter().find_map(|e| e.exit_reason).map(coded),
        destination: rows.iter().find_map(|e| destination(e)),
        out_of_state_records_date: day(|e| e.out_of_state_records_date),
        notes: notes(&group),
        sources,
    }
}

fn destination(enrollment: &Enrollment) -> Option<String> {
    let parts = [
        enrollment.destination_city.as_ref().map(ToString::to_string),
        enrollment.destination_state.as_ref().map(ToString::to_string),
        enrollment.destination_country.map(|c| c.name().to_owned()),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn notes(group: &[Reported<'_>]) -> Vec<String> {
    let text = |e: &Enrollment| {
        [
            (
                "ended on",
                e.withdrawal_date
                    .filter(|end| *end >= e.enrollment_date)
                    .map(|d| d.to_string()),
            ),
            ("is", e.grade.map(|g| g.to_string())),
        ]
    };
    let first = text(group[0].row.item);
    let mut notes: Vec<String> = group
        .iter()
        .filter_map(|r| {
            let end = r
                .row
                .item
                .withdrawal_date
                .filter(|end| *end < r.row.item.enrollment_date)?;
            Some(format!(
                "{} says it ended on {end}, before it began",
                r.row.report.source.state
            ))
        })
        .collect();
    for other in &group[1..] {
        for ((verb, said), (_, shown)) in text(other.row.item).into_iter().zip(&first) {
            if let (Some(said), Some(shown)) = (said, shown)
                && !same_spelled(&said, shown)
            {
                notes.push(format!("{} says it {verb} {said}", other.row.report.source.state));
            }
        }
    }
    notes
}
