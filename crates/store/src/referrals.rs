//! School enrollments that may be migrant children whom their state does not have: referred to its recruiters until
//! somebody says, or an upload shows, what came of it. Of an enrollment only the state's own number of the child is kept.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Date, Double, Float, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use mde::{PersonId, StateCode};
use uuid::Uuid;

use crate::access::audit;
use crate::db::Result;
use crate::deliveries::{self, Event};
use crate::due::Due;
use crate::persons;
use crate::roster::Place;
use crate::schema::referral;
use crate::work_items::Taken;

mod outcomes;

pub use outcomes::{NewOutcome, Outcome, ShownUp, hold, of_referrals, say, show, shown_up};

/// A referral as it is to be kept.
#[derive(Debug, Clone)]
pub struct NewReferral<'a> {
    /// The state.
    pub state: StateCode,
    /// The key that the state's own student would have.
    pub student: Uuid,
    /// What the state calls the child.
    pub state_student_id: &'a str,
    /// The school or project, by the state's code.
    pub facility_code: Option<&'a str>,
    /// The school's name.
    pub school: Option<&'a str>,
    /// The district; none: that of the facility, if the state has told it.
    pub district: Option<&'a str>,
    /// `known` or `possible`.
    pub verdict: &'a str,
    /// Whom it may be, with how probable that is, 0 to 1; the most probable first.
    pub candidates: &'a [(PersonId, f32)],
    /// Last day for an outcome.
    pub due_on: NaiveDate,
    /// The certificate and the user for whom it asked.
    pub by: &'a str,
}

/// A kept referral. Its persons are those who they are now.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
#[diesel(table_name = referral)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct Referral {
    pub referral_id: i64,
    pub state: String,
    pub student_id: Uuid,
    pub state_student_id: String,
    pub facility_code: Option<String>,
    pub school: Option<String>,
    pub district: Option<String>,
    pub verdict: String,
    pub persons: Vec<i64>,
    pub probabilities: Vec<f32>,
    pub due_on: NaiveDate,
    pub opened_at: DateTime<Utc>,
    pub opened_by: String,
    pub outcome: Option<String>,
    pub outcome_at: Option<DateTime<Utc>>,
    pub first_outcome_at: Option<DateTime<Utc>>,
    pub taken_by: Option<String>,
    pub taken_at: Option<DateTime<Utc>>,
}

impl Referral {
    /// Whom it may be, each once, the most probable first, with how probable that was, 0 to 1.
    pub fn candidates(&self) -> Result<Vec<(PersonId, f32)>> {
        let mut out: Vec<(PersonId, f32)> = Vec::new();
        for (number, probability) in self.persons.iter().zip(&self.probabilities) {
            let person = persons::id(*number)?;
            if !out.iter().any(|(known, _)| *known == person) {
                out.push((person, *probability));
            }
        }
        Ok(out)
    }

    /// Whether it waits for an outcome after its last day.
    #[must_use]
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.outcome.is_none() && self.due_on < today
    }
}

/// The address of a referral, but for its number.
const PATH: &str = "/v1/referrals/";

/// Referrals `r`.
const SELECT: &str = "
    select r.referral_id, r.state, r.student_id, r.state_student_id, r.facility_code, r.school, r.district, r.verdict,
           array(select coalesce(a.person_id, p.id) from unnest(r.persons) with ordinality p (id, n)
                 left join person_alias a on a.retired_id = p.id order by p.n) as persons,
           r.probabilities, r.due_on, r.opened_at, r.opened_by, r.outcome, r.outcome_at, r.first_outcome_at,
           r.taken_by, r.taken_at
    from referral r";

/// Keeps others of this state from opening referrals until the end of the transaction, so that of a child one is open.
pub fn open_alone(connection: &mut PgConnection, state: StateCode) -> Result<()> {
    sql_query("select pg_advisory_xact_lock(hashtextextended('referral' || $1, 0))")
        .bind::<Text, _>(state.as_str())
        .execute(connection)?;
    Ok(())
}

/// What a state reports itself: which of these students it has now, and of which of these persons it has any.
pub fn reported(
    connection: &mut PgConnection,
    state: StateCode,
    students: &[Uuid],
    persons: &[i64],
) -> Result<(HashSet<Uuid>, HashSet<i64>)> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        student_id: Uuid,
        #[diesel(sql_type = Nullable<BigInt>)]
        person_id: Option<i64>,
    }
    let rows: Vec<Row> = sql_query(
        "select t.student_id, null::bigint as person_id from student_status t
         where t.student_id = any($2) and t.status = 'live'
         union all
         select l.student_id, l.person_id from link l join student_status t using (student_id)
         where l.person_id = any($3) and t.state = $1 and t.status = 'live'",
    )
    .bind::<Text, _>(state.as_str())
    .bind::<Array<SqlUuid>, _>(students)
    .bind::<Array<BigInt>, _>(persons)
    .load(connection)?;
    let (mut own, mut had) = (HashSet::new(), HashSet::new());
    for row in rows {
        match row.person_id {
            Some(person) => {
                had.insert(person);
            }
            None => {
                own.insert(row.student_id);
            }
        }
    }
    Ok((own, had))
}

