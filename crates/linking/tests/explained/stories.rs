//! How a person came to be, told from the log of its links.

use super::{Event, Happened, explained, pairs, record_of, story};
use chrono::{DateTime, TimeZone, Utc};
use mde::PersonId;
use serde_json::{Value, json};
use uuid::Uuid;

fn day(day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 4, day, 3, 0, 0).unwrap()
}

fn name(student: Uuid) -> String {
    match student.as_u128() {
        1 => record_of("Texas", "123"),
        2 => record_of("California", "9-77"),
        other => record_of("Ohio", &other.to_string()),
    }
}

fn event(
    at: u32,
    student: u128,
    from: Option<i64>,
    to: i64,
    decided: &'static str,
    evidence: &'static Value,
) -> Event<'static> {
    Event {
        at: day(at),
        student: Uuid::from_u128(student),
        from: from.map(|id| PersonId::new(id).unwrap()),
        to: PersonId::new(to).unwrap(),
        decided,
        decided_by: "fixed-2",
        evidence,
    }
}

fn kept(value: Value) -> &'static Value {
    Box::leak(Box::new(value))
}

const P: i64 = 500_000_000_001;
const Q: i64 = 500_000_000_002;

#[test]
fn a_person_is_told_step_by_step() {
    let pair = pairs()
        .into_iter()
        .find(|pair| pair.title.contains("second last name"))
        .unwrap();
    let why = explained(&pair.a, &pair.b);
    let none = kept(json!({}));
    let joined = kept(json!({
        "students": [Uuid::from_u128(1), Uuid::from_u128(2)], "explanation": why,
    }));
    let merged = kept(json!({
        "work_item": 7, "kind": "merge", "requested_by": "account:a@tx.example", "students": null,
        "reason": "the mother showed both report cards", "explanation": null,
    }));
    let mut approved = event(9, 3, Some(Q), P, "reviewed", merged);
    approved.decided_by = "account:b@ca.example";
    let events = [
        event(9, 4, Some(Q), P, "reviewed", kept(json!({ "follows": Q }))),
        approved,
        event(2, 2, None, P, "automatic", joined),
        event(1, 1, None, P, "new", none),
        event(3, 3, None, Q, "new", none),
    ];
    let steps = story(&events, &name);
    let told: Vec<String> = steps
        .iter()
        .map(|step| format!("{}: {}", step.day(), step.words))
        .collect();
    assert_eq!(
        told[0],
        "2026-04-01: Texas’ record 123 became a new person, no. 500000000001."
    );
    assert!(
        told[1].starts_with("2026-04-02: California’s record 9-77 joined no. 500000000001 without people beside Texas’ record 123: same birth date; given name equal;")
            && told[1].contains("; probability "),
        "{}",
        told[1]
    );
    assert_eq!(
        told[3],
        "2026-04-09: Ohio’s record 4 and Ohio’s record 3, until then no. 500000000002, joined no. 500000000001, by \
         decision of people (asked for by a@tx.example, validated by b@ca.example), because “the mother showed both \
         report cards”."
    );
    let happened: Vec<Happened> = steps.iter().map(|step| step.happened).collect();
    assert_eq!(
        happened,
        [
            Happened::Began,
            Happened::Joined,
            Happened::Began,
            Happened::Moved
        ]
    );
    assert!(steps[1].explanation.is_some() && !steps[1].by_people && steps[3].by_people);
}

#[test]
fn a_split_is_told_and_an_empty_log_is_no_story() {
    let apart = kept(json!({ "kind": "split", "requested_by": "account:c@mi.example" }));
    let mut leaves = event(5, 2, Some(P), Q, "reviewed", apart);
    leaves.decided_by = "account:c@mi.example";
    let steps = story(&[leaves], &name);
    assert_eq!(
        steps[0].words,
        "California’s record 9-77 left no. 500000000001 for no. 500000000002, by decision of people (c@mi.example)."
    );
    assert!(story(&[], &name).is_empty());
}

/// One entry of the log alone.
fn told(event: Event<'static>) -> String {
    let steps = story(&[event], &name);
    assert_eq!(steps.len(), 1);
    assert_eq!(
        (steps[0].at, steps[0].from, steps[0].to),
        (event.at, event.from, event.to)
    );
    assert_eq!(steps[0].students, [event.student]);
    steps[0].words.clone()
}

