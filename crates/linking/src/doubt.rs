//! What cannot be right: one value on far too many students of one state, as a broken export writes it. Such students
//! would be linked with each other and with whoever has that value by chance.

use std::fmt;
use std::hash::Hasher;

use rustc_hash::{FxHashMap, FxHasher};
use serde::{Deserialize, Serialize};

use crate::record::{Adult, Record};
use crate::tokens::{NONE, mix};

/// What is shared, and by how many. Never the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// What is shared.
    pub element: Element,
    /// How many students have the commonest value.
    pub students: usize,
    /// How many students of the state there are.
    pub of: usize,
}

/// Data elements in which one value is not on many students.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Element {
    /// Birth date (data element 9), another day than 1 January.
    BirthDate,
    /// 1 January of one year, which stands for a year alone.
    NewYear,
    /// First and last names (data elements 3 to 5).
    Name,
    /// Names of both parents (data elements 14 to 17).
    Parents,
    /// An identifier of the child (data element 2, and those of other registries).
    Identifier,
}

impl Element {
    /// How many of `of` students may have one value.
    fn most(self, of: usize) -> usize {
        match self {
            Element::BirthDate | Element::Parents => FEW.max(of / 100),
            Element::NewYear => FEW.max(of / 5),
            Element::Name => FEW.max(of / 200),
            Element::Identifier => 10,
        }
    }

    /// Its name and number.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Element::BirthDate => "one birth date (data element 9)",
            Element::NewYear => "1 January of one year as birth date (data element 9)",
            Element::Name => "one full name (data elements 3 to 5)",
            Element::Parents => "one pair of parents (data elements 14 to 17)",
            Element::Identifier => "one identifier (data element 2 or an alternate one)",
        }
    }
}

/// So many students share a value by chance even in the smallest state.
const FEW: usize = 30;

/// How much more of a doubt passes that a person has called right.
const MORE: f64 = 1.25;

impl Doubt {
    /// The share of students, 0..=1.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.students as f64 / self.of.max(1) as f64
    }

    /// Whether a person who called `accepted` right has called this right as well: hardly more of the same.
    #[must_use]
    pub fn passes(&self, accepted: &[Doubt]) -> bool {
        let enough = |a: &Doubt| a.element == self.element && self.share() <= a.share() * MORE;
        accepted.iter().any(enough)
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, share) = (self.element.words(), self.share() * 100.0);
        write!(
            f,
            "{words} on {} of {} students ({share:.1} %)",
            self.students, self.of
        )
    }
}

/// What is wrong with the students of one state. Missing values are no values.
pub fn doubts<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<Doubt> {
    let mut of = 0;
    let mut counts: [FxHashMap<u64, usize>; 5] = Default::default();
    let mut count = |element: Element, value: u64| *counts[element as usize].entry(value).or_default() += 1;
    for record in records {
        of += 1;
        let birth = record.birth;
        if birth.is_known() {
            let element = if birth.is_placeholder() {
                Element::NewYear
            } else {
                Element::BirthDate
            };
            count(
                element,
                u64::from(birth.year) << 16 | u64::from(birth.month_day()),
            );
        }
        let surnames = record.surnames.as_slice();
        if let (Some(&given), false) = (record.given.as_slice().first(), surnames.is_empty()) {
            count(
                Element::Name,
                hash(std::iter::once(given).chain(surnames.iter().copied())),
            );
        }
        let named = |adult: Adult| adult.first != NONE && adult.last[0] != NONE;
        if named(record.mother) && named(record.father) {
            let both = [record.mother, record.father];
            count(
                Element::Parents,
                hash(both.iter().flat_map(|a| [a.first, a.last[0], a.last[1]])),
            );
        }
        for &id in record.ids() {
            count(Element::Identifier, id.into());
        }
    }
    let elements = [
        Element::BirthDate,
        Element::NewYear,
        Element::Name,
        Element::Parents,
        Element::Identifier,
    ];
    elements
        .into_iter()
        .filter_map(|element| {
            let students = counts[element as usize].values().copied().max()?;
            (students > element.most(of)).then_some(Doubt {
                element,
                students,
                of,
            })
        })
        .collect()
}

