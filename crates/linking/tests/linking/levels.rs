//! What two records agree in, by examples: each pair of values with the words in which it is told to people.

use linking::levels::Field;
use linking::record::BirthDate;
use linking::{ContactInput, PersonNameInput, RecordInput, Sex};

use crate::{boy, date, either_way};

/// What is found in a field, whichever record comes first.
#[track_caller]
fn found(field: Field, a: &RecordInput<'_>, b: &RecordInput<'_>) -> &'static str {
    either_way(a, b, |index| index.compare(1, 2).unwrap().levels.words(field))
}

#[track_caller]
fn each<T: Copy + std::fmt::Debug>(
    field: Field,
    record: impl Fn(T) -> RecordInput<'static>,
    examples: &[(T, T, &str)],
) {
    for &(a, b, expected) in examples {
        let words = found(field, &record(a), &record(b));
        assert_eq!(words, expected, "{a:?} and {b:?}");
    }
}

#[test]
fn given_names() {
    let named = |(first_name, middle_name)| RecordInput {
        first_name,
        middle_name,
        ..boy(1, "TX")
    };
    each(
        Field::Given,
        named,
        &[
            (("Cristian", ""), ("CRISTIÁN", ""), "given name equal"),
            (("Juan", "Carlos"), ("Juancarlos", ""), "given name equal"),
            (
                ("Cristian", ""),
                ("Cristain", ""),
                "given name nearly equal (spelling)",
            ),
            (("Francisco", ""), ("Paco", ""), "given name is a nickname"),
            (("María Elena", ""), ("Malena", ""), "given name is a nickname"),
            (
                ("José", "Luis"),
                ("Luis", ""),
                "given name equals another given name",
            ),
            (("", "Luis"), ("José", "Luis"), "given name not compared"),
            (
                ("", "Luis"),
                ("Luis", "José"),
                "given name equals another given name",
            ),
            (
                ("José", "Cristian"),
                ("Cristain", ""),
                "another given name nearly equal",
            ),
            (("Mario", ""), ("María", ""), "given names similar"),
            (("C", ""), ("Cristian", ""), "given name agrees with an initial"),
            (("C", ""), ("C", ""), "given name agrees with an initial"),
            (("C", ""), ("Marcos", ""), "given names differ"),
            (("Marcelino", ""), ("Marta", ""), "given names begin alike"),
            (("Cristian", ""), ("Osvaldo", ""), "given names differ"),
            (("", ""), ("Osvaldo", ""), "given name not compared"),
            (("FNU", ""), ("FNU", ""), "given name not compared"),
            (("N/A", ""), ("n/a", ""), "given name not compared"),
        ],
    );
    each(
        Field::Middle,
        named,
        &[
            (("José", "Luis"), ("José", "Luis"), "second given name equal"),
            (
                ("José", "Luis Alberto"),
                ("José", "Alberto"),
                "second given name equal",
            ),
            (
                ("José", "Luis"),
                ("José", "L"),
                "second given name agrees with an initial",
            ),
            (
                ("José", "L"),
                ("José", "L"),
                "second given name agrees with an initial",
            ),
            (
                ("José", "Osvaldo"),
                ("José", "Osbaldo"),
                "second given name nearly equal",
            ),
            (
                ("José", "Francisco"),
                ("José", "Paco"),
                "second given name nearly equal",
            ),
            (("José", "Luis"), ("José", "Antonio"), "second given names differ"),
            (("José", "Luis"), ("José", ""), "second given name not compared"),
            (("José", "Luis"), ("Luis", ""), "second given name not compared"),
        ],
    );
}

#[test]
fn given_and_last_name_exchanged() {
    let named = |(first_name, last_name_1)| RecordInput {
        first_name,
        last_name_1,
        last_name_2: "",
        ..boy(1, "TX")
    };
    let exchanged = "given and last name exchanged";
    each(
        Field::Given,
        named,
        &[
            (("Cristian", "Tello"), ("Tello", "Cristian"), exchanged),
            (("Cristian", "Tello"), ("Tello", "Cristain"), exchanged),
            (("Cristian", "Tello"), ("Tello", "Osvaldo"), "given names differ"),
            (("Tomás", "Tello"), ("Tomás", "Tomás"), "given name equal"),
        ],
    );
    let none = found(
        Field::Surname,
        &named(("Cristian", "Tello")),
        &named(("Tello", "Cristian")),
    );
    assert_eq!(none, "last names not compared", "it is not counted twice");
}

