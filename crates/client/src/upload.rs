//! Sending an upload. The hub knows it by its content, so that a repeated call gets the first receipt.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use formats::BatchKind;
use reqwest::blocking::Body;
use reqwest::header::{CONTENT_TYPE, LOCATION};

use crate::batch::{BatchView, Receipt};
use crate::connection::{Connection, Observer};
use crate::error::Error;
use crate::pack::{Parcel, pack};
use crate::transport;

/// Time that every upload has, for the hub's own work.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);
/// Up to this size an upload goes in one piece: sending it again costs less than asking how much arrived.
const ONE_PIECE: u64 = 256 << 10;
/// Bytes per second below which the line is taken for broken.
pub(crate) const SLOWEST: u64 = 16 << 10;

/// What the call says of the upload. What it leaves out, the file or the profile says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UploadOptions {
    /// Full or delta.
    pub kind: Option<BatchKind>,
    /// Name of the mapping profile; native XML without one.
    pub profile: Option<String>,
    /// The instant that the content speaks of.
    pub as_of: Option<DateTime<Utc>>,
}

impl UploadOptions {
    /// The instant as the hub reads it.
    pub(crate) fn instant(&self) -> Option<String> {
        self.as_of
            .map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Connection {
    /// Packs a file or folder and sends it. With the receipt the hub holds it safely.
    pub fn upload(&self, path: &Path, options: &UploadOptions) -> Result<Receipt, Error> {
        let folder = tempfile::tempdir().map_err(|error| Error::file(std::env::temp_dir(), error))?;
        self.send(&pack(&[path.to_owned()], folder.path())?, options)
    }

    /// Sends what is packed already: a small parcel in one piece, a larger one in pieces where the hub takes them.
    pub fn send(&self, parcel: &Parcel, options: &UploadOptions) -> Result<Receipt, Error> {
        self.greet()?;
        if parcel.bytes > ONE_PIECE
            && let Some(receipt) = self.send_in_pieces(parcel, options)?
        {
            return Ok(receipt);
        }
        self.send_whole(parcel, options)
    }

    fn send_whole(&self, parcel: &Parcel, options: &UploadOptions) -> Result<Receipt, Error> {
        let mut address = self.address("/v1/batches")?;
        let instant = options.instant();
        let said = [
            ("kind", options.kind.map(BatchKind::name)),
            ("as_of", instant.as_deref()),
            ("profile", options.profile.as_deref()),
            ("file_name", Some(parcel.name.as_str())),
        ];
        for (name, value) in said {
            if let Some(value) = value {
                address.query_pairs_mut().append_pair(name, value);
            }
        }
        let digest = format!("sha-256=:{}:", STANDARD.encode(parcel.sha256));
        let response = self.repeated(|| {
            let file = File::open(&parcel.path).map_err(|error| Error::file(&parcel.path, error))?;
            let content = Content {
                inner: file,
                sent: 0,
                of: parcel.bytes,
                observer: Arc::clone(self.observer()),
            };
            let request = self
                .http()
                .post(address.clone())
                .header(CONTENT_TYPE, "application/octet-stream")
                .header("content-digest", &digest)
                .timeout(PATIENCE + Duration::from_secs(parcel.bytes / SLOWEST))
                .body(Body::sized(content, parcel.bytes));
            let sent = transport::send(request);
            // Also when the hub took it: what it holds may be half of the old and half of the new.
            parcel.unchanged()?;
            sent
        })?;
        let new = response.status() == reqwest::StatusCode::ACCEPTED;
        let location = response
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let batch: BatchView = transport::json(response)?;
        Ok(Receipt {
            location: location.unwrap_or_else(|| batch.href.clone()),
            new,
            batch,
        })
    }
}

/// Content on its way, which tells how far it is.
pub(crate) struct Content<R> {
    pub(crate) inner: R,
    pub(crate) sent: u64,
    pub(crate) of: u64,
    pub(crate) observer: Arc<dyn Observer>,
}

impl<R: Read> Read for Content<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.sent += count as u64;
        self.observer.sent(self.sent, self.of);
        Ok(count)
    }
}
