//! Killed again and again, at any byte of an upload and any step of a load: nothing acknowledged is lost, nothing is
//! doubled, and the end is that of a hub that nobody disturbed.
//!
//! `MARIPOSA_KILLS` says how often (6 without it), `MARIPOSA_KILL_SEED` repeats a run.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use end_to_end::{Answer, Hub, folder, issue, mariposa_ok, psql, text, until};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// One upload of the story: a file under an instant of its own, so that each is a new batch.
struct Upload {
    file: PathBuf,
    path: String,
    bytes: u64,
}

/// Full uploads of two nights by turns, so that students change, go and come back, and small deltas in between.
fn story(nation: &Path, kills: u64) -> Result<Vec<Upload>> {
    let mut nights: Vec<PathBuf> = std::fs::read_dir(nation.join("TX"))?
        .map(|entry| Ok(entry?.path().join("upload.xml")))
        .collect::<Result<_>>()?;
    nights.sort();
    ensure!(nights.len() >= 2, "two nights");
    (0..kills)
        .map(|n| {
            let file = nights[n as usize % nights.len()].clone();
            Ok(Upload {
                bytes: file.metadata()?.len(),
                file,
                path: format!("/v1/batches?as_of=2026-04-{:02}T{:02}:00:00Z", 1 + n / 24, n % 24),
            })
        })
        .collect()
}

/// What the hub holds, without what differs from run to run (numbers of batches and persons, times of receipt).
fn held(data: &Path) -> Result<String> {
    let mut sql = String::from(
        "select 'batch', as_of, kind, status, rows_read, rows_stored, rows_unchanged, rows_refused, rows_ignored,
            students_inserted, students_updated, students_unchanged, students_late, students_deleted, students_not_reported,
            (select count(*) from batch_finding f where f.batch_id = b.batch_id)
            from batch b order by as_of;
         select 'status', student_id, content_hash, version, as_of, status from student_status order by student_id;
         select 'version', student_id, version, as_of, md5(content) from student_version order by 2, 3, 4, 5;
         select 'linked', student_id, count(*) from link group by student_id order by student_id;
         select 'facility', md5(string_agg(md5((to_jsonb(f) - 'batch_id')::text), '' order by state, code)) from facility f;
         select 'names', md5(string_agg(md5(n::text), '' order by token, birth_date, student_id)) from student_name n;",
    );
    for part in [
        "student",
        "alternate_id",
        "qualifying_move",
        "enrollment",
        "course",
        "assessment",
        "immunization",
        "alert",
        "graduation_requirement",
    ] {
        sql.push_str(&format!(
            "select '{part}', count(*), md5(string_agg(md5(t::text), '' order by t::text)) from {part} t;"
        ));
    }
    psql(data, &sql)
}

/// Waits until nothing is left to do, and sees that nothing was given up.
pub(crate) fn settled(data: &Path) -> Result<()> {
    until("all work", || {
        let left = psql(
            data,
            "select count(*) filter (where status = 'ready' and run_at < now() + interval '1 hour' and name <> 'escalate'),
                count(*) filter (where status = 'dead') from job;
             select count(*) from link_queue",
        )?;
        ensure!(!left.contains("|1"), "a job was given up: {left}");
        Ok((left.trim() == "0|0\n0").then_some(()))
    })
}

/// A hub in a folder of its own, with a certificate for Texas.
fn prepare(folder: &Path) -> Result<(Hub, PathBuf)> {
    std::fs::create_dir_all(folder)?;
    let hub = Hub::start(&folder.join("hub"))?;
    let certificates = folder.join("certificates");
    issue(&folder.join("hub"), "TX", &certificates)?;
    Ok((hub, certificates))
}

#[test]
fn killed_at_any_byte_and_step_it_ends_as_if_undisturbed() -> Result<()> {
    let kills = number("MARIPOSA_KILLS").unwrap_or(6);
    let seed = number("MARIPOSA_KILL_SEED").map_or_else(
        || Ok::<u64, anyhow::Error>(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs()),
        Ok,
    )?;
    println!("{kills} kills; MARIPOSA_KILL_SEED={seed} repeats them");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let folder = folder()?;
    let path = folder.path();
    let nation = path.join("nation");
    mariposa_ok(&[
        "simulate",
        "--students",
        "900",
        "--states",
        "2",
        "--nights",
        "2",
        "--out",
        text(&nation),
    ])?;
    let story = story(&nation, kills)?;

    let (mut hub, certificates) = prepare(&path.join("disturbed"))?;
    let data = path.join("disturbed/hub");
    for (n, upload) in story.iter().enumerate() {
        let body = format!("@{}", upload.file.display());
        // Half of them arrive slowly, so that the kill falls into the upload.
        let slow = random.random_bool(0.5);
        let rate = (upload.bytes / 2).to_string();
        let mut arguments = vec!["--data-binary", body.as_str(), "--header", "Expect:"];
        if slow {
            arguments.extend(["--limit-rate", rate.as_str()]);
        }
        let calling = hub
            .call(&certificates, "tx", &upload.path, &arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        std::thread::sleep(Duration::from_millis(random.random_range(0..2_500)));
        hub.kill()?;
        let answer = Answer::read(&calling.wait_with_output()?)?;
        hub = Hub::start(&data)?;
        let location = if answer.status == 202 {
            answer.location
        } else {
            let again = hub.curl(&certificates, "tx", &upload.path, &arguments)?;
            ensure!(
                again.status == 202 || again.status == 200,
                "kill {n}: {} {}",
                again.status,
                again.text
            );
            again.location
        };
        // Now and then it is killed once more, while it takes up what it left.
        if random.random_bool(0.3) {
            std::thread::sleep(Duration::from_millis(random.random_range(0..1_500)));
            hub.kill()?;
            hub = Hub::start(&data)?;
        }
        // Loaded before the next one is sent: order changes what becomes history, and is tested elsewhere.
        until("the load", || {
            let known = hub.curl(&certificates, "tx", &location, &[])?;
            ensure!(
                known.status == 200,
                "kill {n}: {location} was acknowledged and is lost: {}",
                known.text
            );
            Ok((known.json["status"] == "loaded").then_some(()))
        })?;
    }
    settled(&data)?;
    let disturbed = held(&data)?;
    ensure!(hub.terminate()?, "it stops when asked");

    let (hub, certificates) = prepare(&path.join("undisturbed"))?;
    let data = path.join("undisturbed/hub");
    for upload in &story {
        let body = format!("@{}", upload.file.display());
        let receipt = hub.curl(&certificates, "tx", &upload.path, &["--data-binary", &body])?;
        ensure!(receipt.status == 202, "{}", receipt.text);
        until("the load", || {
            let batch = hub.curl(&certificates, "tx", &receipt.location, &[])?;
            Ok((batch.json["status"] == "loaded").then_some(()))
        })?;
    }
    settled(&data)?;
    let undisturbed = held(&data)?;
    assert!(undisturbed.lines().count() > 100, "something was loaded");
    if let Some((theirs, ours)) = disturbed.lines().zip(undisturbed.lines()).find(|(a, b)| a != b) {
        panic!("seed {seed}: with kills\n{theirs}\nwithout\n{ours}");
    }
    assert_eq!(
        disturbed.lines().count(),
        undisturbed.lines().count(),
        "seed {seed}"
    );
    let spool = std::fs::read_dir(path.join("disturbed/hub/spool"))?.count();
    assert_eq!(spool, 0, "no file is left behind");
    hub.terminate().context("it stops")?;
    Ok(())
}
