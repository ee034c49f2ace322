//! Where a record has at most one partner in each other source, its candidates there compete: each is as likely as its
//! own odds among those of all.

use rustc_hash::FxHashMap;

use crate::bulk::LinkedPair;

/// Weighs each pair against the other pairs of its two records with the same two sources, of which at most one can be
/// right: the odds `o` of a pair become `o / (1 + the sum of its rivals' odds)`. `source` tells where a record comes
/// from.
pub(crate) fn weigh_against_rivals<S: Eq + std::hash::Hash>(
    pairs: &mut [LinkedPair],
    source: impl Fn(u32) -> S,
) {
    let odds = |pair: &LinkedPair| f64::from(pair.weight).exp2();
    let mut sums: FxHashMap<(u32, S), f64> = FxHashMap::default();
    for pair in &*pairs {
        *sums.entry((pair.a, source(pair.b))).or_default() += odds(pair);
        *sums.entry((pair.b, source(pair.a))).or_default() += odds(pair);
    }
    for pair in pairs {
        let all = sums[&(pair.a, source(pair.b))] + sums[&(pair.b, source(pair.a))];
        let rivals = (all - 2.0 * odds(pair)).max(0.0);
        pair.weight -= rivals.ln_1p() as f32 * std::f32::consts::LOG2_E;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weighed(pairs: &[(u32, u32, f32)], source: fn(u32) -> u32) -> Vec<f32> {
        let mut pairs: Vec<LinkedPair> = pairs
            .iter()
            .map(|&(a, b, weight)| LinkedPair { a, b, weight })
            .collect();
        weigh_against_rivals(&mut pairs, source);
        pairs.iter().map(|pair| pair.weight).collect()
    }

    #[test]
    fn a_better_candidate_takes_the_others_odds() {
        let two_lists = |slot| slot / 10;
        // 10 and 11 want record 1; nobody else wants 2.
        let after = weighed(&[(1, 10, 12.0), (1, 11, 5.0), (2, 12, 5.0)], two_lists);
        assert!(
            (after[0] - 6.957).abs() < 0.01,
            "12 bits against odds of 33: {after:?}"
        );
        assert!((after[1] + 7.0).abs() < 0.01, "5 bits against 12: {after:?}");
        assert!((after[2] - 5.0).abs() < 1e-6, "no rival, no change: {after:?}");
    }

    #[test]
    fn partners_in_different_sources_are_no_rivals() {
        let three_lists = |slot| slot / 10;
        assert_eq!(weighed(&[(1, 10, 8.0), (1, 20, 6.0)], three_lists), [8.0, 6.0]);
    }
}
