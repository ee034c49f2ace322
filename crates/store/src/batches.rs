//! Batches: one upload by one state, its progress, its counts and its findings.

use chrono::{DateTime, Utc};
use diesel::pg::{CopyFormat, PgConnection};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Text};
use mde::{Finding, Severity, StateCode};
use serde::Serialize;

use crate::copy::{Rows, copy_into};
use crate::db::{Error, Result};
use crate::schema::{batch, batch_account, batch_finding};

/// A batch as received, before its number is known.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = batch)]
pub struct NewBatch {
    /// The uploading state.
    pub state: String,
    /// `full` or `delta`.
    pub kind: String,
    /// `native`, or name and version of the mapping profile.
    pub profile: String,
    /// What it speaks of.
    pub as_of: DateTime<Utc>,
    /// SHA-256 of the decompressed content.
    pub content_sha256: Vec<u8>,
    /// Its file in the spool.
    pub spool_name: String,
    /// Name of the file, as sent.
    pub file_name: Option<String>,
    /// Size as sent, in bytes.
    pub size_bytes: i64,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// Fingerprint of the certificate, or the account.
    pub received_from: String,
    /// `received`.
    pub status: String,
    /// Since when.
    pub status_at: DateTime<Utc>,
}

/// A batch. A student counts in exactly one of inserted, updated, unchanged, late, deleted and refused; a row in exactly
/// one of stored, unchanged, refused and ignored.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = batch)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct Batch {
    pub batch_id: i64,
    pub state: String,
    pub kind: String,
    pub profile: String,
    pub as_of: DateTime<Utc>,
    #[serde(skip)]
    pub content_sha256: Vec<u8>,
    #[serde(skip)]
    pub spool_name: String,
    pub file_name: Option<String>,
    pub size_bytes: i64,
    pub received_at: DateTime<Utc>,
    #[serde(skip)]
    pub received_from: String,
    pub status: String,
    pub status_at: DateTime<Utc>,
    pub problem: Option<serde_json::Value>,
    #[serde(skip)]
    pub chunks_done: i32,
    pub rows_read: i64,
    pub rows_refused: i64,
    pub rows_ignored: i64,
    pub students_read: i64,
    pub students_inserted: i64,
    pub students_updated: i64,
    pub students_unchanged: i64,
    pub students_refused: i64,
    pub students_late: i64,
    pub students_deleted: i64,
    pub students_not_reported: i64,
    pub findings_errors: i64,
    pub findings_warnings: i64,
    pub rows_stored: i64,
    pub rows_unchanged: i64,
    pub checking_at: Option<DateTime<Utc>>,
    pub loading_at: Option<DateTime<Utc>>,
}

impl Batch {
    /// Whether nothing more will happen to it by itself.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.status.as_str(), "loaded" | "failed" | "held")
    }

    /// The uploading state.
    pub fn state_code(&self) -> Result<StateCode> {
        StateCode::new(&self.state).map_err(|e| Error::Corrupt {
            what: "batch",
            why: e.to_string(),
        })
    }
}

/// Adds a batch, or finds the one with the same state, kind, profile, as-of and content: the same upload again gets
/// the first receipt. The flag says whether it is new.
pub fn receive(connection: &mut PgConnection, new: &NewBatch) -> Result<(Batch, bool)> {
    let added = diesel::insert_into(batch::table)
        .values(new)
        .on_conflict_do_nothing()
        .returning(Batch::as_returning())
        .get_result(connection)
        .optional()?;
    if let Some(added) = added {
        return Ok((added, true));
    }
    let known = batch::table
        .filter(batch::state.eq(&new.state))
        .filter(batch::kind.eq(&new.kind))
        .filter(batch::profile.eq(&new.profile))
        .filter(batch::as_of.eq(new.as_of))
        .filter(batch::content_sha256.eq(&new.content_sha256))
        .select(Batch::as_select())
        .first(connection)?;
    Ok((known, false))
}

/// A batch by its number.
pub fn find(connection: &mut PgConnection, batch_id: i64) -> Result<Option<Batch>> {
    Ok(batch::table
        .find(batch_id)
        .select(Batch::as_select())
        .first(connection)
        .optional()?)
}

