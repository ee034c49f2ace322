//! Loading full uploads end to end on a durable PostgreSQL of its own, against the least that the same work can take.
//!
//! `cargo bench -p ingest --bench load`; `MARIPOSA_BENCH_STUDENTS` students over two states, 20,000 without it. Medians
//! of three runs, each on a new database.
//!
//! - a first load ÷ one connection's binary `COPY` of the same rows of all tables into empty tables of the same schema;
//! - the same upload again under a newer instant, so that nothing changes ÷ parsing and validating the files alone;
//! - an upload in which every student changed;
//! - the most memory that the process took meanwhile.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use chrono::{TimeDelta, Utc};
use formats::{BatchKind, Header, Limits, Options, Totals};
use ingest::{Call, Profiles, Spool};
use mde::{CodeSet, StateCode, Submission};
use pgcluster::Cluster;
use simulate::{Config, Nation};
use store::Pool;
use store::batches::Batch;
use store::tables::TABLES;

const RUNS: usize = 3;

/// Set in the process that writes the uploads, whose memory is not to be counted: the folder to write to.
const WRITE_TO: &str = "MARIPOSA_BENCH_WRITE_TO";

fn main() -> Result<()> {
    if let Some(folder) = std::env::var_os(WRITE_TO) {
        return write_uploads(Path::new(&folder));
    }
    let folder = tempfile::tempdir()?;
    // PostgreSQL may run as another user, who must get to its own folder below this one.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711))?;
    let uploads = folder.path().join("uploads");
    fs::create_dir(&uploads)?;
    let written = Command::new(std::env::current_exe()?)
        .env(WRITE_TO, &uploads)
        .status()?;
    ensure!(written.success(), "the uploads could not be written");
    let cluster = Cluster::start(&pgcluster::Options::new(folder.path().join("cluster")))?;

    fs::write("/proc/self/clear_refs", "5").context("the peak of memory could not be reset")?;
    let before = memory("VmRSS")?;
    let mut times = Times::default();
    let mut rows = 0;
    for run in 0..RUNS {
        let hub = Hub::new(&cluster, folder.path(), &format!("hub_{run}"))?;
        let first = hub.load(&uploads, Kind::First)?;
        let dump = Dump::of(&hub)?;
        let copied = dump.copy_into(&Hub::new(&cluster, folder.path(), &format!("copy_{run}"))?)?;
        rows = dump.rows;
        times.first.push(first.received + first.run);
        times.copied.push(copied);
        times.parsed.push(parse(&uploads)?);
        let same = hub.load(&uploads, Kind::Same)?;
        times.same.push(same.received + same.run);
        times.same_received.push(same.received);
        let changed = hub.load(&uploads, Kind::Changed)?;
        times.changed.push(changed.received + changed.run);
    }
    times.print(rows, &uploads)?;
    println!(
        "memory: {} MB at the most, {} MB before the first load (to stay: at most 300 MB)",
        memory("VmHWM")?,
        before
    );
    cluster.stop()?;
    Ok(())
}

#[derive(Default)]
struct Times {
    first: Vec<Duration>,
    copied: Vec<Duration>,
    parsed: Vec<Duration>,
    same: Vec<Duration>,
    same_received: Vec<Duration>,
    changed: Vec<Duration>,
}

impl Times {
    fn print(self, rows: u64, uploads: &Path) -> Result<()> {
        let students = students() as f64;
        let mut megabytes = 0.0;
        for state in states() {
            megabytes += fs::metadata(Kind::First.path(uploads, state))?.len() as f64 / 1e6;
        }
        println!(
            "{} students of {} states, {megabytes:.0} MB of XML, {rows} rows; fsync on; medians of {RUNS} runs",
            students as u64,
            states().len()
        );
        let [first, copied, parsed, same, received, changed] = [
            self.first,
            self.copied,
            self.parsed,
            self.same,
            self.same_received,
            self.changed,
        ]
        .map(|mut times| {
            times.sort();
            times[times.len() / 2].as_secs_f64()
        });
        let line = |what: &str, seconds: f64| {
            println!(
                "{what:<42} {seconds:>7.2} s {:>9.0} students/s {:>9.0} rows/s",
                students / seconds,
                rows as f64 / seconds
            );
        };
        line("first load, received to loaded", first);
        line("COPY of the same rows", copied);
        line("every student changed", changed);
        line("nothing changed, received to loaded", same);
        line("    of which receiving", received);
        line("parsing and validating alone", parsed);
        println!(
            "first load ÷ COPY:                {:.2} (to reach: 0.5)",
            copied / first
        );
        println!(
            "nothing changed ÷ parsing:        {:.2} (to reach: 0.7)",
            parsed / same
        );
        println!(
            "    without receiving:            {:.2}",
            parsed / (same - received)
        );
        println!("every student changed ÷ first:    {:.2}", first / changed);
        Ok(())
    }
}

