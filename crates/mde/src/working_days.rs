//! Which days are working days. The regulation counts in them and does not say which they are, so each state keeps its
//! own calendar: weekends, the federal holidays if it keeps them, and days of its own.

use std::collections::BTreeSet;

use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

/// The working days of a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkCalendar {
    /// Whether the legal holidays of 5 U.S.C. 6103 are free.
    pub federal_holidays: bool,
    /// Days on which the state does not work either.
    pub own_holidays: BTreeSet<NaiveDate>,
}

impl Default for WorkCalendar {
    /// Federal holidays and weekends are free, nothing else.
    fn default() -> Self {
        Self {
            federal_holidays: true,
            own_holidays: BTreeSet::new(),
        }
    }
}

impl WorkCalendar {
    /// Whether people work on this day.
    #[must_use]
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        let free = is_weekend(day)
            || self.own_holidays.contains(&day)
            || self.federal_holidays && is_federal_holiday(day);
        !free
    }

    /// Working days after `from`, up to and with `to`; 0 if `to` is not later.
    #[must_use]
    pub fn between(&self, from: NaiveDate, to: NaiveDate) -> u32 {
        let working = from
            .iter_days()
            .skip(1)
            .take_while(|day| *day <= to)
            .filter(|day| self.is_working_day(*day));
        u32::try_from(working.count()).unwrap_or(u32::MAX)
    }

    /// The last day of a term of so many working days: the day on which it starts does not count, as is the custom of
    /// the federal rules (Fed. R. Civ. P. 6(a)(1)).
    #[must_use]
    pub fn after(&self, start: NaiveDate, working_days: u32) -> NaiveDate {
        let mut day = start;
        for _ in 0..working_days {
            loop {
                let Some(next) = day.succ_opt() else { return day };
                day = next;
                if self.is_working_day(day) {
                    break;
                }
            }
        }
        day
    }
}

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// Whether federal offices are closed by law on this day (5 U.S.C. 6103(a), and (b)(1) with E.O. 11582 for holidays on a
/// weekend: Friday for Saturday, Monday for Sunday).
#[must_use]
pub fn is_federal_holiday(day: NaiveDate) -> bool {
    // New Year's Day of the next year can be observed on 31 December.
    let next = (day.month() == 12).then_some(day.year() + 1);
    std::iter::once(day.year())
        .chain(next)
        .flat_map(legal_holidays)
        .map(observed)
        .any(|holiday| holiday == day)
}

fn observed(holiday: NaiveDate) -> NaiveDate {
    let moved = match holiday.weekday() {
        Weekday::Sat => holiday.pred_opt(),
        Weekday::Sun => holiday.succ_opt(),
        _ => None,
    };
    moved.unwrap_or(holiday)
}

/// The legal holidays of a year on their own dates. Juneteenth since 2021 (Pub. L. 117-17).
fn legal_holidays(year: i32) -> impl Iterator<Item = NaiveDate> {
    let on = move |month, day| NaiveDate::from_ymd_opt(year, month, day);
    let nth = move |month, weekday, n| NaiveDate::from_weekday_of_month_opt(year, month, weekday, n);
    let last_monday_of_may = on(5, 31)
        .and_then(|last| last.checked_sub_days(Days::new(last.weekday().num_days_from_monday().into())));
    [
        on(1, 1),
        nth(1, Weekday::Mon, 3),
        nth(2, Weekday::Mon, 3),
        last_monday_of_may,
        on(6, 19).filter(|_| year >= 2021),
        on(7, 4),
        nth(9, Weekday::Mon, 1),
        nth(10, Weekday::Mon, 2),
        on(11, 11),
        nth(11, Weekday::Thu, 4),
        on(12, 25),
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// The days on which federal offices were and will be closed, as the Office of Personnel Management lists them.
    #[test]
    fn federal_holidays_are_those_that_are_published() {
        let published = [
            (
                "2026",
                "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25",
            ),
            (
                "2027",
                "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
            ),
            (
                "2028",
                "01-17 02-21 05-29 06-19 07-04 09-04 10-09 11-10 11-23 12-25",
            ),
        ];
        for (year, days) in published {
            let expected: Vec<NaiveDate> = days.split(' ').map(|d| day(&format!("{year}-{d}"))).collect();
            let found: Vec<NaiveDate> = day(&format!("{year}-01-01"))
                .iter_days()
                .take_while(|d| d.year().to_string() == year)
                .filter(|d| is_federal_holiday(*d))
                .collect();
            assert_eq!(found, expected, "{year}");
        }
    }

    #[test]
    fn working_days_between_two_days_leave_out_the_first_and_free_ones() {
        let calendar = WorkCalendar::default();
        // 2026-07-02 is a Thursday; on the 3rd Independence Day is observed.
        let from = day("2026-07-02");
        assert_eq!(calendar.between(from, from), 0);
        assert_eq!(calendar.between(from, day("2026-07-06")), 1);
        assert_eq!(calendar.between(day("2026-07-06"), from), 0);
        let works = WorkCalendar {
            federal_holidays: false,
            ..calendar
        };
        assert_eq!(works.between(from, day("2026-07-06")), 2);
    }

    #[test]
    fn a_term_of_working_days_leaves_out_its_first_day_and_free_days() {
        let calendar = WorkCalendar::default();
        // From a Wednesday before Thanksgiving: Friday, Monday, Tuesday, Wednesday.
        assert_eq!(calendar.after(day("2026-11-25"), 4), day("2026-12-02"));
        assert_eq!(calendar.after(day("2028-02-28"), 1), day("2028-02-29"));
        let mut own = calendar.clone();
        own.own_holidays.insert(day("2026-11-27"));
        assert_eq!(own.after(day("2026-11-25"), 4), day("2026-12-03"));
        let none = WorkCalendar {
            federal_holidays: false,
            ..own
        };
        assert_eq!(none.after(day("2026-11-25"), 4), day("2026-12-02"));
    }
}
