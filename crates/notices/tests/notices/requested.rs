//! Requests of one state for what another one holds, and what answers them.

use diesel::PgConnection;
use mde::PersonId;
use notices::data_requests::{Answering, Ask, Reply, What, answer, ask, list, open, take_back};
use notices::{Error, Sender};
use store::data_requests::DataRequest;
use store::notices::Box;
use store::work_items::{self, Queue, Scope, Taken};

use crate::made_up::{child, database, day, enrolled, instant, link, load, state};

fn texan() -> Sender<'static> {
    Sender {
        state: state("TX"),
        by: "ana@tx.example",
        idempotency_key: Some("first"),
    }
}

fn wanted(person_id: PersonId, to: &str) -> Ask {
    Ask {
        person_id,
        to_state: state(to),
        what: What::Grades,
        note: Some(" Algebra 1, please ".into()),
        for_correction: None,
    }
}

/// A child of California and Texas, which Texas asks about on a Friday evening.
fn asked(connection: &mut PgConnection) -> (PersonId, DataRequest) {
    let texas = load(connection, "TX", "2026-03-01", &child("1"));
    let california = enrolled(
        child("2"),
        "2026-01-10",
        &[("district_of_residence", "Kern High")],
    );
    let california = load(connection, "CA", "2026-03-01", &california);
    let person = link(connection, &[texas, california], None);
    let request = ask(connection, texan(), &wanted(person, "CA"), instant("2026-04-11")).unwrap();
    (person, request)
}

fn queue(code: &str, districts: Option<&[&str]>) -> Queue {
    let state = state(code);
    let districts = districts.map(|names| names.iter().map(ToString::to_string).collect());
    Queue {
        scope: districts.map_or(Scope::State(state), |names| Scope::Districts(state, names)),
        kind: None,
        taken: Taken::ByAnybody,
    }
}

#[test]
fn a_request_is_on_the_worklist_of_who_is_asked_and_of_nobody_else() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let (person, request) = asked(c);
    assert_eq!(
        (
            request.recipient.as_str(),
            request.note.as_deref(),
            request.person_id
        ),
        ("CA", Some("Algebra 1, please"), person.number())
    );
    // 02:00 UTC on Saturday is Friday, April 10, in California: ten working days later it is April 24.
    assert_eq!(request.due_on, day("2026-04-24"));
    let again = ask(c, texan(), &wanted(person, "CA"), instant("2026-04-12")).unwrap();
    assert_eq!(again, request, "the same key asks once");

    for (scope, listed) in [
        (queue("CA", None), 1),
        (queue("CA", Some(&["Kern High"])), 1),
        (queue("CA", Some(&["Delano"])), 0),
        (queue("TX", None), 0),
    ] {
        let items = work_items::queue(c, &scope, 0, 10).unwrap();
        assert_eq!(items.len(), listed, "{scope:?}");
        for (item, place) in items {
            assert_eq!(
                (item.work_item_id, place.due_on),
                (request.work_item_id, Some(request.due_on))
            );
        }
    }
    let arbiter = Queue {
        scope: Scope::Everything,
        kind: None,
        taken: Taken::ByAnybody,
    };
    assert_eq!(
        work_items::queue(c, &arbiter, 0, 10).unwrap().len(),
        0,
        "nothing for the arbiter"
    );

    assert_eq!(
        open(c, request.work_item_id, state("FL"), "x", instant("2026-04-12")).unwrap(),
        None
    );
    let sender = open(c, request.work_item_id, state("TX"), "ana", instant("2026-04-12"))
        .unwrap()
        .unwrap();
    assert_eq!(
        sender.seen_at, None,
        "the sender's own look is not the recipient's"
    );
    let seen = instant("2026-04-13");
    open(c, request.work_item_id, state("CA"), "ben", seen).unwrap();
    let later = open(c, request.work_item_id, state("CA"), "eva", instant("2026-04-14"))
        .unwrap()
        .unwrap();
    assert_eq!(
        (later.seen_at, later.seen_by.as_deref()),
        (Some(seen), Some("ben")),
        "the first time stays"
    );
}

