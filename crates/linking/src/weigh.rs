//! Weighing a pair: the model as tables of logarithms, and the frequency of shared values worked in.

use crate::compare::Comparison;
use crate::frequency::Role;
use crate::levels::level::given;
use crate::levels::{Field, Levels};
use crate::model::{Model, Rates};
use crate::tokens::{NONE, TokenId, Tokens};

/// Names at least this common (María, José) are given to several children of a family, each with
/// another second name; relatives share them this many times as often as strangers do.
const FAMILY_NAME_SHARE: f32 = 0.02;
const FAMILY_NAME_FACTOR: f32 = 6.5;

/// A shared value counts at most this many bits more, or fewer, than an average one.
const RAREST: f32 = -8.66;
const COMMONEST: f32 = 5.77;

/// Strangers agree in nothing more often than this, however common the value.
const HIGHEST_RATE: f32 = 0.9;

/// How many classes of pairs there are.
pub(crate) const CLASSES: usize = 5;

/// Rows of the table are as wide as processors add at once.
const LANES: usize = 8;

/// Same child, twin, other sibling, stranger, namesake.
const SAME: usize = 0;
const TWIN: usize = 1;
const SIBLING: usize = 2;
const STRANGER: usize = 3;
const NAMESAKE: usize = 4;

/// Whether namesakes are like one child in a field; in all others they are strangers.
pub(crate) fn of_name(field: Field) -> bool {
    matches!(
        field,
        Field::Given | Field::Middle | Field::Surname | Field::BirthDate | Field::Sex | Field::Generation
    )
}

/// Bits that one field adds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldBits {
    /// Against strangers.
    pub strangers: f32,
    /// Against relatives of the kind that explains the pair best.
    pub relatives: f32,
    /// The part of `strangers` that comes from how rare (positive) or common (negative) the shared value is.
    pub frequency: f32,
}

/// How much commoner (positive, in bits) the values that a pair shares are than those of an average agreement.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Corrections {
    /// First given name.
    pub given: f32,
    /// Second given name.
    pub middle: f32,
    /// Surnames.
    pub surname: f32,
    /// City of birth.
    pub city: f32,
    /// Street.
    pub address: f32,
    /// Postcode.
    pub locality: f32,
}

impl Corrections {
    /// The sum of those that change nothing but the rate among strangers.
    pub(crate) fn of_strangers(&self) -> f32 {
        self.surname + self.city + self.address + self.locality
    }
}

/// Bits that speak for one child and against twins, siblings, strangers and namesakes, each apart.
pub(crate) type Gains = [f32; CLASSES - 1];

/// Of each class the higher.
pub(crate) fn most(one: Gains, other: Gains) -> Gains {
    std::array::from_fn(|class| one[class].max(other[class]))
}

/// A model in the form that is used millions of times.
#[derive(Debug, Clone)]
pub struct Scorer {
    /// Log2 of the rates by field and level, in class order.
    logs: Box<[[[f32; LANES]; 16]; 16]>,
    /// Log2 of the priors.
    prior: [f32; CLASSES],
    /// Log2 of the chance that two strangers share a value, by role.
    collision: [f32; Role::COUNT],
    /// Rates of given and second given name by level.
    names: [[Rates; 16]; 2],
    /// [`Model::namesakes`].
    namesakes: [f32; 2],
    /// The most bits that parents can add for one child against each class.
    parents: Gains,
    /// What each level of a field says for one child against each class, by field and level.
    gains: Box<[[Gains; 16]; 16]>,
}

impl Scorer {
    /// Takes the logarithms of a model.
    pub fn new(model: &Model) -> Scorer {
        let mut logs = Box::new([[[0.0; LANES]; 16]; 16]);
        for field in Field::ALL {
            for level in 1..16 {
                let r = model.rates(field, level);
                let namesake = if of_name(field) { r.same } else { r.stranger };
                let rates = [r.same, r.twin, r.sibling, r.stranger, namesake];
                logs[field as usize][level as usize][..CLASSES].copy_from_slice(&rates.map(f32::log2));
            }
        }
        let p = model.priors;
        let names = [Field::Given, Field::Middle];
        let mut gains = Box::new([[Gains::default(); 16]; 16]);
        for (of_field, logs) in gains.iter_mut().zip(logs.iter()) {
            for (of_level, logs) in of_field.iter_mut().zip(logs) {
                *of_level = std::array::from_fn(|class| logs[SAME] - logs[class + 1]);
            }
        }
        let of_parents = gains[Field::Parents as usize];
        let parents = of_parents.into_iter().fold(Gains::default(), most);
        Scorer {
            gains,
            parents,
            logs,
            prior: [p.same, p.twin, p.sibling, p.stranger, p.namesake].map(|prior| prior.log2() as f32),
            collision: model.collision.map(|chance| chance.log2() as f32),
            namesakes: model.namesakes,
            names: names.map(|field| std::array::from_fn(|level| model.rates(field, level as u8))),
        }
    }

