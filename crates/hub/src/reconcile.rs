//! `reconcile`: a state's own list of eligible children compared with what the hub holds.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use api::answer::lists;
use chrono::{NaiveDate, Utc};
use clap::{Args, Subcommand, ValueEnum};
use diesel::PgConnection;
use mde::StateCode;
use records::reconciliation::{self, OfState, Scope};
use spreadsheet::Form;
use store::reconciliations::{self, Campaign, Decision, Statuses, Wanted};
use store::work_items;

use crate::cli::Place;
use crate::database::Database;
use crate::operator;
use crate::report::output;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mariposa reconcile open --state KY --date 2026-11-02 --leaves-out out-of-school,preschool,private-schools november.csv\n  mariposa reconcile differences 1 --status open --out november.xlsx\n  mariposa reconcile decide 1 17 explained --note \"moved to Tennessee, certificate there\"\n\nThe list is CSV (UTF-8) with the columns state_student_id, last_name, first_name, birth_date and, as far as it has\nthem, qualifying_arrival_date, eligible_until, district; each student once."
)]
pub(crate) struct ReconcileArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Open a campaign: compare a list with the hub and keep every difference as work for its district
    Open {
        /// The list
        file: PathBuf,
        /// The state whose list it is
        #[arg(long)]
        state: StateCode,
        /// The day of which the list speaks
        #[arg(long)]
        date: NaiveDate,
        /// Whom the list leaves out: out-of-school, preschool, private-schools
        #[arg(long, value_delimiter = ',')]
        leaves_out: Vec<String>,
        #[command(flatten)]
        place: Place,
    },
    /// The campaigns
    List {
        /// Only of this state
        #[arg(long)]
        state: Option<StateCode>,
        #[command(flatten)]
        place: Place,
    },
    /// The differences of a campaign, as CSV or, where the file is named so, as a workbook
    Differences {
        /// Number of the campaign
        id: i64,
        /// Only those in this status: open, explained, corrected, disputed
        #[arg(long)]
        status: Option<String>,
        /// File to write (`-`: standard output)
        #[arg(long, value_name = "FILE", default_value = "-")]
        out: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Say what a difference is
    Decide {
        /// Number of the campaign
        id: i64,
        /// Number of the difference
        ordinal: i32,
        /// What it is
        #[arg(value_enum)]
        status: Status,
        /// Why
        #[arg(long)]
        note: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Status {
    /// It is right as it is
    Explained,
    /// One side was mended
    Corrected,
    /// The sides disagree
    Disputed,
}

pub(crate) fn run(args: &ReconcileArgs) -> Result<()> {
    let (Command::Open { place, .. }
    | Command::List { place, .. }
    | Command::Differences { place, .. }
    | Command::Decide { place, .. }) = &args.command;
    let database = Database::open_migrated(&place.read()?)?;
    let connection = &mut *database.connect()?;
    let now = Utc::now();
    let access = operator::access(now);
    let by = access.actor.label();
    match &args.command {
        Command::Open {
            file,
            state,
            date,
            leaves_out,
            ..
        } => {
            let Some(scope) = Scope::without(leaves_out.iter().map(String::as_str)) else {
                bail!("--leaves-out takes out-of-school, preschool and private-schools");
            };
            let csv = std::fs::read(file).with_context(|| format!("failed to read {}", file.display()))?;
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
            let of = OfState {
                state: *state,
                day: *date,
                scope,
                file_name: name.as_deref().unwrap_or_default(),
                csv: &csv,
            };
            let campaign = reconciliation::open(connection, &of, &by, now)?;
            show(connection, campaign.reconciliation_id)
        }
        Command::List { state, .. } => {
            for (campaign, statuses) in reconciliations::list(connection, *state)? {
                println!("{}", line(&campaign, &statuses));
            }
            Ok(())
        }
        Command::Differences { id, status, out, .. } => {
            let wanted = Wanted {
                reconciliation_id: *id,
                scope: work_items::Scope::Everything,
                status: status.clone(),
                after: None,
                limit: i64::MAX,
            };
            let found = reconciliations::differences(connection, &access, &wanted)?;
            let extension = out.extension().and_then(|e| e.to_str()).unwrap_or_default();
            let form = Form::named(extension).unwrap_or(Form::Csv);
            output(out)?.write_all(&lists::differences(&found).written(form)?)?;
            Ok(())
        }
        Command::Decide {
            id,
            ordinal,
            status,
            note,
            ..
        } => {
            let status = match status {
                Status::Explained => "explained",
                Status::Corrected => "corrected",
                Status::Disputed => "disputed",
            };
            let decision = Decision {
                status,
                note,
                by: &by,
                at: now,
            };
            let everything = work_items::Scope::Everything;
            if !reconciliations::decide(connection, *id, *ordinal, &everything, decision)? {
                bail!(
                    "there is no difference {ordinal} in campaign {id}; see `mariposa reconcile differences {id}`"
                );
            }
            show(connection, *id)
        }
    }
}

fn show(connection: &mut PgConnection, id: i64) -> Result<()> {
    if let Some((campaign, statuses)) = reconciliations::find(connection, id, None)? {
        println!("{}", line(&campaign, &statuses));
    }
    Ok(())
}

fn line(of: &Campaign, statuses: &Statuses) -> String {
    let statuses: Vec<String> = statuses
        .iter()
        .map(|(status, n)| format!("{n} {status}"))
        .collect();
    format!(
        "{}\t{} as of {}\tin list {}\tin hub {}\tagreed {}\tdifferences: {}",
        of.reconciliation_id,
        of.state,
        of.list_date,
        of.in_list,
        of.in_hub,
        of.agreed,
        if statuses.is_empty() {
            "none".to_owned()
        } else {
            statuses.join(", ")
        }
    )
}
