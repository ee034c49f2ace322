//! The thin driver: reads the students that changed, asks the core, writes links and near matches.
//!
//! One linker works at a time and holds the index in memory. Everything it decides for a round is written in one
//! transaction together with the note that these students were seen; when that fails, the round is simply done again.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use mde::{PersonId, StateCode, StudentId};
use store::jobs::{self, NewJob};
use store::links::{self, Decided, LinkChange};
use store::{link_holds, work_items};
use uuid::Uuid;

use crate::cluster::{Reason, Veto};
use crate::decisions::HumanDecisions;
use crate::explain::reason_words;
use crate::index::LinkIndex;
use crate::model::Model;
use crate::resolve::{Entities, Join, Memberships, Part, Resolution};
use crate::review;

mod check;
mod hold;
mod people;
mod refit;
mod student;

pub use hold::release;
pub use refit::{Example, Refit, RefitReport, Turn, model_in_force};
pub use student::{gather, upsert};

/// Name of the job that lets the linker look at changed students.
pub const JOB: &str = "link";

/// Name of the job that is told which persons changed.
pub const CHANGED_JOB: &str = "notice";

/// Name of the job that looks at all students at once.
pub const CHECK_JOB: &str = "link-check";

/// Students looked at in one round.
const ROUND: i64 = 20_000;

/// Students read from the store at a time.
const CHUNK: usize = 2_000;

/// Why a near match is closed without people.
const SETTLED: &str = "the records changed and the question no longer arises";

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
    /// How many students there were when the frequencies of names were last frozen.
    frozen_at: usize,
    unlooked: hold::Unlooked,
}

impl Linker {
    /// Builds the index of all live students from the store, but for those of states in doubt that wait.
    pub fn open(connection: &mut PgConnection, model: Model) -> store::Result<Self> {
        let mut linker = Self {
            index: LinkIndex::new(model),
            persons: read_persons(connection)?,
            frozen_at: 0,
            unlooked: hold::Unlooked::default(),
        };
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
                    &store::students::read(connection, chunk)?,
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
            for (id, student) in store::students::read(connection, chunk)? {
                if let Some(state) = held
                    .get(&id.0)
                    .filter(|h| h.status == "live")
                    .and_then(|_| state_of(id))
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
            let round = self.round(connection, clock())?;
            if round.students == 0 {
                break;
            }
            total.add(round);
        }
        Ok(total)
    }

    fn round(&mut self, connection: &mut PgConnection, now: DateTime<Utc>) -> store::Result<Round> {
        let queued = links::queued(connection, ROUND)?;
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
        let ids: Vec<Uuid> = seen.iter().map(|(id, _)| *id).collect();
        self.freeze_if_grown();
        // People may have merged or split persons since.
        for (student, person) in links::of_students(connection, &ids)? {
            self.persons.set(student.as_u128(), u64::try_from(person).ok());
        }
        let humans = people::decisions(connection)?;
        let changed: Vec<u128> = ids.iter().map(Uuid::as_u128).collect();
        let resolution = self.index.resolve(&changed, &self.persons, &humans);
        if !resolution.cut.is_empty() {
            tracing::warn!(
                students = resolution.cut.len(),
                "a piece of the pair graph was too large and was cut"
            );
        }
        let (round, moved) = store::db::write(connection, |connection| {
            let written = self.write(connection, &resolution, &changed, Cause::Changed, now)?;
            links::unqueue(connection, &seen)?;
            Ok(written)
        })?;
        self.remember(moved);
        Ok(Round {
            students: queued.len(),
            held: waiting.len(),
            ..round
        })
    }

    fn remember(&mut self, moved: Vec<(Uuid, PersonId)>) {
        for (student, person) in moved {
            self.persons
                .set(student.as_u128(), u64::try_from(person.number()).ok());
        }
    }

    /// Freezes the frequencies of names again when the students have become half as many more, so that a first load is
    /// not judged by an empty table.
    fn freeze_if_grown(&mut self) {
        if self.index.len() > self.frozen_at + self.frozen_at / 2 {
            self.index.freeze();
            self.frozen_at = self.index.len();
        }
    }

