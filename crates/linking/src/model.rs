//! The weight of a pair: how much likelier its levels are if the two records are the same child than if they are
//! twins, other siblings or strangers.
//!
//! Fellegi–Sunter (1969) with two classes of relatives beside strangers, because families share everything but
//! the given name and the birth date: `w = log2(M / (T + S + U))`, each class its prior times the rates of the
//! levels. A level of exact agreement is as likely among strangers as its value is common.

use serde::{Deserialize, Serialize};

use crate::frequency::{Role, SMOOTHING};
use crate::levels::Field;
pub use crate::weigh::FieldBits;

/// Rates of one level in the four classes: same child, twins, other siblings, strangers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Given that the records are the same child.
    pub same: f32,
    /// Given that they are twins.
    pub twin: f32,
    /// Given that they are siblings of other births.
    pub sibling: f32,
    /// Given that they are strangers.
    pub stranger: f32,
}

/// How many records of each class a record of the registry has to expect.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Priors {
    /// Other records of the same child.
    pub same: f64,
    /// Records of its twins.
    pub twin: f64,
    /// Records of its other siblings.
    pub sibling: f64,
    /// Records of children of other families with its names and birth date.
    pub namesake: f64,
    /// Records of strangers: the size of the registry the weights are meant for.
    pub stranger: f64,
}

/// Where decisions change, in bits of weight.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// At and above it a pair is shown to people, and counts as an edge.
    pub review: f32,
    /// At and above it two groups are joined without people: probability 0.995.
    pub auto: f32,
    /// Two live students of one state are joined without people only at and above it.
    pub auto_same_state: f32,
    /// A second candidate within this distance of the first leaves the choice to people.
    pub margin: f32,
    /// Two candidates at and above it are taken for one child and do not compete.
    pub join: f32,
    /// Members of a person whose mean falls below it are proposed for a split.
    pub split: f32,
    /// A pair at or below it speaks against the whole group.
    pub hostile: f32,
    /// Weights are clipped to ± this before a mean is taken, so that no one pair decides for a group.
    pub clip: f32,
}

/// All that turns levels into a decision; plain data, to be stored and cited by its version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Name of this set of figures.
    pub version: String,
    /// Priors.
    pub priors: Priors,
    /// Thresholds.
    pub thresholds: Thresholds,
    /// The chance that two strangers share a given name, surname or city, at which the stranger rates of exact
    /// levels are stated ([`Role`] order).
    pub collision: [f64; Role::COUNT],
    /// How many records the built-in tables of name frequencies weigh as much as.
    pub smoothing: f64,
    /// Rates by field and level.
    pub rates: Vec<Vec<Rates>>,
    /// The part of twins, and of other siblings, whose given names agree as if they were one child: a clerk's mix-up,
    /// a family that gives a name again.
    pub namesakes: [f32; 2],
    /// Probabilities at weights, both ascending, by what people decided ([`crate::calibrate`]). Empty: the logistic
    /// curve.
    #[serde(default)]
    pub calibration: Vec<(f32, f64)>,
}

/// Rates of a level whose family members share what the child has.
const fn family(same: f32, stranger: f32) -> Rates {
    Rates {
        same,
        twin: same,
        sibling: same,
        stranger,
    }
}

/// [`Model::namesakes`] of the default model.
const TWIN_MIX: f32 = 0.002;
const SIBLING_MIX: f32 = 0.02;

/// Rates of a level in which relatives are like strangers, but for a small part that is like the child itself.
const fn own(same: f32, stranger: f32) -> Rates {
    Rates {
        same,
        twin: (1.0 - TWIN_MIX) * stranger + TWIN_MIX * same,
        sibling: (1.0 - SIBLING_MIX) * stranger + SIBLING_MIX * same,
        stranger,
    }
}

/// The same with a rate of its own for twins, to whom parents like to give names that are nearly alike.
const fn twins(same: f32, twin: f32, stranger: f32) -> Rates {
    Rates {
        twin,
        ..own(same, stranger)
    }
}

