//! The decompressed bytes of one file: counted against a limit and hashed as they pass.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use crate::refusal::{Refusal, RefusalCode};

/// The decompressed bytes of one file.
pub(crate) struct Source<'a> {
    inner: &'a mut dyn Read,
    hash: Sha256,
    bytes: u64,
    limit: u64,
}

impl<'a> Source<'a> {
    /// Reads from `inner` at most `limit` bytes.
    pub(crate) fn new(inner: &'a mut dyn Read, limit: u64) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            bytes: 0,
            limit,
        }
    }

    /// Fills the buffer as far as the file goes; 0 at its end.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Refusal> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.inner.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(refusal_of(&e)),
            }
            // Checked here and not at the end of the buffer, so that a bomb is unpacked no further than the limit.
            if self.bytes + filled as u64 > self.limit {
                return Err(Refusal::new(
                    RefusalCode::TooLarge,
                    "The decompressed content goes beyond the limit.",
                ));
            }
        }
        self.hash.update(&buffer[..filled]);
        self.bytes += filled as u64;
        Ok(filled)
    }

    /// Decompressed bytes so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// SHA-256 of what has been read.
    pub(crate) fn into_hash(self) -> [u8; 32] {
        self.hash.finalize().into()
    }
}

/// What an error of a file or of its decompressor means for the upload.
pub(crate) fn refusal_of(error: &io::Error) -> Refusal {
    if error.raw_os_error().is_some() {
        // The system's errors are about our disk, the decompressors' are about the file.
        Refusal::new(
            RefusalCode::Unreadable,
            format!("The file could not be read: {error}."),
        )
    } else if error.kind() == io::ErrorKind::UnexpectedEof {
        Refusal::new(RefusalCode::Truncated, "The compressed file ends too early.")
    } else {
        Refusal::new(
            RefusalCode::BadArchive,
            format!("The file cannot be unpacked: {error}."),
        )
    }
}
