//! What is drawn and not only written: bar charts and codes for telephones. Each is one figure with an alternative text
//! that says the same.

use super::{
    BOTTOM, Figure, Flow, GAP, LEADING, MARGIN, Role, Setting, Shape, TEXT, Tree, WIDTH, cleaned, lines,
};
use crate::pdf::code::Code;
use crate::pdf::face::Face;
use crate::pdf::{Bar, Chart, Language};

/// How dark a bar is, and the track that shows how long it could be: 0 is black, 255 white. Both survive a photocopy.
const BAR: u8 = 60;
const TRACK: u8 = 222;
/// How tall a bar is.
const THICK: f32 = 6.5;
/// The most that labels take of a chart's width.
const LABELS: f32 = 0.55;
/// Room between two charts, side by side and one below the other.
const GUTTER: f32 = 18.0;
/// Edge of a module of a code: 0.7 mm, which a telephone reads from a photocopy too.
const MODULE: f32 = 2.0;

/// A bar that is set: its label in lines.
struct SetBar<'c> {
    bar: &'c Bar,
    label: Vec<String>,
}

impl SetBar<'_> {
    fn height(&self) -> f32 {
        LEADING * self.label.len() as f32
    }
}

/// A chart that is set in a column.
struct SetChart<'c> {
    title: String,
    heading: Vec<String>,
    whole: u64,
    bars: Vec<SetBar<'c>>,
    labels: f32,
    values: f32,
}

impl<'c> SetChart<'c> {
    fn of(chart: &'c Chart, width: f32) -> Self {
        let natural = |texts: &mut dyn Iterator<Item = &'c String>| {
            texts
                .map(|text| Face::of(false).width(&cleaned(text)) * TEXT)
                .fold(0.0, f32::max)
                + GAP
                + 0.1
        };
        let labels = natural(&mut chart.bars.iter().map(|bar| &bar.label)).min(LABELS * width);
        let values = natural(&mut chart.bars.iter().map(|bar| &bar.text)).min(LABELS * width / 2.0);
        let bars = chart.bars.iter().map(|bar| SetBar {
            bar,
            label: lines(&cleaned(&bar.label), false, (labels - GAP) / TEXT),
        });
        Self {
            title: cleaned(&chart.title),
            heading: lines(&cleaned(&chart.title), true, width / TEXT),
            whole: chart.whole,
            bars: bars.collect(),
            labels,
            values,
        }
    }

    /// As charts of which each fits on a page.
    fn pieces(self) -> Vec<Self> {
        let most = 0.9 * (BOTTOM - MARGIN) - LEADING * (self.heading.len() as f32 + 1.0);
        let mut pieces: Vec<Vec<SetBar<'c>>> = vec![Vec::new()];
        let mut height = 0.0;
        for bar in self.bars {
            if height + bar.height() > most && height > 0.0 {
                pieces.push(Vec::new());
                height = 0.0;
            }
            height += bar.height();
            pieces.last_mut().expect("there is a piece").push(bar);
        }
        let piece = |bars| Self {
            title: self.title.clone(),
            heading: self.heading.clone(),
            bars,
            ..self
        };
        pieces.into_iter().map(piece).collect()
    }

    fn height(&self) -> f32 {
        let bars: f32 = self.bars.iter().map(SetBar::height).sum();
        LEADING * self.heading.len() as f32 + 2.0 + bars
    }

    /// What a screen reader says instead.
    fn says(&self, language: Language) -> String {
        let bars: Vec<String> = self
            .bars
            .iter()
            .map(|SetBar { bar, .. }| format!("{}: {}", cleaned(&bar.label), cleaned(&bar.text)))
            .collect();
        let kind = language.of("Bar chart", "Gráfica de barras");
        format!("{kind}. {}. {}.", self.title, bars.join("; "))
    }
}

/// Charts for so many columns, and how wide one is.
fn set_charts(columns: usize, charts: &[Chart]) -> (f32, Vec<SetChart<'_>>) {
    let width = (WIDTH + GUTTER) / columns as f32 - GUTTER;
    let drawn = charts.iter().filter(|chart| !chart.is_empty());
    let set = drawn.flat_map(|chart| SetChart::of(chart, width).pieces());
    (width, set.collect())
}

