//! Where a value comes from.

use chrono::{DateTime, NaiveDate, Utc};
use mde::{PartKind, StateCode, Student};
use serde::Serialize;
use store::persons::{PersonRecord, StudentRecord};
use utoipa::ToSchema;

use crate::record::Basis;
use crate::words::{Coded, ElementValue, coded, element_values};

/// The student of one state that said something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Source {
    /// Postal code of the state.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The state's identifier of the student (data element 2).
    pub state_student_id: String,
    /// What the content speaks of.
    pub as_of: DateTime<Utc>,
    /// Whether the state still reports the student. One that is not live counts nowhere.
    pub live: bool,
    /// The batch that brought the content.
    pub batch_id: i64,
}

/// One student of the person, as its state sent it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SourceStudent {
    /// Which student, and its time.
    #[serde(flatten)]
    pub source: Source,
    /// Key of the student in the hub.
    #[schema(value_type = String, format = "uuid")]
    pub student_id: mde::StudentId,
    /// `live`, `not_reported` or `deleted`.
    pub status: String,
    /// Since when.
    pub status_since: DateTime<Utc>,
    /// The status in words: `reported`, `no longer reported since 2026-03-01`.
    pub status_text: String,
    /// When the content was received.
    pub received_at: DateTime<Utc>,
    /// Number of its current version.
    pub version: i32,
    /// How it was linked: `new`, `automatic` or `reviewed`; `null` while the linker has not seen it.
    pub decided: Option<String>,
    /// Everything that it says of who the child is.
    pub identity: Vec<ElementValue>,
    /// Its other identifiers, each with the meaning of its type.
    pub alternate_ids: Vec<AlternateIdentifier>,
    /// Number of rows in all its parts, the identity being one.
    pub rows: usize,
}

/// Another identifier of the child in the same state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlternateIdentifier {
    /// The identifier.
    pub identifier: String,
    /// Its type.
    pub identifier_type: Option<Coded>,
}

/// A state of the person, and how fresh its data are.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StateSummary {
    /// Postal code.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// English name.
    pub name: String,
    /// Whether it has a live student of the person.
    pub live: bool,
    /// What its newest content speaks of.
    pub as_of: DateTime<Utc>,
    /// Whole days from then to today (UTC day of `as_of`), 0 when it is later than today.
    pub days_since: i64,
    /// Latest day up to today of an enrollment, withdrawal, residency or qualifying arrival that it reports.
    pub last_activity: Option<NaiveDate>,
}

/// A student while it is being consolidated.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) held: &'a StudentRecord,
    pub(crate) student: &'a Student,
    pub(crate) source: Source,
    /// Whether it gives resolved values and counts.
    pub(crate) counted: bool,
}

/// All students of a person, counted ones first, the most recent first. Where none is live, the one that was reported
/// last is counted, and the basis says so.
pub(crate) fn reports(record: &PersonRecord) -> (Basis, Vec<Report<'_>>) {
    let mut reports: Vec<Report<'_>> = record
        .students
        .iter()
        .map(|held| Report {
            held,
            student: &held.student,
            source: Source {
                state: held.state,
                state_student_id: held.student.identity.state_student_id.to_string(),
                as_of: held.as_of,
                live: held.live,
                batch_id: held.batch_id,
            },
            counted: held.live,
        })
        .collect();
    reports.sort_by(|a, b| {
        (b.counted, b.source.as_of)
            .cmp(&(a.counted, a.source.as_of))
            .then_with(|| a.source.cmp(&b.source))
    });
    let basis = match reports.first_mut() {
        None => Basis::Nothing,
        Some(first) if first.counted => Basis::Live,
        Some(first) => {
            first.counted = true;
            Basis::LastReported
        }
    };
    (basis, reports)
}

/// One row of a part, with the student that reports it.
#[derive(Debug)]
pub(crate) struct Row<'a, T> {
    pub(crate) report: &'a Report<'a>,
    pub(crate) item: &'a T,
}

