//! The hub's database: a private cluster in the data folder, or a server named in the configuration.

use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use pgcluster::{Cluster, Options};
use store::Pool;

use crate::config::Config;

const NAME: &str = "mariposa";

/// A database that is there, and the cluster behind it when this process started it.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) url: String,
    /// Keeps the private cluster running; `None` when somebody else does.
    cluster: Option<Cluster>,
}

impl Database {
    /// Starts the private cluster, or uses the configured server. For the one process that serves.
    pub(crate) fn start(config: &Config) -> Result<Self> {
        if let Some(url) = &config.database_url {
            return Ok(Self {
                url: url.clone(),
                cluster: None,
            });
        }
        make_data_dir(&config.data_dir)?;
        let cluster = Cluster::start(&Options::new(config.postgres_dir()))
            .context("failed to start the private PostgreSQL")?;
        store::db::ensure_database(&cluster.connection_url("postgres"), NAME)?;
        Ok(Self {
            url: cluster.connection_url(NAME),
            cluster: Some(cluster),
        })
    }

    /// For commands: beside a running hub through its cluster, otherwise through one started for the command.
    pub(crate) fn open(config: &Config) -> Result<Self> {
        if config.database_url.is_none()
            && let Ok(running) = pgcluster::Connection::of_running(&config.postgres_dir())
        {
            return Ok(Self {
                url: running.url(NAME),
                cluster: None,
            });
        }
        Self::start(config)
    }

    /// The same, with the program's schema.
    pub(crate) fn open_migrated(config: &Config) -> Result<Self> {
        let database = Self::open(config)?;
        store::migrate(&database.url)?;
        Ok(database)
    }

    /// A pool of at most `size` connections whose statements may take `timeout`.
    pub(crate) fn pool(&self, size: u32, timeout: Duration) -> Pool {
        store::pool(&self.url, size, timeout)
    }

    /// One connection, for a command.
    pub(crate) fn connect(&self) -> Result<store::Connection> {
        Ok(store::connection(&self.pool(1, Duration::from_hours(1)))?)
    }

    /// Whether this process runs the database.
    pub(crate) fn is_private(&self) -> bool {
        self.cluster.is_some()
    }
}

/// Makes the data folder: the hub's own, but passable, since the private PostgreSQL runs as another user.
pub(crate) fn make_data_dir(path: &Path) -> Result<()> {
    if path.exists() {
        let mode = std::fs::metadata(path)?.permissions().mode();
        if mode & 0o001 == 0 && nix::unistd::geteuid().is_root() {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode | 0o111))?;
        }
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o711)
        .create(path)
        .with_context(|| format!("failed to make the data folder {}", path.display()))
}
