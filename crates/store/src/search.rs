//! Finding a child by name and birth date: candidates from the folded names, to be ranked by who compares names.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate, TimeDelta};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Bool, Date, Nullable, Text, Uuid as SqlUuid};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _};
use mde::code::{Codes as _, Gender};
use mde::{Identity, PersonId, StateCode, Student, StudentId, text};
use uuid::Uuid;

use crate::access::{Access, Subject};
use crate::db::Result;
use crate::prepared::prepared;
use crate::students;

/// What is asked for. A name alone does not browse children: a birth date or year is needed as well.
#[derive(Debug, Clone)]
pub struct Query {
    /// Any names, in any order.
    pub names: String,
    /// Whole birth date, if known.
    pub birth_date: Option<NaiveDate>,
    /// Year of birth, if only that is known.
    pub birth_year: Option<i32>,
    /// Only students of this state.
    pub state: Option<StateCode>,
}

/// A student that may be the one, as far as it takes to judge how alike it is.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its key.
    pub student_id: StudentId,
    /// Its person; `None` while the linker has not seen it.
    pub person_id: Option<PersonId>,
    /// Whether its state still reports it.
    pub live: bool,
    /// First name (data element 5).
    pub first_name: String,
    /// Middle name (6).
    pub middle_name: Option<String>,
    /// Last name (3).
    pub last_name_1: String,
    /// Second last name (4).
    pub last_name_2: Option<String>,
    /// Birth date (9).
    pub birth_date: Option<NaiveDate>,
    /// Gender (8).
    pub gender: Option<Gender>,
    /// Legal parents (14 to 17) and guardian (18, 19).
    pub adults: [Adult; 3],
}

/// Who brings a child up, as its state writes the name.
#[derive(Debug, Clone, Default)]
pub struct Adult {
    /// First name.
    pub first: Option<String>,
    /// Last names.
    pub last: Option<String>,
}

/// At most this many candidates are read for one search: some times as many as anybody is shown.
pub const CANDIDATES: i64 = 200;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    student_id: Uuid,
    #[diesel(sql_type = Nullable<BigInt>)]
    person_id: Option<i64>,
    #[diesel(sql_type = Bool)]
    live: bool,
    #[diesel(sql_type = Text)]
    first_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    middle_name: Option<String>,
    #[diesel(sql_type = Text)]
    last_name_1: String,
    #[diesel(sql_type = Nullable<Text>)]
    last_name_2: Option<String>,
    #[diesel(sql_type = Nullable<Date>)]
    birth_date: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Text>)]
    gender: Option<String>,
    #[diesel(sql_type = Array<Nullable<Text>>)]
    adults: Vec<Option<String>>,
}

/// Students that share a name with the query and were born near its date, or were born on it. The ranking decides which
/// of them are shown; whom it shows is disclosed by [`search`].
pub fn candidates(
    connection: &mut PgConnection,
    query: &Query,
    also_tokens: &[String],
) -> Result<Vec<Candidate>> {
    let mut tokens = text::fold(&query.names);
    tokens.extend(also_tokens.iter().cloned());
    let (days, from, to) = window(query);
    let (first, last) = keys(query.state);
    // A frequent name has thousands of hits in a year: they are judged by what the index of names holds alone, and
    // only of the best is anything else read.
    let rows: Vec<Row> = prepared(
        "with hit as (
            select student_id, count(*) as tokens, bool_or(birth_date = any($2)) as same_day from student_name
            where token = any($1) and birth_date between $3 and $4 and student_id between $6 and $7 group by 1
            union all
            select student_id, 0, true from student
            where birth_date = any($2) and cardinality($2) <= 2 and student_id between $6 and $7),
         best as (
            select student_id, max(tokens) as tokens, bool_or(same_day) as same_day from hit group by 1
            order by bool_or(same_day) and max(tokens) > 0 desc, max(tokens) desc, bool_or(same_day) desc, student_id
            limit $5)
         select b.student_id, l.person_id, t.status = 'live' as live, s.first_name, s.middle_name, s.last_name_1,
                s.last_name_2, s.birth_date, s.gender,
                array[s.parent1_first_name, s.parent1_last_name, s.parent2_first_name, s.parent2_last_name,
                      s.guardian_first_name, s.guardian_last_name] as adults
         from best b join student s using (student_id) join student_status t using (student_id)
         left join link l using (student_id)
         order by same_day and tokens > 0 desc, tokens desc, same_day desc, student_id",
    )
    .bind::<Array<Text>, _>(tokens)
    .bind::<Array<Date>, _>(days)
    .bind::<Date, _>(from)
    .bind::<Date, _>(to)
    .bind::<BigInt, _>(CANDIDATES)
    .bind::<SqlUuid, _>(first)
    .bind::<SqlUuid, _>(last)
    .load(connection)?;
    let candidate = |row: Row| Candidate {
        gender: row.gender.as_deref().and_then(gender),
        adults: adults(row.adults),
        student_id: StudentId(row.student_id),
        person_id: row.person_id.and_then(|id| PersonId::new(id).ok()),
        live: row.live,
        first_name: row.first_name,
        middle_name: row.middle_name,
        last_name_1: row.last_name_1,
        last_name_2: row.last_name_2,
        birth_date: row.birth_date,
    };
    Ok(rows.into_iter().map(candidate).collect())
}

