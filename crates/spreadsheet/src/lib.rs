//! Tables for people who open them in a spreadsheet: as CSV and as XLSX, written row by row in bounded memory.
//!
//! What stands in a table may come from anybody, so no cell is ever a formula ([`cell`] has the rule). What the tables
//! are about is not known here.

pub mod cell;
mod csv_table;
mod table;
mod workbook;

use std::io;

pub use cell::Cell;
pub use csv_table::CsvTable;
pub use table::Table;
pub use workbook::Workbook;

/// The form of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Comma-separated values (RFC 4180), UTF-8, with a header row.
    Csv,
    /// A workbook of Office Open XML (ISO/IEC 29500).
    Xlsx,
}

impl Form {
    /// The form with this extension of a file name, without the dot; upper or lower case.
    #[must_use]
    pub fn named(extension: &str) -> Option<Self> {
        [Self::Csv, Self::Xlsx]
            .into_iter()
            .find(|form| form.extension().eq_ignore_ascii_case(extension))
    }

    /// Its extension of a file name, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// Its media type, without parameters.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// A column: what stands above it, and how wide it is in a workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// What stands above it.
    pub title: &'static str,
    /// Its width in characters, 1 to 255; nothing in CSV.
    pub width: u8,
}

impl Column {
    /// A column.
    #[must_use]
    pub const fn new(title: &'static str, width: u8) -> Self {
        Self { title, width }
    }
}

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file or its folder for work in progress is not writable.
    #[error("failed to write the table: {0}")]
    Io(#[from] io::Error),
    /// The table does not fit the form.
    #[error("failed to write the workbook: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
}

/// What writing a table gives.
pub type Result<T> = std::result::Result<T, Error>;
