//! People decide who is who: near matches, merges, splits and their undoing.
//!
//! One person asks, another one validates: of another state where several states have live students in it, else a second
//! person of the same state. Disagreement, and silence at the end of the escalation, go to the arbiter. Until then the
//! persons are held: they take part in no other merge or split. Nothing is ever approved by the passing of time. What
//! was decided is kept by pair of students, outlives every merge, split and model, and is asked again only when much
//! more evidence has come since.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use mde::PersonId;
use store::links;
use store::work_items::{self, NewRequest, Scope, WorkItem};
use uuid::Uuid;

mod effect;
mod error;
mod escalation;
mod evidence;
mod requests;
mod rules;

use effect::{Decider, wake};
pub use error::{Error, Result};
pub use escalation::{Escalated, JOB, escalate, reassign};
pub use evidence::MATERIAL;
pub(crate) use evidence::reopened;
pub use requests::{MOST_PERSONS, request_merge, request_split, request_undo};
use requests::{ask, merge_request};
pub use rules::{Asked, Level, Policy, Step, default_master, human, may_validate, step};

/// Who acts: in the record's form, and for which worklists.
#[derive(Debug, Clone)]
pub struct Judge {
    /// `account:…`, or `certificate:… for …`.
    pub by: String,
    /// Where it may act; [`Scope::Everything`] is the arbiter's.
    pub scope: Scope,
}

impl Judge {
    fn is_arbiter(&self) -> bool {
        self.scope == Scope::Everything
    }

    fn state(&self) -> Option<String> {
        self.scope.state().map(|state| state.to_string())
    }
}

/// An answer to a near match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// One child; with the number that survives, or the usual one.
    Same(Option<PersonId>),
    /// Two children.
    Different,
}

/// What became of what somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is decided.
    Decided,
    /// It is a request of this number now, which waits for a second person.
    Requested(i64),
    /// It is the arbiter's now.
    WithArbiter,
}

/// Decides a near match. What leaves the persons as they are stands at once; what would merge or split them becomes a
/// request that somebody else validates. The arbiter's word needs no second one.
pub fn decide_near_match(
    connection: &mut PgConnection,
    id: i64,
    judge: &Judge,
    answer: Answer,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let reason = stated(reason)?;
    connection.transaction(|connection| {
        let item = open_item(connection, id, judge)?;
        if item.kind != "near_match" {
            return Err(Error::NotFound);
        }
        match (item.arbiter_since.is_some(), judge.is_arbiter()) {
            (true, false) => return Err(Error::WithArbiter),
            (false, true) => return Err(Error::NotWithArbiter),
            _ => {}
        }
        let (Some(a), Some(b)) = (item.student_a, item.student_b) else {
            return Err(Error::NotFound);
        };
        let current = links::of_students(connection, &[a, b])?;
        let person = |student: Uuid| current.iter().find(|(s, _)| *s == student).map(|(_, p)| *p);
        let (Some(one), Some(other)) = (person(a), person(b)) else {
            return Err(Error::NotFound);
        };
        free(connection, &[one, other])?;
        let same = matches!(answer, Answer::Same(_));
        let word = if same { "same" } else { "different" };
        work_items::decide(connection, id, word, &judge.by, reason, now)?;
        audit(connection, judge, "near_match.decide", id, word, now)?;
        let sides = sides(connection, &item, (one, other))?;
        let (kind, request) = match answer {
            Answer::Same(master) if one != other => {
                ("merge", merge_request(connection, &[one, other], master)?)
            }
            Answer::Different if one == other => ("split", serde_json::json!({ "parts": [sides[1]] })),
            _ => {
                for x in &sides[0] {
                    for y in &sides[1] {
                        links::decide(connection, (*x, *y), same, &judge.by, reason, now)?;
                    }
                }
                wake(connection, &sides.concat(), &BTreeSet::new(), now)?;
                return Ok(Outcome::Decided);
            }
        };
        let new = NewRequest {
            kind,
            persons: vec![one, other],
            request,
            reason,
            by: &judge.by,
            state: judge.scope.state(),
            cause: Some(id),
            earlier: item.earlier.clone(),
        };
        ask(connection, judge, new, now)
    })
}

