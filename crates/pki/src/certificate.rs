//! What a certificate says about its holder.

use chrono::{DateTime, Utc};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use crate::profile::{self, STATE_URI, SYSTEM_URI};
use crate::{PkiError, Result, instant};

/// A parsed certificate of a client. Parsing proves nothing: the handshake and [`crate::TrustStore::check`] do.
///
/// The registered *fingerprint* says which state a connection speaks for. The state in the certificate must
/// agree with the registration; the subject is for people to read and decides nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// SHA-256 over the DER, lower-case hex without separators.
    pub fingerprint_sha256: String,
    /// Serial number, lower-case hex without separators or leading zero bytes.
    pub serial: String,
    /// First second of validity.
    pub not_before: DateTime<Utc>,
    /// Last second of validity.
    pub not_after: DateTime<Utc>,
    /// Postal code of the state, from the URI name `urn:mariposa:state:`; `None` without one.
    pub state: Option<String>,
    /// The state's system, from the URI name `urn:mariposa:system:`; `None` without one.
    pub system: Option<String>,
    /// The subject's name, to be shown.
    pub subject: String,
    issuer: Vec<u8>,
    name: Vec<u8>,
    public_key: Vec<u8>,
    der: CertificateDer<'static>,
}

impl ClientCertificate {
    /// Parses exactly one certificate in DER. Total: any bytes give a value or an error.
    pub fn parse(der: &[u8]) -> Result<Self> {
        let (rest, parsed) =
            X509Certificate::from_der(der).map_err(|_| bad("the bytes are no X.509 certificate"))?;
        if !rest.is_empty() {
            return Err(bad("bytes follow the certificate"));
        }
        let alternatives = parsed
            .subject_alternative_name()
            .map_err(|_| bad("its alternative names cannot be read"))?;
        let uris: Vec<&str> = alternatives
            .iter()
            .flat_map(|extension| &extension.value.general_names)
            .filter_map(|name| {
                if let GeneralName::URI(uri) = name {
                    Some(*uri)
                } else {
                    None
                }
            })
            .collect();
        let state = only_one(&uris, STATE_URI)?;
        if let Some(state) = state {
            profile::check_state(state)?;
        }
        Ok(Self {
            fingerprint_sha256: profile::fingerprint(der),
            serial: profile::serial_hex(parsed.raw_serial()),
            not_before: instant::from_asn1(parsed.validity().not_before)?,
            not_after: instant::from_asn1(parsed.validity().not_after)?,
            state: state.map(str::to_owned),
            system: only_one(&uris, SYSTEM_URI)?.map(str::to_owned),
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().as_raw().to_vec(),
            name: parsed.subject().as_raw().to_vec(),
            public_key: parsed.public_key().raw.to_vec(),
            der: CertificateDer::from(der.to_vec()),
        })
    }

    /// Parses the first certificate of a PEM text.
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        let der = CertificateDer::from_pem_slice(pem)
            .map_err(|_| bad("no certificate in the PEM text (BEGIN CERTIFICATE)"))?;
        Self::parse(&der)
    }

    /// The certificate as it came.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// The issuer's name in DER.
    pub(crate) fn issuer_der(&self) -> &[u8] {
        &self.issuer
    }

    /// The subject's name in DER.
    pub(crate) fn subject_der(&self) -> &[u8] {
        &self.name
    }

    /// The public key (`SubjectPublicKeyInfo`) in DER.
    pub(crate) fn public_key_der(&self) -> &[u8] {
        &self.public_key
    }
}

/// What follows `prefix` in the one URI that starts with it. Two would leave open for whom the holder speaks.
fn only_one<'a>(uris: &[&'a str], prefix: &str) -> Result<Option<&'a str>> {
    let mut found = uris.iter().filter_map(|uri| uri.strip_prefix(prefix));
    let first = found.next();
    if found.next().is_some() {
        return Err(bad("it names more than one state or system"));
    }
    Ok(first)
}

fn bad(reason: &str) -> PkiError {
    PkiError::Certificate(reason.to_owned())
}
