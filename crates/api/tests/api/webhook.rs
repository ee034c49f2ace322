//! A state's webhook: its address, its keys, what was sent. Sending itself is tested in `deliver`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::hub::{Hub, System, problem};

fn call(system: &System, method: Method, path: &str) -> reqwest::blocking::RequestBuilder {
    system
        .call(method, path)
        .header("On-Behalf-Of", "administrator-1")
}

fn set(system: &System, address: &str) -> reqwest::blocking::Response {
    call(system, Method::PUT, "/v1/webhook")
        .json(&json!({ "address": address }))
        .send()
        .expect("an answer")
}

fn read(system: &System, path: &str) -> Value {
    let answer = system.get(path).send().expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.json().expect("JSON")
}

#[test]
fn a_state_keeps_its_webhook_and_is_told_the_secret_once() {
    let hub = Hub::start();
    let (texas, kansas) = (hub.system("TX"), hub.system("KS"));
    let none = texas.get("/v1/webhook").send().expect("an answer");
    problem(none, 404, "not-found");

    let made: Value = set(&texas, "https://notices.tx.example.org/in")
        .json()
        .expect("JSON");
    assert!(made["secret"].as_str().expect("a secret").starts_with("whsec_"));
    let kept = read(&texas, "/v1/webhook");
    assert_eq!(kept["secret"], Value::Null, "it is told once");
    assert_eq!(kept["public_keys"], made["public_keys"]);
    assert_eq!((&kept["enabled"], &kept["waiting"]), (&json!(true), &json!(0)));

    let moved: Value = set(&texas, "https://other.tx.example.org/").json().expect("JSON");
    assert_eq!(moved["secret"], Value::Null, "a new address has the same keys");
    assert_eq!(moved["public_keys"], made["public_keys"]);

    let rotated: Value = call(&texas, Method::POST, "/v1/webhook/keys")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let public = rotated["public_keys"].as_array().expect("keys");
    assert_eq!(
        (public.len(), &public[1]),
        (2, &made["public_keys"][0]),
        "both sign"
    );
    assert_ne!(rotated["secret"], made["secret"]);

    for (address, words) in [
        ("http://notices.tx.example.org/in", "https://"),
        ("https://10.0.0.8/in", "private"),
        ("notices", "URL"),
    ] {
        let problem = problem(set(&texas, address), 422, "invalid-content");
        assert!(
            problem["detail"].as_str().expect("a detail").contains(words),
            "{problem}"
        );
    }
    let unnamed = texas
        .call(Method::DELETE, "/v1/webhook")
        .send()
        .expect("an answer");
    problem(unnamed, 400, "on-behalf-of-missing");
    problem(
        kansas.get("/v1/webhook").send().expect("an answer"),
        404,
        "not-found",
    );
    let gone = call(&texas, Method::DELETE, "/v1/webhook")
        .send()
        .expect("an answer");
    assert_eq!(gone.status(), 204);
    problem(
        texas.get("/v1/webhook").send().expect("an answer"),
        404,
        "not-found",
    );
}

#[test]
fn what_happens_stands_in_the_outbox_of_whom_it_concerns() {
    let hub = Hub::start();
    let (texas, kansas) = (hub.system("TX"), hub.system("KS"));
    set(&texas, "https://notices.tx.example.org/in");
    set(&kansas, "https://notices.ks.example.org/in");
    let tested = texas.post("/v1/webhook/test").send().expect("an answer");
    assert_eq!(tested.status(), 202);
    hub.load(
        &texas,
        &crate::hub::upload(
            "TX",
            crate::hub::AS_OF,
            &crate::hub::student("TX-1", ("Peña", "Ruiz"), "Ana", "2012-05-06"),
        ),
    );
    let own = texas
        .read("/v1/states/TX/students/TX-1")
        .send()
        .expect("an answer");
    let person = own.json::<Value>().expect("JSON")["person_id"].clone();
    let sent: Value = call(&texas, Method::POST, "/v1/move-notices")
        .json(&json!({ "kind": "departure", "recipient": "KS", "person_id": person, "city": "Garden City" }))
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let link = format!("/v1/move-notices/{}", sent["move_notice_id"]);
    let told = read(&kansas, "/v1/webhook/deliveries");
    assert_eq!(told["items"][0]["type"], "move_notice.created");
    assert_eq!(told["items"][0]["link"], link.as_str());
    assert_eq!(told["items"][0]["status"], "waiting");
    let text = told.to_string();
    assert!(!text.contains("Garden City") && !text.contains(person.as_str().expect("a number")));

    // The link is read by both, and by nobody else.
    let notice = read(&kansas, &link);
    assert!(notice["received_at"].is_string());
    assert_eq!(read(&texas, &link)["person_id"], person);
    let ohio = hub.system("OH");
    problem(ohio.get(&link).send().expect("an answer"), 404, "not-found");

    let answered = kansas
        .post(&format!("{link}/acknowledgement"))
        .json(&json!({ "answer": "arrived" }))
        .send()
        .expect("an answer");
    assert_eq!(answered.status(), 200);
    let told = read(&texas, "/v1/webhook/deliveries");
    let kinds: Vec<&str> = told["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|item| item["type"].as_str())
        .collect();
    assert_eq!(kinds, ["move_notice.answered", "webhook.test"]);
    assert_eq!(read(&texas, "/v1/webhook")["waiting"], 2);

    // What waits is not sent twice at the same time, and another state's is nobody else's.
    let waits = told["items"][0]["webhook_id"].as_str().expect("an id").to_owned();
    for system in [&texas, &kansas] {
        let path = format!("/v1/webhook/deliveries/{waits}/redelivery");
        problem(system.post(&path).send().expect("an answer"), 404, "not-found");
    }
    let none = ohio.post("/v1/webhook/test").send().expect("an answer");
    problem(none, 404, "not-found");
}
