//! What single fact would settle a pair: each field that is missing or weak is set to "the same" and to "different",
//! and the model is asked what the pair would weigh then.

use serde::{Deserialize, Serialize};

use super::{Bands, Explanation, Rule, chance};
use crate::cluster::{Reason, Veto};
use crate::compare::Comparison;
use crate::index::LinkIndex;
use crate::levels::Field;
use crate::levels::level::{
    MISSING, birth_date, city, generation, given, identifier, middle, multiple_birth, parents, place, sex,
    source, surname,
};
use crate::model::Thresholds;
use crate::record::{Adult, Record};
use crate::tokens::NONE;
use crate::weigh::Scorer;

/// What weighs, and what is held.
type Engine<'a> = (&'a Scorer, &'a LinkIndex);

/// The most facts that are named.
const MOST_FACTS: usize = 3;

/// What would be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Joined without people.
    OneChild,
    /// People are asked.
    People,
    /// Nobody is asked.
    TwoChildren,
}

/// What a pair would weigh if one fact were known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// In bits.
    pub weight: f32,
    /// The same as a probability.
    pub probability: f64,
    /// What would be decided.
    pub decision: Decision,
}

/// A single fact that would settle a pair, at least if it comes out one way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settling {
    /// The field it belongs to.
    pub field: Field,
    /// What to ask for: "the mother's name".
    pub fact: String,
    /// Whether it is missing today (otherwise it is said, but weakly or differently).
    pub missing: bool,
    /// If it turns out to be the same.
    pub if_same: Option<Outcome>,
    /// If it turns out to be different.
    pub if_different: Option<Outcome>,
    /// All of it in plain words.
    pub words: String,
}

