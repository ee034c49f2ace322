//! Under which keys a record is filed, and what these are narrowed by.

use std::collections::{BTreeMap, BTreeSet};

use linking::keys::{Key, KeyKind, keys};
use linking::record::BirthDate;
use linking::{ContactInput, LinkIndex, Model, PersonNameInput, RecordInput};

use crate::{boy, date};

const KINDS: [KeyKind; KeyKind::COUNT] = [
    KeyKind::GivenBirthDate,
    KeyKind::SurnameBirthDate,
    KeyKind::ThreeLettersMonthDay,
    KeyKind::SoundYear,
    KeyKind::GivenSurnameAdult,
    KeyKind::ParentsBirthDate,
    KeyKind::AdultBirthDate,
    KeyKind::GivenBothSurnames,
    KeyKind::InitialParents,
    KeyKind::UndatedCity,
    KeyKind::UndatedAdult,
    KeyKind::BothGivenMonth,
    KeyKind::Identifier,
    KeyKind::Contact,
    KeyKind::NameLocality,
    KeyKind::NameStreet,
    KeyKind::Address,
    KeyKind::BirthDate,
    KeyKind::GivenTwoParts,
    KeyKind::SurnameTwoParts,
    KeyKind::Sound,
];

fn of(inputs: &[RecordInput<'_>]) -> Vec<Vec<Key>> {
    let index = LinkIndex::build(Model::default_fixed(), inputs);
    let of = |input: &RecordInput<'_>| {
        let mut own = Vec::new();
        keys(index.record(input.key).unwrap(), index.tokens(), &mut own);
        own
    };
    inputs.iter().map(of).collect()
}

#[track_caller]
fn assert_kinds(input: RecordInput<'_>, expected: &[(KeyKind, usize)]) {
    let mut counts: BTreeMap<KeyKind, usize> = BTreeMap::new();
    for key in &of(&[input])[0] {
        *counts.entry(key.kind).or_default() += 1;
    }
    assert_eq!(counts, expected.iter().copied().collect());
}

fn person(birth_parts: BirthDate) -> RecordInput<'static> {
    RecordInput {
        key: 1,
        first_name: "Ana",
        last_name_1: "Cruz",
        birth_parts,
        live: true,
        ..RecordInput::default()
    }
}

const WHOLE: BirthDate = BirthDate {
    year: 2014,
    month: 3,
    day: 21,
};

#[test]
fn a_student_is_filed_under_names_dates_and_parents() {
    let all = [
        (KeyKind::GivenBirthDate, 1),
        (KeyKind::SurnameBirthDate, 2),
        (KeyKind::ThreeLettersMonthDay, 2),
        (KeyKind::SoundYear, 2),
        (KeyKind::GivenSurnameAdult, 4),
        (KeyKind::ParentsBirthDate, 1),
        (KeyKind::AdultBirthDate, 2),
        (KeyKind::GivenBothSurnames, 1),
        (KeyKind::InitialParents, 2),
        (KeyKind::UndatedCity, 1),
    ];
    assert_kinds(boy(1, "TX"), &all);
    let two_names = RecordInput {
        middle_name: "Fabián",
        state_student_id: "10203040",
        alternate_ids: &["44", "7781-A"],
        ..boy(1, "TX")
    };
    assert_kinds(
        two_names,
        &[
            (KeyKind::GivenBirthDate, 2),
            (KeyKind::SurnameBirthDate, 2),
            (KeyKind::ThreeLettersMonthDay, 2),
            (KeyKind::SoundYear, 2),
            (KeyKind::GivenSurnameAdult, 8),
            (KeyKind::ParentsBirthDate, 1),
            (KeyKind::AdultBirthDate, 2),
            (KeyKind::GivenBothSurnames, 2),
            (KeyKind::InitialParents, 2),
            (KeyKind::UndatedCity, 1),
            (KeyKind::BothGivenMonth, 1),
            (KeyKind::Identifier, 2),
        ],
    );
    let undated = RecordInput {
        birth_date: None,
        ..boy(1, "TX")
    };
    assert_kinds(
        undated,
        &[
            (KeyKind::GivenSurnameAdult, 4),
            (KeyKind::GivenBothSurnames, 1),
            (KeyKind::InitialParents, 2),
            (KeyKind::UndatedCity, 2),
            (KeyKind::UndatedAdult, 2),
        ],
    );
    // An initial brings nobody together; a mother alone is no pair of parents.
    let initial = RecordInput {
        first_name: "C",
        last_name_2: "",
        father: PersonNameInput::default(),
        guardian: PersonNameInput {
            last: "Vega Luna",
            first: "Rosa",
        },
        ..boy(1, "TX")
    };
    assert_kinds(
        initial,
        &[(KeyKind::SurnameBirthDate, 1), (KeyKind::AdultBirthDate, 3)],
    );
}

