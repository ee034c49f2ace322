//! Corrections that families ask for: who decides, which clocks run, and what stops them.

use diesel::PgConnection;
use mde::{PersonId, Student};
use notices::corrections::{Asker, Decision, Step, Taking, step, take, values};
use notices::data_requests::{Answering, Ask, Reply, What, answer, ask};
use notices::{Duty, Error, Keeper, Limits, Sender};
use store::corrections::{self, Correction};
use store::deadlines::{self, Kept};
use store::work_items::{self, Queue, Scope, Taken};

use crate::made_up::{access, child, database, day, instant, link, load, state};

fn by(code: &str) -> Sender<'static> {
    Sender {
        state: state(code),
        by: "somebody",
        idempotency_key: None,
    }
}

fn taking(person_id: PersonId, owner: &str) -> Taking {
    Taking {
        person_id,
        owner: state(owner),
        asked_on: day("2026-03-02"),
        asker: Asker::Parent,
        spanish: true,
        element: Some("9".into()),
        says: "April 24, 2011".into(),
        should_say: "April 23, 2011".into(),
        grounds: Some("Birth certificate".into()),
    }
}

fn born(id: &str, date: &str) -> Student {
    let mut student = child(id);
    student.identity.birth_date = Some(mde::Date::new(day(date)).unwrap());
    student
}

/// A child of California and Texas.
fn known(connection: &mut PgConnection) -> PersonId {
    let texas = load(connection, "TX", "2026-02-01", &born("1", "2011-04-23"));
    let california = load(connection, "CA", "2026-02-01", &born("2", "2011-04-24"));
    link(connection, &[texas, california], None)
}

/// What the worker does after a person was looked at.
fn look(connection: &mut PgConnection, person: PersonId, at: &str) -> Vec<Kept> {
    let now = instant(at);
    notices::handle_changed(connection, &[person], now).unwrap();
    let keeper = Keeper::open(connection, Limits::default(), now).unwrap();
    keeper.settle(connection, &[person], now).unwrap();
    deadlines::of_person(connection, person.number()).unwrap()
}

fn clock(kept: &[Kept], duty: Duty) -> &Kept {
    let mut of_duty = kept.iter().filter(|kept| kept.duty == duty.name());
    let found = of_duty
        .next()
        .unwrap_or_else(|| panic!("{} in {kept:?}", duty.name()));
    assert!(of_duty.next().is_none(), "one clock of {}", duty.name());
    found
}

fn read(connection: &mut PgConnection, code: &str, id: i64) -> Option<Correction> {
    corrections::read(connection, &access(code, "2026-03-20"), id, state(code)).unwrap()
}

fn open_items(connection: &mut PgConnection, code: &str) -> Vec<(i64, Option<chrono::NaiveDate>)> {
    let queue = Queue {
        scope: Scope::State(state(code)),
        kind: Some("correction".into()),
        taken: Taken::ByAnybody,
    };
    let items = work_items::queue(connection, &queue, 0, 9).unwrap();
    items
        .into_iter()
        .map(|(item, place)| (item.work_item_id, place.due_on))
        .collect()
}

