//! Uploads in pieces.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use api::{Limits, Quota};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::blocking::{RequestBuilder, Response};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::hub::{AS_OF, Hub, System, problem, student, upload};

const PIECE: &str = "application/offset+octet-stream";

fn document() -> String {
    upload("TX", AS_OF, &student("1", ("Peña", "Ruiz"), "Ana", "2012-05-06"))
}

fn header(response: &Response, name: &str) -> Option<String> {
    Some(response.headers().get(name)?.to_str().expect("text").to_owned())
}

fn offset(response: &Response) -> usize {
    header(response, "upload-offset")
        .expect("an offset")
        .parse()
        .expect("a number")
}

/// The calls of a client of tus.
trait Tus {
    fn tus(&self, method: Method, path: &str) -> RequestBuilder;

    fn begin(&self, length: usize, metadata: &str) -> Response {
        let call = self.tus(Method::POST, "/v1/uploads");
        let call = call
            .header("Upload-Length", length)
            .header("Upload-Metadata", metadata);
        call.send().expect("an answer")
    }

    /// Begins an upload and gives its address.
    fn begun(&self, length: usize) -> String {
        let begun = self.begin(length, "");
        assert_eq!(begun.status(), 201, "{:?}", begun.text());
        header(&begun, "location").expect("an address")
    }

    fn piece(&self, path: &str, offset: usize, content: &[u8]) -> RequestBuilder {
        self.tus(Method::PATCH, path)
            .header("Upload-Offset", offset)
            .header("Content-Type", PIECE)
            .body(content.to_vec())
    }

    fn send(&self, path: &str, offset: usize, content: &[u8]) -> Response {
        self.piece(path, offset, content).send().expect("an answer")
    }

    fn head(&self, path: &str) -> Response {
        self.tus(Method::HEAD, path).send().expect("an answer")
    }
}

impl Tus for System {
    fn tus(&self, method: Method, path: &str) -> RequestBuilder {
        self.call(method, path).header("Tus-Resumable", "1.0.0")
    }
}

#[test]
fn pieces_become_the_batch_that_one_piece_would() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    let spoken = texas
        .call(Method::OPTIONS, "/v1/uploads")
        .send()
        .expect("an answer");
    assert_eq!(spoken.status(), 204);
    assert_eq!(header(&spoken, "tus-version").as_deref(), Some("1.0.0"));
    assert_eq!(
        header(&spoken, "tus-max-size"),
        Some(Limits::default().upload_bytes.to_string())
    );

    let document = document();
    let content = document.as_bytes();
    let metadata = format!(
        "filename {},sha256 {}",
        STANDARD.encode("night.xml"),
        STANDARD.encode(content_digest(content))
    );
    let begun = texas.begin(content.len(), &metadata);
    assert_eq!(
        (
            begun.status().as_u16(),
            header(&begun, "tus-resumable").as_deref()
        ),
        (201, Some("1.0.0"))
    );
    assert!(header(&begun, "upload-expires").is_some_and(|at| at.ends_with("GMT")));
    let place = header(&begun, "location").expect("an address");

    let (first, rest) = content.split_at(400);
    let kept = texas.send(&place, 0, first);
    assert_eq!((kept.status().as_u16(), offset(&kept)), (204, 400));
    assert_eq!(header(&kept, "batch-location"), None);
    problem(texas.send(&place, 0, first), 409, "wrong-offset");
    problem(
        texas.send(&place, 400, &[rest, b"more"].concat()),
        413,
        "too-large",
    );
    let asked = texas.head(&place);
    assert_eq!((asked.status().as_u16(), offset(&asked)), (200, 400));
    assert_eq!(header(&asked, "upload-length"), Some(content.len().to_string()));
    assert_eq!(header(&asked, "upload-metadata"), Some(metadata));

    // A client that can only POST.
    let last = texas
        .piece(&place, 400, rest)
        .header("X-HTTP-Method-Override", "PATCH");
    let last = last.send().expect("an answer");
    assert_eq!(
        (last.status().as_u16(), offset(&last)),
        (204, content.len()),
        "{:?}",
        last.text()
    );
    let location = header(&last, "batch-location").expect("a batch");
    assert_eq!(hub.spooled(), 1, "the batch's file and nothing else");
    // Who lost that answer gets it again.
    assert_eq!(
        header(&texas.head(&place), "batch-location").as_deref(),
        Some(&*location)
    );
    let again = texas.send(&place, content.len(), b"");
    assert_eq!(header(&again, "batch-location").as_deref(), Some(&*location));

    let batch: Value = texas
        .get(&location)
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(
        (batch["file_name"].as_str(), batch["size_bytes"].as_u64()),
        (Some("night.xml"), Some(content.len() as u64))
    );
    let whole = texas.upload(&document);
    assert_eq!(whole.status(), 200, "received before");
    assert_eq!(header(&whole, "location").as_deref(), Some(&*location));
    let given_up = texas.tus(Method::DELETE, &place).send().expect("an answer");
    problem(given_up, 409, "conflict");
    hub.work(batch["batch_id"].as_i64().expect("a number"));
    assert_eq!(hub.spooled(), 0);
}

