//! Every submission, and what changed from one to the next.

use crate::made_up::{child, day, held, instant, person, row};
use mde::{Course, Enrollment, Student};
use records::history::{ChangeKind, as_known, differences};
use store::persons::{PersonRecord, Statement};
use store::students::Version;

fn enrolled(student: &mut Student, start: &str, grade: &str) {
    let values = [
        ("enrollment_date", start),
        ("facility_code", "1"),
        ("grade", grade),
    ];
    student.enrollments.push(row::<Enrollment>(&values));
}

fn version(number: i32, as_of: &str, student: Student) -> Version {
    Version {
        batch_id: 7,
        version: number,
        as_of: instant(as_of),
        received_at: instant("2026-04-02"),
        student,
    }
}

#[test]
fn submissions_come_newest_first_each_with_what_changed() {
    let first = child("1", &[("birth_date", "2011-04-08")]);
    let mut second = child("1", &[("birth_date", "2011-04-08"), ("gender", "Female")]);
    enrolled(&mut second, "2025-08-20", "04");
    let mut third = child("1", &[("birth_date", "2011-08-04"), ("gender", "Female")]);
    enrolled(&mut third, "2025-08-20", "05");
    let late = child("1", &[]);

    let mut current = held("TX", "2026-04-01", third);
    current.version = 3;
    let id = current.student_id;
    let versions = vec![
        version(2, "2026-02-01", second),
        version(1, "2025-09-01", first),
        version(0, "2025-10-01", late),
    ];
    let history = records::history(&person(vec![current], &[]), &[(id, versions)]);

    let submissions = &history[0].submissions;
    let told: Vec<_> = submissions
        .iter()
        .map(|s| (s.version, s.current, s.late, s.changes.len()))
        .collect();
    assert_eq!(
        told,
        [
            (3, true, false, 2),
            (2, false, false, 5),
            (0, false, true, 1),
            (1, false, false, 0)
        ]
    );
    let birth = &submissions[0].changes[0];
    assert_eq!((birth.element.as_str(), birth.kind), ("9", ChangeKind::Changed));
    assert_eq!(
        (birth.old.as_deref(), birth.new.as_deref()),
        (Some("2011-04-08"), Some("2011-08-04"))
    );
    let grade = &submissions[0].changes[1];
    assert_eq!(
        (grade.part.as_str(), grade.row.as_deref()),
        ("enrollment", Some("2025-08-20, 1"))
    );
    assert_eq!(
        (grade.old_label.as_deref(), grade.new_label.as_deref()),
        (Some("grade 4"), Some("grade 5"))
    );
    assert!(
        submissions[1]
            .changes
            .iter()
            .any(|c| c.kind == ChangeKind::Added && c.column == "facility_code")
    );
}

#[test]
fn an_order_is_no_difference_and_equal_numbers_are_equal() {
    let course = |title: &str, credits: &str| row::<Course>(&[("title", title), ("credits", credits)]);
    let mut old = child("1", &[]);
    old.courses = vec![course("Algebra", "0.50"), course("Art", "1")];
    let mut new = child("1", &[]);
    new.courses = vec![course("Art", "1.0"), course("Algebra", ".5")];
    assert_eq!(differences(&old, &new), []);
    new.courses.pop();
    let changes = differences(&old, &new);
    assert!(!changes.is_empty() && changes.iter().all(|c| c.kind == ChangeKind::Removed));
    assert_eq!(changes[0].row.as_deref(), Some("Algebra"));
}

