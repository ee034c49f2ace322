//! Courses and graduation requirements: what a receiving school counts credits by.

use std::collections::HashMap;

use super::enrollments::is_elementary;
use super::{Told, have};
use crate::decimal::Decimal;
use crate::finding::FindingCode;
use crate::part::PartKind;
use crate::parts::Course;

const PART: PartKind = PartKind::Course;

/// Tells what contradicts itself in the courses and requirements.
pub(super) fn check(told: &mut Told<'_>) {
    let student = told.student;
    let grades = student.enrollments.iter().filter_map(|e| e.grade);
    let highest = grades.max();
    for (index, row) in student.courses.iter().enumerate() {
        let place = (PART, index);
        if row.facility_code.is_none() {
            let message = format!("{} names no school.", row.title);
            told.tell(FindingCode::CourseWithoutSchool, place, "40", message);
        }
        let has_credits = row.credits.is_some_and(|c| !c.number().is_zero());
        if !row.is_completed() && has_credits {
            let message = format!("{} has credits granted and partial work.", row.title);
            told.tell(FindingCode::CreditWithoutCompletion, place, "70", message);
        }
        if let Some(grade) = highest.filter(|grade| has_credits && is_elementary(*grade)) {
            let message = format!(
                "{} grants credits to a student who was last in {grade}.",
                row.title
            );
            told.tell(FindingCode::SecondaryElement, place, "70", message);
        }
        partial_work(told, index, row);
        years(told, index, row);
        numbers(told, index, row);
        if let Some(code) = row.sced.as_ref().filter(|code| code.title().is_none()) {
            let message = format!(
                "{} has the code {code}, which is no course of SCED version 12.",
                row.title
            );
            told.tell(FindingCode::UnknownSced, place, "X41", message)
                .received = Some(code.as_str().into());
        }
    }
    same_twice(told);
    let without: Vec<usize> = (student.courses.iter().enumerate())
        .filter(|(_, row)| {
            row.course_year
                .or(row.begin_academic_year)
                .or(row.end_academic_year)
                .is_none()
        })
        .map(|(index, _)| index)
        .collect();
    told.lacking(
        FindingCode::ElementMissing,
        PART,
        "64",
        without.into_iter(),
        |count| format!("{} no year.", have(count, "course")),
    );
    requirements(told);
}

fn partial_work(told: &mut Told<'_>, index: usize, row: &Course) {
    let (element, lacks) = match (row.grade_to_date.is_some(), row.clock_hours.is_some()) {
        (true, false) => ("68", "clock hours"),
        (false, true) => ("67", "grade to date"),
        _ => return,
    };
    let message = format!("{} was not completed and has no {lacks}.", row.title);
    told.tell(FindingCode::PartialWork, (PART, index), element, message);
}

fn years(told: &mut Told<'_>, index: usize, row: &Course) {
    let (begin, end) = (row.begin_academic_year, row.end_academic_year);
    if let (Some(begin), Some(end)) = (begin, end)
        && !(0..=1).contains(&(end.number() - begin.number()))
    {
        let message = format!("The school year of {} runs from {begin} to {end}.", row.title);
        told.tell(FindingCode::DateOrder, (PART, index), "X26", message);
        return;
    }
    if let Some(year) = row.course_year
        && (begin.is_some_and(|begin| year < begin) || end.is_some_and(|end| year > end))
    {
        let message = format!("{} was taken in {year}, outside its school year.", row.title);
        told.tell(FindingCode::DateOrder, (PART, index), "64", message);
    }
}

fn numbers(told: &mut Told<'_>, index: usize, row: &Course) {
    let percent = row.grade_to_date.as_ref().and_then(|grade| {
        let number = grade.as_str().trim_end_matches('%').trim();
        number.parse::<Decimal>().ok()
    });
    for (element, what, number, most) in [
        (
            "70",
            "credits",
            row.credits.map(crate::decimal::Credits::number),
            2,
        ),
        (
            "68",
            "clock hours",
            row.clock_hours.map(crate::decimal::Hours::number),
            1080,
        ),
        ("67", "percent as grade to date", percent, 120),
    ] {
        if let Some(number) = number.filter(|number| *number > Decimal::from(most)) {
            let message = format!("{} has {number} {what}.", row.title);
            let finding = told.tell(FindingCode::UnusualNumber, (PART, index), element, message);
            finding.received = Some(number.to_string().into());
        }
    }
}

fn same_twice(told: &mut Told<'_>) {
    let rows = &told.student.courses;
    // Work that was broken off and taken up again in the same term, and a failed course that was made up for by an
    // equivalent, are two rows.
    let alike = |a: &Course, b: &Course| {
        (&a.title, &a.facility_code, a.is_completed()) == (&b.title, &b.facility_code, b.is_completed())
    };
    if !super::any_two(rows, alike) {
        return;
    }
    let mut counts: HashMap<_, (usize, usize)> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        let Some(code) = row.facility_code.as_ref() else {
            continue;
        };
        let year = row.course_year.or(row.end_academic_year);
        let key = (
            (code, row.title.as_str(), row.course_type, row.is_completed()),
            (year, row.term_type, row.section),
        );
        let (count, last) = counts.entry(key).or_default();
        *count += 1;
        *last = index;
    }
    let mut twice: Vec<_> = counts.into_iter().filter(|(_, (count, _))| *count > 1).collect();
    twice.sort_unstable_by_key(|(key, _)| *key);
    for (((code, title, ..), _), (count, last)) in twice {
        let message = format!("{title} at {code} is told {count} times for one term, each time differently.");
        told.tell(FindingCode::SameFactTwice, (PART, last), "62", message);
    }
}

fn requirements(told: &mut Told<'_>) {
    for (index, row) in told.student.graduation_requirements.iter().enumerate() {
        let place = (PartKind::GraduationRequirement, index);
        if row.state.is_none() && row.facility_code.is_none() {
            let message = format!(
                "The units for {} name neither a state nor a school.",
                row.subject_area
            );
            told.tell(FindingCode::RequirementOfNobody, place, "47", message);
        }
        let units = row.units.number();
        if units > Decimal::from(10) {
            let message = format!("{} asks for {units} units.", row.subject_area);
            told.tell(FindingCode::UnusualNumber, place, "59", message)
                .received = Some(units.to_string().into());
        }
    }
}
