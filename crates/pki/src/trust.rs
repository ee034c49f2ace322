//! Whom a running hub trusts: authorities and revocation lists from a folder, reloaded when they change.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use rustls::server::danger::ClientCertVerifier;
use rustls::{CertificateError, Error};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};

use crate::{
    ClientCertificate, PkiError, ReloadableVerifier, Result, Revocations, files, instant, read_certificates,
};

/// Why a certificate is not, or no longer, accepted. Messages are meant for the holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CertificateProblem {
    /// Its last second has passed.
    #[error("the certificate has expired; ask the exchange for a new one")]
    Expired,
    /// Its first second is still to come.
    #[error("the certificate is not valid yet; check the clock or wait")]
    NotYetValid,
    /// Its authority has withdrawn it.
    #[error("the certificate was revoked; ask the exchange for a new one")]
    Revoked,
    /// No trusted authority issued it.
    #[error("the certificate was not issued for this exchange; use the one that the exchange gave you")]
    NotOurs,
    /// It is not meant for clients.
    #[error("the certificate is not meant for clients; use the one that the exchange gave you")]
    NotForClients,
    /// No revocation list of its authority is in force, so that it cannot be known to be good.
    #[error("the exchange cannot check the certificate for revocation; its operator must renew the list")]
    RevocationUnknown,
}

/// The trust of a running hub: `ca.pem` (one or more authorities) and `crl.pem` (their revocation lists) of a
/// folder. Handshakes go through [`TrustStore::verifier`]; because connections live long, every request also
/// goes through [`TrustStore::check`]. Needs no private key.
#[derive(Debug)]
pub struct TrustStore {
    folder: PathBuf,
    verifier: Arc<ReloadableVerifier>,
    loaded: RwLock<Arc<Loaded>>,
    /// The files that `loaded` came from; held while they are reloaded, so that reloads do not overlap.
    stamps: Mutex<[Stamp; 2]>,
}

#[derive(Debug)]
struct Loaded {
    /// Last second of each trusted authority, by its name in DER: webpki does not look at it.
    authorities: HashMap<Vec<u8>, DateTime<Utc>>,
    revocations: Revocations,
    /// Fingerprints whose signature and purpose were found good under these authorities. They do not change
    /// with time; all else is looked at each time.
    proven: Mutex<HashSet<String>>,
}

/// Tells one state of a file from the next; a file put in place by renaming has a new inode.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
    inode: u64,
}

