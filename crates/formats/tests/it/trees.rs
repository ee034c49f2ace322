//! XML of other vocabularies and JSON: the shipped profiles on fixtures of made-up children, and, where they are at
//! hand, on the sample exports.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use formats::{BatchKind, Options, Profile, Refusal, Summary, profile};

use crate::kept::Kept;

fn shipped(name: &str) -> Profile {
    profile::shipped().into_iter().find(|p| p.name == name).unwrap()
}

fn read(path: &Path, profile: &Profile, kind: Option<BatchKind>) -> (Result<Summary, Refusal>, Kept) {
    let options = Options {
        profile: Some(profile),
        kind,
        ..Options::default()
    };
    let mut kept = Kept::default();
    let outcome = formats::read(path, &options, &mut kept);
    (outcome, kept)
}

/// The folders of a state's sample exports by date, if `MARIPOSA_SAMPLES` says where they are.
fn samples(state: &str) -> Vec<PathBuf> {
    let Some(root) = std::env::var_os("MARIPOSA_SAMPLES") else {
        return Vec::new();
    };
    let mut dates: Vec<PathBuf> = Path::new(&root)
        .join(state)
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    dates.sort();
    assert_eq!(dates.len(), 3, "a full extract and two of changes");
    dates
}

fn shown(kept: &Kept, summary: &Summary) -> String {
    use std::fmt::Write;
    let mut text = format!("{:?} {:#?}\n", summary.header, summary.rows);
    let mut groups: BTreeMap<String, (u32, String)> = BTreeMap::new();
    for f in &kept.findings {
        let key = format!("{} {} {}", f.code, f.element.as_deref().unwrap_or("-"), f.message);
        let entry = groups.entry(key).or_insert_with(|| (0, format!("{f:?}")));
        entry.0 += 1;
    }
    for (key, (count, one)) in groups {
        writeln!(text, "{count:5} {key}\n      {one}").unwrap();
    }
    text
}

#[test]
fn print_edfi() {
    for name in ["edfi-xml", "edfi-json"] {
        let (outcome, kept) = edfi(name);
        println!("{name} {}", shown(&kept, &outcome.unwrap()));
        for s in &kept.students { println!("{}", serde_json::to_string_pretty(&s.student).unwrap()); }
        for s in &kept.facilities { println!("{}", serde_json::to_string(&s).unwrap()); }
    }
}

fn edfi(name: &str) -> (Result<Summary, Refusal>, Kept) {
    let profile = shipped(name);
    let options = Options {
        profile: Some(&profile),
        state: Some("TX".parse().unwrap()),
        kind: Some(BatchKind::Full),
        as_of: Some("2026-04-01T00:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let mut kept = Kept::default();
    let outcome = formats::read(&fixtures(name), &options, &mut kept);
    (outcome, kept)
}

fn fixtures(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

#[test]
fn samples_load() {
    for state in ["TX", "WI"] {
        let profile = shipped(&state.to_lowercase());
        for (index, folder) in samples(state).iter().enumerate() {
            let kind = if index == 0 {
                BatchKind::Full
            } else {
                BatchKind::Delta
            };
            let (outcome, kept) = read(folder, &profile, Some(kind));
            println!("{} {}", folder.display(), shown(&kept, &outcome.unwrap()));
        }
    }
}
