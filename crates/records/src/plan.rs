//! The way to graduation: what is required, what the child has earned anywhere, what is under way and what is still
//! needed. Exact decimals, written as text.

mod credit;
mod subject;

use std::collections::BTreeMap;
use std::fmt;

use mde::code::Grade;
use mde::{Decimal, PersonId, StateCode};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

pub use credit::PlanPart;
pub use subject::{PlacedBy, Subject, place};

use crate::courses::{CourseEntry, CourseStatus};
use crate::graduation::{GraduationSchool, RequirementEntry};
use crate::words::Coded;

/// Whose requirements a plan is measured against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[schema(as = PlanBasis)] // the record itself has a basis of another kind
pub enum Basis {
    /// The child's own, which a state sent with it (data element 59).
    Own {
        /// The state that requires it.
        #[schema(value_type = String)]
        state: StateCode,
    },
    /// A set that a state keeps at the hub.
    Set {
        /// The state.
        #[schema(value_type = String)]
        state: StateCode,
        /// District or school, where it is not the whole state's.
        place: Option<String>,
        /// Where the state has it from.
        source: String,
        /// Whether it is not known that the child will graduate there: its home base is taken.
        assumed: bool,
    },
    /// Nobody has said what is required.
    Unknown,
}

/// The plan of a child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GraduationPlan {
    /// Whose requirements.
    pub basis: Basis,
    /// By subject, those required and those with any work.
    pub subjects: Vec<PlanSubject>,
    /// Units required in all; none where nothing is known to be required.
    pub required: Option<String>,
    /// Units that count toward the plan.
    pub earned: String,
    /// Units still needed, over the subjects.
    pub needed: Option<String>,
    /// Courses with what they count.
    pub courses: Vec<PlanCourse>,
    /// What a child of this grade usually has and this one has not, in words.
    #[schema(value_type = Vec<String>)]
    pub missing_for_grade: Vec<Missing>,
    /// Advanced work to go on with: AP, IB, honors and pre-AP.
    pub advanced: Vec<Advanced>,
}

/// What a child of a grade usually has and this one has not; in English words where it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// Algebra 1 or an equivalent.
    Algebra1 {
        /// The child's grade, 10 to 12.
        grade: u8,
    },
    /// A quarter of the units for each year of high school that is over.
    Units {
        /// Units that count toward the plan.
        earned: String,
        /// Units required in all.
        required: String,
        /// Units that a quarter a year would be by now.
        usual: String,
    },
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algebra1 { grade } => write!(f, "Grade {grade} without Algebra 1 or an equivalent."),
            Self::Units {
                earned,
                required,
                usual,
            } => write!(
                f,
                "{earned} of {required} units, where {usual} would be a quarter for each year of high school that is over."
            ),
        }
    }
}

impl Serialize for Missing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One subject of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlanSubject {
    /// The subject.
    pub subject: Subject,
    /// Units required.
    pub required: Option<String>,
    /// Units earned in it, all of them.
    pub earned: String,
    /// Of the electives: units that other subjects have to spare.
    pub from_other_subjects: Option<String>,
    /// Courses under way or left in the middle.
    pub in_progress: usize,
    /// Clock hours of work that no credit covers.
    pub hours: String,
    /// Units still needed.
    pub needed: Option<String>,
}

/// A course of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlanCourse {
    /// Its title.
    pub title: String,
    /// Where it counts.
    pub subject: Subject,
    /// How it was placed; by its title is a suggestion.
    pub placed_by: PlacedBy,
    /// Units as granted, all states together.
    pub granted: String,
    /// Units that it counts.
    pub toward: String,
    /// Why that is not the same, and what failed or was recovered.
    pub notes: Vec<String>,
    /// What each school reports of it, in the order in which it was taken.
    pub parts: Vec<PlanPart>,
}

/// Advanced work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Advanced {
    /// Title of the course.
    pub title: String,
    /// Its kind.
    pub course_type: Coded,
    /// Where it was taken.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// School year.
    pub school_year: Option<String>,
    /// How far it came.
    pub status: CourseStatus,
}

