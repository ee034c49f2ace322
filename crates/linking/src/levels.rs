//! How well two records agree, field by field: one level of at most 15 for each of 16 fields, in 64 bits.
//!
//! Level 0 always means that nothing could be compared; it weighs nothing, because missing is not different.

use serde::{Deserialize, Serialize};

/// A field that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// First given name.
    Given,
    /// Further given names.
    Middle,
    /// Surnames.
    Surname,
    /// Birth date.
    BirthDate,
    /// Sex.
    Sex,
    /// Parents and guardian.
    Parents,
    /// City of birth.
    BirthCity,
    /// State and country of birth.
    BirthPlace,
    /// Multiple birth flag.
    MultipleBirth,
    /// Whose students they are.
    Source,
    /// Jr., Sr. …
    Generation,
    /// Identifiers.
    Identifier,
    /// Street and house number. No data element: only files of other people have it, as the three after it.
    Address,
    /// Postcode and town.
    Locality,
    /// Telephone and e-mail.
    Contact,
    /// Further columns of text.
    Other,
}

impl Field {
    /// All fields, in the order of the packed form.
    pub const ALL: [Field; 16] = [
        Field::Given,
        Field::Middle,
        Field::Surname,
        Field::BirthDate,
        Field::Sex,
        Field::Parents,
        Field::BirthCity,
        Field::BirthPlace,
        Field::MultipleBirth,
        Field::Source,
        Field::Generation,
        Field::Identifier,
        Field::Address,
        Field::Locality,
        Field::Contact,
        Field::Other,
    ];

    /// The numbers of the data elements that are compared (empty for the multiple birth flag, which came later than
    /// the numbered list, and for what students do not have).
    pub fn elements(self) -> &'static [u16] {
        match self {
            Field::Given => &[5],
            Field::Middle => &[6],
            Field::Surname => &[3, 4],
            Field::BirthDate => &[9, 10],
            Field::Sex => &[8],
            Field::Parents => &[14, 15, 16, 17, 18, 19],
            Field::BirthCity => &[11],
            Field::BirthPlace => &[12, 13],
            Field::MultipleBirth | Field::Address | Field::Locality | Field::Contact | Field::Other => &[],
            Field::Source | Field::Identifier => &[2],
            Field::Generation => &[7],
        }
    }

    /// What each level means, in words; the index is the level.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Field::Given => &[
                "given name not compared",
                "given name equal",
                "given name nearly equal (spelling)",
                "given name is a nickname",
                "given name equals another given name",
                "given names similar",
                "given name agrees with an initial",
                "another given name nearly equal",
                "given names begin alike",
                "given names differ",
                "given and last name exchanged",
            ],
            Field::Middle => &[
                "second given name not compared",
                "second given name equal",
                "second given name agrees with an initial",
                "second given name nearly equal",
                "second given names differ",
            ],
            Field::Surname => &[
                "last names not compared",
                "both last names equal",
                "last names swapped",
                "first last name equal, the second on one side only",
                "last name 2 equals the only last name",
                "one last name equal, the other nearly equal",
                "first last name equal, second differs",
                "one last name equal in another place",
                "last name equal",
                "last names nearly equal",
                "last names similar",
                "last names differ",
            ],
            Field::BirthDate => &[
                "birth date not compared",
                "same birth date",
                "same birth date, 1 January",
                "day and month of birth swapped",
                "birth date off by one digit or part",
                "birth year off by one",
                "birth year off by one digit",
                "same birth year, one date is 1 January",
                "same birth year, and day or month",
                "same birth day and month, other year",
                "birth dates differ",
                "both known parts of the birth date equal",
                "the one known part of the birth date equal",
                "one of two known parts of the birth date equal",
            ],
            Field::Sex => &["sex not compared", "sex equal", "sex differs"],
            Field::Parents => &[
                "parents not compared",
                "both parents equal",
                "mother equal, father on one side only",
                "father equal, mother on one side only",
                "parents equal, crossed",
                "one parent equal, the other differs",
                "guardian equals a parent or guardian",
                "a parent's given name equal, last name differs",
                "parents' last names agree",
                "parents differ",
            ],
            Field::BirthCity => &[
                "birth city not compared",
                "birth city equal",
                "birth city nearly equal",
                "birth city differs",
            ],
            Field::BirthPlace => &[
                "birth state not compared",
                "birth state equal",
                "birth country equal",
                "birth state differs",
                "birth country differs",
            ],
            Field::MultipleBirth => &[
                "multiple birth not compared",
                "multiple birth on both",
                "multiple birth on one",
                "single birth on both",
                "multiple birth on one, not known of the other",
                "single birth on one, not known of the other",
            ],
            Field::Source => &[
                "source not compared",
                "two states",
                "two ids of one state, both reported",
                "two ids of one state, one no longer reported",
            ],
            Field::Generation => &["suffix not compared", "suffix equal", "suffix differs"],
            Field::Identifier => &[
                "no shared identifier",
                "an identifier is shared",
                "identifier nearly equal",
                "identifier differs",
            ],
            Field::Address => &[
                "address not compared",
                "same street and house number",
                "same house number, street nearly equal",
                "same street, house number on one side only",
                "same street, house number nearly equal",
                "same street, another house number",
                "street nearly equal, house number not",
                "same house number, another street",
                "address differs",
            ],
            Field::Locality => &[
                "postcode and town not compared",
                "postcode equal",
                "postcode nearly equal, town equal",
                "town equal",
                "postcode nearly equal",
                "postcode and town differ",
            ],
            Field::Contact => &[
                "telephone and e-mail not compared",
                "e-mail equal",
                "telephone equal",
                "telephone or e-mail nearly equal",
                "telephone or e-mail differs",
            ],
            Field::Other => &[
                "further columns not compared",
                "further columns equal",
                "most further columns equal",
                "some further columns equal",
                "further columns differ",
            ],
        }
    }
}