fn content_digest(content: &[u8]) -> String {
    Sha256::digest(content)
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[test]
fn a_first_piece_can_come_with_the_beginning() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    let document = document();
    for (sent, whole) in [(&document.as_bytes()[..100], false), (document.as_bytes(), true)] {
        let begun = texas
            .tus(Method::POST, "/v1/uploads")
            .header("Upload-Length", document.len())
            .header("Content-Type", PIECE)
            .body(sent.to_vec())
            .send()
            .expect("an answer");
        assert_eq!((begun.status().as_u16(), offset(&begun)), (201, sent.len()));
        assert_eq!(header(&begun, "batch-location").is_some(), whole);
    }
}

#[test]
fn a_piece_that_was_changed_on_the_way_is_dropped() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    let document = document();
    let place = texas.begun(document.len());
    let (first, rest) = document.as_bytes().split_at(300);
    let sum = |algorithm: &str, of: &[u8]| match algorithm {
        "sha1" => STANDARD.encode(Sha1::digest(of)),
        _ => STANDARD.encode(Sha256::digest(of)),
    };
    let checked = |at: usize, content: &[u8], checksum: String| {
        texas
            .piece(&place, at, content)
            .header("Upload-Checksum", checksum)
            .send()
            .expect("an answer")
    };
    for algorithm in ["sha256", "sha1"] {
        let wrong = checked(0, first, format!("{algorithm} {}", sum(algorithm, b"other")));
        problem(wrong, 460, "checksum-mismatch");
        assert_eq!(offset(&texas.head(&place)), 0);
    }
    problem(checked(0, first, "md5 AA==".to_owned()), 400, "invalid-request");
    assert_eq!(
        checked(0, first, format!("sha1 {}", sum("sha1", first))).status(),
        204
    );
    let last = checked(300, rest, format!("sha256 {}", sum("sha256", rest)));
    assert!(header(&last, "batch-location").is_some(), "{:?}", last.text());

    let metadata = format!("sha256 {}", STANDARD.encode(content_digest(b"another file")));
    let place = header(&texas.begin(document.len(), &metadata), "location").expect("begun");
    problem(texas.send(&place, 0, document.as_bytes()), 400, "digest-mismatch");
    assert_eq!(hub.spooled(), 1, "the first one's");
}

#[test]
fn a_cut_in_the_middle_keeps_what_has_come() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    let document = document();
    for checksum in ["", "Upload-Checksum: sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n"] {
        let place = texas.begun(document.len());
        let mut socket = hub.socket("TX");
        let head = format!(
            "PATCH {place} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n\
             Content-Type: {PIECE}\r\n{checksum}Content-Length: {}\r\n\r\n",
            document.len()
        );
        socket.write_all(head.as_bytes()).expect("sent");
        socket.write_all(&document.as_bytes()[..500]).expect("sent");
        socket.flush().expect("sent");
        // The hub has not noticed a cut; who asks gets the turn all the same. What came is kept, but not what came
        // with a checksum that cannot be checked.
        std::thread::sleep(Duration::from_millis(500));
        let began = Instant::now();
        let asked = texas.head(&place);
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "long before the hub gives the silent call up"
        );
        let kept = offset(&asked);
        assert_eq!(kept, if checksum.is_empty() { 500 } else { 0 });
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 423", "the call before is told");
        let last = texas.send(&place, kept, &document.as_bytes()[kept..]);
        assert!(header(&last, "batch-location").is_some(), "{:?}", last.text());
    }

    // A cut that the hub notices.
    let place = texas.begun(document.len());
    let mut socket = hub.socket("TX");
    let head = format!(
        "PATCH {place} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n\
         Content-Type: {PIECE}\r\nContent-Length: {}\r\n\r\n",
        document.len()
    );
    socket.write_all(head.as_bytes()).expect("sent");
    socket.write_all(&document.as_bytes()[..200]).expect("sent");
    socket.flush().expect("sent");
    // Closing a socket takes back what the other side has not read yet.
    std::thread::sleep(Duration::from_millis(500));
    drop(socket);
    let until = Instant::now() + Duration::from_secs(20);
    let mut connection = hub.connection();
    let id = place.rsplit('/').next().expect("an id").parse().expect("an id");
    loop {
        let row = store::uploads::find(&mut connection, crate::hub::code("TX"), id).expect("read");
        if row.expect("there").received_bytes == 200 {
            break;
        }
        assert!(
            Instant::now() < until,
            "what came before the cut is not acknowledged"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(offset(&texas.head(&place)), 200);
}

#[test]
fn a_file_that_is_refused_is_refused_again_and_not_kept() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    let other = document().replace("<SubmittingState>TX", "<SubmittingState>KY");
    for (content, status, code) in [
        (&b"no upload at all"[..], 422, "unusable-file"),
        (other.as_bytes(), 403, "wrong-state"),
    ] {
        let place = texas.begun(content.len());
        let refused = problem(texas.send(&place, 0, content), status, code);
        assert_eq!(hub.spooled(), 0);
        let asked = texas.head(&place);
        assert_eq!(
            (offset(&asked), header(&asked, "batch-location")),
            (content.len(), None)
        );
        let again = problem(texas.send(&place, content.len(), b""), status, code);
        assert_eq!(
            (&again["detail"], &again["refusal"]),
            (&refused["detail"], &refused["refusal"])
        );
    }
}