/// A set of requirements as a state keeps it at the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequirementSet {
    /// The state.
    pub state: StateCode,
    /// District or school, where it is not the whole state's.
    pub place: Option<String>,
    /// Subject area as written, and units.
    pub units: Vec<(String, Decimal)>,
    /// Where the state has it from.
    pub source: String,
    /// Whether the child's graduation there is only assumed.
    pub assumed: bool,
}

/// What a plan is made of.
pub(crate) struct Known<'a> {
    /// All courses, and whether each counts (its student is live).
    pub(crate) courses: &'a [CourseEntry],
    pub(crate) requirements: &'a [RequirementEntry],
    pub(crate) school: Option<&'a GraduationSchool>,
    pub(crate) set: Option<RequirementSet>,
    pub(crate) grade: Option<Grade>,
    /// Whether a state says that Algebra 1 or an equivalent is done (X23).
    pub(crate) algebra_1: bool,
}

/// The same child under the requirements of several states, side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlanComparison {
    /// The child.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// The year in which its grade 9 began, by which sets are chosen.
    pub cohort: Option<i32>,
    /// A plan for each state asked for, in that order.
    pub plans: Vec<StatePlan>,
}

/// The plan of a child under one state's requirements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatePlan {
    /// The state.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The plan; `null` where neither courses nor requirements are known.
    pub plan: Option<GraduationPlan>,
}

/// The plan of a child; `None` where neither courses nor requirements are known.
pub(crate) fn plan(known: &Known<'_>) -> Option<GraduationPlan> {
    if known.courses.is_empty() && known.requirements.is_empty() && known.set.is_none() {
        return None;
    }
    let counted = credit::counted(known.courses);
    let (basis, required) = required(known);
    let subjects = subjects(&counted, &required);
    let total = |units: &BTreeMap<Subject, Decimal>| units.values().copied().sum::<Decimal>();
    let needed: Decimal = subjects.iter().filter_map(|s| s.needed).sum();
    let earned: Decimal = counted.iter().map(credit::Counted::toward).sum();
    let is_known = basis != Basis::Unknown;
    Some(GraduationPlan {
        basis,
        required: is_known.then(|| exact(total(&required))),
        earned: exact(earned),
        needed: is_known.then(|| exact(needed)),
        missing_for_grade: missing(known, earned, is_known.then(|| total(&required))),
        advanced: advanced(known.courses),
        subjects: subjects.into_iter().map(Units::written).collect(),
        courses: counted
            .into_iter()
            .map(|c| PlanCourse {
                toward: exact(c.toward()),
                title: c.title,
                subject: c.subject,
                placed_by: c.placed_by,
                granted: exact(c.granted),
                notes: c.notes,
                parts: c.parts,
            })
            .collect(),
    })
}

fn exact(number: Decimal) -> String {
    number.normalize().to_string()
}

/// The child's own requirements, of the state of the school from which it is to graduate where several states sent
/// some; else the set that a state keeps.
fn required(known: &Known<'_>) -> (Basis, BTreeMap<Subject, Decimal>) {
    let place = |area: &str| Subject::named(area).unwrap_or(Subject::Elective);
    let school_state = known.school.map(|s| s.facility.state);
    let state = school_state
        .filter(|state| known.requirements.iter().any(|r| r.state == *state))
        .or_else(|| {
            let newest = known
                .requirements
                .iter()
                .max_by_key(|r| (r.source.live, r.source.as_of));
            newest.map(|r| r.state)
        });
    let mut units: BTreeMap<Subject, Decimal> = BTreeMap::new();
    if let Some(state) = state {
        // Two students of one state, or two schools, may carry the same requirement: each subject counts once, as the
        // newest has it.
        let mut of_state: Vec<&RequirementEntry> =
            known.requirements.iter().filter(|r| r.state == state).collect();
        of_state.sort_by_key(|r| std::cmp::Reverse((r.source.live, r.source.as_of)));
        let source = &of_state[0].source;
        for entry in of_state.iter().filter(|r| r.source == *source) {
            *units.entry(place(&entry.subject_area)).or_default() +=
                entry.units.parse::<Decimal>().unwrap_or_default();
        }
        return (Basis::Own { state }, units);
    }
    match &known.set {
        None => (Basis::Unknown, units),
        Some(set) => {
            for (area, required) in &set.units {
                *units.entry(place(area)).or_default() += *required;
            }
            let basis = Basis::Set {
                state: set.state,
                place: set.place.clone(),
                source: set.source.clone(),
                assumed: set.assumed,
            };
            (basis, units)
        }
    }
}

