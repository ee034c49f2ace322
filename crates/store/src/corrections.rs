//! Requests of families to correct what a state's record says, from the day they are taken to the corrected data or the
//! statement of disagreement. What the record is said to say is personal data: it is read with an [`Access`].

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz};
use mde::{StateCode, StudentId};
use serde::Serialize;
use uuid::Uuid;

use crate::access::{Access, Subject};
use crate::db::Result;
use crate::schema::correction;
use crate::work_items::{self, NewTask, News};

/// A request as it is to be kept.
#[derive(Debug, Clone)]
pub struct NewCorrection<'a> {
    /// The child.
    pub person: i64,
    /// The record that is said to be wrong.
    pub student: Uuid,
    /// The state whose record it is.
    pub owner: StateCode,
    /// The state that the family asked.
    pub taken_in: StateCode,
    /// When, there.
    pub asked_on: NaiveDate,
    /// `parent`, `guardian` or `student`.
    pub asker: &'a str,
    /// In which language the family is written to: `en` or `es`.
    pub language: &'a str,
    /// Number of the data element, where it is one.
    pub element: Option<&'a str>,
    /// What the record says.
    pub says: &'a str,
    /// What it should say.
    pub should_say: &'a str,
    /// What the family shows for it.
    pub grounds: Option<&'a str>,
    /// The values of the element as the record says them now.
    pub said: Option<&'a serde_json::Value>,
    /// The same cause is taken once.
    pub cause: &'a str,
    /// The account or certificate.
    pub by: &'a str,
}

/// A kept request.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName, Serialize)]
#[diesel(table_name = correction)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct Correction {
    pub work_item_id: i64,
    pub student_id: Uuid,
    pub owner: String,
    pub taken_in: String,
    pub asked_on: NaiveDate,
    pub asker: String,
    pub language: String,
    pub element: Option<String>,
    pub says: String,
    pub should_say: String,
    pub grounds: Option<String>,
    pub said: Option<serde_json::Value>,
    pub taken_at: DateTime<Utc>,
    pub taken_by: String,
    pub forwarded_at: Option<DateTime<Utc>>,
    pub decision: Option<String>,
    pub decided_at: Option<DateTime<Utc>>,
    pub decided_by: Option<String>,
    pub why: Option<String>,
    pub told_at: Option<DateTime<Utc>>,
    pub arrived_at: Option<DateTime<Utc>>,
    pub arrived_batch: Option<i64>,
    pub statement: Option<String>,
    pub stated_at: Option<DateTime<Utc>>,
    /// The child to which the record belongs now.
    #[diesel(sql_type = BigInt)]
    pub person_id: i64,
}

/// Corrections `k`, with the persons of their students.
const SELECT: &str = "
    select k.*, coalesce(l.person_id, w.persons[1]) as person_id
    from correction k join work_item w using (work_item_id) left join link l on l.student_id = k.student_id";

/// The kind of data that is disclosed with a correction.
const CATEGORIES: &[&str] = &["identity", "correction"];

/// Takes a request, in the caller's transaction, onto the worklist of the state whose record it is: to another state
/// than the one that was asked it is thereby forwarded. What the same cause made before stays the only one.
pub fn take(connection: &mut PgConnection, new: &NewCorrection<'_>, now: DateTime<Utc>) -> Result<i64> {
    sql_query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind::<Text, _>(new.cause)
        .execute(connection)?;
    let before: Option<i64> = correction::table
        .filter(correction::cause.eq(new.cause))
        .select(correction::work_item_id)
        .first(connection)
        .optional()?;
    if let Some(id) = before {
        return Ok(id);
    }
    let task = NewTask {
        kind: "correction",
        person: new.person,
        state: new.owner,
        student: new.student,
        secondary: false,
        reason: "a family asks to correct the record",
        by: new.by,
        asked_by: new.taken_in,
    };
    let (id, _) = work_items::open_task(connection, &task, now)?;
    let forwarded = (new.owner != new.taken_in).then_some((now, new.by));
    diesel::insert_into(correction::table)
        .values((
            correction::work_item_id.eq(id),
            correction::student_id.eq(new.student),
            correction::owner.eq(new.owner.as_str()),
            correction::taken_in.eq(new.taken_in.as_str()),
            correction::asked_on.eq(new.asked_on),
            correction::asker.eq(new.asker),
            correction::language.eq(new.language),
            correction::element.eq(new.element),
            correction::says.eq(new.says),
            correction::should_say.eq(new.should_say),
            correction::grounds.eq(new.grounds),
            correction::said.eq(new.said),
            correction::cause.eq(new.cause),
            correction::taken_at.eq(now),
            correction::taken_by.eq(new.by),
            correction::forwarded_at.eq(forwarded.map(|(at, _)| at)),
            correction::forwarded_by.eq(forwarded.map(|(_, by)| by)),
        ))
        .execute(connection)?;
    let created = News {
        kind: "correction.created",
        task: id,
        state: new.owner.to_string(),
        by_state: new.taken_in.to_string(),
    };
    work_items::tell(connection, &[created], now)?;
    Ok(id)
}

