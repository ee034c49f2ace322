//! Papers: printed for a purpose, written down, and checked by anybody without telling anything of the child.

use diesel::sql_types::{Array, Text};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};

use crate::browser::{browser, nation};
use crate::support;

#[derive(QueryableByName)]
struct Code {
    #[diesel(sql_type = Text)]
    code: String,
}

#[derive(QueryableByName)]
struct Look {
    #[diesel(sql_type = Array<Text>)]
    categories: Vec<String>,
}

#[actix_web::test]
async fn a_paper_is_printed_and_whoever_holds_it_can_check_it() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let person = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("counselor@mission.example").await;
    let path = format!("/persons/{person}/record.pdf");
    let page = b.get(&format!("/persons/{person}?purpose=enroll")).await;
    for link in [
        format!("{path}?purpose=enroll&amp;language=en"),
        format!("{path}?purpose=enroll&amp;language=es"),
        format!("/persons/{person}/transcript.xml?purpose=enroll"),
    ] {
        assert!(
            page.body.contains(&link) || page.body.contains(&link.replace("&amp;", "&")),
            "{link}"
        );
    }
    let asked = b.get(&path).await;
    assert!(asked.text().contains("Why do you look?"), "{}", asked.text());
    let codes = |c: &mut diesel::PgConnection| -> Vec<String> {
        let rows: Vec<Code> = sql_query("select code from printed_paper order by printed_at, kind")
            .load(c)
            .unwrap();
        rows.into_iter().map(|row| row.code).collect()
    };
    assert!(codes(&mut c).is_empty());

    let paper = b.get(&format!("{path}?purpose=enroll&language=es")).await;
    assert_eq!(paper.status, 200);
    assert_eq!(paper.headers.get("content-type").unwrap(), "application/pdf");
    assert!(paper.bytes.starts_with(b"%PDF-"));
    let looks: Vec<Look> = sql_query("select categories from disclosure order by disclosure_id desc limit 1")
        .load(&mut c)
        .unwrap();
    assert_eq!(looks[0].categories, ["all", "printed"]);
    let transcript = b
        .get(&format!("/persons/{person}/transcript.xml?purpose=credit"))
        .await;
    assert!(
        transcript.body.contains("<CourseTitle>Algebra 1</CourseTitle>"),
        "{}",
        transcript.body
    );
    let unknown = b
        .get(&format!("/persons/{person}/diploma.pdf?purpose=enroll"))
        .await;
    assert_eq!(unknown.status, 404);

    // Somebody without an account.
    let (mut anybody, _) = browser(db.url()).await;
    let form = anybody.get("/check").await;
    assert_eq!(form.status, 200);
    let [code] = codes(&mut c).try_into().unwrap();
    let same = anybody.get(&format!("/check?code={}", code.to_lowercase())).await;
    let text = same.text();
    assert!(
        text.contains("printed on Apr 2, 2026, 15:04 UTC: the record still says the same"),
        "{text}"
    );
    assert!(text.contains("el registro todavía dice lo mismo"), "{text}");
    for told in ["Ana", "Reyes", &person.to_string()] {
        assert!(!text.contains(told), "{told} is told to anybody");
    }
    // Another state sends a new surname: what the paper says is no longer what the record says.
    sql_query("update immunization set date = date + 1 where student_id in (select student_id from link where person_id = $1)")
        .bind::<diesel::sql_types::BigInt, _>(person.number())
        .execute(&mut c)
        .unwrap();
    let changed = anybody.get(&format!("/check?code={code}")).await.text();
    assert!(changed.contains("changed since"), "{changed}");

    let wrong = anybody.get("/check?code=hello").await;
    assert_eq!(wrong.status, 422);
    let none = anybody.get("/check?code=000000000000").await.text();
    assert!(
        none.contains("No paper was printed here with this code"),
        "{none}"
    );
    let mut refused = 0;
    for _ in 0..40 {
        refused += usize::from(anybody.get("/check?code=000000000001").await.status == 503);
    }
    assert!(refused > 10, "codes cannot be tried out: {refused}");
}
