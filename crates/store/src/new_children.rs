//! Children who are newly certified or newly enrolled in a district, and those who have gone from it to another one of the
//! same state, until somebody of the district says that it is seen.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};
use mde::{PersonId, StateCode};
use serde::Serialize;
use uuid::Uuid;

use crate::db::Result;
use crate::roster::Place;
use crate::schema::new_child;

/// Alerts about one child in one district whose days are not further apart than this are one: the day was corrected.
const SAME_DAYS: i64 = 30;

/// How long a withdrawn alert stays to be seen.
const WITHDRAWN_DAYS: i64 = 30;

/// Why a district is told of a child that has gone to another one; any other reason makes a child new.
pub const LEFT: &str = "left";

/// Of which children somebody wants to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Who is new.
    New,
    /// Who has gone to another district of the state.
    Gone,
}

/// A child who is new in a district, or has gone from it.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = new_child)]
pub struct NewChild {
    /// The state.
    pub state: String,
    /// The district, as the state writes it; none is known: it is told to the state.
    pub district: Option<String>,
    /// The child.
    pub person_id: i64,
    /// The student that shows it.
    pub student_id: Uuid,
    /// `certified`, `enrolled`, or [`LEFT`].
    pub reason: &'static str,
    /// The qualifying arrival or the first day in the district, the later one; of who left the first day in the other
    /// district.
    pub happened_on: NaiveDate,
    /// The school; of who left the one to which it came.
    pub facility_code: Option<String>,
    /// When the hub noticed.
    pub raised_at: DateTime<Utc>,
    /// Of who left: the district to which it went, as the state writes it.
    pub to_district: Option<String>,
}

/// A kept alert.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable, Serialize)]
#[diesel(table_name = new_child)]
#[expect(
    missing_docs,
    reason = "as in NewChild, and the migration documents the columns"
)]
pub struct Alert {
    pub new_child_id: i64,
    pub state: String,
    pub district: Option<String>,
    pub person_id: i64,
    pub student_id: Uuid,
    pub reason: String,
    pub happened_on: NaiveDate,
    pub facility_code: Option<String>,
    pub raised_at: DateTime<Utc>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub acknowledged_by: Option<String>,
    pub withdrawn_at: Option<DateTime<Utc>>,
    pub to_district: Option<String>,
}

impl Alert {
    /// Of which children it is.
    #[must_use]
    pub fn told(&self) -> Told {
        if self.reason == LEFT {
            Told::Gone
        } else {
            Told::New
        }
    }

    /// Whether it tells the same as this one: the same child, by number or by student, new in the same district, or gone
    /// from it to the same one, at about the same time.
    fn tells(&self, new: &NewChild) -> bool {
        (self.person_id == new.person_id || self.student_id == new.student_id)
            && self.state == new.state
            && folded(self.district.as_ref()) == folded(new.district.as_ref())
            && folded(self.to_district.as_ref()) == folded(new.to_district.as_ref())
            && (self.happened_on - new.happened_on).abs() <= TimeDelta::days(SAME_DAYS)
    }
}

fn folded(district: Option<&String>) -> Option<String> {
    district.map(|name| name.to_lowercase())
}

