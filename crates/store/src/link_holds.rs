//! States in doubt: their changed students wait in the linker's queue.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use mde::StateCode;
use uuid::Uuid;

use crate::db::Result;
use crate::prepared::prepared;

/// A state in doubt, or one about which a person has said that it is right.
#[derive(Debug, Clone, QueryableByName)]
pub struct Hold {
    /// Postal code.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// Since when its students wait.
    #[diesel(sql_type = Timestamptz)]
    pub since: DateTime<Utc>,
    /// Which elements are in doubt, with counts; no values.
    #[diesel(sql_type = Jsonb)]
    pub doubts: serde_json::Value,
    /// When a person said that it is right; `None` while students wait.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub released_at: Option<DateTime<Utc>>,
}

/// All states in doubt, and those released by a person, by state.
pub fn all(connection: &mut PgConnection) -> Result<Vec<Hold>> {
    Ok(
        prepared("select state, since, doubts, released_at from link_hold order by state")
            .load(connection)?,
    )
}

/// How many students wait, by the state that is in doubt.
pub fn counts(connection: &mut PgConnection) -> Result<HashMap<String, i64>> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = Text)]
        state: String,
        #[diesel(sql_type = BigInt)]
        students: i64,
    }
    let rows: Vec<Count> = sql_query(
        "select state, count(*) as students from link_held join link_queue using (student_id, batch_id) group by state",
    )
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.state, row.students)).collect())
}

/// Lets changed students of a state wait, each as this batch left it. What was said of the state before is replaced.
pub fn hold(
    connection: &mut PgConnection,
    state: StateCode,
    waiting: &[(Uuid, i64)],
    doubts: &serde_json::Value,
    now: DateTime<Utc>,
) -> Result<()> {
    sql_query(
        "insert into link_hold (state, since, doubts) values ($1, $2, $3)
         on conflict (state) do update set doubts = excluded.doubts, released_at = null, released_by = null,
            since = case when link_hold.released_at is null then link_hold.since else excluded.since end",
    )
    .bind::<Text, _>(state.as_str())
    .bind::<Timestamptz, _>(now)
    .bind::<Jsonb, _>(doubts)
    .execute(connection)?;
    let (students, batches): (Vec<Uuid>, Vec<i64>) = waiting.iter().copied().unzip();
    sql_query(
        "insert into link_held (student_id, state, batch_id) select student_id, $3, batch_id from unnest($1::uuid[], $2::bigint[]) as w (student_id, batch_id)
         on conflict (student_id) do update set batch_id = excluded.batch_id",
    )
    .bind::<Array<SqlUuid>, _>(students)
    .bind::<Array<BigInt>, _>(batches)
    .bind::<Text, _>(state.as_str())
    .execute(connection)?;
    Ok(())
}

/// The students that wait, of one state or of all.
pub fn waiting(connection: &mut PgConnection, state: Option<StateCode>) -> Result<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Waiting {
        #[diesel(sql_type = SqlUuid)]
        student_id: Uuid,
    }
    let rows: Vec<Waiting> = sql_query(
        "select student_id from link_held join link_queue using (student_id, batch_id)
         where $1 is null or state = $1 order by student_id",
    )
    .bind::<Nullable<Text>, _>(state.map(|s| s.to_string()))
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.student_id).collect())
}

/// The doubt is gone: nothing of the state waits, and nothing is remembered of it. `false` if there was none.
pub fn lift(connection: &mut PgConnection, state: StateCode) -> Result<bool> {
    sql_query("delete from link_held where state = $1")
        .bind::<Text, _>(state.as_str())
        .execute(connection)?;
    let lifted = sql_query("delete from link_hold where state = $1")
        .bind::<Text, _>(state.as_str())
        .execute(connection)?;
    Ok(lifted == 1)
}

/// A person says that what the state sent is right: its students are linked, and as much of the same passes from now
/// on. `false` if none of the state waits.
pub fn release(
    connection: &mut PgConnection,
    state: StateCode,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let released = sql_query(
        "update link_hold set released_at = $2, released_by = $3 where state = $1 and released_at is null",
    )
    .bind::<Text, _>(state.as_str())
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(by)
    .execute(connection)?;
    sql_query("delete from link_held where state = $1")
        .bind::<Text, _>(state.as_str())
        .execute(connection)?;
    Ok(released == 1)
}
