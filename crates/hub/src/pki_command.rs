//! `pki`: the private CA of the exchange. A certificate that is issued here is registered with the hub at once: it is
//! the registration that makes a connection a state.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use mde::StateCode;
use pki::{Authority, ClientCertificate};
use store::participants::{self, Certificate};

use crate::cli::Place;
use crate::config::Config;
use crate::database::Database;
use crate::serve::open_authority;

/// Name of the CA's certificate beside a state's; `ca.pem` would be California's.
pub(crate) const AUTHORITY_FILE: &str = "exchange-ca.pem";

#[derive(Debug, Args)]
pub(crate) struct PkiArgs {
    #[command(subcommand)]
    command: PkiCommand,
}

#[derive(Debug, Subcommand)]
enum PkiCommand {
    /// Make the CA, if there is none
    Init(Place),
    /// Issue a certificate to a state's system and register it
    #[command(
        after_help = "Examples:\n  mariposa pki issue TX --out tx/\n  mariposa pki issue KY --csr ky.csr --out ky/\n  mariposa pki issue WI --out wi/ --pkcs12-password-file secret.txt"
    )]
    Issue(IssueArgs),
    /// Stop accepting a certificate, at once
    Revoke(RevokeArgs),
    /// Sign the revocation list anew and print it
    Crl(Place),
    /// List all certificates
    List(Place),
}

