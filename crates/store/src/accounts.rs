//! Accounts of people, their roles and their sessions. Passwords arrive here hashed, session keys too.

pub mod listed;
pub mod trainings;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use mde::StateCode;
use serde::{Deserialize, Serialize};

use crate::db::{Error, Result};
use crate::schema::{account, account_role, session};

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Search, view and print records of any state.
    SecondaryUser,
    /// The same, and start merges and splits, send notices and data requests.
    PrimaryUser,
    /// The same, and resolve near matches, validate merges and splits, receive notices, see uploads.
    DataAdministrator,
    /// Create and change accounts.
    UserAdministrator,
    /// Upload files and see their results.
    BatchSubmitter,
    /// Decide where states disagree (federal).
    Arbiter,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 6] = [
        Self::SecondaryUser,
        Self::PrimaryUser,
        Self::DataAdministrator,
        Self::UserAdministrator,
        Self::BatchSubmitter,
        Self::Arbiter,
    ];

    /// Its name in tables and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SecondaryUser => "secondary_user",
            Self::PrimaryUser => "primary_user",
            Self::DataAdministrator => "data_administrator",
            Self::UserAdministrator => "user_administrator",
            Self::BatchSubmitter => "batch_submitter",
            Self::Arbiter => "arbiter",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }
}

/// A role in a state, or in one district of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What.
    pub role: Role,
    /// Where; `None` for a federal role.
    pub state: Option<StateCode>,
    /// Region: all districts that belong to it on the day; `None` for the whole state or a district.
    pub region: Option<String>,
    /// District; `None` for the whole state or a region.
    pub district: Option<String>,
}

/// An account.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = account)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct Account {
    pub account_id: i64,
    pub email: String,
    pub name: String,
    pub password_hash: String,
    pub created_at: DateTime<Utc>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub failed_logins: i32,
    pub locked_until: Option<DateTime<Utc>>,
    pub last_login_at: Option<DateTime<Utc>>,
    pub home_state: Option<String>,
    pub password_until: Option<DateTime<Utc>>,
}

