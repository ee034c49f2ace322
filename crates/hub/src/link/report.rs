//! What a run understood, weighed and found, gathered from the engine for the page of [`page`].

mod chart;
mod page;

use std::path::Path;

use anyhow::{Context as _, Result};
use linking::bulk::{Linked, LinkedPair};
use linking::learn::TrainingReport;
use linking::levels::Field;
use linking::model::Model;

use super::columns::Element;
use super::load::{FileRead, People};
use super::table;
use chart::{Bin, Chart};
use page::{File, Level, Page, Sample, Values};

/// Sample pairs shown, over all weights.
const SAMPLES: usize = 10;

/// Pairs looked at to see which fields the file has.
const LOOKED_AT: usize = 1_000;

/// All that a report shows.
#[derive(Debug)]
pub(super) struct Contents<'a> {
    pub(super) people: &'a People,
    pub(super) linked: &'a Linked,
    pub(super) training: Option<&'a TrainingReport>,
    /// Whether an alarm kept people apart.
    pub(super) held: bool,
    pub(super) cluster_at: f32,
    /// Show the values of the sample pairs.
    pub(super) values: bool,
}

/// Writes the page.
pub(super) fn write(path: &Path, contents: &Contents<'_>) -> Result<()> {
    let page = gather(contents)?;
    std::fs::write(path, page.html()).with_context(|| format!("{} cannot be written", path.display()))
}

