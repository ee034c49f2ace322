//! Students and their parts: loading what changed with `COPY`, and reading students whole.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::pg::{CopyFormat, Pg, PgConnection, PgValue};
use diesel::prelude::ExecuteCopyFromDsl as _;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Json, Jsonb, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension as _, QueryableByName, RunQueryDsl as _, sql_query};
use mde::{Facility, Identity, Part as _, StateCode, Student, StudentId, text};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::copy::Rows;
use crate::db::{Error, Result};
use crate::schema;
use crate::tables::PART_TABLES;

/// What the hub holds of a student, as far as loading needs it.
#[derive(Debug, Clone, QueryableByName)]
pub struct Held {
    /// Its key.
    #[diesel(sql_type = SqlUuid)]
    pub student_id: Uuid,
    /// Hash of the current content.
    #[diesel(sql_type = Binary)]
    pub content_hash: Vec<u8>,
    /// Number of the current version.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// Of the newest content or statement about this student.
    #[diesel(sql_type = Timestamptz)]
    pub as_of: DateTime<Utc>,
    /// The batch of the current version.
    #[diesel(sql_type = BigInt)]
    pub batch_id: i64,
    /// When that was received.
    #[diesel(sql_type = Timestamptz)]
    pub received_at: DateTime<Utc>,
    /// `live`, `not_reported` or `deleted`.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// The identifier behind the key, to tell a collision.
    #[diesel(sql_type = diesel::sql_types::Nullable<Text>)]
    pub state_student_id: Option<String>,
}

/// What the hub holds of these students.
pub fn held(connection: &mut PgConnection, ids: &[Uuid]) -> Result<HashMap<Uuid, Held>> {
    let rows: Vec<Held> = sql_query(
        "select t.student_id, t.content_hash, t.version, t.as_of, t.batch_id, t.received_at, t.status, s.state_student_id
         from student_status t left join student s using (student_id) where t.student_id = any($1)",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.student_id, row)).collect())
}

/// Key and as-of of every live student of a state, with its content hash: what a full upload is compared with.
#[derive(Debug, Clone, QueryableByName)]
pub struct Live {
    /// Its key.
    #[diesel(sql_type = SqlUuid)]
    pub student_id: Uuid,
    /// Of the newest content or statement about this student.
    #[diesel(sql_type = Timestamptz)]
    pub as_of: DateTime<Utc>,
}

/// Every live student of a state.
pub fn live(connection: &mut PgConnection, state: StateCode) -> Result<Vec<Live>> {
    Ok(
        sql_query("select student_id, as_of from student_status where state = $1 and status = 'live'")
            .bind::<Text, _>(state.as_str())
            .load(connection)?,
    )
}

/// Where content comes from.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The uploading state.
    pub state: StateCode,
    /// The batch.
    pub batch_id: i64,
    /// What the batch speaks of.
    pub as_of: DateTime<Utc>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
}

/// Takes the lock under which one state's students change. It is held to the end of the transaction, which is one
/// chunk of a load and short, so that a small batch can overtake a large one of the same state.
pub fn lock_state(connection: &mut PgConnection, state: StateCode) -> Result<()> {
    sql_query("select pg_advisory_xact_lock(1, $1)")
        .bind::<Integer, _>(i32::from(state.number()))
        .execute(connection)?;
    Ok(())
}

macro_rules! copy_into {
    ($connection:expr, $table:ident, $rows:expr) => {{
        let rows: Rows = $rows;
        if !rows.is_empty() {
            let bytes = rows.finish();
            diesel::copy_from(schema::$table::table)
                .from_raw_data(schema::$table::table, |copy| {
                    std::io::Write::write_all(copy, &bytes)
                        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
                })
                .with_format(CopyFormat::Binary)
                .execute($connection)?;
        }
    }};
}

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
    copy_into!(connection, student_version, rows);
    Ok(())
}

