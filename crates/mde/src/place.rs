//! States, countries and the states of other countries.
//!
//! Tables: `config/codesets/states.csv` (USPS, FIPS), `countries.csv` (ISO 3166-1) and `provinces.csv` (ISO 3166-2,
//! INEGI, CURP).

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::codesets;
use crate::part::{Kind, Sink};
use crate::value::{Value, ValueContext, ValueError};

/// A row of the table of states.
#[derive(Debug, Clone, Deserialize)]
pub struct StateRow {
    /// Postal code.
    #[serde(rename = "code")]
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
    #[serde(rename = "code")]
    alpha2: String,
    alpha3: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct ProvinceRow {
    country: String,
    code: String,
    name: String,
    maps_to: String,
    inegi: String,
    curp: String,
}

static STATES: LazyLock<Vec<StateRow>> = LazyLock::new(|| codesets::rows("State"));
static COUNTRIES: LazyLock<Vec<CountryRow>> = LazyLock::new(|| codesets::rows("Country"));
static PROVINCES: LazyLock<Vec<ProvinceRow>> = LazyLock::new(|| codesets::rows("Province"));

/// Place of a row by two capital letters: a table that needs no comparing, for values that every record has.
struct ByLetters([u8; 26 * 26]);

impl ByLetters {
    /// Of at most 254 rows with their codes.
    fn of<'a>(codes: impl Iterator<Item = &'a str>) -> Self {
        let mut places = [u8::MAX; 26 * 26];
        for (index, code) in codes.enumerate() {
            if let Some(letters) = two_letters(code) {
                places[Self::key(letters)] = u8::try_from(index).expect("fewer than 255 countries");
            }
        }
        Self(places)
    }

    fn key([first, second]: [u8; 2]) -> usize {
        usize::from(first - b'A') * 26 + usize::from(second - b'A')
    }

    fn get(&self, letters: [u8; 2]) -> Option<usize> {
        let place = self.0[Self::key(letters)];
        (place != u8::MAX).then_some(usize::from(place))
    }
}

static STATE_PLACES: LazyLock<ByLetters> =
    LazyLock::new(|| ByLetters::of(STATES.iter().map(|row| row.usps.as_str())));
static COUNTRY_PLACES: LazyLock<ByLetters> =
    LazyLock::new(|| ByLetters::of(COUNTRIES.iter().map(|row| row.alpha2.as_str())));

fn state_row(code: [u8; 2]) -> Option<&'static StateRow> {
    STATE_PLACES.get(code).map(|place| &STATES[place])
}

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
        match state_row(code) {
            Some(row) if row.fips.is_some() => Ok(Self(code)),
            _ => Err(ValueError::Not("a postal code of a state")),
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
        state_row(self.0).expect("checked when it was made")
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
    const CODE_SET: Option<&'static str> = Some("State");
    fn parse(text: &str, _: ValueContext<'_>) -> Result<Self, ValueError> {
        Self::new(text)
    }
    fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
        sink.text(self.as_str());
    }
    /// A state's own code is kept; upper and lower case say the same.
    fn says_more(&self, sent: &str) -> bool {
        Self::new(sent) != Ok(*self)
    }
}

/// The state in a postal address (data element 47): a state, or one of the military post codes AA, AE and AP, which
/// are valid in addresses and nowhere else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddressState([u8; 2]);

impl AddressState {
    /// The state of a postal code; upper or lower case.
    pub fn new(text: &str) -> Result<Self, ValueError> {
        two_letters(text)
            .filter(|code| state_row(*code).is_some())
            .map(Self)
            .ok_or(ValueError::Not("a postal code of a state"))
    }

    /// The postal code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("two ASCII letters")
    }

    /// The state; `None` for a military post code.
    #[must_use]
    pub fn state(self) -> Option<StateCode> {
        StateCode::new(self.as_str()).ok()
    }
}

impl From<StateCode> for AddressState {
    fn from(state: StateCode) -> Self {
        Self(state.0)
    }
}

impl fmt::Debug for AddressState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for AddressState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for AddressState {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        Self::new(&text)
    }
}

impl From<AddressState> for String {
    fn from(state: AddressState) -> Self {
        state.as_str().to_owned()
    }
}

impl Value for AddressState {
    const KIND: Kind = Kind::Text;
    const CODE_SET: Option<&'static str> = Some("State");
    fn parse(text: &str, _: ValueContext<'_>) -> Result<Self, ValueError> {
        Self::new(text)
    }
    fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
        sink.text(self.as_str());
    }
    fn says_more(&self, sent: &str) -> bool {
        Self::new(sent) != Ok(*self)
    }
}

/// A country (ISO 3166-1), stored as its two letters; three letters are accepted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// The country of a two- or three-letter code.
    pub fn new(text: &str) -> Result<Self, ValueError> {
        let known = match two_letters(text) {
            Some(code) => COUNTRY_PLACES.get(code).map(|_| code),
            None if text.len() == 3 => COUNTRIES
                .iter()
                .find(|row| row.alpha3.eq_ignore_ascii_case(text))
                .and_then(|row| two_letters(&row.alpha2)),
            None => None,
        };
        known
            .map(Self)
            .ok_or(ValueError::Not("a country code of ISO 3166-1"))
    }

    /// The country of a line of an address that is nothing but its English name or its three-letter code; case and
    /// accents do not matter.
    #[must_use]
    pub fn named(line: &str) -> Option<Self> {
        let line = crate::text::fold(line).concat();
        COUNTRIES
            .iter()
            .find(|row| row.alpha3 == line || crate::text::fold(&row.name).concat() == line)
            .and_then(|row| two_letters(&row.alpha2))
            .map(Self)
    }

    /// The two-letter code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("two ASCII letters")
    }

    /// English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        COUNTRY_PLACES
            .get(self.0)
            .map_or("", |place| &COUNTRIES[place].name)
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
    const CODE_SET: Option<&'static str> = Some("Country");
    fn parse(text: &str, _: ValueContext<'_>) -> Result<Self, ValueError> {
        Self::new(text)
    }
    fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
        sink.text(self.as_str());
    }
    /// A state's own code is kept; two letters and three say the same.
    fn says_more(&self, sent: &str) -> bool {
        Self::new(sent) != Ok(*self)
    }
}

