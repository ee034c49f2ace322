//! A CSV in: one thread cuts it into chunks of records while the others work on the chunk before. Never the whole
//! file is held, whatever is in it.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

use anyhow::Result;
use csv::{ByteRecord, StringRecord};

use super::Refusal;

/// Records of a chunk.
const CHUNK: usize = 10_000;

/// A chunk ends early when it holds this many bytes, so that wide rows do not fill the memory.
const CHUNK_BYTES: usize = 32 << 20;

/// No row is longer; one that is has an unclosed quotation mark.
const ROW_BYTES: u64 = 32 << 20;

/// How much of a file is looked at to see how it is written.
const SNIFF: usize = 64 << 10;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Counts what is read, refuses to read a row without end, and remembers how the file ends.
#[derive(Debug)]
struct Meter {
    file: BufReader<File>,
    read: Arc<AtomicU64>,
    /// Bytes that may still be read for the row at hand.
    allowance: Arc<Allowance>,
    /// The last byte that is no line break.
    last: Arc<AtomicU64>,
}

/// Shared between the reader, which is inside the CSV reader, and who asks for the next row.
#[derive(Debug, Default)]
struct Allowance(AtomicU64);

impl Read for Meter {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = self.allowance.0.load(Ordering::Relaxed);
        if left == 0 {
            return Err(std::io::Error::other("a row without end"));
        }
        let count = self.file.read(buffer)?;
        self.allowance
            .0
            .store(left.saturating_sub(count as u64), Ordering::Relaxed);
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        if let Some(last) = buffer[..count].iter().rev().find(|b| !matches!(b, b'\n' | b'\r')) {
            self.last.store(u64::from(*last), Ordering::Relaxed);
        }
        Ok(count)
    }
}

/// What was seen in the rows of a file, for its summary.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub(super) struct Seen {
    /// Rows without the header.
    pub(super) rows: u64,
    /// Rows with more or fewer cells than the header, and the line of the first.
    pub(super) uneven: Lines,
    /// Rows in which a cell goes over several lines.
    pub(super) broken: Lines,
    /// Rows that are not UTF-8 and were read as Windows-1252.
    pub(super) decoded: Lines,
}

/// How many rows, and the line of the first.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub(super) struct Lines {
    pub(super) count: u64,
    pub(super) first_line: u64,
}

impl Lines {
    pub(super) fn add(&mut self, line: u64) {
        if self.count == 0 {
            self.first_line = line;
        }
        self.count += 1;
    }

    /// Adds lines that come later.
    pub(super) fn append(&mut self, later: Lines) {
        if self.count == 0 {
            self.first_line = later.first_line;
        }
        self.count += later.count;
    }
}

/// Rows as they were cut, with the lines they begin at.
#[derive(Debug, Default)]
struct Chunk {
    /// Only the first `used` are filled; the others are kept for their room.
    records: Vec<StringRecord>,
    used: usize,
}

/// A CSV file, opened, its first rows read.
pub(super) struct Table {
    pub(super) path: PathBuf,
    pub(super) header: Vec<String>,
    pub(super) delimiter: u8,
    /// Bytes of the file, 0 if it has no length.
    pub(super) bytes: u64,
    /// Bytes read so far.
    pub(super) read: Arc<AtomicU64>,
    first: Chunk,
    cutter: Cutter,
}

struct Cutter {
    reader: csv::Reader<Meter>,
    allowance: Arc<Allowance>,
    last: Arc<AtomicU64>,
    path: PathBuf,
    columns: usize,
    seen: Seen,
    /// Whether the last cell of the last row goes over several lines.
    open_end: Cell<bool>,
}

