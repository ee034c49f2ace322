//! `mariposa`: the hub as one program. Its commands are in [`cli`]; what each does is in the module of its name.

mod batch;
mod cli;
mod config;
mod console;
mod database;
mod delivery;
mod demo;
mod doctor;
mod export;
mod link;
mod operator;
mod pki_command;
mod reconcile;
mod report;
mod requirements;
mod serve;
mod simulate_command;
mod user;
mod worker;

use std::process::ExitCode;

fn main() -> ExitCode {
    pki::install_provider();
    cli::run()
}