/// One of the three uploads of a state.
#[derive(Clone, Copy)]
enum Kind {
    First,
    Same,
    Changed,
}

impl Kind {
    fn path(self, uploads: &Path, state: StateCode) -> PathBuf {
        let name = match self {
            Self::First => "first",
            Self::Same => "same",
            Self::Changed => "changed",
        };
        uploads.join(format!("{state}-{name}.xml"))
    }

    /// Days after the first upload.
    fn day(self) -> TimeDelta {
        TimeDelta::days(self as i64)
    }
}

fn students() -> usize {
    std::env::var("MARIPOSA_BENCH_STUDENTS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(20_000)
}

fn states() -> Vec<StateCode> {
    Config::first_states(2)
}

fn write_uploads(folder: &Path) -> Result<()> {
    let nation = Nation::new(Config {
        students: students(),
        states: states(),
        nights: 1,
        ..Config::default()
    })?;
    let night = nation.nights().next().context("a night")?;
    for state in states() {
        let mut students: Vec<Submission> = nation.submissions(state, night).collect();
        let facilities = nation.facilities(state);
        for kind in [Kind::First, Kind::Same, Kind::Changed] {
            if matches!(kind, Kind::Changed) {
                for student in &mut students {
                    student.student.identity.birth_city = Some(mde::text::Name::new("Yuriria")?);
                }
            }
            let records: usize = students.iter().map(|s| s.student.row_count()).sum();
            let header = Header {
                state,
                as_of: night.as_of() + kind.day(),
                kind: BatchKind::Full,
                code_set: CodeSet::V2022,
                profile: None,
                effective_from: None,
                effective_to: None,
                totals: Totals {
                    students: Some(students.len() as u64),
                    records: Some((records + facilities.len()) as u64),
                },
            };
            let mut file = BufWriter::new(File::create(kind.path(folder, state))?);
            formats::write_xml(&header, &facilities, &students, &mut file)?;
            file.flush()?;
        }
    }
    Ok(())
}

/// Reads the files as the hub does, and drops everything.
fn parse(uploads: &Path) -> Result<Duration> {
    let start = Instant::now();
    for state in states() {
        formats::read(&Kind::Same.path(uploads, state), &Options::default(), &mut ())
            .map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
    }
    Ok(start.elapsed())
}

/// A hub without listeners: a database, a spool, and the job that loads.
struct Hub<'a> {
    cluster: &'a Cluster,
    database: String,
    pool: Pool,
    spool: Spool,
    folder: PathBuf,
}

struct Loaded {
    /// Writing the files to the spool, reading their headers, hashing them, writing the batches.
    received: Duration,
    /// The job.
    run: Duration,
}

impl<'a> Hub<'a> {
    fn new(cluster: &'a Cluster, folder: &Path, database: &str) -> Result<Self> {
        store::db::ensure_database(&cluster.connection_url("postgres"), database)?;
        let url = cluster.connection_url(database);
        store::migrate(&url)?;
        let pool = store::pool(&url, 4, Duration::from_mins(10));
        for state in states() {
            store::participants::register(&mut *store::connection(&pool)?, state, Utc::now())?;
        }
        Ok(Self {
            cluster,
            database: database.to_owned(),
            pool,
            spool: Spool::open(folder.join("spool"))?,
            folder: folder.to_owned(),
        })
    }