#[test]
fn only_the_state_that_began_an_upload_goes_on_with_it_and_only_in_time() {
    let hub = Hub::start();
    let (texas, kentucky) = (hub.system("TX"), hub.system("KY"));
    let place = texas.begun(10);
    assert_eq!(texas.send(&place, 0, b"abc").status(), 204);
    problem(kentucky.send(&place, 3, b"def"), 404, "not-found");
    assert_eq!(kentucky.head(&place).status(), 404);
    problem(
        texas.call(Method::PATCH, &place).send().expect("an answer"),
        412,
        "tus-version",
    );
    let version = kentucky
        .call(Method::POST, "/v1/uploads")
        .header("Tus-Resumable", "0.2.2");
    assert_eq!(
        header(&version.send().expect("an answer"), "tus-version").as_deref(),
        Some("1.0.0")
    );
    let untyped = texas
        .tus(Method::PATCH, &place)
        .header("Upload-Offset", 3)
        .body("def");
    problem(untyped.send().expect("an answer"), 415, "unsupported-media-type");
    problem(texas.begin(5, "kind ?"), 400, "invalid-request");
    problem(texas.begin(0, ""), 400, "invalid-request");
    problem(texas.begin(1 << 40, ""), 413, "too-large");
    problem(
        texas
            .head("/v1/uploads/nothing")
            .error_for_status_ref()
            .map_or_else(|_| texas.send("/v1/uploads/nothing", 0, b"x"), |_| unreachable!()),
        404,
        "not-found",
    );

    let give_up = |system: &System| system.tus(Method::DELETE, &place).send().expect("an answer");
    problem(give_up(&kentucky), 404, "not-found");
    assert_eq!((give_up(&texas).status().as_u16(), hub.spooled()), (204, 0));
    problem(give_up(&texas), 410, "upload-gone");
    problem(texas.send(&place, 3, b"def"), 410, "upload-gone");
}

#[test]
fn an_upload_that_is_left_alone_ends() {
    let quota = Quota {
        keep_open: Duration::from_millis(1_500),
        ..Quota::default()
    };
    let hub = Hub::with_limits(Limits {
        quota,
        ..Limits::default()
    });
    let texas = hub.system("TX");
    let place = texas.begun(10);
    assert_eq!(texas.send(&place, 0, b"abc").status(), 204);
    let sweep = || {
        api::v1::uploads::sweep(&mut hub.connection(), &hub.state.spool, chrono::Utc::now()).expect("swept")
    };
    assert_eq!((sweep(), hub.spooled()), (0, 1), "there is time yet");
    std::thread::sleep(Duration::from_millis(1_600));
    problem(texas.send(&place, 3, b"def"), 410, "upload-gone");
    assert_eq!((sweep(), hub.spooled()), (1, 0));
    assert_eq!(texas.head(&place).status(), 410, "still told");
}

#[test]
fn a_state_has_its_share_of_the_hub_and_is_told_what_to_do() {
    let quota = Quota {
        open_uploads: 2,
        bytes_held: 5_000,
        uploads_per_day: 3,
        ..Quota::default()
    };
    let hub = Hub::with_limits(Limits {
        quota,
        ..Limits::default()
    });
    let (texas, kentucky) = (hub.system("TX"), hub.system("KY"));
    let place = texas.begun(3_000);
    let full = problem(texas.begin(3_000, ""), 507, "storage-quota");
    assert!(
        full["detail"]
            .as_str()
            .is_some_and(|text| text.contains("DELETE")),
        "{full}"
    );
    problem(texas.upload(&"x".repeat(3_000)), 507, "storage-quota");
    assert_eq!(
        kentucky.begin(3_000, "").status(),
        201,
        "another state's share is its own"
    );
    texas.begun(10);
    let open = texas.begin(10, "");
    assert_eq!(header(&open, "retry-after").as_deref(), Some("300"));
    problem(open, 429, "upload-quota");
    assert_eq!(
        texas
            .tus(Method::DELETE, &place)
            .send()
            .expect("an answer")
            .status(),
        204
    );
    assert_eq!(texas.upload(&document()).status(), 202);
    texas.begun(10);
    problem(
        texas.upload(&document().replace("Ana", "Eva")),
        429,
        "upload-quota",
    );
}
