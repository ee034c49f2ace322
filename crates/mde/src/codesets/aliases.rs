//! A state's own codes: "our code X is code Y of the set". Applied where a file is read, before anything else looks at
//! the code; what was sent stays visible beside the meaning.
//!
//! Shipped tables are `config/codesets/aliases/STATE.csv` with the columns `set, code, maps_to, note`. A set is the name
//! of a code set, `State` or `Country`.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::place::StateCode;

const SHIPPED: &[(&str, &str)] = &[("FL", include_str!("../../../../config/codesets/aliases/FL.csv"))];

/// Why a table of aliases cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AliasError {
    /// Not a CSV table of the right columns.
    #[error("the table of aliases cannot be read: {0}; it has the columns set, code, maps_to, note")]
    Table(String),
    /// The same code of a set twice.
    #[error("line {line}: {set} {code} is listed twice; keep one of the two rows")]
    Twice {
        /// Line in the file, from 1.
        line: u64,
        /// The set.
        set: String,
        /// The code.
        code: String,
    },
    /// A field that may not be empty.
    #[error("line {0}: set, code and maps_to may not be empty")]
    Empty(u64),
}

#[derive(Deserialize)]
struct Row {
    set: String,
    code: String,
    maps_to: String,
}

/// The aliases of one state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aliases(HashMap<String, HashMap<String, String>>);

impl Aliases {
    /// Reads a table of aliases.
    pub fn read(csv: &str) -> Result<Self, AliasError> {
        let mut aliases = Self::default();
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(csv.as_bytes());
        let table = |error: csv::Error| AliasError::Table(error.to_string());
        let headers = reader.headers().map_err(table)?.clone();
        for record in reader.records() {
            let record = record.map_err(table)?;
            let line = record.position().map_or(0, csv::Position::line);
            let row: Row = record.deserialize(Some(&headers)).map_err(table)?;
            if [&row.set, &row.code, &row.maps_to]
                .iter()
                .any(|text| text.is_empty())
            {
                return Err(AliasError::Empty(line));
            }
            let of_set = aliases.0.entry(row.set.clone()).or_default();
            if of_set.insert(row.code.clone(), row.maps_to).is_some() {
                let (set, code) = (row.set, row.code);
                return Err(AliasError::Twice { line, set, code });
            }
        }
        Ok(aliases)
    }

    /// The shipped aliases of a state, if it has any.
    #[must_use]
    pub fn of(state: StateCode) -> Option<&'static Self> {
        static ALL: LazyLock<Vec<(&str, Aliases)>> = LazyLock::new(|| {
            let read = |(state, csv): &(&'static str, &str)| {
                (
                    *state,
                    Aliases::read(csv).expect("an embedded table is well formed; a test reads each"),
                )
            };
            SHIPPED.iter().map(read).collect()
        });
        ALL.iter()
            .find(|(of, _)| *of == state.as_str())
            .map(|(_, aliases)| aliases)
    }

    /// Every alias as set, code and meaning, in this order.
    #[must_use]
    pub fn rows(&self) -> Vec<[&str; 3]> {
        let mut rows: Vec<[&str; 3]> = self
            .0
            .iter()
            .flat_map(|(set, codes)| codes.iter().map(move |(code, means)| [set.as_str(), code, means]))
            .collect();
        rows.sort_unstable();
        rows
    }

    /// The code of the set that a state's own code stands for.
    #[must_use]
    pub fn meaning(&self, set: &str, code: &str) -> Option<&str> {
        self.0.get(set)?.get(code).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Country;
    use std::path::Path;

    #[test]
    fn florida_writes_cc_for_canada() {
        let florida = Aliases::of(StateCode::new("FL").unwrap()).unwrap();
        assert_eq!(florida.meaning("Country", "CC"), Some("CA"));
        assert_eq!(florida.meaning("Country", "CA"), None);
        assert_eq!(florida.meaning("State", "CC"), None);
        assert_eq!(Country::new("CC").unwrap().name(), "Cocos (Keeling) Islands");
        assert_eq!(Aliases::of(StateCode::new("TX").unwrap()), None);
    }

    #[test]
    fn every_file_of_the_folder_is_embedded_and_names_a_state() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/codesets/aliases");
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let state = StateCode::new(name.strip_suffix(".csv").unwrap()).unwrap();
            assert!(Aliases::of(state).is_some(), "{name} is not in SHIPPED");
        }
    }

    #[test]
    fn a_wrong_table_is_refused_with_its_line() {
        let read = |rows: &str| Aliases::read(&format!("set,code,maps_to,note\n{rows}"));
        assert!(
            read("Country,CC,CA,\nCountry,CC,CU,\n")
                .unwrap_err()
                .to_string()
                .starts_with("line 3:")
        );
        assert_eq!(read("Country,,CA,\n"), Err(AliasError::Empty(2)));
        assert!(matches!(read("Country,CC\n"), Err(AliasError::Table(_))));
        assert!(matches!(Aliases::read("a,b\n1,2\n"), Err(AliasError::Table(_))));
    }
}
