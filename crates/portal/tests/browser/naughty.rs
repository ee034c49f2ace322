//! Whatever a child is called, it is text: on every page that shows a child, letter for letter, and nothing runs.

use serde_json::{Value, json};
use store::work_items;

use crate::driver::{Browser, browser};
use crate::site::Site;
use crate::support;

/// First names that something could take for more than a name. None is over the 50 characters of a name; controls,
/// marks of direction and what has no width are refused before they are stored.
const NAMES: [&str; 19] = [
    "<script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    "\"><svg onload=window.ran=1>",
    "' autofocus onfocus='window.ran=1",
    "</title></textarea></select><b>Bold",
    "<!-- <a href=javascript:window.ran=1>Ana</a>",
    "&lt;Ana&gt; &amp;amp; &#60;",
    "{{7*7}} ${7*7} {% raw %} #{7*7}",
    "=HYPERLINK(\"https://evil.example\")",
    "'; drop table student; --",
    "%3Cscript%3E %00 ../../etc/passwd",
    "null undefined NaN true",
    "مريم بنت عبد الله",
    "שרה בת אברהם",
    "田中 花子",
    "Ŧḥę Ꝺòǥ ǅ ﬁ",
    "🦋 👧🏽 ✓",
    "Wolfeschlegelsteinhausenbergerdorffwelchevoralt",
    "Ixtlilxóchitl-Nezahualcóyotl-O’Neill d’Ávila",
];

/// Nothing of a name became markup, and nothing ran.
const UNTOUCHED: &str = "return !window.ran && !document.querySelector('script:not([src^=\"/assets/\"]), [onload], [onerror], [onfocus], main svg:not([role]), a[href^=\"javascript:\"]')";

/// Its children in Texas, and again in Georgia: the same, or nearly so.
fn children(prefix: &str, shift: usize) -> Vec<Value> {
    let child = |(index, name): (usize, &&str)| {
        let birth = format!(
            "2014-{:02}-{:02}",
            index % 12 + 1,
            3 + index + (index % 2) * shift
        );
        json!({
            "identity": {"state_student_id": format!("{prefix}{index}"), "last_name_1": format!("Prueba{index}"), "first_name": name,
                "gender": "Female", "birth_date": birth, "parent1_first_name": name, "parent1_last_name": "Prueba"},
            "qualifying_moves": [{"qualifying_arrival_date": "2026-03-10", "to_city": "Mission", "to_state": "TX", "certificate_approval_date": "2026-03-24"}],
            "enrollments": [{"school_or_project_name": "Roosevelt", "enrollment_date": "2026-03-16", "grade": "07", "enrollment_type": "01"}],
        })
    };
    NAMES.iter().enumerate().map(child).collect()
}

fn nation() -> testkit::TestDb {
    let db = support::filled("portal-browser-naughty", |c| {
        support::people(c)?;
        support::load(c, "TX", "2026-03-31T02:00:00Z".parse()?, children("N", 0))?;
        support::load(c, "GA", "2026-03-31T02:00:00Z".parse()?, children("G", 2))?;
        support::link(c)
    });
    db.expect("children with odd names")
}

/// The page says these names, letter for letter.
fn says(browser: &Browser, names: &[&str]) {
    let at = browser.url();
    assert_eq!(
        browser.eval(UNTOUCHED, &[]),
        json!(true),
        "something of a name ran at {at}"
    );
    // The picture of the timeline and what is folded away are in the text, too.
    let text = browser.text("return document.body.textContent");
    for name in names {
        assert!(text.contains(name), "{name} does not stand at {at}: {text}");
    }
}

#[test]
fn whatever_a_child_is_called_is_text() {
    let Some(browser) = browser() else { return };
    let site = Site::on(nation());
    let mut c = site.db.connect().expect("a connection");
    site.sign_in(&browser, "admin@tea.example");
    for (index, name) in NAMES.iter().enumerate() {
        let person = support::person_of(&mut c, "TX", &format!("N{index}")).expect("a person");
        for path in [
            format!("/persons/{person}?purpose=enroll"),
            format!("/persons/{person}/history?purpose=enroll"),
            format!("/merges/{person}"),
            format!("/notices/new?person={person}"),
        ] {
            site.open(&browser, &path);
            says(&browser, &[name]);
        }
    }
    // What is sought for stands in the form again, and what is found in the list.
    site.open(&browser, "/search");
    let fields = [
        ("#first", NAMES[0]),
        ("#last", "Prueba0"),
        ("#birth", "2014"),
        ("#purpose", "enroll"),
    ];
    browser.send(&fields, "main form .button");
    says(&browser, &NAMES[..1]);
    assert_eq!(
        browser.text("return document.querySelector('#first').value"),
        NAMES[0]
    );

    let near_matches = work_items::open(&mut c, "near_match", None, 99).expect("near matches");
    println!("{} near matches", near_matches.len());
    for item in &near_matches {
        site.open(&browser, &format!("/near-matches/{}", item.work_item_id));
        says(&browser, &[]);
    }
    for list in ["/students", "/new-children"] {
        site.open(&browser, list);
        says(&browser, &NAMES);
    }
    for list in ["/worklist", "/notices", "/notices?box=sent", "/disagreements"] {
        site.open(&browser, list);
        says(&browser, &[]);
    }
}

/// A check that could not fail would be none.
#[test]
fn markup_that_ran_would_be_noticed() {
    let Some(browser) = browser() else { return };
    browser.open("data:text/html,<!doctype html><main><img src=x onerror=window.ran=1></main>");
    assert_eq!(browser.eval(UNTOUCHED, &[]), json!(false));
}
