//! Where PostgreSQL's programs are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Result};

/// The oldest major version this crate runs.
pub const MINIMUM_MAJOR: u32 = 15;

/// Names the folder of PostgreSQL's programs and keeps any other from being looked at.
const BIN_VARIABLE: &str = "MARIPOSA_PG_BIN";

/// Parents of per-version folders: Debian, the PGDG packages for Fedora and RHEL, Homebrew (both kinds of
/// Mac), Postgres.app, and a build from source.
const PLACES: &[&str] = &[
    "/usr/lib/postgresql",
    "/usr",
    "/opt/homebrew/opt",
    "/usr/local/opt",
    "/Applications/Postgres.app/Contents/Versions",
    "/usr/local",
];

/// PostgreSQL's server programs of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    bin_dir: PathBuf,
    version: String,
    major: u32,
}

impl Installation {
    /// Looks at one folder: its `postgres` and `initdb`, followed through symbolic links to the folder where
    /// they really lie (the server finds its library files relative to that). The error says what is wrong
    /// with the folder.
    fn at(dir: &Path) -> std::result::Result<Self, String> {
        let postgres = dir
            .join("postgres")
            .canonicalize()
            .map_err(|_| "no `postgres`".to_owned())?;
        let bin_dir = postgres.parent().map(Path::to_owned).unwrap_or_default();
        if !bin_dir.join("initdb").is_file() {
            return Err("no `initdb`".to_owned());
        }
        let output = Command::new(&postgres)
            .arg("--version")
            .output()
            .map_err(|e| e.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let (version, major) =
            parse_version(&text).ok_or_else(|| format!("odd version `{}`", text.trim()))?;
        if major < MINIMUM_MAJOR {
            return Err(format!("version {version} is too old"));
        }
        Ok(Self {
            bin_dir,
            version,
            major,
        })
    }

    /// The folder with `initdb`, `postgres` and, where installed, `psql`.
    pub fn bin_dir(&self) -> &Path {
        &self.bin_dir
    }

    /// The path of one of its programs (not checked to exist).
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin_dir.join(name)
    }

    /// The full version, such as `15.14` or `18beta1`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The major version: two installations of one major version read the same data directories.
    pub fn major(&self) -> u32 {
        self.major
    }
}

/// The installation to make a new cluster with: the first of [`find_installations`].
pub fn find_installation() -> Result<Installation> {
    Ok(find_installations()?.swap_remove(0))
}

/// All installations of PostgreSQL 15 or newer, at least one, best first: `MARIPOSA_PG_BIN` alone when it is
/// set; otherwise what `pg_config` and then `PATH` name, then the usual places, newest first.
pub fn find_installations() -> Result<Vec<Installation>> {
    let candidates = match env::var_os(BIN_VARIABLE) {
        Some(dir) => vec![PathBuf::from(dir)],
        None => candidates(),
    };
    let mut found: Vec<Installation> = Vec::new();
    let mut looked = Vec::new();
    for dir in candidates {
        match Installation::at(&dir) {
            Ok(installation) if found.contains(&installation) => {}
            Ok(installation) => found.push(installation),
            Err(problem) => looked.push(format!("{} ({problem})", dir.display())),
        }
    }
    if found.is_empty() {
        Err(Error::NotInstalled {
            looked: looked.join(", "),
        })
    } else {
        Ok(found)
    }
}

/// The folders to look at when none is named.
fn candidates() -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = pg_config().into_iter().collect();
    let path = env::var_os("PATH").unwrap_or_default();
    dirs.extend(env::split_paths(&path).filter(|dir| dir.join("postgres").exists()));
    let mut usual: Vec<(u32, PathBuf)> = PLACES
        .iter()
        .flat_map(|place| fs::read_dir(place).into_iter().flatten().flatten())
        .filter_map(|entry| {
            Some((
                folder_version(entry.file_name().to_str()?)?,
                entry.path().join("bin"),
            ))
        })
        .collect();
    usual.sort_unstable_by(|a, b| b.cmp(a));
    dirs.extend(usual.into_iter().map(|(_, dir)| dir));
    if dirs.is_empty() {
        dirs.push("/usr/lib/postgresql/15/bin".into());
    }
    dirs
}

/// The folder that `pg_config`, where there is one, was built for.
fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config")
        .arg("--bindir")
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let dir = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !dir.trim().is_empty()).then(|| dir.trim().into())
}

/// The version in the name of a folder that holds one: `15`, `pgsql-16`, `postgresql@17`; 0 for a folder of
/// the right name without a version, so that it comes last.
fn folder_version(name: &str) -> Option<u32> {
    if name == "pgsql" || name == "postgresql" {
        return Some(0);
    }
    let digits = name
        .strip_prefix("pgsql-")
        .or_else(|| name.strip_prefix("postgresql@"))
        .unwrap_or(name);
    digits.parse().ok()
}

/// Reads `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` into the version and its major part.
fn parse_version(text: &str) -> Option<(String, u32)> {
    let version = text.split_once("(PostgreSQL)")?.1.split_whitespace().next()?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some((version.to_owned(), digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_releases_and_betas_are_read() {
        let debian = "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n";
        assert_eq!(parse_version(debian), Some(("15.14".to_owned(), 15)));
        assert_eq!(
            parse_version("postgres (PostgreSQL) 18beta1"),
            Some(("18beta1".to_owned(), 18))
        );
        assert_eq!(parse_version("sqlite 3"), None);
    }

    #[test]
    fn folders_of_packagers_are_ordered_by_version() {
        assert_eq!(folder_version("16"), Some(16));
        assert_eq!(folder_version("pgsql-17"), Some(17));
        assert_eq!(folder_version("postgresql@18"), Some(18));
        assert_eq!(folder_version("share"), None);
    }

    #[test]
    fn links_lead_to_the_real_folder() {
        let real = find_installation().expect("PostgreSQL is installed");
        let dir = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink(real.program("postgres"), dir.path().join("postgres")).expect("a link");
        assert_eq!(Installation::at(dir.path()), Ok(real));
    }

    #[test]
    fn a_folder_without_the_programs_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(Installation::at(dir.path()), Err("no `postgres`".to_owned()));
    }
}