#[test]
fn last_names() {
    let named = |(last_name_1, last_name_2)| RecordInput {
        last_name_1,
        last_name_2,
        ..boy(1, "TX")
    };
    each(
        Field::Surname,
        named,
        &[
            (("Tello", "Ortega"), ("TELLO ORTEGA", ""), "both last names equal"),
            (("Tello", "Ortega"), ("Tello-Ortega", ""), "both last names equal"),
            (("Tello", "Ortega"), ("Telloortega", ""), "both last names equal"),
            (("Tello", "Ortega"), ("Ortega", "Tello"), "last names swapped"),
            (
                ("Tello", "Ortega"),
                ("Tello", ""),
                "first last name equal, the second on one side only",
            ),
            (
                ("Tello", "Ortega"),
                ("Ortega", ""),
                "last name 2 equals the only last name",
            ),
            (
                ("Tello", "Ortega"),
                ("Tello", "Ortgea"),
                "one last name equal, the other nearly equal",
            ),
            (
                ("Tello", "Ortega"),
                ("Telo", "Ortega"),
                "one last name equal, the other nearly equal",
            ),
            (
                ("Tello", "Ortega"),
                ("Ortega", "Telo"),
                "one last name equal, the other nearly equal",
            ),
            (
                ("Tello", "Ortega"),
                ("Ortgea", "Tello"),
                "one last name equal, the other nearly equal",
            ),
            (
                ("Tello", "Ortega"),
                ("Tello", "Vargas"),
                "first last name equal, second differs",
            ),
            (
                ("Tello", "Ortega"),
                ("Vargas", "Ortega"),
                "one last name equal in another place",
            ),
            (
                ("Tello", "Ortega"),
                ("Vargas", "Tello"),
                "one last name equal in another place",
            ),
            (("Tello", ""), ("TELLO", ""), "last name equal"),
            (("Ortega", ""), ("Ortgea", ""), "last names nearly equal"),
            (("Tello", "Ortega"), ("Telo", "Ortgea"), "last names nearly equal"),
            (("Tello", "Ortega"), ("Telo", "Vargas"), "last names similar"),
            (("Tello", "Ortega"), ("Vargas", "Ortgea"), "last names similar"),
            (("Tello", "Ortega"), ("Vargas", "Luna"), "last names differ"),
            (("Tello", ""), ("Vargas", ""), "last names differ"),
            (("", ""), ("Vargas", ""), "last names not compared"),
            (("LNU", ""), ("LNU", ""), "last names not compared"),
        ],
    );
}

#[test]
fn a_last_name_in_the_column_of_second_names() {
    let named = |(first_name, middle_name, last_name_1)| RecordInput {
        first_name,
        middle_name,
        last_name_1,
        last_name_2: "",
        ..boy(1, "TX")
    };
    let whole = RecordInput {
        middle_name: "Luis",
        ..boy(2, "CA")
    };
    let misplaced = found(Field::Surname, &named(("Cristian", "Ortega", "Tello")), &whole);
    assert_eq!(misplaced, "both last names equal");
    let misplaced = found(Field::Surname, &named(("Cristian", "Tello", "Ortega")), &whole);
    assert_eq!(misplaced, "last names swapped");
    let kept = found(
        Field::Middle,
        &named(("Cristian", "Ortega Luis", "Tello")),
        &whole,
    );
    assert_eq!(
        kept, "second given name equal",
        "the given name beside it stays one"
    );
    // A first name is none, nor is a word that is a given name of the other.
    let first = found(Field::Given, &named(("Ortega", "Cristian", "Tello")), &whole);
    assert_eq!(first, "given name equals another given name");
    let both = RecordInput {
        middle_name: "Ortega",
        ..boy(2, "CA")
    };
    let shared = found(Field::Middle, &named(("Cristian", "Ortega", "Tello")), &both);
    assert_eq!(shared, "second given name equal");
}

