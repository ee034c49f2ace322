//! How a person came to be: the log of its links, told step by step in plain words.

use chrono::{DateTime, NaiveDate, Utc};
use mde::PersonId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::explain::{Explanation, chance};

/// One entry of the log of links.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// When.
    pub at: DateTime<Utc>,
    /// The student whose link it is.
    pub student: Uuid,
    /// Its person before, if it had one.
    pub from: Option<PersonId>,
    /// Its person after.
    pub to: PersonId,
    /// How it was decided: `new`, `automatic`, or anything else for people.
    pub decided: &'a str,
    /// By which model or account.
    pub decided_by: &'a str,
    /// What explains it, as the linker or the review wrote it.
    pub evidence: &'a Value,
}

/// What happened in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// A record that fitted no one became a person.
    Began,
    /// A record joined a person.
    Joined,
    /// Records moved from one person to another: two became one, or one became two.
    Moved,
}

/// One step of a story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: DateTime<Utc>,
    /// What happened.
    pub happened: Happened,
    /// Whether people decided it.
    pub by_people: bool,
    /// The students whose link changed.
    pub students: Vec<Uuid>,
    /// Their person before.
    pub from: Option<PersonId>,
    /// Their person after.
    pub to: PersonId,
    /// It in a sentence, without the date.
    pub words: String,
    /// The evidence by which the engine decided.
    pub explanation: Option<Explanation>,
}

impl Step {
    /// The day on which it happened, in universal time.
    #[must_use]
    pub fn day(&self) -> NaiveDate {
        self.at.date_naive()
    }
}

/// "Texas' record 123": the name of a student in a story.
#[must_use]
pub fn record_of(state: &str, state_student_id: &str) -> String {
    let ending = if state.ends_with('s') { "’" } else { "’s" };
    format!("{state}{ending} record {state_student_id}")
}

/// Tells the log of some students, oldest first, whatever the order of `events`; entries of one instant keep theirs.
/// `name` gives what a student is called ([`record_of`]).
#[must_use]
pub fn story(events: &[Event<'_>], name: &dyn Fn(Uuid) -> String) -> Vec<Step> {
    let mut events = events.to_vec();
    events.sort_by_key(|event| event.at);
    let mut steps: Vec<Vec<Event<'_>>> = Vec::new();
    for event in events {
        // All records of a person that move at once are one step; of new ones each has its own reason.
        let together = steps.iter_mut().find(|step| {
            let first = step[0];
            event.from.is_some() && (first.at, first.from, first.to) == (event.at, event.from, event.to)
        });
        match together {
            Some(step) => step.push(event),
            None => steps.push(vec![event]),
        }
    }
    steps.iter().map(|events| tell(events, name)).collect()
}

fn tell(events: &[Event<'_>], name: &dyn Fn(Uuid) -> String) -> Step {
    let first = events[0];
    // Of the records that moved, one may have more written down than those that follow it.
    let telling = events
        .iter()
        .find(|event| explanation(event.evidence).is_some())
        .or_else(|| {
            events
                .iter()
                .find(|event| event.evidence.get("follows").is_none())
        })
        .unwrap_or(&first);
    let decision = events
        .iter()
        .filter(|event| by_people(event))
        .map(people)
        .max_by_key(String::len);
    let explanation = explanation(telling.evidence);
    let names: Vec<String> = events.iter().map(|event| name(event.student)).collect();
    let who = listed(&names);
    let to = first.to;
    let kind = events
        .iter()
        .find_map(|event| event.evidence.get("kind")?.as_str());
    let (happened, mut words) = match (first.from, first.decided, kind) {
        (None, "new", _) => (Happened::Began, format!("{who} became a new person, no. {to}")),
        (None, ..) => (Happened::Joined, format!("{who} joined no. {to}")),
        (Some(from), "new", _) => (
            Happened::Moved,
            format!("{who} left no. {from} and became a new person, no. {to}"),
        ),
        (Some(from), _, Some("split")) => (Happened::Moved, format!("{who} left no. {from} for no. {to}")),
        (Some(from), _, Some("undo")) => (
            Happened::Moved,
            format!("{who} went from no. {from} to no. {to}, because an earlier decision was undone"),
        ),
        (Some(from), ..) => (
            Happened::Moved,
            format!("{who}, until then no. {from}, joined no. {to}"),
        ),
    };
    if let Some(decision) = &decision {
        words.push_str(decision);
    } else if first.decided == "automatic" {
        words.push_str(" without people");
    }
    if let Some(why) = &explanation {
        let found = format!("{}; probability {}", why.summary, chance(why.probability));
        match (&decision, partner(telling)) {
            (Some(_), _) => words.push_str(&format!(" (what the engine had found: {found})")),
            (None, Some(other)) => words.push_str(&format!(" beside {}: {found}", name(other))),
            (None, None) => words.push_str(&format!(": {found}")),
        }
    }
    words.push('.');
    Step {
        at: first.at,
        happened,
        by_people: decision.is_some(),
        students: events.iter().map(|event| event.student).collect(),
        from: first.from,
        to,
        words,
        explanation,
    }
}

fn by_people(event: &Event<'_>) -> bool {
    !matches!(event.decided, "new" | "automatic")
}

/// Who asked, who agreed and why, as far as it was written down.
fn people(event: &Event<'_>) -> String {
    let text = |key: &str| {
        event
            .evidence
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let bare = |by: &str| by.split_once(':').map_or(by, |(_, name)| name).to_owned();
    // Where the linker carries a decision out, it writes its model, which is no one.
    let decided = Some(event.decided_by)
        .filter(|by| by.contains([':', '@']))
        .map(bare);
    let asked = text("requested_by").map(bare);
    let mut words = String::from(", by decision of people");
    match (asked, decided) {
        (Some(asked), Some(decided)) if asked != decided => {
            words.push_str(&format!(" (asked for by {asked}, validated by {decided})"));
        }
        (Some(by), _) | (None, Some(by)) => words.push_str(&format!(" ({by})")),
        (None, None) => {}
    }
    if let Some(reason) = text("reason") {
        words.push_str(&format!(", because “{reason}”"));
    }
    words
}

/// The explanation in the evidence of a link.
fn explanation(evidence: &Value) -> Option<Explanation> {
    serde_json::from_value(evidence.get("explanation")?.clone()).ok()
}

/// The student that the explanation compares with this one.
fn partner(event: &Event<'_>) -> Option<Uuid> {
    let pair: [Uuid; 2] = serde_json::from_value(event.evidence.get("students")?.clone()).ok()?;
    // The strongest pair of two groups need not be of this student.
    pair.contains(&event.student).then(|| {
        if pair[0] == event.student {
            pair[1]
        } else {
            pair[0]
        }
    })
}

/// "A", "A and B", "A, B and C".
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
