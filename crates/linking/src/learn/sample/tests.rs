use super::*;
use crate::levels::level::{given, sex};
use crate::record::{RecordInput, Sex};

const LAST: [&str; 8] = [
    "Soto", "Vega", "Luna", "Rios", "Mejia", "Zavala", "Quintana", "Ybarra",
];

/// Children of two given names, a quarter of them girls.
fn index(records: usize, state: impl Fn(usize) -> &'static str) -> LinkIndex {
    let inputs: Vec<RecordInput<'_>> = (0..records)
        .map(|at| RecordInput {
            key: at as u128 + 1,
            state: state(at),
            first_name: ["Fulgencio", "Baldomera"][at % 2],
            last_name_1: LAST[at / 2 % 8],
            birth_date: chrono::NaiveDate::from_yo_opt(2000 + (at / 300) as i32, 1 + (at % 300) as u32),
            sex: Some(if at % 4 == 0 { Sex::Female } else { Sex::Male }),
            live: true,
            ..RecordInput::default()
        })
        .collect();
    LinkIndex::build(Model::default_fixed(), &inputs)
}

#[test]
fn strangers_are_what_random_pairs_show() {
    let index = index(2_000, |at| ["TX", "CA"][at / 2 % 2]);
    let mut model = Model::default_fixed();
    let taken = strangers(&index, LearnOptions::default(), &mut model);
    assert!(
        (49_000..=50_000).contains(&taken),
        "{taken} of 50,000, less those of itself"
    );
    let rate = |field: Field, level: u8| model.rates(field, level).stranger;
    let near = |got: f32, wanted: f32| (got - wanted).abs() < 0.02;
    assert!(
        near(rate(Field::Given, given::EXACT), 0.5),
        "{}",
        rate(Field::Given, given::EXACT)
    );
    // Both girls, or neither.
    let same_sex = 0.25 * 0.25 + 0.75 * 0.75;
    assert!(
        near(rate(Field::Sex, sex::EQUAL), same_sex),
        "{}",
        rate(Field::Sex, sex::EQUAL)
    );
    assert!(near(rate(Field::Sex, sex::DIFFERS), 1.0 - same_sex));
    let never = Model::default_fixed();
    assert_eq!(
        rate(Field::Middle, 1).to_bits(),
        never.rates(Field::Middle, 1).stranger.to_bits(),
        "what was never compared stays"
    );

    // Of two states half of the pairs are left; of one none.
    let across = LearnOptions {
        across: true,
        ..LearnOptions::default()
    };
    let half = strangers(&index, across, &mut Model::default_fixed());
    assert!((23_000..27_000).contains(&half), "{half}");
}

#[test]
fn few_records_are_asked_for_no_more_pairs_than_there_are() {
    let index = index(20, |_| "TX");
    let taken = strangers(&index, LearnOptions::default(), &mut Model::default_fixed());
    assert!((100..=190).contains(&taken), "{taken} of 190 pairs");
    let across = LearnOptions {
        across: true,
        ..LearnOptions::default()
    };
    assert_eq!(strangers(&index, across, &mut Model::default_fixed()), 0);
}

#[test]
fn a_sample_counts_each_pair_that_shares_a_key() {
    // Each child three times.
    let inputs: Vec<RecordInput<'_>> = (0..90_u128)
        .map(|at| RecordInput {
            key: at + 1,
            state: ["TX", "CA", "KY"][at as usize / 30],
            first_name: "Fulgencio",
            last_name_1: LAST[at as usize % 8],
            birth_date: chrono::NaiveDate::from_yo_opt(2010, 1 + 10 * (at % 30) as u32),
            live: true,
            ..RecordInput::default()
        })
        .collect();
    let index = LinkIndex::build(Model::default_fixed(), &inputs);
    let sample = Sample::take(&index, LearnOptions::default(), index.model());
    assert_eq!(sample.records, 90);
    let candidates: usize = index.keys().map(|key| index.candidates(key).len()).sum();
    assert_eq!(sample.pairs, candidates as u64, "from both sides");
    let patterns: f64 = sample.patterns.iter().map(|pattern| pattern.pairs).sum();
    let given: f64 = sample.seen[Field::Given as usize].iter().sum();
    assert!(
        (patterns - given).abs() < 1e-6 && patterns >= 180.0,
        "{patterns} {given}"
    );
    let across = LearnOptions {
        across: true,
        ..LearnOptions::default()
    };
    let between = Sample::take(&index, across, index.model());
    let same_state = index.keys().flat_map(|key| {
        let own = index.record(key).map(|record| record.state);
        let others = index.candidates(key);
        others
            .into_iter()
            .filter(|&other| index.record(other).map(|record| record.state) == own)
            .collect::<Vec<_>>()
    });
    assert_eq!(between.pairs, sample.pairs - same_state.count() as u64);
    assert!(!sample.tells_namesakes(), "names, dates and states alone");
}

