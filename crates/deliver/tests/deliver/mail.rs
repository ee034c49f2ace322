//! Letters to people, taken by an SMTP server that others have written.

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use chrono::TimeDelta;
use deliver::Mailer;
use diesel::RunQueryDsl as _;
use diesel::sql_types::{BigInt, Text};
use serde_json::Value;
use store::mail::{self, Rhythm};
use store::participants;

use crate::hub::{Hub, code, until};
use crate::off_the_shelf::{Running, python};
use crate::receiver::{self, Answers};

/// How attempts to mail ended so far.
fn outcomes(hub: &Hub) -> Vec<String> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        outcome: String,
    }
    let rows: Vec<Row> =
        diesel::sql_query("select outcome from delivery where channel = 'email' and outcome is not null")
            .load(&mut hub.connection())
            .expect("asked");
    rows.into_iter().map(|row| row.outcome).collect()
}

/// An account with a role in Texas.
fn account(hub: &Hub, email: &str) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Made {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let made: Made = diesel::sql_query(
        "with made as (insert into account (email, name, password_hash, created_at)
            values ($1, 'Made Up', 'x', now()) returning account_id)
         insert into account_role (account_id, role, state, granted_at)
            select account_id, 'primary_user', 'TX', now() from made returning account_id as id",
    )
    .bind::<Text, _>(email)
    .get_result(&mut hub.connection())
    .expect("an account");
    made.id
}

/// The server's port and its letters.
fn server(python: &Path, refuse: &Path) -> (Running, String, Receiver<Value>) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deliver/mail_server.py");
    let mut process = Command::new(python)
        .arg(script)
        .arg(refuse)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
    let port = lines.next().expect("a line").expect("a port");
    let (send, letters) = channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = send.send(serde_json::from_str(&line).expect("JSON"));
        }
    });
    (Running(process), port, letters)
}

/// A way to the server that can be cut.
#[derive(Clone)]
struct Way {
    port: u16,
    open: Arc<AtomicBool>,
    /// Connections that were cut.
    cut: Arc<AtomicUsize>,
}

