//! A cell, and why it is never a formula.
//!
//! A program that opens a CSV file runs a field as a formula if its text starts with one of a few characters (OWASP,
//! "CSV Injection"): such a text gets an apostrophe before it, which spreadsheets take for "this is text". In a
//! workbook a text says of itself that it is text; there the same mark is a property of the cell, and the text stays as
//! it is. Numbers are written only by this program and need no guard.

use std::borrow::Cow;

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Nothing.
    Empty,
    /// A whole number.
    Number(i64),
    /// A text, whoever wrote it.
    Text(Cow<'a, str>),
    /// The same, marked in a workbook as something to be corrected.
    Marked(Cow<'a, str>),
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        if text.is_empty() {
            Self::Empty
        } else {
            Self::Text(text.into())
        }
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        if text.is_empty() {
            Self::Empty
        } else {
            Self::Text(text.into())
        }
    }
}

impl From<i64> for Cell<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// Whether a spreadsheet could take a text for a formula: the characters of OWASP with their full-width forms, also
/// behind blanks, which some programs cut off first.
#[must_use]
pub fn looks_like_formula(text: &str) -> bool {
    text.starts_with(['\t', '\r', '\n'])
        || text
            .trim_start()
            .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// A text as a field of CSV that no spreadsheet runs.
#[must_use]
pub fn guarded(text: &str) -> Cow<'_, str> {
    let text = printable(text);
    if looks_like_formula(&text) {
        Cow::Owned(format!("'{text}"))
    } else {
        text
    }
}

/// Control characters, which XML cannot hold and terminals obey, become the replacement character.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let bad = |c: char| {
        (c.is_control() && !matches!(c, '\t' | '\r' | '\n')) || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    if text.contains(bad) {
        Cow::Owned(text.replace(bad, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_starts_like_a_formula_is_guarded_and_nothing_else() {
        for formula in [
            "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\u{a0}=1", "＝1", "－1",
            "\u{0}=1",
        ] {
            let field = guarded(formula);
            let first = field.chars().next();
            assert!(matches!(first, Some('\'' | '\u{fffd}')), "{formula:?}: {field:?}");
        }
        for text in ["", "Nuñez", "2026-01-01", "a=b", "'=1", "007", " x"] {
            assert_eq!(guarded(text), text);
        }
    }

    #[test]
    fn empty_texts_are_empty_cells() {
        assert_eq!(Cell::from(""), Cell::Empty);
        assert_eq!(Cell::from(String::new()), Cell::Empty);
        assert_eq!(Cell::from(None::<i64>), Cell::Empty);
        assert_eq!(Cell::from(Some("x")), Cell::Text("x".into()));
    }
}
