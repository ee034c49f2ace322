//! Times between chrono (ours), `time` (rcgen's), ASN.1 (x509-parser's) and Unix (rustls'). X.509 counts seconds.

use chrono::{DateTime, SubsecRound, Utc};
use rustls_pki_types::UnixTime;
use time::OffsetDateTime;
use x509_parser::time::ASN1Time;

use crate::{PkiError, Result};

/// The time cut to the whole second that a certificate can hold.
pub(crate) fn whole_second(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant.trunc_subsecs(0)
}

/// For rcgen.
pub(crate) fn to_offset(instant: DateTime<Utc>) -> Result<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(instant.timestamp())
        .map_err(|_| PkiError::Certificate(format!("the time {instant} is out of range")))
}

/// From x509-parser.
pub(crate) fn from_asn1(instant: ASN1Time) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp(instant.timestamp(), 0)
        .ok_or_else(|| PkiError::Certificate("a time in it is out of range".to_owned()))
}

/// For rustls; times before 1970 count as 1970.
pub(crate) fn to_unix(instant: DateTime<Utc>) -> UnixTime {
    let seconds = u64::try_from(instant.timestamp()).unwrap_or(0);
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}
