//! Why two students are, or are not, taken for one child: element by element, and in a line of plain words.

use serde::{Deserialize, Serialize};

use crate::compare::Comparison;
use crate::frequency::Role;
use crate::index::LinkIndex;
use crate::levels::Field;
use crate::levels::level::{birth_date, given, middle, parents, sex, surname};
use crate::model::probability;
use crate::tokens::{NONE, TokenId};

/// One field of an [`Explanation`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The field.
    pub field: Field,
    /// The numbers of its data elements.
    pub elements: Vec<u16>,
    /// The level.
    pub level: u8,
    /// What the level means.
    pub words: String,
    /// Bits for "one child" against strangers.
    pub bits_strangers: f32,
    /// Bits for "one child" against relatives (twins, or other siblings if those explain the pair better).
    pub bits_relatives: f32,
    /// How common the shared values are, where that counts ("1 in 250").
    pub note: Option<String>,
}

/// Why a pair weighs what it weighs. Holds no value of any element, so it can be kept with the decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The model it was weighed by.
    pub model: String,
    /// Log2 of the odds that the two are one child.
    pub weight: f32,
    /// The same as a probability.
    pub probability: f64,
    /// Bits before any field: against strangers, against twins, against other siblings.
    pub prior_bits: [f64; 3],
    /// The fields that were compared.
    pub rows: Vec<Row>,
    /// The fields that could not be compared.
    pub missing: Vec<Field>,
    /// What agrees and what does not, in a line.
    pub summary: String,
}

impl LinkIndex {
    /// Explains a pair; `None` if one of the two is not held. The order does not matter.
    pub fn explain(&self, a: u128, b: u128) -> Option<Explanation> {
        let (comparison, weight) = self.score(self.record(a.min(b))?, self.record(a.max(b))?);
        let rows: Vec<Row> = self
            .model()
            .field_bits(&comparison, self.tokens())
            .into_iter()
            .map(|(field, bits)| Row {
                field,
                elements: field.elements().to_vec(),
                level: comparison.levels.get(field),
                words: comparison.levels.words(field).to_owned(),
                bits_strangers: bits.strangers,
                bits_relatives: bits.relatives,
                note: self.note(field, &comparison),
            })
            .collect();
        let missing: Vec<Field> = Field::ALL
            .into_iter()
            .filter(|&field| comparison.levels.get(field) == 0)
            .collect();
        Some(Explanation {
            model: self.model().version.clone(),
            weight,
            probability: probability(weight),
            prior_bits: self.model().prior_bits(),
            summary: summary(&comparison),
            rows,
            missing,
        })
    }

    fn note(&self, field: Field, comparison: &Comparison) -> Option<String> {
        let one_in = |id: TokenId, role| {
            let share = self.tokens().share(id, role).max(1e-9);
            (id != NONE).then(|| format!("1 in {:.0}", (1.0 / share).max(1.0)))
        };
        match field {
            Field::Given => one_in(comparison.given, Role::Given),
            Field::Middle => one_in(comparison.middle, Role::Given),
            Field::BirthCity => one_in(comparison.city, Role::City),
            Field::Surname => {
                let shares: Vec<String> = comparison
                    .surnames
                    .iter()
                    .filter_map(|&id| one_in(id, Role::Surname))
                    .collect();
                (!shares.is_empty()).then(|| shares.join("; "))
            }
            _ => None,
        }
    }
}

/// What was compared, the telling fields first; fields that nearly always agree only where they do not.
fn summary(comparison: &Comparison) -> String {
    let levels = comparison.levels;
    let order = [
        Field::BirthDate,
        Field::Given,
        Field::Middle,
        Field::Surname,
        Field::Parents,
        Field::BirthCity,
        Field::Sex,
        Field::MultipleBirth,
        Field::Generation,
        Field::Source,
        Field::Identifier,
    ];
    let telling = |&field: &Field| {
        let said = (field, levels.get(field));
        !matches!(
            said,
            (_, 0) | (Field::Sex | Field::Generation | Field::Source, 1) | (Field::MultipleBirth, 3)
        )
    };
    let words: Vec<&str> = order
        .into_iter()
        .filter(telling)
        .map(|field| levels.words(field))
        .collect();
    if words.is_empty() {
        "nothing could be compared".to_owned()
    } else {
        words.join("; ")
    }
}

/// The fields in which a pair does not simply agree, as short names.
pub fn differences(levels: crate::levels::Levels) -> Vec<&'static str> {
    let mut out = Vec::new();
    let given_word = match levels.get(Field::Given) {
        0 | given::EXACT => None,
        given::NICKNAME => Some("nickname"),
        given::CLOSE | given::SIMILAR => Some("given name spelling"),
        given::OTHER_EQUAL | given::OTHER_CLOSE => Some("other given name used"),
        given::INITIAL => Some("initial only"),
        _ => Some("given name"),
    };
    let surname_word = match levels.get(Field::Surname) {
        0 | surname::BOTH | surname::SINGLE => None,
        surname::SWAPPED => Some("surnames swapped"),
        surname::FIRST_ONE_SIDED | surname::SECOND_IS_ONLY => Some("surname dropped"),
        surname::ONE_CLOSE | surname::CLOSE | surname::SIMILAR => Some("surname spelling"),
        _ => Some("surname"),
    };
    let date_word = match levels.get(Field::BirthDate) {
        birth_date::EXACT => None,
        0 => Some("birth date missing"),
        birth_date::EXACT_PLACEHOLDER | birth_date::PLACEHOLDER => Some("birth date placeholder"),
        birth_date::SWAPPED => Some("day and month swapped"),
        birth_date::DIFFERS | birth_date::MONTH_DAY | birth_date::YEAR_AND_PART => Some("birth date"),
        _ => Some("birth date typing error"),
    };
    let parents_word = match levels.get(Field::Parents) {
        0 => Some("parents missing"),
        parents::DIFFER | parents::ONE_DIFFERS | parents::SURNAMES | parents::GIVEN_ONLY => Some("parents"),
        _ => None,
    };
    out.extend(
        [given_word, surname_word, date_word, parents_word]
            .into_iter()
            .flatten(),
    );
    if levels.get(Field::Middle) == middle::DIFFERS {
        out.push("second given name");
    }
    if levels.get(Field::Sex) == sex::DIFFERS {
        out.push("sex");
    }
    out
}
