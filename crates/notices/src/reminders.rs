//! What comes due: told to its state before and after its last day, once each.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use store::{data_requests, db, deadlines, participants, referrals};

use crate::keeper::state_code;
use crate::state_days::StateDays;

/// Name of the job that looks for what comes due.
pub const JOB: &str = "deadline.reminders";

/// Tells each participating state of its deadlines, its referrals and requests to it that are due within so many of its
/// working days, and of those whose last day has passed there. Doing it again tells nothing. Returns how much was told.
pub fn sweep(connection: &mut PgConnection, working_days: u32, now: DateTime<Utc>) -> store::Result<usize> {
    // A full upload that has come in time is seen first.
    deadlines::met_by_fulls(connection)?;
    let mut told = 0;
    for participant in participants::all(connection)? {
        let state = state_code(&participant.state)?;
        let days = StateDays::kept(connection, state, &participant)?;
        let today = days.day(now);
        let ahead = (today, days.work.after(today, working_days));
        told += db::write(connection, |connection| {
            Ok(deadlines::tell_due(connection, state, ahead, now)?
                + data_requests::tell_due(connection, state, ahead, now)?
                + referrals::tell_due(connection, state, ahead, now)?)
        })?;
    }
    Ok(told)
}
