//! Qualifying moves, and the eligibility that follows from them in each state.

mod program;
mod standing;
mod window;

use std::cmp::Reverse;
use std::collections::HashMap;

use chrono::NaiveDate;
use mde::eligibility::{LastDay, Terminations};
use mde::{Date, EligibilityRules, StateCode};
use serde::Serialize;
use utoipa::ToSchema;

pub use program::{Continuation, PriorityForServices};
pub(crate) use standing::standings;
pub use standing::{Standing, StandingKind};
pub use window::{Ending, Window, windows};

use crate::source::{Report, Row, Source, rows};
use crate::words::{Coded, coded};
use store::program::ProgramStudent;
use window::disagreeing_expiry;

/// A qualifying move, as the certifying state reports it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MoveEntry {
    /// Qualifying arrival date (data element 31).
    pub qualifying_arrival_date: NaiveDate,
    /// Where from (32 to 34), in words.
    pub from: Option<String>,
    /// Where to (35, 36), in words.
    pub to: Option<String>,
    /// Residency date (37).
    pub residency_date: Option<NaiveDate>,
    /// End of eligibility as the state states it (X06).
    pub eligibility_expiration_date: Option<NaiveDate>,
    /// Number of the certificate of eligibility (X32).
    pub certificate_number: Option<String>,
    /// When it was approved (X33).
    pub certificate_approval_date: Option<NaiveDate>,
    /// When it was voided (X34); a void move makes nobody eligible.
    pub void_date: Option<NaiveDate>,
    /// Why (X35).
    pub void_reason: Option<Coded>,
    /// Who reports it.
    pub source: Source,
}

/// Eligibility of the person in one state, from that state's own moves.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Eligibility {
    /// The state.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The latest qualifying arrival date that is not void and not after today.
    pub qualifying_arrival_date: NaiveDate,
    /// Last day of eligibility.
    pub ends: NaiveDate,
    /// What ends it.
    pub ending: Ending,
    /// Why then, in words, with the rule of the state.
    pub rule: String,
    /// The state's own end date (X06 of that move).
    pub stated_end: Option<NaiveDate>,
    /// The state's termination date (38), if it is not before the arrival.
    pub termination_date: Option<NaiveDate>,
    /// Why eligibility was terminated (39).
    pub termination_reason: Option<Coded>,
    /// Whether the child is eligible in this state today.
    pub eligible_today: bool,
    /// The state's flag of priority for services, from its latest enrollment that carries one.
    pub priority_for_services: Option<PriorityForServices>,
    /// Why the child is in services without being eligible, if the state says so (X22).
    pub continuation: Option<Continuation>,
    /// What is to be looked at, in words.
    pub warnings: Vec<String>,
    /// Those of the warnings in which the state contradicts its own moves.
    pub contradictions: Vec<String>,
    /// The student whose move it is.
    pub source: Source,
}

