//! The job queue: enqueued in the transaction that causes it, claimed with `SKIP LOCKED`, held by a lease that is
//! renewed while the work runs, retried with growing pauses, kept with its reason when it fails for good.
//!
//! No transaction stays open while a job runs. A job may run twice (its lease can end while its process only seemed
//! dead), so handlers are idempotent.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::db::Result;
use crate::schema::job;

/// How long a claimed job is left alone without a sign of life.
pub const LEASE: TimeDelta = TimeDelta::seconds(30);

/// A job fails for good after this many attempts.
pub const MAX_ATTEMPTS: i32 = 8;

/// A job to be done.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    /// Which handler.
    pub name: &'a str,
    /// What it is told; no personal data.
    pub payload: serde_json::Value,
    /// Higher goes first. Small batches go before large ones.
    pub priority: i16,
    /// While a job of this name and key waits, another one is not added.
    pub deduplicate: Option<String>,
}

/// Adds a job in the caller's transaction.
pub fn enqueue(connection: &mut PgConnection, new: &NewJob<'_>, now: DateTime<Utc>) -> Result<()> {
    diesel::insert_into(job::table)
        .values((
            job::name.eq(new.name),
            job::payload.eq(&new.payload),
            job::priority.eq(new.priority),
            job::run_at.eq(now),
            job::created_at.eq(now),
            job::attempts.eq(0),
            job::status.eq("ready"),
            job::deduplicate.eq(new.deduplicate.as_deref()),
        ))
        .on_conflict_do_nothing()
        .execute(connection)?;
    Ok(())
}

/// Adds a job that is told nothing, in the caller's transaction; once, however often it is asked for while it waits.
pub fn enqueue_once(
    connection: &mut PgConnection,
    name: &str,
    priority: i16,
    now: DateTime<Utc>,
) -> Result<()> {
    let job = NewJob {
        name,
        payload: serde_json::json!({}),
        priority,
        deduplicate: Some(name.to_owned()),
    };
    enqueue(connection, &job, now)
}

/// Adds a job for somebody who waits for its end, whatever else waits in the queue. Returns its number.
pub fn ask(
    connection: &mut PgConnection,
    name: &str,
    payload: &serde_json::Value,
    now: DateTime<Utc>,
) -> Result<i64> {
    Ok(diesel::insert_into(job::table)
        .values((
            job::name.eq(name),
            job::payload.eq(payload),
            job::priority.eq(i16::MAX),
            job::run_at.eq(now),
            job::created_at.eq(now),
            job::attempts.eq(0),
            job::status.eq("ready"),
        ))
        .returning(job::job_id)
        .get_result(connection)?)
}

/// How a job that was asked for stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It waits or is being done.
    Waits,
    /// It is done and gone.
    Done,
    /// It failed for good, for this reason.
    Dead(String),
}

/// How the job of this number stands.
pub fn standing(connection: &mut PgConnection, id: i64) -> Result<Standing> {
    let row: Option<(String, Option<String>)> = job::table
        .find(id)
        .select((job::status, job::last_error))
        .first(connection)
        .optional()?;
    Ok(match row {
        None => Standing::Done,
        Some((status, reason)) if status == "dead" => Standing::Dead(reason.unwrap_or_default()),
        Some(_) => Standing::Waits,
    })
}

/// Takes back a job that was asked for and that nobody does at the moment. `false` if it is being done, or done.
pub fn take_back(connection: &mut PgConnection, id: i64, now: DateTime<Utc>) -> Result<bool> {
    let free = job::lease_until.is_null().or(job::lease_until.lt(now));
    let taken = diesel::delete(job::table.find(id))
        .filter(free)
        .execute(connection)?;
    Ok(taken == 1)
}

/// A job that this process holds.
#[derive(Debug, Clone, QueryableByName)]
#[diesel(table_name = job)]
pub struct Claimed {
    /// The job.
    pub job_id: i64,
    /// Which handler.
    pub name: String,
    /// What it is told.
    pub payload: serde_json::Value,
    /// Attempts, this one included.
    pub attempts: i32,
    /// Proof of the lease.
    pub lease_token: Option<Uuid>,
}

