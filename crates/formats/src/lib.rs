//! Readers and writers of what states send: bytes in, students and findings out.
//!
//! Two kinds of upload are read: the native XML (`schemas/mariposa-upload-1.xsd`) and the exports of other systems,
//! described by a [`Profile`]. Hub and client use the same functions, so that a file is judged alike on both sides.
//!
//! Reading is total. A bad value, row or student becomes a [`Finding`](mde::Finding) and the rest is read; only a file
//! that cannot be trusted as a whole is a [`Refusal`]. Memory is bounded for any input: what does not fit spills into
//! temporary files. What is handed on unread, an official document, is only told apart: [`official`].

mod archive;
mod assembly;
mod drafts;
mod header;
pub mod official;
mod options;
mod outcome;
mod place;
pub mod profile;
mod read;
mod refusal;
mod source;
mod write;
mod xml;
pub mod xsd;

pub use header::{BatchKind, Header, Totals};
pub use options::{Limits, Options};
pub use outcome::{Counts, Handler, RecordCounts, Summary};
pub use profile::Profile;
pub use read::{digest, is_plain, read, sniff};
pub use refusal::{Refusal, RefusalCode};
pub use write::write_xml;

/// Namespace of the native XML.
pub const NAMESPACE: &str = "urn:mariposa:upload:1";
