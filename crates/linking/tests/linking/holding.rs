//! What an index holds, and what it tells of it.

use linking::bulk::{BulkOptions, link};
use linking::index::Change;
use linking::keys::KeyKind;
use linking::{LinkIndex, Model, RecordInput};

use crate::{boy, date};

#[test]
fn a_student_is_held_once_and_told_of_when_it_changes() {
    let mut index = LinkIndex::new(Model::default_fixed());
    assert!(index.is_empty() && !index.contains(1));
    assert_eq!(index.upsert(&boy(1, "TX")), Change::Inserted);
    assert_eq!(index.upsert(&boy(1, "TX")), Change::Unchanged);
    let renamed = RecordInput {
        first_name: "CRISTIÁN",
        ..boy(1, "TX")
    };
    assert_eq!(
        index.upsert(&renamed),
        Change::Unchanged,
        "nothing that is compared"
    );
    let older = RecordInput {
        birth_date: Some(date(2011, 7, 2)),
        ..boy(1, "TX")
    };
    assert_eq!(index.upsert(&older), Change::Updated);
    assert_eq!(index.upsert(&boy(2, "CA")), Change::Inserted);
    assert_eq!((index.len(), index.slots(), index.is_empty()), (2, 2, false));
    assert_eq!(
        [0, 1, 2].map(|number| index.key_of(number)),
        [Some(1), Some(2), None]
    );
    assert!(index.contains(1) && index.contains(2) && !index.contains(3));
    assert!(index.record(1).unwrap().birth.year == 2011 && index.record(3).is_none());
    // A place that is free again is used again.
    assert!(index.remove(1));
    assert_eq!((index.len(), index.slots(), index.key_of(0)), (1, 2, None));
    assert_eq!(index.upsert(&boy(3, "KY")), Change::Inserted);
    assert_eq!((index.len(), index.slots(), index.key_of(0)), (2, 2, Some(3)));
    let mut keys: Vec<u128> = index.keys().collect();
    keys.sort_unstable();
    assert_eq!(keys, [2, 3]);
    assert!(index.compare(1, 2).is_none() && index.candidates(1).is_empty());
}

#[test]
fn of_two_with_one_key_the_later_counts() {
    let named = |key, first_name| RecordInput {
        first_name,
        ..boy(key, "TX")
    };
    let sent = [
        named(7, "Osvaldo"),
        named(8, "Beatriz"),
        named(7, "Yolotzin"),
        named(9, "Ana"),
    ];
    let index = LinkIndex::build(Model::default_fixed(), &sent);
    assert_eq!(index.len(), 3);
    let name = |key| {
        let record = index.record(key).unwrap();
        index.tokens().text(record.given.as_slice()[0]).to_owned()
    };
    assert_eq!([name(7), name(8), name(9)], ["YOLOTZIN", "BEATRIZ", "ANA"]);
    // Numbered in the order of arrival, whatever the order in memory.
    assert_eq!(
        [0, 1, 2, 3, 4].map(|number| index.key_of(number)),
        [None, Some(8), Some(7), Some(9), None]
    );
    // And counted once: as if the earlier one had never come.
    let expected = LinkIndex::build(Model::default_fixed(), &sent[1..]);
    for word in ["YOLOTZIN", "BEATRIZ"] {
        let share = |index: &LinkIndex| {
            let id = index.tokens().find(word).unwrap();
            index.tokens().log_share(id, linking::frequency::Role::Given)
        };
        assert!(
            share(&index) <= share(&expected) && share(&index) > share(&expected) - 0.01,
            "{word}"
        );
    }
}

