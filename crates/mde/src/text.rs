//! Text of a bounded length, in Unicode NFC, without characters that a name or note has no use for.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::codesets;
use crate::part::{Kind, Sink};
use crate::value::{Value, ValueContext, ValueError};

/// Text of 1 to `MAX` characters: NFC, outer white space removed, inner white space folded to one space, no control
/// or bidirectional characters. Letters, case and accents are kept as sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "CompactString", into = "CompactString")]
pub struct Text<const MAX: usize>(CompactString);

/// A personal name; 50 characters in the current layout (30 in that of 2009).
pub type Name = Text<50>;
/// One line of an address or title.
pub type Line = Text<100>;

impl<const MAX: usize> Text<MAX> {
    /// Validates and normalises a text.
    pub fn new(text: &str) -> Result<Self, ValueError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ValueError::Not("a text of at least one character"));
        }
        // Most names are short ASCII without anything to normalise: one pass, no second copy.
        if text.len() <= MAX && text.bytes().all(|b| (0x20..0x7f).contains(&b)) && !text.contains("  ") {
            return Ok(Self(CompactString::new(text)));
        }
        let folded: CompactString = if is_nfc_quick(text.chars()) == IsNormalized::Yes && !text.contains("  ")
        {
            CompactString::new(text)
        } else {
            let mut out = CompactString::default();
            let mut space = false;
            for c in text.nfc() {
                if c.is_whitespace() {
                    space = true;
                } else {
                    if space {
                        out.push(' ');
                        space = false;
                    }
                    out.push(c);
                }
            }
            out
        };
        let mut count = 0;
        for c in folded.chars() {
            if unwanted(c) {
                return Err(ValueError::Character(u32::from(c)));
            }
            count += 1;
        }
        if count > MAX {
            return Err(ValueError::TooLong { got: count, max: MAX });
        }
        Ok(Self(folded))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters, bidirectional overrides, the byte order mark and the replacement character (a sign that the
/// text was decoded with the wrong encoding).
fn unwanted(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fffd}')
}

impl<const MAX: usize> Value for Text<MAX> {
    const KIND: Kind = Kind::Text;

    fn parse(text: &str, _: ValueContext<'_>) -> Result<Self, ValueError> {
        Self::new(text)
    }

    fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
        sink.text(&self.0);
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> AsRef<str> for Text<MAX> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<CompactString> for Text<MAX> {
    type Error = ValueError;
    fn try_from(text: CompactString) -> Result<Self, ValueError> {
        Self::new(&text)
    }
}

impl<const MAX: usize> From<Text<MAX>> for CompactString {
    fn from(text: Text<MAX>) -> Self {
        text.0
    }
}

/// The words of a name as a search compares them: accents removed, upper case, split at everything but letters and
/// digits. Letters without a Latin form are kept.
#[must_use]
pub fn fold(name: &str) -> Vec<String> {
    // Most names are ASCII, in which there is nothing to take apart.
    if name.is_ascii() {
        return name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_uppercase)
            .collect();
    }
    let plain: String = name
        .nfkd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_uppercase)
        .collect();
    plain
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $max:literal, $what:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "CompactString", into = "CompactString")]
        pub struct $name(Text<$max>);

        impl $name {
            /// Validates and normalises.
            pub fn new(text: &str) -> Result<Self, ValueError> {
                let text = Text::new(text)?;
                let check: fn(&str) -> bool = $check;
                if check(text.as_str()) { Ok(Self(text)) } else { Err(ValueError::Not($what)) }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl Value for $name {
            const KIND: Kind = Kind::Text;
            fn parse(text: &str, _: ValueContext<'_>) -> Result<Self, ValueError> {
                Self::new(text)
            }
            fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
                sink.text(self.as_str());
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl TryFrom<CompactString> for $name {
            type Error = ValueError;
            fn try_from(text: CompactString) -> Result<Self, ValueError> {
                Self::new(&text)
            }
        }

        impl From<$name> for CompactString {
            fn from(text: $name) -> Self {
                text.0.into()
            }
        }
    };
}

checked_text!(
    /// A ZIP of five or nine digits, with or without the hyphen (data element 48).
    Zip, 10, "a ZIP of five or nine digits",
    |t| {
        let digits = t.bytes().filter(u8::is_ascii_digit).count();
        t.bytes().enumerate().all(|(i, b)| b.is_ascii_digit() || (b == b'-' && i == 5)) && (digits == 5 || digits == 9)
    }
);
checked_text!(
    /// A telephone number with area code and optional extension: at least seven digits (data element 51).
    Phone, 30, "a telephone number of at least seven digits",
    |t| t.bytes().filter(u8::is_ascii_digit).count() >= 7
        && t.bytes().all(|b| b.is_ascii_alphanumeric() || b" ()+-./#,".contains(&b))
);
checked_text!(
    /// An e-mail address: one `@` with something on both sides and no space.
    Email, 100, "an e-mail address",
    |t| t.split_once('@').is_some_and(|(l, r)| !l.is_empty() && r.contains('.') && !r.contains('@')) && !t.contains(' ')
);
checked_text!(
    /// An NCES identifier of a school (12 digits) or local education agency (7 digits).
    NcesId, 12, "an NCES identifier of 7 or 12 digits",
    |t| (t.len() == 7 || t.len() == 12) && t.bytes().all(|b| b.is_ascii_digit())
);
checked_text!(
    /// A School Courses for the Exchange of Data code: five digits, subject area (two) and course (three).
    Sced, 5, "a SCED code of five digits",
    |t| t.len() == 5 && t.bytes().all(|b| b.is_ascii_digit())
);

impl Sced {
    /// Title of the course in the table of the National Center for Education Statistics (version 12). `None` for a code
    /// that it does not have: newer versions and states' own courses are accepted.
    #[must_use]
    pub fn title(&self) -> Option<&'static str> {
        static TITLES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
            let courses = codesets::entries("Course").iter();
            courses.map(|c| (c.code.as_str(), c.name.as_str())).collect()
        });
        TITLES.get(self.as_str()).copied()
    }

    /// Its subject area, the first two digits (`02` Mathematics).
    #[must_use]
    pub fn subject_area(&self) -> Option<&'static str> {
        let area = self.as_str().get(..2)?;
        let mut areas = codesets::entries("SubjectArea").iter();
        areas
            .find(|entry| entry.code == area)
            .map(|entry| entry.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_accents_and_folds_only_white_space() {
        assert_eq!(Name::new("  María   José ").unwrap().as_str(), "María José");
        assert_eq!(
            Name::new("Mari\u{301}a").unwrap().as_str(),
            "María",
            "decomposed letters are composed"
        );
    }

    #[test]
    fn refuses_what_hides_or_reorders_text() {
        for bad in ["a\u{202e}b", "a\0b", "Mar\u{fffd}a", "a\u{200b}b", ""] {
            assert!(Name::new(bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            Text::<3>::new("abcd"),
            Err(ValueError::TooLong { got: 4, max: 3 })
        );
    }

    #[test]
    fn folded_words() {
        assert_eq!(fold("Muñoz-Pérez d'Ávila"), ["MUNOZ", "PEREZ", "D", "AVILA"]);
    }

    #[test]
    fn checked_texts() {
        assert!(Zip::new("95206-2591").is_ok() && Zip::new("95206").is_ok() && Zip::new("9520").is_err());
        assert!(Phone::new("(502) 555-0128 x257").is_ok() && Phone::new("none").is_err());
        assert!(Email::new("a@b.org").is_ok() && Email::new("a b@c.d").is_err());
        assert!(Sced::new("02052").is_ok() && Sced::new("2052").is_err());
        let algebra = Sced::new("02052").unwrap();
        assert_eq!(algebra.title(), Some("Algebra I"));
        assert_eq!(algebra.subject_area(), Some("Mathematics"));
        assert_eq!(Sced::new("99999").unwrap().title(), None);
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_stable(text in "\\PC{0,80}") {
            if let Ok(once) = Name::new(&text) {
                prop_assert_eq!(Name::new(once.as_str()).unwrap(), once);
            }
        }
    }
}
