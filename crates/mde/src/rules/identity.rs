//! Who the student is: names, birth date and birth place, and how the student's eligibility ended.

use chrono::Datelike;

use super::{Told, eligibility_end};
use crate::code::TerminationFlag;
use crate::finding::FindingCode;
use crate::part::PartKind;
use crate::place::{Country, StateCode, province_name, provinces_known};
use crate::student::Student;

const IDENTITY: (PartKind, usize) = (PartKind::Student, 0);

/// What clerks and programs write where a name is not known (FNU, LNU: first, last name unknown), and test records.
/// Names that somebody bears, such as Na or Null, are not among them.
const PLACEHOLDERS: [&str; 13] = [
    "UNKNOWN", "UNKN", "UNK", "N/A", "NONE", "FNU", "LNU", "NFN", "NLN", "NO NAME", "TEST", "TBD", "XXX",
];

/// Tells what contradicts itself in the identity.
pub(super) fn check(told: &mut Told<'_>) {
    names(told);
    birth_date(told);
    birth_place(told);
    termination(told);
}

fn names(told: &mut Told<'_>) {
    let identity = &told.student.identity;
    for (element, name) in [("3", &identity.last_name_1), ("5", &identity.first_name)] {
        let name = name.as_str();
        let placeholder = PLACEHOLDERS.iter().any(|p| p.eq_ignore_ascii_case(name));
        if placeholder || !name.chars().any(char::is_alphabetic) {
            let message = "The name stands for one that is not known.".to_owned();
            let finding = told.tell(FindingCode::PlaceholderName, IDENTITY, element, message);
            finding.received = Some(name.into());
        }
    }
}

fn birth_date(told: &mut Told<'_>) {
    match told.birth {
        None => {
            let message = "The birth date is missing.".to_owned();
            told.tell(FindingCode::NoBirthDate, IDENTITY, "9", message);
        }
        Some(date) if (date.month(), date.day()) == (1, 1) && unverified(told.student) => {
            let message = "The birth date is 1 January and no document stands behind it.".to_owned();
            told.tell(FindingCode::PlaceholderBirthDate, IDENTITY, "9", message);
        }
        Some(_) => {}
    }
}

/// Nobody has shown a document for the birth date.
fn unverified(student: &Student) -> bool {
    student.identity.birth_verification.is_none_or(|v| v.rank() <= 1)
}

fn birth_place(told: &mut Told<'_>) {
    let identity = &told.student.identity;
    let Some(state) = identity.birth_state.as_ref() else {
        return;
    };
    if let Some(problem) = misplaced(state.as_str(), identity.birth_country) {
        let finding = told.tell(FindingCode::BirthPlace, IDENTITY, "12", problem);
        finding.received = Some(state.as_str().into());
    }
}

/// What is wrong with a state and its country; without a country it is a state of the United States.
pub(super) fn misplaced(state: &str, country: Option<Country>) -> Option<String> {
    match country {
        None if StateCode::new(state).is_ok() => None,
        None => Some(format!(
            "{state} is not a state of the United States, and no country is named."
        )),
        Some(country) => {
            let known = if country.as_str() == "US" {
                StateCode::new(state).is_ok()
            } else {
                !provinces_known(country) || province_name(country, state).is_some()
            };
            (!known).then(|| format!("{state} is not a state of {}.", country.name()))
        }
    }
}

fn termination(told: &mut Told<'_>) {
    let identity = &told.student.identity;
    let Some(end) = identity.termination_date else {
        if let Some(flag) = identity.termination_flag {
            let message = format!("The student's eligibility has ended ({flag}), but the date is missing.");
            told.tell(FindingCode::Incomplete, IDENTITY, "38", message);
        }
        return;
    };
    let valid = told
        .student
        .qualifying_moves
        .iter()
        .filter(|m| m.void_date.is_none());
    let Some(arrival) = valid.map(|m| m.qualifying_arrival_date.day()).max() else {
        return;
    };
    let expected = eligibility_end(arrival, told.birth);
    let early = matches!(
        identity.termination_flag,
        Some(
            TerminationFlag::Graduated
                | TerminationFlag::Ged
                | TerminationFlag::Dropout
                | TerminationFlag::Deceased
        )
    );
    let days = (end.day() - expected).num_days();
    if end.day() < arrival {
        let message = format!("Eligibility ended on {end}, before the latest arrival on {arrival}.");
        told.tell(FindingCode::DateOrder, IDENTITY, "38", message);
    } else if days > 1 || (days < -1 && !early) {
        let message = format!(
            "Eligibility ends on {end}, where {expected} would follow from the arrival on {arrival}."
        );
        told.tell(FindingCode::EligibilityEnd, IDENTITY, "38", message);
    }
}
