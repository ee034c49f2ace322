//! What schools say of a child that leaves: notes of their states that nobody has confirmed, beside the record and never
//! in it.

use chrono::{DateTime, NaiveDate, Utc};
use mde::StateCode;
use serde::Serialize;
use store::hand_offs::HandedCourse;
use store::persons::PersonRecord;
use utoipa::ToSchema;

use crate::source::{Report, Source};

/// Work under way in a course, as the school has told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CourseSoFar {
    /// Title, as the school calls the course.
    pub title: String,
    /// Grade to date.
    pub grade_to_date: Option<String>,
    /// Clock hours to date, an exact decimal.
    pub clock_hours: Option<String>,
}

impl From<&HandedCourse> for CourseSoFar {
    fn from(course: &HandedCourse) -> Self {
        Self {
            title: course.title.to_string(),
            grade_to_date: course.grade_to_date.as_ref().map(ToString::to_string),
            clock_hours: course
                .clock_hours
                .map(|hours| hours.number().normalize().to_string()),
        }
    }
}

/// A hand-off: unconfirmed, until the state's next upload with new content of the student.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = HandOffOfRecord)]
pub struct HandOffEntry {
    /// Number of the hand-off.
    pub hand_off_id: i64,
    /// When it was written.
    pub written_at: DateTime<Utc>,
    /// The last day that the child attended.
    pub last_day: Option<NaiveDate>,
    /// The state where the family says that it goes.
    #[schema(value_type = Option<String>)]
    pub to_state: Option<StateCode>,
    /// The place there, or a country, in the family's words.
    pub to_place: Option<String>,
    /// Whom to ask.
    pub contact: Option<String>,
    /// What else is said.
    pub note: Option<String>,
    /// Work under way.
    pub courses: Vec<CourseSoFar>,
    /// Always `false`: nobody has confirmed it, and it counts nowhere.
    pub confirmed: bool,
    /// The state's student of which it speaks.
    pub source: Source,
}

/// The hand-offs of these students, oldest first.
pub(crate) fn hand_offs(record: &PersonRecord, reports: &[Report<'_>]) -> Vec<HandOffEntry> {
    let entry = |of: &store::hand_offs::HandOff| {
        let report = reports
            .iter()
            .find(|report| report.held.student_id == of.student_id)?;
        Some(HandOffEntry {
            hand_off_id: of.hand_off_id,
            written_at: of.written_at,
            last_day: of.last_day,
            to_state: of.to_state,
            to_place: of.to_place.clone(),
            contact: of.contact.clone(),
            note: of.note.clone(),
            courses: of.courses.iter().map(CourseSoFar::from).collect(),
            confirmed: false,
            source: report.source.clone(),
        })
    };
    record.hand_offs.iter().filter_map(entry).collect()
}
