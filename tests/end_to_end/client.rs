//! The state's commands against a serving hub, over a line that breaks.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::process::Output;
use std::sync::Mutex;

use anyhow::{Context as _, Result};
use end_to_end::{Hub, folder, issue, mariposa, mariposa_ok, text, until};
use serde_json::Value;

use cut::Line;

#[path = "../../crates/client/tests/commands/cut.rs"]
mod cut;

/// Numbers that are the same in every run (a linear congruential generator, Knuth's constants).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn word(&mut self) -> String {
        let mut number = self.next();
        let mut word = String::new();
        while number > 25 {
            word.push(char::from(b'a' + u8::try_from(number % 26).unwrap_or(0)));
            number /= 26;
        }
        word
    }
}

/// A full upload of so many students.
fn upload(students: usize, as_of: &str) -> String {
    let mut numbers = Numbers(7);
    let mut text = format!(
        "<MariposaUpload xmlns=\"urn:mariposa:upload:1\" codeSet=\"2022\"><Header><SubmittingState>TX</SubmittingState>\
         <AsOf>{as_of}</AsOf><Kind>full</Kind></Header><Students>\n"
    );
    for student in 0..students {
        let (family, given) = (numbers.word(), numbers.word());
        let _ = writeln!(
            text,
            "<Student action=\"insert\"><StateStudentIdentificationNumber>{student}-{}</StateStudentIdentificationNumber>\
             <LastName1>{family}</LastName1><FirstName>{given}</FirstName><BirthDate>2012-0{}-1{}</BirthDate></Student>",
            numbers.next(),
            numbers.next() % 9 + 1,
            numbers.next() % 10
        );
    }
    text + "</Students></MariposaUpload>"
}

fn told(output: &Output) -> (i32, String) {
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text.into_owned())
}

#[test]
fn a_state_uploads_over_a_line_that_breaks() -> Result<()> {
    let folder = folder()?;
    let (data, certificates) = (folder.path().join("hub"), folder.path().join("certificates"));
    let hub = Hub::start(&data)?;
    issue(&data, "TX", &certificates)?;
    let file = |name: &str| text(&certificates.join(name)).to_owned();
    let notes = folder.path().join("notes");
    let url = format!("https://localhost:{}", hub.exchange);
    let identity = [
        "--cert".to_owned(),
        file("tx.pem"),
        "--key".to_owned(),
        file("tx-key.pem"),
        "--ca".to_owned(),
        file("exchange-ca.pem"),
    ];
    let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
    let state = |command: &[&str], hub: &str, more: &[&str]| -> Result<(i32, String)> {
        let call = [command, &["--hub", hub], &identity, more].concat();
        Ok(told(&mariposa(&call)?))
    };
    let notes = ["--state-dir", text(&notes)];

    let (exit, answers) = state(&["doctor"], &url, &notes)?;
    assert_eq!(exit, 0, "{answers}");
    let (exit, answers) = state(&["doctor", "--profile", "tx"], &url, &notes)?;
    assert!(exit == 0 && answers.contains("the hub knows tx"), "{answers}");
    let (exit, answers) = state(&["doctor", "--profile", "wi"], &url, &notes)?;
    assert!(
        exit == 2 && answers.contains("does not know wi"),
        "{exit}: {answers}"
    );

    // The line breaks at other bytes every time, and the program ends and is run again.
    let whole = folder.path().join("night.xml");
    std::fs::write(&whole, upload(12_000, "2026-04-01T02:00:00Z"))?;
    let numbers = Mutex::new(Numbers(1));
    let line = Line::to(SocketAddr::from(([127, 0, 0, 1], hub.exchange)), move |number| {
        let carries = numbers.lock().ok()?.next() % 300_000;
        (number < 24).then_some(usize::try_from(carries).ok()? + 3_000)
    });
    let mut runs = 0;
    loop {
        runs += 1;
        let (exit, messages) = state(&["upload", text(&whole), "--quiet"], &line.url(), &notes)?;
        match exit {
            0 => break,
            4 | 8 if runs < 40 => {}
            _ => anyhow::bail!("run {runs} ended with {exit}: {messages}"),
        }
    }
    assert!(line.cuts() > 0, "the line did break");
    let batches = until("loading", || {
        let batches = hub.curl(&certificates, "tx", "/v1/batches", &[])?.json;
        let settled = batches["items"][0]["settled"] == Value::Bool(true);
        Ok(settled.then_some(batches))
    })?;
    let batch = &batches["items"][0];
    assert_eq!(
        batches["items"].as_array().map(Vec::len),
        Some(1),
        "one batch: {batches}"
    );
    assert_eq!(
        (&batch["status"], &batch["students"]["inserted"]),
        (&"loaded".into(), &12_000.into())
    );
    assert_eq!(
        std::fs::read_dir(notes[1])?.count(),
        0,
        "nothing is left to resume"
    );
    let in_pieces = end_to_end::psql(&data, "select count(*) from upload where batch_id is not null")?;
    assert_eq!(
        in_pieces.trim(),
        "1",
        "it went in pieces, not anew after every break"
    );

    // The same file again is the same batch.
    let (exit, receipt) = state(&["upload", text(&whole), "--quiet", "--json"], &url, &notes)?;
    assert_eq!(exit, 0, "{receipt}");
    let receipt: Value = serde_json::from_str(receipt.lines().last().context("a line")?)?;
    assert_eq!(
        (&receipt["new"], &receipt["batch"]["batch_id"]),
        (&false.into(), &batch["batch_id"])
    );

    // A drop folder; its file would take almost all students away, and waits for a person's word.
    let out = folder.path().join("out");
    std::fs::create_dir(&out)?;
    std::fs::write(out.join("tonight.xml"), upload(100, "2026-04-02T02:00:00Z"))?;
    let watch = ["watch", text(&out), "--once", "--settle", "0", "--wait"];
    let (exit, messages) = state(&watch, &url, &notes)?;
    assert_eq!(exit, 1, "{messages}");
    let filed = std::fs::read_dir(out.join("sent"))?
        .next()
        .context("filed")??
        .path();
    let held: Value = serde_json::from_slice(&std::fs::read(filed.join("batch.json"))?)?;
    assert_eq!(held["status"], "held");
    assert!(filed.join("tonight.xml").exists() && filed.join("findings.csv").exists());
    let number = held["batch_id"].to_string();
    let release = [
        "batch",
        "release",
        &number,
        "--by",
        "Ana Ruiz",
        "--reason",
        "The season is over",
    ];
    let (exit, messages) = state(&release, &url, &[])?;
    assert_eq!(exit, 0, "{messages}");
    let (exit, messages) = state(&release, &url, &[])?;
    assert_eq!(exit, 2, "it is held no longer: {messages}");

    // A certificate that is taken back.
    let serial = answers
        .split("accepts this certificate, serial ")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next())
        .context("the serial number")?;
    mariposa_ok(&["pki", "revoke", serial, "--data-dir", text(&data)])?;
    let told = until("the revocation", || {
        let (exit, told) = state(&["doctor"], &url, &notes)?;
        Ok((exit != 0).then_some((exit, told)))
    })?;
    assert_eq!(told.0, 5, "{}", told.1);
    assert!(
        told.1.contains(serial) && told.1.contains("revoked"),
        "{}",
        told.1
    );
    Ok(())
}
