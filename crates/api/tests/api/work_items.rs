//! People decide through their state's system, and the feed tells what came of it.

use serde_json::{Value, json};

use crate::hub::{AS_OF, Hub, System, problem, student, upload};

/// A girl in Texas and one in California, a day and a name apart: the engine asks.
fn asked() -> (Hub, System, System) {
    let hub = Hub::start();
    let (texas, california) = (hub.system("TX"), hub.system("CA"));
    hub.load(
        &texas,
        &upload(
            "TX",
            AS_OF,
            &student("TX-1", ("Peña", "Ruiz"), "Itzel", "2012-05-06"),
        ),
    );
    hub.load(
        &california,
        &upload(
            "CA",
            AS_OF,
            &student("CA-1", ("Peña", "Ruiz"), "Itzayana", "2012-05-06"),
        ),
    );
    (hub, texas, california)
}

fn person(system: &System, path: &str) -> String {
    let own: Value = system.read(path).send().expect("an answer").json().expect("JSON");
    own["person_id"].as_str().expect("linked").to_owned()
}

fn items(system: &System, kind: &str) -> Vec<Value> {
    let page: Value = system
        .get(&format!("/v1/work-items?kind={kind}"))
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    page["items"].as_array().expect("items").clone()
}

fn post(system: &System, user: &str, path: &str, body: &Value) -> reqwest::blocking::Response {
    system
        .post(path)
        .header("On-Behalf-Of", user)
        .json(body)
        .send()
        .expect("an answer")
}

fn feed(system: &System, address: &str) -> (Vec<Value>, String) {
    let page: Value = system
        .get(address)
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let next = page["next"].as_str().expect("a next address").to_owned();
    (page["items"].as_array().expect("items").clone(), next)
}

#[test]
fn a_near_match_becomes_a_request_that_another_state_validates() {
    let (hub, texas, california) = asked();
    let (_, next) = feed(&california, "/v1/changes");
    let found = items(&texas, "near_match");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["states"], json!(["CA", "TX"]));
    assert!(!found[0].to_string().contains("Itz"), "no value of a record");
    let mine = person(&texas, "/v1/states/TX/students/TX-1");
    let theirs = person(&california, "/v1/states/CA/students/CA-1");
    let path = format!("/v1/work-items/{}/decision", found[0]["work_item_id"]);
    let same = json!({ "decision": "same", "master": mine, "reason": "one birth certificate" });
    problem(
        texas.post(&path).json(&same).send().expect("an answer"),
        400,
        "on-behalf-of-missing",
    );
    problem(
        post(
            &texas,
            "alma",
            &path,
            &json!({ "decision": "same", "reason": " " }),
        ),
        422,
        "invalid-content",
    );
    let answer: Value = post(&texas, "alma", &path, &same).json().expect("JSON");
    assert_eq!(answer["outcome"], "requested");
    let request = answer["work_item_id"].as_i64().expect("a request");
    problem(post(&texas, "alma", &path, &same), 409, "conflict");

    let locked = post(
        &california,
        "cal",
        "/v1/merges",
        &json!({ "persons": [mine, theirs], "reason": "me too" }),
    );
    let locked = problem(locked, 409, "conflict");
    let detail = locked["detail"].as_str().expect("text");
    assert!(
        detail.contains("alma") && detail.contains("TX"),
        "says who holds it: {detail}"
    );

    let path = format!("/v1/work-items/{request}/decision");
    let approve = json!({ "decision": "approve" });
    problem(post(&texas, "alma", &path, &approve), 403, "forbidden");
    problem(post(&texas, "second", &path, &approve), 403, "forbidden");
    problem(
        post(&california, "cal", &path, &json!({ "decision": "reject" })),
        422,
        "invalid-content",
    );
    let done: Value = post(&california, "cal", &path, &approve).json().expect("JSON");
    assert_eq!(done["outcome"], "decided");
    assert_eq!(person(&california, "/v1/states/CA/students/CA-1"), mine);
    let answer = texas
        .read(&format!("/v1/persons/{theirs}"))
        .send()
        .expect("an answer");
    let record: Value = answer.json().expect("JSON");
    assert_eq!(
        record["person_id"],
        json!(mine),
        "the retired number leads to the survivor"
    );

    let (changes, after) = feed(&california, &next);
    let kinds: Vec<&str> = changes.iter().filter_map(|c| c["kind"].as_str()).collect();
    assert_eq!(kinds, ["link", "merge"], "{changes:#?}");
    assert_eq!(
        (
            &changes[0]["state_student_id"],
            &changes[0]["person_id"],
            &changes[0]["former_person_id"]
        ),
        (&json!("CA-1"), &json!(mine), &json!(theirs))
    );
    assert!(
        feed(&california, &after).0.is_empty(),
        "the cursor goes on from where it was"
    );

    let undo = format!("/v1/work-items/{request}/undo");
    let answer: Value = post(&california, "cal", &undo, &json!({ "reason": "two girls" }))
        .json()
        .expect("JSON");
    let undo = answer["work_item_id"].as_i64().expect("a request");
    let path = format!("/v1/work-items/{undo}/decision");
    assert_eq!(post(&texas, "alma", &path, &approve).status(), 200);
    assert_eq!(
        person(&california, "/v1/states/CA/students/CA-1"),
        theirs,
        "the number lives again"
    );
    let (changes, _) = feed(&california, &after);
    let kinds: Vec<&str> = changes.iter().filter_map(|c| c["kind"].as_str()).collect();
    assert_eq!(kinds, ["undo", "link"], "{changes:#?}");
    drop(hub);
}

#[test]
fn a_person_is_split_into_parts() {
    let hub = Hub::start();
    let (texas, california) = (hub.system("TX"), hub.system("CA"));
    let girl = |id: &str| student(id, ("Peña", "Ruiz"), "Itzel", "2012-05-06");
    hub.load(&texas, &upload("TX", AS_OF, &girl("TX-1")));
    hub.load(&california, &upload("CA", AS_OF, &girl("CA-1")));
    let number = person(&texas, "/v1/states/TX/students/TX-1");
    assert_eq!(person(&california, "/v1/states/CA/students/CA-1"), number);
    let leaving = json!([[{ "state": "CA", "state_student_id": "CA-1" }]]);
    let asked = json!({ "person": number, "parts": leaving, "reason": "namesakes" });
    let answer = post(&texas, "alma", "/v1/splits", &asked);
    assert_eq!(answer.status(), 202);
    let request = answer.json::<Value>().expect("JSON")["work_item_id"].clone();
    let path = format!("/v1/work-items/{request}");
    let item: Value = california
        .get(&path)
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(item["owners"][0]["level"], "state");
    let assigned = california
        .call(reqwest::Method::PUT, &format!("{path}/assignment"))
        .header("On-Behalf-Of", "cal")
        .json(&json!({ "level": "district", "district": "Fresno USD" }))
        .send()
        .expect("an answer");
    let assigned: Value = assigned.json().expect("JSON");
    assert_eq!(assigned["owners"][0]["district"], "Fresno USD");
    let done = post(
        &california,
        "cal",
        &format!("{path}/decision"),
        &json!({ "decision": "approve" }),
    );
    assert_eq!(done.status(), 200, "{:?}", done.text());
    assert_eq!(person(&texas, "/v1/states/TX/students/TX-1"), number);
    assert_ne!(person(&california, "/v1/states/CA/students/CA-1"), number);
}
