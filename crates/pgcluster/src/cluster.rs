//! A cluster, from its folder to a server that takes connections.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::account::Account;
use crate::connection::Connection;
use crate::data_dir::{DataDir, Paths};
use crate::error::{Error, IoContext, Result};
use crate::initdb;
use crate::installation::{Installation, find_installations};
use crate::orphans::{self, ORPHAN_PATIENCE};
use crate::process::command;
use crate::settings;
use crate::socket;
use crate::supervisor::{Launch, Supervisor};

/// How long the processes of a cluster that is being discarded may take to end.
const DISCARD_PATIENCE: Duration = Duration::from_secs(10);

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the cluster; made, with its parents, when it is not there. It must be empty or one
    /// that an earlier start made. Started by root, every folder above it must be passable for the user
    /// PostgreSQL runs as.
    pub data_dir: PathBuf,
    /// `false`, for tests only: acknowledged commits may be lost, and the folder can never run durably.
    pub durable: bool,
    /// Settings of `postgresql.conf`, name and value, over this crate's defaults; the socket, durability
    /// and what keeps personal data out of the log cannot be changed.
    pub extra_settings: Vec<(String, String)>,
}

impl Options {
    /// A durable cluster with the default settings.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            durable: true,
            extra_settings: Vec::new(),
        }
    }
}

/// A running cluster of this process. Dropping it shuts it down.
#[derive(Debug)]
pub struct Cluster {
    // Dropped in this order: the server ends before the folder is given back.
    supervisor: Supervisor,
    installation: Installation,
    connection: Connection,
    data_dir: DataDir,
}

impl Cluster {
    /// Makes the cluster when there is none, starts it, and returns when it takes connections. What a
    /// killed earlier run left behind is waited for and cleared away.
    pub fn start(options: &Options) -> Result<Self> {
        let data_dir = DataDir::hold(&options.data_dir)?;
        let paths = &data_dir.paths;
        let installation = initdb::matching(&find_installations()?, &paths.pgdata)?;
        let account = Account::choose(&paths.pgdata)?;
        check_reach(&account, &paths.root, &installation)?;
        data_dir.check_durability(options.durable)?;
        initdb::ensure(paths, &installation, &account, options.durable)?;
        let password = paths.read_password()?;

        if let Some(stale) = orphans::clear(&paths.pgdata, ORPHAN_PATIENCE)? {
            socket::remove_fallback(&stale);
        }
        account.private_folder(&paths.log)?;
        let socket_dir = socket::make_folder(&paths.socket, &account)?;
        let served = (|| {
            let Options {
                durable,
                extra_settings,
                ..
            } = options;
            let memory = settings::memory();
            let text = settings::render(*durable, extra_settings, &socket_dir, &paths.log, memory)?;
            paths.replace(&paths.settings, &text, 0o644)?;
            let connection = Connection::new(&socket_dir, password)?;
            let launch = Launch {
                installation: installation.clone(),
                account,
                paths: paths.clone(),
                socket_dir: socket_dir.clone(),
            };
            Ok((Supervisor::start(launch)?, connection))
        })();
        match served {
            Ok((supervisor, connection)) => Ok(Self {
                supervisor,
                installation,
                connection,
                data_dir,
            }),
            Err(error) => {
                socket::remove_fallback(&socket_dir);
                Err(error)
            }
        }
    }

    /// How to connect.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// A libpq URI for database `dbname`; it holds the password.
    pub fn connection_url(&self, dbname: &str) -> String {
        self.connection.url(dbname)
    }

    /// The server programs in use.
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// The folder of the cluster, as an absolute path.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir.paths.root
    }

    /// The server's process id while it takes connections; `None` while it is being brought back.
    pub fn pid(&self) -> Option<u32> {
        self.supervisor.ready()
    }

    /// Shuts down fast: sessions are ended, their transactions rolled back, all data written. Fails with
    /// [`Error::UncleanStop`] when that did not finish in two minutes.
    pub fn stop(mut self) -> Result<()> {
        self.shut_down()
    }

    fn shut_down(&mut self) -> Result<()> {
        let outcome = self.supervisor.stop();
        socket::remove_fallback(self.connection.socket_dir());
        outcome
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            tracing::error!(%error, "postgres");
        }
    }
}

/// Removes the folder of a cluster that ran without `fsync`, ending what still runs in it. Fails with
/// [`Error::InUse`] while a process holds it, and with [`Error::Durable`] when it is any other cluster.
pub fn discard(data_dir: &Path) -> Result<()> {
    let paths = Paths::of(data_dir);
    if !paths.non_durable.exists() {
        return Err(Error::Durable {
            data_dir: data_dir.to_owned(),
        });
    }
    let held = DataDir::hold(data_dir)?;
    if let Some(stale) = orphans::clear(&held.paths.pgdata, DISCARD_PATIENCE)? {
        socket::remove_fallback(&stale);
    }
    fs::remove_dir_all(data_dir).context("remove", data_dir)
}

/// Fails, with the name of the folder in the way, when `account` cannot enter the data directory or run the
/// programs. Tried out first, as access lists and the like may allow what the mode bits do not.
fn check_reach(account: &Account, root: &Path, installation: &Installation) -> Result<()> {
    let program = installation.program("postgres");
    let tried = command(&program, account, root, Signal::SIGKILL)
        .arg("--version")
        .output();
    let Err(error) = tried else { return Ok(()) };
    for wanted in [root, installation.bin_dir()] {
        if let Some(folder) = account.blocked_at(wanted) {
            return Err(Error::Unreachable {
                user: account.name.clone(),
                folder,
                wanted: wanted.to_owned(),
            });
        }
    }
    Err(error).context("run", &program)
}
