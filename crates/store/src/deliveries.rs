//! The outbox: what is to be told outside, written in the transaction that caused it and sent at least once.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use mde::StateCode;
use uuid::Uuid;

use crate::db::Result;

/// How long settled deliveries are kept for the state's administrators to see.
pub const KEPT: TimeDelta = TimeDelta::days(30);

/// Something to tell a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The state.
    pub state: String,
    /// What happened, as `move_notice.created`; a stable name.
    pub kind: &'static str,
    /// Where the state reads it: `/v1/move-notices/17`. Nothing of a child.
    pub link: String,
}

impl Event {
    /// An event about a move notice.
    pub(crate) fn of_notice(state: &str, kind: &'static str, move_notice_id: i64) -> Self {
        Self {
            state: state.to_owned(),
            kind,
            link: format!("/v1/move-notices/{move_notice_id}"),
        }
    }
}

/// Puts events into the outbox, for the webhook of each one's state and for the people there who want e-mail. Called
/// in the transaction that causes them. A state with neither is told when it asks. Returns the number of deliveries.
pub fn tell(connection: &mut PgConnection, events: &[Event], now: DateTime<Utc>) -> Result<usize> {
    if events.is_empty() {
        return Ok(0);
    }
    let column = |pick: fn(&Event) -> &str| -> Vec<&str> { events.iter().map(pick).collect() };
    // A digest is due at the next six in the morning where the state is.
    Ok(sql_query(
        "with event as (select * from unnest($1, $2, $3) as event (state, kind, link))
         insert into delivery (state, channel, account_id, kind, link, happened_at, queued_at, next_at)
         select state, 'webhook', null::bigint, kind, link, $4, $4, $4 from event join webhook using (state)
         union all
         select state, 'email', s.account_id, kind, link, $4, $4,
            case s.rhythm when 'daily'
                then (($4 at time zone p.time_zone - interval '6 hours')::date + 1 + time '06:00') at time zone p.time_zone
                else $4 end
         from event join mail_subscription s using (state) join participant p using (state)",
    )
    .bind::<Array<Text>, _>(column(|event| &event.state))
    .bind::<Array<Text>, _>(column(|event| event.kind))
    .bind::<Array<Text>, _>(column(|event| &event.link))
    .bind::<Timestamptz, _>(now)
    .execute(connection)?)
}

