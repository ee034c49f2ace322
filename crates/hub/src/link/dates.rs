//! Birth dates as people write them: the order of day and month is decided once for a column, by what fits.

use chrono::NaiveDate;
use linking::record::BirthDate;

/// The order of the parts where the year stands last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Order {
    /// 12/31/1999
    #[default]
    MonthFirst,
    /// 31/12/1999
    DayFirst,
}

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bad {
    /// The century is not written.
    TwoDigitYear,
    /// Of year, month and day not all are written.
    InPart,
    /// Nothing that could be a date, or a day that does not exist.
    Invalid,
}

/// Years outside are errors of writing.
const YEARS: std::ops::RangeInclusive<i32> = 1800..=2199;

const MONTHS: [&[&str]; 12] = [
    &["jan", "ene"],
    &["feb"],
    &["mar"],
    &["apr", "abr"],
    &["may"],
    &["jun"],
    &["jul"],
    &["aug", "ago"],
    &["sep"],
    &["oct"],
    &["nov"],
    &["dec", "dic"],
];

/// Whether a cell stands for "no value".
pub(super) fn is_missing(text: &str) -> bool {
    let text = text.trim();
    text.is_empty()
        || ["null", "na", "n/a", "nan", "nat", "none", "unknown", "."]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
}

/// A whole number as spreadsheets write it (`7`, `07`, `7.0`).
pub(super) fn number(text: &str) -> Result<u32, Bad> {
    let text = text.trim();
    text.strip_suffix(".0")
        .unwrap_or(text)
        .parse()
        .map_err(|_| Bad::Invalid)
}

/// A month by number or by name.
pub(super) fn month(text: &str) -> Result<u32, Bad> {
    number(text).or_else(|bad| {
        let start: String = text.trim().chars().take(3).collect::<String>().to_lowercase();
        let at = MONTHS.iter().position(|names| names.contains(&start.as_str()));
        at.map(|at| at as u32 + 1).ok_or(bad)
    })
}

/// Year, month and day as written, whether that day exists or not; `None` where none is written.
pub(super) type Parts = [u32; 3];

/// Reads a date; `None` where none is written.
#[cfg(test)]
fn parse(text: &str, order: Order) -> Result<Option<NaiveDate>, Bad> {
    parts(text, order)?.map(whole).transpose()
}

/// The day of three parts, if it exists.
pub(super) fn whole([year, month, day]: Parts) -> Result<NaiveDate, Bad> {
    let year = i32::try_from(year).map_err(|_| Bad::Invalid)?;
    NaiveDate::from_ymd_opt(year, month, day)
        .filter(|_| YEARS.contains(&year))
        .ok_or(Bad::Invalid)
}

/// The day of three parts, if it exists; else that with day and month exchanged, where only this exists: one value of a
/// column may be written in the other order.
pub(super) fn existing([year, month, day]: Parts) -> Result<NaiveDate, Bad> {
    whole([year, month, day]).or_else(|bad| whole([year, day, month]).map_err(|_| bad))
}

/// What can be right in three parts that are no date: the year, the month, and the day if the month has such a one.
pub(super) fn what_is_known([year, month, day]: Parts) -> BirthDate {
    let year_known = i32::try_from(year).is_ok_and(|year| YEARS.contains(&year));
    let month_known = (1..=12).contains(&month);
    let any_month = [2020, if month_known { month } else { 1 }, day];
    BirthDate {
        year: if year_known { year as u16 } else { 0 },
        month: if month_known { month as u8 } else { 0 },
        day: if whole(any_month).is_ok() { day as u8 } else { 0 },
    }
}

/// Takes a written date apart; `None` where none is written. Letters that were misread for digits are read as those,
/// if the text is a date in no other way.
pub(super) fn parts(text: &str, order: Order) -> Result<Option<Parts>, Bad> {
    if is_missing(text) {
        return Ok(None);
    }
    let text = text.trim();
    as_written(text, order)
        .or_else(|bad| match digits_for_letters(text) {
            Some(repaired) => as_written(&repaired, order),
            None => Err(bad),
        })
        .map(Some)
}

