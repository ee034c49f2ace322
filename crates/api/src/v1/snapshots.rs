//! Counts that are frozen: taken, listed, and what has become of their children.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use mde::StateCode;
use records::counts::{Period, ShownCounts, Viewer};
use records::snapshot::{self, Since, SnapshotError, Taker};
use serde::{Deserialize, Serialize};
use store::snapshots::{self, Listed, Snapshot};
use utoipa::ToSchema;

use crate::answer;
use crate::auth::{Acting, Reading, StateSystem};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;
use crate::v1::reports::question;

impl From<SnapshotError> for Problem {
    fn from(error: SnapshotError) -> Self {
        let code = match error {
            SnapshotError::Database(error) => return error.into(),
            SnapshotError::Damaged(_) | SnapshotError::Unreadable(_) => return Self::internal(error),
            SnapshotError::Taken(_) => ProblemCode::Conflict,
            SnapshotError::Name(_) | SnapshotError::ToCome(_) => ProblemCode::InvalidContent,
        };
        Self::new(code, format!("{error}."))
    }
}

/// A snapshot.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Snapshot)]
pub struct SnapshotDocument {
    /// Its name.
    pub name: String,
    /// The period: `2025-26`.
    pub period: String,
    /// What was received and decided by then.
    pub known_at: DateTime<Utc>,
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
    /// By which state; `null`: by the hub, for all states.
    pub state: Option<String>,
    /// SHA-256 of the whole extract, lower-case hex.
    pub sha256: String,
    /// The counts as the state may see them; missing in a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<ShownCounts>,
}

impl SnapshotDocument {
    fn of(listed: Listed, counts: Option<ShownCounts>) -> Self {
        let ends = listed.period_ends;
        Self {
            period: Period::ending(ends).map_or_else(|| ends.to_string(), |period| period.to_string()),
            name: listed.name,
            known_at: listed.known_at,
            taken_at: listed.taken_at,
            state: listed.state,
            sha256: hex(&listed.sha256),
            counts,
        }
    }

    fn whole(snapshot: Snapshot, viewer: Viewer) -> Result<Self, Problem> {
        let counts = snapshot::counts_of(&snapshot)?.shown_to(viewer);
        Ok(Self::of(snapshot.into(), Some(counts)))
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Snapshots.
#[derive(Debug, Serialize, ToSchema)]
pub struct SnapshotList {
    /// The newest first.
    items: Vec<SnapshotDocument>,
}

/// The snapshots of the state and those of the hub, the newest first.
#[utoipa::path(get, path = "/v1/snapshots", operation_id = "listSnapshots", tag = "reports", responses(
    (status = 200, description = "the snapshots", body = SnapshotList),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(system: StateSystem, state: Data<AppState>) -> Result<HttpResponse, Problem> {
    let own = system.state;
    let listed = state
        .db
        .run(move |connection| snapshots::list(connection, Some(own)))
        .await?;
    let items = listed
        .into_iter()
        .map(|listed| SnapshotDocument::of(listed, None))
        .collect();
    Ok(HttpResponse::Ok().json(SnapshotList { items }))
}

/// What to freeze.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSnapshot {
    /// Its name: 1 to 60 lower-case letters, digits and hyphens; never used twice.
    name: String,
    /// 1 September to 31 August, by the year in which it ends: `2026`, or `2025-26`.
    period: String,
    /// What was received and decided by this instant; now if missing.
    known_at: Option<DateTime<Utc>>,
}

/// Freezes the counts of a period under a name, for the state alone.
#[utoipa::path(post, path = "/v1/snapshots", operation_id = "takeSnapshot", tag = "reports", params(
    ("On-Behalf-Of" = Option<String>, Header, description = "the state's user who takes it, 1 to 200 characters"),
), request_body = NewSnapshot, responses(
    (status = 201, description = "the snapshot with its counts", body = SnapshotDocument),
    (status = 409, description = "the name is taken", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn take(
    acting: Acting,
    state: Data<AppState>,
    new: Json<NewSnapshot>,
) -> Result<HttpResponse, Problem> {
    let (own, by, now) = (acting.system.state, acting.label(), state.clock.now());
    let question = question(&new.period, new.known_at, now, state.clock.today(Some(own)))?;
    let name = new.into_inner().name;
    let taken = state
        .db
        .report(move |connection| {
            let taker = Taker {
                by: &by,
                state: Some(own),
            };
            let taken = snapshot::take(connection, &name, &question, taker, now)?;
            let detail =
                serde_json::json!({ "period": question.period.to_string(), "known_at": taken.known_at });
            store::access::audit(connection, now, &by, "snapshot.take", &name, &detail)?;
            Ok::<_, SnapshotError>(taken)
        })
        .await?;
    let location = format!("/v1/snapshots/{}", taken.name);
    let document = SnapshotDocument::whole(taken, Viewer::State(own))?;
    Ok(HttpResponse::Created()
        .insert_header(("Location", location))
        .json(document))
}

/// The snapshot of a name that a state may see.
fn own(connection: &mut PgConnection, name: &str, state: StateCode) -> Result<Snapshot, Problem> {
    snapshots::named(connection, name)?
        .filter(|snapshot| snapshot.state.as_deref().is_none_or(|of| of == state.as_str()))
        .ok_or_else(|| Problem::not_found("snapshot"))
}

/// A snapshot with its counts as they were frozen.
#[utoipa::path(get, path = "/v1/snapshots/{name}", operation_id = "readSnapshot", tag = "reports", params(
    ("name" = String, Path, description = "name of the snapshot"),
), responses(
    (status = 200, description = "the snapshot with its counts", body = SnapshotDocument),
    (status = 404, description = "no such snapshot", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(
    system: StateSystem,
    state: Data<AppState>,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    let of = system.state;
    let found = state.db.run(move |connection| own(connection, &name, of)).await?;
    Ok(HttpResponse::Ok().json(SnapshotDocument::whole(found, Viewer::State(of))?))
}

/// The state's children of a snapshot, as they counted then. Each is disclosed.
#[utoipa::path(get, path = "/v1/snapshots/{name}/extract", operation_id = "extractSnapshot", tag = "reports", params(
    ("name" = String, Path, description = "name of the snapshot"),
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "`person_id,state,category_1,category_2,band,moved_in_period`", body = String, content_type = "text/csv"),
    (status = 404, description = "no such snapshot", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn extract(
    reading: Reading,
    state: Data<AppState>,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    let of = reading.system.state;
    let file = format!("{name}-{of}");
    let csv = state
        .db
        .run(move |connection| {
            let found = own(connection, &name, of)?;
            Ok::<_, Problem>(snapshot::children_of(
                connection,
                &reading.access,
                &found,
                Some(of),
            )?)
        })
        .await?;
    Ok(answer::reports::csv(csv, &file))
}

/// What has become of the state's children of a snapshot: voided since, merged, no longer reported, corrected; and who
/// counts now and did not. Each child listed is disclosed.
#[utoipa::path(get, path = "/v1/snapshots/{name}/since", operation_id = "compareSnapshot", tag = "reports", params(
    ("name" = String, Path, description = "name of the snapshot"),
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), responses(
    (status = 200, description = "what is different", body = Since),
    (status = 404, description = "no such snapshot", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn since(
    reading: Reading,
    state: Data<AppState>,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    let of = reading.system.state;
    let since = state
        .db
        .report(move |connection| {
            let found = own(connection, &name, of)?;
            Ok::<_, Problem>(snapshot::since(connection, &reading.access, &found, Some(of))?)
        })
        .await?;
    Ok(HttpResponse::Ok().json(since))
}
