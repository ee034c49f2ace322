//! Which children are brothers and sisters, as far as what one state says of them shows it.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Integer, Text};
use mde::PersonId;

use crate::access::{Access, Subject};
use crate::db::Result;
use crate::persons;

/// Students of a state with one certificate number, or with the same two parents, are a family only if they are not more
/// than this: what more have in common is a clerk's stopgap.
const LARGEST: i32 = 30;

/// A child that seems to be a brother or sister.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sibling {
    /// The child.
    pub person_id: PersonId,
    /// What shows it: `certificate` (the same certificate of eligibility), `parents` (the same two parents).
    pub because: Vec<String>,
}

/// The persons with a live student that a state holds under the same certificate of eligibility (X32) as one of this
/// person's students there, or with the same two parents (14 to 17) in either order; by number. A voided move shows
/// nothing. That they are named is disclosed.
pub fn siblings(connection: &mut PgConnection, access: &Access, of: PersonId) -> Result<Vec<Sibling>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        person_id: i64,
        #[diesel(sql_type = Array<Text>)]
        because: Vec<String>,
    }
    connection.transaction(|connection| {
        let rows: Vec<Row> = sql_query(
            "with own as materialized (
                select s.student_id, s.state, lower(s.parent1_last_name) as last_1, lower(s.parent1_first_name) as first_1,
                       lower(s.parent2_last_name) as last_2, lower(s.parent2_first_name) as first_2
                from link l join student s using (student_id) join student_status t using (student_id)
                where l.person_id = $1 and t.status = 'live'),
             certificate as (
                select distinct o.state, m.certificate_number from own o join qualifying_move m using (student_id)
                where m.certificate_number is not null and m.void_date is null),
             pair as (
                select state, last_1, first_1, last_2, first_2 from own
                union
                select state, last_2, first_2, last_1, first_1 from own),
             found as (
                select 'certificate' as why, f.students from certificate c cross join lateral (
                    select array(select distinct m.student_id from qualifying_move m join student s using (student_id)
                                 where m.certificate_number = c.certificate_number and s.state = c.state
                                   and m.void_date is null limit $2 + 1) as students) f
                union all
                select 'parents', f.students from pair p cross join lateral (
                    select array(select s.student_id from student s
                                 where lower(s.parent1_last_name) = p.last_1 and lower(s.parent1_first_name) = p.first_1
                                   and s.parent1_first_name is not null
                                   and lower(s.parent2_last_name) = p.last_2 and lower(s.parent2_first_name) = p.first_2
                                   and s.state = p.state limit $2 + 1) as students) f)
             select l.person_id, array_agg(distinct f.why order by f.why) as because
             from found f cross join lateral unnest(f.students) as one (student_id)
             join link l using (student_id) join student_status t using (student_id)
             where cardinality(f.students) <= $2 and t.status = 'live' and l.person_id <> $1
             group by l.person_id order by l.person_id",
        )
        .bind::<BigInt, _>(of.number())
        .bind::<Integer, _>(LARGEST)
        .load(connection)?;
        let siblings = rows
            .into_iter()
            .map(|row| {
                Ok(Sibling {
                    person_id: persons::id(row.person_id)?,
                    because: row.because,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let subjects: Vec<Subject> = siblings.iter().map(|s| Subject::Person(s.person_id)).collect();
        if !subjects.is_empty() {
            access.disclose(connection, &subjects, &["family"])?;
        }
        Ok(siblings)
    })
}
