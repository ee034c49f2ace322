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
                Field::Surname | Field::Parents | Field::Address | Field::Locality => (now.same, now.same),
                Field::BirthDate => (now.same, was.sibling),
                Field::BirthCity | Field::BirthPlace => (now.same, part(0.7)),
                Field::Given if level == given::EXCHANGED => (was.twin, now.stranger),
                Field::Given => (was.twin, part(siblings)),
                Field::Middle | Field::Identifier | Field::Other => (part(twins), part(siblings)),
                Field::Sex | Field::Generation | Field::Contact | Field::MultipleBirth | Field::Source => {
                    (was.twin, was.sibling)
                }
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

/// One round by hand: every rate is a share of what was counted, held by 30 pairs to what was stated before; given names
/// by half as many pairs as were counted, birth dates by as many.
#[test]
fn a_round_makes_rates_of_what_is_expected() {
    let stated = Model::default_fixed();
    let mut expected = NOTHING;
    expected.totals = [1_000.0, 100.0, 400.0];
    expected.strange_namesakes = 20.0;
    (expected.siblings, expected.namesakes) = (300.0, 21.0);
    for (class, pairs) in [1_000.0, 100.0, 400.0].into_iter().enumerate() {
        for field in Field::ALL {
            expected.counts[class][field as usize][2] = pairs;
        }
    }
    let mut model = stated.clone();
    maximise(&mut model, &stated, &expected, 2_000.0, true);
    let close = |found: f64, wanted: f64, what: &str| {
        assert!(
            (found / wanted - 1.0).abs() < 1e-4,
            "{what}: {found}, not {wanted}"
        );
    };
    close(model.priors.same, 0.5, "one child");
    close(model.priors.twin, 0.05, "twins");
    close(model.priors.sibling, 0.2, "siblings");
    close(model.priors.namesake, 0.01, "namesakes");
    close(
        model.priors.stranger,
        stated.priors.stranger,
        "strangers are known",
    );
    close(
        model.namesakes[1].into(),
        (21.0 + 200.0 * 0.02) / 500.0,
        "siblings of one name",
    );
    close(
        model.namesakes[0].into(),
        stated.namesakes[0].into(),
        "twins of one name",
    );
    for field in Field::ALL {
        let counted = match field {
            Field::Surname | Field::Parents | Field::Address | Field::Locality => 1_500.0,
            Field::BirthDate | Field::BirthCity | Field::BirthPlace => 1_100.0,
            _ => 1_000.0,
        };
        let held = match field {
            Field::Given => 500.0,
            Field::BirthDate => 1_000.0,
            _ => 30.0,
        };
        let levels = &stated.rates[field as usize];
        let group = if field == Field::MultipleBirth {
            1..4
        } else {
            1..levels.len()
        };
        let share = |level: usize, class: fn(&Rates) -> f32| {
            let all: f32 = levels[group.clone()].iter().map(class).sum();
            f64::from(class(&levels[level])) / f64::from(all)
        };
        for level in group.clone() {
            let seen = if level == 2 { 1.0 } else { 0.0 };
            let found = model.rates(field, level as u8);
            let rate =
                |pairs: f64, held: f64, class| (seen * pairs + held * share(level, class)) / (pairs + held);
            let what = format!("{field:?} {level}");
            close(found.same.into(), rate(counted, held, |r| r.same), &what);
            if matches!(field, Field::MultipleBirth | Field::Source) {
                close(found.twin.into(), rate(100.0, 30.0, |r| r.twin), &what);
                close(found.sibling.into(), rate(400.0, 30.0, |r| r.sibling), &what);
            }
        }
    }
    // Without relatives, and of a file that cannot tell namesakes, nothing is learned of them.
    let mut alone = stated.clone();
    alone.priors.namesake = 0.0;
    let mut model = alone.clone();
    maximise(&mut model, &alone, &expected, 2_000.0, false);
    assert_eq!(
        model.priors,
        Priors {
            same: 0.5,
            ..alone.priors
        }
    );
    assert_eq!(
        model.namesakes.map(f32::to_bits),
        alone.namesakes.map(f32::to_bits)
    );
    // Where there is nothing, no chance is none at all.
    maximise(&mut model, &stated, &NOTHING, 2_000.0, true);
    for prior in [
        model.priors.same,
        model.priors.twin,
        model.priors.sibling,
        model.priors.namesake,
    ] {
        close(prior, 1e-6, "nobody");
    }
}

/// A sample in which this share of pairs says something about parents.
fn telling(share: f64) -> Sample {
    let mut seen = [[0.0; 16]; 16];
    seen[Field::Surname as usize][1] = 100.0;
    seen[Field::Parents as usize][0] = 100.0 * (1.0 - share);
    seen[Field::Parents as usize][9] = 100.0 * share;
    for field in [
        Field::Given,
        Field::BirthDate,
        Field::Source,
        Field::MultipleBirth,
    ] {
        seen[field as usize][1] = 100.0;
    }
    Sample {
        patterns: Vec::new(),
        records: 100,
        pairs: 100,
        seen,
    }
}

#[test]
fn namesakes_are_told_where_a_tenth_of_the_pairs_says_more_than_names_and_dates() {
    for (share, told) in [(0.0, false), (0.09, false), (0.11, true), (1.0, true)] {
        let sample = telling(share);
        assert_eq!(sample.tells_namesakes(), told, "{share}");
        let fit = Fit::run(Model::default_fixed(), &sample, true);
        assert_eq!(fit.model.priors.namesake > 0.0, told, "{share}");
    }
}

#[test]
fn relatives_are_looked_for_from_a_few_on_or_not_at_all() {
    let sample = telling(1.0);
    let mut start = Model::default_fixed();
    (start.priors.twin, start.priors.sibling) = (0.0, 0.0);
    let found = Fit::run(start.clone(), &sample, true).model.priors;
    assert!(found.twin > 0.0 && found.sibling > 0.0);
    let none = Fit::run(Model::default_fixed(), &sample, false).model;
    assert!(!none.has_relatives());
}
