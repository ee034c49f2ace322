//! What a state says it takes from the hub in place of a paper original, for all other states to know before they send.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use mde::StateCode;
use serde::{Deserialize, Serialize};
use store::acceptances::{self, NewAcceptance};

use crate::data_requests::What;
use crate::error::Error;
use crate::sender::{required, text};

/// Whether a state takes a kind of document in place of a paper original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accepted {
    /// It does.
    Yes,
    /// It does, if what it says is kept to.
    WithConditions,
    /// It does not.
    No,
}

impl Accepted {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Yes, Self::WithConditions, Self::No];

    /// Its name in tables and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::WithConditions => "with_conditions",
            Self::No => "no",
        }
    }

    /// What has this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|accepted| accepted.name() == name)
    }
}

/// What a state says of a kind of document.
#[derive(Debug, Clone)]
pub struct Saying<'a> {
    /// The kind; a document.
    pub what: What,
    /// Whether it is taken.
    pub accepted: Accepted,
    /// The conditions, or what is asked for instead, at most 500 characters; needed unless it is simply taken.
    pub words: Option<&'a str>,
    /// The first day on which that holds.
    pub since: NaiveDate,
    /// Whom to ask, at most 200 characters.
    pub contact: &'a str,
}

/// Keeps what a state says, in the place of what it said of the kind before.
pub fn keep(
    connection: &mut PgConnection,
    state: StateCode,
    by: &str,
    saying: &Saying<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let words = text("words", saying.words, 500)?;
    let contact = required("contact", saying.contact, 200)?;
    let invalid = |member, why: &str| Error::Invalid {
        member,
        why: why.into(),
    };
    if !saying.what.is_document() {
        return Err(invalid("what", "is no document; name a kind of document"));
    }
    if saying.accepted != Accepted::Yes && words.is_none() {
        return Err(invalid(
            "words",
            "are missing; say what the conditions are, or what is needed instead",
        ));
    }
    let new = NewAcceptance {
        state: state.to_string(),
        what: saying.what.name().to_owned(),
        accepted: saying.accepted.name().to_owned(),
        words,
        since: saying.since,
        contact,
    };
    Ok(acceptances::keep(connection, &new, by, now)?)
}
