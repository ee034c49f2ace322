//! Work items: what a data administrator has to judge.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use mde::StateCode;
use serde::Serialize;
use uuid::Uuid;

use crate::db::Result;
use crate::schema::work_item;

/// A near match as the engine found it: two students that may be one child.
#[derive(Debug, Clone)]
pub struct NearMatch {
    /// The smaller student id.
    pub student_a: Uuid,
    /// The larger student id.
    pub student_b: Uuid,
    /// Their persons.
    pub persons: (i64, i64),
    /// Every state with a live student among both persons.
    pub states: Vec<String>,
    /// Probability that they are one child.
    pub probability: f32,
    /// Weight of the evidence, in bits.
    pub weight: f32,
    /// Why the engine asks, in words.
    pub reason: String,
    /// The comparison, element by element; no values.
    pub evidence: serde_json::Value,
}

/// A work item.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = work_item)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct WorkItem {
    pub work_item_id: i64,
    pub kind: String,
    pub status: String,
    pub states: Vec<String>,
    pub student_a: Option<Uuid>,
    pub student_b: Option<Uuid>,
    pub person_a: Option<i64>,
    pub person_b: Option<i64>,
    pub probability: Option<f32>,
    pub weight: Option<f32>,
    pub reason: String,
    pub evidence: serde_json::Value,
    pub opened_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
    pub decided_by: Option<String>,
    pub decision: Option<String>,
    pub note: Option<String>,
}

/// Opens near matches, and refreshes those that are open. Returns how many are new.
pub fn open_near_matches(
    connection: &mut PgConnection,
    matches: &[NearMatch],
    now: DateTime<Utc>,
) -> Result<usize> {
    #[derive(QueryableByName)]
    struct Opened {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        new: bool,
    }
    let mut new = 0;
    for near in matches {
        let opened: Opened = sql_query(
            "insert into work_item (kind, status, states, student_a, student_b, person_a, person_b, probability, weight, reason, evidence, opened_at)
             values ('near_match', 'open', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             on conflict (student_a, student_b) where kind = 'near_match' and status = 'open'
             do update set states = excluded.states, person_a = excluded.person_a, person_b = excluded.person_b,
                probability = excluded.probability, weight = excluded.weight, reason = excluded.reason, evidence = excluded.evidence
             returning xmax = 0 as new",
        )
        .bind::<Array<Text>, _>(&near.states)
        .bind::<SqlUuid, _>(near.student_a)
        .bind::<SqlUuid, _>(near.student_b)
        .bind::<BigInt, _>(near.persons.0)
        .bind::<BigInt, _>(near.persons.1)
        .bind::<diesel::sql_types::Float, _>(near.probability)
        .bind::<diesel::sql_types::Float, _>(near.weight)
        .bind::<Text, _>(&near.reason)
        .bind::<Jsonb, _>(&near.evidence)
        .bind::<Timestamptz, _>(now)
        .get_result(connection)?;
        new += usize::from(opened.new);
    }
    Ok(new)
}

/// Open near matches of which one side is among these students: what a new look at them may close again.
pub fn open_near_matches_of(
    connection: &mut PgConnection,
    students: &[Uuid],
) -> Result<Vec<(i64, Uuid, Uuid)>> {
    let rows: Vec<(i64, Option<Uuid>, Option<Uuid>)> = work_item::table
        .filter(work_item::kind.eq("near_match"))
        .filter(work_item::status.eq("open"))
        .filter(
            work_item::student_a
                .eq_any(students)
                .or(work_item::student_b.eq_any(students)),
        )
        .select((
            work_item::work_item_id,
            work_item::student_a,
            work_item::student_b,
        ))
        .load(connection)?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, a, b)| Some((id, a?, b?)))
        .collect())
}

/// Closes items that no longer need a person, with the reason.
pub fn close(connection: &mut PgConnection, ids: &[i64], why: &str, now: DateTime<Utc>) -> Result<()> {
    diesel::update(work_item::table.filter(work_item::work_item_id.eq_any(ids)))
        .set((
            work_item::status.eq("closed"),
            work_item::decided_at.eq(now),
            work_item::note.eq(why),
        ))
        .execute(connection)?;
    Ok(())
}

/// Open items of a kind that concern a state (all states for `None`), the most probable first.
pub fn open(
    connection: &mut PgConnection,
    kind: &str,
    state: Option<StateCode>,
    limit: i64,
) -> Result<Vec<WorkItem>> {
    let mut query = work_item::table
        .filter(work_item::kind.eq(kind))
        .filter(work_item::status.eq("open"))
        .order((
            work_item::probability.desc().nulls_last(),
            work_item::work_item_id,
        ))
        .limit(limit)
        .select(WorkItem::as_select())
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(work_item::states.contains(vec![state.to_string()]));
    }
    Ok(query.load(connection)?)
}

/// A work item.
pub fn find(connection: &mut PgConnection, id: i64) -> Result<Option<WorkItem>> {
    Ok(work_item::table
        .find(id)
        .select(WorkItem::as_select())
        .first(connection)
        .optional()?)
}

/// Writes the decision of a person about an open item. `false` if somebody else was first.
pub fn decide(
    connection: &mut PgConnection,
    id: i64,
    decision: &str,
    by: &str,
    note: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let changed = diesel::update(work_item::table.find(id))
        .filter(work_item::status.eq("open"))
        .set((
            work_item::status.eq("decided"),
            work_item::decided_at.eq(now),
            work_item::decided_by.eq(by),
            work_item::decision.eq(decision),
            work_item::note.eq(note),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// How many items of a kind are open for a state (all states for `None`).
pub fn count_open(connection: &mut PgConnection, kind: &str, state: Option<StateCode>) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Count = sql_query(
        "select count(*) as count from work_item where kind = $1 and status = 'open' and ($2 is null or states @> array[$2])",
    )
    .bind::<Text, _>(kind)
    .bind::<Nullable<Text>, _>(state.map(|s| s.to_string()))
    .get_result(connection)?;
    Ok(row.count)
}
