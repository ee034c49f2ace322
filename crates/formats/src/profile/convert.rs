//! Texts of an export to the canonical texts of data elements.

use std::fmt;

use chrono::NaiveDate;
use serde::Deserialize;

/// A format of dates or months: `YYYY`, `MM`, `DD` with all their digits, `M` and `D` with one or two, other characters
/// as they are. A `*` at the end stands for whatever follows, such as a time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct DateFormat {
    text: String,
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Year,
    Month,
    Day,
    ShortMonth,
    ShortDay,
    Rest,
    Literal(char),
}

impl DateFormat {
    /// The canonical text, `YYYY-MM-DD` or `YYYY-MM`, or `None` if the text has another form or the day does not exist.
    /// Whether it can be in a child's record is for the data element to say.
    pub(crate) fn canonical(&self, text: &str) -> Option<String> {
        let (mut year, mut month, mut day) = (None, None, None);
        let mut rest = text;
        for token in &self.tokens {
            let (slot, least, most) = match token {
                Token::Literal(c) => {
                    rest = rest.strip_prefix(*c)?;
                    continue;
                }
                Token::Rest => {
                    rest = "";
                    continue;
                }
                Token::Year => (&mut year, 4, 4),
                Token::Month => (&mut month, 2, 2),
                Token::Day => (&mut day, 2, 2),
                Token::ShortMonth => (&mut month, 1, 2),
                Token::ShortDay => (&mut day, 1, 2),
            };
            let digits = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
            if digits < least {
                return None;
            }
            *slot = Some(&rest[..digits]);
            rest = &rest[digits..];
        }
        if !rest.is_empty() {
            return None;
        }
        let (year, month, day_or_first) = (year?, month?, day.unwrap_or("1"));
        let existing = NaiveDate::from_ymd_opt(
            year.parse().ok()?,
            month.parse().ok()?,
            day_or_first.parse().ok()?,
        )?;
        let canonical = if day.is_some() { "%Y-%m-%d" } else { "%Y-%m" };
        Some(existing.format(canonical).to_string())
    }

    /// Whether it has a day.
    pub(crate) fn has_day(&self) -> bool {
        self.tokens
            .iter()
            .any(|t| matches!(t, Token::Day | Token::ShortDay))
    }
}

impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for DateFormat {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut tokens = Vec::new();
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            let (token, length) = match first {
                'Y' if rest.starts_with("YYYY") => (Token::Year, 4),
                'M' if rest.starts_with("MM") => (Token::Month, 2),
                'D' if rest.starts_with("DD") => (Token::Day, 2),
                'M' => (Token::ShortMonth, 1),
                'D' => (Token::ShortDay, 1),
                'Y' => return Err(format!("{text}: a year is written YYYY")),
                '*' if rest == "*" => (Token::Rest, 1),
                '*' => return Err(format!("{text}: a * stands at the end")),
                other => (Token::Literal(other), other.len_utf8()),
            };
            tokens.push(token);
            rest = &rest[length..];
        }
        let count = |of: &[Token]| tokens.iter().filter(|t| of.contains(t)).count();
        let days = count(&[Token::Day, Token::ShortDay]);
        if count(&[Token::Year]) != 1 || count(&[Token::Month, Token::ShortMonth]) != 1 || days > 1 {
            return Err(format!(
                "{text}: a format has YYYY and MM once, and DD at most once"
            ));
        }
        Ok(Self { text, tokens })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(text: &str) -> DateFormat {
        DateFormat::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn dates_of_exports() {
        for (pattern, text, canonical) in [
            ("MM/DD/YYYY", "04/01/2026", Some("2026-04-01")),
            ("MM/DD/YYYY", "4/1/2026", None),
            ("M/D/YYYY", "4/1/2026", Some("2026-04-01")),
            ("YYYYMMDD", "20260401", Some("2026-04-01")),
            ("YYYYMMDD", "202604011", None),
            ("MM/YYYY", "03/2025", Some("2025-03")),
            ("DD.MM.YYYY", "31.06.2025", None),
            ("DD.MM.YYYY", "30.06.0025", Some("0025-06-30")),
            ("YYYYMM", "2025é3", None),
            ("YYYY-MM-DD*", "2025-03-01T00:00:00Z", Some("2025-03-01")),
            ("YYYY-MM-DD*", "2025-03-01", Some("2025-03-01")),
        ] {
            assert_eq!(
                format(pattern).canonical(text).as_deref(),
                canonical,
                "{pattern} {text}"
            );
        }
        for bad in ["DD/MM", "YY/MM/DD", "YYYY-MM-MM", "YYYY*MM", ""] {
            assert!(DateFormat::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
