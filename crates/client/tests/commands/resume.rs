//! Uploads in pieces over a line that breaks, to a hub that keeps only pieces that came whole.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::{Connection, Retry, UploadOptions};
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::cut::Line;
use crate::hub::{Answer, Call, Hub, batch, no_batches, received};

/// What the hub holds: tus 1.0 in memory.
#[derive(Default)]
struct Held {
    /// Each upload with its length; the last one is the one at `/v1/uploads/N`.
    uploads: Vec<(Vec<u8>, usize)>,
    metadata: String,
    /// Forgets the upload when it holds so much.
    forgets_at: Option<usize>,
}

impl Held {
    fn answer(&mut self, call: &Call) -> Answer {
        let mut words = call.line.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let number = || path.strip_prefix("/v1/uploads/")?.parse::<usize>().ok();
        let header = |name| call.header(name).and_then(|value| value.parse::<usize>().ok());
        assert_eq!(call.header("tus-resumable"), Some("1.0.0"), "{}", call.line);
        match (method, number()) {
            ("POST", _) => {
                call.header("upload-metadata")
                    .unwrap_or_default()
                    .clone_into(&mut self.metadata);
                self.uploads
                    .push((Vec::new(), header("upload-length").expect("a length")));
                let place = format!("/v1/uploads/{}", self.uploads.len() - 1);
                (201, vec![("location", place)], Value::Null)
            }
            (_, Some(number)) if self.uploads.get(number).is_none_or(|(_, length)| *length == 0) => {
                (404, vec![], Value::Null)
            }
            ("HEAD", Some(number)) => (200, self.state(number), Value::Null),
            ("PATCH", Some(number)) => {
                let whole = format!("sha256 {}", STANDARD.encode(Sha256::digest(&call.body)));
                if call.header("upload-checksum") != Some(&whole) {
                    return (460, vec![], Value::Null);
                }
                if header("upload-offset") != Some(self.uploads[number].0.len()) {
                    return (409, vec![], Value::Null);
                }
                self.uploads[number].0.extend(&call.body);
                if self
                    .forgets_at
                    .is_some_and(|most| self.uploads[number].0.len() > most)
                {
                    self.forgets_at = None;
                    self.uploads[number].1 = 0;
                }
                (204, self.state(number), Value::Null)
            }
            _ => panic!("not expected: {}", call.line),
        }
    }

    fn state(&self, number: usize) -> Vec<(&'static str, String)> {
        let (content, length) = &self.uploads[number];
        let mut headers = vec![("upload-offset", content.len().to_string())];
        if content.len() == *length {
            headers.push(("batch-location", "/v1/batches/7".to_owned()));
        }
        headers
    }
}

fn hub() -> (Hub, Arc<Mutex<Held>>) {
    let held = Arc::new(Mutex::new(Held::default()));
    let shared = Arc::clone(&held);
    let hub = Hub::start(move |call, _| match call.line.as_str() {
        line if line.contains("limit=1 ") => no_batches(),
        line if line.starts_with("GET /v1/batches/7 ") => (200, vec![], batch("received", (0, 0))),
        _ => shared.lock().expect("held").answer(call),
    });
    (hub, held)
}

/// An archive that cannot be made smaller, so that as many bytes are sent as it has.
fn archive(folder: &Path, bytes: usize, seed: u64) -> PathBuf {
    let mut content = b"PK\x03\x04".to_vec();
    content.resize(bytes, 0);
    rand::rngs::StdRng::seed_from_u64(seed).fill(&mut content[4..]);
    let file = folder.join("night.zip");
    std::fs::write(&file, content).expect("written");
    file
}

fn options() -> UploadOptions {
    UploadOptions {
        kind: Some(formats::BatchKind::Full),
        profile: Some("ky".to_owned()),
        as_of: None,
    }
}

/// The hub's connection, through a line.
fn through(line: &Line, hub: &Hub, state: &Path, retry: Retry) -> Connection {
    let (cert, key) = hub.authority.issue("tx");
    let ca = hub.authority.pem.as_bytes();
    Connection::new(&line.url(), ca, cert.as_bytes(), key.as_bytes())
        .expect("a connection")
        .retrying(retry)
        .remembering_in(state.to_owned())
}

