//! What is learned from: random pairs for strangers, and the patterns of pairs that share a key.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::index::{LinkIndex, Scratch};
use crate::levels::{Field, Levels};
use crate::model::Model;
use crate::tokens::mix;
use crate::weigh::{Corrections, Scorer, of_name};

use super::LearnOptions;

/// Random pairs that show what strangers look like.
const RANDOM_PAIRS: u64 = 400_000;

/// Records whose pairs are counted.
const SAMPLED: usize = 20_000;

/// Random pairs by which the starting rates of strangers are held.
const PRIOR_RANDOM: f64 = 200.0;

/// Namesakes can be told from one child where a field beyond name, birth date and sex is compared in this share of pairs.
const TELLING: f64 = 0.1;

/// The levels of a field that exclude each other: of a multiple birth, what both sides know and what one side knows.
pub(super) fn groups_of(field: Field, levels: usize) -> [std::ops::Range<usize>; 2] {
    if field == Field::MultipleBirth {
        [1..4, 4..levels]
    } else {
        [1..levels, levels..levels]
    }
}

/// Counts by field and level.
pub(super) type Counts = [[f64; 16]; 16];

pub(super) fn add(counts: &mut Counts, levels: Levels, weight: f64) {
    let mut rest = levels.0;
    for of_field in counts.iter_mut() {
        of_field[(rest & 15) as usize] += weight;
        rest >>= 4;
    }
}

pub(super) fn sum(mut all: Counts, more: &Counts) -> Counts {
    for (into, from) in all.iter_mut().flatten().zip(more.iter().flatten()) {
        *into += from;
    }
    all
}

/// Sets the rates of strangers from random pairs, those that look like one child left out. Gives how many were taken.
pub(super) fn strangers(index: &LinkIndex, options: LearnOptions, model: &mut Model) -> u64 {
    let slots = u64::from(index.slots());
    if slots < 2 {
        return 0;
    }
    let wanted = RANDOM_PAIRS
        .min((slots * 20).max(50_000))
        .min(slots * (slots - 1) / 2);
    let scorer = Scorer::new(model);
    let (counts, taken) = (0..64_u64)
        .into_par_iter()
        .map(|part| {
            let (mut counts, mut taken) = ([[0.0; 16]; 16], 0);
            for number in part * wanted / 64..(part + 1) * wanted / 64 {
                let drawn = mix(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
                let (a, b) = (
                    ((drawn >> 32) * slots) >> 32,
                    ((drawn & 0xFFFF_FFFF) * slots) >> 32,
                );
                let (Some(a), Some(b)) = (index.get(a as u32), index.get(b as u32)) else {
                    continue;
                };
                if a.key == b.key || (options.across && a.state == b.state) {
                    continue;
                }
                let comparison = index.comparison(a, b);
                if scorer.weigh(&comparison, index.tokens()) < 0.0 {
                    add(&mut counts, comparison.levels, 1.0);
                    taken += 1;
                }
            }
            (counts, taken)
        })
        .collect::<Vec<_>>()
        .iter()
        .fold(([[0.0; 16]; 16], 0), |all, part| {
            (sum(all.0, &part.0), all.1 + part.1)
        });
    for (field, rates) in model.rates.iter_mut().enumerate() {
        // Of students' identifiers only sharing one is a level; how rare that is among strangers is not counted.
        if field == Field::Identifier as usize && counts[field][2..].iter().sum::<f64>() == 0.0 {
            continue;
        }
        for group in groups_of(Field::ALL[field], rates.len()) {
            let total: f64 = counts[field][group.clone()].iter().sum();
            for level in group {
                let prior = f64::from(rates[level].stranger) * PRIOR_RANDOM;
                rates[level].stranger =
                    ((counts[field][level] + prior) / (total + PRIOR_RANDOM)).max(1e-7) as f32;
            }
        }
    }
    taken
}

/// A pattern and how many pairs show it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pattern {
    pub(super) levels: Levels,
    pub(super) corrections: Corrections,
    pub(super) pairs: f64,
}

