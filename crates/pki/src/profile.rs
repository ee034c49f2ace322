//! What our certificates contain: names, usages and validity, always ours and never the requester's.

use std::fmt::Write;
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, SanType, SerialNumber,
};
use sha2::{Digest, Sha256};

use crate::ledger::Holder;
use crate::{PkiError, Result, instant};

/// A certificate's URI name for a state: this followed by the two-letter postal code.
pub(crate) const STATE_URI: &str = "urn:mariposa:state:";
/// A certificate's URI name for a state's system: this followed by the system's name.
pub(crate) const SYSTEM_URI: &str = "urn:mariposa:system:";

/// How far before the time of issue a certificate's validity begins, for clocks that run behind.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);
/// Upper bound of a common name (RFC 5280 appendix A, `ub-common-name`).
const COMMON_NAME_MAX: usize = 64;

/// When a certificate is valid: from a little before `now` until `now + validity`.
pub(crate) struct Period {
    pub(crate) not_before: DateTime<Utc>,
    pub(crate) not_after: DateTime<Utc>,
}

impl Period {
    pub(crate) fn new(now: DateTime<Utc>, validity: TimeDelta) -> Result<Self> {
        if validity < TimeDelta::seconds(1) {
            return Err(PkiError::EmptyValidity);
        }
        let now = instant::whole_second(now);
        let outside = || PkiError::Certificate("its validity ends out of range".to_owned());
        Ok(Self {
            not_before: now.checked_sub_signed(CLOCK_SKEW).ok_or_else(outside)?,
            not_after: now.checked_add_signed(validity).ok_or_else(outside)?,
        })
    }
}

/// The authority's own certificate.
pub(crate) fn authority(name: &str, period: &Period) -> Result<CertificateParams> {
    if !(1..=COMMON_NAME_MAX).contains(&name.chars().count()) {
        return Err(PkiError::AuthorityName(name.to_owned()));
    }
    let mut params = base(name, period)?;
    // No further authority may stand between this one and a leaf.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// A leaf certificate of `holder`, whose names are checked here.
pub(crate) fn leaf(holder: &Holder, period: &Period) -> Result<CertificateParams> {
    let mut params = match holder {
        Holder::State { state, system } => {
            check_state(state)?;
            check_system(system)?;
            let mut params = base(&format!("{state} {system}"), period)?;
            params.subject_alt_names = vec![
                uri(&format!("{STATE_URI}{state}"))?,
                uri(&format!("{SYSTEM_URI}{system}"))?,
            ];
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            params
        }
        Holder::Server { names } | Holder::Caller { names } => {
            let first = names.first().ok_or_else(|| PkiError::ServerName(String::new()))?;
            let common_name = if first.len() <= COMMON_NAME_MAX {
                first
            } else {
                "exchange server"
            };
            let mut params = base(common_name, period)?;
            params.subject_alt_names = names
                .iter()
                .map(|name| server_name(name))
                .collect::<Result<_>>()?;
            params.extended_key_usages = vec![match holder {
                Holder::Caller { .. } => ExtendedKeyUsagePurpose::ClientAuth,
                _ => ExtendedKeyUsagePurpose::ServerAuth,
            }];
            params
        }
    };
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn base(common_name: &str, period: &Period) -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = instant::to_offset(period.not_before)?;
    params.not_after = instant::to_offset(period.not_after)?;
    params.serial_number = Some(random_serial()?);
    Ok(params)
}

/// Sixteen random bytes, of which the first is between 0x40 and 0x7f: positive and always of full length, so
/// that the number has one spelling in hex. 126 random bits, where RFC 5280 and CAs' practice ask for 64.
fn random_serial() -> Result<SerialNumber> {
    let mut bytes = [0_u8; 16];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| PkiError::Tls(rustls::Error::FailedToGetRandomBytes))?;
    bytes[0] = bytes[0] & 0x3f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

/// Whether `state` is spelled as a postal code. Whether there is such a state is not this crate's knowledge.
pub(crate) fn check_state(state: &str) -> Result<()> {
    let good = state.len() == 2 && state.bytes().all(|b| b.is_ascii_uppercase());
    good.then_some(())
        .ok_or_else(|| PkiError::StateCode(state.to_owned()))
}

fn check_system(system: &str) -> Result<()> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let good = (1..=40).contains(&system.len()) && system.bytes().all(allowed);
    good.then_some(())
        .ok_or_else(|| PkiError::SystemName(system.to_owned()))
}

fn uri(text: &str) -> Result<SanType> {
    Ok(SanType::URI(text.try_into()?))
}

fn server_name(name: &str) -> Result<SanType> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let bad = || PkiError::ServerName(name.to_owned());
    rustls_pki_types::DnsName::try_from(name).map_err(|_| bad())?;
    Ok(SanType::DnsName(name.try_into().map_err(|_| bad())?))
}

/// SHA-256 over a certificate's DER in lower-case hex.
pub(crate) fn fingerprint(der: &[u8]) -> String {
    hex(&Sha256::digest(der))
}

/// A serial number in lower-case hex, without the zero byte that DER puts before a high first bit.
pub(crate) fn serial_hex(raw: &[u8]) -> String {
    let first = raw
        .iter()
        .position(|&b| b != 0)
        .unwrap_or(raw.len().saturating_sub(1));
    hex(&raw[first..])
}

/// The bytes of a serial number that [`serial_hex`] wrote; `None` if it is no such text.
pub(crate) fn serial_bytes(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).ok())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a string cannot fail");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_have_one_spelling_and_return_to_bytes() {
        assert_eq!(serial_hex(&[0, 0x80, 1]), "8001");
        assert_eq!(serial_hex(&[0]), "00");
        assert_eq!(serial_hex(&[]), "");
        assert_eq!(serial_bytes("8001"), Some(vec![0x80, 1]));
        for bad in ["", "8", "zz", "é"] {
            assert_eq!(serial_bytes(bad), None, "{bad}");
        }
    }

    #[test]
    fn random_serials_are_positive_full_length_and_differ() {
        let serials: std::collections::HashSet<_> =
            (0..100).map(|_| random_serial().unwrap().to_bytes()).collect();
        assert_eq!(serials.len(), 100);
        assert!(
            serials
                .iter()
                .all(|s| s.len() == 16 && (0x40..0x80).contains(&s[0]))
        );
    }

    #[test]
    fn names_are_checked() {
        for good in ["TX", "PR"] {
            check_state(good).unwrap();
        }
        for bad in ["", "T", "tx", "TXX", "T1", "É", "TX\n"] {
            assert!(check_state(bad).is_err(), "{bad:?}");
        }
        for good in ["a", "MIS2000", "ngs-prod_1.b"] {
            check_system(good).unwrap();
        }
        for bad in ["", "a b", "a:b", "é", &"x".repeat(41)] {
            assert!(check_system(bad).is_err(), "{bad:?}");
        }
        for good in ["localhost", "hub.example.org", "127.0.0.1", "::1"] {
            server_name(good).unwrap();
        }
        for bad in ["", "a b", "http://x", "*"] {
            assert!(server_name(bad).is_err(), "{bad:?}");
        }
    }
}
