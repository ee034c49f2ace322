//! What the credits of one course count toward a plan: once, whatever states granted them, and whole when its parts are
//! together. What was sent stays as it is; this says what it is worth here, and why.

use std::cmp::Reverse;

use mde::{Decimal, StateCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::subject::{PlacedBy, Subject, place, words};
use crate::courses::{CourseEntry, CourseStatus};
use crate::facility::FacilityInfo;
use crate::words::Coded;

/// Courses of one kind, wherever they were taken.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) title: String,
    pub(super) subject: Subject,
    pub(super) placed_by: PlacedBy,
    /// As granted, in Carnegie units.
    pub(super) granted: Decimal,
    /// Of that, more than a course can be worth.
    pub(super) implausible: Decimal,
    /// Of the rest, granted again for what was earned already.
    pub(super) repeated: Decimal,
    /// What its parts lack to a whole in their rounding alone.
    pub(super) rounding: Decimal,
    /// Clock hours of partial work that no credit covers yet.
    pub(super) hours: Decimal,
    /// Whether work on it goes on, or was left in the middle.
    pub(super) in_progress: bool,
    pub(super) notes: Vec<String>,
    /// Each report of it, in the order in which it was taken.
    pub(super) parts: Vec<PlanPart>,
}

/// What one school reports of a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlanPart {
    /// The state whose report it is.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The school.
    pub facility: Option<String>,
    /// School year.
    pub school_year: Option<String>,
    /// Section (65).
    pub section: Option<Coded>,
    /// Term (66).
    pub term_type: Option<Coded>,
    /// How far it came.
    pub status: CourseStatus,
    /// Units granted by it.
    pub granted: String,
    /// Clock hours of partial work.
    pub clock_hours: Option<String>,
}

impl PlanPart {
    fn of(entry: &CourseEntry) -> Self {
        Self {
            state: entry.state,
            facility: entry.facility.as_ref().map(FacilityInfo::title),
            school_year: entry.school_year.clone(),
            section: entry.section.clone(),
            term_type: entry.term_type.clone(),
            status: entry.status,
            granted: entry.granted().normalize().to_string(),
            clock_hours: entry.clock_hours.clone(),
        }
    }
}

impl Counted {
    /// Units toward the plan.
    pub(super) fn toward(&self) -> Decimal {
        self.granted - self.implausible - self.repeated + self.rounding
    }
}

/// Brings the entries of one course together, in the order of their titles.
pub(super) fn counted(entries: &[CourseEntry]) -> Vec<Counted> {
    // In the order in which they were taken, so that an earlier part is never the repetition of a later one; of two in
    // one term the larger is kept.
    let mut taken: Vec<&CourseEntry> = entries.iter().collect();
    let code = |coded: &Option<crate::words::Coded>| coded.as_ref().map(|c| c.code.clone());
    taken.sort_by_cached_key(|e| {
        let when = (
            e.school_year.clone(),
            code(&e.section),
            Reverse(units(e)),
            code(&e.term_type),
        );
        (
            when,
            e.title.clone(),
            e.sced.clone(),
            e.final_grade.clone(),
            e.sources.clone(),
        )
    });
    let mut groups: Vec<Vec<Named<'_>>> = Vec::new();
    for entry in taken.into_iter().map(Named::of) {
        match groups
            .iter_mut()
            .find(|group| group.iter().any(|e| e.is_same(&entry)))
        {
            Some(group) => group.push(entry),
            None => groups.push(vec![entry]),
        }
    }
    let entries = groups
        .iter()
        .map(|group| group.iter().map(|named| named.entry).collect::<Vec<_>>());
    let mut out: Vec<Counted> = entries.map(|group| count(&group)).collect();
    out.sort_by(|a, b| (a.subject, &a.title).cmp(&(b.subject, &b.title)));
    out
}

/// An entry with the words of its title.
struct Named<'e> {
    entry: &'e CourseEntry,
    words: Vec<String>,
}

