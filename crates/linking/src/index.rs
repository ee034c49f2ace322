//! All students in memory, in the form that is compared, kept up to date one by one.

use std::hint::black_box;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::cells::Cells;
use crate::compare::{Comparison, compare};
use crate::gather::Gathering;
use crate::keys::{Key, KeyKind, each_key, keys};
use crate::levels::Levels;
use crate::model::Model;
use crate::postings::{Filed, Keep, KindFractions, KindReport, Postings, Round, Slot, report_key};
use crate::record::{Prepared, Record, RecordInput, word_uses};
use crate::tokens::{Tokens, mix};
use crate::weigh::Scorer;

/// Two students compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The student with the smaller key.
    pub a: u128,
    /// The other.
    pub b: u128,
    /// How their fields agree.
    pub levels: Levels,
    /// Log2 of the odds that they are one child.
    pub weight: f32,
    /// The same as a probability.
    pub probability: f64,
}

/// What [`LinkIndex::upsert`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The student is new.
    Inserted,
    /// What is compared of it changed.
    Updated,
    /// Nothing that is compared changed.
    Unchanged,
}

/// A record's edge to another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    pub(crate) to: Slot,
    pub(crate) weight: f32,
}

/// The records, their words and keys.
#[derive(Debug)]
pub struct LinkIndex {
    model: Model,
    scorer: Scorer,
    tokens: Tokens,
    cells: Cells,
    /// What a first gathering has met so far.
    gathering: Gathering,
    records: Vec<Option<Record>>,
    free: Vec<Slot>,
    /// Slots by the hash of their key, which is compared in the record.
    slots: HashTable<Slot>,
    postings: Postings,
    /// Records gathered from here on are not filed yet.
    unfiled: Slot,
    /// Where the records of a first gathering are, by number, and which number each slot has: they are put in the
    /// order of their names, so that those compared with each other are near each other in memory. Later ones have
    /// their slot as number.
    arrived: Vec<Slot>,
    numbers: Vec<u32>,
}

fn hash_of(key: u128) -> u64 {
    mix(key as u64 ^ mix((key >> 64) as u64))
}

/// Brings each item to the place `at` whose `from[at]` is where it was.
fn permute<T>(items: &mut [Option<T>], from: &[Slot]) {
    let mut done = vec![false; items.len()];
    for start in 0..items.len() {
        if done[start] {
            continue;
        }
        let (mut at, first) = (start, items[start].take());
        // Items lie far apart in memory, so the way is looked up before they are needed.
        let mut ahead = (0..LOOK_AHEAD).fold(start, |at, _| from[at] as usize);
        loop {
            done[at] = true;
            ahead = from[ahead] as usize;
            black_box(items[ahead].is_some());
            let next = from[at] as usize;
            if next == start {
                break;
            }
            items[at] = items[next].take();
            at = next;
        }
        items[at] = first;
    }
}

/// Steps by which [`permute`] looks ahead.
const LOOK_AHEAD: usize = 16;

/// Records whose keys are worked out before they are filed, so that few wait in memory.
const FILED_AT_ONCE: usize = 1 << 15;

/// Room that a search reuses.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    keys: Vec<Key>,
    found: Vec<Slot>,
}

impl LinkIndex {
    /// An empty index that weighs by `model`.
    pub fn new(model: Model) -> LinkIndex {
        LinkIndex {
            scorer: Scorer::new(&model),
            model,
            tokens: Tokens::default(),
            cells: Cells::default(),
            gathering: Gathering::default(),
            records: Vec::new(),
            free: Vec::new(),
            slots: HashTable::new(),
            postings: Postings::default(),
            unfiled: 0,
            arrived: Vec::new(),
            numbers: Vec::new(),
        }
    }

