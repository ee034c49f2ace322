//! Schools, sites and project offices, resolved.

use std::collections::HashMap;

use mde::text::{Line, fold};
use mde::{Country, Facility, FacilityCode, StateCode};
use serde::Serialize;
use utoipa::ToSchema;

/// Facilities by sending state and code, as `store` reads them.
pub(crate) type Facilities = HashMap<(StateCode, String), Facility>;

/// A facility as far as the state's data tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FacilityInfo {
    /// The state whose code it is.
    #[schema(value_type = String)]
    pub sent_by: StateCode,
    /// Code in that state; `null` where only a name was sent.
    pub code: Option<String>,
    /// Name of the school or project.
    pub name: Option<String>,
    /// City.
    pub city: Option<String>,
    /// District.
    pub district: Option<String>,
    /// State in which it lies.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The country, where the address of a foreign school names it in a line of its own. The dictionary has no element
    /// for it.
    pub country: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// NCES identifier of the school.
    pub nces_school_id: Option<String>,
    /// NCES identifier of the district.
    pub nces_district_id: Option<String>,
}

/// The facility that a row of `state` names by code, else by name; `None` if it names none. A code that the state has
/// not described keeps the code.
pub(crate) fn resolve(
    facilities: &Facilities,
    state: StateCode,
    code: Option<&FacilityCode>,
    name: Option<&Line>,
) -> Option<FacilityInfo> {
    if code.is_none() && name.is_none() {
        return None;
    }
    let known = code.and_then(|code| facilities.get(&(state, code.to_string())));
    Some(FacilityInfo {
        sent_by: state,
        code: code.map(ToString::to_string),
        name: known.map(|f| &f.name).or(name).map(ToString::to_string),
        city: known.and_then(|f| f.city.as_ref()).map(ToString::to_string),
        district: known.and_then(|f| f.district.as_ref()).map(ToString::to_string),
        state: known.and_then(|f| f.located_in_state?.state()).unwrap_or(state),
        country: known.and_then(country),
        phone: known.and_then(|f| f.phone.as_ref()).map(ToString::to_string),
        nces_school_id: known
            .and_then(|f| f.nces_school_id.as_ref())
            .map(ToString::to_string),
        nces_district_id: known
            .and_then(|f| f.nces_district_id.as_ref())
            .map(ToString::to_string),
    })
}

/// The country that the last line of a foreign address names. A facility with a state or a ZIP code is not foreign.
fn country(facility: &Facility) -> Option<String> {
    if facility.located_in_state.is_some() || facility.zip.is_some() {
        return None;
    }
    let lines = [&facility.address3, &facility.address2, &facility.address1];
    let lines = lines.into_iter().flatten().map(Line::as_str);
    lines
        .chain(facility.district.as_ref().map(mde::text::Text::as_str))
        .find_map(Country::named)
        .filter(|country| country.as_str() != "US")
        .map(|country| country.name().to_owned())
}

/// Whether two names are the same words.
fn same_words(one: &str, two: &str) -> bool {
    one == two || fold(one) == fold(two)
}

impl FacilityInfo {
    /// Whether both are the same place: the same code of one state, the same NCES identifier, or, sent by two states
    /// of which one has no NCES identifier, the same name and state and no other city.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        if self.sent_by == other.sent_by && self.code.is_some() && self.code == other.code {
            return true;
        }
        if let (Some(one), Some(two)) = (&self.nces_school_id, &other.nces_school_id) {
            return one == two;
        }
        if self.sent_by == other.sent_by && self.code.is_some() && other.code.is_some() {
            return false;
        }
        let (Some(one), Some(two)) = (&self.name, &other.name) else {
            return false;
        };
        let one_city = match (&self.city, &other.city) {
            (Some(one), Some(two)) => same_words(one, two),
            _ => true,
        };
        self.state == other.state && self.country == other.country && one_city && same_words(one, two)
    }

    /// Name and city for people: `Rio Vista Elementary, Mission`; the code where there is no name.
    #[must_use]
    pub fn title(&self) -> String {
        let name = match (&self.name, &self.code) {
            (Some(name), _) => name.clone(),
            (None, Some(code)) => format!("facility {code} of {}", self.sent_by),
            (None, None) => String::new(),
        };
        [Some(name), self.city.clone(), self.country.clone()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    }
}
