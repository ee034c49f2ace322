//! Whom a school, district or state has now: the enrollments of its certified children, kept so that a page of them is
//! found by an index. Who hands a page out discloses everybody on it, in the same transaction.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Integer, Text, Timestamptz, Uuid as SqlUuid};
use mde::code::{Codes as _, Grade};
use mde::{PersonId, StateCode, Student, StudentId};
use serde::Serialize;
use uuid::Uuid;

use crate::access::{Access, Subject};
use crate::db::{Error, Result};
use crate::schema::roster;
use crate::students;

pub mod departures;
mod questions;
mod source;

pub use questions::{Counts, PlaceCount, count_new, counts, page, page_statement, places};
pub use source::{Facilities, Held, held, next_persons};

/// An enrollment of a certified child, as the list keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable, Insertable)]
#[diesel(table_name = roster)]
pub struct Entry {
    /// The student whose enrollment it is.
    pub student_id: Uuid,
    /// Which of its enrollments.
    pub ordinal: i32,
    /// The child.
    pub person_id: i64,
    /// The state.
    pub state: String,
    /// The district of the facility, else of residence, as the state writes it.
    pub district: Option<String>,
    /// The school or project.
    pub facility_code: Option<String>,
    /// Last names and first name, folded: the order of the list.
    pub sort_name: String,
    /// First day.
    pub enrolled_on: NaiveDate,
    /// Last day; none while it is open.
    pub withdrawn_on: Option<NaiveDate>,
    /// Grade, by its stored code.
    pub grade: Option<String>,
    /// English learner (X11), by the child's latest enrollment in the state that says so or not.
    pub english_learner: bool,
    /// Individualized education program (X12), likewise.
    pub special_education: bool,
    /// Priority for services (X14), likewise.
    pub priority_for_services: bool,
    /// Whether an alert about the child is open, in any state.
    pub alerts: bool,
    /// Whether it is enrolled as out of school.
    pub out_of_school: bool,
    /// The qualifying arrival by which it is eligible in the state.
    pub eligible_from: NaiveDate,
    /// The last day of that eligibility.
    pub eligible_until: NaiveDate,
    /// When the hub first saw the child in this district; the first day of an enrollment that was history then.
    pub since: DateTime<Utc>,
}

/// Puts `wanted` in the place of what is kept of these persons. What is already so is not touched, and who was in the
/// district before keeps the time since when; so a second call changes nothing. In the caller's transaction.
pub fn settle(connection: &mut PgConnection, persons: &[i64], mut wanted: Vec<Entry>) -> Result<()> {
    let students: Vec<Uuid> = wanted.iter().map(|entry| entry.student_id).collect();
    let kept: Vec<Entry> = roster::table
        .filter(
            roster::person_id
                .eq_any(persons)
                .or(roster::student_id.eq_any(students)),
        )
        .select(Entry::as_select())
        .load(connection)?;
    let mut since: HashMap<(Uuid, Option<String>), DateTime<Utc>> = HashMap::new();
    for entry in &kept {
        let first = since.entry(entry.place()).or_insert(entry.since);
        *first = entry.since.min(*first);
    }
    let mut first_of_wanted: HashMap<(Uuid, Option<String>), DateTime<Utc>> = HashMap::new();
    for entry in &wanted {
        let first = first_of_wanted.entry(entry.place()).or_insert(entry.since);
        *first = entry.since.min(*first);
    }
    for (place, first) in first_of_wanted {
        since.entry(place).or_insert(first);
    }
    for entry in &mut wanted {
        if let Some(first) = since.get(&entry.place()) {
            entry.since = *first;
        }
    }
    let kept: BTreeMap<(Uuid, i32), Entry> =
        kept.into_iter().map(|e| ((e.student_id, e.ordinal), e)).collect();
    let staying: HashSet<(Uuid, i32)> = wanted
        .iter()
        .map(|entry| (entry.student_id, entry.ordinal))
        .filter(|key| kept.contains_key(key))
        .collect();
    wanted.retain(|entry| kept.get(&(entry.student_id, entry.ordinal)) != Some(entry));
    let changed: HashSet<(Uuid, i32)> = wanted.iter().map(|e| (e.student_id, e.ordinal)).collect();
    let (gone, ordinals): (Vec<Uuid>, Vec<i32>) = kept
        .keys()
        .filter(|key| !staying.contains(key) || changed.contains(key))
        .copied()
        .unzip();
    sql_query(
        "delete from roster r using unnest($1::uuid[], $2::integer[]) as g (student_id, ordinal)
         where r.student_id = g.student_id and r.ordinal = g.ordinal",
    )
    .bind::<Array<SqlUuid>, _>(gone)
    .bind::<Array<Integer>, _>(ordinals)
    .execute(connection)?;
    // PostgreSQL takes 65,535 values in a statement.
    for part in wanted.chunks(2_000) {
        diesel::insert_into(roster::table)
            .values(part)
            .execute(connection)?;
    }
    Ok(())
}

impl Entry {
    fn place(&self) -> (Uuid, Option<String>) {
        (
            self.student_id,
            self.district.as_ref().map(|name| name.to_lowercase()),
        )
    }
}

/// Whose children.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The state.
    pub state: StateCode,
    /// Only these districts, upper or lower case; all of the state for none.
    pub districts: Option<Vec<String>>,
    /// Only this school or project, by its code.
    pub school: Option<String>,
}

