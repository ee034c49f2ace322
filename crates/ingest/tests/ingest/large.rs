//! Memory while a file is loaded does not depend on its size.
//!
//! `MARIPOSA_LARGE_MB` sets the size (16 without it); with 2048 it takes a quarter of an hour and 10 GB of disk.

use std::io::Write as _;
use std::time::Instant;

use anyhow::{Context as _, Result};
use chrono::Utc;
use formats::{BatchKind, Header, Totals};
use ingest::Call;
use mde::{CodeSet, Submission};
use simulate::{Config, Nation};

use crate::hub::{Hub, now, state};

/// What a hub may take while it loads, above its index for linking.
const MEGABYTES: u64 = 300;

/// A line of this process's status, in MB.
fn memory(name: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line
        .and_then(|rest| rest.split_whitespace().next())
        .context("a line of the status")?;
    Ok(kilobytes.parse::<u64>()? / 1024)
}

#[test]
#[cfg(target_os = "linux")]
fn memory_is_bounded_whatever_the_size_of_the_file() -> Result<()> {
    let megabytes: u64 = std::env::var("MARIPOSA_LARGE_MB")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(16);
    let nation = Nation::new(Config {
        students: 1_000,
        states: vec![state()],
        nights: 1,
        ..Config::default()
    })?;
    let night = nation.nights().next().context("a night")?;
    let students: Vec<Submission> = nation.submissions(state(), night).collect();
    let header = Header {
        state: state(),
        as_of: night.as_of(),
        kind: BatchKind::Full,
        code_set: CodeSet::V2022,
        profile: None,
        effective_from: None,
        effective_to: None,
        totals: Totals::default(),
    };
    let mut xml = Vec::new();
    formats::write_xml(&header, &nation.facilities(state()), &students, &mut xml)?;
    let xml = String::from_utf8(xml)?;
    let (head, rest) = xml.split_once("<Students>").context("students")?;
    let (body, tail) = rest.rsplit_once("</Students>").context("their end")?;
    let id = "<StateStudentIdentificationNumber>";

    let hub = Hub::new()?;
    let mut writer = hub.spool.begin()?;
    write!(writer, "{head}<Students>")?;
    let mut rounds = 0;
    while writer.bytes() < megabytes << 20 {
        // The same children under other identifiers.
        writer.write_all(body.replace(id, &format!("{id}R{rounds}-")).as_bytes())?;
        rounds += 1;
    }
    write!(writer, "</Students>{tail}")?;
    let size = writer.bytes() >> 20;
    drop((nation, students, xml));

    std::fs::write("/proc/self/clear_refs", "5").context("the peak could not be reset")?;
    let before = memory("VmRSS:")?;
    let call = Call {
        state: state(),
        kind: None,
        profile: None,
        as_of: None,
        file_name: None,
        received_from: "test".into(),
    };
    let start = Instant::now();
    let receipt = ingest::receive(
        &mut *store::connection(&hub.pool)?,
        &hub.spool,
        &hub.profiles,
        writer.finish()?,
        &call,
        formats::Limits::default(),
        now().max(Utc::now()),
    )?;
    let batch = hub.run(receipt.batch.batch_id, &|| true)?;
    let grown = memory("VmHWM:")? - before;
    println!(
        "{size} MB, {} students, {} rows: {grown} MB at the most, {:.0} s",
        batch.students_read,
        batch.rows_read,
        start.elapsed().as_secs_f64()
    );
    assert_eq!(
        (batch.status.as_str(), batch.students_inserted),
        ("loaded", batch.students_read)
    );
    assert!(grown <= MEGABYTES, "{grown} MB for a file of {size} MB");
    Ok(())
}
