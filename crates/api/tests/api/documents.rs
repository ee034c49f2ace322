//! Official documents between states: sent, received and judged by machine; and what states take.

use reqwest::Method;
use reqwest::blocking::Response;
use serde_json::{Value, json};

use crate::hub::{AS_OF, Hub, System, problem, student, upload};

const PDF: &[u8] = b"%PDF-1.7\nTranscript of Ana\n%%EOF\n";
const ABOUT: &str = "registrar=Rosa%20D%C3%ADaz&office=Registrar&issued=2026-04-01&attest=true";

/// What Kentucky asks of Texas about a child.
fn asked(texas: &System, kentucky: &System, what: &str) -> String {
    let own: Value = texas
        .read("/v1/states/TX/students/TX-1")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let ask = json!({ "recipient": "TX", "person_id": own["person_id"], "what": what });
    let sent = kentucky.post("/v1/data-requests").json(&ask).send();
    let sent: Value = sent.expect("an answer").json().expect("JSON");
    format!("/v1/data-requests/{}", sent["data_request_id"])
}

fn hub() -> (Hub, System, System) {
    let hub = Hub::start();
    let (texas, kentucky) = (hub.system("TX"), hub.system("KY"));
    let ana = student("TX-1", ("Peña", "Ruiz"), "Ana", "2012-05-06");
    hub.load(&texas, &upload("TX", AS_OF, &ana));
    (hub, texas, kentucky)
}

fn put(system: &System, request: &str, about: &str, content: &[u8]) -> Response {
    system
        .call(Method::PUT, &format!("{request}/document?{about}"))
        .header("On-Behalf-Of", "registrar-3")
        .body(content.to_vec())
        .send()
        .expect("an answer")
}

fn get(system: &System, address: &str) -> Value {
    let answer = system.get(address).send().expect("an answer");
    assert_eq!(answer.status(), 200, "{address}");
    answer.json().expect("JSON")
}

#[test]
fn a_document_goes_out_is_received_and_judged() {
    let (hub, texas, kentucky) = hub();
    let request = asked(&texas, &kentucky, "transcript");
    assert_eq!(
        get(&kentucky, &format!("{request}/documents"))["items"],
        json!([])
    );
    let document = format!("{request}/document");
    problem(
        kentucky.read(&document).send().expect("an answer"),
        404,
        "not-found",
    );

    let sent = put(&texas, &request, ABOUT, PDF);
    assert_eq!(sent.status(), 201, "{:?}", sent.text());
    let sent: Value = sent.json().expect("JSON");
    assert_eq!(
        (
            sent["version"].as_i64(),
            sent["media_type"].as_str(),
            sent["registrar"].as_str()
        ),
        (Some(1), Some("application/pdf"), Some("Rosa Díaz")),
        "{sent}"
    );
    assert!(
        sent["attestation"]
            .as_str()
            .expect("a sentence")
            .contains("the official transcript")
    );
    assert!(sent["sent_by"].as_str().expect("who").ends_with("registrar-3"));
    assert_eq!(put(&texas, &request, ABOUT, PDF).status(), 200, "the same again");
    let other = b"%PDF-1.7\nanother\n%%EOF\n";
    problem(put(&texas, &request, ABOUT, other), 409, "conflict");

    let answered = get(&kentucky, &request);
    assert_eq!(
        (
            answered["outcome"].as_str(),
            answered["document_version"].as_i64()
        ),
        (Some("sent"), Some(1)),
        "{answered}"
    );
    let judge = |system: &System, version: i64, verdict: &str, reason: Option<&str>| {
        system
            .post(&format!("{document}/verdict"))
            .header("On-Behalf-Of", "registrar-9")
            .json(&json!({ "version": version, "verdict": verdict, "reason": reason }))
            .send()
            .expect("an answer")
    };
    problem(judge(&kentucky, 1, "accepted", None), 409, "conflict");

    problem(
        kentucky.get(&document).send().expect("an answer"),
        400,
        "purpose-missing",
    );
    let before = hub.disclosures("document");
    let got = kentucky.read(&document).send().expect("an answer");
    assert_eq!(got.status(), 200);
    let header = |name: &str| got.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "application/pdf");
    assert!(header("content-disposition").starts_with("attachment; filename=\"document-"));
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("repr-digest").starts_with("sha-256=:"));
    let tag = header("etag");
    assert_eq!(got.bytes().expect("bytes"), PDF);
    let held = kentucky.read(&document).header("If-None-Match", tag).send();
    assert_eq!(held.expect("an answer").status(), 304);
    assert_eq!(
        hub.disclosures("document"),
        before + 2,
        "every look is written down"
    );

    let seen = &get(&texas, &format!("{request}/documents"))["items"][0];
    assert!(
        seen["received_at"].is_string() && seen["received_by"].is_null(),
        "{seen}"
    );
    let own = &get(&kentucky, &format!("{request}/documents"))["items"][0];
    assert!(
        own["received_by"].is_string() && own["sent_by"].is_null(),
        "{own}"
    );

    problem(judge(&kentucky, 1, "not_accepted", None), 422, "invalid-content");
    problem(judge(&texas, 1, "accepted", None), 404, "not-found");
    problem(judge(&kentucky, 2, "accepted", None), 404, "not-found");
    let why = Some("The seal is missing.");
    assert_eq!(judge(&kentucky, 1, "not_accepted", why).status(), 200);
    assert_eq!(
        judge(&kentucky, 1, "not_accepted", why).status(),
        200,
        "the same again"
    );
    problem(judge(&kentucky, 1, "accepted", None), 409, "conflict");

    let replacing = format!("{ABOUT}&replaces=1&reason=Sealed");
    assert_eq!(put(&texas, &request, &replacing, other).status(), 201);
    let listed = get(&texas, &format!("{request}/documents"));
    assert_eq!(
        (
            listed["items"][0]["version"].as_i64(),
            listed["items"][1]["verdict"].as_str(),
            listed["items"][1]["superseded_why"].as_str()
        ),
        (Some(2), Some("not_accepted"), Some("Sealed")),
        "{listed}"
    );
    let first = kentucky.read(&format!("{document}?version=1")).send();
    assert_eq!(first.expect("an answer").bytes().expect("bytes"), PDF);

    let california = hub.system("CA");
    problem(
        california.read(&document).send().expect("an answer"),
        404,
        "not-found",
    );
    problem(put(&california, &request, ABOUT, PDF), 404, "not-found");
    problem(put(&kentucky, &request, ABOUT, PDF), 404, "not-found");
}

