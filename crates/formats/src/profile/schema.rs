//! What a mapping profile says.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use chrono::{DateTime, Utc};
use mde::{CodeSet, Decimal, PartKind, StateCode};
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::check;
use super::convert::DateFormat;
use super::pattern;
use crate::header::BatchKind;

/// How the files of one system are read. Made by [`Profile::parse`], which checks it against the data dictionary.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name in calls and on screen: letters, digits and hyphens.
    pub name: String,
    /// Counted up with every change of meaning; part of what identifies a batch.
    pub version: u32,
    /// What system and which export it describes.
    pub description: String,
    /// The state, if the profile is of one.
    pub state: Option<StateCode>,
    /// Whether an upload is full or delta, if the call does not say.
    pub kind: Option<BatchKind>,
    /// The version of the codes that are sent as they are.
    pub code_set: CodeSet,
    pub(crate) encoding: Encoding,
    #[serde(default)]
    pub(crate) as_of: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) blank: Vec<String>,
    #[serde(default)]
    pub(crate) dates: Dates,
    #[serde(default)]
    pub(crate) flags: Flags,
    #[serde(default)]
    pub(crate) numbers: Numbers,
    #[serde(default)]
    pub(crate) credits: CreditUnit,
    pub(crate) layout: Layout,
    #[serde(default)]
    pub(crate) translations: BTreeMap<String, Spanned<Translation>>,
    #[serde(rename = "file")]
    pub(crate) files: Vec<Spanned<FileMap>>,
}

/// The encoding of all files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// The formats of dates and months.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dates {
    pub(crate) day: Spanned<DateFormat>,
    pub(crate) month: Spanned<DateFormat>,
}

impl Default for Dates {
    fn default() -> Self {
        let format = |text: &str| {
            let format = DateFormat::try_from(text.to_owned()).expect("a format of the program itself");
            Spanned::new(0..0, format)
        };
        Self {
            day: format("YYYY-MM-DD"),
            month: format("YYYY-MM"),
        }
    }
}

/// The spellings of yes and no.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Flags {
    pub(crate) yes: Vec<String>,
    pub(crate) no: Vec<String>,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            yes: vec!["Y".into()],
            no: vec!["N".into()],
        }
    }
}

/// How numbers are written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Numbers {
    pub(crate) decimal: char,
}

impl Default for Numbers {
    fn default() -> Self {
        Self { decimal: '.' }
    }
}

/// The unit in which credits are sent, and how many Carnegie units one of it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreditUnit {
    pub(crate) unit: String,
    pub(crate) factor: Spanned<String>,
}

impl Default for CreditUnit {
    fn default() -> Self {
        Self {
            unit: "carnegie".into(),
            factor: Spanned::new(0..0, "1".into()),
        }
    }
}

impl CreditUnit {
    /// The factor, if the unit is not the Carnegie unit itself.
    pub(crate) fn conversion(&self) -> Option<Decimal> {
        (self.unit != "carnegie").then(|| self.factor.get_ref().parse().expect("checked with the profile"))
    }
}

/// How the rows of a file are written.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "format", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Layout {
    /// Lines of columns with a delimiter between them; the first line names the columns.
    Delimited {
        /// The character between two columns.
        delimiter: char,
        /// Whether a column may stand in double quotes, and then hold delimiters and line ends.
        quoting: bool,
    },
}

/// What the codes of a state mean.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Translation {
    /// The version of the codes that it gives; the profile's if it names none.
    pub(crate) code_set: Option<CodeSet>,
    /// The state's code, and ours (or the text that it stands for).
    pub(crate) codes: BTreeMap<String, String>,
}

/// One file of the export.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileMap {
    /// Pattern of its name.
    pub(crate) name: String,
    /// The part that each of its rows is.
    pub(crate) part: PartKind,
    /// The column of the state student id; a file of facilities has none.
    pub(crate) key: Option<String>,
    /// Whether an upload without it is refused.
    #[serde(default = "yes")]
    pub(crate) required: bool,
    /// Its layout, if it is not the profile's.
    pub(crate) layout: Option<Layout>,
    /// A column with the postal code of the sending state; another state in it refuses the upload.
    pub(crate) state_column: Option<String>,
    /// Only rows with one of these texts in a column are read; the others are counted as ignored.
    #[serde(default)]
    pub(crate) only: BTreeMap<String, Vec<String>>,
    /// Columns and the data elements that they are.
    pub(crate) columns: BTreeMap<String, Spanned<Target>>,
    /// Data elements that are the same in every row.
    #[serde(default)]
    pub(crate) constants: BTreeMap<String, Spanned<String>>,
    /// Columns that are left out, with the reason.
    #[serde(default)]
    pub(crate) ignored: BTreeMap<String, String>,
}

fn yes() -> bool {
    true
}

/// Where a column goes: the name of a data element's column, or a table with more to say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Target {
    /// The column of the data element.
    pub(crate) to: String,
    /// The translation of its codes.
    pub(crate) translate: Option<String>,
    /// Its date format, if it is not the profile's.
    pub(crate) format: Option<DateFormat>,
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            to: String,
            translate: Option<String>,
            format: Option<DateFormat>,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Target;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a data element's column, or a table { to, translate, format }")
            }
            fn visit_str<E: serde::de::Error>(self, to: &str) -> Result<Target, E> {
                Ok(Target {
                    to: to.to_owned(),
                    ..Target::default()
                })
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Target, M::Error> {
                let table = Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Target {
                    to: table.to,
                    translate: table.translate,
                    format: table.format,
                })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Why a profile is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The file could not be read.
    #[error("the profile could not be read: {0}")]
    Unreadable(String),
    /// The text does not describe an export.
    #[error("line {line}: {message}")]
    Wrong {
        /// Line, from 1.
        line: usize,
        /// What is wrong and what would be right.
        message: String,
    },
}

impl Profile {
    /// Reads a profile and checks it: every column goes to a data element that exists, every code to one of its set.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let line = |at: usize| 1 + text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count();
        let profile: Self = toml::from_str(text).map_err(|error| ProfileError::Wrong {
            line: line(error.span().map_or(0, |s| s.start)),
            message: error.message().to_owned(),
        })?;
        check::check(&profile).map_err(|problem| ProfileError::Wrong {
            line: line(problem.at),
            message: problem.message,
        })?;
        Ok(profile)
    }

    /// Reads a profile from a file.
    pub fn load(path: &Path) -> Result<Self, ProfileError> {
        let text = std::fs::read_to_string(path).map_err(|e| ProfileError::Unreadable(e.to_string()))?;
        Self::parse(&text)
    }

    /// Name and version, as they identify a batch: `ky/1`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }

    /// The as-of instant in a file name.
    pub(crate) fn as_of_in(&self, name: &str) -> Option<DateTime<Utc>> {
        self.as_of
            .iter()
            .find_map(|p| pattern::instant(p.get_ref(), name))
    }
}
