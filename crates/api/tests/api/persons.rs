//! Reading and finding children.

use chrono::Utc;
use mde::PersonId;
use serde_json::Value;

use crate::hub::{AS_OF, Hub, System, problem, student, upload};

/// A child known in Texas and, with its surnames swapped, in California; and its sister.
fn nation(hub: &Hub) -> (System, System) {
    let (texas, california) = (hub.system("TX"), hub.system("CA"));
    let itzel = student(
        "TX-1",
        ("Xicotencatl", "Barragán"),
        "Itzel Guadalupe",
        "2012-05-06",
    );
    let yaretzi = student("TX-2", ("Xicotencatl", "Barragán"), "Yaretzi", "2014-09-02");
    hub.load(&texas, &upload("TX", AS_OF, &[itzel, yaretzi].concat()));
    let there = student("CA-1", ("Xicotencatl", "Barragan"), "Itzel G", "2012-05-06");
    hub.load(&california, &upload("CA", AS_OF, &there));
    (texas, california)
}

fn own(system: &System, path: &str) -> Value {
    let response = system.read(path).send().expect("an answer");
    assert_eq!(response.status(), 200, "{:?}", response.text());
    response.json().expect("JSON")
}

#[test]
fn a_state_reads_its_own_student_and_any_person() {
    let hub = Hub::start();
    let (texas, california) = nation(&hub);
    let student = own(&texas, "/v1/states/TX/students/TX-1");
    assert_eq!(
        student["student"]["identity"]["last_name_1"], "Xicotencatl",
        "{student}"
    );
    let person_id = student["person_id"].as_str().expect("linked").to_owned();
    assert_eq!(
        own(&california, "/v1/states/CA/students/CA-1")["person_id"],
        *person_id,
        "one child"
    );
    assert_eq!(hub.disclosures("all"), 2);

    let person = own(&california, &format!("/v1/persons/{person_id}"));
    assert_eq!(person["person_id"], *person_id);
    assert_eq!(hub.disclosures("all"), 3);
    problem(
        california
            .read("/v1/states/TX/students/TX-1")
            .send()
            .expect("an answer"),
        404,
        "not-found",
    );
    problem(
        texas.read("/v1/persons/100000000000").send().expect("an answer"),
        404,
        "not-found",
    );
    problem(
        texas.read("/v1/persons/12").send().expect("an answer"),
        404,
        "not-found",
    );
    assert_eq!(hub.disclosures("all"), 3, "nothing was shown, nothing disclosed");
}

#[test]
fn a_record_is_had_as_xml_too() {
    let hub = Hub::start();
    let (texas, _) = nation(&hub);
    let person_id = own(&texas, "/v1/states/TX/students/TX-1")["person_id"].clone();
    let path = format!("/v1/persons/{}", person_id.as_str().expect("linked"));
    let shown = hub.disclosures("all");
    let asked = texas
        .read(&format!("{path}?format=xml"))
        .send()
        .expect("an answer");
    let preferred = texas.read(&path).header("Accept", "application/xml, */*;q=0.1");
    for answer in [asked, preferred.send().expect("an answer")] {
        assert_eq!(answer.headers()["content-type"], "application/xml");
        let text = answer.text().expect("XML");
        assert!(text.contains("<value>Xicotencatl</value>"), "{text}");
    }
    let browser = texas
        .read(&path)
        .header("Accept", "text/html, application/json;q=0.9");
    let answer = browser.send().expect("an answer");
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(hub.disclosures("all"), shown + 3);
    let other = texas
        .read(&format!("{path}?format=yaml"))
        .send()
        .expect("an answer");
    problem(other, 400, "invalid-request");
}

#[test]
fn papers_are_printed_for_a_purpose() {
    let hub = Hub::start();
    let (texas, _) = nation(&hub);
    let person_id = own(&texas, "/v1/states/TX/students/TX-1")["person_id"].clone();
    let path = format!("/v1/persons/{}", person_id.as_str().expect("linked"));
    for paper in [
        "record",
        "family-card",
        "migrant-confirmation",
        "transfer-confirmation",
    ] {
        let answer = texas.read(&format!("{path}/{paper}.pdf?language=es&left=TX"));
        let answer = answer.send().expect("an answer");
        assert_eq!(answer.status(), 200, "{paper}");
        assert_eq!(answer.headers()["content-type"], "application/pdf");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert!(answer.bytes().expect("PDF").starts_with(b"%PDF-1.7"));
    }
    assert_eq!(hub.disclosures("printed"), 4);
    let transcript = texas
        .read(&format!("{path}/transcript.xml"))
        .send()
        .expect("an answer");
    assert!(
        transcript
            .text()
            .expect("XML")
            .contains("<LastName>Xicotencatl Barrag")
    );
    assert_eq!(hub.disclosures("courses"), 1);
    problem(
        texas
            .read(&format!("{path}/diploma.pdf"))
            .send()
            .expect("an answer"),
        404,
        "not-found",
    );
    problem(
        texas
            .read("/v1/persons/100000000000/record.pdf")
            .send()
            .expect("an answer"),
        404,
        "not-found",
    );
    let idle = texas
        .get(&format!("{path}/record.pdf"))
        .header("On-Behalf-Of", "counselor-17");
    problem(idle.send().expect("an answer"), 400, "purpose-missing");
    assert_eq!(
        hub.disclosures("printed"),
        4,
        "nothing was shown, nothing disclosed"
    );
}

