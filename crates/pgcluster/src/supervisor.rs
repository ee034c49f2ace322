//! The thread that runs `postgres`: starts it, brings it back when it dies, shuts it down when told.
//!
//! One thread does all of it, for two reasons. The kernel ends the server when the thread that started it
//! ends (see [`crate::process`]), so that thread has to outlive it. And a process id is only safe to signal
//! by the one who reaps it.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::account::Account;
use crate::data_dir::Paths;
use crate::error::{Error, IoContext, Result};
use crate::installation::Installation;
use crate::orphans::{self, ORPHAN_PATIENCE};
use crate::pid_file::PidFile;
use crate::process::command;
use crate::socket;

/// How long a start may take; replaying a full `max_wal_size` after a crash takes minutes on slow disks.
const START_PATIENCE: Duration = Duration::from_mins(10);
/// How long a fast shutdown (it writes all changed pages) may take before the server is ended hard.
const STOP_PATIENCE: Duration = Duration::from_mins(2);
/// How long an immediate shutdown may take before the process is killed.
const QUIT_PATIENCE: Duration = Duration::from_secs(10);
/// How often a server on its way up or down is looked at, and one that runs.
const QUICK_LOOK: Duration = Duration::from_millis(10);
const SLOW_LOOK: Duration = Duration::from_millis(200);
/// The pause before a server that died is started again: doubled each time it dies before it was ready.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What it takes to start `postgres`.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) installation: Installation,
    pub(crate) account: Account,
    pub(crate) paths: Paths,
    pub(crate) socket_dir: PathBuf,
}

impl Launch {
    fn spawn(&self) -> Result<Child> {
        let Paths {
            root,
            pgdata,
            start_log,
            ..
        } = &self.paths;
        orphans::clear(pgdata, ORPHAN_PATIENCE)?;
        socket::clear(&self.socket_dir);
        let program = self.installation.program("postgres");
        let out = File::create(start_log).context("create", start_log)?;
        let err = out.try_clone().context("open", start_log)?;
        command(&program, &self.account, root, Signal::SIGINT)
            .arg("-D")
            .arg(pgdata)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .context("run", &program)
    }

    /// Whether the server that `child` is takes connections: what `pg_ctl` checks, and a connection.
    fn is_ready(&self, child: &Child) -> bool {
        PidFile::read(&self.paths.pgdata).is_some_and(|file| file.ready && file.pid == pid_of(child))
            && UnixStream::connect(socket::file(&self.socket_dir)).is_ok()
    }

    fn failure(&self, reason: String) -> Error {
        let newest = fs::read_dir(&self.paths.log)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                Some((
                    entry
                        .metadata()
                        .ok()
                        .filter(fs::Metadata::is_file)?
                        .modified()
                        .ok()?,
                    entry.path(),
                ))
            })
            .max();
        let files = [Some(self.paths.start_log.clone()), newest.map(|(_, path)| path)];
        let tails = files
            .into_iter()
            .flatten()
            .filter_map(|path| fs::read(path).ok())
            .map(|text| {
                let text = String::from_utf8_lossy(&text).into_owned();
                let lines: Vec<&str> = text.lines().rev().take(5).collect();
                lines.into_iter().rev().collect::<Vec<_>>().join("; ")
            });
        Error::Start {
            reason,
            log: self.paths.log.clone(),
            log_tail: tails.collect::<Vec<_>>().join("; "),
        }
    }
}

#[derive(Debug, Default)]
struct State {
    stopping: bool,
    /// The server, while it takes connections.
    ready: Option<u32>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // The state is two plain values, whole at any time.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits, unless told to stop; whether it was.
    fn pause(&self, time: Duration) -> bool {
        let waited = self
            .changed
            .wait_timeout_while(self.state(), time, |state| !state.stopping);
        waited.unwrap_or_else(PoisonError::into_inner).0.stopping
    }
}

