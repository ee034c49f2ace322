//! `link`: the hub's own engine on files, without a database.
//!
//! ```text
//! FILE.csv ─table─▶ rows ─columns, people─▶ records ─load─▶ index ─weights─▶ model ─▶ run · evaluate · blocking
//! ```

mod blocking;
mod columns;
mod dates;
mod evaluate;
mod load;
mod nation;
mod output;
mod people;
mod place;
mod progress;
mod registry;
mod report;
mod run;
mod table;
mod weights;

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

use columns::{Element, Wanted};

/// Documented and stable.
const EXIT_CODES: &str = "\
Exit codes:
    0  done
    1  failed for another reason, for example a disk that is full
    2  the call is wrong: an option, a column or an element that does not exist, no column with a name or a birth
       date, two rows with one id
    3  a file cannot be read as CSV
    4  the weights learned from this file look wrong: pairs are written, but nobody is put together
  130  interrupted";

const ELEMENTS: &str = "\
Elements for --map COLUMN=element:
  last_name_1 last_name_2 first_name middle_name suffix birth_date birth_year birth_month birth_day sex
  multiple_birth mother_last mother_first father_last father_first guardian_last guardian_first birth_city
  birth_state birth_country source id alternate_id national_id address place postcode phone email other ignore
Several columns may be one name, address or place (they are joined), alternate_id or other.";

#[derive(Debug, Args)]
pub(crate) struct LinkArgs {
    #[command(subcommand)]
    command: LinkCommand,
}

#[derive(Debug, Subcommand)]
enum LinkCommand {
    /// Find who is who in one or two CSV files of people
    #[command(after_help = format!("{}\n\n{ELEMENTS}\n\n{EXIT_CODES}", run::EXAMPLES))]
    Run(run::RunArgs),
    /// Link and compare with the truth: of a column, or of a made-up nation
    #[command(after_help = format!("{}\n\n{ELEMENTS}\n\n{EXIT_CODES}", evaluate::EXAMPLES))]
    Evaluate(evaluate::EvaluateArgs),
    /// What each blocking key costs and gains
    #[command(after_help = format!("{}\n\n{ELEMENTS}\n\n{EXIT_CODES}", blocking::EXAMPLES))]
    Blocking(blocking::BlockingArgs),
    /// Learn the weights anew from a hub's students, and show which decisions would change
    #[command(after_help = registry::REFIT_EXAMPLES)]
    Refit(registry::RefitArgs),
    /// Show the weights that were learned and what they would change, and say yes or no to them
    Proposals(registry::ProposalsArgs),
    /// Look at all students of a hub at once, as it does every night
    Check(registry::CheckArgs),
    /// Say that what a state in doubt sent is right, so that its students are linked
    Release(registry::ReleaseArgs),
}

/// Runs the command: results on the standard output, messages on the standard error.
pub(crate) fn run(args: &LinkArgs) -> ExitCode {
    let result = match &args.command {
        LinkCommand::Run(args) => run::run(args),
        LinkCommand::Evaluate(args) => evaluate::run(args),
        LinkCommand::Blocking(args) => blocking::run(args),
        LinkCommand::Refit(args) => registry::refit(args),
        LinkCommand::Proposals(args) => registry::proposals(args),
        LinkCommand::Check(args) => registry::check(args),
        LinkCommand::Release(args) => registry::release(args),
    };
    match result {
        Ok(end) => ExitCode::from(end as u8),
        Err(error) => {
            eprintln!("mariposa: {error:#}");
            let exit = error.downcast_ref::<Refusal>().map_or(1, |refusal| refusal.exit);
            ExitCode::from(exit)
        }
    }
}

/// Writes a result to the standard output. Whoever stops listening, as `head` does, has heard enough.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// How a run that came to its end went, as its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done = 0,
    Alarmed = 4,
}

/// What is wrong with the call or a file, and what to do about it.
#[derive(Debug)]
struct Refusal {
    exit: u8,
    message: String,
}

impl Refusal {
    /// The call is wrong.
    fn usage(message: impl Into<String>) -> Refusal {
        Refusal {
            exit: 2,
            message: message.into(),
        }
    }

    /// A file is refused as a whole.
    fn file(message: impl Into<String>) -> Refusal {
        Refusal {
            exit: 3,
            message: message.into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

/// What is linked, and which column is what.
#[derive(Debug, Clone, Args)]
struct Input {
    /// A CSV file of people, or two to be linked; a header is required, the delimiter is seen
    #[arg(required = true, num_args = 1..=2, value_name = "FILE.csv")]
    files: Vec<PathBuf>,
    /// Column that numbers the rows [default: guessed; else file and line]
    #[arg(long, value_name = "COL")]
    id: Option<String>,
    /// Column that says where a row comes from [default: with two files, the file]
    #[arg(long, value_name = "COL")]
    source: Option<String>,
    /// Compare only rows of different sources
    #[arg(long)]
    across: bool,
    /// What a column is, before what is guessed; may be repeated
    #[arg(long, value_name = "COL=element")]
    map: Vec<String>,
}

impl Input {
    /// What is said of columns, with a truth column if there is one.
    fn wanted(&self, truth: Option<&String>) -> Result<Wanted, Refusal> {
        let mut wanted = Wanted::default();
        for text in &self.map {
            wanted.add(text)?;
        }
        wanted.column(self.id.as_ref(), Element::Id);
        wanted.column(self.source.as_ref(), Element::Source);
        wanted.column(truth, Element::Truth);
        Ok(wanted)
    }
}
