//! Dates, states and codes in the words of the pages.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use mde::StateCode;
use store::Purpose;
use store::accounts::Role;

/// What is said where a page that was sent before is sent again with other words.
pub(crate) const SENT_BEFORE: &str =
    "You have sent this page before, with other words. To send this one too, press the button again.";

/// A day: `Aug 23, 2026`.
pub(crate) fn day(date: NaiveDate) -> String {
    format!("{} {}, {}", date.format("%b"), date.day(), date.year())
}

/// A text of the record with its days as the pages write them.
pub(crate) fn with_days(text: &str) -> String {
    let word = |word: &str| {
        let digits = word.trim_matches(|c: char| !c.is_ascii_digit());
        match digits.parse::<NaiveDate>() {
            Ok(date) if digits.len() == 10 => word.replace(digits, &self::day(date)),
            _ => word.to_owned(),
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A day that may be missing.
pub(crate) fn day_or(date: Option<NaiveDate>, missing: &str) -> String {
    date.map_or_else(|| missing.to_owned(), day)
}

/// An instant: `Aug 23, 2026, 14:05 UTC`.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    format!("{}, {} UTC", day(at.date_naive()), at.format("%H:%M"))
}

/// A value as records gives it: dates and flags in words, anything else as it is.
pub(crate) fn value(text: &str) -> String {
    match text {
        "yes" | "true" => "Yes".to_owned(),
        "no" | "false" => "No".to_owned(),
        _ => text.parse::<NaiveDate>().map_or_else(|_| text.to_owned(), day),
    }
}

/// A month as records gives it (`2025-05`): `May 2025`.
pub(crate) fn month(text: &str) -> String {
    NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d")
        .map_or_else(|_| text.to_owned(), |first| first.format("%b %Y").to_string())
}

/// Thousands separated: `12,345`.
pub(crate) fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if number < 0 { format!("-{out}") } else { out }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// `1 record`, `2 records`.
pub(crate) fn counted(number: usize, one: &str, several: &str) -> String {
    format!(
        "{} {}",
        count(number as i64),
        if number == 1 { one } else { several }
    )
}

/// A state by its code in a table: `Texas`, or the code if it is none.
pub(crate) fn state_name(code: &str) -> String {
    StateCode::new(code).map_or_else(|_| code.to_owned(), |state| state.name().to_owned())
}

/// With a capital first letter.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Why somebody looks, as the forms offer it.
pub(crate) fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Enroll => "Enroll the child",
        Purpose::Place => "Place the child in grade and courses",
        Purpose::Credit => "Count credits",
        Purpose::Eligibility => "Find out eligibility for the program",
        Purpose::Program => "Run the migrant program (reviews, corrections, notices)",
    }
}

/// A data element of a student in plain words, or as the dictionary calls it.
pub(crate) fn element(number: &str) -> &str {
    match number {
        "2" => "State’s student number",
        "3" => "Last name",
        "4" => "Second last name",
        "5" => "First name",
        "6" => "Middle name",
        "7" => "Suffix (Jr., III)",
        "8" => "Sex",
        "9" => "Birth date",
        "10" => "Proof of birth date",
        "11" => "City of birth",
        "12" => "State of birth",
        "13" => "Country of birth",
        "14" => "Parent 1 last name",
        "15" => "Parent 1 first name",
        "16" => "Parent 2 last name",
        "17" => "Parent 2 first name",
        "18" => "Guardian last name",
        "19" => "Guardian first name",
        "X01" => "Twin or other multiple birth",
        _ => mde::Element::numbered(number).map_or(number, |element| element.name),
    }
}

/// The name of a role.
pub(crate) fn role(role: Role) -> &'static str {
    match role {
        Role::SecondaryUser => "Secondary user",
        Role::PrimaryUser => "Primary user",
        Role::DataAdministrator => "Data administrator",
        Role::UserAdministrator => "User administrator",
        Role::BatchSubmitter => "Batch submitter",
        Role::Arbiter => "Arbiter",
    }
}

/// A probability without false precision.
pub(crate) fn likelihood(probability: Option<f32>) -> &'static str {
    match probability {
        Some(p) if p >= 0.98 => "very likely the same child",
        Some(p) if p >= 0.80 => "likely the same child",
        Some(p) if p >= 0.40 => "may be the same child",
        Some(_) => "probably not the same child",
        None => "not weighed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_numbers_read_well() {
        let date = NaiveDate::from_ymd_opt(2026, 8, 3).unwrap();
        assert_eq!(day(date), "Aug 3, 2026");
        assert_eq!(value("2026-08-03"), "Aug 3, 2026");
        assert_eq!(value("Mission"), "Mission");
        assert_eq!(month("2025-05"), "May 2025");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(-12), "-12");
        assert_eq!(hex(&[0, 10, 255]), "000aff");
        assert_eq!(counted(1, "record", "records"), "1 record");
        assert_eq!(sentence("ñandú"), "Ñandú");
        assert_eq!(likelihood(Some(0.985)), "very likely the same child");
    }
}
