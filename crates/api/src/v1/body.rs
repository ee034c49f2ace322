//! The content of a call as it comes in: piece by piece, within the bounds of size and speed.

use std::io;
use std::time::{Duration, Instant};

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, BytesMut, Payload};
use futures_util::StreamExt as _;

use crate::problem::{Problem, ProblemCode};
use crate::state::Limits;

/// Content is handed on in pieces of about this many bytes, so that no thread waits for a slow sender.
const PIECE: usize = 1 << 20;

/// Content that is not kept is let in up to so many bytes, for so long.
const DRAINED: usize = 256 << 20;
const DRAINING: Duration = Duration::from_secs(30);

/// The content of a call.
pub(crate) struct Body {
    payload: Payload,
    limits: Limits,
    at_most: u64,
    started: Instant,
    received: u64,
    piece: BytesMut,
    end: Option<Result<(), Problem>>,
}

impl Body {
    /// Content of at most so many bytes.
    pub(crate) fn new(payload: Payload, limits: &Limits, at_most: u64) -> Self {
        Self {
            payload,
            limits: limits.clone(),
            at_most,
            started: Instant::now(),
            received: 0,
            piece: BytesMut::new(),
            end: None,
        }
    }

    /// The next piece, `None` at the end. What came before the content broke off is given first, then the problem.
    /// Dropped while it waits, it loses nothing.
    pub(crate) async fn piece(&mut self) -> Result<Option<BytesMut>, Problem> {
        while self.end.is_none() && self.piece.len() < PIECE {
            self.end = self.fill().await;
        }
        if !self.piece.is_empty() {
            return Ok(Some(self.piece.split()));
        }
        match self.end.take() {
            Some(Err(problem)) => Err(problem),
            _ => Ok(None),
        }
    }

    /// What has come and was not handed on.
    pub(crate) fn rest(&mut self) -> BytesMut {
        self.piece.split()
    }

    /// Lets the sender come to the end of a content that is not kept, within bounds: one that is cut off while it still
    /// sends never sees the answer.
    pub(crate) async fn drain(mut self) {
        let rest = async {
            let mut drained = 0;
            while let Some(Ok(chunk)) = self.payload.next().await {
                drained += chunk.len();
                if drained > DRAINED {
                    break;
                }
            }
        };
        // Whatever has not come by then is cut off.
        let _ = tokio::time::timeout(DRAINING, rest).await;
    }

    async fn fill(&mut self) -> Option<Result<(), Problem>> {
        let next = tokio::time::timeout(self.limits.upload_pause, self.payload.next()).await;
        let chunk = match next {
            Err(_) => return Some(Err(slow("The content paused for too long."))),
            Ok(None) => return Some(Ok(())),
            Ok(Some(Err(error))) => {
                let problem = Problem::new(ProblemCode::InvalidRequest, "The content ended too early.");
                return Some(Err(problem.with_internal(error)));
            }
            Ok(Some(Ok(chunk))) => chunk,
        };
        self.received += chunk.len() as u64;
        if self.received > self.at_most {
            return Some(Err(too_large(self.at_most)));
        }
        let seconds = self.started.elapsed().as_secs();
        if seconds > 60 && self.received / seconds < self.limits.upload_bytes_per_second {
            return Some(Err(slow("The content comes too slowly.")));
        }
        self.piece.extend_from_slice(&chunk);
        None
    }
}

fn slow(detail: &str) -> Problem {
    Problem::new(ProblemCode::RequestTimeout, detail)
}

/// The content is longer than it may be.
pub(crate) fn too_large(at_most: u64) -> Problem {
    let detail = format!("The content may have {at_most} bytes here, as sent.");
    Problem::new(ProblemCode::TooLarge, detail)
}

/// The length that the call announces, if it does.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Runs work on files on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    web::block(work)
        .await
        .map_err(Problem::internal)?
        .map_err(|error| disk(&error))
}

/// What an error of the spool's disk means to the caller.
pub(crate) fn disk(error: &io::Error) -> Problem {
    if matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    ) {
        let detail = "The hub has no room for the upload. Try again after Retry-After; an upload in pieces goes on \
                      where it stands.";
        Problem::new(ProblemCode::DiskFull, detail).with_internal(error)
    } else {
        Problem::internal(error)
    }
}
