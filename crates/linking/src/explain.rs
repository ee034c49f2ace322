//! Why two students are, or are not, taken for one child: element by element in words and in bits, against strangers
//! and against relatives apart, with the rule that decided and the fact that would settle it.
//!
//! Everything here stands on the public functions of [`Scorer`], so that a set of weights and its explanation cannot
//! part: a hypothetical answer is weighed by setting the level and asking the model.

mod settle;

use serde::{Deserialize, Serialize};

use crate::cluster::{Reason, Veto, veto};
use crate::compare::{Comparison, compare};
use crate::decisions::{HumanDecisions, Verdict};
use crate::frequency::Role;
use crate::index::LinkIndex;
use crate::levels::Field;
use crate::levels::level::{birth_date, given, middle, parents, sex, surname};
use crate::model::{Thresholds, probability};
use crate::record::Record;
use crate::tokens::{NONE, TokenId, Tokens};
use crate::weigh::{FieldBits, Scorer, of_name};

pub use settle::{Decision, Outcome, Settling};

/// Bits beyond this are not told apart, so that every figure is finite, whatever the priors.
const MOST_BITS: f32 = 99.0;

/// One field of an [`Explanation`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The field.
    pub field: Field,
    /// Its name, for people.
    pub title: String,
    /// The numbers of its data elements.
    pub elements: Vec<u16>,
    /// The level.
    pub level: u8,
    /// What the level means.
    pub words: String,
    /// What it says about the question, without figures.
    pub says: String,
    /// Bits for "one child" against strangers.
    pub bits_strangers: f32,
    /// Bits for "one child" against relatives, of the kind that explains the pair better.
    pub bits_relatives: f32,
    /// The part of `bits_strangers` that comes from the shared values being rarer (positive) or commoner (negative)
    /// than values on which two strangers agree usually are.
    pub frequency_bits: f32,
    /// How common the shared values are, where that counts ("1 in 250").
    pub note: Option<String>,
}

/// The kind of relatives that explains a pair best, if it is not one child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kin {
    /// Born together.
    Twins,
    /// Brothers and sisters of other births.
    Siblings,
}

impl Kin {
    /// The kind in plain words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Twins => "twins",
            Self::Siblings => "brothers or sisters",
        }
    }
}

/// "One child" against one other explanation alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// Bits before any field.
    pub prior: f32,
    /// Bits with all fields.
    pub total: f32,
    /// The probability if there were no other explanation.
    pub probability: f64,
}

impl Against {
    fn new(prior: f64, bits: impl Iterator<Item = f32>) -> Self {
        let prior = (prior as f32).clamp(-MOST_BITS, MOST_BITS);
        let total = (prior + bits.sum::<f32>()).clamp(-MOST_BITS, MOST_BITS);
        Self {
            prior,
            total,
            probability: probability(total),
        }
    }
}

/// Where the decision changes, in bits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bands {
    /// People are asked at and above it.
    pub review: f32,
    /// Nobody is asked at and above it, unless something forbids it. Higher than the model's where another candidate
    /// fits nearly as well.
    pub automatic: f32,
    /// Both as probabilities, by what people decided.
    pub probabilities: [f64; 2],
}

/// The rule that decides a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The evidence is enough and nothing forbids it: joined without people.
    Automatic,
    /// People are asked.
    Asked(Reason),
    /// The evidence is too weak to ask anybody.
    Apart,
    /// People have decided; evidence no longer counts.
    People(Verdict),
}

impl Rule {
    /// The rule of a pair by itself, apart from other candidates and from what people said.
    fn of(a: &Record, b: &Record, comparison: &Comparison, weight: f32, thresholds: &Thresholds) -> Self {
        if weight < thresholds.review {
            return Self::Apart;
        }
        match veto(a, b, comparison.levels, weight, thresholds) {
            Some(veto) => Self::Asked(Reason::Veto(veto)),
            None if weight >= thresholds.auto => Self::Automatic,
            None => Self::Asked(Reason::Uncertain),
        }
    }
}

