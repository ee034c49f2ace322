//! Deadlines: what a state owes and by when, and the calendars that say so.

use std::collections::BTreeSet;

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Days, NaiveDate, Utc};
use diesel::PgConnection;
use mde::WorkCalendar;
use mde::{PersonId, StateCode};
use notices::Duty;
use notices::deadline::{Standing, district_key, standing};
use serde::{Deserialize, Serialize};
use store::calendars::{self, DistrictTerm};
use store::deadlines::{self, Kept, Which};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Deciding, StateSystem};
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;

/// The most terms of one call.
const TERMS: usize = 5_000;

/// A duty of the state about one of its students, with what started and what met it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Deadline)]
pub struct DeadlineDocument {
    /// Number of the deadline.
    pub deadline_id: i64,
    /// `new_certificate`, `end_of_term`, `change_of_residence`, `out_of_state_records`, `correction_decision`,
    /// `corrected_data`, `correction_forward` or `correction_reply`.
    #[schema(value_type = String)]
    pub duty: Duty,
    /// What is to be done.
    pub words: &'static str,
    /// Where it stands in the regulation.
    pub source: &'static str,
    /// `overdue`, `open`, `late` (met after its last day), `met` or `start_not_reported`.
    #[schema(value_type = String)]
    pub standing: Standing,
    /// The child.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// The district that it falls to.
    pub district: Option<String>,
    /// The day that started it; `null`: nobody reported it.
    pub started_on: Option<NaiveDate>,
    /// The last day.
    pub due_on: Option<NaiveDate>,
    /// The limit that was applied, and the days of the state that were free.
    pub setting: serde_json::Value,
    /// When the batch that met it was received.
    pub met_at: Option<DateTime<Utc>>,
    /// That batch.
    pub met_by_batch: Option<i64>,
}

impl DeadlineDocument {
    /// A kept deadline as it stands on a day of its state.
    pub fn of(kept: Kept, today: NaiveDate) -> Result<Self, Problem> {
        let duty = Duty::of_name(&kept.duty).ok_or_else(|| Problem::internal("an unknown duty is kept"))?;
        Ok(Self {
            deadline_id: kept.deadline_id,
            duty,
            words: duty.words(),
            source: duty.source(),
            standing: standing(kept.due_on, kept.met_on, today),
            person_id: PersonId::new(kept.person_id).map_err(Problem::internal)?,
            district: kept.district,
            started_on: kept.started_on,
            due_on: kept.due_on,
            setting: kept.setting,
            met_at: kept.met_at,
            met_by_batch: kept.met_by_batch,
        })
    }
}

/// Which deadlines, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Only of this duty.
    #[param(value_type = Option<String>)]
    duty: Option<Duty>,
    /// Only those that are `overdue`, `open`, `late`, `met` or `start_not_reported`.
    #[param(value_type = Option<String>)]
    standing: Option<Standing>,
    /// Only of this district, as the state writes it.
    district: Option<String>,
    /// Only with a last day up to this one.
    due_until: Option<NaiveDate>,
    /// Where the page starts, from `next` of the page before.
    cursor: Option<i64>,
    /// Items of the page, 1 to 1000; 100 if missing.
    limit: Option<i64>,
}

/// The state's own deadlines, oldest first, as they stand today in the state.
#[utoipa::path(get, path = "/v1/deadlines", operation_id = "listDeadlines", tag = "notices", params(Wanted), responses(
    (status = 200, description = "a page of deadlines", body = Page<DeadlineDocument>),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    system: StateSystem,
    state: Data<AppState>,
    wanted: Query<Wanted>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = page::limit(wanted.limit)?;
    let Wanted {
        duty,
        standing,
        district,
        due_until,
        cursor,
        ..
    } = wanted.into_inner();
    let which = Which {
        duty: duty.map(|duty| duty.name().to_owned()),
        standing: standing.map(|standing| standing.name().to_owned()),
        district,
        due_until,
    };
    let today = state.clock.today(Some(system.state));
    let found = state
        .db
        .run(move |connection| {
            deadlines::of_state(
                connection,
                system.state,
                &which,
                today,
                cursor.unwrap_or(0),
                limit + 1,
            )
        })
        .await?;
    let (found, next) = page::cut(found, limit, |kept| kept.deadline_id);
    let items = found
        .into_iter()
        .map(|kept| DeadlineDocument::of(kept, today))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(page::answer(&request, items, next))
}