/// Brings the alerts of persons in line with what is so: `wanted`, of which those with `true` are recent enough to be
/// raised. Each is raised once; one that is corrected follows, one that is not so any more is withdrawn, and comes back
/// with what raised it. A second call changes nothing. In the caller's transaction. Returns how many were raised.
pub fn settle(
    connection: &mut PgConnection,
    persons: &[i64],
    wanted: &[(NewChild, bool)],
    now: DateTime<Utc>,
) -> Result<usize> {
    let students: Vec<Uuid> = wanted.iter().map(|(new, _)| new.student_id).collect();
    let kept: Vec<Alert> = new_child::table
        .filter(
            new_child::person_id
                .eq_any(persons)
                .or(new_child::student_id.eq_any(students)),
        )
        .order(new_child::new_child_id)
        .select(Alert::as_select())
        .load(connection)?;
    let told = matched(&kept, wanted);
    let mut raised = Vec::new();
    for ((new, recent), told) in wanted.iter().zip(&told) {
        match told {
            Some(at) => follow(connection, &kept[*at], new)?,
            None if *recent => raised.push(new),
            None => {}
        }
    }
    let gone: Vec<i64> = kept
        .iter()
        .enumerate()
        .filter(|(at, alert)| alert.withdrawn_at.is_none() && !told.contains(&Some(*at)))
        .map(|(_, alert)| alert.new_child_id)
        .collect();
    diesel::update(new_child::table.filter(new_child::new_child_id.eq_any(gone)))
        .set(new_child::withdrawn_at.eq(now))
        .execute(connection)?;
    for new in &raised {
        diesel::insert_into(new_child::table)
            .values(*new)
            .execute(connection)?;
    }
    Ok(raised.len())
}

/// Which kept alert tells each of what is wanted. Those of the nearest days belong together, of these the one that
/// somebody has seen, then the oldest; none tells two.
fn matched(kept: &[Alert], wanted: &[(NewChild, bool)]) -> Vec<Option<usize>> {
    let mut pairs = Vec::new();
    for (at, alert) in kept.iter().enumerate() {
        for (index, (new, _)) in wanted.iter().enumerate().filter(|(_, (new, _))| alert.tells(new)) {
            let days = (alert.happened_on - new.happened_on).abs();
            pairs.push((days, alert.acknowledged_at.is_none(), at, index));
        }
    }
    pairs.sort_unstable();
    let mut told = vec![None; wanted.len()];
    for (_, _, at, index) in pairs {
        if told[index].is_none() && !told.contains(&Some(at)) {
            told[index] = Some(at);
        }
    }
    told
}

