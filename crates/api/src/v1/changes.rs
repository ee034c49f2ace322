//! The feed of changes: what changed for this state's children, from a cursor on.

use std::time::{Duration, Instant};

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, NaiveDate, Utc};
use mde::PersonId;
use serde::{Deserialize, Serialize};
use store::changes::{self, Change};
use store::{Access, Channel, Purpose};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Acting;
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;

/// The longest that a caller may wait for something new, in seconds: less than a listener that stops waits for answers.
const LONGEST: u64 = 15;

/// How often it is looked for something new meanwhile.
const LOOK: Duration = Duration::from_millis(200);

/// Something that changed for the state's children.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
pub struct ChangeDocument {
    /// Its place in the feed.
    pub change_id: i64,
    /// `link`: the state's student has another number; `merge`, `split`, `undo`: persons with a student of the state were
    /// merged, split, or that was undone; `enrollment`, `course`, `assessment`, `immunization`, `eligibility`: another
    /// state says something new of the child; `hand_off`: a school of another state has said something at its departure,
    /// which nobody has confirmed, or that does not hold any more; `notice`: a move notice was addressed to the state, or withdrawn;
    /// `notice_step`: a notice of the state was answered, reopened, closed or returned, or waits for its answer;
    /// `data_request`, `correction`: another state has asked, answered or decided something, or has let a day pass;
    /// `findings`: a batch of the state was loaded with findings.
    pub kind: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The state's own student: of a `link` the one with another number, else one that is the child.
    pub state_student_id: Option<String>,
    /// The child's number now; `null` for `findings`.
    #[schema(value_type = Option<String>)]
    pub person_id: Option<PersonId>,
    /// The number before: retired by a `merge`, left by a `split`; missing for a student that is new.
    #[schema(value_type = Option<String>)]
    pub former_person_id: Option<PersonId>,
    /// The decision of people behind it, missing where the engine decided; of a `data_request` or `correction` its number.
    pub work_item_id: Option<i64>,
    /// The state whose word is new; of a `notice`, the state that sent it by hand; of a request, the state that did
    /// something with it, or should have.
    pub from_state: Option<String>,
    /// How many rows (findings of a batch; 1 for a notice) are there that were not told before.
    pub added: Option<i64>,
    /// How many that were told before are not there any more: a tombstone. A row that was changed counts in both.
    pub removed: Option<i64>,
    /// Last day of the child's eligibility in `from_state`, for `eligibility`.
    pub ends_on: Option<NaiveDate>,
    /// The notice, for `notice` and `notice_step`.
    pub move_notice_id: Option<i64>,
    /// The batch, for `findings`.
    pub batch_id: Option<i64>,
}

impl TryFrom<Change> for ChangeDocument {
    type Error = Problem;

    fn try_from(change: Change) -> Result<Self, Problem> {
        let person = |number| PersonId::new(number).map_err(Problem::internal);
        Ok(Self {
            change_id: change.change_id,
            kind: change.kind,
            at: change.at,
            state_student_id: change.state_student_id,
            person_id: change.person_id.map(person).transpose()?,
            former_person_id: change.former_person_id.map(person).transpose()?,
            work_item_id: change.work_item_id,
            from_state: change.from_state,
            added: change.added,
            removed: change.removed,
            ends_on: change.ends_on,
            move_notice_id: change.move_notice_id,
            batch_id: change.batch_id,
        })
    }
}

/// From where the feed is read.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct From {
    /// Where the page starts, from `next` of the page before; the beginning if missing.
    cursor: Option<i64>,
    /// Items of the page, 1 to 1000; 100 if missing.
    limit: Option<i64>,
    /// Seconds to wait for something new if there is nothing, 0 to 15; 0 if missing.
    wait: Option<u64>,
}

/// What changed for the state's children, oldest first. `next` is on every page, the last one too: ask for it again
/// later to go on from here. Nothing is left out and the order stays the same, however often it is read. What another
/// state says of a child is told by kind and number of rows, and disclosed; the rows are in the child's record.
#[utoipa::path(get, path = "/v1/changes", operation_id = "listChanges", tag = "changes", params(
    From,
    ("On-Behalf-Of" = Option<String>, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "a page of changes", body = Page<ChangeDocument>),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    acting: Acting,
    state: Data<AppState>,
    from: Query<From>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = page::limit(from.limit)?;
    let cursor = from.cursor.unwrap_or(0);
    let wait = from.wait.unwrap_or(0);
    if wait > LONGEST {
        let detail = format!("Wait 0 to {LONGEST} seconds, then ask again.");
        return Err(Problem::new(ProblemCode::InvalidRequest, detail));
    }
    let until = Instant::now() + Duration::from_secs(wait);
    let found = loop {
        let access = Access {
            actor: acting.system.actor(),
            on_behalf_of: acting.on_behalf_of.clone(),
            purpose: Purpose::Program,
            channel: Channel::Exchange,
            at: state.clock.now(),
        };
        let own = acting.system.state;
        let found = state
            .db
            .run(move |connection| changes::since(connection, &access, own, cursor, limit))
            .await?;
        if !found.is_empty() || Instant::now() + LOOK > until {
            break found;
        }
        actix_web::rt::time::sleep(LOOK).await;
    };
    let next = found.last().map_or(cursor, |change| change.change_id);
    let items = found
        .into_iter()
        .map(ChangeDocument::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(page::answer(&request, items, Some(next)))
}
