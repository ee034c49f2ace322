//! A state's batches: what became of its uploads.

use std::collections::BTreeMap;

use actix_web::http::header;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use mde::StateCode;
use serde::{Deserialize, Serialize};
use store::batches::{self, Batch};
use utoipa::{IntoParams, ToSchema};

use crate::answer::night::{self, Night};
use crate::answer::{self, ignored};
use crate::auth::{Deciding, StateSystem};
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;

/// A batch: one upload, its progress and its counts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Batch)]
pub struct BatchReport {
    /// Number of the batch.
    pub batch_id: i64,
    /// Its address.
    pub href: String,
    /// Address of its findings.
    pub findings_href: String,
    /// Postal code of the uploading state.
    pub state: String,
    /// `full` or `delta`.
    pub kind: String,
    /// `native`, or name and version of the mapping profile.
    pub profile: String,
    /// The instant that the content speaks of.
    pub as_of: DateTime<Utc>,
    /// Name of the file, as sent.
    pub file_name: Option<String>,
    /// Size as sent, in bytes.
    pub size_bytes: i64,
    /// SHA-256 of the decompressed content, hex.
    pub content_sha256: String,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// `received`, `checking`, `held`, `loading`, `loaded` or `failed`.
    pub status: String,
    /// Since when.
    pub status_at: DateTime<Utc>,
    /// Whether nothing more happens to it by itself.
    pub settled: bool,
    /// Why it failed or is held, or who released it.
    #[schema(value_type = Option<Object>)]
    pub problem: Option<serde_json::Value>,
    /// Rows of all parts.
    pub rows: Rows,
    /// Students; each counts in exactly one of inserted, updated, unchanged, late, deleted and refused.
    pub students: Students,
    /// Findings by severity.
    pub findings: Findings,
    /// How long it took.
    pub timing: Timing,
}

/// How long a batch took, phase by phase. A batch that was taken up again after a stop counts from then.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Timing {
    /// When reading and checking began.
    pub checking_at: Option<DateTime<Utc>>,
    /// When writing what changed began.
    pub loading_at: Option<DateTime<Utc>>,
    /// When it was done.
    pub settled_at: Option<DateTime<Utc>>,
    /// From receipt to the beginning, in seconds.
    pub waited_seconds: Option<f64>,
    /// Reading and checking, in seconds.
    pub checking_seconds: Option<f64>,
    /// Writing, in seconds.
    pub loading_seconds: Option<f64>,
    /// Rows a second, from the beginning to the end.
    pub rows_per_second: Option<f64>,
}

impl Timing {
    /// The times of a batch.
    #[must_use]
    pub fn of(batch: &Batch) -> Self {
        let seconds = |from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>| {
            let milliseconds = (to? - from?).num_milliseconds().max(0);
            Some(milliseconds as f64 / 1_000.0)
        };
        // A held batch is settled and not done; a superseded one was never worked on again.
        let done = matches!(batch.status.as_str(), "loaded" | "failed" | "held");
        let settled_at = Some(batch.status_at).filter(|_| done);
        let worked = seconds(batch.checking_at, settled_at).filter(|worked| *worked > 0.0);
        Self {
            checking_at: batch.checking_at,
            loading_at: batch.loading_at,
            settled_at,
            waited_seconds: seconds(Some(batch.received_at), batch.checking_at),
            checking_seconds: seconds(batch.checking_at, batch.loading_at.or(settled_at)),
            loading_seconds: seconds(batch.loading_at, settled_at),
            rows_per_second: worked
                .filter(|_| batch.status == "loaded")
                .map(|worked| (batch.rows_read as f64 / worked).round()),
        }
    }
}

/// A batch with what is different from the night before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BatchCompared)]
pub struct BatchCompared {
    /// The batch.
    #[serde(flatten)]
    pub batch: BatchReport,
    /// Rows that were not taken, by reason.
    pub ignored_rows: BTreeMap<String, u64>,
    /// What is different from the last batch of the same kind and profile; missing for the first one.
    pub night_before: Option<Night>,
}

/// Rows of all parts of a batch; once it is loaded, each counts in exactly one of stored, unchanged, refused and ignored.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rows {
    /// In the file.
    pub read: i64,
    /// Written: as current content, as history, or as the end of a student.
    pub stored: i64,
    /// As it is held already, or as something newer is.
    pub unchanged: i64,
    /// Left out because of an error.
    pub refused: i64,
    /// Not taken because they are no data elements.
    pub ignored: i64,
}

/// Students of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct Students {
    /// In the file.
    pub read: i64,
    /// New.
    pub inserted: i64,
    /// Changed.
    pub updated: i64,
    /// The same as before.
    pub unchanged: i64,
    /// Older than what the hub holds: in the history only.
    pub late: i64,
    /// Deleted by the file.
    pub deleted: i64,
    /// Left out because of an error.
    pub refused: i64,
    /// No longer in the state's full upload.
    pub not_reported: i64,
}

/// Findings of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct Findings {
    /// Something was left out.
    pub errors: i64,
    /// Nothing was left out.
    pub warnings: i64,
}

