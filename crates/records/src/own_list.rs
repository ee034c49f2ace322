//! A list that a state or district sends beside its uploads, as CSV with a header: read strictly, and named line by line
//! where it is wrong. What is in it is not echoed.

use std::collections::HashMap;

use chrono::NaiveDate;

/// Bytes of the longest list.
pub const MAX_BYTES: usize = 64 << 20;

/// The column that every list has: the state's identifier of the student (data element 2).
pub const ID: &str = "state_student_id";

/// Why a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Nothing in it.
    #[error("the list is empty: send a header and at least one line")]
    Empty,
    /// Longer than allowed.
    #[error("the list has more than {} MB", MAX_BYTES >> 20)]
    TooLong,
    /// Not UTF-8.
    #[error("the list is not UTF-8: save it as \"CSV UTF-8\"")]
    NotText,
    /// Not CSV.
    #[error("line {line} is not CSV like the header: it has {found} fields, the header {wanted}")]
    NotCsv {
        /// Where.
        line: u64,
        /// Fields found.
        found: u64,
        /// Fields of the header.
        wanted: u64,
    },
    /// Quotes that do not end, or the like.
    #[error("the list cannot be read as CSV: {0}")]
    Unreadable(String),
    /// A column is missing.
    #[error("the list has no column {wanted}; it has {found}")]
    NoColumn {
        /// The column.
        wanted: &'static str,
        /// The columns that it has.
        found: String,
    },
    /// A column stands twice.
    #[error("the column {0} stands twice in the header")]
    ColumnTwice(String),
    /// A line names nobody.
    #[error("line {0} has no {ID}")]
    NoId(u64),
    /// A student stands twice.
    #[error("line {line} names the same {ID} as line {first}")]
    Twice {
        /// The second.
        line: u64,
        /// The first.
        first: u64,
    },
    /// A date is none.
    #[error("line {line}: {column} is no date; write it as 2012-04-23 or 04/23/2012")]
    NotDate {
        /// Where.
        line: u64,
        /// In which column.
        column: &'static str,
    },
    /// A value is none of those that are known.
    #[error("line {line}: {column} is none of {allowed}")]
    NotOneOf {
        /// Where.
        line: u64,
        /// In which column.
        column: &'static str,
        /// What it may be.
        allowed: &'static str,
    },
}

/// A list, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnList {
    columns: HashMap<String, usize>,
    rows: Vec<(u64, csv::StringRecord)>,
}

impl OwnList {
    /// Reads a list that has at least these columns and [`ID`]; others may be there. Each student stands once.
    pub fn read(bytes: &[u8], required: &[&'static str]) -> Result<Self, ListError> {
        if bytes.len() > MAX_BYTES {
            return Err(ListError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ListError::NotText)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut csv = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let columns = columns(csv.headers().map_err(|e| unreadable(text, &e))?)?;
        for wanted in std::iter::once(&ID).chain(required) {
            if !columns.contains_key(*wanted) {
                let mut found: Vec<&str> = columns.keys().map(String::as_str).collect();
                found.sort_unstable();
                return Err(ListError::NoColumn {
                    wanted,
                    found: found.join(", "),
                });
            }
        }
        let mut list = Self {
            columns,
            rows: Vec::new(),
        };
        let mut seen: HashMap<String, u64> = HashMap::new();
        for record in csv.records() {
            let record = record.map_err(|e| unreadable(text, &e))?;
            let line = record.position().map_or(0, |start| line_of(text, start));
            if record.iter().all(str::is_empty) {
                continue;
            }
            let row = Line {
                list: &list,
                at: line,
                record: &record,
            };
            let id = row.text(ID).ok_or(ListError::NoId(line))?.to_owned();
            if let Some(first) = seen.insert(id, line) {
                return Err(ListError::Twice { line, first });
            }
            list.rows.push((line, record));
        }
        if list.rows.is_empty() {
            return Err(ListError::Empty);
        }
        Ok(list)
    }

    /// Its lines.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.rows.iter().map(|(line, record)| Line {
            list: self,
            at: *line,
            record,
        })
    }
}

/// Where each column of a header stands, by its name in lower case with underscores.
pub(crate) fn columns(header: &csv::StringRecord) -> Result<HashMap<String, usize>, ListError> {
    let mut columns = HashMap::new();
    for (at, name) in header.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        let name = name.to_lowercase().replace([' ', '-'], "_");
        if columns.insert(name.clone(), at).is_some() {
            return Err(ListError::ColumnTwice(name));
        }
    }
    if columns.is_empty() {
        return Err(ListError::Empty);
    }
    Ok(columns)
}

/// The line of a record: its reader says where it began to look, and skips what is left of the line before and blank
/// lines.
pub(crate) fn line_of(text: &str, start: &csv::Position) -> u64 {
    let from = usize::try_from(start.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    let skipped = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    start.line() + skipped.filter(|byte| **byte == b'\n').count() as u64
}

/// What is wrong with the CSV, in words of ours.
pub(crate) fn unreadable(text: &str, error: &csv::Error) -> ListError {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => ListError::NotCsv {
            line: pos.as_ref().map_or(0, |start| line_of(text, start)),
            found: *len,
            wanted: *expected_len,
        },
        csv::ErrorKind::Utf8 { .. } => ListError::NotText,
        _ => ListError::Unreadable("a quote is opened and never closed, or the file is cut".to_owned()),
    }
}

