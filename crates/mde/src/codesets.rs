//! The code sets as tables: `config/codesets/*.csv`, embedded in the program. They are the only place where a code and
//! its meaning stand; the enums of [`crate::code`] and the types of [`crate::place`] and [`crate::vaccine`] read them.
//!
//! Every table has the columns `set, version, code, name, valid_from, valid_to, maps_to, source`; some have more. The
//! same code may mean another thing in another version, so a code is only ever looked up together with its version.
//! `maps_to` is the meaning: the code under which it is stored, or the code of another set for which it stands.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub mod aliases;

/// Version of all tables together, part of every content hash: it grows when a code is added, removed or gets another
/// meaning, so that the next full upload is judged anew. Names and sources may change without it; a test tells which.
pub const CODE_SETS_VERSION: u32 = 1;

macro_rules! tables {
    ($($set:literal: $file:literal,)+) => {
        /// Name of each set, its file in `config/codesets`, and the text of the file.
        pub const TABLES: &[(&str, &str, &str)] = &[
            $(($set, $file, include_str!(concat!("../../../config/codesets/", $file))),)+
        ];
    };
}

tables! {
    "AlertKind": "alert_kind.csv",
    "AssessmentType": "assessment_type.csv",
    "BirthVerification": "birth_verification.csv",
    "ContactRole": "contact_role.csv",
    "ContinuationReason": "continuation_reason.csv",
    "Country": "countries.csv",
    "Course": "sced.csv",
    "CourseSection": "course_section.csv",
    "CourseType": "course_type.csv",
    "EnrollmentType": "enrollment_type.csv",
    "ExitReason": "exit_reason.csv",
    "Gender": "gender.csv",
    "Grade": "grade.csv",
    "GraduationIndicator": "graduation_indicator.csv",
    "IdentifierType": "identifier_type.csv",
    "MedAlert": "med_alert.csv",
    "ProjectType": "project_type.csv",
    "Province": "provinces.csv",
    "ResultType": "result_type.csv",
    "State": "states.csv",
    "SubjectArea": "subject_areas.csv",
    "TermType": "term_type.csv",
    "TerminationFlag": "termination_flag.csv",
    "Vaccine": "cvx.csv",
    "VaccineName": "vaccine_names.csv",
    "VoidReason": "void_reason.csv",
}

/// A row of a code set, in the columns that all tables share.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// The set.
    pub set: String,
    /// The version of the set that knows the code.
    pub version: String,
    /// The code; leading zeros matter.
    pub code: String,
    /// What it means, in words.
    pub name: String,
    /// First day on which it is used, where that is published.
    pub valid_from: Option<NaiveDate>,
    /// Last day on which it is used. A retired code is accepted: histories are made of them.
    pub valid_to: Option<NaiveDate>,
    /// The code under which the meaning is stored, or for which this one stands. Empty: it is its own.
    pub maps_to: String,
    /// Who publishes it.
    pub source: String,
}

impl Entry {
    /// Whether the code is in use on a day.
    #[must_use]
    pub fn valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }

    /// The code under which the meaning is stored.
    #[must_use]
    pub fn meaning(&self) -> &str {
        if self.maps_to.is_empty() {
            &self.code
        } else {
            &self.maps_to
        }
    }
}

static ENTRIES: LazyLock<BTreeMap<&str, Vec<Entry>>> =
    LazyLock::new(|| TABLES.iter().map(|(set, ..)| (*set, rows(set))).collect());

/// The rows of a set, in the order of its file; none if there is no such set.
#[must_use]
pub fn entries(set: &str) -> &'static [Entry] {
    ENTRIES.get(set).map_or(&[], Vec::as_slice)
}

/// The rows of a set with the columns that only its table has.
pub(crate) fn rows<T: DeserializeOwned>(set: &str) -> Vec<T> {
    let (_, _, text) = TABLES
        .iter()
        .find(|(name, ..)| *name == set)
        .expect("the sets are named in this crate only");
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("an embedded table is well formed; a test reads each")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};
    use std::collections::HashSet;
    use std::fmt::Write;
    use std::path::Path;

    #[test]
    fn every_table_names_its_set_its_codes_and_its_source() {
        for (set, file, _) in TABLES {
            let mut known = HashSet::new();
            assert!(!entries(set).is_empty(), "{file}");
            for entry in entries(set) {
                assert_eq!(&entry.set, set, "{file}");
                for text in [&entry.version, &entry.code, &entry.name, &entry.source] {
                    assert!(!text.trim().is_empty(), "{file}: {entry:?}");
                }
                assert_eq!(entry.code, entry.code.trim(), "{file}");
                let from_to = entry.valid_from.zip(entry.valid_to);
                assert!(from_to.is_none_or(|(from, to)| from <= to), "{file}: {entry:?}");
                // Provinces repeat from country to country; `place` tests them by country.
                assert!(
                    known.insert((&entry.version, &entry.code)) || *set == "Province",
                    "{file}: {} {} is listed twice",
                    entry.version,
                    entry.code
                );
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/codesets");
        let embedded: HashSet<&str> = TABLES.iter().map(|(_, file, _)| *file).collect();
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_table = path.extension().is_some_and(|e| e == "csv");
            assert!(!is_table || embedded.contains(name), "{name}");
        }
    }

    #[test]
    fn codes_stand_for_codes_that_exist() {
        let exists = |set: &str, code: &str| entries(set).iter().any(|e| e.code == code);
        for (set, of) in [
            ("VaccineName", "Vaccine"),
            ("Course", "SubjectArea"),
            ("SubjectArea", "SubjectArea"),
            ("Province", "Province"),
        ] {
            for entry in entries(set) {
                assert!(
                    entry.maps_to.is_empty() || exists(of, &entry.maps_to),
                    "{set} {}: there is no {of} {}",
                    entry.code,
                    entry.maps_to
                );
            }
        }
    }

    #[test]
    fn a_code_is_valid_between_its_days() {
        let entry = |code: &str| {
            let mut known = entries("Province").iter();
            known.find(|e| e.code == code).unwrap()
        };
        let day = |text: &str| text.parse().unwrap();
        assert!(entry("DIF").valid_on(day("2010-01-01")) && !entry("DIF").valid_on(day("2020-01-01")));
        assert_eq!(entry("DIF").meaning(), "CMX");
        assert_eq!(entry("OAX").meaning(), "OAX");
    }

    #[test]
    fn another_meaning_is_another_version() {
        let mut all = String::new();
        for (set, ..) in TABLES {
            for entry in entries(set) {
                let _ = writeln!(all, "{set} {} {} {}", entry.version, entry.code, entry.maps_to);
            }
        }
        let digest = Sha256::digest(all.as_bytes())[..6]
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        assert_eq!(
            (CODE_SETS_VERSION, digest.as_str()),
            (1, "cdb5cfb54ac7"),
            "a code was added, removed or means another thing: raise CODE_SETS_VERSION, then write the digest here"
        );
    }
}
