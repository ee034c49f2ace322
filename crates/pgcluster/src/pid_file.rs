//! `postmaster.pid`, in which a running server says who and where it is.

use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::Pid;

/// Its name in PostgreSQL's data directory.
pub(crate) const NAME: &str = "postmaster.pid";

/// What the file says. Its lines are listed in PostgreSQL's `src/include/utils/pidfile.h`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PidFile {
    /// The postmaster (line 1).
    pub(crate) pid: Pid,
    /// The folder of its socket (line 5), once it listens.
    pub(crate) socket_dir: Option<PathBuf>,
    /// Whether it takes connections (line 8).
    pub(crate) ready: bool,
}

impl PidFile {
    /// The file in `pgdata`; `None` when there is none, or none that is complete enough to name a process.
    pub(crate) fn read(pgdata: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(pgdata.join(NAME)).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let pid = lines.first()?.parse().ok().filter(|pid| *pid > 0)?;
        let socket_dir = lines.get(4).filter(|line| !line.is_empty()).map(PathBuf::from);
        Some(Self {
            pid: Pid::from_raw(pid),
            socket_dir,
            ready: lines.get(7) == Some(&"ready"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ready_a_starting_and_a_torn_file_are_told_apart() {
        let ready = "4711\n/data/pgdata\n1700000000\n5432\n/data/socket\n\n  123  456\nready   \n";
        let read = PidFile::parse(ready).expect("complete");
        assert_eq!((read.pid.as_raw(), read.ready), (4711, true));
        assert_eq!(read.socket_dir, Some("/data/socket".into()));
        assert!(
            !PidFile::parse(&ready.replace("ready", "starting"))
                .expect("complete")
                .ready
        );
        let early = PidFile::parse("4711\n/data/pgdata\n1700000000\n5432\n\n").expect("names a process");
        assert_eq!((early.socket_dir, early.ready), (None, false));
        assert_eq!(PidFile::parse(""), None);
        assert_eq!(PidFile::parse("-1\n"), None);
    }
}
