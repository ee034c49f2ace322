//! XML events out of a stream, in bounded memory: quick-xml over a window that moves along the file.
//!
//! An event that the window cuts off is read again when more of the file is there. So events borrow from the window,
//! nothing is copied, and no event can be larger than the window.

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::Event;

use crate::refusal::{Refusal, RefusalCode};
use crate::source::Source;

/// Bytes of the window, and so the largest tag, comment or text that can be read at all.
const WINDOW: usize = 256 << 10;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Read the next event.
    Continue,
    /// Enough is known.
    Stop,
}

/// Receives the events of a file.
pub(crate) trait Receiver {
    /// One event.
    fn event(&mut self, event: &Event<'_>, at: &mut At<'_>) -> Result<Flow, Refusal>;

    /// After a start or end tag: may take whole simple elements (white space, `<name>text</name>`) off the front of
    /// what follows, and says how many bytes it took. Nearly all of a file is such elements, and three events for each
    /// would cost more than all the rest. What it leaves comes as events.
    fn simple_elements(&mut self, rest: &[u8], at: &mut At<'_>) -> Result<usize, Refusal>;
}

/// Where an event is in the file. The line is counted only when somebody asks.
pub(crate) struct At<'a> {
    lines: &'a mut Lines,
    window: &'a [u8],
    start: usize,
}

/// Lines counted so far.
struct Lines {
    /// Line at `counted`.
    line: u64,
    /// Byte of the window up to which lines were counted.
    counted: usize,
    /// Byte of the file at which the window starts.
    offset: u64,
}

impl At<'_> {
    /// Line, from 1.
    pub(crate) fn line(&mut self) -> u64 {
        self.lines.line_at(self.window, self.start)
    }

    /// Goes on by some bytes of the window.
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.start += bytes;
    }

    /// Byte of the file, from 0.
    pub(crate) fn byte(&self) -> u64 {
        self.lines.offset + self.start as u64
    }
}

impl Lines {
    fn line_at(&mut self, window: &[u8], position: usize) -> u64 {
        if position > self.counted {
            self.line += memchr::memchr_iter(b'\n', &window[self.counted..position]).count() as u64;
            self.counted = position;
        }
        self.line
    }
}

/// Reads all events of a file; see [`Events::run`].
pub(crate) fn each_event(source: &mut Source<'_>, receiver: &mut impl Receiver) -> Result<(), Refusal> {
    Events::new(source)?.run(receiver).map(|_| ())
}

/// The events of a file. Reading can stop after any event, and go on there.
pub(crate) struct Events<'s, 'r> {
    source: &'s mut Source<'r>,
    buffer: Vec<u8>,
    filled: usize,
    /// Where the next event starts.
    begin: usize,
    lines: Lines,
    /// The window holds the end of the file.
    last: bool,
}

impl<'s, 'r> Events<'s, 'r> {
    /// Reads the first window. What is no XML at all is refused.
    pub(crate) fn new(source: &'s mut Source<'r>) -> Result<Self, Refusal> {
        let mut buffer = vec![0; WINDOW];
        let filled = source.fill(&mut buffer)?;
        let begin = start_of_text(&buffer[..filled])?;
        let mut lines = Lines {
            line: 1,
            counted: begin,
            offset: 0,
        };
        check_bytes(&buffer[..filled], 0, &mut lines)?;
        Ok(Self {
            source,
            buffer,
            filled,
            begin,
            lines,
            last: filled < WINDOW,
        })
    }

    /// Hands over the events until the receiver stops, or to the end of the file. What no XML file may hold is refused
    /// here; what this format may not hold is the receiver's to refuse. A refusal gets the line of the event.
    pub(crate) fn run(&mut self, receiver: &mut impl Receiver) -> Result<Flow, Refusal> {
        loop {
            if self.window(receiver)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
            self.move_on()?;
        }
    }

    /// Hands over the events that are whole within the window.
    fn window(&mut self, receiver: &mut impl Receiver) -> Result<Flow, Refusal> {
        let window = &self.buffer[..self.filled];
        let mut reader = Reader::from_reader(&window[self.begin..]);
        let config = reader.config_mut();
        // The reader of one window cannot know the tags of the one before; the receiver checks them.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        let base = self.begin;
        let mut start = base;
        loop {
            let event = reader.read_event();
            let end = base + reader.buffer_position() as usize;
            let cut_off =
                !self.last && (event.is_err() || end == self.filled || matches!(event, Ok(Event::Eof)));
            if cut_off && start > 0 {
                self.begin = start;
                return Ok(Flow::Continue);
            }
            let mut at = At {
                lines: &mut self.lines,
                window,
                start,
            };
            let flow = match &event {
                Ok(_) | Err(Error::Syntax(_)) if cut_off => Err(Refusal::new(
                    RefusalCode::TextTooLong,
                    format!("A tag, comment or text is longer than {WINDOW} bytes."),
                )),
                Ok(Event::Eof) => receiver.event(&Event::Eof, &mut at).map(|_| Flow::Stop),
                Ok(event) => receiver.event(event, &mut at),
                Err(error) => Err(refusal_of(error, self.last && end == self.filled)),
            };
            match flow {
                Ok(Flow::Continue) => start = end,
                Ok(Flow::Stop) => {
                    self.begin = end;
                    return Ok(Flow::Stop);
                }
                Err(refusal) => return Err(refusal.at_line(at.line())),
            }
            if let Ok(Event::Start(_) | Event::End(_) | Event::Empty(_)) = event {
                at.start = end;
                match receiver.simple_elements(&window[end..], &mut at) {
                    Ok(taken) => {
                        reader.stream().consume(taken);
                        start = end + taken;
                    }
                    Err(refusal) => return Err(refusal.at_line(at.line())),
                }
            }
        }
    }

