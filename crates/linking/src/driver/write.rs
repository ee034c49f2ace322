//! What was resolved becomes links, in one transaction.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use mde::PersonId;
use store::jobs::{self, NewJob};
use store::links::{self, Decided, LinkChange};
use store::work_items;
use uuid::Uuid;

use super::{CHANGED_JOB, Cause, Linker, Round, json, person_id};
use crate::resolve::{Join, Part, Resolution};

/// Persons of one job that looks at what changed of them: about a second, for which those of a small batch may have to
/// wait.
const TOLD_TOGETHER: usize = 250;

/// What was found about students, to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) resolution: &'a Resolution,
    /// The students that changed.
    pub(super) changed: &'a [u128],
    pub(super) cause: Cause,
    /// Somebody waits for it.
    pub(super) urgent: bool,
}

impl Found<'_> {
    /// The changed students and all that is connected with them, each once.
    pub(super) fn looked_at(&self) -> Vec<Uuid> {
        let members = self
            .resolution
            .clusters
            .iter()
            .flat_map(|cluster| &cluster.members);
        let all: HashSet<u128> = members.chain(self.changed).copied().collect();
        all.into_iter().map(Uuid::from_u128).collect()
    }
}

impl Linker {
    /// Writes what was resolved, while links stand still. [`store::Error::LinkMoved`] if somebody holds a person that
    /// would change.
    pub(super) fn write(
        &self,
        connection: &mut PgConnection,
        found: &Found<'_>,
        now: DateTime<Utc>,
    ) -> store::Result<Round> {
        let Found {
            resolution,
            changed,
            cause,
            urgent,
        } = *found;
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
        let retired: HashSet<PersonId> = parts
            .iter()
            .flat_map(|part| &part.absorbs)
            .map(|number| person_id(*number))
            .collect::<store::Result<_>>()?;
        let mut persons: Vec<PersonId> = changes
            .iter()
            .flat_map(|change| change.from.into_iter().chain([change.to]))
            .collect();
        let touched: Vec<i64> = persons.iter().chain(&retired).map(|p| p.number()).collect();
        if !touched.is_empty() && work_items::lock_of(connection, &touched)?.is_some() {
            return Err(store::Error::LinkMoved);
        }
        links::apply(connection, &changes, now)?;
        let near = self.near_matches(resolution, &person_of)?;
        let near_matches = match cause {
            Cause::Changed => self.ask(connection, &found.looked_at(), near, now)?,
            Cause::Check => self.ask_all(connection, near, &changes, now)?,
        };

        let own = changed
            .iter()
            .filter_map(|key| person_of.get(key).copied().or_else(|| self.known(*key)));
        persons.extend(own);
        persons.retain(|person| !retired.contains(person));
        persons.sort_unstable();
        persons.dedup();
        for chunk in persons.chunks(TOLD_TOGETHER) {
            let payload = serde_json::json!({ "persons": chunk });
            jobs::enqueue(
                connection,
                &NewJob {
                    name: CHANGED_JOB,
                    payload,
                    priority: if urgent { 10 } else { 5 },
                    deduplicate: None,
                },
                now,
            )?;
        }
        Ok(Round {
            links: changes.len(),
            near_matches,
            ..Round::default()
        })
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
}
