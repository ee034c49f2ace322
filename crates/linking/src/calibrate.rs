//! From weights to probabilities by what people decided: isotonic regression (pool adjacent violators) of their
//! answers on the weight, with the model's own logistic curve as what is believed before.
//!
//! Weights of independent fields are overconfident in the middle of the band; the curve learned here says how often
//! people really found one child at a weight. Only the band counts in which people are asked because the weight leaves
//! it open: above and below they see conflicts alone, which are not like the rest, and there the logistic curve stands.

use crate::model::{Model, probability};

/// What people decided about a pair, and its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decided {
    /// Log2 of the odds by the model.
    pub weight: f32,
    /// Whether they said that it is one child.
    pub same: bool,
}

/// Where the curve is held by what is believed before, in whole bits.
const RANGE: std::ops::RangeInclusive<i8> = -12..=20;

/// Decisions as which that counts, at each bit.
const BELIEF: f64 = 20.0;

/// No decision of people makes a pair surer than this, in bits.
const SUREST: f64 = 20.0;

/// Two groups are joined without people from this probability on.
pub const SURE: f64 = 0.995;

/// Decisions pooled to one probability.
#[derive(Debug, Clone, Copy)]
struct Pool {
    /// The lowest and the highest weight.
    from: f32,
    to: f32,
    same: f64,
    mass: f64,
}

impl Pool {
    fn of(weight: f32, share: f64, mass: f64) -> Pool {
        Pool {
            from: weight,
            to: weight,
            same: share * mass,
            mass,
        }
    }

    fn add(&mut self, other: Pool) {
        self.from = self.from.min(other.from);
        self.to = self.to.max(other.to);
        self.same += other.same;
        self.mass += other.mass;
    }

    fn share(&self) -> f64 {
        self.same / self.mass
    }
}

/// The curve: weights with their probabilities, both ascending, for [`Model::calibration`]. Empty without decisions.
#[must_use]
pub fn curve(decisions: &[Decided]) -> Vec<(f32, f64)> {
    if decisions.is_empty() {
        return Vec::new();
    }
    let believed = RANGE.map(|bit| Pool::of(bit.into(), probability(bit.into()), BELIEF));
    let seen = decisions.iter().filter(|decision| decision.weight.is_finite());
    let seen = seen.map(|decision| Pool::of(decision.weight, f64::from(u8::from(decision.same)), 1.0));
    let mut all: Vec<Pool> = believed.chain(seen).collect();
    all.sort_by(|a, b| a.from.total_cmp(&b.from));
    let mut pools: Vec<Pool> = Vec::new();
    for mut pool in all {
        // Equal weights are one pool; a pool that is not above the one before is pooled with it.
        while let Some(before) = pools.last()
            && (before.share() >= pool.share() || before.to >= pool.from)
        {
            pool.add(*before);
            pools.pop();
        }
        pools.push(pool);
    }
    let (least, most) = (1.0 / (1.0 + SUREST.exp2()), 1.0 / (1.0 + (-SUREST).exp2()));
    let mut curve: Vec<(f32, f64)> = Vec::new();
    for pool in pools {
        // Twelve digits are read back from JSON as they were written.
        let share = (pool.share().clamp(least, most) * 1e12).round() / 1e12;
        curve.push((pool.from, share));
        if pool.to > pool.from {
            curve.push((pool.to, share));
        }
    }
    curve
}

/// The probability of a weight by a curve: between its points straight in bits, beyond them the logistic curve as far
/// as it is not across the nearest point.
#[must_use]
pub fn at(curve: &[(f32, f64)], weight: f32) -> f64 {
    let logistic = probability(weight);
    let above = curve.partition_point(|point| point.0 <= weight);
    match (above.checked_sub(1).and_then(|i| curve.get(i)), curve.get(above)) {
        (None, None) => logistic,
        (None, Some(&(_, first))) => logistic.min(first),
        (Some(&(_, last)), None) => logistic.max(last),
        (Some(&(from, low)), Some(&(to, high))) => {
            let bits = |p: f64| (p / (1.0 - p)).log2();
            let part = f64::from(weight - from) / f64::from(to - from);
            let between = bits(low) + (bits(high) - bits(low)) * part;
            (1.0 / (1.0 + (-between).exp2())).clamp(low, high)
        }
    }
}

/// The least weight that has at least this probability by a curve, in bits: what [`at`] takes back. `chance` is above 0
/// and below 1.
#[must_use]
pub fn weight_from(curve: &[(f32, f64)], chance: f64) -> f32 {
    let logit = (chance / (1.0 - chance)).log2() as f32;
    if curve.is_empty() {
        return logit;
    }
    // A curve only rises, and beyond its ends it is the logistic one, or flat until that has caught up.
    let ends = curve.first().into_iter().chain(curve.last()).map(|point| point.0);
    let (mut below, mut reached) = ends.fold((logit - 1.0, logit + 1.0), |(low, high), end| {
        (low.min(end - 1.0), high.max(end + 1.0))
    });
    for _ in 0..f32::MANTISSA_DIGITS {
        let middle = f32::midpoint(below, reached);
        if at(curve, middle) >= chance {
            reached = middle;
        } else {
            below = middle;
        }
    }
    reached
}

