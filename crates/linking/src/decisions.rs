//! What people decided about pairs of students. Kept by pair of records, so that it outlives every merge and split
//! of persons and every new set of weights.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// What a person said of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// One child.
    Same,
    /// Two children.
    Different,
}

/// One decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HumanDecision {
    /// What was decided.
    pub verdict: Verdict,
    /// One student.
    pub key_a: u128,
    /// The other.
    pub key_b: u128,
}

/// All decisions in force; of two on one pair, the later. And the persons about whom people are deciding.
#[derive(Debug, Clone, Default)]
pub struct HumanDecisions {
    verdicts: FxHashMap<(u128, u128), Verdict>,
    partners: FxHashMap<u128, Vec<u128>>,
    held: FxHashMap<u128, u64>,
    members: FxHashMap<u64, Vec<u128>>,
}

fn ordered(a: u128, b: u128) -> (u128, u128) {
    (a.min(b), a.max(b))
}

impl HumanDecisions {
    /// Takes a decision in, in place of an earlier one on the pair. A pair of one record with itself is ignored.
    pub fn record(&mut self, decision: HumanDecision) {
        let (a, b) = ordered(decision.key_a, decision.key_b);
        if a != b && self.verdicts.insert((a, b), decision.verdict).is_none() {
            self.partners.entry(a).or_default().push(b);
            self.partners.entry(b).or_default().push(a);
        }
    }

    /// Forgets the decision on a pair.
    pub fn withdraw(&mut self, key_a: u128, key_b: u128) {
        let (a, b) = ordered(key_a, key_b);
        if self.verdicts.remove(&(a, b)).is_some() {
            for (own, other) in [(a, b), (b, a)] {
                if let Some(partners) = self.partners.get_mut(&own) {
                    partners.retain(|&partner| partner != other);
                }
            }
        }
    }

    /// The decision on a pair.
    pub fn verdict(&self, key_a: u128, key_b: u128) -> Option<Verdict> {
        self.verdicts.get(&ordered(key_a, key_b)).copied()
    }

    /// Holds a student in a person about whom people are deciding: until they have, nobody joins that person and nobody
    /// leaves it, whatever the records and earlier decisions say.
    pub fn hold(&mut self, key: u128, person: u64) {
        if self.held.insert(key, person).is_none() {
            self.members.entry(person).or_default().push(key);
        }
    }

    /// Holds nobody any more. What people decided stays.
    pub fn release(&mut self) {
        self.held.clear();
        self.members.clear();
    }

    /// The person in which a student is held.
    pub fn held(&self, key: u128) -> Option<u64> {
        self.held.get(&key).copied()
    }

    /// All students of the held person to which this one belongs, itself included; none if it is not held.
    pub fn held_with(&self, key: u128) -> &[u128] {
        let members = self.held(key).and_then(|person| self.members.get(&person));
        members.map_or(&[], Vec::as_slice)
    }

    /// The persons that are held, each with its students, in no order.
    pub fn held_persons(&self) -> impl Iterator<Item = &[u128]> {
        self.members.values().map(Vec::as_slice)
    }

    /// All decisions, in no order.
    pub fn iter(&self) -> impl Iterator<Item = HumanDecision> + '_ {
        self.verdicts
            .iter()
            .map(|(&(key_a, key_b), &verdict)| HumanDecision {
                verdict,
                key_a,
                key_b,
            })
    }

    /// The students about whom and `key` something was decided.
    pub fn partners(&self, key: u128) -> &[u128] {
        self.partners.get(&key).map_or(&[], Vec::as_slice)
    }
}

impl FromIterator<HumanDecision> for HumanDecisions {
    fn from_iter<I: IntoIterator<Item = HumanDecision>>(decisions: I) -> Self {
        let mut all = HumanDecisions::default();
        decisions.into_iter().for_each(|decision| all.record(decision));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_decision_stands_and_can_be_withdrawn() {
        let decide = |verdict, key_a, key_b| HumanDecision {
            verdict,
            key_a,
            key_b,
        };
        let mut all: HumanDecisions = [decide(Verdict::Same, 1, 2), decide(Verdict::Different, 2, 1)]
            .into_iter()
            .collect();
        assert_eq!(all.verdict(1, 2), Some(Verdict::Different));
        assert_eq!(all.partners(1), [2]);
        all.withdraw(1, 2);
        assert_eq!(
            (all.verdict(2, 1), all.partners(1).len(), all.partners(2).len()),
            (None, 0, 0)
        );
    }

    #[test]
    fn a_held_student_knows_with_whom() {
        let mut all = HumanDecisions::default();
        for (key, person) in [(1, 10), (2, 10), (3, 20), (1, 10)] {
            all.hold(key, person);
        }
        assert_eq!(
            (all.held(1), all.held(3), all.held(4)),
            (Some(10), Some(20), None)
        );
        assert_eq!((all.held_with(2), all.held_with(4).len()), ([1, 2].as_slice(), 0));
        assert_eq!(all.held_persons().count(), 2);
        assert_eq!(all.iter().count(), 0, "nothing is decided yet");
        all.record(HumanDecision {
            verdict: Verdict::Same,
            key_a: 1,
            key_b: 3,
        });
        all.release();
        assert_eq!((all.held(1), all.held_with(2).len()), (None, 0));
        assert_eq!(all.held_persons().count(), 0);
        assert_eq!(all.verdict(1, 3), Some(Verdict::Same), "it stands");
    }

    #[test]
    fn decisions_are_kept_by_pair() {
        let decide = |verdict, key_a, key_b| HumanDecision {
            verdict,
            key_a,
            key_b,
        };
        let mut all: HumanDecisions = [
            decide(Verdict::Same, 5, 5),
            decide(Verdict::Same, 3, 1),
            decide(Verdict::Different, 1, 2),
        ]
        .into_iter()
        .collect();
        assert_eq!(
            all.verdict(5, 5),
            None,
            "of one record there is nothing to decide"
        );
        assert!(all.partners(5).is_empty());
        assert_eq!(
            (all.partners(1), all.partners(3)),
            ([3, 2].as_slice(), [1].as_slice())
        );
        let mut listed: Vec<(u128, u128, bool)> = all
            .iter()
            .map(|d| (d.key_a, d.key_b, d.verdict == Verdict::Same))
            .collect();
        listed.sort_unstable();
        assert_eq!(listed, [(1, 2, false), (1, 3, true)], "the smaller key first");
        all.withdraw(3, 1);
        assert_eq!((all.partners(1), all.partners(3).len()), ([2].as_slice(), 0));
        all.withdraw(8, 9);
        assert_eq!(all.iter().count(), 1);
    }
}
