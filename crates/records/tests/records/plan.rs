//! The way to graduation: what counts once, what is whole, what is still needed.

use crate::made_up::{child, day, held, person, row};
use mde::{Course, Decimal, Enrollment, GraduationRequirement, Student};
use proptest::prelude::*;
use records::plan::{Basis, GraduationPlan, PlanCourse};
use store::persons::StudentRecord;
use store::requirements::Requirement;

type Values<'v> = Vec<(&'v str, &'v str)>;

fn student(
    state: &str,
    as_of: &str,
    courses: &[Values<'_>],
    more: impl FnOnce(&mut Student),
) -> StudentRecord {
    let mut student = child(state, &[]);
    student.courses = courses.iter().map(|c| row::<Course>(c)).collect();
    more(&mut student);
    held(state, as_of, student)
}

fn plan_of(students: Vec<StudentRecord>) -> GraduationPlan {
    records::consolidate(&person(students, &[]), day("2026-04-10"))
        .plan
        .expect("courses make a plan")
}

/// The one course of children of two states.
fn course_of(texas: &[Values<'_>], washington: &[Values<'_>]) -> PlanCourse {
    let plan = plan_of(vec![
        student("TX", "2026-01-05", texas, |_| {}),
        student("WA", "2026-03-05", washington, |_| {}),
    ]);
    assert_eq!(plan.courses.len(), 1, "{:?}", plan.courses);
    plan.courses[0].clone()
}

fn algebra<'v>(year: &'v str, section: &'v str, term: &'v str, credits: &'v str) -> Values<'v> {
    vec![
        ("title", "Algebra I"),
        ("sced", "02052"),
        ("course_year", year),
        ("section", section),
        ("term_type", term),
        ("credits", credits),
        ("final_grade", if credits == "0" { "F" } else { "B" }),
    ]
}

#[test]
fn section_a_in_one_state_and_b_in_another_are_a_whole_course_over_the_new_year() {
    let course = course_of(
        &[algebra("2024", "02", "0828", "0.5")],
        &[algebra("2025", "03", "0828", "0.5")],
    );
    assert_eq!((course.granted.as_str(), course.toward.as_str()), ("1", "1"));
    assert_eq!(
        course.notes,
        ["One course together: section A in TX (2024) + section B in WA (2025)."]
    );
    let of: Vec<_> = course
        .parts
        .iter()
        .map(|p| (p.state.as_str(), p.granted.as_str()))
        .collect();
    assert_eq!(of, [("TX", "0.5"), ("WA", "0.5")]);
}

#[test]
fn a_course_that_was_credited_counts_once_and_says_where() {
    let course = course_of(
        &[algebra("2024", "01", "0827", "1")],
        &[algebra("2025", "01", "0827", "1")],
    );
    assert_eq!((course.granted.as_str(), course.toward.as_str()), ("2", "1"));
    assert_eq!(
        course.notes,
        ["1 of the 1 granted by WA were already earned in TX (2024)."]
    );
    // Half of it was.
    let course = course_of(
        &[algebra("2024", "02", "0828", "0.5")],
        &[algebra("2025", "01", "0827", "1")],
    );
    assert_eq!((course.granted.as_str(), course.toward.as_str()), ("1.5", "1"));
    // The same half again.
    let course = course_of(
        &[algebra("2024", "02", "0828", "0.5")],
        &[algebra("2025", "02", "0828", "0.5")],
    );
    assert_eq!(course.toward, "0.5");
}

#[test]
fn parts_that_were_rounded_make_a_whole_and_what_was_granted_stays() {
    let third = |year| algebra(year, "01", "0829", "0.33");
    let course = course_of(&[third("2024"), third("2025")], &[third("2026")]);
    assert_eq!((course.granted.as_str(), course.toward.as_str()), ("0.99", "1"));
    assert!(course.notes[0].contains("3 parts of 0.33"), "{:?}", course.notes);
    let fifth = |year| algebra(year, "01", "0831", "0.2");
    let course = course_of(
        &[fifth("2022"), fifth("2023"), fifth("2024")],
        &[fifth("2025"), fifth("2026")],
    );
    assert_eq!(course.toward, "1");
    // Two of three are no whole, and a fourth is a repetition.
    let course = course_of(&[third("2024")], &[third("2025")]);
    assert_eq!(course.toward, "0.66");
    let course = course_of(&[third("2023"), third("2024"), third("2025")], &[third("2026")]);
    assert_eq!((course.granted.as_str(), course.toward.as_str()), ("1.32", "1"));
}

#[test]
fn a_failure_is_recovered_and_partial_work_is_no_credit() {
    let course = course_of(
        &[algebra("2024", "01", "0827", "0")],
        &[algebra("2025", "01", "0827", "1")],
    );
    assert_eq!(course.toward, "1");
    assert_eq!(course.notes, ["No credit in TX (2024); recovered in WA."]);
    let mut partial = algebra("2025", "02", "0828", "0");
    partial.retain(|(column, _)| !["credits", "final_grade"].contains(column));
    partial.extend([("clock_hours", "40"), ("grade_to_date", "81")]);
    let plan = plan_of(vec![student("TX", "2026-01-05", &[partial], |_| {})]);
    assert_eq!(
        (plan.earned.as_str(), plan.courses[0].toward.as_str()),
        ("0", "0")
    );
    assert_eq!(
        (plan.subjects[0].in_progress, plan.subjects[0].hours.as_str()),
        (1, "40")
    );
}

#[test]
fn ten_credits_for_a_term_are_kept_as_sent_and_count_as_one_course() {
    let course = course_of(
        &[algebra("2024", "01", "0828", "10")],
        &[algebra("2025", "01", "0827", "1")],
    );
    assert_eq!((course.granted.as_str(), course.toward.as_str()), ("11", "1"));
    assert!(
        course.notes[0].starts_with("10 units by TX"),
        "{:?}",
        course.notes
    );
    let record = records::consolidate(
        &person(
            vec![student(
                "TX",
                "2026-01-05",
                &[algebra("2024", "01", "0828", "10")],
                |_| {},
            )],
            &[],
        ),
        day("2026-04-10"),
    );
    assert_eq!(record.credits_earned, "10");
    assert_eq!(record.disagreements[0].kind.name(), "credits");
}

#[test]
fn another_year_of_the_same_sport_is_no_repetition() {
    let sport = |year| -> Values<'_> {
        vec![
            ("title", "Physical Education"),
            ("sced", "08001"),
            ("course_year", year),
            ("credits", "0.5"),
            ("final_grade", "A"),
        ]
    };
    let course = course_of(&[sport("2024")], &[sport("2025")]);
    assert_eq!(course.toward, "1");
}

