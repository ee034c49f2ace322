//! What somebody asks for, and a second person has to validate: a merge, a split, or that one of them is undone.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use mde::PersonId;
use store::work_items::{self, NewRequest};
use store::{links, persons};
use uuid::Uuid;

use super::evidence::as_earlier;
use super::{
    Error, Judge, Outcome, Result, approve, audit, concerned, default_master, free, stated, survivor,
    survivors,
};

/// The most persons that one request merges.
pub const MOST_PERSONS: usize = 20;

/// Asks for persons to become one. `master` is the number that survives.
pub fn request_merge(
    connection: &mut PgConnection,
    judge: &Judge,
    persons: &[PersonId],
    master: Option<PersonId>,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let reason = stated(reason)?;
    connection.transaction(|connection| {
        links::lock(connection)?;
        let numbers = persons::numbers(persons);
        let persons = survivors(connection, &numbers)?;
        if persons.len() < 2 {
            return Err(Error::Invalid("name two or more different persons"));
        }
        if persons.len() > MOST_PERSONS {
            return Err(Error::Invalid("name 20 persons at most"));
        }
        let request = merge_request(connection, &persons, master)?;
        let new = NewRequest {
            kind: "merge",
            request,
            reason,
            by: &judge.by,
            state: judge.scope.state(),
            cause: None,
            earlier: earlier(connection, &persons)?,
            persons,
        };
        ask(connection, judge, new, now)
    })
}

/// Decisions "two children" that stand between these persons.
fn earlier(connection: &mut PgConnection, persons: &[i64]) -> Result<Option<serde_json::Value>> {
    let members: Vec<Uuid> = links::members(connection, persons)?
        .into_iter()
        .map(|m| m.1)
        .collect();
    let different = links::different_of(connection, &members)?;
    let between = |d: &&links::Different| members.contains(&d.student_a) && members.contains(&d.student_b);
    let latest = different.iter().filter(between).max_by_key(|d| d.decided_at);
    Ok(latest.map(as_earlier))
}

pub(super) fn merge_request(
    connection: &mut PgConnection,
    persons: &[i64],
    master: Option<PersonId>,
) -> Result<serde_json::Value> {
    let members = links::members(connection, persons)?;
    let master = match master {
        Some(master) => Some(survivor(connection, master)?.number()).filter(|m| persons.contains(m)),
        None => {
            let count = |p: i64| members.iter().filter(|(person, _)| *person == p).count();
            default_master(&persons.iter().map(|p| (*p, count(*p))).collect::<Vec<_>>())
        }
    };
    let master = master.ok_or(Error::Invalid("the number that survives is one of the persons"))?;
    Ok(serde_json::json!({ "master": master }))
}

/// Asks for students to leave a person, in one or more parts that each become a person of their own. The rest keeps the
/// number.
pub fn request_split(
    connection: &mut PgConnection,
    judge: &Judge,
    person: PersonId,
    parts: &[Vec<Uuid>],
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let reason = stated(reason)?;
    connection.transaction(|connection| {
        links::lock(connection)?;
        let person = survivor(connection, person)?.number();
        concerned(connection, judge, &[person])?;
        let members: BTreeSet<Uuid> = links::members(connection, &[person])?
            .into_iter()
            .map(|m| m.1)
            .collect();
        let leaving: BTreeSet<Uuid> = parts.iter().flatten().copied().collect();
        if leaving.is_empty() || parts.iter().any(Vec::is_empty) {
            return Err(Error::Invalid("choose the records that leave"));
        }
        if leaving.len() != parts.iter().map(Vec::len).sum::<usize>() || !leaving.is_subset(&members) {
            return Err(Error::Invalid(
                "each record that leaves is one of the person, named once",
            ));
        }
        if leaving == members {
            return Err(Error::Invalid("at least one record keeps the number"));
        }
        let new = NewRequest {
            kind: "split",
            persons: vec![person],
            request: serde_json::json!({ "parts": parts }),
            reason,
            by: &judge.by,
            state: judge.scope.state(),
            cause: None,
            earlier: None,
        };
        ask(connection, judge, new, now)
    })
}

/// Asks for an approved merge or split to be undone. Its numbers become as they were before.
pub fn request_undo(
    connection: &mut PgConnection,
    judge: &Judge,
    item: i64,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let reason = stated(reason)?;
    connection.transaction(|connection| {
        links::lock(connection)?;
        let of = work_items::find(connection, item)?
            .filter(|of| matches!(of.kind.as_str(), "merge" | "split"))
            .ok_or(Error::NotFound)?;
        if of.decision.as_deref() != Some("approved") || of.undone_by.is_some() {
            return Err(Error::Late);
        }
        let after = of.effect.as_ref().and_then(|effect| effect["after"].as_object());
        let numbers: Vec<i64> = after
            .into_iter()
            .flat_map(|after| after.values().filter_map(serde_json::Value::as_i64))
            .collect();
        let new = NewRequest {
            kind: "undo",
            persons: survivors(connection, &numbers)?,
            request: serde_json::json!({ "item": item, "kind": of.kind }),
            reason,
            by: &judge.by,
            state: judge.scope.state(),
            cause: None,
            earlier: None,
        };
        ask(connection, judge, new, now)
    })
}

/// Opens a request whose persons nothing holds. The arbiter's is carried out at once.
pub(super) fn ask(
    connection: &mut PgConnection,
    judge: &Judge,
    mut new: NewRequest<'_>,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    new.persons.sort_unstable();
    new.persons.dedup();
    concerned(connection, judge, &new.persons)?;
    free(connection, &new.persons)?;
    let id = work_items::open_request(connection, &new, now)?;
    work_items::lock_persons(connection, id, &new.persons, now)?;
    let item = work_items::find(connection, id)?.ok_or(Error::NotFound)?;
    audit(
        connection,
        judge,
        &format!("{}.request", new.kind),
        id,
        new.kind,
        now,
    )?;
    if judge.is_arbiter() {
        approve(connection, &item, judge, new.reason, now)?;
        return Ok(Outcome::Decided);
    }
    Ok(Outcome::Requested(id))
}
