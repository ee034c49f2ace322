//! Requests of one state for what another one holds of a child: each is a work item of the state that is asked.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Date, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use mde::StateCode;
use serde::Serialize;
use uuid::Uuid;

use crate::db::Result;
use crate::notices::Box;
use crate::schema::data_request;
use crate::work_items::{self, NewTask, News};

/// What is asked for as a document, which no upload of data can bring.
pub const DOCUMENTS: [&str; 3] = ["transcript", "immunization_certificate", "certificate_copy"];

/// A request as it is to be kept.
#[derive(Debug, Clone)]
pub struct NewDataRequest<'a> {
    /// The child.
    pub person: i64,
    /// The recipient's student.
    pub student: Uuid,
    /// Who asks.
    pub sender: StateCode,
    /// Who is asked.
    pub recipient: StateCode,
    /// What for, by its name.
    pub what: &'a str,
    /// Whether it goes to the latest school of grades 9 to 12, where there is one.
    pub secondary: bool,
    /// What else is said.
    pub note: Option<&'a str>,
    /// The correction for which it is needed.
    pub for_correction: Option<i64>,
    /// Last day for an answer.
    pub due_on: NaiveDate,
    /// The same cause asks once.
    pub cause: &'a str,
    /// The account or certificate.
    pub by: &'a str,
}

/// A kept request.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName, Serialize)]
#[diesel(table_name = data_request)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct DataRequest {
    pub work_item_id: i64,
    pub student_id: Uuid,
    pub sender: String,
    pub recipient: String,
    pub what: String,
    pub note: Option<String>,
    pub for_correction: Option<i64>,
    pub due_on: NaiveDate,
    pub seen_at: Option<DateTime<Utc>>,
    pub seen_by: Option<String>,
    pub answer: Option<String>,
    pub answered_at: Option<DateTime<Utc>>,
    pub answered_by: Option<String>,
    pub answer_note: Option<String>,
    pub not_until: Option<NaiveDate>,
    pub arrived_at: Option<DateTime<Utc>>,
    pub arrived_batch: Option<i64>,
    pub school: Option<String>,
    pub district: Option<String>,
    /// The version of the document that holds now, if one has come.
    #[diesel(sql_type = Nullable<Integer>)]
    pub document_version: Option<i32>,
    /// What the sender said of that one: `accepted` or `not_accepted`.
    #[diesel(sql_type = Nullable<Text>)]
    pub document_verdict: Option<String>,
    /// `open`, `decided` or `closed`.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// Why it is not open any more: an answer, `arrived` or `withdrawn`.
    #[diesel(sql_type = Nullable<Text>)]
    pub decision: Option<String>,
    /// When it was asked.
    #[diesel(sql_type = Timestamptz)]
    pub opened_at: DateTime<Utc>,
    /// By whom.
    #[diesel(sql_type = Nullable<Text>)]
    pub requested_by: Option<String>,
    /// The child to which the student belongs now.
    #[diesel(sql_type = BigInt)]
    pub person_id: i64,
}

/// Requests `r` with their items `w`, and the persons of their students.
const SELECT: &str = "
    select r.*, w.status, w.decision, w.opened_at, w.requested_by, coalesce(l.person_id, w.persons[1]) as person_id,
           d.version as document_version, d.verdict as document_verdict
    from data_request r join work_item w using (work_item_id) left join link l on l.student_id = r.student_id
    left join document d on d.work_item_id = r.work_item_id and d.superseded_at is null";

