//! A delimited file as records: each row is one, its columns are named by the first row or by the profile.

use std::borrow::Cow;

use mde::{Finding, FindingCode};

use super::lines::{Row, Rows, columns};
use super::record::{Item, Records};
use super::schema::Encoding;
use crate::options::Limits;
use crate::refusal::{Refusal, RefusalCode};
use crate::source::Source;

/// A delimited file. All its records are of the one kind 0.
pub(crate) struct Delimited<'s, 'r> {
    rows: Rows<'s, 'r>,
    delimiter: char,
    quoting: bool,
    encoding: Encoding,
    limit: usize,
    names: Vec<String>,
    /// The row where it had to be decoded.
    text: String,
}

impl<'s, 'r> Delimited<'s, 'r> {
    /// Reads the names of the columns, unless the profile gives them; `None` for a file without any row.
    pub(crate) fn open(
        delimiter: char,
        quoting: bool,
        given: &[String],
        encoding: Encoding,
        source: &'s mut Source<'r>,
        limits: Limits,
    ) -> Result<Option<Self>, Refusal> {
        let limit = usize::try_from(limits.record_bytes).unwrap_or(usize::MAX);
        let mut rows = Rows::new(source, quoting.then_some(delimiter as u8), limit);
        let names = if given.is_empty() {
            let Some(first) = rows.next()? else {
                return Ok(None);
            };
            header_row(&first, delimiter, quoting, encoding)?
        } else {
            given.to_vec()
        };
        Ok(Some(Self {
            rows,
            delimiter,
            quoting,
            encoding,
            limit,
            names,
            text: String::new(),
        }))
    }
}

/// The names in the first row.
fn header_row(
    first: &Row<'_>,
    delimiter: char,
    quoting: bool,
    encoding: Encoding,
) -> Result<Vec<String>, Refusal> {
    let wrong = |code, message: &str| Refusal::new(code, message).at_line(1);
    let Row::At(_, bytes) = first else {
        return Err(wrong(
            RefusalCode::WrongLayout,
            "The first row is too long to name columns.",
        ));
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.contains(&0) {
        return Err(wrong(
            RefusalCode::WrongEncoding,
            "The file is UTF-16 or no text at all.",
        ));
    }
    let text = encoding
        .decode(bytes)
        .map_err(|m| wrong(RefusalCode::WrongEncoding, m))?;
    let names = columns(&text, delimiter, quoting).ok_or_else(|| {
        wrong(
            RefusalCode::WrongLayout,
            "The quotes of the first row do not match.",
        )
    })?;
    Ok(names.iter().map(|n| n.trim().to_owned()).collect())
}

impl Records for Delimited<'_, '_> {
    fn columns(&self, _: usize) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    fn next(&mut self) -> Result<Option<Item<'_>>, Refusal> {
        let Some(row) = self.rows.next()? else {
            return Ok(None);
        };
        let broken = |line, values, code, message: String| {
            Ok(Some(Item::Broken {
                kind: Some(0),
                line,
                values: Cow::Owned(values),
                finding: Box::new(Finding::new(code, message)),
            }))
        };
        let (line, bytes) = match row {
            Row::At(line, bytes) => (line, bytes),
            Row::TooLong(line) => {
                let message = format!("The row is longer than {} bytes.", self.limit);
                return broken(line, Vec::new(), FindingCode::RowTooLong, message);
            }
        };
        let text: &str = match self.encoding.decode(bytes) {
            Ok(Cow::Borrowed(text)) => text,
            Ok(Cow::Owned(text)) => {
                self.text = text;
                &self.text
            }
            // Which student it is of cannot be told safely: its id may be what is not text.
            Err(message) => return broken(line, Vec::new(), FindingCode::NotText, message.to_owned()),
        };
        let Some(values) = columns(text, self.delimiter, self.quoting) else {
            let values = text.split(self.delimiter).map(Cow::Borrowed).collect();
            let message = "The quotes of the row do not match; it was left out.";
            return broken(line, values, FindingCode::RowShape, message.to_owned());
        };
        if values.len() != self.names.len() {
            let message = format!(
                "The row has {} columns where the first row has {}; it was left out.",
                values.len(),
                self.names.len()
            );
            return broken(line, values, FindingCode::RowShape, message);
        }
        Ok(Some(Item::Record {
            kind: 0,
            line,
            values: Cow::Owned(values),
        }))
    }
}
