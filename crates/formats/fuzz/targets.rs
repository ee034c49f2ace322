//! What is done with any bytes, one function per reader. The fuzz targets call these, and so does a test of the suite
//! with the corpus and mutations of it, so that they stay true where no fuzzer is at hand.
//!
//! An input for a layout of several files names one of them in its first line; the other files are sound, so that joins
//! have something to join.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

use formats::{Limits, Options, Profile, Refusal, Summary, official, profile};

/// One reader and what to feed it.
pub(crate) struct Target {
    /// Name of the target and of its corpus folder.
    pub(crate) name: &'static str,
    /// Reads any bytes. Panics where the reader does, or where its counts do not add up.
    pub(crate) run: fn(&[u8]),
    /// Folder of sound files whose contents are seeds, relative to `tests/fixtures`.
    pub(crate) fixtures: &'static str,
}

/// All readers.
pub(crate) const TARGETS: [Target; 9] = [
    Target {
        name: "native",
        run: native,
        fixtures: "../../../../schemas/samples",
    },
    Target {
        name: "delimited",
        run: delimited,
        fixtures: "family/delimited",
    },
    Target {
        name: "wide",
        run: wide,
        fixtures: "family/wide",
    },
    Target {
        name: "fixed",
        run: fixed,
        fixtures: "family/fixed",
    },
    Target {
        name: "xml",
        run: xml,
        fixtures: "edfi-xml",
    },
    Target {
        name: "json",
        run: json,
        fixtures: "edfi-json",
    },
    Target {
        name: "archive",
        run: archive,
        fixtures: "../../../../schemas/samples",
    },
    Target {
        name: "profile",
        run: profile_toml,
        fixtures: "../../../../config/profiles",
    },
    Target {
        name: "official",
        run: official_document,
        fixtures: "../../../../schemas/samples",
    },
];

/// Feeds the target of that name.
pub(crate) fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a target of the table").run)(bytes);
}

/// What to begin with: the sound files, as the target takes them, and the corpus.
pub(crate) fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let several = !matches!(target.name, "native" | "archive" | "profile" | "official");
    let sound = files(&fixtures(target.fixtures))
        .into_iter()
        .map(|(name, content)| {
            if several {
                [name.as_bytes(), b"\n", &content].concat()
            } else {
                content
            }
        });
    let corpus = fixtures("../../fuzz/corpus").join(target.name);
    sound
        .chain(files(&corpus).into_iter().map(|(_, content)| content))
        .collect()
}

/// Where the sound files are.
pub(crate) fn fixtures(folder: &str) -> PathBuf {
    // Built as a part of the crate's tests, or of the fuzz package in a folder of the crate.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crate_folder = if here.ends_with("fuzz") {
        here.join("..")
    } else {
        here.to_owned()
    };
    crate_folder.join("tests/fixtures").join(folder)
}

/// The files of a folder that are rows, with their names, sorted.
pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the fixtures are there")
        .map(|entry| entry.expect("a readable folder"))
        .filter(|entry| entry.file_name() != "profile.toml" && entry.path().is_file())
        .map(|entry| {
            let name = entry.file_name().into_string().expect("a name in UTF-8");
            (name, fs::read(entry.path()).expect("a readable file"))
        })
        .collect();
    files.sort();
    files
}

fn options(profile: Option<&Profile>) -> Options<'_> {
    Options {
        profile,
        state: mde::StateCode::new("TX")
            .ok()
            .filter(|_| profile.is_some_and(|p| p.state.is_none())),
        as_of: Some("2026-04-01T00:00:00Z".parse().expect("an instant")),
        kind: profile.map(|_| formats::BatchKind::Full),
        limits: Limits {
            decompressed_bytes: 1 << 20,
            record_bytes: 1 << 16,
            ..Limits::default()
        },
        ..Options::default()
    }
}

