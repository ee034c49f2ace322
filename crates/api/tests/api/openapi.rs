//! The interface says what it is.

use std::path::Path;

use crate::hub::Hub;

#[test]
fn the_document_in_the_repository_is_the_programs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/openapi.json");
    let now = format!("{}\n", api::openapi::json());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &now).expect("written");
    }
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        held == now,
        "schemas/openapi.json is out of date; run the test with UPDATE_OPENAPI=1 and look at the difference"
    );
}

#[test]
fn operations_have_names_of_their_own() {
    let document = serde_json::to_value(api::openapi::document()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths").values();
    let operations: Vec<_> = paths
        .flat_map(|path| path.as_object().expect("operations").values())
        .collect();
    let names: std::collections::HashSet<_> = operations.iter().map(|o| o["operationId"].as_str()).collect();
    assert_eq!(names.len(), operations.len(), "{names:?}");
}

#[test]
fn document_and_page_are_served() {
    let hub = Hub::start();
    let texas = hub.system("TX");
    let document: serde_json::Value = texas
        .get("/openapi.json")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    assert!(document["openapi"].as_str().expect("text").starts_with("3.1"));
    let page = texas.get("/docs").send().expect("an answer");
    assert!(
        page.headers()["content-security-policy"]
            .to_str()
            .expect("text")
            .contains("default-src 'none'")
    );
    assert!(page.text().expect("text").contains("/v1/persons/{person_id}"));
}
