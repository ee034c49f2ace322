//! Where everything of a paper stands: pages of texts and lines, and the tree that tells what they are.

mod figures;

use super::face::{Face, cleaned, lines};
use super::{Block, Column, Language, Paper, Row, Table};

/// A letter page, in points.
pub(crate) const PAGE: (f32, f32) = (612.0, 792.0);
/// Half an inch.
const MARGIN: f32 = 36.0;
const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
/// Where the foot's line of text stands.
const FOOT: f32 = PAGE.1 - 30.0;
const BOTTOM: f32 = FOOT - 14.0;
/// The smallest type that survives a fax and a photocopy.
const TEXT: f32 = 9.0;
const LEADING: f32 = 10.4;
const TITLE: f32 = 14.0;
const HEADING: f32 = 10.0;
/// Room between two columns.
const GAP: f32 = 6.0;
/// Columns of facts.
const FACTS: usize = 4;

/// A line of text.
#[derive(Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) x: f32,
    /// Its base line.
    pub(crate) y: f32,
    pub(crate) size: f32,
    pub(crate) bold: bool,
    pub(crate) text: String,
    /// Of what it is the content; nothing for what repeats or adorns.
    pub(crate) leaf: Option<usize>,
}

/// A rectangle of a figure.
#[derive(Debug, PartialEq)]
pub(crate) struct Shape {
    /// Left, top, right, bottom.
    pub(crate) rect: [f32; 4],
    /// How dark it is: 0 is black, 255 white.
    pub(crate) shade: u8,
    /// Of what it is the content.
    pub(crate) leaf: usize,
}

/// A page: its texts in the order in which they are read, what is drawn, and its rules as left, top, right, bottom.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) lines: Vec<Line>,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) rules: Vec<[f32; 4]>,
}

/// What a figure is to who does not see it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    /// What is said instead of it.
    pub(crate) says: String,
    pub(crate) page: usize,
    /// Left, top, right, bottom.
    pub(crate) rect: [f32; 4],
}

/// What a part of a paper is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Role {
    Section(Language),
    Heading(u16, String),
    Paragraph,
    List,
    Item,
    Label,
    Body,
    Table,
    Head,
    Rows,
    Row,
    ColumnHead,
    Cell,
    Figure(Figure),
}

/// The tree of a paper.
#[derive(Debug)]
pub(crate) enum Tree {
    Group(Role, Vec<Tree>),
    Leaf(usize),
}

/// A paper that is set.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) pages: Vec<Page>,
    pub(crate) tree: Vec<Tree>,
    pub(crate) leaves: usize,
    pub(crate) headings: Vec<Mark>,
}

/// Where a heading stands.
#[derive(Debug)]
pub(crate) struct Mark {
    pub(crate) level: u16,
    pub(crate) text: String,
    pub(crate) page: usize,
    /// Its upper edge.
    pub(crate) y: f32,
}

pub(crate) fn lay_out(paper: &Paper) -> Layout {
    let mut flow = Flow::default();
    flow.pages.push(Page::default());
    let title = paper.heading_text();
    let mut parts = vec![flow.heading(1, &title, TITLE)];
    let subtitle = cleaned(&paper.subtitle);
    if !subtitle.is_empty() {
        parts.push(flow.paragraph(&subtitle, false));
    }
    let mut tree = Vec::new();
    let mut language = paper.language;
    for (index, block) in paper.blocks.iter().enumerate() {
        match block {
            Block::Heading(text) => {
                let text = cleaned(text);
                let below = below_heading(&paper.blocks[index + 1..]);
                flow.keep_together(below.max(4.0 * LEADING) + HEADING);
                flow.y += 3.0;
                let heading = flow.heading(2, &text, HEADING);
                flow.rule();
                parts.push(heading);
            }
            Block::Paragraph { text, strong } => {
                let text = cleaned(text);
                parts.push(flow.paragraph(&text, *strong));
            }
            Block::Facts(facts) => parts.push(flow.facts(facts)),
            Block::Table(table) if table.columns.is_empty() || table.is_empty() => {}
            Block::Table(table) => parts.push(flow.table(table)),
            Block::Charts(columns, charts) => parts.extend(flow.charts(*columns, charts, language)),
            Block::Code(code) => parts.extend(flow.code(code, language)),
            Block::Language(next) => {
                let section = Role::Section(language);
                tree.push(Tree::Group(section, std::mem::take(&mut parts)));
                language = *next;
            }
            Block::Page => flow.new_page(),
        }
    }
    if flow.unknown {
        let says = language.of(
            "“?” stands for a letter that this print cannot show. The record has it.",
            "“?” está en lugar de una letra que esta impresión no puede mostrar. El registro la tiene.",
        );
        parts.push(flow.paragraph(says, false));
    }
    tree.push(Tree::Group(Role::Section(language), parts));
    flow.feet(paper);
    Layout {
        pages: flow.pages,
        tree,
        leaves: flow.leaves,
        headings: flow.headings,
    }
}

