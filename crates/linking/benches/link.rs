//! Linking made-up students of ten states in memory, without a database.
//!
//! `cargo bench -p linking --bench link`; `MARIPOSA_BENCH_STUDENTS` is a list of sizes, `10000,100000` without it.
//! Medians of three runs.
//!
//! - taking all students into the index, learning weights, and deciding who is who of all of them, each as students
//!   a second;
//! - reading the same students' identities and enrollments from XML ÷ linking them: how much of a load linking adds;
//! - one changed student against all that are held: the time to hold it and to decide anew, at the 50th and 99th percent;
//! - the check of all students: its time, and how far persons that came in batches are from those of all at once;
//! - bytes of the index for each student, and how well persons match the truth.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use formats::{BatchKind, Header, Options, Totals};
use linking::driver::{gather, upsert};
use linking::evaluate::evaluate;
use linking::learn::{LearnOptions, learn};
use linking::{Entities, HumanDecisions, LinkIndex, Model};
use mde::{Action, CodeSet, Date, StateCode, Student, StudentId, Submission, text::Name};
use simulate::{Config, Nation};

const RUNS: usize = 3;

/// Students taken in at a time.
const PART: usize = 20_000;

/// Students changed one by one.
const CHANGES: usize = 2_000;

/// A student of a state, with what linking looks at.
struct Sent {
    id: StudentId,
    state: StateCode,
    student: Student,
}

fn main() -> Result<()> {
    let sizes = std::env::var("MARIPOSA_BENCH_STUDENTS").unwrap_or_else(|_| "10000,100000".into());
    for size in sizes.split(',') {
        run(size.trim().parse().context("a number of students")?)?;
    }
    Ok(())
}

fn run(size: usize) -> Result<()> {
    let nation = Nation::new(Config {
        students: size,
        states: Config::first_states(10),
        nights: 1,
        ..Config::default()
    })?;
    let sent = students(&nation)?;
    let folder = tempfile::tempdir()?;
    let files = write(folder.path(), &nation, &sent)?;

    let by_state: Vec<(StateCode, Vec<(StudentId, Student)>)> = sent
        .chunk_by(|a, b| a.state == b.state)
        .map(|of| {
            (
                of[0].state,
                of.iter().map(|one| (one.id, one.student.clone())).collect(),
            )
        })
        .collect();

    let [mut read, mut build, mut weights, mut resolve] = [(); 4].map(|()| Vec::new());
    let mut made = None;
    for _ in 0..RUNS {
        let start = Instant::now();
        for file in &files {
            formats::read(file, &Options::default(), &mut ())
                .map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
        }
        read.push(start.elapsed());
        drop(made.take());
        let start = Instant::now();
        let mut index = LinkIndex::new(Model::default_fixed());
        for (state, students) in &by_state {
            for part in students.chunks(PART) {
                gather(&mut index, *state, part);
            }
        }
        index.file();
        build.push(start.elapsed());
        let start = Instant::now();
        let report = learn(&index, &LearnOptions::default()).report;
        weights.push(start.elapsed());
        assert_eq!(
            (report.alarms.len(), &report.kept),
            (0, &None),
            "the nation can be learned from"
        );
        let start = Instant::now();
        let mut persons = Entities::default();
        let resolution = index.resolve_all(&persons, &HumanDecisions::default());
        persons.apply(&resolution);
        resolve.push(start.elapsed());
        made = Some((index, persons));
    }
    let (mut index, persons) = made.context("a run")?;
    drop(by_state);
    let [read, build, weights, resolve] =
        [read, build, weights, resolve].map(|times| percentile(times, 50).as_secs_f64());
    let held = sent.len() as f64;
    println!("{} students of 10 states; medians of {RUNS} runs", sent.len());
    let line = |what: &str, seconds: f64| {
        println!("  {what:<34} {seconds:>8.3} s {:>9.0} students/s", held / seconds);
    };
    line("reading names and enrollments", read);
    line("taking into the index", build);
    line("learning weights", weights);
    line("deciding who is who", resolve);
    line("linking: taking in and deciding", build + resolve);
    println!(
        "  reading ÷ linking                  {:>8.2}",
        read / (build + resolve)
    );
    println!(
        "  index                              {:>8.0} bytes a student (to stay: at most 400)",
        index.bytes() as f64 / held
    );

    let evaluation = accuracy(&nation, &index, &persons);
    println!(
        "  precision {:.4}, recall {:.4}, F1 {:.4} over {} true pairs",
        evaluation.precision, evaluation.recall, evaluation.f1, evaluation.true_pairs
    );
    check(&sent, &mut index);
    let times = changes(&mut index, &sent, &persons)?;
    println!(
        "  one changed student: p50 {:.3} ms, p99 {:.3} ms (to reach at a million: 1 ms at p99)",
        percentile(times.clone(), 50).as_secs_f64() * 1e3,
        percentile(times, 99).as_secs_f64() * 1e3
    );
    Ok(())
}

/// Students that come in at once, in the measure of the check.
const BATCH: usize = 1_000;

