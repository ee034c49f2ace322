//! A table as CSV.

use std::io::{self, Write};

use crate::cell::guarded;
use crate::{Cell, Column, Result};

/// A CSV file in the making.
#[derive(Debug)]
pub struct CsvTable<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> CsvTable<W> {
    /// A table with its header row.
    pub fn new(out: W, columns: &[Column]) -> Result<Self> {
        let mut table = Self::continued(out);
        let titles = columns.iter().map(|column| column.title);
        table.writer.write_record(titles).map_err(io::Error::from)?;
        Ok(table)
    }

    /// Further rows of a table whose header is written: for one that is sent piece by piece.
    pub fn continued(out: W) -> Self {
        Self {
            writer: csv::Writer::from_writer(out),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        for cell in cells {
            match cell {
                Cell::Empty => self.writer.write_field(""),
                Cell::Number(number) => self.writer.write_field(number.to_string()),
                Cell::Text(text) | Cell::Marked(text) => self.writer.write_field(&*guarded(text)),
            }
            .map_err(io::Error::from)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(io::Error::from)?;
        Ok(())
    }

    /// Writes what is left, and gives the output back.
    pub fn finish(self) -> Result<W> {
        Ok(self
            .writer
            .into_inner()
            .map_err(|error| io::Error::other(error.to_string()))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_runs_nothing_of_a_csv() {
        let columns = [Column::new("id", 10), Column::new("message", 40)];
        let mut table = CsvTable::new(Vec::new(), &columns).expect("header");
        let rows = [
            ["@SUM(A1)".into(), "=HYPERLINK(\"x\")".into()],
            ["-1+1, \"quoted\"".into(), Cell::Number(-7)],
            [Cell::Empty, "two\nlines".into()],
        ];
        for row in &rows {
            table.row(row).expect("a row");
        }
        let text = String::from_utf8(table.finish().expect("whole")).expect("text");
        assert_eq!(
            text,
            "id,message\n'@SUM(A1),\"'=HYPERLINK(\"\"x\"\")\"\n\"'-1+1, \"\"quoted\"\"\",-7\n,\"two\nlines\"\n"
        );
    }
}
