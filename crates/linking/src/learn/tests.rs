use chrono::NaiveDate;

use super::*;
use crate::record::{PersonNameInput, RecordInput, Sex};
use crate::tokens::NONE;

/// A word of its own for each number.
fn word(number: usize) -> &'static str {
    const PARTS: [&str; 8] = ["BAR", "DUL", "FEN", "GIM", "JOC", "LUT", "PEZ", "SIV"];
    let word: String = [number % 8, number / 8 % 8, number / 64 % 8]
        .map(|part| PARTS[part])
        .concat();
    Box::leak(word.into_boxed_str())
}

/// Families of some children, each of whom two states know.
fn registry(families: usize, children: usize) -> LinkIndex {
    let mut inputs: Vec<RecordInput<'_>> = Vec::new();
    for family in 0..families {
        for child in 0..children {
            for state in ["TX", "CA"] {
                inputs.push(RecordInput {
                    key: inputs.len() as u128 + 1,
                    state,
                    // Of one initial, as keys need to bring a family together.
                    first_name: word(family * 5 + child * 136),
                    last_name_1: word(family + 256),
                    last_name_2: word(family * 3 + 300),
                    birth_date: NaiveDate::from_yo_opt(
                        2006 + child as i32 * 3 + (family % 2) as i32,
                        1 + ((family * 37 + child * 101) % 350) as u32,
                    ),
                    sex: Some(if (family + child) % 2 == 0 {
                        Sex::Female
                    } else {
                        Sex::Male
                    }),
                    mother: PersonNameInput {
                        last: word(family * 3 + 300),
                        first: word(family * 7 + 11),
                    },
                    father: PersonNameInput {
                        last: word(family + 256),
                        first: word(family * 11 + 170),
                    },
                    live: true,
                    ..RecordInput::default()
                });
            }
        }
    }
    LinkIndex::build(Model::default_fixed(), &inputs)
}

fn near(found: f64, wanted: f64, what: &str) {
    assert!(
        (found / wanted - 1.0).abs() < 0.06,
        "{what}: {found}, not {wanted}"
    );
}

#[test]
fn how_many_others_there_are_of_a_child_is_learned() {
    let index = registry(120, 1);
    let Learned { model, report } = learn(&index, &LearnOptions::default());
    assert_eq!(
        (report.kept.as_deref(), report.alarms.as_slice()),
        (None, [].as_slice())
    );
    near(report.classes.same, 1.0, "one other record each");
    near(report.classes.stranger, 239.0, "all others there are");
    assert!(
        !report.relatives && !model.has_relatives(),
        "nobody has a brother"
    );
    assert_eq!((report.records, report.sampled), (240, 240));
    assert!(report.pairs >= 240 && report.patterns > 0, "{report:?}");
    assert!(
        (25_000..=28_680).contains(&report.random_pairs),
        "{}",
        report.random_pairs
    );
    assert_eq!(report.started_from, "fixed-2");
    assert_eq!(report.version, model.version);
    let name = report.version.strip_prefix("learned-").unwrap();
    assert!(
        name.len() == 8 && name.bytes().all(|b| b.is_ascii_hexdigit()),
        "{name}"
    );
    // How common names are is taken from the records, as far as there are any.
    for role in Role::ALL {
        let counted = index.tokens().collision(role);
        let expected = counted.unwrap_or(index.model().collision[role as usize]);
        assert!(
            (model.collision[role as usize] - expected).abs() < 1e-12,
            "{role:?}"
        );
    }
    // Levels are told of the fields that were compared, each as what the model has of it.
    let told: Vec<Field> = report.levels.iter().map(|level| level.field).collect();
    for field in Field::ALL {
        let compared = matches!(
            field,
            Field::Given | Field::Surname | Field::BirthDate | Field::Sex | Field::Parents | Field::Source
        );
        assert_eq!(told.contains(&field), compared, "{field:?}");
    }
    for level in &report.levels {
        let rates = model.rates(level.field, level.level);
        assert_eq!(level.words, level.field.words()[usize::from(level.level)]);
        assert_eq!(
            [level.m, level.u].map(f32::to_bits),
            [rates.same, rates.stranger].map(f32::to_bits)
        );
        assert!((level.bits - (rates.same / rates.stranger).log2()).abs() < 1e-6);
    }
    let of_sex = report
        .levels
        .iter()
        .filter(|level| level.field == Field::Sex)
        .count();
    assert_eq!(of_sex, 2);
}

