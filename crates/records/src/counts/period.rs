//! The performance period of a count: 1 September to 31 August.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A performance period (EDFacts: 1 September to 31 August), known by the year in which it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Period {
    /// 1 September.
    pub from: NaiveDate,
    /// 31 August of the year after.
    pub to: NaiveDate,
}

/// What was given is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write a period as the year in which it ends, 2025, or as 2024-25; {0} is neither")]
pub struct NoPeriod(pub String);

impl Period {
    /// The period that ends on 31 August of a year; `None` outside of 1900 to 2200.
    #[must_use]
    pub fn ending(year: i32) -> Option<Self> {
        (1900..=2200).contains(&year).then_some(())?;
        Some(Self {
            from: NaiveDate::from_ymd_opt(year - 1, 9, 1)?,
            to: NaiveDate::from_ymd_opt(year, 8, 31)?,
        })
    }

    /// The days of a period that are known on a day.
    #[must_use]
    pub fn until(self, day: NaiveDate) -> Days {
        Days {
            from: self.from,
            to: self.to.min(day),
        }
    }
}

impl FromStr for Period {
    type Err = NoPeriod;

    fn from_str(text: &str) -> Result<Self, NoPeriod> {
        let year = match text.split_once('-') {
            None => text.parse().ok(),
            Some((first, second)) => first
                .parse::<i32>()
                .ok()
                .filter(|first| second.len() == 2 && format!("{:02}", (first + 1).rem_euclid(100)) == second)
                .map(|first| first + 1),
        };
        year.and_then(Self::ending)
            .ok_or_else(|| NoPeriod(text.to_owned()))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.from.year(), self.to.year() % 100)
    }
}

/// Days from one to another, both included; none if the second is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
}

impl Days {
    /// One day.
    #[must_use]
    pub fn on(day: NaiveDate) -> Self {
        Self { from: day, to: day }
    }

    /// The days in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            to: self.to.min(other.to),
        }
    }

    /// Whether there is a day in it.
    #[must_use]
    pub fn any(self) -> bool {
        self.from <= self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_known_by_its_last_year() {
        let period: Period = "2025".parse().unwrap();
        assert_eq!(period, "2024-25".parse().unwrap());
        assert_eq!(
            (period.from.to_string(), period.to.to_string()),
            ("2024-09-01".into(), "2025-08-31".into())
        );
        assert_eq!(period.to_string(), "2024-25");
        assert_eq!("1999-00".parse::<Period>().unwrap().to_string(), "1999-00");
        for wrong in ["", "25", "2024-26", "2024-2025", "9999", "2024-", "x"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }
}
