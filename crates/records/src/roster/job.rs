//! The job that keeps lists and alerts in line with what the states say.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use mde::PersonId;
use store::roster::{self, Held, departures};
use store::{db, new_children, persons};

use super::of_person;

/// Persons whose lists are settled in one transaction: less than a second, in which other changed persons wait.
pub(crate) const TOGETHER: usize = 250;

/// Brings the lists and the alerts of these persons in line with their students, as of `now`. Doing it again changes
/// nothing. Returns how many alerts were raised.
pub fn refresh(connection: &mut PgConnection, ids: &[PersonId], now: DateTime<Utc>) -> store::Result<usize> {
    let numbers = persons::numbers(ids);
    let mut raised = 0;
    for part in numbers.chunks(TOGETHER) {
        raised += db::write(connection, |connection| {
            // The job is done only with a commit that is on the disk, and these before it.
            db::flush_later(connection)?;
            let (held, facilities) = roster::held(connection, part, now)?;
            let mut persons: BTreeMap<PersonId, Vec<&Held>> = BTreeMap::new();
            for student in &held {
                persons.entry(student.person_id).or_default().push(student);
            }
            let (mut entries, mut new, mut leaving) = (Vec::new(), Vec::new(), Vec::new());
            for students in persons.values() {
                let found = of_person(students, &facilities, now);
                entries.extend(found.entries);
                new.extend(found.new);
                leaving.extend(found.departures);
            }
            // A number that was retired since has nothing any more; its survivor is told too.
            roster::settle(connection, part, entries)?;
            departures::settle(connection, part, leaving)?;
            new_children::settle(connection, part, &new, now)
        })?;
    }
    Ok(raised)
}
