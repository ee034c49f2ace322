//! `link evaluate`: how well a file is linked, by a column that says who is who; or a made-up nation.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use linking::Model;
use linking::evaluate::{BCubed, Curve, Scope, Score, b_cubed, pairwise, true_pairs};
use serde::Serialize;
use serde_json::json;

use super::load::{People, UNKNOWN, load};
use super::progress::Progress;
use super::weights::{WeightsArgs, tell_alarms};
use super::{End, Input, Refusal, nation};

pub(super) const EXAMPLES: &str = "\
Examples:
  mariposa link evaluate people.csv --truth person
  mariposa link evaluate one.csv other.csv --across --truth person --json
  mariposa simulate --students 10000 --nights 1 --out nation/
  mariposa link evaluate nation/";

#[derive(Debug, Args)]
pub(super) struct EvaluateArgs {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    weights: WeightsArgs,
    /// Column that says which rows are one person; linking never sees it
    #[arg(long, value_name = "COL")]
    truth: Option<String>,
    /// Of a made-up nation (a folder instead of a file): print every wrong and missed pair, at most this many of each
    #[arg(long, default_value_t = 0)]
    list: usize,
    /// Print the figures for programs
    #[arg(long)]
    json: bool,
}

/// Thresholds of the table, in bits.
const THRESHOLDS: [f32; 16] = [
    -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0,
];

/// All figures of one run.
#[derive(Debug, Serialize)]
struct Figures {
    records: usize,
    /// Rows of which the truth says nothing; no pair with one is counted.
    without_truth: usize,
    persons: usize,
    clusters: Score,
    clusters_b_cubed: BCubed,
    /// Of all pairs at or above the weight from which people are put together.
    pairs_at_threshold: Score,
    best_f1: Option<At>,
    recall_at_precision_99: f64,
    recall_at_precision_999: f64,
    /// Of the true pairs, those among the pairs written.
    recall_of_pairs: f64,
    curve: Vec<At>,
}

/// The score at a threshold.
#[derive(Debug, Serialize)]
struct At {
    bits: f32,
    probability: f64,
    #[serde(flatten)]
    score: Score,
}

impl At {
    fn new(bits: f32, score: Score, model: &Model) -> At {
        At {
            bits,
            probability: model.probability(bits),
            score,
        }
    }
}

pub(super) fn run(args: &EvaluateArgs) -> Result<End> {
    if let [folder] = args.input.files.as_slice()
        && folder.is_dir()
    {
        if args.truth.is_some() {
            return Err(Refusal::usage(
                "a folder of mariposa simulate has its truth beside it; leave --truth out",
            )
            .into());
        }
        return nation::run(folder, args.list).map(|()| End::Done);
    }
    if args.truth.is_none() {
        return Err(Refusal::usage("say with --truth COLUMN which column tells who is who").into());
    }
    let progress = Progress::new(args.json);
    let mut people = load(
        &args.input,
        args.truth.as_ref(),
        args.weights.first_model()?,
        &progress,
    )?;
    people.index.file_shared();
    let training = args
        .weights
        .settle(&mut people.index, args.input.across, &progress)?;
    let alarmed = tell_alarms(training.as_ref(), &progress);
    let linked = args.weights.link(&people.index, args.input.across, &progress);
    progress.end();
    let figures = figures(
        &people,
        &linked,
        args.input.across,
        args.weights.cluster_at(people.index.model()),
    );
    if args.json {
        let summary =
            json!({ "model": people.index.model().version, "alarmed": alarmed, "figures": figures });
        super::say(&format!("{summary}\n"));
    } else {
        super::say(&text(&figures));
    }
    if alarmed && !args.weights.force {
        progress.warn("The weights learned look wrong: link run would put nobody together.");
        return Ok(End::Alarmed);
    }
    Ok(End::Done)
}

