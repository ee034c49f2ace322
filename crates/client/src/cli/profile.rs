//! `profile check`: a description of an export, and what it makes of files.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use formats::{Limits, Options, Profile};
use mde::{Severity, StateCode};
use serde_json::json;

use crate::error::{Error, Exit};

pub(super) const EXAMPLES: &str = "\
Examples:
  Is the description itself sound? A wrong one is told with line and reason:
    mariposa profile check config/profiles/ky.toml
  What does it make of an export: the first students, which data elements are there, what was found:
    mariposa profile check ky.toml --sample exports/2026-04-01
  Only counts, coverage and findings, no student:
    mariposa profile check ky.toml --sample student.txt enrollment.txt --students 0

The students are shown with all that they have: look at them on a screen, do not keep them in a log.";

/// Descriptions of exports.
#[derive(Debug, Clone, Args)]
pub struct ProfileArgs {
    #[command(subcommand)]
    command: ProfileCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum ProfileCommand {
    /// Tries a mapping profile out
    #[command(after_help = EXAMPLES)]
    Check(CheckArgs),
}

#[derive(Debug, Clone, Args)]
struct CheckArgs {
    /// The mapping profile: a TOML file, or the name of a shipped one
    #[arg(value_name = "FILE.toml|NAME")]
    profile: String,
    /// The files of one export, or one folder or archive with them
    #[arg(long, value_name = "FILE|DIR", num_args = 1..)]
    sample: Vec<PathBuf>,
    /// Students to show
    #[arg(long, value_name = "N", default_value_t = 3)]
    students: usize,
    /// The state, where the profile does not say it
    #[arg(long, value_name = "XX", value_parser = super::state)]
    state: Option<StateCode>,
    /// The instant that the sample speaks of (RFC 3339), where neither it nor its name says it [default: now]
    #[arg(long, value_name = "TIME", value_parser = super::instant)]
    as_of: Option<DateTime<Utc>>,
    /// One JSON object on the standard output
    #[arg(long)]
    json: bool,
}

impl ProfileArgs {
    /// Does it: 0 if all of the sample would be kept, 1 if something would be left out, 2 for a wrong profile, 3 for a
    /// sample that is refused as a whole.
    #[must_use]
    pub fn run(&self) -> Exit {
        let ProfileCommand::Check(args) = &self.command;
        args.attempt().unwrap_or_else(|error| {
            let _ = writeln!(io::stderr().lock(), "error: {error}");
            error.exit()
        })
    }
}

impl CheckArgs {
    fn attempt(&self) -> Result<Exit, Error> {
        let profile = super::profile(&self.profile)?.ok_or_else(|| super::unknown(&self.profile))?;
        let mut out = io::stdout().lock();
        if self.sample.is_empty() {
            let said = format!("{} is a sound profile; try it out with --sample", label(&profile));
            let _ = if self.json {
                writeln!(
                    out,
                    "{}",
                    json!({ "event": "profile", "profile": profile.name, "sound": true })
                )
            } else {
                writeln!(out, "{said}")
            };
            return Ok(Exit::Accepted);
        }
        for path in &self.sample {
            std::fs::metadata(path).map_err(|error| Error::file(path, error))?;
        }
        let files: Vec<&Path> = self.sample.iter().map(PathBuf::as_path).collect();
        let options = Options {
            state: self.state,
            as_of: Some(self.as_of.unwrap_or_else(Utc::now)),
            kind: None,
            profile: Some(&profile),
            limits: Limits::default(),
            file_name: None,
        };
        let preview = formats::profile::preview(&profile, &files, &options, self.students)?;
        let _ = if self.json {
            writeln!(out, "{}", json!(preview))
        } else {
            write!(out, "{preview}")
        };
        let left_out = preview.rows.refused > 0 || preview.findings.count(Severity::Error) > 0;
        Ok(if left_out || !preview.missing_files.is_empty() {
            Exit::SomeRefused
        } else {
            Exit::Accepted
        })
    }
}

fn label(profile: &Profile) -> String {
    format!("{}, version {},", profile.name, profile.version)
}
