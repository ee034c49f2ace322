//! What is said about it.

use linking::bulk::{BulkOptions, Progress, link};
use linking::evaluate::{FalseKind, evaluate};
use linking::levels::Field;
use linking::{LinkIndex, Model, PersonNameInput, RecordInput};
use rustc_hash::FxHashMap;

use crate::{boy, date};

#[test]
fn full_keys_are_narrowed_and_reported() {
    // 100 boys of one name and birth date in two birth states, as a bad batch would have them.
    let inputs: Vec<RecordInput<'_>> = (0..100)
        .map(|key| RecordInput {
            birth_state: if key % 5 == 0 { "OAX" } else { "NLE" },
            ..boy(key, "KY")
        })
        .collect();
    let index = LinkIndex::build(Model::default_fixed(), &inputs);
    let report = index.blocking_report();
    assert!(
        report
            .iter()
            .any(|(_, kind)| kind.refined > 0 && kind.longest == 100),
        "{report:?}"
    );
    assert!(report.iter().all(|(_, kind)| kind.skipped == 0));
    // Only keys without the year, or the narrowed part, still bring candidates.
    assert!(index.candidates(0).len() >= 19);
}

#[test]
fn explanations_say_why_and_hold_no_names() {
    let a = boy(1, "KY");
    let b = RecordInput {
        last_name_1: "Ortega",
        last_name_2: "Tello",
        ..boy(2, "CA")
    };
    let index = LinkIndex::build(Model::default_fixed(), &[a, b]);
    let why = index.explain(2, 1).unwrap();
    assert!(
        why.summary
            .starts_with("same birth date; given name equal; last names swapped; both parents equal")
    );
    let surname = why.rows.iter().find(|row| row.field == Field::Surname).unwrap();
    assert_eq!(surname.elements, [3, 4]);
    assert!(
        surname.bits_strangers > 5.0 && surname.bits_relatives.abs() < 0.1,
        "families share surnames"
    );
    let given = why.rows.iter().find(|row| row.field == Field::Given).unwrap();
    assert!(
        given.bits_relatives > 3.0
            && given
                .note
                .as_deref()
                .is_some_and(|note| note.starts_with("1 in "))
    );
    let json = serde_json::to_string(&why).unwrap();
    assert!(!json.to_uppercase().contains("TELLO") && !json.to_uppercase().contains("CRISTIAN"));
    assert_eq!(
        serde_json::from_str::<linking::Explanation>(&json)
            .unwrap()
            .summary,
        why.summary
    );
}

#[test]
fn explanations_say_the_probability_that_people_found() {
    let model = Model {
        calibration: vec![(-60.0, 0.2), (60.0, 0.8)],
        ..Model::default_fixed()
    };
    let index = LinkIndex::build(model.clone(), &[boy(1, "TX"), boy(2, "CA")]);
    let why = index.explain(1, 2).unwrap();
    assert!(why.weight > 8.0 && why.probability < 0.9, "{}", why.probability);
    assert_eq!(why.probability.to_bits(), model.probability(why.weight).to_bits());
    assert_eq!(
        why.probability.to_bits(),
        index.compare(1, 2).unwrap().probability.to_bits()
    );
    let [review, automatic] = why.bands.probabilities;
    assert_eq!(
        automatic.to_bits(),
        model.probability(why.bands.automatic).to_bits()
    );
    assert!(review < automatic);
}

#[test]
fn evaluation_names_the_errors() {
    let twin = RecordInput {
        first_name: "Uriel",
        ..boy(2, "CA")
    };
    let nickname = RecordInput {
        first_name: "Cris",
        ..boy(3, "TX")
    };
    let index = LinkIndex::build(Model::default_fixed(), &[boy(1, "KY"), twin, nickname]);
    let truth: FxHashMap<u128, u64> = [(1, 1), (2, 2), (3, 1)].into_iter().collect();
    let found: FxHashMap<u128, u64> = [(1, 5), (2, 5), (3, 6)].into_iter().collect();
    let result = evaluate(&index, &truth, &found);
    assert_eq!(
        (result.true_pairs, result.found_pairs, result.right_pairs),
        (1, 1, 0)
    );
    assert_eq!(result.false_by_kind().get(&FalseKind::Twin), Some(&1));
    assert_eq!(result.missed_by_difference().get("nickname"), Some(&1));
    assert!(result.missed_pairs[0].candidate);
    let perfect = evaluate(&index, &truth, &truth);
    assert!(perfect.f1 > 0.999 && perfect.missed_pairs.is_empty());
}