#[test]
fn birth_dates() {
    let born = |(y, m, d)| RecordInput {
        birth_date: Some(date(y, m, d)),
        ..boy(1, "TX")
    };
    each(
        Field::BirthDate,
        born,
        &[
            ((2014, 3, 21), (2014, 3, 21), "same birth date"),
            ((2014, 1, 1), (2014, 1, 1), "same birth date, 1 January"),
            ((2014, 3, 7), (2014, 7, 3), "day and month of birth swapped"),
            (
                (2014, 3, 21),
                (2014, 3, 22),
                "birth date off by one digit or part",
            ),
            (
                (2014, 3, 21),
                (2014, 3, 12),
                "birth date off by one digit or part",
            ),
            (
                (2014, 3, 21),
                (2014, 3, 31),
                "birth date off by one digit or part",
            ),
            (
                (2014, 3, 21),
                (2014, 8, 21),
                "birth date off by one digit or part",
            ),
            ((2014, 3, 21), (2014, 3, 5), "same birth year, and day or month"),
            ((2014, 3, 21), (2014, 12, 21), "same birth year, and day or month"),
            ((2014, 3, 21), (2014, 5, 2), "birth dates differ"),
            ((2014, 3, 21), (2015, 3, 21), "birth year off by one"),
            ((2014, 3, 21), (2004, 3, 21), "birth year off by one digit"),
            ((2014, 3, 21), (2041, 3, 21), "birth year off by one digit"),
            (
                (2014, 3, 21),
                (2007, 3, 21),
                "same birth day and month, other year",
            ),
            (
                (2014, 1, 1),
                (2014, 3, 21),
                "same birth year, one date is 1 January",
            ),
            ((2014, 1, 1), (2015, 1, 1), "birth dates differ"),
            ((2014, 3, 21), (2015, 3, 22), "birth dates differ"),
            ((2014, 3, 7), (2015, 7, 3), "birth dates differ"),
        ],
    );
    let parts = |(year, month, day)| RecordInput {
        birth_date: None,
        birth_parts: BirthDate { year, month, day },
        ..boy(1, "TX")
    };
    each(
        Field::BirthDate,
        parts,
        &[
            (
                (2014, 3, 0),
                (2014, 3, 0),
                "both known parts of the birth date equal",
            ),
            (
                (2014, 3, 0),
                (2014, 3, 21),
                "both known parts of the birth date equal",
            ),
            (
                (2014, 0, 0),
                (2014, 3, 21),
                "the one known part of the birth date equal",
            ),
            (
                (2014, 3, 0),
                (2014, 5, 21),
                "one of two known parts of the birth date equal",
            ),
            ((2014, 3, 0), (2015, 5, 21), "birth dates differ"),
            ((2014, 0, 0), (2015, 3, 21), "birth dates differ"),
            ((2014, 0, 0), (0, 3, 21), "birth date not compared"),
            ((0, 0, 0), (2014, 3, 21), "birth date not compared"),
        ],
    );
}

#[test]
fn sex_birth_and_suffix() {
    let sex = |sex| RecordInput { sex, ..boy(1, "TX") };
    each(
        Field::Sex,
        sex,
        &[
            (Some(Sex::Male), Some(Sex::Male), "sex equal"),
            (Some(Sex::Male), Some(Sex::Female), "sex differs"),
            (Some(Sex::Male), None, "sex not compared"),
        ],
    );
    let multiple = |multiple_birth| RecordInput {
        multiple_birth,
        ..boy(1, "TX")
    };
    each(
        Field::MultipleBirth,
        multiple,
        &[
            (Some(true), Some(true), "multiple birth on both"),
            (Some(true), Some(false), "multiple birth on one"),
            (Some(false), Some(false), "single birth on both"),
            (Some(true), None, "multiple birth on one, not known of the other"),
            (Some(false), None, "single birth on one, not known of the other"),
            (None, None, "multiple birth not compared"),
        ],
    );
    let suffix = |generation| RecordInput {
        generation,
        ..boy(1, "TX")
    };
    each(
        Field::Generation,
        suffix,
        &[
            ("Jr", "JR.", "suffix equal"),
            ("Jr", "III", "suffix differs"),
            ("Jr", "", "suffix not compared"),
        ],
    );
}

