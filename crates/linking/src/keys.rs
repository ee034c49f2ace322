//! Blocking: the keys a record is filed under. Two records are compared if they share one.
//!
//! Each kind of key forgives other errors, so that a true pair has to be wrong in several elements at once to be
//! missed.

use serde::{Deserialize, Serialize};

use crate::record::{Record, Words};
use crate::tokens::{NONE, TokenId, Tokens, hash_bytes, mix};

/// What a key is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum KeyKind {
    /// A given name and the birth date.
    GivenBirthDate,
    /// A surname and the birth date.
    SurnameBirthDate,
    /// Three letters of given name and of a surname, month and day of birth.
    ThreeLettersMonthDay,
    /// How given name and a surname sound, whichever is which, and the year of birth.
    SoundYear,
    /// A given name, a surname and a parent's or guardian's given name.
    GivenSurnameAdult,
    /// Both parents' given names, in either order, and the birth date.
    ParentsBirthDate,
    /// An adult's given name and surname and the birth date.
    AdultBirthDate,
    /// A given name and two surnames in either order.
    GivenBothSurnames,
    /// The initial, both parents' given names and a surname.
    InitialParents,
    /// Birth date missing: a given name, a surname and the city of birth.
    UndatedCity,
    /// Birth date missing: a given name and an adult's given name and surname.
    UndatedAdult,
    /// Both given names in either order and the birth date's year and month.
    BothGivenMonth,
    /// A state student id or another identifier.
    Identifier,
    /// Telephone, e-mail or a number for life.
    Contact,
    /// A name and the postcode or town.
    NameLocality,
    /// A name and the street.
    NameStreet,
    /// House number, and street or postcode.
    Address,
    /// The birth date alone.
    BirthDate,
    /// Little else known: a given name and two parts of the birth date.
    GivenTwoParts,
    /// Little else known: a surname and two parts of the birth date.
    SurnameTwoParts,
    /// Little else known: how given name and a surname sound.
    Sound,
}

impl KeyKind {
    /// How many kinds there are.
    pub const COUNT: usize = 21;

    /// How soon the key is narrowed: 0 where it is needed most, the more the more it brings together of whom no other
    /// key finds.
    pub fn width(self) -> u64 {
        match self {
            KeyKind::Address => 1,
            KeyKind::GivenBirthDate
            | KeyKind::SurnameBirthDate
            | KeyKind::SoundYear
            | KeyKind::GivenSurnameAdult
            | KeyKind::GivenBothSurnames
            | KeyKind::UndatedCity => 2,
            _ => 0,
        }
    }

    /// What the key is made of, in words.
    pub fn words(self) -> &'static str {
        match self {
            KeyKind::GivenBirthDate => "given name, birth date",
            KeyKind::SurnameBirthDate => "last name, birth date",
            KeyKind::ThreeLettersMonthDay => "3 letters of both names, birth day and month",
            KeyKind::SoundYear => "sound of both names, birth year",
            KeyKind::GivenSurnameAdult => "given name, last name, a parent's given name",
            KeyKind::ParentsBirthDate => "both parents' given names, birth date",
            KeyKind::AdultBirthDate => "a parent's name, birth date",
            KeyKind::GivenBothSurnames => "given name, both last names",
            KeyKind::InitialParents => "initial, last name, both parents' given names",
            KeyKind::UndatedCity => "no birth date: both names, birth city",
            KeyKind::UndatedAdult => "no birth date: given name, a parent's name",
            KeyKind::BothGivenMonth => "both given names, birth month and year",
            KeyKind::Identifier => "identifier",
            KeyKind::Contact => "telephone, e-mail or number for life",
            KeyKind::NameLocality => "a name, postcode or town",
            KeyKind::NameStreet => "a name, street",
            KeyKind::Address => "house number, street or postcode",
            KeyKind::BirthDate => "birth date",
            KeyKind::GivenTwoParts => "no parents, no place: given name, two parts of the birth date",
            KeyKind::SurnameTwoParts => "no parents, no place: last name, two parts of the birth date",
            KeyKind::Sound => "no parents, no place: sound of both names",
        }
    }
}

/// A key of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Hash of kind and content; the last two bits are the kind's width ([`KeyKind::width`]).
    pub hash: u64,
    /// What too long lists of this key are narrowed by: birth state, mother or year, whatever the key does not stand for.
    pub refine: u8,
    /// What it is made of.
    pub kind: KeyKind,
}

