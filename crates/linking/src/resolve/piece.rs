//! One connected piece of the pair graph becomes persons and near matches.

use std::collections::BTreeMap;

use super::numbers::give_numbers;
use super::{Cluster, Join, Memberships, NearMatch, Part};
use crate::cluster::{Board, Evidence, Open, Veto, veto};
use crate::decisions::{HumanDecisions, Verdict};
use crate::index::{LinkIndex, Pair};
use crate::levels::Levels;
use crate::model::Thresholds;
use crate::postings::Slot;

/// The most pairs kept as evidence of one join or near match.
const MAX_PAIRS: usize = 16;

/// The students of a piece, by ascending key, with the evidence of all their pairs.
struct Piece<'a> {
    index: &'a LinkIndex,
    keys: Vec<u128>,
    /// For `i < j` at `i * n + j`.
    evidence: Vec<Evidence>,
}

impl LinkIndex {
    /// Decides about one piece: first what people decided or are deciding, then what is one person today although its
    /// evidence has turned, then what may be joined without people.
    pub(super) fn cluster(
        &self,
        slots: Vec<Slot>,
        current: &dyn Memberships,
        humans: &HumanDecisions,
    ) -> Cluster {
        let piece = Piece::new(self, slots, humans);
        let (n, keys) = (piece.keys.len(), &piece.keys);
        let thresholds = &self.model().thresholds;
        let at = |i, j| piece.at(i, j);

        let mut board = Board::new(n, thresholds, at);
        let held = by_person(keys, |key| humans.held(key));
        for nodes in held.values() {
            board.close(nodes);
        }
        let mut joins: Vec<(usize, Join)> = Vec::new();
        let pinned = same_pairs(keys, humans);
        for &(i, j) in &pinned {
            let (g, h) = (board.group_of(i), board.group_of(j));
            if g != h && board.join(g, h) {
                joins.push((i, piece.join(&[i], &[j], piece.at(i, j).weight, true)));
            }
        }
        // Persons whose members' evidence has turned are kept together, and asked about.
        let turned: Vec<Vec<usize>> = by_person(keys, |key| current.entity(key))
            .into_values()
            .filter(|nodes| nodes.iter().all(|&node| humans.held(keys[node]).is_none()))
            .filter(|nodes| !falls_apart(nodes, &pinned, thresholds, at).is_empty())
            .collect();
        for nodes in &turned {
            board.join_person(nodes);
        }
        for joined in board.join_automatically() {
            let join = piece.join(&joined.left, &joined.right, joined.mean, false);
            joins.push((joined.left[0], join));
        }
        // What is one person today is not news.
        joins.retain(|(_, join)| {
            let entity = current.entity(join.left[0]);
            let mut members = join.left.iter().chain(&join.right);
            entity.is_none() || members.any(|&key| current.entity(key) != entity)
        });

        let mut open: Vec<Open> = board.open_questions();
        for nodes in &turned {
            for group in board.groups().filter(|group| group.len() > 1) {
                let inside: Vec<usize> = nodes
                    .iter()
                    .copied()
                    .filter(|node| group.contains(node))
                    .collect();
                open.extend(falls_apart(&inside, &pinned, thresholds, at));
            }
        }
        let near_matches = open.into_iter().map(|open| piece.near_match(&open)).collect();
        let mut parts: Vec<Part> = board
            .groups()
            .map(|group| Part {
                members: piece.named(group),
                keeps: None,
                absorbs: Vec::new(),
                joins: joins
                    .iter()
                    .filter(|(i, _)| group.contains(i))
                    .map(|(_, join)| join.clone())
                    .collect(),
            })
            .collect();
        give_numbers(parts.iter_mut().collect(), current);
        Cluster {
            members: piece.keys,
            parts,
            near_matches,
        }
    }
}

