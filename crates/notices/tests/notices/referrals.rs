//! School enrollments that may be migrant children: referred once, and what comes of it.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use mde::{PersonId, StateStudentId};
use notices::Error;
use notices::referrals::{Enrolled, Outcome, Referred, Saying, Told, read, refer, refresh, say};
use store::referrals::{self as kept, Standing};
use store::roster::Place;
use store::work_items::Taken;

use crate::made_up::{child, database, day, enrolled, instant, link, load, moved, state};

const TODAY: &str = "2026-04-10";
const BY: &str = "certificate:ab for registrar-4";

fn oregon(districts: Option<&[&str]>) -> Place {
    Place {
        state: state("OR"),
        districts: districts.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        school: None,
    }
}

/// A child of Texas and its person.
fn texan(c: &mut PgConnection, id: &str) -> PersonId {
    let student = load(c, "TX", "2026-03-01", &enrolled(child(id), "2025-08-18", &[]));
    link(c, &[student], None)
}

fn sent(
    c: &mut PgConnection,
    id: &str,
    candidates: &[PersonId],
    known: bool,
    now: DateTime<Utc>,
) -> Referred {
    let id = StateStudentId::new(id).unwrap();
    let enrolled = Enrolled {
        state_student_id: &id,
        facility_code: None,
        school: None,
        district: Some("Hood River".to_owned()),
        known,
        candidates: candidates.iter().map(|person| (*person, 0.875)).collect(),
    };
    refer(c, state("OR"), BY, &[enrolled], now).unwrap().remove(0)
}

/// The number of the referral, and whether it is new.
fn number(referred: Referred) -> (i64, bool) {
    match referred {
        Referred::As { referral, is_new } => (referral.referral_id, is_new),
        Referred::Needless(why) => panic!("{why}"),
    }
}

fn told(c: &mut PgConnection, id: i64) -> Told {
    read(c, &oregon(None), id).unwrap().unwrap()
}

fn saying(outcome: Outcome) -> Saying<'static> {
    Saying {
        outcome,
        person: None,
        note: None,
        seen: None,
    }
}

fn answer(c: &mut PgConnection, id: i64, saying: &Saying<'_>) -> Result<Option<Told>, Error> {
    say(
        c,
        &oregon(None),
        id,
        "account:ana@or.example",
        saying,
        instant("2026-04-15"),
    )
}

/// An upload of Oregon that brings a child, certified or not, linked to a person.
fn arrives(c: &mut PgConnection, id: &str, person: PersonId, certified: bool) {
    let student = enrolled(child(id), "2026-04-08", &[]);
    let student = if certified {
        moved(
            student,
            "2026-03-20",
            &[("certificate_approval_date", "2026-04-12")],
        )
    } else {
        student
    };
    let student = load(c, "OR", "2026-04-14", &student);
    link(c, &[student], Some(person));
}

