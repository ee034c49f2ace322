//! Reconciliation campaigns and their differences.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};
use mde::{PersonId, StateCode, StudentId};
use serde::Serialize;
use uuid::Uuid;

use crate::access::{Access, Subject};
use crate::db::{Error, Result};
use crate::schema::{reconciliation, reconciliation_difference};
use crate::work_items::Scope;

/// A campaign.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = reconciliation)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct Campaign {
    pub reconciliation_id: i64,
    pub state: String,
    pub list_date: NaiveDate,
    pub scope: serde_json::Value,
    pub file_name: String,
    pub sha256: Vec<u8>,
    pub in_list: i64,
    pub in_hub: i64,
    pub agreed: i64,
    pub opened_at: DateTime<Utc>,
    pub opened_by: String,
}

/// A campaign to open.
#[derive(Debug)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct NewCampaign<'a> {
    pub state: StateCode,
    pub list_date: NaiveDate,
    pub scope: serde_json::Value,
    pub file_name: &'a str,
    pub sha256: Vec<u8>,
    pub in_list: i64,
    pub in_hub: i64,
    pub agreed: i64,
    pub opened_at: DateTime<Utc>,
    pub opened_by: &'a str,
}

/// A difference to keep.
#[derive(Debug)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct NewDifference {
    pub state_student_id: String,
    pub student_id: Option<Uuid>,
    pub person_id: Option<i64>,
    pub district: Option<String>,
    pub kind: &'static str,
    pub reason: String,
    /// Whether its reason explains it, so that it is nobody's work.
    pub explained: bool,
    pub in_list: Option<String>,
    pub in_hub: Option<String>,
}

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Serialize)]
#[diesel(table_name = reconciliation_difference)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct Difference {
    #[serde(skip)]
    pub reconciliation_id: i64,
    pub ordinal: i32,
    pub state_student_id: String,
    #[serde(skip)]
    pub student_id: Option<Uuid>,
    #[serde(skip)]
    pub person_id: Option<i64>,
    pub district: Option<String>,
    pub kind: String,
    pub reason: String,
    pub in_list: Option<String>,
    pub in_hub: Option<String>,
    pub status: String,
    pub note: Option<String>,
    pub decided_by: Option<String>,
    pub decided_at: Option<DateTime<Utc>>,
}

/// Who is named as having explained what its own reason explains.
const HUB: &str = "hub";

/// Differences written at once.
const CHUNK: usize = 2_000;

/// Opens a campaign with its differences; the campaign that is open for the same list of the same day, if there is one.
/// The caller has a transaction.
pub fn open(
    connection: &mut PgConnection,
    new: &NewCampaign<'_>,
    differences: &[NewDifference],
) -> Result<Campaign> {
    use {reconciliation as r, reconciliation_difference as d};
    let id: Option<i64> = diesel::insert_into(r::table)
        .values((
            r::state.eq(new.state.as_str()),
            r::list_date.eq(new.list_date),
            r::scope.eq(&new.scope),
            r::file_name.eq(new.file_name),
            r::sha256.eq(&new.sha256),
            r::in_list.eq(new.in_list),
            r::in_hub.eq(new.in_hub),
            r::agreed.eq(new.agreed),
            r::opened_at.eq(new.opened_at),
            r::opened_by.eq(new.opened_by),
        ))
        .on_conflict_do_nothing()
        .returning(r::reconciliation_id)
        .get_result(connection)
        .optional()?;
    let Some(id) = id else {
        return Ok(r::table
            .filter(r::state.eq(new.state.as_str()))
            .filter(r::list_date.eq(new.list_date))
            .filter(r::sha256.eq(&new.sha256))
            .select(Campaign::as_select())
            .first(connection)?);
    };
    for (part, list) in differences.chunks(CHUNK).enumerate() {
        let rows: Vec<_> = (part * CHUNK..)
            .zip(list)
            .map(|(ordinal, of)| {
                let at = of.explained.then_some(new.opened_at);
                (
                    d::reconciliation_id.eq(id),
                    d::ordinal.eq(i32::try_from(ordinal).unwrap_or(i32::MAX)),
                    d::state_student_id.eq(&of.state_student_id),
                    d::student_id.eq(of.student_id),
                    d::person_id.eq(of.person_id),
                    d::district.eq(&of.district),
                    d::kind.eq(of.kind),
                    d::reason.eq(&of.reason),
                    d::in_list.eq(&of.in_list),
                    d::in_hub.eq(&of.in_hub),
                    d::status.eq(if of.explained { "explained" } else { "open" }),
                    d::decided_by.eq(at.map(|_| HUB)),
                    d::decided_at.eq(at),
                )
            })
            .collect();
        diesel::insert_into(d::table).values(&rows).execute(connection)?;
    }
    Ok(r::table
        .find(id)
        .select(Campaign::as_select())
        .first(connection)?)
}

/// A campaign of a state (of any for `None`), with how many of its differences are in which status.
pub fn find(
    connection: &mut PgConnection,
    id: i64,
    state: Option<StateCode>,
) -> Result<Option<(Campaign, Statuses)>> {
    let found: Option<Campaign> = reconciliation::table
        .find(id)
        .select(Campaign::as_select())
        .first(connection)
        .optional()?;
    let Some(found) = found.filter(|c| state.is_none_or(|state| c.state == state.as_str())) else {
        return Ok(None);
    };
    let statuses = statuses(connection, id)?;
    Ok(Some((found, statuses)))
}

