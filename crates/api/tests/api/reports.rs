//! Counts, moves, missed enrollments and snapshots as a state's system gets them.

use serde_json::{Value, json};

use crate::hub::{AS_OF, Hub, System, problem, upload};

/// A girl certified in a state, enrolled there from one day to another; where there is an end she moved away.
fn girl(id: &str, first: &str, state: &str, arrived: &str, school: (&str, Option<&str>)) -> String {
    let (start, end) = school;
    let end = end.map_or_else(String::new, |end| {
        format!("<WithdrawalDate>{end}</WithdrawalDate>")
    });
    let moved = if end.is_empty() {
        ""
    } else {
        "<ExitReason>MOVED</ExitReason>"
    };
    format!(
        "<Student action=\"insert\"><StateStudentIdentificationNumber>{id}</StateStudentIdentificationNumber>\
         <LastName1>Solorio</LastName1><LastName2>Peña</LastName2><FirstName>{first}</FirstName><Gender>Female</Gender>\
         <BirthDate>2012-05-06</BirthDate><BirthCity>Morelia</BirthCity><BirthCountry>MX</BirthCountry>\
         <Parent1LastName>Solorio</Parent1LastName><Parent1FirstName>Refugio</Parent1FirstName>\
         <Parent2LastName>Peña</Parent2LastName><Parent2FirstName>Eulalia</Parent2FirstName>\
         <QualifyingMove><QualifyingArrivalDate>{arrived}</QualifyingArrivalDate><FromCity>Laredo</FromCity>\
         <FromState>TX</FromState><FromCountry>US</FromCountry><ToCity>Here</ToCity><ToState>{state}</ToState>\
         <ResidencyDate>{arrived}</ResidencyDate></QualifyingMove>\
         <Enrollment><EnrollmentDate>{start}</EnrollmentDate>{end}<GradeLevel>07</GradeLevel>\
         <EnrollmentType>01</EnrollmentType>{moved}</Enrollment></Student>"
    )
}

/// One girl went from Texas to Kentucky; another left Texas and was seen nowhere.
fn two_girls() -> (Hub, System, System) {
    let hub = Hub::start();
    let (texas, kentucky) = (hub.system("TX"), hub.system("KY"));
    let left = ("2025-09-02", Some("2025-10-30"));
    let students = [
        girl("TX-1", "Itzel", "TX", "2025-09-01", left),
        girl("TX-2", "Wendoline", "TX", "2025-09-01", left),
    ];
    hub.load(&texas, &upload("TX", AS_OF, &students.concat()));
    let student = girl("KY-1", "Itzel", "KY", "2025-11-10", ("2025-11-12", None));
    hub.load(&kentucky, &upload("KY", AS_OF, &student));
    (hub, texas, kentucky)
}

fn got(system: &System, path: &str) -> Value {
    let answer = system.read(path).send().expect("an answer");
    assert_eq!(answer.status(), 200, "{path}: {:?}", answer.text());
    answer.json().expect("JSON")
}

fn text(system: &System, path: &str) -> String {
    let answer = system.read(path).send().expect("an answer");
    let kind = answer.headers()["content-type"]
        .to_str()
        .expect("text")
        .to_owned();
    assert_eq!(kind, "text/csv; charset=utf-8; header=present", "{path}");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.text().expect("text")
}

#[test]
fn a_state_sees_its_own_counts_in_full_and_nothing_small_of_the_nation() {
    let (_hub, texas, kentucky) = two_girls();
    let counts = got(&texas, "/v1/reports/counts?period=2026");
    assert_eq!(counts["states"].as_array().expect("states").len(), 1);
    assert_eq!(
        (&counts["states"][0]["state"], &counts["states"][0]["category_1"]),
        (&json!("TX"), &json!(2))
    );
    assert_eq!(
        (&counts["nation"]["category_1"], &counts["small"]),
        (&Value::Null, &json!(10))
    );
    let csv = text(&kentucky, "/v1/reports/counts?period=2025-26&format=csv");
    assert!(
        csv.contains("US,category 1,,<10\n") && csv.contains("KY,category 1,,1\n"),
        "{csv}"
    );
    assert!(!csv.contains("TX,"), "{csv}");
    let answer = kentucky
        .get("/v1/reports/counts?period=2026")
        .header(
            "Accept",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )
        .send()
        .expect("an answer");
    assert_eq!(
        answer.headers()["content-disposition"],
        "attachment; filename=\"counts-KY-2025-26.xlsx\""
    );
    assert!(answer.bytes().expect("bytes").starts_with(b"PK"));
    let before = got(
        &texas,
        "/v1/reports/counts?period=2026&known_at=2026-01-01T00:00:00Z",
    );
    assert_eq!(before["states"], json!([]), "nothing was known by then");

    let moves = got(&texas, "/v1/reports/moves?period=2026");
    assert_eq!(
        moves["items"],
        json!([{ "from": "TX", "to": "KY", "moves": 1, "children": 1 }])
    );
    let csv = text(&kentucky, "/v1/reports/moves?period=2026&format=csv");
    assert_eq!(csv, "from,to,moves,children\nTX,KY,1,1\n");

    for (query, why) in [
        ("period=26", "neither"),
        ("period=2026&known_at=2999-01-01T00:00:00Z", "not known yet"),
        ("known_at=2026-01-01T00:00:00Z", "period"),
        ("period=2026&format=pdf", "format"),
    ] {
        let answer = texas
            .get(&format!("/v1/reports/counts?{query}"))
            .send()
            .expect("an answer");
        let said = problem(answer, 400, "invalid-request");
        assert!(
            said["detail"].as_str().expect("text").contains(why) || query.contains("pdf"),
            "{said}"
        );
    }
}

