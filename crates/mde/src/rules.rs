//! Rules that hold between the elements of one student: what a reader of single values cannot see.
//!
//! Every rule here warns and rejects nothing: which of two contradicting dates is wrong only the state can say. The
//! rules do not depend on the order of the rows, and a checked student checked again gives the same findings.

use chrono::NaiveDate;

use crate::eligibility::{LastDay, birthday, last_day_of_age_21};
use crate::finding::{Finding, FindingCode};
use crate::part::PartKind;
use crate::parts::Facility;
use crate::student::Student;

mod alerts;
mod assessments;
mod courses;
mod dates;
mod enrollments;
mod facilities;
mod identity;
mod immunizations;
mod moves;
#[cfg(test)]
mod tests;

/// Completes what the hub derives itself and reports what contradicts itself. `as_of` is the day the upload speaks of.
///
/// Derived: the CVX code of an immunization from its name, where the name is known.
pub fn check(student: &mut Student, as_of: NaiveDate, findings: &mut Vec<Finding>) {
    let from = findings.len();
    immunizations::derive(student, findings);
    let mut told = Told {
        student,
        birth: student.identity.birth_date.map(crate::time::Date::day),
        as_of,
        findings,
    };
    dates::check(&mut told);
    identity::check(&mut told);
    moves::check(&mut told);
    enrollments::check(&mut told);
    courses::check(&mut told);
    assessments::check(&mut told);
    immunizations::check(&mut told);
    alerts::check(&mut told);
    let id = student.identity.state_student_id.as_str();
    for finding in &mut findings[from..] {
        finding.state_student_id = Some(id.into());
    }
}

/// Reports what contradicts itself in a facility.
pub fn check_facility(facility: &Facility, findings: &mut Vec<Finding>) {
    facilities::check(facility, findings);
}

/// The student that is checked and what is told of it.
struct Told<'a> {
    student: &'a Student,
    birth: Option<NaiveDate>,
    as_of: NaiveDate,
    findings: &'a mut Vec<Finding>,
}

impl Told<'_> {
    /// A finding at an element of a row; the identity has no row number.
    fn tell(
        &mut self,
        code: FindingCode,
        (part, row): (PartKind, usize),
        element: &str,
        message: String,
    ) -> &mut Finding {
        let finding = Finding::new(code, message).of_part(part).of_element(element);
        let finding = match part {
            PartKind::Student => finding,
            _ => finding.of_row(row),
        };
        self.findings.push(finding);
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    /// One finding for the rows of a part that lack an element, at the first of them.
    fn lacking(
        &mut self,
        code: FindingCode,
        part: PartKind,
        element: &str,
        rows: impl Iterator<Item = usize>,
        say: impl FnOnce(usize) -> String,
    ) {
        let mut rows = rows.peekable();
        if let Some(first) = rows.peek().copied() {
            let count = rows.count();
            self.tell(code, (part, first), element, say(count));
        }
    }
}

/// Whether two rows may be alike, so that the rows are worth sorting out. Most students have few rows.
fn any_two<R>(rows: &[R], alike: impl Fn(&R, &R) -> bool) -> bool {
    const FEW: usize = 24;
    rows.len() > FEW || (1..rows.len()).any(|at| rows[..at].iter().any(|other| alike(&rows[at], other)))
}

/// "1 enrollment has", "3 enrollments have".
fn have(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what} has")
    } else {
        format!("{count} {what}s have")
    }
}

/// Names, sorted, each once: what is told must not depend on the order of the rows.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// Last day of eligibility that follows from an arrival: the day before 36 months have passed, or the day before the
/// 22nd birthday, whichever is first (34 CFR 200.81 and 200.89; ESEA 1309(3) by age 21). An arrival on 29 February has
/// its anniversary on the last day of February.
#[must_use]
pub fn eligibility_end(arrival: NaiveDate, birth: Option<NaiveDate>) -> NaiveDate {
    let by_move = LastDay::DayBefore.of(arrival);
    birth.map_or(by_move, |birth| by_move.min(last_day_of_age_21(birth)))
}

/// The 22nd birthday, from which nobody is eligible.
fn too_old_from(birth: NaiveDate) -> NaiveDate {
    birthday(birth, 22)
}
