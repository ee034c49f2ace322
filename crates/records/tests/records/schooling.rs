//! The way through schools: school of record, overlaps, gaps, grades.

use crate::made_up::{child, consolidated, day, held, row};
use mde::{Course, Enrollment, Facility, Student};
use records::schooling::{GradeMark, Schooling};

type Values<'v> = &'v [(&'v str, &'v str)];

fn enrolled(id: &str, rows: &[Values<'_>]) -> Student {
    let mut student = child(id, &[]);
    student.enrollments = rows.iter().map(|values| row::<Enrollment>(values)).collect();
    student
}

fn school<'v>(name: &'v str, start: &'v str, end: &'v str, grade: &'v str) -> Vec<(&'v str, &'v str)> {
    let mut values = vec![
        ("school_or_project_name", name),
        ("enrollment_date", start),
        ("grade", grade),
        ("enrollment_type", "01"),
    ];
    values.extend(Some(("withdrawal_date", end)).filter(|v| !v.1.is_empty()));
    values
}

fn of(texas: &[Vec<(&str, &str)>], washington: &[Vec<(&str, &str)>]) -> Schooling {
    fn slices<'v>(rows: &'v [Vec<(&'v str, &'v str)>]) -> Vec<Values<'v>> {
        rows.iter().map(Vec::as_slice).collect()
    }
    consolidated(
        vec![
            held("TX", "2026-01-05", enrolled("1", &slices(texas))),
            held("WA", "2026-03-05", enrolled("2", &slices(washington))),
        ],
        &[],
    )
    .schooling
}

#[test]
fn the_school_of_record_is_the_open_one_that_began_last() {
    let way = of(
        &[school("Mission High", "2025-08-20", "", "09")],
        &[school("Yakima High", "2026-03-01", "", "09")],
    );
    let record = way.school_of_record.unwrap();
    assert_eq!((record.state.as_str(), record.until), ("WA", None));
    assert!(record.rule.starts_with("of 2 schools"), "{}", record.rule);
    assert_eq!(way.overlaps.len(), 1);
    assert_eq!(
        way.overlaps[0].text,
        "In two schools from 2026-03-01 until today: Mission High (TX) and Yakima High (WA)"
    );
    // A school and a project at once are no contradiction, nor are a few days.
    let mut project = school("Summer project", "2025-09-01", "", "09");
    project[3] = ("enrollment_type", "02");
    let way = of(
        &[school("Mission High", "2025-08-20", "2026-03-10", "09"), project],
        &[school("Yakima High", "2026-03-01", "", "09")],
    );
    assert!(way.overlaps.is_empty(), "{:?}", way.overlaps);
}

#[test]
fn a_gap_in_term_time_is_told_and_a_summer_is_none() {
    let way = of(
        &[school("Mission Junior", "2024-08-20", "2025-05-30", "08")],
        &[school("Yakima High", "2025-11-03", "2025-12-12", "09")],
    );
    let gaps: Vec<_> = way
        .gaps
        .iter()
        .map(|g| {
            (
                g.left.as_str(),
                g.came.map(|s| s.to_string()),
                g.from,
                g.to,
                g.term_days,
            )
        })
        .collect();
    assert_eq!(
        gaps,
        [
            ("WA", None, day("2025-12-13"), None, 119),
            (
                "TX",
                Some("WA".to_owned()),
                day("2025-05-31"),
                Some(day("2025-11-02")),
                64
            ),
        ]
    );
    let way = of(
        &[school("Mission Junior", "2024-08-20", "2025-05-30", "08")],
        &[school("Yakima High", "2025-09-01", "", "09")],
    );
    assert!(way.gaps.is_empty(), "{:?}", way.gaps);
    // Who has graduated is missed by nobody.
    let mut last = school("Yakima High", "2024-09-01", "2025-06-10", "12");
    last.push(("exit_reason", "GRAD"));
    assert!(of(&[], &[last]).gaps.is_empty());
}

#[test]
fn odd_grades_are_marked() {
    let way = of(
        &[
            school("A", "2020-08-20", "2021-05-30", "04"),
            school("A", "2021-08-20", "2022-05-30", "05"),
            school("A", "2022-08-20", "2023-05-30", "05"),
        ],
        &[
            school("B", "2022-09-20", "2023-01-30", "05"),
            school("B", "2023-09-01", "2024-05-30", "08"),
            school("B", "2024-09-01", "2025-05-30", "07"),
            school("B", "2025-09-01", "", "08"),
        ],
    );
    let marks: Vec<_> = way
        .grades
        .iter()
        .rev()
        .map(|g| (g.grade.code.as_str(), g.mark))
        .collect();
    assert_eq!(
        marks,
        [
            ("04", GradeMark::First),
            ("05", GradeMark::Expected),
            ("05", GradeMark::Repeated),
            ("08", GradeMark::Jump),
            ("07", GradeMark::Back),
            ("08", GradeMark::Expected),
        ]
    );
    assert_eq!(
        way.grades[2].note.as_deref(),
        Some(
            "grade 5 in WA on 2022-09-20, grade 8 in WA on 2023-09-01: more grades than school years have passed"
        )
    );
}

#[test]
fn the_same_enrollment_from_two_states_counts_once() {
    let rows = [school("Mission High", "2025-08-20", "", "09")];
    let school_of_texas: Facility = row(&[
        ("code", "1"),
        ("name", "Mission High"),
        ("located_in_state", "TX"),
    ]);
    let mut texas = enrolled("1", &[rows[0].as_slice()]);
    texas.enrollments[0].facility_code = Some(school_of_texas.code.clone());
    let mut washington = texas.clone();
    washington.identity = child("2", &[]).identity;
    let record = consolidated(
        vec![
            held("TX", "2026-01-05", texas),
            held("WA", "2026-03-05", washington),
        ],
        &[("TX", school_of_texas.clone()), ("WA", school_of_texas)],
    );
    assert_eq!(record.enrollments.len(), 1);
    assert_eq!(record.enrollments[0].sources.len(), 2);
    assert!(record.schooling.overlaps.is_empty() && record.schooling.grades.len() == 1);
}

#[test]
fn a_foreign_school_keeps_country_title_and_grade_and_has_no_carnegie_units() {
    let school: Facility = row(&[
        ("code", "MX-7"),
        ("name", "Secundaria Técnica 12"),
        ("address3", "México"),
        ("city", "Reynosa"),
    ]);
    let mut student = enrolled(
        "1",
        &[&[
            ("enrollment_date", "2025-08-25"),
            ("facility_code", "MX-7"),
            ("grade", "08"),
        ]],
    );
    student.courses = vec![row::<Course>(&[
        ("title", "Matemáticas II"),
        ("facility_code", "MX-7"),
        ("final_grade", "9.2"),
    ])];
    let record = consolidated(vec![held("TX", "2026-01-05", student)], &[("TX", school)]);
    let facility = record.enrollments[0].facility.as_ref().unwrap();
    assert_eq!(facility.country.as_deref(), Some("Mexico"));
    assert_eq!(facility.title(), "Secundaria Técnica 12, Reynosa, Mexico");
    let course = &record.courses[0];
    assert_eq!(
        (
            course.title.as_str(),
            course.final_grade.as_deref(),
            course.credits.as_deref()
        ),
        ("Matemáticas II", Some("9.2"), None)
    );
    assert!(course.notes[0].contains("Taken in Mexico"), "{:?}", course.notes);
}
