//! Who is expected to leave, and the closing hand-off, as people do them.

use mde::StateCode;
use serde_json::json;
use store::accounts::{Grant, Role};
use store::notices::Box;

use crate::browser::{browser, nation};
use crate::support;

/// Ana: she left Texas in May 2024 for Florida, and is in Mission again.
fn ana(c: &mut diesel::PgConnection) -> String {
    support::person_of(c, "TX", "T-10442").unwrap().to_string()
}

#[actix_web::test]
async fn who_left_in_earlier_years_is_listed_with_what_is_missing() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let ana = ana(&mut c);
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("counselor@mission.example").await;
    let students = b.get("/students").await;
    assert!(students.body.contains("href=\"/departures\""));
    let page = b.get("/departures").await;
    let text = page.text();
    assert!(
        text.contains("Ana María Reyes Garza") && text.contains("May 11, 2026 to May 31, 2026"),
        "{text}"
    );
    assert!(
        text.contains("Left in the week of May 20, 2024 for Florida."),
        "{text}"
    );
    assert!(
        text.contains("Grade to date: Biology; Hours so far: Biology; Date of one immunization"),
        "{text}"
    );
    assert!(
        !page.body.contains("/hand-offs/new"),
        "a counselor reads, and does not write for the state"
    );
    assert!(
        b.get("/departures?weeks=2")
            .await
            .text()
            .contains("Nobody is expected to leave")
    );
    assert_eq!(b.get("/departures?weeks=many").await.status, 200);
    let book = b.get("/departures.xlsx").await;
    assert!(book.bytes.starts_with(b"PK"));
    let csv = b.get("/departures.csv").await;
    assert!(
        csv.body.contains("T-10442") && csv.body.contains("2026-05-11"),
        "{}",
        csv.body
    );
    let person = mde::PersonId::parse(&ana).unwrap();
    let looks = store::access::disclosures(&mut c, person, 50).unwrap();
    let own = looks
        .iter()
        .filter(|l| l.actor == "account:counselor@mission.example");
    assert!(
        own.filter(|l| l.categories.contains(&"courses".to_owned()))
            .count()
            >= 3
    );
    assert_eq!(b.get(&format!("/hand-offs/new?person={ana}")).await.status, 403);
}

#[actix_web::test]
async fn a_recruiter_hands_a_child_off_and_every_state_sees_it_as_not_confirmed() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let ana = ana(&mut c);
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("recruiter@mission.example").await;
    assert!(b.get("/departures").await.text().contains("Hand off Ana María"));
    let page = b.get(&format!("/hand-offs/new?person={ana}")).await;
    let text = page.text();
    assert!(
        text.contains("English 1") && text.contains("Biology") && !text.contains("Algebra 1"),
        "work under way: {text}"
    );
    assert!(
        page.body.contains("value=\"96\""),
        "hours of the record are filled in"
    );
    let form = [
        ("once", "o-1"),
        ("person", &ana),
        ("last_day", "5/8/2026"),
        ("to_state", "GA"),
        ("to_place", "Tifton, <b>packing house</b>"),
        ("title-0", "English 1"),
        ("known-0", "yes"),
        ("grade-0", "83"),
        ("hours-0", "104.5"),
        ("title-1", "Biology"),
        ("known-1", "yes"),
        ("grade-1", ""),
        ("hours-1", ""),
        ("title-2", "Welding"),
        ("grade-2", "B+"),
        ("hours-2", ""),
        ("tell", "on"),
    ];
    let mut wrong = form;
    wrong[2].1 = "in May";
    wrong[8].1 = "lots";
    let page = b.post("/hand-offs/new", &wrong).await;
    let text = page.text();
    assert!(
        page.status == 422
            && page.body.contains("href=\"#last_day\"")
            && page.body.contains("href=\"#courses\""),
        "{text}"
    );
    assert!(
        text.contains("English 1 has hours that are no number")
            && page.body.contains("value=\"in May\"")
            && page.body.contains("value=\"lots\"")
            && page.body.contains("value=\"Welding\""),
        "what was typed stays: {}",
        page.body
    );
    let empty = b.post("/hand-offs/new", &form[1..2]).await;
    assert!(
        empty.status == 422 && empty.text().contains("nothing else is said"),
        "{}",
        empty.text()
    );

    let kept = b.post("/hand-offs/new", &form).await;
    assert_eq!(
        kept.location(),
        format!("/persons/{ana}?purpose=program&handed_off=told#main")
    );
    assert_eq!(
        b.post("/hand-offs/new", &form).await.location(),
        kept.location(),
        "a double click"
    );
    let texas = StateCode::new("TX").unwrap();
    let sent = store::notices::list(&mut c, texas, Box::Sent, false, None, 9).unwrap();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].recipient, "GA");

    // Georgia sees it with the record.
    let (mut g, _) = browser(db.url()).await;
    g.sign_in("admin@ga.example").await;
    let page = g.get(&format!("/persons/{ana}?purpose=enroll")).await;
    let text = page.text();
    assert!(
        text.contains("Not confirmed: what a school of Texas says")
            && text.contains("English 1: grade 83, 104.5 hours; Welding: grade B+")
            && text.contains("May 8, 2026"),
        "{text}"
    );
    assert!(page.body.contains("&lt;b&gt;packing") || page.body.contains("&#60;b&#62;packing"));
    let text = b.get("/departures?weeks=12").await.text();
    assert!(
        text.contains("✓ Handed off") && text.contains("Goes to Georgia by a notice"),
        "{text}"
    );

    // It is filled in again, and can be taken back.
    let page = b.get(&format!("/hand-offs/new?person={ana}")).await;
    assert!(
        page.body.contains("value=\"104.5\"") && page.body.contains("value=\"Welding\""),
        "{}",
        page.body
    );
    let path = page.body.split("action=\"/hand-offs/").nth(2).unwrap();
    let path = format!("/hand-offs/{}", path.split('"').next().unwrap());
    let person = [("person", ana.as_str())];
    assert_eq!(
        g.post(&path, &person).await.status,
        404,
        "another state's is not there"
    );
    let back = b.post(&path, &person).await;
    assert!(
        back.location().ends_with("&done=taken-back"),
        "{}",
        back.location()
    );
    assert!(b.get(back.location()).await.text().contains("Taken back"));
    assert!(
        !g.get(&format!("/persons/{ana}?purpose=enroll"))
            .await
            .text()
            .contains("Not confirmed")
    );
}

