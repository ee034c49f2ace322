//! What states are told of requests, corrections and days that come due: at their webhooks, and in the feed.

use diesel::PgConnection;
use mde::{PersonId, StateStudentId};
use notices::corrections::{Asker, Decision, Step, Taking, step, take};
use notices::data_requests::{Answering, Ask, Reply, What, answer, ask, take_back};
use notices::referrals::{Enrolled, Outcome, Saying, refer, say};
use notices::{Error, Keeper, Limits, ManualNotice, Sender, reminders};
use store::referrals::latest;
use store::roster::Place;
use store::webhooks::{self, SigningKeys};
use store::{calendars, changes, deliveries};

use crate::made_up::{access, child, database, day, enrolled, id, instant, link, load, state};

fn by(code: &str) -> Sender<'static> {
    Sender {
        state: state(code),
        by: "somebody",
        idempotency_key: None,
    }
}

/// A child of California and Texas, which both want to be told.
fn known(c: &mut PgConnection) -> PersonId {
    for code in ["CA", "TX"] {
        let keys = SigningKeys {
            seed: vec![1; 32],
            secret: vec![2; 24],
        };
        let address = format!("https://{code}.example/in");
        webhooks::keep(c, state(code), &address, &keys, "test", instant("2026-01-01")).unwrap();
    }
    let texas = load(c, "TX", "2026-03-01", &child("1"));
    let california = load(c, "CA", "2026-03-01", &enrolled(child("2"), "2026-01-10", &[]));
    link(c, &[texas, california], None)
}

/// What a state was told so far at its webhook, oldest first, beside what `of` is not about.
fn told(c: &mut PgConnection, code: &str, of: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = deliveries::list(c, state(code), None, 100)
        .unwrap()
        .into_iter()
        .map(|told| (told.kind, told.link))
        .filter(|(kind, _)| kind.starts_with(of))
        .collect();
    all.reverse();
    all
}

fn kinds(c: &mut PgConnection, code: &str, of: &str) -> Vec<String> {
    told(c, code, of).into_iter().map(|(kind, _)| kind).collect()
}

/// What the feed says to a state of requests: kind, by whom, which, and its own student.
fn fed(c: &mut PgConnection, code: &str) -> Vec<(String, String, i64, String)> {
    notices::feed::tell(c, &[], instant("2026-06-01")).unwrap();
    changes::since(c, &access(code, "2026-06-01"), state(code), 0, 100)
        .unwrap()
        .into_iter()
        .filter(|change| ["data_request", "correction"].contains(&change.kind.as_str()))
        .map(|change| {
            assert!(change.person_id.is_some() && change.added.is_none());
            (
                change.kind,
                change.from_state.unwrap(),
                change.work_item_id.unwrap(),
                change.state_student_id.unwrap(),
            )
        })
        .collect()
}

fn wanted(person_id: PersonId) -> Ask {
    Ask {
        person_id,
        to_state: state("CA"),
        what: What::Grades,
        note: None,
        for_correction: None,
    }
}

