//! PostgreSQL for tests: one server per test run, one database per test. And what is generated is held against what is
//! checked in.
//!
//! `with-cluster cargo test` runs the tests with one server for all of them; without it, each test process
//! starts its own when it first needs one. Either server lives in a temporary folder, runs without `fsync`,
//! and ends with the process that started it.
//!
//! ```no_run
//! # fn migrate(_url: &str) -> anyhow::Result<()> { Ok(()) }
//! let db = testkit::TestDb::from_template("store-1", |url| migrate(url)).unwrap();
//! // … connect to db.url() …
//! // Dropping `db` drops the database.
//! ```

mod cluster;
mod database;
mod generated;

use std::sync::Arc;

pub use cluster::{CLUSTER_VARIABLE, TempCluster, TestCluster};
pub use database::TestDb;
pub use generated::in_step;

/// Fills a buffer with randomness.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Randomness for what a test starts.
#[must_use]
pub fn random() -> Random {
    Arc::new(|bytes: &mut [u8]| bytes.fill_with(rand::random))
}
