//! Nobody loses work by thinking too long (WCAG 2.2, 2.2.1 and 2.2.6): a warning at least two minutes before the session
//! ends, one key that keeps it, and a form that is sent too late goes on after signing in.

use chrono::TimeDelta;
use serde_json::json;

use crate::audit::judge;
use crate::driver::{Browser, browser, keys};
use crate::fixture::{self, Ids};
use crate::site::Site;
use crate::support;

/// How many times as fast the clock of the page runs.
const HASTE: u32 = 200;

/// The clock of the pages that follow, faster.
struct Haste<'a> {
    browser: &'a Browser,
    script: String,
}

impl<'a> Haste<'a> {
    fn on(browser: &'a Browser) -> Self {
        let source = format!(
            "{{ const wait = setTimeout, from = Date.now(), now = Date.now.bind(Date);
                window.setTimeout = (act, time) => wait(act, time / {HASTE});
                Date.now = () => from + (now() - from) * {HASTE}; }}"
        );
        let added = browser.cdp(
            "Page.addScriptToEvaluateOnNewDocument",
            &json!({"source": source}),
        );
        let script = added["identifier"].as_str().expect("a number").to_owned();
        Self { browser, script }
    }
}

impl Drop for Haste<'_> {
    fn drop(&mut self) {
        let script = json!({"identifier": self.script});
        self.browser
            .cdp("Page.removeScriptToEvaluateOnNewDocument", &script);
    }
}

/// Waits until the warning is open, or closed.
fn wait(browser: &Browser, open: bool) {
    for _ in 0..1200 {
        if browser.eval("return document.getElementById('ending').open", &[]) == json!(open) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the warning is not {}", if open { "open" } else { "closed" });
}

#[test]
fn a_warning_comes_in_time_and_one_key_keeps_the_session() {
    let Some(browser) = browser() else { return };
    let site = Site::on(fixture::one().expect("the nation"));
    let mut c = site.db.connect().expect("a connection");
    let ids = Ids::of(&mut c).expect("the nation's numbers");
    site.sign_in(&browser, "admin@tea.example");
    let _haste = Haste::on(&browser);
    site.open(&browser, &format!("/notices/new?person={}", ids.ana));
    browser.eval("document.querySelector('#city').value = 'Tifton'", &[]);
    wait(&browser, true);
    // What is left when it opens: the time of the page since it was loaded.
    let words = browser.text("return document.getElementById('ending-words').textContent");
    assert_eq!(words, "You will be signed out in 3 minutes.");
    assert_eq!(
        browser.text("return document.activeElement.textContent"),
        "Stay signed in"
    );
    assert_eq!(judge(&browser), [""; 0]);
    site.pass(TimeDelta::minutes(17));
    browser.press(&keys::ENTER.to_string());
    wait(&browser, false);
    // The session is three minutes older than it could have become, and lives; so does what was typed.
    wait(&browser, true);
    site.pass(TimeDelta::minutes(17));
    browser.press("\u{e00c}");
    wait(&browser, false);
    assert_eq!(
        browser.text("return document.querySelector('#city').value"),
        "Tifton"
    );
    site.pass(TimeDelta::minutes(19));
    site.open(&browser, "/");
    assert!(
        !browser.url().contains("sign-in"),
        "it was kept: {}",
        browser.url()
    );
}

#[test]
fn a_form_that_is_sent_too_late_goes_on_after_signing_in() {
    let Some(browser) = browser() else { return };
    let site = Site::on(fixture::one().expect("the nation"));
    let mut c = site.db.connect().expect("a connection");
    let ids = Ids::of(&mut c).expect("the nation's numbers");
    site.sign_in(&browser, "admin@tea.example");
    site.open(&browser, &format!("/notices/new?person={}", ids.ana));
    site.pass(TimeDelta::minutes(25));
    let fields = [
        ("#kind", "arrival"),
        ("#state", "GA"),
        ("#city", "Tifton & “Omega”"),
        ("#note", "Asks for a bus"),
    ];
    browser.send(&fields, "main form .button");
    assert_eq!(
        browser.text("return document.querySelector('main h2').textContent"),
        "You were signed out"
    );
    assert_eq!(judge(&browser), [""; 0]);
    // A wrong password does not lose it.
    browser.send(
        &[("#email", "admin@tea.example"), ("#password", "wrong wrong")],
        "main button",
    );
    browser.send(&[("#password", support::PASSWORD)], "main button");
    let shown = browser.text("return document.querySelector('main').textContent");
    assert_eq!(judge(&browser), [""; 0]);
    for said in ["signed in again", "Tifton & “Omega”", "Asks for a bus"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    browser.click("main form .button");
    assert!(browser.url().contains("sent=1"), "{}", browser.url());
    let texas = mde::StateCode::new("TX").expect("a state");
    let sent =
        store::notices::list(&mut c, texas, store::notices::Box::Sent, true, None, 9).expect("notices");
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].note.as_deref(), Some("Asks for a bus"));
}