    /// Writes what was resolved. Returns the students with their new persons, to be remembered once it is committed.
    fn write(
        &self,
        connection: &mut PgConnection,
        resolution: &Resolution,
        changed: &[u128],
        cause: Cause,
        now: DateTime<Utc>,
    ) -> store::Result<(Round, Vec<(Uuid, PersonId)>)> {
        // Taken before any row of an item: whoever decides takes it first as well.
        links::lock(connection)?;
        let parts: Vec<&Part> = resolution.parts().collect();
        let fresh = parts.iter().filter(|part| part.keeps.is_none()).count();
        let mut numbers = links::new_persons(connection, fresh, now)?.into_iter();
        let mut changes: Vec<LinkChange> = Vec::new();
        let mut person_of: HashMap<u128, PersonId> = HashMap::new();
        let placed: HashSet<u128> = parts.iter().flat_map(|part| &part.members).copied().collect();
        for part in &parts {
            let person = match part.keeps {
                Some(number) => person_id(number)?,
                None => numbers.next().ok_or(store::Error::Corrupt {
                    what: "person",
                    why: "no number is left".into(),
                })?,
            };
            self.part(part, person, cause, &mut changes, &mut person_of)?;
            for absorbed in &part.absorbs {
                self.absorb(
                    connection,
                    &placed,
                    person_id(*absorbed)?,
                    person,
                    &mut changes,
                    now,
                )?;
            }
        }
        links::apply(connection, &changes, now)?;
        let found = self.near_matches(resolution, &person_of)?;
        let new_near_matches = match cause {
            Cause::Changed => self.ask(connection, &looked_at(resolution, changed), found, now)?,
            Cause::Check => self.ask_all(connection, found, &changes, now)?,
        };

        let mut persons: Vec<PersonId> = changed
            .iter()
            .filter_map(|key| person_of.get(key).copied().or_else(|| self.known(*key)))
            .collect();
        let retired: HashSet<u64> = parts
            .iter()
            .flat_map(|part| part.absorbs.iter().copied())
            .collect();
        let left = changes.iter().filter_map(|change| change.from);
        persons.extend(
            left.filter(|person| u64::try_from(person.number()).is_ok_and(|n| !retired.contains(&n))),
        );
        persons.extend(changes.iter().map(|change| change.to));
        persons.sort_unstable();
        persons.dedup();
        for chunk in persons.chunks(1_000) {
            let payload = serde_json::json!({ "persons": chunk });
            jobs::enqueue(
                connection,
                &NewJob {
                    name: CHANGED_JOB,
                    payload,
                    priority: 5,
                    deduplicate: None,
                },
                now,
            )?;
        }
        let round = Round {
            links: changes.len(),
            near_matches: new_near_matches,
            ..Round::default()
        };
        Ok((
            round,
            changes
                .iter()
                .map(|change| (change.student_id, change.to))
                .collect(),
        ))
    }

    /// Opens and refreshes near matches, and closes those around the students looked at that are no longer found.
    fn ask(
        &self,
        connection: &mut PgConnection,
        looked_at: &[Uuid],
        mut found: Vec<work_items::NearMatch>,
        now: DateTime<Utc>,
    ) -> store::Result<usize> {
        found.extend(review::reopened(connection, &self.index, looked_at)?);
        let new = work_items::open_near_matches(connection, &found, now)?;
        let still: HashSet<(Uuid, Uuid)> = found
            .iter()
            .map(|near| (near.student_a, near.student_b))
            .collect();
        let settled: Vec<i64> = work_items::open_near_matches_of(connection, looked_at)?
            .into_iter()
            .filter(|(_, a, b)| !still.contains(&(*a, *b)))
            .map(|(id, ..)| id)
            .collect();
        work_items::close(connection, &settled, SETTLED, now)?;
        Ok(new)
    }

    fn known(&self, key: u128) -> Option<PersonId> {
        self.persons.entity(key).and_then(|number| person_id(number).ok())
    }

    /// The changes that make one part one person.
    fn part(
        &self,
        part: &Part,
        person: PersonId,
        cause: Cause,
        changes: &mut Vec<LinkChange>,
        person_of: &mut HashMap<u128, PersonId>,
    ) -> store::Result<()> {
        let mut founded = part.keeps.is_some();
        for &member in &part.members {
            person_of.insert(member, person);
            let from = self.known(member);
            if from == Some(person) {
                continue;
            }
            let join = part
                .joins
                .iter()
                .find(|join| join.left.contains(&member) || join.right.contains(&member));
            let (decided, mut evidence) = match join {
                // The first of a new person is not linked to anything: the others are linked to it.
                _ if !founded && from.is_none() => (Decided::New, serde_json::json!({})),
                _ if !founded => (
                    Decided::Automatic,
                    serde_json::json!({ "cause": "no longer one child" }),
                ),
                Some(join) if join.by_people => (Decided::Reviewed, self.evidence(join)?),
                Some(join) => (Decided::Automatic, self.evidence(join)?),
                None => (Decided::Automatic, serde_json::json!({})),
            };
            if cause == Cause::Check {
                evidence["cause"] = "nightly check".into();
            }
            founded = true;
            changes.push(LinkChange {
                student_id: Uuid::from_u128(member),
                from,
                to: person,
                decided,
                decided_by: self.index.model().version.clone(),
                evidence,
            });
        }
        Ok(())
    }

