//! Dates, months and years of data elements. They have no time zone.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::part::{Kind, Sink};
use crate::value::{Value, ValueContext, ValueError};

/// A calendar day between 1900-01-01 and 2100-12-31; canonical text `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "NaiveDate", into = "NaiveDate")]
pub struct Date(NaiveDate);

impl Date {
    /// The day, or an error outside 1900–2100: no child's record needs another, and such a year is a typing error.
    pub fn new(day: NaiveDate) -> Result<Self, ValueError> {
        if (1900..=2100).contains(&day.year()) {
            Ok(Self(day))
        } else {
            Err(ValueError::Range("1900-01-01 to 2100-12-31"))
        }
    }

    /// The day as chrono knows it.
    #[must_use]
    pub fn day(self) -> NaiveDate {
        self.0
    }
}

/// Reads `YYYY-MM-DD` without allocating; `None` if it is anything else.
fn iso_day(text: &str) -> Option<NaiveDate> {
    let b = text.as_bytes();
    if b.len() != 10 || b[4] != b'-' || b[7] != b'-' {
        return None;
    }
    let number = |part: &[u8]| {
        part.iter().try_fold(0u32, |n, c| {
            c.is_ascii_digit().then(|| n * 10 + u32::from(c - b'0'))
        })
    };
    NaiveDate::from_ymd_opt(
        i32::try_from(number(&b[..4])?).ok()?,
        number(&b[5..7])?,
        number(&b[8..])?,
    )
}

impl Value for Date {
    const KIND: Kind = Kind::Date;

    fn parse(text: &str, _: ValueContext<'_>) -> Result<Self, ValueError> {
        iso_day(text)
            .ok_or(ValueError::Not("a date that exists (YYYY-MM-DD)"))
            .and_then(Self::new)
    }

    fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
        sink.date(self.0);
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<NaiveDate> for Date {
    type Error = ValueError;
    fn try_from(day: NaiveDate) -> Result<Self, ValueError> {
        Self::new(day)
    }
}

impl From<Date> for NaiveDate {
    fn from(date: Date) -> Self {
        date.0
    }
}

/// A calendar month (data element 73); canonical text `YYYY-MM`, stored as its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month(NaiveDate);

impl Month {
    /// The first day of the month.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        self.0
    }
}

impl Value for Month {
    const KIND: Kind = Kind::Date;

    /// `YYYY-MM`; `YYYY-MM-DD` is read as its month.
    fn parse(text: &str, _: ValueContext<'_>) -> Result<Self, ValueError> {
        let wrong = ValueError::Not("a month (YYYY-MM)");
        let day = match text.len() {
            7 => iso_day(&format!("{text}-01")),
            10 => iso_day(text).and_then(|d| d.with_day(1)),
            _ => None,
        };
        day.ok_or(wrong).and_then(Date::new).map(|d| Self(d.day()))
    }

    fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
        sink.date(self.0);
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.format("%Y-%m").fmt(f)
    }
}

impl TryFrom<String> for Month {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        Self::parse(&text, ValueContext::default())
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

/// A calendar year between 1900 and 2100 (data element 64).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i32", into = "i32")]
pub struct Year(i32);

impl Year {
    /// The number of the year.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }
}

impl Value for Year {
    const KIND: Kind = Kind::Int;

    fn parse(text: &str, _: ValueContext<'_>) -> Result<Self, ValueError> {
        text.parse::<i32>()
            .map_err(|_| ValueError::Not("a year (YYYY)"))
            .and_then(Self::try_from)
    }

    fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
        sink.int(self.0);
    }
}

impl fmt::Display for Year {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<i32> for Year {
    type Error = ValueError;
    fn try_from(year: i32) -> Result<Self, ValueError> {
        if (1900..=2100).contains(&year) {
            Ok(Self(year))
        } else {
            Err(ValueError::Range("1900 to 2100"))
        }
    }
}

impl From<Year> for i32 {
    fn from(year: Year) -> Self {
        year.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Result<Date, ValueError> {
        Date::parse(text, ValueContext::default())
    }

    #[test]
    fn only_days_that_exist() {
        assert_eq!(date("2024-02-29").unwrap().to_string(), "2024-02-29");
        for bad in [
            "2023-02-29",
            "2024-13-01",
            "1899-12-31",
            "2101-01-01",
            "24-02-29",
            "2024/02/29",
            "2024-02-2é",
        ] {
            assert!(date(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn months_are_kept_as_their_first_day_and_shown_as_months() {
        let month = Month::parse("2025-03", ValueContext::default()).unwrap();
        assert_eq!(
            month,
            Month::parse("2025-03-17", ValueContext::default()).unwrap()
        );
        assert_eq!(serde_json::to_string(&month).unwrap(), "\"2025-03\"");
        assert!(Month::parse("2025-3", ValueContext::default()).is_err());
    }
}
