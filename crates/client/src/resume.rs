//! Sending in pieces (tus 1.0): what the hub holds already is not sent again, whatever was cut in between.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Cursor, Read as _, Seek as _, SeekFrom};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::blocking::{Body, RequestBuilder, Response};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use sha2::{Digest as _, Sha256};

use crate::batch::{BatchView, Receipt};
use crate::connection::Connection;
use crate::error::{Error, Problem};
use crate::pack::Parcel;
use crate::transport;
use crate::unfinished::{Note, Place};
use crate::upload::{Content, PATIENCE, SLOWEST, UploadOptions};

/// The first piece; a piece that arrives doubles the next one, one that does not halves it.
const PIECE: u64 = 4 << 20;
const SMALLEST: u64 = 64 << 10;
const LARGEST: u64 = 16 << 20;
/// Uploads that are begun anew because the hub forgot them.
const BEGINNINGS: usize = 3;

/// An upload that the hub holds in part.
struct Upload {
    location: String,
    offset: u64,
    piece: u64,
    /// Address of the batch that it became.
    batch: Option<String>,
    /// When it was begun, by the hub's clock.
    begun: Option<DateTime<Utc>>,
}

impl Connection {
    /// Sends a parcel in pieces. `None`: this hub receives uploads in one piece only.
    pub(crate) fn send_in_pieces(
        &self,
        parcel: &Parcel,
        options: &UploadOptions,
    ) -> Result<Option<Receipt>, Error> {
        let said = metadata(parcel, options);
        let hub = self.address("/")?.to_string();
        let place = self
            .state_folder()
            .map(|folder| Place::of(folder, &hub, &parcel.sha256, &said));
        let mut known = place.as_ref().and_then(Place::read);
        for _ in 0..BEGINNINGS {
            let begun = match known.take() {
                Some(note) => self.continued(&note, parcel)?,
                None => match self.begun(parcel, &said)? {
                    Some(upload) => Some(upload),
                    None => return Ok(None),
                },
            };
            let Some(mut upload) = begun else { continue };
            let note = Note {
                hub: hub.clone(),
                location: upload.location.clone(),
                bytes: parcel.bytes,
                begun: upload.begun,
            };
            // Without a note this run still resumes; only another one would start anew.
            let noted = place.as_ref().is_some_and(|place| place.write(&note).is_ok());
            let outcome = self.finished(&mut upload, parcel);
            let over = match &outcome {
                Ok(_) | Err(Error::Changed(_)) => true,
                Err(Error::Hub(problem)) => !problem.passes(),
                Err(_) => false,
            };
            if over && let Some(place) = &place {
                place.forget();
            }
            return match outcome {
                Err(Error::Hub(problem)) if is_gone(&problem) => continue,
                Err(why) if noted && !over && upload.offset > 0 && may_pass(&why) => Err(Error::Kept {
                    sent: upload.offset,
                    of: parcel.bytes,
                    why: Box::new(why),
                }),
                outcome => outcome,
            };
        }
        Ok(None)
    }

