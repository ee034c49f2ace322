//! Searching and the child's page: what is shown, and what is written down about it.

use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel::{PgConnection, QueryableByName, RunQueryDsl as _, sql_query};

use crate::browser::{browser, nation};
use crate::support;

const EMAIL: &str = "counselor@mission.example";

#[derive(QueryableByName, Debug)]
struct Look {
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Nullable<Text>)]
    actor_state: Option<String>,
    #[diesel(sql_type = Text)]
    purpose: String,
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    person_id: Option<i64>,
    #[diesel(sql_type = Array<Text>)]
    categories: Vec<String>,
}

fn looks(c: &mut PgConnection) -> Vec<Look> {
    sql_query("select actor, actor_state, purpose, channel, person_id, categories from disclosure order by disclosure_id")
        .load(c)
        .unwrap()
}

#[actix_web::test]
async fn a_search_leads_to_the_record_and_both_are_written_down() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let person = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in(EMAIL).await;
    // Without accents, both surnames swapped, day and month of the birth date right.
    let form = [
        ("last", "garza reyes"),
        ("first", "ana"),
        ("birth", "4/23/2011"),
        ("purpose", "credit"),
    ];
    let page = b.post("/search", &form).await;
    assert_eq!((page.status, page.location()), (303, "/search/results#results"));
    assert!(looks(&mut c).is_empty(), "nothing was shown yet");
    let page = b.get("/search/results").await;
    let link = format!("/persons/{person}?purpose=credit");
    let shown = format!("href=\"{link}#main\"");
    assert!(page.body.contains(&shown), "{}", page.text());
    assert!(
        page.text().contains("Why: ") || page.body.contains("class=\"why"),
        "{}",
        page.text()
    );
    let found = looks(&mut c);
    assert!(
        !found.is_empty()
            && found
                .iter()
                .all(|look| look.categories == ["search"] && look.purpose == "credit")
    );

    let page = b.get(&link).await;
    assert_eq!(page.status, 200);
    let text = page.text();
    for shown in [
        "Ana María Reyes Garza",
        "Apr 23, 2011",
        "Mission High School",
        "Immokalee Middle School",
        "Algebra 1",
        "Partial work",
        "MMR",
        "COE-99120",
        "STAAR Grade 8 Reading",
        "Florida says Apr 3, 2011",
        "TX 2026-03-31",
        "Nurse of Mission High School",
        "without people beside",
        "Weights of the evidence",
        "Against all of it together",
        "became a new person, no.",
    ] {
        assert!(text.contains(shown), "{shown} is missing from: {text}");
    }
    let all = looks(&mut c);
    let look = all.last().unwrap();
    assert_eq!(all.len(), found.len() + 1);
    assert_eq!(look.person_id, Some(person.number()));
    assert_eq!(
        (
            look.actor.as_str(),
            look.actor_state.as_deref(),
            look.purpose.as_str(),
            look.channel.as_str()
        ),
        (
            "account:counselor@mission.example",
            Some("TX"),
            "credit",
            "portal"
        )
    );
    assert!(look.categories.iter().any(|category| category == "immunizations"));
    let again = b.get(&link).await;
    assert!(
        again.text().contains("counselor@mission.example"),
        "the page lists the look before"
    );
    assert_eq!(looks(&mut c).len(), all.len() + 1, "each view is a look");

    let page = b.get(&format!("/persons/{person}/history?purpose=credit")).await;
    assert!(
        page.text().contains("Version 1") && page.text().contains("Mission High School"),
        "{}",
        page.text()
    );
    assert!(looks(&mut c).iter().any(|look| look.categories == ["history"]));
}

#[actix_web::test]
async fn without_a_purpose_nothing_is_shown() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let person = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in(EMAIL).await;
    for path in [
        format!("/persons/{person}"),
        format!("/persons/{person}/history?purpose=curiosity"),
    ] {
        let page = b.get(&path).await;
        assert!(
            page.status == 200 && page.text().contains("Why do you look at this record?"),
            "{}",
            page.text()
        );
        assert!(!page.body.contains("Reyes"));
    }
    assert!(looks(&mut c).is_empty());
    assert_eq!(b.get("/persons/999999999999?purpose=enroll").await.status, 404);
    assert_eq!(b.get("/persons/12?purpose=enroll").await.status, 404);
    assert!(looks(&mut c).is_empty());
}

