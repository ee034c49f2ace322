//! What has come to rest: nobody writes to it any more.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::filing::{REFUSED, SENT};
use crate::pack::name_of;

/// Endings of the empty files that say of the file or folder beside them that it is complete.
const MARKERS: [&str; 2] = ["done", "ready"];
/// Endings under which other programs write what is not complete.
const UNFINISHED: [&str; 4] = ["part", "partial", "filepart", "tmp"];

/// A file or folder that is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ready {
    /// The file or folder.
    pub(crate) path: PathBuf,
    /// The file beside it that said so.
    pub(crate) marker: Option<PathBuf>,
}

/// What was seen of a drop folder so far. Times of files are not believed, as they may come from another clock or be
/// kept by the program that copies: what counts is that nothing changed while somebody looked.
#[derive(Debug)]
pub(crate) struct Rest {
    settle: Duration,
    seen: HashMap<PathBuf, (Shape, Instant)>,
}

/// What changes when somebody writes to a file, or into a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shape {
    files: usize,
    bytes: u64,
    newest: Option<SystemTime>,
}

impl Rest {
    /// Nothing seen yet. What does not change for as long as `settle` has come to rest.
    pub(crate) fn new(settle: Duration) -> Self {
        Self {
            settle,
            seen: HashMap::new(),
        }
    }

    /// Looks at the folder at an instant, and gives what has come to rest, by name.
    pub(crate) fn look(&mut self, folder: &Path, now: Instant) -> io::Result<Vec<Ready>> {
        let mut there = HashMap::new();
        let mut ready = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if !is_wanted(&path) {
                continue;
            }
            // What cannot be looked at now is gone, or is looked at the next time.
            let Ok(shape) = Shape::of(&path) else { continue };
            if shape.files == 0 {
                continue; // a folder that somebody is about to fill
            }
            let since = match self.seen.get(&path) {
                Some((before, since)) if *before == shape => *since,
                _ => now,
            };
            let marker = marker(&path);
            if marker.is_some() || now.duration_since(since) >= self.settle {
                ready.push(Ready {
                    path: path.clone(),
                    marker,
                });
            }
            there.insert(path, (shape, since));
        }
        self.seen = there;
        ready.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(ready)
    }

    /// Forgets what was seen of an entry, which has to come to rest anew.
    pub(crate) fn again(&mut self, path: &Path) {
        self.seen.remove(path);
    }

    /// Whether there was nothing when the folder was last looked at.
    pub(crate) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

impl Shape {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let mut shape = Self {
            files: 0,
            bytes: 0,
            newest: None,
        };
        if metadata.is_file() {
            shape.add(&metadata);
            return Ok(shape);
        }
        for entry in fs::read_dir(path)? {
            shape.add(&entry?.metadata()?);
        }
        Ok(shape)
    }

    fn add(&mut self, metadata: &Metadata) {
        self.files += 1;
        self.bytes += metadata.len();
        self.newest = self.newest.max(metadata.modified().ok());
    }
}

fn is_wanted(path: &Path) -> bool {
    let name = name_of(path);
    let ends_with = |endings: &[&str]| {
        path.extension()
            .is_some_and(|own| endings.iter().any(|ending| own.eq_ignore_ascii_case(ending)))
    };
    !(name.starts_with('.')
        || name == "Thumbs.db"
        || name == SENT
        || name == REFUSED
        || ends_with(&MARKERS)
        || ends_with(&UNFINISHED))
}

fn marker(path: &Path) -> Option<PathBuf> {
    MARKERS
        .iter()
        .map(|ending| path.with_file_name(format!("{}.{ending}", name_of(path))))
        .find(|marker| marker.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(10);

    fn names(ready: &[Ready]) -> Vec<String> {
        ready.iter().map(|ready| name_of(&ready.path)).collect()
    }

    #[test]
    fn what_does_not_change_for_a_while_is_ready() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name);
        let (mut rest, start) = (Rest::new(SETTLE), Instant::now());
        let mut at = |seconds| {
            names(
                &rest
                    .look(folder.path(), start + Duration::from_secs(seconds))
                    .expect("looked"),
            )
        };
        fs::write(file("a.xml"), "1").expect("written");
        fs::create_dir(file("night")).expect("made");
        fs::write(file("night/one.txt"), "1").expect("written");
        for ignored in ["b.xml.part", ".hidden", "c.done", "d.TMP"] {
            fs::write(file(ignored), "1").expect("written");
        }
        for ignored in ["sent", "empty"] {
            fs::create_dir(file(ignored)).expect("made");
        }
        assert!(at(0).is_empty());
        assert!(at(9).is_empty());
        fs::write(file("night/two.txt"), "2").expect("written");
        assert_eq!(at(10), ["a.xml"], "the folder grew");
        fs::write(file("a.xml"), "12").expect("written");
        assert!(at(19).is_empty(), "the file grew");
        assert_eq!(at(20), ["night"]);
        assert_eq!(at(29), ["a.xml", "night"]);
    }

    #[test]
    fn a_marker_says_it_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.xml");
        fs::write(&file, "1").expect("written");
        let mut rest = Rest::new(SETTLE);
        let now = Instant::now();
        assert!(rest.look(folder.path(), now).expect("looked").is_empty());
        let marker = folder.path().join("a.xml.done");
        fs::write(&marker, "").expect("written");
        assert_eq!(
            rest.look(folder.path(), now).expect("looked"),
            [Ready {
                path: file,
                marker: Some(marker)
            }]
        );
    }

    #[test]
    fn what_changed_on_its_way_rests_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.xml");
        fs::write(&file, "1").expect("written");
        let (mut rest, start) = (Rest::new(SETTLE), Instant::now());
        rest.look(folder.path(), start).expect("looked");
        rest.again(&file);
        assert!(
            rest.look(folder.path(), start + SETTLE)
                .expect("looked")
                .is_empty()
        );
        assert!(!rest.is_empty());
        assert_eq!(
            rest.look(folder.path(), start + 2 * SETTLE)
                .expect("looked")
                .len(),
            1
        );
    }
}
