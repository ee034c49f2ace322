//! The authority's ledger: every certificate it issued and every revocation, one JSON line each.
//!
//! The ledger is the truth; the revocation list is made from it. A line is added before the certificate it
//! speaks of leaves the authority, so that nothing in circulation is unknown here.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{PkiError, Result, files};

/// A certificate in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateRecord {
    /// Serial number, lower-case hex without separators.
    pub serial: String,
    /// SHA-256 over the DER, lower-case hex without separators: what a hub registers.
    pub fingerprint_sha256: String,
    /// Whom it names.
    pub holder: Holder,
    /// First second of validity.
    pub not_before: DateTime<Utc>,
    /// Last second of validity.
    pub not_after: DateTime<Utc>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// When and why it was revoked, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revocation>,
}

/// Whom a certificate names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Holder {
    /// A state's system: a client.
    State {
        /// Two-letter postal code.
        state: String,
        /// The system's name within the state.
        system: String,
    },
    /// The hub: a server.
    Server {
        /// DNS names and IP addresses.
        names: Vec<String>,
    },
    /// The hub where it calls others: a client.
    Caller {
        /// DNS names and IP addresses of the hub.
        names: Vec<String>,
    },
}

/// When and why a certificate was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: RevocationReason,
}

/// Why a certificate was revoked: the reason codes of RFC 5280 §5.3.1 that apply to a system's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationReason {
    /// No reason given; then the list has no reason code, as the RFC asks.
    Unspecified,
    /// The private key was or may have been disclosed.
    KeyCompromise,
    /// The holder's name or role changed.
    AffiliationChanged,
    /// A newer certificate took its place.
    Superseded,
    /// The system is no longer in use.
    CessationOfOperation,
    /// The holder may no longer take part in the exchange.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    const ALL: [Self; 6] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    /// All reasons by name, separated by commas, for help texts.
    pub fn names() -> String {
        Self::ALL.map(|reason| reason.to_string()).join(", ")
    }

    pub(crate) fn code(self) -> rcgen::RevocationReason {
        match self {
            Self::Unspecified => rcgen::RevocationReason::Unspecified,
            Self::KeyCompromise => rcgen::RevocationReason::KeyCompromise,
            Self::AffiliationChanged => rcgen::RevocationReason::AffiliationChanged,
            Self::Superseded => rcgen::RevocationReason::Superseded,
            Self::CessationOfOperation => rcgen::RevocationReason::CessationOfOperation,
            Self::PrivilegeWithdrawn => rcgen::RevocationReason::PrivilegeWithdrawn,
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key-compromise",
            Self::AffiliationChanged => "affiliation-changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation-of-operation",
            Self::PrivilegeWithdrawn => "privilege-withdrawn",
        })
    }
}

impl FromStr for RevocationReason {
    type Err = PkiError;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.to_string() == name)
            .ok_or_else(|| PkiError::Reason(name.to_owned()))
    }
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line {
    Issued(CertificateRecord),
    Revoked {
        serial: String,
        #[serde(flatten)]
        revocation: Revocation,
    },
}

/// The ledger in memory: the file's text as read, and the certificates it tells of. Used under the folder's lock.
pub(crate) struct Ledger {
    text: String,
    certificates: Vec<CertificateRecord>,
}

impl Ledger {
    pub(crate) fn empty() -> Self {
        Self {
            text: String::new(),
            certificates: Vec::new(),
        }
    }

    pub(crate) fn read(path: &Path) -> Result<Self> {
        let mut ledger = Self {
            text: files::read_text(path)?,
            certificates: Vec::new(),
        };
        for (index, text) in ledger.text.lines().enumerate() {
            let bad = |reason: String| PkiError::Ledger {
                path: path.to_owned(),
                line: index + 1,
                reason,
            };
            match serde_json::from_str(text).map_err(|error| bad(error.to_string()))? {
                Line::Issued(record) => ledger.certificates.push(record),
                Line::Revoked { serial, revocation } => {
                    let record = ledger
                        .certificates
                        .iter_mut()
                        .find(|record| record.serial == serial);
                    let record = record.ok_or_else(|| bad("revokes what was not issued".to_owned()))?;
                    record.revoked = Some(revocation);
                }
            }
        }
        Ok(ledger)
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        // The names of state systems are nobody else's business, but hold no secret.
        files::write_private(path, self.text.as_bytes())
    }

    pub(crate) fn certificates(&self) -> &[CertificateRecord] {
        &self.certificates
    }

    pub(crate) fn into_certificates(self) -> Vec<CertificateRecord> {
        self.certificates
    }

    pub(crate) fn add(&mut self, record: CertificateRecord) {
        self.append(&Line::Issued(record.clone()));
        self.certificates.push(record);
    }

    /// Marks a certificate as revoked and returns its record. The first revocation of a certificate stands.
    /// `which` is a serial number or SHA-256 fingerprint in hex; case, colons and spaces do not matter.
    pub(crate) fn revoke(&mut self, which: &str, revocation: Revocation) -> Result<CertificateRecord> {
        let wanted: String = which
            .chars()
            .filter(|c| !matches!(c, ':' | ' '))
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let index = self
            .certificates
            .iter()
            .position(|record| record.serial == wanted || record.fingerprint_sha256 == wanted)
            .ok_or_else(|| PkiError::NotIssuedHere(which.to_owned()))?;
        if self.certificates[index].revoked.is_none() {
            let serial = self.certificates[index].serial.clone();
            self.append(&Line::Revoked {
                serial,
                revocation: revocation.clone(),
            });
            self.certificates[index].revoked = Some(revocation);
        }
        Ok(self.certificates[index].clone())
    }

    fn append(&mut self, line: &Line) {
        let json = serde_json::to_string(line).expect("strings, times and enums always serialize");
        self.text.push_str(&json);
        self.text.push('\n');
    }
}
