//! Where each state's system wants to be told at once: its address, its keys, and how it goes there.

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Binary, Integer, Nullable, Text, Timestamptz};
use mde::StateCode;
use serde_json::json;

use crate::access::audit;
use crate::db::Result;

/// Two secrets with which the hub signs: an Ed25519 seed and a key of HMAC-SHA256.
#[derive(Clone)]
pub struct SigningKeys {
    /// Seed of the Ed25519 key (RFC 8032), 32 bytes.
    pub seed: Vec<u8>,
    /// Key of HMAC-SHA256, 32 bytes.
    pub secret: Vec<u8>,
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKeys")
    }
}

/// A state's webhook.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The state.
    pub state: String,
    /// Where it is told, an `https` address.
    pub address: String,
    /// With what is signed.
    pub keys: SigningKeys,
    /// When these keys were made.
    pub keys_made_at: DateTime<Utc>,
    /// The keys before these and until when they sign too.
    pub old_keys: Option<(SigningKeys, DateTime<Utc>)>,
    /// When the address was last set.
    pub changed_at: DateTime<Utc>,
    /// By whom.
    pub changed_by: String,
    /// Since when nothing is sent any more, and why.
    pub disabled: Option<(DateTime<Utc>, String)>,
    /// Attempts in a row that failed.
    pub failures: i32,
    /// When the first of them was.
    pub failing_since: Option<DateTime<Utc>>,
    /// Nothing is sent before.
    pub paused_until: Option<DateTime<Utc>>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Binary)]
    signing_seed: Vec<u8>,
    #[diesel(sql_type = Binary)]
    secret: Vec<u8>,
    #[diesel(sql_type = Timestamptz)]
    keys_made_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Binary>)]
    old_signing_seed: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Binary>)]
    old_secret: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    old_keys_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    changed_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    changed_by: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    disabled_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    disabled_reason: Option<String>,
    #[diesel(sql_type = Integer)]
    failures: i32,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    failing_since: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    paused_until: Option<DateTime<Utc>>,
}

impl From<Row> for Webhook {
    fn from(row: Row) -> Self {
        let old = row.old_signing_seed.zip(row.old_secret);
        Self {
            state: row.state,
            address: row.address,
            keys: SigningKeys {
                seed: row.signing_seed,
                secret: row.secret,
            },
            keys_made_at: row.keys_made_at,
            old_keys: old
                .map(|(seed, secret)| SigningKeys { seed, secret })
                .zip(row.old_keys_until),
            changed_at: row.changed_at,
            changed_by: row.changed_by,
            disabled: row.disabled_at.zip(row.disabled_reason),
            failures: row.failures,
            failing_since: row.failing_since,
            paused_until: row.paused_until,
        }
    }
}

/// The webhook of a state.
pub fn of_state(connection: &mut PgConnection, state: StateCode) -> Result<Option<Webhook>> {
    let row: Option<Row> = sql_query("select * from webhook where state = $1")
        .bind::<Text, _>(state.as_str())
        .get_result(connection)
        .optional()?;
    Ok(row.map(Webhook::from))
}

/// Sets the address of a state, enables it, and lets what waits be sent at once. `keys` are taken up if the state has
/// none yet. Returns whether they were.
pub fn keep(
    connection: &mut PgConnection,
    state: StateCode,
    address: &str,
    keys: &SigningKeys,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    connection.transaction(|connection| {
        let fresh = sql_query(
            "insert into webhook (state, address, signing_seed, secret, keys_made_at, created_at, changed_at, changed_by)
             values ($1, $2, $3, $4, $5, $5, $5, $6) on conflict do nothing",
        )
        .bind::<Text, _>(state.as_str())
        .bind::<Text, _>(address)
        .bind::<Binary, _>(&keys.seed)
        .bind::<Binary, _>(&keys.secret)
        .bind::<Timestamptz, _>(now)
        .bind::<Text, _>(by)
        .execute(connection)?;
        if fresh == 0 {
            sql_query(
                "update webhook set address = $2, changed_at = $3, changed_by = $4, disabled_at = null,
                    disabled_reason = null, failures = 0, failing_since = null, paused_until = null
                 where state = $1",
            )
            .bind::<Text, _>(state.as_str())
            .bind::<Text, _>(address)
            .bind::<Timestamptz, _>(now)
            .bind::<Text, _>(by)
            .execute(connection)?;
            hasten(connection, state, now)?;
        }
        audit(connection, now, by, "webhook.keep", state.as_str(), &json!({ "address": address }))?;
        Ok(fresh == 1)
    })
}

