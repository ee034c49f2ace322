//! Alerts: that there is one and whom to ask, never what it is.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::source::{Report, Row, Source, rows};
use crate::words::{Coded, coded};

/// An educational or medical alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertEntry {
    /// Educational or medical (22, 25).
    pub kind: Coded,
    /// Whether it is not resolved.
    pub open: bool,
    /// When it was resolved (23, 26).
    pub resolution_date: Option<NaiveDate>,
    /// Whom to ask.
    pub contact_name: Option<String>,
    /// The contact's telephone number (51).
    pub contact_phone: Option<String>,
    /// The contact's role (X42).
    pub contact_role: Option<Coded>,
    /// Who reports it.
    pub source: Source,
}

/// Alerts of all students: open ones first, then the latest resolved.
pub(crate) fn alerts(reports: &[Report<'_>], today: NaiveDate) -> Vec<AlertEntry> {
    let mut entries: Vec<AlertEntry> = rows(reports, |student| student.alerts.as_slice())
        .into_iter()
        .map(|Row { report, item }| {
            let resolution_date = item.resolution_date.map(mde::Date::day);
            AlertEntry {
                kind: coded(item.kind),
                open: resolution_date.is_none_or(|day| day > today),
                resolution_date,
                contact_name: item.contact_name.as_ref().map(ToString::to_string),
                contact_phone: item.contact_phone.as_ref().map(ToString::to_string),
                contact_role: item.contact_role.map(coded),
                source: report.source.clone(),
            }
        })
        .collect();
    entries.sort_by(|a, b| {
        (b.open, b.source.live, b.resolution_date)
            .cmp(&(a.open, a.source.live, a.resolution_date))
            .then_with(|| a.source.cmp(&b.source))
    });
    entries
}
