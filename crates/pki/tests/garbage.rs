//! Hostile bytes: every parser gives a value or an error.

use std::sync::OnceLock;

use chrono::TimeDelta;
use openssl::x509::X509;
use pki::{Authority, ClientCertificate, Identity, RevocationReason, Revocations, read_certificates};
use proptest::collection::vec;
use proptest::prelude::*;
use rustls_pki_types::CertificateRevocationListDer;

/// A real certificate, its authority's and a real list with one entry, made once.
struct Real {
    certificate: Vec<u8>,
    authority: ClientCertificate,
    list: Vec<u8>,
}

fn real() -> &'static Real {
    static REAL: OnceLock<Real> = OnceLock::new();
    REAL.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let now = "2030-01-01T00:00:00Z".parse().unwrap();
        let year = TimeDelta::days(365);
        let authority = Authority::init(folder.path(), "Exchange CA", now, year * 10).unwrap();
        let (issued, _) = authority.issue_state("TX", "nightly", year, now).unwrap();
        authority
            .revoke(&issued.record.serial, RevocationReason::KeyCompromise, now)
            .unwrap();
        Real {
            certificate: X509::from_pem(issued.certificate_pem.as_bytes())
                .unwrap()
                .to_der()
                .unwrap(),
            authority: ClientCertificate::from_pem(authority.certificate_pem().as_bytes()).unwrap(),
            list: authority.crl(now, now + year).unwrap().der,
        }
    })
}

fn lists(der: &[u8]) -> pki::Result<Revocations> {
    let authority = std::slice::from_ref(&real().authority);
    Revocations::new(authority, &[CertificateRevocationListDer::from(der.to_vec())])
}

/// Changes some bytes to others, and cuts the end off.
fn damage(bytes: &[u8], changes: &[(prop::sample::Index, u8)], keep: Option<prop::sample::Index>) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    for (index, mask) in changes {
        damaged[index.index(bytes.len())] ^= mask;
    }
    if let Some(keep) = keep {
        damaged.truncate(keep.index(bytes.len()));
    }
    damaged
}

#[test]
fn the_undamaged_ones_parse_and_nothing_may_follow() {
    let parsed = ClientCertificate::parse(&real().certificate).unwrap();
    assert!(lists(&real().list).unwrap().is_revoked(&parsed));
    let with_tail = |der: &[u8]| [der, &[0]].concat();
    ClientCertificate::parse(&with_tail(&real().certificate)).unwrap_err();
    lists(&with_tail(&real().list)).unwrap_err();
    for garbage in [
        &[][..],
        &[0x30],
        &[0x30, 0x80],
        &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        &[0; 64],
    ] {
        ClientCertificate::parse(garbage).unwrap_err();
        lists(garbage).unwrap_err();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_refused(bytes in vec(any::<u8>(), 0..400)) {
        prop_assert!(ClientCertificate::parse(&bytes).is_err());
        prop_assert!(ClientCertificate::from_pem(&bytes).is_err());
        prop_assert!(read_certificates(&bytes).is_err());
        prop_assert!(Identity::from_pem(&bytes, &bytes).is_err());
        prop_assert!(lists(&bytes).is_err());
    }

    #[test]
    fn a_damaged_certificate_has_another_fingerprint_or_none(
        changes in vec((any::<prop::sample::Index>(), 1_u8..), 1..4),
        keep in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let real = &real().certificate;
        let damaged = damage(real, &changes, keep);
        prop_assume!(&damaged != real);
        if let Ok(parsed) = ClientCertificate::parse(&damaged) {
            prop_assert_ne!(
                parsed.fingerprint_sha256,
                ClientCertificate::parse(real).unwrap().fingerprint_sha256
            );
        }
    }

    #[test]
    fn a_damaged_list_is_refused_or_says_the_same(
        changes in vec((any::<prop::sample::Index>(), 1_u8..), 1..4),
        keep in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let undamaged = &real().list;
        let damaged = damage(undamaged, &changes, keep);
        prop_assume!(&damaged != undamaged);
        // The signature covers the list, not the spelling of what wraps it.
        if let Ok(list) = lists(&damaged) {
            prop_assert!(list.is_revoked(&ClientCertificate::parse(&real().certificate).unwrap()));
            prop_assert_eq!(list.next_update(), lists(undamaged).unwrap().next_update());
        }
    }
}
