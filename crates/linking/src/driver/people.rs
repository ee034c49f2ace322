//! What people decided, and what they are about to decide.

use diesel::pg::PgConnection;
use store::{link_models, links};

use crate::decisions::{HumanDecision, HumanDecisions, Verdict};

/// What people decided; and for what they are about to decide, that its persons stay as they are until then.
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
    let held = link_models::locked(connection)?;
    for two in held.windows(2) {
        let (key_a, key_b) = (two[0].1.as_u128(), two[1].1.as_u128());
        if two[0].0 == two[1].0 && all.verdict(key_a, key_b).is_none() {
            all.record(HumanDecision {
                verdict: Verdict::Same,
                key_a,
                key_b,
            });
        }
    }
    Ok(all)
}
