//! Who is expected to leave, and the closing hand-off, as a state's system asks for them.

use serde_json::{Value, json};

use crate::hub::{AS_OF, Hub, System, problem, student, upload};

fn leaving(id: &str, last_day: &str) -> String {
    student(id, ("Peña", "Ruiz"), "Ana", "2012-05-06")
        .replace("<Enrollment>", "<QualifyingMove><QualifyingArrivalDate>2026-03-10</QualifyingArrivalDate></QualifyingMove><Enrollment>")
        .replace("</EnrollmentDate>", &format!("</EnrollmentDate><WithdrawalDate>{last_day}</WithdrawalDate>"))
}

fn hand_off(system: &System, key: &str, body: &Value) -> reqwest::blocking::Response {
    system
        .post("/v1/hand-offs")
        .header("Idempotency-Key", key)
        .header("On-Behalf-Of", "registrar-1")
        .json(body)
        .send()
        .expect("an answer")
}

#[test]
fn a_state_lists_who_leaves_hands_off_and_sees_it_with_the_record() {
    let hub = Hub::start();
    let (texas, kentucky) = (hub.system("TX"), hub.system("KY"));
    let today = chrono::Utc::now().date_naive();
    let soon = (today + chrono::TimeDelta::days(10)).to_string();
    hub.load(&texas, &upload("TX", AS_OF, &leaving("TX-1", &soon)));
    let connection = &mut hub.connection();
    let persons: Vec<mde::PersonId> = store::roster::next_persons(connection, None, 100).expect("persons");
    records::roster::refresh(connection, &persons, AS_OF.parse().expect("a time")).expect("looked at");
    let read = |system: &System, path: &str| -> Value {
        system.read(path).send().expect("an answer").json().expect("JSON")
    };

    let listed = read(&texas, "/v1/departures");
    let child = &listed["items"][0];
    assert_eq!(
        (
            &child["state_student_id"],
            &child["expected_from"],
            &child["overdue"]
        ),
        (&json!("TX-1"), &json!(soon), &json!(false)),
        "{listed}"
    );
    assert_eq!(child["because"][0], format!("is to be withdrawn on {soon}"));
    assert_eq!(child["missing"]["immunizations"], true);
    assert_eq!(child["handed_off_at"], Value::Null);
    assert_eq!(read(&texas, "/v1/departures?weeks=1")["items"], json!([]));
    assert_eq!(read(&kentucky, "/v1/departures")["items"], json!([]));
    problem(
        texas.read("/v1/departures?weeks=27").send().expect("an answer"),
        400,
        "invalid-request",
    );
    problem(
        texas.get("/v1/departures").send().expect("an answer"),
        400,
        "purpose-missing",
    );

    let person = child["person_id"].as_str().expect("a number").to_owned();
    let body = json!({
        "person_id": person, "last_day": soon, "to_state": "KY", "to_place": "Owensboro", "tell": true,
        "contact": "Rosa, 956-555-0143", "courses": [{ "title": "Algebra 1", "grade_to_date": "B+", "clock_hours": "45.50" }],
    });
    problem(
        texas.post("/v1/hand-offs").json(&body).send().expect("an answer"),
        400,
        "on-behalf-of-missing",
    );
    let mut wrong = body.clone();
    wrong["courses"][0]["clock_hours"] = json!("lots");
    problem(hand_off(&texas, "k0", &wrong), 422, "invalid-content");
    problem(hand_off(&kentucky, "k0", &body), 403, "forbidden");
    let kept = hand_off(&texas, "k1", &body);
    assert_eq!(kept.status(), 201, "{:?}", kept.text());
    let kept: Value = kept.json().expect("JSON");
    assert!(kept["holds"] == true && kept["move_notice_id"].is_i64(), "{kept}");
    let again: Value = hand_off(&texas, "k1", &body).json().expect("JSON");
    assert_eq!(again, kept);
    wrong["courses"] = json!([]);
    problem(hand_off(&texas, "k1", &wrong), 422, "idempotency-key-reused");

    // Every state that may see the child sees it, unconfirmed and beside the record.
    let record = read(&kentucky, &format!("/v1/persons/{person}"));
    let shown = &record["hand_offs"][0];
    assert_eq!(
        (
            &shown["confirmed"],
            &shown["source"]["state"],
            &shown["courses"][0]["clock_hours"]
        ),
        (&json!(false), &json!("TX"), &json!("45.5")),
        "{record}"
    );
    assert_eq!(
        shown.get("written_by"),
        None,
        "who wrote it is shown in its own state"
    );
    assert_eq!(record["courses"], json!([]));
    let told: Value = read(&kentucky, "/v1/move-notices");
    assert_eq!(told["items"][0]["city"], "Owensboro", "{told}");
    assert!(read(&texas, "/v1/departures")["items"][0]["handed_off_at"].is_string());

    let address = format!("/v1/hand-offs/{}", kept["hand_off_id"]);
    let back = |system: &System| {
        let call = system
            .call(reqwest::Method::DELETE, &address)
            .header("On-Behalf-Of", "registrar-1");
        call.send().expect("an answer")
    };
    problem(back(&kentucky), 404, "not-found");
    assert_eq!(back(&texas).status(), 200);
    assert_eq!(
        back(&texas).json::<Value>().expect("JSON")["holds"],
        false,
        "again"
    );
    assert_eq!(
        read(&kentucky, &format!("/v1/persons/{person}"))["hand_offs"],
        json!([])
    );
}
