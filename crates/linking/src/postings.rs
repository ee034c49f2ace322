//! Which records stand under which key: 8 bytes an entry, kept sorted in 65,536 small lists, so that one record is
//! added or taken out in well under a microsecond a key and a lookup is a binary search.
//!
//! An entry is, from the top: 28 bits of the key's hash (16 more choose the list), 8 bits of its refinement,
//! 28 bits of record number. Different keys that share 44 bits only cost a comparison.

use rayon::prelude::*;
use serde::Serialize;

use crate::keys::{Key, KeyKind};

/// A record's number in the index.
pub type Slot = u32;

const SLOT_BITS: u32 = 28;
const REFINE_BITS: u32 = 8;
const LISTS: usize = 1 << 16;

/// The most records an index can hold.
pub const MAX_RECORDS: usize = 1 << SLOT_BITS;

/// How long a key's list may be before it is narrowed by its refinement, unless the key is wide.
pub const CAP: usize = 60;

/// The same by [`KeyKind::width`].
const CAPS: [usize; 4] = [CAP, 10, 6, 6];

/// How long a narrowed list may be; a key as common as that says nothing and is skipped and counted.
pub const REFINED_CAP: usize = 4 * CAP;

/// What looking up one key gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// The whole list.
    Whole,
    /// The list was longer than [`CAP`]; the part with the same refinement.
    Refined,
    /// Even that was longer than [`REFINED_CAP`].
    Skipped,
}

/// How the keys of one kind are filled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct KindReport {
    /// Keys in use.
    pub keys: u64,
    /// Records under them.
    pub records: u64,
    /// Keys over [`CAP`], which are narrowed.
    pub refined: u64,
    /// Narrowed lists over [`REFINED_CAP`], which bring no candidates.
    pub skipped: u64,
    /// Records under the longest key.
    pub longest: u64,
}

/// Lists are filled in so many shares, side by side.
const SHARES: usize = 64;

/// Entries on their way to the lists, by share, each with the number of its list.
#[derive(Debug)]
pub(crate) struct Filed([Vec<(u16, u64)>; SHARES]);

impl Filed {
    /// Room for about so many entries.
    pub(crate) fn with_capacity(entries: usize) -> Filed {
        Filed(std::array::from_fn(|_| Vec::with_capacity(entries / SHARES)))
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// Files a record under a key, if that is of the round.
    pub(crate) fn add(&mut self, key: Key, slot: Slot, round: Round) {
        let list = list_of(key);
        if list & (round.of - 1) != round.number {
            return;
        }
        self.0[list / (LISTS / SHARES)].push((list as u16, entry(key, slot)));
    }
}

/// Which keys are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    All,
    /// Those of two records and more.
    Shared,
}

/// Many records are filed in several rounds, each for a part of the lists: what one leaves behind has room for the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round {
    number: usize,
    of: usize,
}

impl Round {
    /// All rounds of so many, a power of two.
    pub(crate) fn all(of: usize) -> impl Iterator<Item = Round> {
        debug_assert!(of.is_power_of_two(), "{of} rounds");
        (0..of).map(move |number| Round { number, of })
    }
}

/// [`Postings::blocks`] are gone through in so many waves, one after the other, each of so many parts.
pub(crate) const WAVES: usize = 8;
pub(crate) const PARTS: usize = 32;

/// The lists.
#[derive(Debug)]
pub struct Postings {
    lists: Box<[Vec<u64>]>,
}

impl Default for Postings {
    fn default() -> Self {
        Postings {
            lists: vec![Vec::new(); LISTS].into(),
        }
    }
}

fn list_of(key: Key) -> usize {
    (key.hash >> 48) as usize
}

fn base(key: Key) -> u64 {
    (key.hash & 0x0FFF_FFFF) << (SLOT_BITS + REFINE_BITS)
}

/// How many records may stand under the key of an entry before it is narrowed.
fn cap(entry: u64) -> usize {
    CAPS[(entry >> (SLOT_BITS + REFINE_BITS) & 3) as usize]
}