#[test]
fn another_states_record_is_forwarded_decided_told_and_seen_corrected() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = known(c);
    // Asked on Monday, March 2; typed in on Friday evening, the 6th, Texan time.
    let id = take(c, by("TX"), &taking(person, "CA"), instant("2026-03-07")).unwrap();
    let kept = look(c, person, "2026-03-07");
    let forward = clock(&kept, Duty::CorrectionForward);
    assert_eq!(
        (
            forward.state.as_str(),
            forward.due_on,
            forward.met_on,
            forward.met_by_batch
        ),
        ("TX", Some(day("2026-03-06")), Some(day("2026-03-06")), None)
    );
    let decision = clock(&kept, Duty::CorrectionDecision);
    assert_eq!(
        (
            decision.state.as_str(),
            decision.started_on,
            decision.due_on,
            decision.met_on
        ),
        ("CA", Some(day("2026-03-06")), Some(day("2026-04-05")), None)
    );
    assert_eq!(open_items(c, "CA"), [(id, Some(day("2026-04-05")))]);
    assert_eq!(open_items(c, "TX"), []);
    assert!(read(c, "TX", id).is_some() && read(c, "CA", id).is_some() && read(c, "FL", id).is_none());

    let decide = Step::Decide(Decision::Corrected, "The certificate says so.".into());
    let done = step(c, &access("TX", "2026-03-10"), id, by("TX"), &decide)
        .unwrap()
        .unwrap();
    assert!(!done.recorded, "only the owner decides");
    let done = step(c, &access("CA", "2026-03-11"), id, by("CA"), &Step::Tell)
        .unwrap()
        .unwrap();
    assert!(!done.recorded, "nothing to tell yet");
    let done = step(c, &access("CA", "2026-03-11"), id, by("CA"), &decide)
        .unwrap()
        .unwrap();
    assert!(done.recorded);
    let declined = Step::Decide(Decision::Declined, "No.".into());
    let done = step(c, &access("CA", "2026-03-12"), id, by("CA"), &declined)
        .unwrap()
        .unwrap();
    assert_eq!(
        (done.recorded, done.correction.decision.as_deref()),
        (false, Some("corrected"))
    );

    let kept = look(c, person, "2026-03-11");
    let data = clock(&kept, Duty::CorrectedData);
    // Decided on Tuesday, March 10, Californian time.
    assert_eq!(
        (data.started_on, data.due_on, data.met_on),
        (Some(day("2026-03-10")), Some(day("2026-03-16")), None)
    );
    assert!(
        step(c, &access("TX", "2026-03-12"), id, by("TX"), &Step::Tell)
            .unwrap()
            .unwrap()
            .recorded
    );
    let kept = look(c, person, "2026-03-12");
    assert_eq!(
        clock(&kept, Duty::CorrectionDecision).met_on,
        Some(day("2026-03-11"))
    );
    assert_eq!(
        open_items(c, "CA"),
        [(id, Some(day("2026-03-16")))],
        "corrected data are still to come"
    );

    let mut other = born("2", "2011-04-24");
    other.identity.birth_city = None;
    other.identity.multiple_birth = Some(false);
    load(c, "CA", "2026-03-13", &other);
    let kept = look(c, person, "2026-03-13");
    assert_eq!(
        clock(&kept, Duty::CorrectedData).met_on,
        None,
        "the birth date is as it was"
    );
    load(c, "CA", "2026-03-14", &born("2", "2011-04-23"));
    let kept = look(c, person, "2026-03-14");
    let data = clock(&kept, Duty::CorrectedData);
    assert_eq!(
        (data.met_on, data.met_by_batch),
        (Some(day("2026-03-13")), Some(1))
    );
    assert_eq!(open_items(c, "CA"), []);
    assert_eq!(
        look(c, person, "2026-03-20"),
        kept,
        "looked at again, it is the same"
    );
}

#[test]
fn a_state_decides_its_own_and_a_statement_of_disagreement_stays() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = known(c);
    let id = take(c, by("TX"), &taking(person, "TX"), instant("2026-03-07")).unwrap();
    let kept = look(c, person, "2026-03-07");
    assert!(
        kept.iter()
            .all(|kept| kept.duty != Duty::CorrectionForward.name())
    );
    assert_eq!(
        clock(&kept, Duty::CorrectionDecision).due_on,
        Some(day("2026-04-01"))
    );
    let disagree = Step::Disagree("She was born on the 23rd.\nI was there.".into());
    let early = step(c, &access("TX", "2026-03-08"), id, by("TX"), &disagree)
        .unwrap()
        .unwrap();
    assert!(!early.recorded, "nothing is declined yet");
    let declined = Step::Decide(Decision::Declined, "  ".into());
    let error = step(c, &access("TX", "2026-03-08"), id, by("TX"), &declined).unwrap_err();
    assert!(matches!(error, Error::Invalid { member: "why", .. }), "{error}");
    let declined = Step::Decide(Decision::Declined, "The hospital's paper says the 24th.".into());
    assert!(
        step(c, &access("TX", "2026-03-08"), id, by("TX"), &declined)
            .unwrap()
            .unwrap()
            .recorded
    );
    assert!(
        step(c, &access("TX", "2026-03-09"), id, by("TX"), &Step::Tell)
            .unwrap()
            .unwrap()
            .recorded
    );
    assert!(
        step(c, &access("TX", "2026-03-10"), id, by("TX"), &disagree)
            .unwrap()
            .unwrap()
            .recorded
    );
    let kept = look(c, person, "2026-03-11");
    assert!(
        kept.iter().all(|kept| kept.duty != Duty::CorrectedData.name()),
        "nothing is to be sent"
    );
    assert_eq!(open_items(c, "TX"), []);
    let said = read(c, "TX", id).unwrap().statement.unwrap();
    assert!(said.starts_with("She was born"), "{said}");
}

