//! My students, and children who are new in a district.

use mde::StateCode;
use serde_json::{Value, json};
use store::accounts::{Grant, Role};
use testkit::TestDb;

use crate::browser::{browser, nation};
use crate::support;

const ADMINISTRATOR: &str = "admin@tea.example";

fn child(id: &str, last: &str, first: &str, district: &str, extra: &Value) -> Value {
    let mut enrollment = json!({"school_or_project_name": "Roosevelt", "enrollment_date": "2026-03-16", "grade": "07", "enrollment_type": "01", "district_of_residence": district});
    for (key, value) in extra.as_object().unwrap() {
        enrollment[key] = value.clone();
    }
    json!({
        "identity": {"state_student_id": id, "last_name_1": last, "first_name": first, "gender": "Female", "birth_date": "2013-02-03"},
        "qualifying_moves": [{"qualifying_arrival_date": "2026-03-10", "to_city": "Mission", "to_state": "TX", "certificate_approval_date": "2026-03-24"}],
        "enrollments": [enrollment],
    })
}

/// The nation with four new children of Texas in two districts, and people who work there.
fn districts() -> TestDb {
    let db = nation();
    let mut c = db.connect().unwrap();
    let list = vec![
        child(
            "N-1",
            "Zavala",
            "Nayeli",
            "Mission CISD",
            &json!({"priority_for_services": true}),
        ),
        child(
            "N-2",
            "Ávila",
            "Tomás",
            "Mission CISD",
            &json!({"english_learner": true}),
        ),
        child("N-3", "Bravo", "Rocío", "Sharyland ISD", &json!({"iep": true})),
        child(
            "N-4",
            "Castro",
            "Iván",
            "Mission CISD",
            &json!({"grade": "00", "enrollment_type": "06"}),
        ),
    ];
    support::load(&mut c, "TX", "2026-04-01T02:00:00Z".parse().unwrap(), list).unwrap();
    support::link(&mut c).unwrap();
    for (email, role, district) in [
        ("counselor@mcisd.example", Role::SecondaryUser, "mission cisd"),
        ("registrar@mcisd.example", Role::PrimaryUser, "Mission CISD"),
    ] {
        let id = support::account(&mut c, email, "Mia Mission", &[]).unwrap();
        let grant = Grant {
            role,
            state: StateCode::new("TX").ok(),
            region: None,
            district: Some(district.to_owned()),
        };
        store::accounts::grant(&mut c, id, &grant, support::now()).unwrap();
    }
    db
}

#[actix_web::test]
async fn a_district_sees_its_own_children_by_name_with_counts_and_filters() {
    let db = districts();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("counselor@mcisd.example").await;
    let page = b.get("/students").await;
    let text = page.text();
    assert!(text.contains("enrolled in mission cisd in Texas"), "{text}");
    assert!(
        text.contains("Everybody 3") && text.contains("Priority for services 1"),
        "{text}"
    );
    assert!(
        text.contains("Out-of-school youth 1") && text.contains("Special education 0"),
        "{text}"
    );
    let (avila, zavala) = (
        text.find("Tomás Ávila").unwrap(),
        text.find("Nayeli Zavala").unwrap(),
    );
    assert!(avila < zavala, "by last name, without accents: {text}");
    assert!(!text.contains("Bravo") && !text.contains("Reyes"), "{text}");
    assert!(
        !page.body.contains("Zavala&amp;") && !page.body.contains("after=Z"),
        "no name in an address"
    );

    let text = b.get("/students?show=priority").await.text();
    assert!(
        text.contains("Nayeli Zavala") && !text.contains("Tomás"),
        "{text}"
    );
    assert!(
        b.get("/students?show=special_education")
            .await
            .text()
            .contains("No child is on this list")
    );
    // Another district is not there for it, whatever the address says.
    assert_eq!(b.get("/students?district=Sharyland+ISD").await.status, 404);
    assert_eq!(b.get("/students.xlsx?district=Sharyland+ISD").await.status, 404);

    let mut c = db.connect().unwrap();
    let seen = |c: &mut _, id: &str| {
        let person = support::person_of(c, "TX", id).unwrap();
        let looks = store::access::disclosures(c, person, 50).unwrap();
        looks
            .iter()
            .filter(|look| look.actor == "account:counselor@mcisd.example")
            .count()
    };
    assert!(seen(&mut c, "N-1") >= 2, "each list on which it was");
    assert_eq!(seen(&mut c, "N-3"), 0);

    // The state sees all of them, and can look at one district.
    let (mut b, _) = browser(db.url()).await;
    b.sign_in(ADMINISTRATOR).await;
    let text = b.get("/students").await.text();
    assert!(
        text.contains("Everybody 5") && text.contains("Ana María Reyes Garza"),
        "{text}"
    );
    let text = b.get("/students?district=Sharyland+ISD").await.text();
    assert!(
        text.contains("Everybody 1") && text.contains("Rocío Bravo"),
        "{text}"
    );
    let book = b.get("/students.xlsx?show=everybody").await;
    assert_eq!(book.status, 200);
    assert!(book.bytes.starts_with(b"PK"));
    assert_eq!(b.get("/students?district=Nowhere").await.status, 200);
}

