//! Scores of a linkage against the truth: exact counts over pairs and over records, no sampling.
//!
//! Records are numbered 0..; truth, clusters and sources are lists by that number. Counts come from how many records
//! each combination of entity, cluster and source has, so that the work grows with the records and not with the pairs.

use std::hash::Hash;

use rustc_hash::FxHashMap;
use serde::Serialize;

/// Which pairs count.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// All.
    All,
    /// Those of records of different sources; the source of each record.
    Across(&'a [u32]),
}

impl Scope<'_> {
    /// Whether a pair counts.
    pub fn holds(self, a: usize, b: usize) -> bool {
        match self {
            Scope::All => true,
            Scope::Across(sources) => sources[a] != sources[b],
        }
    }
}

/// How many pairs are true, found, and both; with what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// Pairs of one entity.
    pub true_pairs: u64,
    /// Pairs found.
    pub found_pairs: u64,
    /// Pairs found that are true.
    pub right_pairs: u64,
    /// Right among found, 0..=1; 1 when none is found.
    pub precision: f64,
    /// Right among true, 0..=1; 1 when there is none.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 1.0 } else { part / whole }
}

fn harmonic(precision: f64, recall: f64) -> f64 {
    if precision + recall == 0.0 {
        0.0
    } else {
        2.0 * precision * recall / (precision + recall)
    }
}

impl Score {
    /// The figures that follow from three counts.
    pub fn new(true_pairs: u64, found_pairs: u64, right_pairs: u64) -> Score {
        let precision = ratio(right_pairs as f64, found_pairs as f64);
        let recall = ratio(right_pairs as f64, true_pairs as f64);
        Score {
            true_pairs,
            found_pairs,
            right_pairs,
            precision,
            recall,
            f1: harmonic(precision, recall),
        }
    }
}

fn counted<K: Eq + Hash>(groups: impl Iterator<Item = K>) -> FxHashMap<K, u64> {
    let mut counts = FxHashMap::default();
    for group in groups {
        *counts.entry(group).or_default() += 1;
    }
    counts
}

fn pairs_in<K: Eq + Hash>(groups: impl Iterator<Item = K>) -> u64 {
    counted(groups).into_values().map(|n| n * (n - 1) / 2).sum()
}

/// Pairs of records in one group: all of them, less those within a source where only pairs across count.
fn pairs_of<K: Eq + Hash>(records: usize, scope: Scope<'_>, group: impl Fn(usize) -> K) -> u64 {
    let all = pairs_in((0..records).map(&group));
    match scope {
        Scope::All => all,
        Scope::Across(sources) => all - pairs_in((0..records).map(|at| (group(at), sources[at]))),
    }
}

/// How many pairs are of one entity.
pub fn true_pairs(truth: &[u32], scope: Scope<'_>) -> u64 {
    pairs_of(truth.len(), scope, |at| truth[at])
}

/// Scores clusters pair by pair.
pub fn pairwise(truth: &[u32], clusters: &[u32], scope: Scope<'_>) -> Score {
    Score::new(
        true_pairs(truth, scope),
        pairs_of(clusters.len(), scope, |at| clusters[at]),
        pairs_of(truth.len(), scope, |at| (truth[at], clusters[at])),
    )
}

/// Precision and recall record by record (Bagga and Baldwin 1998): of the records in a record's cluster, how many are
/// of its entity, and of its entity's records how many are in its cluster; the mean over all records.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BCubed {
    /// 0..=1
    pub precision: f64,
    /// 0..=1
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
}

/// Scores clusters record by record. Records of one source count too.
pub fn b_cubed(truth: &[u32], clusters: &[u32]) -> BCubed {
    let of_entity = counted(truth.iter().copied());
    let of_cluster = counted(clusters.iter().copied());
    let (mut precision, mut recall) = (0.0, 0.0);
    for ((entity, cluster), count) in counted(truth.iter().copied().zip(clusters.iter().copied())) {
        let count = count as f64;
        precision += count * count / of_cluster[&cluster] as f64;
        recall += count * count / of_entity[&entity] as f64;
    }
    let precision = ratio(precision, truth.len() as f64);
    let recall = ratio(recall, truth.len() as f64);
    BCubed {
        precision,
        recall,
        f1: harmonic(precision, recall),
    }
}

