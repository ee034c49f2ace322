//! Referrals to a state's recruiters: who may be a migrant child by its enrollment in a school, and what came of it.

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use mde::code::ContactRole;
use mde::{PersonId, StateCode};
use notices::referrals::{self, Outcome, Saying, Told};
use serde::{Deserialize, Serialize};
use store::referrals::{Counts, Standing};
use store::roster::Place;
use store::work_items::Taken;
use store::{contacts, referrals as kept};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Deciding, StateSystem};
use crate::page;
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::{AppState, beginning};
use crate::v1::contacts::ContactDocument;

/// Days over which referrals are counted unless asked otherwise.
pub const COUNTED_DAYS: i64 = 365;

/// Which referrals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReferralStatus {
    /// That wait for an outcome, the first to be due first.
    #[default]
    Open,
    /// Of these, whose last day is over.
    Overdue,
    /// With an outcome, the latest first.
    Done,
}

impl From<ReferralStatus> for Standing {
    fn from(status: ReferralStatus) -> Self {
        match status {
            ReferralStatus::Open => Self::Open,
            ReferralStatus::Overdue => Self::Overdue,
            ReferralStatus::Done => Self::Done,
        }
    }
}

/// Which referrals.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// `open` (as if missing), `overdue` or `done`.
    #[serde(default)]
    #[param(inline)]
    status: ReferralStatus,
    /// Only of this district, as it was sent, upper or lower case.
    district: Option<String>,
    /// First day, of the state, of the time whose referrals are counted; a year ago if missing. The list has all.
    since: Option<NaiveDate>,
    /// Where the page begins, from the page before.
    cursor: Option<i64>,
    /// Referrals of a page, 1 to 1000; 100 if missing.
    limit: Option<i64>,
}

/// A person that a referred child may be.
#[derive(Debug, Serialize, ToSchema)]
pub struct CandidateDocument {
    /// Its number.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// Address of its record.
    pub href: String,
    /// Probability that it is the child, when that was asked.
    pub probability: f64,
}

/// What came of a referral, by somebody's word or by an upload.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeDocument {
    /// `found_eligible`, `not_eligible`, `not_found` or `declined`.
    pub outcome: String,
    /// Of `found_eligible`: who the child turned out to be.
    #[schema(value_type = Option<String>)]
    pub person_id: Option<PersonId>,
    /// What else was said.
    pub note: Option<String>,
    /// Who said it; `null`: an upload showed it.
    pub said_by: Option<String>,
    /// That upload.
    pub batch_id: Option<i64>,
    /// When.
    pub said_at: DateTime<Utc>,
}

/// A referral. Of the enrollment only the state's own number of the child and its place are kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Referral)]
pub struct ReferralDocument {
    /// Number of the referral.
    pub referral_id: i64,
    /// What the state calls the child.
    pub state_student_id: String,
    /// The school or project, by the state's code, as sent.
    pub facility_code: Option<String>,
    /// The school's name, as sent.
    pub school: Option<String>,
    /// The district, as sent, else that of the facility.
    pub district: Option<String>,
    /// `known` or `possible`.
    pub verdict: String,
    /// Whom it may be, the most probable first.
    pub candidates: Vec<CandidateDocument>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// By which certificate, and for whom.
    pub opened_by: String,
    /// Last day for an outcome: ten working days of the state.
    pub due_on: NaiveDate,
    /// Whether it waits for an outcome after that day.
    pub overdue: bool,
    /// Which account goes to see the family, while it is open.
    pub taken_by: Option<String>,
    /// Since when.
    pub taken_at: Option<DateTime<Utc>>,
    /// What came of it, `found_eligible`, `not_eligible`, `not_found` or `declined`: a person's last word, else what an
    /// upload showed; `null` while it is open.
    pub outcome: Option<String>,
    /// All that was said and shown, the oldest first.
    pub outcomes: Vec<OutcomeDocument>,
}

