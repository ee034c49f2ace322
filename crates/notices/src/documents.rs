//! A document comes back for a request, with an attestation; who asked receives it and says whether it serves in lieu of
//! the original. What a file is has been told apart before; here it is bytes.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use mde::StateCode;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use store::data_requests::{self, DataRequest};
use store::documents::{self, Document, NewDocument, NewVerdict};
use store::{Access, persons};

use crate::data_requests::What;
use crate::driver;
use crate::error::Error;
use crate::sender::{required, text};
use crate::state_days::StateDays;

/// What who sends a document of this kind attests.
#[must_use]
pub fn attestation(what: What) -> String {
    format!(
        "I attest that this is a true copy of {} of this student as our office keeps it, and that I may send it.",
        what.words()
    )
}

/// A document as somebody sends it.
#[derive(Debug, Clone)]
pub struct Sending<'a> {
    /// What the file is: `application/pdf` or `application/xml`.
    pub media_type: &'a str,
    /// The file.
    pub content: &'a [u8],
    /// Who attests, at most 200 characters.
    pub registrar: &'a str,
    /// Title or office of who attests, at most 200 characters.
    pub office: &'a str,
    /// The day of issue: today in the state, or before.
    pub issued_on: NaiveDate,
    /// Whether the [sentence](attestation) was ticked.
    pub attested: bool,
    /// The version whose place it takes; none for the first one.
    pub replaces: Option<i32>,
    /// Why it takes its place, at most 500 characters.
    pub why: Option<&'a str>,
}

/// A document after somebody sent or judged it.
#[derive(Debug, Clone)]
pub struct Done {
    /// The version as it is now.
    pub document: Document,
    /// Whether this call changed it. `false`: the same was said before, and stays as it was.
    pub recorded: bool,
}

/// Sends a document for a request in the state's inbox, which answers it; `None` if there is none of this number. The same
/// document again changes nothing.
///
/// [`Error::Conflict`] if the request takes none: it asks for data, was taken back, or was answered that it is not held; or
/// if another version is there than the one that is to be replaced.
pub fn send(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
    by: &str,
    sending: &Sending<'_>,
    now: DateTime<Utc>,
) -> Result<Option<Done>, Error> {
    let registrar = required("registrar", sending.registrar, 200)?;
    let office = required("office", sending.office, 200)?;
    let why = text("reason", sending.why, 500)?;
    let today = StateDays::of(connection, state)?.map_or_else(|| now.date_naive(), |days| days.day(now));
    let wrong = |member, why: &str| Error::Invalid {
        member,
        why: why.into(),
    };
    if sending.issued_on > today {
        return Err(wrong("issued", "is a day to come; give the day of issue"));
    }
    if !sending.attested {
        return Err(wrong(
            "attest",
            "is missing; only what a registrar attests can be sent",
        ));
    }
    if sending.replaces.is_some() && why.is_none() {
        return Err(wrong(
            "reason",
            "is missing; say why the document takes the place of the one before",
        ));
    }
    let sha256: [u8; 32] = Sha256::digest(sending.content).into();
    connection.transaction(|connection| {
        let request = documents::hold(connection, id, state)?.filter(|r| r.recipient == state.as_str());
        let Some(request) = request else {
            return Ok(None);
        };
        let what = takes(&request)?;
        let versions = documents::versions(connection, id)?;
        let current = versions.iter().find(|version| version.superseded_at.is_none());
        if let Some(same) = current.filter(|current| {
            current.sha256 == sha256
                && current.registrar == registrar
                && current.office == office
                && current.issued_on == sending.issued_on
        }) {
            return Ok(Some(Done {
                document: same.clone(),
                recorded: false,
            }));
        }
        match (current, sending.replaces) {
            (None, Some(_)) => return Err(wrong("replaces", "names a version that is not there; leave it out")),
            (Some(current), replaces) if replaces != Some(current.version) => {
                return Err(Error::Conflict(format!(
                    "version {} of the document is here already; look at it, and if it is to be replaced, say so with its \
                     number and the reason",
                    current.version
                )));
            }
            _ => {}
        }
        let new = NewDocument {
            media_type: sending.media_type,
            content: sending.content,
            sha256: &sha256,
            registrar: &registrar,
            office: &office,
            issued_on: sending.issued_on,
            attestation: &attestation(what),
            why: why.as_deref(),
            by,
        };
        let version = documents::add(connection, &request, state, &new, now)?;
        driver::look_at(connection, persons::id(request.person_id)?, now)?;
        kept(connection, id, version).map(Some)
    })
}

