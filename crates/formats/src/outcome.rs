//! Who receives what is read, and what is counted.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use mde::{Facility, Finding, Submission};
use serde::{Deserialize, Serialize};

use crate::header::Header;

/// Receives what is read, in the order of the file. Each call may stop the reading with `Break`; the reader then
/// returns a [`Refusal`](crate::Refusal) of the code `stopped`.
pub trait Handler {
    /// Called once, before anything else.
    fn header(&mut self, header: &Header) -> ControlFlow<()> {
        let _ = header;
        ControlFlow::Continue(())
    }

    /// A facility. The same code may come again; the last one holds.
    fn facility(&mut self, facility: Facility) -> ControlFlow<()> {
        let _ = facility;
        ControlFlow::Continue(())
    }

    /// A student, checked by the record rules. No student comes twice. Of a deleted student only the identifier means
    /// anything.
    fn student(&mut self, submission: Submission) -> ControlFlow<()> {
        let _ = submission;
        ControlFlow::Continue(())
    }

    /// A finding; those of a student come before the student.
    fn finding(&mut self, finding: Finding) -> ControlFlow<()> {
        let _ = finding;
        ControlFlow::Continue(())
    }
}

/// Ignores everything: only the [`Summary`] is of interest.
impl Handler for () {}

/// What became of the rows. `read` = `kept` + `refused` + the rows among `ignored`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Rows of all parts: identities, child rows and facilities.
    pub read: u64,
    /// Rows handed over, in students and as facilities.
    pub kept: u64,
    /// Rows left out; each has a finding, or its student has.
    pub refused: u64,
    /// Students handed over.
    pub students: u64,
    /// Facilities handed over.
    pub facilities: u64,
    /// Rows left out because the profile says so, with the reason.
    pub ignored_rows: BTreeMap<String, u64>,
    /// Values left out because they are not in the data dictionary or because the profile says so, with the reason.
    pub ignored_values: BTreeMap<String, u64>,
    /// The same rows by file and kind of record. The reader itself refuses an upload in which they do not add up.
    #[serde(default)]
    pub records: Vec<RecordCounts>,
}

/// What became of the rows of one kind of record in one file. `read` = `kept` + `refused` + `ignored`. A record that is
/// several rows at once (an enrollment with its school written out) counts as that many.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecordCounts {
    /// The file, in an upload of several.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<String>,
    /// The kind of record as the file names it: a record code, an element; empty if the file has only one.
    pub record: String,
    /// Rows read.
    pub read: u64,
    /// Rows handed over.
    pub kept: u64,
    /// Rows left out, with a finding.
    pub refused: u64,
    /// Rows left out because the profile says so.
    pub ignored: u64,
}

impl Counts {
    /// The first kind of record whose rows do not add up, or whose sums are not those of the whole.
    pub(crate) fn mismatch(&self) -> Option<String> {
        let wrong = |r: &&RecordCounts| r.read != r.kept + r.refused + r.ignored;
        if let Some(r) = self.records.iter().find(wrong) {
            return Some(format!(
                "{} {}: {} rows read, {} kept, {} refused, {} ignored",
                r.file.as_deref().unwrap_or_default(),
                r.record,
                r.read,
                r.kept,
                r.refused,
                r.ignored
            ));
        }
        let sum = |of: fn(&RecordCounts) -> u64| self.records.iter().map(of).sum::<u64>();
        let ignored: u64 = self.ignored_rows.values().sum();
        let whole = [self.read, self.kept, self.refused, ignored];
        let sums = [
            sum(|r| r.read),
            sum(|r| r.kept),
            sum(|r| r.refused),
            sum(|r| r.ignored),
        ];
        (whole != sums).then(|| format!("the whole has {whole:?}, its kinds of records {sums:?}"))
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// What the upload is.
    pub header: Header,
    /// What became of the rows.
    pub rows: Counts,
    /// SHA-256 of the decompressed content. Of several files: of the sorted list of their names and hashes, so that
    /// neither their order nor the archive matters.
    pub sha256: [u8; 32],
    /// Decompressed bytes.
    pub bytes: u64,
}
