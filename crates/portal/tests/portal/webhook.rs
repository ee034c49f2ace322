//! The state's webhook as its administrators keep it.

use chrono::TimeDelta;
use diesel::PgConnection;
use mde::StateCode;
use store::deliveries::{self, Attempt, Delivery, Verdict};
use store::webhooks::{self, Health};

use crate::browser::{browser, nation};

fn texas() -> StateCode {
    StateCode::new("TX").unwrap()
}

fn newest(c: &mut PgConnection) -> Delivery {
    deliveries::list(c, texas(), None, 1).unwrap().remove(0)
}

#[actix_web::test]
async fn an_administrator_sets_tests_and_removes_a_webhook() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    let empty = b.get("/admin/webhook").await.text();
    assert!(
        empty.contains("Set an address") && !empty.contains("Send a test"),
        "{empty}"
    );

    let wrong = b
        .post("/admin/webhook", &[("address", "https://10.1.2.3/in")])
        .await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text().contains("The address is private"),
        "{}",
        wrong.text()
    );
    assert!(
        wrong.body.contains("value=\"https://10.1.2.3/in\""),
        "what was typed is kept"
    );

    let address = "https://notices.tx.example.org/in";
    let made = b.post("/admin/webhook", &[("address", address)]).await;
    assert!(
        made.body.contains("whsec_") && made.body.contains("whpk_"),
        "{}",
        made.text()
    );
    assert_eq!(made.headers.get("cache-control").unwrap(), "no-store");
    let kept = b.get("/admin/webhook").await;
    assert!(!kept.body.contains("whsec_"), "the secret is shown once");
    let text = kept.text();
    assert!(
        text.contains("✓ Enabled") && text.contains("Nothing was sent yet"),
        "{text}"
    );

    let tested = b.post("/admin/webhook/test", &[]).await;
    assert_eq!(tested.location(), "/admin/webhook?done=tested");
    let waits = b.get("/admin/webhook").await.text();
    assert!(
        waits.contains("… Waiting") && !waits.contains("Send again"),
        "{waits}"
    );

    let rotated = b.post("/admin/webhook/keys", &[]).await;
    assert!(
        rotated.text().contains("The keys before sign too until"),
        "{}",
        rotated.text()
    );
    assert_eq!(b.post("/admin/webhook/remove", &[]).await.status, 303);
    assert!(webhooks::of_state(&mut c, texas()).unwrap().is_none());
    assert_eq!(b.post("/admin/webhook/test", &[]).await.status, 404);
}

#[actix_web::test]
async fn what_failed_is_told_with_its_reason_and_can_be_sent_again() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let (mut b, time) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    b.get("/admin/webhook").await;
    b.post(
        "/admin/webhook",
        &[("address", "https://notices.tx.example.org/in")],
    )
    .await;
    b.get("/admin/webhook").await;
    b.post("/admin/webhook/test", &[]).await;
    let now = time.now();
    let taken = deliveries::take(&mut c, texas(), 10, now, now + TimeDelta::minutes(1)).unwrap();
    let attempt = Attempt {
        webhook_id: taken[0].webhook_id,
        attempts: taken[0].attempts,
        at: now,
        millis: 12,
        outcome: "the receiver answered 500".into(),
        verdict: Verdict::Dead,
    };
    deliveries::settle(&mut c, &[attempt]).unwrap();
    let webhook = webhooks::of_state(&mut c, texas()).unwrap().unwrap();
    let health = Health {
        failures: 9,
        failing_since: Some(now),
        paused_until: None,
        disable: Some("nothing was taken for 72 hours".into()),
    };
    webhooks::note_health(&mut c, &webhook, &health, now).unwrap();
    let page = b.get("/admin/webhook").await;
    let text = page.text();
    for said in [
        "✕ Disabled",
        "nothing was taken for 72 hours",
        "the receiver answered 500",
        "✕ Given up",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(
        !page.body.contains("/admin/webhook/test"),
        "a test would not be sent"
    );
    assert_eq!(
        b.post("/admin/webhook/test", &[]).await.location(),
        "/admin/webhook"
    );
    let id = newest(&mut c).webhook_id.to_string();
    let again = b.post("/admin/webhook/redeliver", &[("webhook_id", &id)]).await;
    assert_eq!(again.location(), "/admin/webhook?done=again");
    assert_eq!(newest(&mut c).status, "waiting");

    let (mut other, _) = browser(db.url()).await;
    other.sign_in("admin@ga.example").await;
    other.get("/admin/webhook").await;
    let stolen = other
        .post("/admin/webhook/redeliver", &[("webhook_id", &id)])
        .await;
    assert_eq!(stolen.status, 404, "another state's is not there");
}

#[actix_web::test]
async fn a_user_chooses_how_often_it_gets_mail() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let (mut b, time) = browser(db.url()).await;
    b.sign_in("recruiter@mission.example").await;
    let page = b.get("/notices/mail").await.text();
    assert!(
        page.contains("does not send e-mail yet") && page.contains("recruiter@mission.example"),
        "{page}"
    );
    let chosen = b.post("/notices/mail", &[("rhythm", "daily")]).await;
    assert_eq!(chosen.location(), "/notices/mail?done=true");
    let kept = b.get("/notices/mail?done=true").await;
    assert!(kept.body.contains("value=\"daily\" selected"), "{}", kept.body);
    let event = deliveries::Event {
        state: "TX".into(),
        kind: "move_notice.created",
        link: "/v1/move-notices/1".into(),
    };
    assert_eq!(
        deliveries::tell(&mut c, std::slice::from_ref(&event), time.now()).unwrap(),
        1
    );
    assert_eq!(b.post("/notices/mail", &[("rhythm", "hourly")]).await.status, 400);
    assert_eq!(b.post("/notices/mail", &[("rhythm", "")]).await.status, 303);
    assert_eq!(
        deliveries::tell(&mut c, &[event], time.now()).unwrap(),
        0,
        "no more mail"
    );
}

#[actix_web::test]
async fn the_home_page_warns_administrators_of_a_webhook_that_is_disabled() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let (mut b, time) = browser(db.url()).await;
    let keys = deliver::keys::fresh(testkit::random().as_ref());
    let address = "https://notices.tx.example.org/in";
    webhooks::keep(&mut c, texas(), address, &keys, "test", time.now()).unwrap();
    let warning = "not told of what happens";
    b.sign_in("admin@tea.example").await;
    assert!(!b.get("/").await.text().contains(warning));
    let kept = webhooks::of_state(&mut c, texas()).unwrap().unwrap();
    let health = Health {
        disable: Some("the receiver wants nothing any more (410)".into()),
        ..Health::default()
    };
    webhooks::note_health(&mut c, &kept, &health, time.now()).unwrap();
    let home = b.get("/").await;
    assert!(
        home.text().contains(warning)
            && home.text().contains("wants nothing any more (410)")
            && home.body.contains("href=\"/admin/webhook\""),
        "{}",
        home.text()
    );
    let (mut counselor, _) = browser(db.url()).await;
    counselor.sign_in("counselor@mission.example").await;
    assert!(!counselor.get("/").await.text().contains(warning));
}
