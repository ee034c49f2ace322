//! Contradictions break nothing: they are shown, each with what the rule made of it.

use crate::made_up::{child, consolidated, day, held, row};
use mde::{Enrollment, Facility, Immunization, QualifyingMove, Student};
use records::ConsolidatedRecord;
use records::disagreement::DisagreementKind;
use records::eligibility::StandingKind;

fn with(id: &str, values: &[(&str, &str)], change: impl FnOnce(&mut Student)) -> Student {
    let mut student = child(id, values);
    change(&mut student);
    student
}

/// What is told of a kind: text, what the rule did, states.
fn told(record: &ConsolidatedRecord, kind: DisagreementKind) -> Vec<(String, String, String)> {
    record
        .disagreements
        .iter()
        .filter(|d| d.kind == kind)
        .map(|d| {
            let states: Vec<&str> = d.states.iter().map(mde::StateCode::as_str).collect();
            (d.text.clone(), d.rule.clone(), states.join(" "))
        })
        .collect()
}

#[test]
fn two_birth_dates() {
    let record = consolidated(
        vec![
            held(
                "TX",
                "2026-01-05",
                child(
                    "1",
                    &[("birth_date", "2011-04-08"), ("birth_verification", "1004")],
                ),
            ),
            held("FL", "2026-04-01", child("2", &[("birth_date", "2011-04-03")])),
        ],
        &[],
    );
    let (text, rule, states) = told(&record, DisagreementKind::Identity).remove(0);
    assert_eq!(text, "Birth Date: TX says 2011-04-08; FL says 2011-04-03");
    assert_eq!(
        rule,
        "2011-04-08 is shown: best evidence of birth: birth certificate."
    );
    assert_eq!(states, "FL TX");
}

#[test]
fn a_withdrawal_before_the_enrollment() {
    let place: Facility = row(&[
        ("code", "1"),
        ("name", "Mission High"),
        ("located_in_state", "TX"),
    ]);
    let enrolled = |end: &str| -> Enrollment {
        row(&[
            ("facility_code", "1"),
            ("enrollment_date", "2026-02-01"),
            ("withdrawal_date", end),
        ])
    };
    let of = |texas: &str, florida: &str| {
        consolidated(
            vec![
                held(
                    "TX",
                    "2026-01-05",
                    with("1", &[], |s| s.enrollments = vec![enrolled(texas)]),
                ),
                held(
                    "FL",
                    "2026-04-01",
                    with("2", &[], |s| s.enrollments = vec![enrolled(florida)]),
                ),
            ],
            &[("TX", place.clone()), ("FL", place.clone())],
        )
    };
    let record = of("2026-01-15", "2026-03-31");
    assert_eq!(record.enrollments.len(), 1);
    assert_eq!(
        (record.enrollments[0].end, record.enrollments[0].open),
        (Some(day("2026-03-31")), false)
    );
    let (text, rule, _) = told(&record, DisagreementKind::Enrollment).remove(0);
    assert_eq!(
        text,
        "Enrollment on 2026-02-01: TX says it ended on 2026-01-15, before it began"
    );
    assert!(rule.contains("with the end 2026-03-31"), "{rule}");
    // Where both are wrong, the end is not known; the child is not shown as still there.
    let record = of("2026-01-15", "2026-01-16");
    assert_eq!(
        (record.enrollments[0].end, record.enrollments[0].open),
        (None, false)
    );
    assert_eq!(told(&record, DisagreementKind::Enrollment).len(), 2);
}

#[test]
fn school_in_another_state_after_a_graduation() {
    let graduated = with("1", &[], |s| {
        s.enrollments = vec![row(&[
            ("school_or_project_name", "Mission High"),
            ("enrollment_date", "2024-08-20"),
            ("withdrawal_date", "2025-05-30"),
            ("grade", "12"),
            ("graduation_indicator", "Graduation"),
            ("graduation_date", "2025-05-30"),
        ])];
        s.qualifying_moves = vec![row::<QualifyingMove>(&[(
            "qualifying_arrival_date",
            "2024-08-01",
        )])];
    });
    let enrolled = with("2", &[], |s| {
        s.enrollments = vec![row(&[
            ("school_or_project_name", "Yakima High"),
            ("enrollment_date", "2026-03-01"),
            ("grade", "11"),
        ])];
    });
    let record = consolidated(
        vec![
            held("TX", "2026-01-05", graduated),
            held("WA", "2026-03-05", enrolled),
        ],
        &[],
    );
    let (text, rule, states) = told(&record, DisagreementKind::Graduation).remove(0);
    assert_eq!(
        text,
        "TX says that the child completed school on 2025-05-30; WA reports a school from 2026-03-01"
    );
    assert!(rule.contains("Eligibility in TX ends"), "{rule}");
    assert_eq!(states, "TX WA");
    assert_eq!(told(&record, DisagreementKind::Grade).len(), 1);
    let texts: Vec<_> = record
        .standings
        .iter()
        .map(|s| (s.standing, s.text.as_str()))
        .collect();
    assert_eq!(
        texts,
        [
            (
                StandingKind::Ended,
                "Eligibility in Texas ended on 2025-05-30: graduation"
            ),
            (
                StandingKind::NotCertified,
                "Washington has not certified a qualifying move"
            ),
        ]
    );
}

