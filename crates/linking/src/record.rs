//! One student in the form that is compared: small integers only.

use chrono::{Datelike, NaiveDate};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::frequency::Role;
use crate::names::{MAX_WORDS, NameWords, name_words, place_word};
use crate::text::fold;
use crate::tokens::{NONE, TokenId, Tokens, hash_bytes};

/// Data element 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Sex {
    /// 01
    Female,
    /// 02
    Male,
}

/// What the birth date rests on (data element 10 and its successor).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub enum BirthDateEvidence {
    /// A document was seen.
    Verified,
    /// Someone said so.
    NotVerified,
    /// Not known.
    #[default]
    Unknown,
}

/// A parent's or guardian's name as sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct PersonNameInput<'a> {
    /// Last name or names.
    pub last: &'a str,
    /// First name or names.
    pub first: &'a str,
}

/// A stay at a school or project: used only to see that two students of one state were in two places at once.
#[derive(Debug, Clone, Copy)]
pub struct EnrollmentSpan<'a> {
    /// Postal code of the state of the school.
    pub state: &'a str,
    /// Data element 54.
    pub start: NaiveDate,
    /// Data element 21; none while enrolled.
    pub end: Option<NaiveDate>,
}

/// What linking wants to know of a student. Text as the state sent it; empty means missing.
#[derive(Debug, Clone, Default)]
pub struct RecordInput<'a> {
    /// The student's key (a UUID).
    pub key: u128,
    /// Postal code of the state whose student it is.
    pub state: &'a str,
    /// Data element 2.
    pub state_student_id: &'a str,
    /// Data element 5.
    pub first_name: &'a str,
    /// Data element 6.
    pub middle_name: &'a str,
    /// Data element 3.
    pub last_name_1: &'a str,
    /// Data element 4.
    pub last_name_2: &'a str,
    /// Data element 7.
    pub generation: &'a str,
    /// Data element 9.
    pub birth_date: Option<NaiveDate>,
    /// Data element 10.
    pub birth_date_evidence: BirthDateEvidence,
    /// Data element 8.
    pub sex: Option<Sex>,
    /// The multiple birth flag.
    pub multiple_birth: Option<bool>,
    /// Data elements 16 and 17.
    pub mother: PersonNameInput<'a>,
    /// Data elements 14 and 15.
    pub father: PersonNameInput<'a>,
    /// Data elements 18 and 19.
    pub guardian: PersonNameInput<'a>,
    /// Data element 11.
    pub birth_city: &'a str,
    /// Data element 12.
    pub birth_state: &'a str,
    /// Data element 13.
    pub birth_country: &'a str,
    /// Other identifiers of the child the state knows.
    pub alternate_ids: &'a [&'a str],
    /// Whether the state still reports the student.
    pub live: bool,
    /// Stays, in any order.
    pub enrollments: &'a [EnrollmentSpan<'a>],
}

/// Up to four words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Words {
    ids: [TokenId; MAX_WORDS],
    len: u8,
}

impl Words {
    /// The words in order.
    pub fn as_slice(&self) -> &[TokenId] {
        &self.ids[..self.len as usize]
    }

    /// Adds a word; a fifth is ignored.
    pub fn push(&mut self, id: TokenId) {
        if (self.len as usize) < MAX_WORDS {
            self.ids[self.len as usize] = id;
            self.len += 1;
        }
    }
}

impl FromIterator<TokenId> for Words {
    fn from_iter<I: IntoIterator<Item = TokenId>>(ids: I) -> Self {
        let mut words = Words::default();
        ids.into_iter().for_each(|id| words.push(id));
        words
    }
}

/// A parent or guardian: first given name and up to two surnames ([`NONE`] where missing).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Adult {
    /// First given name.
    pub first: TokenId,
    /// Surnames in order.
    pub last: [TokenId; 2],
}

/// A birth date taken apart; zero year when missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BirthDate {
    /// Year, 0 when the date is missing.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

impl BirthDate {
    /// Whether there is a date.
    pub fn is_known(self) -> bool {
        self.year != 0
    }

    /// Day and month in one number.
    pub fn month_day(self) -> u32 {
        u32::from(self.month) * 32 + u32::from(self.day)
    }

