//! Data requests between states, and corrections that families ask for, as people do them.

use mde::{PersonId, StateCode};
use store::accounts::{self, Grant, Role};
use store::{data_requests, deadlines};

use crate::browser::{browser, nation};
use crate::support;

fn hidden(body: &str, name: &str) -> String {
    let begin = format!("name=\"{name}\" value=\"");
    body.split(&begin)
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

/// Sets the clocks, as the worker does.
fn settle(c: &mut diesel::PgConnection, person: PersonId) {
    let keeper = ::notices::Keeper::open(c, ::notices::Limits::default(), support::now()).unwrap();
    keeper.settle(c, &[person], support::now()).unwrap();
}

#[actix_web::test]
async fn a_state_is_asked_for_data_and_answers() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let person = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let number = person.to_string();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("recruiter@mission.example").await;
    let record = b.get(&format!("/persons/{number}?purpose=enroll")).await;
    assert!(
        record
            .body
            .contains(&format!("/data-requests/new?person={number}"))
    );
    let page = b.get(&format!("/data-requests/new?person={number}")).await;
    assert!(
        page.text().contains("Georgia") && !page.body.contains("value=\"TX\""),
        "{}",
        page.text()
    );
    let once = hidden(&page.body, "once");
    let form = [
        ("once", once.as_str()),
        ("person", &number),
        ("state", "GA"),
        ("what", "grades"),
        ("note", "<b>Algebra</b> 1"),
    ];
    let page = b.post("/data-requests/new", &form[..2]).await;
    assert!(
        page.status == 422 && page.body.contains("href=\"#state\""),
        "{}",
        page.text()
    );
    let page = b.post("/data-requests/new", &form).await;
    let path = page.location().trim_end_matches("?done=asked").to_owned();
    assert_eq!(
        b.post("/data-requests/new", &form).await.location(),
        page.location(),
        "a double click"
    );
    let id: i64 = path.rsplit('/').next().unwrap().parse().unwrap();
    let own = b.get(&path).await.text();
    assert!(
        own.contains("Georgia is asked for courses") && own.contains("Not yet"),
        "{own}"
    );
    assert_eq!(
        b.post(&path, &[("answer", "sent")]).await.status,
        403,
        "a recruiter does not answer"
    );

    let (mut g, _) = browser(db.url()).await;
    g.sign_in("admin@ga.example").await;
    let list = g.get("/worklist?kind=data_request").await.text();
    assert!(
        list.contains("Texas asks for courses, grades to date and credits"),
        "{list}"
    );
    assert!(list.contains("Apr 16, 2026"), "ten working days: {list}");
    let page = g.get(&path).await;
    assert!(
        page.body.contains("&#60;b&#62;Algebra") || page.body.contains("&lt;b&gt;Algebra"),
        "{}",
        page.body
    );
    let wrong = g
        .post(
            &path,
            &[("answer", "not_yet"), ("until", "soon"), ("note", "by mail")],
        )
        .await;
    assert!(wrong.status == 422 && wrong.body.contains("href=\"#until\"") && wrong.body.contains("by mail"));
    let later = g
        .post(&path, &[("answer", "not_yet"), ("until", "6/12/2026")])
        .await;
    assert_eq!(later.status, 303);
    assert!(b.get(&path).await.text().contains("Announced for Jun 12, 2026"));
    assert_eq!(
        g.post(&path, &[("answer", "sent"), ("note", "with tonight’s upload")])
            .await
            .status,
        303
    );
    let late = g.post(&path, &[("answer", "not_held")]).await;
    let shown = g.get(late.location()).await.text();
    assert!(
        shown.contains("Somebody else was faster") && shown.contains("Sent, or it goes"),
        "{shown}"
    );
    let kept = data_requests::find(&mut c, id, mde::StateCode::new("TX").unwrap())
        .unwrap()
        .unwrap();
    assert_eq!(kept.decision.as_deref(), Some("sent"));
    assert!(
        g.get("/worklist?kind=data_request")
            .await
            .text()
            .contains("nothing to review")
    );

    let (mut m, _) = browser(db.url()).await;
    m.sign_in("upload@tea.example").await;
    assert_eq!(m.get(&path).await.status, 403);
    let (mut both, _) = browser(db.url()).await;
    both.sign_in("both@example.example").await;
    both.get("/state").await;
    both.post("/state", &[("acts_in", "MI")]).await;
    both.get("/").await;
    assert_eq!(both.get(&path).await.status, 404, "a third state's");
}

