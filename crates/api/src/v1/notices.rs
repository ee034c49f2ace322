//! Move notices: a child has moved from one state to another, or will.

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, NaiveDate, Utc};
use mde::{PersonId, StateCode};
use notices::{Answer, ManualNotice, Sender};
use serde::{Deserialize, Serialize};
use store::notices::Notice;
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Acting, StateSystem};
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;

/// A move notice with its times.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MoveNotice)]
pub struct NoticeDocument {
    /// Number of the notice.
    pub move_notice_id: i64,
    /// `arrival`, `departure` or `inquiry`.
    pub kind: String,
    /// The state to which it is addressed.
    pub recipient: String,
    /// The state that sent it by hand; `null`: the hub noticed.
    pub sender: Option<String>,
    /// The child.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// Where the child was.
    pub from_state: Option<String>,
    /// Where it is or goes.
    pub to_state: Option<String>,
    /// District in the state of arrival.
    pub district: Option<String>,
    /// City in the state of arrival.
    pub city: Option<String>,
    /// What raised it: `enrollment`, `residency`, `qualifying_move` or `manual`.
    pub event: String,
    /// Day of the event.
    pub event_date: Option<NaiveDate>,
    /// Day on which the child is expected.
    pub expected_date: Option<NaiveDate>,
    /// Whom to ask.
    pub contact: Option<String>,
    /// What else the sender says.
    pub note: Option<String>,
    /// When it was raised or sent.
    pub created_at: DateTime<Utc>,
    /// When the recipient first listed it.
    pub received_at: Option<DateTime<Utc>>,
    /// When the recipient answered.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// The answer.
    pub answer: Option<String>,
    /// What else the recipient says.
    pub answer_note: Option<String>,
    /// When it turned out not to be so.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// `open` (an answer is waited for), `returned` (nobody has answered), `answered`, `closed` or `withdrawn`.
    pub standing: &'static str,
    /// When a person of the recipient first opened it.
    pub seen_at: Option<DateTime<Utc>>,
    /// Last day for an answer: ten working days of the recipient.
    pub due_on: Option<NaiveDate>,
    /// When the recipient was reminded.
    pub reminded_at: Option<DateTime<Utc>>,
    /// When it went back to its sender without an answer.
    pub returned_at: Option<DateTime<Utc>>,
    /// Since when nobody waits for anything more.
    pub closed_at: Option<DateTime<Utc>>,
}

impl TryFrom<Notice> for NoticeDocument {
    type Error = Problem;

    fn try_from(notice: Notice) -> Result<Self, Problem> {
        Ok(Self {
            standing: notices::life::Standing::of(&notice).name(),
            move_notice_id: notice.move_notice_id,
            kind: notice.kind,
            recipient: notice.recipient,
            sender: notice.sender,
            person_id: PersonId::new(notice.person_id).map_err(Problem::internal)?,
            from_state: notice.from_state,
            to_state: notice.to_state,
            district: notice.district,
            city: notice.city,
            event: notice.event,
            event_date: notice.event_date,
            expected_date: notice.expected_date,
            contact: notice.contact,
            note: notice.note,
            created_at: notice.created_at,
            received_at: notice.received_at,
            acknowledged_at: notice.acknowledged_at,
            answer: notice.answer,
            answer_note: notice.answer_note,
            withdrawn_at: notice.withdrawn_at,
            seen_at: notice.seen_at,
            due_on: notice.due_on,
            reminded_at: notice.reminded_at,
            returned_at: notice.returned_at,
            closed_at: notice.closed_at,
        })
    }
}

/// Which box of the state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WhichBox {
    /// Addressed to it.
    #[default]
    Inbox,
    /// Sent by it.
    Sent,
}

/// Which notices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Those that wait for an answer.
    Open,
    /// All.
    #[default]
    All,
}

/// Which notices, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// `inbox` (addressed to the state; the default) or `sent` (by it).
    #[serde(default, rename = "box")]
    #[param(inline, required = false)]
    pub(crate) which: WhichBox,
    /// `open` (an answer is waited for) or `all` (the default).
    #[serde(default)]
    #[param(inline, required = false)]
    pub(crate) status: Status,
    /// Where the page starts, from `next` of the page before.
    pub(crate) cursor: Option<i64>,
    /// Items of the page, 1 to 1000; 100 if missing.
    pub(crate) limit: Option<i64>,
}

/// The state's move notices, newest first. A notice that the inbox shows for the first time is thereby received.
#[utoipa::path(get, path = "/v1/move-notices", operation_id = "listMoveNotices", tag = "notices", params(Wanted), responses(
    (status = 200, description = "a page of notices", body = Page<NoticeDocument>),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    system: StateSystem,
    state: Data<AppState>,
    wanted: Query<Wanted>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = page::limit(wanted.limit)?;
    let (open, before, which) = (wanted.status == Status::Open, wanted.cursor, wanted.which);
    let now = state.clock.now();
    let found = state
        .db
        .run(move |connection| match which {
            WhichBox::Inbox => notices::inbox(connection, system.state, open, before, limit, now),
            WhichBox::Sent => notices::sent(connection, system.state, open, before, limit),
        })
        .await?;
    // One more than the page would be marked as received without being shown.
    let next = found
        .last()
        .filter(|_| found.len() as i64 == limit)
        .map(|notice| notice.move_notice_id);
    let items = found
        .into_iter()
        .map(NoticeDocument::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(page::answer(&request, items, next))
}

