//! Items that one state has to do for another, or for a family: they are on its worklist and on no other.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use mde::StateCode;
use uuid::Uuid;

use crate::db::Result;
use crate::deliveries::{self, Event};
use crate::schema::work_item;

/// A task as somebody gives it.
#[derive(Debug, Clone)]
pub struct NewTask<'a> {
    /// `data_request` or `correction`.
    pub kind: &'a str,
    /// The child.
    pub person: i64,
    /// The state that has to act.
    pub state: StateCode,
    /// The student whose latest enrollment there says which district.
    pub student: Uuid,
    /// Whether that is to be the latest one in grades 9 to 12, or out of school, where there is one.
    pub secondary: bool,
    /// What it is about, in a word.
    pub reason: &'a str,
    /// Who gives it.
    pub by: &'a str,
    /// For which state.
    pub asked_by: StateCode,
}

/// The school and the district of a student's latest enrollment in a state, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, QueryableByName)]
pub struct Holder {
    /// Name of the school or project, or its code.
    #[diesel(sql_type = Nullable<Text>)]
    pub school: Option<String>,
    /// The school's district, else that of residence.
    #[diesel(sql_type = Nullable<Text>)]
    pub district: Option<String>,
}

/// Who holds the papers of a student in its state: of its latest enrollment there, of the secondary ones if it has any and
/// they are asked for.
fn holder(connection: &mut PgConnection, new: &NewTask<'_>) -> Result<Holder> {
    let found: Option<Holder> = sql_query(
        "select coalesce(s.name, e.school_or_project_name, e.facility_code) as school,
                coalesce(s.district, e.district_of_residence) as district
         from enrollment e left join facility s on s.state = $1 and s.code = e.facility_code
         where e.student_id = $2
         order by $3 and coalesce(e.grade, '') in ('09', '10', '11', '12', '00') desc, e.enrollment_date desc,
                  e.ordinal desc limit 1",
    )
    .bind::<Text, _>(new.state.as_str())
    .bind::<SqlUuid, _>(new.student)
    .bind::<Bool, _>(new.secondary)
    .get_result(connection)
    .optional()?;
    Ok(found.unwrap_or_default())
}

/// Opens a task on the worklist of its state alone: at the district that [holds](Holder) the papers of the student, where
/// that is known, else at the state. Returns its number, and at whom it is.
pub fn open_task(
    connection: &mut PgConnection,
    new: &NewTask<'_>,
    now: DateTime<Utc>,
) -> Result<(i64, Holder)> {
    let id: i64 = diesel::insert_into(work_item::table)
        .values((
            work_item::kind.eq(new.kind),
            work_item::status.eq("open"),
            work_item::states.eq(vec![new.state.as_str()]),
            work_item::reason.eq(new.reason),
            work_item::evidence.eq(serde_json::json!({})),
            work_item::opened_at.eq(now),
            work_item::persons.eq(vec![new.person]),
            work_item::request.eq(serde_json::json!({})),
            work_item::requested_by.eq(new.by),
            work_item::requested_state.eq(new.asked_by.as_str()),
        ))
        .returning(work_item::work_item_id)
        .get_result(connection)?;
    let holder = holder(connection, new)?;
    sql_query(
        "insert into work_item_owner (work_item_id, state, level, district, region, since)
         select $1, $2, case when f.district is null then 'state' else 'district' end, f.district, r.region, $4
         from (select $3::text as district) f left join district_region r on r.state = $2 and r.district = f.district",
    )
    .bind::<BigInt, _>(id)
    .bind::<Text, _>(new.state.as_str())
    .bind::<Nullable<Text>, _>(holder.district.as_deref())
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok((id, holder))
}

/// Whether an item is open; if so, nobody else changes it until the end of the transaction.
pub fn hold_open(connection: &mut PgConnection, item: i64) -> Result<bool> {
    let open: Option<i64> = work_item::table
        .find(item)
        .filter(work_item::status.eq("open"))
        .select(work_item::work_item_id)
        .for_update()
        .first(connection)
        .optional()?;
    Ok(open.is_some())
}

/// Something that happened with a task, for a state to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News {
    /// What, as `data_request.created`: what the feed calls it, and what happened.
    pub(crate) kind: &'static str,
    /// With which task.
    pub(crate) task: i64,
    /// Who is told.
    pub(crate) state: String,
    /// Who did it.
    pub(crate) by_state: String,
}

impl News {
    /// What the feed calls it.
    fn subject(&self) -> &'static str {
        self.kind
            .split_once('.')
            .map_or(self.kind, |(subject, _)| subject)
    }

    fn event(&self) -> Event {
        let path = match self.subject() {
            "correction" => "corrections",
            _ => "data-requests",
        };
        Event {
            state: self.state.clone(),
            kind: self.kind,
            link: format!("/v1/{path}/{}", self.task),
        }
    }
}

/// Tells states of what happened with tasks: at their webhooks and by e-mail, and in the feed what another state did.
/// Called in the transaction in which it happens; the feed has it once [`crate::changes::tell_tasks`] was called.
pub(crate) fn tell(connection: &mut PgConnection, news: &[News], now: DateTime<Utc>) -> Result<()> {
    let events: Vec<Event> = news.iter().map(News::event).collect();
    deliveries::tell(connection, &events, now)?;
    let others: Vec<&News> = news.iter().filter(|news| news.state != news.by_state).collect();
    if others.is_empty() {
        return Ok(());
    }
    sql_query(
        "insert into change_waiting (state, kind, work_item_id, from_state, at)
         select *, $5 from unnest($1::text[], $2::text[], $3::bigint[], $4::text[])",
    )
    .bind::<Array<Text>, _>(others.iter().map(|news| news.state.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(others.iter().map(|news| news.subject()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(others.iter().map(|news| news.task).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(
        others
            .iter()
            .map(|news| news.by_state.as_str())
            .collect::<Vec<_>>(),
    )
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}
