//! The server of a test run.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow};
use nix::sys::signal::kill;
use nix::unistd::Pid;
use pgcluster::{Cluster, Options};

/// The variable that holds the libpq URI of a database `postgres` of the server to use. Its user must be a
/// superuser.
pub const CLUSTER_VARIABLE: &str = "MARIPOSA_TEST_PG";

/// Begins the names of the servers' folders; the process id of the owner follows.
const PREFIX: &str = "mariposa-test-";

/// The server that the tests of this process use.
#[derive(Debug)]
pub struct TestCluster {
    url: String,
    /// The server, when it is this process's own. In a static, and so never dropped: it ends with the
    /// process, and the next run removes its folder.
    _own: Option<TempCluster>,
}

impl TestCluster {
    /// The server named by [`CLUSTER_VARIABLE`], else one of this process's own, started at the first call.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<TestCluster, String>> = OnceLock::new();
        let started = SHARED.get_or_init(|| Self::find_or_start().map_err(|error| format!("{error:#}")));
        started
            .as_ref()
            .map_err(|error| anyhow!("no server for tests: {error}"))
    }

    fn find_or_start() -> Result<Self> {
        if let Ok(url) = env::var(CLUSTER_VARIABLE) {
            return Ok(Self { url, _own: None });
        }
        let own = TempCluster::start()?;
        Ok(Self {
            url: own.url(),
            _own: Some(own),
        })
    }

    /// The libpq URI of its database `dbname`, a plain name of letters, digits, `_` and `-`.
    pub fn url(&self, dbname: &str) -> String {
        with_database(&self.url, dbname)
    }
}

/// Replaces the database in a URI such as `postgresql://user:password@host/postgres?port=5432`.
fn with_database(url: &str, dbname: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, None), |(a, p)| (a, Some(p)));
    let authority = address.find("://").map_or(0, |at| at + 3);
    let end = address[authority..]
        .find('/')
        .map_or(address.len(), |at| authority + at);
    let parameters = parameters.map(|p| format!("?{p}")).unwrap_or_default();
    format!("{}/{dbname}{parameters}", &address[..end])
}

/// A server in a temporary folder, without `fsync`. Dropping it removes both.
#[derive(Debug)]
pub struct TempCluster {
    cluster: Option<Cluster>,
    folder: PathBuf,
}

impl TempCluster {
    /// Starts one, and removes the folders of those whose process was killed.
    pub fn start() -> Result<Self> {
        sweep();
        let prefix = format!("{PREFIX}{}-", process::id());
        let folder = tempfile::Builder::new()
            .prefix(&prefix)
            .tempdir()
            .context("no temporary folder")?
            .keep();
        let settings = [("max_connections", "300"), ("autovacuum_naptime", "5s")];
        let extra_settings = settings
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        let options = Options {
            data_dir: folder.clone(),
            durable: false,
            extra_settings,
        };
        let cluster = Cluster::start(&options)?;
        Ok(Self {
            cluster: Some(cluster),
            folder,
        })
    }

    /// The libpq URI of its database `postgres`, for [`CLUSTER_VARIABLE`].
    pub fn url(&self) -> String {
        self.cluster
            .as_ref()
            .map(|cluster| cluster.connection_url("postgres"))
            .unwrap_or_default()
    }
}

impl Drop for TempCluster {
    fn drop(&mut self) {
        drop(self.cluster.take());
        if let Err(error) = pgcluster::discard(&self.folder) {
            eprintln!("{} is left behind: {error}", self.folder.display());
        }
    }
}

/// Removes the folders of servers whose process is gone. Another user's, and those that another process is
/// removing, are left to them.
fn sweep() {
    for entry in fs::read_dir(env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok());
        if owner.is_some_and(|pid| kill(Pid::from_raw(pid), None) == Err(nix::errno::Errno::ESRCH)) {
            // The lock in the folder keeps a server of another process namespace from harm; a folder that
            // never became a cluster's is empty.
            let _ = pgcluster::discard(&entry.path()).map_err(|_| fs::remove_dir(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_of_a_uri_is_replaced() {
        let socket = "postgresql://mariposa:pw@/postgres?host=%2Ftmp%2Fs&port=5432";
        assert_eq!(
            with_database(socket, "x"),
            "postgresql://mariposa:pw@/x?host=%2Ftmp%2Fs&port=5432"
        );
        assert_eq!(
            with_database("postgres://u@db.example:5433", "x"),
            "postgres://u@db.example:5433/x"
        );
    }
}