impl TrustStore {
    /// Loads `ca.pem` and `crl.pem` from `folder`, which may be an [`crate::Authority`]'s or hold copies.
    pub fn open(folder: &Path) -> Result<Self> {
        let stamps = stamps(folder)?;
        let (roots, loaded) = load(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            verifier: ReloadableVerifier::new(roots, loaded.revocations.ders())?,
            loaded: RwLock::new(Arc::new(loaded)),
            stamps: Mutex::new(stamps),
        })
    }

    /// The check of client certificates for [`crate::server_config`]. It follows later reloads.
    pub fn verifier(&self) -> Arc<ReloadableVerifier> {
        Arc::clone(&self.verifier)
    }

    /// Reloads if either file changed, and says whether it did; to be asked every few seconds. On an error, as
    /// with a list older than the one in force, what was in force stays so and the next call tries again.
    pub fn refresh(&self) -> Result<bool> {
        let mut held = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken before reading: a change during the reading is then seen next time.
        let stamps = stamps(&self.folder)?;
        if *held == stamps {
            return Ok(false);
        }
        let (roots, loaded) = load(&self.folder)?;
        if loaded.revocations.is_older_than(&self.loaded().revocations) {
            return Err(PkiError::RevocationList(
                "it is older than the one in force".to_owned(),
            ));
        }
        // The verifier first: what is found good under the new `loaded` was found so by the new verifier.
        self.verifier.reload(roots, loaded.revocations.ders())?;
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
        *held = stamps;
        Ok(true)
    }

    /// Whether a certificate is good at `now`, by the authorities and lists in force. Costs two signature
    /// checks the first time a certificate is seen, lookups afterwards.
    pub fn check(
        &self,
        certificate: &ClientCertificate,
        now: DateTime<Utc>,
    ) -> std::result::Result<(), CertificateProblem> {
        let now = instant::whole_second(now);
        let loaded = self.loaded();
        let authority_end = loaded
            .authorities
            .get(certificate.issuer_der())
            .ok_or(CertificateProblem::NotOurs)?;
        if now < certificate.not_before {
            return Err(CertificateProblem::NotYetValid);
        }
        if now > certificate.not_after || now > *authority_end {
            return Err(CertificateProblem::Expired);
        }
        loaded.revocations.check(certificate, now)?;
        let proven = || loaded.proven.lock().unwrap_or_else(PoisonError::into_inner);
        if proven().contains(&certificate.fingerprint_sha256) {
            return Ok(());
        }
        self.verifier
            .verify_client_cert(certificate.der(), &[], instant::to_unix(now))
            .map_err(|error| problem(&error))?;
        proven().insert(certificate.fingerprint_sha256.clone());
        Ok(())
    }

    /// The earliest time by which a revocation list in force must be replaced. All certificates under it are
    /// refused from then on, so an operator wants to hear of it before ([`crate::expiry_warning`]).
    pub fn lists_due(&self) -> Option<DateTime<Utc>> {
        self.loaded().revocations.next_update()
    }

    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn authorities_path(folder: &Path) -> PathBuf {
    folder.join("ca.pem")
}

fn lists_path(folder: &Path) -> PathBuf {
    folder.join("crl.pem")
}

fn load(folder: &Path) -> Result<(Vec<CertificateDer<'static>>, Loaded)> {
    let roots = read_certificates(&files::read(&authorities_path(folder))?)?;
    let authorities = roots
        .iter()
        .map(|der| ClientCertificate::parse(der))
        .collect::<Result<Vec<_>>>()?;
    let lists = CertificateRevocationListDer::pem_slice_iter(&files::read(&lists_path(folder))?)
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|error| PkiError::RevocationList(error.to_string()))?;
    let revocations = Revocations::new(&authorities, &lists)?;
    let mut ends = HashMap::new();
    for authority in &authorities {
        // Lists are found by their issuer's name, so one name must not stand for two authorities.
        let same_name = |other: &&ClientCertificate| other.subject_der() == authority.subject_der();
        if authorities
            .iter()
            .filter(same_name)
            .any(|a| a.public_key_der() != authority.public_key_der())
        {
            return Err(PkiError::SameName(authority.subject.clone()));
        }
        let end = ends
            .entry(authority.subject_der().to_vec())
            .or_insert(authority.not_after);
        *end = authority.not_after.max(*end);
    }
    Ok((
        roots,
        Loaded {
            authorities: ends,
            revocations,
            proven: Mutex::default(),
        },
    ))
}

fn stamps(folder: &Path) -> Result<[Stamp; 2]> {
    let stamp = |path: &Path| {
        let metadata = fs::metadata(path)?;
        Ok(Stamp {
            modified: metadata.modified()?,
            length: metadata.len(),
            inode: metadata.ino(),
        })
    };
    let of = |path: PathBuf| stamp(&path).map_err(files::at(&path));
    Ok([of(authorities_path(folder))?, of(lists_path(folder))?])
}

/// The handshake's verdict in our terms.
fn problem(error: &Error) -> CertificateProblem {
    let Error::InvalidCertificate(error) = error else {
        return CertificateProblem::NotOurs;
    };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateProblem::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateProblem::NotYetValid
        }
        CertificateError::Revoked => CertificateProblem::Revoked,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            CertificateProblem::NotForClients
        }
        CertificateError::UnknownRevocationStatus
        | CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. } => CertificateProblem::RevocationUnknown,
        _ => CertificateProblem::NotOurs,
    }
}
