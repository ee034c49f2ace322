//! The ten pairs. All names are made up.

use chrono::NaiveDate;
use linking::{EnrollmentSpan, PersonNameInput, RecordInput, Sex};

/// Two records and the truth about them.
pub(crate) struct Pair {
    pub(crate) title: &'static str,
    pub(crate) story: &'static str,
    pub(crate) a: RecordInput<'static>,
    pub(crate) b: RecordInput<'static>,
    pub(crate) one_child: bool,
}

/// A stay of a school year in California.
pub(crate) const SCHOOL_YEAR: &[EnrollmentSpan<'static>] = &[EnrollmentSpan {
    state: "CA",
    start: day(2025, 9, 1),
    end: Some(day(2026, 5, 29)),
}];

pub(crate) const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day of the calendar")
}

const fn adult(first: &'static str, last: &'static str) -> PersonNameInput<'static> {
    PersonNameInput { first, last }
}

const NOBODY: PersonNameInput<'static> = adult("", "");

/// A boy whose record is complete.
pub(crate) fn child(key: u128, state: &'static str) -> RecordInput<'static> {
    RecordInput {
        key,
        state,
        first_name: "Cristian",
        last_name_1: "Tello",
        last_name_2: "Ortega",
        birth_date: Some(day(2014, 3, 21)),
        sex: Some(Sex::Male),
        mother: adult("Elsa", "Ortega"),
        father: adult("Marcos", "Tello"),
        birth_city: "Monterrey",
        birth_state: "NLE",
        birth_country: "MX",
        live: true,
        ..RecordInput::default()
    }
}

fn girl(key: u128, state: &'static str) -> RecordInput<'static> {
    RecordInput {
        first_name: "Marisol",
        last_name_1: "Vega",
        last_name_2: "Luna",
        birth_date: Some(day(2013, 8, 5)),
        sex: Some(Sex::Female),
        mother: adult("Rosa", "Luna"),
        father: adult("Pedro", "Vega"),
        birth_city: "Morelia",
        birth_state: "MIC",
        ..child(key, state)
    }
}

/// The ten.
pub(crate) fn pairs() -> Vec<Pair> {
    vec![
        Pair {
            title: "Twins with names that begin alike",
            story: "Everything but the first name is the same, and that begins with the same letters. One state marked \
                    the multiple birth, the other does not ask.",
            a: RecordInput {
                multiple_birth: Some(true),
                ..girl(1, "TX")
            },
            b: RecordInput {
                first_name: "Marisela",
                ..girl(2, "MI")
            },
            one_child: false,
        },
        Pair {
            title: "Brothers both named José",
            story: "José Luis and José Antonio: one family, the same first name as often happens, two years apart.",
            a: RecordInput {
                first_name: "José",
                middle_name: "Luis",
                birth_date: Some(day(2010, 2, 11)),
                ..child(1, "TX")
            },
            b: RecordInput {
                first_name: "José",
                middle_name: "Antonio",
                birth_date: Some(day(2012, 6, 30)),
                ..child(2, "FL")
            },
            one_child: false,
        },
        Pair {
            title: "Day and month of birth swapped",
            story: "May 8 or August 5? One office writes the day first.",
            a: girl(1, "GA"),
            b: RecordInput {
                birth_date: Some(day(2013, 5, 8)),
                birth_city: "",
                ..girl(2, "MI")
            },
            one_child: true,
        },
        Pair {
            title: "The second last name dropped",
            story: "The commonest difference of all: the form had room for one last name. The father is missing too.",
            a: child(1, "TX"),
            b: RecordInput {
                last_name_2: "",
                father: NOBODY,
                ..child(2, "CA")
            },
            one_child: true,
        },
        Pair {
            title: "A nickname in another state",
            story: "Francisco is called Paco, and so the school wrote it.",
            a: RecordInput {
                first_name: "Francisco",
                ..child(1, "WA")
            },
            b: RecordInput {
                first_name: "Paco",
                birth_city: "",
                ..child(2, "CA")
            },
            one_child: true,
        },
        Pair {
            title: "Namesakes with other parents",
            story: "Two girls with the same common names, born on the same day, in different families.",
            a: RecordInput {
                first_name: "María",
                last_name_1: "García",
                last_name_2: "Hernández",
                mother: adult("Juana", "Hernández"),
                father: adult("Luis", "García"),
                ..girl(1, "TX")
            },
            b: RecordInput {
                first_name: "María",
                last_name_1: "García",
                last_name_2: "Hernández",
                mother: adult("Silvia", "Hernández Soto"),
                father: adult("Ramón", "García"),
                birth_city: "Uruapan",
                ..girl(2, "CA")
            },
            one_child: false,
        },
        Pair {
            title: "The mother under her husband's last name",
            story: "One state has the mother under her own last name, the other under her husband's. No father is named.",
            a: RecordInput {
                father: NOBODY,
                ..girl(1, "KY")
            },
            b: RecordInput {
                mother: adult("Rosa", "Vega"),
                father: NOBODY,
                last_name_2: "",
                ..girl(2, "WI")
            },
            one_child: true,
        },
        Pair {
            title: "A birth date of 1 January, and no parents",
            story: "One school knew the year only and wrote 1 January; it did not write down the parents nor where the \
                    child was born, and the second last name is missing.",
            a: RecordInput {
                birth_date: Some(day(2014, 1, 1)),
                birth_city: "",
                birth_state: "",
                birth_country: "",
                last_name_2: "",
                mother: NOBODY,
                father: NOBODY,
                ..child(1, "GA")
            },
            b: child(2, "FL"),
            one_child: true,
        },
        Pair {
            title: "Two identifiers of one state",
            story: "The child came back after a year and was registered anew, with the first name misspelled.",
            a: girl(1, "MN"),
            b: RecordInput {
                first_name: "Marysol",
                ..girl(2, "MN")
            },
            one_child: true,
        },
        Pair {
            title: "Ma. de los Ángeles and María",
            story: "María de los Ángeles is abbreviated in one state and cut to María in the other; the last names are \
                    in the wrong order there.",
            a: RecordInput {
                first_name: "Ma. de los Ángeles",
                ..girl(1, "TX")
            },
            b: RecordInput {
                first_name: "María",
                last_name_1: "Luna",
                last_name_2: "Vega",
                ..girl(2, "NC")
            },
            one_child: true,
        },
    ]
}
