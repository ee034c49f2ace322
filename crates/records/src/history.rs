//! The historical view: every submission of every student, and what changed from one to the next.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use mde::{Part, StateCode, Student, StudentId};
use serde::Serialize;
use store::persons::{PersonRecord, StudentRecord};
use store::students::Version;
use utoipa::ToSchema;

use crate::words::{element_name, label, texts};

/// Every submission of one student, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StudentHistory {
    /// Its state.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The state's identifier.
    pub state_student_id: String,
    /// Newest first.
    pub submissions: Vec<SubmissionEntry>,
}

/// One content of a student.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubmissionEntry {
    /// Number of the version; 0 for content that came too late to be current.
    pub version: i32,
    /// Whether it is what the hub holds now.
    pub current: bool,
    /// Whether it came too late to be current.
    pub late: bool,
    /// What it speaks of.
    pub as_of: DateTime<Utc>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// The batch that brought it.
    pub batch_id: i64,
    /// What is not as in the submission before; empty for the first one.
    pub changes: Vec<Change>,
}

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The row is new.
    Added,
    /// The row is gone.
    Removed,
    /// A value of the row changed.
    Changed,
}

/// A difference of one data element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    /// The part: `student`, `enrollment`.
    pub part: String,
    /// Which row of the part, in words; `null` for the identity.
    pub row: Option<String>,
    /// What happened to the row.
    pub kind: ChangeKind,
    /// Number of the data element.
    pub element: String,
    /// Its stable name.
    pub column: String,
    /// Its name in the dictionary.
    pub name: String,
    /// The value before.
    pub old: Option<String>,
    /// The value after.
    pub new: Option<String>,
    /// What the code before means.
    pub old_label: Option<String>,
    /// What the code after means.
    pub new_label: Option<String>,
}

/// The historical view of a person: `versions` are the earlier versions as `store::persons::read_versions` gives them.
/// Students come by state and identifier, submissions newest first by what they speak of, and each is compared with the
/// one before it. Codes as sent (`raw_codes`) are no difference where the meaning is the same.
#[must_use]
pub fn history(record: &PersonRecord, versions: &[(StudentId, Vec<Version>)]) -> Vec<StudentHistory> {
    record
        .students
        .iter()
        .map(|held| {
            let earlier = versions
                .iter()
                .filter(|(id, _)| *id == held.student_id)
                .flat_map(|(_, list)| list);
            StudentHistory {
                state: held.state,
                state_student_id: held.student.identity.state_student_id.to_string(),
                submissions: submissions(held, earlier.collect()),
            }
        })
        .collect()
}

/// The record as the hub held it at the end of a day (UTC): of each student the content that was current then, none of
/// those that had not come yet, and what families had stated. Links are today's, and of whether a state still reported a student only the last change
/// is known. `versions` are the earlier versions as `store::persons::read_versions` gives them.
#[must_use]
pub fn as_known(
    record: &PersonRecord,
    versions: &[(StudentId, Vec<Version>)],
    day: NaiveDate,
) -> PersonRecord {
    let known = |at: DateTime<Utc>| at.date_naive() <= day;
    let mut then = record.clone();
    then.students = record
        .students
        .iter()
        .filter_map(|held| {
            let mut student = held.clone();
            if !known(held.status_since) && !held.live {
                "live".clone_into(&mut student.status);
                student.live = true;
            }
            if known(held.received_at) {
                // What a later upload confirmed was not confirmed then.
                if !known(held.as_of) {
                    student.as_of = held.received_at;
                }
                return Some(student);
            }
            let earlier = versions
                .iter()
                .filter(|(id, _)| *id == held.student_id)
                .flat_map(|(_, list)| list)
                .filter(|v| v.version > 0 && known(v.received_at))
                .max_by_key(|v| v.version)?;
            student.student = earlier.student.clone();
            student.as_of = earlier.as_of;
            student.received_at = earlier.received_at;
            student.batch_id = earlier.batch_id;
            student.version = earlier.version;
            Some(student)
        })
        .collect();
    then.statements.retain(|statement| known(statement.stated_at));
    then.hand_offs.retain(|hand_off| known(hand_off.written_at));
    then
}

