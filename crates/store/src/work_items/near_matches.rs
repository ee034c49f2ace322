//! Near matches as the engine finds them: one open question for each two persons, with the strongest pairs of their
//! students as evidence. Written by the linker alone, in its transaction.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Float, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::db::Result;
use crate::schema::work_item;

/// The most pairs of students that an item names beside the strongest.
const PAIRS: usize = 16;

/// A near match as the engine found it.
#[derive(Debug, Clone)]
pub struct NearMatch {
    /// One student of the strongest pair: the smaller id.
    pub student_a: Uuid,
    /// The other: the larger id.
    pub student_b: Uuid,
    /// Their persons; one and the same where a person may have to be split.
    pub persons: (i64, i64),
    /// The two groups of students: all of each person, or what would stay and what would leave.
    pub sides: [Vec<Uuid>; 2],
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
    /// The decision that stands, where new evidence asks again.
    pub earlier: Option<serde_json::Value>,
}

/// About whom an item is: two persons, or for a person that may be two children also the pair.
type Entities = (i64, i64, Option<(Uuid, Uuid)>);

fn entities((a, b): (i64, i64), pair: (Uuid, Uuid)) -> Entities {
    (a.min(b), a.max(b), (a == b).then_some(pair))
}

#[derive(QueryableByName)]
struct Open {
    #[diesel(sql_type = BigInt)]
    work_item_id: i64,
    #[diesel(sql_type = SqlUuid)]
    student_a: Uuid,
    #[diesel(sql_type = SqlUuid)]
    student_b: Uuid,
    #[diesel(sql_type = BigInt)]
    person_a: i64,
    #[diesel(sql_type = BigInt)]
    person_b: i64,
}

/// Opens near matches, and refreshes those that are open: one for each two persons. Returns how many are new.
pub fn open_near_matches(
    connection: &mut PgConnection,
    matches: &[NearMatch],
    now: DateTime<Utc>,
) -> Result<usize> {
    if matches.is_empty() {
        return Ok(0);
    }
    let mut wanted: BTreeMap<Entities, Vec<&NearMatch>> = BTreeMap::new();
    for near in matches {
        let key = entities(near.persons, (near.student_a, near.student_b));
        wanted.entry(key).or_default().push(near);
    }
    let mut held: HashMap<Entities, Vec<i64>> = HashMap::new();
    for open in open_of(connection, matches)? {
        let key = entities((open.person_a, open.person_b), (open.student_a, open.student_b));
        held.entry(key).or_default().push(open.work_item_id);
    }
    let (mut written, mut new) = (Vec::new(), 0);
    for (key, mut found) in wanted {
        found.sort_by(|x, y| y.weight.total_cmp(&x.weight));
        let ids = held.remove(&key).unwrap_or_default();
        if let Some((_, twins)) = ids.split_first() {
            super::close(connection, twins, "asked twice", now)?;
        }
        written.push(write(connection, &found, ids.first().copied(), now)?);
        new += usize::from(ids.is_empty());
    }
    super::assign(connection, &written, now)?;
    Ok(new)
}

/// Open near matches about any of these persons or students, with the persons of their students as linked now.
fn open_of(connection: &mut PgConnection, matches: &[NearMatch]) -> Result<Vec<Open>> {
    let persons: Vec<i64> = matches
        .iter()
        .flat_map(|near| [near.persons.0, near.persons.1])
        .collect();
    let students: Vec<Uuid> = matches
        .iter()
        .flat_map(|near| [near.student_a, near.student_b])
        .collect();
    Ok(sql_query(
        "select w.work_item_id, w.student_a, w.student_b, a.person_id as person_a, b.person_id as person_b
         from work_item w join link a on a.student_id = w.student_a join link b on b.student_id = w.student_b
         where w.kind = 'near_match' and w.status = 'open'
           and (w.persons && $1 or w.student_a = any($2) or w.student_b = any($2))
         order by w.work_item_id",
    )
    .bind::<Array<BigInt>, _>(persons)
    .bind::<Array<SqlUuid>, _>(students)
    .load(connection)?)
}

/// Writes an item about two persons, the strongest finding first.
fn write(
    connection: &mut PgConnection,
    found: &[&NearMatch],
    id: Option<i64>,
    now: DateTime<Utc>,
) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Written {
        #[diesel(sql_type = BigInt)]
        work_item_id: i64,
    }
    let near = found[0];
    let others: Vec<_> = found[1..]
        .iter()
        .take(PAIRS)
        .map(|other| serde_json::json!({ "students": [other.student_a, other.student_b], "weight": other.weight }))
        .collect();
    let mut persons = vec![near.persons.0, near.persons.1];
    persons.sort_unstable();
    persons.dedup();
    let statement = if id.is_some() {
        "update work_item set states = $1, student_a = $2, student_b = $3, person_a = $4, person_b = $5, probability = $6,
             weight = $7, reason = $8, evidence = $9, persons = $11, request = $12, earlier = coalesce($13, earlier)
         where work_item_id = $14 and $10 is not null returning work_item_id"
    } else {
        "insert into work_item (kind, status, states, student_a, student_b, person_a, person_b, probability, weight, reason,
             evidence, opened_at, persons, request, earlier)
         select 'near_match', 'open', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 where $14 is null
         returning work_item_id"
    };
    let written: Written = sql_query(statement)
        .bind::<Array<Text>, _>(&near.states)
        .bind::<SqlUuid, _>(near.student_a)
        .bind::<SqlUuid, _>(near.student_b)
        .bind::<BigInt, _>(near.persons.0)
        .bind::<BigInt, _>(near.persons.1)
        .bind::<Float, _>(near.probability)
        .bind::<Float, _>(near.weight)
        .bind::<Text, _>(&near.reason)
        .bind::<Jsonb, _>(&near.evidence)
        .bind::<Timestamptz, _>(now)
        .bind::<Array<BigInt>, _>(persons)
        .bind::<Jsonb, _>(serde_json::json!({ "sides": near.sides, "others": others }))
        .bind::<Nullable<Jsonb>, _>(&near.earlier)
        .bind::<Nullable<BigInt>, _>(id)
        .get_result(connection)?;
    Ok(written.work_item_id)
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

/// Closes open near matches of which both students have become one person by a decision of people.
pub fn close_twins(connection: &mut PgConnection, person: i64, why: &str, now: DateTime<Utc>) -> Result<()> {
    sql_query(
        "update work_item w set status = 'closed', decided_at = $2, note = $3 from link a, link b
         where w.kind = 'near_match' and w.status = 'open' and w.persons @> array[$1] and w.person_a <> w.person_b
           and a.student_id = w.student_a and b.student_id = w.student_b and a.person_id = b.person_id",
    )
    .bind::<BigInt, _>(person)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(why)
    .execute(connection)?;
    Ok(())
}
