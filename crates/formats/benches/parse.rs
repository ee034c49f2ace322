//! Parse and validate (all depths) against `xmllint --stream --schema` with the published XSD, on the same file.
//!
//! Beside it the same students as delimited tables, read through the shipped profile of that layout.
//!
//! `cargo bench -p formats -- 20000` (students; or `MARIPOSA_BENCH_STUDENTS`). Medians of five runs each.

#[path = "../tests/it/made_up.rs"]
mod made_up;

use std::io::{BufWriter, Write};
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

    delimited(folder.path(), students, rows as f64 / ours.as_secs_f64());

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

/// The same students as pipe-delimited tables; `native` are the rows per second of the native format.
fn delimited(folder: &Path, students: u32, native: f64) {
    let profile = formats::profile::shipped()
        .into_iter()
        .find(|p| p.name == "ky")
        .expect("it is shipped");
    let folder = folder.join("2026-04-01");
    write_tables(&folder, students).expect("the temporary folder takes them");
    let options = Options {
        profile: Some(&profile),
        ..Options::default()
    };
    let mut rows = 0;
    let time = median(|| {
        let summary = formats::read(&folder, &options, &mut ()).expect("the tables are sound");
        assert_eq!(summary.rows.students, u64::from(students));
        rows = summary.rows.kept;
    });
    let speed = rows as f64 / time.as_secs_f64();
    println!(
        "delimited: {rows} rows in {time:.2?}: {speed:.0} rows/s, {:.2} of the native format's",
        speed / native
    );
}

fn write_tables(folder: &Path, students: u32) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let table = |name: &str, header: &str| -> std::io::Result<_> {
        let mut file = BufWriter::new(std::fs::File::create(folder.join(format!("KY_{name}.txt")))?);
        writeln!(file, "{header}")?;
        Ok(file)
    };
    let mut student = table(
        "student",
        "STUDENT_ID|LAST_NAME_1|LAST_NAME_2|FIRST_NAME|MIDDLE_NAME|GENERATION|GENDER|BIRTH_DATE|BIRTH_CERT_FLAG|BIRTH_CITY|BIRTH_STATE|BIRTH_COUNTRY|PARENT1_LAST|PARENT1_FIRST|PARENT2_LAST|PARENT2_FIRST|GUARDIAN_LAST|GUARDIAN_FIRST|TERMINATION_DATE|TERMINATION_FLAG",
    )?;
    let mut moves = table(
        "move",
        "STUDENT_ID|COE_NUMBER|QAD|FROM_CITY|FROM_STATE|FROM_COUNTRY|TO_CITY|TO_STATE|RESIDENCY_DATE",
    )?;
    let mut enrollment = table(
        "enrollment",
        "STUDENT_ID|FACILITY_ID|GRADE|ENROLL_DATE|WITHDRAW_DATE|ENROLL_TYPE|GRAD_SCHOOL_FLAG|WITHDRAW_REASON|MOVED_TO_STATE",
    )?;
    let mut course = table(
        "course",
        "STUDENT_ID|FACILITY_ID|COURSE_TITLE|SUBJECT_AREA|COURSE_TYPE|COURSE_YEAR|SECTION|TERM_TYPE|GRADE_TO_DATE|CLOCK_HOURS|FINAL_GRADE|CREDITS",
    )?;
    let mut dose = table("immunization", "STUDENT_ID|IMM_DATE|IMM_TYPE")?;
    for name in ["facility", "assessment", "alert", "gradreq"] {
        std::fs::File::create(folder.join(format!("KY_{name}.txt")))?;
    }
    let date = |year: u32, month: u32, day: u32| format!("{month:02}/{day:02}/{year}");
    for n in 0..students {
        let id = format!("{:010}", 4_000_000_000_u64 + u64::from(n) * 13);
        let year = 2008 + n % 10;
        writeln!(
            student,
            "{id}|GARCIA|PENA|JOSE LUIS|||02|{}|01|WESLACO|TX|US|GARCIA|OCTAVIO|PENA|ELVIA|PENA|ELVIA||",
            date(year, 1 + n % 12, 2 + n % 27)
        )?;
        for k in 0..2 {
            writeln!(
                moves,
                "{id}|KY{}-{n:06}|{}|WESLACO|TX||SHELBYVILLE|KY|{}",
                24 + k,
                date(2024 + k, 6, 1 + n % 28),
                date(2024 + k, 6, 2 + n % 28)
            )?;
        }
        for k in 0..4 {
            writeln!(
                enrollment,
                "{id}|{}|0{}|{}|{}|01|N|ENDTERM|",
                1000 + (n + k) % 400,
                1 + k,
                date(2022 + k, 8, 10 + n % 15),
                date(2023 + k, 5, 10 + n % 15)
            )?;
        }
        for k in 0..6 {
            writeln!(
                course,
                "{id}|{}|ALGEBRA {k}|MATHEMATICS|01|{}|02|02|||A|0.5",
                1000 + (n + k) % 400,
                2024 + k % 2
            )?;
        }
        for (k, vaccine) in ["DTAP", "MMR", "HEPB", "POLIO", "VARICELLA", "HEPA", "MCV4"]
            .iter()
            .enumerate()
        {
            writeln!(
                dose,
                "{id}|{}|{vaccine}",
                date(year + 1 + k as u32 % 3, 1 + (n + k as u32) % 12, 1 + n % 28)
            )?;
        }
    }
    Ok(())
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
