//! The job that looks at persons after the linker has.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use mde::PersonId;
use serde::Deserialize;
use store::jobs::{self, NewJob};
use store::persons::PersonRecord;
use store::{data_requests, db, notices, persons};

use crate::corrections;
use crate::detect::{Detected, detect};
use crate::life;
use crate::missed;

/// Name of the job that is told which persons changed.
pub const JOB: &str = "notice";

/// What the job is told.
#[derive(Debug, Deserialize)]
struct Payload {
    persons: Vec<PersonId>,
}

/// Runs the job [`JOB`] of this payload, `{"persons": [number, …]}`. Returns the number of notices written.
pub fn run(
    connection: &mut PgConnection,
    payload: &serde_json::Value,
    now: DateTime<Utc>,
) -> store::Result<usize> {
    let payload: Payload = Payload::deserialize(payload).map_err(|error| store::Error::Corrupt {
        what: "job payload",
        why: error.to_string(),
    })?;
    handle_changed(connection, &payload.persons, now)
}

/// Asks for a look at a person whose clocks somebody has started or stopped, in the caller's transaction.
pub(crate) fn look_at(
    connection: &mut PgConnection,
    person: PersonId,
    now: DateTime<Utc>,
) -> store::Result<()> {
    let job = NewJob {
        name: JOB,
        payload: serde_json::json!({ "persons": [person] }),
        priority: 1,
        deduplicate: None,
    };
    jobs::enqueue(connection, &job, now)
}

/// Brings the notices of these persons in line with their history: writes what is new, takes back what nobody has
/// answered and is not so any more. Doing it again changes nothing. Returns the number of notices written.
pub fn handle_changed(
    connection: &mut PgConnection,
    person_ids: &[PersonId],
    now: DateTime<Utc>,
) -> store::Result<usize> {
    let numbers = persons::numbers(person_ids);
    db::write(connection, |connection| {
        data_requests::mark_arrived(connection, &numbers, now)
    })?;
    corrections::see_arriving(connection, &numbers, now)?;
    let participants = store::participants::all(connection)?;
    let takes_part = |state: &str| participants.iter().any(|p| p.state == state);
    let mut written = 0;
    // Most persons are known to one state and have nothing to tell; they are not even read.
    for some in notices::candidates(connection, person_ids)?.chunks(persons::TOGETHER) {
        written += db::write(connection, |connection| {
            settle_all(connection, some, &takes_part, now)
        })?;
    }
    Ok(written)
}

fn settle_all(
    connection: &mut PgConnection,
    ids: &[PersonId],
    takes_part: &dyn Fn(&str) -> bool,
    now: DateTime<Utc>,
) -> store::Result<usize> {
    persons::lock_all(connection, ids)?;
    let persons = persons::load_all(connection, ids)?;
    let numbers: Vec<i64> = persons.iter().map(|person| person.person_id.number()).collect();
    notices::go_with_students(connection, &numbers)?;
    let mut valid: HashMap<i64, Vec<notices::Notice>> = HashMap::new();
    for notice in notices::of_persons(connection, &numbers)? {
        if notice.sender.is_none() && notice.withdrawn_at.is_none() {
            valid.entry(notice.person_id).or_default().push(notice);
        }
    }
    let mut written = 0;
    for person in &persons {
        let valid = valid.remove(&person.person_id.number()).unwrap_or_default();
        written += settle(connection, person, &valid, takes_part, now)?;
    }
    Ok(written)
}

/// Brings the notices of one person in line; `valid` are those of the hub that stand.
fn settle(
    connection: &mut PgConnection,
    person: &PersonRecord,
    valid: &[notices::Notice],
    takes_part: &dyn Fn(&str) -> bool,
    now: DateTime<Utc>,
) -> store::Result<usize> {
    let detected = detect(person, now);

    // One notice per move: an answered one, else the oldest. Several can be left when a move between two others of
    // the same states turns out never to have been.
    let telling = |d: &Detected| {
        valid
            .iter()
            .filter(|notice| d.is_told_by(notice))
            .min_by_key(|notice| (notice.acknowledged_at.is_none(), notice.move_notice_id))
            .map(|notice| notice.move_notice_id)
    };
    let today = now.date_naive();
    let standing = valid
        .iter()
        .filter(|notice| notice.event == missed::EVENT && missed::stands(notice, person, today))
        .map(|notice| notice.move_notice_id);
    let founded: Vec<i64> = detected.iter().filter_map(telling).chain(standing).collect();
    let unfounded: Vec<i64> = valid
        .iter()
        .map(|notice| notice.move_notice_id)
        .filter(|id| !founded.contains(id))
        .collect();
    notices::withdraw(connection, &unfounded, now)?;

    let new: Vec<notices::NewNotice> = detected
        .iter()
        .filter(|d| d.recent && takes_part(&d.notice.recipient) && telling(d).is_none())
        .map(|d| d.notice.clone())
        .collect();
    let causes: Vec<&str> = new.iter().map(|notice| notice.cause.as_str()).collect();
    notices::restore(connection, &causes, person.person_id.number(), now)?;
    Ok(life::write(connection, &new, now)?.len())
}
