//! From changed students to persons and near matches.
//!
//! The result depends on the records and the decisions of people, not on the order in which they came. There is one
//! exception by day: members of a person whose evidence has turned against it are not parted, but people are asked.
//! [`LinkIndex::resolve_all`] then takes all students at once and makes the persons what
//! they would be if all had come together; only their numbers follow from what they are today.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::bulk::{self, BulkOptions};
use crate::cluster::{Board, Evidence, Open, Reason, Veto, veto};
use crate::decisions::{HumanDecisions, Verdict};
use crate::index::{LinkIndex, Pair, Scratch};
use crate::postings::Slot;

/// A piece of the pair graph is worked on as a whole up to this many records; a larger one is cut at its weakest
/// edges, and said to be.
pub const MAX_CLUSTER: usize = 300;

/// The most pairs kept as evidence of one join or near match.
const MAX_PAIRS: usize = 16;

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

/// Memberships held in memory.
#[derive(Debug, Clone, Default)]
pub struct Entities {
    of: FxHashMap<u128, u64>,
    members: FxHashMap<u64, Vec<u128>>,
    last: u64,
}

impl Memberships for Entities {
    fn entity(&self, key: u128) -> Option<u64> {
        self.of.get(&key).copied()
    }

    fn members(&self, entity: u64) -> Vec<u128> {
        self.members.get(&entity).cloned().unwrap_or_default()
    }
}

impl Entities {
    /// Puts a student into a person, or with `None` into none.
    pub fn set(&mut self, key: u128, entity: Option<u64>) {
        if let Some(old) = self.of.remove(&key)
            && let Some(members) = self.members.get_mut(&old)
        {
            members.retain(|&member| member != key);
            if members.is_empty() {
                self.members.remove(&old);
            }
        }
        if let Some(entity) = entity {
            self.of.insert(key, entity);
            self.members.entry(entity).or_default().push(key);
            self.last = self.last.max(entity);
        }
    }

    /// Makes the persons as resolved, with new numbers where none is kept.
    pub fn apply(&mut self, resolution: &Resolution) {
        for part in resolution.parts() {
            let entity = part.keeps.unwrap_or(self.last + 1);
            for &member in &part.members {
                if self.of.get(&member) != Some(&entity) {
                    self.set(member, Some(entity));
                }
            }
        }
    }

