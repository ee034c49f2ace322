//! States in doubt: what they changed is kept out of linking until it is corrected or a person says that it is right.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use mde::{StateCode, StudentId};
use store::link_holds;
use uuid::Uuid;

use super::{Linker, json};
use crate::doubt::{Doubt, doubts};
use crate::record::Record;

/// So many changed students may wait for a look at their state.
const FEW: usize = 10;

/// Who holds and lifts, in the audit log.
const ACTOR: &str = "linker";

/// How many students of each state changed since it was looked at, and how many there were then: one student that
/// changes is not worth a look at all of its state.
#[derive(Debug, Default)]
pub(super) struct Unlooked(HashMap<StateCode, (usize, usize)>);

impl Unlooked {
    /// Takes note of changes. Whether they are so many that it is time to look: the first, and then ten, or one in 200,
    /// on which a value may be before it is in doubt.
    fn is_due(&mut self, state: StateCode, changed: usize) -> bool {
        let Some((unlooked, of)) = self.0.get_mut(&state) else {
            return true;
        };
        *unlooked += changed;
        *unlooked >= FEW.max(*of / 200)
    }

    fn looked(&mut self, state: StateCode, of: usize) {
        self.0.insert(state, (0, of));
    }
}

impl Linker {
    /// Looks whether what states sent can be right. Gives the changed students that wait because it cannot; they, and
    /// those of their state that have waited before, are in no index and keep their links.
    pub(super) fn hold(
        &mut self,
        connection: &mut PgConnection,
        queued: &[(Uuid, i64)],
        now: DateTime<Utc>,
    ) -> store::Result<HashSet<Uuid>> {
        let mut changed: BTreeMap<StateCode, Vec<(Uuid, i64)>> = BTreeMap::new();
        // Batch 0 and below: people have decided something, nothing was sent.
        for &(id, batch) in queued.iter().filter(|(_, batch)| *batch > 0) {
            if let Some(state) = StudentId(id).state() {
                changed.entry(state).or_default().push((id, batch));
            }
        }
        let before: HashMap<String, link_holds::Hold> = link_holds::all(connection)?
            .into_iter()
            .map(|hold| (hold.state.clone(), hold))
            .collect();
        changed.retain(|state, students| {
            before.contains_key(state.as_str()) || self.unlooked.is_due(*state, students.len())
        });
        let mut waited: HashMap<StateCode, Vec<Uuid>> = HashMap::new();
        for &state in changed.keys().filter(|state| before.contains_key(state.as_str())) {
            let ids = link_holds::waiting(connection, Some(state))?;
            self.read(connection, &ids)?;
            waited.insert(state, ids);
        }
        let mut of_state: HashMap<u16, Vec<&Record>> =
            changed.keys().map(|s| (s.number(), Vec::new())).collect();
        for key in self.index.keys() {
            if let Some(records) = of_state.get_mut(&StudentId(Uuid::from_u128(key)).state_number()) {
                records.extend(self.index.record(key));
            }
        }
        for state in changed.keys() {
            self.unlooked.looked(*state, of_state[&state.number()].len());
        }
        let found: HashMap<StateCode, Vec<Doubt>> = changed
            .keys()
            .map(|state| (*state, doubts(of_state[&state.number()].iter().copied())))
            .collect();

        let mut waiting = HashSet::new();
        for (state, students) in changed {
            let (hold, doubts) = (before.get(state.as_str()), &found[&state]);
            let accepted: Vec<Doubt> = hold
                .filter(|hold| hold.released_at.is_some())
                .map(|hold| serde_json::from_value(hold.doubts.clone()).unwrap_or_default())
                .unwrap_or_default();
            if doubts.iter().all(|doubt| doubt.passes(&accepted)) {
                if hold.is_some_and(|hold| hold.released_at.is_none())
                    || (hold.is_some() && doubts.is_empty())
                {
                    lift(connection, state, now)?;
                }
                continue;
            }
            let words: Vec<String> = doubts.iter().map(ToString::to_string).collect();
            let doubts = json(doubts)?;
            store::db::write(connection, |connection| {
                link_holds::hold(connection, state, &students, &doubts, now)?;
                let detail = serde_json::json!({ "doubts": doubts, "students": students.len() });
                store::access::audit(connection, now, ACTOR, "link.hold", state.as_str(), &detail)
            })?;
            tracing::warn!(
                state = state.as_str(),
                students = students.len(),
                doubts = words.join("; "),
                "what a state sent cannot be right and is not linked: let it send a corrected upload, or, if it is right, \
                 release it with `mariposa link release`"
            );
            let before = waited.remove(&state).unwrap_or_default();
            for id in students.iter().map(|(id, _)| *id).chain(before) {
                self.index.remove(id.as_u128());
            }
            waiting.extend(students.into_iter().map(|(id, _)| id));
        }
        Ok(waiting)
    }
}

/// The doubt about a state is gone: those of its students that waited come with the next round.
fn lift(connection: &mut PgConnection, state: StateCode, now: DateTime<Utc>) -> store::Result<()> {
    store::db::write(connection, |connection| {
        link_holds::lift(connection, state)?;
        let detail = serde_json::json!({});
        store::access::audit(connection, now, ACTOR, "link.lift", state.as_str(), &detail)
    })?;
    tracing::info!(state = state.as_str(), "nothing is in doubt any more");
    Ok(())
}

/// A person says that what a state sent is right: its students are linked with the next job, which is asked for.
/// `false` if none of the state waits.
pub fn release(
    connection: &mut PgConnection,
    state: StateCode,
    by: &str,
    now: DateTime<Utc>,
) -> store::Result<bool> {
    store::db::write(connection, |connection| {
        if !link_holds::release(connection, state, by, now)? {
            return Ok(false);
        }
        store::access::audit(
            connection,
            now,
            by,
            "link.release",
            state.as_str(),
            &serde_json::json!({}),
        )?;
        store::jobs::enqueue_once(connection, super::JOB, 10, now)?;
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_looked_at_when_enough_of_it_changed() {
        let mut unlooked = Unlooked::default();
        let texas = StateCode::new("TX").unwrap();
        assert!(unlooked.is_due(texas, 1), "the first time");
        unlooked.looked(texas, 4_000);
        assert!(!unlooked.is_due(texas, 15));
        assert!(unlooked.is_due(texas, 5), "twenty in all");
        unlooked.looked(texas, 40);
        assert!(!unlooked.is_due(texas, 9));
        assert!(unlooked.is_due(texas, 1));
    }
}
