//! Rows brought together by student: each row goes to the partition of its student's hash, then one partition at a
//! time is sorted in memory. So no upload has to fit into memory, however its files are sorted.

use std::hash::{Hash, Hasher};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use rustc_hash::FxHasher;

/// Bytes of rows that one partition should hold.
const PARTITION: u64 = 48 << 20;
/// A partition larger than this is one student with far too many rows: no hash can divide it, and memory has an end.
const LARGEST: u64 = 8 * PARTITION;
/// More open files than this are not worth their buffers.
const MOST: u64 = 128;

/// One row of a student.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StudentRow<'a> {
    /// The state student id.
    pub(crate) key: &'a str,
    /// The place of its description in the order in which the rows are to come; the student's own first.
    pub(crate) rank: u16,
    /// Whether the text is a finding instead of a row.
    pub(crate) problem: bool,
    /// The row.
    pub(crate) text: &'a str,
    /// Its line.
    pub(crate) line: u64,
    /// The number of its file and kind of record.
    pub(crate) source: u16,
}

/// Rows on their way to their students.
pub(crate) struct Partitions {
    parts: Vec<Part>,
}

enum Part {
    Memory(Vec<u8>),
    File(BufWriter<std::fs::File>),
}

impl Partitions {
    /// For about so many bytes of rows; one partition stays in memory, several are temporary files.
    pub(crate) fn for_bytes(expected: u64) -> io::Result<Self> {
        let count = (expected / PARTITION + 1).min(MOST);
        let parts = if count == 1 {
            vec![Part::Memory(Vec::new())]
        } else {
            (0..count)
                .map(|_| tempfile::tempfile().map(|f| Part::File(BufWriter::new(f))))
                .collect::<io::Result<_>>()?
        };
        Ok(Self { parts })
    }

    /// Adds a row to the partition of its student.
    pub(crate) fn add(&mut self, row: StudentRow<'_>) -> io::Result<()> {
        let mut hasher = FxHasher::default();
        row.key.hash(&mut hasher);
        let index = (hasher.finish() >> 32) as usize % self.parts.len();
        match &mut self.parts[index] {
            Part::Memory(bytes) => {
                if bytes.len() as u64 > 2 * PARTITION {
                    // The size that the packing claimed was a lie: go on in a file.
                    let mut file = BufWriter::new(tempfile::tempfile()?);
                    file.write_all(bytes)?;
                    write(&mut file, row)?;
                    self.parts[index] = Part::File(file);
                    return Ok(());
                }
                write(bytes, row)
            }
            Part::File(file) => write(file, row),
        }
    }

    /// Hands over the rows of each student, one student after the other, in the order of [`StudentRow`]: so the same
    /// content gives the same student, however its files were sorted.
    pub(crate) fn each_student<E: From<io::Error>>(
        self,
        mut student: impl FnMut(&[StudentRow<'_>]) -> Result<(), E>,
    ) -> Result<(), E> {
        for part in self.parts {
            let bytes = match part {
                Part::Memory(bytes) => bytes,
                Part::File(file) => {
                    let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                    if file.stream_position()? > LARGEST {
                        return Err(E::from(io::ErrorKind::FileTooLarge.into()));
                    }
                    file.rewind()?;
                    let mut bytes = Vec::new();
                    BufReader::new(file).read_to_end(&mut bytes)?;
                    bytes
                }
            };
            let mut rows = Vec::new();
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                rows.push(take(&mut rest).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?);
            }
            rows.sort_unstable();
            for rows in rows.chunk_by(|a, b| a.key == b.key) {
                student(rows)?;
            }
        }
        Ok(())
    }
}

fn write(out: &mut impl Write, row: StudentRow<'_>) -> io::Result<()> {
    out.write_all(&row.rank.to_ne_bytes())?;
    out.write_all(&[u8::from(row.problem)])?;
    out.write_all(&row.line.to_ne_bytes())?;
    out.write_all(&row.source.to_ne_bytes())?;
    for text in [row.key, row.text] {
        out.write_all(&(text.len() as u32).to_ne_bytes())?;
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<StudentRow<'a>> {
    fn array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
        let (head, tail) = rest.split_first_chunk::<N>()?;
        *rest = tail;
        Some(*head)
    }
    fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
        let length = u32::from_ne_bytes(array(rest)?) as usize;
        let (head, tail) = rest.split_at_checked(length)?;
        *rest = tail;
        std::str::from_utf8(head).ok()
    }
    let rank = u16::from_ne_bytes(array(rest)?);
    let [problem] = array(rest)?;
    let line = u64::from_ne_bytes(array(rest)?);
    let source = u16::from_ne_bytes(array(rest)?);
    Some(StudentRow {
        source,
        rank,
        problem: problem != 0,
        line,
        key: text(rest)?,
        text: text(rest)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_student_come_together_whatever_the_order() {
        for expected in [0, PARTITION * 9] {
            let mut partitions = Partitions::for_bytes(expected).unwrap();
            for line in 0..1000u64 {
                let key = (line % 100).to_string();
                let row = StudentRow {
                    source: 0,
                    key: &key,
                    rank: (line % 7) as u16,
                    problem: line % 2 == 0,
                    text: "é|x",
                    line,
                };
                partitions.add(row).unwrap();
            }
            let mut seen = Vec::new();
            partitions
                .each_student::<io::Error>(|rows| {
                    assert_eq!(rows.len(), 10);
                    assert!(rows.is_sorted() && rows.iter().all(|r| r.key == rows[0].key && r.text == "é|x"));
                    seen.push(rows[0].key.to_owned());
                    Ok(())
                })
                .unwrap();
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), 100);
        }
    }
}