    /// 1 January, which stands for "only the year is known" far more often than chance.
    pub fn is_placeholder(self) -> bool {
        self.month == 1 && self.day == 1
    }
}

/// A student as it is compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// The student's key.
    pub key: u128,
    /// Given names.
    pub given: Words,
    /// How many of `given` come from the first-name column.
    pub first_words: u8,
    /// The first two given names written as one word, [`NONE`] if there are not two.
    pub given_compound: TokenId,
    /// Surnames.
    pub surnames: Words,
    /// All surnames written as one word, [`NONE`] if there is one or none.
    pub surname_compound: TokenId,
    /// Jr., Sr. … as a number, 0 when missing.
    pub generation: u8,
    /// Birth date.
    pub birth: BirthDate,
    /// What it rests on.
    pub evidence: BirthDateEvidence,
    /// Sex.
    pub sex: Option<Sex>,
    /// One of twins or more.
    pub multiple_birth: Option<bool>,
    /// Mother, or legal parent 2.
    pub mother: Adult,
    /// Father, or legal parent 1.
    pub father: Adult,
    /// Guardian.
    pub guardian: Adult,
    /// City of birth in one word.
    pub city: TokenId,
    /// State of birth, packed letters, 0 when missing.
    pub birth_state: u16,
    /// Country of birth, packed letters, 0 when missing.
    pub birth_country: u16,
    /// The state whose student it is, packed letters.
    pub state: u16,
    /// Whether the state still reports it.
    pub live: bool,
    /// Hashes of the state student id and of the alternate ids, where they are long enough to tell anything.
    pub ids: Box<[u32]>,
    /// Stays in the student's own state: first and last day as days since 1990, clamped.
    pub stays: Box<[(u16, u16)]>,
}

impl Record {
    /// Whether the two were enrolled in one state's schools on the same day.
    pub fn overlaps(&self, other: &Record) -> bool {
        self.state == other.state
            && self
                .stays
                .iter()
                .any(|a| other.stays.iter().any(|b| a.0 <= b.1 && b.0 <= a.1))
    }
}

/// Up to three letters of a code in 16 bits (5 bits each); longer codes are hashed.
fn pack_code(code: &str) -> u16 {
    let folded = fold(code);
    let letters: Vec<u8> = folded.bytes().filter(u8::is_ascii_alphabetic).collect();
    if letters.len() > 3 {
        return 0x8000 | (hash_bytes(&letters) as u16);
    }
    letters
        .iter()
        .fold(0, |packed, b| packed << 5 | u16::from(b - b'A' + 1))
}

/// ISO 3166-1 countries that states send with two letters, three or as a word; one code for each.
fn country_code(country: &str) -> u16 {
    let two = match fold(country).trim() {
        "USA" | "UNITED STATES" | "U S" | "EUA" => "US",
        "MEX" | "MEXICO" => "MX",
        "GTM" | "GUATEMALA" => "GT",
        "HND" | "HONDURAS" => "HN",
        "SLV" | "EL SALVADOR" => "SV",
        "HTI" | "HAITI" => "HT",
        "PRI" | "PUERTO RICO" => "PR",
        "NIC" | "NICARAGUA" => "NI",
        _ => return pack_code(country),
    };
    pack_code(two)
}

/// Shorter identifiers agree by chance too often.
const MIN_ID_LENGTH: usize = 6;

/// The words of a record before they are numbered: the part of the work that needs no shared table.
#[derive(Debug)]
pub(crate) struct Prepared {
    record: Record,
    name: NameWords,
    adults: [NameWords; 3],
    city: String,
}

