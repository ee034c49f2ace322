//! `link` on a hub's own students: new weights, the check of all persons, and the word of a person for a state in doubt.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use chrono::Utc;
use clap::Args;
use linking::driver::{self, Linker, RefitReport, Round, Turn};
use mde::StateCode;

use super::{End, say};
use crate::cli::Place;
use crate::database::Database;

pub(super) const REFIT_EXAMPLES: &str = "\
Examples:
  mariposa link refit                # learn, and show what would change
  mariposa link refit --apply        # the same, and make it so

Exit code 4: what was learned looks wrong, or there is too little to learn from; nothing is applied.";

/// Who it was, in the audit log.
const OPERATOR: &str = "operator";

#[derive(Debug, Args)]
pub(super) struct RefitArgs {
    #[command(flatten)]
    place: Place,
    /// Put the new weights in force, and make all persons what they are by them
    #[arg(long)]
    apply: bool,
    /// Print the report for programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct ReleaseArgs {
    /// The state whose upload is right as it is
    state: StateCode,
    #[command(flatten)]
    place: Place,
}

/// Learns the weights from the students held and shows what would change; with `--apply`, changes it.
pub(super) fn refit(args: &RefitArgs) -> Result<End> {
    let database = Database::open_migrated(&args.place.read()?)?;
    let connection = &mut *database.connect()?;
    let mut linker = Linker::open_in_force(connection)?;
    // First what waits, by the old weights.
    linker.run(connection, &|| true, &Utc::now)?;
    let refit = linker.refit(connection)?;
    if args.json {
        say(&format!("{}\n", serde_json::to_string_pretty(&refit.report)?));
    } else {
        say(&words(&refit.report));
    }
    if !refit.report.refused.is_empty() {
        return Ok(End::Alarmed);
    }
    if args.apply {
        let done = linker.adopt(connection, &refit, OPERATOR, Utc::now())?;
        eprintln!("{} is in force. {}", refit.report.version, changed(done));
    } else if !args.json {
        say("\nNothing has changed. To make it so: mariposa link refit --apply\n");
    }
    Ok(End::Done)
}

/// Makes all persons what the records and the decisions of people say.
pub(super) fn check(args: &CheckArgs) -> Result<End> {
    let database = Database::open_migrated(&args.place.read()?)?;
    let connection = &mut *database.connect()?;
    let mut linker = Linker::open_in_force(connection)?;
    linker.run(connection, &|| true, &Utc::now)?;
    let done = linker.check(connection, Utc::now())?;
    say(&format!(
        "{} students checked. {}\n",
        done.students,
        changed(done)
    ));
    Ok(End::Done)
}

/// A person says that what a state sent is right.
pub(super) fn release(args: &ReleaseArgs) -> Result<End> {
    let database = Database::open_migrated(&args.place.read()?)?;
    let connection = &mut *database.connect()?;
    if !driver::release(connection, args.state, OPERATOR, Utc::now())? {
        bail!(
            "no student of {} waits: `mariposa doctor` shows which states are in doubt",
            args.state
        );
    }
    say(&format!(
        "The students of {} that waited are linked next.\n",
        args.state
    ));
    Ok(End::Done)
}

fn changed(round: Round) -> String {
    format!(
        "{} links changed, {} near matches are new.",
        round.links, round.near_matches
    )
}

fn words(report: &RefitReport) -> String {
    let training = &report.training;
    let mut text = String::new();
    let mut line = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    line(format!("in force    {}", report.in_force));
    line(format!("learned     {}", report.version));
    line(format!(
        "from        {} students: {} pairs compared, {} rounds; {:.2} others of the same child expected for a student",
        training.records, training.pairs, training.rounds, training.classes.same
    ));
    line(format!(
        "decisions   {} of people made the probabilities",
        report.decisions
    ));
    line(format!("alone       from {:.2} bits on", report.auto));
    for reason in &report.refused {
        line(format!("refused     {reason}"));
    }
    line("\nPairs of students that it would change:".into());
    for (turn, what) in [
        (Turn::Joined, "two persons become one"),
        (Turn::Parted, "one person becomes two"),
        (Turn::Asked, "people would be asked"),
        (Turn::NoLongerAsked, "people would not be asked any more"),
    ] {
        line(format!(
            "  {:>8}  {what}",
            report.changes.get(&turn).copied().unwrap_or(0)
        ));
        for example in report.examples.iter().filter(|example| example.turn == turn) {
            let [(state, id), (other, other_id)] = &example.students;
            line(format!("              {state} {id} and {other} {other_id}"));
        }
    }
    text
}
