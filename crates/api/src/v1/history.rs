//! What states sent of a person, version by version, and what two of them say differently.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use mde::PersonId;
use records::StudentHistory;
use records::history::{Comparison, Submission, compared};
use serde::{Deserialize, Serialize};
use store::persons::{self, PersonRecord};
use store::students::Version;
use utoipa::{IntoParams, ToSchema};

use crate::auth::Reading;
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;

/// Every submission of a person's students.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonHistory {
    /// Number of the person; the survivor's where it was asked for by a retired one.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// Its students, by state and identifier.
    pub students: Vec<StudentHistory>,
}

/// A person with the earlier versions of its students.
pub(crate) type Versioned = (PersonRecord, Vec<(mde::StudentId, Vec<Version>)>);

/// Reads a person and its versions; the disclosure is written.
pub(crate) async fn versioned(
    reading: Reading,
    state: &AppState,
    person_id: &str,
) -> Result<Versioned, Problem> {
    let id = PersonId::parse(person_id).map_err(|_| Problem::not_found("person"))?;
    state
        .db
        .run(move |connection| {
            let Some(record) = persons::read(connection, &reading.access, id, &["all"])? else {
                return Ok::<_, store::Error>(None);
            };
            let versions = persons::read_versions(connection, &reading.access, &record)?;
            Ok(Some((record, versions)))
        })
        .await?
        .ok_or_else(|| Problem::not_found("person"))
}

/// Every version that a state ever sent of a child, newest first, with what changed from one to the next.
#[utoipa::path(get, path = "/v1/persons/{person_id}/history", operation_id = "readPersonHistory", tag = "persons", params(
    ("person_id" = String, Path, description = "Student Record Number (data element 1), 12 digits"),
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "the submissions of each student", body = PersonHistory),
    (status = 404, description = "no such person", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(
    reading: Reading,
    state: Data<AppState>,
    person_id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let (record, versions) = versioned(reading, &state, &person_id).await?;
    Ok(HttpResponse::Ok().json(PersonHistory {
        person_id: record.person_id,
        students: records::history(&record, &versions),
    }))
}

/// Which two submissions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Two {
    /// `STATE:BATCH:STUDENT`, or `STATE:current:STUDENT`: the state's content that this batch brought.
    one: String,
    /// The same of the other.
    other: String,
}

/// What two submissions of a child say differently, field by field: two versions of one state, or those of two states.
#[utoipa::path(get, path = "/v1/persons/{person_id}/comparison", operation_id = "compareSubmissions", tag = "persons", params(
    ("person_id" = String, Path, description = "Student Record Number (data element 1), 12 digits"),
    Two,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "the differences", body = Comparison),
    (status = 404, description = "no such person or submission", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn compare(
    reading: Reading,
    state: Data<AppState>,
    person_id: Path<String>,
    two: Query<Two>,
) -> Result<HttpResponse, Problem> {
    let named = |text: &str| {
        text.parse::<Submission>()
            .map_err(|error| Problem::new(ProblemCode::InvalidRequest, format!("{error}.")))
    };
    let (one, other) = (named(&two.one)?, named(&two.other)?);
    let (record, versions) = versioned(reading, &state, &person_id).await?;
    let comparison =
        compared(&record, &versions, &one, &other).ok_or_else(|| Problem::not_found("submission"))?;
    Ok(HttpResponse::Ok().json(comparison))
}
