//! Where the Unix socket lies.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use crate::account::Account;
use crate::error::{Error, IoContext, Result};

/// The port of a server that has no port: it only names the socket.
pub(crate) const PORT: u16 = 5432;

/// The longest path a socket address holds, without its closing zero (unix(7): 108 bytes; macOS: 104).
const LONGEST: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// Begins the name of a socket folder outside the data directory.
const FALLBACK_PREFIX: &str = "mariposa-pg-";

/// The socket's file in its folder.
pub(crate) fn file(folder: &Path) -> PathBuf {
    folder.join(format!(".s.PGSQL.{PORT}"))
}

/// Makes an empty folder for the socket that only `account` (and root) may enter: `inside` when a path in it
/// is short enough for a socket, else a new one with a short name under `/run`, the user's runtime folder or
/// the temporary folder.
pub(crate) fn make_folder(inside: &Path, account: &Account) -> Result<PathBuf> {
    if fits(inside) {
        if inside.exists() {
            fs::remove_dir_all(inside).context("empty", inside)?;
        }
        account.private_folder(inside)?;
        return Ok(inside.to_owned());
    }
    let runtime = if geteuid().is_root() {
        Some("/run".into())
    } else {
        env::var_os("XDG_RUNTIME_DIR")
    };
    let places = [
        runtime.map(PathBuf::from),
        Some(env::temp_dir()),
        Some("/tmp".into()),
    ];
    for place in places.into_iter().flatten() {
        // tempfile appends six characters and makes the folder 0700.
        if !fits(&place.join(format!("{FALLBACK_PREFIX}123456"))) || account.blocked_at(&place).is_some() {
            continue;
        }
        if let Ok(folder) = tempfile::Builder::new()
            .prefix(FALLBACK_PREFIX)
            .tempdir_in(&place)
        {
            account.private_folder(folder.path())?;
            return Ok(folder.keep());
        }
    }
    Err(Error::SocketPathTooLong {
        path: inside.to_owned(),
    })
}

/// Removes a folder that [`make_folder`] made outside the data directory; leaves any other alone.
pub(crate) fn remove_fallback(folder: &Path) {
    let ours = folder
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|n| n.starts_with(FALLBACK_PREFIX));
    if ours {
        // Tidying: what cannot be removed does no harm.
        clear(folder);
        let _ = fs::remove_dir(folder);
    }
}

/// Removes the socket that a killed server left in `folder`.
pub(crate) fn clear(folder: &Path) {
    // What is not there need not be removed; what cannot be, the server complains of.
    let _ = fs::remove_file(file(folder));
    let _ = fs::remove_file(file(folder).with_extension(format!("{PORT}.lock")));
}

fn fits(folder: &Path) -> bool {
    file(folder).as_os_str().len() <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_that_of_a_socket_address() {
        let name = "/.s.PGSQL.5432".len();
        assert!(fits(Path::new(&format!("/{}", "a".repeat(LONGEST - name - 1)))));
        assert!(!fits(Path::new(&format!("/{}", "a".repeat(LONGEST - name)))));
    }

    #[test]
    fn the_lock_of_the_socket_is_beside_it() {
        let lock = file(Path::new("/s")).with_extension(format!("{PORT}.lock"));
        assert_eq!(lock, Path::new("/s/.s.PGSQL.5432.lock"));
    }
}
