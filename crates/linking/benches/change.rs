//! Changed students in a database of many: what the linker takes for them, and which share of it are the queries.
//!
//! `cargo bench -p linking --bench change`; `MARIPOSA_BENCH_STUDENTS` is 100,000 without it. PostgreSQL runs on a folder
//! of its own, durable.
//!
//! - computing: holding the changed student in the index and deciding about all around it, without the database;
//! - one by one: a round of the linker for one changed student, from the queue to the commit;
//! - in hundreds: a round for a hundred of them, as an upload of changes brings them, by student.
//!
//! Beside the last two, processor time.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, sql_query};
use linking::driver::{Linker, gather, upsert};
use linking::{Entities, HumanDecisions, LinkIndex, Model, Resolution};
use mde::{Date, StateCode, Student, StudentId, text::Name};
use pgcluster::{Cluster, Options};
use simulate::{Config, Nation};
use store::students::{self, Source};

/// Students changed one by one, and as many in hundreds.
const CHANGES: usize = 2_000;

const HUNDRED: usize = 100;

/// How often each change is computed.
const TURNS: usize = 3;

/// Students loaded in one transaction.
const CHUNK: usize = 2_000;

struct Sent {
    id: StudentId,
    state: StateCode,
    student: Student,
}

fn main() -> Result<()> {
    let size = std::env::var("MARIPOSA_BENCH_STUDENTS")
        .unwrap_or_else(|_| "100000".into())
        .parse()?;
    let folder = tempfile::tempdir()?;
    // PostgreSQL may run as another user, who must get to its own folder below this one.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711))?;
    let cluster = Cluster::start(&Options::new(folder.path().join("cluster")))?;
    store::db::ensure_database(&cluster.connection_url("postgres"), "hub")?;
    let url = cluster.connection_url("hub");
    store::migrate(&url)?;
    let connection = &mut PgConnection::establish(&url)?;

    let sent = nation(size)?;
    let start = Instant::now();
    let mut batch = 1;
    for of_state in sent.chunk_by(|a, b| a.state == b.state) {
        for chunk in of_state.chunks(CHUNK) {
            let students: Vec<(StudentId, &Student)> =
                chunk.iter().map(|one| (one.id, &one.student)).collect();
            load(connection, of_state[0].state, batch, &students)?;
        }
        batch += 1;
    }
    println!(
        "{} students of 10 states loaded in {:.1} s",
        sent.len(),
        start.elapsed().as_secs_f64()
    );
    let mut linker = Linker::open(connection, Model::default_fixed())?;
    let start = Instant::now();
    let first = linker.run(connection, &|| true, &Utc::now)?;
    println!(
        "  first link                  {:>8.1} s, {} links",
        start.elapsed().as_secs_f64(),
        first.links
    );
    // What autovacuum would do within the first minutes; the plans depend on it.
    sql_query("vacuum analyze").execute(connection)?;

    let every = (sent.len() / (2 * CHANGES)).max(1);
    let picked: Vec<&Sent> = sent.iter().step_by(every).take(2 * CHANGES).collect();
    let (single, hundreds) = picked.split_at(picked.len() / 2);
    computing(&sent, single)?;

    let mut times = Vec::new();
    let began = Busy::now(connection)?;
    for (number, one) in single.iter().enumerate() {
        batch += 1;
        let changed = changed(&one.student, number)?;
        load(connection, one.state, batch, &[(one.id, &changed)])?;
        times.push(round(&mut linker, connection, 1)?);
    }
    told("one by one, with queries", times, 1);
    began.told(connection, single.len())?;

    let mut times = Vec::new();
    let began = Busy::now(connection)?;
    for hundred in hundreds.chunks(HUNDRED) {
        batch += 1;
        for of_state in hundred.chunk_by(|a, b| a.state == b.state) {
            let changed: Vec<(StudentId, Student)> = of_state
                .iter()
                .enumerate()
                .map(|(number, one)| Ok((one.id, changed(&one.student, number)?)))
                .collect::<Result<_>>()?;
            let students: Vec<(StudentId, &Student)> =
                changed.iter().map(|(id, student)| (*id, student)).collect();
            load(connection, of_state[0].state, batch, &students)?;
        }
        times.push(round(&mut linker, connection, hundred.len())?);
    }
    told("in hundreds, by student", times, HUNDRED);
    began.told(connection, hundreds.len())?;
    cluster.stop()?;
    Ok(())
}

/// Processor time used so far by this program and by the server's process that works for it: what does not depend on
/// what else the machine does. The loading of the changes is in it.
struct Busy {
    own: u64,
    server: u64,
}

impl Busy {
    fn now(connection: &mut PgConnection) -> Result<Self> {
        #[derive(QueryableByName)]
        struct Backend {
            #[diesel(sql_type = diesel::sql_types::Integer)]
            pid: i32,
        }
        let Backend { pid } = sql_query("select pg_backend_pid() as pid").get_result(connection)?;
        Ok(Self {
            own: milliseconds("self"),
            server: milliseconds(&pid.to_string()),
        })
    }

