//! The feed of changes: what changed for a state's children, in order, from a cursor on.
//!
//! The numbers of this feed are drawn by one transaction at a time, under the lock of links ([`crate::links::lock`]),
//! which is held until the commit: who has read up to a number has missed nothing before it. Whoever writes here takes
//! that lock first, before any other row.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Date, Nullable, Text, Timestamptz};
use mde::{PersonId, StateCode};

use crate::access::{Access, Subject};
use crate::db::Result;

mod news;

pub use news::{About, Entry, Told, candidates, forget, remember, told, write};

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
    /// `link`, `merge`, `split` or `undo`; a kind of [`About`]; `notice`, `notice_step`, `data_request`, `correction` or
    /// `findings`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// When.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    /// The state's own student that it is about: whose person changed, or of whom another state says something.
    #[diesel(sql_type = Nullable<Text>)]
    pub state_student_id: Option<String>,
    /// The person now; `None` for findings of a batch.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub person_id: Option<i64>,
    /// The person before: retired by a merge, left by a split.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub former_person_id: Option<i64>,
    /// The decision of people behind it; the request, for `data_request` and `correction`.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub work_item_id: Option<i64>,
    /// The state whose word is new; of a notice, the state that sent it by hand; of a step or a request, the state that did
    /// something.
    #[diesel(sql_type = Nullable<Text>)]
    pub from_state: Option<String>,
    /// How many rows, notices or findings there are that were not told before.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub added: Option<i64>,
    /// How many that were told before are not there any more.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub removed: Option<i64>,
    /// Last day of the child's eligibility in `from_state`, for `eligibility`.
    #[diesel(sql_type = Nullable<Date>)]
    pub ends_on: Option<NaiveDate>,
    /// The notice, for `notice` and `notice_step`.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub move_notice_id: Option<i64>,
    /// The batch, for `findings`.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub batch_id: Option<i64>,
}

/// What changed for a state's children after the cursor (0: from the beginning), oldest first. What another state says
/// of a child is disclosed.
pub fn since(
    connection: &mut PgConnection,
    access: &Access,
    state: StateCode,
    cursor: i64,
    limit: i64,
) -> Result<Vec<Change>> {
    connection.transaction(|connection| {
        let changes: Vec<Change> = sql_query(
            "select c.change_id, c.kind, c.at, s.state_student_id, c.person_id, c.former_person_id, c.work_item_id,
                    c.from_state, c.added, c.removed, c.ends_on, c.move_notice_id, c.batch_id
             from change c left join student s on s.student_id = c.student_id
             where c.state = $1 and c.change_id > $2 order by c.change_id limit $3",
        )
        .bind::<Text, _>(state.as_str())
        .bind::<BigInt, _>(cursor)
        .bind::<BigInt, _>(limit)
        .load(connection)?;
        for about in About::ALL {
            let mut persons: Vec<i64> = changes
                .iter()
                .filter(|change| change.kind == about.name())
                .filter_map(|change| change.person_id)
                .collect();
            persons.sort_unstable();
            persons.dedup();
            let subjects = persons
                .into_iter()
                .map(|number| Ok(Subject::Person(crate::persons::id(number)?)))
                .collect::<Result<Vec<_>>>()?;
            if !subjects.is_empty() {
                access.disclose(connection, &subjects, &[about.name()])?;
            }
        }
        Ok(changes)
    })
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

/// Tells states of notices that were addressed to them or withdrawn, and of the steps that others took in theirs, since
/// the last call. In a transaction of its own or the caller's. Returns how many entries were written.
pub fn tell_notices(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<usize> {
    connection.transaction(|connection| {
        crate::links::lock(connection)?;
        let notices = sql_query(
            "with news as (
                select move_notice_id, fed as before, withdrawn_at is null as is_so, recipient, sender, person_id
                from move_notice where fed is distinct from (withdrawn_at is null)
                order by move_notice_id for update),
             noted as (
                update move_notice m set fed = n.is_so from news n where m.move_notice_id = n.move_notice_id)
             insert into change (state, kind, at, person_id, from_state, added, removed, move_notice_id, student_id)
             select n.recipient, 'notice', $1, n.person_id, n.sender, n.is_so::int, (not n.is_so)::int, n.move_notice_id,
                    (select min(l.student_id::text)::uuid from link l join student_status t using (student_id)
                     where l.person_id = n.person_id and t.state = n.recipient)
             from news n where n.is_so or n.before order by n.move_notice_id",
        )
        .bind::<Timestamptz, _>(now)
        .execute(connection)?;
        let steps = sql_query(
            "with news as (
                update notice_step set fed = true where tells is not null and not fed
                returning notice_step_id, move_notice_id, state, tells)
             insert into change (state, kind, at, person_id, from_state, move_notice_id, student_id)
             select n.tells, 'notice_step', $1, m.person_id, n.state, n.move_notice_id,
                    (select min(l.student_id::text)::uuid from link l join student_status t using (student_id)
                     where l.person_id = m.person_id and t.state = n.tells)
             from news n join move_notice m using (move_notice_id) order by n.notice_step_id",
        )
        .bind::<Timestamptz, _>(now)
        .execute(connection)?;
        Ok(notices + steps)
    })
}

/// Tells states of their batches that were loaded with findings since the last call. In a transaction of its own or the
/// caller's. Returns how many entries were written.
pub fn tell_findings(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<usize> {
    connection.transaction(|connection| {
        crate::links::lock(connection)?;
        Ok(sql_query(
            "with news as (
                update batch set fed = true where status = 'loaded' and not fed
                returning batch_id, state, findings_errors + findings_warnings as findings)
             insert into change (state, kind, at, added, batch_id)
             select state, 'findings', $1, findings, batch_id from news where findings > 0 order by batch_id",
        )
        .bind::<Timestamptz, _>(now)
        .execute(connection)?)
    })
}

/// Tells states of what other ones did with requests between them since the last call. In a transaction of its own or the
/// caller's. Returns how many entries were written.
pub fn tell_tasks(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<usize> {
    connection.transaction(|connection| {
        crate::links::lock(connection)?;
        Ok(sql_query(
            "with news as (delete from change_waiting returning *)
             insert into change (state, kind, at, person_id, from_state, work_item_id, student_id)
             select n.state, n.kind, $1, p.person_id, n.from_state, n.work_item_id,
                    (select min(o.student_id::text)::uuid from link o join student_status t using (student_id)
                     where o.person_id = p.person_id and t.state = n.state)
             from news n join work_item w using (work_item_id)
             left join data_request r using (work_item_id) left join correction k using (work_item_id)
             left join link l on l.student_id = coalesce(r.student_id, k.student_id)
             cross join lateral (select coalesce(l.person_id, w.persons[1]) as person_id) p
             order by n.change_waiting_id",
        )
        .bind::<Timestamptz, _>(now)
        .execute(connection)?)
    })
}
