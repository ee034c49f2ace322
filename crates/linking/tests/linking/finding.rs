//! Who is compared with whom, and that it does not matter in which way the records came in.

use linking::bulk::{BulkOptions, link};
use linking::record::BirthDate;
use linking::{ContactInput, EnrollmentSpan, LinkIndex, Model, PersonNameInput, RecordInput};

use crate::{boy, date};

fn is_found(a: &RecordInput<'_>, b: &RecordInput<'_>) -> bool {
    let index = LinkIndex::build(Model::default_fixed(), &[a.clone(), b.clone()]);
    let (there, back) = (index.candidates(a.key), index.candidates(b.key));
    assert_eq!(
        there.contains(&b.key),
        back.contains(&a.key),
        "each finds the other"
    );
    there.contains(&b.key)
}

/// A person of whom little is known, as files without families have them.
fn person(key: u128, first_name: &'static str, last_name_1: &'static str) -> RecordInput<'static> {
    RecordInput {
        key,
        first_name,
        last_name_1,
        live: true,
        ..RecordInput::default()
    }
}

#[test]
fn one_thing_in_common_that_few_share_is_enough() {
    let with = |key, contact| RecordInput {
        contact,
        ..if key == 1 {
            person(1, "Ana", "Cruz")
        } else {
            person(2, "Eva", "Solís")
        }
    };
    let reached = |phone, email, identifier| ContactInput {
        phone,
        email,
        identifier,
        ..ContactInput::default()
    };
    let lives = |address, place, postcode| ContactInput {
        address,
        place,
        postcode,
        ..ContactInput::default()
    };
    for (a, b, found) in [
        (
            reached("831 5550101", "", ""),
            reached("8315550101", "", ""),
            true,
        ),
        (
            reached("", "a@example.org", ""),
            reached("", "A@example.org", ""),
            true,
        ),
        (reached("", "", "5304218"), reached("", "", "5304218"), true),
        (
            reached("831 5550101", "", ""),
            reached("559 5550942", "", ""),
            false,
        ),
        (lives("12 Oak Street", "", ""), lives("12 Oak St", "", ""), true),
        (
            lives("12 Oak St", "", "93901"),
            lives("12 Elm St", "", "93901"),
            true,
        ),
        (
            lives("12 Oak St", "Salinas", ""),
            lives("9 Oak St", "Salinas", ""),
            true,
        ),
        (lives("12 Oak St", "", ""), lives("9 Elm St", "", ""), false),
        (lives("", "", ""), lives("", "", ""), false),
    ] {
        assert_eq!(is_found(&with(1, a), &with(2, b)), found, "{a:?} {b:?}");
    }
    // A name that both bear, with where they live.
    let lives_as = |key, first_name, last_name_1, contact| RecordInput {
        contact,
        ..person(key, first_name, last_name_1)
    };
    for (b, found) in [
        (lives_as(2, "Ana", "Solís", lives("", "Salinas", "")), true),
        (lives_as(2, "Eva", "Cruz", lives("", "Salinas", "")), true),
        (lives_as(2, "Eva", "Cruz", lives("", "Fresno", "")), false),
        (lives_as(2, "Eva", "Solís", lives("", "Salinas", "")), false),
    ] {
        let a = lives_as(1, "Ana", "Cruz", lives("", "Salinas", ""));
        assert_eq!(is_found(&a, &b), found, "{b:?}");
    }
}

#[test]
fn parts_of_a_birth_date_find_too() {
    let born = |key, first_name, last_name_1, (year, month, day)| RecordInput {
        birth_parts: BirthDate { year, month, day },
        ..person(key, first_name, last_name_1)
    };
    let whole = born(1, "Osvaldo", "Vargas", (2014, 3, 21));
    for (other, found) in [
        // Both names with the year, or with day and month.
        (born(2, "Osvaldo", "Vargas", (2014, 0, 0)), true),
        (born(2, "Osvaldo", "Vargas", (2009, 3, 21)), true),
        (born(2, "Osvaldo", "Vargas", (0, 3, 21)), true),
        (born(2, "Vargas", "Osvaldo", (2014, 0, 0)), true),
        // One name with two parts of the date.
        (born(2, "Osvaldo", "Solís", (2014, 3, 5)), true),
        (born(2, "Osvaldo", "Solís", (2014, 3, 0)), true),
        (born(2, "Beatriz", "Vargas", (2014, 8, 21)), true),
        (born(2, "Beatriz", "Solís", (2014, 8, 2)), false),
        (born(2, "Osvaldo", "Solís", (2009, 8, 2)), false),
    ] {
        assert_eq!(is_found(&whole, &other), found, "{:?}", other.birth_parts);
    }
}

