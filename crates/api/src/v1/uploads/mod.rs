//! Uploads in pieces (tus 1.0): begun with POST, asked after with HEAD, gone on with PATCH, given up with DELETE.
//!
//! ```text
//! POST ─▶ row (what, how long) ─▶ PATCH … ─▶ bytes to the spool ─▶ fsync ─▶ row (how far) ─▶ 204
//!                                   └─ the last one ─▶ the receipt of POST /v1/batches ─▶ 204 + Batch-Location
//! ```
//!
//! The row says what is acknowledged; bytes behind it are dropped when the upload goes on. A call that breaks off keeps
//! what has come, unless it came with a checksum: a piece counts only when its checksum holds.

mod part;
mod protocol;
mod take_in;

use std::sync::Arc;

use actix_web::http::header::{self, HeaderName, HttpDate};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use chrono::{DateTime, TimeDelta, Utc};
use ingest::Spool;
use store::uploads::{self, End, Upload};
use tokio::sync::oneshot;
use uuid::Uuid;

use self::part::Turn;
pub(crate) use self::part::Writers;
pub(super) use self::protocol::speak;
use self::protocol::{ALGORITHMS, Checksum, EXTENSIONS, Metadata, PIECE, VERSION, number};
use self::take_in::{finish, take_in};
use crate::auth::StateSystem;
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;
use crate::v1::body::{Body, blocking, content_length, too_large};
use crate::v1::quota::DAY;

/// Longest `Upload-Metadata`, in bytes.
const METADATA: usize = 4_096;

const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const ABOUT: HeaderName = HeaderName::from_static("upload-metadata");
const BATCH: HeaderName = HeaderName::from_static("batch-location");

/// Which version and extensions of tus are spoken, and how large an upload may be.
#[utoipa::path(options, path = "/v1/uploads", operation_id = "describeUploads", tag = "uploads", responses(
    (status = 204, description = "what is spoken", headers(
        ("Tus-Version" = String, description = "`1.0.0`"),
        ("Tus-Extension" = String, description = "the extensions"),
        ("Tus-Checksum-Algorithm" = String, description = "algorithms of `Upload-Checksum`"),
        ("Tus-Max-Size" = i64, description = "bytes of the largest upload"),
    )),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn describe(_: StateSystem, state: Data<AppState>) -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header(("tus-version", VERSION))
        .insert_header(("tus-extension", EXTENSIONS))
        .insert_header(("tus-checksum-algorithm", ALGORITHMS))
        .insert_header(("tus-max-size", state.limits.upload_bytes))
        .finish()
}