/// Records whose birth date is missing are also found by keys that dated records have; these mark them.
fn key(record: &Record, kind: KeyKind, parts: [u32; 4]) -> Key {
    // Each half is spread by a multiplier of its own; the finish mixes them.
    let a = (u64::from(parts[0]) << 32 | u64::from(parts[1])).wrapping_mul(0xA24B_AED4_963E_E407);
    let b = (u64::from(parts[2]) << 32 | u64::from(parts[3])).wrapping_mul(0x9FB2_1C65_1E98_DF25);
    // What the key does not have, and does not stand in for.
    let narrow = match kind {
        KeyKind::GivenBirthDate
        | KeyKind::SurnameBirthDate
        | KeyKind::SoundYear
        | KeyKind::GivenSurnameAdult
        | KeyKind::ParentsBirthDate
        | KeyKind::AdultBirthDate
        | KeyKind::GivenBothSurnames
        | KeyKind::BothGivenMonth
        | KeyKind::BirthDate => u64::from(record.birth_state),
        KeyKind::UndatedCity => u64::from(record.mother.first) << 32,
        _ => u64::from(record.birth.year),
    };
    let hash = mix(a ^ b.rotate_left(17) ^ (kind as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    Key {
        hash: hash & !3 | kind.width(),
        refine: mix(narrow) as u8,
        kind,
    }
}

fn start(tokens: &Tokens, id: TokenId, letters: usize) -> u32 {
    hash_bytes(tokens.start(id, letters)) as u32
}

/// Two words or sounds in one number, whatever their order.
fn unordered(a: u32, b: u32) -> u32 {
    mix(u64::from(a.min(b)) << 32 | u64::from(a.max(b))) as u32
}

/// All keys of a record, without duplicates.
pub fn keys(record: &Record, tokens: &Tokens, out: &mut Vec<Key>) {
    out.clear();
    each_key(record, tokens, |key| out.push(key));
    out.sort_unstable_by_key(|key| key.hash);
    out.dedup_by_key(|key| key.hash);
}

/// Hands out all keys of a record, some of them twice.
pub(crate) fn each_key(record: &Record, tokens: &Tokens, mut take: impl FnMut(Key)) {
    let whole = |words: &Words| -> Words {
        let whole = words.as_slice().iter().filter(|&&id| tokens.is_whole(id));
        whole.take(3).copied().collect()
    };
    let (given, surnames) = (whole(&record.given), whole(&record.surnames));
    let (given, surnames) = (given.as_slice(), surnames.as_slice());
    let known = [record.mother, record.father, record.guardian];
    let adults = || known.into_iter().filter(|adult| adult.first != NONE);
    let dated = record.birth.is_known();
    let year = u32::from(record.birth.year);
    let month_day = record.birth.month_day();
    let date = year << 16 | month_day;
    let mut add = |kind, parts| take(key(record, kind, parts));

    for &g in given {
        if dated {
            add(KeyKind::GivenBirthDate, [g, date, 0, 0]);
        }
        for &s in surnames {
            if !dated {
                add(KeyKind::UndatedCity, [g, s, record.city, 0]);
            }
            for adult in adults() {
                add(KeyKind::GivenSurnameAdult, [g, s, adult.first, 0]);
            }
        }
        if let &[s, t, ..] = surnames {
            add(KeyKind::GivenBothSurnames, [g, unordered(s, t), 0, 0]);
        }
        if !dated {
            for adult in adults() {
                for last in adult.last.into_iter().filter(|&last| last != NONE) {
                    add(KeyKind::UndatedAdult, [g, adult.first, last, 0]);
                }
            }
        }
    }
    // A dated record meets an undated one here.
    if dated && let (Some(&g), Some(&s)) = (given.first(), surnames.first()) {
        add(KeyKind::UndatedCity, [g, s, record.city, 0]);
    }
    let parents = (record.mother.first != NONE && record.father.first != NONE)
        .then(|| unordered(record.mother.first, record.father.first));
    if let Some(&g) = given.first() {
        for &s in surnames {
            if dated {
                add(
                    KeyKind::ThreeLettersMonthDay,
                    [start(tokens, g, 3), start(tokens, s, 3), month_day, 0],
                );
            }
            if year != 0 {
                let sounds = unordered(tokens.sound(g), tokens.sound(s));
                add(KeyKind::SoundYear, [sounds, year, 0, 0]);
            }
            if let Some(parents) = parents {
                add(KeyKind::InitialParents, [start(tokens, g, 1), parents, s, 0]);
            }
        }
    }
    if dated {
        for &s in surnames {
            add(KeyKind::SurnameBirthDate, [s, date, 0, 0]);
        }
        if let Some(parents) = parents {
            add(KeyKind::ParentsBirthDate, [parents, date, 0, 0]);
        }
        for adult in adults() {
            for last in adult.last.into_iter().filter(|&last| last != NONE) {
                add(KeyKind::AdultBirthDate, [adult.first, last, date, 0]);
            }
        }
        if let &[g, h, ..] = given {
            add(
                KeyKind::BothGivenMonth,
                [unordered(g, h), year, u32::from(record.birth.month), 0],
            );
        }
    }
    // Records of which names, birth date and sex are all that is known have few keys; any two may be wrong.
    if adults().next().is_none() && record.city == NONE {
        let (month, day) = (month_day >> 5, month_day & 31);
        let two = |a, b, kind: u32| (a != 0 && b != 0).then_some((unordered(a, b), kind));
        // Day and month meet in either order.
        let parts = [two(year, month, 0), two(year, day << 16, 1), two(month, day, 2)];
        for (two, which) in parts.into_iter().flatten() {
            for &g in given.iter().take(1) {
                add(KeyKind::GivenTwoParts, [g, two, which, 0]);
            }
            for &s in surnames {
                add(KeyKind::SurnameTwoParts, [s, two, which, 0]);
            }
        }
        if let Some(&g) = given.first() {
            for &s in surnames {
                add(KeyKind::Sound, [tokens.sound(g), tokens.sound(s), 0, 0]);
            }
        }
        if dated && record.contact.is_none() {
            add(KeyKind::BirthDate, [year, month_day, 0, 0]);
        }
    }
    for &id in record.ids() {
        add(KeyKind::Identifier, [id, 0, 0, 0]);
    }
    if let Some(contact) = &record.contact {
        contact.keys(record, &mut add);
    }
}
