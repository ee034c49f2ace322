//! Certificates of the exchange: who may connect, as which state, until when.
//!
//! State systems upload over mutual TLS. This crate holds everything about that trust and is the only one
//! that parses X.509:
//!
//! - [`Authority`]: a private certification authority in a folder, which issues and revokes certificates;
//! - [`ClientCertificate`]: what a presented certificate says;
//! - [`TrustStore`]: whom a running hub trusts, asked at the handshake (through [`ReloadableVerifier`]) and
//!   again on every request ([`TrustStore::check`]), and reloaded without a restart;
//! - [`server_config`] and [`client_config`]: rustls settings of the two ends.
//!
//! It knows no database and no HTTP: files and bytes go in, values come out. Clock readings are passed in,
//! except in a handshake, where rustls reads the system clock itself. Keys and serial numbers come from the
//! operating system's random source, as secrets must.
//!
//! The rules are those of RFC 5280 (certificates and revocation lists) unless a comment names another source.

mod authority;
mod bundle;
mod certificate;
mod csr;
mod error;
mod expiry;
mod files;
mod instant;
mod ledger;
mod profile;
mod revocation;
mod tls;
mod trust;
mod verifier;

pub use authority::{Authority, CRL_LIFETIME, Issued, PrivateKeyPem, SignedCrl};
pub use bundle::pkcs12;
pub use certificate::ClientCertificate;
pub use error::PkiError;
pub use expiry::{ExpiryWarning, days_left, expiry_warning};
pub use files::{write_private, write_public};
pub use ledger::{CertificateRecord, Holder, Revocation, RevocationReason};
pub use revocation::Revocations;
pub use tls::{Identity, client_config, install_provider, read_certificates, server_config};
pub use trust::{CertificateProblem, TrustStore};
pub use verifier::ReloadableVerifier;

/// `Result` with this crate's error.
pub type Result<T> = std::result::Result<T, PkiError>;
