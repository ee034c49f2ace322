//! A receiver with a verifier that others have written, and that asks for the hub's certificate.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use chrono::{TimeDelta, Utc};
use deliver::Settings;

use crate::hub::{Hub, code, quick, until};

/// The Python that `deploy/setup test` furnishes, if it did.
pub(crate) fn python(module: &str) -> Option<std::path::PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/bin/python3");
    let import = format!("import {module}");
    let knows = Command::new(&found).args(["-c", &import]).output();
    if knows.is_ok_and(|output| output.status.success()) {
        return Some(found);
    }
    println!("SKIPPED: Python’s {module} is not there; run deploy/setup test to install it");
    None
}

/// Ends with the test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_off_the_shelf_verifier_accepts_what_is_sent_over_mutual_tls() {
    let Some(python) = python("standardwebhooks") else {
        return;
    };
    let mut hub = Hub::new();
    let folder = tempfile::tempdir().expect("a folder");
    let keep = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let day = TimeDelta::days(1);
    let (server, server_key) = hub
        .authority
        .issue_server(&["127.0.0.1"], day, Utc::now())
        .expect("a certificate");
    let (caller, caller_key) = hub
        .authority
        .issue_caller(&["hub.example.org"], day, Utc::now())
        .expect("a certificate");
    let fresh = deliver::keys::fresh(testkit::random().as_ref());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deliver/off_the_shelf.py");
    let mut process = Command::new(python)
        .arg(script)
        .arg(keep("server.pem", &server.certificate_pem))
        .arg(keep("server-key.pem", server_key.pem()))
        .arg(keep("ca.pem", hub.authority.certificate_pem()))
        .arg(deliver::keys::secret_text(&fresh))
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(process.stdout.take().expect("a pipe"))
        .lines()
        .map_while(Result::ok);
    let _running = Running(process);
    let port = lines.next().expect("a port");

    let address = format!("https://127.0.0.1:{port}/in");
    hub.webhook("TX", &address);
    let later = hub.now() + TimeDelta::days(7);
    store::webhooks::rotate(
        &mut hub.connection(),
        code("TX"),
        &fresh,
        later,
        "test",
        hub.now(),
    )
    .expect("rotated");
    hub.tell("TX", 2);
    hub.send(Settings {
        identity: Some(format!("{}{}", caller_key.pem(), caller.certificate_pem).into_bytes()),
        ..quick(&hub.authority)
    });
    until("the delivery", || hub.delivered("TX") == 2);
    let mut sent: Vec<String> = hub
        .deliveries("TX")
        .iter()
        .map(|d| format!("verified {} move_notice.created hub.example.org", d.webhook_id))
        .collect();
    let mut verified: Vec<String> = lines.take(2).collect();
    sent.sort();
    verified.sort();
    assert_eq!(verified, sent);
}

#[test]
fn without_its_certificate_the_hub_is_told_what_is_missing() {
    let Some(python) = python("standardwebhooks") else {
        return;
    };
    let mut hub = Hub::new();
    let folder = tempfile::tempdir().expect("a folder");
    let day = TimeDelta::days(1);
    let (server, key) = hub
        .authority
        .issue_server(&["127.0.0.1"], day, Utc::now())
        .expect("a certificate");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("server.pem"), &server.certificate_pem).expect("written");
    std::fs::write(path("key.pem"), key.pem()).expect("written");
    std::fs::write(path("ca.pem"), hub.authority.certificate_pem()).expect("written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deliver/off_the_shelf.py");
    let mut process = Command::new(python)
        .arg(script)
        .args([path("server.pem"), path("key.pem"), path("ca.pem")])
        .arg("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(process.stdout.take().expect("a pipe"))
        .lines()
        .map_while(Result::ok);
    let _running = Running(process);
    let port = lines.next().expect("a port");
    hub.webhook("TX", &format!("https://127.0.0.1:{port}/in"));
    hub.tell("TX", 1);
    hub.send_quickly();
    until("an attempt", || hub.deliveries("TX")[0].outcome.is_some());
    let said = hub.deliveries("TX").remove(0).outcome.expect("an outcome");
    assert!(
        said.contains("certificate") || said.contains("connection broke"),
        "{said}"
    );
}