/// Every row that was read is kept, refused or ignored; a refusal says why and what to do.
fn holds(outcome: Result<Summary, Refusal>) {
    match outcome {
        Ok(summary) => {
            let rows = summary.rows;
            let ignored: u64 = rows.ignored_rows.values().sum();
            assert_eq!(rows.read, rows.kept + rows.refused + ignored, "{rows:?}");
        }
        Err(refusal) => {
            assert!(
                !refusal.message.is_empty() && !refusal.fix.is_empty(),
                "{refusal:?}"
            );
            assert_ne!(refusal.code.code(), "accounting", "{refusal}");
        }
    }
}

fn native(bytes: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("the temporary folder takes it");
    holds(formats::read(
        file.path(),
        &Options {
            as_of: None,
            ..options(None)
        },
        &mut (),
    ));
}

/// Sound files of one layout, of which an input replaces one.
struct Export {
    folder: tempfile::TempDir,
    files: Vec<(String, Vec<u8>)>,
    profile: Profile,
}

impl Export {
    fn of(fixtures_folder: &str, shipped: Option<&str>) -> Mutex<Self> {
        let from = fixtures(fixtures_folder);
        let profile = match shipped {
            Some(name) => profile::shipped()
                .into_iter()
                .find(|p| p.name == name)
                .expect("a shipped profile"),
            None => Profile::load(&from.join("profile.toml")).expect("a sound profile"),
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let files = files(&from);
        for (name, content) in &files {
            fs::write(folder.path().join(name), content).expect("the temporary folder takes it");
        }
        Mutex::new(Self {
            folder,
            files,
            profile,
        })
    }

    /// Reads the export with the file that the first line names (any file for any other line) replaced by the rest.
    fn run(&self, input: &[u8]) {
        let end = input.iter().position(|b| *b == b'\n').unwrap_or(input.len());
        let (line, rest) = (&input[..end], input.get(end + 1..).unwrap_or_default());
        let named = self.files.iter().position(|(name, _)| name.as_bytes() == line);
        let (name, sound) = &self.files[named.unwrap_or(line.len() % self.files.len())];
        let path = self.folder.path().join(name);
        fs::write(&path, rest).expect("the temporary folder takes it");
        let outcome = formats::read(self.folder.path(), &options(Some(&self.profile)), &mut ());
        fs::write(&path, sound).expect("the temporary folder takes it");
        holds(outcome);
    }
}

macro_rules! exports {
    ($($name:ident: $folder:literal, $shipped:expr;)+) => {$(
        fn $name(input: &[u8]) {
            static EXPORT: LazyLock<Mutex<Export>> = LazyLock::new(|| Export::of($folder, $shipped));
            EXPORT.lock().unwrap_or_else(std::sync::PoisonError::into_inner).run(input);
        }
    )+};
}

exports! {
    delimited: "family/delimited", None;
    wide: "family/wide", None;
    fixed: "family/fixed", None;
    xml: "edfi-xml", Some("edfi-xml");
    json: "edfi-json", Some("edfi-json");
}

/// The bytes as they are, as an archive or a compressed file: as native XML and as an export.
fn archive(bytes: &[u8]) {
    static PROFILE: LazyLock<Profile> = LazyLock::new(|| {
        profile::shipped()
            .into_iter()
            .find(|p| p.name == "ky")
            .expect("a shipped profile")
    });
    native(bytes);
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("the temporary folder takes it");
    holds(formats::read(file.path(), &options(Some(&PROFILE)), &mut ()));
    let _ = formats::digest(file.path(), &options(None));
}

/// Any text is a profile or refused with a reason.
fn official_document(bytes: &[u8]) {
    match official::examine(bytes) {
        Ok(official::MediaType::Pdf) => assert!(bytes.starts_with(b"%PDF-")),
        Ok(official::MediaType::Xml) => assert!(std::str::from_utf8(bytes).is_ok()),
        Err(refusal) => assert!(!refusal.message.is_empty() && refusal.line != Some(0)),
    }
}

fn profile_toml(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Err(error) = Profile::parse(text) {
        assert!(!error.to_string().is_empty());
    }
}
