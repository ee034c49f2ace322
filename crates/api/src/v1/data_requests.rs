//! Data requests: a state asks another one for what it holds of a child.

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, NaiveDate, Utc};
use mde::{PersonId, StateCode};
use notices::Sender;
use notices::data_requests::{self as requests, Answering, Ask, Changed, Reply, What};
use serde::{Deserialize, Serialize};
use store::data_requests::DataRequest;
use store::notices::Box;
use utoipa::ToSchema;

use crate::auth::{Acting, StateSystem};
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;
use crate::v1::notices::{Status, Wanted, WhichBox, idempotency_key};

/// A request with its times.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DataRequest)]
pub struct DataRequestDocument {
    /// Number of the request, and of its work item.
    pub data_request_id: i64,
    /// The state that asks.
    pub sender: String,
    /// The state that is asked.
    pub recipient: String,
    /// The child.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// What for: `record`, `grades`, `immunizations`, `certificate`, or a document: `transcript`,
    /// `immunization_certificate`, `certificate_copy`.
    pub what: String,
    /// What else the sender says.
    pub note: Option<String>,
    /// The correction for which it is needed; a reply is then owed within ten working days (34 CFR 200.85).
    pub for_correction: Option<i64>,
    /// Last day for an answer.
    pub due_on: NaiveDate,
    /// When it was asked.
    pub created_at: DateTime<Utc>,
    /// When somebody of the recipient first opened it.
    pub seen_at: Option<DateTime<Utc>>,
    /// `sent`, `not_held` or `not_yet`.
    pub answer: Option<String>,
    /// When the recipient answered last.
    pub answered_at: Option<DateTime<Utc>>,
    /// What else the recipient says.
    pub answer_note: Option<String>,
    /// The day until which it is to be waited.
    pub not_until: Option<NaiveDate>,
    /// When new content of the recipient's record of the child was first received after it was asked for.
    pub arrived_at: Option<DateTime<Utc>>,
    /// The batch that brought it.
    pub arrived_batch: Option<i64>,
    /// The school to which it went, where that is known; only for the recipient.
    pub school: Option<String>,
    /// The district to which it went, where that is known; only for the recipient.
    pub district: Option<String>,
    /// The version of the document that holds now, once one has come; `GET …/document` reads it.
    pub document_version: Option<i32>,
    /// What the sender says of that one: `accepted` or `not_accepted` in lieu of the original.
    pub document_verdict: Option<String>,
    /// Whether it still waits for an answer.
    pub open: bool,
    /// Why it does not: an answer, `arrived` or `withdrawn`.
    pub outcome: Option<String>,
}

impl DataRequestDocument {
    /// As one of its states sees it.
    fn of(request: DataRequest, own: StateCode) -> Result<Self, Problem> {
        // Where a child goes to school is disclosed with its record, not by a request that is sent.
        let asked = request.recipient == own.as_str();
        Ok(Self {
            data_request_id: request.work_item_id,
            sender: request.sender,
            recipient: request.recipient,
            person_id: PersonId::new(request.person_id).map_err(Problem::internal)?,
            what: request.what,
            note: request.note,
            for_correction: request.for_correction,
            due_on: request.due_on,
            created_at: request.opened_at,
            seen_at: request.seen_at,
            answer: request.answer,
            answered_at: request.answered_at,
            answer_note: request.answer_note,
            not_until: request.not_until,
            arrived_at: request.arrived_at,
            arrived_batch: request.arrived_batch,
            school: request.school.filter(|_| asked),
            district: request.district.filter(|_| asked),
            document_version: request.document_version,
            document_verdict: request.document_verdict,
            open: request.status == "open",
            outcome: request.decision,
        })
    }
}

/// The state's requests, newest first.
#[utoipa::path(get, path = "/v1/data-requests", operation_id = "listDataRequests", tag = "data requests", params(Wanted), responses(
    (status = 200, description = "a page of requests", body = Page<DataRequestDocument>),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    system: StateSystem,
    state: Data<AppState>,
    wanted: Query<Wanted>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (own, limit) = (system.state, page::limit(wanted.limit)?);
    let (open, before) = (wanted.status == Status::Open, wanted.cursor);
    let which = match wanted.which {
        WhichBox::Inbox => Box::Inbox,
        WhichBox::Sent => Box::Sent,
    };
    let found = state
        .db
        .run(move |connection| requests::list(connection, own, which, open, before, limit))
        .await?;
    let next = found
        .last()
        .filter(|_| found.len() as i64 == limit)
        .map(|request| request.work_item_id);
    let items = found
        .into_iter()
        .map(|request| DataRequestDocument::of(request, own))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(page::answer(&request, items, next))
}

/// A request as a state makes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDataRequest {
    /// The state that is asked. It has to hold a record of the child.
    #[schema(value_type = String)]
    recipient: StateCode,
    /// The child, by its number or a retired one.
    #[schema(value_type = String)]
    person_id: PersonId,
    /// `record`, `grades`, `immunizations`, `certificate`, or a document: `transcript`, `immunization_certificate`,
    /// `certificate_copy`.
    #[schema(value_type = String)]
    what: What,
    /// What else to say, at most 500 characters; nothing sensitive.
    note: Option<String>,
    /// The correction for which it is needed, if the state handles one.
    for_correction: Option<i64>,
}

