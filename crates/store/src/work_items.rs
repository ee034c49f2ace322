//! Work items: what people have to judge. A near match asks whether two persons are one child; a merge, a split or an
//! undo is a request that waits for a second person.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use mde::StateCode;
use serde::Serialize;
use uuid::Uuid;

use crate::db::Result;
use crate::schema::work_item;

mod near_matches;
mod owners;
mod queue;
mod regions;
mod requests;
mod tasks;

pub use near_matches::{NearMatch, close_twins, open_near_matches, open_near_matches_of};
pub use owners::{Owner, Scope, Turn, assign, give, owners, states_of, turns};
pub use queue::{KindCount, Place, Queue, Taken, entrust, queue, queue_counts};
pub use regions::{districts_of, regions, set_regions};
pub use requests::{
    Lock, NewRequest, lock_of, lock_persons, object, open_request, set_effect, to_arbiter, undone, unlock,
};
pub use tasks::{Holder, NewTask, hold_open, open_task};
pub(crate) use tasks::{News, tell};

/// The kinds that decide who is who.
pub const WHO_IS_WHO: [&str; 4] = ["near_match", "merge", "split", "undo"];

/// The kinds that one state has to do for another, or for a family. The arbiter has nothing to do with them.
pub const TASKS: [&str; 2] = ["data_request", "correction"];

/// A work item.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = work_item)]
#[expect(missing_docs, reason = "the migrations document the columns")]
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
    pub persons: Vec<i64>,
    pub request: serde_json::Value,
    pub requested_by: Option<String>,
    pub requested_state: Option<String>,
    pub cause: Option<i64>,
    pub objected_by: Option<String>,
    pub objection: Option<String>,
    pub arbiter_since: Option<DateTime<Utc>>,
    pub arbiter_why: Option<String>,
    pub earlier: Option<serde_json::Value>,
    pub effect: Option<serde_json::Value>,
    pub undone_by: Option<i64>,
}

/// Closes items that no longer need a person, with the reason.
pub fn close(connection: &mut PgConnection, ids: &[i64], why: &str, now: DateTime<Utc>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
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
    let scope = state.map_or(Scope::Everything, Scope::State);
    worklist(connection, &scope, &[kind], limit)
}

/// Open items of these kinds on the worklists of a scope, the most probable first, then the oldest.
pub fn worklist(
    connection: &mut PgConnection,
    scope: &Scope,
    kinds: &[&str],
    limit: i64,
) -> Result<Vec<WorkItem>> {
    let ids = ids(connection, scope, kinds, None, limit)?;
    let mut items: Vec<WorkItem> = work_item::table
        .filter(work_item::work_item_id.eq_any(&ids))
        .select(WorkItem::as_select())
        .load(connection)?;
    items.sort_by_key(|item| ids.iter().position(|id| *id == item.work_item_id));
    Ok(items)
}

/// An item, whatever its status, if it is or was on a worklist of the scope.
pub fn find_in(connection: &mut PgConnection, id: i64, scope: &Scope) -> Result<Option<WorkItem>> {
    if ids(connection, scope, &[], Some(id), 1)?.is_empty() {
        return Ok(None);
    }
    find(connection, id)
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Items of a scope: open ones of these kinds, or one whatever it is.
fn ids(
    connection: &mut PgConnection,
    scope: &Scope,
    kinds: &[&str],
    one: Option<i64>,
    limit: i64,
) -> Result<Vec<i64>> {
    let (state, districts) = scope.parts();
    let rows: Vec<Id> = sql_query(
        "select w.work_item_id as id from work_item w
         where case when $1 is null then w.status = 'open' and w.kind = any($2) else w.work_item_id = $1 end
           and ($3 is null or exists (select from work_item_owner o where o.work_item_id = w.work_item_id and o.state = $3
                and ($4 is null or case o.level when 'district' then o.district = any($4)
                    when 'region' then o.region in (select r.region from district_region r where r.state = $3 and r.district = any($4))
                    else false end)))
         order by w.probability desc nulls last, w.work_item_id limit $5",
    )
    .bind::<Nullable<BigInt>, _>(one)
    .bind::<Array<Text>, _>(kinds)
    .bind::<Nullable<Text>, _>(state)
    .bind::<Nullable<Array<Text>>, _>(districts)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// A work item.
pub fn find(connection: &mut PgConnection, id: i64) -> Result<Option<WorkItem>> {
    Ok(work_item::table
        .find(id)
        .select(WorkItem::as_select())
        .first(connection)
        .optional()?)
}

/// Open items about a person that decide who it is: what a reader of its record should know.
pub fn about(connection: &mut PgConnection, person: i64) -> Result<Vec<WorkItem>> {
    Ok(work_item::table
        .filter(work_item::status.eq("open"))
        .filter(work_item::persons.contains(vec![person]))
        .filter(work_item::kind.eq_any(WHO_IS_WHO))
        .order(work_item::work_item_id)
        .select(WorkItem::as_select())
        .load(connection)?)
}

/// Approved merges and splits of a person that are not undone, newest first.
pub fn approved(connection: &mut PgConnection, person: i64) -> Result<Vec<WorkItem>> {
    Ok(work_item::table
        .filter(work_item::decision.eq("approved"))
        .filter(work_item::kind.eq_any(["merge", "split"]))
        .filter(work_item::undone_by.is_null())
        .filter(work_item::persons.contains(vec![person]))
        .order(work_item::decided_at.desc())
        .select(WorkItem::as_select())
        .load(connection)?)
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

/// Open questions about a retired person are about its survivor now, and so is what holds it.
pub fn follow(connection: &mut PgConnection, retired: i64, survivor: i64) -> Result<()> {
    for statement in [
        "update work_item set person_a = case when person_a = $1 then $2 else person_a end,
                person_b = case when person_b = $1 then $2 else person_b end,
                persons = array(select distinct p from unnest(array_replace(persons, $1, $2)) as p order by p)
         where status = 'open' and persons @> array[$1]",
        "update person_lock set person_id = $2 where person_id = $1 and not exists (select from person_lock where person_id = $2)",
    ] {
        sql_query(statement)
            .bind::<BigInt, _>(retired)
            .bind::<BigInt, _>(survivor)
            .execute(connection)?;
    }
    Ok(())
}
