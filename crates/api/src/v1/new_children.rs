//! Whom a district has newly, and who has gone from it to another one of the state, until somebody has seen it.

use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::{Connection as _, PgConnection};
use mde::{PersonId, StateCode, StudentId};
use serde::{Deserialize, Serialize};
use store::access::Subject;
use store::new_children::{self, Alert, Told};
use store::roster::Place;
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Deciding, Reading};
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody};
use crate::state::AppState;

/// A child who is newly certified, or newly enrolled, in a district of the state.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewChildDocument {
    /// Number of the alert.
    pub new_child_id: i64,
    /// The child.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// The state's identifier of the student.
    pub state_student_id: String,
    /// The district; `null`: none is known, it is told to the state.
    pub district: Option<String>,
    /// The school or project, by the state's code.
    pub facility_code: Option<String>,
    /// `certified` (a qualifying move of a child that is there) or `enrolled` (an eligible child came).
    pub reason: String,
    /// The qualifying arrival or the first day in the district, the later one.
    pub happened_on: NaiveDate,
    /// When the hub noticed.
    pub raised_at: DateTime<Utc>,
    /// When somebody of the district had seen it.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// Who.
    pub acknowledged_by: Option<String>,
    /// When a correction took it back.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

impl NewChildDocument {
    fn of(alert: Alert, person_id: PersonId, state_student_id: String) -> Self {
        Self {
            new_child_id: alert.new_child_id,
            person_id,
            state_student_id,
            district: alert.district,
            facility_code: alert.facility_code,
            reason: alert.reason,
            happened_on: alert.happened_on,
            raised_at: alert.raised_at,
            acknowledged_at: alert.acknowledged_at,
            acknowledged_by: alert.acknowledged_by,
            withdrawn_at: alert.withdrawn_at,
        }
    }
}

/// A child who has gone from a district of the state to another one.
#[derive(Debug, Serialize, ToSchema)]
pub struct GoneChildDocument {
    /// Number of the alert.
    pub gone_child_id: i64,
    /// The child.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// The state's identifier of the student.
    pub state_student_id: String,
    /// The district that it left, which is told.
    pub district: Option<String>,
    /// The district to which it went.
    pub to_district: Option<String>,
    /// The school or project there, by the state's code.
    pub to_facility_code: Option<String>,
    /// Its first day there.
    pub since: NaiveDate,
    /// When the hub noticed.
    pub raised_at: DateTime<Utc>,
    /// When somebody of the district had seen it.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// Who.
    pub acknowledged_by: Option<String>,
    /// When a correction took it back.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

impl GoneChildDocument {
    fn of(alert: Alert, person_id: PersonId, state_student_id: String) -> Self {
        Self {
            gone_child_id: alert.new_child_id,
            person_id,
            state_student_id,
            district: alert.district,
            to_district: alert.to_district,
            to_facility_code: alert.facility_code,
            since: alert.happened_on,
            raised_at: alert.raised_at,
            acknowledged_at: alert.acknowledged_at,
            acknowledged_by: alert.acknowledged_by,
            withdrawn_at: alert.withdrawn_at,
        }
    }
}

/// The alerts as they are told, each with the child's number and the state's identifier of it; who is named in them is
/// disclosed.
fn documents<T>(
    connection: &mut PgConnection,
    reading: &store::Access,
    alerts: Vec<Alert>,
    document: impl Fn(Alert, PersonId, String) -> T,
) -> Result<Vec<T>, Problem> {
    let ids: Vec<_> = alerts.iter().map(|alert| alert.student_id).collect();
    let subjects: Vec<Subject> = ids.iter().map(|id| Subject::Student(StudentId(*id))).collect();
    let students = connection.transaction(|connection| {
        reading.disclose(connection, &subjects, &["identity", "enrollments", "moves"])?;
        store::students::read_parts(connection, &ids, &[])
    })?;
    let known: std::collections::HashMap<_, _> = students.into_iter().collect();
    alerts
        .into_iter()
        .filter_map(|alert| {
            let student = known.get(&StudentId(alert.student_id))?;
            let own = student.identity.state_student_id.to_string();
            let person_id = PersonId::new(alert.person_id).map_err(Problem::internal);
            Some(person_id.map(|person_id| document(alert, person_id, own)))
        })
        .collect()
}

/// Which alerts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WantedAlerts {
    /// Only of this district, upper or lower case.
    district: Option<String>,
    /// Where the page begins, from the page before.
    cursor: Option<i64>,
    /// Alerts of a page, 1 to 1000; 100 if missing.
    limit: Option<i64>,
}

fn place(state: StateCode, district: Option<String>) -> Place {
    Place {
        state,
        districts: district.map(|name| vec![name]),
        school: None,
    }
}

/// The alerts of the state's districts that nobody has acknowledged, oldest first; one that a correction took back is
/// among them for 30 days. Who is named is disclosed.
#[utoipa::path(get, path = "/v1/new-children", operation_id = "listNewChildren", tag = "students", params(
    WantedAlerts,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "a page of alerts", body = Page<NewChildDocument>),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list_new(
    reading: Reading,
    state: Data<AppState>,
    wanted: Query<WantedAlerts>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    list(
        reading,
        state,
        wanted.into_inner(),
        &request,
        Told::New,
        NewChildDocument::of,
    )
    .await
}

