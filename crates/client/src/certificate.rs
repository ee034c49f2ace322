//! Whose a certificate is and how long it is good: to warn in time. Whether it is accepted, TLS alone decides.

use chrono::{DateTime, Utc};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Serialize;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// A certificate with fewer days left than this is warned of: time to have a new one issued and installed.
pub const WARNING_DAYS: i64 = 30;

/// Whose certificate it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The state's own, or its chain.
    Own,
    /// The exchange's authority, as it lies here.
    Authority,
    /// The hub's, or its chain.
    Hub,
}

impl Whose {
    /// As the subject of a sentence.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Own => "this state's certificate",
            Self::Authority => "the certificate of the exchange's authority (--ca)",
            Self::Hub => "the hub's certificate",
        }
    }

    /// Who has to do what before it ends.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Own => "ask the hub's operator for a new one, and name it with --cert and --key",
            Self::Authority => {
                "ask the hub's operator for the new authority's certificate, and name it with --ca"
            }
            Self::Hub => "tell the hub's operator",
        }
    }
}

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// Its subject.
    pub subject: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// From when on it is good.
    pub not_before: DateTime<Utc>,
    /// Until when.
    pub not_after: DateTime<Utc>,
}

impl Certificate {
    /// Reads one in DER; `None` if it is none.
    #[must_use]
    pub fn of(der: &[u8]) -> Option<Self> {
        let (_, read) = X509Certificate::from_der(der).ok()?;
        let instant = |time: x509_parser::time::ASN1Time| DateTime::from_timestamp(time.timestamp(), 0);
        Some(Self {
            subject: read.subject().to_string(),
            serial: format!("{:x}", read.tbs_certificate.serial),
            not_before: instant(read.validity().not_before)?,
            not_after: instant(read.validity().not_after)?,
        })
    }

    /// Reads all certificates of a PEM file; `None` if one cannot be read.
    #[must_use]
    pub fn all_of(pem: &[u8]) -> Option<Vec<Self>> {
        CertificateDer::pem_slice_iter(pem)
            .map(|der| Self::of(&der.ok()?))
            .collect()
    }

    /// Whole days until it ends; negative when it has.
    #[must_use]
    pub fn days_left(&self, now: DateTime<Utc>) -> i64 {
        (self.not_after - now).num_seconds().div_euclid(24 * 60 * 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_whose_it_is_and_how_long_it_is_good() {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::new(["tx".to_owned()]).expect("a name");
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 4, 1);
        params.serial_number = Some(0x2a_u64.into());
        params.distinguished_name.push(rcgen::DnType::CommonName, "TX");
        let made = params.self_signed(&key).expect("a certificate");
        let twice = made.pem() + &made.pem();
        let read = Certificate::all_of(twice.as_bytes()).expect("certificates");
        assert_eq!(read.len(), 2);
        assert_eq!(
            (read[0].subject.contains("CN=TX"), read[0].serial.as_str()),
            (true, "2a")
        );
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        assert_eq!(read[0].not_before, at("2026-01-01T00:00:00Z"));
        assert_eq!(read[0].days_left(at("2026-03-31T00:00:00Z")), 1);
        assert_eq!(read[0].days_left(at("2026-03-31T00:00:01Z")), 0);
        assert_eq!(read[0].days_left(at("2026-04-01T00:00:01Z")), -1);
        assert_eq!(Certificate::of(b"not one"), None);
        assert_eq!(Certificate::all_of(b"no PEM at all"), Some(Vec::new()));
    }
}
