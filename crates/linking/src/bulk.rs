//! All records against each other at once, on all cores: the first load, files of people, the nightly check.
//!
//! The same keys, comparison and weights as for one changed student; only the way to the candidates differs. Blocks
//! are read once from the postings, a wave at a time; of the pairs they bring together only those are held that a glance
//! leaves open, and of those never more than [`HELD`].

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use crate::cluster::{Board, Evidence, Veto, veto};
use crate::glance::Glances;
use crate::index::LinkIndex;
use crate::model::Thresholds;
use crate::postings::{PARTS, Slot, WAVES, slot_of};
use crate::record::Record;

/// What is linked, and how far down.
#[derive(Debug, Clone, Copy)]
pub struct BulkOptions {
    /// Compare only records of different sources. No source is thought to hold a person twice, so candidates of one
    /// source compete in the weights of [`Linked::pairs`].
    pub across: bool,
    /// Two groups are put together while the mean weight of their pairs is at least this many bits.
    pub cluster_at: f32,
    /// Pairs are given from this weight on, in bits.
    pub pair_floor: f32,
}

impl Default for BulkOptions {
    /// Clusters at even odds, pairs from odds of 1/8.
    fn default() -> Self {
        BulkOptions {
            across: false,
            cluster_at: 0.0,
            pair_floor: -3.0,
        }
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many of the records have been compared with their candidates.
    Compared(u64),
    /// Pairs are compared; groups are being made of so many.
    Grouping(u64),
}

/// Two records that may be one person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkedPair {
    /// The number of one record ([`LinkIndex::key_of`]).
    pub a: u32,
    /// The higher number of the other.
    pub b: u32,
    /// Log2 of the odds that they are one person.
    pub weight: f32,
}

/// Who is who, as far as the records tell.
#[derive(Debug, Clone, Default)]
pub struct Linked {
    /// The pairs above the floor.
    pub pairs: Vec<LinkedPair>,
    /// The cluster of each record by its number; clusters are numbered from 0 by their first records.
    pub clusters: Vec<u32>,
    /// How many pairs were compared.
    pub compared: u64,
}

/// The largest piece of the pair graph that is worked on as a whole.
const MAX_PIECE: usize = 300;

/// Records that are looked up side by side.
const READ_AHEAD: usize = 128;

/// Links all records held. The result does not depend on the order of their arrival.
pub fn link(index: &LinkIndex, options: &BulkOptions, progress: &(dyn Fn(Progress) + Sync)) -> Linked {
    let (mut pairs, compared) = pairs(index, options, progress);
    progress(Progress::Grouping(pairs.len() as u64));
    let clusters = clusters(index, &pairs, options);
    if options.across {
        crate::rivals::weigh_against_rivals(&mut pairs, |slot| index.at(slot).state);
        pairs.retain(|pair| pair.weight >= options.pair_floor);
    }
    for pair in &mut pairs {
        let (a, b) = (index.number_of(pair.a), index.number_of(pair.b));
        (pair.a, pair.b) = (a.min(b), a.max(b));
    }
    pairs.par_sort_unstable_by_key(|pair| (pair.a, pair.b));
    Linked {
        pairs,
        clusters,
        compared,
    }
}

/// Two slots in one number, the smaller first.
fn pack(a: Slot, b: Slot) -> u64 {
    u64::from(a.min(b)) << 32 | u64::from(a.max(b))
}

/// Pairs that keys brought together.
#[derive(Default)]
struct Brought {
    /// Those that a glance does not rule out and that are not compared yet, [packed](pack), some of them several times.
    open: Vec<u64>,
    /// Those at or above the floor among what was compared before all were known, some of them several times.
    found: Vec<LinkedPair>,
    /// How many there were.
    pairs: u64,
}

/// Open pairs that are held before those met several times are let go.
const ROOM: usize = 1 << 20;

/// Open pairs that are held at most while others are met. Files of people are far below; rows of which a glance tells
/// nothing bring together as many as their keys allow.
const HELD: usize = 1 << 23;

/// Pairs that are compared by one core before it looks for more.
const COMPARED_AT_ONCE: usize = 1 << 12;

/// Finds pairs among the records of an index.
struct Search<'a> {
    index: &'a LinkIndex,
    glances: Glances<'a>,
    options: &'a BulkOptions,
    /// [`HELD`], or fewer where a test says so.
    held: usize,
}