/// `194s1225` and `12/o8/1956` as a scanner meant them; `None` where too few digits are left to go by.
fn digits_for_letters(text: &str) -> Option<String> {
    let digit = |c: char| match c {
        'O' | 'o' | 'D' | 'Q' => '0',
        'I' | 'l' | 'i' | '|' | '!' => '1',
        'Z' | 'z' => '2',
        'S' | 's' => '5',
        'G' | 'b' => '6',
        'T' => '7',
        'B' => '8',
        'g' | 'q' => '9',
        other => other,
    };
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let repaired: String = text.chars().map(digit).collect();
    (digits >= 4 && repaired != text && text.len() <= 10).then_some(repaired)
}

fn as_written(text: &str, order: Order) -> Result<Parts, Bad> {
    let text = text.strip_suffix(".0").unwrap_or(text);
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return eight_digits(text, order);
    }
    let mut parts = text
        .split(['-', '/', '.', ' ', ',', 'T'])
        .filter(|part| !part.is_empty());
    let (Some(a), Some(b), Some(c)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Bad::Invalid);
    };
    if a.len() == 4 && a.bytes().all(|b| b.is_ascii_digit()) {
        return Ok([number(a)?, month(b)?, number(c)?]);
    }
    if c.len() != 4 {
        let short = c.len() <= 2 && number(c).is_ok() && (number(a).is_ok() || number(b).is_ok());
        return Err(if short { Bad::TwoDigitYear } else { Bad::Invalid });
    }
    let (day, month_text) = match (number(a), number(b), order) {
        (Err(_), _, _) | (Ok(_), Ok(_), Order::MonthFirst) => (b, a),
        (Ok(_), Err(_), _) | (Ok(_), Ok(_), Order::DayFirst) => (a, b),
    };
    Ok([number(c)?, month(month_text)?, number(day)?])
}

fn eight_digits(text: &str, order: Order) -> Result<Parts, Bad> {
    let part = |from: usize, to: usize| number(&text[from..to]);
    if YEARS.contains(&(part(0, 4)? as i32)) {
        return Ok([part(0, 4)?, part(4, 6)?, part(6, 8)?]);
    }
    let (month, day) = match order {
        Order::MonthFirst => (part(0, 2)?, part(2, 4)?),
        Order::DayFirst => (part(2, 4)?, part(0, 2)?),
    };
    Ok([part(4, 8)?, month, day])
}

/// What a column's values look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decided {
    /// The order under which more of them exist; month first if both fit alike.
    pub(super) order: Order,
    /// Whether the order matters and nothing in the column decides it.
    pub(super) ambiguous: bool,
    /// Whether most are without a century.
    pub(super) two_digits: bool,
}

