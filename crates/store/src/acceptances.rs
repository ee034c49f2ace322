//! What each state takes from the hub in place of a paper original, kind by kind of document, as its administrators keep
//! it. Nothing about a child is here, so reading it discloses nothing.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::access::audit;
use crate::db::Result;
use crate::schema::document_acceptance;

/// What a state takes, as it is to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, AsChangeset)]
#[diesel(table_name = document_acceptance, treat_none_as_null = true)]
pub struct NewAcceptance {
    /// The state.
    pub state: String,
    /// The kind of document.
    pub what: String,
    /// `yes`, `no` or `with_conditions`.
    pub accepted: String,
    /// The conditions, or what is asked for instead.
    pub words: Option<String>,
    /// The first day on which that holds.
    pub since: NaiveDate,
    /// Whom to ask.
    pub contact: String,
}

/// What a state takes, as kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = document_acceptance)]
#[expect(
    missing_docs,
    reason = "as in NewAcceptance, and the migration documents the columns"
)]
pub struct Acceptance {
    pub state: String,
    pub what: String,
    pub accepted: String,
    pub words: Option<String>,
    pub since: NaiveDate,
    pub contact: String,
    pub kept_at: DateTime<Utc>,
    pub kept_by: String,
}

/// All that is kept, by state and kind.
pub fn all(connection: &mut PgConnection) -> Result<Vec<Acceptance>> {
    use document_acceptance as a;
    Ok(a::table
        .order((a::state, a::what))
        .select(Acceptance::as_select())
        .load(connection)?)
}

/// What a state says of a kind of document.
pub fn find(connection: &mut PgConnection, state: &str, what: &str) -> Result<Option<Acceptance>> {
    Ok(document_acceptance::table
        .find((state, what))
        .select(Acceptance::as_select())
        .first(connection)
        .optional()?)
}

/// Keeps what a state says of a kind of document, in the place of what it said before, and writes that down.
pub fn keep(connection: &mut PgConnection, new: &NewAcceptance, by: &str, now: DateTime<Utc>) -> Result<()> {
    use document_acceptance as a;
    connection.transaction(|connection| {
        let said = (a::kept_at.eq(now), a::kept_by.eq(by));
        diesel::insert_into(a::table)
            .values((new, said))
            .on_conflict((a::state, a::what))
            .do_update()
            .set((new, said))
            .execute(connection)?;
        let detail = serde_json::json!({ "what": new.what, "accepted": new.accepted, "since": new.since });
        audit(
            connection,
            now,
            by,
            "document_acceptance.keep",
            &new.state,
            &detail,
        )
    })
}
