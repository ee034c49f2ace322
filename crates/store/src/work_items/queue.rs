//! A worklist as the people of a state work through it: what is open for them, how urgent, and who has taken it.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz};

use super::{Scope, TASKS, WHO_IS_WHO, WorkItem};
use crate::db::Result;
use crate::schema::work_item;

/// Whose items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Taken {
    /// Everybody's.
    #[default]
    ByAnybody,
    /// Those that nobody has taken.
    ByNobody,
    /// Those of this account, as `account:…`.
    By(String),
}

impl Taken {
    /// As statements compare it with a column that is null where nobody has taken something: none for everybody's, empty
    /// for nobody's.
    pub(crate) fn account(&self) -> Option<&str> {
        match self {
            Self::ByAnybody => None,
            Self::ByNobody => Some(""),
            Self::By(account) => Some(account),
        }
    }
}

/// Which open items of a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Whose worklists.
    pub scope: Scope,
    /// Only of this kind; all that are on worklists of the scope for none.
    pub kind: Option<String>,
    /// Whose.
    pub taken: Taken,
}

/// The place of an item on a worklist.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Place {
    /// The item.
    #[diesel(sql_type = BigInt)]
    pub work_item_id: i64,
    /// `district`, `region` or `state`; none on the arbiter's own list.
    #[diesel(sql_type = Nullable<Text>)]
    pub level: Option<String>,
    /// The district of the child's latest enrollment in the state, or to which it was given.
    #[diesel(sql_type = Nullable<Text>)]
    pub district: Option<String>,
    /// The region of that district.
    #[diesel(sql_type = Nullable<Text>)]
    pub region: Option<String>,
    /// Who has taken it.
    #[diesel(sql_type = Nullable<Text>)]
    pub assignee: Option<String>,
    /// Day of the state on which it came to this worklist.
    #[diesel(sql_type = Date)]
    pub since: NaiveDate,
    /// Day of the state on which it was opened.
    #[diesel(sql_type = Date)]
    pub opened: NaiveDate,
    /// Last day for what a state has to do for another, or for a family.
    #[diesel(sql_type = Nullable<Date>)]
    pub due_on: Option<NaiveDate>,
}

/// Open items `w`, with their places `o` on the worklists of the state `$1`, or of districts `$2` of it.
const WITHIN: &str = "
    from work_item w left join work_item_owner o on o.work_item_id = w.work_item_id and o.state = $1
    where w.status = 'open' and ($1 is null or o.work_item_id is not null)
      and ($2 is null or case o.level when 'district' then o.district = any($2)
           when 'region' then o.region in (select r.region from district_region r where r.state = $1 and r.district = any($2))
           else false end)";

/// The last day of the item `l`: of an answer, else of the duties that a correction has started for the state `$1`.
const DUE: &str = "
    coalesce((select r.due_on from data_request r where r.work_item_id = l.work_item_id),
             (select min(d.due_on) from deadline d where d.state = $1 and d.met_at is null and d.withdrawn_at is null
                and d.cause in ('correction_decision|' || l.work_item_id, 'corrected_data|' || l.work_item_id,
                                'correction_forward|' || l.work_item_id)))";

/// The kinds of item on the worklists of a scope.
fn kinds_of(scope: &Scope) -> Vec<&'static str> {
    match scope {
        Scope::Everything => WHO_IS_WHO.to_vec(),
        Scope::State(_) | Scope::Districts(..) => [&WHO_IS_WHO[..], &TASKS].concat(),
    }
}

impl Queue {
    fn kinds(&self) -> Vec<&str> {
        self.kind
            .as_deref()
            .map_or_else(|| kinds_of(&self.scope), |kind| vec![kind])
    }
}

/// Items of a worklist, those that are the longest at their level first, from the one after the item `after` on.
pub fn queue(
    connection: &mut PgConnection,
    queue: &Queue,
    after: i64,
    limit: i64,
) -> Result<Vec<(WorkItem, Place)>> {
    let (state, districts) = queue.scope.parts();
    let places: Vec<Place> = sql_query(format!(
        "with listed as (select w.work_item_id, o.level, o.district, o.region, o.assignee,
                coalesce(o.since, w.opened_at) as at, w.opened_at {WITHIN}
              and w.kind = any($3) and ($4 is null or coalesce(o.assignee, '') = $4))
         select l.work_item_id, l.level, l.district, l.region, l.assignee,
                (l.at at time zone coalesce(p.time_zone, 'UTC'))::date as since,
                (l.opened_at at time zone coalesce(p.time_zone, 'UTC'))::date as opened, {DUE} as due_on
         from listed l left join participant p on p.state = $1
         where (l.at, l.work_item_id) > (select a.at, a.work_item_id from listed a where a.work_item_id = $5
                                         union all select '-infinity', 0 limit 1)
         order by l.at, l.work_item_id limit $6"
    ))
    .bind::<Nullable<Text>, _>(state)
    .bind::<Nullable<Array<Text>>, _>(districts)
    .bind::<Array<Text>, _>(queue.kinds())
    .bind::<Nullable<Text>, _>(queue.taken.account())
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    let ids: Vec<i64> = places.iter().map(|place| place.work_item_id).collect();
    let mut items: std::collections::HashMap<i64, WorkItem> = work_item::table
        .filter(work_item::work_item_id.eq_any(&ids))
        .select(WorkItem::as_select())
        .load(connection)?
        .into_iter()
        .map(|item| (item.work_item_id, item))
        .collect();
    Ok(places
        .into_iter()
        .filter_map(|place| Some((items.remove(&place.work_item_id)?, place)))
        .collect())
}

/// How many open items of a kind a worklist has.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct KindCount {
    /// The kind.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Items.
    #[diesel(sql_type = BigInt)]
    pub items: i64,
}

/// How many open items of each kind a worklist has, whoever has taken them.
pub fn queue_counts(connection: &mut PgConnection, scope: &Scope) -> Result<Vec<KindCount>> {
    let (state, districts) = scope.parts();
    Ok(sql_query(format!(
        "select w.kind, count(*) as items {WITHIN} and w.kind = any($3) group by 1 order by 1"
    ))
    .bind::<Nullable<Text>, _>(state)
    .bind::<Nullable<Array<Text>>, _>(districts)
    .bind::<Array<Text>, _>(kinds_of(scope))
    .load(connection)?)
}

/// Says who does these items of a state's worklist, or that nobody does. An item that somebody has taken stays with
/// that account unless `from` is it, or `from` is none and the item is to be given away by an administrator. Returns
/// the items that changed hands.
pub fn entrust(
    connection: &mut PgConnection,
    scope: &Scope,
    items: &[i64],
    to: Option<&str>,
    from: &Taken,
    now: DateTime<Utc>,
) -> Result<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        work_item_id: i64,
    }
    let (state, districts) = scope.parts();
    let changed: Vec<Id> = sql_query(format!(
        "update work_item_owner t set assignee = $4, assigned_at = case when $4 is not null then $5 end
         where t.state = $1 and t.work_item_id = any($3) and t.assignee is distinct from $4
           and ($6 is null or coalesce(t.assignee, '') = $6)
           and t.work_item_id in (select w.work_item_id {WITHIN})
         returning t.work_item_id"
    ))
    .bind::<Nullable<Text>, _>(state)
    .bind::<Nullable<Array<Text>>, _>(districts)
    .bind::<Array<BigInt>, _>(items)
    .bind::<Nullable<Text>, _>(to)
    .bind::<Timestamptz, _>(now)
    .bind::<Nullable<Text>, _>(from.account())
    .load(connection)?;
    Ok(changed.into_iter().map(|id| id.work_item_id).collect())
}