#[test]
fn a_family_finds_a_child_under_any_name() {
    let nobody = PersonNameInput::default();
    let other = |first_name, last_name_1, last_name_2| RecordInput {
        first_name,
        last_name_1,
        last_name_2,
        ..boy(2, "CA")
    };
    assert!(
        is_found(&boy(1, "TX"), &other("Osvaldo", "Vargas", "Luna")),
        "both parents, born one day"
    );
    let by_mother = RecordInput {
        father: nobody,
        ..other("Osvaldo", "Vargas", "Luna")
    };
    assert!(is_found(&boy(1, "TX"), &by_mother), "one parent, born one day");
    let by_her_given_name = RecordInput {
        mother: PersonNameInput {
            last: "Quispe",
            ..by_mother.mother
        },
        ..by_mother.clone()
    };
    assert!(
        !is_found(&boy(1, "TX"), &by_her_given_name),
        "many mothers have one given name"
    );
    let a_stranger = RecordInput {
        mother: nobody,
        father: nobody,
        ..other("Osvaldo", "Vargas", "Luna")
    };
    assert!(!is_found(&boy(1, "TX"), &a_stranger));
    let undated = RecordInput {
        birth_date: None,
        ..other("Cristian", "Vargas", "Luna")
    };
    assert!(is_found(
        &undated.clone(),
        &RecordInput {
            birth_date: None,
            ..boy(1, "TX")
        }
    ));
    assert!(
        !is_found(&undated, &boy(1, "TX")),
        "one given name and one mother are many"
    );
}

/// Students come in one by one or gathered and filed together; who finds whom is one and the same.
#[test]
fn it_does_not_matter_how_records_came_in() {
    let students: Vec<RecordInput<'_>> = (1..=6)
        .map(|key| boy(key, ["TX", "CA", "FL"][key as usize % 3]))
        .collect();
    let expected = LinkIndex::build(Model::default_fixed(), &students);
    let mut mixed = LinkIndex::new(Model::default_fixed());
    mixed.upsert(&students[0]);
    mixed.upsert(&students[1]);
    mixed.gather(&students[2..4]);
    mixed.file();
    mixed.upsert(&students[4]);
    mixed.gather(&students[5..]);
    mixed.file();
    mixed.upsert(&students[2]);
    for key in 1..=6 {
        assert_eq!(mixed.candidates(key), expected.candidates(key), "{key}");
    }
    // Nothing is filed twice: who is taken out is found no more, nor is what another one puts in its place.
    for key in [1, 3, 5] {
        assert!(mixed.contains(key) && mixed.remove(key));
        assert!(!mixed.contains(key) && !mixed.remove(key));
    }
    mixed.upsert(&RecordInput {
        key: 7,
        first_name: "Beatriz",
        last_name_1: "Solís",
        last_name_2: "",
        birth_date: None,
        mother: PersonNameInput::default(),
        father: PersonNameInput::default(),
        ..boy(7, "TX")
    });
    for key in [2, 4, 6] {
        let others: Vec<u128> = [2, 4, 6].into_iter().filter(|&other| other != key).collect();
        assert_eq!(mixed.candidates(key), others, "{key}");
    }
    assert!(mixed.candidates(7).is_empty());
    assert_eq!(mixed.len(), 4);
}

/// All at once, records are put together by weight, but for what no weight can outweigh; and they are told by the
/// numbers in which they came.
#[test]
fn who_was_in_two_states_at_one_time_is_not_put_together() {
    let stay = |state| EnrollmentSpan {
        state,
        start: date(2025, 9, 1),
        end: Some(date(2026, 5, 29)),
    };
    let (there, here) = ([stay("TX")], [stay("CA")]);
    let of = |key, state, enrollments| RecordInput {
        enrollments,
        ..boy(key, state)
    };
    // A day of birth that differs: likely, but not overwhelming.
    let put_together = |second: RecordInput<'_>| {
        let second = RecordInput {
            birth_date: Some(date(2014, 3, 22)),
            ..second
        };
        let records = [of(30, "TX", &there), second];
        let index = LinkIndex::build(Model::default_fixed(), &records);
        let keys = [0, 1].map(|number| index.key_of(number).unwrap());
        assert_eq!(keys, [30, 20], "numbered as they came");
        let linked = link(&index, &BulkOptions::default(), &|_| ());
        assert!(
            (4.0..12.0).contains(&linked.pairs[0].weight),
            "{:?}",
            linked.pairs
        );
        linked.clusters[0] == linked.clusters[1]
    };
    assert!(put_together(of(20, "CA", &[])));
    assert!(!put_together(of(20, "CA", &here)));
}
