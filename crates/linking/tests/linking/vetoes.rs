//! The rules that leave a pair to people, as a table over the levels that they look at.

use linking::cluster::{Veto, veto};
use linking::levels::level::{birth_date, city, given, multiple_birth, parents, place, sex, source};
use linking::levels::{Field, Levels};
use linking::record::Record;
use linking::{EnrollmentSpan, LinkIndex, Model, RecordInput};

use crate::{boy, date};

/// Given names that may still be one.
const ONE_NAME: [u8; 5] = [0, given::EXACT, given::NICKNAME, given::CLOSE, given::OTHER_EQUAL];

/// What speaks against a pair of this weight and these levels; the flags say who is of a multiple birth.
fn found(levels: &[(Field, u8)], weight: f32, flags: [Option<bool>; 2]) -> Option<Veto> {
    let levels = levels
        .iter()
        .fold(Levels::default(), |all, &(field, level)| all.with(field, level));
    let [a, b] = flags.map(|multiple_birth| {
        let mut record = Record::default();
        record.multiple_birth = multiple_birth;
        record
    });
    veto(&a, &b, levels, weight, &Model::default_fixed().thresholds)
}

#[test]
fn sex_and_given_name() {
    for name in 0..=given::EXCHANGED {
        let expected = (!ONE_NAME.contains(&name)).then_some(Veto::SexAndGivenName);
        let differs = [(Field::Given, name), (Field::Sex, sex::DIFFERS)];
        assert_eq!(found(&differs, 30.0, [None; 2]), expected, "{name}");
        let equal = [(Field::Given, name), (Field::Sex, sex::EQUAL)];
        assert_eq!(found(&equal, 30.0, [None; 2]), None, "{name}");
    }
}

#[test]
fn twins_are_told_by_their_names_alone() {
    for name in 0..=given::EXCHANGED {
        let levels = |flag| [(Field::Given, name), (Field::MultipleBirth, flag)];
        let same = matches!(name, given::EXACT | given::NICKNAME);
        let both = found(&levels(multiple_birth::BOTH), 30.0, [Some(true); 2]);
        assert_eq!(both, (!same).then_some(Veto::MultipleBirth), "{name}");
        let one_name = ONE_NAME.contains(&name);
        for flags in [[Some(true), None], [None, Some(true)], [Some(true), Some(false)]] {
            let one = found(&levels(multiple_birth::ONE_KNOWN), 30.0, flags);
            assert_eq!(
                one,
                (!one_name).then_some(Veto::MultipleBirth),
                "{name} {flags:?}"
            );
        }
        for flags in [[None; 2], [Some(false); 2], [Some(false), None]] {
            assert_eq!(
                found(&levels(multiple_birth::NEITHER), 30.0, flags),
                None,
                "{name}"
            );
        }
    }
}

#[test]
fn parents_and_where_the_child_was_born() {
    let differ = Some(Veto::ParentsDiffer);
    for level in 0..=parents::DIFFER {
        for (born, elsewhere) in [
            ((Field::BirthCity, city::EXACT), false),
            ((Field::BirthCity, city::CLOSE), false),
            ((Field::BirthCity, city::DIFFERS), true),
            ((Field::BirthPlace, place::STATE), false),
            ((Field::BirthPlace, place::COUNTRY), false),
            ((Field::BirthPlace, place::STATE_DIFFERS), true),
            ((Field::BirthPlace, place::COUNTRY_DIFFERS), true),
        ] {
            let expected = match level {
                parents::DIFFER => differ,
                parents::ONE_DIFFERS if elsewhere => differ,
                _ => None,
            };
            assert_eq!(
                found(&[(Field::Parents, level), born], 30.0, [None; 2]),
                expected,
                "{level} {born:?}"
            );
        }
    }
}

#[test]
fn two_ids_of_one_state() {
    let same = Some(Veto::SameState);
    for (weight, name, born, of, expected) in [
        (12.0, given::EXACT, birth_date::EXACT, source::SAME_STATE, None),
        (11.9, given::EXACT, birth_date::EXACT, source::SAME_STATE, same),
        (30.0, given::NICKNAME, birth_date::EXACT, source::SAME_STATE, same),
        (
            30.0,
            given::EXACT,
            birth_date::EXACT_PLACEHOLDER,
            source::SAME_STATE,
            same,
        ),
        (
            0.0,
            given::EXACT,
            birth_date::EXACT,
            source::SAME_STATE_ENDED,
            None,
        ),
        (0.0, given::EXACT, birth_date::EXACT, source::OTHER_STATE, None),
    ] {
        let levels = [
            (Field::Given, name),
            (Field::BirthDate, born),
            (Field::Source, of),
        ];
        assert_eq!(found(&levels, weight, [None; 2]), expected, "{levels:?}");
    }
}

#[test]
fn stays_in_two_states_may_overlap_by_thirty_days() {
    let stay = |state, start, end| EnrollmentSpan {
        state,
        start,
        end: Some(end),
    };
    let vetoed = |here: &[EnrollmentSpan<'_>], weight| {
        let there = [stay("TX", date(2025, 1, 8), date(2025, 5, 30))];
        let records = [
            RecordInput {
                enrollments: &there,
                ..boy(1, "TX")
            },
            RecordInput {
                enrollments: here,
                ..boy(2, "CA")
            },
        ];
        let index = LinkIndex::build(Model::default_fixed(), &records);
        let [a, b] = [1, 2].map(|key| index.record(key).unwrap());
        let thresholds = &index.model().thresholds;
        let found = [(a, b), (b, a)].map(|(a, b)| veto(a, b, Levels::default(), weight, thresholds));
        assert_eq!(found[0], found[1]);
        found[0]
    };
    let overlapping = Some(Veto::OverlappingEnrollments);
    let until = date(2025, 12, 1);
    for (from, expected) in [
        (date(2025, 4, 29), overlapping),
        (date(2025, 4, 30), None),
        (date(2025, 8, 1), None),
    ] {
        assert_eq!(vetoed(&[stay("CA", from, until)], 11.9), expected, "{from}");
        assert_eq!(vetoed(&[stay("CA", from, until)], 12.0), None, "overwhelming");
    }
    // One of several is enough.
    let several = [
        stay("CA", date(2023, 1, 8), date(2023, 5, 30)),
        stay("CA", date(2025, 2, 8), until),
    ];
    assert_eq!(vetoed(&several, 5.0), overlapping);
    assert_eq!(vetoed(&[], 5.0), None);
}
