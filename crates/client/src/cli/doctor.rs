//! `doctor`: what is missing, and how to mend it.

use std::io::{self, Write as _};

use chrono::Utc;
use clap::Args;
use serde_json::json;

use super::exchange::ExchangeArgs;
use crate::doctor::{self, Setup, Verdict};
use crate::error::Exit;

/// What the job is given; what is left out is asked for.
#[derive(Debug, Clone, Default, Args)]
pub struct DoctorArgs {
    /// The hub
    #[command(flatten)]
    pub exchange: ExchangeArgs,
    /// Name of the mapping profile that the hub should know
    #[arg(long, env = "MARIPOSA_PROFILE", value_name = "NAME")]
    pub profile: Option<String>,
    /// One JSON object per question on the standard output
    #[arg(long)]
    pub json: bool,
}

impl DoctorArgs {
    /// Shown after the help.
    pub const EXAMPLES: &str = "\
Examples:
  With what the scheduled job is given (addresses and files from the environment):
    mariposa-client doctor
  Before the first upload:
    mariposa-client doctor --hub https://exchange.example:8443 \\
        --cert tx.pem --key tx.key --ca exchange-ca.pem --profile ky

The exit code is that which an upload would have; 1 if it would work and something should be done soon.";

    /// Looks, and says what to do. Blocks; not to be called inside an async runtime.
    #[must_use]
    pub fn run(&self) -> Exit {
        let told = self.exchange.clone();
        let setup = Setup {
            state_folder: told.state_folder(),
            hub: told.hub,
            cert: told.cert,
            key: told.key,
            ca: told.ca,
            profile: self.profile.clone(),
        };
        let answers = doctor::examine(&setup, Utc::now);
        let exit = doctor::exit(&answers);
        let mut out = io::stdout().lock();
        for answer in &answers {
            if self.json {
                let mut object = json!(answer);
                object["event"] = json!("answer");
                let _ = writeln!(out, "{object}");
                continue;
            }
            let mark = match answer.verdict {
                Verdict::Good => "ok     ",
                Verdict::Warning => "warning",
                Verdict::Wrong => "WRONG  ",
                Verdict::Open => "?      ",
            };
            let _ = writeln!(out, "{mark}  {}: {}", answer.topic, answer.found);
            if let Some(fix) = &answer.fix {
                let _ = writeln!(out, "         → {fix}");
            }
        }
        let wrong = answers
            .iter()
            .filter(|answer| answer.verdict == Verdict::Wrong)
            .count();
        if self.json {
            let _ = writeln!(
                out,
                "{}",
                json!({ "event": "done", "wrong": wrong, "exit": exit.code() })
            );
        } else if wrong == 0 {
            let _ = writeln!(out, "An upload would get through.");
        } else {
            let _ = writeln!(out, "{wrong} to mend before an upload gets through.");
        }
        exit
    }
}