/// Begins an upload in pieces. `Location` is where it goes on. A first piece can come along
/// (`Content-Type: application/offset+octet-stream`); what of it was kept is in `Upload-Offset`.
#[utoipa::path(post, path = "/v1/uploads", operation_id = "beginUpload", tag = "uploads", params(
    ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
    ("Upload-Length" = i64, Header, description = "bytes of the whole, as sent"),
    ("Upload-Metadata" = Option<String>, Header, description = "`name BASE64, …`: `filename`, `kind`, `profile` and `as_of` as in the query of `POST /v1/batches`; `sha256`: hexadecimal digest of the whole as sent"),
    ("Upload-Checksum" = Option<String>, Header, description = "`sha256 BASE64` or `sha1 BASE64` of the piece that comes along"),
), responses(
    (status = 201, description = "begun", headers(
        ("Location" = String, description = "the upload"),
        ("Upload-Expires" = String, description = "until when it can be gone on with"),
        ("Upload-Offset" = Option<i64>, description = "bytes kept, where a piece came along"),
        ("Batch-Location" = Option<String>, description = "the batch, where that piece was all"),
    )),
    (status = 412, description = "another version of tus", body = ProblemBody, content_type = "application/problem+json"),
    (status = 413, description = "larger than allowed", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "too many uploads of this state are open, or it sent too many today", body = ProblemBody, content_type = "application/problem+json"),
    (status = 507, description = "this state's uploads hold as much as they may", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn begin(
    system: StateSystem,
    state: Data<AppState>,
    payload: Payload,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let headers = request.headers();
    let length = number(headers, "Upload-Length")?;
    if length > state.limits.upload_bytes {
        return Err(too_large(state.limits.upload_bytes));
    }
    let metadata = headers.get(ABOUT).map_or(Ok(""), |value| value.to_str());
    let metadata = metadata.ok().filter(|text| length > 0 && text.len() <= METADATA);
    let metadata = metadata.ok_or_else(|| {
        let detail = format!("An upload has content, and Upload-Metadata has {METADATA} characters at most.");
        Problem::new(ProblemCode::InvalidRequest, detail)
    })?;
    Metadata::read(metadata)?;
    let now = state.clock.now();
    let new = Upload {
        upload_id: Uuid::now_v7(),
        state: system.state.to_string(),
        created_at: now,
        created_by: system.fingerprint.clone(),
        metadata: metadata.to_owned(),
        size_bytes: length as i64,
        received_bytes: 0,
        expires_at: expiry(&state, now),
        status: "open".to_owned(),
        batch_id: None,
        problem: None,
    };
    let (upload, quota) = (new.clone(), state.limits.quota.clone());
    let full = state
        .db
        .run(move |connection| {
            uploads::create(connection, &new, now - DAY, |usage| {
                quota.allows_open(usage, length).is_ok()
            })
        })
        .await?;
    if let Some(usage) = full {
        state.limits.quota.allows_open(usage, length)?;
    }
    let location = format!("/v1/uploads/{}", upload.upload_id);
    let (upload, said) = if is_piece(&request) {
        let checksum = Checksum::read(headers)?;
        let taken = spawned(
            system.clone(),
            state.clone(),
            upload.upload_id,
            0,
            payload,
            checksum,
        )
        .await;
        match taken {
            Ok(upload) => (upload, true),
            // The upload is there and can be gone on with, however its first piece fared.
            Err(problem) => match find(&system, &state, upload.upload_id).await {
                Ok(upload) if upload.status == "open" => (upload, true),
                _ => return Err(problem),
            },
        }
    } else {
        (upload, false)
    };
    let mut response = HttpResponse::Created();
    response.insert_header((header::LOCATION, location));
    if said {
        response.insert_header((OFFSET, upload.received_bytes));
    }
    Ok(told(&mut response, &upload).finish())
}

/// How far an upload has come. A call that is still sending to it is ended first: whoever asks has lost that call.
#[utoipa::path(head, path = "/v1/uploads/{upload_id}", operation_id = "askUpload", tag = "uploads", params(
    ("upload_id" = Uuid, Path, description = "the upload"),
    ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
), responses(
    (status = 200, description = "how far it has come", headers(
        ("Upload-Offset" = i64, description = "bytes on disk"),
        ("Upload-Length" = i64, description = "bytes of the whole"),
        ("Upload-Metadata" = Option<String>, description = "as sent"),
        ("Upload-Expires" = String, description = "until when it can be gone on with"),
        ("Batch-Location" = Option<String>, description = "the batch, once received"),
    )),
    (status = 404, description = "no such upload of this state"),
    (status = 410, description = "the upload has ended: given up, or left alone for too long"),
    (status = "default", description = "a problem"),
))]
pub async fn ask(
    system: StateSystem,
    state: Data<AppState>,
    upload_id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let (upload, _turn) = turn_at(&system, &state, id(&upload_id)?).await?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((OFFSET, upload.received_bytes))
        .insert_header((LENGTH, upload.size_bytes));
    if !upload.metadata.is_empty() {
        response.insert_header((ABOUT, upload.metadata.as_str()));
    }
    Ok(told(&mut response, &upload).finish())
}