/// Scores what was found, over the records of which the truth is known.
fn figures(people: &People, linked: &linking::bulk::Linked, across: bool, cluster_at: f32) -> Figures {
    let known: Vec<usize> = (0..people.truth.len())
        .filter(|&number| people.truth[number] != UNKNOWN)
        .collect();
    let of = |list: &[u32]| known.iter().map(|&number| list[number]).collect::<Vec<u32>>();
    let (truth, clusters) = (of(&people.truth), of(&linked.clusters));
    let sources = if across { of(&people.sources) } else { Vec::new() };
    let scope = if across {
        Scope::Across(&sources)
    } else {
        Scope::All
    };
    let all = true_pairs(&truth, scope);
    let curve = Curve::new(
        linked
            .pairs
            .iter()
            .map(|pair| {
                (
                    pair.weight,
                    people.truth[pair.a as usize],
                    people.truth[pair.b as usize],
                )
            })
            .filter(|&(_, a, b)| a != UNKNOWN && b != UNKNOWN)
            .map(|(weight, a, b)| (weight, a == b)),
        all,
    );
    let mut persons = truth.clone();
    persons.sort_unstable();
    persons.dedup();
    Figures {
        records: people.truth.len(),
        without_truth: people.truth.len() - known.len(),
        persons: persons.len(),
        clusters: pairwise(&truth, &clusters, scope),
        clusters_b_cubed: b_cubed(&truth, &clusters),
        pairs_at_threshold: curve.at(cluster_at),
        best_f1: curve
            .best_f1()
            .map(|(bits, score)| At::new(bits, score, people.index.model())),
        recall_at_precision_99: curve.recall_at_precision(0.99),
        recall_at_precision_999: curve.recall_at_precision(0.999),
        recall_of_pairs: curve.at(f32::MIN).recall,
        curve: THRESHOLDS
            .iter()
            .map(|&bits| At::new(bits, curve.at(bits), people.index.model()))
            .collect(),
    }
}

fn text(figures: &Figures) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "records                     {}", figures.records);
    if figures.without_truth > 0 {
        let _ = writeln!(out, "without truth, left out     {}", figures.without_truth);
    }
    let _ = writeln!(out, "persons                     {}", figures.persons);
    let _ = writeln!(out, "true pairs                  {}", figures.clusters.true_pairs);
    let _ = writeln!(
        out,
        "true pairs with a weight    {:.4} of them",
        figures.recall_of_pairs
    );
    out.push('\n');
    let _ = writeln!(out, "                            precision  recall      F1");
    let line = |what: &str, precision: f64, recall: f64, f1: f64| {
        format!("{what:<28}   {precision:.4}  {recall:.4}  {f1:.4}\n")
    };
    let score = |what: &str, s: &Score| line(what, s.precision, s.recall, s.f1);
    out += &score("clusters, pair by pair", &figures.clusters);
    let b3 = &figures.clusters_b_cubed;
    out += &line("clusters, B-cubed", b3.precision, b3.recall, b3.f1);
    out += &score("pairs at the threshold", &figures.pairs_at_threshold);
    if let Some(best) = &figures.best_f1 {
        out += &score(&format!("pairs at the best F1 ({:.1}b)", best.bits), &best.score);
    }
    out.push('\n');
    let _ = writeln!(
        out,
        "recall at precision 0.99    {:.4}",
        figures.recall_at_precision_99
    );
    let _ = writeln!(
        out,
        "recall at precision 0.999   {:.4}",
        figures.recall_at_precision_999
    );
    out.push('\n');
    let _ = writeln!(out, "bits  probability       pairs  precision  recall      F1");
    for At {
        bits,
        probability,
        score,
    } in &figures.curve
    {
        let _ = writeln!(
            out,
            "{bits:>4}     {probability:.6}  {:>10}     {:.4}  {:.4}  {:.4}",
            score.found_pairs, score.precision, score.recall, score.f1
        );
    }
    out
}
