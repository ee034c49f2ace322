//! Children as an Ed-Fi hub lists them: the resource `students` of the Data Standard, versions 3 to 5. What a roster check
//! compares is taken from it; everything else is neither read nor kept.

use std::collections::BTreeMap;

use mde::{Country, Province, Value as _, ValueContext};
use serde::Deserialize;

/// A resource `students`, as far as it tells two children apart. Contacts are resources of their own and not asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EdFiStudent {
    student_unique_id: String,
    first_name: String,
    middle_name: Option<String>,
    last_surname: String,
    generation_code_suffix: Option<String>,
    birth_date: Option<String>,
    birth_city: Option<String>,
    birth_sex_descriptor: Option<String>,
    birth_state_abbreviation_descriptor: Option<String>,
    birth_country_descriptor: Option<String>,
}

/// The code of a descriptor, `uri://ed-fi.org/SexDescriptor#Female`.
fn code(descriptor: &str) -> &str {
    descriptor.rsplit_once('#').map_or(descriptor, |(_, code)| code)
}

impl EdFiStudent {
    /// Its data elements by column. A code that only its state's hub knows is left out: it says nothing to another.
    pub(super) fn members(self) -> BTreeMap<String, String> {
        let context = ValueContext::default();
        let descriptor = |descriptor: Option<String>| descriptor.as_deref().map(|d| code(d).to_owned());
        let gender = descriptor(self.birth_sex_descriptor).filter(|sex| sex == "Female" || sex == "Male");
        let state = descriptor(self.birth_state_abbreviation_descriptor)
            .filter(|state| Province::parse(state, context).is_ok());
        let country = descriptor(self.birth_country_descriptor)
            .filter(|country| Country::parse(country, context).is_ok());
        [
            ("state_student_id", Some(self.student_unique_id)),
            ("first_name", Some(self.first_name)),
            ("middle_name", self.middle_name),
            ("last_name_1", Some(self.last_surname)),
            ("generation", self.generation_code_suffix),
            ("birth_date", self.birth_date),
            ("birth_city", self.birth_city),
            ("gender", gender),
            ("birth_state", state),
            ("birth_country", country),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .filter(|(_, value)| !value.trim().is_empty())
        .collect()
    }
}
