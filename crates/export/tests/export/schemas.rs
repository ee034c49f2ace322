//! The contracts in `schemas/`, held against every record. `UPDATE_GENERATED=1 cargo test -p export` writes them anew.

use std::path::{Path, PathBuf};
use std::process::Command;

use records::courses::CourseStatus;
use serde_json::Value;

use crate::{children, papers};

pub(crate) fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

/// Complains where xmllint finds one of the documents not valid against the schema; says so where it is not installed.
pub(crate) fn xmllint(schema: &str, documents: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("xmllint");
    command.args(["--noout", "--schema"]).arg(schemas().join(schema));
    for (number, text) in documents.iter().enumerate() {
        let path = folder.path().join(format!("{number}.xml"));
        std::fs::write(&path, text).unwrap();
        command.arg(path);
    }
    match command.output() {
        Err(_) => println!("xmllint is not installed; {schema} was not tried"),
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stderr);
            let wrong: Vec<&str> = told
                .lines()
                .filter(|line| !line.ends_with(" validates"))
                .take(10)
                .collect();
            assert!(output.status.success() && wrong.is_empty(), "{wrong:#?}");
        }
    }
}

#[test]
fn the_schemas_are_those_of_the_types() {
    testkit::in_step(
        "schemas/record.schema.json",
        &export::schema::json_schema(),
        "export",
    );
    testkit::in_step("schemas/record-1.xsd", &export::xsd::record(), "export");
}

/// The schema with every object closed, so that a member without a description is found.
fn closed(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(members) => {
            let whole = members.contains_key("allOf") || members.contains_key("properties");
            for value in members.values_mut() {
                *value = closed(value.take());
            }
            if whole {
                members.insert("unevaluatedProperties".into(), false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = closed(item.take())),
        _ => {}
    }
    schema
}

#[test]
fn every_record_is_valid() {
    let schema: Value = serde_json::from_str(&export::schema::json_schema()).unwrap();
    let mut strict = schema.clone();
    // What is put together out of parts is closed as a whole; a part cannot know the others.
    for (name, definition) in strict["$defs"].as_object_mut().unwrap() {
        if name != "Source" && definition.get("allOf").is_none() {
            *definition = closed(definition.take());
        }
    }
    strict["$defs"]["SourceStudent"]["unevaluatedProperties"] = false.into();
    let checker = jsonschema::options()
        .should_validate_formats(true)
        .build(&strict)
        .unwrap();
    let mut records = children::simulated();
    assert!(records.len() > 150);
    assert!(
        records
            .iter()
            .any(|r| r.states.len() > 1 && !r.courses.is_empty())
    );
    records.extend(children::samples());
    let mut documents = Vec::new();
    for record in &records {
        let json = serde_json::to_value(record).unwrap();
        let wrong: Vec<String> = checker
            .iter_errors(&json)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(wrong, [""; 0]);
        documents.push(export::xml::record(record).unwrap());
    }
    let mut unknown = serde_json::to_value(&records[0]).unwrap();
    unknown["summary"]["shoe_size"] = 37.into();
    assert!(!checker.is_valid(&unknown), "a member that no schema describes");
    for documents in documents.chunks(500) {
        xmllint("record-1.xsd", documents);
    }
}

#[test]
fn every_transcript_is_valid() {
    let at = "2026-04-10T15:04:00Z".parse().unwrap();
    let mut records = children::simulated();
    records.extend(children::samples());
    records.push(papers::some_of_everything());
    records.push(papers::nobody());
    let documents: Vec<String> = records
        .iter()
        .map(|record| export::transcript::pesc(record, at, "Texas"))
        .collect();
    for (record, document) in records.iter().zip(&documents) {
        let counted = record
            .courses
            .iter()
            .filter(|c| c.status == CourseStatus::Completed);
        let credits: Vec<&str> = counted.filter_map(|c| c.credits.as_deref()).collect();
        assert_eq!(
            document.matches("<CourseCreditEarned>").count(),
            credits.len(),
            "credits only as granted"
        );
        assert_eq!(document.matches("<CourseTitle>").count(), record.courses.len());
        for credits in credits {
            assert!(document.contains(&format!("<CourseCreditEarned>{credits}<")));
        }
    }
    assert!(
        documents
            .iter()
            .any(|document| document.contains("<CourseCreditEarned>"))
    );
    for documents in documents.chunks(500) {
        xmllint("pesc-high-school-transcript-1.5.xsd", documents);
    }
}
