//! `feed`: a file that goes on where it ended, and is mended where it was cut.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::hub::{Hub, problem};

/// A hub whose feed has 2,500 entries.
fn hub() -> Hub {
    Hub::start(|call, _| {
        let query = call.line.split(['?', ' ']).nth(2).unwrap_or_default();
        let of = |name: &str| -> i64 {
            let pair = query.split('&').find_map(|pair| pair.strip_prefix(name));
            pair.and_then(|text| text.parse().ok()).unwrap_or(0)
        };
        let (cursor, limit) = (of("cursor="), of("limit="));
        if cursor == 99 {
            return problem(
                403,
                "certificate-unregistered",
                "The certificate is not registered",
                "Ask.",
            );
        }
        let items: Vec<Value> = (cursor + 1..=2_500)
            .take(usize::try_from(limit).expect("a limit"))
            .map(|n| {
                json!({
                    "change_id": n, "kind": "enrollment", "at": "2026-03-05T02:00:00Z", "state_student_id": "=1+1",
                    "person_id": "123456789012", "former_person_id": null, "from_state": "CA", "added": 1, "removed": 0,
                })
            })
            .collect();
        (200, vec![], json!({ "items": items, "next": "/v1/changes" }))
    })
}

fn run(hub: &Hub, folder: &Path, more: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mariposa-client"));
    for name in ["MARIPOSA_HUB", "MARIPOSA_CERT", "MARIPOSA_KEY", "MARIPOSA_CA"] {
        command.env_remove(name);
    }
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .arg("feed")
        .args(hub.arguments(folder))
        .args(more)
        .output()
        .expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code().expect("it ended"), text(stdout), text(stderr))
}

fn places(text: &str) -> Vec<i64> {
    let place = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["change_id"].as_i64();
    text.lines().map(|line| place(line).expect("a number")).collect()
}

#[test]
fn a_file_goes_on_where_it_ended_and_is_mended_where_it_was_cut() {
    let hub = hub();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("changes.jsonl");
    let out = file.to_str().expect("a path");
    let (exit, told, messages) = run(&hub, folder.path(), &["--out", out]);
    assert_eq!(exit, 0, "{messages}");
    assert!(
        told.contains("2500 changes added") && told.contains("the last one is 2500"),
        "{told}"
    );
    let whole = std::fs::read_to_string(&file).expect("read");
    assert_eq!(places(&whole), (1..=2_500).collect::<Vec<_>>());

    // Killed in the middle of a line.
    std::fs::write(&file, &whole[..whole.len() / 2]).expect("written");
    let (exit, ..) = run(&hub, folder.path(), &["--out", out]);
    assert_eq!(exit, 0);
    assert_eq!(std::fs::read_to_string(&file).expect("read"), whole);
    let (exit, told, _) = run(&hub, folder.path(), &["--out", out, "--json"]);
    let told: Value = serde_json::from_str(told.lines().last().expect("a line")).expect("JSON");
    assert_eq!(
        (exit, &told["entries"], &told["cursor"]),
        (0, &json!(0), &json!(2_500))
    );

    let (exit, _, messages) = run(&hub, folder.path(), &["--out", out, "--since", "7"]);
    assert_eq!(exit, 2, "it would be told twice");
    assert!(messages.contains("has entries up to 2500"), "{messages}");
}

#[test]
fn a_csv_file_has_one_line_of_names_and_no_formula() {
    let hub = hub();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("changes.csv");
    let out = ["--out", file.to_str().expect("a path"), "--format", "csv"];
    let (exit, ..) = run(&hub, folder.path(), &[&out[..], &["--since", "2498"]].concat());
    assert_eq!(exit, 0);
    let whole = std::fs::read_to_string(&file).expect("read");
    let lines: Vec<&str> = whole.lines().collect();
    assert!(lines[0].starts_with("change_id,kind,at,"), "{whole}");
    assert_eq!(
        lines[1],
        "2499,enrollment,2026-03-05T02:00:00Z,'=1+1,123456789012,,CA,1,0,,,,"
    );
    assert_eq!(lines.len(), 3);
    std::fs::write(&file, &whole[..whole.len() - 9]).expect("written");
    assert_eq!(run(&hub, folder.path(), &out).0, 0);
    assert_eq!(std::fs::read_to_string(&file).expect("read"), whole);
}

#[test]
fn what_goes_wrong_has_its_exit_code() {
    let hub = hub();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("changes.jsonl");
    let out = file.to_str().expect("a path");
    assert_eq!(run(&hub, folder.path(), &["--out", out, "--since", "99"]).0, 5);
    let nowhere = folder.path().join("none").join("x");
    let nowhere = nowhere.to_str().expect("a path");
    assert_eq!(run(&hub, folder.path(), &["--out", nowhere]).0, 2);
    assert_eq!(run(&hub, folder.path(), &["--out", out, "--wait", "16"]).0, 2);
}
