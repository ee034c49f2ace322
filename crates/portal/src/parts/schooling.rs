//! The way through schools on the child's page: school of record, grades, gaps and overlaps.

use records::ConsolidatedRecord;
use records::schooling::GradeMark;

use super::{label, school};
use crate::view::{Cell, Table, Tag};
use crate::words;

/// What the page says of the way through schools.
pub(crate) struct SchoolingView {
    /// The school of record, in words.
    pub(crate) school: String,
    /// Gaps and overlaps, in words.
    pub(crate) odd: Vec<String>,
    pub(crate) grades: Table,
}

impl SchoolingView {
    pub(crate) fn of(record: &ConsolidatedRecord) -> Self {
        let way = &record.schooling;
        let school = way.school_of_record.as_ref().map_or_else(
            || "No school is known.".to_owned(),
            |s| {
                let name = school(s.facility.as_ref()).text;
                let name = if name.is_empty() {
                    "a school without a name".to_owned()
                } else {
                    name
                };
                let until = s.until.map_or_else(
                    || "still enrolled".to_owned(),
                    |day| format!("until {}", words::day(day)),
                );
                format!(
                    "{name}, {}, since {}, {until}: {}.",
                    s.state.name(),
                    words::day(s.since),
                    s.rule
                )
            },
        );
        let overlaps = way.overlaps.iter().map(|o| o.text.clone());
        Self {
            school,
            odd: way
                .gaps
                .iter()
                .map(|g| g.text.clone())
                .chain(overlaps)
                .map(|text| format!("{}.", words::with_days(&text)))
                .collect(),
            grades: grades(record),
        }
    }
}

fn grades(record: &ConsolidatedRecord) -> Table {
    let mut table = Table::new(
        "Grades, newest first",
        &["School year", "Grade", "State", "How it follows"],
        "No grade from kindergarten to 12 was reported.",
    );
    for step in &record.schooling.grades {
        let states: Vec<&str> = step.states.iter().map(|state| state.name()).collect();
        let mark = match step.mark {
            GradeMark::First => Tag::new("First known", ""),
            GradeMark::Expected => Tag::new("✓ As expected", "agree"),
            GradeMark::Repeated => Tag::new("↻ Repeated", "wait"),
            GradeMark::Behind => Tag::new("↓ Behind", "wait"),
            GradeMark::Jump => Tag::new("! Jump", "differ"),
            GradeMark::Back => Tag::new("! Lower than before", "differ"),
        };
        table.row(
            "",
            [
                step.school_year.clone().into(),
                label(Some(&step.grade)).into(),
                states.join(" and ").into(),
                Cell::default().tag(mark).note(
                    step.note
                        .as_deref()
                        .map(|note| words::sentence(&words::with_days(note)))
                        .unwrap_or_default(),
                ),
            ],
        );
    }
    table
}