/// Goes on with an upload: the next piece, from `Upload-Offset` on. What has come is kept when the call breaks off,
/// unless it came with a checksum. The last piece is answered as an upload in one piece is: `Batch-Location` is the
/// batch, or the problem says why the file is refused. An empty piece at the end gets that answer again.
#[utoipa::path(patch, path = "/v1/uploads/{upload_id}", operation_id = "continueUpload", tag = "uploads", params(
    ("upload_id" = Uuid, Path, description = "the upload"),
    ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
    ("Upload-Offset" = i64, Header, description = "bytes that the hub has, from HEAD or the answer before"),
    ("Upload-Checksum" = Option<String>, Header, description = "`sha256 BASE64` or `sha1 BASE64` of this piece"),
), request_body(content = Vec<u8>, content_type = "application/offset+octet-stream", description = "the piece"), responses(
    (status = 204, description = "the piece is on disk", headers(
        ("Upload-Offset" = i64, description = "bytes on disk"),
        ("Upload-Expires" = String, description = "until when it can be gone on with"),
        ("Batch-Location" = Option<String>, description = "the batch, with the last piece"),
    )),
    (status = 404, description = "no such upload of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "the upload goes on at another offset", body = ProblemBody, content_type = "application/problem+json"),
    (status = 410, description = "the upload has ended: given up, or left alone for too long", body = ProblemBody, content_type = "application/problem+json"),
    (status = 413, description = "more than the upload's length", body = ProblemBody, content_type = "application/problem+json"),
    (status = 415, description = "not sent as a piece", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "the file is refused as a whole", body = ProblemBody, content_type = "application/problem+json"),
    (status = 423, description = "another call is at work on the upload", body = ProblemBody, content_type = "application/problem+json"),
    (status = 460, description = "the piece does not have its checksum and was dropped", body = ProblemBody, content_type = "application/problem+json"),
    (status = 507, description = "no room; what had come is kept, go on after `Retry-After`", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn go_on(
    system: StateSystem,
    state: Data<AppState>,
    upload_id: Path<String>,
    payload: Payload,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let upload = find(&system, &state, id(&upload_id)?).await?;
    if !is_piece(&request) {
        let detail = format!("Send a piece with Content-Type: {PIECE}.");
        return Err(Problem::new(ProblemCode::UnsupportedMediaType, detail));
    }
    let offset = number(request.headers(), "Upload-Offset")?;
    let checksum = Checksum::read(request.headers())?;
    let length = content_length(request.headers()).unwrap_or(0);
    if offset.saturating_add(length) > upload.size_bytes as u64 {
        return Err(too_large(upload.size_bytes as u64 - upload.received_bytes as u64));
    }
    let upload = spawned(system, state, upload.upload_id, offset, payload, checksum).await?;
    let mut response = HttpResponse::NoContent();
    response.insert_header((OFFSET, upload.received_bytes));
    Ok(told(&mut response, &upload).finish())
}

/// Gives an upload up. Its bytes are removed.
#[utoipa::path(delete, path = "/v1/uploads/{upload_id}", operation_id = "giveUpUpload", tag = "uploads", params(
    ("upload_id" = Uuid, Path, description = "the upload"),
    ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
), responses(
    (status = 204, description = "given up"),
    (status = 404, description = "no such upload of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "the upload is a batch already", body = ProblemBody, content_type = "application/problem+json"),
    (status = 410, description = "the upload has ended before", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn give_up(
    system: StateSystem,
    state: Data<AppState>,
    upload_id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let upload_id = id(&upload_id)?;
    let (upload, _turn) = turn_at(&system, &state, upload_id).await?;
    if let Some(batch_id) = upload.batch_id {
        let detail = format!("Batch {batch_id} was made of the upload; it cannot be given up any more.");
        return Err(Problem::new(ProblemCode::Conflict, detail));
    }
    end(&state, upload_id, End::Gone).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends uploads whose time is over and removes bytes that nobody needs. Gives the number of files removed.
pub fn sweep(
    connection: &mut diesel::PgConnection,
    spool: &Spool,
    now: DateTime<Utc>,
) -> Result<usize, SweepError> {
    uploads::sweep(connection, now)?;
    // Files first: one that comes later belongs to an upload that is not in the list, and is not looked at.
    let files = part::all(spool.folder())?;
    let open = uploads::open(connection)?;
    let mut removed = 0;
    for upload_id in files.into_iter().filter(|id| !open.contains(id)) {
        part::remove(spool.folder(), upload_id)?;
        removed += 1;
    }
    Ok(removed)
}

/// Why old uploads could not be removed.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The database is away or refused.
    #[error(transparent)]
    Database(#[from] store::Error),
    /// The spool cannot be read or written.
    #[error("failed to remove old uploads from the spool: {0}")]
    Io(#[from] std::io::Error),
}

/// Takes a piece in, in a task of its own: when the caller goes away, what it has sent is still kept.
async fn spawned(
    system: StateSystem,
    state: Data<AppState>,
    upload_id: Uuid,
    offset: u64,
    payload: Payload,
    checksum: Option<Checksum>,
) -> Result<Upload, Problem> {
    let slot = state.uploads.take(system.state)?;
    let (here, gone) = oneshot::channel::<()>();
    let task = async move {
        let _slot = slot;
        piece(&system, &state, upload_id, offset, payload, checksum, gone).await
    };
    let taken = actix_web::rt::spawn(task).await;
    // Until now; dropped before, with this call, it tells the task that nothing more will come.
    drop(here);
    taken.map_err(Problem::internal)?
}

/// A piece of an upload, and the batch if it was the last one.
async fn piece(
    system: &StateSystem,
    state: &Data<AppState>,
    upload_id: Uuid,
    offset: u64,
    payload: Payload,
    checksum: Option<Checksum>,
    gone: oneshot::Receiver<()>,
) -> Result<Upload, Problem> {
    let (mut upload, turn) = turn_at(system, state, upload_id).await?;
    if upload.received_bytes as u64 != offset {
        let detail = format!(
            "The upload goes on at offset {}, not {offset}.",
            upload.received_bytes
        );
        return Err(Problem::new(ProblemCode::WrongOffset, detail));
    }
    let Some(mut turn) = turn else {
        return match &upload.problem {
            Some(problem) => Err(Problem::again(problem)),
            None => Ok(upload),
        };
    };
    let room = upload.size_bytes as u64 - offset;
    if room > 0 {
        let mut body = Body::new(payload, &state.limits, room);
        let taken = take_in(state, &mut upload, &mut turn, &mut body, checksum, gone).await;
        if let Err(problem) = taken {
            if problem.code() == ProblemCode::DiskFull {
                body.drain().await;
            }
            return Err(problem);
        }
    }
    if upload.received_bytes == upload.size_bytes {
        upload.batch_id = Some(finish(system, state, &upload).await?);
    }
    Ok(upload)
}

/// An upload of the state, and the turn at it while it is open.
async fn turn_at(
    system: &StateSystem,
    state: &Data<AppState>,
    upload_id: Uuid,
) -> Result<(Upload, Option<Turn>), Problem> {
    let upload = find(system, state, upload_id).await?;
    if upload.status != "open" {
        return Ok((upload, None));
    }
    let turn = Turn::take(state, upload_id).await?;
    let upload = find(system, state, upload_id).await?;
    if upload.status == "open" {
        return Ok((upload, Some(turn)));
    }
    // Who had the turn before has ended the upload and removed its bytes; taking the turn has made the file anew.
    let spool = Arc::clone(&state.spool);
    blocking(move || part::remove(spool.folder(), upload_id)).await?;
    Ok((upload, None))
}

/// An upload of the state that can be spoken of.
async fn find(system: &StateSystem, state: &Data<AppState>, upload_id: Uuid) -> Result<Upload, Problem> {
    let of = system.state;
    let found = state
        .db
        .run(move |connection| uploads::find(connection, of, upload_id))
        .await?;
    let upload = found.ok_or_else(|| Problem::not_found("upload"))?;
    let over = upload.status == "gone" || upload.expires_at <= state.clock.now();
    if over {
        let detail = "The upload was given up, or left alone for too long. Begin a new one.";
        return Err(Problem::new(ProblemCode::UploadGone, detail));
    }
    Ok(upload)
}

/// Ends an upload and removes its bytes.
async fn end(state: &Data<AppState>, upload_id: Uuid, end: End) -> Result<(), Problem> {
    let now = state.clock.now();
    state
        .db
        .run(move |connection| uploads::end(connection, upload_id, end, now))
        .await?;
    let spool = Arc::clone(&state.spool);
    blocking(move || part::remove(spool.folder(), upload_id)).await
}

fn id(text: &str) -> Result<Uuid, Problem> {
    Uuid::try_parse(text).map_err(|_| Problem::not_found("upload"))
}

/// Until when an upload is kept that is at work now.
fn expiry(state: &AppState, now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::from_std(state.limits.quota.keep_open).unwrap_or(DAY)
}

fn is_piece(request: &HttpRequest) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().eq_ignore_ascii_case(PIECE.as_bytes()))
}

/// Adds what every answer tells of an upload.
fn told<'a>(response: &'a mut HttpResponseBuilder, upload: &Upload) -> &'a mut HttpResponseBuilder {
    if let Some(batch_id) = upload.batch_id {
        response.insert_header((BATCH, format!("/v1/batches/{batch_id}")));
    }
    let expires: HttpDate = std::time::SystemTime::from(upload.expires_at).into();
    response.insert_header((EXPIRES, expires.to_string()))
}
