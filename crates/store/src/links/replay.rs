//! The log of decisions against its current state: `link` is what follows from `link_event`, and nothing else.

use std::collections::HashMap;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use mde::StudentId;
use uuid::Uuid;

use crate::db::{Error, Result};
use crate::schema::link_event;

/// Which student is which person by the log of decisions alone: student and person id. [`Error::Corrupt`] if an event
/// starts from another person than the one before it has led to.
pub fn replay(connection: &mut PgConnection) -> Result<HashMap<StudentId, i64>> {
    let events: Vec<(Uuid, Option<i64>, i64)> = link_event::table
        .order(link_event::link_event_id)
        .select((
            link_event::student_id,
            link_event::from_person_id,
            link_event::to_person_id,
        ))
        .load(connection)?;
    let mut links = HashMap::new();
    for (student, from, to) in events {
        if links.insert(StudentId(student), to) != from {
            return Err(Error::Corrupt {
                what: "log of links",
                why: "an event does not follow from the one before it".into(),
            });
        }
    }
    Ok(links)
}

/// How many events do not follow from the one before, and how many links are not what the log says. 0 in a hub that is
/// well; one pass in the database, whatever the size.
pub fn disagreements(connection: &mut PgConnection) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Count = sql_query(
        "with event as (select student_id, from_person_id, to_person_id,
                lag(to_person_id) over one as before, lead(link_event_id) over one is null as last
            from link_event window one as (partition by student_id order by link_event_id))
         select (select count(*) from event where before is distinct from from_person_id)
              + (select count(*) from (select * from event where last) e full join link l using (student_id)
                 where e.to_person_id is distinct from l.person_id) as count",
    )
    .get_result(connection)?;
    Ok(row.count)
}
