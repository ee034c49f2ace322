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
mod tests {
    use super::*;
    use crate::levels::Levels;
    use crate::levels::level::{multiple_birth, sex, surname};
    use crate::model::Priors;

    use super::super::sample::Pattern;
    use crate::weigh::Corrections;

    #[test]
    fn rates_are_shares_held_by_what_was_stated() {
        let stated = Model::default_fixed().rates[Field::Sex as usize].clone();
        let mut counts = [0.0; 16];
        (counts[1], counts[2]) = (60.0, 40.0);
        let rates = rates_from(Field::Sex, &counts, &stated, 100.0, |r| r.same);
        assert!((rates[1] - (60.0 + 98.5) / 200.0).abs() < 1e-6, "{rates:?}");
        assert!((rates[2] - (40.0 + 1.5) / 200.0).abs() < 1e-6, "{rates:?}");
        let none = rates_from(Field::Sex, &[0.0; 16], &stated, 100.0, |r| r.same);
        assert!(
            (none[1] - 0.985).abs() < 1e-6,
            "what was never seen stays: {none:?}"
        );

        // What both sides say and what one side says of a multiple birth are two questions.
        let stated = Model::default_fixed().rates[Field::MultipleBirth as usize].clone();
        counts = [0.0; 16];
        counts[multiple_birth::NEITHER as usize] = 1e6;
        let rates = rates_from(Field::MultipleBirth, &counts, &stated, 30.0, |r| r.same);
        assert!(rates[multiple_birth::NEITHER as usize] > 0.999);
        let known = stated[multiple_birth::ONE_KNOWN as usize].same;
        assert!((rates[multiple_birth::ONE_KNOWN as usize] - known).abs() < 1e-6);
    }

    #[test]
    fn relatives_follow_from_one_child_and_strangers() {
        let stated = Model::default_fixed();
        let mut model = stated.clone();
        for (of_field, field) in model.rates.iter_mut().zip(Field::ALL) {
            for (level, rates) in of_field.iter_mut().enumerate().skip(1) {
                rates.same = 0.5 / (level + field as usize) as f32;
                rates.stranger = 0.01 * level as f32;
            }
        }
        tie(&mut model, &stated);
        let close = |a: f32, b: f32| (a - b).abs() < 1e-6;
        let [twins, siblings] = stated.namesakes;
        for field in Field::ALL {
            for level in 1..stated.rates[field as usize].len() as u8 {
                let (now, was) = (model.rates(field, level), stated.rates(field, level));
                let part = |of: f32| of * now.same + (1.0 - of) * now.stranger;
                let (twin, sibling) = match field {
                    Field::Surname | Field::Parents | Field::Address | Field::Locality => {
                        (now.same, now.same)
                    }
                    Field::BirthDate => (now.same, was.sibling),
                    Field::BirthCity | Field::BirthPlace => (now.same, part(0.7)),
                    Field::Given if level == given::EXCHANGED => (was.twin, now.stranger),
                    Field::Given => (was.twin, part(siblings)),
                    Field::Middle | Field::Identifier | Field::Other => (part(twins), part(siblings)),
                    Field::Sex
                    | Field::Generation
                    | Field::Contact
                    | Field::MultipleBirth
                    | Field::Source => (was.twin, was.sibling),
                };
                assert!(
                    close(now.twin, twin) && close(now.sibling, sibling),
                    "{field:?} {level}: {now:?}, expected {twin} and {sibling}"
                );
            }
        }
    }

