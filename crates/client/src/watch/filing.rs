//! Where files go when they are done: a folder each, with the hub's receipt or the reason beside the file.
//!
//! Such a folder is made under a name that begins with a dot, and gets its real name when it is complete.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::pack::name_of;

/// Folder of what the hub holds.
pub(crate) const SENT: &str = "sent";
/// Folder of what is refused as a whole.
pub(crate) const REFUSED: &str = "refused";
/// Length of the time and the dash before the name.
const STAMP: usize = "20260401T021000Z-".len();

/// Moves an entry into `into/TIME-NAME/`, beside what `documents` writes into that folder. Gives the folder.
pub(crate) fn file_away(
    entry: &Path,
    into: &Path,
    at: DateTime<Utc>,
    documents: &mut dyn FnMut(&Path) -> io::Result<()>,
) -> io::Result<PathBuf> {
    let name = name_of(entry);
    let title = format!("{}-{name}", at.format("%Y%m%dT%H%M%SZ"));
    let making = into.join(format!(".{title}"));
    if making.exists() {
        fs::remove_dir_all(&making)?;
    }
    fs::create_dir_all(&making)?;
    documents(&making)?;
    fs::rename(entry, making.join(&name))?;
    complete(&making, into, &title)
}

/// Completes what an earlier run was killed over: a folder that has its file gets its name, one without goes away.
pub(crate) fn recover(into: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(into) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let hidden = name_of(&path);
        let Some(title) = hidden.strip_prefix('.').filter(|_| path.is_dir()) else {
            continue;
        };
        match title.get(STAMP..) {
            Some(name) if path.join(name).exists() => {
                complete(&path, into, title)?;
            }
            // Nothing of the state's own is in it.
            _ => fs::remove_dir_all(&path)?,
        }
    }
    Ok(())
}

fn complete(making: &Path, into: &Path, title: &str) -> io::Result<PathBuf> {
    let mut done = into.join(title);
    let mut number = 2;
    while done.exists() {
        done = into.join(format!("{title}-{number}"));
        number += 1;
    }
    fs::rename(making, &done)?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> DateTime<Utc> {
        "2026-04-01T02:10:00Z".parse().expect("a time")
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| name_of(&entry.expect("an entry").path()))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_lies_with_what_is_said_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, sent) = (folder.path().join("night.xml"), folder.path().join(SENT));
        for expected in ["20260401T021000Z-night.xml", "20260401T021000Z-night.xml-2"] {
            fs::write(&file, "1").expect("written");
            let mut documents = |into: &Path| fs::write(into.join("receipt.json"), "{}");
            let done = file_away(&file, &sent, at(), &mut documents).expect("filed");
            assert_eq!(name_of(&done), expected);
            assert_eq!(names(&done), ["night.xml", "receipt.json"]);
            assert!(!file.exists());
        }
        recover(&sent).expect("nothing to do");
        assert_eq!(names(&sent).len(), 2);
    }

    #[test]
    fn a_file_stays_where_it_is_if_it_cannot_be_filed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, sent) = (folder.path().join("night.xml"), folder.path().join(SENT));
        fs::write(&file, "1").expect("written");
        let mut full = |_: &Path| Err(io::Error::other("the disk is full"));
        file_away(&file, &sent, at(), &mut full).expect_err("not filed");
        assert!(file.exists());
        recover(&sent).expect("recovered");
        assert!(names(&sent).is_empty(), "half a folder goes away");
    }

    #[test]
    fn what_was_killed_before_its_name_gets_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let making = folder.path().join(".20260401T021000Z-night.xml");
        fs::create_dir(&making).expect("made");
        fs::write(making.join("night.xml"), "1").expect("written");
        recover(folder.path()).expect("recovered");
        assert_eq!(names(folder.path()), ["20260401T021000Z-night.xml"]);
    }
}
