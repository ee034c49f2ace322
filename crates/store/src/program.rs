//! What the program (Title I, Part C) looks at in one student of a state: far less than the whole student, so that a
//! nation of them fits in memory. Read for counts; no record of a child is handed out by it.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::{PgConnection, PgRowByRowLoadingMode};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Binary, Timestamptz, Uuid as SqlUuid};
use mde::code::{Codes, EnrollmentType, ExitReason, Gender, Grade, TerminationFlag};
use mde::{Date, PersonId, StateCode, Student};
use uuid::Uuid;

use crate::access::{Access, Subject};
use crate::db::{Error, Result};
use crate::schema::{enrollment, link, qualifying_move, student, student_status};
use crate::students::unpacked;

/// One state's student, as eligibility and counts see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramStudent {
    /// Whose student it is.
    pub state: StateCode,
    /// Whether the state still reports it; what is not live counts nowhere.
    pub live: bool,
    /// Birth date (data element 9).
    pub birth: Option<NaiveDate>,
    /// Gender (8).
    pub gender: Option<Gender>,
    /// Termination date and flag (38, 39).
    pub termination: Option<(NaiveDate, Option<TerminationFlag>)>,
    /// Qualifying moves (31 to 37).
    pub moves: Vec<ProgramMove>,
    /// Enrollments (20, 21, 54, 55).
    pub enrollments: Vec<ProgramEnrollment>,
}

/// A qualifying move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgramMove {
    /// Qualifying arrival date (31).
    pub arrival: NaiveDate,
    /// Residency date (37).
    pub residency: Option<NaiveDate>,
    /// Whether the certificate was voided (X34).
    pub void: bool,
}

/// Where a child goes that leaves a school, as the school was told (X38, X39).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Destination {
    /// Nobody said, or no state of that name is known.
    #[default]
    Unknown,
    /// A state.
    State(StateCode),
    /// Another country.
    Abroad,
}

impl Destination {
    /// Of the state as it was written, which is free text and often another country's, and the country.
    #[must_use]
    pub fn of(state: Option<&str>, country: Option<&str>) -> Self {
        if country.is_some_and(|country| country != "US") {
            return Self::Abroad;
        }
        state
            .and_then(|state| StateCode::new(state).ok())
            .map_or(Self::Unknown, Self::State)
    }
}

/// An enrollment in a school or project, or residency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgramEnrollment {
    /// Type (55).
    pub kind: Option<EnrollmentType>,
    /// First day (54).
    pub start: NaiveDate,
    /// Last day (21); none while it is open.
    pub end: Option<NaiveDate>,
    /// Grade level (20).
    pub grade: Option<Grade>,
    /// Residency date (37) and the day on which residency was verified (X17).
    pub residency: [Option<NaiveDate>; 2],
    /// Whether the child is there by continuation of services only (X22).
    pub continuation: bool,
    /// Day of graduation or of the equivalency (X20), where there is one (X19).
    pub graduated: Option<NaiveDate>,
    /// Why it ended (X36).
    pub exit: Option<ExitReason>,
    /// Where the child went.
    pub destination: Destination,
}

impl ProgramStudent {
    /// The part of a whole student.
    #[must_use]
    pub fn of(state: StateCode, live: bool, student: &Student) -> Self {
        let day = |date: Option<Date>| date.map(Date::day);
        let identity = &student.identity;
        Self {
            state,
            live,
            birth: day(identity.birth_date),
            gender: identity.gender,
            termination: day(identity.termination_date).map(|date| (date, identity.termination_flag)),
            moves: student
                .qualifying_moves
                .iter()
                .map(|m| ProgramMove {
                    arrival: m.qualifying_arrival_date.day(),
                    residency: day(m.residency_date),
                    void: m.void_date.is_some(),
                })
                .collect(),
            enrollments: student
                .enrollments
                .iter()
                .map(|e| ProgramEnrollment {
                    kind: e.enrollment_type,
                    start: e.enrollment_date.day(),
                    end: day(e.withdrawal_date),
                    grade: e.grade,
                    residency: [day(e.residency_date), day(e.residency_verification_date)],
                    continuation: e.continuation_reason.is_some(),
                    graduated: day(e.graduation_date).filter(|_| e.graduation_indicator.is_some()),
                    exit: e.exit_reason,
                    destination: Destination::of(
                        e.destination_state.as_ref().map(mde::Text::as_str),
                        e.destination_country.as_ref().map(mde::Country::as_str),
                    ),
                })
                .collect(),
        }
    }
}