    /// Of pairs in the numbers in which a model expects them, each class gets what it made.
    #[test]
    fn what_is_expected_of_each_class_is_what_it_made() {
        let stated = Model::default_fixed();
        let mut model = stated.clone();
        model.priors = Priors {
            same: 0.4,
            twin: 0.02,
            sibling: 0.6,
            namesake: 0.004,
            stranger: 1_000.0,
        };
        let fields = [Field::Given, Field::Surname, Field::BirthDate, Field::Sex];
        for field in fields {
            for class in [
                (|rates| &mut rates.same) as fn(&mut Rates) -> &mut f32,
                |rates| &mut rates.twin,
                |rates| &mut rates.sibling,
                |rates| &mut rates.stranger,
            ] {
                let of_field = &mut model.rates[field as usize][1..];
                let all: f32 = of_field.iter_mut().map(|rates| *class(rates)).sum();
                for rates in of_field {
                    *class(rates) /= all;
                }
            }
        }
        // Siblings bear each name as often as strangers, but those who bear one on purpose.
        model.namesakes[1] = 0.01;
        for rates in &mut model.rates[Field::Given as usize][1..] {
            rates.sibling = 0.01 * rates.same + 0.99 * rates.stranger;
        }
        let records = 100_000.0;
        let scorer = Scorer::new(&model);
        let mut all = vec![Levels::default()];
        for field in fields {
            let levels = 1..model.rates[field as usize].len() as u8;
            let longer = |&so_far: &Levels| {
                levels
                    .clone()
                    .map(move |level| Levels::with(so_far, field, level))
            };
            all = all.iter().flat_map(longer).collect();
        }
        let pattern = |levels: Levels| {
            let corrections = Corrections::default();
            let classes = scorer.classes(levels, &corrections);
            let likelihood: f64 = classes.iter().map(|&class| f64::from(class).exp2()).sum();
            Pattern {
                levels,
                corrections,
                pairs: records * likelihood,
            }
        };
        let sample = Sample {
            patterns: all.into_iter().map(pattern).collect(),
            records: records as usize,
            pairs: 0,
            seen: [[0.0; 16]; 16],
        };
        let expected = expect(&model, &sample);
        let near = |got: f64, wanted: f64, what: &str| {
            let apart = (got - wanted).abs();
            assert!(apart < 0.01 * wanted + 3.0, "{what}: {got} instead of {wanted}");
        };
        near(expected.totals[0], 0.4 * records, "pairs of one child");
        near(expected.totals[1], 0.02 * records, "twins");
        near(expected.totals[2], 0.6 * records, "siblings");
        near(
            expected.strange_namesakes,
            0.004 * records,
            "namesakes of two families",
        );
        near(expected.siblings, 0.6 * records, "siblings with names");
        near(expected.namesakes, 0.006 * records, "siblings of one name");
        for field in fields {
            for (level, rates) in model.rates[field as usize].iter().enumerate().skip(1) {
                for (class, rate) in [rates.same, rates.twin, rates.sibling].into_iter().enumerate() {
                    near(
                        expected.counts[class][field as usize][level],
                        expected.totals[class] * f64::from(rate),
                        &format!("{field:?} {level} of class {class}"),
                    );
                }
            }
        }
        assert!(
            (1.0..0.2 * expected.totals[0]).contains(&expected.unclear),
            "{}",
            expected.unclear
        );
        let mut learned = model.clone();
        maximise(&mut learned, &model, &expected, records, true);
        near(1e5 * learned.priors.same, 0.4e5, "of one child");
        near(1e5 * learned.priors.twin, 0.02e5, "of twins");
        near(1e5 * learned.priors.sibling, 0.6e5, "of siblings");
        near(1e5 * learned.priors.namesake, 0.004e5, "of namesakes");
        near(1e5 * f64::from(learned.namesakes[1]), 0.01e5, "who bear one name");
    }

    /// Pairs in the numbers in which a model expects them lead back to that model.
    #[test]
    fn a_fit_finds_the_model_that_made_the_pairs() {
        let mut made_by = Model::default_fixed();
        (
            made_by.priors.twin,
            made_by.priors.sibling,
            made_by.priors.namesake,
        ) = (0.0, 0.0, 0.0);
        (made_by.priors.same, made_by.priors.stranger) = (0.4, 1_000.0);
        let fields = [Field::Given, Field::Surname, Field::BirthDate, Field::Sex];
        // Other rates than those that are shipped.
        for (field, level, rate) in [
            (Field::Sex, sex::EQUAL, 0.95),
            (Field::Sex, sex::DIFFERS, 0.05),
            (Field::Surname, surname::BOTH, 0.40),
            (Field::Surname, surname::DIFFERS, 0.15),
        ] {
            made_by.rates[field as usize][level as usize].same = rate;
        }
        for field in fields {
            let of_field = &mut made_by.rates[field as usize][1..];
            let all: f32 = of_field.iter().map(|rates| rates.same).sum();
            for rates in of_field {
                rates.same /= all;
            }
        }
        let records = 100_000.0;
        let mut patterns = vec![(Levels::default(), [1.0_f64, 1.0])];
        for field in fields {
            let levels = 1..made_by.rates[field as usize].len() as u8;
            let mut longer = Vec::new();
            for (so_far, [same, stranger]) in patterns {
                for level in levels.clone() {
                    let rates = made_by.rates(field, level);
                    let both = [same * f64::from(rates.same), stranger * f64::from(rates.stranger)];
                    longer.push((Levels::with(so_far, field, level), both));
                }
            }
            patterns = longer;
        }
        let mut seen = [[0.0; 16]; 16];
        let patterns: Vec<Pattern> = patterns
            .into_iter()
            .map(|(levels, [same, stranger])| {
                let pairs = records * (same * made_by.priors.same + stranger * made_by.priors.stranger);
                add(&mut seen, levels, pairs);
                Pattern {
                    levels,
                    corrections: Corrections::default(),
                    pairs,
                }
            })
            .collect();
        let sample = Sample {
            patterns,
            records: records as usize,
            pairs: 0,
            seen,
        };
        let mut start = Model::default_fixed();
        (start.priors.same, start.priors.stranger) = (0.5, made_by.priors.stranger);
        for (own, made) in start
            .rates
            .iter_mut()
            .flatten()
            .zip(made_by.rates.iter().flatten())
        {
            own.stranger = made.stranger; // Counted in random pairs.
        }
        let fit = Fit::run(start, &sample, false);
        assert!(
            fit.rounds < ROUNDS && fit.unclear < 0.1,
            "{} {}",
            fit.rounds,
            fit.unclear
        );
        assert!(
            (fit.model.priors.same / 0.4 - 1.0).abs() < 0.03,
            "{}",
            fit.model.priors.same
        );
        for (field, level) in [
            (Field::Sex, sex::EQUAL),
            (Field::Surname, surname::BOTH),
            (Field::Surname, surname::DIFFERS),
        ] {
            let (found, wanted) = (
                fit.model.rates(field, level).same,
                made_by.rates(field, level).same,
            );
            assert!(
                (found / wanted - 1.0).abs() < 0.05,
                "{field:?} {level}: {found}, {wanted}"
            );
        }
    }
}
