//! `profile check`: a description alone, and with files.

use std::path::Path;
use std::process::{Command, Output};

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_mariposa-client"))
        .current_dir(folder)
        .args(["profile", "check"])
        .args(arguments)
        .output()
        .expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code().expect("it ended"), text(stdout), text(stderr))
}

#[test]
fn a_profile_is_tried_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let (exit, out, messages) = run(folder.path(), &["ky"]);
    assert_eq!((exit, out.contains("ky")), (0, true), "{out}{messages}");
    assert_eq!(run(folder.path(), &["nowhere"]).0, 2);
    assert_eq!(run(folder.path(), &["ky", "--sample", "missing.txt"]).0, 2);
    std::fs::write(folder.path().join("mine.toml"), "name = 'mine'\nversion = 'x'\n").expect("written");
    let (exit, _, messages) = run(folder.path(), &["mine.toml"]);
    assert_eq!((exit, messages.contains("line 2")), (2, true), "{messages}");
}

#[test]
fn an_export_is_shown_as_the_hub_would_read_it() {
    let Some(samples) = std::env::var_os("MARIPOSA_SAMPLES") else {
        return;
    };
    let export = Path::new(&samples).join("KY");
    let mut dates: Vec<_> = std::fs::read_dir(&export)
        .expect("an export")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    dates.sort();
    let first = dates[0].to_string_lossy().into_owned();
    let (exit, out, messages) = run(&export, &["ky", "--sample", &first, "--students", "1"]);
    assert!(exit <= 1, "{messages}");
    assert!(
        out.contains("DATA ELEMENTS") && out.contains("STUDENT 1"),
        "{out}"
    );
    let (_, out, _) = run(&export, &["ky", "--sample", &first, "--students", "0", "--json"]);
    let object: serde_json::Value = serde_json::from_str(&out).expect("one object");
    assert!(
        object["coverage"]
            .as_array()
            .is_some_and(|elements| elements.len() > 40)
    );
}
