//! When a child was, is and will be eligible in one state: one window per qualifying move that the state certified.

use chrono::NaiveDate;
use mde::EligibilityRules;
use mde::code::{ExitReason, TerminationFlag};
use mde::eligibility::last_day_of_age_21;
use serde::Serialize;
use utoipa::ToSchema;

use store::program::ProgramStudent;

/// Days of eligibility that follow from one qualifying move, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// Qualifying arrival.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// What ends it.
    pub ending: Ending,
}

/// What ends a window of eligibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// 36 months from the qualifying arrival (34 CFR 200.81).
    Months36,
    /// The 22nd birthday.
    Age22,
    /// Graduation (termination 02, or a graduation on an enrollment).
    Graduated,
    /// GED or another high school equivalency (03).
    Equivalency,
    /// Death (05).
    Deceased,
    /// The state's termination, where its rules are those of 2003.
    Terminated,
}

impl Ending {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Months36 => "36 months from the qualifying arrival",
            Self::Age22 => "the day before the 22nd birthday",
            Self::Graduated => "graduation",
            Self::Equivalency => "high school equivalency",
            Self::Deceased => "deceased",
            Self::Terminated => "terminated by the state",
        }
    }
}

impl Window {
    /// Whether a day is in it.
    #[must_use]
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.to
    }
}

/// The windows of a child in one state, by arrival, from all of the state's students of it: a void move gives none, a
/// later move renews what has ended. `birth` stands in for a student without a birth date. An ending on or after a
/// move's arrival cuts its window; one before belongs to an earlier move.
#[must_use]
pub fn windows(
    students: &[&ProgramStudent],
    birth: Option<NaiveDate>,
    rules: EligibilityRules,
) -> Vec<Window> {
    let ends: Vec<(NaiveDate, Ending)> = students.iter().flat_map(|s| endings(s, rules)).collect();
    let mut out = Vec::new();
    for student in students {
        for certified in student.moves.iter().filter(|m| !m.void) {
            let from = certified.arrival;
            let mut window = Window {
                from,
                to: rules.last_day.of(from),
                ending: Ending::Months36,
            };
            let by_age = student
                .birth
                .or(birth)
                .map(|b| (last_day_of_age_21(b), Ending::Age22));
            let cuts = ends.iter().copied().filter(|(day, _)| *day >= from);
            for (day, ending) in by_age.into_iter().chain(cuts) {
                if day < window.to {
                    (window.to, window.ending) = (day, ending);
                }
            }
            // Who is 22 already on arrival was never eligible by it.
            if window.to >= from {
                out.push(window);
            }
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// What ends eligibility early in what a student of the state says.
fn endings(student: &ProgramStudent, rules: EligibilityRules) -> Vec<(NaiveDate, Ending)> {
    let terminated = student
        .termination
        .filter(|(_, flag)| rules.terminations.ends(*flag))
        .map(|(day, flag)| {
            let ending = match flag {
                Some(TerminationFlag::Graduated) => Ending::Graduated,
                Some(TerminationFlag::Ged) => Ending::Equivalency,
                Some(TerminationFlag::Deceased) => Ending::Deceased,
                _ => Ending::Terminated,
            };
            (day, ending)
        });
    let of_enrollments = student.enrollments.iter().flat_map(|e| {
        let graduated = e.graduated.map(|day| {
            let ending = match e.exit {
                Some(ExitReason::Hse) => Ending::Equivalency,
                _ => Ending::Graduated,
            };
            (day, ending)
        });
        let deceased = e.end.filter(|_| e.exit == Some(ExitReason::Deceased));
        graduated
            .into_iter()
            .chain(deceased.map(|day| (day, Ending::Deceased)))
    });
    terminated.into_iter().chain(of_enrollments).collect()
}

/// What a termination that says "expired" (01, or nothing) has to agree with: the end that the clock gives to the move
/// before it. `None` where they agree to a day, as states count, or where there is nothing to compare.
#[must_use]
pub(super) fn disagreeing_expiry(
    student: &ProgramStudent,
    windows: &[Window],
) -> Option<(NaiveDate, Window)> {
    let (day, flag) = student.termination?;
    if !matches!(flag, None | Some(TerminationFlag::EligibilityExpired)) {
        return None;
    }
    let window = windows.iter().rev().find(|w| w.from <= day)?;
    ((day - window.to).num_days().abs() > 1).then_some((day, *window))
}