#[actix_web::test]
async fn new_is_what_came_since_the_last_visit() {
    let db = districts();
    let (mut b, time) = browser(db.url()).await;
    b.sign_in("counselor@mcisd.example").await;
    let text = b.get("/students?show=new").await.text();
    assert!(
        text.contains("New since your last visit 3"),
        "who never looked: {text}"
    );
    time.pass(chrono::TimeDelta::minutes(10));
    let text = b.get("/students?show=new").await.text();
    assert!(
        text.contains("New since your last visit 3"),
        "the same visit: {text}"
    );
    time.pass(chrono::TimeDelta::minutes(55));
    b.sign_in("counselor@mcisd.example").await;
    let text = b.get("/students?show=new").await.text();
    assert!(text.contains("Nobody is new since your last visit"), "{text}");
    let mut c = db.connect().unwrap();
    let more = vec![child("N-9", "Yáñez", "Sol", "Mission CISD", &json!({}))];
    support::load(&mut c, "TX", "2026-04-02T15:30:00Z".parse().unwrap(), more).unwrap();
    support::link(&mut c).unwrap();
    let person = support::person_of(&mut c, "TX", "N-9").unwrap();
    diesel::RunQueryDsl::execute(
        diesel::sql_query("update roster set since = since + interval '90 minutes' where person_id = $1")
            .bind::<diesel::sql_types::BigInt, _>(person.number()),
        &mut c,
    )
    .unwrap();
    let text = b.get("/students?show=new").await.text();
    assert!(
        text.contains("New since your last visit 1") && text.contains("Sol Yáñez"),
        "{text}"
    );
}

#[actix_web::test]
async fn filters_are_kept_under_a_name() {
    let db = districts();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("registrar@mcisd.example").await;
    let query = "show=priority&rows=50";
    let page = b
        .post("/students/filters", &[("name", " "), ("query", query)])
        .await;
    assert_eq!(page.status, 422);
    assert!(page.text().contains("Give the filter a name"), "{}", page.text());
    assert!(page.body.contains("aria-invalid=\"true\""));
    let page = b
        .post(
            "/students/filters",
            &[("name", "<b>PFS</b>"), ("query", &format!("{query}&evil=1"))],
        )
        .await;
    assert_eq!(
        (page.status, page.location()),
        (303, "/students?show=priority&rows=50&done=kept")
    );
    let page = b.get("/students").await;
    assert!(
        page.text().contains("&#60;b&#62;PFS") || page.text().contains("&lt;b&gt;PFS"),
        "{}",
        page.text()
    );
    assert!(
        page.body.contains("/students?show=priority&#38;rows=50")
            || page.body.contains("/students?show=priority&amp;rows=50")
    );
    // Somebody else's are their own.
    let (mut other, _) = browser(db.url()).await;
    other.sign_in("counselor@mcisd.example").await;
    assert!(!other.get("/students").await.text().contains("PFS"));
    let page = b
        .post("/students/filters", &[("forget", "<b>PFS</b>"), ("query", query)])
        .await;
    assert_eq!(page.status, 303);
    assert!(!b.get("/students").await.text().contains("PFS"));
}

