//! A connection to the hub: who is called, who calls, and how often a call is repeated.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::Url;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::redirect::Policy;
use reqwest::tls::TlsInfo;
use rustls::ClientConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::batch::{BatchView, Receipt};
use crate::certificate::{Certificate, Whose};
use crate::error::Error;
use crate::retry::Retry;
use crate::{tls, transport};
use mde::Finding;

/// How long the hub may take to take a call.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the hub may take to answer a question.
const ANSWER: Duration = Duration::from_mins(1);
/// Pause between two questions about a batch if the hub names none.
const POLL: Duration = Duration::from_secs(2);

/// Is told how things go.
pub trait Observer: Send + Sync {
    /// A certificate is about to be used.
    fn certificate(&self, whose: Whose, certificate: &Certificate) {
        let _ = (whose, certificate);
    }

    /// So many of the bytes are sent.
    fn sent(&self, bytes: u64, of: u64) {
        let _ = (bytes, of);
    }

    /// The hub holds so many of the bytes since an earlier run, and the rest follows.
    fn resuming(&self, held: u64, of: u64) {
        let _ = (held, of);
    }

    /// A call failed and is repeated after a pause.
    fn retrying(&self, error: &Error, pause: Duration) {
        let _ = (error, pause);
    }

    /// The hub was asked how far the batch is.
    fn progress(&self, batch: &BatchView) {
        let _ = batch;
    }
}

impl Observer for () {}

/// A connection to the hub over mutual TLS. Cheap to clone; calls of several threads share it.
#[derive(Clone)]
pub struct Connection {
    http: Client,
    hub: Url,
    tls: Arc<ClientConfig>,
    retry: Retry,
    observer: Arc<dyn Observer>,
    state_folder: Option<PathBuf>,
    /// The hub answered before, so that a connection which breaks is no word about the certificate.
    answered: Arc<AtomicBool>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("hub", &self.hub.as_str())
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Prepares calls to `hub_url` (`https://name:port`). The hub's certificate must come from `ca_pem` and no other
    /// authority, and have the URL's name; `cert_pem` (with its chain) and `key_pem` are the state's. Nothing is sent
    /// yet. Must not be called, or dropped, inside an async runtime.
    pub fn new(hub_url: &str, ca_pem: &[u8], cert_pem: &[u8], key_pem: &[u8]) -> Result<Self, Error> {
        let hub = Url::parse(hub_url)
            .map_err(|error| Error::Usage(format!("the hub's address is not a URL: {error}")))?;
        let host = hub.host_str().unwrap_or_default();
        if hub.scheme() != "https" || host.is_empty() {
            return Err(Error::Usage("the hub's address starts with https://".into()));
        }
        let config = tls::config(ca_pem, cert_pem, key_pem)?;
        let mut builder = Client::builder()
            .tls_backend_preconfigured(config.clone())
            .https_only(true)
            .tls_info(true)
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .user_agent(concat!("mariposa-client/", env!("CARGO_PKG_VERSION")));
        if matches!(host, "localhost" | "[::1]") || host.starts_with("127.") {
            builder = builder.no_proxy();
        }
        let http = builder
            .build()
            .map_err(|error| Error::Usage(format!("the connection cannot be set up: {error}")))?;
        Ok(Self {
            http,
            hub,
            tls: Arc::new(config),
            retry: Retry::default(),
            observer: Arc::new(()),
            state_folder: None,
            answered: Arc::default(),
        })
    }

    /// The same with another rule of repeating.
    #[must_use]
    pub fn retrying(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// The same with somebody who is told how things go.
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// The same with a folder in which it is noted what the hub holds in part, so that another run goes on with it.
    #[must_use]
    pub fn remembering_in(mut self, folder: PathBuf) -> Self {
        self.state_folder = Some(folder);
        self
    }

    /// Asks for a JSON document. `path` is absolute, with its query; `headers` are names and values.
    pub fn get_json<T: DeserializeOwned>(&self, path: &str, headers: &[(&str, &str)]) -> Result<T, Error> {
        transport::json(self.get(path, headers)?)
    }

    /// Sends a JSON document once (it may not be safe to repeat) and reads the answer.
    pub fn post_json<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        headers: &[(&str, &str)],
    ) -> Result<T, Error> {
        let request = self.http.post(self.address(path)?).json(body);
        transport::json(transport::send(with_headers(request, headers))?)
    }

