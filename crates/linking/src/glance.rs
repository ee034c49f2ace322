//! Telling at a glance that two records cannot be one person, before anything is read of them but a few numbers.
//!
//! Most pairs that share a key are strangers with one name in common, and far below any weight that matters. A
//! [`Glance`] holds of a record what shows that, side by side and small; [`Glances::may_reach`] gives each field
//! the level that it has, or the best that it can have, and so the pair never less than its true weight.

use rayon::prelude::*;

use crate::compare::{
    Comparison, Names, compare_city, compare_dates, compare_generation, compare_given,
    compare_multiple_birth, compare_place, compare_sex, compare_source, compare_surnames, single_given,
};
use crate::frequency::Role;
use crate::index::LinkIndex;
use crate::levels::Field;
use crate::levels::level::{MISSING, city, given, middle, parents as level, surname};
use crate::postings::Slot;
use crate::record::{BirthDate, Record, Sex};
use crate::tokens::{Likeness, NONE, TokenId, Tokens};
use crate::weigh::{Gains, Scorer, most};

/// Sums of rounded numbers may differ by so much from those of the scorer.
const ROUNDING: f32 = 0.01;

/// More than any words add: a closer look will tell.
const UNTOLD: Gains = [f32::MAX; _];

/// What is looked at of a record: one cache line.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Glance {
    given: [TokenId; 2],
    given_compound: TokenId,
    surnames: [TokenId; 2],
    surname_compound: TokenId,
    city: TokenId,
    /// Given names of mother, father and guardian.
    adults: [TokenId; 3],
    birth: BirthDate,
    place: (u16, u16),
    source: (u16, bool),
    /// A bit for each identifier: none in common, none shared.
    ids: u16,
    sex: Option<Sex>,
    multiple_birth: Option<bool>,
    generation: u8,
    /// Whether the first name is missing and only further ones are known.
    first_missing: bool,
    /// Names in so many words, or data of so many kinds, that a glance does not tell.
    odd: bool,
}

impl Glance {
    fn of(record: &Record) -> Glance {
        let (given, surnames) = (record.given.as_slice(), record.surnames.as_slice());
        let word = |words: &[TokenId], at: usize| words.get(at).copied().unwrap_or(NONE);
        Glance {
            given: [word(given, 0), word(given, 1)],
            given_compound: record.given_compound,
            surnames: [word(surnames, 0), word(surnames, 1)],
            surname_compound: record.surname_compound,
            city: record.city,
            adults: [record.mother, record.father, record.guardian].map(|adult| adult.first),
            birth: record.birth,
            place: (record.birth_country, record.birth_state),
            source: (record.state, record.live),
            ids: record.ids().iter().fold(0, |mask, id| mask | 1 << (id & 15)),
            sex: record.sex,
            multiple_birth: record.multiple_birth,
            generation: record.generation,
            first_missing: record.first_words == 0,
            odd: !(1..=2).contains(&given.len())
                || !(1..=2).contains(&surnames.len())
                || record.contact.is_some(),
        }
    }

    fn given(&self) -> Names<'_> {
        Names {
            words: &self.given[..=usize::from(self.given[1] != NONE)],
            compound: self.given_compound,
        }
    }

    fn surnames(&self) -> Names<'_> {
        Names {
            words: &self.surnames[..=usize::from(self.surnames[1] != NONE)],
            compound: self.surname_compound,
        }
    }

    /// Whether the first given name of one is among the further ones of the other, or all of them in one word.
    fn shares_another_name(&self, other: &Glance) -> bool {
        let among = |a: &Glance, b: &Glance| a.given[1] == b.given[0] || a.given_compound == b.given[0];
        among(self, other) || among(other, self)
    }

    /// Whether a second given name of one may stand for a surname of the other, or one name in another's place.
    fn mixes_names(&self, other: &Glance) -> bool {
        let moved = |a: &Glance, b: &Glance| {
            a.given[1] != NONE && a.surnames[1] == NONE && b.surnames.contains(&a.given[1])
        };
        self.given[0] == other.surnames[0]
            || other.given[0] == self.surnames[0]
            || moved(self, other)
            || moved(other, self)
    }
}

/// What a shared word adds to a pair's weight.
#[derive(Debug, Clone, Copy, Default)]
struct WordGains {
    given: Gains,
    middle: Gains,
    /// Bits by which it is commoner than others.
    surname: f32,
    city: f32,
}

/// All records at a glance.
#[derive(Debug)]
pub(crate) struct Glances<'a> {
    tokens: &'a Tokens,
    scorer: &'a Scorer,
    of: Vec<Glance>,
    words: Vec<WordGains>,
    /// The most that names add that are not the same words; of given names only what further ones can say.
    other_given: Gains,
    other_middle: Gains,
    other_surname: Gains,
    /// The most that one surname in common of several adds, before it is corrected, and how far it is at most.
    shared_surname: (Gains, f32),
}

fn plus(sum: Gains, more: Gains) -> Gains {
    std::array::from_fn(|class| sum[class] + more[class])
}

