//! `validate`: the hub's check, offline.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use formats::{BatchKind, Limits, Options, Profile, Refusal};
use mde::{Causes, Finding, StateCode};
use serde_json::{Value, json};
use spreadsheet::Form;

use super::report::{self, Detail};
use super::table::Table;
use crate::check::{Checked, check};
use crate::error::{Error, Exit};
use crate::pack;

pub(super) const EXAMPLES: &str = "\
Examples:
  A native file:
    mariposa validate night.xml
  Three dates of an export of another system, each folder an upload:
    mariposa validate --profile ky exports/2026-04-01 exports/2026-04-08 exports/2026-04-15
  A workbook of all findings with the values that are wrong, to sort and filter:
    mariposa validate night.xml --format xlsx --out findings.xlsx --values";

/// Where the pages about findings are when no hub is named: the documentation's own folder.
const PAGES: &str = "";

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
    /// A workbook: all findings, and their causes with counts
    Xlsx,
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
    /// Write the findings to this file instead of the standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
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
        self.attempt().unwrap_or_else(|error| {
            let _ = writeln!(io::stderr().lock(), "error: {error}");
            error.exit()
        })
    }

    fn attempt(&self) -> Result<Exit, Error> {
        let profile = match &self.profile {
            None => None,
            Some(named) => Some(super::profile(named)?.ok_or_else(|| super::unknown(named))?),
        };
        if self.format == Format::Xlsx && self.out.is_none() && io::stdout().is_terminal() {
            return Err(Error::Usage(
                "a workbook needs a file: add --out findings.xlsx".into(),
            ));
        }
        let folder = super::private_folder()?;
        let uploads = uploads(&self.paths, profile.is_some(), folder.path())?;
        let target = self.out.clone().unwrap_or_else(|| "standard output".into());
        let out: Box<dyn Write> = match &self.out {
            Some(path) => Box::new(File::create(path).map_err(|error| Error::file(path, error))?),
            None => Box::new(io::stdout().lock()),
        };
        let mut report = Report::new(self.format, BufWriter::new(out))
            .map_err(|error| Error::file(&target, io::Error::other(error)))?;
        let mut worst = Exit::Accepted;
        for (path, name) in uploads {
            worst = worst.max(self.one(&path, &name, profile.as_ref(), &mut report));
        }
        report.finish().map_err(|error| Error::file(&target, error))?;
        Ok(worst)
    }

    fn one(&self, path: &Path, name: &str, profile: Option<&Profile>, report: &mut Report<'_>) -> Exit {
        let options = Options {
            state: self.state,
            as_of: self.as_of,
            kind: self.kind,
            profile,
            limits: Limits::default(),
            file_name: Some(name),
        };
        let detail = if self.values {
            Detail::Values
        } else {
            Detail::Messages
        };
        let mut causes = Causes::keeping(if self.limit == 0 { usize::MAX } else { self.limit });
        let outcome = check(path, &options, &mut |finding| {
            let finding = detail.of(finding);
            report.finding(&finding, name);
            causes.add(finding);
        });
        report.upload(name, causes, &outcome);
        match outcome {
            Err(_) => Exit::Refused,
            Ok(checked) if checked.has_refused() => Exit::SomeRefused,
            Ok(_) => Exit::Accepted,
        }
    }
}

/// The answer in the making. What cannot be written is told once, at the end.
struct Report<'a> {
    form: Written<'a>,
    /// Causes of all uploads, for the table.
    all: Causes,
    failure: Option<io::Error>,
}

type Out<'a> = BufWriter<Box<dyn Write + 'a>>;

enum Written<'a> {
    Text(Out<'a>),
    Json(Out<'a>),
    Table(Table<Out<'a>>),
}

impl<'a> Report<'a> {
    fn new(format: Format, out: Out<'a>) -> spreadsheet::Result<Self> {
        Ok(Self {
            form: match format {
                Format::Text => Written::Text(out),
                Format::Json => Written::Json(out),
                Format::Csv => Written::Table(Table::new(Form::Csv, out)?),
                Format::Xlsx => Written::Table(Table::new(Form::Xlsx, out)?),
            },
            all: Causes::keeping(1),
            failure: None,
        })
    }

    fn finding(&mut self, finding: &Finding, upload: &str) {
        let done = match &mut self.form {
            Written::Text(_) => Ok(()),
            Written::Json(out) => {
                writeln!(out, "{}", event("finding", upload, report::finding_json(finding)))
            }
            Written::Table(table) => table.add(finding, upload).map_err(io::Error::other),
        };
        self.keep(done);
    }

    fn upload(&mut self, name: &str, causes: Causes, outcome: &Result<Checked, Refusal>) {
        let counts = match outcome {
            Ok(checked) => report::counts(checked),
            Err(refusal) => format!("refused as a whole ({}): {refusal} {}", refusal.code, refusal.fix),
        };
        let done = match &mut self.form {
            Written::Text(out) => writeln!(out, "{name}: {counts}\n{}", report::causes(&causes, name, PAGES)),
            Written::Table(_) => writeln!(io::stderr().lock(), "{name}: {counts}"),
            Written::Json(out) => {
                let groups = causes
                    .ranked()
                    .into_iter()
                    .map(|(cause, group)| event("cause", name, report::cause_json(cause, group)));
                let last = match outcome {
                    Ok(checked) => event("checked", name, report::counts_json(checked)),
                    Err(refusal) => event("refused", name, json!({ "refusal": refusal })),
                };
                groups
                    .chain([last])
                    .try_for_each(|object| writeln!(out, "{object}"))
            }
        };
        self.keep(done);
        self.all.merge(causes);
    }

    fn keep(&mut self, done: io::Result<()>) {
        if let Err(error) = done {
            self.failure.get_or_insert(error);
        }
    }

    fn finish(self) -> io::Result<()> {
        match self.failure {
            // Whoever read enough may go.
            Some(failure) if failure.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Some(failure) => return Err(failure),
            None => {}
        }
        match self.form {
            Written::Text(mut out) | Written::Json(mut out) => out.flush(),
            Written::Table(table) => table.finish(&self.all).map_err(io::Error::other),
        }
    }
}

fn event(name: &str, upload: &str, mut value: Value) -> Value {
    value["event"] = json!(name);
    value["upload"] = json!(upload);
    value
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
