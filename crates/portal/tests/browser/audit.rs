//! WCAG 2.2 AA as far as machines can judge: axe and HTML_CodeSniffer find nothing on any page. Each finds what the other
//! overlooks: axe takes a placeholder for a label, HTML_CodeSniffer knows nothing of ARIA's later rules.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::driver::{Browser, browser};
use crate::pages;

const AXE: &str = include_str!("vendor/axe.min.js");
const SNIFFER: &str = include_str!("vendor/HTMLCS.js");

/// The rules of axe that are held, by its tags.
const TAGS: [&str; 6] = [
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22aa",
    "section508",
];

const RUN_AXE: &str = "
    const found = await axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}, resultTypes: ['violations']});
    return found.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${v.help}: ${n.html.slice(0, 200)} ${n.failureSummary}`));";

const RUN_SNIFFER: &str = "
    const words = HTMLCS.getTranslation;
    HTMLCS.getTranslation = key => words.call(HTMLCS, key) ?? key; // some of its rules have no text
    return await new Promise(done => HTMLCS.process('WCAG2AA', document, () => done(HTMLCS.getMessages()
        .filter(m => m.type === HTMLCS.ERROR)
        .map(m => `${m.code}: ${m.msg} ${(m.element.outerHTML || '').slice(0, 200)}`))));";

fn list(found: &Value) -> Vec<String> {
    let found = found.as_array().expect("a list");
    found
        .iter()
        .filter_map(Value::as_str)
        .map(ToOwned::to_owned)
        .collect()
}

/// What the rules say against the page that is shown.
pub(crate) fn judge(browser: &Browser) -> Vec<String> {
    browser.define(AXE);
    browser.define(SNIFFER);
    let mut found = list(&browser.eval(
        &format!("return (async () => {{{RUN_AXE}}}).apply(null, arguments)"),
        &[json!(TAGS)],
    ));
    found.extend(list(
        &browser.eval(&format!("return (async () => {{{RUN_SNIFFER}}})()"), &[]),
    ));
    found
}

#[test]
fn no_page_breaks_a_rule_of_accessibility() {
    let Some(browser) = browser() else { return };
    let mut wrong: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut pages = 0;
    pages::each(&browser, |page| {
        pages += 1;
        for mistake in judge(&browser) {
            wrong.entry(mistake).or_default().push(page.name);
        }
    });
    println!(
        "{pages} pages, axe and HTML_CodeSniffer: {} mistakes",
        wrong.len()
    );
    let report: Vec<String> = wrong
        .iter()
        .map(|(what, pages)| format!("{what}\n    on {}", pages.join(", ")))
        .collect();
    assert!(wrong.is_empty(), "{}", report.join("\n"));
}

/// The engines are there and judge: what is wrong is found.
#[test]
fn a_page_without_labels_and_contrast_would_be_found() {
    let Some(browser) = browser() else { return };
    browser
        .open("data:text/html,<!doctype html><title>x</title><body><input><p style='color:%23aaa'>pale</p>");
    let found = judge(&browser).join("\n");
    for rule in ["color-contrast", "label", "html-has-lang", "H91", "H57"] {
        assert!(found.contains(rule), "{rule}: {found}");
    }
}
