//! What the people of a school say of a child that leaves: a note of the state that nobody has confirmed. It is shown
//! until the state's next upload with new content of the student, and never becomes a data element.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Jsonb, Text, Uuid as SqlUuid};
use mde::text::Line;
use mde::{Hours, StateCode, StudentId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::audit;
use crate::db::{Error, Result};
use crate::schema::hand_off;

/// Work under way in a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedCourse {
    /// Title, as the school calls the course.
    pub title: Line,
    /// Grade to date.
    pub grade_to_date: Option<mde::Text<10>>,
    /// Clock hours to date.
    pub clock_hours: Option<Hours>,
}

/// A note as kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HandOff {
    /// Its number.
    pub hand_off_id: i64,
    /// The state's own student.
    pub student_id: StudentId,
    /// The state.
    pub state: StateCode,
    /// The last day that the child attended.
    pub last_day: Option<NaiveDate>,
    /// Where the family says that it goes.
    pub to_state: Option<StateCode>,
    /// The place there, or a country, in the family's words.
    pub to_place: Option<String>,
    /// Whom to ask.
    pub contact: Option<String>,
    /// What else is said.
    pub note: Option<String>,
    /// Work under way.
    pub courses: Vec<HandedCourse>,
    /// When it was written.
    pub written_at: DateTime<Utc>,
    /// The account or certificate that wrote it.
    pub written_by: String,
    /// The notice that was sent with it.
    pub move_notice_id: Option<i64>,
    /// `replaced` by a later one, or `taken_back`.
    pub ended: Option<String>,
    /// When.
    pub ended_at: Option<DateTime<Utc>>,
    /// When new content of the student was received after it was written: the state's own word, in its place.
    #[serde(default)]
    pub confirmed_at: Option<DateTime<Utc>>,
}

impl HandOff {
    /// Whether it still is what the state says of the child: neither replaced nor taken back, and nothing sent since.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.ended.is_none() && self.confirmed_at.is_none()
    }
}

/// A note as it is to be kept.
#[derive(Debug, Clone)]
pub struct NewHandOff<'a> {
    /// The state's own student.
    pub student: Uuid,
    /// The state.
    pub state: StateCode,
    /// The last day that the child attended.
    pub last_day: Option<NaiveDate>,
    /// Where the family says that it goes.
    pub to_state: Option<StateCode>,
    /// The place there.
    pub to_place: Option<&'a str>,
    /// Whom to ask.
    pub contact: Option<&'a str>,
    /// What else is said.
    pub note: Option<&'a str>,
    /// Work under way.
    pub courses: &'a [HandedCourse],
    /// The same cause writes once.
    pub cause: &'a str,
    /// The account or certificate.
    pub by: &'a str,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Jsonb)]
    data: serde_json::Value,
}

pub(crate) fn decode(data: serde_json::Value) -> Result<HandOff> {
    serde_json::from_value(data).map_err(|error| Error::Corrupt {
        what: "hand-off",
        why: error.to_string(),
    })
}

/// A note `h` with when the state's own word came in its place, by the status `t` of its student.
const SELECT: &str = "
    select to_jsonb(h) || jsonb_build_object(
        'confirmed_at', case when t.received_at > h.written_at then t.received_at end) as data
    from hand_off h left join student_status t using (student_id)";

/// The notes about these students, the newest first.
pub fn of_students(connection: &mut PgConnection, students: &[Uuid]) -> Result<Vec<HandOff>> {
    let rows: Vec<Row> = sql_query(format!(
        "{SELECT} where h.student_id = any($1) order by h.hand_off_id desc"
    ))
    .bind::<Array<SqlUuid>, _>(students)
    .load(connection)?;
    rows.into_iter().map(|row| decode(row.data)).collect()
}

/// A note of a state.
pub fn find(connection: &mut PgConnection, id: i64, state: StateCode) -> Result<Option<HandOff>> {
    let row: Option<Row> = sql_query(format!("{SELECT} where h.hand_off_id = $1 and h.state = $2"))
        .bind::<BigInt, _>(id)
        .bind::<Text, _>(state.as_str())
        .get_result(connection)
        .optional()?;
    row.map(|row| decode(row.data)).transpose()
}

/// Writes a note, in the caller's transaction; the one before it about the same student is thereby replaced. Returns its
/// number, and whether it is new: the note that the same cause wrote before stays the only one.
pub fn write(connection: &mut PgConnection, new: &NewHandOff<'_>, now: DateTime<Utc>) -> Result<(i64, bool)> {
    sql_query("select pg_advisory_xact_lock(hashtextextended('hand_off' || $1::text, 0))")
        .bind::<SqlUuid, _>(new.student)
        .execute(connection)?;
    let before: Option<i64> = hand_off::table
        .filter(hand_off::cause.eq(new.cause))
        .select(hand_off::hand_off_id)
        .first(connection)
        .optional()?;
    if let Some(id) = before {
        return Ok((id, false));
    }
    diesel::update(hand_off::table)
        .filter(hand_off::student_id.eq(new.student))
        .filter(hand_off::ended.is_null())
        .set((
            hand_off::ended.eq("replaced"),
            hand_off::ended_at.eq(now),
            hand_off::ended_by.eq(new.by),
        ))
        .execute(connection)?;
    let courses = serde_json::to_value(new.courses).map_err(|error| Error::Corrupt {
        what: "hand-off",
        why: error.to_string(),
    })?;
    let id: i64 = diesel::insert_into(hand_off::table)
        .values((
            hand_off::student_id.eq(new.student),
            hand_off::state.eq(new.state.as_str()),
            hand_off::last_day.eq(new.last_day),
            hand_off::to_state.eq(new.to_state.map(|state| state.to_string())),
            hand_off::to_place.eq(new.to_place),
            hand_off::contact.eq(new.contact),
            hand_off::note.eq(new.note),
            hand_off::courses.eq(courses),
            hand_off::cause.eq(new.cause),
            hand_off::written_at.eq(now),
            hand_off::written_by.eq(new.by),
        ))
        .returning(hand_off::hand_off_id)
        .get_result(connection)?;
    let subject = id.to_string();
    audit(
        connection,
        now,
        new.by,
        "hand_off.write",
        &subject,
        &serde_json::json!({}),
    )?;
    Ok((id, true))
}

/// Notes with a hand-off the notice that was sent with it.
pub fn sent_with(connection: &mut PgConnection, id: i64, move_notice_id: i64) -> Result<()> {
    diesel::update(hand_off::table.find(id))
        .set(hand_off::move_notice_id.eq(move_notice_id))
        .execute(connection)?;
    Ok(())
}

/// Takes a note back. `false` if it is not the state's, or has ended before. In the caller's transaction.
pub fn take_back(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let changed = diesel::update(hand_off::table.find(id))
        .filter(hand_off::state.eq(state.as_str()))
        .filter(hand_off::ended.is_null())
        .set((
            hand_off::ended.eq("taken_back"),
            hand_off::ended_at.eq(now),
            hand_off::ended_by.eq(by),
        ))
        .execute(connection)?;
    if changed > 0 {
        audit(
            connection,
            now,
            by,
            "hand_off.take_back",
            &id.to_string(),
            &serde_json::json!({}),
        )?;
    }
    Ok(changed > 0)
}
