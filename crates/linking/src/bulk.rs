//! All records against each other at once, on all cores: the first load, files of people, the nightly check.
//!
//! The same keys, comparison and weights as for one changed student; only the way to the candidates differs. Blocks
//! are read once from the postings and turned around, so that every record knows its blocks; no list of pairs is
//! ever held, only those above the floor.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use crate::cluster::{Board, Evidence, Veto, veto};
use crate::index::LinkIndex;
use crate::model::Thresholds;
use crate::postings::{Slot, slot_of};
use crate::record::Record;

/// What is linked, and how far down.
#[derive(Debug, Clone, Copy)]
pub struct BulkOptions {
    /// Compare only records of different sources.
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

/// Records that one task compares with their candidates.
const AT_ONCE: usize = 2_048;

/// Links all records held. The result does not depend on the order of their arrival.
pub fn link(index: &LinkIndex, options: &BulkOptions, progress: &(dyn Fn(Progress) + Sync)) -> Linked {
    let (mut pairs, compared) = pairs(index, options, progress);
    progress(Progress::Grouping(pairs.len() as u64));
    let clusters = clusters(index, &pairs, options);
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

/// Every record's blocks: the members of all blocks one after the other, and for each slot where its blocks are.
pub(crate) struct Blocks {
    members: Vec<Slot>,
    /// Where each block begins, and the end of the last.
    starts: Vec<u32>,
    /// Blocks of each slot, one slot after the other.
    of: Vec<u32>,
    first_of: Vec<u32>,
}

impl Blocks {
    pub(crate) fn new(index: &LinkIndex) -> Blocks {
        let parts: Vec<(Vec<Slot>, Vec<u32>)> = index.postings().blocks(|blocks| {
            let (mut members, mut lengths) = (Vec::new(), Vec::new());
            for block in blocks {
                members.extend(block.iter().copied().map(slot_of));
                lengths.push(block.len() as u32);
            }
            (members, lengths)
        });
        let mut blocks = Blocks {
            members: Vec::with_capacity(parts.iter().map(|part| part.0.len()).sum()),
            starts: vec![0],
            of: Vec::new(),
            first_of: vec![0; index.slots() as usize + 1],
        };
        for (members, lengths) in parts {
            for length in lengths {
                blocks
                    .starts
                    .push(blocks.starts.last().copied().unwrap_or(0) + length);
            }
            blocks.members.extend(members);
        }
        for &slot in &blocks.members {
            blocks.first_of[slot as usize + 1] += 1;
        }
        for slot in 1..blocks.first_of.len() {
            blocks.first_of[slot] += blocks.first_of[slot - 1];
        }
        blocks.of = vec![0; blocks.members.len()];
        let mut next = blocks.first_of.clone();
        for (block, window) in blocks.starts.windows(2).enumerate() {
            for &slot in &blocks.members[window[0] as usize..window[1] as usize] {
                let place = &mut next[slot as usize];
                blocks.of[*place as usize] = block as u32;
                *place += 1;
            }
        }
        blocks
    }

    /// The blocks of a slot.
    fn of_slot(&self, slot: Slot) -> impl Iterator<Item = &[Slot]> {
        let range = self.first_of[slot as usize] as usize..self.first_of[slot as usize + 1] as usize;
        self.of[range].iter().map(|&block| {
            let block = block as usize;
            &self.members[self.starts[block] as usize..self.starts[block + 1] as usize]
        })
    }

    /// Calls `each` once for every other record from slot `lowest` on with which `slot` shares a block. `seen` has room
    /// for every slot, begins with zeros and is handed on from one slot to the next.
    pub(crate) fn candidates(&self, slot: Slot, lowest: Slot, seen: &mut [Slot], mut each: impl FnMut(Slot)) {
        let members = self.of_slot(slot).flatten().copied();
        for other in members.filter(|&other| other >= lowest && other != slot) {
            if seen[other as usize] != slot + 1 {
                seen[other as usize] = slot + 1;
                each(other);
            }
        }
    }
}

pub(crate) fn pairs(
    index: &LinkIndex,
    options: &BulkOptions,
    progress: &(dyn Fn(Progress) + Sync),
) -> (Vec<LinkedPair>, u64) {
    let blocks = Blocks::new(index);
    let (compared, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let held: Vec<Slot> = (0..index.slots())
        .filter(|&slot| index.get(slot).is_some())
        .collect();
    let found: Vec<Vec<LinkedPair>> = held
        .par_chunks(AT_ONCE)
        .map_init(
            || vec![0; index.slots() as usize],
            |seen, slots| {
                let mut found = Vec::new();
                let mut count = 0;
                for &slot in slots {
                    let own = index.at(slot);
                    blocks.candidates(slot, slot + 1, seen, |other| {
                        let its = index.at(other);
                        if options.across && own.state == its.state {
                            return;
                        }
                        count += 1;
                        let weight = index.score(own, its).1;
                        if weight >= options.pair_floor {
                            found.push(LinkedPair {
                                a: slot,
                                b: other,
                                weight,
                            });
                        }
                    });
                }
                compared.fetch_add(count, Ordering::Relaxed);
                let done = done.fetch_add(slots.len() as u64, Ordering::Relaxed) + slots.len() as u64;
                progress(Progress::Compared(done));
                found
            },
        )
        .collect();
    (found.concat(), compared.into_inner())
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
