//! Sets of graduation requirements as a state's administrators enter and read them: one document per state, in TOML or
//! JSON, with every set of the state in it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use mde::{Decimal, StateCode, Units, Value as _, ValueContext};
use serde::{Deserialize, Serialize};
use store::requirements::Requirement;
use utoipa::ToSchema;

use crate::plan::Subject;

/// Years in which a cohort can have begun grade 9.
const YEARS: std::ops::RangeInclusive<i32> = 1980..=2100;

/// Longest name of a place or of a source.
const LONGEST: usize = 500;

/// All sets that a state keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RequirementSets {
    /// The state.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// Its sets, by place and cohort.
    pub sets: Vec<KeptSet>,
}

/// What is required of some cohorts in a state, a district or a school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeptSet {
    /// Facility code or district; left out for the whole state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// First and last year in which the grade 9 of its children began.
    pub cohorts: (i32, i32),
    /// The statute, rule or handbook in which it stands.
    pub source: String,
    /// The date of that.
    pub dated: NaiveDate,
    /// Carnegie units by subject area, exact decimals.
    pub units: BTreeMap<String, String>,
}

/// A document that cannot be taken, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct BadSets(pub Vec<String>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    state: String,
    #[serde(default)]
    sets: Vec<Draft>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    #[serde(default)]
    place: String,
    cohorts: (i32, i32),
    source: String,
    dated: String,
    units: BTreeMap<String, serde_json::Value>,
}

impl RequirementSets {
    /// Reads a document, TOML or (where it begins with a brace) JSON. All that is wrong with it is named.
    pub fn parse(text: &str) -> Result<Self, BadSets> {
        let one = |error: String| BadSets(vec![error]);
        let document: Document = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|e| one(format!("not the JSON of requirement sets: {e}")))?
        } else {
            let table: toml::Table = text
                .parse()
                .map_err(|e: toml::de::Error| one(format!("not TOML: {e}")))?;
            serde_json::from_value(json(toml::Value::Table(table)))
                .map_err(|e| one(format!("not the TOML of requirement sets: {e}")))?
        };
        let mut wrong = Vec::new();
        let state = StateCode::new(document.state.trim());
        if let Err(error) = &state {
            wrong.push(format!("state: {:?} is {error}", document.state));
        }
        if document.sets.is_empty() {
            wrong.push("sets: there is none; to keep none any more, remove them instead".to_owned());
        }
        let mut known = BTreeSet::new();
        let mut sets: Vec<KeptSet> = document
            .sets
            .into_iter()
            .enumerate()
            .filter_map(|(index, draft)| {
                let name = format!("set {}", index + 1);
                let set = draft.judge(&name, &mut wrong)?;
                if !known.insert((set.place.clone(), set.cohorts.0)) {
                    wrong.push(format!(
                        "{name}: a set of the same place whose cohorts begin with {} stands before it",
                        set.cohorts.0
                    ));
                }
                Some(set)
            })
            .collect();
        sets.sort_by(|a, b| (&a.place, a.cohorts).cmp(&(&b.place, b.cohorts)));
        match state {
            Ok(state) if wrong.is_empty() => Ok(Self { state, sets }),
            _ => Err(BadSets(wrong)),
        }
    }

    /// From the rows of the store, which come by state, place, cohort and subject.
    #[must_use]
    pub fn of(state: StateCode, rows: &[Requirement]) -> Self {
        let mut sets: Vec<KeptSet> = Vec::new();
        for row in rows.iter().filter(|row| row.state == state) {
            let place = Some(row.place.clone()).filter(|p| !p.is_empty());
            let same = |set: &&mut KeptSet| set.place == place && set.cohorts == row.cohorts;
            let units = (row.subject_area.clone(), row.units.normalize().to_string());
            match sets.last_mut().filter(same) {
                Some(set) => {
                    set.units.insert(units.0, units.1);
                }
                None => sets.push(KeptSet {
                    place,
                    cohorts: row.cohorts,
                    source: row.source.clone(),
                    dated: row.dated,
                    units: BTreeMap::from([units]),
                }),
            }
        }
        Self { state, sets }
    }

    /// As rows of the store.
    #[must_use]
    pub fn rows(&self) -> Vec<Requirement> {
        let of = |set: &KeptSet| -> Vec<Requirement> {
            set.units
                .iter()
                .map(|(subject, units)| Requirement {
                    state: self.state,
                    place: set.place.clone().unwrap_or_default(),
                    cohorts: set.cohorts,
                    subject_area: subject.clone(),
                    units: units.parse().unwrap_or_default(),
                    source: set.source.clone(),
                    dated: set.dated,
                })
                .collect()
        };
        self.sets.iter().flat_map(of).collect()
    }
}

impl KeptSet {
    /// Units of all subjects.
    #[must_use]
    pub fn total(&self) -> Decimal {
        let units = self
            .units
            .values()
            .filter_map(|units| units.parse::<Decimal>().ok());
        units.sum::<Decimal>().normalize()
    }
}

