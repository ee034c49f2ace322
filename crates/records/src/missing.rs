//! What is missing from a state's record of a child that leaves: what the next school asks for first. Pure.

use chrono::NaiveDate;
use mde::code::Grade;
use mde::completeness::{EXPECTED_PARTS, Whom};
use mde::{Course, PartKind, Student};
use serde::Serialize;
use utoipa::ToSchema;

use crate::courses::CourseStatus;
use crate::schooling::school_year;

/// What is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Missing {
    /// Titles of courses under way without a grade to date (67).
    pub grade_to_date: Vec<String>,
    /// Titles of courses under way without clock hours to date (68).
    pub clock_hours: Vec<String>,
    /// Immunizations without a date (35).
    pub doses_without_date: usize,
    /// Whether there is no immunization.
    pub immunizations: bool,
    /// Whether there is no assessment, of a child in a grade in which states test.
    pub assessments: bool,
    /// Whether there is no course, of a child in grades 9 to 12 or out of school.
    pub courses: bool,
}

impl Missing {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// In words, one text for each kind.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let titles = |what: &str, titles: &[String]| {
            (!titles.is_empty()).then(|| format!("{what}: {}", titles.join(", ")))
        };
        let none = |flag: bool, what: &str| flag.then(|| what.to_owned());
        let doses = match self.doses_without_date {
            0 => None,
            1 => Some("Date of one immunization".to_owned()),
            several => Some(format!("Dates of {several} immunizations")),
        };
        [
            titles("Grade to date", &self.grade_to_date),
            titles("Hours so far", &self.clock_hours),
            doses,
            none(self.immunizations, "Any immunization"),
            none(self.assessments, "Any assessment"),
            none(self.courses, "Any course"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Whether a course is under way on a day: neither finished nor credited, and of no school year that is over.
#[must_use]
pub fn is_under_way(course: &Course, today: NaiveDate) -> bool {
    let this_year = school_year(today);
    // The year in which the school year of the course began, as late as what is known of it allows.
    let began = match (
        course.begin_academic_year,
        course.end_academic_year,
        course.course_year,
    ) {
        (Some(begin), ..) => Some(begin.number()),
        (None, Some(end), _) => Some(end.number() - 1),
        (None, None, year) => year.map(mde::Year::number),
    };
    let open = matches!(
        CourseStatus::of(course),
        CourseStatus::Partial | CourseStatus::InProgress
    );
    open && began.is_none_or(|year| year >= this_year)
}

/// What is missing from a student in a grade on a day.
#[must_use]
pub fn missing(student: &Student, grade: Option<Grade>, today: NaiveDate) -> Missing {
    let under_way = || student.courses.iter().filter(|c| is_under_way(c, today));
    let titles = |lacks: fn(&Course) -> bool| {
        let of = under_way().filter(|c| lacks(c)).map(|c| c.title.to_string());
        of.collect::<Vec<_>>()
    };
    let expected = |part: PartKind| {
        EXPECTED_PARTS.iter().any(|(of, _, whom)| {
            *of == part
                && match whom {
                    Whom::Tested => grade.is_some_and(Grade::is_tested),
                    Whom::Secondary => grade.is_some_and(Grade::is_secondary),
                    _ => true,
                }
        })
    };
    Missing {
        grade_to_date: titles(|c| c.grade_to_date.is_none()),
        clock_hours: titles(|c| c.clock_hours.is_none()),
        doses_without_date: student.immunizations.iter().filter(|i| i.date.is_none()).count(),
        immunizations: student.immunizations.is_empty() && expected(PartKind::Immunization),
        assessments: student.assessments.is_empty() && expected(PartKind::Assessment),
        courses: student.courses.is_empty() && expected(PartKind::Course),
    }
}