    /// What a level says for one child against each class, for values of average frequency.
    #[inline]
    pub(crate) fn gains(&self, field: Field, level: u8) -> Gains {
        self.gains[field as usize][level as usize]
    }

    /// What is sure before any field is compared, and the most that parents can add to it.
    pub(crate) fn most_without_parents(&self) -> Gains {
        let parents = self.most_of_parents();
        std::array::from_fn(|at| self.prior[SAME] - self.prior[at + 1] + parents[at])
    }

    /// The most that parents can say for one child against each class.
    pub(crate) fn most_of_parents(&self) -> Gains {
        self.parents
    }

    /// What sharing a given name says.
    pub(crate) fn gains_of_name(&self, field: Field, level: u8, id: TokenId, tokens: &Tokens) -> Gains {
        let mut gains = self.gains(field, level);
        let correction = self.capped(field, level, self.correction(id, Role::Given, tokens));
        if correction != 0.0 {
            let shift = self.name_shift(field, level, correction);
            for (gain, shift) in gains.iter_mut().zip(&shift[TWIN..]) {
                *gain -= shift;
            }
        }
        gains
    }

    /// Takes a correction for a place from what a level says against those who do not share it for a reason.
    pub(crate) fn correct_place(gains: &mut Gains, correction: f32) {
        gains[STRANGER - 1] -= correction;
        gains[NAMESAKE - 1] -= correction;
    }

    /// The same for surnames, which namesakes share.
    pub(crate) fn correct_surname(gains: &mut Gains, correction: f32) {
        gains[STRANGER - 1] -= correction;
    }

    /// How much commoner a word is than those that two strangers share on average, in bits.
    pub(crate) fn correction(&self, id: TokenId, role: Role, tokens: &Tokens) -> f32 {
        if id == NONE {
            return 0.0;
        }
        (tokens.log_share(id, role) - self.collision[role as usize]).clamp(RAREST, COMMONEST)
    }

    /// No shared value makes strangers agree more often than the highest rate.
    pub(crate) fn capped(&self, field: Field, level: u8, correction: f32) -> f32 {
        let room = HIGHEST_RATE.log2() - self.logs[field as usize][level as usize][STRANGER];
        correction.min(room.max(0.0))
    }

    /// Corrections for the values that a pair shares.
    pub fn corrections(&self, comparison: &Comparison, tokens: &Tokens) -> Corrections {
        let levels = comparison.levels;
        let of = |id, role| self.correction(id, role, tokens);
        let capped = |field, correction| self.capped(field, levels.get(field), correction);
        let [first, second] = comparison.surnames;
        Corrections {
            given: match levels.get(Field::Given) {
                given::EXACT | given::OTHER_EQUAL => capped(Field::Given, of(comparison.given, Role::Given)),
                _ => 0.0,
            },
            middle: capped(Field::Middle, of(comparison.middle, Role::Given)),
            surname: capped(
                Field::Surname,
                of(first, Role::Surname) + of(second, Role::Surname),
            ),
            city: capped(Field::BirthCity, of(comparison.city, Role::City)),
            address: capped(Field::Address, of(comparison.street, Role::Street)),
            locality: capped(Field::Locality, of(comparison.locality, Role::Locality)),
        }
    }

    /// What a correction of a given name changes, by class: strangers share common names more often, and relatives
    /// share a given name only as often as strangers do, but for the names that run in families.
    fn name_shift(&self, field: Field, level: u8, correction: f32) -> [f32; CLASSES] {
        let rates = &self.names[usize::from(field == Field::Middle)][level as usize];
        let ratio = correction.exp2();
        let stranger = rates.stranger * ratio;
        let often = self.collision[Role::Given as usize] + correction >= FAMILY_NAME_SHARE.log2();
        let family = if field == Field::Given && often {
            stranger * FAMILY_NAME_FACTOR
        } else {
            0.0
        };
        let shift = |rate: f32, mix: f32| {
            let mixed = mix * rates.same + (rate - mix * rates.same) * ratio;
            (mixed.max(family).min(HIGHEST_RATE) / rate).log2()
        };
        let [twins, siblings] = self.namesakes;
        [
            0.0,
            shift(rates.twin, twins),
            shift(rates.sibling, siblings),
            correction,
            0.0,
        ]
    }