/// All rows of one part.
pub(crate) fn rows<'a, T>(
    reports: &'a [Report<'a>],
    part: impl Fn(&'a Student) -> &'a [T],
) -> Vec<Row<'a, T>> {
    reports
        .iter()
        .flat_map(|report| part(report.student).iter().map(move |item| Row { report, item }))
        .collect()
}

/// Brings rows together that report the same fact. `likeness` says whether two rows can be the same fact (`Some`), and
/// how alike they are: a row joins the group whose every member allows it and that is most like it.
pub(crate) fn group<T>(rows: Vec<T>, likeness: impl Fn(&T, &T) -> Option<usize>) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = Vec::new();
    for row in rows {
        let best = groups
            .iter()
            .enumerate()
            .filter_map(|(index, group)| {
                let mut alike = group.iter().map(|member| likeness(member, &row));
                let sum = alike.try_fold(0, |sum, alike| Some(sum + alike?))?;
                Some((sum, std::cmp::Reverse(index)))
            })
            .max();
        match best {
            Some((_, std::cmp::Reverse(index))) => groups[index].push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

/// The students as their states sent them, by state and identifier.
pub(crate) fn students(reports: &[Report<'_>]) -> Vec<SourceStudent> {
    let mut out: Vec<SourceStudent> = reports
        .iter()
        .map(|report| {
            let held = report.held;
            SourceStudent {
                source: report.source.clone(),
                student_id: held.student_id,
                status: held.status.clone(),
                status_since: held.status_since,
                status_text: status_text(held),
                received_at: held.received_at,
                version: held.version,
                decided: held.decided.clone(),
                identity: element_values(PartKind::Student, &report.student.identity),
                alternate_ids: report
                    .student
                    .alternate_ids
                    .iter()
                    .map(|id| AlternateIdentifier {
                        identifier: id.identifier.to_string(),
                        identifier_type: id.identifier_type.map(coded),
                    })
                    .collect(),
                rows: report.student.row_count(),
            }
        })
        .collect();
    out.sort_by(|a, b| a.source.cmp(&b.source));
    out
}

fn status_text(held: &StudentRecord) -> String {
    let since = held.status_since.date_naive();
    match held.status.as_str() {
        "live" => "reported".into(),
        "deleted" => format!("deleted by the state on {since}"),
        _ => format!("no longer reported since {since}"),
    }
}

/// The states of the person, most recent activity first.
pub(crate) fn states(reports: &[Report<'_>], today: NaiveDate) -> Vec<StateSummary> {
    let mut codes: Vec<StateCode> = reports.iter().map(|r| r.source.state).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut out: Vec<StateSummary> = codes
        .into_iter()
        .map(|state| {
            let of_state = || reports.iter().filter(|r| r.source.state == state);
            let as_of = of_state().map(|r| r.source.as_of).max().unwrap_or_default();
            StateSummary {
                state,
                name: state.name().to_owned(),
                live: of_state().any(|r| r.source.live),
                as_of,
                days_since: (today - as_of.date_naive()).num_days().max(0),
                last_activity: of_state().filter_map(|r| last_activity(r.student, today)).max(),
            }
        })
        .collect();
    out.sort_by(|a, b| {
        (b.last_activity, b.as_of)
            .cmp(&(a.last_activity, a.as_of))
            .then(a.state.cmp(&b.state))
    });
    out
}

/// Latest day up to `today` on which the child was seen in the state: an enrollment or its end, a residency date or
/// a qualifying arrival that is not void.
#[must_use]
pub fn last_activity(student: &Student, today: NaiveDate) -> Option<NaiveDate> {
    let enrollments = student
        .enrollments
        .iter()
        .flat_map(|e| [Some(e.enrollment_date), e.withdrawal_date, e.residency_date]);
    let moves = student
        .qualifying_moves
        .iter()
        .filter(|m| m.void_date.is_none())
        .flat_map(|m| [Some(m.qualifying_arrival_date), m.residency_date]);
    enrollments
        .chain(moves)
        .flatten()
        .map(mde::Date::day)
        .filter(|day| *day <= today)
        .max()
}
