//! What a file says of itself.

use std::fmt;

use chrono::{DateTime, Utc};
use mde::{CodeSet, StateCode};
use serde::{Deserialize, Serialize};

/// Whether an upload holds everything that the state holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchKind {
    /// Everything: a student that is not in it is no longer reported.
    Full,
    /// What changed; the other students stay.
    Delta,
}

impl BatchKind {
    /// `full` or `delta`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Delta => "delta",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Full, Self::Delta].into_iter().find(|k| k.name() == name)
    }
}

impl fmt::Display for BatchKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The totals that the sender counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Students.
    pub students: Option<u64>,
    /// Rows of all parts: identities, child rows and facilities, without the header.
    pub records: Option<u64>,
}

/// What an upload is, from the call, the file and the profile together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The state whose students they are.
    pub state: StateCode,
    /// The instant that the content speaks of.
    pub as_of: DateTime<Utc>,
    /// Full or delta.
    pub kind: BatchKind,
    /// The version of the code sets that the document uses.
    pub code_set: CodeSet,
    /// Name and version of the mapping profile, `None` for native XML.
    pub profile: Option<String>,
    /// Start of the window in which the changes were made, if the sender says so.
    pub effective_from: Option<DateTime<Utc>>,
    /// End of that window, after its start.
    pub effective_to: Option<DateTime<Utc>>,
    /// The totals that the sender counted.
    pub totals: Totals,
}
