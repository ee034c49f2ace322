//! Which model weighs: learned from the files themselves, or one that was kept.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use linking::bulk::{self, BulkOptions, Linked};
use linking::learn::{self, LearnOptions, Relatives, TrainingReport};
use linking::{LinkIndex, Model};
use serde::{Deserialize, Serialize};

use super::Refusal;
use super::progress::Progress;

/// The word for `--model` that means the program's own weights, as they are.
const SHIPPED: &str = "shipped";

#[derive(Debug, Clone, Args)]
pub(super) struct WeightsArgs {
    /// Learn weights from these files, starting from --model or the shipped ones [default without --model]
    #[arg(long)]
    train: bool,
    /// Weights saved before, or the word "shipped" for the program's own
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Save the weights with the report of their training, as JSON
    #[arg(long, value_name = "FILE")]
    save_model: Option<PathBuf>,
    /// Put people together from this probability (0.95) or this many bits (4.2b) [default: 0.5]
    #[arg(long, value_name = "P or BITSb", value_parser = threshold, allow_hyphen_values = true)]
    threshold: Option<Threshold>,
    /// Whether twins and siblings are told from the person: for files with families
    #[arg(long, default_value = "auto")]
    relatives: RelativesArg,
    /// Put people together even when the weights learned look wrong
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RelativesArg {
    /// Where the file shows them
    Auto,
    On,
    Off,
}

/// From where people are put together.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Threshold {
    /// From a probability of the model, as pairs and report show it.
    Probability(f64),
    /// From a weight in bits, whatever its probability.
    Bits(f32),
}

impl Threshold {
    /// As likely as not.
    const DEFAULT: Threshold = Threshold::Probability(0.5);

    fn bits(self, model: &Model) -> f32 {
        match self {
            Self::Probability(probability) => model.weight_from(probability),
            Self::Bits(bits) => bits,
        }
    }
}

fn threshold(text: &str) -> Result<Threshold, String> {
    let wrong = || "write a probability such as 0.95, or bits such as 4.2b".to_owned();
    if let Some(bits) = text.strip_suffix('b') {
        return bits
            .parse()
            .ok()
            .filter(|bits: &f32| bits.is_finite())
            .map(Threshold::Bits)
            .ok_or_else(wrong);
    }
    let probability: f64 = text.parse().map_err(|_| wrong())?;
    if probability > 0.0 && probability < 1.0 {
        Ok(Threshold::Probability(probability))
    } else {
        Err(wrong())
    }
}

/// A model as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct ModelFile {
    model: Model,
    /// How it was learned; only for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    training: Option<serde_json::Value>,
}

impl WeightsArgs {
    /// The model to begin with.
    pub(super) fn first_model(&self) -> Result<Model> {
        let Some(path) = self.model.as_ref().filter(|path| *path != Path::new(SHIPPED)) else {
            return Ok(Model::default_fixed());
        };
        let name = path.display();
        let text = std::fs::read(path)
            .map_err(|error| Refusal::usage(format!("the model {name} cannot be read: {error}")))?;
        let file: ModelFile = serde_json::from_slice(&text).map_err(|error| {
            Refusal::usage(format!("{name} is no model that --save-model wrote: {error}"))
        })?;
        Ok(file.model)
    }

    /// Learns where that is wanted, and saves where that is wanted; the report if there was learning.
    pub(super) fn settle(
        &self,
        index: &mut LinkIndex,
        across: bool,
        progress: &Progress,
    ) -> Result<Option<TrainingReport>> {
        let learns = self.train || self.model.is_none();
        if !learns && self.relatives != RelativesArg::Auto {
            return Err(
                Refusal::usage("--relatives is decided when weights are learned; add --train").into(),
            );
        }
        let mut training = None;
        if learns {
            progress.begin("learning weights", 0);
            let options = LearnOptions {
                relatives: match self.relatives {
                    RelativesArg::Auto => Relatives::Auto,
                    RelativesArg::On => Relatives::On,
                    RelativesArg::Off => Relatives::Off,
                },
                across,
            };
            let learned = learn::learn(index, &options);
            index.set_model(learned.model);
            if let Some(why) = &learned.report.kept {
                progress.say(why);
            }
            training = Some(learned.report);
        }
        if let Some(path) = &self.save_model {
            let file = ModelFile {
                model: index.model().clone(),
                training: training.as_ref().map(serde_json::to_value).transpose()?,
            };
            std::fs::write(path, serde_json::to_vec_pretty(&file)?)
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
        Ok(training)
    }

    /// The weight from which people are put together by this model, in bits.
    pub(super) fn cluster_at(&self, model: &Model) -> f32 {
        self.threshold.unwrap_or(Threshold::DEFAULT).bits(model)
    }

    /// Links all records of an index.
    pub(super) fn link(&self, index: &LinkIndex, across: bool, progress: &Progress) -> Linked {
        let total = index.len() as u64;
        progress.begin("comparing", total);
        let options = BulkOptions {
            across,
            cluster_at: self.cluster_at(index.model()),
            ..BulkOptions::default()
        };
        bulk::link(index, &options, &|now| match now {
            bulk::Progress::Compared(done) => progress.at(done),
            bulk::Progress::Grouping(_) => progress.begin("putting together", 0),
        })
    }
}

/// Says what looks wrong with what was learned, and how to go on; whether anything does.
pub(super) fn tell_alarms(training: Option<&TrainingReport>, progress: &Progress) -> bool {
    let alarms = training.map_or(&[][..], |report| report.alarms.as_slice());
    for alarm in alarms {
        progress.warn(&format!("alarm: {alarm}"));
    }
    !alarms.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_probabilities_or_bits() {
        let model = Model::default_fixed();
        let close = |text: &str, bits: f32| (threshold(text).unwrap().bits(&model) - bits).abs() < 1e-4;
        assert!(close("0.5", 0.0) && close("0.95", 4.2479) && close("4.2b", 4.2) && close("-1b", -1.0));
        for text in ["1", "0", "1.5", "4", "b", "NaNb", "infb", "95%", ""] {
            assert!(threshold(text).is_err(), "{text}");
        }
    }
}
