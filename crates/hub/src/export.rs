//! `export`: what the hub holds, as an open file.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use chrono::Utc;
use clap::{Args, Subcommand};
use mde::PersonId;

use crate::cli::Place;
use crate::database::Database;

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Which student is which person: CSV `state,state_student_id,person_id,live`
    Links(LinksArgs),
}

#[derive(Debug, Args)]
struct LinksArgs {
    /// File to write (`-`: standard output)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(args: &ExportArgs) -> Result<()> {
    let What::Links(args) = &args.what;
    let database = Database::open_migrated(&args.place.read()?)?;
    let connection = &mut *database.connect()?;
    let links = store::links::export(connection)?;
    let out: Box<dyn Write> = if args.out.as_os_str() == "-" {
        Box::new(std::io::stdout().lock())
    } else {
        Box::new(
            std::fs::File::create(&args.out)
                .with_context(|| format!("failed to write {}", args.out.display()))?,
        )
    };
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["state", "state_student_id", "person_id", "live"])?;
    for link in &links {
        let person = link
            .person_id
            .and_then(|id| PersonId::new(id).ok())
            .map_or(String::new(), |id| id.to_string());
        let live = if link.live { "true" } else { "false" };
        csv.write_record([
            link.state.as_str(),
            link.state_student_id.as_str(),
            person.as_str(),
            live,
        ])?;
    }
    csv.flush()?;
    let detail = serde_json::json!({ "students": links.len() });
    store::access::audit(connection, Utc::now(), "operator", "export.links", "all", &detail)?;
    eprintln!("{} students", links.len());
    Ok(())
}
