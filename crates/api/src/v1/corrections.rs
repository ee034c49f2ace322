//! Requests of families to correct what a state's record says (34 CFR 200.85).

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, NaiveDate, Utc};
use mde::{PersonId, StateCode};
use notices::Sender;
use notices::corrections::{self, Asker, Decision, Step, Taking};
use serde::{Deserialize, Serialize};
use store::corrections::{self as kept, Correction};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Acting, Reading};
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;
use crate::v1::notices::{Status, idempotency_key};

/// A family's request with its times.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Correction)]
pub struct CorrectionDocument {
    /// Number of the request, and of its work item.
    pub correction_id: i64,
    /// The child.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// The state whose record it is: it decides.
    pub owner: String,
    /// The state that the family asked.
    pub taken_in: String,
    /// The day on which the family asked.
    pub asked_on: NaiveDate,
    /// `parent`, `guardian` or `student`.
    pub asker: String,
    /// In which language the family is written to: `en` or `es`.
    pub language: String,
    /// Number of the data element, where it is one.
    pub element: Option<String>,
    /// What the record says.
    pub says: String,
    /// What it should say.
    pub should_say: String,
    /// What the family shows for it.
    pub grounds: Option<String>,
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
    /// When it went to the owner, if that is another state.
    pub forwarded_at: Option<DateTime<Utc>>,
    /// `corrected` or `declined`.
    pub decision: Option<String>,
    /// When the owner decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why.
    pub why: Option<String>,
    /// When the family was told.
    pub told_at: Option<DateTime<Utc>>,
    /// When corrected data were received.
    pub arrived_at: Option<DateTime<Utc>>,
    /// The batch that brought them.
    pub arrived_batch: Option<i64>,
    /// The family's statement of disagreement, which stays with the record.
    pub statement: Option<String>,
    /// When it was kept.
    pub stated_at: Option<DateTime<Utc>>,
}

impl TryFrom<Correction> for CorrectionDocument {
    type Error = Problem;

    fn try_from(k: Correction) -> Result<Self, Problem> {
        Ok(Self {
            correction_id: k.work_item_id,
            person_id: PersonId::new(k.person_id).map_err(Problem::internal)?,
            owner: k.owner,
            taken_in: k.taken_in,
            asked_on: k.asked_on,
            asker: k.asker,
            language: k.language,
            element: k.element,
            says: k.says,
            should_say: k.should_say,
            grounds: k.grounds,
            taken_at: k.taken_at,
            forwarded_at: k.forwarded_at,
            decision: k.decision,
            decided_at: k.decided_at,
            why: k.why,
            told_at: k.told_at,
            arrived_at: k.arrived_at,
            arrived_batch: k.arrived_batch,
            statement: k.statement,
            stated_at: k.stated_at,
        })
    }
}

/// Which corrections, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// `open` (not decided, not told to the family, or with corrected data still to come) or `all` (the default).
    #[serde(default)]
    #[param(inline, required = false)]
    status: Status,
    /// Where the page starts, from `next` of the page before.
    cursor: Option<i64>,
    /// Items of the page, 1 to 1000; 100 if missing.
    limit: Option<i64>,
}

/// The corrections that the state owns or has taken, newest first. Each is disclosed.
#[utoipa::path(get, path = "/v1/corrections", operation_id = "listCorrections", tag = "corrections", params(
    Wanted,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "a page of corrections", body = Page<CorrectionDocument>),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    reading: Reading,
    state: Data<AppState>,
    wanted: Query<Wanted>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = page::limit(wanted.limit)?;
    let (open, before, own) = (wanted.status == Status::Open, wanted.cursor, reading.system.state);
    let found = state
        .db
        .run(move |connection| kept::list(connection, &reading.access, own, open, before, limit))
        .await?;
    let next = found
        .last()
        .filter(|_| found.len() as i64 == limit)
        .map(|k| k.work_item_id);
    let items = found
        .into_iter()
        .map(CorrectionDocument::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(page::answer(&request, items, next))
}

/// A family's request as a state takes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCorrection {
    /// The child, by its number or a retired one.
    #[schema(value_type = String)]
    person_id: PersonId,
    /// The state whose record is said to be wrong; the request goes there at once if it is another one.
    #[schema(value_type = String)]
    owner: StateCode,
    /// The day on which the family asked, today or before.
    asked_on: NaiveDate,
    /// `parent`, `guardian` or `student`.
    #[schema(value_type = String)]
    asker: Asker,
    /// Whether the family is written to in Spanish.
    #[serde(default)]
    spanish: bool,
    /// Number of the data element, where it is one, such as `9` for the birth date.
    element: Option<String>,
    /// What the record says, at most 300 characters.
    says: String,
    /// What it should say, at most 300 characters.
    should_say: String,
    /// What the family shows for it, at most 1,000 characters.
    grounds: Option<String>,
}

/// What is taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct Taken {
    /// Number of the request, and of its work item.
    pub correction_id: i64,
}