    /// Asks how the batch is doing until nothing more happens to it by itself: `loaded`, `failed` or `held`.
    pub fn wait(&self, receipt: &Receipt, timeout: Duration) -> Result<BatchView, Error> {
        let started = Instant::now();
        loop {
            let response = self.get(&receipt.location, &[])?;
            let pause = transport::retry_after(&response).unwrap_or(POLL);
            let batch: BatchView = transport::json(response)?;
            self.observer.progress(&batch);
            if batch.settled {
                return Ok(batch);
            }
            if started.elapsed() + pause > timeout {
                return Err(Error::Unreachable(format!(
                    "batch {} is still {} after {} s; the hub holds it and goes on, ask again later",
                    batch.batch_id,
                    batch.status,
                    started.elapsed().as_secs()
                )));
            }
            std::thread::sleep(pause);
        }
    }

    /// Tells every finding of a batch in the order of the file, at most `most`. The result says whether those were all.
    pub fn findings(
        &self,
        batch: &BatchView,
        most: u64,
        each: &mut dyn FnMut(Finding),
    ) -> Result<bool, Error> {
        let mut next = Some(format!("{}?limit={}", batch.findings_href, most.min(1000)));
        let mut told = 0;
        while let Some(path) = next {
            let page: FindingPage = self.get_json(&path, &[])?;
            told += page.items.len() as u64;
            page.items.into_iter().for_each(&mut *each);
            next = page.next;
            if told >= most {
                return Ok(next.is_none());
            }
        }
        Ok(true)
    }

    /// Says yes to a held batch, in the name of a person and for a reason that are kept with it.
    pub fn release(&self, batch_id: i64, reason: &str, by: &str) -> Result<BatchView, Error> {
        self.post_json(
            &format!("/v1/batches/{batch_id}/release"),
            &serde_json::json!({ "reason": reason }),
            &[("on-behalf-of", by)],
        )
    }

    /// Finds out, before anything large is sent, whether the hub can be reached and accepts the certificate.
    pub(crate) fn greet(&self) -> Result<Greeting, Error> {
        let response = self.get("/v1/batches?limit=1", &[])?;
        let certificate = response
            .extensions()
            .get::<TlsInfo>()
            .and_then(TlsInfo::peer_certificate)
            .and_then(Certificate::of);
        if let Some(certificate) = &certificate {
            self.observer.certificate(Whose::Hub, certificate);
        }
        Ok(Greeting {
            clock: transport::date(&response),
        })
    }

    pub(crate) fn http(&self) -> &Client {
        &self.http
    }

    pub(crate) fn state_folder(&self) -> Option<&Path> {
        self.state_folder.as_deref()
    }

    pub(crate) fn observer(&self) -> &Arc<dyn Observer> {
        &self.observer
    }

    pub(crate) fn address(&self, path: &str) -> Result<Url, Error> {
        let address = self
            .hub
            .join(path)
            .map_err(|error| Error::Usage(format!("{path}: {error}")))?;
        // An address that an answer names must not lead elsewhere.
        if address.origin() == self.hub.origin() {
            Ok(address)
        } else {
            Err(Error::Answer(format!("it points to {address}")))
        }
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Response, Error> {
        let address = self.address(path)?;
        self.repeated(|| transport::send(with_headers(self.http.get(address.clone()), headers)))
    }

    /// Makes a call that is safe to repeat, and repeats it while that may help.
    pub(crate) fn repeated<T>(&self, mut call: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
        let mut failures = 0;
        loop {
            let error = match call().map_err(|error| self.explained(error)) {
                Ok(answer) => {
                    self.answered.store(true, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            failures += 1;
            let asked = match &error {
                Error::Unreachable(_) => None,
                Error::Hub(problem) if problem.passes() => problem.retry_after.map(Duration::from_secs),
                _ => return Err(error),
            };
            let Some(pause) = self.retry.pause(failures, asked, rand::random()) else {
                return Err(error);
            };
            self.observer.retrying(&error, pause);
            std::thread::sleep(pause);
        }
    }

    /// A broken connection may be the hub's way to refuse a certificate: asks again in a way that shows it.
    fn explained(&self, error: Error) -> Error {
        if !matches!(error, Error::Unreachable(_)) || self.answered.load(Ordering::Relaxed) {
            return error;
        }
        let host = self.hub.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let port = self.hub.port_or_known_default().unwrap_or(443);
        tls::probe(Arc::clone(&self.tls), host, port, Duration::from_secs(3)).unwrap_or(error)
    }
}

/// What the hub's first answer says of the hub.
pub(crate) struct Greeting {
    /// Its clock, to the second.
    pub(crate) clock: Option<DateTime<Utc>>,
}

#[derive(serde::Deserialize)]
struct FindingPage {
    items: Vec<Finding>,
    next: Option<String>,
}

fn with_headers(request: RequestBuilder, headers: &[(&str, &str)]) -> RequestBuilder {
    headers
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, *value))
}