/// Gives new keys to a state; those before sign too until `old_until`. `false` if the state has no webhook.
pub fn rotate(
    connection: &mut PgConnection,
    state: StateCode,
    keys: &SigningKeys,
    old_until: DateTime<Utc>,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    connection.transaction(|connection| {
        let changed = sql_query(
            "update webhook set old_signing_seed = signing_seed, old_secret = secret, old_keys_until = $4,
                signing_seed = $2, secret = $3, keys_made_at = $5
             where state = $1",
        )
        .bind::<Text, _>(state.as_str())
        .bind::<Binary, _>(&keys.seed)
        .bind::<Binary, _>(&keys.secret)
        .bind::<Timestamptz, _>(old_until)
        .bind::<Timestamptz, _>(now)
        .execute(connection)?;
        if changed == 1 {
            audit(
                connection,
                now,
                by,
                "webhook.keys",
                state.as_str(),
                &json!({ "old_until": old_until }),
            )?;
        }
        Ok(changed == 1)
    })
}

/// Removes the webhook of a state and what was to be sent to it. `false` if there was none.
pub fn remove(connection: &mut PgConnection, state: StateCode, by: &str, now: DateTime<Utc>) -> Result<bool> {
    connection.transaction(|connection| {
        let removed = sql_query("delete from webhook where state = $1")
            .bind::<Text, _>(state.as_str())
            .execute(connection)?;
        if removed == 1 {
            sql_query(
                "delete from delivery where state = $1 and channel = 'webhook' and status in ('waiting', 'sending')",
            )
            .bind::<Text, _>(state.as_str())
            .execute(connection)?;
            audit(connection, now, by, "webhook.remove", state.as_str(), &json!({}))?;
        }
        Ok(removed == 1)
    })
}

/// How it went at a state's webhook lately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Attempts in a row that failed; 0: the last one succeeded.
    pub failures: i32,
    /// When the first of them was.
    pub failing_since: Option<DateTime<Utc>>,
    /// Nothing is sent before.
    pub paused_until: Option<DateTime<Utc>>,
    /// Why nothing is to be sent any more.
    pub disable: Option<String>,
}

/// Writes down how it went at the webhook that had this address. A webhook that has another one by now is left alone.
pub fn note_health(
    connection: &mut PgConnection,
    webhook: &Webhook,
    health: &Health,
    now: DateTime<Utc>,
) -> Result<()> {
    sql_query(
        "update webhook set failures = $3, failing_since = $4, paused_until = $5,
            disabled_at = case when $6 is null then disabled_at else $7 end, disabled_reason = coalesce($6, disabled_reason)
         where state = $1 and address = $2 and changed_at = $8",
    )
    .bind::<Text, _>(&webhook.state)
    .bind::<Text, _>(&webhook.address)
    .bind::<Integer, _>(health.failures)
    .bind::<Nullable<Timestamptz>, _>(health.failing_since)
    .bind::<Nullable<Timestamptz>, _>(health.paused_until)
    .bind::<Nullable<Text>, _>(&health.disable)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(webhook.changed_at)
    .execute(connection)?;
    Ok(())
}

/// Lets everything that waits for a state's webhook be due now: it answers again.
pub fn hasten(connection: &mut PgConnection, state: StateCode, now: DateTime<Utc>) -> Result<()> {
    sql_query(
        "update delivery set next_at = $2 where channel = 'webhook' and state = $1 and status = 'waiting' and next_at > $2",
    )
    .bind::<Text, _>(state.as_str())
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// Ends a pause: one attempt is made at once. `false` if the state has no webhook, or one that is disabled.
pub fn end_pause(connection: &mut PgConnection, state: StateCode) -> Result<bool> {
    let changed =
        sql_query("update webhook set paused_until = null where state = $1 and disabled_at is null")
            .bind::<Text, _>(state.as_str())
            .execute(connection)?;
    Ok(changed == 1)
}
