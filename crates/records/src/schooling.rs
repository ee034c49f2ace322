//! The enrollments as one way through schools: where the child belongs now, where it was in two schools at once, where
//! in none, and how its grades follow from each other.

use std::cmp::Reverse;

use chrono::{Datelike as _, Days, NaiveDate};
use mde::StateCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::disagreement::states;
use crate::enrollments::EnrollmentEntry;
use crate::facility::FacilityInfo;
use crate::words::Coded;

/// Two schools may share so many days before it is told: the last day at one and the first at the next come in any
/// order, and a school learns of a withdrawal late.
const SHARED_DAYS: i64 = 14;

/// Days from September to May without a school, from which on they are told.
const TERM_DAYS: i64 = 15;

/// The way of a child through schools. Only what counted students report.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Schooling {
    /// The school that holds the child's record.
    pub school_of_record: Option<SchoolOfRecord>,
    /// Two schools at once, newest first.
    pub overlaps: Vec<Overlap>,
    /// Time in no school, newest first.
    pub gaps: Vec<Gap>,
    /// Grade by grade, newest first.
    pub grades: Vec<GradeStep>,
}

/// The school to which the child belongs, or belonged last.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SchoolOfRecord {
    /// The state that reports it.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The school; `null` where the enrollment names none.
    pub facility: Option<FacilityInfo>,
    /// First day.
    pub since: NaiveDate,
    /// Last day; `null` while the child is enrolled.
    pub until: Option<NaiveDate>,
    /// Why this one, in words.
    pub rule: String,
}

/// Two schools at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Overlap {
    /// First day in both.
    pub from: NaiveDate,
    /// Last day in both; `null` while both are open.
    pub to: Option<NaiveDate>,
    /// The states that report them.
    #[schema(value_type = Vec<String>)]
    pub states: Vec<StateCode>,
    /// What it is, in words.
    pub text: String,
}

/// Time in which no state reports a school or project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Gap {
    /// First day without.
    pub from: NaiveDate,
    /// Last day without; `null` while it lasts.
    pub to: Option<NaiveDate>,
    /// Days of it from September to May.
    pub term_days: i64,
    /// Where the child left.
    #[schema(value_type = String)]
    pub left: StateCode,
    /// Where it came to; `null` while it has come nowhere.
    #[schema(value_type = Option<String>)]
    pub came: Option<StateCode>,
    /// What it is, in words.
    pub text: String,
}

/// How a grade follows from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GradeMark {
    /// The first that is known.
    First,
    /// The next one in the next school year, or the same in the same.
    Expected,
    /// The same one in a later school year.
    Repeated,
    /// Fewer grades than school years have passed.
    Behind,
    /// More grades than school years have passed.
    Jump,
    /// A lower one than before.
    Back,
}

/// A grade in a school year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GradeStep {
    /// School year of the first day: `2024-2025`.
    pub school_year: String,
    /// Grade level (20).
    pub grade: Coded,
    /// The states of this step, and of the one before where it is odd.
    #[schema(value_type = Vec<String>)]
    pub states: Vec<StateCode>,
    /// How it follows from the step before.
    pub mark: GradeMark,
    /// What is odd, in words.
    pub note: Option<String>,
}

/// Looks at the enrollments of counted students (`entries` are newest first).
pub(crate) fn schooling(
    entries: &[EnrollmentEntry],
    birth: Option<NaiveDate>,
    today: NaiveDate,
) -> Schooling {
    let live = entries.iter().any(|e| e.sources.iter().any(|s| s.live));
    let counted: Vec<&EnrollmentEntry> = entries
        .iter()
        .filter(|e| !live || e.sources.iter().any(|s| s.live))
        .filter(|e| e.class != "residency" && e.start <= today)
        .collect();
    let schools: Vec<&EnrollmentEntry> = counted.iter().copied().filter(|e| e.class == "school").collect();
    Schooling {
        school_of_record: school_of_record(&schools),
        overlaps: overlaps(&schools, today),
        gaps: gaps(&counted, birth, today),
        grades: grades(&schools),
    }
}