#[actix_web::test]
async fn a_states_next_upload_takes_the_place_of_what_its_school_said() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let person = support::person_of(&mut c, "TX", "T-66613").unwrap().to_string();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("recruiter@mission.example").await;
    let form = [("person", person.as_str()), ("note", "Leaves on Friday")];
    assert_eq!(b.post("/hand-offs/new", &form).await.status, 303);
    let record = format!("/persons/{person}?purpose=program");
    assert!(b.get(&record).await.text().contains("Leaves on Friday"));
    let later = support::now() + chrono::TimeDelta::hours(9);
    let mia = json!({"identity": {"state_student_id": "T-66613", "last_name_1": "O’Hara", "first_name": "Mia", "gender": "Female", "birth_date": "2015-02-03"}});
    support::load(&mut c, "TX", later, vec![mia]).unwrap();
    assert!(!b.get(&record).await.text().contains("Leaves on Friday"));
    let text = b.get(&format!("/hand-offs/new?person={person}")).await.text();
    assert!(
        text.contains("Leaves on Friday") && text.contains("✓ Your state’s upload came"),
        "{text}"
    );
}

#[actix_web::test]
async fn a_district_hands_off_its_own_children_only() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let leaver = json!({
        "identity": {"state_student_id": "N-1", "last_name_1": "Zavala", "first_name": "Nayeli", "gender": "Female", "birth_date": "2013-02-03"},
        "qualifying_moves": [{"qualifying_arrival_date": "2026-03-10", "to_state": "TX", "certificate_approval_date": "2026-03-24"}],
        "enrollments": [{"school_or_project_name": "Roosevelt", "enrollment_date": "2026-03-16", "withdrawal_date": "2026-04-20", "grade": "07", "district_of_residence": "Mission CISD"}],
    });
    support::load(
        &mut c,
        "TX",
        "2026-04-01T02:00:00Z".parse().unwrap(),
        vec![leaver],
    )
    .unwrap();
    support::link(&mut c).unwrap();
    let nayeli = support::person_of(&mut c, "TX", "N-1").unwrap().to_string();
    for (email, district) in [
        ("r1@mcisd.example", "mission cisd"),
        ("r2@sisd.example", "Sharyland ISD"),
    ] {
        let id = support::account(&mut c, email, "Rey Registrar", &[]).unwrap();
        let grant = Grant {
            role: Role::PrimaryUser,
            state: StateCode::new("TX").ok(),
            region: None,
            district: Some(district.to_owned()),
        };
        store::accounts::grant(&mut c, id, &grant, support::now()).unwrap();
    }
    let form = [("person", nayeli.as_str()), ("note", "Leaves")];
    let (mut own, _) = browser(db.url()).await;
    own.sign_in("r1@mcisd.example").await;
    assert!(own.get("/departures").await.text().contains("Nayeli Zavala"));
    assert_eq!(own.get("/departures?district=Sharyland+ISD").await.status, 404);
    assert_eq!(own.post("/hand-offs/new", &form).await.status, 303);
    let (mut other, _) = browser(db.url()).await;
    other.sign_in("r2@sisd.example").await;
    assert!(!other.get("/departures").await.text().contains("Nayeli Zavala"));
    assert_eq!(
        other.get(&format!("/hand-offs/new?person={nayeli}")).await.status,
        404
    );
    assert_eq!(other.post("/hand-offs/new", &form).await.status, 404);
    assert_eq!(other.post("/hand-offs/1", &form).await.status, 404);
}
