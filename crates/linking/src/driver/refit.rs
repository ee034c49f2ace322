//! Learning the weights anew from the students held, and what they would change.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};
use store::link_models;
use uuid::Uuid;

use super::{Linker, people};
use crate::calibrate::{self, Decided};
use crate::decisions::Verdict;
use crate::learn::{LearnOptions, Relatives, TrainingReport, learn};
use crate::model::Model;
use crate::resolve::{Memberships, Resolution};

/// Examples given of each kind of change.
const EXAMPLES: usize = 10;

/// What a new model does with a pair of students.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Two persons today, one by the new model.
    Joined,
    /// One person today, two by the new model.
    Parted,
    /// People would be asked about them who are not today.
    Asked,
    /// People are asked about them today and would not be any more.
    NoLongerAsked,
}

/// A pair of students whose decision would change: state and identifier, nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// What would become of it.
    pub turn: Turn,
    /// The two students.
    pub students: [(String, String); 2],
}

/// What was learned, and what it would change.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefitReport {
    /// The model in force.
    pub in_force: String,
    /// The new one.
    pub version: String,
    /// How it was learned.
    pub training: TrainingReport,
    /// How many decisions of people made its probabilities: those of pairs that the weight leaves open.
    pub decisions: usize,
    /// From this weight on two groups are joined without people, in bits.
    pub auto: f32,
    /// Why it must not be applied; empty if it may.
    pub refused: Vec<String>,
    /// How many pairs of students would change, by kind.
    pub changes: BTreeMap<Turn, usize>,
    /// Some of them.
    pub examples: Vec<Example>,
}

/// A new model that is not in force.
#[derive(Debug, Clone)]
pub struct Refit {
    /// The model.
    pub model: Model,
    /// What is to be known before it is applied.
    pub report: RefitReport,
}

impl Linker {
    /// Learns from the students held, starting from the model that is shipped, and works out what it would change.
    /// Nothing is written, and the model in force stays.
    pub fn refit(&mut self, connection: &mut PgConnection) -> store::Result<Refit> {
        let in_force = self.index.model().clone();
        self.follow(connection)?;
        self.humans = people::read(connection)?;
        self.index.set_model(Model::default_fixed());
        let options = LearnOptions {
            relatives: Relatives::On,
            ..LearnOptions::default()
        };
        let learned = learn(&self.index, &options);
        let mut model = learned.model;
        self.index.set_model(model.clone());
        let decided = self.decided();
        let decisions = calibrate::apply(&mut model, &decided);
        self.index.set_model(model.clone());
        let resolution = self.index.resolve_all(&self.persons, &self.humans);
        self.index.set_model(in_force.clone());

        let mut refused: Vec<String> = learned.report.alarms.iter().map(ToString::to_string).collect();
        refused.extend(learned.report.kept.clone());
        let turns = self.turns(connection, &resolution)?;
        let mut changes: BTreeMap<Turn, usize> = BTreeMap::new();
        for (turn, ..) in &turns {
            *changes.entry(*turn).or_default() += 1;
        }
        let report = RefitReport {
            in_force: in_force.version,
            version: model.version.clone(),
            training: learned.report,
            decisions,
            auto: model.thresholds.auto,
            refused,
            changes,
            examples: examples(connection, &turns)?,
        };
        Ok(Refit { model, report })
    }

    /// The decisions of people with the weight that their pairs have by the model of the index. Pairs of which a
    /// student is no longer reported say nothing.
    fn decided(&self) -> Vec<Decided> {
        let weighed = self.humans.iter().filter_map(|decision| {
            Some(Decided {
                weight: self.index.compare(decision.key_a, decision.key_b)?.weight,
                same: decision.verdict == Verdict::Same,
            })
        });
        let mut decided: Vec<Decided> = weighed.collect();
        decided.sort_by(|a, b| a.weight.total_cmp(&b.weight).then(a.same.cmp(&b.same)));
        decided
    }

    /// The pairs of students of which a resolution says something else than what is so today, the same always in one
    /// order.
    fn turns(
        &self,
        connection: &mut PgConnection,
        resolution: &Resolution,
    ) -> store::Result<Vec<(Turn, Uuid, Uuid)>> {
        let mut turns: Vec<(Turn, Uuid, Uuid)> = Vec::new();
        let mut add =
            |turn, a: u128, b: u128| turns.push((turn, Uuid::from_u128(a.min(b)), Uuid::from_u128(a.max(b))));
        let mut part_of: HashMap<u128, usize> = HashMap::new();
        let mut touched: HashSet<u64> = HashSet::new();
        for (number, part) in resolution.parts().enumerate() {
            for (i, &a) in part.members.iter().enumerate() {
                part_of.insert(a, number);
                let person = self.persons.entity(a);
                touched.extend(person);
                for &b in &part.members[i + 1..] {
                    if person.is_none() || person != self.persons.entity(b) {
                        add(Turn::Joined, a, b);
                    }
                }
            }
        }
        for person in touched {
            let members = self.persons.members(person);
            for (i, &a) in members.iter().enumerate() {
                for &b in &members[i + 1..] {
                    let (Some(of_a), Some(of_b)) = (part_of.get(&a), part_of.get(&b)) else {
                        continue;
                    };
                    if of_a != of_b {
                        add(Turn::Parted, a, b);
                    }
                }
            }
        }
        let strongest = resolution.near_matches().filter_map(|near| near.pairs.first());
        let asked: HashSet<(u128, u128)> = strongest.map(|pair| (pair.a, pair.b)).collect();
        let today: HashSet<(u128, u128)> = link_models::open_questions(connection)?
            .into_iter()
            .map(|open| (open.student_a.as_u128(), open.student_b.as_u128()))
            .collect();
        asked
            .difference(&today)
            .for_each(|&(a, b)| add(Turn::Asked, a, b));
        today
            .difference(&asked)
            .for_each(|&(a, b)| add(Turn::NoLongerAsked, a, b));
        turns.sort_unstable();
        Ok(turns)
    }
}

/// The first of each kind, by state and identifier.
fn examples(connection: &mut PgConnection, turns: &[(Turn, Uuid, Uuid)]) -> store::Result<Vec<Example>> {
    let few: Vec<&(Turn, Uuid, Uuid)> = turns
        .chunk_by(|a, b| a.0 == b.0)
        .flat_map(|of_kind| of_kind.iter().take(EXAMPLES))
        .collect();
    let students: Vec<Uuid> = few.iter().flat_map(|(_, a, b)| [*a, *b]).collect();
    let identifiers = store::students::identifiers(connection, &students)?;
    let named = |id: &Uuid| {
        let state = mde::StudentId(*id).state().map(|state| state.to_string());
        let own = identifiers.get(id).cloned();
        (state.unwrap_or_default(), own.unwrap_or_default())
    };
    let example = |(turn, a, b): &&(Turn, Uuid, Uuid)| Example {
        turn: *turn,
        students: [named(a), named(b)],
    };
    Ok(few.iter().map(example).collect())
}
