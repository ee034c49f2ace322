//! `watch`: a drop folder, with a hub that takes files, refuses them, or is away, and a program that is killed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::hub::{Answer, Hub, NAME, batch, night, no_batches, problem, received};

struct Drop {
    place: tempfile::TempDir,
    hub: Hub,
    arguments: Vec<String>,
}

impl Drop {
    fn new(hub: Hub) -> Self {
        let place = tempfile::tempdir().expect("a folder");
        let mut arguments = hub.arguments(place.path());
        let notes = place.path().join("notes").to_string_lossy().into_owned();
        arguments.extend(["--state-dir".to_owned(), notes]);
        std::fs::create_dir(place.path().join("out")).expect("made");
        Self {
            place,
            hub,
            arguments,
        }
    }

    fn folder(&self) -> PathBuf {
        self.place.path().join("out")
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.folder().join(name), text).expect("written");
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mariposa-client"));
        for name in ["MARIPOSA_PROFILE", "MARIPOSA_STATE_DIR"] {
            command.env_remove(name);
        }
        command
            .arg("watch")
            .arg(self.folder())
            .args(&self.arguments)
            .args(more);
        command
    }

    fn once(&self, more: &[&str]) -> (i32, String, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(&["--once"]).args(more).output().expect("it runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let (out, messages) = (text(stdout), text(stderr));
        for told in [&out, &messages] {
            assert!(
                !told.contains(NAME) && !told.contains("2010-13-06"),
                "a child's data are shown: {told}"
            );
        }
        (status.code().expect("it ended"), out, messages)
    }

    /// Files below a folder of the drop folder, without the time in the names of folders.
    fn below(&self, name: &str) -> Vec<String> {
        let mut files = Vec::new();
        for folder in list(&self.folder().join(name)) {
            for file in list(&folder) {
                let (folder, file) = (file_name(&folder), file_name(&file));
                files.push(format!("{}/{file}", folder.split_once('-').expect("a time").1));
            }
        }
        files.sort();
        files
    }

    fn read(&self, name: &str, file: &str) -> String {
        let folder = list(&self.folder().join(name)).remove(0);
        std::fs::read_to_string(folder.join(file)).expect("read")
    }
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// A hub that takes everything; its batch ends in this status.
fn hub(status: &'static str, errors: u64) -> Hub {
    Hub::start(move |call, _| match call.line.as_str() {
        line if line.contains("limit=1 ") => no_batches(),
        _ if call.is_upload() => received(),
        line if line.starts_with("GET /v1/batches/7 ") => (200, vec![], batch(status, (0, errors))),
        line if line.starts_with("GET /v1/batches/7/findings") => {
            let finding = json!({
                "severity": "error", "code": "V102", "line": 5, "state_student_id": "S2", "part": "student",
                "element": "9", "received": NAME, "message": format!("{NAME} is not a date."), "fix": "Correct it."
            });
            (200, vec![], json!({ "items": [finding] }))
        }
        line => panic!("not expected: {line}"),
    })
}

#[test]
fn what_is_sent_lies_with_its_receipt_and_findings() {
    let drop = Drop::new(hub("loaded", 0));
    drop.put("good.xml", &night(true));
    drop.put("bad.xml", &night(false));
    let (exit, out, messages) = drop.once(&["--settle", "1"]);
    assert_eq!(exit, 0, "{out}{messages}");
    assert_eq!(
        drop.below("sent"),
        ["bad.xml", "good.xml"]
            .map(|name| ["findings.csv", name, "receipt.json"].map(|file| format!("{name}/{file}")))
            .concat()
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
    let receipt: Value = serde_json::from_str(&drop.read("sent", "receipt.json")).expect("a receipt");
    assert_eq!(receipt["batch"]["batch_id"], 7);
    let findings = drop.read("sent", "findings.csv");
    assert!(findings.contains("V102,bad.xml,5,S2,"), "{findings}");
    assert!(!findings.contains("2010-13-06"), "values only when asked for");
    assert!(
        out.lines()
            .all(|line| line.starts_with("20") || line.starts_with("  ")),
        "{out}"
    );
    assert_eq!(drop.hub.uploads().len(), 2);
    assert_eq!(drop.once(&["--settle", "1"]).0, 0, "nothing is left to do");
    assert_eq!(drop.hub.uploads().len(), 2);
}

#[test]
fn a_marked_file_goes_at_once_and_an_unmarked_one_waits() {
    let drop = Drop::new(hub("loaded", 1));
    drop.put("bad.xml", &night(false));
    drop.put("bad.xml.done", "");
    drop.put("unfinished.xml.part", "<");
    let started = Instant::now();
    let (exit, out, messages) = drop.once(&[
        "--settle", "3600", "--wait", "--values", "--report", "xlsx", "--json",
    ]);
    assert!(started.elapsed() < Duration::from_mins(10));
    assert_eq!((exit, messages.as_str()), (1, ""), "{out}");
    assert_eq!(
        drop.below("sent"),
        ["bad.xml", "batch.json", "findings.xlsx", "receipt.json"].map(|file| format!("bad.xml/{file}"))
    );
    let left: Vec<_> = list(&drop.folder()).iter().map(|path| file_name(path)).collect();
    assert_eq!(left, [".mariposa-watch.lock", "sent", "unfinished.xml.part"]);
    let events: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    let last = events.last().expect("an event");
    assert_eq!((&last["event"], &last["exit"]), (&json!("filed"), &json!(1)));
    assert!(last["at"].is_string());
}

#[test]
fn what_is_refused_lies_with_its_reason() {
    let refusing = |call: &crate::hub::Call, _| -> Answer {
        if call.is_upload() {
            problem(
                422,
                "unusable-file",
                "The file is refused",
                "It is of the future.",
            )
        } else {
            no_batches()
        }
    };
    let drop = Drop::new(Hub::start(refusing));
    drop.put("here.xml", &format!("<!DOCTYPE x>{}", night(true)));
    let (exit, _, messages) = drop.once(&["--settle", "0"]);
    assert_eq!(exit, 3, "{messages}");
    assert_eq!(drop.hub.calls().len(), 0, "refused on this side");
    assert!(drop.read("refused", "reason.txt").contains("Remove the DOCTYPE"));
    std::fs::remove_dir_all(drop.folder().join("refused")).expect("removed");
    drop.put("there.xml", &night(true));
    assert_eq!(drop.once(&["--settle", "0"]).0, 3);
    assert!(drop.read("refused", "reason.txt").contains("It is of the future"));
    assert_eq!(
        drop.below("refused"),
        ["findings.csv", "reason.txt", "there.xml"].map(|file| format!("there.xml/{file}"))
    );

    let failing = Drop::new(hub("failed", 0));
    failing.put("late.xml", &night(true));
    assert_eq!(failing.once(&["--settle", "0", "--wait"]).0, 3);
    assert!(failing.read("refused", "reason.txt").contains("batch 7: failed"));
}

#[test]
fn what_could_not_be_sent_stays() {
    let mut drop = Drop::new(hub("loaded", 0));
    drop.put("night.xml", &night(true));
    let right = drop.arguments[1].clone();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    drop.arguments[1] = format!(
        "https://localhost:{}",
        nobody.local_addr().expect("an address").port()
    );
    std::mem::drop(nobody);
    let (exit, _, messages) = drop.once(&["--settle", "0"]);
    assert_eq!(exit, 4, "{messages}");
    assert!(drop.folder().join("night.xml").exists() && drop.below("sent").is_empty());
    drop.arguments[1] = right;
    assert_eq!(drop.once(&["--settle", "0"]).0, 0);
    assert_eq!(drop.below("sent").len(), 3);
    drop.put("night.xml", &night(true));
    assert_eq!(drop.once(&["--settle", "0", "--profile", "missing.toml"]).0, 2);
    assert!(drop.folder().join("night.xml").exists());
}

#[test]
fn one_watch_has_a_folder_and_may_be_killed_at_any_time() {
    let drop = Drop::new(hub("loaded", 0));
    let mut first = drop
        .command(&["--settle", "3600"])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("it runs");
    let lock = drop.folder().join(".mariposa-watch.lock");
    let until = Instant::now() + Duration::from_mins(1);
    while !lock.exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(100));
    let (exit, _, messages) = drop.once(&["--settle", "0"]);
    assert_eq!(
        (exit, messages.contains("another watch")),
        (6, true),
        "{messages}"
    );
    first.kill().expect("killed");
    first.wait().expect("ended");

    // Killed at some point of its work, again and again; then one that ends.
    for pause in [5, 20, 40, 60, 80, 120, 200] {
        drop.put(&format!("night{pause}.xml"), &night(true));
        let mut killed = drop
            .command(&["--settle", "0"])
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("it runs");
        std::thread::sleep(Duration::from_millis(pause));
        killed.kill().expect("killed");
        killed.wait().expect("ended");
    }
    let (exit, _, messages) = drop.once(&["--settle", "0"]);
    assert_eq!(exit, 0, "{messages}");
    let left: Vec<_> = list(&drop.folder()).iter().map(|path| file_name(path)).collect();
    assert_eq!(left, [".mariposa-watch.lock", "sent"]);
    let filed = drop.below("sent");
    assert_eq!(filed.len(), 7 * 3, "each once, and whole: {filed:?}");
    assert!(
        list(&drop.folder().join("sent"))
            .iter()
            .all(|folder| !file_name(folder).starts_with('.'))
    );
}