#[test]
fn who_is_missed_is_told_to_the_state_that_the_child_left_and_written_down() {
    let (hub, texas, kentucky) = two_girls();
    let before = hub.disclosures("enrollment");
    let path = "/v1/reports/missed-enrollments?period=2026";
    let missed = got(&texas, path);
    let items = missed["items"].as_array().expect("items");
    assert_eq!(
        (items.len(), &items[0]["left"]),
        (1, &json!("2025-10-30")),
        "{missed}"
    );
    assert_eq!(hub.disclosures("enrollment"), before + 1);
    assert_eq!(got(&kentucky, path)["items"], json!([]));
    assert_eq!(
        hub.disclosures("enrollment"),
        before + 1,
        "nothing shown, nothing written"
    );
    assert_eq!(got(&texas, &format!("{path}&patience=3000"))["items"], json!([]));
    let csv = text(&texas, &format!("{path}&format=csv"));
    assert!(
        csv.starts_with("person_id,state,left,days\n") && csv.contains(",TX,2025-10-30,"),
        "{csv}"
    );
    problem(texas.get(path).send().expect("an answer"), 400, "purpose-missing");
    let answer = texas
        .read(&format!("{path}&patience=9999"))
        .send()
        .expect("an answer");
    problem(answer, 400, "invalid-request");
}

#[test]
fn a_snapshot_is_the_states_own() {
    let (hub, texas, kentucky) = two_girls();
    let take = |name: &str| {
        texas
            .post("/v1/snapshots")
            .json(&json!({ "name": name, "period": "2026" }))
            .send()
            .expect("an answer")
    };
    let taken = take("april");
    assert_eq!(taken.status(), 201);
    assert_eq!(taken.headers()["location"], "/v1/snapshots/april");
    let taken: Value = taken.json().expect("JSON");
    assert_eq!(
        (&taken["state"], &taken["counts"]["states"][0]["category_1"]),
        (&json!("TX"), &json!(2))
    );
    problem(take("april"), 409, "conflict");
    problem(take("April 1"), 422, "invalid-content");

    assert_eq!(got(&texas, "/v1/snapshots/april"), taken);
    assert_eq!(
        got(&texas, "/v1/snapshots")["items"][0]["sha256"],
        taken["sha256"]
    );
    assert_eq!(got(&kentucky, "/v1/snapshots")["items"], json!([]));

    // One of the two is no longer reported.
    let left = ("2025-09-02", Some("2025-10-30"));
    let student = girl("TX-1", "Itzel", "TX", "2025-09-01", left);
    hub.load(&texas, &upload("TX", "2026-04-02T02:00:00Z", &student));
    let before = hub.disclosures("enrollment");
    let since = got(&texas, "/v1/snapshots/april/since");
    assert_eq!(since["unchanged"], 1);
    assert_eq!(since["lost"]["not_reported"][0]["state"], "TX", "{since}");
    assert_eq!(
        hub.disclosures("enrollment"),
        before + 1,
        "of the one who is listed"
    );
    let csv = text(&texas, "/v1/snapshots/april/extract");
    assert_eq!(
        (csv.lines().count(), csv.matches(",TX,Y,N,7,Y").count()),
        (3, 2),
        "{csv}"
    );
    assert_eq!(hub.disclosures("enrollment"), before + 3);
    assert_eq!(
        got(&texas, "/v1/snapshots/april")["counts"],
        taken["counts"],
        "frozen"
    );
}

