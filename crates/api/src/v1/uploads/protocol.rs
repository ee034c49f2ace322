//! What tus 1.0 says of headers: <https://tus.io/protocols/resumable-upload>.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use formats::BatchKind;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::problem::{Problem, ProblemCode};

/// The version that is spoken.
pub(super) const VERSION: &str = "1.0.0";
/// What of it beyond the core.
pub(super) const EXTENSIONS: &str = "creation,creation-with-upload,checksum,expiration,termination";
/// How pieces can be checked.
pub(super) const ALGORITHMS: &str = "sha256,sha1";
/// The media type of a piece.
pub(super) const PIECE: &str = "application/offset+octet-stream";

const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const METHOD: HeaderName = HeaderName::from_static("x-http-method-override");

/// Middleware of all addresses of uploads: whoever speaks another version is told so, and every answer says which one
/// it is. A client that can only GET and POST may name the true method in `X-HTTP-Method-Override`.
pub(in crate::v1) async fn speak(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let named = request.headers().get(METHOD).map(HeaderValue::as_bytes);
    if let Some(method) = named.and_then(|name| Method::from_bytes(name).ok()) {
        request.head_mut().method = method;
    }
    let version = request.headers().get(RESUMABLE).map(HeaderValue::as_bytes);
    let spoken = request.method() == Method::OPTIONS || version == Some(VERSION.as_bytes());
    let mut response = if spoken {
        next.call(request).await?.map_into_left_body()
    } else {
        let detail = format!("Send the header Tus-Resumable: {VERSION}.");
        let problem = Problem::new(ProblemCode::TusVersion, detail);
        request.error_response(problem).map_into_right_body()
    };
    let other_version = response.status() == StatusCode::PRECONDITION_FAILED;
    let headers = response.headers_mut();
    headers.insert(RESUMABLE, HeaderValue::from_static(VERSION));
    if other_version {
        headers.insert(
            HeaderName::from_static("tus-version"),
            HeaderValue::from_static(VERSION),
        );
    }
    Ok(response)
}

/// A header that holds a number.
pub(super) fn number(headers: &HeaderMap, name: &str) -> Result<u64, Problem> {
    let text = headers.get(name).and_then(|value| value.to_str().ok());
    text.and_then(|text| text.trim().parse().ok())
        .filter(|number| i64::try_from(*number).is_ok())
        .ok_or_else(|| invalid(format!("Send the header {name} with a number of bytes.")))
}

/// What `Upload-Metadata` says of the file: the same as the query of an upload in one piece.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) file_name: Option<String>,
    pub(super) kind: Option<BatchKind>,
    pub(super) profile: Option<String>,
    pub(super) as_of: Option<DateTime<Utc>>,
    /// SHA-256 of the whole as sent.
    pub(super) sha256: Option<[u8; 32]>,
}

impl Metadata {
    /// Reads `name BASE64, name BASE64, name`. Other names are left alone; they come back as they were sent.
    pub(super) fn read(header: &str) -> Result<Self, Problem> {
        let mut metadata = Self::default();
        for entry in header.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (name, coded) = entry.split_once(' ').unwrap_or((entry, ""));
            let value = STANDARD
                .decode(coded.trim())
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok());
            let value = value.ok_or_else(|| {
                invalid(format!(
                    "Send the value of {name:?} in Upload-Metadata as base64 of UTF-8."
                ))
            })?;
            let wrong = |want: &str| invalid(format!("Send {name} in Upload-Metadata as {want}."));
            match name {
                _ if value.is_empty() => {}
                "filename" => metadata.file_name = Some(value),
                "profile" => metadata.profile = Some(value),
                "kind" => {
                    metadata.kind = Some(BatchKind::named(&value).ok_or_else(|| wrong("full or delta"))?);
                }
                "as_of" => {
                    let instant = value
                        .parse()
                        .map_err(|_| wrong("an instant, such as 2026-04-01T02:00:00Z"))?;
                    metadata.as_of = Some(instant);
                }
                "sha256" => {
                    metadata.sha256 = Some(from_hex(&value).ok_or_else(|| wrong("64 hexadecimal digits"))?);
                }
                _ => {}
            }
        }
        Ok(metadata)
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text
        .chars()
        .map(|c| c.to_digit(16).map(|d| d as u8))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect();
    (digits.len() == 64).then(|| bytes.try_into().ok())?
}

