//! How to connect to a running cluster.

use std::fmt::{self, Write};
use std::path::Path;

use crate::data_dir::{self, utf8};
use crate::error::{Error, Result};
use crate::orphans;
use crate::pid_file::PidFile;
use crate::socket::PORT;

/// The name of the cluster's superuser.
pub(crate) const USER: &str = "mariposa";

/// Everything a client of libpq needs but the database's name. A new cluster has the database `postgres`.
#[derive(Clone)]
pub struct Connection {
    socket_dir: String,
    password: String,
}

impl Connection {
    pub(crate) fn new(socket_dir: &Path, password: String) -> Result<Self> {
        Ok(Self {
            socket_dir: utf8(socket_dir)?.to_owned(),
            password,
        })
    }

    /// The connection to the cluster that another process runs in `data_dir`, for commands beside a running
    /// hub. Fails with [`Error::NotRunning`] when none does, or when it does not take connections yet.
    pub fn of_running(data_dir: &Path) -> Result<Self> {
        let not_running = || Error::NotRunning {
            data_dir: data_dir.to_owned(),
        };
        let paths = data_dir::Paths::of(&data_dir.canonicalize().map_err(|_| not_running())?);
        let file = PidFile::read(&paths.pgdata)
            .filter(|file| file.ready)
            .ok_or_else(not_running)?;
        if !orphans::living(&paths.pgdata).contains(&file.pid) {
            return Err(not_running());
        }
        Self::new(&file.socket_dir.ok_or_else(not_running)?, paths.read_password()?)
    }

    /// The folder of the Unix socket.
    pub fn socket_dir(&self) -> &Path {
        Path::new(&self.socket_dir)
    }

    /// The database user, a superuser of this private cluster.
    pub fn user(&self) -> &str {
        USER
    }

    /// A libpq URI for database `dbname`; it holds the password.
    pub fn url(&self, dbname: &str) -> String {
        let Self { socket_dir, password } = self;
        let (host, dbname) = (percent_encoded(socket_dir), percent_encoded(dbname));
        format!("postgresql://{USER}:{password}@/{dbname}?host={host}&port={PORT}")
    }

    /// A libpq keyword/value string for database `dbname`; it holds the password.
    pub fn conninfo(&self, dbname: &str) -> String {
        let Self { socket_dir, password } = self;
        let (host, dbname) = (quoted(socket_dir), quoted(dbname));
        format!("host={host} port={PORT} user={USER} password={password} dbname={dbname}")
    }
}

/// Without the password.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("socket_dir", &self.socket_dir)
            .finish_non_exhaustive()
    }
}

/// RFC 3986: all but the unreserved characters as `%XX`.
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut out, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                out.push(byte.into());
            } else {
                write!(out, "%{byte:02X}").expect("writing to a string");
            }
            out
        })
}

/// libpq's quoting of a value in a keyword/value string.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_paths_are_quoted_and_the_password_is_not_shown() {
        let connection = Connection::new(Path::new("/d'a t/s"), "secret".into()).expect("UTF-8");
        assert_eq!(
            connection.url("x"),
            "postgresql://mariposa:secret@/x?host=%2Fd%27a%20t%2Fs&port=5432"
        );
        assert!(
            connection
                .conninfo("x")
                .starts_with(r"host='/d\'a t/s' port=5432")
        );
        assert!(!format!("{connection:?}").contains("secret"));
    }
}
