//! Official documents that answer a data request: sent by the state that was asked, received and judged by the one that
//! asked; and what each state takes in place of a paper original.

use actix_web::web::{Data, Json, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, NaiveDate, Utc};
use formats::official;
use mde::StateCode;
use notices::documents::{self, Sending, Verdict};
use serde::{Deserialize, Serialize};
use store::acceptances::{self, Acceptance};
use store::documents::Document;
use utoipa::{IntoParams, ToSchema};

use crate::answer::documents::attach;
use crate::auth::{Deciding, Reading, StateSystem};
use crate::etag;
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;
use crate::v1::body::Body;
use crate::v1::snapshots::hex;
use crate::v1::upload::{check_digest, content_digest};

/// A version of a document, without its content.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DocumentVersion)]
pub struct VersionDocument {
    /// Number of the version, from 1.
    pub version: i32,
    /// `application/pdf` or `application/xml`.
    pub media_type: String,
    /// Bytes.
    pub size: i32,
    /// SHA-256 of the content, in lower-case hex.
    pub sha256: String,
    /// Who attests that it is a true copy.
    pub registrar: String,
    /// Title or office of who attests.
    pub office: String,
    /// The day of issue.
    pub issued_on: NaiveDate,
    /// What is attested, as the sentence read then.
    pub attestation: String,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
    /// Who sent it; only within the state that did.
    pub sent_by: Option<String>,
    /// When a newer version took its place.
    pub superseded_at: Option<DateTime<Utc>>,
    /// Why.
    pub superseded_why: Option<String>,
    /// When the state that asked first downloaded it.
    pub received_at: Option<DateTime<Utc>>,
    /// Who did; only within that state.
    pub received_by: Option<String>,
    /// What that state says: `accepted` or `not_accepted` in lieu of the original.
    pub verdict: Option<String>,
    /// When it said so.
    pub judged_at: Option<DateTime<Utc>>,
    /// Why.
    pub judged_why: Option<String>,
}

impl VersionDocument {
    /// As the sender of the document, or of the request, sees it.
    fn of(document: Document, own: Side) -> Self {
        Self {
            version: document.version,
            media_type: document.media_type,
            size: document.size,
            sha256: hex(&document.sha256),
            registrar: document.registrar,
            office: document.office,
            issued_on: document.issued_on,
            attestation: document.attestation,
            sent_at: document.sent_at,
            sent_by: Some(document.sent_by).filter(|_| own == Side::Holder),
            superseded_at: document.superseded_at,
            superseded_why: document.superseded_why,
            received_at: document.received_at,
            received_by: document.received_by.filter(|_| own == Side::Asker),
            verdict: document.verdict,
            judged_at: document.judged_at,
            judged_why: document.judged_why,
        }
    }
}

/// A side of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Asker,
    Holder,
}

/// The versions of a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct Versions {
    /// The newest first; none as long as nothing has come.
    pub items: Vec<VersionDocument>,
}

fn no_request() -> Problem {
    Problem::not_found("data request of this state")
}

/// What has come for a request that the state has sent or received: every version with its attestation, its receipt and
/// what became of it.
#[utoipa::path(get, path = "/v1/data-requests/{data_request_id}/documents", operation_id = "listDocuments", tag = "data requests", params(
    ("data_request_id" = i64, Path, description = "number of the request"),
), responses(
    (status = 200, description = "the versions", body = Versions),
    (status = 404, description = "no such request of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    system: StateSystem,
    state: Data<AppState>,
    data_request_id: Path<i64>,
) -> Result<Json<Versions>, Problem> {
    let own = system.state;
    let (request, found) = state
        .db
        .run(move |connection| {
            let request = store::data_requests::find(connection, *data_request_id, own)?;
            let found = documents::versions(connection, *data_request_id, own)?;
            Ok::<_, store::Error>((request, found))
        })
        .await?;
    let (request, found) = request.zip(found).ok_or_else(no_request)?;
    let side = if request.sender == own.as_str() {
        Side::Asker
    } else {
        Side::Holder
    };
    let items = found
        .into_iter()
        .map(|document| VersionDocument::of(document, side))
        .collect();
    Ok(Json(Versions { items }))
}

/// What is said of a document that is sent.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct About {
    /// Who attests, at most 200 characters.
    registrar: String,
    /// Title or office of who attests, at most 200 characters.
    office: String,
    /// The day of issue, today or before.
    issued: NaiveDate,
    /// `true`: who sends it attests that it is a true copy, in the words that the answer repeats as `attestation`.
    #[serde(default)]
    attest: bool,
    /// The version whose place it takes; left out for the first one.
    replaces: Option<i32>,
    /// Why it takes its place, at most 500 characters.
    reason: Option<String>,
}

