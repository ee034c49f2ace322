//! What goes wrong, as RFC 9457 problems: one table of codes, with what the caller is told apart from what the
//! operator is told.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use formats::Refusal;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// The media type of problems (RFC 9457).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What a program should do about a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Retry {
    /// Send the same call again later, after `Retry-After` where it is given.
    Later,
    /// Correct the call or the file first.
    Correct,
    /// Look at the present state first: what was asked for may be done already.
    Check,
    /// Ask the hub's operator.
    Operator,
}

macro_rules! problems {
    ($($variant:ident: $code:literal, $status:literal, $retry:ident, $title:literal, $means:literal, $fix:literal;)+) => {
        /// The kinds of problem. The codes are stable: programs may act on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemCode {
            $(#[doc = $title] $variant,)+
        }

        impl ProblemCode {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code, the last part of the problem's `type`.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The status of the response.
            #[must_use]
            pub fn status(self) -> StatusCode {
                let number = match self { $(Self::$variant => $status,)+ };
                StatusCode::from_u16(number).expect("a status of the table")
            }

            /// What a program should do about it.
            #[must_use]
            pub fn retry(self) -> Retry {
                match self { $(Self::$variant => Retry::$retry,)+ }
            }

            /// What it is, in a few words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What has happened, as sentences.
            #[must_use]
            pub fn means(self) -> &'static str {
                match self { $(Self::$variant => $means,)+ }
            }

            /// What to do about it, as sentences.
            #[must_use]
            pub fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix,)+ }
            }

            /// The `type` of the problem: a name for it that is the same at every hub.
            #[must_use]
            pub fn urn(self) -> String {
                format!("urn:mariposa:problem:{}", self.code())
            }

            /// Path of the page that explains it, at this hub: `/docs/problems/not-found`.
            #[must_use]
            pub fn page(self) -> String {
                format!("/docs/problems/{}", self.code())
            }

            /// The kind of that code.
            #[must_use]
            pub fn of_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.code() == code)
            }
        }
    };
}

