//! What came of a referral: every word of a person and the upload that brought the child, none of it ever changed.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};
use mde::{PersonId, StateCode};

use crate::access::audit;
use crate::db::Result;
use crate::schema::{referral, referral_outcome};

/// A kept outcome.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[diesel(table_name = referral_outcome)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct Outcome {
    pub referral_outcome_id: i64,
    pub referral_id: i64,
    pub outcome: String,
    /// Who that person is now.
    pub person_id: Option<i64>,
    pub note: Option<String>,
    pub said_by: Option<String>,
    pub batch_id: Option<i64>,
    pub said_at: DateTime<Utc>,
}

impl Outcome {
    /// Whether an upload showed it; else a person said so.
    #[must_use]
    pub fn is_by_upload(&self) -> bool {
        self.said_by.is_none()
    }
}

/// What came of these referrals, the oldest first.
pub fn of_referrals(connection: &mut PgConnection, ids: &[i64]) -> Result<HashMap<i64, Vec<Outcome>>> {
    let rows: Vec<Outcome> = sql_query(
        "select o.referral_outcome_id, o.referral_id, o.outcome, coalesce(a.person_id, o.person_id) as person_id,
                o.note, o.said_by, o.batch_id, o.said_at
         from referral_outcome o left join person_alias a on a.retired_id = o.person_id
         where o.referral_id = any($1) order by o.referral_outcome_id",
    )
    .bind::<Array<BigInt>, _>(ids)
    .load(connection)?;
    let mut out: HashMap<i64, Vec<Outcome>> = HashMap::new();
    for row in rows {
        out.entry(row.referral_id).or_default().push(row);
    }
    Ok(out)
}

/// Keeps others from saying what came of a referral until the end of the transaction.
pub fn hold(connection: &mut PgConnection, id: i64) -> Result<()> {
    sql_query("select from referral where referral_id = $1 for update")
        .bind::<BigInt, _>(id)
        .execute(connection)?;
    Ok(())
}

/// An outcome as somebody says it.
#[derive(Debug, Clone)]
pub struct NewOutcome<'a> {
    /// `found_eligible`, `not_eligible`, `not_found` or `declined`.
    pub outcome: &'a str,
    /// Who the child turned out to be.
    pub person: Option<PersonId>,
    /// What else is said.
    pub note: Option<&'a str>,
    /// The account or certificate.
    pub by: &'a str,
}

/// Writes what somebody says came of a referral; from now on that is its outcome. In the caller's transaction.
pub fn say(connection: &mut PgConnection, id: i64, new: &NewOutcome<'_>, now: DateTime<Utc>) -> Result<()> {
    diesel::insert_into(referral_outcome::table)
        .values((
            referral_outcome::referral_id.eq(id),
            referral_outcome::outcome.eq(new.outcome),
            referral_outcome::person_id.eq(new.person.map(PersonId::number)),
            referral_outcome::note.eq(new.note),
            referral_outcome::said_by.eq(new.by),
            referral_outcome::said_at.eq(now),
        ))
        .execute(connection)?;
    sql_query(
        "update referral set outcome = $2, outcome_at = $3, first_outcome_at = coalesce(first_outcome_at, $3)
         where referral_id = $1",
    )
    .bind::<BigInt, _>(id)
    .bind::<Text, _>(new.outcome)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    let detail = serde_json::json!({ "outcome": new.outcome });
    audit(
        connection,
        now,
        new.by,
        "referral.outcome",
        &id.to_string(),
        &detail,
    )
}

/// A referred child that its state reports now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownUp {
    /// The referral.
    pub referral_id: i64,
    /// Its state.
    pub state: StateCode,
    /// Who the child is.
    pub person_id: PersonId,
    /// The upload with its current content.
    pub batch_id: i64,
}

/// The children among these persons that their state reports under a number that it had referred, as far as no upload has
/// shown their outcome before. Of several referrals of a child it is the latest.
pub fn shown_up(connection: &mut PgConnection, persons: &[PersonId]) -> Result<Vec<ShownUp>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        referral_id: i64,
        #[diesel(sql_type = Text)]
        state: String,
        #[diesel(sql_type = BigInt)]
        person_id: i64,
        #[diesel(sql_type = BigInt)]
        batch_id: i64,
    }
    let numbers: Vec<i64> = persons.iter().map(|id| id.number()).collect();
    let rows: Vec<Row> = sql_query(
        "select r.referral_id, r.state, l.person_id, t.batch_id
         from link l join student_status t on t.student_id = l.student_id and t.status = 'live'
         join referral r on r.student_id = l.student_id
         where l.person_id = any($1)
           and not exists (select from referral n where n.student_id = r.student_id and n.referral_id > r.referral_id)
           and not exists (select from referral_outcome o where o.referral_id = r.referral_id and o.said_by is null)
         order by r.referral_id",
    )
    .bind::<Array<BigInt>, _>(numbers)
    .load(connection)?;
    rows.into_iter()
        .map(|row| {
            Ok(ShownUp {
                referral_id: row.referral_id,
                state: StateCode::new(&row.state).map_err(|error| crate::db::Error::Corrupt {
                    what: "state",
                    why: error.to_string(),
                })?,
                person_id: crate::persons::id(row.person_id)?,
                batch_id: row.batch_id,
            })
        })
        .collect()
}

/// Writes that an upload shows a referred child to be eligible. It is the outcome of a referral that is open, and stands
/// beside what a person has said. Doing it again changes nothing. In the caller's transaction.
pub fn show(connection: &mut PgConnection, found: &ShownUp, now: DateTime<Utc>) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Written {
        #[diesel(sql_type = Bool)]
        written: bool,
    }
    hold(connection, found.referral_id)?;
    let row: Option<Written> = sql_query(
        "insert into referral_outcome (referral_id, outcome, person_id, batch_id, said_at)
         values ($1, 'found_eligible', $2, $3, $4)
         on conflict (referral_id) where said_by is null do nothing returning true as written",
    )
    .bind::<BigInt, _>(found.referral_id)
    .bind::<Nullable<BigInt>, _>(Some(found.person_id.number()))
    .bind::<BigInt, _>(found.batch_id)
    .bind::<Timestamptz, _>(now)
    .get_result(connection)
    .optional()?;
    if !row.is_some_and(|row| row.written) {
        return Ok(false);
    }
    diesel::update(referral::table.find(found.referral_id))
        .filter(referral::outcome.is_null())
        .set((
            referral::outcome.eq("found_eligible"),
            referral::outcome_at.eq(now),
            referral::first_outcome_at.eq(now),
        ))
        .execute(connection)?;
    Ok(true)
}
