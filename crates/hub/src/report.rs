//! `report` and `snapshot`: counts of children, moves between states, arrivals, children who are missed, timeliness.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use api::answer::district::{self, List, ListForm};
use api::answer::reports as tables;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use export::lists::About;
use mde::StateCode;
use records::counts::{Period, Viewer};
use records::qa;
use records::report::{self, PATIENCE, Question};
use records::snapshot::{self, Taker};
use spreadsheet::{Form, Table};

use crate::cli::Place;
use crate::database::Database;
use crate::operator;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mariposa report counts --period 2026\n  mariposa report moves --period 2025-26 --format csv --out moves.csv\n  mariposa report counts --period 2026 --published --format xlsx --out counts.xlsx\n  mariposa report missed-enrollments --period 2026 --patience 45\n  mariposa report arrivals --period 2026 --format xlsx --out arrivals.xlsx\n  mariposa report timeliness --period 2026 --state TX --format csv\n  mariposa report qa --period 2026 --state KY --district \"Fayette County\" --own meals.csv --format xlsx --out qa.xlsx\n  mariposa report qa --period 2026 --state KY --own meals.csv --format pdf --out qa.pdf"
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
    /// As this state may see it: its own in full, of the others nothing small
    #[arg(long, value_name = "STATE")]
    state: Option<StateCode>,
    /// As everybody may see it: no number below 10, and none from which one could be worked out
    #[arg(long, conflicts_with = "state")]
    published: bool,
    /// The district of a quality or free-meal list, as the state's facilities name it; the whole state if left out
    #[arg(long, value_name = "NAME")]
    district: Option<String>,
    /// The district's own file for the quality list: CSV with state_student_id, enrollment_type (P, S, N), homeless,
    /// economic_status (free, reduced, paid). It is read now and kept nowhere
    #[arg(long, value_name = "FILE")]
    own: Option<PathBuf>,
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
    /// Arrivals in another state that the hub raised, each with the rows that show it
    Arrivals,
    /// How many deadlines of 34 CFR 200.85 each state met in time, late, or not yet; those with a last day in the period
    Timeliness,
    /// The quality list of a district: detail, counts, and free meals, each on a sheet; as PDF the counts, with plots
    Qa,
    /// Whom a district feeds free of charge without an application
    FreeMeals,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
    Csv,
    Xlsx,
    /// A paper to print; lists of a district only
    Pdf,
}

impl Format {
    /// As a table, if it is one.
    fn form(self) -> Option<Form> {
        match self {
            Self::Json | Self::Pdf => None,
            Self::Csv => Some(Form::Csv),
            Self::Xlsx => Some(Form::Xlsx),
        }
    }
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
        /// Only those who counted in this state
        #[arg(long, value_name = "STATE")]
        state: Option<StateCode>,
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
        /// Only those who counted or count in this state
        #[arg(long, value_name = "STATE")]
        state: Option<StateCode>,
        #[command(flatten)]
        place: Place,
    },
}

pub(crate) fn run(args: &ReportArgs) -> Result<()> {
    let config = args.place.read()?;
    let database = Database::open_migrated(&config)?;
    let connection = &mut *database.connect()?;
    let now = Utc::now();
    let question = args.question.question(now);
    let days = (question.period.from, question.period.to);
    let access = operator::access(now);
    match args.what {
        What::Counts => {
            let shown = report::counts(connection, &question)?
                .counts
                .shown_to(args.viewer());
            args.write(&shown, &tables::counts(&shown))?;
        }
        What::Moves => {
            let shown = report::counts(connection, &question)?
                .counts
                .shown_to(args.viewer());
            args.write(&shown.moves, &tables::moves(&shown.moves, shown.small))?;
        }
        What::MissedEnrollments => {
            let missed =
                report::missed_enrollments(connection, &access, &question, args.state, args.patience)?;
            args.write(&missed, &tables::missed(&missed))?;
        }
        What::Arrivals => {
            args.only_now()?;
            let arrivals = notices::report::arrivals(connection, &access, days, args.state)?;
            args.write(&arrivals, &tables::arrivals(&arrivals))?;
        }
        What::Timeliness => {
            args.only_now()?;
            let rows = notices::report::timeliness(connection, &config.deadlines, days, args.state, now)?;
            args.write(&rows, &tables::timeliness(&rows))?;
        }
        What::Qa | What::FreeMeals => args.lists(connection, &access, &question)?,
    }
    let what = args.what.to_possible_value();
    let action = format!("report.{}", what.as_ref().map_or("", |v| v.get_name()));
    let detail =
        serde_json::json!({ "period": args.question.period.to_string(), "known_at": args.question.known_at });
    store::access::audit(connection, now, &access.actor.label(), &action, "all", &detail)?;
    Ok(())
}

