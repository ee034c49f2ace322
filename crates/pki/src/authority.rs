//! A private certification authority for the exchange, in a folder.
//!
//! | file | holds |
//! | --- | --- |
//! | `ca.pem` | the authority's certificate, for everybody |
//! | `ca-key.pem` | its private key, mode 0600 |
//! | `issued.jsonl` | the ledger of what was issued and revoked |
//! | `crl.pem`, `crl-number` | the current revocation list and its number |
//! | `.lock` | held by whoever changes the folder |

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use rcgen::{
    Certificate, CertificateRevocationListParams, Issuer, KeyIdMethod, KeyPair, PublicKeyData,
    RevokedCertParams, SerialNumber,
};
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject;

use crate::ledger::Ledger;
use crate::profile::{self, Period};
use crate::revocation::RevocationList;
use crate::{
    CertificateRecord, ClientCertificate, Holder, PkiError, Result, Revocation, RevocationReason, csr, files,
    instant,
};

/// How long a revocation list is good for unless said otherwise. A hub refuses all certificates under a list
/// that has run out, so a list is renewed long before ([`Authority::renew_crl_if_due`]).
pub const CRL_LIFETIME: TimeDelta = TimeDelta::days(30);

const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca-key.pem";
const LEDGER: &str = "issued.jsonl";
const LIST: &str = "crl.pem";
const LIST_NUMBER: &str = "crl-number";

/// A private certification authority. Several processes may work on the same folder.
#[derive(Debug)]
pub struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
    not_after: DateTime<Utc>,
}

/// A certificate that was just issued.
#[derive(Debug, Clone)]
pub struct Issued {
    /// Its line in the ledger.
    pub record: CertificateRecord,
    /// The certificate.
    pub certificate_pem: String,
}

/// A private key as PKCS#8 PEM. It shows itself only when asked, never in debug output.
#[derive(Clone)]
pub struct PrivateKeyPem(String);

impl PrivateKeyPem {
    /// The PEM text; write it with [`crate::write_private`].
    pub fn pem(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivateKeyPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKeyPem(..)")
    }
}

/// A signed revocation list.
#[derive(Debug, Clone)]
pub struct SignedCrl {
    /// Its number, one more than the last.
    pub number: u64,
    /// By when the next one must be in place.
    pub next_update: DateTime<Utc>,
    /// As PEM.
    pub pem: String,
    /// As DER.
    pub der: Vec<u8>,
}

impl Authority {
    /// Makes an authority called `name` in `folder` (made if missing) with an ECDSA P-256 key, valid from `now`
    /// for `validity`, and its first, empty revocation list.
    pub fn init(folder: &Path, name: &str, now: DateTime<Utc>, validity: TimeDelta) -> Result<Self> {
        let period = Period::new(now, validity)?;
        files::make_private_folder(folder)?;
        {
            let _lock = files::lock(folder)?;
            if folder.join(CERTIFICATE).exists() {
                return Err(PkiError::AlreadyAnAuthority(folder.to_owned()));
            }
            let key = KeyPair::generate()?;
            let certificate = profile::authority(name, &period)?.self_signed(&key)?;
            files::write_private(&folder.join(KEY), key.serialize_pem().as_bytes())?;
            Ledger::empty().write(&folder.join(LEDGER))?;
            files::write_private(&folder.join(LIST_NUMBER), b"0")?;
            let authority = Self::new(folder, certificate.pem(), key)?;
            authority.sign_list(&Ledger::empty(), now, now + CRL_LIFETIME)?;
            // Written last: a folder without it is not an authority yet, and init may be tried again.
            files::write_public(&folder.join(CERTIFICATE), certificate.pem().as_bytes())?;
        }
        Self::open(folder)
    }

