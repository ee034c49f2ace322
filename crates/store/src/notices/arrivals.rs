//! The arrivals that the hub raised, with what shows them.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz};
use mde::StateCode;

use crate::access::{Access, Subject};
use crate::db::Result;

/// An arrival that the hub raised, with the student whose rows show it.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "as in Notice")]
pub struct Arrival {
    #[diesel(sql_type = BigInt)]
    pub move_notice_id: i64,
    #[diesel(sql_type = BigInt)]
    pub person_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub from_state: Option<String>,
    #[diesel(sql_type = Text)]
    pub to_state: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub district: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub city: Option<String>,
    #[diesel(sql_type = Text)]
    pub event: String,
    #[diesel(sql_type = Nullable<Date>)]
    pub event_date: Option<NaiveDate>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    pub answer: Option<String>,
    /// The state that reports what shows it.
    #[diesel(sql_type = Nullable<Text>)]
    pub shown_by: Option<String>,
    /// Its student.
    #[diesel(sql_type = Nullable<Text>)]
    pub state_student_id: Option<String>,
    /// The batch that brought the student as it is now.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub batch_id: Option<i64>,
    /// What that batch speaks of.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub as_of: Option<DateTime<Utc>>,
    /// The child's students in the state that it came from.
    #[diesel(sql_type = Array<Text>)]
    pub known_as: Vec<String>,
}

/// The valid arrivals that the hub raised, of a day from `from` to `to`, between states where one is `state`, or any.
/// By day and number. Each child listed is disclosed.
pub fn arrivals(
    connection: &mut PgConnection,
    access: &Access,
    (from, to): (NaiveDate, NaiveDate),
    state: Option<StateCode>,
) -> Result<Vec<Arrival>> {
    connection.transaction(|connection| {
        let found: Vec<Arrival> = sql_query(
            "select n.move_notice_id, n.person_id, n.from_state, n.recipient as to_state, n.district, n.city, n.event,
                    n.event_date, n.created_at, n.answer, t.state as shown_by, s.state_student_id, t.batch_id, t.as_of,
                    array(select o.state_student_id from link l join student_status ot using (student_id)
                          join student o using (student_id)
                          where l.person_id = n.person_id and ot.state = n.from_state order by 1) as known_as
             from move_notice n left join student s using (student_id) left join student_status t using (student_id)
             where n.kind = 'arrival' and n.sender is null and n.withdrawn_at is null
               and n.event_date between $1 and $2 and ($3 is null or $3 in (n.recipient, n.from_state))
             order by n.event_date, n.move_notice_id",
        )
        .bind::<Date, _>(from)
        .bind::<Date, _>(to)
        .bind::<Nullable<Text>, _>(state.map(|state| state.to_string()))
        .load(connection)?;
        let mut persons: Vec<i64> = found.iter().map(|arrival| arrival.person_id).collect();
        persons.sort_unstable();
        persons.dedup();
        let subjects = persons
            .into_iter()
            .map(|number| Ok(Subject::Person(crate::persons::id(number)?)))
            .collect::<Result<Vec<_>>>()?;
        if !subjects.is_empty() {
            access.disclose(connection, &subjects, &["enrollment"])?;
        }
        Ok(found)
    })
}
