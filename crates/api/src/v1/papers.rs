//! Papers of a child as PDF.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use export::papers::{Kind, Order};
use export::pdf::Language;
use mde::{PersonId, StateCode};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::answer::papers;
use crate::auth::Reading;
use crate::problem::{Problem, ProblemBody};
use crate::state::AppState;

/// The language of a paper.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PaperLanguage {
    /// English.
    #[default]
    En,
    /// Spanish.
    Es,
}

impl From<PaperLanguage> for Language {
    fn from(language: PaperLanguage) -> Self {
        match language {
            PaperLanguage::En => Self::English,
            PaperLanguage::Es => Self::Spanish,
        }
    }
}

/// How a paper is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Its language; English if it is not said.
    #[serde(default)]
    language: PaperLanguage,
    /// Of a confirmation of transfer: the state that the child has left; the caller's own if it is not said.
    #[param(value_type = Option<String>)]
    left: Option<StateCode>,
}

/// A paper of a child, tagged for screen readers (PDF/UA-1), with a code by which the hub's page `/check` tells whoever
/// holds it whether it still says what the record says: `record`, `family-card` (in both languages),
/// `migrant-confirmation` or `transfer-confirmation`.
#[utoipa::path(get, path = "/v1/persons/{person_id}/{paper}.pdf", operation_id = "printPaper", tag = "persons", params(
    ("person_id" = String, Path, description = "Student Record Number (data element 1), 12 digits"),
    ("paper" = String, Path, description = "record, family-card, migrant-confirmation or transfer-confirmation"),
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who prints, 1 to 200 characters"),
    Wanted,
), responses(
    (status = 200, description = "the paper", body = Vec<u8>, content_type = "application/pdf"),
    (status = 404, description = "no such person or paper", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn print(
    reading: Reading,
    state: Data<AppState>,
    path: Path<(String, String)>,
    wanted: Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let (person_id, paper) = path.into_inner();
    let id = PersonId::parse(&person_id).map_err(|_| Problem::not_found("person"))?;
    let kind = Kind::named(&paper).ok_or_else(|| Problem::not_found("paper"))?;
    let own = reading.system.state;
    let user = reading.access.on_behalf_of.as_deref().unwrap_or_default();
    let order = Order {
        kind,
        language: wanted.language.into(),
        left: (kind == Kind::TransferConfirmation).then(|| wanted.left.unwrap_or(own)),
        by: format!("{user} ({})", own.name()),
        today: state.clock.today(Some(own)),
        code: papers::code(&state.random),
        check_page: state.check_page.clone(),
    };
    papers::answer(&state.db, reading.access, id, order)
        .await?
        .ok_or_else(|| Problem::not_found("person"))
}

/// A child's course history as PESC High School Transcript 1.5 (`schemas/pesc-high-school-transcript-1.5.xsd`), which
/// student information systems read: one document for all states, credits as granted.
#[utoipa::path(get, path = "/v1/persons/{person_id}/transcript.xml", operation_id = "readTranscript", tag = "persons", params(
    ("person_id" = String, Path, description = "Student Record Number (data element 1), 12 digits"),
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "the transcript", body = String, content_type = "application/xml"),
    (status = 404, description = "no such person", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn transcript(
    reading: Reading,
    state: Data<AppState>,
    person_id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = PersonId::parse(&person_id).map_err(|_| Problem::not_found("person"))?;
    let own = reading.system.state;
    let today = state.clock.today(Some(own));
    papers::transcript(&state.db, reading.access, id, today, own.name().to_owned())
        .await?
        .ok_or_else(|| Problem::not_found("person"))
}