/// Why people are asked, in words.
#[must_use]
pub fn reason_words(reason: Reason) -> &'static str {
    match reason {
        Reason::Uncertain => "The evidence is not enough",
        Reason::TwoCandidates => "Another child fits nearly as well",
        Reason::Contradicted => "Other records of the same child speak against it",
        Reason::Split => "The records of this child no longer look like one child",
        Reason::Veto(Veto::SameState) => "One state holds both under different identifiers",
        Reason::Veto(Veto::OverlappingEnrollments) => "Both were enrolled at the same time",
        Reason::Veto(Veto::MultipleBirth) => "A multiple birth with different given names",
        Reason::Veto(Veto::ParentsDiffer) => "Parents differ",
        Reason::Veto(Veto::SexAndGivenName) => "Sex and given name differ",
        Reason::Veto(Veto::HumanDifferent) => "People said that these are different children",
    }
}

/// Why a pair weighs what it weighs. Holds no value of any element, so it can be kept with the decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The model it was weighed by.
    pub model: String,
    /// Log2 of the odds that the two are one child, against all other explanations together.
    pub weight: f32,
    /// The same as a probability, by what people decided as far as they did.
    pub probability: f64,
    /// Against strangers alone.
    pub strangers: Against,
    /// Against relatives alone; none where the model knows of no families.
    pub relatives: Option<Against>,
    /// Against namesakes alone: children of two families of one name and birth date. They share these as one child
    /// does, and all else as strangers do. None where the model knows of none.
    #[serde(default)]
    pub namesakes: Option<Against>,
    /// The kind of relatives that `relatives` and each row's bits stand against.
    pub kin: Kin,
    /// The fields that were compared.
    pub rows: Vec<Row>,
    /// The fields that could not be compared.
    pub missing: Vec<Field>,
    /// Where the decision changes.
    pub bands: Bands,
    /// The rule that decides.
    pub rule: Rule,
    /// Single facts that would settle the question, the most useful first; empty where nothing is open or where no
    /// single fact settles it.
    pub settle: Vec<Settling>,
    /// What agrees and what does not, in a line.
    pub summary: String,
}

impl Explanation {
    /// The likeliest explanation other than "one child", in plain words.
    #[must_use]
    pub fn rival_explanation(&self) -> &'static str {
        let rivals = [
            (Some(self.strangers), "strangers"),
            (self.relatives, self.kin.words()),
            (
                self.namesakes,
                "namesakes, two children of two families with one name and birth date",
            ),
        ];
        let rivals = rivals
            .into_iter()
            .filter_map(|(against, words)| Some((against?.total, words)));
        rivals
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map_or("strangers", |rival| rival.1)
    }

    /// Which rule decided, in a sentence.
    #[must_use]
    pub fn rule_words(&self) -> String {
        let at = |bits: f32, of: f64| format!("{} bits, probability {}", signed(bits), chance(of));
        let [review, automatic] = self.bands.probabilities;
        match self.rule {
            Rule::Automatic => format!(
                "One child, joined without people: the evidence is above the upper threshold ({}) and nothing \
                 forbids it.",
                at(self.bands.automatic, automatic)
            ),
            Rule::Asked(Reason::Uncertain) => format!(
                "People are asked: the evidence is between the thresholds ({}; {}).",
                at(self.bands.review, review),
                at(self.bands.automatic, automatic)
            ),
            Rule::Asked(Reason::Veto(veto)) => {
                format!(
                    "People are asked, whatever the weight: {}.",
                    lower(reason_words(Reason::Veto(veto)))
                )
            }
            Rule::Asked(reason) => format!("People are asked: {}.", lower(reason_words(reason))),
            Rule::Apart => format!(
                "Two children; nobody is asked: the evidence is below the lower threshold ({}).",
                at(self.bands.review, review)
            ),
            Rule::People(Verdict::Same) => "One child: people decided so, and that stands.".to_owned(),
            Rule::People(Verdict::Different) => {
                "Two children: people decided so, and that stands.".to_owned()
            }
        }
    }

    /// What single fact would settle it, in a sentence or two; a second fact where there is one.
    #[must_use]
    pub fn settle_words(&self) -> String {
        match (self.rule, self.settle.first()) {
            (Rule::Automatic | Rule::People(_), _) => "Nothing is open.".to_owned(),
            (_, Some(settling)) => match self.settle.get(1) {
                Some(second) => format!("{} Or: {}", settling.words, lower(&second.words)),
                None => settling.words.clone(),
            },
            (Rule::Apart, None) => "No single fact would make it one child.".to_owned(),
            (Rule::Asked(_), None) => {
                "No single fact settles it: compare the two records as a whole and ask the states.".to_owned()
            }
        }
    }
}

