//! Courses and credits. Numbers are exact decimals, written as text so that no reader rounds them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use mde::{Course, Credits, Decimal, StateCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::facility::{Facilities, FacilityInfo, resolve};
use crate::source::{Report, Row, Source, group, rows};
use crate::words::{Coded, coded, spelling};

/// How far a course is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CourseStatus {
    /// A final grade, or credits and no partial work.
    Completed,
    /// Clock hours or a grade to date, no final grade and no credits.
    Partial,
    /// Credits beside partial work and no final grade: ask the school. Not counted.
    Unclear,
    /// Nothing of it is reported yet.
    InProgress,
}

/// One course, or the part of one, at one school.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CourseEntry {
    /// The state whose report is shown.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The awarding school.
    pub facility: Option<FacilityInfo>,
    /// Title (62).
    pub title: String,
    /// Subject area (61).
    pub subject_area: Option<String>,
    /// Type (63).
    pub course_type: Option<Coded>,
    /// SCED code (X41).
    pub sced: Option<String>,
    /// School year, in words: `2024-2025`, or the course year (64).
    pub school_year: Option<String>,
    /// Section (65).
    pub section: Option<Coded>,
    /// Term (66).
    pub term_type: Option<Coded>,
    /// How far it is.
    pub status: CourseStatus,
    /// Grade to date (67): partial work, never credit.
    pub grade_to_date: Option<String>,
    /// Clock hours (68): partial work, never credit.
    pub clock_hours: Option<String>,
    /// Final grade (69).
    pub final_grade: Option<String>,
    /// Credits granted (70), in Carnegie units, an exact decimal.
    pub credits: Option<String>,
    /// The credits as the state sent them, where it uses another unit.
    pub credits_sent: Option<String>,
    /// The unit in which the state sent them.
    pub credit_unit: Option<String>,
    /// The factor by which they became Carnegie units.
    pub credit_factor: Option<String>,
    /// Who reports it; the first is the one shown.
    pub sources: Vec<Source>,
    /// What is to be looked at, in words.
    pub notes: Vec<String>,
}

/// Credits of one subject area, over the courses of counted students.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubjectCredits {
    /// Subject area as sent; `not stated` where there is none.
    pub subject_area: String,
    /// Carnegie units of completed courses, an exact decimal.
    pub earned: String,
    /// Carnegie units of courses whose status is unclear, an exact decimal; not part of `earned`.
    pub unclear: String,
    /// Clock hours of partial work, an exact decimal; never turned into credit.
    pub partial_clock_hours: String,
    /// Completed courses.
    pub completed: usize,
    /// Partial courses.
    pub partial: usize,
}

/// More Carnegie units than the longest course is worth: a year of a vocational block of three hours a day is two
/// (`mde` tells the state so).
const MOST_UNITS: Decimal = Decimal::TWO;

impl CourseEntry {
    /// Units granted for it, zero while it is not completed.
    #[must_use]
    pub fn granted(&self) -> Decimal {
        let credits = || self.credits.as_ref().and_then(|c| c.parse().ok());
        match self.status {
            CourseStatus::Completed => credits().unwrap_or_default(),
            CourseStatus::Partial | CourseStatus::Unclear | CourseStatus::InProgress => Decimal::ZERO,
        }
    }

    /// Whether so many units cannot be of one course, so that they are probably in a unit of the state's own.
    #[must_use]
    pub fn is_implausible(&self) -> bool {
        self.granted() > MOST_UNITS
    }
}

impl CourseStatus {
    pub(crate) fn of(course: &Course) -> Self {
        let credited = course.credits.is_some_and(|c| !c.number().is_zero());
        match (course.final_grade.is_some(), credited, course.is_completed()) {
            (true, ..) | (false, true, true) => Self::Completed,
            (false, true, false) => Self::Unclear,
            (false, false, false) => Self::Partial,
            (false, false, true) => Self::InProgress,
        }
    }
}

struct Reported<'a> {
    row: Row<'a, Course>,
    facility: Option<FacilityInfo>,
    /// Its title, however it is spelled.
    spelling: String,
    school_year: Option<String>,
}