/// Scores of weighed pairs at every threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    true_pairs: u64,
    /// Weight, pairs and right pairs at and above it; from the highest weight down, each weight once.
    steps: Vec<(f32, u64, u64)>,
}

impl Curve {
    /// From pairs as (weight, whether it is true) in any order. `true_pairs` counts also those that are not among
    /// them.
    pub fn new(pairs: impl IntoIterator<Item = (f32, bool)>, true_pairs: u64) -> Curve {
        let mut pairs: Vec<(f32, bool)> = pairs.into_iter().collect();
        pairs.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let mut steps: Vec<(f32, u64, u64)> = Vec::new();
        let (mut found, mut right) = (0, 0);
        for (weight, is_true) in pairs {
            found += 1;
            right += u64::from(is_true);
            match steps.last_mut() {
                Some(step) if step.0.total_cmp(&weight).is_eq() => *step = (weight, found, right),
                _ => steps.push((weight, found, right)),
            }
        }
        Curve { true_pairs, steps }
    }

    fn score(&self, step: Option<&(f32, u64, u64)>) -> Score {
        let (found, right) = step.map_or((0, 0), |step| (step.1, step.2));
        Score::new(self.true_pairs, found, right)
    }

    /// The score of all pairs at and above a weight.
    pub fn at(&self, weight: f32) -> Score {
        let above = self.steps.partition_point(|step| step.0 >= weight);
        self.score(above.checked_sub(1).map(|at| &self.steps[at]))
    }

