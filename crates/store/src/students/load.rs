//! Loading what changed with `COPY`, and marking what did not.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::{CopyFormat, PgConnection};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Text, Timestamptz, Uuid as SqlUuid};
use mde::{Identity, StateCode, Student, StudentId, text};
use uuid::Uuid;

use super::versions::keep_versions;
use super::{Held, Source, identifiers};
use crate::copy::{Rows, copy_into};
use crate::db::{Error, Result};
use crate::tables::PART_TABLES;

/// The rows of students that are to be written, in the form that goes to the database and in the order of its keys.
/// Making them takes as long as writing them, so it is done beside the writing and before any lock is taken.
#[derive(Debug)]
pub struct Prepared {
    /// Key, identifier of the state and hash of each student, in the order of the keys.
    students: Vec<(Uuid, String, [u8; 32])>,
    identities: Rows,
    parts: [Rows; 8],
    names: Rows,
}

impl Prepared {
    /// Makes the rows of these students of a state, none of them twice.
    #[must_use]
    pub fn of(state: StateCode, students: &[(StudentId, &Student, [u8; 32])]) -> Self {
        // Rows reach the indexes in key order, which keeps their pages in cache.
        let mut sorted: Vec<_> = students.iter().collect();
        sorted.sort_unstable_by_key(|(id, ..)| id.0);
        let mut made = Self {
            students: Vec::with_capacity(students.len()),
            identities: Rows::default(),
            parts: Default::default(),
            names: Rows::default(),
        };
        let mut names: Vec<(String, chrono::NaiveDate, Uuid)> = Vec::with_capacity(students.len() * 4);
        for (id, student, hash) in sorted {
            let identity = &student.identity;
            made.students
                .push((id.0, identity.state_student_id.to_string(), *hash));
            made.identities.part(2, identity, |row| {
                row.uuid(id.0).string(state.as_str());
            });
            let mut tables = made.parts.iter_mut();
            mde::for_each_part!(student, rows => {
                let table = tables.next().expect("one buffer per part");
                for (ordinal, row) in rows.iter().enumerate() {
                    table.part(2, row, |key| { key.uuid(id.0).integer(ordinal as i32); });
                }
            });
            let birth_date = identity.birth_date.map_or(UNKNOWN_BIRTH_DATE, mde::Date::day);
            names.extend(
                tokens(identity)
                    .into_iter()
                    .map(|token| (token, birth_date, id.0)),
            );
        }
        names.sort_unstable();
        for (token, birth_date, id) in &names {
            made.names.row(3).string(token).day(*birth_date).uuid(*id);
        }
        made
    }

    /// Number of students.
    #[must_use]
    pub fn len(&self) -> usize {
        self.students.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.students.is_empty()
    }

    /// Writes them as the new current content, with this status (`live`, or `not_reported` where the state has since
    /// sent a full upload without them). `earlier` says what was held before; what is there is first kept as a version.
    /// Parts are replaced whole. The caller holds the state's lock and has decided that the content applies.
    pub fn write(
        &self,
        connection: &mut PgConnection,
        source: Source,
        status: &str,
        earlier: &HashMap<Uuid, Held>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let known: Vec<Uuid> = self
            .students
            .iter()
            .map(|(id, ..)| *id)
            .filter(|id| earlier.contains_key(id))
            .collect();
        if !known.is_empty() {
            self.refuse_collisions(connection, &known)?;
            keep_versions(connection, &known, earlier, now)?;
            remove(connection, &known)?;
        }
        let mut statuses = Rows::default();
        for (id, _, hash) in &self.students {
            let version = earlier.get(id).map_or(1, |held| held.version + 1);
            statuses
                .row(10)
                .uuid(*id)
                .string(source.state.as_str())
                .binary(hash)
                .integer(version)
                .instant(source.as_of)
                .bigint(source.batch_id)
                .instant(source.received_at)
                .string(status)
                .instant(now)
                .bigint(source.batch_id);
        }
        if self.is_empty() {
            return Ok(());
        }
        copy_into!(connection, student, &self.identities);
        copy_into!(connection, student_status, &statuses);
        let [
            alternate_id,
            qualifying_move,
            enrollment,
            course,
            assessment,
            immunization,
            alert,
            graduation_requirement,
        ] = &self.parts;
        copy_into!(connection, alternate_id, alternate_id);
        copy_into!(connection, qualifying_move, qualifying_move);
        copy_into!(connection, enrollment, enrollment);
        copy_into!(connection, course, course);
        copy_into!(connection, assessment, assessment);
        copy_into!(connection, immunization, immunization);
        copy_into!(connection, alert, alert);
        copy_into!(connection, graduation_requirement, graduation_requirement);
        copy_into!(connection, student_name, &self.names);
        let ids = self.students.iter().map(|(id, ..)| *id);
        queue_for_linking(connection, source.batch_id, ids, now)
    }