/// Which content of which student: `TX:current:T-1`, or `TX:17:T-1` for what batch 17 brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The state.
    pub state: StateCode,
    /// The batch; none for the content that is current.
    pub batch_id: Option<i64>,
    /// The state's identifier.
    pub state_student_id: String,
}

impl fmt::Display for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.batch_id {
            Some(batch) => write!(f, "{}:{batch}:{}", self.state, self.state_student_id),
            None => write!(f, "{}:current:{}", self.state, self.state_student_id),
        }
    }
}

impl FromStr for Submission {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let form =
            || format!("{text:?} names no submission; write STATE:BATCH:STUDENT or STATE:current:STUDENT");
        let mut parts = text.splitn(3, ':');
        let (Some(state), Some(batch), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(form());
        };
        let batch_id = match batch {
            "current" => None,
            number => Some(number.parse().map_err(|_| form())?),
        };
        Ok(Self {
            state: StateCode::new(state).map_err(|_| form())?,
            batch_id,
            state_student_id: id.to_owned(),
        })
    }
}

/// What two submissions of a person say differently, field by field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Comparison {
    /// The first, as it was asked for.
    pub one: String,
    /// The second.
    pub other: String,
    /// `old` is what the first says, `new` what the second says; a row of one of them only is `removed` or `added`.
    pub differences: Vec<Change>,
}

/// Compares two submissions of a person's students: two versions of one, or those of two states. The states' own
/// identifiers are no difference. `None` where one of them is not among the submissions.
#[must_use]
pub fn compared(
    record: &PersonRecord,
    versions: &[(StudentId, Vec<Version>)],
    one: &Submission,
    other: &Submission,
) -> Option<Comparison> {
    let find = |wanted: &Submission| {
        let held = record.students.iter().find(|held| {
            held.state == wanted.state
                && held.student.identity.state_student_id.to_string() == wanted.state_student_id
        })?;
        match wanted.batch_id {
            None => Some(&held.student),
            Some(batch) if batch == held.batch_id => Some(&held.student),
            Some(batch) => versions
                .iter()
                .filter(|(id, _)| *id == held.student_id)
                .flat_map(|(_, list)| list)
                .find(|version| version.batch_id == batch)
                .map(|version| &version.student),
        }
    };
    let mut differences = differences(find(one)?, find(other)?);
    if one.state != other.state || one.state_student_id != other.state_student_id {
        differences.retain(|change| {
            !["state_student_id", "state_student_id_type"].contains(&change.column.as_str())
        });
    }
    Some(Comparison {
        one: one.to_string(),
        other: other.to_string(),
        differences,
    })
}

struct Content<'a> {
    entry: SubmissionEntry,
    student: &'a Student,
}

fn submissions(held: &StudentRecord, earlier: Vec<&Version>) -> Vec<SubmissionEntry> {
    let mut contents: Vec<Content<'_>> = earlier
        .into_iter()
        .map(|version| Content {
            entry: SubmissionEntry {
                version: version.version,
                current: false,
                late: version.version == 0,
                as_of: version.as_of,
                received_at: version.received_at,
                batch_id: version.batch_id,
                changes: Vec::new(),
            },
            student: &version.student,
        })
        .collect();
    contents.push(Content {
        entry: SubmissionEntry {
            version: held.version,
            current: true,
            late: false,
            as_of: held.as_of,
            received_at: held.received_at,
            batch_id: held.batch_id,
            changes: Vec::new(),
        },
        student: &held.student,
    });
    contents.sort_by_key(|c| {
        std::cmp::Reverse((
            c.entry.current,
            c.entry.as_of,
            c.entry.version,
            c.entry.received_at,
        ))
    });
    for index in 1..contents.len() {
        let changes = differences(contents[index].student, contents[index - 1].student);
        contents[index - 1].entry.changes = changes;
    }
    contents.into_iter().map(|c| c.entry).collect()
}

