//! How soon a move is told: from the call that uploads what one state says, to the notice in the inbox of the other one.
//!
//! `cargo build --profile bench --bin mariposa && cargo bench -p end-to-end`; `MARIPOSA_BENCH_STUDENTS` students of a
//! national load, 60,000 without it. A hub serves as it does anywhere: its own PostgreSQL, mutual TLS, `curl`.
//!
//! - idle: at most 1 second;
//! - while six states load at once: at most 5 seconds.
//!
//! The limit is the same call and answer without a move in it: receipt of an upload, and one look at an inbox.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use end_to_end::{Answer, Hub, mariposa_ok, until};

/// Where the children were, and where they are seen next. No state of the made-up nation.
const MOVERS: (&str, &str) = ("VT", "ME");

/// Children that move while nothing else happens, and while a nation is loaded.
const MOVES: usize = 20;

struct Bench {
    hub: Hub,
    folder: PathBuf,
}

fn main() -> Result<()> {
    let students = std::env::var("MARIPOSA_BENCH_STUDENTS").unwrap_or_else(|_| "60000".into());
    let folder = tempfile::tempdir()?;
    // The private PostgreSQL runs as another user when this runs as root.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711))?;
    let nation = folder.path().join("nation");
    mariposa_ok(&[
        "simulate",
        "--students",
        &students,
        "--nights",
        "1",
        "--out",
        text(&nation),
    ])?;
    let data = folder.path().join("hub");
    let bench = Bench {
        hub: Hub::start(&data)?,
        folder: folder.path().to_owned(),
    };
    let files = files(&nation)?;
    let states = files.iter().map(|(state, _)| state.as_str());
    for state in states.chain([MOVERS.0, MOVERS.1]) {
        let out = bench.folder.join("certificates");
        mariposa_ok(&[
            "pki",
            "issue",
            state,
            "--out",
            text(&out),
            "--data-dir",
            text(&data),
        ])?;
    }

    // Everybody who moves is known, and linked, before.
    let before: Vec<String> = (0..2 * MOVES).map(|n| child(n, "2025-08-18")).collect();
    bench.send(MOVERS.0, "2026-03-01T06:00:00Z", &before.concat())?;
    until("linking", || {
        let waiting = end_to_end::psql(&data, "select count(*) from link")?;
        Ok((waiting.trim() == (2 * MOVES).to_string()).then_some(()))
    })?;

    let start = Instant::now();
    for n in 0..5 {
        bench.send(MOVERS.0, "2026-03-01T06:00:00Z", &child(n, "2025-08-18"))?;
        bench.inbox(MOVERS.0)?;
    }
    let limit = start.elapsed() / 5;
    let idle = (0..MOVES).map(|n| bench.told(n)).collect::<Result<Vec<_>>>()?;
    print("idle", &idle, limit);

    let ended = AtomicBool::new(false);
    let mut under_load = Vec::new();
    std::thread::scope(|scope| -> Result<()> {
        let loads = scope.spawn(|| {
            let loaded = bench.load(&files);
            ended.store(true, Ordering::SeqCst);
            loaded
        });
        for n in MOVES..2 * MOVES {
            if ended.load(Ordering::SeqCst) {
                break;
            }
            under_load.push(bench.told(n)?);
        }
        let took = loads.join().map_err(|_| anyhow::anyhow!("the load failed"))??;
        println!(
            "{students} students of {} states loaded and linked in {took:.1?}",
            files.len()
        );
        Ok(())
    })?;
    ensure!(
        !under_load.is_empty(),
        "the load was over before anybody moved: load more students"
    );
    print("while a nation loads", &under_load, limit);
    Ok(())
}

fn print(what: &str, told: &[Duration], limit: Duration) {
    let mut sorted = told.to_vec();
    sorted.sort_unstable();
    let at = |share: usize| sorted[(sorted.len() - 1) * share / 100].as_secs_f64();
    println!(
        "{what}: {} moves, median {:.2} s, 95 % within {:.2} s, longest {:.2} s; an upload and a look alone {:.2} s: {:.1} times as long",
        sorted.len(),
        at(50),
        at(95),
        at(100),
        limit.as_secs_f64(),
        at(50) / limit.as_secs_f64(),
    );
}

impl Bench {
    fn curl(&self, state: &str, path: &str, extra: &[&str]) -> Result<Answer> {
        let state = state.to_lowercase();
        self.hub
            .curl(&self.folder.join("certificates"), &state, path, extra)
    }

