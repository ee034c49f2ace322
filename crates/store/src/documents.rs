//! Official documents that answer a request of another state: every version with who attests it, who has received it and
//! what came of it. The content is read with an [`Access`] only.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use mde::{StateCode, StudentId};
use serde::Serialize;

use crate::access::{Access, Subject};
use crate::data_requests::{self, DataRequest, NewAnswer};
use crate::db::Result;
use crate::schema::{document, work_item};
use crate::work_items::{self, News};

/// The kinds of data that are disclosed with a document.
const CATEGORIES: &[&str] = &["identity", "document"];

/// A document as it is to be kept.
#[derive(Debug, Clone)]
pub struct NewDocument<'a> {
    /// `application/pdf` or `application/xml`.
    pub media_type: &'a str,
    /// The file.
    pub content: &'a [u8],
    /// Its SHA-256.
    pub sha256: &'a [u8; 32],
    /// Who attests.
    pub registrar: &'a str,
    /// Title or office of who attests.
    pub office: &'a str,
    /// The day of issue.
    pub issued_on: NaiveDate,
    /// The sentence of the attestation.
    pub attestation: &'a str,
    /// Why it takes the place of the version before, if there is one.
    pub why: Option<&'a str>,
    /// The account or certificate.
    pub by: &'a str,
}

/// A version of a document, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Serialize)]
#[diesel(table_name = document)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct Document {
    pub work_item_id: i64,
    pub version: i32,
    pub media_type: String,
    pub size: i32,
    pub sha256: Vec<u8>,
    pub registrar: String,
    pub office: String,
    pub issued_on: NaiveDate,
    pub attestation: String,
    pub sent_at: DateTime<Utc>,
    pub sent_by: String,
    pub superseded_at: Option<DateTime<Utc>>,
    pub superseded_why: Option<String>,
    pub received_at: Option<DateTime<Utc>>,
    pub received_by: Option<String>,
    pub verdict: Option<String>,
    pub judged_at: Option<DateTime<Utc>>,
    pub judged_by: Option<String>,
    pub judged_why: Option<String>,
}

/// A request of which the state is the sender or the recipient, which nobody else changes until the end of the
/// transaction.
pub fn hold(connection: &mut PgConnection, id: i64, state: StateCode) -> Result<Option<DataRequest>> {
    work_item::table
        .find(id)
        .select(work_item::work_item_id)
        .for_update()
        .first::<i64>(connection)
        .optional()?;
    data_requests::find(connection, id, state)
}

/// The versions of the document of a request, newest first. The caller has found the request for its state.
pub fn versions(connection: &mut PgConnection, id: i64) -> Result<Vec<Document>> {
    Ok(document::table
        .filter(document::work_item_id.eq(id))
        .order(document::version.desc())
        .select(Document::as_select())
        .load(connection)?)
}

/// Keeps a document of a [held](hold) request, in the place of the version before. A request that was open is thereby
/// answered; who asked is told. Returns its version.
pub fn add(
    connection: &mut PgConnection,
    request: &DataRequest,
    recipient: StateCode,
    new: &NewDocument<'_>,
    now: DateTime<Utc>,
) -> Result<i32> {
    let of_request = document::table.filter(document::work_item_id.eq(request.work_item_id));
    diesel::update(of_request.filter(document::superseded_at.is_null()))
        .set((
            document::superseded_at.eq(now),
            document::superseded_why.eq(new.why),
        ))
        .execute(connection)?;
    let last: Option<i32> = of_request
        .select(diesel::dsl::max(document::version))
        .first(connection)?;
    let version = last.unwrap_or_default() + 1;
    diesel::insert_into(document::table)
        .values((
            document::work_item_id.eq(request.work_item_id),
            document::version.eq(version),
            document::media_type.eq(new.media_type),
            document::content.eq(new.content),
            document::size.eq(i32::try_from(new.content.len()).unwrap_or(i32::MAX)),
            document::sha256.eq(&new.sha256[..]),
            document::registrar.eq(new.registrar),
            document::office.eq(new.office),
            document::issued_on.eq(new.issued_on),
            document::attestation.eq(new.attestation),
            document::sent_at.eq(now),
            document::sent_by.eq(new.by),
        ))
        .execute(connection)?;
    let answer = NewAnswer {
        answer: "sent",
        not_until: None,
        note: None,
        by: new.by,
    };
    if !data_requests::answer(connection, request.work_item_id, recipient, &answer, now)? {
        let answered = News {
            kind: "data_request.answered",
            task: request.work_item_id,
            state: request.sender.clone(),
            by_state: recipient.to_string(),
        };
        work_items::tell(connection, &[answered], now)?;
    }
    Ok(version)
}

/// The content of a version of the document of a request, which is disclosed; `None` if there is none. The first look of
/// the state that asked is its receipt. In the caller's transaction, which has found the request for the reader's state.
pub fn read(
    connection: &mut PgConnection,
    access: &Access,
    request: &DataRequest,
    version: i32,
) -> Result<Option<(Document, Vec<u8>)>> {
    let this = document::table.find((request.work_item_id, version));
    let by = match &access.on_behalf_of {
        Some(user) => format!("{} for {user}", access.actor.label()),
        None => access.actor.label(),
    };
    if access
        .actor
        .state()
        .is_some_and(|own| own.as_str() == request.sender)
    {
        diesel::update(this.filter(document::received_at.is_null()))
            .set((document::received_at.eq(access.at), document::received_by.eq(by)))
            .execute(connection)?;
    }
    let found = this
        .select((Document::as_select(), document::content))
        .first(connection)
        .optional()?;
    if found.is_some() {
        let subject = Subject::Student(StudentId(request.student_id));
        access.disclose(connection, &[subject], CATEGORIES)?;
    }
    Ok(found)
}

/// What the state that asked says of a document.
#[derive(Debug, Clone)]
pub struct NewVerdict<'a> {
    /// `accepted` or `not_accepted`, in lieu of the original.
    pub verdict: &'a str,
    /// Why.
    pub why: Option<&'a str>,
    /// The account or certificate.
    pub by: &'a str,
}

/// Keeps what the sender of a [held](hold) request says of a version of its document, and tells who sent it.
pub fn judge(
    connection: &mut PgConnection,
    request: &DataRequest,
    version: i32,
    new: &NewVerdict<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::update(document::table.find((request.work_item_id, version)))
        .set((
            document::verdict.eq(new.verdict),
            document::judged_at.eq(now),
            document::judged_by.eq(new.by),
            document::judged_why.eq(new.why),
        ))
        .execute(connection)?;
    let judged = News {
        kind: "data_request.judged",
        task: request.work_item_id,
        state: request.recipient.clone(),
        by_state: request.sender.clone(),
    };
    work_items::tell(connection, &[judged], now)
}