/// Decides how a column is written, from some of its values.
pub(super) fn decide<'a>(values: impl Iterator<Item = &'a str>) -> Decided {
    let (mut fit, mut differ, mut short, mut all) = ([0u32; 2], false, 0u32, 0u32);
    for value in values.filter(|value| !is_missing(value)) {
        let read = [Order::MonthFirst, Order::DayFirst]
            .map(|order| parts(value, order).and_then(|found| found.map(whole).transpose()));
        all += 1;
        short += u32::from(read[0] == Err(Bad::TwoDigitYear));
        differ |= read[0] != read[1];
        for (count, read) in fit.iter_mut().zip(read) {
            *count += u32::from(read.is_ok());
        }
    }
    Decided {
        order: if fit[1] > fit[0] {
            Order::DayFirst
        } else {
            Order::MonthFirst
        },
        ambiguous: differ && fit[0] == fit[1],
        two_digits: short * 2 > all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_write_them() {
        let expected = NaiveDate::from_ymd_opt(2011, 3, 7);
        for text in [
            "2011-03-07",
            "20110307",
            "2011/3/7",
            " 2011-03-07T00:00:00 ",
            "2011-03-07 00:00:00",
            "20110307.0",
            "3/7/2011",
            "03072011",
            "7-Mar-2011",
            "March 7, 2011",
            "03.07.2011",
        ] {
            assert_eq!(parse(text, Order::MonthFirst), Ok(expected), "{text}");
        }
        for text in ["7/3/2011", "07032011", "07-03-2011", "7 marzo 2011", "2011-03-07"] {
            assert_eq!(parse(text, Order::DayFirst), Ok(expected), "{text}");
        }
        assert_eq!(parse(" nan", Order::DayFirst), Ok(None));
    }

    #[test]
    fn what_is_no_date_is_not_made_one() {
        for text in [
            "2011-02-30",
            "20111301",
            "0000-00-00",
            "99999999",
            "yesterday",
            "1-2",
            "é€",
            "12345678901",
            "3/7/20111",
        ] {
            assert_eq!(parse(text, Order::MonthFirst), Err(Bad::Invalid), "{text}");
        }
        for text in ["3/7/11", "07-03-99", "7-Mar-11"] {
            assert_eq!(parse(text, Order::MonthFirst), Err(Bad::TwoDigitYear), "{text}");
        }
    }

    #[test]
    fn a_date_that_exists_in_the_other_order_alone_is_read_so() {
        let known = |parts| existing(parts).map(|date| date.to_string());
        assert_eq!(known([2004, 26, 10]).as_deref(), Ok("2004-10-26"));
        assert_eq!(known([2004, 10, 26]).as_deref(), Ok("2004-10-26"));
        assert_eq!(known([2004, 2, 3]).as_deref(), Ok("2004-02-03"));
        assert_eq!(known([2004, 31, 2]), Err(Bad::Invalid));
        assert_eq!(known([2004, 26, 13]), Err(Bad::Invalid));
    }

    #[test]
    fn of_a_date_that_does_not_exist_what_can_be_right_is_kept() {
        let known = |parts| {
            let BirthDate { year, month, day } = what_is_known(parts);
            (year, month, day)
        };
        assert_eq!(known([1946, 13, 43]), (1946, 0, 0));
        assert_eq!(known([1946, 13, 31]), (1946, 0, 31));
        assert_eq!(known([2011, 2, 30]), (2011, 2, 0));
        assert_eq!(known([9999, 4, 30]), (0, 4, 30));
        assert_eq!(known([0, 0, 0]), (0, 0, 0));
    }

    #[test]
    fn letters_misread_for_digits() {
        for (text, expected) in [
            ("zO1407z7", [2014, 7, 27]),
            ("198G0311", [1986, 3, 11]),
            ("12/o8/1956", [1956, 12, 8]),
            ("09/27/|967", [1967, 9, 27]),
        ] {
            assert_eq!(parts(text, Order::MonthFirst), Ok(Some(expected)), "{text}");
        }
        assert_eq!(parts("12 Oct 1999", Order::MonthFirst), Ok(Some([1999, 10, 12])));
        assert_eq!(parts("Bristol", Order::MonthFirst), Err(Bad::Invalid));
    }

    #[test]
    fn the_order_is_what_fits_the_column() {
        let decided = |values: &[&str]| decide(values.iter().copied());
        assert_eq!(decided(&["01/02/2011", "25/02/2011"]).order, Order::DayFirst);
        assert_eq!(decided(&["01/02/2011", "02/25/2011"]).order, Order::MonthFirst);
        assert!(!decided(&["01/02/2011", "02/25/2011"]).ambiguous);
        assert!(decided(&["01/02/2011", ""]).ambiguous);
        assert!(!decided(&["2011-01-02"]).ambiguous);
        assert!(decided(&["1/2/11", "1/2/12", "1/2/2013"]).two_digits);
    }
}
