//! Whether one child counts in one state.

use std::fmt;

use chrono::NaiveDate;
use mde::EligibilityRules;
use mde::code::{EnrollmentType, Grade};
use mde::eligibility::birthday;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::period::Days;
use crate::eligibility::{Window, windows};
use store::program::{ProgramEnrollment, ProgramStudent};

/// A child in the counts of one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Category 1 (12 months): see [`count`].
    pub category_1: bool,
    /// Category 2 (summer or intersession), of those in category 1.
    pub category_2: bool,
    /// The grade band.
    pub band: Band,
    /// Whether the child arrived by a qualifying move in the period.
    pub moved: bool,
    /// Whether no birth date is known, so that its age is not; such a child counts in no category.
    pub age_unknown: bool,
    /// The days counted that are the last of an eligibility: the child was eligible then, and not on the day after.
    pub ended: Vec<NaiveDate>,
}

/// Age and grade as the counts are broken down (CSPR; EDFacts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// Three to five and not in kindergarten.
    Preschool,
    /// Kindergarten.
    Kindergarten,
    /// Grade 1 to 12.
    Grade(u8),
    /// Ungraded.
    Ungraded,
    /// Out of school.
    OutOfSchool,
    /// No grade is known.
    Unknown,
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preschool => f.write_str("3-5"),
            Self::Kindergarten => f.write_str("K"),
            Self::Grade(n) => write!(f, "{n}"),
            Self::Ungraded => f.write_str("UG"),
            Self::OutOfSchool => f.write_str("OOS"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl Serialize for Band {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Band {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match text.as_str() {
            "3-5" => Self::Preschool,
            "K" => Self::Kindergarten,
            "UG" => Self::Ungraded,
            "OOS" => Self::OutOfSchool,
            "unknown" => Self::Unknown,
            grade => Self::Grade(grade.parse().map_err(D::Error::custom)?),
        })
    }
}

impl utoipa::PartialSchema for Band {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl ToSchema for Band {}

/// Counts a child in one state over some days.
///
/// Category 1 takes one day on which the child, three or older and not yet 22, was eligible in this state and was
/// there by dated evidence: a qualifying arrival, a residency date, a verification of residency, or an enrollment
/// that is not there by continuation of services only (ESEA 1303, 1304(e); 34 CFR 200.81). Category 2 takes, of those,
/// one day like that in a summer or intersession project: of type 03, or of type 04 between June and August.
#[must_use]
pub fn count(
    students: &[&ProgramStudent],
    birth: Option<NaiveDate>,
    rules: EligibilityRules,
    days: Days,
) -> Counted {
    let windows = windows(students, birth, rules);
    let mut out = Counted {
        category_1: false,
        category_2: false,
        band: Band::Unknown,
        moved: false,
        age_unknown: false,
        ended: last_days(&windows)
            .filter(|day| Days::on(*day).and(days).any())
            .collect(),
    };
    for student in students {
        let Some(birth) = student.birth.or(birth) else {
            out.age_unknown = true;
            continue;
        };
        let of_age = days.and(Days {
            from: birthday(birth, 3),
            to: mde::eligibility::last_day_of_age_21(birth),
        });
        let there = |evidence: Days| eligible_on(&windows, evidence.and(of_age));
        let moves = student.moves.iter().filter(|m| !m.void);
        let dated = moves.flat_map(|m| [Some(m.arrival), m.residency]);
        let enrolled = || student.enrollments.iter().filter(|e| !e.continuation);
        let dated = dated.chain(enrolled().flat_map(|e| e.residency)).flatten();
        out.category_1 |= dated.map(Days::on).any(there) || enrolled().any(|e| there(days_of(e, days)));
        out.category_2 |= enrolled().any(|e| served_in_summer(e, days).into_iter().any(there));
        out.moved |= student
            .moves
            .iter()
            .any(|m| !m.void && Days::on(m.arrival).and(days).any());
    }
    out.category_2 &= out.category_1;
    out.band = band(students, birth, days);
    out
}

/// The days after which no window goes on: a later qualifying move renews what an earlier one gave.
fn last_days(windows: &[Window]) -> impl Iterator<Item = NaiveDate> + '_ {
    let mut days: Vec<NaiveDate> = windows.iter().map(|w| w.to).collect();
    days.sort_unstable();
    days.dedup();
    days.into_iter().filter(|day| {
        let next = day.succ_opt().unwrap_or(NaiveDate::MAX);
        !windows.iter().any(|w| w.holds(next))
    })
}

fn eligible_on(windows: &[Window], days: Days) -> bool {
    let of_window = |w: &Window| Days {
        from: w.from,
        to: w.to,
    };
    windows.iter().any(|w| of_window(w).and(days).any())
}

/// The days of an enrollment; one that is open lasts as long as the days that are looked at.
fn days_of(enrollment: &ProgramEnrollment, days: Days) -> Days {
    Days {
        from: enrollment.start,
        to: enrollment.end.unwrap_or(days.to),
    }
}

/// The days of an enrollment on which it served a child in summer or intersession.
fn served_in_summer(enrollment: &ProgramEnrollment, days: Days) -> Vec<Days> {
    let there = days_of(enrollment, days);
    match enrollment.kind {
        Some(EnrollmentType::SummerProject) => vec![there],
        Some(EnrollmentType::YearRoundProject) => summers(days).map(|summer| summer.and(there)).collect(),
        _ => Vec::new(),
    }
}

/// June to August of each year of some days.
fn summers(days: Days) -> impl Iterator<Item = Days> {
    use chrono::Datelike as _;
    (days.from.year()..=days.to.year()).filter_map(|year| {
        Some(Days {
            from: NaiveDate::from_ymd_opt(year, 6, 1)?,
            to: NaiveDate::from_ymd_opt(year, 8, 31)?,
        })
    })
}

/// By the grade of the last enrollment that began in or before the days; without one, by age at their end.
fn band(students: &[&ProgramStudent], birth: Option<NaiveDate>, days: Days) -> Band {
    let last = students
        .iter()
        .flat_map(|s| &s.enrollments)
        .filter(|e| e.start <= days.to)
        .filter_map(|e| Some((e.start, e.grade?)))
        .max();
    if let Some((_, grade)) = last {
        return of_grade(grade);
    }
    let birth = students.iter().find_map(|s| s.birth).or(birth);
    match birth {
        Some(birth) if days.to < birthday(birth, 6) => Band::Preschool,
        _ => Band::Unknown,
    }
}

fn of_grade(grade: Grade) -> Band {
    match grade {
        Grade::P0 | Grade::P1 | Grade::P2 | Grade::P3 | Grade::P4 | Grade::P5 | Grade::Preschool => {
            Band::Preschool
        }
        Grade::Kindergarten => Band::Kindergarten,
        Grade::Ungraded => Band::Ungraded,
        Grade::OutOfSchool => Band::OutOfSchool,
        other => mde::code::Codes::row(other)
            .stored
            .parse()
            .map_or(Band::Unknown, Band::Grade),
    }
}
