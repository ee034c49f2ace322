//! What a screen reader is told of each page, kept under version control: roles, names, headings. A change must be meant.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::driver::{Browser, browser};
use crate::pages::{self, Amount};

/// Roles that only hold others together.
const SILENT: [&str; 6] = [
    "none",
    "generic",
    "InlineTextBox",
    "LineBreak",
    "RootWebArea",
    "ignored",
];

/// States of a control that are said with it.
const STATES: [&str; 5] = ["checked", "expanded", "invalid", "required", "disabled"];

/// Pages that are a list of all rules, those that tell keys made at random, and the one that is `person` as of another
/// day: they are not kept.
const NOT_KEPT: [&str; 6] = [
    "findings",
    "problems",
    "glossary",
    "person-past-day",
    "webhook-keys",
    "webhook",
];

struct Tree<'a> {
    nodes: HashMap<String, &'a Value>,
    /// The number of a node that is left out, with all below it.
    without: Option<String>,
    text: String,
}

impl Tree<'_> {
    /// A node and all below it, each a line.
    fn write(&mut self, id: &str, depth: usize) {
        if self.without.as_deref() == Some(id) {
            return;
        }
        let node = self.nodes[id];
        let role = node["role"]["value"].as_str().unwrap_or("none");
        let name = node["name"]["value"].as_str().unwrap_or_default().trim();
        let said = node["ignored"] != json!(true) && !SILENT.contains(&role);
        let children: Vec<&str> = node["childIds"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let text = role == "StaticText";
        if said && !(text && name.is_empty()) {
            self.text.push_str(&"  ".repeat(depth));
            self.text.push_str(if text { "text" } else { role });
            if !name.is_empty() {
                self.text.push_str(&format!(" {:?}", steady(name)));
            }
            for property in node["properties"].as_array().into_iter().flatten() {
                let (what, value) = (
                    property["name"].as_str().unwrap_or_default(),
                    &property["value"]["value"],
                );
                let said = STATES.contains(&what) || (what == "level" && role == "heading");
                if said && ![json!(false), json!("false")].contains(value) {
                    self.text
                        .push_str(&format!(" [{what}={}]", value.to_string().trim_matches('"')));
                }
            }
            self.text.push('\n');
        }
        // What an element is called by is its own text: once is enough.
        let repeats = |child: &str| {
            let child = self.nodes[child];
            child["role"]["value"] == "StaticText"
                && child["name"]["value"].as_str().map(str::trim) == Some(name)
        };
        if said && children.len() == 1 && repeats(children[0]) {
            return;
        }
        for child in children {
            self.write(child, depth + usize::from(said));
        }
    }
}

/// Without the numbers that differ from run to run: records' numbers and those of work.
fn steady(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for letter in text.chars().chain(['\0']) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        out.push_str(if digits.len() == 12 { "[number]" } else { &digits });
        digits.clear();
        out.push(letter);
    }
    out.pop();
    out
}

/// What is said of the page's own part, the frame around it left out; or of the frame alone.
fn tree(browser: &Browser, frame: bool) -> String {
    let answer = browser.cdp("Accessibility.getFullAXTree", &json!({}));
    let list = answer["nodes"].as_array().expect("nodes");
    let id = |node: &Value| node["nodeId"].as_str().expect("a number").to_owned();
    let main = list
        .iter()
        .find(|node| node["role"]["value"] == "main")
        .map(id)
        .expect("a main part");
    let root = if frame { id(&list[0]) } else { main.clone() };
    let mut tree = Tree {
        nodes: list.iter().map(|node| (id(node), node)).collect(),
        without: frame.then_some(main),
        text: String::new(),
    };
    tree.write(&root, 0);
    tree.text
}

#[test]
fn screen_readers_are_told_what_is_meant() {
    let Some(browser) = browser() else { return };
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut differ = Vec::new();
    settings.bind(|| {
        pages::each(&browser, |page| {
            if page.amount == Amount::Many || NOT_KEPT.contains(&page.name) {
                return;
            }
            let text = tree(&browser, false);
            assert!(text.contains("[level=1]"), "{}: {text}", page.name);
            // All pages are looked at, also when one differs.
            let held = std::panic::catch_unwind(|| insta::assert_snapshot!(page.name, text));
            if held.is_err() {
                differ.push(page.name);
            }
            if page.name == "home" {
                insta::assert_snapshot!("frame", tree(&browser, true));
            }
        });
    });
    assert!(
        differ.is_empty(),
        "screen readers are told otherwise on {}",
        differ.join(", ")
    );
}
