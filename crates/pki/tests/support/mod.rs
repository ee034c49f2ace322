//! An exchange made at run time: an authority in a temporary folder.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use pki::{Authority, Issued, PrivateKeyPem};
use tempfile::TempDir;

pub(crate) const YEAR: TimeDelta = TimeDelta::days(365);

/// An authority and the folder it lives in.
pub(crate) struct Exchange {
    pub(crate) folder: TempDir,
    pub(crate) authority: Authority,
    pub(crate) now: DateTime<Utc>,
}

impl Exchange {
    /// Handshakes read the system clock, so the certificates are of today.
    pub(crate) fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = Utc::now().trunc_subsecs(0);
        let authority = Authority::init(folder.path(), name, now, YEAR * 10).unwrap();
        Self {
            folder,
            authority,
            now,
        }
    }

    pub(crate) fn state(&self, state: &str) -> (Issued, PrivateKeyPem) {
        self.authority
            .issue_state(state, "nightly", YEAR, self.now)
            .unwrap()
    }
}
