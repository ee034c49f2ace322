//! The picture of an explanation: from the prior, field by field, to the total; against strangers on the left, against
//! relatives on the right.
//!
//! Made to be read without colours (bars are arrows, figures have signs), by a screen reader (title and description
//! say it all), and without anything from outside: no scripts, no styles, no fonts, no ids that could meet others on
//! a page with several pictures. It shows no value of any record.

use std::fmt::Write;

use crate::explain::{Against, Explanation, chance, signed};

/// Size of the whole picture.
const WIDTH: f32 = 960.0;
/// Where the names of the fields end.
const LABELS: f32 = 334.0;
/// Space between and beside the two columns; figures at the ends of bars stand in it.
const GAP: f32 = 46.0;
const ROW: f32 = 40.0;
const TOP: f32 = 62.0;
const BAR: f32 = 18.0;
/// Length of an arrow's point.
const POINT: f32 = 7.0;
/// No more rows are drawn; there are fewer fields.
const MOST_ROWS: usize = 32;
/// No longer text is drawn, in letters.
const LONGEST: usize = 54;

const INK: &str = "#1b1b1b";
const FAINT: &str = "#565c65";
const LINE: &str = "#c9ccd1";
/// Both at least 4.5:1 on white, and of different lightness and hue for who sees fewer colours.
const FOR: &str = "#005ea2";
const AGAINST: &str = "#a23c00";
const TOTAL: &str = "#3d4551";
/// A white rim keeps figures readable where lines cross them.
const HALO: &str = "paint-order=\"stroke\" stroke=\"#fff\" stroke-width=\"4\"";

/// A step of the waterfall.
struct Step<'a> {
    title: &'a str,
    words: String,
    /// Against strangers and against relatives.
    bits: [f32; 2],
}

/// One column: where bits are on paper.
struct Column {
    left: f32,
    from: f32,
    scale: f32,
}

impl Column {
    fn x(&self, bits: f32) -> f32 {
        self.left + (bits - self.from) * self.scale
    }
}

/// Draws an explanation as SVG, 960 units wide; at most some 20 kB.
#[must_use]
pub fn svg(explanation: &Explanation) -> String {
    let steps = steps(explanation);
    let columns: Vec<(String, Against, usize)> = [
        Some(("Against strangers".to_owned(), explanation.strangers, 0)),
        explanation
            .relatives
            .map(|against| (format!("Against {}", explanation.kin.words()), against, 1)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let bottom = TOP + ROW * (steps.len() + 2) as f32;
    let height = bottom + 92.0;
    let mut out = String::with_capacity(16_384);
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" font-family=\"sans-serif\" font-size=\"14\" fill=\"{INK}\">\n\
         <title>Weights of evidence, field by field</title>\n<desc>{}</desc>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n",
        escape(&description(explanation, &steps, &columns))
    );
    labels(&mut out, &steps);
    let room = (WIDTH - LABELS) / columns.len() as f32;
    for (place, (heading, against, side)) in columns.iter().enumerate() {
        let left = LABELS + room * place as f32 + GAP;
        column(
            &mut out,
            explanation,
            &steps,
            (heading, *against, *side),
            (left, room - 2.0 * GAP),
            bottom,
        );
    }
    let _ = write!(
        out,
        "<text x=\"12\" y=\"{}\" font-weight=\"700\">{}</text>\n\
         <text x=\"12\" y=\"{}\" font-size=\"13\" fill=\"{FAINT}\">Arrows to the right (+) speak for one child, arrows \
         to the left (−) against it. +1 bit doubles the odds.</text>\n\
         <text x=\"12\" y=\"{}\" font-size=\"13\" fill=\"{FAINT}\">From “ask” on people are asked; from “join” on no one \
         needs to be, unless something forbids it.</text>\n</svg>\n",
        bottom + 40.0,
        escape(&format!(
            "Against all of it together: {} bits, probability {}",
            signed(explanation.weight),
            chance(explanation.probability)
        )),
        bottom + 62.0,
        bottom + 80.0,
    );
    out
}

fn steps(explanation: &Explanation) -> Vec<Step<'_>> {
    explanation
        .rows
        .iter()
        .take(MOST_ROWS)
        .map(|row| {
            let words = match row.frequency_bits {
                x if x >= 0.05 => format!("rare ({} of it): {}", signed(x), row.words),
                x if x <= -0.05 => format!("common ({} of it): {}", signed(x), row.words),
                _ => row.words.clone(),
            };
            Step {
                title: &row.title,
                words,
                bits: [row.bits_strangers, row.bits_relatives],
            }
        })
        .collect()
}

