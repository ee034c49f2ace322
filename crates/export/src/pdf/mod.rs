//! Papers: headings, paragraphs, lists of facts, tables and bar charts, set on letter pages and written as tagged PDF (PDF/UA-1),
//! the same bytes for the same content.
//!
//! ```no_run
//! use export::pdf::{Column, Language, Paper, Table};
//!
//! let mut paper = Paper::new(Language::English, "Eligible children", "2025-2026");
//! paper.heading("By grade");
//! let mut table = Table::new([Column::text("Grade", 3.0), Column::number("Children", 1.0)]);
//! table.row(["Grade 1", "412"]);
//! paper.table(table);
//! let bytes = paper.pdf().expect("a font that is built in");
//! ```

mod code;
mod face;
mod layout;
mod write;

use chrono::{DateTime, Utc};
use code::Code;

/// Why a paper cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The library refuses it, most likely because it would not be accessible.
    #[error("the paper cannot be written as PDF: {0}")]
    Refused(String),
}

/// The languages of papers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Spanish.
    Spanish,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// Its tag (BCP 47), as addresses name it.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// The language of that tag.
    #[must_use]
    pub fn tagged(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// Of a text in both languages the one in this.
    #[must_use]
    pub fn of<T>(self, english: T, spanish: T) -> T {
        match self {
            Self::English => english,
            Self::Spanish => spanish,
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    pub(crate) label: String,
    /// Its share of the width.
    pub(crate) share: f32,
    pub(crate) right: bool,
}

impl Column {
    /// A column of texts with its share of the table's width.
    #[must_use]
    pub fn text(label: impl Into<String>, share: f32) -> Self {
        Self {
            label: label.into(),
            share,
            right: false,
        }
    }

    /// A column of numbers.
    #[must_use]
    pub fn number(label: impl Into<String>, share: f32) -> Self {
        Self {
            right: true,
            ..Self::text(label, share)
        }
    }
}

/// A table; its header is repeated on every page that it reaches, and no row is cut that fits on a page.
#[derive(Debug, Clone)]
pub struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
}

#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) cells: Vec<String>,
    pub(crate) strong: bool,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, a cell for each column.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.add(cells, false);
    }

    /// Adds a row of sums.
    pub fn total<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.add(cells, true);
    }

    fn add<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>, strong: bool) {
        let mut cells: Vec<String> = cells.into_iter().map(Into::into).collect();
        cells.resize(self.columns.len(), String::new());
        self.rows.push(Row { cells, strong });
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// A bar chart: a heading, and for each bar its label, the bar, and what it stands for in words.
#[derive(Debug, Clone)]
pub struct Chart {
    pub(crate) title: String,
    /// What a bar over the whole length stands for.
    pub(crate) whole: u64,
    pub(crate) bars: Vec<Bar>,
}

#[derive(Debug, Clone)]
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) value: u64,
    pub(crate) text: String,
}

impl Chart {
    /// A chart without bars. A bar over the whole length stands for `whole`.
    #[must_use]
    pub fn new(title: impl Into<String>, whole: u64) -> Self {
        Self {
            title: title.into(),
            whole,
            bars: Vec::new(),
        }
    }

    /// Whether there is no bar.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bars.is_empty()
    }

    /// Adds a bar; `text` stands behind it.
    pub fn bar(&mut self, label: impl Into<String>, value: u64, text: impl Into<String>) {
        self.bars.push(Bar {
            label: label.into(),
            value,
            text: text.into(),
        });
    }
}

/// A part of a paper.
#[derive(Debug, Clone)]
pub(crate) enum Block {
    Heading(String),
    Paragraph {
        text: String,
        strong: bool,
    },
    Facts(Vec<(String, String)>),
    Table(Table),
    /// Charts in so many columns.
    Charts(usize, Vec<Chart>),
    Code(Code),
    /// What follows is in this language.
    Language(Language),
    /// What follows begins on a new page.
    Page,
}

/// A document of letter pages.
#[derive(Debug, Clone)]
pub struct Paper {
    pub(crate) language: Language,
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) blocks: Vec<Block>,
    /// Stands at the foot of every page, before its number.
    pub(crate) foot: String,
    pub(crate) written: Option<DateTime<Utc>>,
}

impl Paper {
    /// A paper with a title and a line below it.
    #[must_use]
    pub fn new(language: Language, title: impl Into<String>, subtitle: impl Into<String>) -> Self {
        Self {
            language,
            title: title.into(),
            subtitle: subtitle.into(),
            blocks: Vec::new(),
            foot: String::new(),
            written: None,
        }
    }

    /// The time that stands in the file as that of its making. Without it the file has none.
    pub fn written(&mut self, at: DateTime<Utc>) {
        self.written = Some(at);
    }

    /// What stands at the foot of every page. It repeats what the paper says elsewhere: screen readers pass it over.
    pub fn foot(&mut self, text: impl Into<String>) {
        self.foot = text.into();
    }

    /// A heading.
    pub fn heading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading(text.into()));
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph {
            text: text.into(),
            strong: false,
        });
    }

    /// A paragraph that is not to be overlooked.
    pub fn strong(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph {
            text: text.into(),
            strong: true,
        });
    }

    /// Labels with their values, several in a line.
    pub fn facts<L: Into<String>, V: Into<String>>(&mut self, facts: impl IntoIterator<Item = (L, V)>) {
        let facts = facts
            .into_iter()
            .map(|(label, value)| (label.into(), value.into()));
        self.blocks.push(Block::Facts(facts.collect()));
    }

    /// A table.
    pub fn table(&mut self, table: Table) {
        self.blocks.push(Block::Table(table));
    }

    /// Charts, side by side in so many columns. To who hears a paper they say their labels and texts.
    pub fn charts(&mut self, columns: usize, charts: impl IntoIterator<Item = Chart>) {
        self.blocks
            .push(Block::Charts(columns.max(1), charts.into_iter().collect()));
    }

    /// Paragraphs, of which some are not to be overlooked, with a QR code of an address beside them. Of an address that
    /// is too long for one only the paragraphs are there.
    pub fn code<T: Into<String>>(&mut self, address: &str, paragraphs: impl IntoIterator<Item = (T, bool)>) {
        let paragraphs: Vec<(String, bool)> = paragraphs
            .into_iter()
            .map(|(text, strong)| (text.into(), strong))
            .collect();
        match Code::of(address, paragraphs.clone()) {
            Some(code) => self.blocks.push(Block::Code(code)),
            None => self.blocks.extend(
                paragraphs
                    .into_iter()
                    .map(|(text, strong)| Block::Paragraph { text, strong }),
            ),
        }
    }

    /// What follows is in this language.
    pub fn speak(&mut self, language: Language) {
        self.blocks.push(Block::Language(language));
    }

    /// What follows begins on a new page.
    pub fn page(&mut self) {
        self.blocks.push(Block::Page);
    }

    /// The title; a dash where there is none, since a paper has to have one.
    pub(crate) fn heading_text(&self) -> String {
        let title = face::cleaned(&self.title);
        if title.is_empty() { "–".to_owned() } else { title }
    }

    /// The paper as PDF. The same paper gives the same bytes. Letters that the font lacks are printed as `?`, kept in
    /// the text of the file, and the last page says so.
    pub fn pdf(&self) -> Result<Vec<u8>, PdfError> {
        write::write(self, &layout::lay_out(self))
    }

    /// How many pages it has.
    #[must_use]
    pub fn pages(&self) -> usize {
        layout::lay_out(self).pages.len()
    }
}