#[test]
fn both_states_of_a_request_are_told_what_the_other_one_does() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = known(c);
    let now = instant("2026-04-11");
    let first = ask(c, by("TX"), &wanted(person), now).unwrap().work_item_id;
    let link_of = |id: i64| format!("/v1/data-requests/{id}");
    assert_eq!(
        told(c, "CA", "data_request"),
        [("data_request.created".into(), link_of(first))]
    );
    let say = |c: &mut PgConnection, code: &str, reply, until: Option<&str>| {
        let answering = Answering {
            reply,
            until: until.map(day),
            note: None,
        };
        answer(c, first, state(code), "ben", &answering, now).unwrap()
    };
    assert!(say(c, "TX", Reply::Sent, None).is_none());
    assert_eq!(
        kinds(c, "TX", ""),
        Vec::<String>::new(),
        "nobody may, nothing is told"
    );
    say(c, "CA", Reply::NotYet, Some("2026-05-11"));
    load(c, "CA", "2026-04-15", &enrolled(child("2"), "2026-01-11", &[]));
    for _ in 0..2 {
        notices::handle_changed(c, &[person], instant("2026-04-15")).unwrap();
    }
    say(c, "CA", Reply::Sent, None);
    assert_eq!(
        told(c, "TX", "data_request"),
        [
            ("data_request.answered".into(), link_of(first)),
            ("data_request.arrived".into(), link_of(first))
        ],
        "each once, and not what comes too late"
    );

    let second = ask(c, by("TX"), &wanted(person), instant("2026-04-16"))
        .unwrap()
        .work_item_id;
    for _ in 0..2 {
        take_back(c, second, state("TX"), "ana", instant("2026-04-17")).unwrap();
    }
    assert_eq!(
        kinds(c, "CA", "data_request"),
        [
            "data_request.created",
            "data_request.created",
            "data_request.withdrawn"
        ]
    );

    let entry = |of: &str, id, own: &str| ("data_request".to_owned(), of.to_owned(), id, own.to_owned());
    let to_california = [
        entry("TX", first, "2"),
        entry("TX", second, "2"),
        entry("TX", second, "2"),
    ];
    assert_eq!(fed(c, "CA"), to_california);
    assert_eq!(fed(c, "CA"), to_california, "once");
    assert_eq!(fed(c, "TX"), [entry("CA", first, "1"), entry("CA", first, "1")]);
}

#[test]
fn both_states_of_a_correction_are_told_and_one_that_is_both_is_told_of_it_once() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = known(c);
    let taking = |owner: &str| Taking {
        person_id: person,
        owner: state(owner),
        asked_on: day("2026-03-02"),
        asker: Asker::Parent,
        spanish: false,
        element: None,
        says: "Algebra 1, F".into(),
        should_say: "Algebra 1, B".into(),
        grounds: None,
    };
    let id = take(c, by("TX"), &taking("CA"), instant("2026-03-07")).unwrap();
    let mut run = |code: &str, at: &str, what: Step| {
        let done = step(c, &access(code, at), id, by(code), &what).unwrap().unwrap();
        assert!(done.recorded);
    };
    run(
        "CA",
        "2026-03-11",
        Step::Decide(Decision::Declined, "The teacher stands by it.".into()),
    );
    run("TX", "2026-03-12", Step::Tell);
    run("TX", "2026-03-13", Step::Disagree("He was ill.".into()));
    assert_eq!(
        kinds(c, "CA", ""),
        ["correction.created", "correction.told", "correction.stated"]
    );
    assert_eq!(
        told(c, "TX", ""),
        [("correction.decided".into(), format!("/v1/corrections/{id}"))]
    );
    assert_eq!(fed(c, "CA").len(), 3);
    assert_eq!(fed(c, "TX"), [("correction".into(), "CA".into(), id, "1".into())]);

    let own = take(c, by("TX"), &taking("TX"), instant("2026-03-14")).unwrap();
    let declined = Step::Decide(Decision::Declined, "No.".into());
    step(c, &access("TX", "2026-03-15"), own, by("TX"), &declined)
        .unwrap()
        .unwrap();
    assert_eq!(
        told(c, "TX", "correction").last(),
        Some(&("correction.created".into(), format!("/v1/corrections/{own}"))),
        "it knows what it decides"
    );
    assert_eq!(fed(c, "TX").len(), 1, "no other state has done anything");

    let third = take(c, by("TX"), &taking("CA"), instant("2026-03-16")).unwrap();
    let corrected = Step::Decide(Decision::Corrected, "Yes.".into());
    step(c, &access("CA", "2026-03-17"), third, by("CA"), &corrected)
        .unwrap()
        .unwrap();
    load(c, "CA", "2026-03-18", &enrolled(child("2"), "2026-01-12", &[]));
    for _ in 0..2 {
        notices::handle_changed(c, &[person], instant("2026-03-18")).unwrap();
    }
    let last: Vec<String> = kinds(c, "TX", "").split_off(2);
    assert_eq!(last, ["correction.decided", "correction.arrived"]);
}

/// The job of every hour; again, since it may have been killed right after.
fn remind(c: &mut PgConnection, at: &str) {
    let now = instant(at);
    reminders::sweep(c, 2, now).unwrap();
    assert_eq!(reminders::sweep(c, 2, now).unwrap(), 0, "nothing is told twice");
}

