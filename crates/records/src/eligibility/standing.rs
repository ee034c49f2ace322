//! What each state of a child has certified, in one sentence per state.

use chrono::NaiveDate;
use mde::StateCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::Eligibility;
use crate::source::Report;

/// Where a child stands with a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StandingKind {
    /// Eligible today.
    Eligible,
    /// It was, and is no longer.
    Ended,
    /// The state certified a move and voided it.
    Voided,
    /// Its certified move lies in the future, or makes nobody eligible who is so old.
    NoWindow,
    /// The state has not certified a move.
    NotCertified,
    /// The state no longer reports the child.
    NotReported,
}

/// A child's standing with one of its states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Standing {
    /// The state.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// How it stands.
    pub standing: StandingKind,
    /// Last day of eligibility, where there is one.
    pub until: Option<NaiveDate>,
    /// The same in words, with the reason.
    pub text: String,
}

/// The standing with every state that has a student of the child, those where it is eligible first.
pub(crate) fn standings(reports: &[Report<'_>], eligibility: &[Eligibility]) -> Vec<Standing> {
    let mut states: Vec<StateCode> = reports.iter().map(|r| r.source.state).collect();
    states.sort_unstable();
    states.dedup();
    let eligible: Vec<&str> = eligibility
        .iter()
        .filter(|e| e.eligible_today)
        .map(|e| e.state.name())
        .collect();
    let mut out: Vec<Standing> = states
        .into_iter()
        .map(|state| {
            let of_state: Vec<&Report<'_>> = reports.iter().filter(|r| r.source.state == state).collect();
            let found = eligibility.iter().find(|e| e.state == state);
            standing(state, &of_state, found, &eligible)
        })
        .collect();
    out.sort_by_key(|s| {
        (
            s.standing != StandingKind::Eligible,
            std::cmp::Reverse(s.until),
            s.state,
        )
    });
    out
}

fn standing(
    state: StateCode,
    reports: &[&Report<'_>],
    found: Option<&Eligibility>,
    eligible: &[&str],
) -> Standing {
    let name = state.name();
    let told = |standing, text| Standing {
        state,
        standing,
        until: found.map(|e| e.ends),
        text,
    };
    if !reports.iter().any(|r| r.source.live) {
        return told(
            StandingKind::NotReported,
            format!("{name} no longer reports the child; nothing that it certified counts"),
        );
    }
    if let Some(e) = found {
        return if e.eligible_today {
            told(
                StandingKind::Eligible,
                format!("Eligible in {name} until {}: {}", e.ends, e.rule),
            )
        } else {
            told(
                StandingKind::Ended,
                format!("Eligibility in {name} ended on {}: {}", e.ends, e.rule),
            )
        };
    }
    let mut moves = reports
        .iter()
        .filter(|r| r.counted)
        .flat_map(|r| &r.student.qualifying_moves)
        .peekable();
    if moves.peek().is_none() {
        let elsewhere = if eligible.is_empty() {
            String::new()
        } else {
            format!(
                "; what {} certified makes nobody eligible in {name}",
                eligible.join(" and ")
            )
        };
        return told(
            StandingKind::NotCertified,
            format!("{name} has not certified a qualifying move{elsewhere}"),
        );
    }
    let mut voided = moves.map(|m| m.void_date.map(mde::Date::day));
    match voided.try_fold(None, |last, void| void.map(|day| last.max(Some(day)))) {
        Some(day) => {
            let day: NaiveDate = day.unwrap_or_default();
            told(
                StandingKind::Voided,
                format!("{name} voided its certificate on {day}; it counts on no day, past ones included"),
            )
        }
        None => told(
            StandingKind::NoWindow,
            format!(
                "What {name} certified makes the child eligible on no day up to today: the arrival is still to come, or the child was 22 by then"
            ),
        ),
    }
}
