//! Reconciliation: a state's own list compared with what the hub holds, and what is said of each difference.

use actix_web::web::{Bytes, Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, NaiveDate, Utc};
use mde::StateCode;
use records::reconciliation::{self, OfState, Scope};
use serde::{Deserialize, Serialize};
use store::reconciliations::{self, Campaign, Decision, Difference, Statuses};
use store::work_items;
use utoipa::{IntoParams, ToSchema};

use crate::answer;
use crate::auth::{Acting, Deciding, Reading, StateSystem};
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;
use crate::v1::format::Format;

impl From<reconciliation::Error> for Problem {
    fn from(error: reconciliation::Error) -> Self {
        match error {
            reconciliation::Error::Database(error) => error.into(),
            reconciliation::Error::List(error) => error.into(),
            reconciliation::Error::Scope(_) => Self::internal(error),
        }
    }
}

/// A campaign.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reconciliation)]
pub struct CampaignDocument {
    /// Number of the campaign.
    pub reconciliation_id: i64,
    /// The day of which the list speaks.
    pub list_date: NaiveDate,
    /// Whom the list leaves out.
    #[schema(value_type = Scope)]
    pub scope: serde_json::Value,
    /// Children of the list.
    pub in_list: i64,
    /// Children whom the hub held as eligible on that day.
    pub in_hub: i64,
    /// Children in both, about whom nothing differs.
    pub agreed: i64,
    /// How many differences are in which status.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub differences: Statuses,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// By whom.
    pub opened_by: String,
}

impl From<(Campaign, Statuses)> for CampaignDocument {
    fn from((campaign, differences): (Campaign, Statuses)) -> Self {
        Self {
            reconciliation_id: campaign.reconciliation_id,
            list_date: campaign.list_date,
            scope: campaign.scope,
            in_list: campaign.in_list,
            in_hub: campaign.in_hub,
            agreed: campaign.agreed,
            differences,
            opened_at: campaign.opened_at,
            opened_by: campaign.opened_by,
        }
    }
}

/// Campaigns.
#[derive(Debug, Serialize, ToSchema)]
pub struct CampaignList {
    /// The newest first.
    items: Vec<CampaignDocument>,
}

/// The state's campaigns, the newest first.
#[utoipa::path(get, path = "/v1/reconciliations", operation_id = "listReconciliations", tag = "reports", responses(
    (status = 200, description = "the campaigns", body = CampaignList),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(system: StateSystem, state: Data<AppState>) -> Result<HttpResponse, Problem> {
    let own = system.state;
    let found = state
        .db
        .run(move |connection| reconciliations::list(connection, Some(own)))
        .await?;
    let items = found.into_iter().map(CampaignDocument::from).collect();
    Ok(HttpResponse::Ok().json(CampaignList { items }))
}

/// What a list says of itself.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct About {
    /// The day of which the list speaks.
    list_date: NaiveDate,
    /// Whom it leaves out, separated by commas: `out-of-school`, `preschool`, `private-schools`.
    leaves_out: Option<String>,
    /// Name of the file, for people; at most 200 characters.
    file_name: Option<String>,
}

/// Compares the state's own list of eligible children as of a day with what the hub holds of the state, and keeps every
/// difference with its reason. The list is CSV with `state_student_id`, `last_name`, `first_name`, `birth_date` and, as
/// far as it has them, `qualifying_arrival_date`, `eligible_until`, `district`; it is not kept itself. The same list of
/// the same day again is the same campaign.
#[utoipa::path(post, path = "/v1/reconciliations", operation_id = "openReconciliation", tag = "reports", params(
    About,
    ("On-Behalf-Of" = Option<String>, Header, description = "the state's user who sends it, 1 to 200 characters"),
), request_body(content = String, content_type = "text/csv"), responses(
    (status = 201, description = "the campaign", body = CampaignDocument),
    (status = 422, description = "the list cannot be used; the detail names the line", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn open(
    acting: Acting,
    state: Data<AppState>,
    about: Query<About>,
    csv: Bytes,
) -> Result<HttpResponse, Problem> {
    let About {
        list_date,
        leaves_out,
        file_name,
    } = about.into_inner();
    let scope = Scope::without(leaves_out.as_deref().unwrap_or_default().split(','));
    let (Some(scope), true) = (
        scope,
        file_name.as_ref().is_none_or(|name| name.chars().count() <= 200),
    ) else {
        return Err(Problem::new(
            ProblemCode::InvalidRequest,
            "leaves_out takes out-of-school, preschool and private-schools; a file_name has at most 200 characters.",
        ));
    };
    let (own, by, now) = (acting.system.state, acting.label(), state.clock.now());
    let document = state
        .db
        .report(move |connection| {
            let of = OfState {
                state: own,
                day: list_date,
                scope,
                file_name: file_name.as_deref().unwrap_or_default(),
                csv: &csv,
            };
            let opened = reconciliation::open(connection, &of, &by, now)?;
            campaign(connection, own, opened.reconciliation_id)
        })
        .await?;
    let location = format!("/v1/reconciliations/{}", document.reconciliation_id);
    Ok(HttpResponse::Created()
        .insert_header(("Location", location))
        .json(document))
}

fn campaign(
    connection: &mut diesel::PgConnection,
    own: StateCode,
    id: i64,
) -> Result<CampaignDocument, Problem> {
    reconciliations::find(connection, id, Some(own))?
        .map(CampaignDocument::from)
        .ok_or_else(|| Problem::not_found("reconciliation of this state"))
}

/// A campaign of the state.
#[utoipa::path(get, path = "/v1/reconciliations/{reconciliation_id}", operation_id = "readReconciliation", tag = "reports", params(
    ("reconciliation_id" = i64, Path, description = "number of the campaign"),
), responses(
    (status = 200, description = "the campaign", body = CampaignDocument),
    (status = 404, description = "no such campaign of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(
    system: StateSystem,
    state: Data<AppState>,
    id: Path<i64>,
) -> Result<HttpResponse, Problem> {
    let own = system.state;
    let found = state
        .db
        .run(move |connection| campaign(connection, own, *id))
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// What somebody says of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nobody has said anything.
    Open,
    /// It is right as it is, or out of the list's scope.
    Explained,
    /// One side was mended.
    Corrected,
    /// The sides disagree.
    Disputed,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Explained => "explained",
            Self::Corrected => "corrected",
            Self::Disputed => "disputed",
        }
    }
}

