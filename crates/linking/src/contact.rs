//! What files of other people than students have: address, postcode, telephone, e-mail, one number for life, and
//! further columns of text. Students have no such data elements and pay one empty pointer for it.

use crate::cells::Numbering;
use crate::frequency::Role;
use crate::keys::KeyKind;
use crate::levels::level::{MISSING, address, contact as reach, identifier, locality, other};
use crate::levels::{Field, Levels};
use crate::names::{MAX_WORDS, place_word};
use crate::record::{Record, Words};
use crate::text::{fold, one_edit};
use crate::tokens::{Likeness, NONE, TokenId, Tokens};

/// What a file says of a person beyond names, birth and parents. Empty means missing.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContactInput<'a> {
    /// Street and house number in any order.
    pub address: &'a str,
    /// The town or suburb where the person lives.
    pub place: &'a str,
    /// The postcode of the address.
    pub postcode: &'a str,
    /// A telephone number.
    pub phone: &'a str,
    /// An e-mail address.
    pub email: &'a str,
    /// A number that a person keeps for life, such as a social security number.
    pub identifier: &'a str,
    /// Further columns, the same in every record; more than four are ignored.
    pub other: &'a [&'a str],
}

/// The same as numbers of words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contact {
    /// House number.
    pub house: TokenId,
    /// Words of the street, without "street" and its kin.
    pub street: Words,
    /// Town in one word.
    pub place: TokenId,
    /// Postcode in one word.
    pub postcode: TokenId,
    /// Digits of the telephone number.
    pub phone: TokenId,
    /// E-mail address, letters and digits only.
    pub email: TokenId,
    /// The number for life.
    pub identifier: TokenId,
    /// Further columns in order, [`NONE`] where empty.
    pub other: [TokenId; MAX_WORDS],
}

/// Words that say what kind of way a street is, or nothing at all.
const KINDS_OF_STREET: [&str; 40] = [
    "ST",
    "STREET",
    "AVE",
    "AVENUE",
    "AV",
    "RD",
    "ROAD",
    "DR",
    "DRIVE",
    "LN",
    "LANE",
    "CT",
    "COURT",
    "PL",
    "PLACE",
    "BLVD",
    "BOULEVARD",
    "WAY",
    "CIR",
    "CIRCLE",
    "TER",
    "TERRACE",
    "CRESCENT",
    "CRES",
    "CLOSE",
    "CIRCUIT",
    "PARADE",
    "PKWY",
    "HWY",
    "HIGHWAY",
    "TRL",
    "TRAIL",
    "CALLE",
    "AVENIDA",
    "APT",
    "UNIT",
    "LOT",
    "NO",
    "THE",
    "OF",
];

/// Contact data as folded words.
#[derive(Debug)]
pub(crate) struct ContactWords {
    house: String,
    street: Vec<String>,
    words: [String; 5],
    other: Vec<String>,
}

fn letters_and_digits(text: &str) -> String {
    let mut word = fold(text);
    word.retain(char::is_alphanumeric);
    word
}

impl ContactWords {
    /// `None` if nothing is known.
    pub(crate) fn of(input: &ContactInput<'_>) -> Option<ContactWords> {
        let empty = |text: &str| text.trim().is_empty();
        let texts = [
            input.address,
            input.place,
            input.postcode,
            input.phone,
            input.email,
            input.identifier,
        ];
        if texts.into_iter().all(empty) && input.other.iter().copied().all(empty) {
            return None;
        }
        let folded = fold(input.address);
        let mut house = String::new();
        let mut street = Vec::new();
        for word in folded.split_whitespace() {
            if word.bytes().any(|b| b.is_ascii_digit()) && house.is_empty() {
                word.clone_into(&mut house);
            } else if !KINDS_OF_STREET.contains(&word) && street.len() < MAX_WORDS {
                street.push(word.to_owned());
            }
        }
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect();
        Some(ContactWords {
            house,
            street,
            words: [
                place_word(input.place),
                letters_and_digits(input.postcode),
                digits(input.phone),
                letters_and_digits(input.email),
                letters_and_digits(input.identifier),
            ],
            other: input
                .other
                .iter()
                .take(MAX_WORDS)
                .map(|text| letters_and_digits(text))
                .collect(),
        })
    }

