//! `upload` and the library's calls, against a hub that speaks real mutual TLS.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::hub::{Answer, Authority, Hub, NAME, batch, night, no_batches, problem, received};
use client::{Connection, Error, Retry, UploadOptions};
use serde_json::{Value, json};

fn folder_with(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("night.xml");
    std::fs::write(&file, text).expect("written");
    (folder, file)
}

fn run(arguments: &[String], file: &Path, more: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mariposa-client"));
    for name in ["MARIPOSA_HUB", "MARIPOSA_CERT", "MARIPOSA_KEY", "MARIPOSA_CA"] {
        command.env_remove(name);
    }
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .arg("upload")
        .arg(file)
        .args(arguments)
        .args(more)
        .output()
        .expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let (out, messages) = (text(stdout), text(stderr));
    assert!(
        !out.contains(NAME) && !messages.contains(NAME),
        "a child's name is shown: {out}{messages}"
    );
    (status.code().expect("it ended"), out, messages)
}

/// A hub that greets, answers uploads with `upload`, and everything else with `rest`.
fn hub_of(
    upload: impl Fn(usize) -> Answer + Send + Sync + 'static,
    rest: impl Fn(&str) -> Answer + Send + Sync + 'static,
) -> Hub {
    Hub::start(move |call, before| match call.line.as_str() {
        _ if call.is_upload() => upload(before),
        line if line.contains("limit=1 ") => no_batches(),
        line => rest(line),
    })
}

fn nothing_else(line: &str) -> Answer {
    panic!("not expected: {line}")
}

#[test]
fn a_receipt_is_given_for_what_was_sent() {
    let hub = hub_of(|_| received(), nothing_else);
    let (folder, file) = folder_with(&night(true));
    let as_of = ["--kind", "full", "--as-of", "2026-04-01T02:00:00Z"];
    let (exit, out, messages) = run(&hub.arguments(folder.path()), &file, &as_of);
    assert_eq!(
        (exit, out.contains("receipt: batch 7")),
        (0, true),
        "{out}{messages}"
    );
    assert!(
        messages.contains("2 rows read: 2 kept, 0 refused") && messages.contains("sent 100 %"),
        "{messages}"
    );
    let uploads = hub.uploads();
    let [call] = uploads.as_slice() else {
        panic!("{} uploads", uploads.len())
    };
    assert_eq!(
        call.line,
        "POST /v1/batches?kind=full&as_of=2026-04-01T02%3A00%3A00Z&file_name=night.xml HTTP/1.1"
    );
    assert_eq!(call.header("content-digest"), Some(digest(&call.body).as_str()));
    assert_eq!(
        zstd::decode_all(call.body.as_slice()).expect("zstd"),
        std::fs::read(&file).expect("read")
    );
}

fn digest(bytes: &[u8]) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    format!(
        "sha-256=:{}:",
        base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(bytes))
    )
}

#[test]
fn waiting_ends_with_what_became_of_the_batch() {
    let finding = json!({
        "ordinal": 0, "severity": "error", "code": "V102", "line": 5, "state_student_id": "S2", "part": "student",
        "element": "9", "received": NAME, "message": format!("{NAME} is not a date."), "fix": "Correct the value; it was left out."
    });
    for (status, counts, expected) in [
        ("loaded", (0, 0), 0),
        ("loaded", (1, 1), 1),
        ("held", (0, 0), 1),
        ("failed", (0, 0), 3),
    ] {
        let finding = finding.clone();
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let hub = hub_of(
            |_| received(),
            move |line| {
                if line.starts_with("GET /v1/batches/7/findings") {
                    return (200, vec![], json!({ "items": [finding] }));
                }
                assert!(line.starts_with("GET /v1/batches/7 "), "{line}");
                let first = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
                let mut now = batch(if first { "loading" } else { status }, counts);
                if !first && status != "loaded" {
                    now["problem"] =
                        json!({ "code": "truncated", "message": "It ends too early.", "line": 9 });
                }
                (
                    200,
                    if first {
                        vec![("retry-after", "0".to_owned())]
                    } else {
                        vec![]
                    },
                    now,
                )
            },
        );
        let (folder, file) = folder_with(&night(true));
        let (exit, out, messages) = run(&hub.arguments(folder.path()), &file, &["--wait"]);
        assert_eq!(exit, expected, "{out}{messages}");
        assert!(out.contains(&format!("batch 7: {status}")), "{out}");
        assert_eq!(
            out.contains("line 9: It ends too early."),
            status != "loaded",
            "{out}"
        );
        let told = "error V102: the value is not valid for its data element, element 9 Birth Date (once)";
        assert_eq!(
            out.contains(told) && out.contains("night.xml line 5, student S2"),
            counts.1 > 0,
            "{out}"
        );
    }
}