/// The students of both sides of a near match as they are linked now.
fn sides(connection: &mut PgConnection, item: &WorkItem, (one, other): (i64, i64)) -> Result<[Vec<Uuid>; 2]> {
    let members: Vec<(i64, Uuid)> = links::members(connection, &[one, other])?;
    let of = |person: i64| -> Vec<Uuid> {
        members
            .iter()
            .filter(|(p, _)| *p == person)
            .map(|(_, s)| *s)
            .collect()
    };
    if one != other {
        return Ok([of(one), of(other)]);
    }
    let leaving: Vec<Uuid> = serde_json::from_value(item.request["sides"][1].clone()).unwrap_or_default();
    let inside = of(one);
    let (leave, stay): (Vec<Uuid>, Vec<Uuid>) = inside.into_iter().partition(|s| leaving.contains(s));
    Ok([stay, leave])
}

/// Approves a request or disagrees with it. Disagreement, which needs a reason, hands it to the arbiter, whose word is
/// the last.
pub fn validate(
    connection: &mut PgConnection,
    id: i64,
    judge: &Judge,
    approves: bool,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    if !approves {
        stated(reason)?;
    }
    connection.transaction(|connection| {
        let item = open_request(connection, id, judge)?;
        let asked = Asked {
            by: item.requested_by.as_deref().unwrap_or_default(),
            state: item.requested_state.as_deref(),
            states: &item.states,
            with_arbiter: item.arbiter_since.is_some(),
        };
        may_validate(asked, &judge.by, judge.state().as_deref())?;
        if approves {
            approve(connection, &item, judge, reason.trim(), now)?;
            return Ok(Outcome::Decided);
        }
        work_items::object(connection, id, &judge.by, reason.trim())?;
        audit(
            connection,
            judge,
            &format!("{}.reject", item.kind),
            id,
            "rejected",
            now,
        )?;
        if !judge.is_arbiter() {
            work_items::to_arbiter(connection, id, "disagreement", now)?;
            return Ok(Outcome::WithArbiter);
        }
        refuse(connection, &item, judge, reason.trim(), now)?;
        Ok(Outcome::Decided)
    })
}

/// Takes an own request back; the engine may ask again.
pub fn withdraw(connection: &mut PgConnection, id: i64, judge: &Judge, now: DateTime<Utc>) -> Result<()> {
    connection.transaction(|connection| {
        let item = open_request(connection, id, judge)?;
        if item.requested_by.as_deref().map(human) != Some(human(&judge.by)) {
            return Err(Error::NotOwn);
        }
        work_items::decide(connection, id, "withdrawn", &judge.by, "", now)?;
        work_items::unlock(connection, id)?;
        audit(
            connection,
            judge,
            &format!("{}.withdraw", item.kind),
            id,
            "withdrawn",
            now,
        )?;
        let students: Vec<Uuid> = links::members(connection, &item.persons)?
            .into_iter()
            .map(|m| m.1)
            .collect();
        wake(connection, &students, &BTreeSet::new(), now)
    })
}

fn approve(
    connection: &mut PgConnection,
    item: &WorkItem,
    judge: &Judge,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    // Settled first: what follows about open items is not about this one any more.
    if !work_items::decide(connection, item.work_item_id, "approved", &judge.by, reason, now)? {
        return Err(Error::Late);
    }
    let decider = Decider {
        item,
        by: &judge.by,
        reason: if reason.is_empty() { &item.reason } else { reason },
        now,
    };
    decider.carry_out(connection)?;
    work_items::unlock(connection, item.work_item_id)?;
    audit(
        connection,
        judge,
        &format!("{}.approve", item.kind),
        item.work_item_id,
        "approved",
        now,
    )
}

