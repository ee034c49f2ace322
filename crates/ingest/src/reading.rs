//! Reading beside working: an upload is parsed on a thread of its own, and what it holds comes in pieces to the caller's
//! thread, where it is hashed, compared and written. Few pieces wait, so that memory is bounded whatever the file.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

use formats::{Handler, Options, Refusal, RefusalCode, Summary};

/// Pieces that may wait for the caller.
const WAITING: usize = 2;

/// Where a handler on the reading thread puts its pieces.
#[derive(Debug)]
pub(crate) struct Outbox<T>(SyncSender<T>);

impl<T> Outbox<T> {
    /// Hands a piece over; waits while the caller is busy. `Break` says that nobody wants more.
    pub(crate) fn send(&self, piece: T) -> ControlFlow<()> {
        match self.0.send(piece) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}

/// A handler that collects what it gets into pieces.
pub(crate) trait Collect: Handler {
    /// The file is read to its end: hands over the last piece.
    fn finish(self) -> ControlFlow<()>;
}

/// Reads an upload with a handler made on the reading thread, and gives each of its pieces to `take`. `take` may stop
/// the reading with `Ok(false)` or an error; the refusal is then of the code `stopped`.
pub(crate) fn read<T: Send, H: Collect, E>(
    path: &Path,
    options: &Options<'_>,
    handler: impl FnOnce(Outbox<T>) -> H + Send,
    mut take: impl FnMut(T) -> Result<bool, E>,
) -> Result<Result<Summary, Refusal>, E> {
    let (send, pieces) = sync_channel(WAITING);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut handler = handler(Outbox(send));
            let summary = formats::read(path, options, &mut handler)?;
            match handler.finish() {
                ControlFlow::Continue(()) => Ok(summary),
                ControlFlow::Break(()) => Err(stopped()),
            }
        });
        let mut wanted = true;
        // Dropping the receiver, at the end or on the way out, lets the reader end.
        for piece in pieces {
            wanted = take(piece)?;
            if !wanted {
                break;
            }
        }
        let read = reader
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // The reader may have come to the end of the file before the pieces that waited were taken.
        Ok(if wanted { read } else { read.and(Err(stopped())) })
    })
}

fn stopped() -> Refusal {
    Refusal::new(RefusalCode::Stopped, "The reading was stopped.")
}
