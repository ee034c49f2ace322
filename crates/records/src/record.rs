//! The consolidated record: all of it in one value.

use chrono::NaiveDate;
use mde::code::{AlertKind, Codes as _};
use mde::{PersonId, StateCode};
use serde::Serialize;
use store::persons::PersonRecord;
use store::requirements::Requirement;
use utoipa::ToSchema;

use crate::alerts::AlertEntry;
use crate::assessments::AssessmentEntry;
use crate::composite::Composite;
use crate::courses::{CourseEntry, SubjectCredits};
use crate::disagreement::{self, Disagreement};
use crate::eligibility::{Eligibility, MoveEntry, Standing};
use crate::enrollments::EnrollmentEntry;
use crate::graduation::{GraduationSchool, RequirementEntry};
use crate::hand_offs::{self, HandOffEntry};
use crate::immunizations::{ImmunizationReport, VaccineGroup};
use crate::plan::{self, GraduationPlan, PlanComparison, StatePlan};
use crate::schooling::{self, Schooling};
use crate::source::{SourceStudent, StateSummary};
use crate::statements::{self, StatementEntry};
use crate::timeline::TimelineEvent;
use crate::words::Coded;
use crate::{
    alerts, assessments, composite, courses, eligibility, enrollments, graduation, immunizations, source,
    timeline,
};

/// Everything that the hub knows of a person, consolidated on one day.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ConsolidatedRecord {
    /// Student Record Number (data element 1), 12 digits.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// The retired number under which it was asked for; `person_id` is its survivor.
    #[schema(value_type = Option<String>)]
    pub superseded: Option<PersonId>,
    /// The day of which `eligible_today` and the ages of data speak.
    pub today: NaiveDate,
    /// Whether resolved values and counts come from live students.
    pub basis: Basis,
    /// The top of a page, in few values.
    pub summary: Summary,
    /// The composite view of who the child is.
    pub identity: Vec<Composite>,
    /// The person's states, most recent activity first.
    pub states: Vec<StateSummary>,
    /// What happened when, newest first.
    pub timeline: Vec<TimelineEvent>,
    /// Enrollments of all states, newest first.
    pub enrollments: Vec<EnrollmentEntry>,
    /// The same as one way through schools: school of record, overlaps, gaps, grades.
    pub schooling: Schooling,
    /// Qualifying moves of all states, newest first.
    pub qualifying_moves: Vec<MoveEntry>,
    /// Eligibility in each state that certified a move, latest end first.
    pub eligibility: Vec<Eligibility>,
    /// Where the child stands with each of its states, in words.
    pub standings: Vec<Standing>,
    /// Courses, newest school year first.
    pub courses: Vec<CourseEntry>,
    /// Credits by subject area.
    pub credits: Vec<SubjectCredits>,
    /// Carnegie units of all completed courses, an exact decimal.
    pub credits_earned: String,
    /// Assessments, latest first.
    pub assessments: Vec<AssessmentEntry>,
    /// Immunizations by vaccine group.
    pub immunizations: Vec<VaccineGroup>,
    /// What each student's state reports of immunizations.
    pub immunization_reports: Vec<ImmunizationReport>,
    /// Alerts, open ones first.
    pub alerts: Vec<AlertEntry>,
    /// What is required for graduation.
    pub graduation_requirements: Vec<RequirementEntry>,
    /// Where the child is to graduate.
    pub graduation_school: Option<GraduationSchool>,
    /// The way to graduation, where courses or requirements are known.
    pub plan: Option<GraduationPlan>,
    /// Where counted students contradict each other or themselves, and what each rule made of it.
    pub disagreements: Vec<Disagreement>,
    /// What families have stated against a state's record that was not corrected, oldest first.
    pub statements: Vec<StatementEntry>,
    /// What schools say of the child at a departure, oldest first: notes of their states that nobody has confirmed, each
    /// until the state's next upload.
    pub hand_offs: Vec<HandOffEntry>,
    /// The students as their states sent them.
    pub sources: Vec<SourceStudent>,
}

/// What resolved values and counts are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The live students.
    Live,
    /// No student is live: the one that was reported last.
    LastReported,
    /// The person has no student any more.
    Nothing,
}

/// The top of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Summary {
    /// First, middle and last names and generation.
    pub name: String,
    /// Birth date (9).
    pub birth_date: Option<NaiveDate>,
    /// Gender (8), in words.
    pub gender: Option<String>,
    /// The state of the newest event.
    #[schema(value_type = Option<String>)]
    pub last_state: Option<StateCode>,
    /// Grade level of the newest enrollment that has one.
    pub grade: Option<Coded>,
    /// Newest qualifying arrival date of any state.
    pub qualifying_arrival_date: Option<NaiveDate>,
    /// Latest end of eligibility of any state.
    pub eligibility_ends: Option<NaiveDate>,
    /// States in which the child is eligible today.
    #[schema(value_type = Vec<String>)]
    pub eligible_in: Vec<StateCode>,
    /// Priority for services, as the newest enrollment that states it says.
    pub priority_for_services: Option<bool>,
    /// Open educational alerts.
    pub open_educational_alerts: usize,
    /// Open medical alerts.
    pub open_medical_alerts: usize,
}

impl ConsolidatedRecord {
    /// The resolved element of a column (`birth_date`).
    #[must_use]
    pub fn element(&self, column: &str) -> Option<&Composite> {
        self.identity.iter().find(|e| e.column == column)
    }
}