/// The latest referral of each of these children, by the key of its student.
pub fn latest(connection: &mut PgConnection, students: &[Uuid]) -> Result<HashMap<Uuid, Referral>> {
    let rows: Vec<Referral> = sql_query(format!(
        "{SELECT} where r.student_id = any($1)
           and r.referral_id = (select max(n.referral_id) from referral n where n.student_id = r.student_id)"
    ))
    .bind::<Array<SqlUuid>, _>(students)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.student_id, row)).collect())
}

const DUE: Due = Due {
    table: "referral",
    key: "referral_id",
    waits: "outcome is null",
    soon: "referral.due_soon",
    overdue: "referral.overdue",
    path: PATH,
};

/// Tells a state, once for each last day, of its referrals that wait for an outcome and are due from `today` to `soon`,
/// and of those that were due before. In the caller's transaction. Returns how many were told.
pub fn tell_due(
    connection: &mut PgConnection,
    state: StateCode,
    days: (NaiveDate, NaiveDate),
    now: DateTime<Utc>,
) -> Result<usize> {
    DUE.tell(connection, state, days, now)
}

/// Opens a referral and tells its state, in the caller's transaction, which has to [open alone](open_alone). Returns its
/// number.
pub fn open(connection: &mut PgConnection, new: &NewReferral<'_>, now: DateTime<Utc>) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        referral_id: i64,
    }
    let (persons, probabilities) = parts(new.candidates);
    let row: Id = sql_query(
        "insert into referral (state, student_id, state_student_id, facility_code, school, district, verdict, persons,
                               probabilities, due_on, opened_at, opened_by)
         values ($1, $2, $3, $4, $5,
                 coalesce($6, (select f.district from facility f where f.state = $1 and f.code = $4)),
                 $7, $8, $9, $10, $11, $12)
         returning referral_id",
    )
    .bind::<Text, _>(new.state.as_str())
    .bind::<SqlUuid, _>(new.student)
    .bind::<Text, _>(new.state_student_id)
    .bind::<Nullable<Text>, _>(new.facility_code)
    .bind::<Nullable<Text>, _>(new.school)
    .bind::<Nullable<Text>, _>(new.district)
    .bind::<Text, _>(new.verdict)
    .bind::<Array<BigInt>, _>(persons)
    .bind::<Array<Float>, _>(probabilities)
    .bind::<Date, _>(new.due_on)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(new.by)
    .get_result(connection)?;
    let subject = row.referral_id.to_string();
    let detail = serde_json::json!({ "verdict": new.verdict });
    audit(connection, now, new.by, "referral.open", &subject, &detail)?;
    let created = Event {
        state: new.state.to_string(),
        kind: "referral.created",
        link: format!("{PATH}{subject}"),
    };
    deliveries::tell(connection, &[created], now)?;
    Ok(row.referral_id)
}

fn parts(candidates: &[(PersonId, f32)]) -> (Vec<i64>, Vec<f32>) {
    let parts = candidates
        .iter()
        .map(|(person, probability)| (person.number(), *probability));
    parts.unzip()
}

/// Adds persons to an open referral whom its child may be, too.
pub fn add(connection: &mut PgConnection, id: i64, candidates: &[(PersonId, f32)]) -> Result<()> {
    let (persons, probabilities) = parts(candidates);
    sql_query(
        "update referral set persons = persons || $2, probabilities = probabilities || $3
         where referral_id = $1 and outcome is null",
    )
    .bind::<BigInt, _>(id)
    .bind::<Array<BigInt>, _>(persons)
    .bind::<Array<Float>, _>(probabilities)
    .execute(connection)?;
    Ok(())
}

/// Says who goes to see the family of an open referral of a place, or that nobody does. One that somebody has taken stays
/// with that account unless `from` is it, or anybody. `false`: nothing was changed. In the caller's transaction; `by` is
/// who says it.
pub fn entrust(
    connection: &mut PgConnection,
    place: &Place,
    id: i64,
    (to, from): (Option<&str>, &Taken),
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let changed = sql_query(format!(
        "update referral r set taken_by = $4, taken_at = case when $4 is not null then $5 end
         where {WITHIN} and r.referral_id = $3 and r.outcome is null and r.taken_by is distinct from $4
           and ($6 is null or coalesce(r.taken_by, '') = $6)"
    ))
    .bind::<Text, _>(place.state.as_str())
    .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
    .bind::<BigInt, _>(id)
    .bind::<Nullable<Text>, _>(to)
    .bind::<Timestamptz, _>(now)
    .bind::<Nullable<Text>, _>(from.account())
    .execute(connection)?;
    if changed > 0 {
        let detail = serde_json::json!({ "to": to });
        audit(connection, now, by, "referral.entrust", &id.to_string(), &detail)?;
    }
    Ok(changed > 0)
}

/// Which referrals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// Those that wait for an outcome, the first to be due first.
    #[default]
    Open,
    /// Of these the ones whose last day is over.
    Overdue,
    /// Those with an outcome, the latest first.
    Done,
}