impl Prepared {
    pub(crate) fn new(input: &RecordInput<'_>) -> Prepared {
        let day = |date: NaiveDate| {
            let days = date.num_days_from_ce() - 726_468;
            days.clamp(0, i32::from(u16::MAX)) as u16
        };
        let state = pack_code(input.state);
        let mut ids: Vec<u32> = std::iter::once(&input.state_student_id)
            .chain(input.alternate_ids)
            .map(|id| id.trim().trim_start_matches('0').to_ascii_uppercase())
            .filter(|id| id.len() >= MIN_ID_LENGTH)
            .map(|id| hash_bytes(id.as_bytes()) as u32)
            .collect();
        // The first stays the state's own; the rest is a set.
        ids.dedup();
        let adult = |name: PersonNameInput<'_>| name_words(name.first, "", name.last, "", "");
        let name = name_words(
            input.first_name,
            input.middle_name,
            input.last_name_1,
            input.last_name_2,
            input.generation,
        );
        Prepared {
            record: Record {
                key: input.key,
                first_words: name.first_words as u8,
                generation: name.generation,
                birth: input
                    .birth_date
                    .map_or_else(BirthDate::default, |date| BirthDate {
                        year: u16::try_from(date.year()).unwrap_or(0),
                        month: date.month() as u8,
                        day: date.day() as u8,
                    }),
                evidence: input.birth_date_evidence,
                sex: input.sex,
                multiple_birth: input.multiple_birth,
                birth_state: pack_code(input.birth_state),
                birth_country: country_code(input.birth_country),
                state,
                live: input.live,
                ids: ids.into(),
                stays: input
                    .enrollments
                    .iter()
                    .filter(|span| pack_code(span.state) == state)
                    .map(|span| (day(span.start), span.end.map_or(u16::MAX, day)))
                    .collect(),
                ..Record::default()
            },
            name,
            adults: [adult(input.mother), adult(input.father), adult(input.guardian)],
            city: place_word(input.birth_city),
        }
    }

    pub(crate) fn all(inputs: &[RecordInput<'_>]) -> Vec<Prepared> {
        inputs.par_iter().map(Prepared::new).collect()
    }

    pub(crate) fn number(self, tokens: &mut Tokens) -> Record {
        let Prepared {
            mut record,
            name,
            adults,
            city,
        } = self;
        record.given = name.given.iter().map(|word| tokens.intern(word)).collect();
        record.surnames = name.surnames.iter().map(|word| tokens.intern(word)).collect();
        if name.given.len() > 1 {
            record.given_compound = tokens.intern(&(name.given[0].clone() + &name.given[1]));
        }
        if name.surnames.len() > 1 {
            record.surname_compound = tokens.intern(&name.surnames.concat());
        }
        let [mother, father, guardian] = adults.map(|adult| Adult {
            first: adult.given.first().map_or(NONE, |word| tokens.intern(word)),
            last: [0, 1].map(|i| adult.surnames.get(i).map_or(NONE, |word| tokens.intern(word))),
        });
        (record.mother, record.father, record.guardian) = (mother, father, guardian);
        record.city = tokens.intern(&city);
        record
    }
}

/// The uses of words that a record adds to the frequencies.
pub(crate) fn word_uses(record: &Record) -> impl Iterator<Item = (TokenId, Role)> + '_ {
    let given = record.given.as_slice().iter().map(|&id| (id, Role::Given));
    let surnames = record.surnames.as_slice().iter().map(|&id| (id, Role::Surname));
    given
        .chain(surnames)
        .chain(std::iter::once((record.city, Role::City)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_stays() {
        assert_eq!(pack_code("ky"), pack_code(" KY "));
        assert_ne!(pack_code("KY"), pack_code("CA"));
        assert_eq!(country_code("MEX"), country_code("Mexico"));
        let date = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        let span = |state, start, end| EnrollmentSpan { state, start, end };
        let stays = [
            span("KY", date(2024, 8, 1), Some(date(2025, 5, 1))),
            span("CA", date(2025, 6, 1), None),
        ];
        let input = RecordInput {
            state: "KY",
            enrollments: &stays,
            ..RecordInput::default()
        };
        let mut tokens = Tokens::default();
        let a = Prepared::new(&input).number(&mut tokens);
        assert_eq!(a.stays.len(), 1);
        let later = [span("KY", date(2025, 5, 2), None)];
        let b = Prepared::new(&RecordInput {
            enrollments: &later,
            ..input
        })
        .number(&mut tokens);
        assert!(a.overlaps(&a) && !a.overlaps(&b) && !b.overlaps(&a));
        assert!(
            std::mem::size_of::<Record>() <= 192,
            "{}",
            std::mem::size_of::<Record>()
        );
    }
}
