//! Move notices between two states.

use serde_json::{Value, json};

use crate::hub::{AS_OF, Hub, System, problem, student, upload};

#[test]
fn a_notice_goes_from_one_state_to_the_other_and_comes_back_answered() {
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
    let own: Value = texas
        .read("/v1/states/TX/students/TX-1")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let notice = json!({
        "kind": "arrival", "recipient": "KY", "person_id": own["person_id"], "city": "Owensboro",
        "contact": "Recruiter 2", "note": "by the end of the month",
    });
    let send = |key: &str, notice: &Value| {
        texas
            .post("/v1/move-notices")
            .header("On-Behalf-Of", "recruiter-2")
            .header("Idempotency-Key", key)
            .json(notice)
            .send()
            .expect("an answer")
    };
    let sent = send("k1", &notice);
    assert_eq!(sent.status(), 201, "{:?}", sent.text());
    let sent: Value = sent.json().expect("JSON");
    assert_eq!(
        (sent["sender"].as_str(), sent["to_state"].as_str()),
        (Some("TX"), Some("KY")),
        "{sent}"
    );
    assert_eq!(
        send("k1", &notice).json::<Value>().expect("JSON")["move_notice_id"],
        sent["move_notice_id"]
    );

    let mut other = notice.clone();
    other["city"] = json!("Paducah");
    problem(send("k1", &other), 422, "idempotency-key-reused");
    for wrong in [
        json!({ "kind": "arrival", "recipient": "TX", "person_id": own["person_id"] }),
        json!({ "kind": "arrival", "recipient": "WY", "person_id": own["person_id"] }),
        json!({ "kind": "arrival", "recipient": "KY", "person_id": "100000000000" }),
        json!({ "kind": "arrival", "recipient": "KY", "person_id": own["person_id"], "colour": "red" }),
        json!({ "kind": "holiday", "recipient": "KY", "person_id": own["person_id"] }),
    ] {
        problem(send("k2", &wrong), 422, "invalid-content");
    }

    let list = |query: &str| -> Vec<Value> {
        let page: Value = kentucky
            .get(&format!("/v1/move-notices?{query}"))
            .send()
            .expect("an answer")
            .json()
            .expect("JSON");
        page["items"].as_array().expect("items").clone()
    };
    let open = list("box=inbox&status=open");
    assert_eq!(open.len(), 1, "{open:?}");
    assert!(open[0]["received_at"].is_string(), "listed, so received");
    let received_at = open[0]["received_at"].clone();

    let address = format!("/v1/move-notices/{}/acknowledgement", sent["move_notice_id"]);
    problem(
        texas
            .post(&address)
            .json(&json!({ "answer": "arrived" }))
            .send()
            .expect("an answer"),
        404,
        "not-found",
    );
    let answer = |answer: &str| {
        kentucky
            .post(&address)
            .header("On-Behalf-Of", "clerk-9")
            .json(&json!({ "answer": answer }))
            .send()
            .expect("an answer")
    };
    problem(answer("perhaps"), 422, "invalid-content");
    assert_eq!(answer("arrived").status(), 200);
    assert_eq!(answer("arrived").status(), 200, "the same again");
    problem(answer("not_ours"), 409, "conflict");
    assert!(list("status=open").is_empty());

    let sent: Value = texas
        .get("/v1/move-notices?box=sent")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let sent = &sent["items"][0];
    assert_eq!(
        (sent["answer"].as_str(), &sent["received_at"]),
        (Some("arrived"), &received_at),
        "{sent}"
    );
    assert!(sent["acknowledged_at"].is_string());
    assert_eq!(sent["standing"], "closed", "that the child arrived closes it");

    let one = format!("/v1/move-notices/{}", sent["move_notice_id"]);
    let step = |system: &System, what: &str, body: Value| {
        let call = system.post(&format!("{one}/{what}"));
        call.header("On-Behalf-Of", "clerk-9")
            .json(&body)
            .send()
            .expect("an answer")
    };
    problem(
        step(&texas, "reopening", json!({ "reason": " " })),
        422,
        "invalid-content",
    );
    assert_eq!(
        step(&texas, "reopening", json!({ "reason": "She is here again" })).status(),
        200
    );
    problem(
        step(&texas, "reopening", json!({ "reason": "Again" })),
        409,
        "conflict",
    );
    problem(step(&kentucky, "closing", json!({})), 404, "not-found");
    let opened: Value = kentucky
        .get(&one)
        .header("On-Behalf-Of", "clerk-9")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(opened["standing"], "open", "{opened}");
    let steps: Vec<(&str, bool)> = opened["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| (step["step"].as_str().expect("a step"), step["by"].is_string()))
        .collect();
    assert_eq!(
        steps,
        [
            ("received", false),
            ("answered", true),
            ("reopened", false),
            ("seen", true)
        ],
        "who it was is told of the reader's own state"
    );
    let closed: Value = step(&texas, "closing", json!({})).json().expect("JSON");
    assert_eq!(closed["standing"], "closed", "{closed}");
    assert_eq!(step(&texas, "closing", json!({})).status(), 200, "the same again");
    problem(answer("not_ours"), 409, "conflict");
}

#[test]
fn a_family_is_announced_at_once() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    hub.system("KY");
    let students = [("TX-1", "Ana", "2012-05-06"), ("TX-2", "Beto", "2014-01-09")]
        .map(|(id, first, born)| student(id, ("Peña", "Ruiz"), first, born));
    hub.load(&texas, &upload("TX", AS_OF, &students.concat()));
    let number = |id: &str| -> String {
        let own: Value = texas
            .read(&format!("/v1/states/TX/students/{id}"))
            .send()
            .expect("an answer")
            .json()
            .expect("JSON");
        own["person_id"].as_str().expect("a number").to_owned()
    };
    let (ana, beto) = (number("TX-1"), number("TX-2"));
    let family: Value = texas
        .read(&format!("/v1/persons/{ana}/family"))
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(family["person_id"], json!(ana), "{family}");
    let send = |persons: Value| {
        let mut notice = json!({ "kind": "departure", "recipient": "KY", "city": "Owensboro" });
        notice
            .as_object_mut()
            .expect("an object")
            .extend(persons.as_object().expect("an object").clone());
        texas
            .post("/v1/move-notices")
            .header("Idempotency-Key", "family-1")
            .json(&notice)
            .send()
            .expect("an answer")
    };
    for wrong in [
        json!({}),
        json!({ "person_ids": [] }),
        json!({ "person_ids": [ana], "person_id": ana }),
        json!({ "person_ids": [ana, "100000000000"] }),
        json!({ "person_ids": vec![ana.clone(); 21] }),
    ] {
        problem(send(wrong), 422, "invalid-content");
    }
    let sent = send(json!({ "person_ids": [ana, beto] }));
    assert_eq!(sent.status(), 201);
    let sent: Value = sent.json().expect("JSON");
    let of: Vec<&Value> = sent["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|n| &n["person_id"])
        .collect();
    assert_eq!(of, [&json!(ana), &json!(beto)], "{sent}");
    let again: Value = send(json!({ "person_ids": [ana, beto] })).json().expect("JSON");
    assert_eq!(again, sent, "the same key sends once");
}
