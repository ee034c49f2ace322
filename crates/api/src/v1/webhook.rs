//! Where a state's system is told at once: its address, its keys, and what was sent there.

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use deliver::keys;
use diesel::PgConnection;
use mde::StateCode;
use serde::{Deserialize, Serialize};
use store::deliveries::{self, Delivery};
use store::webhooks::{self, SigningKeys};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::{Deciding, StateSystem};
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::state::AppState;

/// The state's webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookDocument {
    /// Where the hub tells the state, an `https` address.
    pub address: String,
    /// Whether anything is sent there.
    pub enabled: bool,
    /// Since when nothing is sent any more.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Why. Set the address again to go on.
    pub disabled_reason: Option<String>,
    /// Since when every attempt has failed.
    pub failing_since: Option<DateTime<Utc>>,
    /// Nothing is sent before, because too much failed; then one attempt shows whether the receiver answers again.
    pub paused_until: Option<DateTime<Utc>>,
    /// The keys that verify `v1a` signatures (Ed25519), the newest first: `whpk_…`.
    pub public_keys: Vec<String>,
    /// The secret that verifies `v1` signatures (HMAC-SHA256), `whsec_…`: told once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// When the keys were made.
    pub keys_made_at: DateTime<Utc>,
    /// Until when the keys before these sign too.
    pub old_keys_until: Option<DateTime<Utc>>,
    /// Deliveries that wait.
    pub waiting: i64,
    /// Deliveries that were given up after 72 hours.
    pub dead: i64,
    /// When the address was last set.
    pub changed_at: DateTime<Utc>,
    /// By whom.
    pub changed_by: String,
}

impl WebhookDocument {
    /// The webhook of a state as it is, with the secret of `fresh` keys.
    pub fn of(
        connection: &mut PgConnection,
        state: StateCode,
        fresh: Option<&SigningKeys>,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, Problem> {
        let Some(webhook) = webhooks::of_state(connection, state)? else {
            return Ok(None);
        };
        let tally = deliveries::tally(connection, state)?;
        let public_keys = keys::live(&webhook, now)
            .into_iter()
            .map(keys::public_text)
            .collect();
        let (disabled_at, disabled_reason) = webhook.disabled.unzip();
        Ok(Some(Self {
            address: webhook.address,
            enabled: disabled_at.is_none(),
            disabled_at,
            disabled_reason,
            failing_since: webhook.failing_since,
            paused_until: webhook.paused_until.filter(|until| *until > now),
            public_keys,
            secret: fresh.map(keys::secret_text),
            keys_made_at: webhook.keys_made_at,
            old_keys_until: webhook
                .old_keys
                .map(|(_, until)| until)
                .filter(|until| *until > now),
            waiting: tally.waiting,
            dead: tally.dead,
            changed_at: webhook.changed_at,
            changed_by: webhook.changed_by,
        }))
    }
}

/// Where the hub is to tell the state.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookAddress {
    /// An `https` address of the internet, at most 500 characters.
    pub address: String,
}

/// Sets a state's address. Keys are made with the first one, and their secret is in the answer.
pub fn keep(
    connection: &mut PgConnection,
    state: StateCode,
    address: &str,
    fresh: &SigningKeys,
    by: &str,
    now: DateTime<Utc>,
) -> Result<WebhookDocument, Problem> {
    let made = webhooks::keep(connection, state, address, fresh, by, now)?;
    WebhookDocument::of(connection, state, made.then_some(fresh), now)?.ok_or_else(none)
}

/// Makes new keys for a state; their secret is in the answer, and those before sign too for a week.
pub fn rotate(
    connection: &mut PgConnection,
    state: StateCode,
    fresh: &SigningKeys,
    by: &str,
    now: DateTime<Utc>,
) -> Result<WebhookDocument, Problem> {
    if !webhooks::rotate(connection, state, fresh, now + keys::OLD_KEYS, by, now)? {
        return Err(none());
    }
    WebhookDocument::of(connection, state, Some(fresh), now)?.ok_or_else(none)
}

