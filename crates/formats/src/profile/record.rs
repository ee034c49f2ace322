//! What every layout yields: records with named columns. What a record is, the layout says: a row of a delimited file, a
//! line of a fixed-width file, an element of an XML vocabulary with its attributes and single children, an object of a
//! JSON resource or an object of an array within it. Behind this page nobody knows which layout it was.

use std::borrow::Cow;

use mde::Finding;

use crate::refusal::Refusal;

/// A kind of record that the profile speaks of, and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted<'p> {
    /// What the layout calls it: the code of a fixed-width line, the path of an XML element or of a JSON array; empty
    /// where every record of the file is of one kind.
    pub(crate) record: &'p str,
    /// The columns that the profile names, each once: those that it maps and those that it ignores.
    pub(crate) columns: Vec<&'p str>,
    /// Those of them that it only ignores.
    pub(crate) left_out: Vec<&'p str>,
}

/// One thing found in a file.
#[derive(Debug)]
pub(crate) enum Item<'a> {
    /// A record.
    Record {
        /// Index of its kind among the wanted ones.
        kind: usize,
        /// Line where it starts, from 1.
        line: u64,
        /// Its values in the order of [`Records::columns`], as they stand in the file; empty where it has none.
        values: Cow<'a, [Cow<'a, str>]>,
    },
    /// A record that is refused as a whole: it has not the shape of its kind, is no text, or is too long.
    Broken {
        /// Its kind, if that can be told.
        kind: Option<usize>,
        /// Line where it starts.
        line: u64,
        /// Its values as far as they could be read: they may still say of which student it is.
        values: Cow<'a, [Cow<'a, str>]>,
        /// What is wrong. The place is added by the receiver. Boxed, since it is large and rare.
        finding: Box<Finding>,
    },
    /// A column, or a record of another kind, of which the profile does not speak: told once per name, counted every
    /// time, never stored.
    Unknown {
        /// The kind of record it stands in.
        kind: Option<usize>,
        /// What the file calls it.
        name: Cow<'a, str>,
        /// Its line.
        line: u64,
    },
}

/// Reads one file record by record, in memory bounded by the limits.
pub(crate) trait Records {
    /// The names of the columns of a wanted kind, in the order of its values. Known before the first record. Layouts
    /// without a header or a table of their own answer with the wanted columns.
    fn columns(&self, kind: usize) -> Vec<&str>;

    /// The next thing; `None` at the end. A file that cannot be trusted as a whole is refused.
    fn next(&mut self) -> Result<Option<Item<'_>>, Refusal>;
}

/// Between the values of a row that is put aside (the ASCII unit separator). No data element may hold it.
pub(crate) const SEPARATOR: char = '\u{1f}';

/// Adds a value to a row that is put aside. A separator within the value becomes another control character, which the
/// data element will refuse as well.
pub(crate) fn push_value(row: &mut String, value: &str) {
    if value.as_bytes().contains(&(SEPARATOR as u8)) {
        row.extend(value.chars().map(|c| if c == SEPARATOR { '\u{1e}' } else { c }));
    } else {
        row.push_str(value);
    }
}
