//! The thin driver: reads the students that changed, asks the core, writes links and near matches.
//!
//! One linker works at a time and holds the index in memory. Everything it decides for a round is written in one
//! transaction together with the note that these students were seen; when that fails, the round is simply done again.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use mde::{PersonId, StateCode};
use store::{db, jobs, link_holds, links};
use uuid::Uuid;

use crate::decisions::HumanDecisions;
use crate::index::LinkIndex;
use crate::model::Model;
use crate::resolve::{Entities, Memberships as _};

mod ask;
mod check;
mod hold;
mod people;
mod proposal;
mod refit;
mod student;
mod write;

pub use hold::release;
pub use proposal::{ProposalError, REFIT_JOB, accept, model_in_force, propose, reject};
pub use refit::{Example, Refit, RefitReport, Turn};
pub use student::{PARTS, gather, upsert};
use write::Found;

/// Name of the job that lets the linker look at changed students.
pub const JOB: &str = "link";

/// Name of the job that is told which persons changed.
pub const CHANGED_JOB: &str = "notice";

/// Name of the job that looks at all students at once.
pub const CHECK_JOB: &str = "link-check";

/// Students looked at in one round: half a second, for which those of a small batch may have to wait.
const ROUND: i64 = 2_000;

/// Students read from the store at a time.
const CHUNK: usize = 2_000;

/// Whatever plan PostgreSQL makes for the tables of so few students, it is soon done.
const FEW: usize = 1_000;

/// How often a round is begun that people come before.
const TRIES: usize = 5;

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Changed students that were looked at.
    pub students: usize,
    /// Links that were made or changed.
    pub links: usize,
    /// Near matches that are new.
    pub near_matches: usize,
    /// Changed students of states in doubt, which wait.
    pub held: usize,
}

impl Round {
    fn add(&mut self, other: Round) {
        self.students += other.students;
        self.links += other.links;
        self.near_matches += other.near_matches;
        self.held += other.held;
    }
}

/// Why links are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// Students changed.
    Changed,
    /// All are checked.
    Check,
}

/// All live students in the form that is compared, and which of them are one person.
#[derive(Debug)]
pub struct Linker {
    index: LinkIndex,
    persons: Entities,
    /// What people decided, and the persons that they hold.
    humans: HumanDecisions,
    /// The last entry of the log of links that `persons` follows.
    read_to: i64,
    /// How many students there were when the frequencies of names were last frozen.
    frozen_at: usize,
    unlooked: hold::Unlooked,
}

impl Linker {
    /// Builds the index of all live students from the store, but for those of states in doubt that wait.
    pub fn open(connection: &mut PgConnection, model: Model) -> store::Result<Self> {
        let mut linker = Self {
            index: LinkIndex::new(model),
            persons: Entities::default(),
            humans: people::read(connection)?,
            read_to: 0,
            frozen_at: 0,
            unlooked: hold::Unlooked::default(),
        };
        linker.read_persons(connection)?;
        let waiting: HashSet<Uuid> = link_holds::waiting(connection, None)?.into_iter().collect();
        for state in StateCode::all() {
            let ids: Vec<Uuid> = store::students::live(connection, state)?
                .into_iter()
                .map(|live| live.student_id)
                .filter(|id| !waiting.contains(id))
                .collect();
            for chunk in ids.chunks(CHUNK) {
                student::gather(
                    &mut linker.index,
                    state,
                    &store::students::read_parts(connection, chunk, PARTS)?,
                );
            }
        }
        linker.index.file();
        linker.frozen_at = linker.index.len();
        Ok(linker)
    }

    /// The same with the model that is in force.
    pub fn open_in_force(connection: &mut PgConnection) -> store::Result<Self> {
        let model = model_in_force(connection)?;
        Self::open(connection, model)
    }

    /// The index, for explanations and figures.
    #[must_use]
    pub fn index(&self) -> &LinkIndex {
        &self.index
    }

    /// Takes these students as the store holds them now; those that are not live leave the index but keep their link.
    fn read(&mut self, connection: &mut PgConnection, ids: &[Uuid]) -> store::Result<()> {
        for chunk in ids.chunks(CHUNK) {
            let held = store::students::held(connection, chunk)?;
            let mut found: HashSet<Uuid> = HashSet::new();
            for (id, student) in store::students::read_parts(connection, chunk, PARTS)? {
                if let Some(state) = held
                    .get(&id.0)
                    .filter(|h| h.status == "live")
                    .and_then(|_| id.state())
                {
                    upsert(&mut self.index, id, state, &student);
                    found.insert(id.0);
                }
            }
            for id in chunk.iter().filter(|id| !found.contains(*id)) {
                self.index.remove(id.as_u128());
            }
        }
        Ok(())
    }

