//! Starting PostgreSQL's programs.

use std::env;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;

use crate::account::Account;

/// The variables that PostgreSQL's programs are given; everything else may hold the hub's secrets, which a
/// less privileged process has no business to see.
const KEPT_VARIABLES: [&str; 3] = ["PATH", "LD_LIBRARY_PATH", "TMPDIR"];

/// A command that runs as `account` in `folder`, apart from the terminal's signals, with a bare environment,
/// and that the system ends with `at_parents_death` when the *thread* that spawns it ends for any reason,
/// `kill -9` included. That last part is Linux's; elsewhere the next start ends what was left behind.
pub(crate) fn command(program: &Path, account: &Account, folder: &Path, at_parents_death: Signal) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .process_group(0)
        .env_clear()
        .env("LC_ALL", "C");
    command.envs(
        KEPT_VARIABLES
            .iter()
            .filter_map(|name| Some((name, env::var_os(name)?))),
    );
    if account.switch {
        command.uid(account.uid.as_raw()).gid(account.gid.as_raw());
    }
    #[cfg(target_os = "linux")]
    end_with_thread(&mut command, at_parents_death);
    #[cfg(not(target_os = "linux"))]
    let _ = at_parents_death;
    command
}

/// Asks the kernel, in the child, for `signal` when the spawning thread ends.
///
/// A change of user id clears that request (prctl(2), `PR_SET_PDEATHSIG`); the standard library changes it
/// before it runs this closure.
#[cfg(target_os = "linux")]
fn end_with_thread(command: &mut Command, signal: Signal) {
    use std::io;
    use std::os::unix::process::CommandExt;

    use nix::errno::Errno;
    use nix::unistd::{getpid, getppid};

    let parent = getpid();
    let request = move || -> io::Result<()> {
        nix::sys::prctl::set_pdeathsig(signal)?;
        // The parent may have died before the request was made; then nobody would send the signal.
        if getppid() == parent {
            Ok(())
        } else {
            Err(Errno::ESRCH.into())
        }
    };
    #[expect(
        unsafe_code,
        reason = "pre_exec is the only place between the change of user and exec"
    )]
    // SAFETY: between fork and exec only async-signal-safe work is allowed, as another thread may have held
    // any lock at the fork. The closure makes two system calls (prctl, getppid) on captured plain values and
    // builds errors from an error number: no allocation, no lock, no access to memory other threads change.
    unsafe {
        command.pre_exec(request);
    }
}
