//! An upload: its content goes to the spool as it arrives, and only a file that is safely on disk gets a receipt.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, BytesMut, Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use formats::BatchKind;
use futures_util::StreamExt as _;
use ingest::{Call, ReceiveError, SpoolWriter, Spooled};
use mde::StateCode;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use utoipa::IntoParams;

use crate::auth::StateSystem;
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::{AppState, Limits};
use crate::v1::batches::BatchReport;

/// Content is written in pieces of this many bytes, so that no thread waits for a slow sender.
const PIECE: usize = 1 << 20;

/// Uploads in progress by state.
#[derive(Debug)]
pub(crate) struct Slots {
    per_state: usize,
    taken: Arc<Mutex<HashMap<StateCode, usize>>>,
}

/// One upload in progress; dropped, it no longer counts.
#[derive(Debug)]
struct Slot {
    state: StateCode,
    taken: Arc<Mutex<HashMap<StateCode, usize>>>,
}

impl Slots {
    pub(crate) fn new(per_state: usize) -> Self {
        Self {
            per_state,
            taken: Arc::default(),
        }
    }

    fn take(&self, state: StateCode) -> Result<Slot, Problem> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let in_progress = taken.entry(state).or_default();
        if *in_progress >= self.per_state {
            let detail = format!("This state sends {in_progress} uploads already; wait for one of them.");
            return Err(Problem::new(ProblemCode::RateLimited, detail).retry_after(10));
        }
        *in_progress += 1;
        Ok(Slot {
            state,
            taken: Arc::clone(&self.taken),
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(in_progress) = taken.get_mut(&self.state) {
            *in_progress -= 1;
        }
    }
}

/// What the call says of the upload.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct About {
    /// `full` or `delta`; otherwise the file's header or the profile says it.
    #[param(value_type = Option<String>)]
    kind: Option<BatchKind>,
    /// The instant that the content speaks of (RFC 3339); otherwise the file says it.
    as_of: Option<DateTime<Utc>>,
    /// Name of the mapping profile that describes the file; native XML without one.
    profile: Option<String>,
    /// Name of the file, which a profile's pattern may read.
    file_name: Option<String>,
}

