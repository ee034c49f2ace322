//! The lists of a district: quality list and free meals.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Query};
use export::lists::About;
use records::counts::Period;
use records::own_list::ListError;
use records::qa::{self, OwnFile, QaRow};
use serde::Deserialize;
use spreadsheet::Form;
use utoipa::{IntoParams, ToSchema};

use crate::answer::district::{self, List, ListForm};
use crate::auth::Reading;
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;
use crate::v1::reports::question;

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        let code = match error {
            ListError::TooLong => ProblemCode::TooLarge,
            _ => ProblemCode::InvalidContent,
        };
        Self::new(code, format!("{error}."))
    }
}

/// The form of a list for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PeoplesForm {
    /// One CSV file.
    Csv,
    /// A workbook.
    #[default]
    Xlsx,
    /// A paper to print.
    Pdf,
}

impl From<PeoplesForm> for ListForm {
    fn from(form: PeoplesForm) -> Self {
        match form {
            PeoplesForm::Csv => Self::Table(Form::Csv),
            PeoplesForm::Xlsx => Self::Table(Form::Xlsx),
            PeoplesForm::Pdf => Self::Pdf,
        }
    }
}

/// Whose list, of which period.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// 1 September to 31 August, by the year in which it ends: `2026`, or `2025-26`.
    period: String,
    /// The district as the state's facilities name it, upper or lower case; the whole state if missing.
    district: Option<String>,
    /// `csv`, `xlsx` (the default) or `pdf`.
    #[serde(default)]
    #[param(inline, required = false)]
    format: PeoplesForm,
}

/// The state's quality list: its migratory children, enrolled in the period in the district, an item per enrollment. The
/// district's own file may be sent along as CSV (`state_student_id`, and as far as it has them `enrollment_type`,
/// `homeless`, `economic_status`): it is joined with the list and kept nowhere. A child whom the file does not feed free
/// of charge is marked. Each child listed is disclosed. A workbook has three sheets: detail, counts, free meals. The PDF
/// is the list added up, with plots: children by grade and group, and how much of them is recorded, district by district.
#[utoipa::path(post, path = "/v1/reports/qa", operation_id = "reportQa", tag = "reports", params(
    Asked,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), request_body(content = Option<String>, content_type = "text/csv", description = "the district's own file; may be empty"), responses(
    (status = 200, description = "the list", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (Vec<u8> = "application/pdf"),
    )),
    (status = 422, description = "the district's file cannot be used", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn qa(
    reading: Reading,
    state: Data<AppState>,
    asked: Query<Asked>,
    own: Bytes,
) -> Result<HttpResponse, Problem> {
    let own = if own.is_empty() {
        OwnFile::new()
    } else {
        qa::own_file(&own)?
    };
    let (rows, about, period) = listed(reading, &state, &asked, own).await?;
    let name = format!("qa-{}-{period}", about.state);
    district::file(List::Quality, &rows, &about, asked.format.into(), &name)
}

/// Whom a district of the state feeds free of charge without an application: migratory children who are eligible and
/// enrolled today. Each child of the period's list is disclosed.
#[utoipa::path(get, path = "/v1/reports/free-meals", operation_id = "reportFreeMeals", tag = "reports", params(
    Asked,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "the list", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (Vec<u8> = "application/pdf"),
    )),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn free_meals(
    reading: Reading,
    state: Data<AppState>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let (rows, about, _) = listed(reading, &state, &asked, OwnFile::new()).await?;
    let name = format!("free-meals-{}-{}", about.state, about.today);
    district::file(List::FreeMeals, &rows, &about, asked.format.into(), &name)
}

async fn listed(
    reading: Reading,
    state: &AppState,
    asked: &Asked,
    own: OwnFile,
) -> Result<(Vec<QaRow>, About, Period), Problem> {
    let (of, access) = (reading.system.state, reading.access);
    let question = question(
        &asked.period,
        None,
        state.clock.now(),
        state.clock.today(Some(of)),
    )?;
    let wanted = qa::Wanted {
        state: of,
        district: asked.district.clone(),
        days: question.period.until(question.today),
    };
    let user = access.on_behalf_of.as_deref().unwrap_or_default();
    let about = About {
        state: of,
        district: wanted.district.clone(),
        days: wanted.days,
        today: question.today,
        by: format!("{user} ({})", of.name()),
        at: access.at,
    };
    let rows = state
        .db
        .report(move |connection| qa::list(connection, &access, &wanted, &own))
        .await?;
    Ok((rows, about, question.period))
}
