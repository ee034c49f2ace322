//! The authority: its files, what it issues and refuses, and what other programs make of it.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use chrono::TimeDelta;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::stack::Stack;
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Crl, X509NameBuilder, X509Req};
use pki::{Authority, ClientCertificate, Holder, PkiError, RevocationReason, pkcs12};

mod support;
use support::{Exchange, YEAR};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A request for `key`, signed by `signer`, that asks for another state's names and for an authority.
fn greedy_request(key: &PKey<Private>, signer: &PKey<Private>, digest: MessageDigest) -> Vec<u8> {
    let mut request = X509Req::builder().unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", "CA nightly").unwrap();
    request.set_subject_name(&name.build()).unwrap();
    request.set_pubkey(key).unwrap();
    let mut extensions = Stack::new().unwrap();
    let names = SubjectAlternativeName::new()
        .uri("urn:mariposa:state:CA")
        .build(&request.x509v3_context(None))
        .unwrap();
    extensions.push(names).unwrap();
    extensions
        .push(BasicConstraints::new().ca().build().unwrap())
        .unwrap();
    request.add_extensions(&extensions).unwrap();
    request.sign(signer, digest).unwrap();
    request.build().to_pem().unwrap()
}

fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

fn ec(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

#[test]
fn keys_are_private_and_the_folder_is_not_overwritten() {
    let exchange = Exchange::new("Exchange CA");
    let folder = exchange.folder.path();
    assert_eq!(mode(&folder.join("ca-key.pem")), 0o600);
    assert_eq!(mode(&folder.join("ca.pem")) & 0o600, 0o600);
    let again = Authority::init(folder, "Exchange CA", exchange.now, YEAR);
    assert!(matches!(again, Err(PkiError::AlreadyAnAuthority(_))));

    let (_, key) = exchange.state("TX");
    let path = folder.join("tx-key.pem");
    fs::write(&path, "old").unwrap();
    pki::write_private(&path, key.pem().as_bytes()).unwrap();
    assert_eq!(
        mode(&path),
        0o600,
        "also when it replaces a file that others could read"
    );
    assert_eq!(format!("{key:?}"), "PrivateKeyPem(..)");
    let left: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .starts_with(".new-")
        })
        .collect();
    assert!(left.is_empty(), "{left:?}");

    fs::set_permissions(folder.join("ca-key.pem"), fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(
        Authority::open(folder),
        Err(PkiError::KeyReadableByOthers(_))
    ));
}

#[test]
fn a_folder_without_or_with_anothers_key_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(
        Authority::open(empty.path()),
        Err(PkiError::NotAnAuthority(_))
    ));
    let (one, other) = (Exchange::new("One"), Exchange::new("Other"));
    fs::copy(
        other.folder.path().join("ca-key.pem"),
        one.folder.path().join("ca-key.pem"),
    )
    .unwrap();
    assert!(matches!(
        Authority::open(one.folder.path()),
        Err(PkiError::KeyMismatch(_))
    ));
    let name = Authority::init(empty.path(), "", one.now, YEAR);
    assert!(matches!(name, Err(PkiError::AuthorityName(_))));
}

#[test]
fn a_states_certificate_names_it_and_openssl_agrees_with_the_chain() {
    let exchange = Exchange::new("Exchange CA");
    let (issued, key) = exchange.state("TX");
    let parsed = ClientCertificate::from_pem(issued.certificate_pem.as_bytes()).unwrap();
    assert_eq!(parsed.state.as_deref(), Some("TX"));
    assert_eq!(parsed.system.as_deref(), Some("nightly"));
    assert_eq!(parsed.subject, "CN=TX nightly");
    assert_eq!(parsed.not_after, exchange.now + YEAR);
    assert_eq!(parsed.serial.len(), 32);

    let certificate = X509::from_pem(issued.certificate_pem.as_bytes()).unwrap();
    let authority = X509::from_pem(exchange.authority.certificate_pem().as_bytes()).unwrap();
    assert!(certificate.verify(&authority.public_key().unwrap()).unwrap());
    assert_eq!(
        authority.issued(&certificate),
        openssl::x509::X509VerifyResult::OK
    );
    let key = PKey::private_key_from_pem(key.pem().as_bytes()).unwrap();
    assert!(certificate.public_key().unwrap().public_eq(&key));
    let digest = certificate.digest(MessageDigest::sha256()).unwrap();
    let hex = digest
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect::<Vec<_>>()
        .concat();
    assert_eq!(parsed.fingerprint_sha256, hex);
    let serial = certificate
        .serial_number()
        .to_bn()
        .unwrap()
        .to_hex_str()
        .unwrap()
        .to_lowercase();
    assert_eq!(parsed.serial, serial);

    let reopened = Authority::open(exchange.folder.path()).unwrap();
    assert_eq!(reopened.issued().unwrap(), [issued.record]);
    assert_eq!(reopened.not_after(), exchange.now + YEAR * 10);
}

