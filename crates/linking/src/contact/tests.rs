use super::*;

fn level(field: Field, a: ContactInput<'_>, b: ContactInput<'_>) -> u8 {
    let mut tokens = Tokens::default();
    let record = |input, tokens: &mut Tokens| {
        let mut record = Record::default();
        record.contact = ContactWords::of(&input).map(|words| Box::new(words.number(tokens)));
        record
    };
    let (a, b) = (record(a, &mut tokens), record(b, &mut tokens));
    let mut levels = Levels::default();
    compare_contact(&a, &b, &tokens, &mut levels);
    let mut turned = Levels::default();
    compare_contact(&b, &a, &tokens, &mut turned);
    assert_eq!(levels, turned, "the order does not matter");
    levels.get(field)
}

#[test]
fn addresses() {
    let at = |address| ContactInput {
        address,
        ..ContactInput::default()
    };
    for (a, b, expected) in [
        ("12 Oak Street", "12 OAK ST.", address::BOTH),
        ("Oak Street 12", "12 Oak Streat", address::BOTH),
        ("12 Oakwood Ave", "12 Oakwod Ave", address::HOUSE_STREET_CLOSE),
        ("12 Oak St", "Oak St", address::STREET),
        ("121 Oak St", "112 Oak St", address::STREET_HOUSE_CLOSE),
        ("12 Oak St", "907 Oak St", address::STREET_HOUSE_DIFFERS),
        ("12 Oak St", "12 Elm St", address::HOUSE_ONLY),
        ("12 Oak St", "9 Elm St", address::DIFFERS),
        ("12 Oak St", "", MISSING),
    ] {
        assert_eq!(level(Field::Address, at(a), at(b)), expected, "{a} | {b}");
    }
}

#[test]
fn the_other_fields() {
    let at = |place, postcode| ContactInput {
        place,
        postcode,
        ..ContactInput::default()
    };
    assert_eq!(
        level(Field::Locality, at("Salinas", "93901"), at("SALINAS", "93901")),
        locality::POSTCODE
    );
    assert_eq!(
        level(Field::Locality, at("Salinas", "93901"), at("Salinas", "93905")),
        locality::POSTCODE_CLOSE_TOWN
    );
    assert_eq!(
        level(Field::Locality, at("Salinas", ""), at("Salinas", "93905")),
        locality::TOWN
    );
    assert_eq!(
        level(Field::Locality, at("", "93901"), at("", "78501")),
        locality::DIFFERS
    );
    let reach_by = |phone, email| ContactInput {
        phone,
        email,
        ..ContactInput::default()
    };
    assert_eq!(
        level(
            Field::Contact,
            reach_by("(831) 555-0101", ""),
            reach_by("831 5550101", "")
        ),
        reach::PHONE
    );
    assert_eq!(
        level(
            Field::Contact,
            reach_by("1", "a.b@example.org"),
            reach_by("2", "A.B@EXAMPLE.ORG")
        ),
        reach::EMAIL
    );
    let number = |identifier| ContactInput {
        identifier,
        ..ContactInput::default()
    };
    assert_eq!(
        level(Field::Identifier, number("5304218"), number("5304281")),
        identifier::CLOSE
    );
    assert_eq!(
        level(Field::Identifier, number("5304218"), number("9911223")),
        identifier::DIFFERS
    );
    let more = |other| ContactInput {
        other,
        ..ContactInput::default()
    };
    assert_eq!(
        level(Field::Other, more(&["blue", "teacher"]), more(&["BLUE", ""])),
        other::ALL
    );
    assert_eq!(
        level(Field::Other, more(&["blue", "teacher"]), more(&["red", "baker"])),
        other::NONE
    );
}

#[test]
fn nothing_known_costs_nothing() {
    assert!(
        ContactWords::of(&ContactInput {
            address: " ",
            ..ContactInput::default()
        })
        .is_none()
    );
}

