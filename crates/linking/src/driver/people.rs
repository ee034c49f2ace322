//! What people decided, and about whom they are deciding.

use diesel::pg::PgConnection;
use store::{link_models, links};

use crate::decisions::{HumanDecision, HumanDecisions, Verdict};

/// What people decided; and the persons that a request holds until it is decided.
pub(super) fn decisions(connection: &mut PgConnection) -> store::Result<HumanDecisions> {
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
    for (person, student) in link_models::locked(connection)? {
        if let Ok(person) = u64::try_from(person) {
            all.hold(student.as_u128(), person);
        }
    }
    Ok(all)
}
