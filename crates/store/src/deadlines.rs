//! Deadlines of states: kept by what started them, brought in line with what the students say, met by batches.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text};
use mde::{PersonId, StateCode};
use serde::Serialize;
use uuid::Uuid;

use crate::db::Result;
use crate::due::Due;
use crate::persons::{self, Numbered};
use crate::schema::deadline;

/// A deadline as it is to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, AsChangeset)]
#[diesel(table_name = deadline, treat_none_as_null = true)]
pub struct NewDeadline {
    /// What started it: the same cause is the same deadline.
    pub cause: String,
    /// The duty.
    pub duty: String,
    /// Whose it is.
    pub state: String,
    /// About whom.
    pub student_id: Uuid,
    /// The child.
    pub person_id: i64,
    /// Where it falls to.
    pub district: Option<String>,
    /// What day started it.
    pub started_on: Option<NaiveDate>,
    /// Its last day.
    pub due_on: Option<NaiveDate>,
    /// The limit and the free days that were applied.
    pub setting: serde_json::Value,
    /// When the batch that met it was received.
    pub met_at: Option<DateTime<Utc>>,
    /// The day of it in the state.
    pub met_on: Option<NaiveDate>,
    /// That batch.
    pub met_by_batch: Option<i64>,
    /// When the hub first noted it.
    pub noted_at: DateTime<Utc>,
    /// What started it is not so any more.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

/// A kept deadline.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable, Serialize)]
#[diesel(table_name = deadline)]
#[expect(missing_docs, reason = "as in NewDeadline")]
pub struct Kept {
    pub deadline_id: i64,
    pub cause: String,
    pub duty: String,
    pub state: String,
    pub student_id: Uuid,
    pub person_id: i64,
    pub district: Option<String>,
    pub started_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub setting: serde_json::Value,
    pub met_at: Option<DateTime<Utc>>,
    pub met_on: Option<NaiveDate>,
    pub met_by_batch: Option<i64>,
    pub noted_at: DateTime<Utc>,
    pub withdrawn_at: Option<DateTime<Utc>>,
}

/// Which of these persons can have a deadline: a certificate or records of a time in which their state takes part, a
/// notice, a kept deadline, or a state that keeps terms.
pub fn candidates(connection: &mut PgConnection, ids: &[PersonId]) -> Result<Vec<PersonId>> {
    let rows: Vec<Numbered> = sql_query(
        "with held as (
            select l.person_id, l.student_id, t.state, p.registered_at::date - 1 as since
            from link l join student_status t using (student_id) join participant p using (state)
            where l.person_id = any($1))
         select person_id from held join qualifying_move q using (student_id)
         where coalesce(q.certificate_approval_date, q.qualifying_arrival_date) >= since
         union
         select person_id from held join enrollment e using (student_id) where e.out_of_state_records_date >= since
         union
         select person_id from held where exists (select from term where term.state = held.state)
         union
         select person_id from move_notice where person_id = any($1) and kind = 'departure' and sender is null
         union
         select l.person_id from correction k join link l using (student_id) where l.person_id = any($1)
         union
         select person_id from deadline where person_id = any($1)
         order by person_id",
    )
    .bind::<Array<BigInt>, _>(persons::numbers(ids))
    .load(connection)?;
    persons::ids(rows)
}