    /// Looks at students that changed, until none waits. `alive` is asked between rounds; on `false` it stops early.
    pub fn run(
        &mut self,
        connection: &mut PgConnection,
        alive: &dyn Fn() -> bool,
        clock: &dyn Fn() -> DateTime<Utc>,
    ) -> store::Result<Round> {
        let mut total = Round::default();
        while alive() {
            let round = retried(|| self.round(connection, clock()))?;
            if round.students == 0 {
                break;
            }
            total.add(round);
        }
        Ok(total)
    }

    fn round(&mut self, connection: &mut PgConnection, now: DateTime<Utc>) -> store::Result<Round> {
        let links::Queued {
            students: queued,
            urgent,
        } = links::queued(connection, ROUND)?;
        if queued.is_empty() {
            return Ok(Round::default());
        }
        let ids: Vec<Uuid> = queued.iter().map(|(id, _)| *id).collect();
        self.read(connection, &ids)?;
        let waiting = self.hold(connection, &queued, now)?;
        let seen: Vec<(Uuid, i64)> = queued
            .iter()
            .copied()
            .filter(|(id, _)| !waiting.contains(id))
            .collect();
        self.freeze_if_grown(connection, now)?;
        self.follow(connection)?;
        people::refresh(&mut self.humans, connection, &ids)?;
        let changed: Vec<u128> = seen.iter().map(|(id, _)| id.as_u128()).collect();
        let resolution = self.index.resolve(&changed, &self.persons, &self.humans);
        if !resolution.cut.is_empty() {
            tracing::warn!(
                students = resolution.cut.len(),
                "a piece of the pair graph was too large and was cut"
            );
        }
        let found = Found {
            resolution: &resolution,
            changed: &changed,
            cause: Cause::Changed,
            urgent,
        };
        let looked_at = found.looked_at();
        let round = db::write(connection, |connection| {
            self.stand_still(connection)?;
            if people::catch_up(&mut self.humans, connection, &looked_at)? {
                return Err(store::Error::LinkMoved);
            }
            let written = self.write(connection, &found, now)?;
            links::unqueue(connection, &seen)?;
            Ok(written)
        })?;
        Ok(Round {
            students: queued.len(),
            held: waiting.len(),
            ..round
        })
    }

    /// Reads all persons as they are linked.
    fn read_persons(&mut self, connection: &mut PgConnection) -> store::Result<()> {
        // Before the links: what is read twice does no harm.
        self.read_to = links::last_event(connection)?;
        self.persons = Entities::default();
        for (student, person) in links::all(connection)? {
            self.persons.set(student.as_u128(), u64::try_from(person).ok());
        }
        self.follow(connection)
    }

    /// Takes in what was linked since persons were last read: by this linker, by another one, or by people.
    fn follow(&mut self, connection: &mut PgConnection) -> store::Result<()> {
        for (event, student, person) in links::events_after(connection, self.read_to)? {
            self.persons.set(student.as_u128(), u64::try_from(person).ok());
            self.read_to = event;
        }
        Ok(())
    }

    /// Lets nobody else change links until the end of the transaction. [`store::Error::LinkMoved`] if somebody has since
    /// they were read.
    fn stand_still(&self, connection: &mut PgConnection) -> store::Result<()> {
        // Taken before any row of an item: whoever decides takes it first as well.
        links::lock(connection)?;
        if links::last_event(connection)? == self.read_to {
            Ok(())
        } else {
            Err(store::Error::LinkMoved)
        }
    }

    /// Freezes the frequencies of names again when the students have become half as many more, so that a first load is
    /// not judged by an empty table; and has PostgreSQL look at its tables for the same reason.
    fn freeze_if_grown(&mut self, connection: &mut PgConnection, now: DateTime<Utc>) -> store::Result<()> {
        if self.index.len() > self.frozen_at + self.frozen_at / 2 {
            self.index.freeze();
            self.frozen_at = self.index.len();
            if self.frozen_at >= FEW {
                jobs::enqueue_once(connection, db::ANALYZE_JOB, 0, now)?;
            }
        }
        Ok(())
    }

    fn known(&self, key: u128) -> Option<PersonId> {
        self.persons.entity(key).and_then(|number| person_id(number).ok())
    }
}

/// Does something again, a few times, that people came before by changing or holding what it was about.
fn retried<T>(mut work: impl FnMut() -> store::Result<T>) -> store::Result<T> {
    for _ in 1..TRIES {
        match work() {
            Err(store::Error::LinkMoved) => {}
            done => return done,
        }
    }
    work()
}

fn person_id(number: u64) -> store::Result<PersonId> {
    let corrupt = |why: String| store::Error::Corrupt {
        what: "person id",
        why,
    };
    let number = i64::try_from(number).map_err(|e| corrupt(e.to_string()))?;
    PersonId::new(number).map_err(|e| corrupt(e.to_string()))
}

fn json<T: serde::Serialize>(value: &T) -> store::Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|e| store::Error::Corrupt {
        what: "explanation",
        why: e.to_string(),
    })
}
