//! Counts, lists and frozen counts, as people see and take them.

use diesel::sql_types::BigInt;
use diesel::{PgConnection, RunQueryDsl as _, sql_query};

use crate::browser::{browser, nation};

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn disclosures(c: &mut PgConnection) -> i64 {
    let row: Count = sql_query("select count(*) as n from disclosure where 'enrollment' = any(categories)")
        .get_result(c)
        .unwrap();
    row.n
}

#[actix_web::test]
async fn a_state_sees_its_own_counts_and_the_nation_only_without_small_numbers() {
    let db = nation();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    let page = b.get("/reports").await;
    assert!(page.text().contains("No count is frozen yet"), "{}", page.text());
    let page = b.get("/reports?period=2025-26&known_at=").await;
    let text = page.text();
    assert!(
        text.contains("Period 2025-26") && text.contains("The nation not shown (below 10)"),
        "{text}"
    );
    assert!(
        text.contains("Texas 1 0 0 0 0"),
        "one child in category 1: {text}"
    );
    assert!(!text.contains("Georgia 1 0"), "{text}");
    let file = b.get("/reports/counts.csv?period=2025-26&known_at=").await;
    assert!(file.body.contains("TX,category 1,,1\n"), "{}", file.body);

    let wrong = b.get("/reports?period=2025-26&known_at=2031-01-01").await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text().contains("Enter a day that has passed"),
        "{}",
        wrong.text()
    );
    assert_eq!(b.get("/reports/counts.csv?period=x").await.status, 400);

    let (mut federal, _) = browser(db.url()).await;
    federal.sign_in("arbiter@ed.example").await;
    let text = federal.get("/reports?period=2025-26").await.text();
    assert!(
        text.contains("Georgia 1 0 1") && text.contains("Texas 1") && !text.contains("not shown"),
        "{text}"
    );
}

#[actix_web::test]
async fn a_count_is_frozen_and_its_children_are_written_down_when_they_are_taken() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    b.get("/reports").await;
    let fields = [("name", "april-2026"), ("period_to_freeze", "2025-26")];
    assert_eq!(b.post("/reports/snapshots", &fields).await.location(), "/reports");
    let page = b.get("/reports").await;
    assert!(page.text().contains("april-2026"), "{}", page.text());
    let again = b.post("/reports/snapshots", &fields).await;
    assert!(again.status == 422 && again.text().contains("This name is taken"));
    let wrong = [("name", "April 1"), ("period_to_freeze", "2025-26")];
    assert_eq!(b.post("/reports/snapshots", &wrong).await.status, 422);

    let before = disclosures(&mut c);
    let file = b.get("/reports/snapshots/april-2026/children.csv").await;
    assert_eq!(file.body.matches(",TX,Y,").count(), 1, "{}", file.body);
    assert_eq!(disclosures(&mut c), before + 1);

    let (mut other, _) = browser(db.url()).await;
    other.sign_in("admin@ga.example").await;
    assert!(!other.get("/reports").await.text().contains("april-2026"));
    let file = other.get("/reports/snapshots/april-2026/children.csv").await;
    assert_eq!(file.status, 404, "another state's");
}

