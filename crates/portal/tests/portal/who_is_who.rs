//! Joining records and taking them apart: two people, two states, and the way back.

use mde::PersonId;
use store::{links, work_items};

use crate::browser::{browser, nation};
use crate::support;

#[actix_web::test]
async fn two_states_make_one_record_of_two_and_can_undo_it() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let item = work_items::open(&mut c, "near_match", None, 9).unwrap().remove(0);
    let texan = support::person_of(&mut c, "TX", "T-20871").unwrap();
    let georgian = support::person_of(&mut c, "GA", "GA7781").unwrap();
    let before = [said(&mut c, texan), said(&mut c, georgian)];
    let (mut ga, _) = browser(db.url()).await;
    ga.sign_in("admin@ga.example").await;
    let path = format!("/near-matches/{}", item.work_item_id);
    let master = georgian.to_string();
    assert!(ga.get(&path).await.text().contains("Number that stays"));
    let same = [
        ("decision", "same"),
        ("master", master.as_str()),
        ("reason", "Same mother"),
    ];
    let page = ga.post(&path, &same).await;
    let request = page.location().to_owned();
    assert!(request.starts_with("/requests/"), "{request}");
    assert_eq!(
        support::person_of(&mut c, "TX", "T-20871").unwrap(),
        texan,
        "nothing has changed yet"
    );
    let own = ga.get(&request).await.text();
    assert!(
        own.contains("Withdraw the request") && !own.contains("Approve"),
        "{own}"
    );
    let page = ga.post(&request, &[("decision", "approve")]).await;
    assert!(
        page.status == 422 && page.text().contains("validate your own request"),
        "{}",
        page.text()
    );

    let (mut tx, _) = browser(db.url()).await;
    tx.sign_in("admin@tea.example").await;
    let list = tx.get("/worklist").await.text();
    assert!(list.contains("Join records, no."), "{list}");
    let text = tx.get(&format!("/persons/{texan}?purpose=program")).await.text();
    assert!(text.contains("Possible duplicate of record no."), "{text}");
    let page = tx.get(&request).await.text();
    assert!(
        page.contains("admin@ga.example") && page.contains("Same mother"),
        "{page}"
    );
    assert_eq!(tx.post(&request, &[("decision", "approve")]).await.status, 303);
    assert_eq!(support::person_of(&mut c, "TX", "T-20871").unwrap(), georgian);
    support::link(&mut c).unwrap();
    let page = tx.get(&format!("/persons/{texan}?purpose=program")).await;
    assert_eq!(page.status, 303, "the retired number leads to the survivor");
    let text = tx
        .get(&format!("/persons/{georgian}?purpose=program"))
        .await
        .text();
    assert!(
        text.contains("by decision of people") && text.contains("see or undo"),
        "{text}"
    );

    tx.get(&request).await;
    let page = tx
        .post(&request, &[("decision", "undo"), ("reason", "Two cousins")])
        .await;
    let undo = page.location().to_owned();
    assert!(undo.starts_with("/requests/") && undo != request, "{undo}");
    ga.get(&undo).await;
    assert_eq!(ga.post(&undo, &[("decision", "approve")]).await.status, 303);
    assert_eq!(support::person_of(&mut c, "TX", "T-20871").unwrap(), texan);
    assert_eq!(links::survivor(&mut c, texan).unwrap(), Some(texan));
    support::link(&mut c).unwrap();
    assert_eq!(
        before,
        [said(&mut c, texan), said(&mut c, georgian)],
        "as if nothing had been"
    );
}

/// The consolidated record of a person, but for who decided that its students are one child.
fn said(c: &mut diesel::PgConnection, id: PersonId) -> serde_json::Value {
    let held = store::persons::load(c, id).unwrap().unwrap();
    let record = records::consolidate(&held, support::now().date_naive());
    let mut value = serde_json::to_value(record).unwrap();
    for source in value["sources"].as_array_mut().unwrap() {
        source["decided"].take();
    }
    value
}