/// Takes a family's request to correct a record. With `Idempotency-Key`, the same key takes it once however often it is
/// tried; with another content it is refused.
#[utoipa::path(post, path = "/v1/corrections", operation_id = "takeCorrection", tag = "corrections", params(
    ("Idempotency-Key" = Option<String>, Header, description = "the sender's own key of this request, 1 to 255 characters"),
    ("On-Behalf-Of" = Option<String>, Header, description = "the state's user who takes it, 1 to 200 characters"),
), request_body = NewCorrection, responses(
    (status = 201, description = "its number", body = Taken),
    (status = 422, description = "the request is not valid, or the state holds no record of the child", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn take(
    acting: Acting,
    state: Data<AppState>,
    new: Json<NewCorrection>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let key = idempotency_key(&request)?;
    let new = new.into_inner();
    let taking = Taking {
        person_id: new.person_id,
        owner: new.owner,
        asked_on: new.asked_on,
        asker: new.asker,
        spanish: new.spanish,
        element: new.element,
        says: new.says,
        should_say: new.should_say,
        grounds: new.grounds,
    };
    let now = state.clock.now();
    let correction_id = state
        .db
        .run(move |connection| {
            let taker = Sender {
                state: acting.system.state,
                by: &acting.label(),
                idempotency_key: key.as_deref(),
            };
            corrections::take(connection, taker, &taking, now)
        })
        .await?;
    Ok(HttpResponse::Created().json(Taken { correction_id }))
}

/// A correction that the state owns or has taken. It is disclosed.
#[utoipa::path(get, path = "/v1/corrections/{correction_id}", operation_id = "readCorrection", tag = "corrections", params(
    ("correction_id" = i64, Path, description = "number of the request"),
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "the correction", body = CorrectionDocument),
    (status = 404, description = "no such correction of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(
    reading: Reading,
    state: Data<AppState>,
    correction_id: Path<i64>,
) -> Result<HttpResponse, Problem> {
    let own = reading.system.state;
    let found = state
        .db
        .run(move |connection| kept::read(connection, &reading.access, *correction_id, own))
        .await?
        .ok_or_else(|| Problem::not_found("correction of this state"))?;
    Ok(HttpResponse::Ok().json(CorrectionDocument::try_from(found)?))
}

/// The owner's decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deciding {
    /// `corrected` or `declined`.
    #[schema(value_type = String)]
    decision: Decision,
    /// Why, at most 1,000 characters; it stands in the notice to the family.
    why: String,
}

/// Decides about a correction of the state's own record. The first decision stays; corrected data are due within four
/// working days.
#[utoipa::path(post, path = "/v1/corrections/{correction_id}/decision", operation_id = "decideCorrection", tag = "corrections", params(
    ("correction_id" = i64, Path, description = "number of the request"),
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who decides, 1 to 200 characters"),
), request_body = Deciding, responses(
    (status = 200, description = "the correction as decided", body = CorrectionDocument),
    (status = 404, description = "no such correction of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "it is decided, or another state's to decide", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn decide(
    reading: Reading,
    state: Data<AppState>,
    correction_id: Path<i64>,
    deciding: Json<Deciding>,
) -> Result<HttpResponse, Problem> {
    let Deciding { decision, why } = deciding.into_inner();
    let same = move |k: &Correction| k.decision.as_deref() == Some(decision.name());
    stepped(reading, state, *correction_id, Step::Decide(decision, why), same).await
}

/// Notes that the family has been told of the decision.
#[utoipa::path(post, path = "/v1/corrections/{correction_id}/told", operation_id = "toldFamily", tag = "corrections", params(
    ("correction_id" = i64, Path, description = "number of the request"),
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who told it, 1 to 200 characters"),
), responses(
    (status = 200, description = "the correction", body = CorrectionDocument),
    (status = 404, description = "no such correction of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "nothing is decided yet", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn tell(
    reading: Reading,
    state: Data<AppState>,
    correction_id: Path<i64>,
) -> Result<HttpResponse, Problem> {
    let same = |k: &Correction| k.told_at.is_some();
    stepped(reading, state, *correction_id, Step::Tell, same).await
}

/// A family's statement of disagreement.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// In the family's words, at most 4,000 characters.
    statement: String,
}

/// Keeps the family's statement of disagreement with the record, after its request was declined (34 CFR 99.21(b)(2)). A
/// later one takes its place.
#[utoipa::path(put, path = "/v1/corrections/{correction_id}/statement", operation_id = "stateDisagreement", tag = "corrections", params(
    ("correction_id" = i64, Path, description = "number of the request"),
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who keeps it, 1 to 200 characters"),
), request_body = Statement, responses(
    (status = 200, description = "the correction with the statement", body = CorrectionDocument),
    (status = 404, description = "no such correction of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "it was not declined", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn disagree(
    reading: Reading,
    state: Data<AppState>,
    correction_id: Path<i64>,
    statement: Json<Statement>,
) -> Result<HttpResponse, Problem> {
    let statement = statement.into_inner().statement;
    stepped(reading, state, *correction_id, Step::Disagree(statement), |_| {
        false
    })
    .await
}

/// Takes a step with a correction and answers with it. What was the `same` before is no conflict.
async fn stepped(
    reading: Reading,
    state: Data<AppState>,
    id: i64,
    step: Step,
    same: impl Fn(&Correction) -> bool,
) -> Result<HttpResponse, Problem> {
    let own = reading.system.state;
    let done = state
        .db
        .run(move |connection| {
            let by = match &reading.access.on_behalf_of {
                Some(user) => format!("{} for {user}", reading.access.actor.label()),
                None => reading.access.actor.label(),
            };
            let who = Sender {
                state: own,
                by: &by,
                idempotency_key: None,
            };
            corrections::step(connection, &reading.access, id, who, &step)
        })
        .await?
        .ok_or_else(|| Problem::not_found("correction of this state"))?;
    if done.recorded || same(&done.correction) {
        return Ok(HttpResponse::Ok().json(CorrectionDocument::try_from(done.correction)?));
    }
    Err(Problem::new(
        ProblemCode::Conflict,
        "It is not this state's turn, or somebody was faster; read the correction to see how it stands.",
    ))
}