/// What a heading is not parted from: plots, with a paragraph before them. Of other things a few lines are enough.
fn below_heading(blocks: &[Block]) -> f32 {
    match blocks {
        [Block::Charts(columns, charts), ..] => figures::first_row(*columns, charts) + 2.0 * LEADING,
        [Block::Paragraph { .. }, Block::Charts(columns, charts), ..] => {
            figures::first_row(*columns, charts) + 4.0 * LEADING
        }
        _ => 0.0,
    }
}

#[derive(Default)]
struct Flow {
    pages: Vec<Page>,
    /// How far the last page is filled, below the margin.
    y: f32,
    leaves: usize,
    headings: Vec<Mark>,
    /// Whether there was a letter that the font lacks.
    unknown: bool,
}

/// A line that is to be set: where, how, what.
struct Setting<'t> {
    x: f32,
    width: f32,
    size: f32,
    bold: bool,
    right: bool,
    text: &'t str,
    leaf: Option<usize>,
}

impl Flow {
    fn leaf(&mut self) -> usize {
        self.leaves += 1;
        self.leaves - 1
    }

    fn room(&self) -> f32 {
        BOTTOM - MARGIN - self.y
    }

    fn new_page(&mut self) {
        self.pages.push(Page::default());
        self.y = 0.0;
    }

    fn keep_together(&mut self, height: f32) {
        if self.room() < height {
            self.new_page();
        }
    }

    fn last(&mut self) -> &mut Page {
        self.pages.last_mut().expect("a paper has a page")
    }

    /// Sets a line of which `top` is the upper edge, below the margin.
    fn set(&mut self, top: f32, setting: &Setting<'_>) {
        let face = Face::of(setting.bold);
        self.unknown |= !face.has(setting.text);
        let indent = if setting.right {
            setting.width - face.width(setting.text.trim_end()) * setting.size
        } else {
            0.0
        };
        let line = Line {
            x: setting.x + indent,
            y: MARGIN + top + setting.size,
            size: setting.size,
            bold: setting.bold,
            text: setting.text.to_owned(),
            leaf: setting.leaf,
        };
        self.last().lines.push(line);
    }

    fn rule(&mut self) {
        let y = MARGIN + self.y + 1.0;
        self.last().rules.push([MARGIN, y, MARGIN + WIDTH, y + 0.6]);
        self.y += 3.0;
    }

    fn heading(&mut self, level: u16, text: &str, size: f32) -> Tree {
        self.keep_together(2.0 * size);
        self.headings.push(Mark {
            level,
            text: text.to_owned(),
            page: self.pages.len() - 1,
            y: MARGIN + self.y,
        });
        let leaf = self.running(text, size, true);
        Tree::Group(Role::Heading(level, text.to_owned()), vec![Tree::Leaf(leaf)])
    }

    fn paragraph(&mut self, text: &str, bold: bool) -> Tree {
        let leaf = self.running(text, TEXT, bold);
        self.y += 2.0;
        Tree::Group(Role::Paragraph, vec![Tree::Leaf(leaf)])
    }

    /// Text over the whole width, on as many pages as it needs.
    fn running(&mut self, text: &str, size: f32, bold: bool) -> usize {
        let leaf = self.leaf();
        let leading = size * LEADING / TEXT;
        for text in lines(text, bold, WIDTH / size) {
            self.keep_together(leading);
            let setting = Setting {
                x: MARGIN,
                width: WIDTH,
                size,
                bold,
                right: false,
                text: &text,
                leaf: Some(leaf),
            };
            self.set(self.y, &setting);
            self.y += leading;
        }
        leaf
    }