#[test]
fn who_is_asked_about_a_correction_owes_a_reply_in_ten_working_days() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = known(c);
    let id = take(c, by("TX"), &taking(person, "TX"), instant("2026-03-07")).unwrap();
    let question = Ask {
        person_id: person,
        to_state: state("CA"),
        what: What::Record,
        note: None,
        for_correction: Some(id),
    };
    let strange = Ask {
        for_correction: Some(id + 1),
        ..question.clone()
    };
    let error = ask(c, by("TX"), &strange, instant("2026-03-07")).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Invalid {
                member: "for_correction",
                ..
            }
        ),
        "{error}"
    );
    let request = ask(c, by("TX"), &question, instant("2026-03-07")).unwrap();
    let kept = look(c, person, "2026-03-07");
    let reply = clock(&kept, Duty::CorrectionReply);
    assert_eq!(
        (reply.state.as_str(), reply.due_on, reply.met_on),
        ("CA", Some(day("2026-03-20")), None)
    );
    assert_eq!(request.due_on, day("2026-03-20"));
    let answering = Answering {
        reply: Reply::NotHeld,
        until: None,
        note: Some("We never saw the certificate."),
    };
    answer(
        c,
        request.work_item_id,
        state("CA"),
        "ben",
        &answering,
        instant("2026-03-12"),
    )
    .unwrap();
    let kept = look(c, person, "2026-03-12");
    assert_eq!(
        clock(&kept, Duty::CorrectionReply).met_on,
        Some(day("2026-03-11"))
    );
}

#[test]
fn what_is_not_valid_is_refused_and_the_same_key_takes_once() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = known(c);
    let now = instant("2026-03-07");
    let wrong = |c: &mut PgConnection, change: fn(&mut Taking), owner: &str| {
        let mut new = taking(person, owner);
        change(&mut new);
        take(c, by("TX"), &new, now).unwrap_err()
    };
    for (member, change) in [
        (
            "asked_on",
            (|new| new.asked_on = day("2026-03-08")) as fn(&mut Taking),
        ),
        ("element", |new| new.element = Some("999".into())),
        ("says", |new| new.says = " ".into()),
        ("should_say", |new| new.should_say = "x".repeat(301)),
    ] {
        let error = wrong(c, change, "CA");
        assert!(
            matches!(error, Error::Invalid { member: m, .. } if m == member),
            "{member}: {error}"
        );
    }
    assert!(matches!(wrong(c, |_| {}, "FL"), Error::HoldsNothing(_)));
    let keyed = Sender {
        idempotency_key: Some("k"),
        ..by("TX")
    };
    let first = take(c, keyed, &taking(person, "CA"), now).unwrap();
    assert_eq!(
        take(c, keyed, &taking(person, "CA"), instant("2026-03-08")).unwrap(),
        first
    );
}

#[test]
fn the_values_of_an_element_are_found_in_every_part() {
    let student = born("1", "2011-04-23");
    assert_eq!(values(&student, "9"), serde_json::json!(["\"2011-04-23\""]));
    let student = crate::made_up::enrolled(student, "2026-01-10", &[("grade", "09")]);
    let student = crate::made_up::enrolled(student, "2025-01-10", &[("grade", "08")]);
    let grade = mde::PartKind::Enrollment
        .fields()
        .iter()
        .find(|field| field.column == "grade")
        .unwrap();
    assert_eq!(values(&student, grade.element).as_array().unwrap().len(), 2);
    assert_eq!(values(&student, "9"), serde_json::json!(["\"2011-04-23\""]));
}