#[actix_web::test]
async fn too_little_to_search_for_is_told_field_by_field() {
    let db = nation();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in(EMAIL).await;
    let page = b
        .post("/search", &[("last", "reyes"), ("first", ""), ("birth", "")])
        .await;
    assert_eq!(page.status, 422);
    for link in ["href=\"#birth\"", "href=\"#purpose\"", "aria-invalid=\"true\""] {
        assert!(page.body.contains(link), "{link}");
    }
    assert!(
        page.body.contains("value=\"reyes\""),
        "what was typed is still there"
    );
    let form = [("last", "reyes"), ("birth", "1/2/1990"), ("purpose", "enroll")];
    b.post("/search", &form).await;
    assert!(b.get("/search/results").await.text().contains("No child found"));
    let page = b
        .post("/search", &[("number", "1234 5678 9012"), ("purpose", "enroll")])
        .await;
    assert_eq!(page.location(), "/persons/123456789012?purpose=enroll");
}

#[actix_web::test]
async fn what_else_is_known_of_a_child_narrows_the_search_and_what_was_opened_is_found_again() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let person = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in(EMAIL).await;
    assert!(
        !b.get("/search")
            .await
            .text()
            .contains("Opened since you signed in")
    );
    let form = |state: &'static str| {
        [
            ("last", "reyes"),
            ("birth", "2011"),
            ("state", state),
            ("gender", "Female"),
            ("parent", "somebody else"),
            ("purpose", "credit"),
        ]
    };
    b.post("/search", &form("TX")).await;
    let page = b.get("/search/results").await;
    assert!(page.text().contains("Ana María Reyes Garza"), "{}", page.text());
    assert!(page.text().contains("sex equal"), "{}", page.text());
    // What was said is kept, and its part of the form is open.
    assert!(page.body.contains("<details open><summary>More that you know"));
    for kept in ["value=\"TX\" selected", "value=\"somebody else\""] {
        assert!(page.body.contains(kept), "{kept}");
    }
    // Vermont has no record of the child.
    b.post("/search", &form("VT")).await;
    assert!(b.get("/search/results").await.text().contains("No child found"));

    let link = format!("/persons/{person}?purpose=credit");
    b.get(&link).await;
    b.get(&link).await;
    let page = b.get("/search").await;
    assert!(
        page.text().contains("Opened since you signed in"),
        "{}",
        page.text()
    );
    assert_eq!(
        page.body.matches(&format!("href=\"{link}#main\"")).count(),
        1,
        "once, however often"
    );
    // Computers are shared: it goes with the session.
    b.post("/sign-out", &[]).await;
    b.sign_in(EMAIL).await;
    assert!(
        !b.get("/search")
            .await
            .text()
            .contains("Opened since you signed in")
    );
}

#[actix_web::test]
async fn a_retired_number_leads_to_its_survivor() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let survivor = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let retired = store::links::new_persons(&mut c, 1, support::now()).unwrap()[0];
    store::links::retire(&mut c, retired, survivor, support::now()).unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in(EMAIL).await;
    let page = b.get(&format!("/persons/{retired}?purpose=enroll")).await;
    assert_eq!(
        page.location(),
        format!("/persons/{survivor}?purpose=enroll&formerly={retired}")
    );
    let text = b.get(page.location()).await.text();
    assert!(
        text.contains(&format!("Record no. {retired} was joined with this one")),
        "{text}"
    );
}

#[actix_web::test]
async fn hostile_names_are_text() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let person = support::person_of(&mut c, "TX", "T-66613").unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    let form = [
        ("last", "o’hara"),
        ("first", "mia"),
        ("birth", "2015"),
        ("purpose", "enroll"),
    ];
    b.post("/search", &form).await;
    let batch =
        store::batches::of_state(&mut c, mde::StateCode::new("TX").unwrap(), None, 2).unwrap()[1].batch_id;
    for path in [
        "/search/results".to_owned(),
        format!("/persons/{person}?purpose=enroll"),
        format!("/persons/{person}/history?purpose=enroll"),
        format!("/notices/new?person={person}"),
        format!("/batches/{batch}"),
    ] {
        let page = b.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(
            !page.body.contains("<script>") && !page.body.contains("<b>LATEX"),
            "{path}"
        );
        assert!(
            page.body.contains("script&#62;") || page.body.contains("script&gt;"),
            "{path} shows it as text"
        );
    }
    let page = b
        .post("/search", &[("last", "\"><img src=x onerror=alert(1)>")])
        .await;
    assert!(!page.body.contains("<img src=x"), "what was typed is text too");
}

#[actix_web::test]
async fn the_page_reads_well_as_text() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let person = support::person_of(&mut c, "FL", "FL-553019").unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in(EMAIL).await;
    let page = b.get(&format!("/persons/{person}?purpose=enroll")).await;
    let text = page.text().replace(&person.to_string(), "(number)");
    let (text, _) = text
        .split_once("What each state sent Florida")
        .expect("the sources");
    insta::assert_snapshot!(text.replace(". ", ".\n"));
}
