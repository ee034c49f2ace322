use super::*;
use crate::levels::Levels;
use crate::model::Model;
use crate::{PersonNameInput, RecordInput};

type Asked = (&'static str, Option<u8>, Option<u8>);

fn at(levels: &[(Field, u8)]) -> Comparison {
    let levels = levels
        .iter()
        .fold(Levels::default(), |all, &(field, level)| all.with(field, level));
    Comparison {
        levels,
        ..Comparison::default()
    }
}

/// What is asked of a field, and what the two answers would make of it.
fn asked(field: Field, levels: &[(Field, u8)], pair: (&Record, &Record)) -> Vec<Asked> {
    facts(pair, &at(levels))
        .into_iter()
        .filter(|fact| fact.field == field)
        .map(|fact| (fact.ask, fact.same.map(|s| s.1), fact.different.map(|d| d.1)))
        .collect()
}

#[test]
fn what_does_not_agree_as_well_as_it_can_is_asked_for() {
    let nobody = Record::default();
    let pair = (&nobody, &nobody);
    let certificate = "the given names as the birth certificate has them";
    let last_names = "the last names as the birth certificate has them";
    // Of each field: the levels of which nothing is asked, the question, and its two answers.
    for (field, settled, ask, same, different) in [
        (
            Field::Given,
            &[given::EXACT][..],
            certificate,
            given::EXACT,
            given::DIFFERS,
        ),
        (
            Field::BirthDate,
            &[birth_date::EXACT],
            "the birth certificate",
            birth_date::EXACT,
            birth_date::DIFFERS,
        ),
        (
            Field::Sex,
            &[sex::EQUAL],
            "the child's sex",
            sex::EQUAL,
            sex::DIFFERS,
        ),
        (
            Field::BirthCity,
            &[city::EXACT],
            "the city of birth",
            city::EXACT,
            city::DIFFERS,
        ),
        (
            Field::BirthPlace,
            &[place::STATE],
            "the state of birth",
            place::STATE,
            place::STATE_DIFFERS,
        ),
        (
            Field::Generation,
            &[generation::EQUAL],
            "the suffix (Jr., III)",
            generation::EQUAL,
            generation::DIFFERS,
        ),
        (Field::Address, &[0, 1], "what differs there", 1, 8),
        (Field::Locality, &[0, 1], "what differs there", 1, 5),
        (Field::Contact, &[0, 1], "what differs there", 1, 4),
        (Field::Other, &[0, 1], "what differs there", 1, 4),
    ] {
        for level in 0..field.words().len() as u8 {
            let expected = (ask, Some(same), Some(different).filter(|worst| *worst != level));
            let expected = if settled.contains(&level) {
                vec![]
            } else {
                vec![expected]
            };
            assert_eq!(
                asked(field, &[(field, level)], pair),
                expected,
                "{field:?} {level}"
            );
        }
    }
    for level in 0..=surname::DIFFERS {
        let expected = match level {
            surname::BOTH | surname::SWAPPED => vec![],
            surname::FIRST_ONE_SIDED | surname::SINGLE => {
                vec![("both last names", Some(surname::BOTH), Some(surname::FIRST_ONLY))]
            }
            surname::SECOND_IS_ONLY => {
                vec![(
                    "both last names",
                    Some(surname::BOTH),
                    Some(surname::ONE_ELSEWHERE),
                )]
            }
            surname::DIFFERS => vec![(last_names, Some(surname::BOTH), None)],
            _ => vec![(last_names, Some(surname::BOTH), Some(surname::DIFFERS))],
        };
        assert_eq!(
            asked(Field::Surname, &[(Field::Surname, level)], pair),
            expected,
            "{level}"
        );
    }
}

#[test]
fn what_another_field_says_already_is_not_asked_for() {
    let nobody = Record::default();
    let pair = (&nobody, &nobody);
    // A second given name where the first may be the same.
    for name in 0..=given::EXCHANGED {
        let compared = matches!(
            name,
            given::EXACT | given::NICKNAME | given::CLOSE | given::INITIAL
        );
        let second = asked(Field::Middle, &[(Field::Given, name)], pair);
        assert_eq!(second.len(), usize::from(compared), "{name}");
        let differs = [(Field::Given, name), (Field::Middle, middle::DIFFERS)];
        assert_eq!(
            asked(Field::Middle, &differs, pair),
            [("the second given name", Some(middle::EXACT), None)]
        );
    }
    assert!(asked(Field::Middle, &[(Field::Middle, middle::EXACT)], pair).is_empty());
    // The state of birth where a city was compared.
    assert!(asked(Field::BirthPlace, &[(Field::BirthCity, city::DIFFERS)], pair).is_empty());
    let both = [
        (Field::BirthCity, city::DIFFERS),
        (Field::BirthPlace, place::COUNTRY),
    ];
    assert_eq!(asked(Field::BirthPlace, &both, pair).len(), 1);
}

#[test]
fn only_the_state_knows_of_its_identifiers() {
    let nobody = Record::default();
    let pair = (&nobody, &nobody);
    for level in 0..=source::SAME_STATE_ENDED {
        let expected = if level == source::SAME_STATE {
            vec![(
                "the state's word on its two identifiers",
                Some(source::SAME_STATE_ENDED),
                None,
            )]
        } else {
            vec![]
        };
        assert_eq!(asked(Field::Source, &[(Field::Source, level)], pair), expected);
    }
    let of = |level| asked(Field::Identifier, &[(Field::Identifier, level)], pair);
    let any = "an identifier that both records should have";
    assert_eq!(of(MISSING), [(any, Some(identifier::SHARED), None)]);
    assert_eq!(of(identifier::SHARED), []);
    assert_eq!(
        of(identifier::CLOSE),
        [("what differs there", Some(1), Some(identifier::DIFFERS))]
    );
    assert_eq!(of(identifier::DIFFERS), [("what differs there", Some(1), None)]);
}

#[test]
fn whether_a_child_is_a_twin_is_asked_where_it_was_not_compared() {
    let flagged = |multiple_birth| {
        let mut record = Record::default();
        record.multiple_birth = multiple_birth;
        record
    };
    let ask = "whether the child is a twin";
    for (a, b, same, different) in [
        (None, None, multiple_birth::NEITHER, multiple_birth::BOTH),
        (Some(false), None, multiple_birth::NEITHER, multiple_birth::BOTH),
        (Some(true), None, multiple_birth::BOTH, multiple_birth::ONE),
        (None, Some(true), multiple_birth::BOTH, multiple_birth::ONE),
    ] {
        let found = asked(Field::MultipleBirth, &[], (&flagged(a), &flagged(b)));
        assert_eq!(found, [(ask, Some(same), Some(different))], "{a:?} {b:?}");
    }
    let both = flagged(Some(true));
    let known = [(Field::MultipleBirth, multiple_birth::BOTH)];
    assert!(asked(Field::MultipleBirth, &known, (&both, &both)).is_empty());
}

#[test]
fn parents_are_asked_for_one_by_one_where_one_is_enough() {
    let adult = |first, last| Adult {
        first,
        last: [last, NONE],
    };
    let family = |mother, father| {
        let mut record = Record::default();
        (record.mother, record.father) = (mother, father);
        record
    };
    let (elsa, marcos, none) = (adult(1, 2), adult(3, 4), Adult::default());
    let of = |level, a: &Record, b: &Record| asked(Field::Parents, &[(Field::Parents, level)], (a, b));
    let alone = family(none, none);
    let (mother, father) = ("the mother's name", "the father's name");
    assert_eq!(
        of(MISSING, &alone, &alone),
        [
            (mother, Some(parents::MOTHER), Some(parents::DIFFER)),
            (father, Some(parents::FATHER), Some(parents::DIFFER))
        ]
    );
    assert!(of(parents::BOTH, &alone, &alone).is_empty());
    let whole = "the parents' names as the birth certificate has them";
    let (both, with_mother, with_father) = (family(elsa, marcos), family(elsa, none), family(none, marcos));
    assert_eq!(
        of(parents::MOTHER, &both, &with_mother),
        [(father, Some(parents::BOTH), Some(parents::ONE_DIFFERS))]
    );
    assert_eq!(
        of(parents::FATHER, &with_father, &both),
        [(mother, Some(parents::BOTH), Some(parents::ONE_DIFFERS))]
    );
    // A surname alone is something to compare.
    let by_surname = family(elsa, adult(NONE, 4));
    for level in [
        parents::MOTHER,
        parents::FATHER,
        parents::CROSSED,
        parents::SURNAMES,
    ] {
        assert_eq!(
            of(level, &both, &by_surname),
            [(whole, Some(parents::BOTH), Some(parents::DIFFER))],
            "{level}"
        );
    }
    assert_eq!(
        of(parents::DIFFER, &both, &both),
        [(whole, Some(parents::BOTH), None)]
    );
}

#[test]
fn a_veto_rests_on_what_it_is_about() {
    for (veto, fields) in [
        (Veto::SameState, &[Field::Source][..]),
        (Veto::OverlappingEnrollments, &[Field::Source]),
        (Veto::MultipleBirth, &[Field::Given, Field::MultipleBirth]),
        (Veto::ParentsDiffer, &[Field::Parents]),
        (Veto::SexAndGivenName, &[Field::Given, Field::Sex]),
        (Veto::HumanDifferent, &[]),
    ] {
        let found: Vec<Field> = Field::ALL
            .into_iter()
            .filter(|&field| rests_on(Rule::Asked(Reason::Veto(veto)), field))
            .collect();
        assert_eq!(found, fields, "{veto:?}");
    }
    assert!(!rests_on(Rule::Asked(Reason::Uncertain), Field::Given) && !rests_on(Rule::Apart, Field::Source));
}

/// An answer is weighed as if the record had said so, and decided by the thresholds that hold for the pair.
#[test]
fn an_answer_is_decided_by_the_thresholds_of_the_pair() {
    let child = |key, state| RecordInput {
        key,
        state,
        first_name: "Cristian",
        last_name_1: "Tello",
        last_name_2: "Ortega",
        birth_date: chrono::NaiveDate::from_ymd_opt(2014, 3, 21),
        mother: PersonNameInput {
            last: "Ortega",
            first: "Elsa",
        },
        live: true,
        ..RecordInput::default()
    };
    let other = RecordInput {
        birth_date: None,
        ..child(2, "CA")
    };
    let index = LinkIndex::build(Model::default_fixed(), &[child(1, "TX"), other]);
    let (a, b) = (index.record(1).unwrap(), index.record(2).unwrap());
    let (comparison, _) = index.score(a, b);
    let whole = LinkIndex::build(Model::default_fixed(), &[child(1, "TX"), child(2, "CA")]);
    let promised = whole.compare(1, 2).unwrap().weight;
    let decided = |automatic: f32, level| {
        let bands = Bands {
            review: -1.0,
            automatic,
            probabilities: [0.0; 2],
        };
        outcome(
            (index.scorer(), &index),
            (a, b),
            &comparison,
            bands,
            Field::BirthDate,
            level,
        )
    };
    let same = decided(7.64, birth_date::EXACT);
    assert!(
        (same.weight - promised).abs() < 1e-3 && promised > 9.0,
        "{same:?} {promised}"
    );
    assert!((same.probability - index.model().probability(same.weight)).abs() < 1e-12);
    assert_eq!(same.decision, Decision::OneChild);
    assert_eq!(
        decided(same.weight, birth_date::EXACT).decision,
        Decision::OneChild
    );
    assert_eq!(
        decided(same.weight + 0.01, birth_date::EXACT).decision,
        Decision::People,
        "another candidate fits nearly as well"
    );
    assert_eq!(decided(7.64, birth_date::DIFFERS).decision, Decision::TwoChildren);
}

/// A last name that turns out to be another is no longer shared, however rare it is.
#[test]
fn what_turns_out_different_weighs_as_if_it_had_been_so() {
    let child = |key, state, last_name_2| RecordInput {
        key,
        state,
        first_name: "Cristian",
        last_name_1: "Xicoténcatl",
        last_name_2,
        birth_date: chrono::NaiveDate::from_ymd_opt(2014, 3, 21),
        birth_city: "Juxtlahuaca",
        live: true,
        ..RecordInput::default()
    };
    let stranger = RecordInput {
        last_name_1: "Quispe",
        ..child(2, "CA", "Vega")
    };
    let index = LinkIndex::build(
        Model::default_fixed(),
        &[child(1, "TX", "Ortega"), child(2, "CA", "Vargas")],
    );
    let (a, b) = (index.record(1).unwrap(), index.record(2).unwrap());
    let (comparison, _) = index.score(a, b);
    assert_eq!(comparison.levels.get(Field::Surname), surname::FIRST_ONLY);
    let bands = Bands {
        review: -1.0,
        automatic: 7.64,
        probabilities: [0.0; 2],
    };
    let engine = (index.scorer(), &index);
    let supposed = outcome(
        engine,
        (a, b),
        &comparison,
        bands,
        Field::Surname,
        surname::DIFFERS,
    );
    let other = LinkIndex::build(Model::default_fixed(), &[child(1, "TX", "Ortega"), stranger]);
    let found = other.compare(1, 2).unwrap();
    assert_eq!(found.levels.get(Field::Surname), surname::DIFFERS);
    assert!(
        (supposed.weight - found.weight).abs() < 0.1,
        "{supposed:?} {}",
        found.weight
    );
}
