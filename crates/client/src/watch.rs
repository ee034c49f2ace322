//! A drop folder: what has come to rest in it, who looks after it, and where its files go. Killed at any point, the
//! next one goes on: a file leaves the folder only after the hub's receipt, and the hub loads the same file once.

mod filing;
mod rest;

use std::fs::{File, TryLockError};
use std::path::Path;

pub(crate) use filing::{REFUSED, SENT, file_away, recover};
pub(crate) use rest::{Ready, Rest};

use crate::error::Error;

/// Name of the lock file in the folder.
const LOCK: &str = ".mariposa-watch.lock";

/// The right to look after a folder, until it is dropped or the process ends in whatever way.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "held open, which is the lock")] File);

impl Lock {
    /// Takes the folder. `None` if another program has it.
    pub(crate) fn take(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(LOCK);
        let file = File::create(&path).map_err(|error| Error::file(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::file(&path, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_program_has_a_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Lock::take(folder.path()).expect("possible");
        assert!(first.is_some());
        assert!(Lock::take(folder.path()).expect("possible").is_none());
        drop(first);
        assert!(Lock::take(folder.path()).expect("possible").is_some());
    }
}
