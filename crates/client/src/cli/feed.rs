//! `feed`: what changed for the state's children, as a file.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::console::Console;
use super::exchange::ExchangeArgs;
use crate::error::{Error, Exit};
use crate::feed::{self, Written};

pub(super) const EXAMPLES: &str = "\
Examples (address and certificate from the environment):
  mariposa feed --out changes.jsonl                    everything so far; called again, what came since
  mariposa feed --since 4711 --out today.csv --format csv
  mariposa feed --out changes.jsonl --wait 15 --follow  stays, and writes what comes";

/// What of the feed, and to which file.
#[derive(Debug, Clone, Args)]
pub struct FeedArgs {
    /// The last change that is known already; without it, the file goes on where it ends, and a new one begins at the first
    #[arg(long, value_name = "CURSOR")]
    since: Option<i64>,
    /// File to add to; a new one is made
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// One JSON object on each line, or CSV
    #[arg(long, value_enum, default_value_t = FeedForm::Jsonl)]
    format: FeedForm,
    /// Seconds to wait for something new if there is nothing
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=15))]
    wait: u64,
    /// Do not end: wait for what is new again and again
    #[arg(long)]
    follow: bool,
    /// One JSON object on the standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    exchange: ExchangeArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FeedForm {
    Jsonl,
    Csv,
}

impl FeedArgs {
    /// Reads the feed. Blocks; not to be called inside an async runtime.
    #[must_use]
    pub fn run(&self) -> Exit {
        let console = Arc::new(Console::new(self.json, false));
        match self.read(&console) {
            Ok(()) => Exit::Accepted,
            Err(error) => {
                console.fail(&error);
                error.exit()
            }
        }
    }

    fn read(&self, console: &Arc<Console>) -> Result<(), Error> {
        let connection = self.exchange.connection(console)?;
        let form = match self.format {
            FeedForm::Jsonl => feed::Form::Jsonl,
            FeedForm::Csv => feed::Form::Csv,
        };
        let (mut since, wait) = (self.since, if self.follow { self.wait.max(1) } else { self.wait });
        loop {
            let Written { entries, cursor } = feed::feed(&connection, &self.out, form, since, wait)?;
            if entries > 0 || !self.follow {
                console.result(
                    "feed",
                    &format!(
                        "{entries} changes added to {}; the last one is {cursor}",
                        self.out.display()
                    ),
                    json!({ "entries": entries, "cursor": cursor, "file": self.out }),
                );
            }
            if !self.follow {
                return Ok(());
            }
            since = Some(cursor);
        }
    }
}
