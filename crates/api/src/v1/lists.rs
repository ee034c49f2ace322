//! The lists of a district: quality list and free meals.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Query};
use records::own_list::ListError;
use records::qa::{self, OwnFile, QaRow};
use records::report::Question;
use serde::Deserialize;
use spreadsheet::Form;
use utoipa::{IntoParams, ToSchema};

use crate::answer::{self, lists};
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
pub enum TableForm {
    /// One CSV file.
    Csv,
    /// A workbook.
    #[default]
    Xlsx,
}

/// Whose list, of which period.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// 1 September to 31 August, by the year in which it ends: `2026`, or `2025-26`.
    period: String,
    /// The district as the state's facilities name it, upper or lower case; the whole state if missing.
    district: Option<String>,
    /// `csv` or `xlsx` (the default).
    #[serde(default)]
    #[param(inline, required = false)]
    format: TableForm,
}

/// The state's quality list: its migratory children, enrolled in the period in the district, an item per enrollment. The
/// district's own file may be sent along as CSV (`state_student_id`, and as far as it has them `enrollment_type`,
/// `homeless`, `economic_status`): it is joined with the list and kept nowhere. A child whom the file does not feed free
/// of charge is marked. Each child listed is disclosed. A workbook has three sheets: detail, counts, free meals.
#[utoipa::path(post, path = "/v1/reports/qa", operation_id = "reportQa", tag = "reports", params(
    Asked,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), request_body(content = Option<String>, content_type = "text/csv", description = "the district's own file; may be empty"), responses(
    (status = 200, description = "the list", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
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
    let of = reading.system.state;
    let (rows, question) = listed(reading, &state, &asked, own).await?;
    let name = format!("qa-{of}-{}", question.period);
    Ok(match asked.format {
        TableForm::Csv => answer::reports::file(&lists::detail(&rows), &name, Form::Csv)?,
        TableForm::Xlsx => {
            let book = lists::workbook(&[
                lists::detail(&rows),
                lists::aggregate(&rows),
                lists::free_meals(&rows, question.today),
            ]);
            answer::reports::attachment(book.map_err(Problem::internal)?, &name, Form::Xlsx)
        }
    })
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
    )),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn free_meals(
    reading: Reading,
    state: Data<AppState>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let of = reading.system.state;
    let (rows, question) = listed(reading, &state, &asked, OwnFile::new()).await?;
    let form = match asked.format {
        TableForm::Csv => Form::Csv,
        TableForm::Xlsx => Form::Xlsx,
    };
    let name = format!("free-meals-{of}-{}", question.today);
    answer::reports::file(&lists::free_meals(&rows, question.today), &name, form)
}

async fn listed(
    reading: Reading,
    state: &AppState,
    asked: &Asked,
    own: OwnFile,
) -> Result<(Vec<QaRow>, Question), Problem> {
    let of = reading.system.state;
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
    let rows = state
        .db
        .report(move |connection| qa::list(connection, &reading.access, &wanted, &own))
        .await?;
    Ok((rows, question))
}
