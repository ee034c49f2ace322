//! Records that look something up in other files wait until every file has been read: in memory while they are few, in
//! a temporary file beyond. So neither the order of files nor that of records matters.

use std::borrow::Cow;
use std::io::{self, BufReader, BufWriter, Cursor, Read, Seek, Write};

use super::record::{SEPARATOR, push_value};
use crate::place::Place;

/// Bytes that wait in memory.
const MEMORY: usize = 16 << 20;

/// Records that wait.
#[derive(Default)]
pub(crate) struct Waiting {
    rows: Vec<u8>,
    file: Option<BufWriter<std::fs::File>>,
    text: String,
}

impl Waiting {
    /// Adds a record for the description of a rank.
    pub(crate) fn add(&mut self, rank: usize, place: Place, values: &[Cow<'_, str>]) -> io::Result<()> {
        self.text.clear();
        for (position, value) in values.iter().enumerate() {
            if position > 0 {
                self.text.push(SEPARATOR);
            }
            push_value(&mut self.text, value);
        }
        self.rows.extend((rank as u64).to_ne_bytes());
        self.rows.extend(place.source.to_ne_bytes());
        self.rows.extend(place.line.to_ne_bytes());
        self.rows.extend((self.text.len() as u64).to_ne_bytes());
        self.rows.extend(self.text.as_bytes());
        if self.rows.len() > MEMORY {
            let file = match &mut self.file {
                Some(file) => file,
                none => none.insert(BufWriter::new(tempfile::tempfile()?)),
            };
            file.write_all(&self.rows)?;
            self.rows.clear();
        }
        Ok(())
    }

    /// The records in the order in which they came.
    pub(crate) fn into_rows(self) -> io::Result<Rows> {
        let before: Box<dyn Read> = match self.file {
            None => Box::new(io::empty()),
            Some(file) => {
                let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.rewind()?;
                Box::new(BufReader::new(file))
            }
        };
        Ok(Rows(Box::new(before.chain(Cursor::new(self.rows)))))
    }
}

/// The records that waited.
pub(crate) struct Rows(Box<dyn Read>);

/// A record that waited.
pub(crate) struct Row {
    /// The rank of its description.
    pub(crate) rank: usize,
    /// Where it is.
    pub(crate) place: Place,
    text: String,
}

impl Row {
    /// Its own values.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.text.split(SEPARATOR)
    }
}

impl Rows {
    /// The next record.
    pub(crate) fn next(&mut self) -> io::Result<Option<Row>> {
        let mut rank = [0; 8];
        // At the end nothing is left, not even the first byte.
        if self.0.read(&mut rank[..1])? == 0 {
            return Ok(None);
        }
        self.0.read_exact(&mut rank[1..])?;
        let mut source = [0; 2];
        self.0.read_exact(&mut source)?;
        let mut number = || {
            let mut bytes = [0; 8];
            self.0.read_exact(&mut bytes).map(|()| u64::from_ne_bytes(bytes))
        };
        let line = number()?;
        let length = number()?;
        let mut text = vec![0; usize::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?];
        self.0.read_exact(&mut text)?;
        Ok(Some(Row {
            rank: usize::try_from(u64::from_ne_bytes(rank)).map_err(|_| io::ErrorKind::InvalidData)?,
            place: Place {
                source: u16::from_ne_bytes(source),
                line,
            },
            text: String::from_utf8(text).map_err(|_| io::ErrorKind::InvalidData)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_in_order_from_disk_and_memory() {
        let mut waiting = Waiting::default();
        let long = "é".repeat(1000);
        for n in 0..20_000_u64 {
            let place = Place {
                source: (n % 3) as u16,
                line: n,
            };
            waiting
                .add(
                    n as usize % 5,
                    place,
                    &[n.to_string().into(), long.as_str().into()],
                )
                .unwrap();
        }
        assert!(waiting.file.is_some() && !waiting.rows.is_empty());
        let mut rows = waiting.into_rows().unwrap();
        for n in 0..20_000_u64 {
            let row = rows.next().unwrap().unwrap();
            assert_eq!((row.rank, row.place.line), (n as usize % 5, n));
            let values: Vec<_> = row.values().collect();
            assert_eq!(values, [n.to_string().as_str(), long.as_str()]);
        }
        assert!(rows.next().unwrap().is_none());
    }
}