/// The same students in another order, batch by batch; how far the persons are then from those of all at once, and how
/// long the check takes that makes them so.
fn check(sent: &[Sent], index: &mut LinkIndex) {
    let humans = HumanDecisions::default();
    index.freeze();
    let start = Instant::now();
    let mut expected = Entities::default();
    expected.apply(&index.resolve_all(&expected, &humans));
    let whole = start.elapsed();
    for one in sent {
        index.remove(one.id.0.as_u128());
    }
    let mut order: Vec<&Sent> = sent.iter().collect();
    // Identifiers are hashes: their order is a shuffle that is always the same.
    order.sort_by_key(|one| one.id.0.as_u128().reverse_bits());
    let mut persons = Entities::default();
    for batch in order.chunks(BATCH) {
        for one in batch {
            upsert(index, one.id, one.state, &one.student);
        }
        let changed: Vec<u128> = batch.iter().map(|one| one.id.0.as_u128()).collect();
        persons.apply(&index.resolve(&changed, &persons, &humans));
    }
    let (a, b) = (pairs(&persons), pairs(&expected));
    let (both, either) = (a.intersection(&b).count(), a.union(&b).count());
    let start = Instant::now();
    let news = index.resolve_all(&persons, &humans);
    let again = start.elapsed();
    let changed = news.parts().count();
    persons.apply(&news);
    let same = persons.partition() == expected.partition();
    println!(
        "  check of all students              {:>8.3} s from nothing, {:.3} s of what is held",
        whole.as_secs_f64(),
        again.as_secs_f64()
    );
    println!(
        "  came in batches of {BATCH}: {both} of {either} joined pairs as all at once ({:.3} %, to reach: 99.9 %)",
        both as f64 / either.max(1) as f64 * 100.0
    );
    println!("  the check changes {changed} persons; then all as at once: {same}");
    assert!(both * 1_000 >= either * 999, "before the check");
}

/// The pairs of students that are one person.
fn pairs(persons: &Entities) -> HashSet<(u128, u128)> {
    let mut pairs = HashSet::new();
    for part in persons.partition() {
        for (i, &a) in part.iter().enumerate() {
            pairs.extend(part[i + 1..].iter().map(|&b| (a, b)));
        }
    }
    pairs
}

/// All students of a nation without the parts at which linking does not look.
fn students(nation: &Nation) -> Result<Vec<Sent>> {
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

fn write(folder: &Path, nation: &Nation, sent: &[Sent]) -> Result<Vec<PathBuf>> {
    let night = nation.nights().next().context("a night")?;
    let mut files = Vec::new();
    for &state in &nation.config().states {
        let students: Vec<Submission> = sent
            .iter()
            .filter(|one| one.state == state)
            .map(|one| Submission {
                action: Action::Insert,
                line: 0,
                student: one.student.clone(),
                reduced: Vec::new(),
                rows: 1,
            })
            .collect();
        let header = Header {
            state,
            as_of: night.as_of(),
            kind: BatchKind::Full,
            code_set: CodeSet::V2022,
            profile: None,
            effective_from: None,
            effective_to: None,
            totals: Totals::default(),
        };
        let path = folder.join(format!("{state}.xml"));
        let mut file = BufWriter::new(File::create(&path)?);
        formats::write_xml(&header, &[], &students, &mut file)?;
        file.flush()?;
        files.push(path);
    }
    Ok(files)
}

fn accuracy(nation: &Nation, index: &LinkIndex, persons: &Entities) -> linking::evaluate::Evaluation {
    let mut children: HashMap<String, u64> = HashMap::new();
    let mut truth: HashMap<u128, u64> = HashMap::new();
    for &state in &nation.config().states {
        for row in nation.truth(state) {
            let id =
                mde::StateStudentId::new(&row.state_student_id).expect("simulate makes good identifiers");
            let next = children.len() as u64;
            let child = *children.entry(row.child).or_insert(next);
            truth.insert(StudentId::of(state, &id).0.as_u128(), child);
        }
    }
    evaluate(index, &truth, &persons.iter().collect())
}

/// Changes students here and there, one at a time, and puts each back. Every other one gets another middle name, the
/// rest are born a day later.
fn changes(index: &mut LinkIndex, sent: &[Sent], persons: &Entities) -> Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(CHANGES);
    let humans = HumanDecisions::default();
    for (number, one) in sent.iter().step_by((sent.len() / CHANGES).max(1)).enumerate() {
        let mut changed = one.student.clone();
        let identity = &mut changed.identity;
        match identity.birth_date.and_then(|date| date.day().succ_opt()) {
            Some(next) if number.is_multiple_of(2) => identity.birth_date = Some(Date::new(next)?),
            _ => identity.middle_name = Some(Name::new("Zeferino")?),
        }
        let start = Instant::now();
        upsert(index, one.id, one.state, &changed);
        let resolution = index.resolve(&[one.id.0.as_u128()], persons, &humans);
        times.push(start.elapsed());
        assert!(resolution.parts().count() > 0, "the student is in a person");
        upsert(index, one.id, one.state, &one.student);
    }
    Ok(times)
}

fn percentile(mut times: Vec<Duration>, percent: usize) -> Duration {
    times.sort();
    times[(times.len() - 1) * percent / 100]
}
