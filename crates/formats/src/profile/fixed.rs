//! A fixed-width file as records: each line is one, its kind is told by a code at a fixed position.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveTime};
use mde::{Finding, FindingCode};

use super::layout::{At, FixedLayout, Head};
use super::lines::{Row, Rows};
use super::record::{Item, Records, Wanted};
use super::schema::Encoding;
use crate::header::BatchKind;
use crate::options::Limits;
use crate::refusal::{Refusal, RefusalCode};
use crate::source::Source;

/// What is wrong with a line.
type Problem = (FindingCode, String);
/// A line, and whether it could be read.
type Line = (u64, Result<(), Problem>);

/// Bytes in which the header line ends.
const HEAD: usize = 4096;

/// A fixed-width file.
pub(crate) struct Fixed<'s, 'r> {
    rows: Rows<'s, 'r>,
    layout: &'s FixedLayout,
    encoding: Encoding,
    kinds: Vec<Kind<'s>>,
    limit: usize,
    /// The line.
    text: String,
    /// Lines that are neither header nor trailer.
    lines: u64,
    header_read: bool,
    trailer_read: bool,
}

/// A kind of record with its columns, in the order of their positions.
struct Kind<'s> {
    code: &'s str,
    columns: Vec<(&'s str, At)>,
    width: usize,
}

impl<'s, 'r> Fixed<'s, 'r> {
    /// Nothing is read before the first record.
    pub(crate) fn open(
        layout: &'s FixedLayout,
        encoding: Encoding,
        wanted: &[Wanted<'s>],
        source: &'s mut Source<'r>,
        limits: Limits,
    ) -> Self {
        let limit = usize::try_from(limits.record_bytes).unwrap_or(usize::MAX);
        let kinds = wanted
            .iter()
            .map(|wanted| {
                let table = layout.records.get(wanted.record).unwrap_or(&layout.columns);
                let mut columns: Vec<_> = table.iter().map(|(name, at)| (name.as_str(), *at)).collect();
                columns.sort_by_key(|(_, at)| *at);
                Kind {
                    code: wanted.record,
                    width: columns.iter().map(|(_, at)| at.to).max().unwrap_or(0),
                    columns,
                }
            })
            .collect();
        Self {
            rows: Rows::new(source, None, limit),
            layout,
            encoding,
            kinds,
            limit,
            text: String::new(),
            lines: 0,
            header_read: layout.header.is_none(),
            trailer_read: false,
        }
    }
}

impl Fixed<'_, '_> {
    /// The next line of a record into `text`, or what is wrong with it. Header and trailer are held against what the
    /// profile says on the way.
    fn next_line(&mut self) -> Result<Option<Line>, Refusal> {
        loop {
            let (line, bytes) = match self.rows.next()? {
                None => return end(self.layout, self.trailer_read),
                Some(Row::At(line, bytes)) => (line, bytes),
                Some(Row::TooLong(line)) => {
                    self.lines += 1;
                    let message = format!("The line is longer than {} bytes.", self.limit);
                    return Ok(Some((line, Err((FindingCode::RowTooLong, message)))));
                }
            };
            if self.trailer_read {
                let message = "A line follows the trailer.";
                return Err(Refusal::new(RefusalCode::WrongLayout, message).at_line(line));
            }
            if let (false, Some(header)) = (self.header_read, &self.layout.header) {
                // What it says was read with the upload's header.
                self.header_read = true;
                if bytes.starts_with(header.starts.as_bytes()) {
                    continue;
                }
                return Err(no_header(&header.starts));
            }
            if let Some(trailer) = &self.layout.trailer
                && bytes.starts_with(trailer.starts.as_bytes())
            {
                self.trailer_read = true;
                let text = String::from_utf8_lossy(bytes);
                let said = slice(&text, trailer.count).trim().parse::<u64>().ok();
                if said != Some(self.lines) {
                    return Err(wrong_count(said, self.lines).at_line(line));
                }
                continue;
            }
            self.lines += 1;
            let decoded = match self.encoding.decode(bytes) {
                Ok(text) => {
                    self.text.clear();
                    self.text.push_str(&text);
                    Ok(())
                }
                Err(message) => Err((FindingCode::NotText, message.to_owned())),
            };
            return Ok(Some((line, decoded)));
        }
    }
}

impl Records for Fixed<'_, '_> {
    fn columns(&self, kind: usize) -> Vec<&str> {
        self.kinds[kind].columns.iter().map(|(name, _)| *name).collect()
    }

    fn next(&mut self) -> Result<Option<Item<'_>>, Refusal> {
        let (line, text) = match self.next_line()? {
            None => return Ok(None),
            Some((line, Ok(()))) => (line, self.text.as_str()),
            Some((line, Err((code, message)))) => return Ok(Some(broken(None, line, code, message))),
        };
        let index = match self.layout.code {
            None => (!self.kinds.is_empty()).then_some(0),
            Some(at) => {
                let code = slice(text, at).trim();
                self.kinds.iter().position(|k| k.code == code)
            }
        };
        let Some(index) = index else {
            let code = self.layout.code.map_or("", |at| slice(text, at));
            let message = "The code of the record is none that the profile describes; the line was left out.";
            let finding = Finding::new(FindingCode::RowShape, message).received(code);
            return Ok(Some(Item::Broken {
                kind: None,
                line,
                values: Cow::Borrowed(&[]),
                finding: Box::new(finding),
            }));
        };
        let kind = &self.kinds[index];
        let (values, width) = cut(text, &kind.columns);
        let short = width < kind.width && !self.layout.blanks_cut;
        let values = Cow::Owned(values);
        if short || (width > kind.width && !after(text, kind.width).trim().is_empty()) {
            let message = format!(
                "The line has {width} characters where the layout has {}; it was left out.",
                kind.width
            );
            let finding = Box::new(Finding::new(FindingCode::RowShape, message));
            return Ok(Some(Item::Broken {
                kind: Some(index),
                line,
                values,
                finding,
            }));
        }
        Ok(Some(Item::Record {
            kind: index,
            line,
            values,
        }))
    }
}