/// A child: its number, and what each of its students holds.
pub type ProgramPerson = (PersonId, Vec<ProgramStudent>);

/// Every child of the hub, as it was known at an instant (or is now), by number. Memory: some 250 bytes per student.
///
/// What was known is the newest content received by then, linked as the decisions stood then. A student counts as live
/// if its state reports it now or stopped to do so later than that.
pub fn everybody(
    connection: &mut PgConnection,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<ProgramPerson>> {
    connection
        .build_transaction()
        .repeatable_read()
        .run(|connection| people(connection, known_at))
}

/// Picks children out of [`everybody`] for a list, and writes down in the same transaction that these kinds
/// of data of the subjects, which `pick` names beside what it found, are disclosed.
pub fn disclosed<T>(
    connection: &mut PgConnection,
    access: &Access,
    categories: &[&str],
    known_at: Option<DateTime<Utc>>,
    pick: impl FnOnce(&[ProgramPerson]) -> (T, Vec<Subject>),
) -> Result<T> {
    connection
        .build_transaction()
        .repeatable_read()
        .run(|connection| {
            let (found, subjects) = pick(&people(connection, known_at)?);
            access.disclose(connection, &subjects, categories)?;
            Ok(found)
        })
}

fn people(connection: &mut PgConnection, known_at: Option<DateTime<Utc>>) -> Result<Vec<ProgramPerson>> {
    // A nation takes longer than what a request may ask of a table.
    sql_query("set local statement_timeout = '10min'").execute(connection)?;
    let mut students = current(connection)?;
    if let Some(instant) = known_at {
        turn_back(connection, &mut students, instant)?;
    }
    let mut links = links(connection, known_at)?;
    links.sort_unstable();
    let mut people: Vec<ProgramPerson> = Vec::new();
    for (person, id) in links {
        let Some(student) = students.remove(&id) else {
            continue;
        };
        match people.last_mut().filter(|(last, _)| last.number() == person) {
            Some((_, of)) => of.push(student.content),
            None => {
                let person = PersonId::new(person).map_err(corrupt("person id"))?;
                people.push((person, vec![student.content]));
            }
        }
    }
    Ok(people)
}

/// A student with the instants that say whether it was known like this.
struct Known {
    content: ProgramStudent,
    received_at: DateTime<Utc>,
    status_since: DateTime<Utc>,
}

fn corrupt<E: std::fmt::Display>(what: &'static str) -> impl Fn(E) -> Error {
    move |error| Error::Corrupt {
        what,
        why: error.to_string(),
    }
}

fn code<C: Codes>(text: Option<String>) -> Result<Option<C>> {
    let Some(text) = text else { return Ok(None) };
    let found = C::ALL.iter().copied().find(|c| c.row().stored == text);
    found.map(Some).ok_or(Error::Corrupt {
        what: C::SET,
        why: format!("{text} is none of its codes"),
    })
}

fn current(connection: &mut PgConnection) -> Result<HashMap<Uuid, Known>> {
    type Row = (
        Uuid,
        String,
        Option<NaiveDate>,
        Option<String>,
        Option<NaiveDate>,
        Option<String>,
        String,
        DateTime<Utc>,
        DateTime<Utc>,
    );
    let mut students = HashMap::new();
    let rows = student::table
        .inner_join(student_status::table.on(student_status::student_id.eq(student::student_id)))
        .select((
            student::student_id,
            student::state,
            student::birth_date,
            student::gender,
            student::termination_date,
            student::termination_flag,
            student_status::status,
            student_status::received_at,
            student_status::status_since,
        ))
        .load_iter::<Row, PgRowByRowLoadingMode>(connection)?;
    for row in rows {
        let (id, state, birth, gender, terminated, flag, status, received_at, status_since) = row?;
        let flag = code(flag)?;
        let content = ProgramStudent {
            state: StateCode::new(&state).map_err(corrupt("state"))?,
            live: status == "live",
            birth,
            gender: code(gender)?,
            termination: terminated.map(|day| (day, flag)),
            moves: Vec::new(),
            enrollments: Vec::new(),
        };
        let known = Known {
            content,
            received_at,
            status_since,
        };
        students.insert(id, known);
    }
    add_moves(connection, &mut students)?;
    add_enrollments(connection, &mut students)?;
    Ok(students)
}

fn add_moves(connection: &mut PgConnection, students: &mut HashMap<Uuid, Known>) -> Result<()> {
    type Row = (Uuid, NaiveDate, Option<NaiveDate>, Option<NaiveDate>);
    let rows = qualifying_move::table
        .select((
            qualifying_move::student_id,
            qualifying_move::qualifying_arrival_date,
            qualifying_move::residency_date,
            qualifying_move::void_date,
        ))
        .load_iter::<Row, PgRowByRowLoadingMode>(connection)?;
    for row in rows {
        let (id, arrival, residency, void) = row?;
        if let Some(student) = students.get_mut(&id) {
            student.content.moves.push(ProgramMove {
                arrival,
                residency,
                void: void.is_some(),
            });
        }
    }
    Ok(())
}

fn add_enrollments(connection: &mut PgConnection, students: &mut HashMap<Uuid, Known>) -> Result<()> {
    type Row = (
        Uuid,
        Option<String>,
        NaiveDate,
        Option<NaiveDate>,
        Option<String>,
        Option<NaiveDate>,
        Option<NaiveDate>,
        Option<String>,
        Option<String>,
        Option<NaiveDate>,
        Option<String>,
        Option<String>,
        Option<String>,
    );
    let rows = enrollment::table
        .select((
            enrollment::student_id,
            enrollment::enrollment_type,
            enrollment::enrollment_date,
            enrollment::withdrawal_date,
            enrollment::grade,
            enrollment::residency_date,
            enrollment::residency_verification_date,
            enrollment::continuation_reason,
            enrollment::graduation_indicator,
            enrollment::graduation_date,
            enrollment::exit_reason,
            enrollment::destination_state,
            enrollment::destination_country,
        ))
        .load_iter::<Row, PgRowByRowLoadingMode>(connection)?;
    for row in rows {
        let (
            id,
            kind,
            start,
            end,
            grade,
            residency,
            verified,
            continued,
            graduated,
            graduated_on,
            exit,
            to,
            abroad,
        ) = row?;
        if let Some(student) = students.get_mut(&id) {
            student.content.enrollments.push(ProgramEnrollment {
                kind: code(kind)?,
                start,
                end,
                grade: code(grade)?,
                residency: [residency, verified],
                continuation: continued.is_some(),
                graduated: graduated_on.filter(|_| graduated.is_some()),
                exit: code(exit)?,
                destination: Destination::of(to.as_deref(), abroad.as_deref()),
            });
        }
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Earlier {
    #[diesel(sql_type = SqlUuid)]
    student_id: Uuid,
    #[diesel(sql_type = Binary)]
    content: Vec<u8>,
}

/// Turns every student back to what was known at an instant; one that was not known then is taken out.
fn turn_back(
    connection: &mut PgConnection,
    students: &mut HashMap<Uuid, Known>,
    instant: DateTime<Utc>,
) -> Result<()> {
    let rows = sql_query(
        "select distinct on (v.student_id) v.student_id, v.content
         from student_status t join student_version v using (student_id)
         where t.received_at > $1 and v.received_at <= $1 and v.version > 0
         order by v.student_id, v.version desc",
    )
    .bind::<Timestamptz, _>(instant)
    .load_iter::<Earlier, PgRowByRowLoadingMode>(connection)?;
    for row in rows {
        let row = row?;
        if let Some(student) = students.get_mut(&row.student_id) {
            let content = unpacked(&row.content)?;
            student.content = ProgramStudent::of(student.content.state, student.content.live, &content);
            student.received_at = instant;
        }
    }
    students.retain(|_, student| student.received_at <= instant);
    // What is not reported since a later day was reported then. (One that was away and is back counts as there.)
    for student in students.values_mut().filter(|s| s.status_since > instant) {
        student.content.live = true;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Then {
    #[diesel(sql_type = SqlUuid)]
    student_id: Uuid,
    #[diesel(sql_type = BigInt)]
    to_person_id: i64,
}

/// Person and student of every link, as the decisions stood at an instant or stand now.
fn links(connection: &mut PgConnection, known_at: Option<DateTime<Utc>>) -> Result<Vec<(i64, Uuid)>> {
    let Some(instant) = known_at else {
        return Ok(link::table
            .select((link::person_id, link::student_id))
            .load(connection)?);
    };
    let rows = sql_query(
        "select distinct on (student_id) student_id, to_person_id from link_event where decided_at <= $1
         order by student_id, link_event_id desc",
    )
    .bind::<Timestamptz, _>(instant)
    .load_iter::<Then, PgRowByRowLoadingMode>(connection)?;
    rows.map(|row| {
        row.map(|row| (row.to_person_id, row.student_id))
            .map_err(Into::into)
    })
    .collect()
}
