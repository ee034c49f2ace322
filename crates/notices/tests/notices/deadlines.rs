//! Deadlines: against a small model that knows nothing of the code, and by example.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc, Weekday};
use mde::WorkCalendar;
use mde::{EligibilityRules, Student};
use notices::deadline::{
    Content, Deadline, Departure, Receipt, Standing, StateDuties, Term, Told, deadlines,
};
use notices::duty::{Duty, Limit, Limits};
use proptest::prelude::*;

use crate::made_up::{child, day, enrolled, id, instant, moved, state};

fn california() -> StateDuties {
    StateDuties {
        zone: chrono_tz::America::Los_Angeles,
        since: day("2025-01-01"),
        work: WorkCalendar::default(),
        eligibility: EligibilityRules::default(),
        terms: BTreeMap::new(),
        fulls: Vec::new(),
    }
}

fn receipt(batch_id: i64, at: DateTime<Utc>) -> Receipt {
    Receipt {
        received_at: at,
        batch_id,
    }
}

fn owed(
    contents: &[(Receipt, &Student)],
    live: bool,
    duties: &StateDuties,
    departures: &[Departure],
    today: &str,
) -> Vec<Deadline> {
    let contents: Vec<Content<'_>> = contents
        .iter()
        .map(|(receipt, student)| Content {
            receipt: *receipt,
            student,
        })
        .collect();
    let told = Told {
        state: state("CA"),
        student_id: id("CA", "1"),
        current: live.then(|| contents.last().unwrap().student),
        contents,
    };
    deadlines(
        &told,
        duties,
        &Limits::default(),
        departures,
        &|_| None,
        day(today),
    )
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn a_new_certificate_is_due_in_ten_working_days_and_met_by_the_first_batch_that_tells_it() {
    let student = moved(
        child("1"),
        "2026-06-01",
        &[
            ("certificate_number", "C7"),
            ("certificate_approval_date", "2026-06-12"),
        ],
    );
    // Ten working days from Friday 12 June: Juneteenth is free. The batch of the last evening in California is already
    // of the next day in UTC.
    let evening = receipt(9, at("2026-06-30T05:30:00Z"));
    let found = owed(
        &[
            (receipt(4, at("2026-07-09T02:00:00Z")), &student),
            (evening, &student),
        ],
        true,
        &california(),
        &[],
        "2026-07-20",
    );
    let [deadline] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(deadline.duty, Duty::NewCertificate);
    assert_eq!(deadline.due_on, Some(day("2026-06-29")));
    assert_eq!(deadline.met, Some(evening));
    assert_eq!(deadline.met_on, Some(day("2026-06-29")));
    assert_eq!(deadline.standing(day("2026-07-20")), Standing::Met);
}

#[test]
fn what_nobody_reported_is_never_met_and_what_was_taken_back_is_no_duty() {
    let unsaid = moved(child("1"), "2026-06-01", &[]);
    let found = owed(
        &[(receipt(1, instant("2026-06-03")), &unsaid)],
        true,
        &california(),
        &[],
        "2026-07-01",
    );
    assert_eq!(found[0].standing(day("2026-07-01")), Standing::StartNotReported);

    let taken_back = moved(
        child("1"),
        "2026-06-01",
        &[
            ("certificate_approval_date", "2026-06-12"),
            ("void_date", "2026-06-20"),
        ],
    );
    let told = moved(
        child("1"),
        "2026-06-01",
        &[("certificate_approval_date", "2026-06-12")],
    );
    let contents = [
        (receipt(1, instant("2026-06-14")), &told),
        (receipt(2, instant("2026-06-21")), &taken_back),
    ];
    assert_eq!(owed(&contents, true, &california(), &[], "2026-07-01"), []);

    // From before the state took part.
    let old = moved(
        child("1"),
        "2024-06-01",
        &[("certificate_approval_date", "2024-06-12")],
    );
    assert_eq!(
        owed(
            &[(receipt(1, instant("2026-06-14")), &old)],
            true,
            &california(),
            &[],
            "2026-07-01"
        ),
        []
    );
}

#[test]
fn the_hubs_word_starts_four_working_days_and_a_full_upload_answers_it() {
    let student = child("1");
    let told_at = at("2026-11-25T20:00:00Z");
    let word = [
        Departure {
            move_notice_id: 3,
            state: state("CA"),
            told_at,
        },
        Departure {
            move_notice_id: 4,
            state: state("TX"),
            told_at,
        },
    ];
    let first = (receipt(1, instant("2026-11-20")), &student);
    let mut duties = california();
    let found = owed(&[first], true, &duties, &word, "2026-12-03");
    let [deadline] = found.as_slice() else {
        panic!("{found:?}")
    };
    // Thanksgiving and a weekend between.
    assert_eq!(deadline.due_on, Some(day("2026-12-02")));
    assert_eq!(deadline.standing(day("2026-12-02")), Standing::Open);
    assert_eq!(deadline.standing(day("2026-12-03")), Standing::Overdue);

    duties.fulls = vec![
        receipt(7, at("2026-11-24T02:00:00Z")),
        receipt(8, at("2026-12-04T08:00:00Z")),
    ];
    let found = owed(&[first], true, &duties, &word, "2026-12-05");
    assert_eq!(found[0].met, Some(duties.fulls[1]));
    assert_eq!(found[0].standing(day("2026-12-05")), Standing::Late);
}

#[test]
fn a_term_asks_for_every_child_that_was_enrolled_and_eligible_in_it() {
    let mut duties = california();
    duties.terms.insert(
        "kern high".to_owned(),
        BTreeSet::from([Term {
            name: "Fall".into(),
            begin: day("2026-08-10"),
            end: day("2026-12-18"),
        }]),
    );
    let base = moved(child("1"), "2024-01-10", &[]);
    let there = enrolled(
        base.clone(),
        "2026-10-01",
        &[
            ("district_of_residence", "KERN  High"),
            ("withdrawal_date", "2026-11-02"),
        ],
    );
    let contents = [(receipt(1, instant("2026-11-20")), &there)];
    assert_eq!(
        owed(&contents, true, &duties, &[], "2026-12-18"),
        [],
        "the term is not over"
    );
    let found = owed(&contents, true, &duties, &[], "2026-12-19");
    assert_eq!(found[0].due_on, Some(day("2027-01-17")));
    assert_eq!(found[0].met, None, "what was told in the term does not count");

    // Eligible until the day before the term began; gone before it began; not reported any more.
    let late = enrolled(
        moved(child("1"), "2023-08-10", &[]),
        "2026-08-10",
        &[("district_of_residence", "Kern High")],
    );
    assert_eq!(
        owed(
            &[(receipt(1, instant("2026-11-20")), &late)],
            true,
            &duties,
            &[],
            "2026-12-19"
        ),
        []
    );
    let gone = enrolled(
        base.clone(),
        "2026-06-01",
        &[
            ("district_of_residence", "Kern High"),
            ("withdrawal_date", "2026-08-09"),
        ],
    );
    assert_eq!(
        owed(
            &[(receipt(1, instant("2026-11-20")), &gone)],
            true,
            &duties,
            &[],
            "2026-12-19"
        ),
        []
    );
    assert_eq!(owed(&contents, false, &duties, &[], "2026-12-19"), []);

    // No calendar: said, without a date.
    let elsewhere = enrolled(base, "2026-10-01", &[("district_of_residence", "Delano")]);
    let found = owed(
        &[(receipt(1, instant("2026-11-20")), &elsewhere)],
        true,
        &duties,
        &[],
        "2026-12-19",
    );
    assert_eq!(
        (found[0].started_on, found[0].district.as_deref()),
        (None, Some("Delano"))
    );
}

#[test]
fn records_of_another_state_are_told_in_thirty_days() {
    let obtained = [("out_of_state_records_date", "2028-01-30")];
    let silent = enrolled(child("1"), "2028-01-10", &obtained);
    let told = enrolled(
        child("1"),
        "2028-01-10",
        &[obtained[0], ("out_of_state_transcript", "true")],
    );
    let contents = [
        (receipt(1, instant("2028-02-01")), &silent),
        (receipt(2, at("2028-02-29T20:00:00Z")), &told),
    ];
    let found = owed(&contents, true, &california(), &[], "2028-03-05");
    assert_eq!(found[0].due_on, Some(day("2028-02-29")), "a leap day is a day");
    assert_eq!(found[0].met.map(|met| met.batch_id), Some(2));
    assert_eq!(found[0].standing(day("2028-03-05")), Standing::Met);
}

#[test]
fn a_limit_that_is_read_otherwise_is_the_one_applied() {
    let limits = Limits::with([(Duty::NewCertificate, Limit::CalendarDays(10))]);
    assert_eq!(limits.of(Duty::NewCertificate), Limit::CalendarDays(10));
    assert_eq!(limits.of(Duty::EndOfTerm), Limit::CalendarDays(30));
    let json = serde_json::to_string(&limits).unwrap();
    assert_eq!(serde_json::from_str::<Limits>(&json).unwrap(), limits);
}

/// Days of 2026 on which California's offices are open, told without the calendar of the code.
fn open_days() -> Vec<NaiveDate> {
    let closed = [
        "01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "09-07", "10-12", "11-11", "11-26", "12-25",
    ]
    .map(|d| day(&format!("2026-{d}")));
    day("2026-01-01")
        .iter_days()
        .take_while(|d| d.year() == 2026)
        .filter(|d| d.weekday() != Weekday::Sat && d.weekday() != Weekday::Sun && !closed.contains(d))
        .collect()
}

proptest! {
    /// Certificates and words of the hub, in uploads of any order: due and met as a person with a wall calendar says.
    #[test]
    fn deadlines_are_as_a_wall_calendar_says(
        approvals in prop::collection::vec(0_u64..200, 1..4),
        uploads in prop::collection::vec((0_u64..250, 0_u32..24, any::<[bool; 4]>(), any::<bool>()), 1..6),
        words in prop::collection::vec((0_u64..240, 0_u32..24), 0..3),
    ) {
        let first = day("2026-01-02");
        let on = |n: u64| first + Days::new(n);
        let instant = |n: u64, hour: u32| on(n).and_hms_opt(hour, 30, 0).unwrap().and_utc();
        // Hours of UTC before eight are the day before in Los Angeles, winter or (before seven) summer.
        let local = |at: DateTime<Utc>| at.with_timezone(&chrono_tz::America::Los_Angeles).date_naive();
        let certificate = |student: Student, i: usize| {
            let arrival = on(i as u64).to_string();
            let (number, approved) = (format!("C{i}"), on(approvals[i]).to_string());
            moved(student, &arrival, &[("certificate_number", &number), ("certificate_approval_date", &approved)])
        };
        let all: Vec<usize> = (0..approvals.len()).collect();
        let mut told: Vec<(Receipt, Student)> = Vec::new();
        let mut fulls = Vec::new();
        for (number, (n, hour, holds, full)) in uploads.iter().enumerate() {
            let receipt = receipt(i64::try_from(number).unwrap(), instant(*n, *hour));
            if *full {
                fulls.push(receipt);
            }
            let student = all.iter().filter(|i| holds[**i]).fold(child("1"), |s, i| certificate(s, *i));
            told.push((receipt, student));
        }
        // The newest knows all.
        let last = receipt(99, instant(260, 12));
        told.push((last, all.iter().fold(child("1"), |s, i| certificate(s, *i))));
        let departures: Vec<Departure> = words
            .iter()
            .enumerate()
            .map(|(i, (n, hour))| Departure { move_notice_id: i64::try_from(i).unwrap(), state: state("CA"), told_at: instant(*n, *hour) })
            .collect();
        let duties = StateDuties { fulls, ..california() };
        let contents: Vec<(Receipt, &Student)> = told.iter().map(|(r, s)| (*r, s)).collect();
        let found = owed(&contents, true, &duties, &departures, "2026-12-31");
        prop_assert_eq!(found.len(), approvals.len() + words.len());

        let open = open_days();
        let after = |start: NaiveDate, n: usize| *open.iter().filter(|d| **d > start).nth(n - 1).unwrap();
        for (i, approval) in approvals.iter().enumerate() {
            let deadline = found.iter().find(|d| d.cause.ends_with(&format!("certificate C{i}"))).unwrap();
            prop_assert_eq!(deadline.due_on, Some(after(on(*approval), 10)));
            let holds = |student: &Student| student.qualifying_moves.iter().any(|m| m.certificate_number.as_ref().is_some_and(|c| c.as_str() == format!("C{i}")));
            let met = told.iter().filter(|(_, s)| holds(s)).map(|(r, _)| r.received_at).min().unwrap();
            prop_assert_eq!(deadline.met_on, Some(local(met)));
        }
        for departure in &departures {
            let deadline = found.iter().find(|d| d.cause.ends_with(&format!("notice {}", departure.move_notice_id))).unwrap();
            prop_assert_eq!(deadline.due_on, Some(after(local(departure.told_at), 4)));
            let met = told.iter().map(|(r, _)| r.received_at).filter(|at| *at > departure.told_at).min();
            prop_assert_eq!(deadline.met.map(|met| met.received_at), met);
        }

        // The order in which contents are handed over says nothing.
        let mut turned = contents.clone();
        let newest = turned.pop().unwrap();
        turned.reverse();
        turned.push(newest);
        prop_assert_eq!(owed(&turned, true, &duties, &departures, "2026-12-31"), found);
    }
}