/// Asks another state for data of a child that it holds. With `Idempotency-Key`, the same key asks once however often it
/// is tried, and gets the first request.
#[utoipa::path(post, path = "/v1/data-requests", operation_id = "askForData", tag = "data requests", params(
    ("Idempotency-Key" = Option<String>, Header, description = "the sender's own key of this request, 1 to 255 characters"),
    ("On-Behalf-Of" = Option<String>, Header, description = "the state's user who asks, 1 to 200 characters"),
), request_body = NewDataRequest, responses(
    (status = 201, description = "the request as sent", body = DataRequestDocument),
    (status = 422, description = "the request is not valid, or the state holds no record of the child", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn ask(
    acting: Acting,
    state: Data<AppState>,
    new: Json<NewDataRequest>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let key = idempotency_key(&request)?;
    let new = new.into_inner();
    let ask = Ask {
        person_id: new.person_id,
        to_state: new.recipient,
        what: new.what,
        note: new.note,
        for_correction: new.for_correction,
    };
    let (now, own) = (state.clock.now(), acting.system.state);
    let sent = state
        .db
        .run(move |connection| {
            let sender = Sender {
                state: own,
                by: &acting.label(),
                idempotency_key: key.as_deref(),
            };
            requests::ask(connection, sender, &ask, now)
        })
        .await?;
    Ok(HttpResponse::Created().json(DataRequestDocument::of(sent, own)?))
}

/// A request that the state has sent or received. That the recipient reads it is noted.
#[utoipa::path(get, path = "/v1/data-requests/{data_request_id}", operation_id = "readDataRequest", tag = "data requests", params(
    ("data_request_id" = i64, Path, description = "number of the request"),
    ("On-Behalf-Of" = Option<String>, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "the request", body = DataRequestDocument),
    (status = 404, description = "no such request of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(
    acting: Acting,
    state: Data<AppState>,
    data_request_id: Path<i64>,
) -> Result<HttpResponse, Problem> {
    let (now, own) = (state.clock.now(), acting.system.state);
    let found = state
        .db
        .run(move |connection| {
            let by = acting.label();
            requests::open(connection, *data_request_id, own, &by, now)
        })
        .await?
        .ok_or_else(|| Problem::not_found("data request of this state"))?;
    Ok(HttpResponse::Ok().json(DataRequestDocument::of(found, own)?))
}

/// The answer to a request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DataAnswer {
    /// `sent` (or it goes with the next upload), `not_held`, or `not_yet`, which leaves the request open until a day.
    #[serde(rename = "answer")]
    #[schema(value_type = String)]
    reply: Reply,
    /// Of `not_yet`: the day until which it is to be waited, within a year.
    until: Option<NaiveDate>,
    /// What else to say, at most 500 characters; nothing sensitive.
    note: Option<String>,
}

/// Answers a request in the state's inbox. The same answer again changes nothing; what has been met, taken back or
/// answered otherwise is a conflict.
#[utoipa::path(post, path = "/v1/data-requests/{data_request_id}/answer", operation_id = "answerDataRequest", tag = "data requests", params(
    ("data_request_id" = i64, Path, description = "number of the request"),
    ("On-Behalf-Of" = Option<String>, Header, description = "the state's user who answers, 1 to 200 characters"),
), request_body = DataAnswer, responses(
    (status = 200, description = "the request with its answer", body = DataRequestDocument),
    (status = 404, description = "no such request in the state's inbox", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "it is not open any more", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn answer(
    acting: Acting,
    state: Data<AppState>,
    data_request_id: Path<i64>,
    answer: Json<DataAnswer>,
) -> Result<HttpResponse, Problem> {
    let (now, own) = (state.clock.now(), acting.system.state);
    let answer = answer.into_inner();
    let reply = answer.reply;
    let done = state
        .db
        .run(move |connection| {
            let by = acting.label();
            let answering = Answering {
                reply,
                until: answer.until,
                note: answer.note.as_deref(),
            };
            requests::answer(connection, *data_request_id, own, &by, &answering, now)
        })
        .await?;
    changed(done, own, "data request in this state's inbox", |request| {
        request.decision.as_deref() == Some(reply.name())
    })
}

/// Takes a request back that the state has sent.
#[utoipa::path(delete, path = "/v1/data-requests/{data_request_id}", operation_id = "takeBackDataRequest", tag = "data requests", params(
    ("data_request_id" = i64, Path, description = "number of the request"),
    ("On-Behalf-Of" = Option<String>, Header, description = "the state's user who takes it back, 1 to 200 characters"),
), responses(
    (status = 200, description = "the request, taken back", body = DataRequestDocument),
    (status = 404, description = "no such request sent by the state", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "it is not open any more", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn take_back(
    acting: Acting,
    state: Data<AppState>,
    data_request_id: Path<i64>,
) -> Result<HttpResponse, Problem> {
    let (now, own) = (state.clock.now(), acting.system.state);
    let done = state
        .db
        .run(move |connection| {
            let by = acting.label();
            requests::take_back(connection, *data_request_id, own, &by, now)
        })
        .await?;
    changed(done, own, "data request sent by this state", |request| {
        request.decision.as_deref() == Some("withdrawn")
    })
}

/// The answer after a change, or after one that was made the same before.
fn changed(
    done: Option<Changed>,
    own: StateCode,
    what: &str,
    same: impl Fn(&DataRequest) -> bool,
) -> Result<HttpResponse, Problem> {
    let done = done.ok_or_else(|| Problem::not_found(what))?;
    if done.recorded || same(&done.request) {
        return Ok(HttpResponse::Ok().json(DataRequestDocument::of(done.request, own)?));
    }
    Err(Problem::new(
        ProblemCode::Conflict,
        "The request was answered, met or taken back before.",
    ))
}
