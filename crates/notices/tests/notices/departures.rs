//! Who is expected to leave, and what its school says when it does.

use chrono::TimeDelta;
use diesel::PgConnection;
use mde::{PersonId, Student};
use notices::hand_offs::{CourseSoFar, Leaving, hand_off, take_back};
use notices::{Error, Kind, ManualNotice, Sender};
use records::roster::departures::{days, reasons};
use store::roster::Place;
use store::roster::departures::{Departing, Question, departing};
use store::{Access, Actor, Channel, Purpose};

use crate::made_up::{child, database, day, enrolled, instant, link, load, moved, state};

const TODAY: &str = "2026-04-10";

fn texan(key: Option<&str>) -> Sender<'_> {
    Sender {
        state: state("TX"),
        by: "account:registrar@tx.example",
        idempotency_key: key,
    }
}

fn access() -> Access {
    Access {
        actor: Actor::Operator {
            user: "tester".to_owned(),
        },
        on_behalf_of: None,
        purpose: Purpose::Program,
        channel: Channel::Export,
        at: instant(TODAY),
    }
}

/// A child that is enrolled and eligible in a district of Texas, and was there before in these times.
fn texas_child(id: &str, district: &str, before: &[(&str, &str)], until: Option<&str>) -> Student {
    let mut student = moved(
        child(id),
        "2025-08-11",
        &[("certificate_approval_date", "2025-09-01")],
    );
    for (from, left) in before {
        student = enrolled(student, from, &[("withdrawal_date", left)]);
    }
    let mut values = vec![("district_of_residence", district), ("grade", "10")];
    if let Some(until) = until {
        values.push(("withdrawal_date", until));
    }
    enrolled(student, "2025-08-18", &values)
}

fn listed(
    connection: &mut PgConnection,
    district: Option<&str>,
    weeks: i64,
    after: Option<PersonId>,
    limit: i64,
) -> (Vec<Departing>, bool, i64) {
    let question = Question {
        place: Place {
            state: state("TX"),
            districts: district.map(|name| vec![name.to_owned()]),
            school: None,
        },
        day: day(TODAY),
        until: day(TODAY) + TimeDelta::weeks(weeks),
    };
    departing(connection, &access(), &question, after, limit).unwrap()
}

fn notice(person_id: PersonId, expected: Option<&str>) -> ManualNotice {
    ManualNotice {
        kind: Kind::Arrival,
        person_id,
        to_state: state("WA"),
        district: None,
        city: None,
        expected_date: expected.map(day),
        contact: None,
        note: None,
    }
}

#[test]
fn who_is_to_be_withdrawn_announced_or_left_before_is_listed_in_order() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    // By its ways: it left for California in the middle of May of two years, which reports it no longer.
    let before = [("2023-08-21", "2024-05-15"), ("2024-08-19", "2025-05-16")];
    let past = load(
        c,
        "TX",
        "2026-04-01",
        &texas_child("1", "Mission CISD", &before, None),
    );
    let west = enrolled(child("9"), "2024-06-03", &[("withdrawal_date", "2024-08-01")]);
    let west = enrolled(west, "2025-06-09", &[("withdrawal_date", "2025-08-01")]);
    let west = load(c, "CA", "2025-09-01", &west);
    diesel::RunQueryDsl::execute(
        diesel::sql_query("update student_status set status = 'not_reported' where state = 'CA'"),
        c,
    )
    .unwrap();
    let past = link(c, &[past, west], None);
    // By a withdrawal to come, by a notice, and not at all.
    let mut alone = |id: &str, until| {
        let student = load(
            c,
            "TX",
            "2026-04-01",
            &texas_child(id, "Sharyland ISD", &[], until),
        );
        link(c, &[student], None)
    };
    let withdrawn = alone("2", Some("2026-04-20"));
    let announced = alone("3", None);
    let stays = alone("4", None);
    let later = alone("5", Some("2026-09-01"));
    let all = [past, withdrawn, announced, stays, later];
    records::roster::refresh(c, &all, instant(TODAY)).unwrap();
    notices::send(
        c,
        texan(None),
        &notice(announced, Some("2026-05-01")),
        instant(TODAY),
    )
    .unwrap();

    let (found, more, total) = listed(c, None, 6, None, 10);
    let who: Vec<PersonId> = found.iter().map(|of| of.child.person_id).collect();
    assert_eq!((who, more, total), (vec![withdrawn, announced, past], false, 3));
    let until = day(TODAY) + TimeDelta::weeks(6);
    let told: Vec<_> = found
        .iter()
        .map(|of| (days(of, until), reasons(of, until)))
        .collect();
    let text = |text: &str| vec![text.to_owned()];
    assert_eq!(
        told,
        [
            (
                Some((day("2026-04-20"), day("2026-04-20"))),
                text("is to be withdrawn on 2026-04-20")
            ),
            (
                Some((day("2026-05-01"), day("2026-05-01"))),
                text("goes to Washington by a notice of 2026-04-10, expected there on 2026-05-01")
            ),
            (
                Some((day("2026-05-11"), day("2026-05-17"))),
                text("left in the weeks of 2025-05-12 and 2024-05-13 for California")
            ),
        ]
    );
    // Each was written down as looked at; who is not listed was not.
    let looks = |c: &mut PgConnection, person| store::access::disclosures(c, person, 9).unwrap().len();
    assert_eq!((looks(c, past), looks(c, stays)), (1, 0));

    assert_eq!(
        listed(c, None, 6, None, 0).2,
        3,
        "counted alone, nobody is disclosed"
    );
    assert_eq!(looks(c, past), 1);
    let (first, more, total) = listed(c, None, 6, None, 2);
    assert_eq!((first.len(), more, total), (2, true, 3));
    let (rest, more, _) = listed(c, None, 6, Some(announced), 2);
    assert_eq!((rest.len(), more, rest[0].child.person_id), (1, false, past));
    assert_eq!(listed(c, Some("mission cisd"), 6, None, 10).2, 1);
    assert_eq!(listed(c, None, 2, None, 10).2, 1, "within two weeks");
    assert_eq!(listed(c, None, 26, None, 10).2, 4, "and in half a year");

    // The job keeps it: in June the weeks are past, and the next are those of the coming year.
    records::roster::refresh(c, &all, instant("2026-06-20")).unwrap();
    assert_eq!(listed(c, Some("mission cisd"), 26, None, 10).2, 0);
}

