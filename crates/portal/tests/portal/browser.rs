//! A browser as far as the pages need one: it keeps cookies and fills in the token of forms.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use actix_http::Request;
use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::{HeaderMap, LOCATION, SET_COOKIE};
use actix_web::{App, Error, test};
use chrono::{DateTime, TimeDelta, Utc};
use testkit::TestDb;

use crate::support;

/// A clock that a test moves.
#[derive(Clone)]
pub(crate) struct Time(Arc<Mutex<DateTime<Utc>>>);

impl Time {
    pub(crate) fn pass(&self, time: TimeDelta) {
        *self.0.lock().unwrap() += time;
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// The body as it came, where it is no text.
    pub(crate) bytes: Vec<u8>,
}

impl Page {
    pub(crate) fn location(&self) -> &str {
        self.headers
            .get(LOCATION)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The words of the page, without markup.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut inside = false;
        for letter in self.body.chars() {
            match letter {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    text.push(' ');
                }
                _ if !inside => text.push(letter),
                _ => {}
            }
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

type Answer = ServiceResponse<BoxBody>;

pub(crate) struct Browser<S> {
    app: S,
    cookies: BTreeMap<String, String>,
    csrf: String,
    pub(crate) set_cookies: Vec<String>,
}

/// A browser on a portal of this database, and the clock of that portal.
pub(crate) async fn browser(
    url: &str,
) -> (
    Browser<impl Service<Request, Response = Answer, Error = Error>>,
    Time,
) {
    let time = Time(Arc::new(Mutex::new(support::now())));
    let clock = time.clone();
    let portal = portal::Portal::new(
        api::Db::new(support::pool(url)),
        api::Clock::new(move || *clock.0.lock().unwrap()),
        Arc::new(|bytes: &mut [u8]| rand::fill(bytes)),
    );
    let app = test::init_service(App::new().configure(|config| portal::configure(config, portal))).await;
    let browser = Browser {
        app,
        cookies: BTreeMap::new(),
        csrf: String::new(),
        set_cookies: Vec::new(),
    };
    (browser, time)
}

impl<S: Service<Request, Response = Answer, Error = Error>> Browser<S> {
    async fn send(&mut self, request: test::TestRequest) -> Page {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request
            .insert_header(("cookie", cookies.join("; ")))
            .insert_header(("host", "portal.example"));
        let answer = test::call_service(&self.app, request.to_request()).await;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        self.set_cookies = headers
            .get_all(SET_COOKIE)
            .map(|v| v.to_str().unwrap().to_owned())
            .collect();
        for cookie in &self.set_cookies {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let bytes = test::read_body(answer).await.to_vec();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((_, rest)) = body.split_once("name=\"csrf\" value=\"") {
            rest.split('"').next().unwrap().clone_into(&mut self.csrf);
        }
        Page {
            status,
            headers,
            body,
            bytes,
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.send(test::TestRequest::get().uri(path)).await
    }

    /// Sends a form with the token of the last page.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf.clone();
        self.post_as(path, fields, &csrf, &[]).await
    }

    pub(crate) async fn post_as(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        csrf: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Page {
        let mut form: Vec<(&str, &str)> = fields.to_vec();
        form.push(("csrf", csrf));
        let mut request = test::TestRequest::post().uri(path).set_form(form);
        for header in headers {
            request = request.insert_header(*header);
        }
        self.send(request).await
    }

    /// Sends a form with a file, as browsers do, with the token of the last page.
    pub(crate) async fn post_file(&mut self, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Page {
        let csrf = self.csrf.clone();
        let mut body = Vec::new();
        for (name, value) in fields.iter().chain([&("csrf", csrf.as_str())]) {
            let part =
                format!("--border\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        body.extend_from_slice(
            b"--border\r\nContent-Disposition: form-data; name=\"file\"; filename=\"t.exe\"\r\n\
              Content-Type: application/octet-stream\r\n\r\n",
        );
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--border--\r\n");
        let request = test::TestRequest::post()
            .uri(path)
            .insert_header(("content-type", "multipart/form-data; boundary=border"))
            .set_payload(body);
        self.send(request).await
    }

    pub(crate) fn csrf(&self) -> String {
        self.csrf.clone()
    }

    pub(crate) fn cookie(&self, name: &str) -> String {
        self.cookies.get(name).cloned().unwrap_or_default()
    }

    pub(crate) fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn has_session(&self) -> bool {
        self.cookies.contains_key("__Host-mariposa")
    }

    pub(crate) async fn sign_in(&mut self, email: &str) -> Page {
        self.get("/sign-in").await;
        let page = self
            .post("/sign-in", &[("email", email), ("password", support::PASSWORD)])
            .await;
        assert_eq!(page.status, 303, "{}", page.body);
        // A page with the token of the new session.
        self.get("/").await;
        page
    }
}

/// The database of a test, kept until its end.
pub(crate) fn nation() -> TestDb {
    support::nation().expect("a made-up nation")
}