/// A line of a list.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    list: &'a OwnList,
    at: u64,
    record: &'a csv::StringRecord,
}

impl<'a> Line<'a> {
    /// Where it stands.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.at
    }

    /// The student's identifier.
    #[must_use]
    pub fn id(&self) -> &'a str {
        self.text(ID).unwrap_or_default()
    }

    /// What stands in a column; nothing if it is empty, or the list does not have it.
    #[must_use]
    pub fn text(&self, column: &str) -> Option<&'a str> {
        let at = *self.list.columns.get(column)?;
        self.record.get(at).filter(|text| !text.is_empty())
    }

    /// The same as a date.
    pub fn date(&self, column: &'static str) -> Result<Option<NaiveDate>, ListError> {
        let Some(text) = self.text(column) else {
            return Ok(None);
        };
        let date = ["%Y-%m-%d", "%m/%d/%Y"]
            .iter()
            .find_map(|form| NaiveDate::parse_from_str(text, form).ok());
        date.map(Some).ok_or(ListError::NotDate {
            line: self.at,
            column,
        })
    }

    /// The same as one of some words, upper or lower case; `allowed` says which there are.
    pub fn one_of<T>(
        &self,
        column: &'static str,
        allowed: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ListError> {
        let Some(text) = self.text(column) else {
            return Ok(None);
        };
        let word = read(&text.to_lowercase());
        word.map(Some).ok_or(ListError::NotOneOf {
            line: self.at,
            column,
            allowed,
        })
    }
}

/// Yes or no as lists write it.
#[must_use]
pub fn yes_or_no(word: &str) -> Option<bool> {
    match word {
        "y" | "yes" | "true" | "1" => Some(true),
        "n" | "no" | "false" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<OwnList, ListError> {
        OwnList::read(text.as_bytes(), &["birth_date"])
    }

    #[test]
    fn a_list_is_read_by_its_header() {
        let list =
            read("\u{feff}Birth Date, State-Student-ID ,homeless\n2012-04-23,007,Yes\n\n04/24/2012, A 1 ,\n");
        let list = list.unwrap();
        let lines: Vec<_> = list.lines().collect();
        assert_eq!(
            (lines[0].id(), lines[1].id(), lines[1].number()),
            ("007", "A 1", 4)
        );
        let date = |at: usize| lines[at].date("birth_date").unwrap().unwrap().to_string();
        assert_eq!((date(0), date(1)), ("2012-04-23".into(), "2012-04-24".into()));
        assert_eq!(lines[0].one_of("homeless", "yes, no", yes_or_no), Ok(Some(true)));
        assert_eq!(lines[1].one_of("homeless", "yes, no", yes_or_no), Ok(None));
        let list = read("state_student_id,birth_date\r\n1,\r\n\r\n2,\r\n").unwrap();
        let numbers: Vec<u64> = list.lines().map(|line| line.number()).collect();
        assert_eq!(numbers, [2, 4]);
        assert_eq!(lines[0].text("elsewhere"), None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |text: &str| read(text).unwrap_err();
        assert_eq!(wrong(""), ListError::Empty);
        assert_eq!(wrong("state_student_id,birth_date\n"), ListError::Empty);
        assert_eq!(
            wrong("id,birth_date\n1,2012-01-01\n"),
            ListError::NoColumn {
                wanted: ID,
                found: "birth_date, id".into()
            }
        );
        assert!(matches!(
            wrong("state_student_id\n1\n"),
            ListError::NoColumn {
                wanted: "birth_date",
                ..
            }
        ));
        let head = "state_student_id,birth_date\n";
        assert_eq!(
            wrong(&format!("{head}1,\n2,\n1,\n")),
            ListError::Twice { line: 4, first: 2 }
        );
        assert_eq!(wrong(&format!("{head},2012-01-01\n")), ListError::NoId(2));
        assert_eq!(
            wrong(&format!("{head}1,2,3\n")),
            ListError::NotCsv {
                line: 2,
                found: 3,
                wanted: 2
            }
        );
        assert_eq!(
            wrong("state_student_id,birth date,Birth_Date\n"),
            ListError::ColumnTwice("birth_date".into())
        );
        assert_eq!(
            OwnList::read(b"state_student_id\n\xff\n", &[]),
            Err(ListError::NotText)
        );
        let list = read(&format!("{head}1,31/31/2012\n")).unwrap();
        let line = list.lines().next().unwrap();
        assert_eq!(
            line.date("birth_date"),
            Err(ListError::NotDate {
                line: 2,
                column: "birth_date"
            })
        );
        assert!(line.one_of("birth_date", "yes, no", yes_or_no).is_err());
    }
}
