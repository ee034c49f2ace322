//! `mariposa link` as its users call it: what it finds, and what it says of files that are not as they should be.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with files, gone with the test.
struct Folder(tempfile::TempDir);

struct Ran {
    exit: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn with(self, name: &str, content: impl AsRef<[u8]>) -> Folder {
        std::fs::write(self.path(name), content).unwrap();
        self
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// `mariposa link ARGS`, in this folder.
    fn link(&self, args: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_mariposa"))
            .arg("link")
            .args(args)
            .current_dir(self.0.path())
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        Ran {
            exit: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// `mariposa link run people.csv --out clusters.csv --pairs pairs.csv --model shipped ARGS`.
    fn run(&self, args: &[&str]) -> Ran {
        self.run_by("shipped", args)
    }

    /// The same with the weights of a file.
    fn run_by(&self, model: &str, args: &[&str]) -> Ran {
        let mut all = vec![
            "run",
            "people.csv",
            "--out",
            "clusters.csv",
            "--pairs",
            "pairs.csv",
            "--model",
            model,
        ];
        all.extend(args);
        self.link(&all)
    }

    fn clusters(&self) -> HashMap<String, u32> {
        let mut reader = csv::Reader::from_path(self.path("clusters.csv")).unwrap();
        reader.deserialize().map(|row| row.unwrap()).collect()
    }
}

impl Ran {
    #[track_caller]
    fn refused(&self, exit: i32, told: &str) {
        assert_eq!(self.exit, Some(exit), "{}", self.stderr);
        assert!(self.stderr.contains(told), "{told:?} is not in: {}", self.stderr);
        assert!(!self.stderr.contains("panicked"));
    }

    #[track_caller]
    fn done(&self) -> &Ran {
        assert_eq!(self.exit, Some(0), "{}", self.stderr);
        self
    }
}

const GIVEN: [&str; 12] = [
    "Ana", "Luis", "Marisol", "Edgar", "Yadira", "Tomás", "Noemí", "Rubén", "Celia", "Hugo", "Irma", "Saúl",
];
const SURNAMES: [&str; 11] = [
    "Quiroz",
    "Bautista",
    "Zepeda",
    "Ochoa",
    "Valdivia",
    "Tapia",
    "Escobedo",
    "Lozano",
    "Munguía",
    "Rentería",
    "Ibarra",
];

/// Made-up people, each twice: as they are, and with an error.
fn people(count: usize) -> String {
    let mut csv = String::from("rec_id,given_name,surname,dob,sex,suburb,person\n");
    for n in 0..count {
        let (given, surname) = (GIVEN[n * 5 % 12], SURNAMES[n * 7 % 11]);
        let (year, month, day) = (2004 + n * 3 % 13, 1 + n * 5 % 12, 13 + n * 11 % 15);
        let sex = ["F", "M"][n % 2];
        let town = SURNAMES[n * 3 % 11];
        writeln!(
            csv,
            "a{n},{given},{surname},{month:02}/{day}/{year},{sex},{town},{n}"
        )
        .unwrap();
        match n % 4 {
            0 => writeln!(
                csv,
                "b{n},{given},{surname},{month:02}/{day}/{year},{sex},{town},{n}"
            ),
            1 => writeln!(
                csv,
                "b{n},{given},{surname}z,{month:02}/{day}/{year},{sex},{town},{n}"
            ),
            2 => writeln!(csv, "b{n},{given},{surname},{month:02}/{day}/{year},{sex},,{n}"),
            _ => writeln!(
                csv,
                "b{n},{given} {},{surname},{month:02}/{day}/{year},{sex},{town},{n}",
                GIVEN[n % 12]
            ),
        }
        .unwrap();
    }
    csv
}

#[test]
fn people_are_found_and_written_with_their_ids() {
    let folder = Folder::new().with("people.csv", people(60));
    let ran = folder.run(&["--report", "report.html", "--json"]);
    ran.done();
    let summary: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(summary["records"], 120);
    assert_eq!(summary["files"][0]["columns"][3]["element"], "birth_date");
    let clusters = folder.clusters();
    assert_eq!(clusters.len(), 120);
    let together = (0..60)
        .filter(|n| clusters[&format!("a{n}")] == clusters[&format!("b{n}")])
        .count();
    assert!(together >= 55, "{together} of 60");
    // Numbered from 1 by their first members.
    let mut numbers: Vec<u32> = clusters.values().copied().collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>());
    assert_eq!(clusters["a0"], 1);

    let pairs = folder.read("pairs.csv");
    let mut lines = pairs.lines();
    assert_eq!(lines.next(), Some("id_l,id_r,weight,probability"));
    let mut count = 0;
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let (weight, probability): (f64, f64) = (cells[2].parse().unwrap(), cells[3].parse().unwrap());
        assert!(
            weight >= -3.0 && (probability - 1.0 / (1.0 + (-weight).exp2())).abs() < 1e-4,
            "{line}"
        );
        count += 1;
    }
    assert_eq!(summary["pairs"], count);

    let report = folder.read("report.html");
    assert!(
        report.contains("<svg")
            && report.contains("given_name")
            && SURNAMES.iter().all(|name| !report.contains(name))
    );
    folder.run(&["--report", "report.html", "--report-values"]).done();
    let report = folder.read("report.html");
    assert!(SURNAMES.iter().any(|name| report.contains(name)) && report.contains("personal data"));
}

/// The weights and probabilities of `pairs.csv`.
fn weighed(folder: &Folder) -> Vec<(f64, f64)> {
    let mut reader = csv::Reader::from_path(folder.path("pairs.csv")).unwrap();
    let rows = reader.deserialize::<(String, String, f64, f64)>();
    rows.map(|row| row.unwrap()).map(|row| (row.2, row.3)).collect()
}

#[test]
fn probabilities_are_those_of_a_calibrated_model() {
    let mut model = linking::Model::default_fixed();
    model.calibration = vec![(-3.0, 0.02), (0.0, 0.25), (8.0, 0.97)];
    let folder = Folder::new()
        .with("people.csv", people(200))
        .with("model.json", serde_json::json!({ "model": model }).to_string());
    assert_eq!(folder.run(&[]).exit, Some(0));
    let before = weighed(&folder);
    let calibrated = folder.run_by("model.json", &[]);
    assert_eq!(calibrated.exit, Some(0), "{}", calibrated.stderr);
    let after = weighed(&folder);
    assert!(!after.is_empty() && before.len() == after.len());
    for ((weight, plain), (same, probability)) in before.into_iter().zip(after) {
        assert!((weight - same).abs() < 1e-9, "the weight is the model's");
        assert!((plain - 1.0 / (1.0 + (-weight).exp2())).abs() < 1e-4);
        let by_people = model.probability(weight as f32);
        assert!(
            (probability - by_people).abs() < 1e-4,
            "{weight}: {probability}, {by_people}"
        );
    }
}

#[test]
fn a_threshold_cuts_at_the_probability_that_is_shown() {
    let mut model = linking::Model::default_fixed();
    // By what people decided these weights are far less sure than by themselves.
    model.calibration = vec![(-3.0, 0.02), (20.0, 0.98)];
    let folder = Folder::new()
        .with("people.csv", people(40))
        .with("model.json", serde_json::json!({ "model": model }).to_string());
    let shown = || {
        let rows = folder.read("pairs.csv");
        let mut reader = csv::Reader::from_reader(rows.as_bytes());
        let rows = reader.deserialize::<(String, String, f64, f64)>();
        let of_one = |row: &(String, String, f64, f64)| row.0[1..] == row.1[1..];
        rows.map(|row| row.unwrap()).filter(of_one).collect::<Vec<_>>()
    };
    folder.run_by("model.json", &[]).done();
    let mut seen: Vec<f64> = shown().iter().map(|row| row.3).collect();
    seen.sort_by(f64::total_cmp);
    let threshold = f64::midpoint(seen[seen.len() / 4], seen[seen.len() * 3 / 4]);
    assert!(
        (seen[0] + 0.02..seen[seen.len() - 1] - 0.02).contains(&threshold),
        "{seen:?}"
    );

    folder
        .run_by("model.json", &["--threshold", &threshold.to_string()])
        .done();
    let clusters = folder.clusters();
    for (one, other, weight, probability) in shown() {
        let together = clusters[&one] == clusters[&other];
        assert_eq!(
            together,
            probability >= threshold,
            "{one}, {other}: {weight} bits"
        );
    }
}

#[test]
fn a_threshold_nobody_reaches_keeps_all_apart() {
    let folder = Folder::new().with("people.csv", people(20));
    folder.run(&["--threshold", "90b"]).done();
    assert_eq!(folder.clusters().values().max(), Some(&40));
    folder
        .run(&["--threshold", "95"])
        .refused(2, "probability such as 0.95");
}

#[test]
fn two_files_are_sources_and_clashing_ids_are_told_apart() {
    let all = people(30);
    let part = |letter: char| {
        let rows = all
            .lines()
            .skip(1)
            .filter(|row| row.starts_with(letter))
            .map(|row| &row[1..]);
        std::iter::once("id,fname,lname,dob,gender,city,person")
            .chain(rows)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let folder = Folder::new()
        .with("one.csv", part('a'))
        .with("other.csv", part('b'));
    let args = [
        "run",
        "one.csv",
        "other.csv",
        "--across",
        "--out",
        "clusters.csv",
        "--pairs",
        "pairs.csv",
        "--model",
        "shipped",
    ];
    let ran = folder.link(&args);
    ran.done();
    assert!(ran.stderr.contains("one:ID and other:ID"), "{}", ran.stderr);
    let clusters = folder.clusters();
    let together = (0..30)
        .filter(|n| clusters[&format!("one:{n}")] == clusters[&format!("other:{n}")])
        .count();
    assert!(together >= 27, "{together} of 30");
    for line in folder.read("pairs.csv").lines().skip(1) {
        let sources: Vec<&str> = line.split([':', ',']).step_by(2).take(2).collect();
        assert_eq!(sources, ["one", "other"], "{line}");
    }
    let folder = Folder::new().with("people.csv", people(3));
    folder.run(&["--across"]).refused(2, "--source");
}

#[test]
fn evaluation_and_blocking_count_the_truth() {
    let folder = Folder::new().with("people.csv", people(60));
    let ran = folder.link(&[
        "evaluate",
        "people.csv",
        "--truth",
        "person",
        "--model",
        "shipped",
        "--json",
    ]);
    let found: serde_json::Value = serde_json::from_str(&ran.done().stdout).unwrap();
    let figures = &found["figures"];
    assert_eq!(
        (&figures["persons"], &figures["clusters"]["true_pairs"]),
        (&60.into(), &60.into())
    );
    assert!(figures["clusters"]["f1"].as_f64().unwrap() > 0.9, "{figures}");
    let ran = folder.link(&[
        "evaluate",
        "people.csv",
        "--truth",
        "person",
        "--model",
        "shipped",
    ]);
    assert!(ran.done().stdout.contains("recall at precision 0.99 "));
    let ran = folder.link(&["blocking", "people.csv", "--truth", "person", "--json"]);
    let blocking: serde_json::Value = serde_json::from_str(&ran.done().stdout).unwrap();
    assert_eq!(blocking["true_pairs"], 60);
    assert!(blocking["true_found"].as_u64().unwrap() >= 57);
    folder.link(&["evaluate", "people.csv"]).refused(2, "--truth");
    folder
        .link(&["evaluate", "people.csv", "--truth", "nobody"])
        .refused(2, "no column \"nobody\"");
}

#[test]
fn weights_are_learned_saved_and_used_again() {
    let folder = Folder::new().with("people.csv", people(600));
    let learned = folder.link(&[
        "run",
        "people.csv",
        "--out",
        "clusters.csv",
        "--save-model",
        "model.json",
        "--force",
    ]);
    learned.done();
    let kept: serde_json::Value = serde_json::from_str(&folder.read("model.json")).unwrap();
    assert!(kept["model"]["version"].is_string() && kept["training"]["rounds"].is_u64());
    let first = folder.read("clusters.csv");
    folder
        .link(&[
            "run",
            "people.csv",
            "--out",
            "clusters.csv",
            "--model",
            "model.json",
        ])
        .done();
    assert_eq!(folder.read("clusters.csv"), first);
    let folder = folder.with("other.json", "{}");
    folder.run(&[]).done();
    folder
        .link(&["run", "people.csv", "--out", "x.csv", "--model", "other.json"])
        .refused(2, "no model that --save-model wrote");
    folder.run(&["--relatives", "on"]).refused(2, "--train");
}

#[test]
fn calls_that_cannot_be_are_refused_with_what_to_do() {
    let folder = Folder::new().with("people.csv", people(3));
    folder
        .run(&["--map", "size=other"])
        .refused(2, "no column \"size\"");
    folder
        .run(&["--map", "dob=birthdate"])
        .refused(2, "elements are last_name_1");
    folder.run(&["--map", "sex=birth_date"]).done();
    folder.link(&["run", "people.csv"]).refused(2, "--out");
    folder
        .link(&["run", "people.csv", "--out", "people.csv"])
        .refused(2, "write to another file");
    folder
        .link(&["run", "people.csv", "--out", "no/c.csv"])
        .refused(2, "no folder");
    folder
        .link(&["run", "nobody.csv", "--out", "c.csv"])
        .refused(2, "cannot be read");
    let help = folder.link(&["run", "--help"]);
    assert!(
        help.stdout.contains("Exit codes:") && help.stdout.contains("national_id"),
        "{}",
        help.stdout
    );
}

#[test]
fn files_that_are_no_tables_of_people_are_refused() {
    let refused = |content: &[u8], exit, told| {
        Folder::new()
            .with("people.csv", content)
            .run(&[])
            .refused(exit, told);
    };
    refused(b"", 3, "is empty");
    refused(b"fname,lname\n", 3, "no rows");
    refused(b"size,colour\n1,red\n", 2, "--map size=last_name_1");
}

#[test]
fn ids_given_twice_are_refused_with_their_lines() {
    let folder = Folder::new().with("people.csv", "key,lname\n1,a\n2,b\n1,c\n");
    folder
        .run(&["--id", "key"])
        .refused(2, "lines 2 and 4 have one id, 1, in column \"key\"");
    // A column that is named as an id is meant as one, if it is one but for a few.
    folder
        .with("people.csv", people(60).replace("\nb7,", "\na7,"))
        .run(&[])
        .refused(2, "one id, a7");
    let folder = Folder::new().with("people.csv", "key,lname\n1,a\n,b\n,c\n");
    folder
        .run(&["--id", "key"])
        .refused(2, "lines 3 and 4 have no id");
}

#[test]
fn quotation_marks_that_do_not_close_are_found() {
    let mut content = people(2_000);
    let at = content.find("a1000,").unwrap() + 6;
    content.insert(at, '"');
    Folder::new()
        .with("people.csv", content)
        .run(&[])
        .refused(3, "line 2002: a quotation mark");
}

#[test]
fn rows_without_ids_are_numbered_by_line() {
    let folder = Folder::new().with("people.csv", "fname;lname\nAna;Quiroz\n\"Lu\"\"is\";Ochoa\n");
    folder.run(&[]).done();
    assert_eq!(
        folder.read("clusters.csv"),
        "id,cluster\npeople.csv:2,1\npeople.csv:3,2\n"
    );
    // Ids are given back as they came, in quotation marks where they need them.
    let folder = Folder::new().with("people.csv", "id,lname\n\"a,\"\"b\",Quiroz\n2,Ochoa\n");
    folder.run(&[]).done();
    assert_eq!(folder.read("clusters.csv"), "id,cluster\n\"a,\"\"b\",1\n2,2\n");
}

#[test]
fn windows_letters_and_wrong_dates_are_counted_and_read() {
    let folder = Folder::new().with(
        "people.csv",
        b"id,fname,lname,dob\n1,Ana,Nu\xF1ez,2010-03-07\n2,Ana,Nu\xC3\xB1ez,2010-03-07\n3,Eva,Rey,2010-02-30\n",
    );
    let ran = folder.run(&[]);
    ran.done();
    assert!(ran.stderr.contains("1 rows are not UTF-8"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("1 birth dates do not exist"),
        "{}",
        ran.stderr
    );
    let clusters = folder.clusters();
    assert_eq!(clusters["1"], clusters["2"]);
}

/// Runs to the end, learning included, in less time than anything quadratic would take, without optimisation and beside other tests.
#[track_caller]
fn bounded(content: impl AsRef<[u8]>) -> (Folder, Ran) {
    let folder = Folder::new().with("people.csv", content);
    let began = std::time::Instant::now();
    let ran = folder.link(&[
        "run",
        "people.csv",
        "--out",
        "clusters.csv",
        "--pairs",
        "pairs.csv",
        "--report",
        "r.html",
    ]);
    let took = began.elapsed();
    assert!(took.as_secs() < 120, "{took:?}");
    assert!(matches!(ran.exit, Some(0 | 4)), "{:?} {}", ran.exit, ran.stderr);
    assert!(Path::new(&folder.path("r.html")).exists());
    (folder, ran)
}

#[test]
fn one_name_shared_by_ten_thousand_is_a_bounded_run() {
    let mut csv = String::from("id,fname,lname,dob\n");
    for n in 0..10_000 {
        let (year, month, day) = (1990 + n % 28, 1 + n / 28 % 12, 1 + n / 336 % 28);
        writeln!(csv, "{n},José,García,{year}-{month:02}-{day:02}").unwrap();
    }
    let (folder, _) = bounded(csv);
    assert_eq!(folder.clusters().len(), 10_000);
}

#[test]
fn all_dates_missing_is_a_bounded_run() {
    let mut csv = String::from("id,fname,lname,dob\n");
    for n in 0..5_000 {
        writeln!(csv, "{n},{},{},", GIVEN[n % 12], SURNAMES[n / 12 % 11]).unwrap();
    }
    bounded(csv);
}

#[test]
fn a_hundred_thousand_equal_rows_are_a_bounded_run() {
    let mut csv = String::from("id,fname,lname,dob,city\n");
    for n in 0..100_000 {
        writeln!(csv, "{n},José,García,2010-01-01,Lamont").unwrap();
    }
    let (folder, _) = bounded(csv);
    assert_eq!(folder.clusters().len(), 100_000);
}

#[test]
fn names_of_a_hundred_thousand_letters_are_a_bounded_run() {
    let long = "Maximiliano ".repeat(8_500);
    let word = "x".repeat(100_000);
    let mut csv = String::from("id,fname,lname,address,email\n");
    for n in 0..100 {
        writeln!(csv, "{n},{long},{word}{n},{long},{word}").unwrap();
    }
    bounded(csv);
}

#[test]
fn bytes_that_mean_nothing_are_a_bounded_run() {
    // Every byte but quotation marks, over and over, after a header that names people.
    let mut content = b"fname,lname,dob\n".to_vec();
    let mut state = 1u32;
    for _ in 0..300_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let byte = (state >> 24) as u8;
        content.push(if byte == b'"' { b'\n' } else { byte });
    }
    bounded(content);
}

/// Three rows a household with one last name, birth date and telephone, and given names of their own.
fn households() -> String {
    const NAMES: [&str; 9] = [
        "Ada", "Bruno", "Carla", "Dario", "Elsa", "Fabio", "Gina", "Hugo", "Ines",
    ];
    let mut rows = String::from("id,first_name,last_name,birth_date,phone\n");
    for house in 0..900usize {
        let last: String = [house % 19, house / 19 % 17, house / 323 % 13]
            .map(|at| {
                [
                    "ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo", "mu",
                    "ra", "se", "ti", "vo",
                ][at]
            })
            .concat();
        let (year, month, day) = (1950 + house * 7 % 60, 1 + house * 5 % 12, 1 + house * 11 % 28);
        for member in 0..3 {
            let given = NAMES[(house * 2 + member * 3 + house / 9) % NAMES.len()];
            writeln!(
                rows,
                "{house}-{member},{given},{last},{year}-{month:02}-{day:02},555{house:07}"
            )
            .unwrap();
        }
    }
    rows
}

#[test]
fn families_taken_for_one_person_are_an_alarm_and_nobody_is_put_together() {
    let folder = Folder::new().with("people.csv", households());
    let run = [
        "run",
        "people.csv",
        "--out",
        "clusters.csv",
        "--pairs",
        "pairs.csv",
    ];
    let ran = folder.link(&run);
    assert_eq!(ran.exit, Some(4), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("alarm: given names of one person"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("--force"), "{}", ran.stderr);
    let alone: std::collections::HashSet<u32> = folder.clusters().into_values().collect();
    assert_eq!(alone.len(), 2_700, "somebody was put together");
    assert!(
        folder.read("pairs.csv").lines().count() > 900,
        "pairs are for looking at"
    );

    let forced = folder.link(&[&run[..], &["--force"]].concat());
    assert_eq!(forced.exit, Some(0), "{}", forced.stderr);
    let together: std::collections::HashSet<u32> = folder.clusters().into_values().collect();
    assert!(together.len() < 2_700, "--force puts together");

    let shipped = folder.run(&[]);
    assert_eq!(shipped.exit, Some(0), "{}", shipped.stderr);
}