/// Sends the document that a request in the state's inbox asks for, as the body of the call: a PDF, or XML such as a PESC
/// High School Transcript, of at most 10 MB. What it is, its content says, not its name or `Content-Type`. It answers the
/// request as `sent`. The same document again changes nothing; another one has to name the version that it replaces, and
/// every version is kept.
#[utoipa::path(put, path = "/v1/data-requests/{data_request_id}/document", operation_id = "sendDocument", tag = "data requests", params(
    ("data_request_id" = i64, Path, description = "number of the request"),
    About,
    ("Content-Digest" = Option<String>, Header, description = "`sha-256=:BASE64:` of the content (RFC 9530)"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who sends it, 1 to 200 characters"),
), request_body(content((Vec<u8> = "application/pdf"), (String = "application/xml"))), responses(
    (status = 201, description = "the version as it is kept", body = VersionDocument),
    (status = 200, description = "the same was sent before", body = VersionDocument),
    (status = 404, description = "no such request in the state's inbox", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "the request takes no document, or another version is here already", body = ProblemBody, content_type = "application/problem+json"),
    (status = 413, description = "it is larger than 10 MB", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "it is neither a PDF nor well-formed XML, or not attested", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn send(
    deciding: Deciding,
    state: Data<AppState>,
    data_request_id: Path<i64>,
    about: Query<About>,
    payload: Payload,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let digest = content_digest(request.headers())?;
    let mut body = Body::new(payload, &state.limits, official::MAX_BYTES as u64);
    let mut content = Vec::new();
    loop {
        match body.piece().await {
            Ok(Some(piece)) => content.extend_from_slice(&piece),
            Ok(None) => break,
            Err(problem) => {
                body.drain().await;
                return Err(problem);
            }
        }
    }
    let (acting, about, now) = (deciding.0, about.into_inner(), state.clock.now());
    let done = state
        .db
        .run(move |connection| {
            let own = acting.system.state;
            // Whose request it is not is told nothing about its file either.
            let known = store::data_requests::find(connection, *data_request_id, own)?;
            if known.is_none_or(|request| request.recipient != own.as_str()) {
                return Ok(None);
            }
            check_digest(digest.as_deref(), &content)?;
            let sending = Sending {
                media_type: official::examine(&content)?.name(),
                content: &content,
                registrar: &about.registrar,
                office: &about.office,
                issued_on: about.issued,
                attested: about.attest,
                replaces: about.replaces,
                why: about.reason.as_deref(),
            };
            let by = acting.label();
            documents::send(connection, *data_request_id, own, &by, &sending, now).map_err(Problem::from)
        })
        .await?
        .ok_or_else(|| Problem::not_found("data request in this state's inbox"))?;
    let mut answer = if done.recorded {
        HttpResponse::Created()
    } else {
        HttpResponse::Ok()
    };
    Ok(answer.json(VersionDocument::of(done.document, Side::Holder)))
}

/// Which version.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Number of the version; the one that holds now if missing.
    version: Option<i32>,
}

/// The document of a request that the state has sent or received, as a file. It is disclosed. The first time that the state
/// that asked reads it is the receipt that the other one sees. Its SHA-256 is checked every time, and stands in
/// `Repr-Digest` (RFC 9530).
#[utoipa::path(get, path = "/v1/data-requests/{data_request_id}/document", operation_id = "readDocument", tag = "data requests", params(
    ("data_request_id" = i64, Path, description = "number of the request"),
    Wanted,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "the document", content((Vec<u8> = "application/pdf"), (String = "application/xml"))),
    (status = 404, description = "no such request of this state, or nothing has come yet", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(
    reading: Reading,
    state: Data<AppState>,
    data_request_id: Path<i64>,
    wanted: Query<Wanted>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (own, version) = (reading.system.state, wanted.version);
    let (document, content) = state
        .db
        .run(move |connection| documents::read(connection, &reading.access, *data_request_id, own, version))
        .await?
        .ok_or_else(|| Problem::not_found("document for this state"))?;
    attach(
        etag::answer_as(&request, &document.media_type, content),
        &document,
    )
}

/// What the state that asked says of a document.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Judging {
    /// The version of which it is said.
    version: i32,
    /// `accepted` or `not_accepted`, in lieu of the original.
    #[schema(value_type = String)]
    verdict: Verdict,
    /// Why, at most 500 characters; needed if it is not accepted.
    reason: Option<String>,
}

