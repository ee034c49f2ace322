//! `requirements` and `eligibility`: what a state's administrators have the hub keep for their state.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use chrono::Utc;
use clap::{Args, Subcommand, ValueEnum};
use mde::eligibility::{LastDay, Terminations};
use mde::{EligibilityRules, StateCode};
use records::requirements::RequirementSets;
use store::{participants, requirements};

use crate::cli::Place;
use crate::database::Database;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mariposa requirements import texas.toml\n  mariposa requirements show TX > texas.json\n\nA file:\n  state = \"TX\"\n  [[sets]]\n  place = \"Mission CISD\"   # facility code or district; left out for the whole state\n  cohorts = [2014, 2030]    # years in which grade 9 began\n  source = \"19 TAC 74.12\"\n  dated = 2014-01-31\n  units = { English = 4, Mathematics = 4, Science = 4 }"
)]
pub(crate) struct RequirementsArgs {
    #[command(subcommand)]
    command: RequirementsCommand,
}

#[derive(Debug, Subcommand)]
enum RequirementsCommand {
    /// Put the sets of a file (TOML or JSON) in the place of all that its state keeps
    Import {
        /// The file (`-`: standard input)
        file: PathBuf,
        /// Only say whether it is right
        #[arg(long)]
        check: bool,
        #[command(flatten)]
        place: Place,
    },
    /// The states that keep sets
    List(Place),
    /// The sets of a state, as JSON that can be imported again
    Show {
        /// Postal code
        state: StateCode,
        #[command(flatten)]
        place: Place,
    },
    /// Remove all sets of a state
    Remove {
        /// Postal code
        state: StateCode,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mariposa eligibility show\n  mariposa eligibility choose TX --last-day same-day --terminations 2003"
)]
pub(crate) struct EligibilityArgs {
    #[command(subcommand)]
    command: EligibilityCommand,
}

#[derive(Debug, Subcommand)]
enum EligibilityCommand {
    /// The rules of every state
    Show(Place),
    /// Choose the rules of a state, from now on and for what is held
    Choose {
        /// Postal code
        state: StateCode,
        /// The last of the 36 months
        #[arg(long, value_enum, default_value_t = LastDayName::DayBefore)]
        last_day: LastDayName,
        /// Which terminations end eligibility
        #[arg(long, value_enum, default_value_t = TerminationsName::Current)]
        terminations: TerminationsName,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LastDayName {
    /// 2022-09-01 to 2025-08-31
    DayBefore,
    /// 2022-09-01 to 2025-09-01
    SameDay,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TerminationsName {
    /// Graduation (02), equivalency (03) and death (05)
    Current,
    /// Any, as in the rules of 2003
    #[value(name = "2003")]
    V2003,
}

pub(crate) fn run(args: &RequirementsArgs) -> Result<()> {
    match &args.command {
        RequirementsCommand::Import { file, check, place } => import(file, *check, place),
        RequirementsCommand::List(place) => {
            let database = Database::open_migrated(&place.read()?)?;
            for kept in requirements::kept(&mut *database.connect()?)? {
                println!(
                    "{}\t{} sets\tsince {}\tby {}",
                    kept.state, kept.sets, kept.kept_at, kept.kept_by
                );
            }
            Ok(())
        }
        RequirementsCommand::Show { state, place } => {
            let database = Database::open_migrated(&place.read()?)?;
            let rows = requirements::of_states(&mut *database.connect()?, &[*state])?;
            println!(
                "{}",
                serde_json::to_string_pretty(&RequirementSets::of(*state, &rows))?
            );
            Ok(())
        }
        RequirementsCommand::Remove { state, place } => {
            let database = Database::open_migrated(&place.read()?)?;
            requirements::replace(&mut *database.connect()?, *state, &[], "operator", Utc::now())?;
            println!("{} keeps no sets any more.", state.name());
            Ok(())
        }
    }
}

fn import(file: &Path, check: bool, place: &Place) -> Result<()> {
    let text = if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        text
    } else {
        std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?
    };
    let sets = RequirementSets::parse(&text)
        .map_err(|wrong| anyhow!("{} changes nothing:\n{wrong}", file.display()))?;
    if check {
        println!(
            "{} sets of {}: nothing is wrong with them.",
            sets.sets.len(),
            sets.state.name()
        );
        return Ok(());
    }
    let database = Database::open_migrated(&place.read()?)?;
    requirements::replace(
        &mut *database.connect()?,
        sets.state,
        &sets.rows(),
        "operator",
        Utc::now(),
    )?;
    println!("{} keeps {} sets.", sets.state.name(), sets.sets.len());
    Ok(())
}

pub(crate) fn run_eligibility(args: &EligibilityArgs) -> Result<()> {
    match &args.command {
        EligibilityCommand::Show(place) => {
            let database = Database::open_migrated(&place.read()?)?;
            let mut all: Vec<_> = participants::eligibility_rules(&mut *database.connect()?)?
                .into_iter()
                .collect();
            all.sort_by_key(|(state, _)| *state);
            for (state, rules) in all {
                println!("{state}\t{}", serde_json::to_string(&rules)?);
            }
            Ok(())
        }
        EligibilityCommand::Choose {
            state,
            last_day,
            terminations,
            place,
        } => {
            let rules = EligibilityRules {
                last_day: match last_day {
                    LastDayName::DayBefore => LastDay::DayBefore,
                    LastDayName::SameDay => LastDay::SameDay,
                },
                terminations: match terminations {
                    TerminationsName::Current => Terminations::Current,
                    TerminationsName::V2003 => Terminations::V2003,
                },
            };
            let database = Database::open_migrated(&place.read()?)?;
            let connection = &mut *database.connect()?;
            if !participants::choose_eligibility_rules(connection, *state, rules, "operator", Utc::now())? {
                bail!(
                    "{} takes no part in the exchange; register it with `mariposa pki issue {state}`",
                    state.name()
                );
            }
            println!(
                "{} counts eligibility by {}.",
                state.name(),
                serde_json::to_string(&rules)?
            );
            Ok(())
        }
    }
}
