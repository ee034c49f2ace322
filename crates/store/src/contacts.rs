//! Whom to call about a child: people of schools, districts and states, as the administrators of the place keep them.
//! They are staff; nothing about a child is here, so reading it discloses nothing.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
use mde::StateCode;
use mde::code::{Codes as _, ContactRole};

use crate::db::Result;
use crate::roster::Place;
use crate::schema::contact;

/// Days after which a contact has to be verified again.
pub const VERIFY_DAYS: i64 = 90;

/// A contact as somebody keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, AsChangeset)]
#[diesel(table_name = contact, treat_none_as_null = true)]
pub struct NewContact {
    /// The state.
    pub state: String,
    /// The district, as the state writes it; none: the state's own.
    pub district: Option<String>,
    /// The school or project; none: the district's.
    pub facility_code: Option<String>,
    /// A stored code of the set `ContactRole` (X42).
    pub role: String,
    /// Name.
    pub name: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Languages spoken besides English; empty for none.
    pub languages: String,
    /// Who stands in.
    pub cover_name: Option<String>,
    /// Telephone number of who stands in.
    pub cover_phone: Option<String>,
    /// E-mail address of who stands in.
    pub cover_email: Option<String>,
    /// First day of that.
    pub cover_from: Option<NaiveDate>,
    /// Last day of that.
    pub cover_until: Option<NaiveDate>,
}

/// A kept contact.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = contact)]
#[expect(
    missing_docs,
    reason = "as in NewContact, and the migration documents the columns"
)]
pub struct Contact {
    pub contact_id: i64,
    pub state: String,
    pub district: Option<String>,
    pub facility_code: Option<String>,
    pub role: String,
    pub name: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub languages: String,
    pub cover_name: Option<String>,
    pub cover_phone: Option<String>,
    pub cover_email: Option<String>,
    pub cover_from: Option<NaiveDate>,
    pub cover_until: Option<NaiveDate>,
    pub verified_at: DateTime<Utc>,
    pub verified_by: String,
}

impl Contact {
    /// Whether somebody said within [`VERIFY_DAYS`] days that it is right.
    #[must_use]
    pub fn is_verified(&self, now: DateTime<Utc>) -> bool {
        self.verified_at > now - TimeDelta::days(VERIFY_DAYS)
    }

    /// Name, telephone number and address of whom to call on a day: who stands in, on the days of that.
    #[must_use]
    pub fn on(&self, day: NaiveDate) -> (&str, Option<&str>, Option<&str>) {
        let covered = self.cover_from.is_some_and(|from| from <= day)
            && self.cover_until.is_some_and(|until| day <= until);
        match &self.cover_name {
            Some(name) if covered => (name, self.cover_phone.as_deref(), self.cover_email.as_deref()),
            _ => (&self.name, self.phone.as_deref(), self.email.as_deref()),
        }
    }
}

/// What became of a contact that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is new.
    Added,
    /// It took the place of the same person in the same role there.
    Changed,
}

/// Keeps a contact, in the place of what is kept of the same person in the same role there. Who keeps it says that it is
/// right.
pub fn keep(connection: &mut PgConnection, new: &NewContact, by: &str, now: DateTime<Utc>) -> Result<Kept> {
    connection.transaction(|connection| {
        let same: Option<i64> = contact::table
            .filter(contact::state.eq(&new.state))
            .filter(contact::role.eq(&new.role))
            .filter(
                contact::district
                    .is_not_distinct_from(&new.district)
                    .or(
                        diesel::dsl::sql::<diesel::sql_types::Bool>("lower(district) = lower(")
                            .bind::<Nullable<Text>, _>(&new.district)
                            .sql(")"),
                    ),
            )
            .filter(contact::facility_code.is_not_distinct_from(&new.facility_code))
            .filter(
                diesel::dsl::sql::<diesel::sql_types::Bool>("lower(name) = lower(")
                    .bind::<Text, _>(&new.name)
                    .sql(")"),
            )
            .select(contact::contact_id)
            .first(connection)
            .optional()?;
        let said = (
            contact::verified_at.eq(now),
            contact::verified_by.eq(by),
            contact::kept_at.eq(now),
            contact::kept_by.eq(by),
        );
        match same {
            Some(id) => {
                diesel::update(contact::table.find(id))
                    .set((new, said))
                    .execute(connection)?;
                Ok(Kept::Changed)
            }
            None => {
                diesel::insert_into(contact::table)
                    .values((new, said))
                    .execute(connection)?;
                Ok(Kept::Added)
            }
        }
    })
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is changed.
    Yes,
    /// The place has no contact of that number.
    NotFound,
    /// The same person has the same role there already, under another number. Nothing was changed.
    Twice,
}

