//! A quality list added up: how many children of which kind, and how much of them is recorded at all.

use std::collections::BTreeMap;

use mde::code::{Codes, Gender, Grade};

use super::{OfDistrict, QaRow, Service};

const NOT_RECORDED: &str = "not recorded";

/// Each child of some rows once, by its latest enrollment.
pub(super) fn each_once<'r>(rows: impl Iterator<Item = &'r QaRow>) -> Vec<&'r QaRow> {
    let mut last: BTreeMap<&str, &QaRow> = BTreeMap::new();
    for row in rows {
        let held = last.entry(&row.state_student_id).or_insert(row);
        if row.enrolled > held.enrolled {
            *held = row;
        }
    }
    last.into_values().collect()
}

/// The children of a list by one thing that is known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// By what.
    pub what: &'static str,
    /// How many have which value, the values in the order of their code set, those not recorded last. What no child has
    /// is left out.
    pub values: Vec<(&'static str, u64)>,
}

impl Tally {
    /// How many children have a value.
    #[must_use]
    pub fn of(&self, value: &str) -> u64 {
        let found = self.values.iter().find(|(of, _)| *of == value);
        found.map_or(0, |(_, children)| *children)
    }

    fn count(
        what: &'static str,
        known: impl IntoIterator<Item = &'static str>,
        children: &[&QaRow],
        of: impl Fn(&QaRow) -> Option<&'static str>,
    ) -> Self {
        let count = |value: &'static str| {
            let has = |row: &&&QaRow| of(row).unwrap_or(NOT_RECORDED) == value;
            (value, children.iter().filter(has).count() as u64)
        };
        let values = known.into_iter().chain([NOT_RECORDED]).map(count);
        Self {
            what,
            values: values.filter(|(_, children)| *children > 0).collect(),
        }
    }
}

/// A list added up, each child once, by its latest enrollment, as the report card of a school counts them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// Children.
    pub children: u64,
    /// The same by grade.
    pub grade: Tally,
    /// The same by gender.
    pub gender: Tally,
    /// The same by enrollment type, where the district's file says it.
    pub service: Tally,
    /// By what is either so or not, `yes` or `no`: the groups of students.
    pub groups: Vec<Tally>,
}

impl Aggregate {
    /// All of it, as a sheet lists it.
    pub fn tallies(&self) -> impl Iterator<Item = &Tally> {
        let [grade, gender, service] = [&self.grade, &self.gender, &self.service];
        [grade, gender].into_iter().chain(&self.groups).chain([service])
    }
}

/// Adds up a list.
#[must_use]
pub fn aggregate(rows: &[QaRow]) -> Aggregate {
    let children = each_once(rows.iter());
    let flag = |what, of: fn(&QaRow) -> Option<bool>| {
        Tally::count(what, ["yes", "no"], &children, |row| {
            of(row).map(|yes| if yes { "yes" } else { "no" })
        })
    };
    let services = [Service::Primary, Service::Secondary, Service::ServicesOnly].map(Service::letter);
    Aggregate {
        children: children.len() as u64,
        grade: Tally::count("grade", Grade::rows().iter().map(|r| r.label), &children, |row| {
            row.grade
        }),
        gender: Tally::count(
            "gender",
            Gender::rows().iter().map(|r| r.label),
            &children,
            |row| row.gender,
        ),
        service: Tally::count("enrollment type (district's file)", services, &children, |row| {
            row.of_district.service.map(Service::letter)
        }),
        groups: vec![
            flag("English learner", |row| row.english_learner),
            flag("individualized education program", |row| row.iep),
            flag("priority for services", |row| row.priority_for_services),
            flag("homeless (district's file)", |row| row.of_district.homeless),
            flag("free meals (district's file)", |row| row.of_district.free_meals),
        ],
    }
}

/// Of how many children something is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Completeness {
    /// What.
    pub element: &'static str,
    /// Children of whom it is recorded.
    pub recorded: u64,
    /// All children.
    pub of: u64,
}

impl Completeness {
    /// The share in whole percent; 100 only if nothing is missing, 0 only if everything is.
    #[must_use]
    pub fn percent(&self) -> u64 {
        mde::completeness::percent(self.recorded, self.of)
    }
}

/// Whether a row has something.
type Has = fn(&QaRow) -> bool;

const ELEMENTS: [(&str, Has); 9] = [
    ("Birth date", |row| row.birth_date.is_some()),
    ("Gender", |row| row.gender.is_some()),
    ("School or project", |row| !row.school.is_empty()),
    ("Grade", |row| row.grade.is_some()),
    ("English learner", |row| row.english_learner.is_some()),
    ("Education program (IEP)", |row| row.iep.is_some()),
    ("Priority for services", |row| row.priority_for_services.is_some()),
    ("Mathematics result", |row| row.mathematics.is_some()),
    ("Reading result", |row| row.reading.is_some()),
];
const OF_DISTRICT: [(&str, Has); 3] = [
    ("Enrollment type (district's file)", |row| {
        row.of_district.service.is_some()
    }),
    ("Homeless (district's file)", |row| {
        row.of_district.homeless.is_some()
    }),
    ("Free meals (district's file)", |row| {
        row.of_district.free_meals.is_some()
    }),
];

/// How much of a list's children is recorded, each child once, by its latest enrollment. What only the district's own
/// file says is part of it if there is such a file.
#[must_use]
pub fn completeness<'r>(rows: impl Iterator<Item = &'r QaRow>) -> Vec<Completeness> {
    let children = each_once(rows);
    let with_file = children
        .iter()
        .any(|row| row.of_district != OfDistrict::default());
    let theirs = OF_DISTRICT.iter().filter(|_| with_file);
    let count = |(element, has): &(&'static str, Has)| Completeness {
        element,
        recorded: children.iter().filter(|row| has(row)).count() as u64,
        of: children.len() as u64,
    };
    ELEMENTS.iter().chain(theirs).map(count).collect()
}
