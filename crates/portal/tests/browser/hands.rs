//! Doing the work of a day without a mouse, and with few clicks.

use diesel::PgConnection;
use serde_json::json;
use store::notices::{self, Box};

use crate::driver::{Browser, browser, keys};
use crate::fixture;
use crate::site::Site;

/// What has the focus, whether a ring of two pixels at least shows it, and whether it is on the screen.
const FOCUS: &str = "
    const e = document.activeElement, look = getComputedStyle(e), box = e.getBoundingClientRect();
    return [e === document.body ? '' : (e.id || e.innerText || e.name || e.tagName).trim().slice(0, 60),
        look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2 && look.outlineColor !== 'rgba(0, 0, 0, 0)',
        box.bottom > 0 && box.top < innerHeight && box.width > 0];";

/// More tabs than any page has to the place that is looked for: a trap.
const TRAP: usize = 60;

/// Most presses of keys from the search to the paper.
const PRESSES: usize = 60;

/// Somebody with a keyboard only.
struct Hands<'a> {
    browser: &'a Browser,
    presses: usize,
    /// What was done, with the presses that it took.
    story: Vec<String>,
}

impl Hands<'_> {
    fn press(&mut self, keys: &str) {
        self.presses += keys.chars().count();
        self.browser.press(keys);
    }

    /// Moves on to the next control, which must show that it has the focus.
    fn tab(&mut self) -> String {
        self.press(&keys::TAB.to_string());
        let focus = self.browser.eval(FOCUS, &[]);
        let name = focus[0].as_str().unwrap_or_default().to_owned();
        assert!(
            focus[1] == json!(true) && focus[2] == json!(true),
            "the focus on {name:?} cannot be seen at {}",
            self.browser.url()
        );
        name
    }

    /// Tabs until what is focused matches a CSS selector.
    fn reach(&mut self, selector: &str) {
        for _ in 0..TRAP {
            self.tab();
            let there = self.browser.eval(
                "return document.activeElement.matches(arguments[0])",
                &[json!(selector)],
            );
            if there == json!(true) {
                return;
            }
        }
        panic!("{selector} cannot be reached at {}", self.browser.url());
    }

    /// Past the head of the page.
    fn skip(&mut self) {
        let first = self.tab();
        assert_eq!(first, "Skip to main content", "at {}", self.browser.url());
        self.press(&keys::ENTER.to_string());
    }

    /// Enters, and waits for the page that comes.
    fn enter(&mut self, what: &str) {
        self.presses += 1;
        self.browser
            .follow(|| self.browser.press(&keys::ENTER.to_string()));
        self.story.push(format!("{what}: {}", self.presses));
    }
}

/// Papers that were printed.
fn printed(c: &mut PgConnection) -> i64 {
    use diesel::RunQueryDsl as _;
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    let row: Count = diesel::sql_query("select count(*) as n from printed_paper")
        .get_result(c)
        .expect("a count");
    row.n
}

/// Waits until a paper is printed: a download leads to no page.
fn wait_for_paper(c: &mut PgConnection) {
    for _ in 0..600 {
        if printed(c) > 0 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("no paper was printed");
}

#[test]
fn a_child_is_found_judged_announced_and_printed_with_the_keyboard_alone() {
    let Some(browser) = browser() else { return };
    let site = Site::on(fixture::one().expect("the nation"));
    let mut c = site.db.connect().expect("a connection");
    site.sign_in(&browser, "admin@tea.example");
    site.open(&browser, "/search");
    let mut hands = Hands {
        browser: &browser,
        presses: 0,
        story: Vec::new(),
    };

    hands.skip();
    hands.reach("#last");
    hands.press("lopez");
    hands.reach("#birth");
    hands.press("2013");
    hands.reach("#purpose");
    hands.press("e");
    hands.reach("main form .button");
    hands.enter("search");
    hands.reach(".result a");
    hands.enter("child");

    hands.reach("a[href^='/near-matches/']");
    hands.enter("near match");
    hands.reach("#reason");
    hands.press("mum");
    hands.reach("button[value=same]");
    hands.enter("decided");
    assert!(browser.url().contains("/requests/"), "{}", browser.url());

    hands.skip();
    hands.reach("a[href^='/persons/']");
    hands.enter("child again");
    hands.skip();
    hands.reach("a[href^='/notices/new']");
    hands.enter("notice");
    hands.skip();
    hands.reach("#kind");
    hands.press("t");
    hands.reach("#state");
    hands.press("g");
    hands.reach("#city");
    hands.enter("sent");
    assert!(browser.url().contains("sent=1"), "{}", browser.url());
    hands.reach("a[href*='/record.pdf']");
    hands.press(&keys::ENTER.to_string());
    hands.story.push(format!("printed: {}", hands.presses));
    wait_for_paper(&mut c);

    println!("presses of keys: {}", hands.story.join(", "));
    let texas = mde::StateCode::new("TX").expect("a state");
    let sent = notices::list(&mut c, texas, Box::Sent, true, None, 9).expect("notices");
    assert_eq!(sent.len(), 1, "the notice was sent");
    let asked = store::work_items::open(&mut c, "merge", None, 9).expect("requests");
    assert_eq!(asked.len(), 2, "the decision waits for Georgia");
    assert!(hands.presses <= PRESSES, "{} presses of keys", hands.presses);
}

/// Somebody with a mouse: a click and a field filled in are an interaction each.
struct Mouse<'a> {
    browser: &'a Browser,
    interactions: usize,
}