/// Which differences.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Only those in this status; all if missing.
    #[param(inline)]
    status: Option<Status>,
    /// Only those of this district.
    district: Option<String>,
    /// `json` (paged), `csv` or `xlsx` (all of them); by `Accept` if missing.
    #[param(inline)]
    format: Option<Format>,
    /// Where the page starts, from `next` of the page before.
    cursor: Option<i64>,
    /// Items of the page, 1 to 1000; 100 if missing.
    limit: Option<i64>,
}

/// The differences of a campaign. Each child that the hub holds is disclosed.
#[utoipa::path(get, path = "/v1/reconciliations/{reconciliation_id}/differences", operation_id = "listDifferences", tag = "reports", params(
    ("reconciliation_id" = i64, Path, description = "number of the campaign"),
    Wanted,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "a page of differences: `ordinal`, `state_student_id`, `district`, `kind`, `reason`, `in_list`, `in_hub`, `status`, `note`, `decided_by`, `decided_at`", content(
        (Page<serde_json::Value> = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    (status = 404, description = "no such campaign of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn differences(
    reading: Reading,
    state: Data<AppState>,
    id: Path<i64>,
    wanted: Query<Wanted>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (own, id) = (reading.system.state, *id);
    let form = Format::wanted(wanted.format, &request).form();
    let limit = page::limit(wanted.limit)?;
    let after = wanted.cursor.and_then(|cursor| i32::try_from(cursor).ok());
    let asked = reconciliations::Wanted {
        reconciliation_id: id,
        scope: scope(own, wanted.district.clone()),
        status: wanted.status.map(|status| status.name().to_owned()),
        after: after.filter(|_| form.is_none()),
        limit: if form.is_none() { limit } else { i64::MAX },
    };
    let found = state
        .db
        .run(move |connection| {
            campaign(connection, own, id)?;
            Ok::<_, Problem>(reconciliations::differences(connection, &reading.access, &asked)?)
        })
        .await?;
    if let Some(form) = form {
        let name = format!("reconciliation-{id}");
        return answer::reports::file(&answer::lists::differences(&found), &name, form);
    }
    // One more than the page would be disclosed without being shown.
    let next = found
        .last()
        .filter(|_| found.len() as i64 == limit)
        .map(|last: &Difference| i64::from(last.ordinal));
    Ok(page::answer(&request, found, next))
}

fn scope(own: StateCode, district: Option<String>) -> work_items::Scope {
    match district {
        Some(district) => work_items::Scope::Districts(own, vec![district]),
        None => work_items::Scope::State(own),
    }
}

/// What is said of a difference.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Saying {
    /// `explained`, `corrected` or `disputed`; `open` takes an earlier word back.
    #[schema(value_type = String)]
    status: Status,
    /// Why, 1 to 1000 characters; nothing sensitive.
    note: String,
}

/// Says what a difference is. A later word takes the place of an earlier one; both stay in the record of events.
#[utoipa::path(post, path = "/v1/reconciliations/{reconciliation_id}/differences/{ordinal}/decision", operation_id = "decideDifference", tag = "reports", params(
    ("reconciliation_id" = i64, Path, description = "number of the campaign"),
    ("ordinal" = i32, Path, description = "number of the difference"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who decides, 1 to 200 characters"),
), request_body = Saying, responses(
    (status = 200, description = "the campaign", body = CampaignDocument),
    (status = 404, description = "no such difference of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn decide(
    Deciding(acting): Deciding,
    state: Data<AppState>,
    path: Path<(i64, i32)>,
    saying: Json<Saying>,
) -> Result<HttpResponse, Problem> {
    let ((id, ordinal), own) = (path.into_inner(), acting.system.state);
    let (by, at) = (acting.label(), state.clock.now());
    let Saying { status, note } = saying.into_inner();
    if !(1..=1000).contains(&note.trim().chars().count()) {
        let detail = "Say why in the note, with 1 to 1000 characters.";
        return Err(Problem::new(ProblemCode::InvalidContent, detail));
    }
    let document = state
        .db
        .run(move |connection| {
            let decision = Decision {
                status: status.name(),
                note: note.trim(),
                by: &by,
                at,
            };
            if reconciliations::decide(connection, id, ordinal, &scope(own, None), decision)? {
                campaign(connection, own, id)
            } else {
                Err(Problem::not_found("difference of this state"))
            }
        })
        .await?;
    Ok(HttpResponse::Ok().json(document))
}
