//! The objects of a JSON file, one after the other, without holding more than one of them.
//!
//! A file is an array of objects, or objects one after the other (JSON lines), or an object with such an array in it,
//! as an API's answer has. Where a file writes each object on a line of its own, one that is broken costs only itself:
//! the next line starts anew. In any other file nobody can tell where the next object would start, and it is refused.

use crate::refusal::{Refusal, RefusalCode};
use crate::source::Source;

/// Bytes read at a time.
const CHUNK: usize = 64 << 10;

/// One object, as it stands in the file, with the line on which it starts.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    /// Braces and quotes match; whether it is JSON is still to be seen.
    Object(u64, &'a [u8]),
    /// Something that is no object; the reason as a sentence.
    Broken(u64, &'static str),
    /// Longer than a record may be; it was skipped.
    TooLong(u64),
}

/// Where in the file the scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    InArray,
    InLines,
    Ended,
}

/// What was found at the end of an object.
enum End {
    /// Its bytes.
    After(usize),
    /// It breaks off at a line end; what is wrong.
    BreaksOff(&'static str),
    TooLong,
}

/// Finds the objects of a file.
pub(super) struct Scan<'s, 'r> {
    source: &'s mut Source<'r>,
    /// The name of the array, where the file is an object that holds one.
    array: Option<&'s str>,
    /// The array is in such an object.
    entered: bool,
    limit: usize,
    buffer: Vec<u8>,
    next: usize,
    line: u64,
    at_end: bool,
    state: State,
    /// Each object so far stands on a line of its own.
    one_per_line: bool,
    /// Line of the last object, 0 before the first.
    last_line: u64,
}

impl<'s, 'r> Scan<'s, 'r> {
    /// `limit` is the bytes of an object.
    pub(super) fn new(
        source: &'s mut Source<'r>,
        array: Option<&'s str>,
        limit: usize,
    ) -> Result<Self, Refusal> {
        let mut scan = Self {
            source,
            array,
            entered: false,
            limit,
            buffer: Vec::new(),
            next: 0,
            line: 1,
            at_end: false,
            state: State::Start,
            one_per_line: true,
            last_line: 0,
        };
        scan.fill()?;
        match scan.buffer.as_slice() {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => {
                return Err(refuse(
                    RefusalCode::WrongEncoding,
                    "The file is UTF-16 or UTF-32, not UTF-8.",
                    1,
                ));
            }
            [0xef, 0xbb, 0xbf, ..] => scan.next = 3,
            _ => {}
        }
        Ok(scan)
    }

    /// The next object; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Frame<'_>>, Refusal> {
        loop {
            let Some(byte) = self.skip_space()? else {
                return match self.state {
                    // An empty file is one without rows.
                    State::Start | State::InLines | State::Ended => Ok(None),
                    State::InArray => Err(self.truncated()),
                };
            };
            match (self.state, byte) {
                (State::Start, b'{') if self.array.is_some() => self.enter()?,
                (State::Start, b'[') => self.go_on(State::InArray),
                (State::Start, b'{') => self.state = State::InLines,
                (State::Start, _) => {
                    let message = "The file does not start as JSON does.";
                    return Err(refuse(RefusalCode::UnknownFormat, message, self.line));
                }
                (State::InArray | State::InLines, b'{') => return self.object().map(Some),
                (State::InArray | State::InLines, b',') => self.next += 1,
                (State::InArray, b']') => {
                    self.go_on(State::Ended);
                    if self.entered {
                        self.leave()?;
                    }
                }
                (State::Ended, _) => {
                    let message = "Something stands after the end of the array.";
                    return Err(refuse(RefusalCode::NotWellFormed, message, self.line));
                }
                (State::InArray | State::InLines, _) => {
                    let line = self.line;
                    self.give_up("What stands between two objects is no comma.")?;
                    return Ok(Some(Frame::Broken(
                        line,
                        "Here should be an object; the line was left out.",
                    )));
                }
            }
        }
    }

