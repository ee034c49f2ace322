//! Requests to merge, split or undo, and what holds their persons until they are decided.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
use mde::StateCode;

use crate::db::Result;
use crate::prepared::prepared;
use crate::schema::{person_lock, work_item};

/// A request as somebody makes it.
#[derive(Debug, Clone)]
pub struct NewRequest<'a> {
    /// `merge`, `split` or `undo`.
    pub kind: &'a str,
    /// Whom it is about, ascending.
    pub persons: Vec<i64>,
    /// What is asked for.
    pub request: serde_json::Value,
    /// Why.
    pub reason: &'a str,
    /// Who asks.
    pub by: &'a str,
    /// In which state; `None` for the arbiter.
    pub state: Option<StateCode>,
    /// The near match from which it comes.
    pub cause: Option<i64>,
    /// Decisions that stand against it.
    pub earlier: Option<serde_json::Value>,
}

/// Opens a request and puts it on the worklists of its states. Returns its number.
pub fn open_request(connection: &mut PgConnection, new: &NewRequest<'_>, now: DateTime<Utc>) -> Result<i64> {
    let id: i64 = diesel::insert_into(work_item::table)
        .values((
            work_item::kind.eq(new.kind),
            work_item::status.eq("open"),
            work_item::states.eq(Vec::<String>::new()),
            work_item::reason.eq(new.reason),
            work_item::evidence.eq(serde_json::json!({})),
            work_item::opened_at.eq(now),
            work_item::persons.eq(&new.persons),
            work_item::request.eq(&new.request),
            work_item::requested_by.eq(new.by),
            work_item::requested_state.eq(new.state.map(|s| s.to_string())),
            work_item::cause.eq(new.cause),
            work_item::earlier.eq(&new.earlier),
        ))
        .returning(work_item::work_item_id)
        .get_result(connection)?;
    super::assign(connection, &[id], now)?;
    Ok(id)
}

/// What holds a person.
#[derive(Debug, Clone, QueryableByName)]
pub struct Lock {
    /// The person.
    #[diesel(sql_type = BigInt)]
    pub person_id: i64,
    /// The request that holds it.
    #[diesel(sql_type = BigInt)]
    pub work_item_id: i64,
    /// Who made the request.
    #[diesel(sql_type = Nullable<Text>)]
    pub requested_by: Option<String>,
    /// In which state.
    #[diesel(sql_type = Nullable<Text>)]
    pub requested_state: Option<String>,
    /// Since when.
    #[diesel(sql_type = Timestamptz)]
    pub since: DateTime<Utc>,
}

/// What holds the first of these persons that is held.
pub fn lock_of(connection: &mut PgConnection, persons: &[i64]) -> Result<Option<Lock>> {
    Ok(prepared(
        "select k.person_id, k.work_item_id, w.requested_by, w.requested_state, k.since
         from person_lock k join work_item w using (work_item_id) where k.person_id = any($1) order by k.person_id limit 1",
    )
    .bind::<Array<BigInt>, _>(persons)
    .get_result(connection)
    .optional()?)
}

/// Holds persons for a request until it is decided. Fails if one is held already.
pub fn lock_persons(
    connection: &mut PgConnection,
    item: i64,
    persons: &[i64],
    now: DateTime<Utc>,
) -> Result<()> {
    let rows: Vec<_> = persons
        .iter()
        .map(|person| {
            (
                person_lock::person_id.eq(person),
                person_lock::work_item_id.eq(item),
                person_lock::since.eq(now),
            )
        })
        .collect();
    diesel::insert_into(person_lock::table)
        .values(rows)
        .execute(connection)?;
    Ok(())
}

/// Lets go of the persons of a request.
pub fn unlock(connection: &mut PgConnection, item: i64) -> Result<()> {
    diesel::delete(person_lock::table.filter(person_lock::work_item_id.eq(item))).execute(connection)?;
    Ok(())
}

/// Hands an open item to the arbiter: because of `disagreement` or `silence`.
pub fn to_arbiter(connection: &mut PgConnection, item: i64, why: &str, now: DateTime<Utc>) -> Result<()> {
    diesel::update(work_item::table.find(item))
        .filter(work_item::status.eq("open"))
        .set((work_item::arbiter_since.eq(now), work_item::arbiter_why.eq(why)))
        .execute(connection)?;
    Ok(())
}

/// Writes who disagrees with a request, and why.
pub fn object(connection: &mut PgConnection, item: i64, by: &str, objection: &str) -> Result<()> {
    diesel::update(work_item::table.find(item))
        .set((work_item::objected_by.eq(by), work_item::objection.eq(objection)))
        .execute(connection)?;
    Ok(())
}

/// Writes what an approved request changed.
pub fn set_effect(connection: &mut PgConnection, item: i64, effect: &serde_json::Value) -> Result<()> {
    diesel::update(work_item::table.find(item))
        .set(work_item::effect.eq(effect))
        .execute(connection)?;
    Ok(())
}

/// Writes by which request an approved one was undone.
pub fn undone(connection: &mut PgConnection, item: i64, by: i64) -> Result<()> {
    diesel::update(work_item::table.find(item))
        .set(work_item::undone_by.eq(by))
        .execute(connection)?;
    Ok(())
}
