//! Whom a school, district or state has now.

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use mde::PersonId;
use serde::{Deserialize, Serialize};
use store::roster::{self, Listed, Place, Question, Show};
use utoipa::{IntoParams, ToSchema};

use crate::answer::students::names;
use crate::auth::Reading;
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;

/// Days before now after which a child is new, unless the caller says since when.
pub const NEW_DAYS: i64 = 14;

/// A migratory child who is enrolled and eligible in the state today.
#[derive(Debug, Serialize, ToSchema)]
pub struct RosterChild {
    /// The child.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// The state's identifier of the student.
    pub state_student_id: String,
    /// Last names.
    pub last_name: String,
    /// First and middle name.
    pub first_name: String,
    /// Birth date.
    pub birth_date: Option<NaiveDate>,
    /// District of its latest enrollment in the place.
    pub district: Option<String>,
    /// School or project of that, by the state's code.
    pub facility_code: Option<String>,
    /// Its name.
    pub school: Option<String>,
    /// Grade in words.
    pub grade: Option<&'static str>,
    /// First day of the enrollment.
    pub enrolled: NaiveDate,
    /// Last day, if it is known.
    pub withdrawn: Option<NaiveDate>,
    /// The qualifying arrival by which the child is eligible.
    pub qualifying_arrival: NaiveDate,
    /// The last day of that.
    pub eligible_until: NaiveDate,
    /// Priority for services (X14), as the latest enrollment that carries it says.
    pub priority_for_services: bool,
    /// English learner (X11), likewise.
    pub english_learner: bool,
    /// Individualized education program (X12), likewise.
    pub special_education: bool,
    /// Whether an alert about the child is open, in any state.
    pub open_alert: bool,
    /// Whether it is enrolled as out of school.
    pub out_of_school: bool,
    /// When the hub first saw the child in the district.
    pub since: DateTime<Utc>,
}

impl From<Listed> for RosterChild {
    fn from(child: Listed) -> Self {
        let (last_name, first_name) = names(&child.student.identity);
        Self {
            person_id: child.person_id,
            state_student_id: child.student.identity.state_student_id.to_string(),
            last_name,
            first_name,
            birth_date: child.student.identity.birth_date.map(mde::Date::day),
            grade: child.grade(),
            district: child.entry.district,
            facility_code: child.entry.facility_code,
            school: child.school,
            enrolled: child.entry.enrolled_on,
            withdrawn: child.entry.withdrawn_on,
            qualifying_arrival: child.entry.eligible_from,
            eligible_until: child.entry.eligible_until,
            priority_for_services: child.entry.priority_for_services,
            english_learner: child.entry.english_learner,
            special_education: child.entry.special_education,
            open_alert: child.entry.alerts,
            out_of_school: child.entry.out_of_school,
            since: child.entry.since,
        }
    }
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// `everybody` (if missing), `new`, `expiring` (within 60 days), `priority`, `english_learner`,
    /// `special_education`, `alerts` or `out_of_school`.
    show: Option<String>,
    /// Only of this district, as the state's facilities name it, upper or lower case.
    district: Option<String>,
    /// Only of this school or project, by the state's code.
    school: Option<String>,
    /// Since when a child is new; 14 days ago if missing.
    new_since: Option<DateTime<Utc>>,
    /// Where the page begins, from the page before.
    cursor: Option<i64>,
    /// Children of a page, 1 to 1000; 100 if missing.
    limit: Option<i64>,
}

/// The migratory children who are enrolled and eligible in the caller's state today, by name, each by its latest
/// enrollment in the place that is asked for. Whoever is listed is disclosed.
#[utoipa::path(get, path = "/v1/roster", operation_id = "listRoster", tag = "students", params(
    Wanted,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "a page of children", body = Page<RosterChild>),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    reading: Reading,
    state: Data<AppState>,
    wanted: Query<Wanted>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let Wanted {
        show,
        district,
        school,
        new_since,
        cursor,
        limit,
    } = wanted.into_inner();
    let show = match show.as_deref() {
        None => Show::default(),
        Some(name) => Show::named(name).ok_or_else(|| {
            let known = Show::ALL.map(Show::name).join(", ");
            Problem::new(ProblemCode::InvalidRequest, format!("The lists are {known}."))
        })?,
    };
    let limit = page::limit(limit)?;
    let after = cursor.and_then(|number| PersonId::new(number).ok());
    let own = reading.system.state;
    let question = Question {
        place: Place {
            state: own,
            districts: district.map(|name| vec![name]),
            school,
        },
        show,
        day: state.clock.today(Some(own)),
        new_since: new_since.unwrap_or_else(|| state.clock.now() - TimeDelta::days(NEW_DAYS)),
    };
    let (children, more) = state
        .db
        .run(move |connection| roster::listed(connection, &reading.access, &question, after, limit))
        .await?;
    let next = children
        .last()
        .filter(|_| more)
        .map(|child| child.person_id.number());
    let items: Vec<RosterChild> = children.into_iter().map(RosterChild::from).collect();
    Ok(page::answer(&request, items, next))
}
