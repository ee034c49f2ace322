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
    let one = format!("/notices/{}", sent[0].move_notice_id);
    let path = format!("{one}/acknowledge");
    let page = g.get(&one).await.text();
    assert!(
        page.contains("Answer due Apr 16, 2026") && page.contains("Seen: opened for the first time"),
        "ten working days: {page}"
    );
    let wrong = g
        .post(&path, &[("answer", "maybe"), ("note", "Asked the school")])
        .await;
    assert!(
        wrong.status == 422
            && wrong.body.contains("href=\"#answer\"")
            && wrong.body.contains("Asked the school"),
        "{}",
        wrong.text()
    );
    let page = g
        .post(&path, &[("answer", "not_arrived"), ("note", "Not here yet")])
        .await;
    assert_eq!(page.location(), format!("{one}?done=answered"));
    let late = g.post(&path, &[("answer", "arrived")]).await;
    let shown = g.get(late.location()).await.text();
    assert!(
        shown.contains("Somebody else was faster") && shown.contains("– Not so"),
        "the second is shown the result: {shown}"
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

    let page = b.get(&one).await;
    assert!(
        page.text().contains("Answered: No: the child has not come")
            && !page.text().contains("admin@ga.example"),
        "the answer, and not who gave it in another state: {}",
        page.text()
    );
    let wrong = b.post(&one, &[("action", "reopen"), ("reason", " ")]).await;
    assert!(
        wrong.status == 422 && wrong.body.contains("href=\"#reason\""),
        "{}",
        wrong.text()
    );
    let reopened = b
        .post(&one, &[("action", "reopen"), ("reason", "They left today")])
        .await;
    assert_eq!(reopened.location(), format!("{one}?done=reopened"));
    let page = g.get(&one).await.text();
    assert!(
        page.contains("“They left today”") && page.contains("Your answer"),
        "{page}"
    );
    assert_eq!(
        g.post(&one, &[("action", "close")]).await.status,
        404,
        "who sent it closes it"
    );
    let closed = b.post(&one, &[("action", "close"), ("reason", "")]).await;
    assert_eq!(closed.location(), format!("{one}?done=closed"));
    let (mut r, _) = browser(db.url()).await;
    r.sign_in("recruiter@mission.example").await;
    let received = notices::list(&mut c, tx, Box::Inbox, true, None, 9).unwrap();
    let received = format!(
        "/notices/{}",
        received.first().expect("a notice to Texas").move_notice_id
    );
    assert!(!r.get(&received).await.text().contains("Your answer"));
    assert_eq!(
        r.post(&received, &[("action", "close")]).await.status,
        403,
        "a recruiter does not answer"
    );
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

#[actix_web::test]
async fn a_family_is_shown_and_announced_at_once() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let brother = serde_json::json!({
        "identity": {"state_student_id": "T-10443", "last_name_1": "Reyes", "last_name_2": "Garza", "first_name": "Beto",
            "gender": "Male", "birth_date": "2014-07-01", "parent1_last_name": "Reyes Cantú", "parent1_first_name": "Luis Alberto",
            "parent2_last_name": "Garza Treviño", "parent2_first_name": "Rosa"},
        "qualifying_moves": [{"qualifying_arrival_date": "2025-08-11", "to_city": "Mission", "to_state": "TX", "certificate_number": "COE-99120"}]
    });
    support::load(
        &mut c,
        "TX",
        "2026-04-01T02:00:00Z".parse().unwrap(),
        vec![brother],
    )
    .unwrap();
    support::link(&mut c).unwrap();
    let ana = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let beto = support::person_of(&mut c, "TX", "T-10443").unwrap();
    let tx = StateCode::new("TX").unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("recruiter@mission.example").await;
    let page = b.get(&format!("/persons/{ana}/family?purpose=enroll")).await;
    let text = page.text();
    assert!(
        text.contains("Beto Reyes Garza")
            && text.contains("The same certificate of eligibility, the same parents"),
        "{text}"
    );
    assert!(
        page.body
            .contains(&format!("/notices/new?person={ana}&amp;family=true")),
        "{}",
        page.body
    );
    let form = b.get(&format!("/notices/new?person={ana}&family=true")).await;
    let ticked = format!("name=\"also-{beto}\" checked");
    assert!(form.body.contains(&ticked), "{}", form.body);
    let (number, also) = (ana.to_string(), format!("also-{beto}"));
    let sent = [
        ("once", "family-1"),
        ("person", number.as_str()),
        (also.as_str(), "on"),
        ("kind", "arrival"),
        ("state", "GA"),
    ];
    let wrong = b.post("/notices/new", &sent[..4]).await;
    assert!(
        wrong.status == 422 && wrong.body.contains(&ticked),
        "what was ticked stays: {}",
        wrong.body
    );
    let page = b.post("/notices/new", &sent).await;
    assert!(page.location().contains("sent=2"), "{}", page.location());
    let list = notices::list(&mut c, tx, Box::Sent, true, None, 9).unwrap();
    let mut about: Vec<i64> = list.iter().map(|notice| notice.person_id).collect();
    about.sort_unstable();
    let mut both = [ana.number(), beto.number()];
    both.sort_unstable();
    assert_eq!(about, both);
    let text = b
        .get(&format!("/persons/{ana}/family?purpose=enroll"))
        .await
        .text();
    assert!(text.contains("Waits for an answer"), "{text}");
    let mia = support::person_of(&mut c, "TX", "T-66613").unwrap();
    let alone = b
        .get(&format!("/persons/{mia}/family?purpose=enroll"))
        .await
        .text();
    assert!(
        alone.contains("No record of a state shows a brother or sister"),
        "{alone}"
    );
}
