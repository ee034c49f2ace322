//! Official documents as people send, receive and judge them, and what states say that they accept.

use ::notices::Sender;
use ::notices::data_requests::{Ask, What, ask};
use diesel::sql_types::BigInt;
use diesel::{PgConnection, RunQueryDsl as _, sql_query};
use mde::StateCode;
use store::accounts::{self, Grant, Role};

use crate::browser::{browser, nation};
use crate::support;

const PDF: &[u8] = b"%PDF-1.7\n\xe2\xe3\xcf\xd3 Transcript of Ana\n%%EOF\n";

fn state(code: &str) -> StateCode {
    StateCode::new(code).unwrap()
}

/// What Georgia asks of Texas about Ana.
fn asked(c: &mut PgConnection, what: What) -> i64 {
    let wanted = Ask {
        person_id: support::person_of(c, "TX", "T-10442").unwrap(),
        to_state: state("TX"),
        what,
        note: None,
        for_correction: None,
    };
    let georgia = Sender {
        state: state("GA"),
        by: "account:admin@ga.example",
        idempotency_key: None,
    };
    ask(c, georgia, &wanted, support::now()).unwrap().work_item_id
}

const FIELDS: [(&str, &str); 4] = [
    ("registrar", "Rosa Díaz"),
    ("office", "Registrar, Mission High"),
    ("issued", "3/30/2026"),
    ("attest", "yes"),
];

#[actix_web::test]
async fn a_document_is_sent_received_and_judged() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let id = asked(&mut c, What::Transcript);
    let page = format!("/data-requests/{id}");
    let document = format!("{page}/document");

    let (mut t, _) = browser(db.url()).await;
    t.sign_in("admin@tea.example").await;
    let shown = t.get(&page).await.text();
    for said in [
        "Went to Mission High School",
        "Georgia has not said whether it accepts the official transcript",
        "No document has come yet.",
        "I attest that this is a true copy of the official transcript",
        "Sent on another way",
    ] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    assert_eq!(t.get(&document).await.status, 404);
    let sent = t.post_file(&document, &FIELDS, PDF).await;
    assert_eq!(sent.location(), format!("{page}?done=sent"), "{}", sent.text());
    let shown = t.get(sent.location()).await.text();
    assert!(
        shown.contains("The document is sent.") && shown.contains("Replace the document"),
        "{shown}"
    );
    // The own look is no receipt.
    assert_eq!(t.get(&document).await.bytes, PDF);
    assert!(t.get(&page).await.text().contains("Not yet Not said yet"));

    let (mut g, _) = browser(db.url()).await;
    g.sign_in("admin@ga.example").await;
    let shown = g.get(&page).await.text();
    assert!(
        shown.contains("Download version 1") && !shown.contains("Tell the other state"),
        "it is looked at before it is judged: {shown}"
    );
    assert!(!shown.contains("Send the document"), "{shown}");
    let got = g.get(&format!("{document}?version=1")).await;
    assert_eq!((got.status, &got.bytes[..]), (200, PDF));
    let header = |name: &str| got.headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/pdf");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(
        header("content-disposition"),
        format!("attachment; filename=\"document-{id}-1.pdf\""),
        "its name says nothing of the child"
    );
    let ana = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let looks = store::access::disclosures(&mut c, ana, 99).unwrap();
    let of_document = |look: &&store::access::Disclosure| look.categories.contains(&"document".to_owned());
    let looks: Vec<_> = looks
        .iter()
        .filter(of_document)
        .map(|look| &*look.actor)
        .collect();
    assert_eq!(looks, ["account:admin@ga.example", "account:admin@tea.example"]);

    g.get(&page).await;
    let verdict = format!("{page}/verdict");
    let wrong = g.post(&verdict, &[("version", "1"), ("reason", "no seal")]).await;
    assert!(
        wrong.status == 422 && wrong.body.contains("href=\"#verdict\"") && wrong.body.contains("no seal")
    );
    let refused = [("version", "1"), ("verdict", "not_accepted"), ("reason", " ")];
    let wrong = g.post(&verdict, &refused).await;
    assert!(
        wrong.status == 422 && wrong.body.contains("href=\"#reason\""),
        "{}",
        wrong.text()
    );
    let refused = [
        ("version", "1"),
        ("verdict", "not_accepted"),
        ("reason", "The seal is missing."),
    ];
    assert_eq!(
        g.post(&verdict, &refused).await.location(),
        format!("{page}?done=judged")
    );
    assert_eq!(
        g.post(&verdict, &refused).await.location(),
        format!("{page}?done=late")
    );

    let shown = t.get(&page).await.text();
    assert!(
        shown.contains("! Not accepted The seal is missing.") && !shown.contains("admin@ga.example"),
        "who received it is told in Georgia only: {shown}"
    );
    assert!(g.get(&page).await.text().contains("admin@ga.example"));
    assert!(t.get("/data-requests").await.text().contains("! Not accepted"));

    // Another file takes its place only knowingly, and the one before is still there.
    let sealed = b"%PDF-1.7 sealed %%EOF";
    let blind = t.post_file(&document, &FIELDS, sealed).await;
    assert!(
        blind.status == 422
            && blind.text().contains("Version 1 of the document is here already")
            && blind.body.contains("value=\"Rosa Díaz\""),
        "{}",
        blind.text()
    );
    let knowing = [&FIELDS[..], &[("replaces", "1"), ("reason", "Sealed")]].concat();
    assert_eq!(t.post_file(&document, &knowing, sealed).await.status, 303);
    let shown = t.get(&page).await.text();
    assert!(
        shown.contains("Download version 2") && shown.contains("Replaced: Sealed"),
        "{shown}"
    );
}