impl Table {
    /// Opens a file, sees how it is written and reads its first rows.
    pub(super) fn open(path: &Path) -> Result<Table> {
        let name = path.display();
        let file =
            File::open(path).map_err(|error| Refusal::usage(format!("{name} cannot be read: {error}")))?;
        let bytes = file.metadata().map_or(0, |about| about.len());
        let mut file = BufReader::with_capacity(SNIFF, file);
        let start = file
            .fill_buf()
            .map_err(|error| Refusal::usage(format!("{name} cannot be read: {error}")))?;
        let delimiter = sniff(path, start)?;
        let meter = Meter {
            file,
            read: Arc::default(),
            allowance: Arc::default(),
            last: Arc::default(),
        };
        let (read, allowance, last) = (
            Arc::clone(&meter.read),
            Arc::clone(&meter.allowance),
            Arc::clone(&meter.last),
        );
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .buffer_capacity(256 << 10)
            .from_reader(meter);
        let mut cutter = Cutter {
            reader,
            allowance,
            last,
            path: path.to_owned(),
            columns: 0,
            seen: Seen::default(),
            open_end: Cell::new(false),
        };
        let mut header = ByteRecord::new();
        if !cutter.next(&mut header)? {
            return Err(Refusal::file(format!("{name} is empty: it has no header")).into());
        }
        let header: Vec<String> = header.iter().map(|cell| text(cell).trim().to_owned()).collect();
        cutter.columns = header.len();
        let mut first = Chunk::default();
        cutter.fill(&mut first)?;
        if first.used == 0 {
            return Err(Refusal::file(format!("{name} has a header and no rows")).into());
        }
        Ok(Table {
            path: path.to_owned(),
            header,
            delimiter,
            bytes,
            read,
            first,
            cutter,
        })
    }

    /// The first rows: what the mapping is guessed from.
    pub(super) fn sample(&self) -> &[StringRecord] {
        &self.first.records[..self.first.used]
    }

    /// Hands out all rows, chunk by chunk and in order.
    pub(super) fn each_chunk(self, mut take: impl FnMut(&[StringRecord]) -> Result<()>) -> Result<Seen> {
        let Table { first, cutter, .. } = self;
        std::thread::scope(|scope| {
            let (send, receive) = sync_channel(1);
            let (give_back, empty) = channel();
            let cut = scope.spawn(move || cutter.cut(first, &send, &empty));
            for _ in 0..2 {
                // A reader that has read all is not there to take it.
                let _ = give_back.send(Chunk::default());
            }
            for chunk in receive {
                let chunk: Chunk = chunk;
                take(&chunk.records[..chunk.used])?;
                // The reader is done when nobody takes it back.
                let _ = give_back.send(chunk);
            }
            cut.join()
                .map_err(|_| anyhow::anyhow!("the reading thread panicked"))?
        })
    }
}

impl Cutter {
    /// Reads on until the file ends or nobody listens.
    fn cut(mut self, first: Chunk, send: &SyncSender<Chunk>, empty: &Receiver<Chunk>) -> Result<Seen> {
        let mut chunk = first;
        while chunk.used > 0 {
            if send.send(chunk).is_err() {
                break;
            }
            let Ok(next) = empty.recv() else { break };
            chunk = next;
            self.fill(&mut chunk)?;
        }
        Ok(self.seen)
    }

    fn fill(&mut self, chunk: &mut Chunk) -> Result<()> {
        chunk.used = 0;
        let mut bytes = 0;
        while chunk.used < CHUNK && bytes < CHUNK_BYTES {
            if chunk.used == chunk.records.len() {
                chunk.records.push(StringRecord::new());
            }
            // Its room is used again.
            let mut row = std::mem::take(&mut chunk.records[chunk.used]).into_byte_record();
            let more = self.next(&mut row)?;
            if !more {
                break;
            }
            self.look_at(&row);
            bytes += row.as_slice().len();
            chunk.records[chunk.used] = self.decode(row);
            chunk.used += 1;
        }
        Ok(())
    }

    /// A row as text, whatever it is written in; counted if that is not UTF-8.
    fn decode(&mut self, row: ByteRecord) -> StringRecord {
        StringRecord::from_byte_record(row).unwrap_or_else(|error| {
            let row = error.into_byte_record();
            self.seen
                .decoded
                .add(row.position().map_or(0, csv::Position::line));
            let mut decoded: StringRecord = row.iter().map(text).collect();
            decoded.set_position(row.position().cloned());
            decoded
        })
    }

