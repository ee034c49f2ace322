//! Exact decimal numbers: credits, units and hours.

use std::fmt;

pub use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::part::{Kind, Sink};
use crate::value::{Value, ValueContext, ValueError};

fn number(text: &str) -> Result<Decimal, ValueError> {
    // `.50` is how state systems write half a credit; rust_decimal reads it, but not `+1` or `1e3`, which is right.
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-') {
        text.parse().map_err(|_| ValueError::Not("a decimal number"))
    } else {
        Err(ValueError::Not("a decimal number"))
    }
}

macro_rules! ranged {
    ($(#[$doc:meta])* $name:ident, $max:literal, $scale:literal, $range:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "Decimal", into = "Decimal")]
        pub struct $name(Decimal);

        impl $name {
            /// The exact number.
            #[must_use]
            pub fn number(self) -> Decimal {
                self.0
            }
        }

        impl TryFrom<Decimal> for $name {
            type Error = ValueError;
            fn try_from(number: Decimal) -> Result<Self, ValueError> {
                let number = number.normalize();
                if number.is_sign_negative() && !number.is_zero() || number > Decimal::from($max) || number.scale() > $scale {
                    return Err(ValueError::Range($range));
                }
                Ok(Self(number))
            }
        }

        impl From<$name> for Decimal {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl Value for $name {
            const KIND: Kind = Kind::Decimal;
            fn parse(text: &str, _: ValueContext<'_>) -> Result<Self, ValueError> {
                number(text).and_then(Self::try_from)
            }
            fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
                sink.decimal(self.0);
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

ranged!(
    /// Credits as granted, in the unit that the state names (data element 70). Parts are exact: three times .33 is .99.
    Credits, 1000, 4, "0 to 1000 with at most four decimals"
);
ranged!(
    /// Carnegie units required in a subject area (data element 59).
    Units, 100, 4, "0 to 100 with at most four decimals"
);
ranged!(
    /// Clock hours to date of a course that was not completed (data element 68).
    Hours, 2000, 2, "0 to 2000 with at most two decimals"
);
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_are_exact() {
        let third = Credits::parse(".33", ValueContext::default()).unwrap();
        assert_eq!(
            (third.number() + third.number() + third.number()).to_string(),
            "0.99"
        );
        assert_eq!(
            Credits::parse("1.0", ValueContext::default()),
            Credits::parse("1", ValueContext::default())
        );
        for bad in ["-1", "1e3", "0.12345", "1001", "half", ""] {
            assert!(Credits::parse(bad, ValueContext::default()).is_err(), "{bad}");
        }
    }

    #[test]
    fn reads_json_numbers_and_strings_alike() {
        let from_number: Credits = serde_json::from_str("0.33").unwrap();
        let from_string: Credits = serde_json::from_str("\"0.33\"").unwrap();
        assert_eq!(from_number, from_string);
        assert!(serde_json::from_str::<Credits>("-2").is_err());
    }
}
