//! What was wrong with a batch, for the state that sent it and nobody else.

use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use mde::{Cause, Explained, Finding, Group, Received, Severity};
use serde::{Deserialize, Serialize};
use store::batches;
use utoipa::{IntoParams, ToSchema};

use crate::answer::tables::{self, Listed};
use crate::auth::StateSystem;
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody};
use crate::state::AppState;
use crate::v1::batches::own;
use crate::v1::format::Format;

/// By what findings are brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Grouping {
    /// The same kind, at the same data element of the same part, with the same sort of value: what one change in the
    /// state's system would mend.
    Cause,
}

/// Which findings, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// `error` or `warning`; both if missing. Not with `group`.
    #[param(value_type = Option<String>)]
    severity: Option<Severity>,
    /// `json` (findings are paged), `csv` or `xlsx` (all of them); by `Accept` if missing.
    #[param(inline)]
    format: Option<Format>,
    /// `cause`: the causes with their counts and first findings instead of every finding.
    #[param(inline)]
    group: Option<Grouping>,
    /// Where the page starts, from `next` of the page before.
    cursor: Option<i64>,
    /// Items of the page, 1 to 1000; 100 if missing.
    limit: Option<i64>,
}

/// One finding: `severity`, `code`, place (`file`, `line`, `state_student_id`, `part`, `element` and `element_name`),
/// what was `received`, `message`, `fix`, `rule`, an `example` of a right value, and the `page` that explains the code.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FindingItem<'a> {
    /// Its place in the order of the file.
    pub ordinal: i32,
    /// All that is to be known of it.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub finding: Explained<'a>,
}

/// Findings of one cause.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cause)]
pub struct CauseItem<'a> {
    /// `error` or `warning`.
    #[schema(value_type = String)]
    pub severity: Severity,
    /// The stable code.
    #[schema(value_type = String)]
    pub code: mde::FindingCode,
    /// The part of the student.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub part: Option<mde::PartKind>,
    /// Number of the data element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<&'a str>,
    /// Name of the data element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element_name: Option<&'static str>,
    /// What the values received have in common: `nothing`, a `value`, a `pattern` (`9` a digit, `A` letters), `others`.
    #[schema(value_type = Object)]
    pub received: &'a Received,
    /// How many findings.
    pub count: u64,
    /// What has to hold.
    pub rule: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// Path of the page that explains the code.
    pub page: String,
    /// The first of the findings.
    #[schema(value_type = Vec<Object>)]
    pub first: Vec<Explained<'a>>,
}

impl<'a> CauseItem<'a> {
    fn of(cause: &'a Cause, group: &'a Group) -> Self {
        let element = cause.element();
        Self {
            severity: cause.severity(),
            code: cause.code(),
            part: cause.part(),
            element: element.map(|(number, _)| number),
            element_name: element.map(|(_, name)| name),
            received: cause.received(),
            count: group.count,
            rule: cause.code().rule(),
            fix: cause.code().fix(),
            page: cause.code().page(),
            first: group.first.iter().map(Finding::explained).collect(),
        }
    }
}

/// Findings of a batch in the order of the file, or their causes. A table is made so that no spreadsheet runs anything
/// of it.
#[utoipa::path(get, path = "/v1/batches/{batch_id}/findings", operation_id = "listFindings", tag = "batches", params(
    ("batch_id" = i64, Path, description = "number of the batch"),
    Wanted,
), responses(
    (status = 200, description = "a page of findings, the causes (a page of `Cause`), or a table", content(
        (Page<FindingItem> = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
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
    state
        .db
        .run(move |connection| own(connection, system.state, batch_id))
        .await?;
    let listed = match wanted.group {
        Some(Grouping::Cause) => Listed::Causes,
        None => Listed::Findings(severity),
    };
    if let Some(form) = Format::wanted(wanted.format, &request).form() {
        return tables::table(&state.db, batch_id, listed, form).await;
    }
    if listed == Listed::Causes {
        let causes = state
            .db
            .run(move |connection| crate::answer::causes(connection, batch_id))
            .await?;
        let items = causes
            .ranked()
            .into_iter()
            .map(|(cause, group)| CauseItem::of(cause, group));
        return Ok(page::answer(&request, items.collect(), None));
    }
    let found = state
        .db
        .run(move |connection| batches::findings(connection, batch_id, severity, after, limit + 1))
        .await?;
    let (found, next) = page::cut(found, limit, |(ordinal, _)| i64::from(*ordinal));
    let items = found.iter().map(|(ordinal, finding)| FindingItem {
        ordinal: *ordinal,
        finding: finding.explained(),
    });
    Ok(page::answer(&request, items.collect(), next))
}
