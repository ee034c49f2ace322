//! Nobody loses work by thinking too long (WCAG 2.2, 2.2.1 and 2.2.6): a warning at least two minutes before the session
//! ends, one key that keeps it, and a form that is sent too late goes on after signing in.

use chrono::TimeDelta;
use serde_json::json;

use crate::audit::judge;
use crate::driver::{Browser, browser, keys};
use crate::fixture::{self, Ids};
use crate::site::Site;
use crate::support;

/// A clock of the page that stands still until it is told how much time passes; what waits for less than a second waits
/// in real time.
const STILL: &str = "{
    const wait = setTimeout, give_up = clearTimeout, waiting = [];
    let now = Date.now();
    Date.now = () => now;
    window.setTimeout = (act, time, ...rest) => {
        if (!(time >= 1000)) return wait(act, time, ...rest);
        const one = { at: now + time, act };
        waiting.push(one);
        return one;
    };
    window.clearTimeout = (one) => {
        const at = waiting.indexOf(one);
        if (at >= 0) waiting.splice(at, 1); else give_up(one);
    };
    window.waiting = () => waiting.length;
    window.pass = (seconds) => {
        const until = now + seconds * 1000;
        for (;;) {
            waiting.sort((a, b) => a.at - b.at);
            if (!waiting.length || waiting[0].at > until) break;
            const one = waiting.shift();
            now = one.at;
            one.act();
        }
        now = until;
    };
}";

/// The pages that follow have a clock that stands still.
struct Stopped<'a> {
    browser: &'a Browser,
    script: String,
}

impl<'a> Stopped<'a> {
    fn on(browser: &'a Browser) -> Self {
        let added = browser.cdp("Page.addScriptToEvaluateOnNewDocument", &json!({"source": STILL}));
        let script = added["identifier"].as_str().expect("a number").to_owned();
        Self { browser, script }
    }

    /// Time passes, for the page and for the portal.
    fn pass(&self, site: &Site, time: TimeDelta) {
        site.pass(time);
        self.browser
            .eval("pass(arguments[0])", &[json!(time.num_seconds())]);
    }

    /// Waits until the portal has answered so many times that the session is kept, and the page counts anew.
    fn kept(&self, times: usize) {
        let counts =
            "return performance.getEntriesByType('resource').filter(r => r.name.endsWith('/session')).length
            === arguments[0] && waiting() === 1 && !document.getElementById('ending').open";
        for _ in 0..1_200 {
            if self.browser.eval(counts, &[json!(times)]) == json!(true) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("the session is not kept");
    }
}

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        let script = json!({"identifier": self.script});
        self.browser
            .cdp("Page.removeScriptToEvaluateOnNewDocument", &script);
    }
}

/// Whether the warning is open.
fn is_open(browser: &Browser) -> bool {
    browser.eval("return document.getElementById('ending').open", &[]) == json!(true)
}

#[test]
fn a_warning_comes_in_time_and_one_key_keeps_the_session() {
    let Some(browser) = browser() else { return };
    let site = Site::on(fixture::one().expect("the nation"));
    let mut c = site.db.connect().expect("a connection");
    let ids = Ids::of(&mut c).expect("the nation's numbers");
    site.sign_in(&browser, "admin@tea.example");
    let clock = Stopped::on(&browser);
    site.open(&browser, &format!("/notices/new?person={}", ids.ana));
    browser.eval("document.querySelector('#city').value = 'Tifton'", &[]);
    clock.pass(&site, TimeDelta::seconds(17 * 60 - 1));
    assert!(!is_open(&browser), "too early");
    clock.pass(&site, TimeDelta::seconds(1));
    assert!(is_open(&browser), "three minutes before the end");
    let words = browser.text("return document.getElementById('ending-words').textContent");
    assert_eq!(words, "You will be signed out in 3 minutes.");
    assert_eq!(
        browser.text("return document.activeElement.textContent"),
        "Stay signed in"
    );
    assert_eq!(judge(&browser), [""; 0]);
    browser.press(&keys::ENTER.to_string());
    clock.kept(1);
    // The session is three minutes older than it could have become, and lives; so does what was typed.
    clock.pass(&site, TimeDelta::minutes(18));
    assert!(is_open(&browser), "it is warned of again");
    browser.press("\u{e00c}");
    clock.kept(2);
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
