//! What the linking engine found, for people to read: words first, weights and their picture behind.

use askama::Template;
use askama::filters::HtmlSafe;
use linking::explain::{self, Explanation, Row, Rule, chance, signed};
use linking::waterfall;
use serde_json::Value;

use crate::view::{Cell, Table};
use crate::words;

/// What was found in one field.
struct Line {
    title: String,
    words: String,
    says: String,
}

/// The evidence about a pair: which rule decided, what would settle it, field by field in words; weights behind.
#[derive(Template)]
#[template(path = "evidence.html")]
pub(crate) struct Evidence {
    rule: String,
    settle: String,
    lines: Vec<Line>,
    missing: String,
    picture: String,
    weights: Table,
}

impl HtmlSafe for Evidence {}

/// The explanation in a stored evidence: of a near match it is the whole, of a link a member.
pub(crate) fn explanation(evidence: &Value) -> Option<Explanation> {
    let value = evidence.get("explanation").unwrap_or(evidence);
    serde_json::from_value(value.clone()).ok()
}

impl Evidence {
    /// The evidence of a question that is open.
    pub(crate) fn of(explanation: &Explanation) -> Self {
        // A pair that is clear by itself is asked about for other records' sake; the page says so.
        if explanation.rule == Rule::Automatic {
            return Self::decided(explanation);
        }
        Self {
            rule: explanation.rule_words(),
            settle: explanation.settle_words(),
            ..Self::decided(explanation)
        }
    }

    /// The evidence of what is decided: how it would be settled is no longer of interest.
    pub(crate) fn decided(explanation: &Explanation) -> Self {
        let line = |row: &Row| Line {
            title: row.title.clone(),
            words: words::sentence(&row.words),
            says: row.says.clone(),
        };
        Self {
            rule: String::new(),
            settle: String::new(),
            lines: explanation.rows.iter().map(line).collect(),
            missing: missing(explanation),
            picture: waterfall::svg(explanation),
            weights: weights(explanation),
        }
    }
}

/// Every compared field with what it says and weighs, and the sum.
fn weights(explanation: &Explanation) -> Table {
    let mut columns = vec![
        "Field".to_owned(),
        "What was found".to_owned(),
        "#Against strangers".to_owned(),
    ];
    if explanation.relatives.is_some() {
        columns.push(format!("#Against {}", explanation.kin.words()));
    }
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut table = Table::new(
        "Evidence in bits: +1 doubles the odds that they are one child, −1 halves them",
        &columns,
        "Nothing was compared.",
    );
    let figures = |strangers: f32, relatives: Option<f32>| {
        [Some(strangers), relatives]
            .into_iter()
            .flatten()
            .map(|bits| Cell::from(signed(bits)))
            .collect::<Vec<_>>()
    };
    let families = explanation.relatives.is_some();
    for row in &explanation.rows {
        let note = row.note.as_ref().map_or_else(String::new, |note| {
            format!(
                "How common: {note}. That makes {} bits of it",
                signed(row.frequency_bits)
            )
        });
        let words = Cell::new(words::sentence(&row.words)).note(note);
        let bits = figures(row.bits_strangers, families.then_some(row.bits_relatives));
        table.row("", [row.title.as_str().into(), words].into_iter().chain(bits));
    }
    let prior = figures(
        explanation.strangers.prior,
        explanation.relatives.map(|r| r.prior),
    );
    let before = Cell::from("What is usual, whatever the fields say");
    table.row(
        "faded",
        [Cell::from("Before looking"), before].into_iter().chain(prior),
    );
    let sums = figures(
        explanation.strangers.total,
        explanation.relatives.map(|r| r.total),
    );
    let total = format!(
        "{} bits against all other explanations taken together: probability {}",
        signed(explanation.weight),
        chance(explanation.probability)
    );
    table.row(
        "strong",
        [Cell::from("All together"), total.into()].into_iter().chain(sums),
    );
    table
}

/// What was not said on one side or both.
fn missing(explanation: &Explanation) -> String {
    explanation
        .missing
        .iter()
        // What no state sends is not missed.
        .filter(|field| !field.elements().is_empty() || **field == linking::levels::Field::MultipleBirth)
        .map(|field| explain::title(*field).to_lowercase())
        .collect::<Vec<_>>()
        .join(", ")
}