/// The running thread.
#[derive(Debug)]
pub(crate) struct Supervisor {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Supervisor {
    /// Starts the server and returns when it takes connections.
    pub(crate) fn start(launch: Launch) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let (first, outcome) = mpsc::channel();
        let theirs = Arc::clone(&shared);
        let root = launch.paths.root.clone();
        let thread = thread::Builder::new()
            .name("postgres".into())
            .spawn(move || run(&launch, &theirs, &first))
            .context("start a thread for", &root)?;
        let mut supervisor = Self {
            shared,
            thread: Some(thread),
        };
        // A thread that ends without a word has its error as its result.
        if outcome.recv().is_err() {
            supervisor.stop()?;
        }
        Ok(supervisor)
    }

    /// The process id of the server, while it takes connections.
    pub(crate) fn ready(&self) -> Option<u32> {
        self.shared.state().ready
    }

    /// Shuts the server down and waits for its end. The second call does nothing.
    pub(crate) fn stop(&mut self) -> Result<()> {
        self.shared.state().stopping = true;
        self.shared.changed.notify_all();
        match self.thread.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(outcome)) => outcome,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
    }
}

/// The thread: until told to stop, or until the first start fails.
fn run(launch: &Launch, shared: &Shared, first: &mpsc::Sender<()>) -> Result<()> {
    let mut was_ready = false;
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match launch
            .spawn()
            .and_then(|child| oversee(child, launch, shared, first))
        {
            Ok(End::Stopped) => return Ok(()),
            Ok(End::Killed) => return Err(Error::UncleanStop),
            Ok(End::Died { after_ready, reason }) => {
                was_ready |= after_ready;
                if after_ready {
                    pause = FIRST_PAUSE;
                }
                launch.failure(reason)
            }
            Err(error) => error,
        };
        if !was_ready {
            return Err(error);
        }
        tracing::error!(%error, "postgres ended by itself; starting it again in {pause:?}");
        if shared.pause(pause) {
            return Ok(());
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// How a server ended.
enum End {
    /// Told to, and properly.
    Stopped,
    /// Told to, and not in time.
    Killed,
    /// By itself, or killed by someone else.
    Died { after_ready: bool, reason: String },
}

/// Stays with one server from its start to its end.
fn oversee(mut child: Child, launch: &Launch, shared: &Shared, first: &mpsc::Sender<()>) -> Result<End> {
    let pid = pid_of(&child);
    let started = Instant::now();
    let mut ready = false;
    // The last signal sent, and until when it may take effect.
    let mut told: Option<(Signal, Instant)> = None;
    let mut too_slow = false;
    loop {
        if let Some(status) = child.try_wait().context("wait for", &launch.paths.pgdata)? {
            shared.state().ready = None;
            return Ok(match told {
                Some((Signal::SIGINT, _)) if !too_slow => End::Stopped,
                Some(_) if !too_slow => End::Killed,
                _ => End::Died {
                    after_ready: ready,
                    reason: status.to_string(),
                },
            });
        }
        if !ready && told.is_none() {
            ready = launch.is_ready(&child);
            if ready {
                shared.state().ready = Some(child.id());
                // Nobody listens after the first time.
                let _ = first.send(());
            }
            too_slow = !ready && started.elapsed() > START_PATIENCE;
        }
        let state = shared.state();
        if state.stopping || too_slow {
            let now = Instant::now();
            let next = match told {
                None => Some((Signal::SIGINT, now + STOP_PATIENCE)),
                Some((Signal::SIGINT, until)) if now > until => Some((Signal::SIGQUIT, now + QUIT_PATIENCE)),
                Some((Signal::SIGQUIT, until)) if now > until => Some((Signal::SIGKILL, now + QUIT_PATIENCE)),
                Some(_) => None,
            };
            if let Some((signal, _)) = next {
                told = next;
                kill(pid, signal).context("signal the server of", &launch.paths.pgdata)?;
            }
            drop(state);
            thread::sleep(QUICK_LOOK);
        } else {
            let look = if ready { SLOW_LOOK } else { QUICK_LOOK };
            drop(shared.changed.wait_timeout(state, look));
        }
    }
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}
