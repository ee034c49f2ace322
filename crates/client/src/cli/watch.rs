//! `watch`: a drop folder whose files are checked, sent, and filed with the hub's answer.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use clap::{Args, ValueEnum};
use mde::{Causes, Finding};
use serde_json::{Value, json};
use spreadsheet::Form;

use super::console::Console;
use super::exchange::{AboutArgs, ExchangeArgs};
use super::report::{self, Detail};
use super::table::Table;
use crate::batch::{BatchView, Receipt};
use crate::connection::Connection;
use crate::error::{Error, Exit};
use crate::pack::{Parcel, name_of, pack};
use crate::retry::Retry;
use crate::watch::{Lock, REFUSED, Ready, Rest, SENT, file_away, recover};

pub(super) const EXAMPLES: &str = "\
Examples:
  From cron or the Task Scheduler: send what lies in the folder, and end:
    mariposa watch /srv/mariposa/out --profile ky --once --wait
  As a service that stays up:
    mariposa watch /srv/mariposa/out --profile ky --wait --json

A file or a folder in DIR is one upload. It is taken when nothing changed in it for --settle seconds, or at once when
an empty file NAME.done or NAME.ready lies beside it. Then it lies in DIR/sent/TIME-NAME/ with receipt.json and
findings, or in DIR/refused/TIME-NAME/ with reason.txt. What could not be sent stays, and is tried again.";

/// Findings of a batch that are fetched for the report; the hub has all of them.
const FINDINGS: u64 = 1_000_000;
/// Findings of each cause in the messages.
const SHOWN: usize = 1;
/// Pauses after a failure, before the folder is looked at again.
const FAILED: Retry = Retry {
    attempts: u32::MAX,
    first: Duration::from_secs(30),
    longest: Duration::from_mins(15),
};

/// The form of the report of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ReportForm {
    /// A table
    #[default]
    Csv,
    /// A workbook with causes and findings
    Xlsx,
}

/// Which folder, and what becomes of its files.
#[derive(Debug, Clone, Args)]
pub struct WatchArgs {
    /// The drop folder
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The hub
    #[command(flatten)]
    pub exchange: ExchangeArgs,
    /// What the files are
    #[command(flatten)]
    pub about: AboutArgs,
    /// Send what is there and end, for a scheduler
    #[arg(long)]
    pub once: bool,
    /// Seconds without a change after which a file is complete
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub settle: u64,
    /// Wait until each batch is loaded, and file what became of it
    #[arg(long)]
    pub wait: bool,
    /// How long to wait
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, requires = "wait")]
    pub timeout: u64,
    /// The form of the report of findings
    #[arg(long, value_enum, default_value_t)]
    pub report: ReportForm,
    /// Also report the values that are wrong; they may be a child's
    #[arg(long)]
    pub values: bool,
    /// One JSON object per event on the standard output, and nothing else
    #[arg(long)]
    pub json: bool,
    /// Only results and errors
    #[arg(long)]
    pub quiet: bool,
}

impl WatchArgs {
    /// Looks after the folder. Blocks; not to be called inside an async runtime.
    #[must_use]
    pub fn run(&self) -> Exit {
        let console = self.console();
        self.attempt(&console).unwrap_or_else(|error| {
            console.fail(&error);
            error.exit()
        })
    }

    fn console(&self) -> Arc<Console> {
        Arc::new(Console::new(self.json, self.quiet).stamped())
    }

    fn attempt(&self, console: &Console) -> Result<Exit, Error> {
        let Some(_lock) = Lock::take(&self.folder)? else {
            console.say("another watch is at work on this folder");
            return Ok(Exit::Busy);
        };
        for done in [SENT, REFUSED] {
            let done = self.folder.join(done);
            recover(&done).map_err(|error| Error::file(&done, error))?;
        }
        // Below the drop folder: what a killed program leaves is found again, and children's records lie in one place.
        super::remove_private_folders(&self.folder)?;
        let private = super::private_folder_in(&self.folder)?;
        let settle = Duration::from_secs(self.settle);
        let pause = (settle / 4).clamp(Duration::from_millis(100), Duration::from_secs(5));
        let (mut rest, started) = (Rest::new(settle), Instant::now());
        let (mut worst, mut failures) = (Exit::Accepted, 0);
        loop {
            // Taken before the look: what rests since then has rested long enough.
            let last = started.elapsed() > settle;
            let ready = rest
                .look(&self.folder, Instant::now())
                .map_err(|error| Error::file(&self.folder, error))?;
            let outcome = self.round(&ready, &mut rest, private.path(), &mut worst);
            let mut pause = pause;
            match outcome {
                Err(error) if self.once || error.exit() == Exit::Usage => return Err(error),
                Err(error) => {
                    failures += 1;
                    console.fail(&error);
                    pause = FAILED.pause(failures, None, rand::random()).unwrap_or(pause);
                }
                Ok(()) if self.once && (last || rest.is_empty()) => return Ok(worst),
                Ok(()) => failures = 0,
            }
            std::thread::sleep(pause);
        }
    }

