//! A person's consolidated record over the exchange, against PostgreSQL running the same statements.
//!
//! `cargo bench -p api --bench record`; without them `MARIPOSA_BENCH_STUDENTS` is 8,000 students over six states,
//! `MARIPOSA_BENCH_CLIENTS` 4 and `MARIPOSA_BENCH_SECONDS` 4 for each of three runs of both sides. A hub with its
//! database, its clients and `pgbench` share the machine.
//!
//! - the hub: `GET /v1/persons/{id}` of persons of three students, over mutual TLS on connections that are kept, each
//!   answer read to its end;
//! - the limit: `pgbench -M prepared` with the same statements and the disclosure in one transaction, over the Unix
//!   socket, each commit on disk.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use anyhow::{Context as _, Result, ensure};
use api::{AppState, Clock, Db, Limits, Parts};
use chrono::{TimeDelta, Utc};
use diesel::sql_types::{BigInt, Text};
use diesel::{RunQueryDsl as _, sql_query};
use ingest::{Call, Profiles, Spool};
use linking::Model;
use linking::driver::Linker;
use mde::{PersonId, StateCode};
use pgcluster::Cluster;
use pki::{Authority, ClientCertificate, Identity, TrustStore};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use simulate::{Config, Nation};
use store::participants::{self, Certificate};
use store::{Pool, access, persons, students};

const RUNS: usize = 3;

/// Connections of the hub for requests, as it is shipped.
const CONNECTIONS: u32 = 8;

/// Persons asked for. `pgbench` takes at most 128 scripts, and each person is one.
const PERSONS: usize = 100;

const YEAR: TimeDelta = TimeDelta::days(365);

fn main() -> Result<()> {
    let (students, clients, seconds) = (
        setting("MARIPOSA_BENCH_STUDENTS", 8_000),
        setting("MARIPOSA_BENCH_CLIENTS", 4),
        setting("MARIPOSA_BENCH_SECONDS", 4),
    );
    pki::install_provider();
    let folder = tempfile::tempdir()?;
    // PostgreSQL may run as another user, who must get to its own folder below this one.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711))?;
    let cluster = Cluster::start(&pgcluster::Options::new(folder.path().join("cluster")))?;
    store::db::ensure_database(&cluster.connection_url("postgres"), "hub")?;
    let url = cluster.connection_url("hub");
    store::migrate(&url)?;
    let pool = store::pool(&url, 4, Duration::from_mins(10));
    fill(&pool, folder.path(), students)?;
    let (asked, of) = persons_of_most_students(&pool)?;

    let hub = Hub::start(&url, &pool, folder.path())?;
    let scripts = scripts(&pool, &asked, folder.path())?;
    let run = Duration::from_secs(seconds as u64);
    hub.ask(&asked, clients, Duration::from_secs(1))?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut latencies = Vec::new();
    let mut bytes = 0;
    for _ in 0..RUNS {
        let answers = hub.ask(&asked, clients, run)?;
        ours.push(answers.latencies.len() as f64 / answers.took.as_secs_f64());
        bytes = answers.bytes / answers.latencies.len();
        latencies.push(answers.latencies);
        theirs.push(pgbench(&cluster, &scripts, clients, seconds, "prepared")?);
    }
    let median = |mut rates: Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    };
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "{} persons of {of} students, {clients} clients, {bytes} bytes an answer; fsync on; medians of {RUNS} runs of {seconds} s",
        asked.len()
    );
    println!(
        "record over HTTPS   {ours:>8.0} requests/s   p50 {:>6.2} ms   p99 {:>6.2} ms",
        percentile(&latencies, 50),
        percentile(&latencies, 99)
    );
    println!("pgbench             {theirs:>8.0} transactions/s");
    println!(
        "pgbench, unprepared {:>8.0} transactions/s: each statement planned anew",
        pgbench(&cluster, &scripts, clients, seconds, "extended")?
    );
    println!("ratio               {:>8.2} (to reach: 0.6)", ours / theirs);
    // Half the clients, which is about half the load: what a caller waits on a hub that is not pressed.
    let calm = hub.ask(&asked, clients.div_ceil(2), run)?.latencies;
    println!(
        "with {} clients      p50 {:>6.2} ms   p99 {:>6.2} ms (to reach: 10 ms at p99)",
        clients.div_ceil(2),
        percentile(std::slice::from_ref(&calm), 50),
        percentile(&[calm], 99)
    );
    drop(hub);
    cluster.stop()?;
    Ok(())
}

