//! How the records of a file are written, and the one place that knows which layouts there are.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;

use super::convert::DateFormat;
use super::delimited::Delimited;
use super::fixed::{self, Fixed};
use super::json_rows::JsonRows;
use super::record::{Records, Wanted};
use super::schema::Encoding;
use super::tree::Path;
use super::xml_rows::{self, XmlRows};
use crate::header::BatchKind;
use crate::options::Limits;
use crate::refusal::{Refusal, RefusalCode};
use crate::source::Source;

/// How the records of a file are written.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "format", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Layout {
    /// Lines of columns with a delimiter between them.
    Delimited {
        /// The character between two columns.
        delimiter: char,
        /// Whether a column may stand in double quotes, and then hold delimiters and line ends.
        quoting: bool,
        /// The names of the columns, where the first line is not one of names.
        #[serde(default)]
        columns: Vec<String>,
    },
    /// Lines of columns at fixed positions.
    Fixed(FixedLayout),
    /// XML of any vocabulary.
    Xml(XmlLayout),
    /// JSON objects in an array or one after the other.
    Json(JsonLayout),
}

/// XML of any vocabulary: each element below the root, or below an element that only groups others, is a record. Columns
/// are paths of elements and attributes below it: `Name.First`. Where a record has several rows, as a child has moves,
/// the kind of record is `Child.Move`, and the columns stay paths below `Child`: `NgsId`, `Move.Qad`. See
/// [`super::tree::Path`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct XmlLayout {
    /// The name that the root element has to have.
    pub(crate) root: Option<String>,
    /// Elements that only group records.
    #[serde(default)]
    pub(crate) groups: Vec<String>,
    /// Attributes of the root that say what the file is.
    pub(crate) header: Option<HeaderAttributes>,
    /// Namespaces whose descriptors, `uri://ed-fi.org/SexDescriptor#Male`, are cut down to their code, `Male`.
    #[serde(default)]
    pub(crate) descriptors: Vec<String>,
}

/// The attributes of a root element that say what the file is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeaderAttributes {
    /// Postal code of the sending state.
    pub(crate) state: Option<String>,
    /// Says full or delta.
    pub(crate) kind: Option<String>,
    /// The text that means full.
    #[serde(default)]
    pub(crate) full: String,
    /// The text that means delta.
    #[serde(default)]
    pub(crate) delta: String,
    /// The day that the content speaks of.
    pub(crate) date: Option<String>,
    /// The format of that day.
    pub(crate) date_format: Option<DateFormat>,
}

/// JSON objects in an array or one after the other; each is a record. Columns are paths of properties:
/// `studentReference.studentUniqueId`. Where an object has several rows, the kind of record is the path of their array,
/// `requiredImmunizations.dates`, and the columns stay paths from the object. See [`super::tree::Path`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JsonLayout {
    /// The property with the array, where the file is an object that holds it.
    pub(crate) array: Option<String>,
    /// Namespaces whose descriptors, `uri://ed-fi.org/SexDescriptor#Male`, are cut down to their code, `Male`.
    #[serde(default)]
    pub(crate) descriptors: Vec<String>,
}

/// Lines of columns at fixed positions. Positions count characters.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FixedLayout {
    /// Where the code of the record stands, if the file holds records of several kinds.
    pub(crate) code: Option<At>,
    /// The columns, if all lines are of one kind.
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, At>,
    /// The columns of each kind of record, by its code.
    #[serde(default)]
    pub(crate) records: BTreeMap<String, BTreeMap<String, At>>,
    /// A first line that says what the file is.
    pub(crate) header: Option<HeaderLine>,
    /// A last line that counts the lines before it.
    pub(crate) trailer: Option<TrailerLine>,
    /// Whether blanks at the end of a line may have been cut off. Where not, a short line is a damaged one.
    #[serde(default)]
    pub(crate) blanks_cut: bool,
}

/// The first line of a fixed-width file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeaderLine {
    /// The text with which it starts, such as its record code.
    pub(crate) starts: String,
    /// Postal code of the sending state.
    pub(crate) state: Option<At>,
    /// Where it says full or delta.
    pub(crate) kind: Option<At>,
    /// The text that means full.
    #[serde(default)]
    pub(crate) full: String,
    /// The text that means delta.
    #[serde(default)]
    pub(crate) delta: String,
    /// The day that the content speaks of.
    pub(crate) date: Option<At>,
    /// The format of that day.
    pub(crate) date_format: Option<DateFormat>,
}

/// The last line of a fixed-width file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrailerLine {
    /// The text with which it starts.
    pub(crate) starts: String,
    /// Where the number of lines between header and trailer stands.
    pub(crate) count: At,
}

/// A position: the first character, from 1, and the number of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "[usize; 2]")]
pub(crate) struct At {
    /// Characters before it.
    pub(crate) from: usize,
    /// Characters up to its end.
    pub(crate) to: usize,
}

impl TryFrom<[usize; 2]> for At {
    type Error = String;