/// Lets a kept alert say what is so now.
fn follow(connection: &mut PgConnection, kept: &Alert, new: &NewChild) -> Result<()> {
    let same = (
        kept.person_id,
        kept.student_id,
        kept.reason.as_str(),
        kept.happened_on,
        &kept.facility_code,
        kept.withdrawn_at,
    ) == (
        new.person_id,
        new.student_id,
        new.reason,
        new.happened_on,
        &new.facility_code,
        None,
    );
    if !same {
        diesel::update(new_child::table.find(kept.new_child_id))
            .set((
                new_child::person_id.eq(new.person_id),
                new_child::student_id.eq(new.student_id),
                new_child::reason.eq(new.reason),
                new_child::happened_on.eq(new.happened_on),
                new_child::facility_code.eq(&new.facility_code),
                new_child::withdrawn_at.eq(None::<DateTime<Utc>>),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// The statement of the alerts of a place that wait for somebody, with those that were withdrawn of late before anybody
/// saw them.
pub const OPEN: &str = "
    select n.* from new_child n
    where n.state = $1 and n.acknowledged_at is null and ($2::text[] is null or lower(n.district) = any($2))
      and (n.withdrawn_at is null or n.withdrawn_at > $3) and n.new_child_id > $4 and (n.reason = 'left') = $6
    order by n.new_child_id limit $5";

/// Alerts of a place that nobody has acknowledged, oldest first, from the one after `after` on. A withdrawn one is among
/// them for a while: that somebody was told wrongly has to be seen too.
pub fn open(
    connection: &mut PgConnection,
    place: &Place,
    told: Told,
    now: DateTime<Utc>,
    after: i64,
    limit: i64,
) -> Result<Vec<Alert>> {
    Ok(sql_query(OPEN)
        .bind::<Text, _>(place.state.as_str())
        .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
        .bind::<Timestamptz, _>(now - TimeDelta::days(WITHDRAWN_DAYS))
        .bind::<BigInt, _>(after)
        .bind::<BigInt, _>(limit)
        .bind::<Bool, _>(told == Told::Gone)
        .load(connection)?)
}

/// Alerts of a place that were acknowledged last.
pub fn acknowledged(connection: &mut PgConnection, place: &Place, limit: i64) -> Result<Vec<Alert>> {
    Ok(sql_query(
        "select n.* from new_child n
         where n.state = $1 and n.acknowledged_at is not null and ($2::text[] is null or lower(n.district) = any($2))
         order by n.acknowledged_at desc, n.new_child_id limit $3",
    )
    .bind::<Text, _>(place.state.as_str())
    .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
    .bind::<BigInt, _>(limit)
    .load(connection)?)
}

/// How many alerts of a place wait for somebody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, QueryableByName)]
pub struct Waiting {
    /// Of new children.
    #[diesel(sql_type = BigInt)]
    pub new: i64,
    /// Of children who have gone to another district.
    #[diesel(sql_type = BigInt)]
    pub gone: i64,
}

/// How many alerts of a place wait for somebody.
pub fn count_open(connection: &mut PgConnection, place: &Place) -> Result<Waiting> {
    Ok(sql_query(
        "select count(*) filter (where n.reason <> 'left') as new, count(*) filter (where n.reason = 'left') as gone
         from new_child n where n.state = $1 and n.acknowledged_at is null
           and n.withdrawn_at is null and ($2::text[] is null or lower(n.district) = any($2))",
    )
    .bind::<Text, _>(place.state.as_str())
    .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
    .get_result(connection)?)
}

/// Notes that somebody of the place has seen these alerts; who was first stays. Those of other places are left alone.
/// Returns the numbers of those that are of the place, and whether this call acknowledged each.
pub fn acknowledge(
    connection: &mut PgConnection,
    place: &Place,
    ids: &[i64],
    by: &str,
    now: DateTime<Utc>,
) -> Result<Vec<(i64, bool)>> {
    #[derive(QueryableByName)]
    struct Seen {
        #[diesel(sql_type = BigInt)]
        new_child_id: i64,
        #[diesel(sql_type = Bool)]
        now: bool,
    }
    let seen: Vec<Seen> = sql_query(
        "with changed as (
            update new_child n set acknowledged_at = $4, acknowledged_by = $5
            where n.new_child_id = any($3) and n.state = $1 and n.acknowledged_at is null
              and ($2::text[] is null or lower(n.district) = any($2))
            returning n.new_child_id)
         select n.new_child_id, c.new_child_id is not null as now
         from new_child n left join changed c using (new_child_id)
         where n.new_child_id = any($3) and n.state = $1 and ($2::text[] is null or lower(n.district) = any($2))
         order by 1",
    )
    .bind::<Text, _>(place.state.as_str())
    .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(by)
    .load(connection)?;
    Ok(seen
        .into_iter()
        .map(|seen| (seen.new_child_id, seen.now))
        .collect())
}

/// An alert by its number, if it is of this state.
pub fn find(connection: &mut PgConnection, state: StateCode, id: i64) -> Result<Option<Alert>> {
    Ok(new_child::table
        .find(id)
        .filter(new_child::state.eq(state.as_str()))
        .select(Alert::as_select())
        .first(connection)
        .optional()?)
}

/// The alerts of a place about a person that are so and that nobody has acknowledged, oldest first.
pub fn of_person(connection: &mut PgConnection, place: &Place, person: PersonId) -> Result<Vec<Alert>> {
    Ok(sql_query(
        "select n.* from new_child n
         where n.person_id = $3 and n.state = $1 and n.acknowledged_at is null and n.withdrawn_at is null
           and ($2::text[] is null or lower(n.district) = any($2))
         order by n.new_child_id",
    )
    .bind::<Text, _>(place.state.as_str())
    .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
    .bind::<BigInt, _>(person.number())
    .load(connection)?)
}
