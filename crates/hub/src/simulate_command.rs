//! `simulate`: writes the exports of a made-up nation.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use simulate::{Config, Nation};

/// All children are made up. The same seed gives the same files.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  mariposa simulate --students 10000 --states 8 --nights 2 --out nation/\n  mariposa simulate --students 100000 --people people.csv"
)]
pub(crate) struct SimulateArgs {
    /// The same seed gives the same nation
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Students of all states together
    #[arg(long, default_value_t = 2_000)]
    students: usize,
    /// Number of states
    #[arg(long, default_value_t = 6)]
    states: usize,
    /// Nights: the first is a full upload of each state, the others are deltas
    #[arg(long, default_value_t = 3)]
    nights: u32,
    /// Folder to write to: STATE/DATE/upload.xml and truth.csv
    #[arg(long, value_name = "DIR", required_unless_present = "people")]
    out: Option<PathBuf>,
    /// Write the students of the first night as one table, with the child that each truly is in the last column
    #[arg(long, value_name = "FILE.csv")]
    people: Option<PathBuf>,
}

pub(crate) fn run(args: &SimulateArgs) -> Result<()> {
    let config = Config {
        seed: args.seed,
        students: args.students,
        states: Config::first_states(args.states),
        nights: args.nights,
        ..Config::default()
    };
    let nation = Nation::new(config)?;
    if let Some(file) = &args.people {
        let students = simulate::people::write_people_file(&nation, file)?;
        println!("{students} students: {}", file.display());
    }
    if let Some(out) = &args.out {
        simulate::write::write_nation(&nation, out, |upload| {
            println!(
                "{} {}: {} students, {}",
                upload.state,
                upload.night.date,
                upload.students,
                upload.path.display()
            );
        })?;
        println!("who is who: {}", out.join("truth.csv").display());
    }
    Ok(())
}