    /// Receives and loads the uploads of all states, one after the other.
    fn load(&self, uploads: &Path, kind: Kind) -> Result<Loaded> {
        self.psql("checkpoint;\n")?;
        let mut loaded = Loaded {
            received: Duration::ZERO,
            run: Duration::ZERO,
        };
        for state in states() {
            let start = Instant::now();
            let batch_id = self.receive(&kind.path(uploads, state), state)?;
            let received = Instant::now();
            let batch = ingest::run(
                &self.pool,
                &self.spool,
                &Profiles::shipped(),
                Limits::default(),
                batch_id,
                &|| true,
                &Utc::now,
            )?
            .context("the batch")?;
            loaded.received += received - start;
            loaded.run += received.elapsed();
            check(&batch, kind)?;
        }
        Ok(loaded)
    }

    fn receive(&self, file: &Path, state: StateCode) -> Result<i64> {
        let mut writer = self.spool.begin()?;
        io::copy(&mut File::open(file)?, &mut writer)?;
        let call = Call {
            state,
            kind: None,
            profile: None,
            as_of: None,
            file_name: None,
            received_from: "bench".into(),
        };
        let receipt = ingest::receive(
            &mut *store::connection(&self.pool)?,
            &self.spool,
            &Profiles::shipped(),
            writer.finish()?,
            &call,
            Limits::default(),
            Utc::now(),
        )?;
        Ok(receipt.batch.batch_id)
    }

    /// Runs commands of `psql` on one connection and gives what it printed.
    fn psql(&self, commands: &str) -> Result<String> {
        let script = self.folder.join("commands.sql");
        fs::write(&script, commands)?;
        let output = Command::new(self.cluster.installation().program("psql"))
            .args(["--no-psqlrc", "--set=ON_ERROR_STOP=1", "--dbname"])
            .arg(self.cluster.connection_url(&self.database))
            .arg("--file")
            .arg(&script)
            .output()
            .context("psql could not be started")?;
        ensure!(
            output.status.success(),
            "psql: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// The figures are worth nothing if the batch did not do what it should.
fn check(batch: &Batch, kind: Kind) -> Result<()> {
    let moved = match kind {
        Kind::First => batch.students_inserted,
        Kind::Same => batch.students_unchanged,
        Kind::Changed => batch.students_updated,
    };
    ensure!(batch.status == "loaded", "the batch is {}", batch.status);
    ensure!(
        moved == batch.students_read && moved > 0,
        "of {} students {moved} were loaded as meant",
        batch.students_read
    );
    Ok(())
}

/// What a load left in the database, table by table, as files of binary `COPY`.
struct Dump {
    folder: PathBuf,
    rows: u64,
}

impl Dump {
    fn of(hub: &Hub<'_>) -> Result<Self> {
        let folder = hub.folder.join("dump");
        fs::create_dir_all(&folder)?;
        let said = hub.psql(&copies(&folder, "to"))?;
        let rows = said
            .lines()
            .filter_map(|line| line.strip_prefix("COPY ")?.parse::<u64>().ok())
            .sum();
        ensure!(rows > 0, "nothing was loaded");
        Ok(Self { folder, rows })
    }

    /// Copies it into a hub without content, in one transaction.
    fn copy_into(&self, hub: &Hub<'_>) -> Result<Duration> {
        hub.psql("delete from participant; checkpoint;\n")?;
        let commands = format!("begin;\n{}commit;\n", copies(&self.folder, "from"));
        let start = Instant::now();
        hub.psql(&commands)?;
        Ok(start.elapsed())
    }
}

fn copies(folder: &Path, direction: &str) -> String {
    let mut commands = String::new();
    for (table, _) in TABLES {
        let file = folder.join(table);
        commands.push_str(&format!(
            "\\copy {table} {direction} '{}' (format binary)\n",
            file.display()
        ));
    }
    commands
}

/// A line of this process's status, in MB.
fn memory(name: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kilobytes: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .context("no such line in the status")?
        .trim()
        .parse()?;
    Ok(kilobytes / 1024)
}
