//! What both stories need: certificates, uploads, waiting, checks, a login.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use client::{Connection, UploadOptions};
use mde::StateCode;
use store::Pool;
use store::accounts::{self, Grant, Role};
use store::batches::Batch;

use super::PATIENCE;
use crate::config::Config;
use crate::console::Console;
use crate::pki_command;
use crate::serve::{Hub, open_authority};

/// Name and password of the account that the demo makes.
pub(super) struct Login {
    pub(super) email: String,
    pub(super) password: String,
}

/// A story that is being told.
pub(super) struct Story {
    pub(super) console: Console,
    pub(super) pool: Pool,
    clock: api::Clock,
    config: Config,
    exchange: String,
    connections: HashMap<StateCode, Connection>,
    failed: usize,
}

impl Story {
    pub(super) fn new(console: Console, hub: &Hub, config: &Config) -> Self {
        Self {
            console,
            pool: hub.pool.clone(),
            clock: hub.clock.clone(),
            config: config.clone(),
            exchange: format!("https://localhost:{}", hub.exchange.port()),
            connections: HashMap::new(),
            failed: 0,
        }
    }

    /// Writes the outcome of a check and counts it.
    pub(super) fn check(&mut self, holds: bool, text: impl std::fmt::Display) {
        self.failed += usize::from(!holds);
        self.console.check(holds, text);
    }

    /// How many checks did not hold.
    pub(super) fn failed(&self) -> usize {
        self.failed
    }

    pub(super) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock.now()
    }

    /// Where the certificates are.
    pub(super) fn certificates(&self) -> PathBuf {
        self.config.data_dir.join("certificates")
    }

    /// Issues and registers a certificate for each state, and connects with it.
    pub(super) fn register(&mut self, states: &[StateCode]) -> Result<()> {
        let authority = open_authority(&self.config, self.now())?;
        let folder = self.certificates();
        for state in states {
            let pem = pki_command::issue_files(&authority, *state, &folder, self.now())?;
            pki_command::register_with(&mut *store::connection(&self.pool)?, *state, &pem, self.now())?;
            let file =
                |end: &str| std::fs::read(folder.join(format!("{}{end}", state.as_str().to_lowercase())));
            let ca = std::fs::read(folder.join(pki_command::AUTHORITY_FILE))?;
            let connection = Connection::new(&self.exchange, &ca, &file(".pem")?, &file("-key.pem")?)?;
            self.connections.insert(*state, connection);
        }
        Ok(())
    }

    /// The connection of a state's system.
    pub(super) fn as_state(&self, state: StateCode) -> Result<&Connection> {
        self.connections
            .get(&state)
            .context("the state has a certificate")
    }

    /// Uploads what is at `path` for a state and waits until the hub has dealt with it.
    pub(super) fn upload(&self, state: StateCode, path: &Path, options: &UploadOptions) -> Result<Batch> {
        let receipt = self.as_state(state)?.upload(path, options)?;
        let until = Instant::now() + PATIENCE;
        loop {
            let batch = store::batches::find(&mut *store::connection(&self.pool)?, receipt.batch.batch_id)?
                .context("a receipt is a batch")?;
            if batch.is_settled() {
                return Ok(batch);
            }
            if Instant::now() > until {
                bail!("batch {} is still {}", batch.batch_id, batch.status);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until the linker and the notices have nothing left to do.
    pub(super) fn settle(&self) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            let connection = &mut *store::connection(&self.pool)?;
            let waiting = store::links::queue_length(connection, None)?;
            let jobs = store::jobs::depths(connection)?;
            if let Some(dead) = store::jobs::dead(connection)?.first() {
                bail!(
                    "a job failed for good: {} {}",
                    dead.name,
                    dead.last_error.as_deref().unwrap_or_default()
                );
            }
            if waiting == 0 && jobs.is_empty() {
                return Ok(());
            }
            if Instant::now() > until {
                bail!("{waiting} students still wait for the linker; jobs: {jobs:?}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Makes an account that may do everything in the first state, and look at the others.
    pub(super) fn login(&self) -> Result<Login> {
        let login = Login {
            email: "demo@mariposa.example".to_owned(),
            password: crate::user::new_password(),
        };
        let connection = &mut *store::connection(&self.pool)?;
        let hash = crate::user::hash(&login.password, &login.email)?;
        let id = accounts::add(connection, &login.email, "Demo Counselor", &hash, self.now())?
            .context("a new account")?;
        let mut states: Vec<StateCode> = self.connections.keys().copied().collect();
        states.sort_unstable();
        for state in states {
            for role in [Role::DataAdministrator, Role::PrimaryUser] {
                accounts::grant(
                    connection,
                    id,
                    &Grant {
                        role,
                        state: Some(state),
                        region: None,
                        district: None,
                    },
                    self.now(),
                )?;
            }
        }
        Ok(login)
    }

    /// One line about what became of a batch.
    pub(super) fn describe(&self, batch: &Batch) {
        let parts = [
            (batch.students_inserted, "new"),
            (batch.students_updated, "changed"),
            (batch.students_unchanged, "unchanged"),
            (batch.students_deleted, "deleted"),
            (batch.students_not_reported, "no longer reported"),
            (batch.students_refused, "refused"),
        ];
        let students: Vec<String> = parts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{n} {what}"))
            .collect();
        self.console.line(format!(
            "{} {} {:<5} {:>6} rows; students: {}; {} errors, {} warnings",
            batch.state,
            batch.as_of.date_naive(),
            batch.kind,
            batch.rows_read,
            if students.is_empty() {
                "none".to_owned()
            } else {
                students.join(", ")
            },
            batch.findings_errors,
            batch.findings_warnings
        ));
    }
}
