//! What counselors wait for: finding a child, its page, their students, and who of them will leave, many of them at once.
//!
//! `cargo bench -p portal --bench pages`; without them `MARIPOSA_BENCH_STUDENTS` is 100,000 over six states, linked as
//! they truly are, `MARIPOSA_BENCH_USERS` 50 and `MARIPOSA_BENCH_SECONDS` 20 for each kind of page. With
//! `MARIPOSA_BENCH_LISTS=0` no list of "my students" is made or opened, which saves half the time. The portal, its
//! database and the users share the machine; every look is disclosed, on disk.
//!
//! Users are signed in, each in a session and on connections of its own, over TLS. They are measured twice: with a second
//! between what they do, which is a crowd in a hurry, and without any pause, which is as many answers as the portal gives.

#[path = "../../records/benches/nation/mod.rs"]
mod nation;

use std::net::TcpListener;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use actix_web::{App, HttpServer, rt};
use anyhow::{Context as _, Result, ensure};
use chrono::Utc;
use diesel::sql_types::{BigInt, Date, Text};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use mde::StateCode;
use records::sweep::ROSTER;
use reqwest::blocking::Client;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use rustls::pki_types::PrivatePkcs8KeyDer;
use simulate::{Config, Nation};
use store::accounts::{self, Grant, Role};
use store::jobs;

/// Connections of the hub for requests, as it is shipped.
const CONNECTIONS: u32 = 8;

const PASSWORD: &str = "maple ginger orbit";

/// Children who are looked for.
const CHILDREN: i64 = 2_000;

#[derive(QueryableByName)]
struct Child {
    #[diesel(sql_type = BigInt)]
    person_id: i64,
    #[diesel(sql_type = Text)]
    first: String,
    #[diesel(sql_type = Text)]
    last: String,
    #[diesel(sql_type = Date)]
    birth: chrono::NaiveDate,
}

fn main() -> Result<()> {
    let setting = |name, otherwise| {
        let told = std::env::var(name).ok().and_then(|text| text.parse().ok());
        told.unwrap_or(otherwise)
    };
    let (size, users, seconds) = (
        setting("MARIPOSA_BENCH_STUDENTS", 100_000),
        setting("MARIPOSA_BENCH_USERS", 50),
        setting("MARIPOSA_BENCH_SECONDS", 20),
    );
    let folder = tempfile::tempdir()?;
    let (cluster, pool) = nation::database(folder.path(), CONNECTIONS)?;
    let made_up = Nation::new(Config {
        students: size,
        nights: 1,
        states: Config::first_states(6),
        ..Config::default()
    })?;
    let night = made_up.nights().next().context("a night")?;
    let start = Instant::now();
    let connection = &mut *store::db::connection(&pool)?;
    let people = nation::fill(connection, &made_up, night.as_of())?;
    for state in made_up.config().states.clone() {
        let facilities = made_up.facilities(state);
        let source = store::students::Source {
            state,
            batch_id: 1,
            as_of: night.as_of(),
            received_at: night.as_of(),
        };
        store::facilities::replace(connection, source, &facilities.iter().collect::<Vec<_>>())?;
    }
    let filled = start.elapsed();
    let start = Instant::now();
    let lists = setting("MARIPOSA_BENCH_LISTS", 1) > 0;
    if lists {
        ROSTER.ask(connection, night.as_of())?;
    }
    while let Some(job) = jobs::claim(connection, &[ROSTER.job], uuid::Uuid::now_v7(), Utc::now())? {
        ROSTER.run(connection, &job.payload, night.as_of())?;
        jobs::finish(connection, &job)?;
    }
    sql_query("vacuum analyze").execute(connection)?;
    println!(
        "{size} students, {} children, loaded in {:.0} s, districts' lists made in {:.0} s",
        people.len(),
        filled.as_secs_f64(),
        start.elapsed().as_secs_f64()
    );
    let children: Vec<Child> = sql_query(
        "select l.person_id, s.first_name as first, s.last_name_1 as last, s.birth_date as birth
         from link l join student s using (student_id)
         where s.birth_date is not null and s.first_name <> '' and s.last_name_1 <> ''
         order by md5(l.student_id::text) limit $1",
    )
    .bind::<BigInt, _>(CHILDREN)
    .load(connection)?;
    let state = made_up.config().states[0];
    for user in 0..users {
        account(connection, user, state)?;
    }

    let address = portal(pool.clone(), night.as_of())?;
    let signed_in = (0..users)
        .map(|user| User::sign_in(&address, user))
        .collect::<Result<Vec<_>>>()?;
    println!(
        "{users} users; the database {:.1} GB",
        size_of_database(connection)?
    );
    let run = Duration::from_secs(seconds as u64);
    let kinds = [
        ("find a child", "300 ms at p95", find as Act),
        ("its page", "250 ms at p95", open),
        ("my students", "", my_students),
        ("departures", "", departures),
    ];
    for (kind, goal, act) in kinds.into_iter().take(if lists { 4 } else { 2 }) {
        for pause in [Duration::from_secs(1), Duration::ZERO] {
            let times = crowd(&signed_in, &children, act, pause, run)?;
            let rate = times.len() as f64 / run.as_secs_f64();
            let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
            let how = if pause.is_zero() { "no pause" } else { "1 s pause" };
            println!(
                "{kind:<13} {how:<10} {rate:>6.0} a second   p50 {:>6.1} ms   p95 {:>6.1} ms   p99 {:>6.1} ms   {}",
                at(50),
                at(95),
                at(99),
                if goal.is_empty() {
                    String::new()
                } else {
                    format!("(to reach: {goal})")
                }
            );
        }
    }
    drop(pool);
    cluster.stop()?;
    Ok(())
}

