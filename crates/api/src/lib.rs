//! HTTP for machines.
//!
//! ```text
//! state's system ─mutual TLS─▶ observe ▶ as_problems ▶ authenticate ▶ handler ▶ Db::run ▶ store, ingest, records …
//! ```
//!
//! - [`exchange`]: the listener for states' systems; [`ops`]: the operator's port; [`tls`]: what TLS listeners share;
//! - [`answer`]: what a state is told of a batch, here and on the portal;
//! - [`auth`]: which state a connection speaks for, asked on every request;
//! - [`v1`]: the handlers; [`openapi`] and [`docs`]: what they say of themselves; [`search`] and [`roster_check`]: finding a
//!   child, or whether there is one;
//! - [`problem`]: one table of everything that can go wrong; [`observe`]: ids, log, counts and headers of a request;
//! - [`db`]: the one way to the database; [`state`]: what every handler may use.

pub mod answer;
pub mod auth;
pub mod db;
pub mod docs;
mod etag;
pub mod exchange;
pub mod metrics;
pub mod observe;
pub mod openapi;
pub mod ops;
pub mod page;
pub mod problem;
mod rate;
pub mod roster_check;
pub mod search;
pub mod state;
pub mod tls;
pub mod v1;

pub use db::Db;
pub use problem::{Problem, ProblemCode};
pub use rate::RateLimit;
pub use state::{AppState, Clock, Limits, Parts, Random};
pub use v1::quota::Quota;
