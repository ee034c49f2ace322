//! What becomes of a move notice: read with its steps, reopened, closed.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use chrono::{DateTime, Utc};
use mde::StateCode;
use notices::Changed;
use serde::{Deserialize, Serialize};
use store::notices::Step;
use utoipa::ToSchema;

use crate::auth::Acting;
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;
use crate::v1::notices::NoticeDocument;

/// A step of a notice.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MoveNoticeStep)]
pub struct StepDocument {
    /// `received` (first listed by the recipient), `seen` (first opened by one of its people), `answered`, `reopened`,
    /// `closed`, `reminded`, `returned`, `withdrawn` or `restored`.
    pub step: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The state that took it; `null`: the hub.
    pub state: Option<String>,
    /// Who in it, if it is the reader's own state.
    pub by: Option<String>,
    /// The answer, of `answered`.
    pub answer: Option<String>,
    /// What else was said, or why.
    pub note: Option<String>,
}

impl StepDocument {
    fn of(step: Step, reader: StateCode) -> Self {
        let own = step.state.as_deref() == Some(reader.as_str());
        Self {
            step: step.what,
            at: step.at,
            state: step.state,
            by: step.done_by.filter(|_| own),
            answer: step.answer,
            note: step.note,
        }
    }
}

/// A move notice with its steps.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MoveNoticeWithSteps)]
pub struct NoticeWithSteps {
    /// The notice.
    #[serde(flatten)]
    pub notice: NoticeDocument,
    /// What became of it, oldest first.
    pub steps: Vec<StepDocument>,
}

/// A notice that the state received or sent, with its steps. One that its recipient reads for the first time is thereby
/// received, and seen, if a user of the recipient is named.
#[utoipa::path(get, path = "/v1/move-notices/{move_notice_id}", operation_id = "readMoveNotice", tag = "notices", params(
    ("move_notice_id" = i64, Path, description = "number of the notice"),
    ("On-Behalf-Of" = Option<String>, Header, description = "the state's user who opens it, 1 to 200 characters"),
), responses(
    (status = 200, description = "the notice", body = NoticeWithSteps),
    (status = 404, description = "no such notice in the state's boxes", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(
    acting: Acting,
    state: Data<AppState>,
    move_notice_id: Path<i64>,
) -> Result<HttpResponse, Problem> {
    let (own, now) = (acting.system.state, state.clock.now());
    let (notice, steps) = state
        .db
        .run(move |connection| {
            let by = acting.on_behalf_of.is_some().then(|| acting.label());
            notices::open(connection, *move_notice_id, own, by.as_deref(), now)
        })
        .await?
        .ok_or_else(|| Problem::not_found("move notice in this state's boxes"))?;
    Ok(HttpResponse::Ok().json(NoticeWithSteps {
        notice: NoticeDocument::try_from(notice)?,
        steps: steps
            .into_iter()
            .map(|step| StepDocument::of(step, own))
            .collect(),
    }))
}

/// Why a notice is to be looked at again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reopening {
    /// Why, 1 to 500 characters; nothing sensitive.
    reason: String,
}

/// Lets a notice wait for an answer again that was answered, closed or returned: by either side, with ten more working
/// days. The answer before stays among its steps.
#[utoipa::path(post, path = "/v1/move-notices/{move_notice_id}/reopening", operation_id = "reopenMoveNotice", tag = "notices", params(
    ("move_notice_id" = i64, Path, description = "number of the notice"),
    ("On-Behalf-Of" = Option<String>, Header, description = "the state's user who reopens it, 1 to 200 characters"),
), request_body = Reopening, responses(
    (status = 200, description = "the notice as it is now", body = NoticeDocument),
    (status = 404, description = "no such notice in the state's boxes", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "it waits for an answer already, or was withdrawn", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn reopen(
    acting: Acting,
    state: Data<AppState>,
    move_notice_id: Path<i64>,
    reopening: Json<Reopening>,
) -> Result<HttpResponse, Problem> {
    let now = state.clock.now();
    let done = state
        .db
        .run(move |connection| {
            let (own, by, why) = (
                acting.system.state,
                acting.label(),
                Some(reopening.reason.as_str()),
            );
            notices::reopen(connection, *move_notice_id, own, &by, why, now)
        })
        .await?
        .ok_or_else(|| Problem::not_found("move notice in this state's boxes"))?;
    if !done.recorded {
        return Err(Problem::new(
            ProblemCode::Conflict,
            "The notice waits for an answer already, or was withdrawn.",
        ));
    }
    answer(done)
}

/// What is said when a notice is closed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Closing {
    /// What else to say, at most 500 characters; nothing sensitive.
    note: Option<String>,
}

/// Closes a notice: nobody waits for anything more. Whoever sent it does; what the hub noticed, its recipient. Closing it
/// again changes nothing.
#[utoipa::path(post, path = "/v1/move-notices/{move_notice_id}/closing", operation_id = "closeMoveNotice", tag = "notices", params(
    ("move_notice_id" = i64, Path, description = "number of the notice"),
    ("On-Behalf-Of" = Option<String>, Header, description = "the state's user who closes it, 1 to 200 characters"),
), request_body = Closing, responses(
    (status = 200, description = "the notice as it is now", body = NoticeDocument),
    (status = 404, description = "no such notice that the state closes", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn close(
    acting: Acting,
    state: Data<AppState>,
    move_notice_id: Path<i64>,
    closing: Json<Closing>,
) -> Result<HttpResponse, Problem> {
    let now = state.clock.now();
    let done = state
        .db
        .run(move |connection| {
            let (own, by) = (acting.system.state, acting.label());
            notices::close(
                connection,
                *move_notice_id,
                own,
                &by,
                closing.note.as_deref(),
                now,
            )
        })
        .await?
        .ok_or_else(|| Problem::not_found("move notice that this state closes"))?;
    answer(done)
}

fn answer(done: Changed) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(NoticeDocument::try_from(done.notice)?))
}
