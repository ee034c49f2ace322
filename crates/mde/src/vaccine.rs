//! Vaccines by CVX code (CDC), and the groups in which a product counts. Table: `config/codesets/cvx.csv`.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::codesets;
use crate::part::{Kind, Sink};
use crate::value::{Value, ValueContext, ValueError};

/// A row of the CVX table.
#[derive(Debug, Deserialize)]
pub struct CvxRow {
    /// The code; leading zeros matter.
    pub code: String,
    /// Short description.
    pub name: String,
    /// `Active`, `Inactive`, `Non-US` or `Never Active`.
    pub status: String,
    groups: String,
}

impl CvxRow {
    /// The vaccine groups in which it counts; a combination counts in each, an immune globulin in none.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.split_ascii_whitespace()
    }
}

static CVX: LazyLock<Vec<CvxRow>> = LazyLock::new(|| codesets::rows("Vaccine"));

static PLACES: LazyLock<HashMap<&str, usize>> = LazyLock::new(|| {
    let rows = CVX.iter().enumerate();
    rows.map(|(place, row)| (row.code.as_str(), place)).collect()
});

/// By abbreviation or name, folded: the code.
static NAMES: LazyLock<HashMap<String, &str>> = LazyLock::new(|| {
    let abbreviations = codesets::entries("VaccineName").iter();
    let mut names: HashMap<String, &str> = abbreviations
        .map(|entry| (entry.code.clone(), entry.meaning()))
        .collect();
    for row in CVX.iter().filter(|row| !is_no_vaccine(&row.code)) {
        names.entry(folded(&row.name)).or_insert(&row.code);
    }
    names
});

/// Codes of the table that name no vaccine: none administered, unknown, reserved.
fn is_no_vaccine(code: &str) -> bool {
    matches!(code, "998" | "999" | "99")
}

/// Letters and digits only, in capitals.
fn folded(name: &str) -> String {
    let plain = name.chars().filter(char::is_ascii_alphanumeric);
    plain.map(|c| c.to_ascii_uppercase()).collect()
}

/// A vaccine of the CVX table. `998` (none administered) and `999` (unknown) are no vaccines and are refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "CompactString", into = "CompactString")]
pub struct Cvx(CompactString);

impl Cvx {
    /// The vaccine of a code. Leading zeros matter; inactive codes are accepted, a history is made of them.
    pub fn new(code: &str) -> Result<Self, ValueError> {
        match (is_no_vaccine(code), PLACES.contains_key(code)) {
            (false, true) => Ok(Self(code.into())),
            // Silence about a dose is not a dose: the hub never counts "none" or "unknown" as one.
            (true, _) => Err(ValueError::Not("a vaccine: 998 is none, 999 an unknown one")),
            (false, false) => Err(ValueError::Not("a vaccine of the CVX table")),
        }
    }

    /// The vaccine that a name or abbreviation stands for, as school records write it
    /// (`config/codesets/vaccine_names.csv`), or the name of the CVX table. A group name gives the group's
    /// "unspecified formulation", which claims no more than was said.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        NAMES.get(&folded(name)).map(|code| Self((*code).into()))
    }

    /// The code.
    #[must_use]
    pub fn code_text(&self) -> &str {
        &self.0
    }

    /// Its row of the table.
    #[must_use]
    pub fn row(&self) -> &'static CvxRow {
        &CVX[PLACES[self.0.as_str()]]
    }
}

impl fmt::Display for Cvx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<CompactString> for Cvx {
    type Error = ValueError;
    fn try_from(code: CompactString) -> Result<Self, ValueError> {
        Self::new(&code)
    }
}

impl From<Cvx> for CompactString {
    fn from(cvx: Cvx) -> Self {
        cvx.0
    }
}

impl Value for Cvx {
    const KIND: Kind = Kind::Text;
    fn parse(text: &str, _: ValueContext<'_>) -> Result<Self, ValueError> {
        Self::new(text)
    }
    fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
        sink.text(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_count_in_each_group() {
        let groups = |code: &str| {
            Cvx::new(code)
                .unwrap()
                .row()
                .groups()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(groups("110"), ["DTAP", "POLIO", "HEPB"]);
        assert_eq!(groups("94"), ["MMR", "VARICELLA"]);
        assert!(
            groups("30").is_empty(),
            "an immune globulin is no dose of a vaccine"
        );
    }

    #[test]
    fn names_as_school_records_write_them() {
        for (name, code) in [
            ("DTaP", "107"),
            ("Hep B", "45"),
            ("POLIO", "89"),
            ("MCV4", "108"),
            ("MMR", "03"),
            ("MenACWY", "108"),
            ("IIV4", "88"),
            ("DTaP, 5 pertussis antigens", "106"),
        ] {
            assert_eq!(Cvx::named(name).unwrap().code_text(), code, "{name}");
        }
        assert_eq!(Cvx::named("yellow paint"), None);
        assert!(Cvx::new("3").is_err(), "leading zeros matter");
        for none in ["998", "999", "99"] {
            assert!(Cvx::new(none).is_err() && Cvx::named(none).is_none(), "{none}");
        }
        assert_eq!(Cvx::named("unknown"), None);
        assert_eq!(Cvx::new("89").unwrap().row().status, "Inactive", "for history");
    }
}