const BRISK: Retry = Retry {
    attempts: 40,
    first: Duration::from_millis(1),
    longest: Duration::from_millis(5),
};

#[test]
fn an_upload_survives_any_number_of_cuts() {
    let folder = tempfile::tempdir().expect("a folder");
    for seed in 0..8 {
        let (hub, held) = hub();
        let random = Mutex::new(rand::rngs::StdRng::seed_from_u64(seed));
        let line = Line::to(hub.address, move |_| {
            Some(random.lock().expect("random").random_range(100..1_200_000))
        });
        let file = archive(folder.path(), 3_000_000, seed);
        let receipt = through(&line, &hub, folder.path(), BRISK)
            .upload(&file, &options())
            .expect("a receipt");
        assert_eq!((receipt.new, receipt.location.as_str()), (true, "/v1/batches/7"));
        let held = held.lock().expect("held");
        assert_eq!(held.uploads.len(), 1, "one upload and no other");
        assert!(
            held.uploads[0].0 == std::fs::read(&file).expect("read"),
            "it is whole"
        );
        assert!(line.cuts() > 0, "the line did break");
    }
}

#[test]
fn a_program_that_was_cut_off_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let (state, file) = (folder.path().join("state"), archive(folder.path(), 9_000_000, 1));
    let (hub, held) = hub();
    // The first piece arrives, the second one breaks, and so does the question what arrived.
    let line = Line::to(hub.address, |number| match number {
        0 => Some(6_000_000),
        1 => Some(50),
        _ => None,
    });
    let run = || through(&line, &hub, &state, Retry::NEVER).upload(&file, &options());
    let error = run().expect_err("cut");
    assert_eq!(error.exit().code(), 8, "{error}");
    let told = "The hub holds 4194304 of 9000000 bytes";
    assert!(error.to_string().contains(told), "{error}");
    assert_eq!(notes(&state), 1);
    run().expect("a receipt");
    assert_eq!(notes(&state), 0);
    let held = held.lock().expect("held");
    let last = held.uploads.last().expect("an upload");
    assert!(last.0 == std::fs::read(&file).expect("read"), "it is whole");
    assert_eq!(held.uploads.len(), 1);
    assert_eq!(
        held.metadata,
        format!(
            "filename {},kind {},profile {},sha256 {}",
            STANDARD.encode("night.zip"),
            STANDARD.encode("full"),
            STANDARD.encode("ky"),
            STANDARD.encode(hex(&Sha256::digest(std::fs::read(&file).expect("read"))))
        )
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat()
}

fn notes(state: &Path) -> usize {
    std::fs::read_dir(state).expect("a folder").count()
}

#[test]
fn an_upload_that_the_hub_forgot_is_begun_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = archive(folder.path(), 9_000_000, 2);
    let (hub, held) = hub();
    held.lock().expect("held").forgets_at = Some(5_000_000);
    let line = Line::to(hub.address, |_| None);
    through(&line, &hub, folder.path(), BRISK)
        .upload(&file, &options())
        .expect("a receipt");
    let held = held.lock().expect("held");
    assert_eq!(held.uploads.len(), 2);
    assert!(held.uploads[1].0 == std::fs::read(&file).expect("read"));
}

#[test]
fn a_hub_without_pieces_gets_it_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = archive(folder.path(), 600_000, 3);
    let hub = Hub::start(|call, _| match call.line.as_str() {
        line if line.contains("limit=1 ") => no_batches(),
        _ if call.is_upload() => received(),
        line => {
            assert!(line.starts_with("POST /v1/uploads "), "{line}");
            (404, vec![], Value::Null)
        }
    });
    let receipt = hub.connection().upload(&file, &options()).expect("a receipt");
    assert!(receipt.new);
    assert_eq!(hub.uploads().len(), 1);
    assert!(hub.uploads()[0].body == std::fs::read(&file).expect("read"));
}
