//! What is said about it.

use linking::evaluate::{FalseKind, evaluate};
use linking::levels::Field;
use linking::{LinkIndex, Model, RecordInput};
use rustc_hash::FxHashMap;

use crate::boy;

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
