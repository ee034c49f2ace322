//! The duties that a date starts: 34 CFR 200.85, each with its limit and its place in the regulation.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use mde::WorkCalendar;
use serde::{Deserialize, Serialize};

/// A duty of a state toward the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Send the child's data after a certificate of eligibility was approved.
    NewCertificate,
    /// Send what is new of every child that was eligible in a term, after its end.
    EndOfTerm,
    /// Send what is new of a child that the hub has said to have moved.
    ChangeOfResidence,
    /// Tell that secondary records of another state were obtained.
    OutOfStateRecords,
    /// Decide about a request to correct, and tell who asked.
    CorrectionDecision,
    /// Send corrected data after the decision.
    CorrectedData,
    /// Pass a request on to the state that owns the data.
    CorrectionForward,
    /// Answer another agency that handles a request.
    CorrectionReply,
}

/// How long a duty leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// So many working days of the state, the day of the start not counted.
    WorkingDays(u32),
    /// So many days of the calendar, the day of the start not counted.
    CalendarDays(u32),
}

impl Limit {
    /// The last day on which the duty can be met in time.
    #[must_use]
    pub fn from(self, start: NaiveDate, calendar: &WorkCalendar) -> NaiveDate {
        match self {
            Self::WorkingDays(days) => calendar.after(start, days),
            Self::CalendarDays(days) => start
                .checked_add_days(Days::new(days.into()))
                .unwrap_or(NaiveDate::MAX),
        }
    }
}

impl Duty {
    /// Every duty, in the order of the regulation.
    pub const ALL: [Self; 8] = [
        Self::NewCertificate,
        Self::EndOfTerm,
        Self::ChangeOfResidence,
        Self::OutOfStateRecords,
        Self::CorrectionDecision,
        Self::CorrectedData,
        Self::CorrectionForward,
        Self::CorrectionReply,
    ];

    /// Its name in tables and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NewCertificate => "new_certificate",
            Self::EndOfTerm => "end_of_term",
            Self::ChangeOfResidence => "change_of_residence",
            Self::OutOfStateRecords => "out_of_state_records",
            Self::CorrectionDecision => "correction_decision",
            Self::CorrectedData => "corrected_data",
            Self::CorrectionForward => "correction_forward",
            Self::CorrectionReply => "correction_reply",
        }
    }

    /// The duty of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|duty| duty.name() == name)
    }

    /// What it asks, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NewCertificate => "send the child's data after the certificate was approved",
            Self::EndOfTerm => "send what is new after the end of the term",
            Self::ChangeOfResidence => "send what is new after the hub said that the child moved",
            Self::OutOfStateRecords => "tell that secondary records of another state were obtained",
            Self::CorrectionDecision => "decide about the request to correct and tell who asked",
            Self::CorrectedData => "send the corrected data",
            Self::CorrectionForward => "pass the request on to the state that owns the data",
            Self::CorrectionReply => "answer the agency that handles the request",
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn source(self) -> &'static str {
        match self {
            Self::NewCertificate => "34 CFR 200.85(b)(3)(i)",
            Self::EndOfTerm => "34 CFR 200.85(b)(3)(ii)",
            Self::ChangeOfResidence => "34 CFR 200.85(b)(3)(iii)",
            Self::OutOfStateRecords => "34 CFR 200.85(b)(3)",
            Self::CorrectionDecision
            | Self::CorrectedData
            | Self::CorrectionForward
            | Self::CorrectionReply => "34 CFR 200.85, correction of records",
        }
    }

    /// The limit that the regulation sets.
    #[must_use]
    pub fn limit(self) -> Limit {
        match self {
            Self::NewCertificate | Self::CorrectionReply => Limit::WorkingDays(10),
            Self::EndOfTerm | Self::OutOfStateRecords | Self::CorrectionDecision => Limit::CalendarDays(30),
            Self::ChangeOfResidence | Self::CorrectedData | Self::CorrectionForward => Limit::WorkingDays(4),
        }
    }
}

/// The limits in force. Those of the regulation, unless the hub is told to read it otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Limits(BTreeMap<Duty, Limit>);

impl Limits {
    /// The limits of the regulation with these in place of its own.
    #[must_use]
    pub fn with(other: impl IntoIterator<Item = (Duty, Limit)>) -> Self {
        Self(other.into_iter().collect())
    }

    /// The limit of a duty.
    #[must_use]
    pub fn of(&self, duty: Duty) -> Limit {
        self.0.get(&duty).copied().unwrap_or_else(|| duty.limit())
    }
}
