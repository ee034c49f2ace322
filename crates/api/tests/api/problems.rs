//! Everything that goes wrong has one form.

use crate::hub::{Hub, problem};
use reqwest::Method;
use store::link_proposals::NewProposal;

#[test]
fn what_the_framework_refuses_is_a_problem_too() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    let send = |method: Method, path: &str| texas.call(method, path).send().expect("an answer");
    problem(send(Method::GET, "/v1/nothing"), 404, "not-found");
    problem(send(Method::GET, "/"), 404, "not-found");
    problem(send(Method::GET, "/v1/batches/abc"), 404, "not-found");
    problem(
        send(Method::GET, "/v1/batches?limit=many"),
        400,
        "invalid-request",
    );
    problem(send(Method::GET, "/v1/batches?limit=0"), 400, "invalid-request");
    problem(
        send(Method::GET, "/v1/batches?limit=1001"),
        400,
        "invalid-request",
    );
    problem(
        send(Method::POST, "/v1/batches?as_of=yesterday"),
        400,
        "invalid-request",
    );

    let refused = send(Method::DELETE, "/v1/batches");
    assert_eq!(refused.headers()["allow"], "POST, GET");
    problem(refused, 405, "method-not-allowed");

    let json = |kind: &str, body: String| {
        texas
            .post("/v1/move-notices")
            .header("Content-Type", kind)
            .header("On-Behalf-Of", "clerk-1")
            .body(body)
            .send()
            .expect("an answer")
    };
    problem(json("text/plain", "{}".to_owned()), 415, "unsupported-media-type");
    problem(json("application/json", "{".to_owned()), 422, "invalid-content");
    problem(
        json("application/json", format!("\"{}\"", "x".repeat(70_000))),
        413,
        "too-large",
    );
}

#[test]
fn every_answer_has_safe_headers_and_the_callers_request_id() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    let response = texas
        .get("/v1/batches")
        .header("X-Request-Id", "night-job-0042")
        .send()
        .expect("an answer");
    let headers = response.headers();
    assert_eq!(headers["x-request-id"], "night-job-0042");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(headers.contains_key("strict-transport-security"));
    let response = texas
        .get("/v1/batches")
        .header("X-Request-Id", "two words")
        .send()
        .expect("an answer");
    assert_ne!(response.headers()["x-request-id"], "two words");
}

#[test]
fn the_operators_port_tells_no_addresses() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    problem(
        texas
            .read("/v1/states/TX/students/SECRET-1")
            .send()
            .expect("an answer"),
        404,
        "not-found",
    );
    assert_eq!(hub.operator("/healthz"), (200, "ok\n".to_owned()));
    let (status, ready) = hub.operator("/readyz");
    assert_eq!((status, ready.contains("current")), (200, true), "{ready}");
    let (_, metrics) = hub.operator("/metrics");
    let line = "mariposa_requests_total{method=\"GET\",route=\"/v1/states/{state}/students/{state_student_id}\",status=\"404\"} 1";
    assert!(metrics.contains(line), "{metrics}");
    assert!(
        metrics.contains("mariposa_database_up 1") && metrics.contains("mariposa_link_queue 0"),
        "{metrics}"
    );
    assert!(
        metrics.contains("mariposa_certificate_days{state=\"TX\"} 36"),
        "{metrics}"
    );
    assert!(!metrics.contains("SECRET"), "{metrics}");
}

#[test]
fn the_operators_port_tells_what_new_weights_would_change_and_names_no_student() {
    let hub = Hub::start();
    assert_eq!(hub.operator("/link/proposals"), (200, "[]".to_owned()));
    let report = serde_json::json!({
        "changes": { "joined": 3 },
        "refused": ["too little to learn from"],
        "examples": [{ "turn": "joined", "students": [["TX", "SECRET-1"], ["FL", "SECRET-2"]] }],
    });
    let new = NewProposal {
        version: "learned-1",
        in_force: "fixed-2",
        model: &serde_json::json!({}),
        report: &report,
        sound: false,
        by: "schedule",
    };
    store::link_proposals::propose(&mut hub.connection(), new, chrono::Utc::now()).expect("a proposal");
    let (status, told) = hub.operator("/link/proposals");
    assert_eq!(status, 200);
    assert!(
        told.contains("\"joined\":3") && told.contains("\"refused\"") && told.contains("learned-1"),
        "{told}"
    );
    assert!(!told.contains("SECRET"), "{told}");
}
