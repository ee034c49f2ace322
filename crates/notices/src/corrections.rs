//! What families ask to have corrected: taken by the state that they ask, decided by the state whose record it is, told to
//! them, and seen arriving. 34 CFR 200.85 sets the clocks; 34 CFR 99.20 to 99.22 the right behind it.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use mde::{PartKind, PersonId, StateCode, Student, StudentId};
use serde::{Deserialize, Serialize};
use store::corrections::{self, Correction, NewCorrection, NewDecision};
use store::data_requests::{self, DataRequest};
use store::{Access, db, links, persons, students};

use crate::driver;
use crate::duty::Duty;
use crate::error::Error;
use crate::sender::{Sender, once, text};
use crate::state_days::StateDays;

/// Most characters of what a record says, or should say.
const SAYING: usize = 300;

/// Most characters of grounds and reasons.
const GROUNDS: usize = 1000;

/// Most characters of a statement of disagreement.
pub const STATEMENT: usize = 4000;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asker {
    /// A parent.
    Parent,
    /// A guardian.
    Guardian,
    /// The student.
    Student,
}

impl Asker {
    /// Everybody who can ask.
    pub const ALL: [Self; 3] = [Self::Parent, Self::Guardian, Self::Student];

    /// Its name in tables and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Guardian => "guardian",
            Self::Student => "student",
        }
    }
}

/// A request as somebody takes it down.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Taking {
    /// The child, by its number or a retired one.
    pub person_id: PersonId,
    /// The state whose record is said to be wrong.
    pub owner: StateCode,
    /// The day on which the family asked, today or before.
    pub asked_on: NaiveDate,
    /// Who asks.
    pub asker: Asker,
    /// Whether the family is written to in Spanish.
    #[serde(default)]
    pub spanish: bool,
    /// Number of the data element, where it is one.
    #[serde(default)]
    pub element: Option<String>,
    /// What the record says, at most 300 characters.
    pub says: String,
    /// What it should say, at most 300 characters.
    pub should_say: String,
    /// What the family shows for it, at most 1,000 characters.
    #[serde(default)]
    pub grounds: Option<String>,
}

/// Takes a request of a family. It goes to the state whose record it is at once. Returns its number.
pub fn take(
    connection: &mut PgConnection,
    taker: Sender<'_>,
    new: &Taking,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    let says = needed("says", &new.says, SAYING)?;
    let should_say = needed("should_say", &new.should_say, SAYING)?;
    let grounds = text("grounds", new.grounds.as_deref(), GROUNDS)?;
    let element = new.element.as_deref().map(str::trim).filter(|e| !e.is_empty());
    if element.is_some_and(|number| mde::Element::numbered(number).is_none()) {
        return Err(invalid(
            "element",
            "is not the number of a data element, such as 9 for the birth date",
        ));
    }
    let days = StateDays::of(connection, taker.state)?.ok_or(Error::NotAParticipant(taker.state))?;
    if new.asked_on > days.day(now) {
        return Err(invalid(
            "asked_on",
            "is in the future; give the day on which the family asked",
        ));
    }
    StateDays::of(connection, new.owner)?.ok_or(Error::NotAParticipant(new.owner))?;
    connection.transaction(|connection| {
        let person = links::survivor(connection, new.person_id)?.ok_or(Error::UnknownPerson)?;
        let student = data_requests::student_of(connection, person.number(), new.owner)?
            .ok_or(Error::HoldsNothing(new.owner))?;
        let held = students::read(connection, &[student])?;
        let said = element
            .zip(held.first())
            .map(|(element, (_, held))| values(held, element));
        let row = NewCorrection {
            person: person.number(),
            student,
            owner: new.owner,
            taken_in: taker.state,
            asked_on: new.asked_on,
            asker: new.asker.name(),
            language: if new.spanish { "es" } else { "en" },
            element,
            says: &says,
            should_say: &should_say,
            grounds: grounds.as_deref(),
            said: said.as_ref(),
            cause: &once(connection, taker, new, now)?,
            by: taker.by,
        };
        let id = corrections::take(connection, &row, now)?;
        driver::look_at(connection, person, now)?;
        Ok(id)
    })
}