/// The children who have gone from a district of the state to another one, which nobody of the district that they left has
/// acknowledged, oldest first; what a correction took back is among them for 30 days. Who is named is disclosed.
#[utoipa::path(get, path = "/v1/gone-children", operation_id = "listGoneChildren", tag = "students", params(
    WantedAlerts,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "a page of alerts", body = Page<GoneChildDocument>),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list_gone(
    reading: Reading,
    state: Data<AppState>,
    wanted: Query<WantedAlerts>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    list(
        reading,
        state,
        wanted.into_inner(),
        &request,
        Told::Gone,
        GoneChildDocument::of,
    )
    .await
}

/// A page of alerts of one of both kinds, each as `document` tells it.
async fn list<T: Serialize + Send + 'static>(
    reading: Reading,
    state: Data<AppState>,
    wanted: WantedAlerts,
    request: &HttpRequest,
    told: Told,
    document: fn(Alert, PersonId, String) -> T,
) -> Result<HttpResponse, Problem> {
    let limit = page::limit(wanted.limit)?;
    let place = place(reading.system.state, wanted.district);
    let (now, after) = (state.clock.now(), wanted.cursor.unwrap_or(0));
    let (items, next) = state
        .db
        .run(move |connection| {
            let found = new_children::open(connection, &place, told, now, after, limit + 1)?;
            let (found, next) = page::cut(found, limit, |alert| alert.new_child_id);
            let items = documents(connection, &reading.access, found, document)?;
            Ok::<_, Problem>((items, next))
        })
        .await?;
    Ok(page::answer(request, items, next))
}

/// Who has seen an alert, and when.
#[derive(Debug, Serialize, ToSchema)]
pub struct Seen {
    /// Number of the alert.
    pub new_child_id: i64,
    /// When it was first acknowledged.
    pub acknowledged_at: DateTime<Utc>,
    /// By whom.
    pub acknowledged_by: String,
}

/// Says that the district has seen that a child is new. Who was first stays; again changes nothing.
#[utoipa::path(post, path = "/v1/new-children/{new_child_id}/acknowledgement", operation_id = "acknowledgeNewChild", tag = "students", params(
    ("new_child_id" = i64, Path, description = "number of the alert"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who has seen it, 1 to 200 characters"),
), responses(
    (status = 200, description = "who has seen it", body = Seen),
    (status = 404, description = "the state has no such alert", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn acknowledge_new(
    deciding: Deciding,
    state: Data<AppState>,
    new_child_id: Path<i64>,
) -> Result<HttpResponse, Problem> {
    let new_child_id = *new_child_id;
    let (acknowledged_at, acknowledged_by) = acknowledge(deciding, state, new_child_id, Told::New).await?;
    Ok(HttpResponse::Ok().json(Seen {
        new_child_id,
        acknowledged_at,
        acknowledged_by,
    }))
}

/// Who has seen that a child has gone, and when.
#[derive(Debug, Serialize, ToSchema)]
pub struct GoneChildSeen {
    /// Number of the alert.
    pub gone_child_id: i64,
    /// When it was first acknowledged.
    pub acknowledged_at: DateTime<Utc>,
    /// By whom.
    pub acknowledged_by: String,
}

/// Says that the district has seen that a child has gone to another one. Who was first stays; again changes nothing.
#[utoipa::path(post, path = "/v1/gone-children/{gone_child_id}/acknowledgement", operation_id = "acknowledgeGoneChild", tag = "students", params(
    ("gone_child_id" = i64, Path, description = "number of the alert"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who has seen it, 1 to 200 characters"),
), responses(
    (status = 200, description = "who has seen it", body = GoneChildSeen),
    (status = 404, description = "the state has no such alert", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn acknowledge_gone(
    deciding: Deciding,
    state: Data<AppState>,
    gone_child_id: Path<i64>,
) -> Result<HttpResponse, Problem> {
    let gone_child_id = *gone_child_id;
    let (acknowledged_at, acknowledged_by) = acknowledge(deciding, state, gone_child_id, Told::Gone).await?;
    Ok(HttpResponse::Ok().json(GoneChildSeen {
        gone_child_id,
        acknowledged_at,
        acknowledged_by,
    }))
}

/// Notes that an alert of this kind is seen, and gives when it was first and by whom.
async fn acknowledge(
    deciding: Deciding,
    state: Data<AppState>,
    id: i64,
    told: Told,
) -> Result<(DateTime<Utc>, String), Problem> {
    let now = state.clock.now();
    let (own, by) = (deciding.0.system.state, deciding.0.label());
    let seen = state
        .db
        .run(move |connection| {
            let found = new_children::find(connection, own, id)?;
            if found.is_none_or(|alert| alert.told() != told) {
                return Ok(None);
            }
            new_children::acknowledge(connection, &place(own, None), &[id], &by, now)?;
            new_children::find(connection, own, id)
        })
        .await?;
    let alert = seen.ok_or_else(|| Problem::not_found("alert of this state"))?;
    alert
        .acknowledged_at
        .zip(alert.acknowledged_by)
        .ok_or_else(|| Problem::internal("an alert was not acknowledged"))
}
