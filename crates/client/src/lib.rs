//! The state's side of the exchange: checks files with the hub's own rules, packs them, sends them over mutual TLS and
//! says in plain words what became of them.
//!
//! A program uses a [`Connection`]; people use the commands of [`cli`], which the hub's `mariposa` and the small
//! `mariposa-client` share. Everything here blocks: call it from a plain thread, never from inside an async runtime.

pub mod cli;

mod batch;
mod certificate;
mod check;
mod connection;
pub mod doctor;
mod error;
mod feed;
mod pack;
mod resume;
mod retry;
mod tls;
mod transport;
mod unfinished;
mod upload;
mod watch;

pub use batch::{BatchProblem, BatchView, FindingCounts, Receipt, RowCounts, StudentCounts};
pub use certificate::{Certificate, WARNING_DAYS, Whose};
pub use check::{Checked, check};
pub use connection::{Connection, Observer};
pub use error::{Error, Exit, Problem};
pub use feed::{Form as FeedForm, Written, feed};
pub use pack::{Parcel, pack};
pub use retry::Retry;
pub use upload::UploadOptions;

/// Why an upload, or a question about it, failed.
pub type UploadError = Error;