#[test]
fn what_comes_due_is_told_before_and_after_its_last_day_once_each() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = known(c);
    // Asked on Friday, April 10, Californian time: due on the 24th, a Friday.
    let id = ask(c, by("TX"), &wanted(person), instant("2026-04-11"))
        .unwrap()
        .work_item_id;
    let due = |c: &mut PgConnection, code: &str| -> Vec<String> {
        let kinds = kinds(c, code, "data_request");
        kinds
            .into_iter()
            .filter(|kind| !kind.ends_with("created"))
            .collect()
    };
    remind(c, "2026-04-22");
    assert_eq!(due(c, "CA"), Vec::<String>::new(), "it is Tuesday evening there");
    remind(c, "2026-04-23");
    assert_eq!(due(c, "CA"), ["data_request.due_soon"]);
    remind(c, "2026-04-25");
    assert_eq!(due(c, "CA").len(), 1, "it is still the 24th there");
    remind(c, "2026-04-26");
    assert_eq!(due(c, "CA"), ["data_request.due_soon", "data_request.overdue"]);
    assert_eq!(
        due(c, "TX"),
        ["data_request.overdue"],
        "who asked is told that it waits"
    );
    assert_eq!(
        fed(c, "TX"),
        [("data_request".into(), "CA".into(), id, "1".into())]
    );

    // A later day counts anew.
    let later = Answering {
        reply: Reply::NotYet,
        until: Some(day("2026-05-15")),
        note: None,
    };
    answer(c, id, state("CA"), "ben", &later, instant("2026-04-27")).unwrap();
    remind(c, "2026-05-12");
    assert_eq!(due(c, "CA").len(), 2);
    remind(c, "2026-05-15");
    assert_eq!(due(c, "CA").len(), 3);
    answer(
        c,
        id,
        state("CA"),
        "ben",
        &Answering {
            reply: Reply::Sent,
            until: None,
            note: None,
        },
        instant("2026-05-15"),
    )
    .unwrap();
    remind(c, "2026-05-20");
    assert_eq!(due(c, "CA").len(), 3, "what is answered is not due");
}

/// Opens a referral of a child of Texas that may be this person, and again the day after. Its number.
fn referred(c: &mut PgConnection, person: PersonId) -> i64 {
    let number = StateStudentId::new("S-9").unwrap();
    let enrolled = Enrolled {
        state_student_id: &number,
        facility_code: None,
        school: None,
        district: None,
        known: false,
        candidates: vec![(person, 0.5)],
    };
    for at in ["2026-04-11", "2026-04-12"] {
        refer(
            c,
            state("TX"),
            "registrar-4",
            std::slice::from_ref(&enrolled),
            instant(at),
        )
        .unwrap();
    }
    let key = id("TX", "S-9").0;
    latest(c, &[key]).unwrap()[&key].referral_id
}

#[test]
fn a_referral_is_told_when_it_is_opened_and_when_it_comes_due() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = known(c);
    // Referred on Friday, April 10, Texan time: due on the 24th, a Friday.
    let number = referred(c, person);
    let link = format!("/v1/referrals/{number}");
    let said = |kinds: &[&str]| -> Vec<(String, String)> {
        kinds
            .iter()
            .map(|kind| (format!("referral.{kind}"), link.clone()))
            .collect()
    };
    assert_eq!(
        told(c, "TX", "referral"),
        said(&["created"]),
        "once, and no child in it"
    );
    remind(c, "2026-04-22");
    assert_eq!(told(c, "TX", "referral").len(), 1, "it is Tuesday evening there");
    remind(c, "2026-04-23");
    assert_eq!(told(c, "TX", "referral"), said(&["created", "due_soon"]));
    remind(c, "2026-04-25");
    assert_eq!(told(c, "TX", "referral").len(), 2, "it is still the 24th there");
    remind(c, "2026-04-26");
    assert_eq!(
        told(c, "TX", "referral"),
        said(&["created", "due_soon", "overdue"])
    );
    assert_eq!(told(c, "CA", "referral"), [], "nobody else's");
}

