//! A student: one state's own record of a child, whole.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::codesets::CODE_SETS_VERSION;
use crate::id::StudentId;
use crate::part::{Part, PartKind, Sink};
use crate::parts::{
    Alert, AlternateId, Assessment, Course, Enrollment, GraduationRequirement, Identity, Immunization,
    QualifyingMove,
};
use crate::place::StateCode;

/// Version of the rules and of the stored form. It is part of every content hash: when it changes, the next full
/// upload is judged anew.
pub const RULES_VERSION: u32 = 2;

/// One state's own record of a child with all its parts. A submitted student is whole: what is absent is gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the parts are the field's own words")]
pub struct Student {
    pub identity: Identity,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternate_ids: Vec<AlternateId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub qualifying_moves: Vec<QualifyingMove>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enrollments: Vec<Enrollment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub courses: Vec<Course>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assessments: Vec<Assessment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub immunizations: Vec<Immunization>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Alert>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub graduation_requirements: Vec<GraduationRequirement>,
}

/// Does something with every part of a student, in stored order. The macro is the one place that lists the lists.
#[macro_export]
macro_rules! for_each_part {
    ($student:expr, $rows:ident => $body:expr) => {{
        {
            let $rows = &$student.alternate_ids;
            $body;
        }
        {
            let $rows = &$student.qualifying_moves;
            $body;
        }
        {
            let $rows = &$student.enrollments;
            $body;
        }
        {
            let $rows = &$student.courses;
            $body;
        }
        {
            let $rows = &$student.assessments;
            $body;
        }
        {
            let $rows = &$student.immunizations;
            $body;
        }
        {
            let $rows = &$student.alerts;
            $body;
        }
        {
            let $rows = &$student.graduation_requirements;
            $body;
        }
    }};
}

impl Student {
    /// A student of whom only the identity is known.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            alternate_ids: Vec::new(),
            qualifying_moves: Vec::new(),
            enrollments: Vec::new(),
            courses: Vec::new(),
            assessments: Vec::new(),
            immunizations: Vec::new(),
            alerts: Vec::new(),
            graduation_requirements: Vec::new(),
        }
    }

    /// Its key in the state's name.
    #[must_use]
    pub fn id(&self, state: StateCode) -> StudentId {
        StudentId::of(state, &self.identity.state_student_id)
    }

    /// Number of rows in all its parts, the identity being one.
    #[must_use]
    pub fn row_count(&self) -> usize {
        let mut count = 1;
        for_each_part!(self, rows => count += rows.len());
        count
    }

    /// SHA-256 over the content, [`RULES_VERSION`] and [`CODE_SETS_VERSION`](crate::CODE_SETS_VERSION): two equal hashes
    /// are the same content under the same rules and codes.
    #[must_use]
    pub fn content_hash(&self) -> [u8; 32] {
        let mut hasher = Hasher(Vec::with_capacity(4096));
        hasher.0.extend(RULES_VERSION.to_be_bytes());
        hasher.0.extend(CODE_SETS_VERSION.to_be_bytes());
        hasher.part(std::slice::from_ref(&self.identity));
        for_each_part!(self, rows => hasher.part(rows));
        Sha256::digest(&hasher.0).into()
    }
}

/// SHA-256 over the meaning of one row of a part: two equal hashes say the same, in whatever codes it was sent.
#[must_use]
pub fn row_hash<P: Part>(row: &P) -> [u8; 32] {
    let mut hasher = Hasher(Vec::with_capacity(256));
    hasher.0.push(P::KIND as u8);
    row.emit(&mut hasher);
    Sha256::digest(&hasher.0).into()
}

/// Writes values so that no two different contents give the same bytes: a tag, and a length before what has one.
struct Hasher(Vec<u8>);

impl Hasher {
    fn part<P: Part>(&mut self, rows: &[P]) {
        self.0.push(P::KIND as u8);
        self.0.extend((rows.len() as u64).to_be_bytes());
        for row in rows {
            row.emit(self);
            for (column, raw) in row.raw_codes().iter() {
                self.text(column);
                self.text(raw);
            }
            self.0.push(b'.');
        }
    }
}

impl Sink for Hasher {
    fn null(&mut self) {
        self.0.push(b'0');
    }
    fn text(&mut self, value: &str) {
        self.0.push(b't');
        self.0.extend((value.len() as u32).to_be_bytes());
        self.0.extend(value.as_bytes());
    }
    fn date(&mut self, value: NaiveDate) {
        self.0.push(b'd');
        self.0.extend(value.to_epoch_days().to_be_bytes());
    }
    fn int(&mut self, value: i32) {
        self.0.push(b'i');
        self.0.extend(value.to_be_bytes());
    }
    fn decimal(&mut self, value: Decimal) {
        self.0.push(b'n');
        self.0.extend(value.normalize().serialize());
    }
    fn flag(&mut self, value: bool) {
        self.0.push(if value { b'Y' } else { b'N' });
    }
}

/// What a state asks for with a student.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// New to the state; the hub treats it as `Update`, both replace the whole student.
    Insert,
    /// Changed.
    Update,
    /// No longer held by the state.
    Delete,
}

/// A student as submitted, with the action, the line where it starts, and the parts of which a row was refused (their
/// earlier rows are not kept silently).
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// What the state asks for.
    pub action: Action,
    /// Line in the file, from 1.
    pub line: u64,
    /// The student.
    pub student: Student,
    /// Parts with refused rows.
    pub reduced: Vec<PartKind>,
    /// Rows of the upload that it was made of: its own, its parts', and those that only added to another.
    pub rows: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::part::Draft;
    use crate::parts::IdentityDraft;
    use crate::value::ValueContext;

    pub(crate) fn student(id: &str, last: &str, first: &str) -> Student {
        let mut draft = IdentityDraft::default();
        for (xml, text) in [
            ("StateStudentIdentificationNumber", id),
            ("LastName1", last),
            ("FirstName", first),
        ] {
            draft
                .set(
                    Identity::field_of_xml(xml.as_bytes()).unwrap(),
                    text,
                    ValueContext::default(),
                )
                .unwrap();
        }
        Student::new(draft.finish().unwrap())
    }

    #[test]
    fn the_hash_tells_any_change() {
        let one = student("1", "Ab", "C");
        assert_eq!(one.content_hash(), student("1", "Ab", "C").content_hash());
        assert_ne!(
            one.content_hash(),
            student("1", "A", "bC").content_hash(),
            "no value runs into the next"
        );
        let mut moved = one.clone();
        moved.identity.middle_name = moved.identity.last_name_1.clone().into();
        assert_ne!(one.content_hash(), moved.content_hash());
        let mut raw = one.clone();
        raw.identity.raw_codes.insert("gender", "2003", "01");
        assert_ne!(
            one.content_hash(),
            raw.content_hash(),
            "the code as sent is content"
        );
    }

    #[test]
    fn survives_json() {
        let one = student("007", "Peña", "José");
        let json = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Student>(&json).unwrap(), one);
    }
}
