//! `with-cluster CMD ARGS…` runs a command with a PostgreSQL server for tests, named by `MARIPOSA_TEST_PG`,
//! and ends with the command's exit code (128 + the signal's number when a signal ended it).
//!
//! SIGINT, SIGTERM and SIGHUP are handed on to the command; the server is removed after it has ended.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{self, Command};

use anyhow::{Context, Result};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use testkit::{CLUSTER_VARIABLE, TempCluster};

/// The first argument by which this program, run by itself, becomes the command.
const BECOME: &str = "--become";

fn main() {
    let mut arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let outcome = if arguments.first().is_some_and(|first| first == BECOME) {
        arguments.remove(0);
        become_command(&arguments)
    } else {
        run(&arguments)
    };
    process::exit(outcome.unwrap_or_else(|error| {
        eprintln!("with-cluster: {error:#}");
        1
    }));
}

/// The signals that this program takes when it is ready for them.
fn signals() -> SigSet {
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGCHLD]
        .into_iter()
        .collect()
}

/// Runs the command beside a server, until it ends; its exit code.
fn run(command: &[OsString]) -> Result<i32> {
    // Blocked before there are threads to deliver them to, signals wait to be taken below.
    signals().thread_block().context("cannot block signals")?;
    let cluster = TempCluster::start()?;
    // A process inherits the blocked signals, so that the command cannot be started directly.
    let mut child = Command::new(env::current_exe()?)
        .arg(BECOME)
        .args(command)
        .env(CLUSTER_VARIABLE, cluster.url())
        .spawn()
        .context("cannot run myself")?;
    let child_id = Pid::from_raw(child.id().cast_signed());
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status
                .code()
                .unwrap_or_else(|| 128 + status.signal().unwrap_or_default()));
        }
        let signal = signals().wait().context("cannot wait for signals")?;
        if signal != Signal::SIGCHLD {
            // Not reaped yet, so the id is still the command's.
            kill(child_id, signal).context("cannot hand the signal on")?;
        }
    }
}

/// Replaces this process by the command, with no signal blocked.
fn become_command(command: &[OsString]) -> Result<i32> {
    let (program, arguments) = command.split_first().context("usage: with-cluster CMD ARGS…")?;
    signals().thread_unblock().context("cannot unblock signals")?;
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot run {}", program.display()))
}