#[test]
fn birth_places() {
    let born_in = |(birth_city, birth_state, birth_country)| RecordInput {
        birth_city,
        birth_state,
        birth_country,
        ..boy(1, "TX")
    };
    let at = "Monterrey";
    each(
        Field::BirthCity,
        born_in,
        &[
            ((at, "NLE", "MX"), ("MONTERREY", "", ""), "birth city equal"),
            ((at, "NLE", "MX"), ("Monterey", "", ""), "birth city nearly equal"),
            (
                ("Huajuapan de León", "", ""),
                ("Huajuapan", "", ""),
                "birth city nearly equal",
            ),
            ((at, "NLE", "MX"), ("Morelia", "", ""), "birth city differs"),
            ((at, "NLE", "MX"), ("", "NLE", "MX"), "birth city not compared"),
        ],
    );
    each(
        Field::BirthPlace,
        born_in,
        &[
            (("", "NLE", "MX"), ("", "NLE", "MX"), "birth state equal"),
            (("", "NLE", ""), ("", "NLE", ""), "birth state equal"),
            (("", "", "MX"), ("", "NLE", "MX"), "birth country equal"),
            (("", "NLE", "MX"), ("", "OAX", "MX"), "birth state differs"),
            (("", "", "MX"), ("", "", "GT"), "birth country differs"),
            (("", "NLE", "MX"), ("", "TX", "US"), "birth country differs"),
            (("", "NLE", ""), ("", "", "MX"), "birth state not compared"),
            // The city says already where it is; another city does not.
            ((at, "NLE", "MX"), (at, "NLE", "MX"), "birth state not compared"),
            (("Morelia", "NLE", "MX"), (at, "NLE", "MX"), "birth state equal"),
        ],
    );
}

#[test]
fn whose_records() {
    let of = |(state, live)| RecordInput {
        state,
        live,
        ..boy(1, state)
    };
    each(
        Field::Source,
        of,
        &[
            (("TX", true), ("CA", true), "two states"),
            (("TX", true), ("CA", false), "two states"),
            (("TX", true), ("TX", true), "two ids of one state, both reported"),
            (
                ("TX", true),
                ("TX", false),
                "two ids of one state, one no longer reported",
            ),
            (("", true), ("TX", true), "source not compared"),
        ],
    );
    let knows = |alternate_ids| RecordInput {
        alternate_ids,
        ..boy(1, "TX")
    };
    each::<&'static [&'static str]>(
        Field::Identifier,
        knows,
        &[
            (&["A-7781", "44"], &["A-7781"], "an identifier is shared"),
            (&["A-7781"], &["A-7782"], "no shared identifier"),
            (&["A-7781"], &[], "no shared identifier"),
        ],
    );
}

#[test]
fn parents() {
    type Names = (&'static str, &'static str);
    let adult = |(first, last): Names| PersonNameInput { first, last };
    let family = |(mother, father, guardian): (Names, Names, Names)| RecordInput {
        mother: adult(mother),
        father: adult(father),
        guardian: adult(guardian),
        ..boy(1, "TX")
    };
    let nobody = ("", "");
    let (elsa, marcos) = (("Elsa", "Ortega"), ("Marcos", "Tello"));
    let (rosa, luis) = (("Rosa", "Vargas"), ("Luis", "Campos"));
    let whole = (elsa, marcos, nobody);
    each(
        Field::Parents,
        family,
        &[
            (whole, whole, "both parents equal"),
            (whole, (("Elsa", "Tello"), marcos, nobody), "both parents equal"),
            (whole, (("Elza", "Ortega"), marcos, nobody), "both parents equal"),
            (
                whole,
                (elsa, nobody, nobody),
                "mother equal, father on one side only",
            ),
            (
                whole,
                (("Elsa", ""), nobody, nobody),
                "mother equal, father on one side only",
            ),
            (
                whole,
                (nobody, marcos, nobody),
                "father equal, mother on one side only",
            ),
            (whole, (marcos, elsa, nobody), "parents equal, crossed"),
            (whole, (nobody, elsa, nobody), "parents equal, crossed"),
            (whole, (elsa, luis, nobody), "one parent equal, the other differs"),
            (
                whole,
                (rosa, marcos, nobody),
                "one parent equal, the other differs",
            ),
            (
                whole,
                (nobody, nobody, elsa),
                "guardian equals a parent or guardian",
            ),
            (
                (nobody, nobody, rosa),
                (nobody, nobody, rosa),
                "guardian equals a parent or guardian",
            ),
            (
                (elsa, nobody, nobody),
                (("Elsa", "Campos"), nobody, nobody),
                "a parent's given name equal, last name differs",
            ),
            (
                (elsa, nobody, nobody),
                (("", "Ortega"), nobody, nobody),
                "parents' last names agree",
            ),
            (
                (nobody, marcos, nobody),
                (nobody, ("", "Tello"), nobody),
                "parents' last names agree",
            ),
            (
                (nobody, nobody, elsa),
                (nobody, nobody, ("", "Ortega")),
                "parents' last names agree",
            ),
            (whole, (rosa, luis, nobody), "parents differ"),
            (whole, (rosa, nobody, nobody), "parents differ"),
            (whole, (nobody, nobody, rosa), "parents not compared"),
            (whole, (nobody, nobody, nobody), "parents not compared"),
        ],
    );
}