fn entry(key: Key, slot: Slot) -> u64 {
    base(key) | u64::from(key.refine) << SLOT_BITS | u64::from(slot)
}

/// Where entries from `from` on begin. Hashes are spread evenly, so the place is guessed and then approached in
/// doubling steps: one or two cache lines instead of a binary search over the list.
fn lower_bound(list: &[u64], from: u64) -> usize {
    let guess = ((u128::from(from) * list.len() as u128) >> 64) as usize;
    let (mut low, mut high, mut step) = (guess, guess, 1);
    while low > 0 && list[low - 1] >= from {
        high = low;
        low = low.saturating_sub(step);
        step *= 2;
    }
    step = 1;
    while high < list.len() && list[high] < from {
        low = high + 1;
        high = (high + step).min(list.len());
        step *= 2;
    }
    low + list[low..high].partition_point(|&e| e < from)
}

fn range(list: &[u64], from: u64, span: u64) -> &[u64] {
    let start = lower_bound(list, from);
    let rest = &list[start..];
    let near = rest.iter().take(8).take_while(|&&e| e - from < span).count();
    let len = if near < 8 {
        near
    } else {
        rest.partition_point(|&e| e - from < span)
    };
    &rest[..len]
}

/// What of a sorted list stays: entries whose key others have too.
fn retain_shared(list: &mut Vec<u64>) {
    let key = |entry: u64| entry >> (SLOT_BITS + REFINE_BITS);
    let mut before = None;
    let mut kept = 0;
    for at in 0..list.len() {
        let own = key(list[at]);
        let next = list.get(at + 1).map(|&next| key(next));
        if before == Some(own) || next == Some(own) {
            list[kept] = list[at];
            kept += 1;
        }
        before = Some(own);
    }
    list.truncate(kept);
}

impl Postings {
    /// Files a record under a key.
    pub fn add(&mut self, key: Key, slot: Slot) {
        let list = &mut self.lists[list_of(key)];
        let entry = entry(key, slot);
        if let Err(at) = list.binary_search(&entry) {
            list.insert(at, entry);
        }
    }

    /// Files many records without keeping the lists in order: [`Postings::settle`] has to follow.
    pub(crate) fn push_all(&mut self, filed: &[Filed]) {
        self.lists
            .par_chunks_mut(LISTS / SHARES)
            .enumerate()
            .for_each(|(share, lists)| {
                for &(list, entry) in filed.iter().flat_map(|filed| &filed.0[share]) {
                    lists[list as usize % (LISTS / SHARES)].push(entry);
                }
            });
    }

    /// Makes room for about so many entries in a round, spread evenly as hashes are: growing by doubling would take up to
    /// twice the memory.
    pub(crate) fn reserve(&mut self, entries: usize, round: Round) {
        let each = entries / (LISTS / round.of);
        let spread = 4 * each.isqrt();
        self.lists_of(round).for_each(|list| {
            let room = (each + spread).saturating_sub(list.len());
            list.reserve_exact(room);
        });
    }

    /// Puts the lists of a round in order.
    pub(crate) fn settle(&mut self, keep: Keep, round: Round) {
        self.lists_of(round).for_each(|list| {
            list.sort_unstable();
            list.dedup();
            if keep == Keep::Shared {
                retain_shared(list);
                // Shrunk where it is, it would leave a hole that is too small for any other.
                *list = list.as_slice().into();
            } else {
                list.shrink_to_fit();
            }
        });
    }

    fn lists_of(&mut self, round: Round) -> impl ParallelIterator<Item = &mut Vec<u64>> {
        let lists = self.lists.par_chunks_exact_mut(round.of).with_min_len(256);
        lists.map(move |lists| &mut lists[round.number])
    }

