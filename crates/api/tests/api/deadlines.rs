//! What a state owes and by when, and the calendar that says so.

use serde_json::{Value, json};

use store::deadlines::NewDeadline;

use crate::hub::{AS_OF, Hub, code, problem, student, upload};

#[test]
fn a_state_keeps_its_calendar_and_what_cannot_be_is_named() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    let keep = |calendar: &Value| {
        texas
            .call(reqwest::Method::PUT, "/v1/calendar")
            .header("On-Behalf-Of", "administrator-1")
            .json(calendar)
            .send()
            .expect("an answer")
    };
    let read = || -> Value {
        texas
            .get("/v1/calendar")
            .send()
            .expect("an answer")
            .json()
            .expect("JSON")
    };
    assert_eq!(
        read(),
        json!({ "federal_holidays": true, "own_holidays": [], "terms": [] })
    );
    let fall =
        json!({ "district": " Harlingen  CISD", "name": "Fall", "begin": "2026-08-10", "end": "2026-12-18" });
    let spring =
        json!({ "district": "La Joya", "name": "Spring", "begin": "2027-01-05", "end": "2027-05-28" });
    let calendar = json!({ "own_holidays": ["2026-03-31"], "terms": [fall, spring] });
    assert_eq!(keep(&calendar).status(), 200);
    assert_eq!(read()["terms"][0]["district"], "harlingen cisd");

    // Another term of one district: the other district stays as it is.
    let summer =
        json!({ "district": "LA JOYA", "name": "Summer", "begin": "2027-06-05", "end": "2027-07-28" });
    assert_eq!(keep(&json!({ "terms": [summer] })).status(), 200);
    let kept = read();
    let names: Vec<&str> = kept["terms"]
        .as_array()
        .expect("terms")
        .iter()
        .filter_map(|t| t["name"].as_str())
        .collect();
    assert_eq!(names, ["Fall", "Summer"]);

    for (wrong, names) in [
        (
            json!([{ "district": "A", "name": "Fall", "begin": "2026-08-10", "end": "2026-08-09" }]),
            "terms[0]",
        ),
        (
            json!([summer, { "district": " ", "name": "Fall", "begin": "2026-08-10", "end": "2026-12-18" }]),
            "terms[1]",
        ),
        (json!([summer, summer]), "terms[1]"),
    ] {
        let problem = problem(keep(&json!({ "terms": wrong })), 422, "invalid-content");
        assert!(
            problem["detail"].as_str().expect("a detail").contains(names),
            "{problem}"
        );
    }
    let unnamed = texas
        .call(reqwest::Method::PUT, "/v1/calendar")
        .json(&calendar)
        .send()
        .expect("an answer");
    problem(unnamed, 400, "on-behalf-of-missing");
}

#[test]
fn a_state_sees_its_own_deadlines_as_they_stand() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    let california = hub.system("CA");
    hub.load(
        &texas,
        &upload(
            "TX",
            AS_OF,
            &student("TX-1", ("Peña", "Ruiz"), "Ana", "2012-05-06"),
        ),
    );
    let own: Value = texas
        .read("/v1/states/TX/students/TX-1")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let person: mde::PersonId = serde_json::from_value(own["person_id"].clone()).expect("linked");
    let student_id = mde::StudentId::of(code("TX"), &mde::StateStudentId::new("TX-1").expect("an id"));
    let today = chrono::Utc::now().date_naive();
    let new = NewDeadline {
        cause: "a notice".into(),
        duty: "change_of_residence".into(),
        state: "TX".into(),
        student_id: student_id.0,
        person_id: person.number(),
        district: None,
        started_on: Some(today),
        due_on: Some(today + chrono::Days::new(6)),
        setting: json!({ "limit": { "working_days": 4 } }),
        met_at: None,
        met_on: None,
        met_by_batch: None,
        noted_at: chrono::Utc::now(),
        withdrawn_at: None,
    };
    store::deadlines::settle(&mut hub.connection(), person.number(), &[new], chrono::Utc::now())
        .expect("written");
    let list = |system: &crate::hub::System, query: &str| -> Vec<Value> {
        let page: Value = system
            .get(&format!("/v1/deadlines{query}"))
            .send()
            .expect("an answer")
            .json()
            .expect("JSON");
        page["items"].as_array().expect("items").clone()
    };
    let all = list(&texas, "");
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0]["duty"], "change_of_residence");
    assert_eq!(all[0]["source"], "34 CFR 200.85(b)(3)(iii)");
    assert_eq!(all[0]["standing"], "open");
    let address = format!("/v1/deadlines/{}", all[0]["deadline_id"]);
    let read = texas.get(&address).send().expect("an answer");
    assert_eq!(read.json::<Value>().expect("JSON"), all[0]);
    problem(
        california.get(&address).send().expect("an answer"),
        404,
        "not-found",
    );
    assert_eq!(list(&texas, "?standing=open&duty=change_of_residence").len(), 1);
    assert_eq!(list(&texas, "?standing=overdue").len(), 0);
    assert_eq!(list(&texas, "?duty=end_of_term").len(), 0);
    assert_eq!(list(&california, "").len(), 0);
    problem(
        texas
            .get("/v1/deadlines?standing=soon")
            .send()
            .expect("an answer"),
        400,
        "invalid-request",
    );
}
