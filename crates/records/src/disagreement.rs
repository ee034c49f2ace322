//! Where states, or the statements of one state, contradict each other: what is said, and what the rule made of it.
//! Nothing is corrected here; only the state that said it can.

use std::collections::BTreeSet;
use std::fmt;

use mde::StateCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::courses::CourseEntry;
use crate::eligibility::Eligibility;
use crate::enrollments::EnrollmentEntry;
use crate::schooling::{GradeMark, Schooling};
use crate::source::{Report, Source};

/// What a contradiction is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisagreementKind {
    /// Who the child is: names, birth, parents.
    Identity,
    /// Reports of one enrollment differ in end or grade, or an enrollment ends before it begins.
    Enrollment,
    /// Two schools of two states at once.
    Overlap,
    /// Grade levels that do not follow from each other.
    Grade,
    /// Graduation in one state, and school in another after it.
    Graduation,
    /// Two designated schools for graduation.
    GraduationSchool,
    /// Reports of one course differ.
    Course,
    /// More credits than a course is worth.
    Credits,
    /// A state's end of eligibility that does not follow from its moves.
    Eligibility,
}

impl DisagreementKind {
    /// All of them, in the order of a list.
    pub const ALL: [Self; 9] = [
        Self::Identity,
        Self::Enrollment,
        Self::Overlap,
        Self::Grade,
        Self::Graduation,
        Self::GraduationSchool,
        Self::Course,
        Self::Credits,
        Self::Eligibility,
    ];

    /// Its name in tables and addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Enrollment => "enrollment",
            Self::Overlap => "overlap",
            Self::Grade => "grade",
            Self::Graduation => "graduation",
            Self::GraduationSchool => "graduation_school",
            Self::Course => "course",
            Self::Credits => "credits",
            Self::Eligibility => "eligibility",
        }
    }

    /// What it is about, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Identity => "Who the child is",
            Self::Enrollment => "Dates and grade of an enrollment",
            Self::Overlap => "Two schools at once",
            Self::Grade => "Grade levels",
            Self::Graduation => "School after graduation",
            Self::GraduationSchool => "School for graduation",
            Self::Course => "A course",
            Self::Credits => "Number of credits",
            Self::Eligibility => "End of eligibility",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One contradiction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Disagreement {
    /// What it is about.
    pub kind: DisagreementKind,
    /// Number of the data element, where it is about one.
    pub element: Option<String>,
    /// The states whose statements are in it.
    #[schema(value_type = Vec<String>)]
    pub states: Vec<StateCode>,
    /// What is said, in words.
    pub text: String,
    /// What the hub made of it, in words.
    pub rule: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.text, self.rule)
    }
}

/// The states of sources, each once.
pub(crate) fn states<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Vec<StateCode> {
    let all: BTreeSet<StateCode> = sources.into_iter().map(|source| source.state).collect();
    all.into_iter().collect()
}

/// Everything in which what was brought together contradicts itself; what is not live contradicts nobody.
pub(crate) struct Parts<'a> {
    pub(crate) reports: &'a [Report<'a>],
    pub(crate) enrollments: &'a [EnrollmentEntry],
    pub(crate) schooling: &'a Schooling,
    pub(crate) courses: &'a [CourseEntry],
    pub(crate) eligibility: &'a [Eligibility],
}