fn account(connection: &mut diesel::PgConnection, user: usize, state: StateCode) -> Result<()> {
    let hash = portal::password::hash(PASSWORD, &[3; 16])?;
    let name = format!("Counselor {user}");
    let id =
        accounts::add(connection, &email(user), &name, &hash, Utc::now())?.context("the address is taken")?;
    let grant = Grant {
        role: Role::SecondaryUser,
        state: Some(state),
        region: None,
        district: None,
    };
    accounts::grant(connection, id, &grant, Utc::now())?;
    Ok(())
}

fn email(user: usize) -> String {
    format!("counselor{user}@mission.example")
}

fn size_of_database(connection: &mut diesel::PgConnection) -> Result<f64> {
    #[derive(QueryableByName)]
    struct Size {
        #[diesel(sql_type = BigInt)]
        bytes: i64,
    }
    let size: Size =
        sql_query("select pg_database_size(current_database()) as bytes").get_result(connection)?;
    Ok(size.bytes as f64 / 1e9)
}

/// Starts the portal and gives its address. It runs until the process ends.
fn portal(pool: store::Pool, now: chrono::DateTime<Utc>) -> Result<String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()])?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let tls = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())?;
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = format!("https://localhost:{}", listener.local_addr()?.port());
    let portal = portal::Portal::new(
        api::Db::new(pool),
        api::Clock::new(move || now),
        Arc::new(|bytes: &mut [u8]| rand::fill(bytes)),
    );
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        rt::System::new().block_on(async move {
            let app = move || {
                let portal = portal.clone();
                App::new().configure(move |config| portal::configure(config, portal))
            };
            let server = HttpServer::new(app)
                .workers(2)
                .disable_signals()
                .listen_rustls_0_23(listener, tls)
                .expect("a listener")
                .run();
            tell.send(()).expect("who waits");
            server.await.expect("the portal runs");
        });
    });
    told.recv()?;
    Ok(address)
}

/// A counselor at a browser.
struct User {
    number: usize,
    client: Client,
    address: String,
    cookies: String,
    csrf: String,
}

