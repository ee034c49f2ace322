//! `upload`: the state's nightly job.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use formats::{BatchKind, Limits, Options, Profile};
use mde::StateCode;
use serde_json::json;

use super::console::Console;
use super::report::{self, Detail};
use crate::batch::{BatchView, Receipt};
use crate::check::{Causes, check};
use crate::connection::Connection;
use crate::error::{Error, Exit};
use crate::pack::{Parcel, pack};
use crate::upload::UploadOptions;

pub(super) const EXAMPLES: &str = "\
Examples:
  The night's file, from a scheduler that only looks at the exit code:
    mariposa upload night.xml --hub https://exchange.example:8443 \\
        --cert tx.pem --key tx.key --ca exchange-ca.pem --quiet
  An export of another system, waiting until it is loaded (addresses and keys from the environment):
    mariposa upload exports/2026-04-01 --profile ky --as-of 2026-04-01T02:00:00Z --wait
  For a program, one JSON object per event:
    mariposa upload night.xml --wait --json

The same upload may be sent again at any time: the hub answers with the first receipt and loads it once.
Lines and the state's own numbers are all that is shown of a child; validate also shows what is wrong.";

/// Findings of a batch that are fetched to be grouped; the hub has all of them.
const FINDINGS: u64 = 100_000;
/// Findings shown of each cause.
const SHOWN: usize = 5;

/// What to send, where, and as whom.
#[derive(Debug, Clone, Args)]
pub struct UploadArgs {
    /// The upload: one native XML file, or the files or the folder that a profile describes
    #[arg(required = true, value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,
    /// Address of the hub's exchange, https://NAME:PORT
    #[arg(long, env = "MARIPOSA_HUB", value_name = "URL")]
    pub hub: String,
    /// The state's certificate
    #[arg(long, env = "MARIPOSA_CERT", value_name = "PEM")]
    pub cert: PathBuf,
    /// Its private key
    #[arg(long, env = "MARIPOSA_KEY", value_name = "PEM")]
    pub key: PathBuf,
    /// The exchange's own authority, the only one that is trusted
    #[arg(long, env = "MARIPOSA_CA", value_name = "PEM")]
    pub ca: PathBuf,
    /// Everything that the state holds, or what changed; the file or the profile says it otherwise
    #[arg(long, value_parser = super::kind())]
    pub kind: Option<BatchKind>,
    /// The mapping profile that describes the files, by name or as the hub's TOML file; native XML without one
    #[arg(long, value_name = "NAME|FILE.toml")]
    pub profile: Option<String>,
    /// The instant that the content speaks of (RFC 3339); the file or its name says it otherwise
    #[arg(long, value_name = "TIME", value_parser = super::instant)]
    pub as_of: Option<DateTime<Utc>>,
    /// The state, for the check; the hub takes it from the certificate
    #[arg(long, value_name = "XX", value_parser = super::state)]
    pub state: Option<StateCode>,
    /// Wait until the batch is loaded, and show what became of it
    #[arg(long)]
    pub wait: bool,
    /// How long to wait
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, requires = "wait")]
    pub timeout: u64,
    /// One JSON object per event on the standard output, and nothing else
    #[arg(long)]
    pub json: bool,
    /// Only results and errors
    #[arg(long)]
    pub quiet: bool,
    /// Send without checking first
    #[arg(long)]
    pub no_check: bool,
}

impl UploadArgs {
    /// Checks, packs and sends. Blocks; not to be called inside an async runtime.
    #[must_use]
    pub fn run(&self) -> Exit {
        let console = Arc::new(Console::new(self.json, self.quiet));
        self.attempt(&console).unwrap_or_else(|error| {
            console.fail(&error);
            error.exit()
        })
    }

