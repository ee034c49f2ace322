//! Deadlines in a database: noted when a child is looked at, met by batches, withdrawn when what started them is gone.

use chrono::{DateTime, Utc};
use diesel::{PgConnection, RunQueryDsl as _, sql_query};
use mde::PersonId;
use notices::{Keeper, Limits};
use store::calendars::DistrictTerm;
use store::deadlines::{self, Kept, Which};

use crate::made_up::{child, database, day, enrolled, instant, link, load, moved, state};

fn settle(connection: &mut PgConnection, person: PersonId, now: DateTime<Utc>) {
    let keeper = Keeper::open(connection, Limits::default(), now).unwrap();
    keeper.settle(connection, &[person], now).unwrap();
}

fn of(connection: &mut PgConnection, person: PersonId) -> Vec<Kept> {
    deadlines::of_person(connection, person.number()).unwrap()
}

pub(crate) fn full(connection: &mut PgConnection, code: &str, received_at: &str) -> i64 {
    let new = store::batches::NewBatch {
        state: code.into(),
        kind: "full".into(),
        profile: "native".into(),
        as_of: received_at.parse().unwrap(),
        content_sha256: received_at.as_bytes().to_vec(),
        spool_name: received_at.into(),
        file_name: None,
        size_bytes: 1,
        received_at: received_at.parse().unwrap(),
        received_from: "test".into(),
        status: "received".into(),
        status_at: received_at.parse().unwrap(),
    };
    let (batch, _) = store::batches::receive(connection, &new).unwrap();
    store::batches::set_status(
        connection,
        batch.batch_id,
        "loaded",
        None,
        received_at.parse().unwrap(),
    )
    .unwrap();
    batch.batch_id
}

#[test]
fn the_hubs_word_starts_a_clock_that_a_full_upload_stops() {
    let (_db, mut connection) = database();
    let connection = &mut connection;
    let now = instant("2026-03-05");
    let texas = load(
        connection,
        "TX",
        "2026-03-01",
        &enrolled(child("1"), "2025-08-20", &[]),
    );
    let california = load(
        connection,
        "CA",
        "2026-03-04",
        &enrolled(child("2"), "2026-03-03", &[]),
    );
    let person = link(connection, &[texas, california], None);
    notices::handle_changed(connection, &[person], now).unwrap();
    settle(connection, person, now);
    let [kept] = of(connection, person).try_into().unwrap();
    // 02:00 UTC on the 5th is the evening of the 4th in Texas.
    assert_eq!(
        (kept.state.as_str(), kept.started_on, kept.due_on),
        ("TX", Some(day("2026-03-04")), Some(day("2026-03-10")))
    );
    assert_eq!(kept.setting["limit"], serde_json::json!({ "working_days": 4 }));

    full(connection, "CA", "2026-03-06T02:00:00Z");
    full(connection, "TX", "2026-03-05T01:00:00Z");
    assert_eq!(
        deadlines::met_by_fulls(connection).unwrap(),
        0,
        "another state's, and one from before"
    );
    let first = full(connection, "TX", "2026-03-11T03:00:00Z");
    full(connection, "TX", "2026-03-12T03:00:00Z");
    assert_eq!(deadlines::met_by_fulls(connection).unwrap(), 1);
    assert_eq!(deadlines::met_by_fulls(connection).unwrap(), 0);
    let [met] = of(connection, person).try_into().unwrap();
    assert_eq!(
        (met.met_by_batch, met.met_on),
        (Some(first), Some(day("2026-03-10")))
    );
    // Looked at again, it is the same.
    settle(connection, person, instant("2026-03-13"));
    assert_eq!(of(connection, person), [met]);

    // The move turns out never to have been: the notice is taken back, and the deadline with it.
    load(connection, "CA", "2026-03-14", &child("2"));
    notices::handle_changed(connection, &[person], instant("2026-03-14")).unwrap();
    settle(connection, person, instant("2026-03-14"));
    assert_eq!(of(connection, person), []);
}