const fn each(same: f32, twin: f32, sibling: f32, stranger: f32) -> Rates {
    Rates {
        same,
        twin,
        sibling,
        stranger,
    }
}

const NEUTRAL: Rates = Rates {
    same: 1.0,
    twin: 1.0,
    sibling: 1.0,
    stranger: 1.0,
};

impl Model {
    /// Fixed rates chosen by judgement from what is known of such data: error rates of clerks of the size
    /// published for school and health registries, rates among strangers from the name frequencies and the
    /// calendar.
    pub fn default_fixed() -> Model {
        let rates = vec![
            // given name; of 35 pairs of twins of one sex, 19 were seen to have names that are nearly equal or begin
            // alike
            vec![
                NEUTRAL,
                each(0.850, 0.005, 0.0229, 0.006),
                twins(0.045, 0.020, 0.002),
                twins(0.030, 0.020, 0.0015),
                twins(0.030, 0.030, 0.012),
                twins(0.008, 0.200, 0.020),
                own(0.010, 0.050),
                own(0.004, 0.006),
                twins(0.003, 0.070, 0.015),
                twins(0.020, 0.601, 0.8875),
                // Both names at once, as rare among strangers as both names equal.
                each(0.002, 0.000_002, 0.000_002, 0.000_002),
            ],
            // second given name
            vec![
                NEUTRAL,
                own(0.78, 0.012),
                own(0.13, 0.06),
                own(0.05, 0.006),
                own(0.04, 0.922),
            ],
            // surnames
            vec![
                NEUTRAL,
                family(0.500, 0.000_06),
                family(0.030, 0.000_06),
                family(0.180, 0.0028),
                family(0.050, 0.0028),
                family(0.045, 0.000_15),
                family(0.020, 0.0050),
                family(0.015, 0.0090),
                family(0.110, 0.0012),
                family(0.025, 0.0060),
                family(0.010, 0.0300),
                family(0.015, 0.9430),
            ],
            // birth date
            vec![
                NEUTRAL,
                each(0.915, 0.915, 0.0015, 0.000_15),
                each(0.004, 0.004, 0.0004, 0.000_15),
                each(0.010, 0.010, 0.0004, 0.000_06),
                each(0.028, 0.028, 0.0030, 0.001_20),
                each(0.010, 0.010, 0.0025, 0.000_30),
                each(0.004, 0.004, 0.0012, 0.000_40),
                each(0.010, 0.010, 0.0020, 0.001_50),
                each(0.008, 0.008, 0.0080, 0.006_00),
                each(0.002, 0.002, 0.0030, 0.002_20),
                each(0.009, 0.009, 0.9780, 0.988_04),
                // Of dates that are not whole; students have none.
                each(0.004, 0.004, 0.0004, 0.000_90),
                each(0.004, 0.004, 0.0020, 0.003_00),
                each(0.002, 0.002, 0.0040, 0.006_00),
            ],
            // sex
            vec![
                NEUTRAL,
                each(0.985, 0.55, 0.50, 0.50),
                each(0.015, 0.45, 0.50, 0.50),
            ],
            // parents
            vec![
                NEUTRAL,
                family(0.520, 0.000_002),
                family(0.310, 0.000_1),
                family(0.050, 0.000_1),
                family(0.020, 0.000_01),
                family(0.012, 0.000_3),
                family(0.020, 0.000_4),
                family(0.040, 0.012),
                family(0.015, 0.020),
                family(0.013, 0.967),
            ],
            // city of birth
            vec![
                NEUTRAL,
                each(0.87, 0.87, 0.60, 0.012),
                each(0.08, 0.08, 0.06, 0.010),
                each(0.05, 0.05, 0.34, 0.978),
            ],
            // state and country of birth
            vec![
                NEUTRAL,
                each(0.82, 0.82, 0.55, 0.10),
                each(0.14, 0.14, 0.25, 0.38),
                each(0.03, 0.03, 0.13, 0.32),
                each(0.01, 0.01, 0.07, 0.20),
            ],
            // multiple birth
            vec![
                NEUTRAL,
                each(0.025, 0.80, 0.002, 0.0009),
                each(0.015, 0.17, 0.058, 0.0591),
                each(0.960, 0.03, 0.940, 0.9400),
                each(0.030, 0.90, 0.030, 0.0300),
                each(0.970, 0.10, 0.970, 0.9700),
            ],
            // source
            vec![
                NEUTRAL,
                each(0.955, 0.45, 0.45, 0.86),
                each(0.020, 0.50, 0.50, 0.12),
                each(0.025, 0.05, 0.05, 0.02),
            ],
            // suffix
            vec![
                NEUTRAL,
                each(0.96, 0.50, 0.50, 0.50),
                each(0.04, 0.50, 0.50, 0.50),
            ],
            // identifiers: of students agreement is rare among the same child too and disagreement says nothing; the
            // other levels are of a number that a person keeps for life
            vec![
                NEUTRAL,
                each(0.05, 0.000_05, 0.000_05, 0.000_02),
                each(0.04, 0.000_05, 0.000_05, 0.000_02),
                each(0.06, 0.999_9, 0.999_9, 0.999_96),
            ],
            // address
            vec![
                NEUTRAL,
                family(0.55, 0.000_05),
                family(0.08, 0.000_02),
                family(0.06, 0.004),
                family(0.05, 0.000_6),
                family(0.04, 0.006),
                family(0.04, 0.010),
                family(0.03, 0.010),
                family(0.15, 0.969_33),
            ],
            // postcode and town
            vec![
                NEUTRAL,
                family(0.70, 0.003),
                family(0.08, 0.004),
                family(0.10, 0.020),
                family(0.02, 0.010),
                family(0.10, 0.963),
            ],
            // telephone and e-mail
            vec![
                NEUTRAL,
                each(0.55, 0.10, 0.10, 0.000_01),
                each(0.15, 0.15, 0.15, 0.000_01),
                each(0.10, 0.05, 0.05, 0.000_05),
                each(0.20, 0.70, 0.70, 0.999_93),
            ],
            // further columns
            vec![
                NEUTRAL,
                own(0.70, 0.10),
                own(0.15, 0.15),
                own(0.05, 0.15),
                own(0.10, 0.60),
            ],
        ];
        Model {
            version: "fixed-2".to_owned(),
            priors: Priors {
                same: 0.8,
                twin: 0.05,
                sibling: 2.5,
                namesake: 0.006,
                stranger: 200_000.0,
            },
            thresholds: Thresholds {
                review: -1.0,
                auto: 7.64,
                auto_same_state: 12.0,
                margin: 7.0,
                join: 3.0,
                split: -1.0,
                hostile: -8.0,
                clip: 12.0,
            },
            collision: [0.006, 0.0075, 0.012, 0.003, 0.003],
            smoothing: SMOOTHING,
            rates,
            namesakes: [TWIN_MIX, SIBLING_MIX],
            calibration: Vec::new(),
        }
    }

