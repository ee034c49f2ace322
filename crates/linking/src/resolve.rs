//! From changed students to persons and near matches.
//!
//! The result depends on the records and the decisions of people, not on the order in which they came. There is one
//! exception by day: members of a person whose evidence has turned against it are not parted, but people are asked.
//! A person about whom people are deciding stays as it is, by day and night: nobody joins it and nobody leaves it.
//! [`LinkIndex::resolve_all`] then takes all students at once and makes the persons what
//! they would be if all had come together; only their numbers follow from what they are today.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bulk::{self, BulkOptions};
use crate::cluster::Reason;
use crate::decisions::HumanDecisions;
use crate::index::{LinkIndex, Pair};
use crate::postings::Slot;

mod entities;
mod graph;
mod numbers;
mod piece;

pub use entities::Entities;
use graph::Graph;

/// A piece of the pair graph is worked on as a whole up to this many records; a larger one is cut at its weakest
/// edges, and said to be.
pub const MAX_CLUSTER: usize = 300;

/// So few students or pieces are worked on at once: waking another thread takes longer than they do.
const FEW: usize = 16;

/// Which students are one person today.
pub trait Memberships: Sync {
    /// The person of a student.
    fn entity(&self, key: u128) -> Option<u64>;
    /// The students of a person.
    fn members(&self, entity: u64) -> Vec<u128>;
}

/// Groups joined without people or by their decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Join {
    /// One group, ascending.
    pub left: Vec<u128>,
    /// The other.
    pub right: Vec<u128>,
    /// Mean weight of all cross pairs in bits.
    pub mean: f32,
    /// The same as a probability.
    pub probability: f64,
    /// The strongest cross pairs, at most 16.
    pub pairs: Vec<Pair>,
    /// Whether people decided it.
    pub by_people: bool,
}

/// One person as it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its students, ascending.
    pub members: Vec<u128>,
    /// The person it continues: of several, the one with most of the members, then the smallest number.
    pub keeps: Option<u64>,
    /// Other persons all of whose students are in it now.
    pub absorbs: Vec<u64>,
    /// How it came together, as far as it was not one person before.
    pub joins: Vec<Join>,
}

/// Two groups that people should judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearMatch {
    /// One group, ascending: all students of a person, or part of one for [`Reason::Split`].
    pub left: Vec<u128>,
    /// The other.
    pub right: Vec<u128>,
    /// Mean weight of all cross pairs in bits.
    pub mean: f32,
    /// The same as a probability.
    pub probability: f64,
    /// The strongest cross pairs, at most 16.
    pub pairs: Vec<Pair>,
    /// Why it is not automatic.
    pub reason: Reason,
}

/// One connected piece.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// All its students, ascending.
    pub members: Vec<u128>,
    /// The persons in it.
    pub parts: Vec<Part>,
    /// What is left to people.
    pub near_matches: Vec<NearMatch>,
}

impl Cluster {
    /// A student with whom nothing is connected.
    fn of_one(key: u128) -> Cluster {
        Cluster {
            members: vec![key],
            parts: vec![Part {
                members: vec![key],
                keeps: None,
                absorbs: Vec::new(),
                joins: Vec::new(),
            }],
            near_matches: Vec::new(),
        }
    }
}

/// What should be so, after some students changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Resolution {
    /// The pieces touched, by smallest key.
    pub clusters: Vec<Cluster>,
    /// Students in pieces that were too large to be worked on as a whole.
    pub cut: Vec<u128>,
}

impl Resolution {
    /// All near matches.
    pub fn near_matches(&self) -> impl Iterator<Item = &NearMatch> {
        self.clusters.iter().flat_map(|cluster| &cluster.near_matches)
    }

    /// All persons.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.clusters.iter().flat_map(|cluster| &cluster.parts)
    }
}

impl LinkIndex {
    /// Works out what should be so around the `changed` students (new, changed or removed ones).
    pub fn resolve(
        &self,
        changed: &[u128],
        current: &dyn Memberships,
        humans: &HumanDecisions,
    ) -> Resolution {
        let mut graph = self.graph(changed, current, humans);
        let pieces = graph.pieces();
        let cluster = |piece| self.cluster(piece, current, humans);
        let mut clusters: Vec<Cluster> = if pieces.len() < FEW {
            pieces.into_iter().map(cluster).collect()
        } else {
            pieces.into_par_iter().map(cluster).collect()
        };
        clusters.sort_by_key(|cluster| cluster.members[0]);
        Resolution {
            clusters,
            cut: graph.too_large(self),
        }
    }

    /// Works out what should be so of all students at once, whatever is so today: the records and the decisions of
    /// people alone say who is who. Persons keep their numbers: a part goes on as the person with most of whose
    /// students it shares. Gives only the persons that are not so today, and all that is left to people.
    pub fn resolve_all(&self, current: &dyn Memberships, humans: &HumanDecisions) -> Resolution {
        let review = self.model().thresholds.review;
        let options = BulkOptions {
            pair_floor: review,
            ..BulkOptions::default()
        };
        let (pairs, _) = bulk::pairs(self, &options, &|_| {});
        let mut edges: Vec<(Slot, Slot, f32)> =
            pairs.iter().map(|pair| (pair.a, pair.b, pair.weight)).collect();
        let decided = humans.iter().map(|decision| (decision.key_a, decision.key_b));
        edges.extend(decided.filter_map(|(a, b)| Some((self.slot(a)?, self.slot(b)?, f32::INFINITY))));
        for members in humans.held_persons() {
            let slots: Vec<Slot> = members.iter().filter_map(|&key| self.slot(key)).collect();
            edges.extend(slots.windows(2).map(|two| (two[0], two[1], f32::INFINITY)));
        }
        let mut nodes: Vec<Slot> = edges.iter().flat_map(|edge| [edge.0, edge.1]).collect();
        nodes.par_sort_unstable();
        nodes.dedup();
        let alone = (0..self.slots()).filter(|slot| nodes.binary_search(slot).is_err());
        let alone: Vec<u128> = alone.filter_map(|slot| Some(self.get(slot)?.key)).collect();
        let mut graph = Graph::new(nodes, edges);
        let pieces = graph.pieces();
        let nobody = Entities::default();
        let mut clusters: Vec<Cluster> = pieces
            .into_par_iter()
            .with_min_len(64)
            .map(|piece| self.cluster(piece, &nobody, humans))
            .collect();
        clusters.extend(alone.into_iter().map(Cluster::of_one));
        self.keep_news(&mut clusters, current);
        clusters.sort_by_key(|cluster| cluster.members[0]);
        Resolution {
            clusters,
            cut: graph.too_large(self),
        }
    }
}

#[cfg(test)]
mod tests;
