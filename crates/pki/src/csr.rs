//! A state's own signing request: only its key is taken, after checks. OpenSSL, because rcgen reads requests
//! with few kinds of keys and extensions.

use openssl::bn::BigNum;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKeyRef, Public};
use openssl::x509::X509Req;
use rcgen::SubjectPublicKeyInfo;

use crate::{PkiError, Result};

/// Bits of an RSA key: NIST SP 800-131A's floor, and the most that ring verifies.
const RSA_BITS: std::ops::RangeInclusive<u32> = 2048..=8192;
/// The smallest public exponent of an RSA key that FIPS 186-5 permits.
const RSA_EXPONENT_MIN: u32 = 65_537;

/// The public key of a PKCS#10 request (PEM) that is signed with it and strong enough.
pub(crate) fn checked_key(csr_pem: &[u8]) -> Result<SubjectPublicKeyInfo> {
    let request = X509Req::from_pem(csr_pem)
        .map_err(|_| PkiError::Request("cannot be read; send it as PEM (BEGIN CERTIFICATE REQUEST)"))?;
    let key = request
        .public_key()
        .map_err(|_| PkiError::Request("has a key that cannot be read; use RSA, P-256 or P-384"))?;
    check_strength(&key)?;
    if !request.verify(&key).unwrap_or(false) {
        return Err(PkiError::Request("is not signed with its own key; make it again"));
    }
    Ok(SubjectPublicKeyInfo::from_der(&key.public_key_to_der()?)?)
}

fn check_strength(key: &PKeyRef<Public>) -> Result<()> {
    match key.id() {
        Id::RSA => {
            let rsa = key.rsa()?;
            if key.bits() < *RSA_BITS.start() {
                return Err(PkiError::Request(
                    "has a weak key; use RSA of at least 2048 bits, P-256 or P-384",
                ));
            }
            if key.bits() > *RSA_BITS.end() {
                return Err(PkiError::Request(
                    "has too large a key; use RSA of at most 8192 bits",
                ));
            }
            if rsa.e() < &*BigNum::from_u32(RSA_EXPONENT_MIN)? {
                return Err(PkiError::Request(
                    "has a weak key; use an RSA public exponent of 65537",
                ));
            }
            Ok(())
        }
        Id::EC => match key.ec_key()?.group().curve_name() {
            Some(Nid::X9_62_PRIME256V1 | Nid::SECP384R1) => Ok(()),
            _ => Err(PkiError::Request(
                "has a key on an unsupported curve; use P-256 or P-384",
            )),
        },
        _ => Err(PkiError::Request(
            "has an unsupported kind of key; use RSA, P-256 or P-384",
        )),
    }
}