problems! {
    InvalidRequest: "invalid-request", 400, Correct, "The request is not valid",
        "A parameter, a header or the body is missing, or has a form that the interface does not know.",
        "Compare the call with the description of the interface at /docs; the detail names what is wrong. Then send it again.";
    PurposeMissing: "purpose-missing", 400, Correct, "The purpose of the look-up is missing",
        "Records of children are read only for a stated purpose, and the call states none that is known.",
        "Send the header Purpose with enroll, place, credit, eligibility or program, as the work requires.";
    OnBehalfOfMissing: "on-behalf-of-missing", 400, Correct, "The user behind the call is missing",
        "A state's system reads for somebody, and the call does not say for whom. Parents and schools can ask who has seen a record.",
        "Send the header On-Behalf-Of with the user who will see the answer, as your system names that user.";
    DigestMismatch: "digest-mismatch", 400, Later, "The content does not have the digest that was sent with it",
        "What arrived is not what was sent: the content does not have the digest of the header Content-Digest.",
        "Send it again. If that fails twice, look for a proxy that changes content, or a file that is written while it is sent.";
    SearchTooWide: "search-too-wide", 400, Correct, "A search needs a name and a birth date or year",
        "A name alone would let people page through children.",
        "Add a birth date or a birth year, or search by the student record number.";
    CertificateRefused: "certificate-refused", 403, Operator, "The certificate is not, or no longer, accepted",
        "The certificate is out of date, revoked, or signed by somebody whom this hub does not trust.",
        "Ask the hub's operator for a new certificate; say which one you use by its fingerprint.";
    CertificateUnregistered: "certificate-unregistered", 403, Operator, "The certificate is not registered for a state",
        "The certificate is sound, but stands for no state at this hub.",
        "Ask the hub's operator to register it for your state.";
    Forbidden: "forbidden", 403, Operator, "The call is not permitted",
        "What was asked for is not given to who asks.",
        "If your system should be able to do this, ask the hub's operator.";
    WrongState: "wrong-state", 403, Correct, "The file is of another state than the certificate",
        "The file says that it is another state's. Nothing of it was kept.",
        "Send the file with the certificate of its own state, or correct the state in its header.";
    NotFound: "not-found", 404, Correct, "There is nothing at this address",
        "There is nothing here that the caller may see: a wrong number, or something of another state.",
        "Check the number. A student record number has twelve digits; a retired one leads to the one that replaced it.";
    MethodNotAllowed: "method-not-allowed", 405, Correct, "The address does not know this method",
        "The address exists, but does not know what was asked of it.",
        "Use one of the methods that the header Allow names.";
    RequestTimeout: "request-timeout", 408, Later, "The content came too slowly",
        "The content stopped coming before it was whole. Nothing of it was kept, except the pieces of a resumable upload.",
        "Send it again; for large files over slow lines use the resumable upload, which goes on where it stopped.";
    Conflict: "conflict", 409, Check, "The present state does not permit this",
        "Somebody or something else came first: what was asked for no longer fits what is there.",
        "Read the present state, then decide whether there is anything left to do.";
    WrongOffset: "wrong-offset", 409, Check, "The upload goes on at another offset",
        "A piece of a resumable upload begins where the hub does not expect it, usually because an answer was lost on the way.",
        "Ask for the offset with HEAD and go on from there.";
    UploadGone: "upload-gone", 410, Correct, "The upload has ended",
        "The resumable upload was ended, or left alone for too long, and its pieces were removed.",
        "Begin a new upload.";
    TusVersion: "tus-version", 412, Correct, "This version of tus is not spoken here",
        "The client speaks a version of the tus protocol that the hub does not.",
        "Send Tus-Resumable: 1.0.0.";
    TooLarge: "too-large", 413, Correct, "The content is larger than allowed",
        "The content is larger than this hub takes, as sent or once decompressed.",
        "Compress the file, or send it in parts: one full upload cannot be cut, but changes can be sent as several deltas. The operator can raise the limit.";
    UnsupportedMediaType: "unsupported-media-type", 415, Correct, "The content has a media type that is not read here",
        "The content is of a kind that this address does not read.",
        "Send one of the media types that the description of the interface names for it.";
    UnusableFile: "unusable-file", 422, Correct, "The file is refused as a whole",
        "The file cannot be read as what it claims to be, so none of it was loaded. The member refusal says why, and on which line.",
        "Correct the file as the refusal says and send it again; mariposa validate says the same offline.";
    UnknownProfile: "unknown-profile", 422, Correct, "There is no such mapping profile",
        "The call names a mapping profile that this hub does not have.",
        "Use one of the profiles that GET /v1/profiles lists, or ask the operator to add yours.";
    InvalidContent: "invalid-content", 422, Correct, "The content is not valid",
        "The content can be read, but says something that cannot be so. Nothing was changed.",
        "Correct what the detail names, and send it again.";
    KeyReused: "idempotency-key-reused", 422, Correct, "The Idempotency-Key belongs to another call",
        "An Idempotency-Key stands for one call. This one came with another content before.",
        "Use a new key for a new call; keep the same key only to repeat the same call.";
    UploadLocked: "upload-locked", 423, Later, "Another call is at work on the upload",
        "Two calls want to add to the same upload at once.",
        "Wait a second, ask for the offset with HEAD and go on.";
    RateLimited: "rate-limited", 429, Later, "Too many calls",
        "This system, or this address, asks more often than it may.",
        "Wait as long as Retry-After says. To read many records use the feed of changes rather than one call for each.";
    UploadQuota: "upload-quota", 429, Later, "The state has used up its number of uploads",
        "The state has sent as many uploads within a day as this hub takes from one state.",
        "Wait as long as Retry-After says, and gather changes into fewer uploads.";
    ChecksumMismatch: "checksum-mismatch", 460, Later, "The piece does not have the checksum that was sent with it",
        "A piece of a resumable upload was damaged on the way and not kept.",
        "Send the piece again from the same offset.";
    Internal: "internal", 500, Operator, "The hub failed",
        "Something failed inside the hub that the caller can do nothing about. Nothing was left half done.",
        "Send the call again once. If it fails again, give the operator the request's id, which is in the member instance.";
    Busy: "busy", 503, Later, "The hub is busy",
        "The hub has as much to do as it can.",
        "Wait as long as Retry-After says, and send the same call again.";
    DatabaseAway: "database-away", 503, Later, "The hub's database is not available",
        "The hub cannot reach its database. Nothing was changed.",
        "Wait as long as Retry-After says, and send the same call again.";
    DiskFull: "disk-full", 507, Later, "The hub has no room for the upload",
        "The disk for uploads is full. Nothing of the upload was kept.",
        "Try again later; the operator is told by an alarm.";
    StorageQuota: "storage-quota", 507, Check, "The state has used up its room for uploads",
        "Uploads that are open, or not loaded yet, take all the room that one state may use.",
        "End uploads that you do not need, or wait until those that wait are loaded.";
}