/// Asks, in the caller's transaction; the request that the same cause made before stays the only one.
pub fn open(connection: &mut PgConnection, new: &NewDataRequest<'_>, now: DateTime<Utc>) -> Result<i64> {
    sql_query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind::<Text, _>(new.cause)
        .execute(connection)?;
    let before: Option<i64> = data_request::table
        .filter(data_request::cause.eq(new.cause))
        .select(data_request::work_item_id)
        .first(connection)
        .optional()?;
    if let Some(id) = before {
        return Ok(id);
    }
    let task = NewTask {
        kind: "data_request",
        person: new.person,
        state: new.recipient,
        student: new.student,
        secondary: new.secondary,
        reason: new.what,
        by: new.by,
        asked_by: new.sender,
    };
    let (id, holder) = work_items::open_task(connection, &task, now)?;
    diesel::insert_into(data_request::table)
        .values((
            data_request::work_item_id.eq(id),
            data_request::student_id.eq(new.student),
            data_request::sender.eq(new.sender.as_str()),
            data_request::recipient.eq(new.recipient.as_str()),
            data_request::what.eq(new.what),
            data_request::note.eq(new.note),
            data_request::for_correction.eq(new.for_correction),
            data_request::due_on.eq(new.due_on),
            data_request::cause.eq(new.cause),
            data_request::school.eq(holder.school),
            data_request::district.eq(holder.district),
        ))
        .execute(connection)?;
    let created = News {
        kind: "data_request.created",
        task: id,
        state: new.recipient.to_string(),
        by_state: new.sender.to_string(),
    };
    work_items::tell(connection, &[created], now)?;
    Ok(id)
}

/// A request of which the state is the sender or the recipient.
pub fn find(connection: &mut PgConnection, id: i64, state: StateCode) -> Result<Option<DataRequest>> {
    Ok(sql_query(format!(
        "{SELECT} where r.work_item_id = $1 and $2 in (r.sender, r.recipient)"
    ))
    .bind::<BigInt, _>(id)
    .bind::<Text, _>(state.as_str())
    .get_result(connection)
    .optional()?)
}

/// Requests of a state, newest first, with numbers below `before`; only those that wait for an answer if `open`.
pub fn list(
    connection: &mut PgConnection,
    state: StateCode,
    which: Box,
    open: bool,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<DataRequest>> {
    let side = match which {
        Box::Inbox => "recipient",
        Box::Sent => "sender",
    };
    Ok(sql_query(format!(
        "{SELECT} where r.{side} = $1 and r.work_item_id < $2 {} order by r.work_item_id desc limit $3",
        if open { "and w.status = 'open'" } else { "" }
    ))
    .bind::<Text, _>(state.as_str())
    .bind::<BigInt, _>(before.unwrap_or(i64::MAX))
    .bind::<BigInt, _>(limit)
    .load(connection)?)
}

/// Requests about a person, newest first.
pub fn of_person(connection: &mut PgConnection, person: i64) -> Result<Vec<DataRequest>> {
    Ok(sql_query(format!(
        "{SELECT} where l.person_id = $1 order by r.work_item_id desc"
    ))
    .bind::<BigInt, _>(person)
    .load(connection)?)
}

/// Requests that were made for a correction, oldest first.
pub fn for_correction(connection: &mut PgConnection, correction: i64) -> Result<Vec<DataRequest>> {
    Ok(sql_query(format!(
        "{SELECT} where r.for_correction = $1 order by r.work_item_id"
    ))
    .bind::<BigInt, _>(correction)
    .load(connection)?)
}

/// Notes who of the recipient's people opened a request first.
pub fn mark_seen(
    connection: &mut PgConnection,
    id: i64,
    recipient: StateCode,
    by: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::update(data_request::table.find(id))
        .filter(data_request::recipient.eq(recipient.as_str()))
        .filter(data_request::seen_at.is_null())
        .set((data_request::seen_at.eq(now), data_request::seen_by.eq(by)))
        .execute(connection)?;
    Ok(())
}

/// An answer as it is to be kept.
#[derive(Debug, Clone)]
pub struct NewAnswer<'a> {
    /// `sent`, `not_held` or `not_yet`.
    pub answer: &'a str,
    /// The day until which it is to be waited, of `not_yet`.
    pub not_until: Option<NaiveDate>,
    /// What else is said.
    pub note: Option<&'a str>,
    /// The account or certificate.
    pub by: &'a str,
}