impl Way {
    fn to(server: &str) -> Self {
        let socket = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let way = Self {
            port: socket.local_addr().expect("an address").port(),
            open: Arc::default(),
            cut: Arc::default(),
        };
        let (taking, server) = (way.clone(), format!("127.0.0.1:{server}"));
        std::thread::spawn(move || {
            for near in socket.incoming().map_while(Result::ok) {
                if !taking.open.load(Ordering::SeqCst) {
                    taking.cut.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                let far = TcpStream::connect(&server).expect("the server");
                let both = [
                    (
                        near.try_clone().expect("a copy"),
                        far.try_clone().expect("a copy"),
                    ),
                    (far, near),
                ];
                for (mut from, mut to) in both {
                    std::thread::spawn(move || {
                        // An end that goes away ends the other one.
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(std::net::Shutdown::Both);
                    });
                }
            }
        });
        way
    }
}

fn mailer(hub: &Hub, port: &str) -> Mailer {
    let server = format!("smtp://127.0.0.1:{port}");
    let from = "Mariposa <hub@hub.example>";
    let made = Mailer::new(
        hub.pool.clone(),
        &server,
        from,
        "https://hub.example/",
        hub.outside(),
    );
    made.expect("a mailer")
}

fn choose(hub: &Hub, account: i64, rhythm: Rhythm) {
    mail::choose(
        &mut hub.connection(),
        account,
        code("TX"),
        Some(rhythm),
        hub.now(),
    )
    .expect("chosen");
}

fn next(letters: &Receiver<Value>) -> Value {
    letters.recv_timeout(Duration::from_secs(30)).expect("a letter")
}

#[test]
fn people_get_what_they_chose_and_nothing_of_a_child() {
    let Some(python) = python("aiosmtpd") else { return };
    let mut hub = Hub::new();
    let folder = tempfile::tempdir().expect("a folder");
    let refuse = folder.path().join("refuse");
    let (_running, port, letters) = server(&python, &refuse);
    // In the afternoon, so that no digest is due before it should be.
    let hour = i64::from(chrono::Timelike::hour(&hub.now()));
    hub.pass(TimeDelta::hours((39 - hour) % 24));
    participants::register(&mut hub.connection(), code("TX"), hub.now()).expect("a state");
    let (at_once, daily) = (account(&hub, "rita@tx.example"), account(&hub, "dan@tx.example"));
    choose(&hub, at_once, Rhythm::Immediate);
    choose(&hub, daily, Rhythm::Daily);
    hub.tell_of("TX", 3, 6);
    let mailer = mailer(&hub, &port);
    hub.run(move || mailer.run());

    let first = next(&letters);
    assert_eq!(first["to"], serde_json::json!(["rita@tx.example"]));
    assert_eq!(first["subject"], "3 move notices for Texas");
    let body = first["body"].as_str().expect("a text");
    assert!(body.contains("https://hub.example/notices"), "{body}");
    assert!(!body.contains("/v1/"), "no number of a notice: {body}");

    // The next one waits five minutes, and gathers what happened in them.
    hub.tell_of("TX", 1, 2);
    hub.tell_of("TX", 1, 2);
    std::thread::sleep(Duration::from_millis(1_500));
    assert!(letters.try_recv().is_err(), "not yet");
    hub.pass(TimeDelta::minutes(6));
    assert_eq!(
        next(&letters)["subject"],
        "1 move notice for Texas",
        "one notice, of which two things were told"
    );

    // What the server does not take is mailed later.
    std::fs::write(&refuse, "").expect("written");
    hub.tell_of("TX", 1, 2);
    hub.pass(TimeDelta::minutes(6));
    until("a failure", || {
        outcomes(&hub).iter().any(|said| said.contains("451"))
    });
    std::fs::remove_file(&refuse).expect("removed");
    hub.pass(TimeDelta::minutes(6));
    assert_eq!(next(&letters)["to"], first["to"]);

    // A day later the digest comes, once.
    hub.pass(TimeDelta::days(1));
    let digest = next(&letters);
    assert_eq!(digest["to"], serde_json::json!(["dan@tx.example"]));
    assert_eq!(digest["subject"], "3 move notices for Texas");

    // Whose role is gone gets nothing any more.
    diesel::sql_query("delete from account_role")
        .execute(&mut hub.connection())
        .expect("taken");
    hub.tell_of("TX", 5, 10);
    hub.pass(TimeDelta::days(2));
    until("nobody is subscribed", || {
        mail::rhythm(&mut hub.connection(), at_once, code("TX"))
            .expect("asked")
            .is_none()
            && mail::rhythm(&mut hub.connection(), daily, code("TX"))
                .expect("asked")
                .is_none()
    });
    assert!(letters.try_recv().is_err());
}

#[test]
fn a_server_that_is_away_loses_nothing_and_holds_up_no_webhook() {
    let Some(python) = python("aiosmtpd") else { return };
    let mut hub = Hub::new();
    let folder = tempfile::tempdir().expect("a folder");
    let (_running, port, letters) = server(&python, &folder.path().join("refuse"));
    let way = Way::to(&port);
    let receiver = receiver::Receiver::start(&hub.authority, Answers::With("204 No Content\r\n"));
    hub.webhook("TX", &receiver.url());
    for email in ["rita@tx.example", "dan@tx.example"] {
        let account = account(&hub, email);
        choose(&hub, account, Rhythm::Immediate);
    }
    hub.tell_of("TX", 2, 6);
    // A process that took a letter and was killed before it could send it.
    let lost = mail::take(
        &mut hub.connection(),
        hub.now(),
        hub.now() + TimeDelta::minutes(1),
    );
    assert_eq!(lost.expect("asked").expect("a letter").events.len(), 2);

    let mailer = mailer(&hub, &way.port.to_string());
    hub.run(move || mailer.run());
    hub.send_quickly();
    until("the webhook", || hub.delivered("TX") == 2);
    until("an attempt to mail", || way.cut.load(Ordering::SeqCst) > 0);
    // Longer than anything that is refused is tried again.
    hub.pass(TimeDelta::days(30));
    let cut = way.cut.load(Ordering::SeqCst);
    until("another one", || way.cut.load(Ordering::SeqCst) > cut);
    assert!(outcomes(&hub).is_empty(), "no attempt counts");

    way.open.store(true, Ordering::SeqCst);
    let (one, other) = (next(&letters), next(&letters));
    let mut to = [one["to"][0].as_str(), other["to"][0].as_str()];
    to.sort_unstable();
    assert_eq!(to, [Some("dan@tx.example"), Some("rita@tx.example")]);
    assert_eq!(one["subject"], "2 move notices for Texas");
    assert_ne!(one["id"], other["id"]);
    until("both are settled", || {
        outcomes(&hub)
            .iter()
            .filter(|said| said.starts_with("taken"))
            .count()
            == 4
    });
    assert!(letters.try_recv().is_err(), "each of them once");
}

#[test]
fn a_password_is_not_sent_in_the_open() {
    let hub = Hub::new();
    let made = |server: &str| {
        let from = "Mariposa <hub@hub.example>";
        Mailer::new(
            hub.pool.clone(),
            server,
            from,
            "https://hub.example",
            hub.outside(),
        )
    };
    assert!(made("smtp://user:secret@smtp.example:587?tls=required").is_ok());
    assert!(made("smtps://user:secret@smtp.example").is_ok());
    for server in [
        "smtp://user:secret@smtp.example",
        "smtp://user:secret@smtp.example?tls=opportunistic",
    ] {
        let why = made(server).expect_err("refused").to_string();
        assert!(why.contains("tls=required") && !why.contains("secret"), "{why}");
    }
    assert!(made("no server").is_err());
}
