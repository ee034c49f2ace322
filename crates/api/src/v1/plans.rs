//! The way to graduation of a child under the requirements of several states.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use mde::{PersonId, StateCode};
use records::plan::PlanComparison;
use serde::Deserialize;
use store::{persons, requirements};
use utoipa::IntoParams;

use crate::auth::Reading;
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;

/// At most so many states are compared.
const MOST: usize = 6;

/// Which states.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Postal codes with commas between them, at most six: `TX,WA`.
    states: String,
}

/// What states require of a child, side by side: what is required, earned and still needed by subject under the
/// requirements that each sent with the child, else under the set that it keeps.
#[utoipa::path(get, path = "/v1/persons/{person_id}/plans", operation_id = "comparePlans", tag = "persons", params(
    ("person_id" = String, Path, description = "Student Record Number (data element 1), 12 digits"),
    Wanted,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "a plan for each state", body = PlanComparison),
    (status = 404, description = "no such person", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn compare(
    reading: Reading,
    state: Data<AppState>,
    person_id: Path<String>,
    wanted: Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let id = PersonId::parse(&person_id).map_err(|_| Problem::not_found("person"))?;
    let states: Vec<StateCode> = wanted
        .states
        .split(',')
        .map(|code| StateCode::new(code.trim()))
        .collect::<Result<_, _>>()
        .ok()
        .filter(|states: &Vec<_>| states.len() <= MOST)
        .ok_or_else(|| {
            let detail =
                format!("Name one to {MOST} states by their postal codes, with commas between them.");
            Problem::new(ProblemCode::InvalidRequest, detail)
        })?;
    let comparison = state
        .db
        .run(move |connection| {
            let Some(record) = persons::read(connection, &reading.access, id, &["courses", "graduation"])?
            else {
                return Ok::<_, store::Error>(None);
            };
            let kept = requirements::of_states(connection, &states)?;
            Ok(Some(records::record::under_states(&record, &kept, &states)))
        })
        .await?
        .ok_or_else(|| Problem::not_found("person"))?;
    Ok(HttpResponse::Ok().json(comparison))
}