/// A deadline of the state, as it stands today in the state.
#[utoipa::path(get, path = "/v1/deadlines/{deadline_id}", operation_id = "readDeadline", tag = "notices", params(
    ("deadline_id" = i64, Path, description = "number of the deadline"),
), responses(
    (status = 200, description = "the deadline", body = DeadlineDocument),
    (status = 404, description = "no such deadline of this state, or what started it is not so any more", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(
    system: StateSystem,
    state: Data<AppState>,
    deadline_id: Path<i64>,
) -> Result<HttpResponse, Problem> {
    let found = state
        .db
        .run(move |connection| deadlines::find(connection, *deadline_id, system.state))
        .await?
        .ok_or_else(|| Problem::not_found("deadline of this state"))?;
    let today = state.clock.today(Some(system.state));
    Ok(HttpResponse::Ok().json(DeadlineDocument::of(found, today)?))
}

/// A term of a district.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Term)]
pub struct TermDocument {
    /// The district by its name or NCES number, as enrollments name it.
    pub district: String,
    /// What it calls the term, at most 60 characters.
    pub name: String,
    /// First day.
    pub begin: NaiveDate,
    /// Last day: the clock of 30 days starts on it.
    pub end: NaiveDate,
}

/// The time that a state keeps: its working days, and the terms of its districts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Calendar)]
pub struct CalendarDocument {
    /// Whether federal holidays (5 U.S.C. 6103) are free; weekends always are.
    #[serde(default = "yes")]
    pub federal_holidays: bool,
    /// Other free days of the state.
    #[serde(default)]
    pub own_holidays: BTreeSet<NaiveDate>,
    /// Terms. A district that is named has these terms and no others; a district that is not named stays as it is.
    #[serde(default)]
    pub terms: Vec<TermDocument>,
}

fn yes() -> bool {
    true
}

/// The state's working days and terms.
#[utoipa::path(get, path = "/v1/calendar", operation_id = "readCalendar", tag = "notices", responses(
    (status = 200, description = "what the state keeps", body = CalendarDocument),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn calendar(system: StateSystem, state: Data<AppState>) -> Result<HttpResponse, Problem> {
    let kept = state
        .db
        .run(move |connection| kept_calendar(connection, system.state))
        .await?;
    Ok(HttpResponse::Ok().json(kept))
}

fn kept_calendar(connection: &mut PgConnection, state: StateCode) -> store::Result<CalendarDocument> {
    let work = calendars::of_state(connection, state)?;
    let terms = calendars::terms(connection, state)?
        .into_iter()
        .map(|term| TermDocument {
            district: term.district,
            name: term.name,
            begin: term.begin,
            end: term.end,
        })
        .collect();
    Ok(CalendarDocument {
        federal_holidays: work.federal_holidays,
        own_holidays: work.own_holidays,
        terms,
    })
}

/// Keeps the state's working days and the terms of the districts that are named. Deadlines that were noted keep the
/// days that were applied to them until their child is looked at again.
#[utoipa::path(put, path = "/v1/calendar", operation_id = "keepCalendar", tag = "notices", params(
    ("On-Behalf-Of" = String, Header, description = "the state's user who decides, 1 to 200 characters"),
), request_body = CalendarDocument, responses(
    (status = 200, description = "what the state keeps now", body = CalendarDocument),
    (status = 422, description = "a term is not valid", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn keep(
    Deciding(acting): Deciding,
    state: Data<AppState>,
    new: Json<CalendarDocument>,
) -> Result<HttpResponse, Problem> {
    let new = new.into_inner();
    let terms = valid_terms(&new.terms)?;
    let days = WorkCalendar {
        federal_holidays: new.federal_holidays,
        own_holidays: new.own_holidays,
    };
    let now = state.clock.now();
    let kept = state
        .db
        .run(move |connection| {
            let (own, by) = (acting.system.state, acting.label());
            store::db::write(connection, |connection| {
                calendars::keep_work_days(connection, own, &days, &by, now)?;
                calendars::keep_terms(connection, own, &terms, &by, now)?;
                kept_calendar(connection, own)
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(kept))
}

/// The terms as they are kept; the first that cannot be is named.
fn valid_terms(terms: &[TermDocument]) -> Result<Vec<DistrictTerm>, Problem> {
    let refuse =
        |at: usize, why: &str| Problem::new(ProblemCode::InvalidContent, format!("terms[{at}]: {why}."));
    if terms.len() > TERMS {
        let detail = format!("There are {} terms; send at most {TERMS} at a time.", terms.len());
        return Err(Problem::new(ProblemCode::InvalidContent, detail));
    }
    let mut kept: Vec<DistrictTerm> = Vec::with_capacity(terms.len());
    for (at, term) in terms.iter().enumerate() {
        let (district, name) = (district_key(&term.district), term.name.trim().to_owned());
        if district.is_empty() || district.chars().count() > 60 {
            return Err(refuse(at, "the district has 1 to 60 characters"));
        }
        if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
            return Err(refuse(at, "the name has 1 to 60 characters"));
        }
        if term.end < term.begin || term.end > term.begin + Days::new(366) {
            return Err(refuse(
                at,
                "the term ends before it begins, or lasts more than a year",
            ));
        }
        let new = DistrictTerm {
            district,
            begin: term.begin,
            end: term.end,
            name,
        };
        let same = |other: &DistrictTerm| {
            (&other.district, other.begin, other.end) == (&new.district, new.begin, new.end)
        };
        if kept.iter().any(same) {
            return Err(refuse(at, "the district has this term twice"));
        }
        kept.push(new);
    }
    Ok(kept)
}
