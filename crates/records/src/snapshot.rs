//! Counts frozen: the same question later gives the same answer, and says what has become of it since.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use mde::{EligibilityRules, PersonId, StateCode};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use store::Access;
use store::access::Subject;
use store::program::{ProgramPerson, ProgramStudent};
use store::snapshots::{self, Snapshot};
use utoipa::ToSchema;

use crate::counts::{ChildCounted, Counts, Period};
use crate::report::{self, Question};

/// Why a snapshot could not be taken or read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The database is away or refused.
    #[error(transparent)]
    Database(#[from] store::Error),
    /// It would not fit into an address.
    #[error("{0:?} cannot be the name of a snapshot: use 1 to 60 lower-case letters, digits and hyphens")]
    Name(String),
    /// A snapshot is never overwritten.
    #[error("a snapshot {0} is there already; choose another name")]
    Taken(String),
    /// What will be known later is not known yet, so the same question would get another answer.
    #[error("{0} is still to come; ask for what is known now or was known before")]
    ToCome(DateTime<Utc>),
    /// The extract is not what was written.
    #[error(
        "the extract of the snapshot {0} does not match its checksum; restore the database from a backup"
    )]
    Damaged(String),
    /// The extract or the counts could not be written or read.
    #[error("the snapshot cannot be written or read: {0}")]
    Unreadable(String),
}

fn unreadable(error: impl std::fmt::Display) -> SnapshotError {
    SnapshotError::Unreadable(error.to_string())
}

/// Who takes a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct Taker<'a> {
    /// Who, for the record.
    pub by: &'a str,
    /// The state for which it is taken, which alone sees it then; none: the hub, for all.
    pub state: Option<StateCode>,
}

/// Characters of the longest name of a snapshot.
const NAME: usize = 60;

/// Whether a snapshot can have this name: lower-case letters, digits and hyphens, as it stands in an address.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (1..=NAME).contains(&name.len()) && name.bytes().all(fits) && !name.starts_with('-')
}

/// Takes a snapshot of the counts of a period as they were known at an instant, and keeps it.
pub fn take(
    connection: &mut PgConnection,
    name: &str,
    question: &Question,
    taker: Taker<'_>,
    now: DateTime<Utc>,
) -> Result<Snapshot, SnapshotError> {
    if !is_name(name) {
        return Err(SnapshotError::Name(name.to_owned()));
    }
    let known_at = question.known_at.unwrap_or(now);
    if known_at > now {
        return Err(SnapshotError::ToCome(known_at));
    }
    let asked = Question {
        known_at: Some(known_at),
        ..*question
    };
    let answer = report::counts(connection, &asked)?;
    let extract = extract(&answer.children)?;
    let snapshot = Snapshot {
        name: name.to_owned(),
        period_ends: chrono::Datelike::year(&question.period.to),
        known_at,
        taken_at: now,
        taken_by: taker.by.to_owned(),
        state: taker.state.map(|state| state.to_string()),
        rules: answer.counts.rules.clone(),
        counts: serde_json::to_value(&answer.counts).map_err(unreadable)?,
        sha256: Sha256::digest(&extract).to_vec(),
        extract: zstd::bulk::compress(&extract, 3).map_err(unreadable)?,
    };
    if snapshots::keep(connection, &snapshot)? {
        Ok(snapshot)
    } else {
        Err(SnapshotError::Taken(name.to_owned()))
    }
}

/// The extract as CSV: `person_id,state,category_1,category_2,band,moved_in_period` for every child of category 1, by
/// number and state.
fn extract(children: &[ChildCounted]) -> Result<Vec<u8>, SnapshotError> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record([
        "person_id",
        "state",
        "category_1",
        "category_2",
        "band",
        "moved_in_period",
    ])
    .map_err(unreadable)?;
    let yes = |flag: bool| if flag { "Y" } else { "N" };
    for child in children.iter().filter(|c| c.counted.category_1) {
        csv.write_record([
            child.person.to_string().as_str(),
            child.state.as_str(),
            yes(child.counted.category_1),
            yes(child.counted.category_2),
            child.counted.band.to_string().as_str(),
            yes(child.counted.moved),
        ])
        .map_err(unreadable)?;
    }
    csv.into_inner().map_err(unreadable)
}

/// The counts of a snapshot, as they were frozen.
pub fn counts_of(snapshot: &Snapshot) -> Result<Counts, SnapshotError> {
    serde_json::from_value(snapshot.counts.clone()).map_err(unreadable)
}

/// The children of a snapshot who count in `state`, or in any, as CSV like the whole extract. Each is disclosed.
pub fn children_of(
    connection: &mut PgConnection,
    access: &Access,
    snapshot: &Snapshot,
    state: Option<StateCode>,
) -> Result<Vec<u8>, SnapshotError> {
    let whole = extract_of(snapshot)?;
    let mut csv = csv::Reader::from_reader(whole.as_slice());
    let mut kept = csv::Writer::from_writer(Vec::new());
    kept.write_record(csv.headers().map_err(unreadable)?)
        .map_err(unreadable)?;
    let mut subjects = Vec::new();
    for record in csv.records() {
        let record = record.map_err(unreadable)?;
        let row = row(&record)?;
        if state.is_none_or(|state| state == row.state) {
            subjects.push(Subject::Person(row.person_id));
            kept.write_record(&record).map_err(unreadable)?;
        }
    }
    disclose(connection, access, subjects)?;
    kept.into_inner().map_err(unreadable)
}

