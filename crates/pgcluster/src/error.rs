//! What can go wrong, each with what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::installation::MINIMUM_MAJOR;

/// The result of everything in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a cluster could not be found, made, started or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No usable server programs on this machine.
    #[error(
        "no PostgreSQL {MINIMUM_MAJOR} or newer found (looked in: {looked}); install it (`apt-get install postgresql`, \
         `dnf install postgresql-server`, `brew install postgresql`) or set MARIPOSA_PG_BIN to the folder that \
         holds `initdb` and `postgres`"
    )]
    NotInstalled {
        /// The folders looked in, comma-separated, with what was wrong in each.
        looked: String,
    },
    /// Another live process runs this cluster.
    #[error("{} is in use by process {holder}; stop that one first, or choose another data directory", data_dir.display())]
    InUse {
        /// The folder.
        data_dir: PathBuf,
        /// Its process id as noted in the lock file, or "unknown".
        holder: String,
    },
    /// The folder holds something that this crate did not put there.
    #[error("{} is not empty and is not a Mariposa cluster; choose an empty or a new folder", data_dir.display())]
    Foreign {
        /// The folder.
        data_dir: PathBuf,
    },
    /// The cluster was made by a major version that is not installed.
    #[error(
        "{} was made by PostgreSQL {found}, but this machine has {installed}; install PostgreSQL {found} again \
         (`apt-get install postgresql-{found}`, or MARIPOSA_PG_BIN), or convert the data with pg_upgrade", pgdata.display()
    )]
    OtherVersion {
        /// PostgreSQL's data directory.
        pgdata: PathBuf,
        /// The major version in its `PG_VERSION`.
        found: String,
        /// The versions installed, comma-separated.
        installed: String,
    },
    /// A durable start of a cluster that ran without `fsync`.
    #[error("{} ran without fsync and may be damaged; use a new data directory for data that matters", data_dir.display())]
    NonDurable {
        /// The folder.
        data_dir: PathBuf,
    },
    /// A start without `fsync` of a cluster that holds durable data.
    #[error("{} holds durable data; a cluster without fsync (tests only) needs a folder of its own", data_dir.display())]
    Durable {
        /// The folder.
        data_dir: PathBuf,
    },
    /// The user PostgreSQL runs as cannot reach the folder or the programs.
    #[error(
        "PostgreSQL runs as user `{user}`, who cannot enter {}, which {} lies in; \
         choose a place outside it, or `chmod a+x` it", folder.display(), wanted.display()
    )]
    Unreachable {
        /// The unprivileged user.
        user: String,
        /// The first folder on the way that this user may not enter.
        folder: PathBuf,
        /// What was to be reached.
        wanted: PathBuf,
    },
    /// Run by root on a machine with no user to drop to.
    #[error(
        "PostgreSQL does not run as root and neither user `postgres` nor `nobody` exists; \
         create one (`useradd --system postgres`) or start as another user"
    )]
    NoAccount,
    /// `pgdata` belongs to a user other than the one running this.
    #[error("{} belongs to user id {owner}; run this as that user or as root", pgdata.display())]
    WrongOwner {
        /// PostgreSQL's data directory.
        pgdata: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// The password file is gone though the cluster exists.
    #[error("{} is missing; restore it from a backup, or set a new password with `postgres --single`", path.display())]
    PasswordLost {
        /// Where it should be.
        path: PathBuf,
    },
    /// No place short enough for a Unix socket.
    #[error("{} is too long a path for a Unix socket; set TMPDIR or the data directory to a shorter one", path.display())]
    SocketPathTooLong {
        /// The shortest place tried.
        path: PathBuf,
    },
    /// A path that cannot be written into a connection string.
    #[error("{} is not valid UTF-8; choose another data directory", path.display())]
    NotUtf8 {
        /// The path.
        path: PathBuf,
    },
    /// A name or value that cannot stand in `postgresql.conf`.
    #[error("setting `{name}` has a malformed name or a control character in its value")]
    BadSetting {
        /// The setting's name.
        name: String,
    },
    /// `initdb` failed.
    #[error("initdb failed: {output}")]
    Initdb {
        /// What it printed.
        output: String,
    },
    /// `postgres` ended or hung before it took connections.
    #[error("postgres did not start ({reason}); see {}: {log_tail}", log.display())]
    Start {
        /// How it ended.
        reason: String,
        /// The folder of its logs.
        log: PathBuf,
        /// The last lines of them.
        log_tail: String,
    },
    /// Processes of an earlier run did not end.
    #[error("an earlier postgres still runs in {} (process {pids}); wait for it to end, or end it", pgdata.display())]
    Orphans {
        /// PostgreSQL's data directory.
        pgdata: PathBuf,
        /// Their process ids, comma-separated.
        pids: String,
    },
    /// A fast shutdown did not finish; the cluster was ended hard and will recover from its log at next start.
    #[error("postgres did not shut down in time and was ended; it recovers at the next start")]
    UncleanStop,
    /// Asked for the connection of a cluster that nobody runs.
    #[error("no cluster runs in {}; start the hub on it first", data_dir.display())]
    NotRunning {
        /// The folder.
        data_dir: PathBuf,
    },
    /// The operating system refused something.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was being done, as a verb phrase.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// Adds what was being done, and to which path, to a system error.
pub(crate) trait IoContext<T> {
    /// `doing` completes the sentence "cannot … PATH".
    fn context(self, doing: &'static str, path: &Path) -> Result<T>;
}

impl<T, E: Into<io::Error>> IoContext<T> for std::result::Result<T, E> {
    fn context(self, doing: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| Error::Io {
            doing,
            path: path.to_owned(),
            source: source.into(),
        })
    }
}
