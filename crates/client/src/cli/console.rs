//! Who is told what: people on the standard error, results and programs on the standard output.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::batch::BatchView;
use crate::certificate::{Certificate, WARNING_DAYS, Whose};
use crate::connection::Observer;
use crate::error::Error;

/// Where an upload's messages go.
pub(super) struct Console {
    json: bool,
    quiet: bool,
    draws: bool,
    stamped: bool,
    bar: OnceLock<ProgressBar>,
    told: Mutex<Told>,
}

/// What was told last, so that nothing is told twice.
#[derive(Default)]
struct Told {
    tenth: u64,
    status: String,
}

impl Console {
    /// With `json`, everything is an event on the standard output; with `quiet`, only results and errors are told.
    pub(super) fn new(json: bool, quiet: bool) -> Self {
        Self {
            json,
            quiet,
            draws: !json && !quiet && std::io::stderr().is_terminal(),
            stamped: false,
            bar: OnceLock::new(),
            told: Mutex::default(),
        }
    }

    /// The same, with the time before every message and in every event: for a program that stays up.
    pub(super) fn stamped(mut self) -> Self {
        self.stamped = true;
        self
    }

    /// How things go.
    pub(super) fn say(&self, text: &str) {
        if !self.json && !self.quiet {
            self.write_error(text);
        }
    }

    /// What was wanted: a text for people, an event for programs.
    pub(super) fn result(&self, event: &str, text: &str, value: Value) {
        if self.json {
            self.event(event, value);
        } else {
            self.above_the_bar(|| {
                let _ = writeln!(std::io::stdout().lock(), "{}{text}", self.stamp());
            });
        }
    }

    /// Something that only programs are told.
    pub(super) fn event(&self, event: &str, mut value: Value) {
        if self.json {
            value["event"] = json!(event);
            if self.stamped {
                value["at"] = json!(now());
            }
            let _ = writeln!(std::io::stdout().lock(), "{value}");
        }
    }

    /// Why it failed.
    pub(super) fn fail(&self, error: &Error) {
        if self.json {
            let problem = match error {
                Error::Hub(problem) => json!(problem),
                _ => Value::Null,
            };
            let value =
                json!({ "exit": error.exit().code(), "message": error.to_string(), "problem": problem });
            self.event("error", value);
        } else {
            self.write_error(&format!("error: {error}"));
        }
    }

    fn stamp(&self) -> String {
        if self.stamped {
            format!("{} ", now())
        } else {
            String::new()
        }
    }

    fn write_error(&self, text: &str) {
        self.above_the_bar(|| {
            let _ = writeln!(std::io::stderr().lock(), "{}{text}", self.stamp());
        });
    }

    fn above_the_bar(&self, write: impl FnOnce()) {
        match self.bar.get() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Observer for Console {
    fn certificate(&self, whose: Whose, certificate: &Certificate) {
        let days = certificate.days_left(Utc::now());
        if days >= WARNING_DAYS {
            return;
        }
        let ends = certificate.not_after.format("%Y-%m-%d");
        // A warning is wanted also where only results are.
        let text = if days < 0 {
            format!("warning: {} ended on {ends}; {}", whose.text(), whose.remedy())
        } else {
            format!(
                "warning: {} ends on {ends}, {days} days from now; {}",
                whose.text(),
                whose.remedy()
            )
        };
        if !self.json {
            self.write_error(&text);
        }
        self.event(
            "certificate",
            json!({ "whose": whose, "certificate": certificate, "days_left": days, "message": text }),
        );
    }

    fn resuming(&self, held: u64, of: u64) {
        self.say(&format!(
            "the hub holds {held} of {of} bytes since an earlier run; going on"
        ));
        self.event("resuming", json!({ "bytes": held, "of": of }));
    }

    fn sent(&self, bytes: u64, of: u64) {
        if self.draws {
            let bar = self.bar.get_or_init(|| bar(of));
            bar.set_position(bytes);
            if bytes == of {
                bar.finish_and_clear();
            }
            return;
        }
        let tenth = (bytes * 10).checked_div(of).unwrap_or(10);
        let before = std::mem::replace(
            &mut self.told.lock().unwrap_or_else(PoisonError::into_inner).tenth,
            tenth,
        );
        if tenth != before && tenth > 0 {
            self.say(&format!("sent {} % of {of} bytes", tenth * 10));
            self.event("sent", json!({ "bytes": bytes, "of": of }));
        }
    }

    fn retrying(&self, error: &Error, pause: Duration) {
        self.say(&format!("{error}; trying again in {:.1} s", pause.as_secs_f64()));
        self.event(
            "retry",
            json!({ "message": error.to_string(), "pause_seconds": pause.as_secs_f64() }),
        );
    }

    fn progress(&self, batch: &BatchView) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.status != batch.status {
            told.status.clone_from(&batch.status);
            drop(told);
            self.say(&format!("batch {}: {}", batch.batch_id, batch.status));
            self.event(
                "progress",
                json!({ "batch_id": batch.batch_id, "status": batch.status }),
            );
        }
    }
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn bar(length: u64) -> ProgressBar {
    let template = "[{bar:30}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} to go";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style.progress_chars("=> "))
}