    fn go_on(&mut self, state: State) {
        self.next += 1;
        self.state = state;
    }

    /// Reads the object that starts here.
    fn object(&mut self) -> Result<Frame<'_>, Refusal> {
        let line = self.line;
        self.one_per_line &= line != self.last_line;
        let end = self.end_of_object()?;
        self.last_line = line;
        match end {
            End::After(length) => {
                let start = self.next;
                self.next += length;
                let lines = memchr::memchr_iter(b'\n', &self.buffer[start..self.next]).count() as u64;
                self.line += lines;
                self.one_per_line &= lines == 0;
                Ok(Frame::Object(line, &self.buffer[start..self.next]))
            }
            End::BreaksOff(message) => {
                self.give_up(message)?;
                Ok(Frame::Broken(
                    line,
                    "The object breaks off at the end of its line; it was left out.",
                ))
            }
            End::TooLong if self.one_per_line => {
                self.skip_line()?;
                Ok(Frame::TooLong(line))
            }
            End::TooLong => {
                let message = format!("An object is longer than {} bytes.", self.limit);
                Err(Refusal::new(RefusalCode::RecordTooLarge, message).at_line(line))
            }
        }
    }

    /// Where the object that starts here ends: what is within quotes counts for nothing.
    fn end_of_object(&mut self) -> Result<End, Refusal> {
        let (mut length, mut depth, mut quoted) = (0, 0usize, false);
        loop {
            if length > self.limit {
                return Ok(End::TooLong);
            }
            let Some(byte) = self.byte(length)? else {
                return Err(self.truncated());
            };
            if quoted {
                let rest = &self.buffer[self.next + length..];
                match memchr::memchr3(b'"', b'\\', b'\n', rest) {
                    None => length += rest.len(),
                    Some(at) => {
                        length += at + 1;
                        match rest[at] {
                            b'"' => quoted = false,
                            b'\\' => length += 1,
                            _ => return Ok(End::BreaksOff("A line ends within a text.")),
                        }
                    }
                }
                continue;
            }
            length += 1;
            match byte {
                b'"' => quoted = true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Ok(End::After(length));
                    }
                }
                b'\n' if self.breaks_off(length)? => {
                    return Ok(End::BreaksOff("An object is not closed."));
                }
                _ => {}
            }
        }
    }

    /// Whether the object that starts here and goes on after `length` bytes, a line end being the last, has lost its
    /// end: in a file with one object per line, when the next line starts as an object does.
    fn breaks_off(&mut self, length: usize) -> Result<bool, Refusal> {
        if !self.one_per_line {
            return Ok(false);
        }
        // Of the first object nobody knows yet whether lines mean anything: its line has to look as if it were all.
        let text = self.buffer[self.next..self.next + length].trim_ascii_end();
        let looks_whole = (text.ends_with(b"}") || text.ends_with(b"},")) && !text.contains(&b'\n');
        if self.last_line == 0 && !looks_whole {
            return Ok(false);
        }
        let mut after = length;
        loop {
            match self.byte(after)? {
                Some(byte) if byte.is_ascii_whitespace() && after - length < CHUNK => after += 1,
                Some(byte) => return Ok(matches!(byte, b'{' | b']')),
                None => return Ok(true),
            }
        }
    }

    /// Skips to the next line that starts as an object or the end of the array does, if the file has lines at all.
    fn give_up(&mut self, problem: &str) -> Result<(), Refusal> {
        if !self.one_per_line {
            return Err(refuse(RefusalCode::NotWellFormed, problem, self.line));
        }
        loop {
            self.skip_line()?;
            match self.skip_space()? {
                None | Some(b'{' | b']') => return Ok(()),
                Some(_) => {}
            }
        }
    }

    /// Skips to the next line, however far it is.
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

    /// The next byte that is no white space, without taking it.
    fn skip_space(&mut self) -> Result<Option<u8>, Refusal> {
        while let Some(byte) = self.byte(0)? {
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.line += u64::from(byte == b'\n');
            self.next += 1;
        }
        Ok(None)
    }

    /// A byte after the place where the scan is.
    fn byte(&mut self, after: usize) -> Result<Option<u8>, Refusal> {
        while self.next + after >= self.buffer.len() {
            if self.at_end {
                return Ok(None);
            }
            self.fill()?;
        }
        Ok(Some(self.buffer[self.next + after]))
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

    fn truncated(&self) -> Refusal {
        refuse(
            RefusalCode::Truncated,
            "The file ends before its last object or its array does.",
            self.line,
        )
    }

    /// Goes into the object that holds the array, as far as the array.
    fn enter(&mut self) -> Result<(), Refusal> {
        let wanted = self.array.unwrap_or_default();
        self.entered = true;
        self.next += 1;
        loop {
            match self.skip_space()? {
                Some(b',') => self.next += 1,
                Some(b'"') => {
                    let key = self.end_of_text()?;
                    let is_wanted = self.buffer[self.next + 1..self.next + key - 1] == *wanted.as_bytes();
                    self.next += key;
                    if self.skip_space()? != Some(b':') {
                        return Err(self.no_array(wanted));
                    }
                    self.next += 1;
                    match self.skip_space()? {
                        Some(b'[') if is_wanted => {
                            self.go_on(State::InArray);
                            return Ok(());
                        }
                        _ => self.skip_value()?,
                    }
                }
                None => return Err(self.truncated()),
                Some(_) => return Err(self.no_array(wanted)),
            }
        }
    }

    /// Bytes of the text that starts here, with its quotes.
    fn end_of_text(&mut self) -> Result<usize, Refusal> {
        let mut length = 1;
        loop {
            match self.byte(length)? {
                None => return Err(self.truncated()),
                Some(b'"') => return Ok(length + 1),
                Some(b'\\') => length += 2,
                Some(_) => length += 1,
            }
            if length > self.limit {
                let message = format!("A text is longer than {} bytes.", self.limit);
                return Err(Refusal::new(RefusalCode::TextTooLong, message).at_line(self.line));
            }
        }
    }

    /// Skips the value that starts here, however long it is.
    fn skip_value(&mut self) -> Result<(), Refusal> {
        let mut depth = 0usize;
        loop {
            let byte = self.skip_space()?.ok_or_else(|| self.truncated())?;
            match byte {
                b',' | b'}' | b']' if depth == 0 => return Ok(()),
                b'"' => self.next += self.end_of_text()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.next += 1;
                }
                b'}' | b']' => {
                    depth -= 1;
                    self.next += 1;
                }
                _ => self.next += 1,
            }
        }
    }

    /// Reads what follows the array, which has to end as an object does.
    fn leave(&mut self) -> Result<(), Refusal> {
        let mut last = 0;
        while let Some(byte) = self.skip_space()? {
            last = byte;
            self.next += 1;
        }
        if last == b'}' {
            Ok(())
        } else {
            Err(self.truncated())
        }
    }

    fn no_array(&self, name: &str) -> Refusal {
        let message = format!("The file's object has no array {name}.");
        Refusal::new(RefusalCode::WrongLayout, message).at_line(self.line)
    }
}

