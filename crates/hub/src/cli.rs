//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::config::Config;
use crate::database::Database;
use crate::{
    batch, console, demo, doctor, export, link, pki_command, reconcile, report, requirements, serve,
    simulate_command, user,
};

/// Mariposa: one record for a child that moves between states.
#[derive(Debug, Parser)]
#[command(name = "mariposa", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show everything on this machine: a hub, six made-up states, links, notices
    Demo(demo::DemoArgs),
    /// Run the hub
    #[command(after_help = "Example:\n  mariposa serve --config /etc/mariposa/mariposa.toml")]
    Serve(Place),
    /// Bring the database to this program's schema
    Migrate(Place),
    /// Say what is missing or wrong, and how to mend it: at a hub, or with --hub on a state's side
    #[command(after_help = client::cli::DoctorArgs::EXAMPLES)]
    Doctor(Health),
    /// Certificates of the exchange: the private CA, states' certificates, revocation
    Pki(pki_command::PkiArgs),
    /// Accounts of people
    User(user::UserArgs),
    #[command(flatten)]
    State(client::cli::Command),
    /// What states require for graduation
    Requirements(requirements::RequirementsArgs),
    /// How a state counts eligibility
    Eligibility(requirements::EligibilityArgs),
    /// Decide about an upload that is held back
    Batch(batch::BatchArgs),
    /// Write the exports of a made-up nation, and the truth about who is who
    Simulate(simulate_command::SimulateArgs),
    /// Write what the hub holds as an open file
    Export(export::ExportArgs),
    /// Counts of children, moves between states, missed enrollments
    Report(report::ReportArgs),
    /// A state's own list compared with what the hub holds, child by child
    Reconcile(reconcile::ReconcileArgs),
    /// Counts frozen for ever, with every child in them
    Snapshot(report::SnapshotArgs),
    /// Who is who: on files without a hub, and the checks and weights of this one
    Link(link::LinkArgs),
}

/// Where a hub is: its configuration, or just its data folder.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "MARIPOSA_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Data folder; before the one of the configuration [default: /var/lib/mariposa as root]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Whose health is asked for.
#[derive(Debug, Args)]
struct Health {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    state: client::cli::DoctorArgs,
}

impl Place {
    /// The configuration of this place.
    pub(crate) fn read(&self) -> Result<Config> {
        let mut config = match &self.config {
            Some(path) => Config::read(path)?,
            None => Config::default(),
        };
        if let Some(folder) = &self.data_dir {
            config.data_dir.clone_from(folder);
        }
        config.data_dir = std::path::absolute(&config.data_dir)?;
        Ok(config)
    }
}

/// Runs the command of this process.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    let quiet = matches!(cli.command, Command::Serve(_));
    log(if quiet { "info" } else { "error" });
    let result = match cli.command {
        Command::State(command) => return command.run().into(),
        Command::Demo(args) => demo::run(&args),
        Command::Serve(place) => serve_until_told(&place),
        Command::Migrate(place) => migrate(&place),
        Command::Doctor(args) if args.state.exchange.hub.is_some() => return args.state.run().into(),
        Command::Doctor(args) => doctor::run(&args.place),
        Command::Pki(args) => pki_command::run(&args),
        Command::User(args) => user::run(&args),
        Command::Requirements(args) => requirements::run(&args),
        Command::Eligibility(args) => requirements::run_eligibility(&args),
        Command::Batch(args) => match batch::run(&args) {
            Ok(exit) => return exit,
            Err(error) => Err(error),
        },
        Command::Simulate(args) => simulate_command::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Reconcile(args) => reconcile::run(&args),
        Command::Snapshot(args) => report::run_snapshot(&args),
        Command::Link(args) => return link::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mariposa: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Structured log on standard error; `MARIPOSA_LOG` changes what is logged. No personal data is ever logged.
fn log(default: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("MARIPOSA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(format!("{default},actix_server=warn")));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(console::coloured(&std::io::stderr()))
        .init();
}

fn serve_until_told(place: &Place) -> Result<()> {
    let config = place.read()?;
    let hub = serve::Hub::start(&config, api::Clock::system())?;
    tracing::info!(exchange = %hub.exchange, portal = %hub.portal, operator = %hub.operator, data_dir = %config.data_dir.display(), "serving");
    serve::wait_for_signal()?;
    tracing::info!("stopping");
    hub.stop();
    Ok(())
}

fn migrate(place: &Place) -> Result<()> {
    let database = Database::open(&place.read()?)?;
    match store::migrate(&database.url)?.as_slice() {
        [] => println!("The database has this program's schema already."),
        versions => println!("Migrated: {}.", versions.join(", ")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