/// What is not the same in two contents of a student, field by field.
#[must_use]
pub fn differences(old: &Student, new: &Student) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(
        std::slice::from_ref(&old.identity),
        std::slice::from_ref(&new.identity),
        &[],
        &mut changes,
    );
    compare(
        &old.alternate_ids,
        &new.alternate_ids,
        &["identifier"],
        &mut changes,
    );
    compare(
        &old.qualifying_moves,
        &new.qualifying_moves,
        &["qualifying_arrival_date"],
        &mut changes,
    );
    compare(
        &old.enrollments,
        &new.enrollments,
        &["enrollment_date", "facility_code"],
        &mut changes,
    );
    let course = [
        "title",
        "facility_code",
        "course_year",
        "begin_academic_year",
        "term_type",
        "section",
    ];
    compare(&old.courses, &new.courses, &course, &mut changes);
    compare(
        &old.assessments,
        &new.assessments,
        &["name", "month", "content"],
        &mut changes,
    );
    compare(
        &old.immunizations,
        &new.immunizations,
        &["vaccine", "date"],
        &mut changes,
    );
    compare(&old.alerts, &new.alerts, &["kind", "contact_name"], &mut changes);
    let requirement = ["subject_area", "state", "facility_code"];
    compare(
        &old.graduation_requirements,
        &new.graduation_requirements,
        &requirement,
        &mut changes,
    );
    changes
}

type Texts = Vec<Option<String>>;

/// Compares two lists of rows: equal rows are left out whatever their order, then rows with the same key are compared
/// field by field; what is left was added or removed.
fn compare<P: Part>(old: &[P], new: &[P], key: &[&str], changes: &mut Vec<Change>) {
    let mut old: Vec<Texts> = old.iter().map(texts).collect();
    let mut new: Vec<Texts> = new.iter().map(texts).collect();
    old.retain(|row| match new.iter().position(|n| n == row) {
        Some(at) => {
            new.remove(at);
            false
        }
        None => true,
    });
    let key: Vec<usize> = key
        .iter()
        .filter_map(|k| P::FIELDS.iter().position(|f| f.column == *k))
        .collect();
    let empty: Texts = vec![None; P::FIELDS.len()];
    for row in &old {
        let same_key = |n: &Texts| key.iter().all(|i| n[*i] == row[*i]);
        match new.iter().position(same_key) {
            Some(at) => tell::<P>(row, &new.remove(at), &key, ChangeKind::Changed, changes),
            None => tell::<P>(row, &empty, &key, ChangeKind::Removed, changes),
        }
    }
    for row in &new {
        tell::<P>(&empty, row, &key, ChangeKind::Added, changes);
    }
}

fn tell<P: Part>(old: &Texts, new: &Texts, key: &[usize], kind: ChangeKind, changes: &mut Vec<Change>) {
    let named = if kind == ChangeKind::Added { new } else { old };
    let words: Vec<&str> = key.iter().filter_map(|i| named[*i].as_deref()).collect();
    let row = (!key.is_empty()).then(|| words.join(", "));
    for (field, (old, new)) in P::FIELDS.iter().zip(old.iter().zip(new)) {
        if old != new {
            let meaning = |value: &Option<String>| value.as_deref().and_then(|v| label(field.column, v));
            changes.push(Change {
                part: P::KIND.name().to_owned(),
                row: row.clone(),
                kind,
                element: field.element.to_owned(),
                column: field.column.to_owned(),
                name: element_name(field).to_owned(),
                old_label: meaning(old),
                new_label: meaning(new),
                old: old.clone(),
                new: new.clone(),
            });
        }
    }
}