impl<'e> Named<'e> {
    fn of(entry: &'e CourseEntry) -> Self {
        Self {
            entry,
            words: numbered(&entry.title),
        }
    }

    /// Whether two entries are of one course: by SCED where both have it, else by title, in which Roman and Arabic
    /// numbers are one.
    fn is_same(&self, other: &Self) -> bool {
        match (&self.entry.sced, &other.entry.sced) {
            (Some(a), Some(b)) => a == b,
            _ => self.words == other.words,
        }
    }
}

fn numbered(title: &str) -> Vec<String> {
    let number = |word: String| match word.as_str() {
        "i" => "1".to_owned(),
        "ii" => "2".to_owned(),
        "iii" => "3".to_owned(),
        "iv" => "4".to_owned(),
        _ => word,
    };
    words(title).into_iter().map(number).collect()
}

/// The units of an entry that can be of one course.
fn units(entry: &CourseEntry) -> Decimal {
    if entry.is_implausible() {
        Decimal::ONE
    } else {
        entry.granted()
    }
}

/// What part of a course an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Whole,
    /// Section A or B.
    Half(usize),
    /// One of so many terms.
    Term(usize),
}

fn piece(entry: &CourseEntry, granted: Decimal) -> Piece {
    let of = |coded: &Option<crate::words::Coded>| coded.as_ref().map(|c| c.code.clone());
    match (of(&entry.section).as_deref(), of(&entry.term_type).as_deref()) {
        (Some("02"), _) => Piece::Half(0),
        (Some("03"), _) => Piece::Half(1),
        _ if granted >= Decimal::new(75, 2) => Piece::Whole,
        // A course that is whole in one semester has section 01; one of three trimesters has nothing else to say.
        (Some("01"), Some("0828")) => Piece::Whole,
        (_, Some("0828")) => Piece::Term(2),
        (_, Some("0829")) => Piece::Term(3),
        (_, Some("0830")) => Piece::Term(4),
        (_, Some("0831")) => Piece::Term(5),
        _ => Piece::Whole,
    }
}

fn count(group: &[&CourseEntry]) -> Counted {
    let first = group[0];
    let sced = group.iter().find_map(|e| e.sced.as_deref());
    let area = group.iter().find_map(|e| e.subject_area.as_deref());
    let (subject, placed_by) = place(sced, area, &first.title);
    let mut out = Counted {
        title: first.title.clone(),
        subject,
        placed_by,
        granted: group.iter().map(|e| e.granted()).sum(),
        implausible: group.iter().map(|e| e.granted() - units(e)).sum(),
        repeated: Decimal::ZERO,
        rounding: Decimal::ZERO,
        hours: Decimal::ZERO,
        in_progress: false,
        notes: group
            .iter()
            .filter(|e| e.is_implausible())
            .map(|e| {
                format!(
                    "{} units by {} are more than a course can be worth; 1 counts until the state corrects it.",
                    e.granted().normalize(),
                    e.state
                )
            })
            .collect(),
        parts: group.iter().map(|e| PlanPart::of(e)).collect(),
    };
    if !subject.is_repeatable() {
        add_up(group, &mut out);
    }
    add_work(group, &mut out);
    together(group, &mut out);
    out
}

/// Says where schools of several states made one course together.
fn together(group: &[&CourseEntry], out: &mut Counted) {
    let mut granting: Vec<&CourseEntry> = group.iter().copied().filter(|e| !units(e).is_zero()).collect();
    granting.dedup_by_key(|e| e.state);
    if granting.len() < 2 || !out.repeated.is_zero() || out.subject.is_repeatable() {
        return;
    }
    let part = |e: &&CourseEntry| {
        let what = e
            .section
            .as_ref()
            .or(e.term_type.as_ref())
            .map_or("a part", |coded| coded.label.as_str());
        let year = e.school_year.as_deref().unwrap_or("year not stated");
        format!("{what} in {} ({year})", e.state)
    };
    let parts: Vec<String> = group.iter().filter(|e| !units(e).is_zero()).map(part).collect();
    out.notes
        .push(format!("One course together: {}.", parts.join(" + ")));
}

