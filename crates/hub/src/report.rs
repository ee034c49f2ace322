//! `report` and `snapshot`: counts of children, moves between states, and children who are missed.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use records::counts::{Counts, Period, Tally};
use records::report::{self, PATIENCE, Question};
use records::snapshot;
use spreadsheet::{Cell, Column, CsvTable, Workbook};

use crate::cli::Place;
use crate::database::Database;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mariposa report counts --period 2026\n  mariposa report moves --period 2025-26 --format csv --out moves.csv\n  mariposa report missed-enrollments --period 2026 --patience 45"
)]
pub(crate) struct ReportArgs {
    /// What to report
    #[arg(value_enum)]
    what: What,
    #[command(flatten)]
    question: QuestionArgs,
    /// Days after which a child that moved away and came nowhere is missed
    #[arg(long, default_value_t = PATIENCE)]
    patience: u64,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// File to write (`-`: standard output)
    #[arg(long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Category 1 and 2 by state, grade band and gender; each child once
    Counts,
    /// Moves between states
    Moves,
    /// Children who left a state and came to none
    MissedEnrollments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
    Csv,
    Xlsx,
}

#[derive(Debug, Args)]
struct QuestionArgs {
    /// Period, 1 September to 31 August, by the year in which it ends: 2026, or 2025-26
    #[arg(long, value_name = "YEAR")]
    period: Period,
    /// As it was known at this instant (RFC 3339); now, if left out
    #[arg(long, value_name = "TIME")]
    known_at: Option<DateTime<Utc>>,
}

impl QuestionArgs {
    fn question(&self, now: DateTime<Utc>) -> Question {
        Question {
            period: self.period,
            known_at: self.known_at,
            today: now.date_naive(),
        }
    }
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mariposa snapshot take december-2026 --period 2026 --known-at 2026-12-15T00:00:00Z\n  mariposa snapshot extract december-2026 --out counted.csv\n  mariposa snapshot since december-2026"
)]
pub(crate) struct SnapshotArgs {
    #[command(subcommand)]
    command: SnapshotCommand,
}

#[derive(Debug, Subcommand)]
enum SnapshotCommand {
    /// Freeze the counts of a period under a name; the counts are printed
    Take {
        /// Its name
        name: String,
        #[command(flatten)]
        question: QuestionArgs,
        #[command(flatten)]
        place: Place,
    },
    /// The snapshots that were taken
    List(Place),
    /// The counts of a snapshot, as they were frozen
    Show {
        /// Its name
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Every child that counted, as CSV, after its checksum was looked at
    Extract {
        /// Its name
        name: String,
        /// File to write (`-`: standard output)
        #[arg(long, value_name = "FILE", default_value = "-")]
        out: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// What has become of the children that counted: voided since, merged, no longer reported, corrected
    Since {
        /// Its name
        name: String,
        #[command(flatten)]
        place: Place,
    },
}

pub(crate) fn run(args: &ReportArgs) -> Result<()> {
    let database = Database::open_migrated(&args.place.read()?)?;
    let connection = &mut *database.connect()?;
    let now = Utc::now();
    let question = args.question.question(now);
    match args.what {
        What::Counts => {
            let counts = report::counts(connection, &question)?.counts;
            match args.format {
                Format::Json => json(&args.out, &counts)?,
                form => table(args, form, "counts", COUNT_COLUMNS, &count_rows(&counts))?,
            }
        }
        What::Moves => {
            let moves = report::counts(connection, &question)?.counts.moves;
            let row = |m: &records::counts::MoveCount| {
                vec![
                    Cell::from(m.from.to_string()),
                    Cell::from(m.to.to_string()),
                    number(m.moves),
                    number(m.children),
                ]
            };
            match args.format {
                Format::Json => json(&args.out, &moves)?,
                form => table(
                    args,
                    form,
                    "moves",
                    MOVE_COLUMNS,
                    &moves.iter().map(row).collect::<Vec<_>>(),
                )?,
            }
        }
        What::MissedEnrollments => {
            let missed = report::missed_enrollments(connection, &question, args.patience)?;
            let row = |m: &report::Missed| {
                vec![
                    Cell::from(m.person_id.to_string()),
                    Cell::from(m.state.to_string()),
                    Cell::from(m.left.to_string()),
                    Cell::from(m.days),
                ]
            };
            match args.format {
                Format::Json => json(&args.out, &missed)?,
                form => table(
                    args,
                    form,
                    "missed",
                    MISSED_COLUMNS,
                    &missed.iter().map(row).collect::<Vec<_>>(),
                )?,
            }
        }
    }
    let what = args
        .what
        .to_possible_value()
        .map_or(String::new(), |v| v.get_name().to_owned());
    let detail =
        serde_json::json!({ "period": args.question.period.to_string(), "known_at": args.question.known_at });
    store::access::audit(
        connection,
        now,
        "operator",
        &format!("report.{what}"),
        "all",
        &detail,
    )?;
    Ok(())
}

pub(crate) fn run_snapshot(args: &SnapshotArgs) -> Result<()> {
    let now = Utc::now();
    match &args.command {
        SnapshotCommand::Take {
            name,
            question,
            place,
        } => {
            let database = Database::open_migrated(&place.read()?)?;
            let connection = &mut *database.connect()?;
            let taken = snapshot::take(connection, name, &question.question(now), "operator", now)?;
            let detail =
                serde_json::json!({ "period": question.period.to_string(), "known_at": taken.known_at });
            store::access::audit(connection, now, "operator", "snapshot.take", name, &detail)?;
            println!("{}", serde_json::to_string_pretty(&taken.counts)?);
            Ok(())
        }
        SnapshotCommand::List(place) => {
            let database = Database::open_migrated(&place.read()?)?;
            for (name, ends, known_at, taken_at) in store::snapshots::list(&mut *database.connect()?)? {
                let period = Period::ending(ends).map_or_else(|| ends.to_string(), |p| p.to_string());
                println!("{name}\tperiod {period}\tknown at {known_at}\ttaken {taken_at}");
            }
            Ok(())
        }
        SnapshotCommand::Show { name, place } => {
            let database = Database::open_migrated(&place.read()?)?;
            let found = found(&mut *database.connect()?, name)?;
            println!("{}", serde_json::to_string_pretty(&found.counts)?);
            Ok(())
        }
        SnapshotCommand::Extract { name, out, place } => {
            let database = Database::open_migrated(&place.read()?)?;
            let connection = &mut *database.connect()?;
            let csv = snapshot::extract_of(&found(connection, name)?)?;
            store::access::audit(
                connection,
                now,
                "operator",
                "snapshot.extract",
                name,
                &serde_json::json!({}),
            )?;
            output(out)?.write_all(&csv)?;
            Ok(())
        }
        SnapshotCommand::Since { name, place } => {
            let database = Database::open_migrated(&place.read()?)?;
            let connection = &mut *database.connect()?;
            let snapshot = found(connection, name)?;
            let since = snapshot::since(connection, &snapshot)?;
            println!("{}", serde_json::to_string_pretty(&since)?);
            Ok(())
        }
    }
}

fn found(connection: &mut diesel::PgConnection, name: &str) -> Result<store::snapshots::Snapshot> {
    match store::snapshots::named(connection, name)? {
        Some(snapshot) => Ok(snapshot),
        None => bail!("there is no snapshot {name}; see `mariposa snapshot list`"),
    }
}

const COUNT_COLUMNS: &[Column] = &[
    Column::new("state", 10),
    Column::new("what", 24),
    Column::new("value", 20),
    Column::new("children", 12),
];
const MOVE_COLUMNS: &[Column] = &[
    Column::new("from", 8),
    Column::new("to", 8),
    Column::new("moves", 10),
    Column::new("children", 10),
];
const MISSED_COLUMNS: &[Column] = &[
    Column::new("person_id", 16),
    Column::new("state", 8),
    Column::new("left", 12),
    Column::new("days", 8),
];

fn number(count: u64) -> Cell<'static> {
    Cell::from(i64::try_from(count).unwrap_or(i64::MAX))
}

/// One row per number: the nation first, then each state.
fn count_rows(counts: &Counts) -> Vec<Vec<Cell<'static>>> {
    let mut rows = tally_rows("US", &counts.nation);
    for state in &counts.states {
        rows.extend(tally_rows(state.state.as_str(), &state.tally));
    }
    rows
}

