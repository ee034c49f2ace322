//! The pair graph: who is connected with whom, in pieces that can be worked on as a whole.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{FEW, MAX_CLUSTER, Memberships};
use crate::decisions::HumanDecisions;
use crate::index::{LinkIndex, Scratch};
use crate::postings::Slot;

/// Disjoint sets of slots.
#[derive(Default)]
struct Union {
    parent: FxHashMap<Slot, Slot>,
    size: FxHashMap<Slot, usize>,
}

impl Union {
    fn root(&mut self, slot: Slot) -> Slot {
        let mut root = slot;
        while let Some(&up) = self.parent.get(&root).filter(|&&up| up != root) {
            root = up;
        }
        let mut at = slot;
        while at != root {
            at = self.parent.insert(at, root).unwrap_or(root);
        }
        root
    }

    fn join(&mut self, a: Slot, b: Slot) {
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            let total = self.size.get(&a).unwrap_or(&1) + self.size.get(&b).unwrap_or(&1);
            self.parent.insert(a, b);
            self.size.insert(b, total);
        }
    }

    fn size(&mut self, slot: Slot) -> usize {
        let root = self.root(slot);
        self.size.get(&root).copied().unwrap_or(1)
    }

    fn sets(&mut self, slots: &[Slot]) -> Vec<Vec<Slot>> {
        let mut sets: FxHashMap<Slot, Vec<Slot>> = FxHashMap::default();
        for &slot in slots {
            let root = self.root(slot);
            sets.entry(root).or_default().push(slot);
        }
        sets.into_values().collect()
    }
}

/// The part of the pair graph around the changed students.
pub(super) struct Graph {
    nodes: Vec<Slot>,
    edges: Vec<(Slot, Slot, f32)>,
    cut: FxHashSet<Slot>,
}

impl LinkIndex {
    /// All that is connected with the changed students by evidence, by being one person, or by a decision.
    pub(super) fn graph(
        &self,
        changed: &[u128],
        current: &dyn Memberships,
        humans: &HumanDecisions,
    ) -> Graph {
        let mut wave: Vec<Slot> = Vec::new();
        for &key in changed {
            match self.slot(key) {
                Some(slot) => wave.push(slot),
                // What is left of the removed student's person is looked at again.
                None => wave.extend(
                    current
                        .entity(key)
                        .iter()
                        .flat_map(|&e| current.members(e))
                        .filter_map(|k| self.slot(k)),
                ),
            }
        }
        wave.sort_unstable();
        wave.dedup();
        let mut seen: FxHashSet<Slot> = wave.iter().copied().collect();
        let mut graph = Graph::new(wave.clone(), Vec::new());
        let mut union = Union::default();
        let mut scratch = Scratch::default();
        while !wave.is_empty() {
            let around =
                |scratch: &mut Scratch, &slot: &Slot| (slot, self.neighbours(slot, scratch, current, humans));
            let found: Vec<(Slot, Vec<(Slot, f32)>)> = if wave.len() < FEW {
                wave.iter().map(|slot| around(&mut scratch, slot)).collect()
            } else {
                wave.par_iter()
                    .with_min_len(FEW)
                    .map_init(Scratch::default, around)
                    .collect()
            };
            wave.clear();
            for (slot, neighbours) in found {
                for (to, weight) in neighbours {
                    graph.edges.push((slot.min(to), slot.max(to), weight));
                    union.join(slot, to);
                    if seen.insert(to) {
                        graph.nodes.push(to);
                        wave.push(to);
                    }
                }
            }
            wave.retain(|&slot| {
                let small = union.size(slot) <= MAX_CLUSTER;
                if !small {
                    graph.cut.insert(slot);
                }
                small
            });
        }
        graph
    }