/// What stands around a pair and bears on it.
#[derive(Debug, Clone, Copy, Default)]
struct Context {
    /// What people said of it.
    verdict: Option<Verdict>,
    /// Why the engine asks people about the groups of the two.
    reason: Option<Reason>,
    /// The weight of the best other candidate for one of the two, if it is near enough to compete.
    rival: Option<f32>,
}

impl LinkIndex {
    /// Explains a pair by itself; `None` if one of the two is not held. The order does not matter.
    pub fn explain(&self, a: u128, b: u128) -> Option<Explanation> {
        self.explain_in(a, b, Context::default())
    }

    /// Explains a pair among all that is held: with what people said of it, and with the other candidates, which
    /// takes two searches. `None` if one of the two is not held.
    pub fn explain_among(&self, a: u128, b: u128, humans: &HumanDecisions) -> Option<Explanation> {
        let weight = self.compare(a, b)?.weight;
        let rival = [(a, b), (b, a)]
            .into_iter()
            .filter_map(|(own, partner)| self.rival(own, partner, weight, humans))
            .max_by(f32::total_cmp);
        let context = Context {
            verdict: humans.verdict(a, b),
            reason: None,
            rival,
        };
        self.explain_in(a, b, context)
    }

    /// Explains the pair that stands for two groups about which people are asked, for the engine's reason, which may
    /// lie in other records of the groups. `None` if one of the two is not held.
    pub fn explain_open(
        &self,
        a: u128,
        b: u128,
        reason: Reason,
        humans: &HumanDecisions,
    ) -> Option<Explanation> {
        let explanation = self.explain_among(a, b, humans)?;
        if explanation.rule == Rule::Asked(reason) || matches!(explanation.rule, Rule::People(_)) {
            return Some(explanation);
        }
        let rival = (explanation.bands.automatic > self.model().thresholds.auto)
            .then(|| explanation.bands.automatic - self.model().thresholds.margin);
        let context = Context {
            verdict: None,
            reason: Some(reason),
            rival,
        };
        self.explain_in(a, b, context)
    }

    /// The weight of the best candidate for `own` that is nearly as good as `partner` and not the same child as it.
    fn rival(&self, own: u128, partner: u128, weight: f32, humans: &HumanDecisions) -> Option<f32> {
        let thresholds = &self.model().thresholds;
        let free = |x: u128, y: u128, weight: f32| -> Option<bool> {
            let (a, b) = (self.record(x.min(y))?, self.record(x.max(y))?);
            let levels = compare(a, b, self.tokens()).levels;
            let forbidden = humans.verdict(x, y) == Some(Verdict::Different);
            Some(!forbidden && veto(a, b, levels, weight, thresholds).is_none())
        };
        let near = thresholds.review.max(weight - thresholds.margin);
        self.matches(own, near)
            .into_iter()
            .filter(|pair| {
                let rival = if pair.a == own { pair.b } else { pair.a };
                let one_child = self.compare(partner, rival).is_some_and(|other| {
                    other.weight >= thresholds.join && free(partner, rival, other.weight) == Some(true)
                });
                rival != partner && !one_child && free(own, rival, pair.weight) == Some(true)
            })
            .map(|pair| pair.weight)
            .next()
    }

