//! Identifiers: the state's own, the student's key, and the person's number.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::part::{Kind, Sink};
use crate::place::StateCode;
use crate::text::Text;
use crate::value::{Value, ValueContext, ValueError};

/// State Student Identification Number (data element 2): trimmed, NFC, at most 30 characters; case and leading zeros
/// are kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateStudentId(Text<30>);

impl StateStudentId {
    /// Validates and normalises.
    pub fn new(text: &str) -> Result<Self, ValueError> {
        Text::new(text).map(Self)
    }

    /// The identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for StateStudentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Value for StateStudentId {
    const KIND: Kind = Kind::Text;
    fn parse(text: &str, _: ValueContext<'_>) -> Result<Self, ValueError> {
        Self::new(text)
    }
    fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
        sink.text(self.as_str());
    }
}

/// Key of a student: a UUIDv8 (RFC 9562) of 16 bits of state number and the first bits of
/// SHA-256(state, state student id). Loading never looks an id up, and one state's rows are neighbours in an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StudentId(pub Uuid);

impl StudentId {
    /// The key of a state's student.
    #[must_use]
    pub fn of(state: StateCode, id: &StateStudentId) -> Self {
        let mut hash = Sha256::new();
        hash.update(state.as_str());
        hash.update([0]);
        hash.update(id.as_str());
        let digest = hash.finalize();
        let mut bytes = [0u8; 16];
        bytes[..2].copy_from_slice(&state.number().to_be_bytes());
        bytes[2..].copy_from_slice(&digest[..14]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The number of its state (FIPS).
    #[must_use]
    pub fn state_number(self) -> u16 {
        u16::from_be_bytes([self.0.as_bytes()[0], self.0.as_bytes()[1]])
    }

    /// The state whose student it is; `None` if the key begins with no state's number.
    #[must_use]
    pub fn state(self) -> Option<StateCode> {
        StateCode::all().find(|state| state.number() == self.state_number())
    }
}

impl fmt::Display for StudentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Student Record Number (data element 1) of a person: 12 digits, never reused. Always written with all its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "CompactString", into = "String")]
pub struct PersonId(i64);

impl PersonId {
    /// From its number, 100,000,000,000 to 999,999,999,999, so that it never starts with a zero that a spreadsheet
    /// would drop.
    pub fn new(number: i64) -> Result<Self, ValueError> {
        if (100_000_000_000..=999_999_999_999).contains(&number) {
            Ok(Self(number))
        } else {
            Err(ValueError::Not("a student record number of 12 digits"))
        }
    }

    /// From its 12 digits.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let wrong = ValueError::Not("a student record number of 12 digits");
        if text.len() != 12 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong);
        }
        text.parse().map_err(|_| wrong).and_then(Self::new)
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl TryFrom<CompactString> for PersonId {
    type Error = ValueError;
    fn try_from(text: CompactString) -> Result<Self, ValueError> {
        Self::parse(&text)
    }
}

impl From<PersonId> for String {
    fn from(id: PersonId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_student_id_is_a_function_of_state_and_identifier() {
        let tx = StateCode::new("TX").unwrap();
        let ca = StateCode::new("CA").unwrap();
        let id = StateStudentId::new(" 007 ").unwrap();
        assert_eq!(
            StudentId::of(tx, &id),
            StudentId::of(tx, &StateStudentId::new("007").unwrap())
        );
        assert_ne!(StudentId::of(tx, &id), StudentId::of(ca, &id));
        assert_ne!(
            StudentId::of(tx, &id),
            StudentId::of(tx, &StateStudentId::new("7").unwrap()),
            "leading zeros"
        );
        assert_eq!(StudentId::of(tx, &id).state_number(), 48);
        assert_eq!(StudentId::of(tx, &id).0.get_version_num(), 8);
        assert!(
            StudentId::of(tx, &id).to_string().starts_with("0030"),
            "state first: one state's rows are neighbours"
        );
    }

    #[test]
    fn person_ids_have_twelve_digits() {
        let id = PersonId::parse("100000000017").unwrap();
        assert_eq!(id.to_string(), "100000000017");
        for bad in ["10000000001", "1000000000170", "010000000001", "10000000001x"] {
            assert!(PersonId::parse(bad).is_err(), "{bad}");
        }
    }
}
