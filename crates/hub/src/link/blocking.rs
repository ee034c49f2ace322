//! `link blocking`: what each key costs, and what only it finds.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use linking::Model;
use linking::evaluate::{BlockingCost, KeyPairs, Scope, blocking_cost};
use linking::keys::KeyKind;
use linking::postings::KindReport;
use serde_json::json;

use super::load::{People, load};
use super::progress::Progress;
use super::{End, Input};

pub(super) const EXAMPLES: &str = "\
Examples:
  mariposa link blocking people.csv
  mariposa link blocking people.csv --truth person";

#[derive(Debug, Args)]
pub(super) struct BlockingArgs {
    #[command(flatten)]
    input: Input,
    /// Column that says which rows are one person: also count the true pairs that each key finds
    #[arg(long, value_name = "COL")]
    truth: Option<String>,
    /// Print the figures for programs
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &BlockingArgs) -> Result<End> {
    let progress = Progress::new(args.json);
    let mut people = load(
        &args.input,
        args.truth.as_ref(),
        Model::default_fixed(),
        &progress,
    )?;
    people.index.file();
    progress.begin("counting pairs", 0);
    let scope = if args.input.across {
        Scope::Across(&people.sources)
    } else {
        Scope::All
    };
    let cost = blocking_cost(&people.index, &people.truth, scope);
    let fill = people.index.blocking_report();
    progress.end();
    if args.json {
        let keys: Vec<_> = fill
            .iter()
            .map(|(kind, report)| {
                let pairs = pairs_of(&cost, *kind);
                json!({ "kind": kind, "words": kind.words(), "fill": report, "pairs": pairs })
            })
            .collect();
        let summary = json!({
            "records": people.ids.len(),
            "keys": keys,
            "pairs": cost.pairs,
            "true_found": args.truth.as_ref().map(|_| cost.true_found),
            "true_pairs": args.truth.as_ref().map(|_| cost.true_pairs),
        });
        super::say(&format!("{summary}\n"));
    } else {
        super::say(&text(&people, &fill, &cost, args.truth.is_some()));
    }
    Ok(End::Done)
}

fn pairs_of(cost: &BlockingCost, kind: KeyKind) -> KeyPairs {
    let found = cost.kinds.iter().find(|(other, _)| *other == kind);
    found.map_or_else(KeyPairs::default, |(_, pairs)| *pairs)
}

fn text(people: &People, fill: &[(KeyKind, KindReport)], cost: &BlockingCost, truth: bool) -> String {
    let mut out = String::new();
    let truth_head = if truth { "    true  only here" } else { "" };
    let _ = writeln!(
        out,
        "{:<46} {:>10} {:>10} {:>8} {:>8} {:>8} {:>11} {:>11}{truth_head}",
        "key", "keys", "records", "longest", "narrowed", "too full", "pairs", "only here"
    );
    for (kind, report) in fill {
        let pairs = pairs_of(cost, *kind);
        let found = if truth {
            format!("{:>8} {:>10}", pairs.true_pairs, pairs.true_only)
        } else {
            String::new()
        };
        let _ = writeln!(
            out,
            "{:<46} {:>10} {:>10} {:>8} {:>8} {:>8} {:>11} {:>11}{found}",
            kind.words(),
            report.keys,
            report.records,
            report.longest,
            report.refined,
            report.skipped,
            pairs.pairs,
            pairs.only
        );
    }
    let records = people.ids.len().max(1);
    let _ = writeln!(
        out,
        "\nall keys: {} pairs, {:.1} for each of {records} records",
        cost.pairs,
        cost.pairs as f64 / records as f64
    );
    if truth {
        let recall = cost.true_found as f64 / cost.true_pairs.max(1) as f64;
        let _ = writeln!(
            out,
            "true pairs: {} of {} share a key: recall of blocking {recall:.4}",
            cost.true_found, cost.true_pairs
        );
    }
    out
}