pub(crate) fn disagreements(parts: &Parts<'_>) -> Vec<Disagreement> {
    let mut out = Vec::new();
    for entry in parts
        .enrollments
        .iter()
        .filter(|e| e.sources.iter().any(|s| s.live))
    {
        out.extend(entry.notes.iter().map(|note| Disagreement {
            kind: DisagreementKind::Enrollment,
            element: None,
            states: states(&entry.sources),
            text: format!("Enrollment on {}: {note}", entry.start),
            rule: shown_end(entry),
        }));
    }
    out.extend(
        parts
            .schooling
            .overlaps
            .iter()
            .filter(|o| o.states.len() > 1)
            .map(|overlap| Disagreement {
                kind: DisagreementKind::Overlap,
                element: Some("54".to_owned()),
                states: overlap.states.clone(),
                text: overlap.text.clone(),
                rule: "Both are shown; the school of record is the one that began last.".to_owned(),
            }),
    );
    let odd = parts
        .schooling
        .grades
        .iter()
        .filter(|step| step.states.len() > 1 && matches!(step.mark, GradeMark::Back | GradeMark::Jump));
    out.extend(odd.map(|step| Disagreement {
        kind: DisagreementKind::Grade,
        element: Some("20".to_owned()),
        states: step.states.clone(),
        text: step.note.clone().unwrap_or_default(),
        rule: "Both grades are shown as sent; the grade of the newest enrollment stands on top.".to_owned(),
    }));
    out.extend(graduations(parts));
    for entry in parts.courses.iter().filter(|c| c.sources.iter().any(|s| s.live)) {
        if entry.is_implausible() {
            out.push(Disagreement {
                kind: DisagreementKind::Credits,
                element: Some("70".to_owned()),
                states: states(&entry.sources),
                text: format!(
                    "{}: {} credits by {} for one course",
                    entry.title,
                    entry.credits.as_deref().unwrap_or_default(),
                    entry.state
                ),
                rule: "It stays as sent in the sum of credits; one unit counts toward the plan until the state corrects it."
                    .to_owned(),
            });
        }
        if entry.sources.len() > 1 {
            out.extend(entry.notes.iter().map(|note| Disagreement {
                kind: DisagreementKind::Course,
                element: None,
                states: states(&entry.sources),
                text: format!("{}: {note}", entry.title),
                rule: format!(
                    "It counts once, as {} says: the awarding state’s word first, then the newest.",
                    entry.state
                ),
            }));
        }
    }
    for entry in parts.eligibility {
        out.extend(entry.contradictions.iter().map(|text| Disagreement {
            kind: DisagreementKind::Eligibility,
            element: None,
            states: vec![entry.state],
            text: format!("{}: {}", entry.state, text.trim_end_matches('.')),
            rule: format!("{} is taken as the end: {}.", entry.ends, entry.rule),
        }));
    }
    out.sort_by(|a, b| (a.kind, &a.text).cmp(&(b.kind, &b.text)));
    out.dedup();
    out
}

fn shown_end(entry: &EnrollmentEntry) -> String {
    match entry.end {
        Some(end) => format!(
            "Counted once, as {} says, with the end {end}: the word of the school’s own state first, then the newest.",
            entry.state
        ),
        None if entry.open => format!("Counted once, as {} says, as still open.", entry.state),
        None => "An end before the start is not used; the end counts as not known.".to_owned(),
    }
}

/// A graduation or equivalency in one state, and a school of another state that began after it.
fn graduations(parts: &Parts<'_>) -> Vec<Disagreement> {
    use mde::code::TerminationFlag::{Ged, Graduated};
    let mut out = Vec::new();
    for report in parts.reports.iter().filter(|r| r.counted) {
        let state = report.source.state;
        let identity = &report.student.identity;
        let terminated = identity
            .termination_date
            .filter(|_| matches!(identity.termination_flag, Some(Graduated | Ged)));
        let of_enrollments = report
            .student
            .enrollments
            .iter()
            .filter(|e| e.graduation_indicator.is_some())
            .filter_map(|e| e.graduation_date);
        let Some(day) = terminated
            .into_iter()
            .chain(of_enrollments)
            .map(mde::Date::day)
            .min()
        else {
            continue;
        };
        let later = parts.enrollments.iter().filter(|e| {
            e.class == "school"
                && e.start > day
                && e.sources.iter().any(|s| s.live)
                && e.sources.iter().all(|s| s.state != state)
        });
        for entry in later {
            let mut both = states(&entry.sources);
            both.push(state);
            both.sort_unstable();
            out.push(Disagreement {
                kind: DisagreementKind::Graduation,
                element: None,
                states: both,
                text: format!(
                    "{state} says that the child completed school on {day}; {} reports a school from {}",
                    entry.state, entry.start
                ),
                rule: format!(
                    "Both are shown. Eligibility in {state} ends with what {state} says; the later enrollment counts in {}.",
                    entry.state
                ),
            });
        }
    }
    out
}
