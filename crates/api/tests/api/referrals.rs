//! Referrals to a state's recruiters, as its system reads and answers them.

use serde_json::{Value, json};

use crate::hub::{AS_OF, Hub, System, problem, student, upload};

fn read(system: &System, path: &str) -> Value {
    system.get(path).send().expect("an answer").json().expect("JSON")
}

fn say(system: &System, id: &Value, body: &Value) -> reqwest::blocking::Response {
    system
        .post(&format!("/v1/referrals/{id}/outcome"))
        .header("On-Behalf-Of", "recruiter-2")
        .json(body)
        .send()
        .expect("an answer")
}

/// Refers a child like the one of Texas, under this number of the state.
pub(crate) fn referred(system: &System, id: &str, district: &str) -> Value {
    let child = json!({
        "state_student_id": id, "last_name_1": "Peña", "last_name_2": "Ruiz", "first_name": "Itzayana",
        "birth_date": "2012-05-06", "district": district,
    });
    let answer = system
        .post("/v1/roster-checks?refer=true")
        .header("Purpose", "enroll")
        .header("On-Behalf-Of", "registrar-4")
        .json(&json!({ "children": [child] }))
        .send()
        .expect("an answer");
    let answer: Value = answer.json().expect("JSON");
    answer["items"][0]["referral"]["referral_id"].clone()
}

#[test]
fn a_state_works_through_its_referrals() {
    let hub = Hub::start();
    let (texas, wisconsin) = (hub.system("TX"), hub.system("WI"));
    let girl = student("TX-1", ("Peña", "Ruiz"), "Itzel", "2012-05-06");
    hub.load(&texas, &upload("TX", AS_OF, &girl));
    let person = texas
        .read("/v1/states/TX/students/TX-1")
        .send()
        .expect("an answer");
    let person = person.json::<Value>().expect("JSON")["person_id"].clone();
    let connection = &mut hub.connection();
    for (role, name) in [("NURSE", "Bo Vik"), ("MEP", "Ana Sol")] {
        let contact = store::contacts::NewContact {
            state: "WI".into(),
            district: Some("Wautoma".into()),
            facility_code: None,
            role: role.into(),
            name: name.into(),
            phone: Some("920-555-0143".into()),
            email: None,
            languages: String::new(),
            cover_name: None,
            cover_phone: None,
            cover_email: None,
            cover_from: None,
            cover_until: None,
        };
        store::contacts::keep(connection, &contact, "test", chrono::Utc::now()).expect("kept");
    }
    let ids: Vec<Value> = [("S-1", "Wautoma"), ("S-2", "Wautoma"), ("S-3", "Hancock")]
        .map(|(id, district)| referred(&wisconsin, id, district))
        .to_vec();
    assert!(ids.iter().all(Value::is_i64), "{ids:?}");

    let page = read(&wisconsin, "/v1/referrals?limit=2");
    let listed: Vec<&Value> = page["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|of| &of["referral_id"])
        .collect();
    assert_eq!(listed, [&ids[0], &ids[1]]);
    assert_eq!(
        (
            &page["counts"]["referred"],
            &page["counts"]["open"],
            &page["counts"]["median_days"]
        ),
        (&json!(3), &json!(3), &Value::Null)
    );
    let rest = read(&wisconsin, page["next"].as_str().expect("a next page"));
    assert_eq!(rest["items"][0]["referral_id"], ids[2]);
    assert!(rest.get("next").is_none());
    let near = read(&wisconsin, "/v1/referrals?district=hancock");
    assert_eq!(
        (&near["items"][0]["state_student_id"], &near["counts"]["referred"]),
        (&json!("S-3"), &json!(1))
    );
    assert_eq!(
        read(&wisconsin, "/v1/referrals?status=overdue")["items"],
        json!([])
    );

    let one = read(&wisconsin, &format!("/v1/referrals/{}", ids[0]));
    assert_eq!(one["candidates"][0]["person_id"], person);
    assert_eq!(one["recruiters"].as_array().expect("recruiters").len(), 1);
    assert_eq!(one["recruiters"][0]["call"]["name"], "Ana Sol");

    let found = json!({ "outcome": "found_eligible", "person_id": person, "note": "Met the mother" });
    let bare = wisconsin
        .post(&format!("/v1/referrals/{}/outcome", ids[0]))
        .json(&found);
    problem(bare.send().expect("an answer"), 400, "on-behalf-of-missing");
    problem(say(&texas, &ids[0], &found), 404, "not-found");
    problem(
        texas
            .get(&format!("/v1/referrals/{}", ids[0]))
            .send()
            .expect("an answer"),
        404,
        "not-found",
    );
    for wrong in [
        json!({ "outcome": "not_found", "person_id": person }),
        json!({ "outcome": "found_eligible", "person_id": "999999999999" }),
        json!({ "outcome": "not_found", "note": "x".repeat(501) }),
    ] {
        problem(say(&wisconsin, &ids[0], &wrong), 422, "invalid-content");
    }
    let told = say(&wisconsin, &ids[0], &found);
    assert_eq!(told.status(), 200, "{:?}", told.text());
    let told: Value = told.json().expect("JSON");
    assert_eq!(
        (&told["outcome"], &told["outcomes"][0]["person_id"]),
        (&json!("found_eligible"), &person)
    );
    let changed: Value = say(&wisconsin, &ids[0], &json!({ "outcome": "declined" }))
        .json()
        .expect("JSON");
    assert_eq!(
        (&changed["outcome"], changed["outcomes"].as_array().map(Vec::len)),
        (&json!("declined"), Some(2))
    );
    let done = read(&wisconsin, "/v1/referrals?status=done");
    assert_eq!(done["items"][0]["referral_id"], ids[0]);
    assert_eq!(
        (&done["counts"]["declined"], &done["counts"]["median_days"]),
        (&json!(1), &json!(0.0))
    );
    assert_eq!(read(&texas, "/v1/referrals")["items"], json!([]));
}