/// A state of birth (data element 12): a USPS code, or the code or name of a state of another country. Only the shape
/// is checked here, one to 40 characters: whether it belongs to the country of birth is a rule on the record, since
/// codes of two countries collide (Mexican `CH`, `NL`).
pub type Province = crate::text::Text<40>;

/// By country and folded code, CURP letters, INEGI number or name: the place of the province.
static PROVINCE_PLACES: LazyLock<HashMap<(Country, String), usize>> = LazyLock::new(|| {
    let mut places = HashMap::new();
    for row in PROVINCES.iter() {
        let Ok(country) = Country::new(&row.country) else {
            continue;
        };
        let stands_for = |other: &ProvinceRow| other.country == row.country && other.code == row.maps_to;
        let place = PROVINCES
            .iter()
            .position(|other| {
                stands_for(other) || row.maps_to.is_empty() && std::ptr::eq::<ProvinceRow>(other, row)
            })
            .expect("a test checks that provinces map to provinces");
        for name in [&row.code, &row.name, &row.inegi, &row.curp] {
            if !name.is_empty() {
                places.entry((country, folded(name))).or_insert(place);
            }
        }
    }
    places
});

/// Without accents, case and punctuation.
fn folded(text: &str) -> String {
    crate::text::fold(text).join(" ")
}

/// The name of a state of another country, from its ISO 3166-2 code (with or without the country before it), its CURP
/// letters, INEGI number or name. Case and accents do not matter. Codes are only unique within a country: Mexico's CH
/// and NL are no codes of the United States.
#[must_use]
pub fn province_name(country: Country, text: &str) -> Option<&'static str> {
    let bare = text
        .split_once('-')
        .filter(|(before, _)| before.trim().eq_ignore_ascii_case(country.as_str()))
        .map_or(text, |(_, code)| code);
    PROVINCE_PLACES
        .get(&(country, folded(bare)))
        .map(|place| PROVINCES[*place].name.as_str())
}

/// Whether the provinces of a country are in the table, so that an unknown one can be told.
#[must_use]
pub fn provinces_known(country: Country) -> bool {
    static KNOWN: LazyLock<Vec<Country>> = LazyLock::new(|| {
        let mut known: Vec<Country> = PROVINCE_PLACES.keys().map(|(country, _)| *country).collect();
        known.sort_unstable();
        known.dedup();
        known
    });
    KNOWN.binary_search(&country).is_ok()
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
        for text in ["OAX", "MX-OAX", "mx-oax", "OC", "Oaxaca", "OAXACA", "20"] {
            assert_eq!(province_name(mexico, text), Some("Oaxaca"), "{text}");
        }
        for text in ["CMX", "DIF", "DF", "Distrito Federal", "CIUDAD DE MEXICO", "09"] {
            assert_eq!(province_name(mexico, text), Some("Ciudad de México"), "{text}");
        }
        assert_eq!(province_name(mexico, "michoacan"), Some("Michoacán de Ocampo"));
        // INEGI counts Chiapas before Chihuahua, ISO sorts them the other way; CURP's CH is Chihuahua.
        assert_eq!(province_name(mexico, "07"), Some("Chiapas"));
        assert_eq!(province_name(mexico, "CH"), Some("Chihuahua"));
        assert_eq!(province_name(mexico, "TX"), None);
        let canada = Country::new("CA").unwrap();
        assert_eq!(province_name(canada, "NL"), Some("Newfoundland and Labrador"));
        assert_eq!(province_name(mexico, "NL"), Some("Nuevo León"));
    }

    #[test]
    fn no_two_provinces_of_a_country_answer_to_one_name() {
        let names = PROVINCES
            .iter()
            .flat_map(|row| [&row.code, &row.name, &row.inegi, &row.curp].map(|name| (row, name)));
        for (row, name) in names.filter(|(_, name)| !name.is_empty()) {
            let country = Country::new(&row.country).unwrap();
            let code = if row.maps_to.is_empty() {
                &row.code
            } else {
                &row.maps_to
            };
            let owner = PROVINCES
                .iter()
                .find(|other| other.country == row.country && &other.code == code);
            assert_eq!(
                province_name(country, name),
                owner.map(|o| o.name.as_str()),
                "{name}"
            );
        }
    }

    #[test]
    fn military_post_codes_are_for_addresses_only() {
        for code in ["AA", "AE", "AP"] {
            assert!(StateCode::new(code).is_err());
            assert_eq!(AddressState::new(code).unwrap().state(), None);
        }
        assert_eq!(AddressState::new("tx").unwrap().state().unwrap().name(), "Texas");
        assert!(AddressState::new("ZZ").is_err());
    }
}
