//! The nation: which families there are, and what each state sends each night.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use mde::{Action, Facility, Identity, StateCode, Submission};

use crate::facility;
use crate::family::{Family, World, circuit};
use crate::places::{self, Circuits, State};
use crate::rates::ErrorKind;
use crate::record::{self, MOST_FAMILIES, Record};

/// What nation to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The same seed gives the same nation.
    pub seed: u64,
    /// Students of all states together on the first night; the last family may bring a few more.
    pub students: usize,
    /// The states; a student is in each state where its family stayed.
    pub states: Vec<StateCode>,
    /// Nights: the first is a full upload of each state, the others are deltas.
    pub nights: u32,
    /// Day of the first night.
    pub start: NaiveDate,
}

impl Default for Config {
    /// 2,000 students of six states over three nights from 2026-03-31.
    fn default() -> Self {
        Self {
            seed: 1,
            students: 2_000,
            states: Self::first_states(6),
            nights: 3,
            start: NaiveDate::from_ymd_opt(2026, 3, 31).unwrap_or_default(),
        }
    }
}

impl Config {
    /// The first so many states of the made-up nation: TX, CA, FL, WA, MI, GA, and so on up to 20, then by postal code.
    #[must_use]
    pub fn first_states(count: usize) -> Vec<StateCode> {
        let mut states: Vec<_> = places::default_states().collect();
        let others: Vec<_> = StateCode::all().filter(|s| !states.contains(s)).collect();
        states.extend(others);
        states.truncate(count);
        states
    }
}

/// Why a nation cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// No state, no night or no student asked for.
    #[error("ask for at least one {0}")]
    Nothing(&'static str),
    /// A state named twice.
    #[error("name {0} once only")]
    Twice(StateCode),
    /// More students than there are identifiers for.
    #[error("ask for fewer than {0} students")]
    TooMany(u64),
    /// The file could not be written.
    #[error("make sure that {path} can be written: {source}")]
    Io {
        /// The file or folder.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// One night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Night {
    /// From 0.
    pub index: u32,
    /// Its day.
    pub date: NaiveDate,
}

impl Night {
    /// Whether everything is sent, and not only what changed.
    #[must_use]
    pub fn is_full(self) -> bool {
        self.index == 0
    }

    /// The instant of which the uploads speak: 23:00 UTC of the day.
    #[must_use]
    pub fn as_of(self) -> DateTime<Utc> {
        let evening = NaiveTime::from_hms_opt(23, 0, 0).unwrap_or_default();
        self.date.and_time(evening).and_utc()
    }
}

/// Which child a state's student is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// The state.
    pub state: StateCode,
    /// The student's identifier in the state.
    pub state_student_id: String,
    /// The child: the same in every state.
    pub child: String,
    /// The child's family.
    pub family: String,
    /// Whether the child was born with another one.
    pub twin: bool,
    /// How the student, when it was first written down, differs from the child.
    pub errors: Vec<ErrorKind>,
}

/// A state's student without its school and health records, and the child that it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// As the state writes it; without phones and the end of eligibility.
    pub identity: Identity,
    /// The child: the same in every state.
    pub child: String,
}

/// A move between states: day of arrival, from, to.
pub type StateMove = (NaiveDate, StateCode, StateCode);

/// A made-up nation.
#[derive(Debug)]
pub struct Nation {
    pub(crate) world: World,
    pub(crate) families: u64,
    config: Config,
}

impl Nation {
    /// Makes the nation of a configuration: counts how many families it takes, and keeps none.
    pub fn new(config: Config) -> Result<Self, SimulateError> {
        for (is_empty, what) in [
            (config.states.is_empty(), "state"),
            (config.nights == 0, "night"),
            (config.students == 0, "student"),
        ] {
            if is_empty {
                return Err(SimulateError::Nothing(what));
            }
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = config.states.iter().find(|s| !seen.insert(**s)) {
            return Err(SimulateError::Twice(*twice));
        }
        let states: Vec<_> = config.states.iter().copied().map(State::new).collect();
        let world = World {
            seed: config.seed,
            circuits: Circuits::within(&states),
            states,
            start: config.start,
            end: config.start + Days::new(u64::from(config.nights) - 1),
        };
        let mut families = 0;
        let mut students = 0;
        while students < config.students {
            if families == MOST_FAMILIES {
                return Err(SimulateError::TooMany(students as u64));
            }
            let family = Family::new(&world, families);
            let places: BTreeSet<_> = circuit(&world, families).iter().copied().collect();
            for place in places {
                let records = record::of_family(&world, &family, place);
                students += records.iter().filter(|r| r.is_held(world.start)).count();
            }
            families += 1;
        }
        Ok(Self {
            world,
            families,
            config,
        })
    }

    /// What it was made from.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its nights, in order.
    pub fn nights(&self) -> impl Iterator<Item = Night> + use<> {
        let start = self.config.start;
        (0..self.config.nights).map(move |index| Night {
            index,
            date: start + Days::new(u64::from(index)),
        })
    }

    /// The facilities of a state, every night the same.
    #[must_use]
    pub fn facilities(&self, state: StateCode) -> Vec<Facility> {
        facility::of_state(self.config.seed, State::new(state))
    }

    /// What a state sends in a night: all its students in the first, those that changed, whole, in the others, and
    /// deletions of students that it has merged. A state outside of the nation sends nothing.
    pub fn submissions(&self, state: StateCode, night: Night) -> impl Iterator<Item = Submission> + '_ {
        self.families_in(state).flat_map(move |(place, family)| {
            let records = record::of_family(&self.world, &family, place);
            records
                .iter()
                .filter_map(|r| submission(r, night))
                .collect::<Vec<_>>()
        })
    }