fn school_of_record(schools: &[&EnrollmentEntry]) -> Option<SchoolOfRecord> {
    let best = schools
        .iter()
        .max_by_key(|e| (e.open, e.start, Reverse(e.state)))?;
    let open = schools.iter().filter(|e| e.open).count();
    Some(SchoolOfRecord {
        state: best.state,
        facility: best.facility.clone(),
        since: best.start,
        until: best.end,
        rule: match open {
            0 => "the school that the child left last".to_owned(),
            1 => "the only school with an open enrollment".to_owned(),
            _ => format!("of {open} schools with an open enrollment the one that began last"),
        },
    })
}

fn named(entry: &EnrollmentEntry) -> String {
    let name = entry.facility.as_ref().map(FacilityInfo::title);
    format!(
        "{} ({})",
        name.unwrap_or_else(|| "a school".to_owned()),
        entry.state
    )
}

/// The last day of an entry, `None` while it is open. One whose end is not known is taken for its first day only.
fn last_day(entry: &EnrollmentEntry) -> Option<NaiveDate> {
    if entry.open {
        None
    } else {
        Some(entry.end.unwrap_or(entry.start))
    }
}

fn overlaps(schools: &[&EnrollmentEntry], today: NaiveDate) -> Vec<Overlap> {
    let mut out = Vec::new();
    for (index, later) in schools.iter().enumerate() {
        for earlier in &schools[index + 1..] {
            let from = later.start.max(earlier.start);
            let to = [last_day(later), last_day(earlier)].into_iter().flatten().min();
            if (to.unwrap_or(today) - from).num_days() <= SHARED_DAYS {
                continue;
            }
            if matches!((&later.facility, &earlier.facility), (Some(a), Some(b)) if a.is_same(b)) {
                continue;
            }
            let until = to.map_or_else(|| "until today".to_owned(), |day| format!("to {day}"));
            out.push(Overlap {
                from,
                to,
                states: states(later.sources.iter().chain(&earlier.sources)),
                text: format!(
                    "In two schools from {from} {until}: {} and {}",
                    named(earlier),
                    named(later)
                ),
            });
        }
    }
    out
}

/// Days of a span that lie in September to May.
fn term_days(from: NaiveDate, to: NaiveDate) -> i64 {
    let summer = |year| {
        let day = |month, day| NaiveDate::from_ymd_opt(year, month, day);
        let (first, last) = (day(6, 1)?.max(from), day(8, 31)?.min(to));
        Some(((last - first).num_days() + 1).max(0))
    };
    let summers: i64 = (from.year()..=to.year()).filter_map(summer).sum();
    (to - from).num_days() + 1 - summers
}

fn gaps(counted: &[&EnrollmentEntry], birth: Option<NaiveDate>, today: NaiveDate) -> Vec<Gap> {
    let mut by_start = counted.to_vec();
    by_start.sort_by_key(|e| (e.start, e.end));
    let mut out = Vec::new();
    let mut last: Option<&EnrollmentEntry> = None;
    let day_after = |day: NaiveDate| day.checked_add_days(Days::new(1)).unwrap_or(day);
    for entry in by_start {
        if let Some(before) = last
            && let Some(end) = last_day(before)
            && end < entry.start
        {
            let (from, to) = (day_after(end), entry.start.pred_opt().unwrap_or(entry.start));
            let days = if from <= to { term_days(from, to) } else { 0 };
            if days >= TERM_DAYS {
                let where_to = if before.state == entry.state {
                    format!("in {}", entry.state)
                } else {
                    format!("between {} and {}", before.state, entry.state)
                };
                out.push(Gap {
                    from,
                    to: Some(to),
                    term_days: days,
                    left: before.state,
                    came: Some(entry.state),
                    text: format!("No enrollment {where_to} from {from} to {to}, {days} days of it from September to May"),
                });
            }
        }
        // Who is still enrolled somewhere has no gap.
        let reaches = |e: &EnrollmentEntry| last_day(e).unwrap_or(NaiveDate::MAX);
        if last.is_none_or(|before| reaches(before) <= reaches(entry)) {
            last = Some(entry);
        }
    }
    out.extend(last.and_then(|entry| missing_since(entry, birth, today)));
    out.reverse();
    out
}