#[test]
fn bad_names_and_validities_are_refused_and_leave_no_trace() {
    let exchange = Exchange::new("Exchange CA");
    let (authority, now) = (&exchange.authority, exchange.now);
    let state = |state, system, validity| authority.issue_state(state, system, validity, now).unwrap_err();
    assert!(matches!(state("Texas", "x", YEAR), PkiError::StateCode(_)));
    assert!(matches!(state("TX", "a/b", YEAR), PkiError::SystemName(_)));
    assert!(matches!(
        state("TX", "x", TimeDelta::zero()),
        PkiError::EmptyValidity
    ));
    assert!(matches!(
        state("TX", "x", TimeDelta::MAX),
        PkiError::Certificate(_)
    ));
    assert!(matches!(
        state("TX", "x", YEAR * 11),
        PkiError::OutlivesAuthority(_)
    ));
    assert!(matches!(
        authority.issue_server(&[], YEAR, now),
        Err(PkiError::ServerName(_))
    ));
    assert!(matches!(
        authority.issue_server(&["a b"], YEAR, now),
        Err(PkiError::ServerName(_))
    ));
    assert!(authority.issued().unwrap().is_empty());
}

#[test]
fn only_the_key_of_a_signing_request_is_used() {
    let exchange = Exchange::new("Exchange CA");
    for key in [rsa(2048), ec(Nid::X9_62_PRIME256V1), ec(Nid::SECP384R1)] {
        let request = greedy_request(&key, &key, MessageDigest::sha256());
        let issued = exchange
            .authority
            .sign_csr(&request, "TX", "ngs", YEAR, exchange.now)
            .unwrap();
        let parsed = ClientCertificate::from_pem(issued.certificate_pem.as_bytes()).unwrap();
        assert_eq!(
            (parsed.state.as_deref(), parsed.subject.as_str()),
            (Some("TX"), "CN=TX ngs")
        );
        let certificate = X509::from_pem(issued.certificate_pem.as_bytes()).unwrap();
        assert!(certificate.public_key().unwrap().public_eq(&key));
        let text = String::from_utf8(certificate.to_text().unwrap()).unwrap();
        assert!(text.contains("CA:FALSE") && !text.contains("CA:TRUE"), "{text}");
        assert!(
            text.contains("TLS Web Client Authentication") && !text.contains("state:CA"),
            "{text}"
        );
    }
    let holder = Holder::State {
        state: "TX".to_owned(),
        system: "ngs".to_owned(),
    };
    assert!(
        exchange
            .authority
            .issued()
            .unwrap()
            .iter()
            .all(|record| record.holder == holder)
    );
}

#[test]
fn weak_and_unproven_keys_are_refused() {
    let exchange = Exchange::new("Exchange CA");
    let good = rsa(2048);
    let exponent_3 =
        PKey::from_rsa(Rsa::generate_with_e(2048, &BigNum::from_u32(3).unwrap()).unwrap()).unwrap();
    let sha256 = MessageDigest::sha256();
    let own = |key: PKey<Private>, digest| greedy_request(&key, &key, digest);
    let mut tampered = own(ec(Nid::X9_62_PRIME256V1), sha256);
    let middle = tampered.len() / 2;
    tampered[middle] = if tampered[middle] == b'A' { b'B' } else { b'A' };
    let table = [
        (own(rsa(1024), sha256), "at least 2048 bits"),
        (own(exponent_3, sha256), "exponent of 65537"),
        (own(ec(Nid::SECP521R1), sha256), "unsupported curve"),
        (own(ec(Nid::SECP256K1), sha256), "unsupported curve"),
        (
            own(PKey::generate_ed25519().unwrap(), MessageDigest::null()),
            "unsupported kind",
        ),
        (
            greedy_request(&good, &rsa(2048), sha256),
            "not signed with its own key",
        ),
        (b"not a request".to_vec(), "send it as PEM"),
        (tampered, "the signing request"),
    ];
    for (request, expected) in table {
        let error = exchange
            .authority
            .sign_csr(&request, "TX", "ngs", YEAR, exchange.now)
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{error} / {expected}");
    }
    assert!(exchange.authority.issued().unwrap().is_empty());
}

#[test]
fn a_bundle_holds_key_certificate_and_authority_under_modern_ciphers() {
    let exchange = Exchange::new("Exchange CA");
    let (issued, key) = exchange.state("TX");
    let ca = exchange.authority.certificate_pem();
    let bundle = pkcs12(&issued.certificate_pem, &key, ca, "correct horse").unwrap();
    let read = Pkcs12::from_der(&bundle).unwrap();
    assert!(read.parse2("wrong horse").is_err());
    let read = read.parse2("correct horse").unwrap();
    let certificate = read.cert.unwrap();
    assert_eq!(
        certificate.to_pem().unwrap(),
        X509::from_pem(issued.certificate_pem.as_bytes())
            .unwrap()
            .to_pem()
            .unwrap()
    );
    assert!(read.pkey.unwrap().public_eq(&certificate.public_key().unwrap()));
    let authorities = read.ca.unwrap();
    assert_eq!(authorities.len(), 1);
    assert_eq!(
        authorities[0].to_pem().unwrap(),
        X509::from_pem(ca.as_bytes()).unwrap().to_pem().unwrap()
    );

    let count = |oid: &[u8]| bundle.windows(oid.len()).filter(|part| *part == oid).count();
    // aes256-CBC-PAD 2.16.840.1.101.3.4.1.42, once each for the key and the certificates.
    assert_eq!(count(&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a]), 2);
    // The PKCS#12 ciphers of old (RC2, RC4, 3DES) are all 1.2.840.113549.1.12.1.
    assert_eq!(
        count(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, 0x03]),
        0
    );
    assert_eq!(
        count(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, 0x06]),
        0
    );
    assert!(matches!(
        pkcs12(&issued.certificate_pem, &key, ca, ""),
        Err(PkiError::NoPassword)
    ));
}

