//! JSON that PostgreSQL can keep. What a state sends may hold U+0000, which `jsonb` refuses; it is kept as the sign that
//! stands for it, U+2400.

use serde::Serialize;

use crate::db::{Error, Result};

/// The text of a value.
pub(crate) fn text(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut json = serde_json::to_vec(value)?;
    // A backslash and what follows it are one sign, so that an escaped backslash before `u0000` is left alone.
    let mut at = 0;
    while let Some(found) = json
        .get(at..)
        .and_then(|rest| rest.iter().position(|b| *b == b'\\'))
    {
        let escape = at + found;
        if json[escape..].starts_with(b"\\u0000") {
            json[escape + 2..escape + 6].copy_from_slice(b"2400");
        }
        at = escape + 2;
    }
    Ok(json)
}

/// The value as JSON.
pub fn value(value: &impl Serialize) -> Result<serde_json::Value> {
    text(value)
        .and_then(|text| serde_json::from_slice(&text))
        .map_err(|error| Error::Corrupt {
            what: "JSON",
            why: error.to_string(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_nul_is_left_and_nothing_else_changes() {
        let sent = ["a\0b", "\0", "\\u0000", "\\\0", "ñ\"\n"];
        let kept = value(&sent).expect("JSON");
        assert_eq!(
            kept,
            serde_json::json!(["a\u{2400}b", "\u{2400}", "\\u0000", "\\\u{2400}", "ñ\"\n"])
        );
    }
}
