//! What every value of a data element can do: be read from text, and be written out again.

use crate::code::CodeSet;
use crate::part::{Kind, Sink};

/// Why a text is not a value of a data element. `Display` says what is wrong; [`ValueError::fix`] what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Longer than the data element allows (characters).
    #[error("has {got} characters, at most {max} are allowed")]
    TooLong {
        /// Characters found.
        got: usize,
        /// Characters allowed.
        max: usize,
    },
    /// A control, bidirectional or other character that no name or note needs.
    #[error("holds a character that is not allowed (U+{0:04X})")]
    Character(u32),
    /// Not a date, month or year, or out of the range that a child's record can hold.
    #[error("is not {0}")]
    Not(&'static str),
    /// Not a code of the code set that the document names.
    #[error("is not a code of {set} ({version})")]
    UnknownCode {
        /// The code set.
        set: &'static str,
        /// Its version.
        version: CodeSet,
    },
    /// A number outside the range of the data element.
    #[error("is outside {0}")]
    Range(&'static str),
}

impl ValueError {
    /// What the sender can do about it, as a sentence.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => {
                "Shorten the value in the state's system, or map it to the right element."
            }
            Self::Character(_) => {
                "Remove the character in the state's system, and check the file's encoding."
            }
            Self::Not(_) => "Correct the value, or the format that the mapping profile gives for it.",
            Self::UnknownCode { .. } => {
                "Use a code of the set, or add a translation for this code to the mapping profile."
            }
            Self::Range(_) => "Correct the value in the state's system.",
        }
    }
}

/// How a raw text is to be understood.
#[derive(Debug, Clone, Copy, Default)]
pub struct ValueContext<'a> {
    /// The version of the code sets that the document uses.
    pub code_set: CodeSet,
    /// The code as the state wrote it, where a mapping profile has already translated it; kept beside the meaning.
    pub raw: Option<&'a str>,
}

/// A validated value of a data element.
pub trait Value: Sized {
    /// How it is stored and hashed.
    const KIND: Kind;

    /// Reads the canonical text of a value. `text` is trimmed and not empty.
    fn parse(text: &str, context: ValueContext<'_>) -> Result<Self, ValueError>;

    /// Hands the value to a sink, in its stored form.
    fn emit<S: Sink + ?Sized>(&self, sink: &mut S);

    /// The code set of a coded value, under which a state's aliases know it. `None` for everything else.
    const CODE_SET: Option<&'static str> = None;

    /// Whether a text as sent says more than the stored value, so that it is kept beside it: another code of the same
    /// meaning, or a state's own.
    fn says_more(&self, sent: &str) -> bool {
        let _ = sent;
        false
    }
}

impl Value for bool {
    const KIND: Kind = Kind::Flag;

    fn parse(text: &str, _: ValueContext<'_>) -> Result<Self, ValueError> {
        match text {
            "Y" | "y" | "1" | "true" | "Yes" | "YES" | "TRUE" => Ok(true),
            "N" | "n" | "0" | "false" | "No" | "NO" | "FALSE" => Ok(false),
            _ => Err(ValueError::Not("Y or N")),
        }
    }

    fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
        sink.flag(*self);
    }
}
