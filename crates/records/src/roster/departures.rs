//! When a child is expected to leave a state, as its earlier ways say. Pure.
//!
//! A departure of an earlier year is that the child was last enrolled in the state and was then enrolled in another one.
//! Departures at about the same time of the year are one way; the next is expected in the weeks of the year in which the
//! way was taken before.

use chrono::{Datelike as _, NaiveDate, TimeDelta, Weekday};
use mde::{Date, PersonId, StateCode};
use store::roster::Held;
use store::roster::departures::{Departing, Departure};

/// Years back of which departures are looked at.
pub const YEARS: i32 = 3;

/// Days of the year between two departures that are one way.
const SAME_WAY_DAYS: i64 = 42;

/// Days by which a departure may be off that is known of one year only.
const SPREAD_DAYS: i64 = 7;

/// Days after its last week for which a child that has not left is still expected to.
pub const OVERDUE_DAYS: i64 = 28;

/// A departure of an earlier year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// The last day in the state: of the enrollment, else the day on which the child showed up elsewhere.
    pub on: NaiveDate,
    /// Where it showed up.
    pub to: StateCode,
}

/// When a child is expected to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// First day, a Monday.
    pub from: NaiveDate,
    /// Last day, a Sunday.
    pub until: NaiveDate,
    /// The departures from which that follows, the latest first; never empty.
    pub by: Vec<Left>,
}

impl Expected {
    /// As it is kept.
    pub(super) fn of(&self, state: StateCode, person: PersonId) -> Departure {
        Departure {
            state: state.to_string(),
            person_id: person.number(),
            expected_from: self.from,
            expected_until: self.until,
            left_on: self.by.iter().map(|left| left.on).collect(),
            left_for: self.by.iter().map(|left| left.to.to_string()).collect(),
        }
    }
}

/// The next expected departure of a child from a state, where it is enrolled since `since`, on the day `today`. Students
/// that are no longer reported count, too: they tell where the child was.
#[must_use]
pub fn expected(
    students: &[&Held],
    state: StateCode,
    since: NaiveDate,
    today: NaiveDate,
) -> Option<Expected> {
    let mut left = departures(students, state);
    // Who shows up elsewhere while it is enrolled here has not come back: that is no way of an earlier year.
    left.retain(|left| left.on < since.min(today) && left.on >= years_before(today, YEARS));
    next(&left, since, today)
}

/// The departures of a child from a state, in order.
#[must_use]
pub fn departures(students: &[&Held], state: StateCode) -> Vec<Left> {
    let mut enrollments: Vec<(NaiveDate, bool, Option<NaiveDate>, StateCode)> = students
        .iter()
        .filter(|held| !held.deleted)
        .flat_map(|held| held.student.enrollments.iter().map(|e| (held.state, e)))
        .map(|(of, e)| {
            let until = e.withdrawal_date.map(Date::day);
            (e.enrollment_date.day(), of != state, until, of)
        })
        .collect();
    // Of enrollments on one day those of the state come first: the child has moved on that day.
    enrollments.sort_unstable();
    let mut last: Option<NaiveDate> = None;
    let mut here = false;
    let mut departures = Vec::new();
    for (from, elsewhere, until, of) in enrollments {
        if elsewhere {
            if here {
                let on = last.map_or(from, |day| day.min(from));
                departures.push(Left { on, to: of });
            }
            here = false;
            last = None;
        } else {
            // An enrollment that never ended lasts until the child shows up elsewhere.
            last = match (here, last, until) {
                (false, _, until) => until,
                (true, Some(one), Some(other)) => Some(one.max(other)),
                _ => None,
            };
            here = true;
        }
    }
    departures
}

