//! What the hub raised, and how in time the states were: for the reports.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use mde::{PersonId, StateCode};
use serde::Serialize;
use store::{Access, deadlines, notices, participants, persons};

use crate::deadline::Standing;
use crate::duty::Limits;
use crate::keeper::Keeper;

/// An arrival that the hub raised, with what shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Arrival {
    /// The notice.
    pub move_notice_id: i64,
    /// The child.
    pub person_id: PersonId,
    /// Where it was, and its numbers there.
    pub from_state: Option<String>,
    /// The state's own numbers of the child where it was.
    pub known_as: Vec<String>,
    /// Where it came to, or is to come to.
    pub to_state: String,
    /// District there.
    pub district: Option<String>,
    /// City there.
    pub city: Option<String>,
    /// `enrollment`, `residency` or `qualifying_move` in the new state; `withdrawal`: the old one named the new one.
    pub event: String,
    /// The day of it.
    pub day: Option<NaiveDate>,
    /// The state whose rows show it.
    pub shown_by: Option<String>,
    /// Its number of the child.
    pub state_student_id: Option<String>,
    /// The batch that brought the rows as they are now.
    pub batch_id: Option<i64>,
    /// What that batch speaks of.
    pub as_of: Option<DateTime<Utc>>,
    /// When the states were told.
    pub told_at: DateTime<Utc>,
    /// What the new state answered.
    pub answer: Option<String>,
}

/// The arrivals of a day from `from` to `to` that the hub raised and that still hold; those from or to `state`, or any.
/// Each child listed is disclosed.
pub fn arrivals(
    connection: &mut PgConnection,
    access: &Access,
    days: (NaiveDate, NaiveDate),
    state: Option<StateCode>,
) -> store::Result<Vec<Arrival>> {
    notices::arrivals(connection, access, days, state)?
        .into_iter()
        .map(|found| {
            Ok(Arrival {
                move_notice_id: found.move_notice_id,
                person_id: persons::id(found.person_id)?,
                from_state: found.from_state,
                known_as: found.known_as,
                to_state: found.to_state,
                district: found.district,
                city: found.city,
                event: found.event,
                day: found.event_date,
                shown_by: found.shown_by,
                state_student_id: found.state_student_id,
                batch_id: found.batch_id,
                as_of: found.as_of,
                told_at: found.created_at,
                answer: found.answer,
            })
        })
        .collect()
}

/// How a state stands with one duty: deadlines by standing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timeliness {
    /// The state.
    pub state: StateCode,
    /// The duty (34 CFR 200.85).
    pub duty: String,
    /// Met in time.
    pub met: i64,
    /// Met after the last day.
    pub late: i64,
    /// Not met, and not over.
    pub open: i64,
    /// Not met, and over.
    pub overdue: i64,
}

impl Timeliness {
    /// Of those that are over or met, how many of a hundred were met in time; `None` if there are none.
    #[must_use]
    pub fn in_time(&self) -> Option<i64> {
        let all = self.met + self.late + self.overdue;
        (all > 0).then(|| self.met * 100 / all)
    }
}

/// How the states stand with their duties whose last day is from `from` to `to`; `state` alone, or all. By state and
/// duty; a duty without a deadline is left out.
pub fn timeliness(
    connection: &mut PgConnection,
    limits: &Limits,
    days: (NaiveDate, NaiveDate),
    state: Option<StateCode>,
    now: DateTime<Utc>,
) -> store::Result<Vec<Timeliness>> {
    let keeper = Keeper::open(connection, limits.clone(), now)?;
    let mut rows: Vec<Timeliness> = Vec::new();
    for participant in participants::all(connection)? {
        let of = crate::keeper::state_code(&participant.state)?;
        if state.is_some_and(|wanted| wanted != of) {
            continue;
        }
        for tally in deadlines::tally(connection, of, Some(days), keeper.day(of, now))? {
            if rows
                .last()
                .is_none_or(|row| row.state != of || row.duty != tally.duty)
            {
                rows.push(Timeliness {
                    state: of,
                    duty: tally.duty.clone(),
                    met: 0,
                    late: 0,
                    open: 0,
                    overdue: 0,
                });
            }
            let Some(row) = rows.last_mut() else { continue };
            let standing = Standing::ALL.into_iter().find(|s| s.name() == tally.standing);
            match standing {
                Some(Standing::Met) => row.met += tally.deadlines,
                Some(Standing::Late) => row.late += tally.deadlines,
                Some(Standing::Open) => row.open += tally.deadlines,
                Some(Standing::Overdue) => row.overdue += tally.deadlines,
                // Without a last day it is in no period.
                Some(Standing::StartNotReported) | None => {}
            }
        }
    }
    Ok(rows)
}
