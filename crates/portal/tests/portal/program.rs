//! What surrounds the child's record: past days, comparisons, requirements, contradictions.

use crate::browser::{browser, nation};
use crate::support;

const ADMINISTRATOR: &str = "admin@tea.example";

#[actix_web::test]
async fn the_record_of_a_past_day_and_two_submissions_field_by_field() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let person = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("counselor@mission.example").await;
    let page = b
        .get(&format!("/persons/{person}?purpose=credit&as_of=2026-02-15"))
        .await;
    let text = page.text();
    assert!(
        text.contains("As the hub knew it at the end of Feb 15, 2026"),
        "{text}"
    );
    assert!(
        !text.contains("Mission High School, Texas, since"),
        "enrolled there in a later upload: {text}"
    );
    assert!(!text.contains("Immokalee"), "Florida's upload came later: {text}");
    assert_eq!(
        b.get(&format!("/persons/{person}?purpose=credit&as_of=soon"))
            .await
            .status,
        400
    );
    let now = b.get(&format!("/persons/{person}?purpose=credit")).await.text();
    assert!(
        now.contains("Tift County High School, Georgia, since Mar 16, 2026, still enrolled: of 2 schools"),
        "{now}"
    );

    let history = b.get(&format!("/persons/{person}/history?purpose=credit")).await;
    let options: Vec<&str> = history
        .body
        .split("<option value=\"")
        .filter_map(|rest| rest.split('"').next())
        .filter(|value| value.starts_with("TX:"))
        .collect();
    assert!(options.len() >= 4, "two submissions in two lists: {options:?}");
    let address = format!(
        "/persons/{person}/comparison?purpose=credit&one={}&other={}",
        options[1], options[0]
    );
    let text = b.get(&address).await.text();
    assert!(
        text.contains("Only in the second") && text.contains("108912-001"),
        "{text}"
    );
    let florida = format!(
        "/persons/{person}/comparison?purpose=credit&one=TX:current:T-10442&other=FL:current:FL-553019"
    );
    let text = b.get(&florida).await.text();
    assert!(
        text.contains("Birth date") && text.contains("Apr 23, 2011 Apr 3, 2011"),
        "{text}"
    );
    assert!(
        text.contains("All of it Assessment") && text.contains("FAST Mathematics; "),
        "what only one of them has is told at once: {text}"
    );
}

#[actix_web::test]
async fn an_administrator_keeps_requirements_and_they_show_in_the_plan() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let person = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in(ADMINISTRATOR).await;
    assert!(
        b.get("/requirements")
            .await
            .text()
            .contains("No state keeps requirements here yet")
    );
    let wrong = "state = \"GA\"\n[[sets]]\ncohorts = [2030, 2020]\nsource = \"\"\ndated = 2020-01-01\nunits = { Potions = 4 }";
    let page = b.post("/requirements", &[("document", wrong)]).await;
    let text = page.text();
    assert_eq!(page.status, 422);
    assert!(
        text.contains("3 things need your attention") && text.contains("Potions"),
        "{text}"
    );
    let other = "state = \"GA\"\n[[sets]]\ncohorts = [2020, 2030]\nsource = \"the law\"\ndated = 2020-01-01\nunits = { English = 4 }";
    let page = b.post("/requirements", &[("document", other)]).await;
    assert!(
        page.text().contains("The document is of Georgia, not of Texas"),
        "{}",
        page.text()
    );
    let right = other
        .replace("GA", "TX")
        .replace("{ English = 4 }", "{ English = 4, Mathematics = \"3.5\" }");
    let page = b.post("/requirements", &[("document", &right)]).await;
    assert_eq!(
        (page.status, page.location()),
        (303, "/requirements?state=TX&done=kept")
    );
    let text = b.get("/requirements?state=TX").await.text();
    assert!(
        text.contains("The whole state: grade 9 began in 2020 to 2030")
            && text.contains("the law, of Jan 1, 2020"),
        "{text}"
    );

    // Side by side: Texas sent requirements of its own with the child, Georgia keeps none.
    let text = b
        .get(&format!("/persons/{person}/plans?purpose=credit&one=TX&other=GA"))
        .await
        .text();
    assert!(
        text.contains("requirements that Texas sent with the child"),
        "{text}"
    );
    assert!(
        text.contains("Georgia Nobody has said what this child needs to graduate"),
        "{text}"
    );
    let page = b.get(&format!("/persons/{person}?purpose=credit")).await.text();
    assert!(
        page.contains("Mathematics 4 1 1 course 40 clock hours, no credit yet 3"),
        "{page}"
    );

    // The rules of eligibility too, which are shown with every end.
    let page = b
        .post(
            "/requirements/eligibility",
            &[("last_day", "same_day"), ("terminations", "current")],
        )
        .await;
    assert_eq!(page.location(), "/requirements?state=TX&done=rules");
    let page = b.get(&format!("/persons/{person}?purpose=credit")).await.text();
    assert!(page.contains("Eligible in Texas until Aug 11, 2028"), "{page}");
    let audited: Vec<String> = actions(&mut c);
    assert_eq!(audited, ["requirements.replace", "eligibility.rules"]);
    // A counselor reads, and changes nothing.
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("counselor@mission.example").await;
    assert!(!b.get("/requirements").await.body.contains("name=\"document\""));
}