/// Claims the most urgent job of one of these names, if there is one.
pub fn claim(
    connection: &mut PgConnection,
    names: &[&str],
    token: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Claimed>> {
    Ok(sql_query(
        "update job set lease_until = $3, lease_token = $4, attempts = attempts + 1
         where job_id = (
            select job_id from job
            where status = 'ready' and name = any($1) and run_at <= $2 and (lease_until is null or lease_until < $2)
            order by priority desc, job_id for update skip locked limit 1)
         returning job_id, name, payload, attempts, lease_token",
    )
    .bind::<Array<Text>, _>(names)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now + LEASE)
    .bind::<SqlUuid, _>(token)
    .get_result(connection)
    .optional()?)
}

/// Renews the lease. `false` says that it was lost: the work must stop.
pub fn renew(connection: &mut PgConnection, held: &Claimed, now: DateTime<Utc>) -> Result<bool> {
    let renewed = diesel::update(job::table.find(held.job_id))
        .filter(job::lease_token.eq(held.lease_token))
        .set(job::lease_until.eq(now + LEASE))
        .execute(connection)?;
    Ok(renewed == 1)
}

/// The job is done and gone.
pub fn finish(connection: &mut PgConnection, held: &Claimed) -> Result<()> {
    diesel::delete(job::table.find(held.job_id))
        .filter(job::lease_token.eq(held.lease_token))
        .execute(connection)?;
    Ok(())
}

/// The worker stops before the job is done: it is free at once, and the attempt does not count.
pub fn give_back(connection: &mut PgConnection, held: &Claimed) -> Result<()> {
    diesel::update(job::table.find(held.job_id))
        .filter(job::lease_token.eq(held.lease_token))
        .set((
            job::attempts.eq(job::attempts - 1),
            job::lease_until.eq(None::<DateTime<Utc>>),
            job::lease_token.eq(None::<Uuid>),
            job::deduplicate.eq(None::<String>),
        ))
        .execute(connection)?;
    Ok(())
}

/// The attempt failed: again after a pause that doubles (2 s to about 4 minutes), or dead after [`MAX_ATTEMPTS`].
/// `reason` names no personal data. Returns whether the job is dead.
pub fn fail(connection: &mut PgConnection, held: &Claimed, reason: &str, now: DateTime<Utc>) -> Result<bool> {
    let dead = held.attempts >= MAX_ATTEMPTS;
    let pause = TimeDelta::seconds(1 << held.attempts.clamp(1, 8));
    diesel::update(job::table.find(held.job_id))
        .filter(job::lease_token.eq(held.lease_token))
        .set((
            job::status.eq(if dead { "dead" } else { "ready" }),
            job::run_at.eq(now + pause),
            job::lease_until.eq(None::<DateTime<Utc>>),
            job::lease_token.eq(None::<Uuid>),
            job::last_error.eq(reason),
            // A waiting job of the same key may have been added meanwhile; this one is then the second and may stay.
            job::deduplicate.eq(None::<String>),
        ))
        .execute(connection)?;
    Ok(dead)
}

/// Jobs that a process that is gone still seems to hold are free at once. For the start of a hub that is the only one
/// on its database.
pub fn release_all(connection: &mut PgConnection) -> Result<usize> {
    Ok(sql_query(
        "update job set lease_until = null, lease_token = null, deduplicate = null where status = 'ready' and lease_until is not null",
    )
    .execute(connection)?)
}

/// A line of the queue's picture.
#[derive(Debug, Clone, QueryableByName, serde::Serialize)]
pub struct Depth {
    /// Name of the jobs.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// `ready` or `dead`.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub jobs: i64,
}

/// How many jobs wait, run or are dead, by name.
pub fn depths(connection: &mut PgConnection) -> Result<Vec<Depth>> {
    Ok(
        sql_query("select name, status, count(*) as jobs from job group by 1, 2 order by 1, 2")
            .load(connection)?,
    )
}

/// A dead job and why.
#[derive(Debug, Clone, Queryable, serde::Serialize)]
pub struct Dead {
    /// The job.
    pub job_id: i64,
    /// Which handler.
    pub name: String,
    /// What it was told.
    pub payload: serde_json::Value,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// Dead jobs, newest first.
pub fn dead(connection: &mut PgConnection) -> Result<Vec<Dead>> {
    Ok(job::table
        .filter(job::status.eq("dead"))
        .order(job::job_id.desc())
        .select((job::job_id, job::name, job::payload, job::last_error))
        .load(connection)?)
}
