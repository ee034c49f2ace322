//! What the hub notices, written to a database once.

use diesel::PgConnection;
use mde::PersonId;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::notices::{Box, Notice};

use crate::made_up::{child, database, day, enrolled, id, instant, link, load, state};

/// Valid notices of a person: kind, recipient, from and to, event and day.
fn valid(connection: &mut PgConnection, person: PersonId) -> Vec<(String, String, String)> {
    let mut out: Vec<_> = store::notices::of_person(connection, person.number())
        .unwrap()
        .into_iter()
        .filter(|n| n.withdrawn_at.is_none())
        .map(|n| {
            (
                n.kind,
                n.recipient,
                format!("{}-{}", n.from_state.unwrap(), n.to_state.unwrap()),
            )
        })
        .collect();
    out.sort();
    out
}

fn inbox(connection: &mut PgConnection, code: &str) -> Vec<Notice> {
    store::notices::list(connection, state(code), Box::Inbox, true, None, 100).unwrap()
}

#[test]
fn a_move_is_told_once_however_often_and_by_whatever_it_is_seen() {
    let (_db, mut connection) = database();
    let now = instant("2026-03-05");
    let texas = load(
        &mut connection,
        "TX",
        "2026-03-01",
        &enrolled(child("1"), "2025-08-20", &[]),
    );
    let person = link(&mut connection, &[texas], None);
    assert_eq!(
        notices::handle_changed(&mut connection, &[person], now).unwrap(),
        0
    );

    let arrived = enrolled(child("2"), "2026-03-03", &[]);
    let california = load(&mut connection, "CA", "2026-03-04", &arrived);
    link(&mut connection, &[california], Some(person));
    let payload = serde_json::json!({ "persons": [person] });
    assert_eq!(notices::run(&mut connection, &payload, now).unwrap(), 2);
    assert_eq!(notices::run(&mut connection, &payload, now).unwrap(), 0);
    assert_eq!(
        (
            inbox(&mut connection, "TX").len(),
            inbox(&mut connection, "CA").len()
        ),
        (1, 1)
    );
    let departure = inbox(&mut connection, "TX").remove(0);
    assert_eq!(
        (departure.kind.as_str(), departure.event_date),
        ("departure", Some(day("2026-03-03")))
    );
    assert_eq!(departure.created_at, now);

    // More of the same stay is the same move, even when it began earlier than was known.
    load(
        &mut connection,
        "CA",
        "2026-03-06",
        &enrolled(enrolled(arrived, "2026-03-20", &[]), "2026-03-02", &[]),
    );
    assert_eq!(
        notices::handle_changed(&mut connection, &[person], now).unwrap(),
        0
    );
    assert_eq!(valid(&mut connection, person).len(), 2);

    // California takes the enrollment back: so does the hub, and gives it back when it comes again.
    load(&mut connection, "CA", "2026-03-07", &child("2"));
    notices::handle_changed(&mut connection, &[person], now).unwrap();
    assert!(valid(&mut connection, person).is_empty() && inbox(&mut connection, "TX").is_empty());
    load(
        &mut connection,
        "CA",
        "2026-03-08",
        &enrolled(child("2"), "2026-03-03", &[]),
    );
    assert_eq!(
        notices::handle_changed(&mut connection, &[person], now).unwrap(),
        0,
        "it is the old notice"
    );
    assert_eq!(valid(&mut connection, person).len(), 2);
    assert_eq!(
        inbox(&mut connection, "TX")[0].move_notice_id,
        departure.move_notice_id
    );

    assert!(notices::run(&mut connection, &serde_json::json!({}), now).is_err());
}

#[test]
fn an_answered_notice_stays_and_a_merge_tells_what_it_reveals_once() {
    let (_db, mut connection) = database();
    let now = instant("2026-03-05");
    let texas = load(
        &mut connection,
        "TX",
        "2026-03-01",
        &enrolled(child("1"), "2025-08-20", &[]),
    );
    let california = load(
        &mut connection,
        "CA",
        "2026-03-04",
        &enrolled(child("2"), "2026-03-03", &[]),
    );
    let one = link(&mut connection, &[texas], None);
    let two = link(&mut connection, &[california], None);
    assert_eq!(
        notices::handle_changed(&mut connection, &[one, two], now).unwrap(),
        0,
        "two persons so far"
    );

    link(&mut connection, &[california], Some(one));
    store::links::retire(&mut connection, two, one, now).unwrap();
    assert_eq!(
        notices::handle_changed(&mut connection, &[one, two], now).unwrap(),
        2
    );

    let arrival = inbox(&mut connection, "CA").remove(0);
    let answered = notices::acknowledge(
        &mut connection,
        arrival.move_notice_id,
        state("CA"),
        "a@ca",
        notices::Answer::Arrived,
        None,
        now,
    );
    assert!(answered.unwrap().unwrap().recorded);

    // Split again: what nobody has answered is taken back. Merged again: nothing is told twice.
    link(&mut connection, &[california], None);
    notices::handle_changed(&mut connection, &[one], now).unwrap();
    assert_eq!(
        valid(&mut connection, one),
        [("arrival".into(), "CA".into(), "TX-CA".into())]
    );
    link(&mut connection, &[california], Some(one));
    assert_eq!(notices::handle_changed(&mut connection, &[one], now).unwrap(), 0);
    assert_eq!(valid(&mut connection, one).len(), 2);
}

