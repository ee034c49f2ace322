//! What the linking engine found, for people to read: words first, weights behind.

use linking::Explanation;
use linking::levels::Field;
use serde_json::Value;

use crate::view::{Cell, Table};
use crate::words;

/// The explanation in a stored evidence: of a near match it is the whole, of a link a member.
pub(crate) fn explanation(evidence: &Value) -> Option<Explanation> {
    let value = evidence.get("explanation").unwrap_or(evidence);
    serde_json::from_value(value.clone()).ok()
}

/// The name of a compared field.
pub(crate) fn field_name(field: Field) -> &'static str {
    match field {
        Field::Given => "First given name",
        Field::Middle => "Other given names",
        Field::Surname => "Last names",
        Field::BirthDate => "Birth date",
        Field::Sex => "Sex",
        Field::Parents => "Parents and guardian",
        Field::BirthCity => "City of birth",
        Field::BirthPlace => "State and country of birth",
        Field::MultipleBirth => "Multiple birth",
        Field::Source => "Which states",
        Field::Generation => "Suffix (Jr., III)",
        Field::Identifier => "Identifiers",
    }
}

fn bits(bits: f64) -> String {
    format!("{bits:+.1}")
}

/// Every compared field with what it says and weighs, and the sum.
pub(crate) fn table(explanation: &Explanation) -> Table {
    let mut table = Table::new(
        "Evidence in bits: +1 doubles the odds that they are one child, −1 halves them",
        &[
            "Field",
            "What was found",
            "#Against strangers",
            "#Against brothers and sisters",
        ],
        "Nothing was compared.",
    );
    for row in &explanation.rows {
        let note = row
            .note
            .as_ref()
            .map_or_else(String::new, |note| format!("How common: {note}"));
        table.row(
            "",
            [
                field_name(row.field).into(),
                Cell::new(words::sentence(&row.words)).note(note),
                bits(f64::from(row.bits_strangers)).into(),
                bits(f64::from(row.bits_relatives)).into(),
            ],
        );
    }
    let [stranger, _, sibling] = explanation.prior_bits;
    table.row(
        "faded",
        [
            "Before looking".into(),
            "Two records of the exchange are rarely one child".into(),
            bits(stranger).into(),
            bits(sibling).into(),
        ],
    );
    let total = format!(
        "{} bits against all other explanations taken together: probability {:.1} %",
        bits(f64::from(explanation.weight)),
        explanation.probability * 100.0
    );
    table.row(
        "strong",
        [
            "All together".into(),
            total.into(),
            Cell::default(),
            Cell::default(),
        ],
    );
    table
}

/// What was not said on one side or both.
pub(crate) fn missing(explanation: &Explanation) -> String {
    explanation
        .missing
        .iter()
        .map(|field| field_name(*field).to_lowercase())
        .collect::<Vec<_>>()
        .join(", ")
}
