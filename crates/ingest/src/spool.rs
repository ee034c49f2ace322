//! The spool: where an upload lies between its receipt and its loading.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

/// A folder of received files. Files in progress have names that start with a dot and are swept at the next start.
#[derive(Debug, Clone)]
pub struct Spool {
    folder: PathBuf,
}

/// An upload that is being written. It is hashed on the way and goes to the disk while more of it comes, so that the
/// end of a large one is not waited for.
#[derive(Debug)]
pub struct SpoolWriter {
    file: NamedTempFile,
    folder: PathBuf,
    bytes: u64,
    hash: Sha256,
    /// Bytes when the last flush was begun.
    flushed: u64,
    flush: Option<JoinHandle<io::Result<()>>>,
}

/// So many bytes are flushed to disk together while more come.
const FLUSH: u64 = 8 << 20;

/// A file that is whole and on disk, but not yet a batch. Dropped, it is gone.
#[derive(Debug)]
pub struct Spooled {
    file: NamedTempFile,
    folder: PathBuf,
    bytes: u64,
    sha256: Option<[u8; 32]>,
}

impl Spool {
    /// Opens a folder, makes it if it is missing (private to the hub's user), and removes what was never finished.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        std::fs::create_dir_all(&folder)?;
        #[cfg(unix)]
        std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(".part") {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { folder })
    }

    /// Starts a file.
    pub fn begin(&self) -> io::Result<SpoolWriter> {
        let file = tempfile::Builder::new()
            .prefix(".part")
            .tempfile_in(&self.folder)?;
        Ok(SpoolWriter {
            file,
            folder: self.folder.clone(),
            bytes: 0,
            hash: Sha256::new(),
            flushed: 0,
            flush: None,
        })
    }

    /// The folder, for files that are received piece by piece; their names start with a dot too.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes in a whole file of the folder that is already on disk. The file stays under its own name as well, until
    /// the caller knows that there is a batch of it.
    pub fn adopt(&self, path: &Path) -> io::Result<Spooled> {
        let bytes = std::fs::metadata(path)?.len();
        let linked = tempfile::Builder::new()
            .prefix(".part")
            .make_in(&self.folder, |name| {
                std::fs::hard_link(path, name)?;
                File::open(name)
            })?;
        Ok(Spooled {
            file: linked,
            folder: self.folder.clone(),
            bytes,
            sha256: None,
        })
    }

    /// Where a batch's file lies.
    #[must_use]
    pub fn path(&self, spool_name: &str) -> PathBuf {
        self.folder.join(spool_name)
    }

    /// Removes a batch's file; one that is already gone is no error.
    pub fn remove(&self, spool_name: &str) -> io::Result<()> {
        match std::fs::remove_file(self.path(spool_name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes files that no batch needs: those whose batch was never written because the hub was killed in between.
    pub fn sweep(&self, needed: &[String]) -> io::Result<usize> {
        let mut removed = 0;
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') && !needed.contains(&name) {
                std::fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

impl SpoolWriter {
    /// Bytes written so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The file is whole: flushes it to disk.
    pub fn finish(mut self) -> io::Result<Spooled> {
        self.flushed()?;
        self.file.as_file().sync_all()?;
        Ok(Spooled {
            file: self.file,
            folder: self.folder,
            bytes: self.bytes,
            sha256: Some(self.hash.finalize().into()),
        })
    }

    /// Waits for the flush that is under way. Its error is told once, here, and the file is then worth nothing.
    fn flushed(&mut self) -> io::Result<()> {
        match self.flush.take() {
            Some(flush) => flush
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the flush panicked"))),
            None => Ok(()),
        }
    }

    /// Begins to flush what has come since the last time, on a thread of its own.
    fn flush_meanwhile(&mut self) -> io::Result<()> {
        self.flushed()?;
        let file = self.file.as_file().try_clone()?;
        self.flushed = self.bytes;
        self.flush = Some(std::thread::spawn(move || file.sync_data()));
        Ok(())
    }
}

impl Write for SpoolWriter {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.bytes += written as u64;
        self.hash.update(&buffer[..written]);
        if self.bytes - self.flushed >= FLUSH && self.flush.as_ref().is_none_or(JoinHandle::is_finished) {
            self.flush_meanwhile()?;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Spooled {
    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Its size in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// SHA-256 of its bytes as sent; `None` if they came in pieces, some of them before a restart.
    #[must_use]
    pub fn sha256(&self) -> Option<[u8; 32]> {
        self.sha256
    }

    /// Gives it the name of a batch's file and makes the name durable, before the batch is written.
    pub(crate) fn keep(self, name: &str) -> io::Result<()> {
        self.file
            .persist(self.folder.join(name))
            .map_err(|error| error.error)?;
        File::open(&self.folder)?.sync_all()
    }
}
