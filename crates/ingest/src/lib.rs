//! Batches: receive a file, check it, load what changed, report.
//!
//! A batch is *checked* in one streaming pass that writes nothing, and *applied* in a second one that visits only what
//! changed, in chunks of one transaction each. Both can be killed at any point and run again: what a chunk has written
//! is recognised by its content, so nothing is lost, doubled or counted twice. Files are read by `formats`, rows are
//! written by `store`; what lives here is what a batch means.

mod account;
mod apply;
mod check;
mod order;
mod profiles;
mod reading;
mod receive;
mod run;
mod spool;

pub use account::{Account, Disagreement, Facilities};
pub use profiles::Profiles;
pub use receive::{Call, Examined, Receipt, ReceiveError, examine, receive};
pub use run::{Heartbeat, IngestError, release, run};
pub use spool::{Spool, SpoolWriter, Spooled};

/// Name of the job that loads a batch of any size.
pub const JOB: &str = "ingest";

/// Name of the job that loads a small batch; a worker of its own keeps it from waiting behind a large one.
pub const JOB_SMALL: &str = "ingest-small";

/// A batch up to this size as sent (bytes) is small.
pub const SMALL: i64 = 256 * 1024;