impl Mouse<'_> {
    fn fill(&mut self, field: &str, value: &str) {
        self.interactions += 1;
        let set = "document.querySelector(arguments[0]).value = arguments[1]";
        self.browser.eval(set, &[json!(field), json!(value)]);
    }

    fn click(&mut self, selector: &str) {
        self.interactions += 1;
        self.browser.click(selector);
    }
}

#[test]
fn the_tasks_of_a_day_take_few_interactions() {
    let Some(browser) = browser() else { return };
    let site = Site::on(fixture::one().expect("the nation"));
    let mut c = site.db.connect().expect("a connection");
    let ids = fixture::Ids::of(&mut c).expect("the nation's numbers");
    let mouse = || Mouse {
        browser: &browser,
        interactions: 0,
    };
    site.sign_in(&browser, "counselor@mission.example");
    let mut found = mouse();
    found.fill("#last", "Reyes");
    found.fill("#birth", "4/23/2011");
    found.fill("#purpose", "enroll");
    found.click("form[action='/search'] .button");
    found.click(".result a");
    assert!(
        browser.url().contains(&ids.ana),
        "the child is the first that is found: {}",
        browser.url()
    );
    found.interactions += 1;
    browser.eval("document.querySelector(\"a[href*='/record.pdf']\").click()", &[]);
    wait_for_paper(&mut c);

    site.sign_in(&browser, "admin@tea.example");
    site.open(&browser, "/worklist");
    let mut judged = mouse();
    judged.click(&format!("a[href^='/near-matches/{}']", ids.near_match));
    judged.fill("#reason", "Two boys of one mother");
    judged.click("button[value=different]");
    assert!(browser.url().contains("done=different"), "{}", browser.url());

    site.open(&browser, &format!("/notices/new?person={}", ids.ana));
    let fields = browser.eval(
        "return document.querySelectorAll('main :is(input:not([type=hidden]), select, textarea)').length",
        &[],
    );
    let fields = fields.as_u64().expect("a number");
    println!(
        "find, open and print a child: {} interactions; judge a near match: {}; fields of a notice: {fields}",
        found.interactions, judged.interactions
    );
    assert!(found.interactions <= 12, "{}", found.interactions);
    assert!(judged.interactions <= 3, "{}", judged.interactions);
    assert!(fields <= 8, "{fields}");
}

#[test]
fn a_worklist_is_gone_through_with_its_keys() {
    let Some(browser) = browser() else { return };
    let site = Site::on(fixture::one().expect("the nation"));
    site.sign_in(&browser, "admin@tea.example");
    site.open(&browser, "/worklist");
    let mut hands = Hands {
        browser: &browser,
        presses: 0,
        story: Vec::new(),
    };
    let places =
        "return [...document.querySelectorAll('#worklist a[data-row]')].map(a => a.getAttribute('href'))";
    let places = browser.eval(places, &[]);
    let places: Vec<&str> = places
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|p| p.as_str())
        .collect();
    assert!(places.len() >= 2, "{places:?}");
    let at = || browser.text("return document.activeElement.getAttribute('href')");
    let ticked = || {
        let ticked = "return [...document.querySelectorAll('#worklist input:checked')].map(box => box.closest('tr').querySelector('a[data-row]').getAttribute('href')).join()";
        browser.text(ticked)
    };
    hands.skip();
    hands.press("jx");
    assert_eq!(
        ticked(),
        "",
        "the keys do nothing while the focus is elsewhere (WCAG 2.1.4)"
    );
    hands.reach("#worklist a[data-row]");
    assert_eq!(at(), places[0]);
    hands.press("j");
    assert_eq!(at(), places[1]);
    hands.press("x");
    assert_eq!(ticked(), places[1]);
    hands.press("kk");
    assert_eq!(at(), places[0], "and no further");
    hands.press("xjx");
    assert_eq!(ticked(), places[0]);
    hands.enter("opened");
    assert!(browser.url().ends_with(places[1]), "{}", browser.url());
}