fn gather(contents: &Contents<'_>) -> Result<Page> {
    let Contents { people, linked, .. } = contents;
    let index = &people.index;
    let priors = index.model().priors;
    let persons = linked.clusters.iter().max().map_or(0, |last| *last as usize + 1);
    Ok(Page {
        files: people.files.iter().map(file).collect(),
        records: people.ids.len(),
        compared: linked.compared,
        pairs: linked.pairs.len(),
        persons,
        model: index.model().version.clone(),
        cluster_at: contents.cluster_at,
        held: contents.held,
        alarms: contents
            .training
            .map(|training| training.alarms.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        training: contents.training.map(scalars).transpose()?.unwrap_or_default(),
        classes: [
            ("the same person", priors.same),
            ("twins", priors.twin),
            ("siblings", priors.sibling),
            ("strangers", priors.stranger),
        ]
        .into_iter()
        .filter(|class| class.1 > 0.0)
        .map(|(name, size)| (name.to_owned(), size))
        .collect(),
        levels: levels(people, &linked.pairs),
        keys: index
            .blocking_report()
            .into_iter()
            .map(|(kind, report)| (kind.words().to_owned(), report))
            .collect(),
        chart: chart(&linked.pairs, people.index.model(), contents.cluster_at),
        samples: samples(contents)?,
    })
}

fn file(read: &FileRead) -> File {
    File {
        name: read
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        rows: read.seen.rows,
        columns: read
            .columns
            .iter()
            .map(|column| {
                [
                    column.name.clone(),
                    column.element.to_string(),
                    column.note.clone(),
                ]
            })
            .collect(),
        remarks: read.remarks(),
    }
}

/// The single figures of the training, by their names.
fn scalars(training: &TrainingReport) -> Result<Vec<(String, String)>> {
    let value = serde_json::to_value(training)?;
    let fields = value.as_object().into_iter().flatten();
    Ok(fields
        .filter(|(_, value)| value.is_number() || value.is_boolean() || value.is_string())
        .map(|(name, value)| {
            (
                name.replace('_', " "),
                value.to_string().trim_matches('"').to_owned(),
            )
        })
        .collect())
}

/// Evenly spread over a list.
fn spread<T>(items: &[T], most: usize) -> impl Iterator<Item = &T> {
    items.iter().step_by(items.len().div_ceil(most).max(1))
}

/// The rates of the fields that this file has.
fn levels(people: &People, pairs: &[LinkedPair]) -> Vec<Level> {
    let model = people.index.model();
    let mut compared = vec![false; Field::ALL.len()];
    for pair in spread(pairs, LOOKED_AT) {
        if let Some(pair) = people.index.compare(u128::from(pair.a), u128::from(pair.b)) {
            for (compared, field) in compared.iter_mut().zip(Field::ALL) {
                *compared |= pair.levels.get(field) != 0;
            }
        }
    }
    let mut all = Vec::new();
    for (field, _) in Field::ALL
        .into_iter()
        .zip(compared)
        .filter(|(_, compared)| *compared)
    {
        for (level, words) in field.words().iter().enumerate().skip(1) {
            let rates = model.rates(field, level as u8);
            all.push(Level {
                first: level == 1,
                words: (*words).to_owned(),
                same: rates.same,
                stranger: rates.stranger,
                sibling: model.has_relatives().then_some(rates.sibling),
            });
        }
    }
    all
}

/// Pairs by weight in steps of one bit, and what precision and recall are to be expected from each on.
fn chart(pairs: &[LinkedPair], model: &Model, cluster_at: f32) -> Chart {
    const FROM: i32 = -3;
    const TO: i32 = 30;
    let mut bins: Vec<Bin> = (FROM..=TO).map(Bin::new).collect();
    let mut right = vec![0.0; bins.len()];
    for pair in pairs {
        let at = ((pair.weight.floor() as i32).clamp(FROM, TO) - FROM) as usize;
        bins[at].pairs += 1;
        right[at] += model.probability(pair.weight);
    }
    let all: f64 = right.iter().sum();
    let (mut found, mut expected) = (0, 0.0);
    for (bin, right) in bins.iter_mut().zip(right).rev() {
        found += bin.pairs;
        expected += right;
        bin.precision = if found == 0 { 1.0 } else { expected / found as f64 };
        bin.recall = if all == 0.0 { 1.0 } else { expected / all };
    }
    Chart { bins, cluster_at }
}

/// Pairs over the whole range of weights, best first.
fn samples(contents: &Contents<'_>) -> Result<Vec<Sample>> {
    let Contents { people, linked, .. } = contents;
    let mut sorted: Vec<&LinkedPair> = linked.pairs.iter().collect();
    sorted.sort_by(|x, y| y.weight.total_cmp(&x.weight).then((x.a, x.b).cmp(&(y.a, y.b))));
    let (Some(top), Some(bottom)) = (sorted.first(), sorted.last()) else {
        return Ok(Vec::new());
    };
    // Evenly by weight: most pairs are at the two ends, and the middle is what people want to see.
    let step = (top.weight - bottom.weight) / (SAMPLES - 1) as f32;
    let mut chosen: Vec<&LinkedPair> = (0..SAMPLES)
        .filter_map(|at| {
            let wanted = top.weight - step * at as f32;
            let place = sorted.partition_point(|pair| pair.weight > wanted);
            sorted.get(place.min(sorted.len() - 1)).copied()
        })
        .collect();
    chosen.dedup_by_key(|pair| (pair.a, pair.b));
    let mut samples = Vec::new();
    for pair in chosen {
        let Some(explanation) = people.index.explain(u128::from(pair.a), u128::from(pair.b)) else {
            continue;
        };
        samples.push(Sample {
            weight: pair.weight,
            probability: people.index.model().probability(pair.weight),
            together: linked.clusters[pair.a as usize] == linked.clusters[pair.b as usize],
            summary: explanation.summary.clone(),
            picture: linking::waterfall::svg(&explanation),
            values: if contents.values {
                Some([values(people, pair.a as usize)?, values(people, pair.b as usize)?])
            } else {
                None
            },
        });
    }
    Ok(samples)
}

/// The values of a record, read again from its file.
fn values(people: &People, number: usize) -> Result<Values> {
    let file = people.files.iter().rev().find(|file| file.first <= number);
    let file = file.context("every record is of a file")?;
    let rows = table::rows(&file.path, &[number - file.first])?;
    let row = rows.first().context("the file has changed while it was linked")?;
    Ok(Values {
        id: people.ids.text(number),
        cells: file
            .columns
            .iter()
            .zip(&row.cells)
            .filter(|(column, _)| !matches!(column.element, Element::Ignore | Element::Id))
            .map(|(column, cell)| (column.name.clone(), cell.clone()))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use linking::model::probability;

    use super::*;

    #[test]
    fn the_chart_counts_every_pair_and_expects_what_probabilities_say() {
        let pair = |weight| LinkedPair { a: 0, b: 1, weight };
        let chart = chart(
            &[pair(-2.5), pair(0.0), pair(0.2), pair(99.0)],
            &Model::general(),
            0.0,
        );
        let counts: Vec<(i32, u64)> = chart
            .bins
            .iter()
            .filter(|b| b.pairs > 0)
            .map(|b| (b.from, b.pairs))
            .collect();
        assert_eq!(counts, [(-3, 1), (0, 2), (30, 1)]);
        let at = |from| chart.bins.iter().find(|bin| bin.from == from).unwrap();
        assert!((at(30).precision - 1.0).abs() < 1e-9);
        let expected = (probability(0.0) + probability(0.2) + 1.0) / 3.0;
        assert!((at(0).precision - expected).abs() < 1e-9);
        assert!((at(-3).recall - 1.0).abs() < 1e-9 && at(30).recall < at(0).recall);
    }

    #[test]
    fn samples_are_spread() {
        assert_eq!(
            spread(&[0, 1, 2, 3, 4, 5, 6], 3).copied().collect::<Vec<_>>(),
            [0, 3, 6]
        );
        assert_eq!(spread(&[0, 1], 10).count(), 2);
        assert_eq!(spread::<u8>(&[], 10).count(), 0);
    }
}
