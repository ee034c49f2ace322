//! A state's own record of a child, as the hub holds it.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use mde::{PersonId, StateCode, StateStudentId, Student};
use serde::Serialize;
use store::persons::{self, OwnStudent};
use utoipa::ToSchema;

use crate::auth::Reading;
use crate::etag;
use crate::problem::{Problem, ProblemBody};
use crate::state::AppState;

/// A state's student: its content, its link and its earlier versions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Student)]
pub struct StudentDocument {
    /// Postal code of the state.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The state's identifier (data element 2).
    pub state_student_id: String,
    /// Number of the person; `null` while the linker has not seen the student.
    #[schema(value_type = Option<String>)]
    pub person_id: Option<PersonId>,
    /// How it was linked: `new`, `automatic` or `reviewed`.
    pub link: Option<String>,
    /// `live`, `not_reported` or `deleted`.
    pub status: String,
    /// Since when.
    pub status_since: DateTime<Utc>,
    /// What the content speaks of: the newest upload that brought or confirmed it.
    pub as_of: DateTime<Utc>,
    /// When the content was received.
    pub received_at: DateTime<Utc>,
    /// The batch that brought it.
    pub batch_id: i64,
    /// Number of the current version.
    pub version: i32,
    /// The data elements of the student and its parts, by column name.
    #[schema(value_type = Object)]
    pub student: Student,
    /// Earlier versions, newest first.
    pub versions: Vec<StudentVersion>,
}

/// An earlier version of a student, or content that came too late to be current.
#[derive(Debug, Serialize, ToSchema)]
pub struct StudentVersion {
    /// Its number; 0 for content that was never current.
    pub version: i32,
    /// What it speaks of.
    pub as_of: DateTime<Utc>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// The batch that brought it.
    pub batch_id: i64,
    /// The data elements, by column name.
    #[schema(value_type = Object)]
    pub student: Student,
}

impl From<OwnStudent> for StudentDocument {
    fn from(own: OwnStudent) -> Self {
        let OwnStudent {
            record,
            person_id,
            versions,
        } = own;
        Self {
            state: record.state,
            state_student_id: record.student.identity.state_student_id.to_string(),
            person_id,
            link: record.decided,
            status: record.status,
            status_since: record.status_since,
            as_of: record.as_of,
            received_at: record.received_at,
            batch_id: record.batch_id,
            version: record.version,
            student: record.student,
            versions: versions
                .into_iter()
                .map(|version| StudentVersion {
                    version: version.version,
                    as_of: version.as_of,
                    received_at: version.received_at,
                    batch_id: version.batch_id,
                    student: version.student,
                })
                .collect(),
        }
    }
}

/// A state's own student. Another state's is not there. The disclosure is written first.
#[utoipa::path(get, path = "/v1/states/{state}/students/{state_student_id}", operation_id = "readStudent", tag = "students", params(
    ("state" = String, Path, description = "postal code; the certificate's own"),
    ("state_student_id" = String, Path, description = "the state's identifier (data element 2), percent-encoded"),
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
    ("If-None-Match" = Option<String>, Header, description = "tag of the document that the caller holds"),
), responses(
    (status = 200, description = "the student", body = StudentDocument),
    (status = 304, description = "the caller holds it"),
    (status = 404, description = "no such student of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(
    reading: Reading,
    state: Data<AppState>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let own = reading.system.state;
    let asked = StateCode::new(&path.0).ok().filter(|state| *state == own);
    let id = StateStudentId::new(&path.1).ok();
    let (Some(asked), Some(id)) = (asked, id) else {
        return Err(Problem::not_found("student of this state"));
    };
    let student = state
        .db
        .run(move |connection| persons::read_student(connection, &reading.access, asked, &id))
        .await?
        .ok_or_else(|| Problem::not_found("student of this state"))?;
    etag::answer(&request, &StudentDocument::from(student))
}
