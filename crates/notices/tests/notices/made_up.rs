//! Made-up children, in memory and in a database.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;
use mde::{
    Draft, Enrollment, Identity, Part, PersonId, QualifyingMove, StateCode, StateStudentId, Student,
    StudentId, ValueContext,
};
use store::links::{Decided, LinkChange};
use store::persons::{PersonRecord, StudentRecord};
use store::students::{self, Source};
use store::{Access, Actor, Channel, Purpose};
use testkit::TestDb;

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn instant(day: &str) -> DateTime<Utc> {
    format!("{day}T02:00:00Z").parse().unwrap()
}

pub(crate) fn state(code: &str) -> StateCode {
    StateCode::new(code).unwrap()
}

/// Somebody of a state who reads at an instant.
pub(crate) fn access(code: &str, at: &str) -> Access {
    Access {
        actor: Actor::Account {
            account_id: 1,
            email: "somebody@state.example".into(),
            state: Some(state(code)),
        },
        on_behalf_of: None,
        purpose: Purpose::Program,
        channel: Channel::Portal,
        at: instant(at),
    }
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

pub(crate) fn child(id: &str) -> Student {
    Student::new(row::<Identity>(&[
        ("state_student_id", id),
        ("last_name_1", "Ek"),
        ("first_name", "Luz"),
    ]))
}

pub(crate) fn enrolled(mut student: Student, start: &str, more: &[(&str, &str)]) -> Student {
    let mut values = vec![("enrollment_date", start)];
    values.extend(more);
    student.enrollments.push(row::<Enrollment>(&values));
    student
}

pub(crate) fn moved(mut student: Student, date: &str, more: &[(&str, &str)]) -> Student {
    let mut values = vec![("qualifying_arrival_date", date)];
    values.extend(more);
    student.qualifying_moves.push(row::<QualifyingMove>(&values));
    student
}

/// A live student of a state in memory.
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
        decided: None,
    }
}

pub(crate) fn person(students: Vec<StudentRecord>) -> PersonRecord {
    PersonRecord {
        person_id: PersonId::new(123_456_789_012).unwrap(),
        asked_as: None,
        students,
        facilities: HashMap::new(),
        rules: HashMap::new(),
        requirements: Vec::new(),
        statements: Vec::new(),
        hand_offs: Vec::new(),
    }
}

/// A database of its own, with five participating states.
pub(crate) fn database() -> (TestDb, PgConnection) {
    let db = TestDb::from_template("notices-1", |url| store::migrate(url).map(drop)).unwrap();
    let mut connection = db.connect().unwrap();
    for code in ["CA", "FL", "OR", "TX", "WA"] {
        store::participants::register(&mut connection, state(code), instant("2025-01-01")).unwrap();
    }
    (db, connection)
}

/// New content of a state's student, as a load writes it.
pub(crate) fn load(connection: &mut PgConnection, code: &str, as_of: &str, student: &Student) -> StudentId {
    let id = student.id(state(code));
    let source = Source {
        state: state(code),
        batch_id: 1,
        as_of: instant(as_of),
        received_at: instant(as_of),
    };
    let earlier = students::held(connection, &[id.0]).unwrap();
    let rows = [(id, student, student.content_hash())];
    students::replace(connection, source, &rows, &earlier, instant(as_of)).unwrap();
    id
}

/// Links students to a person, a new one if none is given.
pub(crate) fn link(connection: &mut PgConnection, students: &[StudentId], to: Option<PersonId>) -> PersonId {
    let now = instant("2026-01-01");
    let to = to.unwrap_or_else(|| store::links::new_persons(connection, 1, now).unwrap()[0]);
    let ids: Vec<_> = students.iter().map(|id| id.0).collect();
    let held = store::links::of_students(connection, &ids).unwrap();
    let changes: Vec<LinkChange> = students
        .iter()
        .map(|id| LinkChange {
            student_id: id.0,
            from: held
                .iter()
                .find(|(student, _)| *student == id.0)
                .map(|(_, person)| PersonId::new(*person).unwrap()),
            to,
            decided: Decided::Automatic,
            decided_by: "test".into(),
            evidence: serde_json::json!({}),
        })
        .collect();
    store::links::apply(connection, &changes, now).unwrap();
    to
}

pub(crate) fn id(code: &str, text: &str) -> StudentId {
    StudentId::of(state(code), &StateStudentId::new(text).unwrap())
}
