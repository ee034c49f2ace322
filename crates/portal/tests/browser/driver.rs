//! A headless Chromium under the W3C's WebDriver protocol, and through it the browser's own protocol for what WebDriver
//! cannot say: screen sizes, the accessibility tree, printing.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::blocking::Client;
use serde_json::{Value, json};

use crate::site;

const CHROMIUM: &str = "/usr/bin/chromium";
const DRIVER: &str = "/usr/bin/chromedriver";

/// How long a page may take to come, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs the driver until this process is gone, however it ended: then its end of the pipe is closed. Chromium ends with
/// the pipe to its driver. The folder holds all that both write.
const WATCH: &str = r#"
trap '' INT HUP
folder=$(mktemp -d)
TMPDIR=$folder "$0" --port=0 & driver=$!
cat >/dev/null
kill $driver
wait $driver
for again in 1 2 3 4 5; do rm -rf "$folder" 2>/dev/null && break; sleep 1; done
"#;

/// What a test presses, as WebDriver spells it.
pub(crate) mod keys {
    pub(crate) const TAB: char = '\u{e004}';
    pub(crate) const ENTER: char = '\u{e007}';
}

/// One Chromium with one window.
pub(crate) struct Browser {
    http: Client,
    /// Address of the session.
    session: String,
    /// Ends the driver when it is closed.
    _watch: (Child, ChildStdin),
}

/// The Chromium of this process, for one test at a time; `None` where there is none.
pub(crate) fn browser() -> Option<MutexGuard<'static, Browser>> {
    static SHARED: LazyLock<Option<Mutex<Browser>>> = LazyLock::new(|| {
        let missing = [CHROMIUM, DRIVER]
            .into_iter()
            .find(|path| !Path::new(path).exists());
        if let Some(missing) = missing {
            println!("{missing} is not there: no page was looked at. deploy/setup test installs it.");
            return None;
        }
        Some(Mutex::new(Browser::start()))
    });
    let browser = SHARED.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
    browser.forget();
    Some(browser)
}

