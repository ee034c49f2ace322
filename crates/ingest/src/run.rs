//! The job that loads a batch, from `received` to `loaded`, `held` or `failed`.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use formats::{Limits, Options, Refusal, RefusalCode};
use store::Pool;
use store::batches::{self, Batch, Moment};
use store::facilities;
use store::students::Source;

use crate::account::{self, Account, Disagreement, Facilities};
use crate::apply::{self, Writer};
use crate::check::{self, Checked};
use crate::order::Place;
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

    let since = {
        let connection = &mut *store::connection(pool)?;
        batches::set_status(
            connection,
            batch.batch_id,
            "checking",
            batch.problem.as_ref(),
            clock(),
        )?;
        batches::moment(connection, state)?
    };
    let (summary, collected) = match check::collect(&path, &options, state, alive) {
        Ok(read) => read,
        Err(refusal) => return refused(pool, batch, refusal, alive, clock()),
    };
    let released = batch
        .problem
        .as_ref()
        .is_some_and(|p| p.get("released_by").is_some());
    let mut checked = check::compare(
        &mut *store::connection(pool)?,
        batch,
        collected,
        summary,
        released,
    )?;
    if let Err(disagreement) = checked.add_up() {
        return disagree(pool, batch, &disagreement, clock());
    }
    if let Some(reason) = &checked.suspicious {
        return hold(pool, batch, &checked, reason, clock());
    }
    let source = Source {
        state,
        batch_id: batch.batch_id,
        as_of: batch.as_of,
        received_at: batch.received_at,
    };
    let facilities = begin(pool, batch, source, &checked, clock())?;
    let writer = Writer {
        pool,
        batch,
        source,
        alive,
        clock,
    };
    loop {
        if checked.has_content()
            && let Err(refusal) = writer.run(&path, &options, &mut checked)?
        {
            // The check has read the same bytes to their end: only the disk or a lost lease can end it here.
            return if alive() {
                Err(IngestError::Unreadable(refusal))
            } else {
                Err(IngestError::LeaseLost)
            };
        }
        match finish(pool, batch, source, &mut checked, facilities, &since, clock())? {
            End::Loaded => break,
            End::Again => {}
            End::Disagrees(disagreement) => return disagree(pool, batch, &disagreement, clock()),
        }
    }
    tracing::info!(batch = batch.batch_id, state = batch.state, "batch loaded");
    Ok(())
}

/// Writes what the check found and the facilities, in one transaction: from here on the batch is being loaded.
fn begin(
    pool: &Pool,
    batch: &Batch,
    source: Source,
    checked: &Checked,
    now: DateTime<Utc>,
) -> Result<Facilities, IngestError> {
    let counts = store::db::write(&mut *store::connection(pool)?, |connection| {
        store::students::lock_state(connection, source.state)?;
        let sent: Vec<&str> = checked.collected.facilities.keys().map(String::as_str).collect();
        let held = facilities::held(connection, source.state, &sent)?;
        let mut load = Vec::new();
        let mut counts = Facilities {
            repeated: checked.collected.repeated,
            ..Facilities::default()
        };
        for (code, facility) in &checked.collected.facilities {
            match held.get(code) {
                Some(held) if held.facility == *facility && held.said == source.said() => counts.stored += 1,
                Some(held) if held.facility == *facility || held.said > source.said() => {
                    counts.unchanged += 1;
                }
                _ => {
                    counts.stored += 1;
                    load.push(facility);
                }
            }
        }
        facilities::replace(connection, source, &load)?;
        write_check(connection, batch, checked, counts)?;
        batches::set_status(connection, batch.batch_id, "loading", batch.problem.as_ref(), now)?;
        Ok(counts)
    })?;
    Ok(counts)
}

/// What the check found, for the state to see.
fn write_check(
    connection: &mut PgConnection,
    batch: &Batch,
    checked: &Checked,
    facilities: Facilities,
) -> store::Result<()> {
    let findings = &checked.collected.findings;
    batches::set_read(connection, batch.batch_id, &checked.counts, 0, findings)?;
    let header = &checked.summary.header;
    let account = Account {
        rows: checked.summary.rows.clone(),
        facilities,
        effective_from: header.effective_from,
        effective_to: header.effective_to,
        causes: checked.collected.causes.clone(),
    };
    let account = store::json::value(&account)?;
    batches::set_account(connection, batch.batch_id, &account)
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
    let problem = store::json::value(refusal)?;
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
        write_check(connection, batch, checked, Facilities::default())?;
        batches::set_status(connection, batch.batch_id, "held", Some(&problem), now)
    })?;
    tracing::info!(batch = batch.batch_id, state = batch.state, "batch held");
    Ok(())
}