/// The states of a correction: whose record it is, and who took it.
type States = (String, String);

/// What a changed correction returns.
const STATES: (correction::owner, correction::taken_in) = (correction::owner, correction::taken_in);

/// Tells the other one of a correction's states what one of them did; if one is both, nobody.
fn tell_other(
    connection: &mut PgConnection,
    kind: &'static str,
    task: i64,
    (owner, taken_in): States,
    by: StateCode,
    now: DateTime<Utc>,
) -> Result<()> {
    let other = [owner, taken_in].into_iter().find(|state| state != by.as_str());
    let news: Vec<News> = other
        .map(|state| News {
            kind,
            task,
            state,
            by_state: by.to_string(),
        })
        .into_iter()
        .collect();
    work_items::tell(connection, &news, now)
}

/// Reads a correction of which the state is the owner or the one that took it, and writes the disclosure.
pub fn read(
    connection: &mut PgConnection,
    access: &Access,
    id: i64,
    state: StateCode,
) -> Result<Option<Correction>> {
    connection.transaction(|connection| {
        let found: Option<Correction> = sql_query(format!(
            "{SELECT} where k.work_item_id = $1 and $2 in (k.owner, k.taken_in)"
        ))
        .bind::<BigInt, _>(id)
        .bind::<Text, _>(state.as_str())
        .get_result(connection)
        .optional()?;
        disclose(connection, access, found.as_slice())?;
        Ok(found)
    })
}

/// Reads the corrections that a state owns or took, newest first, with numbers below `before`; only those that are not
/// settled if `open`: without a decision, not told to the family, or with corrected data still to come. Writes the
/// disclosures.
pub fn list(
    connection: &mut PgConnection,
    access: &Access,
    state: StateCode,
    open: bool,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Correction>> {
    connection.transaction(|connection| {
        let found: Vec<Correction> = sql_query(format!(
            "{SELECT} where $1 in (k.owner, k.taken_in) and k.work_item_id < $2 {} order by k.work_item_id desc limit $3",
            if open {
                "and (k.told_at is null or (k.decision = 'corrected' and k.arrived_at is null))"
            } else {
                ""
            }
        ))
        .bind::<Text, _>(state.as_str())
        .bind::<BigInt, _>(before.unwrap_or(i64::MAX))
        .bind::<BigInt, _>(limit)
        .load(connection)?;
        disclose(connection, access, &found)?;
        Ok(found)
    })
}

fn disclose(connection: &mut PgConnection, access: &Access, found: &[Correction]) -> Result<()> {
    let subjects: Vec<Subject> = found
        .iter()
        .map(|k| Subject::Student(StudentId(k.student_id)))
        .collect();
    if subjects.is_empty() {
        return Ok(());
    }
    access.disclose(connection, &subjects, CATEGORIES)
}

/// The corrections about these persons, for the hub's own work: clocks, and corrected data that arrive. Nothing of them
/// is handed out.
pub fn of_persons(connection: &mut PgConnection, persons: &[i64]) -> Result<Vec<Correction>> {
    Ok(sql_query(format!(
        "{SELECT} where l.person_id = any($1) order by k.work_item_id"
    ))
    .bind::<Array<BigInt>, _>(persons)
    .load(connection)?)
}

/// A decision as it is to be kept.
#[derive(Debug, Clone)]
pub struct NewDecision<'a> {
    /// `corrected` or `declined`.
    pub decision: &'a str,
    /// Why.
    pub why: &'a str,
    /// The account or certificate.
    pub by: &'a str,
}

