//! States, countries and the states of other countries.
//!
//! Tables: `config/codesets/states.csv` (USPS, FIPS), `countries.csv` (ISO 3166-1) and `provinces.csv` (ISO 3166-2,
//! INEGI, CURP), embedded in the program.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::part::{Kind, Sink};
use crate::value::{Value, ValueContext, ValueError};

/// A row of the table of states.
#[derive(Debug, Clone, Deserialize)]
pub struct StateRow {
    /// Postal code.
    pub usps: String,
    /// FIPS number; `None` for military post codes.
    pub fips: Option<u16>,
    /// English name.
    pub name: String,
    /// `state`, `district`, `territory`, `freely associated state` or `military`.
    pub kind: String,
    /// IANA zone of the capital; a state can register another.
    pub time_zone: String,
}

#[derive(Debug, Deserialize)]
struct CountryRow {
    alpha2: String,
    alpha3: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct ProvinceRow {
    country: String,
    code: String,
    name: String,
    curp: String,
}

fn table<T: for<'de> Deserialize<'de>>(text: &str) -> Vec<T> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("an embedded code table is well formed; a test reads each")
}

static STATES: LazyLock<Vec<StateRow>> =
    LazyLock::new(|| table(include_str!("../../../config/codesets/states.csv")));
static COUNTRIES: LazyLock<Vec<CountryRow>> =
    LazyLock::new(|| table(include_str!("../../../config/codesets/countries.csv")));
static PROVINCES: LazyLock<Vec<ProvinceRow>> =
    LazyLock::new(|| table(include_str!("../../../config/codesets/provinces.csv")));

fn two_letters(text: &str) -> Option<[u8; 2]> {
    let b: [u8; 2] = text.as_bytes().try_into().ok()?;
    b.iter()
        .all(u8::is_ascii_alphabetic)
        .then(|| b.map(|c| c.to_ascii_uppercase()))
}

/// A state, district, territory or freely associated state, by its USPS postal code. The military post codes are no
/// states and are not accepted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StateCode([u8; 2]);

impl StateCode {
    /// The state of a postal code; upper or lower case.
    pub fn new(text: &str) -> Result<Self, ValueError> {
        let code = two_letters(text).ok_or(ValueError::Not("a postal code of a state"))?;
        let known = STATES
            .iter()
            .any(|row| row.fips.is_some() && row.usps.as_bytes() == code);
        if known {
            Ok(Self(code))
        } else {
            Err(ValueError::Not("a postal code of a state"))
        }
    }

    /// The postal code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("two ASCII letters")
    }

    /// Its row of the table.
    #[must_use]
    pub fn row(self) -> &'static StateRow {
        STATES
            .iter()
            .find(|row| row.usps.as_bytes() == self.0)
            .expect("checked when it was made")
    }

    /// FIPS number of the state (INCITS 38), 1 to 78.
    #[must_use]
    pub fn number(self) -> u16 {
        self.row().fips.expect("checked when it was made")
    }

    /// English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        &self.row().name
    }

    /// All states.
    pub fn all() -> impl Iterator<Item = Self> {
        STATES
            .iter()
            .filter(|row| row.fips.is_some())
            .filter_map(|row| two_letters(&row.usps))
            .map(Self)
    }
}

impl fmt::Debug for StateCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for StateCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for StateCode {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::new(text)
    }
}

impl TryFrom<String> for StateCode {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        Self::new(&text)
    }
}

impl From<StateCode> for String {
    fn from(state: StateCode) -> Self {
        state.as_str().to_owned()
    }
}

impl Value for StateCode {
    const KIND: Kind = Kind::Text;
    fn parse(text: &str, _: ValueContext<'_>) -> Result<Self, ValueError> {
        Self::new(text)
    }
    fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
        sink.text(self.as_str());
    }
}

/// A country (ISO 3166-1), stored as its two letters; three letters are accepted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// The country of a two- or three-letter code.
    pub fn new(text: &str) -> Result<Self, ValueError> {
        let upper = text.to_ascii_uppercase();
        COUNTRIES
            .iter()
            .find(|row| row.alpha2 == upper || row.alpha3 == upper)
            .and_then(|row| two_letters(&row.alpha2))
            .map(Self)
            .ok_or(ValueError::Not("a country code of ISO 3166-1"))
    }

    /// The two-letter code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("two ASCII letters")
    }

    /// English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        COUNTRIES
            .iter()
            .find(|row| row.alpha2.as_bytes() == self.0)
            .map_or("", |row| &row.name)
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Country {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        Self::new(&text)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.as_str().to_owned()
    }
}

impl Value for Country {
    const KIND: Kind = Kind::Text;
    fn parse(text: &str, _: ValueContext<'_>) -> Result<Self, ValueError> {
        Self::new(text)
    }
    fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
        sink.text(self.as_str());
    }
}

/// A state of birth (data element 12): a USPS code, or the code or name of a state of another country. Only the shape
/// is checked here, one to 40 characters: whether it belongs to the country of birth is a rule on the record, since
/// codes of two countries collide (Mexican `CH`, `NL`).
pub type Province = crate::text::Text<40>;

/// The name of a state of another country, from its ISO 3166-2 code, CURP letters or name (case and accents ignored
/// by the caller).
#[must_use]
pub fn province_name(country: Country, text: &str) -> Option<&'static str> {
    let upper = text.to_uppercase();
    let bare = upper
        .strip_prefix(country.as_str())
        .and_then(|t| t.strip_prefix('-'))
        .unwrap_or(&upper);
    PROVINCES
        .iter()
        .filter(|row| row.country == country.as_str())
        .find(|row| row.code == bare || row.curp == bare || row.name.to_uppercase() == upper)
        .map(|row| row.name.as_str())
}

/// Whether the provinces of a country are in the table, so that an unknown one can be told.
#[must_use]
pub fn provinces_known(country: Country) -> bool {
    PROVINCES.iter().any(|row| row.country == country.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_a_number_each() {
        let mut numbers: Vec<u16> = StateCode::all().map(StateCode::number).collect();
        assert_eq!(
            numbers.len(),
            59,
            "50 states, DC, 5 territories and 3 freely associated states"
        );
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 59);
        assert_eq!(StateCode::new("tx").unwrap().number(), 48);
        for bad in ["AA", "ZZ", "T", "TEX", "ñ"] {
            assert!(StateCode::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn countries_by_two_or_three_letters() {
        assert_eq!(Country::new("MEX").unwrap(), Country::new("mx").unwrap());
        assert!(Country::new("XX").is_err());
        assert_eq!(Country::new("GT").unwrap().name(), "Guatemala");
    }

    #[test]
    fn mexican_states_in_their_spellings() {
        let mexico = Country::new("MX").unwrap();
        for text in ["OAX", "MX-OAX", "OC", "Oaxaca"] {
            assert_eq!(province_name(mexico, text), Some("Oaxaca"), "{text}");
        }
        assert_eq!(province_name(mexico, "TX"), None);
    }
}