fn setting(name: &str, otherwise: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

/// In milliseconds, over all runs.
fn percentile(runs: &[Vec<Duration>], percent: usize) -> f64 {
    let mut all: Vec<Duration> = runs.concat();
    all.sort();
    all[(all.len() - 1) * percent / 100].as_secs_f64() * 1e3
}

/// Loads a made-up nation and links it.
fn fill(pool: &Pool, folder: &Path, students: usize) -> Result<()> {
    let states = Config::first_states(6);
    let nation = Nation::new(Config {
        students,
        states: states.clone(),
        nights: 1,
        ..Config::default()
    })?;
    let night = nation.nights().next().context("a night")?;
    let spool = Spool::open(folder.join("spool"))?;
    let profiles = Profiles::shipped();
    let limits = formats::Limits::default();
    for state in states {
        let mut connection = store::connection(pool)?;
        participants::register(&mut connection, state, Utc::now())?;
        let mut writer = spool.begin()?;
        simulate::write::write_upload(&nation, state, night, &mut writer)?;
        let call = Call {
            state,
            kind: None,
            profile: None,
            as_of: None,
            file_name: None,
            received_from: "bench".into(),
        };
        let spooled = writer.finish()?;
        let receipt = ingest::receive(
            &mut connection,
            &spool,
            &profiles,
            spooled,
            &call,
            limits,
            Utc::now(),
        )?;
        drop(connection);
        let batch = receipt.batch.batch_id;
        let batch = ingest::run(pool, &spool, &profiles, limits, batch, &|| true, &Utc::now)?;
        let status = batch.context("the batch")?.status;
        ensure!(status == "loaded", "the batch is {status}");
    }
    let mut connection = store::connection(pool)?;
    Linker::open(&mut connection, Model::default_fixed())?.run(&mut connection, &|| true, &Utc::now)?;
    // What autovacuum would do within the first minutes; the plans depend on it.
    sql_query("analyze").execute(&mut connection)?;
    Ok(())
}

/// Persons of three students; of two if there are too few of those.
fn persons_of_most_students(pool: &Pool) -> Result<(Vec<PersonId>, i64)> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        person_id: i64,
    }
    for count in [3, 2] {
        let rows: Vec<Row> = sql_query(
            "select person_id from link group by person_id having count(*) = $1 order by person_id limit $2",
        )
        .bind::<BigInt, _>(count)
        .bind::<BigInt, _>(PERSONS as i64)
        .load(&mut *store::connection(pool)?)?;
        if rows.len() >= PERSONS / 4 {
            let ids: Result<_, _> = rows.into_iter().map(|row| PersonId::new(row.person_id)).collect();
            return Ok((ids?, count));
        }
    }
    anyhow::bail!("too few persons have more than one student; ask for more students")
}

/// The exchange on a port of its own, and a state's certificate.
struct Hub {
    address: SocketAddr,
    authority: String,
    certificate: String,
    key: String,
    server: Option<(JoinHandle<()>, ServerHandle)>,
}

struct Answers {
    took: Duration,
    bytes: usize,
    latencies: Vec<Duration>,
}