    /// All blocks of two records and more that are compared with each other, list by list: whole keys up to [`CAP`],
    /// longer ones in their refined parts up to [`REFINED_CAP`]. Those of one of [`WAVES`] waves, an answer for each of
    /// its [`PARTS`] parts.
    pub(crate) fn blocks<T: Send>(
        &self,
        wave: usize,
        take: impl Fn(&mut dyn Iterator<Item = &[u64]>) -> T + Sync,
    ) -> Vec<T> {
        self.lists[wave * (LISTS / WAVES)..][..LISTS / WAVES]
            .par_chunks(LISTS / WAVES / PARTS)
            .map(|lists| {
                let blocks = lists.iter().flat_map(|list| {
                    list.chunk_by(|a, b| a >> (SLOT_BITS + REFINE_BITS) == b >> (SLOT_BITS + REFINE_BITS))
                        .flat_map(|key| {
                            let shift = if key.len() > cap(key[0]) {
                                SLOT_BITS
                            } else {
                                SLOT_BITS + REFINE_BITS
                            };
                            key.chunk_by(move |a, b| a >> shift == b >> shift)
                        })
                        .filter(|block| (2..=REFINED_CAP).contains(&block.len()))
                });
                take(&mut { blocks })
            })
            .collect()
    }

    /// Takes a record out from under a key.
    pub fn remove(&mut self, key: Key, slot: Slot) {
        let list = &mut self.lists[list_of(key)];
        if let Ok(at) = list.binary_search(&entry(key, slot)) {
            list.remove(at);
        }
    }

    /// Appends the records under a key to `out`.
    pub fn find(&self, key: Key, out: &mut Vec<Slot>) -> Lookup {
        let list = &self.lists[list_of(key)];
        let mut found = range(list, base(key), 1 << (SLOT_BITS + REFINE_BITS));
        let mut lookup = Lookup::Whole;
        if found.len() > cap(base(key)) {
            lookup = Lookup::Refined;
            found = range(
                found,
                base(key) | u64::from(key.refine) << SLOT_BITS,
                1 << SLOT_BITS,
            );
            if found.len() > REFINED_CAP {
                return Lookup::Skipped;
            }
        }
        out.extend(found.iter().copied().map(slot_of));
        lookup
    }

    /// How many records stand under a key, and under it with its refinement.
    pub fn sizes(&self, key: Key) -> (usize, usize) {
        let found = range(
            &self.lists[list_of(key)],
            base(key),
            1 << (SLOT_BITS + REFINE_BITS),
        );
        let refined = range(
            found,
            base(key) | u64::from(key.refine) << SLOT_BITS,
            1 << SLOT_BITS,
        );
        (found.len(), refined.len())
    }

    /// Bytes of memory held.
    pub fn bytes(&self) -> usize {
        self.lists
            .iter()
            .map(|list| list.capacity() * 8 + size_of::<Vec<u64>>())
            .sum()
    }
}

/// The record of an entry.
pub(crate) fn slot_of(entry: u64) -> Slot {
    (entry & (MAX_RECORDS as u64 - 1)) as Slot
}

/// Adds one key of one record to the report. Each key and each narrowed list is counted once, as fractions over
/// its records.
pub(crate) fn report_key(postings: &Postings, key: Key, report: &mut [KindFractions; KeyKind::COUNT]) {
    let (whole, refined) = postings.sizes(key);
    let kind = &mut report[key.kind as usize];
    kind.keys += 1.0 / whole as f64;
    kind.records += 1;
    kind.longest = kind.longest.max(whole as u64);
    if whole > cap(base(key)) {
        kind.refined += 1.0 / whole as f64;
        if refined > REFINED_CAP {
            kind.skipped += 1.0 / refined as f64;
        }
    }
}

/// A [`KindReport`] being added up.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct KindFractions {
    keys: f64,
    records: u64,
    refined: f64,
    skipped: f64,
    longest: u64,
}

impl KindFractions {
    pub(crate) fn finish(self) -> KindReport {
        KindReport {
            keys: self.keys.round() as u64,
            records: self.records,
            refined: self.refined.round() as u64,
            skipped: self.skipped.round() as u64,
            longest: self.longest,
        }
    }
}

#[cfg(test)]
mod tests;