    fn look_at(&mut self, record: &ByteRecord) {
        let line = record.position().map_or(0, csv::Position::line);
        self.seen.rows += 1;
        if record.len() != self.columns {
            self.seen.uneven.add(line);
        }
        let broken = |cell: &[u8]| cell.contains(&b'\n');
        self.open_end.set(false);
        if self.reader.position().line() > line + 1 && record.iter().any(broken) {
            self.seen.broken.add(line);
            self.open_end.set(record.iter().next_back().is_some_and(broken));
        }
    }

    /// The next row; false at the end.
    fn next(&mut self, record: &mut ByteRecord) -> Result<bool> {
        self.allowance.0.store(ROW_BYTES, Ordering::Relaxed);
        let line = self.reader.position().line();
        let more = self.reader.read_byte_record(record).map_err(|error| {
            let endless = self.allowance.0.load(Ordering::Relaxed) == 0;
            if endless {
                self.unclosed(line)
            } else {
                Refusal::file(format!("{}: {error}", self.path.display()))
            }
        })?;
        // A last cell over several lines ends in its quotation mark, or that was never closed.
        if !more && self.open_end.get() && self.last.load(Ordering::Relaxed) != u64::from(b'"') {
            return Err(self.unclosed(self.seen.broken.first_line).into());
        }
        Ok(more)
    }

    fn unclosed(&self, line: u64) -> Refusal {
        Refusal::file(format!(
            "{} line {line}: a quotation mark is opened and not closed, so that the rest of the file is one cell; close \
             it, or write a quotation mark inside a cell twice",
            self.path.display()
        ))
    }
}

/// A cell as text, whatever it is written in.
pub(super) fn text(cell: &[u8]) -> std::borrow::Cow<'_, str> {
    match std::str::from_utf8(cell) {
        Ok(text) => text.into(),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(cell).0,
    }
}

/// The delimiter: the one that the header has most of. Files that are no CSV are told apart by how they begin.
fn sniff(path: &Path, start: &[u8]) -> Result<u8, Refusal> {
    let name = path.display();
    let no_csv = |what: &str| {
        Err(Refusal::file(format!(
            "{name} is {what}; save it as CSV, in UTF-8"
        )))
    };
    match start {
        [b'P', b'K', 3, 4, ..] => return no_csv("a workbook or another packed file"),
        [0x1F, 0x8B, ..] => return no_csv("packed with gzip"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => return no_csv("written in UTF-16"),
        _ => {}
    }
    let mut counts = [0u32; DELIMITERS.len()];
    let mut quoted = false;
    for &byte in start {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted && counts != [0; DELIMITERS.len()] => break,
            _ if !quoted => {
                if let Some(at) = DELIMITERS.iter().position(|&d| d == byte) {
                    counts[at] += 1;
                }
            }
            _ => {}
        }
    }
    // Of as many the earlier in the list.
    let best = (0..DELIMITERS.len()).max_by_key(|&at| (counts[at], std::cmp::Reverse(at)));
    Ok(DELIMITERS[best.unwrap_or(0)])
}

/// A row found again.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    /// Its number in the file, from 0.
    pub(super) number: usize,
    /// The line it begins at.
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
}

