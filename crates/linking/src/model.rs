//! The weight of a pair: how much likelier its levels are if the two records are the same child than if they are
//! twins, other siblings or strangers.
//!
//! Fellegi–Sunter (1969) with two classes of relatives beside strangers, because families share everything but
//! the given name and the birth date: `w = log2(M / (T + S + U))`, each class its prior times the rates of the
//! levels. A level of exact agreement is as likely among strangers as its value is common.

use serde::{Deserialize, Serialize};

use crate::compare::Comparison;
use crate::frequency::Role;
use crate::levels::Field;
use crate::levels::level::{given, surname};
use crate::tokens::{NONE, TokenId, Tokens};

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
    pub collision: [f64; 3],
    /// Rates by field and level.
    pub rates: Vec<Vec<Rates>>,
}

/// Bits that one field adds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldBits {
    /// Against strangers.
    pub strangers: f32,
    /// Against relatives of the kind that explains the pair best.
    pub relatives: f32,
}

/// Natural logarithms of the likelihood of a pair in each class, priors included.
#[derive(Debug, Clone, Copy)]
struct ClassLogs {
    same: f64,
    twin: f64,
    sibling: f64,
    stranger: f64,
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

/// The part of twins, and of other siblings, whose given names agree as if they were one child (a clerk's mix-up).
const TWIN_MIX: f32 = 0.002;
const SIBLING_MIX: f32 = 0.02;

/// Names at least this common (María, José) are given to several children of a family, each with
/// another second name; relatives share them this many times as often as strangers do.
const FAMILY_NAME_SHARE: f64 = 0.02;
const FAMILY_NAME_FACTOR: f64 = 6.5;

/// Rates of a level in which relatives are like strangers, but for a small part that is like the child itself.
const fn own(same: f32, stranger: f32) -> Rates {
    Rates {
        same,
        twin: (1.0 - TWIN_MIX) * stranger + TWIN_MIX * same,
        sibling: (1.0 - SIBLING_MIX) * stranger + SIBLING_MIX * same,
        stranger,
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
            // given name
            vec![
                NEUTRAL,
                // Parents do not give twins one name: twins share one more rarely than strangers.
                each(0.850, 0.0035, 0.0229, 0.006),
                own(0.045, 0.002),
                own(0.030, 0.0015),
                own(0.030, 0.012),
                own(0.008, 0.020),
                own(0.010, 0.050),
                own(0.004, 0.006),
                own(0.003, 0.015),
                own(0.020, 0.8875),
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
                family(0.480, 0.000_002),
                family(0.300, 0.000_1),
                family(0.050, 0.000_1),
                family(0.020, 0.000_01),
                family(0.060, 0.000_3),
                family(0.020, 0.000_4),
                family(0.025, 0.012),
                family(0.015, 0.020),
                family(0.030, 0.967),
            ],
            // city of birth
            vec![
                NEUTRAL,
                each(0.84, 0.84, 0.60, 0.012),
                each(0.08, 0.08, 0.06, 0.010),
                each(0.08, 0.08, 0.34, 0.978),
            ],
            // state and country of birth
            vec![
                NEUTRAL,
                each(0.80, 0.80, 0.55, 0.10),
                each(0.13, 0.13, 0.25, 0.38),
                each(0.05, 0.05, 0.13, 0.32),
                each(0.02, 0.02, 0.07, 0.20),
            ],
            // multiple birth
            vec![
                NEUTRAL,
                each(0.025, 0.80, 0.002, 0.0009),
                each(0.015, 0.17, 0.058, 0.0591),
                each(0.960, 0.03, 0.940, 0.9400),
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
            // identifiers: agreement is rare among the same child too, disagreement says nothing
            vec![NEUTRAL, each(0.05, 0.000_05, 0.000_05, 0.000_02)],
        ];
        Model {
            version: "fixed-1".to_owned(),
            priors: Priors {
                same: 0.8,
                twin: 0.05,
                sibling: 2.5,
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
            collision: [0.006, 0.0075, 0.012],
            rates,
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

    /// Natural logarithm of how much commoner (positive) the shared value is than the value of an average
    /// agreement.
    fn correction(&self, id: TokenId, role: Role, tokens: &Tokens) -> f64 {
        if id == NONE {
            return 0.0;
        }
        (tokens.share(id, role) / self.collision[role as usize])
            .ln()
            .clamp(-6.0, 4.0)
    }

    /// Corrections of the stranger rate of given, middle, surname and city for the values shared.
    fn corrections(&self, comparison: &Comparison, tokens: &Tokens) -> [(Field, f64); 4] {
        let levels = comparison.levels;
        let of = |id, role| self.correction(id, role, tokens);
        let given = match levels.get(Field::Given) {
            given::EXACT | given::OTHER_EQUAL => of(comparison.given, Role::Given),
            _ => 0.0,
        };
        let surname = match levels.get(Field::Surname) {
            surname::DIFFERS => 0.0,
            _ => comparison.surnames.iter().map(|&id| of(id, Role::Surname)).sum(),
        };
        [
            (Field::Given, given),
            (Field::Middle, of(comparison.middle, Role::Given)),
            (Field::Surname, surname),
            (Field::BirthCity, of(comparison.city, Role::City)),
        ]
    }

    /// Rates of a field with the values' frequency worked in: strangers share common values more often, and
    /// relatives share a given name only as often as strangers do.
    fn corrected(&self, field: Field, level: u8, correction: f64) -> Rates {
        let mut rates = self.rates(field, level);
        if correction != 0.0 {
            let stranger = (f64::from(rates.stranger) * correction.exp()).clamp(1e-9, 0.9) as f32;
            if matches!(field, Field::Given | Field::Middle) {
                let ratio = stranger / rates.stranger;
                let mixed = |rate: f32, mix: f32| mix * rates.same + (rate - mix * rates.same) * ratio;
                let share = self.collision[Role::Given as usize] * correction.exp();
                // A second given name, where compared, is weighed by itself.
                let family_name = if field == Field::Given && share >= FAMILY_NAME_SHARE {
                    (f64::from(stranger) * FAMILY_NAME_FACTOR) as f32
                } else {
                    0.0
                };
                rates.twin = mixed(rates.twin, TWIN_MIX).max(family_name).min(0.9);
                rates.sibling = mixed(rates.sibling, SIBLING_MIX).max(family_name).min(0.9);
            }
            rates.stranger = stranger;
        }
        rates
    }

    fn field_rates(&self, comparison: &Comparison, tokens: &Tokens) -> impl Iterator<Item = (Field, Rates)> {
        let corrections = self.corrections(comparison, tokens);
        let levels = comparison.levels;
        Field::ALL
            .into_iter()
            .filter(move |&field| levels.get(field) != 0)
            .map(move |field| {
                let correction = corrections.iter().find(|c| c.0 == field).map_or(0.0, |c| c.1);
                (field, self.corrected(field, levels.get(field), correction))
            })
    }

    fn class_logs(&self, comparison: &Comparison, tokens: &Tokens) -> ClassLogs {
        let p = self.priors;
        let mut product = [p.same, p.twin, p.sibling, p.stranger];
        for (_, rates) in self.field_rates(comparison, tokens) {
            for (class, rate) in
                product
                    .iter_mut()
                    .zip([rates.same, rates.twin, rates.sibling, rates.stranger])
            {
                *class *= f64::from(rate);
            }
        }
        // Twelve rates of at least 1e-9 each stay far above the smallest double.
        let [same, twin, sibling, stranger] = product.map(f64::ln);
        ClassLogs {
            same,
            twin,
            sibling,
            stranger,
        }
    }

    /// The weight of a pair in bits: log2 of the odds that it is the same child.
    pub fn weigh(&self, comparison: &Comparison, tokens: &Tokens) -> f32 {
        let logs = self.class_logs(comparison, tokens);
        let top = logs.twin.max(logs.sibling).max(logs.stranger);
        let rest =
            ((logs.twin - top).exp() + (logs.sibling - top).exp() + (logs.stranger - top).exp()).ln() + top;
        ((logs.same - rest) / std::f64::consts::LN_2) as f32
    }

    /// What each compared field adds to the weight.
    pub fn field_bits(&self, comparison: &Comparison, tokens: &Tokens) -> Vec<(Field, FieldBits)> {
        let logs = self.class_logs(comparison, tokens);
        let twin = logs.twin > logs.sibling;
        self.field_rates(comparison, tokens)
            .map(|(field, rates)| {
                let relative = if twin { rates.twin } else { rates.sibling };
                let bits = FieldBits {
                    strangers: (rates.same / rates.stranger).log2(),
                    relatives: (rates.same / relative).log2(),
                };
                (field, bits)
            })
            .collect()
    }

    /// The bits with which a pair starts, before any field: against strangers, twins, other siblings.
    pub fn prior_bits(&self) -> [f64; 3] {
        let p = self.priors;
        [p.stranger, p.twin, p.sibling].map(|other| (p.same / other).log2())
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
            if *field == Field::Identifier {
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
}
