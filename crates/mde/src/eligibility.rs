//! The rules of eligibility that a state may choose between, with their names and where they come from.

use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::code::TerminationFlag;

/// How a state counts eligibility. Kept per state; what was used is shown with every end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EligibilityRules {
    /// The last of the 36 months.
    #[serde(default)]
    pub last_day: LastDay,
    /// What ends eligibility before.
    #[serde(default)]
    pub terminations: Terminations,
}

/// The last day of 36 months from the qualifying arrival (34 CFR 200.81). States differ by a day, and both are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastDay {
    /// The day before: 2022-09-01 to 2025-08-31.
    #[default]
    DayBefore,
    /// The same day: 2022-09-01 to 2025-09-01.
    SameDay,
}

/// What a termination (data elements 38, 39) does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Terminations {
    /// Graduation (02), equivalency (03) and death (05) end eligibility. That it expired (01, or no reason) must agree
    /// with the clock, and does not move it. Who drops out (04) stays eligible.
    #[default]
    #[serde(rename = "current")]
    Current,
    /// Any termination ends it, as in the data dictionary of 2003.
    #[serde(rename = "2003")]
    V2003,
}

impl LastDay {
    /// The last day of 36 months from an arrival. The anniversary of 29 February is the last day of February.
    #[must_use]
    pub fn of(self, arrival: NaiveDate) -> NaiveDate {
        let anniversary = arrival
            .checked_add_months(Months::new(36))
            .unwrap_or(NaiveDate::MAX);
        match self {
            Self::SameDay => anniversary,
            Self::DayBefore => anniversary.pred_opt().unwrap_or(anniversary),
        }
    }
}

impl Terminations {
    /// Whether a termination for this reason ends eligibility.
    #[must_use]
    pub fn ends(self, flag: Option<TerminationFlag>) -> bool {
        match flag {
            Some(TerminationFlag::Graduated | TerminationFlag::Ged | TerminationFlag::Deceased) => true,
            None | Some(TerminationFlag::EligibilityExpired | TerminationFlag::Dropout) => {
                self == Self::V2003
            }
        }
    }
}

/// The last day before the 22nd birthday: who is 22 is too old (ESEA 1309(3): not older than 21).
#[must_use]
pub fn last_day_of_age_21(birth: NaiveDate) -> NaiveDate {
    birthday(birth, 22).pred_opt().unwrap_or(NaiveDate::MAX)
}

/// The birthday on which a child is so old; of one born on 29 February the last day of February in other years.
#[must_use]
pub fn birthday(birth: NaiveDate, age: u32) -> NaiveDate {
    birth
        .checked_add_months(Months::new(12 * age))
        .unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn thirty_six_months_end_the_day_before_or_on_the_same_day() {
        assert_eq!(LastDay::DayBefore.of(day("2022-09-01")), day("2025-08-31"));
        assert_eq!(LastDay::SameDay.of(day("2022-09-01")), day("2025-09-01"));
        assert_eq!(LastDay::DayBefore.of(day("2024-02-29")), day("2027-02-27"));
        assert_eq!(LastDay::SameDay.of(day("2024-02-29")), day("2027-02-28"));
        assert_eq!(last_day_of_age_21(day("2004-02-29")), day("2026-02-27"));
    }

    #[test]
    fn the_agreed_rules_are_those_of_the_findings() {
        let by_default = EligibilityRules::default();
        assert_eq!(
            by_default.last_day.of(day("2024-02-29")),
            crate::rules::eligibility_end(day("2024-02-29"), None)
        );
        let birth = day("2004-05-05");
        assert_eq!(
            last_day_of_age_21(birth),
            crate::rules::eligibility_end(day("2025-01-01"), Some(birth))
        );
    }
}