fn hash(words: impl Iterator<Item = u32>) -> u64 {
    let mut hasher = FxHasher::default();
    words.for_each(|word| hasher.write_u32(word));
    mix(hasher.finish())
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveDate};

    use super::*;
    use crate::{LinkIndex, Model, PersonNameInput, RecordInput};

    /// Students of whom `spoiled` get what `spoil` makes of them.
    fn found(
        students: u32,
        spoiled: u32,
        spoil: impl Fn(RecordInput<'static>) -> RecordInput<'static>,
    ) -> Vec<Doubt> {
        let letters = |i: u32| -> &'static str {
            let word: String = (0..4)
                .map(|at| char::from(b'A' + ((i >> (4 * at)) & 15) as u8))
                .collect();
            Box::leak(word.into_boxed_str())
        };
        let inputs: Vec<RecordInput<'static>> = (0..students)
            .map(|i| {
                let own = RecordInput {
                    key: u128::from(i) + 1,
                    state: "KY",
                    state_student_id: Box::leak(format!("{:08}", i + 10_000_000).into_boxed_str()),
                    first_name: letters(i),
                    last_name_1: letters(i / 3 + 40_000),
                    birth_date: NaiveDate::from_ymd_opt(2008, 1, 2)
                        .and_then(|d| d.checked_add_days(Days::new(u64::from(i % 2_000)))),
                    mother: PersonNameInput {
                        last: letters(i / 3),
                        first: letters(i / 3 + 9),
                    },
                    father: PersonNameInput {
                        last: letters(i / 3 + 7),
                        first: "José",
                    },
                    live: true,
                    ..RecordInput::default()
                };
                if i < spoiled { spoil(own) } else { own }
            })
            .collect();
        let index = LinkIndex::build(Model::default_fixed(), &inputs);
        doubts(index.keys().filter_map(|key| index.record(key)))
    }

    fn elements(doubts: &[Doubt]) -> Vec<Element> {
        doubts.iter().map(|doubt| doubt.element).collect()
    }

    #[test]
    fn a_sound_state_is_not_doubted() {
        assert_eq!(found(6_000, 0, |own| own), []);
        assert_eq!(
            found(20, 20, |own| RecordInput {
                birth_date: None,
                ..own
            }),
            []
        );
    }

    #[test]
    fn one_birth_date_on_too_many() {
        let day = |own| RecordInput {
            birth_date: NaiveDate::from_ymd_opt(2010, 7, 4),
            ..own
        };
        assert_eq!(elements(&found(6_000, 70, day)), [Element::BirthDate]);
        assert_eq!(found(6_000, 50, day), [], "up to one in a hundred");
        assert_eq!(elements(&found(100, 40, day)), [Element::BirthDate]);
        assert_eq!(found(100, 25, day), [], "a small state");
    }

    #[test]
    fn the_first_of_january_stands_for_a_year() {
        let day = |own| RecordInput {
            birth_date: NaiveDate::from_ymd_opt(2010, 1, 1),
            ..own
        };
        assert_eq!(found(1_000, 190, day), []);
        assert_eq!(elements(&found(1_000, 210, day)), [Element::NewYear]);
    }

    #[test]
    fn one_name_one_pair_of_parents_one_identifier() {
        let named = |own| RecordInput {
            first_name: "Test",
            last_name_1: "Student",
            ..own
        };
        assert_eq!(elements(&found(6_000, 40, named)), [Element::Name]);
        assert_eq!(found(6_000, 25, named), []);
        let mother = PersonNameInput {
            last: "Doe",
            first: "Jane",
        };
        let father = PersonNameInput {
            last: "Doe",
            first: "John",
        };
        let parents = |own| RecordInput {
            mother,
            father,
            ..own
        };
        assert_eq!(elements(&found(3_000, 40, parents)), [Element::Parents]);
        assert_eq!(found(6_000, 40, parents), []);
        let id = |own| RecordInput {
            alternate_ids: &["999-99-9999"],
            ..own
        };
        assert_eq!(elements(&found(1_000, 11, id)), [Element::Identifier]);
        assert_eq!(found(1_000, 10, id), []);
    }

    #[test]
    fn what_was_called_right_passes_until_there_is_more_of_it() {
        let doubt = |students| Doubt {
            element: Element::Name,
            students,
            of: 1_000,
        };
        assert!(doubt(110).passes(&[doubt(100)]));
        assert!(!doubt(130).passes(&[doubt(100)]));
        assert!(
            !Doubt {
                element: Element::Parents,
                ..doubt(100)
            }
            .passes(&[doubt(100)])
        );
        let text = doubt(100).to_string();
        assert_eq!(
            text,
            "one full name (data elements 3 to 5) on 100 of 1000 students (10.0 %)"
        );
    }

    #[test]
    fn as_many_as_chance_allows_are_not_doubted() {
        for (element, small, large) in [
            (Element::BirthDate, 30, 100),
            (Element::Parents, 30, 100),
            (Element::NewYear, 30, 2_000),
            (Element::Name, 30, 50),
            (Element::Identifier, 10, 10),
        ] {
            assert_eq!(
                (element.most(100), element.most(10_000)),
                (small, large),
                "{element:?}"
            );
        }
        let doubt = |students, of| Doubt {
            element: Element::Name,
            students,
            of,
        };
        assert!((doubt(50, 200).share() - 0.25).abs() < 1e-12);
        assert!(doubt(0, 0).share() < 1e-12);
        assert!(doubt(125, 1_000).passes(&[doubt(1, 1_000), doubt(100, 1_000)]));
        assert!(!doubt(126, 1_000).passes(&[doubt(100, 1_000)]));
        assert!(!doubt(1, 1_000).passes(&[]));
    }
}
