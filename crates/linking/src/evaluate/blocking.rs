//! What each kind of blocking key costs and gains: how many pairs it brings, and how many of them no other brings.

use rayon::prelude::*;
use serde::Serialize;

use super::metrics::{Scope, true_pairs};
use crate::index::LinkIndex;
use crate::keys::{Key, KeyKind, keys};
use crate::postings::{Lookup, Slot};

/// Pairs that a kind of key brings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct KeyPairs {
    /// Pairs that share a key of this kind: its cost.
    pub pairs: u64,
    /// Those that share no key of another kind: its gain.
    pub only: u64,
    /// Of `pairs`, those of one entity; 0 without truth.
    pub true_pairs: u64,
    /// Of `only`, those of one entity; 0 without truth.
    pub true_only: u64,
}

/// Cost and gain of all keys.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BlockingCost {
    /// By kind; kinds without a pair are left out.
    pub kinds: Vec<(KeyKind, KeyPairs)>,
    /// Pairs of all keys together, each counted once.
    pub pairs: u64,
    /// Of `pairs`, those of one entity; 0 without truth.
    pub true_found: u64,
    /// All pairs of one entity; 0 without truth.
    pub true_pairs: u64,
}

/// A record under a key; sorts by key.
type Entry = (u64, u8, KeyKind, Slot);

/// The records that one key, whole or narrowed, brings together.
struct Block {
    kind: KeyKind,
    from: u32,
    to: u32,
}

