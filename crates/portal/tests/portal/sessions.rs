//! Signing in and out, locks, cookies, forms.

use chrono::TimeDelta;

use crate::browser::{browser, nation};
use crate::support;

const EMAIL: &str = "admin@tea.example";

#[actix_web::test]
async fn signing_in_opens_a_session_and_signing_out_ends_it() {
    let db = nation();
    let (mut b, _) = browser(db.url()).await;
    let page = b.get("/worklist").await;
    assert_eq!((page.status, page.location()), (303, "/sign-in?next=/worklist"));
    b.get(page.location()).await;
    let form = [
        ("email", " Admin@TEA.example "),
        ("password", support::PASSWORD),
        ("next", "/worklist"),
    ];
    let page = b.post("/sign-in", &form).await;
    assert_eq!((page.status, page.location()), (303, "/worklist"));
    let session = b
        .set_cookies
        .iter()
        .find(|c| c.starts_with("__Host-mariposa="))
        .unwrap()
        .clone();
    for flag in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(session.contains(flag), "{session}");
    }
    assert!(!session.contains("Domain"), "{session}");
    let page = b.get("/worklist").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers.get("cache-control").unwrap(), "no-store");
    let csp = page
        .headers
        .get("content-security-policy")
        .unwrap()
        .to_str()
        .unwrap();
    assert!(
        csp.contains("default-src 'none'") && !csp.contains("unsafe"),
        "{csp}"
    );
    let own = page.body.matches("<script src=\"/assets/").count();
    assert_eq!(page.body.matches("<script").count(), own, "no script in a page");
    assert!(!page.body.contains("style="));
    let page = b.post("/sign-out", &[]).await;
    assert_eq!((page.status, page.location()), (303, "/sign-in"));
    assert!(!b.has_session());
    assert_eq!(b.get("/").await.status, 303);
}

#[actix_web::test]
async fn the_key_of_a_session_is_not_in_the_database() {
    let db = nation();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in(EMAIL).await;
    b.get("/").await;
    let key = b.cookie("__Host-mariposa");
    assert_eq!(key.len(), 64, "256 bits in hexadecimal");
    let mut c = db.connect().unwrap();
    assert!(
        store::accounts::load_session(&mut c, &key, support::now())
            .unwrap()
            .is_none()
    );
}

#[actix_web::test]
async fn five_wrong_passwords_lock_for_fifteen_minutes_and_tell_nothing() {
    let db = nation();
    let (mut b, time) = browser(db.url()).await;
    b.get("/sign-in").await;
    let mut answers = Vec::new();
    for email in [EMAIL, EMAIL, EMAIL, EMAIL, EMAIL, "unknown@tea.example"] {
        let page = b
            .post("/sign-in", &[("email", email), ("password", "wrong wrong wrong")])
            .await;
        assert_eq!(page.status, 422);
        assert!(!b.has_session());
        answers.push(page.text().replace(email, ""));
    }
    answers.dedup();
    assert_eq!(
        answers.len(),
        1,
        "known, locked and unknown accounts get the same page"
    );
    let right = [("email", EMAIL), ("password", support::PASSWORD)];
    assert_eq!(b.post("/sign-in", &right).await.status, 422, "locked");
    time.pass(TimeDelta::minutes(14));
    assert_eq!(b.post("/sign-in", &right).await.status, 422, "still locked");
    time.pass(TimeDelta::minutes(2));
    assert_eq!(b.post("/sign-in", &right).await.status, 303, "open again");
}

#[actix_web::test]
async fn a_session_ends_when_idle_and_after_twelve_hours() {
    let db = nation();
    let (mut b, time) = browser(db.url()).await;
    b.sign_in(EMAIL).await;
    time.pass(TimeDelta::minutes(19));
    assert_eq!(b.get("/").await.status, 200);
    time.pass(TimeDelta::minutes(19));
    assert_eq!(b.get("/").await.status, 200, "the request before moved the end");
    time.pass(TimeDelta::minutes(21));
    assert_eq!(b.get("/").await.status, 303, "idle");
    b.sign_in(EMAIL).await;
    for _ in 0..47 {
        time.pass(TimeDelta::minutes(15));
        assert_eq!(b.get("/").await.status, 200);
    }
    time.pass(TimeDelta::minutes(16));
    assert_eq!(b.get("/").await.status, 303, "twelve hours");
}

#[actix_web::test]
async fn a_disabled_account_is_out_at_once() {
    let db = nation();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in(EMAIL).await;
    let mut c = db.connect().unwrap();
    let id = store::accounts::by_email(&mut c, EMAIL)
        .unwrap()
        .unwrap()
        .account_id;
    store::accounts::set_disabled(&mut c, id, Some(support::now())).unwrap();
    assert_eq!(b.get("/").await.status, 303);
}

#[actix_web::test]
async fn a_form_from_elsewhere_changes_nothing() {
    let db = nation();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in(EMAIL).await;
    let right = b.csrf();
    let other = "0".repeat(right.len());
    let fields = [("last", "reyes"), ("birth", "2011"), ("purpose", "enroll")];
    assert_eq!(b.post_as("/search", &fields, &other, &[]).await.status, 403);
    assert_eq!(b.post_as("/search", &fields, "", &[]).await.status, 403);
    for header in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        assert_eq!(
            b.post_as("/search", &fields, &right, &[header]).await.status,
            403,
            "{header:?}"
        );
    }
    let own = [
        ("sec-fetch-site", "same-origin"),
        ("origin", "https://portal.example"),
    ];
    assert_eq!(b.post_as("/search", &fields, &right, &own).await.status, 303);
    let (mut c, _) = browser(db.url()).await;
    c.get("/sign-in").await;
    let form = [("email", EMAIL), ("password", support::PASSWORD)];
    assert_eq!(
        c.post_as("/sign-in", &form, &other, &[]).await.status,
        403,
        "sign-in has a token too"
    );
    assert!(!c.has_session());
}

#[actix_web::test]
async fn who_has_roles_in_two_states_chooses_and_gets_the_roles_of_that_one() {
    let db = nation();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("both@example.example").await;
    assert_eq!(b.get("/search").await.location(), "/state");
    let page = b.get("/state").await;
    assert!(
        page.text().contains("Michigan Texas") || page.text().contains("Texas"),
        "{}",
        page.text()
    );
    assert_eq!(
        b.post("/state", &[("acts_in", "GA")]).await.status,
        403,
        "no role there"
    );
    assert_eq!(b.post("/state", &[("acts_in", "TX")]).await.location(), "/");
    assert_eq!(b.get("/worklist").await.status, 403, "a secondary user in Texas");
    b.get("/state").await;
    b.post("/state", &[("acts_in", "MI")]).await;
    assert_eq!(
        b.get("/worklist").await.status,
        200,
        "a data administrator in Michigan"
    );
}

#[actix_web::test]
async fn without_a_database_a_page_says_try_again() {
    let (mut b, _) = browser("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1").await;
    b.set_cookie("__Host-mariposa", "0");
    let page = b.get("/").await;
    assert_eq!(
        (
            page.status,
            page.headers.get("retry-after").unwrap().to_str().unwrap()
        ),
        (503, "30")
    );
    assert!(page.text().contains("not available right now"), "{}", page.text());
    assert_eq!(b.get("/sign-in").await.status, 200, "the form needs none");
}
