//! What every handler may use.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, SubsecRound as _, Utc};
use chrono_tz::Tz;
use export::papers::CheckPage;
use ingest::Spool;
use mde::StateCode;
use pki::TrustStore;

use crate::auth::Registrations;
use crate::db::Db;
use crate::metrics::Metrics;
use crate::rate::RateLimit;
use crate::v1::quota::Quota;

/// Fills a buffer with secret randomness, injected.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Tells the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// A clock that asks `read`.
    #[must_use]
    pub fn new(read: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Utc::now)
    }

    /// The present instant, to the microsecond: what the database can hold, so that a time reads back as it was told.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)().trunc_subsecs(6)
    }

    /// Today in a state's capital, or in UTC without a state.
    #[must_use]
    pub fn today(&self, state: Option<StateCode>) -> NaiveDate {
        let zone = state.map_or(Tz::UTC, zone);
        self.now().with_timezone(&zone).date_naive()
    }
}

/// When a day begins in a state's capital.
#[must_use]
pub fn beginning(state: StateCode, day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let local = midnight.and_local_timezone(zone(state)).earliest();
    local.map_or_else(|| midnight.and_utc(), |local| local.to_utc())
}

fn zone(state: StateCode) -> Tz {
    state.row().time_zone.parse().unwrap_or(Tz::UTC)
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Bounds of what callers may ask for.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of an upload as sent, before decompression.
    pub upload_bytes: u64,
    /// What the content of an upload may be once decompressed.
    pub content: formats::Limits,
    /// The longest pause within the content of an upload.
    pub upload_pause: Duration,
    /// Bytes a second that an upload must reach after its first minute.
    pub upload_bytes_per_second: u64,
    /// Uploads that one state may send at once.
    pub uploads_per_state: usize,
    /// What one state's uploads may use.
    pub quota: Quota,
    /// Calls a second by one certificate in the long run.
    pub calls_per_second: u32,
    /// Calls by one certificate at once.
    pub calls_at_once: u32,
    /// Whether a webhook may have a private address.
    pub private_webhooks: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            upload_bytes: 512 << 20,
            content: formats::Limits::default(),
            upload_pause: Duration::from_secs(30),
            upload_bytes_per_second: 1024,
            uploads_per_state: 4,
            quota: Quota::default(),
            calls_per_second: 100,
            calls_at_once: 500,
            private_webhooks: false,
        }
    }
}

/// What a hub gives its listeners.
pub struct Parts {
    /// The database, with a pool of its own for requests.
    pub db: Db,
    /// Where uploads are kept until they are loaded.
    pub spool: Arc<Spool>,
    /// The mapping profiles by name.
    pub profiles: Arc<ingest::Profiles>,
    /// Whose certificates are accepted.
    pub trust: Arc<TrustStore>,
    /// The time.
    pub clock: Clock,
    /// Secret randomness.
    pub random: Random,
    /// Bounds of what callers may ask for.
    pub limits: Limits,
    /// Where whoever holds a paper can check it, if the hub has a public address.
    pub check_page: Option<CheckPage>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

/// The state of the listeners of one hub, shared by all their workers.
pub struct AppState {
    /// The database.
    pub db: Db,
    /// Where uploads are kept until they are loaded.
    pub spool: Arc<Spool>,
    /// The mapping profiles by name.
    pub profiles: Arc<ingest::Profiles>,
    /// Whose certificates are accepted.
    pub trust: Arc<TrustStore>,
    /// The time.
    pub clock: Clock,
    /// Bounds of what callers may ask for.
    pub limits: Limits,
    /// Secret randomness.
    pub random: Random,
    /// Where whoever holds a paper can check it, if the hub has a public address.
    pub check_page: Option<CheckPage>,
    /// Counters for the operator.
    pub metrics: Metrics,
    pub(crate) registrations: Registrations,
    pub(crate) rate: RateLimit,
    pub(crate) uploads: crate::v1::upload::Slots,
    pub(crate) writers: crate::v1::uploads::Writers,
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState").finish_non_exhaustive()
    }
}

impl AppState {
    /// From its parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            rate: RateLimit::new(parts.limits.calls_per_second, parts.limits.calls_at_once),
            uploads: crate::v1::upload::Slots::new(parts.limits.uploads_per_state),
            writers: crate::v1::uploads::Writers::default(),
            db: parts.db,
            spool: parts.spool,
            profiles: parts.profiles,
            trust: parts.trust,
            clock: parts.clock,
            random: parts.random,
            check_page: parts.check_page,
            limits: parts.limits,
            metrics: Metrics::default(),
            registrations: Registrations::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_is_the_states() {
        let clock = Clock::new(|| "2026-03-02T03:00:00Z".parse().expect("a time"));
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        assert_eq!(clock.today(StateCode::new("CA").ok()), day("2026-03-01"));
        assert_eq!(clock.today(None), day("2026-03-02"));
    }

    #[test]
    fn a_day_begins_at_the_states_midnight() {
        let begins = |state: &str, day: &str| {
            let state = StateCode::new(state).expect("a state");
            beginning(state, day.parse().expect("a day")).to_rfc3339()
        };
        assert_eq!(begins("CA", "2026-03-08"), "2026-03-08T08:00:00+00:00");
        assert_eq!(begins("CA", "2026-03-09"), "2026-03-09T07:00:00+00:00");
        assert_eq!(begins("GU", "2026-03-09"), "2026-03-08T14:00:00+00:00");
    }
}
