//! What a state is told of what other states newly say: once, in order, with what goes away.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use diesel::{Connection as _, PgConnection};
use mde::{Course, Immunization, PersonId, Student};
use store::changes::{self, Change};
use store::{Access, Actor, Channel, Purpose};

use crate::made_up::{child, database, enrolled, id, instant, link, load, moved, row, state};

pub(crate) fn access(code: &str) -> Access {
    Access {
        actor: Actor::System {
            state: state(code),
            fingerprint: "ab".into(),
        },
        on_behalf_of: None,
        purpose: Purpose::Program,
        channel: Channel::Exchange,
        at: instant("2026-03-05"),
    }
}

fn read(connection: &mut PgConnection, code: &str, cursor: i64) -> Vec<Change> {
    changes::since(connection, &access(code), state(code), cursor, 1_000).unwrap()
}

/// Kind, whose word, added and removed of what is new since `cursor`, which moves on.
fn new(connection: &mut PgConnection, code: &str, cursor: &mut i64) -> Vec<String> {
    let found = read(connection, code, *cursor);
    *cursor = found.last().map_or(*cursor, |change| change.change_id);
    found
        .into_iter()
        .map(|c| {
            let from = c.from_state.unwrap_or_default();
            let (added, removed) = (c.added.unwrap_or(0), c.removed.unwrap_or(0));
            format!("{} {from} +{added} -{removed}", c.kind)
        })
        .collect()
}

fn tell(connection: &mut PgConnection, persons: &[PersonId]) -> usize {
    notices::feed::tell(connection, persons, instant("2026-03-05")).unwrap()
}

/// A child that Texas has, and California with more.
fn in_california() -> Student {
    let mut student = moved(
        enrolled(enrolled(child("2"), "2024-08-20", &[]), "2025-08-18", &[]),
        "2025-08-10",
        &[],
    );
    student.courses.push(row::<Course>(&[("title", "Algebra I")]));
    student
        .immunizations
        .push(row::<Immunization>(&[("vaccine", "MMR"), ("date", "2013-05-06")]));
    student
}

#[test]
fn what_another_state_says_is_told_once_and_what_goes_away_too() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let texas = load(c, "TX", "2026-03-01", &child("1"));
    let california = load(c, "CA", "2026-03-01", &in_california());
    let person = link(c, &[texas, california], None);
    let mut cursor = 0;
    assert_eq!(new(c, "TX", &mut cursor), ["link  +0 -0"]);

    assert_eq!(tell(c, &[person]), 4, "Texas says nothing that is told");
    let first = read(c, "TX", cursor);
    assert_eq!(first[0].state_student_id.as_deref(), Some("1"), "its own student");
    assert_eq!(
        new(c, "TX", &mut cursor),
        [
            "enrollment CA +2 -0",
            "course CA +1 -0",
            "immunization CA +1 -0",
            "eligibility CA +1 -0"
        ]
    );
    assert_eq!(first[3].ends_on, Some("2028-08-09".parse().unwrap()));
    assert_eq!(tell(c, &[person]), 0, "once");
    let kinds: Vec<String> = store::access::disclosures(c, person, 20)
        .unwrap()
        .into_iter()
        .flat_map(|d| d.categories)
        .collect();
    assert!(
        kinds.contains(&"immunization".to_owned()) && kinds.contains(&"eligibility".to_owned()),
        "what is told is disclosed: {kinds:?}"
    );

    // One enrollment is corrected, one comes, the courses go.
    let mut changed = enrolled(in_california(), "2026-01-12", &[]);
    changed.courses.clear();
    changed.enrollments[0] = row(&[("enrollment_date", "2024-08-21")]);
    load(c, "CA", "2026-03-02", &changed);
    assert_eq!(tell(c, &[person]), 2);
    assert_eq!(
        new(c, "TX", &mut cursor),
        ["enrollment CA +2 -1", "course CA +0 -1"]
    );
    let mut of_california = 0;
    assert_eq!(new(c, "CA", &mut of_california), ["link  +0 -0"]);

    // A merge of numbers says nothing new; a split takes back what was told as this child's.
    let other = link(c, &[texas, california], None);
    store::links::retire(c, person, other, instant("2026-03-05")).unwrap();
    assert_eq!(tell(c, &[other]), 0);
    let alone = link(c, &[california], None);
    assert_eq!(tell(c, &[other, alone]), 3);
    let last: Vec<String> = new(c, "TX", &mut cursor).into_iter().skip(2).collect();
    assert_eq!(
        last,
        [
            "enrollment CA +0 -3",
            "immunization CA +0 -1",
            "eligibility CA +0 -1"
        ]
    );
    assert_eq!(tell(c, &[other, alone]), 0);

    // Found out to be another child of Texas: told as that one's, once, whoever is looked at first.
    let second = load(c, "TX", "2026-03-01", &child("1b"));
    let alone = link(c, &[second], Some(alone));
    assert_eq!(tell(c, &[alone]), 3);
    let told: Vec<Change> = read(c, "TX", cursor).into_iter().skip(1).collect();
    assert!(told.iter().all(|t| t.state_student_id.as_deref() == Some("1b")
        && t.person_id == Some(alone.number())
        && t.removed == Some(0)));
}

