//! What was wrong with a batch, for the state that sent it and nobody else.

use actix_web::http::header;
use actix_web::web::{Bytes, Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use mde::{Finding, Severity};
use serde::{Deserialize, Serialize};
use store::batches;
use utoipa::{IntoParams, ToSchema};

use crate::auth::StateSystem;
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody};
use crate::state::AppState;
use crate::v1::batches::own;

/// The form of a list of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Pages of JSON.
    Json,
    /// All of them as one CSV file.
    Csv,
}

/// Which findings, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// `error` or `warning`; both if missing.
    #[param(value_type = Option<String>)]
    severity: Option<Severity>,
    /// `json` (paged) or `csv` (all of them); by `Accept` if missing.
    #[param(inline)]
    format: Option<Format>,
    /// Where the page starts, from `next` of the page before.
    cursor: Option<i64>,
    /// Items of the page, 1 to 1000; 100 if missing.
    limit: Option<i64>,
}

/// One finding.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FindingItem {
    /// Its place in the order of the file.
    pub ordinal: i32,
    /// `error` or `warning`.
    #[schema(value_type = String)]
    pub severity: Severity,
    /// Code, place (file, line, `state_student_id`, part, element number), what was received, message and fix.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub finding: Finding,
}

/// Findings of a batch in the order of the file.
#[utoipa::path(get, path = "/v1/batches/{batch_id}/findings", operation_id = "listFindings", tag = "batches", params(
    ("batch_id" = i64, Path, description = "number of the batch"),
    Wanted,
), responses(
    (status = 200, description = "a page of findings, or all of them as CSV", content(
        (Page<FindingItem> = "application/json"),
        (String = "text/csv"),
    )),
    (status = 404, description = "no such batch of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    system: StateSystem,
    state: Data<AppState>,
    batch_id: Path<i64>,
    wanted: Query<Wanted>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (batch_id, severity) = (*batch_id, wanted.severity);
    let limit = page::limit(wanted.limit)?;
    let after = wanted
        .cursor
        .map_or(-1, |cursor| i32::try_from(cursor).unwrap_or(i32::MAX));
    let found = state
        .db
        .run(move |connection| {
            own(connection, system.state, batch_id)?;
            batches::findings(connection, batch_id, severity, after, limit + 1).map_err(Problem::from)
        })
        .await?;
    if wanted.format.unwrap_or_else(|| accepted(&request)) == Format::Csv {
        return Ok(csv_file(state, batch_id, severity));
    }
    let (found, next) = page::cut(found, limit, |(ordinal, _)| i64::from(*ordinal));
    let items: Vec<FindingItem> = found
        .into_iter()
        .map(|(ordinal, finding)| FindingItem {
            ordinal,
            severity: finding.severity(),
            finding,
        })
        .collect();
    Ok(page::answer(&request, items, next))
}

fn accepted(request: &HttpRequest) -> Format {
    let accept = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| accept.trim_start().starts_with("text/csv")) {
        Format::Csv
    } else {
        Format::Json
    }
}

/// All findings as a CSV file, read and sent a thousand at a time.
fn csv_file(state: Data<AppState>, batch_id: i64, severity: Option<Severity>) -> HttpResponse {
    let rows = stream::try_unfold(Some(-1), move |after| {
        let state = state.clone();
        async move {
            let Some(after) = after else {
                return Ok::<_, Problem>(None);
            };
            let found = state
                .db
                .run(move |connection| batches::findings(connection, batch_id, severity, after, page::MAX))
                .await?;
            let last = found.last().map(|(ordinal, _)| *ordinal);
            let next = last.filter(|_| found.len() as i64 == page::MAX);
            let text = csv_rows(after < 0, &found).map_err(Problem::internal)?;
            Ok(Some((Bytes::from(text), next)))
        }
    });
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"findings-{batch_id}.csv\""),
        ))
        .streaming(rows)
}

fn csv_rows(with_header: bool, found: &[(i32, Finding)]) -> Result<Vec<u8>, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = |result: csv::Result<()>| result.map_err(|error| error.to_string());
    if with_header {
        written(writer.write_record([
            "ordinal",
            "severity",
            "code",
            "file",
            "line",
            "state_student_id",
            "part",
            "element",
            "received",
            "message",
            "fix",
        ]))?;
    }
    for (ordinal, finding) in found {
        let optional = |text: Option<&str>| plain(text.unwrap_or_default());
        written(writer.write_record([
            ordinal.to_string(),
            finding.severity().to_string(),
            finding.code.to_string(),
            optional(finding.file.as_deref()),
            finding.line.map(|line| line.to_string()).unwrap_or_default(),
            optional(finding.state_student_id.as_deref()),
            finding.part.map(|part| part.to_string()).unwrap_or_default(),
            optional(finding.element.as_deref()),
            optional(finding.received.as_deref()),
            plain(&finding.message),
            plain(&finding.fix),
        ]))?;
    }
    writer.into_inner().map_err(|error| error.to_string())
}

/// What a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection).
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use mde::FindingCode;

    use super::*;

    #[test]
    fn a_spreadsheet_runs_nothing_of_a_csv() {
        let finding = Finding::new(FindingCode::Invalid, "=HYPERLINK(\"x\")")
            .of_student("@SUM(A1)")
            .received("-1+1, \"quoted\"");
        let text = String::from_utf8(csv_rows(false, &[(0, finding)]).expect("rows")).expect("text");
        assert_eq!(
            text,
            "0,error,V102,,,'@SUM(A1),,,\"'-1+1, \"\"quoted\"\"\",\"'=HYPERLINK(\"\"x\"\")\",\
             Correct the value; it was left out.\n"
        );
    }
}
