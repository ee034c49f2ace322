//! What is sent, how often, and side by side.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use deliver::Settings;
use store::{deliveries, webhooks};

use crate::hub::{Hub, code, quick, until};
use crate::receiver::{Answers, Receiver};

#[test]
fn every_event_arrives_once_at_a_receiver_that_answers() {
    let mut hub = Hub::new();
    let receiver = Receiver::start(&hub.authority, Answers::With("204 No Content\r\n"));
    hub.webhook("TX", &receiver.url());
    hub.tell("TX", 300);
    // Two senders on one database take nothing twice.
    hub.send_quickly();
    hub.send_quickly();
    until("the delivery", || hub.delivered("TX") == 300);
    let got = receiver.got();
    let ids: BTreeSet<&str> = got.iter().map(|one| one.header("webhook-id")).collect();
    assert_eq!((got.len(), ids.len()), (300, 300));
    let links: BTreeSet<String> = got
        .iter()
        .map(|one| {
            let event: serde_json::Value = serde_json::from_str(&one.body).expect("JSON");
            assert_eq!(event["type"], "move_notice.created");
            event["data"]["link"].as_str().expect("a link").to_owned()
        })
        .collect();
    assert_eq!(links.len(), 300);
    assert!(receiver.most_at_once() <= 8, "four requests at a time and sender");
    let one = &hub.deliveries("TX")[0];
    assert_eq!(one.tries[0]["outcome"], "taken (204)");
    assert_eq!(one.tries.as_array().expect("attempts").len(), 1);
}

#[test]
fn what_fails_is_sent_again_under_the_same_id_until_it_is_taken() {
    let mut hub = Hub::new();
    let receiver = Receiver::start(&hub.authority, Answers::With("500 Broken\r\n"));
    hub.webhook("TX", &receiver.url());
    hub.tell("TX", 20);
    hub.send_quickly();
    until("a pause", || hub.of_state("TX").paused_until.is_some());
    let tried = receiver.got().len();
    assert!((5..20).contains(&tried), "{tried} attempts, then a pause");
    assert!(
        hub.deliveries("TX")
            .iter()
            .any(|d| d.outcome.as_deref() == Some("the receiver answered 500"))
    );
    receiver.answer(Answers::With("200 OK\r\n"));
    until("the delivery", || hub.delivered("TX") == 20);
    assert_eq!(hub.of_state("TX").failures, 0);
    let mut attempts: BTreeMap<String, usize> = BTreeMap::new();
    for one in receiver.got() {
        *attempts.entry(one.header("webhook-id").to_owned()).or_default() += 1;
    }
    assert_eq!(attempts.len(), 20, "each has one id");
    assert!(attempts.values().any(|n| *n > 1), "some were tried twice");
}

#[test]
fn what_is_taken_for_three_days_by_nobody_is_dead_and_the_webhook_disabled() {
    let mut hub = Hub::new();
    let receiver = Receiver::start(&hub.authority, Answers::With("503 Away\r\nRetry-After: 2\r\n"));
    hub.webhook("TX", &receiver.url());
    hub.tell("TX", 1);
    hub.send_quickly();
    until("an attempt", || hub.deliveries("TX")[0].outcome.is_some());
    until("the end", || {
        hub.pass(TimeDelta::hours(6));
        std::thread::sleep(std::time::Duration::from_millis(300));
        hub.deliveries("TX")[0].status == "dead"
    });
    until("the warning", || hub.of_state("TX").disabled.is_some());
    let before = receiver.got().len();
    assert!((8..=20).contains(&before), "{before} attempts in 72 hours");
    hub.tell("TX", 1);
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(receiver.got().len(), before, "nothing is sent any more");

    // Set again it goes on, and what died can be sent again by hand, under its old id.
    receiver.answer(Answers::With("200 OK\r\n"));
    hub.webhook("TX", &receiver.url());
    let dead = hub.deliveries("TX")[1].webhook_id;
    assert!(deliveries::again(&mut hub.connection(), code("TX"), dead, hub.now()).expect("asked"));
    until("both", || hub.delivered("TX") == 2);
    let got = receiver.got();
    let last = got
        .iter()
        .filter(|one| one.header("webhook-id") == dead.to_string());
    assert!(last.count() > 1);
}

#[test]
fn a_dead_receiver_of_one_state_keeps_no_other_waiting() {
    let mut hub = Hub::new();
    let hangs = Receiver::start(&hub.authority, Answers::Never);
    let works = Receiver::start(&hub.authority, Answers::With("200 OK\r\n"));
    for state in ["AL", "AZ", "CA", "FL", "GA"] {
        hub.webhook(state, &hangs.url());
        hub.tell(state, 100);
    }
    hub.webhook("TX", &works.url());
    hub.tell("TX", 200);
    hub.send(Settings {
        answer: std::time::Duration::from_secs(10),
        ..quick(&hub.authority)
    });
    let started = std::time::Instant::now();
    until("the delivery", || hub.delivered("TX") == 200);
    assert!(started.elapsed().as_secs() < 10, "it waited for nobody's answer");
    assert!(hub.deliveries("AL").iter().all(|d| d.status != "delivered"));
}

#[test]
fn during_a_rotation_both_keys_sign_and_then_only_the_new_one() {
    let mut hub = Hub::new();
    let receiver = Receiver::start(&hub.authority, Answers::With("200 OK\r\n"));
    hub.webhook("TX", &receiver.url());
    hub.send_quickly();
    let fresh = deliver::keys::fresh(testkit::random().as_ref());
    let until_then = hub.now() + deliver::keys::OLD_KEYS;
    webhooks::rotate(
        &mut hub.connection(),
        code("TX"),
        &fresh,
        until_then,
        "test",
        hub.now(),
    )
    .expect("rotated");
    hub.tell("TX", 1);
    until("the first", || hub.delivered("TX") == 1);
    hub.pass(TimeDelta::days(8));
    hub.tell("TX", 1);
    until("the second", || hub.delivered("TX") == 2);
    let signatures: Vec<usize> = receiver
        .got()
        .iter()
        .map(|one| one.header("webhook-signature").split(' ').count())
        .collect();
    assert_eq!(signatures, [4, 2]);
}
