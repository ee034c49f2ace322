//! The rows of a delimited file, in bounded memory and with their lines.

use crate::refusal::Refusal;
use crate::source::Source;

/// Bytes read at a time.
const CHUNK: usize = 64 << 10;
/// A quoted column may hold so many line ends. Beyond, a quote is missing, and only its line is lost.
const QUOTED_LINES: usize = 100;

/// One row as it stands in the file, without its line end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Row<'a> {
    /// A row that starts at a line.
    At(u64, &'a [u8]),
    /// A row longer than a record may be; it was skipped.
    TooLong(u64),
}

/// Reads a file row by row.
pub(crate) struct Rows<'s, 'r> {
    source: &'s mut Source<'r>,
    buffer: Vec<u8>,
    next: usize,
    line: u64,
    at_end: bool,
    quoting: Option<u8>,
    limit: usize,
}

impl<'s, 'r> Rows<'s, 'r> {
    /// `quoting` is the delimiter, if columns may stand in quotes; `limit` the bytes of a row.
    pub(crate) fn new(source: &'s mut Source<'r>, quoting: Option<u8>, limit: usize) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            next: 0,
            line: 1,
            at_end: false,
            quoting,
            limit,
        }
    }

    /// The next row that is not empty.
    pub(crate) fn next(&mut self) -> Result<Option<Row<'_>>, Refusal> {
        loop {
            let line = self.line;
            let (length, taken) = match self.row_length() {
                Some(found) => found,
                None if !self.at_end && self.buffer.len() - self.next <= self.limit => {
                    self.fill()?;
                    continue;
                }
                None if self.buffer.len() - self.next > self.limit => {
                    self.skip_line()?;
                    return Ok(Some(Row::TooLong(line)));
                }
                None => {
                    let rest = self.buffer.len() - self.next;
                    if rest == 0 {
                        return Ok(None);
                    }
                    (rest, rest)
                }
            };
            let start = self.next;
            self.next += taken;
            self.line += memchr::memchr_iter(b'\n', &self.buffer[start..self.next]).count() as u64;
            if length > self.limit {
                return Ok(Some(Row::TooLong(line)));
            }
            let ended_by_cr = self.buffer[start..start + length].ends_with(b"\r");
            let end = start + length - usize::from(ended_by_cr);
            if end > start {
                return Ok(Some(Row::At(line, &self.buffer[start..end])));
            }
        }
    }

    /// Bytes of the next row without and with its line end, if it ends within the buffer.
    fn row_length(&self) -> Option<(usize, usize)> {
        let rest = &self.buffer[self.next..];
        let first_line = memchr::memchr(b'\n', rest);
        let end = match (self.quoting, first_line) {
            // Most rows of a quoted file have no quote in them.
            (Some(delimiter), Some(end)) if rest[..end].contains(&b'"') => {
                quoted_end(rest, delimiter, end, self.at_end)?
            }
            (_, end) => end?,
        };
        Some((end, end + 1))
    }

    fn fill(&mut self) -> Result<(), Refusal> {
        self.buffer.drain(..self.next);
        self.next = 0;
        let filled = self.buffer.len();
        self.buffer.resize(filled + CHUNK, 0);
        let more = self.source.fill(&mut self.buffer[filled..])?;
        self.buffer.truncate(filled + more);
        self.at_end = more < CHUNK;
        Ok(())
    }

    /// Skips to the next line end, however far it is.
    fn skip_line(&mut self) -> Result<(), Refusal> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.buffer[self.next..]) {
                self.next += end + 1;
                self.line += 1;
                return Ok(());
            }
            self.next = self.buffer.len();
            if self.at_end {
                return Ok(());
            }
            self.fill()?;
        }
    }
}

/// Where a row with quotes ends. Where a quote is not closed within reach, the row ends with its first line.
fn quoted_end(rest: &[u8], delimiter: u8, first_line: usize, at_end: bool) -> Option<usize> {
    let mut quoted = false;
    let mut starts = true;
    let mut lines = 0;
    for (position, byte) in rest.iter().enumerate() {
        match byte {
            b'"' if quoted => quoted = false,
            // A doubled quote inside closes and opens again.
            b'"' if starts || (position > 0 && rest[position - 1] == b'"') => quoted = true,
            b'\n' if !quoted => return Some(position),
            b'\n' => {
                lines += 1;
                if lines > QUOTED_LINES {
                    return Some(first_line);
                }
            }
            _ => {}
        }
        starts = !quoted && *byte == delimiter;
    }
    match (at_end, quoted) {
        (true, true) => Some(first_line),
        _ => None,
    }
}