    fn explain_in(&self, a: u128, b: u128, context: Context) -> Option<Explanation> {
        let (a, b) = (self.record(a.min(b))?, self.record(a.max(b))?);
        let model = self.model();
        let (comparison, weight) = self.score(a, b);
        let scorer = Scorer::new(model);
        let bits = scorer.field_bits(&comparison, self.tokens());
        let kin = kin(&scorer, &comparison, self.tokens());
        let row = |&(field, bits): &(Field, FieldBits)| Row {
            field,
            title: title(field),
            elements: field.elements().to_vec(),
            level: comparison.levels.get(field),
            words: comparison.levels.words(field).to_owned(),
            says: says(bits, kin),
            bits_strangers: bits.strangers,
            bits_relatives: bits.relatives,
            frequency_bits: bits.frequency,
            note: self.note(field, &comparison),
        };
        let rows: Vec<Row> = bits.iter().map(row).collect();
        let [stranger, twin, sibling] = model.prior_bits();
        let kin_prior = match kin {
            Kin::Twins => twin,
            Kin::Siblings => sibling,
        };
        let thresholds = &model.thresholds;
        let alone = Rule::of(a, b, &comparison, weight, thresholds);
        let rule = match (context.verdict, context.reason, context.rival) {
            (Some(verdict), ..) => Rule::People(verdict),
            (None, Some(reason), _) => Rule::Asked(reason),
            (None, None, Some(_)) if alone == Rule::Automatic => Rule::Asked(Reason::TwoCandidates),
            _ => alone,
        };
        let automatic = context.rival.map_or(thresholds.auto, |rival| {
            thresholds.auto.max(rival + thresholds.margin)
        });
        let mut explanation = Explanation {
            model: model.version.clone(),
            weight,
            probability: model.probability(weight),
            strangers: Against::new(stranger, rows.iter().map(|row| row.bits_strangers)),
            relatives: model
                .has_relatives()
                .then(|| Against::new(kin_prior, rows.iter().map(|row| row.bits_relatives))),
            namesakes: (model.priors.namesake > 0.0).then(|| {
                let prior = (model.priors.same / model.priors.namesake).log2();
                let telling = rows.iter().filter(|row| !of_name(row.field));
                Against::new(prior, telling.map(|row| row.bits_strangers))
            }),
            kin,
            missing: Field::ALL
                .into_iter()
                .filter(|&field| comparison.levels.get(field) == 0)
                .collect(),
            bands: Bands {
                review: thresholds.review,
                automatic,
                probabilities: [thresholds.review, automatic].map(|bits| model.probability(bits)),
            },
            rule,
            settle: Vec::new(),
            summary: summary(&comparison),
            rows,
        };
        if matches!(rule, Rule::Asked(_) | Rule::Apart) {
            explanation.settle = settle::settle((&scorer, self), (a, b), &comparison, &explanation);
        }
        Some(explanation)
    }

    fn note(&self, field: Field, comparison: &Comparison) -> Option<String> {
        let one_in = |id: TokenId, role| {
            let share = self.tokens().share(id, role).max(1e-9);
            (id != NONE).then(|| format!("1 in {:.0}", (1.0 / share).max(1.0)))
        };
        match field {
            Field::Given => one_in(comparison.given, Role::Given),
            Field::Middle => one_in(comparison.middle, Role::Given),
            Field::BirthCity => one_in(comparison.city, Role::City),
            Field::Surname => {
                let shares: Vec<String> = comparison
                    .surnames
                    .iter()
                    .filter_map(|&id| one_in(id, Role::Surname))
                    .collect();
                (!shares.is_empty()).then(|| shares.join("; "))
            }
            _ => None,
        }
    }
}

/// The kind of relatives that [`Scorer::field_bits`] weighs against: the likelier one.
fn kin(scorer: &Scorer, comparison: &Comparison, tokens: &Tokens) -> Kin {
    let corrections = scorer.corrections(comparison, tokens);
    let [_, twin, sibling, ..] = scorer.classes(comparison.levels, &corrections);
    if twin > sibling { Kin::Twins } else { Kin::Siblings }
}

/// The name of a field, for people.
#[must_use]
pub fn title(field: Field) -> String {
    match field {
        Field::Given => "First given name".to_owned(),
        Field::Middle => "Other given names".to_owned(),
        Field::Parents => "Parents and guardian".to_owned(),
        Field::BirthPlace => "Birth state and country".to_owned(),
        Field::Source => "Whose records".to_owned(),
        Field::Generation => "Suffix (Jr., III)".to_owned(),
        Field::Identifier => "Identifiers".to_owned(),
        // What is missing names the field.
        other => upper(other.words()[0].trim_end_matches(" not compared")),
    }
}

/// What a field says about the question, in words.
fn says(bits: FieldBits, kin: Kin) -> String {
    let strength = |bits: f32| match bits.abs() {
        x if x < 2.0 => "slightly",
        x if x < 5.0 => "clearly",
        x if x < 9.0 => "strongly",
        _ => "very strongly",
    };
    let (strangers, relatives) = (bits.strangers, bits.relatives);
    let first = match strangers {
        x if x.abs() < 0.5 => "says little against strangers".to_owned(),
        x if x > 0.0 => format!("speaks {} for one child", strength(x)),
        x => format!("speaks {} against it", strength(x)),
    };
    match relatives {
        x if strangers >= 0.5 && x <= -0.5 => format!("{first}, but more for {}", kin.words()),
        x if strangers >= 0.5 && x < 0.5 => format!("{first}, but {} share it too", kin.words()),
        x if strangers < 0.5 && x >= 0.5 => {
            format!("{first}, but speaks {} against {}", strength(x), kin.words())
        }
        x if strangers.abs() < 0.5 && x <= -0.5 => {
            format!("{first}, and speaks {} for {}", strength(x), kin.words())
        }
        _ => first,
    }
}

