//! Tables in which rows of other files look something up. The rows are in memory while they are few and in a temporary
//! file beyond; in memory stay sixteen bytes a row.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};

use rustc_hash::FxHasher;

use super::record::SEPARATOR;

/// Bytes of rows that stay in memory.
const MEMORY: usize = 16 << 20;

/// A table that is being filled, then looked up in.
pub(crate) struct Table {
    rows: Vec<u8>,
    file: Option<std::fs::File>,
    /// Bytes in the file.
    written: u64,
    /// Hash of the key, and where the row is.
    index: Vec<(u64, u64)>,
    sorted: bool,
}

impl Table {
    /// An empty table.
    pub(crate) fn new() -> Self {
        Self {
            rows: Vec::new(),
            file: None,
            written: 0,
            index: Vec::new(),
            sorted: false,
        }
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// Adds a row: its key, and its columns with [`SEPARATOR`] between them.
    pub(crate) fn add(&mut self, key: &str, columns: &str) -> io::Result<()> {
        self.sorted = false;
        self.index
            .push((hash(key), self.written + self.rows.len() as u64));
        for text in [key, columns] {
            self.rows.extend((text.len() as u32).to_ne_bytes());
            self.rows.extend(text.as_bytes());
        }
        if self.rows.len() > MEMORY {
            let file = match &mut self.file {
                Some(file) => file,
                none => none.insert(tempfile::tempfile()?),
            };
            file.seek(SeekFrom::Start(self.written))?;
            file.write_all(&self.rows)?;
            self.written += self.rows.len() as u64;
            self.rows.clear();
        }
        Ok(())
    }

    /// The columns of the rows with a key, the last that came first, but no more than `most`.
    pub(crate) fn last(&mut self, key: &str, most: usize) -> io::Result<Vec<Vec<String>>> {
        let mut rows = Vec::new();
        for place in self.places(key).into_iter().rev() {
            rows.extend(self.columns(place, key)?);
            if rows.len() == most {
                break;
            }
        }
        Ok(rows)
    }

    /// Where rows may be that have a key, in the order in which they came.
    fn places(&mut self, key: &str) -> Vec<u64> {
        if !self.sorted {
            self.index.sort_unstable();
            self.sorted = true;
        }
        let wanted = hash(key);
        let first = self.index.partition_point(|(hash, _)| *hash < wanted);
        let same = self.index[first..].iter().take_while(|(hash, _)| *hash == wanted);
        same.map(|(_, place)| *place).collect()
    }

    fn columns(&mut self, place: u64, key: &str) -> io::Result<Option<Vec<String>>> {
        let (found, columns) = self.row(place)?;
        Ok((found == key).then(|| columns.split(SEPARATOR).map(str::to_owned).collect()))
    }

    fn row(&mut self, place: u64) -> io::Result<(Cow<'_, str>, Cow<'_, str>)> {
        if place < self.written {
            let Some(file) = &mut self.file else {
                return Err(io::ErrorKind::InvalidData.into());
            };
            file.seek(SeekFrom::Start(place))?;
            let mut text = || {
                let mut length = [0; 4];
                file.read_exact(&mut length)?;
                let mut bytes = vec![0; u32::from_ne_bytes(length) as usize];
                file.read_exact(&mut bytes)?;
                String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
            };
            return Ok((text()?.into(), text()?.into()));
        }
        let start = usize::try_from(place - self.written).unwrap_or(usize::MAX);
        let mut rest = self.rows.get(start..).unwrap_or_default();
        let mut text = || {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let (text, after) = after.split_at_checked(u32::from_ne_bytes(*length) as usize)?;
            rest = after;
            std::str::from_utf8(text).ok().map(Cow::Borrowed)
        };
        match (text(), text()) {
            (Some(key), Some(columns)) => Ok((key, columns)),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

fn hash(key: &str) -> u64 {
    let mut hasher = FxHasher::default();
    key.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_up_in_memory_and_on_disk() {
        let mut table = Table::new();
        let long = "x".repeat(1000);
        for n in 0..40_000 {
            table.add(&n.to_string(), &format!("{long}\u{1f}é{n}")).unwrap();
        }
        table.add("7", "later\u{1f}").unwrap();
        assert!(table.file.is_some() && !table.rows.is_empty());
        for n in [0, 1, 20_000, 39_999] {
            assert_eq!(table.last(&n.to_string(), 1).unwrap()[0][1], format!("é{n}"));
        }
        assert_eq!(table.last("7", 1).unwrap(), [["later", ""]]);
        let all = table.last("7", 10).unwrap();
        assert_eq!((all.len(), all[1][1].as_str()), (2, "é7"));
        assert!(table.last("none", 1).unwrap().is_empty());
        table.add("none", "one").unwrap();
        assert_eq!(table.last("none", 1).unwrap(), [["one"]]);
    }
}
