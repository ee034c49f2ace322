//! The statements behind a list: a page of it, its counts, its places. Set-based, each over one index of the roster.

use chrono::{NaiveDate, TimeDelta};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz};
use mde::PersonId;

use super::{EXPIRING_DAYS, Entry, Place, Question, Show};
use crate::db::Result;
use crate::schema::roster;

/// Enrolled and eligible on the day `$2`, in the place of `$3` to `$4`. A state's own list is read by the index of its
/// names, that of one district by the index of the district.
pub(super) fn within(place: &Place) -> &'static str {
    match place.districts.as_deref() {
        None => {
            "r.state = $1 and $3::text[] is null and r.enrolled_on <= $2 and (r.withdrawn_on is null or r.withdrawn_on >= $2)
             and r.eligible_from <= $2 and r.eligible_until >= $2 and ($4 is null or r.facility_code = $4)"
        }
        Some([_]) => {
            "r.state = $1 and lower(r.district) = ($3::text[])[1] and r.enrolled_on <= $2
             and (r.withdrawn_on is null or r.withdrawn_on >= $2)
             and r.eligible_from <= $2 and r.eligible_until >= $2 and ($4 is null or r.facility_code = $4)"
        }
        Some(_) => {
            "r.state = $1 and lower(r.district) = any($3) and r.enrolled_on <= $2
             and (r.withdrawn_on is null or r.withdrawn_on >= $2)
             and r.eligible_from <= $2 and r.eligible_until >= $2 and ($4 is null or r.facility_code = $4)"
        }
    }
}

/// Which of them; `$5` is the instant after which one is new, `$6` the day until which eligibility expires soon.
fn shown(show: Show) -> &'static str {
    match show {
        Show::Everybody => "true",
        Show::New => "r.since > $5",
        Show::Expiring => "r.eligible_until <= $6",
        Show::Priority => "r.priority_for_services",
        Show::EnglishLearner => "r.english_learner",
        Show::SpecialEducation => "r.special_education",
        Show::Alerts => "r.alerts",
        Show::OutOfSchool => "r.out_of_school",
    }
}

impl Place {
    /// Its districts in lower case, as statements compare them.
    pub(crate) fn lower_districts(&self) -> Option<Vec<String>> {
        let lower = |names: &Vec<String>| names.iter().map(|name| name.to_lowercase()).collect();
        self.districts.as_ref().map(lower)
    }
}

impl Question {
    fn soon(&self) -> NaiveDate {
        self.day
            .checked_add_signed(TimeDelta::days(EXPIRING_DAYS))
            .unwrap_or(self.day)
    }
}

/// The statement of a page; the tests look at its plan.
#[must_use]
pub fn page_statement(question: &Question) -> String {
    format!(
        "select distinct on (r.sort_name, r.person_id) r.*, f.name as school
         from roster r left join facility f on f.state = r.state and f.code = r.facility_code
         where {} and {} and ($5 is not null and $6 is not null)
           and (r.sort_name, r.person_id) > ($7, $8)
         order by r.sort_name, r.person_id, r.enrolled_on desc, r.student_id, r.ordinal limit $9",
        within(&question.place),
        shown(question.show)
    )
}

#[derive(QueryableByName)]
struct PageRow {
    #[diesel(embed)]
    entry: Entry,
    #[diesel(sql_type = Nullable<Text>)]
    school: Option<String>,
}

/// Rows of a list by name, each child once by its latest enrollment in the place, with the name of the school.
pub fn page(
    connection: &mut PgConnection,
    question: &Question,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<(Entry, Option<String>)>> {
    // Where a page starts is told by the number of the child before it: an address must hold no name.
    let start: Option<(String, i64)> = match after {
        None => None,
        Some(id) => roster::table
            .filter(roster::person_id.eq(id.number()))
            .filter(roster::state.eq(question.place.state.as_str()))
            .order(roster::sort_name.desc())
            .select((roster::sort_name, roster::person_id))
            .first(connection)
            .optional()?,
    };
    let (name, number) = start.unwrap_or_default();
    let rows: Vec<PageRow> = asked(page_statement(question), question)
        .bind::<Text, _>(name)
        .bind::<BigInt, _>(number)
        .bind::<BigInt, _>(limit)
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.entry, row.school)).collect())
}