    fn try_from([start, width]: [usize; 2]) -> Result<Self, String> {
        if start == 0 || width == 0 || start > 100_000 || width > 100_000 {
            return Err("a position is [first character from 1, number of characters]".into());
        }
        Ok(Self {
            from: start - 1,
            to: start - 1 + width,
        })
    }
}

/// What a file says of itself before its first record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The sending state.
    pub(crate) state: Option<String>,
    /// Full or delta.
    pub(crate) kind: Option<BatchKind>,
    /// The instant that the content speaks of.
    pub(crate) as_of: Option<DateTime<Utc>>,
}

impl Head {
    /// What the texts of a header say: the text that says full or delta with those that mean it, and the day with its
    /// format. `of` names the header in the refusal.
    pub(crate) fn read(
        of: &str,
        state: Option<&str>,
        kind: Option<(&str, &str, &str)>,
        day: Option<(&str, &DateFormat)>,
    ) -> Result<Self, Refusal> {
        let wrong = |message: String| Refusal::new(RefusalCode::Header, message);
        let kind = kind.map(|(said, full, delta)| match said {
            _ if said == full => Ok(BatchKind::Full),
            _ if said == delta => Ok(BatchKind::Delta),
            _ => Err(wrong(format!("The {of} says neither {full} nor {delta}."))),
        });
        let as_of = day.map(|(said, format)| {
            let day = format.canonical(said).and_then(|d| d.parse::<NaiveDate>().ok());
            day.map(|day| day.and_time(NaiveTime::MIN).and_utc())
                .ok_or_else(|| wrong(format!("The {of} has no date written {format}.")))
        });
        Ok(Self {
            state: state.map(str::to_owned),
            kind: kind.transpose()?,
            as_of: as_of.transpose()?,
        })
    }
}

impl Layout {
    /// What is wrong with the name of a kind of record, where it has a form.
    pub(crate) fn record_problem(&self, record: &str) -> Option<String> {
        match self {
            Self::Delimited { .. } | Self::Fixed(_) => None,
            Self::Xml(_) if record.is_empty() => Some("record names the element".into()),
            Self::Json(_) if record.is_empty() => None,
            Self::Xml(_) | Self::Json(_) => Path::parse(record).err(),
        }
    }

    /// What is wrong with the name of a column, where it has a form.
    pub(crate) fn column_problem(&self, column: &str) -> Option<String> {
        match self {
            Self::Delimited { .. } | Self::Fixed(_) => None,
            Self::Xml(_) | Self::Json(_) => Path::parse_column(column).err(),
        }
    }

    /// What is wrong with it.
    pub(crate) fn problem(&self) -> Option<String> {
        match self {
            Self::Delimited { delimiter, .. }
                if !delimiter.is_ascii() || matches!(delimiter, '"' | '\n' | '\r' | '\0') =>
            {
                Some("the delimiter is one ASCII character, and neither a quote nor a line end".into())
            }
            Self::Delimited { .. } | Self::Json(_) => None,
            Self::Fixed(layout) => fixed::problem(layout),
            Self::Xml(layout) => xml_rows::problem(layout),
        }
    }

    /// What a file says of itself; refuses a file whose header cannot be read.
    pub(crate) fn head(&self, encoding: Encoding, source: &mut Source<'_>) -> Result<Head, Refusal> {
        match self {
            Self::Delimited { .. } | Self::Json(_) => Ok(Head::default()),
            Self::Fixed(layout) => fixed::head(layout, encoding, source),
            Self::Xml(layout) => xml_rows::head(layout, source),
        }
    }

    /// Whether [`Layout::head`] has anything to say.
    pub(crate) fn has_head(&self) -> bool {
        match self {
            Self::Delimited { .. } | Self::Json(_) => false,
            Self::Fixed(layout) => layout.header.is_some(),
            Self::Xml(layout) => layout.header.is_some(),
        }
    }

    /// Reads a file; `None` if it is empty, which is a file without rows. `wanted` are the kinds of records that the
    /// profile speaks of; [`super::record::Item`] names them by their index.
    pub(crate) fn open<'s>(
        &'s self,
        encoding: Encoding,
        wanted: &'s [Wanted<'s>],
        source: &'s mut Source<'_>,
        limits: Limits,
    ) -> Result<Option<Box<dyn Records + 's>>, Refusal> {
        Ok(match self {
            Self::Delimited {
                delimiter,
                quoting,
                columns,
            } => Delimited::open(*delimiter, *quoting, columns, encoding, source, limits)?
                .map(|r| Box::new(r) as Box<dyn Records + 's>),
            Self::Fixed(layout) => Some(Box::new(Fixed::open(layout, encoding, wanted, source, limits))),
            Self::Xml(layout) => Some(Box::new(XmlRows::open(layout, wanted, source, limits)?)),
            Self::Json(layout) => Some(Box::new(JsonRows::open(layout, wanted, source, limits)?)),
        })
    }
}