/// What the owner decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The record is corrected; corrected data follow.
    Corrected,
    /// It stays as it is; the family may add a statement.
    Declined,
}

impl Decision {
    /// Its name in the tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Corrected => "corrected",
            Self::Declined => "declined",
        }
    }
}

/// A correction after somebody did something with it.
#[derive(Debug, Clone)]
pub struct Done {
    /// It as it is now.
    pub correction: Correction,
    /// Whether this call changed it. `false`: somebody was faster, or it is not its turn.
    pub recorded: bool,
}

/// What is done with a correction.
#[derive(Debug, Clone)]
pub enum Step {
    /// The owner decides; the reason is needed, at most 1,000 characters, and stands in the family's notice.
    Decide(Decision, String),
    /// The family has been told, on paper or otherwise.
    Tell,
    /// The family's statement of disagreement, at most 4,000 characters, after its request was declined.
    Disagree(String),
}

/// Does something with a correction that the state owns or has taken; `None` if there is none of this number. The
/// disclosure of what is handed back is written.
pub fn step(
    connection: &mut PgConnection,
    access: &Access,
    id: i64,
    who: Sender<'_>,
    step: &Step,
) -> Result<Option<Done>, Error> {
    let Sender { state, by, .. } = who;
    let now = access.at;
    connection.transaction(|connection| {
        let recorded = match step {
            Step::Decide(decision, why) => {
                let new = NewDecision {
                    decision: decision.name(),
                    why: &needed("why", why, GROUNDS)?,
                    by,
                };
                corrections::decide(connection, id, state, &new, now)?
            }
            Step::Tell => corrections::told(connection, id, state, by, now)?,
            Step::Disagree(statement) => {
                let statement = needed("statement", statement, STATEMENT)?;
                corrections::state_disagreement(connection, id, state, &statement, by, now)?
            }
        };
        let Some(correction) = corrections::read(connection, access, id, state)? else {
            return Ok(None);
        };
        if recorded {
            driver::look_at(connection, persons::id(correction.person_id)?, now)?;
        }
        Ok(Some(Done { correction, recorded }))
    })
}

fn invalid(member: &'static str, why: &str) -> Error {
    Error::Invalid {
        member,
        why: why.to_owned(),
    }
}

fn needed(member: &'static str, words: &str, max: usize) -> Result<String, Error> {
    text(member, Some(words), max)?.ok_or_else(|| invalid(member, "is missing; it is needed"))
}

/// The values of a data element in a student, as stored, sorted: what is compared to see corrected data arrive.
#[must_use]
pub fn values(student: &Student, element: &str) -> serde_json::Value {
    // A student as JSON has its parts under their names and their values under their columns.
    let whole = serde_json::to_value(student).unwrap_or_default();
    let mut found: Vec<String> = Vec::new();
    for kind in PartKind::ALL {
        for field in kind.fields().iter().filter(|field| field.element == element) {
            let rows: Vec<&serde_json::Value> = match kind {
                PartKind::Student => vec![&whole["identity"]],
                kind => whole[format!("{}s", kind.name())]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .collect(),
            };
            let values = rows.into_iter().filter_map(|row| row.get(field.column));
            found.extend(values.filter(|value| !value.is_null()).map(ToString::to_string));
        }
    }
    found.sort_unstable();
    found.into()
}

/// Whether a student that was received says otherwise what was to be corrected: another value of the element than when
/// the request was taken; where no element is named, anything that came after the decision.
fn is_corrected(correction: &Correction, student: &Student, received_at: DateTime<Utc>) -> bool {
    match (&correction.element, &correction.said) {
        (Some(element), Some(said)) => received_at > correction.taken_at && values(student, element) != *said,
        _ => correction.decided_at.is_some_and(|decided| received_at > decided),
    }
}

