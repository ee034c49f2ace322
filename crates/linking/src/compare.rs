//! Comparing two records, field by field.

use crate::contact::compare_contact;
use crate::frequency::Role;
use crate::levels::level::{
    MISSING, birth_date, city, generation, given, identifier, middle, multiple_birth, place, sex, source,
    surname,
};
use crate::levels::{Field, Levels};
use crate::parents::compare_parents;
use crate::record::{BirthDate, Record, Sex, Words};
use crate::tokens::{Likeness, NONE, TokenId, Tokens};

/// The levels of a pair and the words on which it agrees, whose rarity then counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The levels.
    pub levels: Levels,
    /// The given name both have, or [`NONE`].
    pub given: TokenId,
    /// The second given name both have, or [`NONE`].
    pub middle: TokenId,
    /// The surnames both have.
    pub surnames: [TokenId; 2],
    /// The city both have, or [`NONE`].
    pub city: TokenId,
    /// The rarest word of the street both have, or [`NONE`].
    pub street: TokenId,
    /// The postcode both have, or [`NONE`].
    pub locality: TokenId,
}

/// Compares two records; the order does not matter.
pub fn compare(a: &Record, b: &Record, tokens: &Tokens) -> Comparison {
    let (given_a, surnames_a) = move_surnames(a, b);
    let (given_b, surnames_b) = move_surnames(b, a);
    let mut out = Comparison::default();
    let (given, middle, surname) = if exchanged((&given_a, &surnames_a), (&given_b, &surnames_b), tokens) {
        (given::EXCHANGED, MISSING, MISSING)
    } else {
        let names = |words, compound| Names { words, compound };
        let (one, other) = (
            names(given_a.as_slice(), a.given_compound),
            names(given_b.as_slice(), b.given_compound),
        );
        let first_missing = (a.first_words == 0, b.first_words == 0);
        let (given, middle) = compare_given(one, other, first_missing, tokens, &mut out);
        let (one, other) = (
            names(surnames_a.as_slice(), a.surname_compound),
            names(surnames_b.as_slice(), b.surname_compound),
        );
        let surname = compare_surnames(one, other, tokens, &mut out);
        (given, middle, surname)
    };
    let city = compare_city(a.city, b.city, tokens);
    if city == city::EXACT {
        out.city = a.city;
    }
    // The city already says where it is.
    let place = if matches!(city, city::EXACT | city::CLOSE) {
        MISSING
    } else {
        compare_place((a.birth_country, a.birth_state), (b.birth_country, b.birth_state))
    };
    let levels = [
        (Field::Given, given),
        (Field::Middle, middle),
        (Field::Surname, surname),
        (Field::BirthDate, compare_dates(a.birth, b.birth)),
        (Field::Sex, compare_sex(a.sex, b.sex)),
        (Field::Parents, compare_parents(a, b, tokens)),
        (Field::BirthCity, city),
        (Field::BirthPlace, place),
        (
            Field::MultipleBirth,
            compare_multiple_birth(a.multiple_birth, b.multiple_birth),
        ),
        (
            Field::Source,
            compare_source((a.state, a.live), (b.state, b.live)),
        ),
        (Field::Generation, compare_generation(a.generation, b.generation)),
        (Field::Identifier, compare_identifiers(a, b)),
    ];
    for (field, level) in levels {
        out.levels = out.levels.with(field, level);
    }
    [out.street, out.locality] = compare_contact(a, b, tokens, &mut out.levels);
    out
}

/// A surname that stands in the middle-name column of `own` and among the surnames of `other` is read as one.
fn move_surnames(own: &Record, other: &Record) -> (Words, Words) {
    if own.given.as_slice().len() < 2 || own.surnames.as_slice().len() >= 2 {
        return (own.given, own.surnames);
    }
    let (mut given, mut surnames) = (Words::default(), own.surnames);
    for (i, &word) in own.given.as_slice().iter().enumerate() {
        let misplaced = i >= own.first_words as usize
            && i > 0
            && other.surnames.as_slice().contains(&word)
            && !other.given.as_slice().contains(&word)
            && !own.surnames.as_slice().contains(&word);
        if misplaced {
            surnames.push(word);
        } else {
            given.push(word);
        }
    }
    (given, surnames)
}