/// A state's batches, newest first, older than `before`.
pub fn of_state(
    connection: &mut PgConnection,
    state: StateCode,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Batch>> {
    Ok(batch::table
        .filter(batch::state.eq(state.as_str()))
        .filter(batch::batch_id.lt(before.unwrap_or(i64::MAX)))
        .order(batch::batch_id.desc())
        .limit(limit)
        .select(Batch::as_select())
        .load(connection)?)
}

/// Moves a batch to a status, with the reason where it is held or failed, and notes when a phase of the work begins.
pub fn set_status(
    connection: &mut PgConnection,
    batch_id: i64,
    status: &str,
    problem: Option<&serde_json::Value>,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::update(batch::table.find(batch_id))
        .set((
            batch::status.eq(status),
            batch::status_at.eq(now),
            batch::problem.eq(problem),
        ))
        .execute(connection)?;
    let phase = diesel::update(batch::table.find(batch_id));
    match status {
        "checking" => phase
            .set((
                batch::checking_at.eq(now),
                batch::loading_at.eq(None::<DateTime<Utc>>),
            ))
            .execute(connection)?,
        "loading" => phase.set(batch::loading_at.eq(now)).execute(connection)?,
        _ => 0,
    };
    Ok(())
}

/// Counts that one step of a load adds to its batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the column of its name")]
pub struct Counts {
    pub students_inserted: i64,
    pub students_updated: i64,
    pub students_unchanged: i64,
    pub students_late: i64,
    pub students_deleted: i64,
    pub students_not_reported: i64,
    pub rows_stored: i64,
    pub rows_unchanged: i64,
}

/// Adds the counts of one more chunk, in the transaction of the chunk.
pub fn advance(connection: &mut PgConnection, batch_id: i64, counts: &Counts) -> Result<()> {
    diesel::update(batch::table.find(batch_id))
        .set((
            batch::chunks_done.eq(batch::chunks_done + 1),
            batch::students_inserted.eq(batch::students_inserted + counts.students_inserted),
            batch::students_updated.eq(batch::students_updated + counts.students_updated),
            batch::students_unchanged.eq(batch::students_unchanged + counts.students_unchanged),
            batch::students_late.eq(batch::students_late + counts.students_late),
            batch::students_deleted.eq(batch::students_deleted + counts.students_deleted),
            batch::students_not_reported.eq(batch::students_not_reported + counts.students_not_reported),
            batch::rows_stored.eq(batch::rows_stored + counts.rows_stored),
            batch::rows_unchanged.eq(batch::rows_unchanged + counts.rows_unchanged),
        ))
        .execute(connection)?;
    Ok(())
}

/// What reading the file gave, written when the check is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = batch)]
#[expect(missing_docs, reason = "each is the column of its name")]
pub struct ReadCounts {
    pub rows_read: i64,
    pub rows_refused: i64,
    pub rows_ignored: i64,
    pub students_read: i64,
    pub students_refused: i64,
    pub findings_errors: i64,
    pub findings_warnings: i64,
}

/// Writes what reading the file gave, how many students stay as they are by now, and the findings; replaces what an
/// earlier attempt wrote.
pub fn set_read(
    connection: &mut PgConnection,
    batch_id: i64,
    counts: &ReadCounts,
    unchanged: i64,
    findings: &[Finding],
) -> Result<()> {
    diesel::update(batch::table.find(batch_id))
        .set((counts, batch::students_unchanged.eq(unchanged)))
        .execute(connection)?;
    diesel::delete(batch_finding::table.filter(batch_finding::batch_id.eq(batch_id))).execute(connection)?;
    add_findings(connection, batch_id, 0, findings)
}

/// Adds findings behind `from`.
pub fn add_findings(
    connection: &mut PgConnection,
    batch_id: i64,
    from: i32,
    findings: &[Finding],
) -> Result<()> {
    let mut rows = Rows::default();
    for (ordinal, finding) in (from..).zip(findings) {
        rows.row(5)
            .bigint(batch_id)
            .integer(ordinal)
            .string(finding.code.code())
            .string(&finding.severity().to_string())
            .json(finding);
    }
    copy_into!(connection, batch_finding, &rows);
    Ok(())
}

/// Keeps what became of the rows of a batch in detail; replaces what an earlier attempt wrote.
pub fn set_account(connection: &mut PgConnection, batch_id: i64, account: &serde_json::Value) -> Result<()> {
    diesel::insert_into(batch_account::table)
        .values((
            batch_account::batch_id.eq(batch_id),
            batch_account::account.eq(account),
        ))
        .on_conflict(batch_account::batch_id)
        .do_update()
        .set(batch_account::account.eq(account))
        .execute(connection)?;
    Ok(())
}

/// What became of the rows of a batch in detail; `None` before it is checked.
pub fn account(connection: &mut PgConnection, batch_id: i64) -> Result<Option<serde_json::Value>> {
    Ok(batch_account::table
        .find(batch_id)
        .select(batch_account::account)
        .first(connection)
        .optional()?)
}

/// Which batches of a state could still write students at some moment: those that were open, and all that came later.
#[derive(Debug, Clone)]
pub struct Moment {
    open: Vec<i64>,
    newest: i64,
}

/// The moment now.
pub fn moment(connection: &mut PgConnection, state: StateCode) -> Result<Moment> {
    let of_state = batch::table.filter(batch::state.eq(state.as_str()));
    // The open ones first: one that is received in between is then among the later ones or among both.
    Ok(Moment {
        open: of_state
            .filter(batch::status.ne_all(["loaded", "failed"]))
            .select(batch::batch_id)
            .load(connection)?,
        newest: of_state
            .select(diesel::dsl::max(batch::batch_id))
            .first::<Option<i64>>(connection)?
            .unwrap_or(0),
    })
}

/// Batches of a state other than `batch_id` that may have written students since a moment.
pub fn written_since(
    connection: &mut PgConnection,
    batch_id: i64,
    state: StateCode,
    since: &Moment,
) -> Result<Vec<i64>> {
    Ok(batch::table
        .filter(batch::state.eq(state.as_str()))
        .filter(batch::batch_id.ne(batch_id))
        .filter(batch::status.eq_any(["loading", "loaded"]))
        .filter(
            batch::batch_id
                .gt(since.newest)
                .or(batch::batch_id.eq_any(&since.open)),
        )
        .select(batch::batch_id)
        .load(connection)?)
}

/// Findings of a batch in the order of the file, after `after`.
pub fn findings(
    connection: &mut PgConnection,
    batch_id: i64,
    severity: Option<Severity>,
    after: i32,
    limit: i64,
) -> Result<Vec<(i32, Finding)>> {
    let mut query = batch_finding::table
        .filter(batch_finding::batch_id.eq(batch_id))
        .filter(batch_finding::ordinal.gt(after))
        .order(batch_finding::ordinal)
        .limit(limit)
        .select((batch_finding::ordinal, batch_finding::finding))
        .into_boxed();
    if let Some(severity) = severity {
        query = query.filter(batch_finding::severity.eq(severity.to_string()));
    }
    let rows: Vec<(i32, serde_json::Value)> = query.load(connection)?;
    rows.into_iter()
        .map(|(ordinal, json)| {
            serde_json::from_value(json)
                .map(|finding| (ordinal, finding))
                .map_err(|e| Error::Corrupt {
                    what: "finding",
                    why: e.to_string(),
                })
        })
        .collect()
}

/// Findings of a batch by cause.
#[derive(Debug, Clone, QueryableByName, Serialize)]
pub struct Cause {
    /// Code of the finding.
    #[diesel(sql_type = Text)]
    pub code: String,
    /// `error` or `warning`.
    #[diesel(sql_type = Text)]
    pub severity: String,
    /// Number of the data element, empty where none is named.
    #[diesel(sql_type = Text)]
    pub element: String,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub findings: i64,
    /// The first of them.
    #[diesel(sql_type = Integer)]
    pub first: i32,
}

/// Findings of a batch by cause, the most frequent errors first.
pub fn causes(connection: &mut PgConnection, batch_id: i64) -> Result<Vec<Cause>> {
    Ok(sql_query(
        "select code, severity, coalesce(finding->>'element', '') as element, count(*) as findings, min(ordinal) as first
         from batch_finding where batch_id = $1 group by 1, 2, 3 order by severity, findings desc, code",
    )
    .bind::<BigInt, _>(batch_id)
    .load(connection)?)
}

/// Held full uploads of the state that are older than this loaded one are superseded by it.
pub fn supersede_held(connection: &mut PgConnection, by: &Batch, now: DateTime<Utc>) -> Result<()> {
    let problem = serde_json::json!({
        "code": "superseded",
        "message": format!("A newer full upload, batch {}, took its place.", by.batch_id),
    });
    diesel::update(batch::table)
        .filter(batch::state.eq(&by.state))
        .filter(batch::status.eq("held"))
        .filter(batch::as_of.le(by.as_of))
        .set((
            batch::status.eq("failed"),
            batch::status_at.eq(now),
            batch::problem.eq(problem),
        ))
        .execute(connection)?;
    Ok(())
}

/// Names of the spool files that a batch still needs.
pub fn spool_names(connection: &mut PgConnection) -> Result<Vec<String>> {
    Ok(batch::table
        .filter(batch::status.ne_all(["loaded", "failed"]))
        .select(batch::spool_name)
        .load(connection)?)
}

/// How many batches there are by status.
pub fn by_status(connection: &mut PgConnection) -> Result<Vec<(String, i64)>> {
    Ok(batch::table
        .group_by(batch::status)
        .select((batch::status, diesel::dsl::count_star()))
        .order(batch::status)
        .load(connection)?)
}

/// Number and time of receipt of the full uploads of a state that were received since and loaded, oldest first.
pub fn fulls_since(
    connection: &mut PgConnection,
    state: StateCode,
    since: DateTime<Utc>,
) -> Result<Vec<(i64, DateTime<Utc>)>> {
    Ok(batch::table
        .filter(batch::state.eq(state.as_str()))
        .filter(batch::kind.eq("full"))
        .filter(batch::status.eq("loaded"))
        .filter(batch::received_at.ge(since))
        .order(batch::received_at)
        .select((batch::batch_id, batch::received_at))
        .load(connection)?)
}
