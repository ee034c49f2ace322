//! The texts of one record to the values of its part.

use std::borrow::Cow;

use mde::{Decimal, FindingCode, Kind, PartKind, ValueContext};

use super::map::{OpenMap, Value};
use super::record::SEPARATOR;
use super::schema::Profile;
use crate::assembly::Assembly;
use crate::place::{Place, Sent};

/// What is wrong with a text: the kind of finding, a fragment such as "is not a date", and the fix.
type Problem = (FindingCode, String, &'static str);

/// Reads what [`OpenMap::take`] wrote into the current row of its part. `key` is the state student id.
pub(crate) fn set_values(
    profile: &Profile,
    map: &OpenMap<'_>,
    key: &str,
    text: &str,
    place: Place,
    assembly: &mut Assembly<'_>,
) {
    let Some(part) = map.part() else { return };
    let row = Row { profile, part, place };
    if part == PartKind::Student && !map.map.adds {
        let label = map.key_label();
        assembly.set(row.sent(0, label, key), row.context(), || place);
    }
    for (field, label, text) in &map.constants {
        assembly.set(row.sent(*field, label, text), row.context(), || place);
    }
    for (value, text) in map.values.iter().zip(text.split(SEPARATOR)) {
        row.set(value, text, assembly);
    }
}

struct Row<'a> {
    profile: &'a Profile,
    part: PartKind,
    place: Place,
}