/// A subject in numbers.
struct Units {
    subject: Subject,
    required: Option<Decimal>,
    earned: Decimal,
    spare: Option<Decimal>,
    in_progress: usize,
    hours: Decimal,
    needed: Option<Decimal>,
}

impl Units {
    fn written(self) -> PlanSubject {
        PlanSubject {
            subject: self.subject,
            required: self.required.map(exact),
            earned: exact(self.earned),
            from_other_subjects: self.spare.filter(|s| !s.is_zero()).map(exact),
            in_progress: self.in_progress,
            hours: exact(self.hours),
            needed: self.needed.map(exact),
        }
    }
}

/// By subject. What a subject has beyond its requirement, and what no requirement asks for, counts as elective.
fn subjects(counted: &[credit::Counted], required: &BTreeMap<Subject, Decimal>) -> Vec<Units> {
    let mut spare = Decimal::ZERO;
    let mut out = Vec::new();
    for subject in Subject::ALL {
        let of = || counted.iter().filter(move |c| c.subject == subject);
        let earned: Decimal = of().map(credit::Counted::toward).sum();
        let required = required.get(&subject).copied();
        let is_elective = subject == Subject::Elective;
        let has = if is_elective { earned + spare } else { earned };
        if !is_elective {
            spare += (earned - required.unwrap_or_default()).max(Decimal::ZERO);
        }
        if required.is_none() && of().next().is_none() {
            continue;
        }
        out.push(Units {
            subject,
            required,
            earned,
            spare: (is_elective && required.is_some()).then_some(spare),
            in_progress: of().filter(|c| c.in_progress).count(),
            hours: of().map(|c| c.hours).sum(),
            needed: required.map(|units| (units - has).max(Decimal::ZERO)),
        });
    }
    out
}

/// What a child of this grade usually has: Algebra 1 by the start of grade 10, and a quarter of the units for each year
/// of high school that is over.
fn missing(known: &Known<'_>, earned: Decimal, required: Option<Decimal>) -> Vec<Missing> {
    let years = match known.grade {
        Some(Grade::G10) => 1,
        Some(Grade::G11) => 2,
        Some(Grade::G12) => 3,
        _ => return Vec::new(),
    };
    let mut out = Vec::new();
    let algebra = |c: &CourseEntry| {
        let title = subject::words(&c.title);
        let first = matches!(title.as_slice(), [.., name, number] | [.., name, number, _]
            if ["algebra", "math"].contains(&name.as_str()) && ["i", "1"].contains(&number.as_str()));
        (c.sced.as_deref() == Some("02052") || first) && c.status != CourseStatus::Partial
    };
    if !known.algebra_1 && !known.courses.iter().any(algebra) {
        out.push(Missing::Algebra1 { grade: 9 + years });
    }
    if let Some(required) = required {
        let usual = required * Decimal::from(years) / Decimal::from(4);
        if earned < usual {
            out.push(Missing::Units {
                earned: exact(earned),
                required: exact(required),
                usual: exact(usual.round_dp(2)),
            });
        }
    }
    out
}

/// AP, IB, honors and pre-AP courses, the newest first as the entries are.
fn advanced(courses: &[CourseEntry]) -> Vec<Advanced> {
    let of = |entry: &CourseEntry| {
        let course_type = entry.course_type.clone()?;
        ["02", "03", "04", "05"]
            .contains(&course_type.code.as_str())
            .then(|| Advanced {
                title: entry.title.clone(),
                course_type,
                state: entry.state,
                school_year: entry.school_year.clone(),
                status: entry.status,
            })
    };
    courses.iter().filter_map(of).collect()
}