#[test]
fn what_cannot_be_sent_is_refused_with_the_reason() {
    let (_hub, texas, kentucky) = hub();
    let request = asked(&texas, &kentucky, "immunization_certificate");
    let unusable = |content: &[u8], code: &str| {
        let refused = problem(put(&texas, &request, ABOUT, content), 422, "unusable-file");
        assert_eq!(refused["refusal"]["code"], code, "{refused}");
    };
    unusable(b"", "truncated");
    unusable(b"%PDF-1.7\ncut off", "truncated");
    unusable(b"PK\x03\x04\x14\0\x09\0\x08\0", "unknown-format");
    unusable(b"GIF89a", "unknown-format");
    unusable(
        b"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
        "doctype",
    );
    unusable(b"<a><b></a>", "not-well-formed");
    let large = vec![b'%'; (10 << 20) + 1];
    problem(put(&texas, &request, ABOUT, &large), 413, "too-large");

    let about = |from: &str, to: &str| ABOUT.replace(from, to);
    let invalid = |about: &str, names: &str| {
        let refused = problem(put(&texas, &request, about, PDF), 422, "invalid-content");
        let detail = refused["detail"].as_str().expect("a text");
        assert!(detail.contains(names), "{detail}");
    };
    invalid(&about("&attest=true", ""), "attest is missing");
    invalid(&about("Rosa%20D%C3%ADaz", ""), "registrar is missing");
    invalid(&about("2026-04-01", "2999-01-01"), "issued is a day to come");
    invalid(&format!("{ABOUT}&replaces=1"), "reason is missing");
    problem(put(&texas, &request, "attest=true", PDF), 400, "invalid-request");
    let nobody = texas
        .call(Method::PUT, &format!("{request}/document?{ABOUT}"))
        .body(PDF);
    problem(nobody.send().expect("an answer"), 400, "on-behalf-of-missing");
    let damaged = texas
        .call(Method::PUT, &format!("{request}/document?{ABOUT}"))
        .header("On-Behalf-Of", "registrar-3")
        .header(
            "Content-Digest",
            "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:",
        )
        .body(PDF);
    problem(damaged.send().expect("an answer"), 400, "digest-mismatch");

    let xml = "<hs:HighSchoolTranscript xmlns:hs=\"urn:org:pesc:message:HighSchoolTranscript:v1.5.0\"/>";
    let transcript = asked(&texas, &kentucky, "transcript");
    let sent: Value = put(&texas, &transcript, ABOUT, xml.as_bytes())
        .json()
        .expect("JSON");
    assert_eq!(sent["media_type"], "application/xml", "{sent}");

    let data = asked(&texas, &kentucky, "grades");
    problem(put(&texas, &data, ABOUT, PDF), 409, "conflict");
    let taken_back = kentucky.call(Method::DELETE, &request).send().expect("an answer");
    assert_eq!(taken_back.status(), 200);
    problem(put(&texas, &request, ABOUT, PDF), 409, "conflict");
}

#[test]
fn what_a_state_takes_is_read_by_all() {
    use notices::acceptances::{Accepted, Saying, keep};
    let (hub, texas, kentucky) = hub();
    let saying = Saying {
        what: notices::data_requests::What::Transcript,
        accepted: Accepted::WithConditions,
        words: Some("PDF with the registrar’s attestation"),
        since: "2026-01-01".parse().expect("a day"),
        contact: "records@ky.example",
    };
    let state = mde::StateCode::new("KY").expect("a state");
    keep(&mut hub.connection(), state, "eva", &saying, chrono::Utc::now()).expect("kept");
    let said = get(&texas, "/v1/document-acceptances?state=KY");
    let item = &said["items"][0];
    assert_eq!(
        (
            item["accepted"].as_str(),
            item["what"].as_str(),
            item["since"].as_str()
        ),
        (Some("with_conditions"), Some("transcript"), Some("2026-01-01")),
        "{said}"
    );
    assert_eq!(
        get(&kentucky, "/v1/document-acceptances?state=TX")["items"],
        json!([])
    );
}