#[test]
fn terms_start_clocks_when_they_are_over_and_districts_without_terms_are_named() {
    let (_db, mut connection) = database();
    let connection = &mut connection;
    let student = enrolled(
        moved(child("1"), "2025-03-01", &[]),
        "2026-01-10",
        &[("district_of_residence", "Pasco SD")],
    );
    let washington = load(connection, "WA", "2026-02-01", &student);
    let person = link(connection, &[washington], None);
    let without = deadlines::districts_without_terms(connection, state("WA"), day("2026-01-01")).unwrap();
    assert_eq!(
        (without[0].district.as_str(), without[0].students),
        ("Pasco SD", 1)
    );

    let term = |begin: &str, end: &str| DistrictTerm {
        district: "pasco sd".into(),
        begin: day(begin),
        end: day(end),
        name: "Spring".into(),
    };
    store::calendars::keep_terms(
        connection,
        state("WA"),
        &[term("2026-01-05", "2026-06-12")],
        "test",
        instant("2026-02-01"),
    )
    .unwrap();
    assert!(
        deadlines::districts_without_terms(connection, state("WA"), day("2026-01-01"))
            .unwrap()
            .is_empty()
    );
    let look = |connection: &mut PgConnection, now: &str| {
        let now = now.parse().unwrap();
        Keeper::open(connection, Limits::default(), now)
            .unwrap()
            .terms_ended(connection, now)
            .unwrap()
    };
    // Six in the morning UTC on the 13th is still the 12th in Washington.
    assert_eq!(look(connection, "2026-06-13T06:00:00Z"), 0);
    assert_eq!(look(connection, "2026-06-13T08:00:00Z"), 1);
    assert_eq!(look(connection, "2026-06-13T09:00:00Z"), 0, "it is kept now");
    // The certificate's approval was not told; the term ended.
    let [kept, unsaid] = of(connection, person).try_into().unwrap();
    assert_eq!((unsaid.duty.as_str(), unsaid.due_on), ("new_certificate", None));

    assert_eq!(
        (kept.duty.as_str(), kept.due_on, kept.met_at),
        ("end_of_term", Some(day("2026-07-12")), None)
    );
    let which = Which {
        standing: Some("overdue".into()),
        ..Which::default()
    };
    let overdue = |connection: &mut PgConnection, today: &str| {
        deadlines::of_state(connection, state("WA"), &which, day(today), 0, 10)
            .unwrap()
            .len()
    };
    assert_eq!(
        (
            overdue(connection, "2026-07-12"),
            overdue(connection, "2026-07-13")
        ),
        (0, 1)
    );
    let tally = deadlines::tally(
        connection,
        state("WA"),
        Some((day("2026-07-01"), day("2026-07-31"))),
        day("2026-07-13"),
    )
    .unwrap();
    assert_eq!((tally[0].standing.as_str(), tally[0].deadlines), ("overdue", 1));
}

#[test]
fn a_deadline_follows_its_student_to_another_person() {
    let (_db, mut connection) = database();
    let connection = &mut connection;
    let certified = moved(
        child("1"),
        "2026-03-01",
        &[("certificate_approval_date", "2026-03-02")],
    );
    let student = load(connection, "FL", "2026-03-20", &certified);
    let first = link(connection, &[student], None);
    settle(connection, first, instant("2026-03-20"));
    let [kept] = of(connection, first).try_into().unwrap();
    assert_eq!(
        (kept.due_on, kept.met_on),
        (Some(day("2026-03-16")), Some(day("2026-03-19")))
    );

    let other = store::links::new_persons(connection, 1, instant("2026-03-21")).unwrap()[0];
    let second = link(connection, &[student], Some(other));
    for person in [first, second] {
        settle(connection, person, instant("2026-03-21"));
    }
    assert_eq!(of(connection, first), []);
    assert_eq!(of(connection, second)[0].deadline_id, kept.deadline_id);
    // Before the state took part nothing is owed.
    sql_query("update participant set registered_at = '2026-04-01' where state = 'FL'")
        .execute(connection)
        .unwrap();
    settle(connection, second, instant("2026-03-22"));
    assert_eq!(of(connection, second), []);
}
