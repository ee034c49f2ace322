//! What people decided, and what is left alone while they do.

use std::collections::{HashMap, HashSet};

use diesel::pg::PgConnection;
use store::{link_models, links};
use uuid::Uuid;

use crate::decisions::{HumanDecision, HumanDecisions, Verdict};
use crate::index::LinkIndex;

/// All decisions of people in force. A person that is held for a request stays as it is until that is decided: its
/// students hold together, and none of those in the index that could join them does. The check of all students takes up
/// afterwards what was left.
pub(super) fn decisions(connection: &mut PgConnection, index: &LinkIndex) -> store::Result<HumanDecisions> {
    let mut all: HumanDecisions = links::decisions(connection)?
        .into_iter()
        .map(|decision| HumanDecision {
            verdict: if decision.same {
                Verdict::Same
            } else {
                Verdict::Different
            },
            key_a: decision.student_a.as_u128(),
            key_b: decision.student_b.as_u128(),
        })
        .collect();
    let held = link_models::locked(connection)?;
    let person_of: HashMap<u128, i64> = held.iter().map(|(person, id)| (id.as_u128(), *person)).collect();
    let mut record = |verdict, key_a, key_b| {
        if all.verdict(key_a, key_b).is_none() {
            all.record(HumanDecision {
                verdict,
                key_a,
                key_b,
            });
        }
    };
    for two in held.windows(2).filter(|two| two[0].0 == two[1].0) {
        record(Verdict::Same, two[0].1.as_u128(), two[1].1.as_u128());
    }
    for (&key, person) in &person_of {
        for other in index.candidates(key) {
            if person_of.get(&other) != Some(person) {
                record(Verdict::Different, key, other);
            }
        }
    }
    Ok(all)
}

/// The students of persons that are held: what is asked about them stays open.
pub(super) fn held(connection: &mut PgConnection) -> store::Result<HashSet<Uuid>> {
    Ok(link_models::locked(connection)?
        .into_iter()
        .map(|(_, student)| student)
        .collect())
}
