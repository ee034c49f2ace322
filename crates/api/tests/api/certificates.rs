//! Who gets in, and for how long.

use std::thread::sleep;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use pki::{Authority, Identity};

use crate::hub::{Hub, client, problem};

#[test]
fn no_certificate_and_one_of_another_authority_end_at_the_handshake() {
    let hub = Hub::start();
    let ca = hub.authority.certificate_pem();
    let url = format!("https://localhost:{}/v1/batches", hub.exchange.port());
    let error = client(ca, None).get(&url).send().expect_err("refused");
    assert!(error.is_connect() || error.is_request(), "{error:?}");

    let folder = tempfile::tempdir().expect("a folder");
    let other =
        Authority::init(folder.path(), "Another exchange", Utc::now(), TimeDelta::days(30)).expect("made");
    let (issued, key) = other
        .issue_state("TX", "nightly", TimeDelta::days(1), Utc::now())
        .expect("issued");
    let identity =
        Identity::from_pem(issued.certificate_pem.as_bytes(), key.pem().as_bytes()).expect("an identity");
    let error = client(ca, Some(identity)).get(&url).send().expect_err("refused");
    assert!(error.is_connect() || error.is_request(), "{error:?}");
}

#[test]
fn a_certificate_counts_only_when_it_is_registered_for_its_state() {
    let hub = Hub::start();
    let system = hub.stranger("TX");
    problem(
        system.get("/v1/batches").send().expect("an answer"),
        403,
        "certificate-unregistered",
    );
    problem(
        system.get("/openapi.json").send().expect("an answer"),
        403,
        "certificate-unregistered",
    );
    problem(
        system.get("/nothing").send().expect("an answer"),
        403,
        "certificate-unregistered",
    );

    hub.register(&system.fingerprint, "CA");
    sleep(Duration::from_millis(1_100));
    problem(
        system.get("/v1/batches").send().expect("an answer"),
        403,
        "certificate-unregistered",
    );

    let registered = hub.system("TX");
    assert_eq!(
        registered.get("/v1/batches").send().expect("an answer").status(),
        200
    );
}

#[test]
fn a_revocation_bites_on_a_connection_that_stays_open() {
    let hub = Hub::start();
    let (by_list, by_registry) = (hub.system("TX"), hub.system("CA"));
    for system in [&by_list, &by_registry] {
        assert_eq!(system.get("/v1/batches").send().expect("an answer").status(), 200);
    }
    hub.revoke_at_authority(&by_list);
    // Same client, so the same connection: the handshake was before the revocation.
    let refused = problem(
        by_list.get("/v1/batches").send().expect("an answer"),
        403,
        "certificate-refused",
    );
    assert!(refused["detail"].as_str().expect("text").contains("revoked"));

    store::participants::revoke_certificate(&mut hub.connection(), &by_registry.fingerprint, Utc::now())
        .expect("revoked");
    sleep(Duration::from_millis(1_100));
    let told_by_registry = problem(
        by_registry.get("/v1/batches").send().expect("an answer"),
        403,
        "certificate-refused",
    );
    assert_eq!(
        told_by_registry["detail"], refused["detail"],
        "the same, whichever hears of it first"
    );
}

#[test]
fn one_certificate_cannot_crowd_out_the_others() {
    let hub = Hub::with_limits(api::Limits {
        calls_per_second: 1,
        calls_at_once: 3,
        ..api::Limits::default()
    });
    let (busy, calm) = (hub.system("TX"), hub.system("CA"));
    for _ in 0..3 {
        assert_eq!(busy.get("/v1/batches").send().expect("an answer").status(), 200);
    }
    let refused = busy.get("/v1/batches").send().expect("an answer");
    assert!(refused.headers().contains_key("retry-after"));
    problem(refused, 429, "rate-limited");
    assert_eq!(calm.get("/v1/batches").send().expect("an answer").status(), 200);
}

#[test]
fn http_2_knows_the_certificate_too() {
    let hub = Hub::start();
    let system = hub.stranger_speaking("TX", &["h2"]);
    problem(
        system.get("/v1/batches").send().expect("an answer"),
        403,
        "certificate-unregistered",
    );
    std::thread::sleep(Duration::from_millis(1_100));
    hub.register(&system.fingerprint, "TX");
    let response = system.get("/v1/batches").send().expect("an answer");
    assert_eq!(
        (response.status().as_u16(), response.version()),
        (200, reqwest::Version::HTTP_2)
    );
    let document = crate::hub::upload(
        "TX",
        crate::hub::AS_OF,
        &crate::hub::student("1", ("Peña", "Ruiz"), "Ana", "2012-05-06"),
    );
    assert_eq!(system.upload(&document).status(), 202);
}
