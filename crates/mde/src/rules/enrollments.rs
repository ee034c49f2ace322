//! Enrollments: their dates, their schools, and what they say of the child's age and eligibility.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, Months};

use super::identity::misplaced;
use super::{Told, have};
use crate::code::{EnrollmentType, Grade, TerminationFlag};
use crate::finding::FindingCode;
use crate::part::PartKind;
use crate::parts::Enrollment;

const PART: PartKind = PartKind::Enrollment;

/// Tells what contradicts itself in the enrollments.
pub(super) fn check(told: &mut Told<'_>) {
    let student = told.student;
    for (index, row) in student.enrollments.iter().enumerate() {
        dates(told, index, row);
        age(told, index, row);
        if let Some(state) = row.destination_state.as_ref()
            && let Some(problem) = misplaced(state.as_str(), row.destination_country)
        {
            let finding = told.tell(FindingCode::MovePlace, (PART, index), "X38", problem);
            finding.received = Some(state.as_str().into());
        }
        eligibility(told, index, row);
    }
    graduation_schools(told);
    same_twice(told);
    lacking(told);
}

fn dates(told: &mut Told<'_>, index: usize, row: &Enrollment) {
    let start = row.enrollment_date;
    let place = (PART, index);
    if let Some(end) = row.withdrawal_date.filter(|end| *end < start) {
        let message = format!("The withdrawal on {end} is before the enrollment on {start}.");
        told.tell(FindingCode::DateOrder, place, "21", message);
    }
    if row.exit_reason.is_some() && row.withdrawal_date.is_none() {
        let message =
            format!("The enrollment of {start} has an exit reason, but the withdrawal date is missing.");
        told.tell(FindingCode::Incomplete, place, "21", message);
    }
    let three_years = start.day().checked_add_months(Months::new(36));
    if row.withdrawal_date.is_none() && three_years.is_some_and(|day| day < told.as_of) {
        let message = format!("The enrollment of {start} has no withdrawal date.");
        told.tell(FindingCode::LongOpen, place, "21", message);
    }
    match (row.graduation_indicator, row.graduation_date) {
        (Some(_), None) => {
            let message = "The graduation or equivalency has no date.".to_owned();
            told.tell(FindingCode::Incomplete, place, "X20", message);
        }
        (None, Some(date)) => {
            let message = format!("What was completed on {date}, graduation or equivalency, is missing.");
            told.tell(FindingCode::Incomplete, place, "X19", message);
        }
        _ => {}
    }
    let identity = &told.student.identity;
    let over = matches!(
        identity.termination_flag,
        Some(TerminationFlag::Graduated | TerminationFlag::Ged | TerminationFlag::Deceased)
    );
    if let Some(end) = identity.termination_date.filter(|end| over && *end < start) {
        let flag = identity
            .termination_flag
            .map(|f| f.to_string())
            .unwrap_or_default();
        let message = format!("The enrollment on {start} is after the termination on {end} ({flag}).");
        told.tell(FindingCode::AfterTheEnd, place, "54", message);
    }
}

fn age(told: &mut Told<'_>, index: usize, row: &Enrollment) {
    let Some(grade) = row.grade else { return };
    if let (Some(birth), Some(age)) = (told.birth, grade.usual_age()) {
        // A school year starts in August; some years either way still happen to children who move.
        let start = row.enrollment_date.day();
        let school_year = if start.month() >= 8 {
            start.year()
        } else {
            start.year() - 1
        };
        let years_old = school_year - birth.year();
        if (years_old - age).abs() > 4 {
            let message = format!("Grade level {grade} at the age of about {years_old}.");
            told.tell(FindingCode::GradeAge, (PART, index), "20", message);
        }
    }
    if row.graduation_school == Some(true) && is_elementary(grade) {
        let message = format!("A school for graduation is designated for a student in {grade}.");
        told.tell(FindingCode::SecondaryElement, (PART, index), "56", message);
    }
}

/// Before grade 7; ungraded and out-of-school youth can be of any age.
pub(super) fn is_elementary(grade: Grade) -> bool {
    grade < Grade::G7
}

