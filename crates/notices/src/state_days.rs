//! A state's time: its registered zone and its working days.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use diesel::pg::PgConnection;
use mde::{StateCode, WorkCalendar};
use store::participants::Participant;
use store::{calendars, participants};

use crate::duty::Limit;

/// When it is which day in a state, and on which days it works.
#[derive(Debug, Clone)]
pub struct StateDays {
    /// Its zone: "the day on which something was received" is a day there.
    pub zone: Tz,
    /// Its working days.
    pub work: WorkCalendar,
}

impl StateDays {
    /// Reads what a participating state keeps; `None` if the state does not take part.
    pub fn of(connection: &mut PgConnection, state: StateCode) -> store::Result<Option<Self>> {
        match participants::of_state(connection, state)? {
            Some(participant) => Self::kept(connection, state, &participant).map(Some),
            None => Ok(None),
        }
    }

    /// Reads what this participant keeps.
    pub fn kept(
        connection: &mut PgConnection,
        state: StateCode,
        participant: &Participant,
    ) -> store::Result<Self> {
        let zone: Tz = participant.time_zone.parse().map_err(|_| store::Error::Corrupt {
            what: "time zone",
            why: format!("{} is not in the IANA database", participant.time_zone),
        })?;
        let work = calendars::of_state(connection, state)?;
        Ok(Self { zone, work })
    }

    /// The day of an instant.
    #[must_use]
    pub fn day(&self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.zone).date_naive()
    }

    /// The last day of a limit that starts now.
    #[must_use]
    pub fn due(&self, limit: Limit, now: DateTime<Utc>) -> NaiveDate {
        limit.from(self.day(now), &self.work)
    }
}
