//! Persons as somebody reads them: always with an [`Access`], always with the disclosure in the same transaction.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{Connection as _, OptionalExtension as _, QueryableByName, RunQueryDsl as _};
use mde::{EligibilityRules, Facility, PersonId, StateCode, StateStudentId, Student, StudentId};
use serde::Deserialize as _;
use uuid::Uuid;

use crate::access::{Access, Subject};
use crate::db::{Error, Result};
use crate::hand_offs::HandOff;
use crate::prepared::prepared;
use crate::requirements::Requirement;
use crate::students::{self, Version};

mod beside;

pub use beside::{BESIDE, Statement};

/// One student of a person, whole, with what the hub knows about it.
#[derive(Debug, Clone)]
pub struct StudentRecord {
    /// Its key.
    pub student_id: StudentId,
    /// Whose record it is.
    pub state: StateCode,
    /// The content.
    pub student: Student,
    /// Whether the state still reports it.
    pub live: bool,
    /// `live`, `not_reported` or `deleted`.
    pub status: String,
    /// Since when.
    pub status_since: DateTime<Utc>,
    /// What the content speaks of: the newest upload that brought or confirmed it.
    pub as_of: DateTime<Utc>,
    /// When the content was received.
    pub received_at: DateTime<Utc>,
    /// The batch that brought it.
    pub batch_id: i64,
    /// Number of the current version.
    pub version: i32,
    /// How it was linked to the person; `None` while the linker has not seen it.
    pub decided: Option<String>,
}

/// All that the hub holds of a person.
#[derive(Debug, Clone)]
pub struct PersonRecord {
    /// The person.
    pub person_id: PersonId,
    /// The retired number under which it was asked for.
    pub asked_as: Option<PersonId>,
    /// Its students, by state and identifier.
    pub students: Vec<StudentRecord>,
    /// The facilities that they name.
    pub facilities: HashMap<(StateCode, String), Facility>,
    /// How each of their states counts eligibility.
    pub rules: HashMap<StateCode, EligibilityRules>,
    /// What their states require for graduation, where a high school student brought no requirements of its own.
    pub requirements: Vec<Requirement>,
    /// What families have stated against its students' records, oldest first.
    pub statements: Vec<Statement>,
    /// What the schools of its students say at a departure, unconfirmed, oldest first.
    pub hand_offs: Vec<HandOff>,
}

macro_rules! students_of {
    ($persons:literal) => {
        concat!(
            "
    select p.person_id as asked, coalesce(a.person_id, p.person_id) as person_id, l.student_id, l.decided, t.state,
           t.status, t.status_since,
           case when t.status = 'live' then greatest(t.as_of, c.full_as_of) else t.as_of end as as_of,
           t.received_at, t.batch_id, t.version, c.eligibility_rules
    from person p left join person_alias a on a.retired_id = p.person_id
    left join link l on l.person_id = coalesce(a.person_id, p.person_id)
    left join student_status t on t.student_id = l.student_id
    left join participant c on c.state = t.state
    where p.person_id = ",
            $persons,
            "
    order by p.person_id, l.student_id"
        )
    };
}

/// The statement that finds a person's students: alias, survivor, link and status in one round trip.
pub const STUDENTS_OF_PERSON: &str = students_of!("$1");

/// The same of several persons, by person.
const STUDENTS_OF_PERSONS: &str = students_of!("any((select $1)::bigint[])");

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    asked: i64,
    #[diesel(sql_type = BigInt)]
    person_id: i64,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    student_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    decided: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    state: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    status_since: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    as_of: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    received_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<BigInt>)]
    batch_id: Option<i64>,
    #[diesel(sql_type = Nullable<Integer>)]
    version: Option<i32>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    eligibility_rules: Option<serde_json::Value>,
}

/// Reads a person whole, by its number or a retired one, and writes the disclosure of `categories`. `None` if there is
/// no such number; then nothing was disclosed.
pub fn read(
    connection: &mut PgConnection,
    access: &Access,
    id: PersonId,
    categories: &[&str],
) -> Result<Option<PersonRecord>> {
    connection.transaction(|connection| {
        let Some(record) = load(connection, id)? else {
            return Ok(None);
        };
        access.disclose(connection, &[Subject::Person(record.person_id)], categories)?;
        Ok(Some(record))
    })
}

/// Reads a person for the hub's own work (detecting moves, counting). Nothing of it is handed out.
pub fn load(connection: &mut PgConnection, id: PersonId) -> Result<Option<PersonRecord>> {
    let rows: Vec<Row> = prepared(STUDENTS_OF_PERSON)
        .bind::<BigInt, _>(id.number())
        .load(connection)?;
    Ok(records(connection, rows)?.pop())
}

