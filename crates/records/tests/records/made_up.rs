//! Made-up children for the tests.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use mde::{Draft, Facility, Part, PersonId, StateCode, Student, ValueContext};
use records::ConsolidatedRecord;
use store::persons::{PersonRecord, StudentRecord};

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn instant(day: &str) -> DateTime<Utc> {
    format!("{day}T02:00:00Z").parse().unwrap()
}

pub(crate) fn state(code: &str) -> StateCode {
    StateCode::new(code).unwrap()
}

/// A row from columns and texts.
pub(crate) fn row<P: Part>(values: &[(&str, &str)]) -> P {
    let mut draft = P::Draft::default();
    for (column, text) in values {
        let field = P::FIELDS.iter().position(|f| f.column == *column).expect(column);
        draft.set(field, text, ValueContext::default()).unwrap();
    }
    draft.finish().unwrap()
}

/// A student of whom the identity is known; names are there without being asked for.
pub(crate) fn child(id: &str, values: &[(&str, &str)]) -> Student {
    let mut all = vec![("state_student_id", id)];
    for default in [("last_name_1", "Muñoz"), ("first_name", "Inés")] {
        if !values.iter().any(|v| v.0 == default.0) {
            all.push(default);
        }
    }
    all.extend(values);
    Student::new(row(&all))
}

/// A live student of a state.
pub(crate) fn held(code: &str, as_of: &str, student: Student) -> StudentRecord {
    StudentRecord {
        student_id: student.id(state(code)),
        state: state(code),
        student,
        live: true,
        status: "live".into(),
        status_since: instant("2025-08-01"),
        as_of: instant(as_of),
        received_at: instant(as_of),
        batch_id: 1,
        version: 1,
        decided: Some("automatic".into()),
    }
}

pub(crate) fn no_longer(mut record: StudentRecord, since: &str) -> StudentRecord {
    record.live = false;
    record.status = "not_reported".into();
    record.status_since = instant(since);
    record
}

pub(crate) fn person(students: Vec<StudentRecord>, facilities: &[(&str, Facility)]) -> PersonRecord {
    PersonRecord {
        person_id: PersonId::new(123_456_789_012).unwrap(),
        asked_as: None,
        students,
        facilities: facilities
            .iter()
            .map(|(code, facility)| ((state(code), facility.code.to_string()), facility.clone()))
            .collect::<HashMap<_, _>>(),
        rules: HashMap::new(),
        requirements: Vec::new(),
        statements: Vec::new(),
        hand_offs: Vec::new(),
    }
}

pub(crate) const TODAY: &str = "2026-04-10";

pub(crate) fn consolidated(
    students: Vec<StudentRecord>,
    facilities: &[(&str, Facility)],
) -> ConsolidatedRecord {
    records::consolidate(&person(students, facilities), day(TODAY))
}