/// Puts a test into the outbox for a state's webhook alone.
pub fn test(connection: &mut PgConnection, state: StateCode, now: DateTime<Utc>) -> Result<()> {
    sql_query(
        "insert into delivery (state, channel, kind, link, happened_at, queued_at, next_at)
         select state, 'webhook', 'webhook.test', '/v1/webhook', $2, $2, $2 from webhook where state = $1",
    )
    .bind::<Text, _>(state.as_str())
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// A delivery that this process has taken.
#[derive(Debug, Clone, QueryableByName)]
pub struct Taken {
    /// The same at every attempt.
    #[diesel(sql_type = SqlUuid)]
    pub webhook_id: Uuid,
    /// What happened.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Where to read it.
    #[diesel(sql_type = Text)]
    pub link: String,
    /// When it happened.
    #[diesel(sql_type = Timestamptz)]
    pub happened_at: DateTime<Utc>,
    /// From when the time is counted after which it is given up.
    #[diesel(sql_type = Timestamptz)]
    pub queued_at: DateTime<Utc>,
    /// Attempts, this one included.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
}

/// States to whose webhook something is due.
pub fn due_states(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Due {
        #[diesel(sql_type = Text)]
        state: String,
    }
    let due: Vec<Due> = sql_query(
        "select state from webhook w
         where disabled_at is null and (paused_until is null or paused_until <= $1) and exists (
            select from delivery d where d.channel = 'webhook' and d.state = w.state
                and d.status in ('waiting', 'sending') and d.next_at <= $1)
         order by state",
    )
    .bind::<Timestamptz, _>(now)
    .load(connection)?;
    Ok(due.into_iter().map(|due| due.state).collect())
}

/// Takes what is due at a state's webhook, the longest due first. Whatever is not settled by `lease_end` is taken for
/// left behind, and is due again.
pub fn take(
    connection: &mut PgConnection,
    state: StateCode,
    limit: i64,
    now: DateTime<Utc>,
    lease_end: DateTime<Utc>,
) -> Result<Vec<Taken>> {
    Ok(sql_query(
        "update delivery set status = 'sending', attempts = attempts + 1, next_at = $4
         where webhook_id in (
            select webhook_id from delivery
            where channel = 'webhook' and state = $1 and status in ('waiting', 'sending') and next_at <= $2
            order by next_at, delivery_id limit $3 for update skip locked)
         returning webhook_id, kind, link, happened_at, queued_at, attempts",
    )
    .bind::<Text, _>(state.as_str())
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(limit)
    .bind::<Timestamptz, _>(lease_end)
    .load(connection)?)
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has it.
    Delivered,
    /// Again at this time.
    Again(DateTime<Utc>),
    /// Never again by itself.
    Dead,
}

impl Verdict {
    fn status(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Again(_) => "waiting",
            Self::Dead => "dead",
        }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Of which delivery.
    pub webhook_id: Uuid,
    /// Which attempt it was, as [`Taken::attempts`] counted it.
    pub attempts: i32,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub millis: i32,
    /// How it ended, in words for the state's administrators; nothing of a child.
    pub outcome: String,
    /// What becomes of the delivery.
    pub verdict: Verdict,
}

/// Writes down how attempts ended. Those of a delivery that somebody else has taken since are left out.
pub fn settle(connection: &mut PgConnection, attempts: &[Attempt]) -> Result<()> {
    let ids: Vec<Uuid> = attempts.iter().map(|a| a.webhook_id).collect();
    let numbers: Vec<i32> = attempts.iter().map(|a| a.attempts).collect();
    let at: Vec<DateTime<Utc>> = attempts.iter().map(|a| a.at).collect();
    let millis: Vec<i32> = attempts.iter().map(|a| a.millis).collect();
    let outcomes: Vec<&str> = attempts.iter().map(|a| a.outcome.as_str()).collect();
    let statuses: Vec<&str> = attempts.iter().map(|a| a.verdict.status()).collect();
    let next: Vec<DateTime<Utc>> = attempts
        .iter()
        .map(|a| match a.verdict {
            Verdict::Again(at) => at,
            Verdict::Delivered | Verdict::Dead => a.at,
        })
        .collect();
    sql_query(
        "update delivery d set status = a.status, next_at = a.next_at, outcome = a.outcome,
            settled_at = case when a.status <> 'waiting' then a.at end,
            tries = d.tries || jsonb_build_object('at', a.at, 'ms', a.ms, 'outcome', a.outcome)
         from unnest($1, $2, $3, $4, $5, $6, $7) as a (webhook_id, attempts, at, ms, outcome, status, next_at)
         where d.webhook_id = a.webhook_id and d.attempts = a.attempts and d.status = 'sending'",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Integer>, _>(numbers)
    .bind::<Array<Timestamptz>, _>(at)
    .bind::<Array<Integer>, _>(millis)
    .bind::<Array<Text>, _>(outcomes)
    .bind::<Array<Text>, _>(statuses)
    .bind::<Array<Timestamptz>, _>(next)
    .execute(connection)?;
    Ok(())
}

/// Gives back deliveries that were taken and not tried; the attempt does not count.
pub fn give_back(connection: &mut PgConnection, taken: &[Uuid], next_at: DateTime<Utc>) -> Result<()> {
    sql_query(
        "update delivery set status = 'waiting', attempts = attempts - 1, next_at = $2
         where webhook_id = any($1) and status = 'sending'",
    )
    .bind::<Array<SqlUuid>, _>(taken)
    .bind::<Timestamptz, _>(next_at)
    .execute(connection)?;
    Ok(())
}

/// What a process that is gone was sending is due at once. For the start of a hub that is the only one on its database.
pub fn release_all(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    sql_query("update delivery set status = 'waiting', next_at = $1 where status = 'sending'")
        .bind::<Timestamptz, _>(now)
        .execute(connection)?;
    Ok(())
}

/// A delivery as its state's administrators see it.
#[derive(Debug, Clone, QueryableByName)]
pub struct Delivery {
    /// Number, by which lists are paged.
    #[diesel(sql_type = BigInt)]
    pub delivery_id: i64,
    /// The `webhook-id` of every attempt.
    #[diesel(sql_type = SqlUuid)]
    pub webhook_id: Uuid,
    /// What happened.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Where to read it.
    #[diesel(sql_type = Text)]
    pub link: String,
    /// When it happened.
    #[diesel(sql_type = Timestamptz)]
    pub happened_at: DateTime<Utc>,
    /// `waiting`, `sending`, `delivered` or `dead`.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// When it is tried next, of one that waits.
    #[diesel(sql_type = Timestamptz)]
    pub next_at: DateTime<Utc>,
    /// Attempts so far.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    /// How the last one ended.
    #[diesel(sql_type = Nullable<Text>)]
    pub outcome: Option<String>,
    /// When it was delivered or given up.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub settled_at: Option<DateTime<Utc>>,
    /// Each attempt: `at`, `ms`, `outcome`.
    #[diesel(sql_type = Jsonb)]
    pub tries: serde_json::Value,
}

/// Deliveries to a state's webhook with numbers below `before`, newest first.
pub fn list(
    connection: &mut PgConnection,
    state: StateCode,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Delivery>> {
    Ok(sql_query(
        "select delivery_id, webhook_id, kind, link, happened_at, status, next_at, attempts, outcome, settled_at, tries
         from delivery where channel = 'webhook' and state = $1 and delivery_id < $2
         order by delivery_id desc limit $3",
    )
    .bind::<Text, _>(state.as_str())
    .bind::<BigInt, _>(before.unwrap_or(i64::MAX))
    .bind::<BigInt, _>(limit)
    .load(connection)?)
}

/// How many deliveries to a state's webhook wait, and how many were given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Tally {
    /// Not delivered yet.
    #[diesel(sql_type = BigInt)]
    pub waiting: i64,
    /// Given up.
    #[diesel(sql_type = BigInt)]
    pub dead: i64,
}

/// How a state's deliveries stand.
pub fn tally(connection: &mut PgConnection, state: StateCode) -> Result<Tally> {
    Ok(sql_query(
        "select count(*) filter (where status in ('waiting', 'sending')) as waiting,
            count(*) filter (where status = 'dead') as dead
         from delivery where channel = 'webhook' and state = $1",
    )
    .bind::<Text, _>(state.as_str())
    .get_result(connection)?)
}

/// Sends a settled delivery once more, with the same `webhook-id`. `false` if the state has no such one.
pub fn again(
    connection: &mut PgConnection,
    state: StateCode,
    webhook_id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let changed = sql_query(
        "update delivery set status = 'waiting', queued_at = $3, next_at = $3, settled_at = null
         where channel = 'webhook' and state = $1 and webhook_id = $2 and status in ('delivered', 'dead')",
    )
    .bind::<Text, _>(state.as_str())
    .bind::<SqlUuid, _>(webhook_id)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(changed == 1)
}

/// Forgets deliveries that were settled before an instant. Returns how many.
pub fn sweep(connection: &mut PgConnection, before: DateTime<Utc>) -> Result<usize> {
    Ok(sql_query("delete from delivery where settled_at < $1")
        .bind::<Timestamptz, _>(before)
        .execute(connection)?)
}