#[test]
fn counts_go_to_field_and_level() {
    let levels = Levels::default()
        .with(Field::Given, 3)
        .with(Field::Sex, 2)
        .with(Field::Other, 15);
    let mut counts: Counts = [[0.0; 16]; 16];
    add(&mut counts, levels, 2.5);
    add(&mut counts, levels, 0.5);
    let at = |field: Field, level: usize| counts[field as usize][level].to_bits();
    let three = 3.0_f64.to_bits();
    assert_eq!(
        [
            at(Field::Given, 3),
            at(Field::Sex, 2),
            at(Field::Other, 15),
            at(Field::Surname, 0)
        ],
        [three; 4]
    );
    let all: f64 = counts.iter().flatten().sum();
    assert!((all - 48.0).abs() < 1e-9, "one level of each of sixteen fields");
    let twice: f64 = sum(counts, &counts).iter().flatten().sum();
    assert!((twice - 96.0).abs() < 1e-9);
    assert_eq!(groups_of(Field::Sex, 3), [1..3, 3..3]);
    assert_eq!(groups_of(Field::MultipleBirth, 6), [1..4, 4..6]);
}

#[test]
fn few_random_pairs_move_the_starting_rates_by_their_share() {
    // Everybody is a girl, and nobody bears another's name.
    let inputs: Vec<RecordInput<'_>> = (0..8)
        .map(|at| RecordInput {
            key: at as u128 + 1,
            state: ["TX", "CA"][at % 2],
            first_name: ["Ana", "Eva", "Luz", "Sol", "Paz", "Fe", "Pía", "Inés"][at],
            last_name_1: LAST[at],
            sex: Some(Sex::Female),
            live: true,
            ..RecordInput::default()
        })
        .collect();
    let index = LinkIndex::build(Model::default_fixed(), &inputs);
    let mut model = Model::default_fixed();
    let taken = strangers(&index, LearnOptions::default(), &mut model);
    assert!((10..=28).contains(&taken), "{taken}");
    let taken = taken as f32;
    for (level, seen) in [(sex::EQUAL, taken), (sex::DIFFERS, 0.0)] {
        let rate = model.rates(Field::Sex, level).stranger;
        let expected = (seen + 200.0 * 0.5) / (taken + 200.0);
        assert!((rate - expected).abs() < 1e-6, "{level}: {rate}, not {expected}");
    }
    let one = LinkIndex::build(Model::default_fixed(), &inputs[..1]);
    let mut model = Model::default_fixed();
    assert_eq!(strangers(&one, LearnOptions::default(), &mut model), 0);
    assert_eq!(model, Model::default_fixed());
}

/// A pair far below strangers is one that was brought together, and no more.
#[test]
fn what_cannot_be_one_child_is_no_pattern() {
    let person = |key, last_name_1, birth_date, sex| RecordInput {
        key,
        state: ["TX", "CA"][key as usize % 2],
        first_name: "Ana",
        last_name_1,
        birth_date,
        sex: Some(sex),
        live: true,
        ..RecordInput::default()
    };
    let day = |month, day| chrono::NaiveDate::from_ymd_opt(2011, month, day);
    let index = LinkIndex::build(
        Model::default_fixed(),
        &[
            person(1, "Quispe", day(5, 3), Sex::Female),
            person(2, "Vega", day(5, 28), Sex::Male),
        ],
    );
    let sample = Sample::take(&index, LearnOptions::default(), index.model());
    assert_eq!((sample.pairs, sample.patterns.len()), (2, 0));
    assert!(sample.seen.iter().flatten().sum::<f64>() <= 0.0);
}
