//! Files to records in the index, with their ids, sources and truth by number.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use anyhow::Result;
use csv::StringRecord;
use linking::{LinkIndex, Model, RecordInput};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::columns::{Column, Element, Mapping, Wanted};
use super::people::{LeftOut, Reading};
use super::progress::Progress;
use super::table::{self, Seen, Table};
use super::{Input, Refusal};

/// Truth of a row that says nothing of it.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// All people of the files; everything by record number, which is also the slot in the index.
#[derive(Debug)]
pub(super) struct People {
    pub(super) index: LinkIndex,
    pub(super) ids: Ids,
    /// The source of each record; empty without sources.
    pub(super) sources: Vec<u32>,
    /// The person each record is, [`UNKNOWN`] where not said; empty without a truth column.
    pub(super) truth: Vec<u32>,
    pub(super) files: Vec<FileRead>,
}

/// A file as it was read.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FileRead {
    pub(super) path: PathBuf,
    pub(super) columns: Vec<Column>,
    #[serde(flatten)]
    pub(super) seen: Seen,
    #[serde(flatten)]
    pub(super) left_out: LeftOut,
    /// Number of its first record.
    #[serde(skip)]
    pub(super) first: usize,
}

/// The ids of the records as given.
#[derive(Debug, Default)]
pub(super) struct Ids {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// What stands before the ids from a record on, where those of two files clash.
    prefixes: Vec<(usize, String)>,
}

impl Ids {
    fn push(&mut self, id: &str) {
        self.bytes.extend_from_slice(id.as_bytes());
        self.ends.push(self.bytes.len());
    }

    fn append(&mut self, later: &Ids) {
        let before = self.bytes.len();
        self.bytes.extend_from_slice(&later.bytes);
        self.ends.extend(later.ends.iter().map(|end| before + end));
    }

    fn raw(&self, number: usize) -> &[u8] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[number]]
    }

    /// Writes an id behind `out`, without quotation marks.
    pub(super) fn write(&self, number: usize, out: &mut Vec<u8>) {
        if let Some((_, prefix)) = self.prefixes.iter().rev().find(|(from, _)| *from <= number) {
            out.extend_from_slice(prefix.as_bytes());
        }
        out.extend_from_slice(self.raw(number));
    }

    /// An id as text.
    pub(super) fn text(&self, number: usize) -> String {
        let mut out = Vec::new();
        self.write(number, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Two records with one id, the first such in the file; of records from `from` on, or with `between` only one
    /// before it and one after.
    fn repeated(&self, numbers: std::ops::Range<usize>, between: Option<usize>) -> Option<(usize, usize)> {
        let hasher = rustc_hash::FxBuildHasher;
        let mut hashes: Vec<(u64, u32)> = numbers
            .into_par_iter()
            .map(|number| (hasher.hash_one(self.raw(number)), number as u32))
            .collect();
        hashes.par_sort_unstable();
        hashes
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|same| same.len() > 1)
            .filter_map(|same| {
                // Ids that only share a hash are as good as never there, so this looks at neighbours of a kind.
                let mut of: HashMap<&[u8], u32> = HashMap::new();
                same.iter().find_map(|&(_, number)| {
                    let first = *of.entry(self.raw(number as usize)).or_insert(number);
                    let crosses = between.is_none_or(|at| (first as usize) < at && at <= number as usize);
                    (first != number && crosses).then_some((first as usize, number as usize))
                })
            })
            .min_by_key(|pair| pair.1)
    }
}

/// A code of letters for the source of that number, as the engine tells sources apart by letters.
fn letters(mut number: u32) -> String {
    let mut code = String::new();
    loop {
        code.insert(0, char::from(b'A' + (number % 26) as u8));
        number /= 26;
        if number == 0 {
            return code;
        }
        number -= 1;
    }
}

/// More sources than codes of three letters are a wrong column.
const MAX_SOURCES: usize = 26 + 26 * 26 + 26 * 26 * 26;

/// Numbers for texts, in the order in which they come.
#[derive(Debug, Default)]
struct Numbers(FxHashMap<String, u32>);

impl Numbers {
    fn of(&mut self, text: &str) -> u32 {
        let next = self.0.len() as u32;
        match self.0.get(text) {
            Some(&number) => number,
            None => *self.0.entry(text.to_owned()).or_insert(next),
        }
    }
}

/// A file opened, with what its columns are.
struct Opened {
    table: Table,
    mapping: Mapping,
    reading: Reading,
}

fn open(path: &Path, wanted: &Wanted) -> Result<Table> {
    let table = Table::open(path)?;
    let twice: Vec<&String> = wanted
        .map
        .iter()
        .map(|(column, _)| column)
        .filter(|column| table.header.iter().filter(|name| name == column).count() > 1)
        .collect();
    if let Some(column) = twice.first() {
        return Err(Refusal::usage(format!(
            "{} has two columns {column:?}; rename one",
            path.display()
        ))
        .into());
    }
    Ok(table)
}

