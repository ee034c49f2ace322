//! Who is expected to leave a state, and the closing hand-off of a child that leaves.

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use mde::{PersonId, StateCode};
use notices::Sender;
use notices::hand_offs::{self, CourseSoFar, Leaving};
use records::hand_offs::CourseSoFar as KeptCourse;
use serde::{Deserialize, Serialize};
use store::hand_offs::HandOff;
use store::roster::Place;
use store::roster::departures::{self, Question};
use utoipa::{IntoParams, ToSchema};

use crate::answer::departures::{DepartureDocument, MOST_WEEKS, WEEKS};
use crate::auth::{Deciding, Reading};
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;
use crate::v1::notices::idempotency_key;

/// Which departures.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Who is expected to leave within so many weeks, 1 to 26; 6 if missing.
    weeks: Option<i64>,
    /// Only of this district, as the state's facilities name it, upper or lower case.
    district: Option<String>,
    /// Only of this school or project, by the state's code.
    school: Option<String>,
    /// Where the page begins, from the page before.
    cursor: Option<i64>,
    /// Children of a page, 1 to 1000; 100 if missing.
    limit: Option<i64>,
}

/// The migratory children who are enrolled and eligible in the caller's state today and are expected to leave it, the
/// first to go first: by a withdrawal to come, by a notice that a state has sent by hand, or by the weeks in which they
/// left in the last three years. Whoever is listed is disclosed.
#[utoipa::path(get, path = "/v1/departures", operation_id = "listDepartures", tag = "students", params(
    Wanted,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "a page of children", body = Page<DepartureDocument>),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    reading: Reading,
    state: Data<AppState>,
    wanted: Query<Wanted>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let wanted = wanted.into_inner();
    let limit = page::limit(wanted.limit)?;
    let weeks = wanted.weeks.unwrap_or(WEEKS);
    if !(1..=MOST_WEEKS).contains(&weeks) {
        let detail = format!("The weeks are from 1 to {MOST_WEEKS}.");
        return Err(Problem::new(ProblemCode::InvalidRequest, detail));
    }
    let own = reading.system.state;
    let day = state.clock.today(Some(own));
    let question = Question {
        place: Place {
            state: own,
            districts: wanted.district.map(|name| vec![name]),
            school: wanted.school,
        },
        day,
        until: day + TimeDelta::weeks(weeks),
    };
    let after = wanted.cursor.and_then(|number| PersonId::new(number).ok());
    let (items, next) = state
        .db
        .run(move |connection| {
            let (children, more, _) =
                departures::departing(connection, &reading.access, &question, after, limit)?;
            let last = children.last().filter(|_| more);
            let next = last.map(|departing| departing.child.person_id.number());
            let of = |departing| DepartureDocument::of(departing, &question);
            Ok::<_, store::Error>((children.into_iter().map(of).collect::<Vec<_>>(), next))
        })
        .await?;
    Ok(page::answer(&request, items, next))
}

/// A hand-off as a state keeps it: a note that nobody has confirmed, never a data element.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HandOff)]
pub struct HandOffDocument {
    /// Number of the hand-off.
    pub hand_off_id: i64,
    /// The last day that the child attends or attended.
    pub last_day: Option<NaiveDate>,
    /// Where the family says that it goes.
    #[schema(value_type = Option<String>)]
    pub to_state: Option<StateCode>,
    /// The place there, or a country.
    pub to_place: Option<String>,
    /// Whom to ask.
    pub contact: Option<String>,
    /// What else is said.
    pub note: Option<String>,
    /// Work under way.
    pub courses: Vec<KeptCourse>,
    /// When it was written.
    pub written_at: DateTime<Utc>,
    /// By whom.
    pub written_by: String,
    /// The notice that was sent with it.
    pub move_notice_id: Option<i64>,
    /// Whether it is shown with the record: it was neither replaced nor taken back, and the state has sent nothing new of
    /// the student since.
    pub holds: bool,
}

impl From<HandOff> for HandOffDocument {
    fn from(of: HandOff) -> Self {
        Self {
            holds: of.holds(),
            hand_off_id: of.hand_off_id,
            last_day: of.last_day,
            to_state: of.to_state,
            to_place: of.to_place,
            contact: of.contact,
            note: of.note,
            courses: of.courses.iter().map(KeptCourse::from).collect(),
            written_at: of.written_at,
            written_by: of.written_by,
            move_notice_id: of.move_notice_id,
        }
    }
}

/// Work under way in a course.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCourseSoFar {
    /// Title, as the school calls the course, 1 to 100 characters.
    title: String,
    /// Grade to date, at most 10 characters.
    grade_to_date: Option<String>,
    /// Clock hours to date, 0 to 2000 with at most two decimals, as text.
    clock_hours: Option<String>,
}

