use super::*;
use crate::tokens::Tokens;

#[test]
fn codes_and_stays() {
    assert_eq!(pack_code("ky"), pack_code(" KY "));
    assert_ne!(pack_code("KY"), pack_code("CA"));
    assert_eq!(country_code("MEX"), country_code("Mexico"));
    let date = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
    let span = |state, start, end| EnrollmentSpan { state, start, end };
    let stays = [
        span("KY", date(2024, 8, 1), Some(date(2025, 5, 1))),
        span("CA", date(2025, 6, 1), None),
    ];
    let input = RecordInput {
        state: "KY",
        enrollments: &stays,
        ..RecordInput::default()
    };
    let (mut cells, mut tokens) = (Cells::default(), Tokens::default());
    let a = Prepared::new(&input).number(&input, &mut cells, &mut tokens);
    assert_eq!(a.stays().count(), 1);
    let later = [span("KY", date(2025, 5, 2), None)];
    let input = RecordInput {
        enrollments: &later,
        ..input
    };
    let b = Prepared::new(&input).number(&input, &mut cells, &mut tokens);
    assert!(a.overlaps(&a) && !a.overlaps(&b) && !b.overlaps(&a));
    assert!(
        std::mem::size_of::<Record>() <= 144,
        "{}",
        std::mem::size_of::<Record>()
    );
}

fn taken(input: &RecordInput<'_>) -> Record {
    let (mut cells, mut tokens) = (Cells::default(), Tokens::default());
    Prepared::new(input).number(input, &mut cells, &mut tokens)
}

#[test]
fn one_code_for_each_state_and_country() {
    for (one, other) in [
        ("US", "USA"),
        ("US", "United States"),
        ("US", "EUA"),
        ("US", "u.s"),
        ("MX", "MEX"),
        ("MX", "México"),
        ("GT", "GTM"),
        ("GT", "Guatemala"),
        ("HN", "HND"),
        ("SV", "El Salvador"),
        ("HT", "HTI"),
        ("PR", "Puerto Rico"),
        ("NI", "Nicaragua"),
        ("mx", "MX"),
    ] {
        assert_eq!(country_code(one), country_code(other), "{one} {other}");
    }
    let codes = ["", "A", "B", "AA", "AB", "BA", "ZZ", "AAA", "OAX", "XAO"].map(pack_code);
    let mut apart = codes.to_vec();
    apart.sort_unstable();
    apart.dedup();
    assert_eq!(apart.len(), codes.len(), "{codes:?}");
    assert_eq!(codes[..6], [0, 1, 2, 1 << 5 | 1, 1 << 5 | 2, 2 << 5 | 1]);
    assert_eq!(pack_code("Oaxaca"), pack_code("OAXACA "));
    assert_ne!(pack_code("Oaxaca"), pack_code("Chiapas"));
    assert!(pack_code("Oaxaca") & 0x8000 != 0 && pack_code("OAX") & 0x8000 == 0);
    assert_eq!(pack_code("O.X"), pack_code("OX"));
    assert_eq!(pack_code("12"), 0);
}

#[test]
fn identifiers_tell_from_six_characters_on() {
    let ids = |state_student_id, alternate_ids| {
        let input = RecordInput {
            state_student_id,
            alternate_ids,
            ..RecordInput::default()
        };
        taken(&input).ids().to_vec()
    };
    assert!(ids("12345", &[]).is_empty());
    assert!(ids("00012345", &[]).is_empty(), "zeros in front say nothing");
    assert_eq!(ids("123456", &[]).len(), 1);
    assert_eq!(ids(" 00ab-123 ", &[]), ids("AB-123", &[]));
    assert_eq!(ids("", &["AB-123"]), ids("AB-123", &[]));
    assert_eq!(ids("AB-123", &["AB-123", "CD-456"]).len(), 2);
    assert_ne!(ids("AB-123", &[]), ids("AB-124", &[]));
}

