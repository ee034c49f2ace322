//! Sets of graduation requirements that states keep at the hub. Everybody reads them; a state writes its own.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Path};
use mde::StateCode;
use records::requirements::{BadSets, RequirementSets};
use store::requirements;

use crate::auth::{Deciding, StateSystem};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;

fn state_of(text: &str) -> Result<StateCode, Problem> {
    StateCode::new(text).map_err(|_| Problem::not_found("state"))
}

/// The sets that a state keeps.
#[utoipa::path(get, path = "/v1/requirement-sets/{state}", operation_id = "readRequirementSets", tag = "requirements", params(
    ("state" = String, Path, description = "postal code"),
), responses(
    (status = 200, description = "its sets, none if it keeps none", body = RequirementSets),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(_: StateSystem, state: Data<AppState>, of: Path<String>) -> Result<HttpResponse, Problem> {
    let of = state_of(&of)?;
    let rows = state
        .db
        .run(move |connection| requirements::of_states(connection, &[of]))
        .await?;
    Ok(HttpResponse::Ok().json(RequirementSets::of(of, &rows)))
}

/// Puts these sets in the place of all that the state keeps. The document is JSON, or TOML of the same fields; if
/// anything is wrong with it, all of that is named and nothing changes.
#[utoipa::path(put, path = "/v1/requirement-sets/{state}", operation_id = "replaceRequirementSets", tag = "requirements", params(
    ("state" = String, Path, description = "postal code of the certificate's state"),
    ("On-Behalf-Of" = String, Header, description = "the state's administrator, 1 to 200 characters"),
), request_body(content((RequirementSets = "application/json"), (String = "application/toml"))), responses(
    (status = 200, description = "the sets as they are kept now", body = RequirementSets),
    (status = 403, description = "another state's", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "what is wrong with the document", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn replace(
    deciding: Deciding,
    state: Data<AppState>,
    of: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let of = own(&deciding, &of)?;
    let wrong =
        |BadSets(wrong): BadSets| Problem::new(ProblemCode::InvalidContent, format!("{}.", wrong.join("; ")));
    let text = std::str::from_utf8(&body)
        .map_err(|_| wrong(BadSets(vec!["the document is not UTF-8".to_owned()])))?;
    let sets = RequirementSets::parse(text).map_err(wrong)?;
    if sets.state != of {
        let detail = format!("The document is of {}, the address of {of}.", sets.state);
        return Err(Problem::new(ProblemCode::InvalidContent, detail));
    }
    keep(&deciding, &state, sets.clone()).await?;
    Ok(HttpResponse::Ok().json(sets))
}

/// Removes all sets that the state keeps.
#[utoipa::path(delete, path = "/v1/requirement-sets/{state}", operation_id = "removeRequirementSets", tag = "requirements", params(
    ("state" = String, Path, description = "postal code of the certificate's state"),
    ("On-Behalf-Of" = String, Header, description = "the state's administrator, 1 to 200 characters"),
), responses(
    (status = 204, description = "the state keeps none any more"),
    (status = 403, description = "another state's", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn remove(
    deciding: Deciding,
    state: Data<AppState>,
    of: Path<String>,
) -> Result<HttpResponse, Problem> {
    let none = RequirementSets {
        state: own(&deciding, &of)?,
        sets: Vec::new(),
    };
    keep(&deciding, &state, none).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn own(deciding: &Deciding, of: &str) -> Result<StateCode, Problem> {
    let of = state_of(of)?;
    if of == deciding.0.system.state {
        return Ok(of);
    }
    Err(Problem::new(
        ProblemCode::WrongState,
        "A state writes its own requirement sets only.",
    ))
}

async fn keep(deciding: &Deciding, state: &AppState, sets: RequirementSets) -> Result<(), Problem> {
    let (by, now) = (deciding.0.label(), state.clock.now());
    state
        .db
        .run(move |connection| requirements::replace(connection, sets.state, &sets.rows(), &by, now))
        .await
}
