//! Who sends something, what may stand in it, and that it is sent once.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use mde::StateCode;
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::sent_keys;

use crate::error::Error;

/// Who sends a notice or a request.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// For which state.
    pub state: StateCode,
    /// The account or certificate.
    pub by: &'a str,
    /// The sender's own key of what it sends: the same key sends once, however often it is tried.
    pub idempotency_key: Option<&'a str>,
}

/// A text of 1 to `max` characters without control characters but line ends; `None` if there is nothing in it.
pub(crate) fn text(member: &'static str, text: Option<&str>, max: usize) -> Result<Option<String>, Error> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let count = text.chars().count();
    if count > max {
        let why = format!("has {count} characters; shorten it to {max}");
        return Err(Error::Invalid { member, why });
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\r') {
        let why = "holds a control character; remove it".to_owned();
        return Err(Error::Invalid { member, why });
    }
    Ok(Some(text.to_owned()))
}

/// The same, where something has to be there.
pub(crate) fn required(member: &'static str, given: &str, max: usize) -> Result<String, Error> {
    text(member, Some(given), max)?.ok_or_else(|| Error::Invalid {
        member,
        why: "is missing".into(),
    })
}

/// What makes something that is sent the same as before: the sender's key, else what it says and when. In the caller's
/// transaction, which undoes it if nothing is sent. [`Error::KeyReused`] if the key has sent something else.
pub(crate) fn once(
    connection: &mut PgConnection,
    sender: Sender<'_>,
    sent: &impl Serialize,
    now: DateTime<Utc>,
) -> Result<String, Error> {
    let content = serde_json::to_string(sent).map_err(|error| store::Error::Corrupt {
        what: "notice to be sent",
        why: error.to_string(),
    })?;
    let what = match sender.idempotency_key {
        Some(key) => format!("key|{key}"),
        None => format!("{now:?}|{content}"),
    };
    let digest = Sha256::digest(format!("{}|{}|{what}", sender.state, sender.by).as_bytes());
    let cause = digest
        .iter()
        .fold("sent-".to_owned(), |hex, byte| hex + &format!("{byte:02x}"));
    let fits = sender.idempotency_key.is_none()
        || sent_keys::claim(connection, &cause, Sha256::digest(content).as_slice(), now)?;
    fits.then_some(cause).ok_or(Error::KeyReused)
}