/// Which of these students this batch has already kept as history.
pub fn kept_late(
    connection: &mut PgConnection,
    batch_id: i64,
    ids: &[Uuid],
) -> Result<std::collections::HashSet<Uuid>> {
    let rows: Vec<Key> = sql_query(
        "select student_id from student_version where student_id = any($1) and batch_id = $2 and version = 0",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<BigInt, _>(batch_id)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.student_id).collect())
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
struct Key {
    #[diesel(sql_type = SqlUuid)]
    student_id: Uuid,
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

fn keep_versions(
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
    copy_into!(connection, student_version, rows);
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

/// The statement that reads students whole: one round trip for all parts of all of them.
#[must_use]
pub fn read_statement() -> String {
    let mut sql = "select 0 as part, student_id, 0 as ordinal, to_json(t) as data from student t where student_id = any($1)".to_owned();
    for (index, part) in PART_TABLES.iter().enumerate() {
        sql.push_str(&format!(
            " union all select {}, student_id, ordinal, to_json(t) from {} t where student_id = any($1)",
            index + 1,
            part.name()
        ));
    }
    sql.push_str(" order by student_id, part, ordinal");
    sql
}

#[derive(QueryableByName)]
struct PartRow {
    #[diesel(sql_type = Integer)]
    part: i32,
    #[diesel(sql_type = SqlUuid)]
    student_id: Uuid,
    #[diesel(sql_type = Json)]
    data: RawJson,
}

/// JSON as text, read straight into a part without a tree of values in between.
#[derive(Debug, FromSqlRow)]
struct RawJson(Vec<u8>);

impl FromSql<Json, Pg> for RawJson {
    fn from_sql(value: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        Ok(Self(value.as_bytes().to_vec()))
    }
}

impl RawJson {
    fn decode<T: DeserializeOwned>(&self, what: &'static str) -> Result<T> {
        serde_json::from_slice(&self.0).map_err(|error| Error::Corrupt {
            what,
            why: error.to_string(),
        })
    }
}

/// The current content of students, in the order of their ids. For the hub's own work: what shows a record to
/// somebody goes through [`crate::persons`], which writes the disclosure.
pub fn read(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<(StudentId, Student)>> {
    let rows: Vec<PartRow> = sql_query(read_statement())
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)?;
    let mut students: Vec<(StudentId, Student)> = Vec::with_capacity(ids.len());
    for row in rows {
        if row.part == 0 {
            students.push((
                StudentId(row.student_id),
                Student::new(row.data.decode("student")?),
            ));
            continue;
        }
        let Some((_, student)) = students.last_mut().filter(|(id, _)| id.0 == row.student_id) else {
            return Err(Error::Corrupt {
                what: "part",
                why: "it has no student".into(),
            });
        };
        match row.part {
            1 => student.alternate_ids.push(row.data.decode("alternate id")?),
            2 => student.qualifying_moves.push(row.data.decode("qualifying move")?),
            3 => student.enrollments.push(row.data.decode("enrollment")?),
            4 => student.courses.push(row.data.decode("course")?),
            5 => student.assessments.push(row.data.decode("assessment")?),
            6 => student.immunizations.push(row.data.decode("immunization")?),
            7 => student.alerts.push(row.data.decode("alert")?),
            _ => student
                .graduation_requirements
                .push(row.data.decode("graduation requirement")?),
        }
    }
    Ok(students)
}

fn decode<T: DeserializeOwned>(what: &'static str, data: serde_json::Value) -> Result<T> {
    serde_json::from_value(data).map_err(|error| Error::Corrupt {
        what,
        why: error.to_string(),
    })
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
    let rows: Vec<VersionRow> = sql_query(
        "select batch_id, version, as_of, received_at, content from student_version where student_id = $1
         order by as_of desc, received_at desc, version desc",
    )
    .bind::<SqlUuid, _>(id.0)
    .load(connection)?;
    let corrupt = |why: String| Error::Corrupt { what: "version", why };
    rows.into_iter()
        .map(|row| {
            let json = zstd::bulk::decompress(&row.content, 64 << 20).map_err(|e| corrupt(e.to_string()))?;
            let student = serde_json::from_slice(&json).map_err(|e| corrupt(e.to_string()))?;
            Ok(Version {
                batch_id: row.batch_id,
                version: row.version,
                as_of: row.as_of,
                received_at: row.received_at,
                student,
            })
        })
        .collect()
}

/// Adds facilities of a state, or replaces them where this batch is at least as new.
pub fn upsert_facilities(
    connection: &mut PgConnection,
    source: Source,
    facilities: &[Facility],
) -> Result<()> {
    let columns: Vec<&str> = Facility::FIELDS.iter().map(|f| f.column).collect();
    let list = columns.join(", ");
    if facilities.is_empty() {
        return Ok(());
    }
    let held = columns
        .iter()
        .map(|c| format!("facility.{c}"))
        .collect::<Vec<_>>()
        .join(", ");
    let sent = columns
        .iter()
        .map(|c| format!("excluded.{c}"))
        .collect::<Vec<_>>()
        .join(", ");
    let sets = columns
        .iter()
        .filter(|c| **c != "code")
        .map(|c| format!("{c} = excluded.{c}"))
        .collect::<Vec<_>>()
        .join(", ");
    let json = serde_json::to_value(facilities).map_err(|e| Error::Corrupt {
        what: "facility",
        why: e.to_string(),
    })?;
    sql_query(format!(
        "insert into facility (state, {list}, raw_codes, as_of, batch_id)
         select $1, {list}, raw_codes, $3, $4 from jsonb_populate_recordset(null::facility, $2)
         on conflict (state, code) do update set {sets}, raw_codes = excluded.raw_codes, as_of = excluded.as_of, batch_id = excluded.batch_id
         where facility.as_of <= excluded.as_of and ({held}) is distinct from ({sent})"
    ))
    .bind::<Text, _>(source.state.as_str())
    .bind::<Jsonb, _>(json)
    .bind::<Timestamptz, _>(source.as_of)
    .bind::<BigInt, _>(source.batch_id)
    .execute(connection)?;
    Ok(())
}

#[derive(QueryableByName)]
struct FacilityRow {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Jsonb)]
    data: serde_json::Value,
}