#[test]
fn only_participants_are_told() {
    let (_db, mut connection) = database();
    let now = instant("2026-03-05");
    let leaving = |to| {
        enrolled(
            child("1"),
            "2025-08-20",
            &[("withdrawal_date", "2026-02-27"), ("destination_state", to)],
        )
    };
    let texas = load(&mut connection, "TX", "2026-03-01", &leaving("NY"));
    let person = link(&mut connection, &[texas], None);
    assert_eq!(
        notices::handle_changed(&mut connection, &[person], now).unwrap(),
        0
    );
    load(&mut connection, "TX", "2026-03-02", &leaving("WA"));
    assert_eq!(
        notices::handle_changed(&mut connection, &[person], now).unwrap(),
        1
    );
    assert_eq!(inbox(&mut connection, "WA")[0].event, "withdrawal");
}

const STATES: [&str; 3] = ["CA", "OR", "TX"];

/// Brings the events one after the other, each as a batch of its state, and looks at the person after each.
fn play(connection: &mut PgConnection, name: &str, events: &[(usize, u64)]) -> Vec<(String, String, String)> {
    let mut students = STATES.map(|_| child(name));
    let mut person = None;
    for (who, days) in events {
        let date = (day("2026-02-01") + chrono::Days::new(*days)).to_string();
        students[*who] = enrolled(students[*who].clone(), &date, &[]);
        load(connection, STATES[*who], "2026-04-01", &students[*who]);
        let linked = link(connection, &[id(STATES[*who], name)], person);
        person = Some(linked);
        notices::handle_changed(connection, &[linked], instant("2026-04-01")).unwrap();
    }
    valid(connection, person.unwrap())
}

#[test]
fn the_order_of_batches_does_not_matter() {
    let (_db, mut connection) = database();
    let events = prop::collection::vec((0usize..3, 0u64..40), 2..7);
    let orders = events.prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()));
    let connection = std::cell::RefCell::new(&mut connection);
    let case = std::cell::Cell::new(0);
    let config = Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    };
    let told = std::cell::Cell::new(0usize);
    TestRunner::new(config)
        .run(&orders, |(first, second)| {
            case.set(case.get() + 1);
            let mut connection = connection.borrow_mut();
            let one = play(&mut connection, &format!("a{}", case.get()), &first);
            let two = play(&mut connection, &format!("b{}", case.get()), &second);
            told.set(told.get() + one.len());
            prop_assert_eq!(one, two);
            Ok(())
        })
        .unwrap();
    let told = told.get();
    assert!(told > 40, "the histories must hold moves to say anything: {told}");
}

#[test]
fn after_a_split_a_notice_goes_with_its_student_whoever_is_looked_at_first() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let now = instant("2026-03-05");
    for (first, name) in [(true, "a"), (false, "b")] {
        let start = |day: &str| enrolled(child(name), day, &[]);
        let texas = load(c, "TX", "2026-03-01", &start("2025-08-20"));
        let california = load(c, "CA", "2026-03-04", &start("2026-03-03"));
        let other = enrolled(child(&format!("{name}-other")), "2025-09-01", &[]);
        let florida = load(c, "FL", "2026-03-01", &other);
        let confused = link(c, &[texas, california, florida], None);
        assert_eq!(notices::handle_changed(c, &[confused], now).unwrap(), 2);

        let moved = link(c, &[texas, california], None);
        let persons = if first {
            [moved, confused]
        } else {
            [confused, moved]
        };
        for person in persons {
            notices::handle_changed(c, &[person], now).unwrap();
        }
        assert!(valid(c, confused).is_empty(), "the other child has not moved");
        assert_eq!(
            valid(c, moved),
            [
                ("arrival".into(), "CA".into(), "TX-CA".into()),
                ("departure".into(), "TX".into(), "TX-CA".into())
            ]
        );
    }
}
