//! The nation as one table of people: what a linking tool reads, with the truth in the last column.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use mde::code::Codes;
use mde::{Country, StateCode, Text};

use crate::nation::{Nation, Person, SimulateError};
use crate::write::at;

/// The columns, in order: the student's key, the state that holds it, its identity as that state writes it, and the
/// child that it truly is.
pub const COLUMNS: [&str; 20] = [
    "id",
    "state",
    "last_name_1",
    "last_name_2",
    "first_name",
    "middle_name",
    "suffix",
    "birth_date",
    "sex",
    "multiple_birth",
    "birth_city",
    "birth_state",
    "birth_country",
    "mother_last",
    "mother_first",
    "father_last",
    "father_first",
    "guardian_last",
    "guardian_first",
    "child",
];

/// Writes every student of the first night as one line of CSV, state by state; how many there were comes back. Dates
/// are ISO 8601, sex is `Female` or `Male`, multiple birth `Y`, `N` or nothing. Memory: one family.
pub fn write_people(nation: &Nation, out: &mut impl Write) -> io::Result<u64> {
    writeln!(out, "{}", COLUMNS.join(","))?;
    let mut students = 0;
    for state in &nation.config().states {
        for person in nation.people(*state) {
            write_person(*state, &person, out)?;
            students += 1;
        }
    }
    Ok(students)
}

/// As [`write_people`], to a file, which is made anew.
pub fn write_people_file(nation: &Nation, path: &Path) -> Result<u64, SimulateError> {
    at(path, || {
        let mut file = BufWriter::new(File::create(path)?);
        let students = write_people(nation, &mut file)?;
        file.flush()?;
        Ok(students)
    })
}

fn write_person(state: StateCode, person: &Person, out: &mut impl Write) -> io::Result<()> {
    let identity = &person.identity;
    write!(out, "{state}:{},{state}", identity.state_student_id)?;
    let birth_date = identity.birth_date.map(|d| d.to_string());
    let texts = [
        Some(identity.last_name_1.as_str()),
        identity.last_name_2.as_ref().map(Text::as_str),
        Some(identity.first_name.as_str()),
        identity.middle_name.as_ref().map(Text::as_str),
        identity.generation.as_ref().map(Text::as_str),
        birth_date.as_deref(),
        identity.gender.map(|g| g.row().stored),
        identity.multiple_birth.map(|m| if m { "Y" } else { "N" }),
        identity.birth_city.as_ref().map(Text::as_str),
        identity.birth_state.as_ref().map(Text::as_str),
        identity.birth_country.as_ref().map(Country::as_str),
        identity.parent2_last_name.as_ref().map(Text::as_str),
        identity.parent2_first_name.as_ref().map(Text::as_str),
        identity.parent1_last_name.as_ref().map(Text::as_str),
        identity.parent1_first_name.as_ref().map(Text::as_str),
        identity.guardian_last_name.as_ref().map(Text::as_str),
        identity.guardian_first_name.as_ref().map(Text::as_str),
        Some(person.child.as_str()),
    ];
    for text in texts {
        write_field(text.unwrap_or_default(), out)?;
    }
    writeln!(out)
}

/// A comma and the text, quoted where RFC 4180 wants it.
fn write_field(text: &str, out: &mut impl Write) -> io::Result<()> {
    if text.contains(['"', ',', '\n', '\r']) {
        write!(out, ",\"{}\"", text.replace('"', "\"\""))
    } else {
        write!(out, ",{text}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Config, Nation};

    #[test]
    fn every_student_of_the_first_night_is_one_line() {
        let nation = Nation::new(Config {
            students: 1_500,
            ..Config::default()
        })
        .unwrap();
        let mut csv = Vec::new();
        let written = write_people(&nation, &mut csv).unwrap();
        let text = String::from_utf8(csv).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next().unwrap(), COLUMNS.join(","));
        let mut rows: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for line in lines {
            let row: Vec<_> = line.split(',').collect();
            assert_eq!(row.len(), COLUMNS.len(), "{line}");
            assert!(rows.insert(row[0], row).is_none(), "{line}");
        }
        assert_eq!(rows.len() as u64, written);

        let mut sent = 0;
        let night = nation.nights().next().unwrap();
        for state in nation.config().states.clone() {
            let truth: BTreeMap<_, _> = nation
                .truth(state)
                .map(|t| (t.state_student_id, t.child))
                .collect();
            for submission in nation.submissions(state, night) {
                let identity = &submission.student.identity;
                let row = &rows[format!("{state}:{}", identity.state_student_id).as_str()];
                assert_eq!(row[1], state.as_str());
                assert_eq!(row[2], identity.last_name_1.as_str());
                assert_eq!(row[4], identity.first_name.as_str());
                let birth_date = identity.birth_date.map(|d| d.to_string());
                assert_eq!(row[7], birth_date.unwrap_or_default());
                let mother = identity.parent2_first_name.as_ref().map(Text::as_str);
                assert_eq!(row[14], mother.unwrap_or_default());
                assert_eq!(row[19], truth[identity.state_student_id.as_str()]);
                sent += 1;
            }
        }
        assert_eq!(sent, written);
    }

    #[test]
    fn a_field_with_a_comma_is_quoted() {
        let mut out = Vec::new();
        write_field("Sullivan, \"Sam\"", &mut out).unwrap();
        write_field("Peña", &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), ",\"Sullivan, \"\"Sam\"\"\",Peña");
    }
}
