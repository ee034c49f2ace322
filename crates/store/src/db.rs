//! Connections, migrations and transactions.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, PooledConnection};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{Connection as _, RunQueryDsl as _, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Key of the advisory lock under which one process at a time migrates.
const MIGRATION_LOCK: i64 = 0x6d61_7269_706f_7361;

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection could be had in time: the database is away, or too busy. Try again.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A statement failed. The message names no values of a record.
    #[error("the database refused a statement: {0}")]
    Query(DieselError),
    /// The schema of the database is not the program's.
    #[error("failed to migrate the database: {0}")]
    Migration(String),
    /// What is stored cannot be read back.
    #[error("a stored {what} cannot be read: {why}")]
    Corrupt {
        /// What.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// Two different identifiers of a state have the same student id.
    #[error("two state student ids have the same key; the batch is stopped")]
    KeyCollision,
    /// Somebody else changed a link after it was read: read again, then decide again.
    #[error("a link was changed by somebody else meanwhile; it has to be looked at again")]
    LinkMoved,
}

impl Error {
    /// Whether the same call can work a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Query(error) => is_transient(error),
            _ => false,
        }
    }
}

fn is_transient(error: &DieselError) -> bool {
    match error {
        DieselError::BrokenTransactionManager
        | DieselError::DatabaseError(
            DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::SerializationFailure
            | DatabaseErrorKind::UnableToSendCommand,
            _,
        ) => true,
        // libpq gives no SQLSTATE for a connection that broke; these are its words for it.
        DieselError::DatabaseError(_, info) => [
            "server closed the connection",
            "terminating connection",
            "shutting down",
            "starting up",
            "deadlock detected",
            "no connection to the server",
            "Connection refused",
        ]
        .iter()
        .any(|words| info.message().contains(words)),
        _ => false,
    }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        if is_transient(&error) {
            Self::Unavailable(error.to_string())
        } else {
            Self::Query(error)
        }
    }
}

impl From<diesel::r2d2::PoolError> for Error {
    fn from(error: diesel::r2d2::PoolError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// The store's result.
pub type Result<T> = std::result::Result<T, Error>;
/// A pooled connection.
pub type Connection = PooledConnection<ConnectionManager<PgConnection>>;
/// A pool of connections.
pub type Pool = diesel::r2d2::Pool<ConnectionManager<PgConnection>>;

#[derive(Debug)]
struct Session {
    statement_timeout: Duration,
}

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Session {
    fn on_acquire(&self, connection: &mut PgConnection) -> std::result::Result<(), diesel::r2d2::Error> {
        // Times are read back as UTC whatever the server's zone; no statement of a request runs for ever.
        connection
            .batch_execute(&format!(
                "set time zone 'UTC'; set statement_timeout = {}; set application_name = 'mariposa'",
                self.statement_timeout.as_millis()
            ))
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

/// A pool of at most `size` connections to `url`, opened as they are needed. Each statement may take `timeout`.
/// Opening a pool does not need the database to be there.
pub fn pool(url: &str, size: u32, timeout: Duration) -> Pool {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(0))
        .connection_timeout(Duration::from_secs(3))
        // A ping at every check-out costs a third of the throughput; a broken connection is found by `has_broken`.
        .test_on_check_out(false)
        .connection_customizer(Box::new(Session {
            statement_timeout: timeout,
        }))
        .build_unchecked(ConnectionManager::new(url))
}

/// A connection of a pool; waits up to three seconds for one.
pub fn connection(pool: &Pool) -> Result<Connection> {
    Ok(pool.get()?)
}

/// Makes a database of this name on the server at `url`, if there is none. The name is the program's own.
pub fn ensure_database(url: &str, name: &str) -> Result<()> {
    #[derive(diesel::QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        found: bool,
    }
    let mut connection =
        PgConnection::establish(url).map_err(|error| Error::Unavailable(error.to_string()))?;
    let there: Found = sql_query("select exists (select from pg_database where datname = $1) as found")
        .bind::<diesel::sql_types::Text, _>(name)
        .get_result(&mut connection)?;
    if !there.found {
        sql_query(format!("create database \"{name}\"")).execute(&mut connection)?;
    }
    Ok(())
}

/// Brings the database at `url` to the program's schema; one process at a time. Returns the versions that were run.
pub fn migrate(url: &str) -> Result<Vec<String>> {
    let mut connection =
        PgConnection::establish(url).map_err(|error| Error::Unavailable(error.to_string()))?;
    let failed = |error: &dyn std::fmt::Display| Error::Migration(error.to_string());
    sql_query(format!("select pg_advisory_lock({MIGRATION_LOCK})")).execute(&mut connection)?;
    let run = connection
        .run_pending_migrations(MIGRATIONS)
        .map_err(|e| failed(&e))?;
    let versions = run.iter().map(ToString::to_string).collect();
    sql_query(format!("select pg_advisory_unlock({MIGRATION_LOCK})")).execute(&mut connection)?;
    Ok(versions)
}

/// Takes every migration back; for the test that goes up, down and up again.
pub fn revert_all(url: &str) -> Result<()> {
    let mut connection =
        PgConnection::establish(url).map_err(|error| Error::Unavailable(error.to_string()))?;
    connection
        .revert_all_migrations(MIGRATIONS)
        .map_err(|e| Error::Migration(e.to_string()))?;
    Ok(())
}

/// Names of the migrations that the program holds and the database does not; empty when the schema is the program's.
pub fn migrations(connection: &mut PgConnection) -> Result<Vec<String>> {
    // Asked first, because the harness below does not tell a broken connection from a wrong schema.
    sql_query("select 1").execute(connection)?;
    let pending = connection
        .pending_migrations(MIGRATIONS)
        .map_err(|e| Error::Migration(e.to_string()))?;
    Ok(pending.iter().map(|m| m.name().to_string()).collect())
}

/// Name of the job that does [`analyze`].
pub const ANALYZE_JOB: &str = "analyze";

/// Has PostgreSQL look at its tables now. It does by itself about once a minute, until when it plans for the few rows that
/// there were: a join that is right for these takes minutes for those of a first load.
pub fn analyze(connection: &mut PgConnection) -> Result<()> {
    sql_query("analyze").execute(connection)?;
    Ok(())
}

/// Lets the transaction that is open end without waiting for the disk. A crash of the database can undo it, but never
/// without what was committed after it: the log is flushed in order.
pub fn flush_later(connection: &mut PgConnection) -> Result<()> {
    sql_query("set local synchronous_commit = off").execute(connection)?;
    Ok(())
}

/// Runs `work` in a transaction and again, up to three times, when it lost to another one (40001, 40P01).
pub fn write<T>(
    connection: &mut PgConnection,
    mut work: impl FnMut(&mut PgConnection) -> Result<T>,
) -> Result<T> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let result = connection.transaction(&mut work);
        match result {
            Err(Error::Query(DieselError::DatabaseError(kind, info)))
                if attempt < 3
                    && (matches!(kind, DatabaseErrorKind::SerializationFailure)
                        || info.message().contains("deadlock")) => {}
            Err(Error::Unavailable(message)) if attempt < 3 && message.contains("deadlock") => {}
            other => return other,
        }
    }
}