#[actix_web::test]
async fn a_districts_list_and_a_reconciliation_are_for_the_state_alone() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    let file = b.get("/reports/qa.csv?period=2025-26&district=").await;
    assert!(
        file.body.contains(",T-10442,") && !file.body.contains("GA7781"),
        "{}",
        file.body
    );
    let fed = b.get("/reports/free-meals.csv?period=2025-26&district=").await;
    assert_eq!(fed.body.lines().count(), 2, "{}", fed.body);
    let paper = b.get("/reports/free-meals.pdf?period=2025-26&district=").await;
    assert_eq!(paper.headers.get("content-type").unwrap(), "application/pdf");
    if let Some(words) = crate::same::pdf_words(&paper.bytes) {
        let row = csv::Reader::from_reader(fed.body.as_bytes())
            .into_records()
            .next()
            .unwrap()
            .unwrap();
        // School, identifier, names, and the rule; dates and grades are written otherwise for people.
        for cell in [0, 1, 2, 3, 7] {
            let cell = crate::same::bare(&row[cell]);
            assert!(words.contains(&cell), "{cell} is not in {words}");
        }
        assert!(
            words.contains(&crate::same::bare("1 child on this list")),
            "{words}"
        );
    }
    let report = b.get("/reports/qa.pdf?period=2025-26&district=").await;
    assert!(report.status == 200 && report.bytes.starts_with(b"%PDF-"));
    if let Some(words) = crate::same::pdf_words(&report.bytes) {
        assert!(
            !words.contains(&crate::same::bare("Reyes")),
            "it names nobody: {words}"
        );
    }
    assert_eq!(b.get("/reports/counts.pdf?period=2025-26").await.status, 404);
    assert_eq!(
        b.get("/reports/qa.csv?period=2025-26&district=Nowhere")
            .await
            .body
            .lines()
            .count(),
        1
    );

    let texas = mde::StateCode::new("TX").unwrap();
    let of = records::reconciliation::OfState {
        state: texas,
        day: "2026-03-01".parse().unwrap(),
        scope: records::reconciliation::Scope::default(),
        file_name: "march.csv",
        csv: b"state_student_id,last_name,first_name,birth_date\nT-10442,Reyes,Ana,2011-04-24\nT-1,Vega,Iris,2012-01-01\n",
    };
    let opened = records::reconciliation::open(&mut c, &of, "test", crate::support::now()).unwrap();
    let path = format!("/reconciliations/{}", opened.reconciliation_id);
    assert!(b.get("/reconciliations").await.text().contains("march.csv"));
    let page = b.get(&path).await;
    let text = page.text();
    for shown in [
        "2 children in the list",
        "Two birth dates",
        "2011-04-24",
        "! Open",
        "T-1 Not in hub",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    let wrong = b
        .post(&path, &[("ordinal", "x"), ("status", "fine"), ("note", "")])
        .await;
    assert!(wrong.status == 422 && wrong.text().contains("3 things need your attention"));
    let word = [
        ("ordinal", "1"),
        ("status", "corrected"),
        ("note", "Birth certificate seen"),
    ];
    assert_eq!(b.post(&path, &word).await.location(), path);
    let text = b.get(&format!("{path}?status=corrected")).await.text();
    assert!(text.contains("✓ Corrected Birth certificate seen"), "{text}");

    let (mut other, _) = browser(db.url()).await;
    other.sign_in("admin@ga.example").await;
    assert_eq!(other.get(&path).await.status, 404);
}

#[actix_web::test]
async fn what_a_state_does_not_send_yet_is_not_missing() {
    let db = nation();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    let text = b.get("/reports/completeness").await.text();
    assert!(
        text.contains("At least one enrollment All children 3 2 1 67 %") && !text.contains("Not due yet"),
        "{text}"
    );
    let place = b.post("/reports/completeness", &[("phase", "1")]).await;
    assert_eq!(place.location(), "/reports/completeness?done=true");
    let text = b.get("/reports/completeness?done=true").await.text();
    let later = text.split("Not due yet").nth(1).unwrap_or_default();
    assert!(
        later.contains("Phase 2: assessments") && !later.contains("Phase 1:"),
        "{text}"
    );
    let file = b.get("/reports/completeness.csv").await;
    assert!(
        file.body
            .contains("\n1,yes,enrollment,,At least one enrollment,all children,3,2\n"),
        "{}",
        file.body
    );
    assert!(file.body.contains("\n3,no,course,70,"), "{}", file.body);
    assert_eq!(
        b.post("/reports/completeness", &[("phase", "4")]).await.status,
        400
    );

    let (mut other, _) = browser(db.url()).await;
    other.sign_in("admin@ga.example").await;
    assert!(
        !other
            .get("/reports/completeness")
            .await
            .text()
            .contains("Not due yet"),
        "each state for itself"
    );
}