#[actix_web::test]
async fn a_new_child_stays_on_the_page_until_the_district_has_seen_it() {
    let db = districts();
    let mut c = db.connect().unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("registrar@mcisd.example").await;
    let home = b.get("/").await.text();
    assert!(
        home.contains("New children in your district 3") && home.contains("Nayeli Zavala"),
        "{home}"
    );
    let page = b.get("/new-children").await;
    let text = page.text();
    assert!(
        text.contains("Newly certified, Mar 16, 2026 · Mission CISD"),
        "{text}"
    );
    let boxes: Vec<String> = page
        .body
        .split("name=\"seen-")
        .skip(1)
        .map(|rest| format!("seen-{}", rest.split('"').next().unwrap()))
        .collect();
    assert_eq!(boxes.len(), 3);
    assert_eq!(
        b.post("/new-children", &[]).await.location(),
        "/new-children?done=none"
    );
    let ticked: Vec<(&str, &str)> = boxes[..2].iter().map(|name| (name.as_str(), "on")).collect();
    assert_eq!(
        b.post("/new-children", &ticked).await.location(),
        "/new-children?done=seen"
    );
    assert_eq!(
        b.post("/new-children", &ticked).await.location(),
        "/new-children?done=before"
    );
    let text = b.get("/new-children").await.text();
    assert!(
        text.contains("registrar@mcisd.example") && text.contains("Apr 2, 2026, 15:04 UTC"),
        "{text}"
    );
    assert!(
        b.get("/")
            .await
            .text()
            .contains("New children in your district 1")
    );

    // A counselor sees them and acknowledges none; another district's or state's are not there.
    let (mut counselor, _) = browser(db.url()).await;
    counselor.sign_in("counselor@mcisd.example").await;
    assert!(
        !counselor
            .get("/new-children")
            .await
            .body
            .contains("type=\"checkbox\"")
    );
    let (mut georgia, _) = browser(db.url()).await;
    georgia.sign_in("admin@ga.example").await;
    assert_eq!(
        georgia.post("/new-children", &[(&boxes[2], "on")]).await.status,
        404
    );

    // The certificate of the last one is voided: told, and not silently gone.
    let list = vec![
        {
            let mut voided = child("N-1", "Zavala", "Nayeli", "Mission CISD", &json!({}));
            voided["qualifying_moves"][0]["void_date"] = json!("2026-04-01");
            voided
        },
        {
            let mut voided = child("N-2", "Ávila", "Tomás", "Mission CISD", &json!({}));
            voided["qualifying_moves"][0]["void_date"] = json!("2026-04-01");
            voided
        },
        {
            let mut voided = child("N-4", "Castro", "Iván", "Mission CISD", &json!({}));
            voided["qualifying_moves"][0]["void_date"] = json!("2026-04-01");
            voided
        },
    ];
    support::load(&mut c, "TX", "2026-04-02T02:00:00Z".parse().unwrap(), list).unwrap();
    support::link(&mut c).unwrap();
    let text = b.get("/new-children").await.text();
    assert!(text.contains("Withdrawn Apr 2, 2026: corrected"), "{text}");
    assert!(!b.get("/").await.text().contains("New children in your district"));
    assert!(b.get("/students").await.text().contains("Everybody 0"));
}

#[actix_web::test]
async fn a_child_that_has_gone_is_told_to_the_district_that_it_left() {
    let db = districts();
    let mut c = db.connect().unwrap();
    let mut gone = child(
        "N-1",
        "Zavala",
        "Nayeli",
        "Mission CISD",
        &json!({"withdrawal_date": "2026-03-27"}),
    );
    let there = json!({"school_or_project_name": "Lincoln", "enrollment_date": "2026-03-30", "grade": "07", "enrollment_type": "01", "district_of_residence": "Sharyland ISD"});
    gone["enrollments"].as_array_mut().unwrap().push(there);
    support::load(&mut c, "TX", "2026-04-01T12:00:00Z".parse().unwrap(), vec![gone]).unwrap();
    support::link(&mut c).unwrap();
    let person = support::person_of(&mut c, "TX", "N-1").unwrap();

    let (mut b, _) = browser(db.url()).await;
    b.sign_in("registrar@mcisd.example").await;
    let home = b.get("/").await.text();
    assert!(home.contains("Gone to another district 1"), "{home}");
    let page = b.get("/students").await.text();
    assert!(page.contains("One child has gone to another district"), "{page}");
    let page = b.get("/new-children").await;
    let text = page.text();
    let facts = "Gone to Sharyland ISD, enrolled there from Mar 30, 2026";
    assert!(
        text.contains(facts) && text.contains("left Mission CISD"),
        "{text}"
    );
    let list = page.body.split("id=\"gone\"").nth(1).unwrap();
    let name = list
        .split("name=\"seen-")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let name = format!("seen-{name}");
    let looks = store::access::disclosures(&mut c, person, 50).unwrap();
    assert!(
        looks
            .iter()
            .any(|look| look.actor == "account:registrar@mcisd.example")
    );
    let record = b.get(&format!("/persons/{person}?purpose=program")).await.text();
    assert!(record.contains("This child is gone to Sharyland ISD"), "{record}");

    // The district to which it came is told that it is new, and not of the other one's.
    let id = support::account(&mut c, "registrar@sisd.example", "Sam Sharyland", &[]).unwrap();
    let grant = Grant {
        role: Role::PrimaryUser,
        state: StateCode::new("TX").ok(),
        region: None,
        district: Some("Sharyland ISD".to_owned()),
    };
    store::accounts::grant(&mut c, id, &grant, support::now()).unwrap();
    let (mut other, _) = browser(db.url()).await;
    other.sign_in("registrar@sisd.example").await;
    let text = other.get("/new-children").await.text();
    assert!(
        text.contains("Nayeli Zavala") && text.contains("Nobody who has gone to another district waits"),
        "{text}"
    );
    assert_eq!(other.post("/new-children", &[(&name, "on")]).await.status, 404);

    assert_eq!(
        b.post("/new-children", &[(&name, "on")]).await.location(),
        "/new-children?done=seen"
    );
    let text = b.get("/new-children").await.text();
    assert!(
        text.contains("Nobody who has gone to another district waits") && text.contains(facts),
        "seen last: {text}"
    );
    assert!(!b.get("/").await.text().contains("Gone to another district"));
}
