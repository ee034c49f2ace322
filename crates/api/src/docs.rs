//! The OpenAPI document and the kinds of finding as pages that need nothing else: no script, no other server.

use std::fmt::Write as _;
use std::sync::LazyLock;

use mde::{Element, FindingCode, Severity};
use serde_json::Value;

use crate::openapi;
use crate::problem::ProblemCode;

/// What the page may do: be styled by itself.
pub const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

const STYLE: &str = "
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
code, .method { font-family: ui-monospace, monospace }
.method { display: inline-block; min-width: 4rem; font-weight: 700 }
details { border: 1px solid #8886; border-radius: .5rem; padding: .5rem 1rem; margin: .5rem 0 }
summary { cursor: pointer; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto }
dt { font-weight: 700 } dd { margin: 0 0 .5rem } pre { overflow-x: auto; border: 1px solid #8886; padding: .5rem }
th, td { text-align: left; vertical-align: top; border-top: 1px solid #8884; padding: .25rem .75rem .25rem 0 }
";

/// The page.
#[must_use]
pub fn page() -> &'static str {
    static PAGE: LazyLock<String> =
        LazyLock::new(|| render(&serde_json::from_str(openapi::json()).expect("the document is JSON")));
    &PAGE
}

/// The page that explains a kind of finding.
#[must_use]
pub fn finding(code: FindingCode) -> String {
    let rule = code.explained();
    let mut page = head(&format!("{code}: {}", escape(rule.title)));
    page.push_str("<p><a href=\"/docs/findings\">All findings</a></p><dl>");
    let severity = match rule.severity {
        Severity::Error => {
            "Error: the smallest thing that it spoils was left out, a value, a row or a student."
        }
        Severity::Warning => "Warning: nothing was left out.",
    };
    let named = |number: &&str| match Element::numbered(number) {
        Some(element) => format!("{} {}", element.number, element.name),
        None => (*number).to_owned(),
    };
    let elements: Vec<String> = rule.elements.iter().map(named).collect();
    for (term, text) in [
        ("Severity", severity),
        ("Data elements", &elements.join(", ")),
        ("Rule", rule.rule),
        ("What to do", rule.fix),
        ("What it means", rule.means),
        ("Source of the rule", rule.source),
    ] {
        if !text.is_empty() {
            let _ = write!(page, "<dt>{term}<dd>{}", escape(text));
        }
    }
    let _ = write!(
        page,
        "</dl><h2>With the finding</h2><pre>{}</pre><h2>Without it</h2><pre>{}</pre></main></body></html>",
        escape(rule.wrong),
        escape(rule.right)
    );
    page
}

/// The page that explains a kind of problem.
#[must_use]
pub fn problem(code: ProblemCode) -> String {
    let mut page = head(&escape(code.title()));
    page.push_str("<p><a href=\"/docs\">The interface, with all problems</a></p><dl>");
    for (term, text) in [
        ("Type", code.urn().as_str()),
        ("Status", code.status().as_str()),
        ("What has happened", code.means()),
        ("What to do", code.fix()),
        ("What a program should do", code.retry().words()),
    ] {
        let _ = write!(page, "<dt>{term}<dd>{}", escape(text));
    }
    page + "</dl></main></body></html>"
}

/// The list of all kinds of finding.
#[must_use]
pub fn findings() -> &'static str {
    static PAGE: LazyLock<String> = LazyLock::new(|| {
        let mut page = head("Findings");
        page.push_str("<table><tr><th>code<th>severity<th>what was found</tr>");
        for code in FindingCode::ALL {
            let _ = write!(
                page,
                "<tr><td><a href=\"{}\">{code}</a><td>{}<td>{}</tr>",
                code.page(),
                code.severity(),
                escape(code.title())
            );
        }
        page + "</table></main></body></html>"
    });
    &PAGE
}

fn head(title: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>"
    )
}

