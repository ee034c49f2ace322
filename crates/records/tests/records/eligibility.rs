//! Eligibility in one state: what begins it, what ends it, and who is right about the day.

use crate::made_up::{child, day, held, person, row, state};
use mde::{EligibilityRules, Enrollment, QualifyingMove, Student};
use records::eligibility::{Eligibility, Ending};

/// Eligibility in Texas on a day, of a child with these elements, moves and enrollments.
fn in_texas(
    today: &str,
    rules: &str,
    identity: &[(&str, &str)],
    moves: &[&[(&str, &str)]],
    enrollments: &[&[(&str, &str)]],
) -> Option<Eligibility> {
    let mut student: Student = child("1", identity);
    student.qualifying_moves = moves.iter().map(|m| row::<QualifyingMove>(m)).collect();
    student.enrollments = enrollments.iter().map(|e| row::<Enrollment>(e)).collect();
    let mut record = person(vec![held("TX", "2026-04-01", student)], &[]);
    let rules: EligibilityRules = serde_json::from_str(rules).unwrap();
    record.rules.insert(state("TX"), rules);
    records::consolidate(&record, day(today)).eligibility.pop()
}

fn ends(today: &str, rules: &str, identity: &[(&str, &str)], moves: &[&[(&str, &str)]]) -> (String, Ending) {
    let found = in_texas(today, rules, identity, moves, &[]).unwrap();
    (found.ends.to_string(), found.ending)
}

const ARRIVAL: [(&str, &str); 1] = [("qualifying_arrival_date", "2024-02-29")];

#[test]
fn the_last_day_is_the_states_own_choice() {
    assert_eq!(
        ends("2026-04-10", "{}", &[], &[&ARRIVAL]),
        ("2027-02-27".into(), Ending::Months36)
    );
    let same_day = r#"{"last_day":"same_day"}"#;
    assert_eq!(ends("2026-04-10", same_day, &[], &[&ARRIVAL]).0, "2027-02-28");
    let found = in_texas("2027-02-28", same_day, &[], &[&ARRIVAL], &[]).unwrap();
    assert!(
        found.eligible_today && found.rule.contains("this state's rule"),
        "{}",
        found.rule
    );
    assert!(
        !in_texas("2027-02-28", "{}", &[], &[&ARRIVAL], &[])
            .unwrap()
            .eligible_today
    );
}

#[test]
fn who_is_born_on_29_february_turns_22_on_the_last_day_of_it() {
    let born = [("birth_date", "2004-02-29")];
    assert_eq!(
        ends("2026-02-01", "{}", &born, &[&ARRIVAL]),
        ("2026-02-27".into(), Ending::Age22)
    );
}

#[test]
fn each_reason_of_termination_does_what_the_rule_says() {
    for (flag, rules, end, ending) in [
        ("02", "{}", "2025-06-01", Ending::Graduated),
        ("03", "{}", "2025-06-01", Ending::Equivalency),
        ("05", "{}", "2025-06-01", Ending::Deceased),
        ("01", "{}", "2027-02-27", Ending::Months36),
        ("04", "{}", "2027-02-27", Ending::Months36),
        (
            "01",
            r#"{"terminations":"2003"}"#,
            "2025-06-01",
            Ending::Terminated,
        ),
        (
            "04",
            r#"{"terminations":"2003"}"#,
            "2025-06-01",
            Ending::Terminated,
        ),
        (
            "02",
            r#"{"terminations":"2003"}"#,
            "2025-06-01",
            Ending::Graduated,
        ),
    ] {
        let said = [("termination_date", "2025-06-01"), ("termination_flag", flag)];
        assert_eq!(
            ends("2026-04-10", rules, &said, &[&ARRIVAL]),
            (end.into(), ending),
            "{flag} {rules}"
        );
    }
}

#[test]
fn an_expiry_that_the_clock_does_not_know_is_a_warning() {
    let said = [("termination_date", "2025-06-01"), ("termination_flag", "01")];
    let found = in_texas("2026-04-10", "{}", &said, &[&ARRIVAL], &[]).unwrap();
    assert!(found.eligible_today);
    assert_eq!(
        found.warnings[0],
        "The state says that eligibility ended on 2025-06-01; 2027-02-27 follows from the arrival on 2024-02-29."
    );
    // A day's difference is the other way to count.
    let agreed = [("termination_date", "2027-02-28"), ("birth_date", "2010-01-01")];
    let found = in_texas("2026-04-10", "{}", &agreed, &[&ARRIVAL], &[]).unwrap();
    assert!(found.warnings.is_empty(), "{:?}", found.warnings);
}

#[test]
fn a_new_move_renews_what_a_graduation_elsewhere_in_time_has_ended() {
    let said = [("termination_date", "2024-06-01"), ("termination_flag", "02")];
    let later = [("qualifying_arrival_date", "2025-03-01")];
    let found = in_texas("2026-04-10", "{}", &said, &[&ARRIVAL, &later], &[]).unwrap();
    assert_eq!(
        (found.qualifying_arrival_date, found.eligible_today),
        (day("2025-03-01"), true)
    );
    // Of the move before it the graduation was the end.
    assert_eq!(
        ends("2025-02-01", "{}", &said, &[&ARRIVAL, &later]),
        ("2024-06-01".into(), Ending::Graduated)
    );
}

#[test]
fn a_voided_certificate_makes_nobody_eligible_not_even_in_the_past() {
    let void = [
        ("qualifying_arrival_date", "2024-02-29"),
        ("void_date", "2026-01-01"),
    ];
    assert!(in_texas("2025-01-01", "{}", &[], &[&void], &[]).is_none());
    let older = [("qualifying_arrival_date", "2023-05-01")];
    assert_eq!(ends("2025-01-01", "{}", &[], &[&void, &older]).0, "2026-04-30");
}

#[test]
fn graduation_and_death_on_an_enrollment_end_it_too() {
    let graduated: &[(&str, &str)] = &[
        ("enrollment_date", "2024-09-01"),
        ("withdrawal_date", "2025-06-01"),
        ("graduation_indicator", "Graduation"),
        ("graduation_date", "2025-05-30"),
    ];
    let found = in_texas("2026-04-10", "{}", &[], &[&ARRIVAL], &[graduated]).unwrap();
    assert_eq!((found.ends, found.ending), (day("2025-05-30"), Ending::Graduated));
    let died: &[(&str, &str)] = &[
        ("enrollment_date", "2024-09-01"),
        ("withdrawal_date", "2025-01-07"),
        ("exit_reason", "DECEASED"),
    ];
    let found = in_texas("2026-04-10", "{}", &[], &[&ARRIVAL], &[died]).unwrap();
    assert_eq!((found.ends, found.ending), (day("2025-01-07"), Ending::Deceased));
}

#[test]
fn priority_is_the_states_flag_with_what_the_hub_can_see_of_it() {
    let flagged: &[(&str, &str)] = &[("enrollment_date", "2025-09-01"), ("priority_for_services", "Y")];
    let found = in_texas("2026-04-10", "{}", &[], &[&ARRIVAL], &[flagged]).unwrap();
    let priority = found.priority_for_services.unwrap();
    assert!(
        priority.flag && priority.notes[0].contains("year before 2025-09-01"),
        "{priority:?}"
    );
    let soon: &[(&str, &str)] = &[("enrollment_date", "2024-09-01"), ("priority_for_services", "Y")];
    let found = in_texas("2026-04-10", "{}", &[], &[&ARRIVAL], &[soon]).unwrap();
    assert!(found.priority_for_services.unwrap().notes.is_empty());
}
