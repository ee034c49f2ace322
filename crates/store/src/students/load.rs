//! Loading what changed with `COPY`, and marking what did not.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::{CopyFormat, PgConnection};
use diesel::prelude::ExecuteCopyFromDsl as _;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use mde::{Identity, Student, StudentId, text};
use uuid::Uuid;

use super::versions::keep_versions;
use super::{Held, Source};
use crate::copy::Rows;
use crate::db::{Error, Result};
use crate::tables::PART_TABLES;

/// New current content for these students. `earlier` says what was held before; what is there is first kept as a
/// version. Parts are replaced whole. The caller holds the state's lock and has decided that the content applies.
pub fn replace(
    connection: &mut PgConnection,
    source: Source,
    students: &[(StudentId, &Student, [u8; 32])],
    earlier: &HashMap<Uuid, Held>,
    now: DateTime<Utc>,
) -> Result<()> {
    for (id, student, _) in students {
        let same = |held: &Held| {
            held.state_student_id
                .as_deref()
                .is_none_or(|s| s == student.identity.state_student_id.as_str())
        };
        if !earlier.get(&id.0).is_none_or(same) {
            return Err(Error::KeyCollision);
        }
    }
    let known: Vec<Uuid> = students
        .iter()
        .map(|(id, ..)| id.0)
        .filter(|id| earlier.contains_key(id))
        .collect();
    if !known.is_empty() {
        keep_versions(connection, &known, earlier, now)?;
        remove(connection, &known)?;
    }

    // Rows reach the indexes in key order, which keeps their pages in cache.
    let mut sorted: Vec<_> = students.iter().collect();
    sorted.sort_by_key(|(id, ..)| id.0);
    let mut identities = Rows::default();
    let mut statuses = Rows::default();
    let mut parts: [Rows; 8] = Default::default();
    let mut names: Vec<(String, chrono::NaiveDate, Uuid)> = Vec::with_capacity(students.len() * 4);
    for (id, student, hash) in sorted {
        identities.part(2, &student.identity, |row| {
            row.uuid(id.0).string(source.state.as_str());
        });
        let version = earlier.get(&id.0).map_or(1, |held| held.version + 1);
        statuses
            .row(9)
            .uuid(id.0)
            .string(source.state.as_str())
            .binary(hash)
            .integer(version)
            .instant(source.as_of)
            .bigint(source.batch_id)
            .instant(source.received_at)
            .string("live")
            .instant(now);
        let mut tables = parts.iter_mut();
        mde::for_each_part!(student, rows => {
            let table = tables.next().expect("one buffer per part");
            for (ordinal, row) in rows.iter().enumerate() {
                table.part(2, row, |key| { key.uuid(id.0).integer(ordinal as i32); });
            }
        });
        let birth_date = student
            .identity
            .birth_date
            .map_or(UNKNOWN_BIRTH_DATE, mde::Date::day);
        names.extend(
            tokens(&student.identity)
                .into_iter()
                .map(|token| (token, birth_date, id.0)),
        );
    }
    copy_into!(connection, student, identities);
    copy_into!(connection, student_status, statuses);
    let [
        alternate_id,
        qualifying_move,
        enrollment,
        course,
        assessment,
        immunization,
        alert,
        graduation_requirement,
    ] = parts;
    copy_into!(connection, alternate_id, alternate_id);
    copy_into!(connection, qualifying_move, qualifying_move);
    copy_into!(connection, enrollment, enrollment);
    copy_into!(connection, course, course);
    copy_into!(connection, assessment, assessment);
    copy_into!(connection, immunization, immunization);
    copy_into!(connection, alert, alert);
    copy_into!(connection, graduation_requirement, graduation_requirement);
    names.sort_unstable();
    names.dedup();
    let mut tokens = Rows::default();
    for (token, birth_date, id) in &names {
        tokens.row(3).string(token).day(*birth_date).uuid(*id);
    }
    copy_into!(connection, student_name, tokens);
    queue_for_linking(
        connection,
        source.batch_id,
        students.iter().map(|(id, ..)| id.0),
        now,
    )
}

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
        "update student_status set status = $2, status_since = $3, as_of = $4 where student_id = any($1) and status <> $2",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Text, _>(status)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(source.as_of)
    .execute(connection)?;
    queue_for_linking(connection, source.batch_id, ids.iter().copied(), now)?;
    Ok(changed)
}

/// Marks students whose content is unchanged as live again, or moves their as-of forward.
pub fn confirm(
    connection: &mut PgConnection,
    source: Source,
    ids: &[Uuid],
    now: DateTime<Utc>,
) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let revived: Vec<Key> = sql_query(
        "with before as (select student_id, status from student_status where student_id = any($1)),
              changed as (update student_status t
                set as_of = greatest(t.as_of, $2), status = 'live',
                    status_since = case when t.status = 'live' then t.status_since else $3 end
                from before b where b.student_id = t.student_id)
         select student_id from before where status <> 'live'",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Timestamptz, _>(source.as_of)
    .bind::<Timestamptz, _>(now)
    .load(connection)?;
    queue_for_linking(
        connection,
        source.batch_id,
        revived.into_iter().map(|row| row.student_id),
        now,
    )
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
    ids.sort_unstable();
    sql_query(
        "insert into link_queue (student_id, queued_at, batch_id) select unnest($1::uuid[]), $2, $3
         on conflict (student_id) do update set batch_id = excluded.batch_id",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(batch_id)
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
