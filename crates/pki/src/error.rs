//! What can go wrong with keys, certificates and their files.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

/// Why a certificate operation failed. Messages say what to do and hold no key material.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// `Authority::init` was asked to overwrite an authority.
    #[error("{0} already holds an authority; choose another folder")]
    AlreadyAnAuthority(PathBuf),
    /// `Authority::open` found no authority.
    #[error("{0} holds no authority; make one first with `pki init`")]
    NotAnAuthority(PathBuf),
    /// The authority's key file can be read by other users.
    #[error("{0} can be read by others; run `chmod 600` on it, and make a new authority if it was copied")]
    KeyReadableByOthers(PathBuf),
    /// The key in `ca-key.pem` does not belong to the certificate in `ca.pem`.
    #[error("the key does not belong to the certificate in {0}; restore both from one backup")]
    KeyMismatch(PathBuf),
    /// A line of the ledger, or the list number, is not what this crate writes.
    #[error("{path} line {line}: {reason}; restore the file from a backup")]
    Ledger {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// An authority's name that is empty or too long for a common name.
    #[error("`{0}` cannot name an authority; use 1 to 64 characters")]
    AuthorityName(String),
    /// Two trusted authorities share a name but not a key.
    #[error("two trusted authorities are both called {0}; give a new authority a new name")]
    SameName(String),
    /// A state code that is not two capital letters.
    #[error("`{0}` is no state code; use the two capital letters of the postal code, for example TX")]
    StateCode(String),
    /// A system name with other than the permitted characters.
    #[error("`{0}` is no system name; use 1 to 40 letters, digits, dots, hyphens or underscores")]
    SystemName(String),
    /// A server name that is neither a DNS name nor an IP address, or none at all.
    #[error("`{0}` is neither a DNS name nor an IP address; name at least one that clients connect to")]
    ServerName(String),
    /// A validity that is not positive.
    #[error("a certificate must be valid for at least a second; give a longer validity")]
    EmptyValidity,
    /// A certificate would outlive its authority.
    #[error(
        "the certificate would outlive its authority, which ends {0}; shorten it or make a new authority"
    )]
    OutlivesAuthority(DateTime<Utc>),
    /// A certificate signing request that cannot be used.
    #[error("the signing request {0}")]
    Request(&'static str),
    /// No certificate with this serial number or fingerprint was issued here.
    #[error("no certificate `{0}` was issued here; give its serial number or SHA-256 fingerprint in hex")]
    NotIssuedHere(String),
    /// An unknown revocation reason.
    #[error("`{0}` is no revocation reason; use one of {known}", known = crate::RevocationReason::names())]
    Reason(String),
    /// Bytes that are no certificate, or one that this exchange cannot use.
    #[error("not a usable certificate: {0}")]
    Certificate(String),
    /// Bytes that are no certificate revocation list, or one that must not be used.
    #[error("not a usable revocation list: {0}")]
    RevocationList(String),
    /// A PEM text without the expected part.
    #[error("{0}")]
    Pem(String),
    /// A PKCS#12 bundle without a password.
    #[error("a PKCS#12 bundle holds a private key; give a password")]
    NoPassword,
    /// rcgen refused to build or sign.
    #[error("signing failed: {0}")]
    Sign(#[from] rcgen::Error),
    /// OpenSSL refused.
    #[error("openssl: {0}")]
    OpenSsl(#[from] openssl::error::ErrorStack),
    /// rustls refused a key, a chain or a setting.
    #[error("tls: {0}")]
    Tls(#[from] rustls::Error),
    /// rustls refused the trusted authorities or their revocation lists.
    #[error("trusted authorities: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}
