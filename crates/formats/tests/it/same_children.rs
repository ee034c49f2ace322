//! The same children in every format are the same stored students, byte for byte.

use std::path::{Path, PathBuf};

use formats::{Options, Profile};

use crate::kept::Kept;

fn family() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/family")
}

/// What is stored of the family: each student as it is serialised, with its content hash, and the facilities.
#[derive(Debug, PartialEq)]
struct Stored {
    students: Vec<(String, [u8; 32])>,
    facilities: Vec<String>,
}

fn stored(path: &Path, profile: Option<&Profile>) -> Stored {
    let mut kept = Kept::default();
    let options = Options {
        profile,
        as_of: Some("2026-04-01T00:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let summary =
        formats::read(path, &options, &mut kept).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(
        kept.findings.is_empty(),
        "{}: {:?}",
        path.display(),
        kept.findings
    );
    assert_eq!(summary.rows.students, 2, "{}", path.display());
    let mut students: Vec<_> = kept
        .students
        .iter()
        .map(|s| {
            (
                serde_json::to_string(&s.student).unwrap(),
                s.student.content_hash(),
            )
        })
        .collect();
    students.sort();
    let mut facilities: Vec<_> = kept
        .facilities
        .iter()
        .map(|f| serde_json::to_string(f).unwrap())
        .collect();
    facilities.sort();
    Stored { students, facilities }
}

#[test]
fn every_format_gives_the_same_students() {
    let native = stored(&family().join("native.xml"), None);
    assert!(native.students[0].0.contains("Ibáñez"), "{native:?}");
    let mut formats = 0;
    for entry in std::fs::read_dir(family()).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let profile = Profile::load(&folder.join("profile.toml"))
            .unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        // The profile lies beside the files of the export, not among them.
        let export = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(&folder).unwrap() {
            let file = file.unwrap();
            if file.file_name() != "profile.toml" {
                std::fs::copy(file.path(), export.path().join(file.file_name())).unwrap();
            }
        }
        assert_eq!(
            stored(export.path(), Some(&profile)),
            native,
            "{}",
            folder.display()
        );
        formats += 1;
    }
    assert!(formats >= 3, "delimited, fixed, wide");
}
