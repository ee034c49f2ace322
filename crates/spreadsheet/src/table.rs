//! A table of which the rows are at hand.

use std::io::Cursor;

use crate::{Cell, Column, CsvTable, Form, Result, Workbook};

/// A table with all its rows, for one that fits in memory and is written in whatever form is asked for.
#[derive(Debug, Clone)]
pub struct Table {
    name: &'static str,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell<'static>>>,
}

impl Table {
    /// A table without rows. The name is that of the sheet and of the file.
    #[must_use]
    pub fn new(name: &'static str, columns: &[Column]) -> Self {
        Self {
            name,
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// With these rows, each with a cell per column.
    #[must_use]
    pub fn with(mut self, rows: impl IntoIterator<Item = Vec<Cell<'static>>>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The rows, without the header.
    #[must_use]
    pub fn rows(&self) -> &[Vec<Cell<'static>>] {
        &self.rows
    }

    /// Adds it to a workbook as a sheet.
    pub fn add_to(&self, book: &mut Workbook) -> Result<()> {
        book.sheet(self.name, &self.columns)?;
        self.rows.iter().try_for_each(|row| book.row(row))
    }

    /// The bytes of a file of this form.
    pub fn written(&self, form: Form) -> Result<Vec<u8>> {
        match form {
            Form::Csv => {
                let mut csv = CsvTable::new(Vec::new(), &self.columns)?;
                for row in &self.rows {
                    csv.row(row)?;
                }
                csv.finish()
            }
            Form::Xlsx => {
                let mut book = Workbook::new();
                self.add_to(&mut book)?;
                let mut out = Cursor::new(Vec::new());
                book.finish(&mut out)?;
                Ok(out.into_inner())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_rows_are_in_either_form() {
        let table = Table::new("children", &[Column::new("name", 10), Column::new("number", 5)])
            .with([vec!["Nuñez".into(), 7.into()]]);
        let csv = table.written(Form::Csv).expect("a file");
        assert_eq!(String::from_utf8(csv).expect("text"), "name,number\nNuñez,7\n");
        let book = table.written(Form::Xlsx).expect("a file");
        assert!(book.starts_with(b"PK") && table.name() == "children" && table.rows().len() == 1);
    }
}
