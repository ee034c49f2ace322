//! The consolidated record in memory, and the counts and the snapshot of a nation on PostgreSQL.
//!
//! `cargo bench -p records --bench counts`; `MARIPOSA_BENCH_STUDENTS` is 200,000 over six states without it, linked as
//! they truly are. What is read:
//!
//! - consolidating a person of the most students in memory, the quickest of three times, so that what else runs on the
//!   machine is not measured: the time at the 50th and 99th percent of persons;
//! - counting all children of a period, and freezing that, as seconds and as what a million students would take at the
//!   same rate; and the most memory of the process.

mod nation;

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use chrono::Utc;
use diesel::PgConnection;
use mde::PersonId;
use records::counts::Period;
use records::report::{self, Question};
use records::snapshot::{self, Taker};
use simulate::{Config, Nation};
use uuid::Uuid;

/// Persons consolidated, and how often each.
const PERSONS: usize = 2_000;
const TIMES: usize = 3;

fn main() -> Result<()> {
    let size = std::env::var("MARIPOSA_BENCH_STUDENTS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(200_000);
    let folder = tempfile::tempdir()?;
    let (cluster, pool) = nation::database(folder.path(), 1)?;
    let connection = &mut *store::db::connection(&pool)?;

    let nation = Nation::new(Config {
        students: size,
        nights: 1,
        ..Config::default()
    })?;
    let now = nation.nights().next().context("a night")?.as_of();
    let people = nation::fill(connection, &nation, now)?;
    let students: usize = people.values().map(Vec::len).sum();
    println!("{students} students, {} children", people.len());

    consolidate(connection, people, nation.config().start)?;

    let question = Question {
        period: Period::ending(2026).context("a period")?,
        known_at: None,
        today: nation.config().start,
    };
    let million = |took: Duration| took.as_secs_f64() * 1e6 / students as f64;
    let start = Instant::now();
    let counts = report::counts(connection, &question)?.counts;
    let took = start.elapsed();
    println!(
        "counts     {:>8.2} s   {:>7.1} s for a million students   category 1: {}",
        took.as_secs_f64(),
        million(took),
        counts.nation.category_1
    );
    let (hub, start) = (
        Taker {
            by: "bench",
            state: None,
        },
        Instant::now(),
    );
    let taken = snapshot::take(connection, "bench", &question, hub, Utc::now())?;
    let took = start.elapsed();
    println!(
        "snapshot   {:>8.2} s   {:>7.1} s for a million students (to reach: 60)   {} bytes kept",
        took.as_secs_f64(),
        million(took),
        taken.extract.len()
    );
    println!("memory     {:>8} MB at most", most_memory()?);
    cluster.stop()?;
    Ok(())
}

/// Consolidates the persons of the most students.
fn consolidate(
    connection: &mut PgConnection,
    people: BTreeMap<PersonId, Vec<Uuid>>,
    today: chrono::NaiveDate,
) -> Result<()> {
    let mut people: Vec<_> = people.into_iter().collect();
    people.sort_by_key(|(person, students)| (std::cmp::Reverse(students.len()), *person));
    let (mut times, mut of) = (Vec::new(), Vec::new());
    for (person, students) in people.iter().take(PERSONS) {
        let record = store::persons::load(connection, *person)?.context("a person")?;
        let time = || {
            let start = Instant::now();
            let consolidated = records::consolidate(&record, today);
            let took = start.elapsed();
            drop(std::hint::black_box(consolidated));
            took
        };
        times.push((0..TIMES).map(|_| time()).min().unwrap_or_default());
        of.push(students.len());
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!(
        "a person of {} to {} students in memory: p50 {:.3} ms, p99 {:.3} ms (to reach: 1 ms)",
        of.last().unwrap_or(&0),
        of.first().unwrap_or(&0),
        at(50),
        at(99)
    );
    Ok(())
}

/// The most memory that the process ever had, in MB.
fn most_memory() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kilobytes.context("VmHWM")?.trim().parse::<u64>()? / 1000)
}