/// A fact that somebody could find out.
struct Fact {
    field: Field,
    /// What to ask for.
    ask: &'static str,
    /// "If …": how it would turn out to be the same, and the level that means.
    same: Option<(&'static str, u8)>,
    /// The same for different.
    different: Option<(&'static str, u8)>,
}

/// The facts that settle a pair that is open, the most useful first: what a veto rests on, then those that settle it
/// whatever the answer, then those that are missing before those that would have to be corrected, then the heaviest.
pub(super) fn settle(
    engine: Engine<'_>,
    pair: (&Record, &Record),
    comparison: &Comparison,
    explanation: &Explanation,
) -> Vec<Settling> {
    let mut found: Vec<(Settling, f32)> = facts(pair, comparison)
        .into_iter()
        .filter_map(|fact| weigh(engine, pair, comparison, explanation, &fact))
        .collect();
    found.sort_by(|(a, range_a), (b, range_b)| {
        let ways = |s: &Settling| usize::from(decides(s, true)) + usize::from(decides(s, false));
        let veto = |s: &Settling| rests_on(explanation.rule, s.field);
        (veto(b), ways(b), b.missing)
            .cmp(&(veto(a), ways(a), a.missing))
            .then(range_b.total_cmp(range_a))
            .then(a.field.cmp(&b.field))
    });
    found
        .into_iter()
        .map(|(settling, _)| settling)
        .take(MOST_FACTS)
        .collect()
}

/// Whether a veto rests on a field.
fn rests_on(rule: Rule, field: Field) -> bool {
    let Rule::Asked(Reason::Veto(veto)) = rule else {
        return false;
    };
    match veto {
        Veto::SameState | Veto::OverlappingEnrollments => field == Field::Source,
        Veto::MultipleBirth => matches!(field, Field::Given | Field::MultipleBirth),
        Veto::ParentsDiffer => field == Field::Parents,
        Veto::SexAndGivenName => matches!(field, Field::Sex | Field::Given),
        Veto::HumanDifferent => false,
    }
}

fn decides(settling: &Settling, same: bool) -> bool {
    if same {
        settling.if_same.is_some_and(|o| o.decision == Decision::OneChild)
    } else {
        settling
            .if_different
            .is_some_and(|o| o.decision == Decision::TwoChildren)
    }
}

/// Weighs both answers; `None` if neither settles anything. With it the bits between the two answers.
fn weigh(
    engine: Engine<'_>,
    pair: (&Record, &Record),
    comparison: &Comparison,
    explanation: &Explanation,
    fact: &Fact,
) -> Option<(Settling, f32)> {
    let outcome = |level: u8| outcome(engine, pair, comparison, explanation.bands, fact.field, level);
    let same = fact.same.map(|(when, level)| (when, outcome(level)));
    let different = fact.different.map(|(when, level)| (when, outcome(level)));
    let apart = explanation.rule == Rule::Apart;
    let mut words = Vec::new();
    if let Some((when, outcome)) = same.filter(|(_, o)| o.decision == Decision::OneChild) {
        let alone = if explanation.rule == Rule::Asked(Reason::TwoCandidates) {
            ", unless the other candidate has the same"
        } else {
            ""
        };
        words.push(format!(
            "if {when}, this is one child (probability {}){alone}",
            chance(outcome.probability)
        ));
    }
    // A pair that is apart already is settled that way.
    if let Some((when, outcome)) = different.filter(|(_, o)| !apart && o.decision == Decision::TwoChildren) {
        words.push(format!(
            "if {when}, these count as two children (probability of one child {})",
            chance(outcome.probability)
        ));
    }
    if words.is_empty() {
        return None;
    }
    let range = same.map_or(explanation.weight, |(_, o)| o.weight)
        - different.map_or(explanation.weight, |(_, o)| o.weight);
    let settling = Settling {
        field: fact.field,
        fact: fact.ask.to_owned(),
        missing: comparison.levels.get(fact.field) == MISSING,
        if_same: same.map(|(_, outcome)| outcome),
        if_different: different.filter(|_| !apart).map(|(_, outcome)| outcome),
        words: format!("{}. Ask for {}.", super::upper(&words.join("; ")), fact.ask),
    };
    Some((settling, range))
}

/// The pair with one field at another level, weighed and decided as any pair is.
fn outcome(
    engine: Engine<'_>,
    (a, b): (&Record, &Record),
    comparison: &Comparison,
    bands: Bands,
    field: Field,
    level: u8,
) -> Outcome {
    let mut supposed = *comparison;
    supposed.levels = supposed.levels.with(field, level);
    let (mut a, mut b) = (a.clone(), b.clone());
    match field {
        // The shared value is not known yet: it counts as one of average frequency.
        Field::Given => supposed.given = NONE,
        Field::Middle => supposed.middle = NONE,
        Field::Surname if level == surname::DIFFERS || comparison.surnames[0] == NONE => {
            supposed.surnames = [NONE; 2];
        }
        Field::BirthCity => {
            supposed.city = NONE;
            if level == city::EXACT {
                // The city already says in which state and country it is.
                supposed.levels = supposed.levels.with(Field::BirthPlace, MISSING);
            }
        }
        Field::MultipleBirth => {
            a.multiple_birth = Some(level != multiple_birth::NEITHER);
            b.multiple_birth = Some(level == multiple_birth::BOTH);
        }
        _ => {}
    }
    let (scorer, index) = engine;
    let weight = scorer.weigh(&supposed, index.tokens());
    let thresholds = Thresholds {
        auto: bands.automatic,
        ..index.model().thresholds
    };
    let decision = match Rule::of(&a, &b, &supposed, weight, &thresholds) {
        Rule::Automatic => Decision::OneChild,
        Rule::Apart => Decision::TwoChildren,
        Rule::Asked(_) | Rule::People(_) => Decision::People,
    };
    Outcome {
        weight,
        probability: index.model().probability(weight),
        decision,
    }
}

/// What could be found out about a pair. Fields that agree as well as they can are not asked about.
fn facts(pair: (&Record, &Record), comparison: &Comparison) -> Vec<Fact> {
    let levels = comparison.levels;
    let mut facts: Vec<Fact> = Vec::new();
    for field in Field::ALL {
        let level = levels.get(field);
        match field {
            Field::Parents => facts.extend(parent_facts(pair, level)),
            _ => facts.extend(fact(pair, comparison, field, level)),
        }
    }
    for fact in &mut facts {
        // What is so already is no news.
        let now = levels.get(fact.field);
        fact.same = fact.same.filter(|(_, level)| *level != now);
        fact.different = fact.different.filter(|(_, level)| *level != now);
    }
    facts
}

fn fact(pair: (&Record, &Record), comparison: &Comparison, field: Field, level: u8) -> Option<Fact> {
    let fact = |ask, same, different| {
        Some(Fact {
            field,
            ask,
            same,
            different,
        })
    };
    let levels = comparison.levels;
    match (field, level) {
        (Field::Given, given::EXACT)
        | (Field::Middle, middle::EXACT)
        | (Field::Surname, surname::BOTH | surname::SWAPPED)
        | (Field::BirthDate, birth_date::EXACT)
        | (Field::Sex, sex::EQUAL)
        | (Field::BirthCity, city::EXACT)
        | (Field::BirthPlace, place::STATE)
        | (Field::Generation, generation::EQUAL)
        | (Field::Identifier, identifier::SHARED) => None,
        (Field::Given, _) => fact(
            "the given names as the birth certificate has them",
            Some(("both have the same given name", given::EXACT)),
            Some(("the given names are two names", given::DIFFERS)),
        ),
        // Compared only where the first given names may be the same.
        (Field::Middle, MISSING)
            if !matches!(
                levels.get(Field::Given),
                given::EXACT | given::NICKNAME | given::CLOSE | given::INITIAL
            ) =>
        {
            None
        }
        (Field::Middle, _) => fact(
            "the second given name",
            Some(("both have the same second given name", middle::EXACT)),
            Some(("the second given names are two names", middle::DIFFERS)),
        ),
        (Field::Surname, surname::FIRST_ONE_SIDED | surname::SECOND_IS_ONLY | surname::SINGLE) => {
            let otherwise = if level == surname::SECOND_IS_ONLY {
                surname::ONE_ELSEWHERE
            } else {
                surname::FIRST_ONLY
            };
            fact(
                "both last names",
                Some(("the missing last name is the same too", surname::BOTH)),
                Some(("the missing last name is another", otherwise)),
            )
        }
        (Field::Surname, _) => fact(
            "the last names as the birth certificate has them",
            Some(("both last names are the same", surname::BOTH)),
            Some(("the last names are different", surname::DIFFERS)),
        ),
        (Field::BirthDate, _) => fact(
            "the birth certificate",
            Some(("both were born on the same day", birth_date::EXACT)),
            Some(("they were born on different days", birth_date::DIFFERS)),
        ),
        (Field::Sex, _) => fact(
            "the child's sex",
            Some(("the sex is the same", sex::EQUAL)),
            Some(("the sex is different", sex::DIFFERS)),
        ),
        (Field::BirthCity, _) => fact(
            "the city of birth",
            Some(("both were born in the same city", city::EXACT)),
            Some(("they were born in different cities", city::DIFFERS)),
        ),
        (Field::BirthPlace, MISSING) if levels.get(Field::BirthCity) != MISSING => None,
        (Field::BirthPlace, _) => fact(
            "the state of birth",
            Some(("both were born in the same state", place::STATE)),
            Some(("they were born in different states", place::STATE_DIFFERS)),
        ),
        (Field::MultipleBirth, MISSING) => Some(multiple_birth_fact(pair)),
        // Only the state can say whether two of its numbers are one child.
        (Field::Source, source::SAME_STATE) => fact(
            "the state's word on its two identifiers",
            Some((
                "the state withdraws one of its two identifiers",
                source::SAME_STATE_ENDED,
            )),
            None,
        ),
        (Field::Generation, _) => fact(
            "the suffix (Jr., III)",
            Some(("both have the same suffix", generation::EQUAL)),
            Some(("the suffixes are different", generation::DIFFERS)),
        ),
        (Field::Identifier, MISSING) => fact(
            "an identifier that both records should have",
            Some(("an identifier turns out to be shared", identifier::SHARED)),
            None,
        ),
        // A field that no file has cannot be asked for; of one that is there, the first level is the best and the
        // last the worst.
        (Field::Source | Field::MultipleBirth, _) | (_, MISSING | 1) => None,
        _ => fact(
            "what differs there",
            Some(("it turns out to be the same", 1)),
            Some(("it turns out to differ", (field.words().len() - 1) as u8)),
        ),
    }
}

fn multiple_birth_fact((a, b): (&Record, &Record)) -> Fact {
    let twin = [a, b].map(|record| record.multiple_birth);
    let (same, different) = if twin.contains(&Some(true)) {
        (
            Some(("both are marked as a multiple birth", multiple_birth::BOTH)),
            Some(("only one is of a multiple birth", multiple_birth::ONE)),
        )
    } else {
        (
            Some(("the child has no twin", multiple_birth::NEITHER)),
            Some(("both are marked as a multiple birth", multiple_birth::BOTH)),
        )
    };
    Fact {
        field: Field::MultipleBirth,
        ask: "whether the child is a twin",
        same,
        different,
    }
}

/// Parents are asked for one by one where one is enough.
fn parent_facts((a, b): (&Record, &Record), level: u8) -> Vec<Fact> {
    let fact = |ask, same, different| Fact {
        field: Field::Parents,
        ask,
        same: Some(same),
        different: Some(different),
    };
    let known = |adult: &Adult| adult.first != NONE || adult.last[0] != NONE;
    let on_both = |pick: fn(&Record) -> &Adult| known(pick(a)) && known(pick(b));
    let mother = |equal, differs| {
        fact(
            "the mother's name",
            ("both mothers are named the same", equal),
            ("the mothers have different names", differs),
        )
    };
    let father = |equal, differs| {
        fact(
            "the father's name",
            ("both fathers are named the same", equal),
            ("the fathers have different names", differs),
        )
    };
    match level {
        parents::BOTH => Vec::new(),
        MISSING => vec![
            mother(parents::MOTHER, parents::DIFFER),
            father(parents::FATHER, parents::DIFFER),
        ],
        parents::MOTHER if !on_both(|r| &r.father) => vec![father(parents::BOTH, parents::ONE_DIFFERS)],
        parents::FATHER if !on_both(|r| &r.mother) => vec![mother(parents::BOTH, parents::ONE_DIFFERS)],
        _ => vec![fact(
            "the parents' names as the birth certificate has them",
            ("both parents are the same", parents::BOTH),
            ("the parents are other people", parents::DIFFER),
        )],
    }
}

#[cfg(test)]
mod tests;