/// Names of the levels, by field.
#[expect(missing_docs, reason = "the words of each level are given by Field::words")]
pub mod level {
    pub const MISSING: u8 = 0;
    pub mod given {
        pub const EXACT: u8 = 1;
        pub const CLOSE: u8 = 2;
        pub const NICKNAME: u8 = 3;
        pub const OTHER_EQUAL: u8 = 4;
        pub const SIMILAR: u8 = 5;
        pub const INITIAL: u8 = 6;
        pub const OTHER_CLOSE: u8 = 7;
        pub const SAME_START: u8 = 8;
        pub const DIFFERS: u8 = 9;
        pub const EXCHANGED: u8 = 10;
    }
    pub mod middle {
        pub const EXACT: u8 = 1;
        pub const INITIAL: u8 = 2;
        pub const CLOSE: u8 = 3;
        pub const DIFFERS: u8 = 4;
    }
    pub mod surname {
        pub const BOTH: u8 = 1;
        pub const SWAPPED: u8 = 2;
        pub const FIRST_ONE_SIDED: u8 = 3;
        pub const SECOND_IS_ONLY: u8 = 4;
        pub const ONE_CLOSE: u8 = 5;
        pub const FIRST_ONLY: u8 = 6;
        pub const ONE_ELSEWHERE: u8 = 7;
        pub const SINGLE: u8 = 8;
        pub const CLOSE: u8 = 9;
        pub const SIMILAR: u8 = 10;
        pub const DIFFERS: u8 = 11;
    }
    pub mod birth_date {
        pub const EXACT: u8 = 1;
        pub const EXACT_PLACEHOLDER: u8 = 2;
        pub const SWAPPED: u8 = 3;
        pub const ONE_PART: u8 = 4;
        pub const YEAR_NEXT: u8 = 5;
        pub const YEAR_DIGIT: u8 = 6;
        pub const PLACEHOLDER: u8 = 7;
        pub const YEAR_AND_PART: u8 = 8;
        pub const MONTH_DAY: u8 = 9;
        pub const DIFFERS: u8 = 10;
        pub const PARTS: u8 = 11;
        pub const ONE_KNOWN: u8 = 12;
        pub const PARTS_SOME: u8 = 13;
    }
    pub mod sex {
        pub const EQUAL: u8 = 1;
        pub const DIFFERS: u8 = 2;
    }
    pub mod parents {
        pub const BOTH: u8 = 1;
        pub const MOTHER: u8 = 2;
        pub const FATHER: u8 = 3;
        pub const CROSSED: u8 = 4;
        pub const ONE_DIFFERS: u8 = 5;
        pub const GUARDIAN: u8 = 6;
        pub const GIVEN_ONLY: u8 = 7;
        pub const SURNAMES: u8 = 8;
        pub const DIFFER: u8 = 9;
    }
    pub mod city {
        pub const EXACT: u8 = 1;
        pub const CLOSE: u8 = 2;
        pub const DIFFERS: u8 = 3;
    }
    pub mod place {
        pub const STATE: u8 = 1;
        pub const COUNTRY: u8 = 2;
        pub const STATE_DIFFERS: u8 = 3;
        pub const COUNTRY_DIFFERS: u8 = 4;
    }
    pub mod multiple_birth {
        pub const BOTH: u8 = 1;
        pub const ONE: u8 = 2;
        pub const NEITHER: u8 = 3;
        pub const ONE_KNOWN: u8 = 4;
        pub const NEITHER_KNOWN: u8 = 5;
    }
    pub mod source {
        pub const OTHER_STATE: u8 = 1;
        pub const SAME_STATE: u8 = 2;
        pub const SAME_STATE_ENDED: u8 = 3;
    }
    pub mod generation {
        pub const EQUAL: u8 = 1;
        pub const DIFFERS: u8 = 2;
    }
    pub mod identifier {
        pub const SHARED: u8 = 1;
        pub const CLOSE: u8 = 2;
        pub const DIFFERS: u8 = 3;
    }
    pub mod address {
        pub const BOTH: u8 = 1;
        pub const HOUSE_STREET_CLOSE: u8 = 2;
        pub const STREET: u8 = 3;
        pub const STREET_HOUSE_CLOSE: u8 = 4;
        pub const STREET_HOUSE_DIFFERS: u8 = 5;
        pub const STREET_CLOSE: u8 = 6;
        pub const HOUSE_ONLY: u8 = 7;
        pub const DIFFERS: u8 = 8;
    }
    pub mod locality {
        pub const POSTCODE: u8 = 1;
        pub const POSTCODE_CLOSE_TOWN: u8 = 2;
        pub const TOWN: u8 = 3;
        pub const POSTCODE_CLOSE: u8 = 4;
        pub const DIFFERS: u8 = 5;
    }
    pub mod contact {
        pub const EMAIL: u8 = 1;
        pub const PHONE: u8 = 2;
        pub const CLOSE: u8 = 3;
        pub const DIFFERS: u8 = 4;
    }
    pub mod other {
        pub const ALL: u8 = 1;
        pub const MOST: u8 = 2;
        pub const SOME: u8 = 3;
        pub const NONE: u8 = 4;
    }
}

