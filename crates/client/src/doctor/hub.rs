//! The way to the hub, and what the hub says.

use std::net::ToSocketAddrs as _;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Url;
use serde::Deserialize;

use super::files::Files;
use super::{Answer, Setup, Verdict, validity};
use crate::certificate::{Certificate, Whose};
use crate::connection::{Connection, Greeting};
use crate::error::{Error, Exit, Problem};
use crate::retry::Retry;
use crate::tls;

const PATIENCE: Duration = Duration::from_secs(10);
/// Clocks further apart than this are warned of, and further than that make certificates and times wrong.
const APART: i64 = 60;
const WRONG: i64 = 300;

/// Looks at the hub as far as it can be reached.
pub(super) fn examine(
    setup: &Setup,
    files: Option<&Files>,
    now: &dyn Fn() -> DateTime<Utc>,
    answers: &mut Vec<Answer>,
) {
    let Some(address) = address(setup, answers) else {
        return;
    };
    let Some(files) = files else {
        answers.push(Answer::open("hub", "not called: the files above come first"));
        return;
    };
    let mut way = Vec::new();
    walk(&address, files, now(), &mut way);
    let connection = match Connection::new(address.as_str(), &files.ca, &files.cert, &files.key) {
        Ok(connection) => connection.retrying(Retry::NEVER),
        Err(error) => return answers.push(refused(&error, files)),
    };
    let greeting = connection.greet();
    if greeting.is_ok() {
        // A call that succeeds went another way than straight: through a proxy.
        for answer in way.iter_mut().filter(|answer| answer.verdict == Verdict::Wrong) {
            answer.verdict = Verdict::Open;
            answer.found += "; calls get there through a proxy";
            answer.fix = None;
        }
    }
    answers.append(&mut way);
    match greeting {
        Ok(greeting) => {
            let serial = &files.serial;
            answers.push(Answer::good(
                "hub",
                format!("it accepts this certificate, serial {serial}"),
            ));
            answers.push(clock(&greeting, now()));
            answers.push(pieces(&connection));
            answers.extend(setup.profile.as_ref().map(|name| profile(&connection, name)));
        }
        // Told with more words on the way.
        Err(Error::Unreachable(_)) if answers.iter().any(|answer| answer.verdict == Verdict::Wrong) => {}
        Err(error) => answers.push(refused(&error, files)),
    }
}

fn address(setup: &Setup, answers: &mut Vec<Answer>) -> Option<Url> {
    let wrong = |found: String| {
        let fix = "name it with --hub or in MARIPOSA_HUB, as https://NAME:PORT";
        Answer::wrong("address", Exit::Usage, found, fix)
    };
    let Some(hub) = &setup.hub else {
        answers.push(wrong("the hub's address is not given".into()));
        return None;
    };
    match Url::parse(hub) {
        Ok(url) if url.scheme() == "https" && url.host_str().is_some() => Some(url),
        _ => {
            answers.push(wrong(format!("{hub} is no address that begins with https://")));
            None
        }
    }
}

/// Name, port, handshake: each step only if the one before succeeded.
fn walk(address: &Url, files: &Files, now: DateTime<Utc>, answers: &mut Vec<Answer>) {
    let host = address.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = address.port_or_known_default().unwrap_or(443);
    let found = match (host, port).to_socket_addrs() {
        Ok(found) => found.map(|one| one.ip().to_string()).collect::<Vec<_>>(),
        Err(error) => {
            let fix =
                "check the name in --hub, and ask the network's staff whether this machine can look up names";
            let text = format!("{host} is not known by name ({error})");
            return answers.push(Answer::wrong("name", Exit::Unreachable, text, fix));
        }
    };
    answers.push(Answer::good("name", format!("{host} is {}", found.join(", "))));
    let Ok(config) = tls::config(&files.ca, &files.cert, &files.key) else {
        return;
    };
    match tls::handshake(Arc::new(config), host, port, PATIENCE) {
        Ok(handshake) => {
            answers.push(Answer::good("connection", format!("{} with port {port}", handshake.version)));
            let chain = handshake.chain.iter().filter_map(|der| Certificate::of(der));
            answers.extend(chain.map(|one| validity("hub's certificate", Whose::Hub, &one, now)));
        }
        Err(error @ Error::Unreachable(_)) => answers.push(Answer::wrong(
            "connection",
            Exit::Unreachable,
            error.to_string(),
            format!(
                "check the port in --hub, and ask the network's staff to permit outgoing TCP to {host}, port {port}"
            ),
        )),
        Err(error) => answers.push(Answer::wrong(
            "connection",
            error.exit(),
            error.to_string(),
            "use the name and the authority that the hub's operator sent",
        )),
    }
}

