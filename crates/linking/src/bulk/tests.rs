use proptest::prelude::*;

use super::*;

/// The same by the definition: whoever can be reached over pairs at or above `floor`.
fn reached(slots: Slot, pairs: &[LinkedPair], floor: f32) -> Vec<Vec<Slot>> {
    let mut lead: Vec<Slot> = (0..slots).collect();
    for _ in 0..slots {
        for pair in pairs.iter().filter(|pair| pair.weight >= floor) {
            let least = lead[pair.a as usize].min(lead[pair.b as usize]);
            lead[pair.a as usize] = least;
            lead[pair.b as usize] = least;
        }
    }
    let piece = |first| (0..slots).filter(|&slot| lead[slot as usize] == first).collect();
    let pieces = (0..slots).map(piece);
    pieces.filter(|piece: &Vec<Slot>| piece.len() > 1).collect()
}

#[test]
fn what_is_held_does_not_change_what_is_found() {
    let index = crate::glance::tests::index(1_500);
    let options = BulkOptions::default();
    let (all, brought) = pairs(&index, &options, &|_| ());
    assert!(all.len() > 1_000, "{} pairs", all.len());
    assert!(all.is_sorted_by(|one, next| (one.a, one.b) < (next.a, next.b)));
    for held in [PARTS * 50, PARTS * 1_000, all.len() / 4] {
        let search = Search {
            index: &index,
            glances: Glances::new(&index),
            options: &options,
            held,
        };
        assert_eq!(search.pairs(&|_| ()), (all.clone(), brought), "{held} held");
    }
}

#[test]
fn across_sources_only_pairs_of_two_sources_are_found() {
    let index = crate::glance::tests::index(600);
    let found = |across| {
        let options = BulkOptions {
            across,
            ..BulkOptions::default()
        };
        pairs(&index, &options, &|_| ()).0
    };
    let two = |pair: &LinkedPair| index.at(pair.a).state != index.at(pair.b).state;
    let all = found(false);
    let expected: Vec<LinkedPair> = all.iter().filter(|pair| two(pair)).copied().collect();
    assert!(!expected.is_empty() && expected.len() < all.len());
    assert_eq!(found(true), expected);
}

proptest! {
    #[test]
    fn pieces_are_who_can_be_reached(
        pairs in prop::collection::vec((0..30_u32, 0..30_u32, -4.0_f32..12.0), 0..40),
        floor in -4.0_f32..12.0,
    ) {
        let pairs: Vec<LinkedPair> = pairs
            .into_iter()
            .filter(|(a, b, _)| a != b)
            .map(|(a, b, weight)| LinkedPair { a, b, weight })
            .collect();
        let mut found = pieces(30, &pairs, floor);
        found.sort();
        prop_assert_eq!(found, reached(30, &pairs, floor));
    }
}

#[test]
fn a_piece_that_is_too_large_is_cut_where_it_is_weakest() {
    let pair = |a, b, weight| LinkedPair { a, b, weight };
    let size = MAX_PIECE as Slot;
    // Couples of ten bits, strung together by two bits.
    let strung: Vec<LinkedPair> = (0..size)
        .flat_map(|couple| {
            let a = couple * 2;
            [pair(a, a + 1, 10.0), pair(a + 1, (a + 2) % (size * 2), 2.0)]
        })
        .collect();
    let mut found = pieces(size * 2, &strung, 0.0);
    found.sort();
    assert_eq!(found.len(), MAX_PIECE);
    assert!(
        found
            .iter()
            .all(|piece| piece.len() == 2 && piece[0] + 1 == piece[1])
    );
    // What is as large as it may be stays whole.
    let row: Vec<LinkedPair> = (1..size).map(|a| pair(a - 1, a, 0.5)).collect();
    assert_eq!(pieces(size, &row, 0.0), [(0..size).collect::<Vec<Slot>>()]);
}

/// Pairs are counted as often as a key brings them together.
#[test]
fn what_is_compared_is_what_blocks_bring_together() {
    let index = crate::glance::tests::index(300);
    let options = BulkOptions::default();
    let mut expected = 0;
    for wave in 0..WAVES {
        let parts = index.postings().blocks(wave, |blocks| {
            blocks
                .map(|block| (block.len() * (block.len() - 1) / 2) as u64)
                .sum::<u64>()
        });
        expected += parts.into_iter().sum::<u64>();
    }
    assert!(expected > 1_000);
    let linked = link(&index, &options, &|_| ());
    assert_eq!(linked.compared, expected);
    // Each pair once, by number, and exactly those that share a key and reach the floor.
    assert!(
        linked
            .pairs
            .is_sorted_by(|one, next| (one.a, one.b) < (next.a, next.b))
    );
    let mut candidates = Vec::new();
    let mut scratch = crate::index::Scratch::default();
    for slot in 0..index.slots() {
        for &other in index.find_candidates(slot, &mut scratch) {
            let weight = index.score(index.at(slot), index.at(other)).1;
            let (a, b) = (index.number_of(slot), index.number_of(other));
            if a < b && weight >= -3.0 {
                candidates.push((a, b, weight.to_bits()));
            }
        }
    }
    candidates.sort_unstable();
    let found = linked
        .pairs
        .iter()
        .map(|pair| (pair.a, pair.b, pair.weight.to_bits()));
    assert_eq!(
        found.collect::<Vec<_>>(),
        candidates,
        "from odds of one in eight on"
    );
    assert!(
        linked.pairs.iter().any(|pair| pair.weight < -1.0),
        "not only what people are asked about"
    );
}

#[test]
fn two_slots_are_one_number_whichever_comes_first() {
    assert_eq!(pack(3, 5), 3 << 32 | 5);
    assert_eq!(pack(5, 3), 3 << 32 | 5);
    assert_eq!(pack(0, u32::MAX), 0xFFFF_FFFF);
}

/// Rows of which a glance tells nothing bring together as many pairs as their keys allow: they are compared as they come.
#[test]
fn no_more_pairs_wait_than_there_is_room_for() {
    let index = crate::glance::tests::index(400);
    let options = BulkOptions::default();
    for (held, waiting) in [(PARTS * 20, 20), (HELD, usize::MAX)] {
        let search = Search {
            index: &index,
            glances: Glances::new(&index),
            options: &options,
            held,
        };
        let (mut brought, mut most) = (Brought::default(), 0);
        for wave in 0..WAVES {
            let parts = index.postings().blocks(wave, |blocks| {
                blocks.map(<[u64]>::to_vec).collect::<Vec<Vec<u64>>>()
            });
            for block in parts.into_iter().flatten() {
                let mut ahead = Ahead::default();
                ahead.read(&search.glances, &block);
                search.pair(&mut ahead, &mut brought);
                assert!(ahead.members.is_empty() && ahead.ends.is_empty());
                most = most.max(brought.open.len());
            }
        }
        assert!(most < waiting, "{most} of {held}");
        assert_eq!(
            brought.found.is_empty(),
            held == HELD,
            "nothing is compared before it has to be"
        );
        assert_eq!(brought.pairs, pairs(&index, &options, &|_| ()).1);
    }
}