#[test]
fn the_list_says_who_is_revoked_why_and_until_when() {
    let exchange = Exchange::new("Exchange CA");
    let (authority, now) = (&exchange.authority, exchange.now);
    let (revoked, _) = exchange.state("TX");
    let (kept, _) = exchange.state("TX");
    let colons: Vec<_> = revoked
        .record
        .fingerprint_sha256
        .to_uppercase()
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8(pair.to_vec()).unwrap())
        .collect();
    let record = authority
        .revoke(&colons.join(":"), RevocationReason::KeyCompromise, now)
        .unwrap();
    assert_eq!(
        record.revoked.as_ref().unwrap().reason,
        RevocationReason::KeyCompromise
    );
    let again = authority
        .revoke(&record.serial, RevocationReason::Superseded, now)
        .unwrap();
    assert_eq!(again, record, "the first revocation stands");
    assert!(matches!(
        authority.revoke("00ff", RevocationReason::Unspecified, now),
        Err(PkiError::NotIssuedHere(_))
    ));

    let signed = authority.crl(now, now + TimeDelta::days(7)).unwrap();
    assert_eq!(signed.number, 4, "after the first and two revocations");
    let list = X509Crl::from_der(&signed.der).unwrap();
    assert_eq!(
        signed.pem.as_bytes(),
        fs::read(exchange.folder.path().join("crl.pem")).unwrap()
    );
    let ca = X509::from_pem(authority.certificate_pem().as_bytes()).unwrap();
    assert!(list.verify(&ca.public_key().unwrap()).unwrap());
    let status = |pem: &str| match list.get_by_cert(&X509::from_pem(pem.as_bytes()).unwrap()) {
        openssl::x509::CrlStatus::Revoked(_) => true,
        openssl::x509::CrlStatus::NotRevoked | openssl::x509::CrlStatus::RemoveFromCrl(_) => false,
    };
    assert!(status(&revoked.certificate_pem));
    assert!(!status(&kept.certificate_pem));
    assert!(
        authority.crl(now, now).is_err(),
        "a list must be good for some time"
    );

    let ledger = Authority::open(exchange.folder.path()).unwrap().issued().unwrap();
    assert_eq!(ledger.iter().filter(|record| record.revoked.is_some()).count(), 1);
    for reason in ["key-compromise", "unspecified", "privilege-withdrawn"] {
        assert_eq!(reason.parse::<RevocationReason>().unwrap().to_string(), reason);
    }
    assert!("because".parse::<RevocationReason>().is_err());
}

#[test]
fn openings_of_one_folder_do_not_lose_each_others_work() {
    let exchange = Exchange::new("Exchange CA");
    thread::scope(|scope| {
        for state in ["TX", "CA", "WA", "FL"] {
            let (folder, now) = (exchange.folder.path(), exchange.now);
            scope.spawn(move || {
                let authority = Authority::open(folder).unwrap();
                for _ in 0..5 {
                    let (issued, _) = authority.issue_state(state, "nightly", YEAR, now).unwrap();
                    authority
                        .revoke(&issued.record.serial, RevocationReason::Superseded, now)
                        .unwrap();
                }
            });
        }
    });
    let ledger = exchange.authority.issued().unwrap();
    assert_eq!(ledger.len(), 20);
    assert_eq!(
        ledger
            .iter()
            .map(|record| &record.serial)
            .collect::<HashSet<_>>()
            .len(),
        20
    );
    assert!(ledger.iter().all(|record| record.revoked.is_some()));
    let signed = exchange.authority.crl(exchange.now, exchange.now + YEAR).unwrap();
    assert_eq!(signed.number, 22);
    let entries = X509Crl::from_der(&signed.der)
        .unwrap()
        .get_revoked()
        .unwrap()
        .len();
    assert_eq!(entries, 20);
}

#[test]
fn a_damaged_ledger_is_reported_with_its_line() {
    let exchange = Exchange::new("Exchange CA");
    exchange.state("TX");
    let path = exchange.folder.path().join("issued.jsonl");
    let mut text = fs::read_to_string(&path).unwrap();
    text.push_str("{\"event\":\"iss\n");
    fs::write(&path, text).unwrap();
    let error = exchange
        .authority
        .issue_state("TX", "nightly", YEAR, exchange.now)
        .unwrap_err();
    assert!(matches!(error, PkiError::Ledger { line: 2, .. }), "{error}");
}