/// Qualifying moves of all students, newest first. Each state certifies its own, so none is brought together with
/// another state's.
pub(crate) fn moves(reports: &[Report<'_>]) -> Vec<MoveEntry> {
    let mut entries: Vec<MoveEntry> = rows(reports, |student| student.qualifying_moves.as_slice())
        .into_iter()
        .map(|Row { report, item }| MoveEntry {
            qualifying_arrival_date: item.qualifying_arrival_date.day(),
            from: place([
                item.from_city.as_ref().map(ToString::to_string),
                item.from_state.as_ref().map(ToString::to_string),
                item.from_country.map(|c| c.name().to_owned()),
            ]),
            to: place([
                item.to_city.as_ref().map(ToString::to_string),
                item.to_state.map(|s| s.to_string()),
                None,
            ]),
            residency_date: item.residency_date.map(Date::day),
            eligibility_expiration_date: item.eligibility_expiration_date.map(Date::day),
            certificate_number: item.certificate_number.as_ref().map(ToString::to_string),
            certificate_approval_date: item.certificate_approval_date.map(Date::day),
            void_date: item.void_date.map(Date::day),
            void_reason: item.void_reason.map(coded),
            source: report.source.clone(),
        })
        .collect();
    entries.sort_by(|a, b| {
        (Reverse(a.qualifying_arrival_date), &a.source).cmp(&(Reverse(b.qualifying_arrival_date), &b.source))
    });
    entries
}

fn place(parts: [Option<String>; 3]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Eligibility in each state with a counted student and a move that is neither void nor after `today`: of the windows
/// that have begun, the one that ends last. A move in another state makes nobody eligible here. `birth` is the resolved
/// birth date, for a student that has none of its own. Latest end first.
pub(crate) fn eligibility(
    reports: &[Report<'_>],
    birth: Option<NaiveDate>,
    rules: &HashMap<StateCode, EligibilityRules>,
    today: NaiveDate,
) -> Vec<Eligibility> {
    let mut states: Vec<StateCode> = reports
        .iter()
        .filter(|r| r.counted)
        .map(|r| r.source.state)
        .collect();
    states.sort_unstable();
    states.dedup();
    let mut out: Vec<Eligibility> = states
        .into_iter()
        .filter_map(|state| {
            let of_state: Vec<&Report<'_>> = reports
                .iter()
                .filter(|r| r.counted && r.source.state == state)
                .collect();
            in_state(
                &of_state,
                birth,
                rules.get(&state).copied().unwrap_or_default(),
                today,
            )
        })
        .collect();
    out.sort_by_key(|e| (Reverse(e.ends), e.state));
    out
}

/// Eligibility from one state's students of the child.
fn in_state(
    reports: &[&Report<'_>],
    birth: Option<NaiveDate>,
    rules: EligibilityRules,
    today: NaiveDate,
) -> Option<Eligibility> {
    let students: Vec<ProgramStudent> = reports
        .iter()
        .map(|r| ProgramStudent::of(r.source.state, r.source.live, r.student))
        .collect();
    let all = windows(&students.iter().collect::<Vec<_>>(), birth, rules);
    let window = *all
        .iter()
        .filter(|w| w.from <= today)
        .max_by_key(|w| (w.to, w.from))?;
    // The move is that of the report which was sent last, where two students of the state have it.
    let (report, certified) = reports.iter().find_map(|report| {
        let moves = &report.student.qualifying_moves;
        let found = moves
            .iter()
            .find(|m| m.void_date.is_none() && m.qualifying_arrival_date.day() == window.from)?;
        Some((*report, found))
    })?;
    let by_clock = rules.last_day.of(window.from);
    let identity = &report.student.identity;
    let stated_end = certified.eligibility_expiration_date.map(Date::day);
    // A termination before the arrival belongs to an earlier move.
    let termination_date = identity
        .termination_date
        .map(Date::day)
        .filter(|day| *day >= window.from);
    let termination = identity.termination_flag.filter(|_| termination_date.is_some());

    let mut warnings = Vec::new();
    // States differ by a day (36 months, or the day before); both are right.
    if let Some(day) = stated_end.filter(|day| (*day - window.to).num_days().abs() > 1) {
        warnings.push(format!(
            "The state says that eligibility ends on {day}; {} follows from the arrival on {}.",
            window.to, window.from
        ));
    }
    warnings.extend(students.iter().filter_map(|student| {
        let (day, of) = disagreeing_expiry(student, &all)?;
        Some(format!(
            "The state says that eligibility ended on {day}; {} follows from the arrival on {}.",
            of.to, of.from
        ))
    }));
    warnings.dedup();
    let contradictions = warnings.clone();
    if birth.is_none() && identity.birth_date.is_none() {
        warnings.push("No birth date is known; the 22nd birthday could not be looked at.".to_owned());
    }
    if !report.source.live {
        warnings.push("The state no longer reports the child.".to_owned());
    }
    Some(Eligibility {
        state: report.source.state,
        qualifying_arrival_date: window.from,
        ends: window.to,
        ending: window.ending,
        rule: words(window, by_clock, rules),
        stated_end,
        termination_date,
        termination_reason: termination.map(coded),
        eligible_today: report.source.live && window.holds(today),
        priority_for_services: program::priority(reports, &students),
        continuation: program::continuation(reports, window.to, today),
        warnings,
        contradictions,
        source: report.source.clone(),
    })
}

/// Why a window ends when it ends, with the state's choice where it differs from most states'.
fn words(window: Window, by_clock: NaiveDate, rules: EligibilityRules) -> String {
    let mut text = window.ending.words().to_owned();
    if window.to == by_clock && rules.last_day == LastDay::SameDay {
        text.push_str(", the same day included (this state's rule)");
    }
    if window.ending == Ending::Terminated && rules.terminations == Terminations::V2003 {
        text.push_str(" (this state's rules are those of 2003)");
    }
    text
}