/// Writes the owner's decision, and tells the state that took the request. `false` if it is decided or not the owner's. In the caller's transaction.
pub fn decide(
    connection: &mut PgConnection,
    id: i64,
    owner: StateCode,
    new: &NewDecision<'_>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let states: Option<States> = diesel::update(correction::table.find(id))
        .filter(correction::owner.eq(owner.as_str()))
        .filter(correction::decision.is_null())
        .set((
            correction::decision.eq(new.decision),
            correction::decided_at.eq(now),
            correction::decided_by.eq(new.by),
            correction::why.eq(new.why),
        ))
        .returning(STATES)
        .get_result(connection)
        .optional()?;
    let Some(states) = states else {
        return Ok(false);
    };
    tell_other(connection, "correction.decided", id, states, owner, now)?;
    Ok(true)
}

/// Notes that the family was told of the decision, after which nobody has to do anything but send what is corrected.
/// `false` if it was told before, nothing is decided, or the state has nothing to do with it.
pub fn told(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let of_state = correction::owner
        .eq(state.as_str())
        .or(correction::taken_in.eq(state.as_str()));
    let states: Option<States> = diesel::update(correction::table.find(id))
        .filter(of_state)
        .filter(correction::decision.is_not_null())
        .filter(correction::told_at.is_null())
        .set((correction::told_at.eq(now), correction::told_by.eq(by)))
        .returning(STATES)
        .get_result(connection)
        .optional()?;
    let Some(states) = states else {
        return Ok(false);
    };
    settle(connection, id, now)?;
    tell_other(connection, "correction.told", id, states, state, now)?;
    Ok(true)
}

/// Notes when the owner's corrected data were received, and with which batch, and tells the state that took the request.
/// In the caller's transaction.
pub fn arrived(
    connection: &mut PgConnection,
    id: i64,
    (at, batch): (DateTime<Utc>, i64),
    owner: StateCode,
    now: DateTime<Utc>,
) -> Result<()> {
    let states: Option<States> = diesel::update(correction::table.find(id))
        .filter(correction::arrived_at.is_null())
        .set((correction::arrived_at.eq(at), correction::arrived_batch.eq(batch)))
        .returning(STATES)
        .get_result(connection)
        .optional()?;
    if let Some(states) = states {
        tell_other(connection, "correction.arrived", id, states, owner, now)?;
    }
    settle(connection, id, at)
}

/// Takes the item off the worklist once the family is told and what is corrected has arrived.
fn settle(connection: &mut PgConnection, id: i64, now: DateTime<Utc>) -> Result<()> {
    sql_query(
        "update work_item w set status = 'decided', decided_at = $2, decided_by = k.decided_by, decision = k.decision
         from correction k where k.work_item_id = $1 and w.work_item_id = $1 and w.status = 'open'
           and k.told_at is not null and (k.decision = 'declined' or k.arrived_at is not null)",
    )
    .bind::<BigInt, _>(id)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// Keeps the family's statement of disagreement with the record, after its request was declined (34 CFR 99.21(b)(2));
/// a later one takes its place. `false` if it was not declined, or the state has nothing to do with it.
pub fn state_disagreement(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
    statement: &str,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let of_state = correction::owner
        .eq(state.as_str())
        .or(correction::taken_in.eq(state.as_str()));
    let states: Option<States> = diesel::update(correction::table.find(id))
        .filter(of_state)
        .filter(correction::decision.eq("declined"))
        .set((
            correction::statement.eq(statement),
            correction::stated_at.eq(now),
            correction::stated_by.eq(by),
        ))
        .returning(STATES)
        .get_result(connection)
        .optional()?;
    let Some(states) = states else {
        return Ok(false);
    };
    tell_other(connection, "correction.stated", id, states, state, now)?;
    Ok(true)
}
