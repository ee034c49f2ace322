//! Patterns of file names.

use chrono::{DateTime, NaiveDate, Utc};

/// Whether a file name fits a pattern in which `*` stands for any text and `?` for any character. Case does not
/// matter, since it does not on the systems where many exports are made.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    // One place to go back to is enough: an earlier star can take what a later one gives back.
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
        } else if pattern.get(p).is_some_and(|c| *c == '?' || *c == name[n]) {
            p += 1;
            n += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            n = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Names of the numbers in an as-of pattern, with their digits.
const NUMBERS: [(&str, usize); 6] = [
    ("{YYYY}", 4),
    ("{MM}", 2),
    ("{DD}", 2),
    ("{hh}", 2),
    ("{mm}", 2),
    ("{ss}", 2),
];

/// The instant (UTC) in a file name, after a pattern such as `KY_{YYYY}{MM}{DD}*`. Without hours it is midnight.
pub(crate) fn instant(pattern: &str, name: &str) -> Option<DateTime<Utc>> {
    let mut found = [None; 6];
    let mut plain = String::with_capacity(pattern.len());
    let mut rest_of_name = name;
    let mut rest = pattern;
    // The numbers stand before the first star; what follows them is an ordinary pattern.
    while let Some(first) = rest.chars().next() {
        if let Some(index) = NUMBERS.iter().position(|(token, _)| rest.starts_with(token)) {
            let (token, digits) = NUMBERS[index];
            let number = rest_of_name.get(..digits)?;
            if !number.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            found[index] = number.parse::<u32>().ok();
            rest_of_name = &rest_of_name[digits..];
            rest = &rest[token.len()..];
        } else if first == '*' {
            plain.push_str(rest);
            break;
        } else {
            let of_name = rest_of_name.chars().next()?;
            if first != '?' && !first.eq_ignore_ascii_case(&of_name) {
                return None;
            }
            rest_of_name = &rest_of_name[of_name.len_utf8()..];
            rest = &rest[first.len_utf8()..];
        }
    }
    if !fits(&plain, rest_of_name) {
        return None;
    }
    let [year, month, day, hour, minute, second] = found;
    NaiveDate::from_ymd_opt(i32::try_from(year?).ok()?, month?, day?)?
        .and_hms_opt(hour.unwrap_or(0), minute.unwrap_or(0), second.unwrap_or(0))
        .map(|t| t.and_utc())
}

/// What is wrong with an as-of pattern.
pub(crate) fn instant_problem(pattern: &str) -> Option<&'static str> {
    let star = pattern.find('*').unwrap_or(pattern.len());
    if NUMBERS[..3]
        .iter()
        .all(|(token, _)| pattern[..star].contains(token))
    {
        None
    } else {
        Some("must hold {YYYY}, {MM} and {DD}, before any *")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, name) in [
            ("KY_move.txt", "ky_MOVE.txt"),
            ("*.csv", "a.csv"),
            ("a*b?c", "axxbyc"),
            ("*", ""),
            ("a**b", "ab"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*.csv", "a.csv.bak"), ("a?c", "ac"), ("", "a")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
        assert!(!fits(
            &"a*".repeat(40),
            &"a".repeat(10_000)[..9_999].replace('a', "ab")[1..]
        ));
    }

    #[test]
    fn instants_in_names() {
        let day = |p, n| instant(p, n).map(|t| t.to_rfc3339());
        assert_eq!(
            day("{YYYY}-{MM}-{DD}", "2026-04-01").as_deref(),
            Some("2026-04-01T00:00:00+00:00")
        );
        assert_eq!(
            day("KY_{YYYY}{MM}{DD}_{hh}{mm}*.zip", "ky_20260401_0215_final.zip").as_deref(),
            Some("2026-04-01T02:15:00+00:00")
        );
        for (pattern, name) in [
            ("{YYYY}-{MM}-{DD}", "2026-02-30"),
            ("{YYYY}-{MM}-{DD}", "2026-04-01.zip"),
            ("{YYYY}-{MM}-{DD}", "2026-4-1"),
            ("{YYYY}{MM}{DD}", "éééééééé"),
        ] {
            assert_eq!(day(pattern, name), None, "{name}");
        }
        assert!(instant_problem("{YYYY}-{MM}").is_some() && instant_problem("x{YYYY}{MM}{DD}*").is_none());
    }
}
