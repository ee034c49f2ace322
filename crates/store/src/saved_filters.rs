//! Filters of a page that somebody keeps under a name.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text, Timestamptz};

use crate::db::Result;

/// The most filters that an account keeps for a page.
pub const MOST: usize = 20;

/// A kept filter.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct SavedFilter {
    /// What it is called.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// The query of the page's address.
    #[diesel(sql_type = Text)]
    pub query: String,
}

/// The filters of an account for a page, by name.
pub fn of(connection: &mut PgConnection, account_id: i64, page: &str) -> Result<Vec<SavedFilter>> {
    Ok(
        sql_query("select name, query from saved_filter where account_id = $1 and page = $2 order by name")
            .bind::<BigInt, _>(account_id)
            .bind::<Text, _>(page)
            .load(connection)?,
    )
}

/// Keeps a filter, in the place of one of the same name. `false` if the account keeps [`MOST`] others already.
pub fn save(
    connection: &mut PgConnection,
    account_id: i64,
    page: &str,
    filter: &SavedFilter,
    now: DateTime<Utc>,
) -> Result<bool> {
    let saved = sql_query(
        "insert into saved_filter (account_id, page, name, query, saved_at) select $1, $2, $3, $4, $5
         where (select count(*) from saved_filter where account_id = $1 and page = $2 and name <> $3) < $6
         on conflict (account_id, page, name) do update set query = excluded.query, saved_at = excluded.saved_at",
    )
    .bind::<BigInt, _>(account_id)
    .bind::<Text, _>(page)
    .bind::<Text, _>(&filter.name)
    .bind::<Text, _>(&filter.query)
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(MOST as i64)
    .execute(connection)?;
    Ok(saved == 1)
}

/// Forgets a filter; one that is not there is none.
pub fn forget(connection: &mut PgConnection, account_id: i64, page: &str, name: &str) -> Result<()> {
    sql_query("delete from saved_filter where account_id = $1 and page = $2 and name = $3")
        .bind::<BigInt, _>(account_id)
        .bind::<Text, _>(page)
        .bind::<Text, _>(name)
        .execute(connection)?;
    Ok(())
}