/// Says of a document that the state has asked for and downloaded whether it serves in lieu of the original. The first word
/// about a version stays; who sent it is told.
#[utoipa::path(post, path = "/v1/data-requests/{data_request_id}/document/verdict", operation_id = "judgeDocument", tag = "data requests", params(
    ("data_request_id" = i64, Path, description = "number of the request"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who decides, 1 to 200 characters"),
), request_body = Judging, responses(
    (status = 200, description = "the version with what was said", body = VersionDocument),
    (status = 404, description = "no such request sent by the state, or no such version", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "it was judged otherwise, replaced, or not downloaded yet", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn judge(
    deciding: Deciding,
    state: Data<AppState>,
    data_request_id: Path<i64>,
    judging: Json<Judging>,
) -> Result<HttpResponse, Problem> {
    let (acting, now) = (deciding.0, state.clock.now());
    let Judging {
        version,
        verdict,
        reason,
    } = judging.into_inner();
    let done = state
        .db
        .run(move |connection| {
            let (own, by) = (acting.system.state, acting.label());
            let said = (version, verdict, reason.as_deref());
            documents::judge(connection, *data_request_id, own, &by, said, now)
        })
        .await?
        .ok_or_else(|| Problem::not_found("document that this state has asked for"))?;
    if done.recorded || done.document.verdict.as_deref() == Some(verdict.name()) {
        return Ok(HttpResponse::Ok().json(VersionDocument::of(done.document, Side::Asker)));
    }
    Err(Problem::new(
        ProblemCode::Conflict,
        "Something else was said of this version before, and stays.",
    ))
}

/// Whether a state takes a kind of document from the hub in place of a paper original.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DocumentAcceptance)]
pub struct AcceptanceDocument {
    /// The state.
    pub state: String,
    /// The kind: `transcript`, `immunization_certificate` or `certificate_copy`.
    pub what: String,
    /// `yes`, `with_conditions` or `no`.
    pub accepted: String,
    /// The conditions, or what is asked for instead.
    pub words: Option<String>,
    /// The first day on which that holds.
    pub since: NaiveDate,
    /// Whom to ask.
    pub contact: String,
    /// When it was last said.
    pub kept_at: DateTime<Utc>,
}

impl From<Acceptance> for AcceptanceDocument {
    fn from(kept: Acceptance) -> Self {
        Self {
            state: kept.state,
            what: kept.what,
            accepted: kept.accepted,
            words: kept.words,
            since: kept.since,
            contact: kept.contact,
            kept_at: kept.kept_at,
        }
    }
}

/// What states take in place of paper originals.
#[derive(Debug, Serialize, ToSchema)]
pub struct Acceptances {
    /// By state and kind. Of what is not named, the state has said nothing.
    pub items: Vec<AcceptanceDocument>,
}

/// Which state.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Whose {
    /// Only of this state, by its postal code; all if missing.
    #[param(value_type = Option<String>)]
    state: Option<StateCode>,
}

/// What each state takes from the hub in place of a paper original, as its administrators keep it in the portal.
#[utoipa::path(get, path = "/v1/document-acceptances", operation_id = "listDocumentAcceptances", tag = "data requests", params(Whose), responses(
    (status = 200, description = "what states have said", body = Acceptances),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn accepted(
    _: StateSystem,
    state: Data<AppState>,
    whose: Query<Whose>,
) -> Result<Json<Acceptances>, Problem> {
    let items = state
        .db
        .run(acceptances::all)
        .await?
        .into_iter()
        .filter(|kept| whose.state.is_none_or(|state| state.as_str() == kept.state))
        .map(AcceptanceDocument::from)
        .collect();
    Ok(Json(Acceptances { items }))
}