/// A notice as a state sends it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMoveNotice {
    /// `arrival`: the child is on its way to the recipient; `departure`: it has come from there; `inquiry`: is it there?
    #[schema(value_type = String)]
    kind: notices::Kind,
    /// The state to which the notice goes.
    #[schema(value_type = String)]
    recipient: StateCode,
    /// The child, by its number or a retired one. Either this or `person_ids`.
    #[schema(value_type = Option<String>)]
    person_id: Option<PersonId>,
    /// The children of a family, at most 20: one notice each, all or none.
    #[schema(value_type = Option<Vec<String>>)]
    person_ids: Option<Vec<PersonId>>,
    /// District in the state of arrival, at most 60 characters.
    district: Option<String>,
    /// City in the state of arrival, at most 50 characters.
    city: Option<String>,
    /// Day on which the child is expected, or came; within a year of today.
    expected_date: Option<NaiveDate>,
    /// Whom to ask, at most 200 characters.
    contact: Option<String>,
    /// What else to say, at most 500 characters; nothing sensitive.
    note: Option<String>,
}

/// What was sent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = SentMoveNotice)]
pub enum SentNotice {
    /// The notice about one child.
    One(Box<NoticeDocument>),
    /// Those about the children of a family, in their order.
    Family {
        /// The notices.
        items: Vec<NoticeDocument>,
    },
}

/// Sends a notice to another state, about one child or each child of a family. With `Idempotency-Key`, the same key sends
/// once however often it is tried, and gets the first notice.
#[utoipa::path(post, path = "/v1/move-notices", operation_id = "sendMoveNotice", tag = "notices", params(
    ("Idempotency-Key" = Option<String>, Header, description = "the sender's own key of this notice, 1 to 255 characters"),
    ("On-Behalf-Of" = Option<String>, Header, description = "the state's user who sends, 1 to 200 characters"),
), request_body = NewMoveNotice, responses(
    (status = 201, description = "the notice as sent, or for `person_ids` each of them", body = SentNotice),
    (status = 422, description = "the notice is not valid", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn send(
    acting: Acting,
    state: Data<AppState>,
    new: Json<NewMoveNotice>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let key = idempotency_key(&request)?;
    let new = new.into_inner();
    let family = new.person_ids.is_some();
    let (person_id, others) = match (new.person_id, new.person_ids.as_deref()) {
        (Some(only), None) => (only, Vec::new()),
        (None, Some([first, others @ ..])) => (*first, others.to_vec()),
        _ => {
            let detail = "Name the child as person_id, or the children of a family as person_ids.";
            return Err(Problem::new(ProblemCode::InvalidContent, detail));
        }
    };
    let notice = ManualNotice {
        kind: new.kind,
        person_id,
        to_state: new.recipient,
        district: new.district,
        city: new.city,
        expected_date: new.expected_date,
        contact: new.contact,
        note: new.note,
    };
    let now = state.clock.now();
    let sent = state
        .db
        .run(move |connection| {
            let sender = Sender {
                state: acting.system.state,
                by: &acting.label(),
                idempotency_key: key.as_deref(),
            };
            if family {
                notices::send_family(connection, sender, &notice, &others, now)
            } else {
                Ok(vec![notices::send(connection, sender, &notice, now)?])
            }
        })
        .await?;
    let mut items = sent
        .into_iter()
        .map(NoticeDocument::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    let sent = match items.pop() {
        Some(only) if !family => SentNotice::One(Box::new(only)),
        last => {
            items.extend(last);
            SentNotice::Family { items }
        }
    };
    Ok(HttpResponse::Created().json(sent))
}

/// The sender's own key of what it sends, if it gives one.
pub(crate) fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(header) = request.headers().get("idempotency-key") else {
        return Ok(None);
    };
    match header.to_str() {
        Ok(key) if (1..=255).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Problem::new(
            ProblemCode::InvalidRequest,
            "An Idempotency-Key has 1 to 255 plain characters.",
        )),
    }
}

/// The answer to a notice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledging {
    /// `arrived` (the child is here, or has left as told), `not_arrived`, `not_ours` (the wrong state) or `needs_data`.
    #[schema(value_type = String)]
    answer: Answer,
    /// What else to say, at most 500 characters; nothing sensitive.
    note: Option<String>,
}

/// Answers a notice in the state's inbox, also one that was returned to its sender. The first answer stays; the same one
/// again changes nothing. `arrived` closes the notice.
#[utoipa::path(post, path = "/v1/move-notices/{move_notice_id}/acknowledgement", operation_id = "acknowledgeMoveNotice", tag = "notices", params(
    ("move_notice_id" = i64, Path, description = "number of the notice"),
    ("On-Behalf-Of" = Option<String>, Header, description = "the state's user who answers, 1 to 200 characters"),
), request_body = Acknowledging, responses(
    (status = 200, description = "the notice with its answer", body = NoticeDocument),
    (status = 404, description = "no such notice in the state's inbox", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "it was answered otherwise, closed or withdrawn", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn acknowledge(
    acting: Acting,
    state: Data<AppState>,
    move_notice_id: Path<i64>,
    answer: Json<Acknowledging>,
) -> Result<HttpResponse, Problem> {
    let now = state.clock.now();
    let Acknowledging { answer, note } = answer.into_inner();
    let done = state
        .db
        .run(move |connection| {
            let (own, by) = (acting.system.state, acting.label());
            notices::acknowledge(
                connection,
                *move_notice_id,
                own,
                &by,
                answer,
                note.as_deref(),
                now,
            )
        })
        .await?
        .ok_or_else(|| Problem::not_found("move notice in this state's inbox"))?;
    if done.recorded || done.notice.answer.as_deref() == Some(answer.name()) {
        Ok(HttpResponse::Ok().json(NoticeDocument::try_from(done.notice)?))
    } else {
        Err(Problem::new(
            ProblemCode::Conflict,
            "The notice was answered otherwise before, or was closed or withdrawn.",
        ))
    }
}
