//! How the hub is used: how soon what arrives is ready and looked at, how long work waits, and whether a page helped.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Date, Double, Nullable, Text, Timestamptz};
use mde::StateCode;

use crate::db::Result;

/// Students, those that changed last, of which is asked when they were first looked at.
const LATEST: i64 = 2_000;

/// How long something took: of how many, and the median and the ninth tenth in hours.
#[derive(Debug, Clone, Copy, PartialEq, QueryableByName)]
pub struct Took {
    /// Of how many.
    #[diesel(sql_type = BigInt)]
    pub of: i64,
    /// Half of them took so many hours at most; `None` where there is nothing.
    #[diesel(sql_type = Nullable<Double>)]
    pub median: Option<f64>,
    /// Nine of ten took so many hours at most.
    #[diesel(sql_type = Nullable<Double>)]
    pub most: Option<f64>,
}

/// How long uploads of a state, or of all, received since an instant took until they were loaded.
pub fn loaded_after(
    connection: &mut PgConnection,
    state: Option<StateCode>,
    since: DateTime<Utc>,
) -> Result<Took> {
    Ok(sql_query(
        "select count(*) as of, percentile_cont(0.5) within group (order by h) as median,
                percentile_cont(0.9) within group (order by h) as most
         from (select extract(epoch from status_at - received_at)::float8 / 3600 as h from batch
               where status = 'loaded' and received_at >= $1 and ($2 is null or state = $2)) b",
    )
    .bind::<Timestamptz, _>(since)
    .bind::<Nullable<Text>, _>(state.map(|state| state.to_string()))
    .get_result(connection)?)
}

/// How long it took until somebody looked at a student of the state on a page, after its content had come: of those
/// that changed last and were looked at since.
pub fn opened_after(connection: &mut PgConnection, state: StateCode) -> Result<Took> {
    Ok(sql_query(
        "select count(*) as of, percentile_cont(0.5) within group (order by h) as median,
                percentile_cont(0.9) within group (order by h) as most
         from (select extract(epoch from d.at - s.received_at)::float8 / 3600 as h
               from (select student_id, received_at from student_status where state = $1
                     order by received_at desc limit $2) s
               join link l using (student_id),
               lateral (select at from disclosure d where d.person_id = l.person_id and d.channel = 'portal'
                        and d.at >= s.received_at order by d.disclosure_id limit 1) d) o",
    )
    .bind::<Text, _>(state.as_str())
    .bind::<BigInt, _>(LATEST)
    .get_result(connection)?)
}

/// Open items of a kind that have waited about as long.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Waiting {
    /// The kind.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Since how many days at least: 0, 6, 11 or 16.
    #[diesel(sql_type = diesel::sql_types::Integer)]
    pub days: i32,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub items: i64,
}

/// How long the open items of a state, or of all, have waited, by kind.
pub fn waiting(
    connection: &mut PgConnection,
    state: Option<StateCode>,
    now: DateTime<Utc>,
) -> Result<Vec<Waiting>> {
    Ok(sql_query(
        "select kind, case when d < 6 then 0 when d < 11 then 6 when d < 16 then 11 else 16 end as days, count(*) as items
         from (select kind, extract(day from $1 - opened_at) as d from work_item
               where status = 'open' and ($2 is null or states @> array[$2])) w
         group by 1, 2 order by 1, 2",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Nullable<Text>, _>(state.map(|state| state.to_string()))
    .load(connection)?)
}

/// Keeps whether a page helped, with nothing about who or whom.
pub fn say(
    connection: &mut PgConnection,
    state: Option<StateCode>,
    day: NaiveDate,
    helped: bool,
    words: &str,
) -> Result<()> {
    sql_query("insert into feedback (day, state, helped, words) values ($1, $2, $3, $4)")
        .bind::<Date, _>(day)
        .bind::<Nullable<Text>, _>(state.map(|state| state.to_string()))
        .bind::<Bool, _>(helped)
        .bind::<Text, _>(words)
        .execute(connection)?;
    Ok(())
}

/// What was said on a day.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Word {
    /// The day.
    #[diesel(sql_type = Date)]
    pub day: NaiveDate,
    /// Whether the page helped.
    #[diesel(sql_type = Bool)]
    pub helped: bool,
    /// In words; may be empty.
    #[diesel(sql_type = Text)]
    pub words: String,
}

/// What users of a state, or all, said since a day, the newest first.
pub fn said(
    connection: &mut PgConnection,
    state: Option<StateCode>,
    since: NaiveDate,
    limit: i64,
) -> Result<Vec<Word>> {
    Ok(sql_query(
        "select day, helped, words from feedback where day >= $1 and ($2 is null or state = $2)
         order by feedback_id desc limit $3",
    )
    .bind::<Date, _>(since)
    .bind::<Nullable<Text>, _>(state.map(|state| state.to_string()))
    .bind::<BigInt, _>(limit)
    .load(connection)?)
}
