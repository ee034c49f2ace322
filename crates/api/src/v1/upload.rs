//! An upload: its content goes to the spool as it arrives, and only a file that is safely on disk gets a receipt.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use formats::BatchKind;
use ingest::{Call, Receipt, ReceiveError, Spooled};
use mde::StateCode;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use utoipa::IntoParams;

use crate::auth::StateSystem;
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;
use crate::v1::batches::BatchReport;
use crate::v1::body::{Body, blocking, content_length, disk, too_large};
use crate::v1::quota;

/// Uploads in progress by state.
#[derive(Debug)]
pub(crate) struct Slots {
    per_state: usize,
    taken: Arc<Mutex<HashMap<StateCode, usize>>>,
}

/// One upload in progress; dropped, it no longer counts.
#[derive(Debug)]
pub(crate) struct Slot {
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

    pub(crate) fn take(&self, state: StateCode) -> Result<Slot, Problem> {
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
    payload: Payload,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let digest = content_digest(request.headers())?;
    let _slot = state.uploads.take(system.state)?;
    let length = content_length(request.headers());
    if length.is_some_and(|length| length > state.limits.upload_bytes) {
        return Err(too_large(state.limits.upload_bytes));
    }
    quota::check(&state, system.state, length.unwrap_or(0)).await?;
    let mut body = Body::new(payload, &state.limits, state.limits.upload_bytes);
    let spooled = match spool(&state, &mut body, digest).await {
        Ok(spooled) => spooled,
        Err(problem) => {
            body.drain().await;
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
    let receipt = receive(&state, spooled, call).await?;
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

/// The last part of a path.
pub(crate) fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}

/// The SHA-256 of a `Content-Digest` header (RFC 9530): `sha-256=:BASE64:`, other algorithms beside it are ignored.
pub(crate) fn content_digest(headers: &HeaderMap) -> Result<Option<Vec<u8>>, Problem> {
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

/// Takes the content in and flushes it to disk.
async fn spool(state: &Data<AppState>, body: &mut Body, digest: Option<Vec<u8>>) -> Result<Spooled, Problem> {
    let shared = Arc::clone(&state.spool);
    let mut file = blocking(move || shared.begin()).await?;
    while let Some(piece) = body.piece().await? {
        file = blocking(move || file.write_all(&piece).map(|()| file)).await?;
    }
    if file.bytes() == 0 {
        return Err(Problem::new(
            ProblemCode::InvalidRequest,
            "The call has no content; send the file as its body.",
        ));
    }
    let spooled = blocking(move || file.finish()).await?;
    let differs =
        digest.is_some() && spooled.sha256().as_ref().map(<[u8; 32]>::as_slice) != digest.as_deref();
    if differs {
        return Err(digest_differs());
    }
    Ok(spooled)
}

/// Refuses content that does not have the digest which was sent with it.
pub(crate) fn check_digest(digest: Option<&[u8]>, content: &[u8]) -> Result<(), Problem> {
    match digest {
        Some(digest) if digest != Sha256::digest(content).as_slice() => Err(digest_differs()),
        _ => Ok(()),
    }
}

fn digest_differs() -> Problem {
    let detail =
        "The content does not have the digest in Content-Digest; it was changed on the way. Send it again.";
    Problem::new(ProblemCode::DigestMismatch, detail)
}

/// Makes a batch of a file that is whole and on disk.
pub(crate) async fn receive(
    state: &Data<AppState>,
    spooled: Spooled,
    call: Call,
) -> Result<Receipt, Problem> {
    let now = state.clock.now();
    let shared = state.clone();
    // Reading a large file takes seconds, for which no connection is held.
    let examined = web::block(move || {
        ingest::examine(&shared.profiles, spooled, &call, shared.limits.content, now).map_err(refusal)
    })
    .await
    .map_err(Problem::internal)??;
    let spool = Arc::clone(&state.spool);
    state
        .db
        .run(move |connection| examined.receive(connection, &spool).map_err(refusal))
        .await
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
    use sha2::{Digest as _, Sha256};

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