/// The patterns of the pairs of some records.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) patterns: Vec<Pattern>,
    /// Records whose pairs were counted.
    pub(super) records: usize,
    pub(super) pairs: u64,
    /// Pairs by field and level.
    pub(super) seen: Counts,
}

/// Levels, and the corrections of given name, second given name, surname and all else in whole bits.
type PatternKey = (u64, [i8; 4]);

impl Sample {
    pub(super) fn take(index: &LinkIndex, options: LearnOptions, model: &Model) -> Sample {
        let scorer = Scorer::new(model);
        let held: Vec<u32> = (0..index.slots())
            .filter(|&slot| index.get(slot).is_some())
            .collect();
        let step = held.len().div_ceil(SAMPLED).max(1);
        let sampled: Vec<u32> = held.into_iter().step_by(step).collect();
        let counted: Vec<(FxHashMap<PatternKey, u32>, u64, Counts)> = sampled
            .par_chunks(2_048)
            .map(|slots| {
                let mut counts: FxHashMap<PatternKey, u32> = FxHashMap::default();
                let mut scratch = Scratch::default();
                let (mut pairs, mut levels) = (0, [[0.0; 16]; 16]);
                for &slot in slots {
                    let own = index.at(slot);
                    for &other in index.find_candidates(slot, &mut scratch) {
                        let its = index.at(other);
                        if options.across && own.state == its.state {
                            continue;
                        }
                        pairs += 1;
                        let comparison = index.comparison(own, its);
                        let c = scorer.corrections(&comparison, index.tokens());
                        let [same, others @ ..] = scorer.classes(comparison.levels, &c);
                        // Ever so far below strangers, a pair adds nothing to any class that is learned.
                        let [twin, sibling, stranger, namesake] = others;
                        if same.max(twin).max(sibling).max(namesake) < stranger - 16.0 {
                            continue;
                        }
                        add(&mut levels, comparison.levels, 1.0);
                        let bits = |x: f32| x.round() as i8;
                        let key = (
                            comparison.levels.0,
                            [
                                bits(c.given),
                                bits(c.middle),
                                bits(c.surname),
                                bits(c.of_strangers() - c.surname),
                            ],
                        );
                        *counts.entry(key).or_default() += 1;
                    }
                }
                (counts, pairs, levels)
            })
            .collect();
        let mut all: FxHashMap<PatternKey, u32> = FxHashMap::default();
        let (mut pairs, mut seen) = (0, [[0.0; 16]; 16]);
        for (part, count, levels) in &counted {
            pairs += count;
            seen = sum(seen, levels);
            for (&key, &count) in part {
                *all.entry(key).or_default() += count;
            }
        }
        let mut patterns: Vec<(PatternKey, u32)> = all.into_iter().collect();
        // Sums of floating point numbers depend on the order.
        patterns.sort_unstable();
        let patterns = patterns
            .into_iter()
            .map(|((levels, [given, middle, surname, rest]), pairs)| Pattern {
                levels: Levels(levels),
                corrections: Corrections {
                    given: given.into(),
                    middle: middle.into(),
                    surname: surname.into(),
                    city: rest.into(),
                    ..Corrections::default()
                },
                pairs: pairs.into(),
            })
            .collect();
        Sample {
            patterns,
            records: sampled.len(),
            pairs,
            seen,
        }
    }

    /// Whether enough pairs have a field in which namesakes differ as strangers do. In a file of names, birth dates and
    /// sex alone they look like one child, so their share cannot be learned: it would stay as it was stated and keep
    /// every pair from being sure.
    pub(super) fn tells_namesakes(&self) -> bool {
        let compared = |field: Field| self.seen[field as usize][1..].iter().sum::<f64>();
        let all = self.seen[Field::Surname as usize].iter().sum::<f64>();
        Field::ALL
            .into_iter()
            .filter(|&field| !of_name(field) && !matches!(field, Field::Source | Field::MultipleBirth))
            .any(|field| compared(field) >= TELLING * all)
    }
}

#[cfg(test)]
mod tests;
