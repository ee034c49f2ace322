//! The check of all students at once: persons become what the records and the decisions of people say, whatever the
//! order in which they came.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use store::link_models;

use super::{Cause, Found, Linker, Round, people, retried};

impl Linker {
    /// Freezes the frequencies of names as they are now, and makes all persons what they would be if all students had
    /// come at once. Persons that are so today are not touched; the others keep their numbers where they can: of the
    /// parts of a person the largest. States in doubt stay out of it.
    pub fn check(&mut self, connection: &mut PgConnection, now: DateTime<Utc>) -> store::Result<Round> {
        self.index.freeze();
        self.frozen_at = self.index.len();
        retried(|| self.check_once(connection, now))
    }

    fn check_once(&mut self, connection: &mut PgConnection, now: DateTime<Utc>) -> store::Result<Round> {
        self.follow(connection)?;
        self.humans = people::read(connection)?;
        let resolution = self.index.resolve_all(&self.persons, &self.humans);
        let students = self.index.len();
        let found = Found {
            resolution: &resolution,
            changed: &[],
            cause: Cause::Check,
            urgent: false,
        };
        let round = store::db::write(connection, |connection| {
            self.stand_still(connection)?;
            if people::catch_up_all(&mut self.humans, connection)? {
                return Err(store::Error::LinkMoved);
            }
            let written = self.write(connection, &found, now)?;
            let counts = (students, written.links, written.near_matches);
            link_models::checked(connection, counts, now)?;
            Ok(written)
        })?;
        Ok(Round { students, ..round })
    }
}
