//! Near matches, notices, uploads: what people decide, and what stays of it.

use diesel::PgConnection;
use mde::StateCode;
use store::notices::Box;
use store::{links, notices, work_items};

use crate::browser::{browser, nation};
use crate::support;

fn near_match(c: &mut PgConnection) -> work_items::WorkItem {
    let items = work_items::open(c, "near_match", None, 9).unwrap();
    items.into_iter().next().expect("the nation has a near match")
}

#[actix_web::test]
async fn a_near_match_is_compared_decided_and_remembered() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let item = near_match(&mut c);
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    let list = b.get("/worklist").await.text();
    assert!(
        list.contains("José Luis Hernández López") && list.contains("Jose Hernandez"),
        "{list}"
    );
    let path = format!("/near-matches/{}", item.work_item_id);
    let page = b.get(&path).await;
    let text = page.text();
    for shown in [
        "Sep 12, 2013",
        "Sep 21, 2013",
        "≠ differ",
        "✓ agree",
        "– missing",
        "Against strangers",
        "What decides: People are asked",
        "What would settle it:",
        "Weights of evidence, field by field",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    let page = b.post(&path, &[("decision", "different"), ("reason", " ")]).await;
    assert_eq!(page.status, 422, "a reason is needed");
    assert!(links::decisions(&mut c).unwrap().is_empty());
    let page = b
        .post(
            &path,
            &[("decision", "different"), ("reason", "Spoke with both families")],
        )
        .await;
    assert_eq!(page.location(), "/worklist?done=different");
    let decided = links::decisions(&mut c).unwrap();
    assert_eq!(decided.len(), 1);
    assert!(!decided[0].same);
    let item = work_items::find(&mut c, item.work_item_id).unwrap().unwrap();
    assert_eq!(
        (
            item.status.as_str(),
            item.decided_by.as_deref(),
            item.note.as_deref()
        ),
        (
            "decided",
            Some("account:admin@tea.example"),
            Some("Spoke with both families")
        )
    );
    let page = b.post(&path, &[("decision", "same"), ("reason", "Again")]).await;
    assert_eq!(
        page.location(),
        "/worklist?done=late",
        "the first decision stands"
    );
    support::link(&mut c).unwrap();
    assert!(
        work_items::open(&mut c, "near_match", None, 9)
            .unwrap()
            .is_empty(),
        "not asked again"
    );
    assert!(
        b.get("/worklist?done=different")
            .await
            .text()
            .contains("nothing to review")
    );
}

#[actix_web::test]
async fn another_states_near_match_is_not_found() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let item = near_match(&mut c);
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("both@example.example").await;
    b.get("/state").await;
    b.post("/state", &[("acts_in", "MI")]).await;
    b.get("/").await;
    let path = format!("/near-matches/{}", item.work_item_id);
    assert_eq!(b.get(&path).await.status, 404);
    assert_eq!(
        b.post(&path, &[("decision", "same"), ("reason", "x")])
            .await
            .status,
        404
    );
    assert!(links::decisions(&mut c).unwrap().is_empty());
}

