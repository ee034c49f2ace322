//! The consolidated record: all of it in one value.

use chrono::NaiveDate;
use mde::{PersonId, StateCode};
use serde::Serialize;
use store::persons::PersonRecord;
use utoipa::ToSchema;

use crate::alerts::AlertEntry;
use crate::assessments::AssessmentEntry;
use crate::composite::Composite;
use crate::courses::{CourseEntry, SubjectCredits};
use crate::eligibility::{Eligibility, MoveEntry};
use crate::enrollments::EnrollmentEntry;
use crate::graduation::{GraduationSchool, RequirementEntry};
use crate::immunizations::VaccineGroup;
use crate::source::{Coded, SourceStudent, StateSummary};
use crate::timeline::TimelineEvent;

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
    /// Qualifying moves of all states, newest first.
    pub qualifying_moves: Vec<MoveEntry>,
    /// Eligibility in each state that certified a move, latest end first.
    pub eligibility: Vec<Eligibility>,
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
    /// Alerts, open ones first.
    pub alerts: Vec<AlertEntry>,
    /// What is required for graduation.
    pub graduation_requirements: Vec<RequirementEntry>,
    /// Where the child is to graduate.
    pub graduation_school: Option<GraduationSchool>,
    /// Where counted students contradict each other, in words.
    pub disagreements: Vec<String>,
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

/// Consolidates what the hub holds of a person. `today` is the day in the reader's zone.
#[must_use]
pub fn consolidate(record: &PersonRecord, today: NaiveDate) -> ConsolidatedRecord {
    ConsolidatedRecord {
        person_id: record.person_id,
        superseded: record.asked_as,
        today,
        basis: Basis::Nothing,
        summary: Summary {
            name: String::new(),
            birth_date: None,
            gender: None,
            last_state: None,
            grade: None,
            qualifying_arrival_date: None,
            eligibility_ends: None,
            eligible_in: Vec::new(),
            priority_for_services: None,
            open_educational_alerts: 0,
            open_medical_alerts: 0,
        },
        identity: Vec::new(),
        states: Vec::new(),
        timeline: Vec::new(),
        enrollments: Vec::new(),
        qualifying_moves: Vec::new(),
        eligibility: Vec::new(),
        courses: Vec::new(),
        credits: Vec::new(),
        credits_earned: "0".into(),
        assessments: Vec::new(),
        immunizations: Vec::new(),
        alerts: Vec::new(),
        graduation_requirements: Vec::new(),
        graduation_school: None,
        disagreements: Vec::new(),
        sources: Vec::new(),
    }
}