#[test]
fn families_are_seen_where_they_are() {
    let index = registry(70, 2);
    let learned = |relatives| {
        let options = LearnOptions {
            relatives,
            ..LearnOptions::default()
        };
        learn(&index, &options).report
    };
    let report = learned(Relatives::Auto);
    assert!(report.relatives);
    near(report.classes.same, 1.0, "one other record each");
    near(report.classes.sibling, 2.0, "two records of one sibling");
    assert_eq!(learned(Relatives::On), report);
    let blind = learned(Relatives::Off);
    assert!(!blind.relatives && blind.classes.sibling + blind.classes.twin <= 0.0);
    // Asked for, they are looked for even where there are none.
    let alone = registry(60, 1);
    let options = LearnOptions {
        relatives: Relatives::On,
        ..LearnOptions::default()
    };
    assert!(learn(&alone, &options).report.relatives);
}

#[test]
fn what_a_model_states_of_how_many_there_are_does_not_count() {
    let mut index = registry(60, 1);
    let expected = learn(&index, &LearnOptions::default());
    let mut other = index.model().clone();
    (other.priors.same, other.priors.stranger) = (0.3, 900_000.0);
    index.set_model(other);
    let found = learn(&index, &LearnOptions::default());
    assert_eq!(found.model, expected.model);
    assert_eq!(found.report, expected.report);
}

#[test]
fn from_too_few_pairs_nothing_is_learned() {
    let few = registry(12, 1);
    let Learned { model, report } = learn(&few, &LearnOptions::default());
    assert_eq!(&model, few.model());
    assert!(
        report.kept.unwrap().starts_with("only 24 pairs of one person"),
        "{:?}",
        report.classes
    );
    assert_eq!((report.version.as_str(), report.alarms.len()), ("fixed-2", 0));
    assert!(
        learn(&registry(13, 1), &LearnOptions::default())
            .report
            .kept
            .is_none()
    );
    // Between two states there are as many, within one there are none.
    let across = LearnOptions {
        across: true,
        ..LearnOptions::default()
    };
    assert!(learn(&registry(40, 1), &across).report.kept.is_none());
    let mut one_state = LinkIndex::new(Model::default_fixed());
    let inputs: Vec<RecordInput<'_>> = (0..80_usize)
        .map(|at| RecordInput {
            key: at as u128,
            state: "TX",
            first_name: word(at / 2),
            last_name_1: word(at / 2 + 300),
            birth_date: NaiveDate::from_yo_opt(2010, 1 + at as u32 / 2),
            live: true,
            ..RecordInput::default()
        })
        .collect();
    for input in &inputs {
        one_state.upsert(input);
    }
    let report = learn(&one_state, &across).report;
    assert!(report.kept.is_some());
    assert_eq!((report.pairs, report.random_pairs), (0, 0));
}

#[test]
fn a_version_tells_one_set_of_figures_from_another() {
    let model = Model::default_fixed();
    let mut names = vec![version(&model)];
    assert_eq!(names[0], version(&model.clone()));
    let changes: [fn(&mut Model); 8] = [
        |m| m.rates[0][1].same += 0.01,
        |m| m.rates[0][1].twin += 0.01,
        |m| m.rates[3][2].sibling += 0.01,
        |m| m.rates[5][4].stranger += 0.01,
        |m| m.priors.same += 0.01,
        |m| m.priors.twin += 0.01,
        |m| m.priors.sibling += 0.01,
        |m| m.priors.stranger += 1.0,
    ];
    for change in changes {
        let mut other = model.clone();
        change(&mut other);
        names.push(version(&other));
    }
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
}

