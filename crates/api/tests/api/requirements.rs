//! What states require for graduation, kept and read; and what contradicts itself in their children's records.

use serde_json::{Value, json};

use crate::hub::{AS_OF, Hub, problem, student, upload};

#[test]
fn a_state_keeps_its_own_sets_and_everybody_reads_them() {
    let hub = Hub::start();
    let (texas, california) = (hub.system("TX"), hub.system("CA"));
    let sets = json!({ "state": "TX", "sets": [{
        "cohorts": [2020, 2030], "source": "19 TAC 74.12", "dated": "2014-01-31", "units": { "English": "4", "Mathematics": "3.5" }
    }]});
    let put = |system: &crate::hub::System, state: &str, body: String| {
        system
            .call(reqwest::Method::PUT, &format!("/v1/requirement-sets/{state}"))
            .header("On-Behalf-Of", "administrator-1")
            .body(body)
            .send()
            .expect("an answer")
    };
    let kept = put(&texas, "TX", sets.to_string());
    assert_eq!(kept.status(), 200, "{:?}", kept.text());
    let read: Value = california
        .get("/v1/requirement-sets/TX")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(read, sets);
    problem(put(&california, "TX", sets.to_string()), 403, "wrong-state");
    let body = problem(put(&california, "CA", sets.to_string()), 422, "invalid-content");
    assert!(
        body["detail"]
            .as_str()
            .expect("text")
            .contains("The document is of TX"),
        "{body}"
    );
    let body = problem(
        put(
            &texas,
            "TX",
            sets.to_string()
                .replace("English", "Potions")
                .replace("3.5", "-1"),
        ),
        422,
        "invalid-content",
    );
    let detail = body["detail"].as_str().expect("text");
    assert!(detail.contains("Potions") && detail.contains("-1"), "{detail}");
    let toml = "state = \"TX\"\n[[sets]]\ncohorts = [2020, 2030]\nsource = \"19 TAC 74.12\"\ndated = 2014-01-31\nunits = { English = 4 }";
    assert_eq!(put(&texas, "TX", toml.to_owned()).status(), 200);
    let gone = texas
        .call(reqwest::Method::DELETE, "/v1/requirement-sets/TX")
        .header("On-Behalf-Of", "administrator-1")
        .send()
        .expect("an answer");
    assert_eq!(gone.status(), 204);
    let read: Value = texas
        .get("/v1/requirement-sets/TX")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(read["sets"], json!([]));
}

