//! Counts as they are shown: a state sees its own in full, and of the others nothing by which a child could be known.
//!
//! A number below [`SMALL`] is not told to others, nor one from which it could be worked out: of a breakdown with one
//! such number the next larger one is kept back too, and of the nation also what a state would learn by taking its own
//! away (34 CFR 99.31(b)(1); National Center for Education Statistics, SLDS Technical Brief 3, 2010).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use mde::StateCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Band, Counts, MoveCount, Period, Tally};

/// The smallest number that is told to everybody.
pub const SMALL: u64 = 10;

/// Who is to see counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// Who answers for the whole nation: all of it.
    Nation,
    /// A state: its own in full, and the nation without small numbers.
    State(StateCode),
    /// Everybody: all states and the nation, without small numbers.
    Public,
}

/// Counts as somebody may see them. `null` stands for a number that is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ShownCounts {
    /// 1 September to 31 August.
    pub period: Period,
    /// The last day that could be looked at: that of the question, or the period's end.
    pub until: NaiveDate,
    /// The rules of counting.
    pub rules: String,
    /// Numbers below this are `null`, and those from which they could be worked out; missing if nothing is kept back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub small: Option<u64>,
    /// Each child once, in whatever state it counts.
    pub nation: ShownTally,
    /// Each child once in each state in which it counts: the viewer's own, or all.
    pub states: Vec<ShownState>,
    /// Children in category 1 of two states or more.
    pub in_several_states: Option<u64>,
    /// Moves between states in the period.
    pub moves: Vec<ShownMoves>,
}

/// How many children, as somebody may see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ShownTally {
    /// Category 1: eligible and resident on one day at least, three to 21 years old.
    pub category_1: Option<u64>,
    /// Category 2: of those, served in summer or intersession on one day at least.
    pub category_2: Option<u64>,
    /// Category 1 by grade band.
    #[schema(value_type = BTreeMap<String, Option<u64>>)]
    pub by_band: BTreeMap<Band, Option<u64>>,
    /// Category 1 by gender.
    pub by_gender: BTreeMap<String, Option<u64>>,
    /// Of category 1, those who arrived by a qualifying move in the period.
    pub moved_in_period: Option<u64>,
    /// Children whose eligibility ended in the period.
    pub eligibility_ended: Option<u64>,
    /// Children of whom no birth date is known; they count in no category.
    pub age_unknown: Option<u64>,
}

/// The children of a state, as somebody may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ShownState {
    /// The state.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// How many.
    #[serde(flatten)]
    pub tally: ShownTally,
}

/// Moves from one state to another, as somebody may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ShownMoves {
    /// From.
    #[schema(value_type = String)]
    pub from: StateCode,
    /// To.
    #[schema(value_type = String)]
    pub to: StateCode,
    /// How many moves.
    pub moves: Option<u64>,
    /// Of how many children.
    pub children: Option<u64>,
}

impl Counts {
    /// The counts as somebody may see them.
    #[must_use]
    pub fn shown_to(&self, viewer: Viewer) -> ShownCounts {
        let own = |state: StateCode| self.states.iter().find(|s| s.state == state).map(|s| &s.tally);
        let none = Tally::default();
        let keep = match viewer {
            Viewer::Nation => Keep::All,
            Viewer::State(state) => Keep::NotSmall(own(state).unwrap_or(&none)),
            Viewer::Public => Keep::NotSmall(&none),
        };
        let states = self.states.iter().filter_map(|of| {
            let tally = match viewer {
                Viewer::Nation => Keep::All.tally(&of.tally),
                Viewer::State(state) if state == of.state => Keep::All.tally(&of.tally),
                Viewer::State(_) => return None,
                Viewer::Public => keep.tally(&of.tally),
            };
            Some(ShownState {
                state: of.state,
                tally,
            })
        });
        let moves = self.moves.iter().map(|way| {
            let mine = matches!(viewer, Viewer::State(state) if way.from == state || way.to == state);
            let told = mine || viewer == Viewer::Nation || way.children >= SMALL;
            shown_moves(way, told)
        });
        ShownCounts {
            period: self.period,
            until: self.until,
            rules: self.rules.clone(),
            small: (viewer != Viewer::Nation).then_some(SMALL),
            nation: keep.tally(&self.nation),
            states: states.collect(),
            in_several_states: keep.number(self.in_several_states, 0),
            moves: moves.collect(),
        }
    }
}

fn shown_moves(way: &MoveCount, told: bool) -> ShownMoves {
    ShownMoves {
        from: way.from,
        to: way.to,
        moves: told.then_some(way.moves),
        children: told.then_some(way.children),
    }
}

/// What is told of a tally.
#[derive(Clone, Copy)]
enum Keep<'a> {
    All,
    /// Nothing small, neither as it is nor without this part of it, which the viewer knows.
    NotSmall(&'a Tally),
}

