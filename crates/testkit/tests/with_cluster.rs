//! The program `with-cluster`: what it passes on, and what it leaves behind.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// A temporary folder for the servers of one test, passable for PostgreSQL's user.
fn place() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().expect("a folder");
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
    place
}

fn with_cluster(place: &TempDir, script: &str) -> Command {
    // Who runs the tests in the background may have them ignore signals, and what they start would inherit that.
    let mut command = Command::new("env");
    command
        .args([
            "--default-signal=INT,TERM",
            env!("CARGO_BIN_EXE_with-cluster"),
            "sh",
            "-c",
            script,
        ])
        .env("TMPDIR", place.path());
    command
}

/// Starts it and waits for the script's first line.
fn started(place: &TempDir, script: &str) -> Child {
    let mut child = with_cluster(place, script)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output"))
        .read_line(&mut line)
        .expect("a line");
    assert_eq!(line, "ready\n");
    child
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).expect("the folder").count()
}

#[test]
fn the_exit_code_is_passed_through_and_nothing_is_left() {
    let place = place();
    let script = r#"case "$MARIPOSA_TEST_PG" in postgresql://*@/postgres\?host=*) exit 7;; *) exit 1;; esac"#;
    let status = with_cluster(&place, script).status().expect("it runs");
    assert_eq!(status.code(), Some(7));
    assert_eq!(entries(place.path()), 0);
}

#[test]
fn a_command_that_does_not_exist_is_told() {
    let place = place();
    let mut command = Command::new(env!("CARGO_BIN_EXE_with-cluster"));
    let output = command
        .arg("no-such-command")
        .env("TMPDIR", place.path())
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot run no-such-command: No such file"));
    assert_eq!(entries(place.path()), 0);
}

#[test]
fn signals_reach_the_command_and_the_server_is_removed() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let place = place();
        let mut child = started(&place, "echo ready; exec sleep 100");
        kill(Pid::from_raw(child.id().cast_signed()), signal).expect("signalled");
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(128 + signal as i32));
        assert_eq!(entries(place.path()), 0);
    }
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next() {
    let place = place();
    // The command ends by itself when its input, which is this test's, closes.
    let mut child = with_cluster(&place, "echo ready; cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output"))
        .read_line(&mut line)
        .expect("a line");
    child.kill().expect("killed with SIGKILL");
    child.wait().expect("reaped");
    assert_eq!(entries(place.path()), 1);
    let folder = fs::read_dir(place.path())
        .expect("the folder")
        .flatten()
        .next()
        .expect("one entry")
        .path();
    let server = folder.join("pgdata/postmaster.pid");
    let deadline = Instant::now() + Duration::from_secs(30);
    while server.exists() {
        assert!(Instant::now() < deadline, "the server ends with its parent");
        sleep(Duration::from_millis(20));
    }
    let status = with_cluster(&place, "exit 0").status().expect("it runs");
    assert_eq!(status.code(), Some(0));
    assert_eq!(entries(place.path()), 0);
}