#[actix_web::test]
async fn what_cannot_be_sent_is_refused_and_what_was_typed_is_kept() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let id = asked(&mut c, What::ImmunizationCertificate);
    let page = format!("/data-requests/{id}");
    let document = format!("{page}/document");
    let (mut t, _) = browser(db.url()).await;
    t.sign_in("admin@tea.example").await;
    t.get(&page).await;
    let wrong = t.post_file(&document, &[("registrar", "Rosa <b>")], b"").await;
    assert_eq!(wrong.status, 422);
    for field in ["file", "office", "issued", "attest"] {
        assert!(
            wrong.body.contains(&format!("href=\"#{field}\""))
                && wrong.body.contains(&format!("id=\"{field}\"")),
            "{field}: {}",
            wrong.text()
        );
    }
    assert!(wrong.body.contains("Rosa &#60;b&#62;"), "{}", wrong.body);
    for (content, says) in [
        (&b"GIF89a"[..], "neither a PDF nor XML"),
        (b"PK\x03\x04encrypted", "is packed"),
        (b"%PDF-1.4 cut", "has no end"),
        (b"<!DOCTYPE a><a/>", "DOCTYPE"),
        (&vec![b' '; (10 << 20) + 5], "larger than 10 MB"),
    ] {
        let wrong = t.post_file(&document, &FIELDS, content).await;
        assert!(
            wrong.status == 422 && wrong.text().contains(says),
            "{says}: {} {}",
            wrong.status,
            wrong.text()
        );
        assert!(wrong.body.contains("checked"), "what was ticked stays ticked");
    }
    let future = [FIELDS[0], FIELDS[1], ("issued", "1/1/2030"), FIELDS[3]];
    let wrong = t.post_file(&document, &future, PDF).await;
    assert!(
        wrong.text().contains("The day of issue is a day to come"),
        "{}",
        wrong.text()
    );
    assert_eq!(
        t.post(&document, &FIELDS).await.status,
        400,
        "no form with a file"
    );

    let grades = asked(&mut c, What::Grades);
    let page = t.get(&format!("/data-requests/{grades}")).await;
    assert!(!page.text().contains("Send the document"));
    let wrong = t
        .post_file(&format!("/data-requests/{grades}/document"), &FIELDS, PDF)
        .await;
    assert!(
        wrong.status == 422 && wrong.text().contains("asks for data"),
        "{}",
        wrong.text()
    );

    let taken_back = asked(&mut c, What::Transcript);
    let path = format!("/data-requests/{taken_back}");
    let (mut g, _) = browser(db.url()).await;
    g.sign_in("admin@ga.example").await;
    g.get(&path).await;
    assert_eq!(
        g.post_file(&format!("{path}/document"), &FIELDS, PDF)
            .await
            .status,
        404,
        "who asks does not send"
    );
    g.post(&path, &[("action", "withdraw")]).await;
    assert!(!t.get(&path).await.text().contains("Send the document"));
    let wrong = t.post_file(&format!("{path}/document"), &FIELDS, PDF).await;
    assert!(
        wrong.status == 422 && wrong.text().contains("taken back"),
        "{}",
        wrong.text()
    );

    let (mut both, _) = browser(db.url()).await;
    both.sign_in("both@example.example").await;
    both.get("/state").await;
    both.post("/state", &[("acts_in", "MI")]).await;
    both.get("/").await;
    assert_eq!(both.get(&document).await.status, 404, "a third state's");
}