#[test]
fn stays_are_days_since_1990_in_the_own_state() {
    let date = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
    let span = |state, start, end| EnrollmentSpan { state, start, end };
    let spans = [
        span("TX", date(1990, 1, 2), Some(date(1990, 2, 1))),
        span("CA", date(2001, 1, 2), None),
        span("tx", date(1970, 1, 1), None),
        span("TX", date(2020, 1, 1), Some(date(2400, 1, 1))),
    ];
    let input = RecordInput {
        state: "TX",
        state_student_id: "12345678",
        enrollments: &spans,
        ..RecordInput::default()
    };
    let record = taken(&input);
    let stays: Vec<(u16, u16)> = record.stays().collect();
    assert_eq!(stays, [(1, 31), (0, u16::MAX), (10_957, u16::MAX)]);
    assert_eq!((record.ids().len(), record.heap()), (1, 16));
    let in_state = |state, from: u32, to: u32| {
        let spans = [span(state, date(2024, 1, from), Some(date(2024, 1, to)))];
        taken(&RecordInput {
            state,
            enrollments: &spans,
            ..RecordInput::default()
        })
    };
    let own = in_state("TX", 10, 20);
    for (from, to, overlaps) in [
        (1, 9, false),
        (1, 10, true),
        (20, 30, true),
        (21, 30, false),
        (12, 14, true),
        (1, 30, true),
    ] {
        let other = in_state("TX", from, to);
        assert_eq!(
            (own.overlaps(&other), other.overlaps(&own)),
            (overlaps, overlaps),
            "{from} {to}"
        );
    }
    assert!(!own.overlaps(&in_state("CA", 10, 20)));
}

#[test]
fn a_birth_date_is_known_by_its_parts() {
    let date = |year, month, day| BirthDate { year, month, day };
    for (date, known) in [
        (date(2014, 3, 21), true),
        (date(0, 3, 21), false),
        (date(2014, 0, 21), false),
        (date(2014, 3, 0), false),
    ] {
        assert_eq!(date.is_known(), known, "{date:?}");
    }
    assert_eq!(date(2014, 12, 31).month_day(), 12 * 32 + 31);
    assert!(date(2014, 1, 1).is_placeholder());
    assert!(!date(2014, 1, 2).is_placeholder() && !date(2014, 2, 1).is_placeholder());
}

#[test]
fn names_are_taken_in_order_and_at_most_four() {
    let mut words = Words::default();
    assert!(words.as_slice().is_empty());
    for id in [5, NONE, 6, 7, 8, 9] {
        words.push(id);
    }
    assert_eq!(words.as_slice(), [5, 6, 7, 8]);
    let input = RecordInput {
        first_name: "Juan",
        middle_name: "Carlos Luis",
        last_name_1: "Soto Jr",
        last_name_2: "Vega Luna",
        generation: "III",
        mother: PersonNameInput {
            last: "Vega Luna Rey",
            first: "Rosa Inés",
        },
        birth_city: "Los Mochis",
        ..RecordInput::default()
    };
    let (mut cells, mut tokens) = (Cells::default(), Tokens::default());
    let mut record = Prepared::new(&input).number(&input, &mut cells, &mut tokens);
    let text = |id: TokenId| tokens.text(id).to_owned();
    let all = |ids: &[TokenId]| ids.iter().map(|&id| text(id)).collect::<Vec<_>>().join(" ");
    assert_eq!(all(record.given.as_slice()), "JUAN CARLOS LUIS");
    assert_eq!(
        (record.first_words, record.generation),
        (1, 1),
        "what the name says counts"
    );
    assert_eq!(text(record.given_compound), "JUANCARLOS");
    assert_eq!(all(record.surnames.as_slice()), "SOTO VEGA LUNA");
    assert_eq!(text(record.surname_compound), "SOTOVEGALUNA");
    assert_eq!(
        (text(record.mother.first), all(&record.mother.last)),
        ("ROSA".into(), "VEGA LUNA".into())
    );
    assert_eq!(text(record.city), "LOSMOCHIS");
    assert_eq!(record.father, Adult::default());
    let uses: Vec<String> = word_uses(&record)
        .map(|(id, role)| format!("{} {role:?}", text(id)))
        .collect();
    assert_eq!(
        uses,
        [
            "JUAN Given",
            "CARLOS Given",
            "LUIS Given",
            "SOTO Surname",
            "VEGA Surname",
            "LUNA Surname",
            "LOSMOCHIS City"
        ]
    );
    // Under other numbers it is the same record.
    let before = record.clone();
    record.renumber(|id| id * 2);
    assert_eq!(
        record.given.as_slice(),
        before
            .given
            .as_slice()
            .iter()
            .map(|id| id * 2)
            .collect::<Vec<_>>()
    );
    assert_eq!(
        [
            record.given_compound,
            record.surname_compound,
            record.city,
            record.mother.first,
            record.mother.last[1]
        ],
        [
            before.given_compound,
            before.surname_compound,
            before.city,
            before.mother.first,
            before.mother.last[1]
        ]
        .map(|id| id * 2)
    );
}