#[test]
fn notices_are_in_the_feed_until_they_are_withdrawn_and_batches_if_they_have_findings() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let now = instant("2026-03-05");
    let texas = load(c, "TX", "2026-03-01", &enrolled(child("1"), "2025-08-20", &[]));
    let california = load(c, "CA", "2026-03-04", &enrolled(child("2"), "2026-03-03", &[]));
    let person = link(c, &[texas, california], None);
    assert_eq!(notices::handle_changed(c, &[person], now).unwrap(), 2);
    assert_eq!(tell(c, &[person]), 4);
    assert_eq!(tell(c, &[person]), 0);
    let mut cursor = 0;
    assert_eq!(
        new(c, "TX", &mut cursor),
        ["link  +0 -0", "enrollment CA +1 -0", "notice  +1 -0"]
    );
    load(c, "CA", "2026-03-07", &child("2"));
    notices::handle_changed(c, &[person], now).unwrap();
    tell(c, &[person]);
    assert_eq!(
        new(c, "TX", &mut cursor),
        ["enrollment CA +0 -1", "notice  +0 -1"]
    );

    let batch = crate::kept::full(c, "TX", "2026-03-05T03:00:00Z");
    assert_eq!(
        notices::feed::tell_findings(c, now).unwrap(),
        0,
        "without findings"
    );
    let other = crate::kept::full(c, "TX", "2026-03-06T03:00:00Z");
    assert!(other > batch);
    diesel::RunQueryDsl::execute(
        diesel::sql_query("update batch set findings_warnings = 3, fed = false where batch_id = $1")
            .bind::<diesel::sql_types::BigInt, _>(other),
        c,
    )
    .unwrap();
    assert_eq!(notices::feed::tell_findings(c, now).unwrap(), 1);
    assert_eq!(notices::feed::tell_findings(c, now).unwrap(), 0);
    let told = read(c, "TX", cursor);
    assert_eq!(
        (told[0].batch_id, told[0].added, told[0].person_id),
        (Some(other), Some(3), None)
    );
}

/// Writers of every kind at once, some of which hold their transaction open or give it up, and a reader who always asks
/// from the last number it saw: it must have seen all that there is at the end.
#[test]
fn a_reader_misses_nothing_while_many_write() {
    let (db, mut connection) = database();
    let persons: Vec<(PersonId, String)> = (0..6)
        .map(|n| {
            let name = format!("w{n}");
            let texas = load(&mut connection, "TX", "2026-03-01", &child(&name));
            let oregon = load(&mut connection, "OR", "2026-03-01", &child(&name));
            (link(&mut connection, &[texas, oregon], None), name)
        })
        .collect();
    let done = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut connection = db.connect().unwrap();
            let (mut cursor, mut seen) = (0, Vec::new());
            loop {
                let last = done.load(Ordering::SeqCst);
                let page = changes::since(&mut connection, &access("TX"), state("TX"), cursor, 7).unwrap();
                cursor = page.last().map_or(cursor, |change| change.change_id);
                seen.extend(page.iter().map(|change| change.change_id));
                if last && page.is_empty() {
                    return seen;
                }
            }
        });
        let writers: Vec<_> = persons
            .iter()
            .map(|(person, name)| {
                let db = &db;
                scope.spawn(move || {
                    let mut connection = db.connect().unwrap();
                    let now = instant("2026-03-05");
                    for turn in 1..=12 {
                        let mut student = child(name);
                        for week in 0..turn {
                            let day = chrono::Days::new(7 * week);
                            let start = (crate::made_up::day("2025-09-01") + day).to_string();
                            student = enrolled(student, &start, &[]);
                        }
                        load(&mut connection, "OR", "2026-03-01", &student);
                        notices::feed::tell(&mut connection, &[*person], now).unwrap();
                        // A linker that moves a student, waits, and sometimes gives up after its number was drawn.
                        let _ = connection.transaction(|connection| {
                            link(connection, &[id("TX", name)], Some(*person));
                            thread::sleep(std::time::Duration::from_millis(turn % 4));
                            if turn % 3 == 0 {
                                return Err(diesel::result::Error::RollbackTransaction);
                            }
                            Ok(())
                        });
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        done.store(true, Ordering::SeqCst);
        reader.join().unwrap()
    });
    let all: Vec<i64> = read(&mut connection, "TX", 0)
        .iter()
        .map(|change| change.change_id)
        .collect();
    assert!(all.len() > 100, "{}", all.len());
    assert_eq!(seen, all, "in order, each once, none missed");
}