/// Given names or surnames of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    /// In order.
    pub(crate) words: &'a [TokenId],
    /// Several written as one word, or [`NONE`].
    pub(crate) compound: TokenId,
}

/// The levels of first and further given names; `first_missing` says of which side only further ones are known.
pub(crate) fn compare_given(
    a: Names<'_>,
    b: Names<'_>,
    first_missing: (bool, bool),
    tokens: &Tokens,
    out: &mut Comparison,
) -> (u8, u8) {
    let (Some((&first_a, rest_a)), Some((&first_b, rest_b))) = (a.words.split_first(), b.words.split_first())
    else {
        return (MISSING, MISSING);
    };
    match first_missing {
        (true, false) => return compare_with_further(a.words, (first_b, rest_b), tokens, out),
        (false, true) => return compare_with_further(b.words, (first_a, rest_a), tokens, out),
        _ => {}
    }
    let likeness = tokens.given_likeness(first_a, first_b);
    if likeness == Likeness::Equal && tokens.is_whole(first_a) {
        out.given = first_a;
        return (given::EXACT, compare_middle(rest_a, rest_b, tokens, out));
    }
    // JUANCARLOS and JUAN CARLOS; MALENA and MARIA ELENA.
    if let Some(level) = compare_compound(a.compound, first_b, tokens, out)
        .or_else(|| compare_compound(b.compound, first_a, tokens, out))
    {
        return (level, MISSING);
    }
    if likeness <= Likeness::Nickname {
        return (one_given(likeness), compare_middle(rest_a, rest_b, tokens, out));
    }
    let whole = |&id: &TokenId| tokens.is_whole(id);
    // JOSE LUIS and LUIS, LUIS ALBERTO and ALBERTO LUIS: one's first name is among the other's.
    let shared = rest_a
        .iter()
        .copied()
        .filter(|&x| x == first_b && whole(&x))
        .chain(rest_b.iter().copied().filter(|&x| x == first_a && whole(&x)));
    let rarest = rarest(shared, Role::Given, tokens);
    if let Some(shared) = rarest {
        out.given = shared;
        return (given::OTHER_EQUAL, MISSING);
    }
    let close =
        |x: TokenId, y: TokenId| whole(&x) && whole(&y) && tokens.given_likeness(x, y) <= Likeness::Nickname;
    if rest_a.iter().any(|&x| close(x, first_b)) || rest_b.iter().any(|&x| close(x, first_a)) {
        return (given::OTHER_CLOSE, MISSING);
    }
    (one_given(likeness), compare_middle(rest_a, rest_b, tokens, out))
}

fn one_given(likeness: Likeness) -> u8 {
    match likeness {
        Likeness::Close => given::CLOSE,
        Likeness::Nickname => given::NICKNAME,
        Likeness::Similar => given::SIMILAR,
        Likeness::Initial | Likeness::Equal => given::INITIAL,
        Likeness::SameStart => given::SAME_START,
        Likeness::Different => given::DIFFERS,
    }
}

/// The level of two given names that are not the same word and all that is known.
pub(crate) fn single_given(a: TokenId, b: TokenId, tokens: &Tokens) -> u8 {
    one_given(tokens.given_likeness(a, b))
}

/// The first name is missing on one side: its second names are compared with all names of the other.
fn compare_with_further(
    second: &[TokenId],
    (first, rest): (TokenId, &[TokenId]),
    tokens: &Tokens,
    out: &mut Comparison,
) -> (u8, u8) {
    if second.contains(&first) && tokens.is_whole(first) {
        out.given = first;
        return (given::OTHER_EQUAL, MISSING);
    }
    (MISSING, compare_middle(second, rest, tokens, out))
}

