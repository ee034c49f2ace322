//! `upload`: the state's nightly job.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use formats::Profile;
use mde::Causes;
use serde_json::json;

use super::console::Console;
use super::exchange::{AboutArgs, ExchangeArgs};
use super::report::{self, Detail};
use crate::batch::BatchView;
use crate::connection::Connection;
use crate::error::{Error, Exit};
use crate::pack::{Parcel, pack};

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
    /// The hub
    #[command(flatten)]
    pub exchange: ExchangeArgs,
    /// What it is
    #[command(flatten)]
    pub about: AboutArgs,
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
        if self.paths.len() > 1 && self.about.profile.is_none() {
            let text = "several files are one upload only with --profile; send native files one by one";
            return Err(Error::Usage(text.into()));
        }
        let profile = self.about.profile()?;
        let connection = self.exchange.connection(console)?;
        let folder = super::private_folder()?;
        let parcel = pack(&self.paths, folder.path())?;
        match (&self.about.profile, &profile) {
            _ if self.no_check => {}
            (Some(named), None) => console.say(&format!(
                "the profile {named} is not known here; only the hub checks"
            )),
            (_, profile) => self.check(&parcel, profile.as_ref(), console)?,
        }
        let receipt = connection.send(&parcel, &self.about.for_the_hub(profile.as_ref()))?;
        console.result("receipt", &report::receipt(&receipt), json!(receipt));
        if !self.wait {
            return Ok(Exit::Accepted);
        }
        let batch = connection.wait(&receipt, Duration::from_secs(self.timeout))?;
        console.result("settled", &report::batch(&batch), json!(batch));
        self.findings(&connection, &batch, &parcel, console)?;
        Ok(batch.exit())
    }

    /// What cannot be trusted as a whole is not sent. Single bad rows do not keep the others back.
    fn check(&self, parcel: &Parcel, profile: Option<&Profile>, console: &Console) -> Result<(), Error> {
        console.say(&format!("checking {}", parcel.name));
        let options = self.about.for_the_check(profile, &parcel.name);
        let mut causes = Causes::keeping(SHOWN);
        let checked = parcel.checked(&options, &mut |finding| causes.add(Detail::Places.of(finding)))?;
        console.event("checked", report::counts_json(&checked));
        console.say(&report::counts(&checked));
        if !self.wait {
            console.say(report::causes(&causes, &parcel.name, self.exchange.pages()).trim_end());
        }
        Ok(())
    }

    fn findings(
        &self,
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
            let finding = Detail::Places.of(finding);
            console.event("finding", report::finding_json(&finding));
            causes.add(finding);
        })?;
        let text = report::causes(&causes, &parcel.name, self.exchange.pages());
        let rest = if all {
            String::new()
        } else {
            format!(
                "\n  … the first {FINDINGS} only; all are at {}",
                batch.findings_href
            )
        };
        let groups: Vec<_> = causes
            .ranked()
            .into_iter()
            .map(|(cause, group)| report::cause_json(cause, group))
            .collect();
        console.result(
            "findings",
            &format!("{}{rest}", text.trim_end()),
            json!({ "all": all, "causes": groups }),
        );
        Ok(())
    }
}
