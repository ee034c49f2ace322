//! `doctor`, with a hub that is well, one that refuses, and none.

use std::path::Path;
use std::process::Command;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use crate::hub::{Answer, Authority, Hub, no_batches, problem};

fn run(arguments: &[String], more: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mariposa-client"));
    for name in ["HUB", "CERT", "KEY", "CA", "PROFILE", "STATE_DIR"] {
        command.env_remove(format!("MARIPOSA_{name}"));
    }
    let output = command
        .env("HOME", std::env::temp_dir().join("mariposa-nobody"))
        .arg("doctor")
        .args(arguments)
        .args(more)
        .output()
        .expect("it runs");
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let out = String::from_utf8(output.stdout).expect("text");
    (output.status.code().expect("it ended"), out)
}

/// A hub that is well, whose clock is so many seconds from this one.
fn hub(ahead: i64) -> Hub {
    Hub::start(move |call, _| match call.line.as_str() {
        line if line.contains("limit=1 ") => {
            let now = Utc::now() + TimeDelta::seconds(ahead);
            let (status, _, body) = no_batches();
            let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            (status, vec![("date", date)], body)
        }
        line if line.starts_with("OPTIONS /v1/uploads ") => {
            (204, vec![("tus-version", "1.0.0".to_owned())], Value::Null)
        }
        line if line.starts_with("GET /v1/profiles ") => {
            (200, vec![], json!({ "items": [{ "name": "ky" }] }))
        }
        line => panic!("not expected: {line}"),
    })
}

fn arguments(hub: &Hub, folder: &Path) -> Vec<String> {
    let mut arguments = hub.arguments(folder);
    private(&folder.join("tx.key"), true);
    let notes = folder.join("notes").to_string_lossy().into_owned();
    arguments.extend(["--state-dir".to_owned(), notes]);
    arguments
}

#[cfg(unix)]
fn private(key: &Path, private: bool) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = if private { 0o600 } else { 0o644 };
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(mode)).expect("set");
}

#[cfg(not(unix))]
fn private(_key: &Path, _private: bool) {}

#[test]
fn nothing_is_missing() {
    let (folder, hub) = (tempfile::tempdir().expect("a folder"), hub(0));
    let (exit, out) = run(&arguments(&hub, folder.path()), &["--profile", "ky"]);
    assert_eq!(exit, 0, "{out}");
    for told in [
        "key: only its owner can read it",
        "key: it belongs to the certificate",
        "connection: TLS 1.3 with port",
        "hub: it accepts this certificate, serial ",
        "clock: this machine is ",
        "uploads: they resume where they were cut",
        "profile: the hub knows ky",
        "notes: unfinished uploads are noted in",
        "An upload would get through.",
    ] {
        assert!(out.contains(told), "{told} is missing in {out}");
    }
    assert!(!out.contains("WRONG") && !out.contains("warning"), "{out}");
}

#[test]
fn what_should_be_done_soon_is_a_warning() {
    let (folder, hub) = (tempfile::tempdir().expect("a folder"), hub(0));
    let arguments = arguments(&hub, folder.path());
    private(&folder.path().join("tx.key"), false);
    let (exit, out) = run(&arguments, &["--json"]);
    assert_eq!(exit, 1, "{out}");
    let answers: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    let warned = answers
        .iter()
        .find(|answer| answer["verdict"] == "warning")
        .expect("a warning");
    assert_eq!(warned["topic"], "key");
    assert!(
        warned["fix"]
            .as_str()
            .is_some_and(|fix| fix.starts_with("run: chmod 600"))
    );
    assert_eq!(
        answers.last(),
        Some(&json!({ "event": "done", "wrong": 0, "exit": 1 }))
    );
}

#[test]
fn nothing_given_is_asked_for() {
    let (exit, out) = run(&[], &[]);
    assert_eq!(exit, 2, "{out}");
    for told in ["MARIPOSA_HUB", "MARIPOSA_CERT", "MARIPOSA_KEY", "MARIPOSA_CA"] {
        assert!(out.contains(told), "{told} is missing in {out}");
    }
    assert!(out.contains("4 to mend"), "{out}");
}

#[test]
fn certificates_and_clocks_are_told_with_their_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let well = hub(0);
    let told = |arguments: &[String], exit: i32, texts: &[&str]| {
        let (found, out) = run(arguments, &[]);
        assert_eq!(found, exit, "{out}");
        for text in texts {
            assert!(out.contains(text), "{text} is missing in {out}");
        }
    };
    let ended = well.authority.issue_until("tx", 2020);
    let with = |cert: &str, key: &str, ca: &str| {
        let arguments = well.arguments_with(folder.path(), cert, key, ca);
        private(&folder.path().join("tx.key"), true);
        arguments
    };
    told(
        &with(&ended.0, &ended.1, &well.authority.pem),
        5,
        &["ended on 2020-01-01", "ask the hub's operator for a new one"],
    );
    let (good, other) = (well.authority.issue("tx"), Authority::new());
    told(
        &with(&good.0, &good.1, &other.pem),
        5,
        &[
            "the hub's certificate is not accepted",
            "use the name and the authority",
        ],
    );
    let stranger = other.issue("tx");
    told(
        &with(&stranger.0, &stranger.1, &well.authority.pem),
        5,
        &[
            "does not accept this client certificate",
            "whether the certificate with serial",
        ],
    );
    told(
        &with(&good.0, &stranger.1, &well.authority.pem),
        5,
        &["do not fit"],
    );
    let slow = hub(-1000);
    told(
        &arguments(&slow, folder.path()),
        5,
        &["s ahead of the hub", "set this machine's clock"],
    );
}

#[test]
fn a_hub_that_refuses_or_is_not_there_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let unregistered = |_: &crate::hub::Call, _| -> Answer {
        problem(
            403,
            "certificate-unregistered",
            "The certificate is not registered",
            "",
        )
    };
    let hub = Hub::start(unregistered);
    let (exit, out) = run(&arguments(&hub, folder.path()), &[]);
    assert_eq!(exit, 5, "{out}");
    assert!(
        out.contains("ask the hub's operator to register the certificate"),
        "{out}"
    );

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = nobody.local_addr().expect("an address").port();
    drop(nobody);
    let mut arguments = arguments(&hub, folder.path());
    arguments[1] = format!("https://localhost:{port}");
    let (exit, out) = run(&arguments, &[]);
    assert_eq!(exit, 4, "{out}");
    assert!(out.contains("permit outgoing TCP to localhost"), "{out}");
    assert!(out.contains("1 to mend"), "told once: {out}");
}
