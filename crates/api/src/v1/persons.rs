//! Persons: the consolidated record of a child, and the search for it.

use actix_web::http::header::{Accept, Header as _};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use mde::code::Gender;
use mde::{PersonId, StateCode};
use records::ConsolidatedRecord;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Reading;
use crate::etag;
use crate::problem::{Problem, ProblemBody};
use crate::search::{self, Also, Hit};
use crate::state::AppState;
use crate::v1::history;

/// What is disclosed by a consolidated record.
const WHOLE: &[&str] = &["all"];

/// How the record is to be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// JSON, by `schemas/record.schema.json`.
    #[default]
    Json,
    /// XML, by `schemas/record-1.xsd`.
    Xml,
}

/// In what form a record is asked for, and as of when.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Written {
    /// JSON or XML; without it as `Accept` says.
    format: Option<Form>,
    /// A past day, `YYYY-MM-DD`: the record as the hub held it at the end of that day (UTC), consolidated on it.
    as_of: Option<NaiveDate>,
}

impl Written {
    /// The form: as the address says, else as `Accept` prefers, else JSON.
    fn form(&self, request: &HttpRequest) -> Form {
        let preferred = || {
            let accept = Accept::parse(request).ok()?;
            let first = accept.ranked().into_iter().next()?;
            matches!(first.essence_str(), "application/xml" | "text/xml").then_some(Form::Xml)
        };
        self.format.or_else(preferred).unwrap_or_default()
    }
}

/// A child's consolidated record, by its number. A retired number answers with its survivor and says so in
/// `superseded`. The disclosure is written first, also when the answer is 304.
#[utoipa::path(get, path = "/v1/persons/{person_id}", operation_id = "readPerson", tag = "persons", params(
    ("person_id" = String, Path, description = "Student Record Number (data element 1), 12 digits"),
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
    ("If-None-Match" = Option<String>, Header, description = "tag of the document that the caller holds"),
    Written,
), responses(
    (status = 200, description = "the consolidated record", content(
        (ConsolidatedRecord = "application/json"),
        (String = "application/xml"),
    )),
    (status = 304, description = "the caller holds it"),
    (status = 404, description = "no such person", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(
    reading: Reading,
    state: Data<AppState>,
    person_id: Path<String>,
    written: Query<Written>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let today = state.clock.today(reading.access.actor.state());
    let past = written.as_of.filter(|day| *day < today);
    let record = match past {
        Some(day) => {
            let (held, versions) = history::versioned(reading, &state, &person_id).await?;
            records::consolidate(&records::history::as_known(&held, &versions, day), day)
        }
        None => {
            let id = PersonId::parse(&person_id).map_err(|_| Problem::not_found("person"))?;
            state
                .db
                .run(move |connection| {
                    let held = store::persons::read(connection, &reading.access, id, WHOLE)?;
                    Ok::<_, store::Error>(held.map(|held| records::consolidate(&held, today)))
                })
                .await?
                .ok_or_else(|| Problem::not_found("person"))?
        }
    };
    match written.form(&request) {
        Form::Json => etag::answer(&request, &record),
        Form::Xml => {
            let xml = export::xml::record(&record).map_err(Problem::internal)?;
            Ok(etag::answer_as(&request, "application/xml", xml.into_bytes()))
        }
    }
}

/// Whom to search for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Sought {
    /// Last names, one or both, in any order.
    family_name: Option<String>,
    /// First and middle names; nicknames find their formal names.
    given_name: Option<String>,
    /// Birth date, `YYYY-MM-DD`.
    birth_date: Option<NaiveDate>,
    /// Year of birth, if only that is known.
    birth_year: Option<i32>,
    /// Postal code of a state: only its records.
    #[param(value_type = Option<String>)]
    state: Option<StateCode>,
    /// Gender: `Female`, `Male` or `Other`. Whose record says otherwise comes later.
    #[param(value_type = Option<String>)]
    gender: Option<Gender>,
    /// A parent or guardian: the first name, or first and last names. Whose record says otherwise comes later.
    parent_name: Option<String>,
}

/// What a search found.
#[derive(Debug, Serialize, ToSchema)]
pub struct Found {
    /// The likeliest first; at most 25 persons.
    pub items: Vec<Hit>,
}

/// Searches a child by at least one name and the birth date or year. Each student shown is disclosed.
#[utoipa::path(get, path = "/v1/persons", operation_id = "searchPersons", tag = "persons", params(
    Sought,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who searches, 1 to 200 characters"),
), responses(
    (status = 200, description = "who it may be", body = Found),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn search(
    reading: Reading,
    state: Data<AppState>,
    sought: Query<Sought>,
) -> Result<HttpResponse, Problem> {
    let sought = sought.into_inner();
    let also = Also {
        state: sought.state,
        gender: sought.gender,
        parent: sought.parent_name.unwrap_or_default(),
    };
    let query = search::Query::new(
        sought.family_name.as_deref().unwrap_or_default(),
        sought.given_name.as_deref().unwrap_or_default(),
        sought.birth_date,
        sought.birth_year,
        also,
    )?;
    let items = state
        .db
        .run(move |connection| search::find(connection, &reading.access, &query))
        .await?;
    Ok(HttpResponse::Ok().json(Found { items }))
}
