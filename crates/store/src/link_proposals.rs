//! Models that were learned and are not in force: what each would change, and what a person said to it.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Jsonb, Nullable, Text, Timestamptz};
use serde::Serialize;

use crate::db::Result;

/// A proposed model without its figures.
#[derive(Debug, Clone, QueryableByName, Serialize)]
pub struct Proposal {
    /// Its number.
    #[diesel(sql_type = BigInt)]
    pub link_proposal_id: i64,
    /// Name of the model.
    #[diesel(sql_type = Text)]
    pub version: String,
    /// The model with whose decisions it was compared.
    #[diesel(sql_type = Text)]
    pub in_force: String,
    /// How it was learned, and what it would change.
    #[diesel(sql_type = Jsonb)]
    pub report: serde_json::Value,
    /// `open`, `refused` (what was learned looks wrong), `accepted`, `rejected` or `superseded` by a later one.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// When it was learned.
    #[diesel(sql_type = Timestamptz)]
    pub made_at: DateTime<Utc>,
    /// Who asked for it.
    #[diesel(sql_type = Text)]
    pub made_by: String,
    /// When a person decided.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub decided_at: Option<DateTime<Utc>>,
    /// Who.
    #[diesel(sql_type = Nullable<Text>)]
    pub decided_by: Option<String>,
}

/// A model to be proposed.
#[derive(Debug, Clone, Copy)]
pub struct NewProposal<'a> {
    /// Its name.
    pub version: &'a str,
    /// The model with whose decisions it was compared.
    pub in_force: &'a str,
    /// Its figures.
    pub model: &'a serde_json::Value,
    /// How it was learned, and what it would change.
    pub report: &'a serde_json::Value,
    /// Whether it may be accepted.
    pub sound: bool,
    /// Who asked for it.
    pub by: &'a str,
}

/// Writes a proposal, open if it is sound; one that was open is superseded. Returns its number.
pub fn propose(connection: &mut PgConnection, new: NewProposal<'_>, now: DateTime<Utc>) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    sql_query("update link_proposal set status = 'superseded', decided_at = $1 where status = 'open' and $2")
        .bind::<Timestamptz, _>(now)
        .bind::<Bool, _>(new.sound)
        .execute(connection)?;
    let row: Id = sql_query(
        "insert into link_proposal (version, in_force, model, report, status, made_at, made_by)
         values ($1, $2, $3, $4, case when $5 then 'open' else 'refused' end, $6, $7) returning link_proposal_id as id",
    )
    .bind::<Text, _>(new.version)
    .bind::<Text, _>(new.in_force)
    .bind::<Jsonb, _>(new.model)
    .bind::<Jsonb, _>(new.report)
    .bind::<Bool, _>(new.sound)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(new.by)
    .get_result(connection)?;
    Ok(row.id)
}

/// The latest proposals, newest first.
pub fn latest(connection: &mut PgConnection, limit: i64) -> Result<Vec<Proposal>> {
    Ok(sql_query(
        "select link_proposal_id, version, in_force, report, status, made_at, made_by, decided_at, decided_by
         from link_proposal order by link_proposal_id desc limit $1",
    )
    .bind::<BigInt, _>(limit)
    .load(connection)?)
}

/// A proposal with the figures of its model, held still until the end of the transaction.
pub fn take(connection: &mut PgConnection, id: i64) -> Result<Option<(Proposal, serde_json::Value)>> {
    #[derive(QueryableByName)]
    struct Whole {
        #[diesel(embed)]
        proposal: Proposal,
        #[diesel(sql_type = Jsonb)]
        model: serde_json::Value,
    }
    let row: Option<Whole> = sql_query("select * from link_proposal where link_proposal_id = $1 for update")
        .bind::<BigInt, _>(id)
        .get_result(connection)
        .optional()?;
    Ok(row.map(|row| (row.proposal, row.model)))
}

/// Writes what a person said: `accepted` or `rejected`.
pub fn decide(
    connection: &mut PgConnection,
    id: i64,
    status: &str,
    by: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sql_query(
        "update link_proposal set status = $2, decided_at = $3, decided_by = $4 where link_proposal_id = $1",
    )
    .bind::<BigInt, _>(id)
    .bind::<Text, _>(status)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(by)
    .execute(connection)?;
    Ok(())
}

/// Whether it is time to learn again: students have been linked since before an instant, and nothing was proposed since.
pub fn is_due(connection: &mut PgConnection, since: DateTime<Utc>) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Due {
        #[diesel(sql_type = Bool)]
        due: bool,
    }
    let row: Due = sql_query(
        "select coalesce((select decided_at < $1 from link_event order by link_event_id limit 1), false)
            and not exists (select from link_proposal where made_at >= $1) as due",
    )
    .bind::<Timestamptz, _>(since)
    .get_result(connection)?;
    Ok(row.due)
}
