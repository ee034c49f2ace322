//! Assessments: whether a result can be read by its type.

use super::{Told, have};
use crate::code::ResultType;
use crate::decimal::Decimal;
use crate::finding::FindingCode;
use crate::part::PartKind;

const PART: PartKind = PartKind::Assessment;

/// Tells what contradicts itself in the assessments.
pub(super) fn check(told: &mut Told<'_>) {
    let student = told.student;
    for (index, row) in student.assessments.iter().enumerate() {
        let Some(result) = row.result.as_ref().map(crate::Text::as_str) else {
            continue;
        };
        let Some(kind) = row.result_type else {
            let message = format!("The result of {} has no type.", row.name);
            told.tell(FindingCode::Incomplete, (PART, index), "75", message);
            continue;
        };
        let rank = || {
            result
                .parse::<Decimal>()
                .is_ok_and(|n| n >= Decimal::ONE && n <= Decimal::from(99))
        };
        let fits = match kind {
            ResultType::PercentileRank | ResultType::NormalCurveEquivalent => rank(),
            ResultType::NumberScore => result.chars().any(|c| c.is_ascii_digit()),
            _ => true,
        };
        if !fits {
            let message = format!("The result of {} is no {kind}.", row.name);
            told.tell(FindingCode::ResultType, (PART, index), "74", message)
                .received = Some(result.chars().take(40).collect());
        }
    }
    let undated: Vec<usize> = (student.assessments.iter().enumerate())
        .filter(|(_, row)| row.month.is_none())
        .map(|(index, _)| index)
        .collect();
    told.lacking(
        FindingCode::ElementMissing,
        PART,
        "73",
        undated.into_iter(),
        |count| format!("{} no date.", have(count, "assessment")),
    );
}
