//! A receiver of webhooks on loopback, over TLS: it keeps what it is sent, and answers as a test wants.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pki::{Authority, Identity};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// How a receiver answers.
#[derive(Debug, Clone)]
pub(crate) enum Answers {
    /// With this status line and these header lines, each with its line end.
    With(&'static str),
    /// With a status and so many bytes.
    Long(usize),
    /// Never.
    Never,
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

/// A receiver; its threads end with the process.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    address: SocketAddr,
    got: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<Answers>>,
    /// Requests that are being answered, and the most of them at once.
    busy: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Receiver {
    /// A receiver with a certificate of this authority for 127.0.0.1.
    pub(crate) fn start(authority: &Authority, answers: Answers) -> Self {
        Self::named(authority, "127.0.0.1", answers)
    }

    /// The same with a certificate for another name.
    pub(crate) fn named(authority: &Authority, name: &str, answers: Answers) -> Self {
        let (issued, key) = authority
            .issue_server(&[name], chrono::TimeDelta::days(1), chrono::Utc::now())
            .expect("a certificate");
        let identity =
            Identity::from_pem(issued.certificate_pem.as_bytes(), key.pem().as_bytes()).expect("both fit");
        let tls = Arc::new(pki::server_config(identity, None).expect("settings"));
        let socket = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let receiver = Self {
            address: socket.local_addr().expect("an address"),
            got: Arc::default(),
            answers: Arc::new(Mutex::new(answers)),
            busy: Arc::default(),
            most: Arc::default(),
        };
        let accepting = receiver.clone();
        std::thread::spawn(move || {
            for stream in socket.incoming().map_while(Result::ok) {
                let (receiver, tls) = (accepting.clone(), Arc::clone(&tls));
                std::thread::spawn(move || {
                    // A caller that goes away is no failure of the receiver.
                    let _ = receiver.serve(stream, tls);
                });
            }
        });
        receiver
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}/in", self.address)
    }

    pub(crate) fn got(&self) -> Vec<Received> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn answer(&self, answers: Answers) {
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner) = answers;
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    fn serve(&self, socket: TcpStream, tls: Arc<ServerConfig>) -> std::io::Result<()> {
        let session = ServerConnection::new(tls).map_err(std::io::Error::other)?;
        let mut stream = BufReader::new(StreamOwned::new(session, socket));
        while let Some(received) = read(&mut stream)? {
            let now = self.busy.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            self.got
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(received);
            let answers = self
                .answers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            // Long enough that more at once would be seen; and no longer than until it is answered, which lets the next begin.
            std::thread::sleep(Duration::from_millis(2));
            self.busy.fetch_sub(1, Ordering::SeqCst);
            let out = stream.get_mut();
            match answers {
                Answers::With(head) => write!(out, "HTTP/1.1 {head}Content-Length: 0\r\n\r\n")?,
                Answers::Long(bytes) => {
                    write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\n\r\n")?;
                    let piece = vec![b'x'; 64 << 10];
                    for _ in 0..bytes / piece.len() {
                        out.write_all(&piece)?;
                    }
                }
                Answers::Never => std::thread::sleep(Duration::from_mins(1)),
            }
            out.flush()?;
        }
        Ok(())
    }
}

/// Reads one request; `None` at the end of the connection.
fn read(stream: &mut impl std::io::BufRead) -> std::io::Result<Option<Received>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut headers = Vec::new();
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_owned(), value.to_owned()));
    }
    let length = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: u64 = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = String::new();
    stream.take(length).read_to_string(&mut body)?;
    Ok(Some(Received { headers, body }))
}
