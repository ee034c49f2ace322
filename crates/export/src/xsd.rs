//! The XML Schema of the consolidated record, made out of its JSON Schema by the rule of [`crate::xml`].

use serde_json::{Map, Value};

use crate::schema::{RECORD, definitions};
use crate::xml::{ITEM, ROOT, Writer};

/// The root type of the record.
const RECORD_TYPE: &str = "ConsolidatedRecord";

/// The XML Schema of a consolidated record, as `schemas/record-1.xsd` holds it.
#[must_use]
pub fn record() -> String {
    let mut out = Writer::new("xs:schema");
    out.attribute("xmlns", RECORD);
    out.attribute("xmlns:xs", "http://www.w3.org/2001/XMLSchema");
    out.attribute("targetNamespace", RECORD);
    out.attribute("elementFormDefault", "qualified");
    out.attribute("version", "1");
    document(
        &mut out,
        "Made from the JSON Schema of the record; it says the same. Members stand in any order. A list is an element \
         with one item for each entry. What has no value is left out.",
    );
    out.open("xs:element");
    out.attribute("name", ROOT);
    out.attribute("type", RECORD_TYPE);
    out.close();
    for (name, schema) in definitions() {
        match schema.get("enum") {
            Some(values) => simple(&mut out, &name, &schema, values),
            None => {
                let members = Members::of(&schema);
                out.open("xs:complexType");
                out.attribute("name", &name);
                describe(&mut out, &schema);
                members.write(&mut out);
                out.close();
            }
        }
    }
    out.finish()
}

fn document(out: &mut Writer, text: &str) {
    out.open("xs:annotation");
    out.leaf("xs:documentation", text);
    out.close();
}

fn describe(out: &mut Writer, schema: &Value) {
    if let Some(text) = schema["description"].as_str() {
        document(out, text);
    }
}

fn simple(out: &mut Writer, name: &str, schema: &Value, values: &Value) {
    out.open("xs:simpleType");
    out.attribute("name", name);
    describe(out, schema);
    out.open("xs:restriction");
    out.attribute("base", "xs:string");
    for value in values.as_array().into_iter().flatten().filter_map(Value::as_str) {
        out.open("xs:enumeration");
        out.attribute("value", value);
        out.close();
    }
    out.close();
    out.close();
}

/// The members of an object, whether each must be there.
#[derive(Default)]
struct Members {
    schemas: Map<String, Value>,
    required: Vec<String>,
    references: Vec<String>,
}

impl Members {
    /// Of an object; of all parts of what is put together; of what any alternative has, and all of them require.
    fn of(schema: &Value) -> Self {
        let mut members = Self::default();
        if let Some(properties) = schema["properties"].as_object() {
            members.schemas.clone_from(properties);
            members.required = names(&schema["required"]);
        }
        if let Some(to) = reference(schema) {
            members.references.push(to.to_owned());
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            let mut part = Self::of(part);
            members.schemas.append(&mut part.schemas);
            members.required.append(&mut part.required);
            members.references.append(&mut part.references);
        }
        let alternatives: Vec<Self> = schema["oneOf"]
            .as_array()
            .into_iter()
            .flatten()
            .map(Self::of)
            .collect();
        if let Some(first) = alternatives.first() {
            let in_all = |name: &&String| alternatives.iter().all(|a| a.required.contains(name));
            members
                .required
                .extend(first.required.iter().filter(in_all).cloned());
        }
        for mut alternative in alternatives {
            for (name, schema) in std::mem::take(&mut alternative.schemas) {
                // The tag that tells the alternatives apart has one value in each.
                let schema = match schema.get("enum") {
                    Some(_) => serde_json::json!({"type": "string"}),
                    None => schema,
                };
                members.schemas.insert(name, schema);
            }
        }
        members
    }

    fn write(mut self, out: &mut Writer) {
        let all = definitions();
        for reference in std::mem::take(&mut self.references) {
            let mut referred = Self::of(&all[&reference]);
            self.schemas.append(&mut referred.schemas);
            self.required.append(&mut referred.required);
        }
        out.open("xs:all");
        for (name, schema) in &self.schemas {
            out.open("xs:element");
            out.attribute("name", name);
            if !self.required.contains(name) {
                out.attribute("minOccurs", "0");
            }
            element(out, schema);
            out.close();
        }
        out.close();
    }
}

fn names(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

/// Type and description of an element that was just begun.
fn element(out: &mut Writer, schema: &Value) {
    // A member that may be null: of the two alternatives the one that is something.
    let something = schema["oneOf"]
        .as_array()
        .and_then(|ways| ways.iter().find(|way| way["type"] != "null"));
    let schema = something.unwrap_or(schema);
    if let Some(to) = reference(schema) {
        out.attribute("type", to);
        describe(out, schema);
    } else if schema["type"] == "array" {
        describe(out, schema);
        out.open("xs:complexType");
        out.open("xs:sequence");
        out.open("xs:element");
        out.attribute("name", ITEM);
        out.attribute("minOccurs", "0");
        out.attribute("maxOccurs", "unbounded");
        element(out, &schema["items"]);
        out.close();
        out.close();
        out.close();
    } else {
        out.attribute("type", primitive(schema));
        describe(out, schema);
    }
}

fn primitive(schema: &Value) -> &'static str {
    let is = |name: &str| match &schema["type"] {
        Value::Array(types) => types.iter().any(|t| t == name),
        other => other == name,
    };
    match schema["format"].as_str() {
        Some("date") => "xs:date",
        Some("date-time") => "xs:dateTime",
        _ if is("boolean") => "xs:boolean",
        _ if is("integer") => "xs:integer",
        _ => "xs:string",
    }
}
