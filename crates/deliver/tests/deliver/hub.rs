//! An outbox with its sender, as a test needs it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use deliver::{Breaker, Outside, Schedule, Sender, Settings, keys};
use mde::StateCode;
use pki::Authority;
use store::deliveries::{self, Delivery, Event};
use store::webhooks::{self, SigningKeys, Webhook};
use store::{Pool, participants};
use tempfile::TempDir;
use testkit::TestDb;

/// A database, an authority, and senders that run until the test ends. Its clock can be put forward.
pub(crate) struct Hub {
    pub(crate) pool: Pool,
    pub(crate) authority: Authority,
    ahead: Arc<AtomicI64>,
    stop: Arc<AtomicBool>,
    running: Vec<JoinHandle<()>>,
    _folder: TempDir,
    _db: TestDb,
}

pub(crate) fn code(state: &str) -> StateCode {
    StateCode::new(state).expect("a state")
}

/// Settings under which a test need not wait long.
pub(crate) fn quick(authority: &Authority) -> Settings {
    Settings {
        allow_private: true,
        roots: vec![authority.certificate_pem().as_bytes().to_vec()],
        connect: Duration::from_secs(2),
        answer: Duration::from_secs(2),
        schedule: Schedule {
            first: TimeDelta::milliseconds(200),
            ..Schedule::default()
        },
        breaker: Breaker {
            first: TimeDelta::seconds(1),
            ..Breaker::default()
        },
        ..Settings::default()
    }
}

impl Hub {
    pub(crate) fn new() -> Self {
        pki::install_provider();
        let db = TestDb::from_template("store", store::migrate).expect("a database");
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::init(&folder.path().join("ca"), "Test", Utc::now(), TimeDelta::days(2));
        Self {
            pool: store::pool(db.url(), 4, Duration::from_secs(30)),
            authority: authority.expect("an authority"),
            ahead: Arc::default(),
            stop: Arc::default(),
            running: Vec::new(),
            _folder: folder,
            _db: db,
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        Utc::now() + TimeDelta::seconds(self.ahead.load(Ordering::SeqCst))
    }

    /// Puts the clock forward.
    pub(crate) fn pass(&self, time: TimeDelta) {
        self.ahead.fetch_add(time.num_seconds(), Ordering::SeqCst);
    }

    pub(crate) fn connection(&self) -> store::Connection {
        store::connection(&self.pool).expect("a connection")
    }

    /// What a sender is given: this clock, and a word to end at the end of the test.
    pub(crate) fn outside(&self) -> Outside {
        let ahead = Arc::clone(&self.ahead);
        Outside {
            clock: Arc::new(move || Utc::now() + TimeDelta::seconds(ahead.load(Ordering::SeqCst))),
            random: testkit::random(),
            stop: Arc::clone(&self.stop),
        }
    }

    /// Runs in a thread of its own what ends by that word.
    pub(crate) fn run(&mut self, work: impl FnOnce() + Send + 'static) {
        self.running.push(std::thread::spawn(work));
    }

    /// Starts a sender.
    pub(crate) fn send(&mut self, settings: Settings) {
        let sender = Sender::new(self.pool.clone(), settings, self.outside()).expect("a sender");
        self.run(move || sender.run().expect("it runs"));
    }

    /// The same with settings that make no test wait.
    pub(crate) fn send_quickly(&mut self) {
        let settings = quick(&self.authority);
        self.send(settings);
    }

    /// A state with a webhook at this address.
    pub(crate) fn webhook(&self, state: &str, address: &str) -> SigningKeys {
        let keys = keys::fresh(testkit::random().as_ref());
        let connection = &mut *self.connection();
        participants::register(connection, code(state), self.now()).expect("a state");
        webhooks::keep(connection, code(state), address, &keys, "test", self.now()).expect("a webhook");
        keys
    }

    /// Tells a state of so many notices.
    pub(crate) fn tell(&self, state: &str, notices: usize) {
        self.tell_of(state, notices, notices);
    }

    /// The same, where that makes another number of deliveries.
    pub(crate) fn tell_of(&self, state: &str, notices: usize, deliveries: usize) {
        let event = |n| Event {
            state: state.to_owned(),
            kind: "move_notice.created",
            link: format!("/v1/move-notices/{n}"),
        };
        let events: Vec<Event> = (0..notices).map(event).collect();
        let told = deliveries::tell(&mut self.connection(), &events, self.now()).expect("told");
        assert_eq!(told, deliveries);
    }

    pub(crate) fn deliveries(&self, state: &str) -> Vec<Delivery> {
        deliveries::list(&mut self.connection(), code(state), None, 1_000).expect("a list")
    }

    pub(crate) fn of_state(&self, state: &str) -> Webhook {
        webhooks::of_state(&mut self.connection(), code(state))
            .expect("asked")
            .expect("a webhook")
    }

    /// Number of deliveries of a state that are delivered.
    pub(crate) fn delivered(&self, state: &str) -> usize {
        let all = self.deliveries(state);
        all.iter()
            .filter(|delivery| delivery.status == "delivered")
            .count()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.running.drain(..) {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the sender panicked");
        }
    }
}

/// Waits until something is so, for half a minute at most.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < end, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}