#[test]
fn a_problem_ends_with_its_code_and_its_words() {
    let refused = "The file is of another state than the certificate";
    for (status, code, expected) in [
        (403, "wrong-state", 3),
        (422, "unusable-file", 3),
        (413, "too-large", 3),
        (422, "unknown-profile", 2),
        (403, "certificate-refused", 5),
        (500, "internal", 6),
    ] {
        let hub = hub_of(
            move |_| problem(status, code, refused, "It is of CA."),
            nothing_else,
        );
        let (folder, file) = folder_with(&night(true));
        let (exit, out, messages) = run(&hub.arguments(folder.path()), &file, &[]);
        assert_eq!((exit, out.as_str()), (expected, ""), "{code}: {messages}");
        assert!(
            messages.contains(&format!("error: {refused}: It is of CA")),
            "{messages}"
        );
        assert_eq!(hub.uploads().len(), 1, "{code} is not repeated");
    }
}

#[test]
fn an_unregistered_certificate_is_told_before_anything_is_sent() {
    let hub = Hub::start(|_, _| {
        problem(
            403,
            "certificate-unregistered",
            "The certificate is not registered",
            "",
        )
    });
    let (folder, file) = folder_with(&night(true));
    let (exit, _, messages) = run(&hub.arguments(folder.path()), &file, &[]);
    assert_eq!((exit, hub.uploads().len()), (5, 0), "{messages}");
}

#[test]
fn a_busy_hub_is_asked_again_when_it_says_so() {
    let busy = |seconds: &str| {
        let (status, _, body) = problem(503, "busy", "The hub is busy", "");
        (status, vec![("retry-after", seconds.to_owned())], body)
    };
    let hub = hub_of(
        move |before| if before < 2 { busy("0") } else { received() },
        nothing_else,
    );
    let (folder, file) = folder_with(&night(true));
    let (exit, _, messages) = run(&hub.arguments(folder.path()), &file, &[]);
    assert_eq!((exit, hub.uploads().len()), (0, 3), "{messages}");
    assert!(messages.contains("trying again in 0.0 s"), "{messages}");
    let bodies: Vec<_> = hub.uploads().into_iter().map(|call| call.body).collect();
    assert!(
        bodies[0] == bodies[1] && bodies[1] == bodies[2],
        "the same content each time"
    );

    let hub = hub_of(move |_| busy("3600"), nothing_else);
    let (exit, _, messages) = run(&hub.arguments(folder.path()), &file, &[]);
    assert_eq!((exit, hub.uploads().len()), (6, 1), "{messages}");
    assert!(messages.contains("Try again in 3600 s"), "{messages}");
}

#[test]
fn certificates_are_judged_on_both_sides() {
    let hub = hub_of(|_| received(), nothing_else);
    let stranger = Authority::new();
    let (folder, file) = folder_with(&night(true));
    let (cert, key) = stranger.issue("tx");
    let arguments = hub.arguments_with(folder.path(), &cert, &key, &hub.authority.pem);
    let (exit, _, messages) = run(&arguments, &file, &[]);
    assert_eq!(
        (exit, messages.contains("does not accept this client certificate")),
        (5, true),
        "{messages}"
    );
    let (cert, key) = hub.authority.issue("tx");
    let arguments = hub.arguments_with(folder.path(), &cert, &key, &stranger.pem);
    let (exit, _, messages) = run(&arguments, &file, &[]);
    assert_eq!(
        (exit, messages.contains("the hub's certificate is not accepted")),
        (5, true),
        "{messages}"
    );
    let arguments = hub.arguments(folder.path());
    let by_number = arguments
        .iter()
        .map(|word| word.replace("localhost", "127.0.0.1"))
        .collect::<Vec<_>>();
    assert_eq!(
        run(&by_number, &file, &[]).0,
        5,
        "the certificate has another name"
    );
    assert!(hub.calls().is_empty(), "nobody got through");
    let arguments = hub.arguments_with(folder.path(), &cert, &cert, &hub.authority.pem);
    assert_eq!(run(&arguments, &file, &[]).0, 5, "a certificate is no key");
}

