//! Notices that people send, and their answers.

use diesel::PgConnection;
use mde::PersonId;
use notices::{Answer, Error, Kind, ManualNotice, Sender, acknowledge, inbox, send, sent};

use crate::made_up::{child, database, day, instant, link, load, state};

fn texan() -> Sender<'static> {
    Sender {
        state: state("TX"),
        by: "ana@tx.example",
        idempotency_key: None,
    }
}

fn notice(person_id: PersonId, to: &str) -> ManualNotice {
    ManualNotice {
        kind: Kind::Arrival,
        person_id,
        to_state: state(to),
        district: Some("Kern High".into()),
        city: Some("  Arvin ".into()),
        expected_date: Some(day("2026-04-20")),
        contact: Some("Ana, 956-555-0100".into()),
        note: Some("Needs Algebra 1, section B.".into()),
    }
}

fn somebody(connection: &mut PgConnection) -> PersonId {
    let student = load(connection, "TX", "2026-03-01", &child("1"));
    link(connection, &[student], None)
}

#[test]
fn sent_received_and_answered_with_times() {
    let (_db, mut connection) = database();
    let person = somebody(&mut connection);
    let (at, seen, later) = (
        instant("2026-04-10"),
        instant("2026-04-11"),
        instant("2026-04-12"),
    );
    let written = send(&mut connection, texan(), &notice(person, "CA"), at).unwrap();
    assert_eq!(
        (written.recipient.as_str(), written.sender.as_deref()),
        ("CA", Some("TX"))
    );
    assert_eq!(
        (written.from_state.as_deref(), written.to_state.as_deref()),
        (Some("TX"), Some("CA"))
    );
    assert_eq!(
        (written.city.as_deref(), written.created_at, written.received_at),
        (Some("Arvin"), at, None)
    );

    assert!(
        inbox(&mut connection, state("FL"), false, None, 10, seen)
            .unwrap()
            .is_empty()
    );
    let list = inbox(&mut connection, state("CA"), true, None, 10, seen).unwrap();
    assert_eq!(list[0].received_at, Some(seen));
    let again = inbox(&mut connection, state("CA"), true, None, 10, later).unwrap();
    assert_eq!(again[0].received_at, Some(seen), "the first time stays");
    assert_eq!(
        sent(&mut connection, state("TX"), true, None, 10).unwrap().len(),
        1
    );

    let id = written.move_notice_id;
    let mut answer = |code: &str, answer, note: Option<&str>| {
        acknowledge(&mut connection, id, state(code), "cal@ca", answer, note, later)
    };
    assert!(
        answer("FL", Answer::NotOurs, None).unwrap().is_none(),
        "not Florida's"
    );
    assert!(
        answer("TX", Answer::Arrived, None).unwrap().is_none(),
        "nor the sender's"
    );
    assert!(matches!(
        answer("CA", Answer::Arrived, Some(&"x".repeat(501))),
        Err(Error::Invalid { member: "note", .. })
    ));
    let done = answer("CA", Answer::NeedsData, Some("Which school?"))
        .unwrap()
        .unwrap();
    assert!(done.recorded);
    assert_eq!(
        (done.notice.answer.as_deref(), done.notice.acknowledged_at),
        (Some("needs_data"), Some(later))
    );
    let twice = answer("CA", Answer::Arrived, None).unwrap().unwrap();
    assert!(!twice.recorded);
    assert_eq!(
        twice.notice.answer.as_deref(),
        Some("needs_data"),
        "the first answer stays"
    );
    assert!(
        acknowledge(
            &mut connection,
            id + 1,
            state("CA"),
            "x",
            Answer::Arrived,
            None,
            later
        )
        .unwrap()
        .is_none()
    );
    assert!(
        inbox(&mut connection, state("CA"), true, None, 10, later)
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        inbox(&mut connection, state("CA"), false, None, 10, later)
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn the_same_key_sends_once() {
    let (_db, mut connection) = database();
    let person = somebody(&mut connection);
    let keyed = Sender {
        idempotency_key: Some("k1"),
        ..texan()
    };
    let one = send(
        &mut connection,
        keyed,
        &notice(person, "CA"),
        instant("2026-04-10"),
    )
    .unwrap();
    let two = send(
        &mut connection,
        keyed,
        &notice(person, "CA"),
        instant("2026-04-11"),
    )
    .unwrap();
    assert_eq!(one.move_notice_id, two.move_notice_id);
    let other = Sender {
        state: state("FL"),
        ..keyed
    };
    let three = send(
        &mut connection,
        other,
        &notice(person, "CA"),
        instant("2026-04-11"),
    )
    .unwrap();
    assert_ne!(
        one.move_notice_id, three.move_notice_id,
        "a key is the sender's own"
    );
    let unkeyed = send(
        &mut connection,
        texan(),
        &notice(person, "CA"),
        instant("2026-04-12"),
    )
    .unwrap();
    assert_ne!(one.move_notice_id, unkeyed.move_notice_id);
}

#[test]
fn a_retired_number_reaches_its_survivor() {
    let (_db, mut connection) = database();
    let person = somebody(&mut connection);
    let retired = store::links::new_persons(&mut connection, 1, instant("2026-01-01")).unwrap()[0];
    store::links::retire(&mut connection, retired, person, instant("2026-02-01")).unwrap();
    let written = send(
        &mut connection,
        texan(),
        &notice(retired, "CA"),
        instant("2026-04-10"),
    )
    .unwrap();
    assert_eq!(written.person_id, person.number());
}

#[test]
fn what_cannot_be_sent_is_refused_and_writes_nothing() {
    let (_db, mut connection) = database();
    let person = somebody(&mut connection);
    let now = instant("2026-04-10");
    let good = || notice(person, "CA");
    let invalid = |change: &dyn Fn(&mut ManualNotice)| {
        let mut notice = good();
        change(&mut notice);
        notice
    };
    let refused = [
        invalid(&|n| n.note = Some("é".repeat(501))),
        invalid(&|n| n.contact = Some("a\u{0}b".into())),
        invalid(&|n| n.city = Some("x".repeat(51))),
        invalid(&|n| n.expected_date = Some(day("2062-04-20"))),
    ];
    for notice in refused {
        let error = send(&mut connection, texan(), &notice, now).unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{error}");
    }
    let error = send(&mut connection, texan(), &notice(person, "TX"), now).unwrap_err();
    assert!(matches!(error, Error::OwnState), "{error}");
    let error = send(&mut connection, texan(), &notice(person, "NY"), now).unwrap_err();
    assert!(matches!(error, Error::NotAParticipant(_)), "{error}");
    let nobody = PersonId::new(999_999_999_999).unwrap();
    let error = send(&mut connection, texan(), &notice(nobody, "CA"), now).unwrap_err();
    assert!(matches!(error, Error::UnknownPerson), "{error}");
    assert!(
        sent(&mut connection, state("TX"), false, None, 10)
            .unwrap()
            .is_empty()
    );

    let longest = invalid(&|n| n.note = Some("é".repeat(500)));
    assert!(send(&mut connection, texan(), &longest, now).is_ok());
}
