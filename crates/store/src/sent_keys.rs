//! Keys by which senders make sure that something is sent once, however often it is tried.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Binary, Bool, Text, Timestamptz};

use crate::db::Result;

/// Claims a key for a content, by its hash; waits for whoever is claiming it now. `false` if it stands for another
/// content. In the caller's transaction.
pub fn claim(connection: &mut PgConnection, key: &str, content: &[u8], now: DateTime<Utc>) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Claimed {
        #[diesel(sql_type = Bool)]
        fits: bool,
    }
    let claimed: Claimed = sql_query(
        "insert into sent_key as k (sent_key, content, sent_at) values ($1, $2, $3)
         on conflict (sent_key) do update set content = k.content returning content = $2 as fits",
    )
    .bind::<Text, _>(key)
    .bind::<Binary, _>(content)
    .bind::<Timestamptz, _>(now)
    .get_result(connection)?;
    Ok(claimed.fits)
}
