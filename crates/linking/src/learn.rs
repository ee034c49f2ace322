//! Learning the weights from unlabelled records: what strangers look like from random pairs, what records of one
//! child look like by expectation–maximisation over the pairs that share a key.
//!
//! The counts are of *patterns* (levels, and how common the shared values are, in whole bits), as in fastLink
//! (Enamorado, Fifield, Imai 2019), so a round costs the number of different patterns. How common a value is counts
//! inside the fit, not after it: without it, common names make strangers look like matches and the fit counts too
//! many of them. Relatives are classes of their own, tied to what is learned of the same child and of strangers, so
//! that they cannot drift. The number of strangers is not estimated but known: all pairs there are.

use std::fmt;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHasher};
use serde::{Deserialize, Serialize};
use std::hash::Hasher;

use crate::frequency::Role;
use crate::index::{LinkIndex, Scratch};
use crate::levels::level::{birth_date, given};
use crate::levels::{Field, Levels};
use crate::model::{Model, Priors, Rates};
use crate::tokens::mix;
use crate::weigh::{Corrections, Scorer, of_name};

/// Random pairs that show what strangers look like.
const RANDOM_PAIRS: u64 = 400_000;

/// Records whose pairs are counted.
const SAMPLED: usize = 40_000;

/// Rounds of expectation and maximisation at most.
const ROUNDS: usize = 80;

/// The fit stands when no class changes by more than this share in a round.
const STILL: f64 = 2e-4;

/// Pairs by which the starting rates are held against what little a small file shows.
const PRIOR_PAIRS: f64 = 30.0;

/// Random pairs by which the starting rates of strangers are held.
const PRIOR_RANDOM: f64 = 200.0;

/// Siblings by which the starting share of namesakes among them is held.
const PRIOR_SIBLINGS: f64 = 200.0;

/// Under so many pairs of one child there is nothing to learn from.
const ENOUGH: f64 = 25.0;

/// Relatives are told apart where there are at least this many pairs of them for each pair of one child.
const RELATIVES_FROM: f64 = 0.01;

/// Namesakes can be told from one child where a field beyond name, birth date and sex is compared in this share of pairs.
const TELLING: f64 = 0.1;

/// Siblings are born in one town about so often.
const SIBLING_PLACE: f32 = 0.7;

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

/// A sign that the fit is not to be trusted; nothing is linked by it without people.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    /// A record has on average this many others of the same child.
    TooManyMatches(f64),
    /// Given names of one child are equal only this often.
    GivenNamesDiffer(f64),
    /// Birth dates of one child are equal only this often.
    BirthDatesDiffer(f64),
    /// An equal value of this field speaks against one child.
    Reversed(Field),
    /// This share of the pairs taken for one child is hardly likelier than not.
    NoClearLine(f64),
    /// The rounds ran out.
    NotSettled,
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Alarm::TooManyMatches(count) => {
                write!(f, "a record has {count:.1} others of the same person on average")
            }
            Alarm::GivenNamesDiffer(share) => write!(
                f,
                "given names of one person are equal in only {:.0} % of pairs: families may be taken for one person",
                share * 100.0
            ),
            Alarm::BirthDatesDiffer(share) => {
                write!(
                    f,
                    "birth dates of one person are equal in only {:.0} % of pairs",
                    share * 100.0
                )
            }
            Alarm::Reversed(field) => write!(f, "{}: equality speaks against one person", field.words()[1]),
            Alarm::NoClearLine(share) => write!(
                f,
                "{:.0} % of the pairs taken for one person are hardly likelier than not",
                share * 100.0
            ),
            Alarm::NotSettled => f.write_str("the fit did not settle"),
        }
    }
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

/// Counts by field and level.
type Counts = [[f64; 16]; 16];

fn add(counts: &mut Counts, levels: Levels, weight: f64) {
    let mut rest = levels.0;
    for of_field in counts.iter_mut() {
        of_field[(rest & 15) as usize] += weight;
        rest >>= 4;
    }
}

