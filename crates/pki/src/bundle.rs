//! PKCS#12 bundles, for systems that import key and certificate as one file.

use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::PKey;
use openssl::stack::Stack;
use openssl::x509::X509;

use crate::{PkiError, PrivateKeyPem, Result};

/// Rounds of key derivation: OWASP's figure for PBKDF2 with HMAC-SHA-256.
const ITERATIONS: u32 = 600_000;

/// A PKCS#12 bundle (DER) of a certificate, its key and the authorities above it (each PEM), under `password`.
/// Key and certificates are encrypted with AES-256 (PBES2, PBKDF2), the whole authenticated with HMAC-SHA-256.
pub fn pkcs12(certificate_pem: &str, key: &PrivateKeyPem, ca_pem: &str, password: &str) -> Result<Vec<u8>> {
    if password.is_empty() {
        return Err(PkiError::NoPassword);
    }
    let certificate = X509::from_pem(certificate_pem.as_bytes())?;
    let mut authorities = Stack::new()?;
    for authority in X509::stack_from_pem(ca_pem.as_bytes())? {
        authorities.push(authority)?;
    }
    let name = certificate
        .subject_name()
        .entries_by_nid(Nid::COMMONNAME)
        .next()
        .map_or_else(String::new, |entry| {
            String::from_utf8_lossy(entry.data().as_slice()).into_owned()
        });
    let bundle = Pkcs12::builder()
        .name(&name)
        .cert(&certificate)
        .pkey(&*PKey::private_key_from_pem(key.pem().as_bytes())?)
        .ca(authorities)
        .key_algorithm(Nid::AES_256_CBC)
        .cert_algorithm(Nid::AES_256_CBC)
        .key_iter(ITERATIONS)
        .mac_iter(ITERATIONS)
        .mac_md(MessageDigest::sha256())
        .build2(password)?;
    Ok(bundle.to_der()?)
}
