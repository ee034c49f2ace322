//! Reports on the hub's children: the questions, asked of the database, answered by the pure counts.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use mde::{EligibilityRules, PersonId, StateCode};
use serde::Serialize;
use store::Access;
use store::access::Subject;
use store::program::{ProgramPerson, ProgramStudent};
use utoipa::ToSchema;

use crate::counts::{ChildCounted, Counter, Counts, Period, missed};

/// Days after which a child that moved away and came nowhere is missed, unless the question says otherwise.
pub const PATIENCE: u64 = 30;

/// A question about a period.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The period.
    pub period: Period,
    /// What was received and decided by then; now, if none is given.
    pub known_at: Option<DateTime<Utc>>,
    /// The day of the question; that of `known_at` where there is one.
    pub today: NaiveDate,
}

impl Question {
    fn day(&self) -> NaiveDate {
        self.known_at.map_or(self.today, |at| at.date_naive())
    }
}

/// The children of a period: the counts, and how each child counts in each state.
#[derive(Debug)]
pub struct Answer {
    /// The counts.
    pub counts: Counts,
    /// Every child in every state in which it is live, by number and state.
    pub children: Vec<ChildCounted>,
}

/// Counts the children of a period.
pub fn counts(connection: &mut PgConnection, question: &Question) -> store::Result<Answer> {
    let rules = store::participants::eligibility_rules(connection)?;
    let people = store::program::everybody(connection, question.known_at)?;
    Ok(counted(&people, question, &rules))
}

/// Counts the children of several periods, as far as they are known now; everybody is read once.
pub fn counts_of(
    connection: &mut PgConnection,
    periods: &[Period],
    today: NaiveDate,
) -> store::Result<Vec<Counts>> {
    let rules = store::participants::eligibility_rules(connection)?;
    let people = store::program::everybody(connection, None)?;
    let of = |period: &Period| {
        let question = Question {
            period: *period,
            known_at: None,
            today,
        };
        counted(&people, &question, &rules).counts
    };
    Ok(periods.iter().map(of).collect())
}

/// Counts these children; for who needs them once more.
pub(crate) fn counted(
    people: &[ProgramPerson],
    question: &Question,
    rules: &HashMap<StateCode, EligibilityRules>,
) -> Answer {
    let mut counter = Counter::new(question.period, question.day(), rules);
    let mut children = Vec::new();
    for (person, students) in people {
        children.extend(counter.add(*person, students));
    }
    Answer {
        counts: counter.finish(),
        children,
    }
}

/// A child that left a state and came to none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Missed {
    /// The child.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// The state that it left.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// The day it left.
    pub left: NaiveDate,
    /// Days since.
    pub days: i64,
}

/// What a list of children by number, state and dates discloses.
const LISTED: &[&str] = &["enrollment"];

/// The children that are missed on a day: left in the period, `patience` days ago or more, and seen in no state since;
/// those that left `state`, or any. Those longest away come first. Each child listed is disclosed.
pub fn missed_enrollments(
    connection: &mut PgConnection,
    access: &Access,
    question: &Question,
    state: Option<StateCode>,
    patience: u64,
) -> store::Result<Vec<Missed>> {
    let participants = participants(connection)?;
    store::program::disclosed(connection, access, LISTED, question.known_at, |people| {
        let found = missed_among(people, question, state, patience, &participants);
        let subjects = found.iter().map(|m| Subject::Person(m.person_id)).collect();
        (found, subjects)
    })
}

/// The states that take part.
fn participants(connection: &mut PgConnection) -> store::Result<HashSet<StateCode>> {
    Ok(store::participants::all(connection)?
        .into_iter()
        .filter_map(|participant| StateCode::new(&participant.state).ok())
        .collect())
}

fn missed_among(
    people: &[ProgramPerson],
    question: &Question,
    state: Option<StateCode>,
    patience: u64,
    participants: &HashSet<StateCode>,
) -> Vec<Missed> {
    let today = question.day();
    let mut out: Vec<Missed> = people
        .iter()
        .filter_map(|(person_id, students)| {
            let students: Vec<&ProgramStudent> = students.iter().collect();
            let found = missed(&students, None, today, patience)?;
            if !found.may_be_seen(|state| participants.contains(&state)) {
                return None;
            }
            let in_period = question.period.from <= found.left && found.left <= question.period.to;
            let of_state = state.is_none_or(|state| state == found.state);
            (in_period && of_state).then(|| Missed {
                person_id: *person_id,
                state: found.state,
                left: found.left,
                days: (today - found.left).num_days(),
            })
        })
        .collect();
    out.sort_by_key(|m| (m.left, m.person_id));
    out
}
