//! What a history raises, without a database.

use notices::detect::Detected;
use proptest::prelude::*;
use store::persons::PersonRecord;

use crate::made_up::{child, day, enrolled, held, instant, moved, person};

/// Kind, recipient, from, to, event and day of what is to be told.
fn told(person: &PersonRecord) -> Vec<String> {
    let mut out: Vec<String> = notices::detect(person, instant("2026-04-01"))
        .into_iter()
        .filter(|d| d.recent)
        .map(|d| words(&d))
        .collect();
    out.sort();
    out
}

fn words(d: &Detected) -> String {
    let n = &d.notice;
    let code = |s: &Option<String>| s.clone().unwrap_or_default();
    format!(
        "{} to {}: {}-{} {} {}",
        n.kind,
        n.recipient,
        code(&n.from_state),
        code(&n.to_state),
        n.event,
        n.event_date.unwrap()
    )
}

#[test]
fn an_arrival_in_another_state_is_told_to_both() {
    let texas = held("TX", "2026-04-01", enrolled(child("1"), "2025-08-20", &[]));
    let california = held("CA", "2026-04-01", enrolled(child("2"), "2026-03-02", &[]));
    assert_eq!(
        told(&person(vec![texas.clone(), california])),
        [
            "arrival to CA: TX-CA enrollment 2026-03-02",
            "departure to TX: TX-CA enrollment 2026-03-02"
        ]
    );
    let by_move = held(
        "CA",
        "2026-04-01",
        moved(child("2"), "2026-03-02", &[("to_city", "Arvin")]),
    );
    let detected = notices::detect(&person(vec![texas.clone(), by_move]), instant("2026-04-01"));
    assert_eq!(detected.len(), 2);
    assert_eq!(detected[0].notice.event, "qualifying_move");
    assert_eq!(detected[0].notice.city.as_deref(), Some("Arvin"));
    let resident = held(
        "CA",
        "2026-04-01",
        enrolled(
            child("2"),
            "2026-03-02",
            &[("enrollment_type", "06"), ("district_of_residence", "Kern")],
        ),
    );
    let detected = notices::detect(&person(vec![texas, resident]), instant("2026-04-01"));
    assert_eq!(detected[1].notice.event, "residency");
    assert_eq!(detected[1].notice.district.as_deref(), Some("Kern"));
}

#[test]
fn one_stay_is_one_move() {
    let texas = held("TX", "2026-04-01", enrolled(child("1"), "2025-08-20", &[]));
    let california = enrolled(
        moved(child("2"), "2026-03-02", &[("residency_date", "2026-03-02")]),
        "2026-03-04",
        &[],
    );
    let california = enrolled(california, "2026-03-20", &[("enrollment_type", "02")]);
    assert_eq!(
        told(&person(vec![texas, held("CA", "2026-04-01", california)])).len(),
        2
    );
}

#[test]
fn nothing_is_told_of_one_state_of_the_past_or_of_what_no_longer_holds() {
    let texas = enrolled(enrolled(child("1"), "2025-08-20", &[]), "2026-03-01", &[]);
    assert!(
        told(&person(vec![held("TX", "2026-04-01", texas.clone())])).is_empty(),
        "one state"
    );
    let second = enrolled(child("1b"), "2026-03-15", &[]);
    assert!(
        told(&person(vec![
            held("TX", "2026-04-01", texas),
            held("TX", "2026-04-01", second)
        ]))
        .is_empty()
    );

    let texas = held("TX", "2026-04-01", enrolled(child("1"), "2025-01-20", &[]));
    let old = held("CA", "2026-04-01", enrolled(child("2"), "2025-12-31", &[]));
    assert!(
        told(&person(vec![texas.clone(), old])).is_empty(),
        "91 days before the upload"
    );
    let in_time = held("CA", "2026-04-01", enrolled(child("2"), "2026-01-01", &[]));
    assert_eq!(
        told(&person(vec![texas.clone(), in_time.clone()])).len(),
        2,
        "90 days before the upload"
    );
    let typing_error = held("CA", "2026-04-01", enrolled(child("2"), "2062-01-01", &[]));
    assert!(told(&person(vec![texas.clone(), typing_error])).is_empty());

    let mut gone = in_time.clone();
    gone.live = false;
    gone.status = "not_reported".into();
    assert!(
        told(&person(vec![texas.clone(), gone])).is_empty(),
        "what is not live raises nothing"
    );
    let mut left = texas.clone();
    left.live = false;
    left.status = "not_reported".into();
    assert_eq!(
        told(&person(vec![left, in_time.clone()])).len(),
        2,
        "but still says where the child came from"
    );
    let mut deleted = texas;
    deleted.live = false;
    deleted.status = "deleted".into();
    assert!(told(&person(vec![deleted, in_time])).is_empty());
}

