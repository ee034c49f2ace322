//! What comes due: told to its state once before its last day and once after it. A last day that moves is told anew.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Date, Nullable, Text};
use mde::StateCode;

use crate::db::Result;
use crate::deliveries::{self, Event};

/// A table with a last day: its columns `state`, `due_on`, `warned_of` and `overdue_of`.
pub(crate) struct Due {
    pub(crate) table: &'static str,
    /// The column that numbers its rows.
    pub(crate) key: &'static str,
    /// Whether a row still waits for something, in SQL.
    pub(crate) waits: &'static str,
    /// What is told before the last day.
    pub(crate) soon: &'static str,
    /// What is told after it.
    pub(crate) overdue: &'static str,
    /// The address of a row, but for its number.
    pub(crate) path: &'static str,
}

impl Due {
    /// Tells a state, once for each last day, of what waits and is due from `today` to `soon`, and of what was due before.
    /// In the caller's transaction. Returns how many were told.
    pub(crate) fn tell(
        &self,
        connection: &mut PgConnection,
        state: StateCode,
        (today, soon): (NaiveDate, NaiveDate),
        now: DateTime<Utc>,
    ) -> Result<usize> {
        #[derive(QueryableByName)]
        struct Told {
            #[diesel(sql_type = BigInt)]
            id: i64,
        }
        let Self {
            table,
            key,
            waits,
            path,
            ..
        } = self;
        let mut events = Vec::new();
        for (kind, column, from, to) in [
            (self.soon, "warned_of", Some(today), Some(soon)),
            (self.overdue, "overdue_of", None, today.pred_opt()),
        ] {
            let told: Vec<Told> = sql_query(format!(
                "update {table} set {column} = due_on
                 where state = $1 and {waits} and ($2 is null or due_on >= $2) and due_on <= $3
                   and {column} is distinct from due_on
                 returning {key} as id"
            ))
            .bind::<Text, _>(state.as_str())
            .bind::<Nullable<Date>, _>(from)
            .bind::<Nullable<Date>, _>(to)
            .load(connection)?;
            events.extend(told.iter().map(|told| Event {
                state: state.to_string(),
                kind,
                link: format!("{path}{}", told.id),
            }));
        }
        deliveries::tell(connection, &events, now)?;
        Ok(events.len())
    }
}