impl Hub {
    fn start(url: &str, pool: &Pool, folder: &Path) -> Result<Self> {
        let now = Utc::now();
        let ca = folder.join("ca");
        let authority = Authority::init(&ca, "Bench exchange", now, YEAR)?;
        let (certificate, key) = authority.issue_server(&["localhost", "127.0.0.1"], YEAR / 4, now)?;
        let identity = Identity::from_pem(certificate.certificate_pem.as_bytes(), key.pem().as_bytes())?;
        let state = Data::new(AppState::new(Parts {
            db: Db::new(store::pool(url, CONNECTIONS, Duration::from_secs(30))),
            spool: Arc::new(Spool::open(folder.join("spool"))?),
            profiles: Arc::new(Profiles::shipped()),
            trust: Arc::new(TrustStore::open(&ca)?),
            clock: Clock::system(),
            random: testkit::random(),
            // One certificate may not do so much; here it stands for many.
            limits: Limits {
                calls_per_second: 1_000_000,
                calls_at_once: 1_000_000,
                ..Limits::default()
            },
            check_page: None,
        }));
        let socket = TcpListener::bind(("127.0.0.1", 0))?;
        let address = socket.local_addr()?;
        let (started, handle) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = api::exchange::server(state, socket, identity, 2).expect("the exchange starts");
                started.send(server.handle()).expect("somebody waits");
                server.await.expect("the exchange ends well");
            });
        });
        let handle = handle.recv()?;

        let (issued, key) = authority.issue_state("TX", "bench", YEAR / 2, now)?;
        let parsed = ClientCertificate::from_pem(issued.certificate_pem.as_bytes())?;
        participants::register_certificate(
            &mut *store::connection(pool)?,
            &Certificate {
                fingerprint: parsed.fingerprint_sha256,
                state: StateCode::new("TX")?.to_string(),
                serial: parsed.serial,
                subject: String::new(),
                not_before: now,
                not_after: now + YEAR / 2,
                registered_at: now,
                revoked_at: None,
            },
        )?;
        Ok(Self {
            address,
            authority: authority.certificate_pem().to_owned(),
            certificate: issued.certificate_pem,
            key: key.pem().to_owned(),
            server: Some((thread, handle)),
        })
    }

    /// Clients that ask for persons one after the other, each on a connection of its own.
    fn ask(&self, persons: &[PersonId], clients: usize, time: Duration) -> Result<Answers> {
        let mut connected = (0..clients)
            .map(|_| self.caller())
            .collect::<Result<Vec<Caller>>>()?;
        let start = Instant::now();
        let asked: Vec<Result<(usize, Vec<Duration>)>> = std::thread::scope(|scope| {
            let running: Vec<_> = connected
                .iter_mut()
                .enumerate()
                .map(|(number, caller)| {
                    scope.spawn(move || caller.ask_until(persons, number * 37, start + time))
                })
                .collect();
            running
                .into_iter()
                .map(|thread| thread.join().expect("a client does not panic"))
                .collect()
        });
        let took = start.elapsed();
        let mut answers = Answers {
            took,
            bytes: 0,
            latencies: Vec::new(),
        };
        for one in asked {
            let (bytes, latencies) = one?;
            answers.bytes += bytes;
            answers.latencies.extend(latencies);
        }
        ensure!(!answers.latencies.is_empty(), "no answer in time");
        Ok(answers)
    }

    fn caller(&self) -> Result<Caller> {
        let identity = Identity::from_pem(self.certificate.as_bytes(), self.key.as_bytes())?;
        let tls = pki::client_config(self.authority.as_bytes(), Some(identity))?;
        let connection = ClientConnection::new(Arc::new(tls), ServerName::try_from("localhost")?)?;
        let socket = TcpStream::connect(self.address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Caller {
            stream: BufReader::new(StreamOwned::new(connection, socket)),
        })
    }
}

/// A caller who does as little as `pgbench`: it asks on a connection that is kept, and throws the answer away. A whole
/// HTTP library would take as much of the machine as the hub.
struct Caller {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
}

impl Caller {
    /// Asks for persons one after the other, beginning with that of this place, and gives the bytes and times of their
    /// answers.
    fn ask_until(
        &mut self,
        persons: &[PersonId],
        from: usize,
        until: Instant,
    ) -> Result<(usize, Vec<Duration>)> {
        let mut bytes = 0;
        let mut latencies = Vec::new();
        for person in persons.iter().cycle().skip(from) {
            let start = Instant::now();
            if start >= until {
                break;
            }
            bytes += self.ask(*person)?;
            latencies.push(start.elapsed());
        }
        Ok((bytes, latencies))
    }

