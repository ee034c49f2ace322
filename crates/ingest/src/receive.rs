//! From a file to a batch: what is refused before the receipt, and the receipt.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use formats::{BatchKind, Header, Limits, Options, Refusal, RefusalCode};
use mde::StateCode;
use store::batches::{self, Batch, NewBatch};
use store::jobs::{self, NewJob};

use crate::{JOB, JOB_SMALL, Profiles, SMALL, Spool, Spooled};

/// An upload may speak of an instant at most this much later than the hub's clock.
const FUTURE: TimeDelta = TimeDelta::hours(24);

/// What the call says.
#[derive(Debug, Clone)]
pub struct Call {
    /// The state of the registered certificate, or of the account.
    pub state: StateCode,
    /// Full or delta; otherwise the file or the profile says it.
    pub kind: Option<BatchKind>,
    /// Name of the mapping profile; native XML without one.
    pub profile: Option<String>,
    /// The instant that the content speaks of; otherwise the file says it.
    pub as_of: Option<DateTime<Utc>>,
    /// Name of the file, as sent.
    pub file_name: Option<String>,
    /// Fingerprint of the certificate, or the account.
    pub received_from: String,
}

/// What the sender gets: the batch, and whether this upload made it.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The batch.
    pub batch: Batch,
    /// `false` for an upload that was received before.
    pub new: bool,
}

/// Why there is no receipt. Nothing was kept.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The file is refused as a whole.
    #[error("{0}")]
    Refused(Refusal),
    /// The file is of another state than the sender.
    #[error("{0}")]
    WrongState(Refusal),
    /// The hub knows no profile of that name.
    #[error("there is no mapping profile named {name}; known: {known}")]
    UnknownProfile {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The database is away or refused.
    #[error(transparent)]
    Database(#[from] store::Error),
    /// The spool could not be written.
    #[error("failed to write to the spool: {0}")]
    Io(#[from] std::io::Error),
}

impl From<Refusal> for ReceiveError {
    fn from(refusal: Refusal) -> Self {
        if refusal.code == RefusalCode::WrongState {
            Self::WrongState(refusal)
        } else {
            Self::Refused(refusal)
        }
    }
}

/// A spooled file whose header is accepted and whose content is hashed: everything that takes time is done, and the
/// database was not needed for it.
#[derive(Debug)]
pub struct Examined {
    spooled: Spooled,
    new: NewBatch,
}

/// Reads the header and the hash of the content of a spooled file; everything else is the job's.
pub fn examine(
    profiles: &Profiles,
    spooled: Spooled,
    call: &Call,
    limits: Limits,
    now: DateTime<Utc>,
) -> Result<Examined, ReceiveError> {
    let profile = match &call.profile {
        None => None,
        Some(name) => Some(profiles.named(name).ok_or_else(|| ReceiveError::UnknownProfile {
            name: name.clone(),
            known: profiles.names().collect::<Vec<_>>().join(", "),
        })?),
    };
    let options = Options {
        state: Some(call.state),
        as_of: call.as_of,
        kind: call.kind,
        profile,
        limits,
        file_name: call.file_name.as_deref(),
    };
    let header = formats::sniff(spooled.path(), &options)?;
    check_header(&header, now)?;
    let content = match spooled.sha256() {
        Some(sent)
            if spooled.bytes() <= limits.decompressed_bytes
                && formats::is_plain(spooled.path(), &options)? =>
        {
            sent
        }
        _ => formats::digest(spooled.path(), &options)?,
    };
    let new = NewBatch {
        state: header.state.to_string(),
        kind: header.kind.to_string(),
        profile: header.profile.clone().unwrap_or_else(|| "native".to_owned()),
        as_of: header.as_of,
        content_sha256: content.to_vec(),
        spool_name: format!("{}-{}", header.state, uuid::Uuid::now_v7().simple()),
        file_name: call
            .file_name
            .as_ref()
            .map(|name| name.chars().take(200).collect()),
        size_bytes: i64::try_from(spooled.bytes()).unwrap_or(i64::MAX),
        received_at: now,
        received_from: call.received_from.clone(),
        status: "received".to_owned(),
        status_at: now,
    };
    Ok(Examined { spooled, new })
}

impl Examined {
    /// Makes a batch of the file and enqueues its loading, in one transaction. The file's name is durable before the
    /// batch is.
    pub fn receive(self, connection: &mut PgConnection, spool: &Spool) -> Result<Receipt, ReceiveError> {
        let Self { spooled, new } = self;
        spooled.keep(&new.spool_name)?;
        let receipt = store::db::write(connection, |connection| {
            let (batch, is_new) = batches::receive(connection, &new)?;
            if is_new {
                enqueue(connection, &batch, new.received_at)?;
            }
            Ok(Receipt { batch, new: is_new })
        })?;
        // After an error the file stays: the connection may have broken after the commit. One that no batch needs is
        // swept at the next start.
        if !receipt.new {
            spool.remove(&new.spool_name)?;
        }
        Ok(receipt)
    }
}

/// [`examine`] and [`Examined::receive`] in one, for a caller that need not spare its connection.
pub fn receive(
    connection: &mut PgConnection,
    spool: &Spool,
    profiles: &Profiles,
    spooled: Spooled,
    call: &Call,
    limits: Limits,
    now: DateTime<Utc>,
) -> Result<Receipt, ReceiveError> {
    examine(profiles, spooled, call, limits, now)?.receive(connection, spool)
}

/// Enqueues the loading of a batch.
pub(crate) fn enqueue(connection: &mut PgConnection, batch: &Batch, now: DateTime<Utc>) -> store::Result<()> {
    let small = batch.size_bytes <= SMALL;
    let job = NewJob {
        name: if small { JOB_SMALL } else { JOB },
        payload: serde_json::json!({ "batch_id": batch.batch_id }),
        priority: if small { 10 } else { 0 },
        deduplicate: Some(batch.batch_id.to_string()),
    };
    jobs::enqueue(connection, &job, now)
}

fn check_header(header: &Header, now: DateTime<Utc>) -> Result<(), Refusal> {
    if header.as_of > now + FUTURE {
        // It would be newer than everything that follows, and nothing would apply any more.
        let message = format!(
            "The upload speaks of {}, more than a day after now.",
            header.as_of.to_rfc3339()
        );
        return Err(Refusal::new(RefusalCode::Header, message));
    }
    Ok(())
}