fn sum(mut all: Counts, more: &Counts) -> Counts {
    for (into, from) in all.iter_mut().flatten().zip(more.iter().flatten()) {
        *into += from;
    }
    all
}

/// Sets the rates of strangers from random pairs, those that look like one child left out. Gives how many were taken.
fn strangers(index: &LinkIndex, options: LearnOptions, model: &mut Model) -> u64 {
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
struct Pattern {
    levels: Levels,
    corrections: Corrections,
    pairs: f64,
}

/// The patterns of the pairs of some records.
#[derive(Debug)]
struct Sample {
    patterns: Vec<Pattern>,
    /// Records whose pairs were counted.
    records: usize,
    pairs: u64,
    /// Pairs by field and level.
    seen: Counts,
}

/// Levels, and the corrections of given name, second given name, surname and all else in whole bits.
type PatternKey = (u64, [i8; 4]);

impl Sample {
    fn take(index: &LinkIndex, options: LearnOptions, model: &Model) -> Sample {
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
    fn tells_namesakes(&self) -> bool {
        let compared = |field: Field| self.seen[field as usize][1..].iter().sum::<f64>();
        let all = self.seen[Field::Surname as usize].iter().sum::<f64>();
        Field::ALL
            .into_iter()
            .filter(|&field| !of_name(field) && !matches!(field, Field::Source | Field::MultipleBirth))
            .any(|field| compared(field) >= TELLING * all)
    }
}

/// What one round expects: pairs of the same child, twins, siblings by field and level, and these and namesakes in all.
#[derive(Debug, Clone, Copy)]
struct Expected {
    counts: [Counts; 3],
    totals: [f64; 3],
    /// Pairs of children of one name and birth date of two families.
    strange_namesakes: f64,
    /// Siblings whose given names were compared, and those of them that bear one name on purpose.
    siblings: f64,
    namesakes: f64,
    /// Pairs that count as one child and are hardly likelier so than not.
    unclear: f64,
}

const NOTHING: Expected = Expected {
    counts: [[[0.0; 16]; 16]; 3],
    totals: [0.0; 3],
    strange_namesakes: 0.0,
    siblings: 0.0,
    namesakes: 0.0,
    unclear: 0.0,
};

struct Fit {
    model: Model,
    rounds: usize,
    /// The share of the pairs of one child that are hardly likelier so than not.
    unclear: f64,
}

impl Fit {
    fn run(mut model: Model, sample: &Sample, relatives: bool) -> Fit {
        if !sample.tells_namesakes() {
            model.priors.namesake = 0.0;
        }
        let stated = model.clone();
        if relatives {
            model.priors.twin = model.priors.twin.max(0.01);
            model.priors.sibling = model.priors.sibling.max(0.1);
        } else {
            (model.priors.twin, model.priors.sibling) = (0.0, 0.0);
        }
        tie(&mut model, &stated);
        let mut fit = Fit {
            model,
            rounds: 0,
            unclear: 0.0,
        };
        while fit.rounds < ROUNDS {
            fit.rounds += 1;
            let expected = expect(&fit.model, sample);
            let before = fit.model.priors;
            maximise(
                &mut fit.model,
                &stated,
                &expected,
                sample.records as f64,
                relatives,
            );
            fit.unclear = expected.unclear / expected.totals[0].max(1e-9);
            let after = fit.model.priors;
            let moved = [
                (before.same, after.same),
                (before.twin, after.twin),
                (before.sibling, after.sibling),
            ]
            .into_iter()
            .map(|(old, new)| (old - new).abs() / old.max(0.01))
            .fold(0.0, f64::max);
            if moved < STILL {
                break;
            }
        }
        fit
    }
}

fn expect(model: &Model, sample: &Sample) -> Expected {
    let scorer = Scorer::new(model);
    let parts: Vec<Expected> = sample
        .patterns
        .par_chunks(4_096)
        .map(|patterns| {
            let mut expected = NOTHING;
            for pattern in patterns {
                let classes = scorer.classes(pattern.levels, &pattern.corrections);
                let top = classes.into_iter().fold(f32::MIN, f32::max);
                let shares = classes.map(|class| f64::from((class - top).exp2()));
                let all: f64 = shares.iter().sum();
                expected.strange_namesakes += shares[4] / all * pattern.pairs;
                for (class, share) in shares.into_iter().take(3).enumerate() {
                    let share = share / all;
                    if share > 1e-6 {
                        let pairs = share * pattern.pairs;
                        expected.totals[class] += pairs;
                        add(&mut expected.counts[class], pattern.levels, pairs);
                        if class == 0 && share < 0.9 {
                            expected.unclear += pairs;
                        }
                        if class == 2 && pattern.levels.get(Field::Given) != 0 {
                            let shared =
                                scorer.namesakes_among_siblings(pattern.levels, &pattern.corrections);
                            expected.siblings += pairs;
                            expected.namesakes += pairs * f64::from(shared);
                        }
                    }
                }
            }
            expected
        })
        .collect();
    parts.into_iter().fold(NOTHING, |mut all, part| {
        for class in 0..3 {
            all.counts[class] = sum(all.counts[class], &part.counts[class]);
            all.totals[class] += part.totals[class];
        }
        all.strange_namesakes += part.strange_namesakes;
        all.siblings += part.siblings;
        all.namesakes += part.namesakes;
        all.unclear += part.unclear;
        all
    })
}

/// The levels of a field that exclude each other: of a multiple birth, what both sides know and what one side knows.
fn groups_of(field: Field, levels: usize) -> [std::ops::Range<usize>; 2] {
    if field == Field::MultipleBirth {
        [1..4, 4..levels]
    } else {
        [1..levels, levels..levels]
    }
}

/// Rates from counts, held by `prior` pairs to the rates stated before. A field that was never compared stays.
fn rates_from(
    field: Field,
    counts: &[f64; 16],
    stated: &[Rates],
    prior: f64,
    class: fn(&Rates) -> f32,
) -> Vec<f32> {
    let mut rates = vec![1.0; stated.len()];
    for group in groups_of(field, stated.len()) {
        let total: f64 = counts[group.clone()].iter().sum();
        let stated_total: f64 = stated[group.clone()]
            .iter()
            .map(|rates| f64::from(class(rates)))
            .sum();
        for level in group {
            let share = f64::from(class(&stated[level])) / stated_total;
            rates[level] = ((counts[level] + prior * share) / (total + prior)).max(1e-6) as f32;
        }
    }
    rates
}

fn maximise(model: &mut Model, stated: &Model, expected: &Expected, records: f64, relatives: bool) {
    let [same, twin, sibling] = expected.totals;
    model.priors.same = (same / records).max(1e-6);
    if stated.priors.namesake > 0.0 {
        model.priors.namesake = (expected.strange_namesakes / records).max(1e-6);
    }
    if relatives {
        model.priors.twin = (twin / records).max(1e-6);
        model.priors.sibling = (sibling / records).max(1e-6);
    }
    let [of_same, of_twins, of_siblings] = &expected.counts;
    for field in Field::ALL {
        let i = field as usize;
        let known = &stated.rates[i];
        let pooled: [f64; 16] = std::array::from_fn(|level| {
            of_same[i][level]
                + match field {
                    // Families share them whole; twins are born at one time and place.
                    Field::Surname | Field::Parents | Field::Address | Field::Locality => {
                        of_twins[i][level] + of_siblings[i][level]
                    }
                    Field::BirthDate | Field::BirthCity | Field::BirthPlace => of_twins[i][level],
                    _ => 0.0,
                }
        });
        // Without a pull, the fit could give up the given name or the date and find families.
        let pull = match field {
            Field::Given => (same / 2.0).max(PRIOR_PAIRS),
            Field::BirthDate => same.max(PRIOR_PAIRS),
            _ => PRIOR_PAIRS,
        };
        for (level, rate) in rates_from(field, &pooled, known, pull, |r| r.same)
            .into_iter()
            .enumerate()
        {
            model.rates[i][level].same = rate;
        }
        if matches!(field, Field::MultipleBirth | Field::Source) {
            let twins = rates_from(field, &of_twins[i], known, PRIOR_PAIRS, |r| r.twin);
            let siblings = rates_from(field, &of_siblings[i], known, PRIOR_PAIRS, |r| r.sibling);
            for (level, (twin, sibling)) in twins.into_iter().zip(siblings).enumerate() {
                model.rates[i][level].twin = twin;
                model.rates[i][level].sibling = sibling;
            }
        }
    }
    if relatives {
        let stated_share = f64::from(stated.namesakes[1]);
        model.namesakes[1] = ((expected.namesakes + PRIOR_SIBLINGS * stated_share)
            / (expected.siblings + PRIOR_SIBLINGS)) as f32;
    }
    tie(model, stated);
}

/// Gives relatives the rates that follow from those of the same child and of strangers.
fn tie(model: &mut Model, stated: &Model) {
    let [twins, siblings] = model.namesakes;
    for field in Field::ALL {
        for (level, rates) in model.rates[field as usize].iter_mut().enumerate().skip(1) {
            let twin_known = stated.rates(field, level as u8).twin;
            let mixed = |mix: f32, rates: &Rates| (1.0 - mix) * rates.stranger + mix * rates.same;
            match field {
                // Parents like to give twins names that are nearly alike, which strangers do not have.
                Field::Given => {
                    rates.twin = twin_known;
                    rates.sibling = if level == given::EXCHANGED as usize {
                        rates.stranger
                    } else {
                        mixed(siblings, rates)
                    };
                }
                Field::Middle | Field::Identifier | Field::Other => {
                    rates.twin = mixed(twins, rates);
                    rates.sibling = mixed(siblings, rates);
                }
                Field::Surname | Field::Parents | Field::Address | Field::Locality => {
                    (rates.twin, rates.sibling) = (rates.same, rates.same);
                }
                Field::BirthDate => rates.twin = rates.same,
                Field::BirthCity | Field::BirthPlace => {
                    rates.twin = rates.same;
                    rates.sibling = SIBLING_PLACE * rates.same + (1.0 - SIBLING_PLACE) * rates.stranger;
                }
                Field::Sex | Field::Generation | Field::Contact => {
                    let known = stated.rates(field, level as u8);
                    (rates.twin, rates.sibling) = (known.twin, known.sibling);
                }
                Field::MultipleBirth | Field::Source => {}
            }
        }
    }
}

fn alarms(model: &Model, unclear: f64, rounds: usize) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    if model.priors.same > 10.0 {
        alarms.push(Alarm::TooManyMatches(model.priors.same));
    }
    let same = |field, levels: &[u8]| -> f64 {
        levels
            .iter()
            .map(|&level| f64::from(model.rates(field, level).same))
            .sum()
    };
    let names = same(
        Field::Given,
        &[
            given::EXACT,
            given::CLOSE,
            given::NICKNAME,
            given::OTHER_EQUAL,
            given::INITIAL,
        ],
    );
    if names < 0.6 {
        alarms.push(Alarm::GivenNamesDiffer(names));
    }
    let dates = same(
        Field::BirthDate,
        &[birth_date::EXACT, birth_date::EXACT_PLACEHOLDER],
    );
    if dates < 0.4 {
        alarms.push(Alarm::BirthDatesDiffer(dates));
    }
    for field in [
        Field::Given,
        Field::Surname,
        Field::BirthDate,
        Field::Sex,
        Field::Parents,
        Field::Address,
    ] {
        let rates = model.rates(field, 1);
        if rates.same < rates.stranger {
            alarms.push(Alarm::Reversed(field));
        }
    }
    if unclear > 0.5 {
        alarms.push(Alarm::NoClearLine(unclear));
    }
    if rounds >= ROUNDS {
        alarms.push(Alarm::NotSettled);
    }
    alarms
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
