//! The sender: takes what is due from the outbox, state by state, and writes down what came of it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use futures_util::StreamExt as _;
use futures_util::stream;
use mde::StateCode;
use store::Pool;
use store::deliveries::{self, Attempt, Taken, Verdict};
use store::webhooks::{self, Health, Webhook};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::error::Error;
use crate::post::{Post, Reply};
use crate::schedule::{Breaker, Schedule};

/// How many deliveries of a state are taken at a time.
const BATCH: i64 = 64;
/// How often it is looked for what is due.
const LOOK: Duration = Duration::from_millis(200);
/// How often settled deliveries are looked through for old ones.
const SWEEP: Duration = Duration::from_hours(1);

/// How the sender sends.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether private addresses are let pass.
    pub allow_private: bool,
    /// Certificate chain and key, as PEM, that the hub shows to receivers that ask for one.
    pub identity: Option<Vec<u8>>,
    /// Authorities, as PEM, whose receivers are trusted beside those that the machine trusts.
    pub roots: Vec<Vec<u8>>,
    /// How long a receiver may take to take a connection.
    pub connect: Duration,
    /// How long a receiver may take in all.
    pub answer: Duration,
    /// Deliveries to one state at once.
    pub at_once_per_state: usize,
    /// Deliveries to all states at once.
    pub at_once: usize,
    /// When what failed is tried again.
    pub schedule: Schedule,
    /// When a receiver is left alone.
    pub breaker: Breaker,
}

impl Default for Settings {
    /// The places suffice for all states at once, so that no state's slow receiver takes another's.
    fn default() -> Self {
        Self {
            allow_private: false,
            identity: None,
            roots: Vec::new(),
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(15),
            at_once_per_state: 4,
            at_once: 256,
            schedule: Schedule::default(),
            breaker: Breaker::default(),
        }
    }
}

impl Settings {
    /// No attempt is begun so long after its delivery was taken.
    fn begin_within(&self) -> Duration {
        self.answer * 2
    }

    /// After this, what was taken is taken for left behind. Longer than any attempt that was begun can last.
    fn lease(&self) -> TimeDelta {
        TimeDelta::from_std(self.answer * 4).unwrap_or(TimeDelta::MAX) + TimeDelta::seconds(10)
    }
}

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Fills a buffer with randomness.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// What the sender is given from outside.
#[derive(Clone)]
pub struct Outside {
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Set when it is to end.
    pub stop: Arc<AtomicBool>,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outside")
    }
}

/// Sends what the outbox holds. Several may run on one database.
#[derive(Debug, Clone)]
pub struct Sender {
    pool: Pool,
    post: Post,
    settings: Arc<Settings>,
    outside: Outside,
    /// Places of all states together.
    places: Arc<Semaphore>,
    /// As many questions to the database at once as the pool has connections.
    asking: Arc<Semaphore>,
}

impl Sender {
    /// A sender on a pool that nobody else uses.
    pub fn new(pool: Pool, settings: Settings, outside: Outside) -> Result<Self, Error> {
        Ok(Self {
            asking: Arc::new(Semaphore::new(pool.max_size() as usize)),
            places: Arc::new(Semaphore::new(settings.at_once)),
            post: Post::new(&settings)?,
            settings: Arc::new(settings),
            pool,
            outside,
        })
    }