/// A problem: what the caller is told (`code`, `detail`, `refusal`) and what only the operator's log is told
/// (`internal`). Neither holds values of a child's record.
#[derive(Debug, Clone)]
pub struct Problem {
    code: ProblemCode,
    detail: String,
    refusal: Option<Box<Value>>,
    retry_after: Option<u32>,
    allow: Option<String>,
    internal: Option<String>,
}

/// A problem on the wire.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// `urn:mariposa:problem:` and the stable code.
    #[serde(rename = "type")]
    #[schema(example = "urn:mariposa:problem:not-found")]
    kind: String,
    /// What it is, in a few words.
    title: &'a str,
    /// The status of the response.
    status: u16,
    /// What is wrong with this call, as a sentence.
    detail: &'a str,
    /// `urn:mariposa:request:` and the request's id, which the operator's log names too.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// What to do.
    retry: Retry,
    /// Why a file is refused: stable code, line, file, message and fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    refusal: Option<&'a Value>,
    /// Path of the page that explains this kind of problem.
    #[schema(example = "/docs/problems/not-found")]
    page: String,
}

impl Problem {
    /// A problem with what is wrong with this call, as a sentence.
    #[must_use]
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        let retry_after = match code {
            ProblemCode::Busy | ProblemCode::DatabaseAway => Some(5),
            ProblemCode::DiskFull => Some(300),
            _ => None,
        };
        Self {
            code,
            detail: detail.into(),
            refusal: None,
            retry_after,
            allow: None,
            internal: None,
        }
    }

    /// Nothing at this address that the caller may see.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemCode::NotFound, format!("There is no such {what}."))
    }

    /// A failure that the caller can do nothing about; `internal` is for the log.
    #[must_use]
    pub fn internal(internal: impl fmt::Display) -> Self {
        Self::new(
            ProblemCode::Internal,
            "The hub could not answer; its operator sees why under the request's id.",
        )
        .with_internal(internal)
    }

    /// A method that the address does not know; `allow` lists those it knows.
    #[must_use]
    pub fn method_not_allowed(allow: &str) -> Self {
        let mut problem = Self::new(ProblemCode::MethodNotAllowed, format!("Use one of: {allow}."));
        problem.allow = Some(allow.to_owned());
        problem
    }

    /// With what only the operator's log is told; no personal data.
    #[must_use]
    pub fn with_internal(mut self, internal: impl fmt::Display) -> Self {
        self.internal = Some(internal.to_string());
        self
    }

    /// With the number of seconds after which to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The problem that a bare error status stands for.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => (ProblemCode::NotFound, "There is nothing at this address."),
            StatusCode::METHOD_NOT_ALLOWED => (
                ProblemCode::MethodNotAllowed,
                "The address does not know this method.",
            ),
            StatusCode::REQUEST_TIMEOUT => (ProblemCode::RequestTimeout, "Send the content faster."),
            StatusCode::PAYLOAD_TOO_LARGE => (ProblemCode::TooLarge, "Send less at once."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => (
                ProblemCode::UnsupportedMediaType,
                "Send the media type that the interface names.",
            ),
            StatusCode::TOO_MANY_REQUESTS => (ProblemCode::RateLimited, "Wait before the next call."),
            StatusCode::FORBIDDEN => (ProblemCode::Forbidden, "The call is not permitted."),
            status if status.is_client_error() => {
                (ProblemCode::InvalidRequest, "The request cannot be read.")
            }
            _ => return Self::internal(status),
        };
        Self::new(code, detail)
    }

    /// Whether sending the same file again would end the same way.
    pub(crate) fn is_final(&self) -> bool {
        self.code.retry() == Retry::Correct || self.code == ProblemCode::DigestMismatch
    }

    /// What can be kept of it, to tell it again.
    #[must_use]
    pub(crate) fn kept(&self) -> Value {
        json!({ "code": self.code.code(), "detail": self.detail, "refusal": self.refusal })
    }

    /// A problem that was [kept](Self::kept).
    #[must_use]
    pub(crate) fn again(kept: &Value) -> Self {
        let code = kept["code"].as_str().and_then(ProblemCode::of_code);
        let Some(code) = code else {
            return Self::internal("a kept problem without a known code");
        };
        let mut problem = Self::new(code, kept["detail"].as_str().unwrap_or_default());
        problem.refusal = Some(&kept["refusal"])
            .filter(|r| !r.is_null())
            .cloned()
            .map(Box::new);
        problem
    }

    /// Its kind.
    #[must_use]
    pub fn code(&self) -> ProblemCode {
        self.code
    }

    /// What is wrong with this call, as a sentence.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What only the operator's log is told.
    #[must_use]
    pub fn internal_detail(&self) -> Option<&str> {
        self.internal.as_deref()
    }

    /// The document, for the request with this id.
    #[must_use]
    pub fn body(&self, request_id: Option<&str>) -> String {
        let body = ProblemBody {
            kind: self.code.urn(),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            instance: request_id.map(|id| format!("urn:mariposa:request:{id}")),
            retry: self.code.retry(),
            refusal: self.refusal.as_deref(),
            page: self.code.page(),
        };
        serde_json::to_string(&body).unwrap_or_default()
    }
}

