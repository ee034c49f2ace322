//! What is missing from the record of a child that leaves.

use mde::code::Grade;
use records::missing::{Missing, missing};

use crate::made_up::{child, day, row};

const TODAY: &str = "2026-04-10";

#[test]
fn only_courses_of_this_school_year_that_are_not_finished_lack_something() {
    let mut student = child("1", &[]);
    for values in [
        &[("title", "Algebra 1"), ("begin_academic_year", "2025")][..],
        &[
            ("title", "English 1"),
            ("end_academic_year", "2026"),
            ("grade_to_date", "81"),
        ],
        &[
            ("title", "Biology"),
            ("begin_academic_year", "2025"),
            ("final_grade", "A"),
        ],
        &[("title", "History"), ("begin_academic_year", "2024")],
        &[("title", "Art"), ("clock_hours", "12")],
    ] {
        student.courses.push(row(values));
    }
    student.immunizations = vec![
        row(&[("vaccine", "MMR"), ("date", "2012-05-06")]),
        row(&[("vaccine", "Hep B")]),
    ];
    student.assessments = vec![row(&[("name", "Grade 8 Reading")])];
    let found = missing(&student, Some(Grade::G9), day(TODAY));
    assert_eq!(found.grade_to_date, ["Algebra 1", "Art"]);
    assert_eq!(found.clock_hours, ["Algebra 1", "English 1"]);
    assert_eq!(
        found.words(),
        [
            "Grade to date: Algebra 1, Art",
            "Hours so far: Algebra 1, English 1",
            "Date of one immunization"
        ]
    );
}

#[test]
fn what_no_child_of_its_grade_has_is_not_missed() {
    let nothing = child("1", &[]);
    let of = |grade| missing(&nothing, Some(grade), day(TODAY)).words();
    assert_eq!(
        of(Grade::G10),
        ["Any immunization", "Any assessment", "Any course"]
    );
    assert_eq!(of(Grade::G3), ["Any immunization", "Any assessment"]);
    assert_eq!(of(Grade::G2), ["Any immunization"]);
    assert_eq!(of(Grade::OutOfSchool), ["Any immunization", "Any course"]);
    assert!(Missing::default().is_nothing() && !missing(&nothing, None, day(TODAY)).is_nothing());
}