    /// Log2 of the likelihood of a pair in each class, priors included: same child, twin, sibling, stranger, namesake.
    pub(crate) fn classes(&self, levels: Levels, corrections: &Corrections) -> [f32; CLASSES] {
        let mut sums = [0.0; LANES];
        sums[..CLASSES].copy_from_slice(&self.prior);
        let mut rest = levels.0;
        for of_field in self.logs.iter() {
            let row = &of_field[(rest & 15) as usize];
            for (sum, bits) in sums.iter_mut().zip(row) {
                *sum += bits;
            }
            rest >>= 4;
        }
        let mut sum: [f32; CLASSES] = std::array::from_fn(|class| sums[class]);
        sum[STRANGER] += corrections.of_strangers();
        sum[NAMESAKE] += corrections.of_strangers() - corrections.surname;
        for (field, correction) in [
            (Field::Given, corrections.given),
            (Field::Middle, corrections.middle),
        ] {
            if correction != 0.0 {
                let shift = self.name_shift(field, levels.get(field), correction);
                for class in TWIN..=STRANGER {
                    sum[class] += shift[class];
                }
            }
        }
        sum
    }

    /// Of siblings with these levels, the share that bear one name on purpose rather than by chance.
    pub(crate) fn namesakes_among_siblings(&self, levels: Levels, corrections: &Corrections) -> f32 {
        let level = levels.get(Field::Given);
        let rates = &self.names[0][level as usize];
        let shift = self.name_shift(Field::Given, level, corrections.given)[SIBLING];
        let shared = self.namesakes[1] * rates.same;
        if level == 0 {
            0.0
        } else {
            (shared / (rates.sibling * shift.exp2())).min(1.0)
        }
    }

    /// The weight of a pair in bits: log2 of the odds that it is the same child.
    pub fn weigh(&self, comparison: &Comparison, tokens: &Tokens) -> f32 {
        let corrections = self.corrections(comparison, tokens);
        let [same, others @ ..] = self.classes(comparison.levels, &corrections);
        let top = others.into_iter().fold(f32::MIN, f32::max);
        let rest: f32 = others.into_iter().map(|class| (class - top).exp2()).sum();
        same - rest.log2() - top
    }

    /// What each compared field adds to the weight.
    pub fn field_bits(&self, comparison: &Comparison, tokens: &Tokens) -> Vec<(Field, FieldBits)> {
        let corrections = self.corrections(comparison, tokens);
        let classes = self.classes(comparison.levels, &corrections);
        let relative = if classes[TWIN] > classes[SIBLING] {
            TWIN
        } else {
            SIBLING
        };
        let of_strangers = |correction| [0.0, 0.0, 0.0, correction, 0.0];
        let compared = |&field: &Field| comparison.levels.get(field) != 0;
        Field::ALL
            .into_iter()
            .filter(compared)
            .map(|field| {
                let level = comparison.levels.get(field);
                let mut logs = self.logs[field as usize][level as usize];
                let shift = match field {
                    Field::Given => self.name_shift(field, level, corrections.given),
                    Field::Middle => self.name_shift(field, level, corrections.middle),
                    Field::Surname => of_strangers(corrections.surname),
                    Field::BirthCity => of_strangers(corrections.city),
                    Field::Address => of_strangers(corrections.address),
                    Field::Locality => of_strangers(corrections.locality),
                    _ => [0.0; CLASSES],
                };
                // Without a correction the names that run in families are in the rates already.
                if shift[STRANGER] != 0.0 {
                    for class in TWIN..=STRANGER {
                        logs[class] += shift[class];
                    }
                }
                let bits = FieldBits {
                    strangers: logs[SAME] - logs[STRANGER],
                    relatives: logs[SAME] - logs[relative],
                    frequency: 0.0 - shift[STRANGER],
                };
                (field, bits)
            })
            .collect()
    }
}