/// Referrals `r` of the state `$1`, or of districts `$2` of it in lower case.
const WITHIN: &str = "r.state = $1 and ($2::text[] is null or lower(r.district) = any($2))";

/// A referral of a place; one without a district is the whole state's.
pub fn find(connection: &mut PgConnection, place: &Place, id: i64) -> Result<Option<Referral>> {
    Ok(
        sql_query(format!("{SELECT} where {WITHIN} and r.referral_id = $3"))
            .bind::<Text, _>(place.state.as_str())
            .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
            .bind::<BigInt, _>(id)
            .get_result(connection)
            .optional()?,
    )
}

/// Referrals of a place, from the one after the referral `after` on; of these those that are `taken` so.
pub fn list(
    connection: &mut PgConnection,
    place: &Place,
    (standing, taken): (Standing, &Taken),
    today: NaiveDate,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Referral>> {
    let (which, order, next) = match standing {
        Standing::Open => (
            "r.outcome is null and $4 is not null",
            "r.due_on, r.referral_id",
            ">",
        ),
        Standing::Overdue => (
            "r.outcome is null and r.due_on < $4",
            "r.due_on, r.referral_id",
            ">",
        ),
        Standing::Done => (
            "r.outcome is not null and $4 is not null",
            "r.outcome_at desc, r.referral_id desc",
            "<",
        ),
    };
    let key = order.replace(" desc", "");
    Ok(sql_query(format!(
        "{SELECT} where {WITHIN} and {which} and ($6 is null or coalesce(r.taken_by, '') = $6)
           and ($3 is null or ({key}) {next} (select {} from referral l where l.referral_id = $3 and l.state = $1))
         order by {order} limit $5",
        key.replace("r.", "l.")
    ))
    .bind::<Text, _>(place.state.as_str())
    .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
    .bind::<Nullable<BigInt>, _>(after)
    .bind::<Date, _>(today)
    .bind::<BigInt, _>(limit)
    .bind::<Nullable<Text>, _>(taken.account())
    .load(connection)?)
}

/// How referrals stand that were opened in a time.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct Counts {
    /// All of them.
    #[diesel(sql_type = BigInt)]
    pub referred: i64,
    /// That wait for an outcome.
    #[diesel(sql_type = BigInt)]
    pub open: i64,
    /// Of these, whose last day is over.
    #[diesel(sql_type = BigInt)]
    pub overdue: i64,
    /// The child is eligible.
    #[diesel(sql_type = BigInt)]
    pub found_eligible: i64,
    /// It is not.
    #[diesel(sql_type = BigInt)]
    pub not_eligible: i64,
    /// Nobody found the family.
    #[diesel(sql_type = BigInt)]
    pub not_found: i64,
    /// The family does not want it.
    #[diesel(sql_type = BigInt)]
    pub declined: i64,
    /// Days until the first outcome: half of those that have one took no longer.
    #[diesel(sql_type = Nullable<Double>)]
    pub median_days: Option<f64>,
}

/// How the referrals of a place stand that were opened since.
pub fn counts(
    connection: &mut PgConnection,
    place: &Place,
    since: DateTime<Utc>,
    today: NaiveDate,
) -> Result<Counts> {
    Ok(sql_query(format!(
        "select count(*) as referred, count(*) filter (where r.outcome is null) as open,
                count(*) filter (where r.outcome is null and r.due_on < $4) as overdue,
                count(*) filter (where r.outcome = 'found_eligible') as found_eligible,
                count(*) filter (where r.outcome = 'not_eligible') as not_eligible,
                count(*) filter (where r.outcome = 'not_found') as not_found,
                count(*) filter (where r.outcome = 'declined') as declined,
                (percentile_cont(0.5) within group (order by extract(epoch from r.first_outcome_at - r.opened_at)::float8)
                    filter (where r.outcome is not null)) / 86400 as median_days
         from referral r where {WITHIN} and r.opened_at >= $3"
    ))
    .bind::<Text, _>(place.state.as_str())
    .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
    .bind::<Timestamptz, _>(since)
    .bind::<Date, _>(today)
    .get_result(connection)?)
}

/// How many referrals of a place wait for an outcome and are `taken` so.
pub fn count_open(connection: &mut PgConnection, place: &Place, taken: &Taken) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Count = sql_query(format!(
        "select count(*) as count from referral r where {WITHIN} and r.outcome is null and ($3 is null or coalesce(r.taken_by, '') = $3)"
    ))
    .bind::<Text, _>(place.state.as_str())
    .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
    .bind::<Nullable<Text>, _>(taken.account())
    .get_result(connection)?;
    Ok(row.count)
}

/// The districts of a state's referrals, for who looks at all of them.
pub fn districts(connection: &mut PgConnection, place: &Place) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        district: String,
    }
    let rows: Vec<Name> = sql_query(format!(
        "select min(r.district) as district from referral r
         where {WITHIN} and r.district is not null group by lower(r.district) order by 1"
    ))
    .bind::<Text, _>(place.state.as_str())
    .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.district).collect())
}