#[test]
fn a_districts_list_marks_who_pays_and_names_what_is_wrong_with_its_file() {
    let (hub, texas, _) = two_girls();
    let ask = |own: &str, query: &str| {
        texas
            .post(&format!("/v1/reports/qa?period=2026{query}"))
            .header("Purpose", "program")
            .header("On-Behalf-Of", "meals-1")
            .body(own.to_owned())
            .send()
            .expect("an answer")
    };
    let csv = ask("state_student_id,economic_status\nTX-1,paid\n", "&format=csv")
        .text()
        .expect("text");
    let paying: Vec<&str> = csv
        .lines()
        .filter(|line| line.contains("42 U.S.C. 1758"))
        .collect();
    assert_eq!((csv.lines().count(), paying.len()), (3, 1), "{csv}");
    assert!(paying[0].contains("TX-1") && paying[0].contains(",No,"), "{csv}");
    let before = hub.disclosures("assessment");
    assert!(ask("", "").bytes().expect("bytes").starts_with(b"PK"));
    assert_eq!(hub.disclosures("assessment"), before + 2);
    let paper = ask("", "&format=pdf");
    assert_eq!(paper.headers()["content-type"], "application/pdf");
    assert_eq!(
        paper.headers()["content-disposition"],
        "attachment; filename=\"qa-TX-2025-26.pdf\""
    );
    assert!(paper.bytes().expect("bytes").starts_with(b"%PDF-"));
    assert_eq!(hub.disclosures("assessment"), before + 4);
    let wrong = problem(
        ask("state_student_id,economic_status\nTX-1,often\n", ""),
        422,
        "invalid-content",
    );
    assert!(
        wrong["detail"]
            .as_str()
            .expect("text")
            .contains("line 2: economic_status"),
        "{wrong}"
    );
    let elsewhere = ask("", "&format=csv&district=Nowhere").text().expect("text");
    assert_eq!(elsewhere.lines().count(), 1, "{elsewhere}");
    let fed = text(&texas, "/v1/reports/free-meals?period=2026&format=csv");
    assert_eq!(fed.lines().count(), 1, "both have left: {fed}");
}

#[test]
fn a_states_list_is_reconciled_difference_by_difference() {
    let (hub, texas, kentucky) = two_girls();
    let list = "state_student_id,last_name,first_name,birth_date\nKY-1,Solorio,Itzel,2012-06-05\nKY-2,Vega,Iris,2010-01-01\n";
    let open = |body: &str, query: &str| {
        kentucky
            .post(&format!("/v1/reconciliations?list_date=2026-03-01{query}"))
            .body(body.to_owned())
            .send()
            .expect("an answer")
    };
    let opened = open(list, "&leaves_out=out-of-school,preschool");
    assert_eq!(opened.status(), 201);
    let opened: Value = opened.json().expect("JSON");
    assert_eq!(opened["differences"], json!({ "open": 2 }));
    let again: Value = open(list, "").json().expect("JSON");
    assert_eq!(again["reconciliation_id"], opened["reconciliation_id"]);
    let path = format!("/v1/reconciliations/{}", opened["reconciliation_id"]);
    let found = got(&kentucky, &format!("{path}/differences?status=open"));
    assert_eq!(
        found["items"][0]["reason"], "day and month are swapped",
        "{found}"
    );
    assert_eq!(found["items"][1]["kind"], "not_in_hub");
    let decide = |system: &System, body: &Value| {
        system
            .post(&format!("{path}/differences/0/decision"))
            .header("On-Behalf-Of", "district-1")
            .json(body)
            .send()
            .expect("an answer")
    };
    let word = json!({ "status": "corrected", "note": "birth certificate seen" });
    problem(decide(&texas, &word), 404, "not-found");
    problem(
        decide(&kentucky, &json!({ "status": "corrected", "note": " " })),
        422,
        "invalid-content",
    );
    let decided: Value = decide(&kentucky, &word).json().expect("JSON");
    assert_eq!(decided["differences"], json!({ "corrected": 1, "open": 1 }));
    let before = hub.disclosures("eligibility");
    let csv = text(&kentucky, &format!("{path}/differences?format=csv"));
    assert!(
        csv.contains("birth certificate seen") && csv.lines().count() == 3,
        "{csv}"
    );
    assert_eq!(
        hub.disclosures("eligibility"),
        before + 1,
        "the hub holds one of the two"
    );
    for (body, query, status, code) in [
        ("", "", 422, "invalid-content"),
        (list, "&leaves_out=churches", 400, "invalid-request"),
        ("state_student_id,last_name\n", "", 422, "invalid-content"),
    ] {
        problem(open(body, query), status, code);
    }
    assert_eq!(got(&texas, "/v1/reconciliations")["items"], json!([]));
}
