//! What contradicts itself in the records of a state's children, for its data administrators.

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use mde::PersonId;
use records::contradicted::{self, Contradicted};
use records::disagreement::DisagreementKind;
use serde::Deserialize;
use store::work_items::Scope;
use utoipa::IntoParams;

use crate::auth::Reading;
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;

/// Persons of a page at most: each is read and disclosed.
const MOST: i64 = 100;

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Only this kind: identity, enrollment, overlap, grade, graduation, `graduation_school`, course, credits or
    /// eligibility.
    kind: Option<String>,
    /// Where the page begins, from the page before.
    cursor: Option<i64>,
    /// Persons of a page, at most 100.
    limit: Option<i64>,
}

/// The children in whose records the caller's state contradicts another or itself, by number, each with what is said
/// and what the rule made of it. Whoever is listed is disclosed.
#[utoipa::path(get, path = "/v1/disagreements", operation_id = "listDisagreements", tag = "persons", params(
    Wanted,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "a page of children", body = Page<Contradicted>),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    reading: Reading,
    state: Data<AppState>,
    wanted: Query<Wanted>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let kind = match &wanted.kind {
        None => None,
        Some(name) => Some(DisagreementKind::named(name).ok_or_else(|| {
            let known = DisagreementKind::ALL.map(DisagreementKind::name).join(", ");
            Problem::new(ProblemCode::InvalidRequest, format!("The kinds are {known}."))
        })?),
    };
    let limit = page::limit(wanted.limit)?.min(MOST) as usize;
    let after = wanted.cursor.and_then(|number| PersonId::new(number).ok());
    let (items, next) = state
        .db
        .run(move |connection| {
            contradicted::listed(
                connection,
                &reading.access,
                &Scope::State(reading.system.state),
                kind,
                after,
                limit,
            )
        })
        .await?;
    Ok(page::answer(&request, items, next.map(PersonId::number)))
}
