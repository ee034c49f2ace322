use super::*;

#[test]
fn guessing_finds_the_bound() {
    let mut list: Vec<u64> = (0..500_u64).map(|i| crate::tokens::mix(i / 3)).collect();
    list.sort_unstable();
    let middle = list[250];
    for from in (0..600)
        .map(crate::tokens::mix)
        .chain([0, 1, u64::MAX, middle, middle + 1])
    {
        assert_eq!(lower_bound(&list, from), list.partition_point(|&e| e < from));
        assert_eq!(
            lower_bound(&list[..1], from),
            list[..1].partition_point(|&e| e < from)
        );
    }
    assert_eq!(lower_bound(&[], 5), 0);
}

#[test]
fn shared_keys_stay_whole() {
    let entry = |key: u64, slot: u64| key << (SLOT_BITS + REFINE_BITS) | slot;
    let mut list = vec![
        entry(1, 4),
        entry(2, 1),
        entry(2, 3),
        entry(3, 9),
        entry(5, 0),
        entry(5, 1),
    ];
    retain_shared(&mut list);
    assert_eq!(list, [entry(2, 1), entry(2, 3), entry(5, 0), entry(5, 1)]);
    let mut none = vec![entry(7, 1)];
    retain_shared(&mut none);
    assert!(none.is_empty());
}

#[test]
fn cap_narrows_then_skips() {
    let key = |refine| Key {
        hash: 0xABCD_1234_5678_9ABC,
        refine,
        kind: KeyKind::GivenBirthDate,
    };
    let mut postings = Postings::default();
    let mut found = Vec::new();
    for slot in 0..60 {
        postings.add(key((slot % 3) as u8), slot);
    }
    assert_eq!(postings.find(key(0), &mut found), Lookup::Whole);
    assert_eq!(found.len(), 60);
    postings.add(key(0), 60);
    found.clear();
    assert_eq!(postings.find(key(0), &mut found), Lookup::Refined);
    assert_eq!(found.len(), 21);
    for slot in 100..400 {
        postings.add(key(1), slot);
    }
    found.clear();
    assert_eq!(postings.find(key(1), &mut found), Lookup::Skipped);
    assert!(found.is_empty());
    postings.remove(key(0), 60);
    postings.remove(key(0), 60);
    assert_eq!(postings.sizes(key(0)), (360, 20));
}

/// Filed records as a list that is gone through from end to end.
#[derive(Debug, Default, Clone)]
struct Plain(Vec<(Key, Slot)>);

impl Plain {
    fn under(&self, key: Key) -> Vec<(u8, Slot)> {
        let own = self.0.iter().filter(|(other, _)| other.hash == key.hash);
        let mut own: Vec<(u8, Slot)> = own.map(|(key, slot)| (key.refine, *slot)).collect();
        own.sort_unstable();
        own.dedup();
        own
    }

    fn cap(key: Key) -> usize {
        [60, 10, 6][(key.hash & 3) as usize]
    }

    fn find(&self, key: Key) -> (Lookup, Vec<Slot>) {
        let whole = self.under(key);
        let refined: Vec<Slot> = whole.iter().filter(|e| e.0 == key.refine).map(|e| e.1).collect();
        if whole.len() <= Plain::cap(key) {
            (Lookup::Whole, whole.into_iter().map(|entry| entry.1).collect())
        } else if refined.len() <= 240 {
            (Lookup::Refined, refined)
        } else {
            (Lookup::Skipped, Vec::new())
        }
    }

    fn keys(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.0.iter().map(|(key, _)| *key).collect();
        keys.sort_unstable_by_key(|key| (key.hash, key.refine));
        keys.dedup();
        keys
    }

    fn blocks(&self) -> Vec<Vec<Slot>> {
        let mut blocks: Vec<Vec<Slot>> = Vec::new();
        for of_key in self.keys().chunk_by(|a, b| a.hash == b.hash) {
            let parts = if self.find(of_key[0]).0 == Lookup::Whole {
                &of_key[..1]
            } else {
                of_key
            };
            blocks.extend(parts.iter().map(|&key| self.find(key).1));
        }
        blocks.retain(|block| block.len() > 1);
        blocks.sort();
        blocks
    }
}

/// Keys of each width, alone and up to over every limit; the first and the last list and record among them.
fn filed() -> Plain {
    let mut plain = Plain::default();
    let mut number = 0;
    for (width, kind) in [
        (0, KeyKind::BirthDate),
        (1, KeyKind::Address),
        (2, KeyKind::GivenBirthDate),
    ] {
        for count in [1, 2, 6, 7, 10, 11, 60, 61, 240, 720, 723] {
            number += 1;
            let hash = match number {
                1 => 0,
                33 => u64::MAX,
                _ => crate::tokens::mix(number),
            };
            for entry in 0..count {
                let refine = [0, 254, 255][entry % 3];
                let key = Key {
                    hash: hash & !3 | width,
                    refine,
                    kind,
                };
                let slot = if number % 2 == 0 {
                    entry as Slot
                } else {
                    (MAX_RECORDS - 1 - entry) as Slot
                };
                plain.0.push((key, slot));
            }
        }
    }
    plain
        .0
        .sort_by_key(|(key, slot)| crate::tokens::mix(key.hash ^ u64::from(*slot)));
    plain
}

