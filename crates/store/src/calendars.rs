//! What states keep of time: their working days and the terms of their districts.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use mde::{StateCode, WorkCalendar};

use crate::db::Result;
use crate::schema::{term, work_calendar};

/// A term of a district.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DistrictTerm {
    /// The district in lower case, by name or NCES number.
    pub district: String,
    /// First day.
    pub begin: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
    /// Its name.
    pub name: String,
}

/// The working days that a state keeps; `None` if it has not said.
pub fn work_days(connection: &mut PgConnection, state: StateCode) -> Result<Option<WorkCalendar>> {
    let row: Option<(bool, Vec<NaiveDate>)> = work_calendar::table
        .find(state.as_str())
        .select((work_calendar::federal_holidays, work_calendar::own_holidays))
        .first(connection)
        .optional()?;
    Ok(row.map(|(federal_holidays, days)| WorkCalendar {
        federal_holidays,
        own_holidays: days.into_iter().collect(),
    }))
}

/// The working days of a state: those that it keeps, or else what holds without a word of it.
pub fn of_state(connection: &mut PgConnection, state: StateCode) -> Result<WorkCalendar> {
    Ok(work_days(connection, state)?.unwrap_or_default())
}

/// Keeps the working days of a state, in place of what it kept.
pub fn keep_work_days(
    connection: &mut PgConnection,
    state: StateCode,
    days: &WorkCalendar,
    by: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let own: Vec<NaiveDate> = days.own_holidays.iter().copied().collect();
    let values = (
        work_calendar::federal_holidays.eq(days.federal_holidays),
        work_calendar::own_holidays.eq(own),
        work_calendar::kept_at.eq(now),
        work_calendar::kept_by.eq(by),
    );
    diesel::insert_into(work_calendar::table)
        .values((work_calendar::state.eq(state.as_str()), values.clone()))
        .on_conflict(work_calendar::state)
        .do_update()
        .set(values)
        .execute(connection)?;
    Ok(())
}

/// The terms of a state's districts, by district and first day.
pub fn terms(connection: &mut PgConnection, state: StateCode) -> Result<Vec<DistrictTerm>> {
    let rows: Vec<(String, NaiveDate, NaiveDate, String)> = term::table
        .filter(term::state.eq(state.as_str()))
        .order((term::district, term::begin_on, term::end_on))
        .select((term::district, term::begin_on, term::end_on, term::name))
        .load(connection)?;
    Ok(rows
        .into_iter()
        .map(|(district, begin, end, name)| DistrictTerm {
            district,
            begin,
            end,
            name,
        })
        .collect())
}

/// Keeps these terms of a state in place of all that were kept of the districts named in them; other districts are left
/// as they are. In the caller's transaction.
pub fn keep_terms(
    connection: &mut PgConnection,
    state: StateCode,
    terms: &[DistrictTerm],
    by: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let districts: BTreeSet<&str> = terms.iter().map(|term| term.district.as_str()).collect();
    diesel::delete(
        term::table
            .filter(term::state.eq(state.as_str()))
            .filter(term::district.eq_any(districts)),
    )
    .execute(connection)?;
    let rows: Vec<_> = terms
        .iter()
        .map(|new| {
            (
                term::state.eq(state.as_str()),
                term::district.eq(&new.district),
                term::begin_on.eq(new.begin),
                term::end_on.eq(new.end),
                term::name.eq(&new.name),
                term::kept_at.eq(now),
                term::kept_by.eq(by),
            )
        })
        .collect();
    for chunk in rows.chunks(1000) {
        diesel::insert_into(term::table)
            .values(chunk)
            .execute(connection)?;
    }
    Ok(())
}