#[test]
fn a_child_is_referred_once_with_its_last_day_and_again_only_for_somebody_new() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let now = instant(TODAY);
    let (a, b) = (texan(c, "1"), texan(c, "2"));
    let (id, is_new) = number(sent(c, "S-1", &[a], false, now));
    assert!(is_new);
    let first = told(c, id).referral;
    assert_eq!(
        (
            first.state_student_id.as_str(),
            first.district.as_deref(),
            first.verdict.as_str()
        ),
        ("S-1", Some("Hood River"), "possible")
    );
    assert_eq!(first.candidates().unwrap(), [(a, 0.875)]);
    // Ten working days from Thursday evening, Pacific time.
    assert_eq!(first.due_on, day("2026-04-23"));
    assert!(first.is_overdue(day("2026-04-24")) && !first.is_overdue(day("2026-04-23")));

    // The next night: the same one, and who else it may be is added.
    assert_eq!(number(sent(c, "S-1", &[a], false, now)), (id, false));
    assert_eq!(number(sent(c, "S-1", &[b, a], false, now)), (id, false));
    let persons: Vec<PersonId> = told(c, id)
        .referral
        .candidates()
        .unwrap()
        .iter()
        .map(|(p, _)| *p)
        .collect();
    assert_eq!(persons, [a, b]);

    // After its outcome there is none for a year, unless somebody is new.
    answer(c, id, &saying(Outcome::NotEligible)).unwrap().unwrap();
    let later = now + TimeDelta::days(300);
    assert_eq!(number(sent(c, "S-1", &[a], false, later)), (id, false));
    let third = texan(c, "3");
    let (second, is_new) = number(sent(c, "S-1", &[third], false, later));
    assert!(is_new && second != id);
    let by_then = instant("2026-04-15") + TimeDelta::days(366);
    answer(c, second, &saying(Outcome::NotFound)).unwrap().unwrap();
    assert!(
        number(sent(c, "S-1", &[a], false, by_then)).1,
        "a year later it is"
    );

    // Persons that were merged are who they are now, and nobody new.
    let (id, _) = number(sent(c, "S-2", &[a, b], false, now));
    store::links::retire(c, b, a, now).unwrap();
    assert_eq!(told(c, id).referral.candidates().unwrap(), [(a, 0.875)]);
    answer(c, id, &saying(Outcome::Declined)).unwrap().unwrap();
    assert_eq!(number(sent(c, "S-2", &[a], false, now)), (id, false));
}

#[test]
fn who_is_the_states_own_needs_no_recruiter() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let now = instant(TODAY);
    let person = texan(c, "1");
    assert!(
        number(sent(c, "S-1", &[person], true, now)).1,
        "Oregon has no student of it"
    );
    arrives(c, "OR-7", person, false);
    let needless = |referred| matches!(referred, Referred::Needless(_));
    assert!(
        needless(sent(c, "S-2", &[person], true, now)),
        "known, and its own"
    );
    let other = texan(c, "2");
    assert!(needless(sent(c, "OR-7", &[other], false, now)), "its own number");
    assert!(number(sent(c, "S-3", &[person], false, now)).1, "possibly a twin");
    assert_eq!(kept::count_open(c, &oregon(None), &Taken::ByAnybody).unwrap(), 2);
}

#[test]
fn an_upload_that_brings_the_child_is_its_outcome_but_never_over_a_persons_word() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let now = instant(TODAY);
    let persons: Vec<PersonId> = ["1", "2", "3", "4"].map(|id| texan(c, id)).to_vec();
    let ids: Vec<i64> = persons
        .iter()
        .enumerate()
        .map(|(at, person)| number(sent(c, &format!("S-{at}"), &[*person], false, now)).0)
        .collect();
    // One is certified, one is certified after somebody has spoken, one is uploaded without a move, one is not.
    answer(c, ids[1], &saying(Outcome::NotFound)).unwrap().unwrap();
    arrives(c, "S-0", persons[0], true);
    arrives(c, "S-1", persons[1], true);
    arrives(c, "S-2", persons[2], false);
    let later = instant("2026-04-20");
    assert_eq!(refresh(c, &persons, later).unwrap(), 2);
    assert_eq!(refresh(c, &persons, later).unwrap(), 0, "again changes nothing");

    let outcomes = |told: &Told| -> Vec<(String, bool)> {
        told.outcomes
            .iter()
            .map(|of| (of.outcome.clone(), of.is_by_upload()))
            .collect()
    };
    let found = told(c, ids[0]);
    assert_eq!(found.referral.outcome.as_deref(), Some("found_eligible"));
    assert_eq!(outcomes(&found), [("found_eligible".to_owned(), true)]);
    assert_eq!(
        (found.outcomes[0].person_id, found.outcomes[0].batch_id),
        (Some(persons[0].number()), Some(1))
    );
    let said = told(c, ids[1]);
    assert_eq!(
        said.referral.outcome.as_deref(),
        Some("not_found"),
        "it is shown beside"
    );
    assert_eq!(
        outcomes(&said),
        [
            ("not_found".to_owned(), false),
            ("found_eligible".to_owned(), true)
        ]
    );
    assert_eq!(told(c, ids[2]).referral.outcome, None);
    assert_eq!(told(c, ids[3]).referral.outcome, None);

    // What the upload showed a person can correct, and all of it stays known.
    let corrected = Saying {
        person: Some(persons[3]),
        note: Some("  The sister, not this one. "),
        ..saying(Outcome::FoundEligible)
    };
    let told = answer(c, ids[0], &corrected).unwrap().unwrap();
    assert_eq!(told.outcomes.len(), 2);
    assert_eq!(
        told.outcomes[1].note.as_deref(),
        Some("The sister, not this one.")
    );
    assert_eq!(
        answer(c, ids[0], &corrected).unwrap().unwrap().outcomes.len(),
        2,
        "the same again"
    );
    let stale = Saying {
        seen: Some(1),
        ..saying(Outcome::Declined)
    };
    assert!(matches!(answer(c, ids[0], &stale), Err(Error::Conflict(_))));
    let wrong = Saying {
        person: Some(persons[0]),
        ..saying(Outcome::Declined)
    };
    assert!(matches!(
        answer(c, ids[0], &wrong),
        Err(Error::Invalid {
            member: "person_id",
            ..
        })
    ));
    assert!(answer(c, 999, &saying(Outcome::Declined)).unwrap().is_none());

    let counts = kept::counts(c, &oregon(None), instant("2026-01-01"), day("2026-04-30")).unwrap();
    assert_eq!(
        (
            counts.referred,
            counts.open,
            counts.overdue,
            counts.found_eligible,
            counts.not_found
        ),
        (4, 2, 2, 1, 1)
    );
    // After 10 days by the upload, and after 5 by a person.
    assert_eq!(counts.median_days, Some(7.5));
}

