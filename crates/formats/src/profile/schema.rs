//! What a mapping profile says.

use std::borrow::Cow;
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
use super::layout::Layout;
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
    pub(crate) layout: Spanned<Layout>,
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
    #[serde(rename = "iso-8859-1")]
    Latin1,
}

impl Encoding {
    /// A row as text, or why it is none.
    pub(crate) fn decode(self, row: &[u8]) -> Result<Cow<'_, str>, &'static str> {
        match (self, std::str::from_utf8(row)) {
            (Self::Utf8, Ok(text)) => Ok(Cow::Borrowed(text)),
            (Self::Utf8, Err(_)) => Err("The row holds bytes that are not UTF-8."),
            (_, Ok(text)) if text.is_ascii() => Ok(Cow::Borrowed(text)),
            // Bytes above 127 that happen to be UTF-8 are UTF-8: in the older encodings they would be pairs such as Ã±.
            (Self::Windows1252, Ok(_)) => Err("The row is UTF-8, where the profile says Windows-1252."),
            (Self::Latin1, Ok(_)) => Err("The row is UTF-8, where the profile says ISO 8859-1."),
            (Self::Windows1252, Err(_)) => Ok(encoding_rs::WINDOWS_1252.decode_without_bom_handling(row).0),
            (Self::Latin1, Err(_)) => Ok(encoding_rs::mem::decode_latin1(row)),
        }
    }
}

/// The formats of dates and months.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dates {
    pub(crate) day: Spanned<DateFormat>,
    pub(crate) month: Spanned<DateFormat>,
    /// Texts of dates that mean "not recorded", such as zeros.
    #[serde(default)]
    pub(crate) blank: Vec<String>,
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
            blank: Vec::new(),
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

/// What the codes of a state mean.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Translation {
    /// The version of the codes that it gives; the profile's if it names none.
    pub(crate) code_set: Option<CodeSet>,
    /// The state's code, and ours (or the text that it stands for). `2003:04` is a code of another version.
    pub(crate) codes: BTreeMap<String, String>,
}

impl Translation {
    /// The version and the code or text that a meaning of this translation is: `2003:04` is of the version that it
    /// names, anything else of the translation's or else the profile's.
    pub(crate) fn versioned<'m>(&self, meaning: &'m str, of_profile: CodeSet) -> (CodeSet, &'m str) {
        let named = meaning
            .split_once(':')
            .and_then(|(version, code)| Some((CodeSet::named(version)?, code)));
        named.unwrap_or((self.code_set.unwrap_or(of_profile), meaning))
    }
}

/// What becomes of the records of one kind in one file: they are a part of students or facilities, a table in which
/// others look something up, or left out. The same records may have several descriptions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileMap {
    /// Pattern of the file's name.
    pub(crate) name: String,
    /// The kind of record, where the file has several; what it is called, the layout says.
    #[serde(default)]
    pub(crate) record: String,
    /// The part that each record is.
    pub(crate) part: Option<PartKind>,
    /// The table that the records are, for the joins of other files.
    pub(crate) table: Option<String>,
    /// Why the records are left out.
    pub(crate) left_out: Option<String>,
    /// The column of the state student id, or the key of the table; facilities have none.
    pub(crate) key: Option<Spanned<String>>,
    /// Whether an upload without the file is refused.
    #[serde(default = "yes")]
    pub(crate) required: bool,
    /// Whether several files of an upload may have such a name.
    #[serde(default)]
    pub(crate) several: bool,
    /// Its layout, if it is not the profile's.
    pub(crate) layout: Option<Spanned<Layout>>,
    /// A column with the postal code of the sending state; another state in it refuses the upload.
    pub(crate) state_column: Option<String>,
    /// The columns whose names have `{n}` occur so often, for n from 1.
    #[serde(default = "once")]
    pub(crate) repeat: u8,
    /// Of a student: these are further values of the student that another file has.
    #[serde(default)]
    pub(crate) adds: bool,
    /// The same student, facility or row of a student comes several times; equal ones are one.
    #[serde(default)]
    pub(crate) repeats: bool,
    /// Of a student that repeats: the column with the date that says which row is the newest, should they differ.
    pub(crate) newest: Option<Spanned<String>>,
    /// Only records with one of these texts in a column are of this kind.
    #[serde(default)]
    pub(crate) only: BTreeMap<String, Vec<String>>,
    /// Records with such a text in a column are left out, with the reason.
    #[serde(default)]
    pub(crate) except: BTreeMap<String, BTreeMap<String, String>>,
    /// Why records are left out that no description of their kind takes; without it they are refused.
    pub(crate) otherwise: Option<String>,
    /// Tables in which something is looked up. Their columns are then `NAME.column`.
    #[serde(default)]
    pub(crate) joins: BTreeMap<String, Spanned<Join>>,
    /// Columns and the data elements that they are.
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, Spanned<Target>>,
    /// Data elements that are the same in every record.
    #[serde(default)]
    pub(crate) constants: BTreeMap<String, Spanned<String>>,
    /// Columns that are left out, with the reason.
    #[serde(default)]
    pub(crate) ignored: BTreeMap<String, String>,
}

/// Where something is looked up.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Join {
    /// The table.
    pub(crate) table: String,
    /// The column with its key.
    pub(crate) by: String,
    /// Whether a record whose key is not in the table is left out; otherwise it only lacks the columns of the table.
    #[serde(default = "yes")]
    pub(crate) required: bool,
    /// The record is one row for each row of the table with its key.
    #[serde(default)]
    pub(crate) each: bool,
}

/// What the records of a description are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role<'p> {
    /// A part of a student, or a facility.
    Part(PartKind),
    /// A table in which others look something up.
    Table(&'p str),
    /// Nothing, with the reason.
    LeftOut(&'p str),
}

impl FileMap {
    /// What the records are; `None` if the profile does not say exactly one thing.
    pub(crate) fn role(&self) -> Option<Role<'_>> {
        match (self.part, self.table.as_deref(), self.left_out.as_deref()) {
            (Some(part), None, None) => Some(Role::Part(part)),
            (None, Some(table), None) => Some(Role::Table(table)),
            (None, None, Some(reason)) => Some(Role::LeftOut(reason)),
            _ => None,
        }
    }
}

fn yes() -> bool {
    true
}

fn once() -> u8 {
    1
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
    /// What the value is where the column is blank, as a canonical text.
    pub(crate) default: Option<String>,
    /// Texts that mean "not recorded" in this column, besides those of the profile.
    pub(crate) blank: Vec<String>,
    /// Texts that are left out, with the reason; they are counted.
    pub(crate) ignore: BTreeMap<String, String>,
    /// Only what follows the last one of this text counts, such as `#` in a descriptor.
    pub(crate) after: Option<String>,
    /// What stands between the texts of several columns; `+` if it is not said.
    pub(crate) between: Option<String>,
    /// How many of the last digits are decimals, where the number is sent without its mark.
    pub(crate) implied_decimals: Option<u8>,
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            to: String,
            translate: Option<String>,
            format: Option<DateFormat>,
            default: Option<String>,
            #[serde(default)]
            blank: Vec<String>,
            #[serde(default)]
            ignore: BTreeMap<String, String>,
            after: Option<String>,
            between: Option<String>,
            implied_decimals: Option<u8>,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Target;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a data element's column, or a table { to, translate, format, … }")
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
                    default: table.default,
                    blank: table.blank,
                    ignore: table.ignore,
                    after: table.after,
                    between: table.between,
                    implied_decimals: table.implied_decimals,
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