    /// The same to start from where the records are of people of any kind: no name counts as known to be common, and
    /// relatives are looked for, not assumed.
    pub fn general() -> Model {
        Model {
            version: "general-1".to_owned(),
            smoothing: 50.0,
            ..Model::default_fixed()
        }
    }

    /// The rates of a field's level; neutral for a level the model does not know.
    pub fn rates(&self, field: Field, level: u8) -> Rates {
        let level = usize::from(level);
        self.rates
            .get(field as usize)
            .and_then(|levels| levels.get(level))
            .copied()
            .unwrap_or(NEUTRAL)
    }

    /// The probability of a weight in bits, by what people decided as far as they did.
    pub fn probability(&self, weight: f32) -> f64 {
        crate::calibrate::at(&self.calibration, weight)
    }

    /// The least weight in bits that has at least this probability (above 0, below 1).
    pub fn weight_from(&self, probability: f64) -> f32 {
        crate::calibrate::weight_from(&self.calibration, probability)
    }

    /// Whether relatives are told from strangers.
    pub fn has_relatives(&self) -> bool {
        self.priors.twin + self.priors.sibling > 0.0
    }

    /// The bits with which a pair starts, before any field: against strangers, twins, other siblings. At most 99,
    /// where the model knows no relatives.
    pub fn prior_bits(&self) -> [f64; 3] {
        let p = self.priors;
        [p.stranger, p.twin, p.sibling].map(|other| (p.same / other).log2().min(99.0))
    }
}