/// Writes the recipient's answer to an open request; with a day until which it is to be waited, it stays open and is due
/// then. `false` if it is not open any more or not the recipient's. In the caller's transaction.
pub fn answer(
    connection: &mut PgConnection,
    id: i64,
    recipient: StateCode,
    new: &NewAnswer<'_>,
    now: DateTime<Utc>,
) -> Result<bool> {
    // Who answers first holds the item until the end of the transaction.
    let open = work_items::hold_open(connection, id)?;
    let sender: Option<String> = diesel::update(data_request::table.find(id))
        .filter(data_request::recipient.eq(if open { recipient.as_str() } else { "" }))
        .set((
            data_request::answer.eq(new.answer),
            data_request::answered_at.eq(now),
            data_request::answered_by.eq(new.by),
            data_request::answer_note.eq(new.note),
            data_request::not_until.eq(new.not_until),
        ))
        .returning(data_request::sender)
        .get_result(connection)
        .optional()?;
    let Some(sender) = sender else {
        return Ok(false);
    };
    let answered = News {
        kind: "data_request.answered",
        task: id,
        state: sender,
        by_state: recipient.to_string(),
    };
    work_items::tell(connection, &[answered], now)?;
    mark_seen(connection, id, recipient, new.by, now)?;
    match new.not_until {
        Some(day) => {
            diesel::update(data_request::table.find(id))
                .set(data_request::due_on.eq(day))
                .execute(connection)?;
        }
        None => {
            work_items::decide(
                connection,
                id,
                new.answer,
                new.by,
                new.note.unwrap_or_default(),
                now,
            )?;
        }
    }
    Ok(true)
}

/// Takes an open request back. `false` if it is not open any more or not the sender's.
pub fn withdraw(
    connection: &mut PgConnection,
    id: i64,
    sender: StateCode,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let recipient: Option<String> = data_request::table
        .find(id)
        .filter(data_request::sender.eq(sender.as_str()))
        .select(data_request::recipient)
        .first(connection)
        .optional()?;
    let Some(recipient) = recipient else {
        return Ok(false);
    };
    if !work_items::decide(connection, id, "withdrawn", by, "", now)? {
        return Ok(false);
    }
    let withdrawn = News {
        kind: "data_request.withdrawn",
        task: id,
        state: recipient,
        by_state: sender.to_string(),
    };
    work_items::tell(connection, &[withdrawn], now)?;
    Ok(true)
}

/// A request, as far as its states are told of it.
#[derive(QueryableByName)]
struct Between {
    #[diesel(sql_type = BigInt)]
    work_item_id: i64,
    #[diesel(sql_type = Text)]
    sender: String,
    #[diesel(sql_type = Text)]
    recipient: String,
    /// Whether a correction needs it.
    #[diesel(sql_type = Bool)]
    for_correction: bool,
}

impl Between {
    /// For the sender to know of its recipient.
    fn to_sender(&self, kind: &'static str) -> News {
        News {
            kind,
            task: self.work_item_id,
            state: self.sender.clone(),
            by_state: self.recipient.clone(),
        }
    }

    /// For the recipient to know of itself.
    fn to_recipient(&self, kind: &'static str) -> News {
        News {
            kind,
            task: self.work_item_id,
            state: self.recipient.clone(),
            by_state: self.recipient.clone(),
        }
    }
}

