//! Data requests between states, and corrections that families ask for.

use serde_json::{Value, json};

use crate::hub::{AS_OF, Hub, System, problem, student, upload};

const LATER: &str = "2026-04-02T02:00:00Z";

fn person(system: &System, path: &str) -> String {
    let own: Value = system.read(path).send().expect("an answer").json().expect("JSON");
    own["person_id"].as_str().expect("linked").to_owned()
}

#[test]
fn a_state_asks_is_answered_and_sees_the_data_arrive() {
    let hub = Hub::start();
    let (texas, kentucky) = (hub.system("TX"), hub.system("KY"));
    hub.load(
        &texas,
        &upload(
            "TX",
            AS_OF,
            &student("TX-1", ("Peña", "Ruiz"), "Ana", "2012-05-06"),
        ),
    );
    let person = person(&texas, "/v1/states/TX/students/TX-1");
    let ask = |key: &str, what: &str, recipient: &str| {
        kentucky
            .post("/v1/data-requests")
            .header("Idempotency-Key", key)
            .header("On-Behalf-Of", "clerk-9")
            .json(&json!({ "recipient": recipient, "person_id": person, "what": what, "note": "Algebra" }))
            .send()
            .expect("an answer")
    };
    problem(ask("k0", "grades", "KY"), 422, "invalid-content");
    problem(ask("k0", "shoes", "TX"), 422, "invalid-content");
    let sent = ask("k1", "grades", "TX");
    assert_eq!(sent.status(), 201, "{:?}", sent.text());
    let sent: Value = sent.json().expect("JSON");
    assert_eq!(
        (sent["sender"].as_str(), sent["open"].as_bool(), &sent["seen_at"]),
        (Some("KY"), Some(true), &Value::Null),
        "{sent}"
    );
    let again: Value = ask("k1", "grades", "TX").json().expect("JSON");
    assert_eq!(again["data_request_id"], sent["data_request_id"]);
    problem(ask("k1", "record", "TX"), 422, "idempotency-key-reused");

    let address = format!("/v1/data-requests/{}", sent["data_request_id"]);
    let read = |system: &System| -> Value {
        system
            .get(&address)
            .send()
            .expect("an answer")
            .json()
            .expect("JSON")
    };
    assert_eq!(read(&kentucky)["seen_at"], Value::Null);
    assert!(read(&texas)["seen_at"].is_string());
    let answer = |system: &System, body: Value| {
        let call = system.post(&format!("{address}/answer")).json(&body);
        call.send().expect("an answer")
    };
    problem(answer(&kentucky, json!({ "answer": "sent" })), 404, "not-found");
    problem(
        answer(&texas, json!({ "answer": "not_yet" })),
        422,
        "invalid-content",
    );
    assert_eq!(answer(&texas, json!({ "answer": "sent" })).status(), 200);
    assert_eq!(
        answer(&texas, json!({ "answer": "sent" })).status(),
        200,
        "the same again"
    );
    problem(answer(&texas, json!({ "answer": "not_held" })), 409, "conflict");

    hub.load(
        &texas,
        &upload(
            "TX",
            LATER,
            &student("TX-1", ("Peña", "Ruiz"), "Ana María", "2012-05-06"),
        ),
    );
    notices::handle_changed(
        &mut hub.connection(),
        &[mde::PersonId::parse(&person).expect("a number")],
        chrono::Utc::now(),
    )
    .expect("looked at");
    let listed: Value = kentucky
        .get("/v1/data-requests?box=sent")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let listed = &listed["items"][0];
    assert!(
        listed["arrived_at"].is_string() && listed["arrived_batch"].is_i64(),
        "{listed}"
    );
    assert_eq!(listed["outcome"], "sent");
}

#[test]
fn a_familys_request_is_taken_decided_and_disagreed_with() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    hub.load(
        &texas,
        &upload(
            "TX",
            AS_OF,
            &student("TX-1", ("Peña", "Ruiz"), "Ana", "2012-05-06"),
        ),
    );
    let person = person(&texas, "/v1/states/TX/students/TX-1");
    let take_with = |asked_on: &str, key: Option<&str>| {
        let body = json!({
            "person_id": person, "owner": "TX", "asked_on": asked_on, "asker": "guardian", "spanish": true,
            "element": "9", "says": "May 6, 2012", "should_say": "May 5, 2012",
        });
        let mut call = texas.post("/v1/corrections").json(&body);
        if let Some(key) = key {
            call = call.header("Idempotency-Key", key);
        }
        call.send().expect("an answer")
    };
    let take = |asked_on| take_with(asked_on, Some("k1"));
    problem(take("2999-01-01"), 422, "invalid-content");
    let taken = take("2026-03-02");
    assert_eq!(taken.status(), 201);
    let id = taken.json::<Value>().expect("JSON")["correction_id"].clone();
    let again: Value = take("2026-03-02").json().expect("JSON");
    assert_eq!(again["correction_id"], id, "the same key takes it once");
    problem(take("2026-03-03"), 422, "idempotency-key-reused");
    let other: Value = take_with("2026-03-02", None).json().expect("JSON");
    assert_ne!(other["correction_id"], id);
    let act = |path: &str, put: bool, body: Value| {
        let address = format!("/v1/corrections/{id}/{path}");
        let method = if put {
            reqwest::Method::PUT
        } else {
            reqwest::Method::POST
        };
        let call = texas.call(method, &address).header("Purpose", "program");
        let call = call.header("On-Behalf-Of", "clerk-1").json(&body);
        call.send().expect("an answer")
    };
    problem(act("told", false, json!({})), 409, "conflict");
    let declined = json!({ "decision": "declined", "why": "The certificate says the 6th." });
    assert_eq!(act("decision", false, declined.clone()).status(), 200);
    assert_eq!(act("decision", false, declined).status(), 200, "the same again");
    let corrected = json!({ "decision": "corrected", "why": "x" });
    problem(act("decision", false, corrected), 409, "conflict");
    assert_eq!(act("told", false, json!({})).status(), 200);
    assert_eq!(
        act("statement", true, json!({ "statement": "It was the 5th." })).status(),
        200
    );
    let kept: Value = texas
        .read(&format!("/v1/corrections/{id}"))
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(
        (
            kept["decision"].as_str(),
            kept["statement"].as_str(),
            kept["language"].as_str()
        ),
        (Some("declined"), Some("It was the 5th."), Some("es")),
        "{kept}"
    );
    assert!(kept["told_at"].is_string());

    // The statement stands wherever the record does.
    let record: Value = texas
        .read(&format!("/v1/persons/{person}"))
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let statement = &record["statements"][0];
    assert_eq!(
        (
            statement["statement"].as_str(),
            statement["column"].as_str(),
            statement["source"]["state"].as_str(),
        ),
        (Some("It was the 5th."), Some("birth_date"), Some("TX")),
        "{statement}"
    );
    let xml = texas
        .read(&format!("/v1/persons/{person}?format=xml"))
        .send()
        .expect("an answer")
        .text()
        .expect("a text");
    assert!(xml.contains("<statement>It was the 5th.</statement>"), "{xml}");
}