fn eligibility(told: &mut Told<'_>, index: usize, row: &Enrollment) {
    let mut moves = told
        .student
        .qualifying_moves
        .iter()
        .filter(|m| m.void_date.is_none());
    let start = row.enrollment_date.day();
    let served = matches!(
        row.enrollment_type,
        Some(
            EnrollmentType::RegularTermProject
                | EnrollmentType::SummerProject
                | EnrollmentType::YearRoundProject
                | EnrollmentType::SchoolAndProject
        )
    );
    if told.student.qualifying_moves.is_empty() {
        if served {
            let message = format!("The project of {start} serves a student without any qualifying move.");
            told.tell(FindingCode::NoMove, (PART, index), "31", message);
        }
    } else if row.priority_for_services == Some(true) {
        // The enrollment may have begun before the move in whose year the flag was set.
        let until = row
            .withdrawal_date
            .map_or(told.as_of, crate::time::Date::day)
            .max(start);
        let recent = start.checked_sub_months(Months::new(12));
        let within = |day: chrono::NaiveDate| recent.is_none_or(|from| day >= from) && day <= until;
        if !moves.any(|m| within(m.qualifying_arrival_date.day())) {
            let message =
                format!("No qualifying move in the year before the enrollment of {start}, or during it.");
            told.tell(FindingCode::PriorityWithoutMove, (PART, index), "X14", message);
        }
    }
}

fn graduation_schools(told: &mut Told<'_>) {
    let open = told
        .student
        .enrollments
        .iter()
        .enumerate()
        .filter(|(_, row)| row.graduation_school == Some(true) && row.withdrawal_date.is_none());
    let mut schools = HashSet::new();
    let mut latest = None;
    for (index, row) in open {
        schools.insert(row.facility_code.as_ref());
        latest = latest.max(Some((row.enrollment_date, index)));
    }
    if let (2.., Some((_, index))) = (schools.len(), latest) {
        let message = format!(
            "{} open enrollments at different schools are marked.",
            schools.len()
        );
        told.tell(
            FindingCode::SeveralGraduationSchools,
            (PART, index),
            "56",
            message,
        );
    }
}

fn same_twice(told: &mut Told<'_>) {
    let rows = &told.student.enrollments;
    let alike = |a: &Enrollment, b: &Enrollment| {
        a.enrollment_date == b.enrollment_date && a.facility_code == b.facility_code
    };
    if !super::any_two(rows, alike) {
        return;
    }
    let mut counts: HashMap<_, (usize, usize)> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        let Some(code) = row.facility_code.as_ref() else {
            continue;
        };
        let class = row.enrollment_type.map(EnrollmentType::class);
        let (count, last) = counts.entry((code, class, row.enrollment_date)).or_default();
        *count += 1;
        *last = index;
    }
    let mut twice: Vec<_> = counts.into_iter().filter(|(_, (count, _))| *count > 1).collect();
    twice.sort_unstable_by_key(|((code, class, date), _)| (*date, *code, *class));
    for ((code, _, date), (count, last)) in twice {
        let message =
            format!("The enrollment at {code} on {date} is told {count} times, each time differently.");
        told.tell(FindingCode::SameFactTwice, (PART, last), "54", message);
    }
}

fn lacking(told: &mut Told<'_>) {
    let rows = || told.student.enrollments.iter().enumerate();
    let in_school = |row: &Enrollment| row.enrollment_type != Some(EnrollmentType::ResidencyOnly);
    let where_not = |holds: fn(&Enrollment) -> bool| {
        rows()
            .filter(move |(_, row)| in_school(row) && !holds(row))
            .map(|(index, _)| index)
    };
    let school: Vec<usize> =
        where_not(|r| r.facility_code.is_some() || r.school_or_project_name.is_some()).collect();
    let grade: Vec<usize> = where_not(|r| r.grade.is_some()).collect();
    let kind: Vec<usize> = where_not(|r| r.enrollment_type.is_some()).collect();
    told.lacking(
        FindingCode::EnrollmentWithoutSchool,
        PART,
        "40",
        school.into_iter(),
        |count| format!("{} no school or project.", have(count, "enrollment")),
    );
    told.lacking(
        FindingCode::ElementMissing,
        PART,
        "20",
        grade.into_iter(),
        |count| format!("{} no grade level.", have(count, "enrollment")),
    );
    told.lacking(
        FindingCode::ElementMissing,
        PART,
        "55",
        kind.into_iter(),
        |count| format!("{} no enrollment type.", have(count, "enrollment")),
    );
}
