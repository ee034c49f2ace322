//! How well persons match the truth, pair by pair, and what kind of children are confused or missed.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::explain::differences;
use crate::index::LinkIndex;
use crate::levels::Field;
use crate::levels::level::{birth_date, given, parents, surname};

mod blocking;
mod metrics;

pub use blocking::{BlockingCost, KeyPairs, blocking_cost};
pub use metrics::{BCubed, Curve, Scope, Score, b_cubed, pairwise, true_pairs};

/// What a wrong join confused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FalseKind {
    /// Same family, same birth date.
    Twin,
    /// Same family, another birth date.
    Sibling,
    /// Same names, another family.
    Namesake,
    /// Anything else.
    Other,
}

/// Two students joined that are two children.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FalsePair {
    /// One student.
    pub a: u128,
    /// The other.
    pub b: u128,
    /// What they are to each other.
    pub kind: FalseKind,
    /// The weight of the pair.
    pub weight: f32,
}

/// Two students of one child that were not joined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissedPair {
    /// One student.
    pub a: u128,
    /// The other.
    pub b: u128,
    /// The fields in which they do not simply agree, as one line.
    pub differing: String,
    /// The weight of the pair.
    pub weight: f32,
    /// Whether they share a blocking key at all.
    pub candidate: bool,
}

/// Pairwise figures and the errors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Pairs of one child in the truth.
    pub true_pairs: u64,
    /// Pairs joined.
    pub found_pairs: u64,
    /// Pairs joined rightly.
    pub right_pairs: u64,
    /// Right among joined, 0..=1; 1 when none is joined.
    pub precision: f64,
    /// Joined among true, 0..=1; 1 when there is none.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Wrong joins.
    pub false_pairs: Vec<FalsePair>,
    /// Missed joins.
    pub missed_pairs: Vec<MissedPair>,
}

impl Evaluation {
    /// How many wrong joins of each kind.
    pub fn false_by_kind(&self) -> BTreeMap<FalseKind, usize> {
        let mut counts = BTreeMap::new();
        self.false_pairs
            .iter()
            .for_each(|pair| *counts.entry(pair.kind).or_default() += 1);
        counts
    }

    /// How many missed joins by what differs.
    pub fn missed_by_difference(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        self.missed_pairs
            .iter()
            .for_each(|pair| *counts.entry(pair.differing.clone()).or_default() += 1);
        counts
    }
}

fn grouped<S: BuildHasher>(of: &HashMap<u128, u64, S>) -> Vec<Vec<u128>> {
    let mut groups: FxHashMap<u64, Vec<u128>> = FxHashMap::default();
    for (&key, &group) in of {
        groups.entry(group).or_default().push(key);
    }
    let mut groups: Vec<Vec<u128>> = groups.into_values().collect();
    for group in &mut groups {
        group.sort_unstable();
    }
    groups.sort_unstable();
    groups
}

fn pairs(group: &[u128]) -> impl Iterator<Item = (u128, u128)> + '_ {
    group
        .iter()
        .enumerate()
        .flat_map(|(i, &a)| group[i + 1..].iter().map(move |&b| (a, b)))
}

/// Compares persons (`found`: student → person) with the truth (student → child). Students that the truth does not
/// know are left out; students without a person are alone.
pub fn evaluate<S: BuildHasher>(
    index: &LinkIndex,
    truth: &HashMap<u128, u64, S>,
    found: &HashMap<u128, u64, S>,
) -> Evaluation {
    let mut result = Evaluation::default();
    let known: FxHashMap<u128, u64> = found
        .iter()
        .filter(|(key, _)| truth.contains_key(key))
        .map(|(&key, &person)| (key, person))
        .collect();
    for group in grouped(&known) {
        for (a, b) in pairs(&group) {
            result.found_pairs += 1;
            if truth[&a] == truth[&b] {
                result.right_pairs += 1;
            } else {
                result.false_pairs.push(false_pair(index, a, b));
            }
        }
    }
    for group in grouped(truth) {
        for (a, b) in pairs(&group) {
            result.true_pairs += 1;
            if known.get(&a).is_none_or(|person| known.get(&b) != Some(person)) {
                result.missed_pairs.push(missed_pair(index, a, b));
            }
        }
    }
    let ratio = |part: u64, whole: u64| {
        if whole == 0 {
            1.0
        } else {
            part as f64 / whole as f64
        }
    };
    result.precision = ratio(result.right_pairs, result.found_pairs);
    result.recall = ratio(result.right_pairs, result.true_pairs);
    result.f1 = if result.precision + result.recall == 0.0 {
        0.0
    } else {
        2.0 * result.precision * result.recall / (result.precision + result.recall)
    };
    result
}

fn false_pair(index: &LinkIndex, a: u128, b: u128) -> FalsePair {
    let Some(pair) = index.compare(a, b) else {
        return FalsePair {
            a,
            b,
            kind: FalseKind::Other,
            weight: 0.0,
        };
    };
    let level = |field| pair.levels.get(field);
    let family = !matches!(
        level(Field::Parents),
        0 | parents::DIFFER | parents::SURNAMES | parents::GIVEN_ONLY
    ) || (level(Field::Parents) == 0
        && matches!(level(Field::Surname), surname::BOTH | surname::SWAPPED));
    let dated = matches!(
        level(Field::BirthDate),
        birth_date::EXACT | birth_date::EXACT_PLACEHOLDER
    );
    let named = level(Field::Given) == given::EXACT && level(Field::Surname) < surname::FIRST_ONLY;
    let kind = match (family, dated, named) {
        (true, true, _) => FalseKind::Twin,
        (true, false, _) => FalseKind::Sibling,
        (false, _, true) => FalseKind::Namesake,
        _ => FalseKind::Other,
    };
    FalsePair {
        a,
        b,
        kind,
        weight: pair.weight,
    }
}

fn missed_pair(index: &LinkIndex, a: u128, b: u128) -> MissedPair {
    let Some(pair) = index.compare(a, b) else {
        return MissedPair {
            a,
            b,
            differing: "not held".to_owned(),
            weight: 0.0,
            candidate: false,
        };
    };
    let words = differences(pair.levels);
    MissedPair {
        a,
        b,
        differing: if words.is_empty() {
            "nothing".to_owned()
        } else {
            words.join(", ")
        },
        weight: pair.weight,
        candidate: index.candidates(a).binary_search(&b).is_ok(),
    }
}