    pub(crate) fn number(&self, tokens: &mut impl Numbering) -> Contact {
        let [place, postcode, phone, email, identifier] =
            self.words.each_ref().map(|word| tokens.intern(word));
        let mut other = [NONE; MAX_WORDS];
        for (slot, word) in other.iter_mut().zip(&self.other) {
            *slot = tokens.intern(word);
        }
        Contact {
            house: tokens.intern(&self.house),
            street: self.street.iter().map(|word| tokens.intern(word)).collect(),
            place,
            postcode,
            phone,
            email,
            identifier,
            other,
        }
    }
}

impl Contact {
    /// All words.
    pub(crate) fn words_mut(&mut self) -> impl Iterator<Item = &mut TokenId> {
        let alone = [
            &mut self.house,
            &mut self.place,
            &mut self.postcode,
            &mut self.phone,
            &mut self.email,
            &mut self.identifier,
        ];
        alone
            .into_iter()
            .chain(self.street.places_mut())
            .chain(&mut self.other)
    }

    /// The uses of words that are counted.
    pub(crate) fn word_uses(&self) -> impl Iterator<Item = (TokenId, Role)> + '_ {
        let street = self.street.as_slice().iter().map(|&id| (id, Role::Street));
        street.chain([(self.locality(), Role::Locality)])
    }

    /// What stands for where the person lives: the postcode, else the town.
    fn locality(&self) -> TokenId {
        if self.postcode == NONE {
            self.place
        } else {
            self.postcode
        }
    }

    /// Adds the keys of contact data: each part that few people share, alone or with what two records of a person
    /// nearly always agree in.
    pub(crate) fn keys(&self, record: &Record, add: &mut impl FnMut(KeyKind, [u32; 4])) {
        let given = record.given.as_slice().first().copied().unwrap_or(NONE);
        let surname = record.surnames.as_slice().first().copied().unwrap_or(NONE);
        let street = self.street.as_slice().first().copied().unwrap_or(NONE);
        for id in [self.phone, self.email, self.identifier] {
            if id != NONE {
                add(KeyKind::Contact, [id, 0, 0, 0]);
            }
        }
        for name in [given, surname] {
            if name != NONE && self.locality() != NONE {
                add(KeyKind::NameLocality, [name, self.locality(), 0, 0]);
            }
            if name != NONE && street != NONE {
                add(KeyKind::NameStreet, [name, street, 0, 0]);
            }
        }
        if self.house != NONE && street != NONE {
            add(KeyKind::Address, [self.house, street, 0, 0]);
        }
        if self.house != NONE && self.locality() != NONE {
            add(KeyKind::Address, [self.house, self.locality(), 1, 0]);
        }
        if street != NONE && self.locality() != NONE {
            add(KeyKind::Address, [street, self.locality(), 2, 0]);
        }
        if record.birth.is_known() {
            add(
                KeyKind::BirthDate,
                [record.birth.year.into(), record.birth.month_day(), 0, 0],
            );
        }
    }
}

/// Sets the levels of the four fields and of the number for life; gives the street word and the locality both have.
pub(crate) fn compare_contact(a: &Record, b: &Record, tokens: &Tokens, levels: &mut Levels) -> [TokenId; 2] {
    let (Some(x), Some(y)) = (&a.contact, &b.contact) else {
        return [NONE; 2];
    };
    let mut shared = [NONE; 2];
    *levels = levels
        .with(Field::Address, compare_address(x, y, tokens, &mut shared[0]))
        .with(Field::Locality, compare_locality(x, y, tokens, &mut shared[1]))
        .with(Field::Contact, compare_reach(x, y, tokens))
        .with(Field::Other, compare_other(x, y, tokens));
    if levels.get(Field::Identifier) == MISSING {
        *levels = levels.with(Field::Identifier, compare_identifier(x, y, tokens));
    }
    shared
}

