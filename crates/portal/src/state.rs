//! What every page needs: the database, the clock, randomness.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use api::{Clock, Db, Random, RateLimit};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use export::papers::CheckPage;
use mde::StateCode;
use tokio::sync::Semaphore;

use crate::failure::Failure;
use crate::tallies::Tallies;

/// Codes of papers that one address may ask about in a second, and at once.
const CHECKS: (u32, u32) = (1, 20);

/// At most this many passwords are hashed at a time: each takes 19 MiB and tens of milliseconds of a core.
const HASHES_AT_A_TIME: usize = 2;

/// What every page needs.
#[derive(Clone)]
pub struct Portal {
    db: Db,
    clock: Clock,
    random: Random,
    hashing: Arc<Semaphore>,
    checks: Arc<RateLimit>,
    check_page: Option<CheckPage>,
    training: bool,
    contact: String,
    rules: Rules,
    tallies: Tallies,
}

/// What the operator has set for all states, as far as the pages tell it.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Working days after which an undecided item goes up.
    pub escalation: linking::review::Policy,
    /// Limits of duties.
    pub deadlines: notices::Limits,
    /// Whether a webhook may have a private address.
    pub private_webhooks: bool,
    /// Whether the hub sends e-mail.
    pub sends_mail: bool,
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
            checks: Arc::new(RateLimit::new(CHECKS.0, CHECKS.1)),
            check_page: None,
            training: false,
            contact: String::new(),
            rules: Rules::default(),
            tallies: Tallies::new(),
        }
    }

    /// With the page where whoever holds a paper can check it, if the hub has a public address.
    #[must_use]
    pub fn checked_at(self, check_page: Option<CheckPage>) -> Self {
        Self { check_page, ..self }
    }

    /// With whether all children here are made up, so that people can train; every page says so then.
    #[must_use]
    pub fn training(self, training: bool) -> Self {
        Self { training, ..self }
    }

    /// With whom people ask for help, as a sentence of the operator's.
    #[must_use]
    pub fn asked_at(self, contact: impl Into<String>) -> Self {
        let contact = contact.into();
        Self { contact, ..self }
    }

    /// With what the operator has set for all states.
    #[must_use]
    pub fn ruled_by(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// What the operator has set for all states.
    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// How many children the lists of a place have.
    pub(crate) fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    /// Whether all children here are made up.
    pub(crate) fn trains(&self) -> bool {
        self.training
    }

    /// Whom people ask for help; empty where the operator has not said.
    pub(crate) fn contact(&self) -> &str {
        &self.contact
    }

    /// The page where whoever holds a paper can check it.
    pub(crate) fn check_page(&self) -> Option<CheckPage> {
        self.check_page.clone()
    }

    /// The time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Today in a state, or in UTC for a federal role.
    pub(crate) fn today(&self, state: Option<StateCode>) -> NaiveDate {
        self.clock.today(state)
    }

    /// Secret randomness.
    pub(crate) fn random(&self) -> &Random {
        &self.random
    }

    /// Whether this address may ask about one more code.
    pub(crate) fn may_check(&self, address: &str) -> bool {
        self.checks.take(address, Instant::now()).is_ok()
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

    /// Runs database work on a thread that may block, all of it or nothing.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.run(move |connection| connection.transaction(work)).await
    }

    /// The database, for an answer that is sent while it is read.
    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    /// The form under which a password is kept, made on a thread that may block.
    pub(crate) async fn hashed(&self, password: String) -> Result<String, Failure> {
        let _permit = self.hashing.acquire().await.map_err(|_| Failure::Unavailable)?;
        let mut salt = [0u8; 16];
        (self.random)(&mut salt);
        actix_web::web::block(move || crate::password::hash(&password, &salt))
            .await
            .map_err(|_| Failure::Unavailable)?
            .map_err(|_| Failure::Internal)
    }

    /// Verifies a password on a thread that may block.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Failure> {
        let _permit = self.hashing.acquire().await.map_err(|_| Failure::Unavailable)?;
        actix_web::web::block(move || crate::password::verify(&password, hash.as_deref()))
            .await
            .map_err(|_| Failure::Unavailable)
    }
}
