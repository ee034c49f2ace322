//! Making a new cluster, and recognising one that is there.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use nix::sys::signal::Signal;

use crate::account::Account;
use crate::connection::USER;
use crate::data_dir::{Paths, UNFINISHED};
use crate::error::{Error, IoContext, Result};
use crate::installation::Installation;
use crate::process::command;

/// Sorting by code point (fast, and the same on every machine and version) with Unicode character classes;
/// where the system has no such locale, with those of ASCII.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// The installation among `installed` that can run the data directory `pgdata`: the first one for a
/// directory yet to be made, else the first of the same major version.
pub(crate) fn matching(installed: &[Installation], pgdata: &Path) -> Result<Installation> {
    let mark = pgdata.join("PG_VERSION");
    let found = if pgdata.exists() {
        Some(
            fs::read_to_string(&mark)
                .context("read", &mark)?
                .trim()
                .to_owned(),
        )
    } else {
        None
    };
    let runs_it = |i: &&Installation| found.as_ref().is_none_or(|major| *major == i.major().to_string());
    if let Some(installation) = installed.iter().find(runs_it) {
        return Ok(installation.clone());
    }
    let versions: Vec<&str> = installed.iter().map(Installation::version).collect();
    Err(Error::OtherVersion {
        pgdata: pgdata.to_owned(),
        found: found.unwrap_or_default(),
        installed: versions.join(", "),
    })
}

/// Makes `pgdata` with a new random password, unless it is there. A run killed at any point leaves at most
/// unfinished entries, which the next run removes.
pub(crate) fn ensure(
    paths: &Paths,
    installed: &Installation,
    account: &Account,
    durable: bool,
) -> Result<()> {
    if paths.pgdata.exists() {
        return Ok(());
    }
    let password = random_password()?;
    paths.replace(&paths.password, &format!("{password}\n"), 0o600)?;
    let mut failure = String::new();
    for locale in LOCALES {
        let folder = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(&paths.root)
            .context("create a folder in", &paths.root)?;
        account.private_folder(folder.path())?;
        match initdb(
            paths,
            folder.path(),
            installed,
            account,
            &password,
            locale,
            durable,
        )? {
            Ok(()) => {
                include_settings(paths, folder.path())?;
                // The directory must not vanish between here and its new name.
                let folder = folder.keep();
                fs::rename(&folder, &paths.pgdata).context("rename to", &paths.pgdata)?;
                return paths.sync();
            }
            Err(output) if output.contains("invalid locale") => failure = output,
            Err(output) => return Err(Error::Initdb { output }),
        }
    }
    Err(Error::Initdb { output: failure })
}

/// Runs `initdb` into the empty `folder`; the inner error is what it printed.
fn initdb(
    paths: &Paths,
    folder: &Path,
    installed: &Installation,
    account: &Account,
    password: &str,
    locale: &str,
    durable: bool,
) -> Result<std::result::Result<(), String>> {
    let mut password_file = paths.unfinished_file()?;
    password_file
        .write_all(password.as_bytes())
        .context("write", password_file.path())?;
    account.give(password_file.path())?;
    let program = installed.program("initdb");
    let mut command = command(&program, account, &paths.root, Signal::SIGKILL);
    command
        .arg("--pgdata")
        .arg(folder)
        .arg("--pwfile")
        .arg(password_file.path())
        .args([
            "--username",
            USER,
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
        ])
        .args(["--locale-provider", "libc", "--locale", locale])
        .arg(if durable { "--data-checksums" } else { "--no-sync" });
    let output = command.output().context("run", &program)?;
    Ok(if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; "))
    })
}

/// Makes `postgresql.conf` read the settings beside the data directory, last.
fn include_settings(paths: &Paths, folder: &Path) -> Result<()> {
    let conf = folder.join("postgresql.conf");
    let name = paths.settings.file_name().unwrap_or_default().to_string_lossy();
    let line = format!("\ninclude_if_exists = '../{name}'\n");
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(&conf)
        .context("open", &conf)?;
    file.write_all(line.as_bytes())
        .and_then(|()| file.sync_all())
        .context("write", &conf)
}

/// 192 random bits from the system as 48 hexadecimal digits.
fn random_password() -> Result<String> {
    let source = Path::new("/dev/urandom");
    let mut bytes = [0_u8; 24];
    fs::File::open(source)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("read", source)?;
    Ok(bytes.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("writing to a string");
        digits
    }))
}
