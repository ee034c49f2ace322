//! Which children seem to be brothers and sisters of a child.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use mde::PersonId;
use serde::Serialize;
use store::families::{self, Sibling};
use store::links;
use utoipa::ToSchema;

use crate::auth::Reading;
use crate::problem::{Problem, ProblemBody};
use crate::state::AppState;

/// A child that seems to be a brother or sister.
#[derive(Debug, Serialize, ToSchema)]
pub struct FamilyMember {
    /// The child.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// What shows it, in what one state says of both: `certificate` (the same certificate of eligibility), `parents`
    /// (the same two parents).
    pub because: Vec<String>,
}

/// The children of a family.
#[derive(Debug, Serialize, ToSchema)]
pub struct Family {
    /// The child, after merges.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// Its brothers and sisters, as far as records show them.
    pub siblings: Vec<FamilyMember>,
}

/// The brothers and sisters of a child, as far as records of one state show them: under the same certificate of
/// eligibility, or with the same two parents. Each is disclosed.
#[utoipa::path(get, path = "/v1/persons/{person_id}/family", operation_id = "readFamily", tag = "persons", params(
    ("person_id" = String, Path, description = "Student Record Number (data element 1), 12 digits"),
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "the family", body = Family),
    (status = 404, description = "no such person", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(
    reading: Reading,
    state: Data<AppState>,
    person_id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = PersonId::parse(&person_id).map_err(|_| Problem::not_found("person"))?;
    let family = state
        .db
        .run(move |connection| {
            let Some(person_id) = links::survivor(connection, id)? else {
                return Ok::<_, store::Error>(None);
            };
            let siblings = families::siblings(connection, &reading.access, person_id)?
                .into_iter()
                .map(|Sibling { person_id, because }| FamilyMember { person_id, because })
                .collect();
            Ok(Some(Family { person_id, siblings }))
        })
        .await?
        .ok_or_else(|| Problem::not_found("person"))?;
    Ok(HttpResponse::Ok().json(family))
}