    /// Reads the record of a person and gives the length of the answer's body.
    fn ask(&mut self, person: PersonId) -> Result<usize> {
        let request = format!(
            "GET /v1/persons/{person} HTTP/1.1\r\nHost: localhost\r\nPurpose: enroll\r\nOn-Behalf-Of: counselor-17\r\n\r\n"
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut length = 0;
        let mut status = String::new();
        self.stream.read_line(&mut status)?;
        ensure!(status.starts_with("HTTP/1.1 200 "), "the hub answers {status}");
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        ensure!(length > 0, "an answer without a length");
        let read = io::copy(&mut (&mut self.stream).take(length), &mut io::sink())?;
        ensure!(read == length, "an answer that ends early");
        Ok(usize::try_from(length)?)
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if let Some((thread, handle)) = self.server.take() {
            drop(handle.stop(false));
            let _ = thread.join();
        }
    }
}

/// One script for each person: what `store::persons::read` sends for it, its values in the text, since a variable of
/// `pgbench` holds no array.
fn scripts(pool: &Pool, asked: &[PersonId], folder: &Path) -> Result<Vec<PathBuf>> {
    let mut connection = store::connection(pool)?;
    let mut scripts = Vec::with_capacity(asked.len());
    for (number, &person) in asked.iter().enumerate() {
        let record = persons::load(&mut connection, person)?.context("the person")?;
        let list = |items: &mut dyn Iterator<Item = String>, of: &str| {
            format!("'{{{}}}'::{of}[]", items.collect::<Vec<_>>().join(","))
        };
        let students = list(
            &mut record.students.iter().map(|s| s.student_id.0.to_string()),
            "uuid",
        );
        let states = list(&mut record.students.iter().map(|s| s.state.to_string()), "text");
        let facilities = &record.facilities;
        let beside = [
            list(&mut facilities.keys().map(|(state, _)| state.to_string()), "text"),
            list(
                &mut facilities.keys().map(|(_, code)| format!("\"{code}\"")),
                "text",
            ),
            states,
            students.clone(),
        ];
        let disclosed = [
            "now()".to_owned(),
            format!("'certificate:{}'", "0".repeat(64)),
            "'TX'".to_owned(),
            "'counselor-17'".to_owned(),
            "'enroll'".to_owned(),
            "'exchange'".to_owned(),
            format!("'{{{}}}'", person.number()),
            "'{null}'".to_owned(),
            "'{all}'::text[]".to_owned(),
        ];
        let statements = [
            "begin".to_owned(),
            filled(persons::STUDENTS_OF_PERSON, &[person.number().to_string()]),
            filled(&students::read_statement(), &[students]),
            filled(persons::BESIDE, &beside),
            filled(access::DISCLOSE, &disclosed),
            "commit".to_owned(),
        ];
        let path = folder.join(format!("person-{number}.sql"));
        fs::write(&path, statements.map(|sql| format!("{sql};\n")).concat())?;
        scripts.push(path);
    }
    Ok(scripts)
}

/// A statement on one line with values in the places of its parameters.
fn filled(sql: &str, values: &[String]) -> String {
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let numbered = values.iter().enumerate();
    numbered.fold(line, |line, (index, value)| {
        line.replace(&format!("${}", index + 1), value)
    })
}

/// Transactions a second.
fn pgbench(
    cluster: &Cluster,
    scripts: &[PathBuf],
    clients: usize,
    seconds: usize,
    protocol: &str,
) -> Result<f64> {
    #[derive(diesel::QueryableByName)]
    struct Setting {
        #[diesel(sql_type = Text)]
        value: String,
    }
    let url = cluster.connection_url("hub");
    let mut connection = <diesel::PgConnection as diesel::Connection>::establish(&url)?;
    let commit: Setting =
        sql_query("select current_setting('synchronous_commit') || current_setting('fsync') as value")
            .get_result(&mut connection)?;
    ensure!(
        commit.value == "onon",
        "commits are not on disk: {}",
        commit.value
    );
    let mut command = Command::new(cluster.installation().program("pgbench"));
    command.arg("--no-vacuum").args([
        format!("--protocol={protocol}"),
        format!("--client={clients}"),
        format!("--jobs={}", clients.min(2)),
        format!("--time={seconds}"),
    ]);
    for script in scripts {
        command.arg("--file").arg(script);
    }
    let output = command
        .arg(&url)
        .output()
        .context("pgbench could not be started")?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "pgbench: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    said.lines()
        .find_map(|line| {
            line.strip_prefix("tps = ")?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .with_context(|| format!("pgbench says no rate: {said}"))
}
