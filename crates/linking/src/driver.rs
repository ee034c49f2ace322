//! The thin driver: reads the students that changed, asks the core, writes links and near matches.
//!
//! One linker works at a time and holds the index in memory. Everything it decides for a round is written in one
//! transaction together with the note that these students were seen; when that fails, the round is simply done again.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use mde::{Identity, PersonId, StateCode, Student, StudentId, code};
use store::jobs::{self, NewJob};
use store::links::{self, Decided, LinkChange};
use store::work_items;
use uuid::Uuid;

use crate::cluster::{Reason, Veto};
use crate::decisions::{HumanDecision, HumanDecisions, Verdict};
use crate::index::LinkIndex;
use crate::model::Model;
use crate::record::{BirthDateEvidence, EnrollmentSpan, PersonNameInput, RecordInput, Sex};
use crate::resolve::{Entities, Join, Memberships, Part, Resolution};
use crate::review;

/// Name of the job that lets the linker look at changed students.
pub const JOB: &str = "link";

/// Name of the job that is told which persons changed.
pub const CHANGED_JOB: &str = "notice";

/// Students looked at in one round.
const ROUND: i64 = 20_000;

/// Students read from the store at a time.
const CHUNK: usize = 2_000;

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Changed students that were looked at.
    pub students: usize,
    /// Links that were made or changed.
    pub links: usize,
    /// Near matches that are new.
    pub near_matches: usize,
}

/// All live students in the form that is compared, and which of them are one person.
#[derive(Debug)]
pub struct Linker {
    index: LinkIndex,
    persons: Entities,
}

impl Linker {
    /// Builds the index of all live students from the store.
    pub fn open(connection: &mut PgConnection, model: Model) -> store::Result<Self> {
        let mut linker = Self {
            index: LinkIndex::new(model),
            persons: Entities::default(),
        };
        for (student, person) in links::all(connection)? {
            linker.persons.set(student.as_u128(), u64::try_from(person).ok());
        }
        for state in StateCode::all() {
            let ids: Vec<Uuid> = store::students::live(connection, state)?
                .into_iter()
                .map(|live| live.student_id)
                .collect();
            linker.read(connection, &ids)?;
        }
        Ok(linker)
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
            total.students += round.students;
            total.links += round.links;
            total.near_matches += round.near_matches;
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
        // People may have merged or split persons since.
        for (student, person) in links::of_students(connection, &ids)? {
            self.persons.set(student.as_u128(), u64::try_from(person).ok());
        }
        let humans = human_decisions(connection)?;
        let changed: Vec<u128> = ids.iter().map(Uuid::as_u128).collect();
        let resolution = self.index.resolve(&changed, &self.persons, &humans);
        if !resolution.cut.is_empty() {
            tracing::warn!(
                students = resolution.cut.len(),
                "a piece of the pair graph was too large and was cut"
            );
        }
        let (round, moved) = store::db::write(connection, |connection| {
            let written = self.write(connection, &resolution, &changed, now)?;
            links::unqueue(connection, &queued)?;
            Ok(written)
        })?;
        for (student, person) in moved {
            self.persons
                .set(student.as_u128(), u64::try_from(person.number()).ok());
        }
        Ok(Round {
            students: queued.len(),
            ..round
        })
    }