#[test]
fn a_notice_of_an_earlier_departure_tells_nothing_of_the_next_one() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let student = load(
        c,
        "TX",
        "2026-04-01",
        &texas_child("1", "Mission CISD", &[], None),
    );
    let person = link(c, &[student], None);
    records::roster::refresh(c, &[person], instant(TODAY)).unwrap();
    notices::send(c, texan(None), &notice(person, None), instant("2025-06-01")).unwrap();
    assert_eq!(listed(c, None, 6, None, 10).2, 0, "it has come back since");
    notices::send(c, texan(None), &notice(person, None), instant("2026-03-01")).unwrap();
    let (found, ..) = listed(c, None, 6, None, 10);
    assert_eq!(days(&found[0], day(TODAY)), None);
    assert_eq!(
        reasons(&found[0], day(TODAY)),
        ["goes to Washington by a notice of 2026-03-01, without a day"]
    );
}

/// A child of Texas and California.
fn two_states(c: &mut PgConnection) -> PersonId {
    let texas = load(
        c,
        "TX",
        "2026-04-01",
        &texas_child("1", "Mission CISD", &[], None),
    );
    let california = load(c, "CA", "2026-03-01", &enrolled(child("2"), "2024-06-01", &[]));
    link(c, &[texas, california], None)
}

fn leaving(person_id: PersonId) -> Leaving {
    Leaving {
        person_id,
        last_day: Some(day("2026-05-22")),
        to_state: Some(state("WA")),
        to_place: Some(" Quincy, with an uncle ".into()),
        contact: Some("Rosa, 956-555-0143".into()),
        note: None,
        courses: vec![CourseSoFar {
            title: "Algebra 1".into(),
            grade_to_date: Some("81".into()),
            clock_hours: Some("45.5".into()),
        }],
        tell: false,
    }
}

fn shown(c: &mut PgConnection, person: PersonId) -> Vec<(String, bool)> {
    let record = store::persons::read(c, &access(), person, &["all"])
        .unwrap()
        .unwrap();
    records::consolidate(&record, day(TODAY))
        .hand_offs
        .into_iter()
        .map(|of| (of.courses[0].grade_to_date.clone().unwrap(), of.confirmed))
        .collect()
}

