//! `validate`: the hub's check, offline.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use formats::{BatchKind, Limits, Options, Profile};
use mde::{Finding, StateCode};
use serde_json::json;

use super::report::{self, Detail};
use crate::check::{Causes, check};
use crate::error::{Error, Exit};
use crate::pack;

pub(super) const EXAMPLES: &str = "\
Examples:
  A native file:
    mariposa validate night.xml
  Three dates of an export of another system, each folder an upload:
    mariposa validate --profile ky exports/2026-04-01 exports/2026-04-08 exports/2026-04-15
  A table of all findings, to sort and filter:
    mariposa validate night.xml --format csv > findings.csv";

/// How findings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Grouped by cause, to be read
    #[default]
    Text,
    /// One JSON object per line: each finding, then the counts
    Json,
    /// A table of all findings
    Csv,
}

/// What to check, and how to read it.
#[derive(Debug, Clone, Args)]
pub struct ValidateArgs {
    /// What to check. A folder or an archive is an upload of its own; files together are one with a profile
    #[arg(required = true, value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,
    /// The mapping profile that describes the files, by name or as a TOML file; native XML without one
    #[arg(long, value_name = "NAME|FILE.toml")]
    pub profile: Option<String>,
    /// The state that would send the files; a file of another one is refused
    #[arg(long, value_name = "XX", value_parser = super::state)]
    pub state: Option<StateCode>,
    /// The instant that the content speaks of (RFC 3339); the file or its name says it otherwise
    #[arg(long, value_name = "TIME", value_parser = super::instant)]
    pub as_of: Option<DateTime<Utc>>,
    /// Everything that the state holds, or what changed; the file or the profile says it otherwise
    #[arg(long, value_parser = super::kind())]
    pub kind: Option<BatchKind>,
    /// How to show the findings
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Findings shown of each cause in a text; 0 for all
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// Also show the values that are wrong; they may be a child's
    #[arg(long)]
    pub values: bool,
}

impl ValidateArgs {
    /// Checks every upload and shows what is wrong with it.
    #[must_use]
    pub fn run(&self) -> Exit {
        let mut out = BufWriter::new(io::stdout().lock());
        let exit = self.run_to(&mut out).unwrap_or_else(|error| {
            let _ = out.flush();
            let _ = writeln!(io::stderr().lock(), "error: {error}");
            error.exit()
        });
        let _ = out.flush();
        exit
    }

    fn run_to(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        let profile = match &self.profile {
            None => None,
            Some(named) => Some(super::profile(named)?.ok_or_else(|| unknown(named))?),
        };
        let folder = super::private_folder()?;
        if self.format == Format::Csv {
            write_csv(out, report::CSV_HEAD.map(str::to_owned));
        }
        let mut worst = Exit::Accepted;
        for (path, name) in uploads(&self.paths, profile.is_some(), folder.path())? {
            worst = worst.max(self.one(&path, &name, profile.as_ref(), out));
        }
        Ok(worst)
    }

    fn detail(&self) -> Detail {
        if self.values {
            Detail::Values
        } else {
            Detail::Messages
        }
    }

    fn one(&self, path: &Path, name: &str, profile: Option<&Profile>, out: &mut dyn Write) -> Exit {
        let options = Options {
            state: self.state,
            as_of: self.as_of,
            kind: self.kind,
            profile,
            limits: Limits::default(),
            file_name: Some(name),
        };
        let mut causes = Causes::keeping(if self.limit == 0 { usize::MAX } else { self.limit });
        let mut each = |finding: Finding| match self.format {
            Format::Text => causes.add(finding),
            Format::Csv => write_csv(out, report::csv_row(&finding, name, self.detail())),
            Format::Json => {
                let mut object = report::finding_json(&finding, self.detail());
                object["event"] = json!("finding");
                object["upload"] = json!(name);
                let _ = writeln!(out, "{object}");
            }
        };
        let outcome = check(path, &options, &mut each);
        let counts = match &outcome {
            Ok(checked) => report::counts(checked),
            Err(refusal) => format!("refused as a whole ({}): {refusal} {}", refusal.code, refusal.fix),
        };
        match (self.format, &outcome) {
            (Format::Text, _) => {
                let _ = writeln!(
                    out,
                    "{name}: {counts}\n{}",
                    report::causes(&causes, name, self.detail())
                );
            }
            (Format::Csv, _) => {
                let _ = writeln!(io::stderr().lock(), "{name}: {counts}");
            }
            (Format::Json, Ok(checked)) => {
                let mut object = report::counts_json(checked);
                object["event"] = json!("checked");
                object["upload"] = json!(name);
                let _ = writeln!(out, "{object}");
            }
            (Format::Json, Err(refusal)) => {
                let object = json!({ "event": "refused", "upload": name, "refusal": refusal });
                let _ = writeln!(out, "{object}");
            }
        }
        match outcome {
            Err(_) => Exit::Refused,
            Ok(checked) if checked.has_refused() => Exit::SomeRefused,
            Ok(_) => Exit::Accepted,
        }
    }
}

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

/// What is one upload: path and name of each.
fn uploads(paths: &[PathBuf], with_profile: bool, into: &Path) -> Result<Vec<(PathBuf, String)>, Error> {
    let mut alone = Vec::new();
    let mut together = Vec::new();
    for path in paths {
        if path.is_dir() && !with_profile {
            alone.extend(pack::files_of(path)?);
        } else if !with_profile
            || path.is_dir()
            || pack::is_compressed(path).map_err(|error| Error::file(path, error))?
        {
            alone.push(path.clone());
        } else {
            together.push(path.clone());
        }
    }
    if let [only] = together.as_slice() {
        alone.push(only.clone());
        together.clear();
    }
    let mut uploads: Vec<_> = alone
        .into_iter()
        .map(|path| (path.clone(), pack::name_of(&path)))
        .collect();
    for (path, _) in &uploads {
        std::fs::metadata(path).map_err(|error| Error::file(path, error))?;
    }
    if !together.is_empty() {
        let parcel = pack::pack(&together, into)?;
        uploads.push((parcel.path, parcel.name));
    }
    Ok(uploads)
}

fn write_csv<const N: usize>(out: &mut dyn Write, row: [String; N]) {
    let mut writer = csv::Writer::from_writer(out);
    let _ = writer.write_record(row);
    let _ = writer.flush();
}