    /// Whether the hub takes uploads in pieces.
    pub(crate) fn offers_pieces(&self) -> Result<bool, Error> {
        let address = self.address("/v1/uploads")?;
        let asked = self.repeated(|| transport::send(self.http().request(Method::OPTIONS, address.clone())));
        match asked {
            Ok(response) => Ok(header(&response, "tus-version").is_some()),
            Err(Error::Hub(problem)) if is_unknown(&problem) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Announces an upload. `None` if the hub does not know this way of sending.
    fn begun(&self, parcel: &Parcel, said: &str) -> Result<Option<Upload>, Error> {
        let address = self.address("/v1/uploads")?;
        let created = self.repeated(|| {
            let request = tus(self.http().post(address.clone()))
                .header("upload-length", parcel.bytes)
                .header("upload-metadata", said)
                // Sized and empty: without it a proxy may ask for a length.
                .body(Vec::new());
            transport::send(request)
        });
        let response = match created {
            Err(Error::Hub(problem)) if is_unknown(&problem) => return Ok(None),
            created => created?,
        };
        let location = header(&response, LOCATION.as_str())
            .ok_or_else(|| Error::Answer("it names no address for the upload".into()))?;
        // An address that leads elsewhere is refused here, before anything is sent there.
        let location = self.address(&location)?.path().to_owned();
        Ok(Some(Upload {
            location,
            offset: offset(&response).unwrap_or(0),
            piece: PIECE,
            batch: None,
            begun: transport::date(&response),
        }))
    }

    /// Asks how much the hub holds of an upload that an earlier run began. `None`: nothing that could be continued.
    fn continued(&self, note: &Note, parcel: &Parcel) -> Result<Option<Upload>, Error> {
        let mut upload = Upload {
            location: note.location.clone(),
            offset: 0,
            piece: PIECE,
            batch: None,
            begun: note.begun,
        };
        match self.repeated(|| self.ask(&mut upload)) {
            Err(Error::Hub(problem)) if is_gone(&problem) => return Ok(None),
            other => other?,
        }
        if note.bytes != parcel.bytes || upload.offset > parcel.bytes {
            return Ok(None);
        }
        self.observer().resuming(upload.offset, parcel.bytes);
        Ok(Some(upload))
    }

    /// Sends what is missing, and fetches the receipt.
    fn finished(&self, upload: &mut Upload, parcel: &Parcel) -> Result<Option<Receipt>, Error> {
        while upload.offset < parcel.bytes {
            self.repeated(|| self.step(upload, parcel))?;
        }
        if upload.batch.is_none() {
            // The answer to the last piece was lost. Nothing at the end gets the same answer.
            self.repeated(|| self.piece(upload, parcel))?;
        }
        let Some(location) = upload.batch.take() else {
            return Err(Error::Answer(
                "it has all of the upload and names no batch".into(),
            ));
        };
        let location = self.address(&location)?.path().to_owned();
        let batch: BatchView = self.get_json(&location, &[])?;
        Ok(Some(Receipt {
            location,
            // A batch older than this upload is one that the hub received before.
            new: upload.begun.is_none_or(|begun| batch.received_at >= begun),
            batch,
        }))
    }

    /// One piece. If it was cut but the hub kept some of it, that is a step too.
    fn step(&self, upload: &mut Upload, parcel: &Parcel) -> Result<(), Error> {
        let before = upload.offset;
        let Err(error) = self.piece(upload, parcel) else {
            upload.piece = (upload.piece * 2).min(LARGEST);
            return Ok(());
        };
        upload.piece = (upload.piece / 2).max(SMALLEST);
        let confused = matches!(&error, Error::Hub(problem) if matches!(problem.status, 409 | 423 | 460));
        if !confused && !may_pass(&error) {
            return Err(error);
        }
        self.ask(upload)?;
        match (upload.offset > before, error) {
            (true, _) => Ok(()),
            (false, error) if confused => Err(Error::Unreachable(error.to_string())),
            (false, error) => Err(error),
        }
    }

    /// Sends the next piece, with its digest.
    fn piece(&self, upload: &mut Upload, parcel: &Parcel) -> Result<(), Error> {
        let bytes = read(parcel, upload.offset, upload.piece)?;
        let length = bytes.len() as u64;
        let digest = STANDARD.encode(Sha256::digest(&bytes));
        let content = Content {
            inner: Cursor::new(bytes),
            sent: upload.offset,
            of: parcel.bytes,
            observer: Arc::clone(self.observer()),
        };
        let request = tus(self.http().patch(self.address(&upload.location)?))
            .header(CONTENT_TYPE, "application/offset+octet-stream")
            .header("upload-offset", upload.offset)
            .header("upload-checksum", format!("sha256 {digest}"))
            .timeout(PATIENCE + Duration::from_secs(length / SLOWEST))
            .body(Body::sized(content, length));
        let sent = transport::send(request);
        // Also when the hub took it: what it holds may be half of the old and half of the new.
        parcel.unchanged()?;
        let response = sent?;
        upload.offset = offset(&response).unwrap_or(upload.offset + length);
        upload.batch = header(&response, "batch-location");
        Ok(())
    }

    /// Asks how much the hub holds.
    fn ask(&self, upload: &mut Upload) -> Result<(), Error> {
        let response = transport::send(tus(self.http().head(self.address(&upload.location)?)))?;
        upload.offset =
            offset(&response).ok_or_else(|| Error::Answer("it does not say how much it holds".into()))?;
        upload.batch = header(&response, "batch-location");
        Ok(())
    }
}

/// What the call says of the upload, as tus wants it: names, and values in base64.
fn metadata(parcel: &Parcel, options: &UploadOptions) -> String {
    let instant = options.instant();
    let sha256 = parcel.sha256.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let said = [
        ("filename", Some(parcel.name.as_str())),
        ("kind", options.kind.map(formats::BatchKind::name)),
        ("profile", options.profile.as_deref()),
        ("as_of", instant.as_deref()),
        // The hub holds the whole against it, beyond the checksum of each piece.
        ("sha256", Some(sha256.as_str())),
    ];
    let said: Vec<String> = said
        .iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", STANDARD.encode((*value)?))))
        .collect();
    said.join(",")
}

fn tus(request: RequestBuilder) -> RequestBuilder {
    request.header("tus-resumable", "1.0.0")
}

fn header(response: &Response, name: &str) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.to_owned())
}

fn offset(response: &Response) -> Option<u64> {
    header(response, "upload-offset")?.trim().parse().ok()
}

/// Whether the hub does not know this way of sending.
fn is_unknown(problem: &Problem) -> bool {
    matches!(problem.status, 404 | 405 | 501)
}

fn is_gone(problem: &Problem) -> bool {
    matches!(problem.status, 404 | 410)
}

fn may_pass(error: &Error) -> bool {
    match error {
        Error::Unreachable(_) => true,
        Error::Hub(problem) => problem.passes(),
        _ => false,
    }
}

fn read(parcel: &Parcel, from: u64, most: u64) -> Result<Vec<u8>, Error> {
    let read = || {
        let mut file = File::open(&parcel.path)?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|error| Error::file(&parcel.path, error))
}