    /// All students with their person.
    pub fn iter(&self) -> impl Iterator<Item = (u128, u64)> + '_ {
        self.of.iter().map(|(&key, &entity)| (key, entity))
    }

    /// The persons as sets of students, in one order whatever their numbers.
    pub fn partition(&self) -> Vec<Vec<u128>> {
        let mut parts: Vec<Vec<u128>> = self.members.values().cloned().collect();
        for part in &mut parts {
            part.sort_unstable();
        }
        parts.sort_unstable();
        parts
    }
}

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
struct Graph {
    nodes: Vec<Slot>,
    edges: Vec<(Slot, Slot, f32)>,
    cut: FxHashSet<Slot>,
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
        let mut clusters: Vec<Cluster> = pieces
            .into_par_iter()
            .map(|piece| self.cluster(piece, current, humans))
            .collect();
        clusters.sort_by_key(|cluster| cluster.members[0]);
        let mut cut: Vec<u128> = graph.cut.iter().map(|&slot| self.at(slot).key).collect();
        cut.sort_unstable();
        Resolution { clusters, cut }
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
        edges.extend(humans.iter().filter_map(|decision| {
            let (a, b) = (self.slot(decision.key_a)?, self.slot(decision.key_b)?);
            Some((a, b, f32::INFINITY))
        }));
        let mut nodes: Vec<Slot> = edges.iter().flat_map(|edge| [edge.0, edge.1]).collect();
        nodes.par_sort_unstable();
        nodes.dedup();
        let alone = (0..self.slots()).filter(|slot| nodes.binary_search(slot).is_err());
        let alone: Vec<u128> = alone.filter_map(|slot| Some(self.get(slot)?.key)).collect();
        let mut graph = Graph {
            nodes,
            edges,
            cut: FxHashSet::default(),
        };
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
        let mut cut: Vec<u128> = graph.cut.iter().map(|&slot| self.at(slot).key).collect();
        cut.sort_unstable();
        Resolution { clusters, cut }
    }

    /// Leaves only the parts that are not a person today, with their numbers, and clusters of which something is left.
    fn keep_news(&self, clusters: &mut Vec<Cluster>, current: &dyn Memberships) {
        let mut held: FxHashMap<u64, usize> = FxHashMap::default();
        for person in self.keys().filter_map(|key| current.entity(key)) {
            *held.entry(person).or_default() += 1;
        }
        let is_today = |part: &Part| {
            let person = current.entity(part.members[0]);
            person.is_some_and(|p| held.get(&p) == Some(&part.members.len()))
                && part.members.iter().all(|&key| current.entity(key) == person)
        };
        let mut news: Vec<(usize, Part)> = Vec::new();
        for (number, cluster) in clusters.iter_mut().enumerate() {
            let parts = std::mem::take(&mut cluster.parts);
            news.extend(
                parts
                    .into_iter()
                    .filter(|part| !is_today(part))
                    .map(|part| (number, part)),
            );
        }
        news.sort_by_key(|(_, part)| part.members[0]);
        // All at once: what was one person may lie in pieces that nothing connects any more.
        give_numbers(news.iter_mut().map(|(_, part)| part).collect(), current);
        for (number, part) in news {
            clusters[number].parts.push(part);
        }
        clusters.retain(|cluster| !cluster.parts.is_empty() || !cluster.near_matches.is_empty());
    }

    /// All that is connected with the changed students by evidence, by being one person, or by a decision.
    fn graph(&self, changed: &[u128], current: &dyn Memberships, humans: &HumanDecisions) -> Graph {
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
        let mut graph = Graph {
            nodes: wave.clone(),
            edges: Vec::new(),
            cut: FxHashSet::default(),
        };
        let mut union = Union::default();
        while !wave.is_empty() {
            let found: Vec<(Slot, Vec<(Slot, f32)>)> = wave
                .par_iter()
                .with_min_len(16)
                .map_init(Scratch::default, |scratch, &slot| {
                    (slot, self.neighbours(slot, scratch, current, humans))
                })
                .collect();
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

    /// Connected records; what is one person or was decided by people is connected beyond any weight.
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
        let fixed = person.into_iter().chain(decided).filter(|&other| other != key);
        out.extend(fixed.filter_map(|other| Some((self.slot(other)?, f32::INFINITY))));
        out
    }

    fn cluster(&self, mut slots: Vec<Slot>, current: &dyn Memberships, humans: &HumanDecisions) -> Cluster {
        slots.sort_unstable_by_key(|&slot| self.at(slot).key);
        let keys: Vec<u128> = slots.iter().map(|&slot| self.at(slot).key).collect();
        let n = slots.len();
        let evidence = self.evidence(&slots, humans);
        let at = |i: usize, j: usize| evidence[i.min(j) * n + i.max(j)];
        let thresholds = &self.model().thresholds;
        let probability = |weight| self.model().probability(weight);
        let pair = |i: usize, j: usize| {
            let Evidence { levels, weight, .. } = at(i, j);
            Pair {
                a: keys[i.min(j)],
                b: keys[i.max(j)],
                levels,
                weight,
                probability: probability(weight),
            }
        };
        let strongest = |left: &[usize], right: &[usize]| {
            let mut pairs: Vec<Pair> = left
                .iter()
                .flat_map(|&i| right.iter().map(move |&j| (i, j)))
                .map(|(i, j)| pair(i, j))
                .collect();
            pairs.sort_by(|x, y| y.weight.total_cmp(&x.weight).then((x.a, x.b).cmp(&(y.a, y.b))));
            pairs.truncate(MAX_PAIRS);
            pairs
        };
        let named = |nodes: &[usize]| nodes.iter().map(|&i| keys[i]).collect::<Vec<u128>>();

        let mut board = Board::new(n, thresholds, at);
        let mut joins: Vec<(usize, Join)> = Vec::new();
        let pinned = same_pairs(&keys, humans);
        for &(i, j) in &pinned {
            let (g, h) = (board.group_of(i), board.group_of(j));
            if g != h && board.join(g, h) {
                let both = pair(i, j);
                let join = Join {
                    left: vec![keys[i]],
                    right: vec![keys[j]],
                    mean: both.weight,
                    probability: both.probability,
                    pairs: vec![both],
                    by_people: true,
                };
                joins.push((i, join));
            }
        }
        let mut persons: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
        for (i, &key) in keys.iter().enumerate() {
            if let Some(entity) = current.entity(key) {
                persons.entry(entity).or_default().push(i);
            }
        }
        // Persons whose members' evidence has turned are kept together, and asked about.
        let mut turned: Vec<(u64, Vec<usize>)> = persons
            .into_iter()
            .filter(|(_, nodes)| !falls_apart(nodes, &pinned, thresholds, at).is_empty())
            .collect();
        turned.sort_unstable();
        for (_, nodes) in &turned {
            board.join_person(nodes);
        }
        for joined in board.join_automatically() {
            let join = Join {
                left: named(&joined.left),
                right: named(&joined.right),
                mean: joined.mean,
                probability: probability(joined.mean),
                pairs: strongest(&joined.left, &joined.right),
                by_people: false,
            };
            joins.push((joined.left[0], join));
        }
        // What is one person today is not news.
        joins.retain(|(_, join)| {
            let entity = current.entity(join.left[0]);
            let mut members = join.left.iter().chain(&join.right);
            entity.is_none() || members.any(|&key| current.entity(key) != entity)
        });

        let mut open: Vec<Open> = board.open_questions();
        for (_, nodes) in &turned {
            for group in board.groups().filter(|group| group.len() > 1) {
                let inside: Vec<usize> = nodes
                    .iter()
                    .copied()
                    .filter(|node| group.contains(node))
                    .collect();
                open.extend(falls_apart(&inside, &pinned, thresholds, at));
            }
        }
        let near_matches = open
            .into_iter()
            .map(|open| NearMatch {
                left: named(&open.left),
                right: named(&open.right),
                mean: open.mean,
                probability: probability(open.mean),
                pairs: strongest(&open.left, &open.right),
                reason: open.reason,
            })
            .collect();
        let mut parts: Vec<Part> = board
            .groups()
            .map(|group| Part {
                members: named(group),
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
            members: keys,
            parts,
            near_matches,
        }
    }

    fn evidence(&self, slots: &[Slot], humans: &HumanDecisions) -> Vec<Evidence> {
        let none = Evidence {
            levels: crate::levels::Levels::default(),
            weight: 0.0,
            veto: None,
        };
        let n = slots.len();
        let mut all = vec![none; n * n];
        for i in 0..n {
            for j in i + 1..n {
                let (a, b) = (self.at(slots[i]), self.at(slots[j]));
                let (comparison, weight) = self.score(a, b);
                let veto = match humans.verdict(a.key, b.key) {
                    Some(Verdict::Different) => Some(Veto::HumanDifferent),
                    Some(Verdict::Same) => None,
                    None => veto(a, b, comparison.levels, weight, &self.model().thresholds),
                };
                all[i * n + j] = Evidence {
                    levels: comparison.levels,
                    weight,
                    veto,
                };
            }
        }
        all
    }
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
    thresholds: &crate::model::Thresholds,
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

/// Decides which part continues which person: the part with most of its members, then the one with the smallest
/// key; a part that continues several keeps the one with most members in it, then the smallest number. The parts come
/// by ascending first key.
fn give_numbers(parts: Vec<&mut Part>, current: &dyn Memberships) {
    let mut claims: FxHashMap<u64, (usize, usize)> = FxHashMap::default();
    for (index, part) in parts.iter().enumerate() {
        let mut counts: FxHashMap<u64, usize> = FxHashMap::default();
        for entity in part.members.iter().filter_map(|&key| current.entity(key)) {
            *counts.entry(entity).or_default() += 1;
        }
        for (entity, count) in counts {
            let claim = claims.entry(entity).or_insert((index, count));
            if count > claim.1 {
                *claim = (index, count);
            }
        }
    }
    let mut own: Vec<Vec<(usize, u64)>> = vec![Vec::new(); parts.len()];
    for (entity, (index, count)) in claims {
        own[index].push((count, entity));
    }
    for (part, mut own) in parts.into_iter().zip(own) {
        own.sort_unstable_by_key(|&(count, entity)| (std::cmp::Reverse(count), entity));
        part.keeps = own.first().map(|&(_, entity)| entity);
        part.absorbs = own.iter().skip(1).map(|&(_, entity)| entity).collect();
    }
}

impl Graph {
    /// The connected pieces, the too large ones cut at ever stronger edges.
    fn pieces(&mut self) -> Vec<Vec<Slot>> {
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