#[test]
fn of_whom_little_is_known_any_two_things_may_be_wrong() {
    assert_kinds(
        person(WHOLE),
        &[
            (KeyKind::GivenBirthDate, 1),
            (KeyKind::SurnameBirthDate, 1),
            (KeyKind::ThreeLettersMonthDay, 1),
            (KeyKind::SoundYear, 1),
            (KeyKind::UndatedCity, 1),
            (KeyKind::BirthDate, 1),
            (KeyKind::GivenTwoParts, 3),
            (KeyKind::SurnameTwoParts, 3),
            (KeyKind::Sound, 1),
        ],
    );
    let parts = |year, month, day| person(BirthDate { year, month, day });
    assert_kinds(
        parts(2014, 0, 0),
        &[
            (KeyKind::SoundYear, 1),
            (KeyKind::UndatedCity, 1),
            (KeyKind::Sound, 1),
        ],
    );
    for (year, month, day) in [(2014, 3, 0), (2014, 0, 21)] {
        assert_kinds(
            parts(year, month, day),
            &[
                (KeyKind::SoundYear, 1),
                (KeyKind::UndatedCity, 1),
                (KeyKind::Sound, 1),
                (KeyKind::GivenTwoParts, 1),
                (KeyKind::SurnameTwoParts, 1),
            ],
        );
    }
    assert_kinds(
        parts(0, 3, 21),
        &[
            (KeyKind::UndatedCity, 1),
            (KeyKind::Sound, 1),
            (KeyKind::GivenTwoParts, 1),
            (KeyKind::SurnameTwoParts, 1),
        ],
    );
    // With a city of birth, or a parent, more is known.
    for more in [
        RecordInput {
            birth_city: "Morelia",
            ..person(WHOLE)
        },
        RecordInput {
            mother: PersonNameInput {
                last: "",
                first: "Rosa",
            },
            ..person(WHOLE)
        },
    ] {
        let own = &of(&[more])[0];
        let little = [
            KeyKind::GivenTwoParts,
            KeyKind::SurnameTwoParts,
            KeyKind::Sound,
            KeyKind::BirthDate,
        ];
        assert!(own.iter().all(|key| !little.contains(&key.kind)), "{own:?}");
    }
}

#[test]
fn people_of_other_files_are_filed_under_where_they_live() {
    let lives = |contact| RecordInput {
        contact,
        ..person(BirthDate::default())
    };
    let nobody = [(KeyKind::UndatedCity, 1), (KeyKind::Sound, 1)];
    let with = |more: &[(KeyKind, usize)]| [&nobody[..], more].concat();
    let all = ContactInput {
        address: "12 Oak St",
        place: "Salinas",
        postcode: "93901",
        phone: "831 5550101",
        email: "ana@example.org",
        identifier: "5304218",
        other: &["blue"],
    };
    assert_kinds(
        lives(all),
        &with(&[
            (KeyKind::Contact, 3),
            (KeyKind::NameLocality, 2),
            (KeyKind::NameStreet, 2),
            (KeyKind::Address, 3),
        ]),
    );
    let only = |contact| lives(contact);
    let none = ContactInput::default();
    for (contact, expected) in [
        (
            ContactInput {
                address: "12",
                place: "Salinas",
                ..none
            },
            &[(KeyKind::NameLocality, 2), (KeyKind::Address, 1)][..],
        ),
        (
            ContactInput {
                address: "Oak St",
                ..none
            },
            &[(KeyKind::NameStreet, 2)],
        ),
        (
            ContactInput {
                address: "12 Oak St",
                ..none
            },
            &[(KeyKind::NameStreet, 2), (KeyKind::Address, 1)],
        ),
        (
            ContactInput {
                phone: "5550101",
                ..none
            },
            &[(KeyKind::Contact, 1)],
        ),
    ] {
        assert_kinds(only(contact), &with(expected));
    }
    // The birth date alone is a key of theirs, once.
    let dated = RecordInput {
        birth_parts: WHOLE,
        ..lives(all)
    };
    assert_eq!(
        of(&[dated])[0]
            .iter()
            .filter(|key| key.kind == KeyKind::BirthDate)
            .count(),
        1
    );
}

