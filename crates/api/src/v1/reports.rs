//! Reports on children: counts of a period, moves between states, and children who left and came nowhere.

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use mde::StateCode;
use records::counts::{ShownCounts, ShownMoves, Viewer};
use records::report::{self, Missed, PATIENCE, Question};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::answer;
use crate::auth::{Reading, StateSystem};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;
use crate::v1::format::Format;

/// Which period, as it was known when, in which form.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// 1 September to 31 August, by the year in which it ends: `2026`, or `2025-26`.
    period: String,
    /// What was received and decided by this instant (RFC 3339); now if missing.
    known_at: Option<DateTime<Utc>>,
    /// `json`, `csv` or `xlsx`; by `Accept` if missing.
    #[param(inline)]
    format: Option<Format>,
}

impl Asked {
    fn question(&self, state: &AppState, of: StateCode) -> Result<Question, Problem> {
        let now = state.clock.now();
        question(&self.period, self.known_at, now, state.clock.today(Some(of)))
    }
}

/// The question of a period as a caller writes it; what is still to come cannot be asked for.
pub(crate) fn question(
    period: &str,
    known_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    today: chrono::NaiveDate,
) -> Result<Question, Problem> {
    let invalid = |detail: String| Problem::new(ProblemCode::InvalidRequest, detail);
    let period = period
        .parse()
        .map_err(|error: records::counts::NoPeriod| invalid(format!("{error}.")))?;
    if known_at.is_some_and(|at| at > now) {
        return Err(invalid(
            "What will be known is not known yet; ask with a known_at that has passed.".to_owned(),
        ));
    }
    Ok(Question {
        period,
        known_at,
        today,
    })
}

/// Moves between states.
#[derive(Debug, Serialize, ToSchema)]
pub struct Moves {
    /// Numbers below this are `null` where neither state is the viewer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    small: Option<u64>,
    /// One item per way.
    items: Vec<ShownMoves>,
}

/// Category 1 and 2 of a period: the state's own in full, and the nation without small numbers.
#[utoipa::path(get, path = "/v1/reports/counts", operation_id = "reportCounts", tag = "reports", params(Asked), responses(
    (status = 200, description = "the counts", content(
        (ShownCounts = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn counts(
    system: StateSystem,
    state: Data<AppState>,
    asked: Query<Asked>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let shown = shown(&state, system.state, &asked).await?;
    match Format::wanted(asked.format, &request).form() {
        Some(form) => {
            let name = format!("counts-{}-{}", system.state, shown.period);
            answer::reports::file(&answer::reports::counts(&shown), &name, form)
        }
        None => Ok(HttpResponse::Ok().json(shown)),
    }
}

/// Moves between states in a period: in full those from or to the state, of all others those that are not few.
#[utoipa::path(get, path = "/v1/reports/moves", operation_id = "reportMoves", tag = "reports", params(Asked), responses(
    (status = 200, description = "the moves", content(
        (Moves = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn moves(
    system: StateSystem,
    state: Data<AppState>,
    asked: Query<Asked>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let ShownCounts {
        period, small, moves, ..
    } = shown(&state, system.state, &asked).await?;
    match Format::wanted(asked.format, &request).form() {
        Some(form) => {
            let name = format!("moves-{}-{period}", system.state);
            answer::reports::file(&answer::reports::moves(&moves, small), &name, form)
        }
        None => Ok(HttpResponse::Ok().json(Moves { small, items: moves })),
    }
}

async fn shown(state: &AppState, own: StateCode, asked: &Asked) -> Result<ShownCounts, Problem> {
    let question = asked.question(state, own)?;
    let answer = state
        .db
        .report(move |connection| report::counts(connection, &question))
        .await?;
    Ok(answer.counts.shown_to(Viewer::State(own)))
}

/// For how long a child has to be away.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Away {
    /// Days after which a child that moved away and came nowhere is missed, 0 to 3660; 30 if missing.
    patience: Option<u64>,
}

/// Children who are missed.
#[derive(Debug, Serialize, ToSchema)]
pub struct MissedList {
    /// Those longest away first.
    items: Vec<Missed>,
}

/// Children whose last enrollment, in this state, ended by moving away in the period, and of whom no state has reported
/// anything since. Each child listed is disclosed.
#[utoipa::path(get, path = "/v1/reports/missed-enrollments", operation_id = "reportMissedEnrollments", tag = "reports", params(
    Asked,
    Away,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "the children", content(
        (MissedList = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn missed(
    reading: Reading,
    state: Data<AppState>,
    asked: Query<Asked>,
    away: Query<Away>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let own = reading.system.state;
    let question = asked.question(&state, own)?;
    let patience = patience(away.patience)?;
    let items = state
        .db
        .report(move |connection| {
            report::missed_enrollments(connection, &reading.access, &question, Some(own), patience)
        })
        .await?;
    match Format::wanted(asked.format, &request).form() {
        Some(form) => {
            let name = format!("missed-enrollments-{own}-{}", question.period);
            answer::reports::file(&answer::reports::missed(&items), &name, form)
        }
        None => Ok(HttpResponse::Ok().json(MissedList { items })),
    }
}

fn patience(asked: Option<u64>) -> Result<u64, Problem> {
    match asked {
        None => Ok(PATIENCE),
        Some(days @ 0..=3660) => Ok(days),
        Some(_) => Err(Problem::new(
            ProblemCode::InvalidRequest,
            "The patience is from 0 to 3660 days.",
        )),
    }
}