#[actix_web::test]
async fn a_form_without_the_sessions_token_sends_no_file() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let id = asked(&mut c, What::Transcript);
    let (mut t, _) = browser(db.url()).await;
    t.sign_in("admin@tea.example").await;
    let (mut other, _) = browser(db.url()).await;
    other.set_cookie("__Host-mariposa", &t.cookie("__Host-mariposa"));
    let sent = other
        .post_file(&format!("/data-requests/{id}/document"), &FIELDS, PDF)
        .await;
    assert_eq!(sent.status, 403, "{}", sent.text());
}

#[actix_web::test]
async fn an_administrator_of_another_district_answers_nothing() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let id = asked(&mut c, What::Transcript);
    let grades = asked(&mut c, What::Grades);
    sql_query(
        "update work_item_owner set level = 'district', district = 'Mission CISD' where work_item_id in ($1, $2)",
    )
    .bind::<BigInt, _>(id)
    .bind::<BigInt, _>(grades)
    .execute(&mut c)
    .unwrap();
    for (email, district, status) in [
        ("data@lubbock.example", "Lubbock ISD", 403),
        ("data@mission.example", "Mission CISD", 303),
    ] {
        let account = support::account(&mut c, email, "Dora District", &[]).unwrap();
        let grant = Grant {
            role: Role::DataAdministrator,
            state: Some(state("TX")),
            region: None,
            district: Some(district.into()),
        };
        accounts::grant(&mut c, account, &grant, support::now()).unwrap();
        let (mut b, _) = browser(db.url()).await;
        b.sign_in(email).await;
        let page = b.get(&format!("/data-requests/{id}")).await.text();
        assert_eq!(
            page.contains("Send the document") || page.contains("Replace the document"),
            status == 303,
            "{district}: {page}"
        );
        let sent = b
            .post_file(&format!("/data-requests/{id}/document"), &FIELDS, PDF)
            .await;
        assert_eq!(sent.status, status, "{district}: {}", sent.text());

        let path = format!("/data-requests/{grades}");
        let page = b.get(&path).await.text();
        assert_eq!(page.contains("Your answer"), status == 303, "{district}: {page}");
        let answered = b.post(&path, &[("answer", "sent")]).await;
        assert_eq!(answered.status, status, "{district}: {}", answered.text());
        let now = store::data_requests::find(&mut c, grades, state("TX"))
            .unwrap()
            .unwrap();
        assert_eq!(now.answer.is_some(), status == 303, "{district}");
    }
}

#[actix_web::test]
async fn what_a_state_accepts_stands_beside_what_it_asks_for() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let id = asked(&mut c, What::Transcript);
    let (mut g, _) = browser(db.url()).await;
    g.sign_in("admin@ga.example").await;
    let empty = g.get("/acceptances").await.text();
    assert!(empty.contains("No state has said anything yet.") && empty.contains("What Georgia accepts"));
    let form = [
        ("what", "transcript"),
        ("accepted", "with_conditions"),
        ("since", "1/1/2026"),
        ("contact", "Records office, 404-555-0100"),
        ("words", "PDF with the registrar’s <i>attestation</i>"),
    ];
    let wrong = g.post("/acceptances", &form[3..4]).await;
    assert!(
        wrong.status == 422
            && ["what", "accepted", "since"]
                .iter()
                .all(|id| wrong.body.contains(&format!("href=\"#{id}\"")))
            && wrong.body.contains("404-555-0100"),
        "{}",
        wrong.text()
    );
    let wrong = g.post("/acceptances", &form[..4]).await;
    assert!(
        wrong.text().contains("The conditions are missing"),
        "{}",
        wrong.text()
    );
    assert_eq!(
        g.post("/acceptances", &form).await.location(),
        "/acceptances?done=kept"
    );
    let again = g.get("/acceptances?what=transcript").await;
    assert!(
        again.body.contains("value=\"01/01/2026\""),
        "what is kept can be changed: {}",
        again.body
    );

    let (mut t, _) = browser(db.url()).await;
    t.sign_in("admin@tea.example").await;
    let shown = t.get(&format!("/data-requests/{id}")).await;
    assert!(
        shown.text().contains("Georgia accepts the official transcript from Mariposa in lieu of the original under conditions since Jan 1, 2026."),
        "{}",
        shown.text()
    );
    assert!(!shown.body.contains("<i>attestation"), "{}", shown.body);
    let (mut r, _) = browser(db.url()).await;
    r.sign_in("counselor@mission.example").await;
    let list = r.get("/acceptances").await;
    assert!(
        list.text().contains("Under conditions")
            && !list
                .body
                .contains("<form method=\"post\" action=\"/acceptances\"")
    );
}