    /// Sends until it is told to stop; in a thread of its own. What is under way then has two seconds to end, and is sent
    /// again later if it does not.
    pub fn run(&self) -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("deliver")
            .enable_all()
            .build()
            .map_err(|error| Error::Setup(error.to_string()))?;
        runtime.block_on(self.look());
        runtime.shutdown_timeout(Duration::from_secs(2));
        Ok(())
    }

    async fn look(&self) {
        let mut turns: HashMap<String, JoinHandle<()>> = HashMap::new();
        let mut swept: Option<Instant> = None;
        let mut away = false;
        while !self.stopping() {
            let now = self.now();
            match self
                .ask(move |connection| deliveries::due_states(connection, now))
                .await
            {
                Ok(due) => {
                    away = false;
                    turns.retain(|_, turn| !turn.is_finished());
                    for state in due {
                        let sender = self.clone();
                        let name = state.clone();
                        turns
                            .entry(state)
                            .or_insert_with(|| tokio::spawn(async move { sender.turn(&name).await }));
                    }
                }
                Err(error) => {
                    if !away {
                        tracing::warn!(%error, "the outbox cannot be reached; trying again");
                    }
                    away = true;
                }
            }
            if swept.is_none_or(|at| at.elapsed() > SWEEP) {
                swept = Some(Instant::now());
                let old = self.ask(move |connection| deliveries::sweep(connection, now - deliveries::KEPT));
                if let Err(error) = old.await {
                    tracing::warn!(%error, "old deliveries were not removed");
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Sends to a state until nothing is due there, or it is to be left alone.
    async fn turn(&self, state: &str) {
        let Ok(code) = StateCode::new(state) else { return };
        while !self.stopping() {
            match self.batch(code).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(state, %error, "deliveries are tried again later");
                    return;
                }
            }
        }
    }

    /// Takes what is due at a state's webhook, sends it, and writes down what came of it. Returns whether to go on.
    async fn batch(&self, state: StateCode) -> store::Result<bool> {
        let began = Instant::now();
        let (now, lease, probe) = (self.now(), self.settings.lease(), self.settings.breaker.after);
        let found = self
            .ask(move |connection| {
                let Some(webhook) = webhooks::of_state(connection, state)? else {
                    return Ok(None);
                };
                let closed =
                    webhook.disabled.is_some() || webhook.paused_until.is_some_and(|until| until > now);
                if closed {
                    return Ok(None);
                }
                // One that failed so often is tried with a single delivery first.
                let limit = if webhook.failures >= probe { 1 } else { BATCH };
                let taken = deliveries::take(connection, state, limit, now, now + lease)?;
                Ok(Some((webhook, taken)))
            })
            .await?;
        let Some((webhook, taken)) = found else {
            return Ok(false);
        };
        if taken.is_empty() {
            return Ok(false);
        }
        let round = Round {
            failures: AtomicI32::new(webhook.failures),
            gone: AtomicBool::new(false),
            tried: AtomicBool::new(false),
            began,
        };
        let sent: Vec<Sent> = stream::iter(taken)
            .map(|taken| self.attempt(&webhook, taken, &round))
            .buffer_unordered(self.settings.at_once_per_state)
            .collect()
            .await;
        let health = self.health(&webhook, &sent, &round);
        let go_on = health.disable.is_none() && health.paused_until.is_none();
        if let Some(reason) = &health.disable {
            tracing::warn!(state = %state, reason, "a webhook was disabled");
        }
        self.note(state, webhook, sent, health).await?;
        Ok(go_on)
    }

    /// Makes one attempt, unless the receiver has shown meanwhile that it should be left alone.
    async fn attempt(&self, webhook: &Webhook, taken: Taken, round: &Round) -> Sent {
        let left = || Sent::Left(taken.webhook_id);
        let Ok(_place) = self.places.acquire().await else {
            return left();
        };
        let given_up =
            round.failures.load(Ordering::Relaxed) >= self.settings.breaker.after && round.was_tried();
        let late = round.began.elapsed() > self.settings.begin_within();
        if given_up || late || round.gone.load(Ordering::Relaxed) || self.stopping() {
            return left();
        }
        round.tried();
        let started = Instant::now();
        let (reply, outcome) = self.post.send(webhook, &taken, self.now()).await;
        let at = self.now();
        let verdict = match reply {
            Reply::Taken => {
                round.failures.store(0, Ordering::Relaxed);
                Verdict::Delivered
            }
            Reply::Gone => {
                round.gone.store(true, Ordering::Relaxed);
                Verdict::Dead
            }
            Reply::Failed(asked) => {
                round.failures.fetch_add(1, Ordering::Relaxed);
                let next =
                    self.settings
                        .schedule
                        .next(taken.attempts, taken.queued_at, at, asked, self.jitter());
                next.map_or(Verdict::Dead, Verdict::Again)
            }
        };
        Sent::Tried(Attempt {
            webhook_id: taken.webhook_id,
            attempts: taken.attempts,
            at,
            millis: i32::try_from(started.elapsed().as_millis()).unwrap_or(i32::MAX),
            outcome,
            verdict,
        })
    }

    /// How it goes at the receiver after a round.
    fn health(&self, webhook: &Webhook, sent: &[Sent], round: &Round) -> Health {
        let now = self.now();
        let failures = round.failures.load(Ordering::Relaxed);
        let succeeded = sent.iter().any(|s| s.verdict() == Some(Verdict::Delivered));
        let died = sent.iter().any(|s| s.verdict() == Some(Verdict::Dead));
        let failing_since = match (failures, webhook.failing_since) {
            (0, _) => None,
            (_, Some(since)) if !succeeded => Some(since),
            _ => Some(now),
        };
        let life = self.settings.schedule.life;
        let disable = if round.gone.load(Ordering::Relaxed) {
            Some("the receiver answered 410: it wants no more".to_owned())
        } else if died && failing_since.is_some_and(|since| now - since >= life) {
            Some(format!("nothing was taken for {} hours", life.num_hours()))
        } else {
            None
        };
        Health {
            failures,
            failing_since,
            paused_until: self.settings.breaker.pause(failures).map(|pause| now + pause),
            disable,
        }
    }

    async fn note(
        &self,
        state: StateCode,
        webhook: Webhook,
        sent: Vec<Sent>,
        health: Health,
    ) -> store::Result<()> {
        let (now, jitter) = (self.now(), self.jitter());
        self.ask(move |connection| {
            let mut attempts = Vec::with_capacity(sent.len());
            let mut left = Vec::new();
            for one in &sent {
                match one {
                    Sent::Tried(attempt) => attempts.push(attempt.clone()),
                    Sent::Left(id) => left.push(*id),
                }
            }
            let before = Health {
                failures: webhook.failures,
                failing_since: webhook.failing_since,
                paused_until: webhook.paused_until,
                disable: None,
            };
            connection.transaction(|connection| {
                deliveries::settle(connection, &attempts)?;
                if !left.is_empty() {
                    // A little spread, so that what was held up together does not come back in one instant.
                    let spread = TimeDelta::milliseconds((jitter * 1_000.0) as i64);
                    let again = health.paused_until.unwrap_or(now) + spread;
                    deliveries::give_back(connection, &left, again)?;
                }
                if health != before {
                    webhooks::note_health(connection, &webhook, &health, now)?;
                }
                if health.failures == 0 && webhook.failures > 0 {
                    webhooks::hasten(connection, state, now)?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Asks the database from a thread that may block.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut PgConnection) -> store::Result<T> + Send + 'static,
    ) -> store::Result<T> {
        let unavailable = |error: &dyn fmt::Display| store::db::Error::Unavailable(error.to_string());
        let permit = Arc::clone(&self.asking)
            .acquire_owned()
            .await
            .map_err(|error| unavailable(&error))?;
        let pool = self.pool.clone();
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            question(&mut *store::connection(&pool)?)
        })
        .await
        .map_err(|error| unavailable(&error))?
    }

    fn now(&self) -> DateTime<Utc> {
        (self.outside.clock)()
    }

    fn stopping(&self) -> bool {
        self.outside.stop.load(Ordering::Relaxed)
    }

    /// From 0 to 1.
    fn jitter(&self) -> f64 {
        let mut bytes = [0; 4];
        (self.outside.random)(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }
}

/// What the attempts of one batch know of each other.
struct Round {
    /// Failures in a row.
    failures: AtomicI32,
    /// The receiver wants no more.
    gone: AtomicBool,
    began: Instant,
    tried: AtomicBool,
}

impl Round {
    fn tried(&self) {
        self.tried.store(true, Ordering::Relaxed);
    }

    /// Whether an attempt was begun: the first one is always made, to see whether the receiver answers again.
    fn was_tried(&self) -> bool {
        self.tried.load(Ordering::Relaxed)
    }
}

/// What became of a delivery that was taken.
enum Sent {
    /// It was tried.
    Tried(Attempt),
    /// It was not.
    Left(uuid::Uuid),
}

impl Sent {
    fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Tried(attempt) => Some(attempt.verdict),
            Self::Left(_) => None,
        }
    }
}
