//! What is said to users on their home page, and what each of them has put away.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use mde::StateCode;

use crate::accounts::Role;
use crate::db::Result;
use crate::schema::{announcement, dismissal};

/// What is to be said.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = announcement)]
pub struct NewAnnouncement {
    /// By which state; `None`: by the hub, to all states.
    pub state: Option<String>,
    /// To which roles, by name; empty for all.
    pub roles: Vec<String>,
    /// The text.
    pub body: String,
    /// First day.
    pub from_on: NaiveDate,
    /// Last day.
    pub until_on: NaiveDate,
    /// When it was written.
    pub made_at: DateTime<Utc>,
    /// By whom.
    pub made_by: String,
}

/// What is said.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = announcement)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct Announcement {
    pub announcement_id: i64,
    pub state: Option<String>,
    pub roles: Vec<String>,
    pub body: String,
    pub from_on: NaiveDate,
    pub until_on: NaiveDate,
    pub made_at: DateTime<Utc>,
    pub made_by: String,
    pub withdrawn_at: Option<DateTime<Utc>>,
}

impl Announcement {
    /// What stands for it among what an account has put away.
    #[must_use]
    pub fn key(&self) -> String {
        format!("announcement:{}", self.announcement_id)
    }
}

/// Says something. Returns its number.
pub fn add(connection: &mut PgConnection, new: &NewAnnouncement) -> Result<i64> {
    Ok(diesel::insert_into(announcement::table)
        .values(new)
        .returning(announcement::announcement_id)
        .get_result(connection)?)
}

/// What a state, or the hub, has said, the newest first.
pub fn of(connection: &mut PgConnection, state: Option<StateCode>, limit: i64) -> Result<Vec<Announcement>> {
    Ok(announcement::table
        .filter(announcement::state.is_not_distinct_from(state.map(|s| s.to_string())))
        .order(announcement::announcement_id.desc())
        .limit(limit)
        .select(Announcement::as_select())
        .load(connection)?)
}

/// Takes back what a state, or the hub, has said. Returns whether there was something to take back.
pub fn withdraw(
    connection: &mut PgConnection,
    id: i64,
    state: Option<StateCode>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let changed = diesel::update(announcement::table.find(id))
        .filter(announcement::state.is_not_distinct_from(state.map(|s| s.to_string())))
        .filter(announcement::withdrawn_at.is_null())
        .set(announcement::withdrawn_at.eq(now))
        .execute(connection)?;
    Ok(changed == 1)
}

/// What is said today to who acts in this state with these roles, by the hub and by the state; the newest first.
pub fn said(
    connection: &mut PgConnection,
    state: Option<StateCode>,
    roles: &[Role],
    today: NaiveDate,
) -> Result<Vec<Announcement>> {
    let roles: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    let to_all: &[&str] = &[];
    Ok(announcement::table
        .filter(announcement::withdrawn_at.is_null())
        .filter(announcement::from_on.le(today))
        .filter(announcement::until_on.ge(today))
        .filter(
            announcement::state
                .is_null()
                .or(announcement::state.is_not_distinct_from(state.map(|s| s.to_string()))),
        )
        .filter(
            announcement::roles
                .eq(to_all)
                .or(announcement::roles.overlaps_with(roles)),
        )
        .order(announcement::announcement_id.desc())
        .select(Announcement::as_select())
        .load(connection)?)
}

/// Puts something away for an account; again changes nothing.
pub fn dismiss(connection: &mut PgConnection, account_id: i64, what: &str, now: DateTime<Utc>) -> Result<()> {
    diesel::insert_into(dismissal::table)
        .values((
            dismissal::account_id.eq(account_id),
            dismissal::what.eq(what),
            dismissal::at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(connection)?;
    Ok(())
}

/// What an account has put away.
pub fn dismissed(connection: &mut PgConnection, account_id: i64) -> Result<HashSet<String>> {
    let all: Vec<String> = dismissal::table
        .filter(dismissal::account_id.eq(account_id))
        .select(dismissal::what)
        .load(connection)?;
    Ok(all.into_iter().collect())
}