/// Puts a test into the outbox of a state and has it sent at once.
pub fn ask_for_test(
    connection: &mut PgConnection,
    state: StateCode,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    if !webhooks::end_pause(connection, state)? {
        let webhook = webhooks::of_state(connection, state)?.ok_or_else(none)?;
        let why = webhook.disabled.map_or_else(String::new, |(_, why)| why);
        let detail = format!("The webhook is disabled ({why}). Set its address again, then test it.");
        return Err(Problem::new(ProblemCode::Conflict, detail));
    }
    Ok(deliveries::test(connection, state, now)?)
}

fn none() -> Problem {
    Problem::not_found("webhook; set its address with PUT /v1/webhook")
}

/// The state's webhook.
#[utoipa::path(get, path = "/v1/webhook", operation_id = "readWebhook", tag = "webhook", responses(
    (status = 200, description = "the webhook", body = WebhookDocument),
    (status = 404, description = "the state has none", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn read(system: StateSystem, state: Data<AppState>) -> Result<HttpResponse, Problem> {
    let now = state.clock.now();
    let found = state
        .db
        .run(move |connection| WebhookDocument::of(connection, system.state, None, now))
        .await?;
    Ok(HttpResponse::Ok().json(found.ok_or_else(none)?))
}

/// Sets the address, and enables a webhook that was disabled. The answer to the first address holds the secret, once.
#[utoipa::path(put, path = "/v1/webhook", operation_id = "setWebhook", tag = "webhook", params(
    ("On-Behalf-Of" = String, Header, description = "the state's user who decides, 1 to 200 characters"),
), request_body = WebhookAddress, responses(
    (status = 200, description = "the webhook as it is now", body = WebhookDocument),
    (status = 422, description = "the address cannot be used", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn set(
    Deciding(acting): Deciding,
    state: Data<AppState>,
    new: Json<WebhookAddress>,
) -> Result<HttpResponse, Problem> {
    let address = deliver::address::check(&new.address, state.limits.private_webhooks)?;
    let fresh = keys::fresh(state.random.as_ref());
    let now = state.clock.now();
    let kept = state
        .db
        .run(move |connection| {
            let (own, by) = (acting.system.state, acting.label());
            keep(connection, own, &address, &fresh, &by, now)
        })
        .await?;
    Ok(HttpResponse::Ok().json(kept))
}

/// Removes the webhook, its keys, and what waits to be sent to it. Notices can still be polled.
#[utoipa::path(delete, path = "/v1/webhook", operation_id = "removeWebhook", tag = "webhook", params(
    ("On-Behalf-Of" = String, Header, description = "the state's user who decides, 1 to 200 characters"),
), responses(
    (status = 204, description = "it is removed"),
    (status = 404, description = "the state has none", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn remove(Deciding(acting): Deciding, state: Data<AppState>) -> Result<HttpResponse, Problem> {
    let now = state.clock.now();
    let removed = state
        .db
        .run(move |connection| webhooks::remove(connection, acting.system.state, &acting.label(), now))
        .await?;
    removed
        .then(|| HttpResponse::NoContent().finish())
        .ok_or_else(none)
}

/// Sends a `webhook.test` event at once. Its outcome is in the list of deliveries a moment later.
#[utoipa::path(post, path = "/v1/webhook/test", operation_id = "testWebhook", tag = "webhook", responses(
    (status = 202, description = "it is being sent"),
    (status = 404, description = "the state has none", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "the webhook is disabled", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn test(system: StateSystem, state: Data<AppState>) -> Result<HttpResponse, Problem> {
    let now = state.clock.now();
    state
        .db
        .run(move |connection| ask_for_test(connection, system.state, now))
        .await?;
    Ok(HttpResponse::Accepted().finish())
}

/// Makes new keys. The secret is in the answer, once; the keys before sign too for a week, so that no delivery is lost
/// while the receiver takes up the new ones.
#[utoipa::path(post, path = "/v1/webhook/keys", operation_id = "rotateWebhookKeys", tag = "webhook", params(
    ("On-Behalf-Of" = String, Header, description = "the state's user who decides, 1 to 200 characters"),
), responses(
    (status = 200, description = "the webhook with its new keys", body = WebhookDocument),
    (status = 404, description = "the state has none", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn new_keys(Deciding(acting): Deciding, state: Data<AppState>) -> Result<HttpResponse, Problem> {
    let fresh = keys::fresh(state.random.as_ref());
    let now = state.clock.now();
    let kept = state
        .db
        .run(move |connection| rotate(connection, acting.system.state, &fresh, &acting.label(), now))
        .await?;
    Ok(HttpResponse::Ok().json(kept))
}

/// One attempt to deliver.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct DeliveryAttempt {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub ms: i32,
    /// How it ended, in words.
    pub outcome: String,
}

/// Something that the state is, or was, told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryDocument {
    /// The `webhook-id`, the same at every attempt: a receiver that knows it already has nothing to do.
    pub webhook_id: Uuid,
    /// What happened, as in `docs/webhooks.md`: `move_notice.created`, …, `webhook.test`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where to read it.
    pub link: String,
    /// When it happened.
    pub happened_at: DateTime<Utc>,
    /// `waiting`, `sending`, `delivered` or `dead` (given up).
    pub status: String,
    /// When it is tried next.
    pub next_at: Option<DateTime<Utc>>,
    /// When it was delivered or given up.
    pub settled_at: Option<DateTime<Utc>>,
    /// Every attempt, the oldest first.
    pub attempts: Vec<DeliveryAttempt>,
}

impl TryFrom<Delivery> for DeliveryDocument {
    type Error = Problem;

    fn try_from(delivery: Delivery) -> Result<Self, Problem> {
        let waits = delivery.status == "waiting";
        Ok(Self {
            webhook_id: delivery.webhook_id,
            kind: delivery.kind,
            link: delivery.link,
            happened_at: delivery.happened_at,
            status: delivery.status,
            next_at: waits.then_some(delivery.next_at),
            settled_at: delivery.settled_at,
            attempts: serde_json::from_value(delivery.tries).map_err(Problem::internal)?,
        })
    }
}

/// Which page of the deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Where the page starts, from `next` of the page before.
    cursor: Option<i64>,
    /// Items of the page, 1 to 1000; 100 if missing.
    limit: Option<i64>,
}

/// What the state was told, newest first, with every attempt. Settled deliveries are kept for 30 days.
#[utoipa::path(get, path = "/v1/webhook/deliveries", operation_id = "listDeliveries", tag = "webhook", params(Wanted), responses(
    (status = 200, description = "a page of deliveries", body = Page<DeliveryDocument>),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    system: StateSystem,
    state: Data<AppState>,
    wanted: Query<Wanted>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (limit, before) = (page::limit(wanted.limit)?, wanted.cursor);
    let found = state
        .db
        .run(move |connection| deliveries::list(connection, system.state, before, limit + 1))
        .await?;
    let (found, next) = page::cut(found, limit, |delivery| delivery.delivery_id);
    let items = found
        .into_iter()
        .map(DeliveryDocument::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(page::answer(&request, items, next))
}

/// Sends a delivery once more that was delivered or given up, with the same `webhook-id`.
#[utoipa::path(post, path = "/v1/webhook/deliveries/{webhook_id}/redelivery", operation_id = "redeliver", tag = "webhook", params(
    ("webhook_id" = Uuid, Path, description = "the `webhook-id` of the delivery"),
), responses(
    (status = 202, description = "it is being sent"),
    (status = 404, description = "no such delivery, or one that still waits", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn redeliver(
    system: StateSystem,
    state: Data<AppState>,
    webhook_id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let now = state.clock.now();
    let found = state
        .db
        .run(move |connection| deliveries::again(connection, system.state, *webhook_id, now))
        .await?;
    found
        .then(|| HttpResponse::Accepted().finish())
        .ok_or_else(|| Problem::not_found("delivery of this state that is settled"))
}
