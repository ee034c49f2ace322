//! On whose worklist an item is: every state with a live student in it, each at a level of its own.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Date, Integer, Nullable, Text, Timestamptz};
use mde::StateCode;
use serde::Serialize;

use crate::db::Result;
use crate::schema::work_item_owner;

/// Whose worklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The arbiter's: every state.
    Everything,
    /// A state's, at every level.
    State(StateCode),
    /// Of these districts of a state: what is at their level, or at the level of a region that holds one of them.
    Districts(StateCode, Vec<String>),
}

impl Scope {
    /// The state; `None` for the arbiter.
    #[must_use]
    pub fn state(&self) -> Option<StateCode> {
        match self {
            Self::Everything => None,
            Self::State(state) | Self::Districts(state, _) => Some(*state),
        }
    }

    pub(crate) fn parts(&self) -> (Option<&str>, Option<&[String]>) {
        match self {
            Self::Everything => (None, None),
            Self::State(state) => (Some(state.as_str()), None),
            Self::Districts(state, districts) => (Some(state.as_str()), Some(districts)),
        }
    }
}

/// On which worklist of a state an item is.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = work_item_owner)]
pub struct Owner {
    /// The state.
    pub state: String,
    /// `district`, `region` or `state`.
    pub level: String,
    /// The district of the child's latest enrollment there, or to which the item was given.
    pub district: Option<String>,
    /// The region of that district.
    pub region: Option<String>,
    /// Since when it is on this worklist.
    pub since: DateTime<Utc>,
    /// Who has taken it, by address; nobody yet.
    pub assignee: Option<String>,
}

/// Puts items on the worklist of every state with a live student in their persons: at the district of the latest
/// enrollment where that is known, else at the state. States that have them already keep them where they are; states
/// without a live student lose them. The items' lists of states follow.
pub fn assign(connection: &mut PgConnection, items: &[i64], now: DateTime<Utc>) -> Result<()> {
    for statement in [
        "delete from work_item_owner o using work_item w
         where o.work_item_id = any($1) and w.work_item_id = o.work_item_id and $2 is not null and not exists (
             select from link l join student_status t using (student_id)
             where l.person_id = any(w.persons) and t.status = 'live' and t.state = o.state)",
        "insert into work_item_owner (work_item_id, state, level, district, region, since)
         select f.work_item_id, f.state, case when f.district is null then 'state' else 'district' end, f.district, r.region, $2
         from (select distinct on (w.work_item_id, t.state) w.work_item_id, t.state,
                   coalesce(s.district, e.district_of_residence) as district
               from work_item w join link l on l.person_id = any(w.persons)
               join student_status t on t.student_id = l.student_id and t.status = 'live'
               left join enrollment e on e.student_id = l.student_id
               left join facility s on s.state = t.state and s.code = e.facility_code
               where w.work_item_id = any($1)
               order by w.work_item_id, t.state, e.enrollment_date desc nulls last, l.student_id, e.ordinal desc) f
         left join district_region r on r.state = f.state and r.district = f.district
         on conflict (work_item_id, state) do nothing",
        "update work_item w set states = array(select o.state from work_item_owner o where o.work_item_id = w.work_item_id order by 1)
         where w.work_item_id = any($1) and $2 is not null",
    ] {
        sql_query(statement)
            .bind::<Array<BigInt>, _>(items)
            .bind::<Timestamptz, _>(now)
            .execute(connection)?;
    }
    Ok(())
}

/// The states with a live student in these persons.
pub fn states_of(connection: &mut PgConnection, persons: &[i64]) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct State {
        #[diesel(sql_type = Text)]
        state: String,
    }
    let rows: Vec<State> = sql_query(
        "select distinct t.state from link l join student_status t using (student_id)
         where l.person_id = any($1) and t.status = 'live' order by 1",
    )
    .bind::<Array<BigInt>, _>(persons)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.state).collect())
}

/// On which worklists an item is, by state.
pub fn owners(connection: &mut PgConnection, item: i64) -> Result<Vec<Owner>> {
    Ok(work_item_owner::table
        .filter(work_item_owner::work_item_id.eq(item))
        .order(work_item_owner::state)
        .select(Owner::as_select())
        .load(connection)?)
}

/// Puts an item of a state on the worklist of this level, from now on. `district` is kept where none is given. The
/// region is that of the district. Who had taken it has it no more.
pub fn give(
    connection: &mut PgConnection,
    item: i64,
    state: &str,
    level: &str,
    district: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sql_query(
        "update work_item_owner o set level = $3, since = $5, assignee = null, assigned_at = null, district = coalesce($4, o.district),
                region = (select r.region from district_region r where r.state = $2 and r.district = coalesce($4, o.district))
         where o.work_item_id = $1 and o.state = $2",
    )
    .bind::<BigInt, _>(item)
    .bind::<Text, _>(state)
    .bind::<Text, _>(level)
    .bind::<Nullable<Text>, _>(district)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// How long an open item has been on a worklist, in days of that state's calendar.
#[derive(Debug, Clone, QueryableByName)]
pub struct Turn {
    /// The item.
    #[diesel(sql_type = BigInt)]
    pub work_item_id: i64,
    /// The state whose worklist it is.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// `district`, `region` or `state`.
    #[diesel(sql_type = Text)]
    pub level: String,
    /// The region of its district, if the state has one.
    #[diesel(sql_type = Nullable<Text>)]
    pub region: Option<String>,
    /// Day on which it came to this worklist.
    #[diesel(sql_type = Date)]
    pub since: NaiveDate,
    /// Day on which it was opened.
    #[diesel(sql_type = Date)]
    pub opened: NaiveDate,
    /// Today.
    #[diesel(sql_type = Date)]
    pub today: NaiveDate,
    /// The state that asks, for a request.
    #[diesel(sql_type = Nullable<Text>)]
    pub requested_state: Option<String>,
    /// How many states have it.
    #[diesel(sql_type = Integer)]
    pub states: i32,
}

/// Every worklist on which an open item waits that is not the arbiter's yet, by item.
pub fn turns(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<Turn>> {
    Ok(sql_query(
        "select w.work_item_id, o.state, o.level, o.region, w.requested_state, cardinality(w.states) as states,
                (o.since at time zone coalesce(p.time_zone, 'UTC'))::date as since,
                (w.opened_at at time zone coalesce(p.time_zone, 'UTC'))::date as opened,
                ($1 at time zone coalesce(p.time_zone, 'UTC'))::date as today
         from work_item w join work_item_owner o using (work_item_id) left join participant p on p.state = o.state
         where w.status = 'open' and w.arbiter_since is null and w.kind = any($2)
         order by w.work_item_id, o.state",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Array<Text>, _>(super::WHO_IS_WHO.as_slice())
    .load(connection)?)
}
