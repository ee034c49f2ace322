//! Qualifying moves and the clock of eligibility that each of them starts (34 CFR 200.81).

use super::identity::misplaced;
use super::{Told, eligibility_end, too_old_from};
use crate::finding::FindingCode;
use crate::part::PartKind;

/// Tells what contradicts itself in the qualifying moves.
pub(super) fn check(told: &mut Told<'_>) {
    for (index, row) in told.student.qualifying_moves.iter().enumerate() {
        let place = (PartKind::QualifyingMove, index);
        let arrival = row.qualifying_arrival_date.day();
        if told.birth.is_some_and(|birth| arrival >= too_old_from(birth)) {
            let message = format!("At the arrival on {arrival} the student was 22 or older.");
            told.tell(FindingCode::TooOld, place, "31", message);
        }
        if let Some(end) = row.eligibility_expiration_date {
            let expected = eligibility_end(arrival, told.birth);
            if end.day() < arrival {
                let message = format!("Eligibility ends on {end}, before the arrival on {arrival}.");
                told.tell(FindingCode::DateOrder, place, "X06", message);
            } else if (end.day() - expected).num_days().abs() > 1 {
                // States count 36 months, or to the day before; both are right.
                let message = format!(
                    "Eligibility ends on {end}, where {expected} would follow from the arrival on {arrival}."
                );
                told.tell(FindingCode::EligibilityEnd, place, "X06", message);
            }
        }
        if let Some(approval) = row.certificate_approval_date.filter(|day| day.day() < arrival) {
            let message =
                format!("The certificate was approved on {approval}, before the arrival on {arrival}.");
            told.tell(FindingCode::DateOrder, place, "X33", message);
        }
        if let (Some(void), Some(approval)) = (row.void_date, row.certificate_approval_date)
            && void < approval
        {
            let message = format!("The certificate was voided on {void}, before its approval on {approval}.");
            told.tell(FindingCode::DateOrder, place, "X34", message);
        }
        match (row.void_date, row.void_reason) {
            (Some(_), None) => {
                let message = "The certificate was voided, but the reason is missing.".to_owned();
                told.tell(FindingCode::Incomplete, place, "X35", message);
            }
            (None, Some(_)) => {
                let message = "The certificate has a reason for voiding, but the date is missing.".to_owned();
                told.tell(FindingCode::Incomplete, place, "X34", message);
            }
            _ => {}
        }
        if let Some(state) = row.from_state.as_ref()
            && let Some(problem) = misplaced(state.as_str(), row.from_country)
        {
            let finding = told.tell(FindingCode::MovePlace, place, "33", problem);
            finding.received = Some(state.as_str().into());
        }
    }
}
