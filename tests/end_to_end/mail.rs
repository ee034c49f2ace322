//! A person's e-mail, from the upload that brings a move to the mail server.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use end_to_end::{Hub, Python, certificate, mariposa_ok, program, psql, text, until};
use serde_json::{Value, json};

use crate::exchange::{Day, upload};

/// A server that wants TLS from the first byte and a password.
fn server(folder: &Path) -> Result<Python> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = root.join("target/tools/bin/python3");
    ensure!(python.exists(), "deploy/setup test installs aiosmtpd");
    let mut command = Command::new(python);
    command
        .arg(root.join("crates/deliver/tests/deliver/mail_server.py"))
        .arg(folder.join("refuse"))
        .args([folder.join("server.pem"), folder.join("key.pem")])
        .arg("a secret");
    Python::start(&mut command)
}

/// The same hub, started so that it trusts the certificates of this file, as its machine's.
fn trusting(trust: &Path, data: &Path, more: &str) -> Result<Hub> {
    let mut command = Command::new(program()?);
    command.env("SSL_CERT_FILE", trust).env_remove("SSL_CERT_DIR");
    Hub::start_by(command, data, more)
}

fn waiting(data: &Path) -> Result<String> {
    let row = "select status || '|' || attempts from delivery where channel = 'email'";
    Ok(psql(data, row)?.trim().to_owned())
}

#[test]
fn a_move_is_mailed_once_the_mail_server_can_be_trusted() -> Result<()> {
    let folder = end_to_end::folder()?;
    certificate(folder.path())?;
    let server = server(folder.path())?;
    let port = server.line()?;
    let more = format!(
        "public_address = \"https://hub.example.org\"\n[mail]\n\
         server = \"smtps://hub:a%20secret@127.0.0.1:{port}\"\nfrom = \"Mariposa <hub@hub.example.org>\"\n"
    );
    // A hub that does not know who vouches for the server does not tell it the password.
    let stranger = end_to_end::folder()?;
    certificate(stranger.path())?;
    let unknown = stranger.path().join("server.pem");
    let day = Day::on(folder, |data| trusting(&unknown, data, &more))?;
    let data = day.data();
    let password = day.folder.path().join("password");
    std::fs::write(&password, "four made-up words here")?;
    let who = ["user", "add", "ana@agency.example", "--name", "Ana Ruiz"];
    let role = ["--role", "data-administrator", "--state", "TX"];
    let kept = ["--password-file", text(&password), "--data-dir", text(&data)];
    mariposa_ok(&[&who[..], &role, &kept].concat())?;
    // What she chooses on the page Get e-mail.
    psql(
        &data,
        "insert into mail_subscription select account_id, 'TX', 'immediate', now() from account",
    )?;
    day.load(
        "tx",
        &upload("TX", "2026-03-01T06:00:00Z", "T-1", "2025-08-18", ""),
    )?;
    day.load(
        "wa",
        &upload("WA", "2026-03-20T06:00:00Z", "77", "2026-03-16", ""),
    )?;
    day.hub.logs("its certificate or its TLS is not accepted")?;
    until("a letter of which no attempt is counted", || {
        Ok((waiting(&data)? == "waiting|0").then_some(()))
    })?;
    assert_eq!(server.waiting(), None);

    let trusted = day.folder.path().join("server.pem");
    let day = day.again(|data| trusting(&trusted, data, &more))?;
    let letter: Value = serde_json::from_str(&server.line()?)?;
    assert_eq!(letter["to"], json!(["ana@agency.example"]));
    assert_eq!(letter["subject"], "1 move notice for Texas");
    let body = letter["body"].as_str().unwrap_or_default();
    assert!(body.contains("https://hub.example.org/notices"), "{body}");
    assert!(!body.contains("Itzel") && !body.contains("Xicotencatl"), "{body}");
    until("the outbox", || {
        Ok(waiting(&day.data())?.starts_with("delivered|").then_some(()))
    })?;
    Ok(())
}
