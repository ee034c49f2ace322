//! Counts of children: by state and nation, each child once. Pure: children go in one by one, the counts come out.

mod child;
mod moves;
mod period;
mod shown;

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use mde::code::Codes as _;
use mde::{EligibilityRules, PersonId, StateCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use child::{Band, Counted, count};
pub use moves::{MissedEnrollment, StateMove, missed, moves};
pub use period::{Days, NoPeriod, Period};
pub use shown::{SMALL, ShownCounts, ShownMoves, ShownState, ShownTally, Viewer};

use store::program::ProgramStudent;

/// The rules of counting, as they are named in every count and snapshot.
pub const COUNT_RULES: &str = "2026-1";

/// The counts of a period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// 1 September to 31 August.
    pub period: Period,
    /// The last day that could be looked at: that of the question, or the period's end.
    pub until: NaiveDate,
    /// The rules of counting.
    pub rules: String,
    /// Each child once, in whatever state it counts.
    pub nation: Tally,
    /// Each child once in each state in which it counts.
    pub states: Vec<StateTally>,
    /// Children in category 1 of two states or more.
    pub in_several_states: u64,
    /// Moves between states in the period.
    pub moves: Vec<MoveCount>,
}

/// How many children.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tally {
    /// Category 1: eligible and resident on one day at least, three to 21 years old.
    pub category_1: u64,
    /// Category 2: of those, served in summer or intersession on one day at least.
    pub category_2: u64,
    /// Category 1 by grade band.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub by_band: BTreeMap<Band, u64>,
    /// Category 1 by gender.
    pub by_gender: BTreeMap<String, u64>,
    /// Of category 1, those who arrived by a qualifying move in the period.
    pub moved_in_period: u64,
    /// Children whose eligibility ended in the period.
    pub eligibility_ended: u64,
    /// Children of whom no birth date is known; they count in no category.
    pub age_unknown: u64,
}

/// The children of a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StateTally {
    /// The state.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// How many.
    #[serde(flatten)]
    pub tally: Tally,
}

/// Moves from one state to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoveCount {
    /// From.
    #[schema(value_type = String)]
    pub from: StateCode,
    /// To.
    #[schema(value_type = String)]
    pub to: StateCode,
    /// How many moves.
    pub moves: u64,
    /// Of how many children.
    pub children: u64,
}

/// What became of one child in a count, for lists and reconciliation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildCounted {
    /// The child.
    pub person: PersonId,
    /// The state.
    pub state: StateCode,
    /// How it counts there.
    pub counted: Counted,
}

/// Counts children one after the other.
#[derive(Debug)]
pub struct Counter<'r> {
    period: Period,
    days: Days,
    rules: &'r HashMap<StateCode, EligibilityRules>,
    nation: Tally,
    states: BTreeMap<StateCode, Tally>,
    in_several_states: u64,
    moves: BTreeMap<(StateCode, StateCode), (u64, u64)>,
}

impl<'r> Counter<'r> {
    /// Starts a count of a period as it looks on a day; `rules` are those of states that have chosen.
    #[must_use]
    pub fn new(period: Period, today: NaiveDate, rules: &'r HashMap<StateCode, EligibilityRules>) -> Self {
        Self {
            period,
            days: period.until(today),
            rules,
            nation: Tally::default(),
            states: BTreeMap::new(),
            in_several_states: 0,
            moves: BTreeMap::new(),
        }
    }

    /// Adds a child with all its students, and says how it counts in each state in which it is known and live.
    pub fn add(&mut self, person: PersonId, students: &[ProgramStudent]) -> Vec<ChildCounted> {
        let mut live: Vec<&ProgramStudent> = students.iter().filter(|s| s.live).collect();
        live.sort_by_key(|s| s.state);
        let birth = usual_birth(&live);
        let mut out = Vec::new();
        for of_state in live.chunk_by(|a, b| a.state == b.state) {
            let state = of_state[0].state;
            let rules = self.rules.get(&state).copied().unwrap_or_default();
            let counted = count(of_state, birth, rules, self.days);
            tally(self.states.entry(state).or_default(), &counted, of_state);
            out.push(ChildCounted {
                person,
                state,
                counted,
            });
        }
        let times = out.iter().filter(|c| c.counted.category_1).count();
        self.in_several_states += u64::from(times > 1);
        if let Some(whole) = whole(&out) {
            tally(&mut self.nation, &whole, &live);
        }
        self.add_moves(&live);
        out
    }

    fn add_moves(&mut self, live: &[&ProgramStudent]) {
        let mut ways: Vec<(StateCode, StateCode)> = moves(live, self.days.to)
            .into_iter()
            .filter(|m| Days::on(m.day).and(self.days).any())
            .map(|m| (m.from, m.to))
            .collect();
        ways.sort_unstable();
        for way in ways.chunk_by(|a, b| a == b) {
            let (moves, children) = self.moves.entry(way[0]).or_default();
            *moves += way.len() as u64;
            *children += 1;
        }
    }

    /// The counts of all children that were added.
    #[must_use]
    pub fn finish(self) -> Counts {
        Counts {
            period: self.period,
            until: self.days.to,
            rules: COUNT_RULES.to_owned(),
            nation: self.nation,
            states: self
                .states
                .into_iter()
                .map(|(state, tally)| StateTally { state, tally })
                .collect(),
            in_several_states: self.in_several_states,
            moves: self
                .moves
                .into_iter()
                .map(|((from, to), (moves, children))| MoveCount {
                    from,
                    to,
                    moves,
                    children,
                })
                .collect(),
        }
    }
}

/// The birth date that most of a child's students have, the earlier of two as frequent: stands in where a state has
/// none.
fn usual_birth(students: &[&ProgramStudent]) -> Option<NaiveDate> {
    let mut days: Vec<NaiveDate> = students.iter().filter_map(|s| s.birth).collect();
    days.sort_unstable();
    days.chunk_by(|a, b| a == b)
        .max_by_key(|same| (same.len(), std::cmp::Reverse(same[0])))
        .map(|same| same[0])
}

/// A child in the nation, from how it counts in its states: once. Band and gender are those of the state that counts
/// it and that comes first.
fn whole(in_states: &[ChildCounted]) -> Option<Counted> {
    let all = || in_states.iter().map(|c| &c.counted);
    let first = all().find(|c| c.category_1).or_else(|| all().next())?;
    Some(Counted {
        category_1: all().any(|c| c.category_1),
        category_2: all().any(|c| c.category_2),
        band: first.band,
        moved: all().any(|c| c.moved),
        age_unknown: all().all(|c| c.age_unknown),
        ended: all().flat_map(|c| c.ended.iter().copied()).collect(),
    })
}

fn tally(tally: &mut Tally, counted: &Counted, students: &[&ProgramStudent]) {
    tally.age_unknown += u64::from(counted.age_unknown && !counted.category_1);
    tally.eligibility_ended += u64::from(!counted.ended.is_empty());
    if !counted.category_1 {
        return;
    }
    tally.category_1 += 1;
    tally.category_2 += u64::from(counted.category_2);
    tally.moved_in_period += u64::from(counted.moved);
    *tally.by_band.entry(counted.band).or_default() += 1;
    let gender = students
        .iter()
        .find_map(|s| s.gender)
        .map_or("not recorded", |g| g.row().label);
    *tally.by_gender.entry(gender.to_owned()).or_default() += 1;
}
