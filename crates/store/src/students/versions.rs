//! What was: every earlier version of a student, whole and compressed.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::pg::{CopyFormat, PgConnection};
use diesel::prelude::ExecuteCopyFromDsl as _;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use mde::{Student, StudentId};
use uuid::Uuid;

use super::load::Key;
use super::{Held, Source, read};
use crate::copy::{Rows, copy_into};
use crate::db::{Error, Result};
use crate::prepared::prepared;

/// Content that came too late to be current: kept as history, with the batch that brought it.
pub fn keep_late(
    connection: &mut PgConnection,
    source: Source,
    students: &[(StudentId, &Student)],
    now: DateTime<Utc>,
) -> Result<()> {
    let mut rows = Rows::default();
    let mut compressor = compressor()?;
    for (id, student) in students {
        version_row(
            &mut rows,
            &mut compressor,
            id.0,
            source.batch_id,
            0,
            (source.as_of, source.received_at, now),
            student,
        )?;
    }
    copy_into!(connection, student_version, &rows);
    Ok(())
}

/// Of which of these students this batch's content is already in the history: it came too late, or it was current and
/// something newer took its place.
pub fn kept(connection: &mut PgConnection, batch_id: i64, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
    let rows: Vec<Key> =
        sql_query("select student_id from student_version where student_id = any($1) and batch_id = $2")
            .bind::<Array<SqlUuid>, _>(ids)
            .bind::<BigInt, _>(batch_id)
            .load(connection)?;
    Ok(rows.into_iter().map(|row| row.student_id).collect())
}

pub(super) fn keep_versions(
    connection: &mut PgConnection,
    ids: &[Uuid],
    held: &HashMap<Uuid, Held>,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut rows = Rows::default();
    let mut compressor = compressor()?;
    for (id, student) in read(connection, ids)? {
        let held = held.get(&id.0).ok_or(Error::Corrupt {
            what: "student",
            why: "it has no status".into(),
        })?;
        version_row(
            &mut rows,
            &mut compressor,
            id.0,
            held.batch_id,
            held.version,
            (held.as_of, held.received_at, now),
            &student,
        )?;
    }
    copy_into!(connection, student_version, &rows);
    Ok(())
}

fn unkept(error: &dyn std::fmt::Display) -> Error {
    Error::Corrupt {
        what: "version",
        why: error.to_string(),
    }
}

/// One for many versions: making it takes longer than compressing a student with it.
fn compressor() -> Result<zstd::bulk::Compressor<'static>> {
    zstd::bulk::Compressor::new(1).map_err(|error| unkept(&error))
}

fn version_row(
    rows: &mut Rows,
    compressor: &mut zstd::bulk::Compressor<'_>,
    id: Uuid,
    batch_id: i64,
    version: i32,
    (as_of, received_at, replaced_at): (DateTime<Utc>, DateTime<Utc>, DateTime<Utc>),
    student: &Student,
) -> Result<()> {
    let json = serde_json::to_vec(student).map_err(|error| unkept(&error))?;
    let content = compressor.compress(&json).map_err(|error| unkept(&error))?;
    rows.row(7)
        .uuid(id)
        .bigint(batch_id)
        .integer(version)
        .instant(as_of)
        .instant(received_at)
        .instant(replaced_at)
        .binary(&content);
    Ok(())
}

/// A version of a student that is no longer current, or never was.
#[derive(Debug, Clone)]
pub struct Version {
    /// The batch that brought it.
    pub batch_id: i64,
    /// Its number; 0 for content that came too late to be current.
    pub version: i32,
    /// What it speaks of.
    pub as_of: DateTime<Utc>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// The content.
    pub student: Student,
}

#[derive(QueryableByName)]
struct VersionRow {
    #[diesel(sql_type = SqlUuid)]
    student_id: Uuid,
    #[diesel(sql_type = BigInt)]
    batch_id: i64,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Timestamptz)]
    as_of: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    received_at: DateTime<Utc>,
    #[diesel(sql_type = Binary)]
    content: Vec<u8>,
}

/// Earlier versions of a student, newest first. For callers that have written the disclosure.
pub fn versions(connection: &mut PgConnection, id: StudentId) -> Result<Vec<Version>> {
    let of_all = versions_of_all(connection, &[id])?;
    Ok(of_all.into_iter().flat_map(|(_, versions)| versions).collect())
}

/// The same of several students; one without earlier versions is not among them.
pub fn versions_of_all(
    connection: &mut PgConnection,
    ids: &[StudentId],
) -> Result<Vec<(StudentId, Vec<Version>)>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<VersionRow> = prepared(
        "select student_id, batch_id, version, as_of, received_at, content from student_version
         where student_id = any((select $1)::uuid[])
         order by student_id, as_of desc, received_at desc, version desc",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)?;
    let mut of_all: Vec<(StudentId, Vec<Version>)> = Vec::new();
    for row in rows {
        let version = Version {
            batch_id: row.batch_id,
            version: row.version,
            as_of: row.as_of,
            received_at: row.received_at,
            student: unpacked(&row.content)?,
        };
        match of_all.last_mut().filter(|(id, _)| id.0 == row.student_id) {
            Some((_, versions)) => versions.push(version),
            None => of_all.push((StudentId(row.student_id), vec![version])),
        }
    }
    Ok(of_all)
}

/// A kept version as the student that it was.
pub(crate) fn unpacked(content: &[u8]) -> Result<Student> {
    let json = zstd::bulk::decompress(content, 64 << 20).map_err(|error| unkept(&error))?;
    serde_json::from_slice(&json).map_err(|error| unkept(&error))
}
