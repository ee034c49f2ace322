//! A "two children" stands for ever, and is asked again only when the records have come to say much more.

use std::collections::HashMap;

use diesel::pg::PgConnection;
use store::links::{self, Different};
use store::work_items::NearMatch;
use uuid::Uuid;

use crate::index::LinkIndex;

/// Bits by which the evidence must have grown since a decision to ask again: odds of 128 to 1.
pub const MATERIAL: f32 = 7.0;

/// The near matches between students that people have set apart, of these students, where much more evidence has come
/// since. The decision stands until the new item is decided, which shows it. A decision that was taken since the last
/// look, or was weighed by another model, gets the weight that the evidence has now: a new model is no new evidence.
pub(crate) fn reopened(
    connection: &mut PgConnection,
    index: &LinkIndex,
    looked_at: &[Uuid],
) -> store::Result<Vec<NearMatch>> {
    let model = index.model().version.as_str();
    let (mut grown, mut weights) = (Vec::new(), Vec::new());
    for decision in links::different_of(connection, looked_at)? {
        let (a, b) = (decision.student_a, decision.student_b);
        let Some(pair) = index.compare(a.as_u128(), b.as_u128()) else {
            continue;
        };
        match decision.weight {
            Some(weight) if decision.model.as_deref() == Some(model) => {
                if pair.weight >= weight + MATERIAL {
                    grown.push((decision, pair));
                }
            }
            _ => weights.push((a, b, pair.weight)),
        }
    }
    links::set_weights(connection, &weights, model)?;
    if grown.is_empty() {
        return Ok(Vec::new());
    }
    let students: Vec<Uuid> = grown
        .iter()
        .flat_map(|(d, _)| [d.student_a, d.student_b])
        .collect();
    let persons: HashMap<Uuid, i64> = links::of_students(connection, &students)?.into_iter().collect();
    let mut near = Vec::new();
    for (decision, pair) in grown {
        let (a, b) = (decision.student_a, decision.student_b);
        let (Some(one), Some(other)) = (persons.get(&a), persons.get(&b)) else {
            continue;
        };
        let explanation = index.explain(a.as_u128(), b.as_u128());
        let summary = explanation
            .as_ref()
            .map(|e| e.summary.clone())
            .unwrap_or_default();
        near.push(NearMatch {
            student_a: a,
            student_b: b,
            persons: (*one, *other),
            sides: [vec![a], vec![b]],
            states: Vec::new(),
            probability: pair.probability as f32,
            weight: pair.weight,
            reason: format!(
                "People said that these are different children; much more speaks against it now: {summary}"
            ),
            evidence: serde_json::to_value(&explanation).unwrap_or_default(),
            earlier: Some(as_earlier(&decision)),
        });
    }
    Ok(near)
}

/// A decision as a later item shows it.
pub(super) fn as_earlier(decision: &Different) -> serde_json::Value {
    serde_json::json!({
        "decision": "different",
        "decided_at": decision.decided_at,
        "decided_by": decision.decided_by,
        "reason": decision.reason,
        "weight": decision.weight,
    })
}