/// Which of the children who are enrolled and eligible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Show {
    /// All of them.
    #[default]
    Everybody,
    /// Whom the hub first saw there after an instant.
    New,
    /// Whose eligibility ends within [`EXPIRING_DAYS`].
    Expiring,
    /// With priority for services.
    Priority,
    /// English learners.
    EnglishLearner,
    /// With an individualized education program.
    SpecialEducation,
    /// With an open alert.
    Alerts,
    /// Out-of-school youth.
    OutOfSchool,
}

/// Days before its end at which eligibility is shown as expiring.
pub const EXPIRING_DAYS: i64 = 60;

impl Show {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 8] = [
        Self::Everybody,
        Self::New,
        Self::Expiring,
        Self::Priority,
        Self::EnglishLearner,
        Self::SpecialEducation,
        Self::Alerts,
        Self::OutOfSchool,
    ];

    /// Its name in addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::New => "new",
            Self::Expiring => "expiring",
            Self::Priority => "priority",
            Self::EnglishLearner => "english_learner",
            Self::SpecialEducation => "special_education",
            Self::Alerts => "alerts",
            Self::OutOfSchool => "out_of_school",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|show| show.name() == name)
    }
}

/// A question about a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Whose children.
    pub place: Place,
    /// Which of them.
    pub show: Show,
    /// On which day they are enrolled and eligible.
    pub day: NaiveDate,
    /// After which instant a child counts as new.
    pub new_since: DateTime<Utc>,
}

/// A child on the list, by its latest enrollment in the place.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The child.
    pub person_id: PersonId,
    /// The enrollment by which it is listed.
    pub entry: Entry,
    /// Name of the school or project.
    pub school: Option<String>,
    /// Who it is, as the state sent it; of a list of departures also what the record is looked through for.
    pub student: Student,
}

impl Listed {
    /// Grade in words.
    #[must_use]
    pub fn grade(&self) -> Option<&'static str> {
        self.grade_level().map(|grade| grade.row().label)
    }

    /// Grade.
    #[must_use]
    pub fn grade_level(&self) -> Option<Grade> {
        let stored = self.entry.grade.as_deref()?;
        Grade::ALL
            .iter()
            .find(|grade| grade.row().stored == stored)
            .copied()
    }
}

/// What a list discloses of each child on it.
const CATEGORIES: [&str; 3] = ["identity", "enrollments", "moves"];

/// Children of a list by name, from the one after `after` on, and whether there are more. Each is disclosed.
pub fn listed(
    connection: &mut PgConnection,
    access: &Access,
    question: &Question,
    after: Option<PersonId>,
    limit: i64,
) -> Result<(Vec<Listed>, bool)> {
    connection.transaction(|connection| {
        let mut rows = page(connection, question, after, limit + 1)?;
        let more = rows.len() as i64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let ids: Vec<Uuid> = rows.iter().map(|(entry, _)| entry.student_id).collect();
        let mut who: HashMap<StudentId, Student> =
            students::read_parts(connection, &ids, &[])?.into_iter().collect();
        let mut children = Vec::with_capacity(rows.len());
        for (entry, school) in rows {
            // A student whose record went away since is off the list with the next look at it.
            let Some(student) = who.remove(&StudentId(entry.student_id)) else {
                continue;
            };
            let person_id = PersonId::new(entry.person_id).map_err(|error| Error::Corrupt {
                what: "person id",
                why: error.to_string(),
            })?;
            children.push(Listed {
                person_id,
                entry,
                school,
                student,
            });
        }
        let subjects: Vec<Subject> = children
            .iter()
            .map(|child| Subject::Person(child.person_id))
            .collect();
        access.disclose(connection, &subjects, &CATEGORIES)?;
        Ok((children, more))
    })
}

#[derive(QueryableByName)]
struct Visit {
    #[diesel(sql_type = Timestamptz)]
    new_since: DateTime<Utc>,
}

/// Notes that an account looks at the list of a state, and says since when children are new to it: since its last look
/// that was not part of this one, or since `first` for who never looked. Looks less than `pause` apart are one.
pub fn visit(
    connection: &mut PgConnection,
    account_id: i64,
    state: StateCode,
    now: DateTime<Utc>,
    (first, pause): (DateTime<Utc>, chrono::TimeDelta),
) -> Result<DateTime<Utc>> {
    let visit: Visit = sql_query(
        "insert into roster_visit as v (account_id, state, visited_at, new_since) values ($1, $2, $3, $4)
         on conflict (account_id, state) do update set visited_at = $3,
             new_since = case when v.visited_at < $5 then v.visited_at else v.new_since end
         returning new_since",
    )
    .bind::<BigInt, _>(account_id)
    .bind::<Text, _>(state.as_str())
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(first)
    .bind::<Timestamptz, _>(now - pause)
    .get_result(connection)?;
    Ok(visit.new_since)
}

/// Since when children are new to an account, without noting a look; `first` for who never looked.
pub fn new_since(
    connection: &mut PgConnection,
    account_id: i64,
    state: StateCode,
    first: DateTime<Utc>,
) -> Result<DateTime<Utc>> {
    let visit: Option<Visit> =
        sql_query("select new_since from roster_visit where account_id = $1 and state = $2")
            .bind::<BigInt, _>(account_id)
            .bind::<Text, _>(state.as_str())
            .get_result(connection)
            .optional()?;
    Ok(visit.map_or(first, |visit| visit.new_since))
}