/// What a snapshot's children disclose: number, state, grade band, and how they count.
const LISTED: &[&str] = &["enrollment"];

fn disclose(
    connection: &mut PgConnection,
    access: &Access,
    mut subjects: Vec<Subject>,
) -> Result<(), SnapshotError> {
    subjects.dedup();
    connection
        .transaction(|connection| access.disclose(connection, &subjects, LISTED))
        .map_err(SnapshotError::from)
}

/// The extract of a snapshot as CSV, after its checksum was looked at.
fn extract_of(snapshot: &Snapshot) -> Result<Vec<u8>, SnapshotError> {
    let csv = zstd::bulk::decompress(&snapshot.extract, 1 << 30).map_err(unreadable)?;
    if Sha256::digest(&csv).as_slice() == snapshot.sha256 {
        Ok(csv)
    } else {
        Err(SnapshotError::Damaged(snapshot.name.clone()))
    }
}

/// What has become of a snapshot's children.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Since {
    /// Children that count now as they did.
    pub unchanged: u64,
    /// Children that counted and do not count as they did, by reason.
    pub lost: BTreeMap<Reason, Vec<Row>>,
    /// Children that count now and did not then.
    pub gained: Vec<Row>,
}

/// Why a child does not count as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A certificate of that state has been voided.
    Voided,
    /// The number is no longer a child of its own: it was merged with another.
    Merged,
    /// The state no longer reports the child.
    NotReported,
    /// Dates, enrollments or birth date were corrected.
    Corrected,
}

/// A child in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
pub struct Row {
    /// The child.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// The state.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// Whether it counts in category 2 too.
    pub category_2: bool,
}

/// Compares a snapshot with the same question asked of what is known now: the children of `state`, or of all. Each
/// child listed is disclosed.
pub fn since(
    connection: &mut PgConnection,
    access: &Access,
    snapshot: &Snapshot,
    state: Option<StateCode>,
) -> Result<Since, SnapshotError> {
    let counts = counts_of(snapshot)?;
    let period = Period::ending(snapshot.period_ends)
        .ok_or_else(|| unreadable(format!("no period ends in {}", snapshot.period_ends)))?;
    let question = Question {
        period,
        known_at: None,
        // The days that were looked at then, not those that have passed since.
        today: counts.until,
    };
    let of_state = |row: &Row| state.is_none_or(|state| state == row.state);
    let mut then = rows(&extract_of(snapshot)?)?;
    then.retain(of_state);
    let rules = store::participants::eligibility_rules(connection)?;
    Ok(store::program::disclosed(
        connection,
        access,
        LISTED,
        None,
        |people| {
            let mut since = compared(&then, people, &question, &rules);
            since.gained.retain(of_state);
            let rows = since.lost.values().flatten().chain(&since.gained);
            let subjects = rows.map(|row| Subject::Person(row.person_id)).collect();
            (since, subjects)
        },
    )?)
}

/// Compares rows of then with those of now.
fn compared(
    then: &[Row],
    people: &[ProgramPerson],
    question: &Question,
    rules: &HashMap<StateCode, EligibilityRules>,
) -> Since {
    let now: HashSet<Row> = report::counted(people, question, rules)
        .children
        .iter()
        .filter(|c| c.counted.category_1)
        .map(|c| Row {
            person_id: c.person,
            state: c.state,
            category_2: c.counted.category_2,
        })
        .collect();
    let people: HashMap<PersonId, &Vec<ProgramStudent>> = people.iter().map(|(id, of)| (*id, of)).collect();
    let mut since = Since {
        unchanged: 0,
        lost: BTreeMap::new(),
        gained: Vec::new(),
    };
    for row in then {
        if now.contains(row) {
            since.unchanged += 1;
        } else {
            let reason = reason(row, people.get(&row.person_id).copied());
            since.lost.entry(reason).or_default().push(*row);
        }
    }
    let then: HashSet<Row> = then.iter().copied().collect();
    since.gained = now.difference(&then).copied().collect();
    since.gained.sort_unstable();
    since
}

fn reason(row: &Row, students: Option<&Vec<ProgramStudent>>) -> Reason {
    let Some(students) = students else {
        return Reason::Merged;
    };
    let mut of_state = students.iter().filter(|s| s.state == row.state);
    if of_state.clone().any(|s| s.live && s.moves.iter().any(|m| m.void)) {
        Reason::Voided
    } else if of_state.any(|s| s.live) {
        Reason::Corrected
    } else {
        Reason::NotReported
    }
}

fn rows(extract: &[u8]) -> Result<Vec<Row>, SnapshotError> {
    let mut csv = csv::Reader::from_reader(extract);
    let records = csv.records();
    records.map(|record| row(&record.map_err(unreadable)?)).collect()
}

fn row(record: &csv::StringRecord) -> Result<Row, SnapshotError> {
    let field = |at: usize| record.get(at).unwrap_or_default();
    Ok(Row {
        person_id: PersonId::parse(field(0)).map_err(unreadable)?,
        state: StateCode::new(field(1)).map_err(unreadable)?,
        category_2: field(3) == "Y",
    })
}