/// House, street, town, postcode, telephone, e-mail, number and further columns of a person, as words.
fn words(input: &ContactInput<'_>) -> String {
    let mut tokens = Tokens::default();
    let contact = ContactWords::of(input).unwrap().number(&mut tokens);
    let text = |id: TokenId| if id == NONE { "-" } else { tokens.text(id) };
    let list = |ids: &[TokenId]| ids.iter().map(|&id| text(id)).collect::<Vec<_>>().join("+");
    [
        text(contact.house).to_owned(),
        list(contact.street.as_slice()),
        list(&[
            contact.place,
            contact.postcode,
            contact.phone,
            contact.email,
            contact.identifier,
        ]),
        list(&contact.other),
    ]
    .join(" ")
}

#[test]
fn what_a_file_says_is_brought_to_one_form() {
    let none = ContactInput::default();
    for (input, expected) in [
        (
            ContactInput {
                address: "12-B Old Oak Street, Apt 7",
                place: "Los Baños",
                postcode: "93901-1234",
                phone: "+1 (831) 555-0101",
                email: "Ana.Cruz@Example.org",
                identifier: "530-42-18",
                other: &["Blue", "", "a b"],
            },
            "12 B+OLD+OAK+7 LOSBANOS+939011234+18315550101+ANACRUZEXAMPLEORG+5304218 BLUE+-+AB+-",
        ),
        (
            ContactInput {
                address: "one two three four five",
                ..none
            },
            "- ONE+TWO+THREE+FOUR -+-+-+-+- -+-+-+-",
        ),
        (
            ContactInput {
                address: "Calle de la Paz 12",
                ..none
            },
            "12 DE+LA+PAZ -+-+-+-+- -+-+-+-",
        ),
        (
            ContactInput {
                other: &["a", "b", "c", "d", "e"],
                ..none
            },
            "-  -+-+-+-+- A+B+C+D",
        ),
        (
            ContactInput {
                postcode: "ab1 2cd",
                ..none
            },
            "-  -+AB12CD+-+-+- -+-+-+-",
        ),
        (ContactInput { phone: "1", ..none }, "-  -+-+1+-+- -+-+-+-"),
    ] {
        assert_eq!(words(&input), expected, "{input:?}");
    }
    let blank = ContactInput {
        other: &["", " "],
        place: " ",
        ..none
    };
    assert!(ContactWords::of(&blank).is_none());
}

#[test]
fn where_someone_lives_is_the_postcode_else_the_town() {
    let mut tokens = Tokens::default();
    let mut lives = |address, place, postcode| {
        let input = ContactInput {
            address,
            place,
            postcode,
            ..ContactInput::default()
        };
        ContactWords::of(&input).unwrap().number(&mut tokens)
    };
    let both = lives("12 Oak Hill", "Salinas", "93901");
    let town = lives("", "Salinas", "");
    assert_eq!((both.locality(), town.locality()), (both.postcode, town.place));
    let uses: Vec<(TokenId, Role)> = both.word_uses().collect();
    assert_eq!(
        uses,
        [
            (both.street.as_slice()[0], Role::Street),
            (both.street.as_slice()[1], Role::Street),
            (both.postcode, Role::Locality)
        ]
    );
    assert_eq!(
        town.word_uses().collect::<Vec<_>>(),
        [(town.place, Role::Locality)]
    );
    // Under other numbers it is the same.
    let mut other = both;
    other.words_mut().for_each(|word| *word *= 10);
    assert_eq!(
        [
            other.house,
            other.place,
            other.postcode,
            other.street.as_slice()[1],
            other.email
        ],
        [
            both.house,
            both.place,
            both.postcode,
            both.street.as_slice()[1],
            NONE
        ]
        .map(|id| id * 10)
    );
}

#[test]
fn houses_without_a_street() {
    let at = |address| ContactInput {
        address,
        place: "Salinas",
        ..ContactInput::default()
    };
    for (a, b, expected) in [
        ("12", "12", address::HOUSE_ONLY),
        ("12", "13", address::DIFFERS),
        ("12", "12 Oak St", address::HOUSE_ONLY),
        ("12", "", MISSING),
        ("", "", MISSING),
        ("Oak St", "Elm St", address::DIFFERS),
        ("Oakwood", "Oakwod", address::STREET_CLOSE),
    ] {
        assert_eq!(level(Field::Address, at(a), at(b)), expected, "{a} | {b}");
    }
}