impl Row<'_> {
    fn sent<'t>(&self, field: usize, label: &'t str, text: &'t str) -> Sent<'t> {
        Sent {
            part: self.part,
            field,
            label,
            text,
        }
    }

    fn context(&self) -> ValueContext<'static> {
        ValueContext {
            code_set: self.profile.code_set,
            raw: None,
        }
    }

    fn set(&self, value: &Value<'_>, text: &str, assembly: &mut Assembly<'_>) {
        let target = value.target;
        let text = match &target.after {
            Some(mark) => text.rsplit_once(mark.as_str()).map_or(text, |(_, after)| after),
            None => text,
        };
        let is = |blanks: &[String]| blanks.iter().any(|b| b == text);
        let blank = text.is_empty()
            || is(&self.profile.blank)
            || is(&target.blank)
            || (value.kind == Kind::Date && is(&self.profile.dates.blank));
        if blank {
            if let Some(default) = &target.default {
                let sent = self.sent(value.field, &value.label, default);
                assembly.set(sent, self.context(), || self.place);
            }
            return;
        }
        if let Some(reason) = target.ignore.get(text) {
            assembly.ignore_value(reason, 1);
            return;
        }
        let sent = self.sent(value.field, &value.label, text);
        match self.canonical(value, text) {
            Ok((canonical, context)) => {
                if self.part == PartKind::Course
                    && self.part.fields()[value.field].column == "credits"
                    && let Some(factor) = self.profile.credits.conversion()
                {
                    self.set_credits(sent, &canonical, factor, assembly);
                } else {
                    assembly.set_as(sent, &canonical, context, || self.place);
                }
            }
            Err((code, problem, fix)) => assembly.refuse_value(sent, code, &problem, fix, self.place),
        }
    }

    /// Credits in another unit: the Carnegie units, and beside them what was sent, the unit and the factor.
    fn set_credits(&self, sent: Sent<'_>, number: &str, factor: Decimal, assembly: &mut Assembly<'_>) {
        let Ok(number) = number.parse::<Decimal>() else {
            // The data element says what is wrong with it.
            assembly.set(sent, self.context(), || self.place);
            return;
        };
        // Credits have four decimals at most.
        let units = number.saturating_mul(factor).round_dp(4);
        for (column, value) in [
            ("credits", units.to_string()),
            ("credits_sent", number.to_string()),
            ("credit_unit", self.profile.credits.unit.clone()),
            ("credit_factor", factor.to_string()),
        ] {
            let field = sent
                .part
                .fields()
                .iter()
                .position(|f| f.column == column)
                .unwrap_or_default();
            assembly.set_as(Sent { field, ..sent }, &value, self.context(), || self.place);
        }
    }

    /// The canonical text of a value and how to understand it.
    fn canonical<'t>(
        &self,
        value: &Value<'t>,
        text: &'t str,
    ) -> Result<(Cow<'t, str>, ValueContext<'t>), Problem> {
        if let Some(translation) = value.translation {
            let Some(meaning) = translation.codes.get(text) else {
                let known: Vec<&str> = translation.codes.keys().map(String::as_str).collect();
                return Err((
                    FindingCode::UnknownCode,
                    format!("is none of the codes {}", known.join(", ")),
                    "Correct the code, or add it to the translation in the mapping profile.",
                ));
            };
            let (code_set, meaning) = translation.versioned(meaning, self.profile.code_set);
            let context = ValueContext {
                code_set,
                raw: Some(text),
            };
            return Ok((Cow::Borrowed(meaning), context));
        }
        let invalid = |problem: String, fix| Err((FindingCode::Invalid, problem, fix));
        match value.kind {
            Kind::Date => {
                let dates = &self.profile.dates;
                let of_profile = if value.month { &dates.month } else { &dates.day };
                let format = value.target.format.as_ref().unwrap_or(of_profile.get_ref());
                match format.canonical(text) {
                    // A day may be sent where the month counts.
                    Some(mut canonical) => {
                        if value.month {
                            canonical.truncate("YYYY-MM".len());
                        }
                        Ok((Cow::Owned(canonical), self.context()))
                    }
                    None => invalid(
                        format!("is not a date that exists, written {format}"),
                        "Correct the date, or the format that the mapping profile gives for it.",
                    ),
                }
            }
            Kind::Flag => {
                let flags = &self.profile.flags;
                let is = |list: &[String]| list.iter().any(|t| t == text);
                if is(&flags.yes) {
                    Ok((Cow::Borrowed("Y"), self.context()))
                } else if is(&flags.no) {
                    Ok((Cow::Borrowed("N"), self.context()))
                } else {
                    invalid(
                        format!("is none of {}, {}", flags.yes.join(", "), flags.no.join(", ")),
                        "Correct the flag, or add the spelling to [flags] in the mapping profile.",
                    )
                }
            }
            Kind::Decimal if let Some(decimals) = value.target.implied_decimals => {
                match with_mark(text, usize::from(decimals)) {
                    Some(number) => Ok((Cow::Owned(number), self.context())),
                    None => invalid(
                        format!("is not a number of digits, the last {decimals} of which are decimals"),
                        "Correct the number, or the implied decimals that the mapping profile gives.",
                    ),
                }
            }
            Kind::Decimal if self.profile.numbers.decimal != '.' => {
                let mark = self.profile.numbers.decimal;
                if text.contains('.') {
                    return invalid(
                        format!("is not a number with the decimal mark {mark}"),
                        "Correct the number, or the decimal mark that the mapping profile gives.",
                    );
                }
                Ok((Cow::Owned(text.replace(mark, ".")), self.context()))
            }
            _ => Ok((Cow::Borrowed(text), self.context())),
        }
    }
}

/// A number of digits only, with the mark before its last `decimals` digits.
fn with_mark(text: &str, decimals: usize) -> Option<String> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = format!("{text:0>width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    Some(if decimals == 0 {
        digits
    } else {
        format!("{whole}.{fraction}")
    })
}

#[cfg(test)]
mod tests {
    use super::with_mark;

    #[test]
    fn implied_decimals() {
        assert_eq!(with_mark("050", 2).as_deref(), Some("0.50"));
        assert_eq!(with_mark("1234", 2).as_deref(), Some("12.34"));
        assert_eq!(with_mark("5", 2).as_deref(), Some("0.05"));
        assert_eq!(with_mark("5", 0).as_deref(), Some("5"));
        assert_eq!(with_mark("0.5", 2), None);
    }
}
