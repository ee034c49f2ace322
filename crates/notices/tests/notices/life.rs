//! What becomes of a notice: seen, answered, reopened, closed, reminded of, returned.

use diesel::PgConnection;
use notices::life::{Standing, sweep};
use notices::{
    Answer, Error, Kind, ManualNotice, Sender, acknowledge, close, inbox, open, reopen, send, sent,
};
use store::changes;
use store::notices::{Notice, Waited};

use crate::feed::access;
use crate::made_up::{child, database, day, enrolled, instant, link, load, state};

/// A notice that Texas sends to California, where it is the evening of Thursday, April 9, 2026.
fn announced(connection: &mut PgConnection) -> Notice {
    let student = load(connection, "TX", "2026-03-01", &child("1"));
    let person_id = link(connection, &[student], None);
    let texan = Sender {
        state: state("TX"),
        by: "ana@tx.example",
        idempotency_key: None,
    };
    let notice = ManualNotice {
        kind: Kind::Arrival,
        person_id,
        to_state: state("CA"),
        district: None,
        city: None,
        expected_date: None,
        contact: None,
        note: None,
    };
    send(connection, texan, &notice, instant("2026-04-10")).unwrap()
}

fn steps(connection: &mut PgConnection, id: i64) -> Vec<String> {
    store::notices::steps(connection, id)
        .unwrap()
        .into_iter()
        .map(|step| {
            let day = step.at.date_naive().format("%m-%d");
            let who = step.done_by.or(step.state).unwrap_or_else(|| "hub".to_owned());
            let said = [step.answer, step.note].into_iter().flatten().collect::<Vec<_>>();
            format!("{day} {} {who} {}", step.what, said.join(" "))
                .trim_end()
                .to_owned()
        })
        .collect()
}

fn read(connection: &mut PgConnection, id: i64) -> Notice {
    store::notices::find(connection, id).unwrap().unwrap()
}

/// What the feed tells a state of steps, by who took them.
fn told(connection: &mut PgConnection, code: &str) -> Vec<Option<String>> {
    notices::feed::tell(connection, &[], instant("2026-06-01")).unwrap();
    changes::since(connection, &access(code), state(code), 0, 100)
        .unwrap()
        .into_iter()
        .filter(|change| change.kind == "notice_step")
        .map(|change| change.from_state)
        .collect()
}

#[test]
fn every_step_is_kept_with_its_time_and_who_took_it() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let id = announced(c).move_notice_id;
    let (california, texas) = (state("CA"), state("TX"));
    inbox(c, california, true, None, 9, instant("2026-04-11")).unwrap();
    open(c, id, texas, Some("ana@tx"), instant("2026-04-11")).unwrap();
    assert_eq!(read(c, id).seen_at, None, "the sender's own look is none");
    open(c, id, california, None, instant("2026-04-12")).unwrap();
    assert_eq!(read(c, id).seen_at, None, "nor is a system's");
    open(c, id, california, Some("cal@ca"), instant("2026-04-13")).unwrap();
    open(c, id, california, Some("bea@ca"), instant("2026-04-14")).unwrap();
    assert!(
        open(c, id, state("FL"), Some("flo@fl"), instant("2026-04-14"))
            .unwrap()
            .is_none()
    );
    let answer = |c: &mut PgConnection, answer, by: &str, at: &str| {
        acknowledge(c, id, california, by, answer, Some("Which school?"), instant(at))
            .unwrap()
            .unwrap()
    };
    assert!(answer(c, Answer::NeedsData, "cal@ca", "2026-04-15").recorded);
    let second = answer(c, Answer::Arrived, "bea@ca", "2026-04-15");
    assert!(!second.recorded, "who comes second is told");
    assert_eq!(
        second.notice.answer.as_deref(),
        Some("needs_data"),
        "and shown the answer"
    );

    let early = reopen(c, id, texas, "ana@tx", Some(" "), instant("2026-04-16"));
    assert!(matches!(early, Err(Error::Invalid { member: "reason", .. })));
    let elsewhere = reopen(c, id, state("FL"), "flo@fl", Some("x"), instant("2026-04-16"));
    assert!(elsewhere.unwrap().is_none());
    let reopened = reopen(c, id, texas, "ana@tx", Some("Kern High"), instant("2026-04-16"))
        .unwrap()
        .unwrap();
    assert!(reopened.recorded);
    assert_eq!(
        (Standing::of(&reopened.notice), reopened.notice.answer),
        (Standing::Open, None)
    );
    // Ten working days after Wednesday evening.
    assert_eq!(reopened.notice.due_on, Some(day("2026-04-29")));
    let twice = reopen(c, id, texas, "ana@tx", Some("again"), instant("2026-04-16"))
        .unwrap()
        .unwrap();
    assert!(!twice.recorded, "it waits already");
    assert_eq!(
        inbox(c, california, true, None, 9, instant("2026-04-17"))
            .unwrap()
            .len(),
        1
    );

    assert!(
        close(c, id, california, "cal@ca", None, instant("2026-04-18"))
            .unwrap()
            .is_none(),
        "not its own"
    );
    assert!(answer(c, Answer::NotArrived, "cal@ca", "2026-04-18").recorded);
    assert_eq!(Standing::of(&read(c, id)), Standing::Answered);
    let closed = close(c, id, texas, "ana@tx", Some("Thank you"), instant("2026-04-20"))
        .unwrap()
        .unwrap();
    assert_eq!(
        (closed.recorded, Standing::of(&closed.notice)),
        (true, Standing::Closed)
    );
    assert!(
        !close(c, id, texas, "ana@tx", None, instant("2026-04-21"))
            .unwrap()
            .unwrap()
            .recorded
    );
    assert!(
        reopen(
            c,
            id,
            california,
            "bea@ca",
            Some("She came"),
            instant("2026-04-22")
        )
        .unwrap()
        .unwrap()
        .recorded
    );
    let arrived = answer(c, Answer::Arrived, "bea@ca", "2026-04-22");
    assert_eq!(
        Standing::of(&arrived.notice),
        Standing::Closed,
        "nothing is left to do"
    );
    assert_eq!(
        steps(c, id),
        [
            "04-11 received CA",
            "04-13 seen cal@ca",
            "04-15 answered cal@ca needs_data Which school?",
            "04-16 reopened ana@tx Kern High",
            "04-18 answered cal@ca not_arrived Which school?",
            "04-20 closed ana@tx Thank you",
            "04-22 reopened bea@ca She came",
            "04-22 answered bea@ca arrived Which school?",
        ]
    );
    let by = |state: &str| Some(state.to_owned());
    assert_eq!(
        told(c, "TX"),
        [by("CA"), by("CA"), by("CA"), by("CA")],
        "three answers and a reopening"
    );
    assert_eq!(told(c, "CA"), [by("TX"), by("TX")]);
    assert_eq!(told(c, "CA").len(), 2, "once");
}

