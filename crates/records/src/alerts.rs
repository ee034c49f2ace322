//! Alerts: that there is one and whom to ask, never what it is.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::source::{Coded, Source};

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
