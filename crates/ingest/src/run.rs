//! The job that loads a batch, from `received` to `loaded`, `held` or `failed`.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use formats::{Limits, Options, Refusal, RefusalCode};
use store::Pool;
use store::batches::{self, Batch};
use store::facilities;
use store::students::Source;

use crate::apply::{self, Writer};
use crate::check::{self, Checked, Collector};
use crate::{Profiles, Spool};

/// Asked between steps of the work: `false` says that the lease was lost and the work must stop.
pub type Heartbeat<'a> = &'a dyn Fn() -> bool;

/// Why the job did not come to an end. It is run again.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The database is away or refused.
    #[error(transparent)]
    Database(#[from] store::Error),
    /// The file of the batch cannot be read from disk.
    #[error("failed to read the batch's file: {0}")]
    Unreadable(Refusal),
    /// Another process has taken the job over.
    #[error("the job's lease was lost")]
    LeaseLost,
}

/// Loads a batch: check, then apply. Calling it again for a batch that is settled does nothing; after a kill it goes
/// on where the last chunk was written. Returns the batch as it stands then.
pub fn run(
    pool: &Pool,
    spool: &Spool,
    profiles: &Profiles,
    limits: Limits,
    batch_id: i64,
    alive: Heartbeat<'_>,
    clock: &dyn Fn() -> DateTime<Utc>,
) -> Result<Option<Batch>, IngestError> {
    let Some(batch) = batches::find(&mut *store::connection(pool)?, batch_id)? else {
        return Ok(None);
    };
    if !batch.is_settled() {
        load(pool, spool, profiles, limits, &batch, alive, clock)?;
    }
    let settled = batches::find(&mut *store::connection(pool)?, batch_id)?;
    if settled
        .as_ref()
        .is_some_and(|b| matches!(b.status.as_str(), "loaded" | "failed"))
    {
        // The outcome is in the database; a file that cannot be removed is swept at the next start.
        if let Err(error) = spool.remove(&batch.spool_name) {
            tracing::warn!(batch = batch_id, %error, "the spool file of a settled batch could not be removed");
        }
    }
    Ok(settled)
}

fn load(
    pool: &Pool,
    spool: &Spool,
    profiles: &Profiles,
    limits: Limits,
    batch: &Batch,
    alive: Heartbeat<'_>,
    clock: &dyn Fn() -> DateTime<Utc>,
) -> Result<(), IngestError> {
    let state = batch.state_code()?;
    let profile = match batch.profile.as_str() {
        "native" => None,
        label => match profiles.labelled(label) {
            Some(profile) => Some(profile),
            None => {
                let message = format!("The mapping profile {label} is no longer here.");
                return fail(
                    pool,
                    batch,
                    &Refusal::new(RefusalCode::UnknownFormat, message),
                    clock(),
                );
            }
        },
    };
    let options = Options {
        state: Some(state),
        as_of: Some(batch.as_of),
        kind: formats::BatchKind::named(&batch.kind),
        profile,
        limits,
        file_name: batch.file_name.as_deref(),
    };
    let path = spool.path(&batch.spool_name);

    batches::set_status(
        &mut *store::connection(pool)?,
        batch.batch_id,
        "checking",
        batch.problem.as_ref(),
        clock(),
    )?;
    let mut collector = Collector::new(state, alive);
    let summary = match formats::read(&path, &options, &mut collector) {
        Ok(summary) => summary,
        Err(refusal) => return refused(pool, batch, refusal, alive, clock()),
    };
    let released = batch
        .problem
        .as_ref()
        .is_some_and(|p| p.get("released_by").is_some());
    let checked = check::compare(
        &mut *store::connection(pool)?,
        batch,
        collector,
        summary,
        released,
    )?;

    if let Some(reason) = &checked.suspicious {
        return hold(pool, batch, &checked, reason, clock());
    }
    let source = Source {
        state,
        batch_id: batch.batch_id,
        as_of: batch.as_of,
        received_at: batch.received_at,
    };
    store::db::write(&mut *store::connection(pool)?, |connection| {
        batches::set_read(
            connection,
            batch.batch_id,
            &checked.counts,
            checked.unchanged() as i64,
            &checked.findings,
        )?;
        facilities::upsert(connection, source, &checked.facilities)?;
        batches::set_status(
            connection,
            batch.batch_id,
            "loading",
            batch.problem.as_ref(),
            clock(),
        )
    })?;
    if checked.has_content() {
        let mut writer = Writer {
            pool,
            batch,
            kind: checked.summary.header.kind,
            source,
            seen: &checked.seen,
            steps: &checked.steps,
            alive,
            clock,
            position: 0,
            chunk: Vec::new(),
            error: None,
        };
        let read = formats::read(&path, &options, &mut writer);
        if let Some(error) = writer.error.take() {
            return Err(error.into());
        }
        if let Err(refusal) = read {
            // The check has read the same bytes to their end: only the disk or a lost lease can end it here.
            return if alive() {
                Err(IngestError::Unreadable(refusal))
            } else {
                Err(IngestError::LeaseLost)
            };
        }
        writer.flush()?;
    }
    finish(pool, batch, source, &checked, clock())
}