fn near(a: TokenId, b: TokenId, tokens: &Tokens) -> bool {
    one_edit(tokens.text(a).as_bytes(), tokens.text(b).as_bytes())
}

fn compare_address(a: &Contact, b: &Contact, tokens: &Tokens, shared: &mut TokenId) -> u8 {
    let (own, other) = (a.street.as_slice(), b.street.as_slice());
    if own.is_empty() || other.is_empty() {
        return match (a.house, b.house) {
            (NONE, _) | (_, NONE) => MISSING,
            (house, same) if house == same => address::HOUSE_ONLY,
            _ => address::DIFFERS,
        };
    }
    let houses = a.house != NONE && b.house != NONE;
    let same_house = houses && a.house == b.house;
    let common = own
        .iter()
        .copied()
        .filter(|word| other.contains(word))
        .min_by(|&v, &w| {
            tokens
                .log_share(v, Role::Street)
                .total_cmp(&tokens.log_share(w, Role::Street))
                .then_with(|| tokens.text(v).cmp(tokens.text(w)))
        });
    if let Some(common) = common {
        *shared = common;
        return if same_house {
            address::BOTH
        } else if !houses {
            address::STREET
        } else if near(a.house, b.house, tokens) {
            address::STREET_HOUSE_CLOSE
        } else {
            address::STREET_HOUSE_DIFFERS
        };
    }
    let close = own
        .iter()
        .any(|&v| other.iter().any(|&w| tokens.likeness(v, w) <= Likeness::Close));
    match (close, same_house) {
        (true, true) => address::HOUSE_STREET_CLOSE,
        (true, false) => address::STREET_CLOSE,
        (false, true) => address::HOUSE_ONLY,
        (false, false) => address::DIFFERS,
    }
}

fn compare_locality(a: &Contact, b: &Contact, tokens: &Tokens, shared: &mut TokenId) -> u8 {
    let (codes, towns) = (
        a.postcode != NONE && b.postcode != NONE,
        a.place != NONE && b.place != NONE,
    );
    let town = towns && tokens.likeness(a.place, b.place) <= Likeness::Close;
    if codes && a.postcode == b.postcode {
        *shared = a.postcode;
        return locality::POSTCODE;
    }
    match (codes && near(a.postcode, b.postcode, tokens), town) {
        (true, true) => locality::POSTCODE_CLOSE_TOWN,
        (false, true) => locality::TOWN,
        (true, false) => locality::POSTCODE_CLOSE,
        (false, false) if codes || towns => locality::DIFFERS,
        (false, false) => MISSING,
    }
}

fn compare_reach(a: &Contact, b: &Contact, tokens: &Tokens) -> u8 {
    let both =
        [(a.email, b.email), (a.phone, b.phone)].map(|(x, y)| (x != NONE && y != NONE).then_some((x, y)));
    match both {
        [Some((x, y)), _] if x == y => reach::EMAIL,
        [_, Some((x, y))] if x == y => reach::PHONE,
        [None, None] => MISSING,
        _ if both.into_iter().flatten().any(|(x, y)| near(x, y, tokens)) => reach::CLOSE,
        _ => reach::DIFFERS,
    }
}

fn compare_identifier(a: &Contact, b: &Contact, tokens: &Tokens) -> u8 {
    match (a.identifier, b.identifier) {
        (NONE, _) | (_, NONE) => MISSING,
        (x, y) if x == y => identifier::SHARED,
        (x, y) if near(x, y, tokens) => identifier::CLOSE,
        _ => identifier::DIFFERS,
    }
}

fn compare_other(a: &Contact, b: &Contact, tokens: &Tokens) -> u8 {
    let (mut compared, mut equal) = (0, 0);
    for (&x, &y) in a.other.iter().zip(&b.other) {
        if x != NONE && y != NONE {
            compared += 1;
            equal += usize::from(tokens.likeness(x, y) <= Likeness::Close);
        }
    }
    match equal {
        _ if compared == 0 => MISSING,
        _ if equal == compared => other::ALL,
        _ if equal * 2 >= compared => other::MOST,
        0 => other::NONE,
        _ => other::SOME,
    }
}

#[cfg(test)]
mod tests;
