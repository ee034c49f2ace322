//! What clerks write differently for one child.

use linking::levels::{Field, level};
use linking::{LinkIndex, Model, PersonNameInput, RecordInput, Sex};

use crate::{boy, date, level_of, linked};

#[test]
fn errors_of_clerks_do_not_part_a_child() {
    let a = boy(1, "KY");
    let b = boy(2, "CA");
    let none = PersonNameInput::default();
    let cases: Vec<(&str, RecordInput<'_>)> = vec![
        ("nothing", b.clone()),
        (
            "surnames swapped",
            RecordInput {
                last_name_1: "Ortega",
                last_name_2: "Tello",
                ..b.clone()
            },
        ),
        (
            "one column",
            RecordInput {
                last_name_1: "TELLO-ORTEGA",
                last_name_2: "",
                ..b.clone()
            },
        ),
        (
            "second surname dropped",
            RecordInput {
                last_name_2: "",
                ..b.clone()
            },
        ),
        (
            "first surname dropped",
            RecordInput {
                last_name_1: "Ortega",
                last_name_2: "",
                ..b.clone()
            },
        ),
        (
            "surname as middle name",
            RecordInput {
                middle_name: "Ortega",
                last_name_2: "",
                ..b.clone()
            },
        ),
        (
            "accents",
            RecordInput {
                first_name: "CRISTIÁN",
                last_name_1: "TÉLLO",
                ..b.clone()
            },
        ),
        (
            "mojibake",
            RecordInput {
                first_name: "CristiÃ¡n",
                ..b.clone()
            },
        ),
        (
            "typo",
            RecordInput {
                first_name: "Crstian",
                ..b.clone()
            },
        ),
        (
            "by ear",
            RecordInput {
                first_name: "Christian",
                ..b.clone()
            },
        ),
        (
            "digit for letter",
            RecordInput {
                last_name_1: "TELL0",
                ..b.clone()
            },
        ),
        (
            "maternal only",
            RecordInput {
                father: none,
                ..b.clone()
            },
        ),
        (
            "no parents",
            RecordInput {
                mother: none,
                father: none,
                ..b.clone()
            },
        ),
        (
            "parents crossed",
            RecordInput {
                mother: b.father,
                father: b.mother,
                ..b.clone()
            },
        ),
        (
            "mother under his name",
            RecordInput {
                mother: PersonNameInput {
                    last: "Tello",
                    first: "Elsa",
                },
                ..b.clone()
            },
        ),
        (
            "city missing",
            RecordInput {
                birth_city: "",
                ..b.clone()
            },
        ),
        (
            "typing error in the day",
            RecordInput {
                birth_date: Some(date(2014, 3, 22)),
                ..b.clone()
            },
        ),
    ];
    for (what, other) in cases {
        assert!(linked(&a, &other), "{what}");
    }
}

#[test]
fn nicknames_link() {
    for (formal, short) in [
        ("José", "Pepe"),
        ("Francisco", "PACO"),
        ("Jesús", "Chuy"),
        ("Ignacio", "Nacho"),
    ] {
        let a = RecordInput {
            first_name: formal,
            ..boy(1, "KY")
        };
        let b = RecordInput {
            first_name: short,
            ..boy(2, "CA")
        };
        assert_eq!(level_of(Field::Given, &a, &b), level::given::NICKNAME, "{formal}");
        assert!(linked(&a, &b), "{formal}");
    }
    let a = RecordInput {
        first_name: "María",
        middle_name: "Elena",
        sex: Some(Sex::Female),
        ..boy(1, "KY")
    };
    let b = RecordInput {
        first_name: "Malena",
        middle_name: "",
        ..a.clone()
    };
    assert_eq!(
        level_of(Field::Given, &a, &RecordInput { key: 2, ..b }),
        level::given::NICKNAME
    );
}

#[test]
fn day_and_month_swapped() {
    let a = RecordInput {
        birth_date: Some(date(2014, 3, 11)),
        ..boy(1, "KY")
    };
    let b = RecordInput {
        birth_date: Some(date(2014, 11, 3)),
        ..boy(2, "CA")
    };
    assert_eq!(level_of(Field::BirthDate, &a, &b), level::birth_date::SWAPPED);
    assert!(linked(&a, &b));
}

#[test]
fn particles_and_compounds() {
    let a = RecordInput {
        last_name_1: "De la Cruz",
        ..boy(1, "KY")
    };
    for last in ["Cruz", "DELACRUZ", "la Cruz"] {
        let b = RecordInput {
            last_name_1: last,
            ..boy(2, "CA")
        };
        assert_eq!(level_of(Field::Surname, &a, &b), level::surname::BOTH, "{last}");
    }
    let glued = RecordInput {
        last_name_1: "TelloOrtega",
        last_name_2: "",
        ..boy(2, "CA")
    };
    assert_eq!(
        level_of(Field::Surname, &boy(1, "KY"), &glued),
        level::surname::BOTH
    );
}

#[test]
fn second_given_names_count_where_the_first_differ() {
    let named = |key, first, middle| RecordInput {
        first_name: first,
        middle_name: middle,
        ..boy(key, "TX")
    };
    let middle = |a: &RecordInput<'_>, b: &RecordInput<'_>| level_of(Field::Middle, a, b);
    let edgar = named(1, "Edgar", "Ramiro");
    assert_eq!(
        middle(&edgar, &named(2, "Wilmer", "Ramiro")),
        level::middle::EXACT
    );
    assert_eq!(
        middle(&edgar, &named(2, "Edwin", "Osvaldo")),
        level::middle::DIFFERS
    );
    assert_eq!(middle(&edgar, &named(2, "Edwin", "")), level::MISSING);
}

#[test]
fn two_with_names_and_dates_alone_are_found_with_two_of_them_wrong() {
    let known = |key, first, last, born| RecordInput {
        key,
        state: ["A", "B"][key as usize % 2],
        first_name: first,
        last_name_1: last,
        birth_date: Some(born),
        live: true,
        ..RecordInput::default()
    };
    let whole = known(1, "Ignacio", "Herz", date(1987, 2, 27));
    for other in [
        known(2, "Ignacoo", "Herz", date(1987, 2, 17)),
        known(2, "Ignacio", "", date(1978, 2, 27)),
        known(2, "", "Herz", date(1987, 2, 7)),
        known(2, "Male", "Hertz", date(1987, 2, 27)),
    ] {
        let index = LinkIndex::build(Model::general(), &[whole.clone(), other.clone()]);
        assert_eq!(
            index.candidates(1),
            [2],
            "{} {}",
            other.first_name,
            other.last_name_1
        );
    }
}

#[test]
fn rare_names_weigh_more() {
    let weight = |last: &'static str, first: &'static str| {
        let child = |key, state| RecordInput {
            first_name: first,
            last_name_1: last,
            last_name_2: "",
            mother: PersonNameInput::default(),
            father: PersonNameInput::default(),
            ..boy(key, state)
        };
        let index = LinkIndex::build(Model::default_fixed(), &[child(1, "KY"), child(2, "CA")]);
        index.compare(1, 2).unwrap().weight
    };
    assert!(weight("Ballesteros", "Agapito") > weight("Garcia", "Jose") + 1.0);
}