#[derive(Debug, Args)]
struct IssueArgs {
    /// The state, by postal code
    state: StateCode,
    /// Name of the system
    #[arg(long, default_value = "upload")]
    system: String,
    /// A request made by the state (PEM); without it a key is made here
    #[arg(long, value_name = "FILE")]
    csr: Option<PathBuf>,
    /// Folder to write to
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Days of validity
    #[arg(long, default_value_t = 365)]
    days: i64,
    /// Also write a PKCS#12 bundle, protected by the password in this file
    #[arg(long, value_name = "FILE", conflicts_with = "csr")]
    pkcs12_password_file: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct RevokeArgs {
    /// Serial number or SHA-256 fingerprint
    certificate: String,
    /// Why: unspecified, key-compromise, superseded, cessation-of-operation, privilege-withdrawn …
    #[arg(long, default_value = "unspecified")]
    reason: String,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(args: &PkiArgs) -> Result<()> {
    let now = Utc::now();
    match &args.command {
        PkiCommand::Init(place) => {
            let config = place.read()?;
            let authority = open_authority(&config, now)?;
            println!(
                "CA: {} (until {})",
                config.pki_dir().join("ca.pem").display(),
                authority.not_after().date_naive()
            );
        }
        PkiCommand::Issue(args) => issue(args, now)?,
        PkiCommand::Revoke(args) => revoke(args, now)?,
        PkiCommand::Crl(place) => {
            let authority = open_authority(&place.read()?, now)?;
            let list = authority.crl(now, now + TimeDelta::days(30))?;
            print!("{}", list.pem);
        }
        PkiCommand::List(place) => {
            for record in open_authority(&place.read()?, now)?.issued()? {
                let revoked = record
                    .revoked
                    .as_ref()
                    .map_or(String::new(), |r| format!("  revoked {}", r.at.date_naive()));
                println!(
                    "{}  {:?}  until {}{revoked}",
                    record.serial,
                    record.holder,
                    record.not_after.date_naive()
                );
            }
        }
    }
    Ok(())
}

fn issue(args: &IssueArgs, now: DateTime<Utc>) -> Result<()> {
    let config = args.place.read()?;
    let authority = open_authority(&config, now)?;
    let validity = TimeDelta::try_days(args.days).context("--days is out of range")?;
    std::fs::create_dir_all(&args.out).with_context(|| format!("failed to make {}", args.out.display()))?;
    let name = |end: &str| {
        args.out
            .join(format!("{}{end}", args.state.as_str().to_lowercase()))
    };
    let certificate = match &args.csr {
        Some(path) => {
            let request =
                std::fs::read(path).with_context(|| format!("failed to read {}", path.display()))?;
            authority
                .sign_csr(&request, args.state.as_str(), &args.system, validity, now)?
                .certificate_pem
        }
        None => {
            let (issued, key) = authority.issue_state(args.state.as_str(), &args.system, validity, now)?;
            pki::write_private(&name("-key.pem"), key.pem().as_bytes())?;
            println!("key:         {}", name("-key.pem").display());
            if let Some(path) = &args.pkcs12_password_file {
                let password = std::fs::read_to_string(path)
                    .with_context(|| format!("failed to read {}", path.display()))?;
                let bundle = pki::pkcs12(
                    &issued.certificate_pem,
                    &key,
                    authority.certificate_pem(),
                    password.trim_end_matches(['\r', '\n']),
                )?;
                pki::write_private(&name(".p12"), &bundle)?;
                println!("PKCS#12:     {}", name(".p12").display());
            }
            issued.certificate_pem
        }
    };
    pki::write_public(&name(".pem"), certificate.as_bytes())?;
    pki::write_public(
        &args.out.join(AUTHORITY_FILE),
        authority.certificate_pem().as_bytes(),
    )?;
    println!("certificate: {}", name(".pem").display());
    println!("CA:          {}", args.out.join(AUTHORITY_FILE).display());
    let registered = register(&config, args.state, certificate.as_bytes(), now)?;
    println!(
        "{} is registered until {}.",
        args.state.name(),
        registered.not_after.date_naive()
    );
    Ok(())
}

/// Registers a state and its certificate with the hub.
fn register(config: &Config, state: StateCode, pem: &[u8], now: DateTime<Utc>) -> Result<Certificate> {
    let database = Database::open_migrated(config)?;
    let connection = &mut *database.connect()?;
    register_with(connection, state, pem, now)
}

/// The same, on a connection.
pub(crate) fn register_with(
    connection: &mut diesel::PgConnection,
    state: StateCode,
    pem: &[u8],
    now: DateTime<Utc>,
) -> Result<Certificate> {
    let parsed = ClientCertificate::from_pem(pem)?;
    let certificate = Certificate {
        fingerprint: parsed.fingerprint_sha256,
        state: state.to_string(),
        serial: parsed.serial,
        subject: parsed.subject,
        not_before: parsed.not_before,
        not_after: parsed.not_after,
        registered_at: now,
        revoked_at: None,
    };
    participants::register(connection, state, now)?;
    participants::register_certificate(connection, &certificate)?;
    store::access::audit(
        connection,
        now,
        "operator",
        "certificate.register",
        &certificate.fingerprint,
        &serde_json::json!({ "state": state }),
    )?;
    Ok(certificate)
}

fn revoke(args: &RevokeArgs, now: DateTime<Utc>) -> Result<()> {
    let config = args.place.read()?;
    let authority = open_authority(&config, now)?;
    let reason = args.reason.parse().map_err(|e| anyhow::anyhow!("{e}"))?;
    let record = authority.revoke(&args.certificate, reason, now)?;
    let database = Database::open_migrated(&config)?;
    let connection = &mut *database.connect()?;
    let stopped = participants::revoke_certificate(connection, &record.fingerprint_sha256, now)?;
    store::access::audit(
        connection,
        now,
        "operator",
        "certificate.revoke",
        &record.fingerprint_sha256,
        &serde_json::json!({ "reason": args.reason }),
    )?;
    println!(
        "{} is revoked; the list {} is signed anew.",
        record.serial,
        config.pki_dir().join("crl.pem").display()
    );
    if !stopped {
        bail!("the certificate was not registered with this hub, or was revoked before");
    }
    Ok(())
}

/// Makes a key and a certificate for a state's system in a folder, for the demo.
pub(crate) fn issue_files(
    authority: &Authority,
    state: StateCode,
    out: &Path,
    now: DateTime<Utc>,
) -> Result<Vec<u8>> {
    std::fs::create_dir_all(out)?;
    let (issued, key) = authority.issue_state(state.as_str(), "demo", TimeDelta::days(30), now)?;
    let name = state.as_str().to_lowercase();
    pki::write_private(&out.join(format!("{name}-key.pem")), key.pem().as_bytes())?;
    pki::write_public(
        &out.join(format!("{name}.pem")),
        issued.certificate_pem.as_bytes(),
    )?;
    pki::write_public(&out.join(AUTHORITY_FILE), authority.certificate_pem().as_bytes())?;
    Ok(issued.certificate_pem.into_bytes())
}