    /// Writes what was resolved. Returns the students with their new persons, to be remembered once it is committed.
    fn write(
        &self,
        connection: &mut PgConnection,
        resolution: &Resolution,
        changed: &[u128],
        now: DateTime<Utc>,
    ) -> store::Result<(Round, Vec<(Uuid, PersonId)>)> {
        // Taken before any row of an item: whoever decides takes it first as well.
        links::lock(connection)?;
        let parts: Vec<&Part> = resolution.parts().collect();
        let fresh = parts.iter().filter(|part| part.keeps.is_none()).count();
        let mut numbers = links::new_persons(connection, fresh, now)?.into_iter();
        let mut changes: Vec<LinkChange> = Vec::new();
        let mut person_of: HashMap<u128, PersonId> = HashMap::new();
        for part in &parts {
            let person = match part.keeps {
                Some(number) => person_id(number)?,
                None => numbers.next().ok_or(store::Error::Corrupt {
                    what: "person",
                    why: "no number is left".into(),
                })?,
            };
            self.part(part, person, &mut changes, &mut person_of)?;
            for absorbed in &part.absorbs {
                self.absorb(connection, part, person_id(*absorbed)?, person, &mut changes, now)?;
            }
        }
        links::apply(connection, &changes, now)?;
        let looked_at = looked_at(resolution, changed);
        let mut near = self.near_matches(resolution, &person_of)?;
        near.extend(review::reopened(connection, &self.index, &looked_at)?);
        let new_near_matches = work_items::open_near_matches(connection, &near, now)?;
        close_settled(connection, &looked_at, &near, now)?;

        let mut persons: Vec<PersonId> = changed
            .iter()
            .filter_map(|key| person_of.get(key).copied().or_else(|| self.known(*key)))
            .collect();
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
            students: 0,
            links: changes.len(),
            near_matches: new_near_matches,
        };
        Ok((
            round,
            changes
                .iter()
                .map(|change| (change.student_id, change.to))
                .collect(),
        ))
    }

    fn known(&self, key: u128) -> Option<PersonId> {
        self.persons.entity(key).and_then(|number| person_id(number).ok())
    }

    /// The changes that make one part one person.
    fn part(
        &self,
        part: &Part,
        person: PersonId,
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
            let (decided, evidence) = match join {
                // The first of a new person is not linked to anything: the others are linked to it.
                _ if !founded => (Decided::New, serde_json::json!({})),
                Some(join) if join.by_people => (Decided::Reviewed, self.evidence(join)?),
                Some(join) => (Decided::Automatic, self.evidence(join)?),
                None => (Decided::Automatic, serde_json::json!({})),
            };
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

    /// Retires a person; students of it that are not in the index (no longer reported) follow.
    fn absorb(
        &self,
        connection: &mut PgConnection,
        part: &Part,
        retired: PersonId,
        survivor: PersonId,
        changes: &mut Vec<LinkChange>,
        now: DateTime<Utc>,
    ) -> store::Result<()> {
        for (_, student) in links::members(connection, &[retired.number()])? {
            if !part.members.contains(&student.as_u128()) {
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
            let (Some(person_a), Some(person_b)) = (person_of.get(&pair.a), person_of.get(&pair.b)) else {
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
            let explanation = self.index.explain(pair.a, pair.b);
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
                reason: format!("{}: {summary}", words(near.reason)),
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

/// Near matches around the students looked at that are no longer found are closed.
fn close_settled(
    connection: &mut PgConnection,
    looked_at: &[Uuid],
    found: &[work_items::NearMatch],
    now: DateTime<Utc>,
) -> store::Result<()> {
    let still: HashSet<(Uuid, Uuid)> = found
        .iter()
        .map(|near| (near.student_a, near.student_b))
        .collect();
    let settled: Vec<i64> = work_items::open_near_matches_of(connection, looked_at)?
        .into_iter()
        .filter(|(_, a, b)| !still.contains(&(*a, *b)))
        .map(|(id, ..)| id)
        .collect();
    work_items::close(
        connection,
        &settled,
        "the records changed and the question no longer arises",
        now,
    )
}

/// Puts a student into an index, as the store holds it.
pub fn upsert(index: &mut LinkIndex, id: StudentId, state: StateCode, student: &Student) {
    let stays: Vec<EnrollmentSpan<'_>> = student
        .enrollments
        .iter()
        .map(|e| EnrollmentSpan {
            state: state.as_str(),
            start: e.enrollment_date.day(),
            end: e.withdrawal_date.map(mde::Date::day),
        })
        .collect();
    let others: Vec<&str> = student
        .alternate_ids
        .iter()
        .map(|a| a.identifier.as_str())
        .collect();
    let identity = &student.identity;
    index.upsert(&RecordInput {
        key: id.0.as_u128(),
        state: state.as_str(),
        state_student_id: identity.state_student_id.as_str(),
        first_name: identity.first_name.as_str(),
        middle_name: text(identity.middle_name.as_ref()),
        last_name_1: identity.last_name_1.as_str(),
        last_name_2: text(identity.last_name_2.as_ref()),
        generation: text(identity.generation.as_ref()),
        birth_date: identity.birth_date.map(mde::Date::day),
        birth_date_evidence: birth_date_evidence(identity),
        sex: match identity.gender {
            Some(code::Gender::Female) => Some(Sex::Female),
            Some(code::Gender::Male) => Some(Sex::Male),
            Some(code::Gender::Other) | None => None,
        },
        multiple_birth: identity.multiple_birth,
        father: adult(
            identity.parent1_last_name.as_ref(),
            identity.parent1_first_name.as_ref(),
        ),
        mother: adult(
            identity.parent2_last_name.as_ref(),
            identity.parent2_first_name.as_ref(),
        ),
        guardian: adult(
            identity.guardian_last_name.as_ref(),
            identity.guardian_first_name.as_ref(),
        ),
        birth_city: text(identity.birth_city.as_ref()),
        birth_state: text(identity.birth_state.as_ref()),
        birth_country: identity.birth_country.as_ref().map_or("", mde::Country::as_str),
        alternate_ids: &others,
        live: true,
        enrollments: &stays,
    });
}

fn text<const MAX: usize>(value: Option<&mde::Text<MAX>>) -> &str {
    value.map_or("", mde::Text::as_str)
}

fn adult<'a>(last: Option<&'a mde::text::Name>, first: Option<&'a mde::text::Name>) -> PersonNameInput<'a> {
    PersonNameInput {
        last: text(last),
        first: text(first),
    }
}

/// Another document than a mere statement was seen.
fn birth_date_evidence(identity: &Identity) -> BirthDateEvidence {
    match identity.birth_verification.map(code::BirthVerification::rank) {
        Some(rank) if rank >= 2 => BirthDateEvidence::Verified,
        Some(_) => BirthDateEvidence::NotVerified,
        None => BirthDateEvidence::Unknown,
    }
}

fn human_decisions(connection: &mut PgConnection) -> store::Result<HumanDecisions> {
    Ok(links::decisions(connection)?
        .into_iter()
        .map(|decision| HumanDecision {
            verdict: if decision.same {
                Verdict::Same
            } else {
                Verdict::Different
            },
            key_a: decision.student_a.as_u128(),
            key_b: decision.student_b.as_u128(),
        })
        .collect())
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

/// Why people are asked, in words.
#[must_use]
pub fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::Uncertain => "The evidence is not enough",
        Reason::TwoCandidates => "Another child fits nearly as well",
        Reason::Contradicted => "Other records of the same child speak against it",
        Reason::Split => "The records of this child no longer look like one child",
        Reason::Veto(Veto::SameState) => "One state holds both under different identifiers",
        Reason::Veto(Veto::OverlappingEnrollments) => "One state holds both, enrolled at the same time",
        Reason::Veto(Veto::MultipleBirth) => "A multiple birth with different given names",
        Reason::Veto(Veto::ParentsDiffer) => "No parent agrees",
        Reason::Veto(Veto::SexAndGivenName) => "Sex and given name differ",
        Reason::Veto(Veto::HumanDifferent) => "People said that these are different children",
    }
}