/// The facilities of these (state, code) pairs; those that are not known are absent. No personal data.
pub fn facilities(
    connection: &mut PgConnection,
    keys: &[(StateCode, String)],
) -> Result<HashMap<(StateCode, String), Facility>> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let (states, codes): (Vec<String>, Vec<String>) =
        keys.iter().map(|(s, c)| (s.to_string(), c.clone())).unzip();
    let rows: Vec<FacilityRow> = sql_query(
        "select f.state, to_jsonb(f) as data from unnest($1::text[], $2::text[]) as k (state, code) join facility f using (state, code)",
    )
    .bind::<Array<Text>, _>(states)
    .bind::<Array<Text>, _>(codes)
    .load(connection)?;
    rows.into_iter()
        .map(|row| {
            let state = StateCode::new(&row.state).map_err(|e| Error::Corrupt {
                what: "facility",
                why: e.to_string(),
            })?;
            let facility: Facility = decode("facility", row.data)?;
            Ok(((state, facility.code.to_string()), facility))
        })
        .collect()
}

/// Codes of all facilities that a state has sent.
pub fn facility_codes(
    connection: &mut PgConnection,
    state: StateCode,
) -> Result<std::collections::HashSet<String>> {
    #[derive(QueryableByName)]
    struct Code {
        #[diesel(sql_type = Text)]
        code: String,
    }
    let rows: Vec<Code> = sql_query("select code from facility where state = $1")
        .bind::<Text, _>(state.as_str())
        .load(connection)?;
    Ok(rows.into_iter().map(|row| row.code).collect())
}

/// Number of live students of a state.
pub fn count_live(connection: &mut PgConnection, state: StateCode) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Option<Count> =
        sql_query("select count(*) as count from student_status where state = $1 and status = 'live'")
            .bind::<Text, _>(state.as_str())
            .get_result(connection)
            .optional()?;
    Ok(row.map_or(0, |row| row.count))
}
