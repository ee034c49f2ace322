//! Children who left a state and came to none: the state that they left last is asked.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::pg::PgConnection;
use mde::{PersonId, StateCode};
use records::counts::{MissedEnrollment, missed};
use store::jobs;
use store::notices::{self, NewNotice, Notice};
use store::persons::PersonRecord;
use store::program::{self, ProgramStudent};
use store::{db, participants, persons};

use crate::detect::{self, WINDOW_DAYS};
use crate::life;

/// Name of the job that looks at everybody.
pub const JOB: &str = "notice.missed";

/// The event of a question about a child that is missed.
pub const EVENT: &str = "missed_enrollment";

/// Asks for the look at everybody; once, however often it is asked for before it is done.
pub fn ask_for_sweep(connection: &mut PgConnection, now: DateTime<Utc>) -> store::Result<()> {
    jobs::enqueue_once(connection, JOB, 0, now)
}

/// Looks at everybody: a child that left a state by moving `patience` days ago or more, and that no state has reported
/// since, is asked about at the state that it left, once; a question that is answered by what came since is withdrawn.
/// Who left longer ago than a move is told of ([`WINDOW_DAYS`]) is history. Returns the number of questions written.
pub fn sweep(connection: &mut PgConnection, patience: u64, now: DateTime<Utc>) -> store::Result<usize> {
    let taking_part: HashSet<StateCode> = participants::all(connection)?
        .into_iter()
        .filter_map(|participant| StateCode::new(&participant.state).ok())
        .collect();
    let today = now.date_naive();
    let days = i64::try_from(patience)
        .unwrap_or(i64::MAX)
        .saturating_add(WINDOW_DAYS);
    let oldest = TimeDelta::try_days(days).and_then(|days| today.checked_sub_signed(days));
    let mut written = 0;
    for (person, students) in &program::everybody(connection, None)? {
        let students: Vec<&ProgramStudent> = students.iter().collect();
        let Some(found) = missed(&students, None, today, patience) else {
            continue;
        };
        let asked = found.may_be_seen(|state| taking_part.contains(&state))
            && taking_part.contains(&found.state)
            && oldest.is_none_or(|day| found.left >= day);
        if asked {
            written += usize::from(db::write(connection, |connection| {
                ask(connection, *person, found, now)
            })?);
        }
    }
    Ok(written)
}

/// `true` if the question is new.
fn ask(
    connection: &mut PgConnection,
    person: PersonId,
    found: MissedEnrollment,
    now: DateTime<Utc>,
) -> store::Result<bool> {
    persons::lock(connection, person)?;
    let asked = notices::of_person(connection, person.number())?
        .into_iter()
        .find(|notice| tells(notice, found));
    if let Some(asked) = asked {
        notices::reinstate(connection, &[asked.move_notice_id])?;
        return Ok(false);
    }
    let cause = detect::digest(&format!("{EVENT}|{person}|{}|{}", found.state, found.left));
    let new = NewNotice {
        kind: "inquiry".to_owned(),
        recipient: found.state.to_string(),
        sender: None,
        person_id: person.number(),
        student_id: None,
        from_state: Some(found.state.to_string()),
        to_state: None,
        district: None,
        city: None,
        event: EVENT.to_owned(),
        event_date: Some(found.left),
        expected_date: None,
        contact: None,
        note: None,
        cause,
        created_at: now,
        created_by: detect::CREATED_BY.to_owned(),
    };
    Ok(!life::write(connection, &[new], now)?.is_empty())
}

/// Whether a notice is the question about this.
fn tells(notice: &Notice, found: MissedEnrollment) -> bool {
    notice.event == EVENT && notice.recipient == found.state.as_str() && notice.event_date == Some(found.left)
}

/// Whether a question about a person still stands on a day: nothing has come since that answers it.
pub(crate) fn stands(notice: &Notice, person: &PersonRecord, today: NaiveDate) -> bool {
    let students: Vec<ProgramStudent> = person
        .students
        .iter()
        .map(|held| ProgramStudent::of(held.state, held.live, &held.student))
        .collect();
    let students: Vec<&ProgramStudent> = students.iter().collect();
    missed(&students, None, today, 0).is_some_and(|found| tells(notice, found))
}
