//! Learning the weights from unlabelled records: what strangers look like from random pairs, what records of one
//! child look like by expectation–maximisation over the pairs that share a key.
//!
//! The counts are of *patterns* (levels, and how common the shared values are, in whole bits), as in fastLink
//! (Enamorado, Fifield, Imai 2019), so a round costs the number of different patterns. How common a value is counts
//! inside the fit, not after it: without it, common names make strangers look like matches and the fit counts too
//! many of them. Relatives are classes of their own, tied to what is learned of the same child and of strangers, so
//! that they cannot drift. The number of strangers is not estimated but known: all pairs there are.

use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};
use std::hash::Hasher;

use crate::frequency::Role;
use crate::index::LinkIndex;
use crate::levels::Field;
use crate::model::{Model, Priors};
use crate::tokens::mix;

mod alarm;
mod fit;
mod sample;

pub use alarm::Alarm;
use alarm::alarms;
use fit::Fit;
use sample::{Sample, strangers};

/// Under so many pairs of one child there is nothing to learn from.
const ENOUGH: f64 = 25.0;

/// Relatives are told apart where there are at least this many pairs of them for each pair of one child.
const RELATIVES_FROM: f64 = 0.01;

/// Whether families are expected in the records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relatives {
    /// If the records show enough of them.
    #[default]
    Auto,
    /// Yes: always so for students.
    On,
    /// No.
    Off,
}

/// How to learn.
#[derive(Debug, Clone, Copy, Default)]
pub struct LearnOptions {
    /// Whether families are expected.
    pub relatives: Relatives,
    /// Learn only from pairs of different sources.
    pub across: bool,
}

/// One level of one field, as learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelReport {
    /// The field.
    pub field: Field,
    /// The level.
    pub level: u8,
    /// What it means.
    pub words: String,
    /// How often it is seen in pairs of one child, 0..=1.
    pub m: f32,
    /// How often in pairs of strangers, 0..=1, for values of average frequency.
    pub u: f32,
    /// Log2 of `m / u`.
    pub bits: f32,
}

/// What was learned, and from what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingReport {
    /// Version of the model that came out.
    pub version: String,
    /// Version of the model that it started from.
    pub started_from: String,
    /// Records held.
    pub records: usize,
    /// Records whose pairs were counted.
    pub sampled: usize,
    /// Pairs counted.
    pub pairs: u64,
    /// Different patterns among them that could be one child.
    pub patterns: usize,
    /// Random pairs looked at.
    pub random_pairs: u64,
    /// Rounds until the fit stood.
    pub rounds: usize,
    /// Other records that a record has to expect of each class.
    pub classes: Priors,
    /// Whether relatives are told apart.
    pub relatives: bool,
    /// The levels of all fields that were seen.
    pub levels: Vec<LevelReport>,
    /// Why nothing should be linked by this without people.
    pub alarms: Vec<Alarm>,
    /// Said where the starting weights were kept because there is too little to learn from.
    pub kept: Option<String>,
}

/// A model and how it came to be.
#[derive(Debug, Clone)]
pub struct Learned {
    /// The model.
    pub model: Model,
    /// The report.
    pub report: TrainingReport,
}

/// Learns from the records held, starting from the model in force. Deterministic: the same records in the same order
/// give the same model to the last bit.
pub fn learn(index: &LinkIndex, options: &LearnOptions) -> Learned {
    let start = index.model();
    let mut base = start.clone();
    for role in Role::ALL {
        if let Some(chance) = index.tokens().collision(role) {
            base.collision[role as usize] = chance.max(1e-7);
        }
    }
    let random_pairs = strangers(index, *options, &mut base);
    let sample = Sample::take(index, *options, &base);
    base.priors = Priors {
        stranger: (index.len().max(2) - 1) as f64,
        same: 0.5,
        ..base.priors
    };
    let mut fit = Fit::run(base.clone(), &sample, options.relatives != Relatives::Off);
    let p = fit.model.priors;
    let few_relatives = p.twin + p.sibling < RELATIVES_FROM * p.same;
    if options.relatives == Relatives::Auto && few_relatives {
        fit = Fit::run(base, &sample, false);
    }
    let expected = fit.model.priors.same * sample.records as f64;
    let kept = (expected < ENOUGH).then(|| {
        format!("only {expected:.0} pairs of one person were found: too few to learn from, the weights stay as they were")
    });
    let mut model = if kept.is_some() { start.clone() } else { fit.model };
    let alarms = if kept.is_some() {
        Vec::new()
    } else {
        alarms(&model, fit.unclear, fit.rounds)
    };
    if kept.is_none() {
        model.version = version(&model);
    }
    let report = TrainingReport {
        version: model.version.clone(),
        started_from: start.version.clone(),
        records: index.len(),
        sampled: sample.records,
        pairs: sample.pairs,
        patterns: sample.patterns.len(),
        random_pairs,
        rounds: fit.rounds,
        classes: model.priors,
        relatives: model.has_relatives(),
        levels: levels(&model, &sample),
        alarms,
        kept,
    };
    Learned { model, report }
}

/// A name that tells one set of figures from another.
fn version(model: &Model) -> String {
    let mut hasher = FxHasher::default();
    for rates in model.rates.iter().flatten() {
        for rate in [rates.same, rates.twin, rates.sibling, rates.stranger] {
            hasher.write_u32(rate.to_bits());
        }
    }
    for prior in [
        model.priors.same,
        model.priors.twin,
        model.priors.sibling,
        model.priors.stranger,
    ] {
        hasher.write_u64(prior.to_bits());
    }
    format!("learned-{:08x}", mix(hasher.finish()) >> 32)
}

fn levels(model: &Model, sample: &Sample) -> Vec<LevelReport> {
    let seen = |field: Field| sample.seen[field as usize][1..].iter().sum::<f64>() > 0.0;
    Field::ALL
        .into_iter()
        .filter(|&field| seen(field))
        .flat_map(|field| (1..model.rates[field as usize].len()).map(move |level| (field, level as u8)))
        .map(|(field, level)| {
            let rates = model.rates(field, level);
            LevelReport {
                field,
                level,
                words: field.words()[level as usize].to_owned(),
                m: rates.same,
                u: rates.stranger,
                bits: (rates.same / rates.stranger).log2(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
