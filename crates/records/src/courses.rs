//! Courses and credits. Numbers are exact decimals, written as text so that no reader rounds them.

use mde::StateCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::facility::FacilityInfo;
use crate::source::{Coded, Source};

/// How far a course is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CourseStatus {
    /// A final grade, or credits and no partial work.
    Completed,
    /// Clock hours or a grade to date, no final grade and no credits.
    Partial,
    /// Credits beside partial work and no final grade: ask the school. Not counted.
    Unclear,
    /// Nothing of it is reported yet.
    InProgress,
}

/// One course, or the part of one, at one school.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CourseEntry {
    /// The state whose report is shown.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The awarding school.
    pub facility: Option<FacilityInfo>,
    /// Title (62).
    pub title: String,
    /// Subject area (61).
    pub subject_area: Option<String>,
    /// Type (63).
    pub course_type: Option<Coded>,
    /// SCED code (X41).
    pub sced: Option<String>,
    /// School year, in words: `2024-2025`, or the course year (64).
    pub school_year: Option<String>,
    /// Section (65).
    pub section: Option<Coded>,
    /// Term (66).
    pub term_type: Option<Coded>,
    /// How far it is.
    pub status: CourseStatus,
    /// Grade to date (67): partial work, never credit.
    pub grade_to_date: Option<String>,
    /// Clock hours (68): partial work, never credit.
    pub clock_hours: Option<String>,
    /// Final grade (69).
    pub final_grade: Option<String>,
    /// Credits granted (70), in Carnegie units, an exact decimal.
    pub credits: Option<String>,
    /// The credits as the state sent them, where it uses another unit.
    pub credits_sent: Option<String>,
    /// The factor by which they became Carnegie units.
    pub credit_factor: Option<String>,
    /// Who reports it; the first is the one shown.
    pub sources: Vec<Source>,
    /// What is to be looked at, in words.
    pub notes: Vec<String>,
}

/// Credits of one subject area, over the courses of counted students.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubjectCredits {
    /// Subject area as sent; `not stated` where there is none.
    pub subject_area: String,
    /// Carnegie units of completed courses, an exact decimal.
    pub earned: String,
    /// Carnegie units of courses whose status is unclear, an exact decimal; not part of `earned`.
    pub unclear: String,
    /// Clock hours of partial work, an exact decimal; never turned into credit.
    pub partial_clock_hours: String,
    /// Completed courses.
    pub completed: usize,
    /// Partial courses.
    pub partial: usize,
}