/// Reads single rows once more, in the order of the file: those asked for by number.
pub(super) fn rows(path: &Path, wanted: &[usize]) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    let mut number = 0;
    let Some(&last) = wanted.iter().max() else {
        return Ok(found);
    };
    let mut table = Table::open(path)?;
    let mut chunk = std::mem::take(&mut table.first);
    while chunk.used > 0 && number <= last {
        for record in &chunk.records[..chunk.used] {
            if wanted.contains(&number) {
                found.push(Row {
                    number,
                    line: record.position().map_or(0, csv::Position::line),
                    cells: record.iter().map(str::to_owned).collect(),
                });
            }
            number += 1;
        }
        table.cutter.fill(&mut chunk)?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        file
    }

    fn read(content: &[u8]) -> Result<(Vec<String>, Vec<Vec<String>>, Seen)> {
        let file = file(content);
        let table = Table::open(file.path())?;
        let header = table.header.clone();
        let mut rows = Vec::new();
        let seen = table.each_chunk(|records| {
            for record in records {
                rows.push(record.iter().map(str::to_owned).collect());
            }
            Ok(())
        })?;
        Ok((header, rows, seen))
    }

    fn refused(content: &[u8]) -> Refusal {
        read(content).unwrap_err().downcast::<Refusal>().unwrap()
    }

    #[test]
    fn marks_ends_of_line_and_delimiters_are_seen() {
        for content in [
            "a,b\n1,2\n",
            "\u{feff}a,b\r\n1,2",
            "a;b\n1;2\n",
            "a\tb\r\n\"1\"\t2\r\n",
            "\n\na|b\n\n1|2\n\n",
            "\"a\";b\n1;\"2\"",
        ] {
            let (header, rows, seen) = read(content.as_bytes()).unwrap();
            assert_eq!(
                (header.join(" "), rows),
                ("a b".into(), vec![vec!["1".into(), "2".into()]]),
                "{content:?}"
            );
            assert_eq!((seen.rows, seen.uneven.count, seen.broken.count), (1, 0, 0));
        }
    }

    #[test]
    fn other_encodings_are_read_and_counted() {
        let (_, rows, seen) = read(b"name,x\nN\xFA\xF1ez,\xC3\xB1\nNu\xC3\xB1ez,1\n").unwrap();
        assert_eq!(rows[0], ["Núñez", "ñ"]);
        assert_eq!(rows[1], ["Nuñez", "1"]);
        assert_eq!((seen.decoded.count, seen.decoded.first_line), (1, 2));
        assert!(refused(b"\xFF\xFEa\0").message.contains("UTF-16"));
        assert!(refused(b"PK\x03\x04").message.contains("workbook"));
    }

    #[test]
    fn rows_that_are_uneven_or_over_lines_are_counted() {
        let (_, rows, seen) = read(b"a,b\n1\n1,2,3\n\"x\ny\",2\n1,2\n").unwrap();
        assert_eq!(rows.len(), 4);
        assert_eq!((seen.uneven.count, seen.uneven.first_line), (2, 2));
        assert_eq!((seen.broken.count, seen.broken.first_line), (1, 4));
        let (_, rows, _) = read(b"a,b\n1,\"x\ny\"\n").unwrap();
        assert_eq!(rows[0][1], "x\ny");
    }

    #[test]
    fn an_open_quotation_mark_is_found_without_reading_all() {
        let refusal = refused(b"a,b\n1,2\n3,\"4\n5,6\n7,8\n");
        assert_eq!(refusal.exit, 3);
        assert!(
            refusal.message.contains("line 3: a quotation mark"),
            "{}",
            refusal.message
        );
        let mut long = b"a,b\n1,\"".to_vec();
        long.resize(ROW_BYTES as usize + (1 << 20), b'\n');
        assert!(refused(&long).message.contains("line 2: a quotation mark"));
    }

    #[test]
    fn nothing_to_read_is_refused() {
        assert!(refused(b"").message.contains("is empty"));
        assert!(refused(b"\n\n").message.contains("is empty"));
        assert!(refused(b"a,b\n").message.contains("no rows"));
        assert_eq!(
            Table::open(Path::new("/nowhere.csv"))
                .err()
                .unwrap()
                .downcast::<Refusal>()
                .unwrap()
                .exit,
            2
        );
    }

    #[test]
    fn many_chunks_come_in_order_and_rows_are_found_again() {
        use std::fmt::Write as _;
        let mut content = String::from("id\n");
        for number in 0..3 * CHUNK + 7 {
            writeln!(content, "{number}").unwrap();
        }
        let (_, found, _) = read(content.as_bytes()).unwrap();
        assert!(found.iter().enumerate().all(|(at, row)| row[0] == at.to_string()));
        assert_eq!(found.len(), 3 * CHUNK + 7);
        let file = file(content.as_bytes());
        let late = 2 * CHUNK + 5_000;
        let again = rows(file.path(), &[late, 0]).unwrap();
        let row = |number: usize, line| Row {
            number,
            line,
            cells: vec![number.to_string()],
        };
        assert_eq!(again, [row(0, 2), row(late, late as u64 + 2)]);
    }
}