/// A piece's checksum, as it is computed while the piece comes in.
#[derive(Debug, Clone)]
pub(super) enum Checksum {
    Sha256(Sha256, Vec<u8>),
    Sha1(Sha1, Vec<u8>),
}

impl Checksum {
    /// Reads `Upload-Checksum: sha256 BASE64`.
    pub(super) fn read(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(header) = headers.get("upload-checksum") else {
            return Ok(None);
        };
        let wanted = || {
            invalid(format!(
                "Send Upload-Checksum as an algorithm of {ALGORITHMS} and the sum in base64."
            ))
        };
        let (algorithm, coded) = header
            .to_str()
            .ok()
            .and_then(|text| text.trim().split_once(' '))
            .ok_or_else(wanted)?;
        let sum = STANDARD.decode(coded.trim()).map_err(|_| wanted())?;
        match (algorithm, sum.len()) {
            ("sha256", 32) => Ok(Some(Self::Sha256(Sha256::new(), sum))),
            ("sha1", 20) => Ok(Some(Self::Sha1(Sha1::new(), sum))),
            _ => Err(wanted()),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash, _) => hash.update(bytes),
            Self::Sha1(hash, _) => hash.update(bytes),
        }
    }

    pub(super) fn holds(self) -> bool {
        match self {
            Self::Sha256(hash, sum) => hash.finalize()[..] == sum,
            Self::Sha1(hash, sum) => hash.finalize()[..] == sum,
        }
    }
}

fn invalid(detail: String) -> Problem {
    Problem::new(ProblemCode::InvalidRequest, detail)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn metadata_is_read_or_refused() {
        let coded = |text: &str| STANDARD.encode(text);
        let header = format!(
            "filename {},kind {}, profile {},as_of {},is_final,filetype {},sha256 {}",
            coded("nächtlich.csv"),
            coded("delta"),
            coded("ky"),
            coded("2026-04-01T02:00:00Z"),
            coded("text/csv"),
            coded(&"0f".repeat(32)),
        );
        let read = Metadata::read(&header).expect("metadata");
        assert_eq!(
            read,
            Metadata {
                file_name: Some("nächtlich.csv".to_owned()),
                kind: Some(BatchKind::Delta),
                profile: Some("ky".to_owned()),
                as_of: "2026-04-01T02:00:00Z".parse().ok(),
                sha256: Some([15; 32]),
            }
        );
        assert_eq!(Metadata::read("").expect("nothing"), Metadata::default());
        for bad in [
            "kind ?",
            &format!("kind {}", coded("half")),
            &format!("as_of {}", coded("today")),
            "filename =",
            &format!("sha256 {}", coded("0f")),
        ] {
            assert!(Metadata::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn checksums_hold_or_not() {
        let of = |value: &str| {
            let request = TestRequest::default()
                .insert_header(("upload-checksum", value))
                .to_http_request();
            Checksum::read(request.headers())
        };
        for (name, sum) in [
            ("sha256", Sha256::digest(b"content").to_vec()),
            ("sha1", Sha1::digest(b"content").to_vec()),
        ] {
            let header = format!("{name} {}", STANDARD.encode(sum));
            for (content, holds) in [("content", true), ("contend", false)] {
                let mut checksum = of(&header).expect("read").expect("a checksum");
                checksum.update(content.as_bytes());
                assert_eq!(checksum.holds(), holds, "{header}");
            }
        }
        for bad in ["md5 AA==", "sha256", "sha256 AA==", "sha1 ?"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