    /// Handles what is ready, one after the other. What fails for a reason of its own is filed; another reason ends
    /// the round, as the next one would fail too.
    fn round(&self, ready: &[Ready], rest: &mut Rest, private: &Path, worst: &mut Exit) -> Result<(), Error> {
        for ready in ready {
            let console = self.console();
            let job = Job {
                args: self,
                ready,
                console: &console,
                findings: private.join("findings"),
            };
            let into = tempfile::tempdir_in(private).map_err(|error| Error::file(private, error))?;
            match job.run(into.path()) {
                Ok(exit) => *worst = (*worst).max(exit),
                Err(error @ (Error::Changed(_) | Error::File { .. })) => {
                    // Somebody is still at work on it.
                    rest.again(&ready.path);
                    console.fail(&error);
                    *worst = (*worst).max(error.exit());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Tells findings to whom it is given.
type Source<'a> = dyn FnMut(&mut dyn FnMut(Finding)) -> Result<(), Error> + 'a;

/// One file or folder on its way.
struct Job<'a> {
    args: &'a WatchArgs,
    ready: &'a Ready,
    console: &'a Arc<Console>,
    /// The report in the making.
    findings: PathBuf,
}

impl Job<'_> {
    fn run(&self, private: &Path) -> Result<Exit, Error> {
        let path = &self.ready.path;
        self.console.say(&format!("{}: taken", name_of(path)));
        let parcel = match pack(std::slice::from_ref(path), private) {
            // A folder without files, or one with an archive in it, stays so.
            Err(Error::Usage(why)) => return self.refuse(&Error::Usage(why), false),
            parcel => parcel?,
        };
        let sent = self.check(&parcel).and_then(|()| self.send(&parcel));
        match sent {
            Ok((receipt, batch)) => self.filed(&receipt, batch.as_ref()),
            Err(error) if error.exit() == Exit::Refused => self.refuse(&error, true),
            Err(error) => Err(error),
        }
    }

    fn check(&self, parcel: &Parcel) -> Result<(), Error> {
        let args = self.args;
        let profile = args.about.profile()?;
        if let (Some(named), None) = (&args.about.profile, &profile) {
            self.console.say(&format!(
                "the profile {named} is not known here; only the hub checks"
            ));
            return self.report(parcel, &mut |_| Ok(()));
        }
        let options = args.about.for_the_check(profile.as_ref(), &parcel.name);
        self.report(parcel, &mut |each| {
            let checked = parcel.checked(&options, each)?;
            self.console.event("checked", report::counts_json(&checked));
            self.console.say(&report::counts(&checked));
            Ok(())
        })
    }

    /// Writes the report of the findings that `source` tells. Messages tell places only.
    fn report(&self, parcel: &Parcel, source: &mut Source<'_>) -> Result<(), Error> {
        let detail = if self.args.values {
            Detail::Values
        } else {
            Detail::Messages
        };
        let form = match self.args.report {
            ReportForm::Csv => Form::Csv,
            ReportForm::Xlsx => Form::Xlsx,
        };
        let wrong = |error| Error::file(&self.findings, io::Error::other(error));
        let file = File::create(&self.findings).map_err(|error| Error::file(&self.findings, error))?;
        let mut table = Table::new(form, BufWriter::new(file)).map_err(wrong)?;
        let (mut causes, mut told) = (Causes::keeping(SHOWN), Causes::keeping(SHOWN));
        let mut failure = None;
        let outcome = source(&mut |finding| {
            let shown = detail.of(finding);
            if let Err(error) = table.add(&shown, &parcel.name) {
                failure.get_or_insert(error);
            }
            causes.add(shown.clone());
            told.add(Detail::Places.of(shown));
        });
        failure.map_or(Ok(()), |error| Err(wrong(error)))?;
        table.finish(&causes).map_err(wrong)?;
        let text = report::causes(&told, &parcel.name, self.args.exchange.pages());
        if !text.is_empty() {
            self.console.say(text.trim_end());
        }
        outcome
    }

    fn send(&self, parcel: &Parcel) -> Result<(Receipt, Option<BatchView>), Error> {
        let args = self.args;
        let connection = args.exchange.connection(self.console)?;
        let profile = args.about.profile()?;
        let receipt = connection.send(parcel, &args.about.for_the_hub(profile.as_ref()))?;
        self.console
            .result("receipt", &report::receipt(&receipt), json!(receipt));
        if !args.wait {
            return Ok((receipt, None));
        }
        match self.outcome(&connection, &receipt, parcel) {
            Ok(batch) => Ok((receipt, Some(batch))),
            // The hub holds it and goes on: it is sent, whatever becomes of the question.
            Err(error) => {
                self.console.fail(&error);
                Ok((receipt, None))
            }
        }
    }

    /// Waits for the batch; the hub's findings take the place of those of the check.
    fn outcome(
        &self,
        connection: &Connection,
        receipt: &Receipt,
        parcel: &Parcel,
    ) -> Result<BatchView, Error> {
        let batch = connection.wait(receipt, Duration::from_secs(self.args.timeout))?;
        self.console
            .result("settled", &report::batch(&batch), json!(batch));
        self.report(parcel, &mut |each| {
            if batch.findings.errors + batch.findings.warnings > 0 {
                connection.findings(&batch, FINDINGS, each)?;
            }
            Ok(())
        })?;
        Ok(batch)
    }

    fn filed(&self, receipt: &Receipt, batch: Option<&BatchView>) -> Result<Exit, Error> {
        let exit = batch.map_or(Exit::Accepted, BatchView::exit);
        let into = if exit == Exit::Refused { REFUSED } else { SENT };
        self.file(into, receipt.batch.received_at, exit, &mut |folder| {
            write_json(&folder.join("receipt.json"), &json!(receipt))?;
            if let Some(batch) = batch {
                write_json(&folder.join("batch.json"), &json!(batch))?;
            }
            if exit == Exit::Refused {
                std::fs::write(
                    folder.join("reason.txt"),
                    batch.map(report::batch).unwrap_or_default(),
                )?;
            }
            self.copy_report(folder)
        })
    }

    fn refuse(&self, error: &Error, checked: bool) -> Result<Exit, Error> {
        self.console.fail(error);
        self.file(REFUSED, Utc::now(), Exit::Refused, &mut |folder| {
            std::fs::write(folder.join("reason.txt"), format!("{error}\n"))?;
            if checked { self.copy_report(folder) } else { Ok(()) }
        })
    }

    fn copy_report(&self, folder: &Path) -> io::Result<()> {
        let name = match self.args.report {
            ReportForm::Csv => "findings.csv",
            ReportForm::Xlsx => "findings.xlsx",
        };
        std::fs::copy(&self.findings, folder.join(name)).map(drop)
    }

    fn file(
        &self,
        into: &str,
        at: chrono::DateTime<Utc>,
        exit: Exit,
        documents: &mut dyn FnMut(&Path) -> io::Result<()>,
    ) -> Result<Exit, Error> {
        let path = &self.ready.path;
        // First: a mark that stayed alone would call the next file of this name complete while it is written.
        if let Some(marker) = &self.ready.marker {
            std::fs::remove_file(marker).map_err(|error| Error::file(marker, error))?;
        }
        let done = file_away(path, &self.args.folder.join(into), at, documents)
            .map_err(|error| Error::file(path, error))?;
        let text = format!("{}: now in {}", name_of(path), done.display());
        self.console.result(
            "filed",
            &text,
            json!({ "name": name_of(path), "folder": done, "exit": exit.code() }),
        );
        Ok(exit)
    }
}

fn write_json(path: &Path, value: &Value) -> io::Result<()> {
    std::fs::write(path, format!("{value:#}\n"))
}