fn end<T>(layout: &FixedLayout, trailer_read: bool) -> Result<Option<T>, Refusal> {
    match &layout.trailer {
        Some(trailer) if !trailer_read => Err(Refusal::new(
            RefusalCode::Truncated,
            format!(
                "The file ends without the line {} that counts its lines.",
                trailer.starts
            ),
        )),
        _ => Ok(None),
    }
}

fn broken<'a>(kind: Option<usize>, line: u64, code: FindingCode, message: String) -> Item<'a> {
    Item::Broken {
        kind,
        line,
        values: Cow::Borrowed(&[]),
        finding: Box::new(Finding::new(code, message)),
    }
}

fn no_header(starts: &str) -> Refusal {
    let message = format!("The first line is not the header line, which starts with {starts}.");
    Refusal::new(RefusalCode::WrongLayout, message).at_line(1)
}

fn wrong_count(said: Option<u64>, found: u64) -> Refusal {
    let message = match said {
        Some(said) => format!("The last line counts {said} lines, the file has {found}."),
        None => "The last line does not say how many lines the file has.".to_owned(),
    };
    Refusal::new(RefusalCode::Truncated, message)
}

/// The values at their positions, and the characters of the line.
fn cut<'a>(text: &'a str, columns: &[(&str, At)]) -> (Vec<Cow<'a, str>>, usize) {
    if text.is_ascii() {
        // Bytes are characters.
        let value = |at: At| &text[at.from.min(text.len())..at.to.min(text.len())];
        let values = columns.iter().map(|(_, at)| Cow::Borrowed(value(*at))).collect();
        return (values, text.len());
    }
    let mut starts: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
    let width = starts.len();
    starts.push(text.len());
    let value = |at: At| &text[starts[at.from.min(width)]..starts[at.to.min(width)]];
    let values = columns.iter().map(|(_, at)| Cow::Borrowed(value(*at))).collect();
    (values, width)
}

/// The characters at a position, as far as the line goes.
fn slice(text: &str, at: At) -> &str {
    let rest = after(text, at.from);
    let end = rest
        .char_indices()
        .nth(at.to - at.from)
        .map_or(rest.len(), |(i, _)| i);
    &rest[..end]
}

fn after(text: &str, characters: usize) -> &str {
    text.char_indices()
        .nth(characters)
        .map_or("", |(i, _)| &text[i..])
}

/// What the header line says.
pub(crate) fn head(
    layout: &FixedLayout,
    encoding: Encoding,
    source: &mut Source<'_>,
) -> Result<Head, Refusal> {
    let Some(header) = &layout.header else {
        return Ok(Head::default());
    };
    let wrong = |message: String| Refusal::new(RefusalCode::Header, message).at_line(1);
    let mut bytes = vec![0; HEAD];
    let filled = source.fill(&mut bytes)?;
    let end = memchr::memchr2(b'\n', b'\r', &bytes[..filled]).unwrap_or(filled);
    let text = encoding
        .decode(&bytes[..end])
        .map_err(|m| Refusal::new(RefusalCode::WrongEncoding, m).at_line(1))?;
    if !text.starts_with(&header.starts) {
        return Err(no_header(&header.starts));
    }
    let mut head = Head::default();
    if let Some(at) = header.state {
        head.state = Some(slice(&text, at).trim().to_owned());
    }
    if let Some(at) = header.kind {
        let said = slice(&text, at).trim();
        head.kind = Some(if said == header.full {
            BatchKind::Full
        } else if said == header.delta {
            BatchKind::Delta
        } else {
            let message = format!(
                "The header line says neither {} nor {}.",
                header.full, header.delta
            );
            return Err(wrong(message));
        });
    }
    if let (Some(at), Some(format)) = (header.date, &header.date_format) {
        let day = format
            .canonical(slice(&text, at).trim())
            .and_then(|d| d.parse::<NaiveDate>().ok())
            .ok_or_else(|| wrong(format!("The header line has no date written {format}.")))?;
        head.as_of = Some(day.and_time(NaiveTime::MIN).and_utc());
    }
    Ok(head)
}

/// What is wrong with a layout.
pub(crate) fn problem(layout: &FixedLayout) -> Option<String> {
    if layout.code.is_some() == layout.records.is_empty() {
        return Some(
            "code says where the code of a record stands, and records has the columns of each code".into(),
        );
    }
    if layout.records.is_empty() == layout.columns.is_empty() {
        return Some("a fixed layout has either columns or records".into());
    }
    if let Some(header) = &layout.header {
        if header.kind.is_some() && (header.full.is_empty() || header.delta.is_empty()) {
            return Some("a header with kind says which text is full and which is delta".into());
        }
        match (&header.date, &header.date_format) {
            (None, None) => {}
            (Some(_), Some(format)) if format.has_day() => {}
            _ => return Some("a header with date has a date_format with a day".into()),
        }
    }
    let tables = layout.records.values().chain([&layout.columns]);
    for table in tables {
        let mut columns: Vec<_> = table.iter().collect();
        columns.sort_by_key(|(_, at)| **at);
        for pair in columns.windows(2) {
            if pair[0].1.to > pair[1].1.from {
                return Some(format!("the columns {} and {} overlap", pair[0].0, pair[1].0));
            }
        }
    }
    None
}
