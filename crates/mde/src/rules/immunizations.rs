//! Immunizations: whether a dose can be counted.

use super::{Told, listed};
use crate::finding::{Finding, FindingCode};
use crate::part::PartKind;
use crate::parts::Immunization;
use crate::student::Student;
use crate::vaccine::Cvx;

const PART: PartKind = PartKind::Immunization;

/// Reads the code of a dose from its name, where no code was sent, and tells where name and code contradict.
pub(super) fn derive(student: &mut Student, findings: &mut Vec<Finding>) {
    for (index, dose) in student.immunizations.iter_mut().enumerate() {
        let name = dose.vaccine.as_str();
        let Some(code) = dose.cvx.as_ref() else {
            dose.cvx = Cvx::named(name).or_else(|| Cvx::new(name).ok());
            continue;
        };
        if let Some(named) = Cvx::named(name).filter(|named| contradict(named, code)) {
            let (named, coded) = (&named.row().name, &code.row().name);
            let message = format!("{name} is {named}, but the code {code} is {coded}.");
            let finding = Finding::new(FindingCode::VaccineContradiction, message);
            let finding = finding.of_part(PART).of_element("30").of_row(index);
            findings.push(finding.received(code.code_text()));
        }
    }
}

/// Tells which doses cannot be counted.
pub(super) fn check(told: &mut Told<'_>) {
    let student = told.student;
    for (index, dose) in student.immunizations.iter().enumerate() {
        if dose.cvx.is_none() {
            let message = format!("{} is not known as a vaccine.", dose.vaccine);
            told.tell(FindingCode::UnknownVaccine, (PART, index), "30", message)
                .received = Some(dose.vaccine.as_str().chars().take(40).collect());
        }
    }
    let undated = || {
        student
            .immunizations
            .iter()
            .enumerate()
            .filter(|(_, dose)| dose.date.is_none())
    };
    let vaccines = listed(undated().map(|(_, dose)| words(dose)));
    told.lacking(
        FindingCode::UndatedDose,
        PART,
        "29",
        undated().map(|(index, _)| index),
        |count| {
            format!(
                "{count} of {} doses without a date: {vaccines}.",
                student.immunizations.len()
            )
        },
    );
}

/// The vaccine in words, where only its code was sent.
pub(super) fn words(dose: &Immunization) -> &str {
    let sent = dose.vaccine.as_str();
    match &dose.cvx {
        Some(code) if sent.bytes().all(|b| b.is_ascii_digit()) => &code.row().name,
        _ => sent,
    }
}

/// Whether a name and a code share no vaccine group. A name or product outside all groups contradicts nothing.
fn contradict(named: &Cvx, code: &Cvx) -> bool {
    let (named, code) = (named.row(), code.row());
    named.groups().next().is_some()
        && code.groups().next().is_some()
        && !named
            .groups()
            .any(|group| code.groups().any(|other| other == group))
}