/// The next expected departure after these, which lie before `today`.
#[must_use]
pub fn next(left: &[Left], since: NaiveDate, today: NaiveDate) -> Option<Expected> {
    let mut waiting: Vec<Left> = left.to_vec();
    waiting.sort_unstable_by(|a, b| b.cmp(a));
    let mut found: Option<Expected> = None;
    while let Some(anchor) = waiting.first().copied() {
        let (way, others): (Vec<Left>, Vec<Left>) = waiting
            .into_iter()
            .partition(|left| off(left.on, anchor.on).abs() <= SAME_WAY_DAYS);
        waiting = others;
        let offs = || way.iter().map(|left| off(left.on, anchor.on));
        let (mut early, mut late) = (offs().min().unwrap_or(0), offs().max().unwrap_or(0));
        if way.len() == 1 {
            (early, late) = (-SPREAD_DAYS, SPREAD_DAYS);
        }
        let of_year = |year: i32| {
            let day = anniversary(anchor.on, year);
            Expected {
                from: monday(day + TimeDelta::days(early)),
                until: monday(day + TimeDelta::days(late)) + TimeDelta::days(6),
                by: way.clone(),
            }
        };
        // Who was enrolled again after those weeks stays until the next ones.
        let comes = |expected: &Expected| {
            expected.until >= since && expected.until + TimeDelta::days(OVERDUE_DAYS) >= today
        };
        let coming = (anchor.on.year() + 1..=today.year() + 2).map(of_year).find(comes);
        found = match (found, coming) {
            (Some(one), Some(other)) if other.from < one.from => Some(other),
            (None, coming) => coming,
            (one, _) => one,
        };
    }
    found
}

/// Days from `anchor` to the anniversary of `day` that is nearest to it, from -183 to 183.
fn off(day: NaiveDate, anchor: NaiveDate) -> i64 {
    (anchor.year() - 1..=anchor.year() + 1)
        .map(|year| (anniversary(day, year) - anchor).num_days())
        .min_by_key(|days| days.abs())
        .unwrap_or(0)
}

/// The same day of another year; February 29 is the 28th where there is none.
fn anniversary(day: NaiveDate, year: i32) -> NaiveDate {
    day.with_year(year)
        .or_else(|| day.pred_opt()?.with_year(year))
        .unwrap_or(day)
}

fn years_before(day: NaiveDate, years: i32) -> NaiveDate {
    anniversary(day, day.year() - years)
}

fn monday(day: NaiveDate) -> NaiveDate {
    day.week(Weekday::Mon).first_day()
}

/// The days in which a child of the list is expected to leave: the day of its withdrawal or of the notice, else the weeks
/// of earlier years; none if a notice gives no day. `until` is the last day that was asked about.
#[must_use]
pub fn days(departing: &Departing, until: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let told = departing.announced.as_ref();
    let day = departing
        .withdrawal(until)
        .or_else(|| told.and_then(|notice| notice.expected_date));
    let past = || departing.by_past.as_ref().filter(|_| told.is_none());
    day.map(|day| (day, day))
        .or_else(|| past().map(|past| (past.expected_from, past.expected_until)))
}

