use super::*;
use proptest::prelude::*;

fn surnames(last1: &str, last2: &str) -> Vec<String> {
    name_words("", "", last1, last2, "").surnames
}

#[test]
fn one_surname_list_however_the_columns_are_filled() {
    for (last1, last2) in [
        ("García López", ""),
        ("GARCIA-LOPEZ", ""),
        ("Garcia", "López"),
        ("GARCIA Y LOPEZ", ""),
        ("GarcÃ\u{AD}a", "L0pez"),
    ] {
        assert_eq!(surnames(last1, last2), ["GARCIA", "LOPEZ"], "{last1}|{last2}");
    }
}

#[test]
fn particles_do_not_make_another_surname() {
    for last in ["De la Cruz", "DELACRUZ", "DE LA CRUZ", "la Cruz", "CRUZ"] {
        assert_eq!(surnames(last, "Perez"), ["CRUZ", "PEREZ"], "{last}");
    }
    assert_eq!(surnames("de los Ángeles", ""), ["ANGELES"]);
    assert_eq!(surnames("San Juan", "Mc Donald"), ["SANJUAN", "MCDONALD"]);
    assert_eq!(surnames("DE", ""), ["DE"]);
    assert_eq!(surnames("PEREZ DE GUTIERREZ", ""), ["PEREZ", "GUTIERREZ"]);
    assert_eq!(surnames("DELGADO", ""), ["DELGADO"]);
}

#[test]
fn given_names() {
    let name = name_words("MA.", "DE LOS ANGELES", "RIVERA JR", "", "");
    assert_eq!(name.given, ["MARIA", "ANGELES"]);
    assert_eq!((name.first_words, name.generation), (1, 1));
    assert_eq!(name.surnames, ["RIVERA"]);
    assert_eq!(name_words("UNKNOWN", "", "", "", "III").generation, 4);
    assert!(name_words("UNKNOWN", "", "", "", "").given.is_empty());
}

proptest! {
    #[test]
    fn any_text_is_a_name(a in "\\PC*", b in "\\PC*", c in "\\PC*") {
        let name = name_words(&a, &b, &c, &a, &b);
        prop_assert!(name.given.len() <= MAX_WORDS && name.surnames.len() <= MAX_WORDS);
        prop_assert!(name.given.iter().chain(&name.surnames).all(|w| !w.is_empty()));
    }
}

#[test]
fn words_that_are_no_names_are_read_as_what_they_are() {
    for (text, given) in [
        ("Ana María", "ANA MARIA"),
        ("María de los Ángeles", "MARIA ANGELES"),
        ("Ma Gpe", "MARIA GUADALUPE"),
        ("Fco. Alej", "FRANCISCO ALEJANDRO"),
        ("NMN", ""),
        ("FNU", ""),
        ("N/A", ""),
        (" n/a ", ""),
        ("No Name", ""),
        ("N A", "N A"),
        ("desconocido", ""),
        ("J0se", "JOSE"),
        ("José Jr.", "JOSE"),
        ("José V", "JOSE V"),
        ("de la", ""),
    ] {
        assert_eq!(given_words(text, &mut 0).join(" "), given, "{text}");
    }
    for (text, surname) in [
        ("García y López", "GARCIA LOPEZ"),
        ("Mtz Hdz", "MARTINEZ HERNANDEZ"),
        ("Santa Cruz", "SANTACRUZ"),
        ("Santa", "SANTA"),
        ("Mac San", "MACSAN"),
        ("de la", "LA"),
        ("unknown", ""),
        ("LNU", ""),
        ("Unkn", ""),
        ("tbd", ""),
        ("N/A", ""),
        ("Jr", "JR"),
        ("Vega V", "VEGA"),
        ("Delosreyes Delao", "REYES O"),
        ("Delasala", "SALA"),
        ("Delarosa", "ROSA"),
        ("Delaria", "DELARIA"),
        ("Deleon", "LEON"),
    ] {
        assert_eq!(surname_words(text, &mut 0).join(" "), surname, "{text}");
    }
    for (text, generation) in [
        ("", 0),
        ("Jr", 1),
        ("JUNIOR", 1),
        ("hijo", 1),
        ("Sr.", 2),
        ("the II", 3),
        ("III", 4),
        ("IV", 5),
        ("V", 6),
        ("VI", 0),
    ] {
        assert_eq!(generation_of(text), generation, "{text}");
    }
    for (first, last, suffix, generation) in [
        ("José Jr", "Vega", "", 1),
        ("José", "Vega III", "", 4),
        ("José V", "Vega", "", 0),
        ("José", "Vega V", "", 6),
        ("José", "Vega", "Sr", 2),
        ("José Jr", "Vega", "Sr", 1),
    ] {
        assert_eq!(
            name_words(first, "", last, "", suffix).generation,
            generation,
            "{first} {last}"
        );
    }
    assert_eq!(place_word("San  José (unknown)"), "SANJOSE");
    assert_eq!(
        (place_word("NA"), place_word("N/A")),
        (String::new(), String::new())
    );
}

#[test]
fn at_most_four_words_are_kept_of_a_list() {
    let name = name_words("A B C", "D E F", "G H I", "J K L", "");
    assert_eq!((name.given.concat(), name.first_words), ("ABCD".to_owned(), 3));
    assert_eq!(name.surnames.concat(), "GHIJ");
    assert_eq!(name_words("A B C D E", "", "", "", "").first_words, 4);
    assert_eq!(name_words("", "Luis", "", "", "").first_words, 0);
}
