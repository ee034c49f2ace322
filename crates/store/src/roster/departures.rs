//! Who of a list is expected to leave: by its earlier ways, which are kept with the list; by the day of a withdrawal to
//! come; and by a notice that somebody has sent.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz};
use mde::{PartKind, PersonId, Student, StudentId};
use uuid::Uuid;

use super::questions::within;
use super::{Entry, Listed, Place};
use crate::access::{Access, Subject};
use crate::db::Result;
use crate::schema::departure;
use crate::{persons, students};

/// When a child is expected to leave a state, as its earlier ways say.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = departure)]
pub struct Departure {
    /// The state.
    pub state: String,
    /// The child.
    pub person_id: i64,
    /// First day, a Monday.
    pub expected_from: NaiveDate,
    /// Last day, a Sunday.
    pub expected_until: NaiveDate,
    /// The days on which it left in earlier years, the latest first.
    pub left_on: Vec<NaiveDate>,
    /// The state in which it then showed up, one for each.
    pub left_for: Vec<String>,
}

/// Puts `wanted` in the place of what is kept of these persons; what is already so is not touched. In the caller's
/// transaction.
pub fn settle(connection: &mut PgConnection, persons: &[i64], wanted: Vec<Departure>) -> Result<()> {
    let kept: Vec<Departure> = departure::table
        .filter(departure::person_id.eq_any(persons))
        .select(Departure::as_select())
        .load(connection)?;
    let key = |row: &Departure| (row.state.clone(), row.person_id);
    let wanted: BTreeMap<_, Departure> = wanted.into_iter().map(|row| (key(&row), row)).collect();
    for row in kept.iter().filter(|row| wanted.get(&key(row)) != Some(*row)) {
        diesel::delete(departure::table.find((&row.state, row.person_id))).execute(connection)?;
    }
    let fresh: Vec<Departure> = wanted.into_values().filter(|row| !kept.contains(row)).collect();
    diesel::insert_into(departure::table)
        .values(fresh)
        .execute(connection)?;
    Ok(())
}

/// A question about departures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Whose children.
    pub place: Place,
    /// Today in the state.
    pub day: NaiveDate,
    /// Who is expected to leave by this day.
    pub until: NaiveDate,
}

/// A notice that tells of a departure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Its number.
    pub move_notice_id: i64,
    /// The state to which the child goes.
    pub to_state: Option<String>,
    /// When it is expected there, or came.
    pub expected_date: Option<NaiveDate>,
    /// When the notice was sent.
    pub sent_at: DateTime<Utc>,
}

/// A child that is expected to leave, by its latest enrollment in the place.
#[derive(Debug, Clone)]
pub struct Departing {
    /// The child; its courses, assessments and immunizations as the state reports them are read.
    pub child: Listed,
    /// What its earlier ways say.
    pub by_past: Option<Departure>,
    /// The latest notice about it since that enrollment began.
    pub announced: Option<Announced>,
    /// When the note was written that its school has handed it off, while the note holds.
    pub handed_off_at: Option<DateTime<Utc>>,
}

impl Departing {
    /// The day of its withdrawal, if that is to come by the last day asked about.
    #[must_use]
    pub fn withdrawal(&self, until: NaiveDate) -> Option<NaiveDate> {
        self.child.entry.withdrawn_on.filter(|day| *day <= until)
    }
}

/// Days for which a notice tells of a departure that nobody has seen happen.
const NOTICE_DAYS: i64 = 180;

#[derive(QueryableByName)]
struct Row {
    #[diesel(embed)]
    entry: Entry,
    #[diesel(sql_type = Nullable<Text>)]
    school: Option<String>,
    #[diesel(sql_type = Nullable<Date>)]
    expected_from: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Date>)]
    expected_until: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Array<Date>>)]
    left_on: Option<Vec<NaiveDate>>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    left_for: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<BigInt>)]
    move_notice_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    to_state: Option<String>,
    #[diesel(sql_type = Nullable<Date>)]
    expected_date: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    sent_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    handed_off_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// The statement of a page; the tests look at its plan. Candidates come first, each kind by its own index: of a state's