/// The share of the rows that have a value of their own in a column.
fn unique(sample: &[StringRecord], at: usize) -> f64 {
    let cells = sample
        .iter()
        .map(|record| record.get(at).unwrap_or_default().trim());
    let distinct: std::collections::HashSet<&str> = cells.filter(|cell| !cell.is_empty()).collect();
    distinct.len() as f64 / sample.len() as f64
}

/// Reads all files into an index that weighs by `model`; shows the mapping first. The records are gathered, not yet
/// filed.
pub(super) fn load(
    input: &Input,
    truth: Option<&String>,
    model: Model,
    progress: &Progress,
) -> Result<People> {
    let wanted = input.wanted(truth)?;
    let tables: Vec<Table> = input
        .files
        .iter()
        .map(|path| open(path, &wanted))
        .collect::<Result<_>>()?;
    let headers: Vec<&[String]> = tables.iter().map(|table| table.header.as_slice()).collect();
    wanted.check(&headers)?;
    let mut opened = Vec::new();
    for table in tables {
        let mut mapping = Mapping::new(&table.header, &wanted, &|at| unique(table.sample(), at))?;
        let reading = Reading::new(&mut mapping, table.sample())?;
        progress.say(&format!(
            "{}, delimited by {}:\n{mapping}",
            table.path.display(),
            match table.delimiter {
                b',' => "commas",
                b';' => "semicolons",
                b'\t' => "tabs",
                _ => "bars",
            }
        ));
        opened.push(Opened {
            table,
            mapping,
            reading,
        });
    }
    let sourced = opened.iter().any(|file| file.mapping.has(Element::Source));
    if input.across && !sourced && opened.len() == 1 {
        return Err(Refusal::usage(
            "--across compares rows of different sources, and one file without a column for them has one source; name \
             the column with --source",
        )
        .into());
    }
    if truth.is_some() && opened.iter().any(|file| !file.mapping.has(Element::Truth)) {
        return Err(Refusal::usage("the truth column has to be in both files").into());
    }
    let mut loading = Loading {
        people: People {
            index: LinkIndex::new(model),
            ids: Ids::default(),
            sources: Vec::new(),
            truth: Vec::new(),
            files: Vec::new(),
        },
        sources: Numbers::default(),
        persons: Numbers::default(),
    };
    let files = opened.len();
    for (number, file) in opened.into_iter().enumerate() {
        let own = match (sourced, files) {
            (true, _) => Sourced::ByColumn,
            (false, 1) => Sourced::Not,
            (false, _) => Sourced::ByFile(number as u32),
        };
        loading.file(file, own, progress)?;
    }
    let mut people = loading.people;
    tell_clashes(&mut people, progress);
    progress.begin("filing records", 0);
    Ok(people)
}

fn line_of(record: &StringRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
}

#[derive(Clone, Copy)]
enum Sourced {
    Not,
    ByFile(u32),
    ByColumn,
}

/// What one core saw of a chunk.
#[derive(Default)]
struct Share {
    left_out: LeftOut,
    ids: Ids,
}

struct Loading {
    people: People,
    sources: Numbers,
    persons: Numbers,
}

impl Loading {
    fn file(&mut self, file: Opened, sourced: Sourced, progress: &Progress) -> Result<()> {
        let Opened {
            table,
            mapping,
            reading,
        } = file;
        let path = table.path.clone();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        progress.begin(&format!("reading {name}"), table.bytes);
        let read = std::sync::Arc::clone(&table.read);
        let first = self.people.ids.len();
        let numbered = !mapping.has(Element::Id);
        let known = mapping.has(Element::Truth);
        let mut left_out = LeftOut::default();
        let seen = table.each_chunk(|records| {
            let start = self.people.ids.len();
            let sources = self.sources(records, &reading, sourced)?;
            if start + records.len() > linking::postings::MAX_RECORDS {
                return Err(Refusal::file(format!("{} holds too many rows", path.display())).into());
            }
            let codes: Vec<String> = (0..self.sources.0.len() as u32).map(letters).collect();
            let source = |at: usize| {
                sources
                    .get(at)
                    .map_or("", |&source| codes[source as usize].as_str())
            };
            let take_apart = |at: usize, share: &mut Share, take: &mut dyn FnMut(&RecordInput<'_>)| {
                let record = &records[at];
                let person = reading.person(record);
                share.left_out.add(&person, line_of(record));
                if numbered {
                    share.ids.push(&format!("{name}:{}", line_of(record)));
                } else {
                    share.ids.push(reading.one(record, Element::Id));
                }
                take(&person.input((start + at) as u128, source(at)));
            };
            for share in self.people.index.gather_each(records.len(), take_apart) {
                left_out.append(&share.left_out);
                self.people.ids.append(&share.ids);
            }
            if known {
                let person = |record| match reading.one(record, Element::Truth) {
                    "" => UNKNOWN,
                    person => self.persons.of(person),
                };
                self.people.truth.extend(records.iter().map(person));
            }
            self.people.sources.extend(sources);
            progress.at(read.load(Ordering::Relaxed));
            Ok(())
        })?;
        let file = FileRead {
            path,
            columns: mapping.columns,
            seen,
            left_out,
            first,
        };
        for line in file.remarks() {
            progress.say(&line);
        }
        self.check_ids(&file)?;
        self.people.files.push(file);
        Ok(())
    }