fn refuse(code: RefusalCode, message: &str, line: u64) -> Refusal {
    Refusal::new(code, message).at_line(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str, array: Option<&str>, limit: usize) -> Result<Vec<String>, RefusalCode> {
        let mut bytes = text.as_bytes();
        let mut source = Source::new(&mut bytes, 1 << 24);
        let mut scan = Scan::new(&mut source, array, limit).map_err(|r| r.code)?;
        let mut found = Vec::new();
        while let Some(frame) = scan.next().map_err(|r| r.code)? {
            found.push(match frame {
                Frame::Object(line, text) => format!("{line}:{}", String::from_utf8_lossy(text)),
                Frame::Broken(line, _) => format!("{line}:broken"),
                Frame::TooLong(line) => format!("{line}:long"),
            });
        }
        Ok(found)
    }

    #[test]
    fn arrays_lines_and_answers_of_an_api() {
        let objects = Ok(vec![
            "2:{\"a\":\"}\\\"{\"}".to_owned(),
            "3:{\"b\":[{}]}".to_owned(),
        ]);
        for text in [
            "[\n{\"a\":\"}\\\"{\"},\n{\"b\":[{}]}\n]\n",
            "\u{feff}\n{\"a\":\"}\\\"{\"}\n{\"b\":[{}]}",
            "\r\n{\"a\":\"}\\\"{\"},\r\n{\"b\":[{}]},\r\n",
        ] {
            assert_eq!(scan(text, None, 100), objects, "{text}");
        }
        let answer = "{\"total\":2,\"q\":{\"value\":[9]},\"value\":[\n{\"a\":\"}\\\"{\"},\n{\"b\":[{}]}],\"next\":null}";
        assert_eq!(scan(answer, Some("value"), 100), objects);
        assert_eq!(
            scan("[{\"a\":1}]", Some("value"), 100),
            Ok(vec!["1:{\"a\":1}".to_owned()])
        );
        assert_eq!(
            scan("[{\n \"a\": [\n  {\n  },\n  {\n  }\n ]\n},\n{\n}]", None, 100)
                .unwrap()
                .len(),
            2
        );
        for empty in ["", " \n", "[]", "[\n]\n"] {
            assert_eq!(scan(empty, None, 100), Ok(Vec::new()), "{empty}");
        }
    }

    #[test]
    fn a_broken_line_costs_itself() {
        for (broken, found) in [
            ("{\"a\":\"x},", "3:broken"),
            ("{\"a\":[1,},", "3:broken"),
            ("{\"a\":{\"b\":1},", "3:broken"),
            ("nonsense", "3:broken"),
            ("{\"a\":\"x\ny\"},", "3:broken"),
            (&format!("{{\"a\":\"{}\"}},", "x".repeat(200_000)), "3:long"),
        ] {
            let text = format!("[\n{{\"first\":1}},\n{broken}\n{{\"last\":1}}\n]");
            let rows = scan(&text, None, 100).unwrap();
            assert_eq!((rows.len(), rows[1].as_str()), (3, found), "{broken}");
            assert!(rows[2].ends_with(":{\"last\":1}"), "{rows:?}");
        }
        let rows = scan("[\n{\"a\":{\"b\":1},\n{\"c\":2}\n]", None, 100).unwrap();
        assert_eq!(rows, ["2:broken", "3:{\"c\":2}"], "the first one is broken");
    }

    #[test]
    fn what_cannot_be_trusted_is_refused() {
        let cases = [
            ("[{\"a\":1},", None, RefusalCode::Truncated),
            ("[{\"a\":1", None, RefusalCode::Truncated),
            ("{\"a\":1}\n{\"b\":", None, RefusalCode::Truncated),
            ("[{\"a\":1}] x", None, RefusalCode::NotWellFormed),
            ("<a/>", None, RefusalCode::UnknownFormat),
            ("{\u{0}", None, RefusalCode::WrongEncoding),
            (
                "[{\n\"a\":1},\n{\n\"b\":\"x\n}]",
                None,
                RefusalCode::NotWellFormed,
            ),
            ("[{\n\"a\":1},\nx]", None, RefusalCode::NotWellFormed),
            ("{\"other\":[]}", Some("value"), RefusalCode::WrongLayout),
            ("{\"value\":[{}]", Some("value"), RefusalCode::Truncated),
        ];
        for (text, array, code) in cases {
            assert_eq!(scan(text, array, 100), Err(code), "{text}");
        }
        let long = format!("[{{\n\"a\":\"{}\"}}]", "x".repeat(200));
        assert_eq!(
            scan(&long, None, 100),
            Ok(vec!["1:long".to_owned()]).and(Err(RefusalCode::Truncated))
        );
    }
}
