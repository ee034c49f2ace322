//! Whom a state has, and whom it has newly, as its system asks for it.

use serde_json::{Value, json};

use crate::hub::{AS_OF, Hub, problem, student, upload};

fn certified(student: &str, district: &str) -> String {
    student
        .replace("<Enrollment>", "<QualifyingMove><QualifyingArrivalDate>2026-03-10</QualifyingArrivalDate></QualifyingMove><Enrollment>")
        .replace(
            "<EnrollmentType>01</EnrollmentType>",
            &format!("<EnrollmentType>01</EnrollmentType><DistrictOfResidence>{district}</DistrictOfResidence>"),
        )
}

#[test]
fn a_state_lists_its_children_page_by_page_and_acknowledges_who_is_new() {
    let hub = Hub::start();
    let (texas, california) = (hub.system("TX"), hub.system("CA"));
    let one = certified(
        &student("TX-1", ("Peña", "Ruiz"), "Ana", "2012-05-06"),
        "Mission CISD",
    );
    let other = certified(
        &student("TX-2", ("Álvarez", "Ochoa"), "Belén", "2010-11-30"),
        "Sharyland ISD",
    );
    let plain = student("TX-3", ("Zamora", "Gil"), "Eva", "2011-01-02");
    hub.load(&texas, &upload("TX", AS_OF, &format!("{one}{other}{plain}")));
    let connection = &mut hub.connection();
    let persons: Vec<mde::PersonId> = store::roster::next_persons(connection, None, 100).expect("persons");
    assert_eq!(persons.len(), 3);
    records::roster::refresh(connection, &persons, AS_OF.parse().expect("a time")).expect("looked at");

    let page = |path: &str| -> Value { texas.read(path).send().expect("an answer").json().expect("JSON") };
    let first = page("/v1/roster?limit=1");
    assert_eq!(first["items"][0]["last_name"], "Álvarez Ochoa", "{first}");
    let next = first["next"].as_str().expect("a second page");
    assert!(!next.contains("lvarez"));
    let second = page(next);
    assert_eq!(second["items"][0]["state_student_id"], "TX-1");
    assert_eq!(second["items"][0]["district"], "Mission CISD");
    assert_eq!(second.get("next"), None, "who is not certified is not on it");
    assert_eq!(
        page("/v1/roster?district=mission+cisd")["items"]
            .as_array()
            .expect("items")
            .len(),
        1
    );
    assert_eq!(
        page("/v1/roster?show=priority")["items"],
        Value::Array(Vec::new())
    );
    problem(
        texas.read("/v1/roster?show=all").send().expect("an answer"),
        400,
        "invalid-request",
    );
    problem(
        texas.get("/v1/roster").send().expect("an answer"),
        400,
        "purpose-missing",
    );

    let told = page("/v1/new-children");
    let alerts = told["items"].as_array().expect("items");
    assert_eq!(alerts.len(), 2, "{told}");
    assert_eq!(alerts[0]["reason"], "certified");
    let id = alerts[0]["new_child_id"].as_i64().expect("a number");
    let path = format!("/v1/new-children/{id}/acknowledgement");
    let acknowledge = |by: &str| {
        texas
            .post(&path)
            .header("On-Behalf-Of", by)
            .send()
            .expect("an answer")
    };
    problem(
        texas.post(&path).send().expect("an answer"),
        400,
        "on-behalf-of-missing",
    );
    let seen: Value = acknowledge("registrar-1").json().expect("JSON");
    let again: Value = acknowledge("registrar-2").json().expect("JSON");
    assert_eq!(seen, again, "who was first stays");
    assert!(
        seen["acknowledged_by"]
            .as_str()
            .expect("who")
            .ends_with("for registrar-1")
    );
    assert_eq!(
        page("/v1/new-children")["items"].as_array().expect("items").len(),
        1
    );
    let other = california
        .post(&path)
        .header("On-Behalf-Of", "x")
        .send()
        .expect("an answer");
    problem(other, 404, "not-found");
}

#[test]
fn a_state_is_told_who_has_gone_from_one_of_its_districts_to_another() {
    let hub = Hub::start();
    let (texas, california) = (hub.system("TX"), hub.system("CA"));
    let gone = certified(
        &student("TX-1", ("Peña", "Ruiz"), "Ana", "2012-05-06"),
        "Mission CISD",
    );
    let there = "<WithdrawalDate>2026-03-27</WithdrawalDate></Enrollment><Enrollment><EnrollmentDate>2026-03-30</EnrollmentDate>\
        <EnrollmentType>01</EnrollmentType><DistrictOfResidence>Sharyland ISD</DistrictOfResidence></Enrollment>";
    let gone = gone.replace("</Enrollment>", there);
    hub.load(&texas, &upload("TX", AS_OF, &gone));
    let connection = &mut hub.connection();
    let persons: Vec<mde::PersonId> = store::roster::next_persons(connection, None, 100).expect("persons");
    let now = AS_OF.parse().expect("a time");
    records::roster::refresh(connection, &persons, now).expect("looked at");

    let page = |path: &str| -> Value { texas.read(path).send().expect("an answer").json().expect("JSON") };
    let told = page("/v1/gone-children?district=mission+cisd");
    let alert = &told["items"][0];
    assert_eq!(alert["state_student_id"], "TX-1", "{told}");
    assert_eq!(
        (&alert["district"], &alert["to_district"], &alert["since"]),
        (
            &json!("Mission CISD"),
            &json!("Sharyland ISD"),
            &json!("2026-03-30")
        )
    );
    assert_eq!(
        page("/v1/gone-children?district=sharyland+isd")["items"],
        json!([])
    );
    let new = page("/v1/new-children");
    let reasons = new["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| &item["reason"]);
    assert!(
        reasons.clone().count() > 0 && reasons.into_iter().all(|reason| reason != "left"),
        "{new}"
    );
    let looks = store::access::disclosures(connection, persons[0], 50).expect("disclosures");
    assert!(looks.len() >= 2, "who is named is disclosed");

    let id = alert["gone_child_id"].as_i64().expect("a number");
    let acknowledge = |system: &crate::hub::System, kind: &str| {
        let call = system.post(&format!("/v1/{kind}-children/{id}/acknowledgement"));
        call.header("On-Behalf-Of", "registrar-1")
            .send()
            .expect("an answer")
    };
    problem(acknowledge(&california, "gone"), 404, "not-found");
    problem(acknowledge(&texas, "new"), 404, "not-found");
    let seen: Value = acknowledge(&texas, "gone").json().expect("JSON");
    assert_eq!(seen["gone_child_id"], id);
    assert_eq!(page("/v1/gone-children")["items"], json!([]));
}