#[track_caller]
fn assert_filed(postings: &Postings, plain: &Plain) {
    for key in plain.keys() {
        let mut found = vec![7];
        let lookup = postings.find(key, &mut found);
        assert_eq!(found.remove(0), 7, "what was found before stays");
        found.sort_unstable();
        let (expected, mut slots) = plain.find(key);
        slots.sort_unstable();
        assert_eq!((lookup, found), (expected, slots), "{key:?}");
        let whole = plain.under(key);
        let refined = whole.iter().filter(|entry| entry.0 == key.refine).count();
        assert_eq!(postings.sizes(key), (whole.len(), refined), "{key:?}");
    }
    assert_eq!(all_blocks(postings), plain.blocks());
}

fn all_blocks(postings: &Postings) -> Vec<Vec<Slot>> {
    let mut all = Vec::new();
    for wave in 0..WAVES {
        let parts = postings.blocks(wave, |blocks| {
            blocks
                .map(|block| block.iter().map(|&entry| slot_of(entry)).collect())
                .collect::<Vec<Vec<Slot>>>()
        });
        assert_eq!(parts.len(), PARTS);
        all.extend(parts.into_iter().flatten());
    }
    all.sort();
    all
}

#[test]
fn what_is_filed_is_found_under_its_key_and_no_other() {
    let mut plain = filed();
    let mut postings = Postings::default();
    for &(key, slot) in &plain.0 {
        postings.add(key, slot);
        postings.add(key, slot);
    }
    assert_filed(&postings, &plain);
    let absent = Key {
        hash: crate::tokens::mix(999),
        refine: 0,
        kind: KeyKind::BirthDate,
    };
    assert_eq!(postings.find(absent, &mut Vec::new()), Lookup::Whole);
    assert_eq!(postings.sizes(absent), (0, 0));
    let gone: Vec<(Key, Slot)> = plain
        .0
        .iter()
        .copied()
        .filter(|(_, slot)| slot % 2 == 1)
        .collect();
    plain.0.retain(|(_, slot)| slot % 2 == 0);
    for (key, slot) in gone {
        postings.remove(key, slot);
    }
    assert_filed(&postings, &plain);
}

#[test]
fn many_at_once_are_filed_as_one_by_one() {
    let plain = filed();
    let fill = |keep, rounds| {
        let mut postings = Postings::default();
        for round in Round::all(rounds) {
            for part in plain.0.chunks(1_000) {
                let mut filed = Filed::with_capacity(part.len());
                for &(key, slot) in part {
                    filed.add(key, slot, round);
                    filed.add(key, slot, round);
                }
                postings.reserve(filed.len(), round);
                postings.push_all(&[filed]);
            }
            postings.settle(keep, round);
        }
        postings
    };
    for rounds in [1, 2, 4] {
        assert_filed(&fill(Keep::All, rounds), &plain);
        let shared = fill(Keep::Shared, rounds);
        assert_eq!(all_blocks(&shared), plain.blocks(), "what pairs records stays");
        for key in plain.keys() {
            let (all, expected) = (plain.under(key).len(), shared.sizes(key).0);
            assert_eq!(if all == 1 { 0 } else { all }, expected, "{key:?}");
        }
    }
    let mut filed = Filed::with_capacity(10);
    let first = Round::all(2).next().unwrap();
    plain
        .0
        .iter()
        .for_each(|&(key, slot)| filed.add(key, slot, first));
    let of_first = plain
        .0
        .iter()
        .filter(|(key, _)| (key.hash >> 48) % 2 == 0)
        .count();
    assert_eq!(filed.len(), of_first, "every other list");
}

#[test]
fn the_report_counts_each_key_once() {
    let plain = filed();
    let mut postings = Postings::default();
    plain.0.iter().for_each(|&(key, slot)| postings.add(key, slot));
    let mut report = [KindFractions::default(); KeyKind::COUNT];
    for &(key, _) in &plain.0 {
        report_key(&postings, key, &mut report);
    }
    for (kind, refined) in [
        (KeyKind::BirthDate, 4),
        (KeyKind::Address, 6),
        (KeyKind::GivenBirthDate, 8),
    ] {
        let expected = KindReport {
            keys: 11,
            records: 1 + 2 + 6 + 7 + 10 + 11 + 60 + 61 + 240 + 720 + 723,
            refined,
            // The three parts of 723.
            skipped: 3,
            longest: 723,
        };
        assert_eq!(report[kind as usize].finish(), expected, "{kind:?}");
    }
    assert_eq!(report[KeyKind::Sound as usize].finish(), KindReport::default());
}

#[test]
fn room_is_made_for_what_will_come_and_given_back() {
    let mut postings = Postings::default();
    let second = Round::all(2).nth(1).unwrap();
    // 32 for each of the 32,768 lists of the round, and four times their deviation.
    postings.reserve(1 << 20, second);
    for (number, list) in postings.lists.iter().enumerate() {
        let room = if number % 2 == 1 { 52..64 } else { 0..1 };
        assert!(room.contains(&list.capacity()), "{number}: {}", list.capacity());
    }
    let bytes = postings.bytes();
    assert!(bytes > LISTS / 2 * 52 * 8, "{bytes}");
    let mut filed = Filed::with_capacity(10);
    for number in 0..10_u64 {
        let key = Key {
            hash: (2 * number + 1) << 48,
            refine: 0,
            kind: KeyKind::BirthDate,
        };
        filed.add(key, 1, second);
        filed.add(key, 2, second);
    }
    postings.push_all(&[filed]);
    postings.settle(Keep::All, second);
    let held: usize = postings.lists.iter().map(Vec::len).sum();
    assert_eq!(held, 20);
    assert!(postings.lists.iter().all(|list| list.capacity() == list.len()));
}
