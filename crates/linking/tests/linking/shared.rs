//! Which values two records share: their rarity counts, so it has to be the right one.

use linking::compare::compare;
use linking::tokens::{NONE, TokenId};
use linking::{ContactInput, RecordInput};

use crate::{boy, either_way};

/// The words of given name, second given name, surnames, city, street and locality that two records share.
#[track_caller]
fn shared(a: &RecordInput<'_>, b: &RecordInput<'_>) -> String {
    either_way(a, b, |index| {
        let tokens = index.tokens();
        let found = compare(index.record(1).unwrap(), index.record(2).unwrap(), tokens);
        let text = |id: TokenId| if id == NONE { "-" } else { tokens.text(id) };
        let mut surnames = found.surnames.map(text);
        surnames.sort_unstable();
        let all = [
            text(found.given),
            text(found.middle),
            surnames[0],
            surnames[1],
            text(found.city),
            text(found.street),
            text(found.locality),
        ];
        all.join(" ")
    })
}

fn bare() -> RecordInput<'static> {
    RecordInput {
        key: 1,
        live: true,
        ..RecordInput::default()
    }
}

#[test]
fn given_names_that_are_shared() {
    let named = |first_name, middle_name| RecordInput {
        first_name,
        middle_name,
        ..bare()
    };
    for (a, b, expected) in [
        (("Ana", ""), ("Ana", ""), "ANA -"),
        (("Ana", ""), ("Eva", ""), "- -"),
        (("Ana", ""), ("Anna", ""), "- -"),
        (("A", ""), ("A", ""), "- -"),
        (("Juan", "Carlos"), ("Juancarlos", ""), "JUANCARLOS -"),
        (("María", "Elena"), ("Malena", ""), "- -"),
        (("José", "Luis"), ("Luis", ""), "LUIS -"),
        // The rarer of two.
        (("José", "Yolotzin"), ("Yolotzin", "José"), "YOLOTZIN -"),
        (("José", "Luis"), ("José", "Luis"), "JOSE LUIS"),
        (
            ("José", "Luis Yolotzin"),
            ("José", "Yolotzin Luis"),
            "JOSE YOLOTZIN",
        ),
        (("José", "L"), ("José", "L"), "JOSE -"),
        (("Edgar", "Ramiro"), ("Wilmer", "Ramiro"), "- RAMIRO"),
        (("", "Luis"), ("Luis", "José"), "LUIS -"),
        (("", "Luis"), ("José", "Luis"), "- LUIS"),
    ] {
        let told = shared(&named(a.0, a.1), &named(b.0, b.1));
        assert_eq!(told, format!("{expected} - - - - -"), "{a:?} {b:?}");
    }
}

#[test]
fn surnames_that_are_shared() {
    let named = |last_name_1, last_name_2| RecordInput {
        last_name_1,
        last_name_2,
        ..bare()
    };
    for (a, b, expected) in [
        (("Tello", ""), ("Tello", ""), "- TELLO"),
        (("Tello", ""), ("Telo", ""), "- -"),
        (("Tello", "Ortega"), ("Tello", "Ortega"), "ORTEGA TELLO"),
        (("Tello", "Ortega"), ("Ortega", "Tello"), "ORTEGA TELLO"),
        (("Tello", "Ortega"), ("Telloortega", ""), "ORTEGA TELLO"),
        (("Tello", "Ortega"), ("Tello", ""), "- TELLO"),
        (("Tello", "Ortega"), ("Ortega", ""), "- ORTEGA"),
        (("Tello", "Ortega"), ("Tello", "Ortgea"), "- TELLO"),
        (("Tello", "Ortega"), ("Telo", "Ortega"), "- ORTEGA"),
        (("Tello", "Ortega"), ("Ortgea", "Tello"), "- TELLO"),
        (("Tello", "Ortega"), ("Ortega", "Telo"), "- ORTEGA"),
        (("Tello", "Ortega"), ("Tello", "Vargas"), "- TELLO"),
        (("Tello", "Ortega"), ("Vargas", "Ortega"), "- ORTEGA"),
        (("Tello", "Ortega"), ("Vargas", "Tello"), "- TELLO"),
        // Of three words each, the rarest that both have.
        (
            ("Vega García", "Xicoténcatl"),
            ("Luna Xicoténcatl", "García"),
            "- XICOTENCATL",
        ),
        (("Tello", "Ortega"), ("Vargas", "Luna"), "- -"),
        (("Tello", "Ortega"), ("Vargas", ""), "- -"),
    ] {
        let told = shared(&named(a.0, a.1), &named(b.0, b.1));
        assert_eq!(told, format!("- - {expected} - - -"), "{a:?} {b:?}");
    }
    let exchanged = |first_name, last_name_1| RecordInput {
        first_name,
        last_name_1,
        ..bare()
    };
    let told = shared(&exchanged("Cristian", "Tello"), &exchanged("Tello", "Cristian"));
    assert_eq!(told, "- - - - - - -", "exchanged names are rare by themselves");
}

#[test]
fn places_that_are_shared() {
    let at = |birth_city, contact| RecordInput {
        birth_city,
        contact,
        ..bare()
    };
    let lives = |address, place, postcode| ContactInput {
        address,
        place,
        postcode,
        ..ContactInput::default()
    };
    let none = ContactInput::default();
    for (a, b, expected) in [
        (("Morelia", none), ("MORELIA", none), "MORELIA - -"),
        (("Morelia", none), ("Moralia", none), "- - -"),
        (("Huajuapan de León", none), ("Huajuapan", none), "- - -"),
        (
            ("", lives("12 Oak St", "", "")),
            ("", lives("9 Oak St", "", "")),
            "- OAK -",
        ),
        (
            ("", lives("12 Old Oak St", "", "")),
            ("", lives("9 Oak Old St", "", "")),
            // Equally rare ones by the alphabet.
            "- OAK -",
        ),
        (
            ("", lives("12 Oak St", "", "")),
            ("", lives("12 Elm St", "", "")),
            "- - -",
        ),
        (
            ("", lives("", "Salinas", "93901")),
            ("", lives("", "", "93901")),
            "- - 93901",
        ),
        (
            ("", lives("", "Salinas", "93901")),
            ("", lives("", "Salinas", "93905")),
            "- - -",
        ),
        (
            ("", lives("", "Salinas", "")),
            ("", lives("", "Salinas", "")),
            "- - -",
        ),
    ] {
        let told = shared(&at(a.0, a.1), &at(b.0, b.1));
        assert_eq!(told, format!("- - - - {expected}"), "{a:?} {b:?}");
    }
    let whole = shared(&boy(1, "TX"), &boy(2, "CA"));
    assert_eq!(whole, "CRISTIAN - ORTEGA TELLO MONTERREY - -");
}