#[test]
fn eligible_in_one_state_and_not_certified_in_another() {
    let moved = |id: &str, values: &[(&str, &str)]| {
        let values = values.to_vec();
        with(id, &[("birth_date", "2012-01-01")], |s| {
            s.qualifying_moves = vec![row::<QualifyingMove>(&values)];
        })
    };
    let record = consolidated(
        vec![
            held(
                "TX",
                "2026-01-05",
                moved("1", &[("qualifying_arrival_date", "2025-08-11")]),
            ),
            held("WA", "2026-03-05", child("2", &[])),
            held(
                "FL",
                "2026-03-05",
                moved(
                    "3",
                    &[
                        ("qualifying_arrival_date", "2025-01-11"),
                        ("void_date", "2025-02-01"),
                        ("void_reason", "ERROR"),
                    ],
                ),
            ),
        ],
        &[],
    );
    let texts: Vec<_> = record.standings.iter().map(|s| s.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "Eligible in Texas until 2028-08-10: 36 months from the qualifying arrival",
            "Florida voided its certificate on 2025-02-01; it counts on no day, past ones included",
            "Washington has not certified a qualifying move; what Texas certified makes nobody eligible in Washington",
        ]
    );
}

#[test]
fn an_expiry_that_is_not_of_the_clock_is_told() {
    let texas = with(
        "1",
        &[("termination_date", "2026-01-01"), ("termination_flag", "01")],
        |s| {
            s.qualifying_moves = vec![row::<QualifyingMove>(&[(
                "qualifying_arrival_date",
                "2025-08-11",
            )])];
        },
    );
    let record = consolidated(vec![held("TX", "2026-01-05", texas)], &[]);
    let (text, rule, _) = told(&record, DisagreementKind::Eligibility).remove(0);
    assert!(text.contains("ended on 2026-01-01"), "{text}");
    assert!(rule.starts_with("2028-08-10 is taken as the end"), "{rule}");
}

#[test]
fn what_each_state_says_of_immunizations() {
    let dose = |values: &[(&str, &str)]| row::<Immunization>(values);
    let record = consolidated(
        vec![
            held(
                "TX",
                "2026-01-05",
                with("1", &[], |s| {
                    s.enrollments = vec![row(&[
                        ("enrollment_date", "2025-08-20"),
                        ("immunization_record", "Y"),
                    ])];
                }),
            ),
            held(
                "WA",
                "2026-03-05",
                with("2", &[], |s| {
                    s.immunizations = vec![
                        dose(&[("vaccine", "MMR"), ("cvx", "03"), ("date", "2012-05-05")]),
                        dose(&[("vaccine", "Hep B"), ("cvx", "08")]),
                        dose(&[
                            ("vaccine", "Religious exemption: varicella"),
                            ("date", "2024-09-01"),
                        ]),
                    ];
                }),
            ),
            held("FL", "2026-02-05", child("3", &[])),
        ],
        &[],
    );
    let texts: Vec<_> = record
        .immunization_reports
        .iter()
        .map(|r| r.text.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "WA says: 1 dose with dates, 1 vaccine without; exemptions: Religious exemption: varicella, 2024-09-01",
            "FL says: nothing",
            "TX says: record on file, no dates",
        ]
    );
    // An exemption is no dose.
    assert_eq!(
        record.immunizations.iter().map(|g| g.doses.len()).sum::<usize>(),
        2
    );
}

#[test]
fn continuation_and_priority_are_looked_at_as_far_as_the_hub_can() {
    let of = |reason: &str, grade: &str, arrival: &str| {
        let student = with("1", &[("birth_date", "2010-01-01")], |s| {
            s.enrollments = vec![row(&[
                ("enrollment_date", "2025-08-20"),
                ("grade", grade),
                ("continuation_reason", reason),
                ("priority_for_services", "N"),
            ])];
            s.enrollments.push(row(&[
                ("enrollment_date", "2025-01-20"),
                ("withdrawal_date", "2025-03-20"),
                ("exit_reason", "DROP"),
            ]));
            s.qualifying_moves = vec![row::<QualifyingMove>(&[("qualifying_arrival_date", arrival)])];
        });
        consolidated(vec![held("TX", "2026-01-05", student)], &[])
            .eligibility
            .remove(0)
    };
    let notes = |e: &records::eligibility::Eligibility| e.continuation.as_ref().unwrap().notes.clone();
    assert_eq!(notes(&of("03", "10", "2021-01-01")), Vec::<String>::new());
    assert_eq!(
        notes(&of("03", "05", "2021-01-01")),
        ["The child is in no secondary grade."]
    );
    assert!(notes(&of("02", "10", "2021-01-01"))[0].contains("more than a year ago"));
    assert!(notes(&of("01", "10", "2021-01-01"))[0].contains("before this enrollment began"));
    let eligible = of("01", "10", "2025-01-01");
    assert!(notes(&eligible)[0].contains("needs no continuation"));
    let priority = eligible.priority_for_services.unwrap();
    assert_eq!(
        priority.notes,
        ["The flag says no; a move on 2025-01-01 and dropping out on 2025-03-20 are known."]
    );
    assert_eq!(priority.checked.len(), 3);
}
