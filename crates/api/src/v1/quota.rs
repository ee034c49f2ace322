//! How much of the hub one state may use for its uploads, so that one state's fault does not stop the others.

use std::time::Duration;

use actix_web::web::Data;
use chrono::TimeDelta;
use mde::StateCode;
use store::uploads::{self, Usage};

use crate::problem::{Problem, ProblemCode};
use crate::state::AppState;

/// What one state may use.
#[derive(Debug, Clone)]
pub struct Quota {
    /// Uploads in pieces that are open at once.
    pub open_uploads: u64,
    /// Bytes that open uploads announced, and of batches that are not loaded yet.
    pub bytes_held: u64,
    /// Batches within 24 hours, with the uploads that are open.
    pub uploads_per_day: u64,
    /// How long an upload in pieces is kept after its last piece.
    pub keep_open: Duration,
}

impl Default for Quota {
    fn default() -> Self {
        Self {
            open_uploads: 16,
            bytes_held: 8 << 30,
            uploads_per_day: 5_000,
            keep_open: Duration::from_hours(24),
        }
    }
}

/// The time within which a state's uploads are counted.
pub(crate) const DAY: TimeDelta = TimeDelta::days(1);

impl Quota {
    /// Whether a state that uses so much may send so many bytes more.
    pub(crate) fn allows(&self, usage: Usage, bytes: u64) -> Result<(), Problem> {
        let of = |number: i64| u64::try_from(number).unwrap_or(0);
        if of(usage.recent) >= self.uploads_per_day {
            let detail = format!(
                "This state has sent {} uploads within 24 hours, as many as it may. Put several children into one \
                 upload, and send the next one later; the hub's operator can raise the number.",
                usage.recent
            );
            return Err(Problem::new(ProblemCode::UploadQuota, detail).retry_after(3_600));
        }
        if of(usage.bytes).saturating_add(bytes) > self.bytes_held {
            let detail = format!(
                "This state's uploads hold {} of {} bytes. Finish or DELETE the uploads that are open, decide about \
                 held batches, or wait until the batches received are loaded; then send this one.",
                usage.bytes, self.bytes_held
            );
            return Err(Problem::new(ProblemCode::StorageQuota, detail).retry_after(300));
        }
        Ok(())
    }

    /// The same for an upload in pieces.
    pub(crate) fn allows_open(&self, usage: Usage, bytes: u64) -> Result<(), Problem> {
        if u64::try_from(usage.open).unwrap_or(0) >= self.open_uploads {
            let detail = format!(
                "This state has {} uploads open, as many as it may. Finish or DELETE one of them; those that are left \
                 alone end after {} hours.",
                usage.open,
                self.keep_open.as_secs() / 3_600
            );
            return Err(Problem::new(ProblemCode::UploadQuota, detail).retry_after(300));
        }
        self.allows(usage, bytes)
    }
}

/// Whether a state may send so many bytes more in one piece.
pub(crate) async fn check(state: &Data<AppState>, of: StateCode, bytes: u64) -> Result<(), Problem> {
    let since = state.clock.now() - DAY;
    let usage = state
        .db
        .run(move |connection| uploads::usage(connection, of.as_str(), since))
        .await?;
    state.limits.quota.allows(usage, bytes)
}
