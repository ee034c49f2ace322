//! What happened when, over all states.

use chrono::NaiveDate;
use mde::StateCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::eligibility::MoveEntry;
use crate::enrollments::EnrollmentEntry;
use crate::source::Source;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A qualifying arrival.
    QualifyingMove,
    /// An enrollment began.
    Enrollment,
    /// An enrollment ended.
    Withdrawal,
    /// Graduation or high school equivalency.
    Graduation,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TimelineEvent {
    /// The day.
    pub date: NaiveDate,
    /// What happened.
    pub kind: EventKind,
    /// The state whose report is shown.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// What happened, in words: `Enrolled at Rio Vista Elementary, Mission; grade 4`.
    pub text: String,
    /// Who reports it.
    pub sources: Vec<Source>,
}

/// What the enrollments and moves say happened, newest first.
pub(crate) fn timeline(enrollments: &[EnrollmentEntry], moves: &[MoveEntry]) -> Vec<TimelineEvent> {
    let mut events = Vec::new();
    for entry in enrollments {
        let place = place(entry);
        let mut event = |date, kind, text| {
            events.push(TimelineEvent {
                date,
                kind,
                state: entry.state,
                text,
                sources: entry.sources.clone(),
            });
        };
        let grade = entry
            .grade
            .as_ref()
            .map(|g| format!("; {}", g.label))
            .unwrap_or_default();
        let verb = if entry.class == "residency" {
            "Resident in"
        } else {
            "Enrolled at"
        };
        event(
            entry.start,
            EventKind::Enrollment,
            format!("{verb} {place}{grade}"),
        );
        if let Some(end) = entry.end {
            let why = entry
                .exit_reason
                .as_ref()
                .map(|r| format!("; {}", r.label))
                .unwrap_or_default();
            let to = entry
                .destination
                .as_ref()
                .map(|d| format!("; to {d}"))
                .unwrap_or_default();
            event(end, EventKind::Withdrawal, format!("Left {place}{why}{to}"));
        }
        if let (Some(date), Some(how)) = (entry.graduation_date, &entry.graduation_indicator) {
            event(
                date,
                EventKind::Graduation,
                format!("{} at {place}", capitalised(&how.label)),
            );
        }
    }
    for entry in moves {
        let from = entry
            .from
            .as_ref()
            .map(|f| format!(" from {f}"))
            .unwrap_or_default();
        let to = entry.to.as_ref().map(|t| format!(" to {t}")).unwrap_or_default();
        let void = entry
            .void_date
            .map(|d| format!(" (void since {d})"))
            .unwrap_or_default();
        events.push(TimelineEvent {
            date: entry.qualifying_arrival_date,
            kind: EventKind::QualifyingMove,
            state: entry.source.state,
            text: format!("Qualifying move{from}{to}{void}"),
            sources: vec![entry.source.clone()],
        });
    }
    // On one day a child leaves, arrives, and enrolls: newest first puts the enrollment on top.
    let order = |kind| match kind {
        EventKind::Enrollment => 0,
        EventKind::QualifyingMove => 1,
        EventKind::Withdrawal => 2,
        EventKind::Graduation => 3,
    };
    events.sort_by(|a, b| {
        b.date
            .cmp(&a.date)
            .then_with(|| (order(a.kind), a.state, &a.text).cmp(&(order(b.kind), b.state, &b.text)))
    });
    events
}

fn place(entry: &EnrollmentEntry) -> String {
    match (&entry.facility, &entry.district_of_residence) {
        (Some(facility), _) => facility.title(),
        (None, Some(district)) => format!("district {district}"),
        (None, None) => entry.state.name().to_owned(),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|c| c.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}