impl Reported<'_> {
    /// The awarding state's word first, then the newest.
    fn order(&self) -> impl Ord + use<> {
        let source = &self.row.report.source;
        let own = self.facility.as_ref().is_some_and(|f| f.state == source.state);
        Reverse((self.row.report.counted, own, source.as_of))
    }
}

/// Courses of all students, newest school year first, and the credits of the counted ones.
pub(crate) struct Courses {
    pub(crate) entries: Vec<CourseEntry>,
    /// Those of counted students.
    pub(crate) counted: Vec<CourseEntry>,
    pub(crate) credits: Vec<SubjectCredits>,
    pub(crate) earned: Decimal,
}

/// Brings courses together. Two reports are of the same course only if awarding facility, course, school year, term and
/// section agree and two different students report it: what one student lists twice it did twice (two semesters
/// without a section).
pub(crate) fn courses(reports: &[Report<'_>], facilities: &Facilities) -> Courses {
    let reported: Vec<Reported<'_>> = rows(reports, |student| student.courses.as_slice())
        .into_iter()
        .map(|row| Reported {
            facility: resolve(
                facilities,
                row.report.source.state,
                row.item.facility_code.as_ref(),
                None,
            ),
            spelling: spelling(row.item.title.as_str()),
            school_year: school_year(row.item),
            row,
        })
        .collect();
    let mut sums = Sums::default();
    let mut entries = Vec::new();
    let mut counted = Vec::new();
    for mut group in group(reported, likeness) {
        group.sort_by_key(Reported::order);
        let entry = entry(&group);
        if group[0].row.report.counted {
            sums.add(group[0].row.item, &entry);
            counted.push(entry.clone());
        }
        entries.push(entry);
    }
    for list in [&mut entries, &mut counted] {
        list.sort_by(|a, b| {
            (Reverse(&a.school_year), &a.subject_area, &a.title, section(a))
                .cmp(&(Reverse(&b.school_year), &b.subject_area, &b.title, section(b)))
                .then_with(|| a.sources.cmp(&b.sources))
        });
    }
    let earned = sums.0.values().map(|s| s.earned).sum::<Decimal>().normalize();
    Courses {
        entries,
        counted,
        credits: sums.finish(),
        earned,
    }
}

fn section(entry: &CourseEntry) -> Option<&str> {
    entry.section.as_ref().map(|s| s.code.as_str())
}

fn likeness(a: &Reported<'_>, b: &Reported<'_>) -> Option<usize> {
    let (x, y) = (a.row.item, b.row.item);
    let places = (&a.facility, &b.facility);
    let same = a.row.report.held.student_id != b.row.report.held.student_id
        && x.term_type == y.term_type
        && x.section == y.section
        && (x.sced.is_none() || y.sced.is_none() || x.sced == y.sced)
        && a.school_year == b.school_year
        && a.spelling == b.spelling
        && matches!(places, (Some(one), Some(two)) if one.is_same(two));
    same.then(|| usize::from(x.credits == y.credits) + usize::from(x.final_grade == y.final_grade))
}

fn school_year(course: &Course) -> Option<String> {
    match (
        course.begin_academic_year,
        course.end_academic_year,
        course.course_year,
    ) {
        (Some(begin), Some(end), _) => Some(format!("{}-{}", begin.number(), end.number())),
        (Some(begin), None, _) => Some(format!("{}-{}", begin.number(), begin.number() + 1)),
        (None, Some(end), _) => Some(format!("{}-{}", end.number() - 1, end.number())),
        (None, None, year) => year.map(|y| y.number().to_string()),
    }
}

/// An exact decimal without trailing zeros.
fn exact(number: Decimal) -> String {
    number.normalize().to_string()
}

fn entry(group: &[Reported<'_>]) -> CourseEntry {
    let first = &group[0];
    let course = first.row.item;
    let status = CourseStatus::of(course);
    let rows: Vec<&Course> = group.iter().map(|r| r.row.item).collect();
    let credits = |c: &Course| c.credits.map(Credits::number);
    CourseEntry {
        state: first.row.report.source.state,
        facility: first.facility.clone(),
        title: course.title.to_string(),
        subject_area: rows
            .iter()
            .find_map(|c| c.subject_area.as_ref())
            .map(ToString::to_string),
        course_type: rows.iter().find_map(|c| c.course_type).map(coded),
        sced: rows.iter().find_map(|c| c.sced.as_ref()).map(ToString::to_string),
        school_year: first.school_year.clone(),
        section: course.section.map(coded),
        term_type: course.term_type.map(coded),
        status,
        grade_to_date: course.grade_to_date.as_ref().map(ToString::to_string),
        clock_hours: course.clock_hours.map(|h| exact(h.number())),
        final_grade: course.final_grade.as_ref().map(ToString::to_string),
        credits: credits(course).map(exact),
        credits_sent: course.credits_sent.map(|c| exact(c.number())),
        credit_unit: course.credit_unit.as_ref().map(ToString::to_string),
        credit_factor: course.credit_factor.map(|c| exact(c.number())),
        sources: group.iter().map(|r| r.row.report.source.clone()).collect(),
        notes: notes(group, status),
    }
}

fn notes(group: &[Reported<'_>], status: CourseStatus) -> Vec<String> {
    let mut notes = Vec::new();
    let abroad = group[0].facility.as_ref().and_then(|f| f.country.as_ref());
    if let Some(country) = abroad {
        let units = if group[0].row.item.credits.is_some() {
            "with the Carnegie units that the state states"
        } else {
            "without Carnegie units, since no state states any"
        };
        notes.push(format!(
            "Taken in {country}; title and grade as the school gave them, {units}."
        ));
    }
    if status == CourseStatus::Unclear {
        notes.push(
            "Credits are given beside partial work and no final grade; they are not counted.".to_owned(),
        );
    }
    let values = |c: &Course| {
        [
            ("credits", c.credits.map(|c| exact(c.number()))),
            ("final grade", c.final_grade.as_ref().map(ToString::to_string)),
        ]
    };
    let shown = values(group[0].row.item);
    for other in &group[1..] {
        for ((what, said), (_, shown)) in values(other.row.item).into_iter().zip(&shown) {
            if let Some(said) = said.filter(|said| Some(said) != shown.as_ref()) {
                notes.push(format!("{} says {what} {said}", other.row.report.source.state));
            }
        }
    }
    notes
}

#[derive(Default)]
struct Sum {
    shown_as: String,
    earned: Decimal,
    unclear: Decimal,
    hours: Decimal,
    completed: usize,
    partial: usize,
}

/// Sums by subject area; spellings of one subject are one.
#[derive(Default)]
struct Sums(BTreeMap<String, Sum>);

impl Sums {
    fn add(&mut self, course: &Course, entry: &CourseEntry) {
        let subject = entry.subject_area.as_deref().unwrap_or("not stated");
        let sum = self.0.entry(mde::text::fold(subject).join(" ")).or_default();
        if sum.shown_as.is_empty() {
            subject.clone_into(&mut sum.shown_as);
        }
        let credits = course.credits.map(Credits::number).unwrap_or_default();
        match entry.status {
            CourseStatus::Completed => {
                sum.earned += credits;
                sum.completed += 1;
            }
            CourseStatus::Unclear => sum.unclear += credits,
            CourseStatus::Partial => {
                sum.hours += course.clock_hours.map(mde::Hours::number).unwrap_or_default();
                sum.partial += 1;
            }
            CourseStatus::InProgress => {}
        }
    }

    fn finish(self) -> Vec<SubjectCredits> {
        self.0
            .into_values()
            .map(|sum| SubjectCredits {
                subject_area: sum.shown_as,
                earned: exact(sum.earned),
                unclear: exact(sum.unclear),
                partial_clock_hours: exact(sum.hours),
                completed: sum.completed,
                partial: sum.partial,
            })
            .collect()
    }
}
