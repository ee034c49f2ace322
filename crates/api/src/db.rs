//! The one way from a handler to the database: a fair queue for connections, then a thread that may block.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use diesel::PgConnection;
use store::Pool;
use tokio::sync::Semaphore;

use crate::problem::{Problem, ProblemCode};

/// How long a request waits for its turn before it is told that the hub is busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// The database as requests use it. As many requests at once as the pool has connections; the others wait in order of
/// arrival, without holding a thread. Waiting on the pool itself instead is not fair and makes the slowest requests
/// ten times slower.
#[derive(Debug, Clone)]
pub struct Db {
    pool: Pool,
    permits: Arc<Semaphore>,
    patience: Duration,
    /// Reports read a nation into memory: one at a time.
    reports: Arc<Semaphore>,
}

impl Db {
    /// Requests use this pool, and nothing else should.
    #[must_use]
    pub fn new(pool: Pool) -> Self {
        let permits = Arc::new(Semaphore::new(pool.max_size() as usize));
        Self {
            pool,
            permits,
            patience: PATIENCE,
            reports: Arc::new(Semaphore::new(1)),
        }
    }

    /// Requests wait so long for their turn, instead of ten seconds.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How many run at once: as many threads that may block do the workers need together.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.pool.max_size() as usize
    }

    /// Runs `work` that reads all children, after any other such work is done; like [`run`](Self::run) in all else.
    pub async fn report<T, E>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let turn = Arc::clone(&self.reports).acquire_owned();
        let turn = tokio::time::timeout(self.patience, turn).await;
        let turn = turn.map_err(|_| {
            Problem::new(
                ProblemCode::Busy,
                "Another report is being made, and there is one at a time. Try again.",
            )
        })?;
        let turn = turn.map_err(Problem::internal)?;
        self.run(move |connection| {
            // Kept until the work is done, also when the caller goes away.
            let _turn = turn;
            work(connection)
        })
        .await
    }

    /// Runs `work` with a connection on a thread that may block. What it returns as an error becomes a problem; a
    /// database that is away is one that asks the caller to try again.
    pub async fn run<T, E>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let permit = tokio::time::timeout(self.patience, Arc::clone(&self.permits).acquire_owned())
            .await
            .map_err(|_| {
                Problem::new(
                    ProblemCode::Busy,
                    "Too many calls wait for the database. Try again.",
                )
            })?
            .map_err(Problem::internal)?;
        let pool = self.pool.clone();
        web::block(move || {
            // Given back when the work is done, not when the caller goes away.
            let _permit = permit;
            let mut connection = pool
                .get()
                .map_err(|error| Problem::from(store::Error::from(error)))?;
            work(&mut connection).map_err(Into::into)
        })
        .await
        .map_err(Problem::internal)?
    }
}
