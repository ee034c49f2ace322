//! rustls settings of the two ends: TLS 1.3, and 1.2 with authenticated encryption only.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::server::NoServerSessionStorage;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::{PkiError, ReloadableVerifier, Result, files};

/// Newest first. rustls has no TLS 1.2 suite without ephemeral keys and authenticated encryption.
const VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// Makes ring the process's TLS provider, for libraries that ask for the default one. May be called again.
pub fn install_provider() {
    // An error says that a provider is installed already, which is what we want.
    let _ = ring::default_provider().install_default();
}

/// The certificates of a PEM text, in its order; an error if there is none.
pub fn read_certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|error| PkiError::Pem(error.to_string()))?;
    if certificates.is_empty() {
        return Err(PkiError::Pem(
            "no certificate in the PEM text (BEGIN CERTIFICATE)".to_owned(),
        ));
    }
    Ok(certificates)
}

/// A certificate chain and its private key: what one end shows the other. Debug output hides the key.
#[derive(Debug)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// From a chain (own certificate first) and a key (PKCS#8, PKCS#1 or SEC1), both PEM.
    pub fn from_pem(chain_pem: &[u8], key_pem: &[u8]) -> Result<Self> {
        let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|_| {
            PkiError::Pem("no unencrypted private key in the PEM text (BEGIN PRIVATE KEY)".to_owned())
        })?;
        Ok(Self {
            chain: read_certificates(chain_pem)?,
            key,
        })
    }

    /// From the files with the chain and the key.
    pub fn read(chain: &Path, key: &Path) -> Result<Self> {
        Self::from_pem(&files::read(chain)?, &files::read(key)?)
    }
}

/// Settings of a listener that offers HTTP/2 and HTTP/1.1. With a `verifier`, clients must show a certificate,
/// and do so at every connection: sessions are not resumed, because a resumed one would skip the verifier and
/// with it later revocations.
pub fn server_config(identity: Identity, verifier: Option<Arc<ReloadableVerifier>>) -> Result<ServerConfig> {
    let mutual = verifier.is_some();
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(VERSIONS)?;
    let builder = match verifier {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(identity.chain, identity.key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    if mutual {
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(config)
}

/// Settings of a client that trusts only the authorities in `ca_pem` and shows `identity`, if any. No protocol
/// is negotiated beyond TLS (ALPN): an HTTP library adds those it speaks.
pub fn client_config(ca_pem: &[u8], identity: Option<Identity>) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for root in read_certificates(ca_pem)? {
        roots.add(root)?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(VERSIONS)?
        .with_root_certificates(roots);
    Ok(match identity {
        Some(identity) => builder.with_client_auth_cert(identity.chain, identity.key)?,
        None => builder.with_no_client_auth(),
    })
}
