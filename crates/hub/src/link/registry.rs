//! `link` on a hub's own students: new weights, the check of all persons, and the word of a person for a state in doubt.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use chrono::Utc;
use clap::Args;
use diesel::pg::PgConnection;
use linking::driver::{self, RefitReport, Turn};
use mde::StateCode;
use store::{jobs, link_models, link_proposals};

use super::{End, place, say};
use crate::cli::Place;
use crate::database::Database;

pub(super) const REFIT_EXAMPLES: &str = "\
Examples:
  mariposa link refit                # learn, show what would change, and keep it as a proposal
  mariposa link refit --apply        # the same, and say yes to it
  mariposa link refit --job          # let the hub that serves learn; look later with `mariposa link proposals`

Exit code 4: what was learned looks wrong, or there is too little to learn from; it cannot be accepted.";

/// Who it was, in the audit log.
const OPERATOR: &str = "operator";

/// How many proposals are listed.
const LISTED: i64 = 20;

#[derive(Debug, Args)]
pub(super) struct RefitArgs {
    #[command(flatten)]
    place: Place,
    /// Put the new weights in force, and make all persons what they are by them
    #[arg(long)]
    apply: bool,
    /// Ask for it and do not wait
    #[arg(long, conflicts_with_all = ["apply", "json"])]
    job: bool,
    /// Print the report for programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ProposalsArgs {
    #[command(flatten)]
    place: Place,
    /// Put the weights of this proposal in force, and make all persons what they are by them
    #[arg(long, value_name = "N", conflicts_with = "reject")]
    accept: Option<i64>,
    /// Say no to this proposal
    #[arg(long, value_name = "N")]
    reject: Option<i64>,
    /// Print the proposals with their reports for programs
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

/// Learns the weights from the students held and proposes them; with `--apply`, says yes.
pub(super) fn refit(args: &RefitArgs) -> Result<End> {
    let database = Database::open_migrated(&args.place.read()?)?;
    let connection = &mut *database.connect()?;
    if args.job {
        let payload = serde_json::json!({ "by": OPERATOR });
        jobs::ask(connection, driver::REFIT_JOB, &payload, Utc::now())?;
        say("Asked for. The hub that serves learns next: mariposa link proposals\n");
        return Ok(End::Done);
    }
    place::linked(connection, driver::REFIT_JOB, |linker, connection| {
        let refit = linker.refit(connection)?;
        driver::propose(connection, &refit, OPERATOR, Utc::now())?;
        Ok(())
    })?;
    let newest = link_proposals::latest(connection, 1)?;
    let proposal = newest.first().context("the proposal was not kept")?;
    let report: RefitReport = serde_json::from_value(proposal.report.clone())?;
    if args.json {
        say(&format!("{}\n", serde_json::to_string_pretty(&report)?));
    } else {
        say(&words(&report));
    }
    if !report.refused.is_empty() {
        return Ok(End::Alarmed);
    }
    let id = proposal.link_proposal_id;
    if args.apply {
        accept(connection, id)?;
    } else if !args.json {
        say(&format!(
            "\nNothing has changed. To make it so: mariposa link proposals --accept {id}\n"
        ));
    }
    Ok(End::Done)
}

/// Shows proposals, or decides one.
pub(super) fn proposals(args: &ProposalsArgs) -> Result<End> {
    let database = Database::open_migrated(&args.place.read()?)?;
    let connection = &mut *database.connect()?;
    if let Some(id) = args.accept {
        accept(connection, id)?;
        return Ok(End::Done);
    }
    if let Some(id) = args.reject {
        driver::reject(connection, id, OPERATOR, Utc::now())?;
        eprintln!("Rejected. The weights in force stay.");
        return Ok(End::Done);
    }
    let all = link_proposals::latest(connection, LISTED)?;
    if args.json {
        say(&format!("{}\n", serde_json::to_string_pretty(&all)?));
        return Ok(End::Done);
    }
    for proposal in &all {
        let changes: BTreeMap<Turn, usize> =
            serde_json::from_value(proposal.report["changes"].clone()).unwrap_or_default();
        say(&format!(
            "{:>5}  {}  {:<10}  {:>7} pairs of students would change  {}\n",
            proposal.link_proposal_id,
            proposal.made_at.format("%Y-%m-%d"),
            proposal.status,
            changes.values().sum::<usize>(),
            proposal.version,
        ));
    }
    if let Some(open) = all.iter().find(|proposal| proposal.status == "open") {
        let report: RefitReport = serde_json::from_value(open.report.clone())?;
        let id = open.link_proposal_id;
        say(&format!(
            "\n{}\nmariposa link proposals --accept {id}, or --reject {id}\n",
            words(&report)
        ));
    }
    Ok(End::Done)
}

/// Puts a proposed model in force and makes all persons what they are by it.
fn accept(connection: &mut PgConnection, id: i64) -> Result<()> {
    driver::accept(connection, id, OPERATOR, Utc::now())?;
    eprintln!("Proposal {id} is in force.");
    eprint!("{}", check_all(connection)?);
    Ok(())
}

/// Makes all persons what the records and the decisions of people say.
pub(super) fn check(args: &CheckArgs) -> Result<End> {
    let database = Database::open_migrated(&args.place.read()?)?;
    say(&check_all(&mut *database.connect()?)?);
    Ok(End::Done)
}

fn check_all(connection: &mut PgConnection) -> Result<String> {
    place::linked(connection, driver::CHECK_JOB, |linker, connection| {
        linker.check(connection, Utc::now())?;
        Ok(())
    })?;
    let (students, links, near_matches) =
        link_models::last_check(connection)?.context("the check was not noted")?;
    Ok(format!(
        "{students} students checked. {links} links changed, {near_matches} near matches are new.\n"
    ))
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