/// Gives a model the curve of these decisions, as far as they are between its thresholds, and says how many those are.
/// The upper threshold goes up to where the curve is sure; it never comes down.
pub fn apply(model: &mut Model, decisions: &[Decided]) -> usize {
    let open = model.thresholds.review..model.thresholds.auto;
    let asked: Vec<Decided> = decisions
        .iter()
        .copied()
        .filter(|d| open.contains(&d.weight))
        .collect();
    model.calibration = curve(&asked);
    if asked.is_empty() {
        return 0;
    }
    model.version = format!("{}+{}", model.version, asked.len());
    let (auto, clip) = (model.thresholds.auto, model.thresholds.clip);
    let steps = ((clip - auto).max(0.0) * 100.0) as u16;
    let mut weights = (0..=steps).map(|step| auto + f32::from(step) / 100.0);
    let sure = weights.find(|&weight| at(&model.calibration, weight) >= SURE);
    model.thresholds.auto = sure.unwrap_or(clip).max(auto);
    asked.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decided() -> impl Strategy<Value = Vec<Decided>> {
        let one = (-15.0_f32..25.0, any::<bool>()).prop_map(|(weight, same)| Decided { weight, same });
        prop::collection::vec(one, 0..200)
    }

    proptest! {
        #[test]
        fn more_weight_is_never_less_probable(decisions in decided(), mut weights in prop::collection::vec(-40.0_f32..40.0, 2..50)) {
            let curve = curve(&decisions);
            weights.sort_by(f32::total_cmp);
            let found: Vec<f64> = weights.iter().map(|&weight| at(&curve, weight)).collect();
            prop_assert!(found.iter().all(|p| (0.0..=1.0).contains(p)));
            prop_assert!(found.windows(2).all(|two| two[0] <= two[1]), "{:?} of {:?}", found, curve);
        }

        #[test]
        fn without_decisions_the_model_is_believed(weight in -40.0_f32..40.0) {
            prop_assert_eq!(at(&curve(&[]), weight).to_bits(), probability(weight).to_bits());
            let mut model = Model::default_fixed();
            apply(&mut model, &[]);
            prop_assert_eq!(model.probability(weight).to_bits(), probability(weight).to_bits());
            prop_assert_eq!(model, Model::default_fixed());
        }

        #[test]
        fn the_threshold_never_comes_down(decisions in decided()) {
            let mut model = Model::default_fixed();
            apply(&mut model, &decisions);
            prop_assert!(model.thresholds.auto >= Model::default_fixed().thresholds.auto);
            prop_assert!(model.thresholds.auto <= model.thresholds.clip);
        }
    }

    #[test]
    fn the_weight_from_a_probability_on_is_what_gives_that_probability() {
        let curve = [(-1.0, 0.2), (2.0, 0.3), (3.0, 0.3), (7.0, 0.96)];
        for chance in [0.001, 0.1, 0.25, 0.31, 0.5, 0.95, 0.97, 0.999_9] {
            let weight = weight_from(&curve, chance);
            assert!(at(&curve, weight) >= chance, "{chance}: {weight}");
            assert!(at(&curve, weight - 0.001) < chance, "{chance}: {weight}");
            assert!((probability(weight_from(&[], chance)) - chance).abs() < 1e-6);
        }
        assert!(
            (weight_from(&curve, 0.3) - 2.0).abs() < 0.001,
            "the least of equals"
        );
        assert_eq!(weight_from(&[], 0.5).to_bits(), 0.0_f32.to_bits());
    }

    #[test]
    fn decisions_move_the_curve_where_they_are() {
        let many = |weight, same, count| vec![Decided { weight, same }; count];
        // At 5 bits people found one child in half of the pairs, where the model says 97 %.
        let decisions = [many(5.0, true, 1_000), many(5.0, false, 1_000)].concat();
        let curve = curve(&decisions);
        assert!((at(&curve, 5.0) - 0.5).abs() < 0.05, "{}", at(&curve, 5.0));
        assert!(
            (at(&curve, -6.0) - probability(-6.0)).abs() < 1e-3,
            "far away nothing is known"
        );
        assert!(at(&curve, 15.0) > 0.999);
        let mut model = Model::default_fixed();
        let wrong = [
            many(7.5, true, 40),
            many(7.5, false, 40),
            many(-30.0, true, 1),
            many(14.0, false, 3),
        ]
        .concat();
        assert_eq!(
            apply(&mut model, &wrong),
            80,
            "what is above and below the band does not count"
        );
        assert!(
            model.thresholds.auto > 7.9,
            "not alone next to where people said no: {}",
            model.thresholds.auto
        );
        assert!(model.version.ends_with("+80"));
        assert!(model.probability(7.6) < 0.9 && model.probability(14.0) > 0.999);
        let json = serde_json::to_string(&model).unwrap();
        assert_eq!(serde_json::from_str::<Model>(&json).unwrap(), model);
    }

    fn near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 1e-6, "{found} instead of {wanted}");
    }

    #[test]
    fn answers_are_pooled_with_what_was_believed_at_each_bit() {
        let answers = |weight, same, count| vec![Decided { weight, same }; count];
        // Twenty times yes beside twenty believed at even odds are three of four: more than is believed of the next bit,
        // so the two are one.
        let found = curve(&answers(0.0, true, 20));
        let pooled = (10.0 + 20.0 + 20.0 * probability(1.0)) / 60.0;
        for (weight, share) in [
            (-1.0_f32, probability(-1.0)),
            (0.0, pooled),
            (1.0, pooled),
            (2.0, probability(2.0)),
        ] {
            let points: Vec<f64> = found
                .iter()
                .filter(|p| p.0.to_bits() == weight.to_bits())
                .map(|p| p.1)
                .collect();
            assert_eq!(points.len(), 1, "{weight}");
            near(points[0], share);
        }
        assert_eq!(found.len(), 33, "a point for each bit from -12 to 20");
        assert_eq!(
            [found[0].0, found[32].0].map(f32::to_bits),
            [-12.0_f32, 20.0].map(f32::to_bits)
        );
        // A weight of its own is a point of its own, as far as the curve rises there.
        let between = curve(&[answers(2.5, true, 17), answers(2.5, false, 3)].concat());
        near(between.iter().find(|p| (p.0 - 2.5).abs() < 1e-6).unwrap().1, 0.85);
        assert_eq!(between.len(), 34);
        // What is no number is no answer.
        assert_eq!(curve(&answers(f32::NAN, true, 5)).len(), 33);
        let doubled = curve(&answers(f32::INFINITY, false, 5));
        assert!(doubled.iter().all(|point| point.0.is_finite()));
    }

    #[test]
    fn nobody_makes_a_pair_surer_than_twenty_bits() {
        let sure = curve(&vec![
            Decided {
                weight: 20.0,
                same: true
            };
            100_000
        ]);
        near(sure.last().unwrap().1, probability(20.0));
        assert!(sure.last().unwrap().1 < 1.0 - 5e-7);
        let never = curve(&vec![
            Decided {
                weight: -12.0,
                same: false
            };
            10_000
        ]);
        assert!(
            (never[0].1 * (1.0 + 20_f64.exp2()) - 1.0).abs() < 1e-4,
            "{}",
            never[0].1
        );
    }

    #[test]
    fn between_two_points_a_curve_is_straight_in_bits() {
        let curve = [(2.0, 0.2), (6.0, 0.8)];
        near(at(&curve, 2.0), 0.2);
        near(at(&curve, 4.0), 0.5);
        near(at(&curve, 3.0), 1.0 / 3.0);
        near(at(&curve, 6.0), probability(6.0));
        // Below it is what the model says, but never more than the first point; above never less than the last.
        near(at(&curve, 1.0), 0.2);
        near(at(&curve, -5.0), probability(-5.0));
        near(at(&[(-4.0, 0.5), (-2.0, 0.9)], -1.0), 0.9);
        near(at(&[(-4.0, 0.5), (-2.0, 0.9)], 6.0), probability(6.0));
    }

    #[test]
    fn the_threshold_goes_up_to_where_the_curve_is_sure_and_no_further() {
        let mut model = Model::default_fixed();
        let answers = |same, count| vec![Decided { weight: 7.5, same }; count];
        apply(&mut model, &[answers(true, 39), answers(false, 1)].concat());
        let auto = model.thresholds.auto;
        assert!(at(&model.calibration, auto) >= SURE);
        assert!(at(&model.calibration, auto - 0.011) < SURE, "{auto}");
        // Where nothing below the clip is sure, the clip is the threshold.
        let mut doubtful = Model::default_fixed();
        (doubtful.thresholds.auto, doubtful.thresholds.clip) = (10.9, 10.95);
        let never = vec![
            Decided {
                weight: 10.85,
                same: false
            };
            100_000
        ];
        assert_eq!(apply(&mut doubtful, &never), 100_000);
        assert!((doubtful.thresholds.auto - doubtful.thresholds.clip).abs() < 1e-6);
        // The band is open above and closed below.
        let mut model = Model::default_fixed();
        let edge = |weight| Decided { weight, same: true };
        let (review, auto) = (model.thresholds.review, model.thresholds.auto);
        assert_eq!(
            apply(&mut model, &[edge(review), edge(auto), edge(review - 0.01)]),
            1
        );
    }
}