/// The columns of a row; `None` if the quotes are wrong.
pub(crate) fn columns(row: &str, delimiter: char, quoting: bool) -> Option<Vec<std::borrow::Cow<'_, str>>> {
    let mut columns = Vec::with_capacity(32);
    if !quoting || !row.contains('"') {
        columns.extend(row.split(delimiter).map(Into::into));
        return Some(columns);
    }
    let mut rest = row;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut text = String::new();
            let mut inside = quoted;
            loop {
                let close = inside.find('"')?;
                text.push_str(&inside[..close]);
                inside = &inside[close + 1..];
                match inside.strip_prefix('"') {
                    Some(after) => {
                        text.push('"');
                        inside = after;
                    }
                    None => break,
                }
            }
            columns.push(text.into());
            match inside.strip_prefix(delimiter) {
                Some(after) => rest = after,
                None if inside.is_empty() => return Some(columns),
                None => return None,
            }
        } else {
            match rest.split_once(delimiter) {
                Some((column, after)) => {
                    columns.push(column.into());
                    rest = after;
                }
                None => {
                    columns.push(rest.into());
                    return Some(columns);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8], quoting: Option<u8>, limit: usize) -> Vec<(u64, Option<String>)> {
        let mut reader = text;
        let mut source = Source::new(&mut reader, 1 << 30);
        let mut rows = Rows::new(&mut source, quoting, limit);
        let mut out = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            out.push(match row {
                Row::At(line, bytes) => (line, Some(String::from_utf8_lossy(bytes).into_owned())),
                Row::TooLong(line) => (line, None),
            });
        }
        out
    }

    fn some(expected: &[(u64, &str)]) -> Vec<(u64, Option<String>)> {
        expected
            .iter()
            .map(|(line, text)| (*line, Some((*text).to_owned())))
            .collect()
    }

    #[test]
    fn rows_with_their_lines() {
        assert_eq!(
            rows(b"a|b\r\n\r\nc|\"d\r\n", None, 100),
            some(&[(1, "a|b"), (3, "c|\"d")])
        );
        assert_eq!(rows(b"a\nb", None, 100), some(&[(1, "a"), (2, "b")]));
        assert_eq!(rows(b"", None, 100), []);
    }

    #[test]
    fn a_quoted_column_may_hold_a_line_end() {
        let text = b"a,\"b\nc\"\"\n\",d\ne,\"f\"";
        assert_eq!(
            rows(text, Some(b','), 100),
            some(&[(1, "a,\"b\nc\"\"\n\",d"), (4, "e,\"f\"")])
        );
        // A quote within a column is a character.
        assert_eq!(
            rows(b"5\" pipe,a\nb,c\n", Some(b','), 100),
            some(&[(1, "5\" pipe,a"), (2, "b,c")])
        );
    }

    #[test]
    fn a_missing_quote_costs_one_line() {
        assert_eq!(
            rows(b"a,\"b\nc,d\n", Some(b','), 100),
            some(&[(1, "a,\"b"), (2, "c,d")])
        );
        let many = format!("a,\"b\n{}", "c,d\n".repeat(500));
        let read = rows(many.as_bytes(), Some(b','), 100_000);
        assert_eq!((read.len(), read[0].1.as_deref()), (501, Some("a,\"b")));
    }

    #[test]
    fn a_row_beyond_the_limit_is_skipped() {
        let text = format!("a\n{}\nb\n", "x".repeat(300_000));
        assert_eq!(
            rows(text.as_bytes(), None, 1000),
            [(1, Some("a".into())), (2, None), (3, Some("b".into()))]
        );
    }

    #[test]
    fn columns_with_quotes() {
        assert_eq!(columns("a,\"b,\"\"c\",", ',', true).unwrap(), ["a", "b,\"c", ""]);
        assert_eq!(columns("a|\"b", '|', false).unwrap(), ["a", "\"b"]);
        assert_eq!(columns("a,\"b\"c", ',', true), None);
        assert_eq!(columns("a,\"b", ',', true), None);
    }
}
