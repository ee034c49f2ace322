//! Parse and validate (all depths) against `xmllint --stream --schema` with the published XSD, on the same file.
//!
//! `cargo bench -p formats -- 20000` (students; or `MARIPOSA_BENCH_STUDENTS`). Medians of five runs each.

#[path = "../tests/it/made_up.rs"]
mod made_up;

use std::io::BufWriter;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use formats::{BatchKind, Options};

const RUNS: usize = 5;

fn main() {
    let students = std::env::args()
        .skip(1)
        .find_map(|a| a.parse().ok())
        .or_else(|| std::env::var("MARIPOSA_BENCH_STUDENTS").ok()?.parse().ok())
        .unwrap_or(20_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("upload.xml");
    write(&path, students);
    let megabytes = path.metadata().expect("just written").len() as f64 / 1e6;

    let mut rows = 0;
    let ours = median(|| {
        let summary = formats::read(&path, &Options::default(), &mut ()).expect("the upload is sound");
        assert_eq!(summary.rows.students, u64::from(students));
        rows = summary.rows.read;
    });
    println!(
        "formats: {students} students, {rows} rows, {megabytes:.0} MB in {ours:.2?}: {:.0} students/s, {:.0} rows/s, {:.0} MB/s",
        f64::from(students) / ours.as_secs_f64(),
        rows as f64 / ours.as_secs_f64(),
        megabytes / ours.as_secs_f64()
    );

    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/mariposa-upload-1.xsd");
    if Command::new("xmllint")
        .arg("--version")
        .stderr(Stdio::null())
        .status()
        .is_err()
    {
        println!("xmllint is not installed; no ratio");
        return;
    }
    let theirs = median(|| {
        let status = Command::new("xmllint")
            .args(["--stream", "--noout", "--schema"])
            .args([&schema, &path])
            .stderr(Stdio::null())
            .status()
            .expect("xmllint starts");
        assert!(status.success(), "xmllint finds the upload invalid");
    });
    println!(
        "xmllint --stream --schema: {theirs:.2?}, {:.0} MB/s",
        megabytes / theirs.as_secs_f64()
    );
    println!(
        "ratio: {:.2} (to reach: 2.5)",
        theirs.as_secs_f64() / ours.as_secs_f64()
    );
}

fn write(path: &Path, students: u32) {
    let header = made_up::header(BatchKind::Full);
    let facilities: Vec<_> = (0..400).map(made_up::facility).collect();
    let file = BufWriter::new(std::fs::File::create(path).expect("the temporary file"));
    let mut out = file;
    // Students are made one by one: the file may be larger than memory.
    let made: Vec<_> = (0..students).map(made_up::submission).collect();
    formats::write_xml(&header, &facilities, &made, &mut out).expect("the temporary file takes it");
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}