#[test]
fn what_cannot_be_asked_is_refused_with_the_reason() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let (person, _) = asked(c);
    let refused =
        |c: &mut PgConnection, to: &str| ask(c, texan(), &wanted(person, to), instant("2026-04-12"));
    assert!(matches!(refused(c, "FL"), Err(Error::HoldsNothing(_))));
    assert!(matches!(refused(c, "WY"), Err(Error::NotAParticipant(_))));
    assert!(matches!(refused(c, "TX"), Err(Error::OwnState)));
    let unknown = Ask {
        person_id: PersonId::new(100_000_000_000).unwrap(),
        ..wanted(person, "CA")
    };
    assert!(matches!(
        ask(c, texan(), &unknown, instant("2026-04-12")),
        Err(Error::UnknownPerson)
    ));
}

#[test]
fn an_answer_that_it_comes_later_keeps_it_open_and_the_first_final_one_stays() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let (_, request) = asked(c);
    let id = request.work_item_id;
    let now = instant("2026-04-14");
    let say = |c: &mut PgConnection, code: &str, reply, until: Option<&str>| {
        let answering = Answering {
            reply,
            until: until.map(day),
            note: None,
        };
        answer(c, id, state(code), "ben", &answering, now)
    };
    for until in [None, Some("2026-04-13"), Some("2028-01-01")] {
        let error = say(c, "CA", Reply::NotYet, until).unwrap_err();
        assert!(
            matches!(error, Error::Invalid { member: "until", .. }),
            "{until:?}: {error}"
        );
    }
    assert!(
        say(c, "CA", Reply::Sent, Some("2026-05-01")).is_err(),
        "a day belongs to not_yet"
    );
    assert!(
        say(c, "TX", Reply::Sent, None).unwrap().is_none(),
        "the sender does not answer itself"
    );

    let later = say(c, "CA", Reply::NotYet, Some("2026-06-12")).unwrap().unwrap();
    assert!(later.recorded);
    assert_eq!(
        (later.request.status.as_str(), later.request.due_on),
        ("open", day("2026-06-12"))
    );
    assert!(say(c, "CA", Reply::NotHeld, None).unwrap().unwrap().recorded);
    let late = say(c, "CA", Reply::Sent, None).unwrap().unwrap();
    assert!(!late.recorded);
    assert_eq!(
        late.request.decision.as_deref(),
        Some("not_held"),
        "the first one stays"
    );
    assert!(
        list(c, state("CA"), Box::Inbox, true, None, 9)
            .unwrap()
            .is_empty()
    );
    assert_eq!(list(c, state("TX"), Box::Sent, false, None, 9).unwrap().len(), 1);
    assert!(
        !take_back(c, id, state("TX"), "ana", now)
            .unwrap()
            .unwrap()
            .recorded
    );
}

#[test]
fn new_content_of_the_recipient_answers_it_by_itself() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let (person, request) = asked(c);
    let look = |c: &mut PgConnection, at: &str| {
        notices::handle_changed(c, &[person], instant(at)).unwrap();
        open(c, request.work_item_id, state("TX"), "ana", instant(at))
            .unwrap()
            .unwrap()
    };
    assert_eq!(
        look(c, "2026-04-12").arrived_at,
        None,
        "what was there before is not new"
    );
    load(c, "TX", "2026-04-13", &enrolled(child("1"), "2026-04-10", &[]));
    assert_eq!(
        look(c, "2026-04-13").arrived_at,
        None,
        "nor what the asking state sends"
    );
    load(c, "CA", "2026-04-15", &enrolled(child("2"), "2026-01-11", &[]));
    let met = look(c, "2026-04-15");
    assert_eq!(
        (met.arrived_at, met.arrived_batch),
        (Some(instant("2026-04-15")), Some(1))
    );
    assert_eq!(
        (met.status.as_str(), met.decision.as_deref()),
        ("decided", Some("arrived"))
    );
    load(c, "CA", "2026-04-16", &enrolled(child("2"), "2026-01-12", &[]));
    assert_eq!(look(c, "2026-04-16"), met, "the first arrival stays");
}

#[test]
fn a_request_follows_its_student_through_a_split() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let (person, request) = asked(c);
    let california = crate::made_up::id("CA", "2");
    let other = link(c, &[california], None);
    assert_ne!(other, person);
    let now = open(c, request.work_item_id, state("TX"), "ana", instant("2026-04-12"))
        .unwrap()
        .unwrap();
    assert_eq!(now.person_id, other.number());
}