fn requirement<'v>(subject: &'v str, units: &'v str) -> Values<'v> {
    vec![("subject_area", subject), ("units", units)]
}

fn in_grade(grade: &str, start: &str) -> Enrollment {
    row(&[("enrollment_date", start), ("grade", grade)])
}

#[test]
fn against_the_childs_own_requirements_with_the_spare_as_electives() {
    let history = |title, year| -> Values<'_> {
        vec![
            ("title", title),
            ("subject_area", "Social Studies"),
            ("course_year", year),
            ("credits", "1"),
            ("final_grade", "C"),
        ]
    };
    let plan = plan_of(vec![student(
        "TX",
        "2026-01-05",
        &[
            history("World History", "2024"),
            history("US History", "2025"),
            algebra("2025", "01", "0827", "1"),
        ],
        |s| {
            s.graduation_requirements = [("Math", "3"), ("Social Studies", "1.5"), ("Elective", "2")]
                .map(|(subject, units)| row::<GraduationRequirement>(&requirement(subject, units)))
                .to_vec();
            s.enrollments = vec![in_grade("11", "2025-09-01")];
        },
    )]);
    assert!(matches!(&plan.basis, Basis::Own { state } if state.as_str() == "TX"));
    let of: Vec<_> = plan
        .subjects
        .iter()
        .map(|s| {
            (
                s.subject.name(),
                s.required.as_deref(),
                s.earned.as_str(),
                s.needed.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        of,
        [
            ("Mathematics", Some("3"), "1", Some("2")),
            ("Social Studies", Some("1.5"), "2", Some("0")),
            ("Elective", Some("2"), "0", Some("1.5")),
        ]
    );
    assert_eq!(plan.subjects[2].from_other_subjects.as_deref(), Some("0.5"));
    assert_eq!(
        (
            plan.required.as_deref(),
            plan.earned.as_str(),
            plan.needed.as_deref()
        ),
        (Some("6.5"), "3", Some("3.5"))
    );
    assert_eq!(plan.missing_for_grade.len(), 1, "{:?}", plan.missing_for_grade);
}

#[test]
fn without_own_requirements_the_set_of_the_home_base_is_assumed() {
    let kept = |state: &str, place: &str, cohorts, units: &str| Requirement {
        state: crate::made_up::state(state),
        place: place.into(),
        cohorts,
        subject_area: "Mathematics".into(),
        units: units.parse().unwrap(),
        source: "19 TAC 74.12".into(),
        dated: day("2014-01-31"),
    };
    let of = |more: &dyn Fn(&mut Student)| {
        let student = student("TX", "2026-01-05", &[algebra("2025", "01", "0827", "1")], |s| {
            s.enrollments = vec![in_grade("09", "2024-08-20"), in_grade("10", "2025-08-20")];
            more(s);
        });
        let mut record = person(vec![student], &[]);
        record.requirements = vec![
            kept("TX", "", (2010, 2023), "2"),
            kept("TX", "", (2024, 2030), "4"),
            kept("WA", "", (2010, 2030), "9"),
        ];
        records::consolidate(&record, day("2026-04-10")).plan.unwrap()
    };
    let plan = of(&|_| {});
    assert!(
        matches!(&plan.basis, Basis::Set { assumed: true, source, .. } if source == "19 TAC 74.12"),
        "{:?}",
        plan.basis
    );
    assert_eq!(plan.required.as_deref(), Some("4"));
    // In ninth grade one year earlier, the older set holds.
    let plan = of(&|s| s.enrollments = vec![in_grade("10", "2024-08-20")]);
    assert_eq!(plan.required.as_deref(), Some("2"));
}

#[test]
fn two_states_stand_side_by_side() {
    let kept = |state: &str, subject: &str, units: &str| Requirement {
        state: crate::made_up::state(state),
        place: String::new(),
        cohorts: (2020, 2030),
        subject_area: subject.into(),
        units: units.parse().unwrap(),
        source: "the law".into(),
        dated: day("2019-01-01"),
    };
    let sets = [
        kept("TX", "Mathematics", "3"),
        kept("WA", "Mathematics", "3.5"),
        kept("WA", "Arts", "2"),
    ];
    let record = person(
        vec![student(
            "TX",
            "2026-01-05",
            &[algebra("2025", "01", "0827", "1")],
            |s| {
                s.enrollments = vec![in_grade("09", "2024-08-20")];
            },
        )],
        &[],
    );
    let states = ["TX", "WA", "FL"].map(crate::made_up::state);
    let side = records::record::under_states(&record, &sets, &states);
    assert_eq!(side.cohort, Some(2024));
    let of: Vec<_> = side
        .plans
        .iter()
        .map(|p| {
            let plan = p.plan.as_ref().unwrap();
            (
                p.state.as_str(),
                plan.required.as_deref(),
                plan.earned.as_str(),
                plan.needed.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        of,
        [
            ("TX", Some("3"), "1", Some("2")),
            ("WA", Some("5.5"), "1", Some("4.5")),
            ("FL", None, "1", None),
        ]
    );
    assert!(matches!(
        side.plans[1].plan.as_ref().unwrap().basis,
        Basis::Set { assumed: true, .. }
    ));
}

#[test]
fn a_tenth_grader_without_algebra_is_told_of() {
    let english: Values<'_> = vec![
        ("title", "English I"),
        ("credits", "1"),
        ("final_grade", "A"),
        ("course_type", "02"),
    ];
    let of = |more: &dyn Fn(&mut Student)| {
        plan_of(vec![student(
            "TX",
            "2026-01-05",
            std::slice::from_ref(&english),
            |s| {
                s.enrollments = vec![in_grade("10", "2025-08-20")];
                more(s);
            },
        )])
    };
    let plan = of(&|_| {});
    assert_eq!(
        serde_json::to_value(&plan.missing_for_grade).unwrap(),
        serde_json::json!(["Grade 10 without Algebra 1 or an equivalent."])
    );
    assert_eq!(plan.advanced.len(), 1);
    let flagged = of(&|s| {
        s.enrollments = vec![row(&[
            ("enrollment_date", "2025-08-20"),
            ("grade", "10"),
            ("algebra_1", "Y"),
        ])];
    });
    assert!(flagged.missing_for_grade.is_empty());
    let taken = of(&|s| {
        s.courses.push(row(&[
            ("title", "ALGEBRA 1"),
            ("credits", "1"),
            ("final_grade", "C"),
        ]));
    });
    assert!(taken.missing_for_grade.is_empty());
    // The second part is not the first.
    let second = of(&|s| {
        s.courses.push(row(&[
            ("title", "Algebra II"),
            ("credits", "1"),
            ("final_grade", "C"),
        ]));
    });
    assert_eq!(second.missing_for_grade.len(), 1);
}

fn any_course() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let pick = |values: &'static [&'static str]| prop::sample::select(values.to_vec());
    (
        pick(&[
            "Algebra I",
            "ALGEBRA 1",
            "Geometry",
            "English I",
            "Physical Education",
        ]),
        pick(&["2022", "2023", "2024"]),
        pick(&["", "01", "02", "03"]),
        pick(&["", "0827", "0828", "0829", "0831"]),
        pick(&["0", "0.2", "0.33", "0.5", "1"]),
    )
        .prop_map(|(title, year, section, term, credits)| {
            let mut values: Vec<(&'static str, String)> = vec![
                ("title", title.into()),
                ("course_year", year.into()),
                ("credits", credits.into()),
                ("final_grade", "C".into()),
            ];
            values.extend(
                [("section", section), ("term_type", term)]
                    .iter()
                    .filter(|v| !v.1.is_empty())
                    .map(|v| (v.0, v.1.to_owned())),
            );
            values
        })
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn of(courses: &[Vec<(&'static str, String)>], state: &str, as_of: &str) -> StudentRecord {
    let courses: Vec<Values<'_>> = courses
        .iter()
        .map(|c| c.iter().map(|(column, text)| (*column, text.as_str())).collect())
        .collect();
    student(state, as_of, &courses, |_| {})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_credit_is_counted_twice_or_lost(
        texas in prop::collection::vec(any_course(), 0..6),
        washington in prop::collection::vec(any_course(), 1..6),
    ) {
        let build = |swap: bool| {
            let mut students = vec![of(&texas, "TX", "2026-01-05"), of(&washington, "WA", "2026-03-05")];
            if swap {
                students.reverse();
                for held in &mut students {
                    held.student.courses.reverse();
                }
            }
            records::consolidate(&person(students, &[]), day("2026-04-10"))
        };
        let record = build(false);
        let plan = record.plan.clone().unwrap();
        // All that was granted is in the plan's courses, and nothing else.
        let granted: Decimal = plan.courses.iter().map(|c| number(&c.granted)).sum();
        let sent: Decimal = texas.iter().chain(&washington).map(|c| number(&c[2].1)).sum();
        prop_assert_eq!(granted, sent);
        prop_assert_eq!(number(&record.credits_earned), sent);
        for course in &plan.courses {
            let (granted, toward) = (number(&course.granted), number(&course.toward));
            // Never more than was granted, but for what rounding took from a whole.
            prop_assert!(toward <= granted + Decimal::new(5, 2), "{course:?}");
            prop_assert!(granted.is_zero() || !toward.is_zero(), "{course:?}");
            if course.subject.name() != "Physical Education/Health" {
                // One course is worth one unit, or what its parts of one kind are together: five terms of .5 at most.
                prop_assert!(toward <= Decimal::new(25, 1), "{course:?}");
            }
            // Where it is not the same, it says why.
            prop_assert!(granted == toward || !course.notes.is_empty(), "{course:?}");
        }
        let by_subject: Decimal = plan.subjects.iter().map(|s| number(&s.earned)).sum();
        prop_assert_eq!(by_subject, number(&plan.earned));
        // In whatever order it comes.
        prop_assert_eq!(Some(plan), build(true).plan);
    }
}