    /// The source of each record of a chunk; empty without sources.
    fn sources(&mut self, records: &[StringRecord], reading: &Reading, sourced: Sourced) -> Result<Vec<u32>> {
        let sources = match sourced {
            Sourced::Not => Vec::new(),
            Sourced::ByFile(number) => {
                self.sources.of(&number.to_string());
                vec![number; records.len()]
            }
            Sourced::ByColumn => records
                .iter()
                .map(|record| self.sources.of(reading.one(record, Element::Source)))
                .collect(),
        };
        if self.sources.0.len() > MAX_SOURCES {
            return Err(Refusal::usage(format!(
                "the source column holds more than {MAX_SOURCES} different values; it says something else than where a \
                 row comes from"
            ))
            .into());
        }
        Ok(sources)
    }

    fn check_ids(&self, file: &FileRead) -> Result<()> {
        let Some(column) = file.columns.iter().find(|column| column.element == Element::Id) else {
            return Ok(());
        };
        let ids = &self.people.ids;
        let Some((one, other)) = ids.repeated(file.first..ids.len(), None) else {
            return Ok(());
        };
        let lines: Vec<String> = table::rows(&file.path, &[one - file.first, other - file.first])?
            .iter()
            .map(|row| row.line.to_string())
            .collect();
        let id = ids.text(one);
        let what = if id.is_empty() {
            "have no id".to_owned()
        } else {
            format!("have one id, {id},")
        };
        Err(Refusal::usage(format!(
            "{}: lines {} {what} in column {:?}; name the column that numbers the rows with --id, or let them be \
             numbered by line with --map {}=ignore",
            file.path.display(),
            lines.join(" and "),
            column.name,
            column.name
        ))
        .into())
    }
}

/// Where ids of two files are the same, those written get the file's name before them.
fn tell_clashes(people: &mut People, progress: &Progress) {
    let [one, other] = people.files.as_slice() else {
        return;
    };
    let Some((a, _)) = people.ids.repeated(0..people.ids.len(), Some(other.first)) else {
        return;
    };
    let stem = |file: &FileRead| {
        file.path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let mut stems = [stem(one), stem(other)];
    if stems[0] == stems[1] {
        stems = ["1".to_owned(), "2".to_owned()];
    }
    progress.say(&format!(
        "Both files have ids such as {}: ids are written as {}:ID and {}:ID.",
        people.ids.text(a),
        stems[0],
        stems[1]
    ));
    people.ids.prefixes = [one.first, other.first]
        .into_iter()
        .zip(stems)
        .map(|(first, stem)| (first, format!("{stem}:")))
        .collect();
}

impl FileRead {
    /// What of the file could not be read as it stands, in words.
    pub(super) fn remarks(&self) -> Vec<String> {
        let lines = [
            (
                self.left_out.invalid_dates,
                "birth dates do not exist; only what can be right of them is used",
            ),
            (
                self.left_out.two_digit_years,
                "birth dates have a year of two digits and were left out",
            ),
            (
                self.seen.decoded,
                "rows are not UTF-8 and were read as Windows-1252",
            ),
            (self.seen.uneven, "rows have more or fewer cells than the header"),
            (
                self.seen.broken,
                "rows have a cell of several lines; if there should be none, a quotation mark is wrong there",
            ),
        ];
        let name = self.path.display();
        lines
            .into_iter()
            .filter(|(lines, _)| lines.count > 0)
            .map(|(lines, what)| {
                format!(
                    "{name}: {} {what}, first in line {}",
                    lines.count, lines.first_line
                )
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_sources_are_all_different() {
        let codes: std::collections::HashSet<String> = (0..MAX_SOURCES as u32).map(letters).collect();
        assert_eq!(codes.len(), MAX_SOURCES);
        assert!(codes.iter().all(|code| code.len() <= 3));
        assert_eq!(
            (letters(0), letters(25), letters(26)),
            ("A".into(), "Z".into(), "AA".into())
        );
    }

    #[test]
    fn ids_that_repeat_are_found() {
        let ids = |texts: &[&str]| {
            let mut ids = Ids::default();
            for id in texts {
                ids.push(id);
            }
            ids
        };
        assert_eq!(ids(&["a", "b", "ab", ""]).repeated(0..4, None), None);
        assert_eq!(ids(&["a", "b", "c", "b", "a"]).repeated(0..5, None), Some((1, 3)));
        // Between two files only.
        let mut two = ids(&["a", "a", "b", "c", "b"]);
        assert_eq!(two.repeated(0..5, Some(2)), None);
        assert_eq!(two.repeated(0..5, Some(3)), Some((2, 4)));
        two.prefixes = vec![(0, "x:".into()), (3, "y:".into())];
        assert_eq!((two.text(2), two.text(4)), ("x:b".to_owned(), "y:b".to_owned()));
    }
}