    /// An index of many students at once; the same as inserting them one after the other and freezing the
    /// frequencies, but parallel.
    pub fn build(model: Model, inputs: &[RecordInput<'_>]) -> LinkIndex {
        let mut index = LinkIndex::new(model);
        index.gather(inputs);
        index.file();
        index
    }

    /// Takes many records in without filing them under their keys: to be called with one part after the other,
    /// [`LinkIndex::file`] at the end and nothing else in between. Of two with one key, the later counts. Records are
    /// numbered in the order of arrival.
    pub fn gather(&mut self, inputs: &[RecordInput<'_>]) {
        self.gather_each(inputs.len(), |at, (), take| take(&inputs[at]));
    }

    /// The same with `count` records of which `read` hands over each by its place, exactly one at a time; it is called
    /// on many cores, each with a run of places, for which it may note something. What was noted comes back in the
    /// order of places.
    pub fn gather_each<T: Default + Send>(
        &mut self,
        count: usize,
        read: impl Fn(usize, &mut T, &mut dyn FnMut(&RecordInput<'_>)) + Sync,
    ) -> Vec<T> {
        if self.unfiled == 0 {
            // Those with one key are found when all are put in order.
            return self.gathering.take_in(&mut self.records, count, read);
        }
        let mut noted = T::default();
        for at in 0..count {
            read(at, &mut noted, &mut |input| {
                let record = Prepared::new(input).number(input, &mut self.cells, &mut self.tokens);
                if self.slot(record.key).is_some_and(|slot| slot < self.unfiled) {
                    self.remove(record.key);
                }
                self.hold(record, false);
            });
        }
        vec![noted]
    }

    /// Files all gathered records under their keys and freezes the frequencies of names.
    pub fn file(&mut self) {
        self.end_gathering();
        self.file_under(Keep::All);
    }

    /// The same, but keys that only one record has are left out, which nearly half of the entries are: enough to link all records held with
    /// each other, in less memory. To be called once; records that come later do not find these.
    pub fn file_shared(&mut self) {
        self.end_gathering();
        self.file_under(Keep::Shared);
    }

    fn end_gathering(&mut self) {
        self.cells = Cells::default();
        if self.unfiled == 0 {
            let words = std::mem::take(&mut self.gathering).join(&mut self.records);
            self.tokens.hold_all(words);
            self.put_in_order();
        }
        self.freeze();
    }

    fn file_under(&mut self, keep: Keep) {
        let from = self.unfiled as usize;
        let tokens = &self.tokens;
        let rounds = match keep {
            Keep::All => 1,
            // Nearly half of the entries are let go after each.
            Keep::Shared => 2,
        };
        for round in Round::all(rounds) {
            for (part, records) in self.records[from..].chunks(FILED_AT_ONCE).enumerate() {
                let first = from + part * FILED_AT_ONCE;
                let filed: Vec<Filed> = records
                    .par_chunks(FILED_AT_ONCE / 16)
                    .enumerate()
                    .map(|(piece, records)| {
                        let first = first + piece * (FILED_AT_ONCE / 16);
                        let mut all = Filed::with_capacity(records.len() * 24 / rounds);
                        for (offset, record) in records.iter().enumerate() {
                            if let Some(record) = record {
                                let slot = (first + offset) as Slot;
                                each_key(record, tokens, |key| all.add(key, slot, round));
                            }
                        }
                        all
                    })
                    .collect();
                if part == 0 {
                    let entries: usize = filed.iter().map(Filed::len).sum();
                    let waiting = self.records.len() - from;
                    self.postings.reserve(entries * waiting / records.len(), round);
                }
                self.postings.push_all(&filed);
            }
            self.postings.settle(keep, round);
        }
        self.unfiled = self.records.len() as Slot;
    }

    /// Puts the records of a first gathering in the order of their names and lists them by their keys.
    fn put_in_order(&mut self) {
        self.records.shrink_to_fit();
        let mut order: Vec<(u64, Slot)> = self
            .records
            .par_iter()
            .enumerate()
            .map(|(slot, record)| {
                let first = |words: &[u32]| u64::from(words.first().copied().unwrap_or(0));
                let name = record.as_ref().map_or(u64::MAX, |record| {
                    first(record.surnames.as_slice()) << 32 | first(record.given.as_slice())
                });
                (name, slot as Slot)
            })
            .collect();
        order.par_sort_unstable();
        self.numbers = order.into_iter().map(|(_, number)| number).collect();
        self.arrived = vec![0; self.numbers.len()];
        for (slot, &number) in self.numbers.iter().enumerate() {
            self.arrived[number as usize] = slot as Slot;
        }
        permute(&mut self.records, &self.numbers);
        self.slots.clear();
        self.slots.reserve(self.records.len(), |_| 0);
        let mut repeated = Vec::new();
        for slot in 0..self.slots() {
            let Some(record) = &self.records[slot as usize] else {
                continue;
            };
            let records = &self.records;
            let of = |&slot: &Slot| records[slot as usize].as_ref().map_or(0, |record| record.key);
            let entry = self.slots.entry(
                hash_of(record.key),
                |other| of(other) == record.key,
                |slot| hash_of(of(slot)),
            );
            match entry {
                Entry::Vacant(entry) => {
                    entry.insert(slot);
                }
                Entry::Occupied(mut entry) => {
                    let other = *entry.get();
                    let later = self.numbers[slot as usize] > self.numbers[other as usize];
                    if later {
                        *entry.get_mut() = slot;
                    }
                    repeated.push(if later { other } else { slot });
                }
            }
        }
        for slot in repeated {
            if let Some(old) = self.records[slot as usize].take() {
                self.uncount(&old);
            }
        }
        self.free = (0..self.slots())
            .filter(|&slot| self.records[slot as usize].is_none())
            .collect();
    }

    fn count(&mut self, record: &Record) {
        for (word, role) in word_uses(record) {
            self.tokens.count(word, role);
        }
    }

    fn uncount(&mut self, record: &Record) {
        for (word, role) in word_uses(record) {
            self.tokens.uncount(word, role);
        }
    }

    /// Fixes how common each name is as counted now. Until the next call weights do not move as records come and go.
    pub fn freeze(&mut self) {
        self.tokens.freeze(self.model.smoothing);
    }

    /// Stores a record and counts its words, without keys; gathered records are filed by their place at the end and
    /// must not `reuse` a free one. Gives the slot.
    fn hold(&mut self, record: Record, reuse: bool) -> Slot {
        self.count(&record);
        if let Some(slot) = self.slot(record.key) {
            if let Some(old) = self.records[slot as usize].replace(record) {
                self.uncount(&old);
            }
            return slot;
        }
        let free = if reuse { self.free.pop() } else { None };
        let slot = if let Some(slot) = free {
            self.records[slot as usize] = Some(record);
            slot
        } else {
            self.records.push(Some(record));
            (self.records.len() - 1) as Slot
        };
        let records = &self.records;
        let hash_of = |&slot: &Slot| {
            records[slot as usize]
                .as_ref()
                .map_or(0, |record| hash_of(record.key))
        };
        self.slots.insert_unique(hash_of(&slot), slot, hash_of);
        slot
    }

    /// Inserts a student or replaces what is held of it.
    pub fn upsert(&mut self, input: &RecordInput<'_>) -> Change {
        let record = Prepared::new(input).number(input, &mut self.cells, &mut self.tokens);
        let mut change = Change::Inserted;
        let mut own = Vec::new();
        if let Some(slot) = self.slot(input.key)
            && let Some(old) = &self.records[slot as usize]
        {
            if *old == record {
                return Change::Unchanged;
            }
            change = Change::Updated;
            keys(old, &self.tokens, &mut own);
            for &key in &own {
                self.postings.remove(key, slot);
            }
        }
        keys(&record, &self.tokens, &mut own);
        let slot = self.hold(record, true);
        for &key in &own {
            self.postings.add(key, slot);
        }
        if self.unfiled == slot {
            self.unfiled += 1;
        }
        change
    }

    /// Takes a student out; false if it was not held.
    pub fn remove(&mut self, key: u128) -> bool {
        let records = &self.records;
        let held = |&slot: &Slot| {
            records[slot as usize]
                .as_ref()
                .is_some_and(|record| record.key == key)
        };
        let Ok(entry) = self.slots.find_entry(hash_of(key), held) else {
            return false;
        };
        let (slot, _) = entry.remove();
        if let Some(old) = self.records[slot as usize].take() {
            let mut own = Vec::new();
            keys(&old, &self.tokens, &mut own);
            for &key in &own {
                self.postings.remove(key, slot);
            }
            self.uncount(&old);
        }
        self.free.push(slot);
        true
    }

    /// How many students are held.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Whether a student is held.
    pub fn contains(&self, key: u128) -> bool {
        self.slot(key).is_some()
    }

    /// The keys of all students held, in no order.
    pub fn keys(&self) -> impl Iterator<Item = u128> + '_ {
        self.records.iter().flatten().map(|record| record.key)
    }

    /// The model in force.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Weighs by another model from now on.
    pub fn set_model(&mut self, model: Model) {
        self.scorer = Scorer::new(&model);
        self.model = model;
    }

    /// The words and their frequencies.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// A student in the form that is compared.
    pub fn record(&self, key: u128) -> Option<&Record> {
        self.slot(key)
            .and_then(|slot| self.records[slot as usize].as_ref())
    }

    /// The key of the record that was gathered as the `number`th, from 0; `None` if there is none.
    pub fn key_of(&self, number: u32) -> Option<u128> {
        let slot = self.arrived.get(number as usize).copied().unwrap_or(number);
        Some(self.records.get(slot as usize)?.as_ref()?.key)
    }

    /// The number under which the record of a slot was gathered.
    pub(crate) fn number_of(&self, slot: Slot) -> u32 {
        self.numbers.get(slot as usize).copied().unwrap_or(slot)
    }

    /// One more than the highest number, and slot, in use.
    pub fn slots(&self) -> Slot {
        self.records.len() as Slot
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&Record> {
        self.records[slot as usize].as_ref()
    }

    pub(crate) fn postings(&self) -> &Postings {
        &self.postings
    }

    pub(crate) fn slot(&self, key: u128) -> Option<Slot> {
        let held = |&slot: &Slot| {
            self.records[slot as usize]
                .as_ref()
                .is_some_and(|record| record.key == key)
        };
        self.slots.find(hash_of(key), held).copied()
    }

    /// The record of a slot that is in use.
    pub(crate) fn at(&self, slot: Slot) -> &Record {
        self.records[slot as usize]
            .as_ref()
            .expect("slots handed out are in use")
    }

    /// The students that share a key with `key`'s student, ascending; empty if it is not held.
    pub fn candidates(&self, key: u128) -> Vec<u128> {
        let Some(slot) = self.slot(key) else {
            return Vec::new();
        };
        let mut scratch = Scratch::default();
        let mut found: Vec<u128> = self
            .find_candidates(slot, &mut scratch)
            .iter()
            .map(|&other| self.at(other).key)
            .collect();
        found.sort_unstable();
        found
    }

    /// The slots that share a key with one, ascending.
    pub(crate) fn find_candidates<'s>(&self, slot: Slot, scratch: &'s mut Scratch) -> &'s [Slot] {
        keys(self.at(slot), &self.tokens, &mut scratch.keys);
        scratch.found.clear();
        for &key in &scratch.keys {
            self.postings.find(key, &mut scratch.found);
        }
        scratch.found.sort_unstable();
        scratch.found.dedup();
        scratch.found.retain(|&other| other != slot);
        &scratch.found
    }

    /// Edges of a record at or above the review threshold.
    pub(crate) fn edges(&self, slot: Slot, scratch: &mut Scratch) -> Vec<Edge> {
        let review = self.model.thresholds.review;
        let own = self.at(slot);
        self.find_candidates(slot, scratch)
            .iter()
            .map(|&to| Edge {
                to,
                weight: self.score(own, self.at(to)).1,
            })
            .filter(|edge| edge.weight >= review)
            .collect()
    }

    pub(crate) fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    pub(crate) fn comparison(&self, a: &Record, b: &Record) -> Comparison {
        compare(a, b, &self.tokens)
    }

    pub(crate) fn score(&self, a: &Record, b: &Record) -> (Comparison, f32) {
        let comparison = compare(a, b, &self.tokens);
        let weight = self.scorer.weigh(&comparison, &self.tokens);
        (comparison, weight)
    }

    /// Compares two students; `None` if one is not held.
    pub fn compare(&self, a: u128, b: u128) -> Option<Pair> {
        let (a, b) = (a.min(b), a.max(b));
        let (comparison, weight) = self.score(self.record(a)?, self.record(b)?);
        Some(Pair {
            a,
            b,
            levels: comparison.levels,
            weight,
            probability: self.model().probability(weight),
        })
    }

    /// The other students at or above `weight`, best first.
    pub fn matches(&self, key: u128, weight: f32) -> Vec<Pair> {
        let candidates = self.candidates(key);
        let mut pairs: Vec<Pair> = candidates
            .iter()
            .filter_map(|&other| self.compare(key, other))
            .filter(|p| p.weight >= weight)
            .collect();
        pairs.sort_by(|x, y| y.weight.total_cmp(&x.weight).then((x.a, x.b).cmp(&(y.a, y.b))));
        pairs
    }

    /// How full the keys are, by kind: what was narrowed, what was skipped.
    pub fn blocking_report(&self) -> Vec<(KeyKind, KindReport)> {
        let mut report = [KindFractions::default(); KeyKind::COUNT];
        let mut seen = Vec::new();
        let mut own = Vec::new();
        for record in self.records.iter().flatten() {
            keys(record, &self.tokens, &mut own);
            for &key in &own {
                report_key(&self.postings, key, &mut report);
                if !seen.contains(&key.kind) {
                    seen.push(key.kind);
                }
            }
        }
        seen.sort_unstable();
        seen.into_iter()
            .map(|kind| (kind, report[kind as usize].finish()))
            .collect()
    }

    /// Bytes of memory held, without the allocator's own.
    pub fn bytes(&self) -> usize {
        let heap: usize = self.records.iter().flatten().map(Record::heap).sum();
        // An entry costs its size and one control byte at a load of at most 7/8.
        let map = self.slots.capacity() * (size_of::<Slot>() + 1) * 8 / 7;
        heap + map
            + self.records.capacity() * size_of::<Option<Record>>()
            + self.postings.bytes()
            + self.tokens.bytes()
            + (self.arrived.capacity() + self.numbers.capacity()) * size_of::<Slot>()
    }
}

#[cfg(test)]
mod tests;