/// What a request asks for, if it takes a document now.
fn takes(request: &DataRequest) -> Result<What, Error> {
    let what = What::named(&request.what).filter(|what| what.is_document());
    let refused = |why: &str| Err(Error::Conflict(why.to_owned()));
    match (what, request.decision.as_deref()) {
        (None, _) => refused("this request asks for data; they come with the next upload, not as a document"),
        (_, Some("withdrawn")) => refused("the request was taken back; nobody waits for the document"),
        (_, Some("not_held")) => {
            refused("the request was answered before: it is not held; the other state can ask again")
        }
        (Some(what), _) => Ok(what),
    }
}

fn kept(connection: &mut PgConnection, id: i64, version: i32) -> Result<Done, Error> {
    let kept = documents::versions(connection, id)?
        .into_iter()
        .find(|document| document.version == version);
    let document = kept.ok_or_else(|| store::Error::Corrupt {
        what: "document",
        why: "it is gone right after it was written".into(),
    })?;
    Ok(Done {
        document,
        recorded: true,
    })
}

/// The versions of the document of a request of which the state is the sender or the recipient, newest first; `None` if
/// there is no such request.
pub fn versions(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
) -> store::Result<Option<Vec<Document>>> {
    let request = data_requests::find(connection, id, state)?;
    request
        .map(|request| documents::versions(connection, request.work_item_id))
        .transpose()
}

/// Reads a version of the document of a request for its sender or recipient, the current one if none is named; `None` if
/// there is none. It is disclosed, and the sender's first look is its receipt.
///
/// [`Error::Damaged`] if the content is not what was sent any more: then nothing is shown, and nothing written down.
pub fn read(
    connection: &mut PgConnection,
    access: &Access,
    id: i64,
    state: StateCode,
    version: Option<i32>,
) -> Result<Option<(Document, Vec<u8>)>, Error> {
    connection.transaction(|connection| {
        let Some(request) = data_requests::find(connection, id, state)? else {
            return Ok(None);
        };
        let Some(version) = version.or(request.document_version) else {
            return Ok(None);
        };
        let found = documents::read(connection, access, &request, version)?;
        if let Some((document, content)) = &found
            && Sha256::digest(content).as_slice() != document.sha256
        {
            return Err(Error::Damaged);
        }
        Ok(found)
    })
}

/// Whether a document serves in lieu of the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It does.
    Accepted,
    /// It does not.
    NotAccepted,
}

impl Verdict {
    /// Its name in the tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::NotAccepted => "not_accepted",
        }
    }
}

/// Says of a version of a document that the state has asked for and received whether it serves in lieu of the original;
/// `None` if the state has sent no such request, or has received no such version. The first word about a version stays.
///
/// [`Error::Invalid`] if what is not accepted comes without a reason; [`Error::Conflict`] if the version was not received
/// yet, or replaced.
pub fn judge(
    connection: &mut PgConnection,
    id: i64,
    state: StateCode,
    by: &str,
    (version, verdict, why): (i32, Verdict, Option<&str>),
    now: DateTime<Utc>,
) -> Result<Option<Done>, Error> {
    let why = text("reason", why, 500)?;
    if verdict == Verdict::NotAccepted && why.is_none() {
        return Err(Error::Invalid {
            member: "reason",
            why: "is missing; say why it is not accepted, and what would be".into(),
        });
    }
    connection.transaction(|connection| {
        let request = documents::hold(connection, id, state)?.filter(|r| r.sender == state.as_str());
        let Some(request) = request else {
            return Ok(None);
        };
        let versions = documents::versions(connection, id)?;
        let Some(document) = versions.into_iter().find(|document| document.version == version) else {
            return Ok(None);
        };
        if document.verdict.is_some() {
            return Ok(Some(Done {
                document,
                recorded: false,
            }));
        }
        if document.superseded_at.is_some() {
            return Err(Error::Conflict(
                "a newer version has taken its place; look at that one".into(),
            ));
        }
        if document.received_at.is_none() {
            return Err(Error::Conflict(
                "nobody of the state has downloaded it yet; look at it first".into(),
            ));
        }
        let new = NewVerdict {
            verdict: verdict.name(),
            why: why.as_deref(),
            by,
        };
        documents::judge(connection, &request, version, &new, now)?;
        kept(connection, id, version).map(Some)
    })
}