fn render(document: &Value) -> String {
    let title = text(&document["info"]["title"]);
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><h1>{title}</h1><p>{}</p><p><a href=\"/openapi.json\">openapi.json</a></p>",
        text(&document["info"]["description"])
    );
    for tag in document["tags"].as_array().into_iter().flatten() {
        let _ = write!(
            page,
            "<h2>{}</h2><p>{}</p>",
            text(&tag["name"]),
            text(&tag["description"])
        );
        for (path, operations) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                if operation["tags"][0] == tag["name"] {
                    render_operation(&mut page, path, method, operation);
                }
            }
        }
    }
    page.push_str("<h2>Documents</h2>");
    for (name, schema) in document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
    {
        render_schema(&mut page, name, schema);
    }
    page.push_str("<h2>Problems</h2><table><tr><th>type<th>status<th>retry<th>meaning</tr>");
    for code in ProblemCode::ALL {
        let _ = write!(
            page,
            "<tr><td><a href=\"{}\"><code>{}</code></a><td>{}<td>{}<td>{}</tr>",
            code.page(),
            code.urn(),
            code.status().as_u16(),
            format!("{:?}", code.retry()).to_lowercase(),
            escape(code.title())
        );
    }
    page.push_str(
        "</table><p><a href=\"/docs/findings\">What is said of records: findings</a></p></body></html>",
    );
    page
}

fn render_operation(page: &mut String, path: &str, method: &str, operation: &Value) {
    let _ = write!(
        page,
        "<details><summary><span class=\"method\">{}</span> <code>{}</code> {}</summary><p>{}</p>",
        escape(&method.to_uppercase()),
        escape(path),
        text(&operation["summary"]),
        text(&operation["description"])
    );
    let parameters: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
    if !parameters.is_empty() {
        page.push_str("<table><tr><th>parameter<th>in<th>meaning</tr>");
        for parameter in parameters {
            let required = if parameter["required"] == Value::Bool(true) {
                ""
            } else {
                " (optional)"
            };
            let _ = write!(
                page,
                "<tr><td><code>{}</code><td>{}{required}<td>{}</tr>",
                text(&parameter["name"]),
                text(&parameter["in"]),
                text(&parameter["description"])
            );
        }
        page.push_str("</table>");
    }
    if let Some(content) = operation["requestBody"]["content"].as_object() {
        let kinds: Vec<String> = content
            .iter()
            .map(|(kind, body)| format!("{} {}", escape(kind), kind_of(&body["schema"])))
            .collect();
        let _ = write!(page, "<p>Sends {}.</p>", kinds.join(", "));
    }
    page.push_str("<table><tr><th>status<th>meaning<th>document</tr>");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let schemas: Vec<String> = response["content"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(kind, body)| format!("{} {}", escape(kind), kind_of(&body["schema"])))
            .collect();
        let _ = write!(
            page,
            "<tr><td>{}<td>{}<td>{}</tr>",
            escape(status),
            text(&response["description"]),
            schemas.join("<br>")
        );
    }
    page.push_str("</table></details>");
}

fn render_schema(page: &mut String, name: &str, schema: &Value) {
    let name = escape(name);
    let _ = write!(
        page,
        "<details id=\"{name}\"><summary><code>{name}</code></summary><p>{}</p><table>",
        text(&schema["description"])
    );
    for (member, of) in schema["properties"].as_object().into_iter().flatten() {
        let _ = write!(
            page,
            "<tr><td><code>{}</code><td>{}<td>{}</tr>",
            escape(member),
            kind_of(of),
            text(&of["description"])
        );
    }
    page.push_str("</table></details>");
}

/// What kind of value a schema describes: a type, or a link to a named schema.
fn kind_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|reference| reference.rsplit('/').next())
    {
        return format!("<a href=\"#{0}\">{0}</a>", escape(name));
    }
    if let Some(item) = schema.get("items") {
        return format!("list of {}", kind_of(item));
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(kinds) = schema[several].as_array() {
            return kinds.iter().map(kind_of).collect::<Vec<_>>().join(" or ");
        }
    }
    match &schema["type"] {
        Value::String(kind) => escape(kind),
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => String::new(),
    }
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_and_no_other_server_is_on_the_page() {
        let page = page();
        for (path, operations) in openapi::document().paths.paths {
            assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
            drop(operations);
        }
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"));
    }
}