    fn post(&self, state: &str, file: &Path) -> Result<Answer> {
        let body = format!("@{}", file.display());
        let receipt = self.curl(
            state,
            "/v1/batches",
            &[
                "--data-binary",
                &body,
                "--header",
                "Content-Type: application/xml",
            ],
        )?;
        ensure!(receipt.status == 202 || receipt.status == 200, "{}", receipt.text);
        Ok(receipt)
    }

    fn send(&self, state: &str, as_of: &str, students: &str) -> Result<Answer> {
        let file = self.folder.join(format!("{state}.xml"));
        std::fs::write(&file, upload(state, as_of, students))?;
        self.post(state, &file)
    }

    fn inbox(&self, state: &str) -> Result<usize> {
        let inbox = self.curl(state, "/v1/move-notices?box=inbox&status=all&limit=200", &[])?;
        let items = inbox.json["items"].as_array();
        Ok(items.with_context(|| inbox.text.clone())?.len())
    }

    /// Lets a child show up in the other state, and waits until its state is told.
    fn told(&self, n: usize) -> Result<Duration> {
        let before = self.inbox(MOVERS.0)?;
        let start = Instant::now();
        self.send(MOVERS.1, "2026-03-20T06:00:00Z", &child(n, "2026-03-16"))?;
        until("a notice", || Ok((self.inbox(MOVERS.0)? > before).then_some(())))?;
        Ok(start.elapsed())
    }

    /// Uploads the files of a nation at once; until all are loaded and linked.
    fn load(&self, files: &[(String, PathBuf)]) -> Result<Duration> {
        let start = Instant::now();
        std::thread::scope(|scope| {
            let sent: Vec<_> = files
                .iter()
                .map(|(state, file)| scope.spawn(|| self.post(state, file)))
                .collect();
            sent.into_iter().try_for_each(|sent| {
                sent.join()
                    .map_err(|_| anyhow::anyhow!("an upload failed"))?
                    .map(drop)
            })
        })?;
        let data = self.folder.join("hub");
        loop {
            let open = end_to_end::psql(
                &data,
                "select (select count(*) from batch where status not in ('loaded', 'failed', 'held'))
                      + (select count(*) from job where name in ('link', 'notice'))",
            )?;
            if open.trim() == "0" {
                return Ok(start.elapsed());
            }
            ensure!(start.elapsed() < Duration::from_mins(30), "the load does not end");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// The uploads of the nation: state and file.
fn files(nation: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    for state in nation.read_dir()? {
        let state = state?;
        if !state.file_type()?.is_dir() {
            continue;
        }
        let night = state.path().read_dir()?.next().context("a night")??;
        let name = state.file_name().into_string().ok().context("a state")?;
        files.push((name, night.path().join("upload.xml")));
    }
    Ok(files)
}

/// A child whom nobody takes for another one.
fn child(n: usize, enrolled: &str) -> String {
    let name =
        |syllables: [&str; 10]| format!("{}{}", syllables[n / 10 % 10], syllables[n % 10].to_lowercase());
    let last = name([
        "Xico", "Quetz", "Tla", "Ahui", "Cuau", "Nopal", "Itzco", "Huitz", "Mizqui", "Ocelo",
    ]);
    let first = name([
        "Cit", "Yol", "Nen", "Mal", "Ame", "Tep", "Zel", "Izt", "Eli", "Xoc",
    ]);
    format!(
        "<Student action=\"insert\"><StateStudentIdentificationNumber>S-{n}</StateStudentIdentificationNumber>\
         <LastName1>{last}tzin</LastName1><FirstName>{first}li</FirstName><Gender>Female</Gender>\
         <BirthDate>20{:02}-{:02}-{:02}</BirthDate><BirthCertificateFlag>1004</BirthCertificateFlag>\
         <BirthCity>Juxtlahuaca</BirthCity><BirthState>OAX</BirthState><BirthCountry>MX</BirthCountry>\
         <Parent2LastName>{last}tzin</Parent2LastName><Parent2FirstName>{first}ana</Parent2FirstName>\
         <Enrollment><FacilityCode>F1</FacilityCode><EnrollmentDate>{enrolled}</EnrollmentDate>\
         <GradeLevel>07</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment></Student>\n",
        8 + n % 7,
        1 + n % 12,
        1 + n * 7 % 28,
    )
}

fn upload(state: &str, as_of: &str, students: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MariposaUpload xmlns=\"urn:mariposa:upload:1\" codeSet=\"2022\">\n\
         <Header><SubmittingState>{state}</SubmittingState><AsOf>{as_of}</AsOf><Kind>delta</Kind></Header>\n\
         <Facilities><Facility><FacilityCode>F1</FacilityCode><SchoolName>Orchard Middle School</SchoolName></Facility></Facilities>\n\
         <Students>\n{students}</Students></MariposaUpload>"
    )
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a readable path")
}