/// Each alarm with a figure that gives it and the next that does not.
#[test]
fn a_fit_that_cannot_be_right_gives_an_alarm() {
    let sound = Model::default_fixed();
    assert_eq!(alarms(&sound, 0.5, fit::ROUNDS - 1), []);
    let changed = |change: fn(&mut Model)| {
        let mut model = sound.clone();
        change(&mut model);
        alarms(&model, 0.0, 1)
    };
    assert_eq!(alarms(&sound, 0.51, 1), [Alarm::NoClearLine(0.51)]);
    assert_eq!(alarms(&sound, 0.0, fit::ROUNDS), [Alarm::NotSettled]);
    assert_eq!(changed(|m| m.priors.same = 10.0), []);
    assert_eq!(changed(|m| m.priors.same = 10.5), [Alarm::TooManyMatches(10.5)]);
    // Given names: 0.85 + 0.045 + 0.03 + 0.03 + 0.01 of what agrees.
    assert_eq!(changed(|m| m.rates[Field::Given as usize][1].same = 0.49), []);
    let few = changed(|m| m.rates[Field::Given as usize][1].same = 0.48);
    assert!(
        matches!(few[..], [Alarm::GivenNamesDiffer(share)] if (share - 0.595).abs() < 1e-3),
        "{few:?}"
    );
    assert_eq!(
        changed(|m| m.rates[Field::BirthDate as usize][1].same = 0.397),
        []
    );
    let few = changed(|m| m.rates[Field::BirthDate as usize][1].same = 0.39);
    assert!(
        matches!(few[..], [Alarm::BirthDatesDiffer(share)] if (share - 0.394).abs() < 1e-3),
        "{few:?}"
    );
    let reversed = changed(|m| {
        for field in Field::ALL {
            m.rates[field as usize][1].stranger = 0.999;
        }
    });
    let told = [
        Field::Given,
        Field::Surname,
        Field::BirthDate,
        Field::Sex,
        Field::Parents,
        Field::Address,
    ];
    assert_eq!(reversed, told.map(Alarm::Reversed));
    assert_eq!(changed(|m| m.rates[Field::Sex as usize][1].stranger = 0.985), []);
    for (alarm, words) in [
        (
            Alarm::TooManyMatches(12.34),
            "a record has 12.3 others of the same person on average",
        ),
        (
            Alarm::GivenNamesDiffer(0.5),
            "given names of one person are equal in only 50 % of pairs: families may be taken for one person",
        ),
        (
            Alarm::BirthDatesDiffer(0.333),
            "birth dates of one person are equal in only 33 % of pairs",
        ),
        (
            Alarm::Reversed(Field::Sex),
            "sex equal: equality speaks against one person",
        ),
        (
            Alarm::NoClearLine(0.6),
            "60 % of the pairs taken for one person are hardly likelier than not",
        ),
        (Alarm::NotSettled, "the fit did not settle"),
    ] {
        assert_eq!(alarm.to_string(), words);
    }
}

/// What of the pairs is weighed by how common its names are is kept in whole bits.
#[test]
fn a_pattern_keeps_how_common_the_shared_names_are() {
    let child = |key, state| RecordInput {
        key,
        state,
        first_name: "José",
        middle_name: "Xicoténcatl",
        last_name_1: "García",
        last_name_2: "Ballesteros",
        birth_date: NaiveDate::from_ymd_opt(2011, 5, 3),
        birth_city: "Juxtlahuaca",
        live: true,
        ..RecordInput::default()
    };
    let index = LinkIndex::build(Model::default_fixed(), &[child(1, "TX"), child(2, "CA")]);
    let sample = Sample::take(&index, LearnOptions::default(), index.model());
    assert_eq!((sample.patterns.len(), sample.records, sample.pairs), (1, 2, 2));
    let pattern = sample.patterns[0];
    let (a, b) = (index.record(1).unwrap(), index.record(2).unwrap());
    let comparison = index.comparison(a, b);
    assert_ne!(
        (comparison.given, comparison.middle, comparison.city),
        (NONE, NONE, NONE)
    );
    let exact = index.scorer().corrections(&comparison, index.tokens());
    assert_eq!(
        (pattern.levels, pattern.pairs.to_bits()),
        (comparison.levels, 2.0_f64.to_bits())
    );
    for (kept, exact) in [
        (pattern.corrections.given, exact.given),
        (pattern.corrections.middle, exact.middle),
        (pattern.corrections.surname, exact.surname),
        (pattern.corrections.city, exact.city),
    ] {
        assert!(exact.abs() > 0.5, "{exact}");
        assert_eq!(kept.to_bits(), exact.round().to_bits(), "{exact}");
    }
}