impl Search<'_> {
    /// Pairs the members of each block with each other, and forgets them.
    fn pair(&self, ahead: &mut Ahead, brought: &mut Brought) {
        let mut start = 0;
        for &end in &ahead.ends {
            let block = &ahead.members[start..end];
            start = end;
            for (at, &a) in block.iter().enumerate() {
                for &b in &block[at + 1..] {
                    if self.options.across && self.glances.state(a) == self.glances.state(b) {
                        continue;
                    }
                    brought.pairs += 1;
                    if self.glances.may_reach(a, b, self.options.pair_floor) {
                        brought.open.push(pack(a, b));
                    }
                }
            }
            if brought.open.len() >= self.held / PARTS {
                brought.open.sort_unstable();
                brought.open.dedup();
                brought.found.extend(self.reaching(&brought.open));
                brought.open.clear();
            }
        }
        ahead.members.clear();
        ahead.ends.clear();
    }

    /// Those of the packed pairs that reach the floor, in their order.
    fn reaching(&self, open: &[u64]) -> impl Iterator<Item = LinkedPair> {
        let pairs = open.iter().map(|&pair| {
            let (a, b) = ((pair >> 32) as Slot, pair as Slot);
            let weight = self.index.score(self.index.at(a), self.index.at(b)).1;
            LinkedPair { a, b, weight }
        });
        pairs.filter(|pair| pair.weight >= self.options.pair_floor)
    }

    /// See [`pairs`].
    fn pairs(&self, progress: &(dyn Fn(Progress) + Sync)) -> (Vec<LinkedPair>, u64) {
        let done = AtomicU64::new(0);
        let (mut open, mut room, mut found, mut brought) = (Vec::new(), ROOM.min(self.held), Vec::new(), 0);
        for wave in 0..WAVES {
            let parts = self.index.postings().blocks(wave, |blocks| {
                let mut ahead = Ahead::default();
                let mut brought = Brought::default();
                for block in blocks {
                    ahead.read(&self.glances, block);
                    if ahead.members.len() >= READ_AHEAD {
                        self.pair(&mut ahead, &mut brought);
                    }
                }
                self.pair(&mut ahead, &mut brought);
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                progress(Progress::Compared(
                    self.index.len() as u64 * done / (WAVES * PARTS) as u64,
                ));
                brought
            });
            let before = found.len();
            for part in parts {
                brought += part.pairs;
                open.extend(part.open);
                found.extend(part.found);
            }
            let last = wave + 1 == WAVES;
            if open.len() > room || last {
                open.par_sort_unstable();
                open.dedup();
                room = ROOM.max(2 * open.len()).min(self.held);
            }
            let mut sorted = found.len() == before;
            if open.len() > self.held || last {
                let reaching: Vec<Vec<LinkedPair>> = open
                    .par_chunks(COMPARED_AT_ONCE)
                    .map(|open| self.reaching(open).collect())
                    .collect();
                sorted &= found.is_empty();
                found.extend(reaching.into_iter().flatten());
                open.clear();
            }
            if !sorted {
                found.par_sort_unstable_by_key(|pair| (pair.a, pair.b));
                found.dedup_by_key(|pair| (pair.a, pair.b));
            }
        }
        (found, brought)
    }
}

/// Records of some blocks. They lie far apart in memory, so many are looked up side by side before the first is needed.
#[derive(Default)]
struct Ahead {
    members: Vec<Slot>,
    /// Where each block ends.
    ends: Vec<usize>,
}

impl Ahead {
    fn read(&mut self, glances: &Glances<'_>, block: &[u64]) {
        self.members.extend(block.iter().map(|&entry| {
            let slot = slot_of(entry);
            glances.touch(slot);
            slot
        }));
        self.ends.push(self.members.len());
    }
}

/// The pairs at or above the floor, ascending by slots, and how many pairs a key brought together. Most of those cannot
/// reach the floor, which shows at a glance; the others are compared in full, each once however many keys it shares,
/// unless there are more of them than can be held.
pub(crate) fn pairs(
    index: &LinkIndex,
    options: &BulkOptions,
    progress: &(dyn Fn(Progress) + Sync),
) -> (Vec<LinkedPair>, u64) {
    let search = Search {
        index,
        glances: Glances::new(index),
        options,
        held: HELD,
    };
    search.pairs(progress)
}

