//! Pages of help, which need no account, and the band of a training hub.

use std::sync::Arc;

use actix_web::{App, test};

use crate::browser::{browser, nation};
use crate::support;

#[actix_web::test]
async fn help_needs_no_account_and_is_in_the_frame_of_who_has_one() {
    let db = nation();
    let (mut b, _) = browser(db.url()).await;
    for (path, shows) in [
        ("/help", "Whom to ask"),
        ("/help/glossary", "Priority for services (PFS)"),
        ("/accessibility", "WCAG) 2.2, level AA"),
        ("/gallery", "Gallery of components"),
        ("/docs/findings", "V101"),
        ("/docs/findings/V101", "a required data element is missing"),
        ("/docs/problems", "idempotency-key-reused"),
        (
            "/docs/problems/search-too-wide",
            "urn:mariposa:problem:search-too-wide",
        ),
    ] {
        let page = b.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text().contains(shows), "{path}: {}", page.text());
        assert!(
            !page.body.contains("Sign out") && !page.body.contains("style="),
            "{path}"
        );
    }
    for unknown in ["/docs/findings/V000", "/docs/problems/none", "/help/none"] {
        assert_eq!(b.get(unknown).await.status, 404, "{unknown}");
    }
    b.sign_in("admin@tea.example").await;
    assert!(b.get("/help/glossary").await.body.contains("Sign out"));
}

#[actix_web::test]
async fn words_lead_to_the_glossary() {
    let db = nation();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    let glossary = b.get("/help/glossary").await.body;
    let mut c = db.connect().unwrap();
    let ana = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let mut followed = 0;
    for path in [
        format!("/persons/{ana}?purpose=enroll"),
        "/worklist".into(),
        "/deadlines".into(),
    ] {
        let page = b.get(&path).await;
        for rest in page.body.split("/help/glossary#").skip(1) {
            let id = rest.split('"').next().unwrap();
            assert!(glossary.contains(&format!("id=\"{id}\"")), "{path}: {id}");
            followed += 1;
        }
    }
    assert!(followed >= 7, "{followed}");
}

#[actix_web::test]
async fn a_training_hub_says_so_on_every_page_and_a_real_one_on_none() {
    const BAND: &str = "Training: made-up children";
    let db = nation();
    for trains in [true, false] {
        let portal = portal::Portal::new(
            api::Db::new(support::pool(db.url())),
            api::Clock::new(support::now),
            Arc::new(|bytes: &mut [u8]| rand::fill(bytes)),
        );
        let portal = portal.training(trains).asked_at("Call 555-0100.");
        let app = test::init_service(App::new().configure(|c| portal::configure(c, portal))).await;
        for (path, status) in [
            ("/sign-in", 200),
            ("/help", 200),
            ("/check", 200),
            ("/nowhere", 404),
        ] {
            let answer = test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await;
            assert_eq!(answer.status(), status, "{path}");
            let body = String::from_utf8(test::read_body(answer).await.to_vec()).unwrap();
            assert_eq!(body.contains(BAND), trains, "{path}");
            assert!(path != "/help" || body.contains("Call 555-0100."));
        }
    }
}