#[test]
fn where_people_can_be_reached() {
    let with = |contact| RecordInput {
        contact,
        ..boy(1, "TX")
    };
    let lives = |(address, place, postcode)| {
        with(ContactInput {
            address,
            place,
            postcode,
            ..ContactInput::default()
        })
    };
    each(
        Field::Address,
        lives,
        &[
            (
                ("12 Oak Street", "", ""),
                ("12 OAK ST.", "", ""),
                "same street and house number",
            ),
            (
                ("12 Oakwood Ave", "", ""),
                ("12 Oakwod Ave", "", ""),
                "same house number, street nearly equal",
            ),
            (
                ("12 Oak St", "", ""),
                ("Oak St", "", ""),
                "same street, house number on one side only",
            ),
            (
                ("121 Oak St", "", ""),
                ("112 Oak St", "", ""),
                "same street, house number nearly equal",
            ),
            (
                ("12 Oak St", "", ""),
                ("907 Oak St", "", ""),
                "same street, another house number",
            ),
            (
                ("12 Oakwood Ave", "", ""),
                ("907 Oakwod Ave", "", ""),
                "street nearly equal, house number not",
            ),
            (
                ("12 Oak St", "", ""),
                ("12 Elm St", "", ""),
                "same house number, another street",
            ),
            (("12 Oak St", "", ""), ("9 Elm St", "", ""), "address differs"),
            (("12 Oak St", "", ""), ("", "Salinas", ""), "address not compared"),
        ],
    );
    each(
        Field::Locality,
        lives,
        &[
            (("", "Salinas", "93901"), ("", "", "93901"), "postcode equal"),
            (
                ("", "Salinas", "93901"),
                ("", "SALINAS", "93905"),
                "postcode nearly equal, town equal",
            ),
            (("", "Salinas", "93901"), ("", "Salinas", "78501"), "town equal"),
            (
                ("", "Salinas", "93901"),
                ("", "", "93905"),
                "postcode nearly equal",
            ),
            (
                ("", "Salinas", ""),
                ("", "Fresno", ""),
                "postcode and town differ",
            ),
            (("", "", "93901"), ("", "", "78501"), "postcode and town differ"),
            (
                ("", "Salinas", ""),
                ("", "", "93901"),
                "postcode and town not compared",
            ),
        ],
    );
    let reached = |(phone, email)| {
        with(ContactInput {
            phone,
            email,
            ..ContactInput::default()
        })
    };
    each(
        Field::Contact,
        reached,
        &[
            (("", "ana@example.org"), ("", "ANA@example.org"), "e-mail equal"),
            (("(831) 555-0101", ""), ("831 5550101", ""), "telephone equal"),
            (
                ("831 5550101", "ana@example.org"),
                ("831 5550101", "eva@example.net"),
                "telephone equal",
            ),
            (
                ("831 5550101", ""),
                ("831 5550110", ""),
                "telephone or e-mail nearly equal",
            ),
            (
                ("831 5550101", ""),
                ("559 5550942", ""),
                "telephone or e-mail differs",
            ),
            (
                ("831 5550101", ""),
                ("", "ana@example.org"),
                "telephone and e-mail not compared",
            ),
        ],
    );
    let more = |other| {
        with(ContactInput {
            other,
            ..ContactInput::default()
        })
    };
    each::<&'static [&'static str]>(
        Field::Other,
        more,
        &[
            (
                &["blue", "baker", ""],
                &["BLUE", "baker", "x"],
                "further columns equal",
            ),
            (
                &["blue", "baker", "x"],
                &["blue", "smith", "x"],
                "most further columns equal",
            ),
            (
                &["blue", "baker"],
                &["blue", "smith"],
                "most further columns equal",
            ),
            (
                &["blue", "baker", "north", "y"],
                &["blue", "smith", "south", "z"],
                "some further columns equal",
            ),
            (&["blue", "baker"], &["green", "smith"], "further columns differ"),
            (&["blue", ""], &["", "smith"], "further columns not compared"),
        ],
    );
}