impl<'a> Piece<'a> {
    fn new(index: &'a LinkIndex, mut slots: Vec<Slot>, humans: &HumanDecisions) -> Self {
        slots.sort_unstable_by_key(|&slot| index.at(slot).key);
        let none = Evidence {
            levels: Levels::default(),
            weight: 0.0,
            veto: None,
        };
        let n = slots.len();
        let mut evidence = vec![none; n * n];
        for i in 0..n {
            for j in i + 1..n {
                let (a, b) = (index.at(slots[i]), index.at(slots[j]));
                let (comparison, weight) = index.score(a, b);
                let veto = match humans.verdict(a.key, b.key) {
                    Some(Verdict::Different) => Some(Veto::HumanDifferent),
                    Some(Verdict::Same) => None,
                    None => veto(a, b, comparison.levels, weight, &index.model().thresholds),
                };
                evidence[i * n + j] = Evidence {
                    levels: comparison.levels,
                    weight,
                    veto,
                };
            }
        }
        Piece {
            index,
            keys: slots.iter().map(|&slot| index.at(slot).key).collect(),
            evidence,
        }
    }

    fn at(&self, i: usize, j: usize) -> Evidence {
        self.evidence[i.min(j) * self.keys.len() + i.max(j)]
    }

    fn named(&self, nodes: &[usize]) -> Vec<u128> {
        nodes.iter().map(|&i| self.keys[i]).collect()
    }

    /// The strongest cross pairs of two groups.
    fn strongest(&self, left: &[usize], right: &[usize]) -> Vec<Pair> {
        let pair = |i: usize, j: usize| {
            let Evidence { levels, weight, .. } = self.at(i, j);
            Pair {
                a: self.keys[i.min(j)],
                b: self.keys[i.max(j)],
                levels,
                weight,
                probability: self.index.model().probability(weight),
            }
        };
        let crossed = left.iter().flat_map(|&i| right.iter().map(move |&j| (i, j)));
        let mut pairs: Vec<Pair> = crossed.map(|(i, j)| pair(i, j)).collect();
        pairs.sort_by(|x, y| y.weight.total_cmp(&x.weight).then((x.a, x.b).cmp(&(y.a, y.b))));
        pairs.truncate(MAX_PAIRS);
        pairs
    }

    fn join(&self, left: &[usize], right: &[usize], mean: f32, by_people: bool) -> Join {
        Join {
            left: self.named(left),
            right: self.named(right),
            mean,
            probability: self.index.model().probability(mean),
            pairs: self.strongest(left, right),
            by_people,
        }
    }

    fn near_match(&self, open: &Open) -> NearMatch {
        NearMatch {
            left: self.named(&open.left),
            right: self.named(&open.right),
            mean: open.mean,
            probability: self.index.model().probability(open.mean),
            pairs: self.strongest(&open.left, &open.right),
            reason: open.reason,
        }
    }
}

/// The nodes of each person, by its number.
fn by_person(keys: &[u128], person: impl Fn(u128) -> Option<u64>) -> BTreeMap<u64, Vec<usize>> {
    let mut persons: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (i, &key) in keys.iter().enumerate() {
        if let Some(person) = person(key) {
            persons.entry(person).or_default().push(i);
        }
    }
    persons
}

/// Pairs that people called one child, in key order.
fn same_pairs(keys: &[u128], humans: &HumanDecisions) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (i, &key) in keys.iter().enumerate() {
        for &other in humans.partners(key) {
            if other > key
                && humans.verdict(key, other) == Some(Verdict::Same)
                && let Ok(j) = keys.binary_search(&other)
            {
                pairs.push((i, j));
            }
        }
    }
    pairs.sort_unstable();
    pairs
}

/// The parts into which the members of a person fall whose evidence has turned; none if they hold together.
fn falls_apart(
    nodes: &[usize],
    pinned: &[(usize, usize)],
    thresholds: &Thresholds,
    at: impl Fn(usize, usize) -> Evidence,
) -> Vec<Open> {
    if nodes.len() < 2 {
        return Vec::new();
    }
    let mut board = Board::new(nodes.len(), thresholds, |i, j| at(nodes[i], nodes[j]));
    let inside = |node: usize| nodes.iter().position(|&own| own == node);
    for (i, j) in pinned.iter().filter_map(|&(i, j)| Some((inside(i)?, inside(j)?))) {
        let (g, h) = (board.group_of(i), board.group_of(j));
        board.join(g, h);
    }
    let mut open = board.fall_apart();
    for side in open.iter_mut().flat_map(|open| [&mut open.left, &mut open.right]) {
        for i in side {
            *i = nodes[*i];
        }
    }
    open
}