#[test]
fn a_referral_with_an_outcome_does_not_come_due() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = known(c);
    let number = referred(c, person);
    let saying = Saying {
        outcome: Outcome::NotFound,
        person: None,
        note: None,
        seen: None,
    };
    let place = Place {
        state: state("TX"),
        districts: None,
        school: None,
    };
    say(
        c,
        &place,
        number,
        "account:ana@tx.example",
        &saying,
        instant("2026-04-14"),
    )
    .unwrap();
    remind(c, "2026-04-23");
    remind(c, "2026-04-26");
    assert_eq!(kinds(c, "TX", "referral"), ["referral.created"]);
}

#[test]
fn a_states_own_deadlines_are_told_by_its_own_working_days() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = known(c);
    let taking = Taking {
        person_id: person,
        owner: state("CA"),
        asked_on: day("2026-03-02"),
        asker: Asker::Parent,
        spanish: false,
        element: None,
        says: "x".into(),
        should_say: "y".into(),
        grounds: None,
    };
    take(c, by("CA"), &taking, instant("2026-03-07")).unwrap();
    let settle = |c: &mut PgConnection, at: &str| {
        let keeper = Keeper::open(c, Limits::default(), instant(at)).unwrap();
        keeper.settle(c, &[person], instant(at)).unwrap();
    };
    settle(c, "2026-03-07");
    // To be decided by Wednesday, April 1; Tuesday is a holiday of the state.
    let days = mde::WorkCalendar {
        federal_holidays: true,
        own_holidays: [day("2026-03-31")].into(),
    };
    calendars::keep_work_days(c, state("CA"), &days, "test", instant("2026-03-08")).unwrap();
    remind(c, "2026-03-27");
    assert_eq!(
        kinds(c, "CA", "deadline"),
        Vec::<String>::new(),
        "Thursday evening"
    );
    remind(c, "2026-03-28");
    let soon = told(c, "CA", "deadline");
    assert_eq!(soon.len(), 1);
    assert_eq!(soon[0].0, "deadline.due_soon");
    settle(c, "2026-04-03");
    remind(c, "2026-04-03");
    assert_eq!(
        told(c, "CA", "deadline"),
        [
            soon[0].clone(),
            ("deadline.overdue".to_owned(), soon[0].1.clone())
        ]
    );
    let number: i64 = soon[0].1.rsplit('/').next().unwrap().parse().unwrap();
    let kept = store::deadlines::find(c, number, state("CA")).unwrap().unwrap();
    assert_eq!(kept.due_on, Some(day("2026-04-01")));
    assert!(store::deadlines::find(c, number, state("TX")).unwrap().is_none());
    assert_eq!(kinds(c, "TX", "deadline"), Vec::<String>::new());
}

#[test]
fn a_key_that_has_sent_something_else_is_refused_whatever_is_sent() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = known(c);
    let now = instant("2026-04-11");
    let keyed = |key| Sender {
        idempotency_key: Some(key),
        ..by("TX")
    };
    let notice = ManualNotice {
        kind: notices::Kind::Inquiry,
        person_id: person,
        to_state: state("CA"),
        district: None,
        city: None,
        expected_date: None,
        contact: None,
        note: None,
    };
    let sent = notices::send(c, keyed("k"), &notice, now).unwrap();
    let again = notices::send(c, keyed("k"), &notice, now).unwrap();
    assert_eq!(again.move_notice_id, sent.move_notice_id);
    let other = ManualNotice {
        note: Some("Is she there?".into()),
        ..notice
    };
    assert!(matches!(
        notices::send(c, keyed("k"), &other, now),
        Err(Error::KeyReused)
    ));
    assert!(
        matches!(ask(c, keyed("k"), &wanted(person), now), Err(Error::KeyReused)),
        "a key is for one thing"
    );
    let refused = Ask {
        to_state: state("FL"),
        ..wanted(person)
    };
    assert!(ask(c, keyed("k2"), &refused, now).is_err());
    ask(c, keyed("k2"), &wanted(person), now).expect("what was refused has not used its key");
}