/// A child that has left and come nowhere, unless it has completed school, has died or is too old.
fn missing_since(entry: &EnrollmentEntry, birth: Option<NaiveDate>, today: NaiveDate) -> Option<Gap> {
    let from = last_day(entry)?.checked_add_days(Days::new(1))?;
    let done = entry.graduation_indicator.is_some()
        || entry
            .exit_reason
            .as_ref()
            .is_some_and(|reason| ["GRAD", "HSE", "DECEASED"].contains(&reason.code.as_str()));
    let too_old = birth.is_some_and(|b| mde::eligibility::birthday(b, 22) <= today);
    let days = if from <= today { term_days(from, today) } else { 0 };
    (!done && !too_old && days >= TERM_DAYS).then(|| Gap {
        from,
        to: None,
        term_days: days,
        left: entry.state,
        came: None,
        text: format!(
            "Left {} and is enrolled nowhere since {from}, {days} days of it from September to May",
            entry.state
        ),
    })
}

/// A grade as a number, kindergarten being 0.
fn number(grade: &Coded) -> Option<i32> {
    match grade.code.as_str() {
        "KG" => Some(0),
        code => code.parse().ok().filter(|grade| (1..=12).contains(grade)),
    }
}

/// The year in which the school year of a day began: in July at the earliest.
pub(crate) fn school_year(day: NaiveDate) -> i32 {
    day.year() - i32::from(day.month() < 7)
}

fn grades(schools: &[&EnrollmentEntry]) -> Vec<GradeStep> {
    let mut steps: Vec<GradeStep> = Vec::new();
    let mut before: Option<(&EnrollmentEntry, &Coded, i32)> = None;
    for entry in schools.iter().rev() {
        let Some((coded, grade)) = entry.grade.as_ref().and_then(|g| Some((g, number(g)?))) else {
            continue;
        };
        let year = school_year(entry.start);
        let mut step = GradeStep {
            school_year: format!("{year}-{}", year + 1),
            grade: coded.clone(),
            states: states(&entry.sources),
            mark: GradeMark::First,
            note: None,
        };
        if let Some((earlier, was, number_was)) = before {
            let passed = year - school_year(earlier.start);
            // An enrollment of several years may have got its grade at its end.
            let at_least = year - school_year(earlier.end.unwrap_or(earlier.start)).min(year);
            let grown = grade - number_was;
            step.mark = match grown {
                0 if passed == 0 => {
                    // The same grade in the same year is no step; its state is named with the one there is.
                    if let Some(last) = steps.last_mut() {
                        last.states.extend(step.states);
                        last.states.sort_unstable();
                        last.states.dedup();
                    }
                    before = Some((entry, coded, grade));
                    continue;
                }
                grown if grown < 0 => GradeMark::Back,
                grown if grown > passed => GradeMark::Jump,
                0 if at_least > 0 => GradeMark::Repeated,
                grown if grown < at_least => GradeMark::Behind,
                _ => GradeMark::Expected,
            };
            if step.mark != GradeMark::Expected {
                step.note = Some(odd(step.mark, (earlier, was), (entry, coded)));
                if matches!(step.mark, GradeMark::Back | GradeMark::Jump) {
                    step.states = states(earlier.sources.iter().chain(&entry.sources));
                }
            }
        }
        before = Some((entry, coded, grade));
        steps.push(step);
    }
    steps.reverse();
    steps
}

fn odd(
    mark: GradeMark,
    (earlier, was): (&EnrollmentEntry, &Coded),
    (entry, is): (&EnrollmentEntry, &Coded),
) -> String {
    let what = match mark {
        GradeMark::Repeated => "the same grade in a later school year",
        GradeMark::Behind => "fewer grades than school years have passed",
        GradeMark::Jump => "more grades than school years have passed",
        GradeMark::Back => "a lower grade than before",
        GradeMark::First | GradeMark::Expected => "in order",
    };
    format!(
        "{} in {} on {}, {} in {} on {}: {what}",
        was.label, earlier.state, earlier.start, is.label, entry.state, entry.start
    )
}
