//! Uploads, their batches and their findings.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::hub::{AS_OF, Hub, problem, student, upload};

fn two_students() -> String {
    upload(
        "TX",
        AS_OF,
        &[
            student("0001", ("Xicotencatl", "Barragán"), "Itzel", "2012-05-06"),
            student("0002", ("Xicotencatl", "Barragán"), "Yaretzi", "2014-13-02"),
        ]
        .concat(),
    )
}

#[test]
fn an_upload_is_received_loaded_and_reported() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    let receipt = texas.upload(&two_students());
    assert_eq!(receipt.status(), 202);
    let location = receipt.headers()["location"].to_str().expect("text").to_owned();
    let receipt: Value = receipt.json().expect("JSON");
    assert_eq!(receipt["href"], *location);
    assert_eq!(
        (receipt["status"].as_str(), receipt["kind"].as_str()),
        (Some("received"), Some("full"))
    );

    let waiting = texas.get(&location).send().expect("an answer");
    assert_eq!(waiting.headers()["retry-after"], "1");
    hub.work(receipt["batch_id"].as_i64().expect("a number"));

    let loaded: Value = texas
        .get(&location)
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(
        (loaded["status"].as_str(), loaded["settled"].as_bool()),
        (Some("loaded"), Some(true)),
        "{loaded}"
    );
    assert_eq!(loaded["students"]["inserted"], 2);
    assert_eq!(loaded["findings"]["errors"], 1, "the 13th month: {loaded}");

    let findings = format!("{location}/findings");
    let errors: Value = texas
        .get(&format!("{findings}?severity=error"))
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let item = &errors["items"][0];
    assert_eq!(
        (item["code"].as_str(), item["element"].as_str()),
        (Some("V102"), Some("9")),
        "{errors}"
    );
    assert_eq!(item["state_student_id"], "0002");
    assert!(item["line"].as_u64() >= Some(2) && !item["fix"].as_str().expect("text").is_empty());

    let csv = texas
        .get(&findings)
        .header("Accept", "text/csv")
        .send()
        .expect("an answer");
    assert!(
        csv.headers()["content-type"]
            .to_str()
            .expect("text")
            .starts_with("text/csv")
    );
    let csv = csv.text().expect("text");
    assert!(csv.starts_with("severity,code,file,line,"), "{csv}");
    assert!(csv.contains(",0002,student,9,Birth Date,"), "{csv}");

    let causes: Value = texas
        .get(&format!("{findings}?group=cause"))
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let cause = &causes["items"][0];
    assert_eq!(
        (
            cause["code"].as_str(),
            cause["count"].as_u64(),
            cause["element_name"].as_str()
        ),
        (Some("V102"), Some(1), Some("Birth Date")),
        "{causes}"
    );
    assert_eq!(cause["first"][0]["state_student_id"], "0002");
    let page = texas
        .get(cause["page"].as_str().expect("a page"))
        .send()
        .expect("an answer");
    assert!(page.status() == 200 && page.text().expect("text").contains("V102"));
    problem(
        texas.get("/docs/findings/V000").send().expect("an answer"),
        404,
        "not-found",
    );
    let unknown = problem(
        texas.get("/docs/problems/no-such").send().expect("an answer"),
        404,
        "not-found",
    );
    let page = texas.get(unknown["page"].as_str().expect("a page"));
    let page = page.send().expect("an answer");
    let explained = page.status() == 200
        && page
            .text()
            .expect("text")
            .contains("urn:mariposa:problem:not-found");
    assert!(explained, "a problem's page explains it");

    for group in ["", "&group=cause"] {
        let book = texas
            .get(&format!("{findings}?format=xlsx{group}"))
            .send()
            .expect("an answer");
        assert!(
            book.headers()["content-disposition"]
                .to_str()
                .expect("text")
                .ends_with(".xlsx\"")
        );
        assert!(book.bytes().expect("bytes").starts_with(b"PK"), "a zip");
    }

    let timing = &loaded["timing"];
    assert!(
        timing["checking_seconds"].as_f64() >= Some(0.0) && timing["settled_at"].is_string(),
        "{timing}"
    );
    assert_eq!(loaded["night_before"], Value::Null, "the first");
    let corrected = two_students()
        .replace("2014-13-02", "2014-12-02")
        .replace(AS_OF, "2026-04-02T02:00:00Z");
    let next = hub.load(&texas, &corrected);
    let next: Value = texas
        .get(&format!("/v1/batches/{next}"))
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let night = &next["night_before"];
    assert_eq!(night["batch_id"], loaded["batch_id"]);
    assert_eq!(
        (
            night["changed"]["before"].as_i64(),
            night["changed"]["now"].as_i64()
        ),
        (Some(2), Some(1)),
        "{night}"
    );
    let gone: Vec<_> = night["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|f| {
            (
                f["code"].as_str().expect("a code"),
                f["trend"].as_str().expect("a trend"),
            )
        })
        .collect();
    assert_eq!(gone, [("V102", "gone"), ("V303", "gone")]);
}

#[test]
fn the_same_upload_again_gets_the_first_batch() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    let first = texas.upload(&two_students());
    let again = texas.upload(&two_students());
    assert_eq!((first.status().as_u16(), again.status().as_u16()), (202, 200));
    assert_eq!(first.headers()["location"], again.headers()["location"]);
    assert_eq!(hub.spooled(), 1);
}

