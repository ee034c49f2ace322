//! The commands `validate`, `upload`, `watch`, `feed` and `doctor`, for any program that wants to have them.

mod batch;
mod console;
mod doctor;
mod exchange;
mod feed;
mod profile;
mod report;
mod table;
mod upload;
mod validate;
mod watch;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use formats::{BatchKind, Profile};
use mde::StateCode;

use crate::error::{Error, Exit};

pub use batch::{BatchArgs, ReleaseArgs};
pub use doctor::DoctorArgs;
pub use exchange::{AboutArgs, ExchangeArgs};
pub use feed::FeedArgs;
pub use profile::ProfileArgs;
pub use upload::UploadArgs;
pub use validate::{Format, ValidateArgs};
pub use watch::{ReportForm, WatchArgs};

const EXIT_CODES: &str = "\
Exit codes (Windows Task Scheduler shows them in hex):
    0  everything is fine; of an upload without --wait: the hub holds it safely
    1  accepted, but rows or values were left out, or the batch waits for a person's word
    2  the call or the configuration is wrong
    3  the file is refused as a whole
    4  the hub could not be reached, or did not answer in time: run again later
    5  a certificate is not accepted, or does not permit this
    6  the hub is busy or out of order, or another watch has the folder: run again later
    7  the local file changed while it was sent
    8  the hub holds a part of the upload: run the same command again, and it goes on from there
  130  interrupted";

/// The state's commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Checks files as the hub would, and sends nothing.
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", validate::EXAMPLES))]
    Validate(ValidateArgs),
    /// Checks an upload and sends it to the hub.
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", upload::EXAMPLES))]
    Upload(UploadArgs),
    /// Looks after a drop folder: checks and sends what lies there, and files it with the hub's answer.
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", watch::EXAMPLES))]
    Watch(WatchArgs),
    /// Writes what changed for the state's children to a file, which goes on where it ended.
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", feed::EXAMPLES))]
    Feed(FeedArgs),
    /// Mapping profiles, which describe a state's own export
    Profile(ProfileArgs),
}

impl Command {
    /// Runs the command: results on the standard output, messages on the standard error.
    #[must_use]
    pub fn run(&self) -> Exit {
        match self {
            Self::Validate(args) => args.run(),
            Self::Upload(args) => args.run(),
            Self::Watch(args) => args.run(),
            Self::Feed(args) => args.run(),
            Self::Profile(args) => args.run(),
        }
    }
}

/// A profile by the name of a shipped one or by the path of its file; `None` if the name is not known here.
fn profile(named: &str) -> Result<Option<Profile>, Error> {
    let path = Path::new(named);
    if path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
    {
        let profile = Profile::load(path).map_err(|error| Error::Usage(format!("{named}: {error}")))?;
        return Ok(Some(profile));
    }
    Ok(formats::profile::shipped()
        .into_iter()
        .find(|profile| profile.name == named))
}

/// Says which profiles there are.
fn unknown(named: &str) -> Error {
    let known: Vec<String> = formats::profile::shipped()
        .into_iter()
        .map(|profile| profile.name)
        .collect();
    Error::Usage(format!(
        "there is no profile {named}; use {} or a TOML file",
        known.join(", ")
    ))
}

fn state(text: &str) -> Result<StateCode, String> {
    StateCode::new(text).map_err(|error| error.to_string())
}

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .map_err(|_| "write it as 2026-04-01T02:00:00Z".to_owned())
}

fn kind() -> impl TypedValueParser<Value = BatchKind> {
    PossibleValuesParser::new([BatchKind::Full.name(), BatchKind::Delta.name()])
        .try_map(|name| BatchKind::named(&name).ok_or("neither full nor delta"))
}

/// Beginning of the names of folders for packed files.
const PRIVATE: &str = ".mariposa-work-";

/// A folder for packed files, which hold children's records: it goes away with the command, also when that is
/// interrupted from the keyboard.
fn private_folder() -> Result<tempfile::TempDir, Error> {
    private_folder_in(&std::env::temp_dir())
}

/// The same below another folder.
fn private_folder_in(place: &Path) -> Result<tempfile::TempDir, Error> {
    let folder = tempfile::Builder::new()
        .prefix(PRIVATE)
        .tempdir_in(place)
        .map_err(|error| Error::file(place, error))?;
    let path: PathBuf = folder.path().to_owned();
    // Fails if the program listens to the keyboard already; then it cleans up as it sees fit.
    let _ = ctrlc::set_handler(move || {
        let _ = std::fs::remove_dir_all(&path);
        std::process::exit(i32::from(Exit::Interrupted.code()));
    });
    Ok(folder)
}

/// Takes away the private folders that programs which were killed left below a folder.
fn remove_private_folders(place: &Path) -> Result<(), Error> {
    let failed = |error| Error::file(place, error);
    for entry in std::fs::read_dir(place).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with(PRIVATE) {
            std::fs::remove_dir_all(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(subcommand)]
        command: Command,
    }

    #[test]
    fn the_commands_are_sound_and_have_examples() {
        use clap::CommandFactory;
        Program::command().debug_assert();
        for name in ["feed", "upload", "validate", "watch"] {
            let mut program = Program::command();
            let help = program
                .find_subcommand_mut(name)
                .expect("a command")
                .render_long_help()
                .to_string();
            assert!(
                help.contains(&format!("mariposa {name} ")) && help.contains("130  interrupted"),
                "{help}"
            );
        }
    }

    #[test]
    fn wrong_values_are_told() {
        let wrong = |args: &[&str]| Program::try_parse_from(args).expect_err("refused").exit_code();
        assert_eq!(wrong(&["x", "validate"]), 2);
        assert_eq!(wrong(&["x", "validate", "a.xml", "--state", "QQ"]), 2);
        assert_eq!(wrong(&["x", "validate", "a.xml", "--as-of", "yesterday"]), 2);
        assert_eq!(wrong(&["x", "validate", "a.xml", "--kind", "some"]), 2);
        assert_eq!(wrong(&["x", "upload", "a.xml", "--timeout", "5"]), 2, "of --wait");
        let args = [
            "x",
            "validate",
            "a.xml",
            "--kind",
            "delta",
            "--as-of",
            "2026-04-01T02:00:00-06:00",
        ];
        assert!(Program::try_parse_from(args).is_ok());
    }
}