impl Retry {
    /// What a program should do, as a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Later => "Send the same call again later.",
            Self::Correct => "Correct the call or the file first; the same call would fail again.",
            Self::Check => "Look at the present state first: what was asked for may be done already.",
            Self::Operator => "Ask the hub's operator; the same call would fail again.",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.code())
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut builder = HttpResponse::build(self.code.status());
        builder.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE)));
        if let Some(seconds) = self.retry_after {
            builder.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(allow) = &self.allow {
            builder.insert_header((header::ALLOW, allow.as_str()));
        }
        let mut response = builder.body(self.body(None));
        // The middleware around every request logs it, and writes it again with the request's id.
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        if error.is_transient() {
            Self::new(
                ProblemCode::DatabaseAway,
                "The hub's database is not available; nothing was changed. Try again.",
            )
            .with_internal(error)
        } else {
            Self::internal(error)
        }
    }
}

impl From<export::papers::PrintError> for Problem {
    fn from(error: export::papers::PrintError) -> Self {
        match error {
            export::papers::PrintError::Store(error) => error.into(),
            export::papers::PrintError::Pdf(error) => Self::internal(error),
        }
    }
}

impl From<notices::Error> for Problem {
    fn from(error: notices::Error) -> Self {
        match error {
            notices::Error::Database(error) => error.into(),
            notices::Error::KeyReused => Self::new(
                ProblemCode::KeyReused,
                "This Idempotency-Key has sent something else before; use a new one for a new notice or request.",
            ),
            notices::Error::Conflict(_) => {
                Self::new(ProblemCode::Conflict, format!("Nothing was changed: {error}."))
            }
            notices::Error::Damaged => Self::new(
                ProblemCode::Internal,
                "The document is damaged at the hub and is not handed out; ask the state that sent it to send it again.",
            )
            .with_internal(error),
            error => Self::new(
                ProblemCode::InvalidContent,
                format!("Nothing was changed: {error}."),
            ),
        }
    }
}

impl From<deliver::Error> for Problem {
    fn from(error: deliver::Error) -> Self {
        Self::new(
            ProblemCode::InvalidContent,
            format!("The webhook is not set: {error}."),
        )
    }
}

impl From<linking::review::Error> for Problem {
    fn from(error: linking::review::Error) -> Self {
        use linking::review::Error;
        let code = match error {
            Error::Store(error) => return error.into(),
            Error::NotFound => return Self::not_found("work item or person"),
            Error::Late | Error::Locked { .. } => ProblemCode::Conflict,
            Error::ReasonMissing | Error::Invalid(_) => ProblemCode::InvalidContent,
            _ => ProblemCode::Forbidden,
        };
        Self::new(code, format!("Nothing was decided: {error}."))
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.code {
            formats::RefusalCode::WrongState => ProblemCode::WrongState,
            formats::RefusalCode::TooLarge => ProblemCode::TooLarge,
            _ => ProblemCode::UnusableFile,
        };
        let mut problem = Self::new(code, format!("{refusal} {}", refusal.fix));
        problem.refusal = serde_json::to_value(&refusal).ok().map(Box::new);
        problem
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_errors() {
        let codes: HashSet<&str> = ProblemCode::ALL.iter().map(|c| c.code()).collect();
        assert_eq!(codes.len(), ProblemCode::ALL.len());
        for code in ProblemCode::ALL {
            assert!(code.status().is_client_error() || code.status().is_server_error());
        }
    }

    #[test]
    fn the_callers_text_and_the_operators_are_apart() {
        let problem = Problem::internal("relation does not exist");
        assert!(!problem.body(Some("r1")).contains("relation"));
        assert!(
            problem
                .body(Some("r1"))
                .contains("\"instance\":\"urn:mariposa:request:r1\"")
        );
        assert_eq!(problem.internal_detail(), Some("relation does not exist"));
    }
}
