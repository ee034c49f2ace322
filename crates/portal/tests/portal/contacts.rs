//! The directory of contacts, and where it is shown.

use mde::StateCode;
use store::accounts::{Grant, Role};

use crate::browser::{browser, nation};
use crate::support;

const ADMINISTRATOR: &str = "admin@tea.example";

const LIST: &str = "role,name,district,facility_code,phone,email,languages,cover_name,cover_phone,cover_from,cover_until\n\
    MEP,Rosa <b>Díaz</b>,,,512-555-0100,,Spanish,,,,\n\
    REGISTRAR,Luz Gil,Mission CISD,108912-001,956-555-0143,luz@mcisd.example,Spanish,Ana Ruiz,956-555-0199,2026-03-30,2026-04-10\n\
    NURSE,Nobody,Mission CISD,108912-001,none,,,,,,\n";

#[actix_web::test]
async fn a_list_is_taken_in_line_by_line_and_shown_where_people_need_it() {
    let db = nation();
    let mut c = db.connect().unwrap();
    diesel::RunQueryDsl::execute(
        diesel::sql_query(
            "update enrollment set district_of_residence = 'Mission CISD' where facility_code = '108912-001'",
        ),
        &mut c,
    )
    .unwrap();
    let (mut b, time) = browser(db.url()).await;
    b.sign_in(ADMINISTRATOR).await;
    assert!(
        b.get("/contacts")
            .await
            .text()
            .contains("Nobody is named here yet")
    );
    let page = b.post("/contacts/list", &[("document", "no such thing")]).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("no such thing"), "what was typed is kept");
    let page = b.post("/contacts/list", &[("document", LIST)]).await;
    let text = page.text();
    assert!(
        text.contains("2 lines kept: 2 new, 0 changed. 1 line not."),
        "{text}"
    );
    assert!(text.contains("4 phone: Enter a telephone number"), "{text}");
    assert!(!page.body.contains("<b>Díaz"));
    let text = b.post("/contacts/list", &[("document", LIST)]).await.text();
    assert!(text.contains("2 lines kept: 0 new, 2 changed."), "{text}");

    // On the days of it, who stands in is the one to call.
    let text = b.get("/contacts?state=TX").await.text();
    assert!(
        text.contains("Ana Ruiz Registrar · stands in for Luz Gil, Mar 30, 2026 to Apr 10, 2026"),
        "{text}"
    );
    assert!(text.contains("✓ Verified Apr 2, 2026"), "{text}");
    let person = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let text = b.get(&format!("/persons/{person}?purpose=enroll")).await.text();
    assert!(
        text.contains("Mission CISD, school 108912-001") && text.contains("956-555-0199"),
        "{text}"
    );

    // Another state reads it, and keeps nothing of it; its notice about the child says whom to call.
    let (mut georgia, _) = browser(db.url()).await;
    georgia.sign_in("admin@ga.example").await;
    assert!(
        georgia
            .get("/contacts?state=TX")
            .await
            .text()
            .contains("Ana Ruiz")
    );
    assert!(
        !georgia
            .get("/contacts?state=TX")
            .await
            .body
            .contains("/contacts/1\"")
    );
    assert_eq!(georgia.get("/contacts/1").await.status, 404);
    assert_eq!(
        georgia.post("/contacts/1", &[("remove", "yes")]).await.status,
        404
    );
    let inbox = georgia.get("/notices").await.text();
    assert!(inbox.contains("Call in Texas: Rosa"), "{inbox}");

    // After 90 days somebody has to say that it is still right.
    assert!(!b.get("/").await.text().contains("Not verified for 90 days"));
    time.pass(chrono::TimeDelta::days(91));
    b.sign_in(ADMINISTRATOR).await;
    assert!(b.get("/").await.text().contains("2 Not verified for 90 days"));
    let page = b.get("/contacts").await;
    assert!(
        page.text().contains("! Not verified since Apr 2, 2026"),
        "{}",
        page.text()
    );
    let box_name = page
        .body
        .split("name=\"right-")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let page = b
        .post("/contacts/verify", &[(&format!("right-{box_name}"), "on")])
        .await;
    assert_eq!(page.location(), "/contacts?done=verified");
    assert!(b.get("/").await.text().contains("1 Not verified for 90 days"));
    let csv = b.get("/contacts.csv").await.body;
    assert!(csv.starts_with("district,facility_code,role,name,phone"), "{csv}");
}

#[actix_web::test]
async fn a_contact_is_added_changed_and_removed_by_whose_place_it_is() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let id = support::account(&mut c, "district@mcisd.example", "Dee", &[]).unwrap();
    let grant = Grant {
        role: Role::DataAdministrator,
        state: StateCode::new("TX").ok(),
        district: Some("Mission CISD".to_owned()),
        region: None,
    };
    store::accounts::grant(&mut c, id, &grant, support::now()).unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("district@mcisd.example").await;
    let new = b.get("/contacts/new").await;
    assert!(new.body.contains("value=\"Mission CISD\""));
    let page = b
        .post(
            "/contacts/new",
            &[
                ("name", "Eva"),
                ("role", "MEP"),
                ("district", "Sharyland ISD"),
                ("email", "eva"),
            ],
        )
        .await;
    assert_eq!(page.status, 422);
    let text = page.text();
    assert!(
        text.contains("You keep the contacts of Mission CISD") && text.contains("Enter an e-mail address"),
        "{text}"
    );
    assert!(page.body.contains("value=\"Sharyland ISD\"") && page.body.contains("value=\"Eva\""));
    let right = [
        ("name", "Eva"),
        ("role", "MEP"),
        ("district", "Mission CISD"),
        ("email", "eva@mcisd.example"),
    ];
    assert_eq!(
        b.post("/contacts/new", &right).await.location(),
        "/contacts?done=kept"
    );
    let mut other = right;
    other[0].1 = "Ivo";
    assert_eq!(b.post("/contacts/new", &other).await.status, 303);
    let twice = b.post("/contacts/2", &right).await;
    assert_eq!(twice.status, 422);
    assert!(twice.text().contains("This person has that role there already"));
    assert_eq!(
        b.post("/contacts/2", &other).await.location(),
        "/contacts?done=kept"
    );
    assert_eq!(
        b.post("/contacts/2", &[("remove", "yes")]).await.location(),
        "/contacts?done=removed"
    );
    assert_eq!(b.get("/contacts/2").await.status, 404);
}
