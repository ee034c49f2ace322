//! A piece on its way to disk, and the batch at the end.

use std::io;
use std::sync::Arc;

use actix_web::web::{self, Data};
use ingest::Call;
use sha2::{Digest as _, Sha256};
use store::uploads::{self, End, Upload};
use tokio::sync::oneshot;

use super::part::{self, Part, Turn};
use super::protocol::{Checksum, Metadata};
use super::{end, expiry};
use crate::auth::StateSystem;
use crate::problem::{Problem, ProblemCode};
use crate::state::AppState;
use crate::v1::body::{Body, blocking, disk};
use crate::v1::upload::{file_name, receive};

/// A long piece without a checksum is acknowledged in steps of this many bytes, so that little is lost by a power cut.
const STEP: u64 = 16 << 20;

/// Takes a piece in, until it ends, breaks off, or its caller is `gone`. Whatever the outcome, `upload` tells afterwards what is acknowledged.
pub(super) async fn take_in(
    state: &Data<AppState>,
    upload: &mut Upload,
    turn: &mut Turn,
    body: &mut Body,
    mut checksum: Option<Checksum>,
    mut gone: oneshot::Receiver<()>,
) -> Result<(), Problem> {
    let start = upload.received_bytes as u64;
    let checked = checksum.is_some();
    let part = turn
        .part
        .take()
        .ok_or_else(|| Problem::internal("a turn is taken once"))?;
    let (mut part, ()) = on_disk(part, move |part| part.go_on_at(start))
        .await
        .map_err(|(_, problem)| problem)?;
    let mut outcome = Ok(());
    while outcome.is_ok() {
        let next = tokio::select! {
            next = body.piece() => next,
            _ = &mut gone => {
                Err(Problem::new(ProblemCode::InvalidRequest, "The content ended too early."))
            }
            () = turn.asked_for() => {
                let detail = "Another call goes on with this upload.";
                Err(Problem::new(ProblemCode::UploadLocked, detail))
            }
        };
        let piece = match next {
            Ok(None) => break,
            Ok(Some(piece)) => piece,
            Err(problem) => {
                outcome = Err(problem);
                body.rest()
            }
        };
        let mut sum = checksum.take();
        let written = on_disk(part, move |part| {
            part.write(&piece, sum.as_mut())?;
            Ok(sum)
        });
        match written.await {
            Ok((same, sum)) => (part, checksum) = (same, sum),
            Err((same, problem)) => {
                let Some(same) = same else { return Err(problem) };
                (part, outcome) = (same, Err(problem));
            }
        }
        if !checked && part.at - upload.received_bytes as u64 >= STEP {
            part = acknowledge(state, upload, part).await?;
        }
    }
    if checked {
        let holds = outcome.is_ok() && checksum.is_some_and(Checksum::holds);
        if outcome.is_ok() && !holds {
            let detail = "The piece does not have the checksum in Upload-Checksum; it was changed on the way and is \
                          dropped. Send it again.";
            outcome = Err(Problem::new(ProblemCode::ChecksumMismatch, detail));
        }
        if !holds {
            part.at = start;
        }
    }
    let at = part.at;
    let (part, ()) = on_disk(part, move |part| part.go_on_at(at))
        .await
        .map_err(|(_, problem)| problem)?;
    acknowledge(state, upload, part).await?;
    outcome
}

/// Work on the file of an upload; it is given back with the problem too, unless the thread was lost.
async fn on_disk<T: Send + 'static>(
    mut part: Part,
    work: impl FnOnce(&mut Part) -> io::Result<T> + Send + 'static,
) -> Result<(Part, T), (Option<Part>, Problem)> {
    let done = web::block(move || {
        let result = work(&mut part);
        (part, result)
    });
    match done.await {
        Ok((part, Ok(value))) => Ok((part, value)),
        Ok((part, Err(error))) => Err((Some(part), disk(&error))),
        Err(error) => Err((None, Problem::internal(error))),
    }
}

/// Puts what was written on disk, and then says so.
async fn acknowledge(state: &Data<AppState>, upload: &mut Upload, part: Part) -> Result<Part, Problem> {
    let (part, ()) = on_disk(part, Part::sync).await.map_err(|(_, problem)| problem)?;
    let (upload_id, at, expires) = (upload.upload_id, part.at as i64, expiry(state, state.clock.now()));
    state
        .db
        .run(move |connection| uploads::advance(connection, upload_id, at, expires))
        .await?;
    upload.received_bytes = at;
    upload.expires_at = expires;
    Ok(part)
}

/// Makes a batch of an upload that has come whole, and ends it. What passes (the database is away, no room) leaves it
/// open, and the next call tries again; the same content never makes two batches.
pub(super) async fn finish(
    system: &StateSystem,
    state: &Data<AppState>,
    upload: &Upload,
) -> Result<i64, Problem> {
    let received = make_batch(system, state, upload).await;
    let outcome = match &received {
        Ok(batch_id) => End::Received(*batch_id),
        Err(problem) if problem.is_final() => End::Refused(problem.kept()),
        Err(problem) => return Err(problem.clone()),
    };
    end(state, upload.upload_id, outcome).await?;
    received
}

async fn make_batch(system: &StateSystem, state: &Data<AppState>, upload: &Upload) -> Result<i64, Problem> {
    let metadata = Metadata::read(&upload.metadata)?;
    let path = part::path(state.spool.folder(), upload.upload_id);
    let spool = Arc::clone(&state.spool);
    let wanted = metadata.sha256;
    let spooled = blocking(move || {
        if let Some(wanted) = wanted {
            let mut hash = Sha256::new();
            io::copy(&mut std::fs::File::open(&path)?, &mut HashWriter(&mut hash))?;
            if hash.finalize()[..] != wanted {
                return Ok(None);
            }
        }
        spool.adopt(&path).map(Some)
    })
    .await?;
    let spooled = spooled.ok_or_else(|| {
        let detail =
            "The upload as a whole does not have the digest sha256 in Upload-Metadata. Begin a new one.";
        Problem::new(ProblemCode::DigestMismatch, detail)
    })?;
    let call = Call {
        state: system.state,
        kind: metadata.kind,
        profile: metadata.profile,
        as_of: metadata.as_of,
        file_name: metadata.file_name.as_deref().map(file_name),
        received_from: system.fingerprint.clone(),
    };
    Ok(receive(state, spooled, call).await?.batch.batch_id)
}

/// Feeds a hash with what is written.
struct HashWriter<'a>(&'a mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