/// From what it follows that a child is expected to leave, in words with days as `YYYY-MM-DD`.
#[must_use]
pub fn reasons(departing: &Departing, until: NaiveDate) -> Vec<String> {
    let name = |code: &str| StateCode::new(code).map_or_else(|_| code.to_owned(), |s| s.name().to_owned());
    let withdrawal = departing
        .withdrawal(until)
        .map(|day| format!("is to be withdrawn on {day}"));
    let announced = departing.announced.as_ref().map(|notice| {
        let to = notice
            .to_state
            .as_deref()
            .map_or("another state".to_owned(), name);
        let when = match notice.expected_date {
            Some(day) => format!("expected there on {day}"),
            None => "without a day".to_owned(),
        };
        format!(
            "goes to {to} by a notice of {}, {when}",
            notice.sent_at.date_naive()
        )
    });
    let past = departing.by_past.as_ref().map(|past| {
        let mut ways: Vec<(String, Vec<String>)> = Vec::new();
        for (day, to) in past.left_on.iter().zip(&past.left_for) {
            let week = monday(*day).to_string();
            match ways.iter_mut().find(|(of, _)| *of == name(to)) {
                Some((_, weeks)) => weeks.push(week),
                None => ways.push((name(to), vec![week])),
            }
        }
        let way = |(to, weeks): &(String, Vec<String>)| match weeks.as_slice() {
            [only] => format!("in the week of {only} for {to}"),
            several => format!("in the weeks of {} for {to}", several.join(" and ")),
        };
        format!("left {}", ways.iter().map(way).collect::<Vec<_>>().join(", "))
    });
    [withdrawal, announced, past].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn left(days: &[&str]) -> Vec<Left> {
        let to = StateCode::new("MI").unwrap();
        days.iter().map(|on| Left { on: day(on), to }).collect()
    }

    fn weeks(days: &[&str], since: &str, today: &str) -> Option<String> {
        next(&left(days), day(since), day(today)).map(|e| format!("{} to {}", e.from, e.until))
    }

    fn assert_weeks(days: &[&str], since: &str, today: &str, expected: &str) {
        assert_eq!(
            weeks(days, since, today).as_deref(),
            Some(expected),
            "{days:?} on {today}"
        );
    }

    #[test]
    fn a_child_is_expected_to_leave_in_the_weeks_in_which_it_left_before() {
        // Mondays: May 4 and 11, 2026.
        assert_weeks(
            &["2024-05-11", "2025-05-07"],
            "2025-08-18",
            "2026-04-01",
            "2026-05-04 to 2026-05-17",
        );
        assert_weeks(
            &["2025-05-07"],
            "2025-08-18",
            "2026-04-01",
            "2026-04-27 to 2026-05-17",
        );
        assert_eq!(weeks(&[], "2025-08-18", "2026-04-01"), None);
    }

    #[test]
    fn of_two_ways_in_a_year_the_next_one_counts() {
        let both = ["2024-12-14", "2025-05-20", "2025-12-18"];
        assert_weeks(&both, "2026-01-12", "2026-04-01", "2026-05-11 to 2026-05-31");
        assert_weeks(&both, "2026-08-17", "2026-11-01", "2026-12-14 to 2026-12-20");
    }

    #[test]
    fn a_way_at_the_turn_of_the_year_is_one_way() {
        assert_weeks(
            &["2024-01-03", "2024-12-29"],
            "2025-03-03",
            "2025-11-30",
            "2025-12-29 to 2026-01-04",
        );
        assert_weeks(
            &["2023-12-30", "2025-01-04"],
            "2025-03-03",
            "2026-01-02",
            "2025-12-29 to 2026-01-04",
        );
    }

    #[test]
    fn who_left_on_a_leap_day_leaves_at_the_end_of_february() {
        assert_weeks(
            &["2024-02-29"],
            "2024-09-02",
            "2025-02-01",
            "2025-02-17 to 2025-03-09",
        );
    }

    #[test]
    fn who_has_not_left_is_overdue_for_four_weeks_unless_it_was_enrolled_again() {
        let weeks_of = |since, today| weeks(&["2025-05-07"], since, today);
        assert_eq!(
            weeks_of("2025-08-18", "2026-06-14").as_deref(),
            Some("2026-04-27 to 2026-05-17")
        );
        assert!(weeks_of("2025-08-18", "2026-06-15").unwrap().starts_with("2027"));
        assert!(weeks_of("2026-05-18", "2026-05-20").unwrap().starts_with("2027"));
    }

    proptest! {
        #[test]
        fn what_is_expected_is_whole_weeks_that_are_not_long_past(
            offsets in prop::collection::vec(1_i64..1_096, 0..8),
            since in 0_i64..400,
            today in 0_i64..3_000,
        ) {
            let today = day("2024-01-01") + TimeDelta::days(today);
            let to = StateCode::new("GA").unwrap();
            let left: Vec<Left> = offsets
                .iter()
                .map(|back| Left { on: today - TimeDelta::days(*back), to })
                .collect();
            let since = today - TimeDelta::days(since);
            match next(&left, since, today) {
                None => prop_assert!(left.is_empty()),
                Some(expected) => {
                    prop_assert_eq!(expected.from.weekday(), Weekday::Mon);
                    prop_assert_eq!(expected.until.weekday(), Weekday::Sun);
                    prop_assert!(expected.from < expected.until);
                    prop_assert!(expected.until + TimeDelta::days(OVERDUE_DAYS) >= today);
                    prop_assert!(expected.until >= since);
                    prop_assert!(expected.from <= today + TimeDelta::days(366 + 7));
                    prop_assert!(expected.until - expected.from <= TimeDelta::days(2 * SAME_WAY_DAYS + 14));
                    prop_assert!(!expected.by.is_empty() && expected.by.iter().all(|by| left.contains(by)));
                }
            }
        }
    }
}
