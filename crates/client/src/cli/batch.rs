//! `batch`: what a person of the state decides about its batches.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::json;

use super::console::Console;
use super::exchange::ExchangeArgs;
use super::report;
use crate::error::{Error, Exit};

/// A state's batches.
#[derive(Debug, Clone, Args)]
pub struct BatchArgs {
    #[command(subcommand)]
    command: BatchCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum BatchCommand {
    /// Says yes to a held upload: it is loaded after all
    #[command(after_help = ReleaseArgs::EXAMPLES)]
    Release {
        #[command(flatten)]
        release: ReleaseArgs,
        #[command(flatten)]
        exchange: ExchangeArgs,
    },
}

/// Which held batch is right, who says so, and why. All of it is kept with the batch.
#[derive(Debug, Clone, Args)]
pub struct ReleaseArgs {
    /// Number of the batch, as the receipt has it
    #[arg(value_name = "BATCH")]
    pub batch_id: i64,
    /// Why the upload is right though it would take away many students, 1 to 500 characters
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// The person who decides: name or address of mail, 1 to 200 characters
    #[arg(long, value_name = "WHO")]
    pub by: String,
    /// One JSON object on the standard output
    #[arg(long)]
    pub json: bool,
}

impl BatchArgs {
    /// Does it.
    #[must_use]
    pub fn run(&self) -> Exit {
        let BatchCommand::Release { release, exchange } = &self.command;
        release.run(exchange)
    }
}

impl ReleaseArgs {
    /// Shown after the help.
    pub const EXAMPLES: &str = "\
Example (address and certificate from the environment):
  mariposa-client batch release 4711 --by 'Ana Ruiz' --reason 'Two districts left the program on July 1'";

    /// Tells the hub. Blocks; not to be called inside an async runtime.
    #[must_use]
    pub fn run(&self, exchange: &ExchangeArgs) -> Exit {
        let console = Arc::new(Console::new(self.json, false));
        let attempt = || -> Result<(), Error> {
            let connection = exchange.connection(&console)?;
            let batch = connection.release(self.batch_id, &self.reason, &self.by)?;
            console.result("released", &report::batch(&batch), json!(batch));
            Ok(())
        };
        attempt().map_or_else(
            |error| {
                console.fail(&error);
                error.exit()
            },
            |()| Exit::Accepted,
        )
    }
}
