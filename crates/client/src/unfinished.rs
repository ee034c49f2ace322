//! What is remembered of an upload that the hub holds in part, so that a program that was cut off goes on where it
//! stopped. Notes hold an address and digests, nothing of a child.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// After this time no hub keeps an unfinished upload, and its note goes away.
const FORGOTTEN: Duration = Duration::from_hours(30 * 24);
const ENDING: &str = ".upload.json";

/// One unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// The hub.
    pub(crate) hub: String,
    /// Address of the upload below the hub's.
    pub(crate) location: String,
    /// Bytes of the whole upload.
    pub(crate) bytes: u64,
    /// When it was begun, by the hub's clock.
    pub(crate) begun: Option<DateTime<Utc>>,
}

/// Where the note of one upload is kept.
#[derive(Debug, Clone)]
pub(crate) struct Place(PathBuf);

impl Place {
    /// The place for what is sent to this hub, with this digest and described by these words: the same upload finds
    /// its note again, in whichever folder its file lies, and no other upload does.
    pub(crate) fn of(folder: &Path, hub: &str, sha256: &[u8; 32], said: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [hub.as_bytes(), sha256, said.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        // 18 bytes are 24 letters without padding, and no two uploads share them.
        let name = URL_SAFE_NO_PAD.encode(&hash.finalize()[..18]);
        Self(folder.join(name + ENDING))
    }

    /// The note, if there is one that can be read.
    pub(crate) fn read(&self) -> Option<Note> {
        serde_json::from_slice(&fs::read(&self.0).ok()?).ok()
    }

    /// Writes the note whole or not at all, readable by this user only.
    pub(crate) fn write(&self, note: &Note) -> io::Result<()> {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        make_private(folder)?;
        sweep(folder);
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut file, note)?;
        file.flush()?;
        file.as_file().sync_all()?;
        file.persist(&self.0).map_err(|error| error.error)?;
        Ok(())
    }

    /// Forgets the upload: it is received, or the hub does not know it any more.
    pub(crate) fn forget(&self) {
        // A note that stays leads to a question that the hub answers with "not known", and no more.
        let _ = fs::remove_file(&self.0);
    }
}

/// Makes a folder that only this user can look into.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Takes away the notes of uploads that no hub holds any longer.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let old = entry
            .metadata()
            .and_then(|data| data.modified())
            .is_ok_and(|written| written.elapsed().is_ok_and(|age| age > FORGOTTEN));
        if old && entry.file_name().to_string_lossy().ends_with(ENDING) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_upload_finds_its_note_and_another_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = folder.path().join("state");
        let place = |hub: &str, byte: u8, said: &str| Place::of(&below, hub, &[byte; 32], said);
        let note = Note {
            hub: "https://hub".into(),
            location: "/v1/uploads/1".into(),
            bytes: 7,
            begun: None,
        };
        assert_eq!(place("a", 1, "full").read(), None);
        place("a", 1, "full").write(&note).expect("written");
        assert_eq!(place("a", 1, "full").read(), Some(note.clone()));
        for other in [
            place("b", 1, "full"),
            place("a", 2, "full"),
            place("a", 1, "delta"),
        ] {
            assert_eq!(other.read(), None);
        }
        fs::write(&place("a", 1, "full").0, "{\"hub\":").expect("written");
        assert_eq!(place("a", 1, "full").read(), None, "half a note is none");
        place("a", 1, "full").write(&note).expect("written over it");
        place("a", 1, "full").forget();
        assert_eq!(fs::read_dir(&below).expect("a folder").count(), 0);
    }

    #[test]
    fn old_notes_go_away_and_other_files_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let long_ago = std::time::SystemTime::now() - FORGOTTEN - Duration::from_mins(1);
        for name in ["a.upload.json", "other.json"] {
            let file = fs::File::create(folder.path().join(name)).expect("created");
            file.set_modified(long_ago).expect("set");
        }
        sweep(folder.path());
        assert!(!folder.path().join("a.upload.json").exists() && folder.path().join("other.json").exists());
    }
}