    /// Connected records; what is one person or was decided by people is connected beyond any weight, and so is what is
    /// held until they have decided.
    fn neighbours(
        &self,
        slot: Slot,
        scratch: &mut Scratch,
        current: &dyn Memberships,
        humans: &HumanDecisions,
    ) -> Vec<(Slot, f32)> {
        let key = self.at(slot).key;
        let mut out: Vec<(Slot, f32)> = self
            .edges(slot, scratch)
            .into_iter()
            .map(|edge| (edge.to, edge.weight))
            .collect();
        let person = current
            .entity(key)
            .map(|entity| current.members(entity))
            .unwrap_or_default();
        let decided = humans.partners(key).iter().copied();
        let held = humans.held_with(key).iter().copied();
        let fixed = person
            .into_iter()
            .chain(decided)
            .chain(held)
            .filter(|&other| other != key);
        out.extend(fixed.filter_map(|other| Some((self.slot(other)?, f32::INFINITY))));
        out
    }
}

impl Graph {
    /// A graph of all edges.
    pub(super) fn new(nodes: Vec<Slot>, edges: Vec<(Slot, Slot, f32)>) -> Graph {
        Graph {
            nodes,
            edges,
            cut: FxHashSet::default(),
        }
    }

    /// The students of pieces that were cut, ascending.
    pub(super) fn too_large(&self, index: &LinkIndex) -> Vec<u128> {
        let mut cut: Vec<u128> = self.cut.iter().map(|&slot| index.at(slot).key).collect();
        cut.sort_unstable();
        cut
    }

    /// The connected pieces, the too large ones cut at ever stronger edges.
    pub(super) fn pieces(&mut self) -> Vec<Vec<Slot>> {
        let mut done = Vec::new();
        let mut threshold = f32::NEG_INFINITY;
        let mut nodes = std::mem::take(&mut self.nodes);
        let mut edges = std::mem::take(&mut self.edges);
        loop {
            let mut union = Union::default();
            edges.retain(|edge| edge.2 >= threshold);
            for &(a, b, _) in &edges {
                union.join(a, b);
            }
            let (large, small): (Vec<_>, Vec<_>) = union
                .sets(&nodes)
                .into_iter()
                .partition(|set| set.len() > MAX_CLUSTER && threshold < f32::MAX);
            done.extend(small);
            if large.is_empty() {
                return done;
            }
            nodes = large.concat();
            self.cut.extend(&nodes);
            threshold = if threshold < 0.0 { 0.0 } else { threshold + 2.0 };
            if threshold > 40.0 {
                // Only persons and decisions of people are this strong; they are never cut.
                threshold = f32::MAX;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twice as many as a piece may have, in a row, joined by these weights in turn.
    fn row(weights: &[f32]) -> Graph {
        let nodes: Vec<Slot> = (0..2 * MAX_CLUSTER as Slot).collect();
        let edges = nodes
            .windows(2)
            .enumerate()
            .map(|(at, pair)| (pair[0], pair[1], weights[at % weights.len()]))
            .collect();
        Graph::new(nodes, edges)
    }

    #[test]
    fn a_piece_that_is_too_large_is_cut_at_ever_stronger_edges() {
        for (weights, size) in [
            ([9.0, -1.0], 2),
            ([9.0, 1.0], 2),
            ([39.0, 37.0], 2),
            ([-1.0, -2.0], 1),
        ] {
            let mut graph = row(&weights);
            let pieces = graph.pieces();
            assert!(
                pieces.iter().all(|piece| piece.len() == size),
                "{weights:?}: {} pieces",
                pieces.len()
            );
            assert_eq!(pieces.concat().len(), 2 * MAX_CLUSTER, "nobody is lost");
            assert_eq!(graph.cut.len(), 2 * MAX_CLUSTER);
        }
    }

    #[test]
    fn what_people_decided_is_never_cut() {
        let mut graph = row(&[f32::INFINITY]);
        assert_eq!(graph.pieces().len(), 1);
        let mut small = Graph::new(vec![1, 2, 3], vec![(1, 2, -3.0)]);
        let mut pieces = small.pieces();
        pieces.sort();
        assert_eq!(pieces, [vec![1, 2], vec![3]]);
        assert!(small.cut.is_empty(), "small pieces stay whole, however weak");
    }
}