impl User {
    fn sign_in(address: &str, number: usize) -> Result<Self> {
        let client = Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_mins(1))
            .build()?;
        let mut user = Self {
            number,
            client,
            address: address.to_owned(),
            cookies: String::new(),
            csrf: String::new(),
        };
        user.take("/sign-in")?;
        user.post("/sign-in", &[("email", &email(number)), ("password", PASSWORD)])?;
        user.take("/")?;
        Ok(user)
    }

    /// Opens a page whose cookies and token count.
    fn take(&mut self, path: &str) -> Result<()> {
        let answer = self
            .client
            .get(format!("{}{path}", self.address))
            .header(COOKIE, &self.cookies)
            .send()?;
        ensure!(answer.status() == 200, "{path}: {}", answer.status());
        self.keep(&answer);
        let page = answer.text()?;
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").context("a token")?;
        rest.split('"')
            .next()
            .context("a token")?
            .clone_into(&mut self.csrf);
        Ok(())
    }

    fn keep(&mut self, answer: &reqwest::blocking::Response) {
        let mut cookies: Vec<String> = self
            .cookies
            .split("; ")
            .filter(|c| !c.is_empty())
            .map(str::to_owned)
            .collect();
        for set in answer.headers().get_all(SET_COOKIE) {
            let pair = set
                .to_str()
                .unwrap_or_default()
                .split(';')
                .next()
                .unwrap_or_default();
            let name = pair.split('=').next().unwrap_or_default();
            cookies.retain(|cookie| cookie.split('=').next() != Some(name));
            cookies.push(pair.to_owned());
        }
        self.cookies = cookies.join("; ");
    }

    /// Sends a form and gives where it leads.
    fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<String> {
        let (place, answer) = self.send(path, fields)?;
        self.keep(&answer);
        Ok(place)
    }

    fn send(&self, path: &str, fields: &[(&str, &str)]) -> Result<(String, reqwest::blocking::Response)> {
        let address = format!("{}{path}", self.address);
        let fields = fields.iter().copied().chain([("csrf", self.csrf.as_str())]);
        let form = reqwest::Url::parse_with_params(&address, fields)?;
        let answer = self
            .client
            .post(address)
            .header(COOKIE, &self.cookies)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ORIGIN, &self.address)
            .body(form.query().unwrap_or_default().to_owned())
            .send()?;
        ensure!(answer.status() == 303, "{path}: {}", answer.status());
        let place = answer
            .headers()
            .get(LOCATION)
            .context("a place")?
            .to_str()?
            .to_owned();
        Ok((place, answer))
    }

    /// Opens a page and reads it to its end.
    fn open(&self, path: &str) -> Result<String> {
        let answer = self
            .client
            .get(format!("{}{path}", self.address))
            .header(COOKIE, &self.cookies)
            .send()?;
        ensure!(answer.status() == 200, "{path}: {}", answer.status());
        Ok(answer.text()?)
    }
}

type Act = fn(&User, &Child) -> Result<()>;

/// Fills in the form and gets the list.
fn find(user: &User, child: &Child) -> Result<()> {
    let year = child.birth.format("%Y").to_string();
    let fields = [
        ("number", ""),
        ("first", child.first.as_str()),
        ("last", child.last.as_str()),
        ("birth", year.as_str()),
        ("purpose", "enroll"),
    ];
    let (place, _) = user.send("/search", &fields)?;
    let page = user.open(&place)?;
    ensure!(
        page.contains("/persons/"),
        "{} {} is not found",
        child.first,
        child.last
    );
    Ok(())
}

fn open(user: &User, child: &Child) -> Result<()> {
    let page = user.open(&format!("/persons/{}?purpose=enroll", child.person_id))?;
    ensure!(page.contains(&child.person_id.to_string()[..4]), "another page");
    Ok(())
}

fn my_students(user: &User, _: &Child) -> Result<()> {
    user.open("/students?purpose=enroll").map(drop)
}

fn departures(user: &User, _: &Child) -> Result<()> {
    user.open("/departures").map(drop)
}

/// Lets all users do one thing over and over for a time; how long each took, in order.
fn crowd(
    users: &[User],
    children: &[Child],
    act: Act,
    pause: Duration,
    time: Duration,
) -> Result<Vec<Duration>> {
    let until = Instant::now() + time;
    let done: Vec<Result<Vec<Duration>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = users
            .iter()
            .map(|user| {
                scope.spawn(move || {
                    // Nobody begins at the same moment as the others.
                    std::thread::sleep(pause.mul_f64(user.number as f64 / users.len() as f64));
                    let mut times = Vec::new();
                    for child in children.iter().cycle().skip(user.number * 37) {
                        let start = Instant::now();
                        if start >= until {
                            break;
                        }
                        act(user, child)?;
                        times.push(start.elapsed());
                        std::thread::sleep(pause);
                    }
                    Ok(times)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a user does not panic"))
            .collect()
    });
    let mut times = Vec::new();
    for one in done {
        times.extend(one?);
    }
    ensure!(!times.is_empty(), "nobody was answered");
    times.sort_unstable();
    Ok(times)
}