#[test]
fn past_days_history_comparisons_plans_and_contradictions_of_a_child() {
    let hub = Hub::start();
    let (texas, california) = (hub.system("TX"), hub.system("CA"));
    hub.load(
        &texas,
        &upload(
            "TX",
            AS_OF,
            &student(
                "TX-1",
                ("Xicotencatl", "Barragán"),
                "Itzel Guadalupe",
                "2012-05-06",
            ),
        ),
    );
    hub.load(
        &california,
        &upload(
            "CA",
            AS_OF,
            &student("CA-1", ("Xicotencatl", "Barragan"), "Itzel G", "2012-05-06"),
        ),
    );
    let get = |path: &str| -> Value {
        let response = texas.read(path).send().expect("an answer");
        assert_eq!(response.status(), 200, "{path}: {:?}", response.text());
        response.json().expect("JSON")
    };
    let person = get("/v1/states/TX/students/TX-1")["person_id"]
        .as_str()
        .expect("linked")
        .to_owned();
    let then = get(&format!("/v1/persons/{person}?as_of=2001-01-01"));
    assert_eq!(
        (&then["today"], &then["sources"]),
        (&json!("2001-01-01"), &json!([]))
    );
    let history = get(&format!("/v1/persons/{person}/history"));
    assert_eq!(history["students"].as_array().expect("students").len(), 2);
    let compared = get(&format!(
        "/v1/persons/{person}/comparison?one=TX:current:TX-1&other=CA:current:CA-1"
    ));
    let columns: Vec<&str> = compared["differences"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|d| d["column"].as_str())
        .collect();
    assert!(
        columns.contains(&"first_name") && !columns.contains(&"state_student_id"),
        "{columns:?}"
    );
    let bad = texas
        .read(&format!("/v1/persons/{person}/comparison?one=TX&other=CA"))
        .send()
        .expect("an answer");
    problem(bad, 400, "invalid-request");
    let none = texas
        .read(&format!(
            "/v1/persons/{person}/comparison?one=TX:999:TX-1&other=CA:current:CA-1"
        ))
        .send()
        .expect("an answer");
    problem(none, 404, "not-found");
    assert_eq!(
        get(&format!("/v1/persons/{person}/plans?states=TX,CA"))["plans"]
            .as_array()
            .expect("plans")
            .len(),
        2
    );
    problem(
        texas
            .read(&format!("/v1/persons/{person}/plans?states=Texas"))
            .send()
            .expect("an answer"),
        400,
        "invalid-request",
    );

    let id = mde::PersonId::parse(&person).expect("a number");
    records::contradicted::refresh(&mut hub.connection(), &[id], chrono::Utc::now()).expect("looked at");
    let list = get("/v1/disagreements?kind=identity");
    assert_eq!(list["items"][0]["person_id"], json!(person), "{list}");
    assert!(
        list["items"][0]["disagreements"][0]["rule"]
            .as_str()
            .expect("text")
            .contains("is shown")
    );
    problem(
        texas
            .read("/v1/disagreements?kind=colour")
            .send()
            .expect("an answer"),
        400,
        "invalid-request",
    );
}

/// What a person's record says, without when and in which batch it was received.
fn timeless(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| {
                ![
                    "person_id",
                    "batch_id",
                    "received_at",
                    "status_since",
                    "version",
                    "decided",
                    "today",
                ]
                .contains(&name.as_str())
            });
            fields.values_mut().for_each(timeless);
        }
        Value::Array(items) => items.iter_mut().for_each(timeless),
        _ => {}
    }
}

#[test]
fn in_whatever_order_batches_arrive_the_record_is_the_same() {
    let child = |id, first, born| student(id, ("Xicotencatl", "Barragán"), first, born);
    let nights = [
        ("TX", "2026-04-01T02:00:00Z", child("TX-1", "Itzel", "2012-05-06")),
        (
            "TX",
            "2026-04-02T02:00:00Z",
            child("TX-1", "Itzel Guadalupe", "2012-05-06"),
        ),
        (
            "CA",
            "2026-04-01T05:00:00Z",
            child("CA-1", "Itzel Guadalupe", "2012-05-06"),
        ),
        (
            "CA",
            "2026-04-03T05:00:00Z",
            child("CA-1", "Itzel G", "2012-05-06"),
        ),
    ];
    let mut seen: Option<Value> = None;
    for order in [[0, 1, 2, 3], [3, 1, 2, 0], [1, 3, 0, 2]] {
        let hub = Hub::start();
        let (texas, california) = (hub.system("TX"), hub.system("CA"));
        for night in order {
            let (state, as_of, students) = &nights[night];
            hub.load(
                if *state == "TX" { &texas } else { &california },
                &upload(state, as_of, students),
            );
        }
        let own: Value = texas
            .read("/v1/states/TX/students/TX-1")
            .send()
            .expect("an answer")
            .json()
            .expect("JSON");
        let path = format!("/v1/persons/{}", own["person_id"].as_str().expect("linked"));
        let mut record: Value = texas.read(&path).send().expect("an answer").json().expect("JSON");
        assert_eq!(
            record["sources"].as_array().expect("sources").len(),
            2,
            "one child: {record}"
        );
        timeless(&mut record);
        assert_eq!(*seen.get_or_insert_with(|| record.clone()), record, "{order:?}");
    }
}