/// Notes, for the data that were asked for about these persons, the new content that the recipient has sent since, and
/// tells who asked. What was open is thereby answered; what asks for a [document](DOCUMENTS) waits for it. Doing it again changes nothing. In the caller's transaction. Returns the number of
/// requests.
pub fn mark_arrived(connection: &mut PgConnection, persons: &[i64], now: DateTime<Utc>) -> Result<usize> {
    let arrived: Vec<Between> = sql_query(
        "with found as (
            select distinct on (r.work_item_id) r.work_item_id, t.received_at, t.batch_id
            from link o join data_request r on r.student_id = o.student_id
            join work_item w on w.work_item_id = r.work_item_id
            join link l on l.person_id = o.person_id
            join student_status t on t.student_id = l.student_id and t.state = r.recipient
            where o.person_id = any($1) and r.arrived_at is null and not r.what = any($2) and t.status = 'live' and t.received_at > w.opened_at
              and w.decision is distinct from 'withdrawn'
            order by r.work_item_id, t.received_at),
         decided as (
            update work_item w set status = 'decided', decision = 'arrived', decided_at = f.received_at
            from found f where w.work_item_id = f.work_item_id and w.status = 'open')
         update data_request r set arrived_at = f.received_at, arrived_batch = f.batch_id
         from found f where r.work_item_id = f.work_item_id
         returning r.work_item_id, r.sender, r.recipient, r.for_correction is not null as for_correction",
    )
    .bind::<Array<BigInt>, _>(persons)
    .bind::<Array<Text>, _>(&DOCUMENTS[..])
    .load(connection)?;
    let news: Vec<News> = arrived
        .iter()
        .map(|request| request.to_sender("data_request.arrived"))
        .collect();
    work_items::tell(connection, &news, now)?;
    Ok(arrived.len())
}

/// Tells a state, once for each last day, of open requests to it that are due from `today` to `soon`, and of those that
/// were due before; of the latter it tells who asked, too. Where a correction needs the data, the state is told of its
/// deadline instead. In the caller's transaction. Returns how much was told.
pub fn tell_due(
    connection: &mut PgConnection,
    recipient: StateCode,
    (today, soon): (NaiveDate, NaiveDate),
    now: DateTime<Utc>,
) -> Result<usize> {
    let mut due = |column: &str, from: Option<NaiveDate>, to: Option<NaiveDate>| -> Result<Vec<Between>> {
        Ok(sql_query(format!(
            "update data_request r set {column} = r.due_on from work_item w
             where r.recipient = $1 and w.work_item_id = r.work_item_id and w.status = 'open'
               and ($2 is null or r.due_on >= $2) and r.due_on <= $3 and r.{column} is distinct from r.due_on
             returning r.work_item_id, r.sender, r.recipient, r.for_correction is not null as for_correction"
        ))
        .bind::<Text, _>(recipient.as_str())
        .bind::<Nullable<Date>, _>(from)
        .bind::<Nullable<Date>, _>(to)
        .load(connection)?)
    };
    let warned = due("warned_of", Some(today), Some(soon))?;
    let overdue = due("overdue_of", None, today.pred_opt())?;
    let own = |request: &&Between| !request.for_correction;
    let mut news: Vec<News> = Vec::new();
    news.extend(
        warned
            .iter()
            .filter(own)
            .map(|r| r.to_recipient("data_request.due_soon")),
    );
    news.extend(
        overdue
            .iter()
            .filter(own)
            .map(|r| r.to_recipient("data_request.overdue")),
    );
    news.extend(overdue.iter().map(|r| r.to_sender("data_request.overdue")));
    work_items::tell(connection, &news, now)?;
    Ok(news.len())
}

/// The student of a state by which it would be asked about a person: the live one with the newest content.
pub fn student_of(connection: &mut PgConnection, person: i64, state: StateCode) -> Result<Option<Uuid>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        student_id: Uuid,
    }
    let row: Option<Row> = sql_query(
        "select l.student_id from link l join student_status t using (student_id)
         where l.person_id = $1 and t.state = $2
         order by t.status = 'live' desc, t.received_at desc, l.student_id limit 1",
    )
    .bind::<BigInt, _>(person)
    .bind::<Text, _>(state.as_str())
    .get_result(connection)
    .optional()?;
    Ok(row.map(|row| row.student_id))
}