/// The same of several persons at once, in as many round trips as for one. Each is there once, by its number; one that
/// was asked for by a retired number, too. A number that there is not has no record.
pub fn load_all(connection: &mut PgConnection, ids: &[PersonId]) -> Result<Vec<PersonRecord>> {
    let numbers = numbers(ids);
    let rows: Vec<Row> = prepared(STUDENTS_OF_PERSONS)
        .bind::<Array<BigInt>, _>(numbers)
        .load(connection)?;
    records(connection, rows)
}

/// The records of the persons of these rows, by number.
fn records(connection: &mut PgConnection, mut rows: Vec<Row>) -> Result<Vec<PersonRecord>> {
    // A survivor that is asked for by a retired number and by its own comes twice: its own is the one to keep.
    rows.sort_by_key(|row| (row.person_id, row.asked != row.person_id, row.asked));
    let mut taken: HashMap<i64, i64> = HashMap::new();
    rows.retain(|row| *taken.entry(row.person_id).or_insert(row.asked) == row.asked);
    let mut persons = Vec::with_capacity(taken.len());
    for of_one in rows.chunk_by(|a, b| a.person_id == b.person_id) {
        let person_id = self::id(of_one[0].person_id)?;
        let asked_as = Some(self::id(of_one[0].asked)?).filter(|asked| *asked != person_id);
        persons.push((person_id, asked_as, eligibility_rules(of_one)?));
    }
    let mut students = assemble(connection, rows)?;
    let beside = beside::read(connection, &students)?;
    Ok(persons
        .into_iter()
        .map(|(person_id, asked_as, rules)| {
            let students = students.remove(&person_id.number()).unwrap_or_default();
            let beside = beside.of(&students);
            PersonRecord {
                person_id,
                asked_as,
                students,
                facilities: beside.facilities,
                rules,
                requirements: beside.requirements,
                statements: beside.statements,
                hand_offs: beside.hand_offs,
            }
        })
        .collect())
}

fn eligibility_rules(rows: &[Row]) -> Result<HashMap<StateCode, EligibilityRules>> {
    let mut rules = HashMap::new();
    for row in rows {
        if let (Some(state), Some(chosen)) = (&row.state, &row.eligibility_rules) {
            let state = StateCode::new(state).map_err(|e| Error::Corrupt {
                what: "state",
                why: e.to_string(),
            })?;
            let chosen = EligibilityRules::deserialize(chosen).map_err(|e| Error::Corrupt {
                what: "eligibility rules",
                why: e.to_string(),
            })?;
            rules.insert(state, chosen);
        }
    }
    Ok(rules)
}

/// Persons whom one transaction works on: as many round trips as for one, and others who wait for one of them wait for
/// tenths of a second.
pub const TOGETHER: usize = 50;

/// A row that is the number of a person.
#[derive(QueryableByName)]
pub(crate) struct Numbered {
    #[diesel(sql_type = BigInt)]
    pub(crate) person_id: i64,
}

/// The persons of these rows.
pub(crate) fn ids(rows: Vec<Numbered>) -> Result<Vec<PersonId>> {
    rows.into_iter().map(|row| id(row.person_id)).collect()
}

/// The numbers of persons, as they are stored.
#[must_use]
pub fn numbers(ids: &[PersonId]) -> Vec<i64> {
    ids.iter().map(|id| id.number()).collect()
}

/// A stored number as that of a person. [`Error::Corrupt`] if it has not twelve digits.
pub fn id(number: i64) -> Result<PersonId> {
    PersonId::new(number).map_err(|error| Error::Corrupt {
        what: "person id",
        why: error.to_string(),
    })
}

/// Keeps others who take the same lock from working on these persons until the end of the transaction. They are locked by
/// number, so that two who lock several never wait for each other.
pub fn lock_all(connection: &mut PgConnection, ids: &[PersonId]) -> Result<()> {
    let numbers = numbers(ids);
    prepared("select from person where person_id = any((select $1)::bigint[]) order by person_id for no key update")
        .bind::<Array<BigInt>, _>(numbers)
        .execute(connection)?;
    Ok(())
}

/// The same of one person.
pub fn lock(connection: &mut PgConnection, id: PersonId) -> Result<()> {
    prepared("select from person where person_id = $1 for no key update")
        .bind::<BigInt, _>(id.number())
        .execute(connection)?;
    Ok(())
}

