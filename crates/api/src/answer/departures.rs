//! Who is expected to leave, for the exchange, the portal and a sheet alike.

use chrono::{DateTime, NaiveDate, Utc};
use mde::PersonId;
use records::missing::{Missing, missing};
use records::roster::departures::{days, reasons};
use serde::Serialize;
use spreadsheet::{Cell, Column, Table};
use store::roster::departures::{Departing, Question};
use utoipa::ToSchema;

use crate::answer::students::names;

/// Weeks ahead of which departures are told unless asked otherwise.
pub const WEEKS: i64 = 6;

/// The most weeks that can be asked about.
pub const MOST_WEEKS: i64 = 26;

/// A migratory child that is expected to leave the state.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Departure)]
pub struct DepartureDocument {
    /// The child.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// The state's identifier of the student.
    pub state_student_id: String,
    /// Last names.
    pub last_name: String,
    /// First and middle name.
    pub first_name: String,
    /// Birth date.
    pub birth_date: Option<NaiveDate>,
    /// District of its latest enrollment in the place.
    pub district: Option<String>,
    /// School or project of that, by the state's code.
    pub facility_code: Option<String>,
    /// Its name.
    pub school: Option<String>,
    /// Grade in words.
    pub grade: Option<&'static str>,
    /// First day on which it is expected to leave; missing where a notice gives no day.
    pub expected_from: Option<NaiveDate>,
    /// Last day of that.
    pub expected_until: Option<NaiveDate>,
    /// Whether that is over, and the child is still enrolled.
    pub overdue: bool,
    /// From what it follows, in words: a withdrawal to come, a notice, the weeks in which it left in earlier years.
    pub because: Vec<String>,
    /// The notice that tells of it.
    pub move_notice_id: Option<i64>,
    /// What is missing from the state's record.
    pub missing: Missing,
    /// When the closing hand-off was written, while it holds.
    pub handed_off_at: Option<DateTime<Utc>>,
}

impl DepartureDocument {
    /// What is told of a child that was found by this question.
    #[must_use]
    pub fn of(departing: Departing, question: &Question) -> Self {
        let expected = days(&departing, question.until);
        let because = reasons(&departing, question.until);
        let child = departing.child;
        let (last_name, first_name) = names(&child.student.identity);
        Self {
            person_id: child.person_id,
            state_student_id: child.student.identity.state_student_id.to_string(),
            last_name,
            first_name,
            birth_date: child.student.identity.birth_date.map(mde::Date::day),
            grade: child.grade(),
            missing: missing(&child.student, child.grade_level(), question.day),
            district: child.entry.district,
            facility_code: child.entry.facility_code,
            school: child.school,
            expected_from: expected.map(|(from, _)| from),
            expected_until: expected.map(|(_, until)| until),
            overdue: expected.is_some_and(|(_, until)| until < question.day),
            because,
            move_notice_id: departing.announced.map(|notice| notice.move_notice_id),
            handed_off_at: departing.handed_off_at,
        }
    }
}

const DEPARTURES: [Column; 14] = [
    Column::new("person_id", 16),
    Column::new("state_student_id", 16),
    Column::new("last_name", 22),
    Column::new("first_name", 20),
    Column::new("birth_date", 12),
    Column::new("district", 22),
    Column::new("facility_code", 14),
    Column::new("school", 28),
    Column::new("grade", 14),
    Column::new("expected_from", 12),
    Column::new("expected_until", 12),
    Column::new("because", 60),
    Column::new("missing", 60),
    Column::new("handed_off", 12),
];

/// A row per child.
#[must_use]
pub fn table(children: &[DepartureDocument]) -> Table {
    Table::new("Departures", &DEPARTURES).with(children.iter().map(row))
}

fn row(child: &DepartureDocument) -> Vec<Cell<'static>> {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).into();
    vec![
        child.person_id.to_string().into(),
        child.state_student_id.clone().into(),
        child.last_name.clone().into(),
        child.first_name.clone().into(),
        day(child.birth_date),
        child.district.clone().into(),
        child.facility_code.clone().into(),
        child.school.clone().into(),
        child.grade.into(),
        day(child.expected_from),
        day(child.expected_until),
        child.because.join("; ").into(),
        child.missing.words().join("; ").into(),
        day(child.handed_off_at.map(|at| at.date_naive())),
    ]
}