fn gender(code: &str) -> Option<Gender> {
    Gender::ALL
        .iter()
        .copied()
        .find(|gender| gender.row().stored == code)
}

fn adults(names: Vec<Option<String>>) -> [Adult; 3] {
    let mut names = names.into_iter();
    [(); 3].map(|()| Adult {
        first: names.next().flatten(),
        last: names.next().flatten(),
    })
}

/// The first and the last key that a student of the state can have; without one, of any.
fn keys(state: Option<StateCode>) -> (Uuid, Uuid) {
    let Some(state) = state else {
        return (Uuid::nil(), Uuid::max());
    };
    let bound = |rest: u8| {
        let [high, low] = state.number().to_be_bytes();
        let mut bytes = [rest; 16];
        (bytes[0], bytes[1]) = (high, low);
        Uuid::from_bytes(bytes)
    };
    (bound(0), bound(u8::MAX))
}

/// The days that count as the asked one (day and month may be swapped) and the years around it, which hold these days.
fn window(query: &Query) -> (Vec<NaiveDate>, NaiveDate, NaiveDate) {
    let mut days = Vec::new();
    if let Some(date) = query.birth_date {
        days.push(date);
        days.extend(
            NaiveDate::from_ymd_opt(date.year(), date.day(), date.month()).filter(|swapped| *swapped != date),
        );
    }
    let year = query.birth_date.map(|d| d.year()).or(query.birth_year);
    let first = |year: i32| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(NaiveDate::MIN);
    let slack = i32::from(query.birth_date.is_some()) + 1;
    match year {
        Some(year) => (
            days,
            first(year - slack + 1),
            first(year + slack) - TimeDelta::days(1),
        ),
        None => (days, students::UNKNOWN_BIRTH_DATE, first(2101)),
    }
}

/// Runs a search: reads candidates, lets `rank` choose whom to show, reads who these are and writes their disclosure.
/// What `rank` says of each comes back with its identity, in the same order.
pub fn search<T>(
    connection: &mut PgConnection,
    access: &Access,
    query: &Query,
    also_tokens: &[String],
    rank: impl FnOnce(Vec<Candidate>) -> Vec<(StudentId, T)>,
) -> Result<Vec<(T, Identity)>> {
    connection.transaction(|connection| {
        let hits = rank(candidates(connection, query, also_tokens)?);
        let ids: Vec<Uuid> = hits.iter().map(|(id, _)| id.0).collect();
        let mut who: HashMap<StudentId, Student> =
            students::read_parts(connection, &ids, &[])?.into_iter().collect();
        let subjects: Vec<Subject> = hits.iter().map(|(id, _)| Subject::Student(*id)).collect();
        if !subjects.is_empty() {
            access.disclose(connection, &subjects, &["search"])?;
        }
        // Who went away in between is not found.
        let known = hits
            .into_iter()
            .filter_map(|(id, of)| Some((of, who.remove(&id)?.identity)));
        Ok(known.collect())
    })
}