fn actions(c: &mut diesel::PgConnection) -> Vec<String> {
    use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        action: String,
    }
    let rows: Vec<Row> = sql_query("select action from audit_event where subject = 'TX' order by 1 desc")
        .load(c)
        .unwrap();
    rows.into_iter().map(|row| row.action).collect()
}

#[actix_web::test]
async fn contradictions_are_listed_for_the_states_administrator() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let person = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let alone = support::person_of(&mut c, "TX", "T-66613").unwrap();
    records::contradicted::refresh(&mut c, &[person, alone], support::now()).unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in(ADMINISTRATOR).await;
    let text = b.get("/disagreements").await.text();
    assert!(
        text.contains("Birth date: TX says Apr 23, 2011; FL says Apr 3, 2011"),
        "{text}"
    );
    assert!(
        text.contains("Apr 23, 2011 is shown: best evidence of birth: birth certificate."),
        "{text}"
    );
    let text = b.get("/disagreements?kind=graduation").await.text();
    assert!(text.contains("No child is on this list"), "{text}");
    // Michigan's administrator sees what Michigan has a part in.
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@ga.example").await;
    let text = b.get("/disagreements?kind=identity").await.text();
    assert!(
        !text.contains("Birth date:") && text.contains("Parent 1"),
        "{text}"
    );
    let looks = store::access::disclosures(&mut c, person, 9).unwrap();
    assert!(
        looks.iter().any(|look| look.actor == "account:admin@ga.example"),
        "{looks:?}"
    );
}

#[actix_web::test]
async fn an_administrator_of_a_district_sees_the_contradictions_of_its_children() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let person = support::person_of(&mut c, "TX", "T-10442").unwrap();
    records::contradicted::refresh(&mut c, &[person], support::now()).unwrap();
    // An earlier enrollment was in Mission; the latest one decides.
    diesel::RunQueryDsl::execute(
        diesel::sql_query(
            "update enrollment set district_of_residence = 'Sharyland ISD'
             where enrollment_date = '2025-08-18' and school_or_project_name = 'Mission High School'",
        ),
        &mut c,
    )
    .unwrap();
    for (email, district, sees) in [
        ("sharyland@tea.example", "Sharyland ISD", true),
        ("mission@tea.example", "Mission CISD", false),
    ] {
        let id = support::account(&mut c, email, "Dee District", &[]).unwrap();
        let grant = store::accounts::Grant {
            role: store::accounts::Role::DataAdministrator,
            state: mde::StateCode::new("TX").ok(),
            region: None,
            district: Some(district.to_owned()),
        };
        store::accounts::grant(&mut c, id, &grant, support::now()).unwrap();
        let (mut b, _) = browser(db.url()).await;
        b.sign_in(email).await;
        let text = b.get("/disagreements").await.text();
        assert!(
            text.contains(&format!("latest enrollment in Texas is in {district}")),
            "{text}"
        );
        assert_eq!(text.contains("Birth date: TX says"), sees, "{text}");
        assert_eq!(text.contains("Nothing contradicts itself"), !sees, "{text}");
    }
}