    /// Moves the window to the next event.
    fn move_on(&mut self) -> Result<(), Refusal> {
        self.lines.line_at(&self.buffer[..self.filled], self.begin);
        self.buffer.copy_within(self.begin..self.filled, 0);
        self.filled -= self.begin;
        self.lines.counted -= self.begin;
        self.lines.offset += self.begin as u64;
        let more = self.source.fill(&mut self.buffer[self.filled..])?;
        check_bytes(&self.buffer[..self.filled + more], self.filled, &mut self.lines)?;
        self.filled += more;
        self.last = self.filled < WINDOW;
        self.begin = 0;
        Ok(())
    }
}

/// Skips a byte order mark of UTF-8 and refuses those of other encodings, and what is no text at all.
pub(crate) fn start_of_text(bytes: &[u8]) -> Result<usize, Refusal> {
    let refuse = |code, message: &str| Err(Refusal::new(code, message).at_line(1));
    match bytes {
        [] => refuse(RefusalCode::Truncated, "The file is empty."),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, b'<' | 0, ..] | [b'<', 0, ..] => refuse(
            RefusalCode::WrongEncoding,
            "The file is UTF-16 or UTF-32, not UTF-8.",
        ),
        _ => {
            let begin = if bytes.starts_with(BOM) { BOM.len() } else { 0 };
            match bytes[begin..].iter().find(|b| !b.is_ascii_whitespace()) {
                Some(b'<') => Ok(begin),
                None => refuse(RefusalCode::Truncated, "The file is empty."),
                Some(_) => refuse(RefusalCode::UnknownFormat, "The file does not start as XML does."),
            }
        }
    }
}

/// Refuses the control characters that XML forbids, all at once since a look at each byte of each text would cost more.
fn check_bytes(window: &[u8], from: usize, lines: &mut Lines) -> Result<(), Refusal> {
    match forbidden(window, from) {
        Some((position, refusal)) => Err(refusal.at_line(lines.line_at(window, position))),
        None => Ok(()),
    }
}

/// Where the first control character that XML forbids is, if there is one after `from`, and its refusal.
pub(crate) fn forbidden(window: &[u8], from: usize) -> Option<(usize, Refusal)> {
    let forbidden = |b: u8| b < 0x20 && b != b'\n' && b != b'\r' && b != b'\t';
    if !window[from..]
        .iter()
        .fold(false, |found, b| found | forbidden(*b))
    {
        return None;
    }
    let position = window.iter().position(|b| forbidden(*b)).unwrap_or(from);
    let message = format!("The file holds the control character U+{:04X}.", window[position]);
    Some((position, Refusal::new(RefusalCode::NotWellFormed, message)))
}

pub(crate) fn refusal_of(error: &Error, at_end: bool) -> Refusal {
    match error {
        Error::Syntax(SyntaxError::InvalidBangMarkup) if !at_end => Refusal::new(
            RefusalCode::NotWellFormed,
            "A <! starts neither a comment nor CDATA.",
        ),
        // quick-xml's other syntax errors all mean that something is open at the end.
        Error::Syntax(_) => Refusal::new(RefusalCode::Truncated, "The file ends within a tag."),
        Error::IllFormed(IllFormedError::UnclosedReference) if at_end => {
            Refusal::new(RefusalCode::Truncated, "The file ends within a tag or a text.")
        }
        Error::Encoding(_) => Refusal::new(
            RefusalCode::WrongEncoding,
            "The file holds bytes that are not UTF-8.",
        ),
        Error::IllFormed(IllFormedError::UnclosedReference) => Refusal::new(
            RefusalCode::NotWellFormed,
            "An & is not the start of a reference; write &amp;.",
        ),
        Error::IllFormed(IllFormedError::MissingDoctypeName) => {
            Refusal::new(RefusalCode::Doctype, "The file has a DOCTYPE.")
        }
        other => Refusal::new(
            RefusalCode::NotWellFormed,
            format!("{}.", capital(&other.to_string())),
        ),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
