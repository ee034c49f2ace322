//! Facilities: whether the identifiers of the National Center for Education Statistics fit each other and the state.

use crate::finding::{Finding, FindingCode};
use crate::part::PartKind;
use crate::parts::Facility;

/// Tells what contradicts itself in a facility. Whether an identifier is in the national directory is not asked: states
/// know new schools before it does.
pub(super) fn check(facility: &Facility, findings: &mut Vec<Finding>) {
    let school = facility.nces_school_id.as_ref().map(crate::text::NcesId::as_str);
    let district = facility
        .nces_district_id
        .as_ref()
        .map(crate::text::NcesId::as_str);
    let mut tell = |element, received: &str, message: String| {
        let finding = Finding::new(FindingCode::NcesId, message)
            .of_part(PartKind::Facility)
            .of_element(element)
            .received(received);
        findings.push(finding);
    };
    let state = facility
        .located_in_state
        .and_then(crate::place::AddressState::state);
    for (element, id, digits, what) in [("X09", school, 12, "school"), ("X10", district, 7, "district")] {
        let Some(id) = id else { continue };
        if id.len() != digits {
            tell(
                element,
                id,
                format!("The identifier of a {what} has {digits} digits."),
            );
        } else if let Some(state) = state.filter(|state| id[..2] != format!("{:02}", state.number())) {
            tell(
                element,
                id,
                format!(
                    "The identifier does not begin with {:02}, the number of {}.",
                    state.number(),
                    state.name()
                ),
            );
        }
    }
    if let (Some(school), Some(district)) = (school, district)
        && !school.starts_with(district)
        && (school.len(), district.len()) == (12, 7)
    {
        tell(
            "X09",
            school,
            "The identifier of the school does not begin with that of its district.".to_owned(),
        );
    }
}