/// Changes a contact of a place. Who changes it says that it is right.
pub fn change(
    connection: &mut PgConnection,
    place: &Place,
    id: i64,
    new: &NewContact,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Changed> {
    if find(connection, place, id)?.is_none() {
        return Ok(Changed::NotFound);
    }
    let changed = diesel::update(contact::table.find(id))
        .set((
            new,
            contact::verified_at.eq(now),
            contact::verified_by.eq(by),
            contact::kept_at.eq(now),
            contact::kept_by.eq(by),
        ))
        .execute(connection);
    match changed {
        Ok(_) => Ok(Changed::Yes),
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(Changed::Twice),
        Err(error) => Err(error.into()),
    }
}

/// A contact of a place by its number.
pub fn find(connection: &mut PgConnection, place: &Place, id: i64) -> Result<Option<Contact>> {
    Ok(sql_query(
        "select c.* from contact c where contact_id = $1 and state = $2 and ($3::text[] is null or lower(district) = any($3))",
    )
    .bind::<BigInt, _>(id)
    .bind::<Text, _>(place.state.as_str())
    .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
    .get_result(connection)
    .optional()?)
}

/// Forgets a contact of a place. `false` if it has none of that number.
pub fn remove(connection: &mut PgConnection, place: &Place, id: i64) -> Result<bool> {
    let removed = sql_query(
        "delete from contact where contact_id = $1 and state = $2 and ($3::text[] is null or lower(district) = any($3))",
    )
    .bind::<BigInt, _>(id)
    .bind::<Text, _>(place.state.as_str())
    .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
    .execute(connection)?;
    Ok(removed == 1)
}

/// Writes down that somebody says these contacts of a place are right. Returns how many are of the place.
pub fn verify(
    connection: &mut PgConnection,
    place: &Place,
    ids: &[i64],
    by: &str,
    now: DateTime<Utc>,
) -> Result<usize> {
    Ok(sql_query(
        "update contact set verified_at = $4, verified_by = $5
         where contact_id = any($1) and state = $2 and ($3::text[] is null or lower(district) = any($3))",
    )
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Text, _>(place.state.as_str())
    .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(by)
    .execute(connection)?)
}

/// The contacts of a place: the state's own first, then by district, school, role and name.
pub fn of_place(connection: &mut PgConnection, place: &Place) -> Result<Vec<Contact>> {
    Ok(sql_query(
        "select c.* from contact c where state = $1 and ($2::text[] is null or lower(district) = any($2))
           and ($3 is null or facility_code = $3)
         order by lower(district) nulls first, facility_code nulls first, role, lower(name)",
    )
    .bind::<Text, _>(place.state.as_str())
    .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
    .bind::<Nullable<Text>, _>(&place.school)
    .load(connection)?)
}

/// How many contacts of a place have to be verified again.
pub fn count_unverified(connection: &mut PgConnection, place: &Place, now: DateTime<Utc>) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Count = sql_query(
        "select count(*) as count from contact where state = $1 and ($2::text[] is null or lower(district) = any($2))
           and verified_at <= $3",
    )
    .bind::<Text, _>(place.state.as_str())
    .bind::<Nullable<Array<Text>>, _>(place.lower_districts())
    .bind::<Timestamptz, _>(now - TimeDelta::days(VERIFY_DAYS))
    .get_result(connection)?;
    Ok(row.count)
}

/// A place where a child is or was: state, district, school.
pub type Where = (StateCode, Option<String>, Option<String>);

/// Whom to call about children at these places, of this role if one is given: for each the contacts of the school, where
/// it has any, else of the district, else of the state. In the order of the places; each contact once.
pub fn nearest(
    connection: &mut PgConnection,
    places: &[Where],
    role: Option<ContactRole>,
) -> Result<Vec<Contact>> {
    let states: Vec<String> = places.iter().map(|(state, ..)| state.to_string()).collect();
    let districts: Vec<String> = places
        .iter()
        .filter_map(|(_, district, _)| Some(district.as_ref()?.to_lowercase()))
        .collect();
    let schools: Vec<&String> = places.iter().filter_map(|(.., school)| school.as_ref()).collect();
    let known: Vec<Contact> = sql_query(
        "select c.* from contact c where state = any($1) and (district is null or lower(district) = any($2))
           and (facility_code is null or facility_code = any($3)) and ($4 is null or role = $4)
         order by role, lower(name)",
    )
    .bind::<Array<Text>, _>(states)
    .bind::<Array<Text>, _>(districts)
    .bind::<Array<Text>, _>(schools)
    .bind::<Nullable<Text>, _>(role.map(|role| role.row().stored))
    .load(connection)?;
    let mut out: Vec<Contact> = Vec::new();
    for (state, district, school) in places {
        let folded = district.as_ref().map(|name| name.to_lowercase());
        let of = |district: &Option<String>, school: &Option<String>| -> Vec<&Contact> {
            let at = |contact: &&Contact| {
                contact.state == state.as_str()
                    && contact.district.as_ref().map(|name| name.to_lowercase()) == *district
                    && contact.facility_code == *school
            };
            known.iter().filter(at).collect()
        };
        let levels = [(&folded, school), (&folded, &None), (&None, &None)];
        let found = levels
            .into_iter()
            .map(|(district, school)| of(district, school))
            .find(|found| !found.is_empty());
        for contact in found.unwrap_or_default() {
            if !out.contains(contact) {
                out.push(contact.clone());
            }
        }
    }
    Ok(out)
}
