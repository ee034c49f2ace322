//! The feed of changes: what changed for this state's children, from a cursor on.

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use mde::PersonId;
use serde::{Deserialize, Serialize};
use store::changes::{self, Change};
use utoipa::{IntoParams, ToSchema};

use crate::auth::StateSystem;
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody};
use crate::state::AppState;

/// A change of who is who.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
pub struct ChangeDocument {
    /// Its place in the feed.
    pub change_id: i64,
    /// `link`: the state's student has another number; `merge`, `split`, `undo`: persons with a student of the state were
    /// merged, split, or that was undone.
    pub kind: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The state's own student, for `link`.
    pub state_student_id: Option<String>,
    /// The number now.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// The number before: retired by a `merge`, left by a `split`; missing for a student that is new.
    #[schema(value_type = Option<String>)]
    pub former_person_id: Option<PersonId>,
    /// The decision of people behind it; missing where the engine decided.
    pub work_item_id: Option<i64>,
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
            person_id: person(change.person_id)?,
            former_person_id: change.former_person_id.map(person).transpose()?,
            work_item_id: change.work_item_id,
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
}

/// What changed for the state's children, oldest first. `next` is on every page, the last one too: ask for it again
/// later to go on from here.
#[utoipa::path(get, path = "/v1/changes", operation_id = "listChanges", tag = "changes", params(From), responses(
    (status = 200, description = "a page of changes", body = Page<ChangeDocument>),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    system: StateSystem,
    state: Data<AppState>,
    from: Query<From>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = page::limit(from.limit)?;
    let cursor = from.cursor.unwrap_or(0);
    let found = state
        .db
        .run(move |connection| changes::since(connection, system.state, cursor, limit))
        .await?;
    let next = found.last().map_or(cursor, |change| change.change_id);
    let items = found
        .into_iter()
        .map(ChangeDocument::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(page::answer(&request, items, Some(next)))
}
