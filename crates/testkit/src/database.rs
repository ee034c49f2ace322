//! The database of one test.

use anyhow::{Context, Result, ensure};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel::{Connection, PgConnection, sql_query};

use crate::cluster::TestCluster;

/// The advisory lock under which templates are made, on database `postgres`: the letters of "template".
const TEMPLATE_LOCK: i64 = i64::from_be_bytes(*b"template");

/// A database of its own for one test. Dropping it drops the database, whoever is still connected.
#[derive(Debug)]
pub struct TestDb {
    name: String,
    url: String,
}

impl TestDb {
    /// An empty database.
    pub fn new() -> Result<Self> {
        Self::copy_of("template0")
    }

    /// A copy of template `key`, which is made by `migrate` (given the URI of an empty database) once per
    /// server, by whichever process comes first.
    ///
    /// `key` names what `migrate` does and must change when that changes, as a server may outlive a build:
    /// up to 40 lower-case letters, digits, `-` and `_`. When `migrate` fails, its error is returned and
    /// the next caller tries again.
    pub fn from_template<T, E: Into<anyhow::Error>>(
        key: &str,
        migrate: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Self> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        ensure!(
            (1..=40).contains(&key.len()) && key.chars().all(plain),
            "`{key}` cannot be a template's key"
        );
        let template = format!("mariposa_template_{key}");
        ensure_template(&template, |url| migrate(url).map(drop).map_err(Into::into))?;
        Self::copy_of(&template)
    }

    fn copy_of(template: &str) -> Result<Self> {
        let name = format!("mariposa_test_{:016x}", rand::random::<u64>());
        // Copying files beats copying through the log: nothing here has to survive a crash.
        let create = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\" STRATEGY file_copy");
        execute(&mut server()?, &create)?;
        let url = TestCluster::shared()?.url(&name);
        Ok(Self { name, url })
    }

    /// Its libpq URI; the user is a superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A new connection to it.
    pub fn connect(&self) -> Result<PgConnection> {
        PgConnection::establish(&self.url).with_context(|| format!("no connection to {}", self.name))
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let gone = server().and_then(|mut server| drop_database(&mut server, &self.name));
        if let Err(error) = gone {
            eprintln!("database {} is left behind: {error:#}", self.name);
        }
    }
}

/// Makes `template` unless it is there. It gets its name when it is complete; a template that a killed
/// process left half made is made anew.
fn ensure_template(template: &str, migrate: impl FnOnce(&str) -> Result<()>) -> Result<()> {
    let mut server = server()?;
    if exists(&mut server, template)? {
        return Ok(());
    }
    // Held until this connection closes.
    execute(&mut server, &format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})"))?;
    if exists(&mut server, template)? {
        return Ok(());
    }
    let draft = format!("{template}_draft");
    drop_database(&mut server, &draft)?;
    execute(
        &mut server,
        &format!("CREATE DATABASE \"{draft}\" TEMPLATE template0 STRATEGY file_copy"),
    )?;
    migrate(&TestCluster::shared()?.url(&draft)).with_context(|| format!("cannot make {template}"))?;
    // A connection that `migrate` has just closed may take a moment to end; one it left open would keep the
    // template from being renamed and copied.
    let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = ";
    execute(&mut server, &format!("{end}'{draft}'"))?;
    execute(
        &mut server,
        &format!("ALTER DATABASE \"{draft}\" ALLOW_CONNECTIONS false"),
    )?;
    execute(
        &mut server,
        &format!("ALTER DATABASE \"{draft}\" RENAME TO \"{template}\""),
    )
}

fn server() -> Result<PgConnection> {
    let url = TestCluster::shared()?.url("postgres");
    PgConnection::establish(&url).context("no connection to the server for tests")
}

fn execute(server: &mut PgConnection, statement: &str) -> Result<()> {
    sql_query(statement)
        .execute(server)
        .with_context(|| statement.to_owned())?;
    Ok(())
}

fn drop_database(server: &mut PgConnection, name: &str) -> Result<()> {
    execute(
        server,
        &format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"),
    )
}

fn exists(server: &mut PgConnection, name: &str) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let query = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1) AS found";
    Ok(sql_query(query)
        .bind::<Text, _>(name)
        .get_result::<Answer>(server)?
        .found)
}