#[test]
fn lists_are_paged() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    for day in 1..=5 {
        let document = upload(
            "TX",
            &format!("2026-04-0{day}T02:00:00Z"),
            &student("1", ("Peña", "Ruiz"), "Ana", "2012-05-06"),
        );
        assert_eq!(texas.upload(&document).status(), 202);
    }
    let mut address = "/v1/batches?limit=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let response = texas.get(&address).send().expect("an answer");
        let link = response
            .headers()
            .get("link")
            .map(|link| link.to_str().expect("text").to_owned());
        let page: Value = response.json().expect("JSON");
        seen.extend(
            page["items"]
                .as_array()
                .expect("items")
                .iter()
                .map(|batch| batch["batch_id"].as_i64()),
        );
        let Some(next) = page["next"].as_str() else { break };
        assert_eq!(link, Some(format!("<{next}>; rel=\"next\"")));
        address = next.to_owned();
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first: {seen:?}");
}

#[test]
fn a_file_of_another_state_or_that_is_none_gets_no_receipt() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    let foreign = upload("CA", AS_OF, &student("1", ("Peña", "Ruiz"), "Ana", "2012-05-06"));
    problem(texas.upload(&foreign), 403, "wrong-state");

    let doctype = two_students().replacen("?>\n", "?>\n<!DOCTYPE x [<!ENTITY a \"b\">]>", 1);
    let refused = problem(texas.upload(&doctype), 422, "unusable-file");
    assert_eq!(refused["refusal"]["code"], "doctype");
    assert_eq!(refused["refusal"]["line"], 2);
    assert!(!refused["refusal"]["fix"].as_str().expect("text").is_empty());

    problem(texas.upload("once upon a time"), 422, "unusable-file");
    problem(texas.upload(""), 400, "invalid-request");
    let unknown = texas
        .post("/v1/batches?profile=nowhere")
        .body(two_students())
        .send()
        .expect("an answer");
    problem(unknown, 422, "unknown-profile");
    let list: Value = texas
        .get("/v1/batches")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(list["items"], Value::Array(Vec::new()));
    assert_eq!(hub.spooled(), 0, "nothing is left in the spool");
}

#[test]
fn a_digest_that_differs_is_refused() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    let document = two_students();
    let digest = STANDARD.encode(Sha256::digest(&document));
    let send = |digest: String| {
        texas
            .post("/v1/batches")
            .header("Content-Digest", digest)
            .body(document.clone())
            .send()
            .expect("an answer")
    };
    problem(
        send(format!("sha-256=:{}:", STANDARD.encode([0; 32]))),
        400,
        "digest-mismatch",
    );
    problem(send("sha-256=nothing".to_owned()), 400, "invalid-request");
    assert_eq!(hub.spooled(), 0);
    assert_eq!(send(format!("sha-256=:{digest}:")).status(), 202);
}

#[test]
fn an_upload_has_a_bounded_size() {
    let hub = Hub::with_limits(api::Limits {
        upload_bytes: 100_000,
        ..api::Limits::default()
    });
    let texas = hub.system("TX");
    problem(texas.upload(&"x".repeat(100_001)), 413, "too-large");
    // Without a length the bytes are counted as they come.
    let unknown_length = reqwest::blocking::Body::new(std::io::repeat(b'x').take(400_000));
    let response = texas.post("/v1/batches").body(unknown_length).send();
    if let Ok(response) = response {
        problem(response, 413, "too-large");
    }
    assert_eq!(hub.spooled(), 0);
}

#[test]
fn an_upload_that_stalls_or_breaks_off_leaves_nothing() {
    let hub = Hub::with_limits(api::Limits {
        upload_pause: std::time::Duration::from_millis(300),
        ..api::Limits::default()
    });
    let connect = || {
        let mut stream = hub.socket("TX");
        let head =
            "POST /v1/batches HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n<?xml version";
        stream.write_all(head.as_bytes()).expect("sent");
        stream
    };
    let mut stalled = connect();
    let mut answer = [0; 12];
    stalled.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 408");

    drop(connect());
    for _ in 0..100 {
        if hub.spooled() == 0 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("a part of an upload is left in the spool");
}

#[test]
fn a_held_batch_waits_for_a_persons_yes() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    let students = |count: u32| -> String {
        (0..count)
            .map(|i| student(&i.to_string(), ("Peña", "Ruiz"), "Ana", "2012-05-06"))
            .collect()
    };
    hub.load(&texas, &upload("TX", AS_OF, &students(60)));
    let held = hub.load(&texas, &upload("TX", "2026-04-02T02:00:00Z", &students(10)));
    let address = format!("/v1/batches/{held}");
    let batch: Value = texas
        .get(&address)
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(batch["status"], "held", "{batch}");

    let release = format!("{address}/release");
    let because = |reason: &str| {
        texas
            .post(&release)
            .json(&serde_json::json!({ "reason": reason }))
    };
    problem(
        because("the season is over").send().expect("an answer"),
        400,
        "on-behalf-of-missing",
    );
    let say_yes = |reason: &str| {
        because(reason)
            .header("On-Behalf-Of", "director-3")
            .send()
            .expect("an answer")
    };
    problem(say_yes(" "), 422, "invalid-content");
    let released = say_yes("the season is over");
    assert_eq!(released.status(), 200);
    let released: Value = released.json().expect("JSON");
    assert_eq!(released["problem"]["reason"], "the season is over");
    problem(say_yes("again"), 409, "conflict");
    hub.work(held);
    let batch: Value = texas
        .get(&address)
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(
        (
            batch["status"].as_str(),
            batch["students"]["not_reported"].as_i64()
        ),
        (Some("loaded"), Some(50)),
        "{batch}"
    );
}