fn tallest_of(row: &[SetChart<'_>]) -> f32 {
    row.iter().map(SetChart::height).fold(0.0, f32::max)
}

/// How tall the first row of charts is.
pub(super) fn first_row(columns: usize, charts: &[Chart]) -> f32 {
    let (_, set) = set_charts(columns, charts);
    tallest_of(&set[..columns.min(set.len())])
}

impl Flow {
    /// Charts side by side, in so many columns.
    pub(super) fn charts(&mut self, columns: usize, charts: &[Chart], language: Language) -> Vec<Tree> {
        let (width, set) = set_charts(columns, charts);
        let mut figures = Vec::new();
        for row in set.chunks(columns) {
            let height = tallest_of(row);
            self.keep_together(height);
            for (index, chart) in row.iter().enumerate() {
                let left = MARGIN + (width + GUTTER) * index as f32;
                figures.push(self.chart(chart, left, width, language));
            }
            self.y += height + GUTTER / 2.0;
        }
        figures
    }

    fn chart(&mut self, chart: &SetChart<'_>, left: f32, width: f32, language: Language) -> Tree {
        let leaf = self.leaf();
        let mut top = self.y;
        let set = |flow: &mut Self, top: f32, x: f32, width: f32, bold: bool, right: bool, text: &str| {
            let setting = Setting {
                x,
                width,
                size: TEXT,
                bold,
                right,
                text,
                leaf: Some(leaf),
            };
            flow.set(top, &setting);
        };
        for text in &chart.heading {
            set(self, top, left, width, true, false, text);
            top += LEADING;
        }
        top += 2.0;
        let track = width - chart.labels - chart.values;
        for bar in &chart.bars {
            for (index, text) in bar.label.iter().enumerate() {
                let top = top + LEADING * index as f32;
                set(self, top, left, chart.labels - GAP, false, false, text);
            }
            let text = cleaned(&bar.bar.text);
            set(self, top, left, width, false, true, &text);
            let start = left + chart.labels;
            let upper = MARGIN + top + (LEADING - THICK) / 2.0 + 0.8;
            let share = (bar.bar.value as f32 / chart.whole.max(1) as f32).min(1.0);
            for (length, shade) in [(track, TRACK), (track * share, BAR)] {
                if length > 0.0 {
                    self.last().shapes.push(Shape {
                        rect: [start, upper, start + length, upper + THICK],
                        shade,
                        leaf,
                    });
                }
            }
            top += bar.height();
        }
        let height = chart.height();
        self.figure(
            leaf,
            chart.says(language),
            [left, self.y, left + width, self.y + height],
        )
    }

    /// Paragraphs with a code at their right edge.
    pub(super) fn code(&mut self, code: &Code, language: Language) -> Vec<Tree> {
        let edge = MODULE * code.modules as f32;
        let width = WIDTH - edge - 2.0 * GUTTER;
        let paragraphs: Vec<(bool, Vec<String>)> = code
            .paragraphs
            .iter()
            .map(|(text, strong)| (*strong, lines(&cleaned(text), *strong, width / TEXT)))
            .collect();
        let written: f32 = paragraphs
            .iter()
            .map(|(_, lines)| LEADING * lines.len() as f32 + 2.0)
            .sum();
        // Four empty modules around it belong to the code (ISO/IEC 18004).
        let quiet = 4.0 * MODULE;
        self.keep_together(written.max(edge + 2.0 * quiet).min(BOTTOM - MARGIN));
        let start = self.y;
        let mut trees = Vec::new();
        for (bold, texts) in &paragraphs {
            let leaf = self.leaf();
            for text in texts {
                let setting = Setting {
                    x: MARGIN,
                    width,
                    size: TEXT,
                    bold: *bold,
                    right: false,
                    text,
                    leaf: Some(leaf),
                };
                self.set(self.y, &setting);
                self.y += LEADING;
            }
            self.y += 2.0;
            trees.push(Tree::Group(Role::Paragraph, vec![Tree::Leaf(leaf)]));
        }
        let leaf = self.leaf();
        let (left, top) = (MARGIN + WIDTH - edge, start + quiet);
        for [row, from, to] in code.runs() {
            let at = |module: usize| MODULE * module as f32;
            self.last().shapes.push(Shape {
                rect: [
                    left + at(from),
                    MARGIN + top + at(row),
                    left + at(to),
                    MARGIN + top + at(row + 1),
                ],
                shade: 0,
                leaf,
            });
        }
        let says = language.of(
            format!("Code for a telephone’s camera: {}", code.address),
            format!("Código para la cámara de un teléfono: {}", code.address),
        );
        trees.push(self.figure(leaf, says, [left, top, left + edge, top + edge]));
        self.y = self.y.max(start + edge + 2.0 * quiet);
        trees
    }

    /// The figure on the last page, of which the edges are given below the margin.
    fn figure(&self, leaf: usize, says: String, [left, top, right, bottom]: [f32; 4]) -> Tree {
        let figure = Figure {
            says,
            page: self.pages.len() - 1,
            rect: [left, MARGIN + top, right, MARGIN + bottom],
        };
        Tree::Group(Role::Figure(figure), vec![Tree::Leaf(leaf)])
    }
}