/// A hand-off as a state's system writes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHandOff {
    /// The child, by its number or a retired one. The caller's state has to hold a record of it.
    #[schema(value_type = String)]
    person_id: PersonId,
    /// The last day that it attends or attended; within a year of today.
    last_day: Option<NaiveDate>,
    /// Where the family says that it goes.
    #[schema(value_type = Option<String>)]
    to_state: Option<StateCode>,
    /// The place there, or a country, at most 100 characters.
    to_place: Option<String>,
    /// Whom to ask, at most 200 characters.
    contact: Option<String>,
    /// What else to say, at most 500 characters; nothing sensitive.
    note: Option<String>,
    /// Work under way, at most 20 courses, each with a grade or hours.
    #[serde(default)]
    courses: Vec<NewCourseSoFar>,
    /// Whether `to_state` is sent a move notice at once, with the day, the place, the contact and the note.
    #[serde(default)]
    tell: bool,
}

/// Hands a child off that leaves. What is said is shown with the child's record to every state that may see it, as a note
/// of this state that nobody has confirmed, until the state's next upload with new content of the student; a later
/// hand-off replaces it. With `Idempotency-Key`, the same key writes once however often it is tried.
#[utoipa::path(post, path = "/v1/hand-offs", operation_id = "handOff", tag = "students", params(
    ("Idempotency-Key" = Option<String>, Header, description = "the caller's own key of this hand-off, 1 to 255 characters"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who says it, 1 to 200 characters"),
), request_body = NewHandOff, responses(
    (status = 201, description = "the hand-off as kept", body = HandOffDocument),
    (status = 403, description = "the state holds no record of the child", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "the hand-off is not valid", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn hand_off(
    deciding: Deciding,
    state: Data<AppState>,
    new: Json<NewHandOff>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let key = idempotency_key(&request)?;
    let new = new.into_inner();
    let course = |of: NewCourseSoFar| CourseSoFar {
        title: of.title,
        grade_to_date: of.grade_to_date,
        clock_hours: of.clock_hours,
    };
    let leaving = Leaving {
        person_id: new.person_id,
        last_day: new.last_day,
        to_state: new.to_state,
        to_place: new.to_place,
        contact: new.contact,
        note: new.note,
        courses: new.courses.into_iter().map(course).collect(),
        tell: new.tell,
    };
    let now = state.clock.now();
    let kept = state
        .db
        .run(move |connection| {
            let sender = Sender {
                state: deciding.0.system.state,
                by: &deciding.0.label(),
                idempotency_key: key.as_deref(),
            };
            hand_offs::hand_off(connection, sender, &leaving, now).map_err(refused)
        })
        .await?;
    Ok(HttpResponse::Created().json(HandOffDocument::from(kept)))
}

/// Why a hand-off was not kept.
fn refused(error: notices::Error) -> Problem {
    match error {
        notices::Error::HoldsNothing(_) => Problem::new(
            ProblemCode::Forbidden,
            "The state holds no record of this child; only a state that holds one can hand it off.",
        ),
        notices::Error::Invalid { .. } => Problem::new(
            ProblemCode::InvalidContent,
            format!("The hand-off is not valid: {error}."),
        ),
        error => error.into(),
    }
}

/// Takes a hand-off back: it was wrong, or the child stays. Again changes nothing. The notice that was sent with it stays.
#[utoipa::path(delete, path = "/v1/hand-offs/{hand_off_id}", operation_id = "takeBackHandOff", tag = "students", params(
    ("hand_off_id" = i64, Path, description = "number of the hand-off"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who takes it back, 1 to 200 characters"),
), responses(
    (status = 200, description = "the hand-off, taken back", body = HandOffDocument),
    (status = 404, description = "no such hand-off of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "a later one has replaced it", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn take_back(
    deciding: Deciding,
    state: Data<AppState>,
    hand_off_id: Path<i64>,
) -> Result<HttpResponse, Problem> {
    let now = state.clock.now();
    let done = state
        .db
        .run(move |connection| {
            let (own, by) = (deciding.0.system.state, deciding.0.label());
            hand_offs::take_back(connection, *hand_off_id, own, &by, now)
        })
        .await?
        .ok_or_else(|| Problem::not_found("hand-off of this state"))?;
    if done.hand_off.ended.as_deref() != Some("taken_back") {
        let detail = "A later hand-off has replaced this one; take that one back.";
        return Err(Problem::new(ProblemCode::Conflict, detail));
    }
    Ok(HttpResponse::Ok().json(HandOffDocument::from(done.hand_off)))
}