impl Draft {
    /// The set, or `None` with what is wrong with it.
    fn judge(self, name: &str, wrong: &mut Vec<String>) -> Option<KeptSet> {
        let before = wrong.len();
        let (from, to) = self.cohorts;
        if !YEARS.contains(&from) || !YEARS.contains(&to) || from > to {
            wrong.push(format!(
                "{name}: cohorts {from} to {to} are no first and last year of grade 9 between {} and {}",
                YEARS.start(),
                YEARS.end()
            ));
        }
        let (place, source) = (self.place.trim().to_owned(), self.source.trim().to_owned());
        if source.is_empty() || source.len() > LONGEST {
            wrong.push(format!(
                "{name}: source names the statute, rule or handbook in 1 to {LONGEST} bytes"
            ));
        }
        if place.len() > LONGEST {
            wrong.push(format!("{name}: place is longer than {LONGEST} bytes"));
        }
        let dated = self.dated.trim().parse::<NaiveDate>();
        if dated.is_err() {
            wrong.push(format!("{name}: dated {:?} is no day YYYY-MM-DD", self.dated));
        }
        if self.units.is_empty() {
            wrong.push(format!("{name}: units names no subject area"));
        }
        let mut subjects: BTreeMap<Subject, String> = BTreeMap::new();
        let mut units = BTreeMap::new();
        for (area, number) in self.units {
            match Subject::named(&area) {
                None => wrong.push(format!(
                    "{name}: {area:?} is no subject area; known are {} and the names of SCED areas",
                    Subject::ALL.map(Subject::name).join(", ")
                )),
                Some(subject) => {
                    if let Some(other) = subjects.insert(subject, area.clone()) {
                        wrong.push(format!(
                            "{name}: {other:?} and {area:?} are both {subject}; give one number"
                        ));
                    }
                }
            }
            let text = match &number {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            match Units::parse(&text, ValueContext::default()) {
                Ok(number) => {
                    units.insert(area, number.number().normalize().to_string());
                }
                Err(error) => wrong.push(format!("{name}: {area}: {text} is not {error}")),
            }
        }
        (wrong.len() == before).then(|| KeptSet {
            place: Some(place).filter(|p| !p.is_empty()),
            cohorts: self.cohorts,
            source,
            dated: dated.unwrap_or_default(),
            units,
        })
    }
}

/// TOML as JSON; dates become text, and numbers stay as they are written.
fn json(value: toml::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => Value::String(number.to_string()),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, json(value)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        state = "TX"
        [[sets]]
        cohorts = [2014, 2030]
        source = "19 TAC 74.12"
        dated = 2014-01-31
        units = { English = 4, Mathematics = "3", Arts = 0.5 }
        [[sets]]
        place = "Mission CISD"
        cohorts = [2024, 2030]
        source = "Board policy EIF (local)"
        dated = "2023-06-12"
        units = { English = 4.5 }
    "#;

    #[test]
    fn a_document_is_read_and_written_back() {
        let sets = RequirementSets::parse(GOOD).unwrap();
        assert_eq!(sets.sets.len(), 2);
        assert_eq!(sets.sets[0].units["Arts"], "0.5");
        assert_eq!(sets.sets[0].total(), Decimal::new(75, 1));
        assert_eq!(RequirementSets::of(sets.state, &sets.rows()), sets);
        let json = serde_json::to_string(&sets).unwrap();
        assert_eq!(RequirementSets::parse(&json).unwrap(), sets);
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let text = GOOD
            .replace("\"TX\"", "\"QQ\"")
            .replace("[2014, 2030]", "[2030, 2014]")
            .replace("2014-01-31", "\"soon\"")
            .replace("Arts = 0.5", "Potions = -1, Math = 3");
        let BadSets(wrong) = RequirementSets::parse(&text).unwrap_err();
        let all = wrong.join("\n");
        for part in [
            "state: \"QQ\"",
            "set 1: cohorts 2030 to 2014",
            "set 1: dated \"soon\"",
            "set 1: \"Potions\" is no subject area",
            "set 1: Potions: -1 is not",
            "\"Math\" and \"Mathematics\" are both Mathematics",
        ] {
            assert!(all.contains(part), "{part} is not in {all}");
        }
        for (text, part) in [
            ("state = ", "not TOML"),
            ("{\"state\": 7}", "not the JSON"),
            ("state = \"TX\"\ncolour = 1", "unknown field"),
            ("state = \"TX\"", "sets: there is none"),
        ] {
            let BadSets(wrong) = RequirementSets::parse(text).unwrap_err();
            assert!(wrong[0].contains(part), "{wrong:?}");
        }
        let twice = GOOD
            .replace("place = \"Mission CISD\"", "")
            .replace("[2024, 2030]", "[2014, 2020]");
        assert!(RequirementSets::parse(&twice).unwrap_err().0[0].contains("stands before it"));
    }
}
