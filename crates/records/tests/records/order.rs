//! In whatever order batches arrived, the consolidated record is the same; and to merge and to split leaves nothing
//! behind.

use crate::made_up::{child, day, held, person, row};
use mde::{Enrollment, Immunization, QualifyingMove, Student};
use proptest::prelude::*;
use serde_json::Value;
use store::persons::StudentRecord;

/// What a state says of a child, out of few values, so that states agree and contradict each other often.
fn any_student() -> impl Strategy<Value = Student> {
    let pick = |values: &'static [&'static str]| prop::sample::select(values.to_vec());
    let identity = (
        pick(&["García", "Garcia", "García López", "Xicotencatl"]),
        pick(&["", "2011-04-08", "2011-04-03"]),
        pick(&["", "1004", "1007"]),
        pick(&["", "Female", "Male"]),
    );
    let enrollment = (
        pick(&["Mission High", "Yakima High"]),
        pick(&["2024-08-20", "2025-01-10", "2025-09-01"]),
        pick(&["", "2024-12-20", "2025-05-30", "2026-02-01"]),
        pick(&["07", "09", "10", "12"]),
    );
    let moved = (
        pick(&["2021-05-05", "2024-06-01", "2025-08-11"]),
        pick(&["", "2025-09-09"]),
    );
    let dose = (
        pick(&["03", "20", "08"]),
        pick(&["", "2012-05-05", "2012-05-06", "2013-01-01"]),
    );
    (
        identity,
        prop::collection::vec(enrollment, 0..4),
        prop::collection::vec(moved, 0..3),
        prop::collection::vec(dose, 0..4),
    )
        .prop_map(|((last, birth, proof, gender), enrollments, moves, doses)| {
            let given = |values: &[(&'static str, &'static str)]| -> Vec<(&'static str, &'static str)> {
                values.iter().copied().filter(|v| !v.1.is_empty()).collect()
            };
            let mut student = child(
                "1",
                &given(&[
                    ("last_name_1", last),
                    ("birth_date", birth),
                    ("birth_verification", proof),
                    ("gender", gender),
                ]),
            );
            student.enrollments = enrollments
                .iter()
                .map(|(school, start, end, grade)| {
                    row::<Enrollment>(&given(&[
                        ("school_or_project_name", school),
                        ("enrollment_date", start),
                        ("withdrawal_date", end),
                        ("grade", grade),
                    ]))
                })
                .collect();
            student.qualifying_moves = moves
                .iter()
                .map(|(arrival, void)| {
                    row::<QualifyingMove>(&given(&[
                        ("qualifying_arrival_date", arrival),
                        ("void_date", void),
                    ]))
                })
                .collect();
            student.immunizations = doses
                .iter()
                .map(|(cvx, date)| {
                    row::<Immunization>(&given(&[("vaccine", "dose"), ("cvx", cvx), ("date", date)]))
                })
                .collect();
            student
        })
}

/// The students of five states, received in this order.
fn received(students: &[Student], order: &[usize]) -> Vec<StudentRecord> {
    const STATES: [(&str, &str); 5] = [
        ("TX", "2026-01-05"),
        ("WA", "2026-03-05"),
        ("FL", "2025-11-05"),
        ("CA", "2026-03-05"),
        ("MI", "2026-04-01"),
    ];
    let mut out: Vec<StudentRecord> = order
        .iter()
        .enumerate()
        .map(|(arrival, which)| {
            let (state, as_of) = STATES[*which];
            let mut record = held(state, as_of, students[*which].clone());
            record.batch_id = 100 + arrival as i64;
            record.received_at += chrono::TimeDelta::hours(arrival as i64);
            record
        })
        .collect();
    if order.len().is_multiple_of(2) {
        out.reverse();
    }
    out
}

/// The record without what tells when something was received.
fn timeless(students: Vec<StudentRecord>) -> Value {
    let record = records::consolidate(&person(students, &[]), day("2026-04-10"));
    let mut value = serde_json::to_value(record).unwrap();
    strip(&mut value);
    value
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !["batch_id", "received_at", "version"].contains(&name.as_str()));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_order_of_arrival_changes_nothing(
        students in prop::collection::vec(any_student(), 5),
        order in Just((0..5).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let straight = timeless(received(&students, &[0, 1, 2, 3, 4]));
        prop_assert!(straight == timeless(received(&students, &order)), "students in another order");
    }

    #[test]
    fn who_is_taken_apart_again_is_as_before(students in prop::collection::vec(any_student(), 5), cut in 1..4usize) {
        let all = received(&students, &[0, 1, 2, 3, 4]);
        let (one, other) = all.split_at(cut);
        let before = (timeless(one.to_vec()), timeless(other.to_vec()));
        let merged: Vec<StudentRecord> = other.iter().chain(one).cloned().collect();
        let record = records::consolidate(&person(merged.clone(), &[]), day("2026-04-10"));
        // Nothing that either said is lost by the merge.
        prop_assert_eq!(record.sources.len(), 5);
        let said: usize = students.iter().map(|s| s.qualifying_moves.len()).sum();
        prop_assert_eq!(record.qualifying_moves.len(), said);
        let states: Vec<_> = one.iter().map(|s| s.state).collect();
        let (one, other): (Vec<_>, Vec<_>) = merged.into_iter().partition(|s| states.contains(&s.state));
        prop_assert!(before == (timeless(one), timeless(other)));
    }
}
