//! What a state is told, for the exchange and the portal alike: of a batch findings as tables, causes, times, and what
//! is different from the night before; of its children reports as tables.

pub mod contacts;
pub mod departures;
pub mod district;
pub mod documents;
pub mod lists;
pub mod night;
pub mod papers;
pub mod reports;
pub mod students;
pub mod tables;

use std::collections::BTreeMap;

use diesel::PgConnection;
use ingest::Account;
use mde::Causes;
use spreadsheet::Form;
use store::batches;

/// Findings read at once.
pub(crate) const CHUNK: i64 = 1_000;

/// Findings that are shown of each cause.
const SHOWN: usize = 3;

/// The media type of a table, with its parameters.
pub(crate) fn content_type(form: Form) -> &'static str {
    match form {
        Form::Csv => "text/csv; charset=utf-8; header=present",
        Form::Xlsx => form.media_type(),
    }
}

/// What became of the rows of a batch in detail; `None` before it is checked.
pub fn account(connection: &mut PgConnection, batch_id: i64) -> store::Result<Option<Account>> {
    let Some(account) = batches::account(connection, batch_id)? else {
        return Ok(None);
    };
    let account = serde_json::from_value(account).map_err(|error| store::Error::Corrupt {
        what: "account of a batch",
        why: error.to_string(),
    })?;
    Ok(Some(account))
}

/// The findings of a batch by cause: all of them are counted, also those that are too many to be kept.
pub fn causes(connection: &mut PgConnection, batch_id: i64) -> store::Result<Causes> {
    if let Some(account) = account(connection, batch_id)? {
        return Ok(account.causes);
    }
    // A batch from before accounts were kept.
    let mut causes = Causes::keeping(SHOWN);
    let mut after = Some(-1);
    while let Some(from) = after {
        let found = batches::findings(connection, batch_id, None, from, CHUNK)?;
        after = found.last().map(|(ordinal, _)| *ordinal);
        for (_, finding) in found {
            causes.add(finding);
        }
    }
    Ok(causes)
}

/// How many rows were not taken, by reason.
#[must_use]
pub fn ignored(account: &Account) -> BTreeMap<String, u64> {
    let rows = account.rows.ignored_rows.iter();
    rows.map(|(reason, count)| (reason.clone(), *count)).collect()
}
