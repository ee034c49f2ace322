//! Qualifying moves, and the eligibility that follows from them in each state.

use std::cmp::Reverse;

use chrono::NaiveDate;
use mde::code::TerminationFlag;
use mde::{Date, QualifyingMove, StateCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::source::{Report, Row, Source, rows};
use crate::words::{Coded, coded};

/// A qualifying move, as the certifying state reports it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MoveEntry {
    /// Qualifying arrival date (data element 31).
    pub qualifying_arrival_date: NaiveDate,
    /// Where from (32 to 34), in words.
    pub from: Option<String>,
    /// Where to (35, 36), in words.
    pub to: Option<String>,
    /// Residency date (37).
    pub residency_date: Option<NaiveDate>,
    /// End of eligibility as the state states it (X06).
    pub eligibility_expiration_date: Option<NaiveDate>,
    /// Number of the certificate of eligibility (X32).
    pub certificate_number: Option<String>,
    /// When it was approved (X33).
    pub certificate_approval_date: Option<NaiveDate>,
    /// When it was voided (X34); a void move makes nobody eligible.
    pub void_date: Option<NaiveDate>,
    /// Why (X35).
    pub void_reason: Option<Coded>,
    /// Who reports it.
    pub source: Source,
}

/// Eligibility of the person in one state, from that state's own moves.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Eligibility {
    /// The state.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The latest qualifying arrival date that is not void and not after today.
    pub qualifying_arrival_date: NaiveDate,
    /// Last day of eligibility.
    pub ends: NaiveDate,
    /// Why then, in words.
    pub rule: String,
    /// The state's own end date (X06 of that move).
    pub stated_end: Option<NaiveDate>,
    /// The state's termination date (38), if it is not before the arrival.
    pub termination_date: Option<NaiveDate>,
    /// Why eligibility was terminated (39).
    pub termination_reason: Option<Coded>,
    /// Whether the child is eligible in this state today.
    pub eligible_today: bool,
    /// What is to be looked at, in words.
    pub warnings: Vec<String>,
    /// The student whose move it is.
    pub source: Source,
}

/// Qualifying moves of all students, newest first. Each state certifies its own, so none is brought together with
/// another state's.
pub(crate) fn moves(reports: &[Report<'_>]) -> Vec<MoveEntry> {
    let mut entries: Vec<MoveEntry> = rows(reports, |student| student.qualifying_moves.as_slice())
        .into_iter()
        .map(|Row { report, item }| MoveEntry {
            qualifying_arrival_date: item.qualifying_arrival_date.day(),
            from: place([
                item.from_city.as_ref().map(ToString::to_string),
                item.from_state.as_ref().map(ToString::to_string),
                item.from_country.map(|c| c.name().to_owned()),
            ]),
            to: place([
                item.to_city.as_ref().map(ToString::to_string),
                item.to_state.map(|s| s.to_string()),
                None,
            ]),
            residency_date: item.residency_date.map(Date::day),
            eligibility_expiration_date: item.eligibility_expiration_date.map(Date::day),
            certificate_number: item.certificate_number.as_ref().map(ToString::to_string),
            certificate_approval_date: item.certificate_approval_date.map(Date::day),
            void_date: item.void_date.map(Date::day),
            void_reason: item.void_reason.map(coded),
            source: report.source.clone(),
        })
        .collect();
    entries.sort_by(|a, b| {
        (Reverse(a.qualifying_arrival_date), &a.source).cmp(&(Reverse(b.qualifying_arrival_date), &b.source))
    });
    entries
}

fn place(parts: [Option<String>; 3]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Eligibility in each state with a counted student and a move that is neither void nor after `today`: the latest
/// arrival decides. A move in another state makes nobody eligible here. `birth` is the resolved birth date, for a
/// student that has none of its own. Latest end first.
pub(crate) fn eligibility(
    reports: &[Report<'_>],
    birth: Option<NaiveDate>,
    today: NaiveDate,
) -> Vec<Eligibility> {
    let mut latest: Vec<Row<'_, QualifyingMove>> = Vec::new();
    for row in rows(reports, |student| student.qualifying_moves.as_slice()) {
        let arrival = row.item.qualifying_arrival_date;
        if !row.report.counted || row.item.void_date.is_some() || arrival.day() > today {
            continue;
        }
        match latest
            .iter_mut()
            .find(|l| l.report.source.state == row.report.source.state)
        {
            Some(known) if known.item.qualifying_arrival_date < arrival => *known = row,
            Some(_) => {}
            None => latest.push(row),
        }
    }
    let mut out: Vec<Eligibility> = latest.iter().map(|row| in_state(row, birth, today)).collect();
    out.sort_by_key(|e| (Reverse(e.ends), e.state));
    out
}

fn in_state(row: &Row<'_, QualifyingMove>, birth: Option<NaiveDate>, today: NaiveDate) -> Eligibility {
    let identity = &row.report.student.identity;
    let arrival = row.item.qualifying_arrival_date.day();
    let birth = identity.birth_date.map(Date::day).or(birth);
    let by_rule = mde::rules::eligibility_end(arrival, birth);
    let stated_end = row.item.eligibility_expiration_date.map(Date::day);
    // A termination before the arrival belongs to an earlier move.
    let termination_date = identity
        .termination_date
        .map(Date::day)
        .filter(|day| *day >= arrival);
    let termination = identity.termination_flag.filter(|_| termination_date.is_some());
    let graduated = row
        .report
        .student
        .enrollments
        .iter()
        .filter(|e| e.graduation_indicator.is_some())
        .filter_map(|e| e.graduation_date.map(Date::day))
        .filter(|day| *day >= arrival)
        .min();

    let mut ends = by_rule;
    let mut rule = if by_rule == mde::rules::eligibility_end(arrival, None) {
        "36 months from the qualifying arrival".to_owned()
    } else {
        "the day before the 22nd birthday".to_owned()
    };
    // A child that drops out stays eligible.
    let terminated = termination_date.filter(|_| termination != Some(TerminationFlag::Dropout));
    if let Some(day) = terminated.filter(|day| *day < ends) {
        ends = day;
        rule = match termination {
            Some(why) => format!("terminated by the state: {why}"),
            None => "terminated by the state".to_owned(),
        };
    }
    if let Some(day) = graduated.filter(|day| *day < ends) {
        ends = day;
        "graduation or high school equivalency".clone_into(&mut rule);
    }

    let mut warnings = Vec::new();
    // States differ by a day (36 months, or the day before); both are right.
    let differs = |day: NaiveDate| (day - by_rule).num_days().abs() > 1;
    if let Some(day) = stated_end.filter(|day| differs(*day)) {
        warnings.push(format!(
            "The state says that eligibility ends on {day}; {by_rule} follows from the arrival on {arrival}."
        ));
    }
    if let Some(day) = terminated.filter(|day| differs(*day)) {
        warnings.push(format!(
            "The state terminated eligibility on {day}; {by_rule} follows from the arrival on {arrival}."
        ));
    }
    if birth.is_none() {
        warnings.push("No birth date is known; the 22nd birthday could not be looked at.".to_owned());
    }
    if !row.report.source.live {
        warnings.push("The state no longer reports the child.".to_owned());
    }
    Eligibility {
        state: row.report.source.state,
        qualifying_arrival_date: arrival,
        ends,
        rule,
        stated_end,
        termination_date,
        termination_reason: termination.map(coded),
        eligible_today: row.report.source.live && today <= ends,
        warnings,
        source: row.report.source.clone(),
    }
}
