//! The mapping profiles that this hub knows, so that a state can see before its upload whether its own is among them.

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use formats::{BatchKind, Profile};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::StateSystem;
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody};
use crate::state::AppState;

/// A mapping profile.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Profile)]
pub struct ProfileDocument {
    /// Its name, as `profile` of an upload names it.
    pub name: String,
    /// Counted up with every change of meaning.
    pub version: u32,
    /// What system and which export it describes.
    pub description: String,
    /// The state, if it is of one only.
    pub state: Option<String>,
    /// `full` or `delta`, if the files or the profile say which; otherwise the call has to.
    #[schema(value_type = Option<String>)]
    pub kind: Option<BatchKind>,
}

impl From<&Profile> for ProfileDocument {
    fn from(profile: &Profile) -> Self {
        Self {
            name: profile.name.clone(),
            version: profile.version,
            description: profile.description.clone(),
            state: profile.state.map(|s| s.to_string()),
            kind: profile.kind,
        }
    }
}

/// The page of the list; profiles are few, so it has all of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Items of the page, 1 to 1000; 100 if missing.
    limit: Option<i64>,
}

/// The mapping profiles that a state may name: those of any state and its own, by name.
#[utoipa::path(get, path = "/v1/profiles", operation_id = "listProfiles", tag = "batches", params(Paging), responses(
    (status = 200, description = "the profiles", body = Page<ProfileDocument>),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    system: StateSystem,
    state: Data<AppState>,
    paging: Query<Paging>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = usize::try_from(page::limit(paging.limit)?).unwrap_or(usize::MAX);
    let mut items: Vec<ProfileDocument> = state
        .profiles
        .all()
        .filter(|profile| profile.state.is_none_or(|of| of == system.state))
        .map(ProfileDocument::from)
        .collect();
    items.sort_by(|a, b| a.name.cmp(&b.name));
    items.truncate(limit);
    Ok(page::answer(&request, items, None))
}