/// The arbiter refuses: the opposite of what was asked for is decided, so that it is not asked again.
fn refuse(
    connection: &mut PgConnection,
    item: &WorkItem,
    judge: &Judge,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    work_items::decide(connection, item.work_item_id, "rejected", &judge.by, reason, now)?;
    work_items::unlock(connection, item.work_item_id)?;
    let members = links::members(connection, &item.persons)?;
    let leaving: Vec<Uuid> = serde_json::from_value::<Vec<Vec<Uuid>>>(item.request["parts"].clone())
        .unwrap_or_default()
        .concat();
    for (i, (p, x)) in members.iter().enumerate() {
        for (q, y) in &members[i + 1..] {
            let same = match item.kind.as_str() {
                "merge" if p != q => false,
                "split" if leaving.contains(x) != leaving.contains(y) => true,
                _ => continue,
            };
            links::decide(connection, (*x, *y), same, &judge.by, reason, now)?;
        }
    }
    let students: Vec<Uuid> = members.into_iter().map(|m| m.1).collect();
    wake(connection, &students, &BTreeSet::new(), now)
}

/// An open item on the judge's worklists, with the links held still.
fn open_item(connection: &mut PgConnection, id: i64, judge: &Judge) -> Result<WorkItem> {
    links::lock(connection)?;
    let item = work_items::find_in(connection, id, &judge.scope)?.ok_or(Error::NotFound)?;
    if item.status == "open" {
        Ok(item)
    } else {
        Err(Error::Late)
    }
}

fn open_request(connection: &mut PgConnection, id: i64, judge: &Judge) -> Result<WorkItem> {
    let item = open_item(connection, id, judge)?;
    if matches!(item.kind.as_str(), "merge" | "split" | "undo") {
        Ok(item)
    } else {
        Err(Error::NotFound)
    }
}

/// Whether the state of who acts has a live student in these persons, of which some state reports at least one.
fn concerned(connection: &mut PgConnection, judge: &Judge, persons: &[i64]) -> Result<()> {
    let states = work_items::states_of(connection, persons)?;
    if judge.state().is_some_and(|state| !states.contains(&state)) {
        return Err(Error::NotConcerned);
    }
    if states.is_empty() {
        return Err(Error::Invalid("no state reports any of its records any more"));
    }
    Ok(())
}

fn free(connection: &mut PgConnection, persons: &[i64]) -> Result<()> {
    match work_items::lock_of(connection, persons)? {
        None => Ok(()),
        Some(lock) => Err(Error::Locked {
            person: person_id(lock.person_id)?,
            work_item: lock.work_item_id,
            by: lock.requested_by.map(|by| human(&by)).unwrap_or_default(),
            state: lock.requested_state.unwrap_or_default(),
        }),
    }
}

fn stated(reason: &str) -> Result<&str> {
    let reason = reason.trim();
    if reason.is_empty() {
        Err(Error::ReasonMissing)
    } else {
        Ok(reason)
    }
}

fn survivor(connection: &mut PgConnection, person: PersonId) -> Result<PersonId> {
    links::survivor(connection, person)?.ok_or(Error::NotFound)
}

/// The survivors of these numbers, each once, ascending.
fn survivors(connection: &mut PgConnection, persons: &[i64]) -> Result<Vec<i64>> {
    let mut out = BTreeSet::new();
    for person in persons {
        out.insert(survivor(connection, person_id(*person)?)?.number());
    }
    Ok(out.into_iter().collect())
}

fn person_id(number: i64) -> Result<PersonId> {
    PersonId::new(number).map_err(|e| {
        Error::Store(store::Error::Corrupt {
            what: "person id",
            why: e.to_string(),
        })
    })
}

fn audit(
    connection: &mut PgConnection,
    judge: &Judge,
    action: &str,
    item: i64,
    word: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let detail = serde_json::json!({ "decision": word });
    Ok(store::access::audit(
        connection,
        now,
        &judge.by,
        action,
        &item.to_string(),
        &detail,
    )?)
}