fn least(gains: &Gains) -> f32 {
    gains.iter().copied().fold(f32::MAX, f32::min)
}

/// The given names of a child's adults, each once.
fn adults(of: &Glance) -> impl Iterator<Item = TokenId> {
    let [mother, father, guardian] = of.adults;
    let other = guardian != mother && guardian != father;
    [mother, father].into_iter().chain(other.then_some(guardian))
}

impl<'a> Glances<'a> {
    /// Of the records of an index, weighed by its model.
    pub(crate) fn new(index: &'a LinkIndex) -> Glances<'a> {
        let (tokens, scorer) = (index.tokens(), index.scorer());
        let best = |field, levels: &[u8]| {
            let gains = levels.iter().map(|&level| scorer.gains(field, level));
            gains.reduce(most).unwrap_or_default()
        };
        let initial = best(Field::Given, &[given::INITIAL, given::NICKNAME]);
        let shared_surname = [surname::ONE_CLOSE, surname::FIRST_ONLY, surname::ONE_ELSEWHERE];
        let room = |level| scorer.capped(Field::Surname, level, f32::MAX);
        let words = (0..tokens.len() as TokenId + 1)
            .into_par_iter()
            .with_min_len(4_096)
            .map(|id| WordGains {
                given: if id == NONE || tokens.is_whole(id) {
                    scorer.gains_of_name(Field::Given, given::EXACT, id, tokens)
                } else {
                    initial
                },
                middle: scorer.gains_of_name(Field::Middle, middle::EXACT, id, tokens),
                surname: scorer.correction(id, Role::Surname, tokens),
                city: scorer.correction(id, Role::City, tokens),
            })
            .collect();
        Glances {
            tokens,
            scorer,
            of: (0..index.slots())
                .into_par_iter()
                .with_min_len(4_096)
                .map(|slot| index.get(slot).map_or_else(Glance::default, Glance::of))
                .collect(),
            words,
            other_given: best(Field::Given, &[given::NICKNAME, given::OTHER_CLOSE]),
            other_middle: best(
                Field::Middle,
                &[MISSING, middle::INITIAL, middle::CLOSE, middle::DIFFERS],
            ),
            other_surname: best(
                Field::Surname,
                &[surname::CLOSE, surname::SIMILAR, surname::DIFFERS],
            ),
            shared_surname: (
                best(Field::Surname, &shared_surname),
                shared_surname.into_iter().map(room).fold(f32::MAX, f32::min),
            ),
        }
    }

    /// Touches what will be needed of a record.
    pub(crate) fn touch(&self, slot: Slot) {
        std::hint::black_box(self.of[slot as usize].birth);
    }

    /// The state of a record.
    pub(crate) fn state(&self, slot: Slot) -> u16 {
        self.of[slot as usize].source.0
    }

    /// Whether a pair can weigh as much as `floor`, its parents as alike as a glance allows.
    pub(crate) fn may_reach(&self, a: Slot, b: Slot, floor: f32) -> bool {
        let (a, b) = (&self.of[a as usize], &self.of[b as usize]);
        if a.odd || b.odd || a.first_missing != b.first_missing || a.mixes_names(b) || a.ids & b.ids != 0 {
            return true;
        }
        let floor = floor - ROUNDING;
        let gains = |field, level| self.scorer.gains(field, level);
        let mut sum = self.scorer.most_without_parents();
        for (field, level) in [
            (Field::BirthDate, compare_dates(a.birth, b.birth)),
            (Field::Sex, compare_sex(a.sex, b.sex)),
            (
                Field::MultipleBirth,
                compare_multiple_birth(a.multiple_birth, b.multiple_birth),
            ),
            (Field::Source, compare_source(a.source, b.source)),
            (Field::Generation, compare_generation(a.generation, b.generation)),
        ] {
            sum = plus(sum, gains(field, level));
        }
        // First what is quick to say and as high as it can be, then what it is.
        let names = plus(
            self.most_of_given(a, b),
            plus(self.most_of_middle(a, b), self.most_of_surnames(a, b)),
        );
        let reaches = |sum| least(&plus(sum, names)) >= floor;
        let of_place = gains(Field::BirthPlace, compare_place(a.place, b.place));
        if a.city == NONE || b.city == NONE {
            sum = plus(sum, of_place);
        } else if a.city == b.city {
            let correction = self.words[a.city as usize].city;
            let mut of_city = gains(Field::BirthCity, city::EXACT);
            let correction = self.scorer.capped(Field::BirthCity, city::EXACT, correction);
            Scorer::correct_place(&mut of_city, correction);
            sum = plus(sum, of_city);
        } else {
            let close = gains(Field::BirthCity, city::CLOSE);
            let differs = plus(gains(Field::BirthCity, city::DIFFERS), of_place);
            if !reaches(plus(sum, most(close, differs))) {
                return false;
            }
            let level = compare_city(a.city, b.city, self.tokens);
            sum = plus(sum, if level == city::CLOSE { close } else { differs });
        }
        if !reaches(sum) {
            return false;
        }
        sum = plus(sum, self.of_names(a, b));
        if self.parents_differ(a, b) {
            let gained = gains(Field::Parents, level::DIFFER);
            let lost = self.scorer.most_of_parents();
            sum = std::array::from_fn(|class| sum[class] - lost[class] + gained[class]);
        }
        least(&sum) >= floor
    }

    /// Whether parents are known whose given names are not alike, and no adult's are like another's: their level is that
    /// they differ, whatever the surnames.
    fn parents_differ(&self, a: &Glance, b: &Glance) -> bool {
        let compared = (0..2).any(|parent| a.adults[parent] != NONE && b.adults[parent] != NONE);
        let alike = |x: TokenId, y: TokenId| {
            x != NONE && y != NONE && self.tokens.given_likeness(x, y) <= Likeness::Nickname
        };
        compared && !adults(a).any(|x| adults(b).any(|y| alike(x, y)))
    }

    fn correct_surnames(&self, gains: &mut Gains, words: &[TokenId], room: f32) {
        let all: f32 = words.iter().map(|&word| self.words[word as usize].surname).sum();
        Scorer::correct_surname(gains, all.min(room));
    }

    /// What the surnames add by their level and the words they share.
    fn of_surnames(&self, level: u8, words: &[TokenId]) -> Gains {
        let mut gains = self.scorer.gains(Field::Surname, level);
        self.correct_surnames(
            &mut gains,
            words,
            self.scorer.capped(Field::Surname, level, f32::MAX),
        );
        gains
    }

    /// The most that the surnames add, without a look at how alike two words are.
    fn most_of_surnames(&self, a: &Glance, b: &Glance) -> Gains {
        let ([a0, a1], [b0, b1]) = (a.surnames, b.surnames);
        match (a1 != NONE, b1 != NONE) {
            (true, true) => {
                if a0 == b0 && a1 == b1 {
                    return self.of_surnames(surname::BOTH, &[a0, a1]);
                }
                if a0 == b1 && a1 == b0 {
                    return self.of_surnames(surname::SWAPPED, &[a0, a1]);
                }
                let shared = [a0, a1].into_iter().filter(|word| b.surnames.contains(word));
                let corrected = |word| {
                    let (mut gains, room) = self.shared_surname;
                    self.correct_surnames(&mut gains, &[word], room);
                    gains
                };
                shared.map(corrected).reduce(most).unwrap_or(self.other_surname)
            }
            (false, false) if a0 == b0 => self.of_surnames(surname::SINGLE, &[a0]),
            (false, false) => self.other_surname,
            (one_is_several, _) => {
                let (single, several) = if one_is_several { (b, a) } else { (a, b) };
                let word = single.surnames[0];
                if word == several.surname_compound {
                    self.of_surnames(surname::BOTH, &several.surnames)
                } else if word == several.surnames[0] {
                    self.of_surnames(surname::FIRST_ONE_SIDED, &[word])
                } else if word == several.surnames[1] {
                    self.of_surnames(surname::SECOND_IS_ONLY, &[word])
                } else {
                    self.other_surname
                }
            }
        }
    }

    /// The most that first given names add.
    fn most_of_given(&self, a: &Glance, b: &Glance) -> Gains {
        if a.given[0] == b.given[0] {
            return self.words[a.given[0] as usize].given;
        }
        if a.shares_another_name(b) {
            return UNTOLD;
        }
        let level = single_given(a.given[0], b.given[0], self.tokens);
        let gains = self.scorer.gains(Field::Given, level);
        if a.given[1] == NONE && b.given[1] == NONE {
            gains
        } else {
            most(gains, self.other_given)
        }
    }

    /// The most that the second given names add.
    fn most_of_middle(&self, a: &Glance, b: &Glance) -> Gains {
        let (x, y) = (a.given[1], b.given[1]);
        if x == NONE || y == NONE {
            Gains::default()
        } else if x == y {
            most(self.words[x as usize].middle, self.other_middle)
        } else {
            self.other_middle
        }
    }

    /// What given names and surnames add.
    fn of_names(&self, a: &Glance, b: &Glance) -> Gains {
        let mut shared = Comparison::default();
        let first_missing = (a.first_missing, b.first_missing);
        let (given, middle) = compare_given(a.given(), b.given(), first_missing, self.tokens, &mut shared);
        let surname = compare_surnames(a.surnames(), b.surnames(), self.tokens, &mut shared);
        let of_given = if given == given::EXACT {
            self.words[shared.given as usize].given
        } else {
            self.scorer
                .gains_of_name(Field::Given, given, shared.given, self.tokens)
        };
        let of_middle = if middle == middle::EXACT {
            self.words[shared.middle as usize].middle
        } else {
            self.scorer.gains(Field::Middle, middle)
        };
        plus(
            plus(of_given, of_middle),
            self.of_surnames(surname, &shared.surnames),
        )
    }
}

#[cfg(test)]
pub(crate) mod tests;