impl Keep<'_> {
    fn number(self, of: u64, known: u64) -> Option<u64> {
        let small = |n: u64| (1..SMALL).contains(&n);
        let kept_back = matches!(self, Self::NotSmall(_)) && (small(of) || small(of.saturating_sub(known)));
        (!kept_back).then_some(of)
    }

    fn tally(self, of: &Tally) -> ShownTally {
        let none = Tally::default();
        let known = match self {
            Self::All => &none,
            Self::NotSmall(known) => known,
        };
        let category_1 = self.number(of.category_1, known.category_1);
        ShownTally {
            category_1,
            category_2: self.number(of.category_2, known.category_2),
            by_band: self.breakdown(&of.by_band, &known.by_band, category_1.is_some()),
            by_gender: self.breakdown(&of.by_gender, &known.by_gender, category_1.is_some()),
            moved_in_period: self.number(of.moved_in_period, known.moved_in_period),
            eligibility_ended: self.number(of.eligibility_ended, known.eligibility_ended),
            age_unknown: self.number(of.age_unknown, known.age_unknown),
        }
    }

    /// The parts of a total: if it is told, one part alone cannot be kept back; if it is not, no part is told.
    fn breakdown<K: Ord + Clone>(
        self,
        of: &BTreeMap<K, u64>,
        known: &BTreeMap<K, u64>,
        total_told: bool,
    ) -> BTreeMap<K, Option<u64>> {
        let part = |key: &K, n: u64| self.number(n, known.get(key).copied().unwrap_or(0));
        let mut shown: BTreeMap<K, Option<u64>> = of
            .iter()
            .map(|(key, n)| (key.clone(), part(key, *n).filter(|_| total_told)))
            .collect();
        if shown.values().filter(|n| n.is_none()).count() == 1
            && let Some(smallest) = shown.values_mut().filter(|n| n.is_some()).min()
        {
            *smallest = None;
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::StateTally;

    fn state(code: &str) -> StateCode {
        StateCode::new(code).expect("a state")
    }

    fn tally(bands: [u64; 3]) -> Tally {
        Tally {
            category_1: bands.iter().sum(),
            by_band: (1..).map(Band::Grade).zip(bands).collect(),
            ..Tally::default()
        }
    }

    fn counts() -> Counts {
        let way = |from, to, n| MoveCount {
            from: state(from),
            to: state(to),
            moves: n,
            children: n,
        };
        Counts {
            period: Period::ending(2026).expect("a period"),
            until: Period::ending(2026).expect("a period").to,
            rules: "test".into(),
            nation: tally([100, 40, 4]),
            states: vec![
                StateTally {
                    state: state("KY"),
                    tally: tally([30, 35, 4]),
                },
                StateTally {
                    state: state("TX"),
                    tally: tally([70, 5, 0]),
                },
            ],
            in_several_states: 3,
            moves: vec![way("TX", "KY", 4), way("TX", "WA", 5), way("TX", "MI", 12)],
        }
    }

    fn bands(tally: &ShownTally) -> Vec<Option<u64>> {
        tally.by_band.values().copied().collect()
    }

    #[test]
    fn the_nations_office_sees_everything() {
        let shown = counts().shown_to(Viewer::Nation);
        assert_eq!(bands(&shown.nation), [Some(100), Some(40), Some(4)]);
        assert_eq!(
            (shown.states.len(), shown.in_several_states, shown.small),
            (2, Some(3), None)
        );
    }

    #[test]
    fn a_state_sees_its_own_and_nothing_small_of_the_others() {
        let shown = counts().shown_to(Viewer::State(state("KY")));
        assert_eq!(shown.states.len(), 1);
        assert_eq!(bands(&shown.states[0].tally), [Some(30), Some(35), Some(4)]);
        // 40 is not small; but without its own 35 Kentucky would see that the others have 5.
        assert_eq!(bands(&shown.nation), [Some(100), None, None]);
        assert_eq!(shown.in_several_states, None);
        let moves: Vec<_> = shown.moves.iter().map(|m| m.moves).collect();
        assert_eq!(moves, [Some(4), None, Some(12)], "its own ways in full");
    }

    #[test]
    fn what_is_published_has_no_small_number_that_could_be_worked_out() {
        let shown = counts().shown_to(Viewer::Public);
        assert_eq!(
            bands(&shown.nation),
            [Some(100), None, None],
            "4, and 40 beside it"
        );
        assert_eq!(bands(&shown.states[1].tally), [Some(70), None, None]);
        let tiny = Counts {
            nation: tally([3, 3, 3]),
            ..counts()
        };
        let shown = tiny.shown_to(Viewer::Public).nation;
        assert_eq!((shown.category_1, bands(&shown)), (None, vec![None, None, None]));
    }
}