/// How many differences are in which status.
pub type Statuses = std::collections::BTreeMap<String, i64>;

fn statuses(connection: &mut PgConnection, id: i64) -> Result<Statuses> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        status: String,
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let rows: Vec<Row> = sql_query(
        "select status, count(*) as n from reconciliation_difference where reconciliation_id = $1 group by status",
    )
    .bind::<BigInt, _>(id)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.status, row.n)).collect())
}

/// The campaigns of a state (of all for `None`), the newest first.
pub fn list(connection: &mut PgConnection, state: Option<StateCode>) -> Result<Vec<(Campaign, Statuses)>> {
    let all = reconciliation::table
        .order(reconciliation::reconciliation_id.desc())
        .select(Campaign::as_select());
    let found: Vec<Campaign> = match state {
        None => all.load(connection)?,
        Some(state) => all
            .filter(reconciliation::state.eq(state.to_string()))
            .load(connection)?,
    };
    found
        .into_iter()
        .map(|campaign| {
            let statuses = statuses(connection, campaign.reconciliation_id)?;
            Ok((campaign, statuses))
        })
        .collect()
}

/// Which differences.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of which campaign.
    pub reconciliation_id: i64,
    /// Whose: of a state, or of districts of it.
    pub scope: Scope,
    /// In which status; any for none.
    pub status: Option<String>,
    /// After this one.
    pub after: Option<i32>,
    /// How many at most.
    pub limit: i64,
}

/// What a difference discloses.
const CATEGORIES: &[&str] = &["identity", "eligibility"];

/// Differences of a campaign in their order. Each child that the hub holds is disclosed.
pub fn differences(
    connection: &mut PgConnection,
    access: &Access,
    wanted: &Wanted,
) -> Result<Vec<Difference>> {
    connection.transaction(|connection| {
        let (state, districts) = wanted.scope.parts();
        let ids: Vec<Ordinal> = sql_query(
            "select d.ordinal from reconciliation_difference d join reconciliation r using (reconciliation_id)
             where d.reconciliation_id = $1 and ($2 is null or r.state = $2) and ($3 is null or d.district = any($3))
               and ($4 is null or d.status = $4) and d.ordinal > $5
             order by d.ordinal limit $6",
        )
        .bind::<BigInt, _>(wanted.reconciliation_id)
        .bind::<Nullable<Text>, _>(state)
        .bind::<Nullable<Array<Text>>, _>(districts)
        .bind::<Nullable<Text>, _>(wanted.status.as_deref())
        .bind::<Integer, _>(wanted.after.unwrap_or(-1))
        .bind::<BigInt, _>(wanted.limit)
        .load(connection)?;
        let ordinals: Vec<i32> = ids.iter().map(|row| row.ordinal).collect();
        let found: Vec<Difference> = reconciliation_difference::table
            .filter(reconciliation_difference::reconciliation_id.eq(wanted.reconciliation_id))
            .filter(reconciliation_difference::ordinal.eq_any(&ordinals))
            .order(reconciliation_difference::ordinal)
            .select(Difference::as_select())
            .load(connection)?;
        access.disclose(connection, &subjects(&found)?, CATEGORIES)?;
        Ok(found)
    })
}

#[derive(QueryableByName)]
struct Ordinal {
    #[diesel(sql_type = Integer)]
    ordinal: i32,
}

fn subjects(found: &[Difference]) -> Result<Vec<Subject>> {
    let mut subjects: Vec<Subject> = Vec::new();
    for of in found {
        let subject = match (of.person_id, of.student_id) {
            (Some(person), _) => Subject::Person(PersonId::new(person).map_err(|e| Error::Corrupt {
                what: "person id",
                why: e.to_string(),
            })?),
            (None, Some(student)) => Subject::Student(StudentId(student)),
            (None, None) => continue,
        };
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    Ok(subjects)
}

/// What somebody says of a difference.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    /// `explained`, `corrected` or `disputed`.
    pub status: &'a str,
    /// Why.
    pub note: &'a str,
    /// Who.
    pub by: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

/// Writes what somebody says of a difference in a scope; a later word takes the place of an earlier one, and both stay
/// in the record of events. `false` if there is no such difference.
pub fn decide(
    connection: &mut PgConnection,
    id: i64,
    ordinal: i32,
    scope: &Scope,
    decision: Decision<'_>,
) -> Result<bool> {
    connection.transaction(|connection| {
        let (state, districts) = scope.parts();
        let changed = sql_query(
            "update reconciliation_difference d set status = $5, note = $6, decided_by = $7, decided_at = $8
             from reconciliation r where r.reconciliation_id = d.reconciliation_id and d.reconciliation_id = $1
               and d.ordinal = $2 and ($3 is null or r.state = $3) and ($4 is null or d.district = any($4))",
        )
        .bind::<BigInt, _>(id)
        .bind::<Integer, _>(ordinal)
        .bind::<Nullable<Text>, _>(state)
        .bind::<Nullable<Array<Text>>, _>(districts)
        .bind::<Text, _>(decision.status)
        .bind::<Text, _>(decision.note)
        .bind::<Text, _>(decision.by)
        .bind::<Timestamptz, _>(decision.at)
        .execute(connection)?;
        if changed == 1 {
            let detail = serde_json::json!({ "ordinal": ordinal, "status": decision.status });
            let subject = id.to_string();
            crate::access::audit(
                connection,
                decision.at,
                decision.by,
                "reconciliation.decide",
                &subject,
                &detail,
            )?;
        }
        Ok(changed == 1)
    })
}