impl From<Batch> for BatchReport {
    fn from(batch: Batch) -> Self {
        let href = format!("/v1/batches/{}", batch.batch_id);
        Self {
            timing: Timing::of(&batch),
            findings_href: format!("{href}/findings"),
            href,
            settled: batch.is_settled(),
            content_sha256: batch
                .content_sha256
                .iter()
                .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")),
            rows: Rows {
                read: batch.rows_read,
                stored: batch.rows_stored,
                unchanged: batch.rows_unchanged,
                refused: batch.rows_refused,
                ignored: batch.rows_ignored,
            },
            students: Students {
                read: batch.students_read,
                inserted: batch.students_inserted,
                updated: batch.students_updated,
                unchanged: batch.students_unchanged,
                late: batch.students_late,
                deleted: batch.students_deleted,
                refused: batch.students_refused,
                not_reported: batch.students_not_reported,
            },
            findings: Findings {
                errors: batch.findings_errors,
                warnings: batch.findings_warnings,
            },
            batch_id: batch.batch_id,
            state: batch.state,
            kind: batch.kind,
            profile: batch.profile,
            as_of: batch.as_of,
            file_name: batch.file_name,
            size_bytes: batch.size_bytes,
            received_at: batch.received_at,
            status: batch.status,
            status_at: batch.status_at,
            problem: batch.problem,
        }
    }
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Where the page starts, from `next` of the page before.
    cursor: Option<i64>,
    /// Items of the page, 1 to 1000; 100 if missing.
    limit: Option<i64>,
}

/// A batch of this state; another state's is not there.
pub(crate) fn own(connection: &mut PgConnection, state: StateCode, batch_id: i64) -> Result<Batch, Problem> {
    batches::find(connection, batch_id)?
        .filter(|batch| batch.state == state.as_str())
        .ok_or_else(|| Problem::not_found("batch"))
}

/// The state's batches, newest first.
#[utoipa::path(get, path = "/v1/batches", operation_id = "listBatches", tag = "batches", params(Paging), responses(
    (status = 200, description = "a page of batches", body = Page<BatchReport>),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    system: StateSystem,
    state: Data<AppState>,
    paging: Query<Paging>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = page::limit(paging.limit)?;
    let before = paging.cursor;
    let found = state
        .db
        .run(move |connection| batches::of_state(connection, system.state, before, limit + 1))
        .await?;
    let (items, next) = page::cut(found, limit, |batch| batch.batch_id);
    let items: Vec<BatchReport> = items.into_iter().map(Into::into).collect();
    Ok(page::answer(&request, items, next))
}

/// A batch of the state, and what is different from the night before. While it is not settled, `Retry-After` says when
/// to ask again.
#[utoipa::path(get, path = "/v1/batches/{batch_id}", operation_id = "readBatch", tag = "batches", params(("batch_id" = i64, Path, description = "number of the batch")), responses(
    (status = 200, description = "the batch", body = BatchCompared),
    (status = 404, description = "no such batch of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(
    system: StateSystem,
    state: Data<AppState>,
    batch_id: Path<i64>,
) -> Result<HttpResponse, Problem> {
    let (batch, account, night_before) = state
        .db
        .run(move |connection| {
            let batch = own(connection, system.state, *batch_id)?;
            let night = batch
                .is_settled()
                .then(|| night::compare(connection, &batch))
                .transpose()?;
            let account = answer::account(connection, batch.batch_id)?;
            Ok::<_, Problem>((batch, account, night.flatten()))
        })
        .await?;
    let mut response = HttpResponse::Ok();
    if !batch.is_settled() {
        response.insert_header((header::RETRY_AFTER, 1));
    }
    Ok(response.json(BatchCompared {
        batch: batch.into(),
        ignored_rows: account.map(|account| ignored(&account)).unwrap_or_default(),
        night_before,
    }))
}

/// Longest reason in characters.
const REASON: usize = 500;

/// Why a held batch is good.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Release {
    /// 1 to 500 characters; kept with the batch and in the audit log.
    reason: String,
}

/// Says yes to a held batch: it is loaded after all. A decision of a person, named in `On-Behalf-Of`.
#[utoipa::path(post, path = "/v1/batches/{batch_id}/release", operation_id = "releaseBatch", tag = "batches", params(
    ("batch_id" = i64, Path, description = "number of the batch"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who decides, 1 to 200 characters"),
), request_body = Release, responses(
    (status = 200, description = "the batch goes on", body = BatchReport),
    (status = 404, description = "no such batch of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "the batch is not held", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn release(
    Deciding(acting): Deciding,
    state: Data<AppState>,
    batch_id: Path<i64>,
    release: Json<Release>,
) -> Result<HttpResponse, Problem> {
    let now = state.clock.now();
    let reason = release.reason.trim().to_owned();
    if !(1..=REASON).contains(&reason.chars().count()) {
        let detail = format!("Say in 1 to {REASON} characters why the upload is right.");
        return Err(Problem::new(ProblemCode::InvalidContent, detail));
    }
    let batch = state
        .db
        .run(move |connection| {
            own(connection, acting.system.state, *batch_id)?;
            if !ingest::release(connection, *batch_id, &acting.label(), &reason, now)? {
                return Err(Problem::new(ProblemCode::Conflict, "The batch is not held."));
            }
            own(connection, acting.system.state, *batch_id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(BatchReport::from(batch)))
}