#[test]
fn a_hub_that_is_not_there_cannot_be_reached() {
    let authority = Authority::new();
    let (cert, key) = authority.issue("tx");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    let url = format!("https://localhost:{}", nobody.port());
    let retry = Retry {
        attempts: 3,
        first: Duration::from_millis(1),
        longest: Duration::from_millis(5),
    };
    let connection = Connection::new(&url, authority.pem.as_bytes(), cert.as_bytes(), key.as_bytes())
        .expect("a connection")
        .retrying(retry);
    let (_folder, file) = folder_with(&night(true));
    let error = connection
        .upload(&file, &UploadOptions::default())
        .expect_err("nobody is there");
    assert_eq!(error.exit().code(), 4, "{error}");
    for wrong in ["http://localhost", "localhost", ""] {
        let error = Connection::new(wrong, authority.pem.as_bytes(), cert.as_bytes(), key.as_bytes());
        assert_eq!(error.expect_err("refused").exit().code(), 2, "{wrong}");
    }
}

#[test]
fn a_file_that_cannot_be_trusted_is_not_sent_unless_told_to() {
    let hub = hub_of(|_| received(), nothing_else);
    let (folder, file) = folder_with(&format!("<!DOCTYPE x>{}", night(true)));
    let arguments = hub.arguments(folder.path());
    let (exit, _, messages) = run(&arguments, &file, &[]);
    assert_eq!((exit, hub.calls().len()), (3, 0), "{messages}");
    assert!(messages.contains("Remove the DOCTYPE"), "{messages}");
    assert_eq!(run(&arguments, &file, &["--no-check"]).0, 0);
    assert_eq!(hub.uploads().len(), 1);
    assert_eq!(run(&arguments, &folder.path().join("missing.xml"), &[]).0, 2);
    for left_out in [0, 2, 4, 6] {
        let mut arguments = arguments.clone();
        let option = arguments.drain(left_out..left_out + 2).next().expect("an option");
        let (exit, _, messages) = run(&arguments, &file, &[]);
        assert_eq!((exit, messages.contains(&option)), (2, true), "{messages}");
    }
    assert_eq!(
        run(&arguments, &file, &["other.xml"]).0,
        2,
        "two native files are no upload"
    );
}

#[test]
fn programs_get_one_object_per_event() {
    let hub = hub_of(|_| received(), |_| (200, vec![], batch("loaded", (0, 0))));
    let (folder, file) = folder_with(&night(false));
    let (exit, out, messages) = run(&hub.arguments(folder.path()), &file, &["--json", "--wait"]);
    assert_eq!((exit, messages.as_str()), (0, ""));
    let events: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    let names: Vec<_> = events
        .iter()
        .map(|event| event["event"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["checked", "sent", "receipt", "progress", "settled"]);
    assert_eq!(
        (&events[0]["errors"], &events[2]["batch"]["batch_id"]),
        (&json!(1), &json!(7))
    );

    let hub = hub_of(|_| problem(422, "unusable-file", "No", "Never."), nothing_else);
    let (exit, out, _) = run(&hub.arguments(folder.path()), &file, &["--json", "--no-check"]);
    let last: Value = serde_json::from_str(out.lines().last().expect("a line")).expect("an object");
    assert_eq!(
        (exit, &last["event"], &last["exit"]),
        (3, &json!("error"), &json!(3))
    );
    assert_eq!(last["problem"]["type"], "urn:mariposa:problem:unusable-file");
}

#[test]
fn a_quiet_upload_says_only_its_result() {
    let hub = hub_of(|_| (200, vec![], batch("loaded", (0, 0))), nothing_else);
    let (folder, file) = folder_with(&night(true));
    let (exit, out, messages) = run(&hub.arguments(folder.path()), &file, &["--quiet"]);
    assert_eq!((exit, messages.as_str()), (0, ""));
    assert!(
        out.contains("held since an earlier call"),
        "200 is the first receipt again: {out}"
    );
}

#[test]
fn a_folder_goes_as_one_archive() {
    let hub = hub_of(|_| received(), nothing_else);
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["b.txt", "a.txt"] {
        std::fs::write(folder.path().join(name), name).expect("written");
    }
    let options = UploadOptions {
        profile: Some("ky".to_owned()),
        ..UploadOptions::default()
    };
    let receipt = hub
        .connection()
        .upload(folder.path(), &options)
        .expect("a receipt");
    assert_eq!((receipt.new, receipt.location.as_str()), (true, "/v1/batches/7"));
    let call = hub.uploads().remove(0);
    assert!(call.line.contains("profile=ky"), "{}", call.line);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(call.body)).expect("a zip");
    let names: Vec<String> = (0..archive.len())
        .map(|i| {
            archive
                .by_index(i)
                .expect("a file")
                .name()
                .expect("a name")
                .into_owned()
        })
        .collect();
    assert_eq!(names, ["a.txt", "b.txt"]);
}