/// Receives an upload: one file, or one zip of a profile's files; plain, gzip or zstd, as it is. The answer 202 says
/// that the upload is safely kept and will be loaded; `Location` is the batch. The same upload again, with the same
/// as-of, gets the first one's batch with 200. `Idempotency-Key` is accepted and not needed: the content is the key.
#[utoipa::path(post, path = "/v1/batches", operation_id = "uploadBatch", tag = "batches",
    params(
        About,
        ("Content-Digest" = Option<String>, Header, description = "`sha-256=:BASE64:` of the content as sent (RFC 9530)"),
        ("Idempotency-Key" = Option<String>, Header, description = "accepted; the content itself is the key"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "the file"),
    responses(
        (status = 202, description = "received", body = BatchReport, headers(("Location" = String, description = "the batch"))),
        (status = 200, description = "received before", body = BatchReport, headers(("Location" = String, description = "the batch"))),
        (status = 403, description = "the file is of another state", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "the file is refused as a whole", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "not received; send it again after `Retry-After`", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn upload(
    system: StateSystem,
    state: Data<AppState>,
    about: Query<About>,
    mut payload: Payload,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let digest = content_digest(request.headers())?;
    let _slot = state.uploads.take(system.state)?;
    if content_length(request.headers()).is_some_and(|length| length > state.limits.upload_bytes) {
        return Err(too_large(&state.limits));
    }
    let spooled = match spool(&state, &mut payload, digest).await {
        Ok(spooled) => spooled,
        Err(problem) => {
            drain(&mut payload).await;
            return Err(problem);
        }
    };
    let about = about.into_inner();
    let call = Call {
        state: system.state,
        kind: about.kind,
        profile: about.profile,
        as_of: about.as_of,
        file_name: about.file_name.map(|name| file_name(&name)),
        received_from: system.fingerprint,
    };
    let now = state.clock.now();
    let shared = state.clone();
    // Reading a large file takes seconds, for which no connection is held.
    let examined = web::block(move || {
        ingest::examine(&shared.profiles, spooled, &call, shared.limits.content, now).map_err(refusal)
    })
    .await
    .map_err(Problem::internal)??;
    let spool = Arc::clone(&state.spool);
    let receipt = state
        .db
        .run(move |connection| examined.receive(connection, &spool).map_err(refusal))
        .await?;
    let report = BatchReport::from(receipt.batch);
    let mut response = if receipt.new {
        HttpResponse::Accepted()
    } else {
        HttpResponse::Ok()
    };
    Ok(response
        .insert_header((header::LOCATION, report.href.as_str()))
        .json(report))
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(limits: &Limits) -> Problem {
    let detail = format!(
        "An upload may have {} bytes as sent; split it.",
        limits.upload_bytes
    );
    Problem::new(ProblemCode::TooLarge, detail)
}

/// The last part of a path.
fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}

/// The SHA-256 of a `Content-Digest` header (RFC 9530): `sha-256=:BASE64:`, other algorithms beside it are ignored.
fn content_digest(headers: &HeaderMap) -> Result<Option<Vec<u8>>, Problem> {
    let Some(header) = headers.get("content-digest") else {
        return Ok(None);
    };
    let read = || {
        let text = header.to_str().ok()?;
        let coded = text
            .split(',')
            .find_map(|entry| entry.trim().strip_prefix("sha-256="))?;
        let digest = STANDARD
            .decode(coded.strip_prefix(':')?.strip_suffix(':')?)
            .ok()?;
        (digest.len() == 32).then_some(digest)
    };
    match read() {
        Some(digest) => Ok(Some(digest)),
        None => Err(Problem::new(
            ProblemCode::InvalidRequest,
            "Send Content-Digest as sha-256=:BASE64:.",
        )),
    }
}

/// The file being written, and the hash of it where the sender sent one.
struct Writing {
    file: SpoolWriter,
    hash: Option<Sha256>,
}

impl Writing {
    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.file.write_all(piece)?;
        if let Some(hash) = &mut self.hash {
            hash.update(piece);
        }
        Ok(())
    }
}

/// Takes the content in, piece by piece, within the bounds of size and speed, and flushes it to disk.
async fn spool(
    state: &Data<AppState>,
    payload: &mut Payload,
    digest: Option<Vec<u8>>,
) -> Result<Spooled, Problem> {
    let limits = &state.limits;
    let started = Instant::now();
    let shared = Arc::clone(&state.spool);
    let hash = digest.is_some().then(Sha256::new);
    let mut writing = blocking(move || {
        Ok(Writing {
            file: shared.begin()?,
            hash,
        })
    })
    .await?;
    let mut piece = BytesMut::new();
    let mut received: u64 = 0;
    loop {
        let next = tokio::time::timeout(limits.upload_pause, payload.next())
            .await
            .map_err(|_| Problem::new(ProblemCode::RequestTimeout, "The content paused for too long."))?;
        let Some(chunk) = next else { break };
        let chunk = chunk.map_err(|error| {
            Problem::new(ProblemCode::InvalidRequest, "The content ended too early.").with_internal(error)
        })?;
        received += chunk.len() as u64;
        if received > limits.upload_bytes {
            return Err(too_large(limits));
        }
        let seconds = started.elapsed().as_secs();
        if seconds > 60 && received / seconds < limits.upload_bytes_per_second {
            return Err(Problem::new(
                ProblemCode::RequestTimeout,
                "The content comes too slowly.",
            ));
        }
        piece.extend_from_slice(&chunk);
        if piece.len() >= PIECE {
            let full = piece.split();
            writing = blocking(move || {
                writing.write(&full)?;
                Ok(writing)
            })
            .await?;
        }
    }
    if received == 0 {
        return Err(Problem::new(
            ProblemCode::InvalidRequest,
            "The call has no content; send the file as its body.",
        ));
    }
    let (spooled, found) = blocking(move || {
        writing.write(&piece)?;
        let found = writing.hash.map(|hash| hash.finalize().to_vec());
        Ok((writing.file.finish()?, found))
    })
    .await?;
    if found == digest {
        Ok(spooled)
    } else {
        let detail = "The content does not have the digest in Content-Digest; it was changed on the way. Send it again.";
        Err(Problem::new(ProblemCode::DigestMismatch, detail))
    }
}

/// Lets a sender come to the end of a content that is not kept, within bounds: one that is cut off while it still sends
/// never sees the answer.
async fn drain(payload: &mut Payload) {
    const BYTES: usize = 256 << 20;
    let rest = async {
        let mut drained = 0;
        while let Some(Ok(chunk)) = payload.next().await {
            drained += chunk.len();
            if drained > BYTES {
                break;
            }
        }
    };
    // Whatever has not come by then is cut off.
    let _ = tokio::time::timeout(Duration::from_secs(30), rest).await;
}

/// Runs work on files on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    web::block(work)
        .await
        .map_err(Problem::internal)?
        .map_err(|error| disk(&error))
}

fn disk(error: &io::Error) -> Problem {
    if matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    ) {
        Problem::new(
            ProblemCode::DiskFull,
            "The hub has no room for the upload; nothing was kept.",
        )
        .with_internal(error)
    } else {
        Problem::internal(error)
    }
}

fn refusal(error: ReceiveError) -> Problem {
    match error {
        ReceiveError::Refused(refusal) | ReceiveError::WrongState(refusal) => refusal.into(),
        ReceiveError::UnknownProfile { .. } => Problem::new(ProblemCode::UnknownProfile, format!("{error}.")),
        ReceiveError::Database(error) => error.into(),
        ReceiveError::Io(error) => disk(&error),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_digest_is_read_or_refused() {
        let of = |value: &str| {
            let request = TestRequest::default()
                .insert_header(("content-digest", value))
                .to_http_request();
            content_digest(request.headers())
        };
        let empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let expected = Some(Sha256::digest(b"").to_vec());
        assert_eq!(of(&format!("sha-256=:{empty}:")).expect("read"), expected);
        assert_eq!(
            of(&format!("sha-512=:AA==:, sha-256=:{empty}:")).expect("read"),
            expected
        );
        for bad in [empty, "sha-256=:AA==:", "sha-512=:AA==:", "md5=x"] {
            assert_eq!(
                of(bad).expect_err("refused").code(),
                ProblemCode::InvalidRequest,
                "{bad}"
            );
        }
    }

    #[test]
    fn a_state_has_so_many_uploads_at_once() {
        let slots = Slots::new(2);
        let (tx, ca) = (
            StateCode::new("TX").expect("state"),
            StateCode::new("CA").expect("state"),
        );
        let first = slots.take(tx).expect("free");
        let _second = slots.take(tx).expect("free");
        assert_eq!(slots.take(tx).expect_err("full").code(), ProblemCode::RateLimited);
        assert!(slots.take(ca).is_ok(), "another state");
        drop(first);
        assert!(slots.take(tx).is_ok(), "given back");
    }
}
