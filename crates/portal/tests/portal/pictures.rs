//! Reports as pictures, and whether a page helped.

use crate::browser::{browser, nation};
use crate::support;

#[actix_web::test]
async fn a_state_sees_its_years_its_moves_and_nothing_small_of_others() {
    let db = nation();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    let page = b.get("/reports/pictures").await;
    assert_eq!(page.status, 200, "{}", page.text());
    let text = page.text();
    for shown in [
        "Category 1, Texas",
        "2021-22",
        "The nation below 10, not shown",
        "Texas 0 0 1 1 1",
        "Moves between Texas and other states, 2025-26",
        "From the arrival of an upload until its records are ready 2",
        "Nobody has said anything yet",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert!(!page.body.contains("style="), "no inline style");
    assert!(
        page.body.contains("<title>Georgia: 1</title>") && page.body.contains("<title>Ohio: none</title>")
    );
    let before = b.get("/reports/pictures?period=2024-25").await.text();
    assert!(
        before.contains("Moves between Texas and other states, 2024-25"),
        "{before}"
    );
    let years = b.get("/reports/years.csv").await;
    assert!(
        years
            .body
            .starts_with("state,period,category_1,category_2\nUS,2021-22,<10,0\n"),
        "{}",
        years.body
    );
    assert!(years.body.contains("TX,2025-26,1,0\n"), "{}", years.body);
    let met = b.get("/reports/timeliness.csv").await;
    assert!(
        met.body.starts_with("duty,standing,deadlines\n") && met.body.lines().count() > 1,
        "{}",
        met.body
    );
    let waiting = b.get("/reports/waiting.csv").await;
    assert!(waiting.body.contains("near_match,0,"), "{}", waiting.body);
    assert_eq!(b.get("/reports/waiting.pdf").await.status, 404);

    let (mut federal, _) = browser(db.url()).await;
    federal.sign_in("arbiter@ed.example").await;
    let text = federal.get("/reports/pictures").await.text();
    assert!(
        text.contains("Georgia") && !text.contains("not shown") && !text.contains("Timeliness"),
        "{text}"
    );
    let (mut counselor, _) = browser(db.url()).await;
    counselor.sign_in("counselor@mission.example").await;
    assert_eq!(counselor.get("/reports/pictures").await.status, 403);
}

#[actix_web::test]
async fn whether_a_page_helped_is_kept_without_the_child_and_the_user() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let ana = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("counselor@mission.example").await;
    b.get(&format!("/persons/{ana}?purpose=credit")).await;
    let said = [("helped", "no"), ("words", "Which units are these? <i>")];
    assert_eq!(b.post("/feedback", &said).await.location(), "/search?thanks=true");
    assert!(b.get("/search?thanks=true").await.text().contains("Thank you"));
    assert_eq!(
        b.post("/feedback", &[("helped", "perhaps"), ("words", "")])
            .await
            .status,
        400
    );
    let mut rows = store::usage::said(&mut c, None, "2026-01-01".parse().unwrap(), 9).unwrap();
    let row = rows.pop().expect("one answer");
    assert!(rows.is_empty() && !row.helped && row.words == "Which units are these? <i>");
    let columns: Vec<Name> = diesel::RunQueryDsl::load(
        diesel::sql_query(
            "select column_name::text as name from information_schema.columns where table_name = 'feedback'",
        ),
        &mut c,
    )
    .unwrap();
    let columns: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(
        columns.len(),
        5,
        "number, day, state, answer and words only: {columns:?}"
    );
    let (mut admin, _) = browser(db.url()).await;
    admin.sign_in("admin@tea.example").await;
    let page = admin.get("/reports/pictures").await.text();
    assert!(page.contains("Apr 2, 2026 ✕ No Which units are these?"), "{page}");
    let (mut other, _) = browser(db.url()).await;
    other.sign_in("admin@ga.example").await;
    assert!(
        other
            .get("/reports/pictures")
            .await
            .text()
            .contains("Nobody has said anything yet")
    );
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}
