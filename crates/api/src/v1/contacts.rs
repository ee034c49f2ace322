//! Whom to call about a child.

use actix_web::web::{Data, Json, Query};
use chrono::{DateTime, NaiveDate, Utc};
use mde::StateCode;
use serde::{Deserialize, Serialize};
use store::contacts::{self, Contact};
use store::roster::Place;
use utoipa::{IntoParams, ToSchema};

use crate::auth::StateSystem;
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;

/// Somebody of a school, district or state to whom others turn about a child.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contact)]
pub struct ContactDocument {
    /// The state.
    pub state: String,
    /// The district; `null`: the state's own contact.
    pub district: Option<String>,
    /// The school or project, by the state's code; `null`: the district's.
    pub facility_code: Option<String>,
    /// A code of the set `ContactRole` (X42).
    pub role: String,
    /// Who is to be called today: who stands in, on the days of that.
    pub call: CallDocument,
    /// Name.
    pub name: String,
    /// Languages spoken besides English.
    pub languages: String,
    /// First day on which somebody stands in.
    pub cover_from: Option<NaiveDate>,
    /// Last day of that.
    pub cover_until: Option<NaiveDate>,
    /// When somebody of the place last said that it is right.
    pub verified_at: DateTime<Utc>,
    /// Whether that is not longer ago than 90 days.
    pub verified: bool,
}

/// Whom to call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Call)]
pub struct CallDocument {
    /// Name.
    pub name: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

impl ContactDocument {
    pub(crate) fn of(contact: Contact, today: NaiveDate, now: DateTime<Utc>) -> Self {
        let (name, phone, email) = contact.on(today);
        Self {
            call: CallDocument {
                name: name.to_owned(),
                phone: phone.map(ToOwned::to_owned),
                email: email.map(ToOwned::to_owned),
            },
            verified: contact.is_verified(now),
            state: contact.state,
            district: contact.district,
            facility_code: contact.facility_code,
            role: contact.role,
            name: contact.name,
            languages: contact.languages,
            cover_from: contact.cover_from,
            cover_until: contact.cover_until,
            verified_at: contact.verified_at,
        }
    }
}

/// All contacts of a place.
#[derive(Debug, Serialize, ToSchema)]
pub struct Contacts {
    /// The state's own first, then by district, school, role and name.
    pub items: Vec<ContactDocument>,
}

/// Whose contacts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// The state, by its postal code; the caller's own if missing. Any state's contacts are for all.
    state: Option<String>,
    /// Only of this district, upper or lower case.
    district: Option<String>,
    /// Only of this school or project, by the state's code.
    school: Option<String>,
}

/// Whom to call in a state, district or school. Nothing here is about a child.
#[utoipa::path(get, path = "/v1/contacts", operation_id = "listContacts", tag = "students", params(Wanted), responses(
    (status = 200, description = "the contacts", body = Contacts),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    system: StateSystem,
    state: Data<AppState>,
    wanted: Query<Wanted>,
) -> Result<Json<Contacts>, Problem> {
    let Wanted {
        state: code,
        district,
        school,
    } = wanted.into_inner();
    let of = match code {
        None => system.state,
        Some(code) => StateCode::new(&code).map_err(|_| {
            Problem::new(
                ProblemCode::InvalidRequest,
                "Name a state by its postal code, such as TX.",
            )
        })?,
    };
    let place = Place {
        state: of,
        districts: district.map(|name| vec![name]),
        school,
    };
    let (now, today) = (state.clock.now(), state.clock.today(Some(of)));
    let found = state
        .db
        .run(move |connection| contacts::of_place(connection, &place))
        .await?;
    let items = found
        .into_iter()
        .map(|contact| ContactDocument::of(contact, today, now))
        .collect();
    Ok(Json(Contacts { items }))
}
