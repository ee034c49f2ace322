//! `mariposa-client`: the state's side of the exchange as one small program.

use std::process::ExitCode;

use clap::Parser;

/// Checks and sends a state's files to the exchange of migratory students' records.
#[derive(Debug, Parser)]
#[command(name = "mariposa-client", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: client::cli::Command,
}

fn main() -> ExitCode {
    Arguments::parse().command.run().into()
}