/// Whether given name and surname stand in each other's place.
fn exchanged(a: (&Words, &Words), b: (&Words, &Words), tokens: &Tokens) -> bool {
    let first = |words: &Words| words.as_slice().first().copied();
    let (Some(given_a), Some(surname_a)) = (first(a.0), first(a.1)) else {
        return false;
    };
    let (Some(given_b), Some(surname_b)) = (first(b.0), first(b.1)) else {
        return false;
    };
    given_a != given_b
        && surname_a != surname_b
        && ((given_a == surname_b && tokens.likeness(surname_a, given_b) <= Likeness::Close)
            || (surname_a == given_b && tokens.likeness(given_a, surname_b) <= Likeness::Close))
}

fn compare_compound(compound: TokenId, single: TokenId, tokens: &Tokens, out: &mut Comparison) -> Option<u8> {
    if compound == NONE {
        return None;
    }
    match tokens.given_likeness(compound, single) {
        Likeness::Equal => {
            out.given = single;
            Some(given::EXACT)
        }
        Likeness::Nickname => Some(given::NICKNAME),
        _ => None,
    }
}

/// The rarest of some words, whose agreement says most; ties by text, since numbers depend on the order of arrival.
fn rarest(words: impl Iterator<Item = TokenId>, role: Role, tokens: &Tokens) -> Option<TokenId> {
    words.min_by(|&x, &y| {
        let share = |id| tokens.log_share(id, role);
        share(x)
            .total_cmp(&share(y))
            .then_with(|| tokens.text(x).cmp(tokens.text(y)))
    })
}

fn compare_middle(a: &[TokenId], b: &[TokenId], tokens: &Tokens, out: &mut Comparison) -> u8 {
    if a.is_empty() || b.is_empty() {
        return MISSING;
    }
    let shared = a
        .iter()
        .copied()
        .filter(|&x| b.contains(&x) && tokens.is_whole(x));
    if let Some(shared) = rarest(shared, Role::Given, tokens) {
        out.middle = shared;
        return middle::EXACT;
    }
    let all = a.iter().flat_map(|&x| b.iter().map(move |&y| (x, y)));
    let best = all
        .map(|(x, y)| {
            if x == y {
                Likeness::Initial
            } else {
                tokens.given_likeness(x, y)
            }
        })
        .min();
    match best {
        Some(Likeness::Close | Likeness::Nickname) => middle::CLOSE,
        Some(Likeness::Initial) => middle::INITIAL,
        _ => middle::DIFFERS,
    }
}

/// The level of the surnames.
pub(crate) fn compare_surnames(a: Names<'_>, b: Names<'_>, tokens: &Tokens, out: &mut Comparison) -> u8 {
    let (words_a, words_b) = (a.words, b.words);
    if words_a.is_empty() || words_b.is_empty() {
        return MISSING;
    }
    let is = |x: TokenId, y: TokenId, at_most| tokens.likeness(x, y) <= at_most;
    match (words_a, words_b) {
        (&[x], &[y]) => {
            if x == y {
                out.surnames[0] = x;
                return surname::SINGLE;
            }
            one_word(tokens.likeness(x, y))
        }
        (&[x], several) => single_and_several(x, several, b.compound, tokens, out),
        (several, &[x]) => single_and_several(x, several, a.compound, tokens, out),
        (&[a0, a1, ..], &[b0, b1, ..]) => {
            let (straight, crossed) = ([a0 == b0, a1 == b1], [a0 == b1, a1 == b0]);
            if straight == [true, true] {
                out.surnames = [a0, a1];
                return surname::BOTH;
            }
            if crossed == [true, true] {
                out.surnames = [a0, a1];
                out.surnames.sort_unstable();
                return surname::SWAPPED;
            }
            let close = Likeness::Close;
            let others = [
                (straight[0], a0, (a1, b1)),
                (straight[1], a1, (a0, b0)),
                (crossed[0], a0, (a1, b0)),
                (crossed[1], a1, (a0, b1)),
            ];
            let one_close = others
                .iter()
                .find(|(equal, _, (x, y))| *equal && is(*x, *y, close));
            if let Some(&(_, shared, _)) = one_close {
                out.surnames[0] = shared;
                return surname::ONE_CLOSE;
            }
            if straight[0] {
                out.surnames[0] = a0;
                return surname::FIRST_ONLY;
            }
            let shared = words_a.iter().copied().filter(|word| words_b.contains(word));
            if let Some(shared) = rarest(shared, Role::Surname, tokens) {
                out.surnames[0] = shared;
                return surname::ONE_ELSEWHERE;
            }
            if is(a0, b0, close) && is(a1, b1, close) {
                surname::CLOSE
            } else if is(a0, b0, close) || is(a1, b1, close) {
                surname::SIMILAR
            } else {
                surname::DIFFERS
            }
        }
        _ => MISSING,
    }
}