    /// Facts in columns: a label in bold, its value below it.
    fn facts(&mut self, facts: &[(String, String)]) -> Tree {
        let width = WIDTH / FACTS as f32;
        let mut items = Vec::new();
        for four in facts.chunks(FACTS) {
            let cells: Vec<Vec<Piece>> = four
                .iter()
                .map(|(label, value)| {
                    let pieces = [(label, true), (value, false)];
                    pieces
                        .map(|(text, bold)| Piece::new(self.leaf(), text, bold, width - GAP))
                        .into()
                })
                .collect();
            for cell in &cells {
                let [label, body] = [0, 1].map(|i| Tree::Leaf(cell[i].leaf));
                items.push(Tree::Group(
                    Role::Item,
                    vec![
                        Tree::Group(Role::Label, vec![label]),
                        Tree::Group(Role::Body, vec![body]),
                    ],
                ));
            }
            let places: Vec<Place> = (0..four.len())
                .map(|i| Place {
                    x: MARGIN + width * i as f32,
                    width: width - GAP,
                    right: false,
                })
                .collect();
            self.beside(&places, &cells, |_| {});
            self.y += 2.0;
        }
        Tree::Group(Role::List, items)
    }

    fn table(&mut self, table: &Table) -> Tree {
        let places = places(table);
        let labels: Vec<String> = table.columns.iter().map(|column| column.label.clone()).collect();
        let mut head = self.pieces(&labels, &places, true);
        // The header and the first row stay together.
        let first = table
            .rows
            .first()
            .map(|row| self.pieces(&row.cells, &places, row.strong));
        let height = |cells: &[Vec<Piece>]| LEADING * tallest(cells) as f32 + 2.0;
        let needed = height(&head) + first.as_deref().map_or(0.0, height);
        self.keep_together(needed.min(BOTTOM - MARGIN));
        self.beside(&places, &head, |_| {});
        let heads = head.iter().map(|cell| group(Role::ColumnHead, cell)).collect();
        let tree_head = Tree::Group(Role::Head, vec![Tree::Group(Role::Row, heads)]);
        // On later pages the header only repeats.
        for piece in head.iter_mut().flatten() {
            piece.repeats = true;
        }
        self.rule();
        let mut rows = Vec::new();
        for Row { cells, strong } in &table.rows {
            let cells = self.pieces(cells, &places, *strong);
            let again = |flow: &mut Self| {
                flow.beside(&places, &head, |_| {});
                flow.rule();
            };
            self.beside(&places, &cells, again);
            let cells = cells.iter().map(|cell| group(Role::Cell, cell)).collect();
            rows.push(Tree::Group(Role::Row, cells));
        }
        self.y += 1.0;
        Tree::Group(Role::Table, vec![tree_head, Tree::Group(Role::Rows, rows)])
    }

    fn pieces(&mut self, texts: &[String], places: &[Place], bold: bool) -> Vec<Vec<Piece>> {
        texts
            .iter()
            .zip(places)
            .map(|(text, place)| vec![Piece::new(self.leaf(), text, bold, place.width)])
            .collect()
    }

    /// Sets cells side by side. They begin a new page, below what `again` puts on it, if they do not fit on this one, and
    /// are cut only where no page is long enough.
    fn beside(&mut self, places: &[Place], cells: &[Vec<Piece>], again: impl Fn(&mut Self)) {
        let total = tallest(cells);
        let height = |count: usize| LEADING * count as f32;
        if self.room() < height(total) && self.y > 0.0 && height(total) <= 0.9 * (BOTTOM - MARGIN) {
            self.new_page();
            again(self);
        }
        let mut from = 0;
        while from < total {
            let fits = ((self.room() / LEADING) as usize).max(1);
            let to = total.min(from + fits);
            for (place, cell) in places.iter().zip(cells) {
                let all = cell
                    .iter()
                    .flat_map(|piece| piece.lines.iter().map(move |line| (piece, line)));
                for (index, (piece, text)) in all.enumerate().skip(from).take(to - from) {
                    let setting = Setting {
                        x: place.x,
                        width: place.width,
                        size: TEXT,
                        bold: piece.bold,
                        right: place.right,
                        text,
                        leaf: (!piece.repeats).then_some(piece.leaf),
                    };
                    self.set(self.y + LEADING * (index - from) as f32, &setting);
                }
            }
            self.y += height(to - from);
            from = to;
            if from < total {
                self.new_page();
                again(self);
            }
        }
    }

    /// The foot of every page: what the paper wants there, and the page's number.
    fn feet(&mut self, paper: &Paper) {
        let count = self.pages.len();
        for (index, page) in self.pages.iter_mut().enumerate() {
            let number = format!(
                "{} {} {} {count}",
                paper.language.of("Page", "Página"),
                index + 1,
                paper.language.of("of", "de")
            );
            let width = Face::of(false).width(&number) * TEXT;
            let foot = lines(&cleaned(&paper.foot), false, (WIDTH - width - GAP) / TEXT).swap_remove(0);
            for (x, text) in [(MARGIN, foot), (MARGIN + WIDTH - width, number)] {
                page.lines.push(Line {
                    x,
                    y: FOOT,
                    size: TEXT,
                    bold: false,
                    text,
                    leaf: None,
                });
            }
            page.rules
                .push([MARGIN, FOOT - 11.0, MARGIN + WIDTH, FOOT - 10.6]);
        }
    }
}

