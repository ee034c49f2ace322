//! The students that wait for the linker.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use mde::StateCode;
use uuid::Uuid;

use crate::db::Result;
use crate::prepared::prepared;

/// Students that changed and that the linker has not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Each with the batch that changed it, the oldest first.
    pub students: Vec<(Uuid, i64)>,
    /// They are of small batches: somebody waits for them.
    pub urgent: bool,
}

/// The next students that wait, at most `limit`: those of small batches and nobody else while there are any, so that
/// they never wait for a night's load to be linked with them. Those of states in doubt wait (see [`crate::link_holds`]).
pub fn queued(connection: &mut PgConnection, limit: i64) -> Result<Queued> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        student_id: Uuid,
        #[diesel(sql_type = BigInt)]
        batch_id: i64,
        #[diesel(sql_type = Bool)]
        urgent: bool,
    }
    let rows: Vec<Row> = prepared(
        "select q.student_id, q.batch_id, q.urgent from link_queue q left join link_held h using (student_id, batch_id)
         where h.student_id is null order by q.urgent desc, q.queued_at, q.student_id limit $1",
    )
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    let urgent = rows.first().is_some_and(|row| row.urgent);
    let students = rows
        .into_iter()
        .take_while(|row| row.urgent == urgent)
        .map(|row| (row.student_id, row.batch_id))
        .collect();
    Ok(Queued { students, urgent })
}

/// Lets the linker look at students whose content did not change: people have decided something about them. Batch 0 and
/// the numbers below it stand for that. One that waits already gets another number, so that a linker that is looking at
/// it now does not take it from the queue.
pub fn queue(connection: &mut PgConnection, ids: &[Uuid], now: DateTime<Utc>) -> Result<()> {
    sql_query(
        "insert into link_queue (student_id, queued_at, batch_id, urgent) select distinct s, $2, 0, cardinality($1) <= 100 from unnest($1::uuid[]) as s order by s
         on conflict (student_id) do update set batch_id = least(link_queue.batch_id, 0) - 1",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// The linker has seen these students as these batches left them; one that a later batch changed stays queued.
pub fn unqueue(connection: &mut PgConnection, seen: &[(Uuid, i64)]) -> Result<()> {
    let (students, batches): (Vec<Uuid>, Vec<i64>) = seen.iter().copied().unzip();
    prepared(
        "delete from link_queue q using unnest($1::uuid[], $2::bigint[]) as s (student_id, batch_id)
         where q.student_id = s.student_id and q.batch_id = s.batch_id",
    )
    .bind::<Array<SqlUuid>, _>(students)
    .bind::<Array<BigInt>, _>(batches)
    .execute(connection)?;
    Ok(())
}

/// Number of students that wait for the linker, of one state or of all.
pub fn queue_length(connection: &mut PgConnection, state: Option<StateCode>) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Count = sql_query(
        "select count(*) as count from link_queue q join student_status t using (student_id) where $1 is null or t.state = $1",
    )
    .bind::<Nullable<Text>, _>(state.map(|s| s.to_string()))
    .get_result(connection)?;
    Ok(row.count)
}