#[test]
fn a_referral_is_seen_in_its_district_and_by_no_other_state() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let now = instant(TODAY);
    let person = texan(c, "1");
    let ids: Vec<i64> = ["A", "B", "C"]
        .iter()
        .enumerate()
        .map(|(at, id)| number(sent(c, id, &[person], false, now + TimeDelta::days(at as i64))).0)
        .collect();
    let page = |c: &mut PgConnection, place: &Place, after, limit| -> Vec<i64> {
        let found = kept::list(
            c,
            place,
            (Standing::Open, &Taken::ByAnybody),
            day(TODAY),
            after,
            limit,
        )
        .unwrap();
        found.iter().map(|referral| referral.referral_id).collect()
    };
    assert_eq!(page(c, &oregon(None), None, 2), ids[..2]);
    assert_eq!(page(c, &oregon(None), Some(ids[1]), 2), ids[2..]);
    assert_eq!(page(c, &oregon(Some(&["hood river"])), None, 9).len(), 3);
    assert_eq!(page(c, &oregon(Some(&["Nyssa"])), None, 9), [0_i64; 0]);
    assert!(read(c, &oregon(Some(&["Nyssa"])), ids[0]).unwrap().is_none());
    let texas = Place {
        state: state("TX"),
        ..oregon(None)
    };
    assert!(read(c, &texas, ids[0]).unwrap().is_none());
    assert_eq!(kept::districts(c, &oregon(None)).unwrap(), ["Hood River"]);

    let standing = |c: &mut PgConnection, standing, after| -> Vec<i64> {
        let found = kept::list(
            c,
            &oregon(None),
            (standing, &Taken::ByAnybody),
            day("2026-04-24"),
            after,
            9,
        )
        .unwrap();
        found.iter().map(|referral| referral.referral_id).collect()
    };
    assert_eq!(standing(c, Standing::Overdue, None), ids[..1]);
    for id in &ids[..2] {
        say(
            c,
            &oregon(None),
            *id,
            BY,
            &saying(Outcome::Declined),
            now + TimeDelta::days(*id),
        )
        .unwrap();
    }
    assert_eq!(standing(c, Standing::Done, None), [ids[1], ids[0]]);
    assert_eq!(standing(c, Standing::Done, Some(ids[1])), ids[..1]);
}