/// Consolidates what the hub holds of a person. `today` is the day in the reader's zone.
#[must_use]
pub fn consolidate(record: &PersonRecord, today: NaiveDate) -> ConsolidatedRecord {
    let (basis, reports) = source::reports(record);
    let facilities = &record.facilities;
    let (identity, mut disagreements) = composite::composite(&reports);
    let enrollments = enrollments::enrollments(&reports, facilities);
    let birth = birth_date(&identity);
    let schooling = schooling::schooling(&enrollments, birth, today);
    let qualifying_moves = eligibility::moves(&reports);
    let eligibility = eligibility::eligibility(&reports, birth, &record.rules, today);
    let courses = courses::courses(&reports, facilities);
    let alerts = alerts::alerts(&reports, today);
    let (graduation_school, other_schools) = graduation::school(&reports, facilities);
    let graduation_requirements = graduation::requirements(&reports, facilities);
    let plan = plan::plan(&plan::Known {
        courses: &courses.counted,
        requirements: &graduation_requirements,
        school: graduation_school.as_ref(),
        set: graduation::kept_set(&record.requirements, &reports, graduation_school.as_ref()),
        grade: graduation::grade(&reports),
        algebra_1: graduation::algebra_1(&reports),
    });
    disagreements.extend(disagreement::disagreements(&disagreement::Parts {
        reports: &reports,
        enrollments: &enrollments,
        schooling: &schooling,
        courses: &courses.entries,
        eligibility: &eligibility,
    }));
    disagreements.extend(other_schools);
    ConsolidatedRecord {
        person_id: record.person_id,
        superseded: record.asked_as,
        today,
        basis,
        summary: summary(&identity, &enrollments, &eligibility, &alerts),
        states: source::states(&reports, today),
        timeline: timeline::timeline(&enrollments, &qualifying_moves),
        courses: courses.entries,
        credits: courses.credits,
        credits_earned: courses.earned.to_string(),
        assessments: assessments::assessments(&reports),
        immunizations: immunizations::immunizations(&reports),
        immunization_reports: immunizations::by_state(&reports),
        standings: eligibility::standings(&reports, &eligibility),
        schooling,
        graduation_requirements,
        plan,
        statements: statements::statements(record, &reports),
        hand_offs: hand_offs::hand_offs(record, &reports),
        sources: source::students(&reports),
        identity,
        enrollments,
        qualifying_moves,
        eligibility,
        alerts,
        graduation_school,
        disagreements,
    }
}

/// The way to graduation of a person under the requirements of each of these states: those that the state sent with the
/// child, else the set that it keeps (`kept`). What the child has earned is the same in all of them.
#[must_use]
pub fn under_states(record: &PersonRecord, kept: &[Requirement], states: &[StateCode]) -> PlanComparison {
    let (_, reports) = source::reports(record);
    let courses = courses::courses(&reports, &record.facilities);
    let (school, _) = graduation::school(&reports, &record.facilities);
    let all = graduation::requirements(&reports, &record.facilities);
    let plan_in = |state: StateCode| {
        let own: Vec<RequirementEntry> = all.iter().filter(|r| r.state == state).cloned().collect();
        StatePlan {
            state,
            plan: plan::plan(&plan::Known {
                courses: &courses.counted,
                requirements: &own,
                school: school.as_ref(),
                set: graduation::set_of_state(kept, &reports, school.as_ref(), state),
                grade: graduation::grade(&reports),
                algebra_1: graduation::algebra_1(&reports),
            }),
        }
    };
    PlanComparison {
        person_id: record.person_id,
        cohort: graduation::cohort(&reports),
        plans: states.iter().map(|state| plan_in(*state)).collect(),
    }
}

fn birth_date(identity: &[Composite]) -> Option<NaiveDate> {
    identity
        .iter()
        .find(|e| e.column == "birth_date")
        .and_then(|e| e.value.parse().ok())
}

fn summary(
    identity: &[Composite],
    enrollments: &[EnrollmentEntry],
    eligibility: &[Eligibility],
    alerts: &[AlertEntry],
) -> Summary {
    let text = |column: &str| {
        identity
            .iter()
            .find(|e| e.column == column)
            .map(|e| e.value.clone())
    };
    let name: Vec<String> = [
        "first_name",
        "middle_name",
        "last_name_1",
        "last_name_2",
        "generation",
    ]
    .into_iter()
    .filter_map(text)
    .collect();
    // What counts nowhere does not speak for the child either, unless there is nothing else.
    let live = enrollments.iter().any(|e| e.sources.iter().any(|s| s.live));
    let counted = || {
        enrollments
            .iter()
            .filter(move |e| !live || e.sources.iter().any(|s| s.live))
    };
    let open = |kind: AlertKind| {
        alerts
            .iter()
            .filter(|a| a.open && a.source.live && a.kind.code == kind.row().stored)
            .count()
    };
    Summary {
        name: name.join(" "),
        birth_date: birth_date(identity),
        gender: identity
            .iter()
            .find(|e| e.column == "gender")
            .and_then(|e| e.label.clone()),
        last_state: counted()
            .next()
            .map(|e| e.state)
            .or_else(|| eligibility.first().map(|e| e.state)),
        grade: counted().find_map(|e| e.grade.clone()),
        qualifying_arrival_date: eligibility.iter().map(|e| e.qualifying_arrival_date).max(),
        eligibility_ends: eligibility.iter().map(|e| e.ends).max(),
        eligible_in: eligibility
            .iter()
            .filter(|e| e.eligible_today)
            .map(|e| e.state)
            .collect(),
        priority_for_services: counted().find_map(|e| e.priority_for_services),
        open_educational_alerts: open(AlertKind::Educational),
        open_medical_alerts: open(AlertKind::Medical),
    }
}