/// Why the hub does not take calls of this state.
fn refused(error: &Error, files: &Files) -> Answer {
    let serial = &files.serial;
    let fix = match error {
        Error::Hub(problem) if problem.code() == "certificate-unregistered" => {
            format!("ask the hub's operator to register the certificate with serial {serial} for this state")
        }
        Error::Certificate(_) => {
            format!(
                "ask the hub's operator whether the certificate with serial {serial} is revoked, or for a new one"
            )
        }
        Error::Hub(problem) if problem.exit() == Exit::Certificate => format!(
            "ask the hub's operator whether the certificate with serial {serial} is revoked or replaced, and use the \
             newest one"
        ),
        Error::Hub(problem) if problem.passes() => "run this again in some minutes".to_owned(),
        Error::Answer(_) => "check the address and the port: something else answers there".to_owned(),
        _ => "tell the hub's operator".to_owned(),
    };
    Answer::wrong("hub", error.exit(), error.to_string(), fix)
}

fn clock(greeting: &Greeting, now: DateTime<Utc>) -> Answer {
    let topic = "clock";
    let Some(hub) = greeting.clock else {
        return Answer::open(topic, "the hub does not say what time it is");
    };
    let apart = (now - hub).num_seconds();
    let way = if apart < 0 { "behind" } else { "ahead of" };
    let found = format!("this machine is {} s {way} the hub", apart.abs());
    let fix =
        "set this machine's clock by a time server (Linux: timedatectl set-ntp true; Windows: w32tm /resync)";
    match apart.abs() {
        0..=APART => Answer::good(topic, found),
        ..=WRONG => Answer::warning(topic, found, fix),
        _ => Answer::wrong(topic, Exit::Certificate, found, fix),
    }
}

fn pieces(connection: &Connection) -> Answer {
    let topic = "uploads";
    match connection.offers_pieces() {
        Ok(true) => Answer::good(topic, "they resume where they were cut"),
        Ok(false) => Answer::good(
            topic,
            "this hub takes them in one piece; one that is cut starts from its beginning",
        ),
        Err(error) => Answer::open(topic, error.to_string()),
    }
}

#[derive(Deserialize)]
struct Profiles {
    items: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

fn profile(connection: &Connection, name: &str) -> Answer {
    let topic = "profile";
    match connection.get_json::<Profiles>("/v1/profiles", &[]) {
        Ok(known) if known.items.iter().any(|profile| profile.name == name) => {
            Answer::good(topic, format!("the hub knows {name}"))
        }
        Ok(known) => {
            let names: Vec<&str> = known.items.iter().map(|profile| profile.name.as_str()).collect();
            Answer::wrong(
                topic,
                Exit::Usage,
                format!("the hub does not know {name}; it knows {}", names.join(", ")),
                "correct --profile, or ask the hub's operator to install the profile",
            )
        }
        Err(Error::Hub(problem)) if is_missing(&problem) => {
            Answer::open(topic, "this hub does not tell which profiles it knows")
        }
        Err(error) => Answer::open(topic, error.to_string()),
    }
}

fn is_missing(problem: &Problem) -> bool {
    problem.status == 404
}
