//! What every page needs: the database, the clock, randomness.

use std::fmt;
use std::sync::Arc;

use api::{Clock, Db};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use mde::StateCode;
use tokio::sync::Semaphore;

use crate::failure::Failure;

/// Fills a buffer with secret randomness, injected.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// At most this many passwords are hashed at a time: each takes 19 MiB and tens of milliseconds of a core.
const HASHES_AT_A_TIME: usize = 2;

/// What every page needs.
#[derive(Clone)]
pub struct Portal {
    db: Db,
    clock: Clock,
    random: Random,
    hashing: Arc<Semaphore>,
}

impl fmt::Debug for Portal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Portal").finish_non_exhaustive()
    }
}

impl Portal {
    /// A portal on this database.
    #[must_use]
    pub fn new(db: Db, clock: Clock, random: Random) -> Self {
        Self {
            db,
            clock,
            random,
            hashing: Arc::new(Semaphore::new(HASHES_AT_A_TIME)),
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Today in a state, or in UTC for a federal role.
    pub(crate) fn today(&self, state: Option<StateCode>) -> NaiveDate {
        self.clock.today(state)
    }

    /// A new secret of 256 bits, in hexadecimal.
    pub(crate) fn secret(&self) -> String {
        let mut bytes = [0; 32];
        (self.random)(&mut bytes);
        crate::words::hex(&bytes)
    }

    /// Runs database work on a thread that may block.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.db
            .run(move |connection| Ok::<_, store::Error>(work(connection)))
            .await?
    }

    /// The database, for an answer that is sent while it is read.
    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    /// Verifies a password on a thread that may block.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Failure> {
        let _permit = self.hashing.acquire().await.map_err(|_| Failure::Unavailable)?;
        actix_web::web::block(move || crate::password::verify(&password, hash.as_deref()))
            .await
            .map_err(|_| Failure::Unavailable)
    }
}