/// What of one course has been granted so far. Its parts are counted as halves, as terms and as a whole; what it is
/// worth is the most of what these say, and where halves and terms are mixed, not more than one course.
#[derive(Default)]
struct Earned<'e> {
    whole: Decimal,
    halves: [Option<Decimal>; 2],
    terms: Vec<(&'e CourseEntry, Decimal)>,
}

impl Earned<'_> {
    fn worth(&self) -> Decimal {
        let halves: Decimal = self.halves.iter().flatten().sum();
        let terms: Decimal = self.terms.iter().map(|(_, units)| *units).sum();
        let one_course = Decimal::ONE.max(self.whole).max(halves).max(terms);
        self.whole.max((halves + terms).min(one_course))
    }
}

fn add_up(group: &[&CourseEntry], out: &mut Counted) {
    let mut earned = Earned::default();
    let mut first: Option<&CourseEntry> = None;
    for entry in group {
        let granted = units(entry);
        if granted.is_zero() {
            continue;
        }
        let before = earned.worth();
        match piece(entry, granted) {
            Piece::Whole => earned.whole = earned.whole.max(granted),
            Piece::Half(which) => {
                earned.halves[which].get_or_insert(granted);
            }
            Piece::Term(of) if earned.terms.len() < of => earned.terms.push((entry, granted)),
            Piece::Term(_) => {}
        }
        let repeated = granted - (earned.worth() - before);
        if let Some(by) = first.filter(|_| !repeated.is_zero()) {
            out.repeated += repeated;
            let year = by.school_year.as_deref().unwrap_or("an earlier year");
            out.notes.push(format!(
                "{} of the {} granted by {} were already earned in {} ({year}).",
                repeated.normalize(),
                granted.normalize(),
                entry.state,
                by.state
            ));
        }
        first = first.or(Some(entry));
    }
    // Three times .33 or six times .17 is a whole that was rounded.
    let parts = earned.terms.len() as u32;
    let lacking = Decimal::ONE - earned.worth();
    let by_rounding = Decimal::new(1, 2) * Decimal::from(parts);
    if parts > 1 && lacking > Decimal::ZERO && lacking < by_rounding && complete(&earned.terms) {
        out.rounding = lacking;
        out.notes.push(format!(
            "{parts} parts of {} make one whole unit for the plan; what was granted stays {}.",
            earned.terms[0].1.normalize(),
            earned.worth().normalize()
        ));
    }
}

/// Whether the terms are as many as a course of their kind has.
fn complete(terms: &[(&CourseEntry, Decimal)]) -> bool {
    terms
        .iter()
        .all(|(entry, units)| matches!(piece(entry, *units), Piece::Term(of) if of == terms.len()))
}

/// Work without credit, and failures with what became of them.
fn add_work(group: &[&CourseEntry], out: &mut Counted) {
    let complete = out.toward() >= Decimal::ONE;
    for entry in group {
        match entry.status {
            CourseStatus::Partial if !complete => {
                out.in_progress = true;
                out.hours += entry
                    .clock_hours
                    .as_ref()
                    .and_then(|h| h.parse::<Decimal>().ok())
                    .unwrap_or_default();
            }
            CourseStatus::InProgress if !complete => out.in_progress = true,
            CourseStatus::Completed if units(entry).is_zero() => {
                let recovered = group.iter().find(|e| {
                    !units(e).is_zero() && e.school_year >= entry.school_year && e.section == entry.section
                });
                let year = entry.school_year.as_deref().unwrap_or("a year not stated");
                out.notes.push(match recovered {
                    Some(by) => format!(
                        "No credit in {} ({year}); recovered in {}.",
                        entry.state, by.state
                    ),
                    None => format!("No credit was granted in {} ({year}).", entry.state),
                });
            }
            _ => {}
        }
    }
}
