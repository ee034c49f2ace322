//! Which way the children went: moves between states, and children who left one and came to none.

use chrono::{Days as Later, NaiveDate};
use mde::StateCode;
use mde::code::ExitReason;

use store::program::{Destination, ProgramStudent};

/// A move of a child from one state to another: the first day on which the second reports it after the first did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StateMove {
    /// The day.
    pub day: NaiveDate,
    /// Where it was before.
    pub from: StateCode,
    /// Where it is seen.
    pub to: StateCode,
}

/// The moves of a child between states up to a day, in order of time, from the days on which states saw it come:
/// starts of enrollments, residency dates, and qualifying arrivals that are not void.
#[must_use]
pub fn moves(students: &[&ProgramStudent], until: NaiveDate) -> Vec<StateMove> {
    let mut seen: Vec<(NaiveDate, StateCode)> = students
        .iter()
        .filter(|s| s.live)
        .flat_map(|s| arrivals(s).map(|day| (day, s.state)))
        .filter(|(day, _)| *day <= until)
        .collect();
    seen.sort_unstable();
    seen.windows(2)
        .filter(|pair| pair[0].1 != pair[1].1)
        .map(|pair| StateMove {
            day: pair[1].0,
            from: pair[0].1,
            to: pair[1].1,
        })
        .collect()
}

fn arrivals(student: &ProgramStudent) -> impl Iterator<Item = NaiveDate> + '_ {
    let moves = student.moves.iter().filter(|m| !m.void);
    let moves = moves.flat_map(|m| [Some(m.arrival), m.residency]);
    let enrollments = student
        .enrollments
        .iter()
        .flat_map(|e| [Some(e.start), e.residency[0]]);
    moves.chain(enrollments).flatten()
}

/// A child who left a school because its family moved, and whom no state has seen since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissedEnrollment {
    /// The state that it left.
    pub state: StateCode,
    /// The day it left.
    pub left: NaiveDate,
    /// Where it was to go.
    pub destination: Destination,
}

impl MissedEnrollment {
    /// Whether it may have come to a state that takes part in the exchange: of one that went to another the exchange
    /// will hear nothing, and misses nothing.
    #[must_use]
    pub fn may_be_seen(&self, takes_part: impl Fn(StateCode) -> bool) -> bool {
        match self.destination {
            Destination::Unknown => true,
            Destination::State(state) => takes_part(state),
            Destination::Abroad => false,
        }
    }
}

/// Whether a child is missed on a day: its last enrollment anywhere ended by moving away `patience` days ago or more,
/// and no state reports anything of a later day. Who graduated, died, turned 22 or went abroad is not missed.
#[must_use]
pub fn missed(
    students: &[&ProgramStudent],
    birth: Option<NaiveDate>,
    today: NaiveDate,
    patience: u64,
) -> Option<MissedEnrollment> {
    let live = || students.iter().filter(|s| s.live);
    let enrollments = || live().flat_map(|s| s.enrollments.iter().map(move |e| (s.state, e)));
    if enrollments().any(|(_, e)| e.end.is_none() && e.start <= today) {
        return None;
    }
    let (state, last) = enrollments().max_by_key(|(state, e)| (e.end, e.start, *state))?;
    let left = last.end?;
    let waits = left
        .checked_add_days(Later::new(patience))
        .is_some_and(|day| day <= today);
    let seen_since = live()
        .flat_map(|s| arrivals(s))
        .any(|day| day > left && day <= today);
    let gone = live().any(|s| {
        s.termination
            .is_some_and(|(day, flag)| day <= today && mde::eligibility::Terminations::Current.ends(flag))
    });
    let grown = birth
        .or_else(|| live().find_map(|s| s.birth))
        .is_some_and(|birth| mde::eligibility::last_day_of_age_21(birth) < today);
    let moved = matches!(last.exit, Some(ExitReason::Moved));
    let destination = last.destination;
    let is_missed = moved && waits && !seen_since && !gone && !grown && destination != Destination::Abroad;
    is_missed.then_some(MissedEnrollment {
        state,
        left,
        destination,
    })
}
