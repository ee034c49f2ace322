//! Printing a paper, and checking one that somebody holds.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{Connection as _, PgConnection};
use mde::{PersonId, StateCode};
use store::printed::{self, NewPrint};
use store::{Access, persons};

use super::{CheckCode, CheckPage, Imprint, Kind, draft};
use crate::pdf::{Language, PdfError};

/// Why a paper is not printed.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The paper.
    #[error(transparent)]
    Pdf(#[from] PdfError),
}

impl From<diesel::result::Error> for PrintError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What is to be printed.
#[derive(Debug, Clone)]
pub struct Order {
    /// The kind of paper.
    pub kind: Kind,
    /// In which language.
    pub language: Language,
    /// From which state the child has left, for a confirmation of its transfer.
    pub left: Option<StateCode>,
    /// Who prints it, as the paper names them.
    pub by: String,
    /// Today where it is printed.
    pub today: NaiveDate,
    /// A new code.
    pub code: CheckCode,
    /// The page where codes are checked, where its address is known.
    pub check_page: Option<CheckPage>,
}

/// A printed paper.
#[derive(Debug, Clone)]
pub struct Printed {
    /// The person of whom it is; the survivor if a retired number was asked for.
    pub person_id: PersonId,
    /// The PDF.
    pub pdf: Vec<u8>,
}

/// Reads a person and prints a paper of it. The disclosure and the paper's code are written in the transaction that
/// reads. `None` if there is no such person.
pub fn print(
    connection: &mut PgConnection,
    access: &Access,
    id: PersonId,
    order: &Order,
) -> Result<Option<Printed>, PrintError> {
    let drafted = connection.transaction(|connection| {
        let Some(held) = persons::read(connection, access, id, order.kind.categories())? else {
            return Ok::<_, PrintError>(None);
        };
        let record = records::consolidate(&held, order.today);
        let draft = draft(&record, order.kind, order.language, order.left);
        let new = NewPrint {
            code: order.code.stored(),
            person_id: held.person_id,
            kind: order.kind.name(),
            language: order.language.tag(),
            left_state: order.left,
            day: order.today,
            printed_at: access.at,
            digest: &draft.digest(),
        };
        printed::add(connection, &new)?;
        Ok(Some((held.person_id, draft)))
    })?;
    let Some((person_id, draft)) = drafted else {
        return Ok(None);
    };
    let imprint = Imprint {
        by: order.by.clone(),
        at: access.at,
        purpose: access.purpose,
        code: order.code.clone(),
        check_page: order.check_page.clone(),
    };
    let pdf = draft.signed(&imprint).pdf()?;
    Ok(Some(Printed { person_id, pdf }))
}

/// What anybody who holds a paper may know of it: nothing about the child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// The kind of paper.
    pub kind: Kind,
    /// When it was printed.
    pub printed_at: DateTime<Utc>,
    /// Whether a paper that is printed now for the same day would say the same of the child.
    pub same: bool,
}

/// What has become of a paper; `None` if no paper has this code. Nothing of the record is handed out, so nothing is
/// disclosed.
pub fn check(connection: &mut PgConnection, code: &CheckCode) -> Result<Option<Check>, PrintError> {
    let Some(print) = printed::find(connection, code.stored())? else {
        return Ok(None);
    };
    let known = Kind::named(&print.kind).zip(Language::tagged(&print.language));
    let Some((kind, language)) = known else {
        return Ok(None);
    };
    let now = persons::load(connection, print.person_id)?.map(|held| {
        let record = records::consolidate(&held, print.day);
        draft(&record, kind, language, print.left_state).digest()
    });
    Ok(Some(Check {
        kind,
        printed_at: print.printed_at,
        same: now.is_some_and(|digest| digest[..] == print.digest),
    }))
}