/// A weight with its sign: `+3.2`, `−1.0`.
#[must_use]
pub fn signed(bits: f32) -> String {
    let rounded = (bits * 10.0).round() / 10.0;
    if rounded < 0.0 {
        format!("−{:.1}", -rounded)
    } else {
        format!("+{:.1}", rounded.abs())
    }
}

/// A probability with as many digits as it needs, never rounded to certainty.
#[must_use]
pub fn chance(probability: f64) -> String {
    match probability {
        p if p >= 0.999_95 => "over 0.9999".to_owned(),
        p if p < 0.000_05 => "under 0.0001".to_owned(),
        p if (0.01..0.985).contains(&p) => format!("{p:.2}"),
        p => format!("{p:.4}"),
    }
}

fn upper(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// What was compared, the telling fields first; fields that nearly always agree only where they do not.
fn summary(comparison: &Comparison) -> String {
    let levels = comparison.levels;
    let order = [
        Field::BirthDate,
        Field::Given,
        Field::Middle,
        Field::Surname,
        Field::Parents,
        Field::BirthCity,
        Field::Sex,
        Field::MultipleBirth,
        Field::Generation,
        Field::Source,
        Field::Identifier,
    ];
    let telling = |&field: &Field| {
        let said = (field, levels.get(field));
        !matches!(
            said,
            (_, 0) | (Field::Sex | Field::Generation | Field::Source, 1) | (Field::MultipleBirth, 3)
        )
    };
    let words: Vec<&str> = order
        .into_iter()
        .filter(telling)
        .map(|field| levels.words(field))
        .collect();
    if words.is_empty() {
        "nothing could be compared".to_owned()
    } else {
        words.join("; ")
    }
}

/// The fields in which a pair does not simply agree, as short names.
pub fn differences(levels: crate::levels::Levels) -> Vec<&'static str> {
    let mut out = Vec::new();
    let given_word = match levels.get(Field::Given) {
        0 | given::EXACT => None,
        given::NICKNAME => Some("nickname"),
        given::CLOSE | given::SIMILAR => Some("given name spelling"),
        given::OTHER_EQUAL | given::OTHER_CLOSE => Some("other given name used"),
        given::INITIAL => Some("initial only"),
        _ => Some("given name"),
    };
    let surname_word = match levels.get(Field::Surname) {
        0 | surname::BOTH | surname::SINGLE => None,
        surname::SWAPPED => Some("surnames swapped"),
        surname::FIRST_ONE_SIDED | surname::SECOND_IS_ONLY => Some("surname dropped"),
        surname::ONE_CLOSE | surname::CLOSE | surname::SIMILAR => Some("surname spelling"),
        _ => Some("surname"),
    };
    let date_word = match levels.get(Field::BirthDate) {
        birth_date::EXACT => None,
        0 => Some("birth date missing"),
        birth_date::EXACT_PLACEHOLDER | birth_date::PLACEHOLDER => Some("birth date placeholder"),
        birth_date::SWAPPED => Some("day and month swapped"),
        birth_date::DIFFERS | birth_date::MONTH_DAY | birth_date::YEAR_AND_PART => Some("birth date"),
        _ => Some("birth date typing error"),
    };
    let parents_word = match levels.get(Field::Parents) {
        0 => Some("parents missing"),
        parents::DIFFER | parents::ONE_DIFFERS | parents::SURNAMES | parents::GIVEN_ONLY => Some("parents"),
        _ => None,
    };
    out.extend(
        [given_word, surname_word, date_word, parents_word]
            .into_iter()
            .flatten(),
    );
    if levels.get(Field::Middle) == middle::DIFFERS {
        out.push("second given name");
    }
    if levels.get(Field::Sex) == sex::DIFFERS {
        out.push("sex");
    }
    out
}

#[cfg(test)]
mod tests;
