//! The feed of changes: what changed for a state's children, in order, from a cursor on.
//!
//! Links are changed by one transaction at a time ([`crate::links::lock`]), and the numbers of this feed are drawn under
//! that lock: who has read up to a number has missed nothing before it.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};
use mde::{PersonId, StateCode};

use crate::db::Result;

/// A change of persons, of which every state with a student in them is told. That a student got another number is told
/// beside it, to the student's own state, as `link`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Two persons became one; the former number is retired.
    Merge,
    /// Students of a person became another person.
    Split,
    /// A merge or split was undone.
    Undo,
}

impl Kind {
    /// Its name in the feed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Split => "split",
            Self::Undo => "undo",
        }
    }
}

/// An entry of the feed.
#[derive(Debug, Clone, QueryableByName)]
pub struct Change {
    /// Its place; the cursor.
    #[diesel(sql_type = BigInt)]
    pub change_id: i64,
    /// `link`, `merge`, `split` or `undo`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// When.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    /// The state's own student whose person changed, for `link`.
    #[diesel(sql_type = Nullable<Text>)]
    pub state_student_id: Option<String>,
    /// The person now.
    #[diesel(sql_type = BigInt)]
    pub person_id: i64,
    /// The person before: retired by a merge, left by a split.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub former_person_id: Option<i64>,
    /// The decision of people behind it.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub work_item_id: Option<i64>,
}

/// What changed for a state's children after the cursor (0: from the beginning), oldest first.
pub fn since(
    connection: &mut PgConnection,
    state: StateCode,
    cursor: i64,
    limit: i64,
) -> Result<Vec<Change>> {
    Ok(sql_query(
        "select c.change_id, c.kind, c.at, s.state_student_id, c.person_id, c.former_person_id, c.work_item_id
         from change c left join student s on s.student_id = c.student_id
         where c.state = $1 and c.change_id > $2 order by c.change_id limit $3",
    )
    .bind::<Text, _>(state.as_str())
    .bind::<BigInt, _>(cursor)
    .bind::<BigInt, _>(limit)
    .load(connection)?)
}

/// Tells every state that has a student in one of the two persons. Called in the transaction of the change, while the
/// students of both are known.
pub fn tell(
    connection: &mut PgConnection,
    kind: Kind,
    person: PersonId,
    former: Option<PersonId>,
    work_item_id: Option<i64>,
    now: DateTime<Utc>,
) -> Result<()> {
    crate::links::lock(connection)?;
    sql_query(
        "insert into change (state, kind, at, person_id, former_person_id, work_item_id)
         select distinct t.state, $1, $2, $3, $4, $5 from link l join student_status t using (student_id)
         where l.person_id in ($3, coalesce($4, $3)) order by 1",
    )
    .bind::<Text, _>(kind.name())
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(person.number())
    .bind::<Nullable<BigInt>, _>(former.map(PersonId::number))
    .bind::<Nullable<BigInt>, _>(work_item_id)
    .execute(connection)?;
    Ok(())
}