#[test]
fn who_does_not_answer_is_reminded_once_and_the_notice_goes_back_once() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let notice = announced(c);
    let id = notice.move_notice_id;
    assert_eq!(
        notice.due_on,
        Some(day("2026-04-23")),
        "the tenth working day after Thursday"
    );
    let look = |c: &mut PgConnection, at: &str| {
        let done = sweep(c, format!("{at}T20:00:00Z").parse().unwrap()).unwrap();
        (done.reminded, done.returned)
    };
    assert_eq!(look(c, "2026-04-15"), (0, 0));
    assert_eq!(look(c, "2026-04-16"), (1, 0), "the fifth working day");
    assert_eq!(look(c, "2026-04-16"), (0, 0), "once");
    // It is still April 23 in California.
    let late = "2026-04-24T05:00:00Z".parse().unwrap();
    assert_eq!(sweep(c, late).unwrap(), Waited::default());
    assert_eq!(look(c, "2026-04-24"), (0, 1), "the last day is over");
    assert_eq!(look(c, "2026-05-25"), (0, 0), "once");
    assert_eq!(Standing::of(&read(c, id)), Standing::Returned);
    assert!(
        inbox(c, state("CA"), true, None, 9, instant("2026-05-26"))
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        sent(c, state("TX"), true, None, 9).unwrap().len(),
        1,
        "its sender has it to settle"
    );
    assert_eq!(told(c, "CA"), [None]);
    assert_eq!(told(c, "TX"), [None]);

    let late = acknowledge(
        c,
        id,
        state("CA"),
        "cal@ca",
        Answer::NotOurs,
        None,
        instant("2026-05-27"),
    );
    assert!(late.unwrap().unwrap().recorded, "better late than never");
    assert_eq!(Standing::of(&read(c, id)), Standing::Answered);
    assert_eq!(look(c, "2026-06-30"), (0, 0));
}

#[test]
fn a_states_own_holidays_are_not_counted() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let kept = mde::WorkCalendar {
        federal_holidays: true,
        own_holidays: [day("2026-04-13"), day("2026-04-14")].into(),
    };
    store::calendars::keep_work_days(c, state("CA"), &kept, "test", instant("2026-01-01")).unwrap();
    assert_eq!(announced(c).due_on, Some(day("2026-04-27")));
}

#[test]
fn what_the_hub_noticed_is_reminded_of_and_stays() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let texas = load(c, "TX", "2026-03-01", &enrolled(child("1"), "2025-08-20", &[]));
    let california = load(c, "CA", "2026-03-04", &enrolled(child("2"), "2026-03-03", &[]));
    let person = link(c, &[texas, california], None);
    assert_eq!(
        notices::handle_changed(c, &[person], instant("2026-03-05")).unwrap(),
        2
    );
    let done = sweep(c, instant("2026-04-30")).unwrap();
    assert_eq!(
        (done.reminded, done.returned),
        (2, 0),
        "nobody sent it, so nobody gets it back"
    );
    let waiting = inbox(c, state("CA"), true, None, 9, instant("2026-05-01")).unwrap();
    assert_eq!(waiting.len(), 1);
    let id = waiting[0].move_notice_id;
    assert!(
        close(c, id, state("TX"), "ana@tx", None, instant("2026-05-01"))
            .unwrap()
            .is_none()
    );
    let closed = close(c, id, state("CA"), "cal@ca", None, instant("2026-05-01"))
        .unwrap()
        .unwrap();
    assert_eq!(
        Standing::of(&closed.notice),
        Standing::Closed,
        "its recipient closes it"
    );
}

/// Two people answer in the same moment: one is recorded, the other is told what was.
#[test]
fn of_two_who_answer_at_once_one_is_recorded() {
    let (db, mut connection) = database();
    let id = announced(&mut connection).move_notice_id;
    let done: Vec<_> = std::thread::scope(|scope| {
        let hands: Vec<_> = [Answer::NotArrived, Answer::NotOurs]
            .into_iter()
            .map(|answer| {
                let mut connection = db.connect().unwrap();
                scope.spawn(move || {
                    let now = instant("2026-04-15");
                    acknowledge(&mut connection, id, state("CA"), answer.name(), answer, None, now)
                        .unwrap()
                        .unwrap()
                })
            })
            .collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).collect()
    });
    assert_eq!(done.iter().filter(|done| done.recorded).count(), 1);
    assert_eq!(
        done[0].notice.answer, done[1].notice.answer,
        "both are shown the one that stays"
    );
    assert_eq!(
        steps(&mut connection, id)
            .iter()
            .filter(|s| s.contains("answered"))
            .count(),
        1
    );
}
