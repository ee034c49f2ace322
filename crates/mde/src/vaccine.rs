//! Vaccines by CVX code (CDC), and the groups in which a product counts. Table: `config/codesets/cvx.csv`.

use std::fmt;
use std::sync::LazyLock;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

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

static CVX: LazyLock<Vec<CvxRow>> = LazyLock::new(|| {
    csv::Reader::from_reader(include_str!("../../../config/codesets/cvx.csv").as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("the embedded CVX table is well formed; a test reads it")
});

/// A vaccine of the CVX table. `998` (none administered) and `999` (unknown) are no vaccines and are refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "CompactString", into = "CompactString")]
pub struct Cvx(CompactString);

impl Cvx {
    /// The vaccine of a code; inactive codes are accepted, a history is made of them.
    pub fn new(code: &str) -> Result<Self, ValueError> {
        let known = !matches!(code, "998" | "999" | "99") && CVX.iter().any(|row| row.code == code);
        if known {
            Ok(Self(code.into()))
        } else {
            Err(ValueError::Not("a vaccine of the CVX table"))
        }
    }

    /// The vaccine that a name or abbreviation stands for, as school records write it. A group name gives the
    /// group's "unspecified formulation", which claims no more than was said.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let folded: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_uppercase();
        let code = match folded.as_str() {
            "DTAP" | "DPT" | "DTP" | "DIPHTHERIATETANUSPERTUSSIS" => "107",
            "TDAP" => "115",
            "TD" => "139",
            "DT" => "28",
            "POLIO" | "POL" => "89",
            "IPV" => "10",
            "OPV" => "182",
            "MMR" | "MEASLESMUMPSRUBELLA" => "03",
            "MMRV" => "94",
            "MEASLES" | "RUBEOLA" => "05",
            "MUMPS" => "07",
            "RUBELLA" => "06",
            "HEPB" | "HEPATITISB" | "HBV" => "45",
            "HEPA" | "HEPATITISA" | "HAV" => "85",
            "VARICELLA" | "VAR" | "CHICKENPOX" => "21",
            "HIB" => "17",
            "PCV" | "PNEUMOCOCCALCONJUGATE" => "152",
            "PPSV23" | "PPV23" => "33",
            "MCV" | "MCV4" | "MENACWY" | "MENINGOCOCCAL" | "MENINGOCOCCALACWY" => "108",
            "MENB" | "MENINGOCOCCALB" => "164",
            "HPV" => "137",
            "RV" | "ROTAVIRUS" => "122",
            "FLU" | "INFLUENZA" => "88",
            "COVID" | "COVID19" => "213",
            "RSV" => "304",
            _ => {
                return CVX
                    .iter()
                    .find(|row| row.name.eq_ignore_ascii_case(name))
                    .map(|row| Self(row.code.as_str().into()));
            }
        };
        Some(Self(code.into()))
    }

    /// The code.
    #[must_use]
    pub fn code_text(&self) -> &str {
        &self.0
    }

    /// Its row of the table.
    #[must_use]
    pub fn row(&self) -> &'static CvxRow {
        CVX.iter()
            .find(|row| row.code == self.0)
            .expect("checked when it was made")
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
        ] {
            assert_eq!(Cvx::named(name).unwrap().code_text(), code, "{name}");
        }
        assert_eq!(Cvx::named("yellow paint"), None);
        assert!(Cvx::new("999").is_err() && Cvx::new("3").is_err());
    }
}
