//! One student in the form that is compared: small integers only.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::cells::{CellKind, Cells, Numbering};
use crate::contact::{Contact, ContactInput, ContactWords};
use crate::frequency::Role;
use crate::names::{MAX_WORDS, generation_of};
use crate::text::fold;
use crate::tokens::{NONE, TokenId, hash_bytes};

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
    /// What is known of a birth date that is not whole; files of other people have such, students do not.
    pub birth_parts: BirthDate,
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
    /// What only files of other people have.
    pub contact: ContactInput<'a>,
}

/// Up to four words; places after the last hold [`NONE`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Words([TokenId; MAX_WORDS]);

impl Words {
    /// All places.
    pub(crate) fn places_mut(&mut self) -> &mut [TokenId] {
        &mut self.0
    }

    fn len(&self) -> usize {
        self.0.iter().position(|&id| id == NONE).unwrap_or(MAX_WORDS)
    }

    /// The words in order.
    pub fn as_slice(&self) -> &[TokenId] {
        &self.0[..self.len()]
    }

    /// Adds a word; a fifth, or none, is ignored.
    pub fn push(&mut self, id: TokenId) {
        if let Some(free) = self.0.iter_mut().find(|place| **place == NONE) {
            *free = id;
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

/// A birth date taken apart; a part that is missing is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BirthDate {
    /// Year.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

impl BirthDate {
    /// Whether the date is whole.
    pub fn is_known(self) -> bool {
        self.year != 0 && self.month != 0 && self.day != 0
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
    /// How many of `numbers` are identifiers.
    id_count: u8,
    /// Identifiers and after them stays; one allocation, because there is one for every student held.
    numbers: Box<[u32]>,
    /// What only files of other people have.
    pub contact: Option<Box<Contact>>,
}

impl Record {
    /// Hashes of the state student id and of the alternate ids, where they are long enough to tell anything.
    pub fn ids(&self) -> &[u32] {
        &self.numbers[..self.id_count as usize]
    }

    /// Stays in the student's own state: first and last day as days since 1990, clamped.
    pub fn stays(&self) -> impl Iterator<Item = (u16, u16)> + '_ {
        self.numbers[self.id_count as usize..]
            .iter()
            .map(|&stay| ((stay >> 16) as u16, stay as u16))
    }

    /// Whether the two were enrolled in one state's schools on the same day.
    pub fn overlaps(&self, other: &Record) -> bool {
        self.state == other.state
            && self
                .stays()
                .any(|a| other.stays().any(|b| a.0 <= b.1 && b.0 <= a.1))
    }

    /// Gives every word another number.
    pub(crate) fn renumber(&mut self, number: impl Fn(TokenId) -> TokenId) {
        let names = self
            .given
            .places_mut()
            .iter_mut()
            .chain(self.surnames.places_mut());
        let adults = [&mut self.mother, &mut self.father, &mut self.guardian]
            .into_iter()
            .flat_map(|adult| adult.last.iter_mut().chain([&mut adult.first]));
        let others = [
            &mut self.given_compound,
            &mut self.surname_compound,
            &mut self.city,
        ];
        let contact = self.contact.iter_mut().flat_map(|contact| contact.words_mut());
        for word in names.chain(adults).chain(others).chain(contact) {
            *word = number(*word);
        }
    }

    /// Bytes held outside the record itself.
    pub(crate) fn heap(&self) -> usize {
        self.numbers.len() * 4 + self.contact.as_ref().map_or(0, |contact| size_of_val(&**contact))
    }
}

/// Up to three letters of a code in 16 bits (5 bits each); longer codes are hashed.
fn pack_code(code: &str) -> u16 {
    let letter = |b: &u8| u16::from(b.to_ascii_uppercase() - b'A' + 1);
    if code.len() <= 3 && code.bytes().all(|b| b.is_ascii_alphabetic()) {
        return code
            .as_bytes()
            .iter()
            .fold(0, |packed, b| packed << 5 | letter(b));
    }
    let folded = fold(code);
    let letters: Vec<u8> = folded.bytes().filter(u8::is_ascii_alphabetic).collect();
    if letters.len() > 3 {
        return 0x8000 | (hash_bytes(&letters) as u16);
    }
    letters.iter().fold(0, |packed, b| packed << 5 | letter(b))
}

/// ISO 3166-1 countries that states send with two letters, three or as a word; one code for each.
fn country_code(country: &str) -> u16 {
    if country.len() == 2 {
        return pack_code(country);
    }
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

/// A record and what still has to be numbered of it.
#[derive(Debug)]
pub(crate) struct Prepared {
    record: Record,
    contact: Option<ContactWords>,
}

impl Prepared {
    /// Everything but names and places: codes, dates, identifiers, stays.
    pub(crate) fn new(input: &RecordInput<'_>) -> Prepared {
        let day = |date: NaiveDate| {
            let days = date.num_days_from_ce() - 726_468;
            days.clamp(0, i32::from(u16::MAX)) as u16
        };
        let state = pack_code(input.state);
        let mut numbers: Vec<u32> = std::iter::once(&input.state_student_id)
            .chain(input.alternate_ids)
            .map(|id| id.trim().trim_start_matches('0').to_ascii_uppercase())
            .filter(|id| id.len() >= MIN_ID_LENGTH)
            .map(|id| hash_bytes(id.as_bytes()) as u32)
            .collect();
        // The first stays the state's own; the rest is a set.
        numbers.dedup();
        numbers.truncate(usize::from(u8::MAX));
        let id_count = numbers.len() as u8;
        let own_stays = input
            .enrollments
            .iter()
            .filter(|span| pack_code(span.state) == state);
        numbers.extend(
            own_stays
                .map(|span| u32::from(day(span.start)) << 16 | u32::from(span.end.map_or(u16::MAX, day))),
        );
        let birth = input.birth_date.map_or(input.birth_parts, |date| BirthDate {
            year: u16::try_from(date.year()).unwrap_or(0),
            month: date.month() as u8,
            day: date.day() as u8,
        });
        Prepared {
            record: Record {
                key: input.key,
                birth,
                evidence: input.birth_date_evidence,
                sex: input.sex,
                multiple_birth: input.multiple_birth,
                birth_state: pack_code(input.birth_state),
                birth_country: country_code(input.birth_country),
                state,
                live: input.live,
                id_count,
                numbers: numbers.into(),
                ..Record::default()
            },
            contact: ContactWords::of(&input.contact),
        }
    }

    /// Fills in names and places, numbering words that are new.
    pub(crate) fn number(
        self,
        input: &RecordInput<'_>,
        cells: &mut Cells,
        words: &mut impl Numbering,
    ) -> Record {
        let Prepared { mut record, contact } = self;
        fill(&mut record, input, cells, words);
        record.contact = contact.map(|contact| Box::new(contact.number(words)));
        record
    }
}

/// Fills in names and places.
fn fill(record: &mut Record, input: &RecordInput<'_>, cells: &mut Cells, words: &mut impl Numbering) {
    let mut generation = generation_of(input.generation);
    let mut list = |text: &str, kind: CellKind, into: &mut Words| {
        if text.is_empty() {
            return;
        }
        let cell = cells.cell(text, kind, words);
        if cell.generation != 0 {
            generation = cell.generation;
        }
        cell.words.as_slice().iter().for_each(|&word| into.push(word));
    };
    list(input.first_name, CellKind::Given, &mut record.given);
    record.first_words = record.given.len() as u8;
    list(input.middle_name, CellKind::Given, &mut record.given);
    list(input.last_name_1, CellKind::Surname, &mut record.surnames);
    list(input.last_name_2, CellKind::Surname, &mut record.surnames);
    record.generation = generation;
    let mut first = |text: &str, kind| {
        if text.is_empty() {
            Words::default()
        } else {
            cells.cell(text, kind, words).words
        }
    };
    let adults = [
        (&input.mother, &mut record.mother),
        (&input.father, &mut record.father),
        (&input.guardian, &mut record.guardian),
    ];
    for (input, adult) in adults {
        adult.first = first(input.first, CellKind::Given).0[0];
        let last = first(input.last, CellKind::Surname);
        adult.last = *last.0.first_chunk().unwrap_or(&[NONE; 2]);
    }
    record.city = first(input.birth_city, CellKind::Place).0[0];
    if let [first, second, ..] = *record.given.as_slice() {
        record.given_compound = cells.compound(&[first, second], words);
    }
    if let several @ [_, _, ..] = record.surnames.as_slice() {
        record.surname_compound = cells.compound(several, words);
    }
}

/// The uses of words that a record adds to the frequencies.
pub(crate) fn word_uses(record: &Record) -> impl Iterator<Item = (TokenId, Role)> + '_ {
    let given = record.given.as_slice().iter().map(|&id| (id, Role::Given));
    let surnames = record.surnames.as_slice().iter().map(|&id| (id, Role::Surname));
    let contact = record.contact.iter().flat_map(|contact| contact.word_uses());
    given
        .chain(surnames)
        .chain(std::iter::once((record.city, Role::City)))
        .chain(contact)
}

#[cfg(test)]
mod tests;
