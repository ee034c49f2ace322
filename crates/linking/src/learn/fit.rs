//! Expectation and maximisation over the patterns, with relatives tied to what is learned of one child and of strangers.

use rayon::prelude::*;

use crate::levels::Field;
use crate::levels::level::given;
use crate::model::{Model, Rates};
use crate::weigh::Scorer;

use super::sample::{Counts, Sample, add, groups_of, sum};

/// Rounds of expectation and maximisation at most.
pub(super) const ROUNDS: usize = 80;

/// The fit stands when no class changes by more than this share in a round.
const STILL: f64 = 2e-4;

/// Pairs by which the starting rates are held against what little a small file shows.
const PRIOR_PAIRS: f64 = 30.0;

/// Siblings by which the starting share of namesakes among them is held.
const PRIOR_SIBLINGS: f64 = 200.0;

/// Siblings are born in one town about so often.
const SIBLING_PLACE: f32 = 0.7;

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

pub(super) struct Fit {
    pub(super) model: Model,
    pub(super) rounds: usize,
    /// The share of the pairs of one child that are hardly likelier so than not.
    pub(super) unclear: f64,
}

impl Fit {
    pub(super) fn run(mut model: Model, sample: &Sample, relatives: bool) -> Fit {
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
        .par_chunks(512)
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

#[cfg(test)]
mod tests;
