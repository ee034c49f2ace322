//! A small hub for tests: real mutual TLS on a local port, and answers as the test wants them.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// A made-up child, whose name must never be shown.
pub(crate) const NAME: &str = "Xóchitl";

/// A private authority.
pub(crate) struct Authority {
    pub(crate) pem: String,
    der: rustls_pki_types::CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "Test exchange");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a certificate");
        Self {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    /// Certificate and key in PEM, for a name.
    pub(crate) fn issue(&self, name: &str) -> (String, String) {
        self.issue_until(name, 2100)
    }

    /// The same, good until a year begins.
    pub(crate) fn issue_until(&self, name: &str, year: i32) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    fn server(&self, name: &str) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).expect("added");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(verifier.build().expect("a verifier"))
            .with_single_cert(
                vec![certificate.der().clone()],
                key.serialize_der().try_into().expect("a key"),
            );
        Arc::new(config.expect("a configuration"))
    }
}

/// A call as it came.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Method and address.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    pub(crate) fn is_upload(&self) -> bool {
        self.line.starts_with("POST /v1/batches")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Status, headers and document.
pub(crate) type Answer = (u16, Vec<(&'static str, String)>, Value);

/// A hub that listens.
pub(crate) struct Hub {
    pub(crate) address: SocketAddr,
    pub(crate) authority: Authority,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Hub {
    /// Answers the first question of every client, and everything else with `answer`, which also gets the number of
    /// uploads before.
    pub(crate) fn start(answer: impl Fn(&Call, usize) -> Answer + Send + Sync + 'static) -> Self {
        let authority = Authority::new();
        let config = authority.server("localhost");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (shared, answer) = (Arc::clone(&calls), Arc::new(answer));
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (config, calls, answer) = (Arc::clone(&config), Arc::clone(&shared), Arc::clone(&answer));
                std::thread::spawn(move || serve(socket, config, &calls, &*answer));
            }
        });
        Self {
            address,
            authority,
            calls,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("calls").clone()
    }

    pub(crate) fn uploads(&self) -> Vec<Call> {
        self.calls().into_iter().filter(Call::is_upload).collect()
    }

    /// A connection with a certificate of the hub's authority.
    pub(crate) fn connection(&self) -> client::Connection {
        let (cert, key) = self.authority.issue("tx");
        client::Connection::new(
            &self.url(),
            self.authority.pem.as_bytes(),
            cert.as_bytes(),
            key.as_bytes(),
        )
        .expect("a connection")
    }

    /// Certificates as files in a folder, for the command line: `--hub … --cert … --key … --ca …`.
    pub(crate) fn arguments(&self, folder: &Path) -> Vec<String> {
        let (cert, key) = self.authority.issue("tx");
        self.arguments_with(folder, &cert, &key, &self.authority.pem)
    }

    pub(crate) fn arguments_with(&self, folder: &Path, cert: &str, key: &str, ca: &str) -> Vec<String> {
        let file = |name: &str, text: &str| {
            let path: PathBuf = folder.join(name);
            std::fs::write(&path, text).expect("written");
            path.to_string_lossy().into_owned()
        };
        let (cert, key, ca) = (file("tx.pem", cert), file("tx.key", key), file("ca.pem", ca));
        let arguments = ["--hub", &self.url(), "--cert", &cert, "--key", &key, "--ca", &ca];
        arguments.map(str::to_owned).to_vec()
    }
}

fn serve(
    socket: TcpStream,
    config: Arc<ServerConfig>,
    calls: &Mutex<Vec<Call>>,
    answer: &(dyn Fn(&Call, usize) -> Answer + Send + Sync),
) {
    let connection = ServerConnection::new(config).expect("a connection");
    let mut stream = BufReader::new(StreamOwned::new(connection, socket));
    while let Some(call) = read(&mut stream) {
        let before = calls
            .lock()
            .expect("calls")
            .iter()
            .filter(|call| call.is_upload())
            .count();
        calls.lock().expect("calls").push(call.clone());
        let (status, headers, document) = answer(&call, before);
        let silent = status == 204 || call.line.starts_with("HEAD ");
        let text = if silent {
            String::new()
        } else {
            document.to_string()
        };
        let kind = if status < 400 {
            "application/json"
        } else {
            "application/problem+json"
        };
        let mut head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n",
            text.len()
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let out = stream.get_mut();
        if out
            .write_all(format!("{head}\r\n{text}").as_bytes())
            .and_then(|()| out.flush())
            .is_err()
        {
            return;
        }
    }
}

fn read(stream: &mut impl BufRead) -> Option<Call> {
    let mut next = || {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|count| *count > 0)?;
        Some(line.trim_end().to_owned())
    };
    let line = next()?;
    let mut headers = Vec::new();
    loop {
        let line = next()?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut call = Call {
        line,
        headers,
        body: Vec::new(),
    };
    let length = call
        .header("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    call.body = vec![0; length];
    stream.read_exact(&mut call.body).ok()?;
    Some(call)
}

/// The answer to the question that every upload starts with.
pub(crate) fn no_batches() -> Answer {
    (200, vec![], json!({ "items": [] }))
}

/// Batch 7 in some status; `counts` are rows refused and errors.
pub(crate) fn batch(status: &str, counts: (u64, u64)) -> Value {
    json!({
        "batch_id": 7, "href": "/v1/batches/7", "findings_href": "/v1/batches/7/findings", "state": "TX",
        "kind": "full", "profile": "native", "as_of": "2026-04-01T02:00:00Z", "file_name": "night.xml",
        "size_bytes": 100, "content_sha256": "00ff", "received_at": "2026-04-01T02:10:00Z", "status": status,
        "status_at": "2026-04-01T02:10:01Z", "settled": matches!(status, "loaded" | "failed" | "held"),
        "problem": null,
        "rows": { "read": 10, "refused": counts.0, "ignored": 0 },
        "students": { "read": 2, "inserted": 2, "updated": 0, "unchanged": 0, "late": 0, "deleted": 0, "refused": 0,
            "not_reported": 0 },
        "findings": { "errors": counts.1, "warnings": 0 },
    })
}

/// The answer to an upload that is received.
pub(crate) fn received() -> Answer {
    (
        202,
        vec![("location", "/v1/batches/7".to_owned())],
        batch("received", (0, 0)),
    )
}

/// A problem as the hub tells it.
pub(crate) fn problem(status: u16, code: &str, title: &str, detail: &str) -> Answer {
    let kind = format!("urn:mariposa:problem:{code}");
    (
        status,
        vec![],
        json!({ "type": kind, "title": title, "status": status, "detail": detail, "retry": "correct" }),
    )
}

/// A native file of Texas: two students, the second one with a wrong birth date if `sound` is false.
pub(crate) fn night(sound: bool) -> String {
    let born = if sound { "2010-05-06" } else { "2010-13-06" };
    format!(
        "<MariposaUpload xmlns=\"urn:mariposa:upload:1\" codeSet=\"2022\">\n<Header><SubmittingState>TX</SubmittingState>\
         <AsOf>2026-04-01T02:00:00Z</AsOf><Kind>full</Kind></Header>\n<Students>\n<Student action=\"insert\">\
         <StateStudentIdentificationNumber>S1</StateStudentIdentificationNumber><LastName1>Peña</LastName1>\
         <FirstName>Ana</FirstName><BirthDate>2011-02-03</BirthDate></Student>\n<Student action=\"insert\">\
         <StateStudentIdentificationNumber>S2</StateStudentIdentificationNumber><LastName1>Peña</LastName1>\
         <FirstName>{NAME}</FirstName><BirthDate>{born}</BirthDate></Student>\n</Students></MariposaUpload>\n"
    )
}
