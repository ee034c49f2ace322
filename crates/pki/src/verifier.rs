//! The check of client certificates in the handshake, replaceable while the listener runs.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};

use crate::{PkiError, Result};

/// A mandatory check of client certificates that a listener keeps for life while its trusted authorities and
/// revocation lists are replaced underneath.
///
/// A client's certificate must come straight from a trusted authority: intermediates that a client sends are
/// ignored. It is refused when its authority's list names it, is missing or is overdue.
#[derive(Debug)]
pub struct ReloadableVerifier {
    current: RwLock<Arc<dyn ClientCertVerifier>>,
}

impl ReloadableVerifier {
    /// Starts with these authorities and revocation lists; at least one of each.
    pub fn new(
        roots: Vec<CertificateDer<'static>>,
        crls: Vec<CertificateRevocationListDer<'static>>,
    ) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            current: RwLock::new(build(roots, crls)?),
        }))
    }

    /// Replaces authorities and lists for all later handshakes. On an error what was in force stays so.
    pub fn reload(
        &self,
        roots: Vec<CertificateDer<'static>>,
        crls: Vec<CertificateRevocationListDer<'static>>,
    ) -> Result<()> {
        let next = build(roots, crls)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    fn current(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn build(
    roots: Vec<CertificateDer<'static>>,
    crls: Vec<CertificateRevocationListDer<'static>>,
) -> Result<Arc<dyn ClientCertVerifier>> {
    // With no list at all, webpki would skip the check instead of denying what it does not know.
    if crls.is_empty() {
        return Err(PkiError::RevocationList(
            "there is none; sign one with `pki crl`".to_owned(),
        ));
    }
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root)?;
    }
    let provider = Arc::new(ring::default_provider());
    Ok(
        WebPkiClientVerifier::builder_with_provider(Arc::new(store), provider)
            .with_crls(crls)
            .only_check_end_entity_revocation()
            .enforce_revocation_expiration()
            .build()?,
    )
}

impl ClientCertVerifier for ReloadableVerifier {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        true
    }

    /// No hints: the trait lends them for as long as the verifier lives, which reloading rules out. A state's
    /// system has one certificate for the exchange and needs none.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> std::result::Result<ClientCertVerified, Error> {
        self.current().verify_client_cert(end_entity, &[], now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, Error> {
        self.current().verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, Error> {
        self.current().verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.current().supported_verify_schemes()
    }
}