impl Browser {
    fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut child = Command::new("sh")
            .args(["-c", WATCH, DRIVER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let stdin = child.stdin.take().expect("a pipe");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let port: u16 = lines
            .find_map(|line| {
                let line = line.expect("what ChromeDriver says");
                let (_, port) = line.split_once("started successfully on port ")?;
                port.trim_end_matches('.').parse().ok()
            })
            .expect("ChromeDriver says on which port it listens");
        let options = json!({
            "binary": CHROMIUM,
            "args": [
                "--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage",
                "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--no-proxy-server", "--lang=en-US", "--force-prefers-reduced-motion",
                format!("--ignore-certificate-errors-spki-list={}", site::Tls::shared().pin),
            ],
        });
        let capabilities = json!({"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}});
        let mut browser = Self {
            http: Client::builder().timeout(None).build().expect("a client"),
            session: format!("http://localhost:{port}/session"),
            _watch: (child, stdin),
        };
        let started = browser.call("POST", "", &json!({"capabilities": capabilities}));
        let id = started["sessionId"].as_str().expect("a session");
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    fn call(&self, method: &str, command: &str, body: &Value) -> Value {
        let method = method.parse().expect("a method");
        let mut request = self.http.request(method, format!("{}{command}", self.session));
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().expect("ChromeDriver answers");
        let status = answer.status();
        let mut answer: Value = answer.json().expect("JSON of ChromeDriver");
        let value = answer["value"].take();
        assert!(
            status.is_success(),
            "{command}: {} {}",
            value["error"],
            value["message"]
        );
        value
    }

    /// A command of the browser's own protocol.
    pub(crate) fn cdp(&self, command: &str, parameters: &Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        self.call("POST", "/goog/cdp/execute", &body)
    }

    /// Goes to an address and waits until the page is there.
    pub(crate) fn open(&self, url: &str) {
        self.call("POST", "/url", &json!({"url": url}));
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        self.call("GET", "/url", &Value::Null)
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Runs the body of a function in the page with `arguments` and returns what it returns; a promise is awaited.
    pub(crate) fn eval(&self, script: &str, arguments: &[Value]) -> Value {
        self.call(
            "POST",
            "/execute/sync",
            &json!({"script": script, "args": arguments}),
        )
    }

    /// Text that the body of a function returns.
    pub(crate) fn text(&self, script: &str) -> String {
        let text = self.eval(script, &[]);
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Defines what a file of scripts defines, whatever the page's policy says of scripts.
    pub(crate) fn define(&self, source: &str) {
        let done = self.cdp("Runtime.evaluate", &json!({"expression": source}));
        assert!(done["exceptionDetails"].is_null(), "{done}");
    }

    /// Presses and lets go of keys, one after the other.
    pub(crate) fn press(&self, keys: &str) {
        let strokes: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [
                    json!({"type": "keyDown", "value": key}),
                    json!({"type": "keyUp", "value": key}),
                ]
            })
            .collect();
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": strokes});
        self.call("POST", "/actions", &json!({"actions": [keyboard]}));
    }

    /// Fills in fields by CSS selector and presses a button; waits for the page that follows.
    pub(crate) fn send(&self, fields: &[(&str, &str)], button: &str) {
        for (field, value) in fields {
            self.eval(
                "document.querySelector(arguments[0]).value = arguments[1];",
                &[json!(field), json!(value)],
            );
        }
        self.click(button);
    }

    /// Clicks what a CSS selector names, and waits for the page that follows.
    pub(crate) fn click(&self, selector: &str) {
        // What is folded away is unfolded first.
        let unfold = "document.querySelector(arguments[0])?.closest('details')?.setAttribute('open', '')";
        self.eval(unfold, &[json!(selector)]);
        let wanted = json!({"using": "css selector", "value": selector});
        let found = self.call("POST", "/element", &wanted);
        let id = found
            .as_object()
            .and_then(|found| found.values().next()?.as_str());
        let id = id.unwrap_or_else(|| panic!("{selector}: no element"));
        self.follow(|| {
            // The click of the protocol scrolls, and refuses what something else covers.
            self.call("POST", &format!("/element/{id}/click"), &json!({}));
        });
    }

    /// Does something that leads to another page, and waits for that page.
    pub(crate) fn follow(&self, act: impl FnOnce()) {
        self.eval("window.left = true", &[]);
        act();
        let arrived = "return !window.left && document.readyState === 'complete'";
        let until = Instant::now() + PATIENCE;
        while self.eval(arrived, &[]) != json!(true) {
            assert!(Instant::now() < until, "no page follows {}", self.url());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The size of the screen in CSS pixels, and how many of the screen's own make one of them.
    pub(crate) fn resize(&self, width: u32, height: u32, scale: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": scale, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", &size);
    }

    /// The whole page as a PNG.
    pub(crate) fn picture(&self) -> Vec<u8> {
        let shot = self.cdp(
            "Page.captureScreenshot",
            &json!({"captureBeyondViewport": true, "optimizeForSpeed": true}),
        );
        STANDARD
            .decode(shot["data"].as_str().expect("a picture"))
            .expect("base64")
    }

    /// The page as it is printed: a tagged PDF.
    pub(crate) fn paper(&self) -> Vec<u8> {
        let print = json!({"generateTaggedPDF": true, "preferCSSPageSize": true, "printBackground": false});
        let paper = self.cdp("Page.printToPDF", &print);
        STANDARD
            .decode(paper["data"].as_str().expect("a paper"))
            .expect("base64")
    }

    /// Back to an empty window of the usual size, without cookies and without anything kept.
    pub(crate) fn forget(&self) {
        self.open("about:blank");
        self.cdp("Network.clearBrowserCookies", &json!({}));
        self.cdp("Network.clearBrowserCache", &json!({}));
        self.cdp("Emulation.setEmulatedMedia", &json!({"media": ""}));
        self.resize(1280, 900, 1);
    }
}