#[test]
fn matches_are_the_candidates_from_a_weight_on_best_first() {
    let others = [
        boy(2, "CA"),
        RecordInput {
            last_name_2: "",
            birth_city: "",
            ..boy(3, "FL")
        },
        RecordInput {
            first_name: "Osvaldo",
            ..boy(4, "FL")
        },
        boy(5, "CA"),
    ];
    let all = [&[boy(1, "TX")][..], &others[..]].concat();
    let index = LinkIndex::build(Model::default_fixed(), &all);
    let found = index.matches(1, f32::MIN);
    let keys: Vec<u128> = found.iter().map(|pair| pair.b).collect();
    let at = |key| keys.iter().position(|&other| other == key).unwrap();
    assert_eq!((keys.len(), at(5)), (4, at(2) + 1), "equal ones by key: {keys:?}");
    assert_eq!(keys[3], 4, "another name comes last");
    assert!(found.is_sorted_by(|one, next| one.weight >= next.weight));
    assert!(
        found
            .iter()
            .all(|pair| pair.a == 1 && *pair == index.compare(pair.b, 1).unwrap())
    );
    for pair in &found {
        let from_it_on = index.matches(1, pair.weight);
        assert!(from_it_on.contains(pair));
        assert!(from_it_on.iter().all(|other| other.weight >= pair.weight));
        assert!((pair.probability - index.model().probability(pair.weight)).abs() < 1e-12);
    }
}

#[test]
fn the_report_on_keys_is_of_all_that_are_held() {
    // Twelve boys of one name and date, of two birth states, and one who is quite alone.
    let mut inputs: Vec<RecordInput<'_>> = (1..=12)
        .map(|key| RecordInput {
            birth_state: if key <= 4 { "OAX" } else { "NLE" },
            ..boy(key, "TX")
        })
        .collect();
    inputs.push(RecordInput {
        key: 20,
        first_name: "Yolotzin",
        live: true,
        birth_date: Some(date(2009, 9, 9)),
        ..RecordInput::default()
    });
    let index = LinkIndex::build(Model::default_fixed(), &inputs);
    let report = index.blocking_report();
    assert!(report.is_sorted_by_key(|(kind, _)| *kind));
    let of = |wanted: KeyKind| {
        report
            .iter()
            .find(|(kind, _)| *kind == wanted)
            .map(|found| found.1)
    };
    let given = of(KeyKind::GivenBirthDate).unwrap();
    assert_eq!(
        (
            given.keys,
            given.records,
            given.refined,
            given.skipped,
            given.longest
        ),
        (2, 13, 1, 0, 12)
    );
    let surnames = of(KeyKind::SurnameBirthDate).unwrap();
    assert_eq!(
        (
            surnames.keys,
            surnames.records,
            surnames.refined,
            surnames.longest
        ),
        (2, 24, 2, 12)
    );
    let letters = of(KeyKind::ThreeLettersMonthDay).unwrap();
    assert_eq!(
        (letters.keys, letters.records, letters.refined),
        (2, 24, 0),
        "not so soon"
    );
    assert_eq!(of(KeyKind::Contact), None);
}

#[test]
fn keys_of_one_record_can_be_left_out_where_all_are_linked_at_once() {
    let inputs: Vec<RecordInput<'_>> = (0..60)
        .map(|key| RecordInput {
            first_name: ["Ana", "Osvaldo", "Beatriz", "Luz", "Cristian"][key as usize % 5],
            last_name_1: ["Soto", "Vega", "Luna"][key as usize / 5 % 3],
            birth_date: Some(date(2010 + key as i32 % 4, 3, 1 + key as u32 % 28)),
            ..boy(key, ["TX", "CA"][key as usize % 2])
        })
        .collect();
    let whole = LinkIndex::build(Model::default_fixed(), &inputs);
    let mut shared = LinkIndex::new(Model::default_fixed());
    for part in inputs.chunks(17) {
        shared.gather(part);
    }
    shared.file_shared();
    let options = BulkOptions {
        pair_floor: -40.0,
        ..BulkOptions::default()
    };
    let [all, of_shared] = [&whole, &shared].map(|index| link(index, &options, &|_| ()));
    assert!(all.pairs.len() > 200, "{}", all.pairs.len());
    assert_eq!(all.pairs, of_shared.pairs);
    assert_eq!(all.clusters, of_shared.clusters);
    let alone = |index: &LinkIndex| index.blocking_report().iter().map(|(_, kind)| kind.longest).max();
    assert_eq!(alone(&whole), alone(&shared));
}
