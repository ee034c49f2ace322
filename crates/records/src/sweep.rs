//! Looking at all persons again, in pieces of which each asks for the next.
//!
//! It comes after the nightly check of all links. What nobody has changed changes by the day: enrollments end, moves
//! begin, two schools at once are told after a while; and persons from before a list was kept come onto it.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use mde::PersonId;
use serde::{Deserialize, Serialize};
use store::jobs::{self, NewJob};
use store::{disagreements, roster as lists};

use crate::{contradicted, roster};

/// What is kept in line for all persons.
#[derive(Debug)]
pub struct Sweep {
    /// The job that does a piece of it.
    pub job: &'static str,
    /// Persons of a piece: less than a second, in which changed persons wait.
    piece: usize,
    /// The next persons by number after one, so many.
    next: fn(&mut PgConnection, Option<PersonId>, i64) -> store::Result<Vec<PersonId>>,
    /// Looks at persons as of a time.
    look: fn(&mut PgConnection, &[PersonId], DateTime<Utc>) -> store::Result<()>,
}

/// The contradictions in records of several students.
pub const CONTRADICTIONS: Sweep = Sweep {
    job: "contradictions",
    piece: 100,
    next: disagreements::next_candidates,
    look: contradicted::refresh,
};

/// The lists of districts and their new children.
pub const ROSTER: Sweep = Sweep {
    job: "roster",
    piece: roster::TOGETHER,
    next: lists::next_persons,
    look: |connection, ids, now| roster::refresh(connection, ids, now).map(drop),
};

/// All of them.
pub const SWEEPS: [&Sweep; 2] = [&CONTRADICTIONS, &ROSTER];

/// What a piece of the job is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Piece {
    /// The person after whom it begins; the first of all without it.
    after: Option<PersonId>,
}

impl Sweep {
    /// Asks for the job, in the caller's transaction.
    pub fn ask(&self, connection: &mut PgConnection, now: DateTime<Utc>) -> store::Result<()> {
        self.enqueue(connection, Piece::default(), now)
    }

    fn enqueue(&self, connection: &mut PgConnection, piece: Piece, now: DateTime<Utc>) -> store::Result<()> {
        let job = NewJob {
            name: self.job,
            payload: serde_json::to_value(piece).expect("a number is JSON"),
            // Whatever has changed goes first.
            priority: -5,
            deduplicate: Some(self.job.to_owned()),
        };
        jobs::enqueue(connection, &job, now)
    }

    /// Does a piece of the job with its payload, as of `now`, and asks for the next, if there is one. Returns how many
    /// persons were looked at.
    pub fn run(
        &self,
        connection: &mut PgConnection,
        payload: &serde_json::Value,
        now: DateTime<Utc>,
    ) -> store::Result<usize> {
        let piece = Piece::deserialize(payload).map_err(|error| store::Error::Corrupt {
            what: "piece of the job",
            why: error.to_string(),
        })?;
        let ids = (self.next)(connection, piece.after, self.piece as i64)?;
        (self.look)(connection, &ids, now)?;
        if ids.len() == self.piece {
            let after = ids.last().copied();
            self.enqueue(connection, Piece { after }, now)?;
        }
        Ok(ids.len())
    }
}