/// children few are about to leave.
#[must_use]
pub fn page_statement(place: &Place) -> String {
    format!(
        "with candidate as (
            select d.person_id from departure d where d.state = $1 and d.expected_from <= $5
            union
            select r.person_id from roster r where r.state = $1 and r.withdrawn_on between $2 and $5
            union
            select coalesce(a.person_id, n.person_id)
            from move_notice n left join person_alias a on a.retired_id = n.person_id
            where n.from_state = $1 and n.event = 'manual' and n.withdrawn_at is null and n.created_at > $6
              and coalesce(n.expected_date, $2) <= $5),
         here as (
            select distinct on (r.person_id) r.* from candidate join roster r using (person_id)
            where {} order by r.person_id, r.enrolled_on desc, r.student_id, r.ordinal),
         list as (
            select h.*, d.expected_from, d.expected_until, d.left_on, d.left_for,
                   n.move_notice_id, n.to_state, n.expected_date, n.created_at as sent_at,
                   coalesce(case when h.withdrawn_on <= $5 then h.withdrawn_on end, n.expected_date, d.expected_from, $2) as leaves
            from here h
            left join departure d on d.state = h.state and d.person_id = h.person_id and d.expected_from <= $5
            left join lateral (
                select n.move_notice_id, n.to_state, n.expected_date, n.created_at from move_notice n
                where (n.person_id = h.person_id
                       or n.person_id in (select a.retired_id from person_alias a where a.person_id = h.person_id))
                  and n.from_state = $1 and n.event = 'manual' and n.withdrawn_at is null
                  and n.created_at > greatest($6, h.enrolled_on::timestamptz) and coalesce(n.expected_date, $2) <= $5
                order by n.move_notice_id desc limit 1) n on true
            where h.withdrawn_on <= $5 or d.person_id is not null or n.move_notice_id is not null)
         select l.*, f.name as school, o.written_at as handed_off_at, (select count(*) from list) as total
         from list l left join facility f on f.state = l.state and f.code = l.facility_code
         left join lateral (
            select h.written_at from hand_off h join student_status t using (student_id)
            where h.student_id = l.student_id and h.ended is null and t.received_at <= h.written_at
            order by h.hand_off_id desc limit 1) o on true
         where (l.leaves, l.sort_name, l.person_id) > coalesce(
            (select (c.leaves, c.sort_name, c.person_id) from list c where c.person_id = $7),
            ('-infinity'::date, ''::text, 0::bigint))
         order by l.leaves, l.sort_name, l.person_id limit $8",
        within(place)
    )
}

/// What the list discloses of each child on it.
const CATEGORIES: [&str; 6] = [
    "identity",
    "enrollments",
    "moves",
    "courses",
    "assessments",
    "immunizations",
];

/// Children who are expected to leave, the first to go first, from the one after `after` on; whether there are more, and
/// how many there are in all. Each that is returned is disclosed; with a limit of 0 they are only counted.
pub fn departing(
    connection: &mut PgConnection,
    access: &Access,
    question: &Question,
    after: Option<PersonId>,
    limit: i64,
) -> Result<(Vec<Departing>, bool, i64)> {
    connection.transaction(|connection| {
        let place = &question.place;
        let mut rows: Vec<Row> = sql_query(page_statement(place))
            .bind::<Text, _>(place.state.as_str())
            .bind::<Date, _>(question.day)
            .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
            .bind::<Nullable<Text>, _>(place.school.clone())
            .bind::<Date, _>(question.until)
            .bind::<Timestamptz, _>(access.at - TimeDelta::days(NOTICE_DAYS))
            .bind::<Nullable<BigInt>, _>(after.map(PersonId::number))
            .bind::<BigInt, _>(limit + 1)
            .load(connection)?;
        let more = rows.len() as i64 > limit;
        let total = rows.first().map_or(0, |row| row.total);
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let ids: Vec<Uuid> = rows.iter().map(|row| row.entry.student_id).collect();
        let parts = [PartKind::Course, PartKind::Assessment, PartKind::Immunization];
        let mut who: HashMap<StudentId, Student> = students::read_parts(connection, &ids, &parts)?
            .into_iter()
            .collect();
        let mut children = Vec::with_capacity(rows.len());
        for row in rows {
            // A student whose record went away since is off the list with the next look at it.
            if let Some(student) = who.remove(&StudentId(row.entry.student_id)) {
                children.push(row.departing(student)?);
            }
        }
        let subjects: Vec<Subject> = children
            .iter()
            .map(|departing| Subject::Person(departing.child.person_id))
            .collect();
        access.disclose(connection, &subjects, &CATEGORIES)?;
        Ok((children, more, total))
    })
}

impl Row {
    fn departing(self, student: Student) -> Result<Departing> {
        let by_past = match (
            self.expected_from,
            self.expected_until,
            self.left_on,
            self.left_for,
        ) {
            (Some(expected_from), Some(expected_until), Some(left_on), Some(left_for)) => Some(Departure {
                state: self.entry.state.clone(),
                person_id: self.entry.person_id,
                expected_from,
                expected_until,
                left_on,
                left_for,
            }),
            _ => None,
        };
        let announced = match (self.move_notice_id, self.sent_at) {
            (Some(move_notice_id), Some(sent_at)) => Some(Announced {
                move_notice_id,
                to_state: self.to_state,
                expected_date: self.expected_date,
                sent_at,
            }),
            _ => None,
        };
        Ok(Departing {
            child: Listed {
                person_id: persons::id(self.entry.person_id)?,
                entry: self.entry,
                school: self.school,
                student,
            },
            by_past,
            announced,
            handed_off_at: self.handed_off_at,
        })
    }
}
