//! What the linker is asked for by the clock: the check of all students, and new weights.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use linking::driver;
use store::jobs;

use super::Context;

/// How often it is looked whether something is due, in seconds.
const LOOK: u32 = 600;

/// Asks for the check of all students when it is due: by night (7 to 11 UTC, when it is night in every state) after
/// 18 hours, by day after 30. And by night for new weights, after so many days as are configured.
pub(super) fn run(context: &Context) {
    let mut seconds: u32 = 0;
    while !context.stopping() {
        std::thread::sleep(Duration::from_secs(1));
        seconds = seconds.wrapping_add(1);
        if !seconds.is_multiple_of(LOOK) {
            continue;
        }
        if let Err(error) = ask(context, context.clock.now()) {
            tracing::warn!(%error, "the check of all students will be asked for later");
        }
    }
}

fn ask(context: &Context, now: DateTime<Utc>) -> store::Result<()> {
    let night = (7..11).contains(&now.hour());
    let connection = &mut *store::connection(&context.pool)?;
    let hours = if night { 18 } else { 30 };
    let mut due = Vec::new();
    if store::link_models::check_is_due(connection, now - TimeDelta::hours(hours))? {
        due.push(driver::CHECK_JOB);
    }
    let days = TimeDelta::days(context.refit_days.into());
    if night && !days.is_zero() && store::link_proposals::is_due(connection, now - days)? {
        due.push(driver::REFIT_JOB);
    }
    for name in due {
        jobs::enqueue_once(connection, name, 0, now)?;
    }
    Ok(())
}