/// All figures in a few sentences, for who cannot see the picture.
fn description(
    explanation: &Explanation,
    steps: &[Step<'_>],
    columns: &[(String, Against, usize)],
) -> String {
    let mut text = String::new();
    for (heading, against, side) in columns {
        let _ = write!(text, "{heading}: before looking {}", signed(against.prior));
        for step in steps {
            let _ = write!(
                text,
                "; {} {}",
                clip(step.title).to_lowercase(),
                signed(step.bits[*side])
            );
        }
        let _ = write!(
            text,
            "; total {} bits, probability {}. ",
            signed(against.total),
            chance(against.probability)
        );
    }
    let _ = write!(
        text,
        "All together {} bits, probability {}.",
        signed(explanation.weight),
        chance(explanation.probability)
    );
    text
}

fn labels(out: &mut String, steps: &[Step<'_>]) {
    let first = Step {
        title: "Before looking",
        words: "what is usual, whatever the fields say".to_owned(),
        bits: [0.0; 2],
    };
    let last = Step {
        title: "Total",
        words: String::new(),
        bits: [0.0; 2],
    };
    for (index, step) in std::iter::once(&first).chain(steps).chain([&last]).enumerate() {
        let y = TOP + ROW * index as f32;
        let _ = write!(
            out,
            "<path d=\"M0 {y}H{WIDTH}\" stroke=\"{LINE}\"/>\n<text x=\"12\" y=\"{}\" font-weight=\"700\">{}</text>\n",
            y + 17.0,
            escape(&clip(step.title))
        );
        if !step.words.is_empty() {
            let _ = writeln!(
                out,
                "<text x=\"12\" y=\"{}\" font-size=\"12.5\" fill=\"{FAINT}\">{}</text>",
                y + 33.0,
                escape(&clip(&step.words))
            );
        }
    }
}

fn column(
    out: &mut String,
    explanation: &Explanation,
    steps: &[Step<'_>],
    (heading, against, side): (&str, Against, usize),
    (left, width): (f32, f32),
    bottom: f32,
) {
    // Every place that the waterfall passes, zero and both thresholds have to be on paper.
    let mut level = against.prior;
    let mut passed = vec![
        0.0,
        level,
        against.total,
        explanation.bands.review,
        explanation.bands.automatic,
    ];
    for step in steps {
        level += step.bits[side];
        passed.push(level);
    }
    let from = passed.iter().copied().fold(f32::MAX, f32::min);
    let to = passed.iter().copied().fold(f32::MIN, f32::max);
    let column = Column {
        left,
        from,
        scale: width / (to - from).max(1.0),
    };
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"20\" font-weight=\"700\">{}</text>",
        left - GAP + 8.0,
        escape(heading)
    );
    thresholds(out, explanation, &column, bottom);
    bar(out, &column, TOP, 0.0, against.prior);
    let mut at = against.prior;
    for (index, step) in steps.iter().enumerate() {
        let y = TOP + ROW * (index + 1) as f32;
        let next = at + step.bits[side];
        bar(out, &column, y, at, next);
        let x = column.x(next);
        let _ = writeln!(
            out,
            "<path d=\"M{x:.1} {:.1}V{:.1}\" stroke=\"{FAINT}\" stroke-dasharray=\"2 2\"/>",
            y + 11.0 + BAR,
            y + ROW + 11.0
        );
        at = next;
    }
    let y = TOP + ROW * (steps.len() + 1) as f32;
    let (zero, end) = (column.x(0.0), column.x(against.total));
    let _ = write!(
        out,
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{BAR}\" fill=\"{TOTAL}\"/>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"13\" font-weight=\"700\" {HALO}>{} bits, probability {}</text>\n",
        zero.min(end),
        y + 6.0,
        (end - zero).abs().max(1.0),
        left - GAP + 8.0,
        y + 6.0 + BAR + 15.0,
        signed(against.total),
        escape(&chance(against.probability))
    );
}

/// Zero and the two thresholds, as lines through all rows.
fn thresholds(out: &mut String, explanation: &Explanation, column: &Column, bottom: f32) {
    let lines = [
        (0.0, LINE, "", ""),
        (explanation.bands.review, FAINT, "4 3", "ask"),
        (explanation.bands.automatic, FAINT, "8 3", "join"),
    ];
    for (bits, colour, dashes, label) in lines {
        let x = column.x(bits);
        let _ = writeln!(
            out,
            "<path d=\"M{x:.1} {:.1}V{bottom:.1}\" stroke=\"{colour}\" stroke-dasharray=\"{dashes}\"/>",
            TOP - 8.0
        );
        if !label.is_empty() {
            let _ = writeln!(
                out,
                "<text x=\"{x:.1}\" y=\"{:.1}\" font-size=\"12\" fill=\"{FAINT}\" text-anchor=\"middle\">{label} {}</text>",
                if label == "ask" { TOP - 26.0 } else { TOP - 12.0 },
                signed(bits)
            );
        }
    }
}

/// A bar of one step as an arrow, with its figure at the point.
fn bar(out: &mut String, column: &Column, y: f32, from: f32, to: f32) {
    let (start, end) = (column.x(from), column.x(to));
    let (top, low) = (y + 11.0, y + 11.0 + BAR);
    let middle = f32::midpoint(top, low);
    let right = to >= from;
    let (colour, anchor, text) = if right {
        (FOR, "start", end.max(start) + 5.0)
    } else {
        (AGAINST, "end", end.min(start) - 5.0)
    };
    let length = (end - start).abs();
    let point = POINT.min(length);
    let shoulder = if right { end - point } else { end + point };
    // What adds nothing is a thin line.
    if length < 1.0 {
        let _ = writeln!(
            out,
            "<path d=\"M{start:.1} {top:.1}V{low:.1}\" stroke=\"{colour}\" stroke-width=\"2\"/>"
        );
    } else {
        let _ = writeln!(
            out,
            "<polygon points=\"{start:.1},{top:.1} {shoulder:.1},{top:.1} {end:.1},{middle:.1} {shoulder:.1},{low:.1} \
             {start:.1},{low:.1}\" fill=\"{colour}\"/>"
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{text:.1}\" y=\"{:.1}\" font-size=\"13\" fill=\"{colour}\" text-anchor=\"{anchor}\" {HALO}>{}</text>",
        middle + 4.5,
        signed(to - from)
    );
}

fn clip(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// Text of an explanation that was stored may be anything.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
