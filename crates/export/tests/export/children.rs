//! Children to write out.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use formats::{Handler, Header, Options};
use mde::{Facility, Finding, PersonId, StateCode, Student, Submission};
use records::ConsolidatedRecord;
use simulate::{Config, Nation};
use store::persons::{PersonRecord, StudentRecord};

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A live student of a state.
pub(crate) fn held(state: StateCode, as_of: DateTime<Utc>, student: Student) -> StudentRecord {
    StudentRecord {
        student_id: student.id(state),
        state,
        student,
        live: true,
        status: "live".into(),
        status_since: as_of,
        as_of,
        received_at: as_of,
        batch_id: 1,
        version: 1,
        decided: Some("automatic".into()),
    }
}

type Facilities = HashMap<(StateCode, String), Facility>;

/// The person that these students are.
pub(crate) fn person(number: i64, students: Vec<StudentRecord>, facilities: &Facilities) -> PersonRecord {
    PersonRecord {
        person_id: PersonId::new(100_000_000_000 + number).unwrap(),
        asked_as: None,
        students,
        facilities: facilities.clone(),
        rules: HashMap::new(),
        requirements: Vec::new(),
        statements: Vec::new(),
        hand_offs: Vec::new(),
    }
}

fn consolidated(
    groups: impl Iterator<Item = Vec<StudentRecord>>,
    facilities: &Facilities,
) -> Vec<ConsolidatedRecord> {
    let today = day("2026-04-10");
    groups
        .zip(1..)
        .map(|(students, number)| records::consolidate(&person(number, students, facilities), today))
        .collect()
}

/// The children of a small nation, linked as they truly are.
pub(crate) fn simulated() -> Vec<ConsolidatedRecord> {
    let nation = Nation::new(Config {
        students: 300,
        nights: 1,
        ..Config::default()
    })
    .unwrap();
    let night = nation.nights().next().unwrap();
    let mut facilities = Facilities::new();
    let mut children: BTreeMap<String, Vec<StudentRecord>> = BTreeMap::new();
    for state in nation.config().states.clone() {
        let truth: HashMap<String, String> = nation
            .truth(state)
            .map(|t| (t.state_student_id, t.child))
            .collect();
        for submission in nation.submissions(state, night) {
            let child = truth[&submission.student.identity.state_student_id.to_string()].clone();
            let student = held(state, night.as_of(), submission.student);
            children.entry(child).or_default().push(student);
        }
        let own = nation.facilities(state);
        facilities.extend(own.into_iter().map(|f| ((state, f.code.to_string()), f)));
    }
    consolidated(children.into_values(), &facilities)
}

#[derive(Default)]
struct Kept {
    students: Vec<Submission>,
    facilities: Vec<Facility>,
}

impl Handler for Kept {
    fn header(&mut self, _: &Header) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn facility(&mut self, facility: Facility) -> ControlFlow<()> {
        self.facilities.push(facility);
        ControlFlow::Continue(())
    }
    fn student(&mut self, submission: Submission) -> ControlFlow<()> {
        self.students.push(submission);
        ControlFlow::Continue(())
    }
    fn finding(&mut self, _: Finding) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// The children of the sample exports' first day, brought together by name and birth date; none where
/// `MARIPOSA_SAMPLES` is not set.
pub(crate) fn samples() -> Vec<ConsolidatedRecord> {
    let Some(folder) = std::env::var_os("MARIPOSA_SAMPLES") else {
        println!("MARIPOSA_SAMPLES is not set; no samples were read");
        return Vec::new();
    };
    let mut facilities = Facilities::new();
    let mut children: BTreeMap<_, Vec<StudentRecord>> = BTreeMap::new();
    for profile in formats::profile::shipped() {
        let Some(state) = profile.state else { continue };
        let Ok(dates) = Path::new(&folder).join(state.as_str()).read_dir() else {
            continue;
        };
        let first = dates
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .min()
            .unwrap();
        let mut kept = Kept::default();
        let options = Options {
            profile: Some(&profile),
            ..Options::default()
        };
        let summary = formats::read(&first, &options, &mut kept).unwrap();
        for submission in kept.students {
            let who = &submission.student.identity;
            let key = (
                mde::text::fold(who.last_name_1.as_str()),
                mde::text::fold(who.first_name.as_str()),
                who.birth_date,
            );
            let student = held(state, summary.header.as_of, submission.student);
            children.entry(key).or_default().push(student);
        }
        let own = kept.facilities.into_iter();
        facilities.extend(own.map(|f| ((state, f.code.to_string()), f)));
    }
    consolidated(children.into_values(), &facilities)
}
