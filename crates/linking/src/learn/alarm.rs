//! Signs that a fit is not to be trusted.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::levels::Field;
use crate::levels::level::{birth_date, given};
use crate::model::Model;

use super::fit::ROUNDS;

/// A sign that the fit is not to be trusted; nothing is linked by it without people.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    /// A record has on average this many others of the same child.
    TooManyMatches(f64),
    /// Given names of one child are equal only this often.
    GivenNamesDiffer(f64),
    /// Birth dates of one child are equal only this often.
    BirthDatesDiffer(f64),
    /// An equal value of this field speaks against one child.
    Reversed(Field),
    /// This share of the pairs taken for one child is hardly likelier than not.
    NoClearLine(f64),
    /// The rounds ran out.
    NotSettled,
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Alarm::TooManyMatches(count) => {
                write!(f, "a record has {count:.1} others of the same person on average")
            }
            Alarm::GivenNamesDiffer(share) => write!(
                f,
                "given names of one person are equal in only {:.0} % of pairs: families may be taken for one person",
                share * 100.0
            ),
            Alarm::BirthDatesDiffer(share) => {
                write!(
                    f,
                    "birth dates of one person are equal in only {:.0} % of pairs",
                    share * 100.0
                )
            }
            Alarm::Reversed(field) => write!(f, "{}: equality speaks against one person", field.words()[1]),
            Alarm::NoClearLine(share) => write!(
                f,
                "{:.0} % of the pairs taken for one person are hardly likelier than not",
                share * 100.0
            ),
            Alarm::NotSettled => f.write_str("the fit did not settle"),
        }
    }
}

pub(super) fn alarms(model: &Model, unclear: f64, rounds: usize) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    if model.priors.same > 10.0 {
        alarms.push(Alarm::TooManyMatches(model.priors.same));
    }
    let same = |field, levels: &[u8]| -> f64 {
        levels
            .iter()
            .map(|&level| f64::from(model.rates(field, level).same))
            .sum()
    };
    let names = same(
        Field::Given,
        &[
            given::EXACT,
            given::CLOSE,
            given::NICKNAME,
            given::OTHER_EQUAL,
            given::INITIAL,
        ],
    );
    if names < 0.6 {
        alarms.push(Alarm::GivenNamesDiffer(names));
    }
    let dates = same(
        Field::BirthDate,
        &[birth_date::EXACT, birth_date::EXACT_PLACEHOLDER],
    );
    if dates < 0.4 {
        alarms.push(Alarm::BirthDatesDiffer(dates));
    }
    for field in [
        Field::Given,
        Field::Surname,
        Field::BirthDate,
        Field::Sex,
        Field::Parents,
        Field::Address,
    ] {
        let rates = model.rates(field, 1);
        if rates.same < rates.stranger {
            alarms.push(Alarm::Reversed(field));
        }
    }
    if unclear > 0.5 {
        alarms.push(Alarm::NoClearLine(unclear));
    }
    if rounds >= ROUNDS {
        alarms.push(Alarm::NotSettled);
    }
    alarms
}