    fn attempt(&self, console: &Arc<Console>) -> Result<Exit, Error> {
        if self.paths.len() > 1 && self.profile.is_none() {
            let text = "several files are one upload only with --profile; send native files one by one";
            return Err(Error::Usage(text.into()));
        }
        let profile = self.profile.as_deref().map(super::profile).transpose()?.flatten();
        let connection = self.connection()?.observed_by(Arc::clone(console) as Arc<_>);
        let folder = super::private_folder()?;
        let parcel = pack(&self.paths, folder.path())?;
        match (&self.profile, &profile) {
            _ if self.no_check => {}
            (Some(named), None) => console.say(&format!(
                "the profile {named} is not known here; only the hub checks"
            )),
            (_, profile) => self.check(&parcel, profile.as_ref(), console)?,
        }
        let options = UploadOptions {
            kind: self.kind,
            profile: profile
                .map(|profile| profile.name)
                .or_else(|| self.profile.clone()),
            as_of: self.as_of,
        };
        let receipt = connection.send(&parcel, &options)?;
        console.result("receipt", &told(&receipt), json!(receipt));
        if !self.wait {
            return Ok(Exit::Accepted);
        }
        let batch = connection.wait(&receipt, Duration::from_secs(self.timeout))?;
        console.result("settled", &report::batch(&batch), json!(batch));
        findings(&connection, &batch, &parcel, console)?;
        Ok(outcome(&batch))
    }

    fn connection(&self) -> Result<Connection, Error> {
        let read = |path: &PathBuf| std::fs::read(path).map_err(|error| Error::file(path, error));
        Connection::new(&self.hub, &read(&self.ca)?, &read(&self.cert)?, &read(&self.key)?)
    }

    /// What cannot be trusted as a whole is not sent. Single bad rows do not keep the others back.
    fn check(&self, parcel: &Parcel, profile: Option<&Profile>, console: &Console) -> Result<(), Error> {
        console.say(&format!("checking {}", parcel.name));
        let options = Options {
            state: self.state,
            as_of: self.as_of,
            kind: self.kind,
            profile,
            limits: Limits::default(),
            file_name: Some(&parcel.name),
        };
        let mut causes = Causes::keeping(SHOWN);
        let checked = check(&parcel.path, &options, &mut |finding| causes.add(finding));
        let checked = checked.map_err(|refusal| match parcel.unchanged() {
            Ok(()) => Error::Refused(refusal),
            Err(changed) => changed,
        })?;
        console.event("checked", report::counts_json(&checked));
        console.say(&report::counts(&checked));
        if !self.wait {
            console.say(report::causes(&causes, &parcel.name, Detail::Places).trim_end());
        }
        Ok(())
    }
}

fn told(receipt: &Receipt) -> String {
    let batch = &receipt.batch;
    let instant = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!(
        "receipt: batch {}{}\n  state {}, {} upload as of {}, received {}\n  SHA-256 of the content {}\n  address {}",
        batch.batch_id,
        if receipt.new {
            ""
        } else {
            ", held since an earlier call"
        },
        batch.state,
        batch.kind,
        instant(batch.as_of),
        instant(batch.received_at),
        batch.content_sha256,
        receipt.location
    )
}

fn findings(
    connection: &Connection,
    batch: &BatchView,
    parcel: &Parcel,
    console: &Console,
) -> Result<(), Error> {
    if batch.findings.errors + batch.findings.warnings == 0 {
        return Ok(());
    }
    let mut causes = Causes::keeping(SHOWN);
    let all = connection.findings(batch, FINDINGS, &mut |finding| {
        console.event("finding", report::finding_json(&finding, Detail::Places));
        causes.add(finding);
    })?;
    let text = report::causes(&causes, &parcel.name, Detail::Places);
    let rest = if all {
        String::new()
    } else {
        format!(
            "\n  … the first {FINDINGS} only; all are at {}",
            batch.findings_href
        )
    };
    console.result(
        "findings",
        &format!("{}{rest}", text.trim_end()),
        json!({ "all": all }),
    );
    Ok(())
}

fn outcome(batch: &BatchView) -> Exit {
    match batch.status.as_str() {
        "failed" => Exit::Refused,
        "loaded" if !batch.has_refused() => Exit::Accepted,
        _ => Exit::SomeRefused,
    }
}
