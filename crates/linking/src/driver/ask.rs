//! What is left to people becomes near matches, and what is no longer a question is closed.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use mde::{PersonId, StudentId};
use store::links::LinkChange;
use store::{link_models, work_items};
use uuid::Uuid;

use super::{Linker, json};
use crate::cluster::{Reason, Veto};
use crate::decisions::{HumanDecisions, Verdict};
use crate::explain::reason_words;
use crate::resolve::Resolution;
use crate::review;

/// Why a near match is closed without people.
const SETTLED: &str = "the records changed and the question no longer arises";

/// An open question whose weight moved less than this, in bits, is left as it is.
const SAME_WEIGHT: f32 = 0.25;

impl Linker {
    /// Opens and refreshes near matches, and closes those around the students looked at that are no longer found.
    pub(super) fn ask(
        &self,
        connection: &mut PgConnection,
        looked_at: &[Uuid],
        mut found: Vec<work_items::NearMatch>,
        now: DateTime<Utc>,
    ) -> store::Result<usize> {
        found.extend(review::reopened(connection, &self.index, looked_at)?);
        found.retain(|near| !self.is_held(near.student_a, near.student_b));
        let new = work_items::open_near_matches(connection, &found, now)?;
        let still: HashSet<(Uuid, Uuid)> = found
            .iter()
            .map(|near| (near.student_a, near.student_b))
            .collect();
        let settled: Vec<i64> = work_items::open_near_matches_of(connection, looked_at)?
            .into_iter()
            .filter(|(_, a, b)| !still.contains(&(*a, *b)) && !self.is_held(*a, *b))
            .map(|(id, ..)| id)
            .collect();
        work_items::close(connection, &settled, SETTLED, now)?;
        Ok(new)
    }

    /// Makes the open near matches those that were found of all students. What is asked already and has not changed is
    /// left alone.
    pub(super) fn ask_all(
        &self,
        connection: &mut PgConnection,
        mut found: Vec<work_items::NearMatch>,
        changes: &[LinkChange],
        now: DateTime<Utc>,
    ) -> store::Result<usize> {
        let decided: HashSet<Uuid> = self
            .humans
            .iter()
            .filter(|decision| decision.verdict == Verdict::Different)
            .flat_map(|decision| [decision.key_a, decision.key_b])
            .map(Uuid::from_u128)
            .collect();
        let decided: Vec<Uuid> = decided.into_iter().collect();
        found.extend(review::reopened(connection, &self.index, &decided)?);
        found.retain(|near| !self.is_held(near.student_a, near.student_b));
        let still: HashSet<(Uuid, Uuid)> = found
            .iter()
            .map(|near| (near.student_a, near.student_b))
            .collect();
        let asked: HashMap<(Uuid, Uuid), f32> = link_models::open_questions(connection)?
            .into_iter()
            .filter_map(|open| Some(((open.student_a, open.student_b), open.weight?)))
            .collect();
        let moved: HashSet<Uuid> = changes.iter().map(|change| change.student_id).collect();
        found.retain(|near| {
            let same = asked
                .get(&(near.student_a, near.student_b))
                .is_some_and(|w| (w - near.weight).abs() < SAME_WEIGHT);
            !same || near.sides.iter().flatten().any(|student| moved.contains(student))
        });
        let new = work_items::open_near_matches(connection, &found, now)?;
        let settled: Vec<i64> = link_models::open_questions(connection)?
            .into_iter()
            .filter(|open| !still.contains(&(open.student_a, open.student_b)))
            .filter(|open| !self.is_held(open.student_a, open.student_b))
            .map(|open| open.work_item_id)
            .collect();
        work_items::close(connection, &settled, SETTLED, now)?;
        Ok(new)
    }

    pub(super) fn near_matches(
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
                .filter_map(|key| StudentId(Uuid::from_u128(*key)).state())
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

    /// Whether people are deciding about a person of one of two students: what is asked about it neither comes nor goes
    /// until they have.
    fn is_held(&self, a: Uuid, b: Uuid) -> bool {
        [a, b]
            .iter()
            .any(|student| self.humans.held(student.as_u128()).is_some())
    }
}