/// Notes, for the corrections about these persons, the corrected data that have been received. Doing it again changes
/// nothing.
pub(crate) fn see_arriving(
    connection: &mut PgConnection,
    numbers: &[i64],
    now: DateTime<Utc>,
) -> store::Result<()> {
    let waiting = corrections::of_persons(connection, numbers)?
        .into_iter()
        .filter(|k| k.decision.as_deref() == Some("corrected") && k.arrived_at.is_none());
    for correction in waiting {
        let Some(record) = persons::load(connection, persons::id(correction.person_id)?)? else {
            continue;
        };
        let of_owner = StudentId(correction.student_id);
        let held = record
            .students
            .iter()
            .find(|held| held.student_id == of_owner && held.live);
        if let Some(held) = held.filter(|held| is_corrected(&correction, &held.student, held.received_at)) {
            let arrived = (held.received_at, held.batch_id);
            db::write(connection, |connection| {
                corrections::arrived(connection, correction.work_item_id, arrived, held.state, now)
            })?;
        }
    }
    Ok(())
}

/// A clock that a correction has started, with what stopped it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// The duty.
    pub duty: Duty,
    /// Whose, by its code.
    pub state: String,
    /// What started it: the same cause is the same clock.
    pub cause: String,
    /// The day that started it, in that state.
    pub started_on: NaiveDate,
    /// When it was done.
    pub met_at: Option<DateTime<Utc>>,
    /// By which batch, where data do it.
    pub met_by_batch: Option<i64>,
}

/// The clocks of a correction, with the requests to other states that were made for it; `day` says which day an instant
/// is in a state. Pure.
///
/// The state that was asked forwards what is another's within 4 working days of the day on which it was asked. The owner
/// decides, and the family is told, within 30 days of the day on which it was asked, or it came from the other state.
/// Corrected data follow within 4 working days of the decision. Who is asked by another agency replies within 10.
#[must_use]
pub fn clocks(
    correction: &Correction,
    inquiries: &[DataRequest],
    day: &dyn Fn(&str, DateTime<Utc>) -> NaiveDate,
) -> Vec<Clock> {
    let id = correction.work_item_id;
    let clock = |duty: Duty, state: &str, started_on, met_at| Clock {
        duty,
        state: state.to_owned(),
        cause: format!("{}|{id}", duty.name()),
        started_on,
        met_at,
        met_by_batch: None,
    };
    let mut found = Vec::new();
    let owner = correction.owner.as_str();
    let reached_owner = match correction.forwarded_at {
        Some(at) => {
            let taken_in = correction.taken_in.as_str();
            found.push(clock(
                Duty::CorrectionForward,
                taken_in,
                correction.asked_on,
                Some(at),
            ));
            day(owner, at)
        }
        None => correction.asked_on,
    };
    let told = correction.told_at.filter(|_| correction.decision.is_some());
    found.push(clock(Duty::CorrectionDecision, owner, reached_owner, told));
    if let Some(decided) = correction
        .decided_at
        .filter(|_| correction.decision.as_deref() == Some("corrected"))
    {
        // Data can be right before anybody has said so.
        let arrived = correction.arrived_at;
        found.push(Clock {
            met_by_batch: correction.arrived_batch,
            ..clock(Duty::CorrectedData, owner, day(owner, decided), arrived)
        });
    }
    found.extend(
        inquiries
            .iter()
            .filter(|r| r.decision.as_deref() != Some("withdrawn"))
            .map(|r| Clock {
                duty: Duty::CorrectionReply,
                state: r.recipient.clone(),
                cause: format!("{}|{}", Duty::CorrectionReply.name(), r.work_item_id),
                started_on: day(&r.recipient, r.opened_at),
                met_at: r.answered_at,
                met_by_batch: None,
            }),
    );
    found
}
