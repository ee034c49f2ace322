//! Accounts as their administrators list them.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz};
use mde::StateCode;

use crate::db::Result;

/// Whose accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Within {
    /// With a federal role, or administrators of users of whole states.
    Federal,
    /// With a role in a state, or made by its administrator.
    State(StateCode),
    /// With a role in one of these regions or districts of a state.
    Places {
        /// The state.
        state: StateCode,
        /// Its regions.
        regions: Vec<String>,
        /// Its districts.
        districts: Vec<String>,
    },
}

/// An account of the list.
#[derive(Debug, Clone, QueryableByName)]
pub struct Listed {
    /// Its number.
    #[diesel(sql_type = BigInt)]
    pub account_id: i64,
    /// Its address.
    #[diesel(sql_type = Text)]
    pub email: String,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Since when it is disabled.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub disabled_at: Option<DateTime<Utc>>,
    /// When it signed in last.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_login_at: Option<DateTime<Utc>>,
    /// Until when a password that somebody else set opens it.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub password_until: Option<DateTime<Utc>>,
    /// On which day its newest training expires; `None` if none is noted.
    #[diesel(sql_type = Nullable<Date>)]
    pub training_until: Option<NaiveDate>,
    /// Its roles within the list's places, by name.
    #[diesel(sql_type = Array<Text>)]
    pub roles: Vec<String>,
}

/// Accounts by address, after this one, with `search` in address or name (upper or lower case; empty: all).
pub fn list(
    connection: &mut PgConnection,
    within: &Within,
    search: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Listed>> {
    let (state, places) = match within {
        Within::Federal => (None, None),
        Within::State(state) => (Some(*state), None),
        Within::Places {
            state,
            regions,
            districts,
        } => (Some(*state), Some((regions, districts))),
    };
    let lower = |names: &[String]| names.iter().map(|name| name.to_lowercase()).collect::<Vec<_>>();
    let (regions, districts) = places.map_or((None, None), |(r, d)| (Some(lower(r)), Some(lower(d))));
    Ok(sql_query(
        "select a.account_id, a.email, a.name, a.disabled_at, a.last_login_at, a.password_until,
                (select max(expires_on) from training t where t.account_id = a.account_id) as training_until, r.roles
         from account a, lateral (
             select coalesce(array_agg(distinct r.role order by r.role), '{}') as roles from account_role r
             where r.account_id = a.account_id and case when $1 is null
                   then r.state is null or (r.role = 'user_administrator' and r.region is null and r.district is null)
                   else r.state = $1 and ($2::text[] is null or lower(r.region) = any($2) or lower(r.district) = any($3)) end) r
         where a.email > $5 and (r.roles <> '{}' or ($2 is null and a.home_state = $1))
           and ($4 = '' or position(lower($4) in lower(a.email || ' ' || a.name)) > 0)
         order by a.email limit $6",
    )
    .bind::<Nullable<Text>, _>(state.map(|state| state.to_string()))
    .bind::<Nullable<Array<Text>>, _>(regions)
    .bind::<Nullable<Array<Text>>, _>(districts)
    .bind::<Text, _>(search.trim())
    .bind::<Text, _>(after)
    .bind::<BigInt, _>(limit)
    .load(connection)?)
}