/// The students of rows, by person; those of one by state and identifier.
fn assemble(connection: &mut PgConnection, rows: Vec<Row>) -> Result<HashMap<i64, Vec<StudentRecord>>> {
    let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.student_id).collect();
    let mut content: HashMap<Uuid, Student> = if ids.is_empty() {
        HashMap::new()
    } else {
        students::read(connection, &ids)?
            .into_iter()
            .map(|(id, s)| (id.0, s))
            .collect()
    };
    let mut records: HashMap<i64, Vec<StudentRecord>> = HashMap::new();
    for row in rows {
        let (
            Some(id),
            Some(state),
            Some(status),
            Some(since),
            Some(as_of),
            Some(received_at),
            Some(batch_id),
            Some(version),
        ) = (
            row.student_id,
            row.state,
            row.status,
            row.status_since,
            row.as_of,
            row.received_at,
            row.batch_id,
            row.version,
        )
        else {
            continue;
        };
        let student = content.remove(&id).ok_or(Error::Corrupt {
            what: "student",
            why: "a status without a student".into(),
        })?;
        records.entry(row.person_id).or_default().push(StudentRecord {
            student_id: StudentId(id),
            state: StateCode::new(&state).map_err(|e| Error::Corrupt {
                what: "state",
                why: e.to_string(),
            })?,
            student,
            live: status == "live",
            status,
            status_since: since,
            as_of,
            received_at,
            batch_id,
            version,
            decided: row.decided,
        });
    }
    for students in records.values_mut() {
        students.sort_by(|a, b| {
            (a.state, &a.student.identity.state_student_id)
                .cmp(&(b.state, &b.student.identity.state_student_id))
        });
    }
    Ok(records)
}

/// A state's own student with its link, for that state.
#[derive(Debug, Clone)]
pub struct OwnStudent {
    /// The student.
    pub record: StudentRecord,
    /// Its person; `None` while the linker has not seen it.
    pub person_id: Option<PersonId>,
    /// Earlier versions, newest first.
    pub versions: Vec<Version>,
}

/// Reads one student of a state with its versions, and writes the disclosure. `None` if the state holds no such
/// student. The caller has made sure that the actor may read this state's students.
pub fn read_student(
    connection: &mut PgConnection,
    access: &Access,
    state: StateCode,
    id: &StateStudentId,
) -> Result<Option<OwnStudent>> {
    let student_id = StudentId::of(state, id);
    connection.transaction(|connection| {
        let row: Option<Row> = prepared(
            "select 0::bigint as asked, coalesce(l.person_id, 0) as person_id, t.student_id, l.decided, t.state, t.status, t.status_since,
                    case when t.status = 'live' then greatest(t.as_of, c.full_as_of) else t.as_of end as as_of,
                    t.received_at, t.batch_id, t.version, c.eligibility_rules
             from student_status t left join link l using (student_id) left join participant c on c.state = t.state
             where t.student_id = $1",
        )
        .bind::<SqlUuid, _>(student_id.0)
        .get_result(connection)
        .optional()?;
        let Some(row) = row else { return Ok(None) };
        let person_id = PersonId::new(row.person_id).ok();
        let Some(record) = assemble(connection, vec![row])?.into_values().flatten().next() else {
            return Ok(None);
        };
        let versions = students::versions(connection, student_id)?;
        access.disclose(connection, &[Subject::Student(student_id)], &["all"])?;
        Ok(Some(OwnStudent { record, person_id, versions }))
    })
}

/// Every submission of a person's students: the historical view. Writes the disclosure.
pub fn read_versions(
    connection: &mut PgConnection,
    access: &Access,
    record: &PersonRecord,
) -> Result<Vec<(StudentId, Vec<Version>)>> {
    connection.transaction(|connection| {
        access.disclose(connection, &[Subject::Person(record.person_id)], &["history"])?;
        record
            .students
            .iter()
            .map(|s| Ok((s.student_id, students::versions(connection, s.student_id)?)))
            .collect()
    })
}

/// Read several students, for a review of a pair. Writes the disclosure.
pub fn read_students(
    connection: &mut PgConnection,
    access: &Access,
    ids: &[StudentId],
) -> Result<Vec<(StudentId, Student)>> {
    let keys: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let subjects: Vec<Subject> = ids.iter().map(|id| Subject::Student(*id)).collect();
    connection.transaction(|connection| {
        access.disclose(connection, &subjects, &["identity", "enrollments"])?;
        students::read(connection, &keys)
    })
}