#[actix_web::test]
async fn a_notice_is_sent_once_seen_and_answered() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let (tx, ga) = (StateCode::new("TX").unwrap(), StateCode::new("GA").unwrap());
    let person = support::person_of(&mut c, "TX", "T-20871").unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("recruiter@mission.example").await;
    let page = b.get(&format!("/notices/new?person={person}")).await;
    assert!(
        page.text().contains("José Luis Hernández López"),
        "{}",
        page.text()
    );
    let once = page
        .body
        .split("name=\"once\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let number = person.to_string();
    let form = [
        ("once", once.as_str()),
        ("person", &number),
        ("kind", "arrival"),
        ("state", "GA"),
        ("city", "Tifton"),
        ("date", "5/1/2026"),
        ("contact", "Rita Recruiter, 956-555-0100"),
        ("note", "Travels with an uncle"),
    ];
    let wrong: Vec<_> = form
        .iter()
        .map(|f| if f.0 == "state" { ("state", "TX") } else { *f })
        .collect();
    let page = b.post("/notices/new", &wrong).await;
    assert!(
        page.status == 422 && page.body.contains("href=\"#state\""),
        "{}",
        page.text()
    );
    assert!(
        page.body.contains("value=\"Tifton\""),
        "what was typed is still there"
    );
    assert_eq!(b.post("/notices/new", &form).await.status, 303);
    assert_eq!(
        b.post("/notices/new", &form).await.status,
        303,
        "sent twice by a double click"
    );
    let sent = notices::list(&mut c, tx, Box::Sent, true, None, 9).unwrap();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].received_at.is_none());
    assert!(b.get("/notices?box=sent").await.text().contains("Not seen yet"));

    let (mut g, _) = browser(db.url()).await;
    g.sign_in("admin@ga.example").await;
    let inbox = g.get("/notices").await.text();
    assert!(
        inbox.contains("Travels with an uncle") && inbox.contains("Expected May 1, 2026"),
        "{inbox}"
    );
    let path = format!("/notices/{}/acknowledge", sent[0].move_notice_id);
    assert_eq!(g.post(&path, &[("answer", "maybe")]).await.status, 400);
    let page = g
        .post(&path, &[("answer", "not_arrived"), ("note", "Not here yet")])
        .await;
    assert_eq!(page.location(), "/notices?done=answered");
    assert_eq!(
        g.post(&path, &[("answer", "arrived")]).await.location(),
        "/notices?done=late"
    );
    let answered = notices::find(&mut c, sent[0].move_notice_id).unwrap().unwrap();
    assert_eq!(answered.answer.as_deref(), Some("not_arrived"));
    assert_eq!(
        answered.acknowledged_by.as_deref(),
        Some("account:admin@ga.example")
    );
    assert!(answered.received_at.is_some() && answered.acknowledged_at.is_some());
    assert_eq!(
        notices::list(&mut c, ga, Box::Inbox, true, None, 9)
            .unwrap()
            .iter()
            .filter(|n| n.sender.is_some())
            .count(),
        0
    );
    assert!(b.get("/notices?box=sent").await.text().contains("Not here yet"));
}

#[actix_web::test]
async fn a_held_upload_is_released_and_findings_say_what_to_do() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let own = store::batches::of_state(&mut c, StateCode::new("TX").unwrap(), None, 9).unwrap();
    let held = own.iter().find(|batch| batch.status == "held").unwrap().batch_id;
    let loaded = own
        .iter()
        .find(|batch| batch.status == "loaded")
        .unwrap()
        .batch_id;
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("upload@tea.example").await;
    let text = b.get(&format!("/batches/{loaded}")).await.text();
    for shown in ["T-88812", "9 Birth Date", "42", "V303", "Send the birth date"] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    let page = b.get(&format!("/batches/{held}")).await.text();
    assert!(
        page.contains("38 %") && !page.contains("Release and load"),
        "{page}"
    );
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    b.get(&format!("/batches/{held}")).await;
    let unexplained = b
        .post(&format!("/batches/{held}/release"), &[("reason", " ")])
        .await;
    assert_eq!(unexplained.status, 303);
    let asked = b.get(&format!("/batches/{held}?unexplained=true")).await.text();
    assert!(asked.contains("why the upload is right"), "{asked}");
    assert_eq!(
        store::batches::find(&mut c, held).unwrap().unwrap().status,
        "held",
        "not without a reason"
    );
    let page = b
        .post(
            &format!("/batches/{held}/release"),
            &[("reason", "The season is over.")],
        )
        .await;
    assert_eq!(page.status, 303);
    assert_ne!(
        store::batches::find(&mut c, held).unwrap().unwrap().status,
        "held"
    );
}

#[actix_web::test]
async fn the_deadlines_board_says_what_is_owed_about_whom_and_by_when() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let texas = StateCode::new("TX").unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    let today = crate::support::now().date_naive();
    let owed =
        store::deadlines::of_state(&mut c, texas, &store::deadlines::Which::default(), today, 0, 9).unwrap();
    assert!(
        owed.iter().any(|kept| kept.duty == "change_of_residence"),
        "{owed:?}"
    );
    let page = b.get("/deadlines").await.text();
    for shown in [
        "34 CFR 200.85(b)(3)(iii)",
        "… Open",
        "Nothing is overdue",
        "Apr 8, 2026",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
}
