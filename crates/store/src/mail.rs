//! E-mail to people about what a state is told: who wants it how often, and what is due.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use mde::StateCode;
use uuid::Uuid;

use crate::db::Result;
use crate::deliveries;

/// Mails to one account are at least so far apart; what happens in between goes into one.
pub const APART: TimeDelta = TimeDelta::minutes(5);

/// How often somebody wants e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// When something happens.
    Immediate,
    /// Once a day, at six in the morning where the state is.
    Daily,
}

impl Rhythm {
    /// Its name in the tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::Daily => "daily",
        }
    }

    /// The rhythm of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Immediate, Self::Daily]
            .into_iter()
            .find(|rhythm| rhythm.name() == name)
    }
}

/// How often an account wants e-mail about a state; `None`: it wants none.
pub fn rhythm(connection: &mut PgConnection, account_id: i64, state: StateCode) -> Result<Option<Rhythm>> {
    #[derive(QueryableByName)]
    struct Chosen {
        #[diesel(sql_type = Text)]
        rhythm: String,
    }
    let chosen: Option<Chosen> =
        sql_query("select rhythm from mail_subscription where account_id = $1 and state = $2")
            .bind::<BigInt, _>(account_id)
            .bind::<Text, _>(state.as_str())
            .get_result(connection)
            .optional()?;
    Ok(chosen.and_then(|chosen| Rhythm::named(&chosen.rhythm)))
}

/// Chooses how often an account gets e-mail about a state, from the next event on; `None`: no more, not even what waits.
pub fn choose(
    connection: &mut PgConnection,
    account_id: i64,
    state: StateCode,
    rhythm: Option<Rhythm>,
    now: DateTime<Utc>,
) -> Result<()> {
    connection.transaction(|connection| {
        let Some(rhythm) = rhythm else {
            return forget(connection, account_id, state.as_str());
        };
        sql_query(
            "insert into mail_subscription (account_id, state, rhythm, chosen_at) values ($1, $2, $3, $4)
             on conflict (account_id, state) do update set rhythm = excluded.rhythm, chosen_at = excluded.chosen_at",
        )
        .bind::<BigInt, _>(account_id)
        .bind::<Text, _>(state.as_str())
        .bind::<Text, _>(rhythm.name())
        .bind::<Timestamptz, _>(now)
        .execute(connection)?;
        Ok(())
    })
}

fn forget(connection: &mut PgConnection, account_id: i64, state: &str) -> Result<()> {
    sql_query("delete from mail_subscription where account_id = $1 and state = $2")
        .bind::<BigInt, _>(account_id)
        .bind::<Text, _>(state)
        .execute(connection)?;
    sql_query(
        "delete from delivery where channel = 'email' and account_id = $1 and state = $2
         and status in ('waiting', 'sending')",
    )
    .bind::<BigInt, _>(account_id)
    .bind::<Text, _>(state)
    .execute(connection)?;
    Ok(())
}

/// What one mail tells.
#[derive(Debug, Clone)]
pub struct Letter {
    /// To whom.
    pub address: String,
    /// The account.
    pub account_id: i64,
    /// About which state.
    pub state: String,
    /// When the account was last mailed before.
    pub mailed_before: Option<DateTime<Utc>>,
    /// What happened.
    pub events: Vec<Told>,
}

/// An event of a letter.
#[derive(Debug, Clone, QueryableByName)]
pub struct Told {
    /// Of the delivery.
    #[diesel(sql_type = SqlUuid)]
    pub webhook_id: Uuid,
    /// What happened, as `move_notice.created`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Where to read it.
    #[diesel(sql_type = Text)]
    pub link: String,
    /// Attempts, this one included.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    /// From when the time is counted after which it is given up.
    #[diesel(sql_type = Timestamptz)]
    pub queued_at: DateTime<Utc>,
}

/// Takes all that is due for one account and state, of those the one that was mailed longest ago; `None` if nothing is. Somebody who may not see
/// the state's notices any more is forgotten instead.
pub fn take(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    lease_end: DateTime<Utc>,
) -> Result<Option<Letter>> {
    #[derive(QueryableByName)]
    struct Next {
        #[diesel(sql_type = BigInt)]
        account_id: i64,
        #[diesel(sql_type = Text)]
        state: String,
        #[diesel(sql_type = Text)]
        email: String,
        #[diesel(sql_type = Nullable<Timestamptz>)]
        mailed_at: Option<DateTime<Utc>>,
        #[diesel(sql_type = Bool)]
        may: bool,
    }
    connection.transaction(|connection| {
        // Locked, so that two senders do not write two letters of what is one.
        let next: Option<Next> = sql_query(
            "select s.account_id, s.state, a.email, s.mailed_at, a.disabled_at is null and exists (
                select from account_role r where r.account_id = s.account_id and r.state = s.state
                    and r.role in ('primary_user', 'data_administrator')) as may
             from mail_subscription s join account a using (account_id)
             where (s.mailed_at is null or s.mailed_at <= $2) and exists (
                select from delivery d where d.channel = 'email' and d.account_id = s.account_id and d.state = s.state
                    and d.status in ('waiting', 'sending') and d.next_at <= $1)
             order by s.mailed_at nulls first limit 1 for update of s skip locked",
        )
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(now - APART)
        .get_result(connection)
        .optional()?;
        let Some(next) = next else { return Ok(None) };
        if !next.may {
            forget(connection, next.account_id, &next.state)?;
            return Ok(None);
        }
        let events: Vec<Told> = sql_query(
            "update delivery set status = 'sending', attempts = attempts + 1, next_at = $4
             where channel = 'email' and account_id = $1 and state = $2 and status in ('waiting', 'sending')
                and next_at <= $3
             returning webhook_id, kind, link, attempts, queued_at",
        )
        .bind::<BigInt, _>(next.account_id)
        .bind::<Text, _>(&next.state)
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(lease_end)
        .load(connection)?;
        sql_query("update mail_subscription set mailed_at = $3 where account_id = $1 and state = $2")
            .bind::<BigInt, _>(next.account_id)
            .bind::<Text, _>(&next.state)
            .bind::<Timestamptz, _>(now)
            .execute(connection)?;
        Ok(Some(Letter {
            address: next.email,
            account_id: next.account_id,
            state: next.state,
            mailed_before: next.mailed_at,
            events,
        }))
    })
}

/// Puts a letter back as if it had never been taken, to be due at `now`: nobody would have taken it.
pub fn put_back(connection: &mut PgConnection, letter: &Letter, now: DateTime<Utc>) -> Result<()> {
    let ids: Vec<Uuid> = letter.events.iter().map(|told| told.webhook_id).collect();
    connection.transaction(|connection| {
        deliveries::give_back(connection, &ids, now)?;
        sql_query("update mail_subscription set mailed_at = $3 where account_id = $1 and state = $2")
            .bind::<BigInt, _>(letter.account_id)
            .bind::<Text, _>(&letter.state)
            .bind::<Nullable<Timestamptz>, _>(letter.mailed_before)
            .execute(connection)?;
        Ok(())
    })
}