/// Adds an account; `None` if the address is taken. An address is never used for a second account.
pub fn add(
    connection: &mut PgConnection,
    email: &str,
    name: &str,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<i64>> {
    add_to(connection, email, name, password_hash, None, now)
}

/// The same with where it comes from: the state whose administrator makes it, and until when the password opens it.
pub fn add_to(
    connection: &mut PgConnection,
    email: &str,
    name: &str,
    password_hash: &str,
    made: Option<(Option<StateCode>, DateTime<Utc>)>,
    now: DateTime<Utc>,
) -> Result<Option<i64>> {
    let home = made.and_then(|(state, _)| state).map(|state| state.to_string());
    Ok(diesel::insert_into(account::table)
        .values((
            account::email.eq(email.trim().to_lowercase()),
            account::name.eq(name.trim()),
            account::password_hash.eq(password_hash),
            account::created_at.eq(now),
            account::home_state.eq(home),
            account::password_until.eq(made.map(|(_, until)| until)),
        ))
        .on_conflict_do_nothing()
        .returning(account::account_id)
        .get_result(connection)
        .optional()?)
}

/// The account of an address.
pub fn by_email(connection: &mut PgConnection, email: &str) -> Result<Option<Account>> {
    Ok(account::table
        .filter(account::email.eq(email.trim().to_lowercase()))
        .select(Account::as_select())
        .first(connection)
        .optional()?)
}

/// An account by its number.
pub fn find(connection: &mut PgConnection, account_id: i64) -> Result<Option<Account>> {
    Ok(account::table
        .find(account_id)
        .select(Account::as_select())
        .first(connection)
        .optional()?)
}

/// All accounts, by address.
pub fn all(connection: &mut PgConnection) -> Result<Vec<Account>> {
    Ok(account::table
        .order(account::email)
        .select(Account::as_select())
        .load(connection)?)
}

/// Gives a role; one already given changes nothing.
pub fn grant(
    connection: &mut PgConnection,
    account_id: i64,
    grant: &Grant,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(account_role::table)
        .values((
            account_role::account_id.eq(account_id),
            account_role::role.eq(grant.role.name()),
            account_role::state.eq(grant.state.map(|s| s.to_string())),
            account_role::region.eq(grant.region.as_deref()),
            account_role::district.eq(grant.district.as_deref()),
            account_role::granted_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(connection)?;
    Ok(())
}

/// Takes a role away. Returns whether there was one to take.
pub fn revoke(connection: &mut PgConnection, account_id: i64, grant: &Grant) -> Result<bool> {
    let removed = diesel::delete(
        account_role::table
            .filter(account_role::account_id.eq(account_id))
            .filter(account_role::role.eq(grant.role.name()))
            .filter(account_role::state.is_not_distinct_from(grant.state.map(|s| s.to_string())))
            .filter(account_role::region.is_not_distinct_from(grant.region.as_deref()))
            .filter(account_role::district.is_not_distinct_from(grant.district.as_deref())),
    )
    .execute(connection)?;
    Ok(removed > 0)
}

/// The roles of an account.
pub fn grants(connection: &mut PgConnection, account_id: i64) -> Result<Vec<Grant>> {
    type Row = (String, Option<String>, Option<String>, Option<String>);
    let columns = (
        account_role::role,
        account_role::state,
        account_role::region,
        account_role::district,
    );
    let rows: Vec<Row> = account_role::table
        .filter(account_role::account_id.eq(account_id))
        .order(columns)
        .select(columns)
        .load(connection)?;
    let corrupt = |why: String| Error::Corrupt { what: "role", why };
    rows.into_iter()
        .map(|(role, state, region, district)| {
            Ok(Grant {
                role: Role::named(&role).ok_or_else(|| corrupt(role.clone()))?,
                state: state
                    .map(|s| StateCode::new(&s))
                    .transpose()
                    .map_err(|e| corrupt(e.to_string()))?,
                region,
                district,
            })
        })
        .collect()
}

/// The addresses of the accounts that are not disabled and have a role in a state, all of it or a district.
pub fn holders(connection: &mut PgConnection, role: Role, state: StateCode) -> Result<Vec<String>> {
    Ok(account::table
        .inner_join(account_role::table.on(account_role::account_id.eq(account::account_id)))
        .filter(account_role::role.eq(role.name()))
        .filter(account_role::state.eq(state.as_str()))
        .filter(account::disabled_at.is_null())
        .order(account::email)
        .select(account::email)
        .distinct()
        .load(connection)?)
}

/// Disables or enables an account. A disabled account's sessions end.
pub fn set_disabled(
    connection: &mut PgConnection,
    account_id: i64,
    disabled_at: Option<DateTime<Utc>>,
) -> Result<()> {
    diesel::update(account::table.find(account_id))
        .set(account::disabled_at.eq(disabled_at))
        .execute(connection)?;
    if disabled_at.is_some() {
        end_sessions(connection, account_id)?;
    }
    Ok(())
}

/// Sets a new password, unlocks the account and ends its sessions. `until`: that somebody else set it, so that it opens
/// the account until then, for choosing an own one; `None`: it is the account's own.
pub fn set_password(
    connection: &mut PgConnection,
    account_id: i64,
    password_hash: &str,
    until: Option<DateTime<Utc>>,
) -> Result<()> {
    diesel::update(account::table.find(account_id))
        .set((
            account::password_hash.eq(password_hash),
            account::password_until.eq(until),
            account::failed_logins.eq(0),
            account::locked_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(connection)?;
    end_sessions(connection, account_id)
}

/// Writes the outcome of a sign-in. After five failures in a row the account is locked until `lock_until`.
pub fn signed_in(
    connection: &mut PgConnection,
    account_id: i64,
    success: bool,
    lock_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    let this = account::table.find(account_id);
    if success {
        diesel::update(this)
            .set((
                account::failed_logins.eq(0),
                account::locked_until.eq(None::<DateTime<Utc>>),
                account::last_login_at.eq(now),
            ))
            .execute(connection)?;
    } else {
        let failures: i32 = diesel::update(this)
            .set(account::failed_logins.eq(account::failed_logins + 1))
            .returning(account::failed_logins)
            .get_result(connection)?;
        if failures >= 5 {
            diesel::update(this)
                .set(account::locked_until.eq(lock_until))
                .execute(connection)?;
        }
    }
    Ok(())
}

fn end_sessions(connection: &mut PgConnection, account_id: i64) -> Result<()> {
    diesel::delete(session::table.filter(session::account_id.eq(account_id))).execute(connection)?;
    Ok(())
}

/// Saves a session under the hash of its key.
pub fn save_session(
    connection: &mut PgConnection,
    key_hash: &str,
    account_id: Option<i64>,
    data: &serde_json::Value,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(session::table)
        .values((
            session::session_key.eq(key_hash),
            session::account_id.eq(account_id),
            session::data.eq(data),
            session::expires_at.eq(expires_at),
        ))
        .on_conflict(session::session_key)
        .do_update()
        .set((
            session::account_id.eq(account_id),
            session::data.eq(data),
            session::expires_at.eq(expires_at),
        ))
        .execute(connection)?;
    Ok(())
}

/// The data of a session that has not expired.
pub fn load_session(
    connection: &mut PgConnection,
    key_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<serde_json::Value>> {
    Ok(session::table
        .find(key_hash)
        .filter(session::expires_at.gt(now))
        .select(session::data)
        .first(connection)
        .optional()?)
}

/// Changes the data of a session, whatever other requests do with it; `None` leaves them, and a session that has ended
/// is not begun anew.
pub fn change_session(
    connection: &mut PgConnection,
    key_hash: &str,
    change: impl FnOnce(serde_json::Value) -> Option<serde_json::Value>,
) -> Result<()> {
    connection.transaction(|connection| {
        let held = session::table
            .find(key_hash)
            .select(session::data)
            .for_update()
            .first(connection)
            .optional()?;
        if let Some(data) = held.and_then(change) {
            diesel::update(session::table.find(key_hash))
                .set(session::data.eq(data))
                .execute(connection)?;
        }
        Ok(())
    })
}

/// Moves the end of a session.
pub fn extend_session(
    connection: &mut PgConnection,
    key_hash: &str,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    diesel::update(session::table.find(key_hash))
        .set(session::expires_at.eq(expires_at))
        .execute(connection)?;
    Ok(())
}

/// Ends a session.
pub fn end_session(connection: &mut PgConnection, key_hash: &str) -> Result<()> {
    diesel::delete(session::table.find(key_hash)).execute(connection)?;
    Ok(())
}

/// Removes sessions that have expired.
pub fn sweep_sessions(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<usize> {
    Ok(diesel::delete(session::table.filter(session::expires_at.le(now))).execute(connection)?)
}