/// Too long lists are narrowed by what the key itself does not say.
#[test]
fn keys_are_narrowed_by_birth_state_mother_or_year() {
    let whole = RecordInput {
        middle_name: "Fabián",
        state_student_id: "10203040",
        ..boy(1, "TX")
    };
    let narrowed_by = |other: RecordInput<'static>| -> BTreeSet<KeyKind> {
        let both = of(&[whole.clone(), RecordInput { key: 2, ..other }]);
        let differ = both[0].iter().filter(|key| {
            both[1]
                .iter()
                .any(|its| its.hash == key.hash && its.refine != key.refine)
        });
        differ.map(|key| key.kind).collect()
    };
    let by_state = narrowed_by(RecordInput {
        birth_state: "OAX",
        ..whole.clone()
    });
    assert_eq!(
        by_state,
        [
            KeyKind::GivenBirthDate,
            KeyKind::SurnameBirthDate,
            KeyKind::SoundYear,
            KeyKind::GivenSurnameAdult,
            KeyKind::ParentsBirthDate,
            KeyKind::AdultBirthDate,
            KeyKind::GivenBothSurnames,
            KeyKind::BothGivenMonth
        ]
        .into()
    );
    let by_mother = narrowed_by(RecordInput {
        mother: PersonNameInput {
            last: "Ortega",
            first: "Rosa",
        },
        ..whole.clone()
    });
    assert_eq!(by_mother, [KeyKind::UndatedCity].into());
    let by_year = narrowed_by(RecordInput {
        birth_date: Some(date(2011, 3, 21)),
        ..whole.clone()
    });
    assert_eq!(
        by_year,
        [
            KeyKind::ThreeLettersMonthDay,
            KeyKind::InitialParents,
            KeyKind::Identifier
        ]
        .into()
    );
}

#[test]
fn the_width_of_a_kind_is_in_the_key() {
    let wide = [
        KeyKind::GivenBirthDate,
        KeyKind::SurnameBirthDate,
        KeyKind::SoundYear,
        KeyKind::GivenSurnameAdult,
        KeyKind::GivenBothSurnames,
        KeyKind::UndatedCity,
    ];
    for (number, kind) in KINDS.into_iter().enumerate() {
        assert_eq!(kind as usize, number);
        let width = match kind {
            KeyKind::Address => 1,
            kind if wide.contains(&kind) => 2,
            _ => 0,
        };
        assert_eq!(kind.width(), width, "{kind:?}");
    }
    let words: BTreeSet<&str> = KINDS.into_iter().map(KeyKind::words).collect();
    assert!(words.len() == KeyKind::COUNT && words.iter().all(|words| words.len() > 5));
    for key in &of(&[boy(1, "TX")])[0] {
        assert_eq!(key.hash & 3, key.kind.width());
    }
}

/// Both parents, both surnames and both given names are the same in either order.
#[test]
fn what_clerks_exchange_is_one_key() {
    let turned = RecordInput {
        key: 2,
        first_name: "Fabián",
        middle_name: "Cristian",
        last_name_1: "Ortega",
        last_name_2: "Tello",
        mother: boy(1, "TX").father,
        father: boy(1, "TX").mother,
        ..boy(2, "CA")
    };
    let straight = RecordInput {
        middle_name: "Fabián",
        ..boy(1, "TX")
    };
    let both = of(&[straight, turned]);
    let kinds = |keys: &[Key], kind| -> BTreeSet<u64> {
        let own = keys.iter().filter(|key| key.kind == kind);
        own.map(|key| key.hash).collect()
    };
    for kind in [
        KeyKind::GivenBirthDate,
        KeyKind::SurnameBirthDate,
        KeyKind::GivenBothSurnames,
        KeyKind::ParentsBirthDate,
        KeyKind::BothGivenMonth,
        KeyKind::GivenSurnameAdult,
    ] {
        assert_eq!(kinds(&both[0], kind), kinds(&both[1], kind), "{kind:?}");
    }
}