#[test]
fn a_past_day_shows_what_was_held_then() {
    let first = child("1", &[("birth_date", "2011-04-08")]);
    let now = child("1", &[("birth_date", "2011-08-04")]);
    let mut current = held("TX", "2026-04-01", now);
    current.version = 2;
    let mut earlier = version(1, "2026-02-01", first);
    earlier.received_at = instant("2026-02-02");
    let versions = vec![(current.student_id, vec![earlier])];
    let record = person(vec![current, held("WA", "2026-03-15", child("7", &[]))], &[]);

    let on = |day: &str| {
        let then = records::history::as_known(&record, &versions, crate::made_up::day(day));
        let birth = records::consolidate(&then, crate::made_up::day(day))
            .element("birth_date")
            .map(|e| e.value.clone());
        (then.students.len(), birth)
    };
    assert_eq!(on("2026-01-31"), (0, None));
    assert_eq!(on("2026-02-02"), (1, Some("2011-04-08".to_owned())));
    assert_eq!(on("2026-03-31"), (2, Some("2011-04-08".to_owned())));
    assert_eq!(on("2026-04-01"), (2, Some("2011-08-04".to_owned())));
    // Who is no longer reported since then was reported on a day before.
    let gone = person(
        vec![crate::made_up::no_longer(
            held("TX", "2026-01-01", child("1", &[])),
            "2026-03-01",
        )],
        &[],
    );
    let live = |day: &str| records::history::as_known(&gone, &[], crate::made_up::day(day)).students[0].live;
    assert!(live("2026-02-28") && !live("2026-03-01"));
}

#[test]
fn two_versions_or_two_states_are_compared_field_by_field() {
    let mut current = held("TX", "2026-04-01", child("T:1", &[("gender", "Female")]));
    current.batch_id = 9;
    let versions = vec![(
        current.student_id,
        vec![version(1, "2026-02-01", child("T:1", &[]))],
    )];
    let other = held(
        "WA",
        "2026-03-15",
        child("7", &[("gender", "Male"), ("first_name", "Agnes")]),
    );
    let record = person(vec![current, other], &[]);
    let compare = |one: &str, other: &str| {
        records::history::compared(&record, &versions, &one.parse().unwrap(), &other.parse().unwrap()).map(
            |c| {
                let of = |c: &records::history::Change| (c.column.clone(), c.old.clone(), c.new.clone());
                c.differences.iter().map(of).collect::<Vec<_>>()
            },
        )
    };
    let text = |t: &str| Some(t.to_owned());
    assert_eq!(
        compare("TX:7:T:1", "TX:current:T:1"),
        Some(vec![("gender".to_owned(), None, text("Female"))])
    );
    assert_eq!(
        compare("TX:9:T:1", "WA:current:7"),
        Some(vec![
            ("first_name".to_owned(), text("Inés"), text("Agnes")),
            ("gender".to_owned(), text("Female"), text("Male"))
        ])
    );
    assert_eq!(compare("TX:8:T:1", "WA:current:7"), None);
    for bad in ["", "TX", "TX:x:1", "QQ:1:1"] {
        assert!(bad.parse::<records::history::Submission>().is_err(), "{bad}");
    }
}

#[test]
fn a_familys_statement_is_in_the_record_from_the_day_it_was_kept() {
    let student = held("TX", "2026-04-01", child("1", &[]));
    let id = student.student_id;
    let mut record = person(vec![student], &[]);
    let stated = |of, element: Option<&str>, on: &str| Statement {
        student_id: of,
        element: element.map(ToOwned::to_owned),
        says: "May 6".into(),
        statement: format!("Stated on {on}."),
        stated_at: instant(on),
    };
    let unlinked = held("TX", "2026-04-01", child("2", &[])).student_id;
    record.statements = vec![
        stated(id, Some("9"), "2026-04-03"),
        stated(unlinked, None, "2026-04-04"),
        stated(id, None, "2026-04-05"),
    ];
    let shown = |record: &PersonRecord| -> Vec<(Option<String>, String)> {
        records::consolidate(record, day("2026-04-10"))
            .statements
            .into_iter()
            .map(|entry| (entry.column, entry.statement))
            .collect()
    };
    let first = (Some("birth_date".to_owned()), "Stated on 2026-04-03.".to_owned());
    assert_eq!(
        shown(&record),
        [first.clone(), (None, "Stated on 2026-04-05.".to_owned())],
        "not what is about a student that is another child's"
    );
    assert_eq!(shown(&as_known(&record, &[], day("2026-04-04"))), [first]);
    assert_eq!(shown(&as_known(&record, &[], day("2026-04-02"))), []);
}