/// How many children of a place are what, each counted once. Who is new is counted apart ([`count_new`]): that differs
/// from user to user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, QueryableByName)]
pub struct Counts {
    /// Enrolled and eligible.
    #[diesel(sql_type = BigInt)]
    pub everybody: i64,
    /// Eligibility ends soon.
    #[diesel(sql_type = BigInt)]
    pub expiring: i64,
    /// Priority for services.
    #[diesel(sql_type = BigInt)]
    pub priority: i64,
    /// English learners.
    #[diesel(sql_type = BigInt)]
    pub english_learner: i64,
    /// With an individualized education program.
    #[diesel(sql_type = BigInt)]
    pub special_education: i64,
    /// With an open alert.
    #[diesel(sql_type = BigInt)]
    pub alerts: i64,
    /// Out-of-school youth.
    #[diesel(sql_type = BigInt)]
    pub out_of_school: i64,
}

impl Counts {
    /// The count of one of them, of which `new` are new.
    #[must_use]
    pub fn of(&self, show: Show, new: i64) -> i64 {
        match show {
            Show::Everybody => self.everybody,
            Show::New => new,
            Show::Expiring => self.expiring,
            Show::Priority => self.priority,
            Show::EnglishLearner => self.english_learner,
            Show::SpecialEducation => self.special_education,
            Show::Alerts => self.alerts,
            Show::OutOfSchool => self.out_of_school,
        }
    }
}

/// How many children of the question's place are what. It looks at everybody there.
pub fn counts(connection: &mut PgConnection, question: &Question) -> Result<Counts> {
    let shows = Show::ALL.into_iter().filter(|show| *show != Show::New);
    let count = |show: Show| format!("count(*) filter (where {}) as {}", show.name(), show.name());
    let any = |show: Show| format!("bool_or({}) as {}", shown(show), show.name());
    let all: Vec<String> = shows.clone().map(count).collect();
    let each: Vec<String> = shows.map(any).collect();
    let statement = format!(
        "select {} from (select {} from roster r where {} and $5 is not null group by r.person_id) c",
        all.join(", "),
        each.join(", "),
        within(&question.place)
    );
    Ok(asked(statement, question).get_result(connection)?)
}

#[derive(QueryableByName)]
struct New {
    #[diesel(sql_type = BigInt)]
    new: i64,
}

/// How many children of the question's place are new.
pub fn count_new(connection: &mut PgConnection, question: &Question) -> Result<i64> {
    let statement = format!(
        "select count(distinct r.person_id) as new from roster r where {} and {} and $6 is not null",
        within(&question.place),
        shown(Show::New)
    );
    let row: New = asked(statement, question).get_result(connection)?;
    Ok(row.new)
}

/// A statement with what [`within`] and [`shown`] name.
fn asked(statement: String, question: &Question) -> BoxedSqlQuery<'static, Pg, SqlQuery> {
    sql_query(statement)
        .into_boxed()
        .bind::<Text, _>(question.place.state.as_str().to_owned())
        .bind::<Date, _>(question.day)
        .bind::<Nullable<Array<Text>>, _>(question.place.lower_districts())
        .bind::<Nullable<Text>, _>(question.place.school.clone())
        .bind::<Timestamptz, _>(question.new_since)
        .bind::<Date, _>(question.soon())
}

/// A school or project with children on the list.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct PlaceCount {
    /// Its district, as the state writes it.
    #[diesel(sql_type = Nullable<Text>)]
    pub district: Option<String>,
    /// Its code; none for children who only reside in the district.
    #[diesel(sql_type = Nullable<Text>)]
    pub code: Option<String>,
    /// Its name.
    #[diesel(sql_type = Nullable<Text>)]
    pub name: Option<String>,
    /// Children.
    #[diesel(sql_type = BigInt)]
    pub children: i64,
}

/// The districts and schools of a place that have children on the list, by district and name.
pub fn places(connection: &mut PgConnection, question: &Question) -> Result<Vec<PlaceCount>> {
    let place = Place {
        school: None,
        ..question.place.clone()
    };
    Ok(sql_query(format!(
        "select r.district, r.facility_code as code, min(f.name) as name, count(distinct r.person_id) as children
         from roster r left join facility f on f.state = r.state and f.code = r.facility_code
         where {} group by 1, 2 order by 1 nulls last, 3 nulls last, 2",
        within(&place)
    ))
    .bind::<Text, _>(place.state.as_str())
    .bind::<Date, _>(question.day)
    .bind::<Nullable<Array<Text>>, _>(question.place.lower_districts())
    .bind::<Nullable<Text>, _>(None::<String>)
    .load(connection)?)
}