#[test]
fn a_wrong_join_is_told_by_what_the_two_are_to_each_other() {
    let born = |child: RecordInput<'static>, year| RecordInput {
        birth_date: Some(date(year, 3, 21)),
        ..child
    };
    let other_family = |child: RecordInput<'static>| RecordInput {
        mother: PersonNameInput {
            last: "Luna",
            first: "Rosa",
        },
        father: PersonNameInput {
            last: "Vega",
            first: "Pedro",
        },
        ..child
    };
    let other_name = RecordInput {
        first_name: "Osvaldo",
        ..boy(2, "CA")
    };
    let without_parents = RecordInput {
        mother: PersonNameInput::default(),
        father: PersonNameInput::default(),
        ..other_name.clone()
    };
    for (second, kind) in [
        (other_name.clone(), FalseKind::Twin),
        (born(other_name.clone(), 2012), FalseKind::Sibling),
        // Both surnames are alike where no parents are known.
        (without_parents.clone(), FalseKind::Twin),
        (
            RecordInput {
                last_name_2: "Luna",
                ..without_parents
            },
            FalseKind::Other,
        ),
        (other_family(boy(2, "CA")), FalseKind::Namesake),
        (other_family(born(boy(2, "CA"), 2012)), FalseKind::Namesake),
        (other_family(other_name), FalseKind::Other),
    ] {
        let told = format!("{second:?}");
        let index = LinkIndex::build(Model::default_fixed(), &[boy(1, "KY"), second]);
        let truth: FxHashMap<u128, u64> = [(1, 1), (2, 2)].into_iter().collect();
        let found: FxHashMap<u128, u64> = [(1, 5), (2, 5)].into_iter().collect();
        let result = evaluate(&index, &truth, &found);
        assert_eq!(result.false_pairs[0].kind, kind, "{told}");
        assert_eq!((result.precision, result.recall), (0.0, 1.0));
    }
}

#[test]
fn a_missed_pair_is_told_by_its_differences() {
    let told = |second: RecordInput<'static>| {
        let index = LinkIndex::build(Model::default_fixed(), &[boy(1, "KY"), second]);
        let truth: FxHashMap<u128, u64> = [(1, 1), (2, 1)].into_iter().collect();
        let apart: FxHashMap<u128, u64> = [(1, 1), (2, 2)].into_iter().collect();
        evaluate(&index, &truth, &apart).missed_pairs[0].differing.clone()
    };
    let named = |first_name| RecordInput {
        first_name,
        ..boy(2, "CA")
    };
    let last = |last_name_1, last_name_2| RecordInput {
        last_name_1,
        last_name_2,
        ..boy(2, "CA")
    };
    let born = |y, m, d| RecordInput {
        birth_date: Some(date(y, m, d)),
        ..boy(2, "CA")
    };
    for (second, expected) in [
        (boy(2, "CA"), "nothing"),
        (named("Cristain"), "given name spelling"),
        (named("Cris"), "nickname"),
        (named("C"), "initial only"),
        (named("Osvaldo"), "given name"),
        (last("Ortega", "Tello"), "surnames swapped"),
        (last("Tello", ""), "surname dropped"),
        (last("Ortega", ""), "surname dropped"),
        (last("Tello", "Ortgea"), "surname spelling"),
        (last("Tello", "Vargas"), "surname"),
        (born(2014, 3, 22), "birth date typing error"),
        (born(2015, 3, 21), "birth date typing error"),
        (born(2014, 1, 1), "birth date placeholder"),
        (born(2009, 11, 2), "birth date"),
        (
            RecordInput {
                birth_date: None,
                ..boy(2, "CA")
            },
            "birth date missing",
        ),
        (
            RecordInput {
                mother: PersonNameInput::default(),
                father: PersonNameInput::default(),
                ..boy(2, "CA")
            },
            "parents missing",
        ),
        (
            RecordInput {
                sex: Some(linking::Sex::Female),
                first_name: "Cristina",
                ..boy(2, "CA")
            },
            "given name spelling, sex",
        ),
    ] {
        let (name, date) = (second.first_name, second.birth_date);
        assert_eq!(told(second), expected, "{name}, {date:?}");
    }
    let swapped = |m, d| RecordInput {
        birth_date: Some(date(2014, m, d)),
        ..boy(if m == 3 { 1 } else { 2 }, if m == 3 { "KY" } else { "CA" })
    };
    let index = LinkIndex::build(Model::default_fixed(), &[swapped(3, 7), swapped(7, 3)]);
    let levels = index.compare(1, 2).unwrap().levels;
    assert_eq!(linking::explain::differences(levels), ["day and month swapped"]);
}