#[actix_web::test]
async fn disagreement_is_the_arbiters() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let texan = support::person_of(&mut c, "TX", "T-20871").unwrap();
    let georgian = support::person_of(&mut c, "GA", "GA7781").unwrap();
    let (mut recruiter, _) = browser(db.url()).await;
    recruiter.sign_in("recruiter@mission.example").await;
    let path = format!("/merges/{texan}");
    let page = recruiter.get(&path).await;
    assert!(
        page.text().contains("José Luis Hernández López"),
        "{}",
        page.text()
    );
    let (texan_number, other) = (texan.to_string(), georgian.to_string());
    let form = |others| {
        [
            ("others", others),
            ("master", texan_number.as_str()),
            ("reason", "One boy"),
        ]
    };
    for wrong in ["", "12", "999999999999"] {
        let page = recruiter.post(&path, &form(wrong)).await;
        assert!(
            page.status == 422 && page.body.contains("href=\"#others\""),
            "{wrong}: {}",
            page.text()
        );
    }
    let request = recruiter.post(&path, &form(&other)).await.location().to_owned();
    assert!(request.starts_with("/requests/"), "{request}");
    recruiter.get(&path).await;
    let page = recruiter.post(&path, &form(&other)).await;
    assert!(
        page.status == 422 && page.text().contains("is held by request"),
        "{}",
        page.text()
    );
    assert!(!recruiter.get(&request).await.text().contains("Approve"));

    let (mut arbiter, _) = browser(db.url()).await;
    arbiter.sign_in("arbiter@ed.example").await;
    arbiter.get(&request).await;
    let page = arbiter.post(&request, &[("decision", "approve")]).await;
    assert_eq!(page.status, 422, "it is with the states");
    let (mut ga, _) = browser(db.url()).await;
    ga.sign_in("admin@ga.example").await;
    ga.get(&request).await;
    let page = ga.post(&request, &[("decision", "reject"), ("reason", "")]).await;
    assert_eq!(page.status, 422, "a reason is needed");
    let page = ga
        .post(&request, &[("decision", "reject"), ("reason", "Two boys")])
        .await;
    assert_eq!(page.location(), "/worklist?done=arbiter");
    let text = ga
        .get(&format!("/persons/{georgian}?purpose=program"))
        .await
        .text();
    assert!(text.contains("the arbiter decides"), "{text}");
    let text = arbiter.get(&request).await.text();
    assert!(text.contains("because of disagreement: Two boys"), "{text}");
    let page = arbiter
        .post(&request, &[("decision", "reject"), ("reason", "Two boys it is")])
        .await;
    assert_eq!(page.location(), "/worklist?done=reject");
    assert_eq!(support::person_of(&mut c, "TX", "T-20871").unwrap(), texan);
    assert!(links::decisions(&mut c).unwrap().iter().all(|d| !d.same));
}

#[actix_web::test]
async fn a_record_is_taken_apart() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let person: PersonId = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let members = links::members(&mut c, &[person.number()]).unwrap();
    assert!(members.len() > 1, "the nation has a child of several states");
    let (mut tx, _) = browser(db.url()).await;
    tx.sign_in("admin@tea.example").await;
    let path = format!("/splits/{person}");
    assert!(tx.get(&path).await.text().contains("Stays and keeps the number"));
    let page = tx.post(&path, &[("reason", "Namesakes")]).await;
    assert!(
        page.status == 422 && page.text().contains("Choose the records that leave"),
        "{}",
        page.text()
    );
    let page = tx.post(&path, &[("record1", "2"), ("reason", "Namesakes")]).await;
    let request = page.location().to_owned();
    assert!(request.starts_with("/requests/"), "{}", page.text());
    let text = tx.get(&request).await.text();
    assert!(
        text.contains("Leaves, as child 2") && text.contains("Stays"),
        "{text}"
    );
    tx.post(&request, &[("decision", "withdraw")]).await;
    let text = tx.get(&request).await.text();
    assert!(text.contains("Withdrawn on"), "{text}");
    assert_eq!(links::members(&mut c, &[person.number()]).unwrap(), members);
}
