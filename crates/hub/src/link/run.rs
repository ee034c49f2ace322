//! `link run`: pairs, clusters and a report of one or two files.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::load::load;
use super::progress::Progress;
use super::report::{self, Contents};
use super::weights::{WeightsArgs, tell_alarms};
use super::{End, Input, output};

pub(super) const EXAMPLES: &str = "\
Examples:
  mariposa link run people.csv --out clusters.csv
  mariposa link run census.csv survey.csv --across --out clusters.csv --pairs pairs.csv --report report.html
  mariposa link run people.csv --out clusters.csv --map FAMNAME=last_name_1 --map KEY=id --threshold 0.99";

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    weights: WeightsArgs,
    /// Who is who: id,cluster
    #[arg(long, value_name = "CLUSTERS.csv")]
    out: PathBuf,
    /// Every pair above odds of 1/8: id_l,id_r,weight,probability (weight in bits, log2 of the odds)
    #[arg(long, value_name = "PAIRS.csv")]
    pairs: Option<PathBuf>,
    /// A page that shows how the columns were understood, the weights, sample pairs and thresholds
    #[arg(long, value_name = "report.html")]
    report: Option<PathBuf>,
    /// Show the values of the sample pairs in the report: personal data
    #[arg(long, requires = "report")]
    report_values: bool,
    /// Print a summary for programs on the standard output, and no messages but alarms
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &RunArgs) -> Result<End> {
    let outputs = [Some(&args.out), args.pairs.as_ref(), args.report.as_ref()];
    for path in outputs.into_iter().flatten() {
        output::check(path, &args.input.files)?;
    }
    let progress = Progress::new(args.json);
    let began = Instant::now();
    let mut people = load(&args.input, None, args.weights.first_model()?, &progress)?;
    people.index.file_shared();
    let read = began.elapsed();
    let began = Instant::now();
    let training = args
        .weights
        .settle(&mut people.index, args.input.across, &progress)?;
    let learned = began.elapsed();
    let alarmed = tell_alarms(training.as_ref(), &progress);
    let held = alarmed && !args.weights.force;
    let began = Instant::now();
    let mut linked = args.weights.link(&people.index, args.input.across, &progress);
    if held {
        // Whoever takes clusters for decisions must not find any that nobody should trust.
        linked.clusters = (0..people.ids.len() as u32).collect();
    }
    let grouped = began.elapsed();
    let began = Instant::now();
    progress.begin("writing", 0);
    output::write_clusters(&args.out, &people.ids, &linked.clusters)?;
    if let Some(path) = &args.pairs {
        output::write_pairs(path, &people.ids, &linked.pairs, people.index.model())?;
    }
    let clusters = linked.clusters.iter().max().map_or(0, |last| last + 1);
    if let Some(path) = &args.report {
        let contents = Contents {
            people: &people,
            linked: &linked,
            training: training.as_ref(),
            held,
            cluster_at: args.weights.cluster_at(people.index.model()),
            values: args.report_values,
        };
        report::write(path, &contents)?;
    }
    progress.end();
    let wrote = began.elapsed();
    let records = people.ids.len();
    progress.say(&format!(
        "{records} records, {} pairs compared, {} pairs above odds of 1/8, {clusters} persons\n\
         read {:.1} s, learned {:.1} s, compared and put together {:.1} s, wrote {:.1} s",
        linked.compared,
        linked.pairs.len(),
        read.as_secs_f64(),
        learned.as_secs_f64(),
        grouped.as_secs_f64(),
        wrote.as_secs_f64(),
    ));
    if held {
        progress.warn(&format!(
            "The weights learned look wrong, so nobody is put together: {} holds everyone alone. Look at the pairs and \
             the report; then run again with --model and weights that were right for such files (or --model shipped), \
             or with --force if the alarm is of no concern here.",
            args.out.display()
        ));
    }
    if args.json {
        let alarms = training
            .as_ref()
            .map(|t| t.alarms.iter().map(ToString::to_string).collect::<Vec<_>>());
        let summary = json!({
            "files": people.files,
            "records": records,
            "compared": linked.compared,
            "pairs": linked.pairs.len(),
            "clusters": clusters,
            "held": held,
            "threshold_bits": args.weights.cluster_at(people.index.model()),
            "model": people.index.model().version,
            "alarms": alarms.unwrap_or_default(),
            "training": training,
            "seconds": {
                "read": read.as_secs_f64(),
                "learn": learned.as_secs_f64(),
                "link": grouped.as_secs_f64(),
                "write": wrote.as_secs_f64(),
            },
        });
        super::say(&format!("{summary}\n"));
    }
    Ok(if held { End::Alarmed } else { End::Done })
}