/// The live students' persons of a state that were enrolled there during a term of one of its districts that ended on
/// a day from `from` to `to`, and for which no deadline of that term is kept.
pub fn in_terms_ended(
    connection: &mut PgConnection,
    state: StateCode,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<PersonId>> {
    let rows: Vec<Numbered> = sql_query(
        "select distinct l.person_id
         from term join student_status t on t.state = term.state and t.status = 'live'
         join enrollment e on e.student_id = t.student_id
             and e.enrollment_date <= term.end_on and coalesce(e.withdrawal_date, term.end_on) >= term.begin_on
         left join facility f on f.state = t.state and f.code = e.facility_code
         join link l on l.student_id = t.student_id
         where term.state = $1 and term.end_on between $2 and $3
           and term.district in (lower(f.district), lower(f.nces_district_id), lower(e.district_of_residence))
           and not exists (select from deadline d where d.student_id = t.student_id and d.duty = 'end_of_term'
                           and d.started_on = term.end_on and d.withdrawn_at is null)
         order by l.person_id",
    )
    .bind::<Text, _>(state.as_str())
    .bind::<Date, _>(from)
    .bind::<Date, _>(to)
    .load(connection)?;
    persons::ids(rows)
}

/// Brings the deadlines of a person in line: writes what is new, changes what is otherwise, and withdraws what is not
/// among `wanted` any more. Doing it again changes nothing. In the caller's transaction.
pub fn settle(
    connection: &mut PgConnection,
    person_id: i64,
    wanted: &[NewDeadline],
    now: DateTime<Utc>,
) -> Result<()> {
    let causes: Vec<&str> = wanted.iter().map(|new| new.cause.as_str()).collect();
    let kept: Vec<Kept> = deadline::table
        .filter(
            deadline::person_id
                .eq(person_id)
                .or(deadline::cause.eq_any(&causes)),
        )
        .select(Kept::as_select())
        .load(connection)?;
    let gone: Vec<i64> = kept
        .iter()
        .filter(|row| row.withdrawn_at.is_none() && !causes.contains(&row.cause.as_str()))
        .map(|row| row.deadline_id)
        .collect();
    if !gone.is_empty() {
        diesel::update(deadline::table.filter(deadline::deadline_id.eq_any(gone)))
            .set(deadline::withdrawn_at.eq(now))
            .execute(connection)?;
    }
    for new in wanted {
        match kept.iter().find(|row| row.cause == new.cause) {
            None => {
                diesel::insert_into(deadline::table)
                    .values(new)
                    .execute(connection)?;
            }
            Some(row) => {
                let new = NewDeadline {
                    noted_at: row.noted_at,
                    ..new.clone()
                };
                if !row.says(&new) {
                    diesel::update(deadline::table.find(row.deadline_id))
                        .set(&new)
                        .execute(connection)?;
                }
            }
        }
    }
    Ok(())
}

impl Kept {
    fn says(&self, new: &NewDeadline) -> bool {
        (
            self.person_id,
            &self.district,
            self.started_on,
            self.due_on,
            self.met_by_batch,
            self.met_on,
        ) == (
            new.person_id,
            &new.district,
            new.started_on,
            new.due_on,
            new.met_by_batch,
            new.met_on,
        ) && self.withdrawn_at == new.withdrawn_at
            && self.setting == new.setting
    }
}

/// A full upload says all that its state holds: it meets what the word of the state can meet. Looks at everything that
/// is not met yet; doing it again changes nothing. Returns the number of deadlines that were met.
pub fn met_by_fulls(connection: &mut PgConnection) -> Result<usize> {
    Ok(sql_query(
        "update deadline d set met_at = f.received_at, met_on = f.received_on, met_by_batch = f.batch_id
         from (
            select distinct on (u.deadline_id) u.deadline_id, b.batch_id, b.received_at,
                   (b.received_at at time zone p.time_zone)::date as received_on
            from deadline u join participant p on p.state = u.state
            join batch b on b.state = u.state and b.kind = 'full' and b.status = 'loaded'
            where u.met_at is null and u.withdrawn_at is null
              and (u.duty = 'end_of_term' and (b.received_at at time zone p.time_zone)::date > u.started_on
                   or u.duty = 'change_of_residence' and b.received_at > u.noted_at)
            order by u.deadline_id, b.received_at) f
         where d.deadline_id = f.deadline_id",
    )
    .execute(connection)?)
}

/// Where a deadline stands on a day, in SQL, by the names of the exchange; `$1` is the day.
const STANDING: &str = "case when due_on is null then 'start_not_reported'
    when met_on is null then case when due_on < $1 then 'overdue' else 'open' end
    when met_on > due_on then 'late' else 'met' end";

/// Which deadlines of a state.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Only of this duty.
    pub duty: Option<String>,
    /// Only those that stand so: `overdue`, `open`, `late`, `met`, `start_not_reported`.
    pub standing: Option<String>,
    /// Only of this district.
    pub district: Option<String>,
    /// Only with a last day up to this one.
    pub due_until: Option<NaiveDate>,
}

/// The valid deadlines of a state as they stand on a day, by number, from the one after `after` on.
pub fn of_state(
    connection: &mut PgConnection,
    state: StateCode,
    which: &Which,
    today: NaiveDate,
    after: i64,
    limit: i64,
) -> Result<Vec<Kept>> {
    listed(connection, state, which, today, after, "deadline_id", limit)
}

fn listed(
    connection: &mut PgConnection,
    state: StateCode,
    which: &Which,
    today: NaiveDate,
    after: i64,
    order: &str,
    limit: i64,
) -> Result<Vec<Kept>> {
    Ok(sql_query(format!(
        "select * from deadline where state = $2 and withdrawn_at is null and deadline_id > $3
           and ($4 is null or duty = $4) and ($5 is null or {STANDING} = $5) and ($6 is null or district = $6)
           and ($7 is null or due_on <= $7)
         order by {order} limit $8"
    ))
    .bind::<Date, _>(today)
    .bind::<Text, _>(state.as_str())
    .bind::<BigInt, _>(after)
    .bind::<Nullable<Text>, _>(&which.duty)
    .bind::<Nullable<Text>, _>(&which.standing)
    .bind::<Nullable<Text>, _>(&which.district)
    .bind::<Nullable<Date>, _>(which.due_until)
    .bind::<BigInt, _>(limit)
    .load(connection)?)
}