#[test]
fn each_entry_is_a_sentence() {
    let by = |evidence: Value, decided_by: &'static str| {
        let mut event = event(1, 1, None, P, "reviewed", kept(evidence));
        event.decided_by = decided_by;
        told(event)
    };
    let none = kept(json!({}));
    let texas = "Texas’ record 123";
    for (sentence, expected) in [
        (
            told(event(1, 1, None, P, "new", none)),
            "became a new person, no. 500000000001.",
        ),
        (
            told(event(1, 1, None, P, "automatic", none)),
            "joined no. 500000000001 without people.",
        ),
        (
            told(event(1, 1, Some(P), Q, "new", none)),
            "left no. 500000000001 and became a new person, no. 500000000002.",
        ),
        (
            told(event(1, 1, Some(P), Q, "automatic", none)),
            ", until then no. 500000000001, joined no. 500000000002 without people.",
        ),
        (
            told(event(
                1,
                1,
                Some(P),
                Q,
                "reviewed",
                kept(json!({ "kind": "undo" })),
            )),
            "went from no. 500000000001 to no. 500000000002, because an earlier decision was undone, by decision of \
             people.",
        ),
        (
            by(json!({}), "fixed-2"),
            "joined no. 500000000001, by decision of people.",
        ),
        (
            by(json!({ "reason": "" }), "account:a@tx.example"),
            "joined no. 500000000001, by decision of people (a@tx.example).",
        ),
        (
            by(json!({ "requested_by": "account:a@tx.example" }), "a@tx.example"),
            "joined no. 500000000001, by decision of people (a@tx.example).",
        ),
        (
            by(
                json!({ "requested_by": "account:a@tx.example", "reason": "seen" }),
                "fixed-2",
            ),
            "joined no. 500000000001, by decision of people (a@tx.example), because “seen”.",
        ),
        (
            by(json!({ "requested_by": "a@tx.example" }), "account:b@ca.example"),
            "joined no. 500000000001, by decision of people (asked for by a@tx.example, validated by b@ca.example).",
        ),
    ] {
        let gap = if expected.starts_with(',') { "" } else { " " };
        assert_eq!(sentence, format!("{texas}{gap}{expected}"));
    }
}

#[test]
fn who_moves_together_is_told_together() {
    let none = kept(json!({}));
    let moves = |at, student| event(at, student, Some(P), Q, "automatic", none);
    let steps = story(&[moves(2, 1), moves(2, 2), moves(2, 3), moves(3, 4)], &name);
    assert_eq!(steps.len(), 2, "another day is another step");
    assert!(
        steps[0]
            .words
            .starts_with("Texas’ record 123, California’s record 9-77 and Ohio’s record 3, until then"),
        "{}",
        steps[0].words
    );
    assert!(!steps[0].by_people && steps[0].happened == Happened::Moved);
    // New records have each a reason of their own, and another person is another step.
    let joins = |student, to| event(2, student, None, to, "automatic", none);
    assert_eq!(story(&[joins(1, P), joins(2, P)], &name).len(), 2);
    let elsewhere = event(2, 3, Some(Q), P, "automatic", none);
    assert_eq!(story(&[moves(2, 1), elsewhere], &name).len(), 2);
}

#[test]
fn what_the_engine_found_is_told_with_whom() {
    let pair = &pairs()[3];
    let why = explained(&pair.a, &pair.b);
    let found = |students: [u128; 2]| {
        kept(json!({ "students": students.map(Uuid::from_u128), "explanation": why.clone() }))
    };
    let start = format!("{}; probability ", why.summary);
    let beside = told(event(1, 2, None, P, "automatic", found([1, 2])));
    assert!(
        beside.contains(&format!("without people beside Texas’ record 123: {start}")),
        "{beside}"
    );
    let turned = told(event(1, 2, None, P, "automatic", found([2, 1])));
    assert_eq!(turned, beside);
    let of_others = told(event(1, 2, None, P, "automatic", found([1, 3])));
    assert!(
        of_others.contains(&format!("without people: {start}")),
        "{of_others}"
    );
    let by_people = told(event(1, 2, None, P, "reviewed", found([1, 2])));
    assert!(
        by_people.contains(&format!(
            ", by decision of people (what the engine had found: {start}"
        )),
        "{by_people}"
    );
    let steps = story(&[event(1, 2, None, P, "automatic", found([1, 2]))], &name);
    let kept = steps[0].explanation.as_ref().unwrap();
    assert_eq!((kept.rule, &kept.summary), (why.rule, &why.summary));
}