#[actix_web::test]
async fn a_family_is_heard_answered_on_paper_and_its_statement_kept() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let person = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let number = person.to_string();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    let page = b.get(&format!("/corrections/new?person={number}")).await;
    let once = hidden(&page.body, "once");
    let form = [
        ("once", once.as_str()),
        ("person", &number),
        ("says", "April 23, 2011"),
        ("owner", "TX"),
        ("asked_on", "3/30/2026"),
        ("asker", "parent"),
        ("language", "es"),
        ("element", "9"),
        ("should_say", "April 22, 2011"),
        ("grounds", "Baptismal certificate"),
    ];
    let wrong = b.post("/corrections/new", &form[..3]).await;
    assert!(
        wrong.status == 422 && wrong.body.contains("href=\"#asked_on\""),
        "{}",
        wrong.text()
    );
    assert!(
        wrong.body.contains("value=\"April 23, 2011\""),
        "what was typed is still there"
    );
    let taken = b.post("/corrections/new", &form).await;
    assert_eq!(taken.status, 303, "{}", taken.text());
    let path = taken.location().trim_end_matches("?done=taken").to_owned();
    assert_eq!(
        b.post("/corrections/new", &form).await.location(),
        taken.location()
    );
    let mut other = form;
    other[2].1 = "April 23";
    let again = b.post("/corrections/new", &other).await;
    assert!(
        again.status == 422 && again.text().contains("You have sent this page before"),
        "{}",
        again.text()
    );
    settle(&mut c, person);
    let page = b.get(&path).await.text();
    assert!(page.contains("Apr 29, 2026"), "30 days from March 30: {page}");
    assert!(
        b.get("/worklist?kind=correction")
            .await
            .text()
            .contains("Apr 29, 2026")
    );

    let grant = Grant {
        role: Role::DataAdministrator,
        state: Some(StateCode::new("TX").unwrap()),
        region: None,
        district: Some("Lubbock ISD".into()),
    };
    let lubbock = "data@lubbock.example";
    let account = support::account(&mut c, lubbock, "Dora District", &[]).unwrap();
    accounts::grant(&mut c, account, &grant, support::now()).unwrap();
    let (mut d, _) = browser(db.url()).await;
    d.sign_in(lubbock).await;
    assert!(b.get(&path).await.body.contains("value=\"declined\""));
    assert!(!d.get(&path).await.body.contains("value=\"declined\""));
    let decided = d.post(&path, &[("action", "declined"), ("why", "No.")]).await;
    assert_eq!(decided.status, 403, "another district's: {}", decided.text());

    let empty = b.post(&path, &[("action", "declined"), ("why", " ")]).await;
    assert!(
        empty.status == 422 && empty.body.contains("href=\"#why\""),
        "{}",
        empty.text()
    );
    let declined = b
        .post(
            &path,
            &[("action", "declined"), ("why", "The hospital says the 23rd.")],
        )
        .await;
    assert!(declined.location().ends_with("done=declined"));
    let late = b.post(&path, &[("action", "corrected"), ("why", "x")]).await;
    assert!(late.location().ends_with("done=late"));
    for language in ["es", "en"] {
        let paper = b.get(&format!("{path}/letter.pdf?language={language}")).await;
        assert!(
            paper.status == 200 && paper.bytes.starts_with(b"%PDF"),
            "{}",
            paper.status
        );
    }
    assert_eq!(b.post(&path, &[("action", "told")]).await.status, 303);
    let stated = b
        .post(
            &path,
            &[
                ("action", "stated"),
                ("statement", "It was the 22nd. I was there."),
            ],
        )
        .await;
    assert_eq!(stated.status, 303);
    let record = b.get(&format!("/persons/{number}?purpose=enroll")).await.text();
    assert!(
        record.contains("The family disagrees with a record")
            && record.contains("It was the 22nd. I was there."),
        "{record}"
    );
    settle(&mut c, person);
    let kept = deadlines::of_person(&mut c, person.number()).unwrap();
    let decision = kept
        .iter()
        .find(|kept| kept.duty == "correction_decision")
        .unwrap();
    assert_eq!(decision.met_on.unwrap().to_string(), "2026-04-02");
    assert!(b.get(&path).await.text().contains("✓ Met Apr 2, 2026"));
    assert!(
        b.get("/corrections")
            .await
            .text()
            .contains("Declined, with statement")
    );

    let (mut g, _) = browser(db.url()).await;
    g.sign_in("admin@ga.example").await;
    assert_eq!(g.get(&path).await.status, 404, "another state's");
}