#[test]
fn a_reader_says_why_and_for_whom() {
    let hub = Hub::start();
    let (texas, _) = nation(&hub);
    for path in [
        "/v1/states/TX/students/TX-1",
        "/v1/persons/100000000000",
        "/v1/persons?family_name=Pena&birth_year=2012",
    ] {
        let no_purpose = texas
            .get(path)
            .header("On-Behalf-Of", "counselor-17")
            .send()
            .expect("an answer");
        problem(no_purpose, 400, "purpose-missing");
        let idle = texas
            .get(path)
            .header("On-Behalf-Of", "counselor-17")
            .header("Purpose", "curiosity");
        problem(idle.send().expect("an answer"), 400, "purpose-missing");
        let nobody = texas
            .get(path)
            .header("Purpose", "enroll")
            .send()
            .expect("an answer");
        problem(nobody, 400, "on-behalf-of-missing");
    }
    assert_eq!(hub.disclosures("all") + hub.disclosures("search"), 0);
}

#[test]
fn a_held_record_is_not_sent_again_but_disclosed_again() {
    let hub = Hub::start();
    let (texas, _) = nation(&hub);
    let person_id = own(&texas, "/v1/states/TX/students/TX-1")["person_id"]
        .as_str()
        .expect("linked")
        .to_owned();
    let path = format!("/v1/persons/{person_id}");
    let first = texas.read(&path).send().expect("an answer");
    let tag = first.headers()["etag"].to_str().expect("text").to_owned();
    let before = hub.disclosures("all");
    let second = texas
        .read(&path)
        .header("If-None-Match", &tag)
        .send()
        .expect("an answer");
    assert_eq!(second.status(), 304);
    assert_eq!(second.headers()["etag"], *tag);
    assert_eq!(hub.disclosures("all"), before + 1);
    let third = texas
        .read(&path)
        .header("If-None-Match", "\"another\"")
        .send()
        .expect("an answer");
    assert_eq!(third.status(), 200);
}

#[test]
fn a_retired_number_answers_with_its_survivor() {
    let hub = Hub::start();
    let (texas, _) = nation(&hub);
    let number = |id: &str| {
        let student = own(&texas, &format!("/v1/states/TX/students/{id}"));
        PersonId::parse(student["person_id"].as_str().expect("linked")).expect("a number")
    };
    let (survivor, retired) = (number("TX-1"), number("TX-2"));
    store::links::retire(&mut hub.connection(), retired, survivor, Utc::now()).expect("retired");
    let person = own(&texas, &format!("/v1/persons/{retired}"));
    assert_eq!(person["person_id"], survivor.to_string());
    assert_eq!(person["superseded"], retired.to_string());
}

#[test]
fn a_search_finds_a_child_by_what_people_know() {
    let hub = Hub::start();
    let (texas, _) = nation(&hub);
    let found = |query: &str| -> Value { own(&texas, &format!("/v1/persons?{query}")) };
    let names = |found: &Value| -> Vec<String> {
        let items = found["items"].as_array().expect("items").iter();
        items
            .map(|hit| {
                hit["students"][0]["given_name"]
                    .as_str()
                    .expect("text")
                    .to_owned()
            })
            .collect()
    };
    for query in [
        "family_name=Xicotencatl%20Barragan&given_name=Itzel&birth_date=2012-05-06",
        "family_name=BARRAGAN%20XICOTENCATL&given_name=itzel&birth_date=2012-05-06",
        "family_name=Xicotencatl&given_name=Lupe&birth_date=2012-06-05",
        "family_name=Barrag%C3%A1n&given_name=Itzel&birth_year=2012",
    ] {
        let hits = found(query);
        assert!(
            names(&hits).first().is_some_and(|name| name.starts_with("Itzel")),
            "{query}: {hits}"
        );
        let students = hits["items"][0]["students"].as_array().expect("students");
        assert_eq!(
            students.len(),
            2,
            "both states' students of the one child: {query}: {hits}"
        );
        assert!(!hits["items"][0]["reasons"].as_str().expect("text").is_empty());
    }
    let of_texas = found("family_name=Xicotencatl&given_name=Itzel&birth_year=2012&state=TX");
    assert_eq!(
        of_texas["items"][0]["students"].as_array().map(Vec::len),
        Some(1),
        "only records of that state: {of_texas}"
    );
    let more =
        found("family_name=Xicotencatl&given_name=Itzel&birth_year=2012&gender=Male&parent_name=Nadie");
    assert!(
        names(&more).first().is_some_and(|name| name.starts_with("Itzel")),
        "gender and parents hide nobody: {more}"
    );
    let before = hub.disclosures("search");
    assert_eq!(
        found("family_name=Nepomuceno&birth_date=2012-05-06")["items"],
        Value::Array(Vec::new()),
        "a birth date alone shows nobody"
    );
    assert_eq!(hub.disclosures("search"), before);
    for wide in [
        "family_name=Xicotencatl",
        "birth_date=2012-05-06",
        "family_name=X&birth_year=2012",
    ] {
        problem(
            texas
                .read(&format!("/v1/persons?{wide}"))
                .send()
                .expect("an answer"),
            400,
            "search-too-wide",
        );
    }
    for unknown in ["state=Texas", "gender=F"] {
        let path = format!("/v1/persons?family_name=Xicotencatl&birth_year=2012&{unknown}");
        problem(
            texas.read(&path).send().expect("an answer"),
            400,
            "invalid-request",
        );
    }
}