impl ReportArgs {
    fn viewer(&self) -> Viewer {
        match self.state {
            _ if self.published => Viewer::Public,
            Some(state) => Viewer::State(state),
            None => Viewer::Nation,
        }
    }

    /// What is only known as it is now.
    fn only_now(&self) -> Result<()> {
        if self.question.known_at.is_some() {
            bail!("this report is of what is known now; leave out --known-at");
        }
        Ok(())
    }

    /// The lists of a district.
    fn lists(
        &self,
        connection: &mut diesel::PgConnection,
        access: &store::Access,
        question: &Question,
    ) -> Result<()> {
        let Some(state) = self.state else {
            bail!("name the state of the list with --state");
        };
        let form = match (self.format, self.format.form()) {
            (_, Some(form)) => ListForm::Table(form),
            (Format::Pdf, _) => ListForm::Pdf,
            _ => bail!("a list is for people: choose --format xlsx, csv or pdf"),
        };
        self.only_now()?;
        let wanted = qa::Wanted {
            state,
            district: self.district.clone(),
            days: question.period.until(question.today),
        };
        let own = match &self.own {
            Some(path) => {
                let bytes =
                    std::fs::read(path).with_context(|| format!("failed to read {}", path.display()))?;
                qa::own_file(&bytes)?
            }
            None => qa::OwnFile::new(),
        };
        let rows = qa::list(connection, access, &wanted, &own)?;
        let about = About {
            state,
            district: wanted.district,
            days: wanted.days,
            today: question.today,
            by: access.actor.label(),
            at: access.at,
        };
        let list = if self.what == What::FreeMeals {
            List::FreeMeals
        } else {
            List::Quality
        };
        self.file(&district::written(list, &rows, &about, form)?)
    }

    fn file(&self, bytes: &[u8]) -> Result<()> {
        if matches!(self.format, Format::Xlsx | Format::Pdf) && self.out.as_os_str() == "-" {
            bail!("name a file for the workbook or the PDF with --out");
        }
        output(&self.out)?.write_all(bytes)?;
        Ok(())
    }

    /// Writes the report in the form that is asked for.
    fn write(&self, document: &impl serde::Serialize, table: &Table) -> Result<()> {
        if self.format == Format::Pdf {
            bail!("only qa and free-meals are papers: choose --format json, csv or xlsx");
        }
        let Some(form) = self.format.form() else {
            let mut out = output(&self.out)?;
            serde_json::to_writer_pretty(&mut out, document)?;
            writeln!(out)?;
            return Ok(());
        };
        self.file(&table.written(form)?)
    }
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
            let by = operator::access(now).actor.label();
            let taker = Taker { by: &by, state: None };
            let taken = snapshot::take(connection, name, &question.question(now), taker, now)?;
            let detail =
                serde_json::json!({ "period": question.period.to_string(), "known_at": taken.known_at });
            store::access::audit(connection, now, &by, "snapshot.take", name, &detail)?;
            println!("{}", serde_json::to_string_pretty(&taken.counts)?);
            Ok(())
        }
        SnapshotCommand::List(place) => {
            let database = Database::open_migrated(&place.read()?)?;
            for listed in store::snapshots::list(&mut *database.connect()?, None)? {
                let ends = listed.period_ends;
                let period = Period::ending(ends).map_or_else(|| ends.to_string(), |p| p.to_string());
                println!(
                    "{}\tperiod {period}\tknown at {}\ttaken {} by {}",
                    listed.name,
                    listed.known_at,
                    listed.taken_at,
                    listed.state.as_deref().unwrap_or("the hub")
                );
            }
            Ok(())
        }
        SnapshotCommand::Show { name, place } => {
            let database = Database::open_migrated(&place.read()?)?;
            let found = found(&mut *database.connect()?, name)?;
            println!("{}", serde_json::to_string_pretty(&found.counts)?);
            Ok(())
        }
        SnapshotCommand::Extract {
            name,
            state,
            out,
            place,
        } => {
            let database = Database::open_migrated(&place.read()?)?;
            let connection = &mut *database.connect()?;
            let (access, snapshot) = (operator::access(now), found(connection, name)?);
            let csv = snapshot::children_of(connection, &access, &snapshot, *state)?;
            output(out)?.write_all(&csv)?;
            Ok(())
        }
        SnapshotCommand::Since { name, state, place } => {
            let database = Database::open_migrated(&place.read()?)?;
            let connection = &mut *database.connect()?;
            let (access, snapshot) = (operator::access(now), found(connection, name)?);
            let since = snapshot::since(connection, &access, &snapshot, *state)?;
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

pub(crate) fn output(out: &Path) -> Result<Box<dyn Write>> {
    if out.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdout().lock()));
    }
    let file = std::fs::File::create(out).with_context(|| format!("failed to write {}", out.display()))?;
    Ok(Box::new(file))
}
