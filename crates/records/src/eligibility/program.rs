//! Priority for services and continuation of services: what the state says, beside what the hub can look at.

use chrono::{Months, NaiveDate};
use mde::code::{ContinuationReason, ExitReason, Grade, TerminationFlag};
use mde::{Date, Enrollment};
use serde::Serialize;
use store::program::ProgramStudent;
use utoipa::ToSchema;

use crate::source::Report;
use crate::words::{Coded, coded};

/// Priority for services, as the state flags it (ESEA 1304(d)). The hub cannot know what a state knows of grades and
/// risk; it says what it can see.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PriorityForServices {
    /// The state's flag (X14).
    pub flag: bool,
    /// Start of the enrollment that carries it.
    pub enrollment: NaiveDate,
    /// The rule against which it was looked at.
    pub rule: String,
    /// What the hub could look at, and what not, in words.
    pub checked: Vec<String>,
    /// What does not fit the rule, in words.
    pub notes: Vec<String>,
}

/// Continuation of services (ESEA 1304(e)), as the state sends it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Continuation {
    /// The reason (X22).
    pub reason: Coded,
    /// Start of the enrollment that carries it.
    pub enrollment: NaiveDate,
    /// What does not fit the reason, in words.
    pub notes: Vec<String>,
}

fn enrollments<'a>(reports: &'a [&Report<'a>]) -> impl Iterator<Item = &'a Enrollment> {
    reports.iter().flat_map(|r| &r.student.enrollments)
}

/// The flag of the latest enrollment that carries one, looked at as far as the hub can: a qualifying move within the
/// year before, and whether the child is known to have dropped out (ESEA 1304(d) as amended in 2015).
pub(super) fn priority(reports: &[&Report<'_>], students: &[ProgramStudent]) -> Option<PriorityForServices> {
    let (enrollment, flag) = enrollments(reports)
        .filter_map(|e| Some((e.enrollment_date.day(), e.priority_for_services?)))
        .max()?;
    let year_before = enrollment
        .checked_sub_months(Months::new(12))
        .unwrap_or(NaiveDate::MIN);
    let moved = students
        .iter()
        .flat_map(|s| &s.moves)
        .filter(|m| !m.void && year_before <= m.arrival && m.arrival <= enrollment)
        .map(|m| m.arrival)
        .max();
    let dropped_out = dropped_out(reports);
    let mut notes = Vec::new();
    if flag && moved.is_none() {
        notes.push(format!(
            "No qualifying move of this state within the year before {enrollment} is known."
        ));
    }
    if let (false, Some(arrival), Some(day)) = (flag, moved, dropped_out) {
        notes.push(format!(
            "The flag says no; a move on {arrival} and dropping out on {day} are known."
        ));
    }
    let known = |what: &str, day: Option<NaiveDate>| match day {
        Some(day) => format!("{what}: {day}."),
        None => format!("{what}: none is known."),
    };
    Some(PriorityForServices {
        flag,
        enrollment,
        rule: "ESEA 1304(d), 2015: a qualifying move within one year, and failing, at risk or dropped out"
            .to_owned(),
        checked: vec![
            known("Qualifying move within the year before", moved),
            known("Dropping out", dropped_out),
            "Failing or most at risk of failing: only the state can know; the hub does not look at it."
                .to_owned(),
        ],
        notes,
    })
}

/// The latest day on which the state says that the child dropped out.
fn dropped_out(reports: &[&Report<'_>]) -> Option<NaiveDate> {
    let terminated = reports
        .iter()
        .map(|r| &r.student.identity)
        .filter(|i| i.termination_flag == Some(TerminationFlag::Dropout))
        .filter_map(|i| i.termination_date);
    let left = enrollments(reports)
        .filter(|e| e.exit_reason == Some(ExitReason::DroppedOut))
        .filter_map(|e| e.withdrawal_date);
    terminated.chain(left).map(Date::day).max()
}

/// The reason of the latest enrollment that is there by continuation of services and open on the day, looked at
/// against the last day of eligibility.
pub(super) fn continuation(
    reports: &[&Report<'_>],
    ends: NaiveDate,
    today: NaiveDate,
) -> Option<Continuation> {
    let (start, reason, enrollment) = enrollments(reports)
        .filter(|e| e.enrollment_date.day() <= today && e.withdrawal_date.is_none_or(|d| d.day() >= today))
        .filter_map(|e| Some((e.enrollment_date.day(), e.continuation_reason?, e)))
        .max_by_key(|(start, ..)| *start)?;
    let mut notes = Vec::new();
    if ends >= today {
        notes.push(format!(
            "The child is eligible until {ends}; it needs no continuation."
        ));
    }
    let year_after = ends.checked_add_months(Months::new(12)).unwrap_or(NaiveDate::MAX);
    match reason {
        ContinuationReason::DurationOfTerm if start > ends => notes.push(format!(
            "Eligibility ended on {ends}, before this enrollment began: no term goes on."
        )),
        ContinuationReason::AdditionalYear if today > year_after => {
            notes.push(format!("Eligibility ended on {ends}, more than a year ago."));
        }
        ContinuationReason::CreditAccrual if !enrollment.grade.is_some_and(Grade::is_secondary) => {
            notes.push("The child is in no secondary grade.".to_owned());
        }
        _ => {}
    }
    Some(Continuation {
        reason: coded(reason),
        enrollment: start,
        notes,
    })
}