/// A text in a cell.
struct Piece {
    leaf: usize,
    bold: bool,
    lines: Vec<String>,
    /// Whether it only repeats what was said on an earlier page.
    repeats: bool,
}

impl Piece {
    fn new(leaf: usize, text: &str, bold: bool, width: f32) -> Self {
        Self {
            leaf,
            bold,
            lines: lines(&cleaned(text), bold, width / TEXT),
            repeats: false,
        }
    }
}

/// Where a column is.
struct Place {
    x: f32,
    width: f32,
    right: bool,
}

/// The columns of a table: each as wide as its longest text where that is not more than its share of what is left, and
/// as its longest word, so that none is broken which need not be.
fn places(table: &Table) -> Vec<Place> {
    let natural = |(index, column): (usize, &Column)| {
        let cells = table.rows.iter().map(|row| (&row.cells[index], row.strong));
        let texts = cells.chain([(&column.label, true)]);
        let widths = texts.map(|(text, bold)| Face::of(bold).width(&cleaned(text)) * TEXT);
        widths.fold(0.0, f32::max) + GAP + 0.1
    };
    let natural: Vec<f32> = table.columns.iter().enumerate().map(natural).collect();
    let words: Vec<f32> = (0..natural.len())
        .map(|index| longest_word(table, index))
        .collect();
    let mut widths: Vec<Option<f32>> = vec![None; natural.len()];
    loop {
        let left = WIDTH - widths.iter().flatten().sum::<f32>();
        let open = table
            .columns
            .iter()
            .zip(&widths)
            .filter(|(_, width)| width.is_none());
        let shares: f32 = open.map(|(column, _)| column.share).sum();
        let open = |i: &usize| widths[*i].is_none();
        let share = |i: usize| left * table.columns[i].share / shares;
        let fits = (0..natural.len())
            .filter(open)
            .find(|i| natural[*i] <= share(*i))
            .map(|i| (i, natural[i]))
            .or_else(|| {
                let all: f32 = (0..words.len()).filter(open).map(|i| words[i]).sum();
                let mut open = (0..words.len()).filter(open);
                let narrow = open.find(|i| words[*i] > share(*i))?;
                (all <= left).then_some((narrow, words[narrow]))
            });
        match fits {
            Some((index, width)) => widths[index] = Some(width),
            None if shares > 0.0 => {
                for (width, column) in widths.iter_mut().zip(&table.columns) {
                    width.get_or_insert(left * column.share / shares);
                }
            }
            None => {
                // All fit: what is left goes to all of them.
                let all: f32 = table.columns.iter().map(|column| column.share).sum();
                for (width, column) in widths.iter_mut().flatten().zip(&table.columns) {
                    *width += left * column.share / all;
                }
                break;
            }
        }
        if widths.iter().all(Option::is_some) && shares > 0.0 && fits.is_none() {
            break;
        }
    }
    let mut x = MARGIN;
    widths
        .into_iter()
        .flatten()
        .zip(&table.columns)
        .map(|(width, column)| {
            let place = Place {
                x,
                width: width - GAP,
                right: column.right,
            };
            x += width;
            place
        })
        .collect()
}

/// How wide the longest word of a column is.
fn longest_word(table: &Table, index: usize) -> f32 {
    let cells = table.rows.iter().map(|row| (&row.cells[index], row.strong));
    let texts = cells.chain([(&table.columns[index].label, true)]);
    let widths = texts.flat_map(|(text, bold)| {
        let widths = cleaned(text)
            .split(' ')
            .map(|word| Face::of(bold).width(word) * TEXT)
            .collect::<Vec<_>>();
        widths.into_iter()
    });
    widths.fold(0.0, f32::max) + GAP + 0.1
}

fn tallest(cells: &[Vec<Piece>]) -> usize {
    let lines = |cell: &Vec<Piece>| cell.iter().map(|piece| piece.lines.len()).sum();
    cells.iter().map(lines).max().unwrap_or(0)
}

fn group(role: Role, cell: &[Piece]) -> Tree {
    Tree::Group(role, cell.iter().map(|piece| Tree::Leaf(piece.leaf)).collect())
}
