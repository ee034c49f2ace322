//! Uploads that arrive in pieces, until they are a batch or are given up.
//!
//! The row says how many bytes are on disk for certain. The bytes themselves are in the spool, under the upload's id.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text, Timestamptz};
use mde::StateCode;
use uuid::Uuid;

use crate::db::Result;
use crate::schema::upload;

/// How long the outcome of an upload can be asked for after its end.
const REMEMBER: TimeDelta = TimeDelta::days(7);

/// An upload.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = upload)]
pub struct Upload {
    /// Its id, which is its address.
    pub upload_id: Uuid,
    /// The uploading state.
    pub state: String,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// Fingerprint of the certificate.
    pub created_by: String,
    /// `Upload-Metadata` as sent.
    pub metadata: String,
    /// Size of the whole, in bytes.
    pub size_bytes: i64,
    /// Bytes on disk for certain.
    pub received_bytes: i64,
    /// Until when it can be gone on with.
    pub expires_at: DateTime<Utc>,
    /// `open`, `received` (a batch was made of it), `refused` (the file is no batch) or `gone` (given up or expired).
    pub status: String,
    /// The batch, once received.
    pub batch_id: Option<i64>,
    /// Why it was refused, as it was answered.
    pub problem: Option<serde_json::Value>,
}

/// What a state uses of its share of the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Usage {
    /// Uploads that are open.
    #[diesel(sql_type = BigInt)]
    pub open: i64,
    /// Bytes that open uploads announced and that batches hold which are not loaded yet.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
    /// Batches received since an instant, and open uploads.
    #[diesel(sql_type = BigInt)]
    pub recent: i64,
}

/// What a state uses; `since` bounds the batches counted as recent.
pub fn usage(connection: &mut PgConnection, state: &str, since: DateTime<Utc>) -> Result<Usage> {
    Ok(sql_query(
        "select u.open, (u.bytes + b.bytes)::bigint as bytes, u.open + b.recent as recent
         from (select count(*) as open, coalesce(sum(size_bytes), 0) as bytes
               from upload where state = $1 and status = 'open') u,
              (select count(*) filter (where received_at >= $2) as recent,
                      coalesce(sum(size_bytes) filter (where status not in ('loaded', 'failed')), 0) as bytes
               from batch where state = $1 and (received_at >= $2 or status not in ('loaded', 'failed'))) b",
    )
    .bind::<Text, _>(state)
    .bind::<Timestamptz, _>(since)
    .get_result(connection)?)
}

/// Adds an upload if `allow` says yes to what its state uses without it; otherwise gives what that is. Creations of one
/// state follow one another, so that two at once do not both take the last place.
pub fn create(
    connection: &mut PgConnection,
    new: &Upload,
    since: DateTime<Utc>,
    allow: impl Fn(Usage) -> bool,
) -> Result<Option<Usage>> {
    crate::db::write(connection, |connection| {
        sql_query("select pg_advisory_xact_lock(hashtext('upload ' || $1))")
            .bind::<Text, _>(&new.state)
            .execute(connection)?;
        let usage = usage(connection, &new.state, since)?;
        if !allow(usage) {
            return Ok(Some(usage));
        }
        diesel::insert_into(upload::table)
            .values(new)
            .execute(connection)?;
        Ok(None)
    })
}

/// An upload of a state; another state's is not there.
pub fn find(connection: &mut PgConnection, state: StateCode, upload_id: Uuid) -> Result<Option<Upload>> {
    Ok(upload::table
        .find(upload_id)
        .filter(upload::state.eq(state.as_str()))
        .select(Upload::as_select())
        .first(connection)
        .optional()?)
}

/// Says that so many bytes are on disk, and that there is time until `expires_at` for the next ones.
pub fn advance(
    connection: &mut PgConnection,
    upload_id: Uuid,
    received_bytes: i64,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    diesel::update(upload::table.find(upload_id))
        .filter(upload::status.eq("open"))
        .set((
            upload::received_bytes.eq(received_bytes),
            upload::expires_at.eq(expires_at),
        ))
        .execute(connection)?;
    Ok(())
}

/// How an open upload ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// A batch was made of it, or found to be the same.
    Received(i64),
    /// The file is no batch, for this reason.
    Refused(serde_json::Value),
    /// It was given up.
    Gone,
}

/// Ends an upload. Its outcome can be asked for until a week later.
pub fn end(connection: &mut PgConnection, upload_id: Uuid, end: End, now: DateTime<Utc>) -> Result<()> {
    let (status, batch_id, problem) = match end {
        End::Received(batch_id) => ("received", Some(batch_id), None),
        End::Refused(problem) => ("refused", None, Some(problem)),
        End::Gone => ("gone", None, None),
    };
    diesel::update(upload::table.find(upload_id))
        .filter(upload::status.eq("open"))
        .set((
            upload::status.eq(status),
            upload::batch_id.eq(batch_id),
            upload::problem.eq(problem),
            upload::expires_at.eq(now + REMEMBER),
        ))
        .execute(connection)?;
    Ok(())
}

/// Ends the open uploads whose time is over and forgets those that ended long ago. Gives the ids whose bytes nobody
/// needs any more.
pub fn sweep(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<Uuid>> {
    let expired = diesel::update(upload::table)
        .filter(upload::status.eq("open"))
        .filter(upload::expires_at.le(now))
        .set((upload::status.eq("gone"), upload::expires_at.eq(now + REMEMBER)))
        .returning(upload::upload_id)
        .get_results(connection)?;
    diesel::delete(upload::table)
        .filter(upload::status.ne("open"))
        .filter(upload::expires_at.le(now))
        .execute(connection)?;
    Ok(expired)
}

/// The ids of all open uploads: whose bytes are needed.
pub fn open(connection: &mut PgConnection) -> Result<Vec<Uuid>> {
    Ok(upload::table
        .filter(upload::status.eq("open"))
        .select(upload::upload_id)
        .load(connection)?)
}
