//! The worklist: what waits, how long it may, and who does it.

use store::accounts::Role;
use store::work_items::{self, Scope};

use crate::browser::{browser, nation};
use crate::support;

const ADMINISTRATOR: &str = "admin@tea.example";
const OTHER: &str = "second@tea.example";

#[actix_web::test]
async fn items_are_taken_given_and_given_back_and_say_when_they_go_up() {
    let db = nation();
    let mut c = db.connect().unwrap();
    support::account(
        &mut c,
        OTHER,
        "Olga Other",
        &[(Role::DataAdministrator, Some("TX"))],
    )
    .unwrap();
    let item = work_items::open(&mut c, "near_match", None, 9).unwrap()[0].work_item_id;
    let name = format!("item-{item}");
    let (mut b, time) = browser(db.url()).await;
    b.sign_in(ADMINISTRATOR).await;
    let page = b.get("/worklist").await;
    let text = page.text();
    assert!(
        text.contains("Everything 1") && text.contains("Near matches 1") && text.contains("Join records 0"),
        "{text}"
    );
    assert!(
        text.contains("0 working days") && text.contains("Nobody yet"),
        "{text}"
    );
    // Opened on Thursday, April 2: five working days at the state, then the arbiter.
    assert!(text.contains("Apr 9, 2026, then to the arbiter"), "{text}");
    let policy = page
        .headers
        .get("content-security-policy")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let script = page
        .body
        .split("<script src=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(b.get(&script).await.status, 200);

    let send = [
        (name.as_str(), "on"),
        ("action", "take"),
        ("query", "kind=near_match&taken=nobody"),
    ];
    assert_eq!(
        b.post("/worklist", &send[1..]).await.location(),
        "/worklist?kind=near_match&taken=nobody&done=none"
    );
    assert_eq!(
        b.post("/worklist", &send).await.location(),
        "/worklist?kind=near_match&taken=nobody&done=taken"
    );
    assert!(
        b.get("/worklist?taken=mine")
            .await
            .text()
            .contains("You At the state")
    );
    assert!(
        b.get("/worklist?taken=nobody")
            .await
            .text()
            .contains("nothing to review here")
    );

    // A colleague cannot take it from under somebody, nor give it back; an administrator can hand it on.
    let (mut o, _) = browser(db.url()).await;
    o.sign_in(OTHER).await;
    for action in ["take", "give_back"] {
        let page = o.post("/worklist", &[(&name, "on"), ("action", action)]).await;
        assert_eq!(page.location(), "/worklist?kind=&taken=&done=some", "{action}");
    }
    assert!(
        o.get("/worklist")
            .await
            .text()
            .contains("admin@tea.example At the state")
    );
    let give = [
        (name.as_str(), "on"),
        ("action", "give"),
        ("colleague", "admin@ga.example"),
    ];
    assert_eq!(
        b.post("/worklist", &give).await.status,
        400,
        "no administrator of this state"
    );
    let give = [(name.as_str(), "on"), ("action", "give"), ("colleague", OTHER)];
    assert_eq!(
        b.post("/worklist", &give).await.location(),
        "/worklist?kind=&taken=&done=given"
    );
    assert!(
        o.get("/worklist?taken=mine")
            .await
            .text()
            .contains("You At the state")
    );
    let page = o
        .post("/worklist", &[(&name, "on"), ("action", "give_back")])
        .await;
    assert_eq!(page.location(), "/worklist?kind=&taken=&done=back");

    // Each state has its own people on it.
    let georgia = Scope::State(mde::StateCode::new("GA").unwrap());
    let here = work_items::owners(&mut c, item).unwrap();
    assert_eq!(here.len(), 2);
    assert!(here.iter().all(|owner| owner.assignee.is_none()));
    let ids = work_items::entrust(
        &mut c,
        &georgia,
        &[item],
        Some("account:x"),
        &work_items::Taken::ByNobody,
        support::now(),
    );
    assert_eq!(ids.unwrap(), [item]);
    assert!(
        b.get("/worklist?taken=nobody")
            .await
            .text()
            .contains("Nobody yet")
    );

    // It is told before it happens.
    time.pass(chrono::TimeDelta::days(6));
    b.sign_in(ADMINISTRATOR).await;
    let text = b.get("/worklist").await.text();
    assert!(
        text.contains("4 working days") && text.contains("! Goes up next"),
        "{text}"
    );
    let (mut arbiter, _) = browser(db.url()).await;
    arbiter.sign_in("arbiter@ed.example").await;
    let page = arbiter.get("/worklist").await;
    assert!(page.text().contains("Everything 1") && !page.body.contains("type=\"checkbox\""));
    assert_eq!(
        arbiter
            .post("/worklist", &[(&name, "on"), ("action", "take")])
            .await
            .status,
        404
    );
}

#[actix_web::test]
async fn a_long_worklist_is_read_page_by_page() {
    use diesel::{RunQueryDsl as _, sql_query};
    let db = nation();
    let mut c = db.connect().unwrap();
    sql_query(
        "with more as (
            insert into work_item (kind, status, states, reason, evidence, opened_at, persons, request)
            select 'split', 'open', array['TX'], 'No. ' || n, '{}', timestamptz '2026-03-01' + n * interval '1 hour', '{}', '{}'
            from generate_series(1, 120) as n returning work_item_id, opened_at)
         insert into work_item_owner (work_item_id, state, level, since) select work_item_id, 'TX', 'state', opened_at from more",
    )
    .execute(&mut c)
    .unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in(ADMINISTRATOR).await;
    let (mut path, mut seen) = ("/worklist?kind=split".to_owned(), Vec::new());
    loop {
        let page = b.get(&path).await;
        assert!(page.text().contains("Take a record apart 120"));
        seen.extend(
            page.body
                .split("data-row>")
                .skip(1)
                .map(|rest| rest.split('<').next().unwrap().to_owned()),
        );
        let Some((before, _)) = page.body.split_once("\">Next items") else {
            break;
        };
        path = before
            .rsplit_once('"')
            .unwrap()
            .1
            .replace("&#38;", "&")
            .replace("&amp;", "&");
    }
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!((seen.len(), once.len()), (120, 120));
}