    fn scores(&self) -> impl Iterator<Item = (f32, Score)> + '_ {
        self.steps.iter().map(|step| (step.0, self.score(Some(step))))
    }

    /// The threshold with the highest F1, the highest such; `None` without pairs.
    pub fn best_f1(&self) -> Option<(f32, Score)> {
        self.scores()
            .reduce(|best, next| if next.1.f1 > best.1.f1 { next } else { best })
    }

    /// The highest recall that any threshold reaches with at least this precision; 0 when none does.
    pub fn recall_at_precision(&self, precision: f64) -> f64 {
        self.scores()
            .filter(|(_, score)| score.precision >= precision)
            .map(|(_, score)| score.recall)
            .fold(0.0, f64::max)
    }

    /// The highest weight; `None` without pairs.
    pub fn highest(&self) -> Option<f32> {
        self.steps.first().map(|step| step.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Everything by looking at every pair and every record.
    fn slow(truth: &[u32], clusters: &[u32], scope: Scope<'_>) -> (Score, BCubed) {
        let (mut all, mut found, mut right) = (0, 0, 0);
        for a in 0..truth.len() {
            for b in a + 1..truth.len() {
                if scope.holds(a, b) {
                    let (same, joined) = (truth[a] == truth[b], clusters[a] == clusters[b]);
                    all += u64::from(same);
                    found += u64::from(joined);
                    right += u64::from(same && joined);
                }
            }
        }
        let (mut precision, mut recall) = (0.0, 0.0);
        for a in 0..truth.len() {
            let others = || 0..truth.len();
            let both = others()
                .filter(|&b| truth[a] == truth[b] && clusters[a] == clusters[b])
                .count() as f64;
            precision += both / others().filter(|&b| clusters[a] == clusters[b]).count() as f64;
            recall += both / others().filter(|&b| truth[a] == truth[b]).count() as f64;
        }
        let n = truth.len() as f64;
        let (precision, recall) = (ratio(precision, n), ratio(recall, n));
        let f1 = harmonic(precision, recall);
        (
            Score::new(all, found, right),
            BCubed {
                precision,
                recall,
                f1,
            },
        )
    }

    proptest! {
        #[test]
        fn counting_by_groups_is_counting_every_pair(
            records in prop::collection::vec((0u32..6, 0u32..6, 0u32..3), 0..40)
        ) {
            let truth: Vec<u32> = records.iter().map(|r| r.0).collect();
            let clusters: Vec<u32> = records.iter().map(|r| r.1).collect();
            let sources: Vec<u32> = records.iter().map(|r| r.2).collect();
            for scope in [Scope::All, Scope::Across(&sources)] {
                let (score, b3) = slow(&truth, &clusters, scope);
                prop_assert_eq!(pairwise(&truth, &clusters, scope), score);
                let fast = b_cubed(&truth, &clusters);
                prop_assert!((fast.precision - b3.precision).abs() < 1e-12);
                prop_assert!((fast.recall - b3.recall).abs() < 1e-12);
                prop_assert!((fast.f1 - b3.f1).abs() < 1e-12);
            }
        }

        #[test]
        fn the_curve_is_a_count_at_each_threshold(
            pairs in prop::collection::vec((-4i8..8, any::<bool>()), 0..60),
            missed in 0u64..5,
            wanted in 0.0f64..1.0,
        ) {
            let pairs: Vec<(f32, bool)> = pairs.into_iter().map(|(w, t)| (f32::from(w) / 2.0, t)).collect();
            let all = pairs.iter().filter(|p| p.1).count() as u64 + missed;
            let curve = Curve::new(pairs.iter().copied(), all);
            let slow = |weight: f32| {
                let above: Vec<bool> = pairs.iter().filter(|p| p.0 >= weight).map(|p| p.1).collect();
                Score::new(all, above.len() as u64, above.iter().filter(|t| **t).count() as u64)
            };
            for half in -9i8..=17 {
                let weight = f32::from(half) / 2.0;
                prop_assert_eq!(curve.at(weight), slow(weight));
            }
            let each: Vec<Score> = pairs.iter().map(|p| slow(p.0)).collect();
            let best = each.iter().map(|s| s.f1).fold(0.0, f64::max);
            prop_assert!((curve.best_f1().map_or(0.0, |(_, s)| s.f1) - best).abs() < 1e-12);
            prop_assert_eq!(curve.best_f1().is_some(), !pairs.is_empty());
            let recall = each.iter().filter(|s| s.precision >= wanted).map(|s| s.recall).fold(0.0, f64::max);
            prop_assert!((curve.recall_at_precision(wanted) - recall).abs() < 1e-12);
        }
    }

    #[test]
    fn nothing_to_find_is_found() {
        let score = pairwise(&[0, 1, 2], &[0, 1, 2], Scope::All);
        assert!(score.precision.min(score.recall).min(score.f1) >= 1.0);
        assert!(b_cubed(&[], &[]).f1 >= 1.0);
        assert!(Curve::new([], 3).recall_at_precision(0.99) <= 0.0);
        // Everything in one cluster: all is found, and half of what is found is wrong.
        let score = pairwise(&[0, 0, 1, 1], &[7; 4], Scope::All);
        assert_eq!(
            (score.true_pairs, score.found_pairs, score.right_pairs),
            (2, 6, 2)
        );
    }

    #[test]
    fn f1_is_the_harmonic_mean() {
        for (all, found, right, [precision, recall, f1]) in [
            (4, 2, 2, [1.0, 0.5, 2.0 / 3.0]),
            (2, 8, 2, [0.25, 1.0, 0.4]),
            (6, 3, 1, [1.0 / 3.0, 1.0 / 6.0, 2.0 / 9.0]),
            (3, 3, 0, [0.0, 0.0, 0.0]),
            (3, 0, 0, [1.0, 0.0, 0.0]),
            (0, 0, 0, [1.0, 1.0, 1.0]),
        ] {
            let score = Score::new(all, found, right);
            for (figure, expected) in [
                (score.precision, precision),
                (score.recall, recall),
                (score.f1, f1),
            ] {
                assert!((figure - expected).abs() < 1e-12, "{score:?}");
            }
        }
        // Two of an entity and one of another in one cluster, one alone.
        let found = b_cubed(&[0, 0, 0, 1], &[5, 5, 6, 5]);
        let (precision, recall) = (
            (2.0 * 2.0 / 3.0 + 1.0 / 3.0 + 1.0) / 4.0,
            (2.0 * 2.0 / 3.0 + 1.0 / 3.0 + 1.0) / 4.0,
        );
        assert!((found.precision - precision).abs() < 1e-12 && (found.recall - recall).abs() < 1e-12);
        assert!((found.f1 - precision).abs() < 1e-12, "{found:?}");
        let curve = Curve::new([(5.0, true), (3.0, false), (3.0, true), (1.0, false)], 4);
        assert!(curve.highest().is_some_and(|weight| (weight - 5.0).abs() < 1e-6));
        let (at, best) = curve.best_f1().unwrap();
        assert!(
            (at - 3.0).abs() < 1e-6 && (best.f1 - 4.0 / 7.0).abs() < 1e-12,
            "{best:?}"
        );
    }
}
