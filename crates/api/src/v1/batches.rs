//! A state's batches: what became of its uploads.

use actix_web::http::header;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use mde::StateCode;
use serde::{Deserialize, Serialize};
use store::batches::{self, Batch};
use utoipa::{IntoParams, ToSchema};

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
}

/// Rows of all parts of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rows {
    /// In the file.
    pub read: i64,
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
            findings_href: format!("{href}/findings"),
            href,
            settled: batch.is_settled(),
            content_sha256: batch
                .content_sha256
                .iter()
                .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")),
            rows: Rows {
                read: batch.rows_read,
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

/// A batch of the state. While it is not settled, `Retry-After` says when to ask again.
#[utoipa::path(get, path = "/v1/batches/{batch_id}", operation_id = "readBatch", tag = "batches", params(("batch_id" = i64, Path, description = "number of the batch")), responses(
    (status = 200, description = "the batch", body = BatchReport),
    (status = 404, description = "no such batch of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(
    system: StateSystem,
    state: Data<AppState>,
    batch_id: Path<i64>,
) -> Result<HttpResponse, Problem> {
    let batch = state
        .db
        .run(move |connection| own(connection, system.state, *batch_id))
        .await?;
    let mut response = HttpResponse::Ok();
    if !batch.is_settled() {
        response.insert_header((header::RETRY_AFTER, 1));
    }
    Ok(response.json(BatchReport::from(batch)))
}

/// Says yes to a held batch: it is loaded after all. A decision of a person, named in `On-Behalf-Of`.
#[utoipa::path(post, path = "/v1/batches/{batch_id}/release", operation_id = "releaseBatch", tag = "batches", params(
    ("batch_id" = i64, Path, description = "number of the batch"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who decides, 1 to 200 characters"),
), responses(
    (status = 200, description = "the batch goes on", body = BatchReport),
    (status = 404, description = "no such batch of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "the batch is not held", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn release(
    Deciding(acting): Deciding,
    state: Data<AppState>,
    batch_id: Path<i64>,
) -> Result<HttpResponse, Problem> {
    let now = state.clock.now();
    let batch = state
        .db
        .run(move |connection| {
            own(connection, acting.system.state, *batch_id)?;
            if !ingest::release(connection, *batch_id, &acting.label(), now)? {
                return Err(Problem::new(ProblemCode::Conflict, "The batch is not held."));
            }
            own(connection, acting.system.state, *batch_id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(BatchReport::from(batch)))
}
