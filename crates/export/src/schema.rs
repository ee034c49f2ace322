//! The JSON Schema of the consolidated record, made from the types that are serialised.

use records::ConsolidatedRecord;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

/// Name of the record's first version, in JSON Schema and as namespace of the XML.
pub const RECORD: &str = "urn:mariposa:record:1";

#[derive(OpenApi)]
#[openapi(components(schemas(ConsolidatedRecord)))]
struct Components;

/// The types of the record by name, as in the OpenAPI document but that they refer to `#/$defs/`.
pub(crate) fn definitions() -> Map<String, Value> {
    let components = Components::openapi().components.unwrap_or_default();
    let schemas = serde_json::to_value(components.schemas).unwrap_or_default();
    match here(schemas) {
        Value::Object(types) => types,
        _ => Map::new(),
    }
}

/// The same schema with references into this document.
fn here(schema: Value) -> Value {
    match schema {
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| match (key.as_str(), value.as_str()) {
                ("$ref", Some(to)) => {
                    let name = to.rsplit('/').next().unwrap_or(to);
                    (key, format!("#/$defs/{name}").into())
                }
                _ => (key, here(value)),
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(here).collect(),
        other => other,
    }
}

/// The JSON Schema (draft 2020-12) of a consolidated record, as `schemas/record.schema.json` holds it.
#[must_use]
pub fn json_schema() -> String {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": RECORD,
        "title": "Consolidated record",
        "description": "What GET /v1/persons/{person_id} answers. Later members may be added; none changes its meaning.",
        "$ref": "#/$defs/ConsolidatedRecord",
        "$defs": definitions(),
    });
    format!("{schema:#}\n")
}
