//! `mariposa-client`: the state's side of the exchange as one small program.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use client::cli::{BatchArgs, DoctorArgs};

/// Checks and sends a state's files to the exchange of migratory students' records.
#[derive(Debug, Parser)]
#[command(name = "mariposa-client", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    State(client::cli::Command),
    /// Says what is missing on this side, and how to mend it
    #[command(after_help = DoctorArgs::EXAMPLES)]
    Doctor(DoctorArgs),
    /// Decides about a batch that the hub holds back
    Batch(BatchArgs),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::State(command) => command.run().into(),
        Command::Doctor(doctor) => doctor.run().into(),
        Command::Batch(batch) => batch.run().into(),
    }
}
