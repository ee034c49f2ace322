//! How pages look: nothing is cut off on the smallest screen, little is sent, and pictures of all to be looked at.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::driver::browser;
use crate::pages;

/// Where the pictures of the last run are.
fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("portal-pages");
    fs::create_dir_all(&folder).expect("a folder for pictures");
    folder
}

/// Elements that stick out to the right of the screen, unless they are in a region that scrolls by itself (WCAG 2.2,
/// 1.4.10: pictures and tables that need two dimensions), and what cannot be scrolled to.
const STICKS_OUT: &str = "
    const wide = document.documentElement.scrollWidth, screen = document.documentElement.clientWidth;
    if (wide <= screen) return [];
    return [`${wide} px on ${screen} px`].concat([...document.querySelectorAll('body *')]
        .filter(e => e.getBoundingClientRect().right > screen + 1 && !e.closest('[role=region][tabindex]') )
        .slice(-4).map(e => e.outerHTML.slice(0, 160)));";

/// Screens on which nothing may stick out: CSS pixels and scale. 320 at fourfold size is 1280 at 400 % zoom.
const SCREENS: [(u32, u32, u32); 3] = [(320, 640, 1), (320, 256, 4), (768, 1024, 1)];

#[test]
fn nothing_sticks_out_on_a_narrow_screen_or_at_400_percent() {
    let Some(browser) = browser() else { return };
    let mut wrong = Vec::new();
    pages::each(&browser, |page| {
        for (width, height, scale) in SCREENS {
            browser.resize(width, height, scale);
            let out = browser.eval(STICKS_OUT, &[]);
            let out: Vec<&str> = out
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            if !out.is_empty() {
                wrong.push(format!(
                    "{} at {width} px × {scale}: {}",
                    page.name,
                    out.join(" ")
                ));
            }
        }
        browser.resize(1280, 900, 1);
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Not compared with anything: they are for people, who look at them when a page has changed.
#[test]
fn pictures_of_all_pages_are_taken() {
    let Some(browser) = browser() else { return };
    let folder = folder();
    let mut taken = 0;
    pages::each(&browser, |page| {
        for width in [360, 768, 1280] {
            browser.resize(width, 900, 1);
            fs::write(
                folder.join(format!("{}-{width}.png", page.name)),
                browser.picture(),
            )
            .expect("a picture");
        }
        browser.resize(1280, 900, 1);
        let paper = browser.paper();
        // A table whose header is told from its cells, for who hears the paper.
        let tagged = paper.windows(15).any(|bytes| bytes == b"/StructTreeRoot");
        assert!(tagged, "{}: the printed page is not tagged", page.name);
        fs::write(folder.join(format!("{}-print.pdf", page.name)), paper).expect("a paper");
        taken += 1;
    });
    println!("{taken} pages in {}", folder.display());
}

/// Bytes over the wire, compressed, of the page and of all that it asks for.
const SENT: &str = "
    const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    return [all.reduce((sum, e) => sum + e.transferSize, 0), all.filter(e => e.transferSize > 0).length];";

/// A page with nothing kept, and when the look is kept already.
const COLD: u64 = 100_000;
const WARM: u64 = 25_000;
/// The page, its style, its picture, two fonts and two scripts.
const REQUESTS: u64 = 7;

#[test]
fn pages_are_small() {
    let Some(browser) = browser() else { return };
    let mut wrong = Vec::new();
    let mut largest = (0, "");
    let mut sent = |name: &'static str, what: &str, limit: u64| {
        let sent = browser.eval(SENT, &[]);
        let (bytes, requests) = (
            sent[0].as_u64().unwrap_or(u64::MAX),
            sent[1].as_u64().unwrap_or(u64::MAX),
        );
        if bytes > limit || requests > REQUESTS {
            wrong.push(format!("{name}, {what}: {bytes} bytes in {requests} requests"));
        }
        if limit == WARM && bytes > largest.0 {
            largest = (bytes, name);
        }
        bytes
    };
    let mut cold = 0;
    pages::each(&browser, |page| {
        if !page.button.is_empty() {
            return;
        }
        let address = browser.url();
        browser.cdp("Network.clearBrowserCache", &json!({}));
        browser.open(&address);
        cold = cold.max(sent(page.name, "cold", COLD));
        browser.open(&address);
        sent(page.name, "warm", WARM);
    });
    println!(
        "largest: {cold} bytes cold; warm {} bytes ({})",
        largest.0, largest.1
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
