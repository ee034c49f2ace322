//! The files on this machine: certificate, key, authority, and the folder of notes.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::{Answer, Setup, validity};
use crate::certificate::{Certificate, Whose};
use crate::error::{Error, Exit};
use crate::tls;
use crate::unfinished::make_private;

/// What the files hold, once they can be used together.
pub(super) struct Files {
    pub(super) ca: Vec<u8>,
    pub(super) cert: Vec<u8>,
    pub(super) key: Vec<u8>,
    /// Serial number of the state's certificate, for the hub's operator.
    pub(super) serial: String,
}

/// Looks at the files. `None` if they cannot be used for a connection.
pub(super) fn examine(setup: &Setup, now: DateTime<Utc>, answers: &mut Vec<Answer>) -> Option<Files> {
    let ca = read("authority", "--ca", setup.ca.as_ref(), answers);
    if let Some(ca) = &ca {
        certificates("authority", Whose::Authority, ca, now, answers);
    }
    let cert = read("certificate", "--cert", setup.cert.as_ref(), answers);
    let mut serial = String::new();
    if let Some(cert) = &cert {
        serial = certificates("certificate", Whose::Own, cert, now, answers).unwrap_or_default();
    }
    let key = read("key", "--key", setup.key.as_ref(), answers);
    if let Some(path) = setup.key.as_ref().filter(|_| key.is_some()) {
        answers.push(secrecy(path));
    }
    let (ca, cert, key) = (ca?, cert?, key?);
    match tls::config(&ca, &cert, &key) {
        Ok(_) => answers.push(Answer::good("key", "it belongs to the certificate")),
        Err(error) => {
            answers.push(Answer::wrong(
                "key",
                error.exit(),
                error.to_string(),
                "name the files as the hub's operator issued them together; keys with a password cannot be used",
            ));
            return None;
        }
    }
    Some(Files {
        ca,
        cert,
        key,
        serial,
    })
}

fn read(
    topic: &'static str,
    option: &str,
    path: Option<&PathBuf>,
    answers: &mut Vec<Answer>,
) -> Option<Vec<u8>> {
    let Some(path) = path else {
        let found = format!("{option} is not given");
        let variable = option.trim_start_matches('-').to_uppercase();
        let fix = format!("name the file with {option} or in MARIPOSA_{variable}");
        answers.push(Answer::wrong(topic, Exit::Usage, found, fix));
        return None;
    };
    match fs::read(path) {
        Ok(content) => Some(content),
        Err(error) => {
            answers.push(Answer::wrong(
                topic,
                Exit::Usage,
                Error::file(path, error).to_string(),
                format!("correct {option}, or let the user that runs this program read the file"),
            ));
            None
        }
    }
}

/// The certificates of a file, and the serial number of the first one.
fn certificates(
    topic: &'static str,
    whose: Whose,
    pem: &[u8],
    now: DateTime<Utc>,
    answers: &mut Vec<Answer>,
) -> Option<String> {
    match Certificate::all_of(pem) {
        Some(found) if !found.is_empty() => {
            answers.extend(found.iter().map(|one| validity(topic, whose, one, now)));
            Some(found[0].serial.clone())
        }
        _ => {
            answers.push(Answer::wrong(
                topic,
                Exit::Certificate,
                "the file holds no certificate in PEM",
                "name the .pem file that the hub's operator issued, not the .p12 and not the key",
            ));
            None
        }
    }
}

/// Whether others can read the key.
#[cfg(unix)]
fn secrecy(path: &Path) -> Answer {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_or(0, |data| data.permissions().mode() & 0o777);
    if mode | 0o700 == 0o700 {
        return Answer::good("key", "only its owner can read it");
    }
    Answer::warning(
        "key",
        format!("{} can be read by others (mode {mode:o})", path.display()),
        format!("run: chmod 600 {}", path.display()),
    )
}

/// Whether others can read the key.
#[cfg(not(unix))]
fn secrecy(path: &Path) -> Answer {
    let path = path.display();
    Answer::open(
        "key",
        format!(
            "who can read it is not looked at on this system; to make it private, run: icacls \"{path}\" \
             /inheritance:r /grant:r \"%USERNAME%:R\""
        ),
    )
}

/// Whether unfinished uploads can be noted.
pub(super) fn state_folder(setup: &Setup) -> Answer {
    let topic = "notes";
    let fix = "name a folder that this user can write to with --state-dir; without notes, an upload that was cut off \
               starts from its beginning";
    let Some(folder) = &setup.state_folder else {
        return Answer::warning(topic, "there is no folder to note unfinished uploads in", fix);
    };
    let tried = make_private(folder).and_then(|()| tempfile::NamedTempFile::new_in(folder).map(drop));
    match tried {
        Ok(()) => Answer::good(
            topic,
            format!("unfinished uploads are noted in {}", folder.display()),
        ),
        Err(error) => Answer::warning(topic, Error::file(folder, error).to_string(), fix),
    }
}
