//! The bytes of an upload on disk, and whose turn it is to write them.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::Data;
use tokio::sync::Notify;
use uuid::Uuid;

use super::protocol::Checksum;
use crate::problem::{Problem, ProblemCode};
use crate::state::AppState;
use crate::v1::body::blocking;

/// How often it is tried to get the turn, and the pause between.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(200);

/// Files of uploads have names that start so.
const PREFIX: &str = ".upload-";

/// Where the bytes of an upload lie.
pub(super) fn path(folder: &Path, upload_id: Uuid) -> PathBuf {
    folder.join(format!("{PREFIX}{}", upload_id.simple()))
}

/// The uploads that have a file in a folder.
pub(super) fn all(folder: &Path) -> io::Result<Vec<Uuid>> {
    let mut ids = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let id = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        ids.extend(id.and_then(|id| Uuid::try_parse(id).ok()));
    }
    Ok(ids)
}

/// Removes the bytes of an upload; what is already gone is no error.
pub(super) fn remove(folder: &Path, upload_id: Uuid) -> io::Result<()> {
    match std::fs::remove_file(path(folder, upload_id)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Which calls write at this moment, and how each is asked to make way.
#[derive(Debug, Default)]
pub(crate) struct Writers(Mutex<HashMap<Uuid, Arc<Notify>>>);

/// The turn of one call at the file of an upload, until it is dropped. The file's lock keeps others out, also those of
/// another process on the same spool.
pub(super) struct Turn {
    pub(super) part: Option<Part>,
    make_way: Arc<Notify>,
    upload_id: Uuid,
    state: Data<AppState>,
}

impl Turn {
    /// Waits for the turn. Who has it is asked to make way: a client that calls again has lost the call before, which
    /// the hub may not have noticed yet.
    pub(super) async fn take(state: &Data<AppState>, upload_id: Uuid) -> Result<Self, Problem> {
        for _ in 0..TRIES {
            let path = path(state.spool.folder(), upload_id);
            if let Some(part) = blocking(move || Part::open(&path)).await? {
                let make_way = Arc::new(Notify::new());
                state.writers.lock().insert(upload_id, Arc::clone(&make_way));
                return Ok(Self {
                    part: Some(part),
                    make_way,
                    upload_id,
                    state: state.clone(),
                });
            }
            if let Some(other) = state.writers.lock().get(&upload_id) {
                other.notify_one();
            }
            tokio::time::sleep(PAUSE).await;
        }
        let detail = "Another call is at work on this upload; ask with HEAD how far it has come, and go on from there.";
        Err(Problem::new(ProblemCode::UploadLocked, detail).retry_after(10))
    }

    /// Resolves when another call asks for the turn.
    pub(super) async fn asked_for(&self) {
        self.make_way.notified().await;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.state.writers.lock().remove(&self.upload_id);
    }
}

impl Writers {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file of an upload, locked.
pub(super) struct Part {
    file: File,
    /// Where the next byte goes.
    pub(super) at: u64,
}

impl Part {
    /// `None` if another one has it.
    fn open(path: &Path) -> io::Result<Option<Self>> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file, at: 0 })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Goes on behind so many bytes; what lies behind them was never acknowledged and is dropped.
    pub(super) fn go_on_at(&mut self, at: u64) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if length < at {
            let lost = format!("the file has {length} bytes of {at} that were on disk");
            return Err(io::Error::other(lost));
        }
        self.file.set_len(at)?;
        self.file.seek(SeekFrom::Start(at))?;
        self.at = at;
        Ok(())
    }

    /// Writes a piece. After an error `at` tells how much of it was written.
    pub(super) fn write(&mut self, mut piece: &[u8], checksum: Option<&mut Checksum>) -> io::Result<()> {
        if let Some(checksum) = checksum {
            checksum.update(piece);
        }
        while !piece.is_empty() {
            match self.file.write(piece) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.at += written as u64;
                    piece = &piece[written..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Puts the first `at` bytes on disk for certain.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_by_one_at_a_time_and_goes_on_where_it_was_acknowledged() {
        let folder = tempfile::tempdir().expect("a folder");
        let id = Uuid::now_v7();
        let file = path(folder.path(), id);
        let mut part = Part::open(&file).expect("opened").expect("free");
        assert!(Part::open(&file).expect("opened").is_none(), "one at a time");
        part.write(b"acknowledged, not", None).expect("written");
        part.sync().expect("on disk");
        drop(part);
        let mut part = Part::open(&file).expect("opened").expect("free again");
        part.go_on_at(12).expect("there");
        part.write(b"!", None).expect("written");
        assert_eq!(
            (part.at, std::fs::read(&file).expect("read")),
            (13, b"acknowledged!".to_vec())
        );
        assert!(part.go_on_at(14).is_err(), "lost bytes are told");
        assert_eq!(all(folder.path()).expect("listed"), [id]);
        remove(folder.path(), id)
            .and_then(|()| remove(folder.path(), id))
            .expect("removed, and again");
    }
}