    fn told(&self, connection: &mut PgConnection, students: usize) -> Result<()> {
        let now = Self::now(connection)?;
        let each = |from: u64, to: u64| to.saturating_sub(from) as f64 / students as f64;
        println!(
            "    processor time by student, loading included: {:.3} ms here, {:.3} ms in PostgreSQL",
            each(self.own, now.own),
            each(self.server, now.server)
        );
        Ok(())
    }
}

/// Processor time of a process, from Linux's `/proc/PID/stat` in hundredths of a second; 0 elsewhere.
fn milliseconds(process: &str) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10
}

/// The linker looks at what waits.
fn round(linker: &mut Linker, connection: &mut PgConnection, students: usize) -> Result<Duration> {
    let start = Instant::now();
    let done = linker.run(connection, &|| true, &Utc::now)?;
    let took = start.elapsed();
    ensure!(
        done.students == students && done.held == 0,
        "{students} students: {done:?}"
    );
    Ok(took)
}

/// The same changes in an index of their own: of each the fastest of a few turns, since what else the machine does is
/// not its time.
fn computing(sent: &[Sent], single: &[&Sent]) -> Result<()> {
    let mut index = LinkIndex::new(Model::default_fixed());
    for of_state in sent.chunk_by(|a, b| a.state == b.state) {
        let students: Vec<(StudentId, Student)> =
            of_state.iter().map(|one| (one.id, one.student.clone())).collect();
        gather(&mut index, of_state[0].state, &students);
    }
    index.file();
    let (mut persons, humans) = (Entities::default(), HumanDecisions::default());
    persons.apply(&index.resolve_all(&persons, &humans));
    let mut times = Vec::new();
    for (number, one) in single.iter().enumerate() {
        let changed = changed(&one.student, number)?;
        let mut least = Duration::MAX;
        let mut resolution = Resolution::default();
        for _ in 0..TURNS {
            upsert(&mut index, one.id, one.state, &one.student);
            let start = Instant::now();
            upsert(&mut index, one.id, one.state, &changed);
            resolution = index.resolve(&[one.id.0.as_u128()], &persons, &humans);
            least = least.min(start.elapsed());
        }
        times.push(least);
        persons.apply(&resolution);
    }
    told("computing alone", times, 1);
    Ok(())
}

/// Prints the time for a student of rounds of so many.
fn told(what: &str, mut rounds: Vec<Duration>, of: usize) {
    rounds.sort();
    let at = |percent: usize| {
        let round = rounds[(rounds.len() - 1) * percent / 100];
        round.as_secs_f64() * 1e3 / of as f64
    };
    println!("  {what:<26}  p50 {:>7.3} ms   p99 {:>7.3} ms", at(50), at(99));
}

/// Every other student is born a day later, the rest get another middle name.
fn changed(student: &Student, number: usize) -> Result<Student> {
    let mut changed = student.clone();
    let identity = &mut changed.identity;
    match identity.birth_date.and_then(|date| date.day().succ_opt()) {
        Some(next) if number.is_multiple_of(2) => identity.birth_date = Some(Date::new(next)?),
        _ => identity.middle_name = Some(Name::new("Zeferino")?),
    }
    Ok(changed)
}

fn load(
    connection: &mut PgConnection,
    state: StateCode,
    batch_id: i64,
    students: &[(StudentId, &Student)],
) -> Result<()> {
    let at: DateTime<Utc> = Utc::now();
    let source = Source {
        state,
        batch_id,
        as_of: at,
        received_at: at,
    };
    let ids: Vec<_> = students.iter().map(|(id, _)| id.0).collect();
    let held = if batch_id > 10 {
        students::held(connection, &ids)?
    } else {
        HashMap::new()
    };
    let rows: Vec<(StudentId, &Student, _)> = students
        .iter()
        .map(|(id, student)| (*id, *student, student.content_hash()))
        .collect();
    students::replace(connection, source, &rows, &held, at)?;
    Ok(())
}

/// All students of a made-up nation without the parts at which linking does not look, by state.
fn nation(size: usize) -> Result<Vec<Sent>> {
    let nation = Nation::new(Config {
        students: size,
        states: Config::first_states(10),
        nights: 1,
        ..Config::default()
    })?;
    let night = nation.nights().next().context("a night")?;
    let mut sent = Vec::new();
    for &state in &nation.config().states {
        sent.extend(nation.submissions(state, night).map(|submission| {
            let whole = submission.student;
            let mut student = Student::new(whole.identity);
            student.enrollments = whole.enrollments;
            student.alternate_ids = whole.alternate_ids;
            Sent {
                id: student.id(state),
                state,
                student,
            }
        }));
    }
    Ok(sent)
}