    /// The students of a state on the first night: who they are, and who they truly are.
    pub fn people(&self, state: StateCode) -> impl Iterator<Item = Person> + '_ {
        let day = self.config.start;
        self.families_in(state).flat_map(move |(place, family)| {
            let records = record::of_family(&self.world, &family, place);
            let people = records.iter().filter_map(|r| {
                Some(Person {
                    identity: r.particulars(day)?,
                    child: r.child_and_family().0,
                })
            });
            people.collect::<Vec<_>>()
        })
    }

    /// Which child each student is that a state sends in any of the nights.
    pub fn truth(&self, state: StateCode) -> impl Iterator<Item = Truth> + '_ {
        self.families_in(state).flat_map(move |(place, family)| {
            let records = record::of_family(&self.world, &family, place);
            let sent = records
                .iter()
                .filter(|r| self.nights().any(|night| r.is_held(night.date)));
            sent.map(|r| truth(state, r)).collect::<Vec<_>>()
        })
    }

    /// The moves of each child between states, as far as the states know of them on a day: the day of the arrival, the
    /// state before, and the state of the arrival.
    pub fn state_moves(&self, day: NaiveDate) -> impl Iterator<Item = (String, Vec<StateMove>)> + '_ {
        (0..self.families).flat_map(move |number| {
            let family = Family::new(&self.world, number);
            let mut stays: BTreeMap<String, BTreeSet<(NaiveDate, StateCode)>> = BTreeMap::new();
            let places: BTreeSet<_> = circuit(&self.world, number).iter().copied().collect();
            for place in places {
                for record in record::of_family(&self.world, &family, place) {
                    let known = record
                        .arrivals(day)
                        .map(|from| (from, self.world.states[place].code));
                    stays
                        .entry(record.child_and_family().0)
                        .or_default()
                        .extend(known);
                }
            }
            let moves = stays.into_iter().map(|(child, stays)| {
                let stays: Vec<_> = stays.into_iter().collect();
                let moves = stays.windows(2).filter(|pair| pair[0].1 != pair[1].1);
                (
                    child,
                    moves.map(|pair| (pair[1].0, pair[0].1, pair[1].1)).collect(),
                )
            });
            moves.collect::<Vec<_>>()
        })
    }

    /// The families that stay in a state, with the state's place in the nation's list.
    fn families_in(&self, state: StateCode) -> impl Iterator<Item = (usize, Family)> + '_ {
        let place = self.world.states.iter().position(|s| s.code == state);
        place.into_iter().flat_map(move |place| {
            (0..self.families)
                .filter(move |number| circuit(&self.world, *number).contains(&place))
                .map(move |number| (place, Family::new(&self.world, number)))
        })
    }
}

fn submission(record: &Record<'_>, night: Night) -> Option<Submission> {
    let before = if night.is_full() {
        None
    } else {
        record.student(night.date - Days::new(1))
    };
    let (action, student) = match (before, record.student(night.date)) {
        (None, Some(now)) => (Action::Insert, now),
        (Some(before), Some(now)) if before != now => (Action::Update, now),
        (Some(before), None) => (Action::Delete, before),
        _ => return None,
    };
    Some(Submission {
        action,
        line: 0,
        rows: u32::try_from(student.row_count()).unwrap_or(u32::MAX),
        student,
        reduced: Vec::new(),
    })
}

fn truth(state: StateCode, record: &Record<'_>) -> Truth {
    let (child, family) = record.child_and_family();
    Truth {
        state,
        state_student_id: record.id(),
        child,
        family,
        twin: record.is_twin(),
        errors: record.errors(),
    }
}
