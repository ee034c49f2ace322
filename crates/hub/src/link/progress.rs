//! How far a run is: a bar on a terminal, plain lines otherwise, nothing when a program listens.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Lines are written at most so often.
const PAUSE: Duration = Duration::from_secs(2);

/// Says on the standard error what is being done and how far it is.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
    told: Mutex<Told>,
}

#[derive(Debug)]
struct Told {
    what: String,
    total: u64,
    at: Instant,
}

impl Progress {
    /// `quiet`: says nothing at all.
    pub(super) fn new(quiet: bool) -> Progress {
        let draws = !quiet && std::io::stderr().is_terminal();
        Progress {
            bar: draws.then(|| {
                let style = ProgressStyle::with_template("{msg:<28} [{bar:30}] {percent:>3} %, {eta} to go");
                let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
                ProgressBar::new(0).with_style(style.progress_chars("=> "))
            }),
            quiet,
            told: Mutex::new(Told {
                what: String::new(),
                total: 0,
                at: Instant::now(),
            }),
        }
    }

    /// Begins a piece of work of `total` steps, 0 if that is not known.
    pub(super) fn begin(&self, what: &str, total: u64) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.what == what {
            return;
        }
        what.clone_into(&mut told.what);
        told.total = total;
        told.at = Instant::now();
        drop(told);
        match &self.bar {
            Some(bar) => {
                bar.reset();
                bar.set_length(total);
                bar.set_message(what.to_owned());
            }
            None => self.say(what),
        }
    }

    /// So many steps are done.
    pub(super) fn at(&self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.quiet && told.total > 0 && told.at.elapsed() >= PAUSE {
            told.at = Instant::now();
            let share = done.min(told.total) * 100 / told.total;
            eprintln!("{}: {share} %", told.what);
        }
    }

    /// Ends the bar.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// A line of its own.
    pub(super) fn say(&self, text: &str) {
        if self.quiet {
            return;
        }
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    /// A line that is said to programs as well.
    pub(super) fn warn(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }
}