fn one_word(likeness: Likeness) -> u8 {
    match likeness {
        Likeness::Equal => surname::SINGLE,
        Likeness::Close | Likeness::Nickname => surname::CLOSE,
        Likeness::Similar => surname::SIMILAR,
        _ => surname::DIFFERS,
    }
}

fn single_and_several(
    single: TokenId,
    several: &[TokenId],
    compound: TokenId,
    tokens: &Tokens,
    out: &mut Comparison,
) -> u8 {
    if single == compound {
        out.surnames = [several[0], several[1]];
        return surname::BOTH;
    }
    if let Some(at) = several.iter().position(|&word| word == single) {
        out.surnames[0] = single;
        return if at == 0 {
            surname::FIRST_ONE_SIDED
        } else {
            surname::SECOND_IS_ONLY
        };
    }
    let best = several.iter().map(|&word| tokens.likeness(single, word)).min();
    one_word(best.unwrap_or(Likeness::Different))
}

pub(crate) fn compare_dates(a: BirthDate, b: BirthDate) -> u8 {
    if !a.is_known() || !b.is_known() {
        return compare_parts(a, b);
    }
    if a == b {
        return if a.is_placeholder() {
            birth_date::EXACT_PLACEHOLDER
        } else {
            birth_date::EXACT
        };
    }
    let (same_day, same_month) = (a.day == b.day, a.month == b.month);
    if a.year == b.year {
        if a.is_placeholder() || b.is_placeholder() {
            return birth_date::PLACEHOLDER;
        }
        if a.day == b.month && a.month == b.day {
            return birth_date::SWAPPED;
        }
        let slip = (same_month && one_digit(a.day.into(), b.day.into()))
            || (same_day && one_digit(a.month.into(), b.month.into()));
        return match (slip, same_day || same_month) {
            (true, _) => birth_date::ONE_PART,
            (false, true) => birth_date::YEAR_AND_PART,
            (false, false) => birth_date::DIFFERS,
        };
    }
    if same_day && same_month && !a.is_placeholder() {
        return match a.year.abs_diff(b.year) {
            1 => birth_date::YEAR_NEXT,
            _ if one_digit(a.year, b.year) => birth_date::YEAR_DIGIT,
            _ => birth_date::MONTH_DAY,
        };
    }
    birth_date::DIFFERS
}

/// Of two dates of which one is not whole, the parts that both have.
fn compare_parts(a: BirthDate, b: BirthDate) -> u8 {
    let parts = [
        (a.year, b.year),
        (a.month.into(), b.month.into()),
        (a.day.into(), b.day.into()),
    ];
    let both = parts.into_iter().filter(|&(x, y)| x != 0 && y != 0);
    let (equal, known) = both.fold((0, 0), |(equal, known), (x, y)| {
        (equal + u8::from(x == y), known + 1)
    });
    match (equal, known) {
        (_, 0) => MISSING,
        (2, 2) => birth_date::PARTS,
        (1, 1) => birth_date::ONE_KNOWN,
        (1, 2) => birth_date::PARTS_SOME,
        _ => birth_date::DIFFERS,
    }
}