/// The root of a slot in a forest of disjoint sets, with the path to it shortened.
fn root(parents: &mut [Slot], mut slot: Slot) -> Slot {
    while parents[slot as usize] != slot {
        parents[slot as usize] = parents[parents[slot as usize] as usize];
        slot = parents[slot as usize];
    }
    slot
}

/// The connected pieces of two and more, ascending inside, by the pairs at or above `floor` bits; a piece that is too
/// large is cut at ever stronger pairs.
pub(crate) fn pieces(slots: Slot, pairs: &[LinkedPair], floor: f32) -> Vec<Vec<Slot>> {
    let mut done = Vec::new();
    let mut floor = floor;
    let mut parents: Vec<Slot> = (0..slots).collect();
    let mut open: Vec<LinkedPair> = pairs
        .iter()
        .filter(|pair| pair.weight >= floor)
        .copied()
        .collect();
    while !open.is_empty() {
        for pair in &open {
            let (a, b) = (root(&mut parents, pair.a), root(&mut parents, pair.b));
            // The smaller slot leads, so that pieces do not depend on the order of pairs.
            parents[a.max(b) as usize] = a.min(b);
        }
        let mut nodes: Vec<Slot> = open.iter().flat_map(|pair| [pair.a, pair.b]).collect();
        nodes.par_sort_unstable();
        nodes.dedup();
        let mut rooted: Vec<(Slot, Slot)> = nodes
            .into_iter()
            .map(|slot| (root(&mut parents, slot), slot))
            .collect();
        rooted.par_sort_unstable();
        let mut large: Vec<Slot> = Vec::new();
        for piece in rooted.chunk_by(|a, b| a.0 == b.0) {
            if piece.len() <= MAX_PIECE {
                done.push(piece.iter().map(|node| node.1).collect());
            } else {
                large.extend(piece.iter().map(|node| node.1));
            }
        }
        if large.is_empty() {
            break;
        }
        floor += 1.0;
        for &slot in &large {
            parents[slot as usize] = slot;
        }
        large.sort_unstable();
        open.retain(|pair| pair.weight >= floor && large.binary_search(&pair.a).is_ok());
    }
    done
}

/// What keeps two records apart in a best guess: only what no weight can outweigh. Two ids of one source speak
/// against a pair by their weight.
fn hard_veto(a: &Record, b: &Record, evidence: &Evidence, thresholds: &Thresholds) -> Option<Veto> {
    veto(a, b, evidence.levels, evidence.weight, thresholds).filter(|veto| {
        matches!(
            veto,
            Veto::MultipleBirth | Veto::SexAndGivenName | Veto::OverlappingEnrollments
        )
    })
}

fn clusters(index: &LinkIndex, pairs: &[LinkedPair], options: &BulkOptions) -> Vec<u32> {
    let thresholds = &index.model().thresholds;
    let pieces = pieces(index.slots(), pairs, options.cluster_at);
    let grouped: Vec<Vec<Vec<Slot>>> = pieces
        .par_iter()
        .with_min_len(64)
        .map(|slots| {
            let mut slots = slots.clone();
            slots.sort_unstable_by_key(|&slot| index.at(slot).key);
            let mut board = Board::new(slots.len(), thresholds, |i, j| {
                let (a, b) = (index.at(slots[i]), index.at(slots[j]));
                let (comparison, weight) = index.score(a, b);
                let mut evidence = Evidence {
                    levels: comparison.levels,
                    weight,
                    veto: None,
                };
                evidence.veto = if options.across && a.state == b.state {
                    Some(Veto::SameState)
                } else {
                    hard_veto(a, b, &evidence, thresholds)
                };
                evidence
            });
            board.join_best(options.cluster_at);
            board
                .groups()
                .map(|group| group.iter().map(|&node| slots[node]).collect())
                .collect()
        })
        .collect();
    let mut first: Vec<u32> = (0..index.slots()).collect();
    for group in grouped.iter().flatten() {
        let lead = group.iter().map(|&slot| index.number_of(slot)).min().unwrap_or(0);
        for &slot in group {
            first[index.number_of(slot) as usize] = lead;
        }
    }
    let mut numbers = vec![0; first.len()];
    let mut next = 0;
    for number in 0..first.len() {
        let lead = first[number] as usize;
        if lead == number {
            numbers[number] = next;
            next += 1;
        } else {
            numbers[number] = numbers[lead];
        }
    }
    numbers
}

#[cfg(test)]
mod tests;