#[test]
fn void_and_foreign_moves_are_no_arrival() {
    let texas = held("TX", "2026-04-01", enrolled(child("1"), "2025-08-20", &[]));
    for more in [&[("void_date", "2026-03-20")], &[("to_state", "TX")]] {
        let california = held("CA", "2026-04-01", moved(child("2"), "2026-03-02", more));
        assert!(
            told(&person(vec![texas.clone(), california])).is_empty(),
            "{more:?}"
        );
    }
}

#[test]
fn a_destination_is_told_until_the_child_shows_up() {
    let leaving = |to: &str| {
        let more = [
            ("withdrawal_date", "2026-03-10"),
            ("destination_state", to),
            ("destination_city", "Salem"),
        ];
        held("TX", "2026-04-01", enrolled(child("1"), "2025-08-20", &more))
    };
    assert_eq!(
        told(&person(vec![leaving("OR")])),
        ["arrival to OR: TX-OR withdrawal 2026-03-10"]
    );
    assert!(told(&person(vec![leaving("Tamaulipas")])).is_empty());
    let oregon = held("OR", "2026-04-01", enrolled(child("2"), "2026-03-12", &[]));
    assert_eq!(
        told(&person(vec![leaving("OR"), oregon])),
        [
            "arrival to OR: TX-OR enrollment 2026-03-12",
            "departure to TX: TX-OR enrollment 2026-03-12"
        ]
    );
}

#[test]
fn a_day_has_no_hours() {
    let texas = held(
        "TX",
        "2026-04-01",
        enrolled(enrolled(child("1"), "2025-08-20", &[]), "2026-03-02", &[]),
    );
    let california = held("CA", "2026-04-01", enrolled(child("2"), "2026-03-02", &[]));
    assert_eq!(
        told(&person(vec![california, texas])),
        [
            "arrival to CA: TX-CA enrollment 2026-03-02",
            "departure to TX: TX-CA enrollment 2026-03-02"
        ]
    );
}

proptest! {
    /// Neither the order of students nor that of their rows says anything.
    #[test]
    fn the_order_of_what_is_held_does_not_matter(
        (events, shuffled, turns) in prop::collection::vec((0usize..4, 0u64..60), 1..10)
            .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle(), 0usize..4)),
    ) {
        let build = |events: &[(usize, u64)]| {
            let mut students = [child("1"), child("2"), child("3"), child("4")];
            for (who, days) in events {
                let date = (day("2026-02-01") + chrono::Days::new(*days)).to_string();
                students[*who] = enrolled(students[*who].clone(), &date, &[]);
            }
            let codes = ["TX", "CA", "OR", "TX"];
            students.into_iter().zip(codes).map(|(s, code)| held(code, "2026-04-01", s)).collect::<Vec<_>>()
        };
        let mut students = build(&shuffled);
        students.rotate_left(turns);
        prop_assert_eq!(told(&person(students)), told(&person(build(&events))));
    }
}

#[test]
fn who_went_abroad_is_told_to_nobody_until_it_is_back() {
    let away = [
        ("withdrawal_date", "2026-02-10"),
        ("destination_state", "OR"),
        ("destination_country", "MX"),
    ];
    let left = enrolled(child("1"), "2025-08-20", &away);
    assert!(told(&person(vec![held("TX", "2026-04-01", left.clone())])).is_empty());
    let back = enrolled(left.clone(), "2026-03-02", &[]);
    let mut back = enrolled(back, "2026-03-20", &[("enrollment_type", "02")]);
    assert_eq!(
        told(&person(vec![held("TX", "2026-04-01", back.clone())])),
        ["arrival to TX: -TX return 2026-03-02"],
        "once, by the first day"
    );
    let oregon = held("OR", "2026-04-01", enrolled(child("2"), "2026-02-20", &[]));
    back.enrollments.truncate(1);
    assert_eq!(
        told(&person(vec![held("TX", "2026-04-01", back), oregon])),
        [
            "arrival to OR: TX-OR enrollment 2026-02-20",
            "departure to TX: TX-OR enrollment 2026-02-20"
        ],
        "in another state it is a move like any other"
    );
}
