//! What a killed run left behind: processes that still end, and files that say they run.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::error::{Error, IoContext, Result};
use crate::pid_file::{self, PidFile};

/// How long an earlier run's processes may take to end.
pub(crate) const ORPHAN_PATIENCE: Duration = Duration::from_mins(2);

const POLL: Duration = Duration::from_millis(20);

/// The PostgreSQL processes at work in `pgdata`. Each of them has it as its working folder.
pub(crate) fn living(pgdata: &Path) -> Vec<Pid> {
    if cfg!(target_os = "linux") {
        return fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| works_in(&entry.path(), pgdata))
            .filter_map(|entry| Some(Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)))
            .collect();
    }
    PidFile::read(pgdata)
        .map(|file| file.pid)
        .filter(|pid| kill(*pid, None).is_ok())
        .into_iter()
        .collect()
}

fn works_in(process: &Path, pgdata: &Path) -> bool {
    let is_postgres = || {
        let exe = fs::read_link(process.join("exe")).ok()?;
        // A program replaced by an upgrade is shown as "postgres (deleted)".
        Some(exe.file_name()?.to_str()?.starts_with("postgres"))
    };
    fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == pgdata) && is_postgres() == Some(true)
}

/// Ends what an earlier run left in `pgdata`, waiting up to `patience`, and removes the files by which a new
/// server would take it for alive; the folder of its socket, where known, is returned. Only for the holder of the folder's lock: then whatever runs there is an
/// orphan.
pub(crate) fn clear(pgdata: &Path, patience: Duration) -> Result<Option<PathBuf>> {
    let deadline = Instant::now() + patience;
    let mut told: Vec<Pid> = Vec::new();
    loop {
        let orphans = living(pgdata);
        if orphans.is_empty() {
            break;
        }
        if Instant::now() > deadline {
            let pids: Vec<String> = orphans.iter().map(ToString::to_string).collect();
            return Err(Error::Orphans {
                pgdata: pgdata.to_owned(),
                pids: pids.join(", "),
            });
        }
        // A postmaster shuts its own processes down. Without one they are lost, and are told what a
        // postmaster tells them after a crash.
        let postmaster = PidFile::read(pgdata)
            .map(|file| file.pid)
            .filter(|pid| orphans.contains(pid));
        let (targets, signal) = match postmaster {
            Some(pid) => (vec![pid], Signal::SIGINT),
            None => (orphans, Signal::SIGQUIT),
        };
        for pid in targets
            .into_iter()
            .filter(|pid| !told.contains(pid))
            .collect::<Vec<_>>()
        {
            let _already_gone = kill(pid, signal);
            told.push(pid);
        }
        sleep(POLL);
    }
    // Nobody lives here any more, so its process id, if alive, is by now someone else's.
    let file = pgdata.join(pid_file::NAME);
    let socket_dir = PidFile::read(pgdata).and_then(|file| file.socket_dir);
    if file.exists() {
        fs::remove_file(&file).context("remove the stale", &file)?;
    }
    Ok(socket_dir)
}