impl ReferralDocument {
    fn of(told: Told, today: NaiveDate) -> Result<Self, Problem> {
        let Told { referral, outcomes } = told;
        let candidates = referral
            .candidates()?
            .into_iter()
            .map(|(person_id, probability)| CandidateDocument {
                person_id,
                href: format!("/v1/persons/{person_id}"),
                probability: (f64::from(probability) * 1_000.0).round() / 1_000.0,
            });
        let outcomes = outcomes
            .into_iter()
            .map(|of| {
                Ok(OutcomeDocument {
                    outcome: of.outcome,
                    person_id: of.person_id.map(store::persons::id).transpose()?,
                    note: of.note,
                    said_by: of.said_by,
                    batch_id: of.batch_id,
                    said_at: of.said_at,
                })
            })
            .collect::<store::Result<_>>()?;
        Ok(Self {
            candidates: candidates.collect(),
            overdue: referral.is_overdue(today),
            referral_id: referral.referral_id,
            state_student_id: referral.state_student_id,
            facility_code: referral.facility_code,
            school: referral.school,
            district: referral.district,
            verdict: referral.verdict,
            opened_at: referral.opened_at,
            opened_by: referral.opened_by,
            due_on: referral.due_on,
            taken_by: referral.taken_by,
            taken_at: referral.taken_at,
            outcome: referral.outcome,
            outcomes,
        })
    }
}

/// How referrals stand that were opened in a time.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferralCounts {
    /// First day of that time.
    pub since: NaiveDate,
    /// All of them.
    pub referred: i64,
    /// That wait for an outcome.
    pub open: i64,
    /// Of these, whose last day is over.
    pub overdue: i64,
    /// The child is eligible.
    pub found_eligible: i64,
    /// It is not.
    pub not_eligible: i64,
    /// Nobody found the family.
    pub not_found: i64,
    /// The family does not want it.
    pub declined: i64,
    /// Days until the first outcome, of half of those that have one no more; `null` where none has.
    pub median_days: Option<f64>,
}

impl ReferralCounts {
    fn of(counts: &Counts, since: NaiveDate) -> Self {
        Self {
            since,
            referred: counts.referred,
            open: counts.open,
            overdue: counts.overdue,
            found_eligible: counts.found_eligible,
            not_eligible: counts.not_eligible,
            not_found: counts.not_found,
            declined: counts.declined,
            median_days: counts.median_days.map(|days| (days * 10.0).round() / 10.0),
        }
    }
}

/// A page of referrals, with how they stand.
#[derive(Debug, Serialize, ToSchema)]
pub struct Referrals {
    /// The referrals.
    pub items: Vec<ReferralDocument>,
    /// Address of the next page, as in the `Link` header; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How all referrals of the place stand that were opened since a day, whatever the page shows.
    pub counts: ReferralCounts,
}

/// The caller's referrals to its recruiters.
#[utoipa::path(get, path = "/v1/referrals", operation_id = "listReferrals", tag = "students", params(Wanted), responses(
    (status = 200, description = "a page of referrals, and how they stand", body = Referrals),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    system: StateSystem,
    state: Data<AppState>,
    wanted: Query<Wanted>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (wanted, own) = (wanted.into_inner(), system.state);
    let limit = page::limit(wanted.limit)?;
    let today = state.clock.today(Some(own));
    let since = wanted.since.unwrap_or(today - TimeDelta::days(COUNTED_DAYS));
    let place = Place {
        districts: wanted.district.map(|name| vec![name]),
        ..whole(own)
    };
    let (told, counts) = state
        .db
        .run(move |connection| {
            let standing = wanted.status.into();
            let which = (standing, &Taken::ByAnybody);
            let found = kept::list(connection, &place, which, today, wanted.cursor, limit + 1)?;
            let ids: Vec<i64> = found.iter().map(|referral| referral.referral_id).collect();
            let mut outcomes = kept::of_referrals(connection, &ids)?;
            let told: Vec<Told> = found
                .into_iter()
                .map(|referral| Told {
                    outcomes: outcomes.remove(&referral.referral_id).unwrap_or_default(),
                    referral,
                })
                .collect();
            let from = beginning(own, since);
            Ok::<_, store::Error>((told, kept::counts(connection, &place, from, today)?))
        })
        .await?;
    let (told, next) = page::cut(told, limit, |told| told.referral.referral_id);
    let items = told
        .into_iter()
        .map(|told| ReferralDocument::of(told, today))
        .collect::<Result<Vec<_>, _>>()?;
    let (mut answer, next) = page::linked(&request, next);
    Ok(answer.json(Referrals {
        items,
        next,
        counts: ReferralCounts::of(&counts, since),
    }))
}