fn refused(
    pool: &Pool,
    batch: &Batch,
    refusal: Refusal,
    alive: Heartbeat<'_>,
    now: DateTime<Utc>,
) -> Result<(), IngestError> {
    match refusal.code {
        RefusalCode::Stopped if !alive() => Err(IngestError::LeaseLost),
        RefusalCode::Unreadable => Err(IngestError::Unreadable(refusal)),
        _ => fail(pool, batch, &refusal, now),
    }
}

fn fail(pool: &Pool, batch: &Batch, refusal: &Refusal, now: DateTime<Utc>) -> Result<(), IngestError> {
    let problem = serde_json::to_value(refusal).map_err(|e| store::Error::Corrupt {
        what: "refusal",
        why: e.to_string(),
    })?;
    batches::set_status(
        &mut *store::connection(pool)?,
        batch.batch_id,
        "failed",
        Some(&problem),
        now,
    )?;
    tracing::info!(
        batch = batch.batch_id,
        state = batch.state,
        code = refusal.code.code(),
        "batch failed"
    );
    Ok(())
}

fn hold(
    pool: &Pool,
    batch: &Batch,
    checked: &Checked,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), IngestError> {
    let problem = serde_json::json!({
        "code": "suspicious-full",
        "message": reason,
        "fix": "If the state really holds so many students less, release the batch; otherwise send a complete full upload, which takes its place.",
    });
    store::db::write(&mut *store::connection(pool)?, |connection| {
        batches::set_read(
            connection,
            batch.batch_id,
            &checked.counts,
            checked.unchanged() as i64,
            &checked.findings,
        )?;
        batches::set_status(connection, batch.batch_id, "held", Some(&problem), now)
    })?;
    tracing::info!(batch = batch.batch_id, state = batch.state, "batch held");
    Ok(())
}

fn finish(
    pool: &Pool,
    batch: &Batch,
    source: Source,
    checked: &Checked,
    now: DateTime<Utc>,
) -> Result<(), IngestError> {
    store::db::write(&mut *store::connection(pool)?, |connection| {
        let counts = apply::mark(connection, source, checked, now)?;
        batches::advance(connection, batch.batch_id, &counts)?;
        if checked.summary.header.kind == formats::BatchKind::Full {
            store::participants::confirm_full(connection, source.state, source.as_of, batch.batch_id)?;
            batches::supersede_held(connection, batch, now)?;
        }
        batches::set_status(connection, batch.batch_id, "loaded", batch.problem.as_ref(), now)?;
        apply::enqueue_linking(connection, now)
    })?;
    tracing::info!(batch = batch.batch_id, state = batch.state, "batch loaded");
    Ok(())
}

/// A person of the state says yes to a held batch: it is loaded after all. `false` if it is not held.
pub fn release(
    connection: &mut PgConnection,
    batch_id: i64,
    by: &str,
    now: DateTime<Utc>,
) -> store::Result<bool> {
    store::db::write(connection, |connection| {
        let Some(batch) = batches::find(connection, batch_id)?.filter(|b| b.status == "held") else {
            return Ok(false);
        };
        let problem = serde_json::json!({ "released_by": by, "released_at": now });
        batches::set_status(connection, batch_id, "received", Some(&problem), now)?;
        crate::receive::enqueue(connection, &batch, now)?;
        store::access::audit(
            connection,
            now,
            by,
            "batch.release",
            &batch_id.to_string(),
            &serde_json::json!({}),
        )?;
        Ok(true)
    })
}