/// The valid deadlines of a state as they stand on a day, those with the earliest last days first.
pub fn soonest(
    connection: &mut PgConnection,
    state: StateCode,
    which: &Which,
    today: NaiveDate,
    limit: i64,
) -> Result<Vec<Kept>> {
    listed(
        connection,
        state,
        which,
        today,
        0,
        "due_on nulls last, deadline_id",
        limit,
    )
}

/// A valid deadline of a state.
pub fn find(connection: &mut PgConnection, id: i64, state: StateCode) -> Result<Option<Kept>> {
    Ok(deadline::table
        .find(id)
        .filter(deadline::state.eq(state.as_str()))
        .filter(deadline::withdrawn_at.is_null())
        .select(Kept::as_select())
        .first(connection)
        .optional()?)
}

const DUE: Due = Due {
    table: "deadline",
    key: "deadline_id",
    waits: "met_at is null and withdrawn_at is null",
    soon: "deadline.due_soon",
    overdue: "deadline.overdue",
    path: "/v1/deadlines/",
};

/// Tells a state, once for each last day, of its deadlines that are not met and due from `today` to `soon`, and of those
/// that were due before. In the caller's transaction. Returns how many were told.
pub fn tell_due(
    connection: &mut PgConnection,
    state: StateCode,
    days: (NaiveDate, NaiveDate),
    now: DateTime<Utc>,
) -> Result<usize> {
    DUE.tell(connection, state, days, now)
}

/// The deadlines of a state that were met last, in time or late.
pub fn met_lately(connection: &mut PgConnection, state: StateCode, limit: i64) -> Result<Vec<Kept>> {
    Ok(deadline::table
        .filter(deadline::state.eq(state.as_str()))
        .filter(deadline::withdrawn_at.is_null())
        .filter(deadline::due_on.is_not_null())
        .filter(deadline::met_at.is_not_null())
        .order((deadline::met_at.desc(), deadline::deadline_id))
        .limit(limit)
        .select(Kept::as_select())
        .load(connection)?)
}

/// How many deadlines of a state stand how.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName, Serialize)]
pub struct Tally {
    /// The duty.
    #[diesel(sql_type = Text)]
    pub duty: String,
    /// `overdue`, `open`, `late`, `met` or `start_not_reported`.
    #[diesel(sql_type = Text)]
    pub standing: String,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub deadlines: i64,
}

/// How the valid deadlines of a state stand on a day, by duty; those with a last day from `from` to `to` where a period
/// is given.
pub fn tally(
    connection: &mut PgConnection,
    state: StateCode,
    period: Option<(NaiveDate, NaiveDate)>,
    today: NaiveDate,
) -> Result<Vec<Tally>> {
    Ok(sql_query(format!(
        "select duty, {STANDING} as standing, count(*) as deadlines from deadline
         where state = $2 and withdrawn_at is null and ($3 is null or due_on between $3 and $4)
         group by 1, 2 order by 1, 2"
    ))
    .bind::<Date, _>(today)
    .bind::<Text, _>(state.as_str())
    .bind::<Nullable<Date>, _>(period.map(|(from, _)| from))
    .bind::<Nullable<Date>, _>(period.map(|(_, to)| to))
    .load(connection)?)
}

/// A district for which no end of a term can start a clock.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName, Serialize)]
pub struct WithoutTerms {
    /// The district, as the state writes it.
    #[diesel(sql_type = Text)]
    pub district: String,
    /// Live students that are or were enrolled there since a day.
    #[diesel(sql_type = BigInt)]
    pub students: i64,
}

/// The districts of a state that keep no terms, with the number of live students enrolled there since a day.
pub fn districts_without_terms(
    connection: &mut PgConnection,
    state: StateCode,
    since: NaiveDate,
) -> Result<Vec<WithoutTerms>> {
    Ok(sql_query(
        "select coalesce(f.district, e.district_of_residence) as district, count(distinct t.student_id) as students
         from student_status t join enrollment e on e.student_id = t.student_id
         left join facility f on f.state = t.state and f.code = e.facility_code
         where t.state = $1 and t.status = 'live' and coalesce(e.withdrawal_date, 'infinity') >= $2
           and coalesce(f.district, e.district_of_residence) is not null
           and not exists (select from term where term.state = $1
             and term.district in (lower(f.district), lower(f.nces_district_id), lower(e.district_of_residence)))
         group by 1 order by 2 desc, 1",
    )
    .bind::<Text, _>(state.as_str())
    .bind::<Date, _>(since)
    .load(connection)?)
}

/// The valid deadlines about a person, of every state.
pub fn of_person(connection: &mut PgConnection, person_id: i64) -> Result<Vec<Kept>> {
    Ok(deadline::table
        .filter(deadline::person_id.eq(person_id))
        .filter(deadline::withdrawn_at.is_null())
        .order((deadline::due_on.asc().nulls_last(), deadline::deadline_id))
        .select(Kept::as_select())
        .load(connection)?)
}