    /// Two identifiers with one key would be taken for one student.
    fn refuse_collisions(&self, connection: &mut PgConnection, known: &[Uuid]) -> Result<()> {
        let held = identifiers(connection, known)?;
        let collides = |(id, identifier, _): &(Uuid, String, [u8; 32])| {
            held.get(id).is_some_and(|held| held != identifier)
        };
        if self.students.iter().any(collides) {
            return Err(Error::KeyCollision);
        }
        Ok(())
    }
}

/// [`Prepared::of`] and [`Prepared::write`] in one: new current content for these students, which are live.
pub fn replace(
    connection: &mut PgConnection,
    source: Source,
    students: &[(StudentId, &Student, [u8; 32])],
    earlier: &HashMap<Uuid, Held>,
    now: DateTime<Utc>,
) -> Result<()> {
    Prepared::of(source.state, students).write(connection, source, "live", earlier, now)
}

/// A change of at most so many students at once is not left to wait behind a large load at the linker.
const URGENT: usize = 100;

/// Stands in `student_name` for a birth date that is not known.
pub const UNKNOWN_BIRTH_DATE: chrono::NaiveDate = chrono::NaiveDate::from_ymd_opt(1, 1, 1).expect("a date");

/// The folded words of all names of a student, each once.
#[must_use]
pub fn tokens(identity: &Identity) -> Vec<String> {
    let names = [
        Some(&identity.last_name_1),
        identity.last_name_2.as_ref(),
        Some(&identity.first_name),
        identity.middle_name.as_ref(),
    ];
    let mut tokens: Vec<String> = names
        .into_iter()
        .flatten()
        .flat_map(|name| text::fold(name.as_str()))
        .collect();
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

/// Marks students of a state as `not_reported` or `deleted`. What is known of them stays.
pub fn mark(
    connection: &mut PgConnection,
    source: Source,
    ids: &[Uuid],
    status: &str,
    now: DateTime<Utc>,
) -> Result<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    let changed = sql_query(
        "update student_status set status = $2, status_since = $3, as_of = $4, as_of_batch_id = $5
         where student_id = any($1) and status <> $2",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Text, _>(status)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(source.as_of)
    .bind::<BigInt, _>(source.batch_id)
    .execute(connection)?;
    queue_for_linking(connection, source.batch_id, ids.iter().copied(), now)?;
    Ok(changed)
}

/// Marks students whose content is unchanged as live again, or notes that it was said anew. The caller has decided that
/// this is the newest that was said of them. Returns how many came back to life.
pub fn confirm(
    connection: &mut PgConnection,
    source: Source,
    ids: &[Uuid],
    now: DateTime<Utc>,
) -> Result<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    let revived: Vec<Key> = sql_query(
        "with before as (select student_id, status from student_status where student_id = any($1)),
              changed as (update student_status t
                set as_of = $2, as_of_batch_id = $4, status = 'live',
                    status_since = case when t.status = 'live' then t.status_since else $3 end
                from before b where b.student_id = t.student_id)
         select student_id from before where status <> 'live'",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Timestamptz, _>(source.as_of)
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(source.batch_id)
    .load(connection)?;
    let ids = revived.iter().map(|row| row.student_id);
    queue_for_linking(connection, source.batch_id, ids, now)?;
    Ok(revived.len())
}

#[derive(QueryableByName)]
pub(super) struct Key {
    #[diesel(sql_type = SqlUuid)]
    pub(super) student_id: Uuid,
}

fn queue_for_linking(
    connection: &mut PgConnection,
    batch_id: i64,
    ids: impl Iterator<Item = Uuid>,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut ids: Vec<Uuid> = ids.collect();
    if ids.is_empty() {
        return Ok(());
    }
    ids.sort_unstable();
    sql_query(
        "insert into link_queue (student_id, queued_at, batch_id, urgent) select unnest($1::uuid[]), $2, $3, $4
         on conflict (student_id) do update set batch_id = excluded.batch_id, urgent = link_queue.urgent or excluded.urgent",
    )
    .bind::<Array<SqlUuid>, _>(&ids)
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(batch_id)
    .bind::<Bool, _>(ids.len() <= URGENT)
    .execute(connection)?;
    Ok(())
}

/// Removes the current content of students; versions, links and disclosures stay.
fn remove(connection: &mut PgConnection, ids: &[Uuid]) -> Result<()> {
    let tables = PART_TABLES
        .iter()
        .map(|p| p.name())
        .chain(["student", "student_status", "student_name"]);
    for table in tables {
        sql_query(format!("delete from {table} where student_id = any($1)"))
            .bind::<Array<SqlUuid>, _>(ids)
            .execute(connection)?;
    }
    Ok(())
}
