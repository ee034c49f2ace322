//! Papers that were printed, by the code that stands on them.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use mde::{PersonId, StateCode};

use crate::db::{Error, Result};
use crate::schema::printed_paper;

/// A paper that is being printed.
#[derive(Debug, Clone, Copy)]
pub struct NewPrint<'a> {
    /// Its code, twelve letters and digits.
    pub code: &'a str,
    /// Of whom it is.
    pub person_id: PersonId,
    /// Kind of paper.
    pub kind: &'a str,
    /// Its language, `en` or `es`.
    pub language: &'a str,
    /// The state that the child left, where the paper is about that.
    pub left_state: Option<StateCode>,
    /// The day of which it speaks.
    pub day: NaiveDate,
    /// When it is printed.
    pub printed_at: DateTime<Utc>,
    /// SHA-256 of what it says of the child.
    pub digest: &'a [u8; 32],
}

/// A paper that was printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Print {
    /// Of whom it is, as the person was numbered then.
    pub person_id: PersonId,
    /// Kind of paper.
    pub kind: String,
    /// Its language.
    pub language: String,
    /// The state that the child left, where the paper is about that.
    pub left_state: Option<StateCode>,
    /// The day of which it speaks.
    pub day: NaiveDate,
    /// When it was printed.
    pub printed_at: DateTime<Utc>,
    /// SHA-256 of what it said of the child.
    pub digest: Vec<u8>,
}

/// Keeps a paper's code. The caller has written the disclosure in the same transaction.
pub fn add(connection: &mut PgConnection, new: &NewPrint<'_>) -> Result<()> {
    use printed_paper as p;
    diesel::insert_into(p::table)
        .values((
            p::code.eq(new.code),
            p::person_id.eq(new.person_id.number()),
            p::kind.eq(new.kind),
            p::language.eq(new.language),
            p::left_state.eq(new.left_state.map(|state| state.to_string())),
            p::day.eq(new.day),
            p::printed_at.eq(new.printed_at),
            p::digest.eq(&new.digest[..]),
        ))
        .execute(connection)?;
    Ok(())
}

/// The paper with this code. It tells of whom it is, but nothing about them.
pub fn find(connection: &mut PgConnection, code: &str) -> Result<Option<Print>> {
    use printed_paper as p;
    type Row = (
        i64,
        String,
        String,
        Option<String>,
        NaiveDate,
        DateTime<Utc>,
        Vec<u8>,
    );
    let row: Option<Row> = p::table
        .find(code)
        .select((
            p::person_id,
            p::kind,
            p::language,
            p::left_state,
            p::day,
            p::printed_at,
            p::digest,
        ))
        .first(connection)
        .optional()?;
    let corrupt = |error: mde::ValueError| Error::Corrupt {
        what: "printed paper",
        why: error.to_string(),
    };
    row.map(|(person, kind, language, left, day, printed_at, digest)| {
        Ok(Print {
            person_id: PersonId::new(person).map_err(corrupt)?,
            kind,
            language,
            left_state: left
                .map(|code| StateCode::new(&code).map_err(corrupt))
                .transpose()?,
            day,
            printed_at,
            digest,
        })
    })
    .transpose()
}
