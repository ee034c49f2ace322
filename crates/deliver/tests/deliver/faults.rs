//! Receivers that hang, send elsewhere, lie, or should never be reached.

use chrono::{TimeDelta, Utc};
use deliver::Settings;
use pki::Authority;

use crate::hub::{Hub, quick, until};
use crate::receiver::{Answers, Receiver};

/// What a state's administrators read after the first attempt at this address.
fn outcome(hub: &mut Hub, address: &str, settings: Settings) -> String {
    hub.webhook("TX", address);
    hub.tell("TX", 1);
    hub.send(settings);
    until("an attempt", || hub.deliveries("TX")[0].outcome.is_some());
    let tried = hub.deliveries("TX").remove(0);
    assert_ne!(tried.status, "delivered");
    tried.outcome.expect("an outcome")
}

#[test]
fn one_that_hangs_is_given_up_in_time() {
    let mut hub = Hub::new();
    let receiver = Receiver::start(&hub.authority, Answers::Never);
    let settings = quick(&hub.authority);
    assert_eq!(
        outcome(&mut hub, &receiver.url(), settings),
        "the receiver did not answer in time"
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let mut hub = Hub::new();
    let elsewhere = Receiver::start(&hub.authority, Answers::With("200 OK\r\n"));
    let head = format!("302 Found\r\nLocation: {}\r\n", elsewhere.url());
    let receiver = Receiver::start(&hub.authority, Answers::With(head.leak()));
    let settings = quick(&hub.authority);
    let said = outcome(&mut hub, &receiver.url(), settings);
    assert!(said.contains("sends elsewhere (302)"), "{said}");
    assert!(elsewhere.got().is_empty());
}

#[test]
fn a_wrong_certificate_is_told_and_nothing_is_sent() {
    let mut hub = Hub::new();
    let receiver = Receiver::named(&hub.authority, "other.example.org", Answers::With("200 OK\r\n"));
    let settings = quick(&hub.authority);
    let said = outcome(&mut hub, &receiver.url(), settings);
    assert!(said.contains("certificate is not accepted"), "{said}");
    assert!(receiver.got().is_empty());
}

#[test]
fn an_unknown_authority_is_not_trusted() {
    let mut hub = Hub::new();
    let folder = tempfile::tempdir().expect("a folder");
    let stranger = Authority::init(
        &folder.path().join("ca"),
        "Stranger",
        Utc::now(),
        TimeDelta::days(1),
    );
    let receiver = Receiver::start(&stranger.expect("an authority"), Answers::With("200 OK\r\n"));
    let settings = quick(&hub.authority);
    let said = outcome(&mut hub, &receiver.url(), settings);
    assert!(said.contains("certificate is not accepted"), "{said}");
}

#[test]
fn ten_megabytes_of_answer_are_not_read() {
    let mut hub = Hub::new();
    let receiver = Receiver::start(&hub.authority, Answers::Long(10 << 20));
    hub.webhook("TX", &receiver.url());
    hub.tell("TX", 5);
    hub.send_quickly();
    until("the delivery", || hub.delivered("TX") == 5);
    assert_eq!(receiver.got().len(), 5);
}

#[test]
fn private_addresses_are_refused_as_numbers_and_behind_names() {
    for host in ["127.0.0.1", "localhost"] {
        let mut hub = Hub::new();
        let receiver = Receiver::named(&hub.authority, host, Answers::With("200 OK\r\n"));
        let address = receiver.url().replace("127.0.0.1", host);
        let settings = Settings {
            allow_private: false,
            ..quick(&hub.authority)
        };
        let said = outcome(&mut hub, &address, settings);
        assert!(said.contains("private"), "{host}: {said}");
        assert!(receiver.got().is_empty());
    }
}

#[test]
fn one_that_says_410_is_not_called_again() {
    let mut hub = Hub::new();
    let receiver = Receiver::start(&hub.authority, Answers::With("410 Gone\r\n"));
    hub.webhook("TX", &receiver.url());
    hub.tell("TX", 50);
    hub.send_quickly();
    until("the end", || hub.of_state("TX").disabled.is_some());
    let (_, why) = hub.of_state("TX").disabled.expect("disabled");
    assert!(why.contains("410"), "{why}");
    assert!(receiver.got().len() <= 4, "only what was under way");
}

#[test]
fn what_a_killed_sender_took_is_sent_by_the_next_one() {
    let mut hub = Hub::new();
    let receiver = Receiver::start(&hub.authority, Answers::With("200 OK\r\n"));
    hub.webhook("TX", &receiver.url());
    hub.tell("TX", 3);
    let now = hub.now();
    let lease_end = now + TimeDelta::minutes(1);
    let state = crate::hub::code("TX");
    let taken = store::deliveries::take(&mut hub.connection(), state, 2, now, lease_end).expect("taken");
    assert_eq!(taken.len(), 2);
    hub.send_quickly();
    until("the third", || hub.delivered("TX") == 1);
    hub.pass(TimeDelta::minutes(2));
    until("the others", || hub.delivered("TX") == 3);
}
