//! What the hub says of a batch.

use chrono::{DateTime, Utc};
use formats::BatchKind;
use serde::{Deserialize, Serialize};

use crate::error::Exit;

/// The hub holds the upload safely and will load it, or did so before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Address of the batch below the hub's.
    pub location: String,
    /// Whether the hub had not received the same upload before.
    pub new: bool,
    /// The batch when the receipt was given.
    pub batch: BatchView,
}

/// One upload at the hub: its progress and its counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchView {
    /// Number of the batch.
    pub batch_id: i64,
    /// Its address below the hub's.
    pub href: String,
    /// Address of its findings.
    pub findings_href: String,
    /// Postal code of the uploading state.
    pub state: String,
    /// Full or delta.
    pub kind: BatchKind,
    /// `native`, or name and version of the mapping profile.
    pub profile: String,
    /// The instant that the content speaks of.
    pub as_of: DateTime<Utc>,
    /// Name of the file, as sent.
    pub file_name: Option<String>,
    /// Size as sent, in bytes.
    pub size_bytes: u64,
    /// SHA-256 of the decompressed content, hex.
    pub content_sha256: String,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// `received`, `checking`, `held`, `loading`, `loaded` or `failed`.
    pub status: String,
    /// Since when.
    pub status_at: DateTime<Utc>,
    /// Whether nothing more happens to it by itself.
    pub settled: bool,
    /// Why it failed or is held.
    pub problem: Option<BatchProblem>,
    /// Rows of all parts.
    pub rows: RowCounts,
    /// Students.
    pub students: StudentCounts,
    /// Findings by severity.
    pub findings: FindingCounts,
}

impl BatchView {
    /// Whether something of a loaded batch was left out.
    #[must_use]
    pub fn has_refused(&self) -> bool {
        self.rows.refused > 0 || self.students.refused > 0 || self.findings.errors > 0
    }

    /// The exit code that says what became of a settled batch.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.status.as_str() {
            "failed" => Exit::Refused,
            "loaded" if !self.has_refused() => Exit::Accepted,
            _ => Exit::SomeRefused,
        }
    }
}

/// Why a batch failed or is held, or why a file is refused. A batch that a person released has none of these.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BatchProblem {
    /// Stable code.
    pub code: Option<String>,
    /// Line in the file, from 1.
    pub line: Option<u64>,
    /// The file in an upload of several.
    pub file: Option<String>,
    /// What is wrong, as a sentence.
    pub message: Option<String>,
    /// What to do, as a sentence.
    pub fix: Option<String>,
}

/// Rows of all parts of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RowCounts {
    /// In the file.
    pub read: u64,
    /// Left out because of an error.
    pub refused: u64,
    /// Not taken because they are no data elements.
    pub ignored: u64,
}

/// Students of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StudentCounts {
    /// In the file.
    pub read: u64,
    /// New.
    pub inserted: u64,
    /// Changed.
    pub updated: u64,
    /// The same as before.
    pub unchanged: u64,
    /// Older than what the hub holds: in the history only.
    pub late: u64,
    /// Deleted by the file.
    pub deleted: u64,
    /// Left out because of an error.
    pub refused: u64,
    /// No longer in the state's full upload.
    pub not_reported: u64,
}

/// Findings of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FindingCounts {
    /// Something was left out.
    pub errors: u64,
    /// Nothing was left out.
    pub warnings: u64,
}
