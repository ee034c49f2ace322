//! Every submission, and what changed from one to the next.

use crate::made_up::{child, held, instant, person, row};
use mde::{Course, Enrollment, Student};
use records::history::{ChangeKind, differences};
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