/// Counts pairs by kinds of keys. `truth` gives each slot's entity, `u32::MAX` where it is not known; empty for none.
/// All slots up to the highest are in use. Needs some 25 bytes for every key of every record.
pub fn blocking_cost(index: &LinkIndex, truth: &[u32], scope: Scope<'_>) -> BlockingCost {
    let entries = entries(index);
    let blocks = blocks(index, &entries);
    let mut of: Vec<(Slot, u32)> = blocks
        .par_iter()
        .enumerate()
        .flat_map_iter(|(number, block)| {
            entries[block.from as usize..block.to as usize]
                .iter()
                .map(move |entry| (entry.3, number as u32))
        })
        .collect();
    of.par_sort_unstable();
    let is_true = |a: Slot, b: Slot| {
        let entity = |slot: Slot| {
            truth
                .get(index.number_of(slot) as usize)
                .copied()
                .unwrap_or(u32::MAX)
        };
        entity(a) != u32::MAX && entity(a) == entity(b)
    };
    let in_scope = |a: Slot, b: Slot| scope.holds(index.number_of(a) as usize, index.number_of(b) as usize);
    let by_slot: Vec<&[(Slot, u32)]> = of.chunk_by(|a, b| a.0 == b.0).collect();
    let counts = by_slot
        .par_iter()
        .fold(Counts::default, |mut counts, own| {
            counts.of_record(own[0].0, own, &blocks, &entries, &in_scope, &is_true);
            counts
        })
        .reduce(Counts::default, Counts::plus);
    let known: Vec<u32> = truth
        .iter()
        .copied()
        .filter(|&entity| entity != u32::MAX)
        .collect();
    let all = match scope {
        Scope::All => true_pairs(&known, Scope::All),
        Scope::Across(sources) => {
            let known_sources: Vec<u32> = truth
                .iter()
                .zip(sources)
                .filter(|(entity, _)| **entity != u32::MAX)
                .map(|(_, source)| *source)
                .collect();
            true_pairs(&known, Scope::Across(&known_sources))
        }
    };
    let mut kinds: Vec<KeyKind> = blocks.iter().map(|block| block.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let kinds = kinds
        .into_iter()
        .map(|kind| (kind, counts.kinds[kind as usize]))
        .filter(|(_, counts)| counts.pairs > 0)
        .collect();
    BlockingCost {
        kinds,
        pairs: counts.pairs,
        true_found: counts.true_found,
        true_pairs: all,
    }
}

fn entries(index: &LinkIndex) -> Vec<Entry> {
    let slots: Vec<Slot> = (0..index.slots())
        .filter(|&slot| index.get(slot).is_some())
        .collect();
    let mut entries = Vec::new();
    for part in slots.chunks(1 << 16) {
        let filed: Vec<Vec<(Key, Slot)>> = part
            .par_chunks(1 << 12)
            .map(|slots| {
                let (mut own, mut all) = (Vec::new(), Vec::new());
                for &slot in slots {
                    keys(index.at(slot), index.tokens(), &mut own);
                    all.extend(own.iter().map(|&key| (key, slot)));
                }
                all
            })
            .collect();
        for (key, slot) in filed.into_iter().flatten() {
            entries.push((key.hash, key.refine, key.kind, slot));
        }
    }
    entries.par_sort_unstable();
    entries.dedup();
    entries
}

/// The records that each key brings together: all of them, or where it is narrowed each part that is not too long.
fn blocks(index: &LinkIndex, entries: &[Entry]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut add = |entries: &[Entry], from: usize| {
        blocks.push(Block {
            kind: entries[0].2,
            from: from as u32,
            to: (from + entries.len()) as u32,
        });
    };
    let mut found = Vec::new();
    let mut look_up = |&(hash, refine, kind, _): &Entry| {
        found.clear();
        index.postings().find(Key { hash, refine, kind }, &mut found)
    };
    let mut from = 0;
    for same in entries.chunk_by(|a, b| a.0 == b.0) {
        if same.len() > 1 {
            if look_up(&same[0]) == Lookup::Whole {
                add(same, from);
            } else {
                let mut from = from;
                for narrowed in same.chunk_by(|a, b| a.1 == b.1) {
                    if narrowed.len() > 1 && look_up(&narrowed[0]) == Lookup::Refined {
                        add(narrowed, from);
                    }
                    from += narrowed.len();
                }
            }
        }
        from += same.len();
    }
    blocks
}

#[derive(Default)]
struct Counts {
    kinds: [KeyPairs; KeyKind::COUNT],
    pairs: u64,
    true_found: u64,
}

impl Counts {
    fn of_record(
        &mut self,
        slot: Slot,
        own: &[(Slot, u32)],
        blocks: &[Block],
        entries: &[Entry],
        in_scope: &impl Fn(Slot, Slot) -> bool,
        is_true: &impl Fn(Slot, Slot) -> bool,
    ) {
        let mut found: Vec<(Slot, KeyKind)> = Vec::new();
        for &(_, number) in own {
            let block = &blocks[number as usize];
            let members = &entries[block.from as usize..block.to as usize];
            found.extend(members.iter().filter(|m| m.3 > slot).map(|m| (m.3, block.kind)));
        }
        found.sort_unstable();
        found.dedup();
        for same in found.chunk_by(|a, b| a.0 == b.0) {
            let other = same[0].0;
            if !in_scope(slot, other) {
                continue;
            }
            let right = u64::from(is_true(slot, other));
            self.pairs += 1;
            self.true_found += right;
            for &(_, kind) in same {
                let only = u64::from(same.len() == 1);
                let counts = &mut self.kinds[kind as usize];
                counts.pairs += 1;
                counts.only += only;
                counts.true_pairs += right;
                counts.true_only += right * only;
            }
        }
    }

    fn plus(
        mut self,
        Counts {
            kinds,
            pairs,
            true_found,
        }: Counts,
    ) -> Counts {
        for (own, its) in self.kinds.iter_mut().zip(kinds) {
            own.pairs += its.pairs;
            own.only += its.only;
            own.true_pairs += its.true_pairs;
            own.true_only += its.true_only;
        }
        self.pairs += pairs;
        self.true_found += true_found;
        self
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::{Model, RecordInput};

    /// People of few names and dates, so that keys are shared and some are full.
    fn index(records: u32) -> LinkIndex {
        let given = ["ANA", "JUAN", "LUZ", "MARIO", "ROSA"];
        let surnames = ["LOPEZ", "PEREZ", "GARCIA"];
        let inputs: Vec<RecordInput<'_>> = (0..records)
            .map(|n| RecordInput {
                key: u128::from(n),
                first_name: given[n as usize * 7 % 5],
                last_name_1: surnames[n as usize * 5 % 3],
                birth_date: NaiveDate::from_ymd_opt(2010 + (n % 4) as i32, 1 + n % 5, 1 + n % 9),
                birth_state: if n % 2 == 0 { "TX" } else { "CA" },
                live: true,
                ..RecordInput::default()
            })
            .collect();
        LinkIndex::build(Model::default_fixed(), &inputs)
    }

    #[test]
    fn the_pairs_counted_are_the_candidates_of_the_index() {
        for records in [40, 900] {
            let index = index(records);
            let truth: Vec<u32> = (0..records)
                .map(|n| if n % 10 == 3 { u32::MAX } else { n % 3 })
                .collect();
            let sources: Vec<u32> = (0..records).map(|n| n / 7 % 3).collect();
            for scope in [Scope::All, Scope::Across(&sources)] {
                let cost = blocking_cost(&index, &truth, scope);
                let (mut pairs, mut right) = (0, 0);
                for a in 0..records {
                    for b in index.candidates(u128::from(a)) {
                        let (a, b) = (a as usize, b as usize);
                        if a < b && scope.holds(a, b) {
                            pairs += 1;
                            right += u64::from(truth[a] == truth[b] && truth[a] != u32::MAX);
                        }
                    }
                }
                assert!(pairs > 0 && right > 0);
                assert_eq!((cost.pairs, cost.true_found), (pairs, right));
                let known =
                    |a: usize, b: usize| truth[a] == truth[b] && truth[a] != u32::MAX && scope.holds(a, b);
                let all = (0..records as usize).flat_map(|a| (0..a).map(move |b| (a, b)));
                assert_eq!(cost.true_pairs, all.filter(|&(a, b)| known(a, b)).count() as u64);
                let only: u64 = cost.kinds.iter().map(|(_, kind)| kind.only).sum();
                let shared: u64 = cost.kinds.iter().map(|(_, kind)| kind.pairs).sum();
                assert!(only <= cost.pairs && cost.pairs <= shared);
                assert!(
                    cost.kinds
                        .iter()
                        .all(|(_, k)| k.only <= k.pairs && k.true_only <= k.true_pairs.min(k.only))
                );
            }
        }
    }

    /// Where no key is full, whoever has a key of one kind is a pair of that kind.
    #[test]
    fn each_kind_is_counted_alone_and_beside_others() {
        let index = index(60);
        let truth: Vec<u32> = (0..60).map(|n| if n == 5 { u32::MAX } else { n % 3 }).collect();
        let cost = blocking_cost(&index, &truth, Scope::All);
        let of = |number: usize| {
            let mut own = Vec::new();
            keys(index.record(number as u128).unwrap(), index.tokens(), &mut own);
            own
        };
        let mut expected = [KeyPairs::default(); KeyKind::COUNT];
        let mut pairs = 0;
        for a in 0..60 {
            for b in a + 1..60 {
                let (own, other) = (of(a), of(b));
                let shared = own
                    .iter()
                    .filter(|key| other.iter().any(|its| its.hash == key.hash));
                let mut kinds: Vec<KeyKind> = shared.map(|key| key.kind).collect();
                kinds.sort_unstable();
                kinds.dedup();
                pairs += u64::from(!kinds.is_empty());
                let right = u64::from(truth[a] == truth[b] && truth[a] != u32::MAX);
                for &kind in &kinds {
                    let only = u64::from(kinds.len() == 1);
                    let counts = &mut expected[kind as usize];
                    counts.pairs += 1;
                    counts.only += only;
                    counts.true_pairs += right;
                    counts.true_only += right * only;
                }
            }
        }
        assert_eq!(cost.pairs, pairs);
        assert!(
            cost.kinds.len() > 3 && cost.kinds.iter().any(|(_, kind)| kind.true_only > 0),
            "{cost:?}"
        );
        assert!(cost.kinds.is_sorted_by_key(|(kind, _)| *kind));
        for (kind, counts) in expected.iter().enumerate() {
            let told = cost.kinds.iter().find(|(told, _)| *told as usize == kind);
            assert_eq!(told.map_or(KeyPairs::default(), |told| told.1), *counts, "{kind}");
        }
        assert!(cost.kinds.iter().all(|(_, counts)| counts.pairs > 0));
        let without = blocking_cost(&index, &[], Scope::All);
        assert_eq!(
            (without.pairs, without.true_found, without.true_pairs),
            (pairs, 0, 0)
        );
    }
}
