//! Tables as the sheets of a workbook.

use std::fmt;
use std::io::{Seek, Write};
use std::path::Path;

use rust_xlsxwriter::{Format, FormatAlign, Worksheet, XlsxError};

use crate::cell::{looks_like_formula, printable};
use crate::{Cell, Column, Result};

/// Rows that a sheet can have, with the header (Excel's limit).
const ROWS: u32 = 1_048_576;

/// Characters that a cell can have (Excel's limit).
const CHARACTERS: usize = 32_767;

/// Characters of the name of a sheet (Excel's limit).
const NAME: usize = 31;

/// The background of what is marked.
const YELLOW: u32 = 0x00FF_F2A8;

/// A workbook in the making. Rows go to a temporary file as they come; memory does not grow with them. A table with
/// more rows than a sheet can have goes on in a next one.
pub struct Workbook {
    book: rust_xlsxwriter::Workbook,
    name: String,
    columns: Vec<Column>,
    /// Sheets of the table at hand, and rows on the last of them.
    parts: usize,
    rows: u32,
    rows_per_sheet: u32,
    head: Format,
    text: Format,
    quoted: Format,
    /// Text to be corrected: bold on yellow, so that it is seen without colors too.
    marked: Format,
}

impl fmt::Debug for Workbook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workbook")
            .field("sheet", &self.name)
            .finish_non_exhaustive()
    }
}

impl Default for Workbook {
    fn default() -> Self {
        let text = Format::new().set_align(FormatAlign::Top).set_text_wrap();
        Self {
            book: rust_xlsxwriter::Workbook::new(),
            name: String::new(),
            columns: Vec::new(),
            parts: 0,
            rows: 0,
            rows_per_sheet: ROWS,
            head: Format::new().set_bold(),
            quoted: text.clone().set_quote_prefix(),
            marked: text
                .clone()
                .set_quote_prefix()
                .set_bold()
                .set_background_color(YELLOW),
            text,
        }
    }
}

impl Workbook {
    /// A workbook without sheets, with temporary files in the system's folder for them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with temporary files in `folder`, which must exist.
    pub fn with_temporary_files_in(mut self, folder: &Path) -> Result<Self> {
        self.book.set_tempdir(folder)?;
        Ok(self)
    }

    /// Starts a sheet; rows go to it from now on. The name may have 31 characters, without `[ ] : * ? / \`.
    pub fn sheet(&mut self, name: &str, columns: &[Column]) -> Result<()> {
        name.clone_into(&mut self.name);
        self.columns = columns.to_vec();
        self.parts = 0;
        self.next_sheet()
    }

    fn next_sheet(&mut self) -> Result<()> {
        self.parts += 1;
        let name = match self.parts {
            1 => self.name.chars().take(NAME).collect(),
            part => {
                let suffix = format!(" {part}");
                self.name.chars().take(NAME - suffix.len()).collect::<String>() + &suffix
            }
        };
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        for (index, column) in (0_u16..).zip(&self.columns) {
            sheet.set_column_width(index, f64::from(column.width))?;
        }
        for (index, column) in (0_u16..).zip(&self.columns) {
            sheet.write_string_with_format(0, index, column.title, &self.head)?;
        }
        self.rows = 1;
        Ok(())
    }

    /// Adds a row to the sheet that was started last. A text longer than a cell can hold is cut.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        if self.rows == self.rows_per_sheet {
            self.next_sheet()?;
        }
        let last = self.book.worksheets().len().checked_sub(1);
        let last =
            last.ok_or_else(|| XlsxError::ParameterError("a row before the first sheet".to_owned()))?;
        let (row, sheet) = (self.rows, self.book.worksheet_from_index(last)?);
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Cell::Empty => {}
                Cell::Number(number) => {
                    sheet.write_number_with_format(row, column, *number as f64, &self.text)?;
                }
                Cell::Text(text) => write_text(sheet, (row, column), text, [&self.text, &self.quoted])?,
                Cell::Marked(text) => write_text(sheet, (row, column), text, [&self.marked; 2])?,
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Writes the whole workbook.
    pub fn finish<W: Write + Seek + Send>(mut self, out: W) -> Result<()> {
        Ok(self.book.save_to_writer(out)?)
    }
}

/// A text as text: what looks like a formula also stays one when somebody edits the cell.
fn write_text(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    text: &str,
    [plain, quoted]: [&Format; 2],
) -> Result<()> {
    let text = printable(text);
    let text = match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => &text[..end],
        None => &*text,
    };
    let format = if looks_like_formula(text) { quoted } else { plain };
    sheet.write_string_with_format(row, column, text, format)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use super::*;

    const COLUMNS: [Column; 2] = [Column::new("id", 10), Column::new("message", 40)];

    /// The files of a workbook whose names start so, one text after the other.
    fn part(book: &[u8], prefix: &str) -> Vec<String> {
        let mut archive = zip::ZipArchive::new(Cursor::new(book)).expect("a zip");
        let names = archive
            .file_names()
            .map(|name| name.expect("a name").into_owned());
        let mut names: Vec<String> = names.filter(|name| name.starts_with(prefix)).collect();
        names.sort();
        let mut read = |name: &String| {
            let mut text = String::new();
            archive
                .by_name(name)
                .expect("a file")
                .read_to_string(&mut text)
                .expect("text");
            text
        };
        names.iter().map(&mut read).collect()
    }

    fn finished(book: Workbook) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        book.finish(&mut out).expect("a workbook");
        out.into_inner()
    }

    #[test]
    fn a_workbook_holds_texts_and_no_formulas() {
        let mut book = Workbook::new();
        book.sheet("Findings", &COLUMNS).expect("a sheet");
        let texts = [
            "=1+1",
            "@SUM(A1)",
            "{=1+1}",
            "http://example.org",
            "\u{0}\u{1b}bell",
        ];
        for text in texts {
            book.row(&[Cell::Number(7), text.into()]).expect("a row");
        }
        let book = finished(book);
        let sheet = part(&book, "xl/worksheets/sheet").concat();
        assert!(!sheet.contains("<f") && !sheet.contains("hyperlink"), "{sheet}");
        assert_eq!(
            sheet.matches("t=\"inlineStr\"").count(),
            COLUMNS.len() + texts.len()
        );
        assert!(
            sheet.contains("<t>=1+1</t>") && sheet.contains("<t>\u{fffd}\u{fffd}bell</t>"),
            "{sheet}"
        );
        assert!(
            part(&book, "xl/styles.xml")
                .concat()
                .contains("quotePrefix=\"1\"")
        );
    }

    #[test]
    fn a_long_table_goes_on_in_a_next_sheet_and_a_long_text_is_cut() {
        let mut book = Workbook {
            rows_per_sheet: 3,
            ..Workbook::new()
        };
        book.sheet("Findings", &COLUMNS).expect("a sheet");
        let long = "ñ".repeat(CHARACTERS + 1);
        for row in 0..5 {
            book.row(&[row.into(), long.as_str().into()]).expect("a row");
        }
        let book = finished(book);
        let sheets = part(&book, "xl/worksheets/sheet");
        let rows: Vec<usize> = sheets
            .iter()
            .map(|sheet| sheet.matches("<row ").count())
            .collect();
        assert_eq!(rows, [3, 3, 2], "two rows under each header");
        assert_eq!(sheets.concat().matches('ñ').count(), 5 * CHARACTERS);
        assert!(
            part(&book, "xl/workbook.xml")
                .concat()
                .contains("name=\"Findings 3\"")
        );
    }

    #[test]
    fn a_row_needs_a_sheet() {
        assert!(Workbook::new().row(&[]).is_err());
    }
}