#[test]
fn progress_goes_up_to_all_records() {
    let inputs: Vec<RecordInput<'_>> = (0..500).map(|key| boy(key, "KY")).collect();
    let index = LinkIndex::build(Model::default_fixed(), &inputs);
    let told = std::sync::Mutex::new(Vec::new());
    link(&index, &BulkOptions::default(), &|progress| {
        if let Progress::Compared(records) = progress {
            told.lock().unwrap().push(records);
        }
    });
    let mut told = told.into_inner().unwrap();
    // Several threads tell; who is first is nobody's promise.
    told.sort_unstable();
    assert_eq!(told.last(), Some(&500));
    assert!(
        told.windows(2).all(|two| two[0] < two[1]),
        "each step once: {told:?}"
    );
    assert!(told[0] < 250, "from the beginning: {told:?}");
}

#[test]
fn students_that_the_truth_does_not_know_are_left_out() {
    let index = LinkIndex::build(Model::default_fixed(), &[boy(1, "KY"), boy(2, "CA")]);
    let truth: FxHashMap<u128, u64> = [(1, 1), (2, 1), (3, 1), (4, 2), (5, 3)].into_iter().collect();
    // 9 is not known; 5 has no person.
    let found: FxHashMap<u128, u64> = [(1, 5), (2, 5), (4, 5), (3, 6), (9, 5)].into_iter().collect();
    let result = evaluate(&index, &truth, &found);
    assert_eq!(
        (result.true_pairs, result.found_pairs, result.right_pairs),
        (3, 3, 1)
    );
    for figure in [result.precision, result.recall, result.f1] {
        assert!((figure - 1.0 / 3.0).abs() < 1e-12, "{figure}");
    }
    let wrong: Vec<(u128, u128)> = result.false_pairs.iter().map(|pair| (pair.a, pair.b)).collect();
    assert_eq!(wrong, [(1, 4), (2, 4)]);
    let missed: Vec<(u128, u128)> = result.missed_pairs.iter().map(|pair| (pair.a, pair.b)).collect();
    assert_eq!(missed, [(1, 3), (2, 3)]);
    // Of what is not held nothing can be told.
    assert_eq!(result.false_by_kind().get(&FalseKind::Other), Some(&2));
    assert_eq!(result.missed_by_difference().get("not held"), Some(&2));
    assert!(!result.missed_pairs[0].candidate);
    let half: FxHashMap<u128, u64> = [(1, 1), (2, 1), (4, 1), (3, 2), (5, 5)].into_iter().collect();
    let pairs: FxHashMap<u128, u64> = [(1, 1), (2, 1), (4, 2), (5, 2)].into_iter().collect();
    let result = evaluate(&index, &pairs, &half);
    assert_eq!(
        (result.found_pairs, result.right_pairs, result.true_pairs),
        (3, 1, 2)
    );
    assert!((result.precision - 1.0 / 3.0).abs() < 1e-12 && (result.recall - 0.5).abs() < 1e-12);
    assert!((result.f1 - 0.4).abs() < 1e-12, "{}", result.f1);
    let nothing = evaluate(&index, &pairs, &FxHashMap::default());
    assert!(nothing.precision >= 1.0 && nothing.recall <= 0.0 && nothing.f1 <= 0.0);
}