#[test]
fn a_hand_off_is_shown_unconfirmed_until_the_states_next_word() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = two_states(c);
    let now = instant(TODAY);
    let before = store::persons::load(c, person).unwrap().unwrap();
    let first = hand_off(c, texan(Some("a")), &leaving(person), now).unwrap();
    assert_eq!(first.to_place.as_deref(), Some("Quincy, with an uncle"));
    assert!(first.holds() && first.move_notice_id.is_none());
    let again = hand_off(c, texan(Some("a")), &leaving(person), now).unwrap();
    assert_eq!(again, first, "the same key writes once");
    assert_eq!(shown(c, person), [("81".to_owned(), false)]);
    let after = store::persons::load(c, person).unwrap().unwrap();
    for (one, other) in before.students.iter().zip(&after.students) {
        assert_eq!(one.student, other.student, "it is no part of a record");
    }

    let mut better = leaving(person);
    better.courses[0].grade_to_date = Some("84".into());
    hand_off(c, texan(None), &better, now + TimeDelta::hours(1)).unwrap();
    assert_eq!(
        shown(c, person),
        [("84".to_owned(), false)],
        "a later one replaces it"
    );
    load(c, "CA", "2026-04-12", &enrolled(child("2"), "2024-06-02", &[]));
    assert_eq!(shown(c, person).len(), 1, "another state's word is not its own");
    load(
        c,
        "TX",
        "2026-04-13",
        &texas_child("1", "Mission CISD", &[], Some("2026-05-22")),
    );
    assert_eq!(shown(c, person), [], "the state's own word has come");
    let kept = store::hand_offs::of_students(c, &[first.student_id.0]).unwrap();
    assert_eq!(kept.len(), 2, "what was said stays known to the state");
    assert_eq!(kept[0].confirmed_at, Some(instant("2026-04-13")));
    assert_eq!(kept[1].ended.as_deref(), Some("replaced"));
}

#[test]
fn a_hand_off_goes_with_its_student_and_can_be_taken_back() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = two_states(c);
    let kept = hand_off(c, texan(None), &leaving(person), instant(TODAY)).unwrap();
    let other = link(c, &[kept.student_id], None);
    assert_eq!((shown(c, person).len(), shown(c, other).len()), (0, 1));
    let back = |c: &mut PgConnection, code: &str| {
        take_back(
            c,
            kept.hand_off_id,
            state(code),
            "account:x@tx.example",
            instant(TODAY),
        )
        .unwrap()
    };
    assert!(back(c, "CA").is_none(), "another state's is not there");
    assert!(back(c, "TX").unwrap().recorded);
    assert!(!back(c, "TX").unwrap().recorded);
    assert_eq!(shown(c, other), []);
}

/// What the feed says to a state of hand-offs: whose word, what is new, what is not so any more.
fn fed(c: &mut PgConnection, code: &str, persons: &[PersonId]) -> Vec<(String, i64, i64)> {
    notices::feed::tell(c, persons, instant(TODAY)).unwrap();
    let changes = store::changes::since(c, &access(), state(code), 0, 1_000).unwrap();
    changes
        .into_iter()
        .filter(|change| change.kind == "hand_off")
        .map(|change| {
            assert!(
                change
                    .person_id
                    .is_some_and(|id| persons.iter().any(|p| p.number() == id))
            );
            (
                change.from_state.unwrap(),
                change.added.unwrap(),
                change.removed.unwrap(),
            )
        })
        .collect()
}

/// How often a look at persons was asked for.
fn looks(c: &mut PgConnection) -> usize {
    let mut looks = 0;
    while let Some(job) =
        store::jobs::claim(c, &[notices::JOB], uuid::Uuid::now_v7(), instant("2027-01-01")).unwrap()
    {
        looks += 1;
        store::jobs::finish(c, &job).unwrap();
    }
    looks
}

