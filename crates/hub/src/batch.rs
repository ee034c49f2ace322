//! `batch`: what a person decides about an upload, at the hub itself or over the exchange as its state.

use std::process::ExitCode;

use anyhow::{Result, bail};
use chrono::Utc;
use clap::{Args, Subcommand};
use client::cli::{ExchangeArgs, ReleaseArgs};

use crate::cli::Place;
use crate::database::Database;

#[derive(Debug, Args)]
pub(crate) struct BatchArgs {
    #[command(subcommand)]
    command: BatchCommand,
}

#[derive(Debug, Subcommand)]
enum BatchCommand {
    /// Say yes to a held upload: it is loaded after all
    #[command(after_help = EXAMPLES)]
    Release {
        #[command(flatten)]
        release: ReleaseArgs,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        exchange: ExchangeArgs,
    },
}

const EXAMPLES: &str = "\
Examples:
  At the hub:
    mariposa batch release 4711 --by 'Ana Ruiz, TX' --reason 'Two districts left'
  As the state, over the exchange:
    mariposa batch release 4711 --by 'Ana Ruiz' --reason 'Two districts left' \\
        --hub https://exchange.example:8443 --cert tx.pem --key tx.key --ca exchange-ca.pem";

/// Runs the command; gives the exit code.
pub(crate) fn run(args: &BatchArgs) -> Result<ExitCode> {
    let BatchCommand::Release {
        release,
        place,
        exchange,
    } = &args.command;
    if exchange.hub.is_some() {
        return Ok(release.run(exchange).into());
    }
    let reason = release.reason.trim();
    if !(1..=500).contains(&reason.chars().count()) {
        bail!("say in 1 to 500 characters why the upload is right");
    }
    let database = Database::open(&place.read()?)?;
    let connection = &mut *database.connect()?;
    if !ingest::release(connection, release.batch_id, &release.by, reason, Utc::now())? {
        bail!("batch {} is not held", release.batch_id);
    }
    println!("Batch {} is released; a running hub loads it.", release.batch_id);
    Ok(ExitCode::SUCCESS)
}