    /// Opens the authority in `folder`. Refuses a key that other users can read.
    pub fn open(folder: &Path) -> Result<Self> {
        if !folder.join(CERTIFICATE).exists() {
            return Err(PkiError::NotAnAuthority(folder.to_owned()));
        }
        let key_path = folder.join(KEY);
        let mode = fs::metadata(&key_path)
            .map_err(files::at(&key_path))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            return Err(PkiError::KeyReadableByOthers(key_path));
        }
        let key = KeyPair::from_pem(&files::read_text(&key_path)?)?;
        Self::new(folder, files::read_text(&folder.join(CERTIFICATE))?, key)
    }

    fn new(folder: &Path, certificate_pem: String, key: KeyPair) -> Result<Self> {
        let certificate = ClientCertificate::from_pem(certificate_pem.as_bytes())?;
        if certificate.public_key_der() != key.subject_public_key_info() {
            return Err(PkiError::KeyMismatch(folder.join(CERTIFICATE)));
        }
        Ok(Self {
            folder: folder.to_owned(),
            issuer: Issuer::from_ca_cert_pem(&certificate_pem, key)?,
            certificate_pem,
            not_after: certificate.not_after,
        })
    }

    /// The authority's certificate: what both ends of the exchange trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The last second in which the authority's certificate is valid.
    pub fn not_after(&self) -> DateTime<Utc> {
        self.not_after
    }

    /// Issues a key (ECDSA P-256) and client certificate to the system named `system` of `state` (postal code),
    /// good until `now + validity`.
    pub fn issue_state(
        &self,
        state: &str,
        system: &str,
        validity: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<(Issued, PrivateKeyPem)> {
        self.issue_with_key(
            Holder::State {
                state: state.to_owned(),
                system: system.to_owned(),
            },
            validity,
            now,
        )
    }

    /// Issues a key (ECDSA P-256) and server certificate for the DNS names and IP addresses `names`, good until
    /// `now + validity`.
    pub fn issue_server(
        &self,
        names: &[&str],
        validity: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<(Issued, PrivateKeyPem)> {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        self.issue_with_key(Holder::Server { names }, validity, now)
    }

    /// Issues a key (ECDSA P-256) and client certificate with which the hub of these names calls others, good until
    /// `now + validity`. It stands for no state.
    pub fn issue_caller(
        &self,
        names: &[&str],
        validity: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<(Issued, PrivateKeyPem)> {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        self.issue_with_key(Holder::Caller { names }, validity, now)
    }

    /// Issues a client certificate for the key in a PKCS#10 signing request (PEM), which must be signed with
    /// that key: RSA of 2048 to 8192 bits, P-256 or P-384. Everything else in the request is ignored: names and
    /// usages are those that this call gives to `state` and `system`.
    pub fn sign_csr(
        &self,
        csr_pem: &[u8],
        state: &str,
        system: &str,
        validity: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Issued> {
        let key = csr::checked_key(csr_pem)?;
        self.issue(
            Holder::State {
                state: state.to_owned(),
                system: system.to_owned(),
            },
            &key,
            validity,
            now,
        )
    }

    /// Everything issued so far, oldest first.
    pub fn issued(&self) -> Result<Vec<CertificateRecord>> {
        Ok(Ledger::read(&self.folder.join(LEDGER))?.into_certificates())
    }

    /// Revokes the certificate with this serial number or SHA-256 fingerprint (hex) and signs a revocation list
    /// that says so, good for [`CRL_LIFETIME`]. A second revocation changes nothing but the list's number.
    pub fn revoke(
        &self,
        which: &str,
        reason: RevocationReason,
        now: DateTime<Utc>,
    ) -> Result<CertificateRecord> {
        let _lock = files::lock(&self.folder)?;
        let mut ledger = Ledger::read(&self.folder.join(LEDGER))?;
        let record = ledger.revoke(
            which,
            Revocation {
                at: instant::whole_second(now),
                reason,
            },
        )?;
        ledger.write(&self.folder.join(LEDGER))?;
        self.sign_list(&ledger, now, now + CRL_LIFETIME)?;
        Ok(record)
    }

    /// Signs the revocation list as of `now`, good until `next_update`, and puts it in place as `crl.pem`.
    pub fn crl(&self, now: DateTime<Utc>, next_update: DateTime<Utc>) -> Result<SignedCrl> {
        let _lock = files::lock(&self.folder)?;
        self.sign_list(&Ledger::read(&self.folder.join(LEDGER))?, now, next_update)
    }

    /// Signs a new list, good for [`CRL_LIFETIME`], if less than half of that is left of the current one, which
    /// is to be asked daily. Says whether it did.
    pub fn renew_crl_if_due(&self, now: DateTime<Utc>) -> Result<bool> {
        let _lock = files::lock(&self.folder)?;
        let current = files::read(&self.folder.join(LIST))?;
        let current = CertificateRevocationListDer::from_pem_slice(&current)
            .map_err(|error| PkiError::RevocationList(error.to_string()))?;
        let due = RevocationList::parse(&current)?.next_update() - now < CRL_LIFETIME / 2;
        if due {
            self.sign_list(&Ledger::read(&self.folder.join(LEDGER))?, now, now + CRL_LIFETIME)?;
        }
        Ok(due)
    }

    fn issue_with_key(
        &self,
        holder: Holder,
        validity: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<(Issued, PrivateKeyPem)> {
        let key = KeyPair::generate()?;
        let issued = self.issue(holder, &key, validity, now)?;
        Ok((issued, PrivateKeyPem(key.serialize_pem())))
    }

    fn issue(
        &self,
        holder: Holder,
        public_key: &impl PublicKeyData,
        validity: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Issued> {
        let period = Period::new(now, validity)?;
        if period.not_after > self.not_after {
            return Err(PkiError::OutlivesAuthority(self.not_after));
        }
        let certificate = profile::leaf(&holder, &period)?.signed_by(public_key, &self.issuer)?;
        let record = record(&certificate, holder, now)?;

        let _lock = files::lock(&self.folder)?;
        let mut ledger = Ledger::read(&self.folder.join(LEDGER))?;
        ledger.add(record.clone());
        ledger.write(&self.folder.join(LEDGER))?;
        Ok(Issued {
            record,
            certificate_pem: certificate.pem(),
        })
    }

    /// Under the folder's lock. The number is written first: a crash in between skips one, which is allowed;
    /// two lists under one number would not be (RFC 5280 §5.2.3).
    fn sign_list(
        &self,
        ledger: &Ledger,
        now: DateTime<Utc>,
        next_update: DateTime<Utc>,
    ) -> Result<SignedCrl> {
        let number_path = self.folder.join(LIST_NUMBER);
        let number: u64 = files::read_text(&number_path)?
            .trim()
            .parse()
            .map_err(|_| PkiError::Ledger {
                path: number_path.clone(),
                line: 1,
                reason: "not a number".to_owned(),
            })?;
        let number = number + 1;
        let next_update = instant::whole_second(next_update);
        let list = CertificateRevocationListParams {
            this_update: instant::to_offset(now)?,
            next_update: instant::to_offset(next_update)?,
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: ledger
                .certificates()
                .iter()
                .filter_map(revoked)
                .collect::<Result<_>>()?,
            key_identifier_method: KeyIdMethod::Sha256,
        }
        .signed_by(&self.issuer)?;
        let pem = list.pem()?;
        files::write_private(&number_path, number.to_string().as_bytes())?;
        files::write_public(&self.folder.join(LIST), pem.as_bytes())?;
        Ok(SignedCrl {
            number,
            next_update,
            pem,
            der: list.der().to_vec(),
        })
    }
}

/// The ledger's record of a certificate, read back from the certificate itself.
fn record(certificate: &Certificate, holder: Holder, now: DateTime<Utc>) -> Result<CertificateRecord> {
    let parsed = ClientCertificate::parse(certificate.der())?;
    Ok(CertificateRecord {
        serial: parsed.serial,
        fingerprint_sha256: parsed.fingerprint_sha256,
        holder,
        not_before: parsed.not_before,
        not_after: parsed.not_after,
        issued_at: instant::whole_second(now),
        revoked: None,
    })
}

/// A revoked certificate's entry in the list; `None` for one in force. Entries stay after the certificate has
/// expired: they are few, and a list then tells the whole story.
fn revoked(record: &CertificateRecord) -> Option<Result<RevokedCertParams>> {
    let revocation = record.revoked.as_ref()?;
    let entry = || {
        let serial = profile::serial_bytes(&record.serial)
            .ok_or_else(|| PkiError::RevocationList(format!("`{}` is no serial number", record.serial)))?;
        Ok(RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: instant::to_offset(revocation.at)?,
            reason_code: Some(revocation.reason.code()),
            invalidity_date: None,
        })
    };
    Some(entry())
}
