//! Children of one family, and of two with one name.

use linking::cluster::{Reason, Veto};
use linking::levels::{Field, level};
use linking::{HumanDecisions, PersonNameInput, RecordInput, Sex};

use crate::{boy, date, level_of, linked, resolve};

#[test]
fn twins_and_siblings_stay_apart() {
    let a = boy(1, "KY");
    let relatives = [
        (
            "twin",
            RecordInput {
                first_name: "Uriel",
                ..boy(2, "CA")
            },
        ),
        (
            "twin named alike",
            RecordInput {
                first_name: "Joel",
                ..boy(2, "CA")
            },
        ),
        (
            "brother",
            RecordInput {
                first_name: "Uriel",
                birth_date: Some(date(2016, 8, 2)),
                ..boy(2, "CA")
            },
        ),
        (
            "brother of one name",
            RecordInput {
                birth_date: Some(date(2016, 8, 2)),
                ..boy(2, "CA")
            },
        ),
        (
            "sister",
            RecordInput {
                first_name: "Cristina",
                sex: Some(Sex::Female),
                ..boy(2, "CA")
            },
        ),
    ];
    for (what, other) in &relatives {
        let a = if *what == "twin named alike" {
            RecordInput {
                first_name: "Noel",
                ..a.clone()
            }
        } else {
            a.clone()
        };
        assert!(!linked(&a, other), "{what}");
    }
    let maria = RecordInput {
        first_name: "María",
        middle_name: "Isabel",
        // Not known, as in states that do not ask.
        multiple_birth: None,
        ..a.clone()
    };
    let other = RecordInput {
        middle_name: "José",
        key: 2,
        state: "CA",
        ..maria.clone()
    };
    assert!(!linked(&maria, &other), "twins both called María");
    let half = RecordInput {
        middle_name: "",
        ..other
    };
    assert!(!linked(&maria, &half), "which of the Marías?");
}

#[test]
fn parents_are_compared_as_clerks_record_them() {
    let none = PersonNameInput::default();
    let adult = |last, first| PersonNameInput { last, first };
    let of = |mother, father, guardian| {
        let other = RecordInput {
            mother,
            father,
            guardian,
            ..boy(2, "CA")
        };
        level_of(Field::Parents, &boy(1, "KY"), &other)
    };
    let (elsa, marcos) = (adult("Ortega", "Elsa"), adult("Tello", "Marcos"));
    assert_eq!(of(elsa, marcos, none), level::parents::BOTH);
    assert_eq!(of(elsa, none, none), level::parents::MOTHER);
    assert_eq!(of(none, marcos, none), level::parents::FATHER);
    assert_eq!(of(marcos, elsa, none), level::parents::CROSSED);
    assert_eq!(of(none, none, elsa), level::parents::GUARDIAN);
    assert_eq!(of(elsa, adult("Ruiz", "Hugo"), none), level::parents::ONE_DIFFERS);
    assert_eq!(of(adult("Vega", "Elsa"), none, none), level::parents::GIVEN_ONLY);
    assert_eq!(of(none, adult("Vega", "Elsa"), none), level::parents::GIVEN_ONLY);
    assert_eq!(of(adult("Ortega", "Ana"), none, none), level::parents::DIFFER);
    assert_eq!(of(none, none, none), level::MISSING);
}

#[test]
fn namesakes_of_other_parents_are_left_to_people() {
    let other = RecordInput {
        mother: PersonNameInput {
            last: "Ortega",
            first: "Liliana",
        },
        father: PersonNameInput {
            last: "Tello",
            first: "Benito",
        },
        middle_name: "Fabian",
        ..boy(2, "CA")
    };
    let own = RecordInput {
        middle_name: "Fabian",
        ..boy(1, "KY")
    };
    let resolution = resolve(&[own, other], &HumanDecisions::default());
    assert_eq!(
        resolution.near_matches().next().unwrap().reason,
        Reason::Veto(Veto::ParentsDiffer)
    );
}

#[test]
fn a_whole_family_in_two_states() {
    // Twins and a brother, each in both states: three persons of two.
    let child = |key, state, first_name, year| RecordInput {
        first_name,
        birth_date: Some(date(year, 3, 21)),
        multiple_birth: (year == 2014).then_some(true),
        ..boy(key, state)
    };
    let family = [
        child(1, "KY", "Edgar", 2014),
        child(2, "KY", "Edwin", 2014),
        child(3, "KY", "Ulises", 2011),
        child(4, "CA", "Edgar", 2014),
        child(5, "CA", "Edwin", 2014),
        child(6, "CA", "Ulises", 2011),
    ];
    let resolution = resolve(&family, &HumanDecisions::default());
    let parts: Vec<&[u128]> = resolution.parts().map(|part| part.members.as_slice()).collect();
    assert_eq!(parts.len(), 3, "{parts:?}");
    for pair in [[1, 4], [2, 5], [3, 6]] {
        assert!(parts.contains(&pair.as_slice()), "{pair:?} in {parts:?}");
    }
    assert_eq!(resolution.near_matches().count(), 0);
}
