//! The job that keeps lists and alerts in line with what the states say.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use mde::PersonId;
use serde::{Deserialize, Serialize};
use store::jobs::{self, NewJob};
use store::roster::{self, Held};
use store::{db, new_children};

use super::of_person;

/// Job: looks at all persons again, in pieces of which each asks for the next. It comes after the nightly check of all
/// links: enrollments end and moves begin by the day without anything being sent, and persons from before the lists
/// were kept come onto them by it.
pub const SWEEP_JOB: &str = "roster";

/// Persons of a piece, and of a transaction: less than a second, in which changed persons wait.
const PIECE: usize = 250;

/// What a piece of the job is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Piece {
    /// The person after whom it begins; the first of all without it.
    after: Option<PersonId>,
}

/// Asks for the job, in the caller's transaction.
pub fn ask_for_sweep(connection: &mut PgConnection, now: DateTime<Utc>) -> store::Result<()> {
    enqueue(connection, Piece::default(), now)
}

fn enqueue(connection: &mut PgConnection, piece: Piece, now: DateTime<Utc>) -> store::Result<()> {
    let job = NewJob {
        name: SWEEP_JOB,
        payload: serde_json::to_value(piece).expect("a number is JSON"),
        // Whatever has changed goes first.
        priority: -5,
        deduplicate: Some(SWEEP_JOB.to_owned()),
    };
    jobs::enqueue(connection, &job, now)
}

/// Does a piece of the job with its payload, as of `now`, and asks for the next, if there is one. Returns how many
/// persons were looked at.
pub fn sweep(
    connection: &mut PgConnection,
    payload: &serde_json::Value,
    now: DateTime<Utc>,
) -> store::Result<usize> {
    let piece = Piece::deserialize(payload).map_err(|error| store::Error::Corrupt {
        what: "piece of the job",
        why: error.to_string(),
    })?;
    let ids = roster::next_persons(connection, piece.after, PIECE as i64)?;
    refresh(connection, &ids, now)?;
    if ids.len() == PIECE {
        let after = ids.last().copied();
        enqueue(connection, Piece { after }, now)?;
    }
    Ok(ids.len())
}

/// Brings the lists and the alerts of these persons in line with their students, as of `now`. Doing it again changes
/// nothing. Returns how many alerts were raised.
pub fn refresh(connection: &mut PgConnection, ids: &[PersonId], now: DateTime<Utc>) -> store::Result<usize> {
    let numbers: Vec<i64> = ids.iter().map(|id| id.number()).collect();
    let mut raised = 0;
    for part in numbers.chunks(PIECE) {
        raised += db::write(connection, |connection| {
            // The job is done only with a commit that is on the disk, and these before it.
            db::flush_later(connection)?;
            let (held, facilities) = roster::held(connection, part, now)?;
            let mut persons: BTreeMap<PersonId, Vec<&Held>> = BTreeMap::new();
            for student in &held {
                persons.entry(student.person_id).or_default().push(student);
            }
            let (mut entries, mut new) = (Vec::new(), Vec::new());
            for students in persons.values() {
                let found = of_person(students, &facilities, now);
                entries.extend(found.entries);
                new.extend(found.new);
            }
            // A number that was retired since has nothing any more; its survivor is told too.
            roster::settle(connection, part, entries)?;
            new_children::settle(connection, part, &new, now)
        })?;
    }
    Ok(raised)
}