/// The levels of all fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Levels(pub u64);

impl Levels {
    /// The level of a field.
    pub fn get(self, field: Field) -> u8 {
        (self.0 >> (field as u8 * 4) & 15) as u8
    }

    /// The same with one field set.
    #[must_use]
    pub fn with(self, field: Field, level: u8) -> Levels {
        let shift = field as u8 * 4;
        Levels(self.0 & !(15 << shift) | u64::from(level & 15) << shift)
    }

    /// What the level of a field means.
    pub fn words(self, field: Field) -> &'static str {
        field
            .words()
            .get(self.get(field) as usize)
            .copied()
            .unwrap_or("unknown level")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs() {
        let levels = Levels::default()
            .with(Field::Identifier, 1)
            .with(Field::Given, 9)
            .with(Field::Given, 3);
        assert_eq!((levels.get(Field::Given), levels.get(Field::Identifier)), (3, 1));
        assert_eq!(levels.get(Field::Surname), 0);
        assert_eq!(levels.words(Field::Given), "given name is a nickname");
        assert_eq!(Field::Surname.words().len(), level::surname::DIFFERS as usize + 1);
        assert_eq!(
            Field::BirthDate.words().len(),
            level::birth_date::PARTS_SOME as usize + 1
        );
        assert_eq!(Field::Parents.words().len(), level::parents::DIFFER as usize + 1);
    }
}
