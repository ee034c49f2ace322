//! What the call says of an upload, and the limits of every reader.

use chrono::{DateTime, Utc};
use mde::StateCode;

use crate::header::BatchKind;
use crate::profile::Profile;

/// What the call says of an upload. What it leaves out is taken from the file itself or from the profile.
#[derive(Debug, Clone, Default)]
pub struct Options<'a> {
    /// The state whose certificate sends the upload; a file of another state is refused.
    pub state: Option<StateCode>,
    /// The instant that the content speaks of. Before the file's own header and the profile's file-name pattern.
    pub as_of: Option<DateTime<Utc>>,
    /// Full or delta. A native header that says otherwise is refused; a profile's default gives way.
    pub kind: Option<BatchKind>,
    /// How to read the files; without it the upload is native XML.
    pub profile: Option<&'a Profile>,
    /// Bounds of what is read.
    pub limits: Limits,
    /// The name under which the file was sent, without folders; the last part of the path otherwise.
    pub file_name: Option<&'a str>,
}

/// Bounds of what is read. A file beyond one of them is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Decompressed bytes of the whole upload.
    pub decompressed_bytes: u64,
    /// Bytes of one record: a student with its parts, or a row of a table.
    pub record_bytes: u64,
    /// Bytes of one text.
    pub text_bytes: usize,
    /// Depth of nested elements.
    pub depth: usize,
    /// Attributes of one element.
    pub attributes: usize,
    /// Students in one upload.
    pub students: u64,
    /// Files in one archive or folder.
    pub files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            decompressed_bytes: 4 << 30,
            record_bytes: 1 << 20,
            text_bytes: 64 << 10,
            depth: 64,
            attributes: 64,
            students: 4_000_000,
            files: 1000,
        }
    }
}