/// The probability of a weight in bits.
pub fn probability(weight: f32) -> f64 {
    1.0 / (1.0 + (-f64::from(weight)).exp2())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_distributions() {
        let model = Model::default_fixed();
        for (field, levels) in Field::ALL.iter().zip(&model.rates) {
            assert_eq!(levels.len(), field.words().len(), "{field:?}");
            // Identifiers are two kinds of numbers, and of a multiple birth one side or both may be known.
            if matches!(field, Field::Identifier | Field::MultipleBirth) {
                continue;
            }
            for pick in [
                |r: &Rates| r.same,
                |r: &Rates| r.twin,
                |r: &Rates| r.sibling,
                |r: &Rates| r.stranger,
            ] {
                let sum: f32 = levels[1..].iter().map(pick).sum();
                // Families differ a little in what they are not told apart by.
                assert!((sum - 1.0).abs() < 0.02, "{field:?} {sum}");
            }
        }
    }

    #[test]
    fn model_survives_storage() {
        let model = Model::default_fixed();
        let json = serde_json::to_string(&model).unwrap();
        assert_eq!(serde_json::from_str::<Model>(&json).unwrap(), model);
    }

    #[test]
    fn probability_of_the_upper_threshold() {
        assert!(probability(Model::default_fixed().thresholds.auto) >= 0.9949);
        assert!((probability(0.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn of_people_in_general_hardly_any_name_is_known_to_be_common() {
        let (general, fixed) = (Model::general(), Model::default_fixed());
        assert_eq!(
            (general.version.as_str(), fixed.version.as_str()),
            ("general-1", "fixed-2")
        );
        assert!((general.smoothing - 50.0).abs() < 1e-9 && (fixed.smoothing - 2_000.0).abs() < 1e-9);
        assert_eq!(general.rates, fixed.rates);
    }

    #[test]
    fn before_any_field_the_odds_are_those_of_how_many_there_are() {
        let mut model = Model::default_fixed();
        (model.priors.same, model.priors.stranger) = (0.5, 64.0);
        (model.priors.twin, model.priors.sibling) = (0.25, 2.0);
        assert!(model.has_relatives());
        for (found, bits) in model.prior_bits().into_iter().zip([-7.0, 1.0, -2.0]) {
            assert!((found - bits).abs() < 1e-9, "{found}");
        }
        model.priors.twin = 0.0;
        assert!(model.has_relatives());
        assert!((model.prior_bits()[1] - 99.0).abs() < 1e-9);
        model.priors.sibling = 0.0;
        assert!(!model.has_relatives());
        let unknown = model.rates(Field::Sex, 9);
        assert_eq!(
            unknown, NEUTRAL,
            "a level that the model does not know says nothing"
        );
    }

    #[test]
    fn relatives_are_like_strangers_but_for_a_part_that_is_like_the_child() {
        let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-7, "{a} {b}");
        let rates = own(0.8, 0.1);
        close(rates.twin, 0.1014);
        close(rates.sibling, 0.114);
        let rates = twins(0.8, 0.3, 0.1);
        close(rates.twin, 0.3);
        close(rates.sibling, 0.114);
        let rates = family(0.8, 0.1);
        close(rates.twin, 0.8);
        close(rates.sibling, 0.8);
        close(probability(3.0) as f32, 8.0 / 9.0);
        close(probability(-3.0) as f32, 1.0 / 9.0);
    }
}