    /// Retires a person; students of it that no part holds (no longer reported) follow. One that came back in this round
    /// has a part of its own.
    fn absorb(
        &self,
        connection: &mut PgConnection,
        placed: &HashSet<u128>,
        retired: PersonId,
        survivor: PersonId,
        changes: &mut Vec<LinkChange>,
        now: DateTime<Utc>,
    ) -> store::Result<()> {
        for (_, student) in links::members(connection, &[retired.number()])? {
            if !placed.contains(&student.as_u128()) {
                changes.push(LinkChange {
                    student_id: student,
                    from: Some(retired),
                    to: survivor,
                    decided: Decided::Automatic,
                    decided_by: self.index.model().version.clone(),
                    evidence: serde_json::json!({ "follows": retired }),
                });
            }
        }
        links::retire(connection, retired, survivor, now)?;
        store::notices::follow(connection, retired.number(), survivor.number())
    }

    /// What explains a join: the explanation of its strongest pair, and the mean over all pairs.
    fn evidence(&self, join: &Join) -> store::Result<serde_json::Value> {
        let best = join.pairs.first();
        let explanation = best.and_then(|pair| self.index.explain(pair.a, pair.b));
        json(&serde_json::json!({
            "students": best.map(|pair| [Uuid::from_u128(pair.a), Uuid::from_u128(pair.b)]),
            "mean_weight": join.mean,
            "probability": join.probability,
            "explanation": explanation,
        }))
    }

    fn near_matches(
        &self,
        resolution: &Resolution,
        person_of: &HashMap<u128, PersonId>,
    ) -> store::Result<Vec<work_items::NearMatch>> {
        // Of several groups between the same two students the strongest is asked about.
        let mut by_pair: BTreeMap<(u128, u128), work_items::NearMatch> = BTreeMap::new();
        for near in resolution.near_matches() {
            if near.reason == Reason::Veto(Veto::HumanDifferent) {
                continue; // Answered: it is not asked again.
            }
            let Some(pair) = near.pairs.first() else { continue };
            let person = |key| person_of.get(&key).copied().or_else(|| self.known(key));
            let (Some(person_a), Some(person_b)) = (person(pair.a), person(pair.b)) else {
                continue;
            };
            let mut states: Vec<String> = near
                .left
                .iter()
                .chain(&near.right)
                .filter_map(|key| state_of(StudentId(Uuid::from_u128(*key))))
                .map(|state| state.to_string())
                .collect();
            states.sort_unstable();
            states.dedup();
            let explanation =
                self.index
                    .explain_open(pair.a, pair.b, near.reason, &HumanDecisions::default());
            let summary = explanation
                .as_ref()
                .map(|e| e.summary.clone())
                .unwrap_or_default();
            by_pair.entry((pair.a, pair.b)).or_insert(work_items::NearMatch {
                student_a: Uuid::from_u128(pair.a),
                student_b: Uuid::from_u128(pair.b),
                persons: (person_a.number(), person_b.number()),
                sides: [&near.left, &near.right]
                    .map(|side| side.iter().map(|key| Uuid::from_u128(*key)).collect()),
                states,
                probability: near.probability as f32,
                weight: near.mean,
                reason: format!("{}: {summary}", reason_words(near.reason)),
                evidence: json(&explanation)?,
                earlier: None,
            });
        }
        Ok(by_pair.into_values().collect())
    }
}

/// The changed students and all that is connected with them, each once.
fn looked_at(resolution: &Resolution, changed: &[u128]) -> Vec<Uuid> {
    let members = resolution.clusters.iter().flat_map(|cluster| &cluster.members);
    let all: HashSet<u128> = members.chain(changed).copied().collect();
    all.into_iter().map(Uuid::from_u128).collect()
}

/// All persons as they are linked.
fn read_persons(connection: &mut PgConnection) -> store::Result<Entities> {
    let mut persons = Entities::default();
    for (student, person) in links::all(connection)? {
        persons.set(student.as_u128(), u64::try_from(person).ok());
    }
    Ok(persons)
}

/// The state of a student is the first part of its key.
fn state_of(id: StudentId) -> Option<StateCode> {
    StateCode::all().find(|state| state.number() == id.state_number())
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