#[test]
fn a_file_written_to_while_it_is_sent_is_told() {
    let (_folder, file) = folder_with("");
    std::fs::write(&file, zstd::encode_all(night(true).as_bytes(), 3).expect("zstd")).expect("written");
    let written = file.clone();
    let hub = hub_of(
        move |_| {
            std::fs::write(&written, "something else").expect("written");
            received()
        },
        nothing_else,
    );
    let error = hub
        .connection()
        .upload(&file, &UploadOptions::default())
        .expect_err("changed");
    assert!(matches!(&error, Error::Changed(path) if *path == file), "{error}");
    assert_eq!(error.exit().code(), 7);
}

#[test]
fn programs_ask_and_send_documents() {
    let hub = Hub::start(|call, _| match call.line.split(' ').next() {
        Some("GET") => (200, vec![], json!({ "purpose": call.header("purpose") })),
        _ => (
            200,
            vec![],
            serde_json::from_slice(&call.body).expect("a document"),
        ),
    });
    let connection = hub.connection();
    let asked: Value = connection
        .get_json("/v1/persons/1", &[("Purpose", "enroll")])
        .expect("an answer");
    assert_eq!(asked, json!({ "purpose": "enroll" }));
    let sent: Value = connection
        .post_json("/v1/move-notices", &json!({ "a": 1 }), &[])
        .expect("an answer");
    assert_eq!(sent, json!({ "a": 1 }));
    let away = connection
        .get_json::<Value>("https://elsewhere.example/x", &[])
        .expect_err("refused");
    assert_eq!(away.exit().code(), 2, "{away}");
    let no_number = connection
        .get_json::<u64>("/v1/persons/1", &[])
        .expect_err("not a number");
    assert!(!no_number.to_string().contains("purpose"), "{no_number}");
}

#[test]
fn waiting_has_an_end() {
    let hub = hub_of(
        |_| received(),
        |_| {
            (
                200,
                vec![("retry-after", "1".to_owned())],
                batch("loading", (0, 0)),
            )
        },
    );
    let (_folder, file) = folder_with(&night(true));
    let connection = hub.connection();
    let receipt = connection
        .upload(&file, &UploadOptions::default())
        .expect("a receipt");
    let error = connection.wait(&receipt, Duration::ZERO).expect_err("too late");
    assert_eq!(error.exit().code(), 4, "{error}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_upload_leaves_no_copy_behind() {
    let hub = hub_of(
        |_| {
            std::thread::sleep(Duration::from_secs(30));
            received()
        },
        nothing_else,
    );
    let (folder, file) = folder_with(&night(true));
    let copies = folder.path().join("copies");
    std::fs::create_dir(&copies).expect("made");
    let count = || std::fs::read_dir(&copies).expect("read").count();
    let mut program = Command::new(env!("CARGO_BIN_EXE_mariposa-client"))
        .env("TMPDIR", &copies)
        .arg("upload")
        .arg(&file)
        .args(hub.arguments(folder.path()))
        .arg("--quiet")
        .spawn()
        .expect("it runs");
    let started = Instant::now();
    while hub.uploads().is_empty() && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(
        (hub.uploads().len(), count()),
        (1, 1),
        "it is sending a compressed copy"
    );
    let interrupt = Command::new("kill")
        .args(["-INT", &program.id().to_string()])
        .status()
        .expect("it runs");
    assert!(interrupt.success());
    assert_eq!(program.wait().expect("it ended").code(), Some(130));
    assert_eq!(count(), 0, "the copy is gone");
}
