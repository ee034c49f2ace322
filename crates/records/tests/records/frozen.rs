//! Counts asked of a database, and frozen: on a real PostgreSQL with a made-up nation, linked as it truly is.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use mde::{Date, PersonId, StateCode, StateStudentId, Student, StudentId};
use records::counts::{Counter, Period};
use records::report::{self, Question};
use records::snapshot::{self, Reason, SnapshotError, Taker};
use simulate::{Config, Nation};
use store::links::{Decided, LinkChange};
use store::program::ProgramStudent;
use store::students::{self, Source};
use store::{Access, Actor, Channel, Purpose};
use testkit::TestDb;

use crate::made_up::day;

const HUB: Taker<'_> = Taker {
    by: "test",
    state: None,
};

/// The right of an operator to read.
pub(crate) fn access() -> Access {
    Access {
        actor: Actor::Operator {
            user: "tester".to_owned(),
        },
        on_behalf_of: None,
        purpose: Purpose::Program,
        channel: Channel::Export,
        at: at("2026-05-02T00:00:00Z"),
    }
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Loads students of a state as one batch.
pub(crate) fn load(
    connection: &mut PgConnection,
    state: StateCode,
    batch_id: i64,
    now: DateTime<Utc>,
    list: &[Student],
) {
    let source = Source {
        state,
        batch_id,
        as_of: now,
        received_at: now,
    };
    let ids: Vec<_> = list.iter().map(|s| s.id(state).0).collect();
    let held = students::held(connection, &ids).unwrap();
    let rows: Vec<_> = list.iter().map(|s| (s.id(state), s, s.content_hash())).collect();
    students::replace(connection, source, &rows, &held, now).unwrap();
}

/// The nation with its true links; every child's number with its students.
pub(crate) fn loaded(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> BTreeMap<PersonId, Vec<(StateCode, Student)>> {
    let nation = Nation::new(Config {
        students: 400,
        nights: 1,
        ..Config::default()
    })
    .unwrap();
    let night = nation.nights().next().unwrap();
    let mut children: BTreeMap<String, Vec<(StateCode, Student)>> = BTreeMap::new();
    for (number, state) in nation.config().states.clone().into_iter().enumerate() {
        store::participants::register(connection, state, now).unwrap();
        let truth: HashMap<StudentId, String> = nation
            .truth(state)
            .map(|t| {
                (
                    StudentId::of(state, &StateStudentId::new(&t.state_student_id).unwrap()),
                    t.child,
                )
            })
            .collect();
        let all: Vec<Student> = nation.submissions(state, night).map(|s| s.student).collect();
        load(connection, state, number as i64 + 1, now, &all);
        for student in all {
            let child = truth[&student.id(state)].clone();
            children.entry(child).or_default().push((state, student));
        }
    }
    let numbers = store::links::new_persons(connection, children.len(), now).unwrap();
    let people: BTreeMap<PersonId, Vec<(StateCode, Student)>> =
        numbers.into_iter().zip(children.into_values()).collect();
    let links: Vec<LinkChange> = people
        .iter()
        .flat_map(|(person, students)| {
            students.iter().map(|(state, student)| LinkChange {
                student_id: student.id(*state).0,
                from: None,
                to: *person,
                decided: Decided::New,
                decided_by: "test".into(),
                evidence: serde_json::json!({}),
            })
        })
        .collect();
    store::links::apply(connection, &links, now).unwrap();
    people
}

#[test]
fn a_snapshot_stays_as_it_was_and_says_what_has_become_of_it() {
    let db = TestDb::from_template("store", store::migrate).unwrap();
    let connection = &mut db.connect().unwrap();
    let people = loaded(connection, at("2026-03-31T23:00:00Z"));
    let question = Question {
        period: Period::ending(2026).unwrap(),
        known_at: None,
        today: day("2026-04-01"),
    };

    // What the database says is what the pure counts say of the same children.
    let rules = HashMap::new();
    let mut counter = Counter::new(question.period, question.today, &rules);
    for (person, students) in &people {
        let students: Vec<_> = students
            .iter()
            .map(|(state, student)| ProgramStudent::of(*state, true, student))
            .collect();
        counter.add(*person, &students);
    }
    let answer = report::counts(connection, &question).unwrap();
    assert!(answer.counts.nation.category_1 > 100);
    assert_eq!(answer.counts, counter.finish());

    let asked = Question {
        known_at: Some(at("2026-04-01T12:00:00Z")),
        ..question
    };
    let taken = snapshot::take(connection, "april", &asked, HUB, at("2026-04-02T00:00:00Z")).unwrap();
    assert!(matches!(
        snapshot::take(connection, "april", &asked, HUB, at("2026-04-03T00:00:00Z")),
        Err(SnapshotError::Taken(_))
    ));

    assert!(matches!(
        snapshot::take(connection, "may", &asked, HUB, at("2026-04-01T11:59:59Z")),
        Err(SnapshotError::ToCome(_))
    ));

    // Later one certificate is voided, one child is gone from its state, and two are found to be one.
    let counted: Vec<_> = answer.children.iter().filter(|c| c.counted.category_1).collect();
    let once: Vec<_> = counted
        .iter()
        .filter(|c| {
            counted.iter().filter(|o| o.person == c.person).count() == 1 && people[&c.person].len() == 1
        })
        .collect();
    let (voided, gone, merged, survivor) = (once[0], once[1], once[2], once[3]);
    let later = at("2026-05-01T00:00:00Z");
    let (state, mut student) = people[&voided.person][0].clone();
    for certified in &mut student.qualifying_moves {
        certified.void_date = Some(Date::new(day("2026-04-20")).unwrap());
    }
    load(connection, state, 100, later, &[student]);
    let (state, student) = &people[&gone.person][0];
    let source = Source {
        state: *state,
        batch_id: 101,
        as_of: later,
        received_at: later,
    };
    students::mark(connection, source, &[student.id(*state).0], "not_reported", later).unwrap();
    let (state, student) = &people[&merged.person][0];
    let change = LinkChange {
        student_id: student.id(*state).0,
        from: Some(merged.person),
        to: survivor.person,
        decided: Decided::Reviewed,
        decided_by: "test".into(),
        evidence: serde_json::json!({}),
    };
    store::links::apply(connection, &[change], later).unwrap();
    store::links::retire(connection, merged.person, survivor.person, later).unwrap();

    let again = report::counts(connection, &asked).unwrap().counts;
    assert_eq!(
        serde_json::to_value(&again).unwrap(),
        taken.counts,
        "the same question, the same answer"
    );
    let held = store::snapshots::named(connection, "april").unwrap().unwrap();
    assert_eq!(held, taken);
    let extract = snapshot::children_of(connection, &access(), &held, None).unwrap();
    let extract = String::from_utf8(extract).unwrap();
    assert_eq!(extract.lines().count(), counted.len() + 1);
    let read = store::access::disclosures(connection, voided.person, 9).unwrap();
    assert_eq!((read.len(), read[0].actor.as_str()), (1, "operator:tester"));
    let texas = StateCode::new("TX").unwrap();
    let extract = snapshot::children_of(connection, &access(), &held, Some(texas)).unwrap();
    let of_texas = counted.iter().filter(|c| c.state == texas).count();
    assert_eq!(
        String::from_utf8(extract).unwrap().matches(",TX,").count(),
        of_texas
    );
    assert!(matches!(
        snapshot::take(connection, "Mayo 1", &asked, HUB, at("2026-05-03T00:00:00Z")),
        Err(SnapshotError::Name(_))
    ));

    let since = snapshot::since(connection, &access(), &held, None).unwrap();
    let lost = |reason| {
        since
            .lost
            .get(&reason)
            .map_or(Vec::new(), |rows| rows.iter().map(|r| r.person_id).collect())
    };
    assert_eq!(lost(Reason::Voided), [voided.person]);
    assert_eq!(lost(Reason::NotReported), [gone.person]);
    assert_eq!(lost(Reason::Merged), [merged.person]);
    assert!(lost(Reason::Corrected).is_empty() && since.unchanged + 3 == counted.len() as u64);

    let of_gone = snapshot::since(connection, &access(), &held, Some(gone.state)).unwrap();
    let lost: Vec<_> = of_gone.lost.values().flatten().collect();
    assert!(lost.iter().any(|row| row.person_id == gone.person));
    assert!(lost.iter().all(|row| row.state == gone.state));
    assert!(of_gone.unchanged < since.unchanged);

    let mut damaged = held;
    damaged.sha256[0] ^= 1;
    assert!(matches!(
        snapshot::children_of(connection, &access(), &damaged, None),
        Err(SnapshotError::Damaged(_))
    ));
}

#[test]
fn a_state_may_choose_how_it_counts() {
    let db = TestDb::from_template("store", store::migrate).unwrap();
    let connection = &mut db.connect().unwrap();
    let state = StateCode::new("TX").unwrap();
    let rules = serde_json::from_str(r#"{"last_day":"same_day","terminations":"2003"}"#).unwrap();
    assert!(!store::participants::set_eligibility_rules(connection, state, rules).unwrap());
    store::participants::register(connection, state, at("2026-01-01T00:00:00Z")).unwrap();
    assert!(store::participants::set_eligibility_rules(connection, state, rules).unwrap());
    assert_eq!(
        store::participants::eligibility_rules(connection).unwrap()[&state],
        rules
    );
}