#[test]
fn the_feed_tells_other_states_of_a_hand_off_and_when_it_does_not_hold_any_more() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = two_states(c);
    let told = |added, removed| ("TX".to_owned(), added, removed);
    looks(c);
    let first = hand_off(c, texan(Some("a")), &leaving(person), instant(TODAY)).unwrap();
    hand_off(c, texan(Some("a")), &leaving(person), instant(TODAY)).unwrap();
    assert_eq!(looks(c), 1, "the same is no news");
    assert_eq!(fed(c, "CA", &[person]), [told(1, 0)]);
    assert_eq!(fed(c, "CA", &[person]).len(), 1, "once");
    assert_eq!(fed(c, "TX", &[person]), [], "not to the state that says it");

    let mut better = leaving(person);
    better.note = Some("Leaves a week later".into());
    let second = hand_off(c, texan(None), &better, instant(TODAY)).unwrap();
    assert_eq!(fed(c, "CA", &[person])[1..], [told(1, 1)], "replaced");
    let back = |c: &mut PgConnection, id| {
        take_back(c, id, state("TX"), "account:x@tx.example", instant(TODAY)).unwrap()
    };
    looks(c);
    back(c, first.hand_off_id);
    assert_eq!(looks(c), 0, "it was replaced before");
    back(c, second.hand_off_id);
    assert_eq!(looks(c), 1);
    assert_eq!(fed(c, "CA", &[person])[2..], [told(0, 1)]);

    // Its state's own word takes its place; that the state reports the child no more does not.
    hand_off(c, texan(None), &leaving(person), instant("2026-04-11")).unwrap();
    assert_eq!(fed(c, "CA", &[person])[3..], [told(1, 0)]);
    let gone = "update student_status set status = 'not_reported' where state = 'TX'";
    diesel::RunQueryDsl::execute(diesel::sql_query(gone), c).unwrap();
    assert_eq!(shown(c, person).len(), 1);
    assert_eq!(fed(c, "CA", &[person]).len(), 4);
    load(
        c,
        "TX",
        "2026-04-13",
        &texas_child("1", "Mission CISD", &[], Some("2026-05-22")),
    );
    assert_eq!(fed(c, "CA", &[person])[4..], [told(0, 1)]);

    // Found out to be another child's, it is that child's.
    let third = hand_off(c, texan(None), &leaving(person), instant("2026-04-14")).unwrap();
    assert_eq!(fed(c, "CA", &[person])[5..], [told(1, 0)]);
    let other = link(c, &[third.student_id], None);
    assert_eq!(fed(c, "CA", &[person, other])[6..], [told(0, 1)]);
}

#[test]
fn the_other_state_is_told_at_once_and_all_or_nothing_is_kept() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = two_states(c);
    let mut telling = leaving(person);
    telling.tell = true;
    let kept = hand_off(c, texan(Some("a")), &telling, instant(TODAY)).unwrap();
    let again = hand_off(c, texan(Some("a")), &telling, instant(TODAY)).unwrap();
    assert_eq!(again, kept);
    let sent = notices::sent(c, state("TX"), false, None, 10).unwrap();
    assert_eq!(sent.len(), 1);
    assert_eq!(
        (
            Some(sent[0].move_notice_id),
            sent[0].recipient.as_str(),
            sent[0].expected_date,
            sent[0].city.as_deref()
        ),
        (
            kept.move_notice_id,
            "WA",
            Some(day("2026-05-22")),
            Some("Quincy, with an uncle")
        )
    );
    // Nobody can be told in a state that takes no part; then nothing is kept either.
    telling.to_state = Some(state("MT"));
    let refused = hand_off(c, texan(None), &telling, instant("2026-04-11"));
    assert!(matches!(refused, Err(Error::NotAParticipant(_))), "{refused:?}");
    telling.tell = false;
    let elsewhere = hand_off(c, texan(None), &telling, instant("2026-04-12")).unwrap();
    assert_eq!(elsewhere.to_state, Some(state("MT")), "but it can be said");
    assert_eq!(
        store::hand_offs::of_students(c, &[kept.student_id.0])
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn what_is_not_valid_is_refused_with_what_would_be_right() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let person = two_states(c);
    let mut refused = |change: &dyn Fn(&mut Leaving), why: &str| {
        let mut leaving = leaving(person);
        change(&mut leaving);
        let error = hand_off(c, texan(None), &leaving, instant(TODAY)).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    };
    refused(
        &|of| of.last_day = Some(day("2028-05-22")),
        "more than a year away",
    );
    refused(&|of| of.to_place = Some("x".repeat(101)), "shorten it to 100");
    refused(
        &|of| of.courses[0].clock_hours = Some("many".into()),
        "no. 1 has hours that are no number",
    );
    refused(
        &|of| of.courses[0].grade_to_date = Some("very good indeed".into()),
        "no. 1 has a grade that has 16",
    );
    refused(&|of| of.courses[0].title = " ".into(), "no. 1 has no title");
    refused(
        &|of| {
            (of.courses[0].grade_to_date, of.courses[0].clock_hours) = (None, None);
        },
        "neither a grade nor hours",
    );
    refused(&|of| of.courses = vec![of.courses[0].clone(); 21], "more than 20");
    refused(
        &|of| {
            (of.to_state, of.tell) = (None, true);
        },
        "to_state is needed",
    );
    refused(
        &|of| {
            (of.last_day, of.to_state, of.to_place) = (None, None, None);
            of.courses.clear();
        },
        "nothing else is said",
    );
    refused(
        &|of| {
            of.to_state = Some(state("TX"));
            of.tell = true;
        },
        "own state",
    );
    let washington = Sender {
        state: state("WA"),
        ..texan(None)
    };
    let error = hand_off(c, washington, &leaving(person), instant(TODAY)).unwrap_err();
    assert!(matches!(error, Error::HoldsNothing(_)), "{error}");
}
