//! Revocation lists in memory, for the check on every request.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use rustls_pki_types::CertificateRevocationListDer;
use x509_parser::der_parser::num_bigint::BigUint;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::{CertificateProblem, ClientCertificate, PkiError, Result, instant, profile};

/// Orders the lists of one issuer: by number (RFC 5280 §5.2.3), which unlike a time cannot run backwards, and
/// by time of signing for authorities that do not number theirs.
type Age = (Option<BigUint>, DateTime<Utc>);

/// One parsed revocation list.
#[derive(Debug, Clone)]
pub(crate) struct RevocationList {
    issuer: Vec<u8>,
    age: Age,
    next_update: DateTime<Utc>,
    serials: HashSet<String>,
    der: CertificateRevocationListDer<'static>,
}

impl RevocationList {
    /// Parses a list in DER without checking its signature.
    pub(crate) fn parse(der: &[u8]) -> Result<Self> {
        let parsed = parse(der)?;
        // RFC 5280 §5.1.2.5 requires it; without, a list that was never renewed would be good for ever.
        let next_update = parsed
            .next_update()
            .ok_or_else(|| bad("it does not say when the next one is due"))?;
        Ok(Self {
            issuer: parsed.issuer().as_raw().to_vec(),
            age: (
                parsed.crl_number().cloned(),
                instant::from_asn1(parsed.last_update())?,
            ),
            next_update: instant::from_asn1(next_update)?,
            serials: parsed
                .iter_revoked_certificates()
                .map(|entry| profile::serial_hex(entry.raw_serial()))
                .collect(),
            der: CertificateRevocationListDer::from(der.to_vec()),
        })
    }

    /// By when the next list must be in place.
    pub(crate) fn next_update(&self) -> DateTime<Utc> {
        self.next_update
    }

    fn is_signed_by(&self, authority: &ClientCertificate) -> bool {
        self.issuer == authority.subject_der()
            && parse(&self.der).is_ok_and(|list| {
                SubjectPublicKeyInfo::from_der(authority.public_key_der())
                    .is_ok_and(|(_, key)| list.verify_signature(&key).is_ok())
            })
    }
}

/// The newest revocation list of each trusted authority.
#[derive(Debug, Clone, Default)]
pub struct Revocations {
    by_issuer: HashMap<Vec<u8>, RevocationList>,
}

impl Revocations {
    /// Takes lists in DER, each of which must be signed by one of `authorities`; of several from one authority
    /// the newest counts.
    pub fn new(
        authorities: &[ClientCertificate],
        lists: &[CertificateRevocationListDer<'static>],
    ) -> Result<Self> {
        let mut by_issuer: HashMap<Vec<u8>, RevocationList> = HashMap::new();
        for der in lists {
            let list = RevocationList::parse(der)?;
            if !authorities.iter().any(|authority| list.is_signed_by(authority)) {
                return Err(bad("it is not signed by a trusted authority"));
            }
            let newest = by_issuer
                .get(&list.issuer)
                .is_none_or(|held| held.age <= list.age);
            if newest {
                by_issuer.insert(list.issuer.clone(), list);
            }
        }
        Ok(Self { by_issuer })
    }

    /// Whether the certificate's serial number is on its issuer's list.
    pub fn is_revoked(&self, certificate: &ClientCertificate) -> bool {
        self.by_issuer
            .get(certificate.issuer_der())
            .is_some_and(|list| list.serials.contains(&certificate.serial))
    }

    /// Refuses a revoked certificate, and one of whose issuer no list is in force at `now`: a list that is
    /// missing or overdue may hide a revocation.
    pub fn check(
        &self,
        certificate: &ClientCertificate,
        now: DateTime<Utc>,
    ) -> std::result::Result<(), CertificateProblem> {
        if self.is_revoked(certificate) {
            return Err(CertificateProblem::Revoked);
        }
        match self.by_issuer.get(certificate.issuer_der()) {
            Some(list) if now < list.next_update => Ok(()),
            _ => Err(CertificateProblem::RevocationUnknown),
        }
    }

    /// The earliest time by which a list must be replaced; `None` without lists.
    pub fn next_update(&self) -> Option<DateTime<Utc>> {
        self.by_issuer.values().map(RevocationList::next_update).min()
    }

    /// The lists in DER.
    pub(crate) fn ders(&self) -> Vec<CertificateRevocationListDer<'static>> {
        self.by_issuer.values().map(|list| list.der.clone()).collect()
    }

    /// Whether some list here is older than the one of the same issuer in `held`.
    pub(crate) fn is_older_than(&self, held: &Self) -> bool {
        self.by_issuer
            .iter()
            .any(|(issuer, list)| held.by_issuer.get(issuer).is_some_and(|held| list.age < held.age))
    }
}

fn parse(der: &[u8]) -> Result<CertificateRevocationList<'_>> {
    let (rest, list) = CertificateRevocationList::from_der(der)
        .map_err(|_| bad("the bytes are no X.509 revocation list"))?;
    if rest.is_empty() {
        Ok(list)
    } else {
        Err(bad("bytes follow the list"))
    }
}

fn bad(reason: &str) -> PkiError {
    PkiError::RevocationList(reason.to_owned())
}