fn whole(state: StateCode) -> Place {
    Place {
        state,
        districts: None,
        school: None,
    }
}

/// A referral with whom it goes to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferralRead {
    /// The referral.
    #[serde(flatten)]
    pub referral: ReferralDocument,
    /// To whom it goes: the staff of the migrant program that the directory of contacts has for the school, else for the
    /// district, else for the state.
    pub recruiters: Vec<ContactDocument>,
}

/// A referral of the caller.
#[utoipa::path(get, path = "/v1/referrals/{referral_id}", operation_id = "readReferral", tag = "students", params(
    ("referral_id" = i64, Path, description = "number of the referral"),
), responses(
    (status = 200, description = "the referral", body = ReferralRead),
    (status = 404, description = "no such referral of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(
    system: StateSystem,
    state: Data<AppState>,
    referral_id: Path<i64>,
) -> Result<HttpResponse, Problem> {
    let (own, now) = (system.state, state.clock.now());
    let today = state.clock.today(Some(own));
    let found = state
        .db
        .run(move |connection| {
            let Some(told) = referrals::read(connection, &whole(own), *referral_id)? else {
                return Ok(None);
            };
            let of = (
                own,
                told.referral.district.clone(),
                told.referral.facility_code.clone(),
            );
            let recruiters = contacts::nearest(connection, &[of], Some(ContactRole::Mep))?;
            Ok::<_, store::Error>(Some((told, recruiters)))
        })
        .await?;
    let (told, recruiters) = found.ok_or_else(not_found)?;
    Ok(HttpResponse::Ok().json(ReferralRead {
        referral: ReferralDocument::of(told, today)?,
        recruiters: recruiters
            .into_iter()
            .map(|contact| ContactDocument::of(contact, today, now))
            .collect(),
    }))
}

fn not_found() -> Problem {
    Problem::not_found("referral of this state")
}

/// What came of a referral, as a state's system says it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReferralOutcome {
    /// `found_eligible`, `not_eligible`, `not_found` or `declined`.
    #[schema(value_type = String)]
    outcome: Outcome,
    /// Of `found_eligible`: who the child turned out to be, by its number or a retired one, if the hub has it.
    #[schema(value_type = Option<String>)]
    person_id: Option<PersonId>,
    /// What else to say, at most 500 characters; nothing sensitive.
    note: Option<String>,
}

/// Says what came of a referral. Nobody has to say that a child was found eligible whom an upload brings under the number
/// that was referred: that is seen by itself. What was said before stays known; the same again changes nothing.
#[utoipa::path(post, path = "/v1/referrals/{referral_id}/outcome", operation_id = "sayReferralOutcome", tag = "students", params(
    ("referral_id" = i64, Path, description = "number of the referral"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who says it, 1 to 200 characters"),
), request_body = NewReferralOutcome, responses(
    (status = 200, description = "the referral with its outcome", body = ReferralDocument),
    (status = 404, description = "no such referral of this state", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "the outcome is not valid", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn say(
    deciding: Deciding,
    state: Data<AppState>,
    referral_id: Path<i64>,
    new: Json<NewReferralOutcome>,
) -> Result<HttpResponse, Problem> {
    let (own, now, new) = (deciding.0.system.state, state.clock.now(), new.into_inner());
    let told = state
        .db
        .run(move |connection| {
            let saying = Saying {
                outcome: new.outcome,
                person: new.person_id,
                note: new.note.as_deref(),
                seen: None,
            };
            let by = deciding.0.label();
            referrals::say(connection, &whole(own), *referral_id, &by, &saying, now).map_err(refused)
        })
        .await?
        .ok_or_else(not_found)?;
    Ok(HttpResponse::Ok().json(ReferralDocument::of(told, state.clock.today(Some(own)))?))
}

/// Why an outcome was not kept.
fn refused(error: notices::Error) -> Problem {
    match error {
        notices::Error::UnknownPerson => Problem::new(
            ProblemCode::InvalidContent,
            "person_id is no number that a person has or ever had; correct it or leave it out.",
        ),
        error => error.into(),
    }
}