fn tally_rows(state: &str, tally: &Tally) -> Vec<Vec<Cell<'static>>> {
    let row = |what: &str, value: String, count: u64| {
        vec![
            Cell::from(state.to_owned()),
            Cell::from(what.to_owned()),
            Cell::from(value),
            number(count),
        ]
    };
    let mut rows = vec![
        row("category 1", String::new(), tally.category_1),
        row("category 2", String::new(), tally.category_2),
        row("moved in period", String::new(), tally.moved_in_period),
        row("eligibility ended", String::new(), tally.eligibility_ended),
        row("age unknown", String::new(), tally.age_unknown),
    ];
    rows.extend(
        tally
            .by_band
            .iter()
            .map(|(band, n)| row("by grade band", band.to_string(), *n)),
    );
    rows.extend(
        tally
            .by_gender
            .iter()
            .map(|(gender, n)| row("by gender", gender.clone(), *n)),
    );
    rows
}

fn output(out: &std::path::Path) -> Result<Box<dyn Write>> {
    if out.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdout().lock()));
    }
    let file = std::fs::File::create(out).with_context(|| format!("failed to write {}", out.display()))?;
    Ok(Box::new(file))
}

fn json(out: &std::path::Path, value: &impl serde::Serialize) -> Result<()> {
    let mut out = output(out)?;
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

fn table(
    args: &ReportArgs,
    format: Format,
    sheet: &str,
    columns: &[Column],
    rows: &[Vec<Cell<'static>>],
) -> Result<()> {
    if format == Format::Csv {
        let mut csv = CsvTable::new(output(&args.out)?, columns)?;
        for row in rows {
            csv.row(row)?;
        }
        csv.finish()?.flush()?;
        return Ok(());
    }
    if args.out.as_os_str() == "-" {
        bail!("name a file for the workbook with --out");
    }
    let mut book = Workbook::default();
    book.sheet(sheet, columns)?;
    for row in rows {
        book.row(row)?;
    }
    let file = std::fs::File::create(&args.out)
        .with_context(|| format!("failed to write {}", args.out.display()))?;
    book.finish(file)?;
    Ok(())
}
