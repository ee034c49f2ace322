//! Who is who, decided by people through their state's system: near matches, merges, splits and their undoing.

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use linking::review::{self, Answer, Judge, Level, Outcome};
use mde::{PersonId, StateCode, StateStudentId, StudentId};
use serde::{Deserialize, Serialize};
use store::work_items::{self, Owner, Scope, WHO_IS_WHO, WorkItem};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Deciding, StateSystem};
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;

/// Something that people have to judge. Holds no value of a child's record: the records are read by their numbers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkItem)]
pub struct WorkItemDocument {
    /// Number of the item.
    pub work_item_id: i64,
    /// `near_match`, or a request: `merge`, `split`, `undo`.
    pub kind: String,
    /// `open`, `decided`, or `closed` because the question no longer arises.
    pub status: String,
    /// The states with a live student in it.
    pub states: Vec<String>,
    /// Whom it is about.
    #[schema(value_type = Vec<String>)]
    pub persons: Vec<PersonId>,
    /// Probability that they are one child, for a near match.
    pub probability: Option<f32>,
    /// Why it is asked.
    pub reason: String,
    /// The comparison of the strongest pair, element by element.
    #[schema(value_type = Object)]
    pub evidence: serde_json::Value,
    /// The number that survives, for a merge.
    #[schema(value_type = Option<String>)]
    pub master: Option<PersonId>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// The state that asks, for a request.
    pub requested_state: Option<String>,
    /// Since when it is the arbiter's.
    pub arbiter_since: Option<DateTime<Utc>>,
    /// `disagreement` or `silence`.
    pub arbiter_why: Option<String>,
    /// Why somebody disagrees.
    pub objection: Option<String>,
    /// The decision that stands while new evidence is judged.
    #[schema(value_type = Option<Object>)]
    pub earlier: Option<serde_json::Value>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// `same`, `different`, `approved`, `rejected` or `withdrawn`.
    pub decision: Option<String>,
    /// Why it was decided so.
    pub note: Option<String>,
    /// The request that has undone it.
    pub undone_by: Option<i64>,
}

impl TryFrom<WorkItem> for WorkItemDocument {
    type Error = Problem;

    fn try_from(item: WorkItem) -> Result<Self, Problem> {
        let person = |number: i64| PersonId::new(number).map_err(Problem::internal);
        let master = item.request["master"].as_i64();
        Ok(Self {
            work_item_id: item.work_item_id,
            kind: item.kind,
            status: item.status,
            states: item.states,
            persons: item.persons.into_iter().map(person).collect::<Result<_, _>>()?,
            probability: item.probability,
            reason: item.reason,
            evidence: item.evidence,
            master: master.map(person).transpose()?,
            opened_at: item.opened_at,
            requested_state: item.requested_state,
            arbiter_since: item.arbiter_since,
            arbiter_why: item.arbiter_why,
            objection: item.objection,
            earlier: item.earlier,
            decided_at: item.decided_at,
            decision: item.decision,
            note: item.note,
            undone_by: item.undone_by,
        })
    }
}

/// On which worklist of a state an item is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorklistOwner)]
pub struct OwnerDocument {
    /// The state.
    pub state: String,
    /// `district`, `region` or `state`.
    pub level: String,
    /// The district.
    pub district: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl From<Owner> for OwnerDocument {
    fn from(owner: Owner) -> Self {
        Self {
            state: owner.state,
            level: owner.level,
            district: owner.district,
            region: owner.region,
            since: owner.since,
        }
    }
}

/// An item and on whose worklists it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkItemDetails {
    /// The item.
    pub item: WorkItemDocument,
    /// Its worklists, by state.
    pub owners: Vec<OwnerDocument>,
}

/// Which items.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// `near_match`, `merge`, `split` or `undo`; all if missing.
    kind: Option<String>,
    /// The most items, 1 to 1000; 100 if missing.
    limit: Option<i64>,
}

/// The state's open items, the most probable near matches first, then the oldest requests. What is decided leaves the
/// list, so it has one page.
#[utoipa::path(get, path = "/v1/work-items", operation_id = "listWorkItems", tag = "work items", params(Wanted), responses(
    (status = 200, description = "the items", body = Page<WorkItemDocument>),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    system: StateSystem,
    state: Data<AppState>,
    wanted: Query<Wanted>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = page::limit(wanted.limit)?;
    let kind = wanted.into_inner().kind;
    let found = state
        .db
        .run(move |connection| {
            let kinds: Vec<&str> = kind.as_deref().map_or(WHO_IS_WHO.to_vec(), |kind| vec![kind]);
            work_items::worklist(connection, &Scope::State(system.state), &kinds, limit)
        })
        .await?;
    let items = found
        .into_iter()
        .map(WorkItemDocument::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(page::answer(&request, items, None))
}