/// How the last transaction of a batch ended.
enum End {
    /// The batch is loaded.
    Loaded,
    /// Another batch came in between and left something to write; the steps say what.
    Again,
    /// The sums are wrong, and nothing of the transaction was kept.
    Disagrees(Disagreement),
}

/// The last transaction of a batch: marks what has no new content, adds up, and says that the batch is loaded.
fn finish(
    pool: &Pool,
    batch: &Batch,
    source: Source,
    checked: &mut Checked,
    facilities: Facilities,
    since: &Moment,
    now: DateTime<Utc>,
) -> Result<End, IngestError> {
    let connection = &mut *store::connection(pool)?;
    let mut disagreement = None;
    let ended = store::db::write(connection, |connection| {
        let kind = checked.summary.header.kind;
        store::students::lock_state(connection, source.state)?;
        let others = batches::written_since(connection, batch.batch_id, source.state, since)?;
        let participant = store::participants::of_state(connection, source.state)?;
        let place = Place::of(batch, kind, participant.as_ref());
        if !others.is_empty() {
            let stated = store::students::stated_by(connection, source.state, &others)?;
            if apply::decide_again(&place, checked, &stated) {
                return Ok(End::Again);
            }
        }
        let mut counts = apply::mark(connection, source, checked, now)?;
        counts.rows_stored += facilities.stored as i64;
        counts.rows_unchanged += facilities.unchanged as i64;
        batches::advance(connection, batch.batch_id, &counts)?;
        if kind == formats::BatchKind::Full && place.is_newest() {
            store::participants::confirm_full(connection, source.state, source.said())?;
            batches::supersede_held(connection, batch, now)?;
        }
        batches::set_status(connection, batch.batch_id, "loaded", batch.problem.as_ref(), now)?;
        let done = batches::find(connection, batch.batch_id)?;
        match done.map_or(Ok(()), |done| account::check_done(&done)) {
            Ok(()) => Ok(End::Loaded),
            Err(sums) => {
                disagreement = Some(sums);
                Err(store::Error::Query(diesel::result::Error::RollbackTransaction))
            }
        }
    });
    match (ended, disagreement) {
        (_, Some(sums)) => Ok(End::Disagrees(sums)),
        (ended, None) => Ok(ended?),
    }
}

/// The hub's own sums are wrong: nobody is told that such a batch is loaded.
fn disagree(pool: &Pool, batch: &Batch, sums: &Disagreement, now: DateTime<Utc>) -> Result<(), IngestError> {
    let problem = serde_json::json!({
        "code": "internal",
        "message": format!("The hub lost count: {sums}."),
        "fix": "This is a fault of the hub and not of the file. Tell the hub's administrator the number of the batch.",
    });
    batches::set_status(
        &mut *store::connection(pool)?,
        batch.batch_id,
        "failed",
        Some(&problem),
        now,
    )?;
    tracing::error!(batch = batch.batch_id, state = batch.state, %sums, "batch failed: the sums do not agree");
    Ok(())
}

/// A person of the state says yes to a held batch, and why: it is loaded after all. `false` if it is not held.
pub fn release(
    connection: &mut PgConnection,
    batch_id: i64,
    by: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> store::Result<bool> {
    store::db::write(connection, |connection| {
        let Some(batch) = batches::find(connection, batch_id)?.filter(|b| b.status == "held") else {
            return Ok(false);
        };
        let problem = serde_json::json!({
            "released_by": by,
            "released_at": now,
            "reason": reason,
            "held": batch.problem,
        });
        batches::set_status(connection, batch_id, "received", Some(&problem), now)?;
        crate::receive::enqueue(connection, &batch, now)?;
        store::access::audit(
            connection,
            now,
            by,
            "batch.release",
            &batch_id.to_string(),
            &serde_json::json!({ "reason": reason }),
        )?;
        Ok(true)
    })
}