/// Whether two numbers of two or four digits differ in one digit, or in two neighbours exchanged.
fn one_digit(mut a: u16, mut b: u16) -> bool {
    let (mut differing, mut last) = (0, None);
    let mut exchanged = false;
    for place in 0..4 {
        let digits = (a % 10, b % 10);
        if digits.0 != digits.1 {
            exchanged = last == Some((place - 1, digits.1, digits.0));
            last = Some((place, digits.0, digits.1));
            differing += 1;
        }
        (a, b) = (a / 10, b / 10);
    }
    differing == 1 || (differing == 2 && exchanged)
}

pub(crate) fn compare_sex(a: Option<Sex>, b: Option<Sex>) -> u8 {
    match (a, b) {
        (Some(x), Some(y)) => {
            if x == y {
                sex::EQUAL
            } else {
                sex::DIFFERS
            }
        }
        _ => MISSING,
    }
}

pub(crate) fn compare_city(a: TokenId, b: TokenId, tokens: &Tokens) -> u8 {
    if a == NONE || b == NONE {
        return MISSING;
    }
    match tokens.likeness(a, b) {
        Likeness::Equal => city::EXACT,
        Likeness::Close => city::CLOSE,
        // HUAJUAPAN DE LEON and HUAJUAPAN.
        _ if tokens.begins_alike(a, b) => city::CLOSE,
        _ => city::DIFFERS,
    }
}

/// Countries and states of birth.
pub(crate) fn compare_place((country, state): (u16, u16), (other_country, other_state): (u16, u16)) -> u8 {
    let known = |x: u16, y: u16| x != 0 && y != 0;
    if known(country, other_country) && country != other_country {
        return place::COUNTRY_DIFFERS;
    }
    if known(state, other_state) {
        return if state == other_state {
            place::STATE
        } else {
            place::STATE_DIFFERS
        };
    }
    if known(country, other_country) {
        place::COUNTRY
    } else {
        MISSING
    }
}

pub(crate) fn compare_multiple_birth(a: Option<bool>, b: Option<bool>) -> u8 {
    match (a, b) {
        (Some(true), Some(true)) => multiple_birth::BOTH,
        (Some(false), Some(false)) => multiple_birth::NEITHER,
        (Some(_), Some(_)) => multiple_birth::ONE,
        // Twins have twins: what one side says counts.
        (Some(true), None) | (None, Some(true)) => multiple_birth::ONE_KNOWN,
        (Some(false), None) | (None, Some(false)) => multiple_birth::NEITHER_KNOWN,
        (None, None) => MISSING,
    }
}

/// The states whose students they are, and whether these still report them.
pub(crate) fn compare_source((a, live): (u16, bool), (b, other_live): (u16, bool)) -> u8 {
    if a == 0 || b == 0 {
        MISSING
    } else if a != b {
        source::OTHER_STATE
    } else if live && other_live {
        source::SAME_STATE
    } else {
        source::SAME_STATE_ENDED
    }
}

pub(crate) fn compare_generation(a: u8, b: u8) -> u8 {
    match (a, b) {
        (0, _) | (_, 0) => MISSING,
        (x, y) if x == y => generation::EQUAL,
        _ => generation::DIFFERS,
    }
}

fn compare_identifiers(a: &Record, b: &Record) -> u8 {
    if a.ids().iter().any(|id| b.ids().contains(id)) {
        identifier::SHARED
    } else {
        MISSING
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_one_digit_or_two_neighbours_exchanged() {
        for (a, b, slip) in [
            (12, 13, true),
            (12, 21, true),
            (3, 30, true),
            (12, 31, false),
            (2012, 2021, true),
            (2012, 2102, true),
            (2012, 2210, false),
            (2010, 1020, false),
            (2012, 2018, true),
            (2012, 2008, false),
            (2012, 2012, false),
        ] {
            assert_eq!(one_digit(a, b), slip, "{a} {b}");
            assert_eq!(one_digit(b, a), slip, "{b} {a}");
        }
    }
}