/// An item of the state, with its worklists.
#[utoipa::path(get, path = "/v1/work-items/{work_item_id}", operation_id = "readWorkItem", tag = "work items", params(
    ("work_item_id" = i64, Path, description = "number of the item"),
), responses(
    (status = 200, description = "the item", body = WorkItemDetails),
    (status = 404, description = "no such item of the state", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(
    system: StateSystem,
    state: Data<AppState>,
    work_item_id: Path<i64>,
) -> Result<HttpResponse, Problem> {
    let id = *work_item_id;
    Ok(HttpResponse::Ok().json(details(&state, system.state, id).await?))
}

async fn details(state: &AppState, own: StateCode, id: i64) -> Result<WorkItemDetails, Problem> {
    let (item, owners) = state
        .db
        .run(move |connection| {
            let item = work_items::find_in(connection, id, &Scope::State(own))?
                .ok_or_else(|| Problem::not_found("work item of this state"))?;
            let owners = work_items::owners(connection, id)?;
            Ok::<_, Problem>((item, owners))
        })
        .await?;
    Ok(WorkItemDetails {
        item: item.try_into()?,
        owners: owners.into_iter().map(Into::into).collect(),
    })
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// A near match is one child.
    Same,
    /// It is two children.
    Different,
    /// A request is right.
    Approve,
    /// A request is wrong; needs a reason, and hands it to the arbiter.
    Reject,
    /// The own request is taken back.
    Withdraw,
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// What is decided.
    #[serde(rename = "decision")]
    word: Word,
    /// Why, at most 500 characters; nothing sensitive. Needed except for `approve` and `withdraw`.
    #[serde(default)]
    reason: String,
    /// For `same`: the number that survives; the person with more records if missing.
    #[schema(value_type = Option<String>)]
    master: Option<PersonId>,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Decided {
    /// `decided`; `requested`: it waits for a second person; `with_arbiter`.
    outcome: &'static str,
    /// The request that waits.
    work_item_id: Option<i64>,
}

impl From<Outcome> for Decided {
    fn from(outcome: Outcome) -> Self {
        let (outcome, work_item_id) = match outcome {
            Outcome::Decided => ("decided", None),
            Outcome::Requested(id) => ("requested", Some(id)),
            Outcome::WithArbiter => ("with_arbiter", None),
        };
        Self {
            outcome,
            work_item_id,
        }
    }
}

/// Longest reason in characters.
const REASON: usize = 500;

fn checked(reason: String) -> Result<String, Problem> {
    if reason.chars().count() > REASON {
        let detail = format!("A reason has {REASON} characters at most.");
        return Err(Problem::new(ProblemCode::InvalidContent, detail));
    }
    Ok(reason)
}

fn judge(deciding: &Deciding) -> Judge {
    Judge {
        by: deciding.0.label(),
        scope: Scope::State(deciding.0.system.state),
    }
}

/// Decides an item for a user of the state. What changes who is who waits for a second person: of another state where
/// several have it, of the same state otherwise; never the one who asked.
#[utoipa::path(post, path = "/v1/work-items/{work_item_id}/decision", operation_id = "decideWorkItem", tag = "work items", params(
    ("work_item_id" = i64, Path, description = "number of the item"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who decides, 1 to 200 characters"),
), request_body = Decision, responses(
    (status = 200, description = "what became of it", body = Decided),
    (status = 403, description = "somebody else has to decide", body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, description = "no such item of the state", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "it is decided, or another request holds a person; the detail says whose", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn decide(
    deciding: Deciding,
    state: Data<AppState>,
    work_item_id: Path<i64>,
    decision: Json<Decision>,
) -> Result<HttpResponse, Problem> {
    let (id, now) = (*work_item_id, state.clock.now());
    let decision = decision.into_inner();
    let (judge, reason) = (judge(&deciding), checked(decision.reason)?);
    let outcome = state
        .db
        .run(move |c| {
            Ok::<_, Problem>(match decision.word {
                Word::Same => {
                    review::decide_near_match(c, id, &judge, Answer::Same(decision.master), &reason, now)?
                }
                Word::Different => review::decide_near_match(c, id, &judge, Answer::Different, &reason, now)?,
                Word::Approve => review::validate(c, id, &judge, true, &reason, now)?,
                Word::Reject => review::validate(c, id, &judge, false, &reason, now)?,
                Word::Withdraw => {
                    review::withdraw(c, id, &judge, now)?;
                    Outcome::Decided
                }
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(Decided::from(outcome)))
}

/// To whom an item is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// `district`, `region` or `state`: the same level as now, or a lower one.
    #[schema(value_type = String)]
    level: Level,
    /// The district, as in the records; the one it has if missing.
    district: Option<String>,
}

/// Gives an item to another worklist of the own state: at the same level, or downward.
#[utoipa::path(put, path = "/v1/work-items/{work_item_id}/assignment", operation_id = "assignWorkItem", tag = "work items", params(
    ("work_item_id" = i64, Path, description = "number of the item"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who gives it, 1 to 200 characters"),
), request_body = Assignment, responses(
    (status = 200, description = "the item with its worklists", body = WorkItemDetails),
    (status = 404, description = "no such item of the state", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn assign(
    deciding: Deciding,
    state: Data<AppState>,
    work_item_id: Path<i64>,
    assignment: Json<Assignment>,
) -> Result<HttpResponse, Problem> {
    let (id, now, judge) = (*work_item_id, state.clock.now(), judge(&deciding));
    let Assignment { level, district } = assignment.into_inner();
    state
        .db
        .run(move |c| Ok::<_, Problem>(review::reassign(c, id, &judge, level, district.as_deref(), now)?))
        .await?;
    Ok(HttpResponse::Ok().json(details(&state, deciding.0.system.state, id).await?))
}

/// Persons that are one child.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// Two or more numbers.
    #[schema(value_type = Vec<String>)]
    persons: Vec<PersonId>,
    /// The number that survives; the person with most records if missing.
    #[schema(value_type = Option<String>)]
    master: Option<PersonId>,
    /// Why, at most 500 characters.
    reason: String,
}

/// Asks for persons to be merged. They are held until somebody else has validated it or refused.
#[utoipa::path(post, path = "/v1/merges", operation_id = "requestMerge", tag = "work items", params(
    ("On-Behalf-Of" = String, Header, description = "the state's user who asks, 1 to 200 characters"),
), request_body = Merge, responses(
    (status = 202, description = "the request, which waits for a second person", body = Decided),
    (status = 409, description = "another request holds a person; the detail says whose", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn merge(
    deciding: Deciding,
    state: Data<AppState>,
    merge: Json<Merge>,
) -> Result<HttpResponse, Problem> {
    let (now, judge, merge) = (state.clock.now(), judge(&deciding), merge.into_inner());
    let reason = checked(merge.reason)?;
    let outcome = state
        .db
        .run(move |c| {
            let asked = review::request_merge(c, &judge, &merge.persons, merge.master, &reason, now);
            Ok::<_, Problem>(asked?)
        })
        .await?;
    Ok(HttpResponse::Accepted().json(Decided::from(outcome)))
}

/// A state's student.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StudentKey {
    /// The state.
    #[schema(value_type = String)]
    state: StateCode,
    /// Its identifier.
    state_student_id: String,
}

/// Students of a person that are other children.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// The person.
    #[schema(value_type = String)]
    person: PersonId,
    /// The students that leave, child by child; each part gets a number of its own. The rest keeps the number.
    parts: Vec<Vec<StudentKey>>,
    /// Why, at most 500 characters.
    reason: String,
}

/// Asks for a person to be split. It is held until somebody else has validated it or refused.
#[utoipa::path(post, path = "/v1/splits", operation_id = "requestSplit", tag = "work items", params(
    ("On-Behalf-Of" = String, Header, description = "the state's user who asks, 1 to 200 characters"),
), request_body = Split, responses(
    (status = 202, description = "the request, which waits for a second person", body = Decided),
    (status = 409, description = "another request holds the person; the detail says whose", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn split(
    deciding: Deciding,
    state: Data<AppState>,
    split: Json<Split>,
) -> Result<HttpResponse, Problem> {
    let (now, judge, split) = (state.clock.now(), judge(&deciding), split.into_inner());
    let reason = checked(split.reason)?;
    let key = |key: StudentKey| {
        let id = StateStudentId::new(&key.state_student_id).map_err(|error| {
            Problem::new(
                ProblemCode::InvalidContent,
                format!("A student id is not valid: {error}."),
            )
        })?;
        Ok(StudentId::of(key.state, &id).0)
    };
    let parts = split
        .parts
        .into_iter()
        .map(|part| part.into_iter().map(key).collect::<Result<Vec<_>, Problem>>())
        .collect::<Result<Vec<_>, _>>()?;
    let outcome = state
        .db
        .run(move |c| {
            Ok::<_, Problem>(review::request_split(
                c,
                &judge,
                split.person,
                &parts,
                &reason,
                now,
            )?)
        })
        .await?;
    Ok(HttpResponse::Accepted().json(Decided::from(outcome)))
}

/// Why something is undone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Undoing {
    /// Why, at most 500 characters.
    reason: String,
}

/// Asks for an approved merge or split to be undone; somebody else validates that too.
#[utoipa::path(post, path = "/v1/work-items/{work_item_id}/undo", operation_id = "requestUndo", tag = "work items", params(
    ("work_item_id" = i64, Path, description = "number of the merge or split"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who asks, 1 to 200 characters"),
), request_body = Undoing, responses(
    (status = 202, description = "the request, which waits for a second person", body = Decided),
    (status = 404, description = "no such merge or split of the state", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "it is not approved, or undone already, or a person is held", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn undo(
    deciding: Deciding,
    state: Data<AppState>,
    work_item_id: Path<i64>,
    undoing: Json<Undoing>,
) -> Result<HttpResponse, Problem> {
    let (id, now, judge) = (*work_item_id, state.clock.now(), judge(&deciding));
    let reason = checked(undoing.into_inner().reason)?;
    let outcome = state
        .db
        .run(move |c| {
            work_items::find_in(c, id, &judge.scope)?
                .ok_or_else(|| Problem::not_found("merge or split of this state"))?;
            Ok::<_, Problem>(review::request_undo(c, &judge, id, &reason, now)?)
        })
        .await?;
    Ok(HttpResponse::Accepted().json(Decided::from(outcome)))
}
