//! Dates that cannot be: before the birth, or after the day of which the upload speaks.

use chrono::{Datelike, NaiveDate};

use super::Told;
use crate::finding::FindingCode;
use crate::part::PartKind;
use crate::parts::{Alert, Assessment, Course, Enrollment, Identity, Immunization, QualifyingMove};
use crate::time::{Date, Month};

/// What has happened lies in the past.
const PAST: u64 = 0;
/// The end of a school year, a graduation and the resolution of an alert are known before they come.
const PLANNED: u64 = 400;
/// The end of eligibility lies up to 36 months ahead of the latest move; another rule looks at it.
const ANY: u64 = u64::MAX;

/// A date of a row: its element, what it is the date of, and the last day that it can mean.
struct Dated<'a> {
    element: &'static str,
    what: &'a str,
    first: NaiveDate,
    last: NaiveDate,
    /// How many days it may lie ahead.
    ahead: u64,
}

fn day<'a>(element: &'static str, what: &'a str, date: Option<Date>, ahead: u64) -> Option<Dated<'a>> {
    date.map(|date| Dated {
        element,
        what,
        first: date.day(),
        last: date.day(),
        ahead,
    })
}

fn month<'a>(element: &'static str, what: &'a str, month: Option<Month>) -> Option<Dated<'a>> {
    month.map(|month| Dated {
        element,
        what,
        first: month.first_day(),
        last: month.first_day() + chrono::Days::new(27),
        ahead: PAST,
    })
}

fn of_identity(identity: &Identity) -> [Option<Dated<'_>>; 1] {
    [day("38", "end of eligibility", identity.termination_date, ANY)]
}

fn of_move(row: &QualifyingMove) -> [Option<Dated<'_>>; 4] {
    [
        day("31", "arrival", Some(row.qualifying_arrival_date), PAST),
        day("37", "residency", row.residency_date, PAST),
        day(
            "X33",
            "approval of the certificate",
            row.certificate_approval_date,
            PAST,
        ),
        day("X34", "void", row.void_date, PAST),
    ]
}

fn of_enrollment(row: &Enrollment) -> [Option<Dated<'_>>; 6] {
    [
        day("54", "enrollment", Some(row.enrollment_date), PAST),
        day("21", "withdrawal", row.withdrawal_date, PLANNED),
        day("37", "residency", row.residency_date, PAST),
        day(
            "X17",
            "verification of residency",
            row.residency_verification_date,
            PAST,
        ),
        day("X20", "graduation", row.graduation_date, PLANNED),
        day(
            "X40",
            "arrival of out-of-state records",
            row.out_of_state_records_date,
            PAST,
        ),
    ]
}

fn of_course(row: &Course) -> [Option<Dated<'_>>; 2] {
    let year = |element, year: Option<crate::time::Year>| {
        let number = year?.number();
        Some(Dated {
            element,
            what: row.title.as_str(),
            first: NaiveDate::from_ymd_opt(number, 1, 1)?,
            last: NaiveDate::from_ymd_opt(number, 12, 31)?,
            ahead: PAST,
        })
    };
    [year("64", row.course_year), year("X25", row.begin_academic_year)]
}

fn of_assessment(row: &Assessment) -> [Option<Dated<'_>>; 1] {
    [month("73", row.name.as_str(), row.month)]
}

fn of_dose(row: &Immunization) -> [Option<Dated<'_>>; 1] {
    [day("29", super::immunizations::words(row), row.date, PAST)]
}

fn of_alert(row: &Alert) -> [Option<Dated<'_>>; 1] {
    [day("23", "resolution of an alert", row.resolution_date, PLANNED)]
}

/// Tells the dates that cannot be.
pub(super) fn check(told: &mut Told<'_>) {
    let student = told.student;
    if let Some(birth) = told.birth.filter(|birth| *birth > told.as_of) {
        let message = format!("The birth date {birth} is after {}.", told.as_of);
        told.tell(FindingCode::FutureDate, (PartKind::Student, 0), "9", message);
    }
    part(
        told,
        PartKind::Student,
        std::slice::from_ref(&student.identity),
        of_identity,
    );
    part(told, PartKind::QualifyingMove, &student.qualifying_moves, of_move);
    part(told, PartKind::Enrollment, &student.enrollments, of_enrollment);
    part(told, PartKind::Course, &student.courses, of_course);
    part(told, PartKind::Assessment, &student.assessments, of_assessment);
    part(told, PartKind::Immunization, &student.immunizations, of_dose);
    part(told, PartKind::Alert, &student.alerts, of_alert);
}

fn part<'s, R, const N: usize>(
    told: &mut Told<'_>,
    part: PartKind,
    rows: &'s [R],
    dates: impl Fn(&'s R) -> [Option<Dated<'s>>; N],
) {
    let mut before_birth: Vec<(usize, Dated<'s>)> = Vec::new();
    for (row, content) in rows.iter().enumerate() {
        for dated in dates(content).into_iter().flatten() {
            if is_after(dated.first, told.as_of, dated.ahead) {
                let message = format!(
                    "{} on {} is after {}.",
                    named(part, dated.what),
                    dated.shown(),
                    told.as_of
                );
                told.tell(FindingCode::FutureDate, (part, row), dated.element, message);
            }
            if told.birth.is_some_and(|birth| dated.last < birth) {
                before_birth.push((row, dated));
            }
        }
    }
    let Some(birth) = told.birth else { return };
    // A birth date that is wrong makes every older row wrong: one finding for all of them, at the earliest date.
    let Some((row, first)) = before_birth
        .iter()
        .min_by(|(_, a), (_, b)| (a.first, a.what).cmp(&(b.first, b.what)))
    else {
        return;
    };
    let what = super::listed(before_birth.iter().map(|(_, dated)| dated.what));
    let message = match before_birth.len() {
        1 => format!(
            "{} on {} is before the birth date {birth}.",
            named(part, &what),
            first.shown()
        ),
        count => format!(
            "{count} dates ({what}) are before the birth date {birth}; the first is {}.",
            first.shown()
        ),
    };
    let (row, element, shown) = (*row, first.element, first.shown());
    told.tell(FindingCode::BeforeBirth, (part, row), element, message)
        .received = Some(shown.into());
}

/// Whether a day lies more than so many days after another.
fn is_after(day: NaiveDate, as_of: NaiveDate, ahead: u64) -> bool {
    day > as_of
        && as_of
            .checked_add_days(chrono::Days::new(ahead))
            .is_some_and(|last| day > last)
}

impl Dated<'_> {
    /// The date as the element has it.
    fn shown(&self) -> String {
        match self.element {
            "64" | "X25" => self.first.year().to_string(),
            "73" => self.first.format("%Y-%m").to_string(),
            _ => self.first.to_string(),
        }
    }
}

/// What is dated, at the start of a sentence.
fn named(part: PartKind, what: &str) -> String {
    match part {
        PartKind::Course => format!("The course {what}"),
        PartKind::Assessment => format!("The assessment {what}"),
        PartKind::Immunization => format!("The dose of {what}"),
        _ => format!("The {what}"),
    }
}
