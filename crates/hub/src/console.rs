//! What commands say to a person: headings, steps with their outcome, plain lines where there is no terminal.

use std::fmt::Display;
use std::io::{IsTerminal, Write as _};

/// Whether colour may be written there: on a terminal that wants it, never into a file.
pub(crate) fn coloured(stream: &impl IsTerminal) -> bool {
    std::env::var_os("NO_COLOR").is_none() && stream.is_terminal()
}

/// Writes to standard output, with colour only on a terminal that wants it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    colour: bool,
}

impl Console {
    /// The console of this process.
    pub(crate) fn new() -> Self {
        Self {
            colour: coloured(&std::io::stdout()),
        }
    }

    fn paint(self, code: &str, text: impl Display) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }

    /// A heading.
    pub(crate) fn heading(self, text: impl Display) {
        println!("\n{}", self.paint("1", text));
    }

    /// A line of the story.
    #[expect(clippy::unused_self, reason = "all that is said goes through the console")]
    pub(crate) fn line(self, text: impl Display) {
        println!("  {text}");
        let _ = std::io::stdout().flush();
    }

    /// The outcome of a check.
    pub(crate) fn check(self, holds: bool, text: impl Display) {
        let mark = if holds {
            self.paint("32", "ok  ")
        } else {
            self.paint("31;1", "FAIL")
        };
        println!("  {mark} {text}");
        let _ = std::io::stdout().flush();
    }
}
