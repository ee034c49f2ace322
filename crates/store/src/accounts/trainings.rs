//! Trainings in security and privacy, as user administrators note them.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::db::Result;
use crate::schema::training;

/// A training that somebody completed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = training)]
pub struct Training {
    /// Whose.
    pub account_id: i64,
    /// The day on which it was completed.
    pub completed_on: NaiveDate,
    /// The first day on which it does not hold any more.
    pub expires_on: NaiveDate,
    /// When it was noted.
    pub noted_at: DateTime<Utc>,
    /// By whom.
    pub noted_by: String,
}

/// Notes a training; the same day again corrects what was noted.
pub fn note(connection: &mut PgConnection, of: &Training) -> Result<()> {
    diesel::insert_into(training::table)
        .values(of)
        .on_conflict((training::account_id, training::completed_on))
        .do_update()
        .set((
            training::expires_on.eq(of.expires_on),
            training::noted_at.eq(of.noted_at),
            training::noted_by.eq(&of.noted_by),
        ))
        .execute(connection)?;
    Ok(())
}

/// The trainings of an account, the newest first.
pub fn of_account(connection: &mut PgConnection, account_id: i64) -> Result<Vec<Training>> {
    Ok(training::table
        .filter(training::account_id.eq(account_id))
        .order(training::completed_on.desc())
        .select(Training::as_select())
        .load(connection)?)
}

/// On which day the training of an account that lasts longest expires; `None` if none is noted.
pub fn until(connection: &mut PgConnection, account_id: i64) -> Result<Option<NaiveDate>> {
    Ok(training::table
        .filter(training::account_id.eq(account_id))
        .select(diesel::dsl::max(training::expires_on))
        .first(connection)?)
}
